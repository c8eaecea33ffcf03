//! Reading the command line without showing a password that is in it.

use clap::{
    Parser,
    error::{ContextKind, ContextValue},
};

use crate::cli::Cli;

/// The command line; where it cannot be read, says so and ends.
pub(crate) fn read() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| hide_passwords(error).exit())
}

fn hide_passwords(mut error: clap::Error) -> clap::Error {
    let found: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(without_password(text)?))),
            ContextValue::Strings(texts) if texts.iter().any(|text| without_password(text).is_some()) => {
                let hide = |text: &String| without_password(text).unwrap_or_else(|| text.clone());
                Some((kind, ContextValue::Strings(texts.iter().map(hide).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in found {
        error.insert(kind, value);
    }
    error
}

/// The same with what is before a URL's host hidden; `None` where there is none. A password may hold any character.
fn without_password(text: &str) -> Option<String> {
    let begin = text.find("://")? + "://".len();
    let end = text.rfind('@').filter(|end| *end >= begin)?;
    Some(format!("{}hidden{}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_no_password() {
        let url = "postgres://user:hu/sh@e@db.example/maac";
        for args in [
            &["listen", "--inbox", "mysql://user:hu/sh@e@db.example/maac"][..],
            &["send", "t", "--to", url],
            &["listen", url],
            &["listen", "--forward", url],
            &["listen", "--addr", url],
            &["listen", "--path", url],
            &["listen", &format!("--inbxo={url}")],
            &[url],
        ] {
            let args = ["maac-webhook"].iter().chain(args);
            let said = hide_passwords(Cli::try_parse_from(args.clone()).unwrap_err()).to_string();
            assert!(!said.contains("hu/sh") && !said.contains("user"), "{args:?}: {said}");
        }
    }
}
