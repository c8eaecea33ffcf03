//! `sign`: the signature of a body from standard input.

use std::io::{self, Read, Write};

use maac_webhook::Signature;

use crate::{
    cli::{Output, SignArgs},
    failure::{Answer, Failure},
    log,
};

pub(crate) fn run(args: &SignArgs, output: Output) -> Result<Answer, Failure> {
    let secret = args.secret.secret()?;
    let body = read_body()?;
    if body.is_empty() {
        log::line("note: standard input is empty, and so is the body that is signed");
    }
    let signature = Signature::sign(&secret, &body);
    if output == Output::Json {
        print(&serde_json::json!({ "signature": signature.to_string() }).to_string())?;
    } else {
        print(&signature.to_string())?;
    }
    Ok(Answer::Yes)
}

/// The body on standard input, byte for byte.
pub(crate) fn read_body() -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut body);
    read.map_err(|error| Failure::because("standard input cannot be read", error))?;
    Ok(body)
}

/// Prints a result on standard output, with a newline.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let printed = writeln!(out, "{text}").and_then(|()| out.flush());
    printed.map_err(|error| Failure::because("standard output cannot be written", error))
}
