//! Names that are not resolved, or not rightly.

use std::time::Duration;

use super::{BASE, DNS, direct, network, over_ssh, private, public, public_with};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{
    GIT_CORP, GITHUB, NO_ROUTE, NOBODY, PROXY_GOLANG, PUBLIC_RESOLVERS, RESOLVER, RESOLVER_2,
    SINKHOLE, sinkhole,
};
use crate::serve::dns::{Answer, Zone};
use crate::serve::http::site;
use crate::serve::modproxy::portal;
use crate::town::{LIB, WIDGET};
use crate::verdict::Reason;
use crate::{Fault, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "dns-typo",
        means: text!("GOPROXY names a host that nobody has registered"),
        cause: Cause::DnsNotFound,
        reason: Reason::UnknownName,
        host: Some("goproxy.corp.exmaple"),
        role: Role::Goproxy,
        module: Some(WIDGET.path),
        prints: &["lookup goproxy.corp.exmaple on 10.20.0.53:53: no such host"],
        setup: |scene| public_with(scene, "GOPROXY", "https://goproxy.corp.exmaple"),
        ..DNS_BASE
    },
    Fault {
        id: "dns-no-address",
        means: text!("the name exists, but has no address"),
        cause: Cause::DnsNotFound,
        reason: Reason::NoAddress,
        prints: &["lookup git.corp.example on 10.20.0.53:53: no such host"],
        setup: |scene| {
            zone(
                scene,
                Zone::office().with(GIT_CORP.name, Answer::Addresses(vec![])),
            );
            private(scene)
        },
        ..META
    },
    Fault {
        id: "dns-split",
        means: text!("the VPN's resolver knows the company's names, the first one does not"),
        cause: Cause::DnsNotFound,
        reason: Reason::SplitDns,
        prints: &["lookup git.corp.example on 10.20.0.53:53: no such host"],
        setup: |scene| {
            zone(scene, Zone::public());
            scene.zones.insert(RESOLVER_2.into(), Zone::office());
            let both = format!("nameserver {RESOLVER}\nnameserver {RESOLVER_2}\n");
            scene.world.etc("resolv.conf", &both)?;
            private(scene)
        },
        ..META
    },
    Fault {
        id: "dns-filtered",
        means: text!("the office's resolver denies a public forge that everybody else resolves"),
        cause: Cause::DnsNotFound,
        reason: Reason::FilteredDns,
        host: Some(GITHUB.name),
        role: Role::VcsHttps,
        prints: &["Could not resolve host: github.com"],
        setup: |scene| {
            zone(scene, Zone::office().with(GITHUB.name, Answer::NxDomain));
            direct(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-hidden",
        means: text!("the resolver denies a public forge, and no other resolver can be asked"),
        cause: Cause::DnsNotFound,
        reason: Reason::HiddenPublicName,
        host: Some(GITHUB.name),
        role: Role::VcsHttps,
        prints: &["Could not resolve host: github.com"],
        setup: |scene| {
            zone(scene, Zone::office().with(GITHUB.name, Answer::NxDomain));
            for resolver in PUBLIC_RESOLVERS {
                scene.zones.remove(&resolver.into());
            }
            direct(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-forged",
        means: text!("the resolver sends a public name to a private address where nothing listens"),
        cause: Cause::TcpRefused,
        reason: Reason::ForgedDns,
        prints: &["dial tcp 10.10.34.36:443: connect: connection refused"],
        setup: |scene| {
            zone(scene, forged(&[PROXY_GOLANG.name]));
            public(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-forged-page",
        means: text!("the resolver sends a public name to a filter's warning page"),
        cause: Cause::TlsNameMismatch,
        reason: Reason::ForgedDns,
        prints: &["x509: certificate is valid for blocked.isp.example, not proxy.golang.org"],
        setup: |scene| {
            zone(scene, forged(&[PROXY_GOLANG.name]));
            scene.serve(sinkhole("blocked.isp.example"), site(|_| portal()));
            public(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-hosts-file",
        means: text!(
            "a stale line in /etc/hosts pins the name to an address where nothing listens"
        ),
        cause: Cause::TcpRefused,
        reason: Reason::HostsFile,
        prints: &["dial tcp 10.20.0.99:443: connect: connection refused"],
        setup: |scene| {
            let hosts = format!("127.0.0.1 localhost\n{NOBODY} {}\n", GIT_CORP.name);
            scene.world.etc("hosts", &hosts)?;
            private(scene)
        },
        ..META
    },
    Fault {
        id: "dns-hosts-families",
        means: text!(
            "/etc/hosts pins the name twice: the IPv4 address works, the IPv6 address dies at the first byte"
        ),
        cause: Cause::TcpReset,
        reason: Reason::HostsFile,
        prints: &["[2001:db8::10]:443: read: connection reset by peer"],
        setup: |scene| {
            network::dying_v6(scene)?;
            let lines = format!(
                "127.0.0.1 localhost\n{} {host}\n{} {host}\n",
                GIT_CORP.address,
                network::DYING_V6,
                host = GIT_CORP.name
            );
            scene.world.etc("hosts", &lines)?;
            private(scene)
        },
        ..META
    },
    Fault {
        id: "dns-nsswitch",
        means: text!(
            "only /etc/hosts knows the name, and a tab in nsswitch.conf keeps Go from looking there; git does"
        ),
        cause: Cause::DnsNotFound,
        reason: Reason::ResolversDiffer,
        prints: &["lookup git.corp.example on 10.20.0.53:53: no such host"],
        setup: |scene| {
            let lines = format!(
                "127.0.0.1 localhost\n{} {}\n",
                GIT_CORP.address, GIT_CORP.name
            );
            scene.world.etc("hosts", &lines)?;
            scene.world.etc("nsswitch.conf", "hosts:\tfiles\tdns\n")?;
            zone(scene, Zone::office().with(GIT_CORP.name, Answer::NxDomain));
            private(scene)
        },
        ..META
    },
    Fault {
        id: "dns-servfail",
        means: text!("the resolver fails (SERVFAIL)"),
        cause: Cause::DnsServerFailure,
        reason: Reason::ResolverFails,
        prints: &["lookup proxy.golang.org on 10.20.0.53:53: server misbehaving"],
        setup: |scene| always(scene, Answer::ServFail),
        ..DNS_BASE
    },
    Fault {
        id: "dns-refused",
        means: text!("the resolver refuses to answer this client (REFUSED)"),
        cause: Cause::DnsServerFailure,
        reason: Reason::ResolverRefuses,
        prints: &["lookup proxy.golang.org on 10.20.0.53:53: server misbehaving"],
        setup: |scene| always(scene, Answer::Refused),
        ..DNS_BASE
    },
    Fault {
        id: "dns-servfail-ssh",
        means: text!("the resolver fails (SERVFAIL) when ssh asks it"),
        cause: Cause::DnsServerFailure,
        reason: Reason::ResolverFails,
        host: Some(GITHUB.name),
        role: Role::VcsSsh,
        prints: &[
            "ssh: Could not resolve hostname github.com: Temporary failure in name resolution",
        ],
        setup: |scene| {
            zone(scene, Zone::office().with(GITHUB.name, Answer::ServFail));
            over_ssh(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-silent",
        means: text!("the resolver never answers"),
        cause: Cause::DnsTimeout,
        reason: Reason::ResolverDown,
        prints: &[
            "lookup proxy.golang.org on 10.20.0.53:53: read udp ",
            ": i/o timeout",
        ],
        setup: |scene| {
            hasty(scene)?;
            always(scene, Answer::Silence)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-slow",
        means: text!("the resolver answers later than go waits"),
        cause: Cause::DnsTimeout,
        reason: Reason::ResolverSlow,
        prints: &[
            "lookup proxy.golang.org on 10.20.0.53:53: read udp ",
            ": i/o timeout",
        ],
        setup: |scene| {
            hasty(scene)?;
            let address = Answer::Addresses(vec![PROXY_GOLANG.address.into()]);
            let late = Answer::Late(Duration::from_millis(1500), Box::new(address));
            zone(scene, Zone::office().with(PROXY_GOLANG.name, late));
            public(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-resolver-down",
        means: text!(
            "resolv.conf names a stub resolver that does not run here (copied into a container)"
        ),
        cause: Cause::DnsResolverUnreachable,
        reason: Reason::StubResolver,
        prints: &[
            "lookup proxy.golang.org on 127.0.0.53:53: read udp ",
            ": connection refused",
        ],
        setup: |scene| {
            scene.world.etc("resolv.conf", "nameserver 127.0.0.53\n")?;
            public(scene)
        },
        ..DNS_BASE
    },
    Fault {
        id: "dns-resolver-unreachable",
        means: text!("there is no route to the resolver"),
        cause: Cause::DnsResolverUnreachable,
        reason: Reason::ResolverNoRoute,
        prints: &[
            "lookup proxy.golang.org on 198.51.100.7:53: dial udp 198.51.100.7:53: connect: network is unreachable",
        ],
        setup: |scene| {
            scene
                .world
                .etc("resolv.conf", &format!("nameserver {NO_ROUTE}\n"))?;
            public(scene)
        },
        ..DNS_BASE
    },
];

/// The module proxy's name, for a public module.
const DNS_BASE: Fault = Fault {
    host: Some(PROXY_GOLANG.name),
    role: Role::Goproxy,
    module: Some(WIDGET.path),
    matrix: DNS,
    ..BASE
};

/// The name of a private module's host, asked for its `?go-get=1` page.
const META: Fault = Fault {
    host: Some(GIT_CORP.name),
    role: Role::ImportMeta,
    module: Some(LIB.path),
    ..DNS_BASE
};

/// Gives the office's resolver this knowledge.
fn zone(scene: &mut Scene, zone: Zone) {
    scene.zones.insert(RESOLVER.into(), zone);
}

fn forged(names: &[&str]) -> Zone {
    names.iter().fold(Zone::office(), |zone, name| {
        zone.with(name, Answer::Addresses(vec![SINKHOLE.into()]))
    })
}

fn always(scene: &mut Scene, answer: Answer) -> Result<()> {
    zone(scene, Zone::always(answer));
    public(scene)
}

/// A resolver that is silent costs 1 s instead of 20 s (resolv.conf(5)).
fn hasty(scene: &Scene) -> Result<()> {
    let text = format!("nameserver {RESOLVER}\noptions timeout:1 attempts:1\n");
    scene.world.etc("resolv.conf", &text)
}
