//! Ordinary failures of the real go: compilers, vet, tests, programs, generators, flags.
//! None of them is about fetching, so none may yield a finding.

use std::process::{Command, Stdio};

use gomend::rules::{self, Context};

use crate::support::{LATEST, gocache, goroot};

type Pairs<'a> = &'a [(&'a str, &'a str)];

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

rows! {
    /// go's arguments, the files, the environment.
    ordinary_failures_yield_nothing = yields_nothing;
    undefined_name: &["build", "."], &[("a.go", "package main\nfunc main() { nope() }\n")], &[];
    unused_import: &["build", "."], &[("a.go", "package main\nimport \"os\"\nfunc main() {}\n")], &[];
    unused_variable: &["build", "."], &[("a.go", "package main\nfunc main() { x := 1 }\n")], &[];
    type_mismatch: &["build", "."], &[("a.go", "package main\nfunc main() { var s string = 1; _ = s }\n")], &[];
    missing_return: &["build", "."], &[("a.go", "package main\nfunc f() int {}\nfunc main() { f() }\n")], &[];
    syntax_error: &["build", "."], &[("a.go", "package main\nfunc main() { if }\n")], &[];
    duplicate_declaration: &["build", "."], &[("a.go", "package main\nfunc f() {}\nfunc f() {}\nfunc main() {}\n")], &[];
    missing_function_body: &["build", "."], &[("a.go", "package main\nfunc f()\nfunc main() { f() }\n")], &[];
    no_main: &["build", "-o", "x", "."], &[("a.go", "package main\n")], &[];
    import_cycle: &["build", "./..."], &[("a/a.go", "package a\nimport _ \"m/b\"\n"), ("b/b.go", "package b\nimport _ \"m/a\"\n")], &[];
    not_in_std: &["build", "."], &[("a.go", "package main\nimport _ \"nosuchpackage\"\nfunc main() {}\n")], &[];
    not_in_std_below: &["build", "."], &[("a.go", "package main\nimport _ \"net/nosuch\"\nfunc main() {}\n")], &[];
    own_package_missing: &["build", "."], &[("a.go", "package main\nimport _ \"m/gone\"\nfunc main() {}\n")], &[];
    internal_package: &["build", "."], &[("a.go", "package main\nimport _ \"cmd/go/internal/web\"\nfunc main() {}\n")], &[];
    two_packages_in_a_folder: &["build", "."], &[("a.go", "package a\n"), ("b.go", "package b\n")], &[];
    build_constraints: &["build", "."], &[("a.go", "//go:build never\n\npackage main\nfunc main() {}\n")], &[];
    no_go_files: &["build", "."], &[("a.txt", "")], &[];
    embed_without_files: &["build", "."], &[("a.go", "package main\nimport _ \"embed\"\n//go:embed nothing.txt\nvar s string\nfunc main() {}\n")], &[];
    link_failure: &["build", "-o", "x", "."], &[("a.go", "package main\nfunc f()\nfunc main() { f() }\n"), ("a.s", "")], &[];
    no_c_compiler: &["build", "."], &[("a.go", "package main\nimport \"C\"\nfunc main() {}\n")], &[("CGO_ENABLED", "1"), ("CC", "no-such-compiler")];
    c_does_not_compile: &["build", "."], &[("a.go", "package main\n// #include \"no-such-header.h\"\nimport \"C\"\nfunc main() {}\n")], &[("CGO_ENABLED", "1"), ("CC", "false")];
    vet_printf: &["vet", "."], &[("a.go", "package main\nimport \"fmt\"\nfunc main() { fmt.Printf(\"%d\", \"x\") }\n")], &[];
    vet_copylocks: &["vet", "."], &[("a.go", "package main\nimport \"sync\"\nfunc f(m sync.Mutex) {}\nfunc main() { f(sync.Mutex{}) }\n")], &[];
    failing_test: &["test", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Fatal(\"no\") }\n")], &[];
    panicking_test: &["test", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { panic(\"dial tcp 127.0.0.1:1: connect: connection refused\") }\n")], &[];
    test_timeout: &["test", "-timeout", "100ms", "."], &[("a_test.go", "package m\nimport (\"testing\"; \"time\")\nfunc TestA(t *testing.T) { time.Sleep(time.Minute) }\n")], &[];
    test_that_does_not_build: &["test", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { nope() }\n")], &[];
    example: &["test", "."], &[("a_test.go", "package m\nimport \"fmt\"\nfunc ExampleA() { fmt.Println(1)\n// Output: 2\n}\n")], &[];
    testmain_exits: &["test", "."], &[("a_test.go", "package m\nimport (\"os\"; \"testing\")\nfunc TestMain(m *testing.M) { os.Exit(3) }\n")], &[];
    fuzz_seed_fails: &["test", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc FuzzA(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, i int) { t.Fatal(\"x509: certificate signed by unknown authority\") }) }\n")], &[];
    benchmark_fails: &["test", "-bench", ".", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc BenchmarkA(b *testing.B) { b.Fatal(\"no such host\") }\n")], &[];
    test_logs_network_errors: &["test", "."], &[("m.go", NETWORK), ("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { for _, m := range Messages { t.Error(m) } }\n")], &[];
    test_prints_network_errors: &["test", "."], &[("m.go", NETWORK), ("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Fail() }\n")], &[];
    verbose_test_prints_network_errors: &["test", "-v", "./..."], &[("m.go", NETWORK), ("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Run(\"sub\", func(t *testing.T) { Print(); t.Fail() }) }\n")], &[];
    json_test_prints_network_errors: &["test", "-json", "."], &[("m.go", NETWORK), ("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print(); t.Fail() }\n")], &[];
    test_of_several_packages: &["test", "./..."], &[("m.go", NETWORK), ("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { Print() }\n"), ("b/b.go", "package b\n"), ("b/b_test.go", "package b\nimport (\"m\"; \"testing\")\nfunc TestB(t *testing.T) { m.Print(); t.FailNow() }\n")], &[];
    test_prints_what_git_says: &["test", "."], &[("a_test.go", "package m\nimport (\"fmt\"; \"testing\")\nfunc TestA(t *testing.T) { fmt.Println(\"fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com\"); t.Fatal(\"exit status 128\") }\n")], &[];
    test_prints_what_go_says: &["test", "."], &[("a_test.go", "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Fatal(\"go: example.com/a@v1.0.0: reading https://proxy.golang.org/example.com/a/@v/v1.0.0.info: 404 Not Found\") }\n")], &[];
    program_prints_network_errors: &["run", "./cmd"], &[("m.go", NETWORK), ("cmd/main.go", "package main\nimport (\"m\"; \"os\")\nfunc main() { m.Print(); os.Exit(1) }\n")], &[];
    program_exits_with_128: &["run", "."], &[("a.go", "package main\nimport \"os\"\nfunc main() { os.Exit(128) }\n")], &[];
    program_panics: &["run", "."], &[("a.go", "package main\nfunc main() { panic(`Post \"https://api.example.com\": x509: certificate signed by unknown authority`) }\n")], &[];
    program_dereferences_nil: &["run", "."], &[("a.go", "package main\nfunc main() { var p *int; println(*p) }\n")], &[];
    program_deadlocks: &["run", "."], &[("a.go", "package main\nfunc main() { select {} }\n")], &[];
    program_logs_fatally: &["run", "."], &[("a.go", "package main\nimport \"log\"\nfunc main() { log.Fatal(`Get \"https://api.example.com/v1\": dial tcp: lookup api.example.com: no such host`) }\n")], &[];
    program_does_not_build: &["run", "."], &[("a.go", "package main\nfunc main() { nope() }\n")], &[];
    program_missing: &["run", "missing.go"], &[], &[];
    generator_fails: &["generate", "./..."], &[("a.go", "package m\n//go:generate false\n")], &[];
    generator_prints_network_errors: &["generate", "./..."], &[("a.go", "package m\n//go:generate sh -c \"echo 'dial tcp 127.0.0.1:1: connect: connection refused' >&2; exit 1\"\n")], &[];
    generator_missing: &["generate", "./..."], &[("a.go", "package m\n//go:generate no-such-generator\n")], &[];
    unknown_flag: &["build", "-nosuchflag", "."], &[("a.go", "package m\n")], &[];
    unknown_command: &["biuld"], &[], &[];
    unknown_tool: &["tool", "nosuch"], &[], &[];
    malformed_go_mod: &["build", "."], &[("go.mod", "module m\nnonsense here\n"), ("a.go", "package m\n")], &[];
    folder_missing: &["build", "./nosuch"], &[("a.go", "package m\n")], &[];
    package_pattern: &["build", "nosuch"], &[("a.go", "package m\n")], &[];
    no_module: &["build", "."], &[("go.mod", ""), ("a.go", "package m\n")], &[];
    doc_of_nothing: &["doc", "nosuch.Thing"], &[("a.go", "package m\n")], &[];
    list_of_nothing: &["list", "./nosuch/..."], &[("a.go", "package m\n"), ("x/y.go", "package")], &[];
    format_of_nonsense: &["fmt", "./..."], &[("a.go", "package m\nfunc {\n")], &[];
    fix_of_nonsense: &["vet", "./..."], &[("a.go", "package m\nfunc {\n")], &[];
}

/// Runs one case; both streams, as a terminal shows them.
fn run(args: &[&str], files: Pairs<'_>, env: Pairs<'_>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let module = dir.path().join("m");
    std::fs::create_dir(&module).unwrap();
    std::fs::write(module.join("go.mod"), "module m\n\ngo 1.20\n").unwrap();
    for (name, text) in files {
        let path = module.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if text.is_empty() && *name == "go.mod" {
            std::fs::remove_file(&path).unwrap();
        } else {
            std::fs::write(path, text).unwrap();
        }
    }
    let output = dir.path().join("output");
    let file = std::fs::File::create(&output).unwrap();
    let status = Command::new(goroot(LATEST).join("bin/go"))
        .args(args)
        .current_dir(&module)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", dir.path())
        .env("GOPATH", dir.path().join("gopath"))
        .env("GOCACHE", gocache(LATEST))
        .env("GOTMPDIR", dir.path())
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOTELEMETRY", "off")
        .env("GOFLAGS", "-modcacherw")
        .env("CGO_ENABLED", "0")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    let text = std::fs::read_to_string(&output).unwrap();
    assert!(!status.success(), "it was meant to fail:\n{text}");
    text
}

fn yields_nothing(args: &[&str], files: Pairs<'_>, env: Pairs<'_>) {
    let text = run(args, files, env);
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    for args in [None, Some(&args[..])] {
        let found = rules::scan(text.as_bytes(), &Context { args, trace: b"" }).findings;
        let alarms: Vec<_> = found.iter().map(|one| (&one.rule, &one.text)).collect();
        assert!(alarms.is_empty(), "{args:?}: {alarms:?}\n{text}");
    }
}
