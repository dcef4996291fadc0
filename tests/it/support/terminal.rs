//! A terminal with a person before it: a session of its own, keys, a window that
//! can be resized, and what is on the screen so far.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcgetpgrp, tcsetwinsize};

use super::event::{end_of, end_or_readable, is_readable_within, signal_group};
use super::{DEADLINE, How};

/// Ctrl-C.
pub(crate) const CTRL_C: &str = "\x03";
/// Ctrl-Z.
pub(crate) const CTRL_Z: &str = "\x1a";
/// Ctrl-\.
pub(crate) const CTRL_BACKSLASH: &str = "\x1c";

/// A terminal in which one program runs.
pub(crate) struct Terminal {
    master: File,
    child: Child,
    seen: Vec<u8>,
    looked_at: usize,
}

impl Terminal {
    /// Starts a program as the leader of the terminal's session.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the terminal is closed with the command"
    )]
    pub(crate) fn start(command: Command) -> Self {
        // setsid(1) makes the session and takes the terminal on stdin as its own
        let mut leader = Command::new("setsid");
        leader
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        leader.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if let Some(folder) = command.get_current_dir() {
            leader.current_dir(folder);
        }
        Self::of(leader)
    }

    /// Starts a program that makes itself the leader of the terminal's session, 24 rows by 80
    /// columns.
    pub(crate) fn of(mut leader: Command) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        resize(&master, 24, 80);
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
        let other = || slave.try_clone().unwrap();
        let child = leader
            .stdin(other())
            .stdout(other())
            .stderr(other())
            .spawn()
            .unwrap();
        Self {
            master: master.into(),
            child,
            seen: Vec::new(),
            looked_at: 0,
        }
    }

    /// The end that we hold: it tells the terminal's settings, also when everybody has left the other.
    pub(crate) fn hold(&self) -> OwnedFd {
        self.master.try_clone().unwrap().into()
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// The foreground process group.
    pub(crate) fn foreground(&self) -> i32 {
        tcgetpgrp(&self.master).unwrap().as_raw_nonzero().get()
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Changes the window's size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        resize(&self.master, rows, columns);
    }

    /// Waits until `text` appears behind what was waited for before.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let began = Instant::now();
        while !self.advance(text) {
            let left = DEADLINE.saturating_sub(began.elapsed());
            let came = is_readable_within(&self.master, left) && self.take();
            assert!(came, "no {text:?} on the screen: {}", self.screen());
        }
    }

    /// Waits for each text, and presses the keys beside it.
    pub(crate) fn answer(&mut self, steps: &[(&str, &str)]) {
        for (text, keys) in steps {
            self.wait_for(text);
            self.press(keys);
        }
    }

    /// Answers the question for a secret, as soon as it is there.
    pub(crate) fn type_unseen(&mut self, secret: &str) {
        assert!(!self.echoes(), "it echoes: {}", self.screen());
        self.press(&format!("{secret}\r"));
    }

    fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    fn advance(&mut self, text: &str) -> bool {
        let rest = &self.seen[self.looked_at..];
        let found = rest
            .windows(text.len())
            .position(|window| window == text.as_bytes());
        found
            .inspect(|at| self.looked_at += at + text.len())
            .is_some()
    }

    /// Everything on the screen so far.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// The window is closed.
    pub(crate) fn hang_up(mut self) {
        self.master = File::open("/dev/null").unwrap();
        end_of(&mut self.child);
    }

    /// Waits for the end of the program; how it ended and all that was on the screen.
    pub(crate) fn end(mut self) -> (How, String) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            let left = DEADLINE.saturating_sub(began.elapsed());
            assert!(!left.is_zero(), "it doesn't end: {}", self.screen());
            end_or_readable(self.pid(), &self.master, left);
            self.take_what_is_there();
        }
        let how = end_of(&mut self.child).into();
        // whoever still holds the terminal, its buffer has what the program wrote
        self.take_what_is_there();
        (how, self.screen())
    }

    fn take_what_is_there(&mut self) {
        while is_readable_within(&self.master, Duration::ZERO) && self.take() {}
    }

    /// Reads what is there; false at the end.
    fn take(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(0) | Err(_) => false, // EIO: nobody holds the other end
            Ok(count) => {
                self.seen.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal_group(self.pid(), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn resize(master: &impl AsFd, rows: u16, columns: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).unwrap();
}
