//! git's trace2 events of the user's own run, collected where nothing is left behind.
//!
//! `GIT_TRACE2_EVENT` (git 2.22 and later; Documentation/technical/api-trace2)
//! takes an absolute path. On Linux that is a memory file reached through
//! `/proc/PID/fd/N`; elsewhere a file in a private folder that is deleted.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::sys;
use crate::world::{World, leak};

/// More than the events of any run that a person waits for.
pub const MOST: u64 = 8 * 1024 * 1024;

/// Where the events go.
pub struct Trace {
    file: File,
    folder: Option<PathBuf>,
    /// The environment entry for the child.
    pub entry: &'static CStr,
    sealed: bool,
}

impl Trace {
    /// Somewhere for git to write to, unless the user traces already.
    #[must_use]
    pub fn open(world: &World) -> Option<Self> {
        // git would be sent SIGXFSZ for a byte of ours too many
        if is_traced_already(world) || sys::most_of_a_file().is_some_and(|most| most < MOST) {
            return None;
        }
        if cfg!(target_os = "linux") {
            Self::nameless()
        } else {
            Self::in_folder().ok()
        }
    }

    fn nameless() -> Option<Self> {
        use std::os::fd::AsRawFd;
        let own = sys::own_proc()?;
        let file = sys::nameless_file(c"gomend-trace").ok()?;
        let entry = leak(format!("GIT_TRACE2_EVENT={own}/fd/{}", file.as_raw_fd()).as_bytes());
        Some(Self {
            file,
            folder: None,
            entry,
            sealed: false,
        })
    }

    fn in_folder() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!(
            "gomend-{}-{:x}",
            sys::own_pid(),
            std::ptr::from_ref(&MOST) as usize
        );
        let folder = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let path = folder.join("trace");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        let entry = leak(&[b"GIT_TRACE2_EVENT=", path.as_os_str().as_bytes()].concat());
        Ok(Self {
            file,
            folder: Some(folder),
            entry,
            sealed: false,
        })
    }

    /// Stops the collection at its bound; git takes that silently.
    pub fn bound(&mut self) {
        if !self.sealed
            && self
                .file
                .metadata()
                .is_ok_and(|metadata| metadata.len() > MOST)
        {
            self.sealed = sys::seal(&self.file);
            if !self.sealed {
                let _ = self.file.set_len(MOST); // until the next look
            }
        }
    }

    /// Whether git reported an error.
    #[must_use]
    pub fn holds_an_error(&self) -> bool {
        const EVENT: &[u8] = b"\"event\":\"error\"";
        let mut file = &self.file;
        let mut kept = 0; // of the last piece, so that nothing is missed between two
        let mut piece = [0; 16 * 1024];
        if file.rewind().is_err() {
            return false; // what can't be read is missing from the evidence, no more
        }
        while let Ok(count @ 1..) = file.read(&mut piece[kept..]) {
            let end = kept + count;
            if sys::contains(&piece[..end], EVENT) {
                return true;
            }
            kept = end.min(EVENT.len() - 1);
            piece.copy_within(end - kept..end, 0);
        }
        false
    }

    /// Where the events are.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Our variable would replace a trace that the user set up (environment, system
/// or global configuration), so any mention of trace2 keeps us away.
fn is_traced_already(world: &World) -> bool {
    world
        .env
        .iter()
        .any(|entry| entry.to_bytes().starts_with(b"GIT_TRACE2"))
        || config_files(world)
            .iter()
            .any(|path| mentions_trace(world, path, 0))
}

/// git's system and global configuration files (git-config(1), FILES).
fn config_files(world: &World) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if world.set_var("GIT_CONFIG_NOSYSTEM").is_none() {
        match world.set_var("GIT_CONFIG_SYSTEM") {
            Some(file) => files.push(PathBuf::from(file)),
            None => files.extend(system_config(world)),
        }
    }
    if let Some(file) = world.var("GIT_CONFIG_GLOBAL") {
        files.push(PathBuf::from(file));
        return files;
    }
    let home = world.set_var("HOME").map(Path::new);
    match world.set_var("XDG_CONFIG_HOME") {
        Some(config) => files.push(Path::new(config).join("git/config")),
        None => files.extend(home.map(|home| home.join(".config/git/config"))),
    }
    files.extend(home.map(|home| home.join(".gitconfig")));
    files
}

/// A git below a prefix other than /usr reads `PREFIX/etc/gitconfig`.
fn system_config(world: &World) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("/etc/gitconfig")];
    let path = world.var("PATH").map_or(&b""[..], OsStr::as_bytes);
    for folder in path.split(|&byte| byte == b':') {
        let folder = Path::new(OsStr::from_bytes(folder));
        if folder.join("git").exists() {
            let prefix = folder
                .parent()
                .filter(|prefix| *prefix != Path::new("/usr"));
            files.extend(prefix.map(|prefix| prefix.join("etc/gitconfig")));
            break;
        }
    }
    files
}

/// git's configuration is never larger than this, bytes.
const MOST_SETTINGS: u64 = 4 << 20;

/// Whether a configuration file, or one that it includes, speaks of trace2.
fn mentions_trace(world: &World, file: &Path, depth: u32) -> bool {
    let Ok(text) = sys::file::read(file, MOST_SETTINGS) else {
        return false;
    };
    let lower = text.to_ascii_lowercase();
    if sys::contains(&lower, b"trace2") {
        return true;
    }
    if depth > 3 || !sys::contains(&lower, b"include") {
        return false;
    }
    text.split(|&byte| byte == b'\n')
        .filter_map(included)
        .any(|path| mentions_trace(world, &resolve(world, file, path), depth + 1))
}

/// The value of a `path = ...` line.
fn included(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let (key, value) = line.split_at(line.iter().position(|&byte| byte == b'=')?);
    let value = value[1..].trim_ascii();
    let bare = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(value);
    key.trim_ascii()
        .eq_ignore_ascii_case(b"path")
        .then_some(bare)
}

fn resolve(world: &World, from: &Path, path: &[u8]) -> PathBuf {
    if let (Some(below), Some(home)) = (path.strip_prefix(b"~/"), world.set_var("HOME")) {
        return Path::new(home).join(OsStr::from_bytes(below));
    }
    let path = OsString::from_vec(path.to_vec());
    from.parent()
        .map_or_else(|| PathBuf::from(&path), |folder| folder.join(&path))
}
