//! Credentials, keys and host keys.

use std::net::SocketAddr;

use super::network::impatient;
use super::{BASE, NEEDS, POLICY, PROVEN, SSH, over_ssh, private, public};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{GIT_CORP, GITHUB, SSH_GITHUB};
use crate::serve::git::{Access, is_git};
use crate::serve::http::{Reply, site};
use crate::serve::ssh::{self, Keys};
use crate::serve::tcp::unanswered;
use crate::town::{self, LIB, WIDGET, ssh_forge};
use crate::verdict::Reason;
use crate::{Fault, Needs, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "https-no-credentials",
        means: text!("the git server wants credentials, and none are stored"),
        cause: Cause::HttpsNoCredentials,
        reason: Reason::CredentialsAbsent,
        prints: &[
            "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
        ],
        setup: |scene| access(scene, GOOD),
        ..HTTPS
    },
    Fault {
        id: "https-credentials-for-go-only",
        means: text!(
            "the credentials are in the file that NETRC names: go finds them, git does not"
        ),
        cause: Cause::HttpsNoCredentials,
        reason: Reason::CredentialsGoOnly,
        prints: &[
            "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
        ],
        setup: |scene| {
            let line = "machine git.corp.example login dev password correct-horse\n";
            scene.world.write_secret("home/secrets/netrc", line)?;
            let file = scene.world.inside("home/secrets/netrc");
            scene.env("NETRC", file);
            access(scene, GOOD)
        },
        ..HTTPS
    },
    Fault {
        id: "https-credentials-for-git-only",
        means: text!("git's helper has the credentials; the page that go reads wants them too"),
        cause: Cause::HttpsNoCredentials,
        reason: Reason::CredentialsGitOnly,
        role: Role::ImportMeta,
        prints: &["reading https://git.corp.example/team/lib?go-get=1: 401 Unauthorized"],
        setup: |scene| {
            store(scene, "https://dev:correct-horse@git.corp.example\n")?;
            access(scene, GOOD)?;
            let inner = scene.host(GIT_CORP).site.clone();
            scene.host(GIT_CORP).site = site(move |request| {
                if is_git(request) || request.header("authorization").is_some() {
                    return inner(request);
                }
                Reply::text(401, "authentication required\n")
                    .with("www-authenticate", "Basic realm=\"git.corp.example\"")
            });
            Ok(())
        },
        ..HTTPS
    },
    Fault {
        id: "https-credentials-refused",
        means: text!("the stored password has expired"),
        cause: Cause::HttpsCredentialsRejected,
        reason: Reason::CredentialsRefused,
        prints: &["fatal: Authentication failed for 'https://git.corp.example/team/lib/'"],
        setup: |scene| {
            store(scene, "https://dev:old-password@git.corp.example\n")?;
            access(scene, GOOD)
        },
        ..HTTPS
    },
    Fault {
        id: "https-forbidden",
        means: text!("the stored token is valid, but not for this repository (403)"),
        cause: Cause::HttpsCredentialsRejected,
        reason: Reason::AccessDenied,
        prints: &["The requested URL returned error: 403"],
        setup: |scene| {
            store(scene, "https://dev:narrow-token@git.corp.example\n")?;
            access(scene, Access::Refuses(403))
        },
        ..HTTPS
    },
    Fault {
        id: "https-repo-not-found",
        means: text!("the forge knows no such repository, or hides it"),
        cause: Cause::RepoNotFound,
        reason: Reason::RepoHidden,
        host: Some(GITHUB.name),
        module: Some(WIDGET.path),
        prints: &["fatal: repository 'https://github.com/acme/widget/' not found"],
        setup: |scene| {
            scene.host(GITHUB).site =
                town::forge(scene, GITHUB, Access::Status(404, "Not Found\n"));
            scene.go_env("GOPRIVATE", "github.com/acme")?;
            public(scene)
        },
        ..HTTPS
    },
    Fault {
        id: "ssh-key-refused",
        means: text!("the forge doesn't know this user's ssh key"),
        cause: Cause::SshKeyRejected,
        reason: Reason::KeyNotAccepted,
        prints: &["git@github.com: Permission denied (publickey)."],
        setup: |scene| {
            ssh_forge(scene, Keys::Refused, Some("sshd/host"))?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-no-key",
        means: text!("this user has no ssh key at all"),
        cause: Cause::SshKeyRejected,
        reason: Reason::NoAgent,
        prints: &["git@github.com: Permission denied (publickey)."],
        setup: |scene| {
            ssh_forge(scene, Keys::Accepted, Some("sshd/host"))?;
            let key = scene.world.outside("home/.ssh/id_ed25519");
            std::fs::remove_file(&key).map_err(|error| crate::Error::File(key, error))?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-key-open",
        means: text!("others may read the ssh key, and ssh does not use it"),
        cause: Cause::SshKeyRejected,
        reason: Reason::KeyNotAccepted,
        prints: &["git@github.com: Permission denied (publickey)."],
        setup: |scene| {
            ssh_forge(scene, Keys::Accepted, Some("sshd/host"))?;
            scene.world.mode("home/.ssh/id_ed25519", 0o644)?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-host-key-unknown",
        means: text!("the forge's host key is not known yet, and nobody can be asked"),
        cause: Cause::SshHostKey,
        reason: Reason::HostKeyUnknown,
        prints: &["Host key verification failed."],
        setup: |scene| {
            ssh_forge(scene, Keys::Accepted, None)?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-host-key-changed",
        means: text!("the forge shows another host key than it used to"),
        cause: Cause::SshHostKey,
        reason: Reason::HostKeyChanged,
        prints: &[
            "REMOTE HOST IDENTIFICATION HAS CHANGED!",
            "Host key verification failed.",
        ],
        setup: |scene| {
            ssh_forge(scene, Keys::Accepted, Some("sshd/former"))?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-repo-not-found",
        means: text!("the forge knows the key, but no such repository"),
        cause: Cause::RepoNotFound,
        reason: Reason::RepoHidden,
        prints: &[
            "ERROR: Repository not found.",
            "Could not read from remote repository.",
        ],
        setup: |scene| {
            // The repositories are made when git first asks over HTTPS: never.
            ssh_forge(scene, Keys::Accepted, Some("sshd/host"))?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-port-blocked",
        means: text!("a firewall drops port 22; the forge also takes ssh on port 443"),
        cause: Cause::TcpTimeout,
        reason: Reason::SshPortBlocked,
        matrix: POLICY,
        prints: &["ssh: connect to host github.com port 22: Connection timed out"],
        setup: |scene| {
            ssh::keys(&scene.world)?;
            let second = SocketAddr::from((SSH_GITHUB.address, 443));
            ssh::server(&scene.world, scene.net(), second, Keys::Accepted)?;
            let blocked = unanswered(&scene.world, (GITHUB.address, 22).into())?;
            scene.keep(blocked);
            impatient(scene)?;
            over_ssh(scene)
        },
        ..SSH_BASE
    },
    Fault {
        id: "ssh-refused",
        means: text!("nothing listens on the forge's port 22"),
        cause: Cause::TcpRefused,
        reason: Reason::NothingListens,
        matrix: POLICY,
        needs: NEEDS,
        prints: &["ssh: connect to host github.com port 22: Connection refused"],
        setup: |scene| over_ssh(scene),
        ..SSH_BASE
    },
];

const GOOD: Access = Access::Only("dev", "correct-horse");

/// The company's git server.
const HTTPS: Fault = Fault {
    host: Some(GIT_CORP.name),
    role: Role::VcsHttps,
    module: Some(LIB.path),
    matrix: PROVEN,
    ..BASE
};

/// The forge, over ssh.
const SSH_BASE: Fault = Fault {
    host: Some(GITHUB.name),
    role: Role::VcsSsh,
    module: Some(WIDGET.path),
    matrix: SSH,
    needs: Needs {
        sshd: true,
        ..NEEDS
    },
    ..BASE
};

fn access(scene: &mut Scene, access: Access) -> Result<()> {
    scene.host(GIT_CORP).site = town::forge(scene, GIT_CORP, access);
    private(scene)
}

/// Credentials for git's helper `store` (git-credential-store(1)).
fn store(scene: &Scene, line: &str) -> Result<()> {
    scene.world.write_secret("home/.git-credentials", line)?;
    scene.git_config("[credential]\n\thelper = store\n")
}
