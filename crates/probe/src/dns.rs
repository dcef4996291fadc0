//! Does the resolver know this name?
//!
//! Go's own resolver (hosts file and resolv.conf's nameservers, in nsswitch.conf's order, as in Go's
//! `net/dnsclient_unix.go`), the C library's (`getaddrinfo`, as git uses it),
//! and public resolvers for public names. Not handled: DNS over TLS or HTTPS,
//! DNSSEC validation.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::context::{Context, side};
use super::{Id, Probe, Seen, Stack, Status, dial, nameserver};
use crate::sys::names::{self, LookupError};

/// Whose lookup it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolver {
    /// Go's: pure Go, asks the nameservers itself.
    #[default]
    Go,
    /// The C library's, through nsswitch.conf.
    Libc,
    /// Public resolvers, asked for public names only.
    Public,
}

/// What came back. NXDOMAIN, an empty answer, SERVFAIL, REFUSED and silence are different facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// At least one address.
    Addresses,
    /// NXDOMAIN: the name does not exist (RFC 1035 rcode 3).
    NoSuchName,
    /// The name exists and has no address.
    NoAddress,
    /// SERVFAIL (rcode 2), or another rcode that is none of these.
    ServerFailure,
    /// REFUSED (rcode 5).
    Refused,
    /// Nothing came back in time.
    Silence,
    /// The nameserver's machine says that nobody answers there.
    Unreachable,
    /// There is no route to the nameserver.
    NoRoute,
    /// Something came back that is no answer to the question.
    Garbled,
    /// Not known.
    #[default]
    Unknown,
}

/// How a nameserver was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, the first choice.
    #[default]
    Udp,
    /// TCP, after a truncated answer.
    Tcp,
}

/// One nameserver's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `address:port` of the nameserver.
    pub server: String,
    /// The name as asked: with a search domain, where one was appended.
    pub name: String,
    /// How the answer travelled.
    pub transport: Transport,
    /// What came back, A and AAAA taken together.
    pub answer: Answer,
    /// The addresses, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// Aliases on the way.
    pub cnames: Vec<String>,
    /// Smallest time to live, seconds.
    pub ttl: Option<u32>,
    /// Time to the last answer, milliseconds.
    pub ms: u64,
}

/// A lookup as one stack does it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lookup {
    /// Whose lookup it is.
    pub resolver: Resolver,
    /// What that resolver tells its program.
    pub answer: Answer,
    /// The addresses it hands out.
    pub addresses: Vec<IpAddr>,
    /// The hosts file names the host.
    pub from_hosts_file: bool,
    /// Every nameserver that was asked, in the order of the configuration.
    pub asked: Vec<Asked>,
    /// How long the configuration lets one question wait (resolv.conf's `timeout`), milliseconds.
    pub waits_ms: u64,
}

