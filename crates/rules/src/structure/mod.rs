//! Whose line is it? Logical lines go in; out comes, for each, whether go (or a
//! program that go started to fetch) wrote it, or a test, a program or another tool,
//! and from which column on a module proxy's own words begin.
//!
//! cmd/go prints its errors as `go: ...`, `FILE.go:L:C: MODULE@V: ...`, `package P: ...`
//! or `verifying ...`, and what git said indented below; `go test` closes the output of
//! a package with `ok`, `FAIL` or `?` and a duration.

mod line;
mod silence;

use std::borrow::Cow;

use gomend_core::evidence::{NamedBy, Target};
use gomend_core::forges;

use super::pull;
use super::unwrap::{Line, is_remote};
use line::{is_footer, is_header};
use silence::{mark_answers, mark_responses, silence_generators, silence_panics, silence_tests};

pub(super) use line::{is_own, is_position, names_module};

/// What is known about one line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    /// A test, a panicking program or a linter wrote it.
    pub(super) silent: bool,
    /// From this column on the text is what a server answered (`server response:`).
    pub(super) proxied: Option<usize>,
    /// A server's answer begins here that stands without go's line (`curl`, a browser).
    pub(super) answers: bool,
}

/// A log, taken apart.
#[derive(Debug)]
pub(super) struct Doc {
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
    /// For each line, the last one up to it that isn't indented.
    owners: Vec<Option<usize>>,
}

/// Lines of git that may stand between its command line and the message.
const HEADER_ABOVE: usize = 16;
/// Lines between git's message and `package P: exit status 128`.
const HEADER_BELOW: usize = 12;
/// Lines of an answer that go prints at most.
const RESPONSE: usize = 8;
/// Lines of one command's output that are looked through for go's line above them.
const BLOCK: usize = 4096;
/// go asked git for the state of the directory that it builds in.
const STAMPING: &str = "error obtaining VCS status";
/// How far from git's message another tool's name still counts.
const TOOL_ABOVE: usize = 8;
const TOOL_BELOW: usize = 3;

impl Doc {
    /// Takes the lines apart; `testing`: a test's output was open before the first. `command`: what
    /// go was told to do, if nothing else is in the text.
    pub(super) fn new(lines: Vec<Line>, testing: bool, command: Option<&str>) -> Self {
        let mut marks = vec![Mark::default(); lines.len()];
        silence_tests(&lines, &mut marks, testing, command == Some("test"));
        if command == Some("generate") {
            silence_generators(&lines, &mut marks);
        }
        silence_panics(&lines, &mut marks);
        mark_responses(&lines, &mut marks);
        mark_answers(&lines, &mut marks);
        let mut owner = None;
        let owners = lines.iter().enumerate().map(|(at, line)| {
            if indent(&line.text) == 0 && !line.text.is_empty() {
                owner = Some(at);
            }
            owner
        });
        let owners = owners.collect();
        Self {
            lines,
            marks,
            owners,
        }
    }

    pub(super) fn text(&self, at: usize) -> &str {
        &self.lines[at].text
    }

