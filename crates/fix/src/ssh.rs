//! ssh: host keys, identities, the second entrance on port 443.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::{Change, Line, Need, Proposal, Risk, Scope, Situation, place, quote, shell};
use crate::file::Kind;
use crate::lang::{Text, msg};
use crate::probe::ssh::Agent;
use crate::probe::tcp;
use crate::rules::said::Phrase;
use crate::settings::forges::{self, Forge};
use crate::verdict::{Reason, Verdict};

fn known_hosts(s: &Situation) -> Option<PathBuf> {
    Some(s.home.as_ref()?.join(".ssh/known_hosts"))
}

/// The line that stands for a host in `known_hosts`: with its port unless that is 22.
fn pattern(host: &str, port: u16) -> String {
    if port == 22 {
        host.to_owned()
    } else {
        format!("[{host}]:{port}")
    }
}

/// The host and port that ssh really connects to.
fn endpoint(verdict: &Verdict, s: &Situation) -> Option<(String, u16)> {
    let host = verdict.target.host.clone()?;
    match s.ssh() {
        Some(ssh) if !ssh.hostname.is_empty() => Some((ssh.hostname.clone(), ssh.port)),
        _ => Some((host, verdict.target.port.unwrap_or(22))),
    }
}

/// Pins the keys that the forge publishes.
pub(super) fn published_key(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let (host, port) = endpoint(verdict, s)?;
    let forge = forges::by_key(&host)?;
    if changed(verdict, s) {
        return None;
    }
    let file = known_hosts(s)?;
    let text = forge.lines(&pattern(&host, port));
    let why = msg!(
        "ssh does not know {host} yet. These are the keys that {forge} publishes at {source} (checked {checked}); ssh then refuses any other.",
        host,
        forge = forge.name,
        source = forge.source,
        checked = forge.checked
    );
    let mut proposal = Proposal::new(
        "known-host",
        msg!("Pin the published host keys of {host}", host),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Fingerprint);
    for (kind, fingerprint) in forge.fingerprints() {
        proposal = proposal.command(format!("# {kind} SHA256:{fingerprint}"));
    }
    Some(pinned(proposal, file, text))
}

/// With these lines in `known_hosts`.
fn pinned(proposal: Proposal, file: PathBuf, text: String) -> Proposal {
    let typed = text.lines().fold(proposal, |proposal, line| {
        let line = quote(line);
        proposal.command(format!("printf '%s\\n' {line} >> ~/.ssh/known_hosts"))
    });
    typed.change(Change::Append {
        file,
        text,
        mode: Some(0o600),
    })
}

/// With a block for one host before all others of ssh's configuration: of several values the first one counts
/// (`ssh_config(5)`). What stands there outside of any block goes on holding for all hosts.
fn with_block(proposal: Proposal, s: &Situation, home: &Path, block: &str) -> Proposal {
    let file = home.join(".ssh/config");
    let old = s.disk.text(&file, Kind::Settings).unwrap_or_default();
    let mut words = old.lines().filter_map(|line| {
        let line = line.trim_start();
        let keyword = line.split([' ', '\t', '=']).next()?;
        (!keyword.is_empty() && !line.starts_with('#')).then_some(keyword)
    });
    let is_open = words
        .next()
        .is_some_and(|keyword| !["host", "match"].contains(&&*keyword.to_ascii_lowercase()));
    let text = format!("{block}{}\n", if is_open { "\nHost *" } else { "" });
    let printed = format!("printf '{}'", text.replace('\n', "\\n"));
    let config = s.argument(&file);
    let typed = if s.disk.has_file(&file) {
        // with the file's own mode, and through a link
        format!(
            "cp -p {config} {config}.new && {printed} | cat - {config} >{config}.new && cat {config}.new >{config} && rm {config}.new"
        )
    } else {
        format!("{printed} >>{config}")
    };
    proposal.command(typed).change(Change::Prepend {
        file,
        text,
        mode: Some(0o600),
    })
}

