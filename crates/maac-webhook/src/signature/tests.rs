use proptest::prelude::*;

use super::*;

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

/// RFC 4231, test cases 2 and 7 (the others' keys are not text) and the one of Wikipedia's HMAC article.
#[test]
fn it_signs_as_the_published_vectors_do() {
    for (key, body, expected) in [
        (
            "Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "key",
            "The quick brown fox jumps over the lazy dog",
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
        ),
    ] {
        assert_eq!(Signature::sign(&secret(key), body.as_bytes()).to_string(), expected);
    }
}

#[test]
fn a_digest_is_the_same_however_the_body_is_cut() {
    let secret = secret("d0c5c1a6");
    let body: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let whole = Signature::sign(&secret, &body);
    for size in [1, 63, 64, 65, 999] {
        let mut digest = SigningKey::new(&secret).begin();
        body.chunks(size).for_each(|chunk| digest.update(chunk));
        assert_eq!(digest.finish(), whole, "in chunks of {size}");
    }
}

#[test]
fn only_64_lower_case_hexadecimal_characters_are_a_signature() {
    let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(Signature::parse(hex.as_bytes()).unwrap().to_string(), hex);
    for wrong in [
        "",
        &hex[..63],
        &format!("{hex}0"),
        &hex.to_uppercase(),
        &hex.replacen('b', "B", 1),
        &hex.replacen('5', "g", 1),
        &hex.replacen('5', " ", 1),
        &format!(" {}", &hex[1..]),
        &format!("0x{}", &hex[2..]),
        &format!("é{}", &hex[2..]),
    ] {
        assert_eq!(Signature::parse(wrong.as_bytes()), None, "{wrong}");
    }
    assert_eq!(Signature::parse(&[0xff; 64]), None);
    assert_eq!(Signature::parse(&[0; 64]), None);
}

#[test]
fn each_of_the_64_characters_may_be_0_to_9_or_a_to_f_and_no_other_byte() {
    let good = *b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    for position in 0..good.len() {
        for byte in 0..=u8::MAX {
            let mut header = good;
            header[position] = byte;
            let printed = Signature::parse(&header).map(|signature| signature.to_string().into_bytes());
            let expected = b"0123456789abcdef".contains(&byte).then(|| header.to_vec());
            assert_eq!(printed, expected, "byte {byte:#04x} at {position}");
        }
    }
}

#[test]
fn signatures_that_differ_in_any_one_bit_are_not_equal() {
    let one = Signature::from_bytes([0xa5; 32]);
    assert_eq!(one, Signature::from_bytes([0xa5; 32]));
    assert_eq!(one.as_bytes(), &[0xa5; 32]);
    for bit in 0..256 {
        let mut bytes = [0xa5; 32];
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(one, Signature::from_bytes(bytes), "bit {bit}");
        // The same difference elsewhere does not make up for it.
        for other in (0..256).filter(|other| *other != bit) {
            let mut bytes = bytes;
            bytes[other / 8] ^= 1 << (other % 8);
            assert_ne!(one, Signature::from_bytes(bytes), "bits {bit} and {other}");
        }
    }
}

#[test]
fn debug_has_no_digest() {
    assert_eq!(format!("{:?}", Signature::from_bytes([0xa5; 32])), "Signature(redacted)");
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed_again(bytes: [u8; 32]) {
        let signature = Signature::from_bytes(bytes);
        let printed = signature.to_string();
        prop_assert_eq!(printed.len(), 64);
        prop_assert_eq!(Signature::parse(printed.as_bytes()), Some(signature));
    }

    #[test]
    fn what_is_parsed_prints_the_same(text in "[0-9a-fA-F]{64}|[0-9a-f]{60,68}|.{0,70}") {
        let valid = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match Signature::parse(text.as_bytes()) {
            Some(signature) => {
                prop_assert!(valid);
                prop_assert_eq!(signature.to_string(), text);
            }
            None => prop_assert!(!valid),
        }
    }
}
