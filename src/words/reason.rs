//! The refined reasons in words, translated where they are shown.

#![expect(
    clippy::match_same_arms,
    clippy::too_many_lines,
    reason = "tables, in the order of the reasons"
)]

use crate::lang::text;
use crate::verdict::Reason;

/// A few words.
pub(crate) const fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownName => text!("typo or unregistered name"),
        Reason::NoAddress => text!("name without an address"),
        Reason::ResolverDown => text!("resolver does not answer"),
        Reason::ResolverSlow => text!("resolver too slow"),
        Reason::ResolverNoRoute => text!("no route to the resolver"),
        Reason::ResolverFails => text!("resolver answers SERVFAIL"),
        Reason::ResolverRefuses => text!("resolver answers REFUSED"),
        Reason::StubResolver => text!("resolver down"),
        Reason::NameserverDead => text!("one of several nameservers is dead"),
        Reason::SplitDns => text!("split DNS"),
        Reason::ResolversDiffer => text!("Go and git resolve differently"),
        Reason::FilteredDns => text!("filtered or forged answer"),
        Reason::HiddenPublicName => text!("resolver hides a public name"),
        Reason::ForgedDns => text!("filtered or forged answer"),
        Reason::HostsFile => text!("pinned in the hosts file"),
        Reason::Offline => text!("offline"),
        Reason::CaptivePortal => text!("captive portal"),
        Reason::BrokenIpv6 => text!("broken IPv6"),
        Reason::PortBlocked => text!("port blocked"),
        Reason::HostDown => text!("host down"),
        Reason::NothingListens => text!("service down"),
        Reason::NoRoute => text!("no route"),
        Reason::SshPortBlocked => text!("port 22 blocked, 443 open"),
        Reason::ConnectionReset => text!("reset before an answer"),
        Reason::ConnectionClosed => text!("closed before an answer"),
        Reason::SniFiltered => text!("name filtered"),
        Reason::ProxyRequired => text!("proxy required"),
        Reason::ProxyDown => text!("proxy down"),
        Reason::ProxyNameUnknown => text!("proxy's name unknown"),
        Reason::ProxyNotHttp => text!("not an HTTP proxy"),
        Reason::ProxyScheme => text!("proxy speaks no TLS"),
        Reason::ProxyMalformed => text!("malformed proxy setting"),
        Reason::ProxyAuth => text!("proxy wants credentials"),
        Reason::ProxyRefuses => text!("proxy refuses the host"),
        Reason::ProxyBypass => text!("NO_PROXY missing"),
        Reason::NoProxyDialect => text!("NO_PROXY not understood by git"),
        Reason::ProxyGoOnly => text!("proxy set for Go only"),
        Reason::ProxyGitOnly => text!("proxy set for git only"),
        Reason::InspectionCa => text!("inspection CA not trusted"),
        Reason::InspectionCaGo => text!("inspection CA not trusted by Go"),
        Reason::InspectionCaGit => text!("inspection CA not trusted by git"),
        Reason::PrivateCa => text!("unknown CA"),
        Reason::PrivateCaGo => text!("CA not trusted by Go"),
        Reason::PrivateCaGit => text!("CA not trusted by git"),
        Reason::NoCaBundle => text!("no CA bundle"),
        Reason::SelfSigned => text!("self-signed certificate"),
        Reason::MissingIntermediate => text!("missing intermediate"),
        Reason::Expired => text!("certificate expired"),
        Reason::WrongClock => text!("wrong clock"),
        Reason::NotYetValid => text!("certificate not valid yet"),
        Reason::RevocationUnknown => text!("revocation cannot be checked"),
        Reason::WrongName => text!("certificate for another name"),
        Reason::LegacyName => text!("legacy Common Name"),
        Reason::MlkemCut => text!("middlebox cannot bear ML-KEM"),
        Reason::MldsaCut => text!("middlebox cannot bear ML-DSA"),
        Reason::Http2Cut => text!("HTTP/2 breaks, HTTP/1.1 passes"),
        Reason::Tls13Cut => text!("middlebox cannot bear TLS 1.3"),
        Reason::HandshakeCut => text!("handshake cut"),
        Reason::HandshakeStalled => text!("handshake stalled"),
        Reason::ProtocolTooOld => text!("protocol too old"),
        Reason::NoCommonCipher => text!("no cipher in common"),
        Reason::PlainHttp => text!("plain HTTP on the TLS port"),
        Reason::TlsForHttp => text!("TLS where HTTP is due"),
        Reason::CredentialsAbsent => text!("no credentials stored"),
        Reason::LoginWanted => text!("not shown without a login"),
        Reason::CredentialsRefused => text!("credentials refused"),
        Reason::AccessDenied => text!("access denied"),
        Reason::CredentialsGoOnly => text!("credentials stored for Go only"),
        Reason::CredentialsGitOnly => text!("credentials stored for git only"),
        Reason::NoAgent => text!("no key"),
        Reason::AgentEmpty => text!("no key"),
        Reason::KeyNotAccepted => text!("key refused"),
        Reason::HostKeyUnknown => text!("host key unknown"),
        Reason::HostKeyChanged => text!("host key changed"),
        Reason::SshNoCommonAlgorithm => text!("no common ssh algorithm"),
        Reason::NameUnrecognized => text!("server does not know the name"),
        Reason::ClientCertificate => text!("client certificate wanted"),
        Reason::LockLeft => text!("lock file in the way"),
        Reason::RepoHidden => text!("repository missing or not visible"),
        Reason::PrivateToProxy => text!("private module sent to a public proxy"),
        Reason::NotAtProxy => text!("not at this module proxy"),
        Reason::NotInSumdb => text!("not in the checksum database"),
        Reason::FreshTag => text!("new tag"),
        Reason::PrivateToSumdb => text!("private module looked up in the public checksum database"),
        Reason::ProxyLogin => text!("proxy wants credentials"),
        Reason::ProxyPolicy => text!("blocked by policy"),
        Reason::AddressRefused => text!("address or country refused"),
        Reason::Gatekeeper => text!("refused by a gatekeeper"),
        Reason::Forbidden => text!("refused (403)"),
        Reason::ServerTrouble => text!("server error"),
        Reason::NotAModuleProxy => text!("not a module proxy"),
        Reason::MalformedAnswer => text!("malformed answer"),
        Reason::NotKnown => text!("words that are not known"),
        Reason::Unsaid => text!("git's own words are missing"),
        Reason::Limited => text!("rate limited"),
        Reason::Cut => text!("transfer cut"),
        Reason::ProxyOff => text!("GOPROXY=off"),
        Reason::VendorOnly => text!("-mod=vendor"),
        Reason::MalformedSetting => text!("malformed setting"),
        Reason::ModulesOff => text!("modules switched off"),
        Reason::SettingGone => text!("a setting names what is not there"),
        Reason::NoSuchVersion => text!("no such version"),
        Reason::NoVanityPage => text!("vanity page missing"),
        Reason::Redirected => text!("endless redirects"),
        Reason::SignInPage => text!("sign-in page"),
        Reason::OtherPath => text!("module declares another path"),
        Reason::NoSuchPackage => text!("package not in the module"),
        Reason::TwoModules => text!("two modules provide the package"),
        Reason::ChecksumsDiffer => text!("content and checksum differ"),
        Reason::CacheDiffers => text!("this module cache has other content"),
        Reason::GoSumDiffers => text!("this go.sum has another checksum"),
        Reason::ProxyDiffers => text!("the module proxy has other content"),
        Reason::TagMoved => text!("the tag was moved"),
        Reason::SumIncomplete => text!("go.sum incomplete"),
        Reason::VendorStale => text!("vendor folder out of date"),
        Reason::ModFileStale => text!("go.mod out of date"),
        Reason::WorkspaceStale => text!("go.work out of date"),
        Reason::SumBroken => text!("unreadable go.sum"),
        Reason::NotRequired => text!("not in go.mod"),
        Reason::NotProvided => text!("no module provides the package"),
        Reason::WorkspaceGo => text!("go.work names an older Go"),
        Reason::NoPathAtVersion => text!("PATH@VERSION not understood"),
        Reason::ReplaceRefused => text!("replace directives refused"),
        Reason::MajorVersion => text!("major version and path differ"),
        Reason::Govcs => text!("GOVCS"),
        Reason::NoSecureProtocol => text!("no secure protocol"),
        Reason::NoToolchain => text!("no such toolchain"),
        Reason::ToolchainUnverified => text!("nobody vouches for the toolchain"),
        Reason::ToolchainLocal => text!("GOTOOLCHAIN=local"),
        Reason::Transient => text!("transient"),
        Reason::NoRoom => text!("no space left"),
        Reason::OwnedByOther => text!("owned by another user"),
        Reason::RepositoryOfOther => text!("repository owned by somebody else"),
        Reason::RepositoryBroken => text!("broken repository"),
        Reason::CloneDamaged => text!("damaged clone in the module cache"),
        Reason::ZipDamaged => text!("damaged zip in the module cache"),
        Reason::SourceDamaged => text!("damaged file in the module cache"),
        Reason::CheckoutStuck => text!("clone in the way"),
        Reason::ConfigLine => text!("bad line in git's configuration"),
        Reason::RewriteBroken => text!("insteadOf to an unknown protocol"),
        Reason::NoSuchRemote => text!("no such remote repository"),
        Reason::HelperMissing => text!("git without its part for https"),
        Reason::CacheReadOnly => text!("module cache not writable"),
        Reason::MountedReadOnly => text!("read-only file system"),
        Reason::BuildCacheReadOnly => text!("build cache not writable"),
        Reason::GopathReadOnly => text!("GOPATH not writable"),
        Reason::HomeUnset => text!("HOME not set"),
        Reason::GopathSetting => text!("unusable folder of Go's"),
        Reason::NoGit => text!("git not on PATH"),
        Reason::NoHg => text!("hg not on PATH"),
        Reason::NoSsh => text!("ssh not on PATH"),
    }
}

