//! Names and routes: what a person, an administrator or a VPN must do.

use super::{Line, Proposal, Risk, Scope, Situation, place, privacy};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::probe::dns;
use crate::probe::tcp::ConnectOutcome;
use crate::rules::said::Phrase;
use std::net::IpAddr;
use std::path::Path;

use crate::file::Kind;
use crate::lang::{Text, msg};
use crate::settings::forges;
use crate::verdict::{Reason, Verdict};

/// The host, as a sentence names it.
pub(super) fn host(verdict: &Verdict) -> Text {
    let known = verdict.target.host.as_deref();
    known.map_or_else(|| msg!("the host"), Text::from)
}

/// Signs in to the network first.
pub(super) fn portal(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let html = s.http().is_some_and(|reply| reply.html);
    if verdict.reason != Some(Reason::CaptivePortal) && !html {
        return None;
    }
    Some(
        Proposal::advice(
            "sign-in",
            msg!("Sign in to this network in a browser"),
            msg!("A sign-in page answers instead of the host. Credentials given to it through go or git would go to the wrong place."),
        )
        .command(Line::note(msg!("open {page} in a browser, sign in, then run go again", page = "http://neverssl.com"))),
    )
}

/// The lines of the hosts file that pin the host: each with its place, counted from 1, and its address.
fn pinned<'t>(text: &'t str, host: &str) -> Vec<(usize, IpAddr, &'t str)> {
    let line = |(index, line): (usize, &'t str)| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse::<IpAddr>().ok()?;
        let is_meant = words.any(|name| name.eq_ignore_ascii_case(host));
        is_meant.then_some((index + 1, address, line.trim()))
    };
    text.lines().enumerate().filter_map(line).collect()
}

/// Whether this address was seen to lead nowhere, or to break off; not known where nobody looked.
fn is_dead(address: IpAddr, s: &Situation) -> Option<bool> {
    let tries = s.tls().map(|tls| tls.tries.as_slice());
    let mut tries = tries.unwrap_or_default().iter();
    let shaken = tries.find(|tried| tried.address.ip() == address);
    let attempts = s.tcp().map(|reach| reach.attempts.as_slice());
    let mut attempts = attempts.unwrap_or_default().iter();
    let reached = attempts.find(|tried| tried.address.ip() == address);
    let reached = reached.map(|tried| tried.outcome != ConnectOutcome::Connected);
    shaken.map(|tried| tried.outcome.is_cut()).or(reached)
}

/// Stale lines in the hosts file: those whose address was seen to fail, if another one's was seen to work.
pub(super) fn hosts_file(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref().filter(|_| !s.saved)?;
    if verdict.reason != Some(Reason::HostsFile) || privacy::is_loopback(host) {
        return None; // loopback names belong there
    }
    let text = s.disk.text(Path::new("/etc/hosts"), Kind::List)?;
    let mut lines = pinned(&text, host);
    let is_good = |(_, address, _): &(usize, IpAddr, &str)| is_dead(*address, s) == Some(false);
    if !lines.iter().all(is_good) {
        lines.retain(|line| !is_good(line));
    }
    let quoted: Vec<String> = lines.iter().map(|(.., line)| format!("`{line}`")).collect();
    let edits = lines.iter().map(|(at, ..)| format!(" -e '{at}s/^/# /'"));
    let edits = edits.collect::<Vec<_>>().concat();
    let why = msg!(
        "/etc/hosts pins {host} by hand ({lines}), and what is pinned there does not work.",
        host,
        lines = quoted.join(", ")
    );
    (!lines.is_empty()).then(|| {
        Proposal::advice(
            "hosts-file",
            msg!("Take {host} out of /etc/hosts", host),
            why,
        )
        .scope(Scope::System)
        .risk(Risk::Medium)
        .need(super::Need::Root)
        .command(format!("{}sed -i{edits} /etc/hosts", s.sudo()))
    })
}

