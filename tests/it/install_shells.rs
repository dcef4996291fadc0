//! The shell code under the real shells: in strict modes, evaluated twice, with odd folders; and
//! that a new shell of each kind finds the shim.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::home::{Home, assert_same};
use crate::support::terminal::Terminal;
use crate::support::{Ended, How, tool};

/// A shell that is tested.
struct Shell {
    id: &'static str,
    /// How it is started strictly.
    strict: &'static [&'static str],
    /// What else makes it strict.
    prelude: &'static str,
    /// Prints what `go` is, then PATH, a line each.
    report: &'static str,
    /// Puts `$BEFORE` first on PATH.
    prepend: &'static str,
}

const POSIX_REPORT: &str = "command -v go; printf '%s\\n' \"$PATH\"";
const POSIX_PREPEND: &str = "PATH=\"$BEFORE:$PATH\"";

const SHELLS: &[Shell] = &[
    Shell {
        id: "bash",
        strict: &[
            "--norc",
            "--noprofile",
            "-eu",
            "-o",
            "pipefail",
            "-O",
            "nocasematch",
        ],
        prelude: "set -o noglob; IFS=/",
        report: POSIX_REPORT,
        prepend: POSIX_PREPEND,
    },
    Shell {
        id: "zsh",
        strict: &["-f", "-o", "err_exit", "-o", "no_unset", "-o", "nomatch"],
        prelude: "setopt sh_word_split glob_subst warn_create_global pipefail; IFS=/",
        report: POSIX_REPORT,
        prepend: POSIX_PREPEND,
    },
    Shell {
        id: "dash",
        strict: &["-eu"],
        prelude: "set -f; IFS=/",
        report: POSIX_REPORT,
        prepend: POSIX_PREPEND,
    },
    Shell {
        id: "fish",
        strict: &["--no-config"],
        prelude: "",
        report: "command --search go; string join : -- $PATH",
        prepend: "set PATH $BEFORE $PATH",
    },
    Shell {
        id: "nu",
        strict: &["--no-config-file"],
        prelude: "",
        report: "print (which go | get 0.path); print ($env.PATH | str join ':')",
        prepend: "$env.PATH = ($env.PATH | prepend $env.BEFORE)",
    },
];

impl Shell {
    fn program(&self) -> PathBuf {
        tool(self.id)
    }

    /// The code of `gomend init` for a folder; dash reads what bash reads.
    fn code(&self, home: &Home, args: &[&str]) -> String {
        let name = if self.id == "dash" { "bash" } else { self.id };
        home.done(&[&["init", name], args].concat())
    }

    /// Runs the pieces of a script, of which the code is a file that is read where `.` stands.
    fn run(&self, home: &Home, code: &str, pieces: &[&str]) -> Ended {
        let file = home.outside("code");
        fs::write(&file, code).unwrap();
        let source = format!(
            "{} {}",
            if matches!(self.id, "fish" | "nu") {
                "source"
            } else {
                "."
            },
            file.display()
        );
        let script: Vec<&str> = std::iter::once(self.prelude)
            .chain(pieces.iter().copied())
            .map(|piece| if piece == "." { source.as_str() } else { piece })
            .collect();
        home.command(self.program())
            .args(self.strict)
            .args(["-c", &script.join("\n")])
            .env("BEFORE", home.outside("before"))
            .output()
            .unwrap()
            .into()
    }
}

