//! The rows without a network: verification, and verification with the event read.

use std::error::Error;

use http::request::Parts;
use maac_webhook::{Delivery, Endpoint, Event, RejectionKind, RequestHead, Verifier, headers};
use maac_webhook_tower::request_head;

use crate::{
    fixture::{self, Fixture},
    harness::{Plan, Rounds, Work},
    peers::{self, BareHmac, StandardRequest},
    report::{Goal, Row},
};

/// Verification alone against the HMAC it cannot do without.
pub(crate) fn verify_row(plan: Plan, fixture: &Fixture) -> Result<Row, Box<dyn Error>> {
    let verifier = verifier()?;
    let verify = |fixture: &Fixture| {
        let head = RequestHead::new([fixture.signature.as_bytes()], [fixture::IDEMPOTENCY_KEY.as_bytes()]);
        verifier.verify(head, fixture.body.clone())
    };
    let bare = BareHmac::new(fixture::KEY)?;

    let delivery = verify(fixture).map_err(|rejection| rejection.to_string())?;
    assert_eq!(delivery.signature().as_bytes(), &bare.digest(fixture.body.clone()));
    let forgery = verify(&fixture.forged()).expect_err("a forgery was admitted");
    assert_eq!(forgery.kind(), RejectionKind::SignatureMismatch);

    let mut work = [
        Work::new(plan.turn, || verify(fixture)),
        Work::new(plan.turn, || bare.digest(fixture.body.clone())),
    ];
    let rounds = Rounds::run(plan, &mut work, Work::nanos);
    Ok(row(&rounds, format!("verify {}", fixture.name), 1, "bare HMAC, keyed", Goal::AtMost(1.05)))
}

/// Verification and the typed event, against the peers' verification and a `Value`. Only the first
/// fixture's rows have a goal.
pub(crate) fn event_rows(plan: Plan, fixtures: &[Fixture]) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (index, fixture) in fixtures.iter().enumerate() {
        let goal = if index == 0 { Goal::AtMost(0.6) } else { Goal::None };
        rows.extend(event_rows_of(plan, fixture, goal)?);
    }
    Ok(rows)
}

fn event_rows_of(plan: Plan, fixture: &Fixture, goal: Goal) -> Result<Vec<Row>, Box<dyn Error>> {
    let verifier = verifier()?;
    let head = fixture.head()?;
    let ours = |fixture: &Fixture| typed(&verifier, &head, fixture);
    let by_hand = |body: &[u8]| {
        let signature = head.headers.get(headers::SIGNATURE)?;
        peers::by_hand(fixture::KEY, signature.as_bytes(), body)
    };
    let secret = peers::whsec(fixture::KEY);
    let (svix, standard) = (svix::webhooks::Webhook::new(&secret)?, standardwebhooks::Webhook::new(&secret)?);
    let standard_request = StandardRequest::new(fixture)?;
    let svix_request = StandardRequest::new(fixture)?.svix();

    let forged = fixture.forged();
    assert!(!matches!(ours(fixture), None | Some(Event::Unknown(_))), "{} was not read", fixture.name);
    assert!(ours(&forged).is_none());
    assert!(peers::svix(&svix, &svix_request).is_some());
    assert!(peers::svix(&svix, &svix_request.with_body(forged.body.clone())).is_none());
    assert!(peers::standardwebhooks(&standard, &standard_request).is_some());
    assert!(peers::standardwebhooks(&standard, &standard_request.with_body(forged.body.clone())).is_none());
    assert!(by_hand(&fixture.body).is_some());
    assert!(by_hand(&forged.body).is_none());

    let turn = plan.turn;
    let mut work = [
        Work::new(turn, || ours(fixture)),
        Work::new(turn, || peers::svix(&svix, &svix_request)),
        Work::new(turn, || peers::standardwebhooks(&standard, &standard_request)),
        Work::new(turn, || by_hand(&fixture.body)),
    ];
    let rounds = Rounds::run(plan, &mut work, Work::nanos);
    let row = |to, against, goal| row(&rounds, format!("event {}", fixture.name), to, against, goal);
    Ok(vec![
        row(1, "svix + Value", goal),
        row(2, "standardwebhooks + Value", goal),
        row(3, "by hand + Value", Goal::None),
    ])
}

fn verifier() -> Result<Verifier, Box<dyn Error>> {
    Ok(Verifier::new(Endpoint::new("bench", fixture::share_secret()?)))
}

fn typed(verifier: &Verifier, head: &Parts, fixture: &Fixture) -> Option<Event> {
    verifier.verify(request_head(head), fixture.body.clone()).as_ref().map(Delivery::event).ok()
}

fn row(rounds: &Rounds, work: String, to: usize, against: &'static str, goal: Goal) -> Row {
    let absolute = (rounds.typical(0), rounds.typical(to));
    Row { work, against, goal, ratio: rounds.ratio(0, to), absolute, unit: "ns" }
}
