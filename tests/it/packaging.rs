//! What `packaging/build` makes of a program: a tar.gz and a .deb that work where they are unpacked.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Sandbox;

fn text_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn packages_hold_what_a_user_needs_and_work() {
    let sandbox = Sandbox::with_probe("exit 0");
    let out = sandbox.path("dist");
    let said = text_of(
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/build"))
            .args(["--binary", env!("CARGO_BIN_EXE_gomend"), "--out"])
            .arg(&out)
            .env("LEVEL", "1"),
    );
    assert!(said.starts_with("program: "), "{said}");
    text_of(
        Command::new("sha256sum")
            .args(["--check", "SHA256SUMS"])
            .current_dir(&out),
    );

    let names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let archive = names.iter().find(|name| name.ends_with(".tar.gz")).unwrap();
    text_of(
        Command::new("tar")
            .arg("-xzf")
            .arg(out.join(archive))
            .arg("-C")
            .arg(&out)
            .env("LEVEL", "1"),
    );
    let root = out.join(archive.strip_suffix(".tar.gz").unwrap());
    for file in [
        "man/gomend.1",
        "man/gomend-fix.1",
        "completions/gomend.bash",
        "completions/_gomend",
        "completions/gomend.fish",
        "completions/gomend.nu",
        "completions/_gomend.ps1",
        "README.md",
        "LICENSE",
    ] {
        assert!(fs::metadata(root.join(file)).unwrap().len() > 0, "{file}");
    }
    // the unpacked program installs the shim, and that runs go
    let mut install = sandbox
        .direct()
        .environment(Command::new(root.join("gomend")));
    let shims = sandbox.path("shims");
    text_of(
        install
            .args(["install", "--shell", "none", "--dir"])
            .arg(&shims),
    );
    let ended = sandbox.through(&shims).run(&["version"]);
    assert!(ended == sandbox.direct().run(&["version"]));

    let deb = names.iter().find(|name| name.starts_with("gomend_"));
    if Path::new("/usr/bin/dpkg-deb").exists() {
        let deb = out.join(deb.unwrap());
        let fields = text_of(Command::new("dpkg-deb").arg("--info").arg(&deb));
        assert!(fields.contains(" Package: gomend\n"), "{fields}");
        let content = text_of(Command::new("dpkg-deb").arg("--contents").arg(&deb));
        for file in ["./usr/bin/gomend\n", "./usr/share/man/man1/gomend.1.gz\n"] {
            assert!(content.contains(file), "{content}");
        }
        assert!(
            content.lines().all(|line| line.contains(" root/root ")),
            "{content}"
        );
    }
}

/// What `install.sh` does with a release that lies in a folder: a folder of one's own, a version, a checksum that is
/// wrong. (`packaging/test` tries all packages.)
#[test]
fn install_sh_takes_what_has_the_right_checksum() {
    let sandbox = Sandbox::with_probe("exit 0");
    let version = env!("CARGO_PKG_VERSION");
    let machine = std::env::consts::ARCH;
    let name = format!("gomend-{version}-{machine}-unknown-linux-musl");
    let release = sandbox.path("releases").join(format!("v{version}"));
    let root = release.join(&name);
    fs::create_dir_all(&root).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_gomend"), root.join("gomend")).unwrap();
    let archive = format!("{name}.tar.gz");
    let pack = format!("tar -cf - {name} | gzip -1 >{archive} && sha256sum {archive} >SHA256SUMS");
    text_of(Command::new("sh").args(["-c", &pack]).current_dir(&release));
    let install = |folder: &str, version: &str| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
        Command::new("sh")
            .arg(script)
            .arg(format!("--version={version}"))
            .arg("--dir")
            .arg(sandbox.path(folder))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", sandbox.path("home"))
            .env("TMPDIR", sandbox.path("tmp"))
            .env(
                "GOMEND_DOWNLOAD",
                format!("file://{}", sandbox.path("releases").display()),
            )
            .output()
            .unwrap()
    };
    let output = install("a b/c", &format!("v{version}"));
    assert!(output.status.success(), "{output:?}");
    let told = text_of(Command::new(sandbox.path("a b/c/gomend")).arg("--version"));
    assert_eq!(told, format!("gomend {version}\n"));

    let output = install("other", "99.0.0");
    assert!(!output.status.success(), "{output:?}");
    let sums = fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    let (first, rest) = sums.split_at(1);
    let wrong = if first == "0" { "1" } else { "0" };
    fs::write(release.join("SHA256SUMS"), format!("{wrong}{rest}")).unwrap();
    let output = install("other", version);
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("has another checksum"), "{said}");
    assert!(
        !sandbox.path("other").exists(),
        "a refused program was installed"
    );
    let left = fs::read_dir(sandbox.path("tmp")).unwrap().count();
    assert_eq!(left, 0, "something is left behind");
}
