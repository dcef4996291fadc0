//! The score over labelled reports: as they are, and wrapped the way logs are.

use std::fmt::Write as _;

use gomend::cause::Cause;
use gomend::rules::{self, Context};
use serde::Deserialize;

/// One labelled report; see the README beside the corpus.
#[derive(Deserialize)]
struct Record {
    id: String,
    text: String,
    cause: String,
    accept: Vec<String>,
    host: Option<String>,
}

fn records(file: &str) -> Vec<Record> {
    let path = format!("{}/tests/corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the corpus is part of the repository");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one record a line"))
        .collect()
}

#[derive(Default)]
struct Score {
    total: usize,
    right: usize,
    exact: usize,
    hosts: usize,
    hosts_right: usize,
    alarms: usize,
    misses: String,
}

impl Score {
    fn of(records: &[Record], wrap: impl Fn(&str) -> String) -> Self {
        let mut score = Self::default();
        for record in records {
            let evidence = rules::scan(wrap(&record.text).as_bytes(), &Context::default());
            let first = evidence.findings.first();
            let cause = first
                .map_or(Cause::NotOurs, gomend::evidence::Finding::cause)
                .id();
            let exact = cause == record.cause;
            let right = exact || record.accept.iter().any(|other| other == cause);
            score.total += 1;
            score.exact += usize::from(exact);
            score.right += usize::from(right);
            if record.cause == "not-ours" && record.accept.is_empty() && first.is_some() {
                score.alarms += 1;
            }
            let rule = first.map_or("-", |finding| &finding.rule);
            if !exact {
                let mark = if right { "~" } else { "X" };
                let _ = writeln!(
                    score.misses,
                    "{mark} {}: {cause} by {rule}, not {} {:?}",
                    record.id, record.cause, record.accept
                );
            }
            if let Some(host) = &record.host {
                let found = first.and_then(|finding| finding.target.host.as_deref());
                let same = found.is_some_and(|found| found.eq_ignore_ascii_case(host));
                score.hosts += 1;
                score.hosts_right += usize::from(same);
                if !same {
                    let _ = writeln!(
                        score.misses,
                        "h {}: host {found:?} by {rule}, not {host}",
                        record.id
                    );
                }
            }
        }
        score
    }

    fn percent(part: usize, of: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred records")]
        let percent = part as f64 * 100.0 / of.max(1) as f64;
        percent
    }

    #[expect(clippy::print_stdout, reason = "the score is what this test is for")]
    /// Prints the score and fails below the figures that the contract names.
    fn check(&self, name: &str, slack: f64) {
        let (right, exact, hosts) = (
            Self::percent(self.right, self.total),
            Self::percent(self.exact, self.total),
            Self::percent(self.hosts_right, self.hosts),
        );
        println!(
            "{name}: right {right:.1} %, exact {exact:.1} %, host {hosts:.1} % of {}, alarms {} ({} records)",
            self.hosts, self.alarms, self.total
        );
        println!("{}", self.misses);
        assert!(
            right >= 97.0 - slack
                && exact >= 92.0 - slack
                && hosts >= 95.0 - slack
                && self.alarms == 0,
            "{name} is below the contract"
        );
    }
}

#[test]
fn train_score() {
    Score::of(&records("train.jsonl"), str::to_owned).check("train", 0.0);
}
