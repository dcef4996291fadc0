//! Clients of go find the same through the shim: gopls, x/tools, delve, and what they ask go for.
//!
//! They are Debian's (older than the toolchains, which does no harm: what is compared is the same
//! client with and without gomend before go).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Go, How, LATEST, Sandbox, tool};

/// A module with a mistake that only type checking finds, a missing dependency, and a generator.
fn project(sandbox: &Sandbox) {
    sandbox.write(
        "work/go.mod",
        "module example.com/work\n\ngo 1.19\n\nrequire example.com/gone v1.0.0\n",
    );
    sandbox.write(
        "work/main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/gone\"\n)\n\nfunc main() {\n\tvar unused int\n\tfmt.Println(undefined, gone.X)\n}\n",
    );
    sandbox.write(
        "work/level/level.go",
        "package level\n\ntype Level int\n\nconst (\n\tLow Level = iota\n\tHigh\n)\n",
    );
}

/// What a client prints and how it ends.
fn run(go: &Go<'_>, name: &str, args: &[&str]) -> (How, String, String) {
    let output = go
        .environment(Command::new(tool(name)))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.into(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn go_tells_the_same() {
    let sandbox = Sandbox::with_go(LATEST);
    project(&sandbox);
    for args in [
        &["version"][..],
        &["env", "-json"],
        &["env", "GOROOT", "GOVERSION", "GOMOD"],
        &["list", "-json", "std"],
        &["list", "-m", "-json", "all"],
        &[
            "list",
            "-e",
            "-json",
            "-compiled",
            "-deps",
            "-test",
            "-export=false",
            "./...",
        ],
        &["list", "-f", "{{context.ReleaseTags}}", "--", "unsafe"],
    ] {
        sandbox.same(|go| {
            let ended = go.run(args);
            // a build folder's number differs from run to run
            let text = String::from_utf8_lossy(&ended.stdout).into_owned();
            let lines: Vec<String> = text
                .lines()
                .filter(|line| !line.contains("GOGCCFLAGS"))
                .map(str::to_owned)
                .collect();
            (ended.how, lines, ended.words())
        });
    }
}

#[test]
fn gopls_checks_the_same() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write(
        "work/main.go",
        "package main\n\nfunc main() {\n\tvar unused int\n\tundefined()\n}\n",
    );
    let (how, found, said) = sandbox.same(|go| run(go, "gopls", &["check", "main.go"]));
    assert_eq!((how, said.as_str()), (How::Code(0), ""));
    for word in ["undefined", "unused"] {
        assert!(found.contains(word), "{found}");
    }
}

/// One message to gopls (Language Server Protocol, "Base Protocol").
fn send(to: &mut impl Write, message: &Value) {
    let text = message.to_string();
    write!(to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    to.flush().unwrap();
}

/// One message from gopls.
fn receive(from: &mut impl BufRead) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert_ne!(from.read_line(&mut line).unwrap(), 0, "gopls has ended");
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A line of a log without times and the count of snapshots.
fn untimed(line: &str) -> Option<String> {
    let is_time = |word: &&str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        digits >= 6 && !word.contains("gomend-it")
    };
    let words: Vec<&str> = line
        .split_whitespace()
        .filter(|word| !is_time(word))
        .collect();
    Some(words.join(" ")).filter(|line| !line.is_empty() && !line.starts_with("snapshot="))
}

/// A session as an editor has it: open a file, wait for its diagnostics, hover, shut down.
fn session(go: &Go<'_>) -> (Value, Value, String) {
    let work = go.sandbox.path("work");
    let uri = |name: &str| format!("file://{}/{name}", work.display());
    let mut child = go
        .environment(Command::new(tool("gopls")))
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, mut from) = (
        child.stdin.take().unwrap(),
        BufReader::new(child.stdout.take().unwrap()),
    );
    let root = format!("file://{}", work.display());
    let parameters = json!({"processId": null, "rootUri": root, "capabilities": {}});
    send(
        &mut to,
        &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters}),
    );
    let mut diagnostics = None;
    let mut opened = false;
    let mut errors = Vec::new();
    let hover = loop {
        let message = receive(&mut from);
        let method = message["method"].as_str().unwrap_or_default();
        if message["id"] == 1 && method.is_empty() {
            send(
                &mut to,
                &json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}),
            );
            let text = std::fs::read_to_string(work.join("main.go")).unwrap();
            let document =
                json!({"uri": uri("main.go"), "languageId": "go", "version": 1, "text": text});
            send(
                &mut to,
                &json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}),
            );
            opened = true;
        } else if message["id"] == 2 && method.is_empty() {
            break message["result"].clone();
        } else if method == "textDocument/publishDiagnostics" {
            let parameters = &message["params"];
            let about = parameters["diagnostics"].as_array().unwrap();
            let is_checked = about
                .iter()
                .any(|each| each["message"].to_string().contains("undefined"));
            if opened && parameters["uri"] == uri("main.go") && is_checked && diagnostics.is_none()
            {
                diagnostics = Some(parameters["diagnostics"].clone());
                let position = json!({"line": 10, "character": 6});
                let parameters =
                    json!({"textDocument": {"uri": uri("main.go")}, "position": position});
                send(
                    &mut to,
                    &json!({"jsonrpc": "2.0", "id": 2, "method": "textDocument/hover", "params": parameters}),
                );
            }
        } else if method == "window/showMessage" {
            errors.push(message["params"]["message"].clone());
        } else if !method.is_empty() && !message["id"].is_null() {
            // the server asks for settings or permission to watch
            let answer = if method == "workspace/configuration" {
                json!([null])
            } else {
                json!(null)
            };
            send(
                &mut to,
                &json!({"jsonrpc": "2.0", "id": message["id"], "result": answer}),
            );
        }
    };
    send(
        &mut to,
        &json!({"jsonrpc": "2.0", "id": 3, "method": "shutdown"}),
    );
    while receive(&mut from)["id"] != 3 {}
    send(&mut to, &json!({"jsonrpc": "2.0", "method": "exit"}));
    drop((to, from));
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    child.wait().unwrap();
    (diagnostics.unwrap(), hover, said)
}

