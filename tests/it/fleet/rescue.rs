//! `gomend rescue`: a module of 32 dependencies, and everything around it gone.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use rustix::process::Signal;

use crate::hostile_files::{ends_by, sleeper, with_tmp};
use crate::support::home::{Home, picture};
use crate::support::{Ended, How, LATEST, goroot, mkfifo};

const COUNT: usize = 32;

/// A zip as module proxies serve it.
fn zip(path: &str, version: &str, files: &[(&str, String)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer
            .start_file(format!("{path}@{version}/{name}"), options)
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A user whose module has everything in its module cache, and whose module proxy is gone by now.
fn ready() -> Home {
    let proxy = Home::new();
    let (mut requires, mut imports) = (String::new(), String::new());
    for at in 0..COUNT {
        let path = format!("dep.example/M{at:02}"); // a capital letter, which the protocol escapes
        let go_mod = format!("module {path}\n\ngo 1.21\n");
        let files = [
            ("go.mod", go_mod.clone()),
            ("m.go", format!("package m{at:02}\n\nconst X = {at}\n")),
            ("LICENSE", "MIT\n".to_owned()),
        ];
        let base = format!("proxy/dep.example/!m{at:02}/@v/v1.0.0");
        proxy.write(&format!("{base}.mod"), go_mod);
        proxy.write(&format!("{base}.info"), "{\"Version\":\"v1.0.0\"}");
        proxy.write(&format!("{base}.zip"), zip(&path, "v1.0.0", &files));
        requires.extend(["\t", &path, " v1.0.0\n"]);
        imports.extend(["\t_ \"", &path, "\"\n"]);
    }
    let home = Home::new().var("GOSUMDB", "off");
    home.write(
        "app/go.mod",
        format!("module example.com/app\n\ngo 1.21\n\nrequire (\n{requires})\n"),
    );
    home.write(
        "app/app.go",
        format!("package app\n\nimport (\n{imports})\n"),
    );
    home.write("app/app_test.go", "package app\n\nimport \"testing\"\n\nfunc TestNothing(*testing.T) { panic(\"not to be run\") }\n");
    let mut go = go(&home, &["mod", "tidy"]);
    go.env("GOPROXY", format!("file://{}", proxy.at("proxy").display()));
    let tidy = go.output().unwrap();
    assert!(tidy.status.success(), "{tidy:?}");
    home.write(".config/go/env", "GOPROXY=http://127.0.0.1:1,off\n");
    home
}

/// go alone, in the module.
fn go(home: &Home, args: &[&str]) -> Command {
    let mut go = home.command(goroot(LATEST).join("bin/go"));
    go.args(args).current_dir(home.at("app"));
    go
}

fn rescue(home: &Home, args: &[&str]) -> Ended {
    home.gomend_in("app", &[&["rescue"], args].concat())
}

fn json(home: &Home, args: &[&str]) -> Value {
    rescue(home, &[args, &["--json"]].concat()).json()
}

fn defects(stand: &Value) -> Vec<String> {
    let all = stand["stand"]["defects"].as_array().unwrap();
    all.iter()
        .map(|one| {
            format!(
                "{} {}",
                one["wrong"].as_str().unwrap(),
                one["module"].as_str().unwrap()
            )
        })
        .collect()
}

fn of_zip(home: &Home, at: usize) -> std::path::PathBuf {
    home.at(&format!(
        ".local/share/gomend/rescue/dep.example/!m{at:02}/@v/v1.0.0.zip"
    ))
}

#[test]
fn from_plan_to_back() {
    let home = ready();
    let folder_of = |plan: &Value| {
        plan["plan"]["ways"]
            .as_array()
            .unwrap()
            .iter()
            .find(|way| way["way"]["kind"] == "folder")
            .unwrap()
            .clone()
    };
    let plan = json(&home, &["plan"]);
    assert_eq!(plan["plan"]["modules"], COUNT);
    assert_eq!(
        (&folder_of(&plan)["act"], &folder_of(&plan)["lacks"]),
        (&"build".into(), &COUNT.into())
    );
    assert_eq!(
        rescue(&home, &["plan"]).how,
        How::Code(1),
        "nothing survives without a network"
    );
    let not_built = rescue(&home, &["rehearse"]);
    assert_eq!(not_built.how, How::Code(1), "{not_built:?}");

    let built = json(&home, &["build"]);
    assert_eq!(built["stand"]["copied"], 2 * COUNT, "{built}");
    assert_eq!(built["stand"]["licences"], COUNT);
    assert!(built["stand"]["bytes"].as_u64().unwrap() > 1000);
    assert_eq!(json(&home, &["build"])["stand"]["copied"], 0, "incremental");

    let before = picture(&home.at("app"), &[]);
    let rehearsed = json(&home, &["rehearse"]);
    assert_eq!(rehearsed["passed"], true, "{rehearsed}");
    assert_eq!(
        rehearsed["acts"][1]["command"],
        "go test -buildvcs=false -exec=true ./..."
    );
    assert!(
        picture(&home.at("app"), &[]) == before,
        "nothing is left in the module"
    );
    let metrics = home.done(&["metrics"]);
    assert!(
        metrics.contains("gomend_rescue_failing 0\n")
            && metrics.contains("gomend_rescue_modules 1\n"),
        "{metrics}"
    );
    let plan = json(&home, &["plan"]);
    let score = folder_of(&plan);
    assert!(
        score["restored_in"].as_u64().unwrap() > 0
            && score["without_network"] == true
            && score["act"] == "switch",
        "{score}"
    );

    let settings = home.read(".config/go/env");
    let switched = rescue(&home, &["switch"]);
    assert_eq!(switched.how, How::Code(0), "{switched:?}");
    let now = home.read(".config/go/env");
    assert!(
        now.starts_with("GOPROXY=file://") && now.ends_with(",http://127.0.0.1:1,off\n"),
        "{now}"
    );
    // a machine with an empty module cache builds now, though its proxy is gone
    let mut go = go(&home, &["build", "./..."]);
    go.env("GOMODCACHE", home.outside("fresh"));
    let ended = go.output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    rescue(&home, &["back"]).with_code(0);
    assert_eq!(home.read(".config/go/env"), settings);
    assert_eq!(
        rescue(&home, &["back"]).how,
        How::Code(1),
        "there is nothing to take back"
    );
}

#[test]
fn what_is_damaged_missing_or_another_is_named() {
    let home = ready();
    rescue(&home, &["build"]).with_code(0);
    let cut = fs::read(of_zip(&home, 3)).unwrap();
    fs::write(of_zip(&home, 3), &cut[..cut.len() / 2]).unwrap();
    fs::remove_file(of_zip(&home, 5)).unwrap();
    fs::copy(of_zip(&home, 8), of_zip(&home, 7)).unwrap();
    fs::write(
        of_zip(&home, 9).with_extension("mod"),
        "module evil.example\n",
    )
    .unwrap();
    let expected = [
        "damaged dep.example/M03@v1.0.0",
        "missing dep.example/M05@v1.0.0",
        "wrong-hash dep.example/M07@v1.0.0",
        "wrong-hash dep.example/M09@v1.0.0",
    ];
    let rehearsed = json(&home, &["rehearse"]);
    assert_eq!(defects(&rehearsed), expected);
    assert!(
        home.done(&["metrics"])
            .contains("gomend_rescue_failing 1\n")
    );
    let switched = rescue(&home, &["switch"]);
    assert_eq!(switched.how, How::Code(1), "{switched:?}");
    // the module cache has them still
    let built = json(&home, &["build"]);
    assert_eq!(
        (&built["stand"]["copied"], defects(&built).len()),
        (&4.into(), 0),
        "{built}"
    );
    // and where it hasn't, nothing wrong is taken from it either
    let cached = home.outside("caches/go/pkg/mod/cache/download/dep.example/!m11/@v/v1.0.0.zip");
    fs::write(
        &cached,
        zip(
            "dep.example/M11",
            "v1.0.0",
            &[("go.mod", "module evil\n".to_owned())],
        ),
    )
    .unwrap();
    fs::remove_file(of_zip(&home, 11)).unwrap();
    assert_eq!(
        defects(&json(&home, &["build"])),
        ["wrong-hash dep.example/M11@v1.0.0"]
    );
    assert!(!of_zip(&home, 11).exists());
}

#[test]
fn a_hostile_folder_and_go_sum() {
    let home = ready();
    home.write("outside.txt", "secret");
    let sum = home.read("app/go.sum")
        + "../../../../../outside.txt v1 h1:x\ndep.example/../../x v1.0.0 h1:x\n/etc/passwd v1.0.0 h1:x\n";
    home.write("app/go.sum", sum);
    rescue(&home, &["build"]).with_code(0);
    // a pipe in the place of a module is no module, and nobody waits for it
    fs::remove_file(of_zip(&home, 1)).unwrap();
    mkfifo(&of_zip(&home, 1));
    assert_eq!(
        defects(&json(&home, &["rehearse"])),
        ["damaged dep.example/M01@v1.0.0"]
    );
    let folder = home.at(".local/share/gomend/rescue");
    assert!(!Path::new(&folder).join("outside.txt").exists());
}

/// Whoever can write to a share decides nothing about files elsewhere.
#[test]
fn a_link_on_the_share_leads_nowhere() {
    let home = ready();
    home.write("victim/kept", "x");
    fs::create_dir_all(home.at(".local/share/gomend/rescue")).unwrap();
    home.link(
        ".local/share/gomend/rescue/dep.example",
        "../../../../victim",
    );
    let built = rescue(&home, &["build"]);
    assert_eq!(built.how, How::Code(1), "{built:?}");
    assert_eq!(fs::read_dir(home.at("victim")).unwrap().count(), 1);
    fs::remove_file(home.at(".local/share/gomend/rescue/dep.example")).unwrap();
    fs::create_dir_all(home.at(".local/share/gomend/rescue/dep.example")).unwrap();
    home.link(".local/share/gomend/rescue/licences", "../../../../victim");
    rescue(&home, &["build"]).with_code(1);
    assert_eq!(fs::read_dir(home.at("victim")).unwrap().count(), 1);
}

/// A rehearsal builds; whatever the checkout is made to run by itself stays unrun.
#[test]
fn a_rehearsal_runs_nothing_of_the_checkout() {
    let home = ready();
    let ran = home.at("ran");
    let canary = home.script("canary", &format!(": >'{}'", ran.display()));
    let leaves = format!("func init() {{ os.WriteFile({ran:?}, nil, 0o600) }}\n");
    home.write(
        "app/ran_test.go",
        format!("package app\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n{leaves}\nfunc TestMain(m *testing.M) {{ os.Exit(1) }}\n"),
    );
    home.write("app/tool/main.go", "package main\n\nfunc main() {}\n");
    home.commit("app");
    let monitor = format!("git config core.fsmonitor {}", canary.display());
    home.sh("app", &monitor);
    rescue(&home, &["build"]).with_code(0);
    for step in ["rehearse", "switch"] {
        let ended = rescue(&home, &[step]);
        assert_eq!(ended.how, How::Code(0), "{ended:?}");
        assert!(!ran.exists(), "{step}: {ended:?}");
    }
    // that it can
    let mut go = go(&home, &["test", "-run", "XXX", "./..."]);
    go.output().unwrap();
    assert!(ran.exists());
}

/// What a link of the share leads to is not copied there, where others read it.
#[test]
fn a_link_on_the_share_shows_nothing() {
    let home = ready();
    rescue(&home, &["build"]).with_code(0);
    home.write(
        ".netrc",
        "machine git.corp.example login dev password s3cret\n",
    );
    home.mode(".netrc", 0o600);
    for name in ["list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"] {
        let at = of_zip(&home, 2).with_file_name(name);
        fs::remove_file(&at).unwrap();
        std::os::unix::fs::symlink(home.at(".netrc"), &at).unwrap();
        rescue(&home, &["build"]);
        let now = fs::read_to_string(home.at(".netrc")).unwrap();
        assert!(now.contains("s3cret"), "{name} was written through");
        if !at.is_symlink() && at.exists() {
            let now = fs::read(&at).unwrap();
            assert!(!String::from_utf8_lossy(&now).contains("s3cret"), "{name}");
        }
        let _ = fs::remove_file(&at);
        assert_eq!(rescue(&home, &["build"]).how, How::Code(0), "{name}");
    }
}

/// A module whose hash is right may still hold more licences than a disk.
#[test]
fn licences_are_bounded() {
    let home = ready();
    let files: Vec<(String, String)> = (0..200)
        .map(|at| (format!("LICENSE-{at}"), "MIT\n".to_owned()))
        .collect();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    let packed = zip("dep.example/M02", "v1.0.0", &files);
    let cached = home.outside("caches/go/pkg/mod/cache/download/dep.example/!m02/@v/v1.0.0.zip");
    fs::write(&cached, packed).unwrap();
    fs::remove_file(cached.with_extension("ziphash")).unwrap();
    let sum = home.read("app/go.sum");
    let sum = sum
        .lines()
        .filter(|line| !line.starts_with("dep.example/M02 v1.0.0 "));
    let mut sum: Vec<String> = sum.map(str::to_owned).collect();
    let mut lines: Vec<String> = files
        .iter()
        .map(|(name, text)| {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            let hex = hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}")); // to a String: cannot fail
                hex
            });
            format!("{hex}  dep.example/M02@v1.0.0/{name}\n")
        })
        .collect();
    lines.sort_by(|one, other| one[66..].cmp(&other[66..]));
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, lines.concat().as_bytes());
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.as_ref());
    sum.push(format!("dep.example/M02 v1.0.0 h1:{hash}"));
    home.write("app/go.sum", sum.join("\n") + "\n");
    let built = json(&home, &["build"]);
    assert_eq!(defects(&built), [""; 0], "{built}");
    let laid = fs::read_dir(home.at(".local/share/gomend/rescue/licences/dep.example/!m02@v1.0.0"));
    assert!(laid.unwrap().count() <= 16, "{built}");
}

