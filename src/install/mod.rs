//! The shim's place before go: put there, looked at, taken away.
//!
//! ```text
//! install    record > folder with the shim > lines in start-up files
//! uninstall  lines > folder > what gomend remembers
//! status     PATH here, and the answers of shells that are asked
//! ```
//!
//! An installation is no fix of the journal: people edit their start-up files, so what is taken
//! out later are the marked lines, not former bytes. The files are written as fixes are.

mod block;
mod file;
mod folder;
mod home;
mod managers;
mod record;
mod shells;
pub(crate) mod status;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub(crate) use folder::{SHIM, into_folder, is_shim, on_path, out_of_folder};
pub(crate) use home::Home;
pub(crate) use record::Record;
pub(crate) use shells::{SHELLS, Shell, login_shell};

use crate::fix;
use crate::lang::{text, tr};
use file::File;

/// Why the shim could not be put in place or taken away.
#[derive(Debug)]
pub(crate) enum Error {
    /// An operation on a path failed.
    Io(&'static str, PathBuf, io::Error),
    /// Our own program can't be found, so nothing can link to it.
    Own(io::Error),
    /// There is a `go` that gomend did not write.
    Foreign(PathBuf),
    /// There is a `gomend` that no installation put there.
    Taken(PathBuf),
    /// HOME is not set, or another user's.
    NoHome,
    /// This folder can't stand on PATH or in shell code.
    Unquotable(PathBuf),
    /// A start-up file can't be written.
    File(fix::Error),
    /// Its permissions say that nobody may write it.
    ReadOnly(PathBuf),
    /// A folder, device or pipe stands in its place.
    NotAFile(PathBuf),
    /// Another program has just written it.
    Changed(PathBuf),
    /// gomend's first mark is there, in this line, and the last one is not.
    Unclosed(PathBuf, usize),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = |path: &Path| path.display().to_string();
        let text = match self {
            Self::Io(what, at, error) => {
                tr!(
                    "can't {what} `{path}`: {error}",
                    what,
                    path = path(at),
                    error
                )
            }
            Self::Own(error) => tr!("can't find gomend's own program: {error}", error),
            Self::Foreign(at) => tr!(
                "`{path}` exists and is not gomend's shim\nhelp: choose another folder with `--dir`",
                path = path(at)
            ),
            Self::Taken(at) => tr!(
                "`{path}` exists, and no `gomend install` put it there\nhelp: choose another folder with `--dir`",
                path = path(at)
            ),
            Self::NoHome => tr!(
                "HOME is not set or belongs to another user (sudo?): nothing is written there\nhelp: `gomend install --shell none --dir DIR` writes nothing but the shim"
            ),
            Self::Unquotable(at) => tr!(
                "`{path}` can't stand on PATH: a colon, a control character or bytes that are no UTF-8\nhelp: choose another folder with `--dir`",
                path = at.to_string_lossy().escape_debug()
            ),
            Self::File(error) => tr!(
                "{error}\nhelp: {help}",
                error = error.text().words(),
                help = by_hand()
            ),
            Self::ReadOnly(at) => tr!(
                "`{path}` is read-only\nhelp: {help}",
                path = path(at),
                help = by_hand()
            ),
            Self::NotAFile(at) => tr!(
                "`{path}` is not a file\nhelp: {help}",
                path = path(at),
                help = by_hand()
            ),
            Self::Changed(at) => tr!(
                "`{path}` was changed by another program just now\nhelp: try again",
                path = path(at)
            ),
            Self::Unclosed(at, line) => tr!(
                "`{path}`, line {line}: gomend's lines begin here and have no end\nhelp: take them out by hand, then try again",
                path = path(at),
                line
            ),
        };
        f.write_str(&text)
    }
}

fn by_hand() -> String {
    tr!(
        "`gomend init SHELL` prints the lines, to be put where you like; `--shell none` writes no start-up file"
    )
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, _, error) | Self::Own(error) => Some(error),
            _ => None,
        }
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// It was not there.
    Made,
    /// Lines were added at its end.
    Added,
    /// The lines in it were brought up to date, or moved to its end.
    Renewed,
    /// Nothing: the lines are there.
    Unchanged,
    /// The lines were taken out.
    TakenOut,
    /// It held nothing else, and is gone.
    Removed,
}

/// A file that was looked at, and perhaps changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Touched {
    /// Whose start-up file it is.
    pub(crate) shell: &'static str,
    /// The file, as the shell names it.
    pub(crate) file: PathBuf,
    /// What became of it.
    pub(crate) change: Change,
}

