//! What a probe may know events by, and what comes of one that fails.

use futures_util::future::join_all;
use maac_webhook_conformance::{Group, Selection, Status, Verdict};

use crate::{
    flaw::Flaw,
    flawed::{ListsBy, ProbeFails, Started, start_with},
    support::{assert_right, case, ids, suite},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_receiver_is_right_by_whatever_its_probe_knows_events_by() {
    let graded = [ListsBy::NaturalKey, ListsBy::Key, ListsBy::Row].map(async |lists_by| {
        let started = start_with(Flaw::None, lists_by, ProbeFails::Never).await;
        let mut report = suite(&started.url, Some(&started.probe)).run().await.unwrap();
        if lists_by == ListsBy::Row {
            // The statuses of a message share its row.
            let statuses = case(&report, "MAAC-IDEM-014");
            assert_eq!((statuses.status, statuses.unseen), (Status::Inconclusive, true), "{report}");
            assert_eq!(report.verdict(), Verdict::Passed, "{report}");
            report.cases.retain(|case| case.id != "MAAC-IDEM-014");
        }
        assert_right(&report);
    });
    join_all(graded).await;
}

#[tokio::test]
async fn what_is_looked_at_in_the_end_is_not_known_where_the_probe_fails_then() {
    let started = start_with(Flaw::None, ListsBy::Body, ProbeFails::InTheEnd).await;
    let Started { url, probe, receiver } = &started;
    let groups = Selection::all().group(Group::Idempotency).group(Group::Topics);
    let suite = suite(url, Some(probe)).with_selection(groups);
    let report = suite.run_observed(|case| receiver.ended(case.id)).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Ungraded, "{report}");
    let broken = ids(&report, Status::EngineError);
    assert!(broken.contains(&"MAAC-IDEM-002") && broken.contains(&"MAAC-TOPIC-007"), "{report}");
    assert!(!broken.contains(&"MAAC-IDEM-001"), "what answers tell is known: {report}");
    let told = &case(&report, "MAAC-IDEM-002").actual;
    assert!(told.contains("at the end of the run the probe failed: it answered 500"), "{told}");
}

#[tokio::test]
async fn nothing_is_graded_on_a_store_that_the_probe_has_left_down() {
    let started = start_with(Flaw::None, ListsBy::Body, ProbeFails::ToBringTheStoreUp).await;
    let selection = Selection::all().group(Group::Retries).group(Group::Topics);
    let suite = suite(&started.url, Some(&started.probe)).with_selection(selection);
    let report = suite.run().await.unwrap();
    assert_eq!(report.verdict(), Verdict::Ungraded, "{report}");
    assert_eq!(ids(&report, Status::EngineError), ["MAAC-RETRY-003"], "{report}");
    assert!(case(&report, "MAAC-RETRY-003").actual.contains("store_up with 500"), "{report}");
    assert_eq!(ids(&report, Status::Fail), [""; 0], "{report}");
    assert_eq!(case(&report, "MAAC-TOPIC-001").status, Status::Skip);
}
