//! A user's home: start-up files, a terminal's environment, and what it looks like as a whole.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Ended, LATEST, goroot, shims};

/// What stands below a folder: name, mode, and bytes or a link's target.
pub(crate) type Picture = Vec<(PathBuf, u32, Vec<u8>)>;

/// A private home with an environment that is built from nothing.
pub(crate) struct Home {
    folder: TempDir,
    /// PATH.
    pub(crate) path: OsString,
    /// What is set beside HOME and PATH.
    pub(crate) vars: Vec<(String, OsString)>,
}

impl Home {
    /// An empty one; the real go and the system are on PATH, and so is gomend.
    pub(crate) fn new() -> Self {
        super::hear_signals();
        let folder = tempfile::Builder::new()
            .prefix("gomend-home")
            .tempdir()
            .unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let gomend = Path::new(env!("CARGO_BIN_EXE_gomend")).parent().unwrap();
        let folders = [
            gomend.to_owned(),
            goroot(LATEST).join("bin"),
            "/usr/bin".into(),
            "/bin".into(),
        ];
        let var = |name: &str, value: &str| (name.to_owned(), OsString::from(value));
        let caches = folder.path().join("caches");
        let home = Self {
            path: std::env::join_paths(folders).unwrap(),
            vars: vec![
                var("SHELL", "/bin/bash"),
                var("LANG", "C.UTF-8"),
                var("TERM", "dumb"),
                var("GOTOOLCHAIN", "local"),
                var("GOFLAGS", "-modcacherw"),
                var("GOCACHE", caches.join("build").to_str().unwrap()),
                var("GOPATH", caches.join("go").to_str().unwrap()),
            ],
            folder,
        };
        // go's telemetry would write into a picture, in a process of its own
        home.write(".config/go/telemetry/mode", "off");
        home
    }

    /// Sets a variable.
    pub(crate) fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    /// A path below HOME.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        let home = self.folder.path().join("home");
        if name.is_empty() {
            home
        } else {
            home.join(name)
        }
    }

    /// A path beside HOME.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below HOME.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Makes a link below HOME.
    pub(crate) fn link(&self, name: &str, target: &str) {
        symlink(target, self.at(name)).unwrap();
    }

    /// Writes a shell script below HOME.
    pub(crate) fn script(&self, name: &str, script: &str) -> PathBuf {
        let path = self.write(name, format!("#!/bin/sh\n{script}\n"));
        self.mode(name, 0o755);
        path
    }

    /// Sets permission bits.
    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// What a file below HOME holds.
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The start-up files that Debian gives a new user, and a zsh and fish user's own.
    pub(crate) fn furnished() -> Self {
        let home = Self::new();
        home.write(
            ".bashrc",
            "case $- in *i*) ;; *) return;; esac\nalias ll='ls -l'\n",
        );
        let go = goroot(LATEST).join("bin");
        let path = format!("export PATH=\"{}:$PATH\"\n", go.display());
        // as README of Go says; a login shell's PATH begins anew in /etc/profile
        home.write(
            ".profile",
            format!("{path}[ -z \"$BASH\" ] || . ~/.bashrc\n"),
        );
        home.write(".zshrc", "setopt nomatch");
        home.write(".zprofile", path);
        home.write(
            ".config/fish/config.fish",
            format!("set -gx PATH {} $PATH\n", go.display()),
        );
        home.fish_was_here(".local/share");
        home.write(
            ".config/nushell/config.nu",
            format!("$env.PATH = ($env.PATH | prepend '{}')\n", go.display()),
        );
        home
    }

    /// As if fish had been used before with this data folder: at its first prompt it would fill one
    /// of its own, in a process that outlives it.
    pub(crate) fn fish_was_here(&self, data: &str) {
        fs::create_dir_all(self.at(data).join("fish/generated_completions")).unwrap();
    }

    /// A program with this user's environment, without a terminal.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.at(""))
            .env("PATH", &self.path)
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(self.at(""))
            .stdin(Stdio::null());
        command
    }

    /// gomend in a folder below HOME.
    pub(crate) fn gomend_command(&self, folder: &str, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_gomend"));
        command.args(args).current_dir(self.at(folder));
        command
    }

    /// Runs gomend.
    pub(crate) fn gomend(&self, args: &[&str]) -> Ended {
        self.gomend_in("", args)
    }

    /// Runs gomend in a folder below HOME.
    pub(crate) fn gomend_in(&self, folder: &str, args: &[&str]) -> Ended {
        self.gomend_command(folder, args).output().unwrap().into()
    }

    /// Runs go below the shim, in a folder.
    pub(crate) fn go(&self, folder: &str, args: &[&str]) -> Ended {
        let mut path = vec![shims().to_owned()];
        path.extend(std::env::split_paths(&self.path));
        self.command(shims().join("go"))
            .args(args)
            .env("PATH", std::env::join_paths(path).unwrap())
            .current_dir(self.at(folder))
            .output()
            .unwrap()
            .into()
    }

    /// Runs a line of shell in a folder; it must succeed.
    pub(crate) fn sh(&self, folder: &str, line: &str) {
        let mut command = self.command("sh");
        let command = command.args(["-c", line]).current_dir(self.at(folder));
        Ended::from(command.output().unwrap()).with_code(0);
    }

    /// Makes a repository of a folder, with one commit.
    pub(crate) fn commit(&self, folder: &str) {
        let user = "-c user.name=x -c user.email=x@example.com";
        self.sh(
            folder,
            &format!("git init -q && git add . && git {user} commit -q -m x"),
        );
    }

    /// Runs gomend, which must succeed; its stdout.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let ended = self.gomend(args).with_code(0);
        String::from_utf8(ended.stdout).unwrap()
    }

    /// What `gomend status --json` says, and its exit code.
    pub(crate) fn status(&self) -> (super::How, serde_json::Value) {
        let ended = self.gomend(&["status", "--json"]);
        (ended.how, ended.json())
    }

    /// HOME as a whole.
    pub(crate) fn picture(&self) -> Picture {
        picture(&self.at(""), &[])
    }
}

/// Everything below a folder but for what is `skipped`.
pub(crate) fn picture(root: &Path, skipped: &[&str]) -> Picture {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(root).unwrap().to_owned();
            if skipped.iter().any(|skipped| below == Path::new(skipped)) {
                continue;
            }
            let metadata = path.symlink_metadata().unwrap();
            let bytes = if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                target.into_os_string().into_encoded_bytes()
            } else if metadata.is_file() {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            if metadata.is_dir() {
                folders.push(path);
            }
            found.push((below, metadata.permissions().mode(), bytes));
        }
    }
    found.sort();
    found
}

/// The two must be the same; where not, what differs is named.
pub(crate) fn assert_same(after: &Picture, before: &Picture, what: &str) {
    let names = |one: &Picture, other: &Picture| -> Vec<(PathBuf, u32, String)> {
        one.iter()
            .filter(|entry| !other.contains(entry))
            .map(|(path, mode, bytes)| {
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
                (path.clone(), *mode, text)
            })
            .collect()
    };
    assert!(
        after == before,
        "{what}: new or changed {:#?}, before {:#?}",
        names(after, before),
        names(before, after)
    );
}
