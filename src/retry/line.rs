//! A go command line: whether it may be repeated, how, and what of it only fetches.
//!
//! In: what was typed, and what go printed. Out: the [`Way`], or go once more, quietly.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::settings::Env;
use crate::supervise::handover::{Handover, Heard};
use crate::sys;
use crate::tool::{Cancel, Output, TICK, Tool};

/// How long downloads that are made good may take.
const FETCH: Duration = Duration::from_secs(600);

/// How a command may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As it was typed: all it did was to download.
    Repeat,
    /// Its downloads first, then the command: go stopped at loading.
    Fetch,
}

/// Commands that may be repeated at all.
const KNOWN: [&str; 8] = [
    "mod download",
    "get",
    "install",
    "build",
    "test",
    "run",
    "vet",
    "generate",
];

/// Flags of `go run` of which it is known that no value follows in a word of its own (`go help build`).
const BARE: [&str; 6] = ["race", "msan", "asan", "trimpath", "a", "v"];

/// A go command line, as far as repeating is concerned.
pub(super) struct CommandLine {
    /// `mod download` is one.
    pub(super) command: String,
    /// What stands behind the command words.
    rest: Vec<String>,
    /// The folder of `-C`.
    dir: Option<String>,
}

impl CommandLine {
    /// `None`: the command is none that may be repeated.
    pub(super) fn of(handover: &Handover) -> Option<Self> {
        let mut words = Vec::new();
        let mut args = handover.argv.iter().skip(1);
        let mut dir = None;
        while let Some(arg) = args.next() {
            let arg = arg.to_str()?;
            let flag = arg.trim_start_matches('-');
            match flag.strip_prefix("C=") {
                Some(named) if arg.starts_with('-') && words.len() < 3 => {
                    dir = Some(named.to_owned());
                }
                None if arg.starts_with('-') && flag == "C" && words.len() < 3 => {
                    dir = Some(args.next()?.to_str()?.to_owned());
                }
                _ => words.push(arg.to_owned()),
            }
        }
        let mut words = words.into_iter();
        let command = match words.next()?.as_str() {
            "mod" if words.next()? == "download" => "mod download".to_owned(),
            "mod" => return None,
            other => other.to_owned(),
        };
        let rest: Vec<String> = words.collect();
        // what is read once is gone, what was printed for a program would be printed twice
        let speaks_once = rest.iter().any(|arg| {
            let flag = arg.trim_start_matches('-');
            let reads = ["/dev/stdin", "/dev/fd/", "/proc/self/fd/"];
            arg.starts_with('-') && matches!(flag.split('=').next(), Some("json" | "n"))
                || reads.iter().any(|file| arg.contains(file))
        });
        (KNOWN.contains(&command.as_str()) && !speaks_once).then_some(Self { command, rest, dir })
    }

    /// How it may be repeated, by what go printed; `None`: not at all.
    pub(super) fn way(&self, handover: &Handover) -> Option<Way> {
        match self.command.as_str() {
            "mod download" => Some(Way::Repeat),
            "get" => is_loading(&handover.words, &is_go).then_some(Way::Repeat),
            "install" if self.names().any(|name| name.contains('@')) => {
                is_loading(&handover.words, &is_go).then_some(Way::Repeat)
            }
            "run" => (handover.heard == Heard::Nothing).then_some(Way::Fetch),
            // a generator may print what it likes
            "generate" => is_loading(&handover.words, &is_go).then_some(Way::Fetch),
            "test" => {
                let fits = |line: &str| is_go(line) || is_source(line) || self.is_set_up(line);
                is_loading(&handover.words, &fits).then_some(Way::Fetch)
            }
            _ => is_loading(&handover.words, &|line: &str| {
                is_go(line) || is_source(line)
            })
            .then_some(Way::Fetch),
        }
    }

