use std::hint::black_box;

use bytes::Bytes;
use serde_json::Value;

use crate::{fixture, peers};

/// The routes that are compared, of each framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Ours: the middleware verifies, the handler gets the typed event.
    Typed,
    /// Takes the body and answers: what the framework costs by itself.
    Bare,
    /// Verifies and parses as one would by hand.
    ByHand,
    /// Computes the signature and looks at nothing: what no verified route can do without.
    Hmac,
    /// Parses and does not verify: what most JSON routes do.
    Unverified,
}

impl Route {
    pub(super) const ALL: [Self; 5] = [Self::Typed, Self::Bare, Self::ByHand, Self::Hmac, Self::Unverified];

    /// What it answers to a forged request.
    pub(super) fn answer_to_forgery(self) -> u16 {
        match self {
            Self::Typed | Self::ByHand => 401,
            Self::Bare | Self::Hmac | Self::Unverified => 200,
        }
    }
}

/// What a handler answers, without a body: each framework makes its own response of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Ok,
    BadRequest,
    Unauthorized,
}

/// A handler's work, done once it has what it asked for.
pub(super) fn taken<T>(work: T) -> Answer {
    black_box(work);
    Answer::Ok
}

/// A handler that verifies by itself, its framework's headers looked into.
pub(super) fn by_hand(signature: Option<&[u8]>, body: &Bytes) -> Answer {
    let event = signature.and_then(|signature| peers::by_hand(fixture::KEY, signature, body));
    event.map_or(Answer::Unauthorized, taken)
}

pub(super) fn unverified(body: &Bytes) -> Answer {
    serde_json::from_slice::<Value>(body).map_or(Answer::BadRequest, taken)
}
