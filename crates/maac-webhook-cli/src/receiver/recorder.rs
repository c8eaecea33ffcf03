//! One thread decides, writes and records, so that concurrent copies of an event see one another.

use std::{io, sync::Arc, thread, time::Duration};

use maac_webhook::{Delivery, Rejection, RejectionKind};
use maac_webhook_inbox::{Accepted, Verdict};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{Accept, KNOWN_EVENTS, line};
use crate::identities::Identities;

/// Where the lines go.
pub(crate) trait Sink: Send + 'static {
    /// Writes a line, its newline included, and does not return before it is out.
    fn write(&mut self, line: &str) -> io::Result<()>;
}

/// Takes deliveries and answers once their lines are written.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Job>,
    bytes: Arc<Semaphore>,
    lost: Arc<Notify>,
}

struct Job {
    delivery: Delivery,
    _held: OwnedSemaphorePermit,
    done: oneshot::Sender<io::Result<Verdict>>,
}

/// Deliveries that may wait for their line at once, and the bytes of their bodies; some may have been given up.
const QUEUE: usize = 1024;
const QUEUED_BYTES: usize = 64 * 1024 * 1024;

/// How long a delivery waits for its line before it is answered 503 and comes back.
const PATIENCE: Duration = Duration::from_secs(3);

impl Recorder {
    /// Starts the thread; it ends once every clone of the recorder is gone and each line is written.
    pub(crate) fn start(sink: impl Sink) -> (Self, thread::JoinHandle<()>) {
        Self::with_room_for(QUEUED_BYTES, sink)
    }

    fn with_room_for(bytes: usize, sink: impl Sink) -> (Self, thread::JoinHandle<()>) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let lost = Arc::new(Notify::new());
        let notify = lost.clone();
        let thread = thread::spawn(move || write_all(jobs, sink, &notify));
        (Self { queue, bytes: Arc::new(Semaphore::new(bytes)), lost }, thread)
    }

    /// Waits until the output is gone for good.
    pub(crate) async fn lost(&self) {
        self.lost.notified().await;
    }

    /// Writes the delivery's line, if it is an event that is not known.
    async fn record(&self, delivery: Delivery) -> Result<Verdict, Rejection> {
        let unavailable = |detail: &str| Rejection::with_detail(RejectionKind::StoreUnavailable, detail);
        let too_many = || unavailable("too many bytes of events wait");
        let bytes = u32::try_from(delivery.body().len()).map_err(|_| too_many())?;
        let held = self.bytes.clone().try_acquire_many_owned(bytes).map_err(|_| too_many())?;
        let (done, written) = oneshot::channel();
        self.queue
            .try_send(Job { delivery, _held: held, done })
            .map_err(|_| unavailable("too many events wait"))?;
        match timeout(PATIENCE, written).await {
            Ok(Ok(Ok(verdict))) => Ok(verdict),
            Ok(Ok(Err(error))) => Err(unavailable(&error.to_string())),
            Ok(Err(_)) => Err(unavailable("the output is gone")),
            Err(_) => Err(unavailable("the output takes no more")),
        }
    }
}

impl Accept for Recorder {
    async fn accept(&self, delivery: Delivery) -> Result<(), Rejection> {
        let verdict = self.record(delivery.clone()).await.map_err(|rejection| rejection.of(&delivery))?;
        Accepted::new(verdict, None, false).log(&delivery);
        Ok(())
    }
}

fn write_all(mut jobs: mpsc::Receiver<Job>, mut sink: impl Sink, lost: &Notify) {
    let mut known = Identities::new(KNOWN_EVENTS);
    // A thread that panics takes nothing more either.
    let _lost = LostOnDrop(lost);
    while let Some(Job { delivery, done, .. }) = jobs.blocking_recv() {
        let result = write(&mut known, &mut sink, &delivery);
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            lost.notify_one();
        }
        // Whoever gave up waiting gets the event again and is told it is known.
        let _ = done.send(result);
    }
}

struct LostOnDrop<'a>(&'a Notify);

impl Drop for LostOnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// An event is recorded only once its line is out: its retry must not be lost to a line that was not.
fn write(known: &mut Identities, sink: &mut impl Sink, delivery: &Delivery) -> io::Result<Verdict> {
    let verdict = known.judge(delivery);
    if verdict.is_handled() {
        sink.write(&line::of(delivery, verdict == Verdict::KeyReused)?)?;
    }
    // A replay is a body that is known; recording it again changes nothing, and its key is not registered.
    known.record(delivery);
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use maac_webhook::{IdempotencyKey, SecretSlot, Signature, StoredDelivery, jiff::Timestamp};

    use super::*;

    /// Takes a line whenever it is told to.
    struct Held(std_mpsc::Receiver<()>);

    impl Sink for Held {
        fn write(&mut self, _: &str) -> io::Result<()> {
            self.0.recv().map_err(io::Error::other)
        }
    }

    fn delivery(body: &'static str) -> Delivery {
        Delivery::dangerous_from_verified_store(StoredDelivery {
            endpoint: "test".into(),
            idempotency_key: IdempotencyKey::parse(body.as_bytes()),
            signature: Signature::from_bytes([0; 32]),
            matched: SecretSlot::Current,
            received_at: Timestamp::UNIX_EPOCH,
            body: body.into(),
        })
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_bytes_and_what_is_beyond_them_comes_back() {
        let (take, taken) = std_mpsc::channel();
        let (recorder, _) = Recorder::with_room_for(10, Held(taken));
        let waiting = tokio::spawn({
            let recorder = recorder.clone();
            async move { recorder.record(delivery("0123456")).await }
        });
        while recorder.bytes.available_permits() >= 4 {
            tokio::task::yield_now().await;
        }
        let refused = recorder.record(delivery("abcd")).await.unwrap_err();
        assert_eq!((refused.kind(), refused.status()), (RejectionKind::StoreUnavailable, 503));
        assert_eq!(refused.detail(), Some("too many bytes of events wait"));

        take.send(()).unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), Verdict::New);
        while recorder.bytes.available_permits() < 10 {
            tokio::task::yield_now().await;
        }
        take.send(()).unwrap();
        assert_eq!(recorder.record(delivery("abcd")).await.unwrap(), Verdict::New);
    }
}
