use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

/// The API's description, OpenAPI 3.1. It is kept by hand; tests hold it against the routes and what they answer.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn show() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
