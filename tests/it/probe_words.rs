//! What `gomend probe` prints for people, in both languages.

use std::net::TcpListener;
use std::process::Command;

use crate::hostile_peers::{Authority, gomend, https};

/// What was printed, without what differs between runs: numbers, fingerprints, widths.
fn told(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
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

#[test]
fn a_port_where_nothing_listens() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    insta::assert_snapshot!(told(gomend(home.path(), &["probe", "tls", &port])));
}
