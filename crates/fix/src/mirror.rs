//! Module proxies: another one, where the one that is set cannot be reached or lacks a public module.

use super::privacy::{self, Standing};
use super::{Need, Proposal, Risk, Situation, Way, consequence, goenv};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::rules::said::Phrase;
use crate::settings::forges;
use crate::settings::goproxy::{self, Source};
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};

/// The module proxies that were measured to be better. It is tried with the module that they were
/// compared by.
#[must_use]
pub fn measured(list: &str, why: &str, s: &Situation) -> Proposal {
    let known = |entry: &str| s.goenv.value("GOPROXY").contains(entry);
    let is_new = goproxy::entries(list)
        .any(|entry| entry.source != Source::Direct && !known(entry.source.text()));
    let why = msg!(
        "{why}. `|` falls back on any error, a comma only after 404.",
        why
    );
    let title = msg!("Set GOPROXY={list}", list);
    let proposal = Proposal::new("goproxy-measured", title, why).risk(Risk::Medium);
    let proposal = if is_new {
        proposal.need(Need::Consent) // somebody new learns which modules are used
    } else {
        proposal
    };
    let mut proposal = goenv::set(proposal, s, "GOPROXY", list);
    super::preview(&mut proposal, s);
    consequence::weigh(&mut proposal, None, s);
    proposal
}

/// Whom GOPROXY names, behind the entry where go stops too.
fn sources(s: &Situation) -> impl Iterator<Item = Source<'_>> {
    goproxy::entries(s.goenv.value("GOPROXY")).map(|entry| entry.source)
}

/// Whether GOPROXY names this module proxy.
fn names(s: &Situation, url: &str) -> bool {
    sources(s).any(|source| source.text().trim_end_matches('/') == url)
}

fn by_proxy(verdict: &Verdict) -> bool {
    matches!(
        verdict.target.role,
        Role::Goproxy | Role::Sumdb | Role::Toolchain
    )
}

/// The public host that failed, where the module may be asked of another one.
fn replaceable(verdict: &Verdict, s: &Situation) -> Option<String> {
    let host = verdict.target.host.clone()?;
    let module = verdict.target.module.as_deref();
    let nearer = matches!(
        verdict.reason,
        Some(Reason::Offline | Reason::CaptivePortal | Reason::NoRoute)
    ); // no mirror is nearer than the network itself
    let decided = verdict.reason.is_some_and(Reason::is_refusal);
    let private = module.is_some_and(|module| privacy::is_own(module, s))
        || privacy::standing(verdict, s) == Standing::Hidden;
    // asked through a mirror, a database that is in trouble fails alike
    let in_trouble =
        verdict.target.role == Role::Sumdb && verdict.reason.is_some_and(Reason::is_outage);
    let served = if by_proxy(verdict) {
        forges::is_public_proxy(&host) || host == forges::STORAGE
    } else {
        forges::is_well_known(&host) && module.is_some_and(forges::is_public_module)
    };
    (served && !(nearer || decided || private || in_trouble)).then_some(host)
}

