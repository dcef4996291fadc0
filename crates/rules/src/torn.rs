//! Statements of go's that something tore over several lines at no width that could be
//! recognised: a person who pasted them, a narrow console, a chat program.
//!
//! Logical lines go in that made no sense as they are; out come those in which go's own
//! statements run on to their end. Not handled: pieces that are in another order.

use super::structure;
use super::unwrap::Line;
use super::wrap;

/// Lines over which one statement is torn at most.
const MAX_PIECES: usize = 4;
/// A line at least this long may have been torn inside a word.
const LONG: usize = 60;

/// The lines with torn statements joined; `None` if nothing looks torn.
pub(super) fn joined(lines: &[Line]) -> Option<Vec<Line>> {
    // most texts are whole, and are not copied for that
    let torn = |pair: &[Line]| {
        goes_on(&pair[1])
            && (is_open(&pair[0].text) || leads_on(&pair[1].text))
            && is_statement(&pair[0].text)
    };
    if !lines.windows(2).any(torn) {
        return None;
    }
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    let mut pieces = 0;
    let mut torn = false;
    for line in lines {
        let goes_on = goes_on(line);
        match out.last_mut() {
            Some(last)
                if goes_on && pieces > 0 && (is_open(&last.text) || leads_on(&line.text)) =>
            {
                append(&mut last.text, &line.text);
                pieces -= 1;
                torn = true;
            }
            _ => {
                pieces = if is_statement(&line.text) {
                    MAX_PIECES
                } else {
                    0
                };
                out.push(line.clone());
            }
        }
    }
    torn.then_some(out)
}

/// The line may belong to the one above.
fn goes_on(line: &Line) -> bool {
    let text = &line.text;
    let quoted = text.trim_start().starts_with('(') && is_statement(text);
    !text.trim().is_empty() && !wrap::starts_fresh(text) && !quoted
}

/// No statement begins with what stands between two words of one.
fn leads_on(piece: &str) -> bool {
    let piece = piece.trim_start();
    piece.starts_with(": ") || piece.starts_with("@v")
}

/// go begins its errors so, also where another program quotes them in brackets; its progress is
/// complete on one line.
fn is_statement(text: &str) -> bool {
    const PROGRESS: &[&str] = &[
        "go: downloading ",
        "go: finding ",
        "go: extracting ",
        "go: found ",
        "go: added ",
        "go: upgraded ",
    ];
    let text = text.trim_start_matches([' ', '\t', '(']);
    let ours = text.starts_with("go: ")
        || text.starts_with("go get")
        || structure::is_position(text)
        || structure::names_module(text)
        || text.starts_with("verifying ")
        || text.starts_with("unrecognized import path ")
        || text.contains("/@v/");
    ours && !PROGRESS.iter().any(|start| text.starts_with(start))
}

/// The line may go on below.
fn is_open(text: &str) -> bool {
    let trimmed = text.trim_end();
    trimmed.len() < text.len()
        || trimmed.ends_with([':', ','])
        || trimmed.ends_with(" read")
        || trimmed.ends_with(" reading")
        || trimmed.ends_with(" Get")
        || text.len() >= LONG && trimmed.ends_with(|c: char| c.is_alphanumeric() || c == '/')
}

/// An indented piece begins with a word of its own, another one where the line was cut.
fn append(line: &mut String, piece: &str) {
    let word = piece.trim_start();
    if word.len() < piece.len() && !line.ends_with(' ') {
        line.push(' ');
    }
    line.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, scan};
    use gomend_core::cause::Cause;

    fn cause(text: &str) -> Option<Cause> {
        let found = scan(text.as_bytes(), &Context::default()).findings;
        found.first().map(gomend_core::evidence::Finding::cause)
    }

    #[test]
    fn torn_statements_are_understood() {
        for (text, expected) in [
            (
                "go: m.example/x@v1.0.0: read\n  \"https://proxy.golang.org/m.example/x/@v/v1.0.0.zip\":\n  stream error: stream ID 4339; INTERNAL_ERROR; received from peer",
                Cause::TransferInterrupted,
            ),
            (
                "m.example/x@v1.0.0:\n  reading https://proxy.golang.org/m.example/x/@v/v1.0.0.zip: 403 Forbidden",
                Cause::GoproxyStatus,
            ),
            (
                "go: m.example/x\n@v0.0.0-20200121141900-d312f8eef815:\n Get \"https://proxy.golang.org/m.example/x/\n@v/v0.0.0-20200121141900-d312f8eef815.mod\"\n: dial tcp 192.0.2.1:443: i/o timeout",
                Cause::TcpTimeout,
            ),
            (
                "a.go:16:2: could not import m.example/a\n  (.../a.go:29:2: could not import .../b\n    (.../retry.go:17:2: m.example/x@v1.0.3: read\n       \"https://proxy.golang.org/m.example/x/@v/v1.0.3.zip\":\n       stream error: stream ID 239; INTERNAL_ERROR; received from peer))) (typecheck)",
                Cause::TransferInterrupted,
            ),
            (
                "go get: upgrading m.example/x@v1.0.0: Get http://10.0.0.1:3000/m.example/x/@v/list: read tcp 10.0.0.2:13959->10.0.0.1:3000: wsarecv: An exist\ning connection was forcibly closed by the remote host.",
                Cause::TcpReset,
            ),
        ] {
            assert_eq!(cause(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_rest_of_a_statement_names_the_host() {
        let text = "main.go:12:2:\nunrecognized import path \"git.example/a/b\":\nreading https://vanity.example/a/b?go-get=1:\n404 Not Found";
        let found = scan(text.as_bytes(), &Context::default()).findings;
        assert_eq!(found[0].cause(), Cause::ImportPathUnresolved);
        assert_eq!(found[0].target.host.as_deref(), Some("vanity.example"));
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        let lines = |text: &str| -> Vec<Line> {
            text.split('\n')
                .map(|text| Line {
                    text: text.to_owned(),
                    number: 1,
                })
                .collect()
        };
        for text in [
            "go: downloading m.example/x v1.0.0\n# m.example/x",
            "./main.go:3:2: undefined: x\n./main.go:4:2: undefined: y",
            "ok  \tm.example/x\t0.1s\nFAIL",
        ] {
            assert!(joined(&lines(text)).is_none(), "{text}");
        }
    }
}
