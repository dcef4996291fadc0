//! What does ssh itself see?
//!
//! The effective configuration (`ssh -G`), the agent, `known_hosts`, and a
//! session in batch mode that offers no identity: it shows whether the host
//! key is accepted, and can neither be refused a key nor open a dialog.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status, Unavailable, certificate, dial, git};
use crate::cause::Cause;
use crate::evidence::Finding;
use crate::rules;
use crate::settings::gitconfig;
use crate::settings::url::{Url, is_host};
use crate::tool::{End, Output, SSH_RESTRAINTS, Tool};

/// The agent behind `SSH_AUTH_SOCK` or `IdentityAgent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agent {
    /// None is configured.
    None,
    /// The socket is named, and nobody answers there.
    Unreachable,
    /// It holds this many keys.
    Keys(usize),
    /// Not asked.
    #[default]
    Unknown,
}

/// How the session without identities ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionOutcome {
    /// The host key is known and right; the server asked for a login.
    AskedForLogin,
    /// The server let us in without one.
    LetIn,
    /// No key of this host is known.
    HostKeyUnknown,
    /// Another key is known for this host.
    HostKeyChanged,
    /// The name could not be resolved.
    NoSuchName,
    /// No connection.
    NoConnection,
    /// Connected, and cut before the server said who it is.
    Cut,
    /// It did not end in time.
    Silence,
    /// The configuration cannot be used (bad option, wrong owner or mode).
    BadConfig,
    /// Not run, or its words are not known.
    #[default]
    Unknown,
}

/// ssh's view of one host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The host as git names it.
    pub host: String,
    /// The host after `HostName`.
    pub hostname: String,
    /// The port after `Port`.
    pub port: u16,
    /// The user after `User`.
    pub user: String,
    /// `ProxyJump` or `ProxyCommand` is set.
    pub through_proxy: bool,
    /// Identity files that the configuration names and that exist.
    pub identities: Vec<String>,
    /// The agent.
    pub agent: Agent,
    /// `known_hosts` names the host.
    pub known: Option<bool>,
    /// SHA-256 fingerprint of the key that the server showed.
    pub shown_key: Option<String>,
    /// `StrictHostKeyChecking` is off in the configuration.
    pub unchecked: bool,
    /// How the session ended.
    pub outcome: SessionOutcome,
    /// The line that tells.
    pub said: Option<String>,
}

impl Session {
    /// The server was not reached.
    #[must_use]
    pub(crate) fn is_cut_off(&self) -> bool {
        matches!(
            self.outcome,
            SessionOutcome::NoSuchName | SessionOutcome::NoConnection | SessionOutcome::Silence
        )
    }

    /// Pass if the host key is accepted.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            SessionOutcome::AskedForLogin | SessionOutcome::LetIn => Status::Pass,
            SessionOutcome::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const SSH: Probe = Probe {
    id: Id::Ssh,
    applies: |cx| cx.subject.is_remote() && cx.subject.scheme == "ssh",
    stacks: |_| &[Stack::Git],
    target: |cx| cx.subject.address(),
    run,
};

fn run(cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
    let command = git::ssh_command(cx, deadline);
    let Some(ssh) = program(cx, &command) else {
        return Seen::Nothing(Id::Ssh, Unavailable::NoProgram("ssh".into()));
    };
    let destination = destination(cx);
    let Some(config) = effective(cx, &ssh, &destination, deadline) else {
        return Seen::Nothing(Id::Ssh, Unavailable::NoAnswer("ssh -G".into()));
    };
    let first = |key: &str| {
        config
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let all = |key: &'static str| {
        config
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let set = |key: &str| first(key).is_some_and(|value| value != "none");
    let mut session = Session {
        host: cx.subject.host.clone(),
        hostname: first("hostname").map_or_else(|| cx.subject.host.clone(), certificate::plain),
        port: first("port")
            .and_then(|port| port.parse().ok())
            .unwrap_or(22),
        user: first("user").map(certificate::plain).unwrap_or_default(),
        through_proxy: set("proxyjump") || set("proxycommand"),
        identities: all("identityfile")
            .map(|path| at_home(cx, path))
            .filter(|path| std::path::Path::new(path).exists())
            .collect(),
        unchecked: first("stricthostkeychecking")
            .is_some_and(|value| matches!(value, "false" | "no" | "off")),
        ..Session::default()
    };
    let name = if session.port == 22 {
        session.hostname.clone()
    } else {
        format!("[{}]:{}", session.hostname, session.port)
    };
    let name = first("hostkeyalias").map_or(name, str::to_owned);
    let files: Vec<_> = ["userknownhostsfile", "globalknownhostsfile"]
        .iter()
        .filter_map(|key| first(key))
        .flat_map(str::split_whitespace)
        .map(|path| at_home(cx, path))
        .collect();
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| agent(cx, first("identityagent"), deadline));
        let known = scope.spawn(|| known(cx, &name, &files, deadline));
        let greeted = greet(cx, &ssh, &destination, deadline);
        session.agent = agent.join().expect("asking the agent does not panic");
        session.known = known.join().expect("reading `known_hosts` does not panic");
        if let Some(output) = greeted {
            read(&output, &mut session);
        }
    });
    Seen::Ssh(session)
}

/// `user@host` as git passes it, and the port if one is written.
fn destination(cx: &Context) -> Vec<String> {
    let url = cx.subject.repository.as_deref().and_then(Url::remote);
    let user = url
        .as_ref()
        .and_then(|url| url.userinfo.clone())
        .filter(|user| is_host(user))
        .unwrap_or_else(|| "git".to_owned());
    let mut words = Vec::new();
    if cx.subject.port != 22 {
        words.extend(["-p".to_owned(), cx.subject.port.to_string()]);
    }
    words.extend(["--".to_owned(), format!("{user}@{}", cx.subject.host)]);
    words
}

