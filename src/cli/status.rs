//! `gomend status`: which go runs where, in words.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::table::{below, marked};
use super::{Common, print, print_json};
use crate::config::Config;
use crate::install::status::{Finding, Inputs, Level, Status, Through, View};
use crate::install::{self, Home};
use crate::lang::{list, tr};
use crate::settings::Env;
use crate::{exit, report, sys, wrap};

/// Says which go runs where.
pub(super) fn tell(config: &Config, common: Common) -> Result<i32, String> {
    let env = Env::from_process();
    let home = Home::of(&env);
    sys::note_interrupts();
    let login = install::login_shell(&env);
    let status = look(&env, config, home.as_ref(), login.as_deref());
    if sys::interrupted() {
        return Ok(exit::INTERRUPTED);
    }
    if common.json {
        let mut all = json!(status);
        all["schema"] = json!(report::SCHEMA);
        print_json(&all)?;
    } else {
        print(&render(&status, home.as_ref(), common.quiet))?;
    }
    Ok(if status.ok { exit::OK } else { exit::PROBLEM })
}

/// Looks at everything; shells are asked.
pub(super) fn look(env: &Env, config: &Config, home: Option<&Home>, login: Option<&str>) -> Status {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let look = Inputs {
        env,
        here: &here,
        is_off: config.mode() == "off",
        home,
        login,
    };
    look.status()
}

/// The whole status; `quiet`: only what is wrong, and the last line.
fn render(status: &Status, home: Option<&Home>, quiet: bool) -> String {
    let mut text = String::new();
    let tilde =
        |path: &Path| home.map_or_else(|| path.display().to_string(), |home| home.tilde(path));
    if !quiet {
        for shim in &status.installed {
            let gomend = shim.gomend.as_deref().map_or_else(|| tr!("none"), tilde);
            let dir = tilde(&shim.dir.join("go"));
            text += &marked(
                &tr!("shim"),
                &tr!("{dir}, explained by {gomend}", dir, gomend),
            );
        }
    }
    text += &findings(&status.findings, quiet);
    for views in alike(&status.views) {
        let [view, ..] = views else { continue };
        let fails = view
            .findings
            .iter()
            .any(|finding| finding.level == Level::Fails);
        if !quiet || fails {
            let warns = view
                .findings
                .iter()
                .any(|finding| finding.level == Level::Warns);
            let mark = match view.through {
                _ if fails => tr!("FAILS"),
                _ if warns => tr!("warn"),
                Through::Shim | Through::Alias => tr!("ok"),
                Through::Word | Through::Other | Through::Nothing => tr!("note"),
            };
            let modes: Vec<&str> = views.iter().filter_map(|view| view.mode).collect();
            text += &marked(&mark, &headline(view, &modes, tilde));
        }
        text += &findings_below(&view.findings, quiet);
    }
    if !quiet && !status.installed.is_empty() {
        for unasked in &status.unasked {
            let place = place(Some(&unasked.shell), unasked.mode.as_slice());
            let why = &unasked.why;
            text += &marked(&tr!("skip"), &format!("{place}: {why}"));
        }
    }
    text += "gomend: ";
    text += &wrap::fit(&verdict(status), 8, 8, wrap::columns(1));
    text.push('\n');
    text
}

fn verdict(status: &Status) -> String {
    let through = status
        .views
        .iter()
        .any(|view| matches!(view.through, Through::Shim | Through::Alias));
    let beside = status.views.iter().any(|view| {
        let script = view.mode.is_some_and(|mode| mode.ends_with("script"));
        script && matches!(view.through, Through::Word | Through::Other)
    });
    match () {
        () if status.installed.is_empty() => tr!("not installed"),
        () if status.ok && through && beside => {
            tr!("go runs through gomend wherever it is typed, but not in every script (see above)")
        }
        () if status.ok && through => tr!("go runs through gomend wherever it is installed"),
        () if status.ok => tr!("installed; it counts in new shells"),
        () => tr!("go does not run through gomend everywhere, or not well"),
    }
}

/// Ways of starting a shell that come to the same are told of once.
fn alike(views: &[View]) -> impl Iterator<Item = &[View]> {
    views.chunk_by(|one, other| {
        let key = |view: &View| (view.shell, view.through, view.go.clone(), view.real.clone());
        one.shell.is_some() && key(one) == key(other) && one.findings == other.findings
    })
}

/// Where, and what runs there.
fn headline(view: &View, modes: &[&str], tilde: impl Fn(&Path) -> String) -> String {
    let place = place(view.shell, modes);
    let go = view.go.as_deref().map(&tilde);
    match (view.through, go, view.real.as_deref().map(&tilde)) {
        (Through::Shim, _, Some(real)) => tr!("{place}: gomend, then {real}", place, real),
        (Through::Alias, _, Some(real)) => {
            tr!("{place}: gomend by an alias, then {real}", place, real)
        }
        (Through::Shim | Through::Alias, _, None) => {
            tr!("{place}: gomend, and no go behind it", place)
        }
        (Through::Word, ..) => tr!("{place}: an alias, function or word of the shell", place),
        (_, Some(go), _) => tr!("{place}: {go}", place, go),
        (_, None, _) => tr!("{place}: no go", place),
    }
}

/// The shell, and how it is started.
fn place(shell: Option<&str>, modes: &[&str]) -> String {
    let Some(shell) = shell else {
        return tr!("here");
    };
    let mode = |mode: &&str| match *mode {
        "login" => tr!("started as" => "login"),
        "interactive" => tr!("started as" => "interactive"),
        "login-script" => tr!("started as" => "a login script"),
        _ => tr!("started as" => "a script"),
    };
    let mut words = vec![shell.to_owned()];
    words.extend(modes.iter().map(mode));
    list(&words)
}

fn findings(findings: &[Finding], quiet: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        if quiet && finding.level != Level::Fails {
            continue;
        }
        let mark = match finding.level {
            Level::Fails => tr!("FAILS"),
            Level::Warns => tr!("warn"),
            Level::Notes => tr!("note"),
        };
        text += &marked(&mark, &finding.what);
        text += &instead(finding);
    }
    text
}

/// What belongs to the view above it.
fn findings_below(findings: &[Finding], quiet: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        if !quiet || finding.level == Level::Fails {
            text += &below(&finding.what);
            text += &instead(finding);
        }
    }
    text
}

fn instead(finding: &Finding) -> String {
    finding
        .instead
        .as_ref()
        .map_or_else(String::new, |instead| {
            below(&tr!("instead: {instead}", instead))
        })
}

/// What is wrong after an installation: nothing about the shell that it was typed in, which is
/// spoken of already.
pub(super) fn troubles(status: &Status) -> String {
    let mut text = String::new();
    for view in &status.views {
        for finding in &view.findings {
            if finding.level == Level::Fails {
                let place = place(view.shell, view.mode.as_slice());
                text += &marked(&tr!("FAILS"), &format!("{place}: {}", finding.what));
                text += &instead(finding);
            }
        }
    }
    text
}
