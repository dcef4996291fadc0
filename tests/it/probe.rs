//! What probes may not do, and that they see what other programs see; the
//! doctor, on machines where something would fail and on a healthy one.

#![expect(clippy::unwrap_used, reason = "a broken test should stop and say so")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use gomend::lab::places::PROXY_CORP;
use gomend::lab::serve::connect::{self, Policy};
use gomend::lab::serve::tls::{Authority, Certificate, Identity};
use gomend::lab::{Event, Scene};
use serde_json::Value;

use crate::support::LATEST;
use crate::support::scene::{Furnish, fault, healthy, toolchain};
use crate::verdict::{TARGETS, inside, look};

/// The fault, provoked: the scene and go's words.
fn provoked(id: &str) -> (Scene, Vec<u8>) {
    let fault = fault(id);
    let scene = fault.scene(&toolchain(LATEST)).unwrap();
    let text = scene.run(fault.command).unwrap().text().into_bytes();
    (scene, text)
}

/// What the probes find then.
fn observed(scene: &Scene, text: &[u8]) -> Value {
    look(scene, text).observations
}

/// The first observation of a probe, through go's stack where it has several.
#[track_caller]
fn seen<'a>(probes: &'a Value, id: &str) -> &'a Value {
    let mut all = probes.as_array().unwrap().iter();
    all.find(|probe| probe["id"] == id && [&"go".into(), &Value::Null].contains(&&probe["stack"]))
        .unwrap_or_else(|| panic!("no {id}: {probes:#}"))
}

/// A program that sees what we see.
fn program(name: &str) -> PathBuf {
    which::which(name).unwrap_or_else(|_| panic!("there is no {name}: tests/setup brings it"))
}

faults! {
    no_prompt_is_opened_and_no_helper_started = asks_nobody;
    https_no_credentials tls_private_ca ssh_host_key_unknown
}

fn asks_nobody(id: &str) {
    let (mut scene, text) = provoked(id);
    let marker = scene.world.inside("tmp/asked");
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" >> '{}'\necho nonsense\n",
        marker.display()
    );
    for name in ["askpass", "git-credential-curious"] {
        scene.put_program(&format!("bin/{name}"), &script);
    }
    let askpass = scene.world.inside("bin/askpass");
    for name in ["GIT_ASKPASS", "SSH_ASKPASS"] {
        scene.env(name, &askpass);
    }
    scene.env("SSH_ASKPASS_REQUIRE", "force");
    scene.env("DISPLAY", ":0");
    scene
        .git_config(&format!(
            "[core]\n\taskPass = {}\n[credential]\n\thelper = curious\n",
            askpass.display()
        ))
        .unwrap();
    look(&scene, &text);
    let asked = std::fs::read_to_string(scene.world.outside("tmp/asked")).unwrap_or_default();
    assert_eq!(asked, "", "{id}");
    // the trap works: git itself does walk into it
    scene
        .run(&["git", "ls-remote", "https://git.corp.example/team/lib"])
        .unwrap();
    let asked = std::fs::read_to_string(scene.world.outside("tmp/asked")).unwrap_or_default();
    assert!(
        id != "https-no-credentials" || asked.contains("curious"),
        "{asked}"
    );
}

/// An ssh agent that notes what it is asked for (draft-ietf-sshm-ssh-agent: 11 lists, 13 signs) and has no keys.
fn listening_agent(scene: &Scene) -> Arc<Mutex<Vec<u8>>> {
    let listener = UnixListener::bind(scene.world.outside("tmp/agent")).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut length = [0; 4];
            while stream.read_exact(&mut length).is_ok() {
                let mut message = vec![0; u32::from_be_bytes(length) as usize];
                if stream.read_exact(&mut message).is_err() {
                    break;
                }
                noted.lock().unwrap().extend(message.first());
                // 12: the list, of no keys
                let reply: &[u8] = if message.first() == Some(&11) {
                    &[0, 0, 0, 5, 12, 0, 0, 0, 0]
                } else {
                    &[0, 0, 0, 1, 5]
                };
                let _ = stream.write_all(reply); // the client may be gone
            }
        }
    });
    seen
}

#[test]
fn an_agent_is_asked_for_its_list_and_for_nothing_else() {
    let (mut scene, text) = provoked("ssh-host-key-unknown");
    let seen = listening_agent(&scene);
    let socket = scene.world.inside("tmp/agent");
    scene.env("SSH_AUTH_SOCK", &socket);
    look(&scene, &text);
    let seen = seen.lock().unwrap().clone();
    assert!(
        !seen.is_empty() && seen.iter().all(|&kind| kind == 11),
        "{seen:?}"
    );
}

