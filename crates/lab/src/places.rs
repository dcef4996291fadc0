//! Names and addresses of the laboratory's little internet: the same in every
//! scene, so that what is printed reads as in real life.
//!
//! Public services have addresses from TEST-NET-3 (RFC 5737) and the
//! documentation prefix of IPv6 (RFC 3849), the company's from 10/8. The
//! public resolvers have their real addresses: in a scene they are ours.

use std::net::Ipv4Addr;

/// A host: its name and its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The DNS name.
    pub name: &'static str,
    /// The address it has where DNS is healthy.
    pub address: Ipv4Addr,
}

/// A host of this name at this address.
#[must_use]
pub const fn place(name: &'static str, address: [u8; 4]) -> Place {
    let [a, b, c, d] = address;
    Place {
        name,
        address: Ipv4Addr::new(a, b, c, d),
    }
}

/// The default module proxy.
pub const PROXY_GOLANG: Place = place("proxy.golang.org", [203, 0, 113, 10]);
/// The default checksum database.
pub const SUM_GOLANG: Place = place("sum.golang.org", [203, 0, 113, 11]);
/// A public forge.
pub const GITHUB: Place = place("github.com", [203, 0, 113, 20]);
/// The same forge's second entrance for ssh, on port 443.
pub(crate) const SSH_GITHUB: Place = place("ssh.github.com", [203, 0, 113, 22]);
/// A public vanity host.
pub(crate) const GO_PUBLIC: Place = place("go.widgets.example", [203, 0, 113, 30]);
/// The company's git server.
pub const GIT_CORP: Place = place("git.corp.example", [10, 20, 0, 10]);
/// The company's vanity host.
pub(crate) const GO_CORP: Place = place("go.corp.example", [10, 20, 0, 11]);
/// The company's module proxy.
pub const GOPROXY_CORP: Place = place("goproxy.corp.example", [10, 20, 0, 12]);
/// The company's HTTP proxy, port 3128.
pub const PROXY_CORP: Place = place("proxy.corp.example", [10, 20, 0, 80]);

/// All of them.
pub(crate) const PLACES: &[Place] = &[
    PROXY_GOLANG,
    SUM_GOLANG,
    GITHUB,
    SSH_GITHUB,
    GO_PUBLIC,
    GIT_CORP,
    GO_CORP,
    GOPROXY_CORP,
    PROXY_CORP,
];

/// The office's resolver, the only one in a healthy scene's resolv.conf.
pub const RESOLVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 53);
/// A second resolver of the office or the VPN.
pub const RESOLVER_2: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 54);
/// Public resolvers, which know public names only.
pub const PUBLIC_RESOLVERS: [Ipv4Addr; 4] = [
    Ipv4Addr::new(8, 8, 8, 8),
    Ipv4Addr::new(1, 1, 1, 1),
    Ipv4Addr::new(114, 114, 114, 114),
    Ipv4Addr::new(223, 5, 5, 5),
];
/// An address of the company's network where nobody listens: refused at once.
pub const NOBODY: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 99);
/// An address without a route: unreachable at once (TEST-NET-2).
pub(crate) const NO_ROUTE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
/// An address whose host doesn't answer its router: "no route to host".
pub(crate) const HOST_DOWN: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 8);
/// Where filters and captive portals send the names that they forge.
pub const SINKHOLE: Ipv4Addr = Ipv4Addr::new(10, 10, 34, 36);

/// A host of this name where [`SINKHOLE`] is.
pub(crate) const fn sinkhole(name: &'static str) -> Place {
    Place {
        name,
        address: SINKHOLE,
    }
}

/// Networks that are local to a scene: address and prefix length.
pub(crate) const NETWORKS: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(203, 0, 113, 1), 24),
    (Ipv4Addr::new(10, 20, 0, 1), 24),
    (SINKHOLE, 32),
    (PUBLIC_RESOLVERS[0], 32),
    (PUBLIC_RESOLVERS[1], 32),
    (PUBLIC_RESOLVERS[2], 32),
    (PUBLIC_RESOLVERS[3], 32),
];

/// Whether a name is one that the public internet knows.
#[must_use]
pub fn is_public(name: &str) -> bool {
    PLACES
        .iter()
        .any(|place| place.name == name && place.address.octets()[0] == 203)
}
