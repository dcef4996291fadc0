//! The environment that a failed run had, as far as it decides how modules are fetched.
//!
//! In: an environment. Out: what is remembered of it, values masked, and later, from another shell,
//! the environment to try in, and where the two differ. A value that holds a secret is not
//! remembered: only that there was one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mask;
use crate::settings::Env;

/// The variables of Go, git, ssh and proxies that decide how a fetch goes.
const DECIDING: &[&str] = &[
    "ALL_PROXY",
    "GIT_ALLOW_PROTOCOL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_DIR",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GO111MODULE",
    "GOAUTH",
    "GOCACHE",
    "GODEBUG",
    "GOENV",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOVCS",
    "GOWORK",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// What a run had set of the variables that decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings(BTreeMap<String, String>);

/// A variable that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Its name.
    pub(crate) name: String,
    /// Its value in the failed run, masked; `None`: it was not set.
    pub(crate) then: Option<String>,
    /// Its value now, masked.
    pub(crate) now: Option<String>,
}

impl Difference {
    /// Whether what the failed run had can't be had again: it was masked.
    pub(crate) fn is_lost(&self) -> bool {
        let then = self.then.as_deref();
        then.is_some_and(|then| then.contains(mask::MASK))
    }
}

impl Surroundings {
    /// Of this environment.
    #[must_use]
    pub fn of(env: &Env) -> Self {
        let set = DECIDING.iter().filter_map(|name| {
            let value = env.var(name)?;
            Some(((*name).to_owned(), shown(value)))
        });
        Self(set.collect())
    }

    /// `env` with what the failed run had, and where the two differ. A value that was masked
    /// cannot be had again: the present one stands.
    #[must_use]
    pub(crate) fn again(&self, mut env: Env) -> (Env, Vec<Difference>) {
        let mut differences = Vec::new();
        for name in DECIDING {
            let (then, now) = (self.0.get(*name), env.var(name).map(shown));
            if then == now.as_ref() {
                continue;
            }
            let difference = Difference {
                name: (*name).to_owned(),
                then: then.cloned(),
                now,
            };
            match then {
                Some(_) if difference.is_lost() => {}
                Some(value) => env.set(name, value.as_str()),
                None => env.remove(name),
            }
            differences.push(difference);
        }
        (env, differences)
    }
}

/// A value as it may be kept and shown: whole, since it is tried with.
fn shown(value: &str) -> String {
    mask::secrets(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_shell_tries_with_what_the_run_had() {
        let ran: Env = [
            ("GOPROXY", "https://goproxy.example"),
            ("HTTPS_PROXY", "http://dev:hunter2@proxy.example:3128"),
            ("HOME", "/home/dev"),
        ]
        .into_iter()
        .collect();
        let kept = Surroundings::of(&ran);
        let stored = serde_json::to_string(&kept).unwrap();
        assert!(
            !stored.contains("hunter2") && !stored.contains("HOME"),
            "{stored}"
        );
        let now: Env = [
            ("HTTPS_PROXY", "http://dev:hunter2@proxy.example:3128"),
            ("GOFLAGS", "-mod=mod"),
            ("HOME", "/home/other"),
        ]
        .into_iter()
        .collect();
        let (env, differences) = kept.again(now);
        assert_eq!(env.var("GOPROXY"), Some("https://goproxy.example"));
        assert_eq!(env.var("GOFLAGS"), None);
        assert_eq!(env.var("HOME"), Some("/home/other"));
        assert!(env.var("HTTPS_PROXY").unwrap().contains("hunter2"));
        let names: Vec<&str> = differences.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["GOFLAGS", "GOPROXY"]);
    }
}
