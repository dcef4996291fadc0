//! A trial is execution: before anybody agreed, nothing runs, nobody learns and nothing is lost
//! that the failed go did not run, tell or lose by itself. Canary programs, planted logins and
//! servers that note what they were asked prove it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Child;

use gomend::lab::places::{GIT_CORP, GOPROXY_CORP, PROXY_GOLANG};
use gomend::lab::serve::git::Access;
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::{Event, Outcome, Scene, Toolchain, town};
use serde_json::Value;

use crate::fix::{Desk, agree, on_terminal};
use crate::support::{How, LATEST, goroot};

/// What `gomend fix` does while nobody agrees to anything.
const UNASKED: &[&[&str]] = &[
    &["fix", "--last", "--dry-run"],
    &["fix", "--last", "--json"],
    &["fix", "--last", "--yes"],
];

/// The proposals of a `gomend fix --json`.
fn proposals(outcome: &Outcome) -> Vec<Value> {
    let all: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.text()));
    all.as_array().unwrap().clone()
}

fn of_id<'a>(proposals: &'a [Value], id: &str) -> &'a Value {
    proposals
        .iter()
        .find(|proposal| proposal["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {proposals:#?}"))
}

/// The menu is looked at, and left.
fn look_at_menu(desk: &Desk) {
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix"]);
    screen.wait_for("not now");
    screen.press("\r");
    screen.end();
}

