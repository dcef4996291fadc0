//! The names that somebody may have meant.

use std::fmt::Write as _;

use crate::lang::tr;

/// Names that are told at most: one screen.
const MOST: usize = 24;

/// As like as this, in Jaro's and Winkler's measure, is a slip of the pen.
const LIKE: f64 = 0.8;

/// The names that hold `wanted`, else the most like it.
pub(super) fn names<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let known: Vec<&str> = known.collect();
    let holding = known.iter().copied().filter(|name| {
        let part = !wanted.is_empty() && name.contains(&wanted);
        part || wanted.contains(name) && name.len() > 3
    });
    let holding: Vec<&str> = holding.take(MOST).collect();
    if !holding.is_empty() {
        return holding;
    }
    let mut like: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, name), name))
        .filter(|(likeness, _)| *likeness > LIKE)
        .collect();
    like.sort_by(|one, other| other.0.total_cmp(&one.0));
    like.into_iter().take(3).map(|(_, name)| name).collect()
}

/// What was said of a name that is not known, and those that may have been meant.
pub(super) fn with(told: &str, near: &[&str]) -> String {
    let mut told = told.to_owned();
    if !near.is_empty() {
        let names = near.join(" ");
        let _ = write!(told, "\n{}", tr!("perhaps: {names}", names)); // to a String: cannot fail
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_it_come_before_names_like_it() {
        let known = || ["dns-slow", "dns-typo", "tls-expired"].into_iter();
        assert_eq!(names("dns", known()), ["dns-slow", "dns-typo"]);
        assert_eq!(names("dns-tipo", known())[0], "dns-typo");
        assert!(names("quux", known()).is_empty() && names("", known()).is_empty());
    }
}
