//! The causes that gomend tells apart: a table of id, layer, what it means
//! and what usually helps.
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
    ($($name:ident, $id:literal, $layer:ident, $means:literal, $helps:literal;)+) => {
        /// Why a Go command failed, as far as fetching is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Cause { $(#[doc = $means] #[serde(rename = $id)] $name,)+ }

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

            /// One sentence that says what the cause means.
            #[must_use]
            pub const fn means(self) -> &'static str {
                match self { $(Self::$name => $means,)+ }
            }

            /// What usually helps, in one or two sentences.
            #[must_use]
            pub const fn helps(self) -> &'static str {
                match self { $(Self::$name => $helps,)+ }
            }
        }
    };
}

causes! {
    GitNotFound, "git-not-found", Tool,
        "Go could not start git: not installed or not on PATH",
        "Install git (`apk add git`, `apt-get install git`, Xcode command line tools) or put it on PATH. If everything you need is public, a GOPROXY without `direct` does without git.";
    VcsNotFound, "vcs-not-found", Tool,
        "hg, svn, bzr or fossil is needed and not on PATH",
        "Install the version control tool that the module is kept in (hg, svn, fossil), or fetch the module through a module proxy, which needs none. Bazaar is only known to Go up to 1.26.";
    SshNotFound, "ssh-not-found", Tool,
        "git needs ssh and cannot start it",
        "Install an ssh client (`openssh-client`), or rewrite ssh URLs of that organisation to HTTPS with `url.<base>.insteadOf`.";
    GitTooOld, "git-too-old", Tool,
        "git rejects an option or feature that this Go (or this object format/repo) needs",
        "Upgrade git: Go 1.26 and newer need git 2.24, SHA-256 repositories need 2.29. An older Go or a module proxy helps meanwhile.";
    DnsNotFound, "dns-not-found", Dns,
        "the name was answered as non-existent (NXDOMAIN / no such host / Could not resolve host)",
        "Look for a typo in the host name, join the VPN that knows it, and look for stale entries in the hosts file or search domains in resolv.conf. Private names cannot be resolved by public resolvers.";
    DnsServerFailure, "dns-server-failure", Dns,
        "a resolver answered SERVFAIL or REFUSED (server misbehaving, Temporary failure in name resolution)",
        "The resolver itself failed: try another of the configured nameservers, and have its forwarder or DNSSEC setup looked at. Often it passes after a minute.";
    DnsTimeout, "dns-timeout", Dns,
        "no resolver answered in time (lookup ... i/o timeout; also `dial tcp: i/o timeout` without any address)",
        "No nameserver answered: in containers set a reachable one (`--dns`, `\"dns\"` in daemon.json), let UDP and TCP port 53 through the firewall, and put dead nameservers last in resolv.conf.";
    DnsResolverUnreachable, "dns-resolver-unreachable", Dns,
        "the resolver's own address could not be reached (lookup on X:53: connection refused / network is unreachable)",
        "The nameserver in resolv.conf is not there: inside a container `127.0.0.1` or `127.0.0.53` is the container itself, outside the VPN may be down. Write a reachable nameserver.";
    TcpTimeout, "tcp-timeout", Network,
        "the connection was never answered (dial tcp ... i/o timeout, Connection timed out)",
        "A firewall or filter drops the connection: use the HTTP proxy that your network prescribes (HTTPS_PROXY), a module proxy that is reachable, or ask for proxy.golang.org, sum.golang.org, storage.googleapis.com and the code host to be opened.";
    TcpRefused, "tcp-refused", Network,
        "connection refused",
        "Nothing listens there: check host and port, whether a local proxy program is still running, and unset proxy variables that point to one that isn't.";
    TcpUnreachable, "tcp-unreachable", Network,
        "no route to host / network is unreachable",
        "There is no route: check the VPN and the network, and whether IPv6 is offered but broken on this machine.";
    TcpReset, "tcp-reset", Network,
        "connection reset by peer outside a TLS handshake, or remote closed it (EOF) before an answer",
        "Try again; if it stays, something between you and the server cuts the connection. With a Go upgrade as the only change, compare `GODEBUG=tlsmlkem=0`; a second source after `|` in GOPROXY bridges short failures.";
    HttpProxy, "http-proxy", Network,
        "the HTTP(S)/SOCKS proxy in use is wrong, unreachable or refuses (proxyconnect, 407, CONNECT failed or a bare `Forbidden`, invalid proxy URL)",
        "Correct HTTPS_PROXY (usually `http://host:port`, also for https targets), percent-encode the password, and list internal hosts in NO_PROXY. git reads `http.proxy` besides; proxies that want NTLM or Kerberos need a local helper.";
    TlsUnknownAuthority, "tls-unknown-authority", Tls,
        "issuer not trusted, self-signed, missing CA bundle, intercepting proxy",
        "Add the CA that signed the certificate to the system's trust store, for Go and for git, in containers before the first download; install `ca-certificates` where no bundle is present. Turning verification off is not the fix.";
    TlsExpired, "tls-expired", Tls,
        "certificate out of its validity by date: expired",
        "Check this machine's clock first, then the certificate: the server's operator has to renew it. On old systems update the root certificates.";
    TlsNotYetValid, "tls-not-yet-valid", Tls,
        "certificate not valid yet: usually this machine's clock",
        "Set this machine's clock: `timedatectl set-ntp true`, in WSL `sudo hwclock -s` or `wsl --shutdown`.";
    TlsNameMismatch, "tls-name-mismatch", Tls,
        "certificate is valid, for another name (also: legacy Common Name only)",
        "Use the name that the certificate was issued for; if the name is right, a portal or a wrong DNS answer has led you to another server. Certificates without a subject alternative name have to be reissued.";
    TlsHandshake, "tls-handshake", Tls,
        "protocol version, cipher or alert: both ends cannot agree",
        "Both ends share no protocol version or cipher: upgrade git and its TLS library here, or have TLS 1.2 or newer enabled at the server. Client certificates, where asked for, have to be configured.";
    TlsNotTls, "tls-not-tls", Tls,
        "the other end does not speak TLS (first record does not look like a TLS handshake; server gave HTTP response to HTTPS client)",
        "The other end speaks plain HTTP: correct the scheme in the proxy variable (`http://`), the port, or the URL, or look for a portal in between.";
    TlsInterrupted, "tls-interrupted", Tls,
        "the handshake was cut: TLS handshake timeout, EOF or reset during the handshake, `SSL_ERROR_SYSCALL`",
        "Something cut the handshake: try again, compare `GODEBUG=tlsmlkem=0` (large hello messages are dropped by some firewalls) and a smaller MTU, or go through the HTTP proxy that your network prescribes.";
    HttpsNoCredentials, "https-no-credentials", Auth,
        "HTTPS git asked for a user name or password and none was available (could not read Username/Password, terminal prompts disabled)",
        "Give git a credential for this host: a credential helper (`gh auth setup-git`, Git Credential Manager), an org-scoped `insteadOf` to ssh, or `~/.netrc` with mode 0600, which Go reads too. Also check that the repository's name is right.";
    HttpsCredentialsRejected, "https-credentials-rejected", Auth,
        "credentials were sent and refused (Authentication failed, 401/403 with credentials, password support removed, SAML SSO, token scope)",
        "Renew the token (expired, wrong scope, not authorised for SSO; passwords no longer work at GitHub and Bitbucket), and remove the stale one with `git credential reject`.";
    SshKeyRejected, "ssh-key-rejected", Auth,
        "Permission denied (publickey...), too many authentication failures, agent refused",
        "Load the key (`ssh-add`), choose the right one for this host (`IdentityFile` with `IdentitiesOnly yes`), and register it with the forge or authorise it for SSO. In CI pass the agent or a deploy key on.";
    SshHostKey, "ssh-host-key", Auth,
        "Host key verification failed / changed",
        "Unknown host: add its published key to known_hosts after comparing the fingerprint. Changed key: compare first; only replace it with `ssh-keygen -R HOST` when the new one is published.";
    RepoNotFound, "repo-not-found", Auth,
        "the forge says the repository does not exist or is not visible to this identity",
        "Check the path for a typo, a rename or a deletion; otherwise this identity may not see it: forges answer \"not found\" where access is missing. Give the token or key access to this very repository.";
    PrivateViaProxy, "private-via-proxy", Routing,
        "a module that the module proxy cannot see was asked of it (404/410 from a module proxy for a module that it does not have, incl. a git error that happened on the proxy's side)",
        "Set GOPRIVATE to the narrowest prefix (`go env -w GOPRIVATE=host/org`), so that the module is fetched directly, and give git access to it. With a company proxy that should have it: GONOPROXY=none, and have the module made available there.";
    PrivateViaSumdb, "private-via-sumdb", Routing,
        "a module unknown to the checksum database was looked up there (verifying module: ... sum.golang.org ... 404/410)",
        "Set GOPRIVATE (or GONOSUMDB, where a private proxy serves the module) to the narrowest prefix. GOSUMDB=off would switch verification off for everything.";
    GoproxyStatus, "goproxy-status", Routing,
        "the module proxy or sumdb answered with another error status (401, 403, 5xx, bad gateway)",
        "401 and 403: credentials for the proxy in netrc or GOAUTH, or its policy. 5xx: try again, or name a second source after `|` in GOPROXY; a comma only falls through on 404 and 410.";
    GoproxyBadResponse, "goproxy-bad-response", Routing,
        "what answered in the module proxy's or sumdb's place is not one: HTML with status 200 (captive portal, sign-in page), invalid JSON",
        "Something else answers in the proxy's place: sign in at the network's portal, leave the captive network, or correct GOPROXY so that it names a module proxy.";
    GoproxyDisabled, "goproxy-disabled", Routing,
        "lookup disabled by GOPROXY=off, -mod=vendor, GONOSUMDB/GOFLAGS settings",
        "The lookup was forbidden by a setting: GOPROXY=off, -mod=vendor or GOFLAGS. Run `go mod vendor` or `go mod download` where the network is allowed, or lift the setting.";
    GoproxyInvalid, "goproxy-invalid", Routing,
        "GOPROXY/GOSUMDB/GOAUTH etc. setting is malformed",
        "Correct the setting: `go env GOPROXY GOSUMDB GOAUTH GOFLAGS` shows the values, `go env -u NAME` removes one. GOPROXY is a list of URLs, `direct` and `off`; GOSUMDB is a name or a name with its key.";
    TransferInterrupted, "transfer-interrupted", Transfer,
        "the download broke midway, by git (early EOF, RPC failed, unexpected disconnect, index-pack failed, curl 18/56/92) or by HTTP (stream error `INTERNAL_ERROR`, GOAWAY, unexpected EOF in a zip, bad record MAC)",
        "Try again; a module proxy transfers less than a git clone. If it stays: slow link, full disk, virus scanner, or HTTP/2 middleboxes (`http.version=HTTP/1.1`).";
    HttpStatus, "http-status", Transfer,
        "the code host or vanity page (not the module proxy) answered with an error status that is not about credentials (5xx, 400; a vanity page's 404 is import-path-unresolved)",
        "The code host has trouble: look at its status page, and try again later or through a module proxy. A 400 or a redirect may be a wrong URL or a duplicate header.";
    RateLimited, "rate-limited", Transfer,
        "429 / secondary rate limit",
        "Wait as long as the answer says, authenticate (authenticated limits are higher), or fetch through a module proxy.";
    UnknownRevision, "unknown-revision", Module,
        "version, tag, branch or commit does not exist in the repository, or no version matches the query",
        "Check that the tag or commit exists and is pushed, with its `v` and, for a module in a subdirectory, with that prefix. A new tag may need minutes until a proxy sees it.";
    InvalidVersion, "invalid-version", Module,
        "version string invalid for this module (missing go.mod, +incompatible, major suffix, pseudo-version mismatch)",
        "Ask for a version that the module can have: `/vN` in the path from v2 on, a canonical pseudo-version (`go list -m PATH@COMMIT`), a commit that holds a go.mod.";
    ImportPathUnresolved, "import-path-unresolved", Module,
        "unrecognized import path: no go-import meta tag, bad or missing vanity page (incl. its 404), sign-in page instead, malformed path",
        "Check the import path; a vanity host must answer `?go-get=1` with a go-import tag. `replace`, or a `.git` suffix in the path, works around a host that doesn't.";
    ModulePathMismatch, "module-path-mismatch", Module,
        "module declares its path as X but was required as Y",
        "Require the module under the path that it declares, or `replace` the original with the fork.";
    PackageNotInModule, "package-not-in-module", Module,
        "module found, but does not contain the package (moved/removed)",
        "The package has moved or gone: look for its new path, or require the last version that has it (`go list -m -versions PATH`).";
    AmbiguousImport, "ambiguous-import", Module,
        "ambiguous import: the package is found in several modules",
        "Two modules hold the package: drop the one that the other absorbed (`go get OLD@none`), or upgrade both to versions in which they are separate.";
    ChecksumMismatch, "checksum-mismatch", Module,
        "verifying module: checksum mismatch, SECURITY ERROR",
        "Find out which copy differs before anything else: the local cache, the proxy or the origin. A moved tag needs a new version; go.sum is only edited for your own retagged module.";
    MissingGoSum, "missing-go-sum", Module,
        "missing go.sum entry / updates to go.mod needed / inconsistent vendoring",
        "Run `go mod tidy` (or `go mod vendor`) and commit go.mod and go.sum; in CI keep -mod=readonly.";
    VcsDisallowed, "vcs-disallowed", Module,
        "GOVCS disallows this VCS",
        "Allow this tool for this host only: `GOVCS=host:svn`. Better, move the module to git or fetch it through a proxy.";
    InsecureProtocol, "insecure-protocol", Module,
        "no secure protocol found / http import refused",
        "Serve the repository over HTTPS or ssh. Where the real reason is hidden, `git ls-remote` on the URL shows it; GOINSECURE for one host is the last resort.";
    ToolchainUnavailable, "toolchain-unavailable", Module,
        "a toolchain that go wants to switch to cannot be had (toolchain not available, download go1.X failed because no such toolchain exists)",
        "Install the wanted Go yourself, use a proxy that serves golang.org/toolchain, set GOTOOLCHAIN=local, or lower the go line (before Go 1.21 a release had no `.0`: `go 1.22` is no toolchain name).";
    GoTooOld, "go-too-old", Module,
        "the running Go is older than go.mod or a dependency needs and may not or cannot switch (requires go >= X, GOTOOLCHAIN=local, invalid go version '1.21.1', unknown directive: toolchain, note: module requires Go 1.N)",
        "Install the Go that go.mod asks for, or let go fetch it (GOTOOLCHAIN=auto); otherwise require older versions of the dependencies.";
    DubiousOwnership, "dubious-ownership", Local,
        "git refuses a repository owned by someone else (also via VCS stamping)",
        "Give the folder to the user who builds, or trust exactly it: `git config --global --add safe.directory DIR`. `-buildvcs=false` avoids the question.";
    VcsStampingFailed, "vcs-stamping-failed", Local,
        "error obtaining VCS status for any other reason",
        "`go build -v` shows what git said; often the folder belongs to someone else or .git is incomplete. `-buildvcs=false` builds without the stamp.";
    CacheCorrupt, "cache-corrupt", Local,
        "module or vcs cache is broken (not a git repository, bad object, shallow file, zip not valid)",
        "Remove the one broken folder or file in the module cache that the message names; `go clean -modcache` is the last resort.";
    GitConfigBroken, "git-config-broken", Local,
        "git's own configuration or installation breaks the fetch: bad config line, wrong insteadOf, unsupported protocol, missing remote or credential helper, broken shared library",
        "`git config --show-origin --list` shows which file says what: correct or remove the line, the insteadOf, the helper. With `GIT_CONFIG_GLOBAL=/dev/null` you see whether it is yours.";
    DiskFull, "disk-full", Local,
        "no space left on device, quota",
        "Make room: `go clean -cache`, or move GOMODCACHE, GOCACHE and GOTMPDIR to a larger disk. Inodes and quotas count too.";
    PermissionDenied, "permission-denied", Local,
        "local file permission: module cache, GOPATH, .git, ssh config ownership",
        "Give the files back to the user who builds (often an earlier `sudo go`), or point GOPATH, GOMODCACHE and GOCACHE to folders that are writable; ssh wants its configuration 0600.";
    NoHome, "no-home", Local,
        "HOME/GOPATH/GOMODCACHE/GOCACHE undefined",
        "Set HOME, or GOCACHE and GOPATH (GOMODCACHE): services, cron and `docker run -u` start without.";
    NotOurs, "not-ours", None,
        "an ordinary failure that is not about fetching modules or toolchains, nor about Go's use of git: compile error, missing package in a module-less directory, failing test, vet finding, panic, lint, a program or test that itself prints network errors, another tool's own exit status 128",
        "Nothing to mend here: read what the compiler, the test or the program says.";
}

impl Cause {
    /// The table of causes for the documentation, in Markdown: one row per cause.
    #[must_use]
    pub fn markdown() -> String {
        let mut table =
            "| Cause | Layer | What it means | What usually helps |\n| --- | --- | --- | --- |\n"
                .to_owned();
        for cause in Self::ALL {
            let cell = |text: &str| text.replace('|', "\\|");
            let (id, layer) = (cause.id(), cause.layer().id());
            table += &[
                "| `",
                id,
                "` | ",
                layer,
                " | ",
                &cell(cause.means()),
                " | ",
                &cell(cause.helps()),
                " |\n",
            ]
            .concat();
        }
        table
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_and_every_cause_has_words() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_id(cause.id()), Some(*cause));
            assert!(
                cause.helps().ends_with('.') && cause.helps().len() > 40,
                "{cause}"
            );
        }
    }

    #[test]
    fn the_table_has_a_row_per_cause() {
        let table = Cause::markdown();
        assert_eq!(table.lines().count(), Cause::ALL.len() + 2);
        assert!(
            table
                .lines()
                .all(|row| row.replace("\\|", "").matches('|').count() == 5)
        );
    }
}
