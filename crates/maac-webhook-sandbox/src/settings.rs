use std::path::PathBuf;

use maac_webhook_sender::{Clock, HttpTransport, RetrySchedule, TargetPolicy, platform::PlainHttp};

use crate::SqliteLog;

/// How a sandbox is run: unless told otherwise with nothing kept after its end.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) file: Option<PathBuf>,
    pub(crate) retention: u64,
    pub(crate) plain_http: PlainHttp,
    pub(crate) transport: HttpTransport,
    pub(crate) schedule: RetrySchedule,
    pub(crate) clock: Clock,
}

impl Settings {
    /// MAAC's own behaviour, in memory. Endpoints on this machine alone are delivered to, and may do without `https`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            file: None,
            retention: SqliteLog::DEFAULT_RETENTION,
            plain_http: PlainHttp::Loopback,
            transport: HttpTransport::new().with_target_policy(TargetPolicy::loopback()),
            schedule: RetrySchedule::default(),
            clock: Clock::system(),
        }
    }

    /// Keeps what is set up, what was pushed and opened, and the log, in this SQLite file, which is made where there is none.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Sets how many deliveries, and how many events, the log keeps: unless told otherwise
    /// [`SqliteLog::DEFAULT_RETENTION`].
    #[must_use]
    pub fn with_retention(mut self, deliveries: u64) -> Self {
        self.retention = deliveries;
        self
    }

    /// Sets where an endpoint's URL may begin with `http://`: unless told otherwise on this machine alone.
    #[must_use]
    pub fn with_plain_http(mut self, plain_http: PlainHttp) -> Self {
        self.plain_http = plain_http;
        self
    }

    /// Sets how receivers are reached, and which ones may be: unless told otherwise those on this machine alone.
    #[must_use]
    pub fn with_transport(mut self, transport: HttpTransport) -> Self {
        self.transport = transport;
        self
    }

    /// Sets the delays between attempts: unless told otherwise MAAC's.
    #[must_use]
    pub fn with_schedule(mut self, schedule: RetrySchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}
