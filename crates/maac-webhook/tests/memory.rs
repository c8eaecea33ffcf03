//! A secret that is gone is nowhere in the process's memory: all of it is searched, as the kernel shows it. One test alone, since
//! others would have secrets of their own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use maac_webhook::{Endpoint, RequestHead, ShareSecret, ShareSecrets, Signature, Verifier};

/// The secret's bytes, each one apart from what is searched for, so that the test itself does not have it.
const DISGUISE: u8 = 0x80;
const DISGUISED: [u8; 20] = [
    0xd1, 0xb7, 0xe5, 0xb2, 0xf4, 0xb9, 0xd8, 0xeb, 0xb1, 0xf0, 0xda, 0xb5, 0xed, 0xc3, 0xb8, 0xf6, 0xcb,
    0xb3, 0xee, 0xd6,
];

/// What a key is mixed with inside of an HMAC: a block of it would give the key away too.
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

fn write_secret(path: &Path) {
    let mut file = File::create(path).unwrap();
    // Byte by byte: no memory of ours has more than one at a time.
    for byte in DISGUISED {
        file.write_all(&[byte ^ DISGUISE]).unwrap();
    }
}

/// In how many places of the memory that can be written the secret is, as it is or mixed.
fn places() -> [usize; 3] {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut found = [0; 3];
    let mut piece = vec![0_u8; 64 * 1024];
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")))
    {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        // Pieces overlap by a secret's length.
        for at in (from..to).step_by(piece.len() - DISGUISED.len()) {
            let length = piece.len().min(usize::try_from(to - at).unwrap());
            memory.seek(SeekFrom::Start(at)).unwrap();
            if memory.read_exact(&mut piece[..length]).is_err() {
                continue;
            }
            for (mixed, found) in [0, INNER, OUTER].into_iter().zip(&mut found) {
                let is_it =
                    |window: &&[u8]| window.iter().zip(DISGUISED).all(|(a, b)| a ^ DISGUISE ^ mixed == b);
                *found += piece[..length].windows(DISGUISED.len()).filter(is_it).count();
            }
            // What was read is not to be found again where it was read to.
            piece.fill(0);
        }
    }
    found
}

fn verify(secrets: &ShareSecrets, signature: &Signature) -> bool {
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let signature = signature.to_string();
    verifier.verify(RequestHead::new([signature.as_bytes()], []), "body".into()).is_ok()
}

#[test]
fn a_secret_that_is_gone_is_nowhere_in_memory() {
    let path = std::env::temp_dir().join(format!("maac-webhook-memory-{}", std::process::id()));
    write_secret(&path);
    assert_eq!(places(), [0, 0, 0], "the search finds only what is there");

    let secret = ShareSecret::from_file(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let signature = Signature::sign(&secret, b"body");
    let secrets = ShareSecrets::new(secret.clone());
    assert!(verify(&secrets, &signature));
    assert!(places()[0] >= 1, "the search finds what is there");

    drop(secret);
    secrets.set(ShareSecret::new("another").unwrap());
    assert!(!verify(&secrets, &signature));
    assert_eq!(places(), [0, 0, 0], "as it is, and mixed as HMAC does");
}
