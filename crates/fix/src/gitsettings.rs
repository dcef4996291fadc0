//! The entry of git's settings that breaks a fetch, in whichever layer it stands: taken out alone.
//!
//! In: the settings of all files that git reads for this user and of the environment, the verdict.
//! Out: a proposal for each entry that can have broken this very fetch. The trial tells which did.

use std::path::Path;

use super::git::{self, Setting};
use super::{Family, Line, Need, Proposal, Risk, Scope, Situation, Way, shell};
use crate::cause::{Cause, Layer};
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::rules::said::{self, Phrase};
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// On a line of a file.
    Line(Setting),
    /// In a variable of the environment.
    Variable(&'static str),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Section and subsection; the section in lower case.
    pub(super) section: String,
    /// In lower case.
    pub(super) name: String,
    /// Without quotes around it.
    pub(super) value: String,
    /// Where it stands.
    pub(super) origin: Origin,
}

impl Entry {
    fn of_variable((key, value): (String, String), variable: &'static str) -> Option<Self> {
        let (section, name) = key.rsplit_once('.')?;
        let (head, sub) = section.split_once('.').unwrap_or((section, ""));
        let mut section = head.to_ascii_lowercase();
        if !sub.is_empty() {
            section = format!("{section}.{sub}");
        }
        Some(Self {
            section,
            name: name.to_ascii_lowercase(),
            value,
            origin: Origin::Variable(variable),
        })
    }

    /// `http.https://h/.proxy`.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    fn kind(&self) -> &str {
        self.section.split('.').next().unwrap_or_default()
    }

    /// Its subsection as the URL that it holds for; for all: `true`.
    fn is_for(&self, host: Option<&str>) -> bool {
        match self.section.split_once('.') {
            Some((_, url)) => Url::parse(url).is_some_and(|url| Some(url.host.as_str()) == host),
            None => true,
        }
    }

    /// Taken out of where it stands.
    pub(super) fn taken_out(self, proposal: Proposal, s: &Situation) -> Proposal {
        match self.origin.clone() {
            Origin::Line(setting) => setting.taken_out(proposal, s),
            Origin::Variable(name) => {
                let same = |entry: &Self| entry.origin == Origin::Variable(name);
                if entries(s).iter().filter(|entry| same(entry)).count() == 1 {
                    without(proposal, s, name)
                } else {
                    // what else it says stays
                    let told = msg!("take {key} out of {name}", key = self.key(), name);
                    proposal.scope(Scope::Manual).command(Line::note(told))
                }
            }
        }
    }

    /// `line 3 of ~/.gitconfig`, or the variable.
    pub(super) fn place(&self, s: &Situation) -> Text {
        match &self.origin {
            Origin::Line(setting) => setting.place(s),
            Origin::Variable(name) => msg!("the variable {name}", name),
        }
    }
}

/// A variable taken out of the shell's start-up file; where none sets it, the line to type.
pub(super) fn without(proposal: Proposal, s: &Situation, name: &str) -> Proposal {
    let proposal = proposal.command(format!("unset {name}"));
    let spots = s.setters(name);
    if spots.is_empty() {
        return proposal.scope(Scope::Manual).command(Line::note(msg!(
            "{name} is set outside of your shell files",
            name
        )));
    }
    spots.into_iter().fold(proposal, |proposal, spot| {
        proposal.line(spot, |line| shell::dropped(line, name))
    })
}

/// What holds of `credential.NAME` for a host.
pub(super) fn credential(s: &Situation, host: &str, name: &str) -> Option<String> {
    of_host(s, "credential", name, host)
}

/// What holds of a section's setting for a host: the last entry, one for its URL before one for all.
pub(super) fn of_host(s: &Situation, section: &str, name: &str, host: &str) -> Option<String> {
    let of_name: Vec<Entry> = entries(s)
        .into_iter()
        .filter(|entry| entry.kind() == section && entry.name == name)
        .filter(|entry| entry.is_for(Some(host)))
        .collect();
    let own = of_name
        .iter()
        .rev()
        .find(|entry| entry.section.contains('.'));
    own.or(of_name.last()).map(|entry| entry.value.clone())
}

