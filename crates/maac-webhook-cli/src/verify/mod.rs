//! `verify`: whether a signature is a body's, and if not, what it is instead.

mod explain;

use maac_webhook::{ShareSecret, Signature};

use crate::{
    cli::{Output, VerifyArgs},
    failure::{Answer, Failure},
    sign::{print, read_body},
};

pub(crate) fn run(args: &VerifyArgs, output: Output) -> Result<Answer, Failure> {
    let (secret, untrimmed) = secret(args)?;
    let body = read_body()?;
    let signature = Signature::parse(args.signature.as_bytes());
    let valid = !untrimmed && signature.is_some_and(|signature| signature == Signature::sign(&secret, &body));
    let explanations =
        if valid { Vec::new() } else { explain::mismatch(&args.signature, &secret, untrimmed, &body) };

    if output == Output::Json {
        let result = serde_json::json!({ "valid": valid, "explanations": explanations });
        print(&result.to_string())?;
    } else if valid {
        print("valid: the signature is the body's under this share secret")?;
    } else {
        print("not valid: the signature is not the body's under this share secret")?;
        for explanation in explanations {
            print(&format!("  {explanation}"))?;
        }
    }
    Ok(valid.into())
}

/// The secret, and whether it had white space around it, which is explained rather than refused here.
fn secret(args: &VerifyArgs) -> Result<(ShareSecret, bool), Failure> {
    let refused = match args.secret.secret() {
        Ok(secret) => return Ok((secret, false)),
        Err(refused) => refused,
    };
    let trimmed = args.secret.as_given().and_then(|given| ShareSecret::new(given.trim()).ok());
    trimmed.map(|secret| (secret, true)).ok_or(refused)
}
