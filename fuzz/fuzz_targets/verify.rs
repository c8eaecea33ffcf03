//! A `Verifier` decides as a model of the rules does, whose HMAC is another implementation's: Frank
//! Denis' `hmac-sha256`, which shares no code with RustCrypto's.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use bytes::Bytes;
use hmac_sha256::HMAC;
use libfuzzer_sys::fuzz_target;
use maac_webhook::{
    Delivery, Endpoint, Rejection, RejectionKind, RequestHead, SecretSlot, ShareSecret, ShareSecrets,
    Verifier,
};

/// A request, and the secrets of the endpoint it is sent to.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    first_secret: Option<&'a str>,
    change_before: Option<Change<'a>>,
    change_as_the_body_arrives: Option<Change<'a>>,
    signature: Option<SignatureHeader<'a>>,
    another_signature: Option<&'a [u8]>,
    idempotency_keys: Vec<&'a [u8]>,
    content_length: Option<u16>,
    body_limit: Option<u16>,
    chunk_lengths: Vec<u8>,
    body: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Change<'a> {
    Set(&'a str),
    Rotate(&'a str),
    RotateWithoutOverlap(&'a str),
}

#[derive(Arbitrary, Debug)]
enum SignatureHeader<'a> {
    Raw(&'a [u8]),
    Signed { with: Signer<'a>, alteration: Alteration },
}

#[derive(Arbitrary, Debug)]
enum Signer<'a> {
    FirstSecret,
    ChangedSecret,
    LastSecret,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Alteration {
    None,
    UpperCase,
    Replace { at: u8, with: u8 },
    Append(u8),
    Truncate(u8),
}

fuzz_target!(|input: Input<'_>| {
    let Some(secrets) = secrets(&input) else {
        return;
    };
    let mut model = Model { current: input.first_secret, previous: None };
    apply(&secrets, &mut model, input.change_before);

    let mut endpoint = Endpoint::new("crm", secrets.clone());
    if let Some(limit) = input.body_limit {
        endpoint = endpoint.with_body_limit(limit.into());
    }
    let verifier = Verifier::new(endpoint);
    let signatures: Vec<Vec<u8>> = (input.signature.iter().map(|header| header.bytes(&input)))
        .chain(input.another_signature.map(<[u8]>::to_vec))
        .collect();
    let head = RequestHead::new(signatures.iter().map(Vec::as_slice), input.idempotency_keys.iter().copied())
        .with_content_length(input.content_length.map(u64::from));

    let expected = verdict(&input, &signatures, &[model]);
    check(verifier.verify(head, Bytes::copy_from_slice(input.body)), &expected, &input, &signatures);

    // The same in pieces, with a change of secrets before the last one: those in force at the end count.
    let at_the_start = model;
    let in_pieces = verifier.begin(head).and_then(|mut verification| {
        apply(&secrets, &mut model, input.change_as_the_body_arrives);
        for piece in pieces(input.body, &input.chunk_lengths) {
            verification.update(Bytes::copy_from_slice(piece))?;
        }
        verification.finish()
    });
    let expected = verdict(&input, &signatures, &[at_the_start, model]);
    check(in_pieces, &expected, &input, &signatures);
});

/// The endpoint's secrets; `None` where a secret of the input is none that `ShareSecret` takes.
fn secrets(input: &Input<'_>) -> Option<ShareSecrets> {
    let changes = [input.change_before, input.change_as_the_body_arrives];
    for secret in changes.into_iter().flatten().map(Change::secret).chain(input.first_secret) {
        let usable = !secret.is_empty() && secret.trim() == secret;
        assert_eq!(ShareSecret::new(secret).is_ok(), usable);
        if !usable {
            return None;
        }
    }
    Some(match input.first_secret {
        Some(secret) => ShareSecrets::new(share_secret(secret)),
        None => ShareSecrets::empty(),
    })
}

fn share_secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).expect("checked at the beginning")
}

impl<'a> Change<'a> {
    fn secret(self) -> &'a str {
        match self {
            Self::Set(secret) | Self::Rotate(secret) | Self::RotateWithoutOverlap(secret) => secret,
        }
    }
}

impl SignatureHeader<'_> {
    fn bytes(&self, input: &Input<'_>) -> Vec<u8> {
        let (with, alteration) = match self {
            Self::Raw(bytes) => return bytes.to_vec(),
            Self::Signed { with, alteration } => (with, alteration),
        };
        let secret = match with {
            Signer::FirstSecret => input.first_secret,
            Signer::ChangedSecret => input.change_before.map(Change::secret),
            Signer::LastSecret => input.change_as_the_body_arrives.map(Change::secret),
            Signer::Other(secret) => Some(*secret),
        };
        let mut header = signature(secret.unwrap_or("no such secret"), input.body).into_bytes();
        match *alteration {
            Alteration::None => {}
            Alteration::UpperCase => header.make_ascii_uppercase(),
            Alteration::Replace { at, with } => header[usize::from(at) % 64] = with,
            Alteration::Append(byte) => header.push(byte),
            Alteration::Truncate(length) => header.truncate(length.into()),
        }
        header
    }
}

