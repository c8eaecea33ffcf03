use std::fmt;

use bytes::Bytes;
use fastrand::Rng;

use super::{genuine::Genuine, sign};

/// What of a request was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Digits of the signature.
    Digits,
    /// One bit of the signature's text.
    SignatureBit,
    /// The signature's length, case or surroundings.
    SignatureForm,
    /// A signature out of nothing.
    RandomSignature,
    /// One bit of the body.
    BodyBit,
    /// Bytes put in, left out, doubled or exchanged.
    BodyBytes,
    /// The body written anew: other spaces, as any JSON library might.
    BodySpaces,
    /// The signature of another secret, one that is nearly the same.
    SecretNearby,
    /// The signature of a secret out of nothing.
    SecretRandom,
    /// Another body and the signature of another secret.
    BodyAndSecret,
}

impl Kind {
    pub(super) const ALL: [Self; 10] = [
        Self::Digits,
        Self::SignatureBit,
        Self::SignatureForm,
        Self::RandomSignature,
        Self::BodyBit,
        Self::BodyBytes,
        Self::BodySpaces,
        Self::SecretNearby,
        Self::SecretRandom,
        Self::BodyAndSecret,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "other digits in the signature",
            Self::SignatureBit => "a bit of the signature flipped",
            Self::SignatureForm => "the signature cut, lengthened, in upper case or quoted",
            Self::RandomSignature => "a random signature",
            Self::BodyBit => "a bit of the body flipped",
            Self::BodyBytes => "bytes of the body inserted, removed, doubled or exchanged",
            Self::BodySpaces => "other white space in the body",
            Self::SecretNearby => "the signature of a secret that is nearly the same",
            Self::SecretRandom => "the signature of a random secret",
            Self::BodyAndSecret => "another body and the signature of another secret",
        })
    }
}

/// A request that nobody with the secret sent.
#[derive(Debug)]
pub(super) struct Forged {
    kind: Kind,
    /// What it is signed with, where that is another secret.
    secret: Option<String>,
    pub(super) signature: Vec<u8>,
    pub(super) body: Bytes,
}

impl Forged {
    pub(super) fn of(kind: Kind, genuine: &Genuine, random: &mut Rng) -> Self {
        // A change may by chance change nothing: then another is drawn.
        loop {
            let forged = Self::draw(kind, genuine, random);
            if forged.is_other_than(genuine) {
                return forged;
            }
        }
    }

    /// Whether it differs from the genuine request in what its kind changes, so that it must not verify.
    pub(super) fn is_other_than(&self, genuine: &Genuine) -> bool {
        let (other_signature, other_body) =
            (self.signature != genuine.signature.as_bytes(), self.body != genuine.body);
        match self.kind {
            Kind::Digits | Kind::SignatureBit | Kind::SignatureForm | Kind::RandomSignature => {
                other_signature && !other_body
            }
            Kind::BodyBit | Kind::BodyBytes | Kind::BodySpaces => other_body && !other_signature,
            Kind::SecretNearby | Kind::SecretRandom => {
                self.has_another_secret(genuine) && other_signature && !other_body
            }
            Kind::BodyAndSecret => self.has_another_secret(genuine) && other_signature && other_body,
        }
    }

    fn has_another_secret(&self, genuine: &Genuine) -> bool {
        self.secret.as_ref().is_some_and(|secret| *secret != genuine.secret)
    }

