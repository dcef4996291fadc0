//! The doctor: what would fail, before it fails.
//!
//! ```text
//! targets, or go.mod and the settings > whom go would ask > probes > verdicts, lints
//! ```
//! In: an environment, a directory, the names a person gave. Out: a value, to
//! be printed elsewhere. Each host is looked at once. Nothing is fetched, no
//! module's name is told to a public proxy, nothing is written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cause::Cause;
use crate::evidence::{Role, Target};
use crate::file;
use crate::lang::tr;
use crate::probe::{self, Context, Id, Observation, Options, Seen, Status, Subject, local::Places};
use crate::report::SCHEMA;
use crate::settings::Env;
use crate::settings::gitconfig::GitConfig;
use crate::settings::goenv::{GoEnv, Setting};
use crate::settings::lint::{self, Lint, Severity};
use crate::tool::{Cancel, NOWHERE, TICK};
use crate::verdict::{self, Confidence, Reason, StagesEntry};
use crate::words;

mod files;
pub mod gomod;
pub mod hosts;
mod offline;
mod plan;

pub use gomod::GoMod;

/// What to examine, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Modules, hosts or URLs; none: the module in `dir`, GOPROXY and the checksum database.
    pub targets: Vec<String>,
    /// The user's environment.
    pub env: Env,
    /// Where go would be started.
    pub dir: PathBuf,
    /// The real go.
    pub go: Option<PathBuf>,
    /// Limits and consents; the time holds for each host.
    pub options: Options,
    /// Set when the person has had enough.
    pub cancel: Cancel,
}

impl Request {
    /// What probes of one host are handed.
    fn context(&self, subject: Subject) -> Context {
        Context::new(
            subject,
            self.env.clone(),
            &self.dir,
            self.go.as_deref(),
            self.options.clone(),
            self.cancel.clone(),
        )
    }
}

/// What would go wrong with one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The cause that go's failure would have (an id of the taxonomy).
    pub cause: String,
    /// What lies behind.
    pub reason: Option<Reason>,
    /// How sure.
    pub confidence: Confidence,
    /// One line.
    pub summary: String,
    /// The line that go said, masked, where it was asked.
    pub said: Option<String>,
    /// The setting behind it, by its name in [`Health::settings`].
    pub setting: Option<String>,
}

/// One host, and whether go and git would get what they need there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The host.
    pub host: String,
    /// Its part: `goproxy`, `sumdb`, `import-meta`, `vcs-https`, `vcs-ssh`, `host`.
    pub role: String,
    /// Who names it: a setting, or the modules that come from there.
    pub named_by: Vec<String>,
    /// `None`: nothing that was seen would fail.
    pub trouble: Option<Trouble>,
    /// Whether the way there was looked at to its end; where it wasn't, no trouble means little.
    pub seen: bool,
    /// The stages with the basis of each.
    pub verdict: StagesEntry,
    /// What could not be learned.
    pub unknown: Vec<String>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Everything that was seen.
    pub probes: Vec<Observation>,
}

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Of this form of report.
    pub schema: u32,
    /// Go's settings, credentials masked.
    pub settings: Vec<Setting>,
    /// Settings without effect, or against security.
    pub lints: Vec<Lint>,
    /// Troubles of this machine: no room, no HOME, no git.
    pub local: Vec<Trouble>,
    /// Whether the cache holds every module that is needed here; null: not known.
    pub complete: Option<bool>,
    /// Somebody named what to look at.
    #[serde(skip)]
    pub named: bool,
    /// Each host once.
    pub checks: Vec<Check>,
    /// What was not examined, and why.
    pub skipped: Vec<String>,
    /// What go.sum lacks, in go's words: go downloads such modules, and builds nothing with them.
    pub unsummed: Option<String>,
    /// Why go itself could not be asked what it makes of the module here; null: it was, or need not be.
    pub unasked: Option<String>,
}

impl Health {
    /// Everything was looked at, and nothing would fail; warnings may remain.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_looked_at = !self.named || !self.checks.is_empty();
        let all_seen = self.complete == Some(true)
            || is_looked_at && self.checks.iter().all(|check| check.seen);
        !self.fails() && self.unasked.is_none() && all_seen
    }

    /// Something that was looked at would fail. Where the cache holds everything, nobody is asked.
    #[must_use]
    pub fn fails(&self) -> bool {
        let mut lints = self.lints.iter();
        let mut checks = self.checks.iter();
        !self.local.is_empty()
            || lints.any(|lint| lint.severity == Severity::Error)
            || self.complete != Some(true) && checks.any(|check| check.trouble.is_some())
    }
}

