//! What the shim hands to gomend about a failed go: one nameless file of fields,
//! each `NAME LENGTH\n` and that many bytes. Both ends are of one build.

use std::ffi::{CStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::sys::{self, Exit};

/// The hidden command of gomend that takes a handover; its argument is a descriptor's number.
pub const COMMAND: &str = "take-over";
/// Said when shim and gomend are not of one version.
pub const MALFORMED: &str = "the handover is not of this version of gomend";

/// How much of go's words could be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// stdout and stderr, in order.
    Both,
    /// stderr alone.
    Stderr,
    /// Nothing: the streams were left alone, and the program of `go run` was never started.
    Nothing,
}

/// A failed go, as the shim saw it.
#[derive(Debug)]
pub struct Handover {
    /// All of argv, as it was given to us.
    pub argv: Vec<OsString>,
    /// The real go.
    pub go: PathBuf,
    /// How it ended.
    pub exit: Exit,
    /// Wall time.
    pub duration: Duration,
    /// What could be heard.
    pub heard: Heard,
    /// go's words: the first and the last part if there were too many.
    pub words: Vec<u8>,
    /// git's trace2 events.
    pub trace: Vec<u8>,
}

/// The same, where it is: nothing is copied on its way to the file.
pub struct Sent<'a> {
    /// All of argv, as it was given to us.
    pub argv: &'a [&'a CStr],
    /// The real go.
    pub go: &'a [u8],
    /// How it ended.
    pub exit: Exit,
    /// Wall time.
    pub duration: Duration,
    /// What could be heard.
    pub heard: Heard,
    /// go's words, in parts.
    pub words: [&'a [u8]; 3],
    /// git's trace2 events.
    pub trace: Option<&'a File>,
}

impl Sent<'_> {
    /// Writes to a nameless file that the next program can inherit; of the trace, `most` bytes.
    pub fn write(&self, most: u64) -> io::Result<File> {
        let file = sys::nameless_file(c"gomend-handover")?;
        let mut out = BufWriter::new(&file);
        for arg in self.argv {
            field(&mut out, "arg", arg.to_bytes())?;
        }
        field(&mut out, "go", self.go)?;
        let (kind, number) = match self.exit {
            Exit::Code(code) => ("code", code),
            Exit::Signal(signal) => ("signal", signal),
        };
        field(&mut out, kind, number.to_string().as_bytes())?;
        field(
            &mut out,
            "micros",
            self.duration.as_micros().to_string().as_bytes(),
        )?;
        let heard: &[u8] = match self.heard {
            Heard::Both => b"both",
            Heard::Stderr => b"stderr",
            Heard::Nothing => b"nothing",
        };
        field(&mut out, "heard", heard)?;
        let length: usize = self.words.iter().map(|part| part.len()).sum();
        head(&mut out, "words", length as u64)?;
        for part in self.words {
            out.write_all(part)?;
        }
        if let Some(mut trace) = self.trace {
            let length = trace.metadata()?.len().min(most);
            head(&mut out, "trace", length)?;
            trace.rewind()?;
            let copied = io::copy(&mut trace.take(length), &mut out)?;
            if copied != length {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
        }
        out.flush()?;
        drop(out);
        Ok(file)
    }
}

/// An answer's length: how go ended, and the code or signal's number, little-endian.
const ANSWER: usize = 5;

/// Tells the shim how go ended when gomend ran it once more: behind what was sent.
pub fn answer(mut file: &File, exit: Exit) -> io::Result<()> {
    let (kind, number) = match exit {
        Exit::Code(code) => (b'c', code),
        Exit::Signal(signal) => (b's', signal),
    };
    let [a, b, c, d] = number.to_le_bytes();
    file.seek(io::SeekFrom::End(0))?;
    file.write_all(&[kind, a, b, c, d])
}

/// The answer behind the `sent` bytes of a handover, if there is one.
#[must_use]
pub fn answered(mut file: &File, sent: u64) -> Option<Exit> {
    let mut answer = [0; ANSWER];
    file.seek(io::SeekFrom::Start(sent)).ok()?;
    file.read_exact(&mut answer).ok()?;
    let [kind, number @ ..] = answer;
    let number = i32::from_le_bytes(number);
    match kind {
        b'c' => Some(Exit::Code(number)),
        b's' => Some(Exit::Signal(number)),
        _ => None,
    }
}