impl Lookup {
    /// Pass with an address; skip if unknown; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.answer {
            Answer::Addresses => Status::Pass,
            Answer::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const DNS: Probe = Probe {
    id: Id::Dns,
    applies: |cx| cx.subject.is_remote(),
    stacks: |cx| {
        if cx.subject.host.parse::<IpAddr>().is_err() && cx.is_public(&cx.subject.host) {
            &[Stack::Go, Stack::Git, Stack::Both]
        } else {
            &[Stack::Go, Stack::Git] // a private name never reaches a public resolver
        }
    },
    target: |cx| cx.subject.host.clone(),
    run,
};

fn run(cx: &Context, stack: Stack, deadline: Instant) -> Seen {
    let host = cx.subject.host.as_str();
    let lookup = match (host.parse::<IpAddr>(), stack) {
        (Ok(ip), _) => Lookup {
            answer: Answer::Addresses,
            addresses: vec![ip],
            resolver: resolver(stack),
            ..Lookup::default()
        },
        (_, Stack::Both) => public(cx, host, deadline),
        (_, Stack::Git) => libc(host, deadline).unwrap_or_else(|| Lookup {
            resolver: Resolver::Libc,
            answer: Answer::Silence,
            ..Lookup::default()
        }),
        (_, Stack::Go) => as_go(cx, host, deadline, |found| {
            cx.addresses[side(Stack::Go)].keep(found.to_vec());
        }),
    };
    if stack != Stack::Both {
        cx.addresses[side(stack)].keep(lookup.addresses.clone());
    }
    Seen::Dns(lookup)
}

fn resolver(stack: Stack) -> Resolver {
    match stack {
        Stack::Go => Resolver::Go,
        Stack::Git => Resolver::Libc,
        Stack::Both => Resolver::Public,
    }
}

/// What the C library says; `None`: nothing in time. Its thread cannot be stopped and is left behind.
#[must_use]
pub fn libc(host: &str, deadline: Instant) -> Option<Lookup> {
    let (send, found) = std::sync::mpsc::channel();
    let name = host.to_owned();
    std::thread::spawn(move || send.send(names::lookup(&name)));
    let result = found
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .ok()?;
    let (answer, addresses) = match result {
        Ok(addresses) if addresses.is_empty() => (Answer::NoAddress, addresses),
        Ok(addresses) => (Answer::Addresses, addresses),
        Err(LookupError::NoName) => (Answer::NoSuchName, Vec::new()),
        Err(LookupError::NoAddress) => (Answer::NoAddress, Vec::new()),
        Err(LookupError::TryAgain | LookupError::Failed) => (Answer::ServerFailure, Vec::new()),
        Err(LookupError::Other) => (Answer::Unknown, Vec::new()),
    };
    Some(Lookup {
        resolver: Resolver::Libc,
        answer,
        addresses,
        ..Lookup::default()
    })
}

/// How long one nameserver is waited for: Go itself waits 5 s, which no person should.
const PATIENCE: Duration = Duration::from_millis(1800);

/// The hosts file and the nameservers in nsswitch.conf's order, as Go's `goLookupIPCNAMEOrder` does it. `early` hears of
/// addresses as soon as any nameserver has some.
pub(super) fn as_go(
    cx: &Context,
    host: &str,
    deadline: Instant,
    early: impl Fn(&[IpAddr]),
) -> Lookup {
    let mut lookup = Lookup {
        answer: Answer::NoSuchName, // Go's own answer where no source is asked
        ..Lookup::default()
    };
    for source in sources(&read_text(&cx.options.nsswitch)) {
        match source {
            Source::Files => {
                let pinned = in_hosts_file(&read_text(&cx.options.hosts), host);
                if !pinned.is_empty() {
                    early(&pinned);
                    lookup.answer = Answer::Addresses;
                    lookup.addresses = pinned;
                    lookup.from_hosts_file = true;
                }
            }
            Source::Dns => lookup = of_nameservers(cx, host, deadline, &early),
        }
        if lookup.answer == Answer::Addresses {
            break;
        }
    }
    lookup
}

/// The addresses that Go's own resolver has for a host, or that it is.
pub(super) fn addresses(cx: &Context, host: &str, deadline: Instant) -> Vec<IpAddr> {
    match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => as_go(cx, host, deadline, |_| {}).addresses,
    }
}

/// resolv.conf's nameservers, name by name of its search list.
fn of_nameservers(
    cx: &Context,
    host: &str,
    deadline: Instant,
    early: &impl Fn(&[IpAddr]),
) -> Lookup {
    let config = ResolvConf::read(&cx.options.resolv_conf);
    let mut lookup = Lookup {
        waits_ms: config.timeout_ms,
        ..Lookup::default()
    };
    for name in config.candidates(host) {
        let until = deadline.min(Instant::now() + PATIENCE);
        let round = everyone(&config.servers, &name, until, early);
        lookup.answer = decisive(&round);
        let known = round.iter().find(|one| one.answer == Answer::Addresses);
        lookup.addresses = known.map_or_else(Vec::new, |one| one.addresses.clone());
        lookup.asked.extend(round);
        if !matches!(lookup.answer, Answer::NoSuchName | Answer::NoAddress) {
            break; // else the next candidate
        }
    }
    if lookup.answer != Answer::Addresses {
        lookup.addresses.clear();
    }
    lookup
}

/// Where a name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The hosts file.
    Files,
    /// resolv.conf's nameservers.
    Dns,
}

/// Whether Go's own resolver looks into the hosts file, by nsswitch.conf.
#[must_use]
pub fn reads_hosts_file(nsswitch: &str) -> bool {
    sources(nsswitch).contains(&Source::Files)
}

/// nsswitch.conf's sources of hosts as Go's own resolver takes them (`net/nss.go`, `net/conf.go`): the order of `files` and
/// `dns`, without the criteria in brackets. Only a space parts two of them; what Go doesn't know counts as DNS where there
/// is no `dns`.
fn sources(nsswitch: &str) -> Vec<Source> {
    let hosts = nsswitch.lines().filter_map(|line| {
        let (database, sources) = line.split('#').next()?.split_once(':')?;
        (database.trim() == "hosts").then_some(sources)
    });
    let words = hosts.flat_map(|sources| sources.split(' ')).map(str::trim);
    let mut named: Vec<&str> = Vec::new();
    let mut is_criterion = false;
    for word in words.filter(|word| !word.is_empty()) {
        is_criterion |= word.starts_with('[');
        if !is_criterion {
            named.push(word);
        }
        is_criterion &= !word.ends_with(']');
    }
    let has_dns = named.contains(&"dns");
    let mut order = Vec::new();
    for name in named {
        let source = match name {
            "files" => Source::Files,
            "dns" => Source::Dns,
            _ if has_dns => continue,
            _ => Source::Dns,
        };
        if !order.contains(&source) {
            order.push(source);
        }
    }
    if order.is_empty() {
        order = vec![Source::Files, Source::Dns];
    }
    order
}

