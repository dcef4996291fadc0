//! The causes that gomend tells apart: a table of names, ids and layers. What they mean and what
//! usually helps is worded where it is shown.
//!
//! The ids are part of the report and never change their meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a cause lies. The order is the one in which a fetch meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// A program that Go needs is missing or too old.
    Tool,
    /// Name resolution.
    Dns,
    /// The connection: TCP, routes, HTTP proxies.
    Network,
    /// Certificates and handshakes.
    Tls,
    /// Credentials, keys and host keys.
    Auth,
    /// GOPROXY, GOSUMDB, GOPRIVATE: who is asked for what.
    Routing,
    /// The transfer itself.
    Transfer,
    /// The module: versions, paths, checksums.
    Module,
    /// This machine: files, caches, git configuration.
    Local,
    /// None of our business.
    None,
}

impl Layer {
    /// The id used in reports, lower case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Dns => "dns",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Routing => "routing",
            Self::Transfer => "transfer",
            Self::Module => "module",
            Self::Local => "local",
            Self::None => "none",
        }
    }
}

macro_rules! causes {
    ($($name:ident, $id:literal, $layer:ident;)+) => {
        /// Why a Go command failed, as far as fetching is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Cause { $(#[doc = concat!("`", $id, "`.")] #[serde(rename = $id)] $name,)+ }

        impl Cause {
            /// Every cause, in the order of the layers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable id, for instance `dns-not-found`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The id in words, for instance `dns not found`.
            #[must_use]
            pub fn title(self) -> String {
                self.id().replace('-', " ")
            }

            /// Where the cause lies.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self { $(Self::$name => Layer::$layer,)+ }
            }
        }
    };
}

causes! {
    GitNotFound, "git-not-found", Tool;
    VcsNotFound, "vcs-not-found", Tool;
    SshNotFound, "ssh-not-found", Tool;
    GitTooOld, "git-too-old", Tool;
    DnsNotFound, "dns-not-found", Dns;
    DnsServerFailure, "dns-server-failure", Dns;
    DnsTimeout, "dns-timeout", Dns;
    DnsResolverUnreachable, "dns-resolver-unreachable", Dns;
    TcpTimeout, "tcp-timeout", Network;
    TcpRefused, "tcp-refused", Network;
    TcpUnreachable, "tcp-unreachable", Network;
    TcpReset, "tcp-reset", Network;
    HttpProxy, "http-proxy", Network;
    TlsUnknownAuthority, "tls-unknown-authority", Tls;
    TlsExpired, "tls-expired", Tls;
    TlsNotYetValid, "tls-not-yet-valid", Tls;
    TlsNameMismatch, "tls-name-mismatch", Tls;
    TlsHandshake, "tls-handshake", Tls;
    TlsNotTls, "tls-not-tls", Tls;
    TlsInterrupted, "tls-interrupted", Tls;
    HttpsNoCredentials, "https-no-credentials", Auth;
    HttpsCredentialsRejected, "https-credentials-rejected", Auth;
    SshKeyRejected, "ssh-key-rejected", Auth;
    SshHostKey, "ssh-host-key", Auth;
    RepoNotFound, "repo-not-found", Auth;
    PrivateViaProxy, "private-via-proxy", Routing;
    PrivateViaSumdb, "private-via-sumdb", Routing;
    GoproxyStatus, "goproxy-status", Routing;
    GoproxyBadResponse, "goproxy-bad-response", Routing;
    GoproxyDisabled, "goproxy-disabled", Routing;
    GoproxyInvalid, "goproxy-invalid", Routing;
    TransferInterrupted, "transfer-interrupted", Transfer;
    HttpStatus, "http-status", Transfer;
    RateLimited, "rate-limited", Transfer;
    UnknownRevision, "unknown-revision", Module;
    InvalidVersion, "invalid-version", Module;
    ImportPathUnresolved, "import-path-unresolved", Module;
    ModulePathMismatch, "module-path-mismatch", Module;
    PackageNotInModule, "package-not-in-module", Module;
    AmbiguousImport, "ambiguous-import", Module;
    ChecksumMismatch, "checksum-mismatch", Module;
    MissingGoSum, "missing-go-sum", Module;
    VcsDisallowed, "vcs-disallowed", Module;
    InsecureProtocol, "insecure-protocol", Module;
    ToolchainUnavailable, "toolchain-unavailable", Module;
    GoTooOld, "go-too-old", Module;
    DubiousOwnership, "dubious-ownership", Local;
    VcsStampingFailed, "vcs-stamping-failed", Local;
    CacheCorrupt, "cache-corrupt", Local;
    GitConfigBroken, "git-config-broken", Local;
    DiskFull, "disk-full", Local;
    PermissionDenied, "permission-denied", Local;
    NoHome, "no-home", Local;
    NotOurs, "not-ours", None;
}

impl Cause {
    /// The cause with this id, if there is one.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.id() == id)
    }

    /// Whether a fetch that met this one had not come as far as the `other`: what go or git refuse before they
    /// ask anybody stands before all that they hear.
    #[must_use]
    pub fn precedes(self, other: Self) -> bool {
        let place = |cause: Self| {
            let before_any_request = match cause {
                Self::NoHome | Self::GoproxyInvalid => 0, // go's own settings
                Self::GoproxyDisabled => 1,
                cause if cause.layer() == Layer::Tool => 2,
                Self::GitConfigBroken => 3,
                _ => 4,
            };
            (before_any_request, cause.layer())
        };
        other != Self::NotOurs && place(self) < place(other)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_meets_its_causes_in_an_order() {
        use Cause::{
            DnsNotFound, GitConfigBroken, GitNotFound, GoproxyDisabled, GoproxyInvalid, NotOurs,
            TlsExpired,
        };
        for (first, then) in [
            (DnsNotFound, TlsExpired),
            (GoproxyInvalid, DnsNotFound),
            (GoproxyDisabled, GitNotFound),
            (GitNotFound, GitConfigBroken),
            (GitConfigBroken, DnsNotFound),
        ] {
            assert!(
                first.precedes(then) && !then.precedes(first),
                "{first} {then}"
            );
        }
        assert!(!TlsExpired.precedes(TlsExpired) && !TlsExpired.precedes(NotOurs));
    }

    #[test]
    fn ids_lead_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_id(cause.id()), Some(*cause));
        }
    }
}
