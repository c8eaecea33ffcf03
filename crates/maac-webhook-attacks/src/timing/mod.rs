//! Whether the time it takes to compare tells anything of the expected signature: Welch's t-test over two classes of
//! inputs, as in "Dude, is my code constant time?" (Reparaz, Balasch and Verbauwhede, 2017).
//!
//! A naive comparison is measured in the same run, so that a machine too noisy to tell anything does not pass.

mod statistics;
mod subjects;

use std::{
    fmt,
    time::{Duration, Instant},
};

use fastrand::Rng;

use statistics::{Class, strongest};
use subjects::Subject;

/// Beyond it, the paper counts a difference as one. It is of standard deviations.
pub const LEAK: f64 = 4.5;

/// What a naive comparison must give at least, so that the run would have seen a leak.
pub const SEEN: f64 = 50.0;

/// What came of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// One for each pair of classes.
    pub rows: Vec<Row>,
    /// Samples of each pair, both classes together.
    pub samples: usize,
    /// How long it took.
    pub took: Duration,
}

/// Two classes of inputs, and how far their times are apart.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// Whether it is the naive one, which must be seen to leak.
    pub is_naive: bool,
    /// The largest |t| over all crops.
    pub t: f64,
}

impl Row {
    /// Whether it is as it must be.
    #[must_use]
    pub fn is_as_it_must_be(&self) -> bool {
        if self.is_naive { self.t > SEEN } else { self.t < LEAK }
    }
}

impl Report {
    /// Whether nothing of ours leaks, and the naive comparison was seen to.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.rows.iter().all(Row::is_as_it_must_be)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} samples of each pair, {:.1} s", self.samples, self.took.as_secs_f64())?;
        for row in &self.rows {
            let bound = if row.is_naive { format!("> {SEEN}") } else { format!("< {LEAK}") };
            let verdict = if row.is_as_it_must_be() { "ok" } else { "NOT OK" };
            writeln!(f, "|t| = {:>9.2} ({bound:>6}) {verdict:<6} {}", row.t, row.name)?;
        }
        Ok(())
    }
}

/// So many inputs of a pair are made, and then measured; then come the next pair's.
const BATCH: usize = 200;

/// Measures every pair in turn, so that what the machine does besides is shared by all.
#[must_use]
pub fn run(samples: usize, seed: u64) -> Report {
    let begun = Instant::now();
    let mut random = Rng::with_seed(seed);
    let mut subjects = subjects::all();
    let batches = samples.div_ceil(BATCH);
    let mut times: Vec<Vec<(Class, u64)>> =
        subjects.iter().map(|_| Vec::with_capacity(batches * BATCH)).collect();
    for _ in 0..batches {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let classes: Vec<Class> = (0..BATCH).map(|_| Class::drawn(&mut random)).collect();
            (subject.prepare)(&classes, &mut random);
            for (number, class) in classes.into_iter().enumerate() {
                times.push((class, sample(subject, number)));
            }
        }
    }
    let rows = subjects.iter().zip(times).map(|(subject, times)| Row {
        name: subject.name,
        is_naive: subject.is_naive,
        t: strongest(&times),
    });
    Report { rows: rows.collect(), samples: batches * BATCH, took: begun.elapsed() }
}

/// How many nanoseconds one takes.
fn sample(subject: &mut Subject, number: usize) -> u64 {
    let begun = Instant::now();
    (subject.measured)(number);
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
