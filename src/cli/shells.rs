//! `gomend install`, `uninstall` and `init`: what was done, in words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use console::measure_text_width;
use serde_json::json;

use super::failure::journal;
use super::{Common, complain, print, print_json, print_own, reference, status};
use crate::ask::{Key, Terminal, Tty};
use crate::cli::Call;
use crate::fix::{self, Entry, Journal};
use crate::install::{self, Change, Home, Record, SHELLS, Shell, Touched};
use crate::lang::{Lang, tr};
use crate::settings::Env;
use crate::world::World;
use crate::{exit, report, wrap};

/// A shell on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Name {
    Bash,
    Zsh,
    Fish,
    Nu,
    Pwsh,
    None,
}

/// The shell that an argument names; `None` for `none`.
fn shell_of(argument: &impl ValueEnum) -> Option<&'static Shell> {
    Shell::named(argument.to_possible_value()?.get_name())
}

/// What `gomend install` is told.
#[derive(clap::Args)]
pub(super) struct InstallArgs {
    /// Only this shell's start-up files; `none`: no file but the shim
    #[arg(long, value_enum, value_name = "SHELL")]
    shell: Vec<Name>,
    /// The folder for the shim, instead of one in your data folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// An alias (or function) named go, instead of a folder on PATH
    #[arg(long)]
    alias: bool,
}

/// Installs the shim, and says what was done.
pub(super) fn install(call: Call<'_>, args: &InstallArgs) -> Result<i32, String> {
    let (names, alias) = (args.shell.as_slice(), args.alias);
    let env = Env::from_process();
    let home = Home::of(&env);
    let dir = folder(args.dir.as_deref(), home.as_ref())?;
    if names == [Name::None] {
        return only_folder(call.common, &dir);
    }
    let home = home.as_ref().ok_or_else(no_home)?;
    let login = install::login_shell(&env);
    let shells: Vec<&'static Shell> = if names.is_empty() {
        install::shells_of(home, login.as_deref().and_then(Shell::named))
    } else {
        names.iter().filter_map(shell_of).collect()
    };
    if shells.is_empty() {
        return Err(nothing_to_edit(login.as_deref(), &dir));
    }
    let touched =
        install::install(home, &dir, &shells, alias).map_err(|error| error.to_string())?;
    let found = status::look(&env, call.config, Some(home), login.as_deref());
    if call.common.json {
        let all = json!({
            "schema": report::SCHEMA, "dir": dir, "shim": dir.join("go"), "alias": alias,
            "files": touched, "status": found,
        });
        print_json(&all)?;
        return Ok(exit::OK);
    }
    if !call.common.quiet {
        print(&installed(
            home,
            &dir,
            &touched,
            login.as_deref(),
            call.world,
        ))?;
    }
    let troubles = status::troubles(&found);
    if !troubles.is_empty() {
        let lead = tr!("but go does not run through it everywhere yet (`gomend status`):");
        complain(&format!("{lead}\n{}", troubles.trim_end()));
    }
    Ok(exit::OK)
}

/// `--shell none`: the folder, and nothing else.
fn only_folder(common: Common, dir: &Path) -> Result<i32, String> {
    let name = install::quotable(dir).map_err(|error| error.to_string())?;
    install::into_folder(dir).map_err(|error| error.to_string())?;
    if common.json {
        let all = json!({
            "schema": report::SCHEMA, "dir": dir, "shim": dir.join("go"), "alias": false, "files": [],
        });
        print_json(&all)?;
    } else if !common.quiet {
        let go = dir.join("go").display().to_string();
        let mut text = tr!("gomend: the shim is {go}", go) + "\n";
        let line = format!("export PATH={}:\"$PATH\"", fix::quote(name));
        text += &labelled(
            &tr!("next"),
            &tr!("put its folder first on PATH: {line}", line),
        );
        print(&text)?;
    }
    Ok(exit::OK)
}

/// Neither start-up files nor a login shell that gomend knows.
fn nothing_to_edit(login: Option<&str>, dir: &Path) -> String {
    let known: Vec<&str> = SHELLS.iter().map(|shell| shell.id).collect();
    let known = known.join(", ");
    let dir = fix::quote(&dir.to_string_lossy());
    let what = match login {
        Some(login) => tr!(
            "your login shell {login} is none that gomend knows ({known})",
            login,
            known
        ),
        None => tr!(
            "no login shell and no start-up file was found ({known})",
            known
        ),
    };
    let help = tr!(
        "help: `gomend install --shell SHELL` for one of them; or `gomend install --shell none`, and put {dir} first on PATH yourself",
        dir
    );
    format!("{what}\n{help}")
}

