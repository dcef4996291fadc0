//! What `gomend probe` saw, for people: one table for each question, both stacks side by side where
//! they differ, and a last line that says what it comes to.
//!
//! In: observations. Out: text. `--json` has every field; here stands what a person decides by.

mod certificate;
mod facts;

use console::Style as Paint;

use super::table::{Look, Table};
use crate::cause::Cause;
use crate::evidence::Target;
use crate::lang::{list, tr};
use crate::probe::dns::{Answer, Asked, Lookup, Resolver, Transport};
use crate::probe::tls::{Handshake, HandshakeOutcome, Try, Variant};
use crate::probe::{Id, Observation, Seen, Stack, Status, git, tcp};
use crate::report::Style;
use crate::verdict;
use crate::words;
use crate::wrap;

/// Everything that was seen of what was `asked`.
pub(super) fn words(asked: Id, target: &Target, seen: &[Observation], style: Style) -> String {
    let Some(first) = seen.first() else {
        return String::new();
    };
    let look = Look {
        columns: style.columns,
        colour: style.colour,
    };
    let bold = Paint::new().bold().force_styling(style.colour);
    let mut text = format!("{}\n", bold.apply_to(&first.target));
    let failed = |id| {
        seen.iter()
            .any(|one| one.id() == id && one.status() == Status::Fail)
    };
    let matters = |id| asked == id || failed(id);
    let mut parts = vec![stages(asked, seen, style).render(look)];
    if matters(Id::Dns) {
        parts.push(names(seen).render(look));
        parts.extend(taken(seen, style));
    }
    if matters(Id::Tcp) {
        parts.push(addresses(seen, false).render(look));
        if failed(Id::Tcp) {
            parts.push(addresses(seen, true).render(look));
        }
    }
    parts.push(facts(seen).render(look));
    if matters(Id::Tls) {
        parts.push(tries(seen, style).render(look));
        if let Some(handshake) = handshake(seen) {
            parts.push(certificate::chain(handshake, look));
            parts.push(certificate::trust(handshake).render(look));
        }
    }
    for part in parts.iter().filter(|part| !part.is_empty()) {
        text = text + "\n" + part;
    }
    let meaning = meaning(target, seen);
    let meaning = wrap::fit(&meaning, 8, 8, style.columns);
    let paint = if seen.iter().any(super::look::is_problem) {
        Paint::new().red()
    } else {
        Paint::new().green()
    };
    let name = paint.bold().force_styling(style.colour).apply_to("gomend:");
    format!("{text}\n{name} {meaning}\n")
}

/// What a stage came to for one stack.
struct Cell {
    status: Status,
    learned: String,
    ms: u64,
}

impl Cell {
    fn shown(&self, style: Style) -> String {
        let paint = Paint::new().force_styling(style.colour);
        let mark = match self.status {
            Status::Pass => paint.green().apply_to(tr!("ok")),
            Status::Fail => paint.red().bold().apply_to(tr!("FAILS")),
            Status::Skip => paint.dim().apply_to("?".to_owned()),
        };
        format!("{mark} {}", self.learned).trim_end().to_owned()
    }
}

