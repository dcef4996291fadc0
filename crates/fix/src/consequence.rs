//! What a change of Go's settings gives up: computed from the settings before and after, never
//! asserted.
//!
//! In: both settings, the modules concerned. Out: typed [`Consequence`]s, worded in one place. The
//! rules are Go's own (`go help goproxy`, `go help module-auth`): the entries of GOPROXY are asked
//! in turn, after a comma only where the former one had no such module (404, 410), after `|` on
//! any failure, and `direct` and `off` end the list; patterns of GONOPROXY go to the repository
//! alone, those of GONOSUMDB are vouched for by go.sum alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Proposal, Situation, goenv, privacy};
use std::path::Path;

use crate::cause::Cause;
use crate::evidence::{Role, Target};
use crate::lang::{Text, msg};
use crate::rules::said::Phrase;
use crate::settings::goenv::GoEnv;
use crate::settings::goproxy::{self, Entry, Onward, Source};
use crate::settings::{forges, pattern};
use crate::verdict::{Reason, Verdict};

/// What stands in the place of a proxy that nobody is to ask.
const OFF: &str = "GOPROXY=off";

/// One thing that a change gives up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Consequence {
    /// Names of modules are sent to these hosts, which did not get them before.
    Told {
        /// Module proxies and checksum databases.
        hosts: Vec<String>,
        /// Modules concerned that are not known to be public.
        private: Vec<String>,
    },
    /// The checksum database is not asked about these any more.
    Unverified {
        /// Module path patterns; `*`: all.
        patterns: Vec<String>,
        /// All of them are shown to be private: no database can know them.
        private: bool,
    },
    /// What these module proxies decide does not hold any more.
    Bypassed {
        /// Hosts that are no well-known public proxies, or `GOPROXY=off`.
        proxies: Vec<String>,
    },
    /// Code may come over connections that nobody vouches for.
    Unencrypted {
        /// Module path patterns.
        patterns: Vec<String>,
    },
}

impl Consequence {
    /// Verification, a policy or a private name is given up.
    #[must_use]
    pub(crate) fn weakens(&self) -> bool {
        match self {
            Self::Told { private, .. } => !private.is_empty(),
            Self::Unverified { private, .. } => !private,
            Self::Bypassed { .. } | Self::Unencrypted { .. } => true,
        }
    }

    /// All that it gives up is GOPROXY=off.
    fn lifts_off(&self) -> bool {
        matches!(self, Self::Bypassed { proxies } if proxies.iter().all(|proxy| proxy == OFF))
    }

    /// The same in words.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Told { hosts, private } if private.is_empty() => {
                msg!(
                    "Newly told which modules you use: {hosts}.",
                    hosts = Text::list(hosts)
                )
            }
            Self::Told { hosts, private } => msg!(
                "Newly told which modules you use, {private} among them: {hosts}.",
                private = Text::list(private),
                hosts = Text::list(hosts)
            ),
            Self::Unverified { patterns, .. } => msg!(
                "go.sum alone vouches for {patterns}: the checksum database is not asked any more.",
                patterns = Text::list(patterns)
            ),
            Self::Bypassed { proxies } => msg!(
                "{proxies} no longer decides what is fetched.",
                proxies = Text::list(proxies)
            ),
            Self::Unencrypted { patterns } => msg!(
                "Anybody on the way can replace the code of {patterns}.",
                patterns = Text::list(patterns)
            ),
        }
    }
}

/// The proxies that are asked about a module, in order; a repository itself is none.
fn asked(goenv: &GoEnv, module: &str) -> Vec<(String, Onward)> {
    if goenv.skips_proxies(module) {
        return Vec::new();
    }
    let mut asked = Vec::new();
    for Entry { source, onward } in goproxy::entries(goenv.value("GOPROXY")) {
        match source {
            Source::Direct => break,
            Source::Off => {
                asked.push((OFF.to_owned(), Onward::Never));
                break;
            }
            Source::Proxy(proxy) if can_be_asked(proxy) => asked.push((host(proxy), onward)),
            Source::Proxy(_) => {} // go can't read it, and asks nobody
        }
    }
    asked
}

/// Whether an entry names somebody whom go can ask: a URL whose host is one, a folder, or a host to which go
/// itself adds `https://` (cmd/go, modfetch/proxy.go).
pub(super) fn can_be_asked(entry: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || ".-_[]:".contains(letter);
    if let Some(folder) = entry.strip_prefix("file://") {
        return folder.starts_with('/');
    }
    let is_one = ["https://", "http://"]
        .iter()
        .any(|scheme| entry.starts_with(scheme));
    let first = entry.split('/').next().unwrap_or_default();
    let is_bare = first.contains('.') && !entry.contains(":/");
    (is_one || is_bare)
        && Source::Proxy(entry)
            .url()
            .is_some_and(|url| url.host.chars().all(letter))
}

/// The host of an entry, or the entry itself where it names none.
fn host(entry: &str) -> String {
    Source::Proxy(entry)
        .url()
        .map(|url| url.host)
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| crate::mask::line(entry))
}