fn installed(
    home: &Home,
    dir: &Path,
    touched: &[Touched],
    login: Option<&str>,
    world: &World,
) -> String {
    let mut text = String::from("gomend: ");
    text += &tr!("go runs through gomend, in shells that start from now on");
    text.push('\n');
    text += &labelled(&tr!("shim"), &home.tilde(&dir.join("go")));
    text += &files(home, touched);
    let next = match next_line(touched, login, world) {
        Some(line) => typed(&line),
        None => tr!("open a new shell"),
    };
    text += &labelled(&tr!("next"), &next);
    text += &labelled(&tr!("undo"), "gomend uninstall");
    text
}

/// What is to be typed stays in one line.
fn typed(line: &str) -> String {
    let told = tr!("open a new shell, or type here: {line}", line);
    let fits = wrap::columns(1).is_none_or(|columns| 9 + measure_text_width(&told) <= columns);
    if fits {
        told
    } else {
        told.replacen(&format!(" {line}"), &format!("\n{line}"), 1)
    }
}

/// What to type in the running shell; gomend by its full path where it is not on PATH.
fn next_line(touched: &[Touched], login: Option<&str>, world: &World) -> Option<String> {
    let login = login.and_then(Shell::named);
    let edited = |shell: &&Shell| touched.iter().any(|file| file.shell == shell.id);
    let shell = login
        .filter(edited)
        .or_else(|| SHELLS.iter().find(edited))?;
    let line = shell.evaluate?;
    let on_path = which::which_in("gomend", world.set_var("PATH"), ".").is_ok();
    if on_path {
        return Some(line.to_owned());
    }
    let own = std::env::current_exe().ok()?;
    Some(line.replacen("gomend", &fix::quote(&own.to_string_lossy()), 1))
}

/// Shell by shell, what became of its files.
fn files(home: &Home, touched: &[Touched]) -> String {
    let mut text = String::new();
    let mut last = "";
    for file in touched {
        let name = home.tilde(&file.file);
        let what = match file.change {
            Change::Made => tr!("{name}: made", name),
            Change::Added => tr!("{name}: lines added at the end", name),
            Change::Renewed => tr!("{name}: gomend's lines renewed", name),
            Change::Unchanged => tr!("{name}: has the lines already", name),
            Change::TakenOut => tr!("{name}: lines taken out", name),
            Change::Removed => tr!("{name}: removed, gomend had made it", name),
        };
        let label = if file.shell == last { "" } else { file.shell };
        text += &labelled(label, &what);
        last = file.shell;
    }
    text
}

/// A line with a word in front, in columns.
fn labelled(label: &str, text: &str) -> String {
    let label = console::pad_str(label, 6, console::Alignment::Left, None);
    let text = wrap::fit(text, 9, 9, wrap::columns(1));
    format!("  {label} {text}\n")
}

/// Takes everything back, the fixes first.
pub(super) fn uninstall(common: Common, dir: Option<&Path>, yes: bool) -> Result<i32, String> {
    let env = Env::from_process();
    let Some(home) = Home::of(&env) else {
        return only_out_of_folder(common, dir);
    };
    let journal = journal()?;
    let applied = applied(&journal)?;
    if !applied.is_empty() {
        match choose(common, &applied, yes) {
            AppliedFixes::Undo => {}
            AppliedFixes::Keep => return finish(common, &env, &home, dir, Vec::new()),
            AppliedFixes::Leave(code) => return Ok(code),
        }
    }
    // what a start-up file has got after a fix changed it are perhaps only our own lines
    let refused = take_back(common, &journal, applied);
    finish(common, &env, &home, dir, refused)
}

/// What shall become of the fixes that are applied.
enum AppliedFixes {
    Undo,
    Keep,
    Leave(i32),
}

fn applied(journal: &Journal) -> Result<Vec<Entry>, String> {
    use fix::journal::State;
    let history = journal.history().map_err(|error| error.text().words())?;
    Ok(history
        .into_iter()
        .filter(|entry| {
            matches!(
                entry.state,
                State::Applied | State::Pending | State::Undoing
            )
        })
        .collect())
}