/// All servers at once, in the order of the configuration.
fn everyone(
    servers: &[SocketAddr],
    name: &str,
    until: Instant,
    early: &impl Fn(&[IpAddr]),
) -> Vec<Asked> {
    let ask = |&server: &SocketAddr| nameserver::ask(server, name, until);
    dial::side_by_side(servers, ask, |asked| {
        if asked.answer == Answer::Addresses {
            early(&asked.addresses);
        }
    })
}

/// What Go makes of the servers' answers: the first that knows, or knows that there is none, decides.
fn decisive(asked: &[Asked]) -> Answer {
    let settles = |answer| {
        matches!(
            answer,
            Answer::Addresses | Answer::NoSuchName | Answer::NoAddress
        )
    };
    asked
        .iter()
        .map(|asked| asked.answer)
        .find(|&answer| settles(answer))
        .or_else(|| asked.last().map(|asked| asked.answer))
        .unwrap_or(Answer::Unreachable)
}

/// Public resolvers, for a name that is public anyway.
fn public(cx: &Context, host: &str, deadline: Instant) -> Lookup {
    let until = deadline.min(Instant::now() + Duration::from_millis(1200));
    let asked = everyone(&cx.options.public_resolvers, host, until, &|_| {});
    // they are asked as witnesses: one that knows the name outweighs one that is blocked
    let known = asked.iter().find(|asked| asked.answer == Answer::Addresses);
    let answer = known.map_or_else(|| decisive(&asked), |asked| asked.answer);
    let addresses = known
        .map(|asked| asked.addresses.clone())
        .unwrap_or_default();
    Lookup {
        resolver: Resolver::Public,
        answer,
        addresses,
        asked,
        ..Lookup::default()
    }
}

fn read_text(path: &std::path::Path) -> String {
    crate::file::text(path, crate::file::Kind::List).unwrap_or_default()
}

/// The addresses that a hosts file pins the name to (hosts(5)).
fn in_hosts_file(text: &str, host: &str) -> Vec<IpAddr> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let mut found = Vec::new();
    for line in lines {
        let mut words = line.split_whitespace();
        if let Some(Ok(ip)) = words.next().map(str::parse::<IpAddr>)
            && words.any(|name| {
                name.trim_end_matches('.')
                    .eq_ignore_ascii_case(host.trim_end_matches('.'))
            })
        {
            found.push(ip);
        }
    }
    found
}

/// The nameservers that the system is configured with, in their order.
#[must_use]
pub fn nameservers(resolv_conf: &std::path::Path) -> Vec<SocketAddr> {
    ResolvConf::read(resolv_conf).servers
}

/// resolv.conf as Go reads it (`net/dnsconfig_unix.go`).
#[derive(Debug, Clone, PartialEq, Eq)]
struct ResolvConf {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
    ndots: usize,
    timeout_ms: u64,
}

impl ResolvConf {
    fn read(path: &std::path::Path) -> Self {
        Self::parse(&read_text(path))
    }