/// Another module proxy in the place of a public one that fails: the nth other one that is open to everybody, each
/// tried by itself. Go's own is none of them: where a mirror is set, Go's cannot be reached, as a rule.
pub(super) fn nth<const NTH: usize>(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let failed = replaceable(verdict, s)?;
    let url = forges::proxies()
        .filter(|url| *url != forges::DEFAULT_PROXY && forges::proxy_of(&failed) != Some(*url))
        .filter(|url| !names(s, url))
        .nth(NTH)?;
    let host = Url::parse(url)?.host;
    let is_google = failed == forges::DEFAULT_DATABASE
        || failed == forges::STORAGE
        || forges::proxy_of(&failed) == Some(forges::DEFAULT_PROXY);
    let gone = |entry: &goproxy::Entry<'_>| {
        entry.source.url().is_some_and(|entry| {
            entry.host == failed
                || is_google && forges::proxy_of(&entry.host) == Some(forges::DEFAULT_PROXY)
        })
    };
    // in the place of the one that failed; where that is not set here, before the repositories
    let replaced = |mut entry: goproxy::Entry<'_>| {
        if gone(&entry) {
            entry.source = Source::Proxy(url);
        }
        entry.to_string()
    };
    let entries = goproxy::entries(s.goenv.value("GOPROXY"));
    let mut list: String = entries.map(replaced).collect();
    if !list.contains(url) {
        if !sources(s).all(|source| source == Source::Direct || source.is_public()) {
            return None; // whoever else is asked stays
        }
        list = format!("{url},direct");
    }
    let id = if NTH == 0 {
        "mirror".to_owned()
    } else {
        format!("mirror-{}", host.replace('.', "-"))
    };
    let why = msg!(
        "{host} serves the same public modules, and go.sum and the checksum database vouch for every one as before.",
        host
    );
    let (title, why) = if s.saved {
        let untried = msg!("Not tried: whether it answers there is not known from here.");
        (
            msg!("Try the module proxy {url}", url),
            Text::sentences([why, untried]),
        )
    } else {
        (msg!("Use the module proxy {url}", url), why)
    };
    let proposal = Proposal::new(&id, title, why)
        .risk(Risk::Medium)
        .need(Need::Consent)
        .way(Way::Mirror);
    if s.saved && s.says(Phrase::WithoutModules) {
        // go get below GOPATH, which asks no module proxy
        return Some(proposal.command(format!("export GO111MODULE=on GOPROXY={list}")));
    }
    let proposal = goenv::set(proposal, s, "GOPROXY", &list);
    // an outage of one says nothing of the other; where one cannot be reached, nor can its neighbour
    let unreachable = verdict.cause != Cause::PrivateViaProxy
        && !verdict.reason.is_some_and(Reason::is_outage)
        && (is_google || !by_proxy(verdict));
    Some(
        if unreachable && s.goenv.value("GOSUMDB") == forges::DEFAULT_DATABASE {
            goenv::set(proposal, s, "GOSUMDB", forges::CHINA_DATABASE)
        } else {
            proposal
        },
    )
}

/// The repository itself, where a public mirror lacks a module that is not known to be private.
pub(super) fn direct(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let list = s.goenv.value("GOPROXY");
    replaceable(verdict, s)?;
    if sources(s).next().is_none() || !sources(s).all(Source::is_public) {
        return None;
    }
    let why = msg!(
        "What the module proxy does not have (404) is then fetched from its repository; the checksum database vouches for it as \
         before. That needs git."
    );
    let title = msg!("Go on to the repository where the module proxy lacks a module");
    let proposal = Proposal::new("goproxy-direct", title, why)
        .risk(Risk::Medium)
        .need(Need::Consent);
    Some(goenv::set(
        proposal,
        s,
        "GOPROXY",
        &format!("{list},direct"),
    ))
}

/// Back to the default, where GOPROXY names something that does not exist or is no module proxy.
pub(super) fn default_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let passing = verdict.reason.is_some_and(|reason| {
        reason == Reason::CaptivePortal || reason.is_outage() || reason.is_refusal()
    });
    let own = privacy::is_own(host, s) || privacy::is_loopback(host);
    if !by_proxy(verdict) || forges::is_public_proxy(host) || own || passing {
        return None;
    }
    if names(s, forges::DEFAULT_PROXY) {
        return None; // the default is in the list already
    }
    let why = msg!(
        "GOPROXY names {host}, which does not answer as a module proxy. Go's default serves public modules. If {host} is your \
         company's proxy, ask the people who run it instead: only it has your private ones.",
        host
    );
    let proposal = Proposal::new(
        "goproxy-default",
        msg!("Use Go's default module proxy"),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Consent);
    Some(goenv::unset(proposal, s, "GOPROXY"))
}

/// Fetches a public module through the module proxy instead of its repository.
pub(super) fn through_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let host = module.split('/').next().unwrap_or_default();
    let public = forges::is_well_known(host) && privacy::standing(verdict, s) == Standing::Open;
    if !public || by_proxy(verdict) || s.goenv.sources().next() != Some(Source::Direct) {
        return None;
    }
    let title = msg!("Fetch {module} through the module proxy", module);
    let mut why = msg!(
        "The module proxy has public modules ready as one file each: no git, no rate limit of the code host."
    );
    if verdict.cause == Cause::RateLimited {
        let instead = msg!("Your settings go to the repository instead.");
        why = Text::sentences([why, instead]);
    }
    let proposal = Proposal::new("through-proxy", title, why)
        .risk(Risk::Medium)
        .need(Need::Consent);
    Some(goenv::unset(proposal, s, "GOPROXY"))
}
