//! The journal: what was changed, with the former bytes, written before anything is.
//!
//! ```text
//! NUMBER.pending > NUMBER.applied > NUMBER.undoing > NUMBER.undone
//!               \> NUMBER.rolled-back
//! ```
//!
//! An entry is written once, whole and synced, and changes its state by being renamed, which
//! needs no space: a full disk or kill -9 leaves an entry that says exactly how far things had
//! come. Of the new content only the SHA-256 is kept, so that a new secret stands in one place
//! only; the former content goes as soon as it is taken back. One gomend at a time holds the lock.
//!
//! What is not this user's own alone (owner, mode, no link, no second name) or doesn't fit together
//! is skipped and named, never acted on.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::Operation;
use super::step::{self, Step, Write};
use super::{Error, Proposal};
use crate::file::{self, Refusal, Untrusted};
use crate::lang::{Lang, Text};

/// How long one gomend waits for another one.
const PATIENCE: Duration = Duration::from_secs(5);
/// Finished entries that are kept to look at.
const KEPT: usize = 50;

/// How far an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Begun, and not finished: the next gomend rolls it back.
    Pending,
    /// Made and proven.
    Applied,
    /// Being taken back.
    Undoing,
    /// Taken back by `undo`.
    Undone,
    /// Taken back because it did not help or could not be finished.
    RolledBack,
}

impl State {
    const ALL: [Self; 5] = [
        Self::Pending,
        Self::Applied,
        Self::Undoing,
        Self::Undone,
        Self::RolledBack,
    ];

    /// Whether a gomend is at work on it, or was killed at it.
    #[must_use]
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Undoing)
    }

    /// What it is once it is taken back; nothing if it is, or needn't be.
    const fn taken_back(self) -> Option<Self> {
        match self {
            Self::Pending => Some(Self::RolledBack),
            Self::Applied | Self::Undoing => Some(Self::Undone),
            Self::Undone | Self::RolledBack => None,
        }
    }

    /// As the file's extension spells it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// One entry, as `history` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry<T = Text> {
    /// Its number, for `undo`.
    pub id: String,
    /// How far it has come.
    pub state: State,
    /// When it was begun, RFC 3339.
    pub time: String,
    /// The id of the fix.
    pub fix: String,
    /// What was done.
    pub title: T,
    /// The files that were changed.
    pub files: Vec<PathBuf>,
}

impl Entry {
    /// The same in words.
    #[must_use]
    pub fn worded(&self, lang: Lang) -> Entry<String> {
        Entry {
            id: self.id.clone(),
            state: self.state,
            time: self.time.clone(),
            fix: self.fix.clone(),
            title: self.title.render(lang),
            files: self.files.clone(),
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: u64,
    time: String,
    fix: String,
    title: Text,
    steps: Vec<Kept>,
}

/// A step as it is stored: enough to take it back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Write {
        path: PathBuf,
        /// Base64; null: there was no file.
        before: Option<String>,
        before_mode: Option<u32>,
        after_sha256: String,
        mode: u32,
        /// Directories that are made for it.
        made: Vec<PathBuf>,
    },
    Move {
        path: PathBuf,
        aside: PathBuf,
        /// It was there when the entry was made.
        existed: bool,
    },
}

impl Kept {
    fn path(&self) -> &Path {
        match self {
            Self::Write { path, .. } | Self::Move { path, .. } => path,
        }
    }
}

/// Where a test may stop everything, as kill -9 would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The entry is on disk.
    Journaled,
    /// New content is beside the file.
    Staged(usize),
    /// A step is done.
    Stepped(usize),
    /// The entry says so.
    Marked(State),
    /// A step is taken back.
    Restored(usize),
}

/// Called at every [`Point`]; `false` stops right there.
pub type Watch<'a> = &'a mut dyn FnMut(Point) -> bool;

/// The journal of one user.
#[derive(Debug, Clone)]
pub struct Journal {
    dir: PathBuf,
}

