//! Who asks for a page, and what a form was filled in with.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{
    Console, layout,
    session::{Session, cookie},
    text::{Lang, Texts},
};

pub(super) const LANGUAGE_COOKIE: &str = "maac_sandbox_language";

/// How long a form may take to come. Some are read before it is known whose they are, and the connection and what has come
/// of it are held meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request for a page.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) lang: Lang,
    pub(super) t: &'static Texts,
    pub(super) csrf_token: String,
    pub(super) logged_in: bool,
    /// Whether there is a page about the OpenAPI calls.
    pub(super) has_openapi: bool,
    /// The host that was asked for.
    pub(super) host: String,
    /// Path and query.
    pub(super) at: String,
}

impl Visit {
    pub(super) fn of(parts: &Parts, console: &Console) -> Option<Self> {
        let session = parts.extensions.get::<Session>()?;
        let lang = language(&parts.headers);
        Some(Self {
            lang,
            t: lang.texts(),
            csrf_token: session.csrf_token().to_owned(),
            logged_in: session.is_logged_in(),
            has_openapi: console.openapi_token().is_some(),
            host: parts.headers.get(header::HOST)?.to_str().ok()?.to_owned(),
            at: parts.uri.path_and_query().map_or("/", |at| at.as_str()).to_owned(),
        })
    }
}

#[cfg(test)]
impl Visit {
    pub(super) fn of_tests() -> Self {
        let lang = Lang::English;
        let [csrf_token, host, at] = ["", "localhost", "/"].map(ToOwned::to_owned);
        Self { lang, t: lang.texts(), csrf_token, logged_in: false, has_openapi: false, host, at }
    }
}

impl FromRequestParts<Console> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, StatusCode> {
        Self::of(parts, console).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The language that was chosen, or else the one that the browser prefers of those that there are.
fn language(headers: &HeaderMap) -> Lang {
    if let Some(chosen) = cookie(headers, LANGUAGE_COOKIE).and_then(Lang::of_tag) {
        return chosen;
    }
    let accepted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = None;
    for range in accepted.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let quality =
            parameters.trim().strip_prefix("q=").map_or(Some(1.0), |quality| quality.parse::<f32>().ok());
        let (Some(lang), Some(quality)) = (Lang::of_tag(tag.trim()), quality) else { continue };
        if quality > 0.0 && best.is_none_or(|(_, before)| quality > before) {
            best = Some((lang, quality));
        }
    }
    best.map_or(Lang::English, |(lang, _)| lang)
}

/// A form's fields, as they were filled in. However many there are, one is found at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    all: Vec<(String, String)>,
    /// Where the first one of each name is.
    first: HashMap<String, usize>,
}

impl Fields {
    fn of(all: Vec<(String, String)>) -> Self {
        let mut first = HashMap::with_capacity(all.len());
        for (place, (name, _)) in all.iter().enumerate() {
            first.entry(name.clone()).or_insert(place);
        }
        Self { all, first }
    }

    /// A field's text without the white space around it; empty where there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    pub(super) fn raw(&self, name: &str) -> &str {
        self.first.get(name).and_then(|place| self.all.get(*place)).map_or("", |(_, value)| value)
    }

    pub(super) fn is_there(&self, name: &str) -> bool {
        self.first.contains_key(name)
    }

    /// Whether one that is on or off is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.raw(name) == "on"
    }

    /// A field that was filled in.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.one(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.first.entry(name.to_owned()).or_insert(self.all.len());
        self.all.push((name.to_owned(), value.into()));
        self
    }
}

/// A form that one of this session's own pages sent.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) visit: Visit,
    pub(super) fields: Fields,
}

impl FromRequest<Console> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let session = parts.extensions.get::<Session>().cloned();
        let (Some(visit), Some(session)) = (Visit::of(&parts, console), session) else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let form =
            axum::Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), console);
        let fields = match timeout(PATIENCE, form).await {
            Ok(Ok(axum::Form(fields))) => Fields::of(fields),
            Ok(Err(rejection)) => return Err(not_a_form(&rejection)),
            Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "The form took too long.\n").into_response()),
        };
        if session.accepts(fields.raw("csrf_token")) {
            Ok(Self { visit, fields })
        } else {
            Err((
                StatusCode::FORBIDDEN,
                layout::notice(&visit, visit.t.form_expired, visit.t.form_expired_help),
            )
                .into_response())
        }
    }
}

fn not_a_form(rejection: &FormRejection) -> Response {
    (rejection.status(), "This is no form.\n").into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Method};
    use futures_util::stream;
    use tower_service::Service;

    use super::*;
    use crate::{Access, AccessToken, Sandbox, Settings};

    /// A form of which nothing comes.
    #[tokio::test(start_paused = true)]
    async fn a_form_that_does_not_come_is_not_waited_for_for_ever() {
        let token = AccessToken::new("correct horse battery").unwrap();
        let access = Access::at("0.0.0.0:1".parse().unwrap(), Some(token)).unwrap();
        let mut router = Console::new(Sandbox::open(Settings::new()).unwrap(), access).router(Router::new());
        let never = stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/login")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from_stream(never))
            .unwrap();
        let answer = timeout(PATIENCE * 2, router.call(request)).await.unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    }

    fn of(headers: &[(header::HeaderName, &str)]) -> Lang {
        language(&headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect())
    }

    #[test]
    fn the_language_is_the_chosen_one_or_else_the_one_that_is_preferred() {
        let accept = |value| of(&[(header::ACCEPT_LANGUAGE, value)]);
        assert_eq!(of(&[]), Lang::English);
        assert_eq!(accept("zh-TW,zh;q=0.9,en;q=0.8"), Lang::TraditionalChinese);
        assert_eq!(accept("en;q=0.5, zh-Hant-TW"), Lang::TraditionalChinese);
        assert_eq!(accept("zh-TW;q=0, en-GB"), Lang::English);
        assert_eq!(accept("fr, de;q=oops, ja"), Lang::English);
        let chosen = (header::COOKIE, "a=b; maac_sandbox_language=en");
        assert_eq!(of(&[(header::ACCEPT_LANGUAGE, "zh-TW"), chosen]), Lang::English);
    }
}
