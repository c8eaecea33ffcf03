//! Bodies as MAAC may write them.

use maac_webhook::event::Topic;
use maac_webhook_mock::{Behaviour, MockEvent, SentEvent, Tampering, samples};

use crate::{
    Case,
    case::Turn,
    grade::{Graded, fail, non_strict, pass},
    trial::{Trial, fresh_key, is_success, statuses, style_of},
};

const MEBIBYTE: usize = 1 << 20;

const ESCAPED: bool = false;
const RAW: bool = true;
const SPACED: bool = false;
const COMPACT: bool = true;

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-BODY-001", "Characters outside ASCII as escapes verify")
        .documented("A body is as json.dumps writes it: a receiver that writes it anew may lose its escapes.")
        .expects("200")
        .check(|it| Box::pin(memo(it, "滿千送百 – déjà vu", ESCAPED, SPACED))),
    Case::must("MAAC-BODY-002", "Characters outside ASCII as UTF-8 verify")
        .sampled("The printed samples have plain characters.")
        .expects("200")
        .check(|it| Box::pin(memo(it, "滿千送百 – déjà vu", RAW, SPACED))),
    Case::must("MAAC-BODY-003", "Emoji as surrogate pairs of escapes verify")
        .documented("A body is as json.dumps writes it.")
        .expects("200")
        .check(|it| Box::pin(memo(it, "🎉👩‍👩‍👧🇹🇼", ESCAPED, SPACED))),
    Case::must("MAAC-BODY-004", "Emoji as UTF-8 verify")
        .our_reading("The printed samples have plain characters, and none of them an emoji.")
        .expects("200")
        .check(|it| Box::pin(memo(it, "🎉👩‍👩‍👧🇹🇼", RAW, SPACED))),
    Case::should("MAAC-BODY-005", "A body without spaces after commas and colons verifies")
        .our_reading("MAAC writes spaces today; the signature is of whatever comes.")
        .expects("200")
        .check(|it| Box::pin(memo(it, "滿千送百", RAW, COMPACT))),
    Case::must("MAAC-BODY-006", "Quotes, backslashes, slashes and line breaks in texts verify")
        .our_reading("Survey answers are a stranger's free text, in JSON.")
        .expects("200")
        .check(|it| {
            Box::pin(memo(
                it,
                "\"quoted\" C:\\path </script> https://x.example/ \t\r\n & é\u{2028}",
                ESCAPED,
                SPACED,
            ))
        }),
    Case::must("MAAC-BODY-007", "Numbers as Python writes floats verify")
        .sampled("Amounts are written as 65.0, which other languages would write anew as 65.")
        .expects("200")
        .check(|it| Box::pin(floats(it))),
    Case::should("MAAC-BODY-008", "A body of 1 MiB is accepted")
        .our_reading("How large a body may be is not documented; a survey with long answers is large.")
        .expects("200")
        .check(|it| Box::pin(one_mebibyte(it))),
    Case::should("MAAC-BODY-009", "A body in chunks is accepted")
        .our_reading("MAAC declares the length, but a proxy between may not.")
        .expects("200")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).behaviour(Behaviour::Chunked)))),
    Case::should("MAAC-BODY-010", "A NUL and half a surrogate pair as escapes are accepted")
        .our_reading(
            "json.dumps writes them, a stranger may send them in a survey, and stores choke on them.",
        )
        .expects("200")
        .at(Turn::Late)
        .check(|it| Box::pin(odd_escapes(it))),
    Case::should("MAAC-BODY-011", "A body of 64 MiB is refused")
        .our_reading("No event is that large, and who reads without a limit is brought down by a stranger.")
        .expects("413, or another answer but 2xx")
        .check(|it| Box::pin(too_large(it))),
    Case::info("MAAC-BODY-012", "A verified body that is not JSON is accepted")
        .our_reading("It is from MAAC. What cannot be read is better kept for a person than lost.")
        .expects("200")
        .at(Turn::Late)
        .check(|it| Box::pin(it.accepts(it.event(MockEvent::raw(format!("OK {}", fresh_key())))))),
];

/// An event with this text in it.
async fn memo(it: &Trial<'_>, text: &str, raw_utf8: bool, compact: bool) -> Graded {
    it.accepts(it.event_in(style_of(raw_utf8, compact), it.with_text(text))).await
}

async fn floats(it: &Trial<'_>) -> Graded {
    it.subscribes(&Topic::ReceiptValidated)?;
    let receipt = samples::receipt_validated().no_items();
    let receipt = receipt.item("拿鐵咖啡", 65.0, 2.0).item("積分 ×", 1e16, 0.1).item("-", 0.000_01, 1.0);
    it.accepts(it.event(receipt)).await
}

async fn one_mebibyte(it: &Trial<'_>) -> Graded {
    it.accepts(it.event(it.of_length(MEBIBYTE)?)).await
}

async fn odd_escapes(it: &Trial<'_>) -> Graded {
    it.accepts(it.event(it.with_escapes(r"\u0000\ud83d \udc00")?)).await
}

async fn too_large(it: &Trial<'_>) -> Graded {
    let sent = it.send(it.attempt(it.plain()).tampering(Tampering::BodyTooLarge)).await?;
    let status = sent.events.last().and_then(SentEvent::status);
    if status.is_some_and(is_success) {
        return fail(statuses(&sent));
    }
    it.survives(&statuses(&sent), status.is_some()).await?;
    it.control().await?;
    if status == Some(413) { pass(statuses(&sent)) } else { non_strict(statuses(&sent)) }
}
