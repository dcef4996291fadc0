//! What does not help is never called proven: for every fix a scene in which it is offered, and
//! something else stands in the way as well. It isn't applied unasked; who agrees to it reads that it
//! does not work; every byte stays.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use gomend::lab::Scene;
use gomend::lab::places::{
    GIT_CORP, GITHUB, GOPROXY_CORP, PROXY_GOLANG, Place, RESOLVER, SUM_GOLANG, place,
};
use gomend::lab::serve::dns::{Answer, Zone};
use gomend::lab::serve::git::Access;
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::serve::ssh;
use gomend::lab::town::{self, LIB, WIDGET};
use serde_json::Value;

use crate::fix::{Desk, agree};
use crate::mended;
use crate::support::scene::{Ending, Furnish, healthy, of};
use crate::support::{How, LATEST};

/// How it is found out that a fix does not help.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It is tried, and fails.
    Tried,
    /// It is tried, gets further, and fails there.
    Further,
    /// It is tried after somebody has agreed to what its trial does, and fails.
    Agreed,
    /// The same, with a token that is typed.
    Typed,
    /// It cannot hold here: only told.
    Told,
}

use Found::{Agreed, Further, Told, Tried, Typed};

fn check(desk: &Desk, id: &str, found: Found) {
    let failed = desk.go().failed();
    let before = desk.whole_picture();
    let fixes = desk.tried();
    let fix = of(&fixes, id);
    let proven = match found {
        Tried => Value::Bool(false),
        Agreed | Typed | Told | Further => Value::Null,
    };
    assert_eq!(found == Further, fix["further"] == true, "{fix:#}");
    assert_eq!(fix["verified"], proven, "{fix:#}\n{failed}");
    assert_eq!(
        found == Told,
        fix["edits"] == serde_json::json!([]) && fix["scope"] == "manual",
        "{fix:#}"
    );
    let unasked = desk.gomend(&["fix", id, "--yes"]).failed();
    assert_eq!(changed(&before, desk), [""; 0], "{unasked}");
    if matches!(found, Agreed | Typed) {
        let text = agree_in_vain(desk, id, found);
        assert_eq!(changed(&before, desk), [""; 0], "{text}");
    }
}

/// The names of files that differ from a picture.
fn changed(before: &crate::fix::Picture, desk: &Desk) -> Vec<String> {
    let now = desk.whole_picture();
    let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name))
        .map(|name| name.display().to_string())
        .collect()
}

fn agree_in_vain(desk: &Desk, id: &str, found: Found) -> String {
    let mut screen = desk.menu(&[id]);
    screen.answer(&[("do it", "y")]);
    if found == Typed {
        screen.answer(&[("User name", "\r")]);
        screen.wait_for("Token or password");
        screen.type_unseen("wrong-token-7f3");
        screen.wait_for("not stored, it does not work");
        screen.answer(&[("do it", "\r")]);
    }
    let (how, text) = screen.end();
    let ends = [
        "it does not work",
        "it does not help alone",
        "go could not work the change out",
    ];
    assert!(ends.iter().any(|end| text.contains(end)), "{text}");
    assert_eq!(how, How::Code(1), "{text}");
    text
}

/// A row is a test: the fault, what stands in the way behind it, the fix, how that is found out.
macro_rules! unproven {
    ($($name:ident: $fault:literal, $second:expr, $id:literal, $found:ident;)*) => {
        $(#[test]
        fn $name() {
            check(&Desk::changed($fault, $second), $id, $found);
        })*

        /// The fixes of the rows.
        const IDS: &[&str] = &[$($id),*];
    };
}

