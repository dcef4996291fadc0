//! Needles over the logical lines, and patterns where one hit.
//!
//! In: a document. Out: what matched, in the order of the tables.

use std::collections::HashMap;
use std::iter;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use gomend_core::trigrams::Trigrams;
use memchr::memmem;
use regex::bytes::Regex;

use crate::pull::{self, Pulled};
use crate::structure::Doc;
use crate::{By, Rule, all, lang};

/// Lines looked at per rule: a log that repeats one failure a thousand times says
/// nothing new after that.
const MAX_HITS: usize = 64;
/// Texts below this many bytes are searched needle by needle.
pub(crate) const SMALL: usize = 32 * 1024;
/// Translated phrases tried per rule and line.
const MAX_TRANSLATIONS: usize = 32;
/// A pattern sees at most this much of a line on either side of the needle.
const MAX_PATTERN: usize = 16 * 1024;

/// A rule that matched, before ranking.
pub(crate) struct Hit {
    pub(crate) rule: &'static Rule,
    /// Its place in the table.
    pub(super) index: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) pulled: Pulled,
}

/// What to look for, and for whom.
struct Needle {
    text: &'static str,
    /// The place of its rule in the table.
    rule: usize,
    /// The phrase that it is part of, if it is part of a translation.
    phrase: Option<&'static str>,
}

/// The needles of all rules, in the order of the tables.
struct Needles {
    all: Vec<Needle>,
    automaton: OnceLock<AhoCorasick>,
}

impl Needles {
    /// Where which needle stands. Building the automaton takes 6 ms: it is left for larger texts.
    fn find(&self, text: &str, mut found: impl FnMut(&Needle, usize)) {
        if text.len() < SMALL && self.automaton.get().is_none() {
            let trigrams = Trigrams::of(text.as_bytes());
            for needle in &self.all {
                if trigrams.may_hold(needle.text) {
                    memmem::find_iter(text.as_bytes(), needle.text)
                        .for_each(|at| found(needle, at));
                }
            }
            return;
        }
        let automaton = self.automaton.get_or_init(|| {
            let builder = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(self.all.iter().map(|needle| needle.text));
            builder.expect("the needles are short and few")
        });
        for hit in automaton.find_overlapping_iter(text) {
            found(&self.all[hit.pattern().as_usize()], hit.start());
        }
    }
}

/// Collected once per process.
fn needles() -> &'static Needles {
    static NEEDLES: OnceLock<Needles> = OnceLock::new();
    NEEDLES.get_or_init(|| {
        let rules = all().enumerate();
        let all = rules.filter(|(_, rule)| rule.by != By::Nameserver);
        let all = all.flat_map(|(index, rule)| {
            let own = iter::once(&rule.needle).chain(rule.also);
            let own = own.map(|&needle| (needle, None));
            let foreign = lang::phrases(rule.id).iter();
            let foreign = foreign.map(|phrase| (lang::needle(phrase), Some(*phrase)));
            own.chain(foreign).map(move |(text, phrase)| Needle {
                text,
                rule: index,
                phrase,
            })
        });
        Needles {
            all: all.collect(),
            automaton: OnceLock::new(),
        }
    })
}

/// Every needle of every rule over the joined lines.
pub(crate) fn hits(doc: &Doc) -> Vec<Hit> {
    let mut joined = String::with_capacity(doc.lines.iter().map(|line| line.text.len() + 1).sum());
    let mut starts = Vec::with_capacity(doc.lines.len());
    for line in &doc.lines {
        starts.push(joined.len());
        joined.push_str(&line.text);
        joined.push('\n');
    }
    let rules: Vec<&'static Rule> = all().collect();
    // By rule and line: up to which column its pattern has looked (all of it once it
    // matched), and how many translations were tried.
    let mut looked: HashMap<(usize, usize), (usize, usize)> = HashMap::new();
    let mut count = vec![0_usize; rules.len()];
    let mut hits = Vec::new();
    needles().find(&joined, |needle, at| {
        let line = starts.partition_point(|start| *start <= at) - 1;
        let column = at - starts[line];
        let index = needle.rule;
        let (until, tried) = looked.get(&(index, line)).copied().unwrap_or_default();
        if column < until || tried > MAX_TRANSLATIONS || count[index] >= MAX_HITS {
            return;
        }
        let rule = rules[index];
        let Some(pulled) = pulled(index, rule, &doc.statement(line), column, needle.phrase) else {
            // Other phrases of the rule may still fit; its own pattern has seen all this.
            let next = if needle.phrase.is_none() {
                (column + MAX_PATTERN, tried)
            } else {
                (until, tried + 1)
            };
            looked.insert((index, line), next);
            return;
        };
        looked.insert((index, line), (usize::MAX, tried));
        count[index] += 1;
        hits.push(Hit {
            rule,
            index,
            line,
            column,
            pulled,
        });
    });
    // Table order settles ties.
    hits.sort_by_key(|hit| (hit.index, hit.line));
    hits
}

/// Applies a rule's pattern around the needle, or the translated phrase that it belongs to;
/// `None`: it doesn't match.
fn pulled(
    index: usize,
    rule: &'static Rule,
    text: &str,
    column: usize,
    phrase: Option<&str>,
) -> Option<Pulled> {
    let from = floor(text, column.saturating_sub(MAX_PATTERN));
    let to = floor(text, column + MAX_PATTERN);
    let text = &text[from..to];
    if let Some(phrase) = phrase {
        return lang::fits(phrase, text).then(Pulled::default);
    }
    if rule.pull.is_empty() {
        return Some(Pulled::default());
    }
    pattern(index, rule)
        .captures(text.as_bytes())
        .map(|captures| Pulled::new(&captures))
}

/// The largest character boundary not above `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Compiled once per process, and only after the needle has hit.
fn pattern(index: usize, rule: &'static Rule) -> &'static Regex {
    static PATTERNS: OnceLock<Vec<OnceLock<Regex>>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| all().map(|_| OnceLock::new()).collect());
    patterns[index].get_or_init(|| {
        pull::compile(rule.pull).expect("patterns of the shipped rules are tested to compile")
    })
}