/// A row for each stage, and a column for each stack; one for both where they saw the same. Empty where
/// the tables below say it all.
fn stages(asked: Id, seen: &[Observation], style: Style) -> Table {
    let of = |id, stack: Stack| {
        let one = seen
            .iter()
            .find(|one| one.id() == id && one.stack == stack)?;
        let (status, learned) = outcome(one);
        let ms = own_ms(one, seen);
        Some(Cell {
            status,
            learned,
            ms,
        })
    };
    let mut ids: Vec<Id> = seen.iter().map(Observation::id).collect();
    ids.sort();
    ids.dedup();
    let is_told_below = |id: &Id| match id {
        Id::Dns => asked == Id::Dns,
        Id::Tcp => asked == Id::Tcp && !addresses(seen, false).is_empty(),
        _ => false,
    };
    if ids.iter().all(is_told_below) || asked == Id::Tcp && is_told_below(&Id::Tcp) {
        ids.clear();
    }
    let rows: Vec<(Id, Option<Cell>, Option<Cell>)> = ids
        .into_iter()
        .map(|id| (id, of(id, Stack::Go), of(id, Stack::Git)))
        .collect();
    let same = |go: &Cell, git: &Cell| go.status == git.status && go.learned == git.learned;
    let are_same = rows
        .iter()
        .all(|(_, go, git)| matches!((go, git), (Some(go), Some(git)) if same(go, git)));
    let (first, second) = match () {
        () if are_same => (tr!("as go and git"), String::new()),
        () if is_asked(seen, Stack::Go) => (tr!("as go"), tr!("as git")),
        () => (tr!("as git"), String::new()),
    };
    let (time, none) = (tr!("time"), String::new);
    let second_time = if second.is_empty() {
        none()
    } else {
        time.clone()
    };
    let mut table = Table::new([none(), first, time, second, second_time]);
    let shown = |cell: &Option<Cell>| cell.as_ref().map_or_else(none, |cell| cell.shown(style));
    let took = |cell: &Option<Cell>| {
        cell.as_ref()
            .filter(|cell| cell.status != Status::Skip)
            .map_or_else(none, |cell| millis(cell.ms))
    };
    for (id, go, git) in &rows {
        let name = id.id().to_owned();
        if are_same {
            let slower = [go, git]
                .into_iter()
                .max_by_key(|cell| cell.as_ref().map(|cell| cell.ms));
            table.row([name, shown(go), took(slower.unwrap_or(go)), none(), none()]);
        } else if is_asked(seen, Stack::Go) {
            table.row([name, shown(go), took(go), shown(git), took(git)]);
        } else {
            table.row([name, shown(git), took(git), none(), none()]);
        }
    }
    table
}

/// Whether this stack was imitated at all.
fn is_asked(seen: &[Observation], stack: Stack) -> bool {
    seen.iter().any(|one| one.stack == stack)
}

fn millis(ms: u64) -> String {
    tr!("{ms} ms", ms)
}

/// What it comes to for this stack, and what was learned.
fn outcome(one: &Observation) -> (Status, String) {
    match &one.seen {
        Seen::Nothing(_, why) => (one.status(), words::unavailable(why)),
        // the other stack's roots are the other stack's matter
        Seen::Tls(handshake) => (
            handshake.status_for(one.stack),
            words::seen(&one.seen, one.stack),
        ),
        Seen::Git(remote) => match &remote.outcome {
            git::RemoteOutcome::Failed(id) => {
                let title = Cause::from_id(id).map(|cause| words::title(cause, None));
                (one.status(), title.unwrap_or_else(|| id.clone()))
            }
            _ => (one.status(), words::seen(&one.seen, one.stack)),
        },
        seen => (one.status(), words::seen(seen, one.stack)),
    }
}

/// How long the stage itself took, milliseconds: without what it waited for.
fn own_ms(one: &Observation, seen: &[Observation]) -> u64 {
    let same_stack = |id: Id| {
        seen.iter()
            .find(move |other| other.id() == id && other.stack == one.stack)
    };
    match &one.seen {
        Seen::Tcp(reach) => {
            let connected =
                |attempt: &&tcp::Attempt| attempt.outcome == tcp::ConnectOutcome::Connected;
            let first = reach
                .attempts
                .iter()
                .filter(connected)
                .map(|one| one.ms)
                .min();
            first
                .or_else(|| reach.attempts.iter().map(|one| one.ms).max())
                .unwrap_or(one.elapsed_ms)
        }
        Seen::Tls(handshake) => {
            let default = handshake
                .tries
                .iter()
                .filter(|tried| tried.variant.is_none());
            let as_it_ended = default.filter(|tried| tried.outcome == handshake.outcome);
            as_it_ended
                .map(|tried| tried.ms)
                .min()
                .unwrap_or(one.elapsed_ms)
        }
        Seen::Http(_) => {
            let before = same_stack(Id::Tls).or_else(|| same_stack(Id::Tcp));
            let waited = before.map_or(0, |before| before.elapsed_ms);
            one.elapsed_ms.saturating_sub(waited)
        }
        _ => one.elapsed_ms,
    }
}

/// The lookups.
fn lookups(seen: &[Observation]) -> impl Iterator<Item = (&Observation, &Lookup)> {
    seen.iter().filter_map(|one| match &one.seen {
        Seen::Dns(lookup) => Some((one, lookup)),
        _ => None,
    })
}

