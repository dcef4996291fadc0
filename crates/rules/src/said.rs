//! What a line says beyond the rule that it fits: which setting it calls malformed, which file git can't
//! read, which release it wants.
//!
//! In: the line of a finding, anybody's bytes by then valid text. Out: yes or no for a [`Phrase`], or
//! the part that is asked for, as it stands there; whoever acts on it checks it first. No other
//! crate looks into the text of go's, git's or ssh's messages.

/// Words that decide between fixes of one cause. Which of several wordings stands there is no matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// go could not use go.work.
    GoWork,
    /// go could not use go.sum.
    GoSum,
    /// A go.mod, go.sum or go.work is what could not be written.
    ModuleFile,
    /// A module proxy's own words follow.
    ServerResponse,
    /// git gave up a slow transfer.
    TooSlow,
    /// Nothing listens there.
    Refused,
    /// The kernel forbids it.
    NotPermitted,
    /// The file system is read-only.
    ReadOnly,
    /// A folder was to be made.
    Mkdir,
    /// A cache of go's is meant.
    Cache,
    /// The build cache is meant.
    BuildCache,
    /// go's own folder for its work could not be made.
    WorkFolder,
    /// GOCACHE=off, as go itself says.
    CacheOff,
    /// GOPROXY=off, as go itself says.
    ProxyOff,
    /// GOSUMDB=off, as go itself says.
    SumdbOff,
    /// GOSUMDB=off keeps a toolchain out.
    ToolchainUnverified,
    /// The module that toolchains are fetched as.
    ToolchainModule,
    /// A value of GOTOOLCHAIN that go can't use.
    ToolchainInvalid,
    /// GOVCS names something that go can't use.
    VcsInvalid,
    /// GO111MODULE is complained of.
    ModulesSetting,
    /// GOROOT is complained of.
    Goroot,
    /// A proxy is spoken of.
    Proxy,
    /// An IPv6 address was dialled.
    DialIpv6,
    /// The machine itself was dialled.
    DialLoopback,
    /// The first element of an import path is no host.
    Hostless,
    /// A vendor folder is meant.
    Vendor,
    /// ssh's large warning.
    HostKeyChanged,
    /// The status of a missing login.
    Unauthorized,
    /// Two Authorization headers.
    DuplicateHeader,
    /// `go get` below GOPATH, which asks no module proxy.
    WithoutModules,
    /// An address without quotes, as before Go 1.14.
    BareAddress,
    /// No page says where the module is kept.
    NoVanityPage,
    /// An editor ran go.
    Editor,
    /// Something in a repository's `.git`.
    GitFolder,
    /// A forge's answer in the form that it has over ssh.
    SshAnswer,
    /// Nobody has that name.
    NoSuchHost,
    /// Nothing answered in time, or no way leads there.
    Silent,
    /// What answers doesn't speak TLS.
    NotTls,
    /// The HTTP proxy wants a login.
    ProxyLogin,
    /// git has no helper for http.
    HelperMissing,
    /// A path that is no repository.
    NoRepository,
    /// A page says that the module has another path.
    OtherImportPath,
    /// The checksum database reached no server.
    Unconnected,
    /// HTTP/2 is what broke off.
    Http2,
    /// Go asked the resolver that it takes where /etc/resolv.conf names none.
    AssumedResolver,
    /// go doesn't find its own folder.
    GorootGone,
    /// ssh can't read a file as a private key.
    KeyUnreadable,
    /// The connection stood, and nothing came any more.
    Established,
    /// A lock file of git's is there already.
    LockLeft,
    /// The lock is that of git's configuration.
    ConfigLocked,
    /// The server knows no such name (TLS alert `unrecognized_name`).
    NameUnrecognized,
    /// The server wants a certificate of the client's, or refuses the one that was sent (TLS alerts).
    ClientCertificate,
    /// The HTTP proxy does not connect to that host.
    ProxyForbids,
    /// Nobody could say whether a certificate is revoked (Windows' words and codes).
    Revocation,
    /// No file of CA certificates where one should be.
    NoCaFile,
    /// git can't read the certificates that it is told to trust (curl, `CURLE_SSL_CACERT_BADFILE`).
    CaUnreadable,
    /// A path is to begin at the root.
    NotAbsolute,
    /// What says where the user's own folder is.
    HomeVariable,
    /// A major version and the module's path don't fit.
    MajorVersion,
    /// The HTTP status 403.
    Forbidden,
    /// go can't read a line of go.sum.
    SumMalformed,
    /// Modules are switched off.
    ModulesOff,
    /// go looks for a module that has a package, and for its latest version.
    LooksForModule,
}

