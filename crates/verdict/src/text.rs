//! The verdict from the text alone: offline, in an editor, or before any
//! probe has answered. What the text proves about a stage is `pass` or
//! `fail`; everything else is `skip`.

use gomend_rules::said::{self, Phrase, ssh_offer};

use super::{Basis, Confidence, Matrix, Reason, Verdict, policy, stack_of, stage};
use crate::cause::{Cause, Layer};
use crate::evidence::{Finding, Role, Side, Target};
use crate::probe::Status;
use crate::settings::forges;

/// What one finding proves by itself.
pub(super) fn verdict(finding: &Finding) -> Verdict {
    let cause = finding.cause();
    let reason = reason(finding);
    let stages = match reason {
        Some(Reason::NotKnown) => Matrix::UNKNOWN, // nor is what they say of the way
        _ => matrix(cause, &finding.target),
    };
    Verdict {
        cause,
        reason,
        confidence: confidence(finding),
        matrix: stage::said(stages, finding),
        target: finding.target.clone(),
        stack: stack_of(finding),
        wanted: finding.target.host.clone(),
        proxy: http_proxy(&finding.target),
        said: finding.text.clone(),
        rests_on: vec![Basis::said(finding)],
        unknown: Vec::new(),
        others: Vec::new(),
    }
}

