//! What every answer of a run is looked at for, in whichever case it comes.

use bytes::Bytes;
use maac_webhook_mock::{Expectation, Sent, SentAttempt, SentEvent};
use maac_webhook_sender::{RequestRecord, ResponseRecord};

use super::{Trial, is_success};
use crate::secrets::{Leak, Secrets};

/// What was seen in the answers of all cases so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How many answers there were.
    pub(crate) answers: usize,
    /// Each status that was another 2xx than 200 and answered a genuine event, with the case it came in first.
    pub(crate) other_successes: Vec<(u16, &'static str)>,
    /// Each kind of what an answer told, with its status and the case it came in first.
    pub(crate) leaks: Vec<(Leak, u16, &'static str)>,
}

impl Trial<'_> {
    /// Looks at each answer to what the mock sent.
    pub(super) fn look_at_all(&self, sent: &Sent) {
        let url = self.run.target.to_string();
        let attempts = || sent.events.iter().flat_map(|event| &event.attempts);
        let secrets = self.secrets_of(attempts().filter_map(read_body));
        for attempt in attempts() {
            if let Some(answer) = attempt.answered() {
                self.look(&secrets, answer, &told(&url, &attempt.request));
            }
        }
        for event in sent.events.iter().filter(|event| is_genuine(event)) {
            let answers = event.attempts.iter().filter_map(SentAttempt::answered);
            answers.for_each(|answer| self.took(answer.status));
        }
    }

    /// Looks at the answer to what was written by hand.
    pub(super) fn look_at(&self, answer: &ResponseRecord, request: &[u8]) {
        self.look(&self.secrets_of([]), answer, &String::from_utf8_lossy(request));
    }

    /// The secret, and the signatures of all bodies of the case.
    fn secrets_of(&self, more: impl IntoIterator<Item = Bytes>) -> Secrets<'_> {
        let bodies = self.with_record(|record| record.bodies.clone());
        Secrets::new(&self.run.secret, bodies.into_iter().chain(more))
    }

    /// Looks whether an answer tells what its request did not have in it.
    fn look(&self, secrets: &Secrets<'_>, answer: &ResponseRecord, request: &str) {
        let leak = secrets.leaked_by(answer, request);
        self.run.with_ledger(|ledger| {
            ledger.answers += 1;
            if let Some(leak) = leak
                && !ledger.leaks.iter().any(|(known, ..)| *known == leak)
            {
                ledger.leaks.push((leak, answer.status, self.case));
            }
        });
    }

    /// Remembers what a genuine event was accepted with.
    pub(crate) fn took(&self, status: u16) {
        if !is_success(status) || status == 200 {
            return;
        }
        self.with_record(|record| record.other_success = record.other_success.or(Some(status)));
        self.run.with_ledger(|ledger| {
            if !ledger.other_successes.iter().any(|(known, _)| *known == status) {
                ledger.other_successes.push((status, self.case));
            }
        });
    }
}

/// Whether a receiver is to answer it 200.
fn is_genuine(event: &SentEvent) -> bool {
    let accepted = |expectation| expectation == Expectation::Accepted;
    event.tampering.is_none_or(|tampering| accepted(tampering.expectation()))
        && event.behaviour.is_none_or(|behaviour| accepted(behaviour.expectation()))
}

/// The body that the receiver had to read, where that is less than was signed.
fn read_body(attempt: &SentAttempt) -> Option<Bytes> {
    let body = attempt.request.body.as_bytes();
    let read = usize::try_from(attempt.body_length).ok()?;
    (read < body.len()).then(|| body.slice(..read))
}

/// All of a request, as a text to look into.
fn told(url: &str, request: &RequestRecord) -> String {
    let mut text = format!("{url}\n");
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&String::from_utf8_lossy(request.body.as_bytes()));
    text
}
