//! A real sshd (sshd(8)), one process per connection (`-i`): no port of its
//! own, no readiness to wait for. It runs as the only user that a scene has
//! and serves git only, as a forge does.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Weak};

use crate::error::{Error, Result};
use crate::serve::Net;
use crate::testbed::Testbed;
use gomend_core::text;

/// What the server thinks of the client's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The key of [`keys`] is known.
    Accepted,
    /// No key is known.
    Refused,
}

/// The real sshd.
pub fn program() -> Result<PathBuf> {
    let paths = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
    which::which_in("sshd", Some(paths), "/").map_err(|_| Error::Missing("sshd"))
}

/// Makes the key pairs: the server's (`sshd/host`), another one it could have
/// had (`sshd/former`) and the client's (`home/.ssh/id_ed25519`).
pub fn keys(world: &Testbed) -> Result<()> {
    let keygen = which::which("ssh-keygen").map_err(|_| Error::Missing("ssh-keygen"))?;
    world.write_secret("sshd/README", "keys of the scene's sshd\n")?;
    world.write_secret("home/.ssh/config", "")?;
    for key in ["sshd/host", "sshd/former", "home/.ssh/id_ed25519"] {
        let output = world
            .command(&keygen, &world.inside(""))?
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f"])
            .arg(world.inside(key))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Error::Io(text!("run ssh-keygen"), error))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into();
            return Err(Error::Program(text!("make an ssh key"), text));
        }
    }
    Ok(())
}

/// The public half of a key that [`keys`] made: type and base64.
pub fn public(world: &Testbed, key: &str) -> Result<String> {
    let path = world.outside(format!("{key}.pub"));
    let text = std::fs::read_to_string(&path).map_err(|error| Error::File(path, error))?;
    Ok(text.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

/// Serves git over ssh at `address`; [`keys`] must have been called.
pub fn server(world: &Arc<Testbed>, net: &Net, address: SocketAddr, keys: Keys) -> Result<()> {
    let sshd = program()?;
    let known = match keys {
        Keys::Accepted => public(world, "home/.ssh/id_ed25519")?,
        Keys::Refused => String::new(),
    };
    world.write_secret("sshd/authorized", format!("{known}\n"))?;
    let git = crate::serve::git::program()?;
    let srv = world.inside("srv");
    world.write_secret(
        "sshd/forge",
        format!(
            "path=${{SSH_ORIGINAL_COMMAND#*\\'}}\npath=${{path%\\'*}}\npath=${{path#/}}\n\
             if [ -d '{srv}'/\"${{path%.git}}\" ]; then\n\
             \texec '{git}' upload-pack '{srv}'/\"${{path%.git}}\"\nfi\n\
             echo 'ERROR: Repository not found.' >&2\nexit 1\n",
            srv = srv.display(),
            git = git.display()
        ),
    )?;
    let inside = |path| world.inside(path).display().to_string();
    world.write_secret(
        "sshd/config",
        format!(
            "HostKey {}\nAuthorizedKeysFile {}\nForceCommand /bin/sh {}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n",
            inside("sshd/host"),
            inside("sshd/authorized"),
            inside("sshd/forge")
        ),
    )?;
    let listener = world.listen(address, 16)?;
    let world = Arc::downgrade(world);
    net.accept(listener, move |stream, _| {
        let (sshd, world) = (sshd.clone(), world.clone());
        async move {
            // A blocking thread waits for the session; failures show at the client.
            let _ = tokio::task::spawn_blocking(move || session(&world, &sshd, stream)).await;
        }
    })?;
    Ok(())
}

/// Holds the world only until sshd is started: its end ends sshd, not the
/// other way round.
fn session(world: &Weak<Testbed>, sshd: &Path, stream: tokio::net::TcpStream) -> Result<()> {
    let failed = |error| Error::Io(text!("serve ssh"), error);
    let stream = stream.into_std().map_err(failed)?;
    stream.set_nonblocking(false).map_err(failed)?;
    let input = OwnedFd::from(stream.try_clone().map_err(failed)?);
    let Some(world) = world.upgrade() else {
        return Ok(());
    };
    let mut command = world.command(sshd, &world.inside("srv"))?;
    command
        .args(["-i", "-e", "-f"])
        .arg(world.inside("sshd/config"));
    drop(world);
    let mut child = command
        .stdin(input)
        .stdout(OwnedFd::from(stream))
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    child.wait().map(drop).map_err(failed)
}
