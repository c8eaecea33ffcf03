//! The example as it is run, driven by the mock.

#[test]
fn it_prints_a_line_per_event() {
    example_tests::prints_a_line_per_event(env!("CARGO_BIN_EXE_example-actix-minimal"));
}
