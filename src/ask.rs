//! The menu of fixes, and secrets: only on a terminal, and Enter means *not now*.
//!
//! In: proposals, a [`Terminal`]. Out: what the person chose. What is chosen is decided here
//! without a terminal, so that it can be tested; [`Tty`] is the real one. Nothing is written.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, SpecialCodeIndex, Termios};

use crate::fix::{Change, Consent, Edit, Line, Need, Proposal, Risk, Secret};
use crate::lang::{Lang, tr};
use crate::mask;
use crate::scratch;
use crate::sys::{self, terminal::Kept};
use crate::wrap;

/// A question that nobody answers for this long is withdrawn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// No secret is longer than this, bytes.
const LONGEST: usize = 64 << 10;

/// Fixes that a menu offers at most: one key each.
const MOST: usize = 9;

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A letter, digit or sign.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Ctrl-C, Ctrl-\ or Ctrl-D.
    Interrupt,
    /// Any other key.
    Other,
    /// None within [`PATIENCE`].
    Nothing,
}

/// What a menu needs of a terminal.
pub(crate) trait Terminal {
    /// Keys count one by one from now on: before a question is shown, since whoever reads it may press one at once.
    fn ready(&mut self) {}
    /// Shows text.
    fn say(&mut self, text: &str);
    /// Waits for one key, at most for [`PATIENCE`].
    fn key(&mut self) -> Key;
    /// Asks for a line; Enter alone takes `default`. `None`: given up.
    fn line(&mut self, question: &str, default: &str) -> Option<String>;
    /// Asks without echo. `None`: given up, or empty.
    fn secret(&mut self, question: &str) -> Option<Secret>;
    /// Gives the terminal back as it was, for another program.
    fn release(&mut self) {}
}

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Nothing, or no answer.
    NotNow,
    /// Ctrl-C.
    Interrupted,
    /// This proposal, by its index, after its exact change was shown.
    Apply(usize),
}

/// Offers the one that was named: its exact change, at once.
pub(crate) fn one(proposals: &[Proposal], id: &str, terminal: &mut dyn Terminal) -> Choice {
    let named = |proposal: &Proposal| proposal.id == *id && offers(proposal);
    let Some(index) = proposals.iter().position(named) else {
        return Choice::NotNow;
    };
    match agree(&proposals[index], terminal) {
        Key::Char('y' | 'Y') => Choice::Apply(index),
        Key::Interrupt => Choice::Interrupted,
        _ => Choice::NotNow,
    }
}

/// Offers what can be applied, the first one first; shows details on demand and the exact change
/// before it is agreed to.
pub(crate) fn menu(proposals: &[Proposal], terminal: &mut dyn Terminal) -> Choice {
    let offered: Vec<usize> = (0..proposals.len())
        .filter(|&index| offers(&proposals[index]))
        .take(MOST)
        .collect();
    if offered.is_empty() {
        return Choice::NotNow;
    }
    terminal.ready();
    terminal.say(&listing(proposals, &offered));
    loop {
        match terminal.key() {
            Key::Enter | Key::Escape | Key::Nothing | Key::Char('q' | 'Q') => {
                return Choice::NotNow;
            }
            Key::Char('?') => {
                terminal.say(&details(proposals));
                terminal.say(&listing(proposals, &offered));
            }
            Key::Char(digit) => {
                let chosen = digit
                    .to_digit(10)
                    .and_then(|digit| offered.get((digit as usize).checked_sub(1)?))
                    .copied();
                let Some(index) = chosen else {
                    terminal.say(&said(&tr!("that is none of the keys; Enter: not now")));
                    continue;
                };
                match agree(&proposals[index], terminal) {
                    Key::Char('y' | 'Y') => return Choice::Apply(index),
                    Key::Interrupt => return Choice::Interrupted,
                    Key::Nothing | Key::Escape | Key::Char('q' | 'Q') => return Choice::NotNow,
                    _ => terminal.say(&listing(proposals, &offered)),
                }
            }
            Key::Other => {}
            Key::Interrupt => return Choice::Interrupted,
        }
    }
}

/// What was tried and failed is not offered, and neither is what only a person can do.
fn offers(proposal: &Proposal) -> bool {
    proposal.applies() && proposal.verified != Some(false)
}