/// All entries, in git's order: files, then the environment (git-config(1), ENVIRONMENT).
pub(super) fn entries(s: &Situation) -> Vec<Entry> {
    /// More than anybody sets.
    const MOST: usize = 1000;
    if s.saved {
        return Vec::new();
    }
    let of_files = git::settings(s).into_iter().map(|setting| Entry {
        section: setting.section.clone(),
        name: setting.name.clone(),
        value: setting.value.clone(),
        origin: Origin::Line(setting),
    });
    let count = s.env.var("GIT_CONFIG_COUNT");
    let count: usize = count
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0);
    let counted = (0..count.min(MOST)).filter_map(|index| {
        let of = |what: &str| Some(s.env.var(&format!("GIT_CONFIG_{what}_{index}"))?.to_owned());
        Entry::of_variable((of("KEY")?, of("VALUE")?), "GIT_CONFIG_COUNT")
    });
    let parameters = s.env.var("GIT_CONFIG_PARAMETERS").unwrap_or_default();
    let parameters = parameters.split_whitespace().filter_map(|word| {
        let word = word.replace("'='", "=");
        let (key, value) = word.trim_matches('\'').split_once('=')?;
        let pair = (key.to_owned(), value.to_owned());
        Entry::of_variable(pair, "GIT_CONFIG_PARAMETERS")
    });
    of_files.chain(counted).chain(parameters).collect()
}

/// Whether git itself, or what it starts, can have failed here.
fn is_gits(verdict: &Verdict) -> bool {
    matches!(
        verdict.target.role,
        Role::VcsHttps | Role::VcsSsh | Role::VcsGit | Role::HttpProxy
    ) || verdict.cause == Cause::GitConfigBroken
}

/// Proposals for all entries that can have broken this fetch, the most particular ones first.
pub(super) fn culprits(verdict: &Verdict, s: &Situation) -> Vec<Proposal> {
    /// Each is tried.
    const MOST: usize = 6;
    if s.saved || !is_gits(verdict) || s.says(Phrase::ServerResponse) {
        return Vec::new();
    }
    let mut found: Vec<Proposal> = Vec::new();
    let all = entries(s);
    for (index, entry) in all.iter().enumerate().rev() {
        let hidden = entry.name != "insteadof"
            && all[index + 1..]
                .iter()
                .any(|later| later.section == entry.section && later.name == entry.name);
        if hidden || found.len() == MOST {
            continue;
        }
        if let Some(proposal) = of_entry(entry, verdict, s) {
            found.push(proposal);
        }
    }
    let variables = VARIABLES
        .iter()
        .filter_map(|name| of_variable(name, verdict, s));
    found.extend(variables);
    let settings: Vec<&Proposal> = found
        .iter()
        .filter(|one| one.family == Family::GitSetting)
        .collect();
    if let [first, .., last] = settings.as_slice() {
        let all = settings.iter().rev().flat_map(|one| one.changes.clone());
        let both = Proposal {
            id: "git-settings".to_owned(),
            title: msg!(
                "Take all of these out: {first}, {last}",
                first = last.title,
                last = first.title
            ),
            changes: all.collect(),
            commands: settings
                .iter()
                .flat_map(|one| one.commands.clone())
                .collect(),
            ..(*first).clone()
        };
        found.push(both);
    }
    // several of one kind have a number
    let mut ids: Vec<String> = Vec::new();
    for proposal in &mut found {
        let id = proposal.id.clone();
        let before = ids.iter().filter(|other| **other == id).count();
        ids.push(id);
        if before > 0 {
            proposal.id = format!("{}-{}", proposal.id, before + 1);
        }
    }
    found
}

