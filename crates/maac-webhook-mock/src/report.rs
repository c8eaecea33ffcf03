//! What a failed assertion prints: what was sent, and what arrived.

use std::fmt::Write;

use maac_webhook::headers;
use maac_webhook_sender::{RecordedBody, ResponseRecord};

use crate::{Sent, SentAttempt, SentEvent, Tampering};

/// How much of a body is shown, in characters.
const SHOWN: usize = 400;

/// How much of a signature: enough to tell two apart, too little to send it again.
const SIGNATURE_SHOWN: usize = 8;

/// What fails, where each event was `wanted`.
pub(crate) fn failure(sent: &Sent, wanted: &str, fails: impl Fn(&SentEvent) -> bool) -> String {
    match sent.events.len() {
        0 => format!("the event was {wanted}, and nothing was sent"),
        1 => format!("the event was {wanted}:\n\n{}", self::sent(sent)),
        _ => {
            let Failing { count, events } = failing(sent, fails);
            format!("each event was {wanted}; {count}:\n\n{events}")
        }
    }
}

/// Those of several events that fail.
pub(crate) struct Failing {
    /// How many they are of how many.
    pub(crate) count: String,
    /// All that was sent and came of them, and how many others there were.
    pub(crate) events: String,
}

pub(crate) fn failing(sent: &Sent, fails: impl Fn(&SentEvent) -> bool) -> Failing {
    let failing: Vec<_> = sent.events.iter().filter(|event| fails(event)).collect();
    let (fail, all) = (failing.len(), sent.events.len());
    let mut events = listed(sent, failing);
    match all - fail {
        0 => {}
        1 => events.push_str("\n1 other event is as expected\n"),
        others => {
            let _ = writeln!(events, "\n{others} other events are as expected");
        }
    }
    let fails = if fail == 1 { "fails" } else { "fail" };
    Failing { count: format!("{fail} of {all} events {fails}"), events }
}

/// So many attempts, in words.
pub(crate) fn attempts(count: usize) -> String {
    if count == 1 { "1 attempt".to_owned() } else { format!("{count} attempts") }
}

pub(crate) fn sent(sent: &Sent) -> String {
    listed(sent, &sent.events)
}

fn listed<'a>(sent: &Sent, events: impl IntoIterator<Item = &'a SentEvent>) -> String {
    let mut text = String::new();
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        write_event(&mut text, sent, event);
    }
    text
}

fn write_event(text: &mut String, sent: &Sent, event: &SentEvent) {
    let _ = writeln!(text, "sent: {}", summary(event));
    for (index, attempt) in event.attempts.iter().enumerate() {
        let again = index > 0 && attempt.request.headers == event.attempts[index - 1].request.headers;
        if !again {
            write_request(text, sent, attempt);
        }
        write_attempt(text, event, attempt);
    }
}

/// What it is and what was done to it.
pub(crate) fn summary(event: &SentEvent) -> String {
    let mut text = event.what.clone();
    if let Some(tampering) = event.tampering {
        let _ = write!(text, ", with {tampering}");
    }
    if let Some(behaviour) = event.behaviour {
        let _ = write!(text, "; {behaviour}");
    }
    text
}

fn write_request(text: &mut String, sent: &Sent, attempt: &SentAttempt) {
    let _ = writeln!(text, "  POST {}", sent.url);
    for (name, value) in &attempt.request.headers {
        let value = if name.eq_ignore_ascii_case(headers::SIGNATURE) {
            &format!("{}…", value.chars().take(SIGNATURE_SHOWN).collect::<String>())
        } else {
            value
        };
        let _ = writeln!(text, "  {name}: {value}");
    }
    let _ = writeln!(text, "\n  {}\n", shown(&attempt.request.body));
}

fn write_attempt(text: &mut String, event: &SentEvent, attempt: &SentAttempt) {
    let _ = write!(text, "attempt {}: ", attempt.attempt.number);
    match (&attempt.attempt.result, &attempt.unheard) {
        (Ok(response), _) => {
            let _ = write!(text, "answered {}", response.status);
        }
        (Err(error), None) => {
            let _ = write!(text, "no answer: {error}");
        }
        (Err(error), Some(response)) => {
            let _ = write!(text, "no answer heard: {error}; the receiver answered {}", response.status);
        }
    }
    if let Some(kind) = attempt.rejection {
        let _ = write!(text, " ({})", kind.as_str());
    }
    if event.tampering == Some(Tampering::BodyTooLarge)
        && let Some(read) = attempt.body_read
    {
        let length = attempt.body_length;
        let _ = write!(text, "; the receiver read {} of {}", size(read), size(length));
        if read >= length {
            text.push_str(", without a limit");
        }
    }
    if let Some(delay) = attempt.attempt.retry_after {
        let _ = write!(text, "; the next attempt is in {} s", delay.as_secs_f64());
    }
    text.push('\n');
    if let Some(response) = attempt.answered() {
        write_response(text, response);
    }
}

fn write_response(text: &mut String, response: &ResponseRecord) {
    for (name, value) in &response.headers {
        let _ = writeln!(text, "  {name}: {value}");
    }
    let _ = writeln!(text, "\n  {}\n", shown(&response.body));
}

fn shown(body: &RecordedBody) -> String {
    let length = body.as_bytes().len();
    match body.as_text() {
        Some("") => "(no body)".to_owned(),
        Some(text) => match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}… ({length} bytes)", escaped(&text[..end])),
            None => escaped(text),
        },
        None => format!("({length} bytes that are no text)"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 0x10_0000),
    }
}

/// A body must not steer the terminal.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\n  "),
            character if character.is_control() => shown.extend(character.escape_debug()),
            character => shown.push(character),
        }
    }
    shown
}
