//! A program in a session of its own. gomend only, never the shim.

#![expect(unsafe_code, reason = "the one place for libc calls")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets the program lead a session of its own (setsid(2)): it has no controlling terminal, so an
/// interactive shell neither waits to be in the foreground nor changes the terminal's settings.
pub fn own_session(command: &mut Command) {
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