/// The hosts file names the host, and Go doesn't look there.
pub(super) fn nsswitch(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref().filter(|_| !s.saved)?;
    let hosts = s.disk.text(Path::new("/etc/hosts"), Kind::List)?;
    let nsswitch = s
        .disk
        .text(Path::new("/etc/nsswitch.conf"), Kind::Settings)?;
    if pinned(&hosts, host).is_empty() || dns::reads_hosts_file(&nsswitch) {
        return None;
    }
    let sudo = s.sudo();
    let names_it = nsswitch.lines().any(|line| {
        line.starts_with("hosts:") && line.split_whitespace().any(|word| word == "files")
    });
    let (why, command) = if names_it {
        (
            msg!(
                "/etc/hosts names {host}, and Go does not look there: it parts the words of the line `hosts:` in /etc/nsswitch.conf at \
                 spaces alone, and there is a tab. The C library, and so git, takes both.",
                host
            ),
            Line::from(format!(
                "{sudo}sed -i '/^hosts:/s/\\t/ /g' /etc/nsswitch.conf"
            )),
        )
    } else {
        (
            msg!(
                "/etc/hosts names {host}, and the line `hosts:` in /etc/nsswitch.conf has no `files`: nobody looks there.",
                host
            ),
            Line::from(format!(
                "{sudo}sed -i 's/^hosts:/hosts: files/' /etc/nsswitch.conf"
            )),
        )
    };
    Some(
        Proposal::advice("nsswitch", msg!("Have /etc/hosts read"), why)
            .scope(Scope::System)
            .risk(Risk::Medium)
            .need(super::Need::Root)
            .command(command),
    )
}

/// The VPN's resolver knows it, another is asked.
pub(super) fn split_dns(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::SplitDns) {
        return None;
    }
    let host = verdict.target.host.as_deref()?;
    let domain = host.split_once('.').map_or(host, |(_, domain)| domain);
    Some(
        Proposal::advice(
            "split-dns",
            msg!("Send names below {domain} to the resolver that knows them", domain),
            msg!("One of your nameservers knows {host} and another denies it: go believes whichever answers first.", host),
        )
        .scope(Scope::System)
        .command(Line::with(format!("{}resolvectl domain INTERFACE '~{domain}'", s.sudo()), msg!("INTERFACE: the VPN's"))),
    )
}

/// WSL's own way of asking.
pub(super) fn wsl_dns(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.wsl.then(|| {
        Proposal::advice(
            "wsl-dns",
            msg!("Let WSL ask through Windows"),
            msg!("WSL has a resolver of its own that knows neither VPN nor split DNS."),
        )
        .snippet("# %UserProfile%\\.wslconfig\n[wsl2]\ndnsTunneling=true")
        .command(Line::note(msg!(
            "then, in Windows: {command}",
            command = "wsl --shutdown"
        )))
    })
}

/// Mistyped, or not registered.
pub(super) fn name(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if verdict.reason == Some(Reason::HiddenPublicName) || s.saved && forges::is_well_known(host) {
        return None; // nobody mistyped it
    }
    Some(
        Proposal::advice(
            "check-name",
            msg!("Check that {host} is spelt right", host),
            msg!("No resolver that was asked knows it. The name comes from the module path, or from GOPROXY, a proxy setting or a rewrite."),
        )
        .command("go env GOPROXY GOSUMDB && git config --get-regexp '^url\\.'"),
    )
}

/// A closed network: its resolver denies what is outside.
pub(super) fn way_out(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::HiddenPublicName) {
        return None;
    }
    let host = verdict.target.host.as_deref()?;
    let proposal = Proposal::advice(
        "way-out",
        msg!("Use the way that your network has to the internet"),
        msg!(
            "{host} is a well-known public name. A resolver that denies it belongs to a closed network, which as a rule has an \
             HTTP proxy or a module proxy of its own: ask those who run it.",
            host
        ),
    );
    Some(
        proposal
            .command(Line::with(
                "export HTTPS_PROXY=http://PROXY:PORT",
                msg!("an HTTP proxy"),
            ))
            .command(Line::with(
                "go env -w GOPROXY=https://PROXY",
                msg!("or a module proxy"),
            )),
    )
}

/// Internal names need the internal network.
pub(super) fn vpn(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if forges::is_well_known(host) || privacy::is_loopback(host) {
        return None; // no VPN leads to this machine itself
    }
    Some(Proposal::advice(
        "join-vpn",
        msg!("Connect to the VPN or network that the host belongs to"),
        msg!(
            "{host} may be an internal name: only the company's own resolvers know it, and a public one never will.",
            host
        ),
    ))
}

/// The resolver does not answer or fails.
pub(super) fn resolver(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref().unwrap_or("HOST");
    let why = msg!(
        "Go asks the nameservers of /etc/resolv.conf itself, in their order, and git asks through the C library. The \
               resolver that the network gave you, or the VPN's, is the one to ask for internal names."
    );
    let proposal =
        Proposal::advice("resolver", msg!("Mend the resolver"), why).scope(Scope::System);
    let proposal = proposal
        .command("cat /etc/resolv.conf")
        .command(format!("getent hosts {host}"));
    Some(
        if !s.saved && s.disk.has(Path::new("/run/systemd/resolve")) {
            proposal.command(format!(
                "{}systemctl restart systemd-resolved && resolvectl status",
                s.sudo()
            ))
        } else {
            proposal
        },
    )
}

