//! `gomend check`, through the real program.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{POLICY, sinner};
use crate::support::home::{Home, assert_same, picture};
use crate::support::{Ended, How, mkfifo};

fn check(home: &Home, args: &[&str]) -> Ended {
    home.gomend_in("repo", &[&["check"], args].concat())
}

/// What was found: place and rule.
fn found(home: &Home, args: &[&str]) -> Vec<String> {
    let ended = check(home, &[args, &["--json"]].concat());
    let json = ended.json();
    let of = |finding: &Value| {
        let place = &finding["place"];
        let place = match place["path"].as_str() {
            Some(path) => format!("{path}:{}", place["line"]),
            None => format!(
                "{} ({})",
                place["setting"].as_str().unwrap(),
                place["origin"].as_str().unwrap()
            ),
        };
        format!("{place} {}", finding["rule"].as_str().unwrap())
    };
    json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

const SINS: &[&str] = &[
    ".buildkite/pipeline.yml:2 forbidden-setting",
    ".github/workflows/ci.yml:2 forbidden-setting",
    ".gitlab-ci.yml:2 go-proxy-value",
    "Dockerfile:1 go-minimum",
    "Dockerfile:2 go-proxy-value",
    "Dockerfile:3 go-private",
    "Dockerfile:4 go-sumdb",
    "Jenkinsfile:3 go-proxy-value",
    "azure-pipelines.yml:3 go-sumdb",
    "build.sh:3 forbidden-setting",
    "build.sh:4 token-in-url",
    "build.sh:5 forbidden-setting",
    "go.mod:3 go-minimum",
    "go.mod:3 toolchain-line",
    "go.mod:6 go-sum-incomplete",
    "go.mod:10 replace-local",
];

#[test]
fn every_sin_is_found_with_its_line() {
    let home = sinner();
    assert_eq!(found(&home, &["--scope", "repository"]), SINS);
    let ended = check(&home, &["--scope", "repository"]);
    assert_eq!(ended.how, How::Code(1));
    assert!(ended.said().contains("Dockerfile:2:5  error  go-proxy-value\n    GOPROXY is `direct`, and `https://goproxy.corp.example,direct` is wanted.\n"), "{ended:?}");
    let words = ended.words();
    assert_eq!(
        words,
        "gomend: errors: 16, warnings: 0; `gomend check --fix` mends 11\n"
    );
}

/// A policy holds only over what was looked at.
#[test]
fn what_can_not_be_looked_at_is_told_and_fails() {
    let home = Home::new();
    let policy = "version = 1\n[require]\ngo = \"1.0\"\ngit = \"1.0\"\n";
    home.write("repo/.gomend-policy.toml", policy);
    home.script("broken/git", "echo no library >&2; exit 127");
    let look = |path: &str| {
        let mut command = home.gomend_command("repo", &["check"]);
        Ended::from(command.env("PATH", path).output().unwrap())
    };
    let path = home.path.to_str().unwrap();
    let holds = look(path);
    assert_eq!(holds.how, How::Code(0), "{holds:?}");
    assert_eq!(holds.words(), "gomend: the policy holds\n");
    let fails = |path: &str, whats: &[&str]| {
        let ended = look(path);
        let words = ended.words();
        assert_eq!(ended.how, How::Code(1), "{words}");
        assert!(!words.contains("the policy holds"), "{words}");
        for what in whats {
            assert!(words.contains(what), "{what}: {words}");
        }
    };
    let broken = format!("{}:{path}", home.at("broken").display());
    fails(&broken, &["git can't be asked what is set: no library"]);
    fails("/nowhere", &["requires go 1.0", "requires git 1.0"]);
    let odd = home.at("repo").join(OsStr::from_bytes(b"\xff"));
    fs::create_dir(&odd).unwrap();
    fails(path, &["its name is no UTF-8"]);
    home.write(
        "repo/.gomend-policy.toml",
        format!("{policy}[scan]\nexclude = [\"\u{fffd}\"]\n"),
    );
    assert_eq!(look(path).how, How::Code(0), "excluded");
}

#[test]
fn what_needs_no_thought_is_mended_and_undone_to_the_byte() {
    let home = sinner();
    let before = picture(&home.at("repo"), &[]);
    let ended = check(&home, &["--scope", "repository", "--fix"]);
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
    assert_eq!(
        found(&home, &["--scope", "repository"]),
        [
            "Dockerfile:1 go-minimum",
            "build.sh:3 token-in-url",
            "go.mod:3 go-minimum",
            "go.mod:8 go-sum-incomplete",
            "go.mod:12 replace-local",
        ]
    );
    assert_eq!(
        home.read("repo/Jenkinsfile"),
        "pipeline {\n  environment {\n    GOPROXY = 'https://goproxy.corp.example,direct'\n    OTHER = 'x'\n  }\n}\n"
    );
    assert_eq!(
        home.read("repo/Dockerfile"),
        "FROM golang:1.21-alpine\nENV GOPROXY=https://goproxy.corp.example,direct\nENV GOPRIVATE=other.example,git.corp.example\nRUN go env -w GOSUMDB=sum.golang.org\nRUN go build ./...\n"
    );
    assert_eq!(
        home.read("repo/.github/workflows/ci.yml"),
        "env:\n  OTHER: x\njobs: {}\n"
    );
    assert!(
        home.read("repo/go.mod")
            .contains("go 1.21\n\ntoolchain go1.27.3\n")
    );
    let again = check(&home, &["--scope", "repository", "--fix"]);
    let words = "nothing here can be mended without thought";
    assert!(again.words().contains(words), "{again:?}");
    home.done(&["undo"]);
    assert_same(&picture(&home.at("repo"), &[]), &before, "after undo");
}

#[test]
fn what_a_mend_would_break_is_rolled_back() {
    let home = sinner();
    // the value that the policy wants is one that the policy's hosts forbid elsewhere
    home.write(
        "repo/.gomend-policy.toml",
        "version = 1\n[goproxy]\nvalue = \"off\"\n[forbid]\nsettings = [\"GOPROXY=off\"]\n",
    );
    let before = picture(&home.at("repo"), &[]);
    let ended = check(&home, &["--scope", "repository", "--fix"]);
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
    assert_same(&picture(&home.at("repo"), &[]), &before, "rolled back");
}

#[test]
fn this_machines_settings_are_checked_and_mended() {
    let home = sinner();
    home.write("repo/.gomend-policy.toml", "version = 1\n[forbid]\nsettings = [\"GOINSECURE\", \"http.sslVerify=false\", \"GONOSUMCHECK\"]\ntokens-in-urls = true\n[require]\ngo = \"1.99\"\ngit = \"9.0\"\n[private]\nmodules = [\"git.corp.example\"]\n");
    home.write(".config/go/env", "GOINSECURE=*\nGOPRIVATE=a.example\n");
    home.write(".gitconfig", "[http]\n\tsslVerify = false\n\tproxy = http://x:1\n[url \"https://me:hunter2canary@git.corp.example/\"]\n\tinsteadOf = https://git.corp.example/\n");
    let home = home.var("GONOSUMCHECK", "1");
    let found_now = found(&home, &["--scope", "machine"]);
    let rules: Vec<&str> = found_now
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "forbidden-setting",
            "forbidden-setting",
            "git-minimum",
            "go-minimum",
            "forbidden-setting",
            "token-in-url"
        ],
        "{found_now:#?}"
    );
    let before = (home.read(".config/go/env"), home.read(".gitconfig"));
    check(&home, &["--scope", "machine", "--fix"]);
    assert_eq!(home.read(".config/go/env"), "GOPRIVATE=a.example\n");
    assert!(!home.read(".gitconfig").contains("sslVerify"));
    home.done(&["undo"]);
    assert_eq!(
        (home.read(".config/go/env"), home.read(".gitconfig")),
        before
    );
}