impl Phrase {
    /// One of them is enough. Those without a capital fit a line in any letters.
    const fn wordings(self) -> &'static [&'static str] {
        match self {
            Self::GoWork => &["go.work"],
            Self::GoSum => &["go.sum"],
            Self::ModuleFile => &["/go.mod", "/go.sum", "/go.work"],
            Self::ServerResponse => &["server response"],
            Self::TooSlow => &["too slow"],
            Self::Refused => &["connection refused", "actively refused", "refused"],
            Self::NotPermitted => &["operation not permitted"],
            Self::ReadOnly => &["read-only file system"],
            Self::Mkdir => &["mkdir "],
            Self::Cache => &["cache", "pkg/mod"],
            Self::BuildCache => &["build cache"],
            Self::WorkFolder => &["creating work dir"],
            Self::CacheOff => &["GOCACHE=off"],
            Self::ProxyOff => &["GOPROXY=off"],
            Self::SumdbOff => &["GOSUMDB=off"],
            Self::ToolchainUnverified => &["disabled by GOSUMDB=off"],
            Self::ToolchainModule => &["golang.org/toolchain"],
            Self::ToolchainInvalid => &["invalid GOTOOLCHAIN"],
            Self::VcsInvalid => &["in GOVCS"],
            Self::ModulesSetting => &["GO111MODULE"],
            Self::Goroot => &["GOROOT"],
            Self::Proxy => &["proxy"],
            Self::DialIpv6 => &["dial tcp ["],
            Self::DialLoopback => &["dial tcp 127.", "dial tcp [::1]:"],
            Self::Hostless => &[
                "missing dot in first path element",
                "does not begin with hostname",
            ],
            Self::Vendor => &["vendor"],
            Self::HostKeyChanged => &["remote host identification has changed"],
            Self::Unauthorized => &["401"],
            Self::DuplicateHeader => &["duplicate header"],
            Self::WithoutModules => &[" (https fetch: get "],
            Self::BareAddress => &["Get http"],
            Self::NoVanityPage => &["no go-import meta tag"],
            Self::Editor => &["gopls", "vim-go", "packages.load"],
            Self::GitFolder => &[".git/"],
            Self::SshAnswer => &["error: repository not found"],
            Self::NoSuchHost => &["no such host", "could not resolve proxy"],
            Self::Silent => &["i/o timeout", "timed out", "no route to host"],
            Self::NotTls => &["first record does not look like a tls"],
            Self::ProxyLogin => &["proxy authentication required"],
            Self::HelperMissing => &["find remote helper for 'http"],
            Self::NoRepository => &["does not appear to be a git repository"],
            Self::OtherImportPath => &["did not match import path"],
            Self::Unconnected => &["unable to connect"],
            Self::Http2 => &["stream error: ", "GOAWAY", "http2: "],
            Self::AssumedResolver => &["on [::1]:53: "],
            Self::Established => &["read tcp ", "awaiting headers"],
            Self::ConfigLocked => &["could not lock config file"],
            Self::LockLeft => &[".lock': file exists", "could not lock config file"],
            Self::NameUnrecognized => &["tls: unrecognized name"],
            Self::ClientCertificate => &[
                "tls: certificate required",
                "remote error: tls: bad certificate",
                "remote error: tls: unknown certificate",
                "remote error: tls: expired certificate",
                "remote error: tls: revoked certificate",
            ],
            Self::ProxyForbids => &[
                "\": Forbidden",
                "code 403 from proxy after connect",
                "connect tunnel failed, response 403",
            ],
            Self::Revocation => &["revocation function was unable", "0x80092012", "0x80092013"],
            Self::NoCaFile => &["error setting certificate verify locations"],
            Self::KeyUnreadable => &["\": invalid format", "\": error in libcrypto"],
            Self::GorootGone => &["cannot find GOROOT directory"],
            Self::CaUnreadable => &["Problem with the SSL CA cert"],
            Self::NotAbsolute => &["not an absolute path"],
            Self::HomeVariable => &["HOME", "LocalAppData"],
            Self::MajorVersion => &[
                "ajor version",
                "should be v",
                "has post-v",
                "+incompatible suffix",
            ],
            Self::Forbidden => &["403"],
            Self::SumMalformed => &["malformed go.sum"],
            Self::ModulesOff => &["disabled by GO111MODULE=off"],
            Self::LooksForModule => &["finding module for package"],
        }
    }

    /// Whether a line says it.
    #[must_use]
    pub fn is_in(self, line: &str) -> bool {
        let small = line.to_ascii_lowercase();
        let says = |words: &&str| small.contains(words) || line.contains(words);
        match self {
            Self::SshAnswer => small.trim_start().starts_with(self.wordings()[0]),
            _ => self.wordings().iter().any(says),
        }
    }
}

