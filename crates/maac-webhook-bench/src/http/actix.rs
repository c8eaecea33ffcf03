use std::{error::Error, net::TcpListener, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    http::StatusCode,
    web::{self, Bytes, Data, ServiceConfig},
};
use maac_webhook::{Endpoint, Event, headers};
use maac_webhook_actix::{VerifyWebhook, Webhook};

use super::{
    routes::{self, Answer, Route},
    server::Started,
};
use crate::{fixture, peers::BareHmac};

/// Serves on a worker of its own.
pub(super) async fn serve(
    route: Route,
    listener: TcpListener,
    started: Started,
) -> Result<(), Box<dyn Error>> {
    let endpoint = Endpoint::new("bench", fixture::share_secret()?);
    let bare = Data::new(BareHmac::new(fixture::KEY)?);
    let app = move || {
        // Each worker makes its app, on its thread.
        started.on_this_thread();
        App::new().configure(|config| configure(config, route, &endpoint, &bare))
    };
    // A connection idles while the others have their turns.
    let server = HttpServer::new(app).workers(1).tcp_nodelay(true).keep_alive(Duration::from_secs(60));
    Ok(server.disable_signals().listen(listener)?.run().await?)
}

fn configure(config: &mut ServiceConfig, route: Route, endpoint: &Endpoint, bare_hmac: &Data<BareHmac>) {
    let resource = web::resource(fixture::PATH);
    match route {
        Route::Typed => {
            config.service(resource.wrap(VerifyWebhook::new(endpoint.clone())).route(web::post().to(typed)))
        }
        Route::Bare => config.service(resource.route(web::post().to(bare))),
        Route::ByHand => config.service(resource.route(web::post().to(by_hand))),
        Route::Hmac => config.service(resource.app_data(bare_hmac.clone()).route(web::post().to(hmac))),
        Route::Unverified => config.service(resource.route(web::post().to(unverified))),
    };
}

async fn typed(Webhook(event): Webhook<Event>) -> Answer {
    routes::taken(event)
}

async fn bare(body: Bytes) -> Answer {
    routes::taken(body)
}

async fn by_hand(request: HttpRequest, body: Bytes) -> Answer {
    routes::by_hand(request.headers().get(headers::SIGNATURE).map(|value| value.as_bytes()), &body)
}

async fn hmac(bare: Data<BareHmac>, body: Bytes) -> Answer {
    routes::taken(bare.digest(body))
}

async fn unverified(body: Bytes) -> Answer {
    routes::unverified(&body)
}

impl Responder for Answer {
    type Body = <HttpResponse as Responder>::Body;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::new(match self {
            Self::Ok => StatusCode::OK,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
        })
    }
}
