//! Versions, paths, checksums, toolchains.

use super::tls::plain;
use super::{BASE, HERE, LOCAL, NEEDS, POLICY, PROVEN, private, public, served};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::module::Module;
use crate::places::{GIT_CORP, GO_CORP, GOPROXY_CORP, PROXY_GOLANG, SUM_GOLANG};
use crate::serve::git::Access;
use crate::serve::http::{Reply, site};
use crate::serve::modproxy::{self, Proxy};
use crate::town::{self, LIB, TOOLS, WIDGET};
use crate::verdict::Reason;
use crate::{Fault, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "unknown-revision",
        means: text!("the private repository has no such tag"),
        cause: Cause::UnknownRevision,
        reason: Reason::NoSuchVersion,
        module: Some(LIB.path),
        matrix: PROVEN,
        prints: &[
            "git.corp.example/team/lib@v1.9.9: ",
            "unknown revision v1.9.9",
        ],
        setup: |scene| {
            private(scene)?;
            scene.app(&[&Module {
                version: "v1.9.9",
                ..LIB
            }])
        },
        ..BASE
    },
    Fault {
        id: "vanity-404",
        means: text!("the vanity host has no page for the path"),
        cause: Cause::ImportPathUnresolved,
        reason: Reason::NoVanityPage,
        prints: &["reading https://go.corp.example/tools?go-get=1: 404 Not Found"],
        setup: |scene| vanity(scene, || Reply::html(404, "<html>not found</html>\n")),
        ..VANITY
    },
    Fault {
        id: "vanity-sign-in",
        means: text!("the vanity host answers with a sign-in page"),
        cause: Cause::ImportPathUnresolved,
        reason: Reason::SignInPage,
        prints: &["parse https://go.corp.example/tools?go-get=1: no go-import meta tags"],
        setup: |scene| vanity(scene, modproxy::portal),
        ..VANITY
    },
    Fault {
        id: "module-path-mismatch",
        means: text!("the module declares another path than it is required by"),
        cause: Cause::ModulePathMismatch,
        reason: Reason::OtherPath,
        prints: &[
            "module declares its path as: github.com/acme/gadget",
            "but was required as: github.com/acme/widget",
        ],
        setup: |scene| {
            const FORK: Module = Module {
                files: &[
                    ("go.mod", "module github.com/acme/gadget\n\ngo 1.21\n"),
                    ("gadget.go", "package gadget\n"),
                ],
                ..WIDGET
            };
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![FORK]);
            scene.go_env("GONOSUMDB", "github.com/acme")?;
            scene.app(&[])
        },
        command: &["go", "get", "github.com/acme/widget@v1.0.0"],
        ..PUBLIC
    },
    Fault {
        id: "package-missing",
        means: text!("the module has no such package"),
        cause: Cause::PackageNotInModule,
        reason: Reason::NoSuchPackage,
        command: &["go", "get", "github.com/acme/widget/gone@v1.0.0"],
        prints: &[
            "module github.com/acme/widget@v1.0.0 found, but does not contain package github.com/acme/widget/gone",
        ],
        setup: |scene| scene.app(&[]),
        ..PUBLIC
    },
    Fault {
        id: "ambiguous-import",
        means: text!("two modules provide the same package"),
        cause: Cause::AmbiguousImport,
        reason: Reason::TwoModules,
        module: Some("github.com/acme/widget"),
        command: &["go", "mod", "tidy"],
        prints: &["ambiguous import: found package github.com/acme/widget/sub in multiple modules"],
        setup: |scene| {
            const WHOLE: Module = Module {
                files: &[
                    ("go.mod", "module github.com/acme/widget\n\ngo 1.21\n"),
                    ("sub/sub.go", "package sub\n"),
                ],
                ..WIDGET
            };
            const PART: Module = Module {
                path: "github.com/acme/widget/sub",
                files: &[
                    ("go.mod", "module github.com/acme/widget/sub\n\ngo 1.21\n"),
                    ("sub.go", "package sub\n"),
                ],
                ..WIDGET
            };
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![WHOLE, PART]);
            scene.go_env("GONOSUMDB", "github.com/acme")?;
            scene.app(&[&PART, &WHOLE])?;
            let main =
                "package main\n\nimport _ \"github.com/acme/widget/sub\"\n\nfunc main() {}\n";
            scene.world.write("home/app/main.go", main)
        },
        ..PUBLIC
    },
    Fault {
        id: "checksum-mismatch",
        means: text!("the proxy's zip differs from the one that the checksum database saw"),
        cause: Cause::ChecksumMismatch,
        reason: Reason::ProxyDiffers,
        prints: DIFFERS,
        setup: |scene| {
            scene.env("GOMEND_PATIENCE", PATIENCE);
            served(scene, Proxy::WrongZip)
        },
        ..PUBLIC
    },
    Fault {
        id: "retag",
        means: text!("the tag was moved at the forge, and go fetches from there"),
        cause: Cause::ChecksumMismatch,
        reason: Reason::TagMoved,
        prints: DIFFERS,
        setup: |scene| {
            scene.go_env("GOPROXY", "direct")?;
            retagged(scene)
        },
        ..PUBLIC
    },
    Fault {
        id: "retag-at-proxy",
        means: text!("the tag was moved at the forge, and the module proxy fetched it after that"),
        cause: Cause::ChecksumMismatch,
        reason: Reason::TagMoved,
        prints: DIFFERS,
        setup: |scene| {
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![MOVED]);
            retagged(scene)
        },
        ..PUBLIC
    },
    Fault {
        id: "go-sum-differs",
        means: text!("go.sum has another checksum than proxy, database and repository"),
        cause: Cause::ChecksumMismatch,
        reason: Reason::GoSumDiffers,
        prints: DIFFERS,
        setup: |scene| {
            scene.env("GOMEND_PATIENCE", PATIENCE);
            public(scene)?;
            let go_sum = WIDGET.go_sum().replace(&WIDGET.sum(), &MOVED.sum());
            scene.world.write("home/app/go.sum", go_sum)
        },
        ..PUBLIC
    },
    Fault {
        id: "cache-differs",
        means: text!("the module cache has other content than all others"),
        cause: Cause::ChecksumMismatch,
        reason: Reason::CacheDiffers,
        prints: DIFFERS,
        setup: |scene| {
            scene.env("GOMEND_PATIENCE", PATIENCE);
            public(scene)?;
            let (world, at) = (
                &scene.world,
                "home/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0",
            );
            world.write("home/app/go.sum", WIDGET.go_sum())?;
            world.write(&format!("{at}.mod"), WIDGET.go_mod())?;
            world.write(&format!("{at}.zip"), MOVED.zip())?;
            world.write(&format!("{at}.ziphash"), MOVED.sum())
        },
        ..PUBLIC
    },
    Fault {
        id: "missing-go-sum",
        module: Some(WIDGET.path),
        means: text!("go.sum lacks the module"),
        cause: Cause::MissingGoSum,
        reason: Reason::SumIncomplete,
        command: &["go", "build", "./..."],
        prints: &["missing go.sum entry"],
        setup: |scene| public(scene),
        ..HERE
    },
    Fault {
        id: "invalid-version",
        module: Some(WIDGET.path),
        means: text!("go.mod asks for a version that the path's major version forbids"),
        cause: Cause::InvalidVersion,
        reason: Reason::MajorVersion,
        prints: &["should be v0 or v1, not v2"],
        setup: |scene| {
            scene.app(&[&Module {
                version: "v2.0.0",
                ..WIDGET
            }])
        },
        ..HERE
    },
    Fault {
        id: "vcs-disallowed",
        means: text!("GOVCS forbids git for this host"),
        cause: Cause::VcsDisallowed,
        reason: Reason::Govcs,
        module: Some(LIB.path),
        needs: NEEDS,
        prints: &["GOVCS disallows using git for private git.corp.example/team/lib"],
        setup: |scene| {
            scene.go_env("GOVCS", "private:off,public:git")?;
            private(scene)
        },
        ..HERE
    },
    Fault {
        id: "insecure-protocol",
        means: text!("the git server offers plain HTTP only"),
        cause: Cause::InsecureProtocol,
        reason: Reason::NoSecureProtocol,
        setup: |scene| {
            let forge = town::forge(scene, GIT_CORP, Access::Open);
            plain(scene, GIT_CORP.address, forge)?;
            ping(scene)
        },
        ..PING
    },
    Fault {
        id: "ping-refused",
        means: text!("nothing listens on the git server's secure ports; go hides that"),
        cause: Cause::TcpRefused,
        reason: Reason::NothingListens,
        setup: |scene| ping(scene),
        ..PING
    },
    Fault {
        id: "toolchain-unavailable",
        means: text!("go.mod asks for a Go that nobody offers"),
        prints: &["download go1.99.0 for linux/", ": toolchain not available"],
        setup: |scene| scene.world.write("home/app/go.mod", NEWER),
        ..NO_TOOLCHAIN
    },
    Fault {
        id: "toolchain-version",
        means: text!("`go version` itself wants a Go that nobody offers, because of go.mod"),
        command: &["go", "version"],
        prints: &["download go1.99.0 for linux/", ": toolchain not available"],
        setup: |scene| scene.world.write("home/app/go.mod", NEWER),
        ..NO_TOOLCHAIN
    },
    Fault {
        id: "toolchain-language",
        means: text!("GOTOOLCHAIN names a language version, which is no release"),
        command: &["go", "version"],
        prints: &["go: invalid toolchain: go1.99 is a language version"],
        setup: |scene| {
            scene.env("GOTOOLCHAIN", "go1.99");
            public(scene)
        },
        ..NO_TOOLCHAIN
    },
    Fault {
        id: "toolchain-not-at-proxy",
        means: text!("the company's module proxy has no toolchains, and `go version` wants one"),
        command: &["go", "version"],
        prints: &["download go1.99.0 for linux/", ": toolchain not available"],
        setup: |scene| {
            scene.serve(GOPROXY_CORP, modproxy::proxy(Proxy::Good, vec![WIDGET]));
            scene.go_env("GOPROXY", "https://goproxy.corp.example")?;
            scene.world.write("home/app/go.mod", NEWER)
        },
        ..NO_TOOLCHAIN
    },
    Fault {
        id: "toolchain-sumdb-off",
        means: text!(
            "GOSUMDB=off, and `go version` wants a toolchain, which go never runs unverified"
        ),
        cause: Cause::ToolchainUnavailable,
        reason: Reason::ToolchainUnverified,
        role: Role::Toolchain,
        module: Some(TOOLCHAIN.path),
        matrix: LOCAL,
        command: &["go", "version"],
        prints: &[
            "golang.org/toolchain@v0.0.1-go1.99.0.linux-",
            "disabled by GOSUMDB=off",
        ],
        setup: |scene| {
            scene.go_env("GOSUMDB", "off")?;
            toolchain(scene)
        },
        ..BASE
    },
    Fault {
        id: "toolchain-not-in-sumdb",
        means: text!(
            "the module proxy serves a toolchain that the checksum database never heard of"
        ),
        cause: Cause::ToolchainUnavailable,
        reason: Reason::ToolchainUnverified,
        role: Role::Toolchain,
        module: Some(TOOLCHAIN.path),
        host: Some(SUM_GOLANG.name),
        matrix: PROVEN,
        command: &["go", "version"],
        prints: &[
            "/lookup/golang.org/toolchain@v0.0.1-go1.99.0.linux-",
            ": 404 Not Found",
        ],
        setup: |scene| toolchain(scene),
        ..BASE
    },
    Fault {
        id: "go-too-old",
        means: text!("go.mod asks for a newer Go, and GOTOOLCHAIN=local forbids fetching it"),
        cause: Cause::GoTooOld,
        reason: Reason::ToolchainLocal,
        prints: &["go.mod requires go >= 1.99.0", "GOTOOLCHAIN=local"],
        setup: |scene| {
            scene.go_env("GOTOOLCHAIN", "local")?;
            let go_mod = "module example.com/app\n\ngo 1.99.0\n";
            scene.world.write("home/app/go.mod", go_mod)
        },
        ..HERE
    },
];

