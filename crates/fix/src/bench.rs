//! The bench that proposals are tried on: a throw-away directory, and an environment in which
//! the changes hold already.
//!
//! In: what would be written, and the [`Effects`] that are allowed. Out: tools that see it. A changed
//! copy stands in for each file, in its own layer: `GOENV`, `GIT_CONFIG_GLOBAL`, `UserKnownHostsFile`.
//! ssh is extended, never replaced, asks nothing and no agent, and learns no host key.
//!
//! git reads one flat configuration: every layer of the user's as git itself reads them, with the
//! changes, less what a trial must not have ([`restrained`]). Credential helpers are only asked to
//! `get`, so that nothing is stored, changed or erased; somebody who is nobody has no helper, netrc,
//! cookie, header, client certificate or key at all.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::effects::{Effects, Identity};
use super::error::Operation;
use super::step::{self, Step};
use super::{Change, Error, Proposal, Situation, change, git, place};
use crate::file::{self, Kind};
use crate::scratch;
use crate::settings::goenv::{self, GoEnv};
use crate::settings::gofile::{self, GoFile, with_absolute_folders};
use crate::settings::goproxy::Source;
use crate::settings::url::Url;
use crate::settings::version::Version;
use crate::settings::{Env, gitconfig, netrc};
use crate::tool::{self, Cancel, SSH_RESTRAINTS, Tool};

/// What keeps ssh from logging in.
const SSH_NOBODY: &[&str] = &[
    "PubkeyAuthentication=no",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "GSSAPIAuthentication=no",
    "HostbasedAuthentication=no",
];

/// Settings of git that hold in every trial, in the layer that wins.
const GUARDS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.askPass", ""),
    ("core.pager", "cat"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.saveCookies", "false"),
    ("credential.helper", ""), // forgets all that came before
];

/// The same for nobody: no Kerberos ticket either.
const NOBODY_GUARDS: &[(&str, &str)] = &[("http.emptyAuth", "false"), ("http.delegation", "none")];

/// Settings below `http` that carry no login.
const PLAIN_HTTP: &[&str] = &[
    "followredirects",
    "lowspeedlimit",
    "lowspeedtime",
    "postbuffer",
    "proxy",
    "proxyauthmethod",
    "proxysslcainfo",
    "schannelcheckrevoke",
    "schannelusesslcainfo",
    "sslbackend",
    "sslcainfo",
    "sslcapath",
    "sslcipherlist",
    "sslverify",
    "sslversion",
    "useragent",
    "version",
];

/// The environment with the changes in it.
pub(super) struct Overlay {
    /// The variables.
    pub(super) env: Env,
    /// Copies of go.mod and go.sum, changed.
    pub(super) modules: Option<PathBuf>,
    /// Something stands in for the change that is not the change itself.
    pub(super) equivalent: bool,
    /// What git's global configuration is; empty: as it was.
    git: Vec<u8>,
    /// ssh's options.
    ssh: Vec<String>,
}

/// A throw-away directory with everything that a trial writes, and what all of it goes by.
pub(super) struct Bench<'a> {
    s: &'a Situation,
    deadline: Instant,
    cancel: &'a Cancel,
    dir: scratch::Folder,
    /// An empty directory, outside of any module and repository.
    pub(super) work: PathBuf,
    /// go.mod wants a newer go than the one that tries.
    is_by_another_go: Cell<bool>,
}

impl<'a> Bench<'a> {
    /// Makes the directory, for what ends by the deadline or when it is cancelled.
    pub(super) fn new(
        s: &'a Situation,
        deadline: Instant,
        cancel: &'a Cancel,
    ) -> Result<Self, Error> {
        let dir =
            scratch::Folder::new().map_err(Error::io(Operation::MAKE_IN, &std::env::temp_dir()))?;
        let work = dir.path().join("work");
        fs::create_dir(&work).map_err(Error::io(Operation::MAKE, &work))?;
        // of its own, or go would take a go.mod that somebody has left above
        let module = work.join("go.mod");
        fs::write(&module, "module gomend.invalid/trial\n\ngo 1.17\n")
            .map_err(Error::io(Operation::WRITE, &module))?;
        Ok(Self {
            s,
            deadline,
            cancel,
            dir,
            work,
            is_by_another_go: Cell::new(false),
        })
    }

