//! The fast path: become the real go, or watch it; nothing here loads anything
//! that a pass-through doesn't need. std, and no crate.
//!
//! ```text
//! argv > locate > plan > exec | supervise > capture > hand over
//! ```
//!
//! Comes in: a [`World`]. Goes out: the real go in our place, or its end passed on. gomend uses
//! this crate as a library, and carries it as a [`PROGRAM`] too.

pub mod exit;
pub mod guard;
pub mod locate;
pub mod marker;
pub mod needles;
pub mod plan;
pub mod supervise;
pub mod switch;
pub mod sys;
pub mod words;
pub mod world;

use std::ffi::{CStr, OsStr};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use guard::{Guard, Identity};
use locate::{Go, Missing};
use marker::Marker;
use plan::Plan;
use supervise::channel::Channel;
use supervise::handover::{self, Heard, Sent};
use supervise::trace::{self, Trace};
use supervise::{Command, Outcome};
use sys::{CArray, Exit, Wiring, signal};
use words::Words;
use world::{World, leak};

pub use needles::is_worth_a_look;

/// The program `go` that stands in for the real one: this crate, compiled on its own.
#[cfg(not(gomend_shim))]
pub const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/go"));

/// Acts as `go`; never returns.
pub fn run(world: &World) -> ! {
    if let Some(failed) = marker::start_if_marked(world) {
        let why = failed.to_string();
        complain(world, &words::PROGRAM_NOT_STARTED, &[why.as_bytes()]);
        sys::exit_now(exit::NO_GO);
    }
    let guard = Guard::of(world);
    let own = locate::own_identity();
    if guard.is_exhausted() {
        complain(world, &words::CIRCLES, &[]);
        sys::exit_now(exit::NO_GO);
    }
    let go = match locate::locate(world, &guard, own) {
        Ok(go) => go,
        Err(missing) => {
            sys::exit_now(explain(world, &missing));
        }
    };
    let is_off = world.var("GOMEND").is_some_and(|mode| mode == "off");
    let plan = if is_off || guard.is_nested() {
        Plan::Exec
    } else {
        plan::plan(&world.args)
    };
    // what doesn't fetch by itself fails as well where its toolchain is to be fetched first
    let plan = if plan == Plan::Exec
        && !is_off
        && !guard.is_nested()
        && plan::own_work(&world.args).is_some_and(|folder| switch::is_possible(world, &go, folder))
    {
        Plan::Relay { traced: false }
    } else {
        plan
    };
    if let Some(exit) = watch(world, &guard, own, &go, plan) {
        sys::end_as(exit);
    }
    become_go(world, &guard, own, &go)
}

/// The same process, the real go.
fn become_go(world: &World, guard: &Guard, own: Option<Identity>, go: &Go) -> ! {
    let entry = guard.entry(sys::own_pid(), own, go.identity);
    let (argv, env) = (
        CArray::new(&world.args),
        CArray::new(&world.env_with(&[entry.text])),
    );
    let path = leak(&go.path);
    let mut error = sys::exec(path, &argv, &env);
    if error.raw_os_error() == Some(sys::ENOEXEC) {
        error = sys::exec_script(path, &world.args, &env);
    }
    let why = error.to_string();
    complain(world, &words::NOT_EXECUTED, &[&go.path, why.as_bytes()]);
    sys::exit_now(code_of(&error))
}

/// Runs go below us. `None`: go wasn't started, because it needs no watching or can't be watched.
fn watch(world: &World, guard: &Guard, own: Option<Identity>, go: &Go, plan: Plan) -> Option<Exit> {
    if plan == Plan::Exec || (0..3).any(|fd| sys::metadata_of(fd).is_err()) {
        return None; // in place of a closed stream there would be a descriptor of ours
    }
    if sys::is_nowhere(2) && world.set_var("GOMEND_REPORT").is_none() {
        return None; // nobody would hear us
    }
    let Run { outcome, heard } = attempt(world, guard, own, go, plan)?;
    if outcome.is_unread() {
        return Some(Exit::Signal(signal::PIPE)); // as go would have died of its own write
    }
    let exit = outcome.exit;
    let heard = heard.filter(|_| exit != Exit::Code(0) && !sys::interrupted());
    let last = heard.and_then(|heard| hand_over(world, go, &outcome, heard));
    Some(last.unwrap_or(exit))
}

