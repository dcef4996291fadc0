//! Ordinary failures of the real go: compilers, vet, tests, programs, generators, flags.
//! None of them is about fetching, so none may yield a finding.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gomend::rules::{self, Context};

/// One way to fail: a name, the files, go's arguments.
struct Case {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
}

const fn case(
    name: &'static str,
    args: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        name,
        files,
        args,
        env: &[],
    }
}

/// What networks, certificates and git say, printed by tests and programs themselves.
const NETWORK: &str = r#"package m
import ("fmt"; "os")
var Messages = []string{
	"dial tcp 127.0.0.1:5432: connect: connection refused",
	"dial tcp: lookup db.internal on 127.0.0.11:53: no such host",
	"dial tcp: lookup db.internal: server misbehaving",
	"dial tcp 10.0.0.1:443: i/o timeout",
	"dial tcp 10.0.0.1:443: connect: network is unreachable",
	"read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer",
	`Get "https://api.example.com/v1": x509: certificate signed by unknown authority`,
	`Get "https://api.example.com/v1": x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z`,
	`Get "https://api.example.com/v1": x509: certificate is valid for a.example, not api.example.com`,
	`Get "https://api.example.com/v1": net/http: TLS handshake timeout`,
	`Get "https://api.example.com/v1": remote error: tls: handshake failure`,
	`Get "https://api.example.com/v1": http: server gave HTTP response to HTTPS client`,
	`Get "https://api.example.com/v1": proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused`,
	`Get "https://api.example.com/v1": EOF`,
	`Get "https://api.example.com/v1": stream error: stream ID 1; INTERNAL_ERROR; received from peer`,
	`Get "https://api.example.com/v1": unexpected EOF`,
	"unexpected status: 429 Too Many Requests",
	"open /etc/shadow: permission denied",
	"fatal error: too many open files",
	"exit status 128",
}
func Print() { for _, m := range Messages { fmt.Println(m); fmt.Fprintln(os.Stderr, "error: "+m) } }
"#;

