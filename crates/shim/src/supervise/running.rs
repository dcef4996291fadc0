//! A go that runs, or has just ended.

use std::io::{PipeReader, Read};
use std::os::fd::AsRawFd;

use crate::sys::{self, Change, Exit, PollFd};

/// go, and what is known of its end.
pub(super) struct Running {
    pid: i32,
    /// Readable when the child may have changed.
    woken: PipeReader,
    exit: Option<Exit>,
}

impl Running {
    /// `woken` is the other end of what [`sys::watch`] was given.
    pub(super) fn new(pid: i32, woken: PipeReader) -> Self {
        Self {
            pid,
            woken,
            exit: None,
        }
    }

    /// Waits for a change of the child, and for signals when it is gone.
    pub(super) fn poll(&self) -> PollFd {
        PollFd::readable(self.woken.as_raw_fd())
    }

    /// Learns what became of the child; stops when it was stopped.
    pub(super) fn look(&mut self) {
        let _ = self.woken.read(&mut [0; 64]); // empty is fine: it only ends the poll
        if self.exit.is_some() {
            return;
        }
        let before = sys::continued();
        sys::look_begins();
        match sys::look_at(self.pid) {
            Some(Change::Ended(exit)) => {
                sys::hand_on_to_nobody();
                self.exit = Some(exit);
            }
            Some(Change::Stopped(signal)) => sys::stop_as_well(signal, before),
            None => sys::look_found_it_alive(),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Whether a signal ended go, or would have by now: then nobody waits until its last words
    /// are taken.
    pub(super) fn was_killed(&self) -> bool {
        matches!(self.exit, Some(Exit::Signal(_)))
    }

    /// Somebody asks for the end while go's last words aren't taken, which go would still be
    /// waiting for.
    pub(super) fn is_cut_short(&mut self) -> bool {
        if let (Some(Exit::Code(_)), Some(signal)) = (self.exit, sys::unheard()) {
            self.exit = Some(Exit::Signal(signal));
        }
        self.was_killed()
    }

    /// How go ended; asked when it has.
    pub(super) fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Code(1))
    }
}
