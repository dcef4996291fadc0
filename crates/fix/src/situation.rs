//! What a plan may know besides the verdict: facts, looked up beforehand, so that planning
//! itself is pure.
//!
//! In: an environment, a directory, the real go. Out: settings, files and programs that are
//! there. No program is run and nothing touches the network.

use std::path::{Path, PathBuf};

use super::change::Spot;
use super::disk::Disk;
use super::packages::Manager;
use super::{place, shell};
use crate::file::Kind;
use crate::probe::{Observation, Seen, git, http, proxy, ssh, tcp, tls};
use crate::rules::said::Phrase;
use crate::settings::Env;
use crate::settings::goenv::{self, GoEnv};
use crate::settings::gofile::{self, GoFile, Instead, Replaced};
use crate::settings::lint;
use crate::settings::version::Version;
use gomend_core::place::{AutoProxy, Basis, Ci, Container, Known, Place, Shell, System};

/// The main module of the directory that go ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The directory of `go.mod`.
    pub root: PathBuf,
    /// The path after `module`.
    pub path: Option<String>,
    /// The version after `go`.
    pub go: Option<String>,
    /// Paths and versions after `require`.
    pub requires: Vec<(String, String)>,
    /// The directories that `replace` names, as written.
    pub replaced: Vec<PathBuf>,
    /// A `vendor` directory is there.
    pub vendored: bool,
}

/// The home of another machine, which nothing here is called: shown as `~`.
const ELSEWHERE: &str = "/~";

/// The facts around a failed run of go.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that don't depend on each other"
)]
pub struct Situation {
    /// The environment that go ran in.
    pub env: Env,
    /// This process's environment, where go ran in another: what a shell has to be told is told
    /// against it.
    pub present: Option<Env>,
    /// HOME.
    pub home: Option<PathBuf>,
    /// The directory that go ran in.
    pub dir: PathBuf,
    /// The real go.
    pub go: Option<PathBuf>,
    /// Its release: `(1, 24)`.
    pub go_release: Option<(u32, u32)>,
    /// What go was asked to do: its arguments, without `go` itself.
    pub args: Vec<String>,
    /// Go's settings by layer.
    pub goenv: GoEnv,
    /// The main module.
    pub project: Option<Project>,
    /// The `go.work` that applies.
    pub workspace: Option<PathBuf>,
    /// The package manager of this machine.
    pub manager: Option<Manager>,
    /// We are root, and not through sudo.
    pub root: bool,
    /// The CI system that runs us.
    pub ci: Option<Ci>,
    /// We are in a container.
    pub container: bool,
    /// We are in WSL.
    pub wsl: bool,
    /// The line that gave the failure away, masked. For words that are looked for; what it names is
    /// taken from [`Situation::named`].
    pub line: String,
    /// A remote can have written the line.
    pub foreign: bool,
    /// The line comes from a saved log: another machine's, perhaps, and anybody's.
    pub saved: bool,
    /// Whose machine it is.
    pub place: Place,
    /// What the server said with its answer, masked; empty: nothing.
    pub answer: String,
    /// What the probes saw.
    pub observations: Vec<Observation>,
    /// The files of this machine.
    pub disk: Disk,
}

impl Situation {
    /// Looks at files and variables; `args`, `line`, `answer` and `observations` are left for the caller.
    #[must_use]
    pub fn look(env: Env, dir: &Path, go: Option<&Path>) -> Self {
        let home = env.var("HOME").map(PathBuf::from);
        let disk = Disk::real();
        Self {
            goenv: GoEnv::read(&env, go),
            go: go.map(Path::to_owned),
            go_release: go
                .and_then(goenv::stated_version)
                .and_then(|stated| Some(Version::parse(&stated)?.release())),
            project: project(dir, &disk),
            workspace: gofile::workspace(&env, dir),
            manager: Manager::detect(&env, &disk),
            root: is_root(),
            ci: ci(&env),
            container: is_contained(&disk),
            wsl: env.os("WSL_DISTRO_NAME").is_some(),
            place: here(&env, home.as_deref(), &disk),
            dir: dir.to_owned(),
            home,
            env,
            disk,
            ..Self::default()
        }
    }

    /// What is known of another machine: what the text says, and nothing of this one.
    #[must_use]
    pub fn elsewhere(place: Place) -> Self {
        let env: Env = [("HOME", ELSEWHERE)].into_iter().collect();
        let system = place.system.as_ref().map(|known| known.is);
        let ci = place.ci.as_ref().map(|known| known.is);
        Self {
            goenv: GoEnv::read(&env, None),
            home: Some(PathBuf::from(ELSEWHERE)),
            dir: PathBuf::from(ELSEWHERE),
            manager: system.and_then(Manager::of),
            root: place.container.is_some(),
            ci,
            container: place.container.is_some(),
            saved: true,
            place,
            env,
            ..Self::default()
        }
    }

