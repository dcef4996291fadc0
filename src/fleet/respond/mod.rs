//! `gomend respond`: an alert becomes what the configuration says about it.
//!
//! In: alerts, as `crates/fleet` read them. Out: lines for whoever runs it, and what a playbook does: each change
//! through the fix machinery, proven first, journaled, and taken back when the alert is over. Unless told otherwise
//! nothing is done, and only said. One at a time on a machine.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gomend_fleet::respond::{Act, Alert, Open, Playbook, Proxies, Refusal, Respond, Status};
use time::OffsetDateTime;

use super::events::Changes;
use super::memory::now;
use super::rescue::switch::hidden_by;
use crate::compare::{self, Kind, Target, recommend};
use crate::config::Config;
use crate::doctor;
use crate::fix::{Agreed, Journal, Situation};
use crate::lang::tr;
use crate::mend::{Ended, Session};
use crate::probe::Options;
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::state::{State, write_private};
use crate::tool::{Cancel, Tool};
use crate::{file, mask, report, scratch};

pub(crate) mod serve;

/// Rounds in which module proxies are compared: somebody waits for the alert to be over.
const ROUNDS: u32 = 3;
/// How long a module proxy may take to fetch a module for the first time.
const WARM: Duration = Duration::from_secs(120);
/// Files of each kind that are kept.
const MOST_FILES: usize = 32;
/// Characters of a name that somebody else chose.
const MOST_CHARS: usize = 80;

/// Who answers, and with what.
pub(crate) struct Responder {
    /// gomend's settings.
    pub(crate) config: Config,
    /// What is configured about alerts.
    pub(crate) respond: Respond,
    /// The environment.
    pub(crate) env: Env,
    /// The folder in which it was started.
    pub(crate) dir: PathBuf,
    /// The real go.
    pub(crate) go: Option<PathBuf>,
    /// What probes may do.
    pub(crate) options: Options,
    /// gomend's folder.
    pub(crate) state: State,
    /// Things are done; otherwise they are only said.
    pub(crate) apply: bool,
}

/// Hears each line.
pub(crate) type Say<'a> = &'a dyn Fn(&str);

/// In words, why a notification is refused.
pub(crate) fn refused(refusal: Refusal) -> String {
    match refusal {
        Refusal::TooLarge => tr!("it is too large"),
        Refusal::NotANotification => tr!("it is no notification of Alertmanager's (version 4)"),
        Refusal::TooMany => tr!("it has too many alerts"),
        Refusal::Fingerprint => tr!("a fingerprint in it is none"),
    }
}

impl Responder {
    /// Answers each, one gomend at a time.
    ///
    /// # Errors
    /// In words, why nothing was done.
    pub(crate) fn answer(&self, alerts: &[Alert], say: Say<'_>) -> Result<(), String> {
        let _lock = self.lock()?;
        let mut open = self.open();
        for alert in alerts {
            let name = mask::short(alert.name().unwrap_or_default(), MOST_CHARS);
            let changes = Changes::watch(&self.config, &self.env);
            let said = match alert.status {
                Status::Resolved => self.over(alert, &mut open),
                Status::Firing => self.firing(alert, &mut open),
            };
            changes.tell();
            say(&format!("{name}: {}", mask::line(&said)));
            if self.apply {
                self.keep(&open, say);
            }
        }
        Ok(())
    }