    /// The line, and behind it what the server answered, if that stands below.
    pub(super) fn statement(&self, at: usize) -> Cow<'_, str> {
        let text = self.text(at);
        if self
            .marks
            .get(at + 1)
            .is_none_or(|mark| mark.proxied.is_none())
            || self.marks[at].proxied == Some(0)
        {
            return Cow::Borrowed(text);
        }
        let below = self.lines[at + 1..]
            .iter()
            .zip(&self.marks[at + 1..])
            .take_while(|(_, mark)| mark.proxied.is_some())
            .take(RESPONSE);
        let mut statement = text.to_owned();
        for (line, _) in below {
            statement.push(' ');
            statement.push_str(line.text.trim());
        }
        Cow::Owned(statement)
    }

    /// True where the text is a test's, or a program's that panicked.
    pub(super) fn is_silent(&self, at: usize) -> bool {
        self.marks[at].silent
    }

    /// True where a remote can have written the line: git marks it, or it stands among what a command
    /// printed that talks to a remote. `by_vcs`: only git and its like print such a line.
    pub(super) fn is_remote(&self, at: usize, by_vcs: bool) -> bool {
        let text = self.text(at);
        if is_remote(text) {
            return true;
        }
        if indent(text) > 0 {
            return match self.owner(at) {
                Some(owner) if is_header(self.text(owner)) => !stays_here(self.text(owner)),
                Some(owner) => by_vcs || (owner + 1..at).any(|line| is_header(self.text(line))),
                None => by_vcs,
            };
        }
        let end = (at + 1 + HEADER_BELOW).min(self.lines.len());
        by_vcs && !(at + 1..end).any(|line| self.text(line).starts_with(STAMPING))
    }

    /// Who named the host of line `at`, which a remote can have written. go names it in the command that it
    /// ran, or in the module's path; git does where its word is the only one below go's line and holds the
    /// address, as over HTTP, where what a server says is marked. ssh hands on a server's words as they are,
    /// and git speaks too.
    pub(super) fn named_by(&self, at: usize, target: &Target) -> NamedBy {
        let Some(host) = target.host.as_deref() else {
            return NamedBy::Client;
        };
        let header = self.header(at).map(|header| self.text(header));
        let said_by_go = header.unwrap_or_default();
        let end = said_by_go
            .find(": exit status ")
            .unwrap_or(said_by_go.len());
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        let by_go = said_by_go[..end]
            .split(|letter| !is_word(letter))
            .any(|word| word.eq_ignore_ascii_case(host));
        let of_module = target
            .module
            .as_deref()
            .and_then(|path| path.split('/').next());
        if by_go
            || of_module.is_some_and(|name| name.eq_ignore_ascii_case(host))
            || forges::is_well_known(host)
            || self.is_only_word(at, host)
        {
            return NamedBy::Client;
        }
        NamedBy::Remote {
            ran_in: self.ran_in(at).map(str::to_owned),
        }
    }

    /// True where nothing unmarked but line `at` stands below go's line, and git says in it which address
    /// of `host` it asked.
    fn is_only_word(&self, at: usize, host: &str) -> bool {
        let text = self.text(at);
        let is_below = indent(text) > 0 && !is_remote(text);
        let owner = self.owner(at).filter(|_| is_below);
        let Some(owner) = owner.filter(|owner| is_header(self.text(*owner))) else {
            return false;
        };
        let said = self.lines[owner + 1..]
            .iter()
            .map(|line| line.text.as_str())
            .take_while(|text| indent(text) > 0 || text.is_empty())
            .filter(|text| !text.trim().is_empty() && !is_remote(text));
        let address = text
            .split_once("'http")
            .and_then(|(_, rest)| rest.split_once('\''))
            .and_then(|(rest, _)| pull::address(&format!("http{rest}")));
        said.take(2).count() == 1
            && text.matches("fatal: ").count() == 1
            && address.is_some_and(|address| address.host == host)
    }

    /// The line that the indented line `at` stands below.
    fn owner(&self, at: usize) -> Option<usize> {
        self.owners[at.checked_sub(1)?]
    }

    /// True where the command that printed line `at` lost its remote, as git says of ssh and of
    /// `git://`: no HTTP was spoken, whatever the lines say.
    pub(super) fn hung_up(&self, at: usize) -> bool {
        let Some(owner) = self.owner(at) else {
            return false;
        };
        let block = self.lines[owner + 1..].iter().take(BLOCK);
        block
            .take_while(|line| indent(&line.text) > 0 || line.text.is_empty())
            .any(|line| line.text.contains("Could not read from remote repository"))
    }

    /// The directory in which go ran the command that printed line `at`.
    pub(super) fn ran_in(&self, at: usize) -> Option<&str> {
        let header = self.text(self.owner(at)?);
        let (_, rest) = header.split_once(" in ")?;
        Some(rest.rsplit_once(": exit status ")?.0)
    }

    /// True where a server's words stand.
    pub(super) fn is_proxied(&self, at: usize, column: usize) -> bool {
        self.marks[at].proxied.is_some_and(|from| column >= from)
    }

    /// The line in which go names the git (hg, svn ...) command that printed line `at`.
    pub(super) fn header(&self, at: usize) -> Option<usize> {
        // What stands below go's line is the command's, and may look like another of go's lines.
        let indented = indent(self.text(at)) > 0;
        if let Some(owner) = self.owner(at).filter(|_| indented)
            && is_header(self.text(owner))
        {
            return Some(owner);
        }
        let above = (at.saturating_sub(HEADER_ABOVE)..=at)
            .rev()
            .find(|line| is_header(self.text(*line)));
        if above.is_some() {
            return above;
        }
        let end = (at + 1 + HEADER_BELOW).min(self.lines.len());
        (at + 1..end).find(|line| is_footer(self.text(*line)))
    }

    /// Another tool ran the git that printed line `at`.
    pub(super) fn is_foreign(&self, at: usize) -> bool {
        let from = at.saturating_sub(TOOL_ABOVE);
        let to = (at + 1 + TOOL_BELOW).min(self.lines.len());
        (from..to).any(|line| {
            let text = self.text(line).to_ascii_lowercase();
            FOREIGN.iter().any(|tool| text.contains(tool))
        })
    }
}

