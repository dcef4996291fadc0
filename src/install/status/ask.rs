//! Shells are asked which `go` they find, as they would be in a new terminal.
//!
//! Each runs with its own start-up files, without a terminal, without input, with a deadline. What
//! the start-up files print is skipped: the answer stands behind a mark. Not asked: shells without
//! start-up files of this user, which would make some by being started.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::home::Home;
use super::super::shells::{Mode, Shell};
use crate::fix::step;
use crate::lang::tr;
use crate::settings::Env;
use crate::sys;
use crate::tool::{self, Cancel, End, TICK, Tool};

/// Longer than start-up files take that anybody would put up with.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a shell is asked.
pub(super) struct Question {
    pub(super) shell: &'static Shell,
    pub(super) mode: &'static Mode,
    /// What it inherits.
    pub(super) env: Env,
}

/// What `go` is in a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// An alias, a function: what a word can be that is no program.
    pub(super) word: Option<&'static str>,
    /// What the alias or function does.
    pub(super) definition: String,
    /// Its PATH.
    pub(super) path: OsString,
}

/// Asks all of them, side by side; in their order, an answer or why there is none. Folders that a
/// shell makes when it is first started (and fills, in a process that goes on: fish, with
/// completions) are there meanwhile, and go again if they are empty.
pub(super) fn ask(questions: &[Question], home: &Home) -> Vec<Result<Resolved, String>> {
    let mut new = Vec::new();
    for question in questions {
        for folder in (question.shell.makes)(home) {
            new.extend(step::missing_parents(&folder.join("_")));
            let _ = std::fs::create_dir_all(&folder); // the shell says what it misses
        }
    }
    let answers = put_all(questions, &home.dir);
    for folder in new.iter().rev() {
        let _ = std::fs::remove_dir(folder); // only if it is empty
    }
    answers
}

fn put_all(questions: &[Question], home: &Path) -> Vec<Result<Resolved, String>> {
    let cancel = Cancel::default();
    let deadline = Instant::now() + PATIENCE;
    std::thread::scope(|scope| {
        let asked: Vec<_> = questions
            .iter()
            .map(|question| scope.spawn(|| question.put(home, deadline, &cancel)))
            .collect();
        while asked.iter().any(|thread| !thread.is_finished()) {
            if sys::interrupted() {
                cancel.cancel();
            }
            std::thread::sleep(TICK); // threads have no wait with a deadline
        }
        asked
            .into_iter()
            .map(|thread| thread.join().expect("asking doesn't panic"))
            .collect()
    })
}

impl Question {
    fn put(&self, home: &Path, deadline: Instant, cancel: &Cancel) -> Result<Resolved, String> {
        let program = self.program()?;
        let mark = format!("gomend-asks-{}", sys::own_pid());
        let question = self.shell.question.replace("@MARK@", &mark);
        let output = Tool::alone(program, self.env.clone(), home)
            .args(self.mode.args.iter().copied())
            .args([question])
            .run(deadline, cancel)
            .map_err(|error| error.to_string())?;
        answer(&output.stdout, &mark).ok_or_else(|| match output.end {
            End::Deadline => tr!(
                "its start-up files took longer than {seconds} s",
                seconds = PATIENCE.as_secs()
            ),
            End::Cancelled => tr!("interrupted"),
            End::Exit(Some(code)) => tr!("its start-up files ended it with code {code}", code),
            End::Exit(None) => tr!("it was killed"),
        })
    }

    fn program(&self) -> Result<PathBuf, String> {
        tool::find(self.shell.id, &self.env).ok_or_else(|| tr!("not on PATH"))
    }
}

/// Kind, program, PATH, definition: a line each, the last one with all that follows.
fn answer(stdout: &[u8], mark: &str) -> Option<Resolved> {
    let mark = format!("\n{mark}\n");
    let at = memchr::memmem::rfind(stdout, mark.as_bytes())? + mark.len();
    let mut lines = stdout[at..].splitn(4, |&byte| byte == b'\n');
    let (kind, _program, path) = (lines.next()?, lines.next()?, lines.next()?);
    let definition = lines.next().unwrap_or_default();
    let kind = String::from_utf8_lossy(kind).trim().to_ascii_lowercase();
    let word = match kind.as_str() {
        "alias" | "global alias" => Some("alias"),
        "function" | "custom" | "filter" | "cmdlet" => Some("function"),
        "builtin" | "built-in" | "keyword" | "reserved" => Some("builtin"),
        _ => None,
    };
    Some(Resolved {
        word,
        definition: String::from_utf8_lossy(definition).trim().to_owned(),
        path: OsString::from_vec(path.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_behind_noise() {
        let told = answer(
            b"Welcome!\nM\n\nM\nalias\n/usr/bin/go\n/usr/bin:/bin\nalias go='x'\nmore\n",
            "M",
        )
        .unwrap();
        assert_eq!(told.word, Some("alias"));
        assert_eq!(told.path, "/usr/bin:/bin");
        assert_eq!(told.definition, "alias go='x'\nmore");
        assert_eq!(answer(b"tmux: no terminal\n", "M"), None);
        let none = answer(b"\nM\nnone\n\n/bin\n", "M").unwrap();
        assert_eq!((none.word, none.definition.as_str()), (None, ""));
    }
}