unproven! {
    cut_downloads: "git-cut", nothing, "git-http-1-1", Tried;
    limited_logins: "git-429", nothing, "proactive-auth", Agreed;
    no_repository_behind_a_module_proxy: "git-429", limited_forge, "through-proxy", Agreed;
    no_repository_for_git: "git-missing", gone(GIT_CORP), "git-on-path", Further;
    a_helper_without_the_login: "https-no-credentials", stranger_with_gh, "credential-helper", Agreed;
    no_repository_over_https: "ssh-key-refused", gone(GITHUB), "https-for-org", Tried;
    no_ssh_server: "https-no-credentials", own_key, "ssh-for-org", Tried;
    another_key_on_443: "ssh-port-blocked", nothing, "ssh-443", Agreed;
    a_closed_key_that_nobody_knows: "ssh-key-refused", open_key, "ssh-modes", Agreed;
    a_second_key_that_nobody_knows: "ssh-key-refused", second_key, "ssh-identity", Agreed;
    no_zip_to_fetch: "cache-corrupt-zip", no_zip, "cache-download", Agreed;
    no_repository_to_clone: "cache-corrupt-git", gone(GIT_CORP), "cache-repository", Tried;
    another_sum_behind_the_lock: "git-lock-left", wrong_sum, "stale-lock", Tried;
    sums_that_nobody_confirms: "missing-go-sum", no_database, "go-sum", Agreed;
    tidy_without_database: "missing-go-sum", no_database, "mod-tidy", Agreed;
    a_module_more_and_no_database: "missing-go-sum", workspace_without_database, "go-work-use", Agreed;
    no_repository_behind_a_mirror: "private-via-proxy", only_a_mirror, "goproxy-direct", Agreed;
    no_database_for_toolchains: "toolchain-sumdb-off", no_database, "toolchain-sumdb", Agreed;
    no_such_toolchain: "go-too-old", nothing, "toolchain-auto", Agreed;
    a_go_mod_that_no_go_reads: "toolchain-version", unreadable_mod, "toolchain-local", Tried;
    no_such_toolchain_anywhere: "toolchain-version", direct, "toolchain-proxy", Agreed;
    a_login_that_has_expired: "https-credentials-for-git-only", stale_store, "goauth-git", Agreed;
    a_zip_behind_the_database: "private-via-sumdb", cut_at_own_proxy, "gonosumdb", Further;
    no_version_without_the_key_share: "tls-ml-kem", no_version, "no-mlkem", Agreed;
    no_repository_past_the_proxy: "proxy-no-proxy-dialect", gone(GIT_CORP), "no-proxy", Agreed;
    no_version_through_the_proxy: "proxy-git-only", no_version, "proxy-set", Agreed;
    no_version_by_the_right_scheme: "proxy-scheme", no_version, "proxy-value", Agreed;
    flags_that_the_environment_sets: "vcs-stamping", flags, "no-vcs-stamping", Told;
    no_repository_that_is_allowed: "vcs-disallowed", gone(GIT_CORP), "govcs", Agreed;
    no_repository_to_trust: "dubious-ownership", extension, "safe-directory", Agreed;
    no_repository_that_git_trusts: "tls-inspection-git", gone(GITHUB), "ca-for-git", Agreed;
    no_version_that_go_trusts: "tls-inspection-go", no_version, "ca-for-go", Agreed;
    no_repository_behind_the_ca: "tls-private-ca", gone(GIT_CORP), "trust-ca", Agreed;
    limits_without_the_variable: "git-429", exec_path, "git-variable", Further;
    a_stored_login_that_is_wrong: "https-no-credentials", stale_store, "stored-login", Agreed;
    a_token_that_is_wrong_too: "https-credentials-refused", nothing, "replace-credentials", Typed;
    a_mirror_that_nobody_reaches: "tcp-unanswered", nothing, "mirror", Agreed;
    a_second_mirror: "tcp-unanswered", nothing, "mirror-mirrors-aliyun-com", Agreed;
    a_third_mirror: "tcp-unanswered", nothing, "mirror-goproxy-io", Agreed;
}

/// A module that nobody has, asked of a project that is vendored.
#[test]
fn no_module_without_the_flag() {
    let desk = looked_up("github.com/acme/gone@latest");
    check(&desk, "goflags-mod", Agreed);
}

#[test]
fn a_module_without_the_flag() {
    let desk = looked_up("github.com/acme/widget@v1.0.0");
    desk.go().failed();
    let (how, text) = agree(&desk, "goflags-mod");
    assert_eq!(how, How::Code(0), "{text}");
    desk.go().succeeded();
}

/// GOFLAGS forbids to look a module up.
fn looked_up(module: &str) -> Desk {
    let scene = healthy(LATEST);
    scene.app(&[]).unwrap();
    scene.go_env("GOFLAGS", "-mod=vendor").unwrap();
    Desk::at(scene, &["go", "list", "-m", module])
}

/// A repository that can be asked again is not all: what fails behind it is told.
#[test]
fn what_a_repository_lacks_is_told() {
    let desk = Desk::failed_and_changed("https-credentials-refused", no_version);
    let mut screen = desk.menu(&["replace-credentials"]);
    screen.answer(&[("do it", "y"), ("User name", "\r")]);
    screen.wait_for("Token or password");
    screen.type_unseen("correct-horse");
    let (how, said) = screen.end();
    assert_eq!(how, How::Code(0), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "it gets further, and then: ";
    assert!(
        said.contains(told) && said.contains("unknown revision"),
        "{said}"
    );
}

/// A login in the address to which git rewrites wins over the one that was typed: the trial, which has nothing but
/// that one, can't show it, and the same fetch with the real settings does.
#[test]
fn a_login_that_an_address_overrules_is_rolled_back() {
    let desk = Desk::failed_and_changed("https-credentials-refused", |scene| {
        scene.edit("home/.gitconfig", |text| {
            format!(
                "{text}[url \"https://dev:stale@git.corp.example/\"]\n\tinsteadOf = https://git.corp.example/\n"
            )
        });
    });
    let before = desk.picture();
    let mut screen = desk.menu(&["replace-credentials"]);
    screen.answer(&[("do it", "y"), ("User name", "\r")]);
    screen.wait_for("Token or password");
    screen.type_unseen("correct-horse");
    screen.wait_for("everything was rolled back");
    screen.press("\r");
    let (_, said) = screen.end();
    assert_eq!(desk.picture(), before, "{said}");
}

/// That it is called proven where it helps: the same scene, and the module proxy has the module.
#[test]
fn a_module_proxy_passes_by_a_limit() {
    let desk = Desk::failed_and_changed("git-429", |scene| {
        limited_forge(scene);
        scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![WIDGET]);
    });

    let (how, text) = agree(&desk, "through-proxy");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(text.contains("it works"), "{text}");
    desk.go().succeeded();
}

