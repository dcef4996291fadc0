//! Names that are not resolved, or not rightly.

use std::time::Duration;

use super::{BASE, DNS, private, public};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lab::Fault;
use crate::lab::places::{GIT_CORP, NOBODY, NO_ROUTE, PROXY_GOLANG, RESOLVER, RESOLVER_2};
use crate::lab::serve::dns::{Answer, Zone};
use crate::lab::town::{LIB, WIDGET};

/// Fast resolvers' settings, so that silence costs 2 s and not 20.
const HASTY: &str = "options timeout:1 attempts:1\n";

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "dns-typo",
        means: "GOPROXY names a host that nobody has registered",
        cause: Cause::DnsNotFound,
        reason: "unknown name",
        host: Some("goproxy.corp.exmaple"),
        role: Role::Goproxy,
        module: Some(WIDGET.path),
        matrix: DNS,
        prints: &["lookup goproxy.corp.exmaple on 10.20.0.53:53: no such host"],
        setup: |scene| {
            scene.go_env("GOPROXY", "https://goproxy.corp.exmaple")?;
            public(scene)
        },
        ..BASE
    },
];