#[test]
fn a_private_module_that_goprivate_does_not_cover_here() {
    let home = sinner();
    let found = found(&home, &[]);
    assert!(
        found
            .iter()
            .any(|line| line == "GOPRIVATE (default) go-private"),
        "{found:#?}"
    );
}

#[test]
fn a_policy_of_what_is_there_can_be_checked() {
    let home = sinner();
    assert_eq!(
        check(&home, &["--init"]).how,
        How::Code(1),
        "one is there already"
    );
    fs::remove_file(home.at("repo/.gomend-policy.toml")).unwrap();
    // what somebody pasted into go.mod is no host
    let go_mod = home.read("repo/go.mod") + "\nrequire ASIA0123456789HUNTER/x v1.0.0\n";
    home.write("repo/go.mod", go_mod);
    let none = check(&home, &[]);
    assert_eq!(none.how, How::Code(2));
    assert!(
        String::from_utf8_lossy(&none.stderr).contains("gomend check --init"),
        "{none:?}"
    );
    assert_eq!(check(&home, &["--init"]).how, How::Code(0));
    let policy = home.read("repo/.gomend-policy.toml");
    for line in [
        "go = \"1.21\"",
        "replace-local = \"outside\"",
        "allowed = [\"sum.golang.org\"]",
    ] {
        assert!(
            policy.lines().any(|found| found == line),
            "{line} in\n{policy}"
        );
    }
    assert!(
        policy.contains("\"git.corp.example\"")
            && !policy.contains("hunter2")
            && !policy.contains("HUNTER"),
        "{policy}"
    );
    // of values that differ from file to file none is the only right one
    let all = found(&home, &[]);
    assert!(
        !all.iter().any(|line| line.contains(" go-proxy")),
        "{all:#?}"
    );
    // what nobody should have is found from the first day on
    let found = found(&home, &["--scope", "repository"]);
    assert!(
        found.contains(&"build.sh:4 token-in-url".to_owned()),
        "{found:#?}"
    );
}

