//! What go itself says of the module here when it may ask nobody: everything that fails before a
//! fetch (go.mod, go.work, vendor, go.sum, settings), and which modules the cache lacks.
//!
//! In: the request, Go's settings. Out: troubles that the rules recognise in go's words. go reads
//! with `GOPROXY=off` and a build cache of its own, and changes nothing: neither go.mod nor go.sum
//! (`-mod=readonly`), neither the toolchain (`GOTOOLCHAIN=local`).

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Request, Trouble, trouble};
use crate::cause::Cause;
use crate::file::{self, Refusal};
use crate::lang::tr;
use crate::mask;
use crate::rules;
use crate::scratch;
use crate::settings::goenv::GoEnv;
use crate::settings::gofile::{self, GoFile};
use crate::sys;
use crate::tool::{self, End, Output, Tool};
use crate::verdict;
use crate::words;

/// Time for go to read a module graph from its cache.
const PATIENCE: Duration = Duration::from_secs(15);

/// What go said.
#[derive(Debug, Default)]
pub(super) struct Offline {
    /// What fails whatever the network does.
    pub(super) troubles: Vec<Trouble>,
    /// Whether every module is in the cache; `None`: go did not say, or none is required.
    pub(super) complete: Option<bool>,
    /// The Go version that go.mod or go.work asks for and this toolchain is too old for.
    pub(super) toolchain: Option<String>,
    /// What go.sum lacks, in go's words, where the cache lacks modules too.
    pub(super) unsummed: Option<String>,
    /// Why go could not be asked.
    pub(super) unasked: Option<String>,
}

/// Asks go.
pub(super) fn ask(request: &Request, goenv: &GoEnv) -> Offline {
    let mut offline = Offline {
        unasked: endless(request, goenv),
        ..Offline::default()
    };
    if offline.unasked.is_some() {
        return offline;
    }
    let vendored = is_vendored(request, goenv);
    // for the stamp go runs git in the repository: only in one of the user's own, that names no program
    let mut folders = request.dir.ancestors();
    let repository = folders.find(|dir| dir.join(".git").exists());
    let stamps = |repository: &Path| {
        tool::is_own(repository) && tool::names_no_program(repository, &request.env)
    };
    let stamping = if repository.is_none_or(stamps) {
        "-buildvcs=auto"
    } else {
        "-buildvcs=false"
    };
    let lists: &[&[&str]] = if vendored {
        &[&["list", stamping, "./..."]]
    } else {
        &[
            &["list", "-mod=readonly", "-m", "-f", HELD, "all"],
            &["list", "-mod=readonly", stamping, "-deps", "./..."],
        ]
    };
    for args in lists {
        let output = match run(request, goenv, args) {
            Ok(output) => output,
            Err(why) => {
                offline.unasked = Some(why);
                return offline;
            }
        };
        if is_nowhere(&output.stderr) {
            return offline; // the plan says so
        }
        if output.succeeded() {
            if args.contains(&HELD) {
                offline.complete = holds_all(&output);
            }
            if offline.complete == Some(false) {
                break; // the packages can't be listed either
            }
            continue;
        }
        // go also wants each version's date for this list, which no build needs: what is there in
        // spite of an error is enough
        if args.contains(&HELD) {
            let in_spite = [&["list", "-e"], &args[1..]].concat();
            let listed = run(request, goenv, &in_spite).ok();
            let listed = listed.filter(Output::succeeded);
            if listed.and_then(|output| holds_all(&output)) == Some(true) {
                offline.complete = Some(true);
                continue;
            }
        }
        if !is_between_modules(&output.stderr) {
            offline.read(&output, args, goenv);
        }
        break;
    }
    if offline.complete == Some(false) && offline.troubles.is_empty() {
        // what the cache lacks can't be listed, but what go.sum lacks is told before that
        let packages = lists.last().and_then(|args| run(request, goenv, args).ok());
        offline.unsummed = packages.and_then(|output| unsummed(&output));
    }
    offline
}

