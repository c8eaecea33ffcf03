use maac_webhook::{ShareSecret, event::Topic};
use maac_webhook_sender::WebhookRequest;

use crate::{
    Behaviour, MockError, MockErrorKind, MockEvent, MockSender, Tampering, outgoing::Outgoing, samples,
};

/// What goes out, in which order, and whether all at once.
pub(crate) struct Plan {
    pub(crate) events: Vec<Outgoing>,
    pub(crate) at_once: bool,
}

impl Plan {
    pub(crate) fn new(
        sender: &MockSender,
        events: &[MockEvent],
        tampering: Option<Tampering>,
        behaviour: Option<Behaviour>,
    ) -> Result<Self, MockError> {
        // What is not sent would meet any expectation.
        if events.is_empty() {
            return Err(MockErrorKind::Empty.into());
        }
        if behaviour == Some(Behaviour::OutOfOrder) && events.len() < 2 {
            return Err(MockErrorKind::NoOrder.into());
        }
        let mut outgoing = Vec::new();
        for event in events {
            plan_event(sender, event, tampering, behaviour, &mut outgoing)?;
        }
        let at_once = behaviour == Some(Behaviour::TwoCopies);
        if at_once {
            outgoing.extend_from_within(..);
        }
        if behaviour == Some(Behaviour::OutOfOrder) {
            outgoing.reverse();
        }
        Ok(Self { events: outgoing, at_once })
    }
}

/// Plans an event, and before it the one that its tampering takes.
fn plan_event(
    sender: &MockSender,
    event: &MockEvent,
    tampering: Option<Tampering>,
    behaviour: Option<Behaviour>,
    plan: &mut Vec<Outgoing>,
) -> Result<(), MockError> {
    let body = event.body(sender.style)?;
    if let Some(tampering) = tampering {
        tampering.body(&body)?;
    }
    let secret = signing(sender, tampering)?;
    let own = body.len();
    let body = tampering.map_or_else(|| body.clone(), |tampering| tampering.signed_body(&body));
    let mut request = WebhookRequest::signed(&secret, body.clone());
    if let Some(key) = &event.idempotency_key {
        request = request.with_idempotency_key(key)?;
    }
    let mut first = None;
    if behaviour == Some(Behaviour::SecretChanged) {
        let signed = WebhookRequest::signed(old(sender)?, body.clone());
        first = Some(signed.with_idempotency_key(request.idempotency_key())?);
    }
    let what = event.topic().map_or_else(|| format!("a body of {own} bytes"), str::to_owned);
    let topic = event.topic().map(str::to_owned);
    match tampering {
        Some(Tampering::KeyFresh) => {
            plan.push(genuine(format!("{what}, before its replay"), topic.clone(), request));
            request = WebhookRequest::signed(&secret, body);
        }
        Some(Tampering::KeyReused) => {
            // A receiver may take the events of one topic alone.
            let sample = event.topic().and_then(|topic| samples::of(&Topic::from(topic)));
            let other = sample.map_or_else(|| samples::prize_points_added().into(), MockEvent::from);
            let signed = WebhookRequest::signed(&secret, other.body(sender.style)?);
            let signed = signed.with_idempotency_key(request.idempotency_key())?;
            let topic = other.topic().map(str::to_owned);
            let told = topic.as_deref().unwrap_or_default();
            let what = format!("{told}, the other event with the idempotency key");
            plan.push(genuine(what, topic, signed));
        }
        _ => {}
    }
    plan.push(Outgoing { own, first, tampering, behaviour, ..genuine(what, topic, request) });
    Ok(())
}

/// The secret that signs.
fn signing(sender: &MockSender, tampering: Option<Tampering>) -> Result<ShareSecret, MockError> {
    let unwritable = |error| MockError::because(MockErrorKind::UnwritableEvent, error);
    match tampering {
        Some(Tampering::SignatureOfAnotherSecret) => {
            ShareSecret::new("a secret that the endpoint never had").map_err(unwritable)
        }
        // HMAC pads its key with zeros: this is the empty one's, which no `ShareSecret` is.
        Some(Tampering::SignatureOfEmptySecret) => ShareSecret::new("\0").map_err(unwritable),
        Some(Tampering::SignatureOfOldSecret) => old(sender).cloned(),
        _ => Ok(sender.secret.clone()),
    }
}

fn old(sender: &MockSender) -> Result<&ShareSecret, MockError> {
    sender.old_secret.as_ref().ok_or_else(|| MockErrorKind::NoOldSecret.into())
}

fn genuine(what: String, topic: Option<String>, request: WebhookRequest) -> Outgoing {
    let own = request.body().len();
    Outgoing { what, topic, request, own, first: None, tampering: None, behaviour: None }
}