#[test]
fn openssl_and_curl_see_the_same() {
    let (scene, text) = provoked("tls-expired");
    let probes = observed(&scene, &text);
    let tls = &seen(&probes, "tls")["detail"];
    let ours = tls["chain"][0]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(ours.len(), 64);
    let openssl = program("openssl");
    let mut hello = scene
        .command(&[
            openssl.to_str().unwrap(),
            "s_client",
            "-connect",
            "10.20.0.10:443",
            "-servername",
            "git.corp.example",
        ])
        .unwrap();
    let shown = hello.output().unwrap();
    let mut print = Command::new(&openssl)
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-enddate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    print
        .stdin
        .take()
        .unwrap()
        .write_all(&shown.stdout)
        .unwrap();
    let printed = String::from_utf8(print.wait_with_output().unwrap().stdout).unwrap();
    let theirs = printed
        .lines()
        .next()
        .unwrap()
        .split('=')
        .nth(1)
        .unwrap()
        .replace(':', "")
        .to_lowercase();
    assert_eq!(ours, theirs);
    let protocol = String::from_utf8_lossy(&shown.stdout).contains("TLSv1.3");
    assert_eq!(protocol, tls["version"] == "TLSv1_3");
    let curl = program("curl");
    let mut get = scene
        .command(&[
            curl.to_str().unwrap(),
            "-sk",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "https://git.corp.example/",
        ])
        .unwrap();
    let code = String::from_utf8(get.output().unwrap().stdout).unwrap();
    assert_eq!(code, seen(&probes, "http")["detail"]["code"].to_string());
    let mut get = scene
        .command(&[curl.to_str().unwrap(), "-s", "https://git.corp.example/"])
        .unwrap();
    assert_eq!(
        get.output().unwrap().status.code(),
        Some(60),
        "curl refuses the certificate too"
    );
}

