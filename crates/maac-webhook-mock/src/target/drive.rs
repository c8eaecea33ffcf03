use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use maac_webhook_sender::TransportError;
use tokio::sync::oneshot;

use crate::handover::{Answer, Exchange, Exchanges};

/// Does the work, and carries out meanwhile what it asks of the service: as many exchanges at once as there are, each
/// begun once the service is ready, and dropped when its answer is not waited for any more.
pub(super) async fn drive<S, F, W>(
    mut service: S,
    Exchanges(mut exchanges): Exchanges,
    work: W,
    ready: impl Fn(&mut S, &mut Context<'_>) -> Poll<Result<(), TransportError>>,
    call: impl Fn(&mut S, Exchange) -> (F, oneshot::Sender<Answer>),
) -> W::Output
where
    F: Future<Output = Answer>,
    W: Future,
{
    let mut work = pin!(work);
    let mut waiting = VecDeque::new();
    let mut running: Vec<Running<F>> = Vec::new();
    poll_fn(|context| {
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let mut answered = false;
            while let Poll::Ready(Some(exchange)) = exchanges.poll_recv(context) {
                waiting.push_back(exchange);
            }
            waiting.retain(|exchange: &Exchange| !exchange.reply.is_closed());
            while !waiting.is_empty() {
                let Poll::Ready(ready) = ready(&mut service, context) else { break };
                let Some(exchange) = waiting.pop_front() else { break };
                match ready {
                    Ok(()) => {
                        let (future, reply) = call(&mut service, exchange);
                        running.push(Running { future: Box::pin(future), reply: Some(reply) });
                    }
                    Err(error) => {
                        answered = true;
                        // Whoever waits no more needs no answer.
                        let _ = exchange.reply.send(Err(error));
                    }
                }
            }
            running.retain_mut(|running| {
                let ended = running.poll(context).is_ready();
                answered |= ended;
                !ended
            });
            if !answered {
                return Poll::Pending;
            }
        }
    })
    .await
}

struct Running<F> {
    future: Pin<Box<F>>,
    reply: Option<oneshot::Sender<Answer>>,
}

impl<F: Future<Output = Answer>> Running<F> {
    /// Whether it has ended, or its answer is not waited for.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(reply) = &mut self.reply else { return Poll::Ready(()) };
        if reply.poll_closed(context).is_ready() {
            return Poll::Ready(());
        }
        self.future.as_mut().poll(context).map(|answer| {
            if let Some(reply) = self.reply.take() {
                let _ = reply.send(answer);
            }
        })
    }
}
