//! For a terminal. What the receiver answered must not steer it.

use std::fmt::{self, Write};

use super::{CaseReport, Report, Verdict};
use crate::{Level, Status};

/// One case: a line, and where it did not pass what is to be known of it.
impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_str();
        write!(f, "{:<14} {:<6} {status:<12}  {}", self.id, self.level, self.title)?;
        match self.status {
            Status::Pass => Ok(()),
            Status::Skip | Status::Inconclusive => write!(f, "\n    {}", plain(&self.actual)),
            Status::NonStrict => write!(f, "\n    {}; expected: {}", plain(&self.actual), self.expected),
            _ => {
                write!(f, "\n    expected:  {}\n    actual:    {}", self.expected, plain(&self.actual))?;
                write!(f, "\n    contract:  {} ({})", self.contract, self.basis)?;
                write!(f, "\n    again:     {}", plain(&self.repeat))
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            writeln!(f, "{case}")?;
        }
        f.write_str(&self.summary())
    }
}

impl Report {
    /// How many cases came to which end, and the verdict.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for level in Level::ALL {
            let counted = Status::ALL.map(|status| (status, self.count(level, status)));
            let counted = counted.into_iter().filter(|(_, count)| *count > 0);
            let counted: Vec<_> = counted.map(|(status, count)| format!("{count} {status}")).collect();
            if !counted.is_empty() {
                let _ = writeln!(text, "{:<7} {}", format!("{level}:"), counted.join(", "));
            }
        }
        if let Some(topics) = self.some_topics() {
            let _ = writeln!(text, "graded for events of {topics} alone");
        }
        text.push_str(&self.conclusion());
        if self.cases.iter().any(|case| case.unseen) {
            text.push_str("\nwhat is inconclusive for want of a probe is not known to be right: see --probe");
        }
        text
    }

    pub(super) fn conclusion(&self) -> String {
        match self.verdict() {
            Verdict::Passed => "the receiver does what it must, as far as was seen".to_owned(),
            Verdict::Failed => {
                let failed = self.count(Level::Must, Status::Fail);
                let all = self.cases.iter().filter(|case| case.level == Level::Must).count();
                format!("the receiver does not do what it must: {failed} of {all} MUST fail")
            }
            Verdict::Ungraded => "the receiver could not be graded".to_owned(),
        }
    }
}

/// A text on one line that steers no terminal.
fn plain(text: &str) -> String {
    let steers = |character: char| {
        character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if steers(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        shown
    })
}
