//! The verdict from the text alone: offline, in an editor, or before any
//! probe has answered. What the text proves about a stage is `pass` or
//! `fail`; everything else is `skip`.

use super::{Basis, Confidence, Matrix, Reason, Verdict, stack_of, words};
use crate::cause::{Cause, Layer};
use crate::evidence::{Finding, Role, Side, Target};
use crate::probe::Status;

/// What one finding proves by itself.
pub(super) fn verdict(finding: &Finding) -> Verdict {
    let cause = finding.cause();
    let reason = reason(finding);
    Verdict {
        cause,
        reason,
        confidence: confidence(finding),
        matrix: matrix(cause, &finding.target),
        target: finding.target.clone(),
        stack: stack_of(finding),
        summary: words::summary(
            cause,
            reason,
            &finding.target,
            finding.target.host.as_deref().unwrap_or_default(),
            None,
            &finding.text,
        ),
        rests_on: vec![Basis::Rule(finding.rule.to_string())],
        unknown: Vec::new(),
        others: Vec::new(),
    }
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
    let says = |words: &[&str]| words.iter().any(|word| finding.text.contains(word));
    match &*finding.rule {
        "git-words-unknown" | "go-fetch-unknown" | "go-get-unknown" => Some(Reason::NotKnown),
        "git-exit-128-bare" | "git-exit-129" => Some(Reason::Unsaid),
        "inconsistent-vendoring" | "vendor-incomplete" => Some(Reason::VendorStale),
        "go-mod-incomplete" => Some(Reason::ModFileStale),
        "no-required-module" => Some(Reason::NotRequired),
        "no-module-provides" => Some(Reason::NotProvided),
        "workspace-go" => Some(Reason::WorkspaceGo),
        "path-at-version" => Some(Reason::NoPathAtVersion),
        "install-with-replace" => Some(Reason::ReplaceRefused),
        "gopath-setting" | "gopath-no-folder" => Some(Reason::GopathSetting),
        "no-home" if !says(&["HOME", "LocalAppData"]) => None,
        "zip-not-valid" => Some(Reason::ZipDamaged),
        "cached-source-damaged" => Some(Reason::SourceDamaged),
        "checkout-stuck" | "gopath-checkout" => Some(Reason::CheckoutStuck),
        "cache-file-gone" | "sumdb-misbehavior" => None,
        "invalid-version" | "proxy-invalid-version" => {
            let major = [
                "ajor version",
                "should be v",
                "has post-v",
                "+incompatible suffix",
            ];
            says(&major).then_some(Reason::MajorVersion)
        }
        "git-http-unauthorized" if !says(&["403"]) => None,
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
        Cause::PrivateViaProxy if !is_at_public_host(&finding.target) => Reason::PrivateToProxy,
        Cause::PrivateViaSumdb if !is_at_public_host(&finding.target) => Reason::PrivateToSumdb,
        Cause::GoproxyInvalid => Reason::MalformedSetting,
        Cause::TransferInterrupted => Reason::Cut,
        Cause::RateLimited => Reason::Limited,
        Cause::UnknownRevision => Reason::NoSuchVersion,
        Cause::InvalidVersion => Reason::MajorVersion,
        Cause::ModulePathMismatch => Reason::OtherPath,
        Cause::PackageNotInModule => Reason::NoSuchPackage,
        Cause::AmbiguousImport => Reason::TwoModules,
        Cause::ChecksumMismatch => Reason::ChecksumsDiffer,
        Cause::MissingGoSum => Reason::SumIncomplete,
        Cause::VcsDisallowed => Reason::Govcs,
        Cause::InsecureProtocol => Reason::NoSecureProtocol,
        Cause::ToolchainUnavailable => Reason::NoToolchain,
        Cause::DubiousOwnership => Reason::RepositoryOfOther,
        Cause::VcsStampingFailed => Reason::RepositoryBroken,
        Cause::CacheCorrupt => Reason::CloneDamaged,
        Cause::DiskFull => Reason::NoRoom,
        Cause::NoHome => Reason::HomeUnset,
        _ => return None,
    })
}

