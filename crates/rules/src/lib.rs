//! The rules: what Go, git, curl, TLS libraries and ssh print goes in, evidence comes
//! out.
//!
//! ```text
//! bytes > unwrap (logical lines) > structure (whose line is it) > needles > patterns
//!       > pull (target) > rank (root cause first) > mask > Evidence
//! ```
//!
//! A rule names *suspects*, never the culprit: probes settle which. Text of tests,
//! programs and other tools yields no finding.

mod auth;
mod dns;
mod engine;
mod lang;
mod local;
mod module;
mod nameserver;
mod network;
mod paste;
pub mod place;
mod prefix;
mod pull;
mod routing;
pub mod said;
pub mod stream;
mod structure;
mod tls;
mod tool;
mod torn;
mod trace;
mod transfer;
mod unwrap;
pub mod user;
mod wrap;

use gomend_core::cause::Cause;
use gomend_core::evidence::{Evidence, Role};
use gomend_shim::needles;

/// Who prints a phrase; it decides what must stand around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// cmd/go alone prints it.
    Go,
    /// Go's HTTP client prints it, for cmd/go and for any other program: the line must
    /// show that modules were being fetched.
    Client,
    /// git, curl, ssh, hg, svn, bzr or fossil prints it, for cmd/go or for any other tool.
    Vcs,
    /// A version control program prints it in a clone of go's: go must have named the command.
    Clone,
    /// The operating system's words: the line must show that go or its caches are meant.
    System,
    /// A proxy or the checksum database answers so, pasted without go's line.
    Server,
    /// A DNS server writes it into its own log; read by `nameserver` alone.
    Nameserver,
}

/// One phrase and what it makes suspect.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id, shown in reports.
    pub id: &'static str,
    /// Possible causes, the most probable first.
    pub suspects: &'static [Cause],
    /// Searched for first, byte by byte.
    pub needle: &'static str,
    /// Other wordings of the same thing (platforms, versions).
    pub also: &'static [&'static str],
    /// A pattern that the line must match too; empty: the needle is enough. Named groups
    /// `url`, `host`, `port`, `module` and `version` go into the target.
    pub pull: &'static str,
    /// Who prints it.
    pub by: By,
    /// How close to the root: [`GUESS`], [`WEAK`], [`MODULE`], [`ROOT`] or [`DECISIVE`].
    pub weight: u8,
    /// The counterpart's part, where the phrase alone says it.
    pub role: Role,
    /// A verbatim line (or two) that this rule finds first.
    pub sample: &'static str,
    /// Where the sample, or the wording, was seen.
    pub seen: &'static str,
}

/// Says what the rest of the line means: a proxy's answer, a proxy that cannot be reached.
pub(crate) const DECISIVE: u8 = 4;
/// A root cause.
pub(crate) const ROOT: u8 = 3;
/// A cause that lies in modules and settings; what broke a connection outranks it.
pub const MODULE: u8 = 2;
/// A consequence, or words without a reason.
pub(crate) const WEAK: u8 = 1;
/// An exit status and nothing else.
pub(crate) const GUESS: u8 = 0;

/// Shared fields of the tables.
const BASE: Rule = Rule {
    id: "",
    suspects: &[],
    needle: "",
    also: &[],
    pull: "",
    by: By::Go,
    weight: ROOT,
    role: Role::None,
    sample: "",
    seen: "",
};

/// Of Go's HTTP client.
const GO: Rule = Rule {
    by: By::Client,
    ..BASE
};

/// Of git and the other programs that go fetches with.
const VCS: Rule = Rule {
    by: By::Vcs,
    ..BASE
};

/// The tables, in the order in which a fetch meets the layers.
const TABLES: [&[Rule]; 9] = [
    tool::TABLE,
    dns::TABLE,
    network::TABLE,
    tls::TABLE,
    auth::TABLE,
    routing::TABLE,
    transfer::TABLE,
    module::TABLE,
    local::TABLE,
];

/// Every shipped rule, in table order.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten()
}

/// The shipped rule with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// What is known about the text besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// go's arguments (`argv[1..]`), lossily decoded, if the command is known.
    pub args: Option<&'a [String]>,
    /// git's trace2 events (JSON lines) of the same run, if there are any.
    pub trace: &'a [u8],
}

/// Reads what go printed and names the failures in it: the root cause first, then the
/// others in order of appearance; nothing if the text is none of our business.
#[must_use]
pub fn scan(text: &[u8], context: &Context<'_>) -> Evidence {
    engine::scan(text, context)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn first(text: &str) -> Option<String> {
        scan(text.as_bytes(), &Context::default())
            .findings
            .first()
            .map(|finding| finding.rule.to_string())
    }

    #[test]
    fn ids_are_unique_and_every_field_is_filled() {
        let mut ids = BTreeSet::new();
        for rule in all() {
            assert!(ids.insert(rule.id), "{} twice", rule.id);
            assert!(
                !rule.suspects.is_empty()
                    && !rule.needle.is_empty()
                    && !rule.sample.is_empty()
                    && !rule.seen.is_empty(),
                "{}",
                rule.id
            );
            assert!(!rule.suspects.contains(&Cause::NotOurs), "{}", rule.id);
        }
    }

    #[test]
    fn every_sample_is_found_first_by_its_own_rule() {
        let stolen: Vec<_> = all()
            .filter_map(|rule| {
                Some((rule.id, first(rule.sample)))
                    .filter(|(id, found)| found.as_deref() != Some(id))
            })
            .collect();
        assert!(stolen.is_empty(), "{stolen:#?}");
    }

    #[test]
    fn every_pattern_compiles() {
        for rule in all() {
            pull::compile(rule.pull).unwrap_or_else(|error| panic!("{}: {error}", rule.id));
        }
    }

    #[test]
    fn every_cause_is_reachable() {
        let found: BTreeSet<Cause> = all().map(|rule| rule.suspects[0]).collect();
        let missing: Vec<_> = Cause::ALL
            .iter()
            .filter(|cause| **cause != Cause::NotOurs && !found.contains(cause))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_shim_would_notice_every_sample() {
        // A DNS server's log is not what go prints.
        let unseen: Vec<_> = all()
            .filter(|rule| rule.by != By::Nameserver)
            .filter(|rule| {
                !needles::NEEDLES
                    .iter()
                    .any(|needle| memchr::memmem::find(rule.sample.as_bytes(), needle).is_some())
            })
            .map(|rule| rule.id)
            .collect();
        assert!(unseen.is_empty(), "{unseen:?}");
    }

    /// The texts of the training corpus and whether they are any of our business.
    fn corpus() -> Vec<(bool, String)> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/corpus/train.jsonl"
        );
        let text = std::fs::read_to_string(path).expect("the corpus is part of the repository");
        let values = text.lines().map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("one record a line")
        });
        values
            .map(|value| {
                (
                    value["cause"] != "not-ours",
                    value["text"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn the_shim_would_notice_every_report_and_few_others() {
        let noticed = |text: &str| {
            needles::NEEDLES
                .iter()
                .any(|needle| memchr::memmem::find(text.as_bytes(), needle).is_some())
        };
        let corpus = corpus();
        let unseen: Vec<_> = corpus
            .iter()
            .filter(|(ours, text)| *ours && !noticed(text))
            .collect();
        assert!(unseen.is_empty(), "{unseen:#?}");
        let others: Vec<_> = corpus.iter().filter(|(ours, _)| !ours).collect();
        let noisy = others.iter().filter(|(_, text)| noticed(text)).count();
        assert!(
            noisy * 2 < others.len(),
            "{noisy} of {} ordinary failures would start gomend",
            others.len()
        );
    }
}