const CASES: &[Case] = &[
    case(
        "undefined name",
        &["build", "."],
        &[("a.go", "package main\nfunc main() { nope() }\n")],
    ),
    case(
        "unused import",
        &["build", "."],
        &[("a.go", "package main\nimport \"os\"\nfunc main() {}\n")],
    ),
    case(
        "unused variable",
        &["build", "."],
        &[("a.go", "package main\nfunc main() { x := 1 }\n")],
    ),
    case(
        "type mismatch",
        &["build", "."],
        &[(
            "a.go",
            "package main\nfunc main() { var s string = 1; _ = s }\n",
        )],
    ),
    case(
        "missing return",
        &["build", "."],
        &[(
            "a.go",
            "package main\nfunc f() int {}\nfunc main() { f() }\n",
        )],
    ),
    case(
        "syntax error",
        &["build", "."],
        &[("a.go", "package main\nfunc main() { if }\n")],
    ),
    case(
        "duplicate declaration",
        &["build", "."],
        &[(
            "a.go",
            "package main\nfunc f() {}\nfunc f() {}\nfunc main() {}\n",
        )],
    ),
    case(
        "missing function body",
        &["build", "."],
        &[("a.go", "package main\nfunc f()\nfunc main() { f() }\n")],
    ),
    case(
        "no main",
        &["build", "-o", "x", "."],
        &[("a.go", "package main\n")],
    ),
    case(
        "import cycle",
        &["build", "./..."],
        &[
            ("a/a.go", "package a\nimport _ \"m/b\"\n"),
            ("b/b.go", "package b\nimport _ \"m/a\"\n"),
        ],
    ),
    case(
        "not in std",
        &["build", "."],
        &[(
            "a.go",
            "package main\nimport _ \"nosuchpackage\"\nfunc main() {}\n",
        )],
    ),
    case(
        "not in std, below",
        &["build", "."],
        &[(
            "a.go",
            "package main\nimport _ \"net/nosuch\"\nfunc main() {}\n",
        )],
    ),
    case(
        "own package missing",
        &["build", "."],
        &[(
            "a.go",
            "package main\nimport _ \"m/gone\"\nfunc main() {}\n",
        )],
    ),
    case(
        "internal package",
        &["build", "."],
        &[(
            "a.go",
            "package main\nimport _ \"cmd/go/internal/web\"\nfunc main() {}\n",
        )],
    ),
    case(
        "two packages in a folder",
        &["build", "."],
        &[("a.go", "package a\n"), ("b.go", "package b\n")],
    ),
    case(
        "build constraints",
        &["build", "."],
        &[("a.go", "//go:build never\n\npackage main\nfunc main() {}\n")],
    ),
    case("no Go files", &["build", "."], &[("a.txt", "")]),
    case(
        "embed without files",
        &["build", "."],
        &[(
            "a.go",
            "package main\nimport _ \"embed\"\n//go:embed nothing.txt\nvar s string\nfunc main() {}\n",
        )],
    ),
    case(
        "link failure",
        &["build", "-o", "x", "."],
        &[
            ("a.go", "package main\nfunc f()\nfunc main() { f() }\n"),
            ("a.s", ""),
        ],
    ),
    Case {
        name: "no C compiler",
        files: &[("a.go", "package main\nimport \"C\"\nfunc main() {}\n")],
        args: &["build", "."],
        env: &[("CGO_ENABLED", "1"), ("CC", "no-such-compiler")],
    },
    Case {
        name: "C does not compile",
        files: &[(
            "a.go",
            "package main\n// #include \"no-such-header.h\"\nimport \"C\"\nfunc main() {}\n",
        )],
        args: &["build", "."],
        env: &[("CGO_ENABLED", "1"), ("CC", "false")],
    },
    case(
        "vet printf",
        &["vet", "."],
        &[(
            "a.go",
            "package main\nimport \"fmt\"\nfunc main() { fmt.Printf(\"%d\", \"x\") }\n",
        )],
    ),
    case(
        "vet copylocks",
        &["vet", "."],
        &[(
            "a.go",
            "package main\nimport \"sync\"\nfunc f(m sync.Mutex) {}\nfunc main() { f(sync.Mutex{}) }\n",
        )],
    ),
    case(
        "failing test",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Fatal(\"no\") }\n",
        )],
    ),
    case(
        "panicking test",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { panic(\"dial tcp 127.0.0.1:1: connect: connection refused\") }\n",
        )],
    ),
    case(
        "test timeout",
        &["test", "-timeout", "100ms", "."],
        &[(
            "a_test.go",
            "package m\nimport (\"testing\"; \"time\")\nfunc TestA(t *testing.T) { time.Sleep(time.Minute) }\n",
        )],
    ),
    case(
        "test that does not build",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { nope() }\n",
        )],
    ),
    case(
        "example",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"fmt\"\nfunc ExampleA() { fmt.Println(1)\n// Output: 2\n}\n",
        )],
    ),
    case(
        "TestMain exits",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport (\"os\"; \"testing\")\nfunc TestMain(m *testing.M) { os.Exit(3) }\n",
        )],
    ),
    case(
        "fuzz seed fails",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc FuzzA(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, i int) { t.Fatal(\"x509: certificate signed by unknown authority\") }) }\n",
        )],
    ),
    case(
        "benchmark fails",
        &["test", "-bench", ".", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc BenchmarkA(b *testing.B) { b.Fatal(\"no such host\") }\n",
        )],
    ),
    case(
        "test logs network errors",
        &["test", "."],
        &[
            ("m.go", NETWORK),
            (
                "a_test.go",
                "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { for _, m := range Messages { t.Error(m) } }\n",
            ),
        ],
    ),
    case(
        "test prints network errors",
        &["test", "."],
        &[
            ("m.go", NETWORK),
            (
                "a_test.go",
                "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Fail() }\n",
            ),
        ],
    ),
    case(
        "verbose test prints network errors",
        &["test", "-v", "./..."],
        &[
            ("m.go", NETWORK),
            (
                "a_test.go",
                "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Run(\"sub\", func(t *testing.T) { Print(); t.Fail() }) }\n",
            ),
        ],
    ),
    case(
        "json test prints network errors",
        &["test", "-json", "."],
        &[
            ("m.go", NETWORK),
            (
                "a_test.go",
                "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Fail() }\n",
            ),
        ],
    ),
    case(
        "test of several packages",
        &["test", "./..."],
        &[
            ("m.go", NETWORK),
            (
                "a_test.go",
                "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print() }\n",
            ),
            ("b/b.go", "package b\n"),
            (
                "b/b_test.go",
                "package b\nimport (\"m\"; \"testing\")\nfunc TestB(t *testing.T) { m.Print(); t.FailNow() }\n",
            ),
        ],
    ),
    case(
        "test prints what git says",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport (\"fmt\"; \"testing\")\nfunc TestA(t *testing.T) { fmt.Println(\"fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com\"); t.Fatal(\"exit status 128\") }\n",
        )],
    ),
    case(
        "test prints what go says",
        &["test", "."],
        &[(
            "a_test.go",
            "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Fatal(\"go: example.com/a@v1.0.0: reading https://proxy.golang.org/example.com/a/@v/v1.0.0.info: 404 Not Found\") }\n",
        )],
    ),
    case(
        "program prints network errors",
        &["run", "./cmd"],
        &[
            ("m.go", NETWORK),
            (
                "cmd/main.go",
                "package main\nimport (\"m\"; \"os\")\nfunc main() { m.Print(); os.Exit(1) }\n",
            ),
        ],
    ),
    case(
        "program exits with 128",
        &["run", "."],
        &[(
            "a.go",
            "package main\nimport \"os\"\nfunc main() { os.Exit(128) }\n",
        )],
    ),
    case(
        "program panics",
        &["run", "."],
        &[(
            "a.go",
            "package main\nfunc main() { panic(`Post \"https://api.example.com\": x509: certificate signed by unknown authority`) }\n",
        )],
    ),
    case(
        "program dereferences nil",
        &["run", "."],
        &[(
            "a.go",
            "package main\nfunc main() { var p *int; println(*p) }\n",
        )],
    ),
    case(
        "program deadlocks",
        &["run", "."],
        &[("a.go", "package main\nfunc main() { select {} }\n")],
    ),
    case(
        "program logs fatally",
        &["run", "."],
        &[(
            "a.go",
            "package main\nimport \"log\"\nfunc main() { log.Fatal(`Get \"https://api.example.com/v1\": dial tcp: lookup api.example.com: no such host`) }\n",
        )],
    ),
    case(
        "program does not build",
        &["run", "."],
        &[("a.go", "package main\nfunc main() { nope() }\n")],
    ),
    case("program missing", &["run", "missing.go"], &[]),
    case(
        "generator fails",
        &["generate", "./..."],
        &[("a.go", "package m\n//go:generate false\n")],
    ),
    case(
        "generator prints network errors",
        &["generate", "./..."],
        &[(
            "a.go",
            "package m\n//go:generate sh -c \"echo 'dial tcp 127.0.0.1:1: connect: connection refused' >&2; exit 1\"\n",
        )],
    ),
    case(
        "generator missing",
        &["generate", "./..."],
        &[("a.go", "package m\n//go:generate no-such-generator\n")],
    ),
    case(
        "unknown flag",
        &["build", "-nosuchflag", "."],
        &[("a.go", "package m\n")],
    ),
    case("unknown command", &["biuld"], &[]),
    case("unknown tool", &["tool", "nosuch"], &[]),
    case(
        "malformed go.mod",
        &["build", "."],
        &[
            ("go.mod", "module m\nnonsense here\n"),
            ("a.go", "package m\n"),
        ],
    ),
    case(
        "folder missing",
        &["build", "./nosuch"],
        &[("a.go", "package m\n")],
    ),
    case(
        "package pattern",
        &["build", "nosuch"],
        &[("a.go", "package m\n")],
    ),
    case(
        "no module",
        &["build", "."],
        &[("go.mod", ""), ("a.go", "package m\n")],
    ),
    case(
        "doc of nothing",
        &["doc", "nosuch.Thing"],
        &[("a.go", "package m\n")],
    ),
    case(
        "list of nothing",
        &["list", "./nosuch/..."],
        &[("a.go", "package m\n"), ("x/y.go", "package")],
    ),
    case(
        "format of nonsense",
        &["fmt", "./..."],
        &[("a.go", "package m\nfunc {\n")],
    ),
    case(
        "fix of nonsense",
        &["vet", "./..."],
        &[("a.go", "package m\nfunc {\n")],
    ),
];

