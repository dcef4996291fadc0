//! Fixes: what can be done about a verdict, from advice to reversible changes.
//!
//! ```text
//! Verdict + Situation > plan > Proposal > preview > consent (effects) > trial (verify) > apply (journal) > undo
//! ```
//!
//! Comes in: a verdict and the [`Situation`] it was found in. Goes out: proposals, the best one
//! first. A proposal that this machine can carry out holds its [`Change`]s: what is
//! shown is what is tried and what is written. Everything else is text for people: a [`Text`], which is
//! in no language until it is shown.
//!
//! Where things are: `fixes` below says which plans help with which cause. Plans stand in a file per
//! family: `goenv`, `git`, `proxy`, `credentials`, `ssh`, `trust`, `network`, `mirror`, `cache`, `project`, `toolchain`,
//! `packages`, `local`, `server`, `ci`, `reader`; settings that can have broken this very command in `gitsettings`,
//! `sshsettings`, `gosettings`, `work`. A plan is a function of verdict and situation: files are
//! looked at through the situation's `disk`, which a test can make up. What they make is a [`Proposal`] (`proposal`). `change` and `step` turn changes into bytes, `effects` says what a trial would run, disclose and
//! trust, `bench`, `attempt` and `verify` try it, `modules` has go work out what it writes itself, `journal` writes and takes back.
//!
//! Never proposed, whatever the web says: switching off certificate or host-key checks,
//! `GOSUMDB=off`, `GOPROXY=direct` for everything, `safe.directory=*`, a token in a URL
//! or an argument. Where such advice is popular, the proposal names the safe equivalent.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of fixes has one shape: a plan may have nothing to say"
)]

use std::time::{Duration, Instant};

use gomend_core::{cause, evidence, mask};
use gomend_formats as settings;
use gomend_lang as lang;
use gomend_probe as probe;
use gomend_rules as rules;
use gomend_system::{file, scratch, sys, tool};
use gomend_verdict as verdict;

use crate::cause::Cause;
use crate::lang::{Text, msg};
use crate::tool::Cancel;
use crate::verdict::{Reason, Verdict};

mod attempt;
mod bench;
mod cache;
pub mod change;
mod check;
mod checked;
mod ci;
mod consequence;
mod credentials;
pub mod disk;
mod effects;
mod error;
mod forge;
mod git;
mod gitsettings;
mod goenv;
mod gosettings;
mod hello;
pub mod journal;
mod line;
mod local;
mod mirror;
mod modules;
mod network;
mod owned;
mod packages;
mod place;
mod privacy;
mod project;
mod proposal;
mod proxy;
mod reader;
mod server;
mod shell;
pub mod situation;
mod ssh;
mod sshsettings;
pub mod step;
mod switch;
mod toolchain;
mod trust;
mod verify;
mod wish;
mod work;

pub use change::{Change, Secret};
pub use checked::apply_checked;
pub use consequence::Consequence;
pub use effects::Consent;
pub use error::{Error, Operation};
pub use journal::{Entry, Journal};
pub use line::Line;
pub use mirror::measured;
pub use privacy::{Leak, internal, leaks};
pub use proposal::{Edit, Family, Need, Proposal, Risk, Scope, Way};
pub use shell::quote;
pub use situation::Situation;
pub use verify::{Agreed, Trial, Tried, foresee, verify, verify_all};
pub use wish::wishes;

/// How long trying all proposals may take, and how long proving one after it was applied.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long the failed step may take when it is run once more after a change: nothing else is
/// tried beside it.
const AFTERWARDS: Duration = Duration::from_secs(15);

/// How long working out go.mod and go.sum may take when it is applied: go may have to download.
const WORK_OUT: Duration = Duration::from_secs(60);

/// A proposal that was carried out.
#[derive(Debug, Clone)]
pub struct Applied {
    /// In the journal.
    pub entry: Entry,
    /// What fails next, where the failed command gets further now and still doesn't succeed.
    pub next: Option<Text>,
    /// What a shell that runs already has to be told: it doesn't read its start-up file again.
    pub here: Vec<String>,
}

