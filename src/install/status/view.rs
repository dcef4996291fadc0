//! What is found about one PATH.

use std::ffi::CString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::{Home, Shell, block, managers};
use super::ask::Resolved;
use super::path::{Hit, Kind, Search};
use super::{Finding, Inputs, Level, Through, View};
use crate::lang::tr;
use crate::mask;
use crate::shim::guard::Guard;
use crate::shim::locate::{self, Missing};
use crate::world::{World, leak};

/// What typing `go` comes to with this PATH, and with what else the shell has by that name.
pub(super) fn of(
    search: &Search,
    told: Option<&Resolved>,
    known: &[PathBuf],
    look: &Inputs<'_>,
) -> View {
    let mut view = View {
        shell: None,
        mode: None,
        through: Through::Nothing,
        go: search.hits.first().map(|hit| hit.go.clone()),
        real: None,
        findings: Vec::new(),
    };
    for dir in &search.broken {
        let dir = look.name(dir);
        let what = tr!("{dir} is on PATH, and holds no shim that can be run", dir);
        let again = tr!("`gomend install` writes it again, `gomend uninstall` takes it off PATH");
        view.findings
            .push(Finding::new("shim-missing", Level::Fails, what).instead(again));
    }
    let word = told.and_then(|told| Some((told.word?, told)));
    let ours = word.and_then(|(_, told)| aliased(told, known));
    match (word, search.hits.first()) {
        (Some(_), _) if ours.is_some() => {
            view.through = Through::Alias;
            view.go = ours.map(|dir| dir.join("go"));
        }
        (Some((word, told)), _) if !leads_to_path(&told.definition) => {
            view.through = Through::Word;
            view.go = None;
            view.findings.push(hidden_by(word, told, Level::Fails));
        }
        (_, None) => {}
        (word, Some(first)) => {
            view.findings
                .extend(word.map(|(word, told)| hidden_by(word, told, Level::Warns)));
            if first.kind == Kind::Shim {
                view.through = Through::Shim;
            } else {
                view.through = Through::Other;
                view.findings.push(instead_of_shim(first, search, look));
            }
        }
    }
    if search.hits.is_empty() && search.broken.is_empty() && ours.is_none() {
        let what = tr!("there is no go on PATH");
        let level = if told.is_none() {
            Level::Fails
        } else {
            Level::Warns
        };
        view.findings.push(Finding::new("no-go", level, what));
    }
    if matches!(view.through, Through::Shim | Through::Alias) {
        let path = told.map_or_else(
            || look.env.os("PATH").unwrap_or_default().to_owned(),
            |told| told.path.clone(),
        );
        real(&mut view, &path.into_vec(), look, told.is_none());
    }
    details(&mut view, search);
    view
}

/// The folder whose shim an alias or function starts.
fn aliased<'a>(told: &Resolved, known: &'a [PathBuf]) -> Option<&'a PathBuf> {
    // as each shell quotes it: without the quotes and backslashes
    let bare = |text: &str| text.replace(['\'', '"', '\\'], "");
    let definition = bare(&told.definition);
    known
        .iter()
        .find(|dir| definition.contains(&bare(&dir.join("go").to_string_lossy())))
}

/// Whether an alias or function calls the go on PATH itself (`grc go`, `command go`), as far as its
/// words tell.
fn leads_to_path(definition: &str) -> bool {
    let names = ["alias go=", "function go", "go ()", "go()", "go="];
    let body = names
        .iter()
        .fold(definition.to_owned(), |body, name| body.replace(name, " "));
    let is_part = |letter: char| letter.is_alphanumeric() || "_-./$~".contains(letter);
    let words: Vec<&str> = body.split(|letter| !is_part(letter)).collect();
    words.contains(&"go") && !words.iter().any(|word| word.ends_with("/go"))
}

fn hidden_by(word: &str, told: &Resolved, level: Level) -> Finding {
    let line = in_one_line(&told.definition);
    let what = match word {
        "alias" => tr!(
            "`go` is an alias there, which comes before PATH: {line}",
            line
        ),
        "function" => tr!(
            "`go` is a function there, which comes before PATH: {line}",
            line
        ),
        _ => tr!("`go` is a word of the shell itself there"),
    };
    let finding = Finding::new("alias", level, what);
    match level {
        Level::Fails => finding.instead(tr!("let it call `command go`, or take it out")),
        Level::Warns | Level::Notes => finding,
    }
}

