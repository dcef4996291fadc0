//! The shells: which files they read, what is put there, how they are asked.
//!
//! One table. In: a user's places. Out: files and shell code. The code itself stands in the folder
//! `shell/`; here the shim's folder is put into it, quoted for that shell. Not handled: shells
//! that are not in the table (tcsh, ksh, elvish ...); their users put the folder on PATH by hand.

use std::path::{Path, PathBuf};

use super::home::Home;
use crate::file;
use crate::settings::Env;

/// One shell.
#[derive(Debug)]
pub(crate) struct Shell {
    /// Its program, and what it is called on our command line.
    pub(crate) id: &'static str,
    path_code: &'static str,
    alias_code: &'static str,
    quote: fn(&str) -> String,
    /// The files that get gomend's lines, in the order in which the shell reads them.
    pub(crate) files: fn(&Home) -> Vec<PathBuf>,
    /// What is there if somebody uses this shell; blocks are looked for in these files too.
    pub(crate) signs: fn(&Home) -> Vec<PathBuf>,
    /// How it is started to be asked.
    pub(crate) modes: &'static [Mode],
    /// What it is asked (`shell/ask.*`).
    pub(crate) question: &'static str,
    /// What to type to have it in a running shell, if there is such a thing; `gomend` stands for
    /// the program.
    pub(crate) evaluate: Option<&'static str>,
    /// Folders that the shell makes when it is first started.
    pub(crate) makes: fn(&Home) -> Vec<PathBuf>,
}

/// One way in which a shell is started.
#[derive(Debug)]
pub(crate) struct Mode {
    /// Shown, and in JSON.
    pub(crate) id: &'static str,
    /// Arguments before the command.
    pub(crate) args: &'static [&'static str],
    /// Who types there; where nobody does, another go is worth a warning.
    pub(crate) kind: Kind,
}

/// What a shell is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A person types.
    Typed,
    /// A script, started by nobody who has gomend's folder on PATH.
    Script,
    /// A script, started from a shell in which gomend comes first.
    Below,
}

const POSIX: &[Mode] = &[
    Mode {
        id: "login",
        args: &["-l", "-i", "-c"],
        kind: Kind::Typed,
    },
    Mode {
        id: "interactive",
        args: &["-i", "-c"],
        kind: Kind::Typed,
    },
    Mode {
        id: "login-script",
        args: &["-l", "-c"],
        kind: Kind::Script,
    },
    Mode {
        id: "script",
        args: &["-c"],
        kind: Kind::Below,
    },
];

/// Every shell that gomend knows.
pub(crate) const SHELLS: &[Shell] = &[
    Shell {
        id: "bash",
        path_code: include_str!("../../shell/path.sh"),
        alias_code: include_str!("../../shell/alias.sh"),
        quote: quote_posix,
        files: bash_files,
        signs: |home| in_folder(&home.dir, &[".bashrc", ".bash_profile", ".bash_login"]),
        modes: POSIX,
        question: include_str!("../../shell/ask.bash"),
        evaluate: Some(r#"eval "$(gomend init bash)""#),
        makes: |_| Vec::new(),
    },
    Shell {
        id: "zsh",
        path_code: include_str!("../../shell/path.sh"),
        alias_code: include_str!("../../shell/alias.sh"),
        quote: quote_posix,
        // Not .zshenv: macOS' /etc/zprofile (path_helper) and other start-up files come after it
        // and go before it on PATH, and every script would pay for it.
        files: |home| in_folder(home.zsh(), &[".zprofile", ".zshrc"]),
        signs: |home| in_folder(home.zsh(), &[".zshrc", ".zprofile", ".zshenv", ".zlogin"]),
        modes: POSIX,
        question: include_str!("../../shell/ask.zsh"),
        evaluate: Some(r#"eval "$(gomend init zsh)""#),
        makes: |_| Vec::new(),
    },
    Shell {
        id: "fish",
        path_code: include_str!("../../shell/path.fish"),
        alias_code: include_str!("../../shell/alias.fish"),
        quote: quote_fish,
        // read by every fish before config.fish (fish(1), CONFIGURATION), which is why the code
        // looks once more at the first prompt, and in scripts whenever a file has changed PATH
        files: |home| vec![home.config().join("fish/conf.d/gomend.fish")],
        signs: |home| {
            in_folder(
                &home.config(),
                &["fish/config.fish", "fish/conf.d", "fish/functions"],
            )
        },
        modes: POSIX,
        question: include_str!("../../shell/ask.fish"),
        evaluate: Some("gomend init fish | source"),
        makes: |home| {
            vec![
                home.config().join("fish"),
                home.data().join("fish/generated_completions"),
            ]
        },
    },
    Shell {
        id: "nu",
        path_code: include_str!("../../shell/path.nu"),
        alias_code: include_str!("../../shell/alias.nu"),
        quote: quote_nu,
        // not the autoload folder: nu before 0.101 has none, and `nu --login -c` doesn't read it
        files: |home| vec![home.nu().join("config.nu")],
        signs: |home| in_folder(&home.nu(), &["config.nu", "env.nu", "autoload"]),
        // `nu -c` reads no start-up file unless it is a login shell
        modes: &[Mode {
            id: "login",
            args: &["--login", "-c"],
            kind: Kind::Typed,
        }],
        question: include_str!("../../shell/ask.nu"),
        evaluate: None, // nu runs no text that comes while it runs
        makes: |home| vec![home.nu(), home.data().join("nushell")],
    },
    Shell {
        id: "pwsh",
        path_code: include_str!("../../shell/path.ps1"),
        alias_code: include_str!("../../shell/alias.ps1"),
        quote: quote_pwsh,
        files: pwsh_files,
        signs: |home| in_folder(&home.config(), &["powershell"]),
        modes: &[Mode {
            id: "interactive",
            args: &["-NoLogo", "-NonInteractive", "-Command"],
            kind: Kind::Typed,
        }],
        question: include_str!("../../shell/ask.ps1"),
        evaluate: Some("gomend init pwsh | Out-String | Invoke-Expression"),
        makes: |home| {
            vec![
                home.config().join("powershell"),
                home.data().join("powershell"),
            ]
        },
    },
];

impl Shell {
    /// The shell with this name; also for the path of a program.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let name = name.rsplit('/').next().unwrap_or_default();
        // a login shell's argv[0] begins with a dash (bash(1), INVOCATION)
        let name = name.trim_start_matches('-');
        SHELLS.iter().find(|shell| shell.id == name)
    }

    /// The code that makes `go` the one in `dir`: first on PATH, or by name.
    #[must_use]
    pub(crate) fn code(&self, dir: &str, alias: bool) -> String {
        let go = (self.quote)(&format!("{dir}/go"));
        let template = if alias {
            self.alias_code
        } else {
            self.path_code
        };
        template
            .replace("@COMMAND@", &(self.quote)(&go)) // an alias is read a second time
            .replace("@GO@", &go)
            .replace("@DIR@", &(self.quote)(dir))
    }

    /// Whether this user has start-up files for it.
    #[must_use]
    pub(crate) fn is_used_in(&self, home: &Home) -> bool {
        (self.signs)(home).iter().any(|sign| sign.exists())
    }

    /// Every file that may hold gomend's lines.
    #[must_use]
    pub(crate) fn all_files(&self, home: &Home) -> Vec<PathBuf> {
        let mut all = (self.files)(home);
        all.extend((self.signs)(home));
        if self.id == "bash" {
            all.extend(in_folder(&home.dir, BASH_LOGIN));
        }
        all.sort();
        all.dedup();
        all.retain(|file| file.is_file());
        all
    }
}

/// The name of the user's login shell: `$SHELL`, else the last field of the user's line in
/// passwd(5).
#[must_use]
pub(crate) fn login_shell(env: &Env) -> Option<String> {
    if let Some(shell) = env.var("SHELL") {
        return Some(shell.to_owned());
    }
    let user = crate::sys::effective_user().to_string();
    let users = file::text(Path::new("/etc/passwd"), file::Kind::List).ok()?;
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&user.as_str()))
            .then(|| fields.last().map(|shell| (*shell).to_owned()))?
    })
}