/// What all agree on comes last, in whichever order the files name the others.
#[test]
fn a_policy_of_what_is_there_is_kept_by_what_is_there() {
    let home = Home::new();
    home.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    home.write("repo/go.mod", "module example.com/app\n\ngo 1.21\n");
    home.write("repo/Dockerfile", "FROM scratch\nENV GOPROXY=direct\n");
    home.write(
        "repo/a.sh",
        "export GOPROXY=https://proxy.golang.org,direct\n",
    );
    assert_eq!(check(&home, &["--init"]).how, How::Code(0));
    let policy = home.read("repo/.gomend-policy.toml");
    assert!(policy.contains("last = \"direct\""), "{policy}");
    let found = found(&home, &[]);
    assert!(
        !found.iter().any(|line| line.contains("go-proxy")),
        "{found:#?}"
    );
}

/// A test for each format.
macro_rules! formats {
    ($module:ident = $check:ident) => {
        rows! {
            $module = $check;
            text: "text";
            json: "json";
            sarif: "sarif";
            junit: "junit";
            gitlab: "gitlab";
            github: "github";
            teamcity: "teamcity";
            buildkite: "buildkite";
        }
    };
}

formats! { no_format_tells_a_secret = tells_no_secret }

fn tells_no_secret(format: &str) {
    let home = sinner();
    home.write("repo/secret.sh", "export GOPROXY=https://bot:hunter2canary@goproxy.corp.example\nexport GOPRIVATE=ghp_abcdefghijklmnopqrstuvwxyz0123456789\n");
    let told = check(&home, &["--format", format]).text();
    assert!(told.contains("secret.sh"), "{told}");
    let mended = check(&home, &["--format", format, "--fix"]).text();
    let history = home.done(&["history", "--json"]);
    for all in [told, mended, history] {
        assert!(
            !all.contains("hunter2") && !all.contains("ghp_abc"),
            "{all}"
        );
    }
}