/// One sentence, with `{host}`, `{module}`, `{proxy}` and `{said}` still in it.
pub(crate) const fn sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownName => text!(
            "every resolver that was asked says that {host} does not exist: mistyped, or not registered"
        ),
        Reason::NoAddress => text!("{host} exists in DNS and has no address"),
        Reason::ResolverDown => {
            text!("no nameserver answers: the resolver is down or cannot be reached")
        }
        Reason::ResolverSlow => {
            text!("the resolver answers for {host}, later than it is waited for")
        }
        Reason::ResolverNoRoute => text!("this machine has no route to its nameserver"),
        Reason::ResolverFails => text!(
            "the resolver answers SERVFAIL for {host}: it, or the zone's own server, is broken"
        ),
        Reason::ResolverRefuses => text!("the resolver refuses to answer for {host}"),
        Reason::StubResolver => text!(
            "resolv.conf names a resolver on this very machine, and none runs here: it was copied from the host"
        ),
        Reason::NameserverDead => text!(
            "one of the nameservers in resolv.conf does not answer: lookups of {host} are slow or fail now and then"
        ),
        Reason::SplitDns => text!(
            "one nameserver knows {host} and another says that it does not exist: the right one must be asked"
        ),
        Reason::ResolversDiffer => {
            text!("the C library (git) and Go's own resolver do not agree on {host}")
        }
        Reason::FilteredDns => {
            text!("the configured resolver hides {host}, which public resolvers know")
        }
        Reason::HiddenPublicName => text!(
            "the resolver denies {host}, a well-known public name: it filters names, or has no way to the internet"
        ),
        Reason::ForgedDns => {
            text!("the configured resolver gives an address for {host} that is not its own")
        }
        Reason::HostsFile => text!("the hosts file pins {host} to an address that does not work"),
        Reason::Offline => text!(
            "nothing answers, not even a host that your settings name: this machine is offline"
        ),
        Reason::CaptivePortal => {
            text!("a sign-in page answers in the place of {host}: this network wants a login first")
        }
        Reason::BrokenIpv6 => {
            text!("{host} answers over IPv4 and not over IPv6: IPv6 is broken on this network")
        }
        Reason::PortBlocked => text!(
            "{host} answers on another port and not on the one that is needed: a firewall blocks that port"
        ),
        Reason::HostDown => {
            text!("{host} does not answer on any port that was tried, while other hosts do")
        }
        Reason::NothingListens => {
            text!("{host} refuses the connection: nothing listens on that port")
        }
        Reason::NoRoute => text!("this machine has no route to {host}: network or VPN is missing"),
        Reason::SshPortBlocked => {
            text!("{host} cannot be reached on port 22, and 443 is open: this network blocks ssh")
        }
        Reason::ConnectionReset => text!("the connection to {host} is accepted and then reset"),
        Reason::ConnectionClosed => {
            text!("the connection to {host} is accepted, and closed before an answer came")
        }
        Reason::SniFiltered => text!(
            "the connection is cut as soon as {host} is named, and stands with another name: this network filters by server name"
        ),
        Reason::ProxyRequired => {
            text!("the direct way to {host} is closed, and it works through the HTTP proxy {proxy}")
        }
        Reason::ProxyDown => text!("the HTTP proxy {proxy} does not answer"),
        Reason::ProxyNameUnknown => text!("the name of the HTTP proxy {proxy} cannot be resolved"),
        Reason::ProxyNotHttp => text!("what answers at {proxy} is not an HTTP proxy"),
        Reason::ProxyScheme => {
            text!("the proxy setting says https, and {proxy} speaks plain HTTP: write http://")
        }
        Reason::ProxyMalformed => text!("the proxy setting cannot be read as a URL"),
        Reason::ProxyAuth => {
            text!("an HTTP proxy in between wants a user name and password (407)")
        }
        Reason::ProxyRefuses => text!("the HTTP proxy {proxy} refuses to connect to {host}"),
        Reason::ProxyBypass => text!(
            "{host} is sent to the HTTP proxy {proxy}, which does not let it through, and the direct way works: NO_PROXY must name it"
        ),
        Reason::NoProxyDialect => text!(
            "NO_PROXY exempts {host} for Go and not for git, which does not understand that form: write the bare domain"
        ),
        Reason::ProxyGoOnly => text!("Go uses the HTTP proxy {proxy} and git does not"),
        Reason::ProxyGitOnly => text!("git uses the HTTP proxy {proxy} and Go does not"),
        Reason::InspectionCa => text!(
            "the certificate for {host} comes from an inspecting proxy, whose CA neither Go nor git trusts"
        ),
        Reason::InspectionCaGo => text!(
            "the certificate for {host} comes from an inspecting proxy: git trusts its CA and Go does not"
        ),
        Reason::InspectionCaGit => text!(
            "the certificate for {host} comes from an inspecting proxy: Go trusts its CA and git does not"
        ),
        Reason::PrivateCa => text!(
            "the certificate for {host} comes from a private CA that is not in the trust store"
        ),
        Reason::PrivateCaGo => text!(
            "the certificate for {host} comes from a private CA: git trusts it and Go does not"
        ),
        Reason::PrivateCaGit => text!(
            "the certificate for {host} comes from a private CA: Go trusts it and git does not"
        ),
        Reason::NoCaBundle => text!(
            "this machine has no CA certificates: ca-certificates is not installed, or the file that is named is missing"
        ),
        Reason::SelfSigned => text!("the certificate of {host} is signed by itself"),
        Reason::MissingIntermediate => text!(
            "{host} does not send the intermediate certificate between its own and a known root"
        ),
        Reason::Expired => {
            text!("the certificate of {host} has expired, and this machine's clock is right")
        }
        Reason::WrongClock => text!(
            "this machine's clock is wrong, so valid certificates look expired or not valid yet"
        ),
        Reason::NotYetValid => {
            text!("the certificate of {host} is not valid yet, and this machine's clock is right")
        }
        Reason::RevocationUnknown => text!(
            "git could not find out whether the certificate of {host} is revoked, and refuses it"
        ),
        Reason::WrongName => text!("the certificate is valid, for other names than {host}"),
        Reason::LegacyName => text!(
            "the certificate of {host} has its name in the Common Name only, which Go does not read"
        ),
        Reason::MlkemCut => text!(
            "the handshake with {host} is cut, and stands without the post-quantum key share: something on the way cannot bear its size"
        ),
        Reason::MldsaCut => text!(
            "the handshake with {host} is cut, and stands without the ML-DSA signature schemes, which Go offers since 1.27: something on the way cannot bear them"
        ),
        Reason::Http2Cut => {
            text!("HTTP/2 is what breaks at {host}: the same request passes over HTTP/1.1")
        }
        Reason::Tls13Cut => text!(
            "the handshake with {host} is cut, and stands with TLS 1.2: something on the way cannot bear TLS 1.3"
        ),
        Reason::HandshakeCut => text!("the connection to {host} stands and every handshake is cut"),
        Reason::HandshakeStalled => {
            text!("{host} accepts the connection and never answers the handshake")
        }
        Reason::ProtocolTooOld => {
            text!("{host} knows no TLS version that is still allowed (1.2 or newer)")
        }
        Reason::NoCommonCipher => text!("{host} and this client share no TLS cipher"),
        Reason::PlainHttp => text!("{host} answers in plain text on that port"),
        Reason::TlsForHttp => text!("{host} answers with a TLS alert where HTTP is due"),
        Reason::CredentialsAbsent => text!("{host} wants a login, and none is stored for it"),
        Reason::LoginWanted => {
            text!(
                "{host} says nothing of {module} to whoever asks without a login that may read it"
            )
        }
        Reason::CredentialsRefused => {
            text!("{host} refuses the credentials that are stored for it")
        }
        Reason::AccessDenied => {
            text!("{host} knows the credentials, and denies them this repository (403)")
        }
        Reason::CredentialsGoOnly => {
            text!("credentials for {host} are stored where Go finds them and git does not")
        }
        Reason::CredentialsGitOnly => {
            text!("credentials for {host} are stored where git finds them and Go does not")
        }
        Reason::NoAgent => {
            text!("ssh has no key to offer to {host}: no agent answers and no identity file exists")
        }
        Reason::AgentEmpty => text!(
            "the ssh agent holds no key, and no identity file exists: nothing could be offered to {host}"
        ),
        Reason::KeyNotAccepted => text!("{host} accepts none of the keys that ssh offers"),
        Reason::HostKeyUnknown => text!("no key of {host} is in known_hosts yet"),
        Reason::NameUnrecognized => {
            text!("the server that answers for {host} does not know that name")
        }
        Reason::ClientCertificate => {
            text!("{host} wants a client certificate, and none was sent or it was refused")
        }
        Reason::LockLeft => {
            text!("a lock file is in git's way: another git is running, or one was killed")
        }
        Reason::SshNoCommonAlgorithm => {
            text!("{host} and ssh here share no algorithm: one of the two is too old")
        }
        Reason::HostKeyChanged => {
            text!("{host} shows another key than the one in known_hosts: renewed, or intercepted")
        }
        Reason::RepoHidden => text!(
            "{host} answers 'not found' to anonymous visitors: the repository does not exist, or needs a login"
        ),
        Reason::PrivateToProxy => {
            text!("{module} looks private and was asked of {proxy}, which cannot see it")
        }
        Reason::NotAtProxy => text!("{host} does not have {module} in this version"),
        Reason::NotInSumdb => text!(
            "the checksum database does not know {module} in this version: it is new, or private"
        ),
        Reason::FreshTag => {
            text!("the tag of {module} is at its repository, and {host} does not know it yet")
        }
        Reason::PrivateToSumdb => {
            text!("{module} looks private and was looked up in the public checksum database")
        }
        Reason::ProxyLogin => text!(
            "the module proxy {host} wants a login (401), and none was sent or it was refused"
        ),
        Reason::ProxyPolicy => text!("a policy at {host} blocks {module}"),
        Reason::AddressRefused => text!("{host} refuses requests from this address or country"),
        Reason::Gatekeeper => {
            text!("a gatekeeper on the way does not let requests for {host} through")
        }
        Reason::Forbidden => text!("{host} refuses the request (403) and does not say why"),
        Reason::ServerTrouble => text!(
            "{host} answers with a server error: its own trouble, or of what stands before it"
        ),
        Reason::NotAModuleProxy => {
            text!("what answers at {host} is a web page, not a module proxy")
        }
        Reason::MalformedAnswer => text!("what {host} answers is not what a module proxy answers"),
        Reason::NotKnown => text!("the fetch failed, with words that gomend does not know: {said}"),
        Reason::Unsaid => text!("git failed, and its own words are missing from this text"),
        Reason::Limited => text!("{host} limits how often it is asked (429)"),
        Reason::Cut => text!("the download from {host} breaks off midway"),
        Reason::ProxyOff => text!("GOPROXY=off keeps go from looking up {module}"),
        Reason::VendorOnly => text!("-mod=vendor keeps go from looking up {module}"),
        Reason::ModulesOff => {
            text!("GO111MODULE=off: modules are switched off, and go.mod is ignored")
        }
        Reason::SettingGone => text!("a setting of go's names what is not there: {said}"),
        Reason::MalformedSetting => text!("a setting of go's is malformed: {said}"),
        Reason::NoSuchVersion => text!("{module} has no such version, branch or commit"),
        Reason::NoVanityPage => text!("{host} has no page that says where {module} is kept"),
        Reason::Redirected => text!("{host} sends go on to another address ten times over"),
        Reason::SignInPage => text!(
            "{host} answers with a web page where Go expects to be told about {module}: a sign-in page, or the wrong host"
        ),
        Reason::OtherPath => text!("{module} declares another path for itself"),
        Reason::NoSuchPackage => text!("the module has no such package"),
        Reason::TwoModules => text!("two modules provide the same package"),
        Reason::ChecksumsDiffer => {
            text!("{module} is not what the checksum database or go.sum says it is")
        }
        Reason::CacheDiffers => {
            text!("the copy of {module} in the module cache here is not what all others have")
        }
        Reason::GoSumDiffers => text!(
            "go.sum here has another checksum for {module} than what is served and was first recorded"
        ),
        Reason::ProxyDiffers => text!(
            "the module proxy serves other content for {module} than its repository has and was first recorded"
        ),
        Reason::TagMoved => text!(
            "the tag of {module} was moved: its repository has other content now than was first published"
        ),
        Reason::SumIncomplete => text!("go.sum lacks an entry for {module}"),
        Reason::VendorStale => text!("go.mod and the vendor folder do not agree"),
        Reason::ModFileStale => text!("go.mod is out of date, and this command may not change it"),
        Reason::WorkspaceStale => text!("go.work and the modules around it do not agree"),
        Reason::SumBroken => text!("go.sum has a line that go cannot read"),
        Reason::NotRequired => text!("no module in go.mod provides {module}"),
        Reason::NotProvided => text!("no module was found that provides {module}"),
        Reason::WorkspaceGo => text!("go.work names an older Go than one of its modules requires"),
        Reason::NoPathAtVersion => {
            text!("this go takes no PATH@VERSION there: it is too old, or modules are switched off")
        }
        Reason::ReplaceRefused => text!(
            "the go.mod of {module} has replace directives, with which `go install PATH@VERSION` refuses it"
        ),
        Reason::MajorVersion => {
            text!("the version that is asked for does not fit the path of {module}")
        }
        Reason::Govcs => text!("GOVCS forbids the version control system of {module}"),
        Reason::NoSecureProtocol => text!("{module} answers neither over https nor over ssh"),
        Reason::NoToolchain => text!("the Go toolchain that is asked for is not offered"),
        Reason::ToolchainUnverified => text!(
            "the Go toolchain that is asked for was downloaded and refused: the checksum database does not vouch for it"
        ),
        Reason::ToolchainLocal => {
            text!("a newer Go is required, and GOTOOLCHAIN=local forbids fetching it")
        }
        Reason::Transient => text!("everything passes now: the failure was transient"),
        Reason::NoRoom => text!("a directory that the fetch writes to has no room left"),
        Reason::OwnedByOther => {
            text!("a directory that the fetch writes to belongs to another user")
        }
        Reason::RepositoryOfOther => {
            text!("this repository belongs to another user, and git refuses to look into it")
        }
        Reason::RepositoryBroken => text!("git cannot read this repository"),
        Reason::CloneDamaged => text!("the clone in the module cache is damaged"),
        Reason::ZipDamaged => text!("a zip in the module cache is damaged"),
        Reason::SourceDamaged => text!("a source file in the module cache is damaged"),
        Reason::CheckoutStuck => {
            text!("a clone below GOPATH is not in the state that `go get` needs")
        }
        Reason::ConfigLine => text!("git cannot read its own configuration"),
        Reason::RewriteBroken => {
            text!("git's configuration rewrites the address to one that git cannot use")
        }
        Reason::NoSuchRemote => {
            text!("git finds no repository under the name or path that it was given")
        }
        Reason::HelperMissing => text!("this git lacks its part for https"),
        Reason::CacheReadOnly => text!("this user may not write to the module cache"),
        Reason::MountedReadOnly => text!("the file system is mounted read-only: {said}"),
        Reason::BuildCacheReadOnly => text!("this user may not write to the build cache"),
        Reason::GopathReadOnly => text!("go can make nothing below GOPATH: {said}"),
        Reason::HomeUnset => text!("HOME is not set, so Go does not know where its caches are"),
        Reason::GopathSetting => {
            text!("a folder is set that go cannot use: {said}")
        }
        Reason::NoGit => text!("go needs git, and it is not on PATH"),
        Reason::NoHg => text!("the version control program that {module} needs is not on PATH"),
        Reason::NoSsh => text!("git needs ssh, and it is not on PATH"),
    }
}
