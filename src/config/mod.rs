//! gomend's own settings: what each is called, who says it, and what it is.
//!
//! In: the environment (`GOMEND_*`), the project's `.gomend.toml`, the user's `config.toml` and the
//! system's (TOML 1.0), in this order of precedence; the command line's flags stand above all and are
//! applied by the commands. Out: values with their origin, and what is wrong with the files.
//! A project's file is somebody else's: it may set only what weakens nothing.

mod keys;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file::{self, Refusal, Untrusted};
use crate::fix::quote;
use crate::lang::{Lang, tr};
use crate::settings::Env;
#[cfg(feature = "fleet")]
use crate::settings::url::Url;
use keys::{names_ours, unknown};

pub(crate) use keys::{KEYS, Key, Value, setting};

/// Tables in a project's file that others read.
const OTHERS: &[&str] = &["go", "rule"];

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub(crate) enum Origin {
    /// Nobody: it is so.
    Default,
    /// A file, from line 1.
    File {
        /// Whose.
        file: PathBuf,
        /// Where.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: &'static str,
    },
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str(&tr!("default")),
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Environment { variable } => f.write_str(variable),
        }
    }
}

/// Something wrong with a file or variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The file or variable.
    #[serde(flatten)]
    pub(crate) at: Origin,
    /// What is wrong, and what to do.
    pub(crate) message: String,
    /// Whether what stands there counts for nothing; otherwise only for a hint.
    pub(crate) is_error: bool,
    /// Whether a file counts for nothing because somebody else could have written it.
    #[serde(skip)]
    pub(crate) is_refusal: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// All settings, and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// In the order of [`KEYS`].
    values: Vec<(Value, Origin)>,
    /// In the order in which they were met.
    pub(crate) problems: Vec<Problem>,
    /// The user's file, whether it is there or not.
    pub(crate) file: Option<PathBuf>,
    /// The project's file, if there is one.
    pub(crate) project: Option<PathBuf>,
    /// The tables of platform teams; never a project's.
    #[cfg(feature = "fleet")]
    pub(crate) fleet: gomend_fleet::settings::Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            values: KEYS
                .iter()
                .map(|key| ((key.default)(), Origin::Default))
                .collect(),
            problems: Vec::new(),
            file: None,
            project: None,
            #[cfg(feature = "fleet")]
            fleet: gomend_fleet::settings::Settings::default(),
        }
    }
}

impl Config {
    /// Reads it, for a command in `dir`.
    #[must_use]
    pub(crate) fn load(env: &Env, dir: &Path) -> Self {
        let file = folder(env).map(|folder| folder.join("config.toml"));
        let project = project_file(dir);
        let mut config = Self {
            file: file.clone(),
            project: project.clone(),
            ..Self::default()
        };
        for file in of_system(env).chain(file) {
            config.read(&file, false);
        }
        if let Some(file) = project {
            config.read(&file, true);
        }
        if let Some(file) = rules_file(env) {
            config.refuse_others(&file);
        }
        #[cfg(feature = "fleet")]
        if let Some(file) = config.headers_file() {
            config.refuse_others(&file);
        }
        for (at, key) in KEYS.iter().enumerate() {
            let Some(value) = env.var(key.env) else {
                continue;
            };
            let origin = Origin::Environment { variable: key.env };
            match key.kind.parse(value) {
                Some(value) => config.values[at] = (value, origin),
                // empty is as good as not set, and a locale's name is fine in GOMEND_LANG
                None if value.is_empty() => {}
                None if key.name == "lang" && names_ours(value) => {}
                // a go that is watched goes on as if they were not set
                None if matches!(key.name, "lang" | "mode") => {
                    let what = key.kind.expects();
                    let message = tr!(
                        "`{value}` counts for nothing, it must be {what}",
                        value,
                        what
                    );
                    config.complain(origin, message, false);
                }
                None => {
                    let message = tr!("must be {what}", what = key.kind.expects());
                    config.complain(origin, message, true);
                }
            }
        }
        config
    }

