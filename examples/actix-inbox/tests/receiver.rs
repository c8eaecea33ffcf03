//! The example as it is run, driven by the mock.

#[test]
fn it_has_one_row_per_event_after_its_inbox() {
    example_tests::has_one_row_per_event_after_its_inbox(env!("CARGO_BIN_EXE_example-actix-inbox"));
}

#[test]
fn it_passes_every_case_of_the_conformance_suite() {
    example_tests::passes_the_suite(env!("CARGO_BIN_EXE_example-actix-inbox"));
}
