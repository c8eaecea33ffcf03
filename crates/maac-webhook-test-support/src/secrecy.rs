//! What no log, error, metric, URL or report may hold. Every process and log of the tests is looked at with this.

use std::{fs, process::Command};

/// Texts of the samples' payloads: names, phone numbers, answers.
const PAYLOAD: [&str; 8] =
    ["林雅婷", "1992-07-14", "+8869", "小巷咖啡", "拿鐵咖啡", "週年慶發票", "秋季新品", "出貨通知"];

/// Shorter ones are words that a log may well have.
const SHORTEST: usize = 8;

/// The secrets and tokens that a process was given.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// This one.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let secret = secret.trim();
        Self(if secret.len() >= SHORTEST { vec![secret.to_owned()] } else { Vec::new() })
    }

    /// Those in the command's environment, and in the files that its arguments name now.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        let environment = command.get_envs().filter(|(name, _)| *name == "MAAC_SHARE_SECRET");
        let environment = environment.filter_map(|(_, value)| value?.to_str().map(str::to_owned));
        let arguments: Vec<_> = command.get_args().filter_map(|argument| argument.to_str()).collect();
        let files = arguments.windows(2).filter(|two| {
            two[0].starts_with("--") && (two[0].ends_with("secret-file") || two[0].ends_with("token-file"))
        });
        let files = files.filter_map(|two| fs::read_to_string(two[1]).ok());
        Self(environment.chain(files).flat_map(|secret| Self::new(&secret).0).collect())
    }

    /// Panics where the text holds one of them, as it is or in hexadecimal.
    pub fn assert_absent(&self, text: &str) {
        for secret in &self.0 {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let found = text.contains(secret) || text.contains(&hex) || text.contains(&hex.to_uppercase());
            assert!(!found, "a secret is in this: {text}");
        }
    }
}

/// Panics where a log or a metric holds what a sample's payload says.
pub fn assert_no_payload(text: &str) {
    for mark in PAYLOAD {
        assert!(!text.contains(mark), "{mark:?} of a payload is in this: {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panics(of: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(of).is_err()
    }

    #[test]
    fn a_secret_is_found_as_it_is_and_in_hexadecimal() {
        let mut command = Command::new("true");
        command.env("MAAC_SHARE_SECRET", "a-long-secret").env("OTHER", "another value");
        let secrets = Secrets::of(&command);
        for text in ["is a-long-secret.", "612d6c6f6e672d736563726574", "612D6C6F6E672D736563726574"] {
            let secrets = secrets.clone();
            assert!(panics(move || secrets.assert_absent(text)), "{text}");
        }
        secrets.assert_absent("a-long-secre, another value");
    }

    #[test]
    fn a_secret_is_read_from_the_file_that_an_argument_names() {
        let file = std::env::temp_dir().join(format!("maac-webhook-secrecy-{}", std::process::id()));
        fs::write(&file, "of-the-file\n").unwrap();
        let mut command = Command::new("true");
        command.arg("--forward-secret-file").arg(&file);
        let secrets = Secrets::of(&command);
        fs::remove_file(file).unwrap();
        assert!(panics(move || secrets.assert_absent("it is of-the-file")));
    }

    #[test]
    fn a_payload_is_found() {
        assert!(panics(|| assert_no_payload("sent to +886912345678")));
        assert_no_payload("sent to +44");
    }
}