/// How a change ended.
pub(super) enum Proof {
    /// The step that failed succeeds now, or could not be tried.
    Holds,
    /// It still fails; what was said.
    Fails(Text),
}

impl Journal {
    /// The journal below gomend's state directory; made when it is first written to.
    #[must_use]
    pub fn in_dir(state: &Path) -> Self {
        Self {
            dir: state.join("journal"),
        }
    }

    /// Makes the change, proves it, and takes it back if it does not hold. `plan` works the steps
    /// out when nobody else changes anything any more, and what an earlier gomend could not finish is taken back.
    /// [`Error::Busy`] if another one holds the lock for [`PATIENCE`], [`Error::NothingToDo`] without any step: then
    /// nothing is journaled.
    pub(super) fn apply_planned(
        &self,
        proposal: &Proposal,
        plan: impl FnOnce() -> Result<Vec<Step>, Error>,
        prove: impl FnOnce() -> Proof,
        watch: Watch<'_>,
    ) -> Result<Entry, Error> {
        let _lock = self.hold()?;
        self.finish_interrupted()?;
        self.make(proposal, &plan()?, prove, watch)
    }

    fn make(
        &self,
        proposal: &Proposal,
        steps: &[Step],
        prove: impl FnOnce() -> Proof,
        watch: Watch<'_>,
    ) -> Result<Entry, Error> {
        if steps.is_empty() {
            return Err(Error::NothingToDo);
        }
        let record = self.record(proposal, steps)?;
        self.put(&record, State::Pending)?; // whole and on disk before anything else happens
        if !watch(Point::Journaled) {
            return Ok(record.entry(State::Pending));
        }
        for (index, step) in steps.iter().enumerate() {
            match record.make(index, step, watch) {
                Ok(true) => {}
                Ok(false) => return Ok(record.entry(State::Pending)),
                Err(error) => {
                    self.take_back(&record, State::Pending, State::RolledBack, &mut |_| true)?;
                    self.tidy();
                    return Err(error);
                }
            }
        }
        if let Proof::Fails(said) = prove() {
            self.take_back(&record, State::Pending, State::RolledBack, watch)?;
            self.tidy();
            return Err(Error::StillFails(said));
        }
        self.mark(&record, State::Pending, State::Applied)?;
        watch(Point::Marked(State::Applied));
        self.tidy();
        Ok(record.entry(State::Applied))
    }

    /// Takes the entry back, or the last one.
    ///
    /// # Errors
    /// A file was changed since, another gomend is at work, there is no such entry, or a part of it could not be
    /// taken back: what was, is written down.
    pub fn undo(&self, id: Option<&str>) -> Result<Entry, Error> {
        self.undo_watched(id, &mut |_| true)
    }

    /// As [`Journal::undo`], with a place to stop.
    pub(crate) fn undo_watched(&self, id: Option<&str>, watch: Watch<'_>) -> Result<Entry, Error> {
        let _lock = self.hold()?;
        let wanted =
            |number: u64| id.is_none_or(|id| id.trim_start_matches('0') == number.to_string());
        let (record, mut state, to) = self
            .numbers()?
            .into_iter()
            .rev()
            .filter(|(number, _)| wanted(*number))
            .find_map(|(number, state)| {
                let to = state.taken_back()?;
                Some((self.read(number, state).ok()?, state, to))
            })
            .ok_or_else(|| Error::NoEntry(id.map(str::to_owned)))?;
        if state == State::Applied {
            record.unchanged()?;
            self.mark(&record, State::Applied, State::Undoing)?;
            if !watch(Point::Marked(State::Undoing)) {
                return Ok(record.entry(State::Undoing));
            }
            state = State::Undoing;
        }
        self.take_back(&record, state, to, watch)?;
        self.tidy();
        Ok(record.entry(to))
    }

    /// All entries that can be read, the newest first.
    pub fn history(&self) -> Result<Vec<Entry>, Error> {
        let numbers = self.numbers()?.into_iter().rev();
        Ok(numbers
            .filter_map(|(number, state)| Some(self.read(number, state).ok()?.entry(state)))
            .collect())
    }