    /// Whether another go than the failed command's tries: no toolchain is fetched for a trial.
    pub(super) fn is_by_another_go(&self) -> bool {
        self.is_by_another_go.get()
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
            .map_err(Error::io(Operation::WRITE, &path))?;
        Ok(path)
    }

    /// go with throw-away caches.
    pub(super) fn go(&self, env: &Env, dir: &Path) -> Result<Tool, Error> {
        let tool = match &self.s.go {
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

    /// The same with the user's own module cache, read and filled as the failed command does it.
    pub(super) fn own_cache(&self, env: &Env, go: Tool) -> Tool {
        let settings = self.settings(env);
        // empty counts as unset: what the user has set decides
        let go = go
            .env("GOFLAGS", settings.value("GOFLAGS"))
            .env("GOCACHE", env.var("GOCACHE").unwrap_or_default())
            .env("GOTMPDIR", env.var("GOTMPDIR").unwrap_or_default());
        match settings.mod_cache(self.s.home.as_deref()) {
            Some(cache) => go.env("GOMODCACHE", &cache.to_string_lossy()),
            None => go,
        }
    }

    /// Go's settings in this environment.
    fn settings(&self, env: &Env) -> GoEnv {
        GoEnv::read(env, self.s.go.as_deref())
    }

    /// git.
    pub(super) fn git(env: &Env, dir: &Path) -> Result<Tool, Error> {
        Tool::new("git", env, dir).map_err(Error::Tool)
    }

    /// go in the module or workspace of the failed run, on copies of what it reads and writes there, and
    /// the flags that its commands get; nothing if it was in none. The caches are throw-away ones.
    pub(super) fn go_in_project(
        &self,
        overlay: &Overlay,
    ) -> Result<Option<(Tool, Vec<String>)>, Error> {
        let s = self.s;
        let Some(project) = s.project.as_ref().filter(|_| !out_of_module(&s.args)) else {
            return Ok(None);
        };
        let tool = self.go(&overlay.env, &s.dir)?;
        let flags = self.settings(&overlay.env);
        let flags = format!("{} -modcacherw", flags.value("GOFLAGS"));
        let tool = tool.env("GOFLAGS", flags.trim());
        if let Some(work) = gofile::workspace(&overlay.env, &s.dir) {
            let copy = self.copy_workspace(&work)?;
            return Ok(Some((
                tool.env("GOWORK", &copy.to_string_lossy()),
                Vec::new(),
            )));
        }
        let copy = match &overlay.modules {
            Some(changed) => changed.clone(),
            None => self.copy_modules(&project.root)?,
        };
        let file = copy.join("go.mod");
        if let Ok(text) = fs::read_to_string(&file) {
            // no other toolchain is fetched for a trial: the language of this one is what it knows
            self.is_by_another_go
                .set(wants_newer(&text, s.go.as_deref()));
            fs::write(&file, within_release(&text, s.go_release))
                .map_err(Error::io(Operation::WRITE, &file))?;
        }
        Ok(Some((tool, vec![format!("-modfile={}", file.display())])))
    }

    /// go.work and its sums, copied; the directories that it names are the user's own.
    pub(super) fn copy_workspace(&self, work: &Path) -> Result<PathBuf, Error> {
        let dir = work.parent().unwrap_or(Path::new("/"));
        let text = file::text(work, Kind::Module)
            .map_err(|error| Error::Io(Operation::READ, work.to_owned(), error.into()))?;
        let copy = self.put("go.work", with_absolute_folders(&text, dir).as_bytes())?;
        if let Ok(sums) = file::read(&dir.join("go.work.sum"), Kind::Module) {
            self.put("go.work.sum", &sums)?;
        }
        Ok(copy)
    }

    /// go.mod and go.sum, copied.
    pub(super) fn copy_modules(&self, root: &Path) -> Result<PathBuf, Error> {
        let mod_file = root.join("go.mod");
        if let Err(error) = file::read(&mod_file, Kind::Module) {
            return Err(Error::Io(Operation::READ, mod_file, error.into()));
        }
        let copy = self.folder("modules")?;
        copy_missing(root, &copy, &["go.mod", "go.sum"])?; // a module without requirements has no go.sum
        Ok(copy)
    }

    fn folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.at(name);
        fs::create_dir_all(&folder).map_err(Error::io(Operation::MAKE, &folder))?;
        Ok(folder)
    }

    /// A module with the vendor folder that would be written; nothing where it stands in its place
    /// already.
    pub(super) fn vendored(&self, root: &Path) -> Result<Option<PathBuf>, Error> {
        let made = self.at("vendored");
        if !made.is_dir() {
            return Ok(None);
        }
        copy_missing(root, &made, &["go.mod", "go.sum", "vendor/modules.txt"])?;
        Ok(Some(made))
    }

    /// The user's own cache serves what it has, so that the throw-away one need not fetch it again;
    /// without `network` nobody else does.
    pub(super) fn proxied(&self, go: Tool, settings: &GoEnv, network: bool) -> Tool {
        let cache = self.s.goenv.mod_cache(self.s.home.as_deref());
        let cache = cache.map(|cache| cache.join("cache/download"));
        let is_one = |path: &str| !path.contains([',', '|', ' ']);
        let cache = cache.filter(|cache| {
            cache.is_absolute() && cache.is_dir() && cache.to_str().is_some_and(is_one)
        });
        let before = cache.map(|cache| format!("file://{},", cache.display()));
        if !network {
            return go
                .env("GOPROXY", &(before.unwrap_or_default() + "off"))
                .env("GONOPROXY", "none") // else go would ask repositories all the same
                .env("GOVCS", "*:off");
        }
        let asks_nobody = matches!(settings.sources().next(), None | Some(Source::Off));
        match before.filter(|_| !asks_nobody) {
            Some(before) => go.env("GOPROXY", &(before + settings.value("GOPROXY"))),
            None => go,
        }
    }

    /// The environment in which the changes hold already, and which can do what is allowed.
    pub(super) fn overlay(
        &self,
        proposal: &Proposal,
        steps: &[Step],
        effects: &Effects,
    ) -> Result<Overlay, Error> {
        let s = self.s;
        let mut overlay = Overlay {
            env: s.env.clone(),
            modules: None,
            equivalent: false,
            git: Vec::new(),
            ssh: SSH_RESTRAINTS
                .iter()
                .map(|word| (*word).to_owned())
                .collect(),
        };
        for (name, value) in proposal.changes.iter().flat_map(Change::exported) {
            match value {
                Some(value) => overlay.env.set(&name, value),
                None => overlay.env.remove(&name),
            }
        }
        if s.goenv.value("GOVCS").is_empty() && proposal.changes.iter().any(makes_private) {
            // a server names the program that fetches from it, and for private modules go allows all
            overlay.env.set("GOVCS", "*:git|hg");
        }
        let mut options = vec!["StrictHostKeyChecking=yes"]; // and none is learnt
        if effects.identity == Identity::Nobody {
            options.extend(SSH_NOBODY);
        }
        for option in options {
            overlay.ssh.extend(["-o".to_owned(), option.to_owned()]);
        }
        for (index, step) in steps.iter().enumerate() {
            if let Step::Write(write) = step {
                self.stand_in(index, write, &mut overlay)?;
            }
        }
        if !overlay.git.is_empty() {
            let path = self.put("gitconfig", &overlay.git)?;
            overlay.env.set("GIT_CONFIG_GLOBAL", path.into_os_string());
        }
        let command = format!("{} {}", self.own_ssh(&overlay.env), overlay.ssh.join(" "));
        overlay.env.set("GIT_SSH_COMMAND", command);
        self.restrain_git(effects.identity, &mut overlay.env)?;
        if effects.identity == Identity::Nobody {
            let typed = if effects.trusts {
                &[]
            } else {
                &proposal.changes[..]
            };
            self.be_nobody(typed, &mut overlay.env)?;
        }
        Ok(overlay)
    }

    /// One configuration for git in place of all layers.
    fn restrain_git(&self, identity: Identity, env: &mut Env) -> Result<(), Error> {
        // nothing above the bench is a repository, whatever somebody has put there
        env.set("GIT_CEILING_DIRECTORIES", self.dir.path().as_os_str());
        let settings = match gitconfig::list(env, &self.work, self.deadline, self.cancel) {
            Ok(Some(settings)) => settings,
            Ok(None) => return Err(Error::GitConfig),
            Err(tool::Error::Missing(_)) => return Ok(()), // nothing to restrain
            Err(error) => return Err(Error::Tool(error)),
        };
        let (flat, helpers) = restrained(&settings, identity, self.s.home.as_deref());
        let path = self.put("gitconfig-flat", flat.as_bytes())?;
        let is_setting = |name: &&str| {
            let counted = ["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];
            matches!(*name, "GIT_CONFIG_PARAMETERS" | "GIT_CONFIG_SYSTEM")
                || counted.iter().any(|head| name.starts_with(head))
        };
        let names = env.iter().filter_map(|(name, _)| name.to_str());
        let set: Vec<String> = names.filter(is_setting).map(str::to_owned).collect();
        for name in set {
            env.remove(&name);
        }
        env.set("GIT_CONFIG_GLOBAL", path.into_os_string());
        env.set("GIT_CONFIG_NOSYSTEM", "1");
        let guards: &[(&str, &str)] = match identity {
            Identity::Nobody => NOBODY_GUARDS,
            Identity::User => &[],
        };
        let guards = GUARDS.iter().chain(guards);
        let guards = guards.map(|&(key, value)| (key.to_owned(), value.to_owned()));
        let mut count: usize = 0;
        for (key, value) in guards.chain(helpers) {
            env.set(&format!("GIT_CONFIG_KEY_{count}"), key);
            env.set(&format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        env.set("GIT_CONFIG_COUNT", count.to_string());
        Ok(())
    }

    /// Takes away every login that programs find by themselves; what these changes hold, typed for
    /// this trial, is all that is left.
    fn be_nobody(&self, typed: &[Change], env: &mut Env) -> Result<(), Error> {
        self.folder("home/.config/go/telemetry")?;
        // else a go that finds a new HOME starts an uploader, which may outlive it
        self.put("home/.config/go/telemetry/mode", b"off\n")?;
        let typed: Vec<u8> = typed
            .iter()
            .filter(|change| matches!(change, Change::Netrc { .. }))
            .filter_map(|change| change.render(None).ok())
            .flatten()
            .collect();
        let netrc = self.put("home/.netrc", &typed)?;
        env.set("NETRC", netrc.into_os_string());
        env.set("GOAUTH", if typed.is_empty() { "off" } else { "netrc" });
        if env.os("GOENV").is_none()
            && let Some(file) = &self.s.goenv.file
        {
            env.set("GOENV", file.clone().into_os_string());
        }
        env.set("HOME", self.at("home").into_os_string());
        for name in ["GIT_SSL_CERT", "GIT_SSL_KEY", "XDG_CONFIG_HOME"] {
            env.remove(name);
        }
        let proxies = self.settings(env).value("GOPROXY").to_owned();
        if proxies.contains('@') {
            let items = proxies.split_inclusive([',', '|']);
            env.set("GOPROXY", items.map(anonymous).collect::<String>());
        }
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
            for name in [name.to_owned(), name.to_ascii_lowercase()] {
                if let Some(value) = env.var(&name)
                    && value.starts_with("https://")
                {
                    let value = anonymous(value);
                    env.set(&name, value);
                }
            }
        }
        Ok(())
    }

    /// Puts a changed copy of a file in the place of the file.
    fn stand_in(
        &self,
        index: usize,
        write: &step::Write,
        overlay: &mut Overlay,
    ) -> Result<(), Error> {
        if self.settings_stand_in(index, write, overlay)?
            || self.ssh_stands_in(index, write, overlay)?
        {
            return Ok(());
        }
        let (s, folder) = (self.s, write.path.parent().unwrap_or(Path::new("/")));
        let name = write.path.file_name().and_then(|name| name.to_str());
        let is = |path: Option<PathBuf>| is_at(path, &write.path);
        if s.home.as_deref().is_some_and(|home| {
            is(Some(netrc::git_path(home))) || is(Some(netrc::go_path(&s.env, home)))
        }) {
            // the login that was typed stands alone in a HOME of its own
        } else if let Some(below) = s
            .project
            .as_ref()
            .and_then(|project| step::real(&project.root.join("vendor")).ok())
            .and_then(|vendor| Some(write.path.strip_prefix(vendor).ok()?.to_owned()))
        {
            let copy = self.at("vendored/vendor").join(below);
            let folder = copy.parent().unwrap_or(Path::new("/"));
            fs::create_dir_all(folder).map_err(Error::io(Operation::MAKE, folder))?;
            fs::write(&copy, &write.after).map_err(Error::io(Operation::WRITE, &copy))?;
        } else if name == Some("go.work") {
            let text = String::from_utf8_lossy(&write.after);
            self.folder("changed-work")?;
            let changed = with_absolute_folders(&text, folder);
            let copy = self.put("changed-work/go.work", changed.as_bytes())?;
            overlay.env.set("GOWORK", copy.into_os_string());
        } else if let Some(name @ ("go.mod" | "go.sum")) = name {
            let copy = self.folder("changed")?;
            copy_missing(folder, &copy, &["go.mod", "go.sum"])?;
            fs::write(copy.join(name), &write.after).map_err(Error::io(Operation::WRITE, &copy))?;
            overlay.modules = Some(copy);
        } else {
            self.copy_stands_in(index, write, overlay)?;
        }
        Ok(())
    }

    /// Settings of go and git; whether it is one of these files.
    fn settings_stand_in(
        &self,
        index: usize,
        write: &step::Write,
        overlay: &mut Overlay,
    ) -> Result<bool, Error> {
        let s = self.s;
        let is = |path: Option<PathBuf>| is_at(path, &write.path);
        let copy = |bench: &Self| bench.put(&format!("gitconfig-{index}"), &write.after);
        if is(s.goenv.file.clone()) {
            let copy = self.put("goenv", &write.after)?;
            overlay.env.set("GOENV", copy.into_os_string());
        } else if is(s.git_config()) {
            let before = write.before.as_deref().unwrap_or_default();
            overlay.git = if let Some(new) = write.after.strip_prefix(before) {
                let own: String = global_files(s).iter().map(|path| include(path)).collect();
                [own.as_bytes(), new].concat()
            } else {
                overlay.equivalent |= has_conditions(s);
                layered(s, &write.path, &copy(self)?)
            };
        } else if git::files(s).into_iter().any(|file| is(Some(file))) {
            overlay.equivalent |= has_conditions(s);
            let copy = copy(self)?;
            let mut settings = git::settings(s).into_iter();
            let is_included = settings
                .any(|setting| git::includes(&setting.section) && is(Some(setting.included(s))));
            if is_included || is_global(s, &write.path) {
                overlay.git = layered(s, &write.path, &copy);
            } else {
                overlay.env.set("GIT_CONFIG_SYSTEM", copy.into_os_string());
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Files of ssh; whether it is one.
    fn ssh_stands_in(
        &self,
        index: usize,
        write: &step::Write,
        overlay: &mut Overlay,
    ) -> Result<bool, Error> {
        let s = self.s;
        let is = |path: Option<PathBuf>| is_at(path, &write.path);
        let home = |name: &str| s.home.as_ref().map(|home| home.join(name));
        if is(home(".ssh/known_hosts")) {
            let copy = self.put("known_hosts", &write.after)?;
            let option = format!("UserKnownHostsFile={}", copy.display());
            overlay.ssh.extend(["-o".to_owned(), option]);
        } else if is(home(".ssh/config")) {
            let system = b"\nMatch all\n  Include /etc/ssh/ssh_config\n";
            let copy = self.put("ssh_config", &[&write.after[..], system].concat())?;
            let copy = copy.display().to_string();
            overlay.ssh.extend(["-F".to_owned(), copy]);
            overlay.equivalent = true;
        } else if write.before.as_ref() == Some(&write.after)
            && home(".ssh").is_some_and(|dir| write.path.parent() == Some(&dir))
        {
            // a key that others may read: the copy is closed
            let copy = self.put(&format!("key-{index}"), &write.after)?;
            let copy = copy.display().to_string();
            overlay.ssh.extend(["-i".to_owned(), copy]);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// A file that settings name, for instance a CA: the settings that go into the trial name the copy.
    fn copy_stands_in(
        &self,
        index: usize,
        write: &step::Write,
        overlay: &mut Overlay,
    ) -> Result<(), Error> {
        let copy = self.put(&format!("file-{index}"), &write.after)?;
        let (old, new) = (
            write.path.to_string_lossy().into_owned(),
            copy.to_string_lossy().into_owned(),
        );
        overlay.git = String::from_utf8_lossy(&overlay.git)
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
        Ok(())
    }

    /// The ssh that git would start: extended, never replaced.
    fn own_ssh(&self, env: &Env) -> String {
        if let Some(command) = env.var("GIT_SSH_COMMAND") {
            return command.to_owned();
        }
        let configured = Tool::new("git", env, Path::new("/")).ok().and_then(|git| {
            let asked = git.args(["config", "--get", "core.sshCommand"]);
            let output = asked.run(self.deadline, self.cancel).ok()?;
            Some(output.text().trim().to_owned())
                .filter(|command| output.succeeded() && !command.is_empty())
        });
        configured
            .or_else(|| env.var("GIT_SSH").map(super::quote))
            .unwrap_or_else(|| "ssh".to_owned())
    }
}

/// Copies those of a module's files that can be read and don't stand there yet.
fn copy_missing(root: &Path, copy: &Path, names: &[&str]) -> Result<(), Error> {
    for name in names {
        if let Ok(bytes) = file::read(&root.join(name), Kind::Module)
            && !copy.join(name).exists()
        {
            fs::write(copy.join(name), bytes).map_err(Error::io(Operation::WRITE, copy))?;
        }
    }
    Ok(())
}

/// Whether a path leads to this file.
fn is_at(path: Option<PathBuf>, file: &Path) -> bool {
    path.and_then(|path| step::real(&path).ok())
        .is_some_and(|path| path == file)
}

/// `go install m@v` and `go run m@v` heed no module around them.
fn out_of_module(args: &[String]) -> bool {
    matches!(args.first().map(String::as_str), Some("install" | "run"))
        && args
            .iter()
            .skip(1)
            .any(|arg| !arg.starts_with('-') && arg.contains('@'))
}

/// Whether a go.mod has go switch to a newer one than this (Go toolchains reference, "The go and toolchain lines").
fn wants_newer(text: &str, go: Option<&Path>) -> bool {
    let file = GoFile::parse(text);
    let wanted = [file.go, file.toolchain].into_iter().flatten();
    let wanted = wanted
        .filter_map(|(version, _)| Version::parse(&version))
        .max();
    let ours = go.and_then(goenv::stated_version);
    let ours = ours.and_then(|stated| Version::parse(&stated));
    wanted.zip(ours).is_some_and(|(wanted, ours)| wanted > ours)
}

/// A go.mod whose `go` line this release reads: `go 1.24.5` as `go 1.24`.
fn within_release(text: &str, release: Option<(u32, u32)>) -> String {
    let Some((major, minor)) = release else {
        return text.to_owned();
    };
    let known = |version: &str| {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let (Some(Ok(first)), Some(Ok(second))) = (numbers.next(), numbers.next()) else {
            return true;
        };
        (first, second) < (major, minor)
    };
    let lines = text.split_inclusive('\n').map(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("go"), Some(version)) if !known(version) => format!("go {major}.{minor}\n"),
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

/// Modules become private that were not.
fn makes_private(change: &Change) -> bool {
    let exported = change.exported();
    let set = match change {
        Change::GoEnv { key, .. } => Some(key.as_str()),
        _ => exported.first().map(|(name, _)| name.as_str()),
    };
    matches!(set, Some("GOPRIVATE" | "GONOPROXY"))
}

/// The files that are read as global configuration, in git's order.
fn global_files(s: &Situation) -> Vec<PathBuf> {
    if s.env.os("GIT_CONFIG_GLOBAL").is_some() {
        return s.git_config().into_iter().collect();
    }
    let own = s.home.as_ref().map(|home| home.join(".gitconfig"));
    [place::xdg_git_config(&s.env), own]
        .into_iter()
        .flatten()
        .collect()
}

fn is_global(s: &Situation, path: &Path) -> bool {
    let same = |file: &PathBuf| step::real(file).is_ok_and(|file| file == path);
    global_files(s).iter().any(same)
}

/// Whether git includes something by a condition, which [`layered`] takes for met.
fn has_conditions(s: &Situation) -> bool {
    let mut settings = git::settings(s).into_iter();
    settings.any(|setting| setting.section.starts_with("includeif."))
}

/// git's global configuration with a copy in the place of one file, wherever that is included. What
/// is included by a condition is included always: in a trial git runs elsewhere.
fn layered(s: &Situation, changed: &Path, copy: &Path) -> Vec<u8> {
    let mut text = String::new();
    let read = |file: &Path| {
        let is_changed = step::real(file).is_ok_and(|file| file == changed);
        file::text(if is_changed { copy } else { file }, Kind::Settings).ok()
    };
    for file in global_files(s) {
        layer(&file, s, 0, &read, &mut text);
    }
    text.into_bytes()
}

fn layer(
    file: &Path,
    s: &Situation,
    depth: usize,
    read: &dyn Fn(&Path) -> Option<String>,
    text: &mut String,
) {
    let Some(own) = read(file) else {
        return;
    };
    let mut inside = false;
    for line in own.lines() {
        let head = gitconfig::section(line);
        if let Some((section, _)) = &head {
            inside = git::includes(section);
        }
        let entry = head.as_ref().map_or(line, |(_, rest)| rest).split_once('=');
        let path = entry.filter(|(name, _)| inside && name.trim().eq_ignore_ascii_case("path"));
        if let Some(value) = path.and_then(|(_, raw)| gitconfig::value(raw))
            && depth < git::DEEPEST
        {
            let beside = file.parent().unwrap_or(Path::new("/"));
            layer(&beside.join(s.expanded(&value)), s, depth + 1, read, text);
        } else if !(inside && head.is_some()) {
            text.push_str(line);
            text.push('\n');
        }
    }
}

/// A URL, or an item of a list with its separator, without user and password.
fn anonymous(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#', ',', '|']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", &rest[end..])
}

/// git's settings as a trial may have them: a file, and what stands in the layer that wins, where a
/// repository's own settings cannot add to it.
fn restrained(
    settings: &[(String, String)],
    identity: Identity,
    home: Option<&Path>,
) -> (String, Vec<(String, String)>) {
    let (mut file, mut helpers) = (String::new(), Vec::new());
    for (key, value) in settings {
        let last = key.rsplit('.').next().unwrap_or_default();
        let is_helper = key.starts_with("credential.") && last == "helper";
        if is_helper && identity == Identity::User {
            helpers.push((key.clone(), gitconfig::only_get(value)));
        }
        let passes = match identity {
            Identity::Nobody => is_plain(key, last),
            Identity::User => !is_helper && last != "savecookies" && !key.starts_with("include"),
        };
        if !passes {
            continue;
        }
        // HOME is another one for nobody
        let value = match (value.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => home.join(below).to_string_lossy().into_owned(),
            _ if last == "proxy"
                && value.starts_with("https://")
                && identity == Identity::Nobody =>
            {
                anonymous(value)
            }
            _ => value.clone(),
        };
        // what cannot be written back is an alias of several lines at most
        file += &change::git_config(key, &value).unwrap_or_default();
    }
    (file, helpers)
}

/// A setting that neither logs in nor names a program.
fn is_plain(key: &str, last: &str) -> bool {
    let rewrite = || {
        let base = key.trim_start_matches("url.");
        let base = &base[..base.len().saturating_sub(last.len() + 1)];
        let login = Url::remote(base).and_then(|url| url.userinfo.map(|user| (url.scheme, user)));
        login.is_none_or(|(scheme, user)| scheme.contains("ssh") && !user.contains(':'))
    };
    match key.split('.').next().unwrap_or_default() {
        "http" => PLAIN_HTTP.contains(&last),
        "url" => matches!(last, "insteadof" | "pushinsteadof") && rewrite(),
        "protocol" | "safe" => true,
        _ => false,
    }
}

fn include(path: &Path) -> String {
    let path = path
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("[include]\n\tpath = \"{path}\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_go_is_one_that_go_mod_wants_and_is_not_here() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("bin")).unwrap();
        std::fs::write(root.path().join("VERSION"), "go1.24.5\n").unwrap();
        let go = root.path().join("bin/go");
        std::fs::write(&go, "").unwrap();
        for (lines, newer) in [
            ("go 1.24.5", false),
            ("go 1.24", false),
            ("go 1.21", false),
            ("go 1.24.6", true),
            ("go 1.25.0", true),
            ("go 1.21\ntoolchain go1.25.1", true),
        ] {
            assert_eq!(
                wants_newer(&format!("module m\n\n{lines}\n"), Some(&go)),
                newer,
                "{lines}"
            );
        }
    }

    #[test]
    fn no_newer_language_is_asked_for() {
        let text = "module m\n\ngo 1.24.5\n";
        assert_eq!(within_release(text, Some((1, 24))), "module m\n\ngo 1.24\n");
        assert_eq!(within_release(text, Some((1, 25))), text);
        assert_eq!(within_release(text, None), text);
    }

    fn settings(text: &[(&str, &str)]) -> Vec<(String, String)> {
        text.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn nobody_has_no_login_and_runs_nothing() {
        let all = settings(&[
            ("credential.helper", "store"),
            ("credential.https://h.helper", "!evil"),
            ("http.cookiefile", "~/c"),
            ("http.https://h/.extraheader", "Authorization: x"),
            ("http.sslcert", "/c"),
            ("http.https://h/.sslcainfo", "~/ca.pem"),
            ("core.sshcommand", "evil"),
            ("core.fsmonitor", "evil"),
            ("url.https://u:token@h/.insteadof", "https://h/"),
            ("url.https://token@h/.insteadof", "https://h/"),
            ("url.ssh://git@h/.insteadof", "https://h/"),
            ("http.https://h/.proxy", "https://u:p@proxy:1"),
            ("safe.directory", "/x"),
        ]);
        let (file, helpers) = restrained(&all, Identity::Nobody, Some(Path::new("/home/x")));
        assert_eq!(helpers, []);
        assert_eq!(
            file,
            "[http \"https://h/\"]\n\tsslcainfo = /home/x/ca.pem\n\
             [url \"ssh://git@h/\"]\n\tinsteadof = https://h/\n\
             [http \"https://h/\"]\n\tproxy = https://proxy:1\n\
             [safe]\n\tdirectory = /x\n"
        );
    }

    #[test]
    fn helpers_of_the_user_are_only_asked() {
        let all = settings(&[
            ("credential.helper", ""),
            ("credential.helper", "store --file x"),
            ("credential.https://h.helper", "!gh auth git-credential"),
            ("credential.helper", "/opt/helper"),
            ("http.savecookies", "true"),
            ("http.cookiefile", "/c"),
        ]);
        let (file, helpers) = restrained(&all, Identity::User, None);
        let values: Vec<&str> = helpers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            values,
            [
                "",
                "!f() { test \"$1\" = get || exit 0; git credential-store --file x \"$@\"; }; f",
                "!f() { test \"$1\" = get || exit 0; gh auth git-credential \"$@\"; }; f",
                "!f() { test \"$1\" = get || exit 0; /opt/helper \"$@\"; }; f",
            ]
        );
        assert_eq!(file, "[http]\n\tcookiefile = /c\n");
    }

    #[test]
    fn lists_of_proxies_lose_their_passwords() {
        let list = "https://u:p@a.example/x,https://b.example|https://t@c.example,direct";
        let bare: String = list.split_inclusive([',', '|']).map(anonymous).collect();
        assert_eq!(
            bare,
            "https://a.example/x,https://b.example|https://c.example,direct"
        );
    }
}
