//! argv -> what to do: step aside, or stay and watch.
//!
//! Only the command words are read (`go help`, cmd/go/main.go); every flag
//! belongs to go. Whatever is not in the table is executed and forgotten.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;

/// What a go command line asks of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// It doesn't fetch as its job: become go.
    Exec,
    /// It can fetch: watch it. `traced` where no user code runs git.
    Relay {
        /// Whether git may be asked to trace.
        traced: bool,
    },
    /// `go run`: the program keeps its streams. The index in argv behind which flags may stand.
    Run {
        /// Where a flag of `go run` can be inserted into argv.
        flags_at: usize,
    },
    /// `go tool` with a tool of a module (Go 1.24): it keeps its streams.
    Tool,
}

/// Commands of one word that fetch, and whether git may be traced below them.
const FETCHING: &[(&str, bool)] = &[
    ("build", true),
    ("fix", true),
    ("generate", false),
    ("get", true),
    ("install", true),
    ("list", true),
    ("test", false),
    ("vet", true),
];

/// Second words of `go mod` and `go work` that fetch.
const FETCHING_GROUPS: &[(&str, &[&str])] = &[
    (
        "mod",
        &["download", "graph", "tidy", "vendor", "verify", "why"],
    ),
    ("work", &["sync", "vendor"]),
];

/// Go's own tools: nothing has to be fetched for them (`go tool`, cmd/).
const OWN_TOOLS: &[&str] = &[
    "addr2line",
    "api",
    "asm",
    "buildid",
    "cgo",
    "compile",
    "covdata",
    "cover",
    "dist",
    "distpack",
    "doc",
    "fix",
    "link",
    "nm",
    "objdump",
    "pack",
    "pprof",
    "preprofile",
    "test2json",
    "trace",
    "vet",
];

/// Plans for go's `argv` (with `argv[0]`).
#[must_use]
pub fn plan(argv: &[&CStr]) -> Plan {
    let mut at = skip_dir_flag(argv, 1);
    if word(argv, at) == Some("--") {
        at += 1;
    }
    let Some(command) = word(argv, at) else {
        return Plan::Exec;
    };
    let after = skip_dir_flag(argv, at + 1);
    if command == "run" {
        return Plan::Run { flags_at: after };
    }
    if command == "tool" {
        return match word(argv, after) {
            Some(tool) if !tool.starts_with('-') && !OWN_TOOLS.contains(&tool) => Plan::Tool,
            _ => Plan::Exec,
        };
    }
    if let Some(&(_, traced)) = FETCHING.iter().find(|(name, _)| *name == command) {
        return Plan::Relay { traced };
    }
    let group = FETCHING_GROUPS.iter().find(|(name, _)| *name == command);
    match (group, word(argv, after)) {
        (Some((_, fetching)), Some(second)) if fetching.contains(&second) => {
            Plan::Relay { traced: true }
        }
        _ => Plan::Exec,
    }
}

/// Commands that fetch nothing but, where go.mod wants a newer one, a toolchain.
const OWN_WORK: &[&str] = &["version", "env", "fmt", "doc", "clean", "mod", "work"];

/// The folder in which a command of go's own works that fetches nothing by itself: that of `-C`, empty where
/// argv names none. `None`: argv names another command.
#[must_use]
pub fn own_work<'a>(argv: &[&'a CStr]) -> Option<&'a OsStr> {
    let at = skip_dir_flag(argv, 1);
    let command = word(argv, at)?;
    let folder = dir_of_flag(argv, 1).or_else(|| dir_of_flag(argv, at + 1));
    let is_own = OWN_WORK.contains(&command);
    is_own.then(|| OsStr::from_bytes(folder.unwrap_or_default()))
}

/// Commands whose flags include `-x`.
const SHOWING: &[&str] = &[
    "build", "fix", "get", "install", "list", "run", "test", "vet", "download", "graph", "tidy",
];

/// Where `-x` can be inserted into argv, if the command has that flag.
#[must_use]
pub fn flags_at(argv: &[&CStr]) -> Option<usize> {
    let first = skip_dir_flag(argv, 1);
    let second = skip_dir_flag(argv, first + 1);
    let in_group = FETCHING_GROUPS
        .iter()
        .any(|(group, _)| word(argv, first) == Some(group));
    let (at, behind) = if in_group {
        (second, skip_dir_flag(argv, second + 1))
    } else {
        (first, second)
    };
    SHOWING.contains(&word(argv, at)?).then_some(behind)
}

