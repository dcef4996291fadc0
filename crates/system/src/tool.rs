//! Runs git, go and ssh for probes and replays, and shells that are asked which go they find.
//!
//! In: a program, arguments, changes to the user's environment, a deadline.
//! Out: what it printed, bounded, and how it ended. Nothing that runs here may
//! prompt, open a dialog, read the terminal or outlive its deadline: prompts
//! are off, standard input is empty, and the whole process group is killed
//! when time is up. Values reach programs as arguments, never through a shell.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Env;
use crate::file::{self, Kind};
use crate::lang::{Text, msg};
use crate::scratch;

/// Set from anywhere, for instance by a Ctrl-C handler; seen within [`TICK`].
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends everything that looks at this flag.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often a waiting loop looks at [`Cancel`]: short for a person, long for a processor.
pub const TICK: Duration = Duration::from_millis(20);

/// How long the streams of a program that ended by itself are waited for.
const LATE_READERS: Duration = Duration::from_secs(1);

/// How long git may take to read a file.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What is kept of each stream; the rest is read and dropped.
const KEPT: usize = 256 << 10;

/// A program that could not be run.
#[derive(Debug)]
pub enum Error {
    /// It is not on PATH.
    Missing(String),
    /// The system refused to start it.
    Start(String, io::Error),
}

impl Error {
    /// What went wrong, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Missing(program) => msg!(
                "find `{program}` on PATH: not there; install it or extend PATH",
                program
            ),
            Self::Start(program, error) => msg!("start `{program}`: {error}", program, error),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().words())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Missing(_) => None,
            Self::Start(_, error) => Some(error),
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself; `None`: killed by a signal that was not ours.
    Exit(Option<i32>),
    /// Its time was up.
    Deadline,
    /// The person pressed Ctrl-C.
    Cancelled,
}

/// What a program printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub end: End,
    /// The first [`KEPT`] bytes of standard output.
    pub stdout: Vec<u8>,
    /// The first [`KEPT`] bytes of standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// It ended by itself with code 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.end == End::Exit(Some(0))
    }

    /// It may have printed more than was kept: what is missing from it was perhaps said.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.stdout.len() >= KEPT
    }

    /// Standard output, lossily decoded.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// A program about to be run.
#[derive(Debug, Clone)]
pub struct Tool {
    program: PathBuf,
    args: Vec<OsString>,
    env: Env,
    dir: PathBuf,
    /// In a session of its own, not only in a process group.
    alone: bool,
}

/// Variables that tie git to a repository (`git rev-parse --local-env-vars`), without
/// those that carry configuration: CI systems put credentials and rewrites there.
const REPOSITORY: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// Settings under which git starts no program that a repository's own configuration names. git is
/// given no pager and no difference to show, so that hooks and the file monitor are what is left; what
/// its configuration may name besides (filters, helpers, ssh) runs only for commands that gomend gives
/// in a repository that [`is_own`], or outside of any.
const UNPROGRAMMED: &[&str] = &[
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "--no-pager",
];

/// Where git is asked what has nothing to do with a repository: nobody but the system's owner can put
/// one there.
pub const NOWHERE: &str = "/";

/// The program as found on the environment's PATH. Relative entries and empty ones are passed by, as
/// Go refuses them (<https://pkg.go.dev/os/exec#hdr-Executables_in_the_current_directory>): the
/// directory somebody stands in doesn't decide what runs.
#[must_use]
pub fn find(name: &str, env: &Env) -> Option<PathBuf> {
    if name.contains('/') && !Path::new(name).is_absolute() {
        return None;
    }
    which::which_in(name, Some(absolute(env.os("PATH")?)), NOWHERE).ok()
}

/// PATH without its relative entries.
fn absolute(path: &OsStr) -> OsString {
    let entries = std::env::split_paths(path).filter(|entry| entry.is_absolute());
    std::env::join_paths(entries).unwrap_or_default()
}

