//! Whose machine a text speaks of: paths, package managers and the marks of CI systems and image
//! builds, in one pass over the bytes.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use gomend_core::mask;
use gomend_core::place::{AutoProxy, Basis, Ci, Container, Known, Place, Shell, System, Wrapper};

/// How much of what a line says is kept as basis, characters.
const SHOWN: usize = 120;

/// What a sign shows.
#[derive(Debug, Clone, Copy)]
enum Shows {
    System(System),
    Shell(Shell),
    Container(Container),
    Ci(Ci),
    Wrapper(Wrapper),
    AutoProxy(AutoProxy),
}

/// Where on its line a sign must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Anywhere.
    Any,
    /// Where a word or path begins: not inside a URL or a longer path.
    Word,
    /// At the line's beginning, after spaces.
    Start,
    /// As [`At::Start`], with a digit behind it.
    Numbered,
}

/// A sign, where it must stand, what it shows. Of two signs of one kind the earlier row wins.
type Sign = (&'static str, At, Shows);

/// Sources: the documentation and public logs of each program.
const SIGNS: &[Sign] = &[
    // systems: what only they print, before what others may quote
    ("xcrun: error:", At::Word, Shows::System(System::Macos)),
    (
        "/Library/Developer/",
        At::Word,
        Shows::System(System::Macos),
    ),
    ("/opt/homebrew/", At::Word, Shows::System(System::Macos)),
    // the resolver that docker gives its containers
    (
        "on 127.0.0.11:53",
        At::Word,
        Shows::Container(Container::Running),
    ),
    ("C:\\", At::Word, Shows::System(System::Windows)),
    ("C:/Users/", At::Word, Shows::System(System::Windows)),
    ("D:\\", At::Word, Shows::System(System::Windows)),
    ("E:\\", At::Word, Shows::System(System::Windows)),
    ("PS C:\\", At::Start, Shows::System(System::Windows)),
    ("connectex: ", At::Any, Shows::System(System::Windows)),
    ("wsarecv: ", At::Any, Shows::System(System::Windows)),
    ("schannel: ", At::Any, Shows::System(System::Windows)),
    ("/Users/", At::Word, Shows::System(System::Macos)),
    (
        "/private/var/folders/",
        At::Word,
        Shows::System(System::Macos),
    ),
    ("/var/folders/", At::Word, Shows::System(System::Macos)),
    ("brew install ", At::Word, Shows::System(System::Macos)),
    ("darwin/arm64", At::Word, Shows::System(System::Macos)),
    ("darwin/amd64", At::Word, Shows::System(System::Macos)),
    ("windows/amd64", At::Word, Shows::System(System::Windows)),
    ("apk add ", At::Word, Shows::System(System::Alpine)),
    (
        "dl-cdn.alpinelinux.org",
        At::Any,
        Shows::System(System::Alpine),
    ),
    ("-alpine", At::Any, Shows::System(System::Alpine)),
    ("apt-get ", At::Word, Shows::System(System::Debian)),
    ("apt install ", At::Word, Shows::System(System::Debian)),
    ("archive.ubuntu.com", At::Any, Shows::System(System::Debian)),
    ("dnf install ", At::Word, Shows::System(System::Fedora)),
    ("yum install ", At::Word, Shows::System(System::Fedora)),
    ("pacman -S", At::Word, Shows::System(System::Arch)),
    ("zypper in", At::Word, Shows::System(System::Suse)),
    ("/home/", At::Word, Shows::System(System::Linux)),
    ("/root/", At::Word, Shows::System(System::Linux)),
    ("/builds/", At::Word, Shows::System(System::Linux)),
    ("linux/amd64", At::Word, Shows::System(System::Linux)),
    ("linux/arm64", At::Word, Shows::System(System::Linux)),
    // shells
    ("PS C:\\", At::Start, Shows::Shell(Shell::PowerShell)),
    ("PS D:\\", At::Start, Shows::Shell(Shell::PowerShell)),
    ("CategoryInfo ", At::Any, Shows::Shell(Shell::PowerShell)),
    ("$env:", At::Word, Shows::Shell(Shell::PowerShell)),
    (
        "C:\\Windows\\system32>",
        At::Start,
        Shows::Shell(Shell::Cmd),
    ),
    // image builds
    ("Step ", At::Numbered, Shows::Container(Container::Docker)),
    ("STEP ", At::Numbered, Shows::Container(Container::Docker)),
    (
        "The command '/bin/sh -c ",
        At::Any,
        Shows::Container(Container::Docker),
    ),
    ("#", At::Numbered, Shows::Container(Container::Buildkit)),
    (
        "failed to solve: ",
        At::Any,
        Shows::Container(Container::Buildkit),
    ),
    (" > [", At::Any, Shows::Container(Container::Buildkit)),
    // CI systems
    ("/home/runner/work/", At::Word, Shows::Ci(Ci::Github)),
    ("/Users/runner/work/", At::Word, Shows::Ci(Ci::Github)),
    ("/github/workspace", At::Word, Shows::Ci(Ci::Github)),
    ("Run actions/", At::Any, Shows::Ci(Ci::Github)),
    ("##[group]", At::Any, Shows::Ci(Ci::Github)),
    ("::error", At::Start, Shows::Ci(Ci::Github)),
    ("Running with gitlab-runner", At::Any, Shows::Ci(Ci::Gitlab)),
    ("/builds/", At::Word, Shows::Ci(Ci::Gitlab)),
    ("ERROR: Job failed: exit", At::Any, Shows::Ci(Ci::Gitlab)),
    ("##[section]", At::Any, Shows::Ci(Ci::Azure)),
    ("/home/vsts/", At::Word, Shows::Ci(Ci::Azure)),
    ("/var/lib/jenkins", At::Word, Shows::Ci(Ci::Jenkins)),
    ("/var/jenkins_home", At::Word, Shows::Ci(Ci::Jenkins)),
    ("[Pipeline] ", At::Start, Shows::Ci(Ci::Jenkins)),
    (
        "/var/lib/buildkite-agent",
        At::Word,
        Shows::Ci(Ci::Buildkite),
    ),
    ("/home/circleci/", At::Word, Shows::Ci(Ci::Circleci)),
    ("/home/travis/", At::Word, Shows::Ci(Ci::Travis)),
    ("travis_fold:", At::Any, Shows::Ci(Ci::Travis)),
    (
        "CircleCI received exit code",
        At::Any,
        Shows::Ci(Ci::Circleci),
    ),
    (
        "#!/bin/bash -eo pipefail",
        At::Start,
        Shows::Ci(Ci::Circleci),
    ),
    ("gcr.io/cloud-builders/", At::Any, Shows::Ci(Ci::Other)),
    ("/opt/buildagent/", At::Word, Shows::Ci(Ci::Other)),
    ("/opt/build/cache/", At::Word, Shows::Ci(Ci::Other)),
    ("/bitbucket/pipelines/", At::Any, Shows::Ci(Ci::Other)),
    ("/drone/src", At::Word, Shows::Ci(Ci::Other)),
    // programs that run go
    ("hugo_cache", At::Any, Shows::Wrapper(Wrapper::Hugo)),
    ("hugo mod ", At::Word, Shows::Wrapper(Wrapper::Hugo)),
    ("hugo server", At::Word, Shows::Wrapper(Wrapper::Hugo)),
    (
        "/.cache/pre-commit/",
        At::Any,
        Shows::Wrapper(Wrapper::PreCommit),
    ),
    (
        "[INFO] Installing environment for ",
        At::Start,
        Shows::Wrapper(Wrapper::PreCommit),
    ),
    (
        "An unexpected error has occurred: CalledProcessError: ",
        At::Any,
        Shows::Wrapper(Wrapper::PreCommit),
    ),
    (
        "-----> Go app detected",
        At::Any,
        Shows::Wrapper(Wrapper::Buildpacks),
    ),
    ("/_bazel_", At::Any, Shows::Wrapper(Wrapper::Bazel)),
    ("go_repository", At::Any, Shows::Wrapper(Wrapper::Bazel)),
    ("gazelle: ", At::Word, Shows::Wrapper(Wrapper::Bazel)),
    ("fetch_repo: ", At::Word, Shows::Wrapper(Wrapper::Bazel)),
    (
        "[INFO] exec (timeout=",
        At::Any,
        Shows::Wrapper(Wrapper::Xcaddy),
    ),
    ("xcaddy build", At::Word, Shows::Wrapper(Wrapper::Xcaddy)),
    (
        "===> BUILDING",
        At::Any,
        Shows::Wrapper(Wrapper::Buildpacks),
    ),
    ("[builder] ", At::Start, Shows::Wrapper(Wrapper::Buildpacks)),
    (
        "golangci-lint run",
        At::Word,
        Shows::Wrapper(Wrapper::GolangciLint),
    ),
    (
        "[linters_context]",
        At::Any,
        Shows::Wrapper(Wrapper::GolangciLint),
    ),
    ("/nix/store/", At::Word, Shows::Wrapper(Wrapper::Nix)),
    ("builder for '/nix", At::Any, Shows::Wrapper(Wrapper::Nix)),
    ("GoLand.app", At::Any, Shows::Wrapper(Wrapper::Goland)),
    ("#gosetup", At::Any, Shows::Wrapper(Wrapper::Goland)),
    // proxies that a script chooses: `reg query`, `scutil --proxy`, variables, the script's usual names
    (
        "ProxyAutoConfigURLString",
        At::Any,
        Shows::AutoProxy(AutoProxy::Macos),
    ),
    (
        "AutoConfigURL",
        At::Word,
        Shows::AutoProxy(AutoProxy::Windows),
    ),
    (
        "auto_proxy=",
        At::Word,
        Shows::AutoProxy(AutoProxy::Variable),
    ),
    ("/proxy.pac", At::Any, Shows::AutoProxy(AutoProxy::Script)),
    ("/wpad.dat", At::Any, Shows::AutoProxy(AutoProxy::Script)),
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(SIGNS.iter().map(|(sign, ..)| sign)).ok());

/// Reads the place from a text.
#[must_use]
pub fn read(text: &[u8]) -> Place {
    let mut first: Vec<Option<usize>> = vec![None; SIGNS.len()];
    for hit in FINDER
        .iter()
        .flat_map(|finder| finder.find_overlapping_iter(text))
    {
        let sign = hit.pattern().as_usize();
        if first[sign].is_none() && stands(text, hit.start(), hit.end(), SIGNS[sign].1) {
            first[sign] = Some(hit.start());
        }
    }
    let mut place = Place::default();
    for ((sign, _, shows), at) in SIGNS.iter().zip(first) {
        let Some(at) = at.map(|at| (at, *sign)) else {
            continue;
        };
        match *shows {
            Shows::System(is) => note(&mut place.system, is, text, at),
            Shows::Shell(is) => note(&mut place.shell, is, text, at),
            Shows::Container(is) => note(&mut place.container, is, text, at),
            Shows::Ci(is) => note(&mut place.ci, is, text, at),
            Shows::Wrapper(is) => note(&mut place.wrapper, is, text, at),
            Shows::AutoProxy(is) => note(&mut place.auto_proxy, is, text, at),
        }
    }
    place
}

fn note<T>(known: &mut Option<Known<T>>, is: T, text: &[u8], (at, sign): (usize, &str)) {
    known.get_or_insert_with(|| {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
        let line = memchr::memchr_iter(b'\n', &text[..at]).count() + 1;
        let shown = mask::line(&String::from_utf8_lossy(&text[start..end]));
        let lead = shown.find(sign).map_or(0, |at| shown[..at].chars().count());
        let from = lead.saturating_sub(SHOWN / 4); // the sign itself is in it
        let text = shown.chars().skip(from).take(SHOWN).collect();
        Known {
            is,
            basis: Basis::Text { line, text },
        }
    });
}

/// Whether a sign stands where it must.
fn stands(text: &[u8], start: usize, end: usize, at: At) -> bool {
    let line = memchr::memrchr(b'\n', &text[..start]).map_or(0, |end| end + 1);
    let begins = || text[line..start].iter().all(|byte| b" \t\r".contains(byte));
    match at {
        At::Any => true,
        At::Word => start.checked_sub(1).is_none_or(|before| {
            !text[before].is_ascii_alphanumeric() && !b"/._-:~".contains(&text[before])
        }),
        At::Start => begins(),
        At::Numbered => begins() && is_counted(&text[end..]),
    }
}

/// `4/9 :` of `Step 4/9 :`, `12 3.4 ` of `#12 3.4 `, `9 ERROR`, `9 [build 3/5]`.
fn is_counted(rest: &[u8]) -> bool {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match rest.get(digits..) {
        _ if digits == 0 || digits > 4 => false,
        Some([b'/', next, ..]) => next.is_ascii_digit(),
        Some([b' ', b'[', ..]) => true,
        Some([b' ', next, more @ ..]) if next.is_ascii_digit() => {
            let seconds = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
            more.get(seconds) == Some(&b'.')
        }
        Some([b' ', rest @ ..]) => [&b"ERROR"[..], b"DONE", b"sha256:", b"CACHED"]
            .iter()
            .any(|word| rest.starts_with(word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let place = |text: &str| read(text.as_bytes());
        let system = |text: &str| place(text).system.map(|known| known.is);
        for (text, expected) in [
            (
                "open /Users/dev/go/pkg/mod/x: permission denied",
                Some(System::Macos),
            ),
            (
                "rename C:\\Users\\dev\\go: Access is denied.",
                Some(System::Windows),
            ),
            ("go: open /home/dev/go: x", Some(System::Linux)),
            ("RUN apk add git\n/root/go", Some(System::Alpine)),
            ("reading https://h.example/Users/x/home/y: 404", None),
            ("ABC:\\x", None),
        ] {
            assert_eq!(system(text), expected, "{text}");
        }
        let container = |text: &str| place(text).container.map(|known| known.is);
        for (text, expected) in [
            ("Step 4/9 : RUN go mod download", Some(Container::Docker)),
            ("#12 3.4 go: x", Some(Container::Buildkit)),
            ("#10 [build 4/6] RUN go build", Some(Container::Buildkit)),
            ("#12 is the issue", None),
            ("#1234", None),
        ] {
            assert_eq!(container(text), expected, "{text}");
        }
        assert_eq!(
            place("a\n/builds/team/app\n").ci,
            Some(Known {
                is: Ci::Gitlab,
                basis: Basis::Text {
                    line: 2,
                    text: "/builds/team/app".into()
                },
            })
        );
        assert_eq!(place("go: lookup x"), Place::default());
    }
}
