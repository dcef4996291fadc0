//! Programs that go needs: missing, or too old for what go asks of them.

use super::{BASE, GUESS, MODULE, Rule, VCS};
use gomend_core::cause::Cause::{
    GitConfigBroken, GitNotFound, GitTooOld, PermissionDenied, SshNotFound, TransferInterrupted,
    VcsNotFound,
};
use gomend_core::evidence::Role;

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "exec-git-not-found",
        suspects: &[GitNotFound],
        needle: r#"exec: "git": executable file not found in"#,
        also: &[
            r#"exec: "git": cannot run executable found relative to current directory"#,
            "fork/exec /usr/bin/git: no such file or directory",
            r#"exec: "git": file does not exist"#,
            r#"exec: "git.exe": executable file not found"#,
            r#"exec: "git" program not found"#,
        ],
        pull: r#"(?:^[\W\dTZ]*|\bgo(?: get| install| list| mod \w+)?(?: \S+)?: .*|\b(?:package|imports) \S+: |\S@\S+: .*|VCS status: |fetch_repo: |\bgit (?:version: |(?:init --bare|ls-remote -q|fetch -f)\b.*))(?:exec: "git(?:\.exe)?":? |fork/exec \S+/git: )"#,
        sample: r#"go: git.corp.example/org/repo@v1.0.0: unable to resolve git version: failed to execute git version: exec: "git": executable file not found in $PATH"#,
        seen: "go 1.27.3, PATH without git",
        ..BASE
    },
    Rule {
        id: "missing-git-command",
        suspects: &[GitNotFound],
        needle: "go: missing Git command.",
        weight: MODULE,
        sample: "go: missing Git command. See https://golang.org/s/gogetcmd",
        seen: "go 1.27.3, `.git` path pinged without git on PATH",
        ..BASE
    },
    Rule {
        id: "xcode-tools-missing",
        suspects: &[GitNotFound],
        needle: "xcrun: error: invalid active developer path",
        also: &[
            "Agreeing to the Xcode/iOS license requires admin privileges",
            "You have not agreed to the Xcode license agreements",
            "xcode-select: note: no developer tools were found",
            "xcode-select: note: No developer tools were found",
        ],
        sample: "go: golang.org/x/text@v0.3.0: git init --bare in /Users/dev/go/pkg/mod/cache/vcs/5b03: exit status 1:\n\txcrun: error: invalid active developer path (/Library/Developer/CommandLineTools), missing xcrun at: /Library/Developer/CommandLineTools/usr/bin/xcrun",
        seen: "go 1.12, macOS after an upgrade of the system",
        ..VCS
    },
    Rule {
        id: "git-cannot-start",
        suspects: &[GitNotFound, GitConfigBroken],
        needle: "/git: ",
        pull: r"fork/exec \S*[/\\]git(?:\.exe)?: (?:exec format error|no such file or directory|bad CPU type|The system cannot find)",
        sample: "go: github.com/pkg/errors@v0.8.1: git init --bare in /go/pkg/mod/cache/vcs/18be: fork/exec /usr/local/bin/git: exec format error",
        seen: "go 1.13, git built for another CPU",
        ..BASE
    },
    Rule {
        id: "git-not-executable",
        suspects: &[PermissionDenied, GitNotFound],
        needle: "git: permission denied",
        pull: r"fork/exec \S*[/\\]git: permission denied",
        sample: "go: github.com/pkg/errors@v0.8.1: git init --bare in /go/pkg/mod/cache/vcs/18be: fork/exec /usr/local/bin/git: permission denied",
        seen: "go 1.13, git without its x bit",
        ..BASE
    },
    Rule {
        id: "git-version-unreadable",
        suspects: &[GitConfigBroken, GitTooOld],
        needle: "git version extraction regexp did not match",
        also: &[
            "unable to resolve git version: failed to execute git version: exit status",
            "unexpected response from git log",
            "invalid time from git log",
            "unexpected response from hg log",
            "unexpected response from svn ",
        ],
        sample: r#"go: git.corp.example/org/repo@v1.0.0: unable to resolve git version: git version extraction regexp did not match version line: "foo\n""#,
        seen: "go 1.27.3, a wrapper in git's place",
        ..BASE
    },
    Rule {
        id: "exec-vcs-not-found",
        suspects: &[VcsNotFound],
        needle: ": executable file not found in",
        pull: r#"(?:^[\W\dTZ]*|\bgo(?: get| install| list| mod \w+)?(?: \S+)?: .*|\b(?:package|imports) \S+: |\S@\S+: .*|VCS status: |fetch_repo: |\bgit version: |(?:hg|svn|bzr|fossil) \S+ .* in \S+: )exec: "(?:hg|svn|bzr|fossil)": executable file not found"#,
        sample: r#"package launchpad.net/~niemeyer/goyaml/beta: exec: "bzr": executable file not found in $PATH"#,
        seen: "go 1.4, no Bazaar",
        ..BASE
    },
    Rule {
        id: "missing-vcs-command",
        suspects: &[VcsNotFound],
        needle: "go: missing ",
        pull: r"go: missing (?:Mercurial|Subversion|Bazaar|Fossil) command",
        weight: MODULE,
        sample: "go: missing Mercurial command. See https://go.dev/s/gogetcmd",
        seen: "go 1.27.3, `.hg` path without hg",
        ..BASE
    },
    Rule {
        id: "cannot-run-ssh",
        role: Role::VcsSsh,
        suspects: &[SshNotFound],
        needle: "cannot run ssh",
        also: &[
            "cannot spawn ssh",
            "ssh: command not found",
            "ssh: not found",
            "unable to run ssh",
            "'ssh' is not recognized as",
            "cannot run /usr/bin/ssh",
            "cannot run ssh.exe",
        ],
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\terror: cannot run ssh: No such file or directory\n\tfatal: unable to fork",
        seen: "git 2.47, alpine image without openssh-client",
        ..VCS
    },
    Rule {
        id: "ssh-command-missing",
        suspects: &[SshNotFound, GitConfigBroken],
        needle: "ssh",
        pull: r"(?:line \d+: |sh: \d+: |sh: )(?:exec: )?\S*ssh\S*: (?:not found|No such file or directory|command not found)",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tssh -o ControlMaster=no -o BatchMode=yes: line 1: ssh: not found\n\tfatal: Could not read from remote repository.",
        seen: "git 2.24, busybox sh, GIT_SSH_COMMAND set by go",
        ..VCS
    },
    Rule {
        id: "git-option-unknown",
        suspects: &[GitTooOld],
        needle: "unknown option",
        also: &["unknown switch", "Unknown option", "unrecognized argument"],
        pull: r"(?:error: |fatal: )?(?:[Uu]nknown option:? |unknown switch |unrecognized argument: )[`'-]*(?:end-of-options|object-format|ff-only|unshallow|depth|no-tags|porcelain|-c\b|-C\b|c'|C'|[a-z-]+)",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q --end-of-options origin in /go/pkg/mod/cache/vcs/18be: exit status 129:\n\terror: unknown option `end-of-options'",
        seen: "git 2.17 under go 1.26",
        ..VCS
    },
    Rule {
        id: "git-usage",
        suspects: &[GitTooOld],
        needle: "usage: git ",
        also: &["Usage: git ", "usage: git-"],
        weight: MODULE,
        sample: "go: m.example/x@v1.0.0: git ls-remote -q origin in /go/pkg/mod/cache/vcs/08b0: exit status 129:\n\tusage: git ls-remote [--heads] [--tags]  [-u <exec> | --upload-pack <exec>] <repository> <refs>...",
        seen: "git 1.7 (CentOS 6) under go 1.11",
        ..VCS
    },
    Rule {
        id: "git-exit-129",
        suspects: &[GitTooOld],
        needle: ": exit status 129",
        pull: r"\bgit .*: exit status 129",
        weight: GUESS,
        sample: "go: m.example/x@v1.0.0: git ls-remote -q origin in /go/pkg/mod/cache/vcs/08b0: exit status 129:",
        seen: "git's exit status for a usage error",
        ..BASE
    },
    Rule {
        id: "git-shallow-list",
        suspects: &[GitTooOld, TransferInterrupted],
        needle: "expected shallow list",
        also: &["expected shallow/unshallow, got"],
        sample: "go: github.com/jackc/puddle@v0.0.0-20190413234325-e4ced69a3a2b: invalid version: git fetch --unshallow -f https://github.com/jackc/puddle in /root/go/pkg/mod/cache/vcs/2689: exit status 128:\n\tfatal: git fetch-pack: expected shallow list",
        seen: "git 1.8.3 (CentOS 7), go 1.13",
        ..VCS
    },
    Rule {
        id: "git-object-format",
        suspects: &[GitTooOld],
        needle: "mismatched algorithms: client",
        also: &[
            "unknown repository extension",
            "unsupported object format",
            "the receiving end does not support this repository's hash algorithm",
            "unknown object format",
        ],
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git fetch -f origin refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: mismatched algorithms: client sha1; server sha256",
        seen: "git 2.30, SHA-256 repository",
        ..VCS
    },
    Rule {
        id: "git-not-a-command",
        suspects: &[GitTooOld, GitConfigBroken],
        needle: "is not a git command. See",
        pull: r"git: '(?:ls-remote|fetch|archive|cat-file|init|log)' is not a git command",
        sample: "go: m.example/x@v1.0.0: git archive in /go/pkg/mod/cache/vcs/08b0: exit status 1:\n\tgit: 'archive' is not a git command. See 'git --help'.",
        seen: "a minimal git",
        ..VCS
    },
    Rule {
        id: "git-shallow-unsupported",
        suspects: &[GitTooOld, TransferInterrupted],
        needle: "does not support shallow",
        also: &[
            "dumb http transport does not support",
            "Server does not support shallow clients",
            "Server does not support --depth",
        ],
        weight: MODULE,
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git fetch -f --depth=1 origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: dumb http transport does not support shallow capabilities",
        seen: "git 2.39, repository served as plain files",
        ..VCS
    },
];