fn nothing(_: &mut Scene) {}

fn gone(place: Place) -> impl FnOnce(&mut Scene) {
    move |scene| {
        let site = town::forge(scene, place, Access::Status(404, "Not Found\n"));
        scene.host(place).site = site;
    }
}

/// The user's module needs a version that nobody has.
fn no_version(scene: &mut Scene) {
    scene.edit("home/app/go.mod", |text| {
        text.replace(" v1.0.0", " v1.0.9")
            .replace(" v1.2.3", " v1.2.9")
    });
}

pub(crate) fn no_database(scene: &mut Scene) {
    scene.host(SUM_GOLANG).site = site(|_| Reply::text(500, "internal error\n"));
}

fn direct(scene: &mut Scene) {
    scene.go_env("GOPROXY", "direct").unwrap();
}

/// The public module is at a forge that answers everybody 429, and at no module proxy.
fn limited_forge(scene: &mut Scene) {
    scene.app(&[&WIDGET]).unwrap();
    let site = town::forge(scene, GITHUB, Access::Status(429, "slow down\n"));
    scene.host(GITHUB).site = site;
    scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Empty, vec![]);
    direct(scene);
}

/// `gh` is installed, and its login is none that the forge accepts.
fn stranger_with_gh(scene: &mut Scene) {
    scene.app(&[&WIDGET]).unwrap();
    scene.go_env("GOPRIVATE", "github.com/acme").unwrap();
    let site = town::forge(scene, GITHUB, Access::Only("dev", "correct-horse"));
    scene.host(GITHUB).site = site;
    let script = "#!/bin/sh\necho username=dev\necho password=expired\n";
    scene.put_program("bin/gh", script);
}

fn own_key(scene: &mut Scene) {
    ssh::keys(&scene.world).unwrap();
}

fn open_key(scene: &mut Scene) {
    scene.mode("home/.ssh/id_ed25519", 0o644);
}

fn second_key(scene: &mut Scene) {
    for ending in ["", ".pub"] {
        let key = scene.text(&format!("sshd/former{ending}"));
        let name = format!("home/.ssh/work{ending}");
        scene.put_secret(&name, key);
    }
}

/// go.sum has another checksum for the private module.
pub(crate) fn wrong_sum(scene: &mut Scene) {
    let zeros = format!("{}=", "A".repeat(43));
    let sums = format!(
        "{0} {1} h1:{zeros}\n{0} {1}/go.mod h1:{zeros}\n",
        LIB.path, LIB.version
    );
    scene.put("home/app/go.sum", sums);
}

fn no_zip(scene: &mut Scene) {
    scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::NoZip, vec![WIDGET]);
}

/// go.work uses another module alone.
fn workspace_without_database(scene: &mut Scene) {
    let world = &scene.world;
    let other = "module example.com/other\n\ngo 1.21\n";
    world.put("home/other/go.mod", other);
    let work = "go 1.21\n\nuse ../other\n";
    world.put("home/app/go.work", work);
    no_database(scene);
}

/// A mirror that has nothing.
pub(crate) fn empty_mirror(scene: &mut Scene) {
    const MIRROR: Place = place("goproxy.cn", [203, 0, 113, 12]);
    let zone = Zone::office().with(MIRROR.name, Answer::Addresses(vec![MIRROR.address.into()]));
    scene.zones.insert(RESOLVER.into(), zone);
    scene.serve(MIRROR, modproxy::proxy(Proxy::Empty, vec![]));
}

/// A mirror is all that GOPROXY names; neither it nor the forge has the module.
fn only_a_mirror(scene: &mut Scene) {
    scene.app(&[&WIDGET]).unwrap();
    scene.go_env("GOPROXY", "https://goproxy.cn").unwrap();
    empty_mirror(scene);
    gone(GITHUB)(scene);
}

