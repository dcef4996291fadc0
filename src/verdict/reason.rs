//! The refined reasons: what lies behind a cause, as far as probes can tell.
//!
//! A table: id, the words for people, one sentence. `{host}`, `{module}` and
//! `{proxy}` are filled in. The ids are part of the report.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($name:ident, $id:literal, $words:literal, $sentence:literal;)+) => {
        /// What lies behind a cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason { $(#[doc = $words] #[serde(rename = $id)] $name,)+ }

        impl Reason {
            /// Every reason, in the order of the stages.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable id, for instance `split-dns`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// A few words for people.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }

            /// One sentence, with `{host}`, `{module}` and `{proxy}` still in it.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

reasons! {
    // names
    UnknownName, "unknown-name", "mistyped or unregistered name",
        "every resolver that was asked says that {host} does not exist: mistyped, or not registered";
    PrivateNameUnknown, "private-name-unknown", "name unknown to these resolvers",
        "the configured resolvers say that {host} does not exist: mistyped, or an internal name whose network or VPN is not connected";
    NoAddress, "no-address", "name without an address",
        "{host} exists in DNS and has no address";
    ResolverDown, "resolver-down", "resolver down",
        "no nameserver answers: the resolver is down or cannot be reached";
    ResolverFails, "resolver-fails", "resolver fails (SERVFAIL)",
        "the resolver answers SERVFAIL for {host}: it, or the zone's own server, is broken";
    ResolverRefuses, "resolver-refuses", "resolver refuses (REFUSED)",
        "the resolver refuses to answer for {host}";
    StubResolver, "stub-resolver", "stub resolver copied into a container",
        "resolv.conf names a resolver on this very machine, and none runs here: it was copied from the host";
    NameserverDead, "nameserver-dead", "one of several nameservers is dead",
        "one of the nameservers in resolv.conf does not answer: lookups of {host} are slow or fail now and then";
    SplitDns, "split-dns", "split DNS",
        "one nameserver knows {host} and another says that it does not exist: the right one must be asked";
    ResolversDiffer, "resolvers-differ", "Go and git resolve differently",
        "the C library (git) and Go's own resolver do not agree on {host}";
    FilteredDns, "filtered-dns", "filtered DNS answer",
        "the configured resolver hides {host}, which public resolvers know";
    ForgedDns, "forged-dns", "forged DNS answer",
        "the configured resolver gives an address for {host} that is not its own";
    HostsFile, "hosts-file", "hosts file overrides DNS",
        "the hosts file pins {host} to an address that does not work";
    // connection
    Offline, "offline", "offline",
        "nothing answers, not even a host that your settings name: this machine is offline";
    CaptivePortal, "captive-portal", "captive portal",
        "a sign-in page answers in the place of {host}: this network wants a login first";
    BrokenIpv6, "broken-ipv6", "broken IPv6",
        "{host} answers over IPv4 and not over IPv6: IPv6 is broken on this network";
    PortBlocked, "port-blocked", "port blocked",
        "{host} answers on another port and not on the one that is needed: a firewall blocks that port";
    HostDown, "host-down", "host down or blocked",
        "{host} does not answer on any port that was tried, while other hosts do";
    NothingListens, "nothing-listens", "nothing listens there",
        "{host} refuses the connection: nothing listens on that port";
    NoRoute, "no-route", "no route",
        "this machine has no route to {host}: network or VPN is missing";
    SshPortBlocked, "ssh-port-blocked", "port 22 blocked, 443 open",
        "{host} cannot be reached on port 22, and 443 is open: this network blocks ssh";
    ConnectionReset, "connection-reset", "connection reset",
        "the connection to {host} is accepted and then reset";
    SniFiltered, "sni-filtered", "connection cut by server name",
        "the connection is cut as soon as {host} is named, and stands with another name: this network filters by server name";
    ProxyRequired, "proxy-required", "HTTP proxy required",
        "the direct way to {host} is closed, and it works through the HTTP proxy {proxy}";
    ProxyDown, "proxy-down", "HTTP proxy unreachable",
        "the HTTP proxy {proxy} does not answer";
    ProxyNameUnknown, "proxy-name-unknown", "HTTP proxy's name unknown",
        "the name of the HTTP proxy {proxy} cannot be resolved";
    ProxyNotHttp, "proxy-not-http", "not an HTTP proxy",
        "what answers at {proxy} is not an HTTP proxy";
    ProxyScheme, "proxy-scheme", "wrong scheme for the HTTP proxy",
        "the proxy setting says https, and {proxy} speaks plain HTTP: write http://";
    ProxyMalformed, "proxy-malformed", "malformed proxy setting",
        "the proxy setting cannot be read as a URL";
    ProxyAuth, "proxy-auth", "HTTP proxy wants a login",
        "the HTTP proxy {proxy} wants a user name and password (407)";
    ProxyRefuses, "proxy-refuses", "HTTP proxy refuses",
        "the HTTP proxy {proxy} refuses to connect to {host}";
    ProxyBypass, "proxy-bypass", "NO_PROXY missing",
        "{host} is sent to the HTTP proxy {proxy}, which does not let it through, and the direct way works: NO_PROXY must name it";
    ProxyGoOnly, "proxy-go-only", "HTTP proxy set for Go only",
        "Go uses the HTTP proxy {proxy} and git does not";
    ProxyGitOnly, "proxy-git-only", "HTTP proxy set for git only",
        "git uses the HTTP proxy {proxy} and Go does not";
    // certificates and handshakes
    InspectionCa, "inspection-ca", "inspection CA not trusted",
        "the certificate for {host} comes from an inspecting proxy, whose CA neither Go nor git trusts";
    InspectionCaGo, "inspection-ca-go", "inspection CA not trusted by Go",
        "the certificate for {host} comes from an inspecting proxy: git trusts its CA and Go does not";
    InspectionCaGit, "inspection-ca-git", "inspection CA not trusted by git",
        "the certificate for {host} comes from an inspecting proxy: Go trusts its CA and git does not";
    PrivateCa, "private-ca", "private CA not trusted",
        "the certificate for {host} comes from a private CA that is not in the trust store";
    PrivateCaGo, "private-ca-go", "private CA not trusted by Go",
        "the certificate for {host} comes from a private CA: git trusts it and Go does not";
    PrivateCaGit, "private-ca-git", "private CA not trusted by git",
        "the certificate for {host} comes from a private CA: Go trusts it and git does not";
    NoCaBundle, "no-ca-bundle", "no CA certificates on this machine",
        "this machine has no CA certificates: ca-certificates is not installed, or the file that is named is missing";
    SelfSigned, "self-signed", "self-signed certificate",
        "the certificate of {host} is signed by itself";
    MissingIntermediate, "missing-intermediate", "missing intermediate certificate",
        "{host} does not send the intermediate certificate between its own and a known root";
    Expired, "expired", "expired",
        "the certificate of {host} has expired, and this machine's clock is right";
    WrongClock, "wrong-clock", "this machine's clock is wrong",
        "this machine's clock is wrong, so valid certificates look expired or not valid yet";
    NotYetValid, "not-yet-valid", "issued for the future",
        "the certificate of {host} is not valid yet, and this machine's clock is right";
    WrongName, "wrong-name", "certificate for another name",
        "the certificate is valid, for other names than {host}";
    MlkemCut, "mlkem-cut", "middlebox cuts ML-KEM handshakes",
        "the handshake with {host} is cut, and stands without the post-quantum key share: something on the way cannot bear its size";
    Tls13Cut, "tls13-cut", "middlebox cuts TLS 1.3 handshakes",
        "the handshake with {host} is cut, and stands with TLS 1.2: something on the way cannot bear TLS 1.3";
    HandshakeCut, "handshake-cut", "handshake cut",
        "the connection to {host} stands and every handshake is cut";
    NoCommonProtocol, "no-common-protocol", "no common protocol",
        "{host} and this client share no TLS version or cipher";
    PlainHttp, "plain-http", "no TLS on that port",
        "{host} answers in plain text on that port";
    // credentials
    CredentialsAbsent, "credentials-absent", "no credentials stored",
        "{host} wants a login, and none is stored for it";
    CredentialsRefused, "credentials-refused", "credentials refused",
        "{host} refuses the credentials that are stored for it";
    CredentialsGoOnly, "credentials-go-only", "credentials stored for Go only",
        "credentials for {host} are stored where Go finds them and git does not";
    CredentialsGitOnly, "credentials-git-only", "credentials stored for git only",
        "credentials for {host} are stored where git finds them and Go does not";
    NoAgent, "no-agent", "no ssh agent and no key",
        "ssh has no key to offer to {host}: no agent answers and no identity file exists";
    AgentEmpty, "agent-empty", "ssh agent without keys",
        "the ssh agent holds no key, and no identity file exists: nothing could be offered to {host}";
    KeyNotAccepted, "key-not-accepted", "ssh key not accepted",
        "{host} accepts none of the keys that ssh offers";
    HostKeyUnknown, "host-key-unknown", "host key unknown",
        "no key of {host} is in known_hosts yet";
    HostKeyChanged, "host-key-changed", "host key changed",
        "{host} shows another key than the one in known_hosts: renewed, or intercepted";
    RepoHidden, "repo-hidden", "repository hidden or absent",
        "{host} answers 'not found' to anonymous visitors: the repository does not exist, or needs a login";
    // routing, transfer, module
    PrivateToProxy, "private-to-proxy", "private module sent to a public proxy",
        "{module} looks private and was asked of {proxy}, which cannot see it";
    PrivateToSumdb, "private-to-sumdb", "private module sent to the checksum database",
        "{module} looks private and was looked up in the public checksum database";
    ProxyLogin, "goproxy-login", "module proxy wants a login",
        "the module proxy {host} wants a login (401), and none was sent or it was refused";
    ProxyPolicy, "goproxy-policy", "module proxy forbids it",
        "the module proxy {host} forbids this module (403)";
    ServerTrouble, "server-trouble", "trouble on the server",
        "{host} answers with a server error: its own trouble, or of what stands before it";
    NotAModuleProxy, "not-a-module-proxy", "not a module proxy",
        "what answers at {host} is a web page, not a module proxy";
    // everything passes now
    Transient, "transient", "passes now",
        "everything passes now: the failure was transient";
    // this machine
    NoRoom, "no-room", "disk full",
        "a directory that the fetch writes to has no room left";
    OwnedByOther, "owned-by-other", "owned by another user",
        "a directory that the fetch writes to belongs to another user";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Reason;

    #[test]
    fn ids_are_unique_and_serde_agrees() {
        let mut seen = HashSet::new();
        for reason in Reason::ALL {
            assert!(seen.insert(reason.id()), "{} twice", reason.id());
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.id());
        }
    }
}
