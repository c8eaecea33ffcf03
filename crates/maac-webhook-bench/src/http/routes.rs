use std::{error::Error, hint::black_box};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use maac_webhook::{Endpoint, Event};
use maac_webhook_axum::{VerifyLayer, Webhook};
use serde_json::Value;

use crate::{
    fixture,
    peers::{self, BareHmac},
};

/// The routes that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Ours: the layer verifies, the handler gets the typed event.
    Typed,
    /// Takes the body and answers: what axum costs by itself.
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

    pub(super) fn router(self) -> Result<Router, Box<dyn Error>> {
        Ok(match self {
            Self::Typed => {
                let endpoint = Endpoint::new("bench", fixture::share_secret()?);
                Router::new().route(fixture::PATH, post(typed)).layer(VerifyLayer::new(endpoint))
            }
            Self::Bare => Router::new().route(fixture::PATH, post(bare)),
            Self::ByHand => Router::new().route(fixture::PATH, post(by_hand)),
            Self::Hmac => {
                Router::new().route(fixture::PATH, post(hmac)).with_state(BareHmac::new(fixture::KEY)?)
            }
            Self::Unverified => Router::new().route(fixture::PATH, post(unverified)),
        })
    }
}

async fn typed(Webhook(event): Webhook<Event>) -> StatusCode {
    black_box(event);
    StatusCode::OK
}

async fn bare(body: Bytes) -> StatusCode {
    black_box(body);
    StatusCode::OK
}

async fn by_hand(headers: HeaderMap, body: Bytes) -> StatusCode {
    match peers::by_hand(fixture::KEY, &headers, &body) {
        Some(event) => {
            black_box(event);
            StatusCode::OK
        }
        None => StatusCode::UNAUTHORIZED,
    }
}

async fn hmac(State(bare): State<BareHmac>, body: Bytes) -> StatusCode {
    black_box(bare.digest(body));
    StatusCode::OK
}

async fn unverified(body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Value>(&body) {
        Ok(event) => {
            black_box(event);
            StatusCode::OK
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
