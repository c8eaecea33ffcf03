//! How the sender's attempts reach the receiver: the sender hands each one over to whoever drives the receiver, in
//! the same task. So a service that can be called by one at a time, or on its own thread alone, is a target too.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::Request;
use maac_webhook::RejectionKind;
use maac_webhook_sender::{
    RequestRecord, ResponseRecord, Target, Transport, TransportError, TransportErrorKind,
};
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender},
    oneshot,
};

use crate::{MockBody, body::BodyRead, outgoing::Outgoing};

/// A request on its way to the receiver, and where its answer is waited for.
pub(crate) struct Exchange {
    #[cfg_attr(not(feature = "url"), allow(dead_code, reason = "in process there is nowhere to go"))]
    pub(crate) target: Target,
    pub(crate) request: Request<MockBody>,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// What comes of an attempt.
pub(crate) type Answer = Result<Answered, TransportError>;

/// A response, and in process why the receiver rejected the request.
pub(crate) struct Answered {
    pub(crate) response: ResponseRecord,
    pub(crate) rejection: Option<RejectionKind>,
    /// Whether what was taken of the body is what the receiver read: a socket takes more.
    pub(crate) in_process: bool,
}

/// The requests on their way to one target.
pub struct Exchanges(pub(crate) UnboundedReceiver<Exchange>);

/// The transport of one event.
pub(crate) struct Handover<'a> {
    pub(crate) outgoing: &'a Outgoing,
    pub(crate) exchanges: UnboundedSender<Exchange>,
    pub(crate) log: Log,
}

/// What was sent by each attempt, and what was answered without being heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Logged>>>);

#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) request: RequestRecord,
    pub(crate) length: u64,
    pub(crate) read: BodyRead,
    pub(crate) in_process: bool,
    pub(crate) unheard: Option<ResponseRecord>,
    pub(crate) rejection: Option<RejectionKind>,
}

impl Log {
    fn with<R>(&self, change: impl FnOnce(&mut Vec<Logged>) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn take(&self) -> Vec<Logged> {
        self.with(std::mem::take)
    }
}

impl Transport for Handover<'_> {
    async fn send(&self, target: &Target, _: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
        // The sender's own request is the first attempt's of a genuine event. What goes out may be another.
        let (number, request) = self.log.with(|log| {
            let (record, request) = self.outgoing.attempt(log.len() + 1, target);
            let (length, read) = (request.body().len(), request.body().read());
            log.push(Logged {
                request: record,
                length,
                read,
                in_process: false,
                unheard: None,
                rejection: None,
            });
            (log.len(), request)
        });
        let gone = || TransportError::new(TransportErrorKind::Closed, "the receiver is gone");
        let (reply, answer) = oneshot::channel();
        let exchange = Exchange { target: target.clone(), request, reply };
        self.exchanges.send(exchange).map_err(|_| gone())?;
        let Answered { response, rejection, in_process } = answer.await.map_err(|_| gone())??;
        let lost = self.outgoing.unheard(number);
        self.log.with(|log| {
            let Some(logged) = log.last_mut() else { return };
            logged.rejection = rejection;
            logged.in_process = in_process;
            logged.unheard = lost.is_some().then(|| response.clone());
        });
        lost.map_or(Ok(response), Err)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchanges").finish_non_exhaustive()
    }
}
