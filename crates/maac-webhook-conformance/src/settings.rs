use std::time::Duration;

/// How long the suite waits for what.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry_delays: Vec<Duration>,
    pub(crate) handling: Duration,
    pub(crate) quick: Duration,
    pub(crate) case: Duration,
    pub(crate) run: Duration,
    pub(crate) listening: Duration,
    pub(crate) restart: Duration,
    pub(crate) recovery: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(10),
            // MAAC's.
            retry_delays: [1, 2, 4].map(Duration::from_secs).to_vec(),
            handling: Duration::from_secs(10),
            quick: Duration::from_secs(3),
            case: Duration::from_secs(180),
            run: Duration::from_secs(600),
            listening: Duration::ZERO,
            restart: Duration::from_secs(30),
            // What a crashed worker was at is given to another once its lease has ended; a minute is usual.
            recovery: Duration::from_secs(75),
        }
    }
}
