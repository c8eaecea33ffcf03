//! What is measured. All inputs of a batch are made before the first of them is measured, and without a branch by
//! their class: the processor would know it from there.

use std::{cell::RefCell, hint::black_box, rc::Rc};

use bytes::Bytes;
use fastrand::Rng;
use maac_webhook::{Endpoint, RequestHead, ShareSecret, ShareSecrets, Signature, Verifier};

use super::statistics::Class;

/// A comparison takes some nanoseconds, fewer than a clock tells: so many are one sample.
const COMPARISONS: usize = 100;

type Prepare = Box<dyn FnMut(&[Class], &mut Rng)>;

/// A pair of classes, and the code that must take as long for both.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) is_naive: bool,
    /// Makes one input of each class that is named.
    pub(super) prepare: Prepare,
    /// Works on the input of this number.
    pub(super) measured: Box<dyn FnMut(usize)>,
}

/// Where a digest differs from the expected one.
#[derive(Clone, Copy)]
enum Differs {
    Nowhere,
    First,
    Last,
}

pub(super) fn all() -> Vec<Subject> {
    use Differs::{First, Last, Nowhere};
    vec![
        naive("naive `==`: first byte wrong or equal", First, Nowhere),
        naive("naive `==`: first byte wrong or last", First, Last),
        compared("signatures compared: first byte wrong or equal", First, Nowhere),
        compared("signatures compared: last byte wrong or equal", Last, Nowhere),
        compared("signatures compared: first byte wrong or last", First, Last),
        verified(
            "request verified: first byte wrong or last",
            ShareSecrets::new(current()),
            by(current, First),
            by(current, Last),
        ),
        verified(
            "two secrets, request verified: the current one's first byte wrong or last",
            both(),
            by(current, First),
            by(current, Last),
        ),
        verified(
            "two secrets, request verified: the previous one's first byte wrong or last",
            both(),
            by(previous, First),
            by(previous, Last),
        ),
        verified(
            "two secrets, request verified: nearly the current one's or nearly the previous one's",
            both(),
            by(current, Last),
            by(previous, Last),
        ),
        verified(
            "two secrets, request accepted: the current one's or the previous one's",
            both(),
            by(current, Nowhere),
            by(previous, Nowhere),
        ),
    ]
}

fn current() -> ShareSecret {
    ShareSecret::new("3f8a5c0e9d7b4261a0f6e5d4c3b2a190").expect("a secret")
}

fn previous() -> ShareSecret {
    ShareSecret::new("0c9a7d1e5b3f4826a1d2c3b4e5f60718").expect("a secret")
}

/// The previous one is live for ten minutes, longer than a run takes.
fn both() -> ShareSecrets {
    let secrets = ShareSecrets::new(previous());
    secrets.rotate(current(), ShareSecrets::MAX_OVERLAP);
    secrets
}

fn altered(signature: [u8; 32], differs: Differs, random: &mut Rng) -> [u8; 32] {
    let mut bytes = signature;
    let by = random.u8(1..);
    match differs {
        Differs::Nowhere => {}
        Differs::First => bytes[0] ^= by,
        Differs::Last => bytes[31] ^= by,
    }
    bytes
}

/// One of two that were both made, without a branch.
fn of_class<T: Clone>(class: Class, both: &[T; 2]) -> T {
    black_box(both)[class as usize].clone()
}

/// Both sides as text, as a receiver of one's own would have them.
fn naive(name: &'static str, one: Differs, other: Differs) -> Subject {
    let text = |bytes| Signature::from_bytes(bytes).to_string().into_bytes();
    comparison(name, true, one, other, text, |one, other| one == other)
}

fn compared(name: &'static str, one: Differs, other: Differs) -> Subject {
    comparison(name, false, one, other, Signature::from_bytes, |one, other| one == other)
}

fn comparison<T: Clone + 'static>(
    name: &'static str,
    is_naive: bool,
    one: Differs,
    other: Differs,
    side: fn([u8; 32]) -> T,
    equal: fn(&T, &T) -> bool,
) -> Subject {
    let inputs = Rc::new(RefCell::new(Vec::new()));
    let prepared = inputs.clone();
    Subject {
        name,
        is_naive,
        prepare: Box::new(move |classes, random| {
            let mut input = |class: &Class| {
                let expected = random_digest(random);
                let both = [altered(expected, one, random), altered(expected, other, random)];
                (side(expected), side(of_class(*class, &both)))
            };
            *prepared.borrow_mut() = classes.iter().map(&mut input).collect();
        }),
        measured: Box::new(move |number| {
            let (expected, sent) = &inputs.borrow()[number];
            for _ in 0..COMPARISONS {
                black_box(equal(black_box(expected), black_box(sent)));
            }
        }),
    }
}

fn random_digest(random: &mut Rng) -> [u8; 32] {
    let mut digest = [0; 32];
    random.fill(&mut digest);
    digest
}

fn by(secret: fn() -> ShareSecret, differs: Differs) -> impl Fn(&[u8], &mut Rng) -> [u8; 64] {
    move |body, random| {
        let signature = Signature::sign(&secret(), body);
        let text = Signature::from_bytes(altered(*signature.as_bytes(), differs, random)).to_string();
        text.as_bytes().try_into().expect("64 digits")
    }
}

/// A whole request, from its header to the decision. What is decided is dropped once the whole batch is.
fn verified(
    name: &'static str,
    secrets: ShareSecrets,
    one: impl Fn(&[u8], &mut Rng) -> [u8; 64] + 'static,
    other: impl Fn(&[u8], &mut Rng) -> [u8; 64] + 'static,
) -> Subject {
    let verifier = Verifier::new(Endpoint::new("crm", secrets));
    let requests = Rc::new(RefCell::new(Vec::new()));
    let decided = Rc::new(RefCell::new(Vec::new()));
    let (prepared, emptied) = (requests.clone(), decided.clone());
    Subject {
        name,
        is_naive: false,
        prepare: Box::new(move |classes, random| {
            let mut input = |class: &Class| {
                let body =
                    format!(r#"{{"timestamp": "2025-11-28T10:00:00.{:06}+08:00"}}"#, random.u32(..1_000_000));
                let both = [one(body.as_bytes(), random), other(body.as_bytes(), random)];
                (of_class(*class, &both), Bytes::from(body))
            };
            *prepared.borrow_mut() = classes.iter().map(&mut input).collect();
            *emptied.borrow_mut() = Vec::with_capacity(classes.len());
        }),
        measured: Box::new(move |number| {
            let (signature, body) = &requests.borrow()[number];
            let head = RequestHead::new([black_box(&signature[..])], []);
            decided.borrow_mut().push(black_box(verifier.verify(head, body.clone())));
        }),
    }
}