/// Settings of go's that it complains of, those first whose name stands in no other's complaint.
const SETTINGS: &[&str] = &[
    "GOPROXY",
    "GOSUMDB",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "GOAUTH",
    "GOVCS",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOINSECURE",
    "GO111MODULE",
];

/// The HTTP error status in a line of go's or git's: `...: 403 Forbidden`.
#[must_use]
pub fn status(line: &str) -> Option<u16> {
    line.match_indices(": ").find_map(|(at, _)| {
        let rest = &line[at + 2..];
        let code = rest.get(..3)?.parse().ok()?;
        let ends = !rest[3..].starts_with(|next: char| next.is_ascii_alphanumeric());
        ((400..600).contains(&code) && ends).then_some(code)
    })
}

/// The setting of go's that a line names.
#[must_use]
pub fn setting(line: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|name| line.contains(**name)).copied()
}

/// The setting of go's that a line calls malformed, and its value where the line shows it.
#[must_use]
pub fn malformed_setting(line: &str) -> Option<(&'static str, Option<&str>)> {
    let quoted = line.split('"').nth(1).filter(|value| !value.is_empty());
    if let Some(name) = setting(line) {
        // where go could not parse it, the name itself stands in the value
        let whole = line.contains("first path segment");
        let bare = |value| {
            let bare = str::strip_prefix(value, name).and_then(|rest| rest.strip_prefix('='));
            bare.filter(|_| !whole).unwrap_or(value)
        };
        return Some((name, quoted.map(bare)));
    }
    for words in ["missing scheme: ", "scheme (must be https, http, file): "] {
        if let Some((_, value)) = line.split_once(&format!("invalid proxy URL {words}")) {
            return Some(("GOPROXY", value.split_whitespace().next()));
        }
    }
    let asked = quoted.filter(|url| url.contains("/@v/") || url.contains("/@latest"))?;
    let entry = asked.split('/').next();
    let entry = entry.filter(|value| !value.is_empty() && !value.ends_with(':'));
    Some(("GOPROXY", entry))
}

/// What stands behind the first of these leads.
fn behind<'a>(line: &'a str, leads: &[&str]) -> Option<&'a str> {
    let mut found = leads.iter().filter_map(|lead| line.split_once(lead));
    found.next().map(|(_, rest)| rest)
}

/// The line and the file that git can't read: `bad config line N in file F`.
#[must_use]
pub fn bad_config_line(line: &str) -> Option<(usize, &str)> {
    let (number, file) = behind(line, &["bad config line "])?.split_once(" in file ")?;
    let file = file.trim().trim_matches(['\'', '"']);
    Some((number.trim().parse().ok()?, file))
}

/// go's line without the name of the JSON field that it stands in (`go mod download -json`).
#[must_use]
pub fn without_json_field(line: &str) -> &str {
    let inside = line.trim().strip_prefix("\"Error\": \"");
    inside.map_or(line, |inside| inside.trim_end_matches([',', '"']))
}

/// The directory that git refuses for its owner.
#[must_use]
pub fn refused_repository(line: &str) -> Option<&str> {
    let rest = behind(line, &["repository at '", "unsafe repository ('"])?;
    Some(rest.split_once('\'')?.0)
}

/// The protocol that git may not use.
#[must_use]
pub fn refused_protocol(line: &str) -> Option<&str> {
    let (scheme, rest) = behind(line, &["transport '"])?.split_once('\'')?;
    rest.trim_start()
        .starts_with("not allowed")
        .then_some(scheme)
}