/// Hosts that are looked at side by side: enough for a module's few, gentle to a small machine.
const AT_ONCE: usize = 6;

/// Examines. `watch` hears, about fifty times a second, how long it has been and how many hosts are left.
#[must_use]
pub fn examine(request: &Request, watch: &mut dyn FnMut(Duration, usize)) -> Health {
    let started = Instant::now();
    let goenv = GoEnv::read(&request.env, request.go.as_deref());
    let offline = if request.targets.is_empty() {
        offline::ask(request, &goenv)
    } else {
        offline::Offline::default()
    };
    let (wanted, mut skipped) = plan::wanted(request, &goenv, offline.toolchain.as_deref());
    let hosts: Vec<String> = wanted
        .iter()
        .map(|host_check| host_check.subject.host.clone())
        .collect();
    let mut checks = side_by_side(request, wanted, &mut |left| watch(started.elapsed(), left));
    // where the repository is, go learns from the page; only hosts that go.mod names too are looked at
    let mut found = Vec::new();
    for check in &checks {
        found.extend(plan::found(check, &hosts, &mut skipped));
    }
    checks.extend(side_by_side(request, found, &mut |left| {
        watch(started.elapsed(), left);
    }));
    if request.cancel.is_cancelled() {
        skipped.push(tr!("the rest: interrupted"));
    }
    let mut local = machine(request);
    let stops = !offline.troubles.is_empty();
    local.extend(offline.troubles);
    if let Some(version) = &offline.toolchain {
        local.extend(files::toolchain(version, &goenv, &mut skipped));
    }
    if request.targets.is_empty() && !stops && offline.complete != Some(true) {
        let modules = plan::modules(request).unwrap_or_default();
        local.extend(files::lacking(&modules, &goenv, &request.env));
    }
    Health {
        schema: SCHEMA,
        settings: probe::goenv::masked(&goenv),
        lints: lints(request, &goenv),
        local,
        complete: offline.complete,
        named: !request.targets.is_empty(),
        checks,
        skipped,
        unsummed: offline.unsummed,
        unasked: offline.unasked,
    }
}

fn side_by_side(
    request: &Request,
    hosts: Vec<plan::HostCheck>,
    watch: &mut dyn FnMut(usize),
) -> Vec<Check> {
    let mut places: Vec<Option<Check>> = hosts.iter().map(|_| None).collect();
    let queue = Mutex::new(hosts.into_iter().enumerate());
    let (send, checks) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(places.len()) {
            let (send, queue) = (send.clone(), &queue);
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((place, host_check)) = next.filter(|_| !request.cancel.is_cancelled())
                    else {
                        return;
                    };
                    let _ = send.send((place, check(request, host_check)));
                }
            });
        }
        drop(send);
        loop {
            match checks.recv_timeout(TICK) {
                Ok((place, check)) => places[place] = Some(check),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    watch(places.iter().filter(|check| check.is_none()).count());
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    places.into_iter().flatten().collect()
}

fn check(request: &Request, host_check: plan::HostCheck) -> Check {
    let started = Instant::now();
    let (host, role) = (host_check.subject.host.clone(), host_check.subject.role);
    let target = Target {
        role,
        scheme: Some(host_check.subject.scheme.clone()),
        host: Some(host.clone()),
        port: Some(host_check.subject.port),
        url: host_check.subject.url.clone(),
        module: host_check.subject.module.clone(),
        ..Target::default()
    };
    let cx = request.context(host_check.subject);
    let probes = probe::run(&Arc::new(cx), &mut |_| {});
    let verdict = verdict::foresee(&target, &probes);
    let trouble = (verdict.cause != Cause::NotOurs).then(|| Trouble {
        cause: verdict.cause.id().to_owned(),
        reason: verdict.reason,
        confidence: verdict.confidence,
        summary: words::verdict(&verdict),
        said: None,
        setting: None,
    });
    let stages = StagesEntry::from(&verdict.matrix);
    let needs_tls = probes.iter().any(|one| one.id() == Id::Tls);
    let is_known = |status: Status| status != Status::Skip;
    let seen =
        is_known(stages.status.policy) && (!needs_tls || is_known(stages.status.certificate));
    Check {
        host,
        role: role_id(role).to_owned(),
        named_by: host_check.named_by,
        seen: trouble.is_some() || seen,
        trouble,
        verdict: stages,
        unknown: verdict.unknown.iter().map(words::not_seen).collect(),
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        probes,
    }
}

fn role_id(role: Role) -> &'static str {
    if role == Role::None {
        "host"
    } else {
        role.id()
    }
}