/// A host that publishes nothing gomend knows of: the person compares.
pub(super) fn shown_key(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let (host, port) = endpoint(verdict, s)?;
    let unrelated = verdict.reason == Some(Reason::SshNoCommonAlgorithm);
    if forges::by_key(&host).is_some() || changed(verdict, s) || unrelated {
        return None;
    }
    let shown = s.ssh().and_then(|ssh| ssh.shown_key.clone());
    let why = match shown {
        None => msg!(
            "ssh does not know {host} yet. Ask the people who run it for its fingerprint, through another channel than this network, \
             before you accept it.",
            host
        ),
        Some(shown) => msg!(
            "ssh does not know {host} yet. It shows {shown}: compare that with what the people who run it say, through another channel \
             than this network, before you accept it.",
            host,
            shown
        ),
    };
    let flag = if port == 22 {
        String::new()
    } else {
        format!("-p {port} ")
    };
    Some(
        Proposal::new(
            "known-host-compare",
            msg!("Compare the host key of {host}, then accept it", host),
            why,
        )
        .risk(Risk::High)
        .scope(Scope::Manual)
        .need(Need::Fingerprint)
        .command(Line::with(
            format!("ssh -T {flag}git@{host}"),
            msg!("compare the fingerprint before you type yes"),
        )),
    )
}

/// Another key than the known one: renewed, or somebody in between.
pub(super) fn changed_key(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !changed(verdict, s) {
        return None;
    }
    let (host, port) = endpoint(verdict, s)?;
    let name = pattern(&host, port);
    let Some(forge) = forges::by_key(&host) else {
        return Some(
            Proposal::advice(
                "host-key-changed",
                msg!("Stop: {host} shows another key than before", host),
                msg!("Either it was renewed, or somebody between you and it reads along. Ask the people who run it, through another channel; \
                 only then take the old key out."),
            )
            .risk(Risk::High)
            .command(format!("ssh-keygen -R {}", quote(&name))),
        );
    };
    let shown = s.ssh().and_then(|ssh| ssh.shown_key.clone());
    let genuine = shown
        .as_deref()
        .is_some_and(|shown| forge.is_genuine(shown));
    if !genuine {
        let shown = shown.map_or_else(|| msg!("an unknown key"), Text::from);
        return Some(
            Proposal::advice(
                "host-key-intercepted",
                msg!("Stop: this is not a key of {host}", host),
                msg!(
                    "{host} publishes its keys at {source}, and {shown} is none of them. Do not connect over this network.",
                    host,
                    source = forge.source,
                    shown
                ),
            )
            .risk(Risk::High),
        );
    }
    let file = known_hosts(s)?;
    let text = s.disk.text(&file, Kind::List)?;
    let mut proposal = Proposal::new(
        "host-key-renewed",
        msg!("Replace the old host keys of {host}", host),
        msg!(
            "{host} has renewed its key: the one it shows is published at {source} (checked {checked}).",
            host,
            source = forge.source,
            checked = forge.checked
        ),
    )
    .risk(Risk::Medium)
    .need(Need::Fingerprint)
    .command(format!("ssh-keygen -R {}", quote(&name)));
    let kept: String = text
        .split_inclusive('\n')
        .filter(|line| !names(line, &name))
        .collect();
    if kept.len() == text.len() {
        return Some(proposal.scope(Scope::Manual)); // hashed names: only ssh-keygen finds them
    }
    let separator = if kept.is_empty() || kept.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let content = format!("{kept}{separator}{}", forge.lines(&name)).into_bytes();
    proposal = proposal.change(Change::File {
        file,
        content,
        mode: None,
    });
    Some(proposal)
}

/// Whether a line of `known_hosts` is about this host alone.
fn names(line: &str, name: &str) -> bool {
    let mut words = line.split_whitespace();
    words
        .next()
        .is_some_and(|hosts| hosts.split(',').all(|host| host == name))
}

fn changed(verdict: &Verdict, s: &Situation) -> bool {
    use crate::probe::ssh::SessionOutcome;
    verdict.reason == Some(crate::verdict::Reason::HostKeyChanged)
        || s.ssh()
            .is_some_and(|ssh| ssh.outcome == SessionOutcome::HostKeyChanged)
        || s.says(Phrase::HostKeyChanged)
}