    /// Every setting with its value and origin.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static Key, &Value, &Origin)> {
        KEYS.iter()
            .zip(&self.values)
            .map(|(key, (value, origin))| (key, value, origin))
    }

    /// When gomend speaks.
    pub(crate) fn mode(&self) -> &str {
        self.word("mode")
    }

    /// The language, where a file or variable names one.
    pub(crate) fn lang(&self) -> Option<Lang> {
        Lang::from_id(self.word("lang"))
    }

    /// When to use colours.
    pub(crate) fn color(&self) -> &str {
        self.word("color")
    }

    /// How long all probes together may take; `ci`: where nobody waits.
    pub(crate) fn patience(&self, ci: bool) -> Duration {
        let (value, origin) = self.value("patience");
        match value {
            Value::Seconds(seconds) if !(ci && *origin == Origin::Default) => {
                Duration::from_secs(seconds.unsigned_abs())
            }
            _ => Duration::from_secs(10),
        }
    }

    /// How often a command may be tried again.
    pub(crate) fn retry(&self) -> u32 {
        match self.value("retry").0 {
            Value::Count(count) => u32::try_from(count).unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether public resolvers may be asked for any name.
    pub(crate) fn public_dns(&self) -> bool {
        self.value("public-dns").0 == Value::Flag(true)
    }

    /// Whether counters are kept in CI too.
    #[cfg(feature = "fleet")]
    pub(crate) fn metrics(&self) -> bool {
        self.value("metrics").0 == Value::Flag(true)
    }

    /// The public resolvers.
    pub(crate) fn public_resolvers(&self) -> Vec<SocketAddr> {
        match &self.value("public-resolvers").0 {
            Value::Addresses(list) => list.iter().map(|&ip| SocketAddr::from((ip, 53))).collect(),
            _ => Vec::new(),
        }
    }

    /// The project's file, if its rules are wanted.
    pub(crate) fn project_rules(&self) -> Option<&Path> {
        let wanted = self.value("project-rules").0 == Value::Flag(true);
        self.project.as_deref().filter(|_| wanted)
    }

    /// Whether a file or variable says something that counts for nothing.
    pub(crate) fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| problem.is_error)
    }

    fn value(&self, name: &str) -> &(Value, Origin) {
        let at = KEYS.iter().position(|key| key.name == name);
        &self.values[at.expect("only names of the table are asked for")]
    }

    fn word(&self, name: &str) -> &str {
        match &self.value(name).0 {
            Value::Word(word) => word,
            _ => "",
        }
    }

    fn complain(&mut self, at: Origin, message: String, is_error: bool) {
        self.problems.push(Problem {
            at,
            message,
            is_error,
            is_refusal: false,
        });
    }

    /// What is wrong with a file of the user's as a whole. What somebody else has put there, or could have, stops
    /// nothing.
    fn refuse(&mut self, file: &Path, untrusted: &Untrusted) {
        let is_refusal = is_of_others(untrusted);
        self.problems.push(Problem {
            at: place(file, "", 0),
            message: refused(untrusted),
            is_error: !is_refusal,
            is_refusal,
        });
    }

    /// Names a file that is read elsewhere, if it will count for nothing because of others.
    fn refuse_others(&mut self, file: &Path) {
        match file::open_ours(file) {
            Err(untrusted) if is_of_others(&untrusted) => self.refuse(file, &untrusted),
            _ => {}
        }
    }

    #[cfg(feature = "fleet")]
    fn headers_file(&self) -> Option<PathBuf> {
        self.fleet.telemetry.as_ref()?.headers_file.clone()
    }

    /// Reads one file; what is not there says nothing.
    fn read(&mut self, file: &Path, is_project: bool) {
        let text = if is_project {
            let root = file.parent().unwrap_or(Path::new("/"));
            match file::text_within(root, file, file::Kind::Config) {
                Err(refusal) if refusal.is_missing() => return,
                Err(error) => {
                    let message = tr!("can't be read: {error}", error);
                    return self.complain(place(file, "", 0), message, false);
                }
                Ok(text) => text,
            }
        } else {
            match own(file) {
                Err(untrusted) if untrusted.why.is_missing() => return,
                Err(untrusted) => return self.refuse(file, &untrusted),
                Ok(text) => text,
            }
        };
        let table = match DeTable::parse(&text) {
            Ok(table) => table,
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let message = tr!("no valid TOML: {error}", error = error.message());
                return self.complain(place(file, &text, start), message, true);
            }
        };
        for (name, value) in table.get_ref() {
            let at = place(file, &text, name.span().start);
            #[cfg(feature = "fleet")]
            if gomend_fleet::settings::Settings::is_table(name.get_ref()) {
                self.take_table(
                    name.get_ref(),
                    value,
                    (file, text.as_str()),
                    is_project.then_some(at),
                );
                continue;
            }
            self.take(name.get_ref(), value, at, is_project);
        }
    }

    /// Takes a platform team's table; `project`: where it stands in the project's file.
    #[cfg(feature = "fleet")]
    fn take_table(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        (file, text): (&Path, &str),
        project: Option<Origin>,
    ) {
        if let Some(at) = project {
            return self.complain(at, not_for_projects(name), false);
        }
        let taken = self.fleet.take(name, value);
        let taken = taken.map_err(|problem| (problem.at, problem.message));
        let telemetry = self.fleet.telemetry.as_ref();
        let checked = taken.and_then(|()| {
            let checked = telemetry.map_or(Ok(()), |telemetry| endpoint(telemetry).map(drop));
            checked.map_err(|why| (None, why))
        });
        if let Err((at, error)) = checked {
            self.fleet.forget(name);
            let at = place(file, text, at.unwrap_or(value.span().start));
            let message = tr!("`[{name}]`: {error}", name, error);
            self.complain(at, message, true);
        }
    }

    /// Takes one entry of a file.
    fn take(&mut self, name: &str, value: &Spanned<DeValue<'_>>, at: Origin, is_project: bool) {
        if is_project && OTHERS.contains(&name) {
            return;
        }
        let Some(index) = KEYS.iter().position(|key| key.name == name) else {
            return self.complain(at, unknown(name), false);
        };
        let key = &KEYS[index];
        if is_project && !key.is_for_projects {
            return self.complain(at, not_for_projects(name), false);
        }
        if let Some(value) = key.kind.of_toml(value.get_ref()) {
            self.values[index] = (value, at);
        } else {
            let message = tr!("`{name}` must be {what}", name, what = key.kind.expects());
            self.complain(at, message, true);
        }
    }
}

