//! What lies on this machine's disk, as far as a plan may ask.
//!
//! In: a path. Out: what is there, looked at once: whoever asks again hears the same, so that all plans of a situation
//! speak of one state, and a plan can be tested with a disk that is made up. Nothing is written, no program is run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::hash::Hash;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Access, access, statvfs};

use crate::file::{self, Kind};
use crate::settings::Env;
use crate::tool;

/// A disk, and what was seen of it so far; copies share that. By default one with nothing on it: that of
/// another machine.
#[derive(Clone, Default)]
pub struct Disk {
    is_real: bool,
    seen: Arc<Read>,
}

#[derive(Default)]
struct Read {
    texts: Memo<PathBuf, Option<Arc<str>>>,
    /// By path, and whether links are followed.
    nodes: Memo<(PathBuf, bool), Option<Node>>,
    folders: Memo<PathBuf, Option<Arc<[Item]>>>,
    canonical: Memo<PathBuf, Option<PathBuf>>,
    writable: Memo<PathBuf, bool>,
}

/// Answers by question.
struct Memo<Q, A>(Mutex<HashMap<Q, A>>);

impl<Q, A> Default for Memo<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Eq + Hash, A: Clone> Memo<Q, A> {
    fn get(&self, question: Q, look: impl FnOnce(&Q) -> A) -> A {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(&question) {
            return answer.clone();
        }
        let answer = look(&question);
        known.insert(question, answer.clone());
        answer
    }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) is_file: bool,
    pub(super) is_folder: bool,
    /// Bytes.
    pub(super) len: u64,
    /// Permission bits.
    pub(super) mode: u32,
    /// It belongs to the user that we are.
    pub(super) is_ours: bool,
}

impl From<fs::Metadata> for Node {
    fn from(metadata: fs::Metadata) -> Self {
        Self {
            is_file: metadata.is_file(),
            is_folder: metadata.is_dir(),
            len: metadata.len(),
            mode: metadata.permissions().mode(),
            is_ours: metadata.uid() == rustix::process::geteuid().as_raw(),
        }
    }
}

/// What stands in a folder; a link is neither file nor folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) is_file: bool,
    pub(super) is_folder: bool,
}

impl Item {
    /// Its name in the folder.
    pub(super) fn name(&self) -> Cow<'_, str> {
        self.path.file_name().unwrap_or_default().to_string_lossy()
    }
}

impl std::fmt::Debug for Disk {
    /// Without the texts: logins are among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Disk");
        shown
            .field("is_real", &self.is_real)
            .finish_non_exhaustive()
    }
}

impl Disk {
    /// This machine's.
    #[must_use]
    pub fn real() -> Self {
        Self {
            is_real: true,
            ..Self::default()
        }
    }

    /// The same disk, of which nothing was seen yet; one that was made up stays as it is.
    pub(super) fn anew(&self) -> Self {
        if self.is_real {
            Self::real()
        } else {
            self.clone()
        }
    }

    /// A file's text; nothing where there is none that may be read.
    pub(super) fn text(&self, path: &Path, kind: Kind) -> Option<Arc<str>> {
        let look = |path: &PathBuf| self.read(|| file::text(path, kind).ok().map(Into::into));
        self.seen.texts.get(path.to_owned(), look)
    }

    /// The text of a file that a project brings along: it may not show the user's other files.
    pub(super) fn text_within(&self, root: &Path, path: &Path, kind: Kind) -> Option<String> {
        self.read(|| file::text_within(root, path, kind).ok())
    }

    /// The last `most` bytes of a file.
    pub(super) fn tail(&self, path: &Path, most: u64) -> Option<Vec<u8>> {
        self.read(|| file::tail(path, most).ok())
    }

    /// What is at a path, behind links.
    pub(super) fn node(&self, path: &Path) -> Option<Node> {
        let look =
            |(path, _): &(PathBuf, bool)| self.read(|| Some(fs::metadata(path).ok()?.into()));
        self.seen.nodes.get((path.to_owned(), true), look)
    }

    /// What is at a path itself: of a link, the link.
    pub(super) fn own_node(&self, path: &Path) -> Option<Node> {
        let look =
            |(path, _): &(PathBuf, bool)| self.read(|| Some(path.symlink_metadata().ok()?.into()));
        self.seen.nodes.get((path.to_owned(), false), look)
    }