    /// Why the other entries are skipped, the newest first.
    #[must_use]
    pub fn skipped(&self) -> Vec<Error> {
        let numbers = self.numbers().unwrap_or_default().into_iter().rev();
        numbers
            .filter_map(|(number, state)| self.read(number, state).err())
            .collect()
    }

    /// Takes back what an earlier gomend began and could not finish, before anything is planned:
    /// half of a change is no ground to plan on. What was taken back.
    ///
    /// # Errors
    /// As for [`undo`](Self::undo).
    pub fn recover(&self) -> Result<Vec<Entry>, Error> {
        if !self
            .numbers()?
            .iter()
            .any(|(_, state)| state.is_unfinished())
        {
            return Ok(Vec::new()); // nothing is locked, or even made, for nothing
        }
        let _lock = self.hold()?;
        let finished = self.finish_interrupted();
        self.tidy();
        finished
    }

    fn finish_interrupted(&self) -> Result<Vec<Entry>, Error> {
        let mut finished = Vec::new();
        for (number, state) in self.numbers()? {
            let Some(to) = state.taken_back().filter(|_| state.is_unfinished()) else {
                continue;
            };
            let Ok(record) = self.read(number, state) else {
                continue;
            };
            self.take_back(&record, state, to, &mut |_| true)?;
            finished.push(record.entry(to));
        }
        Ok(finished)
    }

    /// Restores every step, the last one first, then renames the entry.
    fn take_back(
        &self,
        record: &Record,
        from: State,
        to: State,
        watch: Watch<'_>,
    ) -> Result<(), Error> {
        let mut left = Vec::new();
        for (index, kept) in record.steps.iter().enumerate().rev() {
            if kept.restore(record.id).is_err() {
                left.push(kept.path().to_owned());
            }
            if !watch(Point::Restored(index)) {
                return Ok(());
            }
        }
        if !left.is_empty() {
            return Err(Error::HalfBack(left));
        }
        self.mark(record, from, to)?;
        watch(Point::Marked(to));
        Ok(())
    }

