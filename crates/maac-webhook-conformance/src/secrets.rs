//! What must not be in an answer, nor in a report.

use base64::{Engine, prelude::BASE64_STANDARD};
use maac_webhook::{ShareSecret, Signature};
use maac_webhook_sender::ResponseRecord;

use crate::wire::{CUT, Exchange, SIGNATURE};

/// A share secret, and the signatures that it makes of some bodies.
pub(crate) struct Secrets<'a> {
    secret: &'a ShareSecret,
    signatures: Vec<Signature>,
}

/// What of it is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leak {
    Secret,
    /// The secret, which is so short or so plain a word that it may be there by chance.
    PlainSecret,
    Signature,
}

impl<'a> Secrets<'a> {
    pub(crate) fn new<B: AsRef<[u8]>>(secret: &'a ShareSecret, bodies: impl IntoIterator<Item = B>) -> Self {
        let signatures = bodies.into_iter().map(|body| Signature::sign(secret, body.as_ref())).collect();
        Self { secret, signatures }
    }

    /// What is in this answer that was not in the request: whoever sent it may have it back.
    pub(crate) fn leaked_by(&self, answer: &ResponseRecord, request: &str) -> Option<Leak> {
        let body = String::from_utf8_lossy(answer.body.as_bytes());
        let headers = answer.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let texts: Vec<_> = headers.chain([body.as_ref()]).collect();
        let told = |hidden: &str| texts.iter().any(|text| text.contains(hidden));

        // It may be given back in the other case.
        let lower = request.to_lowercase();
        let unknown = |signature: &&Signature| !lower.contains(&signature.to_string());
        let mut written = self.signatures.iter().filter(unknown).flat_map(Self::written);
        if written.any(|written| told(&written)) {
            return Some(Leak::Signature);
        }
        let secret = self.secret.expose_secret();
        let leaks = told(secret) && !request.contains(secret);
        leaks.then_some(if self.is_plain() { Leak::PlainSecret } else { Leak::Secret })
    }

    /// Whether the secret may stand in a text by chance.
    fn is_plain(&self) -> bool {
        const SHORT: usize = 8;
        const WORD: usize = 16;
        let secret = self.secret.expose_secret();
        let one_kind = |of: fn(char) -> bool| secret.chars().all(of);
        let word = one_kind(char::is_alphabetic) || one_kind(char::is_numeric);
        secret.len() < SHORT || (word && secret.len() < WORD)
    }

    /// The ways in which a signature may be written.
    fn written(signature: &Signature) -> [String; 3] {
        let hex = signature.to_string();
        [hex.to_uppercase(), hex, BASE64_STANDARD.encode(signature.as_bytes())]
    }

    /// Takes it out of a text that the receiver wrote.
    pub(crate) fn redact(&self, text: &mut String) {
        hide(text, self.secret.expose_secret(), "[share secret]");
        self.redact_signatures(text);
    }

    /// Takes it out of what the suite wrote, in which a plain word is the suite's own.
    fn redact_own(&self, text: &mut String) {
        if self.is_plain() {
            self.redact_signatures(text);
        } else {
            self.redact(text);
        }
    }

    fn redact_signatures(&self, text: &mut String) {
        for written in self.signatures.iter().flat_map(Self::written) {
            let shown = format!("{}… [signature]", &written[..SIGNATURE]);
            hide(text, &written, &shown);
        }
    }

    /// Takes it out of what is reported.
    pub(crate) fn redact_all(&self, exchanges: &mut [Exchange], actual: &mut String) {
        for exchange in exchanges {
            exchange.own_texts().for_each(|text| self.redact_own(text));
            exchange.texts_of_the_receiver().for_each(|text| self.redact(text));
        }
        self.redact_own(actual);
    }
}

