//! Who is asked for what: module proxies, the checksum database, and the settings that
//! choose them.

use super::{BASE, By, DECISIVE, MODULE, Rule, WEAK};
use gomend_core::cause::Cause::{
    GoproxyBadResponse, GoproxyDisabled, GoproxyInvalid, GoproxyStatus, InvalidVersion,
    PrivateViaProxy, PrivateViaSumdb, TcpReset, ToolchainUnavailable, TransferInterrupted,
    UnknownRevision,
};
use gomend_core::evidence::Role;

const ANSWER: Rule = Rule {
    weight: DECISIVE,
    ..BASE
};

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "toolchain-not-at-proxy",
        suspects: &[ToolchainUnavailable, PrivateViaProxy],
        needle: "golang.org/toolchain",
        pull: r"(?:reading |unexpected status \()(?P<url>\S+golang\.org/toolchain/@v/\S+?)\)? ?: (?:404|410)",
        role: Role::Toolchain,
        sample: "go: download go1.99.0: golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64: reading https://proxy.corp.example/golang.org/toolchain/@v/v0.0.1-go1.99.0.linux-amd64.zip: 404 Not Found",
        seen: "go 1.21",
        weight: DECISIVE + 1,
        ..ANSWER
    },
    Rule {
        id: "toolchain-unverified",
        suspects: &[ToolchainUnavailable],
        needle: "golang.org/toolchain@",
        pull: r"golang\.org/toolchain@.*(?:disabled by GOSUMDB=off|/lookup/golang\.org/toolchain@\S+? ?: (?:404|410))",
        role: Role::Toolchain,
        weight: DECISIVE + 2,
        sample: "go: golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64: verifying module: golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64: reading https://sum.golang.org/lookup/golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64: 404 Not Found",
        seen: "go 1.21 to 1.27",
        ..ANSWER
    },
    Rule {
        id: "sumdb-not-found",
        suspects: &[PrivateViaSumdb],
        needle: "/lookup/",
        pull: r"(?:reading |unexpected status \()(?P<url>\S+/lookup/\S+?)\)? ?: (?:404|410)",
        role: Role::Sumdb,
        weight: DECISIVE + 1,
        sample: "go: git.corp.example/org/repo@v1.0.0: verifying go.mod: git.corp.example/org/repo@v1.0.0/go.mod: reading https://sum.golang.org/lookup/git.corp.example/org/repo@v1.0.0: 404 Not Found",
        seen: "go 1.27.3",
        ..ANSWER
    },
    Rule {
        id: "proxy-unknown-revision",
        suspects: &[UnknownRevision, PrivateViaProxy],
        needle: ": 404",
        also: &[": 410"],
        pull: r"(?:reading )(?P<url>https?://\S+/@\S+) ?: (?:404|410).*server response: not found: .*(?:unknown revision|no matching versions)",
        weight: DECISIVE + 1,
        role: Role::Goproxy,
        sample: "go: github.com/pkg/errors@v9.9.9: reading https://proxy.golang.org/github.com/pkg/errors/@v/v9.9.9.info: 404 Not Found\n\tserver response: not found: github.com/pkg/errors@v9.9.9: invalid version: unknown revision v9.9.9",
        seen: "go 1.16 through proxy.golang.org alone",
        ..ANSWER
    },
    Rule {
        id: "proxy-invalid-version",
        suspects: &[InvalidVersion],
        needle: ": 404",
        also: &[": 410"],
        pull: r"(?:reading )(?P<url>https?://\S+/(?:@|lookup/)\S+) ?: (?:404|410).*server response: not found: .*(?:invalid version: (?:module |go\.mod|missing|should|must|tag|version|major|\+incompatible)|invalid pseudo-version|: invalid: |must be compatible|must match major|has post-v|missing go\.mod|malformed module path)",
        weight: DECISIVE + 2,
        role: Role::Goproxy,
        sample: "go get: github.com/acme/hello@v2.0.1: reading https://goproxy.cn/github.com/acme/hello/@v/v2.0.1.info: 404 Not Found\n\tserver response: not found: github.com/acme/hello@v2.0.1: invalid version: module contains a go.mod file, so major version must be compatible: should be v0 or v1, not v2",
        seen: "go 1.15 through goproxy.cn",
        ..ANSWER
    },
    Rule {
        id: "server-answer",
        suspects: &[PrivateViaProxy, PrivateViaSumdb],
        needle: "not found: ",
        pull: r"(?:^|\s)not found: (?P<module>\S+?)@(?P<version>\S+?): ",
        by: By::Server,
        weight: MODULE,
        sample: "$ curl https://proxy.golang.org/git.corp.example/org/x/@v/v0.1.1.info\nnot found: git.corp.example/org/x@v0.1.1: invalid version: git ls-remote -q origin in /tmp/gopath/pkg/mod/cache/vcs/b9cd: exit status 128:\n\tfatal: unable to access 'https://git.corp.example/org/x/': Could not resolve host: git.corp.example",
        seen: "the answer of proxy.golang.org in a browser",
        ..BASE
    },
    Rule {
        id: "goproxy-is-a-website",
        suspects: &[GoproxyInvalid],
        needle: "/@v/",
        also: &["/@latest"],
        pull: r#"(?:reading |Get "?)(?P<url>https?://(?:pkg\.go\.dev|go\.dev|godoc\.org|github\.com|gitlab\.com)/\S+?/@(?:v/|latest)[^\s":]*)"#,
        role: Role::Goproxy,
        sample: "go: m.example/x@v1.7.1: reading https://pkg.go.dev/m.example/x/@v/v1.7.1.mod: 404 Not Found",
        seen: "go 1.16, GOPROXY set to a site that serves no modules",
        ..ANSWER
    },
    Rule {
        id: "proxy-not-found",
        suspects: &[PrivateViaProxy],
        needle: ": 404",
        also: &[": 410"],
        pull: r"(?:reading |unexpected status \()(?P<url>(?:https?|file):/{1,3}\S+?/(?:@(?:v/|latest)\S*?|(?:\.\.\.|…)))\)? ?: (?:404|410)",
        role: Role::Goproxy,
        sample: "go: git.corp.example/org/auth@v1.0.0: reading https://proxy.corp.example/http404/git.corp.example/org/auth/@v/v1.0.0.info: 404 Not Found",
        seen: "go 1.27.3",
        ..ANSWER
    },
    Rule {
        id: "proxy-file-not-found",
        suspects: &[PrivateViaProxy],
        needle: "reading file://",
        pull: r"reading (?P<url>file://\S+): (?:no such file|open .*no such file|The system cannot find)",
        role: Role::Goproxy,
        sample: "go: git.corp.example/org/auth@v1.0.0: reading file:///tmp/lab/nonexist/git.corp.example/org/auth/@v/v1.0.0.info: no such file or directory",
        seen: "go 1.27.3, GOPROXY=file:///...",
        ..ANSWER
    },
    Rule {
        id: "sumdb-status",
        suspects: &[GoproxyStatus],
        needle: "/sumdb/",
        also: &["sum.golang.", "/tile/"],
        pull: r"reading (?P<url>https?://\S+(?:/sumdb/|/tile/|sum\.golang\.\S+/)\S*?) ?: (?:[345]\d\d)",
        role: Role::Sumdb,
        sample: "go: github.com/elza2/go-cyclic@latest: github.com/elza2/go-cyclic@v1.0.2: verifying module: github.com/elza2/go-cyclic@v1.0.2: checking tree#15583996 against tree#15949845: reading https://goproxy.io/sumdb/sum.golang.org/tile/8/1/237: 404 Not Found",
        seen: "go 1.19 through goproxy.io",
        ..ANSWER
    },
    Rule {
        id: "proxy-status",
        suspects: &[GoproxyStatus],
        needle: "/@",
        also: &[
            "reading https://proxy.golang.org/",
            "reading https://goproxy.",
            "reading ...",
            "/...",
        ],
        pull: r"reading \S*\.\.\.\S* ?: (?:401|403|5\d\d)|(?:reading |unexpected status \()(?P<url>https?://(?:\S+?/@(?:v/|latest)|(?:proxy\.golang\.org|goproxy\.[a-z.]+)/)\S*?)\)? ?: (?:3\d\d|40[0-35689]|41[1-9]|42[0-8]|4[3-9]\d|5\d\d)",
        role: Role::None,
        sample: "go: git.corp.example/org/auth@v1.0.0: reading https://proxy.corp.example/http500/git.corp.example/org/auth/@v/v1.0.0.info: 500 Internal Server Error",
        seen: "go 1.27.3",
        ..ANSWER
    },
    Rule {
        id: "proxy-bad-response",
        suspects: &[GoproxyBadResponse],
        needle: "invalid response from proxy",
        pull: r#"invalid response from proxy "(?P<url>[^"]+)"|invalid response from proxy"#,
        role: Role::Goproxy,
        sample: r#"go: git.corp.example/org/auth@v1.0.0: invalid response from proxy "https://proxy.corp.example/html200": invalid character '<' looking for beginning of value"#,
        seen: "go 1.27.3, a sign-in page in the proxy's place",
        ..ANSWER
    },
    Rule {
        id: "proxy-invalid-json",
        suspects: &[GoproxyBadResponse],
        needle: "looking for beginning of value",
        also: &[
            "checksum missing from sumdb response",
            "malformed note",
            "malformed tree note",
            "invalid signature in note",
            "invalid go.sum database response",
            "malformed record data",
            "invalid checksum database",
            "unexpected end of JSON input",
            "invalid go.mod: unexpected HTML",
            "unverified note",
            "note has no verifiable signatures",
            "downloaded inconsistent tile",
            "invalid transparency proof",
            "cannot authenticate record data",
            "cannot validate record",
            "downloaded zip file too large",
            "proxy returned info for version",
            "invalid record",
        ],
        pull: r"(?:go: |@v|verifying|sumdb|sum\.golang|initializing|module \S+: ).*(?:beginning of value|malformed|invalid|unverified|verifiable|end of JSON|missing from|inconsistent tile|authenticate record|validate record|zip file too large|proxy returned info)",
        by: By::Client,
        sample: "go: golang.org/x/text@v0.3.0: verifying module: golang.org/x/text@v0.3.0: initializing sumdb.Client: reading tree note: malformed note",
        seen: "go 1.13 behind a captive portal",
        ..ANSWER
    },
    Rule {
        id: "lookup-disabled",
        suspects: &[GoproxyDisabled],
        needle: "lookup disabled by",
        also: &[
            "resolve module using the vendor directory",
            "disabled by GOPRIVATE/GONOPROXY",
            "path does not match GOPRIVATE/GONOPROXY",
            "cannot query module due to -mod=vendor",
            "disabled by GOSUMDB=off",
            "checksum database disabled",
            "module lookup disabled",
            "import lookup disabled",
            "network disabled by cmdgonetlimit",
            "can't be used when -mod=vendor",
            "lookup is disabled",
        ],
        pull: r"(?P<module>[\w.-]+\.[a-z]+/\S*?)(?:@(?P<version>\S+?))?: (?:module|import) lookup disabled|disabled|vendor|does not match GOPRIVATE",
        sample: "go: git.corp.example/org/auth@v1.0.0: module lookup disabled by GOPROXY=off",
        seen: "go 1.27.3",
        ..BASE
    },
    Rule {
        id: "goproxy-list-empty",
        suspects: &[GoproxyInvalid],
        needle: "GOPROXY list is not the empty string, but contains no entries",
        also: &[
            "invalid GOPROXY setting",
            "invalid GOPROXY",
            "GOPROXY: invalid",
            "malformed GOPROXY",
        ],
        sample: "go: golang.org/x/lint/golint@latest: GOPROXY list is not the empty string, but contains no entries",
        seen: "go 1.17",
        ..BASE
    },
    Rule {
        id: "goproxy-url-invalid",
        suspects: &[GoproxyInvalid],
        needle: "invalid proxy URL",
        also: &["proxy URL", "GOPROXY URL"],
        pull: r"invalid (?:GOPROXY |file:// )?proxy URL|invalid GOPROXY URL",
        sample: "go: git.corp.example/org/auth@v1.0.0: invalid proxy URL missing scheme: bogus",
        seen: "go 1.27.3",
        ..BASE
    },
    Rule {
        id: "gosumdb-invalid",
        suspects: &[GoproxyInvalid],
        needle: "invalid GOSUMDB",
        also: &[
            "malformed verifier id",
            "missing GOSUMDB",
            "unknown GOSUMDB",
            "invalid sumdb name",
        ],
        sample: "ncpu.go:21:2: github.com/OpenIMSDK/protocol@v0.0.47: verifying go.mod: invalid GOSUMDB: malformed verifier id",
        seen: "go 1.20, GOSUMDB set to a URL",
        ..BASE
    },
    Rule {
        id: "go-setting-invalid",
        suspects: &[GoproxyInvalid],
        needle: "GOAUTH",
        also: &[
            "in GOVCS",
            "parsing $GOFLAGS",
            "invalid GOTOOLCHAIN",
            "malformed entry in GOVCS",
            "GOVCS: ",
            "invalid GOFLAGS",
            "malformed GOPRIVATE",
            "GONOPROXY: ",
            "invalid GO111MODULE",
            "invalid GOWORK",
            "unknown environment setting GO",
            "invalid value for GO",
            "GOINSECURE: ",
            "GOPROXY=",
            "modules disabled by GO111MODULE=off",
            "not supported (can be '', 'mod', 'readonly', or 'vendor')",
            "cannot find GOROOT directory",
            "reading go.work: open ",
        ],
        pull: r"modules disabled by GO111MODULE=off|-mod=\S+ not supported|go: cannot find GOROOT directory|go: reading go\.work: open \S+: (?:no such file|The system cannot)|(?:empty|malformed|unreachable|unparsable|relative) [^:]*in GOVCS|go: (?:parsing \$GOFLAGS|invalid GOTOOLCHAIN|malformed entry in GOVCS|.*GOAUTH(?:=| |:)|unknown environment setting|GOFLAGS|invalid G|.*unparsable entry in GOVCS|.*malformed GOPRIVATE)|GOAUTH=\S+.*(?:invalid|must|cannot|unknown)",
        sample: r#"go: invalid GOTOOLCHAIN "bash""#,
        seen: "go 1.27.3",
        ..BASE
    },
    Rule {
        id: "goproxy-scheme-missing",
        suspects: &[GoproxyInvalid],
        needle: "unsupported protocol scheme",
        also: &[
            "first path segment in URL cannot contain colon",
            "missing protocol scheme",
            "invalid character \" \" in host name",
            "invalid port",
            "no Host in request URL",
        ],
        pull: r#"(?:/@v/|/@latest|/sumdb/|(?i:goproxy)|proxy URL|(?:go: |@\S+: )(?:.*: )?(?:Get "[^"]*":|parse "[^"/]*[":/]) ).*(?:unsupported protocol scheme|first path segment|missing protocol scheme|in host name|invalid port|no Host)"#,
        by: By::Client,
        sample: r#"go: github.com/pkg/errors@v0.9.1: Get "goproxy.cn/github.com/pkg/errors/@v/v0.9.1.mod": unsupported protocol scheme """#,
        seen: "go 1.12, GOPROXY without https://",
        ..BASE
    },
    Rule {
        id: "proxy-truncated-url",
        suspects: &[TransferInterrupted, GoproxyBadResponse, TcpReset],
        needle: "/@v/",
        pull: r#"read "(?P<url>https?:/{1,2}\S+/@v/\S+)": unexpected EOF"#,
        sample: r#"go: git.corp.example/org/auth@v1.0.0: read "https://proxy.corp.example/trunc/git.corp.example/org/auth/@v/v1.0.0.info": unexpected EOF"#,
        seen: "go 1.27.3, answer cut short",
        ..BASE
    },
    Rule {
        id: "proxy-redirected-insecure",
        suspects: &[GoproxyBadResponse],
        needle: "redirected from secure URL",
        pull: r"redirected from secure URL (?P<url>\S+/@v/\S+)",
        sample: r#"go: git.corp.example/org/auth@v1.0.0: Get "http://proxy.corp.example/http404/redir/git.corp.example/org/auth/@v/v1.0.0.info": redirected from secure URL https://proxy.corp.example/redir/git.corp.example/org/auth/@v/v1.0.0.info to insecure URL http://proxy.corp.example/http404/redir/git.corp.example/org/auth/@v/v1.0.0.info"#,
        seen: "go 1.27.3",
        ..BASE
    },
    Rule {
        id: "sumdb-answer-cut",
        suspects: &[PrivateViaSumdb, GoproxyStatus],
        needle: "reading https://sum.golang.org",
        pull: r"verifying .*reading https://sum\.golang\.org/lookup/[^:]*\s+server response:",
        weight: WEAK,
        by: By::Client,
        role: Role::Sumdb,
        sample: "verifying module: reading https://sum.golang.org/lookup/m.example/x... server response:",
        seen: "shortened logs: only of what it does not have does the database write more",
        ..BASE
    },
    Rule {
        id: "verifying-failed",
        suspects: &[GoproxyStatus, PrivateViaSumdb],
        needle: "reading https://sum.golang.org",
        weight: WEAK,
        by: By::Client,
        role: Role::Sumdb,
        sample: "go: m.example/x@v1.0.0: verifying module: m.example/x@v1.0.0: reading https://sum.golang.org/lookup/m.example/x@v1.0.0:",
        seen: "cut logs",
        ..BASE
    },
];
