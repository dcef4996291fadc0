//! What a machine has seen of failures, as counters, and their text for Prometheus.
//!
//! In: counters as they were kept, one failure or one change of the journal at a time. Out: `OpenMetrics` 1.0, or the older
//! text format that `node_exporter` reads from files. Every label has a fixed, short list of values: causes
//! and layers are gomend's own ids, hosts are those that this machine's settings name, at most [`HOSTS`].

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gomend_core::cause::Cause;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use serde::{Deserialize, Serialize};

/// Hosts that are told apart.
pub const HOSTS: usize = 8;
/// Upper ends of the time to a verdict, seconds.
const BUCKETS: [f64; 8] = [0.01, 0.05, 0.1, 0.5, 1.0, 3.0, 5.0, 10.0];

/// How far a change has come, as the journal says.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EncodeLabelValue,
)]
#[serde(rename_all = "kebab-case")]
#[allow(
    non_camel_case_types,
    reason = "the label's value is the variant's name"
)]
pub enum FixOutcome {
    /// Made and proven.
    applied,
    /// Taken back by a person or a response.
    undone,
    /// Taken back because it didn't help.
    rolled_back,
}

/// What is kept between two runs; its size is bounded by the number of causes and of the journal's entries.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Failures by cause.
    failures: BTreeMap<String, u64>,
    /// Failures by bucket of the time to a verdict; the last one is what took longer.
    buckets: [u64; BUCKETS.len() + 1],
    /// Seconds in all.
    seconds: f64,
    /// How often go was tried again.
    retries: u64,
    /// Changes.
    fixes: BTreeMap<FixOutcome, u64>,
    /// The journal's entries that are counted, as they were.
    journal: BTreeMap<u64, FixOutcome>,
    /// Entries up to this one are counted.
    seen: u64,
    /// Unix time of the last failure.
    last_failure: Option<i64>,
    /// Unix time of the last success that was seen: a fix that was proven, a rehearsal that passed.
    last_success: Option<i64>,
}

impl Counters {
    /// One failure, with how long a verdict took, seconds.
    pub fn failure(&mut self, cause: Cause, seconds: f64, now: i64) {
        *self.failures.entry(cause.id().to_owned()).or_default() += 1;
        let bucket = BUCKETS
            .iter()
            .position(|end| seconds <= *end)
            .unwrap_or(BUCKETS.len());
        self.buckets[bucket] += 1;
        self.seconds += seconds;
        self.last_failure = Some(now);
    }

    /// go was tried again so often.
    pub fn retried(&mut self, tries: u64) {
        self.retries += tries;
    }

    /// Something was seen to work.
    pub fn success(&mut self, time: i64) {
        self.last_success = self.last_success.max(Some(time));
    }

    /// The journal as it is now: number, outcome and time of each entry that is finished. What has changed since
    /// is counted.
    pub fn journal(&mut self, entries: &[(u64, FixOutcome, i64)]) {
        for &(number, outcome, time) in entries {
            let before = self.journal.get(&number).copied();
            let mut count = |outcome| *self.fixes.entry(outcome).or_default() += 1;
            match before {
                None if number <= self.seen => continue, // forgotten, and back: not ours to count
                None if outcome == FixOutcome::undone => {
                    count(FixOutcome::applied);
                    count(FixOutcome::undone);
                }
                None => count(outcome),
                Some(before) if before != outcome => count(outcome),
                Some(_) => {}
            }
            if outcome != FixOutcome::rolled_back {
                self.success(time);
            }
        }
        self.seen = entries
            .iter()
            .map(|(number, ..)| *number)
            .fold(self.seen, u64::max);
        self.journal = entries
            .iter()
            .map(|&(number, outcome, _)| (number, outcome))
            .collect();
    }
}

/// One host as the doctor has just seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The name; at most [`HOSTS`] of them.
    pub name: String,
    /// `goproxy`, `sumdb`, ...
    pub role: String,
    /// Whether a fetch would get what it needs there; `None`: that was not seen.
    pub up: Option<bool>,
    /// When its certificate ends, Unix time.
    pub certificate_ends: Option<i64>,
}

/// What is told besides the counters.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// gomend's version.
    pub version: String,
    /// What the doctor has just seen.
    pub hosts: Vec<Host>,
    /// Rehearsals of replacements: when the oldest was, and how many failed.
    pub rehearsals: Option<Rehearsals>,
    /// What the last check of the policy found: errors, warnings, notes, and when.
    pub policy: Option<Drift>,
}

/// Rehearsals, over all modules of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsals {
    /// Modules that were ever rehearsed.
    pub modules: i64,
    /// Those whose last rehearsal failed.
    pub failing: i64,
    /// Unix time of the oldest of the last ones.
    pub oldest: i64,
}

