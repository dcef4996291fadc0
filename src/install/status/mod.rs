//! Which go runs, through what, in which shells, and why.
//!
//! In: the environment, the record, the answers of shells. Out: [`Status`]: one view for this
//! environment, one for each way of starting a shell, each with findings. What the running shell
//! keeps to itself (aliases, functions, its hash table) can't be seen from a child: it is only
//! spoken of where it would matter.

mod ask;
mod path;
mod view;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::shells::Kind;
use super::{Home, Record, SHELLS, Shell, files_with_lines, folder};
use crate::lang::tr;
use crate::mask;
use crate::settings::Env;
use ask::{Question, Resolved};
use path::Search;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// go does not run through gomend where it should, or failures are not explained.
    Fails,
    /// It does, and may not for long.
    Warns,
    /// Good to know.
    Notes,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Stable, kebab-case.
    pub(crate) id: &'static str,
    /// How much it matters.
    pub(crate) level: Level,
    /// What is so.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) instead: Option<String>,
}

impl Finding {
    /// A finding; what it quotes from PATH and from start-up files is masked.
    fn new(id: &'static str, level: Level, what: impl AsRef<str>) -> Self {
        Self {
            id,
            level,
            what: mask::line(what.as_ref()),
            instead: None,
        }
    }

    fn instead(mut self, instead: impl Into<Option<String>>) -> Self {
        self.instead = instead.into();
        self
    }
}

/// A folder with a shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Installed {
    /// The folder.
    #[serde(serialize_with = "lossy")]
    pub(crate) dir: PathBuf,
    /// It is this version's.
    pub(crate) current: bool,
    /// The gomend that explains failures; null: none, so that nothing is explained.
    #[serde(serialize_with = "lossy_if_any")]
    pub(crate) gomend: Option<PathBuf>,
}

/// What typing `go` comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Through {
    /// gomend's shim.
    Shim,
    /// gomend's shim, by an alias or function.
    Alias,
    /// An alias, a function or a word of the shell that leads elsewhere.
    Word,
    /// Another program.
    Other,
    /// There is no go.
    Nothing,
}

/// One place where `go` may be typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct View {
    /// The shell; null: the environment that `gomend status` was started in.
    pub(crate) shell: Option<&'static str>,
    /// How the shell was started: login, interactive, login-script, script.
    pub(crate) mode: Option<&'static str>,
    /// What typing `go` comes to.
    pub(crate) through: Through,
    /// The program that is started first.
    #[serde(serialize_with = "lossy_if_any")]
    pub(crate) go: Option<PathBuf>,
    /// The real go behind the shim.
    #[serde(serialize_with = "lossy_if_any")]
    pub(crate) real: Option<PathBuf>,
    /// What was found.
    pub(crate) findings: Vec<Finding>,
}

/// A shell that gave no answer, or was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Unasked {
    /// The shell.
    pub(crate) shell: String,
    /// How it would have been started.
    pub(crate) mode: Option<&'static str>,
    /// Why.
    pub(crate) why: String,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    /// The shim comes first wherever it was installed, and works.
    pub(crate) ok: bool,
    /// Folders with shims.
    pub(crate) installed: Vec<Installed>,
    /// What was found about the installation itself.
    pub(crate) findings: Vec<Finding>,
    /// This environment, then the shells that were asked.
    pub(crate) views: Vec<View>,
    /// The shells that were not.
    pub(crate) unasked: Vec<Unasked>,
}

/// JSON has no bytes: a path that is not UTF-8 is shown as well as it can be.
fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

#[expect(
    clippy::ref_option,
    reason = "serde hands over a reference to the field"
)]
fn lossy_if_any<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => lossy(path, to),
        None => to.serialize_none(),
    }
}

/// Where gomend is known to be.
#[derive(Default)]
struct Known {
    /// Its folders.
    folders: Vec<PathBuf>,
    /// Shells with its lines in a start-up file.
    shells: Vec<&'static str>,
}

/// Shells with gomend's lines in a start-up file.
fn managed(home: &Home) -> Vec<&'static str> {
    let files = files_with_lines(home);
    files.iter().map(|(shell, _)| shell.id).collect()
}

/// What everything is judged by.
pub(crate) struct Inputs<'a> {
    /// The environment.
    pub(crate) env: &'a Env,
    /// The working folder.
    pub(crate) here: &'a Path,
    /// gomend is switched off, by `GOMEND` or in the configuration.
    pub(crate) is_off: bool,
    /// The user's places; `None` under sudo.
    pub(crate) home: Option<&'a Home>,
    /// The user's login shell, as it is named.
    pub(crate) login: Option<&'a str>,
}