/// Carries a proposal out: plans it again with the journal's lock held, journals it, writes it,
/// tries the failing step again, and takes everything back if that still fails
/// ([`Error::StillFails`]). Whoever calls it has consent for what the trial
/// [asks](Proposal::asks).
pub fn apply(
    proposal: &Proposal,
    verdict: &Verdict,
    s: &Situation,
    journal: &Journal,
) -> Result<Applied, Error> {
    if !proposal.applies() {
        return Err(Error::NothingToApply);
    }
    let s = &s.anew();
    let plan = || {
        let mut now = proposal.clone();
        if !proposal.edits.is_empty() {
            work_out(&mut now, s); // what is written is what was shown
        }
        if now.edits == proposal.edits {
            step::prepare(&proposal.changes, s, Instant::now() + WORK_OUT)
        } else if now.edits.is_empty() {
            Err(Error::NothingToDo)
        } else {
            Err(Error::Outdated) // a merged value would lose what came since
        }
    };
    let mut next = None;
    let prove = || {
        let trial = Trial {
            s,
            verdict,
            agreed: Agreed::All,
            deadline: Instant::now() + AFTERWARDS,
            cancel: &Cancel::default(),
        };
        match verify::afterwards(proposal, &trial) {
            verify::Afterwards::Fails(said) => journal::Proof::Fails(said),
            verify::Afterwards::Further(said) => {
                next = Some(said);
                journal::Proof::Holds
            }
            verify::Afterwards::Holds => journal::Proof::Holds,
        }
    };
    let entry = journal.apply_planned(proposal, plan, prove, &mut |_| true)?;
    Ok(Applied {
        entry,
        next,
        here: here(&proposal.changes, s),
    })
}

/// The lines that bring a running shell up to date with these changes.
fn here(changes: &[Change], s: &Situation) -> Vec<String> {
    let exported = changes.iter().flat_map(Change::exported);
    exported
        .filter(|(name, value)| {
            let present = s.present.as_ref().unwrap_or(&s.env);
            present.var(name) != value.as_deref()
        })
        .map(|(name, value)| match value {
            Some(value) => format!("export {name}={}", quote(&value)),
            None if shell::is_fish(&s.env) => shell::in_fish(&format!("unset {name}")),
            None => format!("unset {name}"),
        })
        .collect()
}

/// What holds already is no proposal any more. Where it stands in a file that only shells read
/// which start later, this one is told.
fn unless_applied(proposal: Proposal, s: &Situation) -> Option<Proposal> {
    let cheap = |change: &Change| {
        !matches!(
            change,
            Change::Modules { .. } | Change::MoveAside { .. } | Change::Netrc { .. }
        )
    };
    if !proposal.applies() || !proposal.changes.iter().all(cheap) {
        return Some(proposal);
    }
    match step::prepare(&proposal.changes, s, Instant::now()) {
        Ok(steps) if steps.is_empty() => {}
        _ => return Some(proposal),
    }
    let lines = here(&proposal.changes, s);
    if lines.is_empty() {
        return None;
    }
    let why = msg!(
        "Your start-up file says so already, and this shell started before. New shells have it."
    );
    let title = msg!("In this shell: {title}", title = proposal.title);
    let told = Proposal::advice(&proposal.id, title, why);
    Some(lines.into_iter().fold(told, Proposal::command))
}

/// Whether a proposal's differences are only known once go has worked them out.
#[must_use]
pub fn is_worked_out_by_go(proposal: &Proposal) -> bool {
    proposal.makes(|change| matches!(change, Change::Modules { .. }))
}

/// Fills in the differences that a proposal would make, as the files are now; those that go has to
/// work out are left to [`work_out`].
pub fn preview(proposal: &mut Proposal, s: &Situation) {
    if !is_worked_out_by_go(proposal) {
        work_out(proposal, s);
    }
}

