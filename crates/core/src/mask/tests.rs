use std::fmt::Write as _;

use super::*;

/// A sample's text, and what must become of it.
fn sample(marked: &str) -> (String, String) {
    let text = marked.replace(['⟦', '⟧'], "");
    let mut expected = String::new();
    for (at, part) in marked.split('⟦').enumerate() {
        match part.split_once('⟧') {
            Some((secret, rest)) if at > 0 => {
                let lines = secret
                    .split('\n')
                    .map(|line| if line.trim().is_empty() { "" } else { MASK });
                expected += &lines.collect::<Vec<_>>().join("\n");
                expected += rest;
            }
            _ => expected += part,
        }
    }
    (text, expected)
}

#[test]
fn every_row_masks_its_samples() {
    for (at, shape) in SHAPES.iter().enumerate() {
        assert!(
            !shape.samples.is_empty() && !shape.seen.is_empty(),
            "{}",
            shape.id
        );
        let same = SHAPES.iter().filter(|other| other.id == shape.id).count();
        assert_eq!(same, 1, "{}", shape.id);
        for marked in shape.samples {
            let (text, expected) = sample(marked);
            assert_eq!(secrets(&text), expected, "{}", shape.id);
            assert_eq!(secrets(&expected), expected, "{}: twice is once", shape.id);
            let view = View::visible(&text, hidden::piece);
            let views = [
                view.decoded().and_then(|view| view.decoded()),
                view.decoded(),
                Some(view),
            ];
            let finds = |view: &View| {
                possible(&view.text).any(|(row, _)| row == at)
                    && !matches(at, &shape.find, &view.text).is_empty()
            };
            assert!(
                views.iter().flatten().any(finds),
                "{}: not by its own row: {text}",
                shape.id
            );
        }
    }
}

#[test]
fn what_hides_in_a_secret_does_not_unmask_it() {
    let hide = [
        "\u{200b}",
        "\u{ad}",
        "\u{2060}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{3164}",
        "\x1b[1m",
        "\x07",
        "\u{61c}",
    ];
    for shape in &SHAPES {
        for marked in shape.samples {
            for hidden in hide {
                let (_, expected) = sample(marked);
                let planted: Vec<String> = marked
                    .split('⟦')
                    .enumerate()
                    .map(|(at, part)| {
                        let letter = part
                            .chars()
                            .next()
                            .filter(|_| at > 0)
                            .map_or(0, char::len_utf8);
                        // inside a character that is encoded there is no place for another one
                        if part.starts_with(['%', '\\', '\n']) || letter == 0 {
                            return part.to_owned();
                        }
                        format!("{}{hidden}{}", &part[..letter], &part[letter..])
                    })
                    .collect();
                let text = planted.concat().replace(['⟦', '⟧'], "");
                assert_eq!(line(&text), line(&expected), "{}: {text:?}", shape.id);
            }
        }
    }
}

#[test]
fn plain_text_stays() {
    for text in [
        "go: github.com/x/y@v1.2.3: reading https://proxy.corp.example:8080/github.com/x/y/@v/v1.2.3.info: 404 Not Found",
        "https://proxy.golang.org/github.com/x/@v/list",
        "ssh://git@git.example/x",
        "ssh://bob2@git.example/x",
        "git@github.com:org/repo.git",
        "remote: Support for password authentication was removed on August 13, 2021.",
        "git@h's password: Permission denied, please try again.",
        "Password: Permission denied, please try again.",
        "passphrase: required, and must not be empty",
        "{\"k\": \"github.com/x/y\", \"d\": \"a value that is none of a key, for it has blanks and dots.\"}",
        "fatal: could not read Password for 'https://h': terminal prompts disabled",
        "Enter passphrase for key '/root/.ssh/id_rsa':",
        "oauth2: cannot fetch token: 401 Unauthorized",
        "invalid character '<' looking for beginning of value",
        "unexpected token: newline",
        "PWD=/home/x GOAUTH=netrc GOFLAGS=-mod=mod",
        "golang:1.24@sha256:0123abcd",
        "basic authentication is required",
        "Proxy-Authenticate: Basic realm=\"corp\"",
        "printf 'machine %s login %s password %s\\n' h u \"$TOKEN\"",
        "extraheader \"Authorization: Basic ${{ secrets.X }}\"",
        "https://[::1]:8080/x/@v/list",
        "https://sum.golang.org/lookup/github.com/x/y@v1.0.0",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
        "docker build --secret id=netrc,src=$HOME/.netrc .",
        "a disk-full-on-the-build-machine",
        "github.com/x/y v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "commit 18be1d4f0a3c5e7b9d2f4a6c8e0b1d3f5a7c9e1b",
        "/home/runner/work/AcmeProject2/AcmeProject2/internal/X1Package/abcde",
        "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEAx3q8vGZ0K1m7b9Jt2Rk5nW4sYpQe6cHdLfUaXzViOg0TyMj+\n",
    ] {
        assert_eq!(secrets(text), text);
    }
}

