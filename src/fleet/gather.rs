//! What a policy is checked against: the repository's files, and this machine.
//!
//! The repository is anybody's. Links are not followed, folders and files are counted, and what is no
//! regular file or too large is named, not read. No program of the repository is run. What could not be looked at is
//! told beside what was: without it, nobody can say that a policy holds.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gomend_fleet::judge::{Document, Machine, Setting};
use gomend_fleet::policy::{FILE, Policy};
use gomend_fleet::statement::{SSL_VERIFY, Syntax};

use crate::file;
use crate::lang::tr;
use crate::mask;
use crate::settings::Env;
use crate::settings::goenv::{self, GoEnv, Layer};
use crate::tool::{Cancel, End, NOWHERE, Tool};

/// Entries of folders that are looked at.
const ENTRIES: usize = 100_000;
/// Files that are read.
const FILES: usize = 5_000;
/// How deep folders may lie.
const DEPTH: usize = 32;
/// Bytes that are read in all.
const BYTES: usize = 256 << 20;
/// How long git may take to say what is set.
const PATIENCE: Duration = Duration::from_secs(5);
/// Folders of other people's files.
const FOREIGN: &[&str] = &[
    ".git",
    "vendor",
    "node_modules",
    "testdata",
    "target",
    ".venv",
];

/// The folder that the policy speaks of: the repository's root, else the workspace's or module's.
pub(crate) fn root(dir: &Path) -> PathBuf {
    let above = |name: &str| dir.ancestors().find(|dir| dir.join(name).exists());
    [".git", FILE, "go.work", "go.mod"]
        .into_iter()
        .find_map(above)
        .unwrap_or(dir)
        .to_owned()
}

/// What was read, and in words what was not.
pub(crate) struct Gathered<T> {
    /// What is there.
    pub(crate) found: T,
    /// What could not be looked at: a sentence each.
    pub(crate) unread: Vec<String>,
}

/// Every file of the repository that says something, sorted.
pub(crate) fn documents(root: &Path, policy: Option<&Policy>) -> Gathered<Vec<Document>> {
    let mut walk = Walk {
        policy,
        folders: vec![(root.to_owned(), String::new(), 0)],
        documents: Vec::new(),
        unread: BTreeSet::new(),
        entries: 0,
        bytes: 0,
    };
    while let Some((folder, below, depth)) = walk.folders.pop() {
        let listed = fs::read_dir(&folder).and_then(Iterator::collect);
        let mut listed: Vec<fs::DirEntry> = match listed {
            Ok(listed) => listed,
            Err(error) => {
                let path = folder.to_string_lossy();
                walk.pass_over(&path, &error);
                continue;
            }
        };
        listed.sort_by_key(fs::DirEntry::file_name);
        if listed
            .into_iter()
            .any(|entry| !walk.take(&entry, &below, depth))
        {
            walk.unread.insert(too_much());
            break;
        }
    }
    walk.documents
        .sort_by(|one, other| one.path.cmp(&other.path));
    Gathered {
        found: walk.documents,
        unread: walk.unread.into_iter().collect(),
    }
}

fn too_much() -> String {
    tr!("there is more in this repository than is read: exclude what isn't yours in the policy")
}

/// A repository that is being read.
struct Walk<'a> {
    policy: Option<&'a Policy>,
    /// What is still to be listed: where it is, its name with `/`, how deep it lies.
    folders: Vec<(PathBuf, String, usize)>,
    documents: Vec<Document>,
    unread: BTreeSet<String>,
    entries: usize,
    bytes: usize,
}

impl Walk<'_> {
    /// Takes an entry of a folder; `false`: it is one too many.
    fn take(&mut self, entry: &fs::DirEntry, below: &str, depth: usize) -> bool {
        self.entries += 1;
        if self.entries > ENTRIES || self.documents.len() >= FILES || self.bytes > BYTES {
            return false;
        }
        let raw = entry.file_name();
        let name = raw.to_string_lossy();
        let path = format!("{below}{name}");
        if self.policy.is_some_and(|policy| policy.excludes(&path)) {
            return true;
        }
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => {
                self.pass_over(&path, &error);
                return true;
            }
        };
        let is_folder = kind.is_dir();
        if kind.is_symlink() || (is_folder && FOREIGN.contains(&&*name)) {
            return true;
        }
        if raw.to_str().is_none() {
            if is_folder || says_something(&path, &name).is_some() {
                self.pass_over(&path, &tr!("its name is no UTF-8"));
            }
        } else if is_folder && depth < DEPTH {
            self.folders.push((entry.path(), path + "/", depth + 1));
        } else if is_folder {
            self.unread.insert(too_much());
        } else if let Some(kind) = says_something(&path, &name) {
            let text = file::text(&entry.path(), kind).map_err(|refusal| refusal.to_string());
            self.bytes += text.as_ref().map_or(0, String::len);
            self.documents.push(Document { path, text });
        }
        true
    }

    fn pass_over(&mut self, path: &str, why: &dyn Display) {
        let path = mask::line(path);
        self.unread
            .insert(tr!("can't read `{path}`: {error}", path, error = why));
    }
}