#[test]
fn a_bomb_in_the_place_of_a_module_is_damaged() {
    let home = ready();
    rescue(&home, &["build"]).with_code(0);
    // 640 MiB of zeros, and a directory of 4 GiB: the Python of tests/setup packs the former
    let script = "import sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED) as z:\n \
                  f=z.open('dep.example/M03@v1.0.0/x.go','w',force_zip64=True)\n \
                  [f.write(bytes(1<<24)) for _ in range(40)]\n f.close()\n";
    let packed = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(of_zip(&home, 3))
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let mut end = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".to_vec();
    end.extend([0xff; 4]);
    end.extend([0; 6]);
    fs::write(of_zip(&home, 4), end).unwrap();
    let found = defects(&json(&home, &["rehearse"]));
    assert_eq!(
        found,
        [
            "damaged dep.example/M03@v1.0.0",
            "damaged dep.example/M04@v1.0.0"
        ]
    );
}

#[test]
fn a_private_module_is_asked_of_nobody() {
    let home = ready();
    home.write(
        ".config/go/env",
        "GOPROXY=http://127.0.0.1:1\nGOPRIVATE=dep.example\n",
    );
    rescue(&home, &["build"]).with_code(0);
    let switched = rescue(&home, &["switch"]);
    assert_eq!(switched.how, How::Code(0), "{switched:?}");
    let now = home.read(".config/go/env");
    assert!(
        now.contains("GONOPROXY=none\n") && !now.contains("127.0.0.1"),
        "{now}"
    );
    let hidden = home.var("GOPROXY", "off");
    assert_eq!(
        rescue(&hidden, &["switch"]).how,
        How::Code(1),
        "a variable hides what is written"
    );
}

rows! {
    a_signal_during_a_rehearsal_leaves_nothing_behind = leaves_nothing;
    int: Signal::INT;
    term: Signal::TERM;
    hup: Signal::HUP;
}

/// What go starts ends with the rehearsal where no PID namespace sees to it, and nothing stays of what
/// it wrote.
fn leaves_nothing(signal: Signal) {
    let (home, tmp) = with_tmp(ready());
    rescue(&home, &["build"]).with_code(0);
    // a compiler that hangs, with a file of its own
    let compiler = format!(
        "case \"$*\" in *-V=full*) exec \"$@\";; esac\nmktemp >/dev/null\n{}",
        sleeper(&home)
    );
    let compiler = home.script("compiler", &compiler);
    let line = format!(
        "echo 0 >/proc/sys/user/max_pid_namespaces && exec {} rescue rehearse",
        env!("CARGO_BIN_EXE_gomend")
    );
    let mut command = home.command("unshare");
    command
        .args(["-Ur", "sh", "-c", &line])
        .env("GOFLAGS", format!("-toolexec={}", compiler.display()))
        .current_dir(home.at("app"));
    ends_by(signal, &home, &tmp, command);
}