impl Inputs<'_> {
    /// Looks at everything; shells are asked.
    #[must_use]
    pub(crate) fn status(&self) -> Status {
        let record = self.home.map(Record::of).unwrap_or_default();
        let known = self
            .home
            .map(|home| Known {
                folders: record.folders(home),
                shells: managed(home),
            })
            .unwrap_or_default();
        let mut views = vec![self.here(&known, &record)];
        let mut unasked = Vec::new();
        if let Some(home) = self.home {
            self.ask(home, &known, &mut views, &mut unasked);
        }
        let installed = self.installed(&known.folders, &views);
        let findings = self.about(&installed, &record);
        if installed.is_empty() {
            for view in &mut views {
                view.findings.retain(|finding| finding.id != "not-on-path"); // it is said once
            }
        }
        let all = findings
            .iter()
            .chain(views.iter().flat_map(|view| &view.findings));
        Status {
            ok: !all.clone().any(|finding| finding.level == Level::Fails),
            installed,
            findings,
            views,
            unasked,
        }
    }

    /// A path as people write it.
    fn name(&self, path: &Path) -> String {
        self.home
            .map_or_else(|| path.display().to_string(), |home| home.tilde(path))
    }

    fn login_shell(&self) -> Option<&'static Shell> {
        self.login.and_then(Shell::named)
    }

    /// The environment that we were started in.
    fn here(&self, known: &Known, record: &Record) -> View {
        let path = self.env.os("PATH").unwrap_or_default();
        let search = Search::of(path, self.here, &known.folders);
        let mut view = view::of(&search, None, &known.folders, self);
        let later = !known.shells.is_empty() && !search.has_shim() && search.broken.is_empty();
        if later && view.through != Through::Shim {
            view.findings.retain(|finding| finding.id != "not-on-path");
            let what = if record.alias {
                tr!("gomend's go is an alias here, which only the shell itself can see")
            } else {
                tr!("this shell was started without gomend's lines: they count in new ones")
            };
            let instead = (!record.alias).then(|| self.evaluate());
            view.findings
                .push(Finding::new("later", Level::Notes, what).instead(instead));
        }
        view.findings.extend(view::of_this_process(&view, &search));
        view
    }

    /// What to type to have the lines in the running shell.
    fn evaluate(&self) -> String {
        let line = self.login_shell().and_then(|login| login.evaluate);
        match line {
            Some(line) => tr!("open a new shell, or type: {line}", line),
            None => tr!("open a new shell"),
        }
    }

    fn ask(&self, home: &Home, known: &Known, views: &mut Vec<View>, unasked: &mut Vec<Unasked>) {
        if let Some(login) = self.login
            && self.login_shell().is_none()
        {
            unasked.push(Unasked {
                shell: login.to_owned(),
                mode: None,
                why: tr!("your login shell, which gomend doesn't know"),
            });
        }
        let mut questions = Vec::new();
        for shell in SHELLS {
            let is_managed = known.shells.contains(&shell.id);
            let is_login = self.login_shell().is_some_and(|login| login.id == shell.id);
            if !is_managed && !is_login && !shell.is_used_in(home) {
                continue;
            }
            // an alias is for who types
            let asked = shell
                .modes
                .iter()
                .filter(|mode| mode.kind == Kind::Typed || is_managed && !Record::of(home).alias);
            questions.extend(asked.map(|mode| Question {
                shell,
                mode,
                env: self.inherited(&known.folders, is_managed, mode.kind),
            }));
        }
        for (question, answer) in questions.iter().zip(ask::ask(&questions, home)) {
            let (shell, mode) = (question.shell, question.mode.id);
            let told = match answer {
                Ok(told) => told,
                Err(why) => {
                    unasked.push(Unasked {
                        shell: shell.id.to_owned(),
                        mode: Some(mode),
                        why,
                    });
                    continue;
                }
            };
            match self.view_of(home, question, &told, known) {
                Some(view) => views.push(View {
                    shell: Some(shell.id),
                    mode: Some(mode),
                    ..view
                }),
                None => unasked.push(Unasked {
                    shell: shell.id.to_owned(),
                    mode: Some(mode),
                    why: tr!("gomend is not installed for it"),
                }),
            }
        }
        // what is wrong where somebody types is said there
        let is_script = |view: &View| {
            let modes = questions.iter().map(|question| question.mode);
            let mut named = modes.filter(|mode| Some(mode.id) == view.mode);
            named.any(|mode| mode.kind != Kind::Typed)
        };
        let (scripts, typed): (Vec<View>, Vec<View>) = views.drain(..).partition(is_script);
        let is_well = |shell: Option<&str>| {
            let mut of_shell = typed.iter().filter(|view| view.shell == shell);
            of_shell.all(|view| view.through == Through::Shim)
        };
        let scripts: Vec<View> = scripts
            .into_iter()
            .filter(|view| is_well(view.shell))
            .collect();
        *views = typed;
        for view in scripts {
            let behind = views.iter().rposition(|other| other.shell == view.shell);
            views.insert(behind.map_or(views.len(), |at| at + 1), view);
        }
    }

    /// What a shell said; `None`: it is none of those that gomend was installed for, and go
    /// doesn't come from gomend there.
    fn view_of(
        &self,
        home: &Home,
        question: &Question,
        told: &Resolved,
        known: &Known,
    ) -> Option<View> {
        let search = Search::of(&told.path, &home.dir, &known.folders);
        let mut view = view::of(&search, Some(told), &known.folders, self);
        if !known.shells.contains(&question.shell.id)
            && !matches!(view.through, Through::Shim | Through::Alias)
            && !search.has_shim()
        {
            return None;
        }
        view::trace(&mut view, home, question.shell);
        if question.mode.kind != Kind::Typed {
            for finding in &mut view.findings {
                if finding.level == Level::Fails {
                    finding.level = Level::Warns;
                    finding.instead = (finding.id == "shadowed").then(|| {
                        tr!("let that line put its folder behind what is on PATH already")
                    });
                }
            }
        }
        Some(view)
    }

    /// What a new shell inherits. Where it has lines of gomend's, PATH comes without gomend's
    /// folders: what is seen then is the lines' doing. A script below such a shell inherits them.
    fn inherited(&self, known: &[PathBuf], is_managed: bool, kind: Kind) -> Env {
        let mut env = self.env.clone();
        env.remove(crate::shim::guard::VARIABLE);
        env.set("TERM", "dumb");
        if is_managed && let Some(path) = self.env.os("PATH") {
            let without = std::env::split_paths(path).filter(|folder| !known.contains(folder));
            let first = known.last().filter(|_| kind == Kind::Below).cloned();
            let folders = first.into_iter().chain(without);
            let path: OsString = std::env::join_paths(folders).unwrap_or_else(|_| path.to_owned());
            env.set("PATH", path);
        }
        env
    }

    /// The folders that are known, and those that were met on a PATH.
    fn installed(&self, known: &[PathBuf], views: &[View]) -> Vec<Installed> {
        let mut dirs = known.to_vec();
        for go in views.iter().filter_map(|view| view.go.as_deref()) {
            if let Some(dir) = go.parent()
                && folder::is_current(go)
                && !dirs.iter().any(|known| known == dir)
            {
                dirs.push(dir.to_owned());
            }
        }
        dirs.into_iter()
            .filter(|dir| folder::is_shim(&dir.join("go")))
            .map(|dir| Installed {
                current: folder::is_current(&dir.join("go")),
                gomend: self.explains(&dir),
                dir,
            })
            .collect()
    }

    /// The gomend that a shim would find: beside itself, else on PATH.
    fn explains(&self, dir: &Path) -> Option<PathBuf> {
        let beside = dir.join("gomend");
        if beside.is_file() {
            return beside.canonicalize().ok();
        }
        which::which_in("gomend", self.env.os("PATH"), self.here).ok()
    }

    fn about(&self, installed: &[Installed], record: &Record) -> Vec<Finding> {
        let mut findings = Vec::new();
        if installed.is_empty() {
            let what = tr!("gomend is not installed: no folder holds its shim");
            findings.push(
                Finding::new("not-installed", Level::Fails, what)
                    .instead("gomend install".to_owned()),
            );
        }
        for Installed {
            dir,
            current,
            gomend,
        } in installed
        {
            let at = self.name(&dir.join("go"));
            let again = if record.dirs.last() == Some(dir) {
                "gomend install".to_owned()
            } else {
                let dir = crate::fix::quote(&dir.to_string_lossy());
                format!("gomend install --shell none --dir {dir}")
            };
            if gomend.is_none() {
                let what = tr!(
                    "{at} finds no gomend beside it: failures are not explained",
                    at
                );
                findings.push(
                    Finding::new("gomend-missing", Level::Fails, what).instead(again.clone()),
                );
            }
            if !current {
                let what = tr!("{at} is another version's", at);
                findings.push(Finding::new("other-version", Level::Warns, what).instead(again));
            }
        }
        if self.is_off {
            let what = tr!("gomend is switched off: go runs as if it were not there");
            let instead = tr!("`gomend config` shows who says so (`mode`)");
            findings.push(Finding::new("off", Level::Warns, what).instead(instead));
        }
        findings
    }
}
