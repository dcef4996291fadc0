//! The connection: TCP, routes, and the HTTP and SOCKS proxies in between.

use super::{BASE, By, DECISIVE, GUESS, MODULE, Rule, WEAK};
use gomend_core::cause::Cause::{
    HttpProxy, TcpRefused, TcpReset, TcpTimeout, TcpUnreachable, TlsInterrupted,
    TransferInterrupted,
};
use gomend_core::evidence::Role;

const GO: Rule = Rule {
    by: By::Client,
    ..BASE
};
const VCS: Rule = Rule {
    by: By::Vcs,
    ..BASE
};

/// Above the weights of everything that a proxy's line may contain too.
const PROXY: u8 = DECISIVE + 1;

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "go-proxyconnect",
        suspects: &[HttpProxy],
        needle: "proxyconnect tcp",
        also: &["socks connect tcp"],
        pull: r"(?:proxyconnect tcp: dial tcp:? (?:lookup )?|socks connect tcp )(?P<host>\[[^\]]+\]|[\w.-]+)(?::(?P<port>\d+))?|proxyconnect tcp|socks connect tcp",
        weight: PROXY,
        role: Role::HttpProxy,
        sample: r#"go: git.corp.example/org/auth@v1.0.0: Get "https://proxy.golang.org/git.corp.example/org/auth/@v/v1.0.0.info": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused"#,
        seen: "go 1.27.3, HTTPS_PROXY at a closed port",
        ..GO
    },
    Rule {
        id: "go-proxy-refuses",
        suspects: &[HttpProxy],
        needle: "\": ",
        also: &["go-get=1: ", ".info: ", ".mod: ", ".zip: ", "/@v/list: "],
        pull: r#"Get "?(?P<url>https://[^\s"]+?)"?: (?:authenticationrequired|Proxy .*|[A-Z][a-z]+(?:[ -][A-Z]?[A-Za-z]+){0,5}|blocked|denied|forbidden|unauthorized|rejected|filtered|refused|disallowed|prohibited)[\s.]*[)\]}'"`\\]*\s*(?:$|\(|\n|make|go: |The command|Error|ERROR)"#,
        weight: PROXY,
        sample: r#"go: github.com/beorn7/perks@v1.0.1: Get "https://proxy.golang.org/github.com/beorn7/perks/@v/v1.0.1.mod": Forbidden"#,
        seen: "go 1.20; a bare status text is what a refused CONNECT leaves",
        ..GO
    },
    Rule {
        id: "go-proxy-url-invalid",
        suspects: &[HttpProxy],
        needle: "invalid proxy address",
        also: &[
            "proxy: unknown scheme",
            "proxy: unsupported",
            "unsupported proxy scheme",
            "refusing to use HTTP_PROXY value in CGI",
        ],
        weight: PROXY,
        role: Role::HttpProxy,
        sample: r#"go: golang.org/x/text@v0.3.0: Get "https://proxy.golang.org/golang.org/x/text/@v/v0.3.0.mod": invalid proxy address "127.0.0.1:port": parse "http://127.0.0.1:port": invalid port ":port" after host"#,
        seen: "go 1.17, HTTPS_PROXY mistyped",
        ..GO
    },
    Rule {
        id: "go-proxy-authentication",
        suspects: &[HttpProxy],
        needle: "Proxy Authentication Required",
        also: &[
            "Proxy Authorization Required",
            "407 Proxy",
            "authentication is required by the proxy",
            "Proxy authentication required",
        ],
        weight: PROXY,
        sample: "go: golang.org/x/text@v0.3.0: reading https://proxy.golang.org/golang.org/x/text/@v/v0.3.0.mod: 407 Proxy Authentication Required",
        seen: "go 1.27.3",
        ..GO
    },
    Rule {
        id: "curl-proxy-resolve",
        suspects: &[HttpProxy],
        needle: "ould not resolve proxy",
        also: &["ouldn't resolve proxy"],
        pull: r"resolve proxy:? '?(?P<host>[A-Za-z0-9._-]+)",
        weight: PROXY,
        role: Role::HttpProxy,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://m.example/x/': Could not resolve proxy: proxy.corp.example",
        seen: "curl 7.88, http.proxy at a name that is gone",
        ..VCS
    },
    Rule {
        id: "curl-connect-refused-by-proxy",
        suspects: &[HttpProxy],
        needle: "from proxy after CONNECT",
        also: &[
            "CONNECT tunnel failed",
            "Proxy CONNECT aborted",
            "Tunnel connection failed",
            "Unsupported proxy",
            "HTTP code 407",
            "error: 407",
            "Proxy authentication",
            "Proxy Authentication Required",
            "proxy handshake error",
            "Unable to receive initial SOCKS",
            "Failed to receive SOCKS",
            "Can't complete SOCKS",
            "SOCKS4 connect",
            "SOCKS5 connect",
            "SOCKS5: ",
            "User was rejected by the SOCKS",
            "nc: Proxy error",
            "connect_to_host",
            "Failed to negotiate Proxy",
        ],
        weight: PROXY,
        sample: "fatal: unable to access 'https://github.com/asciimoo/wuzz/': Received HTTP code 302 from proxy after CONNECT\npackage github.com/asciimoo/wuzz: exit status 128",
        seen: "git in GOPATH mode behind a proxy with a sign-in page",
        role: Role::HttpProxy,
        ..VCS
    },
    Rule {
        id: "curl-via-proxy",
        suspects: &[HttpProxy, TcpRefused],
        needle: " via ",
        pull: r"ailed to connect to \S+(?: port \d+)? via (?P<host>[A-Za-z0-9.-]+|\[[^\]]+\])(?::| port )?(?P<port>\d+)? after",
        weight: PROXY,
        role: Role::HttpProxy,
        sample: "go: github.com/pkg/errors@v0.9.1: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://github.com/pkg/errors/': Failed to connect to github.com port 443 via proxy.corp.example after 3 ms: Could not connect to server",
        seen: "curl 8.12, http.proxy at a closed port",
        ..VCS
    },
    Rule {
        id: "curl-local-proxy-refused",
        suspects: &[HttpProxy, TcpRefused],
        needle: "Failed to connect to ",
        also: &["ould not connect to ", "ouldn't connect to "],
        pull: r"unable to access '[a-z]+://(?:[^'@/]*@)?[a-z][^'/]*[a-z]/.*connect to (?P<host>127\.0\.0\.1|localhost|::1|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.\d+\.\d+\.\d+)(?: port (?P<port>\d+))?",
        weight: PROXY,
        role: Role::HttpProxy,
        sample: "go: github.com/pkg/errors@v0.9.1: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://github.com/pkg/errors/': Failed to connect to 127.0.0.1 port 7890: Connection refused",
        seen: "git with http.proxy at a local program that isn't running",
        ..VCS
    },
    Rule {
        id: "go-tcp-refused",
        suspects: &[TcpRefused],
        needle: "connection refused",
        also: &[
            "actively refused it",
            "could be made because the target machine",
        ],
        sample: r#"go: git.corp.example/org/auth@v1.0.0: Get "https://git.corp.example:9/git.corp.example/org/auth/@v/v1.0.0.info": dial tcp 127.0.0.1:9: connect: connection refused"#,
        seen: "go 1.27.3, GOPROXY at a closed port",
        ..GO
    },
    Rule {
        id: "go-tcp-unreachable",
        suspects: &[TcpUnreachable],
        needle: "network is unreachable",
        also: &[
            "no route to host",
            "unreachable network",
            "unreachable host",
            "host is down",
            "host is unreachable",
            "cannot assign requested address",
            "connect: operation not permitted",
            "connect: permission denied",
            "forbidden by its access permissions",
        ],
        sample: r#"go: git.corp.example/org/auth@v1.0.0: Get "https://10.1.2.3/git.corp.example/org/auth/@v/v1.0.0.info": dial tcp 10.1.2.3:443: connect: network is unreachable"#,
        seen: "go 1.27.3 in a namespace without a route",
        ..GO
    },
    Rule {
        id: "go-tcp-timeout",
        suspects: &[TcpTimeout],
        needle: "i/o timeout",
        also: &[
            "operation timed out",
            "connection timed out",
            "did not properly respond after a period of time",
            "Client.Timeout",
            "timeout awaiting response headers",
            "context deadline exceeded",
            "request canceled while waiting for connection",
            "semaphore timeout period has expired",
            "connection timeout",
        ],
        sample: r#"go: github.com/gofrs/uuid@v4.2.0+incompatible: Get "https://proxy.golang.org/github.com/gofrs/uuid/@v/v4.2.0+incompatible.mod": dial tcp 108.177.97.141:443: connectex: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond."#,
        seen: "go 1.18 on Windows",
        ..GO
    },
    Rule {
        id: "go-tcp-reset",
        suspects: &[TcpReset, TlsInterrupted],
        needle: "connection reset by peer",
        also: &[
            "forcibly closed by the remote host",
            "broken pipe",
            "connection was aborted",
            "server closed idle connection",
            "connection aborted",
            "use of closed network connection",
            "socket is not connected",
        ],
        sample: r#"go: github.com/pkg/errors@v0.9.1: Get "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.mod": read tcp 10.0.0.5:51234->142.250.4.141:443: read: connection reset by peer"#,
        seen: "go 1.16",
        ..GO
    },
    Rule {
        id: "go-eof",
        suspects: &[TcpReset, TlsInterrupted],
        needle: ": EOF",
        pull: r#"(?:Get|Head) "?https?://[^\s"]+"?: EOF|: http: EOF|transport connection broken"#,
        sample: r#"gopkg.in/yaml.v2@v2.2.7: Get "https://proxy.golang.org/gopkg.in/yaml.v2/@v/v2.2.7.zip": EOF"#,
        seen: "go 1.13",
        ..GO
    },
    Rule {
        id: "git-errno-timeout",
        suspects: &[TcpTimeout],
        needle: "errno=",
        pull: r"(?P<host>[\w.-]+)\[\d+: \S+\]: errno=(?:Connection timed out|Operation timed out)",
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q git://github.com/x/y in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to connect to github.com:\n\tgithub.com[0: 140.82.113.4]: errno=Connection timed out",
        seen: "git over git://",
        ..VCS
    },
    Rule {
        id: "git-errno-refused",
        suspects: &[TcpRefused],
        needle: "errno=Connection refused",
        pull: r"(?P<host>[\w.-]+)\[\d+: \S+\]: errno=",
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q git://git.corp.example/x in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to connect to git.corp.example:\n\tgit.corp.example[0: 10.0.0.7]: errno=Connection refused",
        seen: "git over git://",
        ..VCS
    },
    Rule {
        id: "git-errno-unreachable",
        suspects: &[TcpUnreachable],
        needle: "errno=",
        pull: r"(?P<host>[\w.-]+)\[\d+: \S+\]: errno=(?:Network is unreachable|No route to host|Host is unreachable)",
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q git://git.corp.example/x in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to connect to git.corp.example:\n\tgit.corp.example[0: 10.0.0.7]: errno=Network is unreachable",
        seen: "git over git://",
        ..VCS
    },
    Rule {
        id: "curl-slow-connect",
        suspects: &[TcpTimeout, TcpRefused],
        needle: " ms: ",
        pull: r"ailed to connect to (?P<host>\S+?)(?: \([^)]*\))? port (?P<port>\d+)(?: \([^)]*\))?(?: via \S+)? after \d{5,} ms: (?:Couldn't|Could not) connect to server",
        sample: "go: github.com/pkg/errors@v0.9.1: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://github.com/pkg/errors/': Failed to connect to github.com port 443 after 21055 ms: Couldn't connect to server",
        seen: "Git for Windows 2.39, curl 7.87: no reason given, but 21 s are a timeout",
        ..VCS
    },
    Rule {
        id: "vcs-refused",
        suspects: &[TcpRefused],
        needle: "Connection refused",
        also: &[
            "onnection refused",
            "Couldn't connect to server",
            "Could not connect to server",
            "couldn't connect to host",
            "actively refused it",
        ],
        pull: r"(?:connect to|host|Connection to) (?P<host>[A-Za-z0-9.:-]+?)(?: \([^)]*\))? port:? (?P<port>\d+).*(?:onnection refused|connect to (?:server|host)|actively refused)|onnection refused|connect to (?:server|host)|actively refused",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q --end-of-options origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tssh: connect to host ssh.corp.example port 22: Connection refused\n\tfatal: Could not read from remote repository.",
        seen: "go 1.27.3, OpenSSH 9",
        ..VCS
    },
    Rule {
        id: "vcs-unreachable",
        suspects: &[TcpUnreachable],
        needle: "etwork is unreachable",
        also: &[
            "o route to host",
            "ost is unreachable",
            "Host is down",
            "Permission denied while connecting",
            "Network is down",
            "cannot assign requested address",
            "Cannot assign requested address",
        ],
        pull: r"(?:connect to|host|Connection to) (?P<host>[A-Za-z0-9.:-]+?)(?: \([^)]*\))? port:? (?P<port>\d+).*(?:unreachable|o route to host|down|while connecting|requested address)|unreachable|o route to host|down|while connecting|requested address",
        sample: "Cloning into '/home/dev/golang/packages/src/azul3d.org/semver.v2'...\nfatal: unable to access 'https://azul3d.org/semver.v2/': Failed to connect to azul3d.org port 443: Network is unreachable\npackage github.com/shurcooL/Go-Package-Store\n\timports azul3d.org/semver.v2: exit status 128",
        seen: "git in GOPATH mode",
        ..VCS
    },
    Rule {
        id: "vcs-timeout",
        suspects: &[TcpTimeout],
        needle: "onnection timed out",
        also: &[
            " timed out",
            "peration timed out",
            "Timed out",
            "onnection timeout",
            "ms: Timeout was reached",
            "Bad file number",
            "timed out after",
            "Operation too slow",
            "time out",
            "read timed out",
            " not responding.",
        ],
        pull: r"(?:connect to|host|Connection to) (?P<host>[A-Za-z0-9.:-]+?)(?: \([^)]*\))? port:? (?P<port>\d+).*(?:imed out|imeout|Bad file number|too slow|time out)|imed out|imeout|Bad file number|too slow|time out|Timeout, server \S+ not responding",
        sample: "go: golang.org/x/sys@v0.0.0-20180622082034-63fc586f45fe: git fetch -f https://go.googlesource.com/sys refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /Users/dev/go/src/pkg/mod/cache/vcs/76a8: exit status 128:\n\tfatal: unable to access 'https://go.googlesource.com/sys/': Failed to connect to go.googlesource.com port 443: Operation timed out",
        seen: "git on macOS, go 1.11",
        ..VCS
    },
    Rule {
        id: "vcs-reset",
        suspects: &[TcpReset, TlsInterrupted],
        needle: "Connection was reset",
        also: &[
            "Failure when receiving data",
            "Failed sending data to the peer",
            "errno 10054",
            "errno 104",
            "closed by remote host",
            "E120108",
            "connection was closed unexpectedly",
            "Connection reset by peer",
            "onnection was aborted",
            "Empty reply from server",
            "onnection closed by remote host",
            "Connection reset by",
            "Connection closed by",
            "kex_exchange_identification",
            "ssh_exchange_identification",
            "Broken pipe",
            "lost connection",
            "server closed connection",
            "E210003: connection refused by the server",
            "transfer closed before",
            "Server returned nothing",
            "ssh_dispatch_run_fatal",
        ],
        pull: r"^(?:.*Connection (?:closed|reset) by (?P<host>[a-z0-9][a-z0-9.-]*\.[a-z]{2,}|[0-9a-f.:]+) port (?P<port>\d+))?",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q --end-of-options origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tkex_exchange_identification: Connection closed by remote host\n\tConnection closed by 127.0.0.1 port 2222\n\tfatal: Could not read from remote repository.",
        seen: "go 1.27.3, OpenSSH 9",
        ..VCS
    },
    Rule {
        id: "go-dial-failed",
        suspects: &[TcpTimeout, TcpRefused, TcpUnreachable],
        needle: "dial tcp ",
        pull: r"dial tcp (?:\[[^\]]+\]|[\w.-]+):\d+: ",
        weight: WEAK,
        sample: r#"go: github.com/pkg/errors@v0.9.1: Get "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.mod": dial tcp 142.250.4.141:443: connectex: Kan geen verbinding maken omdat de doelcomputer de verbinding actief heeft geweigerd."#,
        seen: "go 1.20 on a Windows without English messages",
        ..GO
    },
    Rule {
        id: "go-get-unknown",
        suspects: &[TcpReset, TcpTimeout, HttpProxy],
        needle: "Get \"http",
        also: &["Get http", "Head \"http"],
        pull: r#"(?:Get|Head) "?(?P<url>https?://[^\s"]+)"?: [^\s)]"#,
        weight: GUESS,
        sample: r#"go: github.com/pkg/errors@v0.9.1: Get "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.mod": the gateway is closed on Sundays"#,
        seen: "words of a transport that nobody has written down yet",
        ..GO
    },
    Rule {
        id: "git-unable-to-access",
        suspects: &[TcpReset, TransferInterrupted],
        needle: "unable to access '",
        pull: r"unable to access '(?P<url>[a-z]+://[^']+)': \S",
        weight: WEAK,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://m.example/x/': Weird server reply",
        seen: "curl's words for what it has no better ones for",
        ..VCS
    },
    Rule {
        id: "curl-failed-to-connect",
        suspects: &[TcpTimeout, TcpRefused],
        needle: "ailed to connect to ",
        pull: r"ailed to connect to (?P<host>[A-Za-z0-9.:-]+?)(?: \([^)]*\))? port (?P<port>\d+)",
        weight: MODULE,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://m.example/x/': Failed to connect to m.example port 443: Unknown error",
        seen: "curl 7.64 on Windows",
        ..VCS
    },
    Rule {
        id: "ssh-connect",
        suspects: &[TcpUnreachable, TcpTimeout],
        needle: "ssh: connect to host ",
        weight: WEAK,
        role: Role::VcsSsh,
        sample: "go: git.corp.example/org/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tssh: connect to host git.corp.example port 22: Undefined error: 0",
        seen: "OpenSSH on macOS, no reason given",
        ..VCS
    },
    Rule {
        id: "git-hung-up-first",
        suspects: &[TcpReset, TransferInterrupted],
        needle: "the remote end hung up upon initial contact",
        also: &["The remote end hung up upon initial contact"],
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: the remote end hung up upon initial contact",
        seen: "git 2.39",
        ..VCS
    },
];
