//! What do Go's settings say, who says it, and does it have any effect?

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status};
use crate::mask;
use crate::settings::goenv::{self, GoEnv, Setting};
use crate::settings::lint::{self, Lint, Severity};

/// Go's settings as far as fetching is concerned, URL credentials masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// In a fixed order.
    pub values: Vec<Setting>,
    /// What is wrong with them.
    pub lints: Vec<Lint>,
    /// `GOPRIVATE` and its kin match the module of the evidence.
    pub private: Option<bool>,
}

impl Settings {
    /// The value in effect, empty if the key is unknown.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        goenv::value(&self.values, key)
    }

    /// Fail if a lint says that fetching fails.
    #[must_use]
    pub fn status(&self) -> Status {
        if self
            .lints
            .iter()
            .any(|lint| lint.severity == Severity::Error)
        {
            Status::Fail
        } else {
            Status::Pass
        }
    }
}

/// The probe.
pub(super) const GOENV: Probe = Probe {
    id: Id::Goenv,
    applies: |_| true,
    stacks: |_| &[Stack::Go],
    target: |cx| {
        cx.goenv.file.as_ref().map_or_else(
            || "environment".to_owned(),
            |file| file.display().to_string(),
        )
    },
    run,
};

fn run(cx: &Context, _stack: Stack, _deadline: Instant) -> Seen {
    let private = cx
        .subject
        .module
        .as_deref()
        .map(|module| cx.goenv.skips_proxies(module));
    Seen::Goenv(Settings {
        values: masked(&cx.goenv),
        lints: lint::go(&cx.goenv, &cx.env),
        private,
    })
}

/// The settings without the credentials that a proxy's URL, or a GOAUTH command, may hold.
#[must_use]
pub fn masked(goenv: &GoEnv) -> Vec<Setting> {
    let mask = |setting: &Setting, value: &str| match setting.key.as_str() {
        "GOAUTH" => value
            .split(';')
            .map(|item| item.split_whitespace().next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(";"),
        "GOFLAGS" => value
            .split_whitespace()
            .map(|flag| flag.split('=').next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" "),
        _ => without_userinfo(&mask::secrets(value)),
    };
    let settings = goenv.values.iter();
    let settings = settings.map(|setting| Setting {
        value: mask(setting, &setting.value),
        hidden: setting
            .hidden
            .as_deref()
            .map(|hidden| mask(setting, hidden)),
        ..setting.clone()
    });
    settings.collect()
}

/// Drops `user:password@` after every `://`.
fn without_userinfo(list: &str) -> String {
    let mut shown = String::new();
    let mut rest = list;
    while let Some(at) = rest.find("://") {
        let (front, after) = rest.split_at(at + 3);
        shown.push_str(front);
        let end = after.find(['/', ',', '|']).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => &after[sign + 1..],
            None => after,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::without_userinfo;

    #[test]
    fn credentials_are_dropped() {
        let list = "https://u:p@a.example/x,https://tok@b.example|https://c.example/@v,direct";
        assert_eq!(
            without_userinfo(list),
            "https://a.example/x,https://b.example|https://c.example/@v,direct"
        );
    }
}
