//! The bench that proposals are tried on: a throw-away directory, and an environment in which
//! the changes hold already.
//!
//! In: what would be written. Out: tools that see it. A changed copy stands in for each file, in
//! its own layer: `GOENV`, `GIT_CONFIG_GLOBAL` with the user's own file included,
//! `UserKnownHostsFile`, a HOME with nothing but a netrc. ssh is extended, never replaced, asks
//! nothing and no agent.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::error::Operation;
use super::step::{self, Step};
use super::{Change, Error, Proposal, Situation, place};
use crate::scratch;
use crate::settings::Env;
use crate::settings::netrc;
use crate::tool::{Cancel, SSH_RESTRAINTS, Tool};

/// The environment with the changes in it.
pub(super) struct Overlay {
    /// The variables.
    pub(super) env: Env,
    /// Variables that are set after the restraints of [`Tool`].
    pub(super) variables: Vec<(String, String)>,
    /// Copies of go.mod and go.sum, changed.
    pub(super) modules: Option<PathBuf>,
    /// Something stands in for the change that is not the change itself.
    pub(super) equivalent: bool,
}

/// A throw-away directory with everything that a trial writes.
pub(super) struct Bench {
    dir: scratch::Folder,
    /// An empty directory, outside of any module and repository.
    pub(super) work: PathBuf,
}

impl Bench {
    /// Makes the directory.
    pub(super) fn new() -> Result<Self, Error> {
        let dir =
            scratch::Folder::new().map_err(Error::io(Operation::MakeIn, &std::env::temp_dir()))?;
        let work = dir.path().join("work");
        fs::create_dir(&work).map_err(Error::io(Operation::Make, &work))?;
        Ok(Self { dir, work })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        use std::io::Write as _;
        let path = self.at(name);
        let open = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        open.and_then(|mut file| file.write_all(bytes))
            .map_err(Error::io(Operation::Write, &path))?;
        Ok(path)
    }

    /// go with throw-away caches.
    pub(super) fn go(&self, s: &Situation, env: &Env, dir: &Path) -> Result<Tool, Error> {
        let tool = match &s.go {
            Some(go) => Tool::at(go.clone(), env, dir),
            None => Tool::new("go", env, dir).map_err(Error::Tool)?,
        };
        let path = |name: &str| self.at(name).to_string_lossy().into_owned();
        Ok(tool
            .env("GOPATH", &path("gopath"))
            .env("GOMODCACHE", &path("modcache"))
            .env("GOCACHE", &path("cache"))
            .env("GOTMPDIR", "")
            .env("GOFLAGS", "-modcacherw")
            .env("PWD", &dir.to_string_lossy()))
    }

    /// git.
    pub(super) fn git(env: &Env, dir: &Path) -> Result<Tool, Error> {
        Tool::new("git", env, dir).map_err(Error::Tool)
    }

    /// go.mod and go.sum, copied.
    pub(super) fn copy_modules(&self, root: &Path) -> Result<PathBuf, Error> {
        let copy = self.at("modules");
        fs::create_dir_all(&copy).map_err(Error::io(Operation::Make, &copy))?;
        for name in ["go.mod", "go.sum"] {
            match crate::file::read(&root.join(name), crate::file::Kind::Module) {
                Ok(bytes) => {
                    fs::write(copy.join(name), bytes)
                        .map_err(Error::io(Operation::Write, &copy))?;
                }
                Err(error) if name == "go.mod" => {
                    return Err(Error::Io(Operation::Read, root.join(name), error.into()));
                }
                Err(_) => {} // a module without requirements has no go.sum
            }
        }
        Ok(copy)
    }

    /// The user's own cache serves what it has, so that the throw-away one need not fetch it again.
    pub(super) fn proxies(s: &Situation) -> Option<(String, String)> {
        let cache = s.goenv.mod_cache(s.home.as_deref())?.join("cache/download");
        let proxies = s.goenv.value("GOPROXY");
        let usable = cache.is_dir()
            && !matches!(proxies, "off" | "")
            && !cache.to_str()?.contains([',', '|', ' ']);
        usable.then(|| {
            (
                "GOPROXY".to_owned(),
                format!("file://{},{proxies}", cache.display()),
            )
        })
    }