fn listing(proposals: &[Proposal], offered: &[usize]) -> String {
    let mut text = said(&tr!("what can be done now:"));
    for (key, &index) in offered.iter().enumerate() {
        let proposal = &proposals[index];
        let line = tr!(
            "{title}  ({standing})",
            title = proposal.title.words(),
            standing = standing(proposal)
        );
        text += &lines(&format!("  {}  ", key + 1), &line);
    }
    let others = proposals.len() - offered.len();
    let more = if others > 0 {
        tr!("details, and {others} more by hand", others)
    } else {
        tr!("details")
    };
    text += &lines("  ?  ", &more);
    let _ = writeln!(text, "  Enter  {}", tr!("not now")); // to a String: cannot fail
    mask::page(&text)
}

/// Tried or not, and what it asks for.
fn standing(proposal: &Proposal) -> String {
    let mut words = vec![match proposal.verified {
        Some(true) => tr!("tried: it works"),
        _ if proposal.further => tr!("tried: it gets further, and fails there"),
        _ if proposal.asks.is_empty() || is_wish(proposal) => tr!("not tried"),
        _ => tr!("not tried yet"),
    }];
    words.extend(proposal.needs.iter().map(|need| match need {
        Need::Secret => tr!("asks for a token"),
        Need::Fingerprint => tr!("compare a fingerprint"),
        Need::Root => tr!("needs root"),
        Need::Consent => tr!("changes whom you trust"),
    }));
    if proposal.risk == Risk::High {
        words.push(tr!("high risk"));
    }
    words.join(&tr!("between clauses" => ", "))
}

fn details(proposals: &[Proposal]) -> String {
    let mut text = String::new();
    for proposal in proposals {
        let _ = write!(
            text,
            "\n{} [{}]\n{}",
            proposal.title.words(),
            proposal.id,
            wrapped(&proposal.why.words())
        );
        if let Some(tried) = &proposal.tried {
            text += &wrapped(&tried.words());
        }
        text += &recipe(proposal);
    }
    text.push('\n');
    mask::page(&text)
}

/// Columns where the terminal doesn't say how many it has.
const COLUMNS: usize = 80;

/// The command lines of a proposal, four columns from the left.
pub(crate) fn recipe(proposal: &Proposal) -> String {
    let columns = wrap::columns(2).unwrap_or(COLUMNS);
    let fitted = |line: &Line| {
        let line = wrap::recipe(&line.render(Lang::spoken()), 4, Some(columns));
        format!("    {line}\n")
    };
    proposal.commands.iter().map(fitted).collect()
}

/// A sentence as lines of the terminal, behind a beginning of so many columns.
fn lines(begin: &str, text: &str) -> String {
    let used = console::measure_text_width(begin);
    let columns = wrap::columns(2).unwrap_or(COLUMNS);
    format!("{begin}{}\n", wrap::fit(text, used, used, Some(columns)))
}

/// A sentence, indented.
fn wrapped(text: &str) -> String {
    lines("  ", text)
}

/// A line of gomend's in the menu.
pub(crate) fn said(text: &str) -> String {
    lines("gomend: ", text)
}

/// The exact change, and one key.
fn agree(proposal: &Proposal, terminal: &mut dyn Terminal) -> Key {
    terminal.ready();
    terminal.say(&exact(proposal));
    loop {
        match terminal.key() {
            Key::Char('?') => {
                let edits = proposal.edits.iter().map(edited);
                let all = edits.fold(String::new(), |text, (all, _)| text + &all);
                terminal.say(&mask::page(&(all + &keys(false))));
            }
            Key::Other => {}
            key => return key,
        }
    }
}

/// What was worked out by a trial that was agreed to, and one key: it is written as it stands there.
pub(crate) fn agreed(proposal: &Proposal, terminal: &mut dyn Terminal) -> Key {
    let mut told = said(&tr!("it works; this is what is written:"));
    let many = proposal.edits.len() > MOST_WHOLE;
    for edit in &proposal.edits {
        if many {
            let _ = writeln!(told, "  {}", counted(edit)); // to a String: cannot fail
        } else {
            told += &edited(edit).0;
        }
    }
    terminal.ready();
    terminal.say(&mask::page(&(told + &keys(many))));
    loop {
        match terminal.key() {
            Key::Char('?') if many => {
                let edits = proposal.edits.iter().map(edited);
                let all = edits.fold(String::new(), |text, (all, _)| text + &all);
                terminal.say(&mask::page(&(all + &keys(false))));
            }
            key => return key,
        }
    }
}

