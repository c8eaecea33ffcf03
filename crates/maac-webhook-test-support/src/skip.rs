use std::{env, io, io::Write, thread};

/// Tells that this test is skipped, and why; in CI it panics, since CI skips none.
pub fn skip<T>(why: &str) -> Option<T> {
    assert!(env::var_os("CI").is_none(), "CI skips no test, but {why}");
    let test = thread::current();
    let line = format!("skipped: {}: {why}\n", test.name().unwrap_or("a test"));
    // Not by a macro, whose output a test that passes would swallow.
    let _ = io::stderr().write_all(line.as_bytes());
    None
}
