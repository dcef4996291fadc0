//! Well-known hosts, as dated data: the forges, the module proxies and checksum databases that are
//! open to everybody, and the hosts whose modules are public.
//!
//! One table for all: which name may be asked of a public resolver, which host may not be told a
//! private name, where a repository ends in a path, which ssh host keys a forge publishes and where
//! it makes tokens. Each key stands beside the fingerprint that its forge publishes; a test
//! recomputes one from the other (SHA-256 of the key blob, RFC 4253 section 6.6, in base64 without
//! padding). Keys rotate: refresh from the pages named here and from `https://api.github.com/meta`.

use crate::text;

/// Who may see what a forge holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody sees everything.
    Public,
    /// Public and private repositories side by side.
    Mixed,
    /// Members only, as a rule.
    Members,
}

/// What is known about a forge's tokens.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// The user name that goes with a token.
    pub login: &'static str,
    /// Where a token is made: a page, or words that are translated.
    pub page: &'static str,
    /// What a token must be allowed to do, in words that are translated.
    pub scope: &'static str,
    /// Why a good-looking token may still be refused, in words that are translated.
    pub rules: &'static str,
}

/// A forge.
#[derive(Debug, Clone, Copy)]
pub struct Forge {
    /// Its name.
    pub name: &'static str,
    /// The host in URLs and module paths.
    pub host: &'static str,
    /// Who may see what it holds.
    pub visibility: Visibility,
    /// Repositories may lie deeper than `host/owner/name`.
    pub nested: bool,
    /// go maps its paths to repositories by itself (`cmd/go/internal/vcs`).
    pub wired: bool,
    /// Its own program that keeps a login and serves git as credential helper.
    pub program: Option<&'static str>,
    /// The page that says whether it is in trouble.
    pub status: Option<&'static str>,
    /// Its tokens.
    pub token: Option<Token>,
    /// The host names that show the ssh host keys.
    ssh: &'static [&'static str],
    /// The host that answers ssh on port 443.
    pub ssh_443: Option<&'static str>,
    /// The page that publishes the fingerprints.
    pub source: &'static str,
    /// When they were last compared, ISO 8601.
    pub checked: &'static str,
    /// Where a user registers a key; a page, or words that are translated.
    pub key_page: Option<&'static str>,
    /// Algorithm, key in base64, published SHA-256 fingerprint.
    keys: &'static [(&'static str, &'static str, &'static str)],
}

impl Forge {
    /// Lines for `known_hosts`, under this name.
    #[must_use]
    pub fn lines(&self, name: &str) -> String {
        self.keys
            .iter()
            .fold(String::new(), |text, (kind, key, _)| {
                text + &format!("{name} {kind} {key}\n")
            })
    }

    /// Algorithm and fingerprint of each key.
    pub fn fingerprints(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.keys
            .iter()
            .map(|(kind, _, fingerprint)| (*kind, *fingerprint))
    }

    /// Whether a fingerprint, with or without `SHA256:`, is one of this forge.
    #[must_use]
    pub fn is_genuine(&self, fingerprint: &str) -> bool {
        let bare = fingerprint.strip_prefix("SHA256:").unwrap_or(fingerprint);
        self.keys.iter().any(|(_, _, published)| *published == bare)
    }
}

/// The forge with this host in its URLs.
#[must_use]
pub fn of(host: &str) -> Option<&'static Forge> {
    FORGES.iter().find(|forge| forge.host == host)
}

/// The forge that publishes its ssh host keys under this host name.
#[must_use]
pub fn by_key(host: &str) -> Option<&'static Forge> {
    FORGES.iter().find(|forge| forge.ssh.contains(&host))
}

/// What a well-known host that is no forge does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// A module proxy: the address that GOPROXY gets.
    Proxy(&'static str),
    /// A checksum database.
    Database,
    /// Import paths of public modules.
    Paths,
    /// Storage, interfaces and pages of the above.
    Other,
}