/// The flag that go doesn't know.
#[must_use]
pub fn unknown_flag(line: &str) -> Option<&str> {
    behind(line, &["unknown flag -"])?.split_whitespace().next()
}

/// The path that a module declares: `module declares its path as: X`.
#[must_use]
pub fn declared_path(line: &str) -> Option<&str> {
    behind(line, &["declares its path as:"])?
        .split_whitespace()
        .next()
}

/// The name that ssh could not resolve.
#[must_use]
pub fn unresolved_host(line: &str) -> Option<&str> {
    let name = behind(line, &["Could not resolve hostname "])?
        .split([' ', '\n'])
        .next()?;
    Some(name.trim_end_matches(':'))
}

/// The first name that a certificate holds, where it doesn't hold the one that was asked for.
#[must_use]
pub fn certified_name(line: &str) -> Option<&str> {
    let name = behind(line, &["is valid for "])?.split([',', ' ']).next()?;
    Some(name).filter(|name| !name.is_empty())
}

/// Whether `go get` worked below GOPATH, as before Go had modules.
#[must_use]
pub fn is_gopath_mode(line: &str) -> bool {
    let lead = line.trim_start();
    let about = lead.starts_with("package ") || lead.starts_with("imports ");
    about && (lead.contains(" (https fetch: Get ") || lead.contains(" (parse "))
}

/// The path that a go.mod has at a revision, where it is another than the one asked for:
/// `go.mod has post-v3 module path "X" at revision R`.
#[must_use]
pub fn path_of_go_mod(line: &str) -> Option<&str> {
    let rest = behind(line, &["go.mod has "])?;
    let (_, path) = rest.split_once("module path \"")?;
    path.split('"').next().filter(|path| !path.is_empty())
}

/// What an ssh server offers, where this ssh takes none of it: `ssh-rsa,ssh-dss`.
#[must_use]
pub fn ssh_offer(line: &str) -> Option<&str> {
    let offer = behind(line, &["Their offer: "])?
        .split_whitespace()
        .next()?;
    line.contains("no matching ").then_some(offer)
}

/// What Go's error of a system call begins with.
const OPERATIONS: &[&str] = &[
    "open ",
    "openat ",
    "mkdir ",
    "mkdirat ",
    "unlink ",
    "unlinkat ",
    "remove ",
    "rename ",
    "chmod ",
    "stat ",
    "lstat ",
    "fork/exec ",
    "link ",
    "symlink ",
    "readdirent ",
    "fdopendir ",
];

/// The path that an error names: quoted, or as Go writes it (`open PATH: permission denied`).
#[must_use]
pub fn path(line: &str) -> Option<String> {
    // what was opened, not where the import stands
    let behind = OPERATIONS
        .iter()
        .filter_map(|operation| Some(line.find(operation)? + operation.len()))
        .filter(|at| line[*at..].starts_with(['/', '\'', '"', '`']))
        .min();
    let starts = line.match_indices('/').map(|(at, _)| at);
    for at in starts.filter(|at| behind.is_none_or(|behind| *at >= behind)) {
        let before = line[..at].chars().next_back();
        let end = match before {
            Some(quote @ ('\'' | '"' | '`')) => line[at..].find(quote)?,
            None | Some(' ' | '\t') => line[at..].find(": ").unwrap_or(line.len() - at),
            _ => continue, // inside a URL or another path
        };
        return Some(line[at..at + end].trim_end().to_owned());
    }
    None
}

/// The version control program that go wanted, as GOVCS calls it.
#[must_use]
pub fn version_control(line: &str) -> Option<&'static str> {
    let mut names = ["svn", "hg", "bzr", "fossil", "git"].into_iter();
    names.find(|name| line.contains(name))
}

/// Whether a program is named as a word of its own.
#[must_use]
pub fn names_program(line: &str, name: &str) -> bool {
    line.contains(&format!("\"{name}\"")) || line.contains(&format!(" {name} "))
}

/// Whether a package of the standard library is what go looked for.
#[must_use]
pub fn names_package(line: &str, name: &str) -> bool {
    [
        format!("\"{name}\""),
        format!("package {name} "),
        format!("package {name}:"),
    ]
    .iter()
    .any(|shape| line.contains(shape))
}

