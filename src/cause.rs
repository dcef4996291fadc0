//! The causes that gomend tells apart: a table of id, layer and one sentence.
//!
//! The ids are part of the report (schema 1) and never change their meaning.

use std::fmt;

/// Where a cause lies. The order is the one in which a fetch meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    ($($name:ident, $id:literal, $layer:ident, $means:literal;)+) => {
        /// Why a Go command failed, as far as fetching is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $(#[doc = $means] $name,)+ }

        impl Cause {
            /// Every cause, in the order of the layers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable id, for instance `dns-not-found`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Where the cause lies.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self { $(Self::$name => Layer::$layer,)+ }
            }

            /// One sentence that says what the cause means.
            #[must_use]
            pub const fn means(self) -> &'static str {
                match self { $(Self::$name => $means,)+ }
            }
        }
    };
}

causes! {
    GitNotFound, "git-not-found", Tool,
        "Go could not start git: not installed or not on PATH";
    VcsNotFound, "vcs-not-found", Tool,
        "hg, svn, bzr or fossil is needed and not on PATH";
    SshNotFound, "ssh-not-found", Tool,
        "git needs ssh and cannot start it";
    GitTooOld, "git-too-old", Tool,
        "git rejects an option or feature that this Go (or this object format/repo) needs";
    DnsNotFound, "dns-not-found", Dns,
        "the name was answered as non-existent (NXDOMAIN / no such host / Could not resolve host)";
    DnsServerFailure, "dns-server-failure", Dns,
        "a resolver answered SERVFAIL or REFUSED (server misbehaving, Temporary failure in name resolution)";
    DnsTimeout, "dns-timeout", Dns,
        "no resolver answered in time (lookup ... i/o timeout; also `dial tcp: i/o timeout` without any address)";
    DnsResolverUnreachable, "dns-resolver-unreachable", Dns,
        "the resolver's own address could not be reached (lookup on X:53: connection refused / network is unreachable)";
    TcpTimeout, "tcp-timeout", Network,
        "the connection was never answered (dial tcp ... i/o timeout, Connection timed out)";
    TcpRefused, "tcp-refused", Network,
        "connection refused";
    TcpUnreachable, "tcp-unreachable", Network,
        "no route to host / network is unreachable";
    TcpReset, "tcp-reset", Network,
        "connection reset by peer outside a TLS handshake, or remote closed it (EOF) before an answer";
    HttpProxy, "http-proxy", Network,
        "the HTTP(S)/SOCKS proxy in use is wrong, unreachable or refuses (proxyconnect, 407, CONNECT failed or a bare `Forbidden`, invalid proxy URL)";
    TlsUnknownAuthority, "tls-unknown-authority", Tls,
        "issuer not trusted, self-signed, missing CA bundle, intercepting proxy";
    TlsExpired, "tls-expired", Tls,
        "certificate out of its validity by date: expired";
    TlsNotYetValid, "tls-not-yet-valid", Tls,
        "certificate not valid yet: usually this machine's clock";
    TlsNameMismatch, "tls-name-mismatch", Tls,
        "certificate is valid, for another name (also: legacy Common Name only)";
    TlsHandshake, "tls-handshake", Tls,
        "protocol version, cipher or alert: both ends cannot agree";
    TlsNotTls, "tls-not-tls", Tls,
        "the other end does not speak TLS (first record does not look like a TLS handshake; server gave HTTP response to HTTPS client)";
    TlsInterrupted, "tls-interrupted", Tls,
        "the handshake was cut: TLS handshake timeout, EOF or reset during the handshake, `SSL_ERROR_SYSCALL`";
    HttpsNoCredentials, "https-no-credentials", Auth,
        "HTTPS git asked for a user name or password and none was available (could not read Username/Password, terminal prompts disabled)";
    HttpsCredentialsRejected, "https-credentials-rejected", Auth,
        "credentials were sent and refused (Authentication failed, 401/403 with credentials, password support removed, SAML SSO, token scope)";
    SshKeyRejected, "ssh-key-rejected", Auth,
        "Permission denied (publickey...), too many authentication failures, agent refused";
    SshHostKey, "ssh-host-key", Auth,
        "Host key verification failed / changed";
    RepoNotFound, "repo-not-found", Auth,
        "the forge says the repository does not exist or is not visible to this identity";
    PrivateViaProxy, "private-via-proxy", Routing,
        "a module that the module proxy cannot see was asked of it (404/410 from a module proxy for a module that it does not have, incl. a git error that happened on the proxy's side)";
    PrivateViaSumdb, "private-via-sumdb", Routing,
        "a module unknown to the checksum database was looked up there (verifying module: ... sum.golang.org ... 404/410)";
    GoproxyStatus, "goproxy-status", Routing,
        "the module proxy or sumdb answered with another error status (401, 403, 5xx, bad gateway)";
    GoproxyBadResponse, "goproxy-bad-response", Routing,
        "what answered in the module proxy's or sumdb's place is not one: HTML with status 200 (captive portal, sign-in page), invalid JSON";
    GoproxyDisabled, "goproxy-disabled", Routing,
        "lookup disabled by GOPROXY=off, -mod=vendor, GONOSUMDB/GOFLAGS settings";
    GoproxyInvalid, "goproxy-invalid", Routing,
        "GOPROXY/GOSUMDB/GOAUTH etc. setting is malformed";
    TransferInterrupted, "transfer-interrupted", Transfer,
        "the download broke midway, by git (early EOF, RPC failed, unexpected disconnect, index-pack failed, curl 18/56/92) or by HTTP (stream error `INTERNAL_ERROR`, GOAWAY, unexpected EOF in a zip, bad record MAC)";
    HttpStatus, "http-status", Transfer,
        "the code host or vanity page (not the module proxy) answered with an error status that is not about credentials (5xx, 400; a vanity page's 404 is import-path-unresolved)";
    RateLimited, "rate-limited", Transfer,
        "429 / secondary rate limit";
    UnknownRevision, "unknown-revision", Module,
        "version, tag, branch or commit does not exist in the repository, or no version matches the query";
    InvalidVersion, "invalid-version", Module,
        "version string invalid for this module (missing go.mod, +incompatible, major suffix, pseudo-version mismatch)";
    ImportPathUnresolved, "import-path-unresolved", Module,
        "unrecognized import path: no go-import meta tag, bad or missing vanity page (incl. its 404), sign-in page instead, malformed path";
    ModulePathMismatch, "module-path-mismatch", Module,
        "module declares its path as X but was required as Y";
    PackageNotInModule, "package-not-in-module", Module,
        "module found, but does not contain the package (moved/removed)";
    AmbiguousImport, "ambiguous-import", Module,
        "ambiguous import: the package is found in several modules";
    ChecksumMismatch, "checksum-mismatch", Module,
        "verifying module: checksum mismatch, SECURITY ERROR";
    MissingGoSum, "missing-go-sum", Module,
        "missing go.sum entry / updates to go.mod needed / inconsistent vendoring";
    VcsDisallowed, "vcs-disallowed", Module,
        "GOVCS disallows this VCS";
    InsecureProtocol, "insecure-protocol", Module,
        "no secure protocol found / http import refused";
    ToolchainUnavailable, "toolchain-unavailable", Module,
        "a toolchain that go wants to switch to cannot be had (toolchain not available, download go1.X failed because no such toolchain exists)";
    GoTooOld, "go-too-old", Module,
        "the running Go is older than go.mod or a dependency needs and may not or cannot switch (requires go >= X, GOTOOLCHAIN=local, invalid go version '1.21.1', unknown directive: toolchain, note: module requires Go 1.N)";
    DubiousOwnership, "dubious-ownership", Local,
        "git refuses a repository owned by someone else (also via VCS stamping)";
    VcsStampingFailed, "vcs-stamping-failed", Local,
        "error obtaining VCS status for any other reason";
    CacheCorrupt, "cache-corrupt", Local,
        "module or vcs cache is broken (not a git repository, bad object, shallow file, zip not valid)";
    GitConfigBroken, "git-config-broken", Local,
        "git's own configuration or installation breaks the fetch: bad config line, wrong insteadOf, unsupported protocol, missing remote or credential helper, broken shared library";
    DiskFull, "disk-full", Local,
        "no space left on device, quota";
    PermissionDenied, "permission-denied", Local,
        "local file permission: module cache, GOPATH, .git, ssh config ownership";
    NoHome, "no-home", Local,
        "HOME/GOPATH/GOMODCACHE/GOCACHE undefined";
    NotOurs, "not-ours", None,
        "an ordinary failure that is not about fetching modules or toolchains, nor about Go's use of git: compile error, missing package in a module-less directory, failing test, vet finding, panic, lint, a program or test that itself prints network errors, another tool's own exit status 128";
}

impl Cause {
    /// The cause with this id, if there is one.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.id() == id)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
