//! `Signature::parse` takes exactly 64 characters out of `0-9a-f`, and what it takes it writes back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maac_webhook::Signature;

fuzz_target!(|header: &[u8]| {
    let well_formed = header.len() == 64 && header.iter().all(|byte| b"0123456789abcdef".contains(byte));
    match Signature::parse(header) {
        None => assert!(!well_formed, "a well-formed header was refused"),
        Some(signature) => {
            assert!(well_formed, "a malformed header was taken");
            assert_eq!(signature.to_string().as_bytes(), header);
            assert!(Signature::from_bytes(*signature.as_bytes()) == signature);
        }
    }
});