/// The HTTP proxy that a line names, with its port.
fn http_proxy(target: &Target) -> Option<String> {
    let host = target
        .host
        .as_deref()
        .filter(|_| target.role == Role::HttpProxy)?;
    Some(match target.port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// One suspect: the text says it. Several: the first is the likelier one.
fn confidence(finding: &Finding) -> Confidence {
    match finding.suspects.len() {
        1 => Confidence::Certain,
        2 => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

/// Where the rule, or the line, says more or less than its cause does; else the cause's reason.
fn reason(finding: &Finding) -> Option<Reason> {
    let says = |phrase: Phrase| phrase.is_in(&finding.text);
    match &*finding.rule {
        "git-words-unknown"
        | "go-fetch-unknown"
        | "go-module-unknown"
        | "go-get-unknown"
        | "toolchain-download-unknown" => Some(Reason::NotKnown),
        "git-exit-128-bare" | "git-exit-129" => Some(Reason::Unsaid),
        "goproxy-is-a-website" => Some(Reason::NotAModuleProxy),
        "go-bitbucket-api" => Some(Reason::LoginWanted),
        "go-redirects" => Some(Reason::Redirected),
        "go-tls-for-http" => Some(Reason::TlsForHttp),
        "inconsistent-vendoring" | "vendor-incomplete" => Some(Reason::VendorStale),
        "go-mod-incomplete" => Some(Reason::ModFileStale),
        "workspace-stale" => Some(Reason::WorkspaceStale),
        "no-required-module" => Some(Reason::NotRequired),
        "no-module-provides" => Some(Reason::NotProvided),
        "workspace-go" => Some(Reason::WorkspaceGo),
        "path-at-version" => Some(Reason::NoPathAtVersion),
        "install-with-replace" => Some(Reason::ReplaceRefused),
        "gopath-setting" | "gopath-no-folder" => Some(Reason::GopathSetting),
        "no-home" if says(Phrase::NotAbsolute) => Some(Reason::GopathSetting),
        "no-home" if !says(Phrase::HomeVariable) => None,
        "sumdb-state-unwritable" => Some(Reason::GopathReadOnly),
        "zip-not-valid" => Some(Reason::ZipDamaged),
        "cached-source-damaged" => Some(Reason::SourceDamaged),
        "checkout-stuck" | "gopath-checkout" => Some(Reason::CheckoutStuck),
        "cache-file-gone" | "sumdb-misbehavior" => None,
        "invalid-version" | "proxy-invalid-version" => {
            says(Phrase::MajorVersion).then_some(Reason::MajorVersion)
        }
        "git-http-unauthorized" if !says(Phrase::Forbidden) => None,
        _ if ssh_offer(&finding.text).is_some() => Some(Reason::SshNoCommonAlgorithm),
        _ if says(Phrase::LockLeft) => Some(Reason::LockLeft),
        _ => of_cause(finding),
    }
}

/// Where the cause already is the reason.
fn of_cause(finding: &Finding) -> Option<Reason> {
    Some(match finding.cause() {
        Cause::GitNotFound => Reason::NoGit,
        Cause::VcsNotFound => Reason::NoHg,
        Cause::SshNotFound => Reason::NoSsh,
        Cause::HttpsNoCredentials => Reason::CredentialsAbsent,
        Cause::HttpsCredentialsRejected if &*finding.rule == "git-http-unauthorized" => {
            Reason::AccessDenied
        }
        Cause::HttpsCredentialsRejected => Reason::CredentialsRefused,
        Cause::RepoNotFound => Reason::RepoHidden,
        Cause::PrivateViaProxy if looks_private(finding) && at_public_proxy(finding) => {
            Reason::PrivateToProxy
        }
        Cause::PrivateViaProxy => Reason::NotAtProxy,
        Cause::PrivateViaSumdb if looks_private(finding) => Reason::PrivateToSumdb,
        Cause::PrivateViaSumdb => Reason::NotInSumdb,
        Cause::GoproxyStatus | Cause::HttpStatus => return of_status(finding),
        Cause::ImportPathUnresolved => {
            return of_status(finding).filter(|reason| reason.is_refusal());
        }
        Cause::GoproxyInvalid if Phrase::ModulesOff.is_in(&finding.text) => Reason::ModulesOff,
        Cause::GoproxyInvalid if names_nothing(&finding.text) => Reason::SettingGone,
        Cause::GoproxyInvalid => Reason::MalformedSetting,
        Cause::PermissionDenied
            if finding
                .text
                .to_ascii_lowercase()
                .contains("read-only file system") =>
        {
            Reason::MountedReadOnly
        }
        Cause::PermissionDenied if Phrase::BuildCache.is_in(&finding.text) => {
            Reason::BuildCacheReadOnly
        }
        Cause::TransferInterrupted => Reason::Cut,
        Cause::RateLimited => Reason::Limited,
        Cause::UnknownRevision => Reason::NoSuchVersion,
        Cause::InvalidVersion => Reason::MajorVersion,
        Cause::ModulePathMismatch => Reason::OtherPath,
        Cause::PackageNotInModule => Reason::NoSuchPackage,
        Cause::AmbiguousImport => Reason::TwoModules,
        Cause::ChecksumMismatch => Reason::ChecksumsDiffer,
        Cause::MissingGoSum if Phrase::SumMalformed.is_in(&finding.text) => Reason::SumBroken,
        Cause::MissingGoSum => Reason::SumIncomplete,
        Cause::VcsDisallowed => Reason::Govcs,
        Cause::InsecureProtocol => Reason::NoSecureProtocol,
        Cause::ToolchainUnavailable if finding.rule == "toolchain-unverified" => {
            Reason::ToolchainUnverified
        }
        Cause::ToolchainUnavailable => Reason::NoToolchain,
        Cause::DubiousOwnership => Reason::RepositoryOfOther,
        Cause::VcsStampingFailed => Reason::RepositoryBroken,
        Cause::CacheCorrupt => Reason::CloneDamaged,
        Cause::DiskFull => Reason::NoRoom,
        Cause::NoHome => Reason::HomeUnset,
        Cause::GitConfigBroken => return of_git(&finding.text),
        Cause::TlsUnknownAuthority if Phrase::Revocation.is_in(&finding.text) => {
            Reason::RevocationUnknown
        }
        Cause::TlsUnknownAuthority if Phrase::NoCaFile.is_in(&finding.text) => Reason::NoCaBundle,
        Cause::TlsHandshake if Phrase::NameUnrecognized.is_in(&finding.text) => {
            Reason::NameUnrecognized
        }
        Cause::TlsHandshake if Phrase::ClientCertificate.is_in(&finding.text) => {
            Reason::ClientCertificate
        }
        Cause::HttpProxy if wants_login(&finding.text) => Reason::ProxyAuth,
        Cause::HttpProxy if Phrase::ProxyForbids.is_in(&finding.text) => Reason::ProxyRefuses,
        Cause::HttpProxy if finding.target.role == Role::HttpProxy => {
            return of_http_proxy(&finding.text);
        }
        _ => return None,
    })
}

/// What is the matter with the HTTP proxy that a line names, as far as its words say.
fn of_http_proxy(said: &str) -> Option<Reason> {
    const PHRASES: [(Phrase, Reason); 5] = [
        (Phrase::NoSuchHost, Reason::ProxyNameUnknown),
        (Phrase::Refused, Reason::ProxyDown),
        (Phrase::Silent, Reason::ProxyDown),
        (Phrase::NotTls, Reason::ProxyScheme),
        (Phrase::ProxyLogin, Reason::ProxyAuth),
    ];
    let found = PHRASES.iter().find(|(phrase, _)| phrase.is_in(said));
    found.map(|(_, reason)| *reason)
}

/// What git lacks, as far as its words say.
fn of_git(said: &str) -> Option<Reason> {
    if Phrase::HelperMissing.is_in(said) {
        Some(Reason::HelperMissing)
    } else if Phrase::NoRepository.is_in(said) {
        Some(Reason::NoSuchRemote)
    } else {
        None
    }
}

/// An HTTP proxy's 407, in go's words or curl's.
fn wants_login(text: &str) -> bool {
    ["Proxy Authentication Required", "response 407", "code 407"]
        .iter()
        .any(|words| text.contains(words))
}

/// go looked for the folder or file that a setting names.
fn names_nothing(text: &str) -> bool {
    text.contains("cannot find GOROOT directory") || text.contains("reading go.work: open ")
}

/// What the error status in the line means, with the server's words.
pub(super) fn of_status(finding: &Finding) -> Option<Reason> {
    let status = said::status(&finding.text)?;
    policy::reason(status, finding.answer.as_deref())
        .filter(|reason| *reason != Reason::ProxyLogin || finding.target.role == Role::Goproxy)
}

/// A module that not everybody sees: the server's words say so, or nobody knows its host.
fn looks_private(finding: &Finding) -> bool {
    let module = finding.target.module.as_deref().unwrap_or_default();
    let host = module.split('/').next().unwrap_or_default();
    finding.answer.as_deref().is_some_and(policy::is_hidden)
        || !host.is_empty() && !forges::is_well_known(host)
}

fn at_public_proxy(finding: &Finding) -> bool {
    let host = finding.target.host.as_deref();
    host.is_some_and(forges::is_public_proxy)
}

/// What a cause proves about the stages on the way to its target.
pub(super) fn matrix(cause: Cause, target: &Target) -> Matrix {
    if target.side == Some(Side::Proxy) {
        return over(Matrix::PASSED, target); // the module proxy answered us: its own stages are its own
    }
    let stages = match cause.layer() {
        Layer::Dns => Matrix::DNS,
        Layer::Network if cause == Cause::HttpProxy => Matrix::POLICY.without_dns(),
        Layer::Network => Matrix::POLICY,
        Layer::Tls => Matrix::CERTIFICATE,
        Layer::Auth | Layer::Transfer => Matrix::PASSED,
        Layer::Routing => match cause {
            Cause::GoproxyDisabled | Cause::GoproxyInvalid => Matrix::UNKNOWN,
            _ => Matrix::PASSED,
        },
        Layer::Module => match cause {
            // answered by the vanity page or a proxy, if the text says by which: go says the same of a
            // toolchain where GOPROXY is off, or a folder
            Cause::ImportPathUnresolved | Cause::ToolchainUnavailable => known(target),
            // its content was fetched, or the repository or proxy said that there is none: all stages stand
            Cause::UnknownRevision
            | Cause::ModulePathMismatch
            | Cause::PackageNotInModule
            | Cause::AmbiguousImport
            | Cause::ChecksumMismatch => Matrix::PASSED,
            // may be found without the network, in the cache or in go.mod
            _ => Matrix::UNKNOWN,
        },
        Layer::Tool | Layer::Local | Layer::None => Matrix::UNKNOWN,
    };
    over(stages, target)
}

/// Passed, if it is known who answered.
fn known(target: &Target) -> Matrix {
    if target.host.is_some() && target.role != Role::None {
        Matrix::PASSED
    } else {
        Matrix::UNKNOWN
    }
}

/// ssh, the git protocol, plain HTTP and files have no certificate, an address needs no DNS.
pub(super) fn over(stages: Matrix, target: &Target) -> Matrix {
    let plain = matches!(
        target.scheme.as_deref(),
        Some("ssh" | "git+ssh" | "git" | "http" | "file")
    ) || matches!(target.role, Role::VcsSsh | Role::VcsGit);
    let stages = if plain && stages.certificate != Status::Fail {
        stages.without_certificate()
    } else {
        stages
    };
    let literal = target
        .host
        .as_deref()
        .is_some_and(|host| host.parse::<std::net::IpAddr>().is_ok());
    if literal && stages.dns != Status::Fail {
        stages.without_dns()
    } else {
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(cause: Cause, role: Role, scheme: &str) -> Finding {
        Finding::new(
            "test",
            &[cause],
            Target {
                role,
                scheme: Some(scheme.into()),
                host: Some("git.corp.example".into()),
                port: Some(443),
                side: Some(Side::Local),
                ..Target::default()
            },
        )
    }

    fn cells(cause: Cause, role: Role, scheme: &str) -> [Status; 3] {
        let Matrix {
            dns,
            certificate,
            policy,
        } = verdict(&finding(cause, role, scheme)).matrix;
        [dns.status(), certificate.status(), policy.status()]
    }

    #[test]
    fn the_text_proves_stages() {
        use Status::{Fail, Pass, Skip};
        let https = |cause| cells(cause, Role::VcsHttps, "https");
        let ssh = |cause| cells(cause, Role::VcsSsh, "ssh");
        assert_eq!(https(Cause::DnsNotFound), [Fail, Skip, Skip]);
        assert_eq!(https(Cause::TcpTimeout), [Pass, Skip, Fail]);
        assert_eq!(https(Cause::TlsUnknownAuthority), [Pass, Fail, Pass]);
        assert_eq!(https(Cause::HttpsNoCredentials), [Pass, Pass, Pass]);
        assert_eq!(ssh(Cause::SshKeyRejected), [Pass, Skip, Pass]);
        assert_eq!(ssh(Cause::TcpTimeout), [Pass, Skip, Fail]);
        assert_eq!(
            cells(Cause::HttpProxy, Role::HttpProxy, "http"),
            [Skip, Skip, Fail]
        );
        assert_eq!(
            cells(Cause::GoproxyStatus, Role::Goproxy, "https"),
            [Pass, Pass, Pass]
        );
        assert_eq!(
            cells(Cause::GitNotFound, Role::None, "https"),
            [Skip, Skip, Skip]
        );
    }

    #[test]
    fn every_cause_has_a_verdict() {
        for &cause in Cause::ALL {
            let verdict = verdict(&finding(cause, Role::VcsHttps, "https"));
            assert_eq!(verdict.cause, cause);
        }
    }
}