const DIFFERS: &[&str] = &[
    "github.com/acme/widget@v1.0.0: ",
    ": checksum mismatch",
    "SECURITY ERROR",
];

/// Who has which content is asked of real go and git, on a machine that may be busy; seconds.
const PATIENCE: &str = "30";

/// The public module as its author made it again under the old tag.
const MOVED: Module = Module {
    files: &[
        ("go.mod", "module github.com/acme/widget\n\ngo 1.21\n"),
        (
            "widget.go",
            "// Package widget is public, and was made anew.\npackage widget\n",
        ),
    ],
    ..WIDGET
};

/// The forge's tag leads elsewhere than it did.
fn retagged(scene: &mut Scene) -> Result<()> {
    scene.env("GOMEND_PATIENCE", PATIENCE);
    scene.repository_of_widget(&[MOVED])?;
    public(scene)
}

/// A Go is wanted that nobody has. go names nobody who was asked: it says the same where GOPROXY is off.
const NO_TOOLCHAIN: Fault = Fault {
    cause: Cause::ToolchainUnavailable,
    reason: Reason::NoToolchain,
    role: Role::Toolchain,
    matrix: LOCAL,
    ..BASE
};

/// A go.mod that wants a Go newer than any.
const NEWER: &str = "module example.com/app\n\ngo 1.99.0\n";

