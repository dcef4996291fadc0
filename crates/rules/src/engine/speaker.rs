//! Is it go, or what go started to fetch, that says so?
//!
//! In: the command, a document, what matched in it. Out: whether it counts.

use super::search::Hit;
use super::{NEAR, command_of};
use crate::structure::{self, Doc};
use crate::unwrap::Line;
use crate::{By, Context, MODULE, WEAK, lang, unwrap};
use gomend_core::cause::Cause;

/// A quotation mark, a bracket or a word of git's may stand before the words of a rule.
const MAX_OPENING: usize = 12;
/// Lines below ssh's question in which its answer stands.
const ANSWERED_BELOW: usize = 6;

/// What the command alone says about who may speak.
pub(super) struct Speaker {
    /// User code writes to the same stream: only what go's own lines introduce counts.
    strict: bool,
    /// The command prints its errors on stdout (`-json`).
    pub(super) hides_errors: bool,
}

impl Speaker {
    pub(super) fn new(context: &Context<'_>) -> Self {
        let args = context.args.unwrap_or_default();
        Self {
            strict: matches!(
                command_of(context),
                Some("run" | "test" | "tool" | "generate")
            ),
            hides_errors: args
                .iter()
                .any(|arg| arg.trim_start_matches('-').starts_with("json")),
        }
    }

    /// Is it go (or what go started to fetch) that says so?
    pub(super) fn accepts(&self, doc: &Doc, hit: &Hit) -> bool {
        let answer = hit.rule.by == By::Server;
        if doc.is_silent(hit.line) || !answer && doc.is_proxied(hit.line, hit.column) {
            return false;
        }
        let text = doc.text(hit.line);
        let header = || doc.header(hit.line).is_some();
        if doc.is_remote(hit.line, matches!(hit.rule.by, By::Vcs | By::Clone)) {
            let own = match hit.rule.by {
                By::Go | By::Client | By::Nameserver => false,
                By::System => !unwrap::is_remote(text),
                By::Vcs | By::Clone => {
                    hit.rule.suspects[0] != Cause::DubiousOwnership || is_gos_own(doc, hit.line)
                }
                By::Server => true,
            };
            if !own {
                return false;
            }
        }
        let by_git = || !self.strict && speaks_vcs(text) && !doc.is_foreign(hit.line);
        let speaks = match hit.rule.by {
            By::Go => true,
            By::Client => is_fetch(doc, hit.line),
            // A copy that lost the command's line leaves the tool's words directly behind go's.
            By::Vcs => {
                header() || hit.rule.weight > WEAK && (by_git() || follows_module(text, hit.column))
            }
            By::Clone => header(),
            By::System => {
                is_go_path(text)
                    || structure::is_own(text)
                    || structure::names_module(text)
                    || header()
                    || by_git()
            }
            By::Server => doc.marks[hit.line].answers,
            By::Nameserver => false,
        };
        speaks && !is_overruled(doc, hit)
    }
}

/// What go says of a package that it has: no fetch failed.
const NO_FETCH: [&str; 16] = [
    "use of internal package",
    "use of vendored package",
    "import cycle not allowed",
    "build constraints exclude all Go files",
    "no Go files in",
    "no non-test Go files in",
    "no Go source files",
    "is a program, not an importable package",
    "found packages ",
    "not a main package",
    "not a known dependency",
    "no matching files found",
    "is not in std",
    "deprecated",
    "retracted",
    "cannot install ",
];

/// Whether a line of go's names a request that failed.
fn is_request(text: &str) -> bool {
    let asks = ["Get \"http", "Get http", "Head \"http"];
    asks.iter().any(|asks| text.contains(asks))
}

