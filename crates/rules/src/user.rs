//! Rules that somebody has written for their own tools, applied to a text. They are read and checked
//! where files are read; a rule reads single lines and speaks before the shipped ones.

use std::borrow::Cow;
use std::path::PathBuf;

use gomend_core::cause::Cause;
use gomend_core::evidence::{Evidence, Finding, Role, Source};
use gomend_core::mask;
use regex::bytes::Regex;

use super::pull::{self, Place, Pulled};
use super::structure::Doc;
use super::unwrap;
use super::wrap::Wrapping;

/// A rule from a user's file.
#[derive(Debug, Clone)]
pub struct UserRule {
    /// Id, unique in all files and different from the shipped ones.
    pub id: String,
    /// Possible causes, the most probable first; never empty.
    pub suspects: Vec<Cause>,
    /// Searched for in every line.
    pub needle: String,
    /// What the line must match too.
    pub pull: Option<Regex>,
    /// A line that the rule was written for.
    pub sample: Option<String>,
    /// Where it was seen.
    pub seen: Option<String>,
    /// What helps, in the user's words.
    pub help: Option<String>,
    /// The file that it stands in.
    pub file: PathBuf,
    /// The line that it begins in, from 1.
    pub line: usize,
}

/// Findings of user rules in `text`, in order of appearance.
#[must_use]
pub fn scan(text: &[u8], rules: &[UserRule]) -> Evidence {
    if rules.is_empty() {
        return Evidence::default();
    }
    let doc = Doc::new(unwrap::lines(text, Wrapping::Cut).0, false, None);
    let mut findings: Vec<Finding> = Vec::new();
    for line in 0..doc.lines.len() {
        for rule in rules {
            let text = doc.text(line);
            let Some(column) = text.find(&rule.needle).filter(|_| !doc.is_silent(line)) else {
                continue;
            };
            let pulled = match &rule.pull {
                Some(pattern) => match pattern.captures(text.as_bytes()) {
                    Some(captures) => Pulled::new(&captures),
                    None => continue,
                },
                None => Pulled::default(),
            };
            if findings.iter().any(|finding| finding.rule == rule.id) {
                continue;
            }
            let place = Place {
                doc: &doc,
                line,
                column,
                pulled,
                role: Role::None,
                by_vcs: false,
                answer: false,
                local: false,
            };
            let foreign = doc.is_remote(line, false);
            let mut target = pull::target(&place);
            if foreign {
                target.named_by = doc.named_by(line, &target);
            }
            findings.push(Finding {
                rule: Cow::Owned(rule.id.clone()),
                suspects: rule.suspects.clone(),
                source: Source::Stderr,
                line: doc.lines[line].number,
                text: mask::line(text),
                foreign,
                answer: None,
                times: 1,
                target: super::engine::masked(target),
            });
        }
    }
    Evidence { findings }
}
