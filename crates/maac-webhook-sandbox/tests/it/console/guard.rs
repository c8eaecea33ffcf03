use maac_webhook_sandbox::maac_webhook_sender::maac_webhook::event::Topic;

use super::{Browser, Console};
use crate::support::{endpoint, hurried};

const TOKEN: &str = "correct horse battery";

#[tokio::test]
async fn a_page_elsewhere_cannot_reach_the_console_under_a_name_of_its_own() {
    let console = Console::start().await;
    let mut browser = console.browser();
    for host in ["evil.example", "127.0.0.1.nip.io", "localhost.evil.example", ""] {
        let answer = browser.send("GET", "/webhooks", &[("Host", host.into())], b"").await;
        assert_eq!(answer.status, 421, "{host:?}");
        assert!(answer.header("set-cookie").is_none());
    }
    let answer = browser.send("GET", "/webhooks", &[("Host", "localhost".into())], b"").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_changes_something_is_refused_from_another_sites_page() {
    let console = Console::start().await;
    let id = endpoint(&console.sandbox, "https://shop.example/", &[Topic::ReceiptValidated]).await;
    let mut browser = console.browser();
    browser.open(&format!("/webhooks/{id}/delete")).await;
    let action = format!("/webhooks/{id}/delete");
    let body = format!("csrf_token={}", browser.hidden(&action, "csrf_token")).into_bytes();
    let kind = ("Content-Type", b"application/x-www-form-urlencoded".to_vec());
    let elsewhere: [&[(&str, &str)]; 6] = [
        &[("Sec-Fetch-Site", "cross-site")],
        // A page of another port of this machine.
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://127.0.0.1:1")],
        &[("Origin", "http://evil.example")],
        &[("Origin", "http://127.0.0.1:1")],
        &[("Origin", "null")],
        &[("Origin", "ftp://127.0.0.1")],
    ];
    for headers in elsewhere {
        let mut all = vec![kind.clone()];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())));
        assert_eq!(browser.send("POST", &action, &all, &body).await.status, 403, "{headers:?}");
    }
    assert_eq!(console.sandbox.platform().endpoints().len(), 1);

    let own = format!("http://{}", console.address).into_bytes();
    let all = [kind, ("Origin", own), ("Sec-Fetch-Site", b"same-origin".to_vec())];
    assert_eq!(browser.send("POST", &action, &all, &body).await.status, 303);
    assert_eq!(console.sandbox.platform().endpoints().len(), 0);
}

