//! Credentials, repositories, module proxies: row 20 of the truth table, what
//! lies behind an answer, and the local causes that probes can refine.

use super::facts::Facts;
use super::{Confidence, Reason, policy, text};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::probe::dns::Answer;
use crate::probe::git::RemoteOutcome;
use crate::probe::local::Part;
use crate::probe::proxy::Connect;
use crate::probe::ssh::Agent;
use crate::probe::sums::Party;
use crate::probe::tls::{HandshakeOutcome, Trust};
use crate::probe::{Stack, tcp};
use crate::settings::goproxy::{self, Source};
use crate::settings::url::Url;
use gomend_rules::said::Phrase;

/// The same request passes over HTTP/1.1, and HTTP/2 breaks.
fn is_http2(facts: &Facts<'_>) -> bool {
    let reply = facts.http(Stack::Go);
    reply.is_some_and(|reply| {
        reply.code.is_some_and(|code| code < 400)
            && reply
                .http2
                .is_some_and(crate::probe::http::Http2::is_broken)
    })
}

/// What probes add to a cause that stands: a reason, and how sure it is.
pub(super) fn refine(facts: &Facts<'_>, cause: Cause) -> Option<(Reason, Confidence)> {
    match cause {
        Cause::HttpsNoCredentials => Some(stored(facts)),
        Cause::SshKeyRejected => keys(facts),
        Cause::SshHostKey => host_key(facts),
        Cause::UnknownRevision | Cause::PrivateViaProxy | Cause::PrivateViaSumdb => {
            let tagged = facts.git(Stack::Git)?.tag == Some(true);
            tagged.then_some((Reason::FreshTag, Confidence::Certain))
        }
        Cause::ChecksumMismatch => sums(facts),
        Cause::GoproxyStatus | Cause::HttpStatus => status(facts),
        Cause::GoproxyBadResponse => page(facts),
        Cause::ImportPathUnresolved => discovery(facts),
        Cause::TransferInterrupted if is_http2(facts) => {
            Some((Reason::Http2Cut, Confidence::Certain))
        }
        Cause::TransferInterrupted => {
            is_full(facts).then_some((Reason::NoRoom, Confidence::Likely))
        }
        Cause::CacheCorrupt if foreign(facts, Part::ModCache) => {
            Some((Reason::OwnedByOther, Confidence::Likely))
        }
        Cause::GitConfigBroken => configuration(facts),
        // what the line says of the file system is no matter of owners
        Cause::PermissionDenied if Phrase::ReadOnly.is_in(&facts.finding.text) => None,
        Cause::PermissionDenied => read_only(facts),
        Cause::GoproxyDisabled => {
            let settings = facts.goenv(Stack::Go)?;
            let mut entries = goproxy::entries(settings.value("GOPROXY"));
            if entries.any(|entry| entry.source == Source::Off) {
                return Some((Reason::ProxyOff, Confidence::Certain));
            }
            // what is left: the vendor directory, or a toolchain without checksum database
            (settings.value("GOSUMDB") != "off")
                .then_some((Reason::VendorOnly, Confidence::Possible))
        }
        Cause::GoTooOld => {
            let local = facts.goenv(Stack::Go)?.value("GOTOOLCHAIN") == "local";
            local.then_some((Reason::ToolchainLocal, Confidence::Certain))
        }
        Cause::VcsStampingFailed => match &facts.git(Stack::Git)?.here {
            RemoteOutcome::Failed(id) if id == Cause::DubiousOwnership.id() => {
                Some((Reason::RepositoryOfOther, Confidence::Certain))
            }
            RemoteOutcome::Failed(_) | RemoteOutcome::Unrecognised => {
                Some((Reason::RepositoryBroken, Confidence::Certain))
            }
            _ => None,
        },
        Cause::DnsTimeout => slow(facts),
        Cause::TcpReset => broke(facts),
        _ => None,
    }
}

/// Who differs where checksums differ. What was first published is what the checksum database recorded, and
/// where it isn't asked, what proxy and repository agree on; two who differ alone decide nothing.
fn sums(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let sums = facts.sums(Stack::Both)?;
    let [go_sum, database, proxy, origin, cache] = [
        Party::GoSum,
        Party::Database,
        Party::Proxy,
        Party::Origin,
        Party::Cache,
    ]
    .map(|party| sums.of(party));
    let published = database.or(proxy.filter(|_| proxy == origin))?;
    let is_other = |sum: Option<&str>| sum.is_some_and(|sum| sum != published);
    let holds = |sum: Option<&str>| sum == Some(published);
    let reason = if is_other(origin) && (!is_other(proxy) || proxy == origin) {
        Reason::TagMoved
    } else if is_other(proxy) && (holds(origin) || holds(go_sum)) {
        Reason::ProxyDiffers
    } else if is_other(cache) && !is_other(go_sum) {
        Reason::CacheDiffers
    } else if is_other(go_sum) && (holds(proxy) || holds(origin)) {
        Reason::GoSumDiffers
    } else {
        return None;
    };
    Some((reason, Confidence::Certain))
}