/// Hosts elsewhere that learn a module's name.
fn told(goenv: &GoEnv, module: &str) -> Vec<String> {
    let elsewhere = |host: &String| {
        host.contains('.') && !host.contains(['/', '=']) && !privacy::is_loopback(host)
    };
    let mut hosts: Vec<String> = asked(goenv, module)
        .into_iter()
        .map(|(host, _)| host)
        .filter(elsewhere)
        .collect();
    hosts.extend(goenv.sumdb(module).map(|sumdb| sumdb.name.to_owned()));
    hosts
}

fn items(list: &str) -> Vec<String> {
    pattern::items(list).map(str::to_owned).collect()
}

/// Those of `new` that `old` lacks, each once.
fn added(old: &[String], new: Vec<String>) -> Vec<String> {
    let mut more: Vec<String> = Vec::new();
    for item in new {
        if !old.contains(&item) && !more.contains(&item) {
            more.push(item);
        }
    }
    more
}

/// What these settings give up against those before. `private` tells of a module path or pattern
/// whether it is shown to be private.
#[must_use]
fn consequences(
    before: &GoEnv,
    after: &GoEnv,
    modules: &[String],
    private: &dyn Fn(&str) -> bool,
) -> Vec<Consequence> {
    let mut found = Vec::new();
    // a module that nobody is concerned with stands for all others
    let any = "module.invalid/any".to_owned();
    let all: Vec<&String> = modules.iter().chain([&any]).collect();

    let mut hosts = Vec::new();
    let mut named = Vec::new();
    for module in &all {
        let newly = added(&told(before, module), told(after, module));
        let host = module.split('/').next().unwrap_or_default();
        let known = forges::is_well_known(host) || forges::is_public_module(module);
        if !newly.is_empty() && **module != any && (!known || private(module)) {
            named.push((*module).clone());
        }
        hosts.extend(newly);
    }
    let hosts = added(&[], hosts);
    if !hosts.is_empty() {
        found.push(Consequence::Told {
            hosts,
            private: added(&[], named),
        });
    }

    let more = |of: &dyn Fn(&GoEnv) -> Vec<String>| added(&of(before), of(after));
    let verified = |goenv: &GoEnv| goenv.sumdb(&any).is_some();
    let patterns = match (verified(before), verified(after)) {
        (_, true) => more(&|goenv| items(goenv.private("GONOSUMDB"))),
        (true, false) => vec!["*".to_owned()],
        (false, false) => Vec::new(),
    };
    if !patterns.is_empty() {
        found.push(Consequence::Unverified {
            private: patterns.iter().all(|pattern| private(pattern)),
            patterns,
        });
    }

    let mut proxies = Vec::new();
    let paths = more(&|goenv| items(goenv.private("GONOPROXY")));
    for module in all.into_iter().chain(&paths) {
        let now = asked(after, module);
        for (host, onward) in asked(before, module) {
            let holds = now
                .iter()
                .any(|(other, now)| *other == host && *now <= onward);
            if !holds && !forges::is_public_proxy(&host) && !goenv::is_misspelt(&host) {
                proxies.push(host);
            }
        }
    }
    let proxies = added(&[], proxies);
    if !proxies.is_empty() {
        found.push(Consequence::Bypassed { proxies });
    }

    let patterns = more(&|goenv| items(goenv.value("GOINSECURE")));
    if !patterns.is_empty() {
        found.push(Consequence::Unencrypted { patterns });
    }
    found
}

/// Computes what a proposal gives up, and says so with it.
pub(super) fn weigh(proposal: &mut Proposal, target: Option<&Target>, s: &Situation) {
    if proposal.settings.is_empty() {
        return;
    }
    let modules: Vec<String> = target
        .and_then(|target| target.module.clone())
        .into_iter()
        .chain(s.requires().cloned())
        .collect();
    let after = s.goenv.with(&proposal.settings);
    let own = |path: &str| privacy::is_own(path, s);
    proposal.gives_up = consequences(&s.goenv, &after, &modules, &own);
    // a folder that isn't there, and a program of this machine that doesn't run, decide nothing
    let silent = target
        .filter(|target| target.role == Role::Goproxy)
        .and_then(|target| target.host.clone())
        .filter(|host| privacy::is_loopback(host) && is_refused(s));
    for given in &mut proposal.gives_up {
        if let Consequence::Bypassed { proxies } = given {
            proxies.retain(|proxy| {
                let folder = proxy.strip_prefix("file://");
                let gone = folder.is_some_and(|folder| !s.disk.has_folder(Path::new(folder)));
                !gone && Some(proxy) != silent.as_ref()
            });
        }
    }
    proposal
        .gives_up
        .retain(|given| !matches!(given, Consequence::Bypassed { proxies } if proxies.is_empty()));
    let given_up = proposal.gives_up.iter().map(Consequence::text);
    proposal.why = Text::sentences(std::iter::once(proposal.why.clone()).chain(given_up));
}

