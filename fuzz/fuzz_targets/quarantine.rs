//! Whose request it is, as a stranger's headers tell; and what is kept of requests that do not verify.

#![no_main]

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use maac_webhook::{
    Endpoint, ProxyNetwork, Quarantine, RejectionKind, RequestHead, ShareSecret, ShareSecrets, Signature,
    TrustedProxies, Unverified, Verifier, event::Envelope, jiff::Timestamp,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    connection: IpAddr,
    trusted: Vec<&'a str>,
    made_up: &'a [u8],
    forwarded_for: Vec<&'a [u8]>,
    is_rotating: bool,
    knows_the_secret: bool,
    body: Body<'a>,
}

#[derive(Arbitrary, Debug)]
enum Body<'a> {
    Raw(&'a [u8]),
    /// With a timestamp so many seconds from now.
    Sent {
        seconds: i16,
        data: &'a [u8],
    },
}

impl Body<'_> {
    fn bytes(&self) -> Bytes {
        match self {
            Self::Raw(bytes) => Bytes::copy_from_slice(bytes),
            Self::Sent { seconds, data } => {
                let distance = Duration::from_secs(u64::from(seconds.unsigned_abs()));
                let now = Timestamp::now();
                let sent = if *seconds < 0 { now - distance } else { now + distance };
                let head = format!(r#"{{"timestamp": "{sent}", "topic": "t", "data": "#);
                [head.as_bytes(), data, b"}"].concat().into()
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Kept {
    requests: Arc<Mutex<Vec<Unverified>>>,
    is_rotating: bool,
}

impl Quarantine for Kept {
    fn keep(&self, unverified: Unverified) {
        self.requests.lock().expect("no panic before").push(unverified);
    }

    fn is_rotating(&self) -> bool {
        self.is_rotating
    }
}

fuzz_target!(|input: Input<'_>| {
    let peer = peer_of(&input);
    kept(&input, peer);
});

/// What stands before what the nearest stranger's proxy told changes nothing.
fn peer_of(input: &Input<'_>) -> IpAddr {
    let networks = input.trusted.iter().filter_map(|text| text.parse::<ProxyNetwork>().ok());
    let proxies = TrustedProxies::new(networks);
    let peer = proxies.peer(input.connection, input.forwarded_for.iter().copied());
    if !proxies.contains(input.connection) {
        assert_eq!(peer, input.connection.to_canonical());
    }
    if !proxies.contains(peer) {
        let more = [input.made_up].into_iter().chain(input.forwarded_for.iter().copied());
        assert_eq!(proxies.peer(input.connection, more.collect::<Vec<_>>()), peer);
    }
    assert_eq!(peer, peer.to_canonical());
    peer
}

/// A request is kept where it looks like an event, to the byte, and is an event under its own secret alone.
fn kept(input: &Input<'_>, peer: IpAddr) {
    let [old, new, other] = ["old", "new", "other"].map(|text| ShareSecret::new(text).expect("a secret"));
    let secrets = ShareSecrets::new(if input.knows_the_secret { new.clone() } else { old });
    let quarantine = Kept { requests: Arc::default(), is_rotating: input.is_rotating };
    let endpoint = Endpoint::new("crm", secrets.clone()).with_quarantine(quarantine.clone());
    let body = input.body.bytes();
    let signature = Signature::sign(&new, &body).to_string();
    let head = RequestHead::new([signature.as_bytes()], []).with_peer(Some(peer));
    let verified = Verifier::new(endpoint.clone()).verify(head, body.clone());

    let kept = quarantine.requests.lock().expect("no panic before");
    if input.knows_the_secret {
        assert_eq!(verified.expect("it is signed with it").peer(), Some(peer));
        assert!(kept.is_empty());
        return;
    }
    let rotating =
        if input.is_rotating { RejectionKind::SecretRotating } else { RejectionKind::SignatureMismatch };
    assert_eq!(verified.expect_err("another secret").kind(), rotating);
    let Some(request) = kept.first() else { return };
    assert!(request.looks_like_an_event() && request.body.len() <= Unverified::BODY_LIMIT);
    assert!(Envelope::read(&request.body).is_ok_and(|envelope| envelope.timestamp().is_some()));
    assert_eq!((&request.body, request.peer), (&body, Some(peer)));
    assert!(request.verify(&endpoint).is_none());
    secrets.set(other);
    assert!(request.verify(&endpoint).is_none());
    secrets.set(new);
    assert_eq!(request.verify(&endpoint).expect("its own secret").body(), &body);
}