    /// Whether something is there, behind links.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.node(path).is_some()
    }

    /// Whether a regular file is there.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        self.node(path).is_some_and(|node| node.is_file)
    }

    /// Whether a folder is there.
    pub(super) fn has_folder(&self, path: &Path) -> bool {
        self.node(path).is_some_and(|node| node.is_folder)
    }

    /// The path itself or the nearest folder above it that is there.
    pub(super) fn nearest<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.ancestors().find(|path| self.has(path))
    }

    /// What stands in a folder, in no order; nothing where it can't be read.
    pub(super) fn folder(&self, path: &Path) -> Option<Arc<[Item]>> {
        let look = |path: &PathBuf| self.read(|| items(path));
        self.seen.folders.get(path.to_owned(), look)
    }

    /// The path without links, `.` and `..`; nothing where it leads nowhere.
    pub(super) fn canonical(&self, path: &Path) -> Option<PathBuf> {
        let look = |path: &PathBuf| self.read(|| path.canonicalize().ok());
        self.seen.canonical.get(path.to_owned(), look)
    }

    /// Whether this user may write to a file, or in a folder; not where nothing is.
    pub(super) fn may_write(&self, path: &Path) -> bool {
        let needed = if self.has_folder(path) {
            Access::WRITE_OK | Access::EXEC_OK
        } else {
            Access::WRITE_OK
        };
        let look = |path: &PathBuf| self.is_real && access(path, needed).is_ok();
        self.seen.writable.get(path.to_owned(), look)
    }

    /// Whether this user may write in a folder, or make it where it isn't there yet.
    pub(super) fn may_write_below(&self, folder: &Path) -> bool {
        self.nearest(folder)
            .is_some_and(|there| self.has_folder(there) && self.may_write(there))
    }

    /// What is free where a path lies or would, bytes.
    pub(super) fn room(&self, path: &Path) -> Option<u64> {
        let there = self.nearest(path)?;
        self.read(|| statvfs(there).ok())
            .map(|stat| stat.f_bavail * stat.f_frsize)
    }

    /// The program of this name on PATH.
    pub(super) fn program(&self, name: &str, env: &Env) -> Option<PathBuf> {
        self.read(|| tool::find(name, env))
    }

    /// Whether a program of this user runs in a folder or has a file of it open; nothing where that
    /// can't be seen.
    pub(super) fn is_used(&self, folder: &Path) -> Option<bool> {
        let folder = self.canonical(folder)?;
        let below = |link: &Path| fs::read_link(link).is_ok_and(|path| path.starts_with(&folder));
        let processes = self.read(|| fs::read_dir("/proc").ok())?;
        let processes = processes.filter_map(|entry| {
            let entry = entry.ok()?;
            let number = entry.file_name().to_str()?.parse::<u32>().is_ok();
            number.then(|| entry.path())
        });
        let mut processes = processes.peekable();
        processes.peek()?;
        Some(processes.into_iter().any(|process| {
            let open = fs::read_dir(process.join("fd")).into_iter().flatten();
            below(&process.join("cwd")) || open.flatten().any(|entry| below(&entry.path()))
        }))
    }

    fn read<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.is_real { look() } else { None }
    }
}

fn items(folder: &Path) -> Option<Arc<[Item]>> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let item = |entry: fs::DirEntry| {
        let kind = entry.file_type();
        Item {
            path: entry.path(),
            is_file: kind.as_ref().is_ok_and(fs::FileType::is_file),
            is_folder: kind.as_ref().is_ok_and(fs::FileType::is_dir),
        }
    };
    Some(entries.map(item).collect())
}

#[cfg(test)]
impl Disk {
    /// A disk with these files on it, and no links; all is this user's.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let disk = Self::default();
        let mut folders: HashMap<PathBuf, Vec<Item>> = HashMap::new();
        let mut add = |path: &Path, text: Option<&str>| {
            let node = Node {
                is_file: text.is_some(),
                is_folder: text.is_none(),
                len: text.map_or(0, str::len) as u64,
                mode: 0o600,
                is_ours: true,
            };
            let seen = &disk.seen;
            for follows in [true, false] {
                seen.nodes.get((path.to_owned(), follows), |_| Some(node));
            }
            seen.texts.get(path.to_owned(), |_| text.map(Into::into));
            seen.canonical
                .get(path.to_owned(), |path| Some(path.clone()));
            seen.writable.get(path.to_owned(), |_| true);
            let items = path
                .parent()
                .map(|folder| folders.entry(folder.to_owned()).or_default());
            let item = Item {
                path: path.to_owned(),
                is_file: node.is_file,
                is_folder: node.is_folder,
            };
            if let Some(items) = items.filter(|items| !items.contains(&item)) {
                items.push(item);
            }
        };
        for (path, text) in files {
            add(Path::new(path), Some(text));
            for folder in Path::new(path).ancestors().skip(1) {
                add(folder, None);
            }
        }
        for (folder, items) in folders {
            disk.seen.folders.get(folder, |_| Some(items.into()));
        }
        disk
    }
}