fn toolchains() -> PathBuf {
    std::env::var_os("GOMEND_TOOLCHAINS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
        PathBuf::from,
    )
}

/// Every go that was provided.
fn gos() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(toolchains())
        .expect("GOMEND_TOOLCHAINS names a folder with go toolchains");
    let mut gos: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("go/bin/go")))
        .filter(|go| go.is_file())
        .collect();
    gos.sort();
    gos
}

/// Runs one case; both streams, as a terminal shows them, and whether go failed.
fn run(go: &Path, case: &Case, cache: &Path) -> (String, bool) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let module = dir.path().join("m");
    std::fs::create_dir(&module).expect("the folder is new");
    std::fs::write(module.join("go.mod"), "module m\n\ngo 1.20\n").expect("the folder is ours");
    for (name, text) in case.files {
        let path = module.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the folder is ours");
        if text.is_empty() && *name == "go.mod" {
            std::fs::remove_file(&path).expect("written above");
        } else {
            std::fs::write(path, text).expect("the folder is ours");
        }
    }
    let output = dir.path().join("output");
    let file = std::fs::File::create(&output).expect("the folder is ours");
    let status = Command::new(go)
        .args(case.args)
        .current_dir(&module)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", dir.path())
        .env("GOPATH", dir.path().join("gopath"))
        .env("GOCACHE", cache)
        .env("GOTMPDIR", dir.path())
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOTELEMETRY", "off")
        .env("GOFLAGS", "-modcacherw")
        .env("CGO_ENABLED", "0")
        .envs(case.env.iter().copied())
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a descriptor can be duplicated"))
        .stderr(file)
        .status()
        .expect("go starts");
    (
        std::fs::read_to_string(&output).expect("go prints UTF-8"),
        !status.success(),
    )
}

#[test]
fn ordinary_failures_yield_nothing() {
    let gos = gos();
    let go = gos.last().expect("at least one toolchain is provided");
    // Compiled standard library, shared by the cases and kept for the next run.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("silence-cache");
    std::fs::create_dir_all(&cache).expect("cargo provides the folder");
    let mut alarms = String::new();
    let mut failed = 0;
    for case in CASES {
        let (text, fails) = run(go, case, &cache);
        // `go fmt` and `go generate` count too where they fail.
        assert!(fails, "{} was meant to fail:\n{text}", case.name);
        failed += 1;
        let args: Vec<String> = case.args.iter().map(ToString::to_string).collect();
        for context in [
            Context::default(),
            Context {
                args: Some(&args),
                trace: b"",
            },
        ] {
            for finding in rules::scan(text.as_bytes(), &context).findings {
                let _ = writeln!(
                    alarms,
                    "{} (args {}): {} in {:?}",
                    case.name,
                    context.args.is_some(),
                    finding.rule,
                    finding.text
                );
            }
        }
    }
    assert!(failed >= 40, "{failed} kinds are too few");
    assert!(alarms.is_empty(), "{alarms}");
}
