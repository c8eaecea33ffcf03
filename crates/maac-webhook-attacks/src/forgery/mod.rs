//! Mutated signatures, bodies and secrets: each is really another than the genuine one, none may be accepted, and
//! the genuine ones must be, in the same run.

mod genuine;
mod mutation;

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fastrand::Rng;
use maac_webhook::{
    Delivery, Endpoint, Rejection, RequestHead, ShareSecret, ShareSecrets, Signature, Verifier,
};

use genuine::Genuine;
use mutation::{Forged, Kind};

/// How often the genuine request is sent again, in forgeries.
const GENUINE_EACH: u64 = 1000;

/// What came of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Forgeries of each kind that were sent.
    pub sent: Vec<(Kind, u64)>,
    /// The forgeries that were accepted, at most a few of each thread's.
    pub accepted: Vec<String>,
    /// Genuine requests, and how many of them were accepted.
    pub genuine: u64,
    /// Of these, those that were accepted.
    pub genuine_accepted: u64,
    /// What the forgeries were drawn from.
    pub seed: u64,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// How many forgeries were sent.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.sent.iter().map(|(_, count)| count).sum()
    }

    /// Whether no forgery was accepted, and each genuine request was.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.accepted.is_empty()
            && self.genuine > 0
            && self.genuine_accepted == self.genuine
            && self.sent.iter().all(|(_, count)| *count > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} forgeries, {} accepted; {} genuine requests, {} accepted; seed {}, {:.1} s",
            self.count(),
            self.accepted.len(),
            self.genuine,
            self.genuine_accepted,
            self.seed,
            self.took.as_secs_f64(),
        )?;
        for (kind, count) in &self.sent {
            writeln!(f, "  {count:>9} {kind}")?;
        }
        self.accepted.iter().try_for_each(|forged| writeln!(f, "ACCEPTED: {forged}"))
    }
}

/// Sends so many forgeries, on as many threads as the machine has.
#[must_use]
pub fn run(count: u64, seed: u64) -> Report {
    let begun = Instant::now();
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let shares =
        (0..threads).map(|thread| (count / threads + u64::from(thread < count % threads), seed + thread));
    let parts: Vec<Part> = thread::scope(|scope| {
        let running: Vec<_> = shares
            .map(|(count, seed)| scope.spawn(move || Part::run(count, &mut Rng::with_seed(seed))))
            .collect();
        running.into_iter().map(|part| part.join().expect("it does not panic")).collect()
    });
    let sent = |kind: usize| parts.iter().map(|part| part.sent[kind]).sum();
    Report {
        sent: Kind::ALL.iter().enumerate().map(|(index, kind)| (*kind, sent(index))).collect(),
        genuine: parts.iter().map(|part| part.genuine).sum(),
        genuine_accepted: parts.iter().map(|part| part.genuine_accepted).sum(),
        accepted: parts.into_iter().flat_map(|part| part.accepted).collect(),
        seed,
        took: begun.elapsed(),
    }
}

/// What one thread sent.
struct Part {
    sent: [u64; Kind::ALL.len()],
    accepted: Vec<String>,
    genuine: u64,
    genuine_accepted: u64,
}

impl Part {
    const SHOWN: usize = 5;

    fn run(count: u64, random: &mut Rng) -> Self {
        let mut part =
            Self { sent: [0; Kind::ALL.len()], accepted: Vec::new(), genuine: 0, genuine_accepted: 0 };
        let events: Vec<Genuine> = genuine::all();
        let receivers: Vec<[Verifier; 2]> = events.iter().map(verifiers).collect();
        for number in 0..count {
            let which = random.usize(..events.len());
            let (genuine, receivers) = (&events[which], &receivers[which]);
            // Every other one while two secrets are live.
            let receiver = &receivers[random.usize(..2)];
            if number % GENUINE_EACH == 0 {
                part.genuine += 1;
                let verified = verify(receiver, genuine.signature.as_bytes(), &genuine.body, random);
                part.genuine_accepted +=
                    u64::from(verified.is_ok_and(|delivery| delivery.body() == &genuine.body));
            }
            let kind = random.usize(..Kind::ALL.len());
            let forged = Forged::of(Kind::ALL[kind], genuine, random);
            assert!(forged.is_other_than(genuine), "{forged:?} is no forgery");
            part.sent[kind] += 1;
            if verify(receiver, &forged.signature, &forged.body, random).is_ok()
                && part.accepted.len() < Self::SHOWN
            {
                part.accepted.push(format!("{forged:?} of {genuine:?}"));
            }
        }
        part
    }
}

/// One with the secret alone, and one where it was just changed and the genuine one is the one before.
fn verifiers(genuine: &Genuine) -> [Verifier; 2] {
    let secret = || ShareSecret::new(genuine.secret.as_str()).expect("a secret");
    let rotated = ShareSecrets::new(secret());
    rotated
        .rotate(ShareSecret::new("another secret altogether").expect("a secret"), ShareSecrets::MAX_OVERLAP);
    [ShareSecrets::new(secret()), rotated].map(|secrets| Verifier::new(Endpoint::new("crm", secrets)))
}

/// At once, or in two pieces.
fn verify(
    receiver: &Verifier,
    signature: &[u8],
    body: &Bytes,
    random: &mut Rng,
) -> Result<Delivery, Rejection> {
    let head = RequestHead::new([signature], []);
    if random.bool() {
        return receiver.verify(head, body.clone());
    }
    let mut verification = receiver.begin(head)?;
    let at = random.usize(..=body.len());
    verification.update(body.slice(..at))?;
    verification.update(body.slice(at..))?;
    verification.finish()
}

/// The signature's text.
fn sign(secret: &str, body: &[u8]) -> Option<String> {
    Some(Signature::sign(&ShareSecret::new(secret).ok()?, body).to_string())
}
