//! Connections that are not made, and proxies that stand between.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{BASE, POLICY, PROXY, direct, from_company, private, public, shaken};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{
    GITHUB, GOPROXY_CORP, HOST_DOWN, NO_ROUTE, PROXY_CORP, PROXY_GOLANG, Place, RESOLVER,
};
use crate::probe::Status;
use crate::serve::connect::{self, Policy};
use crate::serve::dns::{Answer, Zone};
use crate::serve::socks;
use crate::serve::tcp::{Manner, rude, unanswered};
use crate::serve::tls::{Certificate, Handshake, Identity};
use crate::town::{LIB, WIDGET};
use crate::verdict::{Matrix, Reason};
use crate::{Fault, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "tcp-unanswered",
        means: text!("a firewall drops what goes to the module proxy's port 443"),
        cause: Cause::TcpTimeout,
        reason: Reason::PortBlocked,
        prints: &["dial tcp 203.0.113.10:443: i/o timeout"],
        setup: |scene| {
            block(scene, PROXY_GOLANG)?;
            public(scene)
        },
        ..TCP
    },
    Fault {
        id: "tcp-unanswered-git",
        means: text!("a firewall drops what git sends to the forge's port 443"),
        cause: Cause::TcpTimeout,
        reason: Reason::PortBlocked,
        prints: &["Failed to connect to github.com port 443 after "],
        setup: |scene| {
            impatient(scene)?;
            block(scene, GITHUB)?;
            direct(scene)
        },
        ..FORGE
    },
    Fault {
        id: "tcp-refused",
        means: text!("nothing listens on the company's module proxy"),
        cause: Cause::TcpRefused,
        reason: Reason::NothingListens,
        host: Some(GOPROXY_CORP.name),
        prints: &["dial tcp 10.20.0.12:443: connect: connection refused"],
        setup: |scene| from_company(scene),
        ..TCP
    },
    Fault {
        id: "tcp-refused-git",
        means: text!("nothing listens on the forge's port 443"),
        cause: Cause::TcpRefused,
        reason: Reason::NothingListens,
        prints: &["Failed to connect to github.com port 443 after "],
        setup: |scene| {
            scene.close(GITHUB);
            direct(scene)
        },
        ..FORGE
    },
    Fault {
        id: "tcp-unreachable",
        means: text!("there is no route to the company's module proxy (VPN down)"),
        cause: Cause::TcpUnreachable,
        reason: Reason::NoRoute,
        host: Some(GOPROXY_CORP.name),
        prints: &["dial tcp 198.51.100.7:443: connect: network is unreachable"],
        setup: |scene| moved(scene, NO_ROUTE),
        ..TCP
    },
    Fault {
        id: "tcp-host-down",
        means: text!("the company's module proxy is switched off: its router says so"),
        cause: Cause::TcpUnreachable,
        reason: Reason::HostDown,
        host: Some(GOPROXY_CORP.name),
        prints: &["dial tcp 198.51.100.8:443: connect: no route to host"],
        setup: |scene| {
            let world = &scene.world;
            world.on_network(text!("add a route"), |network| network.reject(HOST_DOWN))?;
            moved(scene, HOST_DOWN)
        },
        ..TCP
    },
    Fault {
        id: "tcp-ipv6",
        means: text!("IPv6 connects and dies at the first byte, IPv4 would work"),
        cause: Cause::TcpReset,
        reason: Reason::BrokenIpv6,
        prints: &["[2001:db8::10]:443: read: connection reset by peer"],
        setup: |scene| {
            dying_v6(scene)?;
            let both = Answer::Addresses(vec![DYING_V6.into(), PROXY_GOLANG.address.into()]);
            let zone = Zone::office().with(PROXY_GOLANG.name, both);
            scene.zones.insert(RESOLVER.into(), zone);
            public(scene)
        },
        ..TCP
    },
    Fault {
        id: "tcp-reset",
        means: text!("the connection is reset after the request was sent"),
        cause: Cause::TcpReset,
        reason: Reason::ConnectionReset,
        matrix: LATE,
        prints: &["read: connection reset by peer"],
        setup: |scene| shaken(scene, Handshake::Then(Manner::Reset)),
        ..TCP
    },
    Fault {
        id: "tcp-closed",
        means: text!("the connection is closed after the request was sent"),
        cause: Cause::TcpReset,
        reason: Reason::ConnectionClosed,
        matrix: LATE,
        prints: &["proxy.golang.org/", ": EOF"],
        setup: |scene| shaken(scene, Handshake::Then(Manner::Close)),
        ..TCP
    },
    Fault {
        id: "sni-filter",
        means: text!("a filter resets connections that name the forge; other names pass"),
        cause: Cause::TlsInterrupted,
        reason: Reason::SniFiltered,
        prints: &["unable to access 'https://github.com/acme/widget/'"],
        setup: |scene| {
            scene.host(GITHUB).handshake = Handshake::Filtered("github.com");
            direct(scene)
        },
        ..FORGE
    },
    Fault {
        id: "proxy-required",
        means: text!("direct connections are blocked; a proxy is set for http:// URLs only"),
        cause: Cause::TcpTimeout,
        reason: Reason::ProxyRequired,
        prints: &["dial tcp 203.0.113.10:443: connect: connection timed out"],
        setup: |scene| {
            closed_in(scene)?;
            scene.env("http_proxy", URL);
            public(scene)
        },
        ..TCP
    },
    Fault {
        id: "proxy-git-only",
        means: text!("the proxy is set in git's configuration, which go does not read"),
        cause: Cause::TcpTimeout,
        reason: Reason::ProxyGitOnly,
        prints: &["dial tcp 203.0.113.10:443: connect: connection timed out"],
        setup: |scene| {
            closed_in(scene)?;
            scene.git_config(&format!("[http]\n\tproxy = {URL}\n"))?;
            public(scene)
        },
        ..TCP
    },
    Fault {
        id: "proxy-no-proxy-dialect",
        means: text!("NO_PROXY=*.corp.example is understood by go and not by git"),
        reason: Reason::NoProxyDialect,
        module: Some(LIB.path),
        prints: &[
            "unable to access 'https://git.corp.example/team/lib/'",
            "403",
        ],
        setup: |scene| {
            through(scene, Policy::Forbids)?;
            scene.env("NO_PROXY", "*.corp.example");
            private(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-407",
        means: text!("the HTTP proxy wants credentials"),
        reason: Reason::ProxyAuth,
        prints: &["proxy.golang.org/", ": Proxy Authentication Required"],
        setup: |scene| {
            through(scene, Policy::WantsCredentials)?;
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-407-git",
        means: text!("the HTTP proxy wants credentials from git"),
        reason: Reason::ProxyAuth,
        prints: &["unable to access 'https://github.com/acme/widget/'", "407"],
        setup: |scene| {
            through(scene, Policy::WantsCredentials)?;
            direct(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-403",
        means: text!("the HTTP proxy refuses to connect to the module proxy"),
        reason: Reason::ProxyRefuses,
        prints: &["proxy.golang.org/", ": Forbidden"],
        setup: |scene| {
            through(scene, Policy::Forbids)?;
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "socks5-refuses",
        means: text!("the SOCKS5 proxy allows no connection to the module proxy"),
        reason: Reason::ProxyRefuses,
        prints: &["socks connect tcp ", "->proxy.golang.org:443: "],
        setup: |scene| {
            socks::proxy(
                &scene.world,
                scene.net(),
                (PROXY_CORP.address, 1080).into(),
                true,
            )?;
            scene.env("HTTPS_PROXY", "socks5://proxy.corp.example:1080");
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-down",
        means: text!("nothing listens where HTTPS_PROXY points"),
        reason: Reason::ProxyDown,
        prints: &["proxyconnect tcp: dial tcp 10.20.0.80:3128: connect: connection refused"],
        setup: |scene| {
            scene.env("HTTPS_PROXY", URL);
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "git-proxy-down",
        means: text!("nothing listens where git's http.proxy for this server points"),
        reason: Reason::ProxyDown,
        module: Some(LIB.path),
        prints: &["unable to access 'https://git.corp.example/team/lib/'"],
        setup: |scene| {
            scene.git_config(&format!(
                "[http \"https://git.corp.example/\"]\n\tproxy = {URL}\n"
            ))?;
            private(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-typo",
        means: text!("HTTPS_PROXY names a host that does not exist"),
        reason: Reason::ProxyNameUnknown,
        host: Some("proxy.corp.exmaple"),
        prints: &[
            "proxyconnect tcp: dial tcp: lookup proxy.corp.exmaple on 10.20.0.53:53: no such host",
        ],
        setup: |scene| {
            scene.env("HTTPS_PROXY", "http://proxy.corp.exmaple:3128");
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "proxy-scheme",
        means: text!("HTTPS_PROXY says https://, but the proxy speaks plain HTTP"),
        reason: Reason::ProxyScheme,
        prints: &["proxyconnect tcp: tls: first record does not look like a TLS handshake"],
        setup: |scene| {
            proxy(scene, Policy::Open)?;
            scene.env("HTTPS_PROXY", "https://proxy.corp.example:3128");
            public(scene)
        },
        ..HTTP_PROXY
    },
    Fault {
        id: "https-proxy-407",
        means: text!("the company's proxy is reached over TLS and wants a login"),
        reason: Reason::ProxyAuth,
        prints: &["Proxy Authentication Required"],
        setup: |scene| {
            over_tls(scene, Policy::WantsCredentials)?;
            public(scene)
        },
        ..HTTP_PROXY
    },
];

const URL: &str = "http://proxy.corp.example:3128";

/// TLS stood, then the connection went.
const LATE: Matrix = Matrix::new(Status::Pass, Status::Pass, Status::Fail);

/// The connection to the module proxy.
const TCP: Fault = Fault {
    host: Some(PROXY_GOLANG.name),
    role: Role::Goproxy,
    module: Some(WIDGET.path),
    matrix: POLICY,
    ..BASE
};

/// The connection of git to the forge.
const FORGE: Fault = Fault {
    host: Some(GITHUB.name),
    role: Role::VcsHttps,
    ..TCP
};

const HTTP_PROXY: Fault = Fault {
    cause: Cause::HttpProxy,
    host: Some(PROXY_CORP.name),
    role: Role::HttpProxy,
    matrix: PROXY,
    ..TCP
};

/// The company's module proxy has this address.
fn moved(scene: &mut Scene, address: Ipv4Addr) -> Result<()> {
    let zone = Zone::office().with(GOPROXY_CORP.name, Answer::Addresses(vec![address.into()]));
    scene.zones.insert(RESOLVER.into(), zone);
    from_company(scene)
}

/// Lets the place's port 443 go unanswered.
fn block(scene: &mut Scene, place: Place) -> Result<()> {
    scene.close(place);
    let blocked = unanswered(&scene.world, SocketAddr::from((place.address, 443)))?;
    scene.keep(blocked);
    Ok(())
}

/// The office's firewall lets nobody but its HTTP proxy reach the default module proxy.
fn closed_in(scene: &mut Scene) -> Result<()> {
    /// Where the HTTP proxy reaches it.
    const OUTSIDE: Place = Place {
        address: Ipv4Addr::new(203, 0, 113, 13),
        ..PROXY_GOLANG
    };
    impatient(scene)?;
    let site = scene.host(PROXY_GOLANG).site.clone();
    scene.serve(OUTSIDE, site);
    block(scene, PROXY_GOLANG)?;
    proxy(scene, Policy::Past(OUTSIDE))
}

/// The kernel gives up after 3 s instead of 127 s (tcp(7)); go's own 30 s stay.
pub(super) fn impatient(scene: &Scene) -> Result<()> {
    scene.world.on_network(text!("set a time-out"), |network| {
        network.sysctl("ipv4/tcp_syn_retries", "1")
    })
}

fn proxy(scene: &Scene, policy: Policy) -> Result<()> {
    connect::proxy(
        &scene.world,
        scene.net(),
        (PROXY_CORP.address, 3128).into(),
        policy,
    )
}

/// Everything goes through the company's proxy.
fn through(scene: &mut Scene, policy: Policy) -> Result<()> {
    proxy(scene, policy)?;
    scene.env("HTTPS_PROXY", URL);
    Ok(())
}

/// Everything goes through the company's proxy, and to it over TLS.
fn over_tls(scene: &mut Scene, policy: Policy) -> Result<()> {
    let identity = Identity::new(PROXY_CORP.name, Certificate::Good)?;
    let address = (PROXY_CORP.address, 3129).into();
    connect::over_tls(&scene.world, scene.net(), address, &identity, policy)?;
    scene.env("HTTPS_PROXY", "https://proxy.corp.example:3129");
    Ok(())
}

/// An IPv6 address where connections are accepted and reset.
pub(super) const DYING_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);

pub(super) fn dying_v6(scene: &Scene) -> Result<()> {
    scene
        .world
        .on_network(text!("add an IPv6 address"), |network| {
            network.address_v6(DYING_V6)
        })?;
    let address = (DYING_V6, 443).into();
    rude(&scene.world, scene.net(), address, Manner::Reset)
}