/// Is a login stored anywhere, and for whom?
fn stored(facts: &Facts<'_>) -> (Reason, Confidence) {
    let netrc = facts.netrc(Stack::Both);
    let in_netrc = |stack| netrc.is_some_and(|entries| entries.usable(stack));
    let helper = facts.git(Stack::Git).and_then(|remote| remote.helper_holds);
    let is_go = facts.stack == Stack::Go;
    if is_go && !in_netrc(Stack::Go) && (helper == Some(true) || in_netrc(Stack::Git)) {
        return (Reason::CredentialsGitOnly, Confidence::Certain);
    }
    if !is_go && in_netrc(Stack::Go) && !in_netrc(Stack::Git) && helper != Some(true) {
        return (Reason::CredentialsGoOnly, Confidence::Certain);
    }
    // a forge that answers "not found" to strangers may also hide that there is nothing
    let asked = facts.http(facts.stack).and_then(|reply| reply.code) == Some(401);
    (
        Reason::CredentialsAbsent,
        if asked {
            Confidence::Certain
        } else {
            Confidence::Likely
        },
    )
}

fn keys(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let session = facts.ssh(Stack::Git)?;
    if !session.identities.is_empty() {
        return Some((Reason::KeyNotAccepted, Confidence::Certain));
    }
    match session.agent {
        Agent::None | Agent::Unreachable => Some((Reason::NoAgent, Confidence::Certain)),
        Agent::Keys(0) => Some((Reason::AgentEmpty, Confidence::Certain)),
        Agent::Keys(_) => Some((Reason::KeyNotAccepted, Confidence::Certain)),
        Agent::Unknown => None,
    }
}

fn host_key(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let known = facts.ssh(Stack::Git)?.known?;
    Some((
        if known {
            Reason::HostKeyChanged
        } else {
            Reason::HostKeyUnknown
        },
        Confidence::Certain,
    ))
}

fn status(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    // what somebody decided in so many words stands, whatever a later request meets
    let said = text::of_status(facts.finding);
    if let Some(reason) = said.filter(|reason| reason.is_refusal() && *reason != Reason::Forbidden)
    {
        return Some((reason, Confidence::Certain));
    }
    let reply = facts.http(facts.stack)?;
    let words = facts.finding.answer.as_deref();
    let reason = match reply.code? {
        code @ (401 | 403 | 429 | 451 | 500..=599) => match policy::reason(code, words)? {
            // without words: this module, or every one?
            Reason::Forbidden if matches!(reply.control, Some(200..=299)) => Reason::ProxyPolicy,
            reason => reason,
        },
        _ if reply.html => Reason::NotAModuleProxy,
        // only the very address that failed can tell that it was for once
        0..=399
            if facts
                .target
                .url
                .as_ref()
                .is_none_or(|url| *url == reply.url) =>
        {
            return Some((Reason::Transient, Confidence::Likely));
        }
        _ => return None,
    };
    Some((reason, Confidence::Certain))
}

fn page(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let reply = facts.http(facts.stack)?;
    reply.code?;
    let reason = if reply.html || reply.redirects_to.is_some() {
        Reason::NotAModuleProxy
    } else {
        Reason::MalformedAnswer
    };
    Some((reason, Confidence::Certain))
}

fn discovery(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    if let Some(reason) = text::of_status(facts.finding)
        && reason.is_refusal()
        && reason != Reason::Forbidden
    {
        return Some((reason, Confidence::Certain));
    }
    match facts.http(facts.stack)?.code? {
        404 | 410 => Some((Reason::NoVanityPage, Confidence::Certain)),
        200..=399 | 401 | 403 => Some((Reason::SignInPage, Confidence::Likely)),
        _ => None,
    }
}

fn is_full(facts: &Facts<'_>) -> bool {
    facts.local(Stack::Both).is_some_and(|local| {
        local
            .places
            .iter()
            .any(|place| place.is_full() && place.part != Part::Repository)
    })
}

fn foreign(facts: &Facts<'_>, part: Part) -> bool {
    facts.local(Stack::Both).is_some_and(|local| {
        local
            .places
            .iter()
            .any(|place| place.part == part && place.exists && !place.ours)
    })
}

fn read_only(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let local = facts.local(Stack::Both)?;
    let cache = local
        .places
        .iter()
        .find(|place| place.part == Part::ModCache)?;
    (!cache.writable).then_some((
        if cache.ours {
            Reason::CacheReadOnly
        } else {
            Reason::OwnedByOther
        },
        Confidence::Certain,
    ))
}

