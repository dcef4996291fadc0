//! A second try, where a second try is right: what failed passes by itself, and nothing has been
//! done yet but downloading.
//!
//! In: a failed go, as the shim handed it over, and how often it may be tried again (`retry`). Out: the
//! same go once more, what became of it, and each attempt. Two ways: a command that only fetches is run
//! again; of one that builds or runs, the fetch is made good and it is started once more, if go stopped
//! at loading packages. What has built, tested or run anything is never repeated.

mod line;

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cause::Cause;
use crate::config::Config;
use crate::evidence::{Evidence, Finding};
use crate::lang::tr;
use crate::mask;
use crate::probe::{self, Context, Id, Options, Seen, Subject};
use crate::report::{Attempt, Step};
use crate::rules::said;
use crate::settings::Env;
use crate::shim;
use crate::supervise::Outcome;
use crate::supervise::handover::{Handover, Heard};
use crate::sys::{self, Exit};
use crate::tool::{Cancel, End, Output, TICK};
use crate::verdict::{self, policy};
use crate::words;
use crate::world::{World, leak};
use line::{CommandLine, Way};

/// The pause before the second attempt; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a server may ask for (`Retry-After`).
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// All pauses of one command together.
const MOST_WAITED: Duration = Duration::from_secs(120);

/// What go is run in, and how its words are read.
pub(crate) struct Around<'a> {
    pub(crate) world: &'a World,
    pub(crate) config: &'a Config,
    pub(crate) env: &'a Env,
    pub(crate) read: &'a dyn Fn(&Handover, &[u8]) -> Evidence,
}

/// What came of trying again.
pub(crate) struct Retried {
    /// The last go that was heard.
    pub(crate) handover: Handover,
    /// What its words say.
    pub(crate) evidence: Evidence,
    /// Every run, the first one first; empty if nothing was repeated.
    pub(crate) attempts: Vec<Attempt>,
    /// How the last run of the command ended, if it was run again.
    pub(crate) exit: Option<Exit>,
}

/// Tries again as often as the settings allow and sense.
pub(crate) fn retry(around: &Around<'_>, (handover, evidence): (Handover, Evidence)) -> Retried {
    let config = around.config;
    let mut run = Retried {
        handover,
        evidence,
        attempts: Vec::new(),
        exit: None,
    };
    let most = config.retry();
    if most == 0 {
        return run;
    }
    sys::note_interrupts();
    let Some(command) = CommandLine::of(&run.handover) else {
        return run;
    };
    if run.handover.heard == Heard::Nothing && run.listen(&command, around) {
        if config.mode() != "quiet" {
            say(&tr!(
                "a download had failed and is made good now: starting the command once more"
            ));
        }
        run.again(around, Duration::ZERO);
        return run;
    }
    let mut waited = Duration::ZERO;
    for number in 1..=most {
        let Some(said) = transient(&run.evidence) else {
            break;
        };
        let Some(way) = command.way(&run.handover) else {
            break;
        };
        let said = said.clone();
        let Some(pause) = pause(&said, &run, number, around) else {
            break;
        };
        waited += pause;
        if waited > MOST_WAITED {
            break;
        }
        if run.attempts.is_empty() {
            run.attempts.push(first(&run.handover, Some(&said)));
        }
        if config.mode() != "quiet" {
            tell(&said, &run.evidence, pause, number, most);
        }
        if !rest(pause) {
            break;
        }
        let is_fetched = way == Way::Repeat || run.fetch(&command, around, pause);
        let pause = if way == Way::Repeat {
            pause
        } else {
            Duration::ZERO
        };
        if is_fetched && !run.again(around, pause) {
            break;
        }
        if run.exit == Some(Exit::Code(0)) || sys::interrupted() {
            break;
        }
    }
    run
}