/// Asks a person; without one, `--yes` undoes, and nothing else is done unasked.
fn choose(common: Common, applied: &[Entry], yes: bool) -> AppliedFixes {
    if yes {
        return AppliedFixes::Undo;
    }
    let mut text = String::from("gomend: ");
    text += &tr!("one fix is applied:" | "{n} fixes are applied:" % applied.len());
    text.push('\n');
    for entry in applied {
        let _ = writeln!(text, "{:>4}  {}", entry.id, entry.title.words());
    }
    let terminal = if common.no_input || common.json {
        None
    } else {
        Tty::take()
    };
    let Some(mut terminal) = terminal else {
        complain(&text.trim_start_matches("gomend: ").trim_end());
        complain(&tr!(
            "nothing was changed\nhelp: `gomend uninstall --yes` undoes them first; at a terminal, `gomend uninstall` asks"
        ));
        return AppliedFixes::Leave(exit::PROBLEM);
    };
    for (key, what) in [
        ("u", tr!("undo them, then uninstall")),
        ("k", tr!("keep them for good, and uninstall")),
        ("Enter", tr!("not now")),
    ] {
        let key = console::pad_str(key, 5, console::Alignment::Left, None);
        let _ = writeln!(text, "  {key}  {what}");
    }
    terminal.ready();
    terminal.say(&text);
    loop {
        match terminal.key() {
            Key::Char('u' | 'U') => return AppliedFixes::Undo,
            Key::Char('k' | 'K') => return AppliedFixes::Keep,
            Key::Enter | Key::Escape | Key::Nothing => return AppliedFixes::Leave(exit::OK),
            Key::Interrupt => return AppliedFixes::Leave(exit::INTERRUPTED),
            Key::Char(_) | Key::Other => {}
        }
    }
}

/// Undoes what can be undone, the newest first; what could not be, and why.
fn take_back(common: Common, journal: &Journal, entries: Vec<Entry>) -> Vec<(Entry, fix::Error)> {
    let mut refused = Vec::new();
    for entry in entries {
        match journal.undo(Some(&entry.id)) {
            Ok(_) if common.quiet || common.json => {}
            Ok(entry) => {
                let title = entry.title.words();
                complain(&tr!("taken back: {title}", title));
            }
            Err(error) => refused.push((entry, error)),
        }
    }
    refused
}

/// Start-up files, folders, and all that gomend remembers.
fn finish(
    common: Common,
    env: &Env,
    home: &Home,
    dir: Option<&Path>,
    refused: Vec<(Entry, fix::Error)>,
) -> Result<i32, String> {
    let words = |error: install::Error| error.to_string();
    let record = Record::of(home);
    let touched = install::take_out(home).map_err(words)?;
    let mut still = Vec::new();
    if !refused.is_empty() {
        let entries = refused.into_iter().map(|(entry, _)| entry).collect();
        still = take_back(common, &journal()?, entries);
    }
    let mut gone = Vec::new();
    let named = dir.map(absolute);
    for folder in record.folders(home).into_iter().chain(named.clone()) {
        if install::out_of_folder(&folder).map_err(words)? {
            gone.push(folder);
        }
    }
    if let Some(dir) = named.filter(|dir| !record.dirs.contains(dir)) {
        let _ = std::fs::remove_dir(dir); // only if nothing else is in it
    }
    let left = install::forget(home, &record, !still.is_empty()).map_err(words)?;
    let elsewhere = install::on_path(env.os("PATH").unwrap_or_default());
    for (entry, error) in &still {
        let (id, title) = (&entry.id, entry.title.words());
        complain(&tr!(
            "fix {id} ({title}) stays: {error}",
            id,
            title,
            error = error.text().words()
        ));
    }
    if !still.is_empty() {
        let journal = home.tilde(&home.state.join("journal"));
        complain(&tr!(
            "what the files held before is kept in {journal}",
            journal
        ));
    }
    if common.json {
        let worded = |(entry, _): &(Entry, _)| entry.worded(Lang::spoken());
        let stays: Vec<_> = still.iter().map(worded).collect();
        let all = json!({
            "schema": report::SCHEMA, "files": touched, "removed": gone, "kept_fixes": stays,
            "on_path": elsewhere,
        });
        print_json(&all)?;
    } else if !common.quiet {
        print(&uninstalled(
            home,
            &touched,
            &gone,
            &elsewhere,
            left && still.is_empty(),
        ))?;
    }
    let is_off_path = elsewhere.is_empty() || !gone.is_empty() || !touched.is_empty();
    Ok(if still.is_empty() && is_off_path {
        exit::OK
    } else {
        exit::PROBLEM
    })
}