/// Time for git to print its configuration.
const CONFIG_PATIENCE: Duration = Duration::from_secs(2);

fn lints(request: &Request, goenv: &GoEnv) -> Vec<Lint> {
    let mut lints = lint::go(goenv, &request.env);
    let deadline = Instant::now() + CONFIG_PATIENCE;
    let anywhere = "https://localhost/"; // matches no section for a host
    if let Ok(config) = GitConfig::read(
        &request.env,
        Path::new(NOWHERE),
        anywhere,
        deadline,
        &request.cancel,
    ) {
        lints.extend(lint::git(&config));
    }
    if let Some(home) = request.env.var("HOME") {
        let config = Path::new(home).join(".ssh/config");
        let config = file::text(&config, file::Kind::Settings).unwrap_or_default();
        lints.extend(lint::ssh(&config));
    }
    lints
}

/// Room, permissions, HOME; git's presence and age.
fn machine(request: &Request) -> Vec<Trouble> {
    let subject = Subject {
        suspects: vec![Cause::DiskFull, Cause::GitTooOld],
        ..Subject::nobody()
    };
    let cx = Arc::new(request.context(subject));
    let mut troubles = Vec::new();
    for observation in probe::run(&cx, &mut |_| {}) {
        match observation.seen {
            Seen::Local(places) => troubles.extend(room(&places)),
            Seen::Git(remote) => troubles.extend(remote.version.as_deref().and_then(git_age)),
            Seen::Nothing(probe::Id::Git, probe::Unavailable::NoProgram(_)) => {
                troubles.push(trouble(
                    Cause::GitNotFound,
                    Some(Reason::NoGit),
                    tr!("go needs git for modules that no proxy serves, and it is not on PATH"),
                ));
            }
            _ => {}
        }
    }
    troubles
}

fn trouble(cause: Cause, reason: Option<Reason>, summary: String) -> Trouble {
    Trouble {
        cause: cause.id().to_owned(),
        reason,
        confidence: Confidence::Certain,
        summary,
        said: None,
        setting: None,
    }
}

fn room(places: &Places) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !places.has_home {
        let sentence = words::reason::sentence(Reason::HomeUnset);
        troubles.push(trouble(
            Cause::NoHome,
            Some(Reason::HomeUnset),
            tr!(sentence),
        ));
    }
    for place in places
        .places
        .iter()
        .filter(|place| place.part != probe::local::Part::Repository)
    {
        if place.is_full() {
            troubles.push(trouble(
                Cause::DiskFull,
                Some(Reason::NoRoom),
                tr!("no room is left at {path}", path = place.path),
            ));
        } else if !place.writable {
            let reason = if place.ours {
                Reason::CacheReadOnly
            } else {
                Reason::OwnedByOther
            };
            troubles.push(trouble(
                Cause::PermissionDenied,
                Some(reason),
                tr!("{path} may not be written by this user", path = place.path),
            ));
        }
    }
    troubles
}

/// The first git that knows `--end-of-options`, which Go 1.26 and later pass.
const GIT_NEEDED: (u32, u32) = (2, 24);

fn git_age(printed: &str) -> Option<Trouble> {
    let number = printed.split_whitespace().nth(2)?;
    let found = version(number);
    (found < GIT_NEEDED).then(|| {
        let summary = tr!(
            "git {number} is too old for Go 1.26 and later, which need {needed}",
            number,
            needed = format_args!("{}.{}", GIT_NEEDED.0, GIT_NEEDED.1)
        );
        trouble(Cause::GitTooOld, None, summary)
    })
}

/// Major and minor number of `1.27.3`, `1.27rc1`, `2.47.3`.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text
        .split(|sign: char| !sign.is_ascii_digit())
        .map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(version("1.99.0") > version("1.27.3"));
        assert!(git_age("git version 2.20.1").is_some());
        assert!(git_age("git version 2.47.3 (Apple Git-1)").is_none());
    }
}
