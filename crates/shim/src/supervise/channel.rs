//! The way of go's words through us: which streams are relayed, through what, and how.
//!
//! One channel where stdout and stderr are one (their order must be exactly
//! go's), else stderr alone. A terminal is replaced by a terminal, anything else by a
//! pipe. Bytes pass as they come.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::Duration;

use super::capture::Capture;
use super::running::Running;
use crate::sys::{self, PollFd};

/// What a pipe takes at once if it takes anything (pipe(7), `PIPE_BUF`).
const TAKEN_AT_ONCE: usize = 4096;
/// Pieces (of up to 64 KiB) that pass between two looks at signals and at go's end.
const MOST_PIECES: usize = 16;

/// What is relayed.
pub struct Channel {
    /// Our end, until go's words have ended.
    from: Option<File>,
    /// The original stream.
    to: RawFd,
    /// The same pipe or terminal, opened once more so that writes of ours return when it is
    /// full; as soon as there are words.
    out: Option<Out>,
    /// The child's end, until the child has it.
    child_end: Option<OwnedFd>,
    /// Both stdout and stderr, or stderr alone.
    pub both: bool,
    /// Whether it is a terminal on both sides.
    pub terminal: bool,
    /// What passed.
    pub capture: Capture,
    /// The original stream lost its reader while go still had something to say.
    pub broken: bool,
}

impl Channel {
    /// Sets up what is needed for the streams of this process.
    pub fn open() -> io::Result<Self> {
        let both = are_one(1, 2);
        let to = if both { 1 } else { 2 };
        let terminal = sys::is_terminal(to);
        let (from, child_end): (File, OwnedFd) = if terminal {
            let pty = sys::open_pty(to)?;
            (pty.master.into(), pty.slave)
        } else {
            let (reader, writer) = io::pipe()?;
            (OwnedFd::from(reader).into(), writer.into())
        };
        sys::set_nonblocking(&from); // our end alone: go's end is another description
        let capture = Capture::default();
        Ok(Self {
            from: Some(from),
            to,
            out: None,
            child_end: Some(child_end),
            both,
            terminal,
            capture,
            broken: false,
        })
    }

    /// `(from, to)` pairs for the child.
    #[must_use]
    pub fn streams(&self) -> Vec<(RawFd, RawFd)> {
        let Some(end) = &self.child_end else {
            return Vec::new();
        };
        let end = end.as_raw_fd();
        if self.both {
            vec![(end, 1), (end, 2)]
        } else {
            vec![(end, 2)]
        }
    }

    /// The real terminal and the pseudo-terminal's master.
    #[must_use]
    pub fn terminals(&self) -> Option<(RawFd, RawFd)> {
        let master = self.from.as_ref()?.as_raw_fd();
        self.terminal.then_some((self.to, master))
    }

    /// The child has its end now.
    pub fn child_started(&mut self) {
        self.child_end = None;
    }

    /// What to poll: our end for words, the original stream for the loss of its reader.
    #[must_use]
    pub fn polls(&self) -> Option<[PollFd; 2]> {
        let from = self.from.as_ref()?.as_raw_fd();
        Some([PollFd::readable(from), PollFd::broken(self.to)])
    }

    /// Passes on what is there, but no more than a pipe holds a few times: signals want attention too.
    pub(super) fn pass(&mut self, go: &mut Running) {
        for _ in 0..MOST_PIECES {
            if !self.pass_piece(go) {
                break;
            }
        }
    }

    /// Passes one piece; false if there was none, or nobody to read it.
    fn pass_piece(&mut self, go: &mut Running) -> bool {
        let Some(from) = &mut self.from else {
            return false;
        };
        match from.read(self.capture.room()) {
            Err(error) if may_try_again(&error) => false,
            // a pseudo-terminal whose other end is closed says EIO
            Ok(0) | Err(_) => {
                self.close();
                false
            }
            Ok(count) => {
                let out = self.out.get_or_insert_with(|| Out::of(self.to));
                // a full disk, a terminal that is gone: go ignores that, and tries again with its next word
                let written = out.write_all(self.capture.passed(count), go);
                self.broken = is_broken(&written);
                if self.broken {
                    self.close();
                }
                !self.broken
            }
        }
    }

    /// go's next word meets a closed pipe, as it would have met the original one.
    pub fn close(&mut self) {
        self.from = None;
    }

