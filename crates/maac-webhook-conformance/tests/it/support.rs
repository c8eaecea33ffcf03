use std::time::Duration;

use maac_webhook_conformance::{
    CaseReport, Level, Report, Status, Suite, Verdict, maac_webhook::ShareSecret,
};

pub(crate) const SECRET: &str = "test-share-secret";

pub(crate) fn secret() -> ShareSecret {
    ShareSecret::new(SECRET).unwrap()
}

/// The suite without MAAC's waits, and with more patience than any machine needs.
pub(crate) fn suite(url: &str, probe: Option<&str>) -> Suite {
    let suite = Suite::new(url.parse().unwrap(), secret())
        .with_attempt_timeout(Duration::from_secs(20))
        .with_answer_time(Duration::from_secs(20))
        .with_retry_delays([50, 100, 200].map(Duration::from_millis))
        .with_handling_time(Duration::from_secs(20));
    match probe {
        Some(probe) => suite.with_probe(probe.parse().unwrap()),
        None => suite,
    }
}

/// The ids of the cases that came to this.
pub(crate) fn ids(report: &Report, status: Status) -> Vec<&'static str> {
    report.cases.iter().filter(|case| case.status == status).map(|case| case.id).collect()
}

pub(crate) fn case<'a>(report: &'a Report, id: &str) -> &'a CaseReport {
    report.cases.iter().find(|case| case.id == id).unwrap()
}

/// It is right: every MUST passes and is seen to, and no SHOULD fails.
pub(crate) fn assert_right(report: &Report) {
    for case in &report.cases {
        let right = match case.level {
            Level::Must => matches!(case.status, Status::Pass | Status::NonStrict),
            _ => matches!(case.status, Status::Pass | Status::NonStrict | Status::Inconclusive),
        };
        assert!(right, "{case}\n{:#?}", case.exchanges);
    }
    assert_eq!(report.verdict(), Verdict::Passed);
}
