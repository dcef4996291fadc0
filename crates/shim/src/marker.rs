//! Did the program of `go run` start? Its streams are its own and are never
//! touched, so the only way to tell a failed fetch from a failed program is to see
//! the program begin: `go run -exec=MARKER` (go help run) starts it through this
//! very executable, which notes the start and becomes the program.
//!
//! Linux only: the marker is `/proc/PID/exe` of the watching shim, so nothing has to
//! be written anywhere. Elsewhere `go run` is executed unwatched.

use std::ffi::{CStr, OsStr};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::locate::Go;
use crate::sys::{self, CArray};
use crate::world::{World, leak};

/// Names the note that a marker writes to: `/proc/PID/fd/N`.
const VARIABLE: &str = "_GOMEND_MARK";

/// A `go run` that will tell when its program starts.
pub struct Marker {
    note: File,
    /// argv with the `-exec` flag.
    pub argv: Vec<&'static CStr>,
    /// The environment entry for the child.
    pub entry: &'static CStr,
}

impl Marker {
    /// Prepares argv, unless the user's own settings speak of `-exec`, show commands
    /// (`-x`, `-n`) or build for another system: then nothing is touched.
    #[must_use]
    pub fn set(world: &World, go: &Go, flags_at: usize) -> Option<Self> {
        if flags_at > world.args.len() || is_taken(world, go) || may_not_start(world) {
            return None;
        }
        let own = sys::own_proc()?;
        let note = sys::nameless_file(c"gomend-mark").ok()?;
        let mut argv = world.args.clone();
        argv.insert(flags_at, leak(format!("-exec={own}/exe").as_bytes()));
        let entry = leak(format!("{VARIABLE}={own}/fd/{}", note.as_raw_fd()).as_bytes());
        Some(Self { note, argv, entry })
    }

    /// Whether the program was reached.
    #[must_use]
    pub fn program_started(&self) -> bool {
        self.note
            .metadata()
            .is_ok_and(|metadata| metadata.len() > 0)
    }
}

/// Started as a marker (`argv[0]` is `/proc/PID/exe` of the shim that watches, and the
/// note is that shim's): notes it and becomes the program. Returns only why that failed.
#[must_use]
pub fn start_if_marked(world: &World) -> Option<io::Error> {
    let name = world.args.first()?.to_bytes();
    let pid = name.strip_prefix(b"/proc/")?.strip_suffix(b"/exe")?;
    let note = world.var(VARIABLE)?;
    let watched = note.as_bytes().strip_prefix(b"/proc/")?.strip_prefix(pid)?;
    if !watched.starts_with(b"/fd/") || world.args.len() < 2 {
        return None;
    }
    if let Ok(mut file) = File::options().append(true).open(note) {
        let _ = file.write_all(b"started\n"); // unnoted only means: silence afterwards is lost
    }
    let env: Vec<_> = world
        .env
        .iter()
        .copied()
        .filter(|entry| !is_mark(entry))
        .collect();
    Some(sys::exec(
        world.args[1],
        &CArray::new(&world.args[1..]),
        &CArray::new(&env),
    ))
}

fn is_mark(entry: &CStr) -> bool {
    let value = entry.to_bytes().strip_prefix(VARIABLE.as_bytes());
    value.is_some_and(|value| value.starts_with(b"="))
}

/// Where go puts the program can't be executed from, which only go can say in its words; or the
/// note can't be written.
fn may_not_start(world: &World) -> bool {
    let folder = |names: &[&str]| names.iter().find_map(|name| world.set_var(name));
    let made = folder(&["GOTMPDIR", "TMPDIR"]).unwrap_or(OsStr::new("/tmp"));
    let kept = folder(&["GOCACHE", "XDG_CACHE_HOME", "HOME"]);
    sys::most_of_a_file().is_some()
        || sys::forbids_programs(Path::new(made))
        || kept.is_some_and(|kept| sys::forbids_programs(Path::new(kept)))
}

fn is_taken(world: &World, go: &Go) -> bool {
    let in_argv = world.args.iter().any(|arg| is_telling_flag(arg.to_bytes()));
    let in_env = ["GOOS", "GOARCH"]
        .iter()
        .any(|name| world.set_var(name).is_some())
        || world
            .var("GOFLAGS")
            .is_some_and(|flags| has_telling_flag(flags.as_bytes()));
    let files = [env_file(world), toolchain_file(go)];
    in_argv || in_env || files.iter().flatten().any(|path| file_is_telling(path))
}

fn is_telling_flag(arg: &[u8]) -> bool {
    let Some(flag) = arg.strip_prefix(b"-") else {
        return false;
    };
    let flag = flag.strip_prefix(b"-").unwrap_or(flag);
    let name = flag.split(|&byte| byte == b'=').next().unwrap_or(flag);
    matches!(name, b"exec" | b"x" | b"n")
}

fn has_telling_flag(flags: &[u8]) -> bool {
    flags.split(u8::is_ascii_whitespace).any(|flag| {
        is_telling_flag(
            flag.strip_prefix(b"'")
                .or(flag.strip_prefix(b"\""))
                .unwrap_or(flag),
        )
    })
}

/// The file of `go env -w` (go help environment; os.UserConfigDir).
pub(crate) fn env_file(world: &World) -> Option<PathBuf> {
    match world.set_var("GOENV") {
        Some(off) if off == OsStr::new("off") => None,
        Some(file) => Some(PathBuf::from(file)),
        None => {
            let config = world.set_var("XDG_CONFIG_HOME").map(PathBuf::from);
            let home = world
                .set_var("HOME")
                .map(|home| PathBuf::from(home).join(".config"));
            Some(config.or(home)?.join("go/env"))
        }
    }
}

/// `GOROOT/go.env`, the layer below the user's file.
fn toolchain_file(go: &Go) -> Option<PathBuf> {
    let program = fs::canonicalize(OsStr::from_bytes(&go.path)).ok()?;
    Some(program.parent()?.parent()?.join("go.env"))
}

/// A file of go's settings is never larger than this, bytes.
pub(crate) const MOST: u64 = 4 << 20;

fn file_is_telling(path: &Path) -> bool {
    let Ok(text) = sys::file::read(path, MOST) else {
        return false;
    };
    text.split(|&byte| byte == b'\n').any(|line| {
        [&b"GOOS="[..], b"GOARCH=", b"GOTMPDIR="]
            .iter()
            .any(|name| line.starts_with(name))
            || line.strip_prefix(b"GOFLAGS=").is_some_and(has_telling_flag)
    })
}
