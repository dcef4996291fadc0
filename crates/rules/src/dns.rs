//! Name resolution: Go's own resolver, the libc's through curl and ssh, Windows.

use super::{BASE, By, DECISIVE, GO, MODULE, Rule, VCS};
use gomend_core::cause::Cause::{
    DnsNotFound, DnsResolverUnreachable, DnsServerFailure, DnsTimeout, TcpTimeout,
};

/// A DNS server's own log: see `nameserver`, which reads it.
const SERVER: Rule = Rule {
    by: By::Nameserver,
    weight: MODULE,
    ..BASE
};

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "nameserver-timeout",
        suspects: &[DnsTimeout, DnsServerFailure],
        needle: "i/o timeout",
        also: &[
            "timed out resolving",
            "' timeout",
            "no response",
            "<attempts-max-reached>",
        ],
        sample: "[ERROR] plugin/errors: 2 proxy.golang.org. A: read udp 10.244.0.7:41234->10.0.0.2:53: i/o timeout",
        seen: "CoreDNS 1.11 in a cluster whose upstream is silent",
        ..SERVER
    },
    Rule {
        id: "nameserver-upstream-unreachable",
        suspects: &[DnsResolverUnreachable, DnsServerFailure],
        needle: "connection refused resolving",
        also: &[
            "network unreachable resolving",
            "host unreachable resolving",
            "connect: connection refused",
        ],
        sample: "named[812]: network unreachable resolving 'proxy.golang.org/A/IN': 10.0.0.2#53",
        seen: "BIND 9.18 without a route to its forwarder",
        ..SERVER
    },
    Rule {
        id: "nameserver-failed",
        suspects: &[DnsServerFailure],
        needle: "SERVFAIL",
        also: &[
            "server failure",
            "validation failure",
            "validation failed",
            "broken trust chain",
            "unexpected RCODE",
        ],
        sample: "Nov 12 09:15:40 ns1 unbound[77]: info: validation failure <github.com. A IN>: SERVFAIL server failure",
        seen: "unbound 1.17",
        ..SERVER
    },
    Rule {
        id: "nameserver-refused",
        suspects: &[DnsServerFailure],
        needle: "denied",
        also: &["query refused", "REFUSED", "recursive query from"],
        sample: "Nov 12 09:14:02 ns1 named[812]: client @0x7f1c 10.1.2.3#40112 (proxy.golang.org): query (cache) 'proxy.golang.org/A/IN' denied",
        seen: "BIND 9.18, a client that allow-recursion does not name",
        ..SERVER
    },
    Rule {
        id: "nameserver-no-such-name",
        suspects: &[DnsNotFound],
        needle: "NXDOMAIN",
        also: &["no such domain", "no such name"],
        sample: "dnsmasq[812]: reply git.corp.example is NXDOMAIN",
        seen: "dnsmasq 2.90",
        ..SERVER
    },
    Rule {
        id: "go-resolver-unreachable",
        suspects: &[DnsResolverUnreachable, DnsTimeout],
        needle: "lookup ",
        pull: r"lookup (?P<host>[^\s:]+) on \S+?:53: .*(?:connection refused|network is unreachable|no route to host|host is down|host is unreachable|connection reset by peer|operation not permitted|permission denied|cannot assign requested address|requested address is not valid|unreachable (?:network|host)|forcibly closed|actively refused)",
        weight: DECISIVE,
        sample: r#"go: bazil.org/fuse@v0.0.0-20200117225306-7b5117fecadc: Get "https://proxy.golang.org/bazil.org/fuse/@v/v0.0.0-20200117225306-7b5117fecadc.mod": dial tcp: lookup proxy.golang.org on [::1]:53: read udp [::1]:41872->[::1]:53: read: connection refused"#,
        seen: "go 1.14, build root without resolv.conf",
        ..GO
    },
    Rule {
        id: "go-dns-timeout",
        suspects: &[DnsTimeout, DnsResolverUnreachable],
        needle: "lookup ",
        pull: r"lookup (?P<host>[^\s:]+)(?: on \S+?:\d+)?: (?:.*(?:i/o timeout|operation timed out|connection timed out)|context deadline exceeded|operation was canceled)",
        weight: DECISIVE,
        sample: r#"go: github.com/coreos/go-oidc/v3@v3.0.0-alpha.1: Get "https://goproxy.cn/github.com/coreos/go-oidc/v3/@v/v3.0.0-alpha.1.mod": dial tcp: lookup goproxy.cn on 223.5.5.5:53: read udp 10.0.8.21:45190->223.5.5.5:53: i/o timeout"#,
        seen: "go 1.16, docker bridge without DNS",
        ..GO
    },
    Rule {
        id: "go-dial-no-address-timeout",
        suspects: &[DnsTimeout, TcpTimeout],
        needle: "dial tcp: i/o timeout",
        also: &["dial tcp: operation was canceled"],
        sample: r#"go: github.com/pkg/errors@v0.9.1: Get "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.mod": dial tcp: i/o timeout"#,
        seen: "go 1.15; the address is only left out when resolving never finished",
        ..GO
    },
    Rule {
        id: "go-server-misbehaving",
        suspects: &[DnsServerFailure],
        needle: "server misbehaving",
        also: &[
            "Temporary failure in name resolution",
            "cannot unmarshal DNS message",
            "no answer from DNS server",
            "This is usually a temporary error during hostname resolution",
            "lame referral",
            "dns: overflow",
            "Try again",
        ],
        pull: r"lookup (?P<host>[^\s:]+)",
        weight: DECISIVE,
        sample: r#"go: foo.sf.example/a/b@v1.0.0: unrecognized import path "foo.sf.example/a/b": https fetch: Get "https://foo.sf.example/a/b?go-get=1": dial tcp: lookup foo.sf.example on 127.0.0.1:53: server misbehaving"#,
        seen: "go 1.27.3 against a resolver that answers SERVFAIL",
        ..GO
    },
    Rule {
        id: "go-no-such-host",
        suspects: &[DnsNotFound],
        needle: "no such host",
        also: &[
            "No such host is known",
            "nodename nor servname provided",
            "no address associated with",
            "No address associated with hostname",
            "no suitable address",
            "Name or service not known",
            "Name does not resolve",
            "The requested name is valid, but no data",
            "no DNS data",
            "hostname not found",
        ],
        pull: r"(?:lookup|[Gg]et[Aa]ddr[Ii]nfo\w*:?) (?P<host>[^\s:]+)",
        weight: DECISIVE,
        sample: r#"go: foo.nx.example/a/b@v1.0.0: unrecognized import path "foo.nx.example/a/b": https fetch: Get "https://foo.nx.example/a/b?go-get=1": dial tcp: lookup foo.nx.example on 127.0.0.1:53: no such host"#,
        seen: "go 1.27.3 against a resolver that answers NXDOMAIN",
        ..GO
    },
    Rule {
        id: "go-no-such-host-unnamed",
        suspects: &[DnsNotFound],
        needle: "no such host",
        also: &["getaddrinfow: No such host is known"],
        sample: "package rsprd.com/spread: unrecognized import path \"rsprd.com/spread\" (https fetch: Get https://rsprd.com/spread?go-get=1: dial tcp: no such host)",
        seen: "go 1.5",
        ..GO
    },
    Rule {
        id: "vcs-temporary-failure",
        suspects: &[DnsServerFailure, DnsTimeout],
        needle: "Temporary failure in name resolution",
        also: &[
            "Try again",
            "Host not found, try again",
            "temporary failure in name resolution",
        ],
        pull: r"(?:resolve host(?:name)?:?|look up|lookup)\s+'?(?P<host>[A-Za-z0-9.-]+)|Temporary failure in name resolution",
        weight: DECISIVE,
        sample: "go: bitbucket.corp.example/scm/x.git@v1.15.0: reading bitbucket.corp.example/scm/x.git/go.mod at revision v1.15.0: git ls-remote -q origin in /home/dependabot/go/pkg/mod/cache/vcs/6cf7: exit status 128:\n\tfatal: unable to look up bitbucket.corp.example (port 9418) (Temporary failure in name resolution)",
        seen: "git over git://, Dependabot",
        ..VCS
    },
    Rule {
        id: "curl-resolving-timed-out",
        suspects: &[DnsTimeout],
        needle: "Resolving timed out after",
        sample: "go: github.com/pkg/errors@v0.9.1: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://github.com/pkg/errors/': Resolving timed out after 300541 milliseconds",
        seen: "curl 7.88",
        ..VCS
    },
    Rule {
        id: "curl-could-not-resolve",
        suspects: &[DnsNotFound, DnsTimeout],
        needle: "ould not resolve host",
        also: &["ouldn't resolve host"],
        pull: r"ould(?: not|n't) resolve host:? '?(?P<host>[A-Za-z0-9._-]+)",
        sample: "go: github.com/OpenPeeDeeP/depguard@v0.0.0-20180806142446-a69c782687b2: git fetch -f origin refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /go/pkg/mod/cache/vcs/9500: exit status 128:\n\tfatal: unable to access 'https://github.com/OpenPeeDeeP/depguard/': Could not resolve host: github.com",
        seen: "git with curl 7.64, go 1.12",
        ..VCS
    },
    Rule {
        id: "ssh-could-not-resolve",
        suspects: &[DnsNotFound],
        needle: "Could not resolve hostname ",
        pull: r"Could not resolve hostname (?P<host>[A-Za-z0-9._-]+): ",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q --end-of-options https://git.corp.example/org/repo.git in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tssh: Could not resolve hostname foo.nx.example: Name or service not known\n\tfatal: Could not read from remote repository.",
        seen: "go 1.27.3, OpenSSH 9",
        ..VCS
    },
    Rule {
        id: "git-unable-to-look-up",
        suspects: &[DnsNotFound],
        needle: "nable to look up ",
        also: &["nable to lookup "],
        pull: r"nable to look ?up (?P<host>[A-Za-z0-9._-]+) \(port (?P<port>\d+)\)",
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q git://git.nx.example/x in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to look up git.nx.example (port 9418) (Name or service not known)",
        seen: "git over git://",
        ..VCS
    },
    Rule {
        id: "vcs-name-not-known",
        suspects: &[DnsNotFound],
        needle: "Name or service not known",
        also: &[
            "getaddrinfo failed",
            "nodename nor servname provided",
            "Unknown host",
            "unknown host",
            "Name does not resolve",
            "E670002",
            "No address associated with hostname",
        ],
        sample: "go: m.example/x.hg@v1.0.0: hg clone -U -- https://hg.nx.example/x . in /go/pkg/mod/cache/vcs/18be: exit status 255:\n\tabort: error: Name or service not known",
        seen: "Mercurial 6",
        ..VCS
    },
];