impl Retried {
    /// A `go run` was not heard: go's loading of the same packages, into the same cache, says what failed.
    /// Whether it now fetches what was missing: that is what had failed, and it has passed.
    fn listen(&mut self, command: &CommandLine, around: &Around<'_>) -> bool {
        const FETCHED: [&[u8]; 2] = [b"# get ", b"; git "]; // of `-x`
        // what loads while nobody may be asked lacked nothing: no fetch failed, and nobody is asked again
        let mut alone = around.env.clone();
        alone.set("GOPROXY", "off");
        alone.set("GONOPROXY", "none"); // a pattern that fits no module
        let loads = command.load(&self.handover.go, &alone);
        if loads.is_none_or(|output| output.succeeded() || output.end == End::Cancelled) {
            return false;
        }
        let began = Instant::now();
        let Some(output) = command.load(&self.handover.go, around.env) else {
            return false;
        };
        if output.succeeded() {
            let has = |word: &&[u8]| memchr::memmem::find(&output.stderr, word).is_some();
            let is_fetched = FETCHED.iter().any(has);
            if is_fetched {
                let silent = attempt(&output, began, Duration::ZERO, &Evidence::default());
                self.attempts = vec![first(&self.handover, None), silent];
            }
            return is_fetched;
        }
        self.evidence = (around.read)(&self.handover, &words_of(&output));
        if let Some(said) = transient(&self.evidence) {
            let looked = attempt(&output, began, Duration::ZERO, &self.evidence);
            self.attempts = vec![first(&self.handover, Some(said)), looked];
        }
        false
    }

    /// Makes the downloads good; whether they are.
    fn fetch(&mut self, command: &CommandLine, around: &Around<'_>, pause: Duration) -> bool {
        let began = Instant::now();
        let output = match command.command.as_str() {
            "run" => command.load(&self.handover.go, around.env),
            _ => command.download(&self.handover.go, around.env),
        };
        let Some(output) = output else {
            self.evidence = Evidence::default();
            return false;
        };
        self.evidence = (around.read)(&self.handover, &words_of(&output));
        self.attempts
            .push(attempt(&output, began, pause, &self.evidence));
        output.succeeded()
    }

    /// Runs the command itself once more; whether it was started.
    fn again(&mut self, around: &Around<'_>, pause: Duration) -> bool {
        let args = self.handover.argv.iter();
        let world = World {
            args: args.map(|arg| leak(arg.as_bytes())).collect(),
            env: around.world.env.clone(),
        };
        sys::mind_broken_pipes(); // go inherits that
        let run = shim::again(&world, &self.handover.go);
        sys::ignore_broken_pipes();
        let Some(shim::Run { outcome, heard }) = run else {
            return false;
        };
        let exit = if outcome.is_unread() {
            Exit::Signal(sys::signal::PIPE)
        } else {
            outcome.exit
        };
        self.exit = Some(exit);
        let heard = heard.unwrap_or(Heard::Nothing);
        self.handover = heard_again(&self.handover, &outcome, exit, heard);
        self.evidence = if exit == Exit::Code(0) || heard == Heard::Nothing {
            Evidence::default()
        } else {
            (around.read)(&self.handover, &self.handover.words)
        };
        let said = self.evidence.findings.first();
        self.attempts.push(Attempt {
            step: Step::Command,
            cause: said.map(Finding::cause),
            said: said.map(|said| said.text.clone()),
            waited_ms: millis(pause),
            ms: millis(outcome.duration),
            exit_code: Some(code(exit)),
        });
        true
    }
}

/// What go said, without the commands that `-x` shows.
fn words_of(output: &Output) -> Vec<u8> {
    let lines = output.stderr.split_inclusive(|&byte| byte == b'\n');
    lines
        .filter(|line| !line.starts_with(b"# "))
        .flatten()
        .copied()
        .collect()
}

fn heard_again(before: &Handover, outcome: &Outcome, exit: Exit, heard: Heard) -> Handover {
    use std::io::{Read as _, Seek as _};
    let channel = outcome.channel.as_ref();
    let words = channel.map_or_else(Vec::new, |channel| channel.capture.parts().concat());
    let mut trace = Vec::new();
    if let Some(mut file) = outcome
        .trace
        .as_ref()
        .map(shim::supervise::trace::Trace::file)
    {
        let kept = file.rewind().and_then(|()| {
            file.take(shim::supervise::trace::MOST)
                .read_to_end(&mut trace)
        });
        if kept.is_err() {
            trace.clear(); // git's side of it is missing, no more
        }
    }
    Handover {
        argv: before.argv.clone(),
        go: before.go.clone(),
        exit,
        duration: outcome.duration,
        heard,
        words,
        trace,
    }
}

