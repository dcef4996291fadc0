//! What `gomend probe` saw, for people: both stacks side by side, what each nameserver, address and
//! certificate said, and a last line that says what it comes to.
//!
//! In: observations. Out: text. `--json` has every field; here stands what a person decides by.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cause::Cause;
use crate::evidence::Target;
use crate::lang::{list, tr};
use crate::probe::dns::{Answer, Asked, Lookup};
use crate::probe::tls::{Certificate, Handshake, Trust};
use crate::probe::{Observation, Seen, Stack, Status, git, http, proxy, ssh, tcp};
use crate::verdict;
use crate::words;
use crate::wrap;

/// Everything.
pub(super) fn words(target: &Target, seen: &[Observation]) -> String {
    let mut text = String::new();
    let Some(first) = seen.first() else {
        return text;
    };
    text.push_str(&first.target);
    text.push_str("\n\n");
    text.push_str(&columns(&side_by_side(seen)));
    for part in [
        nameservers(seen),
        addresses(seen),
        facts(seen),
        chain(seen),
        trust(seen),
    ] {
        if !part.is_empty() {
            text.push('\n');
            text.push_str(&columns(&part));
        }
    }
    let meaning = meaning(target, seen);
    let meaning = wrap::fit(&meaning, 8, 8, wrap::columns(1));
    text + "\ngomend: " + &meaning + "\n"
}

/// Rows of cells, each column as wide as its widest cell.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| console::measure_text_width(cell)).max()
    };
    let mut text = String::new();
    for row in rows {
        let padded: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(at, cell)| {
                let width = width(at).unwrap_or_default();
                console::pad_str(cell, width, console::Alignment::Left, None).into_owned()
            })
            .collect();
        // the last cell goes on below itself
        let (last, before) = padded
            .split_last()
            .map_or(("", &[][..]), |(last, before)| (last.trim_end(), before));
        let begin = before
            .iter()
            .fold("  ".to_owned(), |begin, cell| begin + cell + "  ");
        let used = console::measure_text_width(&begin);
        let indent = if before.is_empty() { 5 } else { used };
        let line = begin + &wrap::fit(last, used, indent, wrap::columns(1));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A row for each stage, and a column for each stack; one column where they saw the same.
fn side_by_side(seen: &[Observation]) -> Vec<Vec<String>> {
    let mut stages: Vec<_> = seen.iter().map(Observation::id).collect();
    stages.dedup();
    stages.sort();
    stages.dedup();
    let of = |id, stack: Stack| {
        seen.iter()
            .find(move |one| one.id() == id && one.stack == stack)
    };
    let cell = |one: Option<&Observation>| one.map(outcome).unwrap_or_default();
    let time = |one: Option<&Observation>| {
        one.map(|one| tr!("{ms} ms", ms = one.elapsed_ms))
            .unwrap_or_default()
    };
    let stacks = [Stack::Go, Stack::Git];
    let both = |id| stacks.map(|stack| of(id, stack));
    let same = stages
        .iter()
        .all(|id| matches!(both(*id), [Some(go), Some(git)] if outcome(go) == outcome(git)));
    let mut rows = Vec::new();
    if !is_asked(seen, Stack::Go) {
        rows.push(vec![String::new(), tr!("as git"), String::new()]);
        for id in stages {
            let git = of(id, Stack::Git);
            rows.push(vec![id.id().to_owned(), cell(git), time(git)]);
        }
        return rows;
    }
    if same {
        rows.push(vec![String::new(), tr!("as go and git"), String::new()]);
        for id in stages {
            let [go, git] = both(id);
            let slower = go.into_iter().chain(git).max_by_key(|one| one.elapsed_ms);
            rows.push(vec![id.id().to_owned(), cell(go), time(slower)]);
        }
        return rows;
    }
    rows.push(vec![
        String::new(),
        tr!("as go"),
        String::new(),
        tr!("as git"),
    ]);
    for id in stages {
        let [go, git] = both(id);
        if go.is_some() || git.is_some() {
            rows.push(vec![
                id.id().to_owned(),
                cell(go),
                time(go),
                cell(git),
                time(git),
            ]);
        }
    }
    rows
}

/// Whether this stack was imitated at all.
fn is_asked(seen: &[Observation], stack: Stack) -> bool {
    seen.iter().any(|one| one.stack == stack)
}

/// A mark, and what was learned.
fn outcome(one: &Observation) -> String {
    let mark = match one.status() {
        Status::Pass => tr!("ok"),
        Status::Fail => tr!("FAILS"),
        Status::Skip => "?".to_owned(),
    };
    let learned = match &one.seen {
        Seen::Nothing(_, why) => words::unavailable(why),
        seen => words::seen(seen, one.stack),
    };
    format!("{mark} {learned}").trim_end().to_owned()
}

