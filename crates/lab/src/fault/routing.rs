//! Who is asked for what: module proxies, the checksum database, settings.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{BASE, HERE, PROVEN, from_company, public, public_with, served};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::module::Module;
use crate::places::{GOPROXY_CORP, PROXY_GOLANG, SUM_GOLANG};
use crate::serve::http::{Reply, site};
use crate::serve::modproxy::{self, Proxy};
use crate::town::{LIB, WIDGET};
use crate::verdict::Reason;
use crate::{Fault, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "private-via-proxy",
        means: text!(
            "a private module is asked of the public proxy, whose git gets no credentials (404)"
        ),
        cause: Cause::PrivateViaProxy,
        reason: Reason::PrivateToProxy,
        prints: &[
            "reading https://proxy.golang.org/git.corp.example/team/lib/@v/v1.2.3.",
            ": 404 Not Found",
            "server response:",
            "could not read Username for 'https://git.corp.example'",
        ],
        setup: |scene| private_at(scene, 404),
        ..PRIVATE
    },
    Fault {
        id: "private-via-proxy-410",
        means: text!("the same, and the proxy says 410 Gone"),
        cause: Cause::PrivateViaProxy,
        reason: Reason::PrivateToProxy,
        prints: &[
            "reading https://proxy.golang.org/git.corp.example/team/lib/@v/v1.2.3.",
            ": 410 Gone",
            "server response:",
        ],
        setup: |scene| private_at(scene, 410),
        ..PRIVATE
    },
    Fault {
        id: "private-via-sumdb",
        means: text!("a private module is looked up in the public checksum database"),
        cause: Cause::PrivateViaSumdb,
        reason: Reason::PrivateToSumdb,
        host: Some(SUM_GOLANG.name),
        role: Role::Sumdb,
        prints: &[
            "verifying ",
            "reading https://sum.golang.org/lookup/git.corp.example/team/lib@v1.2.3: 404 Not Found",
        ],
        setup: |scene| {
            scene.go_env("GONOPROXY", "*.corp.example")?;
            scene.app(&[&LIB])
        },
        ..PRIVATE
    },
    Fault {
        id: "sumdb-down",
        means: text!("the checksum database fails (500)"),
        cause: Cause::GoproxyStatus,
        reason: Reason::ServerTrouble,
        host: Some(SUM_GOLANG.name),
        role: Role::Sumdb,
        prints: &[
            "reading https://sum.golang.org/lookup/github.com/acme/widget@v1.0.0: 500 Internal Server Error",
        ],
        setup: |scene| {
            scene.host(SUM_GOLANG).site = site(|_| Reply::text(500, "internal error\n"));
            public(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-401",
        means: text!("the module proxy wants credentials (401)"),
        cause: Cause::GoproxyStatus,
        reason: Reason::ProxyLogin,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 401 Unauthorized",
        ],
        setup: |scene| served(scene, Proxy::Status(401, "sign in first\n")),
        ..ROUTING
    },
    Fault {
        id: "netrc-with-port",
        means: text!(
            "the module proxy is on a port of its own, and netrc names its host without that port"
        ),
        cause: Cause::GoproxyStatus,
        reason: Reason::ProxyLogin,
        host: Some(GOPROXY_CORP.name),
        prints: &[
            "reading https://goproxy.corp.example:8443/github.com/acme/widget/@v/v1.0.0.",
            ": 401 Unauthorized",
        ],
        setup: |scene| {
            let good = modproxy::proxy(Proxy::Good, vec![WIDGET]);
            let guarded = site(move |request| {
                if request.header("authorization").is_some() {
                    good(request)
                } else {
                    Reply::text(401, "sign in first\n")
                }
            });
            scene.serve_at(GOPROXY_CORP, 8443, guarded);
            scene.go_env("GOPROXY", "https://goproxy.corp.example:8443")?;
            let entry = "machine goproxy.corp.example login dev password correct-horse\n";
            scene.world.write_secret("home/.netrc", entry)?;
            public(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-403",
        means: text!("the module proxy refuses this module by policy (403)"),
        cause: Cause::GoproxyStatus,
        reason: Reason::ProxyPolicy,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 403 Forbidden",
        ],
        setup: |scene| served(scene, Proxy::Status(403, "blocked by policy\n")),
        ..ROUTING
    },
    Fault {
        id: "goproxy-curation",
        means: text!(
            "the company's module proxy blocks the module: its curation service says why (403)"
        ),
        cause: Cause::GoproxyStatus,
        reason: Reason::ProxyPolicy,
        host: Some(GOPROXY_CORP.name),
        prints: &[
            "reading https://goproxy.corp.example/github.com/acme/widget/@v/v1.0.0.",
            ": 403 Forbidden",
            "JFrog Packages Curation",
        ],
        setup: |scene| {
            const BLOCKED: &str = "Package github.com/acme/widget:v1.0.0 download was blocked by JFrog Packages Curation \
                                   service due to the following policies violated {Immature package}\n";
            scene.serve(GOPROXY_CORP, site(|_| Reply::text(403, BLOCKED)));
            from_company(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-403-silent",
        means: text!(
            "the company's module proxy refuses this module without a word, and serves others (403)"
        ),
        cause: Cause::GoproxyStatus,
        reason: Reason::ProxyPolicy,
        host: Some(GOPROXY_CORP.name),
        prints: &[
            "reading https://goproxy.corp.example/github.com/acme/widget/@v/v1.0.0.",
            ": 403 Forbidden",
        ],
        setup: |scene| {
            let refusing = site(|request| match request.path.as_str() {
                "/golang.org/x/text/@v/list" => Reply::text(200, "v0.3.0\n"),
                _ => Reply::html(403, "<html>403</html>\n"),
            });
            scene.serve(GOPROXY_CORP, refusing);
            from_company(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-403-country",
        means: text!("the module proxy serves nobody from this address or country (403)"),
        cause: Cause::GoproxyStatus,
        reason: Reason::AddressRefused,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 403 Forbidden",
        ],
        setup: |scene| {
            served(
                scene,
                Proxy::Status(403, "This service is not available in your country.\n"),
            )
        },
        ..ROUTING
    },
    Fault {
        id: "egress-403",
        means: text!(
            "an egress proxy answers in the module proxy's place: it lets nobody through to it (403)"
        ),
        cause: Cause::GoproxyStatus,
        reason: Reason::Gatekeeper,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 403 Forbidden",
            "Host not in allowlist",
        ],
        setup: |scene| {
            served(
                scene,
                Proxy::Status(403, "Host not in allowlist: proxy.golang.org\n"),
            )
        },
        ..ROUTING
    },
    Fault {
        id: "fresh-tag",
        means: text!("a new tag is at the forge, and the module proxy does not know it yet (404)"),
        cause: Cause::UnknownRevision,
        reason: Reason::FreshTag,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.1.0.",
            ": 404 Not Found",
            "unknown revision v1.1.0",
        ],
        setup: |scene| {
            scene.go_env("GOPROXY", "https://proxy.golang.org")?;
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Stale, vec![WIDGET]);
            tagged(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "fresh-tag-sumdb",
        means: text!(
            "a new tag is at the forge, and the checksum database does not know it yet (404)"
        ),
        cause: Cause::PrivateViaSumdb,
        reason: Reason::FreshTag,
        host: Some(SUM_GOLANG.name),
        role: Role::Sumdb,
        prints: &[
            "reading https://sum.golang.org/lookup/github.com/acme/widget@v1.1.0: 404 Not Found",
        ],
        setup: |scene| tagged(scene),
        ..ROUTING
    },
    Fault {
        id: "goproxy-502",
        means: text!("the module proxy's backend is down (502)"),
        cause: Cause::GoproxyStatus,
        reason: Reason::ServerTrouble,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 502 Bad Gateway",
        ],
        setup: |scene| served(scene, Proxy::Status(502, "bad gateway\n")),
        ..ROUTING
    },
    Fault {
        id: "goproxy-transient",
        means: text!("the module proxy failed once, and is well again when one looks"),
        cause: Cause::GoproxyStatus,
        reason: Reason::Transient,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 503 Service Unavailable",
        ],
        setup: |scene| {
            let good = modproxy::proxy(Proxy::Good, vec![WIDGET]);
            let failed = AtomicBool::new(false);
            scene.host(PROXY_GOLANG).site = site(move |request| {
                // The checksum database is asked for through the proxy, too.
                if request.path.contains("/@v/") && !failed.swap(true, Ordering::Relaxed) {
                    return Reply::text(503, "try again\n");
                }
                good(request)
            });
            public(scene)
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-html",
        means: text!("a sign-in page answers in the module proxy's place (200, HTML)"),
        cause: Cause::GoproxyBadResponse,
        reason: Reason::NotAModuleProxy,
        command: &["go", "get", "github.com/acme/widget@v1.0.0"],
        prints: &[
            "invalid response from proxy \"https://proxy.golang.org\"",
            "invalid character '<' looking for beginning of value",
        ],
        setup: |scene| {
            served(scene, Proxy::Portal)?;
            scene.app(&[])
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-bad-json",
        means: text!("the module proxy's answer is no JSON"),
        cause: Cause::GoproxyBadResponse,
        reason: Reason::MalformedAnswer,
        command: &["go", "get", "github.com/acme/widget@v1.0.0"],
        prints: &[
            "invalid response from proxy \"https://proxy.golang.org\"",
            "invalid character 'V' looking for beginning of value",
        ],
        setup: |scene| {
            served(scene, Proxy::BadJson)?;
            scene.app(&[])
        },
        ..ROUTING
    },
    Fault {
        id: "goproxy-off",
        means: text!("GOPROXY=off forbids every download"),
        cause: Cause::GoproxyDisabled,
        reason: Reason::ProxyOff,
        prints: &["module lookup disabled by GOPROXY=off"],
        setup: |scene| public_with(scene, "GOPROXY", "off"),
        ..SETTING
    },
    Fault {
        id: "goproxy-invalid",
        means: text!("GOPROXY is a bare word"),
        cause: Cause::GoproxyInvalid,
        reason: Reason::MalformedSetting,
        prints: &["invalid proxy URL missing scheme: goproxy"],
        setup: |scene| public_with(scene, "GOPROXY", "goproxy"),
        ..SETTING
    },
    Fault {
        id: "goproxy-typo",
        means: text!("a word of GOPROXY has a letter too many"),
        cause: Cause::GoproxyInvalid,
        reason: Reason::MalformedSetting,
        prints: &["invalid proxy URL missing scheme: directt"],
        setup: |scene| public_with(scene, "GOPROXY", "https://proxy.golang.org,directt"),
        ..SETTING
    },
];

const ROUTING: Fault = Fault {
    host: Some(PROXY_GOLANG.name),
    role: Role::Goproxy,
    module: Some(WIDGET.path),
    matrix: PROVEN,
    ..BASE
};

const PRIVATE: Fault = Fault {
    module: Some(LIB.path),
    ..ROUTING
};

/// A setting of this machine; nobody is asked.
const SETTING: Fault = Fault {
    module: Some(WIDGET.path),
    ..HERE
};

/// The forge has one tag more than everybody else, and the user's module needs that.
fn tagged(scene: &Scene) -> Result<()> {
    let new = Module {
        version: "v1.1.0",
        ..WIDGET
    };
    scene.repository_of_widget(&[WIDGET, new])?;
    scene.app(&[&new])
}

/// A private module and a GOPROXY without `direct`, which would hide the status.
fn private_at(scene: &mut Scene, status: u16) -> Result<()> {
    scene.go_env("GOPROXY", "https://proxy.golang.org")?;
    scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::GitFailed(status), vec![]);
    scene.app(&[&LIB])
}