/// A sequence may be none: what it would swallow is looked at too, and what it leaves.
#[test]
fn half_sequences_hide_no_part_of_a_token() {
    for front in [
        "\x1b[",
        "\u{9b}",
        "\x1b[1",
        "\x1b[ ",
        "\x1b(",
        "\x1b)",
        "\x1b]",
        "\x1bP",
        "\x1b_0;",
        "%1b[",
        "\\u001b[",
        "\x1b]0;x",
        "\x1b",
        "gh\x1b[ghp_0123456789 0",
    ] {
        for token in [
            "ghp_0123456789CANARY",
            "AKIA0123456789CANARY",
            "ghp_01\x1b[0m23456789CANARY",
            "ghp_01\x1b[K23456789CANARY",
        ] {
            for behind in ["", " x", "\x07", "\x1b\\"] {
                let text = format!("a {front}{token}{behind}");
                for shown in [line(&text), page(&text), to_string(&[&text]).unwrap()] {
                    assert!(!shown.contains("CANARY"), "{text:?}: {shown}");
                }
            }
        }
    }
    let halves = "gh\x1b[ghp_0123456789 0gp_0123456789CANARY";
    assert!(!line(halves).contains("CANARY"), "{}", line(halves));
}

#[test]
fn userinfo_and_tokens_are_masked() {
    for (given, expected) in [
        (
            "fatal: 'https://user:pw@git.example/x'",
            "fatal: 'https://***@git.example/x'",
        ),
        ("ssh://git:pw@git.example/x", "ssh://git:***@git.example/x"),
        (
            "Authorization: Basic dXNlcjpwdw==",
            "Authorization: Basic ***",
        ),
        ("GITLAB_PASSWORD='s3 cret'", "GITLAB_PASSWORD='***'"),
        ("a https://u:p%20w@h/x b", "a https://***@h/x b"),
        ("https%3A%2F%2Fu%3Apw%40h/x", "https%3A%2F%2F***%40h/x"),
        ("%2574oken=abc", "%2574oken=***"),
        ("tok\\145n\\:\\040s3cr3t", "tok\\145n\\:\\040***"),
        ("tok\u{200b}en=abc", "token=***"),
        ("tok%E2%80%8Ben=abc", "tok%E2%80%8Ben=***"),
    ] {
        assert_eq!(line(given), expected);
    }
}

#[test]
fn control_and_direction_characters_are_removed() {
    assert_eq!(line("a\x1b[31mb\u{202e}c\td\u{85}"), "abc d");
    assert_eq!(line("a\u{2028}b\u{ad}\u{e0041}"), "ab");
    assert_eq!(page("a\x1b[31mb\r\n"), "ab \n");
    assert_eq!(line("##v\u{200b}so[x]"), "## vso[x]");
    assert_eq!(
        painted("\x1b[1ma\x1b[0m\x1b]0;x\x07\x1b[2Jb\r\n\u{202e}c\n"),
        "\x1b[1ma\x1b[0mb \nc\n"
    );
}

#[test]
fn hosts_are_shown_as_they_are_asked_for() {
    for (given, expected) in [
        ("github.com", "github.com"),
        ("g\u{456}thub.com", "xn--gthub-n2e.com"),
        ("git\u{200b}hub.com", "github.com"),
    ] {
        assert_eq!(host(given), expected);
    }
    assert!(host("a\u{3002}\u{fffd}b").is_ascii());
}

#[test]
fn long_lines_are_cut() {
    assert_eq!(line(&"x".repeat(2000)).chars().count(), MAX_CHARS + 1);
    // a secret is masked before it could be cut in two
    let text = format!("{} ghp_0123456789abcdef", "x".repeat(MAX_CHARS - 8));
    assert!(!line(&text).contains("ghp_"));
}

/// The shipped reports: what is masked in them is a secret, or stands in its place.
#[test]
fn the_corpus_loses_nothing_but_secrets() {
    let mut lost = String::new();
    for file in ["train", "own", "blind"] {
        let path = format!(
            "{}/../../tests/corpus/{file}.jsonl",
            env!("CARGO_MANIFEST_DIR")
        );
        for record in std::fs::read_to_string(path).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(record).unwrap();
            for text in record["text"].as_str().unwrap().lines() {
                let masked = secrets(text);
                if masked != text {
                    let id = &record["id"];
                    writeln!(lost, "{id}: {text}\n  {masked}").unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(lost);
}

/// Certificates are public, and are kept in base64: what a fix trusts must be what was seen.
#[test]
fn a_certificate_in_base64_stays() {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 1_u64;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(LETTERS[usize::from(state.to_be_bytes()[0] >> 2)])
    };
    for _ in 0..300 {
        let certificate: String = std::iter::repeat_with(&mut letter).take(640).collect();
        let json = format!("{{\"der\":\"{certificate}\"}}");
        assert_eq!(secrets(&json), json);
    }
}
