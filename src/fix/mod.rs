//! Fixes: what can be done about a verdict, from advice to reversible changes.
//!
//! ```text
//! plan > preview > verify > apply > undo
//! ```
//!
//! In: a verdict and the [`Situation`] it was found in. Out: proposals, the best one
//! first. A proposal that this machine can carry out holds its [`Change`]s: what is
//! shown is what is tried and what is written. Everything else is text for people.
//!
//! Never proposed, whatever the web says: switching off certificate or host-key checks,
//! `GOSUMDB=off`, `GOPROXY=direct` for everything, `safe.directory=*`, a token in a URL
//! or an argument. Where such advice is popular, the proposal names the safe equivalent.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::tool::Cancel;
use crate::verdict::Verdict;

mod bench;
mod cache;
pub mod change;
mod ci;
mod credentials;
mod error;
mod git;
mod goenv;
mod guard;
mod hostkeys;
pub mod journal;
mod local;
mod mirror;
mod network;
mod packages;
mod place;
mod project;
mod proxy;
mod server;
mod shell;
pub mod situation;
mod ssh;
pub(crate) mod step;
mod toolchain;
mod trust;
mod verify;
mod wish;

pub use change::{Change, Secret};
pub use error::{Error, Operation};
pub use guard::{Leak, leaks};
pub use journal::{Entry, Journal};
pub use mirror::{is_public_proxy, measured, mirrors};
pub use shell::quote;
pub use situation::Situation;
pub use verify::{verify, verify_all};
pub use wish::wishes;

/// How much can go wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Narrow and undone in one step.
    Low,
    /// Changes how more than this module is fetched.
    Medium,
    /// Whom or what this machine trusts changes, or data may be lost.
    High,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Files of this user.
    User,
    /// Files of the project that go ran in.
    Project,
    /// This machine, for all users.
    System,
    /// Nothing that gomend can write: a server, another person, a CI system.
    Manual,
}

/// What a proposal needs before it can be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// A password or token, asked for without echo.
    Secret,
    /// The person compares a fingerprint with one from another source.
    Fingerprint,
    /// Another user's rights.
    Root,
    /// The person agrees to trust somebody else (a mirror, a project's wish).
    Consent,
}

/// A file that a proposal changes, as a unified diff without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The file, `~` for the home directory.
    pub file: String,
    /// Removed and added lines with their `-`, `+` and context.
    pub diff: String,
}

/// One thing that can be done. An entry of the report's `fixes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Stable, kebab-case; unique within a report.
    pub id: String,
    /// What is done, in one line.
    pub title: String,
    /// Why it helps, in one or two sentences.
    pub why: String,
    /// `true`: the failing step succeeded with exactly this change. `false`: it was tried and
    /// still failed. `null`: not tried.
    pub verified: Option<bool>,
    /// How it was tried, or why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<String>,
    /// How much can go wrong.
    pub risk: Risk,
    /// What is changed.
    pub scope: Scope,
    /// Command lines that do the same by hand, quoted for a POSIX shell. A line that starts
    /// with `#` explains.
    pub commands: Vec<String>,
    /// The files that are changed.
    pub edits: Vec<Edit>,
    /// What it needs first.
    pub needs: Vec<Need>,
    /// What gomend writes when it is applied; empty: text only.
    #[serde(skip)]
    pub changes: Vec<Change>,
}

impl Proposal {
    /// A proposal for this user's own files, of low risk, that has not been tried.
    #[must_use]
    pub fn new(id: &str, title: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.into(),
            why: why.into(),
            verified: None,
            tried: None,
            risk: Risk::Low,
            scope: Scope::User,
            commands: Vec::new(),
            edits: Vec::new(),
            needs: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Advice: nothing that gomend could write.
    #[must_use]
    pub fn advice(id: &str, title: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(id, title, why).scope(Scope::Manual)
    }

    /// With this risk.
    #[must_use]
    pub fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }

    /// With this scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// With one more command line.
    #[must_use]
    pub fn command(mut self, line: impl Into<String>) -> Self {
        self.commands.push(line.into());
        self
    }

    /// With these command lines, one per line of `text`.
    #[must_use]
    pub fn snippet(mut self, text: &str) -> Self {
        self.commands.extend(text.lines().map(str::to_owned));
        self
    }