/// What a login bash reads: the first of these that it can (bash(1), INVOCATION).
const BASH_LOGIN: &[&str] = &[".bash_profile", ".bash_login", ".profile"];

/// `.bashrc` is for interactive shells that are no login shells. Where none of the login files is
/// there, `.profile` is made: a new `.bash_profile` would hide a `.profile` that comes later.
fn bash_files(home: &Home) -> Vec<PathBuf> {
    let login = BASH_LOGIN
        .iter()
        .find(|name| file::read(&home.dir.join(name), file::Kind::Settings).is_ok())
        .unwrap_or(&".profile");
    in_folder(&home.dir, &[".bashrc", login])
}

/// The profile of every host; one of the console host is read after it (`about_Profiles`).
fn pwsh_files(home: &Home) -> Vec<PathBuf> {
    let mut files = in_folder(
        &home.config().join("powershell"),
        &["profile.ps1", "Microsoft.PowerShell_profile.ps1"],
    );
    if !files[1].exists() {
        files.truncate(1);
    }
    files
}

fn in_folder(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| folder.join(name)).collect()
}

/// Between single quotes; one inside goes between double quotes.
fn quote_posix(text: &str) -> String {
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

/// Backslashes escape quotes and themselves between single quotes (fish(1), Quotes).
fn quote_fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Double quotes with C's escapes; `$` means nothing there.
fn quote_nu(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// A single quote is doubled, and so are the typographic ones, which PowerShell takes for the same
/// (`about_Quoting_Rules`).
fn quote_pwsh(text: &str) -> String {
    let mut quoted = String::from("'");
    for letter in text.chars() {
        if matches!(letter, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(letter);
        }
        quoted.push(letter);
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_stays() {
        for shell in SHELLS {
            for alias in [false, true] {
                let code = shell.code("/a b/it's", alias);
                assert!(code.ends_with('\n'), "{code}");
                let left = ["@DIR@", "@GO@", "@COMMAND@"]
                    .iter()
                    .find(|word| code.contains(**word));
                assert_eq!(left, None, "{code}");
            }
        }
    }

    #[test]
    fn shells_by_name() {
        for (name, id) in [("/usr/bin/zsh", "zsh"), ("-bash", "bash"), ("fish", "fish")] {
            assert_eq!(Shell::named(name).unwrap().id, id);
        }
        assert!(Shell::named("/bin/tcsh").is_none());
    }

    #[test]
    fn quotes() {
        assert_eq!(quote_posix("it's $x"), r#"'it'"'"'s $x'"#);
        assert_eq!(quote_fish(r"it's \"), r"'it\'s \\'");
        assert_eq!(quote_nu(r#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(quote_pwsh("it's \u{2019}"), "'it''s \u{2019}\u{2019}'");
    }
}
