//! The verdict's one line. A table from cause to sentence, used where no
//! refined reason says more.

use super::Reason;
use crate::cause::Cause;
use crate::evidence::Target;
use crate::lang::{text, tr};
use crate::probe::{Blind, Id};

/// The line: the reason's sentence, else the cause's, with names filled in.
/// `host` is whom go or git wanted to reach, `proxy` the HTTP proxy, where one is part of the
/// story, `said` the line of the failure.
pub(super) fn summary(
    cause: Cause,
    reason: Option<Reason>,
    target: &Target,
    host: &str,
    proxy: Option<&str>,
    said: &str,
) -> String {
    if reason == Some(Reason::MalformedSetting)
        && let Some((setting, value)) = setting(said)
    {
        return match value {
            Some(value) => tr!("{setting} is malformed: `{value}`", setting, value),
            None => tr!("{setting} is malformed", setting),
        };
    }
    let template = reason.map_or_else(|| sentence(cause), Reason::sentence);
    let said = tail(said);
    let module = target.module.as_deref().or(target.url.as_deref());
    let module = module.map_or_else(|| tr!("the module"), str::to_owned);
    let proxy = proxy.or(target.host.as_deref());
    let proxy = proxy.map_or_else(|| tr!("the proxy"), str::to_owned);
    let host = if host.is_empty() {
        tr!("the server")
    } else {
        host.to_owned()
    };
    tr!(template, host, module, proxy, said)
}

/// The setting that a line calls malformed, and its value where the line shows it.
fn setting(said: &str) -> Option<(&'static str, Option<&str>)> {
    const NAMES: [&str; 10] = [
        "GOPROXY",
        "GOSUMDB",
        "GOFLAGS",
        "GOTOOLCHAIN",
        "GOAUTH",
        "GOVCS",
        "GONOPROXY",
        "GOPRIVATE",
        "GOINSECURE",
        "GO111MODULE",
    ];
    let quoted = said.split('"').nth(1).filter(|value| !value.is_empty());
    if let Some(name) = NAMES.iter().find(|name| said.contains(**name)) {
        let value = quoted.map(|value| {
            value
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='))
                .unwrap_or(value)
        });
        return Some((name, value));
    }
    if let Some((_, value)) = said.split_once("invalid proxy URL missing scheme: ") {
        return Some(("GOPROXY", value.split_whitespace().next()));
    }
    let asked = quoted.filter(|url| url.contains("/@v/") || url.contains("/@latest"))?;
    Some((
        "GOPROXY",
        asked
            .split('/')
            .next()
            .filter(|value| !value.is_empty() && !value.ends_with(':')),
    ))
}

/// The end of a line, where the words stand that nobody knows.
fn tail(said: &str) -> &str {
    const MOST: usize = 160;
    let said = said.trim();
    let from = said.len().saturating_sub(MOST);
    (from..said.len())
        .find(|at| said.is_char_boundary(*at))
        .map_or(said, |from| &said[from..])
}

/// What a probe could not see; `None`: nothing that anyone would miss.
pub(super) fn unknown(id: Id, target: &str, blind: &Blind) -> Option<String> {
    let what = match id {
        Id::Dns => tr!("how the name resolves"),
        Id::Tcp => tr!("whether a connection is accepted"),
        Id::Tls => tr!("what the TLS handshake shows"),
        Id::Http => tr!("what answers behind the connection"),
        Id::Proxy => tr!("what the HTTP proxy does"),
        Id::Git => tr!("what git itself sees"),
        Id::Ssh => tr!("what ssh itself sees"),
        Id::Clock => tr!("whether this machine's clock is right"),
        Id::Control => tr!("whether other hosts answer"),
        Id::Goenv | Id::Netrc | Id::Local => tr!("what is set on this machine"),
    };
    let why = match blind {
        Blind::Behind(_) | Blind::NothingElse => return None, // follows from what failed before
        Blind::Deadline => tr!("no answer within the time allowed"),
        Blind::Cancelled => tr!("interrupted"),
        Blind::NoProgram(program) => tr!("`{program}` is not on PATH", program),
        Blind::Private(why) | Blind::Machine(why) => {
            let why = why.as_str();
            tr!(why)
        }
    };
    Some(tr!("{what} ({target}): {why}", what, target, why))
}

