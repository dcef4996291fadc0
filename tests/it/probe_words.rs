//! What `gomend probe` prints for people, in both languages.

use std::net::TcpListener;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::hostile_peers::{Authority, config, gomend, https};
use crate::support::scene::{fault, toolchain};
use crate::support::terminal::Terminal;
use crate::support::{LATEST, shims};

/// What was printed, without what differs between runs.
fn told(mut command: Command) -> String {
    let output = command.output().unwrap();
    lines(&String::from_utf8(output.stdout).unwrap())
}

/// Without numbers, fingerprints, widths.
fn lines(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<String> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(plain)
            .collect();
        lines.push(format!("{}{}", " ".repeat(indent.min(4)), words.join("  ")));
    }
    lines.join("\n")
}

fn plain(cell: &str) -> String {
    let word = |word: &str| {
        if word.len() == 64 {
            return "DIGEST".to_owned();
        }
        if let Some(key) = word.strip_prefix("SHA256:") {
            return format!("SHA256:{}", "KEY".repeat(usize::from(!key.is_empty())));
        }
        // a scene's folder
        let word = match word.split_once("/gomend-lab.") {
            Some((before, rest)) => {
                format!(
                    "{before}/LAB{}",
                    rest.find('/').map_or("", |at| &rest[at..])
                )
            }
            None => word.to_owned(),
        };
        let mut plain = String::new();
        for sign in word.chars() {
            match sign {
                '0'..='9' if plain.ends_with('0') => {}
                '0'..='9' => plain.push('0'),
                sign => plain.push(sign),
            }
        }
        plain
    };
    let words: Vec<String> = cell.split(' ').map(word).collect();
    words.join(" ")
}

/// A server whose certificate go trusts here and git does not.
fn half_trusted(lang: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let pem = home.path().join("go.pem");
    std::fs::write(&pem, &authority.pem).unwrap();
    let server = authority.server("localhost", 2020, 2090);
    let (address, _) = https(server.clone(), server, usize::MAX);
    let target = format!("localhost:{}", address.port());
    let mut command = gomend(home.path(), &["probe", "tls", &target]);
    command.env("SSL_CERT_FILE", &pem).env("GOMEND_LANG", lang);
    told(command)
}

#[test]
fn a_chain_and_who_trusts_it() {
    insta::assert_snapshot!(half_trusted("en"));
}

#[test]
fn a_chain_and_who_trusts_it_in_chinese() {
    insta::assert_snapshot!(half_trusted("zh"));
}

/// A certificate that vouches for itself, as `openssl req -x509` makes it, is judged although a root has its name too.
#[test]
fn a_self_signed_certificate_is_judged_where_a_root_has_its_name() {
    let home = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let server = config(own.der().clone(), &key);
    let (address, _) = https(server.clone(), server, usize::MAX);
    let target = format!("localhost:{}", address.port());
    let empty = home.path().join("none");
    std::fs::create_dir(&empty).unwrap();
    let roots = home.path().join("roots.pem");
    // rcgen gives every certificate the same name
    for (pem, trust) in [(Authority::new().pem, "unknown"), (own.pem(), "trusted")] {
        std::fs::write(&roots, pem).unwrap();
        let mut command = gomend(home.path(), &["probe", "tls", &target, "--json"]);
        command
            .env("SSL_CERT_FILE", &roots)
            .env("SSL_CERT_DIR", &empty);
        let output = command.output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let detail = &found["probes"][0]["detail"];
        assert_eq!(detail["go"], trust, "{found:#}");
    }
}

/// On terminals of other widths no line is wider, and nothing is lost.
#[test]
fn a_chain_on_a_narrow_terminal() {
    let home = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = authority.server("localhost", 2020, 2090);
    let (address, _) = https(server.clone(), server, usize::MAX);
    let target = format!("localhost:{}", address.port());
    for lang in ["en", "zh"] {
        for (kind, columns) in [
            ("tls", 60),
            ("tls", 80),
            ("tcp", 60),
            ("http", 60),
            ("dns", 60),
        ] {
            let screen = on_terminal(home.path(), &["probe", kind, &target], columns, lang);
            for line in screen.lines() {
                let width = console::measure_text_width(line);
                assert!(
                    width <= usize::from(columns),
                    "{kind}, {columns}: {line}\n{screen}"
                );
            }
            let last = screen.lines().last().unwrap_or_default();
            assert!(!last.is_empty(), "{screen}");
            if kind == "tls" {
                let digits = screen
                    .split("SHA-256")
                    .nth(1)
                    .unwrap()
                    .chars()
                    .filter(char::is_ascii_hexdigit)
                    .take(64)
                    .count();
                assert_eq!(digits, 64, "{screen}");
            }
        }
    }
}

