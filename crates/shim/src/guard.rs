//! The guard against loops of shims that start each other.
//!
//! `_GOMEND_GUARD=PID.COUNT.HASH.DEV-INO,DEV-INO...`: who was started last, how
//! often we have passed, a hash of the arguments, and the programs tried so far.
//! Somebody led back to us while our pid (a loop of exec) or our parent's (a loop of
//! spawn) is the recorded one; else this is a fresh start, for instance in a
//! shell below `go run`. The tried programs count only for the same arguments:
//! a go command started by go itself may use that go again. The count goes on for the
//! same arguments whoever started us, since a shim may start another through a subshell.

use std::ffi::{CStr, OsStr};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use crate::sys;
use crate::world::{World, leak};

/// The variable that carries the guard. It doesn't begin with `GO`, so that whoever lists Go's
/// variables below go finds those alone.
pub const VARIABLE: &str = "_GOMEND_GUARD";

/// More passes than any chain of version managers needs.
const MOST_PASSES: u32 = 10;

/// A program file, however it is called: device and inode.
pub type Identity = (u64, u64);

/// What earlier passes have left for this one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Passes so far; 0 is a fresh start.
    pub passes: u32,
    /// Programs that led back to us with these arguments.
    pub tried: Vec<Identity>,
    nested: bool,
    hash: u64,
}

/// The environment entry for the next program.
pub struct Entry {
    /// `_GOMEND_GUARD=...`.
    pub text: &'static CStr,
}

impl Guard {
    /// The guard in force for this process.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let hash = hash_of(&world.args);
        let fresh = Self {
            hash,
            ..Self::default()
        };
        let Some(value) = world.var(VARIABLE) else {
            return fresh;
        };
        let Some((pid, passes, old_hash, tried)) = parse(value) else {
            return fresh;
        };
        let nested = pid == sys::own_pid() || pid == sys::parent_pid();
        let same = old_hash == hash;
        if !nested && !same {
            return fresh;
        }
        Self {
            passes,
            tried: if nested && same { tried } else { Vec::new() },
            nested,
            hash,
        }
    }

    /// Whether another gomend has started us on its way to the real go.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.nested
    }

    /// Whether this can only be a loop.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.passes >= MOST_PASSES
    }

    /// The guard for `next`, with `pid` as the process that becomes it.
    #[must_use]
    pub fn entry(&self, pid: i32, own: Option<Identity>, next: Identity) -> Entry {
        let mut text = format!("{VARIABLE}={pid:010}.{}.{:x}.", self.passes + 1, self.hash);
        for (dev, ino) in self.tried.iter().copied().chain(own).chain([next]) {
            let _ = write!(text, "{dev:x}-{ino:x},"); // a String takes everything
        }
        Entry {
            text: leak(text.as_bytes()),
        }
    }
}

impl Entry {
    /// The ten digits of the pid, for a child that writes its own.
    #[must_use]
    pub fn pid_digits(&self) -> *mut u8 {
        self.text
            .as_ptr()
            .wrapping_add(VARIABLE.len() + 1)
            .cast_mut()
            .cast()
    }
}

fn parse(value: &OsStr) -> Option<(i32, u32, u64, Vec<Identity>)> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    let mut fields = text.splitn(4, '.');
    let pid = fields.next()?.parse().ok()?;
    let passes = fields.next()?.parse().ok()?;
    let hash = u64::from_str_radix(fields.next()?, 16).ok()?;
    let tried = fields
        .next()?
        .split_terminator(',')
        .map(identity)
        .collect::<Option<_>>()?;
    Some((pid, passes, hash, tried))
}

fn identity(text: &str) -> Option<Identity> {
    let (dev, ino) = text.split_once('-')?;
    Some((
        u64::from_str_radix(dev, 16).ok()?,
        u64::from_str_radix(ino, 16).ok()?,
    ))
}

/// FNV-1a over the arguments behind `argv[0]`.
fn hash_of(args: &[&CStr]) -> u64 {
    let bytes = args.iter().skip(1).flat_map(|arg| arg.to_bytes_with_nul());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(guard: Option<&str>, args: &[&str]) -> World {
        let args = args.iter().map(|arg| leak(arg.as_bytes())).collect();
        let env = guard
            .iter()
            .map(|g| leak(format!("{VARIABLE}={g}").as_bytes()))
            .collect();
        World { args, env }
    }

    #[test]
    fn what_is_written_is_read_by_the_next_pass() {
        let first = Guard::of(&world(None, &["go", "version"]));
        let entry = first.entry(sys::own_pid(), Some((1, 2)), (3, 0xff));
        let text = entry.text.to_str().unwrap().split_once('=').unwrap().1;
        let second = Guard::of(&world(Some(text), &["go", "version"]));
        assert_eq!((second.passes, second.tried), (1, vec![(1, 2), (3, 0xff)]));
        let other = Guard::of(&world(Some(text), &["go", "env"]));
        assert_eq!((other.passes, other.tried), (1, vec![]));
    }

    #[test]
    fn a_guard_of_strangers_or_nonsense_is_a_fresh_start() {
        for text in ["0000000001.3.0.", "", "x.y.z", "1.1", "\u{fffd}"] {
            let guard = Guard::of(&world(Some(text), &["go"]));
            assert_eq!((guard.passes, guard.tried), (0, vec![]), "{text}");
        }
    }

    #[test]
    fn a_stranger_with_our_arguments_is_counted_but_not_nested() {
        let first = Guard::of(&world(None, &["go", "version"]));
        let entry = first.entry(1, None, (3, 4));
        let text = entry.text.to_str().unwrap().split_once('=').unwrap().1;
        let second = Guard::of(&world(Some(text), &["go", "version"]));
        assert_eq!(
            (second.passes, second.nested, second.tried),
            (1, false, vec![])
        );
    }
}
