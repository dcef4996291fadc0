//! The menu of fixes, and secrets: only on a terminal, and Enter means *not now*.
//!
//! In: proposals, a [`Terminal`]. Out: what the person chose. What is chosen is decided here
//! without a terminal, so that it can be tested; [`Tty`] is the real one. Nothing is written.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, SpecialCodeIndex, Termios};

use crate::fix::{Change, Consent, Need, Proposal, Risk, Secret};
use crate::lang::{Lang, tr};
use crate::mask;
use crate::scratch;
use crate::sys::{self, terminal::Kept};

/// A question that nobody answers for this long is withdrawn.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Fixes that a menu offers at most: one key each.
const MOST: usize = 9;

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A letter, digit or sign.
    Char(char),
    /// Enter.
    Enter,
    /// Ctrl-C, Ctrl-\ or Ctrl-D.
    Interrupt,
    /// Any other key.
    Other,
    /// None within [`PATIENCE`].
    Nothing,
}

/// What a menu needs of a terminal.
pub trait Terminal {
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
pub enum Choice {
    /// Nothing, or no answer.
    NotNow,
    /// Ctrl-C.
    Interrupted,
    /// This proposal, by its index, after its exact change was shown.
    Apply(usize),
}

/// Offers what can be applied, the first one first; shows details on demand and the exact change
/// before it is agreed to.
pub fn menu(proposals: &[Proposal], terminal: &mut dyn Terminal) -> Choice {
    let offered: Vec<usize> = (0..proposals.len())
        .filter(|&index| offers(&proposals[index]))
        .take(MOST)
        .collect();
    if offered.is_empty() {
        return Choice::NotNow;
    }
    terminal.say(&listing(proposals, &offered));
    loop {
        match terminal.key() {
            Key::Char('?') => terminal.say(&details(proposals)),
            Key::Char(digit) => {
                let chosen = digit
                    .to_digit(10)
                    .and_then(|digit| offered.get((digit as usize).checked_sub(1)?))
                    .copied();
                let Some(index) = chosen else {
                    let told = tr!("that is none of the keys; Enter: not now");
                    terminal.say(&format!("gomend: {told}\n"));
                    continue;
                };
                match agree(&proposals[index], terminal) {
                    Key::Char('y' | 'Y') => return Choice::Apply(index),
                    Key::Interrupt => return Choice::Interrupted,
                    Key::Nothing => return Choice::NotNow,
                    _ => terminal.say(&listing(proposals, &offered)),
                }
            }
            Key::Other => {}
            Key::Interrupt => return Choice::Interrupted,
            Key::Enter | Key::Nothing => return Choice::NotNow,
        }
    }
}

/// What was tried and failed is not offered, and neither is what only a person can do.
fn offers(proposal: &Proposal) -> bool {
    proposal.applies() && proposal.verified != Some(false)
}

fn listing(proposals: &[Proposal], offered: &[usize]) -> String {
    let mut text = format!("gomend: {}\n", tr!("what can be done now:"));
    for (key, &index) in offered.iter().enumerate() {
        let proposal = &proposals[index];
        let line = tr!(
            "{title}  ({standing})",
            title = proposal.title.words(),
            standing = standing(proposal)
        );
        let _ = writeln!(text, "  {}  {line}", key + 1); // to a String: cannot fail
    }
    let others = proposals.len() - offered.len();
    let more = if others > 0 {
        tr!("details, and {others} more by hand", others)
    } else {
        tr!("details")
    };
    let _ = writeln!(text, "  ?  {more}\n  Enter  {}", tr!("not now"));
    mask::page(&text)
}

/// Tried or not, and what it asks for.
fn standing(proposal: &Proposal) -> String {
    let mut words = vec![match proposal.verified {
        Some(true) => tr!("tried: it works"),
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
            let _ = writeln!(text, "  {}", tried.words());
        }
        for command in &proposal.commands {
            let _ = writeln!(text, "    {}", command.render(Lang::spoken()));
        }
    }
    text.push('\n');
    mask::page(&text)
}

/// A sentence in lines of at most 78 columns, indented.
fn wrapped(text: &str) -> String {
    const COLUMNS: usize = 78;
    let mut lines = String::new();
    let mut column = COLUMNS;
    for (blank, piece) in pieces(text) {
        let width = console::measure_text_width(piece);
        if column + blank.len() + width > COLUMNS {
            lines.push_str(if lines.is_empty() { "  " } else { "\n  " });
            column = 2 + width;
        } else {
            lines.push_str(blank);
            column += blank.len() + width;
        }
        lines.push_str(piece);
    }
    lines + "\n"
}

/// What stays together in a line, with the blank that stands before it otherwise: words, and
/// Chinese characters one by one with the punctuation that belongs to them.
fn pieces(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    text.split_whitespace().flat_map(|word| {
        let mut starts = vec![0];
        let letters = word.char_indices().zip(word.chars().skip(1));
        starts.extend(
            letters
                .filter(|((_, letter), next)| parts(*letter, *next))
                .map(|((at, letter), _)| at + letter.len_utf8()),
        );
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([word.len()]).collect();
        let ranges = starts.into_iter().zip(ends);
        ranges.map(move |(start, end)| (if start == 0 { " " } else { "" }, &word[start..end]))
    })
}

/// Whether a line may end between two letters: beside a wide one, but neither before what closes
/// nor behind what opens (Requirements for Chinese Text Layout, "Prohibition rules for line
/// start and line end").
fn parts(letter: char, next: char) -> bool {
    const OPENS: &str = "（“‘《〈【「『([{`";
    const CLOSES: &str = "，。；：、！？）”’》〉】」』…—)]},.;:!?`%";
    let is_wide = |letter: char| console::measure_text_width(letter.encode_utf8(&mut [0; 4])) > 1;
    (is_wide(letter) || is_wide(next)) && !OPENS.contains(letter) && !CLOSES.contains(next)
}

/// The exact change, and one key.
fn agree(proposal: &Proposal, terminal: &mut dyn Terminal) -> Key {
    terminal.say(&exact(proposal));
    terminal.key()
}

/// The exact change of a proposal, as text: commands, then differences.
#[must_use]
pub fn exact(proposal: &Proposal) -> String {
    let mut text = format!(
        "\n{}\n{}",
        proposal.title.words(),
        wrapped(&proposal.why.words())
    );
    for command in &proposal.commands {
        let _ = writeln!(text, "    {}", command.render(Lang::spoken()));
    }
    for edit in &proposal.edits {
        let _ = writeln!(text, "  {}", edit.file);
        for line in edit.diff.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if proposal.needs.contains(&Need::Fingerprint) {
        let compare = tr!("Compare the fingerprint with one that you got over another way.");
        let _ = writeln!(text, "  {compare}");
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
            let _ = writeln!(text, "  - {}", ask.text().words());
        }
    }
    let _ = writeln!(text, "  {}", tr!("y  do it    Enter  no"));
    mask::page(&text)
}

/// A project's file wishes it: it is never tried.
fn is_wish(proposal: &Proposal) -> bool {
    proposal.asks.contains(&Consent::ProjectWish)
}

/// The same proposal with the secrets that it wants, asked for without echo. `None`: given up.
pub fn secrets(proposal: &Proposal, terminal: &mut dyn Terminal) -> Option<Proposal> {
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
pub fn one_key(question: &str, key: char, terminal: &mut dyn Terminal) -> bool {
    terminal.say(question);
    matches!(terminal.key(), Key::Char(pressed) if pressed.eq_ignore_ascii_case(&key))
}

/// The terminal of this process: keys from standard input, text to standard error.
#[derive(Default)]
pub struct Tty {
    /// While keys are read one by one.
    mode: Option<Kept>,
}

impl Tty {
    /// The terminal, if a person is there to ask: all three streams are terminals, we are in the
    /// foreground, and nobody has typed ahead. What was typed for the shell is left to it.
    #[must_use]
    pub fn take() -> Option<Self> {
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
    fn say(&mut self, text: &str) {
        let _ = io::stderr()
            .lock()
            .write_all(mask::painted(text).as_bytes()); // a closed stream loses only words
    }

    fn key(&mut self) -> Key {
        if self.mode.is_none() {
            self.mode = one_by_one().ok();
        }
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
        let _kept = kept(|_| {});
        let terminal = console::Term::stderr();
        let typed = dialoguer::Password::new()
            .with_prompt(format!("gomend: {question}"))
            .allow_empty_password(true)
            .interact_on(&terminal)
            .ok()?;
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
    fn sentences_are_wrapped() {
        let text = "word ".repeat(40);
        let lines = wrapped(&text);
        assert!(
            lines
                .lines()
                .all(|line| line.starts_with("  word") && line.len() <= 78)
        );
        assert_eq!(lines.split_whitespace().count(), 40);
    }

    #[test]
    fn keys_from_bytes() {
        assert_eq!(read_key(b"1"), Key::Char('1'));
        assert_eq!(read_key(b"\r"), Key::Enter);
        assert_eq!(read_key(b"\x03"), Key::Interrupt);
        assert_eq!(read_key(b"\x1b[A"), Key::Other);
        assert_eq!(read_key(b"yes"), Key::Other);
    }

    #[test]
    fn chinese_is_wrapped_by_the_width_of_its_characters() {
        let text = "之后 go 直接从仓库获取 git.corp.example/team，不再向模块代理和校验和数据库查询（`GOPRIVATE`）。git 必须能自行登录那里。";
        for text in [text.to_owned(), text.repeat(3), text.replace(' ', "")] {
            let lines = wrapped(&text);
            for line in lines.lines() {
                assert!(console::measure_text_width(line) <= 78, "{line}");
                assert!(!line.trim_start().starts_with(['，', '。', '）']), "{line}");
                assert!(!line.ends_with('（'), "{line}");
            }
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&lines), bare(&text));
        }
        assert_eq!(wrapped("一 个 词"), "  一 个 词\n");
    }
}
