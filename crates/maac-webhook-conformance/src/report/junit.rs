use askama::Template;

use super::{CaseReport, Report};
use crate::{Group, Level, Status};

/// What JUnit's readers make of it: a case of level MUST that fails is a failure, as is one after which nobody listened any more,
/// and all else that did not pass is skipped with the reason, since such a reader knows no levels.
#[derive(Template)]
#[template(path = "junit.xml")]
struct Junit<'a> {
    report: &'a Report,
}

impl Report {
    /// All of it as JUnit XML: a test suite for each group.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let written = Junit { report: self }.render();
        // Characters that no XML 1.0 can hold, in whichever way they are written.
        written
            .unwrap_or_default()
            .chars()
            .map(|character| if allowed(character) { character } else { '\u{fffd}' })
            .collect()
    }
}

impl Junit<'_> {
    fn groups(&self) -> impl Iterator<Item = (Group, Vec<&CaseReport>)> {
        Group::ALL.into_iter().filter_map(|group| {
            let cases: Vec<_> = self.report.cases.iter().filter(|case| case.group == group).collect();
            (!cases.is_empty()).then_some((group, cases))
        })
    }

    fn count(&self, cases: &[&CaseReport], kind: &str) -> usize {
        cases.iter().filter(|case| Self::kind(case) == kind).count()
    }

    fn all(&self, kind: &str) -> usize {
        self.report.cases.iter().filter(|case| Self::kind(case) == kind).count()
    }

    fn kind(case: &CaseReport) -> &'static str {
        match (case.status, case.level) {
            (Status::Pass | Status::NonStrict, _) => "passed",
            (Status::EngineError, _) => "error",
            (Status::Fail, Level::Must) => "failure",
            (Status::Fail, _) if case.ended_the_run => "failure",
            _ => "skipped",
        }
    }

    fn seconds(milliseconds: &u64) -> String {
        format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
    }

    fn of_all(&self) -> String {
        Self::seconds(&u64::try_from(self.report.duration.as_millis()).unwrap_or(u64::MAX))
    }

    fn of_group(&self, cases: &[&CaseReport]) -> String {
        Self::seconds(&cases.iter().map(|case| case.duration_ms).sum())
    }
}

fn allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