    /// The environment in which the changes hold already.
    pub(super) fn overlay(
        &self,
        s: &Situation,
        proposal: &Proposal,
        steps: &[Step],
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<Overlay, Error> {
        let mut overlay = Overlay {
            env: s.env.clone(),
            variables: Vec::new(),
            modules: None,
            equivalent: false,
        };
        for (name, value) in proposal.changes.iter().flat_map(Change::exported) {
            match value {
                Some(value) => {
                    overlay.env.set(&name, value.clone());
                    if name == "GODEBUG" {
                        overlay.variables.push((name, value)); // taken out with the traces
                    }
                }
                None => overlay.env.remove(&name),
            }
        }
        let mut git = Vec::new();
        let mut ssh: Vec<String> = SSH_RESTRAINTS
            .iter()
            .map(|word| (*word).to_owned())
            .collect();
        for (index, step) in steps.iter().enumerate() {
            if let Step::Write(write) = step {
                self.stand_in(index, write, s, &mut overlay, &mut git, &mut ssh)?;
            }
        }
        if !git.is_empty() {
            let path = self.put("gitconfig", &git)?;
            overlay.env.set("GIT_CONFIG_GLOBAL", path.into_os_string());
        }
        let command = format!("{} {}", own_ssh(s, deadline, cancel), ssh.join(" "));
        overlay.env.set("GIT_SSH_COMMAND", command);
        Ok(overlay)
    }

    /// Puts a changed copy of a file in the place of the file.
    fn stand_in(
        &self,
        index: usize,
        write: &step::Write,
        s: &Situation,
        overlay: &mut Overlay,
        git: &mut Vec<u8>,
        ssh: &mut Vec<String>,
    ) -> Result<(), Error> {
        let is = |path: Option<PathBuf>| {
            path.and_then(|path| step::real(&path).ok())
                .is_some_and(|path| path == write.path)
        };
        let home = |name: &str| s.home.as_ref().map(|home| home.join(name));
        if is(s.goenv.file.clone()) {
            let copy = self.put("goenv", &write.after)?;
            overlay.env.set("GOENV", copy.into_os_string());
        } else if is(s.git_config()) {
            *git = global_config(s, write);
        } else if is(home(".ssh/known_hosts")) {
            let copy = self.put("known_hosts", &write.after)?;
            ssh.extend([
                "-o".to_owned(),
                format!("UserKnownHostsFile={}", copy.display()),
            ]);
        } else if is(home(".ssh/config")) {
            let text = [
                write.after.as_slice(),
                b"\nMatch all\n  Include /etc/ssh/ssh_config\n",
            ]
            .concat();
            let copy = self.put("ssh_config", &text)?;
            ssh.extend(["-F".to_owned(), copy.display().to_string()]);
            overlay.equivalent = true;
        } else if s.home.as_deref().is_some_and(|home| {
            is(Some(netrc::git_path(home))) || is(Some(netrc::go_path(&s.env, home)))
        }) {
            self.netrc_home(write, s, overlay, git)?;
        } else if write
            .path
            .file_name()
            .is_some_and(|name| name == "go.mod" || name == "go.sum")
        {
            let copy = self.at("changed");
            fs::create_dir_all(&copy).map_err(Error::io(Operation::Make, &copy))?;
            if overlay.modules.is_none() {
                let root = write.path.parent().unwrap_or(Path::new("/"));
                for name in ["go.mod", "go.sum"] {
                    if let Ok(bytes) =
                        crate::file::read(&root.join(name), crate::file::Kind::Module)
                    {
                        fs::write(copy.join(name), bytes)
                            .map_err(Error::io(Operation::Write, &copy))?;
                    }
                }
            }
            let name = write.path.file_name().unwrap_or_default();
            fs::write(copy.join(name), &write.after).map_err(Error::io(Operation::Write, &copy))?;
            overlay.modules = Some(copy);
        } else {
            // a file that settings name, for instance a CA: the settings that go into the trial name the copy
            let copy = self.put(&format!("file-{index}"), &write.after)?;
            let (old, new) = (
                write.path.to_string_lossy().into_owned(),
                copy.to_string_lossy().into_owned(),
            );
            *git = String::from_utf8_lossy(git)
                .replace(&old, &new)
                .into_bytes();
            let named: Vec<(String, String)> = overlay
                .env
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
                })
                .filter(|(_, value)| *value == old)
                .collect();
            for (name, _) in named {
                overlay.env.set(&name, new.clone());
            }
        }
        Ok(())
    }

    /// A HOME with nothing but the new netrc: libcurl reads no other place, and Go reads it too.
    fn netrc_home(
        &self,
        write: &step::Write,
        s: &Situation,
        overlay: &mut Overlay,
        git: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let home = self.at("home");
        fs::create_dir_all(&home).map_err(Error::io(Operation::Make, &home))?;
        let copy = self.put("home/.netrc", &write.after)?;
        overlay.env.set("NETRC", copy.into_os_string());
        overlay.env.set("HOME", home.into_os_string());
        if overlay.env.os("GOENV").is_none()
            && let Some(file) = &s.goenv.file
        {
            overlay.env.set("GOENV", file.clone().into_os_string());
        }
        if git.is_empty() {
            *git = includes(s).into_bytes();
        }
        Ok(())
    }
}

/// git's global configuration as it will be: the user's own file included, then what is new; a
/// changed copy where something in the middle changes.
fn global_config(s: &Situation, write: &step::Write) -> Vec<u8> {
    let before = write.before.clone().unwrap_or_default();
    if let Some(new) = write.after.strip_prefix(before.as_slice()) {
        return [includes(s).as_bytes(), new].concat();
    }
    let own = s.git_config();
    let other = place::xdg_git_config(&s.env)
        .filter(|path| Some(path) != own.as_ref() && s.env.os("GIT_CONFIG_GLOBAL").is_none());
    let other = other.map_or_else(String::new, |path| include(&path));
    [other.as_bytes(), &write.after].concat()
}

/// Includes of every file that git reads as global configuration (git-config(1), FILES).
fn includes(s: &Situation) -> String {
    if s.env.os("GIT_CONFIG_GLOBAL").is_some() {
        return s.git_config().as_deref().map_or_else(String::new, include);
    }
    let own = s.home.as_ref().map(|home| home.join(".gitconfig"));
    [place::xdg_git_config(&s.env), own]
        .into_iter()
        .flatten()
        .map(|path| include(&path))
        .collect()
}

fn include(path: &Path) -> String {
    let path = path
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("[include]\n\tpath = \"{path}\"\n")
}

/// The ssh that git would start: extended, never replaced.
fn own_ssh(s: &Situation, deadline: Instant, cancel: &Cancel) -> String {
    if let Some(command) = s.env.var("GIT_SSH_COMMAND") {
        return command.to_owned();
    }
    let configured = Tool::new("git", &s.env, Path::new("/"))
        .ok()
        .and_then(|git| {
            let output = git
                .args(["config", "--get", "core.sshCommand"])
                .run(deadline, cancel)
                .ok()?;
            Some(output.text().trim().to_owned())
                .filter(|command| output.succeeded() && !command.is_empty())
        });
    configured
        .or_else(|| s.env.var("GIT_SSH").map(super::quote))
        .unwrap_or_else(|| "ssh".to_owned())
}
