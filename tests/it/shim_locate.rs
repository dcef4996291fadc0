//! Which go runs: shims before and behind, copies, loops, `GOMEND_GO`, odd PATHs.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::event::{Ready, end_of};
use crate::support::{Ended, How, LATEST, Sandbox, dumped, shims};

/// A version manager's shim that takes its own folder off PATH and becomes the next go.
const EXECUTING: &str = r#"#!/bin/sh
set -f
self=${0%/*} rest= IFS=:
for folder in $PATH; do
    [ "$folder" = "$self" ] || rest=$rest${rest:+:}$folder
done
unset IFS
PATH=$rest
export PATH
exec go "$@"
"#;

/// One that takes nothing off PATH and only skips its own file.
fn only_itself(start: &str) -> String {
    format!(
        r#"#!/bin/sh
set -f
IFS=:
for folder in $PATH; do
    if [ -x "$folder/go" ] && ! [ "$folder/go" -ef "$0" ]; then
        {start}
    fi
done
exit 126
"#
    )
}

/// With a PATH of its own, before the system's folders.
fn with_path<'a>(sandbox: &'a Sandbox, folders: &[&Path]) -> impl Fn(&Path, &[&str]) -> Ended + 'a {
    let mut path = OsString::new();
    for folder in folders {
        path.push(folder);
        path.push(":");
    }
    path.push("/usr/bin:/bin");
    move |program, args| {
        let mut command = sandbox.direct().environment(Command::new(program));
        command
            .args(args)
            .env("PATH", &path)
            .output()
            .unwrap()
            .into()
    }
}

/// A copy of the shim (made by another process, so that nobody here has it open for writing).
fn copy_of_shim(to: &Path) -> PathBuf {
    fs::create_dir_all(to).unwrap();
    let copied = Command::new("cp")
        .arg(shims().join("go"))
        .arg(to)
        .status()
        .unwrap();
    assert!(copied.success());
    to.join("go")
}

fn one_line_and_127(ended: &Ended, words: &str) {
    one_line_and(127, ended, words);
}

fn one_line_and(code: i32, ended: &Ended, words: &str) {
    assert_eq!(ended.how, How::Code(code), "{ended:?}");
    let text = ended.words();
    assert!(
        text.starts_with("gomend: ") && text.contains(words),
        "{ended:?}"
    );
    assert_eq!(text.lines().count(), 1, "{ended:?}");
    assert!(ended.stdout.is_empty());
}

#[test]
fn symlinked_copied_and_hard_linked_shims_find_the_real_go() {
    let sandbox = Sandbox::with_probe("out real;exit 3");
    let links = sandbox.path("links");
    fs::create_dir(&links).unwrap();
    symlink(shims().join("go"), links.join("go")).unwrap();
    let copies = sandbox.path("copies");
    copy_of_shim(&copies);
    let hard = sandbox.path("hard");
    fs::create_dir(&hard).unwrap();
    fs::hard_link(copies.join("go"), hard.join("go")).unwrap();
    let chained = sandbox.path("chained");
    fs::create_dir(&chained).unwrap();
    symlink("../links/go", chained.join("go")).unwrap();
    let bin = &sandbox.bin;
    for folder in [&links, &copies, &hard, &chained] {
        for others in [
            vec![folder.as_path(), bin],
            vec![shims(), folder, bin],
            vec![folder, shims(), bin],
            vec![folder, bin, shims()],
            vec![bin, folder],
            vec![&links, &copies, &hard, &chained, shims(), bin],
        ] {
            let run = with_path(&sandbox, &others);
            for command in ["version", "build"] {
                let ended = run(&folder.join("go"), &[command]);
                assert_eq!(
                    (ended.how, &ended.stdout[..]),
                    (How::Code(3), &b"real\n"[..]),
                    "{others:?}: {ended:?}"
                );
            }
        }
    }
}

#[test]
fn gomend_itself_is_the_shim_when_it_is_called_go() {
    let sandbox = Sandbox::with_probe("out real;exit 3");
    let folder = sandbox.path("links");
    fs::create_dir(&folder).unwrap();
    symlink(env!("CARGO_BIN_EXE_gomend"), folder.join("go")).unwrap();
    let run = with_path(&sandbox, &[&folder, &sandbox.bin]);
    for command in ["version", "build"] {
        assert_eq!(run(&folder.join("go"), &[command]).how, How::Code(3));
    }
    // and with the small shim before or behind it
    for folders in [[shims(), &folder], [&folder, shims()]] {
        let run = with_path(&sandbox, &[folders[0], folders[1], &sandbox.bin]);
        assert_eq!(run(&folders[0].join("go"), &["build"]).how, How::Code(3));
    }
}

#[test]
fn a_version_manager_s_shim_before_and_behind_ours() {
    let sandbox = Sandbox::with_go(LATEST);
    let spawning = EXECUTING.replace("exec go \"$@\"", "go \"$@\"; exit $?");
    let chosen = format!(
        "#!/bin/sh\nexec {} \"$@\"\n",
        sandbox.bin.join("go").display()
    );
    for manager in [
        EXECUTING,
        &spawning,
        &only_itself("exec \"$folder/go\" \"$@\""),
        &chosen,
    ] {
        sandbox.script("manager/go", manager);
        let manager = sandbox.path("manager");
        for folders in [
            [&manager, shims(), &sandbox.bin],
            [shims(), &manager, &sandbox.bin],
            [shims(), &sandbox.bin, &manager],
        ] {
            let run = with_path(&sandbox, &folders);
            for args in [&["version"][..], &["list", "-m"], &["build", "./nowhere"]] {
                let direct = sandbox.direct().run(args);
                let ended = run(&folders[0].join("go"), args);
                assert_eq!(ended, direct, "{folders:?} {args:?}");
            }
        }
    }
}

#[test]
fn shims_that_skip_only_themselves_end_in_one_clear_line() {
    let sandbox = Sandbox::with_probe("");
    let managers = [
        only_itself("exec \"$folder/go\" \"$@\""),
        only_itself("\"$folder/go\" \"$@\"; exit $?"),
        only_itself("(\"$folder/go\" \"$@\"; exit $?); exit $?"),
    ];
    for manager in managers {
        sandbox.script("manager/go", &manager);
        let manager = sandbox.path("manager");
        for folders in [[&manager, shims()], [shims(), &manager]] {
            let run = with_path(&sandbox, &folders);
            for command in ["version", "build"] {
                let timed = |_| {
                    let began = Instant::now();
                    one_line_and_127(&run(&folders[0].join("go"), &[command]), "");
                    began.elapsed()
                };
                let shortest = (0..5).map(timed).min().unwrap(); // of a machine that does other things too
                assert!(shortest < Duration::from_millis(300), "{shortest:?}");
            }
        }
    }
}

#[test]
fn copies_of_the_shim_alone_end_in_one_clear_line() {
    let sandbox = Sandbox::with_probe("");
    let (first, second) = (sandbox.path("first"), sandbox.path("second"));
    copy_of_shim(&first);
    copy_of_shim(&second);
    let run = with_path(&sandbox, &[&first, &second]);
    one_line_and_127(
        &run(&first.join("go"), &["build"]),
        "every go on PATH leads back to gomend",
    );
    one_line_and_127(
        &run(&second.join("go"), &["version"]),
        "every go on PATH leads back to gomend",
    );
}

#[test]
fn a_shell_below_go_run_is_a_fresh_start() {
    // the guard in its environment is another process' affair
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write(
        "work/main.go",
        r#"package main
           import ("os"; "os/exec")
           func main() {
               c := exec.Command("sh", "-c", "env -i PROBE=\"dump $OUT\" $(env | grep ^_GOMEND_GUARD) PATH=\"$INNER\" go build")
               c.Stdout, c.Stderr = os.Stdout, os.Stderr
               if c.Run() != nil { os.Exit(1) }
           }"#,
    );
    let probe = Sandbox::with_probe("");
    let inner = format!(
        "{}:{}:/usr/bin:/bin",
        shims().display(),
        probe.bin.display()
    );
    let out = sandbox.path("dump");
    let sandbox = sandbox.var("INNER", inner).var("OUT", &out);
    let ended = sandbox.shimmed().run(&["run", "."]);
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    let env = dumped(&fs::read(&out).unwrap(), "env");
    assert!(
        env.iter()
            .any(|entry| entry.starts_with(b"GIT_TRACE2_EVENT=")),
        "it is watched again"
    );
}

#[test]
fn gomend_off_executes_everything() {
    for command in ["build", "test", "run", "version"] {
        let sandbox =
            Sandbox::with_probe("dump $D/dump;ready $D/ready;exit 4").var("GOMEND", "off");
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut child = sandbox.shimmed().command(&[command]).spawn().unwrap();
        assert_eq!(ready.wait(), child.id().cast_signed());
        assert_eq!(How::from(end_of(&mut child)), How::Code(4));
        let env = dumped(&sandbox.read("dump"), "env");
        assert!(!env.iter().any(|entry| entry.starts_with(b"GIT_TRACE2")));
    }
}

#[test]
fn gomend_go_names_the_go() {
    let sandbox = Sandbox::with_probe("out on PATH");
    let other = sandbox.script("other/any-name", "#!/bin/sh\necho named \"$@\"; exit 5\n");
    let run = |value: &Path, command: &str| -> Ended {
        let mut command_line = sandbox.shimmed().command(&[command, "x"]);
        command_line
            .env("GOMEND_GO", value)
            .output()
            .unwrap()
            .into()
    };
    for command in ["version", "build"] {
        let ended = run(&other, command);
        assert_eq!(ended.stdout, format!("named {command} x\n").as_bytes());
        assert_eq!(ended.how, How::Code(5));
        assert_eq!(
            run(Path::new(""), command).stdout,
            b"on PATH\n",
            "empty is unset"
        );
    }
    let plain = sandbox.write("plain", "no program");
    one_line_and(126, &run(&plain, "build"), "which can't be run");
    one_line_and_127(
        &run(&sandbox.path("missing"), "build"),
        "which can't be run",
    );
    one_line_and(
        126,
        &run(&sandbox.path("work"), "build"),
        "which can't be run",
    );
    let back = sandbox.path("back");
    symlink(shims().join("go"), &back).unwrap();
    one_line_and_127(&run(&back, "build"), "leads back to gomend");
    let manager = sandbox.script("manager", "#!/bin/sh\nexec go \"$@\"\n");
    for command in ["version", "build"] {
        one_line_and_127(&run(&manager, command), "leads back to gomend");
    }
    let spawning = sandbox.script("spawning", "#!/bin/sh\ngo \"$@\"; exit $?\n");
    one_line_and_127(&run(&spawning, "build"), "leads back to gomend");
}

#[test]
fn without_a_go_one_line_says_where_it_was_looked_for() {
    let sandbox = Sandbox::with_probe("");
    let run = |path: Option<&str>| -> Ended {
        let mut command = sandbox.shimmed().command(&["build"]);
        match path {
            Some(path) => command.env("PATH", path),
            None => command.env_remove("PATH"),
        };
        command.output().unwrap().into()
    };
    sandbox.script("work/go", "#!/bin/sh\necho never\n");
    one_line_and_127(
        &run(Some("/nowhere:/usr/bin/nothing")),
        "/nowhere:/usr/bin/nothing",
    );
    one_line_and_127(&run(Some("")), "PATH is empty");
    one_line_and_127(&run(None), "PATH is empty");
    one_line_and_127(&run(Some(shims().to_str().unwrap())), "no go found");
    // control characters of a PATH stay off the terminal
    let ended = run(Some("/a\x1b[31m\n/b"));
    one_line_and_127(&ended, "/a?[31m?/b");
}

#[test]
fn what_no_shell_would_run_is_passed_over() {
    let sandbox = Sandbox::with_probe("out real");
    sandbox.write("plain/go", "no program");
    fs::create_dir_all(sandbox.path("folder/go")).unwrap();
    fs::create_dir(sandbox.path("dangling")).unwrap();
    symlink("/nowhere", sandbox.path("dangling/go")).unwrap();
    let odd = ["plain", "folder", "dangling", "missing"].map(|name| sandbox.path(name));
    let mut folders: Vec<&Path> = vec![shims()];
    folders.extend(odd.iter().map(PathBuf::as_path));
    folders.push(&sandbox.bin);
    let ended = with_path(&sandbox, &folders)(&shims().join("go"), &["build"]);
    assert_eq!(ended.stdout, b"real\n", "{ended:?}");
}

#[test]
fn relative_and_empty_path_entries_are_the_current_folder() {
    let sandbox = Sandbox::with_probe("");
    sandbox.script("work/go", "#!/bin/sh\necho here\n");
    sandbox.script("work/sub/go", "#!/bin/sh\necho below\n");
    for (entry, said) in [("", "here\n"), (".", "here\n"), ("sub", "below\n")] {
        let path = format!("{}:{entry}:/usr/bin", shims().display());
        let ended = sandbox
            .shimmed()
            .command(&["build"])
            .env("PATH", path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&ended.stdout), said);
    }
}

#[test]
fn a_script_without_an_interpreter_line_runs_as_in_a_shell() {
    let sandbox = Sandbox::with_probe("");
    fs::remove_file(sandbox.bin.join("go")).unwrap();
    sandbox.script("bin/go", "echo script \"$0\" \"$@\"\nexit 6\n");
    for command in ["version", "build"] {
        let ended = sandbox.shimmed().run(&[command, "a b"]);
        assert_eq!(ended.how, How::Code(6), "{ended:?}");
        assert!(
            String::from_utf8(ended.stdout)
                .unwrap()
                .ends_with(&format!("/go {command} a b\n"))
        );
    }
}

#[test]
fn a_go_that_is_no_program_is_said_to_be_none() {
    let sandbox = Sandbox::with_probe("");
    fs::remove_file(sandbox.bin.join("go")).unwrap();
    sandbox.script("bin/go", "#!/nowhere/interpreter\n");
    for command in ["version", "build"] {
        one_line_and_127(&sandbox.shimmed().run(&[command]), "can't be executed");
    }
}
