//! A program in a session of its own. gomend only, never the shim.

#![expect(unsafe_code, reason = "the one place for libc calls")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets the program lead a session of its own (setsid(2)): it has no controlling terminal, so an
/// interactive shell neither waits to be in the foreground nor changes the terminal's settings.
pub(crate) fn own_session(command: &mut Command) {
    let detach = || {
        // SAFETY: setsid is async-signal-safe and takes nothing.
        if unsafe { libc::setsid() } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only setsid(2) runs, which allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(detach);
    }
}

/// Whether a process is stopped (proc(5), `/proc/PID/stat`: field 3 is `T` or `t`); false where that
/// can't be learnt.
#[must_use]
pub fn is_stopped(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let behind_name = stat.rsplit_once(") ").map(|(_, rest)| rest);
        behind_name.is_some_and(|rest| rest.starts_with(['T', 't']))
    })
}

/// When a process was started, by the wall clock, to 1/100 s; `None` where it can't be learnt
/// (proc(5), `/proc/PID/stat`: field 22, in ticks since boot, of which a second has 100).
#[must_use]
pub fn started(pid: i32) -> Option<std::time::SystemTime> {
    use std::time::{Duration, SystemTime};
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let behind_name = stat.rsplit_once(") ")?.1; // field 3 and those behind it
    let ticks: u64 = behind_name.split(' ').nth(19)?.parse().ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
    let age = (uptime - Duration::from_millis(ticks * 10).as_secs_f64()).max(0.0);
    SystemTime::now().checked_sub(Duration::from_secs_f64(age))
}

/// Whether our stderr is the log of the job that `is_job` knows by its environment (`NAME=value`
/// entries, each ended by a zero), and no pipe or file in which a script captures go's words.
///
/// It is the log if whoever called the shim isn't part of the job, or has it as stderr too, or as
/// stdout (`go build 2>&1` in a script whose streams are two), which its own caller in the job has
/// as well. Where
/// that can't be learnt (no /proc, another user's process, process 1 of a container), it is
/// taken for the log. This process is a child of the shim.
#[must_use]
pub fn stderr_is_the_log(is_job: impl Fn(&[u8]) -> bool) -> bool {
    let seen = || {
        let own = stream(std::process::id().cast_signed(), 2)?;
        let caller = parent_of(super::parent_pid())?;
        let theirs = stream(caller, 2)?;
        let is_outside = |pid| {
            std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| !is_job(&environ))
        };
        let has_stdout = |pid| stream(pid, 1) == Some(own);
        let is_passed_down = |pid| has_stdout(pid) || is_outside(pid);
        Some(
            theirs == own
                || is_outside(caller)
                || has_stdout(caller) && parent_of(caller).is_some_and(is_passed_down),
        )
    };
    seen().unwrap_or(true)
}

/// proc(5), `/proc/PID/stat`, field 4.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Device and inode of what a process has open there.
fn stream(pid: i32, fd: i32) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(format!("/proc/{pid}/fd/{fd}")).ok()?;
    Some((file.dev(), file.ino()))
}
