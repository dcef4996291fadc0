//! Who is asked for what: module proxies, the checksum database, settings.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{BASE, LOCAL, NEEDS, PROVEN, public};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lab::places::{PROXY_GOLANG, SUM_GOLANG};
use crate::lab::serve::http::{Reply, site};
use crate::lab::serve::modproxy::{self, Proxy};
use crate::lab::town::{LIB, WIDGET};
use crate::lab::{Fault, Needs, Result, Scene};
use crate::lang::text;
use crate::verdict::Reason;

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
        setup: |scene| proxy(scene, Proxy::Status(401, "sign in first\n")),
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
        setup: |scene| proxy(scene, Proxy::Status(403, "blocked by policy\n")),
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
        setup: |scene| proxy(scene, Proxy::Status(502, "bad gateway\n")),
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
            proxy(scene, Proxy::Portal)?;
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
            proxy(scene, Proxy::BadJson)?;
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
        setup: |scene| {
            scene.go_env("GOPROXY", "off")?;
            public(scene)
        },
        ..SETTING
    },
    Fault {
        id: "goproxy-invalid",
        means: text!("GOPROXY is a bare word"),
        cause: Cause::GoproxyInvalid,
        reason: Reason::MalformedSetting,
        prints: &["invalid proxy URL missing scheme: goproxy"],
        setup: |scene| {
            scene.go_env("GOPROXY", "goproxy")?;
            public(scene)
        },
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
    matrix: LOCAL,
    needs: Needs {
        network: false,
        ..NEEDS
    },
    ..BASE
};

fn proxy(scene: &mut Scene, kind: Proxy) -> Result<()> {
    scene.host(PROXY_GOLANG).site = modproxy::proxy(kind, vec![WIDGET]);
    public(scene)
}

/// A private module and a GOPROXY without `direct`, which would hide the status.
fn private_at(scene: &mut Scene, status: u16) -> Result<()> {
    scene.go_env("GOPROXY", "https://proxy.golang.org")?;
    scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::GitFailed(status), vec![]);
    scene.app(&[&LIB])
}
