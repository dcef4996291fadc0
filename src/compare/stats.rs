//! Figures over a handful of measurements: medians, percentiles, shares.
//!
//! In: milliseconds as measured. Out: `None` where nothing was measured, never a guess.

use serde::{Deserialize, Serialize};

/// What many attempts at the same thing come down to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Figures {
    /// Attempts that were made.
    pub attempts: u32,
    /// Of those, without a usable answer, time-outs included.
    pub lost: u32,
    /// Of those, time-outs.
    pub timeouts: u32,
    /// Lost attempts over attempts, 0 to 1.
    pub loss: f64,
    /// Of the answered attempts, milliseconds.
    pub median_ms: Option<f64>,
    /// Of the answered attempts, milliseconds: 95 % took no longer.
    pub p95_ms: Option<f64>,
    /// The median over the transfers of the module's zip, bytes a second.
    pub bytes_per_second: Option<f64>,
}

/// The middle one, or the mean of the two in the middle.
#[must_use]
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[middle - 1], upper))
}

/// The smallest value that at least this share (0 to 1) of all values does not exceed (nearest rank).
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of at most a few thousand, and a share of them"
)]
pub(crate) fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let sorted = sorted(values);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// `part` of `whole`; of nothing: 0.
#[must_use]
pub(crate) fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        0.0
    } else {
        f64::from(part) / f64::from(whole)
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_and_many() {
        assert_eq!(median(&[]), None);
        assert_eq!(percentile(&[], 0.95), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(percentile(&[7.0], 0.95), Some(7.0));
        let many: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&many, 0.95), Some(95.0));
        assert_eq!(percentile(&many[..5], 0.95), Some(5.0));
        assert!((share(1, 4) - 0.25).abs() < f64::EPSILON);
    }
}
