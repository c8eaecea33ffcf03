//! The documents say what the code does.

use maac_webhook_conformance::cases;

const DOCUMENT: &str = include_str!("../../../../docs/conformance.md");
const README: &str = include_str!("../../README.md");

#[test]
fn the_document_has_a_row_for_each_case_and_no_other() {
    let rows: Vec<_> = DOCUMENT.lines().filter(|line| line.starts_with("| MAAC-")).collect();
    let cases = cases().map(|case| {
        let (id, level, title) = (case.id(), case.level(), case.title());
        format!("| {id} | {level} | {title} | {} | {} ({}) |", case.expected(), case.contract(), case.basis())
    });
    assert_eq!(rows, cases.collect::<Vec<_>>());
}

#[test]
fn the_document_and_the_crate_have_one_protocol_of_the_probe() {
    let section = README.split("# The probe").nth(1).unwrap().split("# What it costs").next().unwrap();
    assert!(section.contains("store_down") && DOCUMENT.contains(section.trim()));
}
