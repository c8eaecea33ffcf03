//! Sessions: a random name in a cookie, and what is derived from it with a key of this run. Nothing is stored.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use maac_webhook::{ShareSecret, Signature};
use subtle::ConstantTimeEq;
use uuid::Uuid;

const COOKIE: &str = "maac_sandbox_session";

/// Makes sessions, and tells its own from others.
#[derive(Clone, Debug)]
pub(super) struct Sessions(Arc<ShareSecret>);

/// Whose request it is.
#[derive(Clone, Debug)]
pub(super) struct Session {
    csrf_token: String,
    logged_in: bool,
    to_set: Option<String>,
}

impl Sessions {
    #[allow(clippy::expect_used, reason = "hexadecimal digits are neither empty nor white space")]
    pub(super) fn new() -> Self {
        let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Self(Arc::new(ShareSecret::new(key).expect("hexadecimal digits are a key")))
    }

    /// The session of a request; a new one where it has none.
    pub(super) fn of(&self, headers: &HeaderMap) -> Session {
        let known = cookie(headers, COOKIE).and_then(|cookie| {
            let (name, proof) =
                cookie.split_once('.').map_or((cookie, None), |(name, proof)| (name, Some(proof)));
            is_name(name).then_some((name, proof))
        });
        match known {
            Some((name, proof)) => {
                let logged_in = proof.is_some_and(|proof| same(proof, &self.derived("login", name)));
                Session { csrf_token: self.derived("form", name), logged_in, to_set: None }
            }
            None => {
                let name = new_name();
                let to_set = Some(set_cookie(&name));
                Session { csrf_token: self.derived("form", &name), logged_in: false, to_set }
            }
        }
    }

    /// The cookie of a new session that is logged in: another name, so that nobody can have planted it.
    pub(super) fn logged_in(&self) -> String {
        let name = new_name();
        set_cookie(&format!("{name}.{}", self.derived("login", &name)))
    }

    /// The cookie of a new session that is not.
    pub(super) fn logged_out() -> String {
        set_cookie(&new_name())
    }

    fn derived(&self, purpose: &str, name: &str) -> String {
        Signature::sign(&self.0, format!("{purpose}:{name}").as_bytes()).to_string()
    }
}

impl Session {
    /// What a form of this session has in it.
    pub(super) fn csrf_token(&self) -> &str {
        &self.csrf_token
    }

    pub(super) fn accepts(&self, csrf_token: &str) -> bool {
        same(csrf_token, &self.csrf_token)
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.logged_in
    }

    pub(super) fn cookie_to_set(&self) -> Option<&str> {
        self.to_set.as_deref()
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).next()
}

fn set_cookie(value: &str) -> String {
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict")
}

fn new_name() -> String {
    Uuid::new_v4().simple().to_string()
}

fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
