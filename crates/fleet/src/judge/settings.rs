//! Settings against the policy, wherever they are made.

use super::{Judge, Setting};
use crate::finding::{Finding, Place, Remedy, Rule};
use crate::policy::is_host_of;
use crate::statement::{GET_INSECURE, SSL_VERIFY, Statement};
use gomend_formats::goproxy;
use gomend_formats::pattern;

/// Where a setting is made: in a file, or on this machine.
pub(super) struct Said<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) place: Place,
    pub(super) how: How<'a>,
}

pub(super) enum How<'a> {
    File(&'a str, &'a str, &'a Statement),
    Machine(&'a Setting),
}

impl Said<'_> {
    /// The same place with another value.
    fn replaced(&self, value: &str) -> Option<Remedy> {
        match &self.how {
            How::File(path, line, statement) => {
                let (from, until) = statement.span;
                // quotes stay; what would need them is left to people
                let plain = value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:,*@".contains(&byte));
                let quoted = line[..from].ends_with(['"', '\'']);
                let starred = value.contains('*') && !quoted;
                (plain && !starred).then(|| Remedy::Line {
                    path: (*path).to_owned(),
                    number: statement.line,
                    old: (*line).to_owned(),
                    new: Some(format!("{}{value}{}", &line[..from], &line[until..])),
                })
            }
            How::Machine(setting) => setting.is_users.then(|| Remedy::GoEnv {
                key: setting.name.clone(),
                value: Some(value.to_owned()),
            }),
        }
    }

    /// Without it.
    fn removed(&self) -> Option<Remedy> {
        match &self.how {
            How::File(path, line, statement) => statement.spare.then(|| Remedy::Line {
                path: (*path).to_owned(),
                number: statement.line,
                old: (*line).to_owned(),
                new: None,
            }),
            How::Machine(setting) if setting.is_users => Some(Remedy::GoEnv {
                key: setting.name.clone(),
                value: None,
            }),
            How::Machine(setting) => {
                setting
                    .line
                    .clone()
                    .map(|(file, number, old)| Remedy::Own { file, number, old })
            }
        }
    }
}

impl Judge<'_> {
    /// One setting, wherever it is made; `open`: something fills its value in.
    pub(super) fn said(&mut self, said: &Said<'_>, open: bool) {
        for entry in self.policy.forbid.settings.clone() {
            if forbids(&entry, said.name, said.value) {
                let finding = Finding::new(Rule::Forbidden, said.place.clone())
                    .with("setting", &entry)
                    .mended_by(said.removed());
                self.add(finding);
            }
        }
        if open {
            return;
        }
        match said.name {
            "GOPROXY" => self.goproxy(said),
            "GOSUMDB" => self.gosumdb(said),
            "GOPRIVATE" => self.goprivate(said),
            _ => {}
        }
    }

    fn goproxy(&mut self, said: &Said<'_>) {
        let wanted = self.policy.goproxy.clone();
        let entries: Vec<&str> = goproxy::entries(said.value)
            .map(|entry| entry.source.text().trim_end_matches('/'))
            .collect();
        let remedy = wanted
            .value
            .as_deref()
            .and_then(|value| said.replaced(value));
        let finding = |rule: Rule, value: &str, want: &str| {
            Finding::new(rule, said.place.clone())
                .with("value", value)
                .with("wanted", want)
                .mended_by(remedy.clone())
        };
        if let Some(value) = &wanted.value {
            if value != said.value {
                self.add(finding(Rule::ProxyValue, said.value, value));
            }
            return;
        }
        let same = |one: &str, other: &str| one == other.trim_end_matches('/');
        if !wanted.allowed.is_empty() {
            for entry in &entries {
                if !wanted.allowed.iter().any(|allowed| same(entry, allowed)) {
                    self.add(finding(Rule::ProxyEntry, entry, &wanted.allowed.join(" ")));
                }
            }
        }
        if let Some(first) = &wanted.first
            && !entries.first().is_some_and(|entry| same(entry, first))
        {
            self.add(finding(Rule::ProxyFirst, said.value, first));
        }
        if let Some(last) = &wanted.last
            && !entries.last().is_some_and(|entry| same(entry, last))
        {
            self.add(finding(Rule::ProxyLast, said.value, last));
        }
        for url in goproxy::entries(said.value).filter_map(|entry| entry.source.url()) {
            self.host(&said.place, &url.host, "GOPROXY");
        }
    }

    fn gosumdb(&mut self, said: &Said<'_>) {
        let allowed = &self.policy.gosumdb.allowed;
        let name = said.value.split([' ', '+']).next().unwrap_or_default();
        if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed == name) {
            let wanted = allowed.join(" ");
            let remedy = match allowed.as_slice() {
                [only] => said.replaced(only),
                _ => None,
            };
            let finding = Finding::new(Rule::Sumdb, said.place.clone())
                .with("value", said.value)
                .with("wanted", &wanted);
            self.add(finding.mended_by(remedy));
        }
    }

    fn goprivate(&mut self, said: &Said<'_>) {
        let missing: Vec<String> = self
            .modules
            .iter()
            .filter(|module| !pattern::matches(said.value, module))
            .cloned()
            .collect();
        let Some(first) = missing.first() else {
            return;
        };
        // the policy's own patterns, those that are wanted
        let patterns = self.policy.private.modules.iter().filter(|pattern| {
            missing
                .iter()
                .any(|module| pattern::matches(pattern, module))
        });
        let value = std::iter::once(said.value)
            .chain(patterns.map(String::as_str))
            .filter(|item| !item.is_empty())
            .collect::<Vec<_>>()
            .join(",");
        let covered = missing
            .iter()
            .all(|module| pattern::matches(&value, module));
        let remedy = covered.then(|| said.replaced(&value)).flatten();
        let finding = Finding::new(Rule::Private, said.place.clone())
            .with("module", first)
            .with("value", said.value);
        self.add(finding.mended_by(remedy));
    }

    pub(super) fn host(&mut self, place: &Place, host: &str, by: &str) {
        let allowed = &self.policy.hosts.allowed;
        if !allowed.is_empty() && !host.is_empty() && !is_host_of(allowed, host) {
            self.add(
                Finding::new(Rule::Host, place.clone())
                    .with("host", host)
                    .with("by", by),
            );
        }
    }
}

/// Whether an entry of the policy forbids this value of this setting.
fn forbids(entry: &str, name: &str, value: &str) -> bool {
    let (forbidden, what) = match entry.split_once('=') {
        Some((forbidden, what)) => (forbidden, Some(what)),
        None => (entry, None),
    };
    let same = if name == SSL_VERIFY {
        forbidden.eq_ignore_ascii_case(name)
    } else {
        forbidden == name
    };
    // `GOFLAGS=-insecure` means the flag wherever it is given
    let flag = name == GET_INSECURE && entry == "GOFLAGS=-insecure";
    let value = value.trim();
    flag || same
        && !value.is_empty()
        && what.is_none_or(|what| {
            name == SSL_VERIFY
                || value == what
                || value.split([',', ' ', '|']).any(|item| item == what)
        })
}
