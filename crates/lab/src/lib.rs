//! The fault laboratory: faults on purpose, with the real go, the real git and
//! real servers in a private network.
//!
//! ```text
//! Fault > Scene (Testbed, servers, a user's module) > setup > open > run > Outcome, events
//! ```
//!
//! Comes in: a [`Fault`] of [`FAULTS`] and a [`Toolchain`]. Goes out: what go printed, and
//! what the servers saw. Nothing is left behind: the machine of a scene is a
//! set of namespaces that ends with this process, whatever ends it.
//!
//! `places` are the names and addresses of a little internet, `town` its healthy state: who serves what.
//! `serve` has a file per kind of server, `fault` a file per layer of faults: each is a row with its expected
//! cause and the `setup` that breaks something. `testbed` makes the private machine, `scene` puts a user and a
//! module into it, `score` holds a report against what was expected.
//!
//! The test suite and `gomend simulate` use the same faults.

pub mod error;
pub mod events;
pub mod fault;
pub mod module;
pub mod places;
pub mod scene;
pub mod score;
pub mod serve;
pub mod testbed;
pub mod town;

use std::path::Path;

use base64::Engine as _;
use gomend_core::{cause, evidence};
use gomend_probe as probe;
use gomend_system::sys;
use gomend_verdict as verdict;

use crate::cause::Cause;
use crate::evidence::Role;
use crate::verdict::{Matrix, Reason};

pub use error::{Error, Result};
pub use events::{Event, EventLog};
pub use fault::FAULTS;
pub use scene::{Outcome, Scene, Toolchain};
pub use testbed::Testbed;

/// What a fault needs of the machine and of the toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// A private network (user namespaces).
    pub network: bool,
    /// OpenSSH's sshd.
    pub sshd: bool,
    /// The first Go 1.x that shows it.
    pub go: u32,
    /// The last Go 1.x that shows it.
    pub go_until: u32,
}

/// A fault that the laboratory can provoke, and what a right diagnosis says.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Stable id, for `simulate` and tests.
    pub id: &'static str,
    /// One sentence for people, translated where it is shown.
    pub means: &'static str,
    /// The cause.
    pub cause: Cause,
    /// What lies behind the cause.
    pub reason: Reason,
    /// The host concerned; `None` where go's output and the settings name none,
    /// or where naming one is a matter of taste. So for role and module.
    pub host: Option<&'static str>,
    /// Its part in the fetch.
    pub role: Role,
    /// The module concerned.
    pub module: Option<&'static str>,
    /// The verdict's matrix.
    pub matrix: Matrix,
    /// What it needs.
    pub needs: Needs,
    /// The command line that fails.
    pub command: &'static [&'static str],
    /// What go prints, whatever its version: all of these.
    pub prints: &'static [&'static str],
    /// go exits 0 although the fetch failed.
    pub exits_zero: bool,
    /// Through gomend the command succeeds in the end: it is tried again.
    pub recovers: bool,
    /// Changes a healthy scene; it is opened afterwards.
    pub setup: fn(&mut Scene) -> Result<()>,
}

impl Fault {
    /// The fault with this id.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.id == id)
    }

    /// Whether it takes one of go's long time-outs (10 s for TLS, 30 s to dial):
    /// to be started first where many run side by side.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        matches!(self.cause, Cause::TcpTimeout | Cause::DnsTimeout)
            || self.reason == Reason::HandshakeStalled
    }

    /// Whether this toolchain can show it.
    #[must_use]
    pub const fn shows_with(&self, toolchain: &Toolchain) -> bool {
        let (_, minor, _) = toolchain.version;
        self.needs.go <= minor && minor <= self.needs.go_until
    }

    /// What keeps this machine from showing it: a word for people.
    /// `None`: nothing that can be told before it is tried.
    #[must_use]
    pub fn missing(&self) -> Option<Error> {
        if self.needs.sshd {
            return serve::ssh::program().err();
        }
        None
    }

    /// The scene in which it shows, opened: run [`Fault::command`] there.
    pub fn scene(&self, toolchain: &Toolchain) -> Result<Scene> {
        self.stage(match Scene::new(toolchain) {
            Err(Error::Namespace(_)) if !self.needs.network => Scene::bare(toolchain)?,
            scene => scene?,
        })
    }

    /// Brings this fault into a healthy scene, and opens it.
    pub fn stage(&self, mut scene: Scene) -> Result<Scene> {
        (self.setup)(&mut scene)?;
        scene.open()?;
        Ok(scene)
    }
}

/// Provokes a fault once. `shim`: a folder with another `go`, put before the
/// real one on PATH. `environment`: variables added to the scene's.
pub fn run(
    fault: &Fault,
    toolchain: &Toolchain,
    shim: Option<&Path>,
    environment: &[(&str, &str)],
) -> Result<Outcome> {
    let mut scene = fault.scene(toolchain)?;
    scene.path.splice(0..0, shim.map(Path::to_owned));
    for (name, value) in environment {
        scene.env(name, value);
    }
    scene.run(fault.command)
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(nibble.into(), 16));
        }
        text
    })
}

/// Standard base64 with padding (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
