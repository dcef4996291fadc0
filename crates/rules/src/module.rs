//! The module itself: versions, paths, checksums, what go.mod asks for.

use super::{BASE, By, DECISIVE, GUESS, MODULE, ROOT, Rule, WEAK};
use gomend_core::cause::Cause::{
    AmbiguousImport, CacheCorrupt, ChecksumMismatch, GitConfigBroken, GoTooOld, GoproxyDisabled,
    GoproxyInvalid, ImportPathUnresolved, InsecureProtocol, InvalidVersion, MissingGoSum,
    ModulePathMismatch, PackageNotInModule, RepoNotFound, ToolchainUnavailable, UnknownRevision,
    VcsDisallowed,
};
use gomend_core::evidence::Role;

const MOD: Rule = Rule {
    weight: MODULE,
    ..BASE
};
const VCS: Rule = Rule {
    by: By::Vcs,
    ..BASE
};

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "checksum-mismatch",
        suspects: &[ChecksumMismatch],
        needle: "checksum mismatch",
        also: &["This download does NOT match", "Checksum mismatch"],
        pull: r"verifying (?:module: )?(?P<module>[\w.~!/+-]+)@(?P<version>[^\s:/]+)|verifying .*checksum mismatch|go: .*checksum mismatch|This download does NOT match",
        weight: ROOT,
        sample: "verifying github.com/coreos/etcd@v3.3.10+incompatible: checksum mismatch\n\tdownloaded: h1:jFneRYjIvLMLhDLCzuTuU4rSJUjRplcJQ7pD7MnhC04=\n\tgo.sum:     h1:KjVWqrZ5U0wa3CxY2AxlH6/UcB+PK2td1DcsYhA+HRs=\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.",
        seen: "go 1.12",
        ..MOD
    },
    Rule {
        id: "sumdb-misbehavior",
        suspects: &[CacheCorrupt, ChecksumMismatch],
        needle: "go.sum database server misbehavior detected",
        also: &["generated inconsistent proof", "misbehavior detected"],
        weight: DECISIVE,
        role: Role::Sumdb,
        sample: "SECURITY ERROR\ngo.sum database server misbehavior detected!",
        seen: "go 1.16, a broken local tile cache",
        ..MOD
    },
    Rule {
        id: "vcs-disallowed",
        suspects: &[VcsDisallowed],
        needle: "GOVCS disallows",
        pull: r"GOVCS disallows using \w+ for (?:public|private) (?P<module>[^\s;]+)|GOVCS disallows",
        weight: ROOT,
        sample: "go get rsc.io/nonexist.git/hello: GOVCS disallows using git for public rsc.io/nonexist.git",
        seen: "go 1.16",
        ..MOD
    },
    Rule {
        id: "no-secure-protocol",
        suspects: &[InsecureProtocol],
        needle: "no secure protocol found",
        also: &[
            "refusing to pass credentials to insecure URL",
            "uses insecure protocol",
            "to insecure URL",
            "insecure URL: ",
            "redirected from secure URL",
        ],
        weight: MODULE,
        sample: "go: git.corp.example/org/repo.git@v1.0.0: no secure protocol found for repository",
        seen: "go 1.27.3; git's reason stays hidden",
        ..MOD
    },
    Rule {
        id: "toolchain-not-available",
        suspects: &[ToolchainUnavailable],
        needle: "toolchain not available",
        also: &[
            "golang.org/toolchain: no matching versions",
            "golang.org/toolchain: invalid version",
            "no such toolchain",
        ],
        weight: ROOT,
        sample: "go: download go1.22 for linux/amd64: toolchain not available",
        seen: "go 1.21 with a `go 1.22` line",
        role: Role::Toolchain,
        ..MOD
    },
    Rule {
        id: "toolchain-not-in-path",
        suspects: &[ToolchainUnavailable],
        needle: "go: cannot find \"go1",
        also: &[
            "too many toolchain switches",
            "no releases found for go >=",
            "invoked to provide",
            "go: exec go1",
            "toolchain switch to",
            "go: invalid toolchain",
        ],
        pull: r#"go: (?:cannot find "go1\S*" in PATH|exec go1|invalid toolchain|.*too many toolchain switches|.*no releases found|.*toolchain \S+ invoked)"#,
        weight: ROOT,
        sample: "go: cannot find \"go1.99.0\" in PATH",
        seen: "go 1.27.3, GOTOOLCHAIN=path",
        role: Role::Toolchain,
        ..MOD
    },
    Rule {
        id: "toolchain-download-unknown",
        suspects: &[ToolchainUnavailable],
        needle: "go: download go1",
        pull: r"go: download go1\S*(?: for \S+)?: \S",
        weight: GUESS,
        sample: "go: download go1.22 for linux/amd64: golang.org/toolchain@v0.0.1-go1.22.linux-amd64: the moon is in the wrong phase",
        seen: "words of a go that nobody has written down yet",
        role: Role::Toolchain,
        ..MOD
    },
    Rule {
        id: "workspace-go",
        suspects: &[GoTooOld],
        needle: "but go.work lists go ",
        weight: ROOT,
        sample: "go: module . listed in go.work file requires go >= 1.25.0, but go.work lists go 1.24.1; to update it:\n\tgo work use",
        seen: "go 1.24",
        ..MOD
    },
    Rule {
        id: "workspace-stale",
        suspects: &[MissingGoSum],
        needle: "listed in go.work",
        also: &["reading go.work: "],
        pull: r"does not contain modules listed in go\.work|not one of the workspace modules listed in go\.work|go: (?:errors parsing|parsing) go\.work",
        weight: ROOT,
        // a directory that is gone is a matter of the checkout, and of no fetch
        sample: "pattern ./...: directory prefix . does not contain modules listed in go.work or their selected dependencies",
        seen: "go 1.27.3, a module that its workspace doesn't use",
        ..MOD
    },
    Rule {
        id: "path-at-version",
        suspects: &[GoTooOld, GoproxyInvalid],
        needle: "can only use path@version syntax with",
        also: &[
            "cannot use path@version syntax in GOPATH mode",
            "can only use path@version syntax with 'go get'",
        ],
        sample: "can't load package: package sigs.k8s.io/kind@v0.11.1: can only use path@version syntax with 'go get'",
        seen: "go 1.13, `go install` with a version",
        ..MOD
    },
    Rule {
        id: "install-with-replace",
        suspects: &[InvalidVersion],
        needle: "must not contain directives that would cause",
        also: &["The go.mod file for the module providing named packages"],
        sample: "go: github.com/acme/tool/cmd/tool@latest (in github.com/acme/tool@v1.2.3):\n\tThe go.mod file for the module providing named packages contains one or\n\tmore replace directives. It must not contain directives that would cause\n\tit to be interpreted differently than if it were the main module.",
        seen: "go 1.20",
        ..MOD
    },
    Rule {
        id: "requires-go",
        suspects: &[GoTooOld],
        needle: " requires go >= ",
        also: &[
            "requires go version",
            "requires at least go",
            "requires newer Go version",
        ],
        pull: r"(?:(?P<module>[\w.~/-]+\.[a-z]+/[\w.~/-]+)@(?P<version>\S+) )?requires (?:go >= |at least go|newer Go version|go version)",
        sample: "go: go.mod requires go >= 1.22 (running go 1.21.9; GOTOOLCHAIN=local)",
        seen: "go 1.21.9",
        ..MOD
    },
    Rule {
        id: "go-line-unreadable",
        suspects: &[GoTooOld],
        needle: "invalid go version '",
        also: &[
            "unknown directive: toolchain",
            "unknown directive: tool",
            "unknown directive: godebug",
            "unknown directive: ignore",
            "unknown block type: tool",
            "unknown block type: toolchain",
            "unknown block type: ignore",
            "unknown block type: godebug",
            "unknown directive: retract",
            "unknown block type: retract",
        ],
        weight: ROOT,
        sample: "go: errors parsing go.mod:\n/src/go.mod:3: invalid go version '1.21.1': must match format 1.23",
        seen: "go 1.20",
        ..MOD
    },
    Rule {
        id: "module-requires-go",
        suspects: &[GoTooOld],
        needle: "note: module requires Go ",
        also: &[
            "maximum supported Go version",
            "cannot load module graph (requires Go",
            "but maximum version supported by tidy is",
            "maximum supported version",
            "toolchain upgrade needed",
            "go: module requires Go",
        ],
        pull: r"odule requires Go |maximum supported Go version|requires Go|supported by tidy|\b[Gg]o(?:\.mod)?\b.*(?:maximum supported version|upgrade needed)",
        sample: "note: module requires Go 1.18",
        seen: "go 1.17, a dependency with type parameters",
        ..MOD
    },
    Rule {
        id: "std-package-too-new",
        suspects: &[GoTooOld],
        needle: "package ",
        pull: r"package (?:embed|io/fs|slices|maps|cmp|iter|unique|weak|log/slog|net/netip|math/rand/v2|crypto/ecdh|crypto/mlkem|runtime/metrics|testing/fstest|testing/slogtest|testing/synctest|time/tzdata|hash/maphash|go/version|structs|unsafeptr|encoding/json/v2|sync/atomic/v2) is not in (?:GOROOT|std)",
        sample: "main.go:5:2: package slices is not in GOROOT (/usr/local/go/src/slices)",
        seen: "go 1.20",
        ..MOD
    },
    Rule {
        id: "go-without-modules",
        suspects: &[GoTooOld],
        needle: "go: unknown subcommand \"mod\"",
        also: &[
            "unknown subcommand \"work\"",
            "go mod: unknown command",
            "go work: unknown command",
        ],
        pull: r#"go: unknown subcommand "(?:mod|work)"|go work: unknown command$"#,
        sample: "go: unknown subcommand \"mod\"\nRun 'go help' for usage.",
        seen: "go 1.10",
        ..MOD
    },
    Rule {
        id: "std-package-not-found",
        suspects: &[GoTooOld],
        needle: "cannot find package \"",
        pull: r#"cannot find package "(?:embed|io/fs|slices|maps|cmp|iter|unique|log/slog|net/netip|math/rand/v2|context|math/bits|testing/fstest|runtime/metrics|crypto/ecdh)" in"#,
        sample: "main.go:5:2: cannot find package \"embed\" in any of:",
        seen: "go 1.15, GOPATH mode",
        ..MOD
    },
    Rule {
        id: "downloaded-without-package",
        suspects: &[PackageNotInModule, GoTooOld],
        needle: ": cannot find package \"",
        pull: r#"^[\W\dTZ]*(?:package|imports) [\w-]+\.[\w./~-]+: cannot find package "[^"]+" in any of"#,
        weight: WEAK,
        sample: "package github.com/russross/blackfriday/v2: cannot find package \"github.com/russross/blackfriday/v2\" in any of:\n\t/usr/lib/go-1.10/src/github.com/russross/blackfriday/v2 (from $GOROOT)",
        seen: "go get of go 1.10, which has no /v2",
        ..MOD
    },
    Rule {
        id: "vendor-incomplete",
        suspects: &[MissingGoSum, GoproxyDisabled],
        needle: "cannot find package \".\" in:",
        sample: "main.go:4:2: cannot find package \".\" in:\n\t/src/vendor/github.com/pkg/errors",
        seen: "go 1.15, -mod=vendor",
        ..MOD
    },
    Rule {
        id: "unknown-revision",
        suspects: &[UnknownRevision],
        needle: "unknown revision",
        also: &[
            "ambiguous revision",
            "unknown revision",
            "no such revision",
            "No such revision",
            "unknown branch",
        ],
        pull: r"(?:^|[^a-z] )(?:unknown|ambiguous) revision |(?:abort|svn|hg|bzr|E\d+).*(?i:revision|branch)",
        sample: "go: git.corp.example/org/repo@v9.9.9: invalid version: unknown revision v9.9.9",
        seen: "go 1.27.3",
        ..MOD
    },
    Rule {
        id: "no-matching-versions",
        suspects: &[UnknownRevision, PackageNotInModule],
        needle: "no matching versions for query",
        also: &["no matching version for", "no matching versions"],
        sample: "go: github.com/certifi/gocertifi: no matching versions for query \"upgrade\"",
        seen: "go 1.19",
        ..MOD
    },
    Rule {
        id: "git-no-such-ref",
        suspects: &[UnknownRevision],
        needle: "couldn't find remote ref",
        also: &[
            "no such remote ref",
            "not our ref",
            "Couldn't find remote ref",
            "reference is not a tree",
            "not found in upstream",
            "did not match any file(s) known to git",
            "bad revision",
            "unadvertised object",
            "Server does not allow request for",
            "no such ref was fetched",
            "revision does not exist locally",
            "Needed a single revision",
        ],
        sample: "vgo: import \"github.com/you/hello\" ->\n\timport \"rsc.io/quote\": git fetch --depth=1 https://github.com/rsc/quote c4d4 in /home/dev/go/src/v/cache/vcswork/bf72: exit status 128:\n\terror: no such remote ref c4d4236f92427c64bfbcf1cc3f8142ab18f30b22",
        seen: "vgo prototype, git 2.7",
        ..VCS
    },
    Rule {
        id: "invalid-version",
        suspects: &[InvalidVersion],
        needle: "invalid version: ",
        also: &[
            " has non-...",
            "has malformed module path",
            "is missing module path",
            "case-insensitive file name collision",
            "malformed file path",
            "module source tree too large",
            "module zip file is too large",
            "size of module contents too large",
            "go.mod file too large",
            "invalid pseudo-version",
            "invalid: should be v",
            "module path must match major version",
            "has post-v",
            "non-canonical version",
            "invalid canonical version",
            "disallowed version string",
            "invalid module version",
            "must be of the form v1.2.3",
            "+incompatible suffix not allowed",
            "malformed version",
            "no go.mod file in subdirectory",
            "major version must be compatible",
            "go.mod has non-",
            "invalid semantic version",
            "not a valid semantic version",
            "malformed semantic version",
            "missing go.mod",
            "should not have",
            "unexpected version",
        ],
        pull: r"invalid version: (?:module (?:contains|path)|resolves to|major version|preceding|tag \(|revision |repository rooted|mismatched repo|missing|should|go\.mod|version|unexpected|\+incompatible|module root|not |invalid|must|malformed|canonical|does not|tag|no )|invalid pseudo-version|invalid: (?:should be v|must be|unknown|go\.mod|module|disallowed|not)|must match major version|has post-v|non-canonical|invalid canonical|disallowed version|invalid module version|must be of the form v1\.2\.3|\+incompatible suffix|malformed (?:semantic )?version|go\.mod file in subdirectory|go\.mod has non-|(?:invalid|valid) semantic version|missing go\.mod|must be compatible| has non-\.\.\.| has malformed module path|is missing module path|(?:create zip|unzip).*(?:collision|malformed file path)|module (?:source tree|zip file is|contents) too large|file too large",
        sample: "go: github.com/Tom5521/gotext-tools/cli/xgotext@v2.1.0: github.com/Tom5521/gotext-tools@v2.1.0: invalid version: module contains a go.mod file, so module path must match major version (\"github.com/Tom5521/gotext-tools/v2\")",
        seen: "go 1.22",
        by: By::Client,
        ..MOD
    },
    Rule {
        id: "module-path-mismatch",
        suspects: &[ModulePathMismatch],
        needle: "module declares its path as",
        also: &[
            "expects import \"",
            "but was required as",
            "unexpected module path",
            "used for two different module paths",
            "go.mod has module path",
        ],
        sample: "go: github.com/Crocmagnon/fatcontext@v0.8.0: parsing go.mod:\n        module declares its path as: go.augendre.info/fatcontext\n                but was required as: github.com/Crocmagnon/fatcontext",
        seen: "go 1.23",
        ..MOD
    },
    Rule {
        id: "package-not-in-module",
        suspects: &[PackageNotInModule],
        needle: "does not contain package",
        also: &[
            "but not at required version",
            "and is replaced but not required",
        ],
        pull: r"(?:module (?P<module>\S+?)@\S+ )?(?:found|provides)?[^,]*, but does not contain package|but not at required version|replaced but not required",
        sample: "go: github.com/google/capslock/cmd/capslock@latest: module github.com/google/capslock@latest found (v0.1.0), but does not contain package github.com/google/capslock/cmd/capslock",
        seen: "go 1.21",
        ..MOD
    },
    Rule {
        id: "ambiguous-import",
        suspects: &[AmbiguousImport],
        needle: "ambiguous import: found package",
        also: &[
            "ambiguous import:",
            "found in multiple modules",
            "found in modules",
        ],
        sample: "main.go:4:2: ambiguous import: found package cloud.google.com/go/compute/metadata in multiple modules:\n\tcloud.google.com/go v0.81.0 (/go/pkg/mod/cloud.google.com/go@v0.81.0/compute/metadata)\n\tcloud.google.com/go/compute/metadata v0.2.3 (/go/pkg/mod/cloud.google.com/go/compute/metadata@v0.2.3)",
        seen: "go 1.20",
        ..MOD
    },
    Rule {
        id: "inconsistent-vendoring",
        suspects: &[MissingGoSum],
        needle: "inconsistent vendoring",
        also: &[
            "is not a package listed in vendor/modules.txt",
            "reading modules.txt for vendor directory",
            "not marked as explicit in vendor/modules.txt",
            "but vendor/modules.txt indicates",
            "modules.txt: does not match",
            "is marked as explicit in vendor/modules.txt, but not explicitly required",
        ],
        sample: "go: inconsistent vendoring in /src/app:\n\tgithub.com/pkg/errors@v0.9.1: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt",
        seen: "go 1.22, go.mod changed after `go mod vendor`",
        ..MOD
    },
    Rule {
        id: "go-mod-incomplete",
        suspects: &[MissingGoSum],
        needle: "updates to go.mod needed",
        also: &[
            "should be required explicitly in go.mod",
            "from implicitly required module",
            "disabled by -mod=readonly",
            "updates to go.work needed",
            "updating go.mod: existing contents have changed",
            "and is replaced but not required; to add it",
            "go.mod file is out of date",
        ],
        sample: "go: updates to go.mod needed; to update it:\n\tgo mod tidy",
        seen: "go 1.16",
        ..MOD
    },
    Rule {
        id: "missing-go-sum",
        suspects: &[MissingGoSum],
        needle: "missing go.sum entry",
        also: &[
            "updates to go.sum needed",
            "malformed go.sum",
            "go.sum is out of date",
        ],
        sample: "ui.go:21:2: missing go.sum entry for module providing package golang.org/x/mod/module (imported by golang.org/x/tools/internal/imports); to add:\n        go get golang.org/x/tools/internal/imports@v0.1.2",
        seen: "go 1.16",
        ..MOD
    },
    Rule {
        id: "no-required-module",
        suspects: &[MissingGoSum, PackageNotInModule],
        needle: "no required module provides package ",
        pull: r"no required module provides package (?P<module>[\w.-]+\.[a-z]+[^\s;:,]*)(?:; to add it|, |; try|$)",
        sample: "main.go:3:8: no required module provides package git.corp.example/org/auth; to add it:\n\tgo get git.corp.example/org/auth",
        seen: "go 1.27.3",
        ..MOD
    },
    Rule {
        id: "standard-package-unknown",
        suspects: &[GoTooOld, ImportPathUnresolved],
        needle: "unrecognized import path",
        pull: r#"unrecognized import path "(?:go/(?:constant|importer|types|version)|context|net/http/httptrace|math/bits|embed|io/fs|slices|maps|cmp|iter|unique|log/slog|net/netip|testing/fstest|crypto/ecdh|hash/maphash|time/tzdata|runtime/metrics)"(?:[\s:(]|$)"#,
        sample: "package golang.org/x/tools/cmd/cover\n\timports go/constant: unrecognized import path \"go/constant\"",
        seen: "go 1.4, a package that came with Go 1.5",
        ..MOD
    },
    Rule {
        id: "malformed-module-path",
        suspects: &[ImportPathUnresolved],
        needle: "malformed module path",
        also: &[
            "malformed import path",
            "import path does not begin with hostname",
            "missing dot in first path element",
            "leading dot in path element",
            "invalid github.com/ import path",
            "invalid github.com import path",
            "invalid import path",
            "import path \"",
        ],
        pull: r"malformed (?:module|import) path|does not begin with hostname|missing dot|leading dot|invalid [\w-]+\.[\w.]+/? import path|unrecognized import path.*invalid import path",
        sample: "github.com/acme-corp/gen imports\n\tgenerated/model: malformed module path \"generated/model\": missing dot in first path element",
        seen: "go 1.13",
        ..MOD
    },
    Rule {
        id: "no-go-import",
        suspects: &[ImportPathUnresolved],
        needle: "no go-import meta tag",
        also: &[
            "disagree about go-import",
            "invalid repo root",
            "unknown vcs ",
            "did not match import path",
            "multiple meta tags match import path",
            ": invalid subdirectory ",
            "invalid meta tag",
            "no go-import",
        ],
        pull: r"(?P<url>https?://\S+go-get=1)\S*: no go-import|no go-import|meta tag|disagree about|: invalid (?:repo root|subdirectory)|: unknown vcs",
        sample: "package neugram.io/ng/eval: unrecognized import path \"neugram.io/ng/eval\" (parse https://neugram.io/ng/eval?go-get=1: no go-import meta tags ())",
        seen: "go 1.11",
        role: Role::ImportMeta,
        ..MOD
    },
    Rule {
        id: "import-url-broken",
        suspects: &[ImportPathUnresolved, GitConfigBroken],
        needle: "parse ",
        also: &["parsing "],
        pull: r#"\bpars(?:e|ing) "?(?P<url>https?://[^\s"]*go-get=1)"?: (?:invalid|first path|net/url|missing protocol)|unrecognized import path.*\bparse "[^"]*": (?:first path segment|invalid port|invalid character|net/url|missing protocol)"#,
        role: Role::ImportMeta,
        sample: "go: github.com:acme/lib@v1.0.0: unrecognized import path \"github.com:acme/lib\": parse \"https://github.com:acme/lib?go-get=1\": invalid port \":acme\" after host",
        seen: "go 1.16, an ssh address in an import path's place",
        ..MOD
    },
    Rule {
        id: "go-fetch-unknown",
        suspects: &[InvalidVersion, UnknownRevision, PackageNotInModule],
        needle: "@",
        pull: r"(?:^|go: |:\d+:\d+: |^\s+\S+: |^\s+|^go (?:get|install|list|mod \w+)(?: \S+)?: |^go (?:get|install|list -m|mod download) |verifying (?:module: )?)(?P<module>[\w.-]+\.[a-z]+(?::\d+)?(?:/[\w.~+!-]+)*)@(?P<version>v\d[\w.+-]*|latest|upgrade|patch|master|main|[0-9a-f]{7,40})(?:/go\.mod)?: \S|(?:^|\W)go: [\w.-]+\.[a-z]+(?:/[\w.~+!-]+)+@[\w./+-]+: \S",
        weight: GUESS,
        sample: "go: github.com/acme/lib@v1.2.3: the moon is in the wrong phase",
        seen: "words of a go that nobody has written down yet",
        ..MOD
    },
    Rule {
        id: "go-module-unknown",
        suspects: &[InvalidVersion, UnknownRevision, PackageNotInModule],
        needle: "go: ",
        also: &[
            "go get ",
            "go install ",
            "cannot find module providing package ",
        ],
        pull: r"(?:(?:^|\W)go: (?:module )?|^go (?:get|install) |cannot find module providing package )(?P<module>[\w.-]+\.[a-z]+(?:/[\w.~+!-]+)+): \S",
        weight: GUESS,
        sample: "go: module github.com/acme/lib: verifying the moon: out of phase",
        seen: "words of a go that nobody has written down yet",
        ..MOD
    },
    Rule {
        id: "discovery-not-found",
        suspects: &[ImportPathUnresolved],
        needle: "go-get=1: 4",
        pull: r"(?P<url>https?://\S+go-get=1): (?:404|410)",
        sample: "go: git.corp.example/org/g404@v1.0.0: unrecognized import path \"git.corp.example/org/g404\": reading https://git.corp.example/org/g404?go-get=1: 404 Not Found",
        seen: "go 1.27.3",
        role: Role::ImportMeta,
        ..MOD
    },
    Rule {
        id: "unrecognized-import-path",
        suspects: &[ImportPathUnresolved],
        needle: "unrecognized import path",
        also: &["unable to resolve import path"],
        pull: r#"unrecognized import path "[^"]*" \(pars(?:e|ing) (?:https?://)?(?P<host>[\w.-]+\.[a-z]{2,})[/?:]|unrecognized import path|unable to resolve"#,
        weight: WEAK,
        sample: "package vbom.ml/util/sortorder: unrecognized import path \"vbom.ml/util/sortorder\"",
        seen: "go 1.6",
        ..MOD
    },
    Rule {
        id: "no-module-provides",
        suspects: &[PackageNotInModule, RepoNotFound, MissingGoSum],
        needle: "cannot find module providing package ",
        also: &["cannot find module for path "],
        pull: r"cannot find module (?:providing package|for path) (?P<module>[\w.-]+\.[a-z]+/[^\s:;]*)\s*(?:$|;)",
        weight: WEAK,
        sample: "build example.com/cmd: cannot load github.com/acme/gone/pkg: cannot find module providing package github.com/acme/gone/pkg",
        seen: "go 1.13",
        ..MOD
    },
    Rule {
        id: "vendor-missing",
        suspects: &[GoproxyDisabled, MissingGoSum],
        needle: "is not in vendor",
        weight: WEAK,
        sample: "main.go:3:8: package github.com/pkg/errors is not in vendor",
        seen: "go 1.13, -mod=vendor",
        ..MOD
    },
];
