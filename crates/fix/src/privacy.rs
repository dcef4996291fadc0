//! Private names, and who hears them: private modules that go asks a public module proxy or checksum database
//! about, because no setting says that they are private.
//!
//! In: go.mod, the repository's own remotes, Go's settings. Out: one [`Leak`] per organisation,
//! with the GOPRIVATE that ends it. Nothing is sent anywhere. What looks private: a host that
//! the repository's own remotes use and that is no public forge, or a name that only internal
//! networks have. Whether a repository on a public forge is private cannot be told from here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::{Proposal, Situation, consequence, goenv, shell};
use crate::file::Kind;
use crate::lang::{Lang, Text, msg};
use crate::probe::git::RemoteOutcome;
use crate::settings::forges::{self, Visibility};
use crate::settings::gitconfig;
use crate::settings::goproxy::Source;
use crate::settings::pattern;
use crate::settings::url::Url;
use crate::verdict::{Verdict, policy};

/// Top-level names that are never public (RFC 2606, RFC 6762 appendix G, RFC 8375, ICANN's `.internal`).
const INTERNAL: &[&str] = &[
    "corp",
    "example",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "private",
    "test",
];

/// Private modules of one organisation, about to be named to strangers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leak<T = Text, P = Proposal> {
    /// What GOPRIVATE lacks: `host/org`.
    pub prefix: String,
    /// The modules below it that go.mod requires.
    pub modules: Vec<String>,
    /// Why they look private.
    pub because: T,
    /// Who is asked: `proxy.golang.org`, `sum.golang.org`.
    pub told: Vec<String>,
    /// The setting that ends it.
    pub fix: P,
}

impl Leak {
    /// The same in words.
    #[must_use]
    pub fn worded(&self, lang: Lang) -> Leak<String, Proposal<String, String>> {
        Leak {
            prefix: self.prefix.clone(),
            modules: self.modules.clone(),
            because: self.because.render(lang),
            told: self.told.clone(),
            fix: self.fix.worded(lang),
        }
    }
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
            let why = msg!(
                "{module} looks private: {because}. Without this, its name goes to {told}.",
                module,
                because,
                told = Text::joined(msg!("between two names" => " and "), &told)
            );
            let fix = Proposal::new("goprivate", msg!("Mark {prefix} as private", prefix), why);
            let value = shell::appended(s.goenv.value("GOPRIVATE"), ',', &prefix);
            let mut fix = goenv::set(fix, s, "GOPRIVATE", &value);
            consequence::weigh(&mut fix, None, s);
            Leak {
                fix,
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
fn looks_private(host: &str, own: &[String]) -> Option<Text> {
    if forges::of(host).is_some_and(|forge| forge.visibility != Visibility::Members)
        || forges::is_public_module(host)
    {
        return None;
    }
    if own.iter().any(|remote| remote == host) {
        return Some(msg!("this repository's own remote is on {host} too", host));
    }
    internal(host).map(|name| msg!("a name with .{name} belongs to an internal network", name))
}

/// The top-level name of a host that is never public.
#[must_use]
pub fn internal(host: &str) -> Option<&'static str> {
    INTERNAL
        .iter()
        .find(|name| {
            host.strip_suffix(**name)
                .is_some_and(|front| front.ends_with('.'))
        })
        .copied()
}

/// Whether a host is this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a module path or pattern is shown to be the user's own: no well-known public host or
/// owner, and its host has a name or an address that is never public, is a remote of this
/// repository, or is what the settings call private.
pub(super) fn is_own(path: &str, s: &Situation) -> bool {
    let host = path.split('/').next().unwrap_or_default();
    let named = ["GONOPROXY", "GONOSUMDB"]
        .iter()
        .any(|key| pattern::matches(s.goenv.private(key), path));
    if forges::is_public_module(path) {
        return false;
    }
    named
        || looks_private(host, &remote_hosts(s)).is_some()
        || !forges::is_well_known(host) && has_private_address(host, s)
}

/// A host that is an address of a private network, or resolved to nothing else when it was looked at.
pub(super) fn has_private_address(host: &str, s: &Situation) -> bool {
    let private = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return private(&ip);
    }
    let mut here = s.observations.iter().filter(|one| one.target == host);
    here.any(|one| {
        let addresses = one.seen.dns().map(|lookup| lookup.addresses.as_slice());
        addresses.is_some_and(|all| !all.is_empty() && all.iter().all(private))
    })
}

/// Whether a module is private, as far as that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Anybody can fetch it, or nothing speaks for the contrary.
    Open,
    /// A server says that it is not there without a login: private, or not there at all.
    Hidden,
    /// It is the user's own, or was fetched with the user's login and not without.
    Own,
}

/// Whether the failing module is private, as far as that is shown.
pub(super) fn standing(verdict: &Verdict, s: &Situation) -> Standing {
    let Some(module) = verdict.target.module.as_deref() else {
        return Standing::Open;
    };
    if forges::is_public_module(module) {
        return Standing::Open;
    }
    match anonymous(s) {
        Some(200..=299) => return Standing::Open,
        Some(401 | 403 | 404)
            if s.git()
                .is_some_and(|git| git.outcome == RemoteOutcome::Answered) =>
        {
            return Standing::Own;
        }
        _ => {}
    }
    let host = module.split('/').next().unwrap_or_default();
    let members = forges::of(host).is_some_and(|forge| forge.visibility == Visibility::Members);
    if is_own(module, s) {
        Standing::Own
    } else if members || policy::is_hidden(&s.answer) {
        Standing::Hidden
    } else {
        Standing::Open
    }
}

/// What a repository answers to anybody: the status of git's first request without a login.
fn anonymous(s: &Situation) -> Option<u16> {
    s.http()
        .filter(|reply| reply.url.contains("/info/refs"))?
        .code
}

/// The public services that go would ask about a module.
fn told(module: &str, s: &Situation) -> Vec<String> {
    let mut told = Vec::new();
    if !s.goenv.skips_proxies(module) {
        let first = s.goenv.sources().next().filter(|first| first.is_public());
        told.extend(first.and_then(Source::url).map(|url| url.host));
    }
    let sumdb = s.goenv.sumdb(module).map(|sumdb| sumdb.name);
    let sumdb = sumdb.filter(|name| forges::is_database(name));
    told.extend(sumdb.map(str::to_owned));
    told
}

/// Hosts of the repository's remotes, from its configuration file.
fn remote_hosts(s: &Situation) -> Vec<String> {
    let config = s
        .dir
        .ancestors()
        .map(|dir| dir.join(".git/config"))
        .find(|path| s.disk.has_file(path));
    let text = config
        .and_then(|path| s.disk.text(&path, Kind::Settings))
        .unwrap_or_default();
    let entries = gitconfig::entries(&text).into_iter();
    let urls = entries.filter(|entry| entry.section.starts_with("remote.") && entry.name == "url");
    urls.filter_map(|url| host_of(&url.value)).collect()
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
            leaks[1].worded(Lang::En).fix.commands,
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
