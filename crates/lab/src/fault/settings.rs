//! Settings of git's, ssh's and go's own that lead astray, and files of the project that disagree.

use super::{BASE, DNS, HERE, NEEDS, PROXY, over_ssh, private, public, public_with};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::serve::ssh::Keys;
use crate::town::{self, LIB, WIDGET, ssh_forge};
use crate::verdict::Reason;
use crate::{Fault, Needs, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "git-proxy-included",
        means: text!("a file that git's configuration includes names a proxy that doesn't run"),
        cause: Cause::HttpProxy,
        reason: Reason::ProxyDown,
        host: Some("127.0.0.1"),
        role: Role::HttpProxy,
        module: Some(LIB.path),
        matrix: PROXY,
        prints: &["unable to access 'https://git.corp.example/team/lib/'"],
        setup: |scene| {
            let proxy = "[http]\n\tproxy = http://127.0.0.1:7890\n";
            scene.world.write("home/.gitwork", proxy)?;
            scene.git_config("[include]\n\tpath = .gitwork\n")?;
            private(scene)
        },
        ..BASE
    },
    Fault {
        id: "git-rewrite-host",
        means: text!("insteadOf rewrites the URL to a host that does not exist"),
        cause: Cause::DnsNotFound,
        reason: Reason::UnknownName,
        host: Some("git.crop.example"),
        role: Role::VcsHttps,
        module: Some(LIB.path),
        matrix: DNS,
        prints: &["https://git.crop.example/team/lib/"],
        setup: |scene| {
            scene.git_config(
                "[url \"https://git.crop.example/\"]\n\tinsteadOf = https://git.corp.example/\n",
            )?;
            private(scene)
        },
        ..BASE
    },
    Fault {
        id: "ssh-hostname",
        means: text!("HostName in ssh's configuration names a host that does not exist"),
        cause: Cause::DnsNotFound,
        reason: Reason::UnknownName,
        host: Some("github.corp.example"),
        role: Role::VcsSsh,
        module: Some(WIDGET.path),
        matrix: DNS,
        needs: Needs {
            sshd: true,
            ..NEEDS
        },
        prints: &["Could not resolve hostname github.corp.example"],
        setup: |scene| {
            ssh_forge(scene, Keys::Accepted, Some("sshd/host"))?;
            let config = "Host github.com\n  HostName github.corp.example\n";
            scene.world.write_secret("home/.ssh/config", config)?;
            town::repositories(&scene.world)?;
            over_ssh(scene)
        },
        ..BASE
    },
    Fault {
        id: "goproxy-near-name",
        means: text!("GOPROXY names the default module proxy with two letters swapped"),
        cause: Cause::DnsNotFound,
        reason: Reason::UnknownName,
        host: Some("prxoy.golang.org"),
        role: Role::Goproxy,
        module: Some(WIDGET.path),
        matrix: DNS,
        prints: &["lookup prxoy.golang.org"],
        setup: |scene| public_with(scene, "GOPROXY", "https://prxoy.golang.org,direct"),
        ..BASE
    },
    Fault {
        id: "gotmpdir-missing",
        means: text!("GOTMPDIR names a folder that is not there"),
        cause: Cause::NoHome,
        reason: Reason::GopathSetting,
        command: &["go", "build", "./..."],
        prints: &["creating work dir: stat /nowhere/tmp: no such file or directory"],
        setup: |scene| {
            scene.go_env("GOTMPDIR", "/nowhere/tmp")?;
            scene.app(&[])
        },
        ..HERE
    },
    Fault {
        id: "go111module-off",
        means: text!("GO111MODULE=off, written years ago, still holds"),
        cause: Cause::GoproxyInvalid,
        reason: Reason::ModulesOff,
        needs: NEEDS,
        prints: &["modules disabled by GO111MODULE=off"],
        setup: |scene| public_with(scene, "GO111MODULE", "off"),
        ..HERE
    },
    Fault {
        id: "go-sum-conflict",
        means: text!("a merge has left its marks in go.sum"),
        cause: Cause::MissingGoSum,
        reason: Reason::SumBroken,
        // Go 1.21 leaves such lines out without a word.
        needs: Needs { go: 24, ..NEEDS },
        command: &["go", "build", "./..."],
        prints: &["malformed go.sum:"],
        setup: |scene| {
            let sums = format!("<<<<<<< HEAD\n{}=======\n>>>>>>> other\n", WIDGET.go_sum());
            scene.world.write("home/app/go.sum", sums)?;
            public(scene)
        },
        ..HERE
    },
    Fault {
        id: "vendor-stale",
        means: text!("vendor/modules.txt names another version than go.mod"),
        cause: Cause::MissingGoSum,
        reason: Reason::VendorStale,
        needs: NEEDS,
        command: &["go", "build", "./..."],
        prints: &["inconsistent vendoring in "],
        setup: stale_vendor,
        ..HERE
    },
];

fn stale_vendor(scene: &mut Scene) -> Result<()> {
    public(scene)?;
    let list = "# github.com/acme/widget v0.9.0\n## explicit; go 1.21\ngithub.com/acme/widget\n";
    let world = &scene.world;
    world.write("home/app/vendor/modules.txt", list)?;
    let package = "// Package widget is public.\npackage widget\n";
    let file = "home/app/vendor/github.com/acme/widget/widget.go";
    world.write(file, package)?;
    world.write("home/app/go.sum", WIDGET.go_sum())
}
