//! Events for an OpenTelemetry collector: one log record for each failure, second try and change.
//!
//! In: what happened, as gomend's own ids and numbers; the variables of CI systems; the settings. Out:
//! OTLP/JSON (opentelemetry-proto 1.x, `ExportLogsServiceRequest`). A record can hold nothing but what this
//! file puts into it, and no text of go, git or a server is among that. `OTEL_*` is never read: what an
//! application is told about its own telemetry doesn't concern us.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gomend_core::cause::Cause;
use gomend_core::mask;
use serde::{Deserialize, Serialize};

use crate::metrics::FixOutcome;
use crate::policy::is_host_of;

/// Attributes that a configuration may add.
const MOST_ATTRIBUTES: usize = 16;
/// Characters of a text from a configuration or a CI system.
const MOST_CHARS: usize = 256;

/// `[telemetry]` of the system's or the user's configuration; without it nothing is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Telemetry {
    /// Where OTLP/HTTP is spoken; a URL without a path gets `/v1/logs`.
    pub endpoint: String,
    /// A file with lines `Name: value`, sent as headers: where a collector wants a login.
    pub headers_file: Option<PathBuf>,
    /// Hosts that may be named: names, or `*.corp.example` for all below.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Added to the resource, for instance `deployment.environment.name`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl Telemetry {
    /// The key of an attribute that can't be one, or of one too many.
    #[must_use]
    pub fn bad_attribute(&self) -> Option<&str> {
        let good = |key: &str, value: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            (1..=64).contains(&key.len())
                && key
                    .bytes()
                    .all(|byte| plain(byte) || b"._-".contains(&byte))
                && value.chars().count() <= MOST_CHARS
        };
        let mut all = self.attributes.iter().enumerate();
        all.find(|(at, (key, value))| *at >= MOST_ATTRIBUTES || !good(key, value))
            .map(|(_, (key, _))| key.as_str())
    }

    fn may_name(&self, host: &str) -> bool {
        is_host_of(&self.hosts, host)
    }
}

/// A value, as OTLP/JSON has it: 64-bit numbers are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Value {
    /// Text.
    StringValue(String),
    /// A number.
    IntValue(String),
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Attribute {
    key: String,
    value: Value,
}

/// A few attributes, in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Attributes(Vec<Attribute>);

impl Attributes {
    fn text(&mut self, key: &str, value: impl Into<String>) {
        self.add(key, Value::StringValue(value.into()));
    }

    fn number(&mut self, key: &str, value: impl Into<i64>) {
        self.add(key, Value::IntValue(value.into().to_string()));
    }

    fn add(&mut self, key: &str, value: Value) {
        self.0.push(Attribute {
            key: key.to_owned(),
            value,
        });
    }
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    time_unix_nano: String,
    observed_time_unix_nano: String,
    severity_number: u8,
    severity_text: String,
    event_name: String,
    attributes: Attributes,
    #[serde(flatten)]
    trace: Option<Trace>,
}

/// The trace that a record belongs to (W3C Trace Context, `traceparent`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    #[serde(rename = "traceId")]
    id: String,
    span_id: String,
    flags: u8,
}

impl Trace {
    /// `00-TRACE-SPAN-FLAGS`; later versions may append.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut hex = |length: usize| {
            let part = parts.next()?;
            let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            (part.len() == length && part.bytes().all(digit)).then_some(part)
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let is_set = |id: &str| id.bytes().any(|digit| digit != b'0');
        let ends = parts.next().is_none();
        if version == "ff" || (version == "00" && !ends) || !is_set(trace) || !is_set(span) {
            return None;
        }
        Some(Self {
            id: trace.to_owned(),
            span_id: span.to_owned(),
            flags: u8::from_str_radix(flags, 16).ok()?,
        })
    }
}

/// What all records of one process share.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    attributes: Attributes,
    trace: Option<Trace>,
}

impl Origin {
    /// From the environment: a trace that goes on, and what the CI system calls the job.
    #[must_use]
    pub fn of<'a>(telemetry: &Telemetry, var: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut attributes = Attributes::default();
        if let Some(system) = SYSTEMS.iter().find(|system| var(system.sign).is_some()) {
            let named = |alternatives: &[&[&str]]| {
                alternatives.iter().find_map(|names| {
                    let parts: Option<Vec<&str>> = names.iter().map(|name| var(name)).collect();
                    parts.map(|parts| parts.join("/"))
                })
            };
            for (key, alternatives) in [
                ("cicd.pipeline.name", system.pipeline),
                ("cicd.pipeline.run.id", system.run),
                ("cicd.pipeline.task.name", system.task),
            ] {
                if let Some(value) = named(alternatives) {
                    attributes.text(key, mask::short(&value, MOST_CHARS));
                }
            }
            let url = named(system.repository).and_then(|url| repository(&url, telemetry));
            if let Some(url) = url {
                attributes.text("vcs.repository.url.full", mask::short(&url, MOST_CHARS));
            }
        }
        Self {
            attributes,
            trace: var("TRACEPARENT").and_then(Trace::parse),
        }
    }
}

