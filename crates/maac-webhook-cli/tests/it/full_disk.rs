//! `listen` with its inbox on a disk that is full.

use std::collections::HashSet;

use maac_webhook_test_support::{PATIENCE, disk::Disk};

use crate::{
    inbox::event,
    support::{Listener, SECRET, maac_webhook},
};

#[test]
fn a_full_disk_is_answered_503_and_what_was_refused_is_taken_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path()) else { return };
    let inbox = format!("sqlite:{}", folder.path().join("inbox.db").display());
    let command = maac_webhook(&["listen", "--addr", "127.0.0.1:0", "--inbox", &inbox]);
    let mut command = disk.with(folder.path(), 8, &command);
    command.env("MAAC_SHARE_SECRET", SECRET).env_remove("RUST_LOG").env("NO_COLOR", "1");
    let mut listener = Listener::of(&mut command);
    let large = |number: usize| {
        event(number).replace(r#""data": {"#, &format!(r#""data": {{"memo": "{}", "#, "x".repeat(20_000)))
    };
    let post = |listener: &Listener, number| listener.post(large(number).as_bytes(), None);

    let (mut accepted, mut refused) = (HashSet::new(), Vec::new());
    for number in 0..200 {
        match post(&listener, number) {
            200 => drop(accepted.insert(number)),
            503 => refused.push(number),
            status => panic!("{status}"),
        }
    }
    assert!(accepted.len() > 20 && refused.len() > 20, "{} and {}", accepted.len(), refused.len());
    listener.process.line_with("there is no room left for the inbox");

    disk.grow(folder.path(), 64, listener.process.id());
    for number in refused {
        let begun = std::time::Instant::now();
        while post(&listener, number) != 200 {
            assert!(begun.elapsed() < PATIENCE, "{number}");
        }
        accepted.insert(number);
    }
    // A line whose end could not be written down comes again; none is missing.
    let mut printed = HashSet::new();
    while printed != accepted {
        let line = listener.next();
        let number = line["event"]["points_id"].as_str().unwrap().strip_prefix("p-").unwrap();
        assert!(accepted.contains(&number.parse().unwrap()), "{number} was never answered 200");
        printed.insert(number.parse().unwrap());
    }
}
