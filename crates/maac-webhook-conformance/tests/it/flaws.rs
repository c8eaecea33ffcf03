//! Each flaw is caught by the cases that name it, and by no other.

use std::{collections::HashSet, panic::resume_unwind, time::Duration};

use maac_webhook_conformance::{Level, Status, Verdict, cases};

use tokio::task::JoinSet;

use crate::{
    flaw::Flaw,
    flawed::{ListsBy, ProbeFails, start_with},
    support::{assert_right, case, ids, suite},
};

/// What fails of a receiver with this flaw, in the order of the suite.
fn caught_by(flaw: Flaw) -> &'static [&'static str] {
    match flaw {
        Flaw::None | Flaw::StopsAtWhatItCannotHandle | Flaw::EchoesItsRequest => &[],
        Flaw::ChecksNothing => &[
            "MAAC-SIG-002",
            "MAAC-SIG-003",
            "MAAC-SIG-004",
            "MAAC-SIG-005",
            "MAAC-SIG-006",
            "MAAC-SIG-007",
            "MAAC-SIG-008",
            "MAAC-SIG-009",
            "MAAC-SIG-010",
            "MAAC-SIG-012",
            "MAAC-SIG-013",
            "MAAC-SIG-014",
            "MAAC-SIG-015",
            "MAAC-SIG-016",
            "MAAC-SIG-017",
            "MAAC-ROB-003",
        ],
        Flaw::TakesAForgeryAtItsRetry => &[
            "MAAC-SIG-002",
            "MAAC-SIG-003",
            "MAAC-SIG-004",
            "MAAC-SIG-005",
            "MAAC-SIG-006",
            "MAAC-SIG-007",
            "MAAC-SIG-008",
            "MAAC-SIG-009",
            "MAAC-SIG-012",
            "MAAC-SIG-013",
            "MAAC-SIG-014",
            "MAAC-SIG-015",
            "MAAC-SIG-016",
            "MAAC-SIG-017",
            "MAAC-ANS-006",
            "MAAC-ROB-003",
        ],
        Flaw::ParsesBeforeItChecks => &["MAAC-SIG-010", "MAAC-BODY-012"],
        Flaw::ChecksWhatItWritesAnew => &[
            "MAAC-SIG-005",
            "MAAC-SIG-009",
            "MAAC-BODY-002",
            "MAAC-BODY-004",
            "MAAC-BODY-005",
            "MAAC-BODY-012",
        ],
        Flaw::ComparesHalf => &["MAAC-SIG-007", "MAAC-SIG-008", "MAAC-SIG-009"],
        Flaw::ComparesWhatItIsGiven => &["MAAC-SIG-006", "MAAC-SIG-007", "MAAC-SIG-009"],
        Flaw::SkipsAMissingSignature => &["MAAC-SIG-003", "MAAC-SIG-009", "MAAC-SIG-015", "MAAC-SIG-016"],
        Flaw::SkipsAnEmptyBody => &["MAAC-SIG-015"],
        Flaw::ChecksJsonAlone => &["MAAC-SIG-009", "MAAC-SIG-016"],
        Flaw::TakesTheEmptySecret => &["MAAC-SIG-009", "MAAC-SIG-017"],
        // Whoever does so takes the key for the event, too.
        Flaw::AnswersAKnownKeyUnverified => &["MAAC-SIG-014", "MAAC-IDEM-006"],
        Flaw::DiesOfAForgery => &["MAAC-SIG-003"],
        Flaw::HandlesBeforeItChecks => &["MAAC-SIG-009"],
        Flaw::TellsTheExpectedSignature | Flaw::TellsTheSignatureOfACompactBody => &["MAAC-ANS-004"],
        Flaw::AcknowledgesBeforeItCommits => &["MAAC-RETRY-004", "MAAC-RETRY-006"],
        Flaw::ChecksThenInserts => &["MAAC-IDEM-004"],
        Flaw::KnowsByKeyAlone => &["MAAC-IDEM-006", "MAAC-IDEM-008"],
        Flaw::HandlesACopyLater => &["MAAC-IDEM-002", "MAAC-IDEM-004", "MAAC-IDEM-008"],
        Flaw::KnowsNothing => &["MAAC-IDEM-002", "MAAC-IDEM-004", "MAAC-IDEM-008", "MAAC-RETRY-008"],
        Flaw::KnowsInMemoryAlone => &["MAAC-RETRY-008"],
        Flaw::KnowsAMessageByItsId => &["MAAC-IDEM-014"],
        Flaw::KnowsAReceiptByItsNumber => &["MAAC-IDEM-015"],
        Flaw::KnowsAnOpenByItsNumber => &["MAAC-IDEM-016"],
        Flaw::BurnsAForgerysKey => &["MAAC-IDEM-013"],
        Flaw::RefusesAForgerysKey => &["MAAC-IDEM-012", "MAAC-IDEM-013"],
        Flaw::RefusesWithoutKey => &["MAAC-IDEM-009"],
        Flaw::Answers204 | Flaw::Answers202ToACopy => &["MAAC-ANS-001"],
        Flaw::Answers409ToACopy => &["MAAC-IDEM-001", "MAAC-IDEM-003", "MAAC-IDEM-007"],
        Flaw::Answers400WhenItsStoreIsDown => &["MAAC-RETRY-003"],
        Flaw::Answers403ToAForgery | Flaw::Answers503ToAForgery => &["MAAC-ANS-006"],
        Flaw::Redirects => &["MAAC-SIG-001", "MAAC-ANS-002"],
        Flaw::IsSlow => &["MAAC-ANS-003"],
        Flaw::AnswersGet => &["MAAC-ANS-007"],
        Flaw::StoresNoEmoji => &["MAAC-BODY-003", "MAAC-BODY-004"],
        Flaw::TakesNoChunks => &["MAAC-BODY-009"],
        Flaw::Takes100Kib => &["MAAC-BODY-008"],
        Flaw::TakesAnything => &["MAAC-BODY-011"],
        Flaw::RefusesUnknownTopics => &["MAAC-ROB-007"],
        Flaw::RefusesUnknownFields => &["MAAC-ROB-008"],
        Flaw::WantsEveryField => &["MAAC-ROB-010"],
        Flaw::WantsNumbers => &["MAAC-ROB-011"],
        Flaw::ServesOneAtATime => &["MAAC-ROB-002"],
        Flaw::HandlesNothing => &["MAAC-TOPIC-007"],
        Flaw::RefusesAKnownKey => &["MAAC-IDEM-005", "MAAC-IDEM-006"],
        Flaw::MarksAKeyBeforeItReads => {
            &["MAAC-SIG-014", "MAAC-IDEM-006", "MAAC-IDEM-013", "MAAC-RETRY-002", "MAAC-RETRY-005"]
        }
        Flaw::RefusesAKeyThatItSaw => &[
            "MAAC-IDEM-001",
            "MAAC-IDEM-003",
            "MAAC-IDEM-005",
            "MAAC-IDEM-006",
            "MAAC-IDEM-012",
            "MAAC-IDEM-013",
            "MAAC-RETRY-001",
            "MAAC-RETRY-002",
            "MAAC-RETRY-005",
        ],
        Flaw::WantsHexadecimalKeys => &["MAAC-IDEM-010", "MAAC-IDEM-011"],
        Flaw::WantsShortKeys => &["MAAC-IDEM-011"],
        Flaw::StoresNoAccents => &["MAAC-BODY-001", "MAAC-BODY-002", "MAAC-BODY-006"],
        Flaw::HasAFirewall => &["MAAC-BODY-006"],
        Flaw::WantsSmallAmounts => &["MAAC-BODY-007"],
        Flaw::StoresNoNul => &["MAAC-BODY-010"],
        Flaw::KnowsOneTopic => &[
            "MAAC-BODY-007",
            "MAAC-IDEM-014",
            "MAAC-IDEM-015",
            "MAAC-IDEM-016",
            "MAAC-ROB-007",
            "MAAC-ROB-008",
            "MAAC-ROB-009",
            "MAAC-ROB-010",
            "MAAC-ROB-011",
            "MAAC-TOPIC-001",
            "MAAC-TOPIC-002",
            "MAAC-TOPIC-003",
            "MAAC-TOPIC-004",
            "MAAC-TOPIC-006",
            "MAAC-TOPIC-007",
        ],
        Flaw::Answers400WhenItIsBusy => &["MAAC-RETRY-007"],
        Flaw::IsImpatient => &["MAAC-ROB-001"],
        Flaw::HandlesHalves => &["MAAC-ROB-004"],
        Flaw::RefusesUnknownValues => &["MAAC-ROB-009"],
        Flaw::AnswersAtLength => &["MAAC-ANS-005"],
        Flaw::WantsItsHeadersCapitals => &["MAAC-SIG-011"],
        Flaw::StopsAtNoHttp => &["MAAC-ROB-005"],
        Flaw::TakesTwoLengths => &["MAAC-ROB-006"],
    }
}

