use std::{error::Error, net};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use maac_webhook::{Endpoint, Event, headers};
use maac_webhook_axum::{VerifyLayer, Webhook};
use tokio::net::TcpListener;

use super::{
    routes::{self, Answer, Route},
    server::Started,
};
use crate::{fixture, peers::BareHmac};

/// Serves on the thread it is called on.
pub(super) async fn serve(
    route: Route,
    listener: net::TcpListener,
    started: Started,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::from_std(listener)?.tap_io(|stream| {
        // Without it the figures are less good, not wrong.
        let _ = stream.set_nodelay(true);
    });
    let router = router(route)?;
    started.on_this_thread();
    Ok(axum::serve(listener, router).await?)
}

fn router(route: Route) -> Result<Router, Box<dyn Error>> {
    let of = |handler| Router::new().route(fixture::PATH, handler);
    Ok(match route {
        Route::Typed => {
            let endpoint = Endpoint::new("bench", fixture::share_secret()?);
            of(post(typed)).layer(VerifyLayer::new(endpoint))
        }
        Route::Bare => of(post(bare)),
        Route::ByHand => of(post(by_hand)),
        Route::Hmac => of(post(hmac).with_state(BareHmac::new(fixture::KEY)?)),
        Route::Unverified => of(post(unverified)),
    })
}

async fn typed(Webhook(event): Webhook<Event>) -> Answer {
    routes::taken(event)
}

async fn bare(body: Bytes) -> Answer {
    routes::taken(body)
}

async fn by_hand(headers: HeaderMap, body: Bytes) -> Answer {
    routes::by_hand(headers.get(headers::SIGNATURE).map(|value| value.as_bytes()), &body)
}

async fn hmac(State(bare): State<BareHmac>, body: Bytes) -> Answer {
    routes::taken(bare.digest(body))
}

async fn unverified(body: Bytes) -> Answer {
    routes::unverified(&body)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Ok => StatusCode::OK,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
        };
        status.into_response()
    }
}