/// A CI system: the variable that only it sets, and those that hold what is asked for; of each the first alternative
/// that is set, its parts joined by `/`.
struct System {
    sign: &'static str,
    pipeline: &'static [&'static [&'static str]],
    run: &'static [&'static [&'static str]],
    task: &'static [&'static [&'static str]],
    repository: &'static [&'static [&'static str]],
}

/// Each by its own documentation of predefined variables.
const SYSTEMS: &[System] = &[
    System {
        sign: "GITHUB_ACTIONS",
        pipeline: &[&["GITHUB_WORKFLOW"]],
        run: &[&["GITHUB_RUN_ID"]],
        task: &[&["GITHUB_JOB"]],
        repository: &[&["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"]],
    },
    System {
        sign: "GITLAB_CI",
        pipeline: &[&["CI_PIPELINE_NAME"]],
        run: &[&["CI_PIPELINE_ID"]],
        task: &[&["CI_JOB_NAME"]],
        repository: &[&["CI_PROJECT_URL"]],
    },
    System {
        sign: "TF_BUILD",
        pipeline: &[&["BUILD_DEFINITIONNAME"]],
        run: &[&["BUILD_BUILDID"]],
        task: &[&["SYSTEM_JOBNAME"]],
        repository: &[&["BUILD_REPOSITORY_URI"]],
    },
    System {
        sign: "BUILDKITE",
        pipeline: &[&["BUILDKITE_PIPELINE_SLUG"]],
        run: &[&["BUILDKITE_BUILD_ID"]],
        task: &[&["BUILDKITE_STEP_KEY"], &["BUILDKITE_LABEL"]],
        repository: &[&["BUILDKITE_REPO"]],
    },
    System {
        sign: "JENKINS_URL",
        pipeline: &[&["JOB_NAME"]],
        run: &[&["BUILD_ID"]],
        task: &[&["STAGE_NAME"]],
        repository: &[&["GIT_URL"]],
    },
    System {
        sign: "TEAMCITY_VERSION",
        pipeline: &[&["TEAMCITY_BUILDCONF_NAME"]],
        run: &[&["BUILD_NUMBER"]],
        task: &[],
        repository: &[],
    },
    System {
        sign: "CIRCLECI",
        pipeline: &[&["CIRCLE_PROJECT_REPONAME"]],
        run: &[&["CIRCLE_WORKFLOW_ID"]],
        task: &[&["CIRCLE_JOB"]],
        repository: &[&["CIRCLE_REPOSITORY_URL"]],
    },
];

/// A repository's address without login and query, if its host may be named.
fn repository(text: &str, telemetry: &Telemetry) -> Option<String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        None => ("ssh", text.replacen(':', "/", 1)), // git's `user@host:path`
    };
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.split_once('/')?;
    let authority = authority.rsplit('@').next()?;
    let host = authority.split(':').next()?.to_ascii_lowercase();
    telemetry
        .may_name(&host)
        .then(|| format!("{scheme}://{authority}/{path}"))
}

/// A failed fetch.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Why; `not-ours` and what isn't known become `_OTHER`.
    pub cause: Cause,
    /// The counterpart's part in it, for instance `goproxy`.
    pub role: &'static str,
    /// Whom it was asked of; told only if that is allowed.
    pub host: Option<&'a str>,
    /// go's own.
    pub exit_code: Option<i32>,
}

/// A second try, or a later one.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// From 1.
    pub number: u32,
    /// Why the try before failed.
    pub cause: Option<Cause>,
    /// The pause before it, milliseconds.
    pub waited_ms: u64,
    /// How it ended.
    pub exit_code: Option<i32>,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// `gomend.fetch.failure`
    Failure(Failure<'a>),
    /// `gomend.fetch.retry`
    Retry(Retry),
    /// `gomend.fix.applied`, `gomend.fix.undone` or `gomend.fix.rolled_back`: the fix's id.
    Fix(&'a str, FixOutcome),
}

/// Severity numbers of the logs data model, with their names.
const INFO: (u8, &str) = (9, "INFO");
const WARN: (u8, &str) = (13, "WARN");
const ERROR: (u8, &str) = (17, "ERROR");

impl Event<'_> {
    /// The record of it; `time`: nanoseconds since the epoch.
    #[must_use]
    pub fn record(self, time: i128, origin: &Origin, telemetry: &Telemetry) -> Record {
        let mut attributes = Attributes::default();
        let (name, severity) = match self {
            Self::Failure(failure) => {
                attributes.text("error.type", error_type(Some(failure.cause)));
                attributes.text("gomend.layer", failure.cause.layer().id());
                attributes.text("gomend.role", failure.role);
                if let Some(host) = failure.host.filter(|host| telemetry.may_name(host)) {
                    attributes.text("server.address", mask::short(host, MOST_CHARS));
                }
                if let Some(code) = failure.exit_code {
                    attributes.number("process.exit.code", code);
                }
                ("gomend.fetch.failure", ERROR)
            }
            Self::Retry(retry) => {
                attributes.text("error.type", error_type(retry.cause));
                attributes.number("gomend.retry.number", retry.number);
                let waited = i64::try_from(retry.waited_ms).unwrap_or(i64::MAX);
                attributes.number("gomend.retry.wait_ms", waited);
                if let Some(code) = retry.exit_code {
                    attributes.number("process.exit.code", code);
                }
                ("gomend.fetch.retry", WARN)
            }
            Self::Fix(id, outcome) => {
                let plain = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '-';
                let id: String = id.chars().filter(plain).take(MOST_CHARS).collect();
                attributes.text("gomend.fix.id", id);
                match outcome {
                    FixOutcome::applied => ("gomend.fix.applied", INFO),
                    FixOutcome::undone => ("gomend.fix.undone", INFO),
                    FixOutcome::rolled_back => ("gomend.fix.rolled_back", WARN),
                }
            }
        };
        attributes.0.extend(origin.attributes.0.iter().cloned());
        Record {
            time_unix_nano: time.to_string(),
            observed_time_unix_nano: time.to_string(),
            severity_number: severity.0,
            severity_text: severity.1.to_owned(),
            event_name: name.to_owned(),
            attributes,
            trace: origin.trace.clone(),
        }
    }
}

/// `error.type`: a documented cause, or the value that the conventions keep for everything else.
fn error_type(cause: Option<Cause>) -> &'static str {
    match cause {
        None | Some(Cause::NotOurs) => "_OTHER",
        Some(cause) => cause.id(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_logs: [ResourceLogs<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<'a> {
    resource: Resource,
    scope_logs: [ScopeLogs<'a>; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: Attributes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<'a> {
    scope: Scope,
    log_records: &'a [Record],
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

/// The body of a request.
///
/// # Panics
/// Never: plain data with string keys is always JSON.
#[must_use]
pub fn request(records: &[Record], telemetry: &Telemetry) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let mut attributes = Attributes::default();
    attributes.text("service.name", "gomend");
    attributes.text("service.version", version);
    for (key, value) in &telemetry.attributes {
        attributes.0.retain(|known| known.key != *key);
        attributes.text(key, value.as_str());
    }
    let scope = Scope {
        name: "gomend",
        version,
    };
    let request = Request {
        resource_logs: [ResourceLogs {
            resource: Resource { attributes },
            scope_logs: [ScopeLogs {
                scope,
                log_records: records,
            }],
        }],
    };
    serde_json::to_vec(&request).expect("plain data with string keys is always JSON")
}

/// What became of a request, by the status of the answer (OTLP 1.x, "OTLP/HTTP Response").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The collector has it.
    Delivered,
    /// It never will: sending it again is forbidden.
    Refused,
    /// Another time.
    Later,
}

impl Fate {
    /// Of this status.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            429 | 502..=504 => Self::Later,
            _ => Self::Refused,
        }
    }
}

/// Headers that say how a request is carried: a file has no say in them.
const OURS: [&str; 7] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "user-agent",
];

/// The headers in a file: `Name: value`, a line each; `#` begins a comment. The number of a line that is none.
///
/// # Errors
/// The line, from 1.
pub fn headers(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(at + 1)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let visible = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        let good = !name.is_empty()
            && name.bytes().all(token)
            && value.bytes().all(visible)
            && !OURS.contains(&name.as_str());
        if !good || all.len() >= MOST_ATTRIBUTES {
            return Err(at + 1);
        }
        all.push((name, value.to_owned()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telemetry() -> Telemetry {
        Telemetry {
            endpoint: "https://c.example".to_owned(),
            hosts: vec!["github.com".to_owned(), "*.corp.example".to_owned()],
            attributes: [("deployment.environment.name".to_owned(), "ci".to_owned())].into(),
            ..Telemetry::default()
        }
    }

    fn origin(vars: &[(&str, &'static str)]) -> Origin {
        Origin::of(&telemetry(), |name| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        })
    }

    fn text(event: Event<'_>, origin: &Origin) -> String {
        let record = event.record(1_700_000_000_000_000_000, origin, &telemetry());
        let back: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap())
            .expect("the spool's form");
        assert_eq!(back, record);
        String::from_utf8(request(&[record], &telemetry())).unwrap()
    }

    const FAILURE: Failure<'static> = Failure {
        cause: Cause::TcpRefused,
        role: "goproxy",
        host: Some("goproxy.corp.example"),
        exit_code: Some(1),
    };

    #[test]
    fn a_failure_as_otlp_json() {
        let origin = origin(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKFLOW", "build"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_JOB", "test"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/app"),
            (
                "TRACEPARENT",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
        ]);
        let string = |key: &str, value: &str| serde_json::json!({"key": key, "value": {"stringValue": value}});
        let version = env!("CARGO_PKG_VERSION");
        let expected = serde_json::json!({"resourceLogs": [{
            "resource": {"attributes": [
                string("service.name", "gomend"), string("service.version", version),
                string("deployment.environment.name", "ci"),
            ]},
            "scopeLogs": [{
                "scope": {"name": "gomend", "version": version},
                "logRecords": [{
                    "timeUnixNano": "1700000000000000000", "observedTimeUnixNano": "1700000000000000000",
                    "severityNumber": 17, "severityText": "ERROR", "eventName": "gomend.fetch.failure",
                    "attributes": [
                        string("error.type", "tcp-refused"), string("gomend.layer", "network"), string("gomend.role", "goproxy"),
                        string("server.address", "goproxy.corp.example"),
                        {"key": "process.exit.code", "value": {"intValue": "1"}},
                        string("cicd.pipeline.name", "build"), string("cicd.pipeline.run.id", "7"),
                        string("cicd.pipeline.task.name", "test"),
                        string("vcs.repository.url.full", "https://github.com/acme/app"),
                    ],
                    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "flags": 1,
                }],
            }],
        }]});
        let found: serde_json::Value =
            serde_json::from_str(&text(Event::Failure(FAILURE), &origin)).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_host_that_is_not_listed_stays_here() {
        let failure = Failure {
            host: Some("secret.internal"),
            cause: Cause::NotOurs,
            ..FAILURE
        };
        let text = text(Event::Failure(failure), &Origin::default());
        assert!(
            !text.contains("secret") && text.contains("\"_OTHER\""),
            "{text}"
        );
    }

    #[test]
    fn a_repository_without_its_login_or_not_at_all() {
        let of = |url: &str| repository(url, &telemetry());
        assert_eq!(
            of("https://u:p@git.corp.example:8443/a/b.git?x=1").as_deref(),
            Some("https://git.corp.example:8443/a/b.git")
        );
        assert_eq!(
            of("git@github.com:a/b").as_deref(),
            Some("ssh://github.com/a/b")
        );
        for hidden in [
            "https://secret.internal/a",
            "https://github.com@secret.internal/a",
            "x",
            "",
            "https://",
        ] {
            assert_eq!(of(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn traces() {
        let good = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        assert!(Trace::parse(&format!("00-{good}-00")).is_some());
        assert!(Trace::parse(&format!("01-{good}-00-more")).is_some());
        for bad in [
            format!("ff-{good}-00"),
            format!("00-{good}-00-more"),
            format!("00-{good}"),
            format!("00-{}-00", good.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-00", "0".repeat(32)),
            String::new(),
        ] {
            assert_eq!(Trace::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn headers_of_a_file() {
        assert_eq!(
            headers("# a comment\nAuthorization: Bearer x:y\n\n"),
            Ok(vec![("authorization".to_owned(), "Bearer x:y".to_owned())])
        );
        for bad in ["x", "a b: c", "Host: x", "a: \u{7}", ": x"] {
            assert_eq!(headers(bad), Err(1), "{bad}");
        }
    }

    #[test]
    fn attributes_that_are_none() {
        let with = |key: &str, value: &str| Telemetry {
            attributes: [(key.to_owned(), value.to_owned())].into(),
            ..Telemetry::default()
        };
        assert_eq!(with("service.namespace", "x").bad_attribute(), None);
        assert_eq!(with("A b", "x").bad_attribute(), Some("A b"));
        assert_eq!(with("a", &"x".repeat(300)).bad_attribute(), Some("a"));
    }
}
