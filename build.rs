//! Links gomend at a fixed address where the linker can: nothing is left to relocate when it
//! starts, which is a good part of what a diagnosis by rules alone costs.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=gomend=-no-pie");
    }
}