/// Why an entry breaks this fetch, if it does.
fn of_entry(entry: &Entry, verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let target = &verdict.target;
    let host = target.host.as_deref();
    let tls = verdict.cause.layer() == Layer::Tls;
    let value = entry.value.as_str();
    let place = entry.place(s);
    let key = entry.key();
    let why = match (entry.kind(), entry.name.as_str()) {
        ("http", "sslcainfo" | "sslcapath" | "sslcert" | "sslkey" | "proxysslcainfo") => {
            if !entry.is_for(host) || s.is_there(value) {
                return None;
            }
            msg!(
                "{key} in {place} names `{value}`, where nothing is that git could read.",
                key,
                place,
                value
            )
        }
        ("http", "sslbackend") if tls || verdict.cause == Cause::GitConfigBroken => {
            msg!(
                "{key} in {place} says which TLS library git is to use: `{value}`.",
                key,
                place,
                value
            )
        }
        ("http", "sslversion" | "sslcipherlist") if tls && entry.is_for(host) => {
            msg!(
                "{key} in {place} says which TLS git may speak: `{value}`.",
                key,
                place,
                value
            )
        }
        ("http", "curloptresolve") => {
            let of_host = |host: &str| {
                value
                    .trim_start_matches('+')
                    .starts_with(&format!("{host}:"))
            };
            if !host.is_some_and(of_host) {
                return None;
            }
            msg!(
                "{key} in {place} sends git to a fixed address: `{value}`.",
                key,
                place,
                value
            )
        }
        ("http", "lowspeedlimit" | "lowspeedtime") if s.says(Phrase::TooSlow) => {
            msg!(
                "{key} in {place} ends slow transfers: `{value}`.",
                key,
                place,
                value
            )
        }
        ("http", "proxy") if by_proxy(verdict) && !value.is_empty() => {
            return Some(proxy(entry, verdict, s));
        }
        ("url", "insteadof") => return rewrite(entry, verdict, s),
        ("protocol", "allow") => return forbidden(entry, s),
        ("core", "sshcommand") if !runs(value, s) => {
            msg!(
                "{key} in {place} names a program that is not there: `{value}`.",
                key,
                place,
                value
            )
        }
        _ if s
            .line
            .to_ascii_lowercase()
            .contains(&format!("'{}'", key.to_ascii_lowercase())) =>
        {
            msg!(
                "git cannot read the value of {key} in {place}: `{value}`.",
                key,
                place,
                value
            )
        }
        _ => return None,
    };
    let title = msg!("Take {key} out: {place}", key, place);
    let proposal = Proposal::new("git-setting", title, why)
        .family(Family::GitSetting)
        .risk(Risk::Medium);
    Some(entry.clone().taken_out(proposal, s))
}

fn by_proxy(verdict: &Verdict) -> bool {
    let decided = matches!(
        verdict.reason,
        Some(Reason::ProxyAuth | Reason::ProxyRefuses | Reason::ProxyRequired)
    );
    verdict.cause == Cause::HttpProxy && !decided
}

fn proxy(entry: &Entry, verdict: &Verdict, s: &Situation) -> Proposal {
    let place = entry.place(s);
    let host = verdict.target.module_host().unwrap_or_default();
    let why = msg!(
        "The proxy that git's configuration names does not let go through, and without it the way is open. ({host})",
        host
    );
    let title = msg!("Take git's proxy out: {place}", place);
    let proposal = Proposal::new("proxy-unset", title, why).risk(Risk::Medium);
    entry.clone().taken_out(proposal, s)
}

/// A rewrite that this fetch went by.
fn rewrite(entry: &Entry, verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let base = entry.section.strip_prefix("url.")?;
    let to = Url::remote(base).map(|url| url.host);
    let target = &verdict.target;
    let host = target.host.as_deref();
    let own = target.module_host().unwrap_or_default();
    let from_own = entry.value.contains(own) || own.starts_with(entry.value.trim_matches('/'));
    let everywhere = entry.value.ends_with("://");
    let to_failed = match (to.as_deref(), host) {
        (Some(to), Some(host)) => to == host || host == own,
        _ => true,
    };
    // a login in the address is the user's way to log in
    let logs_in = Url::remote(base)
        .is_some_and(|url| url.scheme.starts_with("http") && url.userinfo.is_some());
    let by_auth = matches!(
        verdict.cause,
        Cause::HttpsNoCredentials | Cause::HttpsCredentialsRejected
    );
    if own.is_empty() || !(from_own || everywhere) || !to_failed || logs_in && !by_auth {
        return None;
    }
    let place = entry.place(s);
    let value = crate::mask::line(&entry.value);
    let base = crate::mask::line(base);
    let why = msg!(
        "This insteadOf turns `{value}...` into `{base}...`, and there git gets no further.",
        value,
        base
    );
    let title = msg!("Take the rewrite out: {place}", place);
    let proposal = Proposal::new("git-rewrite", title, why)
        .risk(Risk::Medium)
        .way(Way::OwnAddress);
    Some(entry.clone().taken_out(proposal, s))
}

