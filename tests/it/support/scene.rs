//! Scenes of the laboratory as tests write them: what cannot be done fails the test.

use std::fs;
use std::panic::resume_unwind;

use gomend::lab::{Fault, Outcome, Scene, Testbed, Toolchain};
use serde_json::Value;

use super::{VERSIONS, goroot};

/// The toolchain of a Go version.
pub(crate) fn toolchain(version: &str) -> Toolchain {
    super::hear_signals();
    Toolchain::of(&goroot(version).join("bin/go")).unwrap()
}

/// A healthy scene, not opened yet.
pub(crate) fn healthy(version: &str) -> Scene {
    Scene::new(&toolchain(version)).unwrap()
}

/// A fault of the table.
pub(crate) fn fault(id: &str) -> &'static Fault {
    Fault::of(id).unwrap_or_else(|| panic!("no fault {id}"))
}

/// The same on each version of Go, side by side: a scene waits more than it works.
#[expect(
    clippy::print_stderr,
    reason = "which version it was, beside what it was"
)]
pub(crate) fn on_each_version(check: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        let check = &check;
        let runs = VERSIONS.map(|version| (version, scope.spawn(move || check(version))));
        for (version, run) in runs {
            run.join().unwrap_or_else(|cause| {
                eprintln!("with Go {version}");
                resume_unwind(cause);
            });
        }
    });
}

/// Files of a scene.
pub(crate) trait Furnish {
    /// The machine.
    fn testbed(&self) -> &Testbed;

    /// Writes a file, with the folders above it.
    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        self.testbed().write(path, content).unwrap();
    }

    /// The same for its user alone.
    fn put_secret(&self, path: &str, content: impl AsRef<[u8]>) {
        self.testbed().write_secret(path, content).unwrap();
    }

    /// The same as a program.
    fn put_program(&self, path: &str, content: impl AsRef<[u8]>) {
        self.testbed().write_program(path, content).unwrap();
    }

    /// Sets permission bits.
    fn mode(&self, path: &str, mode: u32) {
        self.testbed().mode(path, mode).unwrap();
    }

    /// What a file holds.
    fn text(&self, path: &str) -> String {
        let file = self.testbed().outside(path);
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Changes a file's text.
    fn edit(&self, path: &str, change: impl FnOnce(&str) -> String) {
        self.put(path, change(&self.text(path)));
    }
}

impl Furnish for Testbed {
    fn testbed(&self) -> &Testbed {
        self
    }
}

impl Furnish for Scene {
    fn testbed(&self) -> &Testbed {
        &self.world
    }
}

/// How a command ended.
pub(crate) trait Ending {
    /// It did what it was asked for; what it printed.
    fn succeeded(self) -> String;

    /// It did not; what it printed.
    fn failed(self) -> String;

    /// Its stdout, which is JSON.
    fn json(&self) -> Value;
}

impl Ending for Outcome {
    #[track_caller]
    fn succeeded(self) -> String {
        let text = self.text();
        assert!(self.status.success(), "{}: {text}", self.status);
        text
    }

    #[track_caller]
    fn failed(self) -> String {
        let text = self.text();
        assert!(!self.status.success(), "it does not fail: {text}");
        text
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Of a list of things with ids, the one with this.
#[track_caller]
pub(crate) fn of<'a>(all: &'a Value, id: &str) -> &'a Value {
    let found = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {all:#}"))
}

/// The ids of a list of things.
pub(crate) fn ids(all: &Value) -> Vec<&str> {
    let all = all.as_array().into_iter().flatten();
    all.filter_map(|one| one["id"].as_str()).collect()
}