/// Every form of the console, with and without what protects it. The paths are those of the router.
#[tokio::test]
async fn no_form_is_accepted_without_its_sessions_token() {
    let console = Console::start().await;
    let id = endpoint(&console.sandbox, "https://shop.example/", &[Topic::ReceiptValidated]).await;
    let mut browser = console.browser();
    let mut other = console.browser();
    browser.open("/webhooks/new").await;
    other.open("/webhooks/new").await;
    let (own, others) =
        (browser.hidden("/webhooks/new", "csrf_token"), other.hidden("/webhooks/new", "csrf_token"));
    assert_ne!(own, others);
    let source = include_str!("../../../src/console/mod.rs");
    let routes: Vec<_> = source
        .split(".route(")
        .skip(1)
        .filter(|route| route.split(".route(").next().unwrap().contains("post("))
        .collect();
    let posts: Vec<_> = routes
        .iter()
        .map(|route| {
            route.split('"').nth(1).unwrap().replace("{id}", &id.to_string()).replace("{kind}", "survey")
        })
        .collect();
    assert!(posts.len() > 20, "{posts:?}");
    for path in &posts {
        for token in ["", "0", others.as_str()] {
            let fields = [("csrf_token", token), ("name", "x"), ("language", "en")];
            let answer = browser.post(path, &fields[usize::from(token.is_empty())..]).await;
            let status = answer.status;
            // An SMS+ message's id is a number.
            assert!(status == 403 || path.contains("/messages/") && status == 400, "{path}: {status}");
        }
    }
    assert_eq!(console.sandbox.platform().endpoints().len(), 1);
    assert!(browser.post("/webhooks/new", &[("csrf_token", &own)]).await.status == 422);
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_not_do_with_it() {
    let console = Console::start().await;
    let mut browser = console.browser();
    for (path, host) in [
        ("/webhooks", "localhost"),
        ("/nothing", "localhost"),
        ("/assets/console.js", "localhost"),
        ("/", "evil.example"),
    ] {
        let answer = browser.send("GET", path, &[("Host", host.into())], b"").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        let kept =
            if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
    }
    let answer = console.browser().send("GET", "/webhooks", &[], b"").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let page = String::from_utf8(answer.body).unwrap();
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick"), "{page}");
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn with_a_token_nothing_is_shown_or_done_without_it() {
    let console = Console::with(hurried(), Some(TOKEN)).await;
    let mut browser = console.browser();
    assert_eq!(browser.open("/deliveries?before=7").await, 200);
    browser.assert_shows(&["Log in", "value=\"/deliveries?before=7\""]);
    assert_eq!(browser.send("GET", "/live", &[], b"").await.status, 401);
    let post = browser.post("/purchase", &[("csrf_token", &browser.hidden("/login", "csrf_token"))]).await;
    assert_eq!((post.status, post.header("www-authenticate")), (401, Some("Bearer")));
    // MAAC's OpenAPI calls have a token of their own; the page that tells it has not.
    let login = browser.open("/openapi").await;
    assert!(login == 200 && browser.shows("Log in") && !browser.shows("/openapi/v1"));
    let uncover = [("csrf_token", &*browser.hidden("/login", "csrf_token"))];
    assert_eq!(browser.post("/openapi/token", &uncover).await.status, 401);
    browser.open("/deliveries?before=7").await;
    let planted = browser.cookies.clone();

    assert_eq!(browser.submit("/login", &[("token", "wrong wrong wrong"), ("next", "/log")]).await, 403);
    browser.assert_shows(&["This is not the token."]);
    assert!(!browser.shows("wrong wrong wrong"));
    assert_eq!(browser.submit("/login", &[("token", TOKEN), ("next", "/deliveries?before=7")]).await, 200);
    browser.assert_shows(&["<h1>Deliveries</h1>", "Log out"]);
    // Another session than before the login, so that nobody can have planted it.
    assert_ne!(browser.cookies, planted);

    // Neither the old session nor one that is made up is logged in.
    let made_up = |cookie: &str| ("Cookie", format!("maac_sandbox_session={cookie}").into_bytes());
    let session = browser.cookies["maac_sandbox_session"].clone();
    let (name, proof) = session.split_once('.').unwrap();
    let other_name = format!("{}.{proof}", "0".repeat(32));
    for cookie in
        [planted["maac_sandbox_session"].as_str(), name, &other_name, &format!("{name}.{}", "0".repeat(64))]
    {
        let mut stranger = console.browser();
        let answer = stranger.send("GET", "/webhooks", &[made_up(cookie)], b"").await;
        assert_eq!(answer.header("location"), Some("/login?next=/webhooks"), "{cookie}");
    }
    browser.open("/webhooks").await;
    browser.submit("/logout", &[]).await;
    browser.open("/webhooks").await;
    browser.assert_shows(&["Log in"]);
}

#[tokio::test]
async fn a_bearer_token_does_as_well_for_a_program() {
    let console = Console::with(hurried(), Some(TOKEN)).await;
    let mut program: Browser = console.browser();
    let with = |token: &str| [("Authorization", format!("Bearer {token}").into_bytes())];
    assert_eq!(program.send("GET", "/webhooks", &with(TOKEN), b"").await.status, 200);
    assert_eq!(program.send("GET", "/webhooks", &with("wrong"), b"").await.status, 303);
}

#[tokio::test]
async fn after_a_login_one_is_not_led_to_another_site() {
    let console = Console::with(hurried(), Some(TOKEN)).await;
    let mut browser = console.browser();
    browser.open("/login?next=//evil.example/").await;
    let token = browser.hidden("/login", "csrf_token");
    let answer = browser
        .post("/login", &[("csrf_token", &token), ("token", TOKEN), ("next", "//evil.example/")])
        .await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
}

/// Read, it would take a hundred times as much, and whoever sends it has shown no token.
#[tokio::test]
async fn a_large_form_is_refused_where_no_token_is_needed_to_send_it() {
    let console = Console::with(hurried(), Some(TOKEN)).await;
    let mut browser = console.browser();
    let kind = [("Content-Type", b"application/x-www-form-urlencoded".to_vec())];
    for path in ["/login", "/language"] {
        for (size, status) in [(65_536, 403), (65_537, 413)] {
            let answer = browser.send("POST", path, &kind, &b"a".repeat(size)).await;
            assert_eq!(answer.status, status, "{path}: {size}");
        }
    }
}