/// A go that ran below us.
pub struct Run {
    /// How it went.
    pub outcome: Outcome,
    /// How much of its words was heard; `None`: its program has spoken, and that is none of our business.
    pub heard: Option<Heard>,
}

/// Runs go once below us, as planned. `None`: it wasn't started.
fn attempt(
    world: &World,
    guard: &Guard,
    own: Option<Identity>,
    go: &Go,
    plan: Plan,
) -> Option<Run> {
    let (channel, trace, marker) = match plan {
        Plan::Exec => return None,
        Plan::Relay { traced } => {
            let channel = Channel::open().ok()?;
            (
                Some(channel),
                if traced { Trace::open(world) } else { None },
                None,
            )
        }
        Plan::Run { flags_at } => (None, None, Some(Marker::set(world, go, flags_at)?)),
        Plan::Tool => (None, None, None),
    };
    let entry = guard.entry(0, own, go.identity);
    let mut entries = vec![entry.text];
    entries.extend(trace.as_ref().map(|trace| trace.entry));
    entries.extend(marker.as_ref().map(|marker| marker.entry));
    let command = Command {
        path: leak(&go.path),
        argv: marker.as_ref().map_or(&world.args, |marker| &marker.argv),
        env: &world.env_with(&entries),
        pid_digits: entry.pid_digits(),
    };
    let outcome = supervise::run(&command, channel, trace).ok()?;
    let heard = match (&outcome.channel, &marker) {
        (Some(channel), _) if channel.both => Some(Heard::Both),
        (Some(_), _) => Some(Heard::Stderr),
        (None, Some(marker)) if !marker.program_started() => Some(Heard::Nothing),
        (None, None) => Some(Heard::Nothing), // whether the tool was built, gomend finds out
        (None, _) => None,
    };
    Some(Run { outcome, heard })
}

/// For gomend, which stands below a shim that waits: go once more, watched as it was the first time;
/// the program of a `go run`, whose streams are its own, unwatched.
#[cfg(not(gomend_shim))]
#[must_use]
pub fn again(world: &World, go: &Path) -> Option<Run> {
    let guard = Guard::of(world);
    let go = locate::at(go).ok()?;
    let plan = match plan::plan(&world.args) {
        Plan::Run { .. } => Plan::Tool,
        plan => plan,
    };
    attempt(world, &guard, locate::own_identity(), &go, plan)
}

/// Lets gomend look at the failure, if it may be one of a fetch, and waits for it; how go ended if
/// gomend has run it once more.
fn hand_over(world: &World, go: &Go, outcome: &Outcome, heard: Heard) -> Option<Exit> {
    let words = outcome.channel.as_ref();
    let words = words.map_or([&[][..]; 3], |channel| channel.capture.parts());
    let says_json = world.args.iter().any(|arg| {
        [&b"-json"[..], b"--json"]
            .iter()
            .any(|flag| arg.to_bytes().starts_with(flag))
    });
    let is_hidden = heard == Heard::Nothing || (heard == Heard::Stderr && says_json);
    let has_failed = outcome.trace.as_ref().is_some_and(Trace::holds_an_error);
    if !(is_hidden || has_failed || words.iter().any(|part| is_worth_a_look(part))) {
        return None;
    }
    let sent = Sent {
        argv: &world.args,
        go: &go.path,
        exit: outcome.exit,
        duration: outcome.duration,
        heard,
        words,
        trace: outcome.trace.as_ref().map(Trace::file),
    };
    start_gomend(world, &sent)
}