/// What dig says of a nameserver's answer: `NOERROR`, `NXDOMAIN` ..., or nothing in time.
fn dug(scene: &Scene, server: &str, name: &str) -> (String, Vec<String>) {
    let dig = program("dig");
    let at = format!("@{server}");
    let words = [dig.to_str().unwrap(), &at, "+time=1", "+tries=1", name, "A"];
    let printed = scene.run(&words).unwrap().text();
    let rcode = printed
        .split("status: ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let addresses = printed
        .lines()
        .filter(|line| !line.starts_with(';'))
        .filter_map(|line| line.split_once("\tA\t"))
        .map(|(_, address)| address.to_owned());
    let rcode = rcode.unwrap_or("no answer").to_owned();
    (rcode, addresses.collect())
}

faults! {
    dig_sees_the_same = is_seen_by_dig;
    dns_typo dns_split dns_servfail dns_refused dns_silent dns_forged
}

fn is_seen_by_dig(id: &str) {
    let (scene, text) = provoked(id);
    let probes = observed(&scene, &text);
    let dns = seen(&probes, "dns");
    let name = dns["target"].as_str().unwrap();
    let asked = dns["detail"]["asked"].as_array().unwrap();
    assert!(!asked.is_empty(), "{dns}");
    for one in asked {
        let server = one["server"].as_str().unwrap();
        let server = server.strip_suffix(":53").unwrap_or(server);
        let theirs = dug(&scene, server, one["name"].as_str().unwrap());
        let ours = match one["answer"].as_str().unwrap() {
            "addresses" | "no-address" => "NOERROR",
            "no-such-name" => "NXDOMAIN",
            "server-failure" => "SERVFAIL",
            "refused" => "REFUSED",
            _ => "no answer",
        };
        let addresses = one["addresses"].as_array().unwrap().iter();
        let addresses = addresses.filter_map(|address| address.as_str());
        let v4: BTreeSet<&str> = addresses.filter(|address| !address.contains(':')).collect();
        let theirs = (theirs.0, theirs.1.iter().map(String::as_str).collect());
        assert_eq!((ours.to_owned(), v4), theirs, "{server} about {name}");
    }
}

#[test]
fn ssh_sees_the_same() {
    let (scene, text) = provoked("ssh-host-key-unknown");
    let probes = observed(&scene, &text);
    let mut all = probes.as_array().unwrap().iter();
    let ssh = &all.find(|probe| probe["id"] == "ssh").unwrap()["detail"];
    let keyscan = scene
        .run(&["ssh-keyscan", "-t", "ed25519", "github.com"])
        .unwrap();
    scene.put("tmp/key", &keyscan.stdout);
    let key = scene.world.inside("tmp/key");
    let printed = scene
        .run(&["ssh-keygen", "-l", "-f", key.to_str().unwrap()])
        .unwrap()
        .text();
    assert!(
        printed.contains(&format!("SHA256:{}", ssh["shown_key"].as_str().unwrap())),
        "{printed} {ssh}"
    );
    assert_eq!(
        (&ssh["outcome"], &ssh["user"], &ssh["port"]),
        (&"host-key-unknown".into(), &"git".into(), &22.into())
    );
}

/// The doctor inside a scene.
fn health(scene: &Scene, targets: &str) -> serde_json::Value {
    let line = inside(
        scene,
        "verdict::doctor_inside_a_scene",
        TARGETS,
        targets.as_ref(),
    );
    serde_json::from_str(&line).unwrap()
}

fn troubles(health: &serde_json::Value) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let checks = health["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| !check["trouble"].is_null());
    let mut found: Vec<_> = checks
        .map(|check| (text(&check["host"]), text(&check["trouble"]["cause"])))
        .collect();
    found.extend(
        health["local"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trouble| ("-".to_owned(), text(&trouble["cause"]))),
    );
    found
}

rows! {
    /// A fault, then host and cause of what the doctor says.
    the_doctor_foretells_what_go_would_meet = is_foretold;
    dns_servfail: "dns-servfail", "proxy.golang.org", "dns-server-failure";
    dns_split: "dns-split", "git.corp.example", "dns-not-found";
    tcp_refused: "tcp-refused", "goproxy.corp.example", "tcp-refused";
    proxy_407: "proxy-407", "proxy.golang.org", "http-proxy";
    tls_inspection_go: "tls-inspection-go", "proxy.golang.org", "tls-unknown-authority";
    tls_expired: "tls-expired", "git.corp.example", "tls-expired";
    https_no_credentials: "https-no-credentials", "git.corp.example", "https-no-credentials";
    goproxy_403: "goproxy-403", "proxy.golang.org", "goproxy-status";
    vanity_404: "vanity-404", "go.corp.example", "import-path-unresolved";
    disk_full: "disk-full", "-", "disk-full";
    permission_denied: "permission-denied", "-", "permission-denied";
    go_too_old: "go-too-old", "-", "go-too-old";
}

fn is_foretold(id: &str, host: &str, cause: &str) {
    let scene = fault(id).scene(&toolchain(LATEST)).unwrap();
    let troubles = troubles(&health(&scene, ""));
    let wanted = (host.to_owned(), cause.to_owned());
    assert!(troubles.contains(&wanted), "{troubles:?}");
    let mut events = scene.journal().events().into_iter();
    let told = events.any(|event| format!("{event:?}").contains("golang.org/git.corp"));
    assert!(!told, "a public proxy was told a private module");
}

#[test]
fn the_doctor_leaves_a_healthy_machine_alone() {
    use gomend::lab::town::{LIB, WIDGET};
    let mut scene = healthy(LATEST);
    scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
    scene.app(&[&WIDGET, &LIB]).unwrap();
    scene.open().unwrap();
    let seen = health(&scene, "");
    assert_eq!(troubles(&seen), []);
    let looked: Vec<_> = seen["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            format!(
                "{} {}",
                check["role"].as_str().unwrap(),
                check["host"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        looked,
        [
            "goproxy proxy.golang.org",
            "sumdb sum.golang.org",
            "import-meta git.corp.example",
            "vcs-https git.corp.example"
        ]
    );
    let one = health(&scene, "https://git.corp.example/team/lib nonsense:// ");
    assert_eq!(one["checks"].as_array().unwrap().len(), 1);
    assert_eq!(one["skipped"].as_array().unwrap().len(), 1);
}

/// What lies behind an `https://` proxy is looked at as go sees it: TLS within TLS. A proxy with a certificate that nobody
/// vouches for is told nothing.
#[test]
fn an_https_proxy_is_spoken_to_and_only_if_it_is_trusted() {
    for (trusted, connect, status) in [(true, "opened", Some(403)), (false, "not-trusted", None)] {
        let mut scene = fault("goproxy-403").scene(&toolchain(LATEST)).unwrap();
        let stranger = Authority::new("Nobody's CA").unwrap();
        let kind = if trusted {
            Certificate::Good
        } else {
            Certificate::Of(&stranger)
        };
        let identity = Identity::new(PROXY_CORP.name, kind).unwrap();
        let address = (PROXY_CORP.address, 3129).into();
        connect::over_tls(&scene.world, scene.net(), address, &identity, Policy::Open).unwrap();
        scene.env("HTTPS_PROXY", "https://proxy.corp.example:3129");
        let text = scene
            .run(&["go", "mod", "download"])
            .unwrap()
            .text()
            .into_bytes();
        scene.journal().clear();
        let found = look(&scene, &text);
        let probes = found.observations.as_array().unwrap();
        let seen = |id: &str| {
            let mut own = probes
                .iter()
                .filter(|probe| probe["id"] == id && probe["stack"] == "go");
            own.next().map_or(&Value::Null, |probe| &probe["detail"])
        };
        assert_eq!(seen("proxy")["connect"], connect, "{probes:#?}");
        assert_eq!(seen("http")["code"].as_u64(), status, "{probes:#?}");
        let told = scene.journal().events().into_iter();
        let told = told
            .filter(|event| matches!(event, Event::Http { .. }))
            .count();
        assert_eq!(told > 0, trusted, "{probes:#?}");
    }
}
