//! Welch's t-test, over all samples and over those below each of some percentiles: a measurement's upper tail is the
//! machine's, not the code's.

use fastrand::Rng;

/// Which of the two classes a sample is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    One,
    Other,
}

impl Class {
    pub(super) fn drawn(random: &mut Rng) -> Self {
        if random.bool() { Self::One } else { Self::Other }
    }
}

/// How many crops besides none, as in the paper's own program.
const CROPS: u32 = 100;

/// With fewer samples of a class, a crop tells nothing.
const FEWEST: f64 = 1000.0;

/// Mean and variance of one class, as they grow.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn variance_of_the_mean(self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The largest |t| over all crops.
pub(super) fn strongest(times: &[(Class, u64)]) -> f64 {
    let mut sorted: Vec<u64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_unstable();
    let mut limits: Vec<u64> =
        (0..CROPS).filter_map(|crop| sorted.get(percentile(crop, sorted.len())).copied()).collect();
    limits.push(u64::MAX);
    limits.dedup();
    limits.into_iter().filter_map(|limit| t(times, limit)).fold(0.0, f64::max)
}

/// Closer to each other the further up: 1 - 2^(-(crop + 1) / 10).
fn percentile(crop: u32, count: usize) -> usize {
    let part = 1.0 - 0.5_f64.powf(f64::from(crop + 1) / 10.0);
    (part * count as f64) as usize
}

/// |t| of the samples up to a limit; none where they are too few, or all alike.
fn t(times: &[(Class, u64)], limit: u64) -> Option<f64> {
    let (mut one, mut other) = (Moments::default(), Moments::default());
    for (class, time) in times.iter().filter(|(_, time)| *time <= limit) {
        let moments = if *class == Class::One { &mut one } else { &mut other };
        moments.add(*time as f64);
    }
    let variance = one.variance_of_the_mean() + other.variance_of_the_mean();
    (one.count >= FEWEST && other.count >= FEWEST && variance > 0.0)
        .then(|| (one.mean - other.mean).abs() / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples around 100, those of one class this much later, with a tail as a machine makes it.
    fn times(count: usize, later: u64, seed: u64) -> Vec<(Class, u64)> {
        let mut random = Rng::with_seed(seed);
        let sample = |random: &mut Rng| {
            let class = Class::drawn(random);
            let tail = if random.u8(..20) == 0 { random.u64(..100_000) } else { 0 };
            let late = if class == Class::One { later } else { 0 };
            (class, 100 + random.u64(..20) + late + tail)
        };
        (0..count).map(|_| sample(&mut random)).collect()
    }

    #[test]
    fn classes_alike_are_not_told_apart_and_a_nanosecond_is_seen_beneath_the_tail() {
        for seed in 0..5 {
            assert!(strongest(&times(100_000, 0, seed)) < super::super::LEAK);
            assert!(strongest(&times(100_000, 1, seed)) > 20.0);
        }
    }

    #[test]
    fn t_is_what_the_formulas_in_two_passes_give() {
        let one = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6];
        let other = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9];
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let of_mean = |values: &[f64]| {
            let squares: f64 = values.iter().map(|value| (value - mean(values)).powi(2)).sum();
            squares / (values.len() - 1) as f64 / values.len() as f64
        };
        let moments = |values: &[f64]| {
            let mut moments = Moments::default();
            values.iter().for_each(|value| moments.add(*value));
            moments
        };
        let in_one_pass = (moments(&one), moments(&other));
        assert!((in_one_pass.0.mean - mean(&one)).abs() < 1e-9);
        assert!((in_one_pass.0.variance_of_the_mean() - of_mean(&one)).abs() < 1e-9);
        assert!((in_one_pass.1.variance_of_the_mean() - of_mean(&other)).abs() < 1e-9);
    }

    #[test]
    fn too_few_samples_tell_nothing() {
        assert!(t(&times(500, 50, 1), u64::MAX).is_none());
    }
}
