//! Downloads that break off, limits, servers in trouble.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{BASE, PROVEN, private, public, served, shaken};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{GIT_CORP, GO_CORP, PROXY_GOLANG};
use crate::serve::git::Access;
use crate::serve::http::{Reply, site};
use crate::serve::http2::Manner;
use crate::serve::modproxy::{self, Proxy};
use crate::serve::tls::Handshake;
use crate::town::{self, LIB, TOOLS, WIDGET};
use crate::verdict::Reason;
use crate::{Fault, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "git-cut",
        means: text!("git's download breaks off midway"),
        cause: Cause::TransferInterrupted,
        reason: Reason::Cut,
        prints: &["git fetch ", "RPC failed; curl "],
        setup: |scene| {
            scene.host(GIT_CORP).site = town::cut_forge(scene, GIT_CORP, 60);
            private(scene)
        },
        ..TRANSFER
    },
    Fault {
        id: "zip-cut",
        means: text!("the module's zip breaks off midway"),
        cause: Cause::TransferInterrupted,
        reason: Reason::Cut,
        prints: &["unexpected EOF"],
        setup: |scene| served(scene, Proxy::CutZip),
        ..PROXY
    },
    Fault {
        id: "flaky-proxy",
        means: text!(
            "the module proxy cuts the first download of each zip; `GOMEND_RETRY=2` is set"
        ),
        cause: Cause::TransferInterrupted,
        reason: Reason::Cut,
        prints: &["unexpected EOF"],
        recovers: true,
        setup: |scene| {
            scene.env("GOMEND_RETRY", "2");
            let (good, cut) = (Proxy::Good, Proxy::CutZip);
            let [good, cut] = [good, cut].map(|kind| modproxy::proxy(kind, vec![WIDGET]));
            let failed = AtomicBool::new(false);
            scene.host(PROXY_GOLANG).site = site(move |request| {
                let is_first =
                    request.path.ends_with("/v1.0.0.zip") && !failed.swap(true, Ordering::Relaxed);
                if is_first {
                    cut(request)
                } else {
                    good(request)
                }
            });
            public(scene)
        },
        ..PROXY
    },
    Fault {
        id: "http2-reset",
        means: text!("something on the way resets every HTTP/2 stream, and lets HTTP/1.1 pass"),
        cause: Cause::TransferInterrupted,
        reason: Reason::Http2Cut,
        prints: &["stream error: stream ID 1; INTERNAL_ERROR; received from peer"],
        setup: |scene| shaken(scene, Handshake::Http2(Manner::Reset)),
        ..PROXY
    },
    Fault {
        id: "http2-goaway",
        means: text!(
            "something on the way ends every HTTP/2 connection (GOAWAY), and lets HTTP/1.1 pass"
        ),
        cause: Cause::TransferInterrupted,
        reason: Reason::Http2Cut,
        prints: &[
            "http2: server sent GOAWAY and closed the connection",
            "ErrCode=ENHANCE_YOUR_CALM",
        ],
        setup: |scene| shaken(scene, Handshake::Http2(Manner::GoAway)),
        ..PROXY
    },
    Fault {
        id: "http2-stalled",
        means: text!(
            "something on the way loses what HTTP/2 says of its windows: answers begin and stall; HTTP/1.1 passes"
        ),
        cause: Cause::TransferInterrupted,
        reason: Reason::Http2Cut,
        prints: &["stream error: stream ID 1; CANCEL; received from peer"],
        setup: |scene| shaken(scene, Handshake::Http2(Manner::Stalled(GIVEN_UP))),
        ..PROXY
    },
    Fault {
        id: "git-429",
        means: text!("the git server limits how often it may be asked (429)"),
        cause: Cause::RateLimited,
        reason: Reason::Limited,
        prints: &["The requested URL returned error: 429"],
        setup: |scene| git(scene, Access::Status(429, "slow down\n")),
        ..TRANSFER
    },
    Fault {
        id: "goproxy-429",
        means: text!("the module proxy limits how often it may be asked (429)"),
        cause: Cause::RateLimited,
        reason: Reason::Limited,
        prints: &[
            "reading https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.",
            ": 429 Too Many Requests",
        ],
        setup: |scene| served(scene, Proxy::Status(429, "slow down\n")),
        ..PROXY
    },
    Fault {
        id: "git-503",
        means: text!("the git server is in trouble (503)"),
        cause: Cause::HttpStatus,
        reason: Reason::ServerTrouble,
        prints: &["The requested URL returned error: 503"],
        setup: |scene| git(scene, Access::Status(503, "maintenance\n")),
        ..TRANSFER
    },
    Fault {
        id: "vanity-500",
        means: text!("the vanity host is in trouble (500)"),
        cause: Cause::HttpStatus,
        reason: Reason::ServerTrouble,
        host: Some(GO_CORP.name),
        role: Role::ImportMeta,
        module: Some(TOOLS.path),
        prints: &["reading https://go.corp.example/tools?go-get=1: 500 Internal Server Error"],
        setup: |scene| {
            scene.host(GO_CORP).site = site(|_| Reply::text(500, "internal error\n"));
            scene.go_env("GOPRIVATE", "*.corp.example")?;
            scene.app(&[&TOOLS])
        },
        ..TRANSFER
    },
];

/// How long something on the way keeps a stream on which nothing moves.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// The company's git server.
const TRANSFER: Fault = Fault {
    host: Some(GIT_CORP.name),
    role: Role::VcsHttps,
    module: Some(LIB.path),
    matrix: PROVEN,
    ..BASE
};

/// The public module, from the module proxy.
const PROXY: Fault = Fault {
    host: Some(PROXY_GOLANG.name),
    role: Role::Goproxy,
    module: Some(WIDGET.path),
    ..TRANSFER
};

fn git(scene: &mut Scene, access: Access) -> Result<()> {
    scene.host(GIT_CORP).site = town::forge(scene, GIT_CORP, access);
    private(scene)
}
