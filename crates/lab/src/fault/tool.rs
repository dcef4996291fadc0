//! Programs that go or git need and do not find.

use super::{BASE, LOCAL, over_ssh, private};
use crate::Fault;
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{GITHUB, GO_CORP};
use crate::serve::http::{Reply, site};
use crate::town::{LIB, TOOLS, WIDGET};
use crate::verdict::Reason;
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "git-missing",
        means: text!("git is not installed, or not on PATH"),
        cause: Cause::GitNotFound,
        reason: Reason::NoGit,
        module: Some(LIB.path),
        prints: &["exec: \"git\": executable file not found in $PATH"],
        setup: |scene| {
            scene.without("git")?;
            private(scene)
        },
        ..TOOL
    },
    Fault {
        id: "hg-missing",
        means: text!("the module is in a Mercurial repository, and hg is not on PATH"),
        cause: Cause::VcsNotFound,
        reason: Reason::NoHg,
        module: Some(TOOLS.path),
        prints: &["exec: \"hg\": executable file not found in $PATH"],
        setup: |scene| {
            let page = "<meta name=\"go-import\" content=\"go.corp.example/tools hg \
                        https://hg.corp.example/tools\">\n";
            scene.host(GO_CORP).site = site(move |_| Reply::html(200, page));
            scene.go_env("GOPRIVATE", "*.corp.example")?;
            scene.app(&[&TOOLS])
        },
        ..TOOL
    },
    Fault {
        id: "ssh-missing",
        means: text!("git is told to use ssh, and ssh is not on PATH"),
        cause: Cause::SshNotFound,
        reason: Reason::NoSsh,
        host: Some(GITHUB.name),
        role: Role::VcsSsh,
        module: Some(WIDGET.path),
        // By git itself, or by the shell for the GIT_SSH_COMMAND of go <= 1.24.
        prints: &[" ssh", "exit status 128"],
        setup: |scene| {
            scene.without("ssh")?;
            over_ssh(scene)
        },
        ..TOOL
    },
];

const TOOL: Fault = Fault {
    matrix: LOCAL,
    ..BASE
};