/// Who was asked for the name, and what each answered.
fn names(seen: &[Observation]) -> Table {
    let mut table = Table::new([
        tr!("as"),
        tr!("asked"),
        tr!("asked for"),
        tr!("answer"),
        tr!("TTL"),
        tr!("time"),
    ]);
    for (one, lookup) in lookups(seen) {
        let who = match lookup.resolver {
            Resolver::Go => "go".to_owned(),
            Resolver::Libc => "git".to_owned(),
            Resolver::Public => tr!("for comparison"),
        };
        let itself = Asked {
            name: one.target.clone(),
            answer: lookup.answer,
            addresses: lookup.addresses.clone(),
            ms: one.elapsed_ms,
            ..Asked::default()
        };
        let whom = match lookup.resolver {
            _ if lookup.from_hosts_file => tr!("the hosts file"),
            Resolver::Libc => tr!("the C library"),
            _ => String::new(),
        };
        let rows = if lookup.asked.is_empty() {
            std::slice::from_ref(&itself)
        } else {
            &lookup.asked
        };
        for (at, asked) in rows.iter().enumerate() {
            let server = asked.server.trim_end_matches(":53");
            table.row([
                if at == 0 { who.clone() } else { String::new() },
                if server.is_empty() {
                    whom.clone()
                } else {
                    server.to_owned()
                },
                asked.name.clone(),
                answered(asked, lookup.resolver),
                asked
                    .ttl
                    .map(|ttl| tr!("{seconds} s", seconds = ttl))
                    .unwrap_or_default(),
                millis(asked.ms),
            ]);
        }
    }
    table
}

fn answered(asked: &Asked, resolver: Resolver) -> String {
    let lookup = Lookup {
        answer: asked.answer,
        resolver,
        ..Lookup::default()
    };
    let mut parts = vec![match asked.answer {
        Answer::Addresses => list(
            &asked
                .addresses
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
        ),
        _ => words::seen(&Seen::Dns(lookup), Stack::Go),
    }];
    if !asked.cnames.is_empty() {
        parts.push(tr!("through {names}", names = list(&asked.cnames)));
    }
    if asked.transport == Transport::Tcp {
        parts.push(tr!("over TCP"));
    }
    list(&parts)
}

/// What Go makes of answers that differ, and how long it waits where none comes.
fn taken(seen: &[Observation], style: Style) -> Option<String> {
    let (_, lookup) = lookups(seen).find(|(_, lookup)| lookup.resolver == Resolver::Go)?;
    let is_silent = lookup
        .asked
        .iter()
        .any(|asked| asked.answer == Answer::Silence);
    let differ = lookup
        .asked
        .windows(2)
        .any(|two| two[0].answer != two[1].answer);
    let mut lines = Vec::new();
    if differ {
        let answer = words::seen(&Seen::Dns(lookup.clone()), Stack::Go);
        lines.push(tr!(
            "go takes the first answer that settles it, in this order: {answer}",
            answer
        ));
    }
    if is_silent && lookup.waits_ms > 0 {
        lines.push(tr!(
            "go itself waits {seconds} s for a nameserver that is silent",
            seconds = lookup.waits_ms / 1000
        ));
    }
    let lines = lines
        .iter()
        .map(|line| format!("  {}\n", wrap::fit(line, 2, 2, style.columns)));
    Some(lines.collect())
}

/// How an attempt to connect ended, and after how many milliseconds where that was measured.
type Met = (String, Option<u64>);

/// What each address did, for each stack; on the port that is needed, or on others.
fn addresses(seen: &[Observation], others: bool) -> Table {
    let mut rows: Vec<(String, [Option<Met>; 2])> = Vec::new();
    for one in seen {
        let Seen::Tcp(reach) = &one.seen else {
            continue;
        };
        let (attempts, alternative) = if others {
            (&reach.others, reach.alternative.as_ref())
        } else {
            (&reach.attempts, None)
        };
        let tried = attempts.iter().map(|attempt| {
            let ms = Some(attempt.ms);
            (attempt.address.to_string(), attempt.outcome, ms)
        });
        let named = alternative.map(|(name, outcome)| (format!("{name}:443"), *outcome, None));
        for (address, outcome, ms) in tried.chain(named) {
            let place = rows.iter().position(|row| row.0 == address);
            let place = place.unwrap_or_else(|| {
                rows.push((address, [None, None]));
                rows.len() - 1
            });
            let at = usize::from(one.stack == Stack::Git);
            rows[place].1[at] = Some((words::connection(outcome), ms));
        }
    }
    let are_same = rows
        .iter()
        .all(|(_, [go, git])| matches!((go, git), (Some(go), Some(git)) if go.0 == git.0));
    let address = if others {
        tr!("another port")
    } else {
        tr!("address")
    };
    let (time, none) = (tr!("time"), String::new);
    let mut table = if are_same {
        Table::new([address, tr!("as go and git"), time, none(), none()])
    } else {
        Table::new([address, tr!("as go"), time.clone(), tr!("as git"), time])
    };
    for (address, [go, git]) in rows {
        let cell = |met: &Option<Met>| {
            met.as_ref()
                .map_or_else(none, |(outcome, _)| outcome.clone())
        };
        let ms = |met: &Option<Met>| met.as_ref().and_then(|(_, ms)| *ms);
        let took = |ms: Option<u64>| ms.map_or_else(none, millis);
        if are_same {
            let slower = ms(&go).max(ms(&git));
            table.row([address, cell(&go), took(slower), none(), none()]);
        } else {
            table.row([
                address,
                cell(&go),
                took(ms(&go)),
                cell(&git),
                took(ms(&git)),
            ]);
        }
    }
    table
}

