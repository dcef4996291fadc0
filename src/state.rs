//! What gomend remembers: the last reports, by terminal and folder.
//!
//! In `$XDG_STATE_HOME/gomend` (XDG Base Directory Specification; on macOS below
//! `~/Library/Application Support`), folders 0700, files 0600, at most [`MOST`]
//! reports. Nothing is written where the effective user doesn't own HOME: under
//! sudo the files would belong to root; nor below a folder in which somebody else could exchange
//! ours. What others have put there is not read, and links are not followed.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::file::{self, Untrusted};
use crate::lang::tr;
use crate::mask;
use crate::probe::Observation;
use crate::report::Report;
use crate::settings::Env;
use crate::surroundings::Surroundings;
use crate::sys;
use crate::tool::TICK;

/// Reports that are kept.
const MOST: usize = 32;

/// gomend's own folder.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

/// Why nothing is kept.
#[derive(Debug)]
pub enum Unusable {
    /// HOME is not set, or belongs to another user (sudo).
    Home,
    /// Somebody else could read or exchange what is kept there.
    Untrusted(Untrusted),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Home => f.write_str(&tr!(
                "HOME is not set or belongs to another user (sudo?): nothing is written there"
            )),
            Self::Untrusted(untrusted) => f.write_str(&tr!(
                "{untrusted}; nothing is kept there, set XDG_STATE_HOME to a folder of your own",
                untrusted
            )),
        }
    }
}

impl From<Untrusted> for Unusable {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

/// A remembered report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Remembered {
    /// Names it, for instance `18f3c2a9d10-4242`; later ones sort behind earlier ones.
    pub id: String,
    /// Whether somebody saw it.
    pub shown: bool,
    /// The terminal it was shown on (device number), if it was one.
    pub terminal: Option<u64>,
    /// The folder that go ran in.
    pub dir: Option<PathBuf>,
    /// What the report was made of, besides its observations.
    #[serde(default)]
    pub evidence: Evidence,
    /// What of its environment decided; `None`: not known, a saved log's.
    #[serde(default)]
    pub surroundings: Option<Surroundings>,
    /// The report.
    pub report: Report,
}

impl Remembered {
    /// Whether it was made in the terminal or the folder that we are in.
    #[must_use]
    pub fn is_of_here(&self) -> bool {
        let (terminal, dir) = (terminal(), std::env::current_dir().ok());
        terminal.is_some() && self.terminal == terminal || dir.is_some() && self.dir == dir
    }

    /// Whether a word has the form of an id: digits first, where a fix has a letter.
    #[must_use]
    pub fn may_be_id(word: &str) -> bool {
        word.starts_with(|sign: char| sign.is_ascii_digit())
            && word
                .bytes()
                .all(|sign| sign.is_ascii_hexdigit() || sign == b'-')
    }
}

impl State {
    /// The folder that this environment names, closed to others if it is there.
    pub fn of(env: &Env) -> Result<Self, Unusable> {
        let home = env.folder("HOME").ok_or(Unusable::Home)?;
        let owner = fs::metadata(&home).map_err(|_| Unusable::Home)?.uid();
        if owner != sys::effective_user() {
            return Err(Unusable::Home);
        }
        let base = env.base_folder("XDG_STATE_HOME", ".local/state");
        let folder = base.ok_or(Unusable::Home)?.join("gomend");
        file::trust(&folder)?;
        file::own_folder(&folder)?;
        Ok(Self { folder })
    }

    /// The folder; it need not exist.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Remembers a report and forgets the oldest; its id.
    ///
    /// # Errors
    /// The folder is not this user's own, another gomend keeps it locked, or the disk is full: the diagnosis
    /// stands without.
    pub fn remember(&self, evidence: &Evidence, report: Report, shown: bool) -> io::Result<String> {
        let folder = self.make("reports")?;
        let millis = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        let id = format!("{millis:x}-{}", std::process::id());
        let remembered = Remembered {
            id: id.clone(),
            shown,
            terminal: terminal(),
            dir: std::env::current_dir().ok(),
            evidence: evidence.clone(),
            surroundings: report
                .command
                .is_some()
                .then(|| Surroundings::of(&Env::from_process())),
            report,
        };
        let json = mask::to_string(&remembered)?;
        write_private(&folder.join(format!("{id}.json")), json.as_bytes())?;
        forget_oldest(&folder);
        Ok(id)
    }

    /// The newest report of this terminal or folder, shown or only kept; else the newest of all.
    #[must_use]
    pub fn last(&self) -> Option<Remembered> {
        let mut all = self.all();
        let newest = all.pop()?;
        if newest.is_of_here() {
            return Some(newest);
        }
        let here = all.into_iter().rev().find(Remembered::is_of_here);
        here.or(Some(newest))
    }

