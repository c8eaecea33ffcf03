//! A request in every shape, and what the rules make of it. What a web framework makes of it is a
//! [`Server`]'s to tell.

mod input;
mod io;
mod model;

use std::time::Duration;

use maac_webhook::{Endpoint, RejectionKind, ShareSecret, ShareSecrets};

pub use input::{Answer, Connection, Frame, Input, OneRequest, Secrets};
pub use io::Io;

use model::{Expected, expected, is_genuine};

/// The largest body that is taken. Small, so that inputs over it are found.
pub const BODY_LIMIT: usize = 300;

/// The header that says what the handler is to answer; 200 without it.
pub const ANSWER: &str = "x-answer";

const CURRENT: &str = "the-current-secret";
const PREVIOUS: &str = "the-secret-before";

/// A delivery that the handler was called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    pub signatures: Vec<Vec<u8>>,
    pub body: Vec<u8>,
}

/// What came of one request that was handed over without a wire.
#[derive(Debug)]
pub struct Outcome {
    pub status: u16,
    pub rejection: Option<RejectionKind>,
    pub body: Vec<u8>,
}

/// A framework around the rules: the layer or middleware, and a handler that remembers its calls.
pub trait Server {
    /// Whether a request with both `Content-Length` and `Transfer-Encoding` is refused. Else the second counts
    /// alone, and the connection is closed.
    const REFUSES_BOTH_LENGTHS: bool;

    /// Serves one connection to its end.
    fn serve(&self, endpoint: &Endpoint, io: Io) -> Vec<Handled>;

    /// Hands over one request, if the framework can express it.
    fn call(&self, endpoint: &Endpoint, request: &OneRequest<'_>) -> Option<(Outcome, Vec<Handled>)>;
}

/// The endpoint whose secrets these are. It is made anew for each input: an overlap ends by the clock.
fn endpoint(secrets: Secrets) -> Endpoint {
    let secret = |text| ShareSecret::new(text).expect("a secret");
    let loaded = match secrets {
        Secrets::None => ShareSecrets::empty(),
        Secrets::Current => ShareSecrets::new(secret(CURRENT)),
        Secrets::Rotating => {
            let secrets = ShareSecrets::new(secret(PREVIOUS));
            secrets.rotate(secret(CURRENT), ShareSecrets::MAX_OVERLAP);
            secrets
        }
    };
    Endpoint::new("crm", loaded).with_body_limit(BODY_LIMIT).with_body_timeout(Duration::from_secs(5))
}

/// Fails where the framework decides otherwise than the model.
pub fn check<S: Server>(server: &S, input: Input<'_>) {
    match input {
        Input::Connection(connection) => check_connection(server, &connection),
        Input::Request(request) => check_request(server, &request),
        Input::Bytes { secrets, bytes, reads } => check_bytes(server, secrets, bytes, reads),
    }
}

/// Requests one after another: each answer is the model's, until the connection ends; and no call of the handler
/// goes without its answer, or comes out of order.
fn check_connection<S: Server>(server: &S, connection: &Connection<'_>) {
    let requests = &connection.requests[..connection.requests.len().min(3)];
    let Some(first) = requests.first() else { return };
    let mut wire = Vec::new();
    let (mut answers, mut handled) = (Vec::new(), Vec::new());
    let mut is_open = true;
    for request in requests {
        let (bytes, end) = request.bytes();
        wire.extend(bytes);
        // What follows a suspicious request is sent, and must not be looked at.
        if is_open {
            match expected::<S>(request, connection.secrets) {
                Expected::Handled(call, status) => {
                    handled.push(call);
                    answers.push(status);
                }
                Expected::Rejected(kind) => answers.push(kind.status()),
                Expected::RefusedByTheServer => answers.push(400),
            }
        }
        is_open &= !end.closes();
        if end.is_broken() {
            break;
        }
    }
    let (io, output) = Io::new(wire, connection.reads);
    let calls = server.serve(&endpoint(connection.secrets), io);
    let statuses = output.statuses();
    assert!(handled.starts_with(&calls), "{calls:?} handled, and not {handled:?}");
    assert!(answers.starts_with(&statuses), "{statuses:?} answered, and not {answers:?}");
    let answered = statuses
        .iter()
        .zip(requests)
        .filter(|(_, request)| matches!(expected::<S>(request, connection.secrets), Expected::Handled(..)));
    assert_eq!(
        answered.count(),
        calls.len(),
        "a delivery was handled and not answered, or the other way round"
    );
    let (_, end) = first.bytes();
    assert!(end.is_broken() || !statuses.is_empty(), "no answer");
}

/// One request whose body is the framework's own: it can stall and break off anywhere.
fn check_request<S: Server>(server: &S, request: &OneRequest<'_>) {
    let Some((outcome, calls)) = server.call(&endpoint(request.secrets), request) else { return };
    match model::expected_of_frames(request) {
        Expected::Handled(call, status) => {
            assert_eq!(calls, [call]);
            let refused = (status != outcome.status).then_some(outcome.status);
            assert_eq!(refused, None, "it should have been answered {status}");
        }
        Expected::Rejected(kind) => {
            assert_eq!(calls, []);
            assert_eq!((outcome.status, outcome.rejection), (kind.status(), Some(kind)));
            assert!(outcome.body.is_empty(), "a rejection says nothing");
        }
        Expected::RefusedByTheServer => unreachable!("there is none"),
    }
}

/// Any bytes at all: whatever the handler is called with is signed, and every answer is one of those that there are.
fn check_bytes<S: Server>(server: &S, secrets: Secrets, bytes: &[u8], reads: &[u8]) {
    let (io, output) = Io::new(bytes.to_vec(), reads);
    for call in server.serve(&endpoint(secrets), io) {
        assert!(is_genuine(&call, secrets), "handled, and not genuine: {call:?}");
    }
    let by_the_server = [100, 400, 404, 405, 408, 413, 414, 417, 431, 501, 505];
    let by_the_table = RejectionKind::ALL.iter().map(|kind| kind.status());
    let by_the_handler = [200];
    for status in output.statuses() {
        let mut known = by_the_table.clone().chain(by_the_server).chain(by_the_handler);
        let is_known = known.any(|known| known == status) || model::asks_for(bytes, status);
        assert!(is_known, "{status} was answered");
    }
}
