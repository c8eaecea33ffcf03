use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::html;
use serde::Deserialize;

use crate::console::{
    Console,
    answer::see,
    forms::{Faults, Form},
    layout::{self, Place},
    session::Sessions,
    text::Lang,
    visit::{Fields, LANGUAGE_COOKIE, Posted, Visit},
};

#[derive(Deserialize)]
pub(in crate::console) struct Next {
    #[serde(default)]
    next: String,
}

pub(in crate::console) async fn show(visit: Visit, Query(Next { next }): Query<Next>) -> Response {
    form(&visit, &next, &Faults::default()).into_response()
}

pub(in crate::console) async fn log_in(State(console): State<Console>, posted: Posted) -> Response {
    let Posted { visit, fields } = posted;
    let next = fields.one("next");
    let right = console.access().token().is_none_or(|token| token.is(fields.one("token")));
    if !right {
        tracing::warn!("a login with a wrong token was refused");
        let mut faults = Faults::default();
        faults.add(Some("token"), visit.t.wrong_token);
        return (StatusCode::FORBIDDEN, form(&visit, next, &faults)).into_response();
    }
    with_cookie(see(own_path(next)), &console.sessions().logged_in())
}

pub(in crate::console) async fn log_out(_: Posted) -> Response {
    with_cookie(see("/login"), &Sessions::logged_out())
}

pub(in crate::console) async fn language(posted: Posted) -> Response {
    let lang = Lang::of_tag(posted.fields.one("language")).unwrap_or(posted.visit.lang);
    let cookie = format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Strict", lang.tag());
    with_cookie(see(own_path(posted.fields.one("next"))), &cookie)
}

fn form(visit: &Visit, next: &str, faults: &Faults) -> maud::Markup {
    let t = visit.t;
    // What was typed is not written back: it may be all but one letter of the token.
    let fields = Fields::default();
    let form = Form { visit, fields: &fields, faults };
    let main = html! {
        h1 { (t.log_in) }
        (form.summary())
        form method="post" action="/login" class="stack" {
            (layout::csrf(visit))
            input type="hidden" name="next" value=(next);
            (form.text("token", t.token, "password", Some(t.token_hint)))
            button { (t.log_in) }
        }
    };
    layout::page(visit, Place::Nowhere, t.log_in, &main)
}

/// A path of the console's own, and never another site.
fn own_path(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    // A browser leaves some control characters out, and a header can have none.
    let own = own && !next.contains(|letter: char| letter.is_ascii_control());
    if own { next } else { "/" }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_led_on_to_a_path_of_the_consoles_own_alone() {
        assert_eq!(own_path("/webhooks?a=b"), "/webhooks?a=b");
        for elsewhere in [
            "",
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "/\t/evil.example",
            "/\0",
            "/\u{7f}",
            "a",
        ] {
            assert_eq!(own_path(elsewhere), "/");
        }
    }
}
