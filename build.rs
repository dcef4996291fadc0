//! Compiles the shim on its own and leaves it for `gomend` to embed.
//!
//! Cargo can't build one static and one dynamic program in one package, and
//! linking the shim against gomend's crates would cost a quarter of a millisecond
//! on every call of go. So the shim's few files, which need no crate, are handed to
//! the same rustc, statically linked on Linux.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shim's sources, relative to the package.
const SOURCES: &[&str] = &[
    "src/bin/shim.rs",
    "src/exit.rs",
    "src/world.rs",
    "src/sys",
    "src/shim",
    "src/supervise",
];

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(gomend_shim)");
    let out = PathBuf::from(var("OUT_DIR")).join("gomend-shim");
    let status = rustc(&out).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            panic!("the shim (src/bin/shim.rs) doesn't compile: rustc ended with {status}")
        }
        Err(error) => panic!("rustc can't be started to compile the shim: {error}"),
    }
}

fn rustc(out: &Path) -> Command {
    let target = var("TARGET");
    let mut rustc = Command::new(var("RUSTC"));
    rustc
        .args([
            "src/bin/shim.rs",
            "--crate-name",
            "gomend_shim",
            "--crate-type",
            "bin",
        ])
        .args([
            "--edition",
            "2024",
            "--cfg",
            "gomend_shim",
            "--target",
            &target,
        ])
        .args([
            "-C",
            "opt-level=3",
            "-C",
            "panic=abort",
            "-C",
            "lto=fat",
            "-C",
            "strip=symbols",
        ])
        .arg("-o")
        .arg(out);
    if target.contains("linux") {
        // static and at a fixed address: nothing to load, nothing to relocate
        rustc.args([
            "-C",
            "target-feature=+crt-static",
            "-C",
            "relocation-model=static",
        ]);
    }
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut argument = OsString::from("linker=");
        argument.push(linker);
        rustc.arg("-C").arg(argument);
    }
    rustc
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