#[test]
fn gopls_serves_the_same() {
    let sandbox = Sandbox::with_go(LATEST);
    project(&sandbox);
    // what it says about the module that can't be fetched comes as often as it gets to it
    let (diagnostics, hover, said) = sandbox.same(|go| {
        let (diagnostics, hover, said) = session(go);
        let said: BTreeSet<String> = said.lines().filter_map(untimed).collect();
        (diagnostics, hover, said)
    });
    assert!(
        diagnostics.to_string().contains("undefined"),
        "{diagnostics}"
    );
    assert!(hover.to_string().contains("func fmt.Println"), "{hover}");
    assert!(
        said.iter().all(|line| !line.contains("gomend:")),
        "{said:?}"
    );
}

#[test]
fn x_tools_work_the_same() {
    let sandbox = Sandbox::with_go(LATEST);
    project(&sandbox);
    sandbox.write(
        "work/bare.go",
        "package main\n\nfunc f() { strings.ToUpper(fmt.Sprint(level.Low)) }\n",
    );
    let (how, text, said) = sandbox.same(|go| run(go, "goimports", &["bare.go"]));
    assert_eq!((how, said.as_str()), (How::Code(0), ""));
    assert!(
        text.contains("\"strings\"") && text.contains("\"example.com/work/level\""),
        "{text}"
    );
    let (how, _, said) = sandbox.same(|go| {
        let _ = std::fs::remove_file(go.sandbox.path("work/level/level_string.go"));
        let (how, out, said) = run(go, "stringer", &["-type=Level", "./level"]);
        let made = go.sandbox.read("work/level/level_string.go");
        (how, (out, made), said)
    });
    assert_eq!((how, said.as_str()), (How::Code(0), ""));
}

#[test]
fn delve_builds_the_same() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write(
        "work/main.go",
        "package main\n\nfunc main() { println(\"hi\") }\n",
    );
    // it ends at once, and needs no terminal; what is watched is that `go build` runs below it
    let (how, _, said) = sandbox.same(|go| {
        let _ = std::fs::remove_file(go.sandbox.path("work/debugged"));
        let words = [
            "--check-go-version=false",
            "--allow-non-terminal-interactive",
            "--init",
            "/dev/null",
        ];
        let (how, out, said) = run(
            go,
            "dlv",
            &[&["debug", "--output", "debugged"], &words[..]].concat(),
        );
        (
            how,
            out,
            said.lines().filter_map(untimed).collect::<Vec<_>>(),
        )
    });
    assert_eq!(how, How::Code(0), "{said:?}");
    sandbox.write(
        "work/main.go",
        "package main\n\nfunc main() { undefined() }\n",
    );
    let words = ["debug", "--output", "debugged", "--check-go-version=false"];
    let (how, out, said) = sandbox.same(|go| run(go, "dlv", &words));
    assert_eq!(how, How::Code(1));
    let said = out + &said;
    assert!(
        said.contains("undefined: undefined") && !said.contains("gomend"),
        "{said}"
    );
}