fn signature(secret: &str, body: &[u8]) -> String {
    HMAC::mac(body, secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secrets in force, as `ShareSecrets` documents its changes.
#[derive(Clone, Copy)]
struct Model<'a> {
    current: Option<&'a str>,
    previous: Option<&'a str>,
}

/// Makes the change to both. No input takes as long as the overlap.
fn apply<'a>(secrets: &ShareSecrets, model: &mut Model<'a>, change: Option<Change<'a>>) {
    match change {
        None => {}
        Some(Change::Set(secret)) => {
            secrets.set(share_secret(secret));
            *model = Model { current: Some(secret), previous: None };
        }
        Some(Change::Rotate(secret)) => {
            secrets.rotate(share_secret(secret), ShareSecrets::MAX_OVERLAP);
            if model.current != Some(secret) {
                *model = Model { current: Some(secret), previous: model.current };
            }
        }
        Some(Change::RotateWithoutOverlap(secret)) => {
            secrets.rotate(share_secret(secret), Duration::ZERO);
            if model.current != Some(secret) {
                *model = Model { current: Some(secret), previous: None };
            }
        }
    }
}

/// What must become of the request, when the secrets are in force one after the other.
fn verdict(
    input: &Input<'_>,
    signatures: &[Vec<u8>],
    in_force: &[Model<'_>],
) -> Result<SecretSlot, RejectionKind> {
    let limit = input.body_limit.map_or(Endpoint::DEFAULT_BODY_LIMIT, usize::from);
    let header = match signatures {
        [] => return Err(RejectionKind::MissingSignature),
        [one] => one,
        _ => return Err(RejectionKind::RepeatedSignature),
    };
    if header.len() != 64 || !header.iter().all(|byte| b"0123456789abcdef".contains(byte)) {
        return Err(RejectionKind::MalformedSignature);
    }
    if input.content_length.is_some_and(|length| usize::from(length) > limit) {
        return Err(RejectionKind::BodyTooLarge);
    }
    if in_force[0].current.is_none() {
        return Err(RejectionKind::NoSecret);
    }
    if input.body.len() > limit {
        return Err(RejectionKind::BodyTooLarge);
    }
    let signs = |secret: Option<&str>| {
        secret.is_some_and(|secret| signature(secret, input.body).as_bytes() == header)
    };
    let at_the_end = in_force[in_force.len() - 1];
    if signs(at_the_end.current) {
        return Ok(SecretSlot::Current);
    }
    if signs(at_the_end.previous) {
        return Ok(SecretSlot::Previous);
    }
    Err(RejectionKind::SignatureMismatch)
}

fn check(
    actual: Result<Delivery, Rejection>,
    expected: &Result<SecretSlot, RejectionKind>,
    input: &Input<'_>,
    signatures: &[Vec<u8>],
) {
    match (actual, expected) {
        (Ok(delivery), Ok(slot)) => {
            assert_eq!(delivery.matched(), *slot);
            assert_eq!(delivery.body(), input.body);
            assert_eq!(delivery.endpoint(), "crm");
            assert_eq!(delivery.signature().to_string().as_bytes(), signatures[0]);
            let key = delivery.idempotency_key().map(|key| key.as_str().as_bytes());
            assert_eq!(key, usable_key(&input.idempotency_keys));
        }
        (Err(rejection), Err(kind)) => {
            assert_eq!(rejection.kind(), *kind);
            // Whoever could read the expected signature could send it.
            let text = format!("{rejection} {rejection:?}");
            for secret in input.first_secret.into_iter().chain(input.change_before.map(Change::secret)) {
                assert!(!text.contains(&signature(secret, input.body)), "the expected signature is told");
            }
        }
        (actual, expected) => panic!("expected {expected:?}, got {actual:?}"),
    }
}

fn usable_key<'a>(keys: &[&'a [u8]]) -> Option<&'a [u8]> {
    match keys {
        [key] if (1..=255).contains(&key.len()) && key.iter().all(|byte| (b'!'..=b'~').contains(byte)) => {
            Some(key)
        }
        _ => None,
    }
}

/// The body cut into pieces of these lengths, and a last one with the rest; some may be empty.
fn pieces<'a>(mut body: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = body.split_at(usize::from(*length).min(body.len()));
        pieces.push(piece);
        body = rest;
    }
    pieces.push(body);
    pieces
}