/// Somebody else's repository, whose configuration names a program in every place that git has.
fn hostile_repository() -> (Desk, PathBuf) {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let mut scene = Scene::bare(&toolchain).unwrap();
    scene.app(&[]).unwrap();
    let made = scene.run(&["git", "init", "-q"]).unwrap();
    assert!(made.status.success(), "{}", made.text());
    let ran = scene.world.inside("tmp/canary-ran");
    let program = scene.world.inside("srv/canary");
    scene
        .world
        .write(
            "srv/canary",
            format!("#!/bin/sh\necho \"$0 $*\" >> {}\n", ran.display()),
            false,
        )
        .unwrap();
    fs::set_permissions(
        scene.world.outside("srv/canary"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let canary = program.display();
    let mut config = fs::read_to_string(scene.world.outside("home/app/.git/config")).unwrap();
    let hooks = scene.world.inside("srv/hooks").display().to_string();
    let hostile = format!(
        "[core]\n\tfsmonitor = {canary}\n\tsshCommand = {canary}\n\tpager = {canary}\n\
         \tgitProxy = {canary}\n\taskPass = {canary}\n\talternateRefsCommand = {canary}\n\
         \thooksPath = {hooks}\n\
         [filter \"canary\"]\n\tclean = {canary}\n\tsmudge = {canary}\n\tprocess = {canary}\n\
         [diff]\n\texternal = {canary}\n[diff \"canary\"]\n\ttextconv = {canary}\n\
         [credential]\n\thelper = {canary}\n[uploadpack]\n\tpackObjectsHook = {canary}\n\
         [include]\n\tpath = {canary}-config\n[alias]\n\tconfig = !{canary}\n\tstatus = !{canary}\n",
    );
    config += &hostile;
    scene
        .world
        .write("home/app/.git/config", config, false)
        .unwrap();
    scene
        .world
        .write(
            "home/app/.gitattributes",
            "* filter=canary diff=canary\n",
            false,
        )
        .unwrap();
    for hook in [
        "fsmonitor-watchman",
        "post-index-change",
        "reference-transaction",
    ] {
        let name = format!("srv/hooks/{hook}");
        scene
            .world
            .write(
                &name,
                fs::read(scene.world.outside("srv/canary")).unwrap(),
                false,
            )
            .unwrap();
        fs::set_permissions(
            scene.world.outside(&name),
            fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
    let app = scene.world.outside("home/app");
    if rustix::process::geteuid().is_root() {
        give_away(&app, 4242);
    } else {
        // only root can give files away: git's own switch for its tests of this
        scene.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    }
    let ran = scene.world.outside("tmp/canary-ran");
    (Desk::at(scene, &["go", "build", "./..."]), ran)
}

fn give_away(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path(), user);
        }
    }
}

#[test]
fn nothing_of_a_foreign_repository_runs() {
    let (desk, ran) = hostile_repository();
    let failed = desk.go();
    assert!(failed.text().contains("error obtaining VCS status"));
    assert_eq!(
        desk.report()["cause"],
        "dubious-ownership",
        "{}",
        failed.text()
    );
    let quiet = |what: &str| {
        let said = fs::read_to_string(&ran).unwrap_or_default();
        assert_eq!(said, "", "{what}");
    };
    quiet("go and the diagnosis");
    for args in UNASKED {
        let text = desk.gomend(args).text();
        quiet(&format!("{args:?}: {text}"));
    }
    // `fix --yes` may have built without stamps, which asks nobody
    desk.gomend(&["undo"]);
    let tried = proposals(&desk.gomend(&["fix", "--json", "--quiet"]));
    let trust = of_id(&tried, "safe-directory");
    assert_eq!(trust["verified"], Value::Null, "{trust}");
    assert_eq!(trust["asks"][0]["kind"], "read-foreign-repository");
    look_at_menu(&desk);
    quiet("the menu");
    let (how, text) = agree(&desk, "safe-directory");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(text.contains("done: Trust the repository"), "{text}");
    quiet("after consent");
    // that it can: with the exception in place, git itself runs it
    desk.scene.run(&["git", "diff"]).unwrap();
    assert!(ran.exists());
}

#[test]
fn a_server_does_not_choose_the_program() {
    // for private modules go runs whatever version control program the server's page names
    let desk = Desk::changed("private-via-proxy", |scene| {
        let root = town::LIB.path;
        scene.host(GIT_CORP).site = site(move |_| {
            let page =
                format!("<meta name=\"go-import\" content=\"{root} fossil https://{root}\">");
            Reply::html(200, format!("<html><head>{page}</head></html>"))
        });
        let ran = scene.world.inside("tmp/canary-ran");
        let script = format!("#!/bin/sh\necho \"$*\" >> {}\nexit 1\n", ran.display());
        scene.world.write("bin/fossil", script, false).unwrap();
        let program = scene.world.outside("bin/fossil");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    });
    assert!(!desk.go().status.success());
    for args in UNASKED {
        let text = desk.gomend(args).text();
        assert!(
            !desk.scene.world.outside("tmp/canary-ran").exists(),
            "{args:?}: {text}"
        );
    }
}

const TOKEN: &str = "correct-horse";

/// Logins in every place that go and git know.
fn logins(scene: &mut Scene) {
    let site = town::forge(scene, GIT_CORP, Access::Only("dev", TOKEN));
    scene.host(GIT_CORP).site = site;
    let home = scene.world.inside("home");
    let world = &scene.world;
    world
        .write(
            "home/.netrc",
            "machine git.corp.example login dev password from-netrc\n",
            true,
        )
        .unwrap();
    world
        .write(
            "home/.git-credentials",
            "https://dev:from-store@git.corp.example\n",
            true,
        )
        .unwrap();
    world
        .write(
            "home/cookies",
            "git.corp.example\tFALSE\t/\tTRUE\t0\tsession\tfrom-cookie\n",
            true,
        )
        .unwrap();
    scene
        .git_config(
            "[credential]\n\thelper = store\n\
             [http]\n\tcookieFile = ~/cookies\n\
             [http \"https://git.corp.example/\"]\n\textraHeader = Authorization: Basic ZnJvbTpoZWFkZXI=\n",
        )
        .unwrap();
    scene
        .go_env("GOAUTH", &format!("netrc;git {}", home.display()))
        .unwrap();
}

#[test]
fn a_man_in_the_middle_gets_no_login() {
    for fault in ["tls-self-signed", "tls-private-ca"] {
        let desk = Desk::changed(fault, logins);
        assert!(!desk.go().status.success());
        let stored = desk.picture();
        desk.scene.journal().clear();
        let quiet = |what: &str| {
            let sent = desk.scene.journal().credentials();
            assert_eq!(sent, [], "{fault}: {what}");
            assert_eq!(desk.picture(), stored, "{fault}: {what}");
        };
        for args in UNASKED {
            let text = desk.gomend(args).text();
            quiet(&format!("{args:?}: {text}"));
            // not even what is asked for
            let paths: Vec<String> = paths(desk.scene.journal().events());
            assert_eq!(paths, [""; 0], "{fault}: {args:?}");
        }
        let tried = proposals(&desk.gomend(&["fix", "--json", "--quiet"]));
        let trust = of_id(&tried, "trust-ca");
        assert_eq!(trust["verified"], Value::Null, "{trust}");
        let why = trust["tried"].as_str().unwrap();
        assert!(
            why.starts_with("not tried: it would") && why.contains("doesn't trust"),
            "{why}"
        );
        look_at_menu(&desk);
        quiet("the menu");
        let (how, text) = agree(&desk, "trust-ca");
        assert_eq!(how, How::Code(0), "{text}");
        let sent = desk.scene.journal().credentials();
        assert_eq!(sent, [], "{fault}: after consent");
        let kept = Path::new(".git-credentials");
        assert_eq!(desk.picture().get(kept), stored.get(kept), "{fault}");
    }
}

/// The paths of all HTTP requests.
fn paths(events: Vec<Event>) -> Vec<String> {
    events
        .into_iter()
        .filter_map(|event| match event {
            Event::Http { host, path, .. } => Some(format!("{host}{path}")),
            _ => None,
        })
        .collect()
}

#[test]
fn a_refused_login_is_not_erased_by_a_trial() {
    // the login in the store is wrong: git would reject it, and the store would forget it
    const STORED: &str = "https://dev:from-store@git.corp.example\n";
    for fault in ["private-via-proxy", "cache-corrupt-git"] {
        let desk = Desk::changed(fault, |scene| {
            let site = town::forge(scene, GIT_CORP, Access::Only("dev", TOKEN));
            scene.host(GIT_CORP).site = site;
            scene
                .git_config("[credential]\n\thelper = store\n")
                .unwrap();
        });
        assert!(!desk.go().status.success());
        desk.scene
            .world
            .write("home/.git-credentials", STORED, true)
            .unwrap();
        for args in [
            &["fix", "--last", "--json"][..],
            &["fix", "--last", "--yes"],
        ] {
            let text = desk.gomend(args).text();
            let file = desk.scene.world.outside("home/.git-credentials");
            assert_eq!(
                fs::read_to_string(&file).unwrap(),
                STORED,
                "{fault} {args:?}: {text}"
            );
        }
    }
}

#[test]
fn a_missing_line_of_go_sum_tells_nobody_of_a_private_module() {
    let desk = Desk::changed("missing-go-sum", |scene| scene.app(&[&town::LIB]).unwrap());
    let failed = desk.go();
    assert_eq!(
        desk.report()["cause"],
        "missing-go-sum",
        "{}",
        failed.text()
    );
    desk.scene.journal().clear();
    for args in UNASKED {
        let text = desk.gomend(args).text();
        assert_eq!(desk.scene.journal().events(), [], "{args:?}: {text}");
    }
    look_at_menu(&desk);
    assert_eq!(desk.scene.journal().events(), []);
    let tried = proposals(&desk.gomend(&["fix", "--json", "--quiet"]));
    let why = of_id(&tried, "go-sum")["tried"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        why.contains("proxy.golang.org") && why.contains("sum.golang.org"),
        "{why}"
    );
}

#[test]
fn a_project_s_wish_is_never_tried() {
    const WISH: &str = "[go]\nGOPROXY = \"https://goproxy.corp.example\"\n";
    let desk = Desk::changed("private-via-proxy", |scene| {
        scene.serve(GOPROXY_CORP, site(|_| Reply::text(404, "not found\n")));
        scene
            .world
            .write("home/app/.gomend.toml", WISH, false)
            .unwrap();
        let login = "machine goproxy.corp.example login dev password from-netrc\n";
        scene.world.write("home/.netrc", login, true).unwrap();
    });
    assert!(!desk.go().status.success());
    let quiet = |what: &str| {
        let events = desk.scene.journal().events();
        let asked = events.iter().any(|event| match event {
            Event::Http { host, .. } | Event::Dns { name: host, .. } => {
                host.starts_with("goproxy.corp.example")
            }
            _ => false,
        });
        assert!(!asked, "{what}: {events:#?}");
    };
    quiet("the diagnosis");
    for args in UNASKED {
        let text = desk.gomend(args).text();
        quiet(&format!("{args:?}: {text}"));
    }
    desk.gomend(&["undo"]);
    look_at_menu(&desk);
    quiet("the menu");
    let (how, text) = agree(&desk, "wish-goproxy");
    assert_eq!(how, How::Code(0), "{text}");
    quiet("even when it was agreed to");
}

/// Faults of every layer, cheap ones.
const DRY: &[&str] = &[
    "private-via-proxy",
    "private-via-sumdb",
    "goproxy-off",
    "goproxy-invalid",
    "goproxy-502",
    "vcs-disallowed",
    "https-no-credentials",
    "https-credentials-for-git-only",
    "https-credentials-refused",
    "tls-self-signed",
    "ssh-host-key-unknown",
    "ssh-key-refused",
    "proxy-down",
    "dns-typo",
    "tcp-refused",
    "missing-go-sum",
    "cache-corrupt-git",
    "cache-corrupt-zip",
    "toolchain-unavailable",
    "dubious-ownership",
];

#[test]
fn a_dry_run_contacts_nobody() {
    for fault in DRY {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let before = desk.picture();
        desk.scene.journal().clear();
        let outcome = desk.gomend(&["fix", "--dry-run", "--json", "--quiet"]);
        assert_eq!(desk.scene.journal().events(), [], "{fault}");
        assert_eq!(
            outcome.status.code(),
            Some(0),
            "{fault}: {}",
            outcome.text()
        );
        assert_eq!(desk.picture(), before, "{fault}");
        for proposal in proposals(&outcome) {
            assert_eq!(proposal["verified"], Value::Null, "{fault}: {proposal}");
            let by_hand = proposal["edits"] == serde_json::json!([]);
            let tells = proposal["tried"].as_str().is_some_and(|tried| {
                tried.starts_with("would be tried: ") || tried.starts_with("not tried: ")
            });
            assert!(by_hand || tells, "{fault}: {proposal}");
        }
    }
}

/// Names that were looked up or asked over HTTP.
fn spoken_to(desk: &Desk) -> BTreeSet<String> {
    let events = desk.scene.journal().events().into_iter();
    events
        .filter_map(|event| match event {
            Event::Dns { name, .. } => Some(name),
            Event::Http { host, .. } => Some(host.split(':').next().unwrap_or_default().to_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn no_trial_speaks_to_anybody_new() {
    let silent = [
        "tcp-unanswered",
        "ssh-port-blocked",
        "proxy-scheme",
        "tls-ml-kem",
    ];
    for fault in DRY.iter().chain(&silent) {
        let mut desk = Desk::new(fault);
        desk.scene.env("GOMEND", "off"); // go alone
        assert!(!desk.go().status.success(), "{fault}");
        let mut known = spoken_to(&desk);
        desk.scene.env("GOMEND", "auto");
        desk.go();
        desk.scene.journal().clear();
        let text = desk.gomend(&["fix", "--json", "--quiet"]).text();
        // a module's own host may be told of it
        let target = desk.report()["target"]["module"].clone();
        let own = target.as_str().and_then(|module| module.split('/').next());
        known.extend(own.map(str::to_owned));
        let new: Vec<String> = spoken_to(&desk).difference(&known).cloned().collect();
        assert_eq!(new, [""; 0], "{fault}, {known:?}: {text}");
    }
}

/// A git that waits until both gomends have come to it.
const BARRIER: &str = "#!/bin/sh
if [ -n \"$TURN\" ]; then
  : > TMP/turn.$TURN
  tries=0
  while [ ! -e TMP/turn.1 -o ! -e TMP/turn.2 ] && [ $tries -lt 1000 ]; do
    tries=$((tries + 1)); sleep 0.01
  done
fi
exec GIT \"$@\"
";

#[test]
fn two_at_once_do_it_once() {
    let desk = Desk::new("private-via-proxy");
    assert!(!desk.go().status.success());
    let before = desk.picture();
    let world = &desk.scene.world;
    let git = which::which("git").unwrap();
    let script = BARRIER
        .replace("TMP", world.inside("tmp").to_str().unwrap())
        .replace("GIT", git.to_str().unwrap());
    fs::remove_file(world.outside("bin/git")).unwrap();
    world.write("bin/git", script, false).unwrap();
    fs::set_permissions(world.outside("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    let both: Vec<Child> = ["1", "2"]
        .map(|turn| {
            let words = ["gomend", "fix", "goprivate", "--yes"];
            let mut command = desk.scene.command(&words).unwrap();
            command.env("TURN", turn).spawn().unwrap()
        })
        .into();
    let ended: Vec<_> = both
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    let done = |text: &[u8]| String::from_utf8_lossy(text).contains("gomend: done");
    let successes = ended.iter().filter(|output| output.status.success());
    assert_eq!(successes.count(), 1, "{ended:#?}");
    assert_eq!(
        ended.iter().filter(|output| done(&output.stdout)).count(),
        1,
        "{ended:#?}"
    );
    let other = ended
        .iter()
        .find(|output| !output.status.success())
        .unwrap();
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(
        said.contains("everything is as this fix would make it already"),
        "{said}"
    );
    let history = desk.gomend(&["history", "--json"]);
    assert_eq!(proposals(&history).len(), 1, "{}", history.text());
    assert!(desk.gomend(&["undo"]).status.success());
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_dead_proxy_is_not_gone_round_unasked() {
    let desk = Desk::new("proxy-down");
    assert!(!desk.go().status.success());
    desk.scene.journal().clear();
    for args in UNASKED {
        let text = desk.gomend(args).text();
        let events = desk.scene.journal().events();
        assert_eq!(paths(events), [""; 0], "{args:?}: {text}");
    }
    let (how, text) = agree(&desk, "proxy-unset");
    assert_eq!(how, How::Code(0), "{text}");
    let asked = paths(desk.scene.journal().events());
    assert!(
        asked.iter().any(|path| path.starts_with(PROXY_GOLANG.name)),
        "{asked:?}"
    );
}
