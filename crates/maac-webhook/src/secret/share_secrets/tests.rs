use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{SecretErrorKind, test_log::log_of};

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

fn current(secrets: &ShareSecrets) -> String {
    secrets.live().current.as_ref().unwrap().secret.expose_secret().to_owned()
}

fn previous(secrets: &ShareSecrets) -> Option<(String, Instant)> {
    let live = secrets.live();
    live.previous.as_ref().map(|(key, until)| (key.secret.expose_secret().to_owned(), *until))
}

/// A file of this test's own, gone when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let own = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("maac-webhook-{own}-{name}"));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_secret_that_could_never_verify_is_refused_with_the_reason() {
    for (text, kind, says) in [
        ("", SecretErrorKind::Empty, "is empty"),
        (" s", SecretErrorKind::SurroundingWhitespace, "begins or ends with white space"),
        ("s\n", SecretErrorKind::SurroundingWhitespace, "begins or ends with white space"),
        ("\u{3000}s", SecretErrorKind::SurroundingWhitespace, "begins or ends with white space"),
    ] {
        let error = ShareSecret::new(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(ShareSecret::new("a b").unwrap().expose_secret(), "a b", "inner white space is the secret's");
}

#[test]
fn one_newline_at_the_end_of_a_file_is_not_the_secrets() {
    for (content, expected) in [
        ("s3", Ok("s3")),
        ("s3\n", Ok("s3")),
        ("s3\r\n", Ok("s3")),
        ("s3\n\n", Err(SecretErrorKind::SurroundingWhitespace)),
        ("s3\r", Err(SecretErrorKind::SurroundingWhitespace)),
        (" s3\n", Err(SecretErrorKind::SurroundingWhitespace)),
        ("\n", Err(SecretErrorKind::Empty)),
        ("", Err(SecretErrorKind::Empty)),
    ] {
        let file = File::new("newline", content.as_bytes());
        let read = ShareSecret::from_file(&file.0);
        let read = read.as_ref().map(ShareSecret::expose_secret).map_err(SecretError::kind);
        assert_eq!(read, expected, "{content:?}");
    }
    let file = File::new("latin-1", b"caf\xe9");
    assert_eq!(ShareSecret::from_file(&file.0).unwrap_err().kind(), SecretErrorKind::NotUnicode);
}

#[test]
fn what_cannot_be_had_is_named() {
    let error = ShareSecrets::from_env("MAAC_WEBHOOK_TEST_IS_NOT_SET").unwrap_err();
    assert_eq!(error.kind(), SecretErrorKind::NotSet);
    assert!(error.to_string().contains("MAAC_WEBHOOK_TEST_IS_NOT_SET"), "{error}");

    let error = ShareSecrets::from_file("/nowhere/secret").unwrap_err();
    assert_eq!(error.kind(), SecretErrorKind::UnreadableFile);
    assert!(error.to_string().contains("/nowhere/secret"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    // Cargo sets this one for every test.
    assert_eq!(current(&ShareSecrets::from_env("CARGO_PKG_NAME").unwrap()), "maac-webhook");
}

#[test]
fn clones_share_what_is_set() {
    let secrets = ShareSecrets::from_value("one").unwrap();
    let clone = secrets.clone();
    secrets.set(secret("two"));
    assert_eq!(current(&clone), "two");
    assert_eq!(previous(&clone), None);
}

#[test]
fn rotating_keeps_the_old_secret_for_as_long_as_asked_and_no_longer_than_the_ceiling() {
    let now = Instant::now();
    for (asked, kept) in [(0, 0), (60, 60), (600, 600), (601, 600), (u64::MAX, 600)] {
        let secrets = ShareSecrets::new(secret("one"));
        secrets.rotate_at(secret("two"), Duration::from_secs(asked), now);
        assert_eq!(current(&secrets), "two");
        assert_eq!(previous(&secrets), Some(("one".to_owned(), now + Duration::from_secs(kept))));
    }
}

#[test]
fn rotating_to_the_secret_in_force_changes_nothing() {
    let secrets = ShareSecrets::new(secret("one"));
    secrets.rotate(secret("two"), Duration::from_secs(60));
    let before = previous(&secrets);
    secrets.rotate(secret("two"), Duration::from_secs(60));
    assert_eq!(previous(&secrets), before);
    assert!(before.is_some());
}

#[test]
fn half_a_secret_that_a_file_had_is_not_the_one_before() {
    let overlap = Duration::from_secs(60);
    let rotated = |source| {
        let (secrets, now) = (ShareSecrets::new(secret("old")), Instant::now());
        secrets.rotate_from(source, secret("ne"), overlap, now);
        secrets.rotate_from(source, secret("new"), overlap, now + Duration::from_secs(5));
        (secrets, now)
    };
    let (secrets, now) = rotated(Source::File);
    assert_eq!(current(&secrets), "new");
    assert_eq!(previous(&secrets), Some(("old".to_owned(), now + overlap)));
    secrets.rotate_from(Source::File, secret("newer"), overlap, now + Duration::from_secs(90));
    assert_eq!(previous(&secrets).unwrap().0, "new", "the old one's time is over");

    let (secrets, _) = rotated(Source::Caller);
    assert_eq!(previous(&secrets).unwrap().0, "ne", "who rotates by itself means what it says");
}

#[test]
fn a_first_secret_has_none_before_it() {
    let secrets = ShareSecrets::empty();
    secrets.rotate(secret("one"), Duration::from_secs(60));
    assert_eq!((current(&secrets), previous(&secrets)), ("one".to_owned(), None));
}

#[test]
fn reloading_a_changed_file_rotates_to_it() {
    let file = File::new("reload", b"one\n");
    let secrets = ShareSecrets::from_file(&file.0).unwrap();
    assert_eq!(secrets.reload().unwrap(), Reload::Unchanged);
    fs::write(&file.0, "two\n").unwrap();
    assert_eq!(secrets.reload().unwrap(), Reload::Changed);
    assert_eq!(current(&secrets), "two");
    assert_eq!(previous(&secrets).unwrap().0, "one");
}

#[test]
fn a_file_that_goes_bad_leaves_the_last_good_secret_in_force() {
    let file = File::new("bad", b"one\n");
    let secrets = ShareSecrets::from_file(&file.0).unwrap();
    for (content, kind) in [("", SecretErrorKind::Empty), (" two ", SecretErrorKind::SurroundingWhitespace)] {
        fs::write(&file.0, content).unwrap();
        assert_eq!(secrets.reload().unwrap_err().kind(), kind);
        assert_eq!(current(&secrets), "one");
    }
    fs::remove_file(&file.0).unwrap();
    assert_eq!(secrets.reload().unwrap_err().kind(), SecretErrorKind::UnreadableFile);
    assert_eq!(current(&secrets), "one");
}

/// What is found and logged while `look` looks at the file, whose content is each of these in turn.
fn looks(contents: &[&str], look: fn(&ShareSecrets) -> Result<Reload, SecretError>) -> (Vec<String>, String) {
    let file = File::new("looks", b"old\n");
    let secrets = ShareSecrets::from_file(&file.0).unwrap();
    log_of(|| {
        let look = |content: &&str| {
            fs::write(&file.0, content).unwrap();
            match look(&secrets) {
                Ok(found) => format!("{found:?} {}", current(&secrets)),
                Err(error) => format!("{:?} {}", error.kind(), current(&secrets)),
            }
        };
        contents.iter().map(look).collect()
    })
}

#[test]
fn what_is_wrong_with_a_file_is_told_once_until_it_is_mended() {
    let (found, log) = looks(&["", "", "old", "", "new"], ShareSecrets::reload);
    assert_eq!(found, ["Empty old", "Empty old", "Unchanged old", "Empty old", "Changed new"]);
    assert_eq!(log.matches("ERROR").count(), 2, "{log}");
    assert_eq!(log.matches("the last good share secret stays in force").count(), 2, "{log}");
}

#[test]
fn half_a_secret_is_not_adopted_by_who_looks_every_now_and_then() {
    let (found, log) = looks(
        &["old", "", "ne", "new", "new", "new", "", "", "", "other", "newer", "newer"],
        ShareSecrets::reload_settled,
    );
    let expected = [
        "Unchanged old",
        "Empty old",
        "Unsettled old",
        "Unsettled old",
        "Changed new",
        "Unchanged new",
        "Empty new",
        "Empty new",
        "Empty new",
        "Unsettled new",
        "Unsettled new",
        "Changed newer",
    ];
    assert_eq!(found, expected);
    assert_eq!(log.matches("ERROR").count(), 1, "{log}");
}

#[test]
fn only_what_came_from_a_file_is_reloaded() {
    let error = ShareSecrets::new(secret("one")).reload().unwrap_err();
    assert_eq!(error.kind(), SecretErrorKind::NotFromFile);
}

#[test]
fn debug_has_no_secret() {
    let secrets = ShareSecrets::new(secret("hush-one"));
    secrets.rotate(secret("hush-two"), Duration::from_secs(60));
    let shown = format!("{secrets:?} {:?}", secret("hush-three"));
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_body_is_signed_with_the_current_secret_alone() {
    let secrets = ShareSecrets::empty();
    assert_eq!(secrets.sign(b"{}"), None);
    secrets.set(secret("one"));
    assert_eq!(secrets.sign(b"{}"), Some(Signature::sign(&secret("one"), b"{}")));
    secrets.rotate(secret("two"), ShareSecrets::DEFAULT_OVERLAP);
    assert_eq!(secrets.sign(b"{}"), Some(Signature::sign(&secret("two"), b"{}")));
}
