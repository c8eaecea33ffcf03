//! The command that runs a case alone, as this run ran it.

use std::time::Duration;

use maac_webhook::event::Topic;

use super::Suite;
use crate::{Case, settings::Settings};

impl Suite {
    pub(super) fn repeat(&self, case: Case) -> String {
        let mut words = vec!["maac-webhook".to_owned(), "check".to_owned(), self.target.to_string()];
        let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
        flag("--case", case.id().to_owned());
        if let Some(probe) = &self.probe {
            flag("--probe", probe.to_string());
        }
        let (own, default) = (&self.settings, Settings::default());
        if own.topics != default.topics {
            let topics: Vec<_> = own.topics.iter().map(Topic::as_str).collect();
            flag("--topic", topics.join(","));
        }
        if own.retry_delays != default.retry_delays {
            let delays: Vec<_> = own.retry_delays.iter().copied().map(seconds).collect();
            flag("--retry-delays", delays.join(","));
        }
        for (name, limit, usual) in [
            ("--attempt-timeout", own.attempt_timeout, default.attempt_timeout),
            ("--handling-time", own.handling, default.handling),
            ("--time-limit", own.run, default.run),
        ] {
            // Without a probe nobody looks what was handled, and `check` refuses the flag.
            if limit != usual && (name != "--handling-time" || self.probe.is_some()) {
                flag(name, seconds(limit));
            }
        }
        words.extend(self.repeat_arguments.iter().cloned());
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

/// A word of a shell's command.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:.,-_%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use maac_webhook::ShareSecret;

    use super::*;

    fn suite() -> Suite {
        let secret = ShareSecret::new("hush-hush").unwrap();
        Suite::new("http://127.0.0.1:1/hooks".parse().unwrap(), secret)
    }

    fn first() -> Case {
        crate::cases().next().unwrap()
    }

    #[test]
    fn what_was_not_set_is_not_told() {
        let suite = suite().with_handling_time(Duration::from_secs(1));
        assert_eq!(suite.repeat(first()), "maac-webhook check http://127.0.0.1:1/hooks --case MAAC-SIG-001");
    }

    #[test]
    fn what_was_set_is_told_and_what_a_shell_would_change_is_quoted() {
        let suite = suite()
            .with_probe("http://127.0.0.1:2/probe?a=1&b".parse().unwrap())
            .with_topics([Topic::MessageFirstOpen, Topic::PnpStatusUpdated])
            .with_attempt_timeout(Duration::from_millis(2500))
            .with_retry_delays([])
            .with_handling_time(Duration::from_secs(60))
            .with_time_limit(Duration::from_secs(30))
            .with_repeat_arguments(["--ca-file", "it's ~/ca.pem"]);
        assert_eq!(
            suite.repeat(first()),
            "maac-webhook check http://127.0.0.1:1/hooks --case MAAC-SIG-001 --probe 'http://127.0.0.1:2/probe?a=1&b' \
             --topic pnp.status_updated,message.first_open --retry-delays '' --attempt-timeout 2.5 --handling-time 60 \
             --time-limit 30 --ca-file 'it'\\''s ~/ca.pem'"
        );
        assert_eq!(quoted("~/ca.pem"), "'~/ca.pem'", "a shell would look for a home");
    }
}
