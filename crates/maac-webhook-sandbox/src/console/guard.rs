//! What every request goes through, and every answer.
//!
//! 1. The `Host` header must be one that the console is reached by, so that a page elsewhere cannot reach it under a name of its own:
//!    421.
//! 2. What changes something must not come from a page elsewhere, as `Sec-Fetch-Site` says, or `Origin` where a browser sends none: 403.
//! 3. Where a token is needed, it must be there: in `Authorization: Bearer`, or in the cookie that the login form gave. A page leads to that
//!    form; anything else is answered 401.
//! 4. Answers may not be framed, sniffed, kept or tell where they were, and run no script but the console's own.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{Console, session::Session};

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: a form's own `Origin` would be `null` then, and over plain HTTP to another machine that is all there is to go by.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(super) async fn guard(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let mut response = match decide(&console, &request) {
        Ok(session) => {
            let cookie = session.cookie_to_set().map(ToOwned::to_owned);
            request.extensions_mut().insert(session);
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Why a request is not served.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    OtherHost,
    CrossSite,
    NoToken,
    LogIn { next: String },
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::OtherHost => {
                (StatusCode::MISDIRECTED_REQUEST, "The console is not served under this host name.\n")
                    .into_response()
            }
            Self::CrossSite => {
                (StatusCode::FORBIDDEN, "Another site's page may not change anything here.\n").into_response()
            }
            Self::NoToken => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, "A token is needed.\n").into_response()
            }
            Self::LogIn { next } => Redirect::to(&format!("/login?next={next}")).into_response(),
        }
    }
}

fn decide(console: &Console, request: &Request) -> Result<Session, Refused> {
    let (headers, method, path) = (request.headers(), request.method(), request.uri().path());
    let host = host(request).filter(|host| console.access().serves(host)).ok_or(Refused::OtherHost)?;
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if !safe && is_cross_site(headers, host) {
        return Err(Refused::CrossSite);
    }
    let session = console.sessions().of(headers);
    let Some(token) = console.access().token() else { return Ok(session) };
    let open = path == "/login" || path.starts_with("/assets/") || path == "/language"
        // MAAC's OpenAPI has tokens of its own.
        || path.starts_with("/openapi/v1/");
    if open || session.is_logged_in() || bearer(headers).is_some_and(|sent| token.is(sent)) {
        return Ok(session);
    }
    let page = safe && !path.starts_with("/api/") && path != "/live";
    let next: String = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if page { Err(Refused::LogIn { next: percent_encoded(&next) }) } else { Err(Refused::NoToken) }
}

/// The host that was asked for. Of two, neither.
fn host(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn is_cross_site(headers: &HeaderMap, host: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        // Neither is sent by what is no browser.
        None => false,
        Some(Ok(origin)) => {
            let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            own.is_none_or(|own| !own.eq_ignore_ascii_case(host))
        }
        Some(Err(_)) => true,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
