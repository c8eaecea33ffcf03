use maac_webhook::{Delivery, bytes::Bytes};

fn tamper(mut delivery: Delivery) -> Delivery {
    delivery.body = Bytes::new();
    delivery
}

fn main() {
    let _ = tamper;
}