    /// The report with this id, or the newest whose id begins with it.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<Remembered> {
        self.all()
            .into_iter()
            .rev()
            .find(|one| one.id.starts_with(id))
    }

    /// Every readable report, the oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Remembered> {
        let files = files_of(&self.folder.join("reports"));
        files
            .iter()
            .filter_map(|path| {
                let json = file::read_own(path, file::Kind::Report).ok()?;
                serde_json::from_slice(&json).ok()
            })
            .collect()
    }

    /// Failures side by side (a workspace, a build tool) look once: whoever comes second waits
    /// for the first, at most for `patience`, and takes what it saw in the meantime.
    pub fn share(
        &self,
        what: &str,
        patience: Duration,
        look: impl FnOnce() -> Vec<Observation>,
    ) -> Vec<Observation> {
        let came = SystemTime::now();
        let Ok(mut file) = self.shared_file(what, Instant::now() + patience) else {
            return look();
        };
        let changed = file.metadata().and_then(|metadata| metadata.modified());
        let is_fresh = changed.is_ok_and(|changed| changed >= came);
        let mut json = Vec::new();
        if is_fresh && file.read_to_end(&mut json).is_ok() {
            // one of a few slots: it may hold somebody else's
            if let Ok((of, seen)) = serde_json::from_slice::<(String, _)>(&json)
                && of == what
            {
                return seen;
            }
        }
        let mut put = |bytes: &[u8]| {
            let emptied = file.set_len(0).and_then(|()| file.rewind());
            emptied.and_then(|()| file.write_all(bytes))
        };
        let _ = put(std::process::id().to_string().as_bytes()); // for those who wait
        let seen = look();
        let _ = mask::to_string(&(what, &seen)).map(|json| put(json.as_bytes())); // unshared is fine
        seen
    }

    /// Locked until it is dropped. Who holds it may be stopped, or hang where nothing ends it.
    fn shared_file(&self, what: &str, until: Instant) -> io::Result<File> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let path = self
            .make("seen")?
            .join(format!("{:016x}", hasher.finish() % 64));
        let mut file = file::open_to_lock(&path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => {}
            }
            let mut holder = Vec::new();
            let named = file.rewind().and_then(|()| {
                let mut beginning = io::Read::by_ref(&mut file).take(16);
                beginning.read_to_end(&mut holder)
            });
            let holder = std::str::from_utf8(&holder).unwrap_or_default().parse();
            let in_vain = named.is_ok() && holder.is_ok_and(sys::session::is_stopped);
            if in_vain || Instant::now() >= until {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            std::thread::sleep(TICK); // flock(2) has no deadline of its own
        }
    }

    /// Makes a folder below ours, private.
    ///
    /// # Errors
    /// What lies there is none of this user's own, or the system's.
    pub fn make(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        let is_ours = |folder: &Path| {
            file::own_folder(folder).map_err(|untrusted| io::Error::other(untrusted.to_string()))
        };
        if !is_ours(&folder)? {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
            is_ours(&folder)?; // whoever made it just now
        }
        Ok(folder)
    }
}

fn forget_oldest(folder: &Path) {
    let files = files_of(folder);
    for file in files.iter().take(files.len().saturating_sub(MOST)) {
        let _ = fs::remove_file(file); // another gomend may have been faster
    }
}

/// The report files, the oldest first: ids sort by time.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// Writes what somebody waits for: for this user alone, and beside the file first, then renamed, so that
/// whoever waits never reads half of it. What is no file (a pipe, a device, a descriptor) is written to as it is.
pub(crate) fn write_out(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return file::open_to_add(path).and_then(|mut file| file.write_all(bytes));
    }
    let path = file::to_write(path)?;
    match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => {
            let owner = metadata.uid();
            if ![0, sys::effective_user()].contains(&owner) {
                return Err(file::Refusal::Foreign(owner).into()); // as `protected_fifos` of proc(5)
            }
            file::open_to_add(&path).and_then(|mut file| file.write_all(bytes))
        }
        _ => write_private(&path, bytes),
    }
}

/// Writes a file that only this user can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("new{}", std::process::id()));
    let _ = fs::remove_file(&fresh); // left by one that was killed, or a link
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh); // of a full disk, nothing half-written stays
    }
    written
}

/// The terminal that stderr or stdin is: its device number.
fn terminal() -> Option<u64> {
    [2, 0]
        .into_iter()
        .find(|&fd| sys::is_terminal(fd))
        .and_then(|fd| sys::metadata_of(fd).ok())
        .map(|metadata| metadata.rdev())
}
