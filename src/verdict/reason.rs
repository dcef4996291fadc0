//! The refined reasons: what lies behind a cause, as far as probes can tell.
//!
//! A table: id, the words for people, one sentence. `{host}`, `{module}`, `{proxy}` and
//! `{said}` are filled in, words and sentences are translated where they are shown. The ids are
//! part of the report.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($name:ident, $id:literal, $words:literal, $sentence:literal;)+) => {
        /// What lies behind a cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason { $(#[doc = concat!("`", $id, "`: ", $words, ".")] #[serde(rename = $id)] $name,)+ }

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

            /// The reason with this id, if there is one.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.id() == id)
            }

            /// One sentence, with `{host}`, `{module}`, `{proxy}` and `{said}` still in it.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

reasons! {
    // names
    UnknownName, "unknown-name", "typo or unregistered name",
        "every resolver that was asked says that {host} does not exist: mistyped, or not registered";
    NoAddress, "no-address", "name without an address",
        "{host} exists in DNS and has no address";
    ResolverDown, "resolver-down", "resolver does not answer",
        "no nameserver answers: the resolver is down or cannot be reached";
    ResolverSlow, "resolver-slow", "resolver too slow",
        "the resolver answers for {host}, later than it is waited for";
    ResolverNoRoute, "resolver-no-route", "no route to the resolver",
        "this machine has no route to its nameserver";
    ResolverFails, "resolver-fails", "resolver answers SERVFAIL",
        "the resolver answers SERVFAIL for {host}: it, or the zone's own server, is broken";
    ResolverRefuses, "resolver-refuses", "resolver answers REFUSED",
        "the resolver refuses to answer for {host}";
    StubResolver, "stub-resolver", "resolver down",
        "resolv.conf names a resolver on this very machine, and none runs here: it was copied from the host";
    NameserverDead, "nameserver-dead", "one of several nameservers is dead",
        "one of the nameservers in resolv.conf does not answer: lookups of {host} are slow or fail now and then";
    SplitDns, "split-dns", "split DNS",
        "one nameserver knows {host} and another says that it does not exist: the right one must be asked";
    ResolversDiffer, "resolvers-differ", "Go and git resolve differently",
        "the C library (git) and Go's own resolver do not agree on {host}";
    FilteredDns, "filtered-dns", "filtered or forged answer",
        "the configured resolver hides {host}, which public resolvers know";
    HiddenPublicName, "hidden-public-name", "resolver hides a public name",
        "the resolver denies {host}, a well-known public name: it filters names, or has no way to the internet";
    ForgedDns, "forged-dns", "filtered or forged answer",
        "the configured resolver gives an address for {host} that is not its own";
    HostsFile, "hosts-file", "pinned in the hosts file",
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
    HostDown, "host-down", "host down",
        "{host} does not answer on any port that was tried, while other hosts do";
    NothingListens, "nothing-listens", "service down",
        "{host} refuses the connection: nothing listens on that port";
    NoRoute, "no-route", "no route",
        "this machine has no route to {host}: network or VPN is missing";
    SshPortBlocked, "ssh-port-blocked", "port 22 blocked, 443 open",
        "{host} cannot be reached on port 22, and 443 is open: this network blocks ssh";
    ConnectionReset, "connection-reset", "reset before an answer",
        "the connection to {host} is accepted and then reset";
    ConnectionClosed, "connection-closed", "closed before an answer",
        "the connection to {host} is accepted, and closed before an answer came";
    SniFiltered, "sni-filtered", "name filtered",
        "the connection is cut as soon as {host} is named, and stands with another name: this network filters by server name";
    ProxyRequired, "proxy-required", "proxy required",
        "the direct way to {host} is closed, and it works through the HTTP proxy {proxy}";
    ProxyDown, "proxy-down", "proxy down",
        "the HTTP proxy {proxy} does not answer";
    ProxyNameUnknown, "proxy-name-unknown", "proxy's name unknown",
        "the name of the HTTP proxy {proxy} cannot be resolved";
    ProxyNotHttp, "proxy-not-http", "not an HTTP proxy",
        "what answers at {proxy} is not an HTTP proxy";
    ProxyScheme, "proxy-scheme", "proxy speaks no TLS",
        "the proxy setting says https, and {proxy} speaks plain HTTP: write http://";
    ProxyMalformed, "proxy-malformed", "malformed proxy setting",
        "the proxy setting cannot be read as a URL";
    ProxyAuth, "proxy-auth", "proxy wants credentials",
        "the HTTP proxy {proxy} wants a user name and password (407)";
    ProxyRefuses, "proxy-refuses", "proxy refuses the host",
        "the HTTP proxy {proxy} refuses to connect to {host}";
    ProxyBypass, "proxy-bypass", "NO_PROXY missing",
        "{host} is sent to the HTTP proxy {proxy}, which does not let it through, and the direct way works: NO_PROXY must name it";
    NoProxyDialect, "no-proxy-dialect", "NO_PROXY not understood by git",
        "NO_PROXY exempts {host} for Go and not for git, which does not understand that form: write the bare domain";
    ProxyGoOnly, "proxy-go-only", "proxy set for Go only",
        "Go uses the HTTP proxy {proxy} and git does not";
    ProxyGitOnly, "proxy-git-only", "proxy set for git only",
        "git uses the HTTP proxy {proxy} and Go does not";
    // certificates and handshakes
    InspectionCa, "inspection-ca", "inspection CA not trusted",
        "the certificate for {host} comes from an inspecting proxy, whose CA neither Go nor git trusts";
    InspectionCaGo, "inspection-ca-go", "inspection CA not trusted by Go",
        "the certificate for {host} comes from an inspecting proxy: git trusts its CA and Go does not";
    InspectionCaGit, "inspection-ca-git", "inspection CA not trusted by git",
        "the certificate for {host} comes from an inspecting proxy: Go trusts its CA and git does not";
    PrivateCa, "private-ca", "unknown CA",
        "the certificate for {host} comes from a private CA that is not in the trust store";
    PrivateCaGo, "private-ca-go", "CA not trusted by Go",
        "the certificate for {host} comes from a private CA: git trusts it and Go does not";
    PrivateCaGit, "private-ca-git", "CA not trusted by git",
        "the certificate for {host} comes from a private CA: Go trusts it and git does not";
    NoCaBundle, "no-ca-bundle", "no CA bundle",
        "this machine has no CA certificates: ca-certificates is not installed, or the file that is named is missing";
    SelfSigned, "self-signed", "self-signed certificate",
        "the certificate of {host} is signed by itself";
    MissingIntermediate, "missing-intermediate", "missing intermediate",
        "{host} does not send the intermediate certificate between its own and a known root";
    Expired, "expired", "certificate expired",
        "the certificate of {host} has expired, and this machine's clock is right";
    WrongClock, "wrong-clock", "wrong clock",
        "this machine's clock is wrong, so valid certificates look expired or not valid yet";
    NotYetValid, "not-yet-valid", "certificate not valid yet",
        "the certificate of {host} is not valid yet, and this machine's clock is right";
    WrongName, "wrong-name", "certificate for another name",
        "the certificate is valid, for other names than {host}";
    LegacyName, "legacy-name", "legacy Common Name",
        "the certificate of {host} has its name in the Common Name only, which Go does not read";
    MlkemCut, "mlkem-cut", "middlebox cannot bear ML-KEM",
        "the handshake with {host} is cut, and stands without the post-quantum key share: something on the way cannot bear its size";
    Tls13Cut, "tls13-cut", "middlebox cannot bear TLS 1.3",
        "the handshake with {host} is cut, and stands with TLS 1.2: something on the way cannot bear TLS 1.3";
    HandshakeCut, "handshake-cut", "handshake cut",
        "the connection to {host} stands and every handshake is cut";
    HandshakeStalled, "handshake-stalled", "handshake stalled",
        "{host} accepts the connection and never answers the handshake";
    ProtocolTooOld, "protocol-too-old", "protocol too old",
        "{host} knows no TLS version that is still allowed (1.2 or newer)";
    NoCommonCipher, "no-common-cipher", "no cipher in common",
        "{host} and this client share no TLS cipher";
    PlainHttp, "plain-http", "plain HTTP on the TLS port",
        "{host} answers in plain text on that port";
    // credentials
    CredentialsAbsent, "credentials-absent", "no credentials stored",
        "{host} wants a login, and none is stored for it";
    CredentialsRefused, "credentials-refused", "credentials refused",
        "{host} refuses the credentials that are stored for it";
    AccessDenied, "access-denied", "access denied",
        "{host} knows the credentials, and denies them this repository (403)";
    CredentialsGoOnly, "credentials-go-only", "credentials stored for Go only",
        "credentials for {host} are stored where Go finds them and git does not";
    CredentialsGitOnly, "credentials-git-only", "credentials stored for git only",
        "credentials for {host} are stored where git finds them and Go does not";
    NoAgent, "no-agent", "no key",
        "ssh has no key to offer to {host}: no agent answers and no identity file exists";
    AgentEmpty, "agent-empty", "no key",
        "the ssh agent holds no key, and no identity file exists: nothing could be offered to {host}";
    KeyNotAccepted, "key-not-accepted", "key refused",
        "{host} accepts none of the keys that ssh offers";
    HostKeyUnknown, "host-key-unknown", "host key unknown",
        "no key of {host} is in known_hosts yet";
    HostKeyChanged, "host-key-changed", "host key changed",
        "{host} shows another key than the one in known_hosts: renewed, or intercepted";
    RepoHidden, "repo-hidden", "repository missing or not visible",
        "{host} answers 'not found' to anonymous visitors: the repository does not exist, or needs a login";
    // routing, transfer, module
    PrivateToProxy, "private-to-proxy", "private module sent to a public proxy",
        "{module} looks private and was asked of {proxy}, which cannot see it";
    NotAtProxy, "not-at-proxy", "not at this module proxy",
        "{host} does not have {module} in this version";
    NotInSumdb, "not-in-sumdb", "not in the checksum database",
        "the checksum database does not know {module} in this version: it is new, or private";
    FreshTag, "fresh-tag", "new tag",
        "the tag of {module} is at its repository, and {host} does not know it yet";
    PrivateToSumdb, "private-to-sumdb", "private module looked up in the public checksum database",
        "{module} looks private and was looked up in the public checksum database";
    ProxyLogin, "goproxy-login", "proxy wants credentials",
        "the module proxy {host} wants a login (401), and none was sent or it was refused";
    ProxyPolicy, "goproxy-policy", "blocked by policy",
        "a policy at {host} blocks {module}";
    AddressRefused, "address-refused", "address or country refused",
        "{host} refuses requests from this address or country";
    Gatekeeper, "gatekeeper", "refused by a gatekeeper",
        "a gatekeeper on the way does not let requests for {host} through";
    Forbidden, "forbidden", "refused (403)",
        "{host} refuses the request (403) and does not say why";
    ServerTrouble, "server-trouble", "server error",
        "{host} answers with a server error: its own trouble, or of what stands before it";
    NotAModuleProxy, "not-a-module-proxy", "sign-in page",
        "what answers at {host} is a web page, not a module proxy";
    MalformedAnswer, "malformed-answer", "malformed answer",
        "what {host} answers is not what a module proxy answers";
    NotKnown, "not-known", "words that are not known",
        "the fetch failed, with words that gomend does not know: {said}";
    Unsaid, "unsaid", "git's own words are missing",
        "git failed, and its own words are missing from this text";
    Limited, "rate-limited", "rate limited",
        "{host} limits how often it is asked (429)";
    Cut, "transfer-cut", "transfer cut",
        "the download from {host} breaks off midway";
    ProxyOff, "goproxy-off", "GOPROXY=off",
        "GOPROXY=off forbids to look up {module}";
    VendorOnly, "vendor-only", "-mod=vendor",
        "-mod=vendor forbids to look up {module}";
    MalformedSetting, "malformed-setting", "malformed setting",
        "a setting such as GOPROXY, GOSUMDB or GOAUTH is malformed";
    NoSuchVersion, "no-such-version", "no such version",
        "{module} has no such version, branch or commit";
    NoVanityPage, "no-vanity-page", "vanity page missing",
        "{host} has no page that says where {module} is kept";
    SignInPage, "sign-in-page", "sign-in page",
        "{host} answers with a web page where Go expects to be told about {module}: a sign-in page, or the wrong host";
    OtherPath, "other-path", "module declares another path",
        "{module} declares another path for itself";
    NoSuchPackage, "no-such-package", "package not in the module",
        "the module has no such package";
    TwoModules, "two-modules", "two modules provide the package",
        "two modules provide the same package";
    ChecksumsDiffer, "checksums-differ", "proxy and checksum database differ",
        "{module} is not what the checksum database or go.sum says it is";
    SumIncomplete, "go-sum-incomplete", "go.sum incomplete",
        "go.sum lacks an entry for {module}";
    VendorStale, "inconsistent-vendoring", "vendor folder out of date",
        "go.mod and the vendor folder do not agree";
    ModFileStale, "go-mod-out-of-date", "go.mod out of date",
        "go.mod is out of date, and this command may not change it";
    NotRequired, "not-required", "not in go.mod",
        "no module in go.mod provides {module}";
    NotProvided, "not-provided", "no module provides the package",
        "no module was found that provides {module}";
    WorkspaceGo, "workspace-go", "go.work names an older Go",
        "go.work names an older Go than one of its modules requires";
    NoPathAtVersion, "no-path-at-version", "PATH@VERSION not understood",
        "this go takes no PATH@VERSION there: it is too old, or modules are switched off";
    ReplaceRefused, "install-with-replace", "replace directives refused",
        "the go.mod of {module} has replace directives, with which `go install PATH@VERSION` refuses it";
    MajorVersion, "major-version", "major version and path differ",
        "the version that is asked for does not fit the path of {module}";
    Govcs, "govcs", "GOVCS",
        "GOVCS forbids the version control system of {module}";
    NoSecureProtocol, "no-secure-protocol", "no secure protocol",
        "{module} answers neither over https nor over ssh";
    NoToolchain, "no-toolchain", "no such toolchain",
        "the Go toolchain that is asked for is not offered";
    ToolchainLocal, "toolchain-local", "GOTOOLCHAIN=local",
        "a newer Go is required, and GOTOOLCHAIN=local forbids to fetch it";
    // everything passes now
    Transient, "transient", "transient",
        "everything passes now: the failure was transient";
    // this machine
    NoRoom, "no-room", "no space left",
        "a directory that the fetch writes to has no room left";
    OwnedByOther, "owned-by-other", "owned by another user",
        "a directory that the fetch writes to belongs to another user";
    RepositoryOfOther, "repository-of-other", "repository owned by somebody else",
        "this repository belongs to another user, and git refuses to look into it";
    RepositoryBroken, "repository-broken", "broken repository",
        "git cannot read this repository";
    CloneDamaged, "clone-damaged", "damaged clone in the module cache",
        "the clone in the module cache is damaged";
    ZipDamaged, "zip-damaged", "damaged zip in the module cache",
        "a zip in the module cache is damaged";
    SourceDamaged, "source-damaged", "damaged file in the module cache",
        "a source file in the module cache is damaged";
    CheckoutStuck, "checkout-stuck", "clone in the way",
        "a clone below GOPATH is not in the state that `go get` needs";
    ConfigLine, "git-config-line", "bad line in git's configuration",
        "git cannot read its own configuration";
    RewriteBroken, "rewrite-broken", "insteadOf to an unknown protocol",
        "git's configuration rewrites the address to one that git cannot use";
    CacheReadOnly, "cache-read-only", "module cache not writable",
        "this user may not write to the module cache";
    HomeUnset, "home-unset", "HOME not set",
        "HOME is not set, so Go does not know where its caches are";
    GopathSetting, "gopath-setting", "unusable GOPATH, GOMODCACHE or GOCACHE",
        "GOPATH, GOMODCACHE or GOCACHE is set to what go cannot use";
    NoGit, "no-git", "git not on PATH", "go needs git, and it is not on PATH";
    NoHg, "no-vcs", "hg not on PATH", "the version control program that {module} needs is not on PATH";
    NoSsh, "no-ssh", "ssh not on PATH", "git needs ssh, and it is not on PATH";
}

impl Reason {
    /// Somebody decided against it: nothing goes round that, and nothing is repeated.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::ProxyPolicy
                | Self::AddressRefused
                | Self::Gatekeeper
                | Self::Forbidden
                | Self::ProxyRefuses
        )
    }

    /// Somebody else's trouble, which passes.
    #[must_use]
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::ServerTrouble | Self::Limited | Self::Transient)
    }
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
