//! The drill: go fails, and a person says why before gomend does.
//!
//! In: a seed, faults. Out: which fault, and a few causes to choose from: the right one and
//! others that are easily mistaken for it. Pure; the conversation is the command line's.

use crate::cause::Cause;
use crate::lab::Fault;

/// Causes to choose from.
const CHOICES: usize = 4;

/// A source of chance that can be repeated (`splitmix64`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }

    /// Takes one out; `None`: there is none.
    fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        (!from.is_empty()).then(|| {
            let at = self.below(from.len());
            from.swap_remove(at)
        })
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The fault, by its id.
    pub(crate) fault: &'static str,
    /// The causes to choose from, in the order they are shown.
    pub(crate) choices: Vec<Cause>,
}

/// The next question. Faults whose go waits half a minute are left out.
pub(crate) fn question(chance: &mut Chance, faults: &[&'static Fault]) -> Option<Question> {
    let mut quick: Vec<&Fault> = faults
        .iter()
        .copied()
        .filter(|fault| !fault.is_slow())
        .collect();
    let fault = chance.take(&mut quick)?;
    Some(Question {
        fault: fault.id,
        choices: choices(chance, fault),
    })
}

/// Causes to choose from, the right one among them.
pub(crate) fn choices(chance: &mut Chance, fault: &Fault) -> Vec<Cause> {
    let mut choices = vec![fault.cause];
    // the nearer the layer, the easier the mistake
    for distance in 0..=LAYERS {
        let mut near: Vec<Cause> = Cause::ALL
            .iter()
            .copied()
            .filter(|cause| *cause != Cause::NotOurs && *cause != fault.cause)
            .filter(|cause| place(*cause).abs_diff(place(fault.cause)) == distance)
            .collect();
        // one or two of the same layer, the others from beside it
        let most = if distance == 0 { CHOICES - 1 } else { CHOICES };
        while choices.len() < most {
            let Some(cause) = chance.take(&mut near) else {
                break;
            };
            choices.push(cause);
        }
    }
    let mut shuffled = Vec::new();
    while let Some(cause) = chance.take(&mut choices) {
        shuffled.push(cause);
    }
    shuffled
}

/// More than there are.
const LAYERS: usize = 10;

/// A layer's place among the layers.
fn place(cause: Cause) -> usize {
    cause.layer() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::FAULTS;

    #[test]
    fn the_right_cause_is_among_the_choices_and_a_seed_repeats() {
        let faults: Vec<&Fault> = FAULTS.iter().collect();
        let mut asked = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let ask = || question(&mut Chance::new(seed), &faults).unwrap();
            let question = ask();
            assert_eq!(question, ask());
            let fault = Fault::of(question.fault).unwrap();
            assert!(question.choices.contains(&fault.cause));
            assert_eq!(question.choices.len(), CHOICES);
            let mut once = question.choices.clone();
            once.sort_by_key(|cause| cause.id());
            once.dedup();
            assert_eq!(once.len(), CHOICES);
            asked.insert(fault.id);
        }
        assert!(asked.len() > 30, "chance asks for few: {asked:?}");
    }
}
