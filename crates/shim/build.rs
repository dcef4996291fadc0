//! Compiles the shim on its own and leaves it for the library to embed.
//!
//! Cargo can't build one static and one dynamic program in one go, and linking the shim
//! against gomend's crates would cost a quarter of a millisecond on every call of go. So this
//! crate's sources are handed to the same rustc once more, statically linked on Linux.

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
    let library = out.join(format!("lib{NAME}.rlib"));
    compile(rustc("lib", "src/lib.rs", &library));
    let mut program = rustc("bin", "src/main.rs", &out.join("go"));
    let mut external = OsString::from(format!("{NAME}="));
    external.push(&library);
    program.arg("--extern").arg(external);
    program.args(["-C", "lto=fat", "-C", "strip=symbols"]);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut argument = OsString::from("linker=");
        argument.push(linker);
        program.arg("-C").arg(argument);
    }
    compile(program);
}

fn compile(mut rustc: Command) {
    match rustc.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("the shim (crates/shim) doesn't compile: rustc ended with {status}"),
        Err(error) => panic!("rustc can't be started to compile the shim: {error}"),
    }
}

fn rustc(kind: &str, source: &str, out: &Path) -> Command {
    let target = var("TARGET");
    let mut rustc = Command::new(var("RUSTC"));
    rustc
        .args([source, "--crate-name", NAME, "--crate-type", kind])
        .args(["--edition", "2024", "--cfg", NAME, "--target", &target])
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
