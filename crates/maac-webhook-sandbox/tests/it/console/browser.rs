//! A browser without scripts: it keeps cookies, follows redirects, and fills in the forms that it is shown.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::Router;
use maac_webhook_sandbox::{Access, AccessToken, Console as Pages, Sandbox, Settings, openapi::OpenApiToken};
use maac_webhook_test_support::wire::{Answer, exchange};
use tokio::net::TcpListener;

use crate::support::hurried;

/// The token of the OpenAPI calls.
pub(crate) const OPENAPI_TOKEN: &str = "a-token-of-the-openapi";

/// A console that listens on a port of the system's choice.
pub(crate) struct Console {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: SocketAddr,
}

impl Console {
    pub(crate) async fn start() -> Self {
        Self::with(hurried(), None).await
    }

    pub(crate) async fn with(settings: Settings, token: Option<&str>) -> Self {
        let sandbox = Sandbox::open(settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = token.map(|token| AccessToken::new(token).unwrap());
        let pages = Pages::new(sandbox.clone(), Access::at(address, token).unwrap())
            .with_openapi_token(OpenApiToken::new(OPENAPI_TOKEN).unwrap());
        let app = pages.router(Router::new());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { sandbox, address }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { address: self.address, cookies: BTreeMap::new(), language: "en", page: String::new() }
    }
}

#[derive(Clone)]
pub(crate) struct Browser {
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) language: &'static str,
    /// What is shown.
    pub(crate) page: String,
}

impl Browser {
    /// Opens a page, and gives its status.
    pub(crate) async fn open(&mut self, path: &str) -> u16 {
        let answer = self.send("GET", path, &[], b"").await;
        self.show(answer).await
    }

    /// Fills in the form of this action and sends it, and gives the status of the page that comes of it.
    pub(crate) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> u16 {
        let token = self.hidden(action, "csrf_token");
        let mut all = vec![("csrf_token", token.as_str())];
        all.extend(fields);
        let answer = self.post(action, &all).await;
        self.show(answer).await
    }

    /// Follows the first link with this text.
    pub(crate) async fn follow(&mut self, text: &str) -> u16 {
        let before = self.page.split(&format!(">{text}<")).next().unwrap();
        let path = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&");
        self.open(&path).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let kind = ("Content-Type", "application/x-www-form-urlencoded".into());
        self.send("POST", path, &[kind], body.join("&").as_bytes()).await
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, Vec<u8>)],
        body: &[u8],
    ) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut all = vec![("Accept-Language", self.language.into()), ("Cookie", cookies.join("; ").into())];
        all.extend(headers.iter().cloned());
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n").into_bytes();
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.extend(format!("Host: {}\r\n", self.address).into_bytes());
        }
        for (name, value) in all {
            head.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        let answer = exchange(self.address, &[&head[..], length.as_bytes(), body].concat()).await;
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn show(&mut self, mut answer: Answer) -> u16 {
        for _ in 0..5 {
            let Some(location) = answer.header("location").map(ToOwned::to_owned) else { break };
            assert!(location.starts_with('/'), "{location}");
            let path = location.split('#').next().unwrap();
            answer = self.send("GET", path, &[], b"").await;
        }
        self.page = String::from_utf8(answer.body).unwrap();
        answer.status
    }

    /// The value of a hidden field of the form with this action.
    pub(crate) fn hidden(&self, action: &str, name: &str) -> String {
        let form = self.page.split("<form ").find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form for {action} in {}", self.page));
        let field = form.split("<input ").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap();
        field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.page.contains(text)
    }

    #[track_caller]
    pub(crate) fn assert_shows(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.shows(text), "{text:?} is not in {}", self.page);
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
