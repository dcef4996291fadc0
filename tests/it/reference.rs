//! What there is to look up, through the real program: settings, completions under the real
//! shells, manual pages, complaints about the command line.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Ended, Sandbox, dumped};

// ------------------------------------------------------------ the command line

rows! {
    what_has_no_json_refuses_to_print_some = has_no_json;
    man: &["man"];
    help: &["help"];
    init: &["init", "bash"];
    completions: &["completions", "fish"];
}

fn has_no_json(words: &[&str]) {
    let sandbox = Sandbox::with_probe("exit 0");
    let ended = sandbox.gomend(&[words, &["--json"]].concat()).with_code(2);
    let told = format!("gomend: `gomend {}` has no JSON\n", words[0]);
    assert_eq!((ended.said().as_str(), ended.words()), ("", told));
}

rows! {
    what_is_looked_up_is_there_as_json_too = is_there_as_json;
    causes: &["causes"], "causes";
    a_cause: &["causes", "dns-timeout"], "causes";
    rules: &["rules"], "rules";
    a_rule: &["rules", "show", "go-dns-timeout"], "rules";
    findings: &["rules", "test", "log"], "findings";
}

fn is_there_as_json(words: &[&str], list: &str) {
    let sandbox = Sandbox::with_probe("exit 0");
    sandbox.write("work/log", "go: x.example/m@v1.0.0: Get \"https://x.example/m\": dial tcp: lookup x.example: no such host\n");
    let ended = sandbox.gomend(&[words, &["--json"]].concat()).with_code(0);
    let json = ended.json();
    assert!(!json[list].as_array().unwrap().is_empty(), "{json:#}");
}

rows! {
    names_that_may_have_been_meant_are_told = is_told;
    a_layer_of_faults: &["simulate", "dns"], 1, "dns-typo";
    a_fault: &["simulate", "tls-expird"], 1, "tls-expired";
    a_layer_of_causes: &["causes", "dns"], 1, "dns-timeout";
    a_rule: &["rules", "show", "timeout"], 1, "go-dns-timeout";
    a_shell: &["install", "--shell", "tcsh"], 2, "bash, zsh, fish, nu, pwsh, none";
}

fn is_told(words: &[&str], code: i32, told: &str) {
    let sandbox = Sandbox::with_probe("exit 0");
    let ended = sandbox.gomend(words).with_code(code);
    assert!(ended.words().contains(told), "{ended:?}");
}

#[test]
fn run_takes_a_go_command_with_or_without_the_word_go() {
    let sandbox = Sandbox::with_probe("dump $D/dump;exit 0");
    let run = |words: &[&str]| {
        sandbox.gomend(&[&["run"], words].concat()).with_code(0);
        dumped(&sandbox.read("dump"), "arg")[1..].to_vec()
    };
    let meant = run(&["--", "go", "mod", "download", "-x"]);
    assert_eq!(meant, [&b"mod"[..], b"download", b"-x"]);
    for words in [
        &["--", "mod", "download", "-x"][..],
        &["go", "mod", "download", "-x"],
        &["mod", "download", "-x"],
    ] {
        assert_eq!(run(words), meant, "{words:?}");
    }
}

// ------------------------------------------------------------ settings