    /// The lock, which lasts as long as the file is open.
    fn hold(&self) -> Result<fs::File, Error> {
        self.make_dirs()?;
        let path = self.dir.join("lock");
        let file = file::open_to_lock(&path).map_err(Error::io(Operation::OPEN, &path))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(error) if error == rustix::io::Errno::WOULDBLOCK && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(20)); // flock has no deadline of its own
                }
                Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
                    return Err(Error::Busy(path));
                }
                Err(error) => return Err(Error::Io(Operation::LOCK, path, error.into())),
            }
        }
    }

    fn make_dirs(&self) -> Result<(), Error> {
        let make = || {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.dir)
        };
        make().map_err(Error::io(Operation::MAKE, &self.dir))?;
        file::own_folder(&self.dir).map_err(Error::Untrusted)?;
        Ok(())
    }

    fn path(&self, number: u64, state: State) -> PathBuf {
        self.dir.join(format!("{number:06}.{}", state.id()))
    }

    /// Numbers and states of all entries, the oldest first.
    fn numbers(&self) -> Result<Vec<(u64, State)>, Error> {
        file::own_folder(&self.dir).map_err(Error::Untrusted)?;
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::Io(Operation::READ, self.dir.clone(), error)),
        };
        let mut numbers: Vec<(u64, State)> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                let (number, state) = name.split_once('.')?;
                let state = State::ALL.into_iter().find(|known| known.id() == state)?;
                Some((number.parse().ok()?, state))
            })
            .collect();
        numbers.sort_by_key(|(number, _)| *number);
        Ok(numbers)
    }

    fn record(&self, proposal: &Proposal, steps: &[Step]) -> Result<Record, Error> {
        // behind one's own: who has put others there doesn't choose it
        let is_own = |(number, state): &(u64, State)| {
            let path = self.path(*number, *state);
            !matches!(self.read(*number, *state), Err(Error::Untrusted(_))) && path.is_file()
        };
        let last = self.numbers()?.into_iter().rev().find(is_own);
        let id = last.map_or(Some(1), |(number, _)| number.checked_add(1));
        let id = id.ok_or_else(|| Error::Damaged(self.dir.clone()))?;
        let time = OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Record {
            id,
            time: time.format(&Rfc3339).unwrap_or_default(),
            fix: proposal.id.clone(),
            title: proposal.title.clone(),
            steps: steps.iter().map(|step| kept(step, id)).collect(),
        })
    }

    fn put(&self, record: &Record, state: State) -> Result<(), Error> {
        let path = self.path(record.id, state);
        let json = serde_json::to_vec(record)
            .map_err(|error| Error::Io(Operation::WRITE, path.clone(), error.into()))?;
        let fresh = path.with_extension("new");
        step::stage(&path, &fresh, &json, 0o600)?;
        step::commit(&path, &fresh)
    }

    fn read(&self, number: u64, state: State) -> Result<Record, Error> {
        let path = self.path(number, state);
        let bytes = match file::read_own(&path, file::Kind::Entry) {
            Ok(bytes) => bytes,
            Err(Refusal::Io(error)) => return Err(Error::Io(Operation::READ, path, error)),
            Err(why) => return Err(Error::Untrusted(Untrusted { path, why })),
        };
        serde_json::from_slice(&bytes)
            .ok()
            .filter(|record: &Record| record.id == number && record.is_sound())
            .ok_or(Error::Damaged(path))
    }

    fn mark(&self, record: &Record, from: State, to: State) -> Result<(), Error> {
        let path = self.path(record.id, from);
        fs::rename(&path, self.path(record.id, to)).map_err(Error::io(Operation::RENAME, &path))?;
        step::sync_parent(&path)
    }

    /// Keeps the journal bounded; what an old entry had moved aside goes for good, and so does the
    /// former content of what was taken back. Later is fine too, on a full disk for instance.
    fn tidy(&self) {
        let numbers = self.numbers().unwrap_or_default();
        for &(number, state) in &numbers {
            if matches!(state, State::Undone | State::RolledBack)
                && let Ok(mut record) = self.read(number, state)
                && record.forget_content()
            {
                let _ = self.put(&record, state);
            }
        }
        let finished: Vec<_> = numbers
            .iter()
            .filter(|(_, state)| !state.is_unfinished())
            .collect();
        for (number, state) in finished.iter().take(finished.len().saturating_sub(KEPT)) {
            if let Ok(record) = self.read(*number, *state) {
                for kept in &record.steps {
                    if let Kept::Move { aside, .. } = kept {
                        let _ = step::remove_tree(aside); // space that is not won today
                    }
                }
            }
            let _ = fs::remove_file(self.path(*number, *state));
        }
    }
}

impl Record {
    /// Whether every path is one that a step of this entry can have.
    fn is_sound(&self) -> bool {
        self.steps.iter().all(|kept| match kept {
            Kept::Write { path, made, .. } => {
                let above = |dir: &PathBuf| dir != path && path.starts_with(dir);
                path.is_absolute() && made.iter().all(above)
            }
            Kept::Move { path, aside, .. } => {
                path.is_absolute() && *aside == step::aside(path, self.id)
            }
        })
    }

    /// Drops the former content; false if there is none.
    fn forget_content(&mut self) -> bool {
        let former = self.steps.iter_mut().filter_map(|kept| match kept {
            Kept::Write { before, .. } => before.take(),
            Kept::Move { .. } => None,
        });
        former.count() > 0
    }

    fn entry(&self, state: State) -> Entry {
        Entry {
            id: self.id.to_string(),
            state,
            time: self.time.clone(),
            fix: self.fix.clone(),
            title: self.title.clone(),
            files: self
                .steps
                .iter()
                .map(|kept| kept.path().to_owned())
                .collect(),
        }
    }

