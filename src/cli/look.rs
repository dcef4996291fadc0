//! `gomend probe` and `gomend doctor`: what is looked at, in words.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::json;

use super::table::{below, marked};
use super::{complain, print, print_json, print_painted, seen};
use crate::cli::Call;
use crate::config::Config;
use crate::diagnose;
use crate::doctor::{self, Health, Request, Trouble};
use crate::evidence::Target;
use crate::fix::{self, Leak, Line, Proposal, Situation};
use crate::lang::{Lang, tr};
use crate::probe::dns::Resolver;
use crate::probe::{self, Context, Id, Observation, Options, Seen, Status, Subject, Unavailable};
use crate::settings::Env;
use crate::settings::goenv::Layer;
use crate::settings::lint::Severity;
use crate::tool::Cancel;
use crate::world::World;
use crate::{exit, install, report, shim, sys, words, wrap};

/// What `gomend probe` can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Name resolution: system resolver, each nameserver, hosts file
    Dns,
    /// Connections, IPv4 and IPv6 apart
    Tcp,
    /// Handshake, chain, trust as Go and as git judge it
    Tls,
    /// Status, date, HTML in the place of a protocol
    Http,
    /// The proxy that each stack would use, and whether it lets through
    Proxy,
    /// git's effective URL, helpers, ls-remote without prompts
    Git,
    /// ssh's effective configuration, known hosts, a login without prompts
    Ssh,
}

impl Kind {
    const fn id(self) -> Id {
        match self {
            Self::Dns => Id::Dns,
            Self::Tcp => Id::Tcp,
            Self::Tls => Id::Tls,
            Self::Http => Id::Http,
            Self::Proxy => Id::Proxy,
            Self::Git => Id::Git,
            Self::Ssh => Id::Ssh,
        }
    }
}

/// What `gomend probe` is told.
#[derive(clap::Args)]
pub(super) struct ProbeArgs {
    /// What to look at
    #[arg(value_enum)]
    kind: Kind,
    /// A host, URL or repository
    target: String,
    /// Ask public resolvers for a private name too
    #[arg(long)]
    public_dns: bool,
}

/// Looks at one target with one kind of probe.
pub(super) fn probe(call: Call<'_>, args: &ProbeArgs) -> Result<i32, String> {
    let (kind, target) = (args.kind, args.target.as_str());
    let Some(subject) = Subject::for_probe(kind.id(), target) else {
        complain(&tr!(
            "`{target}` is no host, URL or repository\nhelp: for instance git.example.com, localhost:8443, https://proxy.golang.org or git@github.com:org/repo",
            target = target.escape_default()
        ));
        return Ok(exit::USAGE);
    };
    let about = Target {
        role: subject.role,
        scheme: Some(subject.scheme.clone()),
        host: Some(subject.host.clone()),
        port: Some(subject.port),
        url: subject.url.clone(),
        module: subject.module.clone(),
        ..Target::default()
    };
    let scheme = subject.scheme.clone();
    let options = options(call.config, false, args.public_dns);
    let cancel = Cancel::default();
    let (dir, go) = (here(), real_go(call.world));
    let cx = Context::new(
        subject,
        Env::from_process(),
        &dir,
        go.as_deref(),
        options,
        cancel.clone(),
    );
    sys::note_interrupts();
    let found = probe::run_one(&Arc::new(cx), kind.id(), &mut |_| {
        if sys::interrupted() {
            cancel.cancel();
        }
    });
    if found.is_empty() {
        let kind = kind.id().id();
        complain(&tr!(
            "`{target}` is reached over {scheme}, which has nothing that `probe {kind}` looks at",
            target,
            scheme,
            kind
        ));
        return Ok(exit::USAGE);
    }
    if call.common.json {
        let all = json!({"schema": report::SCHEMA, "probes": found});
        print_json(&all)?;
    } else {
        let style = call.style(1);
        print_painted(&seen::words(kind.id(), &about, &found, style))?;
    }
    if sys::interrupted() {
        return Ok(exit::INTERRUPTED);
    }
    Ok(if found.iter().any(is_problem) {
        exit::PROBLEM
    } else {
        exit::OK
    })
}

/// What failed, and what could not be looked at although go or git would have to get there.
pub(super) fn is_problem(one: &Observation) -> bool {
    match &one.seen {
        Seen::Nothing(_, why) => !matches!(
            why,
            Unavailable::NothingElse | Unavailable::NoControl | Unavailable::Cancelled
        ),
        // go and git don't ask them
        Seen::Dns(lookup) if lookup.resolver == Resolver::Public => false,
        // a certificate that could not be judged may be refused
        Seen::Tls(_) => one.status() != Status::Pass,
        _ => one.status() == Status::Fail,
    }
}

