//! What one observation found beside its outcome: labels and values, the empty ones left to be skipped.

use crate::lang::{list, tr};
use crate::probe::tls::Handshake;
use crate::probe::{Seen, git, http, proxy, ssh, tcp};
use crate::words;

/// The facts of one observation.
pub(super) fn of(seen: &Seen) -> Vec<(String, String)> {
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
        (tr!("it says"), text(said)),
        (tr!("name"), name),
    ]
}

fn answer(reply: &http::Reply) -> Vec<(String, String)> {
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
        (tr!("type"), text(reply.content_type.as_ref())),
        (tr!("leads to"), text(reply.redirects_to.as_ref())),
        (tr!("wants a login"), text(reply.asks_for.as_ref())),
        (tr!("try again in"), retry.unwrap_or_default()),
        (tr!("repository"), text(reply.go_import.as_ref())),
    ]
}

fn chosen(choice: &proxy::Choice) -> Vec<(String, String)> {
    vec![
        (tr!("decided by"), text(choice.decided_by.as_ref())),
        (tr!("wants a login"), text(choice.asks_for.as_ref())),
        (
            tr!("without it"),
            if choice.direct == tcp::ConnectOutcome::Unknown {
                String::new()
            } else {
                words::connection(choice.direct)
            },
        ),
    ]
}

fn repository(remote: &git::Remote) -> Vec<(String, String)> {
    vec![
        ("git".to_owned(), text(remote.version.as_ref())),
        (tr!("repository"), remote.url.clone()),
        (tr!("insteadOf makes it"), text(remote.rewritten.as_ref())),
        (tr!("helpers"), list(&remote.helpers)),
        (tr!("it says"), text(remote.said.as_ref())),
    ]
}

fn login(session: &ssh::Session) -> Vec<(String, String)> {
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
        (tr!("agent"), agent(session.agent)),
        (
            tr!("way"),
            if session.through_proxy {
                tr!("through ProxyJump or ProxyCommand")
            } else {
                String::new()
            },
        ),
        (tr!("in known_hosts"), known),
        (
            tr!("host key"),
            session
                .shown_key
                .as_ref()
                .map(|key| format!("SHA256:{key}"))
                .unwrap_or_default(),
        ),
        (tr!("it says"), text(session.said.as_ref())),
    ]
}

fn agent(agent: ssh::Agent) -> String {
    match agent {
        ssh::Agent::None => tr!("none"),
        ssh::Agent::Unreachable => tr!("named, and nobody answers there"),
        ssh::Agent::Keys(keys) => tr!("one key" | "{n} keys" % keys),
        ssh::Agent::Unknown => String::new(),
    }
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}