/// The last check of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Drift {
    /// Unix time.
    pub time: i64,
    /// Findings that may not be.
    pub errors: i64,
    /// Findings that should be otherwise.
    pub warnings: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCause {
    layer: String,
    cause: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: FixOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfHost {
    host: String,
    role: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSeverity {
    severity: &'static str,
}

/// `OpenMetrics` text.
#[must_use]
pub fn open_metrics(counters: &Counters, now: &Now) -> String {
    let mut registry = Registry::with_prefix("gomend");
    let build = Info::new([("version", now.version.clone())]);
    registry.register("build", "The version of gomend", build);
    count(&mut registry, counters);
    moments(&mut registry, counters, now);
    hosts(&mut registry, now);
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        text.clear(); // to a String: cannot fail
    }
    with_histogram(&text, counters)
}

/// What only grows.
fn count(registry: &mut Registry, counters: &Counters) {
    let failures = Family::<OfCause, Counter>::default();
    for cause in Cause::ALL {
        if let Some(count) = counters.failures.get(cause.id()) {
            let labels = OfCause {
                layer: cause.layer().id().to_owned(),
                cause: cause.id().to_owned(),
            };
            failures.get_or_create(&labels).inc_by(*count);
        }
    }
    let retries: Counter = Counter::default();
    retries.inc_by(counters.retries);
    let fixes = Family::<OfOutcome, Counter>::default();
    for outcome in [
        FixOutcome::applied,
        FixOutcome::undone,
        FixOutcome::rolled_back,
    ] {
        let count = counters.fixes.get(&outcome).copied().unwrap_or_default();
        fixes.get_or_create(&OfOutcome { outcome }).inc_by(count);
    }
    let verdict = Histogram::new(BUCKETS);
    let about = "From gomend's start to a diagnosis";
    registry.register("failures", "Module fetches that failed, by cause", failures);
    registry.register_with_unit("verdict", about, Unit::Seconds, verdict);
    let about = "How often gomend had go try again";
    registry.register("retries", about, retries);
    let about = "Changes that gomend made, by how they ended";
    registry.register("fixes", about, fixes);
}

/// When something was last, and how it stands.
fn moments(registry: &mut Registry, counters: &Counters, now: &Now) {
    let (rehearsals, policy) = (now.rehearsals, now.policy);
    let gauges = [
        (
            "last_failure_timestamp_seconds",
            "When a fetch failed last",
            counters.last_failure,
        ),
        (
            "last_success_timestamp_seconds",
            "When a fix was proven, or a rehearsal or a second try passed last",
            counters.last_success,
        ),
        (
            "rescue_modules",
            "Modules with a rehearsed replacement",
            rehearsals.map(|all| all.modules),
        ),
        (
            "rescue_failing",
            "Modules whose last rehearsal failed",
            rehearsals.map(|all| all.failing),
        ),
        (
            "rescue_oldest_rehearsal_timestamp_seconds",
            "The oldest of the modules' last rehearsals",
            rehearsals.map(|all| all.oldest),
        ),
        (
            "policy_check_timestamp_seconds",
            "When the policy was checked last",
            policy.map(|drift| drift.time),
        ),
    ];
    for (name, about, value) in gauges {
        if let Some(value) = value {
            let gauge: Gauge = Gauge::default();
            gauge.set(value);
            registry.register(name, about, gauge);
        }
    }
    if let Some(drift) = policy {
        let findings = Family::<OfSeverity, Gauge>::default();
        for (severity, count) in [("error", drift.errors), ("warning", drift.warnings)] {
            findings.get_or_create(&OfSeverity { severity }).set(count);
        }
        registry.register("policy_findings", "Findings of the last check", findings);
    }
}

/// What the doctor saw.
fn hosts(registry: &mut Registry, now: &Now) {
    if now.hosts.is_empty() {
        return;
    }
    let up = Family::<OfHost, Gauge>::default();
    let ends = Family::<OfHost, Gauge>::default();
    for host in now.hosts.iter().take(HOSTS) {
        let labels = OfHost {
            host: host.name.clone(),
            role: host.role.clone(),
        };
        if let Some(is_up) = host.up {
            up.get_or_create(&labels).set(is_up.into());
        }
        if let Some(time) = host.certificate_ends {
            ends.get_or_create(&labels).set(time);
        }
    }
    let about = "Whether a fetch would get what it needs from this host";
    registry.register("host_up", about, up);
    let about = "When this host's certificate ends";
    registry.register("certificate_end_timestamp_seconds", about, ends);
}

/// The crate counts observations one by one; what was counted before is written in their place.
fn with_histogram(text: &str, counters: &Counters) -> String {
    let mut done = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("gomend_verdict_seconds_") {
            if rest.starts_with("sum ") {
                let _ = writeln!(done, "gomend_verdict_seconds_sum {:?}", counters.seconds);
                let mut total = 0;
                for (at, count) in counters.buckets.iter().enumerate() {
                    total += count;
                    let end = BUCKETS
                        .get(at)
                        .map_or("+Inf".to_owned(), |end| format!("{end:?}"));
                    let _ = writeln!(
                        done,
                        "gomend_verdict_seconds_bucket{{le=\"{end}\"}} {total}"
                    );
                }
                let _ = writeln!(done, "gomend_verdict_seconds_count {total}");
            }
            continue;
        }
        let _ = writeln!(done, "{line}");
    }
    done
}

