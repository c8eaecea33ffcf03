use super::{Console, browser::OPENAPI_TOKEN};

#[tokio::test]
async fn the_token_of_the_openapi_calls_is_hidden_until_it_is_uncovered_and_in_no_address() {
    let console = Console::start().await;
    let mut browser = console.browser();
    browser.open("/webhooks").await;
    browser.assert_shows(&["href=\"/openapi\""]);
    browser.open("/openapi").await;
    let base = format!("http://{}/openapi/v1", console.address);
    browser.assert_shows(&[
        &base,
        "The token is hidden",
        "curl --include",
        "&quot;Authorization: Bearer $MAAC_OPENAPI_TOKEN&quot;",
        "/event/",
    ]);
    assert!(!browser.shows(OPENAPI_TOKEN));
    let token = browser.hidden("/openapi/token", "csrf_token");
    let answer = browser.post("/openapi/token", &[("csrf_token", &token)]).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = String::from_utf8(answer.body).unwrap();
    assert!(page.contains(&format!("'Authorization: Bearer {OPENAPI_TOKEN}'")), "{page}");
    for (place, _) in page.match_indices(OPENAPI_TOKEN) {
        let before = &page[..place];
        assert!(before.rfind('>') > before.rfind('<'), "the token is in an attribute: {page}");
    }
}
