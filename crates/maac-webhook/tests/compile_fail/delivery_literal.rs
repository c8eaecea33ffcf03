use maac_webhook::{Delivery, SecretSlot, Signature, bytes::Bytes, jiff::Timestamp};

fn main() {
    let _ = Delivery {
        endpoint: "crm".into(),
        idempotency_key: None,
        signature: Signature::from_bytes([0; 32]),
        matched: SecretSlot::Current,
        received_at: Timestamp::UNIX_EPOCH,
        peer: None,
        body: Bytes::new(),
    };
}