#[test]
fn settings_are_shown_with_their_origin() {
    let sandbox = Sandbox::with_probe("exit 0").var("GOMEND_PATIENCE", "7");
    sandbox.write(
        "home/.config/gomend/config.toml",
        "# mine\nmode = \"quiet\"\n",
    );
    sandbox.write("work/go.mod", "module example.com/x\n");
    sandbox.write(
        "work/.gomend.toml",
        "patience = 9\n[go]\nGOPRIVATE = \"git.corp.example\"\n",
    );
    let output = sandbox.gomend(&["config"]);
    let text = output
        .with_code(0)
        .said()
        .replace(&sandbox.path("").display().to_string(), "~/");
    let shown: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("    "))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_slip_in_the_settings_is_a_hint_and_an_error_stops_what_it_could_mislead() {
    let sandbox = Sandbox::with_probe("exit 0");
    let file = sandbox.write("home/.config/gomend/config.toml", "patiance = 4\n");
    let output = sandbox.gomend(&["causes", "dns-timeout"]).with_code(0);
    assert_eq!(
        output.words(),
        format!(
            "gomend: {}:1: there is no setting `patiance`; did you mean `patience`?\n",
            file.display()
        )
    );
    fs::write(&file, "lang = \"zh\"\npatience = true\n").unwrap();
    let output = sandbox.gomend(&["--lang", "en", "causes"]).with_code(2);
    assert!(output.stdout.is_empty());
    assert_eq!(
        output.words(),
        format!(
            "gomend: {}:2: `patience` must be a whole number of seconds from 1 to 60\n",
            file.display()
        )
    );
    // what leads out of trouble goes on
    sandbox.gomend(&["history"]).with_code(0);
    sandbox.gomend(&["config"]).with_code(1);
}

#[test]
fn settings_that_cannot_be_read_are_one_line() {
    let sandbox = Sandbox::with_probe("exit 0");
    let huge = vec![b'#'; 70_000];
    for content in [&b"mode = \xff\n"[..], b"mode = \n", &huge] {
        let file = sandbox.write("home/.config/gomend/config.toml", content);
        let output = sandbox.gomend(&["causes"]).with_code(2);
        let said = output.words();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with(&format!("gomend: {}:1: ", file.display())),
            "{said}"
        );
    }
}

#[test]
fn settings_that_cannot_be_meant_are_said_with_a_diagnosis_and_stop_nothing() {
    let failing = "err go: example.com/m@v1.0.0: missing go.sum entry for go.mod file;exit 1";
    let sandbox = Sandbox::with_probe(failing).var("CI", "true");
    let said = || {
        let ended = sandbox.shimmed().run_sh("go mod download; exit $?");
        ended.with_code(1).words()
    };
    let before = said();
    assert!(before.contains("gomend: "), "{before}");
    let file = sandbox.write(
        "home/.config/gomend/config.toml",
        "patience = 0\nlangg = 1\n",
    );
    let after = said();
    let line = format!(
        "gomend: {}:1: `patience` must be a whole number of seconds from 1 to 60\n",
        file.display()
    );
    assert_eq!(after.replacen(&line, "", 1), before);
    assert!(after.contains(&line), "{after}");
}

// ------------------------------------------------------------ completions

/// A shell reads the completions and is asked for what follows `gomend pro`.
fn completed(sandbox: &Sandbox, shell: &str, script: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_gomend")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
    let mut command = sandbox.direct().environment(Command::new(shell));
    let output = command.env("PATH", path).args(["-c", script]).output();
    let output = output.unwrap_or_else(|error| panic!("{shell}: {error}; run tests/setup"));
    let ended = Ended::from(output);
    assert_eq!(ended.words(), "", "{shell}");
    ended.said()
}

/// What completions take a module's path from.
const GO_MOD: &str = "module app\n\ngo 1.21\n\nrequire git.corp.example/lib v1.0.0\n";

#[test]
fn bash_completes_gomend() {
    let sandbox = Sandbox::with_probe("exit 0");
    let script = "set -eu; eval \"$(gomend completions bash)\"
        COMP_WORDS=(gomend pro); COMP_CWORD=1; _gomend gomend pro gomend || :; echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(gomend probe d); COMP_CWORD=2; _gomend gomend d probe || :; echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(gomend simulate dns-ty); COMP_CWORD=2; _gomend_now gomend dns-ty simulate || :; echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(gomend causes dns-timeo); COMP_CWORD=2; _gomend_now gomend dns-timeo causes || :; echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(gomend doctor git.c); COMP_CWORD=2; _gomend_now gomend git.c doctor || :; echo \"${COMPREPLY[@]}\"";
    sandbox.write("work/go.mod", GO_MOD);
    assert_eq!(
        completed(&sandbox, "bash", script),
        "probe\ndns\ndns-typo\ndns-timeout\ngit.corp.example/lib\n"
    );
}

