//! What must not outlive gomend: throw-away folders and the programs that work in them.
//!
//! In: folders as they are made, programs as they are started. Out: neither, once gomend ends, by
//! itself or by Ctrl-C, SIGTERM or SIGHUP; the terminal is then as it was. After SIGKILL the programs
//! end too ([`sys::Lifeline`]), and the next gomend sweeps the folders: a folder is locked (flock(2)) as
//! long as its gomend lives, and its name holds that one's pid.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{
    Pid, Signal, kill_process_group, test_kill_process, test_kill_process_group,
};

use crate::sys;

/// How often the watcher looks whether somebody asked for the end.
const TICK: Duration = Duration::from_millis(20);
/// How long killed programs may take to be gone.
const DYING: Duration = Duration::from_millis(500);
/// How long whoever minds interrupts itself may take to come to an end.
const COURTESY: Duration = Duration::from_secs(3);
/// Entries of the temporary folder that are looked at.
const MOST: usize = 10_000;
/// How the names of folders begin.
const PREFIX: &str = "gomend-";

/// What there is at the moment.
static OURS: Mutex<Ours> = Mutex::new(Ours {
    folders: Vec::new(),
    groups: Vec::new(),
});

struct Ours {
    folders: Vec<PathBuf>,
    groups: Vec<u32>,
}

fn ours() -> MutexGuard<'static, Ours> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The temporary folder; the system's, where TMPDIR names none.
fn below() -> PathBuf {
    let named = std::env::temp_dir();
    if named.is_dir() {
        named
    } else {
        PathBuf::from("/tmp")
    }
}

/// A throw-away folder, for this user alone; removed as it is dropped.
#[derive(Debug)]
pub struct Folder {
    dir: tempfile::TempDir,
    /// The lock lasts as long as this is open.
    _lock: File,
}

impl Folder {
    /// Makes one below the temporary folder.
    pub fn new() -> io::Result<Self> {
        watch();
        let mut ours = ours();
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(below())?;
        let lock = lock(dir.path())?;
        ours.folders.push(dir.path().to_owned());
        Ok(Self { dir, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // on the list as long as anything of it is there: the end may come meanwhile
        let _ = fs::remove_dir_all(self.dir.path()); // else the next one sweeps it
        ours().folders.retain(|path| path != self.dir.path());
    }
}

/// Process groups that run, and what ends them if we are killed.
pub struct Running(Vec<(u32, sys::Lifeline)>);

impl Drop for Running {
    fn drop(&mut self) {
        let ended = std::mem::take(&mut self.0);
        ours()
            .groups
            .retain(|group| ended.iter().all(|(ended, _)| ended != group));
        for (_, line) in ended {
            line.let_go();
        }
    }
}

/// Starts a program that leads a process group of its own. Nothing is started any more once the
/// end has begun.
///
/// # Errors
/// What `start` says.
pub fn start(
    start: impl FnOnce() -> io::Result<duct::Handle>,
) -> io::Result<(duct::Handle, Running)> {
    watch();
    let mut ours = ours();
    let handle = start()?;
    let groups = handle.pids();
    ours.groups.extend(&groups);
    let tied = |group: u32| (group, sys::Lifeline::to_group(group.cast_signed()));
    Ok((handle, Running(groups.into_iter().map(tied).collect())))
}

/// Ends everything and this process when somebody asks for it. Who minds interrupts itself
/// ([`sys::note_interrupts`]) has some time to come to an end.
pub fn watch() {
    static WATCHER: Once = Once::new();
    WATCHER.call_once(|| {
        sys::catch_interrupts();
        std::thread::spawn(|| {
            let signal = loop {
                match sys::interrupted_by() {
                    Some(signal) => break signal,
                    None => std::thread::sleep(TICK),
                }
            };
            let until = Instant::now() + COURTESY;
            while sys::interrupts_are_noted() && Instant::now() < until {
                std::thread::sleep(TICK);
            }
            sys::terminal::put_back();
            let ours = ours(); // kept: nobody starts or makes anything any more
            end(&ours);
            sys::end_as(sys::Exit::Signal(signal))
        });
    });
}

fn end(ours: &Ours) {
    let groups = || {
        let pid = |group: &u32| i32::try_from(*group).ok().and_then(Pid::from_raw);
        ours.groups.iter().filter_map(pid)
    };
    for group in groups() {
        let _ = kill_process_group(group, Signal::KILL); // gone already: nothing to kill
    }
    let until = Instant::now() + DYING;
    while groups().any(|group| test_kill_process_group(group).is_ok()) && Instant::now() < until {
        std::thread::sleep(TICK);
    }
    let until = Instant::now() + DYING;
    for folder in &ours.folders {
        // whoever dropped it may be removing it at this moment, and both stumble over each other
        while fs::remove_dir_all(folder).is_err() && folder.exists() && Instant::now() < until {
            std::thread::sleep(TICK);
        }
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let file = sys::file::open_folder(folder)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Removes folders of this user whose gomend is gone.
pub fn sweep() {
    let entries = fs::read_dir(below()).into_iter().flatten();
    for entry in entries.take(MOST).flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(pid_of) else {
            continue;
        };
        let path = entry.path();
        let is_ours = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == sys::effective_user());
        let is_gone = test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
        // the pid may be one of another namespace: the lock counts as well
        if is_ours && is_gone && lock(&path).is_ok() {
            let _ = fs::remove_dir_all(path); // another one may be faster
        }
    }
}

/// The pid in a folder's name, `gomend-PID-XXXXXX`.
fn pid_of(name: &str) -> Option<Pid> {
    let (pid, rest) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_random = rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 0 && is_random)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end may come while a folder is removed, and removes what is on the list.
    #[test]
    fn a_folder_is_on_the_list_as_long_as_it_is_there() {
        let folder = Folder::new().unwrap();
        let path = folder.path().to_owned();
        for number in 0..2_000 {
            fs::write(path.join(number.to_string()), "").unwrap();
        }
        let dropping = std::thread::spawn(move || drop(folder));
        loop {
            let ours = ours();
            let is_there = path.exists();
            if !ours.folders.contains(&path) {
                assert!(!is_there);
                break;
            }
        }
        dropping.join().unwrap();
    }

    #[test]
    fn names_of_ours() {
        let folder = Folder::new().unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        assert_eq!(pid_of(name), Some(rustix::process::getpid()));
        for name in [
            "gomend-notes",
            "gomend-1-abc",
            "gomend-1-abc/..",
            "gomend--1-abcdef",
            "x",
        ] {
            assert_eq!(pid_of(name), None, "{name}");
        }
        assert!(lock(folder.path()).is_err());
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