/// Traces of programs that run git themselves.
const FOREIGN: &[&str] = &[
    "exited with 128",
    "terraform",
    "terragrunt",
    "npm err",
    "npm error",
    "npm warn",
    "yarn ",
    "pnpm",
    "collecting git+",
    "pip ",
    "pip3 ",
    "subprocess-exited",
    "cargo",
    "composer",
    "bundler",
    "gem::",
    "bundle install",
    "fluxcd",
    "flux-system",
    "argocd",
    "argo-cd",
    "helm ",
    "kustomiz",
    "dev containers",
    "hudson.plugins",
    "actions/checkout",
    "git-sync",
    "pre-commit",
    "ansible",
    "homebrew",
    "brew ",
    "cocoapods",
    "pod install",
    "vim-plug",
    "lazy.nvim",
    "packer.nvim",
    "sourcetree",
    "conan ",
    "vcpkg",
    "fetchcontent",
    "cmake",
    "meson",
    "bitbake",
    "do_fetch",
    "west update",
    "repo sync",
    "gitlab-runner",
    "getting source from git",
    "fetching changes with git",
    "rpc error",
    "crossplane",
    "git clone https://***",
    "flutter",
    "dart pub",
    "pub get",
    "carthage",
    "swift package",
    "hex.pm",
    "mix deps",
    "luarocks",
    "nimble ",
    "spack",
    "nix-prefetch",
    "fetchgit",
    "builder for '/nix",
    "skaffold",
    "jx ",
    "portainer",
    "dokku",
    "heroku",
    "netlify",
    "vercel",
    "gatsby",
    "hexo",
    "hugo deploy",
    "gyp err",
    "gyp: ",
    "make: ",
    "xcodebuild",
    "clang",
    "semantic-release",
    "node_modules",
    "command failed with exit code 128",
    "error checking out submodules",
    "preparing repo",
    "failed to prepare repo",
    "modification check failed",
    "failed to run git clone command",
    "mkdocs",
];

/// Blanks at the beginning.
fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// The git command that go names talks to nobody.
fn stays_here(header: &str) -> bool {
    const LOCAL: &[&str] = &[
        "archive",
        "cat-file",
        "config",
        "for-each-ref",
        "init",
        "log",
        "merge-base",
        "rev-list",
        "rev-parse",
        "show-ref",
        "status",
        "tag",
    ];
    let Some(at) = header
        .rfind("git ")
        .filter(|at| header.contains(" in ") && *at < header.find(" in ").unwrap_or(0))
    else {
        return false;
    };
    let mut words = header[at + 4..].split_whitespace();
    let mut word = words.next();
    while let Some(option) = word.filter(|word| word.starts_with('-')) {
        if option == "-c" {
            words.next();
        }
        word = words.next();
    }
    word.is_some_and(|word| LOCAL.contains(&word))
}

/// Where go begins to name the command that failed, and where its status stands:
/// `git ls-remote -q origin in DIR: exit status 128`.
pub(super) fn command(text: &str) -> Option<(usize, usize)> {
    const RUNS: [&str; 13] = [
        "git ls-remote",
        "git fetch",
        "git -c ",
        "git init",
        "git clone",
        "git archive",
        "git cat-file",
        "git log",
        "git remote",
        "git tag",
        "git show-ref",
        "hg ",
        "svn ",
    ];
    let status = text.find(": exit status ")?;
    let from = RUNS
        .iter()
        .filter_map(|run| text[..status].rfind(run))
        .max()?;
    Some((from, status))
}