#[test]
fn zsh_completes_gomend() {
    let sandbox = Sandbox::with_probe("exit 0");
    let script = "autoload -U compinit; compinit -D -u; eval \"$(gomend completions zsh)\"; whence -w _gomend; print ${_comps[gomend]}
        compadd() { print -r -- $now }; _gomend_before() { }; words=(gomend doctor git.c); CURRENT=3; _gomend";
    sandbox.write("work/go.mod", GO_MOD);
    assert_eq!(
        completed(&sandbox, "zsh", script),
        "_gomend: function\n_gomend\ngit.corp.example/lib\n"
    );
}

#[test]
fn fish_completes_gomend() {
    let sandbox = Sandbox::with_probe("exit 0");
    let script = "gomend completions fish | source; complete -C 'gomend pro'; complete -C 'gomend causes --color n'; complete -C 'gomend simulate dns-ty'; complete -C 'gomend doctor git.c'";
    sandbox.write("work/go.mod", GO_MOD);
    let found = completed(&sandbox, "fish", script);
    let words: Vec<&str> = found
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(
        words,
        ["probe", "never", "dns-typo", "git.corp.example/lib"]
    );
}

rows! {
    other_shells_get_completions_too = completes;
    nu: "nu", "export extern \"gomend probe\"";
    pwsh: "pwsh", "Register-ArgumentCompleter";
}

fn completes(shell: &str, says: &str) {
    let sandbox = Sandbox::with_probe("exit 0");
    let ended = sandbox.gomend(&["completions", shell]).with_code(0);
    assert!(ended.said().contains(says), "{ended:?}");
}

// ------------------------------------------------------------ manual

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::with_probe("exit 0");
    let folder = sandbox.path("man");
    sandbox
        .gomend(&["man", "--dir", folder.to_str().unwrap()])
        .with_code(0);
    let root = fs::read_to_string(folder.join("gomend.1")).unwrap();
    for section in [
        "NAME",
        "SYNOPSIS",
        "EXAMPLES",
        "OPTIONS",
        "\"EXIT STATUS\"",
        "ENVIRONMENT",
        "FILES",
    ] {
        assert!(root.contains(&format!(".SH {section}\n")), "{section}");
    }
    for command in ["fix", "undo", "doctor", "simulate", "config"] {
        let page = fs::read_to_string(folder.join(format!("gomend-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
        assert_eq!(
            sandbox.gomend(&["man", command]).said().lines().count(),
            page.lines().count()
        );
    }
    sandbox.gomend(&["man", "nonesuch"]).with_code(1);
}

// ------------------------------------------------------------ the command line

#[test]
fn help_has_examples_first_and_commands_in_groups() {
    let sandbox = Sandbox::with_probe("exit 0");
    let output = sandbox.gomend(&["--help"]).with_code(0);
    assert!(output.stderr.is_empty());
    insta::assert_snapshot!(output.said());
    assert_eq!(sandbox.gomend(&["-h"]).stdout, output.stdout);
}

#[test]
fn a_command_line_that_cannot_be_understood_is_two_lines() {
    let sandbox = Sandbox::with_probe("exit 0");
    let lines: Vec<String> = [
        &["probee"][..],
        &["fix", "--dryrun"],
        &["probe", "dsn", "x.example"],
        &["probe", "dns"],
        &["--color"],
        &["install", "--shell", "tcsh"],
    ]
    .iter()
    .map(|args| {
        let output = sandbox.gomend(args).with_code(2);
        assert!(output.stdout.is_empty(), "{args:?}");
        format!("$ gomend {}\n{}", args.join(" "), output.words())
    })
    .collect();
    insta::assert_snapshot!(lines.concat());
}
