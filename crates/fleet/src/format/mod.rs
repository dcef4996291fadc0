//! Findings as the systems around a repository read them.
//!
//! In: findings, each with the words it is told in. Out: one text. Words are the caller's; escaping
//! is done here, as each format demands it.

use std::fmt::Write as _;

use gomend_core::{escape, mask};
use serde_json::{Value, json};

use crate::finding::{Finding, Place, Rule, Severity};

mod xml;

/// A finding in words.
#[derive(Debug, Clone)]
pub struct Described<'a> {
    /// What was found.
    pub finding: &'a Finding,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object of gomend's own.
    Json,
    /// SARIF 2.1.0 (OASIS Standard, 27 March 2020).
    Sarif,
    /// `JUnit`'s XML as Jenkins, GitLab, Azure and Buildkite read it.
    Junit,
    /// GitLab's code quality report.
    Gitlab,
    /// GitHub's workflow commands.
    Github,
    /// `TeamCity`'s service messages: inspections.
    Teamcity,
    /// An annotation of Buildkite's, Markdown for `buildkite-agent annotate`.
    Buildkite,
}

/// Who says it.
#[derive(Debug, Clone, Copy)]
pub struct Tool<'a> {
    /// gomend's version.
    pub version: &'a str,
    /// What each rule wants, in one sentence.
    pub about: fn(Rule) -> String,
    /// What counts as failed.
    pub fail_on: Severity,
}

impl Tool<'_> {
    fn fails(&self, finding: &Finding) -> bool {
        finding.waived.is_none() && finding.severity >= self.fail_on
    }
}

/// The text.
#[must_use]
pub fn render(format: Format, tool: Tool<'_>, told: &[Described<'_>]) -> String {
    match format {
        Format::Json => pretty(&own(tool, told)),
        Format::Sarif => pretty(&sarif(tool, told)),
        Format::Junit => xml::junit(tool, told),
        Format::Gitlab => pretty(&gitlab(told)),
        Format::Github => lines(told, github),
        Format::Teamcity => teamcity(tool, told),
        Format::Buildkite => buildkite(tool, told),
    }
}

fn pretty(value: &Value) -> String {
    mask::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn open<'t, 'f>(told: &'t [Described<'f>]) -> impl Iterator<Item = &'t Described<'f>> {
    told.iter().filter(|told| told.finding.waived.is_none())
}

fn lines(told: &[Described<'_>], line: fn(&Described<'_>) -> String) -> String {
    open(told).map(|told| line(told) + "\n").collect()
}

/// Where, for people: `Dockerfile:3:5`, `GOPROXY (environment)`.
#[must_use]
pub fn place(finding: &Finding) -> String {
    let place = match &finding.place {
        Place::File { path, line, column } => format!("{path}:{line}:{column}"),
        Place::Machine { setting, origin } => format!("{setting} ({origin})"),
    };
    mask::short(&place, usize::MAX)
}

/// The file, for programs that show what they read: a repository's names are anybody's words.
fn file(finding: &Finding) -> Option<String> {
    finding.file().map(mask::page)
}

fn own(tool: Tool<'_>, told: &[Described<'_>]) -> Value {
    let finding = |told: &Described<'_>| {
        let found = told.finding;
        let params: serde_json::Map<String, Value> = found
            .params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "rule": found.rule.id(), "severity": found.severity.id(), "place": found.place, "params": params,
            "message": told.message, "help": told.help, "fixable": found.remedy.is_some(), "waived": found.waived,
            "fingerprint": found.fingerprint(),
        })
    };
    let failed = told.iter().any(|told| tool.fails(told.finding));
    json!({"schema": 1, "gomend": tool.version, "failed": failed, "findings": told.iter().map(finding).collect::<Vec<_>>()})
}

fn sarif(tool: Tool<'_>, told: &[Described<'_>]) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id(),
                "shortDescription": {"text": (tool.about)(*rule)},
                "defaultConfiguration": {"level": rule.severity().id()},
            })
        })
        .collect();
    let result = |told: &Described<'_>| {
        let found = told.finding;
        let location = match &found.place {
            Place::File { path, line, column } => json!({"physicalLocation": {
                "artifactLocation": {"uri": escape::uri_path(path.as_bytes()), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": line, "startColumn": column},
            }}),
            Place::Machine { setting, origin } => {
                json!({"logicalLocations": [{"name": setting, "fullyQualifiedName": format!("{setting} ({origin})")}]})
            }
        };
        let mut result = json!({
            "ruleId": found.rule.id(),
            "ruleIndex": Rule::ALL.iter().position(|rule| *rule == found.rule),
            "level": found.severity.id(),
            "message": {"text": format!("{} {}", told.message, told.help).trim_end()},
            "locations": [location],
            "partialFingerprints": {"gomend/v1": found.fingerprint()},
        });
        if let Some(reason) = &found.waived {
            result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
        }
        result
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "gomend", "version": tool.version, "semanticVersion": tool.version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the root of the repository"}}},
            "results": told.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn gitlab(told: &[Described<'_>]) -> Value {
    let severity = |severity| match severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    // each fingerprint once: GitLab drops what has one that it has seen
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let issues: Vec<Value> = open(told)
        .map(|told| {
            let found = told.finding;
            let count = seen.entry(found.fingerprint()).or_default();
            *count += 1;
            let fingerprint = format!("{}-{count}", found.fingerprint());
            let path = file(found).unwrap_or_else(|| place(found));
            json!({
                "description": format!("{} {}", told.message, told.help).trim_end(), "check_name": found.rule.id(),
                "fingerprint": fingerprint, "severity": severity(found.severity),
                "location": {"path": path, "lines": {"begin": found.position().0}},
            })
        })
        .collect();
    json!(issues)
}

fn github(told: &Described<'_>) -> String {
    let found = told.finding;
    let command = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (line, column) = found.position();
    let place = file(found).map_or_else(String::new, |path| {
        format!(
            "file={},line={line},col={column},",
            escape::github_property(&path)
        )
    });
    let title = escape::github_property(&format!("gomend {}", found.rule.id()));
    format!(
        "::{command} {place}title={title}::{}",
        escape::github(&format!("{} {}", told.message, told.help))
    )
}

fn teamcity(tool: Tool<'_>, told: &[Described<'_>]) -> String {
    let mut text = String::new();
    let mut rules: Vec<Rule> = open(told).map(|told| told.finding.rule).collect();
    rules.sort();
    rules.dedup();
    for rule in rules {
        let (id, about) = (rule.id(), escape::teamcity(&(tool.about)(rule)));
        let _ = writeln!(
            text,
            "##teamcity[inspectionType id='{id}' name='{id}' description='{about}' category='gomend']"
        );
    }
    for told in open(told) {
        let found = told.finding;
        let severity = match found.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        };
        let file = escape::teamcity(&file(found).unwrap_or_else(|| place(found)));
        let message = escape::teamcity(&format!("{} {}", told.message, told.help));
        let _ = writeln!(
            text,
            "##teamcity[inspection typeId='{}' message='{message}' file='{file}' line='{}' SEVERITY='{severity}']",
            found.rule.id(),
            found.position().0,
        );
    }
    text
}