/// Whether nobody but this user (and the system's owner) can have decided what a repository's
/// configuration says: its directory and its `.git` are ours, and no folder above may be written by others.
#[must_use]
#[cfg(unix)]
pub fn is_own(repository: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    const OTHERS: u32 = 0o022;
    let own = rustix::process::geteuid().as_raw();
    let Ok(repository) = repository.canonicalize() else {
        return false;
    };
    let ours = |path: &Path| {
        path.symlink_metadata()
            .is_ok_and(|found| found.is_dir() && found.uid() == own && found.mode() & OTHERS == 0)
    };
    let kept = |path: &Path| {
        path.symlink_metadata().is_ok_and(|found| {
            let unwritable = found.mode() & OTHERS == 0 || found.mode() & STICKY != 0;
            (found.uid() == own || found.uid() == 0) && unwritable
        })
    };
    ours(&repository) && ours(&repository.join(".git")) && repository.ancestors().skip(1).all(kept)
}

/// Whether no program can come out of a repository when git is asked for its state: its configuration, as git
/// itself reads it, sets nothing but what is listed here, it includes no other and stands where git looks for it;
/// there are neither repositories within nor another version control system's files beside it. Whoever owns a
/// checkout may have unpacked somebody else's.
#[must_use]
pub fn names_no_program(repository: &Path, env: &Env) -> bool {
    const HARMLESS: &[&str] = &[
        "core.autocrlf",
        "core.bare",
        "core.eol",
        "core.filemode",
        "core.ignorecase",
        "core.logallrefupdates",
        "core.precomposeunicode",
        "core.quotepath",
        "core.repositoryformatversion",
        "core.symlinks",
        "fetch.prune",
        "gc.auto",
        "user.email",
        "user.name",
    ];
    const HARMLESS_SECTIONS: &[&str] = &["branch", "pull", "push"];
    const OF_REMOTES: &[&str] = &["fetch", "prune", "push", "pushurl", "tagopt", "url"];
    let git = repository.join(".git");
    let others = [".hg", ".svn", ".bzr", ".fslckout", "_FOSSIL_"];
    let alone = repository
        .ancestors()
        .all(|folder| others.iter().all(|other| !folder.join(other).exists()));
    let elsewhere = ["modules", "config.worktree", "commondir"];
    let is_harmless = |name: &str| {
        let section = name.split('.').next().unwrap_or_default();
        let key = name.rsplit('.').next().unwrap_or_default();
        HARMLESS.contains(&name)
            || HARMLESS_SECTIONS.contains(&section)
            || section == "remote" && OF_REMOTES.contains(&key)
    };
    alone
        && elsewhere.iter().all(|other| !git.join(other).exists())
        && !holds_repositories(&git)
        && names_set(&git.join("config"), env).is_some_and(|names| names.lines().all(is_harmless))
}

/// The names that are set in a file, as git reads it, a line each; `None`: it can't be read, or git can't be asked.
fn names_set(config: &Path, env: &Env) -> Option<String> {
    match file::read(config, Kind::Settings) {
        Ok(_) => {} // a file, and no endless one
        Err(refusal) => return refusal.is_missing().then(String::new),
    }
    let args = ["config", "--no-includes", "--name-only", "--list", "--file"];
    let git = Tool::new("git", env, Path::new(NOWHERE)).ok()?;
    let read = git.args(args).args([config.as_os_str()]);
    let output = read
        .run(Instant::now() + AT_ONCE, &Cancel::default())
        .ok()?;
    (output.succeeded() && !output.is_cut())
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the index may name repositories within the working tree, in which git would look too:
/// entries of mode 160000 (gitformat-index(5)), or entries in a file that isn't read here.
fn holds_repositories(git: &Path) -> bool {
    const LINK: [u8; 4] = 0o160_000_u32.to_be_bytes();
    let is_shared = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(b"sharedindex.")
    };
    let shared = std::fs::read_dir(git).is_ok_and(|entries| entries.flatten().any(is_shared));
    shared
        || match file::read(&git.join("index"), Kind::Module) {
            Ok(index) => memchr::memmem::find(&index, &LINK).is_some(),
            Err(refusal) => !refusal.is_missing(),
        }
}

/// Traces that a user may have on: they would end up in what we read.
const TRACES: &[&str] = &[
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_PERFORMANCE",
    "GIT_CURL_VERBOSE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
];

/// A GODEBUG without what makes go print (runtime's and net's documentation): the rest decides how it connects.
fn without_traces(settings: &str) -> String {
    let quiet = |setting: &str| {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        if name == "netdns" {
            let is_level = |letter: char| letter == '+' || letter.is_ascii_digit();
            let resolver = value.trim_matches(is_level);
            return (!resolver.is_empty()).then(|| format!("netdns={resolver}"));
        }
        let prints = name.ends_with("trace") || name.ends_with("debug");
        (!prints).then(|| setting.to_owned())
    };
    let kept: Vec<String> = settings.split(',').filter_map(quiet).collect();
    kept.join(",")
}