/// The module's host keeps public modules too, or the text names none: nothing says that this
/// one is private.
fn is_at_public_host(target: &Target) -> bool {
    const PUBLIC: [&str; 9] = [
        "github.com",
        "gitlab.com",
        "bitbucket.org",
        "codeberg.org",
        "gitee.com",
        "gopkg.in",
        "golang.org",
        "google.golang.org",
        "k8s.io",
    ];
    let host = target
        .module
        .as_deref()
        .and_then(|module| module.split('/').next());
    host.is_none_or(|host| PUBLIC.contains(&host))
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
            // answered by the vanity page, if the text says by which
            Cause::ImportPathUnresolved => known(target),
            // its content was fetched, or the repository or proxy said that there is none: all stages stand
            Cause::UnknownRevision
            | Cause::ModulePathMismatch
            | Cause::PackageNotInModule
            | Cause::AmbiguousImport
            | Cause::ChecksumMismatch
            | Cause::ToolchainUnavailable => Matrix::PASSED,
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
    use crate::evidence::Source;

    fn finding(cause: Cause, role: Role, scheme: &str) -> Finding {
        Finding {
            rule: "test".into(),
            suspects: vec![cause],
            source: Source::Stderr,
            line: 1,
            text: String::new(),
            times: 1,
            target: Target {
                role,
                scheme: Some(scheme.into()),
                host: Some("git.corp.example".into()),
                port: Some(443),
                side: Some(Side::Local),
                ..Target::default()
            },
        }
    }

    fn cells(cause: Cause, role: Role, scheme: &str) -> [Status; 3] {
        let Matrix {
            dns,
            certificate,
            policy,
        } = verdict(&finding(cause, role, scheme)).matrix;
        [dns, certificate, policy]
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
    fn a_headline_is_true_of_its_text() {
        let git = "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:";
        for (text, says, never) in [
            (
                "go: inconsistent vendoring in /src/app:\n\tm.example/x@v1.2.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt",
                "vendor",
                "go.sum",
            ),
            (
                "go: module . listed in go.work file requires go >= 1.25.0, but go.work lists go 1.24.1; to update it:\n\tgo work use",
                "go.work names",
                "runs",
            ),
            (
                "go: GOPATH entry is relative; must be absolute path: \"work/go\".",
                "GOPATH",
                "HOME",
            ),
            (
                "main.go:3:8: no required module provides package m.example/x; to add it:\n\tgo get m.example/x",
                "no module in go.mod provides m.example/x",
                "go.sum",
            ),
            (
                "go: invalid GOTOOLCHAIN \"bash\"",
                "GOTOOLCHAIN is malformed: `bash`",
                "GOPROXY",
            ),
            (
                "go: m.example/x@v1.0.0: invalid proxy URL missing scheme: bogus",
                "GOPROXY is malformed: `bogus`",
                "GOSUMDB",
            ),
            (git, "missing from this text", "login"),
            (
                &format!("{git}\n\tfatal: the moon is in the wrong phase"),
                "does not know: fatal: the moon is in the wrong phase",
                "login",
            ),
            (
                "go: github.com/a/b@v1.0.0: reading https://goproxy.cn/github.com/a/b/@v/v1.0.0.mod: 404 Not Found",
                "was asked of a module proxy",
                "private",
            ),
            (
                "go: m.example/x@v1.0.0: invalid version: missing go.mod",
                "not valid for m.example/x",
                "does not fit the path",
            ),
            (
                "/go/pkg/mod/m.example/x@v1.0.0/a.go:1:1: expected 'package', found 'EOF'",
                "source file",
                "clone",
            ),
        ] {
            let found = crate::rules::scan(text.as_bytes(), &crate::rules::Context::default());
            let summary = verdict(found.findings.first().expect(text)).summary;
            assert!(
                summary.contains(says) && !summary.contains(never),
                "{text}: {summary}"
            );
        }
    }

    #[test]
    fn every_cause_has_a_verdict() {
        for &cause in Cause::ALL {
            let verdict = verdict(&finding(cause, Role::VcsHttps, "https"));
            assert_eq!(verdict.cause, cause);
            assert!(!verdict.summary.is_empty());
            assert!(!verdict.summary.contains('{'), "{}", verdict.summary);
        }
    }
}
