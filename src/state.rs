//! What gomend remembers: the last reports, by terminal and folder.
//!
//! In `$XDG_STATE_HOME/gomend` (XDG Base Directory Specification; on macOS below
//! `~/Library/Application Support`), folders 0700, files 0600, at most [`MOST`]
//! reports. Nothing is written where the effective user doesn't own HOME: under
//! sudo the files would belong to root.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::lang::Lang;
use crate::mask;
use crate::probe::Observation;
use crate::report::Report;
use crate::settings::Env;
use crate::sys;

/// Reports that are kept.
const MOST: usize = 32;

/// gomend's own folder.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
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
    /// The language of the report's words.
    #[serde(default)]
    pub lang: Lang,
    /// What the report was made of, besides its observations.
    #[serde(default)]
    pub evidence: Evidence,
    /// The report.
    pub report: Report,
}

impl State {
    /// The folder that this environment names; `None` if nothing may or can be kept.
    #[must_use]
    pub fn of(env: &Env) -> Option<Self> {
        let home = env.folder("HOME")?;
        if fs::metadata(&home).ok()?.uid() != sys::effective_user() {
            return None;
        }
        let base = env.base_folder("XDG_STATE_HOME", ".local/state")?;
        Some(Self {
            folder: base.join("gomend"),
        })
    }

    /// The folder; it need not exist.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Remembers a report and forgets the oldest; its id.
    pub fn remember(&self, evidence: &Evidence, report: Report, shown: bool) -> io::Result<String> {
        let folder = self.make("reports")?;
        let millis = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        let id = format!("{millis:x}-{}", std::process::id());
        let remembered = Remembered {
            id: id.clone(),
            shown,
            terminal: terminal(),
            dir: std::env::current_dir().ok(),
            lang: Lang::spoken(),
            evidence: evidence.clone(),
            report,
        };
        let json = mask::to_string(&remembered)?;
        write_private(&folder.join(format!("{id}.json")), json.as_bytes())?;
        forget_oldest(&folder);
        Ok(id)
    }

    /// The last report that was shown in this terminal, else in this folder, else anywhere.
    #[must_use]
    pub fn last(&self) -> Option<Remembered> {
        let (here, dir) = (terminal(), std::env::current_dir().ok());
        let shown: Vec<Remembered> = self
            .all()
            .into_iter()
            .rev()
            .filter(|one| one.shown)
            .collect();
        let of_terminal = shown
            .iter()
            .find(|one| here.is_some() && one.terminal == here);
        let of_folder = shown.iter().find(|one| dir.is_some() && one.dir == dir);
        of_terminal.or(of_folder).or(shown.first()).cloned()
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
            .filter_map(|file| serde_json::from_slice(&fs::read(file).ok()?).ok())
            .collect()
    }

    /// Failures side by side (a workspace, a build tool) look once: whoever comes second waits
    /// for the first, and takes what it saw in the meantime.
    pub fn share(&self, what: &str, look: impl FnOnce() -> Vec<Observation>) -> Vec<Observation> {
        let came = SystemTime::now();
        let Ok(mut file) = self.shared_file(what) else {
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
        let seen = look();
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(mask::to_string(&(what, &seen))?.as_bytes())); // unshared is fine
        seen
    }

    /// Locked until it is dropped.
    fn shared_file(&self, what: &str) -> io::Result<File> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let path = self
            .make("seen")?
            .join(format!("{:016x}", hasher.finish() % 64));
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Makes a folder below ours, private.
    pub fn make(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
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

/// Writes a file that only this user can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let written = File::options()
        .write(true)
        .create(true)
        .truncate(true)
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