/// The protocol that the text says is not allowed; only one that is safe enough.
fn refused_protocol(s: &Situation) -> Option<&str> {
    said::refused_protocol(&s.line).filter(|scheme| matches!(*scheme, "https" | "ssh"))
}

/// An entry that forbids a protocol (git-config(1), `protocol.allow`): that of all is left, and this
/// protocol allowed alone.
fn forbidden(entry: &Entry, s: &Situation) -> Option<Proposal> {
    let scheme = refused_protocol(s)?;
    let own = format!("protocol.{scheme}");
    let (key, place) = (entry.key(), entry.place(s));
    let why = msg!(
        "{key} in {place} forbids git to speak {scheme}. This allows {scheme} and nothing else.",
        key,
        place,
        scheme
    );
    let title = msg!("Allow git to fetch over {scheme}", scheme);
    let mut proposal = Proposal::new("git-protocol", title, why).risk(Risk::Medium);
    let is_user_s = |file: &Path| s.home.as_deref().is_some_and(|home| file.starts_with(home));
    if matches!(&entry.origin, Origin::Line(setting) if !is_user_s(&setting.at.file)) {
        proposal = proposal.need(Need::Consent); // an administrator may mean it
    }
    if entry.section == own {
        return Some(entry.clone().taken_out(proposal, s));
    }
    if entry.section != "protocol" || matches!(entry.origin, Origin::Variable(_)) {
        return None;
    }
    Some(git::add(proposal, s, &format!("{own}.allow"), "always"))
}

/// Variables of git's that break a fetch.
const VARIABLES: &[&str] = &[
    "GIT_EXEC_PATH",
    "GIT_SSH_COMMAND",
    "GIT_SSH",
    "GIT_ALLOW_PROTOCOL",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_SSL_VERSION",
    "GIT_SSL_CIPHER_LIST",
    "GIT_DIR",
];

/// Why a variable breaks this fetch, if it does.
fn of_variable(name: &str, verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let value = s.env.var(name).filter(|value| !value.is_empty())?;
    let tls = verdict.cause.layer() == Layer::Tls;
    let breaks = match name {
        "GIT_EXEC_PATH" => !s.disk.has(&Path::new(value).join("git-remote-https")),
        "GIT_SSH_COMMAND" | "GIT_SSH" => !runs(value, s),
        "GIT_ALLOW_PROTOCOL" => refused_protocol(s).is_some(),
        "GIT_SSL_CERT" | "GIT_SSL_KEY" => !s.is_there(value),
        "GIT_SSL_VERSION" | "GIT_SSL_CIPHER_LIST" => tls,
        "GIT_DIR" => !s.disk.has_folder(Path::new(value)), // in a git hook it is there
        _ => false,
    };
    if !breaks {
        return None;
    }
    let why = msg!(
        "{name} is `{value}`: with it git gets no further.",
        name,
        value = crate::mask::line(value)
    );
    let title = msg!("Take {name} out", name);
    let proposal = Proposal::new("git-variable", title, why).risk(Risk::Medium);
    Some(without(proposal, s, name))
}

/// Whether the program that a command begins with is there.
pub(super) fn runs(command: &str, s: &Situation) -> bool {
    let program = command.trim_start();
    let program = match program.strip_prefix(['"', '\'']) {
        Some(rest) => rest.split(['"', '\'']).next().unwrap_or(rest),
        None => program.split_whitespace().next().unwrap_or(program),
    };
    if program.contains('=') || program.contains('$') {
        return true; // a shell knows
    }
    if program.contains('/') {
        s.disk.has(&s.expanded(program))
    } else {
        s.has(program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_environment() {
        let env = [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "HTTP.https://H/.Proxy"),
            ("GIT_CONFIG_VALUE_0", "http://p:1"),
            ("GIT_CONFIG_PARAMETERS", "'http.proxy'='http://q:1' 'a.b=c'"),
        ];
        let s = Situation {
            env: env.into_iter().collect(),
            ..Situation::default()
        };
        let all: Vec<String> = entries(&s)
            .iter()
            .map(|entry| format!("{}={}", entry.key(), entry.value))
            .collect();
        assert_eq!(
            all,
            [
                "http.https://H/.proxy=http://p:1",
                "http.proxy=http://q:1",
                "a.b=c"
            ]
        );
    }
}
