use maac_webhook_conformance::{Group, Level, Selection, SuiteErrorKind, cases};

#[test]
fn cases_are_selected_by_id_by_group_and_by_level() {
    let all = Selection::all().cases().unwrap();
    assert_eq!(all.len(), cases().count());

    let two = Selection::all().case("maac-topic-001").case("MAAC-SIG-002").cases().unwrap();
    let ids: Vec<_> = two.iter().map(|case| case.id()).collect();
    assert_eq!(ids, ["MAAC-SIG-002", "MAAC-TOPIC-001"], "in the order of the suite");

    let some =
        Selection::all().group(Group::Answers).group(Group::Topics).level(Level::Must).cases().unwrap();
    assert!(some.iter().all(|case| case.level() == Level::Must));
    assert!(some.iter().any(|case| case.group() == Group::Answers));
    assert!(some.iter().all(|case| [Group::Answers, Group::Topics].contains(&case.group())));
}

#[test]
fn a_selection_of_nothing_is_an_error() {
    let unknown = Selection::all().case("MAAC-SIG-3").cases().unwrap_err();
    assert_eq!(unknown.kind(), SuiteErrorKind::UnknownCase);
    let none = Selection::all().case("MAAC-SIG-003").level(Level::Info).cases().unwrap_err();
    assert_eq!(none.kind(), SuiteErrorKind::NoCase);
}