/// `-C dir`, go's only global flag, may stand before or behind the command words.
fn skip_dir_flag(argv: &[&CStr], at: usize) -> usize {
    match word(argv, at) {
        Some("-C" | "--C") => at + 2,
        Some(flag) if flag.starts_with("-C=") || flag.starts_with("--C=") => at + 1,
        _ => match argv.get(at).map(|arg| arg.to_bytes()) {
            Some(odd) if odd.starts_with(b"-C=") || odd.starts_with(b"--C=") => at + 1,
            _ => at,
        },
    }
}

/// What `-C` names, if it stands here.
fn dir_of_flag<'a>(argv: &[&'a CStr], at: usize) -> Option<&'a [u8]> {
    let flag = argv.get(at)?.to_bytes();
    let flag = flag.strip_prefix(b"-")?;
    match flag.strip_prefix(b"-").unwrap_or(flag) {
        b"C" => Some(argv.get(at + 1)?.to_bytes()),
        named => named.strip_prefix(b"C="),
    }
}

fn word<'a>(argv: &[&'a CStr], at: usize) -> Option<&'a str> {
    argv.get(at)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    fn of(line: &str) -> Plan {
        let owned: Vec<CString> = line
            .split_whitespace()
            .map(|word| CString::new(word).unwrap())
            .collect();
        let argv: Vec<&CStr> = owned.iter().map(CString::as_c_str).collect();
        plan(&argv)
    }

    #[test]
    fn commands_that_do_not_fetch_are_executed() {
        for line in [
            "go",
            "go version",
            "go env",
            "go help build",
            "go fmt",
            "go doc",
            "go clean",
            "go mod init m",
            "go mod edit",
            "go work use .",
            "go tool",
            "go tool vet",
            "go tool -n stringer",
            "go -x build",
            "go --version",
            "go nonsense",
            "go -C",
            "go -C dir",
            "go mod",
            "go mod -C d",
            "go telemetry",
            "go bug",
            "go BUILD",
        ] {
            assert_eq!(of(line), Plan::Exec, "{line}");
        }
    }

    #[test]
    fn the_folder_of_own_work() {
        let of = |line: &str| {
            let owned: Vec<CString> = line
                .split_whitespace()
                .map(|word| CString::new(word).unwrap())
                .collect();
            let argv: Vec<&CStr> = owned.iter().map(CString::as_c_str).collect();
            own_work(&argv).map(|folder| folder.to_str().unwrap().to_owned())
        };
        for (line, folder) in [
            ("go version", Some("")),
            ("go -C dir version", Some("dir")),
            ("go --C=dir version", Some("dir")),
            ("go env -C dir GOPATH", Some("dir")),
            ("go fmt -C=dir ./...", Some("dir")),
            ("go version -m file", Some("")),
            ("go -C dir", None),
            ("go -C dir build", None),
        ] {
            assert_eq!(of(line).as_deref(), folder, "{line}");
        }
    }

    #[test]
    fn commands_that_fetch_are_watched() {
        for line in [
            "go build",
            "go get x",
            "go -C dir list",
            "go list -C dir",
            "go -C=dir vet",
            "go -- list",
            "go -C d -- install",
            "go mod -C d tidy",
            "go mod tidy -C d",
            "go --C d mod download",
            "go work sync",
            "go fix ./...",
        ] {
            assert_eq!(of(line), Plan::Relay { traced: true }, "{line}");
        }
        assert_eq!(of("go test ./..."), Plan::Relay { traced: false });
        assert_eq!(of("go generate"), Plan::Relay { traced: false });
        assert_eq!(of("go -C d tool stringer -x"), Plan::Tool);
        assert_eq!(of("go run ."), Plan::Run { flags_at: 2 });
        assert_eq!(of("go -C d run -race ."), Plan::Run { flags_at: 4 });
        assert_eq!(of("go run -C d ."), Plan::Run { flags_at: 4 });
    }

    #[test]
    fn the_place_for_a_flag_is_behind_the_words() {
        let at = |line: &str| {
            let owned: Vec<CString> = line
                .split_whitespace()
                .map(|word| CString::new(word).unwrap())
                .collect();
            flags_at(&owned.iter().map(CString::as_c_str).collect::<Vec<_>>())
        };
        assert_eq!(at("go build ."), Some(2));
        assert_eq!(at("go -C d build ."), Some(4));
        assert_eq!(at("go mod download"), Some(3));
        assert_eq!(at("go mod tidy -C d"), Some(5));
        assert_eq!(at("go mod verify"), None);
        assert_eq!(at("go version"), None);
        assert_eq!(at("go"), None);
    }
}