/// Looked up 2026-11. Which of the proxies answer from here is found out before one is offered.
const SERVICES: &[(&str, Service)] = &[
    ("proxy.golang.org", Service::Proxy(DEFAULT_PROXY)),
    ("goproxy.cn", Service::Proxy("https://goproxy.cn")),
    (
        "mirrors.aliyun.com",
        Service::Proxy("https://mirrors.aliyun.com/goproxy"),
    ),
    ("goproxy.io", Service::Proxy("https://goproxy.io")),
    (DEFAULT_DATABASE, Service::Database),
    (CHINA_DATABASE, Service::Database),
    ("golang.org", Service::Paths),
    ("google.golang.org", Service::Paths),
    ("go.uber.org", Service::Paths),
    ("go.opentelemetry.io", Service::Paths),
    ("go.etcd.io", Service::Paths),
    ("go.mongodb.org", Service::Paths),
    ("go.yaml.in", Service::Paths),
    ("honnef.co", Service::Paths),
    ("k8s.io", Service::Paths),
    ("sigs.k8s.io", Service::Paths),
    ("cloud.google.com", Service::Paths),
    ("rsc.io", Service::Paths),
    ("index.golang.org", Service::Other),
    ("go.dev", Service::Other),
    (STORAGE, Service::Other),
    ("api.github.com", Service::Other),
    ("codeload.github.com", Service::Other),
];

/// Go's own module proxy, which cannot be reached from everywhere.
pub const DEFAULT_PROXY: &str = "https://proxy.golang.org";

/// Where Go's module proxy and toolchains keep their files.
pub const STORAGE: &str = "storage.googleapis.com";

/// Go's own checksum database.
pub const DEFAULT_DATABASE: &str = "sum.golang.org";

/// The name under which China reaches the same database.
pub const CHINA_DATABASE: &str = "sum.golang.google.cn";

/// Owners at forges of [`Visibility::Mixed`] whose modules are public, as a rule.
const PUBLIC_OWNERS: &[(&str, &[&str])] = &[(
    "github.com",
    &[
        "Azure",
        "BurntSushi",
        "Masterminds",
        "PuerkitoBio",
        "alecthomas",
        "aws",
        "beorn7",
        "cespare",
        "cncf",
        "containerd",
        "coreos",
        "davecgh",
        "docker",
        "etcd-io",
        "fsnotify",
        "gin-gonic",
        "go-chi",
        "go-git",
        "go-logr",
        "go-sql-driver",
        "gofrs",
        "gogo",
        "golang",
        "golang-jwt",
        "golangci",
        "google",
        "googleapis",
        "gorilla",
        "grafana",
        "grpc",
        "grpc-ecosystem",
        "hashicorp",
        "jackc",
        "json-iterator",
        "klauspost",
        "kubernetes",
        "kubernetes-sigs",
        "labstack",
        "lib",
        "magefile",
        "mattn",
        "mitchellh",
        "moby",
        "modern-go",
        "onsi",
        "open-telemetry",
        "opencontainers",
        "pelletier",
        "pkg",
        "pmezard",
        "prometheus",
        "redis",
        "rs",
        "russross",
        "sirupsen",
        "spf13",
        "stretchr",
        "tidwall",
        "uber-go",
        "urfave",
        "valyala",
    ],
)];

/// Whether Go's defaults lead to this host: module mirror, its storage, checksum database.
#[must_use]
pub fn is_default(host: &str) -> bool {
    proxy_of(host) == Some(DEFAULT_PROXY) || [DEFAULT_DATABASE, STORAGE].contains(&host)
}

/// Whether everybody knows this host: its name may be asked of public resolvers.
#[must_use]
pub fn is_well_known(host: &str) -> bool {
    service(host).is_some() || of(host).is_some() || by_key(host).is_some()
}

/// Whether a module proxy or checksum database is open to everybody: it must not be told a private name.
#[must_use]
pub fn is_public_proxy(host: &str) -> bool {
    matches!(service(host), Some(Service::Proxy(_) | Service::Database))
}

/// The name that a checksum database signs with, of the name that GOSUMDB gives.
#[must_use]
pub fn signer(name: &str) -> &str {
    if name == CHINA_DATABASE {
        DEFAULT_DATABASE
    } else {
        name
    }
}

