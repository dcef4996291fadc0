//! The name-leak guard: private modules that go asks a public module proxy or checksum database
//! about, because no setting says that they are private.
//!
//! In: go.mod, the repository's own remotes, Go's settings. Out: one [`Leak`] per organisation,
//! with the GOPRIVATE that ends it. Nothing is sent anywhere. What looks private: a host that
//! the repository's own remotes use and that is no public forge, or a name that only internal
//! networks have. Whether a repository on a public forge is private cannot be told from here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Proposal, Situation, goenv, mirror};
use crate::lang::tr;
use crate::settings::pattern;
use crate::settings::url::Url;

/// Hosts whose repositories anybody may see, as a rule.
const PUBLIC_HOSTS: &[&str] = &[
    "bitbucket.org",
    "codeberg.org",
    "dev.azure.com",
    "git.sr.ht",
    "gitee.com",
    "github.com",
    "gitlab.com",
    "go.googlesource.com",
];

/// Top-level names that are never public (RFC 6762 appendix G, RFC 8375, ICANN's `.internal`).
const INTERNAL: &[&str] = &[
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "private",
];

/// Private modules of one organisation, about to be named to strangers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// What GOPRIVATE lacks: `host/org`.
    pub prefix: String,
    /// The modules below it that go.mod requires.
    pub modules: Vec<String>,
    /// Why they look private.
    pub because: String,
    /// Who is asked: `proxy.golang.org`, `sum.golang.org`.
    pub told: Vec<String>,
    /// The setting that ends it.
    pub fix: Proposal,
}

/// Private-looking requirements of the main module that would be asked of public services.
#[must_use]
pub fn leaks(s: &Situation) -> Vec<Leak> {
    let Some(project) = &s.project else {
        return Vec::new();
    };
    let own_hosts = remote_hosts(s);
    let mut found: BTreeMap<String, Leak> = BTreeMap::new();
    let modules = project
        .requires
        .iter()
        .map(|(path, _)| path)
        .chain(project.path.iter());
    for module in modules {
        let Some(host) = module.split('/').next().filter(|host| host.contains('.')) else {
            continue;
        };
        let Some(because) = looks_private(host, &own_hosts) else {
            continue;
        };
        let told = told(module, s);
        if told.is_empty() {
            continue;
        }
        let prefix = module.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let leak = found.entry(prefix.clone()).or_insert_with(|| {
            let why = tr!(
                "{module} looks private: {because}. Without this, its name goes to {told}.",
                module,
                because,
                told = told.join(&tr!("between two names" => " and "))
            );
            let fix = Proposal::new("goprivate", tr!("Mark {prefix} as private", prefix), why);
            let list = s.goenv.value("GOPRIVATE");
            let value = if list.is_empty() {
                prefix.clone()
            } else {
                format!("{list},{prefix}")
            };
            Leak {
                fix: goenv::set(fix, s, "GOPRIVATE", &value),
                prefix,
                modules: Vec::new(),
                because,
                told,
            }
        });
        if !leak.modules.contains(module) {
            leak.modules.push(module.clone());
        }
    }
    found.into_values().collect()
}

/// Why a host looks private; `None`: it does not.
fn looks_private(host: &str, own: &[String]) -> Option<String> {
    if PUBLIC_HOSTS.contains(&host) || mirror::is_public(host) {
        return None;
    }
    if own.iter().any(|remote| remote == host) {
        return Some(tr!("this repository's own remote is on {host} too", host));
    }
    let internal = INTERNAL
        .iter()
        .find(|name| host.ends_with(&format!(".{name}")) || host.contains(&format!(".{name}.")));
    internal.map(|name| tr!("a name with .{name} belongs to an internal network", name))
}