    /// Makes one step; `false`: stopped in between.
    fn make(&self, index: usize, step: &Step, watch: Watch<'_>) -> Result<bool, Error> {
        match (step, &self.steps[index]) {
            (Step::Write(write), Kept::Write { made, .. }) => {
                for dir in made {
                    step::make_dir(dir)?;
                }
                let fresh = step::fresh(&write.path, self.id);
                step::stage(&write.path, &fresh, &write.after, write.mode)?;
                if !watch(Point::Staged(index)) {
                    return Ok(false);
                }
                let (now, _) = step::current(&write.path)?;
                if now != write.before {
                    step::remove_file(&fresh)?;
                    return Err(Error::Changed(write.path.clone()));
                }
                step::commit(&write.path, &fresh)?;
            }
            (Step::Move { path }, Kept::Move { aside, existed, .. }) => {
                if *existed {
                    step::move_aside(path, aside)?;
                }
            }
            _ => unreachable!("a record is made from its steps, one by one"),
        }
        Ok(watch(Point::Stepped(index)))
    }

    /// Whether all files still hold what was written.
    fn unchanged(&self) -> Result<(), Error> {
        for kept in &self.steps {
            if let Kept::Write {
                path, after_sha256, ..
            } = kept
            {
                let now = match file::read(path, file::Kind::Module) {
                    Ok(bytes) => Some(digest(&bytes)),
                    Err(refusal) if refusal.is_missing() => None,
                    Err(refusal) => {
                        return Err(Error::Io(Operation::READ, path.clone(), refusal.into()));
                    }
                };
                if now.as_ref() != Some(after_sha256) {
                    return Err(Error::Changed(path.clone()));
                }
            }
        }
        Ok(())
    }
}

fn kept(step: &Step, id: u64) -> Kept {
    match step {
        Step::Write(Write {
            path,
            before,
            before_mode,
            after,
            mode,
        }) => Kept::Write {
            path: path.clone(),
            before: before.as_ref().map(|bytes| STANDARD.encode(bytes)),
            before_mode: *before_mode,
            after_sha256: digest(after),
            mode: *mode,
            made: step::missing_parents(path),
        },
        Step::Move { path } => Kept::Move {
            path: path.clone(),
            aside: step::aside(path, id),
            existed: path.symlink_metadata().is_ok(),
        },
    }
}

impl Kept {
    /// Brings the former state back, from wherever the step had come to. What somebody else has
    /// written since stays.
    fn restore(&self, id: u64) -> Result<(), Error> {
        match self {
            Self::Write {
                path,
                before,
                before_mode,
                after_sha256,
                made,
                ..
            } => {
                let fresh = step::fresh(path, id);
                step::remove_file(&fresh)?;
                let now = file::read(path, file::Kind::Module).ok();
                if now.as_deref().map(digest).as_ref() == Some(after_sha256) {
                    if let Some(before) = before {
                        let bytes = STANDARD
                            .decode(before)
                            .map_err(|_| Error::Damaged(path.clone()))?;
                        step::stage(path, &fresh, &bytes, before_mode.unwrap_or(0o600))?;
                        step::commit(path, &fresh)?;
                    } else {
                        step::remove_file(path)?;
                        step::sync_parent(path)?;
                    }
                }
                for dir in made.iter().rev() {
                    let _ = fs::remove_dir(dir); // only if nothing else came to be in it
                }
                Ok(())
            }
            Self::Move {
                path,
                aside,
                existed,
            } => {
                if !existed {
                    return step::remove_tree(path);
                }
                if aside.symlink_metadata().is_err() {
                    return Ok(()); // never went, or is back
                }
                step::remove_tree(path)?; // what go has fetched again in the meantime
                fs::rename(aside, path).map_err(Error::io(Operation::MOVE_BACK, path))?;
                step::sync_parent(path)
            }
        }
    }
}