impl Offline {
    fn read(&mut self, output: &Output, args: &[&str], goenv: &GoEnv) {
        self.complete = None;
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let context = rules::Context {
            args: Some(&args),
            trace: &[],
        };
        let evidence = rules::scan(&output.stderr, &context);
        let verdict = verdict::decide(&evidence, &[]);
        match verdict.cause {
            Cause::GoproxyDisabled => {
                self.complete = Some(false);
                if goenv.value("GOPROXY").trim() != "off" {
                    return; // the network will tell
                }
            }
            Cause::GoTooOld if goenv.value("GOTOOLCHAIN") != "local" => {
                self.toolchain = wanted(&output.stderr);
                return;
            }
            // said of packages by the second list: a build's own business
            Cause::NotOurs if !args.contains(&"-m".to_owned()) => return,
            _ => {}
        }
        let told = evidence.findings.first();
        let line = told.map_or_else(|| last_line(&output.stderr), |one| one.text.clone());
        let is_known = verdict.cause != Cause::NotOurs;
        let setting = ["GOFLAGS", "GOPROXY", "GOTOOLCHAIN"]
            .into_iter()
            .find(|name| line.contains(name));
        let summary = if is_known {
            words::verdict(&verdict)
        } else {
            tr!("go stops before it fetches anything: {line}", line)
        };
        self.troubles.push(Trouble {
            said: is_known.then_some(line.clone()),
            setting: setting.map(str::to_owned),
            ..trouble(verdict.cause, verdict.reason, summary)
        });
    }
}

/// The line that says what go.sum lacks, without the word that leads on to the next one (`; to add:`).
fn unsummed(output: &Output) -> Option<String> {
    let evidence = rules::scan(&output.stderr, &rules::Context::default());
    let mut findings = evidence.findings.into_iter();
    let found = findings.find(|finding| finding.cause() == Cause::MissingGoSum)?;
    let text = found.text;
    let leads_on = text
        .strip_suffix(':')
        .and_then(|text| text.rsplit_once("; "));
    Some(leads_on.map_or(text.as_str(), |(said, _)| said).to_owned())
}

/// What go would read here without end, or wait for, where nobody asked it to: a pipe, a device, or gigabytes.
fn endless(request: &Request, goenv: &GoEnv) -> Option<String> {
    const BESIDE: &[&str] = &[
        "go.mod",
        "go.sum",
        "go.work",
        "go.work.sum",
        "vendor/modules.txt",
    ];
    const MOST: u64 = 64 << 20;
    let named = ["GOENV", "GOWORK"].into_iter();
    let named = named.filter_map(|name| Some(request.dir.join(request.env.var(name)?)));
    // -modfile=FILE, -overlay=FILE, -pgo=FILE
    let flags = goenv.value("GOFLAGS").split_whitespace();
    let flags = flags.filter_map(|flag| Some(request.dir.join(flag.split_once('=')?.1)));
    let work = gofile::workspace(&request.env, &request.dir);
    let used = work.iter().flat_map(|work| {
        let text = file::text(work, file::Kind::Module).unwrap_or_default();
        let uses = GoFile::parse(&text).uses.into_iter();
        uses.map(|used| work.with_file_name(used.folder))
            .collect::<Vec<_>>()
    });
    let folders = request.dir.ancestors().map(Path::to_owned).chain(used);
    let beside = folders.flat_map(|folder| BESIDE.iter().map(move |name| folder.join(name)));
    named.chain(flags).chain(beside).find_map(|path| {
        let why = match sys::file::open(&path) {
            Ok((_, metadata)) if metadata.len() > MOST => Refusal::TooLarge(MOST),
            Err(sys::file::Refusal::NotAFile) if !path.is_dir() => Refusal::NotAFile,
            _ => return None,
        };
        Some(format!("{}: {why}", path.display()))
    })
}

/// A workspace's own folder is no module of it: `./...`, which only we asked for, has nothing there.
fn is_between_modules(stderr: &[u8]) -> bool {
    let words = b"directory prefix . does not contain modules listed in go.work";
    memchr::memmem::find(stderr, words).is_some()
}

/// go's words, or why there are none.
fn run(request: &Request, goenv: &GoEnv, args: &[&str]) -> Result<Output, String> {
    let go = request.go.clone();
    let go = go.ok_or_else(|| tr!("there is no go on PATH"))?;
    let scratch = scratch::Folder::new().map_err(|error| error.to_string())?;
    let work = request.env.var("GOWORK").unwrap_or_default();
    let output = Tool::at(go, &request.env, &request.dir)
        .env("GOPROXY", "off")
        .env("GONOPROXY", "none") // else private modules go to their repositories
        .env("GOVCS", "*:off")
        .env("GOWORK", work)
        .env("GOCACHE", &scratch.path().to_string_lossy())
        .env("GOFLAGS", &flags(goenv.value("GOFLAGS")))
        .args(args.iter().copied())
        .run(Instant::now() + PATIENCE, &request.cancel)
        .map_err(|error| error.to_string())?;
    match output.end {
        End::Exit(_) => Ok(output),
        End::Deadline => Err(tr!(
            "it took longer than {seconds} s",
            seconds = PATIENCE.as_secs()
        )),
        End::Cancelled => Err(tr!("interrupted")),
    }
}

