use askama::Template;

use super::{CaseReport, Report};
use crate::{Group, Level, Status};

/// One file, which loads nothing. The template engine escapes what is put into it.
#[derive(Template)]
#[template(path = "report.html")]
struct Html<'a> {
    report: &'a Report,
}

impl Report {
    /// All of it as a page, with what went over the wire. It loads nothing from anywhere, and runs no script.
    #[must_use]
    pub fn to_html(&self) -> String {
        Html { report: self }.render().unwrap_or_default()
    }
}

impl Html<'_> {
    fn groups(&self) -> impl Iterator<Item = (Group, Vec<&CaseReport>)> {
        Group::ALL.into_iter().filter_map(|group| {
            let cases: Vec<_> = self.report.cases.iter().filter(|case| case.group == group).collect();
            (!cases.is_empty()).then_some((group, cases))
        })
    }

    /// The levels that were asked for, with how many cases came to each status.
    fn levels(&self) -> impl Iterator<Item = (Level, [usize; 6])> {
        let counted = |level| (level, Status::ALL.map(|status| self.report.count(level, status)));
        Level::ALL.into_iter().map(counted).filter(|(_, counts)| counts.iter().sum::<usize>() > 0)
    }

    fn seconds(&self) -> String {
        format!("{:.1}", self.report.duration.as_secs_f64())
    }

    /// A class name.
    fn class(status: &Status) -> String {
        status.as_str().replace(' ', "-")
    }

    /// What is wrong is open to be read.
    fn open(status: &Status) -> bool {
        matches!(status, Status::Fail | Status::EngineError)
    }
}