fn buildkite(tool: Tool<'_>, told: &[Described<'_>]) -> String {
    let cell = |text: &str| {
        text.replace('\\', "\\\\")
            .replace('|', "\\|")
            .replace('<', "&lt;")
            .replace('`', "'")
    };
    let count = open(told).filter(|told| tool.fails(told.finding)).count();
    let mut text = format!(
        "**gomend check**: {count} / {}\n\n| | | |\n|---|---|---|\n",
        told.len()
    );
    for told in open(told) {
        let found = told.finding;
        let _ = writeln!(
            text,
            "| {} `{}` | `{}` | {} |",
            found.severity.id(),
            found.rule.id(),
            cell(&place(found)),
            cell(&format!("{} {}", told.message, told.help))
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each severity, with everything that some format has to escape.
    fn findings() -> Vec<Finding> {
        let place = Place::File {
            path: "a b/x,y:1.sh".into(),
            line: 3,
            column: 5,
        };
        let machine = Place::Machine {
            setting: "GOPROXY".into(),
            origin: "environment".into(),
        };
        let mut waived = Finding::new(Rule::ReplaceLocal, place.clone()).with("folder", "../x");
        waived.waived = Some("because".into());
        vec![
            Finding::new(Rule::Forbidden, place.clone()).with("setting", "GOINSECURE"),
            Finding::new(Rule::TokenReference, machine),
            waived,
        ]
    }

    fn rendered(format: Format) -> String {
        let findings = findings();
        let message = "50% of <it> | 'quoted' [x]\nü\u{1f600}".to_owned();
        let told: Vec<_> = findings
            .iter()
            .map(|finding| Described {
                finding,
                message: message.clone(),
                help: "do & go".into(),
            })
            .collect();
        render(
            format,
            Tool {
                version: "0.1.0",
                about: |rule| rule.id().to_owned(),
                fail_on: Severity::Error,
            },
            &told,
        )
    }

    #[test]
    fn commands_of_ci_systems() {
        let text = rendered(Format::Github);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.starts_with("::error file=a b/x%2Cy%3A1.sh,line=3,col=5,title=gomend forbidden-setting::50%25 of <it> | 'quoted' [x]%0Aü"));
        let text = rendered(Format::Teamcity);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(
            text.contains(
                "message='50% of <it> || |'quoted|' |[x|]|n|0x00FC|0xD83D|0xDE00 do & go'"
            ),
            "{text}"
        );
        let text = rendered(Format::Buildkite);
        assert!(text.contains("50% of &lt;it> \\| 'quoted'"), "{text}");
    }

    #[test]
    fn documents() {
        let sarif: Value = serde_json::from_str(&rendered(Format::Sarif)).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 3);
        assert_eq!(
            run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "a%20b/x%2Cy%3A1.sh"
        );
        assert_eq!(
            run["results"][2]["suppressions"][0]["justification"],
            "because"
        );
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
        let gitlab: Value = serde_json::from_str(&rendered(Format::Gitlab)).unwrap();
        assert_eq!(gitlab.as_array().unwrap().len(), 2);
        assert_eq!(gitlab[0]["location"]["lines"]["begin"], 3);
        let junit = rendered(Format::Junit);
        assert!(junit.contains("tests=\"17\" failures=\"1\""), "{junit}");
        let own: Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
        assert_eq!(
            (&own["failed"], &own["findings"][0]["fixable"]),
            (&json!(true), &json!(false))
        );
    }

    #[test]
    fn a_finding_keeps_its_name_when_lines_move() {
        let findings = findings();
        let mut moved = findings[0].clone();
        moved.place = Place::File {
            path: "a b/x,y:1.sh".into(),
            line: 9,
            column: 1,
        };
        assert_eq!(moved.fingerprint(), findings[0].fingerprint());
        assert_ne!(findings[1].fingerprint(), findings[0].fingerprint());
    }
}