/// Whether go only says that there is no module here.
fn is_nowhere(stderr: &[u8]) -> bool {
    memchr::memmem::find(stderr, b"go.mod file not found").is_some()
}

/// The user's flags; those that let go write go.mod or start a program are left away.
fn flags(all: &str) -> String {
    let is_meant = |flag: &str| {
        let plain = flag.trim_matches(['"', '\'']);
        let name = plain.trim_start_matches('-').split('=').next();
        !matches!(plain, "-mod=mod" | "--mod=mod")
            && !matches!(name, Some("toolexec" | "exec" | "vettool"))
    };
    let kept: Vec<&str> = quoted(all)
        .into_iter()
        .filter(|flag| is_meant(flag))
        .collect();
    kept.join(" ")
}

/// The words of GOFLAGS, quotes and all: go takes a quoted word whole, where the quote begins it
/// (`cmd/internal/quoted`).
fn quoted(all: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = all.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest[1..].find(first).map(|at| at + 2),
            _ => rest.find(char::is_whitespace),
        };
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

/// Whether go would read a vendor folder (Go modules reference, "Vendoring").
fn is_vendored(request: &Request, goenv: &GoEnv) -> bool {
    let mode = goenv
        .value("GOFLAGS")
        .split_whitespace()
        .find_map(|flag| flag.trim_start_matches('-').strip_prefix("mod="));
    let has_vendor = |dir: &Path| dir.join("vendor/modules.txt").is_file();
    match mode {
        Some(mode) => mode == "vendor",
        None => request
            .dir
            .ancestors()
            .find(|dir| dir.join("go.mod").is_file())
            .is_some_and(has_vendor),
    }
}

/// Asks `go list -m` of each module but the main ones whether its content is there: a line each, of a fixed length, so
/// that those of thousands fit into what is kept of a program's words.
const HELD: &str = "{{if not .Main}}{{if .Dir}}held{{else}}lack{{end}}{{end}}";

/// Whether the cache holds the content of every module; `None`: none is required, or not all of them were heard.
fn holds_all(output: &Output) -> Option<bool> {
    let text = output.text();
    let mut required = text.lines().filter(|line| !line.is_empty()).peekable();
    required.peek()?;
    if required.any(|line| line != "held") {
        return Some(false);
    }
    (!output.is_cut()).then_some(true)
}

/// `1.99` of `go.mod requires go >= 1.99 (running go 1.27.3; GOTOOLCHAIN=local)`.
fn wanted(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let (_, rest) = text.split_once("requires go >= ")?;
    let version = rest.split([' ', '\n', ')']).next()?;
    let plain = !version.is_empty()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    // `go 1.99` is fetched as go1.99.0 (Go toolchains reference, "Go versions")
    let whole = if version.matches('.').count() == 1 && !version.contains(char::is_alphabetic) {
        format!("{version}.0")
    } else {
        version.to_owned()
    };
    plain.then_some(whole)
}

fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    mask::line(line.unwrap_or_default())
}

/// The module path and version under which a toolchain is fetched (Go toolchains reference,
/// "Downloading toolchains").
pub(super) fn toolchain_module(version: &str) -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("v0.0.1-go{version}.{system}-{processor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_flags() {
        let said = b"go: go.mod requires go >= 1.99 (running go 1.27.3; GOTOOLCHAIN=local)\n";
        assert_eq!(wanted(said).as_deref(), Some("1.99.0"));
        assert_eq!(wanted(b"go: requires go >= $(x)\n"), None);
        assert_eq!(flags("-mod=mod -tags=x --toolexec=/x"), "-tags=x");
        assert_eq!(
            flags("'-toolexec=sh x' \"--toolexec=y z\"  '-tags=x y' -v"),
            "'-tags=x y' -v"
        );
        assert!(toolchain_module("1.99").starts_with("v0.0.1-go1.99."));
    }

    #[test]
    fn what_the_cache_lacks() {
        let all = |text: String| {
            holds_all(&Output {
                end: End::Exit(Some(0)),
                stdout: text.into_bytes(),
                stderr: Vec::new(),
            })
        };
        assert_eq!(all("held\nheld\n".into()), Some(true));
        assert_eq!(all("held\nlack\n".into()), Some(false));
        assert_eq!(all("\n".into()), None);
        assert_eq!(all("held\n".repeat(60_000)), None, "more than is kept");
    }
}