/// Colours on a terminal, none where they are not wanted.
#[test]
fn colours_are_for_terminals_that_want_them() {
    let home = tempfile::tempdir().unwrap();
    let painted = |vars: &[(&str, &str)]| {
        let mut command = gomend(home.path(), &["probe", "dns", "localhost"]);
        command.envs(vars.iter().copied()).env("TERM", "xterm");
        let (_, screen) = Terminal::start(command).end();
        screen.contains("\u{1b}[")
    };
    assert!(painted(&[]));
    assert!(!painted(&[("NO_COLOR", "1")]));
    let output = gomend(home.path(), &["probe", "dns", "localhost"])
        .output()
        .unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

/// What a command prints on a terminal of so many columns, without colours.
fn on_terminal(home: &std::path::Path, args: &[&str], columns: u16, lang: &str) -> String {
    let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
    let gomend = gomend(home, args);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            &format!(
                "read go; exec '{}' {}",
                gomend.get_program().display(),
                words.join(" ")
            ),
        ])
        .env_clear()
        .envs(
            gomend
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("GOMEND_LANG", lang)
        .env("TERM", "xterm");
    let mut terminal = Terminal::start(command);
    terminal.resize(24, columns);
    terminal.press("\r");
    let (_, screen) = terminal.end();
    console::strip_ansi_codes(&screen).replace('\r', "")
}

/// A look from inside a scene of the laboratory, where names, nameservers and certificates are the same each time.
fn in_scene(fault: &str, args: &[&str], lang: &str) -> String {
    let mut scene = self::fault(fault).scene(&toolchain(LATEST)).unwrap();
    scene.env("GOMEND_LANG", lang);
    scene.path.insert(0, shims().to_owned());
    let outcome = scene.run(&[&["gomend", "probe"], args].concat()).unwrap();
    lines(&String::from_utf8(outcome.stdout).unwrap())
}

/// A nameserver that knows a name and one that denies it; public ones.
#[test]
fn a_name_and_who_knows_it() {
    let args = ["dns", "git.corp.example"];
    insta::assert_snapshot!("split_dns", in_scene("dns-split", &args, "en"));
    insta::assert_snapshot!("split_dns_in_chinese", in_scene("dns-split", &args, "zh"));
    insta::assert_snapshot!(
        "silent_dns",
        in_scene("dns-silent", &["dns", "proxy.golang.org"], "en")
    );
}

rows! {
    /// One picture for each other kind.
    every_other_kind = is_shown;
    tcp: "tcp", "tcp-refused", "https://goproxy.corp.example";
    tls: "tls", "tls-no-intermediate", "git.corp.example";
    tls_ml_kem: "tls", "tls-ml-kem", "proxy.golang.org";
    http: "http", "goproxy-403", "https://proxy.golang.org/github.com/acme/widget/@v/list";
    proxy: "proxy", "proxy-407", "https://proxy.golang.org";
    git: "git", "tls-private-ca", "https://git.corp.example/team/lib";
    ssh: "ssh", "ssh-host-key-unknown", "git@github.com:acme/secret";
    ssh_blocked: "ssh", "ssh-port-blocked", "git@github.com:acme/secret";
}

fn is_shown(kind: &str, fault: &str, target: &str) {
    for lang in ["en", "zh"] {
        let shown = in_scene(fault, &[kind, target], lang);
        insta::assert_snapshot!(format!("{kind}_{fault}_{lang}"), shown);
    }
}

#[test]
fn a_port_where_nothing_listens() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    insta::assert_snapshot!(told(gomend(home.path(), &["probe", "tls", &port])));
}