formats! { no_format_lets_a_name_speak = lets_no_name_speak }

/// A file's name is the words of whoever made the repository.
fn lets_no_name_speak(format: &str) {
    let home = sinner();
    let name = "a\u{1b}]0;x\u{7}\u{1b}[31m\u{202e}\u{2066}\u{61c}\u{2028}\u{ad}##v\u{200b}so[task.x]\r\n::set-output name=x::y ghp_abcdefghijklmnopqrstuvwxyz0123456789.sh";
    home.write(&format!("repo/{name}"), "export GOSUMDB=off\n");
    for fix in [&[][..], &["--fix"]] {
        let all = check(&home, &[&["--format", format], fix].concat()).text();
        let is_named = all.contains("set-output"); // mended, it isn't
        assert_eq!(is_named, fix.is_empty(), "{all}");
        let is_hidden = |letter: &char| *letter != '\n' && gomend::mask::is_hidden(*letter);
        let hidden = all.chars().find(is_hidden);
        assert_eq!(hidden, None, "{all:?}");
        let live = ["\u{1b}", "##vso[", "\n::set", "ghp_abc"];
        let live = live.iter().find(|live| all.contains(**live));
        assert_eq!(live, None, "{all:?}");
    }
}

#[test]
fn xml_and_json_are_what_they_should_be() {
    let home = sinner();
    home.write("repo/a <b>&\"'.sh", "export GOINSECURE=1\n");
    let junit = check(&home, &["--format", "junit", "--output", "junit.xml"]);
    assert_eq!(junit.how, How::Code(1));
    // expat, by the Python that tests/setup needs
    let script = "import sys,xml.etree.ElementTree as e; r=e.parse(sys.argv[1]).getroot(); \
                  s=r.find('testsuite'); c=s.findall('testcase'); f=[x for x in c if x.find('failure') is not None]; \
                  assert r.tag=='testsuites' and int(s.get('tests'))==len(c)==17 and int(s.get('failures'))==len(f)>5, (s.attrib, len(c), len(f))";
    let parsed = Command::new("python3")
        .args(["-c", script])
        .arg(home.at("repo/junit.xml"))
        .output()
        .unwrap();
    assert!(parsed.status.success(), "{parsed:?}");
    let sarif = check(&home, &["--format", "sarif"]).json();
    assert_eq!(
        (
            &sarif["version"],
            &sarif["runs"][0]["tool"]["driver"]["name"]
        ),
        (&"2.1.0".into(), &"gomend".into())
    );
    let uris: Vec<&str> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str()
        })
        .collect();
    assert!(uris.contains(&"a%20%3Cb%3E%26%22%27.sh"), "{uris:?}");
    let gitlab = check(&home, &["--format", "gitlab"]).json();
    let mut prints: Vec<&str> = gitlab
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["fingerprint"].as_str().unwrap())
        .collect();
    let count = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), count);
}

/// Refused in one line, at once, whatever lies in the policy's place.
#[test]
fn a_hostile_policy_is_refused() {
    let home = sinner();
    let policy = home.at("repo/.gomend-policy.toml");
    let bomb = format!("version = 1\nx = {}", "[".repeat(60_000));
    let refused = |what: &str| {
        let started = Instant::now();
        let ended = check(&home, &[]);
        let words = ended.words();
        assert_eq!(ended.how, How::Code(2), "{what}: {ended:?}");
        assert_eq!(words.lines().count(), 1, "{what}: {words}");
        assert!(words.len() < 600, "{what}: {words}");
        assert!(started.elapsed() < Duration::from_secs(10), "{what}");
        fs::remove_file(&policy).unwrap();
    };
    for (what, bytes) in [
        ("yaml", b"a: &a [x,x]\nb: &b [*a,*a]\n".to_vec()),
        ("bomb", bomb.into_bytes()),
        ("50 MB", vec![b'#'; 50 << 20]),
        ("binary", vec![0xff; 100]),
        (
            "control",
            b"version = 1\n\"\x1b]0;x\\u0007\" = 1\n".to_vec(),
        ),
        ("unknown", b"version = 1\n[goproxi]\n".to_vec()),
    ] {
        fs::write(&policy, bytes).unwrap();
        refused(what);
    }
    mkfifo(&policy);
    refused("a pipe");
    std::os::unix::fs::symlink("/dev/zero", &policy).unwrap();
    refused("an endless device");
}

