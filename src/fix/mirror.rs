//! Module proxies: which are public, and when another one helps.

use super::{Need, Proposal, Risk, Situation, goenv};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{sentences, tr};
use crate::verdict::{Reason, Verdict};

/// Public module proxies, and where their operators describe them. Looked up 2026-11; which of
/// them answer from here is found out before one is offered as verified.
const MIRRORS: &[(&str, &str)] = &[
    ("goproxy.cn", "https://goproxy.cn"),
    ("goproxy.io", "https://goproxy.io"),
];

/// The URLs of the module proxies that are open to everybody, Go's own first.
pub fn mirrors() -> impl Iterator<Item = &'static str> {
    std::iter::once("https://proxy.golang.org").chain(MIRRORS.iter().map(|(_, url)| *url))
}

/// The module proxies that were measured to be better. It is tried with the module that they were
/// compared by.
#[must_use]
pub fn measured(list: &str, why: &str, s: &Situation) -> Proposal {
    let known = |entry: &str| s.goenv.value("GOPROXY").contains(entry);
    let is_new = list
        .split([',', '|'])
        .any(|entry| entry != "direct" && !known(entry));
    let why = tr!(
        "{why}. go.sum and the checksum database still vouch for every module. `|` falls back on any error, a comma only after 404.",
        why
    );
    let title = tr!("Set GOPROXY={list}", list);
    let proposal = Proposal::new("goproxy-measured", title, why).risk(Risk::Medium);
    let proposal = if is_new {
        proposal.need(Need::Consent) // somebody new learns which modules are used
    } else {
        proposal
    };
    let mut proposal = goenv::set(proposal, s, "GOPROXY", list);
    super::preview(&mut proposal, s);
    proposal
}

/// Hosts whose repositories are public as a rule and which many people use.
const PUBLIC: &[&str] = &[
    "golang.org",
    "google.golang.org",
    "gopkg.in",
    "go.uber.org",
    "k8s.io",
    "cloud.google.com",
    "rsc.io",
];

/// Whether a module path lies on a host that only holds public modules.
pub(super) fn is_public(module: &str) -> bool {
    let host = module.split('/').next().unwrap_or_default();
    PUBLIC.contains(&host)
}

/// Whether a module proxy is open to everybody.
#[must_use]
pub fn is_public_proxy(host: &str) -> bool {
    matches!(host, "proxy.golang.org" | "sum.golang.org")
        || MIRRORS.iter().any(|(name, _)| *name == host)
}

fn by_proxy(verdict: &Verdict) -> bool {
    matches!(
        verdict.target.role,
        Role::Goproxy | Role::Sumdb | Role::Toolchain
    )
}

/// Another module proxy, for public modules, where the default one cannot be reached.
pub(super) fn reachable(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !by_proxy(verdict) || !verdict.target.host.as_deref().is_some_and(is_public_proxy) {
        return None;
    }
    if matches!(
        verdict.reason,
        Some(Reason::Offline | Reason::CaptivePortal | Reason::NoRoute)
    ) {
        return None; // no mirror is nearer than the network itself
    }
    let list = MIRRORS
        .iter()
        .map(|(_, url)| *url)
        .chain(["direct"])
        .collect::<Vec<_>>()
        .join("|");
    let why = tr!(
        "These mirrors serve the same public modules and are reachable from networks that block Google's. go.sum and \
               the checksum database still vouch for every module, but the mirror learns which ones you use. `|` also falls \
               back after a timeout, a comma only after 404."
    );
    let proposal = Proposal::new("mirror", tr!("Use a mirror for public modules"), why)
        .risk(Risk::Medium)
        .need(Need::Consent);
    let proposal = goenv::set(proposal, s, "GOPROXY", &list);
    Some(if s.goenv.value("GOSUMDB") == "sum.golang.org" {
        goenv::set(proposal, s, "GOSUMDB", "sum.golang.google.cn")
    } else {
        proposal
    })
}

/// `|` instead of `,`, so that a broken proxy is passed over.
pub(super) fn fallback(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let proxies = s.goenv.value("GOPROXY");
    if !by_proxy(verdict) || !proxies.contains(',') || !all_public(proxies) {
        return None;
    }
    let why = tr!(
        "After a comma go tries the next entry only for 404 and 410; after `|` also for timeouts and server errors. \
               All entries are public, so no private name goes anywhere new. Fetching directly needs git."
    );
    let proposal = Proposal::new(
        "goproxy-fallback",
        tr!("Fall back when the module proxy breaks"),
        why,
    )
    .risk(Risk::Medium);
    Some(goenv::set(
        proposal,
        s,
        "GOPROXY",
        &proxies.replace(',', "|"),
    ))
}

/// `|` between a private and a public proxy would let private names through.
fn all_public(proxies: &str) -> bool {
    proxies.split([',', '|']).all(|item| {
        item == "direct"
            || item
                .strip_prefix("https://")
                .is_some_and(|host| is_public_proxy(host.trim_end_matches('/')))
    })
}

/// Back to the default, where GOPROXY names something that is no module proxy.
pub(super) fn default_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if !by_proxy(verdict)
        || is_public_proxy(host)
        || matches!(verdict.reason, Some(Reason::CaptivePortal))
    {
        return None;
    }
    let why = tr!(
        "GOPROXY names {host}, which does not answer as a module proxy. Go's default serves public modules. If {host} is your \
         company's proxy, ask the people who run it instead: only it has your private ones.",
        host
    );
    if s.goenv.value("GOPROXY").contains("proxy.golang.org") {
        return None; // the default is in the list already
    }
    let proposal = Proposal::new("goproxy-default", tr!("Use Go's default module proxy"), why)
        .risk(Risk::Medium)
        .need(Need::Consent);
    Some(goenv::unset(proposal, s, "GOPROXY"))
}

/// A module proxy needs neither git nor ssh.
pub(super) fn without_git(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict
        .target
        .module
        .as_deref()
        .is_none_or(|module| !public_module(module))
    {
        return None;
    }
    through_proxy(verdict, s)
}

/// Fetches a public module through the module proxy instead of its repository.
pub(super) fn through_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let direct = s.goenv.value("GOPROXY").starts_with("direct");
    if !public_module(module) || by_proxy(verdict) || !direct {
        return None;
    }
    let title = tr!("Fetch {module} through the module proxy", module);
    let mut why = tr!(
        "The module proxy has public modules ready as one file each: no git, no rate limit of the code host."
    );
    if verdict.cause == Cause::RateLimited {
        let instead = tr!("Your settings go to the repository instead.");
        why = sentences([why.as_str(), &instead]);
    }
    let proposal = Proposal::new("through-proxy", title, why)
        .risk(Risk::Medium)
        .need(Need::Consent);
    Some(goenv::unset(proposal, s, "GOPROXY"))
}

/// A module that is most probably public: on a host for public modules, and marked private nowhere.
fn public_module(module: &str) -> bool {
    is_public(module) || module.starts_with("github.com/")
}