/// That Go, as a module proxy may serve it.
const TOOLCHAIN: Module = Module {
    path: "golang.org/toolchain",
    version: if cfg!(target_arch = "aarch64") {
        "v0.0.1-go1.99.0.linux-arm64"
    } else {
        "v0.0.1-go1.99.0.linux-amd64"
    },
    files: &[("VERSION", "go1.99.0\n"), ("bin/go", "#!/bin/sh\n")],
};

fn toolchain(scene: &mut Scene) -> Result<()> {
    scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![TOOLCHAIN]);
    scene.world.write("home/app/go.mod", NEWER)
}

/// The module's content: it was fetched, and go names no host.
const PUBLIC: Fault = Fault {
    module: Some(WIDGET.path),
    matrix: PROVEN,
    ..BASE
};

const VANITY: Fault = Fault {
    host: Some(GO_CORP.name),
    role: Role::ImportMeta,
    module: Some(TOOLS.path),
    matrix: PROVEN,
    ..BASE
};

/// The scheme that go tries before git is used (paths with `.git`): it hides why
/// none works.
const PING: Fault = Fault {
    host: Some(GIT_CORP.name),
    role: Role::VcsHttps,
    module: Some("git.corp.example/team/lib.git"),
    matrix: POLICY,
    prints: &["no secure protocol found for repository"],
    ..BASE
};

/// HTTPS and ssh are closed at the company's git server.
fn ping(scene: &mut Scene) -> Result<()> {
    scene.close(GIT_CORP);
    scene.go_env("GOPRIVATE", "*.corp.example")?;
    scene.app(&[&Module {
        path: "git.corp.example/team/lib.git",
        ..LIB
    }])
}

fn vanity(scene: &mut Scene, reply: fn() -> Reply) -> Result<()> {
    scene.host(GO_CORP).site = site(move |_| reply());
    scene.go_env("GOPRIVATE", "*.corp.example")?;
    scene.app(&[&TOOLS])
}