    /// With something that it needs first.
    #[must_use]
    pub fn need(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// With a change that gomend can write.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Whether gomend can carry it out.
    #[must_use]
    pub fn applies(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether it may be applied with nobody there to agree: proven, reversible, and neither
    /// secrets nor trust are touched.
    #[must_use]
    pub fn unattended(&self) -> bool {
        self.verified == Some(true)
            && self.applies()
            && self.needs.is_empty()
            && self.risk != Risk::High
    }
}

/// How long trying all proposals may take, and how long proving one after it was applied.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long working out go.mod and go.sum may take when it is applied: go may have to download.
const WORK_OUT: Duration = Duration::from_secs(60);

/// Carries a proposal out: journals it, writes it, tries the failing step again, and takes
/// everything back if that still fails ([`Error::StillFails`]).
pub fn apply(
    proposal: &Proposal,
    verdict: &Verdict,
    s: &Situation,
    journal: &Journal,
) -> Result<Entry, Error> {
    if !proposal.applies() {
        return Err(Error::NothingToApply);
    }
    let steps = step::prepare(&proposal.changes, s, Instant::now() + WORK_OUT)?;
    let prove = || match verify::still_fails(
        proposal,
        verdict,
        s,
        Instant::now() + PATIENCE,
        &Cancel::default(),
    ) {
        Some(said) => journal::Proof::Fails(said),
        None => journal::Proof::Holds,
    };
    journal.apply(proposal, &steps, prove, &mut |_| true)
}

/// Fills in the differences that a proposal would make, as the files are now.
pub fn preview(proposal: &mut Proposal, s: &Situation) {
    let hidden = Secret::new("***".to_owned());
    let changes: Vec<Change> = proposal
        .changes
        .iter()
        .map(|change| change.clone().with_secret(&hidden))
        .collect();
    let cheap = !changes
        .iter()
        .any(|change| matches!(change, Change::Modules { .. }));
    let Ok(steps) = (if cheap {
        step::prepare(&changes, s, Instant::now())
    } else {
        return;
    }) else {
        return;
    };
    proposal.edits = steps
        .iter()
        .filter_map(|step| match step {
            step::Step::Write(write) => Some(Edit {
                file: s.short(&write.path),
                diff: change::diff(&write.path, write.before.as_deref(), &write.after),
            }),
            step::Step::Move { .. } => None,
        })
        .collect();
}

/// One fix: pure, with the verdict and the situation as its only sources.
type Plan = fn(&Verdict, &Situation) -> Option<Proposal>;

/// For each cause the fixes that may help, in order of preference.
const FIXES: &[(Cause, &[Plan])] = &[
    // tools
    (
        Cause::GitNotFound,
        &[
            packages::git_elsewhere,
            packages::git,
            ci::image,
            mirror::without_git,
        ],
    ),
    (
        Cause::VcsNotFound,
        &[packages::vcs, ci::image, mirror::through_proxy],
    ),
    (
        Cause::SshNotFound,
        &[packages::ssh, git::https_for_org, ci::image],
    ),
    (
        Cause::GitTooOld,
        &[packages::newer_git, mirror::through_proxy],
    ),
    // names
    (
        Cause::DnsNotFound,
        &[
            network::portal,
            network::hosts_file,
            mirror::default_proxy,
            proxy::fix,
            network::split_dns,
            network::wsl_dns,
            network::way_out,
            network::name,
            network::vpn,
        ],
    ),
    (
        Cause::DnsServerFailure,
        &[
            network::hosts_file,
            network::split_dns,
            network::resolver,
            network::wsl_dns,
            ci::dns,
        ],
    ),
    (
        Cause::DnsTimeout,
        &[
            ci::dns,
            network::wsl_dns,
            network::dead_nameserver,
            network::resolver,
        ],
    ),
    (
        Cause::DnsResolverUnreachable,
        &[
            ci::dns,
            network::wsl_dns,
            network::stub_resolver,
            network::resolver,
            network::vpn,
        ],
    ),
    // connections
    (
        Cause::TcpTimeout,
        &[
            network::hosts_file,
            ssh::over_443,
            network::ipv6,
            proxy::fix,
            mirror::reachable,
            mirror::default_proxy,
            git::https_for_org,
            network::firewall,
            network::vpn,
        ],
    ),
    (
        Cause::TcpRefused,
        &[
            network::hosts_file,
            ssh::over_443,
            proxy::fix,
            mirror::default_proxy,
            network::service,
            git::https_for_org,
        ],
    ),
    (
        Cause::TcpUnreachable,
        &[
            network::ipv6,
            proxy::fix,
            mirror::default_proxy,
            network::vpn,
        ],
    ),
    (
        Cause::TcpReset,
        &[
            ssh::over_443,
            network::retry,
            mirror::fallback,
            mirror::reachable,
            network::firewall,
        ],
    ),
    (Cause::HttpProxy, &[proxy::fix, proxy::advice]),
    // certificates
    (
        Cause::TlsUnknownAuthority,
        &[
            packages::ca_certificates,
            trust::bundle_path,
            trust::as_the_other_stack,
            trust::user_ca,
            trust::system_store,
            ci::docker_ca,
            server::intermediate,
        ],
    ),
    (
        Cause::TlsExpired,
        &[local::clock, server::renew, packages::ca_certificates],
    ),
    (Cause::TlsNotYetValid, &[local::clock, server::renew]),
    (
        Cause::TlsNameMismatch,
        &[network::hosts_file, network::portal, server::name],
    ),
    (
        Cause::TlsHandshake,
        &[server::protocol, packages::newer_git],
    ),
    (
        Cause::TlsNotTls,
        &[proxy::fix, network::portal, server::plain],
    ),
    (
        Cause::TlsInterrupted,
        &[
            toolchain::mlkem,
            network::mtu,
            mirror::reachable,
            network::firewall,
        ],
    ),
    // credentials
    (
        Cause::HttpsNoCredentials,
        &[
            credentials::go_asks_git,
            credentials::forge_helper,
            git::ssh_for_org,
            credentials::store,
            credentials::token_page,
            ci::credentials,
            ci::docker_netrc,
        ],
    ),
    (
        Cause::HttpsCredentialsRejected,
        &[
            credentials::replace,
            credentials::forge_rules,
            credentials::duplicate_header,
            git::ssh_for_org,
            ci::credentials,
        ],
    ),
    (
        Cause::SshKeyRejected,
        &[
            ssh::load_key,
            ssh::identity,
            ssh::new_key,
            git::https_for_org,
            ci::ssh,
        ],
    ),
    (
        Cause::SshHostKey,
        &[
            ssh::published_key,
            ssh::shown_key,
            ssh::changed_key,
            git::https_for_org,
            ci::known_hosts,
        ],
    ),
    (
        Cause::RepoNotFound,
        &[
            project::check_path,
            credentials::forge_helper,
            credentials::store,
            ssh::identity,
            credentials::forge_rules,
            ci::credentials,
        ],
    ),
    // routing
    (
        Cause::PrivateViaProxy,
        &[
            goenv::private,
            project::check_path,
            goenv::company_proxy,
            ci::goprivate,
        ],
    ),
    (
        Cause::PrivateViaSumdb,
        &[goenv::private, goenv::no_sumdb, ci::goprivate],
    ),
    (
        Cause::GoproxyStatus,
        &[
            credentials::for_proxy,
            goenv::private,
            mirror::fallback,
            mirror::default_proxy,
            network::retry,
            server::policy,
        ],
    ),
    (
        Cause::GoproxyBadResponse,
        &[
            network::portal,
            mirror::default_proxy,
            credentials::for_proxy,
        ],
    ),
    (
        Cause::GoproxyDisabled,
        &[
            project::vendor,
            goenv::enable_proxy,
            goenv::mod_mode,
            server::policy,
        ],
    ),
    (Cause::GoproxyInvalid, &[goenv::repair, goenv::reset]),
    // transfers
    (
        Cause::TransferInterrupted,
        &[
            network::retry,
            git::http_1_1,
            mirror::through_proxy,
            mirror::fallback,
        ],
    ),
    (Cause::HttpStatus, &[network::retry, server::status]),
    (
        Cause::RateLimited,
        &[
            git::proactive_auth,
            mirror::through_proxy,
            credentials::forge_helper,
            network::wait,
        ],
    ),
    // modules
    (
        Cause::UnknownRevision,
        &[project::versions, project::push_tag, goenv::private],
    ),
    (
        Cause::InvalidVersion,
        &[project::canonical_version, project::versions],
    ),
    (
        Cause::ImportPathUnresolved,
        &[
            project::check_path,
            goenv::private,
            credentials::store,
            credentials::gitlab_subgroup,
            server::vanity,
        ],
    ),
    (
        Cause::ModulePathMismatch,
        &[project::declared_path, project::replace],
    ),
    (
        Cause::PackageNotInModule,
        &[project::versions, project::moved_package],
    ),
    (
        Cause::AmbiguousImport,
        &[project::tidy, project::drop_absorbed],
    ),
    (
        Cause::ChecksumMismatch,
        &[cache::download, project::checksum, server::retagged],
    ),
    (
        Cause::MissingGoSum,
        &[project::vendor, project::go_sum, project::tidy],
    ),
    (Cause::VcsDisallowed, &[goenv::vcs]),
    (
        Cause::InsecureProtocol,
        &[git::ssh_for_org, server::https, goenv::insecure],
    ),
    (
        Cause::ToolchainUnavailable,
        &[
            toolchain::installed,
            toolchain::default_proxy,
            toolchain::install,
            toolchain::lower,
        ],
    ),
    (
        Cause::GoTooOld,
        &[toolchain::auto, toolchain::install, toolchain::lower],
    ),
    // this machine
    (
        Cause::DubiousOwnership,
        &[
            git::safe_directory,
            local::own,
            goenv::no_stamping,
            ci::safe_directory,
        ],
    ),
    (
        Cause::VcsStampingFailed,
        &[
            git::safe_directory,
            goenv::no_stamping,
            git::repository,
            packages::git,
        ],
    ),
    (
        Cause::CacheCorrupt,
        &[cache::repository, cache::download, cache::clean],
    ),
    (
        Cause::GitConfigBroken,
        &[
            git::bad_line,
            git::broken_rewrite,
            git::missing_helper,
            git::origin_of_settings,
        ],
    ),
    (Cause::DiskFull, &[cache::make_room, local::move_caches]),
    (
        Cause::PermissionDenied,
        &[local::own, ssh::private_files, local::move_caches],
    ),
    (Cause::NoHome, &[local::home]),
];

/// What can be done about a verdict, the preferred fix first; empty for what is none of our business.
#[must_use]
pub fn plan(verdict: &Verdict, situation: &Situation) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    let fixes = FIXES.iter().find(|(cause, _)| *cause == verdict.cause);
    for plan in fixes.map_or(&[][..], |(_, fixes)| fixes) {
        if let Some(proposal) = plan(verdict, situation)
            && proposals.iter().all(|other| other.id != proposal.id)
        {
            proposals.push(proposal);
        }
    }
    for proposal in &mut proposals {
        preview(proposal, situation);
    }
    proposals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Evidence, Finding, Role, Side, Source, Target};
    use crate::verdict;

