//! Whether anybody listens at the URL, and speaks what it says.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use maac_webhook_sender::{Target, TransportError, TransportErrorKind};
use tokio::time::{sleep, timeout};

use super::Suite;
use crate::{
    SuiteError, SuiteErrorKind,
    probe::Probe,
    trial::{Ledger, Run},
};

/// Whether anybody listens after a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listens {
    Still,
    /// At first nobody did.
    Again,
    NoMore,
}

impl Suite {
    /// How long it waits for a connection to the receiver.
    const CONNECT: Duration = Duration::from_secs(5);

    /// Looks whether anybody listens, and whether the probe answers.
    pub(super) async fn prepare(&self) -> Result<Run, SuiteError> {
        let until = Instant::now() + self.settings.listening;
        loop {
            let Err(error) = self.reach().await else { break };
            if Instant::now() >= until {
                return Err(self.unreachable(&error).await);
            }
            sleep(Duration::from_millis(100)).await;
        }
        let probe = self.probe.clone();
        let probe = probe.map(|url| Probe::new(url, self.transport.clone(), self.settings.attempt_timeout));
        if let Some(probe) = &probe {
            probe.listing().await.map_err(|why| {
                let told = format!("the probe at {} cannot be used: {why}", probe.url);
                SuiteError::new(SuiteErrorKind::Probe, told)
            })?;
        }
        Ok(Run {
            target: self.target.clone(),
            transport: self.transport.clone(),
            secret: self.secret.clone(),
            probe,
            settings: self.settings.clone(),
            baseline: None,
            store_is_down: Mutex::new(false),
            ledger: Mutex::new(Ledger::default()),
        })
    }

    async fn reach(&self) -> Result<(), TransportError> {
        let late = || Err(TransportError::new(TransportErrorKind::Timeout, "no connection in time"));
        let connected = timeout(Self::CONNECT, self.transport.connect(&self.target)).await;
        connected.unwrap_or_else(|_| late()).map(drop)
    }

    async fn unreachable(&self, error: &TransportError) -> SuiteError {
        use TransportErrorKind::{Protocol, Tls};

        let told = if self.target.is_https() && self.speaks_plain_http().await {
            let hint = "plain http is spoken there, so is the URL to begin with http://?";
            format!("no TLS connection to {}: {error}: {hint}", self.target)
        } else if matches!(error.kind(), Tls | Protocol) {
            format!("no TLS connection to {}: {error}", self.target)
        } else {
            format!("nobody listens at {}: {error}", self.target)
        };
        SuiteError::new(SuiteErrorKind::NobodyListens, told)
    }

    /// Whether it answers what is not encrypted. Who wants TLS answers that with 400, if at all.
    async fn speaks_plain_http(&self) -> bool {
        let (host, port) = (self.target.host(), self.target.port());
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let Ok(plain) = format!("http://{host}:{port}/").parse::<Target>() else { return false };
        let asked = async {
            let mut connection = self.transport.connect(&plain).await?;
            let request = format!("GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
            connection.write(request.as_bytes()).await?;
            connection.answer().await
        };
        timeout(Self::CONNECT, asked)
            .await
            .is_ok_and(|answer| answer.is_ok_and(|answer| answer.status != 400))
    }

    /// Whether anybody listens, at the latest when MAAC would try for the last time.
    pub(super) async fn listens(&self) -> Listens {
        if !self.is_deserted().await {
            return Listens::Still;
        }
        for delay in &self.settings.retry_delays {
            sleep(*delay).await;
            if !self.is_deserted().await {
                return Listens::Again;
            }
        }
        Listens::NoMore
    }

    /// Whether there is nobody. One who is there and does not answer is somebody.
    async fn is_deserted(&self) -> bool {
        use TransportErrorKind::{Dns, Refused, Unreachable};

        self.reach().await.is_err_and(|error| matches!(error.kind(), Refused | Dns | Unreachable))
    }
}