/// The shells that an installation without `--shell` is for: the login shell, and those that the
/// user has start-up files for.
#[must_use]
pub(crate) fn shells_of(home: &Home, login: Option<&'static Shell>) -> Vec<&'static Shell> {
    SHELLS
        .iter()
        .filter(|shell| login.is_some_and(|login| login.id == shell.id) || shell.is_used_in(home))
        .collect()
}

/// Puts the shim into `dir`, and lines that find it there into the start-up files of `shells`.
/// All files are looked at before anything is written, and put back if one can't be.
pub(crate) fn install(
    home: &Home,
    dir: &Path,
    shells: &[&'static Shell],
    alias: bool,
) -> Result<Vec<Touched>, Error> {
    let name = quotable(dir)?;
    folder::refuse_foreign(dir)?;
    let mut plans = Vec::new();
    for shell in shells {
        for path in (shell.files)(home) {
            let file = File::look(&path)?;
            // a link to one that has its lines already: shells that share a file share its code
            if plans
                .iter()
                .any(|(_, other, _): &(_, File, _)| other.path == file.path)
            {
                continue;
            }
            let after = file.with(&shell.code(name, alias), managers::overtakes)?;
            plans.push((*shell, file, after));
        }
    }
    let mut made = fix::step::missing_parents(&dir.join("go"));
    for (_, file, _) in &plans {
        made.extend(file.missing_parents());
    }
    let former = Record::of(home);
    let own = fix::step::missing_parents(&home.state.join(Record::FILE));
    former.clone().keep(home, dir, alias, &made)?;
    let mut touched = Vec::new();
    let mut put = || {
        for (shell, file, after) in &plans {
            let change = match &file.before {
                None => Change::Made,
                Some(before) if before == after => Change::Unchanged,
                Some(before) if block::is_in(before) => Change::Renewed,
                Some(_) => Change::Added,
            };
            if change != Change::Unchanged {
                file.write(after)?;
            }
            touched.push(Touched {
                shell: shell.id,
                file: file.name.clone(),
                change,
            });
        }
        into_folder(dir) // last: lines that lead to no shim do nothing, but for nu's alias
    };
    if let Err(error) = put() {
        // what matters is the first error
        for (_, file, _) in plans[..touched.len()].iter().rev() {
            let _ = file.restore();
        }
        if !former.dirs.contains(&dir.to_owned()) {
            let _ = out_of_folder(dir);
        }
        let _ = former.put_back(home);
        for folder in own.iter().chain(&made).rev() {
            let _ = std::fs::remove_dir(folder); // only if it is empty
        }
        return Err(error);
    }
    Ok(touched)
}

/// Takes gomend's lines out of every start-up file.
pub(crate) fn take_out(home: &Home) -> Result<Vec<Touched>, Error> {
    let mut touched = Vec::new();
    for file in SHELLS.iter().flat_map(|shell| (shell.files)(home)) {
        file::forget_staged(&file); // of an installation that was killed
    }
    for (shell, path) in files_with_lines(home) {
        let file = File::look(&path)?;
        let change = match file.without()? {
            block::Rest::Untouched => continue,
            block::Rest::NoFile => file.remove().map(|()| Change::Removed)?,
            block::Rest::Bytes(rest) => file.write(&rest).map(|()| Change::TakenOut)?,
        };
        touched.push(Touched {
            shell: shell.id,
            file: path,
            change,
        });
    }
    Ok(touched)
}

/// Every start-up file with gomend's lines, or a part of them; a file that two shells share (a
/// link) is named once.
#[must_use]
pub(crate) fn files_with_lines(home: &Home) -> Vec<(&'static Shell, PathBuf)> {
    let mut found: Vec<(&'static Shell, PathBuf)> = Vec::new();
    let mut real = Vec::new();
    for shell in SHELLS {
        for file in shell.all_files(home) {
            let holds = crate::file::read(&file, crate::file::Kind::Settings)
                .is_ok_and(|bytes| memchr::memmem::find(&bytes, block::BEGIN.as_bytes()).is_some());
            let target = file.canonicalize().unwrap_or_else(|_| file.clone());
            if holds && !real.contains(&target) {
                real.push(target);
                found.push((shell, file));
            }
        }
    }
    found
}

/// Removes what gomend remembers, and the folders that were made for an installation and are
/// empty; what is still in the state folder then.
pub(crate) fn forget(home: &Home, record: &Record, but_journal: bool) -> Result<bool, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |error| Error::Io(text!("remove"), path, error)
    };
    for name in ["reports", "seen", "journal", "profiles", "fleet"] {
        let folder = home.state.join(name);
        if folder.is_dir() && !(but_journal && name == "journal") {
            std::fs::remove_dir_all(&folder).map_err(failed(&folder))?;
        }
    }
    let file = home.state.join(Record::FILE);
    fix::step::remove_file(&file).map_err(Error::File)?;
    let _ = std::fs::remove_dir(&home.state); // only if it is empty, and so for those below
    let shims = home.shims();
    for own in shims.ancestors().take(2) {
        let _ = std::fs::remove_dir(own);
    }
    for folder in record.made.iter().rev() {
        let _ = std::fs::remove_dir(folder);
    }
    Ok(home.state.exists())
}

/// A folder's name, if it can stand on PATH and in shell code.
pub(crate) fn quotable(dir: &Path) -> Result<&str, Error> {
    dir.to_str()
        .filter(|name| {
            dir.is_absolute() && !name.contains(|letter: char| letter == ':' || letter.is_control())
        })
        .ok_or_else(|| Error::Unquotable(dir.to_owned()))
}
