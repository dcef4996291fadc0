//! `gomend hosts`: the allow-list of a module graph, and the ticket for whoever keeps it.

use gomend::lab::places::{GOPROXY_CORP, PROXY_GOLANG};
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::{Event, Scene, Toolchain};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::{LATEST, goroot};

const GO_MOD: &str = "module example.com/app

go 1.21

require (
\tgithub.com/acme/widget v1.0.0
\tgit.corp.example/team/lib v1.2.3
\tgolang.org/x/text v0.3.0
)
";

fn desk(prepare: impl FnOnce(&mut Scene)) -> Desk {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let mut scene = Scene::new(&toolchain).unwrap();
    scene.world.write("home/app/go.mod", GO_MOD, false).unwrap();
    let sum = "gopkg.in/yaml.v3 v3.0.1/go.mod h1:x\n";
    scene.world.write("home/app/go.sum", sum, false).unwrap();
    prepare(&mut scene);
    Desk::at(scene, &["go", "mod", "download"])
}

fn hosts(desk: &Desk, args: &[&str]) -> Value {
    let outcome = desk.gomend(&[&["hosts", "--json"], args].concat());
    assert_eq!(outcome.status.code(), Some(0), "{}", outcome.text());
    serde_json::from_slice(&outcome.stdout).unwrap()
}

fn rows(found: &Value) -> Vec<String> {
    let hosts = found["hosts"].as_array().unwrap();
    let word = |host: &Value, name: &str| host[name].as_str().unwrap().to_owned();
    hosts
        .iter()
        .map(|host| {
            let names = ["host", "role", "when", "basis"].map(|name| word(host, name));
            format!("{}:{} {}", names[0], host["port"], names[1..].join(" "))
        })
        .collect()
}

/// A GOPROXY that go refuses leads nowhere, which is said, and what is wrong with it.
#[test]
fn a_malformed_goproxy_is_named() {
    for (value, flaw, words) in [
        ("directt", "goproxy-word", "`directt` is neither an address"),
        ("ftp://x", "goproxy-scheme", "https, http or file"),
        ("https://proxy.golang.org/direct", "direct-joined", "joined"),
    ] {
        let desk = desk(|scene| scene.env("GOPROXY", value));
        let outcome = desk.gomend(&["hosts", "--json"]);
        assert_eq!(
            outcome.status.code(),
            Some(1),
            "{value}: {}",
            outcome.text()
        );
        let found: Value = serde_json::from_slice(&outcome.stdout).unwrap();
        let unknown = found["unknown"].to_string();
        assert!(unknown.contains(flaw), "{value}: {found:#}");
        let said = desk.gomend(&["hosts"]).text();
        assert!(
            said.contains("it refuses GOPROXY") && said.contains(words),
            "{said}"
        );
    }
}

#[test]
fn every_host_of_the_graph_is_listed_and_nobody_is_contacted() {
    let desk = desk(|scene| {
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        let git =
            "[url \"ssh://git@git.corp.example:2222/\"]\n\tinsteadOf = https://git.corp.example/\n";
        scene.git_config(git).unwrap();
        scene.env("NO_PROXY", "*.corp.example");
        scene.env(
            "HTTPS_PROXY",
            "http://dev:s3cret-of-proxy@proxy.corp.example:3128",
        );
    });
    let found = hosts(&desk, &[]);
    let rows = rows(&found);
    for row in [
        "proxy.golang.org:443 goproxy always settings",
        "storage.googleapis.com:443 redirect always known",
        "sum.golang.org:443 sumdb always settings",
        "git.corp.example:443 import-meta always settings",
        "proxy.corp.example:3128 http-proxy always settings",
        "github.com:443 vcs-https fallback settings",
        "golang.org:443 import-meta fallback settings",
        "go.googlesource.com:443 redirect fallback known",
        "gopkg.in:443 import-meta fallback settings",
    ] {
        assert!(rows.iter().any(|one| one == row), "{row}: {found:#}");
    }
    assert!(!found.to_string().contains("s3cret"), "{found:#}");
    assert!(
        found["unknown"].to_string().contains("git.corp.example"),
        "{found:#}"
    );
    assert!(desk.scene.journal().events().is_empty());
    let outcome = desk.gomend(&["hosts"]);
    assert!(
        outcome.text().contains("storage.googleapis.com:443"),
        "{}",
        outcome.text()
    );
}

#[test]
fn servers_that_are_asked_say_where_they_send_on_to() {
    let desk = desk(|scene| {
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene
            .go_env("GOPROXY", "https://goproxy.corp.example")
            .unwrap();
        scene.serve(
            GOPROXY_CORP,
            site(|_| Reply::text(302, "").with("location", "https://blobs.corp.example/x")),
        );
    });
    let found = hosts(&desk, &["--ask"]);
    let rows = rows(&found);
    let row = "blobs.corp.example:443 redirect always asked";
    assert!(rows.iter().any(|one| one == row), "{found:#}");
    let asked = desk.scene.journal().events();
    let to_others = asked.iter().filter(
        |event| matches!(event, Event::Http { server, .. } if server.ip() == PROXY_GOLANG.address),
    );
    assert_eq!(to_others.count(), 0);
}

#[test]
fn a_ticket_says_what_was_asked_and_answered_and_no_secret() {
    for (fault, words) in [
        (
            "goproxy-curation",
            &[
                "403 Forbidden",
                "github.com/acme/widget@v1.0.0",
                "platform",
                "goproxy.corp.example:443",
            ][..],
        ),
        ("tls-expired", &["issued by", "SHA-256", "service"]),
        ("https-credentials-refused", &["git.corp.example"]),
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let outcome = desk.gomend(&["last", "--ticket"]);
        let text = outcome.text();
        assert_eq!(outcome.status.code(), Some(0), "{fault}: {text}");
        assert!(text.contains("# "), "{fault}: {text}");
        for word in words {
            assert!(text.contains(word), "{fault}, {word}: {text}");
        }
        for secret in ["correct-horse", "password", "/home/", "netrc"] {
            assert!(!text.contains(secret), "{fault}, {secret}: {text}");
        }
    }
}
