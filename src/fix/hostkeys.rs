//! The ssh host keys that forges publish, as dated data.
//!
//! Each key stands beside the fingerprint that its forge publishes; a test recomputes one from
//! the other (SHA-256 of the key blob, RFC 4253 section 6.6, in base64 without padding). Keys
//! rotate: refresh from the pages named here and from `https://api.github.com/meta`.

use crate::lang::text;

/// A forge and its host keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forge {
    /// Its name.
    pub(super) name: &'static str,
    /// The page that publishes the fingerprints.
    pub(super) source: &'static str,
    /// When they were last compared, ISO 8601.
    pub(super) checked: &'static str,
    /// The host names that show these keys.
    hosts: &'static [&'static str],
    /// The host that answers ssh on port 443.
    pub(super) other: Option<&'static str>,
    /// Where a user registers a key.
    pub(super) key_page: Option<&'static str>,
    /// Algorithm, key in base64, published SHA-256 fingerprint.
    keys: &'static [(&'static str, &'static str, &'static str)],
}

impl Forge {
    /// Lines for `known_hosts`, under this name.
    pub(super) fn lines(&self, name: &str) -> String {
        self.keys
            .iter()
            .fold(String::new(), |text, (kind, key, _)| {
                text + &format!("{name} {kind} {key}\n")
            })
    }

    /// Algorithm and fingerprint of each key.
    pub(super) fn fingerprints(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.keys
            .iter()
            .map(|(kind, _, fingerprint)| (*kind, *fingerprint))
    }

    /// Whether a fingerprint, with or without `SHA256:`, is one of this forge.
    pub(super) fn is_genuine(&self, fingerprint: &str) -> bool {
        let bare = fingerprint.strip_prefix("SHA256:").unwrap_or(fingerprint);
        self.keys.iter().any(|(_, _, published)| *published == bare)
    }
}

/// The forge that shows its keys under this host name.
pub(super) fn of(host: &str) -> Option<&'static Forge> {
    FORGES.iter().find(|forge| forge.hosts.contains(&host))
}