async fn assert_caught(flaw: Flaw) {
    let started = start_with(flaw, ListsBy::Body, ProbeFails::Never).await;
    let suite = suite(&started.url, Some(&started.probe));
    // What never comes is waited for.
    let suite = match flaw {
        Flaw::IsSlow => suite.with_answer_time(Duration::from_millis(50)),
        Flaw::HandlesNothing => suite.with_handling_time(Duration::from_millis(300)),
        Flaw::AcknowledgesBeforeItCommits
        | Flaw::AnswersAKnownKeyUnverified
        | Flaw::BurnsAForgerysKey
        | Flaw::KnowsAMessageByItsId
        | Flaw::KnowsAReceiptByItsNumber
        | Flaw::KnowsAnOpenByItsNumber
        | Flaw::KnowsByKeyAlone
        | Flaw::KnowsOneTopic
        | Flaw::MarksAKeyBeforeItReads
        | Flaw::RefusesAForgerysKey
        | Flaw::RefusesAKnownKey
        | Flaw::RefusesAKeyThatItSaw => suite.with_handling_time(Duration::from_secs(2)),
        _ => suite,
    };
    let report = suite.run_observed(|case| started.receiver.ended(case.id)).await.unwrap();
    let failed = ids(&report, Status::Fail);
    assert_eq!(failed, caught_by(flaw), "{flaw:?}\n{report}");
    assert_eq!(ids(&report, Status::EngineError), [""; 0], "{report}");
    let must = failed.iter().any(|id| case(&report, id).level == Level::Must);
    assert_eq!(report.verdict() == Verdict::Failed, must, "{flaw:?}\n{report}");
    let non_strict = ids(&report, Status::NonStrict);
    match flaw {
        Flaw::StopsAtWhatItCannotHandle | Flaw::EchoesItsRequest => assert_right(&report),
        Flaw::None => {
            assert_right(&report);
            assert!(
                report.cases.iter().all(|case| case.status == Status::Pass || case.id == "MAAC-ROB-006"),
                "{report}"
            );
        }
        Flaw::HandlesNothing => {
            for id in ["MAAC-TOPIC-007", "MAAC-IDEM-002"] {
                let told = &case(&report, id).actual;
                assert!(told.contains("within 0.3 s (--handling-time)"), "{id}: {told}");
            }
        }
        Flaw::Redirects | Flaw::ServesOneAtATime | Flaw::ChecksNothing => {}
        Flaw::DiesOfAForgery => {
            let case = case(&report, "MAAC-SIG-003");
            assert!(
                case.ended_the_run && case.actual.contains("nobody listens any more after it"),
                "{report}"
            );
            let rest =
                cases().map(|case| case.id()).filter(|id| *id > "MAAC-SIG-003" || !id.contains("-SIG-"));
            assert_eq!(ids(&report, Status::Skip), rest.collect::<Vec<_>>());
            let told = &report.cases.last().unwrap().actual;
            assert!(told.contains("nobody listens any more after MAAC-SIG-003"), "{told}");
        }
        Flaw::Answers503ToAForgery => {
            let of_signatures =
                ["MAAC-SIG-002", "MAAC-SIG-003", "MAAC-SIG-014", "MAAC-SIG-017", "MAAC-ROB-003"];
            assert!(of_signatures.iter().all(|id| non_strict.contains(id)), "{report}");
            assert!(case(&report, "MAAC-SIG-003").actual.contains("as if it were to come again"), "{report}");
        }
        Flaw::Answers202ToACopy => {
            assert!(
                case(&report, "MAAC-ANS-001").actual.contains("202 (at first in MAAC-IDEM-001)"),
                "{report}"
            );
            for id in ["MAAC-IDEM-001", "MAAC-IDEM-003", "MAAC-IDEM-007"] {
                assert!(non_strict.contains(&id), "{report}");
            }
            assert!(!non_strict.contains(&"MAAC-SIG-003"), "{report}");
        }
        Flaw::TellsTheSignatureOfACompactBody => {
            assert!(case(&report, "MAAC-ANS-004").actual.contains("MAAC-SIG-005"), "{report}");
        }
        // What is not caught is seen to be right.
        Flaw::AcknowledgesBeforeItCommits => {
            assert_eq!(ids(&report, Status::Skip), ["MAAC-RETRY-003", "MAAC-RETRY-005"], "{report}");
        }
        Flaw::Answers400WhenItsStoreIsDown => {
            assert_eq!(ids(&report, Status::Skip), ["MAAC-RETRY-005"], "{report}");
        }
        _ => {
            assert_eq!(ids(&report, Status::Inconclusive), [""; 0], "{report}");
            assert_eq!(ids(&report, Status::Skip), [""; 0], "{report}");
        }
    }
}

/// A case that no flaw fails may be one that cannot fail.
#[test]
fn every_case_is_failed_by_a_flaw() {
    let caught: HashSet<_> = Flaw::ALL.into_iter().flat_map(caught_by).collect();
    let never: Vec<_> = cases().map(|case| case.id()).filter(|id| !caught.contains(id)).collect();
    // Its topic is that of the plain event which is sent first: MAAC-SIG-001 fails instead.
    assert_eq!(never, ["MAAC-TOPIC-005"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_flaw_is_caught_by_the_cases_that_name_it_and_by_no_other() {
    // Several at once: each waits for most of its time.
    let mut waiting = Flaw::ALL.into_iter();
    let mut running = JoinSet::new();
    while !(waiting.len() == 0 && running.is_empty()) {
        while running.len() < 6
            && let Some(flaw) = waiting.next()
        {
            running.spawn(assert_caught(flaw));
        }
        if let Some(Err(error)) = running.join_next().await {
            resume_unwind(error.into_panic());
        }
    }
}