/// What Go has only since a release: words of go about go.mod.
const DIRECTIVES: &[(&str, &str)] = &[
    ("unknown directive: toolchain", "1.21"),
    ("unknown directive: tool", "1.24"),
    ("unknown directive: ignore", "1.25"),
    ("unknown directive: godebug", "1.23"),
    ("unknown directive: retract", "1.16"),
    ("can only use path@version syntax", "1.16"),
];

/// The version of Go that a line asks for, in so many words or by what it doesn't know: `1.25.3`.
#[must_use]
pub fn wanted_go(line: &str) -> Option<&str> {
    const LEADS: &[&str] = &[
        "requires go >= ",
        "requires Go ",
        "file indicates go ",
        "cannot find \"go",
        "download go",
        "invalid toolchain: go",
        "go version '",
    ];
    let stated = behind(line, LEADS).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
    });
    let implied = || {
        let directive = DIRECTIVES.iter().find(|(words, _)| line.contains(words));
        directive.map(|(_, version)| *version)
    };
    stated
        .filter(|version| !version.is_empty())
        .or_else(implied)
}

/// Whether go looked for the download of exactly this version, or refused it as a toolchain's name.
#[must_use]
pub fn wants_download(line: &str, version: &str) -> bool {
    let leads = ["download go", "invalid toolchain: go"];
    let is_led = |lead: &&str| line.contains(&format!("{lead}{version} "));
    leads.iter().any(is_led)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_in_a_line() {
        let of = |text| status(text);
        assert_eq!(
            of("go: m@v1: reading https://p/m/@v/v1.info: 403 Forbidden"),
            Some(403)
        );
        assert_eq!(of("go: m@v1.0.401: reading https://p:500/x"), None);
        assert_eq!(of("returned error: 503"), Some(503));
    }

    #[test]
    fn a_path_is_read_as_a_whole() {
        for (line, path) in [
            (
                "go: open '/srv/my repo/x': permission denied",
                Some("/srv/my repo/x"),
            ),
            (
                "go: open /srv/my repo/x: permission denied",
                Some("/srv/my repo/x"),
            ),
            (
                "error: cannot open \"/a b/FETCH_HEAD\": Permission denied",
                Some("/a b/FETCH_HEAD"),
            ),
            (
                "/a/main.go:4:2: open /usr/local/go/src/x.go: permission denied",
                Some("/usr/local/go/src/x.go"),
            ),
            ("go: reading https://h/x: 403", None),
            ("open rel/x: permission denied", None),
        ] {
            assert_eq!(super::path(line).as_deref(), path, "{line}");
        }
    }

    #[test]
    fn parts_of_lines() {
        assert_eq!(
            bad_config_line("fatal: bad config line 3 in file /h/.gitconfig"),
            Some((3, "/h/.gitconfig"))
        );
        assert_eq!(
            refused_repository("fatal: detected dubious ownership in repository at '/w/x'"),
            Some("/w/x")
        );
        assert_eq!(
            refused_protocol("fatal: transport 'http' not allowed"),
            Some("http")
        );
        assert_eq!(
            wanted_go("go: m@v1 requires go >= 1.25.3 (running"),
            Some("1.25.3")
        );
        assert_eq!(wanted_go("go.mod:5: unknown directive: tool"), Some("1.24"));
        assert_eq!(
            malformed_setting("go: invalid proxy URL missing scheme: goproxy.cn"),
            Some(("GOPROXY", Some("goproxy.cn")))
        );
        assert_eq!(
            malformed_setting("go: parsing \"GOFLAGS=x\": no"),
            Some(("GOFLAGS", Some("x")))
        );
        assert_eq!(
            without_json_field("\t\"Error\": \"m@v1: 404\","),
            "m@v1: 404"
        );
        assert_eq!(without_json_field("go: m@v1: 404"), "go: m@v1: 404");
        assert_eq!(
            path_of_go_mod(
                "go: m/v3@v3.0.1: go.mod has post-v3 module path \"m/v4\" at revision v3.0.1"
            ),
            Some("m/v4")
        );
        assert_eq!(
            ssh_offer("no matching host key type found. Their offer: ssh-rsa,ssh-dss"),
            Some("ssh-rsa,ssh-dss")
        );
        assert!(Phrase::Refused.is_in("Failed: Connection refused"));
        assert!(!Phrase::SshAnswer.is_in("x ERROR: Repository not found"));
    }
}
