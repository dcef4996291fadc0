//! The faults: a table, a file per layer.

mod auth;
mod dns;
mod local;
mod module;
mod network;
mod routing;
mod settings;
mod tls;
mod tool;
mod transfer;

use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::PROXY_GOLANG;
use crate::scene::Scene;
use crate::serve::modproxy::{self, Proxy};
use crate::serve::tls::Handshake;
use crate::town::{LIB, WIDGET};
use crate::verdict::{Matrix, Reason};
use crate::{Fault, Needs, Result};

/// Every fault, in the order of the layers.
pub static FAULTS: &[Fault] = &concat();

const LAYERS: [&[Fault]; 10] = [
    tool::FAULTS,
    dns::FAULTS,
    network::FAULTS,
    tls::FAULTS,
    auth::FAULTS,
    routing::FAULTS,
    transfer::FAULTS,
    module::FAULTS,
    local::FAULTS,
    settings::FAULTS,
];

const COUNT: usize = {
    let (mut count, mut layer) = (0, 0);
    while layer < LAYERS.len() {
        count += LAYERS[layer].len();
        layer += 1;
    }
    count
};

#[expect(
    clippy::large_stack_arrays,
    reason = "worked out as the program is compiled"
)]
const fn concat() -> [Fault; COUNT] {
    let mut all = [BASE; COUNT];
    let (mut next, mut layer) = (0, 0);
    while layer < LAYERS.len() {
        let mut index = 0;
        while index < LAYERS[layer].len() {
            all[next] = LAYERS[layer][index];
            next += 1;
            index += 1;
        }
        layer += 1;
    }
    all
}

/// What most faults have in common.
const BASE: Fault = Fault {
    id: "",
    means: "",
    cause: Cause::NotOurs,
    reason: Reason::Transient,
    host: None,
    role: Role::None,
    module: None,
    matrix: LOCAL,
    needs: NEEDS,
    command: &["go", "mod", "download"],
    prints: &[],
    exits_zero: false,
    recovers: false,
    setup: |_| Ok(()),
};

/// Nobody is asked.
const HERE: Fault = Fault {
    needs: Needs {
        network: false,
        ..NEEDS
    },
    ..BASE
};

const NEEDS: Needs = Needs {
    network: true,
    sshd: false,
    go: 21,
    go_until: u32::MAX,
};

/// Nothing of the network is at fault or was reached.
const LOCAL: Matrix = Matrix::UNKNOWN;
/// The name isn't resolved rightly.
const DNS: Matrix = Matrix::DNS;
/// The connection isn't made.
const POLICY: Matrix = Matrix::POLICY;
/// The connection stands, TLS does not.
const CERTIFICATE: Matrix = Matrix::CERTIFICATE;
/// All three are proven good by an answer over HTTPS.
const PROVEN: Matrix = Matrix::PASSED;
/// The ssh connection stands.
const SSH: Matrix = Matrix::PASSED.without_certificate();
/// The HTTP proxy is at fault; it resolves names, not we.
const PROXY: Matrix = Matrix::POLICY.without_dns();

/// The user's module needs a public module.
fn public(scene: &Scene) -> Result<()> {
    scene.app(&[&WIDGET])
}

/// The same, and go is told so.
fn public_with(scene: &Scene, name: &str, value: &str) -> Result<()> {
    scene.go_env(name, value)?;
    public(scene)
}

/// The public module comes from its forge.
fn direct(scene: &Scene) -> Result<()> {
    public_with(scene, "GOPROXY", "direct")
}

/// The public module comes from the company's module proxy.
fn from_company(scene: &Scene) -> Result<()> {
    public_with(scene, "GOPROXY", "https://goproxy.corp.example")
}

/// The public module comes from a module proxy of this kind.
fn served(scene: &mut Scene, kind: Proxy) -> Result<()> {
    scene.host(PROXY_GOLANG).site = modproxy::proxy(kind, vec![WIDGET]);
    public(scene)
}

/// The public module comes from a module proxy whose handshakes go so.
fn shaken(scene: &mut Scene, handshake: Handshake) -> Result<()> {
    scene.host(PROXY_GOLANG).handshake = handshake;
    public(scene)
}

/// The user's module needs a private module, and GOPRIVATE says so.
fn private(scene: &Scene) -> Result<()> {
    scene.go_env("GOPRIVATE", "*.corp.example")?;
    scene.app(&[&LIB])
}

/// The user's module needs a module of the forge's organisation, over ssh.
fn over_ssh(scene: &Scene) -> Result<()> {
    scene.git_config("[url \"ssh://git@github.com/\"]\n\tinsteadOf = https://github.com/\n")?;
    scene.go_env("GOPRIVATE", "github.com/acme")?;
    scene.app(&[&WIDGET])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_complete() {
        let ids: BTreeSet<_> = FAULTS.iter().map(|fault| fault.id).collect();
        assert_eq!(ids.len(), FAULTS.len(), "ids are unique");
        for fault in FAULTS {
            assert!(!fault.means.is_empty(), "{}", fault.id);
            assert!(!fault.prints.is_empty(), "{} says what go prints", fault.id);
        }
    }
}
