//! What the reports show of a stranger's answers, and what they never show.

use std::collections::HashSet;

use axum::{Router, http::StatusCode, response::IntoResponse, routing::post};
use maac_webhook_conformance::{Level, Report, Selection, Status, cases, maac_webhook::Signature};
use tokio::net::TcpListener;

use crate::{
    flaw::Flaw,
    flawed::start,
    support::{SECRET, case, secret, suite},
};

/// What a receiver may answer to whoever looks at a report.
const HOSTILE: &str = "\u{1b}[2J<script>alert(1)</script>]]>&amp;\u{0}\u{202e}\" onmouseover=x '";

/// A receiver whose answers are hostile, and tell its secret.
async fn hostile() -> Report {
    let answer = async || {
        let header = [("x-note", "</pre><img src=//evil.example onerror=alert(1)>")];
        (StatusCode::OK, header, format!("{HOSTILE}{SECRET}")).into_response()
    };
    let app = Router::new().route("/hooks", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?a=<b>&c='d'", listener.local_addr().unwrap())
        .replace('<', "%3C")
        .replace('>', "%3E");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let selection = Selection::all().case("MAAC-SIG-001").case("MAAC-SIG-003").case("MAAC-ANS-004");
    suite(&url, None).with_selection(selection).run().await.unwrap()
}

#[tokio::test]
async fn a_strangers_answer_steers_neither_a_page_nor_a_parser_nor_a_terminal() {
    let report = hostile().await;
    assert_eq!(case(&report, "MAAC-ANS-004").status, Status::Fail, "{report}");

    let html = report.to_html();
    for tag in ["<script", "<img", "onmouseover=x '<"] {
        assert!(!html.contains(tag), "{tag}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    assert!(!html.contains("//evil.example onerror=alert(1)>"), "{html}");
    // It loads nothing: no address is anywhere but in a text.
    for loads in ["src=\"", "href=\"", "url(", "@import", "<link", "<iframe"] {
        assert!(!html.contains(loads), "{loads}");
    }

    let junit = report.to_junit();
    assert!(junit.chars().all(|character| !character.is_control() || character == '\n'), "{junit}");
    assert!(!junit.contains("<script"));

    let text = report.to_string();
    assert!(text.chars().all(|character| !character.is_control() || character == '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'));
}

#[tokio::test]
async fn no_report_has_the_secret_or_a_whole_signature() {
    let (url, probe) = start(Flaw::TellsTheExpectedSignature).await;
    let leaking = suite(&url, Some(&probe)).run().await.unwrap();
    let mut signed = 0;
    for report in [hostile().await, leaking] {
        for text in [report.to_html(), report.to_json(), report.to_junit(), report.to_string()] {
            assert!(!text.contains(SECRET));
        }
        for exchange in report.cases.iter().flat_map(|case| &case.exchanges) {
            let signatures = exchange.headers.iter().filter(|(name, _)| name == "CrescLab-Signature");
            for (_, value) in signatures {
                assert!(value.chars().count() <= 9, "{value}");
            }
            // That of a request that was written by hand is in its text.
            let body = exchange.body.rsplit("\n\n").next().unwrap();
            let signature = Signature::sign(&secret(), body.as_bytes()).to_string();
            signed += usize::from(report.to_json().contains(&signature[..8]));
            assert!(!report.to_json().contains(&signature), "{exchange:?}");
        }
    }
    assert!(signed > 20, "the beginnings of signatures are shown");
}

#[tokio::test]
async fn json_and_junit_have_each_case_and_agree() {
    let (url, probe) = start(Flaw::Answers204).await;
    let report = suite(&url, Some(&probe)).run().await.unwrap();
    let ids: HashSet<_> = cases().map(|case| case.id()).collect();

    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!((&json["verdict"], &json["probe"]), (&"failed".into(), &probe.as_str().into()));
    let in_json: HashSet<_> =
        json["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(in_json, ids);

    let junit = report.to_junit();
    let head = format!(
        r#"<testsuites name="maac-webhook-conformance" tests="{}" failures="1" errors="0""#,
        ids.len()
    );
    assert!(junit.contains(&head), "{junit}");
    assert_eq!(junit.matches("<testcase ").count(), ids.len());
    assert_eq!(junit.matches("</testcase>").count(), ids.len());
    assert_eq!(junit.matches("<failure ").count(), 1);
    assert!(
        junit.contains(r#"<failure type="fail" message="answered 204 (at first in MAAC-SIG-001)">"#),
        "{junit}"
    );
    for group in ["signature", "body", "idempotency", "answers", "retries", "robustness", "topics"] {
        assert!(junit.contains(&format!(r#"<testsuite name="{group}" "#)), "{group}");
    }
    let html = report.to_html();
    assert!(ids.iter().all(|id| html.contains(&format!(r#"id="{id}""#))));
    assert!(html.contains(r#"id="MAAC-ANS-001" open"#), "what failed is open to be read");
    let musts = cases().filter(|case| case.level() == Level::Must).count();
    let (failed, rest) = html.split_once("<h2>Signature</h2>").unwrap();
    assert!(
        failed.contains(&format!("1 of {musts} MUST fail")) && failed.contains("<h2>What failed</h2>"),
        "it stands first"
    );
    assert!(rest.contains("<h2>Answers: 1 failed, see above</h2>") && !rest.contains(r#"id="MAAC-ANS-001""#));
}

/// So that whoever reads it with an XML parser can: Python has one.
#[tokio::test]
async fn junit_is_well_formed_xml_whatever_was_answered() {
    let report = hostile().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, report.to_junit().as_bytes()).unwrap();
    let read = "import sys, xml.etree.ElementTree as x; print(len(x.parse(sys.argv[1]).getroot().findall('.//testcase')))";
    let output = std::process::Command::new("python3").args(["-c", read]).arg(file.path()).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "3",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// It is copied into a shell, whatever stands in the URL.
#[cfg(unix)]
#[tokio::test]
async fn the_command_that_repeats_a_case_is_one_of_the_shells() {
    let report = hostile().await;
    assert!(report.url.contains("'d'") && report.url.contains('&'));
    let repeat = &case(&report, "MAAC-SIG-003").repeat;
    let words = repeat.strip_prefix("maac-webhook ").unwrap();
    let output =
        std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {words}")]).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let set = ["--retry-delays", "0.05,0.1,0.2", "--attempt-timeout", "20"];
    let words: Vec<_> = words.lines().collect();
    assert_eq!(words, [&["check", &report.url, "--case", "MAAC-SIG-003"][..], &set].concat());
}

#[tokio::test]
async fn the_suite_runs_in_a_task_of_its_own() {
    let (url, _) = start(Flaw::None).await;
    let suite = suite(&url, None).with_selection(Selection::all().case("MAAC-SIG-003"));
    let report = tokio::spawn(async move { suite.run().await }).await.unwrap().unwrap();
    assert_eq!(case(&report, "MAAC-SIG-003").status, Status::Pass);
}
