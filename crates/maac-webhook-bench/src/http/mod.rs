//! The rows over the network: routes of axum and actix-web on loopback, keep-alive HTTP/1.1.
//!
//! Each route has a server with a thread of its own; the load comes from this one. All are up all the
//! time, and one at a time has its turn.

mod actix;
mod axum;
pub(crate) mod inbox;
mod load;
mod routes;
mod server;

use std::{error::Error, sync::Arc, time::Duration};

pub(crate) use self::load::CONNECTIONS;
use tokio::runtime::Runtime;

use self::{
    load::Load,
    routes::Route,
    server::{Framework, Server},
};
use crate::{
    fixture::Fixture,
    harness::{Plan, Rounds},
    report::{Goal, Row},
};

/// What the verified, typed route is compared with, and its share of their requests/s that is the goal.
const PEERS: [(Route, &str, Goal); 4] = [
    (Route::Bare, "bare Bytes", Goal::AtLeast(0.9)),
    (Route::ByHand, "by hand: hmac, hex, subtle, Value", Goal::AtLeast(1.0)),
    (Route::Hmac, "Bytes + HMAC, nothing compared", Goal::None),
    (Route::Unverified, "Bytes + Value, unverified", Goal::None),
];

struct Variant {
    framework: Framework,
    route: Route,
    server: Server,
    load: Load,
    /// The server's CPU nanoseconds per request, of each turn.
    cpu: Vec<f64>,
}

/// The verified, typed route of each framework against its others. Only a fixture `with_goals` has goals.
pub(crate) fn rows(plan: Plan, fixture: &Fixture, with_goals: bool) -> Result<Vec<Row>, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut variants = Vec::new();
    for framework in Framework::ALL {
        for route in Route::ALL {
            let server = Server::start(framework, route)?;
            let load = admitted(&runtime, &server, route, fixture)?;
            variants.push(Variant { framework, route, server, load, cpu: Vec::new() });
        }
    }

    let mut failure = None;
    let rates = Rounds::run(plan, &mut variants, |variant| {
        variant.turn(&runtime, plan.turn).unwrap_or_else(|error| {
            failure = Some(error);
            f64::NAN
        })
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let mut turns: Vec<_> = variants.iter().map(|variant| variant.cpu.iter().copied()).collect();
    let costs = Rounds::run(plan, &mut turns, |cpu| cpu.next().unwrap_or(f64::NAN));

    let mut rows = Vec::new();
    for (ours, variant) in variants.iter().enumerate().filter(|(_, variant)| variant.route == Route::Typed) {
        for (peer, against, goal) in PEERS {
            let is_peer = |other: &Variant| other.framework == variant.framework && other.route == peer;
            let to = variants.iter().position(is_peer).ok_or("a peer without a server")?;
            let row = |figure: &str, rounds: &Rounds, goal, unit| {
                let work = format!("{} {}, {figure}", variant.framework.name(), fixture.name);
                let absolute = (rounds.typical(ours), rounds.typical(to));
                Row { work, against, goal, ratio: rounds.ratio(ours, to), absolute, unit }
            };
            rows.push(row("requests/s", &rates, if with_goals { goal } else { Goal::None }, "req/s"));
            rows.push(row("server CPU", &costs, Goal::None, "ns/req"));
        }
    }
    Ok(rows)
}

impl Variant {
    /// Requests answered per second.
    fn turn(&mut self, runtime: &Runtime, time: Duration) -> Result<f64, Box<dyn Error>> {
        let before = self.server.cpu_nanos()?;
        let (requests, elapsed) = self.load.run(runtime, time)?;
        self.cpu.push((self.server.cpu_nanos()? - before) as f64 / requests as f64);
        Ok(requests as f64 / elapsed.as_secs_f64())
    }
}

/// Connections to a route that tells genuine from forged as it should.
fn admitted(
    runtime: &Runtime,
    server: &Server,
    route: Route,
    fixture: &Fixture,
) -> Result<Load, Box<dyn Error>> {
    let (address, genuine) = (server.address(), fixture.wire()?);
    let status = |request: &[u8]| runtime.block_on(load::status(address, request));
    assert_eq!(status(&genuine)?, 200, "{route:?}");
    assert_eq!(status(&fixture.forged().wire()?)?, route.answer_to_forgery(), "{route:?}");
    let mut load =
        runtime.block_on(Load::connect(address, CONNECTIONS, Arc::new(move || genuine.clone())))?;
    load.run(runtime, Duration::from_millis(50))?;
    Ok(load)
}