/// Whether this is a checksum database that is open to everybody.
#[must_use]
pub fn is_database(host: &str) -> bool {
    service(host) == Some(Service::Database)
}

/// The addresses of the module proxies that are open to everybody, Go's own first.
pub fn proxies() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().filter_map(|(_, service)| match service {
        Service::Proxy(url) => Some(*url),
        _ => None,
    })
}

/// The address of the module proxy at this host, as GOPROXY names it.
#[must_use]
pub fn proxy_of(host: &str) -> Option<&'static str> {
    match service(host)? {
        Service::Proxy(url) => Some(url),
        _ => None,
    }
}

/// Whether anybody may fetch this module: its host holds public modules only, or its owner is well known.
#[must_use]
pub fn is_public_module(path: &str) -> bool {
    let mut elements = path.split('/');
    let host = elements.next().unwrap_or_default();
    let owner = elements.next().unwrap_or_default();
    service(host) == Some(Service::Paths)
        || of(host).is_some_and(|forge| forge.visibility == Visibility::Public)
        || PUBLIC_OWNERS
            .iter()
            .any(|(forge, owners)| *forge == host && owners.contains(&owner))
}

fn service(host: &str) -> Option<Service> {
    SERVICES
        .iter()
        .find(|(name, _)| *name == host)
        .map(|(_, service)| *service)
}

/// A forge that nothing more is known about.
const PLAIN: Forge = Forge {
    name: "",
    host: "",
    visibility: Visibility::Mixed,
    nested: false,
    wired: false,
    program: None,
    status: None,
    token: None,
    ssh: &[],
    ssh_443: None,
    source: "",
    checked: "2026-11-24",
    key_page: None,
    keys: &[],
};

