use std::{future::Future, task::Poll};

use maac_webhook_sender::{HttpTransport, InvalidTarget, Target};

use super::{MockTarget, drive::drive};
use crate::handover::{Answered, Exchange, Exchanges};

/// The kind of target that is a URL.
#[derive(Debug)]
#[non_exhaustive]
pub struct ByUrl;

/// A receiver behind a URL, with the transport that reaches it: one that trusts a certificate of your own, say.
#[derive(Clone, Debug)]
pub struct UrlTarget {
    target: Target,
    transport: HttpTransport,
}

impl UrlTarget {
    /// A receiver that this transport reaches.
    #[must_use]
    pub fn new(target: Target, transport: HttpTransport) -> Self {
        Self { target, transport }
    }
}

impl MockTarget<ByUrl> for UrlTarget {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(Ok(self.target.clone()))
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(self.transport, exchanges, work)
    }
}

impl MockTarget<ByUrl> for Target {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(Ok(self.clone()))
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(HttpTransport::new(), exchanges, work)
    }
}

impl MockTarget<ByUrl> for &Target {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(Ok((*self).clone()))
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(HttpTransport::new(), exchanges, work)
    }
}

impl MockTarget<ByUrl> for &str {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(self.parse())
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(HttpTransport::new(), exchanges, work)
    }
}

impl MockTarget<ByUrl> for String {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(self.parse())
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(HttpTransport::new(), exchanges, work)
    }
}

impl MockTarget<ByUrl> for &String {
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        Some(self.parse())
    }

    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        by(HttpTransport::new(), exchanges, work)
    }
}

fn by<W: Future>(transport: HttpTransport, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
    let call = |transport: &mut HttpTransport, exchange: Exchange| {
        let Exchange { target, request, reply } = exchange;
        let transport = transport.clone();
        let answer = async move {
            let response = transport.send_body(&target, request).await?;
            Ok(Answered { response, rejection: None, in_process: false })
        };
        (answer, reply)
    };
    drive(transport, exchanges, work, |_, _| Poll::Ready(Ok(())), call)
}
