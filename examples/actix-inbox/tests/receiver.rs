//! The example as it is run, graded by the conformance suite.

#[test]
fn it_passes_every_case_that_it_must() {
    example_tests::passes_the_suite(env!("CARGO_BIN_EXE_example-actix-inbox"));
}
