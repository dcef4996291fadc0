//! `gomend hosts`: the allow-list of a module graph, and the ticket for whoever keeps it.

use gomend::lab::places::{GOPROXY_CORP, PROXY_GOLANG};
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::{Event, Scene};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::LATEST;
use crate::support::scene::{Ending, Furnish, healthy};

const GO_MOD: &str = "module example.com/app

go 1.21

require (
\tgithub.com/acme/widget v1.0.0
\tgit.corp.example/team/lib v1.2.3
\tgolang.org/x/text v0.3.0
)
";

fn desk(prepare: impl FnOnce(&mut Scene)) -> Desk {
    let mut scene = healthy(LATEST);
    scene.put("home/app/go.mod", GO_MOD);
    let sum = "gopkg.in/yaml.v3 v3.0.1/go.mod h1:x\n";
    scene.put("home/app/go.sum", sum);
    prepare(&mut scene);
    Desk::at(scene, &["go", "mod", "download"])
}

fn hosts(desk: &Desk, args: &[&str]) -> Value {
    let outcome = desk.gomend(&[&["hosts", "--json"], args].concat());
    let found = outcome.json();
    outcome.succeeded();
    found
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

rows! {
    /// A GOPROXY that go refuses leads nowhere, which is said, and what is wrong with it.
    a_malformed_goproxy_is_named = is_named;
    a_word: "directt", "goproxy-word", "`directt` is neither an address";
    a_scheme: "ftp://x", "goproxy-scheme", "https, http or file";
    a_path: "https://proxy.golang.org/direct", "direct-joined", "joined";
}

fn is_named(value: &str, flaw: &str, words: &str) {
    let desk = desk(|scene| scene.env("GOPROXY", value));
    let outcome = desk.gomend(&["hosts", "--json"]);
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
    let found = outcome.json();
    assert!(found["unknown"].to_string().contains(flaw), "{found:#}");
    let said = desk.gomend(&["hosts"]).text();
    assert!(
        said.contains("it refuses GOPROXY") && said.contains(words),
        "{said}"
    );
}

/// A workspace needs what any of its modules needs, and what only a go.sum of theirs or go.work.sum names.
#[test]
fn every_module_of_a_workspace_counts() {
    let mut desk = desk(|scene| {
        scene.put("home/app/go.work", "go 1.21\n\nuse (\n\t./a\n\t./b\n)\n");
        let module =
            |name: &str, more: &str| format!("module example.com/{name}\n\ngo 1.21\n{more}");
        let needs = "\nrequire git.corp.example/team/lib v1.2.3\n";
        scene.put("home/app/a/go.mod", module("a", ""));
        scene.put("home/app/b/go.mod", module("b", needs));
        scene.put("home/app/b/go.sum", "gopkg.in/yaml.v3 v3.0.1/go.mod h1:x\n");
        scene.put(
            "home/app/go.work.sum",
            "go.uber.org/zap v1.27.0/go.mod h1:x\n",
        );
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
    });
    let root = desk.scene.directory.clone();
    for module in ["a", "b"] {
        desk.scene.directory = root.join(module);
        let names = rows(&hosts(&desk, &[]));
        for host in ["git.corp.example:443", "gopkg.in:443", "go.uber.org:443"] {
            let is_listed = names.iter().any(|row| row.starts_with(host));
            assert!(is_listed, "{module}, {host}: {names:#?}");
        }
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
    let said = desk.gomend(&["hosts"]).text();
    assert!(said.contains("storage.googleapis.com:443"), "{said}");
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

rows! {
    a_ticket_says_what_was_asked_and_answered_and_no_secret = says;
    a_block: "goproxy-curation", &["403 Forbidden", "github.com/acme/widget@v1.0.0", "platform", "goproxy.corp.example:443"];
    a_certificate: "tls-expired", &["issued by", "SHA-256", "service"];
    a_login: "https-credentials-refused", &["git.corp.example"];
    a_folder: "dubious-ownership", &["dubious ownership in repository at '"];
}

fn says(fault: &str, words: &[&str]) {
    let text = Desk::failed(fault)
        .gomend(&["last", "--ticket"])
        .succeeded();
    assert!(text.contains("# "), "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    for secret in ["correct-horse", "password", "/home/", "netrc"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