    /// The same, with a fresh look at the disk: things may have changed since it was made.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            disk: self.disk.anew(),
            ..self.clone()
        }
    }

    /// Whether go is at least this release; an unknown one counts as new.
    #[must_use]
    pub(crate) fn go_at_least(&self, minor: u32) -> bool {
        self.go_release.is_none_or(|release| release >= (1, minor))
    }

    /// Whether a program is on PATH.
    #[must_use]
    pub fn has(&self, program: &str) -> bool {
        self.program(program).is_some()
    }

    /// Where a program is, if it is on PATH.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        self.disk.program(name, &self.env)
    }

    /// Whether something can be read where a setting names a path: a folder, or a file that isn't empty.
    pub(super) fn is_there(&self, path: &str) -> bool {
        let node = self.disk.node(&self.expanded(path));
        node.is_some_and(|node| node.is_folder || node.len > 0)
    }

    /// The line, as far as what it names may be acted on: empty if a remote can have written it.
    #[must_use]
    pub fn named(&self) -> &str {
        if self.foreign { "" } else { &self.line }
    }

    /// Whether the line says so, whoever wrote it.
    #[must_use]
    pub fn says(&self, phrase: Phrase) -> bool {
        phrase.is_in(&self.line)
    }

    /// Whether the line says so and may be acted on.
    #[must_use]
    pub fn names(&self, phrase: Phrase) -> bool {
        phrase.is_in(self.named())
    }

    /// The repositories that go itself asks git about: the one around the directory it ran in, those
    /// around the directories that go.mod puts in a module's place; canonical paths.
    #[must_use]
    pub fn repositories(&self) -> Vec<PathBuf> {
        if self.saved {
            return Vec::new();
        }
        let replaced = self
            .project
            .iter()
            .flat_map(|project| project.replaced.iter().map(|path| project.root.join(path)));
        let mut found: Vec<PathBuf> = std::iter::once(self.dir.clone())
            .chain(replaced)
            .filter_map(|dir| {
                let dir = self.disk.canonical(&dir)?;
                let mut above = dir.ancestors();
                let root = above.find(|dir| self.disk.has(&dir.join(".git")))?;
                Some(root.to_owned())
            })
            .collect();
        found.dedup();
        found
    }

    /// The paths of all modules that go.mod requires.
    pub(crate) fn requires(&self) -> impl Iterator<Item = &String> {
        let requires = self.project.iter().flat_map(|project| &project.requires);
        requires.map(|(path, _)| path)
    }

    /// `sudo ` unless we are root already.
    #[must_use]
    pub fn sudo(&self) -> &'static str {
        if self.root { "" } else { "sudo " }
    }

    /// A path as an argument of a command: quoted, with the home directory as `~`.
    #[must_use]
    pub fn argument(&self, path: &Path) -> String {
        match self.below_home(path) {
            Some(rest) => format!("~/{}", shell::quote(&rest.to_string_lossy())),
            None => shell::quote(&path.to_string_lossy()),
        }
    }

    /// A path as settings write it: `~/` is the home directory.
    #[must_use]
    pub(crate) fn expanded(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(path),
        }
    }

    /// A path with the home directory as `~`.
    #[must_use]
    pub fn short(&self, path: &Path) -> String {
        match self.below_home(path) {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        }
    }

    fn below_home<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(self.home.as_deref()?).ok()
    }

    /// The value of a flag of the build, of the command itself or of GOFLAGS: `-tags=a` and `-tags a`; not what a
    /// program that is started gets.
    #[must_use]
    pub(crate) fn build_flag(&self, name: &str) -> Option<String> {
        let of_flags = self.goenv.value("GOFLAGS").split_whitespace();
        let own = self.args.iter().map(String::as_str);
        let own = own.take_while(|word| !matches!(*word, "-args" | "--args"));
        let words: Vec<&str> = of_flags.chain(own).collect();
        let mut found = None;
        for (at, word) in words.iter().enumerate() {
            let Some(flag) = word.strip_prefix('-') else {
                continue;
            };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            match flag.split_once('=') {
                Some((flag, value)) if flag == name => found = Some(value.to_owned()),
                None if flag == name => found = words.get(at + 1).map(|next| (*next).to_owned()),
                _ => {}
            }
        }
        found.filter(|value| !value.is_empty())
    }

    /// The lines of the user's shell files that give a variable the value that it has, the last one first.
    #[must_use]
    pub(crate) fn setters(&self, variable: &str) -> Vec<Spot> {
        let home = self.home.as_deref();
        let found = home.map(|home| shell::setters(home, &self.env, variable, &self.disk));
        found.unwrap_or_default()
    }

    /// The same of the files that the shells of all users read.
    #[must_use]
    pub(crate) fn setter_for_all(&self, variable: &str) -> Option<Spot> {
        shell::setter_for_all(variable, &self.disk)
    }

    /// The file that `git config --global` writes.
    #[must_use]
    pub fn git_config(&self) -> Option<PathBuf> {
        place::git_config(&self.env, &self.disk)
    }

    /// What git saw.
    #[must_use]
    pub fn git(&self) -> Option<&git::Remote> {
        self.seen(Seen::git)
    }

    /// What ssh saw.
    #[must_use]
    pub fn ssh(&self) -> Option<&ssh::Session> {
        self.seen(Seen::ssh)
    }

    /// The handshake.
    #[must_use]
    pub fn tls(&self) -> Option<&tls::Handshake> {
        self.seen(Seen::tls)
    }

    /// The connection attempts.
    #[must_use]
    pub fn tcp(&self) -> Option<&tcp::Reach> {
        self.seen(Seen::tcp)
    }

    /// The reply.
    #[must_use]
    pub fn http(&self) -> Option<&http::Reply> {
        self.seen(Seen::http)
    }

    /// A proxy choice that did not work, with its stack.
    #[must_use]
    pub(crate) fn bad_proxy(&self) -> Option<&proxy::Choice> {
        let is_bad = |choice: &&proxy::Choice| {
            let fine = [proxy::Connect::Opened, proxy::Connect::NotTried];
            choice.proxy.is_some() && !fine.contains(&choice.connect)
        };
        self.seen(|seen| seen.proxy().filter(is_bad))
    }

    /// The first of what was seen that is of this kind.
    pub(crate) fn seen<'a, T>(&'a self, pick: impl Fn(&'a Seen) -> Option<T>) -> Option<T> {
        self.observations.iter().find_map(|one| pick(&one.seen))
    }
}