/// What `gomend doctor` is told.
#[derive(clap::Args)]
pub(super) struct DoctorArgs {
    /// Modules, hosts or URLs
    #[arg(value_name = "MODULE|HOST|URL")]
    targets: Vec<String>,
    /// With the patience of a CI system
    #[arg(long)]
    ci: bool,
    /// Ask public resolvers for private names too
    #[arg(long)]
    public_dns: bool,
}

/// Examines what a fetch would meet, before it does.
pub(super) fn doctor(call: Call<'_>, args: DoctorArgs) -> Result<i32, String> {
    let is_nothing = |text: &&String| Subject::from_text(text).is_none();
    let bad: Vec<&String> = args.targets.iter().filter(is_nothing).collect();
    for text in &bad {
        complain(&tr!(
            "`{text}`: neither a host, nor a URL, nor a module",
            text = text.escape_default()
        ));
    }
    if !bad.is_empty() {
        return Ok(exit::USAGE);
    }
    let request = Request {
        targets: args.targets,
        env: Env::from_process(),
        dir: here(),
        go: real_go(call.world),
        options: options(call.config, args.ci, args.public_dns),
        cancel: Cancel::default(),
    };
    sys::note_interrupts();
    let health = doctor::examine(&request, &mut |_, _| {
        if sys::interrupted() {
            request.cancel.cancel();
        }
    });
    let situation = Situation::look(request.env.clone(), &request.dir, request.go.as_deref());
    let (leaks, wishes) = (fix::leaks(&situation), fix::wishes(&situation));
    if call.common.json {
        let mut all = json!(health);
        for (entry, lint) in all["lints"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .zip(&health.lints)
        {
            entry["what"] = json!(words::flaw(lint));
            entry["instead"] = json!(words::instead(lint, layer(&health, &lint.key)));
        }
        let lang = Lang::spoken();
        all["leaks"] = json!(
            leaks
                .iter()
                .map(|leak| leak.worded(lang))
                .collect::<Vec<_>>()
        );
        all["wishes"] = json!(
            wishes
                .iter()
                .map(|wish| wish.worded(lang))
                .collect::<Vec<_>>()
        );
        print_json(&all)?;
    } else {
        print(&(names(&leaks, &wishes) + &rendered(&health)))?;
    }
    if sys::interrupted() {
        return Ok(exit::INTERRUPTED);
    }
    Ok(match () {
        () if health.is_well() => exit::OK,
        () if health.fails() => exit::PROBLEM,
        () => exit::UNDECIDED,
    })
}

/// By the settings, and what the command line adds to them.
pub(super) fn options(config: &Config, ci: bool, public_dns: bool) -> Options {
    let options = diagnose::options(config, ci);
    Options {
        public_dns_for_all: public_dns || options.public_dns_for_all,
        ..options
    }
}

/// Private names that are about to be told to strangers, and what the project would like.
fn names(leaks: &[Leak], wishes: &[Proposal]) -> String {
    let mut text = String::new();
    for leak in leaks {
        let what = tr!(
            "{prefix}: go would name it to {told}; it looks private: {because}",
            prefix = leak.prefix,
            told = leak.told.join(&tr!("list" => " and ")),
            because = leak.because.words()
        );
        let commands = joined(&leak.fix);
        text += &marked(&tr!("warn"), &what);
        text += &below(&tr!("instead: {commands}", commands));
    }
    for wish in wishes {
        let commands = joined(wish);
        text += &marked(&tr!("note"), &wish.title.words());
        text += &below(&tr!("if you agree: {commands}", commands));
    }
    text
}

/// The commands of a fix in one line.
fn joined(fix: &Proposal) -> String {
    let typed = |line: &Line| match line {
        Line::Plain(command) | Line::With { command, .. } => Some(command.clone()),
        Line::Note { .. } => None, // it would make a comment of what follows
    };
    let commands: Vec<String> = fix.commands.iter().filter_map(typed).collect();
    commands.join("; ")
}

fn rendered(health: &Health) -> String {
    let mut text = String::new();
    for lint in &health.lints {
        let mark = if lint.severity == Severity::Error {
            tr!("FAILS")
        } else {
            tr!("warn")
        };
        let (key, what) = (&lint.key, words::flaw(lint));
        text += &marked(&mark, &tr!("{key}: {what}", key, what));
        setting(&mut text, health, key);
        let instead = words::instead(lint, layer(health, key));
        text += &below(&tr!("instead: {commands}", commands = instead));
    }
    for trouble in &health.local {
        let what = tr!("this machine: {summary}", summary = trouble.summary);
        text += &marked(&tr!("FAILS"), &what);
        if let Some(said) = &trouble.said {
            text += &below(&tr!("go says: {said}", said));
        }
        if let Some(key) = &trouble.setting {
            setting(&mut text, health, key);
        }
    }
    for check in &health.checks {
        let seen = tr!(
            "{host} ({role}, {named}, {ms} ms)",
            host = check.host,
            role = words::role(&check.role),
            named = check.named_by.join(", "),
            ms = check.elapsed_ms
        );
        match &check.trouble {
            None if check.seen => text += &marked(&tr!("ok"), &seen),
            None => {
                let what = tr!("{seen}: not everything could be looked at", seen);
                text += &marked(&tr!("skip"), &what);
            }
            Some(trouble) => {
                let what = tr!("{seen}: {trouble}", seen, trouble = render_trouble(trouble));
                // where the cache holds everything, nobody is asked
                let mark = if health.complete == Some(true) {
                    tr!("warn")
                } else {
                    tr!("FAILS")
                };
                text += &marked(&mark, &what);
            }
        }
        for unknown in &check.unknown {
            text += &below(&tr!("unknown: {unknown}", unknown));
        }
    }
    match health.complete {
        Some(true) => text += &marked(&tr!("ok"), &tr!("modules: all of them are in the cache")),
        Some(false) => {
            text += &marked(
                &tr!("note"),
                &tr!("modules: not all of them are in the cache, go would fetch the rest"),
            );
        }
        None => {}
    }
    if health.complete == Some(false) {
        text += &marked(
            &tr!("skip"),
            &tr!(
                "the modules themselves: whether their versions exist and may be had, only a fetch shows"
            ),
        );
    }
    if let Some(said) = &health.unsummed {
        text += &marked(
            &tr!("warn"),
            &tr!("go.sum lacks entries: `go build` refuses until `go mod tidy` has written them"),
        );
        text += &below(&tr!("said: {said}", said));
    }
    for skipped in &health.skipped {
        text += &marked(&tr!("skip"), skipped);
    }
    if let Some(why) = &health.unasked {
        text += &marked(
            &tr!("skip"),
            &tr!("what go itself makes of the module here: {why}", why),
        );
    }
    let verdict = match () {
        () if health.is_well() && health.unsummed.is_some() => {
            tr!("no fetch that was looked at would fail, but a build would, for what go.sum lacks")
        }
        () if health.is_well() => tr!("nothing that was looked at would fail"),
        () if health.fails() => tr!("a fetch would fail"),
        () if health.unasked.is_some() => {
            tr!("nothing that was looked at would fail; but go itself could not be asked")
        }
        () => tr!("nothing that was looked at would fail; but not everything could be looked at"),
    };
    let verdict = wrap::fit(&verdict, 8, 8, wrap::columns(1));
    let _ = writeln!(text, "gomend: {verdict}");
    text
}

/// Who sets it.
fn layer(health: &Health, key: &str) -> Option<Layer> {
    let mut settings = health.settings.iter();
    let setting = settings.find(|setting| setting.key == key);
    setting.map(|setting| setting.layer)
}

/// A setting's value, and who sets it.
fn setting(text: &mut String, health: &Health, key: &str) {
    let Some(setting) = health.settings.iter().find(|setting| setting.key == key) else {
        return;
    };
    if let Some(told) = words::set_by(setting) {
        *text += &below(&told);
    }
}

fn render_trouble(trouble: &Trouble) -> String {
    let summary = &trouble.summary;
    match trouble.reason.map(words::reason::words) {
        Some(words) => tr!("{summary} ({reason})", summary, reason = tr!(words)),
        None => summary.clone(),
    }
}

pub(super) fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
}

/// The go that the shim would run, never a shim itself, nor one that a relative entry of PATH names: the folder
/// somebody stands in doesn't decide what runs. Probes do without where there is none.
pub(super) fn real_go(world: &World) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let mut guard = shim::guard::Guard::of(world);
    loop {
        let go = shim::locate::locate(world, &guard, shim::locate::own_identity()).ok()?;
        let path = PathBuf::from(std::ffi::OsString::from_vec(go.path));
        let is_meant = path.is_absolute() || world.set_var("GOMEND_GO").is_some();
        if is_meant && !install::is_shim(&path) {
            return Some(path.canonicalize().unwrap_or(path));
        }
        guard.tried.push(go.identity);
    }
}