#[test]
fn a_hostile_repository_leads_nowhere() {
    let home = sinner();
    home.write(".bashrc", "export GOINSECURE=*\nx=1\n");
    home.link("repo/linked.sh", "../.bashrc");
    home.link("repo/folder", "..");
    mkfifo(&home.at("repo/pipe.sh"));
    fs::File::create(home.at("repo/huge.sh"))
        .unwrap()
        .set_len(50 << 20)
        .unwrap();
    home.write("repo/.gomend-policy.toml", POLICY);
    let found = found(&home, &["--scope", "repository"]);
    let odd: Vec<&String> = found
        .iter()
        .filter(|line| !SINS.contains(&line.as_str()))
        .collect();
    assert_eq!(odd, ["huge.sh:1 not-read", "pipe.sh:1 not-read"]);
    check(&home, &["--scope", "repository", "--fix"]);
    assert_eq!(home.read(".bashrc"), "export GOINSECURE=*\nx=1\n");
    // nor does a policy show other files
    home.write("other.toml", "s3cret-name = 1\n");
    fs::remove_file(home.at("repo/.gomend-policy.toml")).unwrap();
    home.link("repo/.gomend-policy.toml", "../other.toml");
    let ended = check(&home, &[]);
    assert_eq!(ended.how, How::Code(2), "{ended:?}");
    assert!(!ended.words().contains("s3cret"), "{ended:?}");
}

/// What is read line by line has no nesting to blow up, and no alias to follow.
#[test]
fn bombs_in_what_is_checked_cost_a_moment() {
    let home = sinner();
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (now, before) in ('b'..='z').zip('a'..='y') {
        let seven = vec![format!("*{before}"); 7].join(",");
        yaml.extend([format!("{now}: &{now} [{seven}]\n")]);
    }
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    home.write("repo/.github/workflows/aliases.yml", &yaml);
    home.write("repo/.github/workflows/deep.yml", deep("[", "]"));
    home.write(
        "repo/.github/workflows/indented.yml",
        (0..2000)
            .map(|depth| " ".repeat(depth) + "a:\n")
            .collect::<String>(),
    );
    home.write("repo/.circleci/config.yml", deep("{a: ", "}"));
    home.write("repo/Jenkinsfile.deep", deep("pipeline {", "}"));
    home.write(
        "repo/long.sh",
        "export GOINSECURE=".to_owned() + &"x,".repeat(1 << 20),
    );
    home.write("repo/quotes.sh", "export A=\"$(".repeat(100_000));
    home.write("repo/continued.sh", "a \\\n".repeat(100_000));
    home.write("repo/go.work", "use (".repeat(100_000));
    home.write("repo/x/go.mod", "require (\n".repeat(100_000));
    home.write("repo/x/go.sum", "a ".repeat(1 << 20));
    let mut folder = "repo".to_owned();
    for _ in 0..200 {
        folder += "/d";
    }
    home.write(&format!("{folder}/deep.sh"), "export GOINSECURE=1\n");
    let started = Instant::now();
    let ended = check(&home, &["--scope", "repository", "--json"]);
    assert_eq!(ended.how, How::Code(1), "{}", ended.words());
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(
        ended
            .words()
            .contains("there is more in this repository than is read"),
        "{}",
        ended.words()
    );
    let json = ended.json();
    let found = json["findings"].as_array().unwrap().len();
    assert!(found >= SINS.len(), "{found}");
}
