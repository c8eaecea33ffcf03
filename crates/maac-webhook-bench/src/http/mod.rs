//! The rows over the network: axum routes on loopback, keep-alive HTTP/1.1.
//!
//! The server has a thread of its own; the load comes from this one. All routes are up all the time.

mod load;
mod routes;
mod server;

use std::{error::Error, time::Duration};

pub(crate) use self::load::CONNECTIONS;
use tokio::runtime::Runtime;

use self::{load::Load, routes::Route, server::Server};
use crate::{
    fixture::Fixture,
    harness::{Plan, Rounds},
    report::{Goal, Row},
};

struct Variant {
    load: Load,
    /// The server's CPU nanoseconds per request, of each turn.
    cpu: Vec<f64>,
}

/// The verified, typed route against the others. Only a fixture `with_goals` has goals.
pub(crate) fn rows(plan: Plan, fixture: &Fixture, with_goals: bool) -> Result<Vec<Row>, Box<dyn Error>> {
    let server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut variants = Vec::new();
    for route in Route::ALL {
        let load = admitted(&runtime, &server, route, fixture)?;
        variants.push(Variant { load, cpu: Vec::new() });
    }

    let turn = |variant: &mut Variant| -> Result<f64, Box<dyn Error>> {
        let before = server.cpu_nanos()?;
        let (requests, elapsed) = variant.load.run(&runtime, plan.turn)?;
        variant.cpu.push((server.cpu_nanos()? - before) as f64 / requests as f64);
        Ok(requests as f64 / elapsed.as_secs_f64())
    };
    let mut failure = None;
    let rates = Rounds::run(plan, &mut variants, |variant| {
        turn(variant).unwrap_or_else(|error| {
            failure = Some(error);
            f64::NAN
        })
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let mut turns: Vec<_> = variants.into_iter().map(|variant| variant.cpu.into_iter()).collect();
    let costs = Rounds::run(plan, &mut turns, |cpu| cpu.next().unwrap_or(f64::NAN));

    let goal = |least| if with_goals { Goal::AtLeast(least) } else { Goal::None };
    let mut rows = Vec::new();
    for (to, against, goal) in [
        (Route::Bare, "bare Bytes", goal(0.9)),
        (Route::ByHand, "by hand: hmac, hex, subtle, Value", goal(1.0)),
        (Route::Hmac, "Bytes + HMAC, nothing compared", Goal::None),
        (Route::Unverified, "Bytes + Value, unverified", Goal::None),
    ] {
        let row = |figure: &str, rounds: &Rounds, goal, unit| {
            let (ours, to) = (Route::Typed as usize, to as usize);
            let work = format!("axum {}, {figure}", fixture.name);
            let absolute = (rounds.typical(ours), rounds.typical(to));
            Row { work, against, goal, ratio: rounds.ratio(ours, to), absolute, unit }
        };
        rows.push(row("requests/s", &rates, goal, "req/s"));
        rows.push(row("server CPU", &costs, Goal::None, "ns/req"));
    }
    Ok(rows)
}

/// Connections to a route that tells genuine from forged as it should.
fn admitted(
    runtime: &Runtime,
    server: &Server,
    route: Route,
    fixture: &Fixture,
) -> Result<Load, Box<dyn Error>> {
    let (address, genuine) = (server.address(route), fixture.wire()?);
    let status = |request: &[u8]| runtime.block_on(load::status(address, request));
    assert_eq!(status(&genuine)?, 200, "{route:?}");
    assert_eq!(status(&fixture.forged().wire()?)?, route.answer_to_forgery(), "{route:?}");
    let mut load = runtime.block_on(Load::connect(address, genuine))?;
    load.run(runtime, Duration::from_millis(50))?;
    Ok(load)
}