/// The public services that go would ask about a module.
fn told(module: &str, s: &Situation) -> Vec<String> {
    let mut told = Vec::new();
    if !pattern::matches(s.goenv.private("GONOPROXY"), module) {
        let first = s
            .goenv
            .value("GOPROXY")
            .split([',', '|'])
            .next()
            .unwrap_or_default();
        let host = Url::parse(first).map(|url| url.host).unwrap_or_default();
        if mirror::is_public_proxy(&host) {
            told.push(host);
        }
    }
    let database = s
        .goenv
        .value("GOSUMDB")
        .split_whitespace()
        .next()
        .unwrap_or_default();
    if !pattern::matches(s.goenv.private("GONOSUMDB"), module)
        && matches!(database, "sum.golang.org" | "sum.golang.google.cn")
    {
        told.push(database.to_owned());
    }
    told
}

/// Hosts of the repository's remotes, from its configuration file.
fn remote_hosts(s: &Situation) -> Vec<String> {
    let config = s
        .dir
        .ancestors()
        .map(|dir| dir.join(".git/config"))
        .find(|path| path.is_file());
    let text = config
        .and_then(|path| crate::file::text(&path, crate::file::Kind::Settings).ok())
        .unwrap_or_default();
    let urls = text.lines().filter_map(|line| {
        line.trim()
            .strip_prefix("url")?
            .trim_start()
            .strip_prefix('=')
    });
    urls.filter_map(|url| host_of(url.trim())).collect()
}

/// The host of a remote's address; git's `user@host:path` too.
fn host_of(url: &str) -> Option<String> {
    if let Some(url) = Url::parse(url) {
        return Some(url.host).filter(|host| !host.is_empty());
    }
    let (head, _) = url.split_once(':')?;
    let host = head.rsplit('@').next()?;
    (!host.is_empty() && !host.contains('/')).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(requires: &[&str], env: &[(&str, &str)]) -> (tempfile::TempDir, Situation) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        std::fs::write(
            dir.path().join(".git/config"),
            "[remote \"origin\"]\n\turl = git@git.acme.example:team/app.git\n",
        )
        .unwrap();
        let lines = requires.iter().fold(String::new(), |lines, path| {
            lines + "require " + path + " v1.0.0\n"
        });
        std::fs::write(
            dir.path().join("go.mod"),
            format!("module example.com/app\n{lines}"),
        )
        .unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        let env = [("HOME", home.as_str())]
            .into_iter()
            .chain(env.iter().copied())
            .collect();
        let situation = Situation::look(env, dir.path(), None);
        (dir, situation)
    }

    #[test]
    fn private_names_are_noticed_before_they_leave() {
        let (_dir, s) = situation(
            &[
                "git.acme.example/team/lib",
                "git.acme.example/team/other",
                "build.corp/x/y",
                "github.com/a/b",
                "golang.org/x/text",
            ],
            &[],
        );
        let leaks = leaks(&s);
        let prefixes: Vec<&str> = leaks.iter().map(|leak| leak.prefix.as_str()).collect();
        assert_eq!(prefixes, ["build.corp/x", "git.acme.example/team"]);
        assert_eq!(leaks[1].modules.len(), 2);
        assert_eq!(leaks[1].told, ["proxy.golang.org", "sum.golang.org"]);
        assert_eq!(
            leaks[1].fix.commands,
            ["go env -w GOPRIVATE=git.acme.example/team"]
        );
    }

    #[test]
    fn what_is_marked_private_is_nobodys_business() {
        let requires = ["git.acme.example/team/lib"];
        assert!(leaks(&situation(&requires, &[("GOPRIVATE", "*.acme.example")]).1).is_empty());
        let (_dir, s) = situation(
            &requires,
            &[
                ("GOPROXY", "https://goproxy.acme.example"),
                ("GONOSUMDB", "*"),
            ],
        );
        assert!(leaks(&s).is_empty());
        let (_dir, s) = situation(&requires, &[("GOPROXY", "https://goproxy.acme.example")]);
        assert_eq!(leaks(&s)[0].told, ["sum.golang.org"]);
    }
}