/// What each nameserver answered.
fn nameservers(seen: &[Observation]) -> Vec<Vec<String>> {
    let lookups: Vec<&Lookup> = seen
        .iter()
        .filter_map(|one| match &one.seen {
            Seen::Dns(lookup) => Some(lookup),
            _ => None,
        })
        .collect();
    let mut rows: Vec<Vec<String>> = lookups
        .iter()
        .flat_map(|lookup| &lookup.asked)
        .map(|asked| {
            vec![
                asked.server.trim_end_matches(":53").to_owned(),
                asked.name.clone(),
                answered(asked),
                tr!("{ms} ms", ms = asked.ms),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let head = [
            tr!("nameserver"),
            tr!("asked for"),
            tr!("answer"),
            tr!("time"),
        ];
        rows.insert(0, head.to_vec());
    }
    if lookups.iter().any(|lookup| lookup.from_hosts_file) {
        rows.push(vec![tr!("the hosts file names it: go asks nobody")]);
    }
    rows
}

fn answered(asked: &Asked) -> String {
    if asked.answer != Answer::Addresses {
        let lookup = Lookup {
            answer: asked.answer,
            ..Lookup::default()
        };
        return words::seen(&Seen::Dns(lookup), Stack::Go);
    }
    let addresses: Vec<String> = asked.addresses.iter().map(ToString::to_string).collect();
    let ttl = asked.ttl.map(|ttl| tr!(" (TTL {ttl} s)", ttl));
    list(&addresses) + &ttl.unwrap_or_default()
}

/// What each address did, for each stack.
fn addresses(seen: &[Observation]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |address: String, outcome: tcp::Outcome, ms: u64, stack: Stack| {
        let cell = format!("{}, {}", words::connection(outcome), tr!("{ms} ms", ms));
        let at = 1 + usize::from(stack == Stack::Git);
        let place = rows.iter().position(|row| row[0] == address);
        let place = place.unwrap_or_else(|| {
            rows.push(vec![address, String::new(), String::new()]);
            rows.len() - 1
        });
        rows[place][at] = cell;
    };
    for one in seen {
        if let Seen::Tcp(reach) = &one.seen {
            for attempt in reach.attempts.iter().chain(&reach.others) {
                row(
                    attempt.address.to_string(),
                    attempt.outcome,
                    attempt.ms,
                    one.stack,
                );
            }
        }
    }
    if !rows.is_empty() {
        rows.insert(0, vec![tr!("address"), tr!("as go"), tr!("as git")]);
    }
    rows
}

/// What else each stack met: a label, and a value for each, or one where they are the same.
fn facts(seen: &[Observation]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in seen {
        for (label, value) in of(&one.seen) {
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
                .find(|row| row[0] == label && row[1] == value)
            {
                Some(row) => row[2].clear(), // both saw it
                None => rows.push(vec![label, value, stack]),
            }
        }
    }
    rows
}

/// The facts of one observation.
fn of(seen: &Seen) -> Vec<(String, String)> {
    match seen {
        Seen::Tls(handshake) => handshakes(handshake),
        Seen::Http(reply) => answer(reply),
        Seen::Proxy(choice) => chosen(choice),
        Seen::Git(remote) => repository(remote),
        Seen::Ssh(session) => login(session),
        _ => Vec::new(),
    }
}

fn handshakes(handshake: &Handshake) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cipher = list(
        &[&handshake.cipher, &handshake.group, &handshake.alpn]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    );
    let said = handshake.tries.iter().find_map(|tried| tried.said.as_ref());
    let name = match handshake.name_matches {
        Some(true) => tr!("the certificate is valid for {name}", name = handshake.name),
        Some(false) => tr!(
            "the certificate is not valid for {name}",
            name = handshake.name
        ),
        None => String::new(),
    };
    vec![
        (tr!("cipher"), cipher),
        (tr!("it says"), text(&said.cloned())),
        (tr!("name"), name),
    ]
}

fn answer(reply: &http::Reply) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let asked = if reply.root_only {
        tr!(
            "{url} alone: this connection may not be told more",
            url = reply.url
        )
    } else {
        reply.url.clone()
    };
    let retry = reply.retry_after.map(|seconds| tr!("{seconds} s", seconds));
    vec![
        (tr!("asked for"), asked),
        (tr!("type"), text(&reply.content_type)),
        (tr!("leads to"), text(&reply.redirects_to)),
        (tr!("wants a login"), text(&reply.asks_for)),
        (tr!("try again in"), retry.unwrap_or_default()),
        (tr!("repository"), text(&reply.go_import)),
    ]
}

fn chosen(choice: &proxy::Choice) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        (tr!("decided by"), text(&choice.decided_by)),
        (tr!("wants a login"), text(&choice.asks_for)),
        (
            tr!("without it"),
            if choice.direct == tcp::Outcome::Unknown {
                String::new()
            } else {
                words::connection(choice.direct)
            },
        ),
    ]
}

fn repository(remote: &git::Remote) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        ("git".to_owned(), text(&remote.version)),
        (tr!("repository"), remote.url.clone()),
        (tr!("insteadOf makes it"), text(&remote.rewritten)),
        (tr!("helpers"), list(&remote.helpers)),
        (tr!("it says"), text(&remote.said)),
    ]
}