fn uninstalled(
    home: &Home,
    touched: &[Touched],
    gone: &[PathBuf],
    elsewhere: &[PathBuf],
    left: bool,
) -> String {
    let mut text = String::from("gomend: ");
    let config = home.own_config().filter(|folder| folder.exists());
    let rescue = Some(home.rescue()).filter(|folder| folder.exists());
    if touched.is_empty() && gone.is_empty() {
        text += &match elsewhere {
            [] if rescue.is_none() => tr!("was not installed; nothing is left of it"),
            _ => tr!("was not installed"),
        };
        text.push('\n');
        text += &on_path(home, elsewhere);
        return text + &kept(home, rescue.into_iter());
    }
    text += &match elsewhere {
        [] => tr!("go is on its own again"),
        _ => tr!("what was installed for you is taken out"),
    };
    text.push('\n');
    text += &files(home, touched);
    for dir in gone {
        text += &labelled(&tr!("gone"), &home.tilde(dir));
    }
    text += &on_path(home, elsewhere);
    let state = left.then(|| home.state.clone());
    text += &kept(home, state.into_iter().chain(config).chain(rescue));
    text += &labelled(
        &tr!("next"),
        &tr!(
            "open a new shell, or `hash -r` in this one; `cargo uninstall gomend` removes the program itself, if cargo installed it"
        ),
    );
    text
}

/// Folders with a shim that no record and no argument names.
fn on_path(home: &Home, dirs: &[PathBuf]) -> String {
    let line = |dir: &PathBuf| {
        let command = format!(
            "gomend uninstall --dir {}",
            fix::quote(&dir.to_string_lossy())
        );
        let told = tr!(
            "{dir} is on PATH and holds a shim: `{command}` takes it out",
            dir = home.tilde(dir),
            command
        );
        labelled(&tr!("still"), &told)
    };
    dirs.iter().map(line).collect()
}

/// Folders that stay.
fn kept(home: &Home, folders: impl Iterator<Item = PathBuf>) -> String {
    let mut text = String::new();
    for folder in folders {
        let folder = home.tilde(&folder);
        text += &labelled(
            &tr!("kept"),
            &tr!("{folder}: what is in it is yours", folder),
        );
    }
    text
}

/// HOME is another user's: nothing but a folder that is named.
fn only_out_of_folder(common: Common, dir: Option<&Path>) -> Result<i32, String> {
    let Some(dir) = dir.map(absolute) else {
        return Err(no_home());
    };
    let was_there = install::out_of_folder(&dir).map_err(|error| error.to_string())?;
    let _ = std::fs::remove_dir(&dir); // only if nothing else is in it
    if common.json {
        let gone: Vec<&PathBuf> = was_there.then_some(&dir).into_iter().collect();
        print(&format!(
            "{:#}\n",
            json!({"schema": report::SCHEMA, "removed": gone})
        ))?;
    } else if !common.quiet && was_there {
        print(&labelled(&tr!("gone"), &dir.display().to_string()))?;
    }
    Ok(exit::OK)
}

/// Prints the shell code; the shim is written first, or renewed. One that can't be renewed serves as it is.
pub(super) fn init(
    shell: reference::CompletionShell,
    dir: Option<&Path>,
    alias: bool,
) -> Result<i32, String> {
    let shell = shell_of(&shell).expect("every shell that a user can name is in the table");
    let env = Env::from_process();
    let dir = folder(dir, Home::of(&env).as_ref())?;
    let words = |error: install::Error| error.to_string();
    let code = shell.code(install::quotable(&dir).map_err(words)?, alias);
    let is_there = install::is_shim(&dir.join("go"));
    match install::into_folder(&dir) {
        Err(error) if is_there => complain(&error),
        written => written.map_err(words)?,
    }
    print_own(&code)?;
    Ok(exit::OK)
}

/// The folder that is asked for, else where the shim is already, else the default one.
fn folder(dir: Option<&Path>, home: Option<&Home>) -> Result<PathBuf, String> {
    match (dir, home) {
        (Some(dir), _) => Ok(absolute(dir)),
        (None, Some(home)) => Ok(Record::of(home).folder(home)),
        (None, None) => Err(no_home()),
    }
}

fn no_home() -> String {
    install::Error::NoHome.to_string()
}

fn absolute(dir: &Path) -> PathBuf {
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())
}