/// ssh through port 443, where 22 is blocked.
pub(super) fn over_443(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let forge = forges::by_key(host)?;
    let Forge {
        ssh_443: Some(other),
        ..
    } = forge
    else {
        return None;
    };
    if !place::is_ssh(&verdict.target) {
        return None;
    }
    if s.tcp()
        .and_then(|tcp| tcp.alternative.as_ref())
        .is_some_and(|(_, outcome)| *outcome != tcp::ConnectOutcome::Connected)
    {
        return None; // the other entrance is closed too
    }
    let home = s.home.as_ref()?;
    let block = format!("Host {host}\n  HostName {other}\n  Port 443\n  User git\n");
    let keys = forge.lines(&pattern(other, 443));
    let why = msg!(
        "This network blocks port 22. {host} answers ssh on port 443 of {other} as well, with the same published keys.",
        host,
        other
    );
    let known = home.join(".ssh/known_hosts");
    let known = s.disk.text(&known, Kind::List).unwrap_or_default();
    let proposal = Proposal::new(
        "ssh-443",
        msg!("Reach {host} by ssh on port 443", host),
        why,
    )
    .risk(Risk::Medium);
    let proposal = with_block(proposal, s, home, &block);
    Some(if known.contains(&pattern(other, 443)) {
        proposal
    } else {
        pinned(proposal.need(Need::Fingerprint), known_hosts(s)?, keys)
    })
}

/// Key files below `~/.ssh` that have a public half.
fn key_files(home: &Path, disk: &Disk) -> Vec<String> {
    let items = disk.folder(&home.join(".ssh")).unwrap_or_default();
    let mut names: Vec<String> = items
        .iter()
        .filter_map(|item| item.name().strip_suffix(".pub").map(str::to_owned))
        .filter(|name| disk.has_file(&home.join(".ssh").join(name)))
        // they stand in commands and in ssh's configuration
        .filter(|name| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && shell::is_plain(name, "-_.@+")
        })
        .collect();
    names.sort();
    names
}

/// A key file that ssh cannot read. Which one is in words that a server can write too.
pub(super) fn unreadable_key(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.says(Phrase::KeyUnreadable).then(|| {
        Proposal::advice(
            "ssh-key-unreadable",
            msg!("Restore the key file that ssh cannot read"),
            msg!(
                "It is not a complete private key: it was cut, lost its final newline (CI variables do that), has Windows line ends, is in PuTTY's format, or is the \
                 public half."
            ),
        )
        .command("ssh-keygen -y -f KEYFILE >/dev/null")
        .command(Line::with(
            "tail -c 1 KEYFILE | od -c",
            msg!("the last character must be `{newline}`", newline = "\\n"),
        ))
    })
}

/// Loads a key into the agent.
pub(super) fn load_key(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let keys = key_files(s.home.as_ref()?, &s.disk);
    let empty = s
        .ssh()
        .is_none_or(|ssh| !matches!(ssh.agent, Agent::Keys(1..)));
    let key = keys.first()?;
    if !empty {
        return None;
    }
    let why = msg!(
        "The key has a passphrase or is not loaded. go lets ssh ask nothing, so the agent must hold the key."
    );
    let mut proposal = Proposal::advice("ssh-add", msg!("Load {key} into the ssh agent", key), why);
    if s.env.os("SSH_AUTH_SOCK").is_none() {
        proposal = proposal.command("eval \"$(ssh-agent -s)\"");
    }
    Some(proposal.command(format!(
        "ssh-add {}",
        quote(&format!(".ssh/{key}")).replace(".ssh/", "~/.ssh/")
    )))
}

