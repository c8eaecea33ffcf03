//! Rounds that interleave what is compared, so that the machine's drift hits all alike.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// How often each variant takes its turn within a round.
    pub(crate) turns: usize,
    /// How long a turn takes.
    pub(crate) turn: Duration,
}

/// One figure per variant and round.
#[derive(Debug)]
pub(crate) struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Runs `turn` for each variant in turn, A B C A B C …; the figure of a round is the median of its
    /// turns, which what else the machine does then and now does not move.
    pub(crate) fn run<V>(plan: Plan, variants: &mut [V], mut turn: impl FnMut(&mut V) -> f64) -> Self {
        let mut figures = vec![Vec::with_capacity(plan.rounds); variants.len()];
        for _ in 0..plan.rounds {
            let mut turns = vec![Vec::with_capacity(plan.turns); variants.len()];
            for _ in 0..plan.turns {
                for (variant, turns) in variants.iter_mut().zip(&mut turns) {
                    turns.push(turn(variant));
                }
            }
            for (figures, turns) in figures.iter_mut().zip(turns) {
                figures.push(median(turns));
            }
        }
        Self(figures)
    }

    /// The median over the rounds of one variant's figure.
    pub(crate) fn typical(&self, variant: usize) -> f64 {
        median(self.0[variant].clone())
    }

    /// One variant's figure over another's, round by round.
    pub(crate) fn ratio(&self, variant: usize, to: usize) -> Ratio {
        let ratios: Vec<f64> = self.0[variant].iter().zip(&self.0[to]).map(|(a, b)| a / b).collect();
        Ratio { min: ratios.iter().copied().fold(f64::INFINITY, f64::min), median: median(ratios) }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) min: f64,
    pub(crate) median: f64,
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len().is_multiple_of(2) {
        (figures[middle - 1] + figures[middle]) / 2.0
    } else {
        figures[middle]
    }
}

/// A piece of work that runs on this thread.
pub(crate) struct Work<'a> {
    repeat: Box<dyn FnMut(u64) + 'a>,
    repetitions: u64,
}

impl<'a> Work<'a> {
    /// `work`, repeated as often as fills one turn.
    pub(crate) fn new<T>(turn: Duration, mut work: impl FnMut() -> T + 'a) -> Self {
        let mut repeat: Box<dyn FnMut(u64) + 'a> = Box::new(move |repetitions| {
            for _ in 0..repetitions {
                black_box(work());
            }
        });
        let mut repetitions = 16;
        while elapsed(|| repeat(repetitions)) < turn {
            repetitions *= 2;
        }
        Self { repeat, repetitions }
    }

    /// Nanoseconds of one repetition.
    pub(crate) fn nanos(&mut self) -> f64 {
        let elapsed = elapsed(|| (self.repeat)(self.repetitions));
        elapsed.as_secs_f64() * 1e9 / self.repetitions as f64
    }
}

fn elapsed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_interleaved_and_ratios_are_of_one_round() {
        let plan = Plan { rounds: 3, turns: 1, turn: Duration::ZERO };
        let mut order = String::new();
        let mut drift = 0.0;
        let rounds = Rounds::run(plan, &mut [("a", 1.0), ("b", 2.0)], |(name, figure)| {
            order.push_str(name);
            drift += if *name == "a" { 10.0 } else { 0.0 };
            *figure * drift
        });
        assert_eq!(order, "ababab");
        assert_eq!(rounds.typical(0), 20.0);
        let ratio = rounds.ratio(1, 0);
        assert_eq!((ratio.min, ratio.median), (2.0, 2.0));
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 100.0, 2.0]), 3.0);
    }
}
