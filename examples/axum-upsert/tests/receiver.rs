//! The example as it is run, driven by the mock.

#[test]
fn it_has_one_row_per_event() {
    example_tests::has_one_row_per_event(env!("CARGO_BIN_EXE_example-axum-upsert"));
}