/// Edits of more files than this are shown as names and counts.
pub(crate) const MOST_WHOLE: usize = 3;

/// A file's name, and how many lines come and go.
pub(crate) fn counted(edit: &Edit) -> String {
    let count = |sign: char| {
        edit.diff
            .lines()
            .filter(|line| line.starts_with(sign))
            .count()
    };
    format!("{}  +{} -{}", edit.file, count('+'), count('-'))
}

/// What may be pressed; `more`: something is left out above.
fn keys(more: bool) -> String {
    let keys = if more {
        tr!("y  do it    ?  every line    Enter  no")
    } else {
        tr!("y  do it    Enter  no")
    };
    format!("  {keys}\n")
}

/// An edit line by line, and short: a certificate's letters say nothing to anybody.
fn edited(edit: &Edit) -> (String, String) {
    let (mut all, mut short) = (format!("  {}\n", edit.file), format!("  {}\n", edit.file));
    let (mut hidden, mut within) = (0_usize, false);
    for line in edit.diff.lines() {
        let _ = writeln!(all, "    {line}"); // to a String: cannot fail
        within |= line.contains("-----BEGIN CERTIFICATE-----");
        if !within {
            let _ = writeln!(short, "    {line}");
            continue;
        }
        hidden += 1;
        if line.contains("-----END CERTIFICATE-----") {
            let told = tr!("the certificate, {hidden} lines", hidden);
            let _ = writeln!(short, "    {}({told})", &line[..1]);
            (hidden, within) = (0, false);
        }
    }
    (all, short)
}

/// The exact change of a proposal, as text: commands, then differences.
#[must_use]
pub(crate) fn exact(proposal: &Proposal) -> String {
    let mut text = format!(
        "\n{}\n{}",
        proposal.title.words(),
        wrapped(&proposal.why.words())
    );
    text += &recipe(proposal);
    let mut more = false;
    let many = proposal.edits.len() > MOST_WHOLE;
    for edit in &proposal.edits {
        let (all, mut short) = edited(edit);
        if many {
            short = format!("  {}\n", counted(edit));
        }
        more |= short != all;
        text += &short;
    }
    if proposal.needs.contains(&Need::Fingerprint) {
        let compare = tr!("Compare the fingerprint with one that you got through another channel.");
        text += &wrapped(&compare);
    }
    if !proposal.asks.is_empty() {
        text += &wrapped(&if is_wish(proposal) {
            tr!("This can't be tried before it is written.")
        } else {
            tr!(
                "First it is tried, and written only if it works. The trial goes further than your command did:"
            )
        });
        for ask in &proposal.asks {
            text += &lines("  - ", &ask.text().words());
        }
    }
    text += &keys(more);
    mask::page(&text)
}

/// A project's file wishes it: it is never tried.
pub(crate) fn is_wish(proposal: &Proposal) -> bool {
    proposal.asks.contains(&Consent::ProjectWish)
}

/// The same proposal with the secrets that it wants, asked for without echo. `None`: given up.
pub(crate) fn secrets(proposal: &Proposal, terminal: &mut dyn Terminal) -> Option<Proposal> {
    let mut filled = proposal.clone();
    for change in &mut filled.changes {
        if let Change::Netrc {
            file,
            machine,
            login,
            password: None,
        } = change
        {
            let login = terminal.line(&tr!("User name for {machine}", machine), login)?;
            let secret = terminal.secret(&tr!(
                "Token or password of {login} at {machine} (not shown)",
                login,
                machine
            ))?;
            *change = Change::Netrc {
                file: file.clone(),
                machine: machine.clone(),
                login,
                password: Some(secret),
            };
        }
    }
    Some(filled)
}

/// Asks one yes-or-no question; anything but `key` means no.
pub(crate) fn one_key(question: &str, key: char, terminal: &mut dyn Terminal) -> bool {
    terminal.ready();
    terminal.say(question);
    matches!(terminal.key(), Key::Char(pressed) if pressed.eq_ignore_ascii_case(&key))
}

/// The terminal of this process: keys from standard input, text to standard error.
#[derive(Default)]
pub(crate) struct Tty {
    /// While keys are read one by one.
    mode: Option<Kept>,
}

