use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use maac_webhook::jiff::Timestamp;
use maac_webhook_sender::{TransportError, TransportErrorKind};
use tokio::time::{sleep, timeout};

use super::Suite;
use crate::{
    Case, CaseReport, Report, Status, SuiteError, SuiteErrorKind,
    case::Needs,
    grade::{Graded, Halt, Pass},
    probe::Probe,
    trial::{Record, Run, Trial, Wanted, accepted, statuses},
    wire::Secrets,
};

impl Suite {
    /// How long it waits at first for a connection to the receiver, or to its probe.
    const CONNECT: Duration = Duration::from_secs(5);

    /// Grades the receiver.
    ///
    /// # Errors
    ///
    /// What keeps the suite from being run: nobody listens, the probe answers nothing that it can read, no case is selected, there
    /// are no events of a topic.
    pub async fn run(&self) -> Result<Report, SuiteError> {
        self.run_observed(|_| {}).await
    }

    /// The same, showing each case as it ends.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_observed(
        &self,
        mut observe: impl FnMut(&CaseReport) + Send,
    ) -> Result<Report, SuiteError> {
        let selected = self.selection.cases()?;
        self.settings.check_topics()?;
        let (started_at, began) = (Timestamp::now(), Instant::now());
        let mut run = self.prepare().await?;
        let deadline = Instant::now() + self.settings.run;
        let (baseline, before) = self.baseline(&run).await;
        run.baseline = baseline;

        let mut graded: Vec<Outcome> = Vec::new();
        let (last, first): (Vec<Case>, Vec<Case>) =
            selected.iter().partition(|case| case.needs == Needs::Crash);
        for cases in [first, last] {
            for case in cases {
                let outcome = self.grade(&run, case, &before, deadline).await;
                observe(&outcome.report);
                graded.push(outcome);
            }
            // Before anything crashes, after which an event may be handled again.
            self.audit(&run, &mut graded, &mut observe).await;
        }
        let order = |outcome: &Outcome| selected.iter().position(|case| case.id() == outcome.report.id);
        graded.sort_by_key(order);
        let cases = graded.into_iter().map(|outcome| outcome.report).collect();
        let probe = self.probe.as_ref().map(ToString::to_string);
        let topics = self.settings.topics.clone();
        Ok(Report::new(self.target.to_string(), probe, topics, started_at, began.elapsed(), cases))
    }

    /// Looks whether anybody listens, and whether the probe answers.
    async fn prepare(&self) -> Result<Run, SuiteError> {
        let until = Instant::now() + self.settings.listening;
        loop {
            let Err(error) = self.reach().await else { break };
            if Instant::now() >= until {
                let told = format!("nobody listens at {}: {error}", self.target);
                return Err(SuiteError::new(SuiteErrorKind::NobodyListens, told));
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
        })
    }

    async fn reach(&self) -> Result<(), TransportError> {
        let late = || Err(TransportError::new(TransportErrorKind::Timeout, "no connection in time"));
        let connected = timeout(Self::CONNECT, self.transport.connect(&self.target)).await;
        connected.unwrap_or_else(|_| late()).map(drop)
    }

    /// Sends a plain genuine event, which tells what is worth asking.
    async fn baseline(&self, run: &Run) -> (Option<maac_webhook_mock::Sent>, Record) {
        let trial = Trial::new(run);
        let sent = timeout(self.settings.run, trial.send(trial.event(trial.plain()))).await;
        let sent = sent.ok().and_then(Result::ok);
        (sent, trial.into_record())
    }

    async fn grade(&self, run: &Run, case: Case, before: &Record, deadline: Instant) -> Outcome {
        let (began, trial) = (Instant::now(), Trial::new(run));
        let left = deadline.saturating_duration_since(began).min(run.settings.case);
        let graded = match unaccepted(run, case) {
            Some(why) => Err(Halt::Inconclusive(why)),
            None if left.is_zero() => {
                Err(Halt::Inconclusive("the time for the whole run was over".to_owned()))
            }
            None => timeout(left, (case.check)(&trial)).await.unwrap_or_else(|_| {
                let told = format!("it was not done within {} s", left.as_secs_f64());
                Err(Halt::Inconclusive(told))
            }),
        };
        run.bring_the_store_up().await;
        let mut record = trial.into_record();
        if case.needs == Needs::Nothing {
            // They look at the event that was sent before all others.
            let own = std::mem::take(&mut record.exchanges);
            record.exchanges = before.exchanges.iter().cloned().chain(own).collect();
            record.bodies.extend(before.bodies.iter().cloned());
        }
        self.outcome(case, graded, record, began.elapsed())
    }

    fn outcome(&self, case: Case, graded: Graded, mut record: Record, took: Duration) -> Outcome {
        let (status, unseen, mut actual) = match graded {
            Ok(Pass { actual, strict: true }) => (Status::Pass, false, actual),
            Ok(Pass { actual, strict: false }) => (Status::NonStrict, false, actual),
            Err(Halt::Fail(actual)) => (Status::Fail, false, actual),
            Err(Halt::Inconclusive(why)) => (Status::Inconclusive, false, why),
            Err(Halt::Unseen(why)) => (Status::Inconclusive, true, why),
            Err(Halt::Skip(why)) => (Status::Skip, false, why),
            Err(Halt::Error(why)) => (Status::EngineError, false, why),
        };
        Secrets::new(&self.secret, &record.bodies).redact_all(&mut record.exchanges, &mut actual);
        let effects =
            if matches!(status, Status::Pass | Status::NonStrict) { record.effects } else { Vec::new() };
        let report = CaseReport {
            id: case.id(),
            group: case.group(),
            level: case.level(),
            title: case.title(),
            contract: case.contract(),
            basis: case.basis(),
            expected: case.expected(),
            status,
            unseen,
            actual,
            duration_ms: took.as_millis().try_into().unwrap_or(u64::MAX),
            repeat: self.repeat(case),
            exchanges: record.exchanges,
            exchanges_left_out: record.left_out,
        };
        Outcome { report, effects }
    }

    /// Looks once more at what was handled: an event may be handled again when its case is over.
    async fn audit(&self, run: &Run, graded: &mut [Outcome], observe: &mut (impl FnMut(&CaseReport) + Send)) {
        let Some(probe) = &run.probe else { return };
        // Where it fails now, the cases have been graded by what it showed before.
        let Ok(listing) = probe.listing().await else { return };
        for Outcome { report, effects } in graded {
            let missed = effects.drain(..).find_map(|effect| effect.missed_by(&listing));
            if let Some(missed) = missed {
                report.status = Status::Fail;
                report.actual = format!("at the end of the run {missed}");
                observe(report);
            }
        }
    }
}

struct Outcome {
    report: CaseReport,
    effects: Vec<Wanted>,
}

/// Why a case would say nothing, where the receiver accepts no genuine event.
fn unaccepted(run: &Run, case: Case) -> Option<String> {
    if case.needs == Needs::Nothing {
        return None;
    }
    match &run.baseline {
        Some(sent) if accepted(sent) => None,
        Some(sent) => Some(format!(
            "a plain genuine event was not accepted ({}), so nothing would follow from it: see MAAC-SIG-001",
            statuses(sent)
        )),
        None => Some("nothing came of a plain genuine event: see MAAC-SIG-001".to_owned()),
    }
}
