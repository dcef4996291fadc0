//! A drill for a team: which faults, against which time, and the table of scores. Nobody's name is in it.
//!
//! In: a TOML file of somebody who prepares the drill; answers. Out: scores by fault and by run. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Faults in one drill.
const MOST_FAULTS: usize = 50;
/// Drills that are kept.
const MOST_RUNS: usize = 100;
/// How long one answer may take, seconds.
const SECONDS: std::ops::RangeInclusive<u32> = 5..=3600;

/// What is drilled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The form of the file: 1.
    version: u32,
    /// Faults as `gomend simulate` lists them, in this order.
    pub faults: Vec<String>,
    /// How long each answer may take.
    #[serde(default = "Set::default_seconds")]
    pub seconds: u32,
}

impl Set {
    const fn default_seconds() -> u32 {
        60
    }

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let set: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        if set.version != 1 {
            return Err(format!("version {} is none; 1 is", set.version));
        }
        if !(1..=MOST_FAULTS).contains(&set.faults.len()) {
            return Err(format!("`faults` must name 1 to {MOST_FAULTS}"));
        }
        if !SECONDS.contains(&set.seconds) {
            let (least, most) = (SECONDS.start(), SECONDS.end());
            return Err(format!("`seconds` must be from {least} to {most}"));
        }
        Ok(set)
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The fault.
    pub fault: String,
    /// The cause was named, and in time.
    pub right: bool,
    /// How long it took, milliseconds.
    pub millis: u64,
}

/// One drill from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When, Unix time.
    pub time: i64,
    /// In the order in which they were asked.
    pub answers: Vec<Answer>,
}

impl Run {
    /// How many were right.
    #[must_use]
    pub fn right(&self) -> usize {
        self.answers.iter().filter(|answer| answer.right).count()
    }

    /// How long all answers took, milliseconds.
    #[must_use]
    pub fn millis(&self) -> u64 {
        self.answers.iter().map(|answer| answer.millis).sum()
    }
}

/// How one fault was recognised, over all drills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// How often it was asked.
    pub asked: usize,
    /// How often the answer was right.
    pub right: usize,
    /// The quickest right answer, milliseconds.
    pub best_ms: Option<u64>,
}

/// All drills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// The oldest first.
    pub runs: Vec<Run>,
}

impl Scores {
    /// One more; the oldest is forgotten where there are too many.
    pub fn add(&mut self, run: Run) {
        self.runs.push(run);
        let old = self.runs.len().saturating_sub(MOST_RUNS);
        self.runs.drain(..old);
    }

    /// By fault.
    #[must_use]
    pub fn by_fault(&self) -> BTreeMap<&str, Score> {
        let mut scores = BTreeMap::<&str, Score>::new();
        for answer in self.runs.iter().flat_map(|run| &run.answers) {
            let score = scores.entry(&answer.fault).or_default();
            score.asked += 1;
            if answer.right {
                score.right += 1;
                let best = score.best_ms.unwrap_or(u64::MAX);
                score.best_ms = Some(best.min(answer.millis));
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_faults() {
        let set = Set::parse("version = 1\nfaults = [\"a\", \"b\"]\n").unwrap();
        assert_eq!((set.faults.len(), set.seconds), (2, 60));
        for bad in [
            "",
            "version = 2\nfaults = [\"a\"]",
            "version = 1\nfaults = []",
            "version = 1\nfaults = [\"a\"]\nseconds = 1",
            "version = 1\nfaults = [\"a\"]\nnames = [\"x\"]",
        ] {
            assert!(Set::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn scores_are_bounded_and_counted() {
        let mut scores = Scores::default();
        for time in 0..150 {
            let answer = |right, millis| Answer {
                fault: "a".to_owned(),
                right,
                millis,
            };
            scores.add(Run {
                time,
                answers: vec![answer(time % 2 == 0, 1000 + time.unsigned_abs())],
            });
        }
        assert_eq!((scores.runs.len(), scores.runs[0].time), (MOST_RUNS, 50));
        let expected = Score {
            asked: 100,
            right: 50,
            best_ms: Some(1050),
        };
        assert_eq!(scores.by_fault()["a"], expected);
    }
}