/// SHA-256, hex.
fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{Change, Risk, Situation};

    /// A home with a link, a secret, and things that are not there yet.
    struct Home {
        dir: tempfile::TempDir,
        situation: Situation,
    }

    impl Home {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("dotfiles")).unwrap();
            fs::create_dir_all(at("home")).unwrap();
            fs::write(at("dotfiles/gitconfig"), "[user]\n\tname = x").unwrap();
            std::os::unix::fs::symlink("../dotfiles/gitconfig", at("home/.gitconfig")).unwrap();
            fs::write(at("home/.netrc"), "machine other login a password b\n").unwrap();
            fs::set_permissions(at("home/.netrc"), fs::Permissions::from_mode(0o644)).unwrap();
            fs::create_dir_all(at("cache/vcs")).unwrap();
            fs::write(at("cache/vcs/broken"), "garbage").unwrap();
            let env = [
                ("HOME", at("home").to_str().unwrap().to_owned()),
                ("PATH", "/usr/bin:/bin".to_owned()),
            ];
            let situation = Situation::look(env.into_iter().collect(), dir.path(), None);
            Self { dir, situation }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn journal(&self) -> Journal {
            Journal::in_dir(&self.at("state"))
        }

        fn proposal(&self) -> Proposal {
            use crate::change::Secret;
            let safe = |value: &str| Change::GitConfig {
                key: "safe.directory".into(),
                value: value.into(),
            };
            Proposal::new("test", "Change everything", "For the test.")
                .risk(Risk::Low)
                .change(Change::GoEnv {
                    key: "GOPRIVATE".into(),
                    value: Some("a.example".into()),
                })
                .change(safe("/x"))
                .change(safe("/y"))
                .change(Change::Netrc {
                    file: self.at("home/.netrc"),
                    machine: "h.example".into(),
                    login: "bob".into(),
                    password: Some(Secret::new("s3cret-t0ken".into())),
                })
                .change(Change::Append {
                    file: self.at("home/.ssh/known_hosts"),
                    text: "h ssh-rsa A\n".into(),
                    mode: Some(0o600),
                })
                .change(Change::MoveAside {
                    path: self.at("cache/vcs/broken"),
                })
        }

        /// Every path below with bytes, mode and kind, but for the journal.
        fn picture(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
            fn walk(dir: &Path, found: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
                for entry in fs::read_dir(dir).unwrap() {
                    let path = entry.unwrap().path();
                    let metadata = path.symlink_metadata().unwrap();
                    let bytes = match () {
                        () if metadata.is_symlink() => fs::read_link(&path)
                            .unwrap()
                            .into_os_string()
                            .into_encoded_bytes(),
                        () if metadata.is_file() => fs::read(&path).unwrap(),
                        () => Vec::new(),
                    };
                    found.push((path.clone(), metadata.permissions().mode(), bytes));
                    if metadata.is_dir() && !path.ends_with("state") {
                        walk(&path, found);
                    }
                }
            }
            let mut found = Vec::new();
            walk(self.dir.path(), &mut found);
            found.retain(|(path, ..)| !path.ends_with("state"));
            found.sort();
            found
        }

        fn steps(&self) -> Vec<Step> {
            step::prepare(
                &self.proposal().changes,
                &self.situation,
                Instant::now() + PATIENCE,
            )
            .unwrap()
        }

        fn apply(&self, proof: Proof, watch: Watch<'_>) -> Result<Entry, Error> {
            let plan = || Ok(self.steps());
            self.journal()
                .apply_planned(&self.proposal(), plan, || proof, watch)
        }
    }

    #[test]
    fn applied_and_undone_to_the_byte() {
        let home = Home::new();
        let before = home.picture();
        let entry = home.apply(Proof::Holds, &mut |_| true).unwrap();
        assert_eq!(entry.state, State::Applied);
        assert_eq!(
            fs::read_to_string(home.at("home/.config/go/env")).unwrap(),
            "GOPRIVATE=a.example\n"
        );
        assert!(home.at("home/.gitconfig").is_symlink());
        let git = fs::read_to_string(home.at("dotfiles/gitconfig")).unwrap();
        assert_eq!(git.matches("safe").count(), 2);
        let mode = |name: &str| fs::metadata(home.at(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (
                mode("home/.netrc"),
                mode("home/.ssh"),
                mode("home/.ssh/known_hosts")
            ),
            (0o600, 0o700, 0o600)
        );
        assert!(!home.at("cache/vcs/broken").exists());
        assert_eq!(home.journal().history().unwrap()[0].state, State::Applied);
        home.journal().undo(None).unwrap();
        assert_eq!(home.picture(), before);
        assert!(matches!(
            home.journal().undo(None),
            Err(Error::NoEntry(None))
        ));
    }

    #[test]
    fn what_does_not_help_is_rolled_back() {
        let home = Home::new();
        let before = home.picture();
        let error = home
            .apply(Proof::Fails("no".into()), &mut |_| true)
            .unwrap_err();
        assert!(matches!(error, Error::StillFails(_)));
        assert_eq!(home.picture(), before);
        assert_eq!(
            home.journal().history().unwrap()[0].state,
            State::RolledBack
        );
    }

    #[test]
    fn a_kill_at_any_point_of_apply_loses_nothing() {
        for proof in [true, false] {
            for stop in 0.. {
                let home = Home::new();
                let before = home.picture();
                let mut passed = 0;
                let proof = if proof {
                    Proof::Holds
                } else {
                    Proof::Fails(Text::default())
                };
                let ended = home.apply(proof, &mut |_| {
                    passed += 1;
                    passed <= stop
                });
                let finished = passed <= stop;
                // no file is ever half-written
                for (path, _, bytes) in home.picture() {
                    if path.ends_with("gitconfig") {
                        assert!(
                            bytes == b"[user]\n\tname = x" || bytes.ends_with(b"directory = /y\n"),
                            "{bytes:?}"
                        );
                    }
                }
                match home.journal().undo(None) {
                    Ok(_) => {}
                    Err(Error::NoEntry(None)) => assert!(ended.is_err() || finished),
                    Err(error) => panic!("stopped at {stop}: {error:?}"),
                }
                assert_eq!(home.picture(), before, "stopped at {stop}");
                if finished {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_kill_at_any_point_of_undo_loses_nothing() {
        for stop in 0.. {
            let home = Home::new();
            let before = home.picture();
            home.apply(Proof::Holds, &mut |_| true).unwrap();
            let mut passed = 0;
            home.journal()
                .undo_watched(None, &mut |_| {
                    passed += 1;
                    passed <= stop
                })
                .unwrap();
            let finished = passed <= stop;
            if !finished {
                // the next apply finishes it first
                home.journal().recover().unwrap();
            }
            assert_eq!(home.picture(), before, "stopped at {stop}");
            if finished {
                break;
            }
        }
    }

    #[test]
    fn what_changes_nothing_is_not_journaled() {
        let home = Home::new();
        home.apply(Proof::Holds, &mut |_| true).unwrap();
        // as two at once: the second one plans under the lock
        let journal = home.journal();
        let mut proposal = home.proposal();
        proposal.changes.truncate(1);
        let plan = || step::prepare(&proposal.changes, &home.situation, Instant::now());
        let error = journal.apply_planned(&proposal, plan, || Proof::Holds, &mut |_| true);
        assert!(matches!(error, Err(Error::NothingToDo)));
        assert_eq!(journal.history().unwrap().len(), 1);
    }

    #[test]
    fn former_content_is_dropped_once_taken_back() {
        for undo in [true, false] {
            let home = Home::new();
            let netrc = fs::read(home.at("home/.netrc")).unwrap();
            if undo {
                home.apply(Proof::Holds, &mut |_| true).unwrap();
                home.journal().undo(None).unwrap();
            } else {
                let proof = Proof::Fails(Text::default());
                home.apply(proof, &mut |_| true).unwrap_err();
            }
            for entry in fs::read_dir(home.at("state/journal")).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                assert!(!text.contains(&STANDARD.encode(&netrc)), "{text}");
            }
            assert_eq!(home.journal().history().unwrap().len(), 1);
        }
    }

    #[test]
    fn an_entry_that_does_not_fit_together_is_damaged() {
        let home = Home::new();
        home.apply(Proof::Holds, &mut |_| true).unwrap();
        let at = |name: &str| home.at("state/journal").join(name);
        let good = fs::read_to_string(at("000001.applied")).unwrap();
        let aside = format!("broken.gomend-{}", 1);
        for (what, bad) in [
            ("another number", good.replace("\"id\":1", "\"id\":2")),
            (
                "a relative path",
                good.replace("\"path\":\"/", "\"path\":\""),
            ),
            ("another place aside", good.replace(&aside, "other")),
        ] {
            assert_ne!(bad, good, "{what}");
            fs::write(at("000001.applied"), bad).unwrap();
            let skipped = home.journal().skipped();
            assert!(
                matches!(skipped[..], [Error::Damaged(_)]),
                "{what}: {skipped:?}"
            );
            assert!(home.journal().undo(None).is_err(), "{what}");
        }
    }

    #[test]
    fn a_file_edited_since_is_left_alone() {
        let home = Home::new();
        home.apply(Proof::Holds, &mut |_| true).unwrap();
        fs::write(home.at("dotfiles/gitconfig"), "mine").unwrap();
        let picture = home.picture();
        let error = home.journal().undo(None).unwrap_err();
        assert!(
            matches!(&error, Error::Changed(path) if path.ends_with("dotfiles/gitconfig")),
            "{error:?}"
        );
        assert_eq!(home.picture(), picture);
    }

    #[test]
    fn an_edit_in_between_is_noticed() {
        let home = Home::new();
        let steps = home.steps();
        fs::write(home.at("dotfiles/gitconfig"), "mine").unwrap();
        let before = home.picture();
        let error = home
            .journal()
            .apply_planned(&home.proposal(), || Ok(steps), || Proof::Holds, &mut |_| {
                true
            })
            .unwrap_err();
        assert!(matches!(error, Error::Changed(_)), "{error:?}");
        assert_eq!(home.picture(), before);
    }

    #[test]
    fn the_new_secret_stands_in_one_file_only() {
        let home = Home::new();
        home.apply(Proof::Holds, &mut |_| true).unwrap();
        let mut holders = Vec::new();
        let mut folders = vec![home.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let holds = |secret: &str| {
                    memchr::memmem::find(&fs::read(&path).unwrap(), secret.as_bytes()).is_some()
                };
                if path.is_dir() {
                    folders.push(path);
                } else if holds("s3cret-t0ken") || holds(&STANDARD.encode("s3cret-t0ken")) {
                    holders.push(path);
                }
            }
        }
        assert_eq!(holders, [home.at("home/.netrc")]);
        let journal = home.at("state/journal");
        assert_eq!(
            fs::metadata(&journal).unwrap().permissions().mode() & 0o777,
            0o700
        );
        for entry in fs::read_dir(journal).unwrap() {
            assert_eq!(
                entry.unwrap().metadata().unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn hard_links_and_odd_places_are_refused() {
        let home = Home::new();
        fs::hard_link(home.at("dotfiles/gitconfig"), home.at("dotfiles/other")).unwrap();
        let error =
            step::prepare(&home.proposal().changes, &home.situation, Instant::now()).unwrap_err();
        assert!(matches!(error, Error::HardLinked(_)));
    }

    #[test]
    fn one_gomend_at_a_time() {
        let home = Home::new();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let home = &home;
                    scope.spawn(move || {
                        let change = Change::Append {
                            file: home.at(&format!("home/{number}")),
                            text: "x\n".into(),
                            mode: None,
                        };
                        let proposal = Proposal::new("x", "x", "x.").change(change);
                        let plan =
                            || step::prepare(&proposal.changes, &home.situation, Instant::now());
                        home.journal()
                            .apply_planned(&proposal, plan, || Proof::Holds, &mut |_| true)
                            .unwrap()
                            .id
                    })
                })
                .collect();
            let mut ids: Vec<String> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect();
            ids.sort();
            assert_eq!(ids, ["1", "2", "3", "4"]);
        });
    }
}