/// The beginning of a definition, without comments.
fn in_one_line(definition: &str) -> String {
    const COLUMNS: usize = 60;
    let lines = definition.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with('#'));
    let text = mask::line(&lines.collect::<Vec<_>>().join(" "));
    console::truncate_str(&text, COLUMNS, "...").into_owned()
}

/// Another go comes first, or there is only another one.
fn instead_of_shim(first: &Hit, search: &Search, look: &Inputs<'_>) -> Finding {
    let go = look.name(&first.go);
    if !search.has_shim() {
        let what = tr!("{go} runs, and gomend's folder is not on PATH", go);
        return Finding::new("not-on-path", Level::Fails, what)
            .instead(tr!("`gomend install` puts it there"));
    }
    let (id, what) = match first.kind {
        Kind::Shim | Kind::OtherShim => (
            "other-gomend",
            tr!(
                "{go}, another gomend's shim, comes before gomend's go on PATH",
                go
            ),
        ),
        Kind::Manager(manager) => (
            "shadowed",
            tr!(
                "{go} ({manager}) comes before gomend's go on PATH",
                go,
                manager = manager.name
            ),
        ),
        Kind::Toolchain => (
            "shadowed",
            tr!(
                "{go}, a toolchain's own program, comes before gomend's go on PATH",
                go
            ),
        ),
        Kind::Program => ("shadowed", tr!("{go} comes before gomend's go on PATH", go)),
    };
    let instead = match first.kind {
        Kind::OtherShim => tr!("uninstall that gomend, or take its folder off PATH"),
        Kind::Manager(managers::Manager {
            also: Some(also), ..
        }) => tr!(also),
        _ => tr!(
            "`gomend install` puts gomend's lines behind those of others; or `gomend install --alias`"
        ),
    };
    Finding::new(id, Level::Fails, what).instead(instead)
}

/// The go that the shim would run, found by its own search.
fn real(view: &mut View, path: &[u8], look: &Inputs<'_>, is_here: bool) {
    let entry = |name: &str, value: &[u8]| {
        let text = [name.as_bytes(), b"=", value].concat();
        CString::new(text).ok().map(|text| leak(text.to_bytes()))
    };
    let named = look.env.os("GOMEND_GO").unwrap_or_default();
    let world = World {
        args: Vec::new(),
        env: [entry("PATH", path), entry("GOMEND_GO", named.as_bytes())]
            .into_iter()
            .flatten()
            .collect(),
    };
    let shim = view.go.as_deref().and_then(|go| std::fs::metadata(go).ok());
    let own = shim.map(|metadata| (metadata.dev(), metadata.ino()));
    let is_named = !named.is_empty();
    let name = named.to_string_lossy();
    match locate::locate(&world, &Guard::default(), own) {
        Ok(go) => {
            if is_named {
                let what = tr!("GOMEND_GO names the go behind gomend: {name}", name);
                view.findings
                    .push(Finding::new("gomend-go", Level::Notes, what));
            }
            view.real = Some(PathBuf::from(std::ffi::OsString::from_vec(go.path)));
        }
        Err(Missing::Named(error)) => view.findings.push(
            Finding::new(
                "gomend-go",
                Level::Fails,
                tr!(
                    "GOMEND_GO names {name}, which can't be run: {error}",
                    name,
                    error
                ),
            )
            .instead(tr!("name a real go, or unset GOMEND_GO")),
        ),
        Err(Missing::NamedLeadsBack) => view.findings.push(
            Finding::new(
                "gomend-go",
                Level::Fails,
                tr!("GOMEND_GO names {name}, which is gomend itself", name),
            )
            .instead(tr!("name a real go, or unset GOMEND_GO")),
        ),
        Err(Missing::Forbidden(go)) => {
            let go = PathBuf::from(std::ffi::OsString::from_vec(go));
            let go = go.display();
            view.findings.push(
                Finding::new(
                    "no-real-go",
                    if is_here { Level::Fails } else { Level::Warns },
                    tr!("{go} can't be executed: permission denied", go),
                )
                .instead(tr!("install Go, put it on PATH, or name it in GOMEND_GO")),
            );
        }
        // a new shell may have no go with or without gomend
        Err(Missing::NotOnPath | Missing::OnlyLoops) => view.findings.push(
            Finding::new(
                "no-real-go",
                if is_here { Level::Fails } else { Level::Warns },
                tr!("there is no other go on PATH that gomend could run"),
            )
            .instead(tr!("install Go, put it on PATH, or name it in GOMEND_GO")),
        ),
    }
}

