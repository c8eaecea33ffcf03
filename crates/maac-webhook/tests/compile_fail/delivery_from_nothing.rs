use maac_webhook::Delivery;

fn main() {
    let _ = Delivery::default();
    let _ = Delivery::new();
}
