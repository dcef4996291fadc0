//! The refined reasons in words, translated where they are shown.

use crate::verdict::Reason;

/// A few words.
pub(crate) const fn words(reason: Reason) -> &'static str {
    row(reason)[0]
}

/// One sentence, with `{host}`, `{module}`, `{proxy}` and `{said}` still in it.
pub(crate) const fn sentence(reason: Reason) -> &'static str {
    row(reason)[1]
}

texts! {
    /// A few words, and one sentence.
    row(Reason) -> 2;
    UnknownName: "typo or unregistered name",
        "every resolver that was asked says that {host} does not exist: mistyped, or not registered";
    NoAddress: "name without an address", "{host} exists in DNS and has no address";
    ResolverDown: "resolver does not answer", "no nameserver answers: the resolver is down or cannot be reached";
    ResolverSlow: "resolver too slow", "the resolver answers for {host}, later than it is waited for";
    ResolverNoRoute: "no route to the resolver", "this machine has no route to its nameserver";
    ResolverFails: "resolver answers SERVFAIL",
        "the resolver answers SERVFAIL for {host}: it, or the zone's own server, is broken";
    ResolverRefuses: "resolver answers REFUSED", "the resolver refuses to answer for {host}";
    StubResolver: "resolver down",
        "resolv.conf names a resolver on this very machine, and none runs here: it was copied from the host";
    NameserverDead: "one of several nameservers is dead",
        "one of the nameservers in resolv.conf does not answer: lookups of {host} are slow or fail now and then";
    SplitDns: "split DNS",
        "one nameserver knows {host} and another says that it does not exist: the right one must be asked";
    ResolversDiffer: "Go and git resolve differently",
        "the C library (git) and Go's own resolver do not agree on {host}";
    FilteredDns: "filtered or forged answer", "the configured resolver hides {host}, which public resolvers know";
    HiddenPublicName: "resolver hides a public name",
        "the resolver denies {host}, a well-known public name: it filters names, or has no way to the internet";
    ForgedDns: "filtered or forged answer", "the configured resolver gives an address for {host} that is not its own";
    HostsFile: "pinned in the hosts file", "the hosts file pins {host} to an address that does not work";
    Offline: "offline", "nothing answers, not even a host that your settings name: this machine is offline";
    CaptivePortal: "captive portal", "a sign-in page answers in the place of {host}: this network wants a login first";
    BrokenIpv6: "broken IPv6", "{host} answers over IPv4 and not over IPv6: IPv6 is broken on this network";
    PortBlocked: "port blocked",
        "{host} answers on another port and not on the one that is needed: a firewall blocks that port";
    HostDown: "host down", "{host} does not answer on any port that was tried, while other hosts do";
    NothingListens: "service down", "{host} refuses the connection: nothing listens on that port";
    NoRoute: "no route", "this machine has no route to {host}: network or VPN is missing";
    SshPortBlocked: "port 22 blocked, 443 open",
        "{host} cannot be reached on port 22, and 443 is open: this network blocks ssh";
    ConnectionReset: "reset before an answer", "the connection to {host} is accepted and then reset";
    ConnectionClosed: "closed before an answer",
        "the connection to {host} is accepted, and closed before an answer came";
    SniFiltered: "name filtered",
        "the connection is cut as soon as {host} is named, and stands with another name: this network filters by server name";
    ProxyRequired: "proxy required", "the direct way to {host} is closed, and it works through the HTTP proxy {proxy}";
    ProxyDown: "proxy down", "the HTTP proxy {proxy} does not answer";
    ProxyNameUnknown: "proxy's name unknown", "the name of the HTTP proxy {proxy} cannot be resolved";
    ProxyNotHttp: "not an HTTP proxy", "what answers at {proxy} is not an HTTP proxy";
    ProxyScheme: "proxy speaks no TLS", "the proxy setting says https, and {proxy} speaks plain HTTP: write http://";
    ProxyMalformed: "malformed proxy setting", "the proxy setting cannot be read as a URL";
    ProxyAuth: "proxy wants credentials", "an HTTP proxy in between wants a user name and password (407)";
    ProxyRefuses: "proxy refuses the host", "the HTTP proxy {proxy} refuses to connect to {host}";
    ProxyBypass: "NO_PROXY missing",
        "{host} is sent to the HTTP proxy {proxy}, which does not let it through, and the direct way works: NO_PROXY must name it";
    NoProxyDialect: "NO_PROXY not understood by git",
        "NO_PROXY exempts {host} for Go and not for git, which does not understand that form: write the bare domain";
    ProxyGoOnly: "proxy set for Go only", "Go uses the HTTP proxy {proxy} and git does not";
    ProxyGitOnly: "proxy set for git only", "git uses the HTTP proxy {proxy} and Go does not";
    InspectionCa: "inspection CA not trusted",
        "the certificate for {host} comes from an inspecting proxy, whose CA neither Go nor git trusts";
    InspectionCaGo: "inspection CA not trusted by Go",
        "the certificate for {host} comes from an inspecting proxy: git trusts its CA and Go does not";
    InspectionCaGit: "inspection CA not trusted by git",
        "the certificate for {host} comes from an inspecting proxy: Go trusts its CA and git does not";
    PrivateCa: "unknown CA", "the certificate for {host} comes from a private CA that is not in the trust store";
    PrivateCaGo: "CA not trusted by Go",
        "the certificate for {host} comes from a private CA: git trusts it and Go does not";
    PrivateCaGit: "CA not trusted by git",
        "the certificate for {host} comes from a private CA: Go trusts it and git does not";
    NoCaBundle: "no CA bundle",
        "this machine has no CA certificates: ca-certificates is not installed, or the file that is named is missing";
    SelfSigned: "self-signed certificate", "the certificate of {host} is signed by itself";
    MissingIntermediate: "missing intermediate",
        "{host} does not send the intermediate certificate between its own and a known root";
    Expired: "certificate expired", "the certificate of {host} has expired, and this machine's clock is right";
    WrongClock: "wrong clock", "this machine's clock is wrong, so valid certificates look expired or not valid yet";
    NotYetValid: "certificate not valid yet",
        "the certificate of {host} is not valid yet, and this machine's clock is right";
    RevocationUnknown: "revocation cannot be checked",
        "git could not find out whether the certificate of {host} is revoked, and refuses it";
    WrongName: "certificate for another name", "the certificate is valid, for other names than {host}";
    LegacyName: "legacy Common Name",
        "the certificate of {host} has its name in the Common Name only, which Go does not read";
    MlkemCut: "middlebox cannot bear ML-KEM",
        "the handshake with {host} is cut, and stands without the post-quantum key share: something on the way cannot bear its size";
    MldsaCut: "middlebox cannot bear ML-DSA",
        "the handshake with {host} is cut, and stands without the ML-DSA signature schemes, which Go offers since 1.27: something on the way cannot bear them";
    Http2Cut: "HTTP/2 breaks, HTTP/1.1 passes",
        "HTTP/2 is what breaks at {host}: the same request passes over HTTP/1.1";
    Tls13Cut: "middlebox cannot bear TLS 1.3",
        "the handshake with {host} is cut, and stands with TLS 1.2: something on the way cannot bear TLS 1.3";
    HandshakeCut: "handshake cut", "the connection to {host} stands and every handshake is cut";
    HandshakeStalled: "handshake stalled", "{host} accepts the connection and never answers the handshake";
    ProtocolTooOld: "protocol too old", "{host} knows no TLS version that is still allowed (1.2 or newer)";
    NoCommonCipher: "no cipher in common", "{host} and this client share no TLS cipher";
    PlainHttp: "plain HTTP on the TLS port", "{host} answers in plain text on that port";
    TlsForHttp: "TLS where HTTP is due", "{host} answers with a TLS alert where HTTP is due";
    CredentialsAbsent: "no credentials stored", "{host} wants a login, and none is stored for it";
    LoginWanted: "not shown without a login",
        "{host} says nothing of {module} to whoever asks without a login that may read it";
    CredentialsRefused: "credentials refused", "{host} refuses the credentials that are stored for it";
    AccessDenied: "access denied", "{host} knows the credentials, and denies them this repository (403)";
    CredentialsGoOnly: "credentials stored for Go only",
        "credentials for {host} are stored where Go finds them and git does not";
    CredentialsGitOnly: "credentials stored for git only",
        "credentials for {host} are stored where git finds them and Go does not";
    NoAgent: "no key", "ssh has no key to offer to {host}: no agent answers and no identity file exists";
    AgentEmpty: "no key", "the ssh agent holds no key, and no identity file exists: nothing could be offered to {host}";
    KeyNotAccepted: "key refused", "{host} accepts none of the keys that ssh offers";
    HostKeyUnknown: "host key unknown", "no key of {host} is in known_hosts yet";
    HostKeyChanged: "host key changed", "{host} shows another key than the one in known_hosts: renewed, or intercepted";
    SshNoCommonAlgorithm: "no common ssh algorithm",
        "{host} and ssh here share no algorithm: one of the two is too old";
    NameUnrecognized: "server does not know the name", "the server that answers for {host} does not know that name";
    ClientCertificate: "client certificate wanted",
        "{host} wants a client certificate, and none was sent or it was refused";
    LockLeft: "lock file in the way", "a lock file is in git's way: another git is running, or one was killed";
    RepoHidden: "repository missing or not visible",
        "{host} answers 'not found' to anonymous visitors: the repository does not exist, or needs a login";
    PrivateToProxy: "private module sent to a public proxy",
        "{module} looks private and was asked of {proxy}, which cannot see it";
    NotAtProxy: "not at this module proxy", "{host} does not have {module} in this version";
    NotInSumdb: "not in the checksum database",
        "the checksum database does not know {module} in this version: it is new, or private";
    FreshTag: "new tag", "the tag of {module} is at its repository, and {host} does not know it yet";
    PrivateToSumdb: "private module looked up in the public checksum database",
        "{module} looks private and was looked up in the public checksum database";
    ProxyLogin: "proxy wants credentials",
        "the module proxy {host} wants a login (401), and none was sent or it was refused";
    ProxyPolicy: "blocked by policy", "a policy at {host} blocks {module}";
    AddressRefused: "address or country refused", "{host} refuses requests from this address or country";
    Gatekeeper: "refused by a gatekeeper", "a gatekeeper on the way does not let requests for {host} through";
    Forbidden: "refused (403)", "{host} refuses the request (403) and does not say why";
    ServerTrouble: "server error", "{host} answers with a server error: its own trouble, or of what stands before it";
    NotAModuleProxy: "not a module proxy", "what answers at {host} is a web page, not a module proxy";
    MalformedAnswer: "malformed answer", "what {host} answers is not what a module proxy answers";
    NotKnown: "words that are not known", "the fetch failed, with words that gomend does not know: {said}";
    Unsaid: "git's own words are missing", "git failed, and its own words are missing from this text";
    Limited: "rate limited", "{host} limits how often it is asked (429)";
    Cut: "transfer cut", "the download from {host} breaks off midway";
    ProxyOff: "GOPROXY=off", "GOPROXY=off keeps go from looking up {module}";
    VendorOnly: "-mod=vendor", "-mod=vendor keeps go from looking up {module}";
    MalformedSetting: "malformed setting", "a setting of go's is malformed: {said}";
    ModulesOff: "modules switched off", "GO111MODULE=off: modules are switched off, and go.mod is ignored";
    SettingGone: "a setting names what is not there", "a setting of go's names what is not there: {said}";
    NoSuchVersion: "no such version", "{module} has no such version, branch or commit";
    NoVanityPage: "vanity page missing", "{host} has no page that says where {module} is kept";
    Redirected: "endless redirects", "{host} sends go on to another address ten times over";
    SignInPage: "sign-in page",
        "{host} answers with a web page where Go expects to be told about {module}: a sign-in page, or the wrong host";
    OtherPath: "module declares another path", "{module} declares another path for itself";
    NoSuchPackage: "package not in the module", "the module has no such package";
    TwoModules: "two modules provide the package", "two modules provide the same package";
    ChecksumsDiffer: "content and checksum differ", "{module} is not what the checksum database or go.sum says it is";
    CacheDiffers: "this module cache has other content",
        "the copy of {module} in the module cache here is not what all others have";
    GoSumDiffers: "this go.sum has another checksum",
        "go.sum here has another checksum for {module} than what is served and was first recorded";
    ProxyDiffers: "the module proxy has other content",
        "the module proxy serves other content for {module} than its repository has and was first recorded";
    TagMoved: "the tag was moved",
        "the tag of {module} was moved: its repository has other content now than was first published";
    SumIncomplete: "go.sum incomplete", "go.sum lacks an entry for {module}";
    VendorStale: "vendor folder out of date", "go.mod and the vendor folder do not agree";
    ModFileStale: "go.mod out of date", "go.mod is out of date, and this command may not change it";
    WorkspaceStale: "go.work out of date", "go.work and the modules around it do not agree";
    SumBroken: "unreadable go.sum", "go.sum has a line that go cannot read";
    NotRequired: "not in go.mod", "no module in go.mod provides {module}";
    NotProvided: "no module provides the package", "no module was found that provides {module}";
    WorkspaceGo: "go.work names an older Go", "go.work names an older Go than one of its modules requires";
    NoPathAtVersion: "PATH@VERSION not understood",
        "this go takes no PATH@VERSION there: it is too old, or modules are switched off";
    ReplaceRefused: "replace directives refused",
        "the go.mod of {module} has replace directives, with which `go install PATH@VERSION` refuses it";
    MajorVersion: "major version and path differ", "the version that is asked for does not fit the path of {module}";
    Govcs: "GOVCS", "GOVCS forbids the version control system of {module}";
    NoSecureProtocol: "no secure protocol", "{module} answers neither over https nor over ssh";
    NoToolchain: "no such toolchain", "the Go toolchain that is asked for is not offered";
    ToolchainUnverified: "nobody vouches for the toolchain",
        "the Go toolchain that is asked for was downloaded and refused: the checksum database does not vouch for it";
    ToolchainLocal: "GOTOOLCHAIN=local", "a newer Go is required, and GOTOOLCHAIN=local forbids fetching it";
    Transient: "transient", "everything passes now: the failure was transient";
    NoRoom: "no space left", "a directory that the fetch writes to has no room left";
    OwnedByOther: "owned by another user", "a directory that the fetch writes to belongs to another user";
    RepositoryOfOther: "repository owned by somebody else",
        "this repository belongs to another user, and git refuses to look into it";
    RepositoryBroken: "broken repository", "git cannot read this repository";
    CloneDamaged: "damaged clone in the module cache", "the clone in the module cache is damaged";
    ZipDamaged: "damaged zip in the module cache", "a zip in the module cache is damaged";
    SourceDamaged: "damaged file in the module cache", "a source file in the module cache is damaged";
    CheckoutStuck: "clone in the way", "a clone below GOPATH is not in the state that `go get` needs";
    ConfigLine: "bad line in git's configuration", "git cannot read its own configuration";
    RewriteBroken: "insteadOf to an unknown protocol",
        "git's configuration rewrites the address to one that git cannot use";
    NoSuchRemote: "no such remote repository", "git finds no repository under the name or path that it was given";
    HelperMissing: "git without its part for https", "this git lacks its part for https";
    CacheReadOnly: "module cache not writable", "this user may not write to the module cache";
    MountedReadOnly: "read-only file system", "the file system is mounted read-only: {said}";
    BuildCacheReadOnly: "build cache not writable", "this user may not write to the build cache";
    GopathReadOnly: "GOPATH not writable", "go can make nothing below GOPATH: {said}";
    HomeUnset: "HOME not set", "HOME is not set, so Go does not know where its caches are";
    GopathSetting: "unusable folder of Go's", "a folder is set that go cannot use: {said}";
    NoGit: "git not on PATH", "go needs git, and it is not on PATH";
    NoHg: "hg not on PATH", "the version control program that {module} needs is not on PATH";
    NoSsh: "ssh not on PATH", "git needs ssh, and it is not on PATH";
}
