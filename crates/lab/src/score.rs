//! How right a diagnosis is: a fault's expectations against a report
//! (schema 2).
//!
//! In: the report as JSON. Out: the fields that differ. What a fault leaves
//! open (`None`) may be anything.

use serde_json::Value;

use crate::Fault;
use crate::evidence::Role;

/// A field of the report that is not what the fault's table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as a path: `target.host`.
    pub field: &'static str,
    /// What the table says.
    pub expected: &'static str,
    /// What the report says; `None` for null or nothing.
    pub found: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = self.found.as_deref().unwrap_or("null");
        write!(
            f,
            "{}: expected {}, found {found}",
            self.field, self.expected
        )
    }
}

/// Every difference between the table and a report; none for a right diagnosis.
#[must_use]
pub fn differences(fault: &Fault, report: &Value) -> Vec<Difference> {
    expectations(fault)
        .into_iter()
        .filter_map(|(field, expected)| {
            let expected = expected?;
            let found = field
                .split('.')
                .try_fold(report, |value, key| value.get(key));
            let found = found.filter(|value| !value.is_null()).map(text);
            (found.as_deref() != Some(expected)).then_some(Difference {
                field,
                expected,
                found,
            })
        })
        .collect()
}

fn expectations(fault: &Fault) -> [(&'static str, Option<&'static str>); 8] {
    [
        ("cause", Some(fault.cause.id())),
        ("reason_id", Some(fault.reason.id())),
        ("target.host", fault.host),
        (
            "target.role",
            (fault.role != Role::None).then(|| fault.role.id()),
        ),
        ("target.module", fault.module),
        ("verdict.dns", Some(fault.matrix.dns.id())),
        ("verdict.certificate", Some(fault.matrix.certificate.id())),
        ("verdict.policy", Some(fault.matrix.policy.id())),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_right_report_has_no_differences_and_a_wrong_one_names_them() {
        let fault = Fault::of("dns-split").unwrap();
        let mut report = json!({
            "cause": "dns-not-found",
            "reason_id": "split-dns",
            "target": {
                "host": "git.corp.example",
                "role": "import-meta",
                "module": "git.corp.example/team/lib",
            },
            "verdict": {"dns": "fail", "certificate": "skip", "policy": "skip"},
        });
        assert_eq!(differences(fault, &report), []);
        report["verdict"]["dns"] = json!("pass");
        report["target"]["module"] = Value::Null;
        let texts: Vec<_> = differences(fault, &report)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [
                "target.module: expected git.corp.example/team/lib, found null",
                "verdict.dns: expected fail, found pass",
            ]
        );
    }
}