/// A toolchain is named that nobody has, and go.mod has a line that no go understands.
fn unreadable_mod(scene: &mut Scene) {
    scene.environment.remove(OsStr::new("GOTOOLCHAIN"));
    scene.go_env("GOTOOLCHAIN", "go1.99.9").unwrap();
    let text = "module example.com/app\n\ngo 1.21\n\nrequires nothing\n";
    scene.put("home/app/go.mod", text);
}

/// A login that the server refuses, in the file of git's helper `store`, whether one is told of it or not.
fn stale_store(scene: &mut Scene) {
    let line = "https://dev:expired@git.corp.example\n";
    scene.put_secret("home/.git-credentials", line);
}

/// The company's module proxy has the private module, and its zip breaks off.
fn cut_at_own_proxy(scene: &mut Scene) {
    scene.serve(GOPROXY_CORP, modproxy::proxy(Proxy::CutZip, vec![LIB]));
    scene.put(
        "home/.config/go/env",
        "GOPROXY=https://goproxy.corp.example\n",
    );
}

fn flags(scene: &mut Scene) {
    scene.env("GOFLAGS", "-trimpath");
}

/// The repository needs what no git has.
fn extension(scene: &mut Scene) {
    scene.edit("home/app/.git/config", |text| {
        format!("{text}[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfoo = true\n")
    });
}

fn exec_path(scene: &mut Scene) {
    let line = "export GIT_EXEC_PATH=/nowhere/git-core\n";
    scene.put("home/.profile", line);
}

/// Fixes that gomend applies and whose unproven scene stands elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("goprivate", "proof::a_go_sum_that_disagrees_is_no_proof"),
    (
        "goproxy-default",
        "proof::without_go_sum_the_database_counts",
    ),
    (
        "goproxy-measured",
        "compare::mirrors_with_known_delay_speed_and_loss_and_a_bad_checksum",
    ),
    ("goflags-mod", "unproven::no_module_without_the_flag"),
    (
        "known-host",
        "fix_refusals::a_key_that_the_forge_does_not_publish_is_not_trusted",
    ),
    (
        "store-credentials",
        "fix_refusals::a_wrong_token_is_not_stored",
    ),
    ("wish-goprivate", "trials::a_project_s_wish_is_never_tried"),
    ("wish-goproxy", "trials::a_project_s_wish_is_never_tried"),
];

/// Made by `Proposal::new` for their risk or scope, and never more than text.
const TEXT: &[&str] = &["newer-git", "trust-ca-system", "known-host-compare"];

/// What no scene of real servers leads to, and why.
const NOWHERE: &[(&str, &str)] = &[("host-key-renewed", "it takes the forge's own private key")];

/// Ids that stand in the sources as the argument of whoever makes the proposal: the file, and what it is called with.
const PASSED: &[(&str, &[&str])] = &[
    (
        "credentials.rs",
        &["store-credentials", "replace-credentials"],
    ),
    (
        "mirror.rs",
        &["mirror", "mirror-mirrors-aliyun-com", "mirror-goproxy-io"],
    ),
    ("packages.rs", &[]), // commands for another user
    ("project.rs", &["mod-vendor"]),
    ("sshsettings.rs", &["ssh-setting"]),
];

/// The ids that the sources of the fixes name where they make something that may be applied.
fn applied() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/fix/src");
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for rest in text.split("Proposal::new(").skip(1) {
            if let Some(literal) = rest.trim_start().strip_prefix('"') {
                let id = literal.split('"').next();
                ids.extend(id.filter(|id| !id.is_empty()).map(str::to_owned));
                continue;
            }
            let passed = PASSED.iter().find(|(file, _)| path.ends_with(file));
            let (_, passed) = passed.unwrap_or_else(|| panic!("{}: {rest:.60}", path.display()));
            ids.extend(passed.iter().map(|id| (*id).to_owned()));
        }
    }
    ids
}

#[test]
fn every_fix_has_a_scene_in_which_it_is_not_proven() {
    let elsewhere = ELSEWHERE.iter().map(|(id, _)| *id);
    let known: BTreeSet<&str> = IDS
        .iter()
        .copied()
        .chain(elsewhere)
        .chain(mended::offered())
        .chain(NOWHERE.iter().map(|(id, _)| *id))
        .chain(TEXT.iter().copied())
        .collect();
    let applied = applied();
    assert!(applied.len() > 40, "{applied:?}");
    let lacking: Vec<&String> = applied
        .iter()
        .filter(|id| !known.contains(id.as_str()))
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn the_tests_elsewhere_are_there() {
    let binary = std::env::current_exe().unwrap();
    let mut list = Command::new(binary);
    let list = list.args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    for (id, test) in ELSEWHERE {
        let is_there = list.lines().any(|line| line == format!("{test}: test"));
        assert!(is_there, "{id}: {test}");
    }
}