/// This machine, as far as it shows.
fn here(env: &Env, home: Option<&Path>, disk: &Disk) -> Place {
    fn seen<T>(is: T) -> Known<T> {
        Known {
            is,
            basis: Basis::Here,
        }
    }
    let system = if cfg!(target_os = "macos") {
        System::Macos
    } else {
        Manager::detect(env, disk).map_or(System::Linux, Manager::system)
    };
    Place {
        system: Some(seen(system)),
        shell: Some(seen(Shell::Sh)),
        container: is_contained(disk).then(|| seen(Container::Running)),
        ci: ci(env).map(seen),
        wrapper: None,
        auto_proxy: auto_proxy(env, home, disk).map(seen),
    }
}

/// The setting of this machine that leaves the choice of proxies to a script. No program is asked: what the
/// desktop keeps in a database of its own isn't seen.
fn auto_proxy(env: &Env, home: Option<&Path>, disk: &Disk) -> Option<AutoProxy> {
    let names_script = |key: &&str| env.var(key).is_some_and(lint::names_proxy_script);
    let variables = ["auto_proxy", "AUTO_PROXY"];
    if variables.iter().any(|key| env.var(key).is_some()) {
        return Some(AutoProxy::Variable);
    }
    if ["HTTPS_PROXY", "https_proxy"].iter().any(names_script) {
        return Some(AutoProxy::Script);
    }
    // KDE: 2 is a script, 3 one that is found (kdelibs, kprotocolmanager)
    let config = env.var("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(home?.join(".config")))?;
    let text = disk.text(&config.join("kioslaverc"), Kind::Settings)?;
    let is_chosen = |line: &str| matches!(line.trim(), "ProxyType=2" | "ProxyType=3");
    text.lines().any(is_chosen).then_some(AutoProxy::Desktop)
}

fn is_contained(disk: &Disk) -> bool {
    disk.has(Path::new("/.dockerenv")) || disk.has(Path::new("/run/.containerenv"))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn ci(env: &Env) -> Option<Ci> {
    // as the report tells CI from a person's shell
    let is_set = |name: &str| {
        let value = env.var(name);
        value.is_some_and(|value| !matches!(value, "" | "false" | "0"))
    };
    if is_set("GITHUB_ACTIONS") {
        Some(Ci::Github)
    } else if is_set("GITLAB_CI") {
        Some(Ci::Gitlab)
    } else if ["CI", "JENKINS_URL", "TF_BUILD"].into_iter().any(is_set) {
        Some(Ci::Other)
    } else {
        None
    }
}

/// The nearest `go.mod` above, read as far as planning needs it.
fn project(dir: &Path, disk: &Disk) -> Option<Project> {
    let (path, read) = GoFile::above(dir)?;
    let root = path.parent()?.to_owned();
    let folder = |replaced: Replaced| match replaced.by {
        Instead::Folder(folder) => Some(PathBuf::from(folder)),
        Instead::Module(..) => None,
    };
    let requires = read.requires.into_iter();
    Some(Project {
        path: read.module,
        go: read.go.map(|(version, _)| version),
        requires: requires
            .map(|module| (module.path, module.version))
            .collect(),
        replaced: read.replaces.into_iter().filter_map(folder).collect(),
        vendored: disk.has_file(&root.join("vendor/modules.txt")),
        root,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let text = "module git.corp.example/app // note\n\ngo 1.24\n\nrequire a.example/x v1.0.0\nrequire (\n\tb.example/y v0.1.0 // indirect\n\t// gone\n)\n";
        std::fs::write(dir.path().join("go.mod"), text).unwrap();
        let inner = dir.path().join("cmd");
        std::fs::create_dir(&inner).unwrap();
        let project = project(&inner, &Disk::real()).unwrap();
        assert_eq!(project.path.as_deref(), Some("git.corp.example/app"));
        assert_eq!(project.go.as_deref(), Some("1.24"));
        let requires: Vec<&str> = project
            .requires
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(requires, ["a.example/x", "b.example/y"]);
        assert!(!project.vendored);
    }
}