/// What matters little, or not yet.
fn details(view: &mut View, search: &Search) {
    let shims = search.hits.iter().filter(|hit| hit.kind == Kind::Shim);
    if shims.count() > 1 && view.through == Through::Shim {
        let what = tr!("gomend's go is on PATH more than once, which does no harm");
        view.findings
            .push(Finding::new("twice", Level::Notes, what));
    }
    if search.has_shim()
        && let Some(entry) = search.relative.first()
    {
        let what = if entry.is_empty() {
            tr!(
                "an empty entry of PATH, before gomend's, means the current folder: a `go` in it would run instead"
            )
        } else {
            tr!(
                "`{entry}` on PATH, before gomend's, depends on the current folder: a `go` in it would run instead",
                entry
            )
        };
        view.findings
            .push(Finding::new("relative", Level::Warns, what).instead(tr!("take it out of PATH")));
    }
}

/// What only the shell that started us could tell: whether it still remembers another go.
pub(super) fn of_this_process(view: &View, search: &Search) -> Option<Finding> {
    let others = search.hits.iter().any(|hit| hit.kind != Kind::Shim);
    let written = std::fs::metadata(view.go.as_deref()?)
        .ok()?
        .modified()
        .ok()?;
    let is_older = crate::sys::session::started(crate::sys::parent_pid())? < written;
    if view.through != Through::Shim || !others || !is_older {
        return None;
    }
    let what = tr!(
        "this shell is older than the shim: where it has run go before, it may remember the other one"
    );
    Some(Finding::new("hash", Level::Notes, what).instead("hash -r".to_owned()))
}

/// Names the line of a start-up file that puts another go first.
pub(super) fn trace(view: &mut View, home: &Home, shell: &Shell) {
    let Some(go) = view.go.clone() else { return };
    for finding in &mut view.findings {
        if !matches!(finding.id, "shadowed" | "other-gomend") {
            continue;
        }
        let Some((file, number, line)) = culprit(&go, home, shell) else {
            continue;
        };
        let (file, line) = (home.tilde(&file), mask::line(&line));
        finding.what += &tr!(": {file}, line {number}: {line}", file, number, line);
    }
}

/// The last line behind gomend's that may be it: it names the folder, a manager, or PATH.
fn culprit(go: &Path, home: &Home, shell: &Shell) -> Option<(PathBuf, usize, String)> {
    let folder = go.parent()?.to_string_lossy().into_owned();
    let below_home = folder
        .strip_prefix(&*home.dir.to_string_lossy())
        .map(str::to_owned);
    let names = |line: &str| {
        line.contains(&folder)
            || below_home
                .as_ref()
                .is_some_and(|part| line.contains(part.as_str()))
    };
    let files = shell.all_files(home);
    let lines = files.iter().flat_map(|file| {
        let bytes = crate::file::read(file, crate::file::Kind::Settings).unwrap_or_default();
        let behind = block::behind(&bytes).unwrap_or(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let skipped = text.lines().count() - String::from_utf8_lossy(behind).lines().count();
        text.lines()
            .enumerate()
            .skip(skipped)
            .map(|(at, line)| (file.clone(), at + 1, line.trim().to_owned()))
            .collect::<Vec<_>>()
    });
    let lines: Vec<_> = lines
        .filter(|(_, _, line)| !line.starts_with('#'))
        .collect();
    let by_name = lines.iter().rev().find(|(_, _, line)| names(line));
    let found = by_name.or_else(|| {
        lines
            .iter()
            .rev()
            .find(|(_, _, line)| managers::overtakes(line.as_bytes()))
    });
    found.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_that_lead_to_path() {
        for definition in [
            "alias go='grc go'",
            "go='grc go'",
            "go () \n{ \n    command go \"$@\"\n}",
            "function go --wraps='grc go'\n    grc go $argv\nend",
            "grc go",
        ] {
            assert!(leads_to_path(definition), "{definition}");
        }
        for definition in [
            "alias go='/usr/local/go/bin/go'",
            "go=gotip",
            "go () \n{ \n    gotip \"$@\"\n}",
            "function go\n    ~/sdk/go1.27.3/bin/go $argv\nend",
            "",
        ] {
            assert!(!leads_to_path(definition), "{definition}");
        }
    }

    #[test]
    fn definitions_are_shown_in_one_line() {
        let text = in_one_line("# Defined via `source`\nfunction go\n    x \u{1b}[31m\nend");
        assert_eq!(text, "function go x end");
        assert!(in_one_line(&"long ".repeat(40)).ends_with("..."));
    }
}
