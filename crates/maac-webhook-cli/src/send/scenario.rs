//! `send --scenario`: what a file says, step by step.

use std::{fs, path::Path};

use maac_webhook_mock::{MockSender, Scenario, StepReport, UrlTarget};

use super::{transport, unreadable};
use crate::{
    cli::{Output, SendArgs},
    failure::{Answer, Failure},
    sign::{print, read_body},
};

pub(super) async fn run(args: &SendArgs, file: &Path, output: Output) -> Result<Answer, Failure> {
    let secret = args.secret.secret()?;
    let scenario = read(file)?;
    let sender = MockSender::new(secret)
        .style(args.style())
        .schedule(args.schedule())
        .attempt_timeout(args.attempt_timeout);
    let target = UrlTarget::new(args.to.clone(), transport(args.ca_file.as_deref())?);
    let text = output == Output::Text;
    let mut printed = Ok(());
    let observe = |step: &StepReport| {
        if text && printed.is_ok() {
            printed = print(&step.to_string());
        }
    };
    let report = scenario.run_observed(&sender, target, observe).await;
    let report = report.map_err(|error| unreadable(file, error))?;
    printed?;
    if text {
        print(&format!("{}: {}", report.scenario, report.conclusion()))?;
    } else {
        print(&serde_json::to_string(&report).map_err(|error| Failure::because("no report", error))?)?;
    }
    Ok(report.met().into())
}

fn read(file: &Path) -> Result<Scenario, Failure> {
    let text = if file == Path::new("-") {
        read_body()
    } else {
        fs::read(file).map_err(|error| unreadable(file, error))
    };
    let text = String::from_utf8(text?).map_err(|error| unreadable(file, error))?;
    Scenario::from_json(&text).map_err(|error| unreadable(file, error))
}