    /// Arguments that are no flags; a flag's value may be among them.
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.rest.iter().map(String::as_str);
        names.filter(|name| !name.starts_with('-'))
    }

    /// A line about a package that could not be loaded, where no other one can have been tested: since
    /// Go 1.22 the others are.
    fn is_set_up(&self, line: &str) -> bool {
        let (mut names, one) = (self.names(), self.names().count() <= 1);
        let one = one && !names.any(|name| name.contains("...") || name == "all" || name == "std");
        one && (line.starts_with("# ") || line == "FAIL" || line.ends_with(" [setup failed]"))
    }

    /// Downloads what the module here needs, into the same cache.
    pub(super) fn download(&self, go: &Path, env: &Env) -> Option<Output> {
        let modfile = self.rest.iter().find(|arg| arg.contains("-modfile="));
        let args = ["mod", "download"].into_iter();
        self.run(go, env, args.chain(modfile.map(String::as_str)))
    }

    /// Loads the packages of a `go run` as it does, and downloads what they need.
    pub(super) fn load(&self, go: &Path, env: &Env) -> Option<Output> {
        if self.command != "run" {
            return None;
        }
        let mut flags = Vec::new();
        let mut rest = self.rest.iter().map(String::as_str).peekable();
        while let Some(flag) = rest.next_if(|arg| arg.starts_with('-')) {
            let name = flag.trim_start_matches('-');
            if !name.contains('=') && !BARE.contains(&name) {
                return None; // which word is the package can't be told
            }
            if !name.starts_with("exec=") {
                flags.push(flag);
            }
        }
        let package = rest.next()?;
        let files = std::iter::from_fn(|| {
            rest.next_if(|_| is_file(package))
                .filter(|arg| is_file(arg))
        });
        let list = ["list", "-x", "-deps", "-f", "{{.ImportPath}}"].into_iter();
        let named: Vec<&str> = list.chain(flags).chain([package]).chain(files).collect();
        self.run(go, env, named.into_iter())
    }

    /// Runs go quietly, with the user's own environment, where the command ran.
    fn run<'a>(&self, go: &Path, env: &Env, args: impl Iterator<Item = &'a str>) -> Option<Output> {
        let here = std::env::current_dir().ok()?;
        let dir = self.dir.as_ref().map_or(here.clone(), |dir| here.join(dir));
        let mut env = env.clone();
        env.remove("GOMEND_REPORT");
        if self.dir.is_some() {
            env.remove("PWD");
        }
        let deadline = Instant::now() + FETCH;
        let (cancel, watched) = (Cancel::default(), Cancel::default());
        let (ends, done) = (cancel.clone(), watched.clone());
        let watch = std::thread::spawn(move || {
            while !done.is_cancelled() {
                if sys::interrupted() {
                    ends.cancel();
                }
                std::thread::sleep(TICK);
            }
        });
        let output = Tool::alone(go.to_owned(), env, &dir)
            .args(args)
            .run(deadline, &cancel)
            .ok();
        watched.cancel();
        let _ = watch.join();
        output
    }
}

/// Whether go takes this argument for a file of a package.
fn is_file(arg: &str) -> bool {
    Path::new(arg)
        .extension()
        .is_some_and(|extension| extension == "go")
}

/// Whether all of go's words are such as `fits`, or belong to one of these (indented).
fn is_loading(words: &[u8], fits: &dyn Fn(&str) -> bool) -> bool {
    String::from_utf8_lossy(words)
        .lines()
        .all(|line| line.trim().is_empty() || line.starts_with(['\t', ' ']) || fits(line))
}

/// A line of go's own, of before it changed anything.
fn is_go(line: &str) -> bool {
    const DONE: [&str; 4] = ["added ", "upgraded ", "downgraded ", "removed "];
    let own = line.strip_prefix("go: ");
    own.is_some_and(|own| !DONE.iter().any(|done| own.starts_with(done)))
}

/// An import that could not be loaded: `FILE.go:LINE:COLUMN: `.
fn is_source(line: &str) -> bool {
    let place = line.split_once(".go:").map(|(_, place)| place);
    place.is_some_and(|place| place.starts_with(|next: char| next.is_ascii_digit()))
}
