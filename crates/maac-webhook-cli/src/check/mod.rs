//! `check`: grades a receiver.

mod args;

use std::{fs, path::Path};

use comfy_table::{Table, presets};
use maac_webhook_conformance::{Case, CaseReport, Report, Selection, Suite, Verdict};
use serde_json::json;

pub(crate) use args::CheckArgs;

use crate::{
    cli::Output,
    failure::{Answer, Failure},
    log,
    send::transport,
    sign::print,
};

pub(crate) async fn run(args: &CheckArgs, output: Output) -> Result<Answer, Failure> {
    let selection = selection(args);
    let cases = selection.cases().map_err(|error| Failure::because("nothing was run", error))?;
    let url = match &args.url {
        Some(url) if !args.list => url.clone(),
        _ => return list(&cases, output),
    };
    let mut suite = Suite::new(url, args.secret.secret()?)
        .with_selection(selection)
        .with_transport(transport(args.ca_file.as_deref())?)
        .with_attempt_timeout(args.attempt_timeout)
        .with_retry_delays(args.retry_delays.0.iter().copied())
        .with_handling_time(args.handling_time)
        .with_time_limit(args.time_limit)
        .with_wait_for_listener(args.wait);
    if let Some(probe) = &args.probe {
        suite = suite.with_probe(probe.clone());
    }

    let (mut printed, mut ended) = (Ok(()), 0);
    let observe = |case: &CaseReport| {
        // One is shown again where it fails at the end of the run.
        ended = cases.len().min(ended + 1);
        match output {
            Output::Text if printed.is_ok() => printed = print(&case.to_string()),
            Output::Text => {}
            Output::Json => {
                log::line(format_args!("{ended} of {}: {} {}", cases.len(), case.id, case.status));
            }
        }
    };
    let report = suite.run_observed(observe).await;
    let report = report.map_err(|error| Failure::because("the receiver was not graded", error))?;
    printed?;
    write(args, &report)?;
    match output {
        Output::Text => print(&format!("\n{}", report.summary()))?,
        Output::Json => {
            let report = serde_json::to_string(&report);
            print(&report.map_err(|error| Failure::because("no report", error))?)?;
        }
    }
    match report.verdict() {
        Verdict::Passed => Ok(Answer::Yes),
        Verdict::Failed => Ok(Answer::No),
        _ => Err(Failure::new("the receiver could not be graded: see what is inconclusive")),
    }
}

fn selection(args: &CheckArgs) -> Selection {
    let selection = args.case.iter().fold(Selection::all(), |selection, id| selection.case(id.trim()));
    let selection = args.group.iter().fold(selection, |selection, group| selection.group(*group));
    args.level.iter().fold(selection, |selection, level| selection.level(*level))
}

fn write(args: &CheckArgs, report: &Report) -> Result<(), Failure> {
    let write_to = |file: &Option<std::path::PathBuf>, content: &dyn Fn() -> String| match file {
        Some(path) => fs::write(path, content()).map_err(|error| unwritable(path, error)),
        None => Ok(()),
    };
    write_to(&args.json, &|| report.to_json())?;
    write_to(&args.junit, &|| report.to_junit())?;
    write_to(&args.html, &|| report.to_html())
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::because(format!("cannot write {}", path.display()), error)
}

fn list(cases: &[Case], output: Output) -> Result<Answer, Failure> {
    if output == Output::Json {
        let all: Vec<_> = cases
            .iter()
            .map(|case| {
                json!({
                    "id": case.id(),
                    "group": case.group(),
                    "level": case.level(),
                    "title": case.title(),
                    "expected": case.expected(),
                    "contract": case.contract(),
                    "basis": case.basis(),
                })
            })
            .collect();
        print(&json!(all).to_string())?;
        return Ok(Answer::Yes);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["case", "level", "a correct receiver", "basis"]);
    for case in cases {
        table.add_row([case.id(), case.level().as_str(), case.title(), case.basis().as_str()]);
    }
    print(&table.trim_fmt())?;
    Ok(Answer::Yes)
}