    /// A machine with nothing on it.
    fn bare() -> Situation {
        let env = [
            ("HOME", "/nowhere"),
            ("PATH", "/nowhere/bin"),
            ("SHELL", "/bin/bash"),
        ];
        let mut situation =
            Situation::look(env.into_iter().collect(), std::path::Path::new("/"), None);
        situation.manager = Some(packages::Manager::Apt);
        situation.root = false;
        situation
    }

    fn judged(cause: Cause, role: Role, host: &str, module: &str) -> Verdict {
        let scheme = if role == Role::VcsSsh { "ssh" } else { "https" };
        let finding = Finding {
            rule: "test".into(),
            suspects: vec![cause],
            source: Source::Stderr,
            line: 1,
            text: String::new(),
            times: 1,
            target: Target {
                role,
                scheme: Some(scheme.into()),
                host: Some(host.into()),
                port: Some(if scheme == "ssh" { 22 } else { 443 }),
                url: Some(format!("{scheme}://{host}/team/lib")),
                module: Some(module.into()),
                version: Some("v1.2.3".into()),
                side: Some(Side::Local),
            },
        };
        verdict::decide(
            &Evidence {
                findings: vec![finding],
            },
            &[],
        )
    }

    /// Plans for every cause, role and kind of host.
    fn everything() -> Vec<(Cause, Role, Proposal)> {
        let roles = [
            Role::Goproxy,
            Role::Sumdb,
            Role::VcsHttps,
            Role::VcsSsh,
            Role::ImportMeta,
            Role::Toolchain,
            Role::HttpProxy,
            Role::None,
        ];
        let hosts = [
            ("git.corp.example", "git.corp.example/team/lib"),
            ("github.com", "github.com/acme/lib"),
            ("proxy.golang.org", "github.com/acme/lib"),
        ];
        let mut all = Vec::new();
        for &cause in Cause::ALL {
            for role in roles {
                for (host, module) in hosts {
                    let proposals = plan(&judged(cause, role, host, module), &bare());
                    assert!(
                        !proposals.is_empty() || cause == Cause::NotOurs || needs_more(cause, role),
                        "nothing for {cause} {role:?} {host}"
                    );
                    all.extend(
                        proposals
                            .into_iter()
                            .map(|proposal| (cause, role, proposal)),
                    );
                }
            }
        }
        all
    }

