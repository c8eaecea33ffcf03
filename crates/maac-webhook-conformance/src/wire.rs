//! What went over the wire in a case, as reports show it: cut to what a person reads, without the secret.

use std::time::Duration;

use maac_webhook::headers;
use maac_webhook_mock::Sent;
use maac_webhook_sender::{RecordedBody, ResponseRecord};
use serde::Serialize;

/// A request and what was answered. A body, a value and a list of headers are cut off where they are long; a signature is
/// shortened, and the secret is not there, whoever wrote it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// What it is, for a person.
    pub what: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The request line, or the URL of a probe.
    pub request: String,
    /// The request's headers.
    pub headers: Vec<(String, String)>,
    /// The request's body, or all of a request that is no HTTP.
    pub body: String,
    /// The answer, where there was one.
    pub answer: Option<Answer>,
    /// Why there was none, or why the sender took it for none.
    pub error: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// How much of a text is shown, in characters, and how many headers.
pub(crate) const BODY: usize = 2000;
const VALUE: usize = 300;
const HEADERS: usize = 40;

/// How much of a signature: enough to tell two apart, too little to send it again.
pub(crate) const SIGNATURE: usize = 8;

impl Exchange {
    pub(crate) fn new(what: impl Into<String>, request: String, duration: Duration) -> Self {
        Self {
            what: what.into(),
            duration_ms: duration.as_millis().try_into().unwrap_or(u64::MAX),
            request,
            headers: Vec::new(),
            body: String::new(),
            answer: None,
            error: None,
        }
    }

    /// Each attempt of what the mock sent.
    pub(crate) fn of_sent<'a>(sent: &'a Sent, path: &'a str) -> impl Iterator<Item = Self> + 'a {
        sent.events.iter().flat_map(move |event| {
            event.attempts.iter().map(move |attempt| {
                let mut what = event.what.clone();
                if let Some(tampering) = event.tampering {
                    what = format!("{what}, with {tampering}");
                }
                if let Some(behaviour) = event.behaviour {
                    what = format!("{what}; {behaviour}");
                }
                if attempt.attempt.number > 1 {
                    what = format!("{what} (attempt {})", attempt.attempt.number);
                }
                let mut exchange = Self::new(what, format!("POST {path}"), attempt.attempt.duration);
                exchange.headers = shown_headers(&attempt.request.headers);
                exchange.body = shown(&attempt.request.body);
                exchange.answer = attempt.answered().map(Answer::of);
                let error = attempt.attempt.result.as_ref().err();
                exchange.error = error.map(|error| cut(&error.to_string(), VALUE));
                exchange
            })
        })
    }

    /// What the suite wrote.
    pub(crate) fn own_texts(&mut self) -> impl Iterator<Item = &mut String> {
        let headers = self.headers.iter_mut().map(|(_, value)| value);
        [&mut self.what, &mut self.request, &mut self.body].into_iter().chain(headers)
    }

    /// What the receiver wrote, or may be quoted with.
    pub(crate) fn texts_of_the_receiver(&mut self) -> impl Iterator<Item = &mut String> {
        let answer = self.answer.iter_mut().flat_map(|answer| {
            let headers = answer.headers.iter_mut().flat_map(|(name, value)| [name, value]);
            headers.chain([&mut answer.body])
        });
        answer.chain(self.error.as_mut())
    }
}

impl Answer {
    pub(crate) fn of(response: &ResponseRecord) -> Self {
        let mut body = shown(&response.body);
        if response.truncated {
            body.push_str("… (it goes on)");
        }
        Self { status: response.status, headers: shown_headers(&response.headers), body }
    }
}

/// A body as it is shown.
pub(crate) fn shown(body: &RecordedBody) -> String {
    shown_bytes(body.as_bytes())
}

pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => cut(text, BODY),
        Err(_) => {
            let text = bytes[..bytes.len().min(BODY)].escape_ascii().to_string();
            format!("{} ({} bytes that are no text)", cut(&text, BODY), bytes.len())
        }
    }
}

/// What stands where a text was cut off.
pub(crate) const CUT: &str = "… (";

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}{CUT}{} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

pub(crate) fn shown_headers(all: &[(String, String)]) -> Vec<(String, String)> {
    let mut shown: Vec<_> = all
        .iter()
        .take(HEADERS)
        .map(|(name, value)| {
            let signature = name.eq_ignore_ascii_case(headers::SIGNATURE) && value.len() > SIGNATURE;
            let value = if signature {
                format!("{}…", value.chars().take(SIGNATURE).collect::<String>())
            } else {
                cut(value, VALUE)
            };
            (cut(name, VALUE), value)
        })
        .collect();
    if all.len() > HEADERS {
        shown.push(("…".to_owned(), format!("{} more headers", all.len() - HEADERS)));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(shown_bytes("é".repeat(BODY + 1).as_bytes()).chars().filter(|c| *c == 'é').count(), BODY);
        assert_eq!(shown_bytes(b"\xff\0"), r"\xff\x00 (2 bytes that are no text)");
        let many = vec![("A".to_owned(), "b".repeat(1 << 16)); 200];
        let shown = shown_headers(&many);
        assert_eq!(shown.len(), HEADERS + 1);
        assert!(shown.iter().all(|(_, value)| value.len() < 2 * VALUE));
        let signature = [("CrescLab-Signature".to_owned(), "a".repeat(64))];
        assert_eq!(shown_headers(&signature)[0].1, "aaaaaaaa…");
    }
}
