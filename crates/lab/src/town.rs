//! The healthy state of the little internet: who serves what.
//!
//! A public module that proxy, checksum database and forge agree about; a
//! company's modules that only its own git server has, one of them behind a
//! vanity host.

use std::sync::Arc;

use crate::error::Result;
use crate::module::Module;
use crate::places::{GIT_CORP, GITHUB, GO_CORP, PROXY_GOLANG, Place, SUM_GOLANG};
use crate::scene::Scene;
use crate::serve::git::{self, Access};
use crate::serve::http::{Reply, Request, Site, site};
use crate::serve::modproxy::{self, Proxy};
use crate::serve::ssh::{self, Keys};
use crate::serve::sumdb::{self, Signer};
use crate::testbed::Testbed;

/// A public module.
pub const WIDGET: Module = Module {
    path: "github.com/acme/widget",
    version: "v1.0.0",
    files: &[
        ("go.mod", "module github.com/acme/widget\n\ngo 1.21\n"),
        (
            "widget.go",
            "// Package widget is public.\npackage widget\n",
        ),
    ],
};

/// A company's module, at its git server.
pub const LIB: Module = Module {
    path: "git.corp.example/team/lib",
    version: "v1.2.3",
    files: &[
        ("go.mod", "module git.corp.example/team/lib\n\ngo 1.21\n"),
        ("lib.go", "// Package lib is private.\npackage lib\n"),
    ],
};

/// A company's module under a vanity path.
pub const TOOLS: Module = Module {
    path: "go.corp.example/tools",
    version: "v0.3.0",
    files: &[
        ("go.mod", "module go.corp.example/tools\n\ngo 1.21\n"),
        ("tools.go", "// Package tools is private.\npackage tools\n"),
    ],
};

/// Sets up all hosts of a healthy scene, and the checksum database's key.
pub fn build(scene: &mut Scene) -> Result<()> {
    let signer = Signer::new(SUM_GOLANG.name)?;
    scene.go_env("GOSUMDB", &signer.verifier())?;
    let database = sumdb::database(&signer, &[WIDGET])?;
    scene.keep(signer);
    scene.serve(SUM_GOLANG, database);
    scene.serve(PROXY_GOLANG, modproxy::proxy(Proxy::Good, vec![WIDGET]));
    let forge = forge(scene, GITHUB, Access::Open);
    scene.serve(GITHUB, forge);
    let forge = self::forge(scene, GIT_CORP, Access::Open);
    scene.serve(GIT_CORP, forge);
    scene.serve(
        GO_CORP,
        vanity(
            "go.corp.example/tools",
            "https://git.corp.example/team/tools",
        ),
    );
    Ok(())
}

/// A forge at this place with the town's repositories, made when git first asks.
#[must_use]
pub fn forge(scene: &Scene, place: Place, access: Access) -> Site {
    with_repositories(scene, git::server(&scene.world, access, meta(place)))
}

/// A forge whose packs break off after so many bytes.
#[must_use]
pub fn cut_forge(scene: &Scene, place: Place, bytes: usize) -> Site {
    with_repositories(scene, git::cut_server(&scene.world, bytes, meta(place)))
}

fn with_repositories(scene: &Scene, inner: Site) -> Site {
    let world = Arc::downgrade(&scene.world);
    let once = Arc::clone(&scene.repositories);
    site(move |request: &Request| {
        if git::is_git(request) {
            once.call_once(|| {
                if let Some(world) = world.upgrade() {
                    // Failures show as missing repositories.
                    let _ = repositories(&world);
                }
            });
        }
        inner(request)
    })
}

/// Makes the repositories of all modules below `srv/`.
pub fn repositories(world: &Testbed) -> Result<()> {
    git::repository(world, "acme/widget", &[(WIDGET.version, WIDGET.files)])?;
    git::repository(world, "team/lib", &[(LIB.version, LIB.files)])?;
    git::repository(world, "team/tools", &[(TOOLS.version, TOOLS.files)])
}

/// The forge's sshd on port 22, its host key known as the key named.
pub fn ssh_forge(scene: &Scene, keys: Keys, known: Option<&str>) -> Result<()> {
    ssh::keys(&scene.world)?;
    if let Some(key) = known {
        let line = format!("github.com {}\n", ssh::public(&scene.world, key)?);
        scene.world.write_secret("home/.ssh/known_hosts", line)?;
    }
    ssh::server(&scene.world, scene.net(), (GITHUB.address, 22).into(), keys)
}

/// A forge's page for `?go-get=1`: the first two elements of the path are the
/// repository.
fn meta(place: Place) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let repository: Vec<&str> = request
            .path
            .trim_start_matches('/')
            .split('/')
            .take(2)
            .collect();
        let root = format!("{}/{}", place.name, repository.join("/"));
        go_import(&root, &format!("https://{root}"))
    }
}

/// A vanity host: one module path, one repository.
#[must_use]
pub fn vanity(root: &'static str, repository: &'static str) -> Site {
    site(move |_| go_import(root, repository))
}

/// A page with the meta tag (<https://go.dev/ref/mod#vcs-find>).
#[must_use]
pub fn go_import(root: &str, repository: &str) -> Reply {
    Reply::html(
        200,
        format!(
            "<!DOCTYPE html>\n<html><head><meta name=\"go-import\" \
             content=\"{root} git {repository}\"></head></html>\n"
        ),
    )
}