/// Replaces what is hidden, also where the text was cut off within it.
fn hide(text: &mut String, hidden: &str, shown: &str) {
    if text.contains(hidden) {
        *text = text.replace(hidden, shown);
    }
    if let Some(cut) = text.rfind(CUT) {
        let starts = hidden.char_indices().map(|(end, _)| &hidden[..end]).skip(SIGNATURE + 1);
        if let Some(start) = starts.filter(|start| text[..cut].ends_with(start)).last() {
            text.replace_range(cut - start.len()..cut, shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::{Answer, BODY, shown_bytes};

    fn secret(text: &str) -> ShareSecret {
        ShareSecret::new(text).unwrap()
    }

    fn leak(text: &str, answer: &str, request: &str) -> Option<Leak> {
        let secret = secret(text);
        let in_body = ResponseRecord::new(401, answer.to_owned());
        let mut in_header = ResponseRecord::new(401, "");
        in_header.headers.push(("X-Expected".to_owned(), answer.to_owned()));
        let secrets = Secrets::new(&secret, ["{}"]);
        let leak = secrets.leaked_by(&in_body, request);
        assert_eq!(secrets.leaked_by(&in_header, request), leak);
        leak
    }

    #[test]
    fn no_secret_and_no_signature_is_shown_whoever_wrote_it() {
        let secret = secret("hush-hush");
        let secrets = Secrets::new(&secret, ["{}"]);
        let signature = Signature::sign(&secret, b"{}").to_string();
        let leaks = [
            signature.clone(),
            signature.to_uppercase(),
            BASE64_STANDARD.encode(Signature::sign(&secret, b"{}").as_bytes()),
            "hush-hush".to_owned(),
        ];
        for text in leaks {
            assert!(leak("hush-hush", &format!("expected {text}, sorry"), "{}").is_some(), "{text}");
            let (leak, text) = (text.clone(), format!("expected {text}, sorry"));
            let mut exchange = Exchange::new("it", text.clone(), Duration::ZERO);
            let headers = vec![("X-Expected".to_owned(), text.clone())];
            exchange.answer = Some(Answer { status: 401, headers, body: text.clone() });
            exchange.error = Some(text.clone());
            let (mut all, mut actual) = ([exchange], text);
            secrets.redact_all(&mut all, &mut actual);
            let told = format!("{all:?} {actual}");
            assert!(!told.contains(&leak), "{told}");
        }
        assert_eq!(leak("hush-hush", "nothing", "{}"), None);
    }

    #[test]
    fn what_the_request_had_is_told_to_nobody_else() {
        let signature = Signature::sign(&secret("hush-hush"), b"{}").to_string();
        let request = format!("POST /\ncresclab-signature: {signature}");
        assert_eq!(leak("hush-hush", &signature, &request), None);
        assert_eq!(leak("hush-hush", &signature, &request[..60]), Some(Leak::Signature));
        assert_eq!(leak("hush-hush", "POST /hush-hush", "POST /hush-hush"), None);
    }

    #[test]
    fn a_secret_that_is_a_plain_word_is_in_many_texts_by_chance() {
        for (plain, answer) in [("OK", "OK"), ("signature", "no signature"), ("12345678", "id 1234567890")] {
            assert_eq!(leak(plain, answer, "{}"), Some(Leak::PlainSecret), "{plain}");
            let secret = secret(plain);
            let mut exchange = Exchange::new(answer, String::new(), Duration::ZERO);
            exchange.error = Some(answer.to_owned());
            let (mut all, mut actual) = ([exchange], format!("the {answer} was answered"));
            Secrets::new(&secret, ["{}"]).redact_all(&mut all, &mut actual);
            // The suite's own wording tells nothing.
            assert_eq!((all[0].what.as_str(), actual), (answer, format!("the {answer} was answered")));
            assert!(!all[0].error.as_ref().unwrap().contains(plain));
        }
        for telling in ["d0c5c1a6", "hush-hush", "abcdefghijklmnop"] {
            assert_eq!(leak(telling, telling, "{}"), Some(Leak::Secret), "{telling}");
        }
    }

    #[test]
    fn a_secret_that_was_cut_off_is_not_shown_either() {
        let secret = secret("hush-hush-hush-hush");
        let secrets = Secrets::new(&secret, ["{}"]);
        let mut text = shown_bytes(format!("{}{}", "x".repeat(BODY - 15), secret.expose_secret()).as_bytes());
        assert!(text.contains("hush-hush-hush"), "{text}");
        secrets.redact_all(&mut [], &mut text);
        assert!(!text.contains("hush"), "{text}");
        assert!(text.ends_with("x[share secret]… (2004 bytes)"), "{text}");
    }
}
