//! A trial is execution: before anybody agreed, nothing runs, nobody learns and nothing is lost
//! that the failed go did not run, tell or lose by itself. Canary programs, planted logins and
//! servers that note what they were asked prove it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Child;

use gomend::lab::places::{GIT_CORP, GOPROXY_CORP, PROXY_GOLANG};
use gomend::lab::serve::git::Access;
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::{Event, Scene, town};
use serde_json::Value;

use crate::fix::{Desk, agree};
use crate::support::scene::{Ending, Furnish, of, toolchain};
use crate::support::{How, LATEST};

/// What `gomend fix` does while nobody agrees to anything.
const UNASKED: &[&[&str]] = &[
    &["fix", "--last", "--dry-run"],
    &["fix", "--last", "--json"],
    &["fix", "--last", "--yes"],
];

/// The menu is looked at, and left.
fn look_at_menu(desk: &Desk) {
    let mut screen = desk.menu(&[]);
    screen.answer(&[("not now", "\r")]);
    screen.end();
}

/// Somebody else's repository, whose configuration names a program in every place that git has.
fn hostile_repository() -> (Desk, PathBuf) {
    let mut scene = Scene::bare(&toolchain(LATEST)).unwrap();
    scene.app(&[]).unwrap();
    scene.run(&["git", "init", "-q"]).unwrap().succeeded();
    let ran = scene.world.inside("tmp/canary-ran");
    let program = scene.world.inside("srv/canary");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}\n", ran.display());
    scene.put_program("srv/canary", &script);
    let canary = program.display();
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
    scene.edit("home/app/.git/config", |config| {
        config.to_owned() + &hostile
    });
    scene.put("home/app/.gitattributes", "* filter=canary diff=canary\n");
    for hook in [
        "fsmonitor-watchman",
        "post-index-change",
        "reference-transaction",
    ] {
        scene.put_program(&format!("srv/hooks/{hook}"), &script);
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
    let failed = desk.go().failed();
    assert!(failed.contains("error obtaining VCS status"));
    assert_eq!(desk.report()["cause"], "dubious-ownership", "{failed}");
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
    let tried = desk.tried();
    let trust = of(&tried, "safe-directory");
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
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
        let root = town::LIB.path;
        scene.host(GIT_CORP).site = site(move |_| {
            let page =
                format!("<meta name=\"go-import\" content=\"{root} fossil https://{root}\">");
            Reply::html(200, format!("<html><head>{page}</head></html>"))
        });
        let ran = scene.world.inside("tmp/canary-ran");
        let script = format!("#!/bin/sh\necho \"$*\" >> {}\nexit 1\n", ran.display());
        scene.put_program("bin/fossil", script);
    });
    let ran = desk.scene.world.outside("tmp/canary-ran");
    for args in UNASKED {
        let text = desk.gomend(args).text();
        assert!(!ran.exists(), "{args:?}: {text}");
    }
}

const TOKEN: &str = "correct-horse";

/// The company's git server wants a login.
fn guarded(scene: &mut Scene) {
    let site = town::forge(scene, GIT_CORP, Access::Only("dev", TOKEN));
    scene.host(GIT_CORP).site = site;
}

/// Logins in every place that go and git know.
fn logins(scene: &mut Scene) {
    guarded(scene);
    let home = scene.world.inside("home");
    let entry = "machine git.corp.example login dev password from-netrc\n";
    scene.put_secret("home/.netrc", entry);
    let stored = "https://dev:from-store@git.corp.example\n";
    scene.put_secret("home/.git-credentials", stored);
    let cookie = "git.corp.example\tFALSE\t/\tTRUE\t0\tsession\tfrom-cookie\n";
    scene.put_secret("home/cookies", cookie);
    let config = "[credential]\n\thelper = store\n\
                  [http]\n\tcookieFile = ~/cookies\n\
                  [http \"https://git.corp.example/\"]\n\textraHeader = Authorization: Basic ZnJvbTpoZWFkZXI=\n";
    scene.git_config(config).unwrap();
    let helpers = format!("netrc;git {}", home.display());
    scene.go_env("GOAUTH", &helpers).unwrap();
}

faults! {
    a_man_in_the_middle_gets_no_login = tells_no_login; tls_self_signed tls_private_ca
}

