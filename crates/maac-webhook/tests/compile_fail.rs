//! Nobody outside the crate makes a `Delivery`, and nothing of a secret is printed by mistake.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[test]
fn a_delivery_cannot_be_made_by_hand() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
