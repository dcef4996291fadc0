//! What a policy is checked against: the repository's files, and this machine.
//!
//! The repository is anybody's. Links are not followed, folders and files are counted, and what is no
//! regular file or too large is named, not read. No program of the repository is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gomend_fleet::judge::{Document, Machine, Setting};
use gomend_fleet::policy::{FILE, Policy};
use gomend_fleet::statement::{SSL_VERIFY, Syntax};

use crate::file;
use crate::settings::Env;
use crate::settings::goenv::{self, GoEnv, Layer};
use crate::tool::{Cancel, NOWHERE, Tool};

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

/// Every file of the repository that says something, sorted; `false`: there was more.
pub(crate) fn documents(root: &Path, policy: Option<&Policy>) -> (Vec<Document>, bool) {
    let (mut documents, mut entries, mut bytes) = (Vec::new(), 0, 0);
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    let mut complete = true;
    while let Some((folder, below, depth)) = folders.pop() {
        let mut listed: Vec<_> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        listed.sort_by_key(fs::DirEntry::file_name);
        for entry in listed {
            entries += 1;
            if entries > ENTRIES || documents.len() >= FILES || bytes > BYTES {
                return (documents, false);
            }
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let path = format!("{below}{name}");
            if policy.is_some_and(|policy| policy.excludes(&path)) {
                continue;
            }
            if kind.is_dir() {
                if FOREIGN.contains(&name.as_str()) {
                    continue;
                }
                if depth < DEPTH {
                    folders.push((entry.path(), path + "/", depth + 1));
                } else {
                    complete = false;
                }
            } else if !kind.is_symlink()
                && let Some(document) = document(&entry.path(), path, &name)
            {
                bytes += document.text.as_ref().map_or(0, String::len);
                documents.push(document);
            }
        }
    }
    documents.sort_by(|one, other| one.path.cmp(&other.path));
    (documents, complete)
}

fn document(file: &Path, path: String, name: &str) -> Option<Document> {
    let kind = match name {
        "go.mod" | "go.work" | "go.sum" | "go.work.sum" => file::Kind::Module,
        _ if Syntax::of(&path).is_some() => file::Kind::Settings,
        _ => return None,
    };
    let text = file::text(file, kind).map_err(|refusal| refusal.to_string());
    Some(Document { path, text })
}

/// This machine's settings, as far as they decide a fetch; `forbidden`: further variables that matter.
pub(crate) fn machine(env: &Env, go: Option<&Path>, forbidden: &[String]) -> Machine {
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
    let names = forbidden
        .iter()
        .map(|entry| entry.split('=').next().unwrap_or_default());
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
    settings.extend(git_settings(env));
    Machine {
        settings,
        go: go.and_then(goenv::stated_version),
        git: ask_git(env, &["version"])
            .and_then(|text| Some(text.split_whitespace().nth(2)?.to_owned())),
    }
}

fn ask_git(env: &Env, args: &[&str]) -> Option<String> {
    let git = Tool::new("git", env, Path::new(NOWHERE)).ok()?;
    let output = git
        .args(args.iter().copied())
        .run(Instant::now() + PATIENCE, &Cancel::default())
        .ok()?;
    output.succeeded().then(|| output.text())
}

/// git's settings that check no certificate, and rewrites, which may hold a login.
fn git_settings(env: &Env) -> Vec<Setting> {
    let text = ask_git(
        env,
        &["config", "-z", "--list", "--includes", "--show-origin"],
    )
    .unwrap_or_default();
    let mut parts = text.split('\0');
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