/// Options that keep ssh from asking anything, and from the agent: an agent may show a dialog.
pub const SSH_RESTRAINTS: &[&str] = &[
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentityAgent=none",
    "-o",
    "ControlMaster=no",
    "-o",
    "ControlPath=none",
    "-o",
    "UpdateHostKeys=no",
    "-o",
    "ConnectTimeout=10",
];

impl Tool {
    /// `name` as [`find`] finds it, in `dir`, with prompts off. What it looks for on PATH itself isn't
    /// found in `dir` either, and git starts nothing that a repository names.
    pub fn new(name: &str, env: &Env, dir: &Path) -> Result<Self, Error> {
        let program = find(name, env).ok_or_else(|| Error::Missing(name.to_owned()))?;
        let mut tool = Self::at(program, env, dir);
        if let Some(path) = env.os("PATH") {
            tool.env.set("PATH", absolute(path));
        }
        Ok(if name == "git" {
            tool.args(UNPROGRAMMED.iter().copied())
        } else {
            tool
        })
    }

    /// The program at this path, in `dir`, with prompts off.
    #[must_use]
    pub fn at(program: PathBuf, env: &Env, dir: &Path) -> Self {
        let mut env = env.clone();
        for name in REPOSITORY.iter().chain(TRACES) {
            env.remove(name);
        }
        if let Some(settings) = env.var("GODEBUG").map(without_traces) {
            env.set("GODEBUG", settings);
        }
        for name in [
            "SSH_ASKPASS",
            "LANGUAGE",
            "GOMEND_REPORT",
            "GOMEND_JUNIT",
            "GOMEND_CODEQUALITY",
        ] {
            env.remove(name);
        }
        for (name, value) in [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GCM_INTERACTIVE", "never"),
            ("GIT_ASKPASS", ""), // set and empty: git asks no other program either
            ("SSH_ASKPASS_REQUIRE", "never"),
            ("LC_ALL", "C"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
            // go counts its commands, and may send reports: not ours (cmd/internal/telemetry/counter)
            ("TEST_TELEMETRY_DIR", "/dev/null"),
            ("GOMEND", "off"),
        ] {
            env.set(name, value);
        }
        Self {
            program,
            args: Vec::new(),
            env,
            dir: dir.to_path_buf(),
            alone: false,
        }
    }

    /// The program at this path with exactly this environment, and without a controlling terminal:
    /// for what a person's own program would do, not for what we want of it.
    #[must_use]
    pub fn alone(program: PathBuf, env: Env, dir: &Path) -> Self {
        Self {
            program,
            args: Vec::new(),
            env,
            dir: dir.to_path_buf(),
            alone: true,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.set(name, value);
        self
    }

    /// Runs it until it ends, `deadline` passes or `cancel` is set.
    pub fn run(&self, deadline: Instant, cancel: &Cancel) -> Result<Output, Error> {
        let failed = |error| Error::Start(self.program.display().to_string(), error);
        let (stdout, out) = io::pipe().map_err(failed)?;
        let (stderr, err) = io::pipe().map_err(failed)?;
        let apart = if self.alone { own_session } else { own_group };
        let command = duct::cmd(&self.program, &self.args)
            .dir(&self.dir)
            .full_env(self.env.iter())
            .stdin_null()
            .stdout_file(out)
            .stderr_file(err)
            .unchecked()
            .before_spawn(move |command| {
                apart(command);
                Ok(())
            });
        let (handle, _running) = scratch::start(|| command.start()).map_err(failed)?;
        drop(command); // and with it our ends of the pipes
        let (stdout, stderr) = (Tap::new(stdout), Tap::new(stderr));
        let end = loop {
            match handle.wait_timeout(TICK.min(deadline.saturating_duration_since(Instant::now())))
            {
                Ok(Some(output)) => break End::Exit(output.status.code()),
                Ok(None) => {}
                Err(error) => return Err(failed(error)),
            }
            if cancel.is_cancelled() {
                break End::Cancelled;
            }
            if Instant::now() >= deadline {
                break End::Deadline;
            }
        };
        if !matches!(end, End::Exit(_)) {
            for pid in handle.pids() {
                kill_group(pid);
            }
            let _ = handle.kill(); // where there are no process groups, at least the child
        }
        // A grandchild that left the group may hold the pipes: what has come by then is enough. But what an ended
        // program wrote is in the pipes, and on a busy machine the threads that read them may be late.
        let patience = match end {
            End::Exit(_) => LATE_READERS,
            End::Deadline | End::Cancelled => 5 * TICK,
        };
        let patience = Instant::now() + patience;
        Ok(Output {
            end,
            stdout: stdout.bytes(patience),
            stderr: stderr.bytes(patience),
        })
    }
}

/// A stream that is read to its end on a thread of its own, and kept up to [`KEPT`] bytes.
struct Tap {
    kept: Arc<Mutex<Vec<u8>>>,
    ended: std::sync::mpsc::Receiver<()>,
}

impl Tap {
    fn new(mut stream: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = std::sync::mpsc::channel();
        let ours = Arc::clone(&kept);
        std::thread::spawn(move || {
            let mut piece = [0; 8192];
            while let Ok(read @ 1..) = stream.read(&mut piece) {
                let mut kept = ours.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&piece[..read.min(room)]);
            }
            drop(end);
        });
        Self { kept, ended }
    }

    fn bytes(&self, patience: Instant) -> Vec<u8> {
        let _ = self
            .ended
            .recv_timeout(patience.saturating_duration_since(Instant::now()));
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A background process group of its own: it can be killed whole, and cannot read the terminal.
#[cfg(unix)]
fn own_group(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
use crate::sys::session::own_session;

#[cfg(unix)]
fn kill_group(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL); // gone already: nothing to kill
    }
}

#[cfg(not(unix))]
fn own_group(_command: &mut std::process::Command) {}

#[cfg(not(unix))]
fn own_session(_command: &mut std::process::Command) {}

#[cfg(not(unix))]
fn kill_group(_pid: u32) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Tool {
        let env = Env::from_process();
        Tool::new("sh", &env, Path::new("/"))
            .expect("every Unix has sh")
            .args(["-c", script])
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn what_a_go_prints_is_switched_off_and_how_it_connects_stays() {
        for (settings, kept) in [
            ("tlsrsakex=1,http2debug=2", "tlsrsakex=1"),
            ("netdns=go", "netdns=go"),
            (
                "netdns=cgo+2,x509negativeserial=1",
                "netdns=cgo,x509negativeserial=1",
            ),
            ("netdns=2", ""),
            ("netdns=2+go", "netdns=go"),
            ("toolchaintrace=1", ""),
        ] {
            assert_eq!(without_traces(settings), kept);
        }
    }

    #[test]
    fn both_streams_and_the_code_come_back() {
        let output = shell("echo out; echo err >&2; exit 7")
            .run(soon(), &Cancel::default())
            .unwrap();
        assert_eq!(output.end, End::Exit(Some(7)));
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn the_whole_tree_is_gone_at_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(200);
        // the grandchild would keep the pipe open, and its pid is what we look for afterwards
        let output = shell("sleep 600 & echo $!; wait")
            .run(deadline, &Cancel::default())
            .unwrap();
        assert_eq!(output.end, End::Deadline);
        assert!(Instant::now() < deadline + Duration::from_millis(150));
        let stat = format!("/proc/{}/stat", output.text().trim());
        let gone = || std::fs::read_to_string(&stat).map_or(true, |state| state.contains(") Z "));
        let patience = soon(); // the signal is sent, dying takes its time on a busy machine
        while !gone() {
            assert!(Instant::now() < patience, "the grandchild lives on");
            std::thread::yield_now();
        }
    }

    #[test]
    fn output_without_end_is_bounded() {
        let deadline = Instant::now() + Duration::from_millis(300);
        let output = shell("yes").run(deadline, &Cancel::default()).unwrap();
        assert_eq!(output.stdout.len(), KEPT);
    }

    #[test]
    fn a_cancelled_program_ends_at_once() {
        let cancel = Cancel::default();
        cancel.cancel();
        let started = Instant::now();
        let output = shell("sleep 600").run(soon(), &cancel).unwrap();
        assert_eq!(output.end, End::Cancelled);
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_missing_program_is_named() {
        let env = Env::from_process();
        let error = Tool::new("no-such-program-here", &env, Path::new("/")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"));
    }
}
