//! A small run, in every build; `cargo xtask forgeries` sends ten million.

use maac_webhook_attacks::forgery;

#[test]
fn no_forgery_is_accepted_and_every_genuine_request_is() {
    let report = forgery::run(20_000, 7);
    assert_eq!(report.count(), 20_000);
    assert!(report.is_safe(), "{report}");
}