    fn parse(text: &str) -> Self {
        let mut config = Self {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout_ms: 5000,
        };
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if config.servers.len() < 3 => {
                    let server = words
                        .next()
                        .and_then(|word| word.split('%').next()?.parse::<IpAddr>().ok());
                    config
                        .servers
                        .extend(server.map(|ip| SocketAddr::new(ip, 53)));
                }
                Some("domain") => {
                    config.search = words.next().map(str::to_owned).into_iter().collect();
                }
                Some("search") => config.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    for option in words {
                        if let Some(seconds) = option
                            .strip_prefix("timeout:")
                            .and_then(|seconds| seconds.parse::<u64>().ok())
                        {
                            config.timeout_ms = seconds.clamp(1, 30) * 1000;
                        }
                        if let Some(dots) = option
                            .strip_prefix("ndots:")
                            .and_then(|dots| dots.parse().ok())
                        {
                            config.ndots = dots;
                        }
                    }
                }
                _ => {}
            }
        }
        config
            .search
            .retain(|domain| crate::settings::url::is_host(domain.trim_matches('.')));
        if config.servers.is_empty() {
            config.servers = [
                IpAddr::from([127, 0, 0, 1]),
                IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            ]
            .map(|ip| SocketAddr::new(ip, 53))
            .to_vec();
        }
        config
    }

    /// The names to try, in order: six at most, as resolv.conf(5) bounds the list.
    fn candidates(&self, host: &str) -> Vec<String> {
        if host.ends_with('.') {
            return vec![host.to_owned()];
        }
        let with = self
            .search
            .iter()
            .take(6)
            .map(|domain| format!("{host}.{}", domain.trim_matches('.')));
        if host.matches('.').count() >= self.ndots {
            std::iter::once(host.to_owned()).chain(with).collect()
        } else {
            with.chain([host.to_owned()]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_as_go_reads_it() {
        let config = ResolvConf::parse(
            "# note\nnameserver 10.0.0.1\nnameserver ::1\nsearch corp.example lan\noptions ndots:2 rotate\n",
        );
        assert_eq!(
            config.servers,
            ["10.0.0.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()]
        );
        assert_eq!(
            config.candidates("git.x"),
            ["git.x.corp.example", "git.x.lan", "git.x"]
        );
        assert_eq!(
            config.candidates("a.b.c"),
            ["a.b.c", "a.b.c.corp.example", "a.b.c.lan"]
        );
        assert_eq!(ResolvConf::parse("").servers.len(), 2);
    }

    #[test]
    fn hosts_file() {
        let text =
            "127.0.0.1 localhost\n10.0.0.9 git.corp.example git # x\n# 10.0.0.8 git.corp.example\n";
        assert_eq!(
            in_hosts_file(text, "GIT.corp.example"),
            ["10.0.0.9".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(in_hosts_file(text, "other"), [] as [IpAddr; 0]);
    }

    #[test]
    fn nsswitch_as_go_reads_it() {
        use Source::{Dns, Files};
        for (text, order) in [
            ("", &[Files, Dns][..]),
            ("passwd: files\n", &[Files, Dns]),
            ("hosts: files dns\n", &[Files, Dns]),
            (
                "hosts:\tdns  files # as the office wants it\n",
                &[Dns, Files],
            ),
            ("hosts: dns\n", &[Dns]),
            ("hosts: files\tdns\n", &[Dns]), // one word to Go, and none that it knows
            ("hosts: files\n", &[Files]),
            (
                "hosts: mymachines mdns4_minimal [ NOTFOUND=return ] files [!UNAVAIL=return] dns\n",
                &[Files, Dns],
            ),
            ("hosts: resolve [!UNAVAIL=return] files\n", &[Dns, Files]),
        ] {
            assert_eq!(sources(text), order, "{text}");
        }
    }

    #[test]
    fn the_first_server_that_knows_decides() {
        use Answer::{Addresses, NoSuchName, ServerFailure, Silence};
        let of = |answers: &[Answer]| {
            let asked = |&answer: &Answer| Asked {
                answer,
                ..Asked::default()
            };
            decisive(&answers.iter().map(asked).collect::<Vec<_>>())
        };
        assert_eq!(of(&[Silence, Addresses]), Addresses);
        assert_eq!(of(&[NoSuchName, Addresses]), NoSuchName);
        assert_eq!(of(&[ServerFailure, Silence]), Silence);
        assert_eq!(decisive(&[]), Answer::Unreachable);
    }

    #[test]
    fn a_nameserver_on_loopback() {
        use hickory_resolver::proto::op::{Message, ResponseCode};
        use std::net::UdpSocket;
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let mut buffer = [0; 512];
            for _ in 0..2 {
                let (length, from) = server.recv_from(&mut buffer).unwrap();
                let query = Message::from_vec(&buffer[..length]).unwrap();
                let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
                reply.metadata.response_code = ResponseCode::NXDomain;
                reply.add_query(query.queries[0].clone());
                server.send_to(&reply.to_vec().unwrap(), from).unwrap();
            }
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        let asked = nameserver::ask(address, "nowhere.example", deadline);
        assert_eq!(asked.answer, Answer::NoSuchName);
        answering.join().unwrap();
        // nobody is there any more: the kernel says so
        assert_eq!(
            nameserver::ask(address, "nowhere.example", deadline).answer,
            Answer::Unreachable
        );
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let soon = Instant::now() + Duration::from_millis(50);
        assert_eq!(
            nameserver::ask(silent.local_addr().unwrap(), "nowhere.example", soon).answer,
            Answer::Silence
        );
    }
}