/// As [`preview`]; go works go.mod and go.sum out on copies, which may ask servers: for a proposal
/// that was agreed to.
pub fn work_out(proposal: &mut Proposal, s: &Situation) {
    let hidden = Secret::new("***".to_owned());
    let changes: Vec<Change> = proposal
        .changes
        .iter()
        .map(|change| change.clone().with_secret(&hidden))
        .collect();
    let Ok(steps) = step::prepare(&changes, s, Instant::now() + WORK_OUT) else {
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

/// The fixes that may help with a cause, in order of preference.
#[expect(clippy::too_many_lines, reason = "one arm for each cause")]
fn fixes(cause: Cause) -> &'static [Plan] {
    match cause {
        // tools
        Cause::GitNotFound => &[
            packages::git_elsewhere,
            packages::git,
            ci::image,
            mirror::through_proxy,
        ],
        Cause::VcsNotFound => &[packages::vcs, ci::image, mirror::through_proxy],
        Cause::SshNotFound => &[packages::ssh, git::https_for_org, ci::image],
        Cause::GitTooOld => &[
            goenv::no_stamping,
            packages::newer_git,
            mirror::through_proxy,
        ],
        // names
        Cause::DnsNotFound => &[
            reader::nameserver,
            network::portal,
            network::nsswitch,
            mirror::default_proxy,
            proxy::fix,
            proxy::auto,
            network::split_dns,
            network::wsl_dns,
            network::way_out,
            reader::public_name,
            network::name,
            network::vpn,
        ],
        Cause::DnsServerFailure => &[
            reader::nameserver,
            network::nsswitch,
            network::split_dns,
            network::resolver,
            network::wsl_dns,
            ci::dns,
        ],
        Cause::DnsTimeout => &[
            reader::nameserver,
            ci::dns,
            network::wsl_dns,
            network::dead_nameserver,
            network::resolver,
        ],
        Cause::DnsResolverUnreachable => &[
            reader::nameserver,
            ci::dns,
            network::wsl_dns,
            network::stub_resolver,
            reader::assumed_resolver,
            network::resolver,
            network::vpn,
        ],
        // connections
        Cause::TcpTimeout => &[
            network::hosts_file,
            ssh::over_443,
            network::ipv6,
            proxy::fix,
            proxy::auto,
            reader::retry_established,
            reader::by_proxy,
            mirror::nth::<0>,
            reader::git_proxy,
            git::https_for_org,
            network::vpn,
            network::firewall,
            mirror::nth::<1>,
            mirror::nth::<2>,
        ],
        Cause::TcpRefused => &[
            network::hosts_file,
            reader::loopback,
            ssh::over_443,
            network::local_proxy,
            proxy::fix,
            proxy::auto,
            network::service,
            git::https_for_org,
            mirror::nth::<0>,
            network::refused_between,
        ],
        Cause::TcpUnreachable => &[
            network::ipv6,
            proxy::fix,
            proxy::auto,
            network::vpn,
            network::refused_between,
            mirror::nth::<0>,
        ],
        Cause::TcpReset => &[
            network::hosts_file,
            ssh::over_443,
            network::retry,
            reader::by_proxy,
            mirror::nth::<0>,
            reader::git_proxy,
            network::firewall,
            mirror::nth::<1>,
            mirror::nth::<2>,
        ],
        Cause::HttpProxy => &[
            server::refusal,
            network::local_proxy,
            proxy::fix,
            proxy::auto,
            proxy::advice,
        ],
        // certificates
        Cause::TlsUnknownAuthority => &[
            server::revocation,
            packages::ca_certificates,
            trust::bundle_path,
            trust::as_the_other_stack,
            trust::user_ca,
            trust::system_store,
            reader::gitlab_ca,
            ci::docker_ca,
            server::intermediate,
        ],
        Cause::TlsExpired => &[
            server::renew_unknown,
            local::clock,
            server::renew,
            packages::ca_certificates,
        ],
        Cause::TlsNotYetValid => &[local::clock, server::renew],
        Cause::TlsNameMismatch => &[
            network::hosts_file,
            network::portal,
            reader::impostor,
            server::name,
        ],
        Cause::TlsHandshake => &[
            server::unknown_name,
            server::client_certificate,
            server::protocol,
            packages::newer_git,
        ],
        Cause::TlsNotTls => &[
            proxy::fix,
            network::portal,
            server::tls_for_http,
            server::plain,
        ],
        Cause::TlsInterrupted => &[
            hello::ml_dsa,
            toolchain::mlkem_first,
            reader::by_proxy,
            mirror::nth::<0>,
            reader::retry,
            reader::git_proxy,
            toolchain::mlkem,
            network::firewall,
            mirror::nth::<1>,
            mirror::nth::<2>,
        ],
        // credentials
        Cause::HttpsNoCredentials => &[
            credentials::stored,
            credentials::go_asks_git,
            credentials::forge_helper,
            git::ssh_for_org,
            credentials::store,
            credentials::token_page,
            ci::credentials,
            ci::docker_netrc,
        ],
        Cause::HttpsCredentialsRejected => &[
            credentials::replace,
            credentials::forge_rules,
            credentials::duplicate_header,
            git::ssh_for_org,
            ci::credentials,
            ci::image_netrc,
        ],
        Cause::SshKeyRejected => &[
            ssh::private_files,
            ssh::unreadable_key,
            ssh::load_key,
            ssh::identity,
            ssh::new_key,
            git::https_for_org,
            ci::ssh,
        ],
        Cause::SshHostKey => &[
            server::ssh_algorithms,
            ssh::published_key,
            ssh::shown_key,
            ssh::changed_key,
            network::pin_key,
            git::https_for_org,
            ci::known_hosts,
        ],
        Cause::RepoNotFound => &[
            cache::damaged_clone,
            project::check_path,
            reader::ssh_identity,
            credentials::forge_helper,
            credentials::store,
            ssh::identity,
            credentials::forge_rules,
            ci::credentials,
        ],
        // routing
        Cause::PrivateViaProxy => &[
            goenv::company_proxy,
            goenv::private,
            project::published,
            project::new_tag,
            mirror::direct,
            mirror::nth::<0>,
            project::check_path,
            ci::goprivate,
        ],
        Cause::PrivateViaSumdb => &[
            goenv::private,
            goenv::no_sumdb,
            reader::private_unnamed,
            project::new_tag,
            ci::goprivate,
        ],
        Cause::GoproxyStatus => &[
            server::refusal,
            ci::netrc_of_proxy,
            credentials::for_proxy,
            server::login,
            network::retry,
            mirror::nth::<0>,
            server::status,
            mirror::nth::<1>,
        ],
        Cause::GoproxyBadResponse => &[
            network::portal,
            mirror::default_proxy,
            credentials::for_proxy,
            server::answer,
        ],
        Cause::GoproxyDisabled => &[
            switch::sumdb,
            project::vendor,
            reader::editor_offline,
            goenv::enable_proxy,
            goenv::mod_mode,
            server::policy,
        ],
        Cause::GoproxyInvalid => &[
            goenv::repair,
            goenv::reset,
            reader::missing_goroot,
            goenv::look_up,
        ],
        // transfers
        Cause::TransferInterrupted => &[
            hello::http_1_1,
            network::retry,
            reader::http_1_1,
            git::http_1_1,
            mirror::through_proxy,
        ],
        Cause::HttpStatus => &[server::refusal, network::retry, server::status],
        Cause::RateLimited => &[
            git::proactive_auth,
            mirror::through_proxy,
            credentials::forge_helper,
            network::wait,
        ],
        // modules
        Cause::UnknownRevision => &[
            cache::damaged_clone,
            project::versions,
            project::new_tag,
            goenv::private,
        ],
        Cause::InvalidVersion => &[project::canonical_version, project::versions],
        Cause::ImportPathUnresolved => &[
            server::refusal,
            toolchain::standard_package,
            reader::goroot,
            project::no_host,
            server::redirects,
            project::check_path,
            goenv::private,
            credentials::store,
            credentials::gitlab_subgroup,
            server::vanity,
        ],
        Cause::ModulePathMismatch => &[project::declared_path, project::replace],
        Cause::PackageNotInModule => &[
            toolchain::standard_package,
            project::moved_package,
            project::versions,
        ],
        Cause::AmbiguousImport => &[project::drop_absorbed],
        Cause::ChecksumMismatch => &[
            cache::download,
            project::checksum,
            project::wrong_sum,
            server::purge,
            server::retagged,
        ],
        Cause::MissingGoSum => &[
            reader::go_get,
            project::vendor,
            project::go_sum,
            toolchain::for_place,
            project::tidy,
        ],
        Cause::VcsDisallowed => &[goenv::vcs],
        Cause::InsecureProtocol => &[
            reader::unmask,
            git::ssh_for_org,
            server::https,
            goenv::insecure,
        ],
        Cause::ToolchainUnavailable => &[
            switch::sumdb,
            switch::unknown,
            toolchain::for_place,
            toolchain::full_version,
            switch::at_proxy,
            toolchain::installed,
            toolchain::default_proxy,
            toolchain::install,
            toolchain::lower,
        ],
        Cause::GoTooOld => &[
            toolchain::work,
            toolchain::for_place,
            toolchain::standard_package,
            toolchain::auto,
            toolchain::install,
            toolchain::lower,
        ],
        // this machine
        Cause::DubiousOwnership => &[
            git::safe_directory,
            local::own,
            goenv::no_stamping,
            ci::safe_directory,
        ],
        Cause::VcsStampingFailed => &[
            git::safe_directory,
            goenv::no_stamping,
            git::repository,
            packages::git,
        ],
        Cause::CacheCorrupt => &[
            cache::stale_lock,
            reader::lock,
            cache::repository,
            cache::download,
            place::cache_of_wrapper,
            place::damaged_part,
            cache::clean,
        ],
        Cause::GitConfigBroken => &[
            git::bad_line,
            reader::lock,
            reader::bad_line,
            git::broken_rewrite,
            reader::remote_helper,
            reader::remotes,
            reader::rewrite_colon,
            cache::damaged_clone,
            git::origin_of_settings,
        ],
        Cause::DiskFull => &[local::other_cache, cache::make_room, local::move_caches],
        Cause::PermissionDenied => &[
            local::read_only,
            local::held,
            local::goroot,
            local::root_home,
            local::unusable_place,
            local::write_bit,
            local::own,
            ssh::private_files,
            reader::own_caches,
            local::other_cache,
            local::move_caches,
        ],
        Cause::NoHome => &[local::unusable_place, reader::unusable_place, local::home],
        Cause::NotOurs => &[],
    }
}

/// For words that gomend doesn't know: no cause's remedy would rest on anything.
const UNKNOWN: &[Plan] = &[network::retry, network::steps];

/// What can be done about a verdict, the preferred fix first; empty for what is none of our business.
#[must_use]
pub fn plan(verdict: &Verdict, situation: &Situation) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    let fixes = match verdict.reason {
        Some(Reason::NotKnown) => UNKNOWN,
        _ => fixes(verdict.cause),
    };
    for plan in fixes {
        if let Some(proposal) = plan(verdict, situation)
            && proposals.iter().all(|other| other.id != proposal.id)
        {
            proposals.push(proposal);
        }
    }
    let repairs = gitsettings::culprits(verdict, situation)
        .into_iter()
        .chain(sshsettings::culprits(verdict, situation))
        .chain(gosettings::culprits(verdict, situation))
        .chain(work::culprits(verdict, situation));
    for (place, proposal) in repairs.enumerate() {
        // what is broken is repaired before anything is routed around it
        match proposals.iter().position(|other| other.id == proposal.id) {
            Some(known) if proposals[known].applies() => {}
            Some(known) => proposals[known] = proposal,
            None => proposals.insert(place.min(proposals.len()), proposal),
        }
    }
    if verdict.reason == Some(Reason::HostKeyChanged) {
        // somebody may stand in between: another way is for a person to choose
        let around = |proposal: &&mut Proposal| proposal.applies() && proposal.way != Way::Same;
        for proposal in proposals.iter_mut().filter(around) {
            proposal.needs.push(Need::Consent);
        }
    }
    if proposals.is_empty() && verdict.cause != Cause::NotOurs {
        proposals.extend(place::look_there(verdict, situation));
    }
    let mut proposals = place::fitted(proposals, situation);
    for proposal in &mut proposals {
        preview(proposal, situation);
        let effects = effects::Effects::of(proposal, verdict, situation);
        (proposal.asks, proposal.by_yes) = (effects.asks, effects.by_yes);
        consequence::weigh(proposal, Some(&verdict.target), situation);
    }
    proposals.retain(|proposal| consequence::may_answer(verdict, proposal));
    proposals
        .into_iter()
        .filter_map(|proposal| unless_applied(proposal, situation))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Evidence, Finding, Role, Side, Target};
    use crate::lang::Lang;
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
        let target = Target {
            role,
            scheme: Some(scheme.into()),
            host: Some(host.into()),
            port: Some(if scheme == "ssh" { 22 } else { 443 }),
            url: Some(format!("{scheme}://{host}/team/lib")),
            module: Some(module.into()),
            version: Some("v1.2.3".into()),
            side: Some(Side::Local),
            ..Target::default()
        };
        decided(cause, target)
    }

    /// What the text alone decides.
    pub(crate) fn decided(cause: Cause, target: Target) -> Verdict {
        let findings = vec![Finding::new("test", &[cause], target)];
        verdict::decide(&Evidence { findings }, &[])
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
    fn whatever_is_proposed_is_whole_and_never_weakens_security() {
        for (cause, role, proposal) in everything() {
            let worded = proposal.worded(Lang::En);
            let text = format!("{worded:?} {:?}", proposal.changes);
            let at = format!("{cause} {role:?}: {text}");
            let kebab = proposal
                .id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(kebab, "{at}");
            assert!(
                !worded.title.is_empty() && worded.title.len() <= 110,
                "{at}"
            );
            assert!(worded.why.ends_with(['.', ')']), "{at}");
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

    /// Values of GOPROXY that users have.
    const ROUTES: &[&str] = &[
        "https://proxy.golang.org,direct",
        "https://proxy.golang.org",
        "https://goproxy.cn,direct",
        "https://goproxy.corp.example",
        "https://goproxy.corp.example,https://proxy.golang.org",
        "http://127.0.0.1:3000",
        "direct",
        "off",
    ];

    /// What a server says to somebody without a login, and nothing.
    const ANSWERS: &[&str] = &[
        "",
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
    ];

    /// Every cause, role and host, with every reason that the laboratory knows for it.
    fn verdicts() -> Vec<Verdict> {
        let mut all: Vec<Verdict> = Vec::new();
        for fault in gomend_lab::FAULTS {
            let verdict = Verdict {
                reason: Some(fault.reason),
                ..judged(
                    fault.cause,
                    fault.role,
                    fault.host.unwrap_or_default(),
                    fault.module.unwrap_or("github.com/acme/widget"),
                )
            };
            all.push(verdict);
        }
        let hosts = [
            ("proxy.golang.org", "github.com/google/uuid"),
            ("goproxy.cn", "golang.org/x/text"),
            ("sum.golang.org", "github.com/acme/lib"),
            ("goproxy.corp.example", "github.com/acme/lib"),
            ("nexus.acme.dev", "github.com/acme/lib"),
            ("github.com", "github.com/acme/lib"),
            ("git.corp.example", "git.corp.example/team/lib"),
        ];
        let reasons = [
            None,
            Some(Reason::ProxyPolicy),
            Some(Reason::Gatekeeper),
            Some(Reason::AddressRefused),
            Some(Reason::Forbidden),
            Some(Reason::ServerTrouble),
            Some(Reason::Limited),
            Some(Reason::Transient),
            Some(Reason::FreshTag),
        ];
        for &cause in Cause::ALL {
            for role in [Role::Goproxy, Role::Sumdb, Role::VcsHttps, Role::ImportMeta] {
                for (host, module) in hosts {
                    for reason in reasons {
                        let verdict = judged(cause, role, host, module);
                        all.push(Verdict { reason, ..verdict });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn nothing_is_weakened_unasked_and_nothing_at_all_for_what_is_not_private() {
        let mut seen = 0;
        for route in ROUTES {
            for answer in ANSWERS {
                let mut s = bare();
                s.goenv = s
                    .goenv
                    .with(&[("GOPROXY".to_owned(), Some((*route).to_owned()))]);
                (*answer).clone_into(&mut s.answer);
                for verdict in verdicts() {
                    for mut proposal in plan(&verdict, &s) {
                        proposal.verified = Some(true);
                        let at = format!(
                            "{route} {} {:?} {:?}: {proposal:#?}",
                            verdict.cause, verdict.reason, verdict.target
                        );
                        assert!(!(proposal.weakens() && proposal.unattended()), "{at}");
                        let keys = |keys: &[&str]| {
                            let of =
                                |(key, _): &(String, Option<String>)| keys.contains(&key.as_str());
                            proposal.settings.iter().any(of)
                        };
                        let exempts = keys(&["GOPRIVATE", "GONOSUMDB", "GONOPROXY", "GOINSECURE"]);
                        seen += usize::from(exempts);
                        let module = verdict.target.module.clone().unwrap_or_default();
                        let refused = verdict.reason.is_some_and(Reason::is_refusal);
                        let outage = verdict.reason.is_some_and(Reason::is_outage);
                        if !module.contains("corp.example") {
                            assert!(!(exempts && answer.is_empty()), "{at}");
                            assert!(!(exempts && proposal.unattended()), "{at}");
                        }
                        let lifts_off = verdict.cause == Cause::GoproxyDisabled
                            && proposal.id == "goproxy-default";
                        if refused || outage || module == "github.com/google/uuid" {
                            assert!(lifts_off || !proposal.weakens(), "{at}");
                            assert!(!exempts || module.contains("corp.example"), "{at}");
                        }
                        if refused {
                            assert!(
                                proposal.settings.iter().all(|(key, _)| key != "GOPROXY"),
                                "{at}"
                            );
                            assert_ne!(proposal.id, "retry", "{at}");
                        }
                        for (key, value) in &proposal.settings {
                            let value = value.as_deref().unwrap_or_default();
                            assert!(!(key == "GOPROXY" && value.contains('|')), "{at}");
                            assert!(!(key == "GOSUMDB" && value == "off"), "{at}");
                        }
                    }
                }
            }
        }
        assert!(seen > 0, "private modules are marked as such");
    }

    #[test]
    fn who_set_goproxy_off_may_take_it_back_and_who_did_not_asks() {
        let off = |disk: &[(&str, &str)]| {
            let mut s = bare();
            s.env.set("GOPROXY", "off");
            s.goenv = settings::goenv::GoEnv::read(&s.env, None);
            s.disk = disk::Disk::with(disk);
            "module lookup disabled by GOPROXY=off".clone_into(&mut s.line);
            let module = "golang.org/x/text";
            let verdict = Verdict {
                reason: Some(Reason::ProxyOff),
                ..judged(Cause::GoproxyDisabled, Role::None, "", module)
            };
            plan(&verdict, &s)
        };
        let ids = |proposals: &[Proposal]| -> Vec<String> {
            proposals
                .iter()
                .map(|proposal| proposal.id.clone())
                .collect()
        };
        let own = [("/nowhere/.bashrc", "export GOPROXY=off\n")];
        assert_eq!(ids(&off(&[])), ["goproxy-default", "proxy-policy"]);
        assert_eq!(ids(&off(&own)), ["goproxy-default", "proxy-policy"]);
        assert!(!off(&own)[0].unattended());
        let rule = off(&[("/etc/profile.d/go.sh", "# policy\nexport GOPROXY=off\n")]);
        assert_eq!(ids(&rule), ["proxy-policy"]);
        let why = rule[0].worded(Lang::En).why;
        assert!(why.ends_with("in line 2 of /etc/profile.d/go.sh."), "{why}");
    }

    /// Every recipe, as it is shown to who sits at this machine, is one that the shell reads to its end, and holds
    /// nothing that the shell lacks.
    #[test]
    fn recipes_are_for_the_reader_s_shell() {
        use std::collections::BTreeSet;
        for shell in ["bash", "zsh", "fish"] {
            let mut s = bare();
            s.env.set("SHELL", format!("/bin/{shell}"));
            let recipes: BTreeSet<String> = verdicts()
                .iter()
                .flat_map(|verdict| plan(verdict, &s))
                .map(|proposal| proposal.worded(Lang::En).commands.join("\n"))
                .collect();
            assert!(recipes.len() > 50, "{}", recipes.len());
            for recipe in recipes {
                let lacks: &[&str] = match shell {
                    "fish" => &["unset ", "read -r", "(umask"],
                    "zsh" => &["   # "],
                    _ => &[],
                };
                let words = lacks.iter().find(|words| recipe.contains(**words));
                assert_eq!(words, None, "{shell}: {recipe}");
                let read = std::process::Command::new(shell)
                    .args(["-n", "-c", &recipe])
                    .output()
                    .expect("tests/setup brings the shells");
                let said = String::from_utf8_lossy(&read.stderr).into_owned();
                assert!(read.status.success(), "{shell}: {recipe}\n{said}");
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
        let json = serde_json::to_value(proposals[0].worded(Lang::En)).unwrap();
        assert_eq!(json["id"], "goprivate");
        assert_eq!(json["verified"], serde_json::Value::Null);
        assert_eq!(json["scope"], "user");
        assert_eq!(json["risk"], "low");
        assert_eq!(
            json["commands"],
            serde_json::json!(["go env -w GOPRIVATE=git.corp.example/team"])
        );
        let stored = serde_json::to_string(&proposals[0]).unwrap();
        let back: Proposal = serde_json::from_str(&stored).unwrap();
        assert_eq!(back.worded(Lang::Zh), proposals[0].worded(Lang::Zh));
        assert_ne!(back.worded(Lang::Zh).title, back.worded(Lang::En).title);
    }
}
