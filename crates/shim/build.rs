//! Compiles the shim on its own and leaves it for the library to embed.
//!
//! Cargo can't build one static and one dynamic program in one go, and linking the shim
//! against gomend's crates would cost a quarter of a millisecond on every call of go. So this
//! crate's sources are handed to the same rustc once more, statically linked on Linux: for the
//! target that gomend is built for, by the linker and with the flags that gomend is built with.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crate's name for rustc.
const NAME: &str = "gomend_shim";

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg({NAME})");
    let out = PathBuf::from(var("OUT_DIR"));
    let target = var("TARGET");
    if !has_std(&target, &out) {
        println!(
            "cargo::error=the shim (crates/shim) is compiled for {target}, and this rustc has no standard \
             library for it: rustup target add {target}, or build one: packaging/sysroot --target {target}"
        );
        return;
    }
    let library = out.join(format!("lib{NAME}.rlib"));
    let mut archive = shim("lib", "src/lib.rs", &target, &library);
    archive.args(flags());
    compile(archive);
    let mut program = shim("bin", "src/main.rs", &target, &out.join("go"));
    let mut external = OsString::from(format!("{NAME}="));
    external.push(&library);
    program.arg("--extern").arg(external);
    program.args(["-C", "lto=fat", "-C", "strip=symbols"]);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut argument = OsString::from("linker=");
        argument.push(linker);
        program.arg("-C").arg(argument);
    }
    program.args(flags());
    compile(program);
}

/// Whether rustc finds the target's standard library: asked by an empty program's metadata.
fn has_std(target: &str, out: &Path) -> bool {
    let source = out.join("empty.rs");
    std::fs::write(&source, "").expect("cargo's OUT_DIR can be written");
    Command::new(var("RUSTC"))
        .arg(source)
        .args([
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "--target",
            target,
        ])
        .arg("--out-dir")
        .arg(out)
        .args(flags())
        .output()
        .is_ok_and(|output| output.status.success())
}

/// `RUSTFLAGS`, as cargo hands them on.
fn flags() -> Vec<String> {
    let encoded = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let flags = encoded.split('\x1f').filter(|flag| !flag.is_empty());
    flags.map(str::to_owned).collect()
}

fn compile(mut rustc: Command) {
    match rustc.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("the shim (crates/shim) doesn't compile: rustc ended with {status}"),
        Err(error) => panic!("rustc can't be started to compile the shim: {error}"),
    }
}

fn shim(kind: &str, source: &str, target: &str, out: &Path) -> Command {
    let mut rustc = Command::new(var("RUSTC"));
    rustc
        .args([source, "--crate-name", NAME, "--crate-type", kind])
        .args(["--edition", "2024", "--cfg", NAME, "--target", target])
        .args(["-C", "opt-level=3", "-C", "panic=abort"])
        .arg("-o")
        .arg(out);
    if target.contains("linux") {
        // static and at a fixed address: nothing to load, nothing to relocate
        let fixed = "relocation-model=static";
        rustc.args(["-C", "target-feature=+crt-static", "-C", fixed]);
    }
    rustc
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
