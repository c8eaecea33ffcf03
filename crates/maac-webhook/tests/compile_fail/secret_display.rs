use maac_webhook::ShareSecret;

fn main() {
    let secret = ShareSecret::new("hush").unwrap();
    println!("{secret}");
}