/// The program and options that git would start ssh with. What only a shell can read is left to git.
fn program(cx: &Context, command: &str) -> Option<Tool> {
    let own = command
        .strip_suffix(&SSH_RESTRAINTS.join(" "))
        .unwrap_or(command)
        .trim();
    let mut words = gitconfig::ssh_words(own).into_iter();
    Some(cx.tool(words.next()?).ok()?.args(words))
}

/// `ssh -G`: the effective configuration, keys in lower case.
fn effective(
    cx: &Context,
    ssh: &Tool,
    destination: &[String],
    deadline: Instant,
) -> Option<Vec<(String, String)>> {
    let output = ssh
        .clone()
        .args(["-G"])
        .args(destination.iter())
        .run(deadline, &cx.cancel)
        .ok()?;
    let text = output.succeeded().then(|| output.text())?;
    let pair = |line: &str| {
        line.split_once(' ')
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    Some(text.lines().filter_map(pair).collect())
}

fn at_home(cx: &Context, path: &str) -> String {
    match (path.strip_prefix("~/"), &cx.home) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => path.to_owned(),
    }
}

/// Lists the agent's keys: this asks for nothing and uses none of them.
fn agent(cx: &Context, configured: Option<&str>, deadline: Instant) -> Agent {
    let socket = match configured {
        Some("none") => return Agent::None,
        Some(path) if path != "SSH_AUTH_SOCK" && !path.starts_with('$') => Some(at_home(cx, path)),
        _ => cx.env.var("SSH_AUTH_SOCK").map(str::to_owned),
    };
    let Some(socket) = socket else {
        return Agent::None;
    };
    let Ok(list) = cx.tool("ssh-add") else {
        return Agent::Unknown;
    };
    match list
        .args(["-l"])
        .env("SSH_AUTH_SOCK", &socket)
        .run(deadline, &cx.cancel)
    {
        Ok(output) => match output.end {
            End::Exit(Some(0)) => Agent::Keys(output.text().lines().count()),
            End::Exit(Some(1)) => Agent::Keys(0),
            End::Exit(Some(2)) => Agent::Unreachable,
            _ => Agent::Unknown,
        },
        Err(_) => Agent::Unknown,
    }
}

/// Whether one of the files names the host (`ssh-keygen -F` reads hashed names too).
fn known(cx: &Context, name: &str, files: &[String], deadline: Instant) -> Option<bool> {
    let keygen = cx.tool("ssh-keygen").ok()?;
    let present = files
        .iter()
        .filter(|file| std::path::Path::new(file).is_file());
    let found = present.map(|file| {
        keygen
            .clone()
            .args(["-F", name, "-f", file])
            .run(deadline, &cx.cancel)
            .is_ok_and(|output| output.succeeded())
    });
    Some(found.fold(false, |any, one| any | one))
}

/// A session that offers no identity and starts nothing.
fn greet(cx: &Context, ssh: &Tool, destination: &[String], deadline: Instant) -> Option<Output> {
    let options = [
        "-v",
        "-T",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "PreferredAuthentications=none",
        "-o",
        "ClearAllForwardings=yes",
        "-o",
        "PermitLocalCommand=no",
    ];
    let until = dial::early(deadline);
    ssh.clone()
        .args(SSH_RESTRAINTS.iter().copied())
        .args(options)
        .args(destination.iter())
        .run(until, &cx.cancel)
        .ok()
}

fn read(output: &Output, session: &mut Session) {
    let text = String::from_utf8_lossy(&output.stderr);
    let debug = text
        .lines()
        .filter_map(|line| line.strip_prefix("debug1: "));
    session.shown_key = debug
        .filter_map(|line| line.strip_prefix("Server host key: "))
        .find_map(|line| {
            let fingerprint = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix("SHA256:"))?;
            Some(certificate::plain(fingerprint))
        });
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("debug1: ") && !line.starts_with("OpenSSH_"))
        .collect();
    let evidence = rules::scan(said.join("\n").as_bytes(), &rules::Context::default());
    let cause = evidence.findings.first().map(Finding::cause);
    session.said = evidence
        .findings
        .first()
        .map(|finding| finding.text.clone())
        .or_else(|| said.last().map(|line| certificate::plain(line)));
    session.outcome = match (output.end, cause) {
        (End::Deadline, _) => SessionOutcome::Silence,
        (End::Cancelled, _) => SessionOutcome::Unknown,
        (End::Exit(Some(0)), _) => SessionOutcome::LetIn,
        (_, Some(Cause::SshKeyRejected)) => SessionOutcome::AskedForLogin,
        (_, Some(Cause::SshHostKey)) if session.known == Some(true) => {
            SessionOutcome::HostKeyChanged
        }
        (_, Some(Cause::SshHostKey)) => SessionOutcome::HostKeyUnknown,
        (_, Some(Cause::DnsNotFound | Cause::DnsServerFailure | Cause::DnsTimeout)) => {
            SessionOutcome::NoSuchName
        }
        (_, Some(Cause::TcpRefused | Cause::TcpUnreachable | Cause::TcpTimeout)) => {
            SessionOutcome::NoConnection
        }
        (_, Some(Cause::TcpReset)) => SessionOutcome::Cut,
        (_, Some(Cause::GitConfigBroken | Cause::PermissionDenied)) => SessionOutcome::BadConfig,
        _ => SessionOutcome::Unknown,
    };
}