fn login(session: &ssh::Session) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let known = match session.known {
        Some(true) => tr!("yes"),
        Some(false) => tr!("no"),
        None => String::new(),
    };
    vec![
        (
            tr!("login"),
            format!("{}@{}:{}", session.user, session.hostname, session.port),
        ),
        (tr!("identities"), list(&session.identities)),
        (tr!("in known_hosts"), known),
        (
            tr!("host key"),
            session
                .shown_key
                .as_ref()
                .map(|key| format!("SHA256:{key}"))
                .unwrap_or_default(),
        ),
        (tr!("it says"), text(&session.said)),
    ]
}

/// A handshake that showed certificates: the first.
fn handshake(seen: &[Observation]) -> Option<&Handshake> {
    seen.iter().find_map(|one| match &one.seen {
        Seen::Tls(handshake) if !handshake.chain.is_empty() => Some(handshake),
        _ => None,
    })
}

/// The chain as sent, the server's own first.
fn chain(seen: &[Observation]) -> Vec<Vec<String>> {
    let Some(handshake) = handshake(seen) else {
        return Vec::new();
    };
    let mut rows = vec![vec![tr!("chain, as sent")]];
    for (at, certificate) in handshake.chain.iter().enumerate() {
        let number = (at + 1).to_string();
        let mut lines = vec![
            certificate.subject.clone(),
            tr!("issued by {issuer}", issuer = certificate.issuer),
            dates(certificate, OffsetDateTime::now_utc()),
            certificate.key.clone(),
            format!("SHA-256 {}", certificate.sha256),
        ];
        if !certificate.names.is_empty() {
            lines.insert(1, tr!("for {names}", names = names(certificate, handshake)));
        }
        for (line, text) in lines.into_iter().enumerate() {
            let mark = if line == 0 { number.as_str() } else { "" };
            rows.push(vec![format!("{mark:<2} {text}")]);
        }
    }
    rows
}

/// How many names are shown beside the one that was asked for.
const NAMES: usize = 3;

/// The name that matters first, then some others.
fn names(certificate: &Certificate, handshake: &Handshake) -> String {
    let suffix = handshake.name.split_once('.').map(|(_, domain)| domain);
    let matters = |name: &&String| {
        **name == handshake.name
            || name
                .strip_prefix("*.")
                .is_some_and(|rest| Some(rest) == suffix)
    };
    let first = certificate.names.iter().filter(matters);
    let others = certificate.names.iter().filter(|name| !matters(name));
    let shown: Vec<&String> = first.chain(others).take(NAMES).collect();
    match certificate.names.len() - shown.len() {
        0 => list(&shown),
        more => tr!("{names} and {more} more", names = list(&shown), more),
    }
}

/// From when to when, and how long that is from now.
fn dates(certificate: &Certificate, now: OffsetDateTime) -> String {
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let (begin, end) = (day(&certificate.not_before), day(&certificate.not_after));
    let (Some(from), Some(to)) = (read(&certificate.not_before), read(&certificate.not_after))
    else {
        return String::new();
    };
    let ago = |days: i64| usize::try_from(days).unwrap_or(0);
    if now > to {
        let days = ago((now - to).whole_days());
        return tr!(
            "valid from {begin} to {end}: expired one day ago"
                | "valid from {begin} to {end}: expired {n} days ago" % days,
            begin,
            end
        );
    }
    if now < from {
        let days = ago((from - now).whole_days());
        return tr!(
            "valid from {begin} to {end}: begins in one day"
                | "valid from {begin} to {end}: begins in {n} days" % days,
            begin,
            end
        );
    }
    let days = ago((to - now).whole_days());
    tr!(
        "valid from {begin} to {end}: one day left"
            | "valid from {begin} to {end}: {n} days left" % days,
        begin,
        end
    )
}

/// Where each store's trust ends.
fn trust(seen: &[Observation]) -> Vec<Vec<String>> {
    let Some(handshake) = handshake(seen) else {
        return Vec::new();
    };
    let top = handshake.chain.last().map_or("", |top| top.issuer.as_str());
    let says = |trust: Trust| match trust {
        Trust::Trusted => tr!("leads to a root of it"),
        Trust::Unknown => tr!("ends: it has no root {issuer}", issuer = top),
        Trust::NoRoots => tr!("it holds no certificate at all"),
        Trust::NotJudged => tr!("not judged"),
    };
    vec![
        vec![tr!("trust"), String::new()],
        vec![tr!("go's roots"), says(handshake.go)],
        vec![tr!("git's roots"), says(handshake.git)],
        vec![tr!("the system's"), says(handshake.system)],
        vec!["Mozilla".to_owned(), says(handshake.mozilla)],
    ]
}

/// What it comes to.
fn meaning(target: &Target, seen: &[Observation]) -> String {
    let verdict = verdict::foresee(target, seen);
    if verdict.cause != Cause::NotOurs {
        return words::verdict(&verdict);
    }
    if seen.iter().any(super::look::is_problem) {
        tr!("not everything that go or git needs there could be seen to work")
    } else {
        tr!("go and git get through, as far as this was looked at")
    }
}
