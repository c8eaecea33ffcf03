//! The API and the OpenAPI calls as a console serves them.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header::CONTENT_TYPE},
};
use serde_json::json;
use tower_service::Service;

use super::support::Calls;
use crate::{
    Access, AccessToken, Console, Sandbox, Settings, api,
    openapi::{self, OpenApiSettings, OpenApiToken},
};

const TOKEN: &str = "0123456789abcdef";

fn served(address: &str) -> Router {
    let sandbox = Sandbox::open(Settings::new()).unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let token = (!address.ip().is_loopback()).then(|| AccessToken::new(TOKEN).unwrap());
    let console = Console::new(sandbox.clone(), Access::at(address, token).unwrap());
    let settings = OpenApiSettings::new(OpenApiToken::new("openapi").unwrap());
    console.router(api::router(sandbox.clone()).merge(openapi::router(sandbox, &settings)))
}

async fn status(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn a_name_that_another_points_at_this_machine_reaches_neither() {
    let router = served("127.0.0.1:8090");
    for path in ["/api/endpoints", "/openapi/v1/event/"] {
        let host = |host| [("Host", host), ("Authorization", "Bearer openapi")];
        assert_eq!(status(&router, Method::GET, path, &host("127.0.0.1:8090")).await, 200);
        assert_eq!(status(&router, Method::GET, path, &host("rebinding.example")).await, 421);
    }
    let cross_site = [("Host", "127.0.0.1:8090"), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(status(&router, Method::POST, "/api/broadcasts", &cross_site).await, 403);
    assert_eq!(status(&router, Method::POST, "/api/broadcasts", &[("Host", "localhost")]).await, 201);
}

#[tokio::test]
async fn off_this_machine_each_wants_its_own_token() {
    let router = served("0.0.0.0:8090");
    let bearer = |token| [("Host", "10.0.0.5:8090"), ("Authorization", token)];
    let (own, openapi) = (format!("Bearer {TOKEN}"), "Bearer openapi");
    for (path, token, expected) in [
        ("/api/endpoints", own.as_str(), 200),
        ("/api/endpoints", openapi, 401),
        ("/api/updates", "Bearer none", 401),
        ("/api/openapi.json", "Basic 0123456789abcdef", 401),
        ("/openapi/v1/event/", openapi, 200),
        ("/openapi/v1/event/", own.as_str(), 401),
    ] {
        assert_eq!(status(&router, Method::GET, path, &bearer(token)).await, expected, "{path} {token}");
    }
    assert_eq!(status(&router, Method::POST, "/api/broadcasts", &bearer("Bearer none")).await, 401);
}

#[tokio::test]
async fn a_sandbox_delivers_to_this_machine_alone_unless_more_is_allowed() {
    let calls = Calls::new();
    let form = json!({"name": "elsewhere", "url": "https://10.255.255.1/", "topics": ["message.first_open"]});
    let created = calls.post(201, "/api/endpoints", form).await;
    let test = format!("/api/endpoints/{}/test", created["id"].as_str().unwrap());
    let (answered, over) =
        calls.call(Method::POST, &test, Some(json!({"topic": "message.first_open", "wait": true}))).await;
    assert_eq!((answered, &over["attempts"]), (StatusCode::OK, &json!(1)));
    let error = &over["timeline"][0]["error"];
    assert_eq!(error["kind"], "not_allowed");
    assert!(error["message"].as_str().unwrap().contains("--allow-target 10.255.255.1"), "{error}");
}
