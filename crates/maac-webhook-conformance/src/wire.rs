//! What went over the wire in a case, as reports show it: cut to what a person reads, without the secret.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use maac_webhook::{ShareSecret, Signature, headers};
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
const BODY: usize = 2000;
const VALUE: usize = 300;
const HEADERS: usize = 40;

/// How long a secret is, in bytes, that is not in a text by chance.
const TELLING: usize = 6;

/// How much of a signature: enough to tell two apart, too little to send it again.
const SIGNATURE: usize = 8;

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

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let own = [&mut self.what, &mut self.request, &mut self.body].into_iter();
        let headers = self.headers.iter_mut().map(|(_, value)| value);
        let answer = self.answer.iter_mut().flat_map(|answer| {
            let headers = answer.headers.iter_mut().flat_map(|(name, value)| [name, value]);
            headers.chain([&mut answer.body])
        });
        own.chain(headers).chain(answer).chain(self.error.as_mut())
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
const CUT: &str = "… (";

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

/// What must not be in an answer, nor in a report.
pub(crate) struct Secrets<'a> {
    secret: &'a ShareSecret,
    signatures: Vec<Signature>,
}

impl<'a> Secrets<'a> {
    /// The secret, and the signatures that it makes of these bodies.
    pub(crate) fn new<B: AsRef<[u8]>>(secret: &'a ShareSecret, bodies: impl IntoIterator<Item = B>) -> Self {
        let signatures = bodies.into_iter().map(|body| Signature::sign(secret, body.as_ref())).collect();
        Self { secret, signatures }
    }

    /// The ways in which a signature may be written.
    fn written(signature: &Signature) -> [String; 3] {
        let hex = signature.to_string();
        [hex.to_uppercase(), hex, BASE64_STANDARD.encode(signature.as_bytes())]
    }

    /// What of it is in a text.
    pub(crate) fn found_in(&self, text: &str) -> Option<&'static str> {
        let secret = self.secret.expose_secret();
        if secret.len() >= TELLING && text.contains(secret) {
            return Some("the share secret");
        }
        let leaked = |signature| Self::written(signature).iter().any(|written| text.contains(written));
        self.signatures.iter().any(leaked).then_some("the signature that was expected")
    }

    /// Takes it out of a text, also where it was cut off within it.
    fn redact(&self, text: &mut String) {
        let secret = [(self.secret.expose_secret().to_owned(), "[share secret]".to_owned())];
        let signatures = self.signatures.iter().flat_map(Self::written).map(|written| {
            let shown = format!("{}… [signature]", &written[..SIGNATURE]);
            (written, shown)
        });
        for (hidden, shown) in secret.into_iter().chain(signatures) {
            if text.contains(&hidden) {
                *text = text.replace(&hidden, &shown);
            }
            if let Some(cut) = text.rfind(CUT) {
                let starts = hidden.char_indices().map(|(end, _)| &hidden[..end]).skip(SIGNATURE + 1);
                if let Some(start) = starts.filter(|start| text[..cut].ends_with(start)).last() {
                    text.replace_range(cut - start.len()..cut, &shown);
                }
            }
        }
    }

    /// Takes it out of what is reported.
    pub(crate) fn redact_all(&self, exchanges: &mut [Exchange], text: &mut String) {
        exchanges.iter_mut().flat_map(Exchange::texts).for_each(|text| self.redact(text));
        self.redact(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_and_no_signature_is_shown_whoever_wrote_it() {
        let secret = ShareSecret::new("hush-hush").unwrap();
        let secrets = Secrets::new(&secret, ["{}"]);
        let signature = Signature::sign(&secret, b"{}").to_string();
        let leaks = [
            signature.clone(),
            signature.to_uppercase(),
            BASE64_STANDARD.encode(Signature::sign(&secret, b"{}").as_bytes()),
            "hush-hush".to_owned(),
        ];
        for leak in leaks {
            let text = format!("expected {leak}, sorry");
            assert!(secrets.found_in(&text).is_some(), "{text}");
            let mut exchange = Exchange::new("it", text.clone(), Duration::ZERO);
            let headers = vec![("X-Expected".to_owned(), text.clone())];
            exchange.answer = Some(Answer { status: 401, headers, body: text.clone() });
            exchange.error = Some(text.clone());
            let (mut all, mut actual) = ([exchange], text);
            secrets.redact_all(&mut all, &mut actual);
            let told = format!("{all:?} {actual}");
            assert!(!told.contains(&leak), "{told}");
        }
        assert_eq!(secrets.found_in("nothing"), None);
    }

    #[test]
    fn a_secret_that_was_cut_off_is_not_shown_either() {
        let secret = ShareSecret::new("hush-hush-hush-hush").unwrap();
        let secrets = Secrets::new(&secret, ["{}"]);
        let mut text = shown_bytes(format!("{}{}", "x".repeat(BODY - 15), secret.expose_secret()).as_bytes());
        assert!(text.contains("hush-hush-hush"), "{text}");
        secrets.redact_all(&mut [], &mut text);
        assert!(!text.contains("hush"), "{text}");
        assert!(text.ends_with("x[share secret]… (2004 bytes)"), "{text}");
    }

    #[test]
    fn a_secret_of_two_letters_is_in_many_answers_by_chance() {
        let secret = ShareSecret::new("OK").unwrap();
        assert_eq!(Secrets::new(&secret, ["{}"]).found_in("OK"), None);
    }

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
