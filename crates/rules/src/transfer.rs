//! The transfer: broken midway, refused by a code host's status, or too often asked for.

use super::{BASE, DECISIVE, GO, MODULE, Rule, VCS, WEAK};
use gomend_core::cause::Cause::{
    GoproxyBadResponse, HttpStatus, HttpsNoCredentials, ImportPathUnresolved, RateLimited,
    TcpReset, TlsInterrupted, TransferInterrupted,
};

/// Whatever else a line says: too many requests are not another error.
const LIMIT: u8 = DECISIVE + 2;

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "go-rate-limited",
        suspects: &[RateLimited],
        needle: "429 Too Many Requests",
        also: &[": 429", "Too Many Requests"],
        pull: r"(?:reading |unexpected status \()(?P<url>https?://\S+?)\)?: 429|(?:status code 429)",
        weight: LIMIT,
        sample: "go mod download: github.com/containerd/nri@v0.1.0: reading https://goproxy.cn/github.com/containerd/nri/@v/v0.1.0.info: 429 Too Many Requests",
        seen: "go 1.17 through goproxy.cn",
        ..GO
    },
    Rule {
        id: "vcs-rate-limited",
        suspects: &[RateLimited],
        needle: "The requested URL returned error: 429",
        also: &[
            "secondary rate limit",
            "rate limit exceeded",
            "rate limited",
            "exceeded a rate limit",
            "temporarily limiting some unauthenticated",
            "Too Many Requests",
            "HTTP 429",
            "error: 429",
            "Rate limit for this resource",
            "rate-limited",
            "too many requests",
            "Retry later",
            "This repository is over its data quota",
        ],
        weight: LIMIT,
        sample: "go: github.com/pkg/errors@v0.9.1: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to access 'https://github.com/pkg/errors/': The requested URL returned error: 429",
        seen: "git 2.43, GitHub, shared address",
        ..VCS
    },
    Rule {
        id: "go-discovery-status",
        suspects: &[HttpStatus],
        needle: "go-get=1: ",
        also: &["go-get=1 (status code 5"],
        pull: r"reading (?P<url>https?://\S+go-get=1): (?:400|405|406|409|41[1-9]|42[0-8]|45\d|5\d\d)|go-get=1 \(status code 5",
        sample: "unrecognized import path \"gopkg.in/yaml.v1\": reading https://gopkg.in/yaml.v1?go-get=1: 502 Bad Gateway",
        seen: "go 1.16, gopkg.in cut off from GitHub",
        ..GO
    },
    Rule {
        id: "git-http-status",
        suspects: &[HttpStatus],
        needle: "The requested URL returned error: ",
        also: &[
            "currently unable to handle this request",
            "HTTP Error 4",
            "Unable to handle http code",
            "RPC failed; HTTP ",
            "RPC failed; result=22, HTTP code = ",
            "Internal Server Error",
            "Bad Gateway",
            "Service Unavailable",
            "HTTP Error 5",
            "error: 5",
        ],
        pull: r"returned error: (?:3\d\d|400|405|406|41[1-9]|42[0-8]|451|5\d\d)|currently unable to handle|RPC failed; HTTP [345]\d\d|HTTP code = [345]\d\d|(?:remote|fatal|error|abort): .*(?:Internal Server Error|Bad Gateway|Service Unavailable)|HTTP Error (?:5|400)|http code 5",
        sample: "go: git.corp.example/org/n500@v1.0.0: invalid version: git ls-remote -q origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tremote: internal\n\tfatal: unable to access 'https://git.corp.example/org/n500.git/': The requested URL returned error: 500",
        seen: "go 1.27.3, git 2.47",
        ..VCS
    },
    Rule {
        id: "git-redirect-unfollowed",
        suspects: &[HttpStatus, HttpsNoCredentials],
        needle: "unable to update url base from redirection",
        also: &[
            "Maximum (",
            "maximum redirects",
            "redirection loop",
            "Number of redirects hit maximum amount",
        ],
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: unable to update url base from redirection:\n\t  asked for: https://m.example/x/info/refs?service=git-upload-pack\n\t   redirect: https://login.m.example/",
        seen: "git 2.30, single sign-on in front of the forge",
        ..VCS
    },
    Rule {
        id: "go-api-status",
        suspects: &[HttpStatus],
        needle: "reading http",
        pull: r"reading (?P<url>https?://[^\s/@]+/[^\s@]*): (?:400|5\d\d) ",
        weight: MODULE,
        sample: "go: bitbucket.org/acme/golog@v2.0.0+incompatible: reading https://api.bitbucket.org/2.0/repositories/acme/golog?fields=scm: 503 Service Unavailable",
        seen: "go 1.13",
        ..GO
    },
    Rule {
        id: "go-stream-broken",
        suspects: &[TransferInterrupted, TcpReset],
        needle: "stream error: stream ID",
        also: &[
            "http2: server sent GOAWAY",
            "http2: client connection lost",
            "http2: client connection force closed",
            "http2: Transport",
            "bad record MAC",
            "stream error",
            "http2: server closed",
            "http2: unexpected ALPN",
            "http2: timeout",
            "client conn could not be established",
            "flate: corrupt input",
            "gzip: invalid",
        ],
        sample: r#"go: git.corp.example/org/auth@v1.0.0: Get "https://proxy.corp.example/reset/git.corp.example/org/auth/@v/v1.0.0.info": stream error: stream ID 1; INTERNAL_ERROR; received from peer"#,
        seen: "go 1.27.3, HTTP/2 stream reset by the server",
        ..GO
    },
    Rule {
        id: "go-unexpected-eof",
        suspects: &[TransferInterrupted, TcpReset],
        needle: "unexpected EOF",
        sample: r#"go: github.com/aws/aws-sdk-go@v1.44.0: Get "https://proxy.golang.org/github.com/aws/aws-sdk-go/@v/v1.44.0.zip": unexpected EOF"#,
        seen: "go 1.18",
        ..GO
    },
    Rule {
        id: "git-rpc-failed",
        suspects: &[TransferInterrupted, TlsInterrupted],
        needle: "RPC failed",
        pull: r"RPC failed; (?:curl (?:1?\d|2[013-9]|[3-9]\d)\b|result=(?:1?\d|2[013-9]|[3-9]\d)\b)",
        weight: DECISIVE,
        sample: "go: google.golang.org/api@v0.0.0-20180606215403-8e9de5a6de6d: git fetch -f https://code.googlesource.com/google-api-go-client refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /Users/dev/go/pkg/mod/cache/vcs/9e62: exit status 128:\n\terror: RPC failed; curl 18 transfer closed with outstanding read data remaining\n\tfatal: The remote end hung up unexpectedly\n\tfatal: early EOF\n\tfatal: index-pack failed",
        seen: "git 2.17, go 1.11",
        ..VCS
    },
    Rule {
        id: "git-early-eof",
        suspects: &[TransferInterrupted],
        needle: "early EOF",
        also: &[
            "unexpected disconnect while reading sideband",
            "index-pack failed",
            "hung up unexpectedly",
            "transfer closed with",
            "invalid index-pack output",
            "pack has bad object",
            "inflate: data stream error",
            "bytes of body are still expected",
            "was not closed cleanly",
            "unexpected EOF",
            "protocol error: bad pack header",
            "bad line length",
            "did not send all necessary objects",
            "fetch-pack: invalid",
            "GnuTLS recv error",
            "premature end of pack",
            "serious inflate inconsistency",
            "pack is corrupted",
            "stream ended unexpectedly",
            "Connection ended unexpectedly",
            "connection ended unexpectedly",
            "error decoding the received TLS packet",
            "expected flush after",
            "from promisor remote",
            "Corrupted MAC on input",
            "HTTP2 framing layer",
            "HTTP/2 framing layer",
            "invalid server response",
            "unable to rewind rpc post data",
        ],
        weight: MODULE,
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git fetch -f --end-of-options origin refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tfatal: early EOF",
        seen: "git 2.47",
        ..VCS
    },
    Rule {
        id: "git-killed",
        suspects: &[TransferInterrupted],
        needle: ": signal: ",
        pull: r"\bgit (?:ls-remote|fetch|clone|archive).*: signal: (?:killed|interrupt|terminated|segmentation fault|aborted|broken pipe|hangup)",
        weight: WEAK,
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q --end-of-options https://git.corp.example/org/repo.git in /tmp/lab/mc/cache/vcs/H: signal: killed",
        seen: "go 1.27.3, git killed by the kernel",
        ..BASE
    },
    Rule {
        id: "go-redirects",
        suspects: &[ImportPathUnresolved, GoproxyBadResponse],
        needle: "stopped after 10 redirects",
        weight: MODULE,
        sample: r#"go: m.example/x@v1.0.0: unrecognized import path "m.example/x": https fetch: Get "https://m.example/x?go-get=1": stopped after 10 redirects"#,
        seen: "go 1.16",
        ..GO
    },
    Rule {
        id: "go-discovery-not-understood",
        suspects: &[ImportPathUnresolved],
        needle: "http: no Location header",
        also: &[
            "malformed HTTP",
            "malformed HTTP response",
            "malformed MIME header",
            "malformed chunked",
        ],
        weight: MODULE,
        sample: r#"go: m.example/x@v1.0.0: unrecognized import path "m.example/x": https fetch: Get "https://m.example/x?go-get=1": 302 response missing Location header: http: no Location header in response"#,
        seen: "go 1.16",
        ..GO
    },
];
