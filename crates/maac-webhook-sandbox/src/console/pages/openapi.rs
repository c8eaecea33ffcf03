//! Where MAAC's OpenAPI calls are, and with which token.

use axum::{extract::State, response::IntoResponse};
use maud::{Markup, html};

use super::webhook::{self, Secret};
use crate::{
    console::{
        Console,
        answer::{Answer, missing},
        curl,
        layout::{self, Place},
        visit::{Posted, Visit},
    },
    openapi::OpenApiToken,
};

/// What stands for the token while it is hidden: a variable of the shell's.
const VARIABLE: &str = "$MAAC_OPENAPI_TOKEN";

pub(in crate::console) async fn show(State(console): State<Console>, visit: Visit) -> Answer {
    let token = console.openapi_token().ok_or_else(|| missing(&visit))?;
    Ok(page(&visit, token, Secret::Hidden).into_response())
}

pub(in crate::console) async fn uncover(State(console): State<Console>, posted: Posted) -> Answer {
    let token = console.openapi_token().ok_or_else(|| missing(&posted.visit))?;
    let visit = Visit { at: "/openapi".to_owned(), ..posted.visit };
    Ok(page(&visit, token, Secret::Uncovered).into_response())
}

fn page(visit: &Visit, token: &OpenApiToken, secret: Secret) -> Markup {
    let t = visit.t;
    let base = format!("http://{}/openapi/v1", visit.host);
    let main = html! {
        h1 { (t.openapi) }
        p { (t.openapi_help) }
        (layout::facts(&[
            (t.openapi_base, html! { code { (base) } }),
            (t.openapi_token, covered(visit, token, secret)),
        ]))
        h2 { (t.openapi_try) }
        p {
            @match secret {
                Secret::Hidden => (t.openapi_try_hidden),
                Secret::Uncovered => (t.openapi_try_uncovered),
            }
        }
        (layout::verbatim(t.openapi_try, &example(&base, token, secret)))
        h2 { (t.openapi_api) }
        p { (t.openapi_api_help) " " a href="/api/openapi.json" { "/api/openapi.json" } }
    };
    layout::page(visit, Place::OpenApi, t.openapi, &main)
}

fn covered(visit: &Visit, token: &OpenApiToken, secret: Secret) -> Markup {
    let t = visit.t;
    html! {
        div class="secret" {
            @match secret {
                Secret::Hidden => {
                    span class="covered" aria-label=(t.openapi_token_hidden) role="img" { "••••••••••••••••" }
                    form method="post" action="/openapi/token" {
                        (layout::csrf(visit))
                        button class="quiet" { (webhook::eye()) " " (t.show_secret) }
                    }
                }
                Secret::Uncovered => {
                    code class="uncovered" { (token.expose_token()) }
                    a class="button quiet" href="/openapi" { (webhook::eye()) " " (t.hide_secret) }
                }
            }
        }
    }
}

/// Makes an event of the OpenAPI.
fn example(base: &str, token: &OpenApiToken, secret: Secret) -> String {
    let url = format!("{base}/event/");
    let body = r#"{"name": "member day"}"#;
    let content_type = ("Content-Type".to_owned(), "application/json".to_owned());
    let authorization = |token: &str| ("Authorization".to_owned(), format!("Bearer {token}"));
    match secret {
        Secret::Hidden => {
            let command = curl::command(&url, &[authorization(VARIABLE), content_type], body.as_bytes());
            // Between double quotes, so that the shell puts the token in.
            command.replace(
                &format!("'Authorization: Bearer {VARIABLE}'"),
                &format!("\"Authorization: Bearer {VARIABLE}\""),
            )
        }
        Secret::Uncovered => {
            curl::command(&url, &[authorization(token.expose_token()), content_type], body.as_bytes())
        }
    }
}
