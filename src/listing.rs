//! What gomend knows, listed to be read: the causes and the rules, shipped and the user's own.

use std::fmt::Write;

use console::Alignment;
use serde_json::{Value, json};

use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::lang::tr;
use crate::rules::user::UserRule;
use crate::rules::{self, Rule};
use crate::words;
use crate::wrap;

/// Every cause, a line each.
pub(crate) fn causes() -> String {
    Cause::ALL.iter().fold(String::new(), |mut text, cause| {
        let means = spoken(words::cause::means(*cause));
        if wrap::columns(1).is_some_and(|columns| columns < 39 + 40) {
            let means = wrap::fit(&means, 4, 4, wrap::columns(1));
            let _ = writeln!(
                text,
                "{:<28} {}\n    {means}",
                cause.id(),
                cause.layer().id()
            );
            return text;
        }
        let means = wrap::fit(&means, 39, 39, wrap::columns(1));
        let _ = writeln!(text, "{:<28} {:<9} {means}", cause.id(), cause.layer().id());
        text
    })
}

/// One cause: what it means, what usually helps, which rules name it.
pub(crate) fn cause(cause: Cause) -> String {
    let (means, helps) = (
        spoken(words::cause::means(cause)),
        spoken(words::cause::helps(cause)),
    );
    let mut rows = vec![
        (tr!("label" => "means"), means),
        (tr!("label" => "helps"), helps),
    ];
    let rules = rules::all().filter(|rule| rule.suspects.contains(&cause));
    rows.extend(rules.map(|rule| (tr!("label" => "rule"), rule.id.to_owned())));
    format!("{} ({})\n", cause.id(), cause.layer().id()) + &labelled(&rows, 5)
}

/// One cause, as [`cause`] has it.
pub(crate) fn cause_json(cause: Cause) -> Value {
    let rules = rules::all().filter(|rule| rule.suspects.contains(&cause));
    json!({
        "id": cause.id(), "layer": cause.layer().id(),
        "means": spoken(words::cause::means(cause)), "helps": spoken(words::cause::helps(cause)),
        "rules": rules.map(|rule| rule.id).collect::<Vec<_>>(),
    })
}

/// One shipped rule, as [`rule`] has it.
pub(crate) fn rule_json(rule: &Rule) -> Value {
    let suspects: Vec<&str> = rule.suspects.iter().map(|cause| cause.id()).collect();
    let needles: Vec<&str> = std::iter::once(&rule.needle)
        .chain(rule.also)
        .copied()
        .collect();
    json!({
        "id": rule.id, "suspects": suspects, "needles": needles, "pattern": rule.pull,
        "sample": rule.sample, "seen": rule.seen, "file": null, "line": null,
    })
}

/// One of the user's own rules, in the same form.
pub(crate) fn own_rule_json(rule: &UserRule) -> Value {
    let suspects: Vec<&str> = rule.suspects.iter().map(|cause| cause.id()).collect();
    json!({
        "id": rule.id, "suspects": suspects, "needles": [rule.needle],
        "pattern": rule.pull.as_ref().map_or("", |pattern| pattern.as_str()),
        "sample": rule.sample, "seen": rule.seen, "file": rule.file, "line": rule.line,
    })
}

/// Every rule, a line each; the user's own first.
pub(crate) fn list(own: &[UserRule]) -> String {
    let mut text = String::new();
    for rule in own {
        let place = format!("{}:{}", rule.file.display(), rule.line);
        let _ = writeln!(
            text,
            "{:<34} {:<48} {place}",
            rule.id,
            names(&rule.suspects)
        );
    }
    for rule in rules::all() {
        let _ = writeln!(
            text,
            "{:<34} {:<48} {}",
            rule.id,
            names(rule.suspects),
            rule.needle
        );
    }
    text
}

/// One rule, everything of it.
pub(crate) fn rule(rule: &Rule) -> String {
    let mut rows = vec![(tr!("label" => "suspects"), names(rule.suspects))];
    let needles = std::iter::once(&rule.needle).chain(rule.also);
    rows.extend(needles.map(|needle| (tr!("label" => "needle"), (*needle).to_owned())));
    if !rule.pull.is_empty() {
        rows.push((tr!("label" => "pattern"), rule.pull.to_owned()));
    }
    let sample = rule.sample.lines();
    rows.extend(sample.map(|line| (tr!("label" => "sample"), line.to_owned())));
    rows.push((tr!("label" => "seen"), rule.seen.to_owned()));
    format!("{}\n", rule.id) + &labelled(&rows, 8)
}

/// What each rule found in a text, a line each.
pub(crate) fn found(evidence: &Evidence) -> String {
    evidence
        .findings
        .iter()
        .fold(String::new(), |mut text, finding| {
            let host = finding.target.host.as_deref().unwrap_or("-");
            let line = tr!("line {line}", line = finding.line);
            let _ = writeln!(
                text,
                "{} {:<30} {:<28} {host:<28} {}",
                console::pad_str(&line, 11, Alignment::Left, None),
                finding.rule,
                finding.cause().id(),
                finding.text
            );
            text
        })
}

/// The names that a DNS server's log says were not resolved, how often, how, and what go makes
/// of it; `None`: the evidence is of no such log.
pub(crate) fn lookups(evidence: &Evidence) -> Option<String> {
    let mut rows = String::new();
    for finding in &evidence.findings {
        let (how, meaning) = match &*finding.rule {
            "nameserver-timeout" => (
                tr!("no answer in time"),
                tr!("go gives up with `i/o timeout` or `server misbehaving`"),
            ),
            "nameserver-upstream-unreachable" => (
                tr!("the server that it asks cannot be reached"),
                tr!("go says `server misbehaving`, git `Could not resolve host`"),
            ),
            "nameserver-failed" => (
                "SERVFAIL".to_owned(),
                tr!("go says `server misbehaving`, git `Could not resolve host`"),
            ),
            "nameserver-refused" => (
                "REFUSED".to_owned(),
                tr!("this server does not answer that client: go says `server misbehaving`"),
            ),
            "nameserver-no-such-name" => (
                "NXDOMAIN".to_owned(),
                tr!("go says `no such host`, and does not ask again"),
            ),
            _ => continue,
        };
        let name = finding.target.host.as_deref().unwrap_or("-");
        let times = tr!("{times}x", times = finding.times);
        let _ = writeln!(rows, "  {name:<28} {times:<12} {how}: {meaning}");
    }
    let title = tr!("what the DNS server's log says, by name:");
    (!rows.is_empty()).then(|| format!("{title}\n{rows}"))
}

/// Lines of a label and what it labels, in two columns; the labels' is `width` wide at least.
fn labelled(rows: &[(String, String)], width: usize) -> String {
    rows.iter().fold(String::new(), |mut text, (label, what)| {
        let label = console::pad_str(label, width, Alignment::Left, None);
        let indent = 4 + width.max(console::measure_text_width(&label));
        let what = wrap::fit(what, indent, indent, wrap::columns(1));
        let _ = writeln!(text, "  {label}  {what}");
        text
    })
}

fn spoken(text: &str) -> String {
    tr!(text)
}

fn names(causes: &[Cause]) -> String {
    causes
        .iter()
        .map(|cause| cause.id())
        .collect::<Vec<_>>()
        .join(" ")
}