/// How a file is read whose name says that it matters.
fn says_something(path: &str, name: &str) -> Option<file::Kind> {
    match name {
        "go.mod" | "go.work" | "go.sum" | "go.work.sum" => Some(file::Kind::Module),
        _ => Syntax::of(path).map(|_| file::Kind::Settings),
    }
}

/// This machine's settings, as far as they decide a fetch. A git that is not there decides nothing, unless the policy
/// requires one.
pub(crate) fn machine(env: &Env, go: Option<&Path>, policy: &Policy) -> Gathered<Machine> {
    let goenv = GoEnv::read(env, go);
    let mut settings: Vec<Setting> = goenv
        .values
        .iter()
        .map(|setting| Setting {
            name: setting.key.clone(),
            value: setting.value.clone(),
            origin: match setting.layer {
                Layer::Environment => "environment".to_owned(),
                Layer::User => goenv
                    .file
                    .as_ref()
                    .map_or_else(|| "user".to_owned(), |file| file.display().to_string()),
                Layer::Goroot => "GOROOT/go.env".to_owned(),
                Layer::Default => "default".to_owned(),
            },
            is_users: setting.layer == Layer::User,
            line: None,
        })
        .collect();
    let names =
        (policy.forbid.settings.iter()).map(|entry| entry.split('=').next().unwrap_or_default());
    for name in names {
        if !settings.iter().any(|known| known.name == name)
            && let Some(value) = env.var(name)
        {
            settings.push(Setting {
                name: name.to_owned(),
                value: value.to_owned(),
                origin: "environment".to_owned(),
                is_users: false,
                line: None,
            });
        }
    }
    let mut unread = Vec::new();
    let mut asked = |args: &[&str]| match ask_git(env, args) {
        Ok(text) => text,
        Err(error) => {
            unread.push(tr!("git can't be asked what is set: {error}", error));
            None
        }
    };
    let version = asked(&["version"]);
    let list = asked(&["config", "-z", "--list", "--includes", "--show-origin"]);
    settings.extend(git_settings(env, &list.unwrap_or_default()));
    let machine = Machine {
        settings,
        go: go.and_then(goenv::stated_version),
        git: version.and_then(|text| Some(text.split_whitespace().nth(2)?.to_owned())),
    };
    let require = &policy.require;
    for (name, found, wanted) in [
        ("go", &machine.go, &require.go),
        ("git", &machine.git, &require.git),
    ] {
        if let (None, Some(wanted)) = (found, wanted) {
            unread.push(tr!(
                "the policy requires {name} {wanted}, and no version of it was found",
                name,
                wanted
            ));
        }
    }
    unread.dedup();
    Gathered {
        found: machine,
        unread,
    }
}

/// What git says; `None`: there is none.
fn ask_git(env: &Env, args: &[&str]) -> Result<Option<String>, String> {
    let Ok(git) = Tool::new("git", env, Path::new(NOWHERE)) else {
        return Ok(None);
    };
    let output = git
        .args(args.iter().copied())
        .run(Instant::now() + PATIENCE, &Cancel::default())
        .map_err(|error| error.to_string())?;
    match output.end {
        End::Exit(Some(0)) if output.is_cut() => Err(tr!("it says too much")),
        End::Exit(Some(0)) => Ok(Some(output.text())),
        End::Exit(_) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty());
            Err(mask::line(last.unwrap_or("git failed")))
        }
        End::Deadline | End::Cancelled => Err(tr!("no answer in time")),
    }
}

/// git's settings that check no certificate, and rewrites, which may hold a login.
fn git_settings(env: &Env, list: &str) -> Vec<Setting> {
    let mut parts = list.split('\0');
    let mut settings = Vec::new();
    while let (Some(origin), Some(entry)) = (parts.next(), parts.next()) {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        let lower = key.to_ascii_lowercase();
        let unverified = lower.starts_with("http.") && lower.ends_with("sslverify");
        let off = matches!(
            value.to_ascii_lowercase().as_str(),
            "false" | "no" | "off" | "0"
        );
        let rewrites = lower.starts_with("url.");
        if !(unverified && off || rewrites) {
            continue;
        }
        let file = origin.strip_prefix("file:").map(PathBuf::from);
        let own = file.filter(|file| env.var("HOME").is_some_and(|home| file.starts_with(home)));
        settings.push(Setting {
            name: if unverified {
                SSL_VERIFY.to_owned()
            } else {
                key.to_owned()
            },
            value: value.to_owned(),
            origin: origin.trim_start_matches("file:").to_owned(),
            is_users: false,
            line: own
                .filter(|_| unverified)
                .and_then(|file| line_of(&file, value)),
        });
    }
    settings
}

/// The only line of a file that switches the check off.
fn line_of(file: &Path, value: &str) -> Option<(PathBuf, usize, String)> {
    let text = file::text(file, file::Kind::Settings).ok()?;
    let says = |line: &str| {
        let (key, said) = line.split_once('=').unwrap_or((line, ""));
        key.trim().eq_ignore_ascii_case("sslverify") && said.trim() == value
    };
    let mut found = text.lines().enumerate().filter(|(_, line)| says(line));
    let (number, line) = found.next()?;
    found
        .next()
        .is_none()
        .then(|| (file.to_owned(), number + 1, line.to_owned()))
}