fn lines(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
    let text = String::from_utf8(ended.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn strict_twice_and_first_again_in_any_folder() {
    for name in [
        "plain",
        "with a space",
        "it's",
        "\"$HOME\" `id`",
        "back\\slash",
        "*?[x]",
        "\u{4e2d}",
    ] {
        let home = Home::new();
        let dir = home.outside(name);
        let dir = dir.to_str().unwrap();
        home.done(&["install", "--quiet", "--shell", "none", "--dir", dir]);
        let before = home.outside("before");
        fs::create_dir(&before).unwrap();
        fs::write(before.join("go"), "#!/bin/sh\n").unwrap();
        let old = home.path.to_str().unwrap();
        for shell in SHELLS {
            let code = shell.code(&home, &["--dir", dir]);
            let shim = format!("{dir}/go");
            let twice = lines(&shell.run(&home, &code, &[".", ".", shell.report]));
            assert_eq!(
                twice,
                [shim.clone(), format!("{dir}:{old}")],
                "{}",
                shell.id
            );
            let again = lines(&shell.run(&home, &code, &[".", shell.prepend, ".", shell.report]));
            let first = format!("{dir}:{}:{old}", before.display());
            assert_eq!(again, [shim, first], "{}", shell.id);
        }
    }
}

#[test]
fn odd_paths_keep_their_meaning() {
    let home = Home::new();
    let dir = home.outside("shims");
    let dir = dir.to_str().unwrap();
    home.done(&["install", "--quiet", "--shell", "none", "--dir", dir]);
    let code = SHELLS[0].code(&home, &["--dir", dir]);
    for (path, wanted) in [
        ("/usr/bin:/bin", format!("{dir}:/usr/bin:/bin")),
        ("", dir.to_owned()),
        (":/bin", format!("{dir}::/bin")),
        ("/bin:", format!("{dir}:/bin:")),
        ("/a b::/bin", format!("{dir}:/a b::/bin")),
        (dir, dir.to_owned()),
        (
            &format!("/bin:{dir}:{dir}:/x:{dir}"),
            format!("{dir}:/bin:/x"),
        ),
        (
            &format!("{dir}x:{dir}/bin"),
            format!("{dir}:{dir}x:{dir}/bin"),
        ),
    ] {
        for shell in &SHELLS[..3] {
            let set = format!("PATH='{path}'");
            let ended = shell.run(&home, &code, &[&set, ".", "printf '%s\\n' \"$PATH\""]);
            assert_eq!(lines(&ended).join("\n"), wanted, "{} {path:?}", shell.id);
        }
    }
    for shell in &SHELLS[..3] {
        let ended = shell.run(
            &home,
            &code,
            &["unset PATH", ".", "printf '%s\\n' \"$PATH\""],
        );
        assert_eq!(lines(&ended), [dir], "{}", shell.id);
        // no variable of ours stays
        let ended = shell.run(&home, &code, &[".", "set"]);
        let left = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(
            !left.lines().any(|line| line.starts_with("gomend_")),
            "{left}"
        );
    }
    // without the folder the code does nothing
    fs::remove_dir_all(dir).unwrap();
    let old = home.path.to_str().unwrap();
    for shell in SHELLS {
        let ended = shell.run(
            &home,
            &code_without(&code, shell, &home, dir),
            &[".", shell.report],
        );
        assert_eq!(lines(&ended)[1], old, "{}", shell.id);
    }
}

/// The code for a folder that is gone by now: asking for it would write the folder again.
fn code_without(posix: &str, shell: &Shell, home: &Home, dir: &str) -> String {
    if SHELLS[..3].iter().any(|known| known.id == shell.id) {
        return posix.to_owned();
    }
    let code = shell.code(home, &["--dir", dir]);
    fs::remove_dir_all(dir).unwrap();
    code
}

#[test]
fn a_remembered_go_is_forgotten() {
    let home = Home::new();
    let dir = home.outside("shims");
    let dir = dir.to_str().unwrap();
    home.done(&["install", "--quiet", "--shell", "none", "--dir", dir]);
    for shell in &SHELLS[..2] {
        let code = shell.code(&home, &["--dir", dir]);
        // the folder is on PATH already, and the shim comes to be there after go was remembered
        let script = [
            &format!("PATH='{dir}':\"$PATH\"; mv '{dir}/go' '{dir}/later'; go version >/dev/null"),
            &format!("mv '{dir}/later' '{dir}/go'"),
            ".",
            "GOMEND_GO=/nonexistent go version 2>&1 || :",
        ]
        .map(|piece: &str| piece.to_owned());
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let said = lines(&shell.run(&home, &code, &script));
        assert!(
            said[0].starts_with("gomend: GOMEND_GO names"),
            "{}: {said:?}",
            shell.id
        );
    }
}

#[test]
fn an_alias_in_every_shell() {
    for name in ["plain", "it's \"a\" $dir"] {
        let home = Home::new();
        let dir = home.outside(name);
        let dir = dir.to_str().unwrap();
        home.done(&["install", "--quiet", "--shell", "none", "--dir", dir]);
        for shell in SHELLS {
            let code = shell.code(&home, &["--dir", dir, "--alias"]);
            let expand = if shell.id == "bash" {
                "shopt -s expand_aliases"
            } else {
                ""
            };
            let unset = match shell.id {
                "fish" => "set -gx GOMEND_GO /nonexistent",
                "nu" => "$env.GOMEND_GO = '/nonexistent'",
                _ => "export GOMEND_GO=/nonexistent; IFS=' '",
            };
            // aliases count for what is parsed after them
            let go = match shell.id {
                "fish" | "nu" => "go version",
                _ => "eval 'go version' || :",
            };
            let ended = shell.run(&home, &code, &[expand, unset, ".", go]);
            assert!(
                ended
                    .words()
                    .contains("gomend: GOMEND_GO names /nonexistent"),
                "{}: {ended:?}",
                shell.id
            );
        }
    }
}

/// A new shell, without a terminal but otherwise as one opens it.
fn new_shell(home: &Home, shell: &str, args: &[&str], question: &str) -> Ended {
    let mut command = home.command("setsid");
    command
        .arg("--wait")
        .arg(tool(shell))
        .args(args)
        .arg(question);
    command.output().unwrap().into()
}

#[test]
fn a_new_shell_of_each_kind_finds_the_shim() {
    for (shell, login, interactive) in [
        ("bash", &["-lc"][..], &["-ic"][..]),
        ("bash", &["-lic"], &["-ic"]),
        ("zsh", &["-lc"], &["-ic"]),
        ("zsh", &["-lic"], &["-ic"]),
        ("fish", &["-lc"], &["-c"]),
        ("nu", &["-l", "-c"], &["-l", "-c"]),
    ] {
        for odd in [false, true] {
            let mut home = Home::furnished();
            if odd {
                // where nobody looks by default
                let data = home.at("my data/it's");
                home = home.var("XDG_DATA_HOME", data);
                home.fish_was_here("my data/it's");
            }
            let before = home.picture();
            home.done(&["install", "--shell", shell]);
            home.done(&["install", "--shell", shell]);
            let data = if odd { "my data/it's" } else { ".local/share" };
            let shim = home.at(data).join("gomend/shims/go");
            let question = match shell {
                "fish" => {
                    "functions -q __gomend_at_first_prompt; and emit fish_prompt; command -s go; go version"
                }
                "nu" => "print (which go | get 0.path); go version",
                _ => "command -v go; go version",
            };
            for mode in [login, interactive] {
                let ended = new_shell(&home, shell, mode, question);
                let text = String::from_utf8_lossy(&ended.stdout).into_owned();
                let mut said = text.lines();
                assert_eq!(said.next(), shim.to_str(), "{shell} {mode:?}: {ended:?}");
                assert!(
                    said.next()
                        .is_some_and(|line| line.starts_with("go version go")),
                    "{shell} {mode:?}: {ended:?}"
                );
            }
            home.done(&["uninstall"]);
            let mut after = home.picture();
            let mut before = before;
            for picture in [&mut after, &mut before] {
                picture.retain(|(path, ..)| {
                    // written by this test, and by fish and nu themselves
                    !path.ends_with("config.fish")
                        && !path.starts_with(".local")
                        && !path.ends_with("history.txt")
                });
            }
            assert_same(&after, &before, shell);
        }
    }
}

#[test]
fn fish_at_its_first_prompt_goes_before_config_fish() {
    let home = Home::furnished();
    home.done(&["install", "--shell", "fish"]);
    let shim = home.at(".local/share/gomend/shims/go");
    let asked = new_shell(
        &home,
        "fish",
        &["-ic"],
        "emit fish_prompt; command -s go; functions -q __gomend_at_first_prompt; or echo gone",
    );
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(
        text.contains(&format!("{}\ngone\n", shim.display())),
        "{asked:?}"
    );
}

/// A fish without a prompt: what start-up files put before the shim goes behind it, what the command line does stays.
#[test]
fn fish_without_a_prompt_goes_before_config_fish() {
    let home = Home::furnished();
    let other = home.outside("other");
    fs::create_dir(&other).unwrap();
    let go = crate::support::goroot(crate::support::LATEST).join("bin/go");
    std::os::unix::fs::symlink(go, other.join("go")).unwrap();
    let before = format!("set -gx PATH {} $PATH", other.display());
    home.write("paths.fish", format!("{before}\n"));
    home.done(&["install", "--shell", "fish"]);
    let shim = home.at(".local/share/gomend/shims/go");
    let (shim, other) = (shim.to_str().unwrap(), other.join("go"));
    let other = other.to_str().unwrap();
    for (config, line, found) in [
        (before.as_str(), "command -s go", shim),
        ("source ~/paths.fish", "command -s go", shim),
        ("", "source ~/paths.fish; command -s go", shim),
        ("", &format!("{before}; command -s go"), other),
        // a PATH of its own, without the shim, is left alone
        (
            &format!("set -gx PATH {} /usr/bin", other.trim_end_matches("/go")),
            "command -s go",
            other,
        ),
    ] {
        home.write(".config/fish/config.fish", format!("{config}\n"));
        for mode in ["-c", "-lc"] {
            let ended = new_shell(&home, "fish", &[mode], line);
            let said = String::from_utf8_lossy(&ended.stdout).into_owned();
            assert_eq!(said.trim(), found, "{config}; {line} ({mode}): {ended:?}");
        }
    }
}

/// At a prompt, on a terminal, as a person opens a shell: login and not.
#[test]
fn at_a_prompt_go_is_the_shim() {
    for (shell, question) in [
        ("bash", "command -v go"),
        ("zsh", "command -v go"),
        ("fish", "command --search go"),
    ] {
        for login in [true, false] {
            let home = Home::furnished();
            home.done(&["install", "--shell", shell]);
            let mut command = home.command(tool(shell));
            if login {
                command.arg("-l");
            }
            let mut terminal = Terminal::start(command);
            // what is typed is echoed, so the answer must not stand in it
            terminal.press(&format!("echo at-the-prompt | tr a-z A-Z; {question}\r"));
            terminal.wait_for("AT-THE-PROMPT");
            terminal.wait_for(home.at(".local/share/gomend/shims/go").to_str().unwrap());
            terminal.press("exit\r");
            terminal.end();
        }
    }
}

#[test]
fn a_failing_fetch_is_explained_in_a_new_shell() {
    let home = Home::furnished()
        .var("CI", "1")
        .var("GOPROXY", "http://127.0.0.1:1");
    home.write(
        "app/go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n",
    );
    home.done(&["install"]);
    for (shell, args) in [
        ("bash", &["-lc"][..]),
        ("bash", &["-ic"]),
        ("zsh", &["-lc"]),
        ("zsh", &["-ic"]),
        ("fish", &["-ic"]),
        ("fish", &["-c"]),
        ("nu", &["-l", "-c"]),
    ] {
        let prompt = if args == ["-ic"] && shell == "fish" {
            "emit fish_prompt; "
        } else {
            ""
        };
        let ended = new_shell(
            &home,
            shell,
            args,
            &format!("{prompt}cd app; go mod download"),
        );
        assert_ne!(ended.how, How::Code(0), "{shell}: {ended:?}");
        let said = ended.words();
        assert!(
            said.contains("127.0.0.1:1") && said.contains("\ngomend: "),
            "{shell} {args:?}: {ended:?}"
        );
    }
}

#[test]
fn powershell_s_code_quotes_the_folder() {
    let home = Home::new();
    let dir = home.outside("it's");
    let dir = dir.to_str().unwrap();
    let code = home.done(&["init", "pwsh", "--dir", dir]);
    let quoted = format!("'{}'", dir.replace('\'', "''"));
    assert!(code.contains(&quoted), "{code}");
}

#[test]
#[ignore = "needs pwsh on PATH, which tests/setup can't bring"]
fn powershell_runs_its_code_in_strict_mode_and_twice() {
    let home = Home::new();
    let dir = home.outside("it's");
    let dir = dir.to_str().unwrap();
    let code = home.done(&["init", "pwsh", "--dir", dir]);
    let pwsh = which::which("pwsh").unwrap();
    let file = home.outside("code.ps1");
    fs::write(&file, &code).unwrap();
    let script = format!(
        "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; . '{0}'; . '{0}'; $env:PATH",
        file.display()
    );
    let mut command: Command = home.command(pwsh);
    command.args([
        "-NoLogo",
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        &script,
    ]);
    let ended: Ended = command.output().unwrap().into();
    assert_eq!(
        lines(&ended),
        [format!("{dir}:{}", home.path.to_str().unwrap())]
    );
}
