use bytes::Bytes;

use super::sign;

/// A request as MAAC would send it.
#[derive(Debug)]
pub(super) struct Genuine {
    pub(super) secret: String,
    pub(super) body: Bytes,
    pub(super) signature: String,
}

macro_rules! fixtures {
    ($($name:literal),+) => {
        [$(include_bytes!(concat!("../../../maac-webhook/tests/fixtures/", $name, ".json"))),+]
    };
}

/// One per topic, each under secrets of several kinds: as the console shows them, short, of non-ASCII, and longer than
/// HMAC's block.
pub(super) fn all() -> Vec<Genuine> {
    let bodies: [&'static [u8]; 6] = fixtures![
        "form.surveycake_submitted",
        "receipt.receipt_validated",
        "pnp.status_updated",
        "pnp.profile_updated",
        "prize.points_added",
        "message.first_open"
    ];
    let long = "0123456789abcdef".repeat(8);
    let secrets = ["3f8a5c0e9d7b4261a0f6e5d4c3b2a190", "x", "密碼-é-secret", &long];
    let genuine = |secret: &str, body| Genuine {
        secret: secret.to_owned(),
        body: Bytes::from_static(body),
        signature: sign(secret, body).unwrap_or_default(),
    };
    secrets.iter().flat_map(|secret| bodies.map(|body| genuine(secret, body))).collect()
}