    /// Copies the rest in a process of its own that holds nothing else open.
    pub fn drain_elsewhere(&mut self) {
        let Some(from) = self.from.take() else { return };
        let to = self.to;
        sys::fork_off(|| {
            sys::new_session(); // what ends go's group or its terminal may not end who holds the stream
            sys::keep_only(from.as_raw_fd(), to);
            let mut buffer = [0; 16 * 1024];
            let mut input = sys::borrowed(0);
            loop {
                match input.read(&mut buffer) {
                    Err(error) if may_try_again(&error) => {
                        sys::wait_for(&mut [PollFd::readable(0)], None);
                    }
                    Ok(0) | Err(_) => break,
                    Ok(count) if is_broken(&wait_and_write(1, &buffer[..count])) => break,
                    Ok(_) => {}
                }
            }
        });
    }
}

/// Interrupted by a signal, or nothing there yet.
fn may_try_again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

fn is_broken(written: &io::Result<()>) -> bool {
    matches!(written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes everything, however long that takes; a signal doesn't lose a byte.
fn wait_and_write(to: RawFd, bytes: &[u8]) -> io::Result<()> {
    let mut out = sys::borrowed(to);
    let mut rest = bytes;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) if may_try_again(&error) => {
                sys::wait_for(&mut [PollFd::writable(to)], None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where go's words go to.
enum Out {
    /// A description of our own: a write never waits.
    Own(File),
    /// A socket: each message may say that it doesn't wait.
    Socket(RawFd),
    /// The original one, which others share (a pipe or terminal of another user, no /proc; a
    /// file): a write may wait, and returns when a signal comes meanwhile.
    Shared(RawFd),
}

impl Out {
    fn of(to: RawFd) -> Self {
        let Ok(metadata) = sys::metadata_of(to) else {
            return Self::Shared(to);
        };
        let kind = metadata.file_type();
        if kind.is_socket() {
            return Self::Socket(to);
        }
        let may_wait = kind.is_fifo() || kind.is_char_device();
        let own = may_wait.then(|| sys::opened_again(to).ok()).flatten();
        own.map_or(Self::Shared(to), Self::Own)
    }

    /// Writes everything; but once go is dead of a signal only what can be taken now.
    fn write_all(&mut self, bytes: &[u8], go: &mut Running) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (written, is_short) = match self.write(rest, go.was_killed()) {
                Ok(count) => (count, count < rest.len()),
                Err(error) if may_try_again(&error) => (0, true),
                Err(error) => return Err(error),
            };
            rest = &rest[written..];
            if !is_short {
                continue;
            }
            if written == 0 && go.is_cut_short() {
                break;
            }
            // the reader takes its time: go would wait as well, unless it is dead
            let mut polls = [PollFd::writable(self.fd()), go.poll()];
            sys::wait_for(&mut polls, None);
            if !polls[0].is_ready() {
                go.look(); // it is woken, or a signal came
            }
        }
        Ok(())
    }

    /// One write; `at_once`: it may not wait.
    fn write(&mut self, bytes: &[u8], at_once: bool) -> io::Result<usize> {
        let to = match self {
            Self::Own(file) => return file.write(bytes),
            Self::Socket(to) => return sys::send_now(*to, bytes),
            Self::Shared(to) => *to,
        };
        if !at_once {
            return sys::borrowed(to).write(bytes);
        }
        let mut polls = [PollFd::writable(to)];
        sys::wait_for(&mut polls, Some(Duration::ZERO));
        if !polls[0].is_ready() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        sys::borrowed(to).write(&bytes[..bytes.len().min(TAKEN_AT_ONCE)])
    }

    fn fd(&self) -> RawFd {
        match self {
            Self::Own(file) => file.as_raw_fd(),
            Self::Socket(to) | Self::Shared(to) => *to,
        }
    }
}

/// Whether writes to both arrive in one place, in the order in which they were made.
fn are_one(a: RawFd, b: RawFd) -> bool {
    let (Ok(first), Ok(second)) = (sys::metadata_of(a), sys::metadata_of(b)) else {
        return false;
    };
    if (first.dev(), first.ino()) != (second.dev(), second.ino()) {
        return sys::same_terminal(a, b);
    }
    if !first.file_type().is_file() {
        // one pipe, socket or device, however often it was opened
        return !first.file_type().is_block_device();
    }
    (sys::appends(a) && sys::appends(b)) || sys::same_description(a, b)
}