/// Where events go; else what is wrong with the settings.
#[cfg(feature = "fleet")]
pub(crate) fn endpoint(telemetry: &gomend_fleet::telemetry::Telemetry) -> Result<Url, String> {
    let url = Url::parse(&telemetry.endpoint)
        .filter(|url| matches!(url.scheme.as_str(), "https" | "http"))
        .ok_or_else(|| tr!("`endpoint` must be an https:// or http:// URL"))?;
    if url.userinfo.is_some() {
        return Err(tr!("a login belongs in `headers-file`, not in `endpoint`"));
    }
    if url.scheme == "http" && telemetry.headers_file.is_some() && !is_loopback(&url.host) {
        return Err(tr!("what `headers-file` holds is sent over https:// alone"));
    }
    if let Some(key) = telemetry.bad_attribute() {
        return Err(tr!("`{key}` can't be an attribute", key));
    }
    Ok(url)
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn not_for_projects(name: &str) -> String {
    tr!(
        "a project may not set `{name}`; it belongs in your own config.toml",
        name
    )
}

/// The text with `name` set to a value (in TOML), or without it; `None`: it is no TOML.
pub(crate) fn edited(text: &str, name: &str, value: Option<&str>) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let entries = table.get_ref();
    let entry = entries.iter().find(|(key, _)| key.get_ref() == name);
    let mut text_after = text.to_owned();
    match (entry, value) {
        (Some((_, old)), Some(value)) => text_after.replace_range(old.span(), value),
        (Some((key, old)), None) => {
            let start = text[..key.span().start].rfind('\n').map_or(0, |at| at + 1);
            let behind = &text[old.span().end..];
            let end = behind.find('\n').map_or(behind.len(), |at| at + 1);
            text_after.replace_range(start..old.span().end + end, "");
        }
        (None, Some(value)) => {
            // what stands behind a table's head belongs to that table
            let line = format!("{name} = {value}\n");
            if entries.iter().any(|(_, value)| is_table(value.get_ref())) {
                text_after.insert_str(0, &line);
            } else {
                if !text_after.is_empty() && !text_after.ends_with('\n') {
                    text_after.push('\n');
                }
                text_after.push_str(&line);
            }
        }
        (None, None) => {}
    }
    DeTable::parse(&text_after).is_ok().then_some(text_after)
}

fn is_table(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Table(_) | DeValue::Array(_))
}

/// gomend's folder for what the user writes: `$XDG_CONFIG_HOME/gomend` (XDG Base Directory
/// Specification); on macOS without that variable `~/Library/Application Support/gomend`.
#[must_use]
pub(crate) fn folder(env: &Env) -> Option<PathBuf> {
    Some(
        env.base_folder("XDG_CONFIG_HOME", ".config")?
            .join("gomend"),
    )
}

/// The user's own rules, which lie beside.
#[must_use]
pub(crate) fn rules_file(env: &Env) -> Option<PathBuf> {
    Some(folder(env)?.join("rules.toml"))
}