    fn draw(kind: Kind, genuine: &Genuine, random: &mut Rng) -> Self {
        let mut forged = Self {
            kind,
            secret: None,
            signature: genuine.signature.clone().into_bytes(),
            body: genuine.body.clone(),
        };
        match kind {
            Kind::Digits => {
                for _ in 0..random.usize(1..=4) {
                    let at = random.usize(..forged.signature.len());
                    forged.signature[at] = digit(random);
                }
            }
            Kind::SignatureBit => flip(&mut forged.signature, random),
            Kind::SignatureForm => forged.signature = form(&genuine.signature, random),
            Kind::RandomSignature => forged.signature = (0..64).map(|_| digit(random)).collect(),
            Kind::BodyBit => forged.change_body(|body, random| flip(body, random), random),
            Kind::BodyBytes => forged.change_body(bytes, random),
            Kind::BodySpaces => forged.change_body(spaces, random),
            Kind::SecretNearby => forged.sign_anew(nearby(&genuine.secret, random)),
            Kind::SecretRandom => {
                let length = random.usize(1..=80);
                forged.sign_anew((0..length).map(|_| random.char('!'..='~')).collect());
            }
            Kind::BodyAndSecret => {
                let change = if random.bool() {
                    |body: &mut Vec<u8>, random: &mut Rng| flip(body, random)
                } else {
                    bytes
                };
                forged.change_body(change, random);
                forged.sign_anew(nearby(&genuine.secret, random));
            }
        }
        forged
    }

    fn change_body(&mut self, change: fn(&mut Vec<u8>, &mut Rng), random: &mut Rng) {
        let mut body = self.body.to_vec();
        change(&mut body, random);
        self.body = body.into();
    }

    /// What is no secret leaves it as it was, and another is drawn.
    fn sign_anew(&mut self, secret: String) {
        if let Some(signature) = sign(&secret, &self.body) {
            self.signature = signature.into_bytes();
            self.secret = Some(secret);
        }
    }
}

fn digit(random: &mut Rng) -> u8 {
    b"0123456789abcdef"[random.usize(..16)]
}

fn flip(bytes: &mut [u8], random: &mut Rng) {
    let at = random.usize(..bytes.len());
    bytes[at] ^= 1 << random.u8(..8);
}

fn form(signature: &str, random: &mut Rng) -> Vec<u8> {
    match random.u8(..10) {
        0 => signature[..random.usize(..64)].into(),
        1 => signature[random.usize(1..64)..].into(),
        2 => signature.to_ascii_uppercase().into(),
        3 => format!("sha256={signature}").into(),
        4 => format!("{signature}{signature}").into(),
        5 => format!("\"{signature}\"").into(),
        6 => format!("{}{signature}", char::from(digit(random))).into(),
        7 => format!("{signature}{}", char::from(digit(random))).into(),
        8 => format!("{signature}, {signature}").into(),
        _ => signature.bytes().rev().collect(),
    }
}

fn bytes(body: &mut Vec<u8>, random: &mut Rng) {
    for _ in 0..random.usize(1..=3) {
        let at = random.usize(..body.len());
        match random.u8(..6) {
            0 => body.insert(at, random.u8(..)),
            1 => drop(body.remove(at)),
            2 => body.truncate(at.max(1)),
            3 => body.extend_from_within(at..),
            4 => {
                let other = random.usize(..body.len());
                body.swap(at, other);
            }
            _ => body[at] = random.u8(..),
        }
        if body.is_empty() {
            return;
        }
    }
}

fn spaces(body: &mut Vec<u8>, random: &mut Rng) {
    let places: Vec<usize> = (0..body.len()).filter(|at| matches!(body[*at], b' ' | b',' | b':')).collect();
    let at = places[random.usize(..places.len())];
    match random.u8(..4) {
        0 if body[at] == b' ' => drop(body.remove(at)),
        1 => body.push(b'\n'),
        2 => body.insert(0, b' '),
        _ => body.insert(at, b' '),
    }
}

/// Never with a zero byte: HMAC fills a short key up with them, so that it would be the same key.
fn nearby(secret: &str, random: &mut Rng) -> String {
    let mut characters: Vec<char> = secret.chars().collect();
    let at = random.usize(..characters.len());
    match random.u8(..7) {
        0 => characters[at] = random.char('!'..='~'),
        1 => drop(characters.remove(at)),
        2 => characters.insert(at, random.char('!'..='~')),
        3 => characters.push(random.char('!'..='~')),
        4 => characters.swap(at, 0),
        5 => characters = secret.to_ascii_uppercase().chars().collect(),
        _ => characters.extend(secret.chars()),
    }
    characters.into_iter().collect()
}
