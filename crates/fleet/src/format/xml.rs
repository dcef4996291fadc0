//! `JUnit`'s XML: each rule is a test case, and what breaks it a failure.

use std::fmt::Write as _;

use super::{Described, Tool, place};
use crate::finding::Rule;
use gomend_core::escape::xml as escaped;

pub(super) fn junit(tool: Tool<'_>, told: &[Described<'_>]) -> String {
    let of = |rule: Rule| {
        told.iter()
            .filter(move |told| told.finding.rule == rule && told.finding.waived.is_none())
    };
    let failed = Rule::ALL
        .iter()
        .filter(|rule| of(**rule).any(|told| tool.fails(told.finding)))
        .count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = Rule::ALL.len();
    let _ = writeln!(
        text,
        "<testsuites name=\"gomend check\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\">"
    );
    let _ = writeln!(
        text,
        "  <testsuite name=\"gomend check\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">"
    );
    for rule in Rule::ALL {
        let _ = write!(
            text,
            "    <testcase classname=\"gomend.check\" name=\"{}\"",
            rule.id()
        );
        let mut found: Vec<&Described<'_>> = of(*rule).collect();
        found.sort_by_key(|told| std::cmp::Reverse(told.finding.severity));
        let listed = found.iter().fold(String::new(), |mut text, told| {
            let _ = writeln!(
                text,
                "{}: {} {}",
                place(told.finding),
                told.message,
                told.help
            );
            text
        });
        match found.first() {
            Some(worst) if tool.fails(worst.finding) => {
                let _ = writeln!(
                    text,
                    ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                    worst.finding.severity.id(),
                    escaped(&worst.message),
                    escaped(&listed)
                );
            }
            Some(_) => {
                let _ = writeln!(
                    text,
                    ">\n      <system-out>{}</system-out>\n    </testcase>",
                    escaped(&listed)
                );
            }
            None => text.push_str("/>\n"),
        }
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}
