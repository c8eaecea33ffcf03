//! Every page in both languages, both colour schemes and two widths: nothing that axe-core finds fault with, and nothing wider than
//! the screen.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use maac_webhook_test_support::skip;
use serde_json::Value;

use super::{driver::Chromium, pages::filled};
use crate::console::Console;

const VERSION: &str = "4.10.3";

/// axe-core, as npm has it: it is neither part of the program nor of its sources.
fn axe() -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("axe-core-{VERSION}"));
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        fs::create_dir_all(&folder).unwrap();
        let package = format!("axe-core@{VERSION}");
        let arguments =
            ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", "."];
        let npm = Command::new("npm")
            .args(arguments)
            .arg(package)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status();
        match npm {
            Err(_) => return skip("it needs npm, which fetches axe-core"),
            Ok(status) => assert!(status.success(), "npm could not fetch axe-core"),
        }
    }
    Some(fs::read_to_string(file).unwrap())
}

/// What is wrong with the page that is shown.
async fn faults(chromium: &Chromium, axe: &str) -> Vec<String> {
    chromium.run(axe).await;
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations', 'incomplete'] }).then((result) => done(result.violations), (error) => done(String(error)));";
    let violations = chromium.client.execute_async(run, Vec::new()).await.unwrap();
    let violations = violations.as_array().unwrap_or_else(|| panic!("{violations}"));
    let told = |violation: &Value| {
        let nodes = violation["nodes"].as_array().unwrap();
        let nodes: Vec<_> =
            nodes.iter().map(|node| format!("{} {}", node["html"], node["failureSummary"])).collect();
        format!("{}: {}", violation["id"], nodes.join("; "))
    };
    violations.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_hard_to_use_for_anybody_or_wider_than_a_phone() {
    let Some(axe) = axe() else { return };
    let (console, pages, _receiver) = filled().await;
    let Some(chromium) = Chromium::start(&console, true).await else { return };
    chromium.open("/webhooks/new").await;
    chromium.run("document.querySelector('label[for=name]').remove()").await;
    let unlabelled = faults(&chromium, &axe).await;
    assert!(unlabelled.iter().any(|fault| fault.starts_with("\"label\"")), "{unlabelled:#?}");
    let mut found = Vec::new();
    for language in ["English", "繁體中文"] {
        chromium.open("/webhooks").await;
        chromium.language(language).await;
        for (name, path) in &pages {
            chromium.open(path).await;
            look(
                &chromium,
                &axe,
                &format!("{name}-{}", if language == "English" { "en" } else { "zh" }),
                &mut found,
            )
            .await;
        }
    }
    // What a form looks like with something wrong in it, and a secret that is uncovered.
    chromium.open("/webhooks/new").await;
    chromium.run("document.querySelector('main form').submit()").await;
    chromium.find("//*[@id='name-fault']").await;
    look(&chromium, &axe, "create-faults-zh", &mut found).await;
    chromium.open(&pages[2].1).await;
    chromium.press("顯示").await;
    chromium.find("//code[@class='uncovered']").await;
    look(&chromium, &axe, "secret-zh", &mut found).await;
    chromium.open("/openapi").await;
    chromium.press("顯示").await;
    chromium.find("//code[@class='uncovered']").await;
    look(&chromium, &axe, "openapi-token-zh", &mut found).await;
    chromium.open("/simulate/survey/edit").await;
    let wrong = "for (const own of document.querySelectorAll('#svid, #title, #q0-sn')) own.value = '';
        document.getElementById('q0-type').value = 'CHOICEONE';
        document.querySelector('main form').submit()";
    chromium.run(wrong).await;
    chromium.find("//*[@id='svid-fault']").await;
    look(&chromium, &axe, "survey-faults-zh", &mut found).await;

    let empty = Console::start().await;
    let welcome = Chromium::start(&empty, true).await.unwrap();
    for name in ["welcome-en", "welcome-zh"] {
        welcome.open("/webhooks").await;
        welcome.language(if name == "welcome-en" { "English" } else { "繁體中文" }).await;
        look(&welcome, &axe, name, &mut found).await;
    }
    assert!(found.is_empty(), "{found:#?}");
}

async fn look(chromium: &Chromium, axe: &str, name: &str, found: &mut Vec<String>) {
    for (width, scheme) in [(1280, "light"), (390, "dark")] {
        chromium.looks(width, scheme).await;
        chromium.picture(&format!("{name}-{width}")).await;
        found.extend(
            faults(chromium, axe)
                .await
                .into_iter()
                .map(|fault| format!("{name}, {width}, {scheme}: {fault}")),
        );
        let wide = "return Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, innerWidth - arguments[0])";
        let wide = chromium.client.execute(wide, vec![width.into()]).await.unwrap();
        if wide != 0 {
            found.push(format!("{name} is {wide} pixels wider than {width}"));
        }
    }
}