fn configuration(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let remote = facts.git(Stack::Git)?;
    if remote.config_broken {
        return Some((Reason::ConfigLine, Confidence::Certain));
    }
    let rewritten = remote.rewritten.as_deref()?;
    let known = Url::remote(rewritten).is_some_and(|url| {
        matches!(
            url.scheme.as_str(),
            "https" | "http" | "ssh" | "git" | "git+ssh" | "ssh+git" | "file"
        )
    });
    (!known).then_some((Reason::RewriteBroken, Confidence::Certain))
}

/// The resolver does answer, only later than the configuration lets it.
fn slow(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    let lookup = facts.dns(Stack::Go)?;
    let late = lookup.answer == Answer::Addresses
        && lookup
            .asked
            .iter()
            .any(|asked| asked.answer == Answer::Addresses && asked.ms >= lookup.waits_ms);
    if late {
        return Some((Reason::ResolverSlow, Confidence::Certain));
    }
    let dead = lookup.answer == Answer::Addresses
        && lookup.asked.iter().any(|asked| {
            matches!(
                asked.answer,
                Answer::Silence | Answer::Unreachable | Answer::NoRoute
            )
        });
    dead.then_some((Reason::NameserverDead, Confidence::Likely))
}

/// TLS stands, the request is sent, and the connection goes.
fn broke(facts: &Facts<'_>) -> Option<(Reason, Confidence)> {
    use crate::probe::http::Broke;
    match facts.http(facts.stack)?.broke? {
        Broke::Reset => Some((Reason::ConnectionReset, Confidence::Certain)),
        Broke::Closed => Some((Reason::ConnectionClosed, Confidence::Certain)),
        Broke::Silence | Broke::Other => None,
    }
}

/// What an answer foretells, where all stages stand.
pub(super) fn foresee(facts: &Facts<'_>) -> Option<(Cause, Option<Reason>, Confidence)> {
    let role = facts.target.role;
    if matches!(role, Role::VcsHttps | Role::VcsSsh)
        && let Some(remote) = facts.git(Stack::Git)
        && let RemoteOutcome::Failed(id) = &remote.outcome
    {
        let cause = Cause::from_id(id)?;
        // a helper that was not started may well hold the login
        let may_hold = cause == Cause::HttpsNoCredentials && remote.helper_holds.is_none();
        // without keys nobody gets in: that is no news of the user's own
        if may_hold || cause == Cause::SshKeyRejected {
            return match refine(facts, cause) {
                Some((reason @ (Reason::NoAgent | Reason::AgentEmpty), confidence)) => {
                    Some((cause, Some(reason), confidence))
                }
                _ => None,
            };
        }
        let refined = refine(facts, cause);
        return Some((
            cause,
            refined.map(|(reason, _)| reason),
            refined.map_or(Confidence::Likely, |(_, confidence)| confidence),
        ));
    }
    let reply = facts.http(facts.stack)?;
    let cause = match (reply.code?, role) {
        (_, Role::Goproxy | Role::Sumdb) if reply.html => Cause::GoproxyBadResponse,
        (401 | 403 | 500..=599, Role::Goproxy | Role::Sumdb) => Cause::GoproxyStatus,
        (500..=599, _) => Cause::HttpStatus,
        (429, _) => Cause::RateLimited,
        (404 | 410, Role::ImportMeta) => Cause::ImportPathUnresolved,
        (404 | 410, Role::Toolchain) => Cause::ToolchainUnavailable,
        (401, Role::ImportMeta)
            if !facts
                .netrc(Stack::Both)
                .is_some_and(|entries| entries.usable(Stack::Go)) =>
        {
            Cause::HttpsNoCredentials
        }
        _ => return None,
    };
    let refined = refine(facts, cause);
    Some((cause, refined.map(|(reason, _)| reason), Confidence::Likely))
}

/// Everything on the failing stack's way passes now.
pub(super) fn all_passes(facts: &Facts<'_>) -> bool {
    let stack = facts.stack;
    if facts.target.role == Role::VcsSsh {
        return facts
            .ssh(stack)
            .is_some_and(|session| session.status() == crate::probe::Status::Pass);
    }
    let connected = facts.is_proxied()
        && facts
            .proxy(stack)
            .is_some_and(|choice| choice.connect == Connect::Opened)
        || facts
            .tcp(stack)
            .is_some_and(|reach| reach.outcome() == tcp::ConnectOutcome::Connected);
    let trusted = facts.tls(stack).is_none_or(|tls| {
        let own = if stack == Stack::Git { tls.git } else { tls.go };
        tls.outcome == HandshakeOutcome::Completed
            && tls.name_matches == Some(true)
            && own == Trust::Trusted
    });
    connected && trusted && facts.http(stack).is_some_and(|reply| reply.code.is_some())
}