fn code(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => code,
        Exit::Signal(signal) => 128 + signal,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The run that the shim saw.
fn first(handover: &Handover, said: Option<&Finding>) -> Attempt {
    Attempt {
        step: Step::Command,
        cause: said.map(Finding::cause),
        said: said.map(|said| said.text.clone()),
        waited_ms: 0,
        ms: millis(handover.duration),
        exit_code: Some(code(handover.exit)),
    }
}

/// A repetition of the downloads.
fn attempt(output: &Output, began: Instant, pause: Duration, evidence: &Evidence) -> Attempt {
    let said = evidence.findings.first();
    Attempt {
        step: Step::Fetch,
        cause: said.map(Finding::cause),
        said: said.map(|said| said.text.clone()),
        waited_ms: millis(pause),
        ms: millis(began.elapsed()),
        exit_code: match output.end {
            End::Exit(code) => code,
            End::Deadline | End::Cancelled => None,
        },
    }
}

/// What passes by itself, if everything that was recognised does.
fn transient(evidence: &Evidence) -> Option<&Finding> {
    evidence
        .findings
        .first()
        .filter(|_| evidence.findings.iter().all(passes))
}

/// Whether a failure passes by itself: a transfer or handshake cut, a resolver that is silent or in
/// trouble, a server that is or that has too much to do. Nothing that somebody decided, nothing
/// about certificates, checksums, logins or versions.
fn passes(finding: &Finding) -> bool {
    let refused = finding.answer.as_deref().and_then(policy::read);
    if refused.is_some_and(|refusal| refusal.reason.is_refusal()) {
        return false;
    }
    match finding.cause() {
        Cause::RateLimited => true,
        // whatever a server's words tell of others: what it answered is an answer
        _ if said::status(&finding.text).is_some_and(|status| status < 500) => false,
        Cause::TcpReset
        | Cause::TransferInterrupted
        | Cause::TlsInterrupted
        | Cause::DnsTimeout
        | Cause::DnsServerFailure => true,
        Cause::GoproxyStatus | Cause::HttpStatus => {
            let findings = vec![finding.clone()];
            let verdict = verdict::decide(&Evidence { findings }, &[]);
            verdict.reason.is_some_and(verdict::Reason::is_outage)
        }
        _ => false,
    }
}

/// How long to wait; `None`: the server wants to be left alone for longer than we wait.
fn pause(said: &Finding, run: &Retried, number: u32, around: &Around<'_>) -> Option<Duration> {
    let backoff = FIRST_PAUSE * 2_u32.pow(number - 1);
    let share = u32::try_from(RandomState::new().hash_one(number) % 500).unwrap_or(0);
    let backoff = backoff / 2 + backoff * share / 1000; // a half to the whole, so that not all come at once
    let is_overloaded = matches!(
        said.cause(),
        Cause::RateLimited | Cause::GoproxyStatus | Cause::HttpStatus
    );
    let asked = if is_overloaded {
        retry_after(run, around)
    } else {
        None
    };
    match asked {
        Some(asked) if asked > LONGEST_PAUSE => None,
        Some(asked) => Some(asked.max(backoff)),
        None => Some(backoff),
    }
}

/// How long the server asks to be left alone: go doesn't print it, so it is asked once.
fn retry_after(run: &Retried, around: &Around<'_>) -> Option<Duration> {
    let subject = Subject {
        suspects: Vec::new(), // one that limits requests is not looked at in a diagnosis
        ..Subject::from_evidence(&run.evidence)?
    };
    let options = Options {
        overall: around.config.patience(false),
        ..Options::default()
    };
    let dir = std::env::current_dir().ok()?;
    let cancel = Cancel::default();
    let cx = Context::new(
        subject,
        around.env.clone(),
        &dir,
        Some(&run.handover.go),
        options,
        cancel.clone(),
    );
    let seen = probe::run_one(&Arc::new(cx), Id::Http, &mut |_| {
        if sys::interrupted() {
            cancel.cancel();
        }
    });
    seen.iter().find_map(|one| match &one.seen {
        Seen::Http(reply) => reply.retry_after.map(Duration::from_secs),
        _ => None,
    })
}

/// Waits; whether nobody asked for the end meanwhile.
fn rest(pause: Duration) -> bool {
    let until = Instant::now() + pause;
    while Instant::now() < until && !sys::interrupted() {
        std::thread::sleep(TICK);
    }
    !sys::interrupted()
}

/// What happened and what comes now, in one line.
fn tell(said: &Finding, evidence: &Evidence, pause: Duration, number: u32, most: u32) {
    let verdict = verdict::decide(evidence, &[]);
    say(&tr!(
        "{what} ({cause}): this passes, trying again in {seconds} s ({number} of {most})",
        what = words::verdict(&verdict),
        cause = said.cause(),
        seconds = format!("{:.1}", pause.as_secs_f64()),
        number,
        most
    ));
}

/// One line on stderr; a closed stream loses only this.
fn say(line: &str) {
    let line = format!("gomend: {}\n", mask::line(line));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
