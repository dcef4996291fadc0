//! Staying beside go: streams, signals, exit status; nothing that a user can see changes.

pub mod capture;
pub mod channel;
pub mod handover;
mod running;
pub mod trace;

use std::ffi::CStr;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::sys::{self, CArray, Exit, Lifeline, PollFd, Wiring};
use channel::Channel;
use running::Running;
use trace::Trace;

/// How long a stream may stay open after go's exit before it is copied elsewhere.
const GRACE: Duration = Duration::from_millis(50);
/// How often the size of git's trace is looked at while go runs.
const TRACE_CHECK: Duration = Duration::from_millis(500);

/// What to run.
pub struct Command<'a> {
    /// The program.
    pub path: &'a CStr,
    /// All of argv.
    pub argv: &'a [&'static CStr],
    /// The environment, complete.
    pub env: &'a [&'static CStr],
    /// Where the child writes its pid into the guard.
    pub pid_digits: *mut u8,
}

/// What became of it.
pub struct Outcome {
    /// How go ended.
    pub exit: Exit,
    /// Wall time.
    pub duration: Duration,
    /// Its words, if they went through us.
    pub channel: Option<Channel>,
    /// git's events, if they were asked for.
    pub trace: Option<Trace>,
}

impl Outcome {
    /// Whether go had something to say when nobody read it any more.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.broken)
    }
}

/// Runs go with its words relayed, or (no channel) on the original streams.
/// An error means that go was never started.
pub fn run(
    command: &Command<'_>,
    mut channel: Option<Channel>,
    mut trace: Option<Trace>,
) -> io::Result<Outcome> {
    let (woken, wake) = io::pipe()?;
    sys::set_nonblocking(&woken);
    sys::set_nonblocking(&wake);
    let began = Instant::now();
    let streams = channel.as_ref().map(Channel::streams).unwrap_or_default();
    let lifeline = Lifeline::untied();
    let wiring = Wiring {
        streams: &streams,
        dies_with_us: Some(&lifeline),
        pid_digits: Some(command.pid_digits),
        ..Wiring::default()
    };
    let (argv, env) = (CArray::new(command.argv), CArray::new(command.env));
    let child = sys::spawn(command.path, &argv, &env, &wiring)?;
    sys::watch(
        &child,
        wake.as_raw_fd(),
        channel.as_ref().and_then(Channel::terminals),
    );
    let mut go = Running::new(child.pid, woken);
    if let Some(channel) = &mut channel {
        channel.child_started();
    }
    relay(&mut go, channel.as_mut(), trace.as_mut());
    let duration = began.elapsed();
    if let Some(channel) = &mut channel {
        finish(&mut go, channel);
    }
    sys::watch_no_longer();
    Ok(Outcome {
        exit: go.exit(),
        duration,
        channel,
        trace,
    })
}

/// Passes words on until the child has ended, however much somebody else may still say.
fn relay(go: &mut Running, mut channel: Option<&mut Channel>, mut trace: Option<&mut Trace>) {
    let mut checked = Instant::now();
    while !go.has_ended() {
        look(go, channel.as_deref_mut(), trace.is_some());
        if let Some(trace) = &mut trace
            && checked.elapsed() >= TRACE_CHECK
        {
            trace.bound();
            checked = Instant::now();
        }
    }
}

/// Waits for words, which it passes on, or for a change of the child.
fn look(go: &mut Running, channel: Option<&mut Channel>, traced: bool) {
    let timeout = traced.then_some(TRACE_CHECK);
    let mut polls = [go.poll(), PollFd::unused(), PollFd::unused()];
    let channel = channel.and_then(|channel| {
        [polls[1], polls[2]] = channel.polls()?;
        Some(channel)
    });
    sys::wait_for(&mut polls, timeout);
    let [woken, words, lost] = polls;
    if let Some(channel) = channel {
        if words.is_readable() {
            channel.pass(go); // and learns that nobody reads, if so
        } else if lost.is_broken() {
            channel.close();
        }
    }
    if woken.is_ready() {
        go.look();
    }
}

/// Passes on what is left; a stream that somebody still holds is copied elsewhere.
fn finish(go: &mut Running, channel: &mut Channel) {
    let deadline = Instant::now() + GRACE;
    while let Some([words, _]) = channel.polls() {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut polls = [words];
        sys::wait_for(&mut polls, Some(left));
        if polls[0].is_readable() {
            channel.pass(go);
        }
        if left.is_zero() {
            channel.drain_elsewhere();
        }
    }
}