/// The same in the text format 0.0.4, which `node_exporter`'s textfile collector reads: a counter's family
/// has the samples' own name, and there is neither a unit nor an end.
#[must_use]
pub fn prometheus(open_metrics: &str) -> String {
    let mut renamed = BTreeMap::new();
    for line in open_metrics.lines() {
        if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            match kind {
                "counter" => renamed.insert(name.to_owned(), (format!("{name}_total"), "counter")),
                "info" => renamed.insert(name.to_owned(), (format!("{name}_info"), "gauge")),
                _ => None,
            };
        }
    }
    let mut text = String::new();
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => {}
            (Some("#"), Some(word), Some(name), Some(rest)) => {
                let (name, kind) = renamed
                    .get(name)
                    .map_or((name, None), |(name, kind)| (name.as_str(), Some(*kind)));
                let rest = if word == "TYPE" {
                    kind.unwrap_or(rest)
                } else {
                    rest
                };
                let _ = writeln!(text, "# {word} {name} {rest}");
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> (Counters, Now) {
        let mut counters = Counters::default();
        counters.failure(Cause::DnsNotFound, 0.02, 1_000);
        counters.failure(Cause::DnsNotFound, 20.0, 1_100);
        counters.failure(Cause::DnsNotFound, 0.7, 9_000);
        counters.retried(1);
        counters.journal(&[
            (1, FixOutcome::applied, 2_000),
            (2, FixOutcome::rolled_back, 3_000),
        ]);
        counters.journal(&[
            (1, FixOutcome::undone, 2_000),
            (2, FixOutcome::rolled_back, 3_000),
        ]);
        let host = Host {
            name: "p.example".into(),
            role: "goproxy".into(),
            up: Some(true),
            certificate_ends: Some(5),
        };
        let now = Now {
            version: "0.1.0".into(),
            hosts: vec![host; 20],
            rehearsals: Some(Rehearsals {
                modules: 1,
                failing: 0,
                oldest: 7,
            }),
            policy: Some(Drift {
                time: 1,
                errors: 2,
                warnings: 3,
            }),
        };
        (counters, now)
    }

    #[test]
    fn what_is_counted_stands_in_both_formats() {
        let (counters, now) = busy();
        let counters: Counters =
            serde_json::from_str(&serde_json::to_string(&counters).unwrap()).unwrap();
        let text = open_metrics(&counters, &now);
        for line in [
            "# TYPE gomend_failures counter",
            "gomend_failures_total{layer=\"dns\",cause=\"dns-not-found\"} 3",
            "gomend_verdict_seconds_bucket{le=\"0.05\"} 1",
            "gomend_verdict_seconds_bucket{le=\"+Inf\"} 3",
            "gomend_verdict_seconds_count 3",
            "gomend_retries_total 1",
            "gomend_fixes_total{outcome=\"applied\"} 1",
            "gomend_fixes_total{outcome=\"undone\"} 1",
            "gomend_fixes_total{outcome=\"rolled_back\"} 1",
            "gomend_last_success_timestamp_seconds 2000",
            "gomend_host_up{host=\"p.example\",role=\"goproxy\"} 1",
            "gomend_policy_findings{severity=\"error\"} 2",
            "gomend_build_info{version=\"0.1.0\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        let older = prometheus(&text);
        assert!(
            older.contains("# TYPE gomend_failures_total counter\n")
                && older.contains("# TYPE gomend_build_info gauge\n"),
            "{older}"
        );
        assert!(
            !older.contains("EOF") && !older.contains("# UNIT"),
            "{older}"
        );
    }

    #[test]
    fn the_journal_is_counted_once() {
        let mut counters = Counters::default();
        for _ in 0..3 {
            counters.journal(&[(7, FixOutcome::applied, 1)]);
        }
        counters.journal(&[]);
        counters.journal(&[(7, FixOutcome::undone, 1), (9, FixOutcome::undone, 2)]);
        assert_eq!(counters.fixes.get(&FixOutcome::applied), Some(&2));
        assert_eq!(counters.fixes.get(&FixOutcome::undone), Some(&1));
    }
}
