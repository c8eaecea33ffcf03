use std::time::{Duration, Instant};

use maac_webhook::jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::{Suite, reach::Listens};
use crate::{
    Case, CaseReport, Report, Status, SuiteError,
    case::{Needs, Turn},
    grade::{Graded, Halt, Pass, skip},
    probe::{Listing, Probe},
    secrets::Secrets,
    trial::{NOBODY, Record, Run, Trial, Wanted, accepted, statuses},
};

impl Suite {
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
        // Why no further case can be run.
        let mut stop: Option<String> = None;
        for turn in Turn::ALL {
            for case in selected.iter().filter(|case| case.turn == turn) {
                let outcome = match &stop {
                    Some(why) => self.outcome(*case, skip(why), Record::default(), Duration::ZERO),
                    None => self.grade(&run, *case, &before, deadline).await,
                };
                observe(&outcome.report);
                stop = stop.or_else(|| outcome.stop.clone());
                graded.push(outcome);
            }
            // First before anything crashes, after which an event may be handled again.
            if stop.is_none() && matches!(turn, Turn::Usual | Turn::Crash) {
                self.audit(&run, &mut graded, &mut observe).await;
            }
        }
        let order = |outcome: &Outcome| selected.iter().position(|case| case.id() == outcome.report.id);
        graded.sort_by_key(order);
        let cases = graded.into_iter().map(|outcome| outcome.report).collect();
        let probe = self.probe.as_ref().map(ToString::to_string);
        let topics = self.settings.topics.clone();
        Ok(Report::new(self.target.to_string(), probe, topics, started_at, began.elapsed(), cases))
    }

    /// Sends a plain genuine event, which tells what is worth asking.
    async fn baseline(&self, run: &Run) -> (Option<maac_webhook_mock::Sent>, Record) {
        let trial = Trial::new(run, "MAAC-SIG-001");
        let sent = timeout(self.settings.run, trial.send(trial.event(trial.plain()))).await;
        let sent = sent.ok().and_then(Result::ok);
        (sent, trial.into_record())
    }

    async fn grade(&self, run: &Run, case: Case, before: &Record, deadline: Instant) -> Outcome {
        let (began, trial) = (Instant::now(), Trial::new(run, case.id()));
        let (left, own) = (deadline.saturating_duration_since(began), run.settings.case());
        let graded = match unaccepted(run, case) {
            Some(why) => Err(Halt::Inconclusive(why)),
            None if left.is_zero() => {
                Err(Halt::Inconclusive("the time for the whole run was over (--time-limit)".to_owned()))
            }
            None => timeout(left.min(own), (case.check)(&trial)).await.unwrap_or_else(|_| {
                let flag = if left < own { "--time-limit" } else { "--handling-time" };
                let told = format!("it was not done within {} s ({flag})", left.min(own).as_secs());
                Err(Halt::Inconclusive(told))
            }),
        };
        let mut record = trial.into_record();
        if case.needs == Needs::Nothing {
            // They look at the event that was sent before all others.
            let own = std::mem::take(&mut record.exchanges);
            record.exchanges = before.exchanges.iter().cloned().chain(own).collect();
            record.bodies.extend(before.bodies.iter().cloned());
        }
        let (graded, after) = self.afterwards(run, case, graded).await;
        let mut outcome = self.outcome(case, graded, record, began.elapsed());
        outcome.report.ended_the_run = matches!(after, After::NobodyListens);
        outcome.stop = match after {
            After::NobodyListens => Some(format!("nobody listens any more after {}", case.id())),
            After::NotBack => Some(format!("the receiver was not back after the crash of {}", case.id())),
            After::StoreDown => Some("the receiver's store is down still, as its probe was told".to_owned()),
            After::AsBefore => None,
        };
        outcome
    }

    /// What a case left behind, by which it may be graded otherwise.
    async fn afterwards(&self, run: &Run, case: Case, graded: Graded) -> (Graded, After) {
        let told = |graded: &Graded| match graded {
            Ok(pass) => pass.actual.clone(),
            Err(halt) => halt.told().to_owned(),
        };
        let listens = self.listens().await;
        if case.turn == Turn::Crash {
            // It was told to end, and whoever was to start it again did not.
            let after = if listens == Listens::NoMore { After::NotBack } else { After::AsBefore };
            return (graded, after);
        }
        if listens == Listens::NoMore {
            let told = told(&graded);
            let gone = if told.contains(NOBODY) { told } else { format!("{told}; {NOBODY}") };
            return (Err(Halt::Fail(gone)), After::NobodyListens);
        }
        if let Err(why) = run.bring_the_store_up().await {
            let failed = format!("{}; the probe does not bring the store up again: {why}", told(&graded));
            let graded = if matches!(graded, Err(Halt::Fail(_))) { graded } else { Err(Halt::Error(failed)) };
            return (graded, After::StoreDown);
        }
        match graded {
            Ok(Pass { actual, .. }) if listens == Listens::Again => {
                let actual = format!("{actual}; for a moment nobody listened after it");
                (Ok(Pass { actual, strict: false }), After::AsBefore)
            }
            graded => (graded, After::AsBefore),
        }
    }

    fn outcome(&self, case: Case, graded: Graded, mut record: Record, took: Duration) -> Outcome {
        let (mut status, unseen, mut actual) = match graded {
            Ok(Pass { actual, strict: true }) => (Status::Pass, false, actual),
            Ok(Pass { actual, strict: false }) => (Status::NonStrict, false, actual),
            Err(Halt::Fail(actual)) => (Status::Fail, false, actual),
            Err(Halt::Inconclusive(why)) => (Status::Inconclusive, false, why),
            Err(Halt::Unseen(why)) => (Status::Inconclusive, true, why),
            Err(Halt::Skip(why)) => (Status::Skip, false, why),
            Err(Halt::Error(why)) => (Status::EngineError, false, why),
        };
        if let (Status::Pass, Some(other)) = (status, record.other_success) {
            status = Status::NonStrict;
            actual.push_str(&format!("; MAAC asks for 200, and a genuine event was answered {other}"));
        }
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
            ended_the_run: false,
            repeat: self.repeat(case),
            exchanges: record.exchanges,
            exchanges_left_out: record.left_out,
        };
        Outcome { report, effects, stop: None }
    }

    /// Looks once more at what was handled: an event may be handled again when its case is over.
    async fn audit(&self, run: &Run, graded: &mut [Outcome], observe: &mut (impl FnMut(&CaseReport) + Send)) {
        let Some(probe) = &run.probe else { return };
        if graded.iter().all(|outcome| outcome.effects.is_empty()) {
            return;
        }
        let listing = looked_at(probe).await;
        for Outcome { report, effects, .. } in graded.iter_mut().filter(|outcome| !outcome.effects.is_empty())
        {
            let effects = std::mem::take(effects);
            let (status, actual) = match &listing {
                Ok(listing) => match effects.iter().find_map(|effect| effect.missed_by(listing)) {
                    Some(missed) => (Status::Fail, format!("at the end of the run {missed}")),
                    None => continue,
                },
                Err(why) => {
                    let told = format!("{}; at the end of the run the probe failed: {why}", report.actual);
                    (Status::EngineError, told)
                }
            };
            (report.status, report.actual) = (status, actual);
            Secrets::new(&self.secret, [""; 0]).redact_all(&mut [], &mut report.actual);
            observe(report);
        }
    }
}

struct Outcome {
    report: CaseReport,
    effects: Vec<Wanted>,
    /// Why no case can be run after it.
    stop: Option<String>,
}

/// What a case left behind.
enum After {
    AsBefore,
    NobodyListens,
    NotBack,
    StoreDown,
}

/// What the probe shows, which may fail once.
async fn looked_at(probe: &Probe) -> Result<Listing, String> {
    const LOOKS: usize = 3;
    let mut listing = probe.listing().await;
    for _ in 1..LOOKS {
        if listing.is_ok() {
            break;
        }
        sleep(Duration::from_millis(200)).await;
        listing = probe.listing().await;
    }
    listing
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