/// Nothing listens where the module proxy was asked.
fn is_refused(s: &Situation) -> bool {
    s.says(Phrase::Refused)
}

/// Whether a proposal may answer this failure at all. What somebody decided is gone round by no
/// setting; nothing is weakened for somebody else's trouble, or for a module that anybody can fetch.
pub(super) fn may_answer(verdict: &Verdict, proposal: &Proposal) -> bool {
    let reason = verdict.reason;
    let module = verdict.target.module.as_deref();
    if reason.is_some_and(Reason::is_refusal) {
        return proposal.settings.is_empty();
    }
    let outage = reason.is_some_and(Reason::is_outage);
    // GOPROXY=off is nobody's answer: it stands in the user's own settings
    let lifts_off = verdict.cause == Cause::GoproxyDisabled
        && proposal.gives_up.iter().any(Consequence::lifts_off);
    let is_weaker = proposal.weakens() && !lifts_off;
    !(is_weaker && (outage || module.is_some_and(forges::is_public_module)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Env;

    fn settings(values: &[(&str, &str)]) -> GoEnv {
        let env: Env = [("GOENV", "off")]
            .into_iter()
            .chain(values.iter().copied())
            .collect();
        GoEnv::read(&env, None)
    }

    fn of(before: &[(&str, &str)], after: &[(&str, &str)], modules: &[&str]) -> Vec<Consequence> {
        let modules: Vec<String> = modules.iter().map(|module| (*module).to_owned()).collect();
        let own = |path: &str| path.starts_with("git.corp.example");
        consequences(&settings(before), &settings(after), &modules, &own)
    }

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_company_s_proxy_is_not_dropped_in_silence() {
        let corp = [("GOPROXY", "https://goproxy.corp.example")];
        let found = of(
            &corp,
            &[("GOPROXY", "https://proxy.golang.org|direct")],
            &["git.corp.example/team/lib", "github.com/acme/lib"],
        );
        assert_eq!(
            found,
            [
                Consequence::Told {
                    hosts: hosts(&["proxy.golang.org"]),
                    private: hosts(&["git.corp.example/team/lib"]),
                },
                Consequence::Bypassed {
                    proxies: hosts(&["goproxy.corp.example"]),
                },
            ]
        );
        for list in [
            "https://goproxy.corp.example,direct",
            "https://goproxy.corp.example|direct",
            "direct",
        ] {
            let found = of(&corp, &[("GOPROXY", list)], &[]);
            assert!(found.iter().any(Consequence::weakens), "{list}: {found:?}");
        }
        assert_eq!(of(&corp, &corp, &["git.corp.example/team/lib"]), []);
        // what falls through already goes on to do so
        let open = [("GOPROXY", "https://goproxy.corp.example|direct")];
        assert_eq!(
            of(
                &open,
                &[("GOPROXY", "https://goproxy.corp.example,direct")],
                &[]
            ),
            []
        );
    }

    #[test]
    fn patterns_are_private_or_give_up_verification() {
        let one = |value: &str| of(&[], &[("GOPRIVATE", value)], &["github.com/acme/lib"]);
        let unverified = |pattern: &str, private| Consequence::Unverified {
            patterns: hosts(&[pattern]),
            private,
        };
        assert_eq!(
            one("github.com/acme"),
            [unverified("github.com/acme", false)]
        );
        assert_eq!(
            one("git.corp.example/team"),
            [unverified("git.corp.example/team", true)]
        );
        assert!(one("*").iter().any(Consequence::weakens));
        let off = of(&[], &[("GOSUMDB", "off")], &[]);
        assert_eq!(off, [unverified("*", false)]);
        let corp = ("GOPROXY", "https://goproxy.corp.example");
        let passed = of(&[corp], &[corp, ("GONOPROXY", "git.corp.example")], &[]);
        assert_eq!(
            passed,
            [Consequence::Bypassed {
                proxies: hosts(&["goproxy.corp.example"])
            }]
        );
        let plain = of(&[], &[("GOINSECURE", "git.corp.example")], &[]);
        assert_eq!(
            plain,
            [Consequence::Unencrypted {
                patterns: hosts(&["git.corp.example"])
            }]
        );
    }

    #[test]
    fn a_mirror_is_told_and_vouched_for_as_before() {
        let found = of(
            &[],
            &[
                ("GOPROXY", "https://goproxy.cn,direct"),
                ("GOSUMDB", "sum.golang.google.cn"),
            ],
            &["github.com/acme/lib"],
        );
        assert_eq!(
            found,
            [Consequence::Told {
                hosts: hosts(&["goproxy.cn", "sum.golang.google.cn"]),
                private: Vec::new()
            }]
        );
        assert!(!found.iter().any(Consequence::weakens));
        let off = of(&[("GOPROXY", "off")], &[], &[]);
        assert!(off.iter().any(Consequence::weakens), "{off:?}");
        // a loopback proxy is nobody else
        let own = of(&[], &[("GOPROXY", "http://127.0.0.1:3000")], &[]);
        assert_eq!(own, []);
    }
}