/// Tells ssh which key is for this host.
pub(super) fn identity(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let home = s.home.as_ref()?;
    if !place::is_ssh(&verdict.target) {
        return None;
    }
    let standard = [
        "id_rsa",
        "id_ecdsa",
        "id_ecdsa_sk",
        "id_ed25519",
        "id_ed25519_sk",
    ];
    let keys = key_files(home, &s.disk);
    let key = keys
        .iter()
        .find(|name| !standard.contains(&name.as_str()))
        .or_else(|| keys.get(1))?;
    let block = format!("Host {host}\n  IdentityFile ~/.ssh/{key}\n  IdentitiesOnly yes\n");
    let why = msg!(
        "ssh offers the keys of the agent and those with standard names. {key} is for {host} then, and no other is offered.",
        key,
        host
    );
    let title = msg!("Use the key {key} for {host}", key, host);
    let proposal = Proposal::new("ssh-identity", title, why);
    Some(with_block(proposal, s, home, &block))
}

/// Makes a key and tells where to register it.
pub(super) fn new_key(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let keys = key_files(s.home.as_ref()?, &s.disk);
    let page = forges::by_key(host).and_then(|forge| forge.key_page);
    let paste = page.map_or_else(
        || msg!("paste it at the settings page of your account there"),
        |page| msg!("paste it at {page}", page = msg!(page)),
    );
    let sso = if forges::by_key(host).is_some_and(|forge| forge.name == "GitHub") {
        msg!("An organisation with SAML wants the key authorised for it as well.")
    } else {
        Text::default()
    };
    let accepts = msg!(
        "{host} accepts a key only if an account there has registered it.",
        host
    );
    let why = Text::sentences([accepts, sso]);
    let proposal = Proposal::advice(
        "ssh-register-key",
        msg!("Register an ssh key at {host}", host),
        why,
    );
    let name = keys.first().map_or("id_ed25519", String::as_str);
    let proposal = if keys.is_empty() {
        proposal.command("ssh-keygen -t ed25519")
    } else {
        proposal
    };
    Some(proposal.command(Line::with(format!("cat ~/.ssh/{name}.pub"), paste)))
}

/// ssh refuses files that others may write.
pub(super) fn private_files(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let dir = s.home.as_ref()?.join(".ssh");
    let mut proposal = Proposal::new(
        "ssh-modes",
        msg!("Let nobody else write to your ssh files"),
        msg!("ssh refuses a configuration or key that other users could read or change."),
    );
    for (name, bad) in [
        ("config", 0o022),
        ("id_ed25519", 0o077),
        ("id_ecdsa", 0o077),
        ("id_rsa", 0o077),
    ] {
        let file = dir.join(name);
        let node = s.disk.node(&file);
        if node.is_some_and(|node| node.mode & bad != 0 && node.is_ours) {
            proposal = proposal
                .command(format!("chmod 600 ~/.ssh/{name}"))
                .change(Change::Mode { file, mode: 0o600 });
        }
    }
    proposal.applies().then_some(proposal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_for_one_host_takes_nothing_from_the_others() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".ssh/config");
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        let mut env = crate::settings::Env::default();
        env.set("HOME", home.path().as_os_str());
        for old in [
            "# ours\nServerAliveInterval=77\nHost *\n  Port 77\n",
            "Include not-there\nServerAliveInterval 77\nPort 77\n",
            "host *\n  ServerAliveInterval 77\n  Port 77\n",
        ] {
            std::fs::write(&file, old).unwrap();
            let s = Situation::look(env.clone(), home.path(), None);
            let block = "Host github.com\n  Port 443\n";
            let proposal = with_block(Proposal::new("", "", ""), &s, home.path(), block);
            let after = proposal.changes[0].render(Some(old.as_bytes())).unwrap();
            std::fs::write(&file, after).unwrap();
            for (host, port) in [("github.com", "443"), ("git.corp.example", "77")] {
                let shown = std::process::Command::new("ssh")
                    .arg("-G")
                    .arg("-F")
                    .arg(&file)
                    .arg(host)
                    .output()
                    .unwrap();
                let shown = String::from_utf8(shown.stdout).unwrap();
                for line in ["serveraliveinterval 77", &format!("port {port}")] {
                    assert!(shown.lines().any(|one| one == line), "{old}{host}: {shown}");
                }
            }
        }
    }
}
