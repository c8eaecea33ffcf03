mod html;
mod junit;
mod text;

use std::time::Duration;

use maac_webhook::{event::Topic, jiff::Timestamp};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{Basis, Exchange, Group, Level, Status};

/// What came of the suite. `Display` writes it for a terminal, [`to_json`](Self::to_json) and the others for files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The receiver's URL.
    pub url: String,
    /// The probe's URL.
    pub probe: Option<String>,
    /// The topics that it was graded for, which are all six unless [`Suite::with_topics`](crate::Suite::with_topics) says
    /// otherwise.
    pub topics: Vec<Topic>,
    /// When it began, by this machine's clock.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Each case that was selected, in the order of the suite.
    pub cases: Vec<CaseReport>,
}

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// Its id.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// How much it matters.
    pub level: Level,
    /// What a correct receiver does.
    pub title: &'static str,
    /// What came of it.
    pub status: Status,
    /// Whether it is inconclusive for want of a probe that shows it.
    #[serde(rename = "needs_probe")]
    pub unseen: bool,
    /// What was expected.
    pub expected: &'static str,
    /// What happened, or why nothing is known.
    pub actual: String,
    /// What the contract says.
    pub contract: &'static str,
    /// Whether that is documented.
    pub basis: Basis,
    /// The command that runs it alone.
    pub repeat: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether nobody listened any more after it, so that the run ended with it.
    pub ended_the_run: bool,
    /// What went over the wire.
    pub exchanges: Vec<Exchange>,
    /// How many exchanges more there were.
    pub exchanges_left_out: usize,
}

/// What the suite says of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Every case of level MUST passed, but for those that only a probe shows.
    Passed,
    /// A case of level MUST failed, or nobody listened any more after one of any level.
    Failed,
    /// It could not be told: no case came to an end that says anything, or one of level MUST did not.
    Ungraded,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Ungraded => "ungraded",
        }
    }
}

impl Report {
    pub(crate) fn new(
        url: String,
        probe: Option<String>,
        topics: Vec<Topic>,
        started_at: Timestamp,
        duration: Duration,
        cases: Vec<CaseReport>,
    ) -> Self {
        Self { url, probe, topics, started_at, duration, cases }
    }

    /// What the suite says of the receiver.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let mut musts = self.cases.iter().filter(|case| case.level == Level::Must);
        let ended = self.cases.iter().any(|case| case.ended_the_run);
        if ended || musts.clone().any(|case| case.status == Status::Fail) {
            return Verdict::Failed;
        }
        let open = |case: &CaseReport| match case.status {
            Status::EngineError => true,
            Status::Inconclusive => !case.unseen,
            _ => false,
        };
        if musts.any(open) || !self.cases.iter().any(|case| case.status.is_conclusive()) {
            return Verdict::Ungraded;
        }
        Verdict::Passed
    }

    /// The groups that have cases, with them.
    fn groups(&self) -> impl Iterator<Item = (Group, Vec<&CaseReport>)> {
        Group::ALL.into_iter().filter_map(|group| {
            let cases: Vec<_> = self.cases.iter().filter(|case| case.group == group).collect();
            (!cases.is_empty()).then_some((group, cases))
        })
    }

    /// The topics that it was graded for, where it was not for all.
    fn some_topics(&self) -> Option<String> {
        let all = self.topics.len() == Topic::DOCUMENTED.len();
        (!all).then(|| self.topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(", "))
    }

    /// How many cases of a level came to a status.
    #[must_use]
    pub fn count(&self, level: Level, status: Status) -> usize {
        self.cases.iter().filter(|case| case.level == level && case.status == status).count()
    }

    /// All of it as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every part of it is text, numbers and lists.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 8)?;
        report.serialize_field("suite", concat!("maac-webhook-conformance ", env!("CARGO_PKG_VERSION")))?;
        report.serialize_field("verdict", self.verdict().as_str())?;
        report.serialize_field("url", &self.url)?;
        report.serialize_field("probe", &self.probe)?;
        let topics: Vec<_> = self.topics.iter().map(Topic::as_str).collect();
        report.serialize_field("topics", &topics)?;
        report.serialize_field("started_at", &self.started_at.to_string())?;
        report
            .serialize_field("duration_ms", &u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX))?;
        report.serialize_field("cases", &self.cases)?;
        report.end()
    }
}