/// One of several nameservers is dead.
pub(super) fn dead_nameserver(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (verdict.reason == Some(Reason::NameserverDead)).then(|| {
        Proposal::advice(
            "nameserver-order",
            msg!("Take the dead nameserver out"),
            msg!("Every lookup waits for it first, and go gives up after some tries."),
        )
        .scope(Scope::System)
        .command(Line::with(
            format!("{}$EDITOR /etc/resolv.conf", s.sudo()),
            msg!("or where your network manager writes it from"),
        ))
    })
}

/// `127.0.0.53` where nobody listens.
pub(super) fn stub_resolver(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let text = s.disk.text(Path::new("/etc/resolv.conf"), Kind::List);
    let text = text.unwrap_or_default();
    let stub = !s.saved && text.lines().any(|line| line.starts_with("nameserver 127."));
    if !stub && verdict.reason != Some(Reason::StubResolver) {
        return None;
    }
    Some(
        Proposal::advice(
            "stub-resolver",
            msg!("Start the local resolver, or name a real one"),
            msg!("resolv.conf names a resolver on this very machine, and nothing listens there: it is stopped, or the file was copied from \
             another machine."),
        )
        .scope(Scope::System)
        .command(format!("{}systemctl start systemd-resolved", s.sudo())),
    )
}

/// IPv6 that leads nowhere.
pub(super) fn ipv6(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let said = s.saved && s.says(Phrase::DialIpv6);
    if verdict.reason != Some(Reason::BrokenIpv6) && !said {
        return None;
    }
    Some(
        Proposal::advice(
            "prefer-ipv4",
            msg!("Prefer IPv4 until IPv6 works"),
            msg!("IPv6 addresses of the host lead nowhere from here. Go has no switch for it; the system's preference is what counts for \
             the C library, and a broken route is better taken out."),
        )
        .scope(Scope::System)
        .command(if s.saved && s.container {
            Line::from("docker run --sysctl net.ipv6.conf.all.disable_ipv6=1 ...")
        } else {
            Line::with(
                format!("{}sysctl -w net.ipv6.conf.all.disable_ipv6=1", s.sudo()),
                msg!("until the next start"),
            )
        }),
    )
}

/// Somebody must open the way.
pub(super) fn firewall(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = host(verdict);
    let port = place::port(&verdict.target);
    let more = if verdict
        .target
        .host
        .as_deref()
        .is_some_and(forges::is_default)
    {
        msg!("Go needs proxy.golang.org, sum.golang.org and storage.googleapis.com, port 443.")
    } else {
        Text::default()
    };
    let cut = msg!(
        "Something between here and {host} drops or cuts the connection; only the people who run this network can change that.",
        host
    );
    Some(Proposal::advice(
        "firewall",
        msg!("Ask for {host}, port {port}, to be opened", host, port),
        Text::sentences([cut, more]),
    ))
}

/// A public host that refuses: whoever stands in between does.
pub(super) fn refused_between(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    forges::is_well_known(host)
        .then(|| firewall(verdict, s))
        .flatten()
}

/// Nothing listens there.
pub(super) fn service(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let public = verdict
        .target
        .host
        .as_deref()
        .is_some_and(forges::is_well_known);
    if public {
        return None; // what everybody uses serves; something in between refuses
    }
    let host = host(verdict);
    let title = match verdict.target.port {
        Some(port) => msg!("Check that {host} still serves on port {port}", host, port),
        None => msg!("Check that {host} still serves", host),
    };
    Some(Proposal::advice(
        "service-down",
        title,
        msg!(
            "The machine answers and refuses: the service is stopped, has moved to another port, or the port in a setting is wrong."
        ),
    ))
}

/// A proxy client of this very machine that nobody started, or that is another machine's.
pub(super) fn local_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let refused = s.says(Phrase::Refused);
    let forbidden = s.saved && s.says(Phrase::NotPermitted);
    let local = verdict.target.role == Role::HttpProxy && super::privacy::is_loopback(host);
    if !local || !(refused || forbidden) {
        return None;
    }
    let address = verdict
        .target
        .port
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if forbidden {
        return Some(Proposal::advice(
            "sandbox-network",
            msg!("Allow the sandbox to connect to {address}", address),
            msg!("The system forbids the connection itself: go runs in a sandbox without a network. Download the modules outside of it, or give it this address."),
        ).command("go mod download"));
    }
    Some(
        Proposal::advice(
            "local-proxy",
            msg!("Start the proxy client that should listen on {address}", address),
            msg!(
                "Nothing listens on {address}. In WSL2, a virtual machine or a container that address is the guest's own: a client of the host \
                 is reached under the host's address, and must allow connections from the LAN.",
                address
            ),
        )
        .command("env | grep -i _proxy")
        .command(Line::with("unset HTTPS_PROXY", msg!("or without the proxy"))),
    )
}

