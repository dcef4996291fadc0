//! The verdict's one line. A table from cause to sentence, used where no
//! refined reason says more.

use super::Reason;
use crate::cause::Cause;
use crate::evidence::Target;
use crate::probe::{Blind, Id};

/// The line: the reason's sentence, else the cause's, with names filled in.
/// `host` is whom go or git wanted to
/// reach, `proxy` the HTTP proxy, where one is part of the story.
pub(super) fn summary(
    cause: Cause,
    reason: Option<Reason>,
    target: &Target,
    host: &str,
    proxy: Option<&str>,
) -> String {
    let template = reason.map_or_else(|| sentence(cause), Reason::sentence);
    let module = target
        .module
        .as_deref()
        .or(target.url.as_deref())
        .unwrap_or("the module");
    let proxy = proxy.or(target.host.as_deref()).unwrap_or("the proxy");
    let host = if host.is_empty() { "the server" } else { host };
    template
        .replace("{host}", host)
        .replace("{module}", module)
        .replace("{proxy}", proxy)
}

/// What a probe could not see; `None`: nothing that anyone would miss.
pub(super) fn unknown(id: Id, target: &str, blind: &Blind) -> Option<String> {
    let what = match id {
        Id::Dns => "how the name resolves",
        Id::Tcp => "whether a connection is accepted",
        Id::Tls => "what the TLS handshake shows",
        Id::Http => "what answers behind the connection",
        Id::Proxy => "what the HTTP proxy does",
        Id::Git => "what git itself sees",
        Id::Ssh => "what ssh itself sees",
        Id::Clock => "whether this machine's clock is right",
        Id::Control => "whether other hosts answer",
        Id::Goenv | Id::Netrc | Id::Local => "what is set on this machine",
    };
    let why = match blind {
        Blind::Behind(_) | Blind::NothingElse => return None, // follows from what failed before
        Blind::Deadline => "no answer within the time allowed".to_owned(),
        Blind::Cancelled => "interrupted".to_owned(),
        Blind::NoProgram(program) => format!("`{program}` is not on PATH"),
        Blind::Private(why) | Blind::Machine(why) => why.clone(),
    };
    Some(format!("{what} ({target}): {why}"))
}

fn sentence(cause: Cause) -> &'static str {
    match cause {
        Cause::GitNotFound => "go needs git and cannot start it",
        Cause::VcsNotFound => "the version control program that {module} needs is not on PATH",
        Cause::SshNotFound => "git needs ssh to reach {host} and cannot start it",
        Cause::GitTooOld => "this git is too old for what go or the repository asks of it",
        Cause::DnsNotFound => "the resolver says that {host} does not exist",
        Cause::DnsServerFailure => "the resolver failed to look up {host}",
        Cause::DnsTimeout => "no resolver answered for {host} in time",
        Cause::DnsResolverUnreachable => "the resolver itself cannot be reached",
        Cause::TcpTimeout => "{host} did not answer in time",
        Cause::TcpRefused => "{host} refuses the connection",
        Cause::TcpUnreachable => "there is no route to {host}",
        Cause::TcpReset => "the connection to {host} was cut before an answer came",
        Cause::HttpProxy => "the HTTP proxy in between is wrong, unreachable or refuses",
        Cause::TlsUnknownAuthority => "the certificate of {host} is not trusted here",
        Cause::TlsExpired => "the certificate of {host} is out of date by this machine's clock",
        Cause::TlsNotYetValid => {
            "the certificate of {host} is not valid yet by this machine's clock"
        }
        Cause::TlsNameMismatch => "the certificate is for other names than {host}",
        Cause::TlsHandshake => "this client and {host} cannot agree on a TLS version or cipher",
        Cause::TlsNotTls => "{host} does not speak TLS on that port",
        Cause::TlsInterrupted => "the TLS handshake with {host} was cut",
        Cause::HttpsNoCredentials => "{host} wants a login, and git has none for it",
        Cause::HttpsCredentialsRejected => "{host} refuses the credentials that were sent",
        Cause::SshKeyRejected => "{host} accepts none of the ssh keys that were offered",
        Cause::SshHostKey => "the ssh host key of {host} could not be verified",
        Cause::RepoNotFound => {
            "{host} says that the repository does not exist, or hides it from this identity"
        }
        Cause::PrivateViaProxy => "{module} was asked of a module proxy that cannot see it",
        Cause::PrivateViaSumdb => {
            "{module} was looked up in a checksum database that does not know it"
        }
        Cause::GoproxyStatus | Cause::HttpStatus => "{host} answered with an error status",
        Cause::GoproxyBadResponse => "what answers at {host} is not a module proxy",
        Cause::GoproxyDisabled => "the settings forbid looking up {module}",
        Cause::GoproxyInvalid => "a setting such as GOPROXY or GOSUMDB is malformed",
        Cause::TransferInterrupted => "the download from {host} broke midway",
        Cause::RateLimited => "{host} limits how often it is asked",
        Cause::UnknownRevision => "the version that is asked for does not exist in {module}",
        Cause::InvalidVersion => "the version that is asked for is not valid for {module}",
        Cause::ImportPathUnresolved => "nothing at {host} says where {module} is kept",
        Cause::ModulePathMismatch => "{module} declares another path for itself",
        Cause::PackageNotInModule => {
            "the module was found and does not contain the package {module}"
        }
        Cause::AmbiguousImport => "several modules provide {module}",
        Cause::ChecksumMismatch => {
            "{module} is not what go.sum or the checksum database says it is"
        }
        Cause::MissingGoSum => "go.mod, go.sum or vendor lack an entry",
        Cause::VcsDisallowed => "GOVCS forbids the version control system of {module}",
        Cause::InsecureProtocol => "{module} could be fetched over no secure protocol",
        Cause::ToolchainUnavailable => "the Go toolchain that is asked for cannot be had",
        Cause::GoTooOld => "a newer Go is required than the one that runs",
        Cause::DubiousOwnership => "git refuses a repository that another user owns",
        Cause::VcsStampingFailed => {
            "go could not read the version control state of this repository"
        }
        Cause::CacheCorrupt => "the module cache is broken",
        Cause::GitConfigBroken => "git's own configuration or installation breaks the fetch",
        Cause::DiskFull => "no space is left on the disk",
        Cause::PermissionDenied => "a file or directory that go needs may not be read or written",
        Cause::NoHome => "HOME, GOPATH or a cache directory is not set",
        Cause::NotOurs => "this failure is not about fetching modules",
    }
}
