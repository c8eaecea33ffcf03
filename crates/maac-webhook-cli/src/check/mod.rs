//! `check`: grades a receiver.

mod args;
mod files;
mod listening;

use std::collections::HashSet;

use comfy_table::{Table, presets};
use maac_webhook_conformance::{Case, CaseReport, Selection, Suite, Verdict};
use serde_json::json;

pub(crate) use args::CheckArgs;

use files::Files;

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
    if args.listening {
        return listening::run(&url, args.wait, output).await;
    }
    let mut suite = Suite::new(url, args.secret.secret()?)
        .with_selection(selection)
        .with_transport(transport(args.ca_file.as_deref())?)
        .with_attempt_timeout(args.attempt_timeout)
        .with_retry_delays(args.retry_delays.0.iter().copied())
        .with_handling_time(args.handling_time)
        .with_time_limit(args.time_limit)
        .with_wait_for_listener(args.wait)
        .with_repeat_arguments(args.repeat_arguments());
    if !args.topic.is_empty() {
        suite = suite.with_topics(args.topic.iter().cloned());
    }
    if let Some(probe) = &args.probe {
        suite = suite.with_probe(probe.clone());
    }

    let files = Files::open(args)?;

    let (mut printed, mut progress) = (Ok(()), Progress::new(cases.len()));
    let observe = |case: &CaseReport| {
        let told = progress.of(case);
        match output {
            Output::Text if printed.is_ok() => printed = print(&format!("{told}  {case}")),
            Output::Text => {}
            Output::Json => log::line(format_args!("{}: {} {}", told.trim_start(), case.id, case.status)),
        }
    };
    let report = suite.run_observed(observe).await;
    let report = report.map_err(|error| Failure::because("the receiver was not graded", error))?;
    let unwritten = files.write(&report);
    printed?;
    match output {
        Output::Text => print(&format!("\n{}", report.summary()))?,
        Output::Json => {
            let report = serde_json::to_string(&report);
            print(&report.map_err(|error| Failure::because("no report", error))?)?;
        }
    }
    for failure in &unwritten {
        log::error_line(failure);
    }
    match report.verdict() {
        // What is known to be wrong is more than a file that is missing.
        Verdict::Failed => Ok(Answer::No),
        Verdict::Passed if unwritten.is_empty() => Ok(Answer::Yes),
        Verdict::Passed => Err(Failure::new("a report is missing")),
        _ => Err(Failure::new("the receiver could not be graded: see what is inconclusive or was skipped")),
    }
}

/// How far the run is, for a person.
struct Progress {
    all: usize,
    ended: HashSet<&'static str>,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { all, ended: HashSet::new() }
    }

    /// Which of all this one is. One is shown again where it fails at the end of the run.
    fn of(&mut self, case: &CaseReport) -> String {
        let new = self.ended.insert(case.id);
        let told =
            if new { format!("{} of {}", self.ended.len(), self.all) } else { "at the end".to_owned() };
        format!("{told:>10}")
    }
}

fn selection(args: &CheckArgs) -> Selection {
    let selection = args.case.iter().fold(Selection::all(), |selection, id| selection.case(id.trim()));
    let selection = args.group.iter().fold(selection, |selection, group| selection.group(*group));
    args.level.iter().fold(selection, |selection, level| selection.level(*level))
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