const FORGES: &[Forge] = &[
    Forge {
        name: "GitHub",
        host: "github.com",
        wired: true,
        program: Some("gh"),
        status: Some("https://www.githubstatus.com"),
        token: Some(Token {
            login: "x-access-token",
            page: "https://github.com/settings/personal-access-tokens/new",
            scope: text!(
                "resource owner: the organisation; repository permission Contents: read-only"
            ),
            rules: text!(
                "GitHub takes no account passwords. A classic token needs SSO authorisation for an organisation with SAML, a \
                fine-grained one the right resource owner and sometimes the owner's approval; the GITHUB_TOKEN of Actions sees \
                its own repository only."
            ),
        }),
        ssh: &["github.com", "ssh.github.com"],
        ssh_443: Some("ssh.github.com"),
        source: "https://docs.github.com/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints",
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
        ..PLAIN
    },
    Forge {
        name: "GitLab",
        host: "gitlab.com",
        nested: true,
        program: Some("glab"),
        status: Some("https://status.gitlab.com"),
        token: Some(Token {
            login: "oauth2",
            page: "https://gitlab.com/-/user_settings/personal_access_tokens",
            scope: text!("read_repository, and read_api for modules in subgroups"),
            rules: text!(
                "A CI_JOB_TOKEN reaches another project only if that project lists this one in its job token allowlist; bad \
                credentials look like 'not found'."
            ),
        }),
        ssh: &["gitlab.com", "altssh.gitlab.com"],
        ssh_443: Some("altssh.gitlab.com"),
        source: "https://docs.gitlab.com/user/gitlab_com/#ssh-host-keys-fingerprints",
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
        ..PLAIN
    },
    Forge {
        name: "Bitbucket",
        host: "bitbucket.org",
        wired: true,
        status: Some("https://bitbucket.status.atlassian.com"),
        token: Some(Token {
            login: "x-bitbucket-api-token-auth",
            page: "https://id.atlassian.com/manage-profile/security/api-tokens",
            scope: "read:repository:bitbucket",
            rules: text!("App passwords ended in July 2026: only scoped API tokens work."),
        }),
        ssh: &["bitbucket.org", "altssh.bitbucket.org"],
        ssh_443: Some("altssh.bitbucket.org"),
        source: "https://support.atlassian.com/bitbucket-cloud/docs/configure-ssh-and-two-step-verification/",
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
        ..PLAIN
    },
    Forge {
        name: "Azure DevOps",
        host: "dev.azure.com",
        visibility: Visibility::Members,
        nested: true,
        token: Some(Token {
            login: "token",
            page: text!("https://dev.azure.com, User settings, Personal access tokens"),
            scope: "Code: Read",
            rules: text!("A token belongs to one organisation and expires."),
        }),
        ssh: &["ssh.dev.azure.com"],
        source: "https://learn.microsoft.com/azure/devops/repos/git/use-ssh-keys-to-authenticate",
        key_page: Some(text!(
            "https://dev.azure.com, User settings, SSH public keys"
        )),
        keys: &[(
            "ssh-rsa",
            "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7Hr1oTWqNqOlzGJOfGJ4NakVyIzf1rXYd4d7wo6jBlkLvCA4odBlL0mDUyZ0/QUfTTqeu+tm22gOsv+VrVTMk6vwRU75gY/y9ut5Mb3bR5BV58dKXyq9A9UeB5Cakehn5Zgm6x1mKoVyf+FFn26iYqXJRgzIZZcZ5V6hrE0Qg39kZm4az48o0AUbf6Sp4SLdvnuMa2sVNwHBboS7EJkm57XQPVU3/QpyNLHbWDdzwtrlS+ez30S3AdYhLKEOxAG8weOnyrtLJAUen9mTkol8oII1edf7mWWbWVf0nBmly21+nZcmCTISQBtdcyPaEno7fFQMDD26/s0lfKob4Kw8H",
            "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
        )],
        ..PLAIN
    },
    Forge {
        name: "Codeberg",
        host: "codeberg.org",
        token: Some(Token {
            login: "git",
            page: "https://codeberg.org/user/settings/applications",
            scope: "read:repository",
            rules: text!("Two-factor accounts need a token instead of the password."),
        }),
        ssh: &["codeberg.org"],
        source: "https://docs.codeberg.org/security/ssh-fingerprint/",
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
        ..PLAIN
    },
    Forge {
        name: "Gitea",
        host: "gitea.com",
        ..PLAIN
    },
    Forge {
        name: "Gitee",
        host: "gitee.com",
        ..PLAIN
    },
    Forge {
        name: "SourceHut",
        host: "git.sr.ht",
        ..PLAIN
    },
    Forge {
        name: "gopkg.in",
        host: "gopkg.in",
        visibility: Visibility::Public,
        nested: true,
        ..PLAIN
    },
    Forge {
        name: "Go",
        host: "go.googlesource.com",
        visibility: Visibility::Public,
        nested: true,
        ..PLAIN
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
        let github = by_key("github.com").unwrap();
        assert!(github.is_genuine("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"));
        assert!(!github.is_genuine("SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"));
        assert!(by_key("git.corp.example").is_none());
    }

    #[test]
    fn every_host_stands_once() {
        let mut hosts: Vec<&str> = SERVICES
            .iter()
            .map(|(host, _)| *host)
            .chain(FORGES.iter().map(|forge| forge.host))
            .collect();
        let count = hosts.len();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len(), count);
        for (host, service) in SERVICES {
            if let Service::Proxy(url) = service {
                assert!(url.starts_with(&format!("https://{host}")), "{url}");
            }
        }
    }

    #[test]
    fn owners_and_hosts_of_public_modules() {
        for path in [
            "github.com/google/uuid",
            "golang.org/x/text",
            "gopkg.in/yaml.v3",
            "k8s.io/api",
        ] {
            assert!(is_public_module(path), "{path}");
        }
        for path in [
            "github.com/acme/lib",
            "dev.azure.com/org/p/_git/r",
            "git.corp.example/golang/x",
        ] {
            assert!(!is_public_module(path), "{path}");
        }
        assert!(is_public_proxy("sum.golang.org") && !is_public_proxy("golang.org"));
        assert_eq!(proxies().next(), Some(DEFAULT_PROXY));
    }
}
