//! Version managers: how their `go` is known, and how gomend's comes before it.
//!
//! A manager's shim that comes first starts a toolchain by its full path, so gomend never hears of
//! it; behind gomend's shim it is what gomend runs, and all is well.

use crate::lang::text;

/// One version manager.
#[derive(Debug)]
pub(crate) struct Manager {
    /// As people call it.
    pub(crate) name: &'static str,
    /// Parts of the path of a `go` that it provides.
    folders: &'static [&'static str],
    /// What stands in a start-up file that loads it.
    pub(crate) loaded_by: &'static [&'static str],
    /// What else it takes to come before it; none where the order of the lines is enough.
    pub(crate) also: Option<&'static str>,
}

/// Known managers, and other places that Go comes from.
pub(crate) const MANAGERS: &[Manager] = &[
    Manager {
        name: "asdf",
        folders: &["/.asdf/shims/", "/.asdf/installs/", "/asdf/shims/"],
        loaded_by: &[
            "asdf.sh",
            "asdf.fish",
            "asdf.nu",
            "asdf.ps1",
            "ASDF_DATA_DIR",
            ".asdf/shims",
        ],
        also: None,
    },
    Manager {
        name: "mise",
        folders: &[
            "/mise/shims/",
            "/mise/installs/",
            "/rtx/shims/",
            "/rtx/installs/",
        ],
        loaded_by: &["mise activate", "rtx activate", "mise/shims"],
        also: Some(text!(
            "`mise activate` sets PATH again at each prompt where `activate_aggressive` is on: switch that off"
        )),
    },
    Manager {
        name: "goenv",
        folders: &["/.goenv/shims/", "/.goenv/versions/", "/goenv/shims/"],
        loaded_by: &["goenv init", "GOENV_ROOT", "go-nv"],
        also: None,
    },
    Manager {
        name: "gvm",
        folders: &["/.gvm/gos/", "/.gvm/bin/", "/gvm/gos/"],
        loaded_by: &[".gvm/scripts/gvm", "gvm use"],
        also: None,
    },
    Manager {
        name: "g",
        folders: &["/.g/go/bin/", "/.g/versions/"],
        loaded_by: &[".g/env", "G_HOME"],
        also: None,
    },
    Manager {
        name: "gobrew",
        folders: &["/.gobrew/current/bin/", "/.gobrew/versions/"],
        loaded_by: &[".gobrew"],
        also: None,
    },
    Manager {
        name: "proto",
        folders: &["/.proto/shims/", "/.proto/bin/", "/.proto/tools/"],
        loaded_by: &["PROTO_HOME", "proto activate", ".proto"],
        also: None,
    },
    Manager {
        name: "vfox",
        folders: &["/.version-fox/", "/.vfox/"],
        loaded_by: &["vfox activate"],
        also: None,
    },
    Manager {
        name: "aqua",
        folders: &["/aquaproj-aqua/"],
        loaded_by: &["aquaproj-aqua", "AQUA_ROOT_DIR"],
        also: None,
    },
    Manager {
        name: "Nix",
        folders: &["/nix/store/", "/.nix-profile/", "/nix/profile/"],
        loaded_by: &["nix.sh", "nix-daemon.sh"],
        also: None,
    },
    Manager {
        name: "Homebrew",
        folders: &["/opt/homebrew/", "/linuxbrew/"],
        loaded_by: &["brew shellenv"],
        also: None,
    },
];

impl Manager {
    /// The manager that a program comes from, by its path.
    #[must_use]
    pub(crate) fn of(path: &str) -> Option<&'static Self> {
        MANAGERS
            .iter()
            .find(|manager| manager.folders.iter().any(|part| path.contains(part)))
    }
}

/// Whether lines of a start-up file may put something before what stands above them.
#[must_use]
pub(crate) fn overtakes(lines: &[u8]) -> bool {
    let text = String::from_utf8_lossy(lines);
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .any(|line| {
            line.to_lowercase().contains("path")
                || MANAGERS
                    .iter()
                    .any(|manager| manager.loaded_by.iter().any(|word| line.contains(word)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_by_path() {
        for (path, name) in [
            ("/home/u/.asdf/shims/go", "asdf"),
            (
                "/home/u/.local/share/mise/installs/go/1.27.3/bin/go",
                "mise",
            ),
            ("/home/u/.goenv/shims/go", "goenv"),
            ("/home/u/.gvm/gos/go1.27/bin/go", "gvm"),
        ] {
            assert_eq!(Manager::of(path).unwrap().name, name);
        }
        assert!(Manager::of("/usr/local/go/bin/go").is_none());
    }

    #[test]
    fn only_what_may_touch_path_overtakes() {
        assert!(overtakes(b"export PATH=/x:$PATH\n"));
        assert!(overtakes(b"fish_add_path /x\n"));
        assert!(overtakes(b"eval \"$(goenv init -)\"\n"));
        assert!(!overtakes(
            b"# PATH is set above\nalias ll='ls -l'\n# vim: ft=sh\n"
        ));
        assert!(!overtakes(b""));
    }
}