const FORGES: &[Forge] = &[
    Forge {
        name: "GitHub",
        source: "https://docs.github.com/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints",
        checked: "2026-11-24",
        hosts: &["github.com", "ssh.github.com"],
        other: Some("ssh.github.com"),
        key_page: Some("https://github.com/settings/keys"),
        keys: &[
            (
                "ssh-ed25519",
                "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
                "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            ),
            (
                "ecdsa-sha2-nistp256",
                "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
                "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
            ),
            (
                "ssh-rsa",
                "AAAAB3NzaC1yc2EAAAADAQABAAABgQCj7ndNxQowgcQnjshcLrqPEiiphnt+VTTvDP6mHBL9j1aNUkY4Ue1gvwnGLVlOhGeYrnZaMgRK6+PKCUXaDbC7qtbW8gIkhL7aGCsOr/C56SJMy/BCZfxd1nWzAOxSDPgVsmerOBYfNqltV9/hWCqBywINIR+5dIg6JTJ72pcEpEjcYgXkE2YEFXV1JHnsKgbLWNlhScqb2UmyRkQyytRLtL+38TGxkxCflmO+5Z8CSSNY7GidjMIZ7Q4zMjA2n1nGrlTDkzwDCsw+wqFPGQA179cnfGWOWRVruj16z6XyvxvjJwbz0wQZ75XK5tKSb7FNyeIEs4TT4jk+S4dhPeAUC5y+bDYirYgM4GC7uEnztnZyaVWQ7B381AK4Qdrwt51ZqExKbQpTUNn+EjqoTwvqNj4kqx5QUCI0ThS/YkOxJCXmPUWZbhjpCg56i+2aB6CmK2JGhn57K5mj0MNdBXA4/WnwH6XoPWJzK5Nyu2zB3nAZp+S5hpQs+p1vN1/wsjk=",
                "uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
            ),
        ],
    },
    Forge {
        name: "GitLab",
        source: "https://docs.gitlab.com/user/gitlab_com/#ssh-host-keys-fingerprints",
        checked: "2026-11-24",
        hosts: &["gitlab.com", "altssh.gitlab.com"],
        other: Some("altssh.gitlab.com"),
        key_page: Some("https://gitlab.com/-/user_settings/ssh_keys"),
        keys: &[
            (
                "ssh-ed25519",
                "AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf",
                "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
            ),
            (
                "ecdsa-sha2-nistp256",
                "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFSMqzJeV9rUzU4kWitGjeR4PWSa29SPqJ1fVkhtj3Hw9xjLVXVYrU9QlYWrOLXBpQ6KWjbjTDTdDkoohFzgbEY=",
                "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
            ),
            (
                "ssh-rsa",
                "AAAAB3NzaC1yc2EAAAADAQABAAABAQCsj2bNKTBSpIYDEGk9KxsGh3mySTRgMtXL583qmBpzeQ+jqCMRgBqB98u3z++J1sKlXHWfM9dyhSevkMwSbhoR8XIq/U0tCNyokEi/ueaBMCvbcTHhO7FcwzY92WK4Yt0aGROY5qX2UKSeOvuP4D6TPqKF1onrSzH9bx9XUf2lEdWT/ia1NEKjunUqu1xOB/StKDHMoX4/OKyIzuS0q/T1zOATthvasJFoPrAjkohTyaDUz2LN5JoH839hViyEG82yB+MjcFV5MU3N1l1QL3cVUCh93xSaua1N85qivl+siMkPGbO5xR/En4iEY6K2XPASUEMaieWVNTRCtJ4S8H+9",
                "ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ",
            ),
        ],
    },
    Forge {
        name: "Bitbucket",
        source: "https://support.atlassian.com/bitbucket-cloud/docs/configure-ssh-and-two-step-verification/",
        checked: "2026-11-24",
        hosts: &["bitbucket.org", "altssh.bitbucket.org"],
        other: Some("altssh.bitbucket.org"),
        key_page: Some("https://bitbucket.org/account/settings/ssh-keys/"),
        keys: &[
            (
                "ssh-ed25519",
                "AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO",
                "ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
            ),
            (
                "ecdsa-sha2-nistp256",
                "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPIQmuzMBuKdWeF4+a2sjSSpBK0iqitSQ+5BM9KhpexuGt20JpTVM7u5BDZngncgrqDMbWdxMWWOGtZ9UgbqgZE=",
                "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
            ),
            (
                "ssh-rsa",
                "AAAAB3NzaC1yc2EAAAADAQABAAABgQDQeJzhupRu0u0cdegZIa8e86EG2qOCsIsD1Xw0xSeiPDlCr7kq97NLmMbpKTX6Esc30NuoqEEHCuc7yWtwp8dI76EEEB1VqY9QJq6vk+aySyboD5QF61I/1WeTwu+deCbgKMGbUijeXhtfbxSxm6JwGrXrhBdofTsbKRUsrN1WoNgUa8uqN1Vx6WAJw1JHPhglEGGHea6QICwJOAr/6mrui/oB7pkaWKHj3z7d1IC4KWLtY47elvjbaTlkN04Kc/5LFEirorGYVbt15kAUlqGM65pk6ZBxtaO3+30LVlORZkxOh+LKL/BvbZ/iRNhItLqNyieoQj/uh/7Iv4uyH/cV/0b4WDSd3DptigWq84lJubb9t/DnZlrJazxyDCulTmKdOR7vs9gMTo+uoIrPSb8ScTtvw65+odKAlBj59dhnVp9zd7QUojOpXlL62Aw56U4oO+FALuevvMjiWeavKhJqlR7i5n9srYcrNV7ttmDw7kf/97P5zauIhxcjX+xHv4M=",
                "46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E",
            ),
        ],
    },
    Forge {
        name: "Azure DevOps",
        source: "https://learn.microsoft.com/azure/devops/repos/git/use-ssh-keys-to-authenticate",
        checked: "2026-11-24",
        hosts: &["ssh.dev.azure.com"],
        other: None,
        key_page: Some(text!(
            "https://dev.azure.com, User settings, SSH public keys"
        )),
        keys: &[(
            "ssh-rsa",
            "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7Hr1oTWqNqOlzGJOfGJ4NakVyIzf1rXYd4d7wo6jBlkLvCA4odBlL0mDUyZ0/QUfTTqeu+tm22gOsv+VrVTMk6vwRU75gY/y9ut5Mb3bR5BV58dKXyq9A9UeB5Cakehn5Zgm6x1mKoVyf+FFn26iYqXJRgzIZZcZ5V6hrE0Qg39kZm4az48o0AUbf6Sp4SLdvnuMa2sVNwHBboS7EJkm57XQPVU3/QpyNLHbWDdzwtrlS+ez30S3AdYhLKEOxAG8weOnyrtLJAUen9mTkol8oII1edf7mWWbWVf0nBmly21+nZcmCTISQBtdcyPaEno7fFQMDD26/s0lfKob4Kw8H",
            "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
        )],
    },
    Forge {
        name: "Codeberg",
        source: "https://docs.codeberg.org/security/ssh-fingerprint/",
        checked: "2026-11-24",
        hosts: &["codeberg.org"],
        other: None,
        key_page: Some("https://codeberg.org/user/settings/keys"),
        keys: &[
            (
                "ssh-ed25519",
                "AAAAC3NzaC1lZDI1NTE5AAAAIIVIC02vnjFyL+I4RHfvIGNtOgJMe769VTF1VR4EB3ZB",
                "mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
            ),
            (
                "ecdsa-sha2-nistp256",
                "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBL2pDxWr18SoiDJCGZ5LmxPygTlPu+cCKSkpqkvCyQzl5xmIMeKNdfdBpfbCGDPoZQghePzFZkKJNR/v9Win3Sc=",
                "T9FYDEHELhVkulEKKwge5aVhVTbqCW0MIRwAfpARs/E",
            ),
            (
                "ssh-rsa",
                "AAAAB3NzaC1yc2EAAAADAQABAAABAQC8hZi7K1/2E2uBX8gwPRJAHvRAob+3Sn+y2hxiEhN0buv1igjYFTgFO2qQD8vLfU/HT/P/rqvEeTvaDfY1y/vcvQ8+YuUYyTwE2UaVU5aJv89y6PEZBYycaJCPdGIfZlLMmjilh/Sk8IWSEK6dQr+g686lu5cSWrFW60ixWpHpEVB26eRWin3lKYWSQGMwwKv4LwmW3ouqqs4Z4vsqRFqXJ/eCi3yhpT+nOjljXvZKiYTpYajqUC48IHAxTWugrKe1vXWOPxVXXMQEPsaIRc2hpK+v1LmfB7GnEGvF1UAKnEZbUuiD9PBEeD5a1MZQIzcoPWCrTxipEpuXQ5Tni4mN",
                "6QQmYi4ppFS4/+zSZ5S4IU+4sa6rwvQ4PbhCtPEBekQ",
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

    use super::*;

    #[test]
    fn keys_have_the_published_fingerprints() {
        for forge in FORGES {
            for (kind, key, fingerprint) in forge.keys {
                let blob = STANDARD.decode(key).unwrap();
                assert_eq!(
                    &STANDARD_NO_PAD.encode(digest(&SHA256, &blob)),
                    fingerprint,
                    "{} {kind}",
                    forge.name
                );
                // the blob names its own algorithm
                assert_eq!(&blob[4..4 + kind.len()], kind.as_bytes());
            }
        }
    }

    #[test]
    fn the_replaced_key_of_github_is_not_genuine() {
        let github = of("github.com").unwrap();
        assert!(github.is_genuine("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"));
        assert!(!github.is_genuine("SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"));
        assert!(of("git.corp.example").is_none());
    }
}