impl Tty {
    /// The terminal, if a person is there to ask: all three streams are terminals, we are in the
    /// foreground, and nobody has typed ahead. What was typed for the shell is left to it.
    #[must_use]
    pub(crate) fn take() -> Option<Self> {
        let terminals = [0, 1, 2].into_iter().all(sys::is_terminal);
        if !terminals || !sys::is_foreground(0) || waits(Duration::ZERO) {
            return None;
        }
        // only now a line that is not ended yet can be seen
        let mode = one_by_one().ok()?;
        (!waits(Duration::ZERO)).then_some(Self { mode: Some(mode) })
    }
}

/// Whether input comes within this time.
fn waits(patience: Duration) -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec {
        tv_sec: patience.as_secs().cast_signed(),
        tv_nsec: 0,
    };
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// Notes the terminal's settings and makes them what `change` says, until dropped; whatever ends us
/// before puts them back.
fn kept(change: impl FnOnce(&mut Termios)) -> io::Result<Kept> {
    scratch::watch();
    Kept::changed(change)
}

/// Keys one by one and without echo.
fn one_by_one() -> io::Result<Kept> {
    kept(|now| {
        // signals are keys too: the menu says what they mean
        now.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
    })
}

impl Terminal for Tty {
    fn ready(&mut self) {
        if self.mode.is_none() {
            self.mode = one_by_one().ok();
        }
    }

    fn say(&mut self, text: &str) {
        let _ = io::stderr()
            .lock()
            .write_all(mask::painted(text).as_bytes()); // a closed stream loses only words
    }

    fn key(&mut self) -> Key {
        self.ready();
        if self.mode.is_none() || !waits(PATIENCE) {
            return if sys::interrupted() {
                Key::Interrupt
            } else {
                Key::Nothing
            };
        }
        let mut bytes = [0; 16];
        // past std's buffer: what it had read ahead would be lost for the next question
        match rustix::io::read(io::stdin(), &mut bytes) {
            Ok(0) | Err(_) => Key::Nothing,
            Ok(length) => read_key(&bytes[..length]),
        }
    }

    fn line(&mut self, question: &str, default: &str) -> Option<String> {
        self.release();
        let _kept = kept(|_| {});
        let terminal = console::Term::stderr();
        dialoguer::Input::<String>::new()
            .with_prompt(format!("gomend: {question}"))
            .default(default.to_owned())
            .interact_text_on(&terminal)
            .ok()
    }

    fn secret(&mut self, question: &str) -> Option<Secret> {
        self.release();
        // before the question: what somebody pastes as it appears is neither shown nor lost
        let _kept = kept(|now| {
            now.local_modes.remove(LocalModes::ECHO);
            now.local_modes
                .insert(LocalModes::ECHONL | LocalModes::ICANON);
        })
        .ok()?;
        self.say(&format!("gomend: {question}: "));
        let (mut typed, mut piece) = (Vec::new(), [0; 4096]);
        while !typed.ends_with(b"\n") {
            match rustix::io::read(io::stdin(), &mut piece) {
                Ok(length @ 1..) if typed.len() < LONGEST => typed.extend(&piece[..length]),
                _ => return None,
            }
        }
        let typed = String::from_utf8(typed).ok()?;
        Some(typed.trim().to_owned())
            .filter(|text| !text.is_empty())
            .map(Secret::new)
    }

    fn release(&mut self) {
        self.mode = None;
    }
}

