//! The refined reasons: what lies behind a cause, as far as probes can tell.
//!
//! A table of names and ids; the ids are part of the report. Their words stand in `words/reason.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($name:ident, $id:literal;)+) => {
        /// What lies behind a cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason { $(#[doc = concat!("`", $id, "`.")] #[serde(rename = $id)] $name,)+ }

        impl Reason {
            /// Every reason, in the order of the stages.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable id, for instance `split-dns`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The reason with this id, if there is one.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.id() == id)
            }
        }
    };
}

reasons! {
    // names
    UnknownName, "unknown-name";
    NoAddress, "no-address";
    ResolverDown, "resolver-down";
    ResolverSlow, "resolver-slow";
    ResolverNoRoute, "resolver-no-route";
    ResolverFails, "resolver-fails";
    ResolverRefuses, "resolver-refuses";
    StubResolver, "stub-resolver";
    NameserverDead, "nameserver-dead";
    SplitDns, "split-dns";
    ResolversDiffer, "resolvers-differ";
    FilteredDns, "filtered-dns";
    HiddenPublicName, "hidden-public-name";
    ForgedDns, "forged-dns";
    HostsFile, "hosts-file";
    // connection
    Offline, "offline";
    CaptivePortal, "captive-portal";
    BrokenIpv6, "broken-ipv6";
    PortBlocked, "port-blocked";
    HostDown, "host-down";
    NothingListens, "nothing-listens";
    NoRoute, "no-route";
    SshPortBlocked, "ssh-port-blocked";
    ConnectionReset, "connection-reset";
    ConnectionClosed, "connection-closed";
    SniFiltered, "sni-filtered";
    ProxyRequired, "proxy-required";
    ProxyDown, "proxy-down";
    ProxyNameUnknown, "proxy-name-unknown";
    ProxyNotHttp, "proxy-not-http";
    ProxyScheme, "proxy-scheme";
    ProxyMalformed, "proxy-malformed";
    ProxyAuth, "proxy-auth";
    ProxyRefuses, "proxy-refuses";
    ProxyBypass, "proxy-bypass";
    NoProxyDialect, "no-proxy-dialect";
    ProxyGoOnly, "proxy-go-only";
    ProxyGitOnly, "proxy-git-only";
    // certificates and handshakes
    InspectionCa, "inspection-ca";
    InspectionCaGo, "inspection-ca-go";
    InspectionCaGit, "inspection-ca-git";
    PrivateCa, "private-ca";
    PrivateCaGo, "private-ca-go";
    PrivateCaGit, "private-ca-git";
    NoCaBundle, "no-ca-bundle";
    SelfSigned, "self-signed";
    MissingIntermediate, "missing-intermediate";
    Expired, "expired";
    WrongClock, "wrong-clock";
    NotYetValid, "not-yet-valid";
    RevocationUnknown, "revocation-unknown";
    WrongName, "wrong-name";
    LegacyName, "legacy-name";
    MlkemCut, "mlkem-cut";
    MldsaCut, "mldsa-cut";
    Tls13Cut, "tls13-cut";
    HandshakeCut, "handshake-cut";
    HandshakeStalled, "handshake-stalled";
    ProtocolTooOld, "protocol-too-old";
    NoCommonCipher, "no-common-cipher";
    NameUnrecognized, "name-unrecognized";
    ClientCertificate, "client-certificate";
    PlainHttp, "plain-http";
    TlsForHttp, "tls-for-http";
    // credentials
    CredentialsAbsent, "credentials-absent";
    LoginWanted, "login-wanted";
    CredentialsRefused, "credentials-refused";
    AccessDenied, "access-denied";
    CredentialsGoOnly, "credentials-go-only";
    CredentialsGitOnly, "credentials-git-only";
    NoAgent, "no-agent";
    AgentEmpty, "agent-empty";
    KeyNotAccepted, "key-not-accepted";
    HostKeyUnknown, "host-key-unknown";
    HostKeyChanged, "host-key-changed";
    SshNoCommonAlgorithm, "ssh-no-common-algorithm";
    RepoHidden, "repo-hidden";
    // routing, transfer, module
    PrivateToProxy, "private-to-proxy";
    NotAtProxy, "not-at-proxy";
    NotInSumdb, "not-in-sumdb";
    FreshTag, "fresh-tag";
    PrivateToSumdb, "private-to-sumdb";
    ProxyLogin, "goproxy-login";
    ProxyPolicy, "goproxy-policy";
    AddressRefused, "address-refused";
    Gatekeeper, "gatekeeper";
    Forbidden, "forbidden";
    ServerTrouble, "server-trouble";
    NotAModuleProxy, "not-a-module-proxy";
    MalformedAnswer, "malformed-answer";
    NotKnown, "not-known";
    Unsaid, "unsaid";
    Limited, "rate-limited";
    Cut, "transfer-cut";
    Http2Cut, "http2-cut";
    ProxyOff, "goproxy-off";
    VendorOnly, "vendor-only";
    MalformedSetting, "malformed-setting";
    ModulesOff, "modules-off";
    SettingGone, "setting-names-nothing";
    NoSuchVersion, "no-such-version";
    NoVanityPage, "no-vanity-page";
    Redirected, "redirected";
    SignInPage, "sign-in-page";
    OtherPath, "other-path";
    NoSuchPackage, "no-such-package";
    TwoModules, "two-modules";
    ChecksumsDiffer, "checksums-differ";
    CacheDiffers, "cache-differs";
    GoSumDiffers, "go-sum-differs";
    ProxyDiffers, "proxy-differs";
    TagMoved, "tag-moved";
    SumIncomplete, "go-sum-incomplete";
    VendorStale, "inconsistent-vendoring";
    ModFileStale, "go-mod-out-of-date";
    WorkspaceStale, "workspace-out-of-date";
    SumBroken, "go-sum-unreadable";
    NotRequired, "not-required";
    NotProvided, "not-provided";
    WorkspaceGo, "workspace-go";
    NoPathAtVersion, "no-path-at-version";
    ReplaceRefused, "install-with-replace";
    MajorVersion, "major-version";
    Govcs, "govcs";
    NoSecureProtocol, "no-secure-protocol";
    NoToolchain, "no-toolchain";
    ToolchainUnverified, "toolchain-unverified";
    ToolchainLocal, "toolchain-local";
    // everything passes now
    Transient, "transient";
    // this machine
    NoRoom, "no-room";
    OwnedByOther, "owned-by-other";
    RepositoryOfOther, "repository-of-other";
    RepositoryBroken, "repository-broken";
    CloneDamaged, "clone-damaged";
    LockLeft, "lock-left";
    ZipDamaged, "zip-damaged";
    SourceDamaged, "source-damaged";
    CheckoutStuck, "checkout-stuck";
    ConfigLine, "git-config-line";
    RewriteBroken, "rewrite-broken";
    NoSuchRemote, "no-such-remote";
    HelperMissing, "git-helper-missing";
    CacheReadOnly, "cache-read-only";
    MountedReadOnly, "read-only-file-system";
    BuildCacheReadOnly, "build-cache-read-only";
    GopathReadOnly, "gopath-read-only";
    HomeUnset, "home-unset";
    GopathSetting, "gopath-setting";
    NoGit, "no-git";
    NoHg, "no-vcs";
    NoSsh, "no-ssh";
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
        f.write_str(self.id())
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
