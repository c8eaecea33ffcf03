use maud::{Markup, PreEscaped, html};

use super::{CaseReport, Report};
use crate::{Group, Level, Status};

/// What JUnit's readers make of a case: one of level MUST that fails is a failure, as is one after which nobody listened any more,
/// and all else that did not pass is skipped with the reason, since such a reader knows no levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Kind {
    fn of(case: &CaseReport) -> Self {
        match (case.status, case.level) {
            (Status::Pass | Status::NonStrict, _) => Self::Passed,
            (Status::EngineError, _) => Self::Error,
            (Status::Fail, Level::Must) => Self::Failure,
            (Status::Fail, _) if case.ended_the_run => Self::Failure,
            _ => Self::Skipped,
        }
    }
}

impl Report {
    /// All of it as JUnit XML: a test suite for each group.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let all: Vec<_> = self.cases.iter().collect();
        let count = |kind| count(&all, kind);
        let time = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX);
        let written = html! {
            (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
            testsuites name="maac-webhook-conformance" tests=(all.len()) failures=(count(Kind::Failure))
                errors=(count(Kind::Error)) skipped=(count(Kind::Skipped)) time=(seconds(time)) {
                @for (group, cases) in self.groups() { "\n" (self.suite(group, &cases)) }
                "\n"
            }
            "\n"
        };
        // Characters that no XML 1.0 can hold, in whichever way they are written.
        let allowed = |character| if is_allowed(character) { character } else { '\u{fffd}' };
        written.into_string().chars().map(allowed).collect()
    }

    fn suite(&self, group: Group, cases: &[&CaseReport]) -> Markup {
        let time = cases.iter().map(|case| case.duration_ms).sum();
        html! {
            testsuite name=(group) tests=(cases.len()) failures=(count(cases, Kind::Failure))
                errors=(count(cases, Kind::Error)) skipped=(count(cases, Kind::Skipped)) time=(seconds(time))
                timestamp=(self.started_at) {
                @for case in cases { "\n" (test_case(case)) }
                "\n"
            }
        }
    }
}

fn test_case(case: &CaseReport) -> Markup {
    html! {
        testcase classname={ "maac." (case.group) "." (case.level) } name={ (case.id) " " (case.title) }
            time=(seconds(case.duration_ms)) {
            @match Kind::of(case) {
                Kind::Failure => {
                    failure type=(case.status) message=(case.actual) {
                        "expected: " (case.expected) "\nactual: " (case.actual) "\ncontract: " (case.contract)
                        " (" (case.basis) ")\nagain: " (case.repeat)
                    }
                }
                Kind::Error => { error type=(case.status) message=(case.actual) { "again: " (case.repeat) } }
                Kind::Skipped => { skipped message={ (case.level) ", " (case.status) ": " (case.actual) } {} }
                Kind::Passed => { system-out { (case.status) ": " (case.actual) } }
            }
        }
    }
}

fn count(cases: &[&CaseReport], kind: Kind) -> usize {
    cases.iter().filter(|case| Kind::of(case) == kind).count()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
