//! Waiting for things that happen in other processes: FIFOs, ends, the process table.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

use super::DEADLINE;

/// A FIFO on which a probe's `ready` tells its pid.
pub(crate) struct Ready(File);

impl Ready {
    /// Makes the FIFO.
    pub(crate) fn new(path: &Path) -> Self {
        mkfifo(path);
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        // both ends, so that an open never waits and a read never ends
        Self(
            File::options()
                .read(true)
                .write(true)
                .custom_flags(flags)
                .open(path)
                .unwrap(),
        )
    }

    /// Waits for the next line: a pid.
    pub(crate) fn wait(&mut self) -> i32 {
        let began = Instant::now();
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            wait_readable(
                &self.0,
                DEADLINE.saturating_sub(began.elapsed()),
                "the probe",
            );
            let mut byte = [0];
            if self.0.read(&mut byte).is_ok_and(|count| count == 1) {
                line.push(byte[0]);
            }
        }
        String::from_utf8(line).unwrap().trim().parse().unwrap()
    }
}

/// A FIFO at which a probe awaits a byte; dropping this lets everybody pass.
pub(crate) struct Gate(Option<File>);

impl Gate {
    /// Makes the FIFO.
    pub(crate) fn new(path: &Path) -> Self {
        mkfifo(path);
        Self(Some(
            File::options().read(true).write(true).open(path).unwrap(),
        ))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(mut file) = self.0.take() {
            let _ = file.write_all(&[b'!'; 64]);
            std::mem::forget(file); // the bytes are there only as long as somebody has it open
        }
    }
}

fn mkfifo(path: &Path) {
    let _ = fs::remove_file(path); // a second run over the same sandbox
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

/// Sends a signal to a whole group; it may be gone.
pub(crate) fn signal_group(leader: i32, signal: Signal) {
    let _ = kill_process_group(Pid::from_raw(leader).unwrap(), signal);
}

/// Waits until something can be read, or fails.
pub(crate) fn wait_readable(file: &impl AsFd, patience: Duration, whom: &str) {
    assert!(
        is_readable_within(file, patience),
        "nothing came from {whom} in {patience:?}"
    );
}

/// Waits until something can be read; false if that takes too long.
pub(crate) fn is_readable_within(file: &impl AsFd, patience: Duration) -> bool {
    let mut polls = [PollFd::new(file, PollFlags::IN)];
    let patience = patience.try_into().unwrap();
    poll(&mut polls, Some(&patience)).is_ok_and(|ready| ready > 0)
}

/// Waits for a process to end, or kills it and fails.
pub(crate) fn end_of(child: &mut Child) -> ExitStatus {
    if let Some(pidfd) = pidfd(child.id().cast_signed())
        && !is_readable_within(&pidfd, DEADLINE)
    {
        let _ = child.kill();
        panic!("process {} didn't end in {DEADLINE:?}", child.id());
    }
    child.wait().unwrap()
}

/// Waits for the end of a process or for something to read, but not for ever.
pub(crate) fn end_or_readable(pid: i32, file: &impl AsFd, patience: Duration) {
    if let Some(pidfd) = pidfd(pid) {
        let mut polls = [
            PollFd::new(file, PollFlags::IN),
            PollFd::new(&pidfd, PollFlags::IN),
        ];
        let _ = poll(&mut polls, Some(&patience.try_into().unwrap()));
    }
}

/// Waits until a process that isn't our child is gone; at once if it is gone already.
pub(crate) fn gone(pid: i32) {
    if let Some(pidfd) = pidfd(pid) {
        wait_readable(&pidfd, DEADLINE, &format!("the end of process {pid}"));
    }
}

/// Looks again and again until something is so; for what nobody tells.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "not so in {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(1)); // spares the processor, decides nothing
    }
}

/// Sends a signal; the process may be gone.
pub(crate) fn signal(pid: i32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
}

/// Whether a process exists (a zombie doesn't count).
pub(crate) fn exists(pid: i32) -> bool {
    state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

/// The state letter of proc(5).
pub(crate) fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat[stat.rfind(')')? + 2..].chars().next()
}

/// The processes whose parent this is.
pub(crate) fn children(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    children
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

fn pidfd(pid: i32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}