/// The system's files, the weightiest last (XDG Base Directory Specification, `XDG_CONFIG_DIRS`).
fn of_system(env: &Env) -> impl Iterator<Item = PathBuf> {
    let folders = env.var("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
    let folders = folders.split(':').map(Path::new);
    let absolute = folders.filter(|folder| folder.is_absolute());
    let files = absolute.map(|folder| folder.join("gomend/config.toml"));
    files.collect::<Vec<_>>().into_iter().rev()
}

/// The project's file: beside the go.mod or go.work that stands nearest above `dir`.
fn project_file(dir: &Path) -> Option<PathBuf> {
    let root = dir
        .ancestors()
        .find(|folder| folder.join("go.mod").is_file() || folder.join("go.work").is_file())?;
    Some(root.join(".gomend.toml")).filter(|file| file.is_file())
}

/// The text of a file of this user's own, or of root's: nobody else says what gomend may do.
pub(crate) fn own(file: &Path) -> Result<String, Untrusted> {
    file::text_of_ours(file, file::Kind::Config)
}

fn is_of_others(untrusted: &Untrusted) -> bool {
    matches!(untrusted.why, Refusal::Foreign(_) | Refusal::Open)
}

/// Why a file counts for nothing, and what to do about it.
pub(crate) fn refused(untrusted: &Untrusted) -> String {
    match &untrusted.why {
        Refusal::Open => {
            let path = untrusted.path.to_string_lossy();
            tr!(
                "counts for nothing, others could have written it: `chmod go-w {path}`",
                path = quote(&path)
            )
        }
        error => tr!("can't be read: {error}", error),
    }
}

fn place(file: &Path, text: &str, offset: usize) -> Origin {
    let before = text.get(..offset).unwrap_or_default();
    Origin::File {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn of(user: &str, project: &str, env: &[(&str, &str)]) -> Config {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("work/pkg");
        fs::create_dir_all(&dir).unwrap();
        fs::create_dir_all(home.path().join("gomend")).unwrap();
        fs::write(home.path().join("work/go.mod"), "module x\n").unwrap();
        if !user.is_empty() {
            fs::write(home.path().join("gomend/config.toml"), user).unwrap();
        }
        if !project.is_empty() {
            fs::write(home.path().join("work/.gomend.toml"), project).unwrap();
        }
        let mut all: Env = env.iter().copied().collect();
        all.set("XDG_CONFIG_HOME", home.path());
        Config::load(&all, &dir)
    }

    fn problems(config: &Config) -> Vec<(usize, bool, &str)> {
        config
            .problems
            .iter()
            .map(|problem| {
                let line = match problem.at {
                    Origin::File { line, .. } => line,
                    _ => 0,
                };
                (line, problem.is_error, problem.message.as_str())
            })
            .collect()
    }

    #[test]
    fn without_files_everything_is_as_shipped() {
        let config = of("", "", &[]);
        assert_eq!(config.mode(), "auto");
        assert_eq!(config.patience(false), Duration::from_secs(3));
        assert_eq!(config.patience(true), Duration::from_secs(10));
        assert_eq!(config.public_resolvers().len(), 4);
        assert!(!config.public_dns() && config.problems.is_empty());
    }

    #[test]
    fn the_environment_stands_above_the_project_and_that_above_the_user() {
        let (user, project) = ("mode = \"ask\"\npatience = 7\n", "mode = \"quiet\"\n");
        let config = of(user, project, &[]);
        assert_eq!(
            (config.mode(), config.patience(true).as_secs()),
            ("quiet", 7)
        );
        let config = of(
            user,
            project,
            &[("GOMEND", "off"), ("GOMEND_PATIENCE", "9")],
        );
        assert_eq!(
            (config.mode(), config.patience(false).as_secs()),
            ("off", 9)
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_rest_counts() {
        let config = of(
            "# mine\nlangg = \"zh\"\npatience = \"long\"\nmode = \"loud\"\npublic-resolvers = [\"9.9.9.9\"]\nqwertz = 1\n",
            "",
            &[],
        );
        let mut found = problems(&config);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                (
                    2,
                    false,
                    "there is no setting `langg`; did you mean `lang`?"
                ),
                (
                    3,
                    true,
                    "`patience` must be a whole number of seconds from 1 to 60"
                ),
                (4, true, "`mode` must be one of auto, ask, log, quiet, off"),
                (
                    6,
                    false,
                    "there is no setting `qwertz`; `gomend config` shows all"
                ),
            ]
        );
        assert_eq!(config.public_resolvers(), ["9.9.9.9:53".parse().unwrap()]);
        assert_eq!(config.mode(), "auto");
    }

    #[test]
    fn a_file_that_is_no_toml_is_one_error_with_its_line() {
        let config = of("mode = \"ask\"\nlang = [\n", "", &[]);
        assert!(config.is_broken());
        assert_eq!(config.problems.len(), 1, "{:?}", config.problems);
        let config = of("\u{feff}\0\u{1}", "", &[]);
        assert!(config.is_broken());
    }

    #[test]
    fn a_project_may_weaken_nothing() {
        let config = of(
            "",
            "public-dns = true\nproject-rules = true\npatience = 5\n[go]\nGOPRIVATE = \"x.example\"\n[[rule]]\nid = \"x\"\n",
            &[],
        );
        assert!(!config.public_dns() && config.project_rules().is_none());
        assert_eq!(config.patience(false).as_secs(), 5);
        assert_eq!(problems(&config).len(), 2);
        let config = of("project-rules = true\n", "[[rule]]\nid = \"x\"\n", &[]);
        assert!(config.project_rules().is_some());
    }
}
