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