impl Handover {
    /// Reads what [`Sent::write`] wrote.
    pub fn read(mut file: File) -> io::Result<Self> {
        file.rewind()?;
        let mut input = BufReader::new(file);
        let mut handover = Self {
            argv: Vec::new(),
            go: PathBuf::new(),
            exit: Exit::Code(1),
            duration: Duration::ZERO,
            heard: Heard::Nothing,
            words: Vec::new(),
            trace: Vec::new(),
        };
        while let Some((name, value)) = next_field(&mut input)? {
            handover.take(&name, value)?;
        }
        Ok(handover)
    }

    fn take(&mut self, name: &str, value: Vec<u8>) -> io::Result<()> {
        match name {
            "arg" => self.argv.push(OsString::from_vec(value)),
            "go" => self.go = OsString::from_vec(value).into(),
            "code" => self.exit = Exit::Code(number(&value)?),
            "signal" => self.exit = Exit::Signal(number(&value)?),
            "micros" => self.duration = Duration::from_micros(number(&value)?),
            "heard" => {
                self.heard = match &value[..] {
                    b"both" => Heard::Both,
                    b"stderr" => Heard::Stderr,
                    _ => Heard::Nothing,
                }
            }
            "words" => self.words = value,
            "trace" => self.trace = value,
            _ => return Err(malformed()),
        }
        Ok(())
    }
}

fn field(out: &mut impl Write, name: &str, value: &[u8]) -> io::Result<()> {
    head(out, name, value.len() as u64)?;
    out.write_all(value)
}

fn head(out: &mut impl Write, name: &str, length: u64) -> io::Result<()> {
    writeln!(out, "{name} {length}")
}

fn next_field(input: &mut impl BufRead) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    if input.by_ref().take(64).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let (name, length) = line.trim_end().split_once(' ').ok_or_else(malformed)?;
    let length: u64 = length.parse().map_err(|_| malformed())?;
    let mut value = Vec::new();
    input.by_ref().take(length).read_to_end(&mut value)?;
    if value.len() as u64 != length {
        return Err(malformed());
    }
    Ok(Some((name.to_owned(), value)))
}

fn number<T: std::str::FromStr>(value: &[u8]) -> io::Result<T> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(malformed)
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, MALFORMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut trace = sys::nameless_file(c"test").unwrap();
        trace.write_all(b"{}\n{}\n and more").unwrap();
        let sent = Sent {
            argv: &[c"go", c"\xff\n "],
            go: b"/usr/bin/go",
            exit: Exit::Signal(9),
            duration: Duration::from_micros(12_345),
            heard: Heard::Both,
            words: [b"one\n", b"two 2\n", b""],
            trace: Some(&trace),
        };
        let handover = Handover {
            argv: vec!["go".into(), OsString::from_vec(vec![0xff, b'\n', b' '])],
            go: "/usr/bin/go".into(),
            exit: Exit::Signal(9),
            duration: Duration::from_micros(12_345),
            heard: Heard::Both,
            words: b"one\ntwo 2\n".to_vec(),
            trace: b"{}\n{}\n".to_vec(),
        };
        let read = Handover::read(sent.write(6).unwrap()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{handover:?}"));
    }

    #[test]
    fn an_answer_stands_behind_what_was_sent() {
        for exit in [Exit::Code(0), Exit::Code(1), Exit::Signal(15)] {
            let mut file = sys::nameless_file(c"test").unwrap();
            file.write_all(b"sent").unwrap();
            assert!(answered(&file, 4).is_none());
            answer(&file, exit).unwrap();
            assert_eq!(answered(&file, 4), Some(exit));
        }
    }

    #[test]
    fn a_cut_handover_is_an_error() {
        for text in ["words 10\nabc", "words\n", "x 1\ny", "code 1\nx"] {
            let mut file = sys::nameless_file(c"test").unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert!(Handover::read(file).is_err(), "{text:?}");
        }
    }
}