/// What else was met: what it is, by whom, and what was found.
fn facts(seen: &[Observation]) -> Table {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for one in seen {
        for (label, value) in facts::of(&one.seen) {
            if value.is_empty() {
                continue;
            }
            let stack = match one.stack {
                Stack::Go => tr!("as go"),
                Stack::Git if is_asked(seen, Stack::Go) => tr!("as git"),
                Stack::Git | Stack::Both => String::new(),
            };
            match rows
                .iter_mut()
                .find(|row| row[0] == label && row[2] == value)
            {
                Some(row) if row[1] != stack => row[1].clear(), // both met it
                Some(_) => {}
                None => rows.push([label, stack, value]),
            }
        }
    }
    let mut table = Table::new([const { String::new() }; 3]);
    for row in rows {
        table.row(row);
    }
    table
}

/// A handshake that showed certificates: the first.
fn handshake(seen: &[Observation]) -> Option<&Handshake> {
    seen.iter().find_map(|one| match &one.seen {
        Seen::Tls(handshake) if !handshake.chain.is_empty() => Some(handshake),
        _ => None,
    })
}

/// The handshakes that were tried beside the default one.
fn tries(seen: &[Observation], style: Style) -> Table {
    let mut table = Table::new([tr!("handshakes"), tr!("as"), tr!("outcome"), tr!("time")]);
    for one in seen {
        let Seen::Tls(handshake) = &one.seen else {
            continue;
        };
        let completed = |tried: &Try| tried.outcome == HandshakeOutcome::Completed;
        if handshake.tries.iter().all(completed) {
            continue; // nothing depends on what is offered
        }
        let stack = if one.stack == Stack::Git { "git" } else { "go" };
        for tried in &handshake.tries {
            table.row([
                offered(tried.variant),
                stack.to_owned(),
                ended(tried, style),
                millis(tried.ms),
            ]);
        }
    }
    table
}

fn offered(variant: Option<Variant>) -> String {
    match variant {
        None => tr!("as it is sent"),
        Some(Variant::NoMlkem) => tr!("without ML-KEM"),
        Some(Variant::NoMldsa) => tr!("without ML-DSA"),
        Some(Variant::Classic) => tr!("with neither"),
        Some(Variant::Tls12) => tr!("TLS 1.2 alone"),
        Some(Variant::OtherName) => tr!("under another name"),
    }
}

fn ended(tried: &Try, style: Style) -> String {
    let status = if tried.outcome == HandshakeOutcome::Completed {
        Status::Pass
    } else {
        Status::Fail
    };
    let mut learned = vec![words::shake(tried.outcome)];
    learned.extend(tried.said.clone());
    let cell = Cell {
        status,
        learned: list(&learned),
        ms: tried.ms,
    };
    cell.shown(style)
}

/// What it comes to.
fn meaning(target: &Target, seen: &[Observation]) -> String {
    let verdict = verdict::foresee(target, seen);
    if verdict.cause != Cause::NotOurs {
        return words::verdict(&verdict);
    }
    let failed = seen
        .iter()
        .filter(|one| one.status() == Status::Fail && super::look::is_problem(one));
    let told = failed
        .map(|one| (one.id().id(), outcome(one).1))
        .find(|(_, learned)| !learned.is_empty());
    if let Some((probe, learned)) = told {
        tr!("{probe} fails: {learned}", probe, learned)
    } else if seen.iter().any(super::look::is_problem) {
        tr!("not everything that go or git needs there could be seen to work")
    } else {
        tr!("go and git get through, as far as this was looked at")
    }
}