fn start_gomend(world: &World, sent: &Sent<'_>) -> Option<Exit> {
    let (gomend, file) = (gomend(world)?, sent.write(trace::MOST).ok()?);
    let length = file.metadata().ok()?.len();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
    let argv = [
        c"gomend",
        leak(handover::COMMAND.as_bytes()),
        leak(fd.to_string().as_bytes()),
    ];
    let wiring = Wiring {
        keep: Some(fd),
        ..Wiring::default()
    };
    let path = leak(gomend.as_os_str().as_bytes());
    let child = sys::spawn(path, &CArray::new(&argv), &CArray::new(&world.env), &wiring).ok()?;
    sys::hand_on_to(child.pid);
    sys::unblock(&child);
    let ended = sys::wait(child.pid);
    if !matches!(ended, Exit::Code(_)) && !sys::interrupted() && sys::is_terminal(2) {
        complain(world, &words::BROKE_OFF, &[]);
    }
    handover::answered(&file, length)
}

/// The other program: beside us, else on PATH, whose relative entries don't count: the folder that somebody
/// stands in starts nothing that go alone wouldn't.
fn gomend(world: &World) -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    if own.file_name() == Some(OsStr::new("gomend")) {
        return Some(own);
    }
    let beside = own.with_file_name("gomend");
    let path = world.var("PATH").map_or(&b""[..], OsStr::as_bytes);
    let on_path = path
        .split(|&byte| byte == b':')
        .filter(|folder| folder.starts_with(b"/"))
        .map(|folder| Path::new(OsStr::from_bytes(folder)).join("gomend"));
    std::iter::once(beside)
        .chain(on_path)
        .find(|path| path.is_file())
}

/// As shells do it: 126 for a program that is there, 127 for one that isn't.
fn code_of(error: &io::Error) -> i32 {
    match error.kind() {
        io::ErrorKind::NotFound => exit::NO_GO,
        _ => exit::FORBIDDEN,
    }
}

/// Says why there is nothing to run; the exit code.
fn explain(world: &World, missing: &Missing) -> i32 {
    let named = world.var("GOMEND_GO").map_or(&b""[..], OsStr::as_bytes);
    let path = world.var("PATH").map_or(&b""[..], OsStr::as_bytes);
    match missing {
        Missing::Named(error) => {
            let why = error.to_string();
            complain(world, &words::NAMED_BROKEN, &[named, why.as_bytes()]);
            return code_of(error);
        }
        Missing::Forbidden(path) => {
            let why = io::Error::from_raw_os_error(sys::EACCES).to_string();
            complain(world, &words::NOT_EXECUTED, &[path, why.as_bytes()]);
            return exit::FORBIDDEN;
        }
        Missing::NamedLeadsBack => complain(world, &words::NAMED_LEADS_BACK, &[named]),
        Missing::NotOnPath if path.is_empty() => complain(world, &words::PATH_EMPTY, &[]),
        Missing::NotOnPath => complain(world, &words::NOT_ON_PATH, &[path]),
        Missing::OnlyLoops => complain(world, &words::ONLY_LOOPS, &[path]),
    }
    exit::NO_GO
}

/// One line on stderr; control characters in it are shown as `?`.
fn complain(world: &World, words: &Words, values: &[&[u8]]) {
    let mut line = b"gomend: ".to_vec();
    line.extend(words.told(world, values).iter().map(|&byte| {
        if byte < b' ' || byte == 0x7f {
            b'?'
        } else {
            byte
        }
    }));
    line.push(b'\n');
    let _ = sys::borrowed(2).write_all(&line); // nowhere else to say it
}

/// `argv[0]`'s last element.
#[must_use]
pub fn called_as(world: &World) -> Option<&'static [u8]> {
    let name: &'static CStr = world.args.first()?;
    name.to_bytes().rsplit(|&byte| byte == b'/').next()
}
