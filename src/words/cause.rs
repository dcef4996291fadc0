//! The causes in words: what each means, and what usually helps; translated where they are shown.

use crate::cause::Cause;

/// One sentence that says what the cause means.
#[must_use]
pub const fn means(cause: Cause) -> &'static str {
    row(cause)[0]
}

/// What usually helps, in one or two sentences.
#[must_use]
pub const fn helps(cause: Cause) -> &'static str {
    row(cause)[1]
}

/// What happened, with `{host}` and `{module}` still in it.
pub(super) const fn sentence(cause: Cause) -> &'static str {
    row(cause)[2]
}

texts! {
    /// What it means, what usually helps, and what happened.
    row(Cause) -> 3;
    GitNotFound:
        "Go could not start git: not installed or not on PATH",
        "Install git (`apk add git`, `apt-get install git`, Xcode command line tools) or put it on PATH. If everything you need is public, a GOPROXY without `direct` does without git.",
        "go needs git and cannot start it";
    VcsNotFound:
        "hg, svn, bzr or fossil is needed and not on PATH",
        "Install the version control tool that the module is kept in (hg, svn, fossil), or fetch the module through a module proxy, which needs none. Bazaar is only known to Go up to 1.26.",
        "the version control program that {module} needs is not on PATH";
    SshNotFound:
        "git needs ssh and cannot start it",
        "Install an ssh client (`openssh-client`), or rewrite ssh URLs of that organisation to HTTPS with `url.<base>.insteadOf`.",
        "git needs ssh to reach {host} and cannot start it";
    GitTooOld:
        "git rejects an option or feature that this Go (or this object format/repo) needs",
        "Upgrade git: Go 1.26 and newer need git 2.24, SHA-256 repositories need 2.29. An older Go or a module proxy helps meanwhile.",
        "this git is too old for what go or the repository asks of it";
    DnsNotFound:
        "the name was answered as non-existent (NXDOMAIN / no such host / Could not resolve host)",
        "Look for a typo in the host name, join the VPN that knows it, and look for stale entries in the hosts file or search domains in resolv.conf. Private names cannot be resolved by public resolvers.",
        "the resolver says that {host} does not exist";
    DnsServerFailure:
        "a resolver answered SERVFAIL or REFUSED (server misbehaving, Temporary failure in name resolution)",
        "The resolver itself failed: try another of the configured nameservers, and have its forwarder or DNSSEC setup looked at. Often it passes after a minute.",
        "the resolver failed to look up {host}";
    DnsTimeout:
        "no resolver answered in time (lookup ... i/o timeout; also `dial tcp: i/o timeout` without any address)",
        "No nameserver answered: in containers set a reachable one (`--dns`, `\"dns\"` in daemon.json), let UDP and TCP port 53 through the firewall, and put dead nameservers last in resolv.conf.",
        "no resolver answered for {host} in time";
    DnsResolverUnreachable:
        "the resolver's own address could not be reached (lookup on X:53: connection refused / network is unreachable)",
        "The nameserver in resolv.conf is not there: inside a container `127.0.0.1` or `127.0.0.53` is the container itself, outside the VPN may be down. Write a reachable nameserver.",
        "the resolver itself cannot be reached";
    TcpTimeout:
        "the connection was never answered (dial tcp ... i/o timeout, Connection timed out)",
        "A firewall or filter drops the connection: use the HTTP proxy that your network prescribes (HTTPS_PROXY), a module proxy that is reachable, or ask for proxy.golang.org, sum.golang.org, storage.googleapis.com and the code host to be opened.",
        "{host} did not answer in time";
    TcpRefused:
        "connection refused",
        "Nothing listens there: check host and port, whether a local proxy program is still running, and unset proxy variables that point to one that isn't.",
        "{host} refuses the connection";
    TcpUnreachable:
        "no route to host / network is unreachable",
        "There is no route: check the VPN and the network, and whether IPv6 is offered but broken on this machine.",
        "there is no route to {host}";
    TcpReset:
        "connection reset by peer outside a TLS handshake, or remote closed it (EOF) before an answer",
        "Try again; if it stays, something between you and the server cuts the connection. With a Go upgrade as the only change, compare `GODEBUG=tlsmlkem=0`; a second source after `|` in GOPROXY bridges short failures.",
        "the connection to {host} was cut before an answer came";
    HttpProxy:
        "the HTTP(S)/SOCKS proxy in use is wrong, unreachable or refuses (proxyconnect, 407, CONNECT failed or a bare `Forbidden`, invalid proxy URL)",
        "Correct HTTPS_PROXY (usually `http://host:port`, also for https targets), percent-encode the password, and list internal hosts in NO_PROXY. git reads `http.proxy` besides; proxies that want NTLM or Kerberos need a local helper.",
        "the HTTP proxy in between is wrong, unreachable or refuses";
    TlsUnknownAuthority:
        "issuer not trusted, self-signed, missing CA bundle, intercepting proxy",
        "Add the CA that signed the certificate to the system's trust store, for Go and for git, in containers before the first download; install `ca-certificates` where no bundle is present. Turning verification off is not the fix.",
        "the certificate of {host} is not trusted here";
    TlsExpired:
        "certificate out of its validity by date: expired",
        "Check this machine's clock first, then the certificate: the server's operator has to renew it. On old systems update the root certificates.",
        "the certificate of {host} is out of date by this machine's clock";
    TlsNotYetValid:
        "certificate not valid yet: usually this machine's clock",
        "Set this machine's clock: `timedatectl set-ntp true`, in WSL `sudo hwclock -s` or `wsl --shutdown`.",
        "the certificate of {host} is not valid yet by this machine's clock";
    TlsNameMismatch:
        "certificate is valid, for another name (also: legacy Common Name only)",
        "Use the name that the certificate was issued for; if the name is right, a portal or a wrong DNS answer has led you to another server. Certificates without a subject alternative name have to be reissued.",
        "the certificate is for other names than {host}";
    TlsHandshake:
        "protocol version, cipher or alert: both ends cannot agree",
        "Both ends share no protocol version or cipher: upgrade git and its TLS library here, or have TLS 1.2 or newer enabled at the server. Client certificates, where asked for, have to be configured.",
        "this client and {host} cannot agree on a TLS version or cipher";
    TlsNotTls:
        "the other end does not speak TLS (first record does not look like a TLS handshake; server gave HTTP response to HTTPS client)",
        "The other end speaks plain HTTP: correct the scheme in the proxy variable (`http://`), the port, or the URL, or look for a portal in between.",
        "{host} does not speak TLS on that port";
    TlsInterrupted:
        "the handshake was cut: TLS handshake timeout, EOF or reset during the handshake, `SSL_ERROR_SYSCALL`",
        "Something cut the handshake: try again, compare `GODEBUG=tlsmlkem=0` (large hello messages are dropped by some firewalls) and, for Go 1.27, an earlier Go (some reset ML-DSA), or go through the HTTP proxy that your network prescribes.",
        "the TLS handshake with {host} was cut";
    HttpsNoCredentials:
        "HTTPS git asked for a user name or password and none was available (could not read Username/Password, terminal prompts disabled)",
        "Give git a credential for this host: a credential helper (`gh auth setup-git`, Git Credential Manager), an org-scoped `insteadOf` to ssh, or `~/.netrc` with mode 0600, which Go reads too. Also check that the repository's name is right.",
        "{host} wants a login, and git has none for it";
    HttpsCredentialsRejected:
        "credentials were sent and refused (Authentication failed, 401/403 with credentials, password support removed, SAML SSO, token scope)",
        "Renew the token (expired, wrong scope, not authorised for SSO; passwords no longer work at GitHub and Bitbucket), and remove the stale one with `git credential reject`.",
        "{host} refuses the credentials that were sent";
    SshKeyRejected:
        "Permission denied (publickey...), too many authentication failures, agent refused",
        "Load the key (`ssh-add`), choose the right one for this host (`IdentityFile` with `IdentitiesOnly yes`), and register it with the forge or authorise it for SSO. In CI pass the agent or a deploy key on.",
        "{host} accepts none of the ssh keys that were offered";
    SshHostKey:
        "Host key verification failed / changed",
        "Unknown host: add its published key to known_hosts after comparing the fingerprint. Changed key: compare first; only replace it with `ssh-keygen -R HOST` when the new one is published.",
        "the ssh host key of {host} could not be verified";
    RepoNotFound:
        "the forge says the repository does not exist or is not visible to this identity",
        "Check the path for a typo, a rename or a deletion; otherwise this identity may not see it: forges answer \"not found\" where access is missing. Give the token or key access to this very repository.",
        "{host} says that the repository does not exist, or hides it from this identity";
    PrivateViaProxy:
        "a module that the module proxy cannot see was asked of it (404/410 from a module proxy for a module that it does not have, incl. a git error that happened on the proxy's side)",
        "Set GOPRIVATE to the narrowest prefix (`go env -w GOPRIVATE=host/org`), so that the module is fetched directly, and give git access to it. With a company proxy that should have it: GONOPROXY=none, and have the module made available there.",
        "{module} was asked of a module proxy that cannot see it";
    PrivateViaSumdb:
        "a module unknown to the checksum database was looked up there (verifying module: ... sum.golang.org ... 404/410)",
        "Set GOPRIVATE (or GONOSUMDB, where a private proxy serves the module) to the narrowest prefix. GOSUMDB=off would switch verification off for everything.",
        "{module} was looked up in a checksum database that does not know it";
    GoproxyStatus:
        "the module proxy or sumdb answered with another error status (401, 403, 5xx, bad gateway)",
        "401 and 403: credentials for the proxy in netrc or GOAUTH, or its policy. 5xx: try again, or name a second source after `|` in GOPROXY; a comma only falls through on 404 and 410.",
        "{host} answered with an error status";
    GoproxyBadResponse:
        "what answered in the module proxy's or sumdb's place is not one: HTML with status 200 (captive portal, sign-in page), invalid JSON",
        "Something else answers in the proxy's place: sign in at the network's portal, leave the captive network, or correct GOPROXY so that it names a module proxy.",
        "what answers at {host} is not a module proxy";
    GoproxyDisabled:
        "lookup disabled by GOPROXY=off, -mod=vendor, GONOSUMDB/GOFLAGS settings",
        "The lookup was forbidden by a setting: GOPROXY=off, -mod=vendor or GOFLAGS. Run `go mod vendor` or `go mod download` where the network is allowed, or lift the setting.",
        "the settings forbid looking up {module}";
    GoproxyInvalid:
        "GOPROXY/GOSUMDB/GOAUTH etc. setting is malformed",
        "Correct the setting: `go env GOPROXY GOSUMDB GOAUTH GOFLAGS` shows the values, `go env -u NAME` removes one. GOPROXY is a list of URLs, `direct` and `off`; GOSUMDB is a name or a name with its key.",
        "a setting such as GOPROXY or GOSUMDB is malformed";
    TransferInterrupted:
        "the download broke midway, by git (early EOF, RPC failed, unexpected disconnect, index-pack failed, curl 18/56/92) or by HTTP (stream error `INTERNAL_ERROR`, GOAWAY, unexpected EOF in a zip, bad record MAC)",
        "Try again; a module proxy transfers less than a git clone. If it stays: slow link, full disk, virus scanner, or HTTP/2 middleboxes (`http.version=HTTP/1.1`).",
        "the download from {host} broke midway";
    HttpStatus:
        "the code host or vanity page (not the module proxy) answered with an error status that is not about credentials (5xx, 400; a vanity page's 404 is import-path-unresolved)",
        "The code host has trouble: look at its status page, and try again later or through a module proxy. A 400 or a redirect may be a wrong URL or a duplicate header.",
        "{host} answered with an error status";
    RateLimited:
        "429 / secondary rate limit",
        "Wait as long as the answer says, authenticate (authenticated limits are higher), or fetch through a module proxy.",
        "{host} limits how often it is asked";
    UnknownRevision:
        "version, tag, branch or commit does not exist in the repository, or no version matches the query",
        "Check that the tag or commit exists and is pushed, with its `v` and, for a module in a subdirectory, with that prefix. A new tag may need minutes until a proxy sees it.",
        "the version that is asked for does not exist in {module}";
    InvalidVersion:
        "version string invalid for this module (missing go.mod, +incompatible, major suffix, pseudo-version mismatch)",
        "Ask for a version that the module can have: `/vN` in the path from v2 on, a canonical pseudo-version (`go list -m PATH@COMMIT`), a commit that holds a go.mod.",
        "the version that is asked for is not valid for {module}";
    ImportPathUnresolved:
        "unrecognized import path: no go-import meta tag, bad or missing vanity page (incl. its 404), sign-in page instead, malformed path",
        "Check the import path; a vanity host must answer `?go-get=1` with a go-import tag. `replace`, or a `.git` suffix in the path, works around a host that doesn't.",
        "nothing at {host} says where {module} is kept";
    ModulePathMismatch:
        "module declares its path as X but was required as Y",
        "Require the module under the path that it declares, or `replace` the original with the fork.",
        "{module} declares another path for itself";
    PackageNotInModule:
        "module found, but does not contain the package (moved/removed)",
        "The package has moved or gone: look for its new path, or require the last version that has it (`go list -m -versions PATH`).",
        "the module was found and does not contain the package {module}";
    AmbiguousImport:
        "ambiguous import: the package is found in several modules",
        "Two modules hold the package: drop the one that the other absorbed (`go get OLD@none`), or upgrade both to versions in which they are separate.",
        "several modules provide {module}";
    ChecksumMismatch:
        "verifying module: checksum mismatch, SECURITY ERROR",
        "Find out which copy differs before anything else: the local cache, the proxy or the origin. A moved tag needs a new version; go.sum is only edited for your own retagged module.",
        "{module} is not what go.sum or the checksum database says it is";
    MissingGoSum:
        "missing go.sum entry / updates to go.mod needed / inconsistent vendoring",
        "Run `go mod tidy` (or `go mod vendor`) and commit go.mod and go.sum; in CI keep -mod=readonly.",
        "go.mod, go.sum or vendor lack an entry";
    VcsDisallowed:
        "GOVCS disallows this VCS",
        "Allow this tool for this host only: `GOVCS=host:svn`. Better, move the module to git or fetch it through a proxy.",
        "GOVCS forbids the version control system of {module}";
    InsecureProtocol:
        "no secure protocol found / http import refused",
        "Serve the repository over HTTPS or ssh. Where the real reason is hidden, `git ls-remote` on the URL shows it; GOINSECURE for one host is the last resort.",
        "{module} could be fetched over no secure protocol";
    ToolchainUnavailable:
        "a toolchain that go wants to switch to cannot be had (toolchain not available, download go1.X failed because no such toolchain exists)",
        "Install the wanted Go yourself, use a proxy that serves golang.org/toolchain, set GOTOOLCHAIN=local, or lower the go line (before Go 1.21 a release had no `.0`: `go 1.22` is no toolchain name).",
        "the Go toolchain that is asked for cannot be had";
    GoTooOld:
        "the running Go is older than go.mod or a dependency needs and may not or cannot switch (requires go >= X, GOTOOLCHAIN=local, invalid go version '1.21.1', unknown directive: toolchain, note: module requires Go 1.N)",
        "Install the Go that go.mod asks for, or let go fetch it (GOTOOLCHAIN=auto); otherwise require older versions of the dependencies.",
        "a newer Go is required than the one that runs";
    DubiousOwnership:
        "git refuses a repository owned by someone else (also via VCS stamping)",
        "Give the folder to the user who builds, or trust exactly it: `git config --global --add safe.directory DIR`. `-buildvcs=false` avoids the question.",
        "git refuses a repository that another user owns";
    VcsStampingFailed:
        "error obtaining VCS status for any other reason",
        "`go build -v` shows what git said; often the folder belongs to someone else or .git is incomplete. `-buildvcs=false` builds without the stamp.",
        "go could not read the version control state of this repository";
    CacheCorrupt:
        "module or vcs cache is broken (not a git repository, bad object, shallow file, zip not valid)",
        "Remove the one broken folder or file in the module cache that the message names; `go clean -modcache` is the last resort.",
        "the module cache is broken";
    GitConfigBroken:
        "git's own configuration or installation breaks the fetch: bad config line, wrong insteadOf, unsupported protocol, missing remote or credential helper, broken shared library",
        "`git config --show-origin --list` shows which file says what: correct or remove the line, the insteadOf, the helper. With `GIT_CONFIG_GLOBAL=/dev/null` you see whether it is yours.",
        "git's own configuration or installation breaks the fetch";
    DiskFull:
        "no space left on device, quota",
        "Make room: `go clean -cache`, or move GOMODCACHE, GOCACHE and GOTMPDIR to a larger disk. Inodes and quotas count too.",
        "no space is left on the disk";
    PermissionDenied:
        "local file permission: module cache, GOPATH, .git, ssh config ownership",
        "Give the files back to the user who builds (often an earlier `sudo go`), or point GOPATH, GOMODCACHE and GOCACHE to folders that are writable; ssh wants its configuration 0600.",
        "a file or directory that go needs may not be read or written";
    NoHome:
        "HOME/GOPATH/GOMODCACHE/GOCACHE undefined",
        "Set HOME, or GOCACHE and GOPATH (GOMODCACHE): services, cron and `docker run -u` start without.",
        "HOME, GOPATH or a cache directory is not set";
    NotOurs:
        "an ordinary failure that is not about fetching modules or toolchains, nor about Go's use of git: compile error, missing package in a module-less directory, failing test, vet finding, panic, lint, a program or test that itself prints network errors, another tool's own exit status 128",
        "Nothing to mend here: read what the compiler, the test or the program says.",
        "this failure is not about fetching modules";
}

/// The table of causes for the documentation, in Markdown: one row per cause.
#[must_use]
pub fn markdown() -> String {
    let mut table =
        "| Cause | Layer | What it means | What usually helps |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for cause in Cause::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        let (id, layer) = (cause.id(), cause.layer().id());
        table += &[
            "| `",
            id,
            "` | ",
            layer,
            " | ",
            &cell(means(*cause)),
            " | ",
            &cell(helps(*cause)),
            " |\n",
        ]
        .concat();
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_words() {
        for cause in Cause::ALL {
            let helps = helps(*cause);
            assert!(helps.ends_with('.') && helps.len() > 40, "{cause}");
        }
    }

    #[test]
    fn the_table_has_a_row_per_cause() {
        let table = markdown();
        assert_eq!(table.lines().count(), Cause::ALL.len() + 2);
        assert!(
            table
                .lines()
                .all(|row| row.replace("\\|", "").matches('|').count() == 5)
        );
    }
}