    fn lock(&self) -> Result<File, String> {
        let unwritable = |path: &Path, error: io::Error| {
            tr!(
                "can't write `{path}`: {error}",
                path = path.display(),
                error
            )
        };
        let folder = self.state.folder().join("fleet");
        let made = self.state.make("fleet");
        made.map_err(|error| unwritable(&folder, error))?;
        let path = folder.join("respond.lock");
        let lock = file::open_to_lock(&path).map_err(|error| unwritable(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(tr!("refused: another gomend is answering")),
            Err(TryLockError::Error(error)) => Err(unwritable(&path, error)),
        }
    }

    /// What was answered before.
    fn open(&self) -> Open {
        let path = self.state.folder().join("fleet/responses.json");
        let json = file::read_own(&path, file::Kind::Report).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    fn keep(&self, open: &Open, say: Say<'_>) {
        let path = self.state.folder().join("fleet/responses.json");
        let json = serde_json::to_vec(open).unwrap_or_default();
        if let Err(error) = write_private(&path, &json) {
            let path = path.display();
            say(&tr!("can't write `{path}`: {error}", path, error));
        }
    }

    fn journal(&self) -> Journal {
        Journal::in_dir(self.state.folder())
    }

    fn over(&self, alert: &Alert, open: &mut Open) -> String {
        let id = match open.entry(alert) {
            None => return tr!("over; nothing was done about it"),
            Some(None) => {
                open.resolve(alert);
                return tr!("over; there is nothing to take back");
            }
            Some(Some(id)) => id,
        };
        if !self.apply {
            return tr!(
                "over; `gomend undo {id}` would be done (`--apply` does it)",
                id
            );
        }
        match self.journal().undo(Some(&id)) {
            Ok(entry) => {
                open.resolve(alert);
                tr!("over; taken back: {title}", title = entry.title.words())
            }
            // it is kept: the next notification that it is over tries again
            Err(error) => tr!(
                "over, and not taken back: {error}",
                error = error.text().words()
            ),
        }
    }

    fn firing(&self, alert: &Alert, open: &mut Open) -> String {
        let Some(playbook) = self.respond.playbook_of(alert) else {
            return tr!("refused: no playbook is for it");
        };
        if open.is_answered(alert) {
            return tr!("answered already");
        }
        let act = playbook.act.id();
        if !self.apply {
            return tr!("would be answered by `{act}` (`--apply` does it)", act);
        }
        let most = self.respond.per_hour;
        if !open.may_run(most, now()) {
            return tr!("refused: {most} playbooks have run within the hour", most);
        }
        match self.play(playbook) {
            Ok((said, entry)) => {
                open.answer(alert, entry);
                said
            }
            Err(why) => tr!("`{act}` did not help: {why}", act, why),
        }
    }

    /// Carries it out: what came of it, and the journal's entry, if one was made.
    fn play(&self, playbook: &Playbook) -> Result<(String, Option<String>), String> {
        match &playbook.act {
            Act::Doctor(targets) => self.look(targets).map(|said| (said, None)),
            Act::Switch(named) => self.switch(named),
            Act::Warm(named) => self.warm(named).map(|said| (said, None)),
            Act::Report => self.report().map(|said| (said, None)),
        }
    }

    fn look(&self, targets: &[String]) -> Result<String, String> {
        let request = doctor::Request {
            targets: targets.to_vec(),
            env: self.env.clone(),
            dir: self.dir.clone(),
            go: self.go.clone(),
            options: self.options.clone(),
            cancel: Cancel::default(),
        };
        let health = doctor::examine(&request, &mut |_, _| {});
        let json = mask::to_string_pretty(&health).map_err(|error| error.to_string())?;
        let file = self.file("looks", "json", &json)?;
        let failing: Vec<String> = health
            .checks
            .iter()
            .filter_map(|check| Some((check, check.trouble.as_ref()?)))
            .map(|(check, trouble)| format!("{} ({})", check.host, trouble.cause))
            .collect();
        let looked = health.checks.len();
        if looked == 0 {
            return Err(tr!("nothing could be looked at; {file}", file));
        }
        let unseen = health.checks.iter().filter(|check| !check.seen).count();
        Ok(if failing.is_empty() && unseen > 0 {
            tr!(
                "hosts looked at: {looked}, none of them failing, {unseen} not to the end; {file}",
                looked,
                unseen,
                file
            )
        } else if failing.is_empty() {
            tr!("hosts looked at: {looked}, all well; {file}", looked, file)
        } else {
            let failing = failing.join(", ");
            tr!(
                "hosts looked at: {looked}, failing: {failing}; {file}",
                looked,
                failing,
                file
            )
        })
    }

    /// Keeps a file in a folder of its own; its path.
    fn file(&self, kind: &str, end: &str, text: &str) -> Result<String, String> {
        let written = || -> std::io::Result<PathBuf> {
            let folder = self.state.make(&format!("fleet/{kind}"))?;
            let millis = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
            let path = folder.join(format!("{millis:x}.{end}"));
            write_private(&path, text.as_bytes())?;
            let mut all: Vec<PathBuf> = fs::read_dir(&folder)?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect();
            all.sort();
            for old in all.iter().take(all.len().saturating_sub(MOST_FILES)) {
                fs::remove_file(old)?;
            }
            Ok(path)
        };
        let path = written().map_err(|error| tr!("can't be kept: {error}", error))?;
        Ok(path.display().to_string())
    }

    fn report(&self) -> Result<String, String> {
        let last = self.state.last();
        let last = last.ok_or_else(|| tr!("nothing was diagnosed yet"))?;
        let home = self.env.folder("HOME");
        let ticket = report::ticket(&last.report.masked(), home.as_deref());
        let file = self.file("tickets", "md", &ticket)?;
        Ok(tr!("the last diagnosis is a ticket now: {file}", file))
    }

    /// Compares those that are allowed, and takes the best, if go gets what it needs there.
    fn switch(&self, named: &Proxies) -> Result<(String, Option<String>), String> {
        let situation = Situation::look(self.env.clone(), &self.dir, self.go.as_deref());
        if let Some(name) = hidden_by(&situation) {
            return Err(tr!(
                "{name} is set in the environment, which hides what is written: unset it first",
                name
            ));
        }
        let first = named.modules.first().map(String::as_str);
        let module = first.and_then(|name| name.split_once('@'));
        let (path, version) = module.ok_or_else(|| tr!("there is no module to compare by"))?;
        let mut targets: Vec<Target> = named.proxies.iter().cloned().map(Target::Mirror).collect();
        targets.push(Target::Module(path.to_owned(), Some(version.to_owned())));
        let goenv = GoEnv::read(&self.env, self.go.as_deref());
        let request = compare::Request {
            targets,
            named_only: true,
            rounds: ROUNDS,
            env: self.env.clone(),
            dir: self.dir.clone(),
            go: self.go.clone(),
            goenv,
            options: self.options.clone(),
            cancel: Cancel::default(),
        };
        let compared = compare::run(&request, &mut |_| {}).map_err(|error| error.to_string())?;
        let contest = compared
            .contests
            .iter()
            .find(|contest| contest.kind == Kind::Mirrors);
        let best = contest.and_then(recommend::best).ok_or_else(|| {
            tr!(
                "none of the module proxies that are allowed gives {path}@{version}",
                path,
                version
            )
        })?;
        let old = situation.goenv.value("GOPROXY").to_owned();
        let Some(list) = recommend::goproxy(&best.name, &old) else {
            return Ok((
                tr!("GOPROXY={list} is the best of them already", list = old),
                None,
            ));
        };
        let why = tr!("{name} is the best", name = best.name);
        let mut bench = Session::of_measured(&list, &why, (path, version), situation);
        bench.verify(Agreed::All); // whoever configured these module proxies agreed to them
        match bench.apply_proven(&self.journal()) {
            Ok(Ended::Applied(applied)) => {
                let (title, id) = (applied.entry.title.words(), applied.entry.id);
                let said = tr!(
                    "done: {title}; `gomend undo {id}` takes it back",
                    title,
                    id = &id
                );
                Ok((said, Some(id)))
            }
            Ok(_) => {
                let tried = bench.proposals().iter().find_map(|one| one.tried.as_ref());
                Err(tried.map_or_else(|| tr!("not tried"), gomend_lang::Text::words))
            }
            Err(error) => Err(error.text().words()),
        }
    }

    /// Each module through each module proxy, into a cache that is thrown away.
    fn warm(&self, named: &Proxies) -> Result<String, String> {
        let go = self
            .go
            .clone()
            .ok_or_else(|| tr!("there is no go on PATH"))?;
        let scratch = scratch::Folder::new().map_err(|error| error.to_string())?;
        let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
        let (mut fetched, mut failed) = (0, Vec::new());
        for proxy in &named.proxies {
            let go = Tool::at(go.clone(), &self.env, scratch.path())
                .env("GOPROXY", proxy)
                .env("GONOPROXY", "none")
                .env("GOPATH", &path("gopath"))
                .env(
                    "GOMODCACHE",
                    &path(&format!("cache{}", fetched + failed.len())),
                )
                .env("GOCACHE", &path("build"))
                .env("GOFLAGS", "-modcacherw")
                .env("GOTOOLCHAIN", "local")
                .env("GOWORK", "off");
            for module in &named.modules {
                let go = go.clone().args(["mod", "download", "--", module.as_str()]);
                match go.run(Instant::now() + WARM, &Cancel::default()) {
                    Ok(output) if output.succeeded() => fetched += 1,
                    _ => failed.push(format!("{module} ({proxy})")),
                }
            }
        }
        if fetched == 0 {
            return Err(tr!(
                "nothing could be fetched: {failed}",
                failed = failed.join(", ")
            ));
        }
        Ok(if failed.is_empty() {
            tr!("fetched: {fetched}", fetched)
        } else {
            let failed = failed.join(", ");
            tr!("fetched: {fetched}, not: {failed}", fetched, failed)
        })
    }
}
