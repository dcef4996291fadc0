//! What the shim looks for before it calls gomend: short byte strings of which every
//! failure that the rules know contains one, and ordinary compile and test failures
//! mostly none. A test over the rules' samples keeps the list true.

/// Searched for byte by byte in what a failed go printed.
pub(crate) const NEEDLES: &[&[u8]] = &[
    b"fatal: ",
    b"/@v/",
    b"/@latest",
    b"go-get=1",
    b"dial tcp",
    b"x509: ",
    b"exit status 12",
    b"exit status 255",
    b"cache/vcs",
    b"cache\\vcs",
    b"exec: \"git\"",
    b"exec: \"hg\"",
    b"exec: \"bzr\"",
    b"exec: \"svn\"",
    b"exec: \"fossil\"",
    b"go: missing ",
    b"unknown revision",
    b"unrecognized import path",
    b"malformed module path",
    b"malformed import path",
    b"go.sum",
    b"go.mod",
    b"vendor",
    b"GOPROXY",
    b"GOSUMDB",
    b"GOVCS",
    b"GOAUTH",
    b"GOFLAGS",
    b"GOTOOLCHAIN",
    b"GOCACHE",
    b"GOPATH",
    b"verifying ",
    b"toolchain",
    b"requires go",
    b"requires Go",
    b"invalid version",
    b"no matching versions",
    b"pseudo-version",
    b"module ",
    b"ambiguous import",
    b"secure protocol",
    b"VCS status",
    b"space left on device",
    b"ermission denied",
    b"Access is denied",
    b"read-only file system",
    b"stream error",
    b"not in GOROOT",
    b"not in std",
    b"publickey",
    b"ost key",
    b"authenticity of host",
    b"RPC failed",
    b"cannot find \"go1",
    b"unknown option",
    b"SSL routines",
    b"zip: ",
    b"git version",
    b"reading http",
    b" proxy",
];

/// Whether a failed go's words, or git's events, may be about a fetch.
#[must_use]
pub fn is_worth_a_look(words: &[u8], trace: &[u8]) -> bool {
    crate::sys::contains(trace, b"\"event\":\"error\"")
        || NEEDLES
            .iter()
            .any(|needle| crate::sys::contains(words, needle))
}