/// What the bytes of one read mean.
fn read_key(bytes: &[u8]) -> Key {
    match bytes {
        [b'\r' | b'\n', ..] => Key::Enter,
        [3 | 4 | 28, ..] => Key::Interrupt,
        [27] => Key::Escape, // sequences come in one read
        [byte] if byte.is_ascii_graphic() => Key::Char(char::from(*byte)),
        _ => Key::Other, // arrows and other sequences; a pasted text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A terminal that presses prepared keys.
    struct Script {
        keys: VecDeque<Key>,
        said: String,
        secret: Option<&'static str>,
    }

    impl Script {
        fn new(keys: &[Key]) -> Self {
            Self {
                keys: keys.iter().copied().collect(),
                said: String::new(),
                secret: None,
            }
        }
    }

    impl Terminal for Script {
        fn say(&mut self, text: &str) {
            self.said.push_str(text);
        }
        fn key(&mut self) -> Key {
            self.keys.pop_front().unwrap_or(Key::Nothing)
        }
        fn line(&mut self, _question: &str, default: &str) -> Option<String> {
            Some(default.to_owned())
        }
        fn secret(&mut self, _question: &str) -> Option<Secret> {
            self.secret.map(|text| Secret::new(text.to_owned()))
        }
    }

    fn proposals() -> Vec<Proposal> {
        let change = || Change::GoEnv {
            key: "GOPRIVATE".into(),
            value: Some("a.example".into()),
        };
        let mut proven = Proposal::new("goprivate", "Mark a.example as private", "It helps.")
            .change(change())
            .command("go env -w X");
        proven.verified = Some(true);
        let mut refuted = Proposal::new("other", "Something else", "It might.").change(change());
        refuted.verified = Some(false);
        let netrc = Change::Netrc {
            file: "/h/.netrc".into(),
            machine: "h".into(),
            login: "bob".into(),
            password: None,
        };
        let secret = Proposal::new("store", "Store a login", "It is asked for.")
            .change(netrc)
            .need(Need::Secret);
        vec![
            proven,
            refuted,
            Proposal::advice("call", "Call somebody", "They know."),
            secret,
        ]
    }

    fn choose(keys: &[Key]) -> (Choice, String) {
        let mut script = Script::new(keys);
        let choice = menu(&proposals(), &mut script);
        (choice, script.said)
    }

    #[test]
    fn enter_silence_and_unknown_keys_change_nothing() {
        for keys in [
            &[Key::Enter][..],
            &[],
            &[Key::Char('x'), Key::Enter],
            &[Key::Other, Key::Nothing],
            &[Key::Char('9')],
        ] {
            assert_eq!(choose(keys).0, Choice::NotNow, "{keys:?}");
        }
        assert_eq!(choose(&[Key::Interrupt]).0, Choice::Interrupted);
        assert_eq!(
            choose(&[Key::Char('1'), Key::Interrupt]).0,
            Choice::Interrupted
        );
    }

    #[test]
    fn a_key_shows_the_change_and_another_one_agrees() {
        let (choice, said) = choose(&[Key::Char('1'), Key::Char('y')]);
        assert_eq!(choice, Choice::Apply(0));
        assert!(said.contains("go env -w X"), "{said}");
        assert_eq!(
            choose(&[Key::Char('1'), Key::Enter, Key::Enter]).0,
            Choice::NotNow
        );
        assert_eq!(
            choose(&[
                Key::Char('1'),
                Key::Char('n'),
                Key::Char('2'),
                Key::Char('y')
            ])
            .0,
            Choice::Apply(3)
        );
    }

    #[test]
    fn the_first_screen() {
        let (_, said) = choose(&[]);
        assert_eq!(
            said,
            "gomend: what can be done now:\n  1  Mark a.example as private  (tried: it works)\n  2  Store a login  (not tried, asks for a token)\n  ?  details, and 2 more by hand\n  Enter  not now\n"
        );
        assert!(choose(&[Key::Char('?')]).1.contains("Call somebody [call]"));
    }

    #[test]
    fn nothing_to_apply_asks_nothing() {
        let mut script = Script::new(&[Key::Char('1')]);
        assert_eq!(
            menu(
                &[Proposal::advice("call", "Call", "They know.")],
                &mut script
            ),
            Choice::NotNow
        );
        assert_eq!(script.said, "");
    }

    #[test]
    fn secrets_are_filled_in_and_never_shown() {
        let proposal = &proposals()[3];
        let mut script = Script {
            secret: Some("t0ken"),
            ..Script::new(&[])
        };
        let filled = secrets(proposal, &mut script).unwrap();
        assert!(
            matches!(&filled.changes[0], Change::Netrc { password: Some(secret), .. } if secret.reveal() == "t0ken")
        );
        assert!(!format!("{filled:?}").contains("t0ken"));
        assert!(secrets(proposal, &mut Script::new(&[])).is_none());
    }

    #[test]
    fn keys_from_bytes() {
        assert_eq!(read_key(b"1"), Key::Char('1'));
        assert_eq!(read_key(b"\r"), Key::Enter);
        assert_eq!(read_key(b"\x03"), Key::Interrupt);
        assert_eq!(read_key(b"\x1b[A"), Key::Other);
        assert_eq!(read_key(b"yes"), Key::Other);
    }
}