/// What stands in the line (or below it) takes the rule's words back.
fn is_overruled(doc: &Doc, hit: &Hit) -> bool {
    match hit.rule.id {
        // The person has answered the question.
        "ssh-authenticity" => {
            let end = (hit.line + ANSWERED_BELOW).min(doc.lines.len());
            (hit.line..end).any(|line| {
                doc.text(line).contains("Permanently added") || doc.text(line).contains("? yes")
            })
        }
        // Who may not push may well fetch.
        "git-http-unauthorized" if pushes(doc, hit.line) => true,
        // The proxy between another tool's git and its server writes such lines too.
        "git-access-log" => {
            let asked = hit
                .pulled
                .url
                .as_deref()
                .and_then(|url| url.splitn(4, '/').nth(3));
            let asked = asked.map(|path| path.trim_end_matches(".git"));
            let named = |line: &Line| {
                asked.is_some_and(|path| has_own(&line.text) && line.text.contains(path))
            };
            !doc.lines.iter().any(named)
        }
        // nobody answered: a program was missing
        "goproxy-is-a-website" => doc.text(hit.line).contains("exec: \""),
        "git-exit-128-bare" => structure::words(doc, hit.line).is_some(),
        "git-words-unknown" => structure::words(doc, hit.line).is_none(),
        // what became of the request is said, if not in known words: the page was never read
        "unrecognized-import-path" => is_request(doc.text(hit.line)),
        "go-fetch-unknown" | "go-module-unknown" => {
            let text = doc.text(hit.line);
            // Another fallback says more of these, and some are no fetch.
            !is_statement(doc, hit.line)
                || structure::command(text).is_some()
                || is_request(text)
                || NO_FETCH.iter().any(|words| text.contains(words))
        }
        // The frame around a command that failed: what the command said counts.
        _ => {
            matches!(hit.rule.by, By::Go | By::Client)
                && hit.rule.weight <= MODULE
                && structure::command(doc.text(hit.line)).is_some_and(|(from, _)| hit.column < from)
        }
    }
}

/// `$ git push` stands close above.
fn pushes(doc: &Doc, line: usize) -> bool {
    (line.saturating_sub(ANSWERED_BELOW)..line).any(|line| doc.text(line).contains("git push"))
}

/// Whether the refused repository is the one that go itself ran git in, or nobody knows where git ran.
fn is_gos_own(doc: &Doc, line: usize) -> bool {
    let text = doc.text(line);
    let named = text
        .split_once('\'')
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(path, _)| path);
    !unwrap::is_remote(text) && doc.ran_in(line).is_none_or(|dir| named == Some(dir))
}

/// go begins the line, or the statement that the line belongs to.
fn is_statement(doc: &Doc, line: usize) -> bool {
    let text = doc.text(line);
    let above = line
        .checked_sub(1)
        .map_or("", |above| doc.text(above).trim_end());
    has_own(text)
        || structure::is_position(text)
        || structure::is_own(text)
        || text.starts_with("go ")
        || text.starts_with([' ', '\t'])
            && (has_own(above) || above.ends_with(" imports") || above.ends_with(" requires"))
        || names_version(text)
            && (line.saturating_sub(NEAR)..line).any(|line| {
                let above = doc.text(line);
                above.starts_with("go: ") || runs_go(above)
            })
}

/// `MODULE@v1.2.3: ` begins the line, with a path behind the host.
fn names_version(text: &str) -> bool {
    let module = text.split(": ").next().unwrap_or_default().split_once("@v");
    module.is_some_and(|(path, _)| path.contains('/') && structure::names_module(text))
}

/// `$ go build ./...`
fn runs_go(text: &str) -> bool {
    let run = text
        .trim_start()
        .trim_start_matches(['$', '#', '%', '>', '+'])
        .trim_start();
    [
        "go get",
        "go mod",
        "go build",
        "go install",
        "go list",
        "go test",
        "go run",
    ]
    .iter()
    .any(|command| run.starts_with(command))
}

/// git, ssh and the other tools begin their lines so.
pub(super) fn starts_vcs(start: &str) -> bool {
    const STARTS: &[&str] = &[
        "fatal: ",
        "ssh: ",
        "abort: ",
        "svn: ",
        "bzr: ERROR",
        "git@",
        "xcrun: error: ",
        "Gitea: ",
        "GitLab: ",
        "ERROR: Repository",
        "ERROR: The project",
        "Connection closed by ",
        "Connection reset by ",
        "Received disconnect from ",
        "kex_exchange",
        "ssh_exchange",
        "usage: git ",
        "error: RPC",
        "error: cannot ",
        "error: unable ",
        "error: server certificate",
        "error: unknown ",
        "error: The requested URL",
        "error: pathspec",
        "error: no such ",
        "error: Could",
        "error: could",
        "error: object",
        "error: refs/",
        "error: gnutls",
        "error: inflate",
        "error: remote ",
        "error: invalid ",
        "error: index",
        "error: packfile",
        "error: File ",
        "error: bad ",
        "error: SSL",
        "error: insufficient",
        "error:0",
        "error:1",
    ];
    STARTS.iter().any(|word| start.starts_with(word)) || lang::leads(start)
}