    /// Causes that only some roles can have, or that name what the test's target does not.
    fn needs_more(cause: Cause, _role: Role) -> bool {
        matches!(
            cause,
            Cause::VcsDisallowed
                | Cause::DubiousOwnership
                | Cause::MissingGoSum
                | Cause::GoproxyInvalid
                | Cause::VcsStampingFailed
                | Cause::TransferInterrupted
                | Cause::GoproxyStatus
                | Cause::GoproxyBadResponse
                | Cause::SshKeyRejected
                | Cause::HttpsNoCredentials
                | Cause::VcsNotFound
                | Cause::TcpUnreachable
                | Cause::DnsTimeout
                | Cause::AmbiguousImport
        )
    }

    #[test]
    fn every_cause_has_a_list() {
        for &cause in Cause::ALL {
            let lists = FIXES.iter().filter(|(other, _)| *other == cause).count();
            assert_eq!(lists, usize::from(cause != Cause::NotOurs), "{cause}");
        }
    }

    #[test]
    fn whatever_is_proposed_is_whole_and_never_weakens_security() {
        for (cause, role, proposal) in everything() {
            let text = format!("{proposal:?}");
            let at = format!("{cause} {role:?}: {text}");
            let kebab = proposal
                .id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(kebab, "{at}");
            assert!(
                !proposal.title.is_empty() && proposal.title.len() <= 110,
                "{at}"
            );
            assert!(proposal.why.ends_with(['.', ')']), "{at}");
            for bad in [
                "sslVerify",
                "StrictHostKeyChecking",
                "GOSUMDB=off",
                "GONOSUMCHECK",
                "InsecureSkipVerify",
                "safe.directory '*'",
                "safe.directory *",
                "GOINSECURE=*",
                "GOPRIVATE=*",
                "go env -w GOPROXY=direct",
                "ssh-keyscan >>",
                "{host}",
            ] {
                assert!(!text.contains(bad), "{bad} in {at}");
            }
            if proposal.applies() {
                assert_ne!(proposal.scope, Scope::Manual, "{at}");
            }
        }
    }

    #[test]
    fn a_report_entry() {
        let proposals = plan(
            &judged(
                Cause::PrivateViaProxy,
                Role::Goproxy,
                "proxy.golang.org",
                "git.corp.example/team/lib",
            ),
            &bare(),
        );
        let json = serde_json::to_value(&proposals[0]).unwrap();
        assert_eq!(json["id"], "goprivate");
        assert_eq!(json["verified"], serde_json::Value::Null);
        assert_eq!(json["scope"], "user");
        assert_eq!(json["risk"], "low");
        assert_eq!(
            json["commands"],
            serde_json::json!(["go env -w GOPRIVATE=git.corp.example/team"])
        );
        let back: Proposal = serde_json::from_value(json).unwrap();
        assert_eq!(back.id, "goprivate");
    }
}