fn tells_no_login(fault: &str) {
    let desk = Desk::failed_and_changed(fault, logins);
    let stored = desk.picture();
    desk.scene.journal().clear();
    let quiet = |what: &str| {
        assert_eq!(desk.scene.journal().credentials(), [], "{what}");
        assert_eq!(desk.picture(), stored, "{what}");
    };
    for args in UNASKED {
        let text = desk.gomend(args).text();
        quiet(&format!("{args:?}: {text}"));
        // not even what is asked for
        let paths: Vec<String> = paths(desk.scene.journal().events());
        assert_eq!(paths, [""; 0], "{args:?}");
    }
    let tried = desk.tried();
    let trust = of(&tried, "trust-ca");
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
    assert_eq!(sent, [], "after consent");
    let kept = Path::new(".git-credentials");
    assert_eq!(desk.picture().get(kept), stored.get(kept));
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

faults! {
    a_refused_login_is_not_erased_by_a_trial = keeps_the_login; private_via_proxy cache_corrupt_git
}

/// The login in the store is wrong: git would reject it, and the store would forget it.
fn keeps_the_login(fault: &str) {
    const STORED: &str = "https://dev:from-store@git.corp.example\n";
    let desk = Desk::failed_and_changed(fault, |scene| {
        guarded(scene);
        let store = "[credential]\n\thelper = store\n";
        scene.git_config(store).unwrap();
    });
    desk.scene.put_secret("home/.git-credentials", STORED);
    for args in &UNASKED[1..] {
        let text = desk.gomend(args).text();
        let kept = desk.scene.text("home/.git-credentials");
        assert_eq!(kept, STORED, "{args:?}: {text}");
    }
}

#[test]
fn a_missing_line_of_go_sum_tells_nobody_of_a_private_module() {
    let desk = Desk::failed_and_changed("missing-go-sum", |scene| {
        scene.app(&[&town::LIB]).unwrap();
    });
    assert_eq!(desk.report()["cause"], "missing-go-sum");
    desk.scene.journal().clear();
    for args in UNASKED {
        let text = desk.gomend(args).text();
        assert_eq!(desk.scene.journal().events(), [], "{args:?}: {text}");
    }
    look_at_menu(&desk);
    assert_eq!(desk.scene.journal().events(), []);
    let tried = desk.tried();
    let why = of(&tried, "go-sum")["tried"].as_str().unwrap();
    assert!(
        why.contains("proxy.golang.org") && why.contains("sum.golang.org"),
        "{why}"
    );
}

#[test]
fn a_project_s_wish_is_never_tried() {
    const WISH: &str = "[go]\nGOPROXY = \"https://goproxy.corp.example\"\n";
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
        scene.serve(GOPROXY_CORP, site(|_| Reply::text(404, "not found\n")));
        scene.put("home/app/.gomend.toml", WISH);
        let login = "machine goproxy.corp.example login dev password from-netrc\n";
        scene.put_secret("home/.netrc", login);
    });
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
macro_rules! cheap {
    ($module:ident = $check:ident; $($more:ident)*) => {
        faults! {
            $module = $check;
            private_via_proxy private_via_sumdb goproxy_off goproxy_invalid goproxy_502 vcs_disallowed
            https_no_credentials https_credentials_for_git_only https_credentials_refused tls_self_signed
            ssh_host_key_unknown ssh_key_refused proxy_down dns_typo tcp_refused missing_go_sum
            cache_corrupt_git cache_corrupt_zip toolchain_unavailable dubious_ownership
            $($more)*
        }
    };
}

cheap! { a_dry_run_contacts_nobody = is_dry; }

fn is_dry(fault: &str) {
    let desk = Desk::failed(fault);
    let before = desk.picture();
    desk.scene.journal().clear();
    let outcome = desk.gomend(&["fix", "--dry-run", "--json", "--quiet"]);
    assert_eq!(desk.scene.journal().events(), []);
    assert_eq!(outcome.status.code(), Some(0), "{}", outcome.text());
    assert_eq!(desk.picture(), before);
    for proposal in outcome.json().as_array().unwrap() {
        assert_eq!(proposal["verified"], Value::Null, "{proposal}");
        let by_hand = proposal["edits"] == serde_json::json!([]);
        let tells = proposal["tried"].as_str().is_some_and(|tried| {
            tried.starts_with("would be tried: ") || tried.starts_with("not tried: ")
        });
        assert!(by_hand || tells, "{proposal}");
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

cheap! {
    no_trial_speaks_to_anybody_new = speaks_to_nobody_new;
    tcp_unanswered ssh_port_blocked proxy_scheme tls_ml_kem // and silent ones
}

fn speaks_to_nobody_new(fault: &str) {
    let mut desk = Desk::new(fault);
    desk.scene.env("GOMEND", "off"); // go alone
    desk.go().failed();
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
    assert_eq!(new, [""; 0], "{known:?}: {text}");
}

/// What `--yes` may not apply isn't tried for others' ears either: where go may not ask any module proxy, the public one
/// doesn't hear the module's name.
#[test]
fn yes_tells_the_public_proxy_no_name() {
    let desk = Desk::failed("goproxy-off");
    let told = || {
        let events = desk.scene.journal().events();
        paths(events).join(" ").contains(town::WIDGET.path)
    };
    assert!(!told(), "go itself asks nobody");
    let outcome = desk.gomend(&["fix", "--last", "--yes"]);
    assert!(!told(), "{}", outcome.text());
    outcome.failed();
    // that it would hear of it
    let (_, text) = agree(&desk, "goproxy-default");
    assert!(told(), "{text}");
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
    let desk = Desk::failed("private-via-proxy");
    let before = desk.picture();
    let world = &desk.scene.world;
    let git = which::which("git").unwrap();
    let script = BARRIER
        .replace("TMP", world.inside("tmp").to_str().unwrap())
        .replace("GIT", git.to_str().unwrap());
    fs::remove_file(world.outside("bin/git")).unwrap();
    world.put_program("bin/git", script);
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
    let history = desk.gomend(&["history", "--json"]).json();
    assert_eq!(history.as_array().unwrap().len(), 1, "{history}");
    desk.gomend(&["undo"]).succeeded();
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_dead_proxy_is_not_gone_round_unasked() {
    let desk = Desk::failed("proxy-down");
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