fn sentence(cause: Cause) -> &'static str {
    match cause {
        Cause::GitNotFound => text!("go needs git and cannot start it"),
        Cause::VcsNotFound => {
            text!("the version control program that {module} needs is not on PATH")
        }
        Cause::SshNotFound => text!("git needs ssh to reach {host} and cannot start it"),
        Cause::GitTooOld => text!("this git is too old for what go or the repository asks of it"),
        Cause::DnsNotFound => text!("the resolver says that {host} does not exist"),
        Cause::DnsServerFailure => text!("the resolver failed to look up {host}"),
        Cause::DnsTimeout => text!("no resolver answered for {host} in time"),
        Cause::DnsResolverUnreachable => text!("the resolver itself cannot be reached"),
        Cause::TcpTimeout => text!("{host} did not answer in time"),
        Cause::TcpRefused => text!("{host} refuses the connection"),
        Cause::TcpUnreachable => text!("there is no route to {host}"),
        Cause::TcpReset => text!("the connection to {host} was cut before an answer came"),
        Cause::HttpProxy => text!("the HTTP proxy in between is wrong, unreachable or refuses"),
        Cause::TlsUnknownAuthority => text!("the certificate of {host} is not trusted here"),
        Cause::TlsExpired => {
            text!("the certificate of {host} is out of date by this machine's clock")
        }
        Cause::TlsNotYetValid => {
            text!("the certificate of {host} is not valid yet by this machine's clock")
        }
        Cause::TlsNameMismatch => text!("the certificate is for other names than {host}"),
        Cause::TlsHandshake => {
            text!("this client and {host} cannot agree on a TLS version or cipher")
        }
        Cause::TlsNotTls => text!("{host} does not speak TLS on that port"),
        Cause::TlsInterrupted => text!("the TLS handshake with {host} was cut"),
        Cause::HttpsNoCredentials => text!("{host} wants a login, and git has none for it"),
        Cause::HttpsCredentialsRejected => text!("{host} refuses the credentials that were sent"),
        Cause::SshKeyRejected => text!("{host} accepts none of the ssh keys that were offered"),
        Cause::SshHostKey => text!("the ssh host key of {host} could not be verified"),
        Cause::RepoNotFound => {
            text!("{host} says that the repository does not exist, or hides it from this identity")
        }
        Cause::PrivateViaProxy => text!("{module} was asked of a module proxy that cannot see it"),
        Cause::PrivateViaSumdb => {
            text!("{module} was looked up in a checksum database that does not know it")
        }
        Cause::GoproxyStatus | Cause::HttpStatus => text!("{host} answered with an error status"),
        Cause::GoproxyBadResponse => text!("what answers at {host} is not a module proxy"),
        Cause::GoproxyDisabled => text!("the settings forbid looking up {module}"),
        Cause::GoproxyInvalid => text!("a setting such as GOPROXY or GOSUMDB is malformed"),
        Cause::TransferInterrupted => text!("the download from {host} broke midway"),
        Cause::RateLimited => text!("{host} limits how often it is asked"),
        Cause::UnknownRevision => text!("the version that is asked for does not exist in {module}"),
        Cause::InvalidVersion => text!("the version that is asked for is not valid for {module}"),
        Cause::ImportPathUnresolved => text!("nothing at {host} says where {module} is kept"),
        Cause::ModulePathMismatch => text!("{module} declares another path for itself"),
        Cause::PackageNotInModule => {
            text!("the module was found and does not contain the package {module}")
        }
        Cause::AmbiguousImport => text!("several modules provide {module}"),
        Cause::ChecksumMismatch => {
            text!("{module} is not what go.sum or the checksum database says it is")
        }
        Cause::MissingGoSum => text!("go.mod, go.sum or vendor lack an entry"),
        Cause::VcsDisallowed => text!("GOVCS forbids the version control system of {module}"),
        Cause::InsecureProtocol => text!("{module} could be fetched over no secure protocol"),
        Cause::ToolchainUnavailable => text!("the Go toolchain that is asked for cannot be had"),
        Cause::GoTooOld => text!("a newer Go is required than the one that runs"),
        Cause::DubiousOwnership => text!("git refuses a repository that another user owns"),
        Cause::VcsStampingFailed => {
            text!("go could not read the version control state of this repository")
        }
        Cause::CacheCorrupt => text!("the module cache is broken"),
        Cause::GitConfigBroken => text!("git's own configuration or installation breaks the fetch"),
        Cause::DiskFull => text!("no space is left on the disk"),
        Cause::PermissionDenied => {
            text!("a file or directory that go needs may not be read or written")
        }
        Cause::NoHome => text!("HOME, GOPATH or a cache directory is not set"),
        Cause::NotOurs => text!("this failure is not about fetching modules"),
    }
}