/// A host key that is not known, where the log does not say whose.
pub(super) fn pin_key(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let known = verdict.target.host.as_deref();
    let unrelated = verdict.reason == Some(Reason::SshNoCommonAlgorithm);
    if !s.saved || unrelated || known.is_some_and(|host| forges::by_key(host).is_some()) {
        return None;
    }
    let host = known.unwrap_or("HOST");
    let port = verdict.target.port.filter(|port| !matches!(port, 22 | 443));
    let port = port.map_or_else(String::new, |port| format!("-p {port} "));
    Some(
        Proposal::advice(
            "pin-key",
            msg!("Compare the host's key with a fingerprint from another source, then store it"),
            msg!("What the host itself shows may come from anybody in between; those who run it publish its fingerprint."),
        )
        .command(format!("ssh-keyscan {port}{host} > KEYS"))
        .command("ssh-keygen -lf KEYS"),
    )
}

/// Passing trouble.
pub(super) fn retry(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let passes = verdict.reason.is_none_or(|reason| {
        !reason.is_refusal() && !matches!(reason, Reason::ProxyLogin | Reason::NotAModuleProxy)
    });
    if !passes {
        return None; // what was decided is decided the next time too
    }
    let target = &verdict.target;
    if s.saved && (target.module.is_none() || target.version.is_none()) {
        return Some(retried(verdict).command(Line::note(msg!("the same command again"))));
    }
    let args = if s.args.is_empty() {
        "mod download".to_owned()
    } else {
        s.args
            .iter()
            .map(|arg| super::quote(arg))
            .collect::<Vec<_>>()
            .join(" ")
    };
    Some(retried(verdict).command(format!("go {args}")))
}

fn retried(verdict: &Verdict) -> Proposal {
    let host = host(verdict);
    let why = match (verdict.reason, verdict.cause) {
        (Some(Reason::NotKnown), _) => {
            msg!("Whether these words come a second time is soon seen.")
        }
        (_, Cause::GoproxyStatus | Cause::HttpStatus) => msg!(
            "The answer of {host} is its own error; go does not ask again by itself, and what it has is in its cache already.",
            host
        ),
        // who broke it off, the host or something on the way, isn't known
        _ => msg!(
            "The connection to {host} broke off; go does not try again by itself, and what it has is in its cache already.",
            host
        ),
    };
    Proposal::advice("retry", msg!("Run it again"), why)
}

/// What go was doing when the unknown words came.
pub(super) fn steps(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let target = &verdict.target;
    let what = match (&target.module, &target.version) {
        (Some(module), Some(version)) => {
            format!(" {}", super::quote(&format!("{module}@{version}")))
        }
        _ => String::new(),
    };
    Some(
        Proposal::advice(
            "see-steps",
            msg!("See which step fails"),
            msg!(
                "With -x go shows each request, and each command of git's, before what comes of it."
            ),
        )
        .command(format!("go mod download -x{what}")),
    )
}

/// Waits as long as the server says.
pub(super) fn wait(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let after = s.http().and_then(|reply| reply.retry_after);
    let title = match after {
        Some(seconds) => msg!("Wait {seconds} s", seconds),
        None => msg!("Wait a while"),
    };
    Some(Proposal::advice(
        "wait",
        title,
        msg!(
            "{host} counts requests by address; many people behind one address share the limit. A login has a limit of its own.",
            host = host(verdict)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Target;

    #[test]
    fn no_vpn_leads_to_this_machine() {
        for (host, may_help) in [
            ("git.corp.example", true),
            ("10.1.2.3", true),
            ("127.0.0.1", false),
            ("::1", false),
            ("localhost", false),
            ("github.com", false),
        ] {
            let target = Target {
                host: Some(host.into()),
                ..Target::default()
            };
            let verdict = Verdict::of(Cause::TcpUnreachable, target);
            let proposal = vpn(&verdict, &Situation::default());
            assert_eq!(proposal.is_some(), may_help, "{host}");
        }
    }
}