/// git, ssh and the other tools begin or fill their lines so; Go programs don't.
fn speaks_vcs(text: &str) -> bool {
    const PHRASES: &[&str] = &[
        "fatal: ",
        "unable to access '",
        "RPC failed",
        "Permission denied (publickey",
        "Host key verification failed",
        "HOST IDENTIFICATION HAS CHANGED",
        "The authenticity of host '",
        "could not read Username",
        "could not read Password",
        "git-remote-http",
        "cannot run ssh",
        "]: errno=",
        "SSL routines:",
        "ssh: connect to host",
        "ssh: Could not resolve",
        "No supported authentication methods",
        "host key is not cached",
    ];
    const PROGRAMS: &[&str] = &[
        "dial tcp",
        "read tcp",
        "Get \"",
        "Post \"",
        "Head \"",
        "x509: ",
        "Error response from daemon",
        "curl: (",
    ];
    let start = text.trim_start_matches([' ', '\t', '"', '{', '`', '>', '\'']);
    let speaks = starts_vcs(start) || PHRASES.iter().any(|phrase| text.contains(phrase));
    speaks
        && (start.starts_with("fatal: unable to")
            || !PROGRAMS.iter().any(|word| text.contains(word)))
}

/// `go: MODULE@VERSION: ` and nothing else stands before `column`.
fn follows_module(text: &str, column: usize) -> bool {
    let Some(rest) = text.strip_prefix("go: ") else {
        return false;
    };
    let said = rest.find(": ").map(|at| at + "go: : ".len());
    names_version(rest) && said.is_some_and(|said| column <= said + MAX_OPENING)
}

/// Module fetching leaves these in a line that Go's HTTP client has failed in.
fn is_fetch(doc: &Doc, line: usize) -> bool {
    const MARKS: &[&str] = &[
        "/@v/",
        "/@latest",
        "go-get=1",
        "/sumdb/",
        "sum.golang.",
        "/lookup/",
        "unrecognized import path",
        "https fetch",
        "http fetch",
        "verifying ",
        "golang.org/toolchain",
        "proxy.golang.org",
        "goproxy",
        "api.bitbucket.org/2.0",
        "/p/go/source/checkout",
        "cannot find module providing",
        "cannot load ",
        "invalid version: ",
        "go.mod at revision",
        " has unexpected file ",
        "GOPROXY",
        "Go modules",
        "go modules",
        "go mod download",
        "go mod tidy",
        "go get ",
        "go install ",
        " invalid: should be v",
    ];
    let text = doc.text(line);
    MARKS.iter().any(|mark| text.contains(mark))
        || structure::is_own(text)
        || has_own(text)
        || structure::names_module(text)
        || (text.starts_with([' ', '\t'])
            && line > 0
            && has_own(doc.text(line - 1))
            && structure::names_module(text.trim_start()))
}

/// `go: ` at the beginning or behind another program's words.
fn has_own(text: &str) -> bool {
    text.match_indices("go: ")
        .any(|(at, _)| at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())
}

/// Paths that belong to go: its caches, work directories and GOPATH.
fn is_go_path(text: &str) -> bool {
    const PATHS: &[&str] = &[
        "pkg/mod",
        r"pkg\mod",
        "go-build",
        "/go/src/",
        r"\go\src\",
        "/go/pkg",
        r"\go\pkg",
        "/go/bin",
        r"\go\bin",
        "cache/vcs",
        "cache/download",
        "/usr/local/go/",
        "GOPATH",
        "GOCACHE",
        "GOMODCACHE",
        "$WORK",
        "/pkg/tool/",
        "failed to solve: ",
        "go.mod",
        "go.sum",
        "module cache",
        "stat cache",
        "build cache",
        ".git/",
        r".git\",
    ];
    PATHS.iter().any(|path| text.contains(path)) || has_own(text)
}
