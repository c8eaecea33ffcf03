//! The rules, spelled out again, with the HMAC of a crate that shares no code with the core's.

use hmac_sha256::HMAC;
use maac_webhook::RejectionKind;

use super::{
    ANSWER, BODY_LIMIT, CURRENT, Handled, OneRequest, PREVIOUS, Secrets, Server,
    input::{Answer, Frame, Framing, WireRequest},
};

#[derive(Debug)]
pub enum Expected {
    /// The handler is called with this, and its answer becomes this status.
    Handled(Handled, u16),
    Rejected(RejectionKind),
    /// It is no request by the rules of HTTP, and answered 400.
    RefusedByTheServer,
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    HMAC::mac(body, secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn is_genuine(call: &Handled, secrets: Secrets) -> bool {
    matches!(call.signatures.as_slice(), [one] if verifies(one, &call.body, secrets))
}

fn verifies(signed: &[u8], body: &[u8], secrets: Secrets) -> bool {
    let live: &[&str] = match secrets {
        Secrets::None => &[],
        Secrets::Current => &[CURRENT],
        Secrets::Rotating => &[CURRENT, PREVIOUS],
    };
    live.iter().any(|secret| signature(secret, body).as_bytes() == signed)
}

/// What is known before the body.
fn by_the_head(signatures: &[Vec<u8>], declared: usize, secrets: Secrets) -> Result<&[u8], RejectionKind> {
    let signed = match signatures {
        [] => return Err(RejectionKind::MissingSignature),
        [one] => one,
        _ => return Err(RejectionKind::RepeatedSignature),
    };
    if signed.len() != 64 || !signed.iter().all(|byte| b"0123456789abcdef".contains(byte)) {
        return Err(RejectionKind::MalformedSignature);
    }
    if declared > BODY_LIMIT {
        return Err(RejectionKind::BodyTooLarge);
    }
    if secrets == Secrets::None {
        return Err(RejectionKind::NoSecret);
    }
    Ok(signed)
}

fn answered(answer: Answer) -> u16 {
    match answer.status() {
        200..=299 => 200,
        status @ (408 | 429 | 500..=599) => status,
        _ => RejectionKind::HandlerRefused.status(),
    }
}

pub fn expected<S: Server>(request: &WireRequest<'_>, secrets: Secrets) -> Expected {
    let body = request.sent_body();
    let declared = match request.framing {
        Framing::Lengths { .. } => return Expected::RefusedByTheServer,
        Framing::LengthTwice | Framing::Both { .. } if S::REFUSES_BOTH_LENGTHS => {
            return Expected::RefusedByTheServer;
        }
        Framing::Length | Framing::LengthTwice => body.len(),
        Framing::Short { missing } => body.len() + usize::from(missing) + 1,
        _ => 0,
    };
    let signatures = request.head.signatures(body);
    let signed = match by_the_head(&signatures, declared, secrets) {
        Ok(signed) => signed,
        Err(kind) => return Expected::Rejected(kind),
    };
    let is_broken =
        matches!(request.framing, Framing::Short { .. } | Framing::ChunkedShort | Framing::BadChunk);
    if body.len() > BODY_LIMIT {
        return Expected::Rejected(RejectionKind::BodyTooLarge);
    }
    if is_broken {
        return Expected::Rejected(RejectionKind::BodyIncomplete);
    }
    if !verifies(signed, body, secrets) {
        return Expected::Rejected(RejectionKind::SignatureMismatch);
    }
    let call = Handled { body: body.to_vec(), signatures: signatures.clone() };
    Expected::Handled(call, answered(request.head.answer))
}

/// The same of a request without a wire, whose body comes frame by frame.
pub fn expected_of_frames(request: &OneRequest<'_>) -> Expected {
    let signatures = request.head.signatures(&request.body());
    let declared = usize::from(request.declared.unwrap_or(0));
    let signed = match by_the_head(&signatures, declared, request.secrets) {
        Ok(signed) => signed,
        Err(kind) => return Expected::Rejected(kind),
    };
    let mut body = Vec::new();
    for frame in &request.frames {
        match frame {
            Frame::Data(data) => body.extend_from_slice(data),
            Frame::Later | Frame::Trailers => {}
            Frame::Stalls => return Expected::Rejected(RejectionKind::BodyTimeout),
            Frame::Breaks => return Expected::Rejected(RejectionKind::BodyIncomplete),
        }
        if body.len() > BODY_LIMIT {
            return Expected::Rejected(RejectionKind::BodyTooLarge);
        }
    }
    if !verifies(signed, &body, request.secrets) {
        return Expected::Rejected(RejectionKind::SignatureMismatch);
    }
    let call = Handled { body, signatures: signatures.clone() };
    Expected::Handled(call, answered(request.head.answer))
}

/// Whether these bytes may ask the handler for this answer.
pub fn asks_for(bytes: &[u8], status: u16) -> bool {
    let (name, status) = (ANSWER.as_bytes(), status.to_string());
    bytes.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name))
        && bytes.windows(3).any(|window| window == status.as_bytes())
}
