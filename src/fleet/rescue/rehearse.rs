//! The rehearsal: the real go, with the folder as its only source, in a network with nothing in it.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::Need;
use crate::escape;
use crate::mask;
use crate::scratch;
use crate::settings::Env;
use crate::sys::{self, namespace::Namespace};

/// How long each command may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long killed ones may take to be gone.
const DYING: Duration = Duration::from_millis(500);
/// How often the commands are looked at.
const TICK: Duration = Duration::from_millis(20);
/// How much of what a command says is kept, bytes.
const SAID: u64 = 64 << 10;

/// What is run: nothing is left in the module's folder, no test is run nor anything else of its packages
/// (`TestMain`, `init`), and no git, which would start what the checkout's configuration names.
pub(crate) const COMMANDS: [&[&str]; 2] = [
    &["build", "-buildvcs=false", "-o", "/dev/null", "./..."],
    &["test", "-buildvcs=false", "-exec=true", "./..."],
];

/// How one command ended.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Act {
    /// As typed.
    pub(crate) command: String,
    /// Exit code 0, in time.
    pub(crate) passed: bool,
    /// Milliseconds.
    pub(crate) millis: u64,
    /// The end of what it said, secrets masked; empty if it passed.
    pub(crate) said: String,
}

/// go's settings as the rehearsal overrides them: the folder and nothing else, and no private module goes past it.
pub(crate) fn with_folder(env: &Env, folder: &Path) -> Env {
    let mut env = env.clone();
    env.set("GOPROXY", url(folder));
    env.set("GONOPROXY", "none");
    env
}

/// A folder as GOPROXY names it: percent-encoded (RFC 3986, 3.3).
pub(crate) fn url(folder: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    format!("file://{}", escape::uri_path(folder.as_os_str().as_bytes()))
}

/// Runs the commands with an empty module cache, until one fails. Fails where the system allows no network of its own.
pub(crate) fn run(need: &Need, env: &Env, go: &Path) -> io::Result<Vec<Act>> {
    let scratch = scratch::Folder::new()?;
    let empty = scratch.path().join("root");
    fs::create_dir(&empty)?;
    let cache = scratch.path().join("modules");
    let network = Namespace::new(&empty)?;
    // a go that is killed leaves its folders, and a compiler its files
    let temporary = scratch.path().join("tmp");
    fs::create_dir(&temporary)?;
    let mut env = env.clone();
    env.set("GOMODCACHE", &cache);
    env.set("GOTMPDIR", &temporary);
    env.set("TMPDIR", &temporary);
    env.set("GOTOOLCHAIN", "local");
    env.set("GOMEND", "off");
    env.set("LC_ALL", "C");
    // a vendor folder is a way of its own, and no part of this one
    let flags = env.var("GOFLAGS").unwrap_or_default().to_owned();
    env.set(
        "GOFLAGS",
        format!("{flags} -mod=readonly -modcacherw").trim(),
    );
    let stage = Stage {
        network,
        root: &need.root,
        env,
        go,
        said: scratch.path().join("said"),
    };
    let mut acts = Vec::new();
    for args in COMMANDS {
        let act = stage.act(args)?;
        let passed = act.passed;
        acts.push(act);
        if !passed || sys::interrupted() {
            break;
        }
    }
    Ok(acts)
}

/// Where the commands run.
struct Stage<'a> {
    network: Namespace,
    /// The module's folder.
    root: &'a Path,
    env: Env,
    go: &'a Path,
    /// Takes what a command prints.
    said: PathBuf,
}

impl Stage<'_> {
    fn act(&self, args: &[&str]) -> io::Result<Act> {
        let out = File::create(&self.said)?;
        let mut command = Command::new(self.go);
        command
            .args(args)
            .env_clear()
            .envs(self.env.iter())
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0); // holds what go starts, where no PID namespace does
        self.network.enter(&mut command, self.root)?;
        let started = Instant::now();
        let mut child = command.spawn()?;
        let group = child.id().cast_signed();
        let line = sys::Lifeline::to_group(group);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if started.elapsed() > PATIENCE || sys::interrupted() {
                kill(group);
                child.wait()?;
                break None;
            }
            std::thread::sleep(TICK); // std waits without a deadline only
        };
        if status.is_none() {
            wait(group);
        }
        line.let_go();
        let passed = status.is_some_and(|status| status.success());
        let tail = crate::file::tail(&self.said, SAID).unwrap_or_default();
        let text = String::from_utf8_lossy(&tail);
        let last: Vec<&str> = text.lines().rev().take(20).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Ok(Act {
            command: format!("go {}", args.join(" ")),
            passed,
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            said: if passed {
                String::new()
            } else {
                mask::page(&last.join("\n"))
            },
        })
    }
}

/// Ends a process group whole.
fn kill(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        let _ = kill_process_group(group, Signal::KILL); // gone already: nothing to kill
    }
}

/// Waits for whoever is left of a killed group, who would write on in the folders that are about to go.
fn wait(group: i32) {
    let until = Instant::now() + DYING;
    let is_there =
        || Pid::from_raw(group).is_some_and(|group| test_kill_process_group(group).is_ok());
    while is_there() && Instant::now() < until {
        std::thread::sleep(TICK);
    }
}