/// What the tool said behind the status on the same line, or in the lines below it.
pub(super) fn words(doc: &Doc, header: usize) -> Option<usize> {
    let text = doc.text(header);
    let (_, status) = command(text)?;
    let behind =
        text[status + ": exit status ".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    if behind
        .trim_matches([':', ' ', '\t', '"', '`', '\'', ')', '}', ']', '.', '…'])
        .len()
        > 2
    {
        return Some(header);
    }
    let at = header + 1;
    let below = doc.lines.get(at)?.text.as_str();
    let said = below.trim_start();
    (!said.is_empty()
        && !is_own(said)
        && !said.starts_with("go: ")
        && (said.len() < below.len()
            || said.starts_with("fatal: ")
            || said.starts_with("error: ")
            || super::lang::leads(said)))
    .then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unwrap;
    use crate::wrap::Wrapping;

    fn doc(text: &str) -> Doc {
        of(text, None)
    }

    fn of(text: &str, command: Option<&str>) -> Doc {
        Doc::new(
            unwrap::lines(text.as_bytes(), Wrapping::Cut).0,
            false,
            command,
        )
    }

    fn silent(doc: &Doc) -> String {
        (0..doc.lines.len())
            .map(|at| if doc.is_silent(at) { '-' } else { '!' })
            .collect()
    }

    #[test]
    fn what_stands_above_a_time_is_the_test_s() {
        let text = "# m/y\ny.go:3:2: m.example/a@v1.0.0: z\nFAIL\tm/y [setup failed]\n\
                    go: m.example/b@v1.0.0: z\ny.go:3:2: m.example/a@v1.0.0: z\nFAIL\tm/x\t0.1s\n\
                    go: m.example/c@v1.0.0: z\nok  \tm/z\t(cached)\ngo: m.example/d@v1.0.0: z";
        assert_eq!(silent(&of(text, Some("test"))), "!!!--!-!!");
        // a log may hold more than one command
        assert_eq!(silent(&of(text, None)), "!!!!!!!!!");
    }

    #[test]
    fn what_a_test_says_as_json_is_the_test_s() {
        let text = r#"{"ImportPath":"m/b","Action":"build-output","Output":"b.go:2:2: m.example/a@v1.0.0: z z\n"}
{"Action":"output","Package":"m/a","Output":"go: m.example/b@v1.0.0: z z\n"}"#;
        // the last line is the rest of the one that was cut at its `\n`
        assert_eq!(silent(&of(text, Some("test"))), "!--");
    }

    #[test]
    fn what_generators_print_is_theirs_unless_go_could_not_run() {
        let failed = "go: m.example/b@v1.0.0: z\n";
        let of = |end: &str| silent(&of(&format!("{failed}{end}"), Some("generate")));
        assert_eq!(of("g.go:2: running \"go\": exit status 1"), "!!");
        assert_eq!(
            of("exit status 3\ng.go:2: running \"go\": exit status 1"),
            "---"
        );
        assert_eq!(of("g.go:2: running \"stringer\": exit status 1"), "--");
    }

    #[test]
    fn a_tested_package_is_silent() {
        let doc = doc(
            "go: downloading x v1\ndial tcp: x\n--- FAIL: TestX (0.00s)\n    x_test.go:3: y\nFAIL\nFAIL\tm/x\t0.1s\nmain.go:3:2: m.example/a@v1.0.0: z\nFAIL\tm/y [setup failed]",
        );
        let silent: Vec<bool> = (0..doc.lines.len()).map(|at| doc.is_silent(at)).collect();
        assert_eq!(silent, [false, true, true, true, true, false, false, false]);
    }

    #[test]
    fn a_response_is_the_servers() {
        let doc = doc(
            "go: m: reading https://p/x: 404 Not Found\n\tserver response:\n\tnot found: m\n\t\tfatal: y\ngo: n: z",
        );
        assert!(doc.is_proxied(1, 20) && doc.is_proxied(2, 0) && doc.is_proxied(3, 0));
        assert!(!doc.is_proxied(0, 0) && !doc.is_proxied(4, 0));
    }

    #[test]
    fn go_names_the_command_above_or_below() {
        let above = doc(
            "go: m@v1: invalid version: git ls-remote -q origin in /x/cache/vcs/1: exit status 128:\n\tfatal: y",
        );
        assert_eq!(above.header(1), Some(0));
        let below = doc("fatal: y\npackage m: exit status 128");
        assert_eq!(below.header(0), Some(1));
        assert_eq!(doc("fatal: y").header(0), None);
    }
}
