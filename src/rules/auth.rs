//! Credentials, keys, host keys, and repositories that a forge doesn't show to this
//! identity.

use super::{BASE, By, DECISIVE, GUESS, MODULE, Rule, WEAK};
use crate::cause::Cause::{
    GitConfigBroken, HttpStatus, HttpsCredentialsRejected, HttpsNoCredentials, PermissionDenied,
    RepoNotFound, SshHostKey, SshKeyRejected,
};
use crate::evidence::Role;

const VCS: Rule = Rule {
    by: By::Vcs,
    ..BASE
};

pub(super) const TABLE: &[Rule] = &[
    Rule {
        id: "git-no-username",
        suspects: &[HttpsNoCredentials, RepoNotFound],
        needle: "could not read Username for",
        also: &[
            "could not read Password for",
            "could not read Username",
            "could not read Password",
        ],
        pull: r"for '(?P<url>[a-z]+://[^']+)'|could not read (?:Username|Password)",
        weight: DECISIVE,
        sample: "go: git.corp.example/org/auth@v1.0.0: invalid version: git ls-remote -q --end-of-options origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
        seen: "go 1.27.3, git 2.47, private repository, no helper",
        ..VCS
    },
    Rule {
        id: "git-prompts-disabled",
        suspects: &[HttpsNoCredentials, RepoNotFound],
        needle: "terminal prompts disabled",
        also: &[
            "user interactivity has been disabled",
            "terminal prompts have been disabled",
        ],
        weight: MODULE,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: Cannot prompt because user interactivity has been disabled.",
        seen: "Git Credential Manager 2",
        ..VCS
    },
    Rule {
        id: "go-bitbucket-api",
        suspects: &[HttpsNoCredentials, RepoNotFound, HttpsCredentialsRejected],
        needle: "api.bitbucket.org/2.0/repositories",
        pull: r"reading (?P<url>https://api\.bitbucket\.org/\S+): (?:401|403|404)",
        sample: "go: bitbucket.org/acme/golog@v2.0.0+incompatible: reading https://api.bitbucket.org/2.0/repositories/acme/golog?fields=scm: 403 Forbidden",
        seen: "go 1.13; go asks Bitbucket's API for the kind of repository",
        role: Role::VcsHttps,
        ..BASE
    },
    Rule {
        id: "go-discovery-unauthorized",
        suspects: &[HttpsNoCredentials, HttpsCredentialsRejected],
        needle: "go-get=1: 40",
        also: &["go-get=1: 40"],
        pull: r"(?P<url>https?://\S+go-get=1): (?:401|403)",
        sample: r#"go: git.corp.example/org/g401@v1.0.0: unrecognized import path "git.corp.example/org/g401": reading https://git.corp.example/org/g401?go-get=1: 401 Unauthorized"#,
        seen: "go 1.27.3",
        ..BASE
    },
    Rule {
        id: "git-authentication-failed",
        suspects: &[HttpsCredentialsRejected],
        needle: "Authentication failed for",
        also: &["fatal: Authentication failed"],
        pull: r"failed for '(?P<url>[^']+)'|failed",
        sample: "go: github.com/acme-lab/vhive-xdt/sdk/golang@v0.0.0-20210903135911-a8dd405a02ec: invalid version: git fetch -f origin refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /go/pkg/mod/cache/vcs/bb4e: exit status 128:\n\tfatal: Authentication failed for 'https://github.com/acme-lab/vhive-xdt/'",
        seen: "git 2.30, GitHub, revoked token",
        ..VCS
    },
    Rule {
        id: "git-http-unauthorized",
        suspects: &[HttpsCredentialsRejected, HttpsNoCredentials],
        needle: "The requested URL returned error: 40",
        pull: r"returned error: (?:401|403)",
        sample: "go: git.corp.example/org/n403@v1.0.0: invalid version: git ls-remote -q origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tremote: forbidden by policy\n\tfatal: unable to access 'https://git.corp.example/org/n403.git/': The requested URL returned error: 403",
        seen: "go 1.27.3, git 2.47",
        ..VCS
    },
    Rule {
        id: "git-credentials-said",
        suspects: &[HttpsCredentialsRejected],
        needle: "HTTP Basic: Access denied",
        also: &[
            "Support for password authentication was removed",
            "Invalid username or password",
            "Invalid username or token",
            "Invalid credentials",
            "Invalid authentication credentials",
            "enabled or enforced SAML SSO",
            "not allowed to download code",
            "Write access to repository not granted",
            "Bad credentials",
            "TF400813",
            "Logon failed",
            "token has expired",
            "token expired",
            "AADSTS",
            "VS403283",
            "Incorrect username or password",
            "No more credentials or we tried too many",
            "E215004",
            "authorization failed",
            "Authorization failed",
            "CAPTCHA",
            "Your account has been blocked",
            "access token was",
            "Login failed",
            "denied by IP allow list",
            "IP allow list enabled",
        ],
        sample: "go: gitlab.corp.example/a/b@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tremote: HTTP Basic: Access denied. The provided password or token is incorrect",
        seen: "GitLab 15",
        ..VCS
    },
    Rule {
        id: "hg-authorization-required",
        suspects: &[HttpsNoCredentials, HttpsCredentialsRejected],
        needle: "http authorization required",
        sample: "go: m.example/x.hg@v1.0.0: hg clone -U -- https://hg.corp.example/x . in /go/pkg/mod/cache/vcs/18be: exit status 255:\n\tabort: http authorization required for https://hg.corp.example/x",
        seen: "Mercurial 6, prompts off",
        ..VCS
    },
    Rule {
        id: "ssh-publickey",
        suspects: &[SshKeyRejected],
        needle: "Permission denied (",
        pull: r"(?:[\w.-]+@(?P<host>[A-Za-z0-9.-]+): )?Permission denied \((?:[a-z-]+,?)+\)",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tgit@git.corp.example: Permission denied (publickey,password).\n\tfatal: Could not read from remote repository.",
        seen: "OpenSSH 9",
        role: Role::VcsSsh,
        ..VCS
    },
    Rule {
        id: "ssh-authentication",
        suspects: &[SshKeyRejected],
        needle: "Too many authentication failures",
        also: &[
            "Permission denied, please try again",
            "agent refused operation",
            "no mutual signature",
            "invalid format",
            "error in libcrypto",
            "UNPROTECTED PRIVATE KEY FILE",
            "No supported authentication methods",
            "Server refused our key",
            "incorrect passphrase",
            "Enter passphrase for key",
            "disconnected: no supported authentication",
            "key you are authenticating with has been marked as read only",
            "deploy key",
            "Your SSH key has expired",
            "bad permissions",
            "ERROR: Permission to",
            "SSH key audit",
            "doesn't allow SSH",
            "does not have access rights to this repository via ssh",
        ],
        pull: r"Too many authentication|please try again|agent refused|no mutual signature|Load key .*(?:invalid format|libcrypto)|UNPROTECTED|[Nn]o supported authentication|refused our key|passphrase|marked as read only|(?i:deploy key)|key has expired|bad permissions|ERROR: Permission to|key audit",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tReceived disconnect from 10.0.0.7 port 22:2: Too many authentication failures\n\tfatal: Could not read from remote repository.",
        seen: "OpenSSH 8, agent with many keys",
        role: Role::VcsSsh,
        ..VCS
    },
    Rule {
        id: "ssh-host-key",
        suspects: &[SshHostKey],
        needle: "Host key verification failed",
        also: &[
            "REMOTE HOST IDENTIFICATION HAS CHANGED",
            "host key is known for",
            "Host key for",
            "no matching host key type",
            "host key differs from",
            "server's host key is not cached",
            "The host key is not cached",
            "knownhosts: key",
            "No matching host key",
        ],
        pull: r"host key is known for (?P<host>[A-Za-z0-9.-]+)|Host key for \[?(?P<port>[a-z])?|.",
        sample: "go: git.corp.example/org/repo@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tHost key verification failed.\n\tfatal: Could not read from remote repository.",
        seen: "OpenSSH 9, empty known_hosts",
        role: Role::VcsSsh,
        ..VCS
    },
    Rule {
        id: "ssh-authenticity",
        suspects: &[SshHostKey],
        needle: "The authenticity of host",
        pull: r"The authenticity of host '\[?(?P<host>[^\s'\]]+)",
        sample: "The authenticity of host 'aur.archlinux.org (5.9.250.164)' can't be established.\nECDSA key fingerprint is SHA256:L71Q91yHwmHPYYkJMDgj0xmUuw16qFOhJbBr1mzsiOI.",
        seen: "GOPATH mode, submodule over ssh",
        role: Role::VcsSsh,
        ..VCS
    },
    Rule {
        id: "git-repository-not-found",
        suspects: &[RepoNotFound, HttpsCredentialsRejected],
        needle: "fatal: repository '",
        pull: r"repository '(?P<url>[^']+)' (?:not found|does not exist)",
        sample: "go: git.corp.example/org/n404@v1.0.0: invalid version: git ls-remote -q origin in /tmp/lab/mc/cache/vcs/H: exit status 128:\n\tremote: The project you were looking for could not be found\n\tfatal: repository 'https://git.corp.example/org/n404.git/' not found",
        seen: "go 1.27.3, git 2.47",
        ..VCS
    },
    Rule {
        id: "forge-not-found",
        suspects: &[RepoNotFound, SshKeyRejected, HttpsCredentialsRejected],
        needle: "Repository not found",
        also: &[
            "abort: repository ",
            "repository does not exist",
            "Cannot find repository",
            "could not be found or you don't have permission",
            "The project you were looking for could not be found",
            "repository access denied",
            "access denied or repository not exported",
            "TF401019",
            "project not found or access denied",
            "Project not found or access denied",
            "does not exist or you do not have permission",
            "The requested repository does not exist",
            "requested repository does not exist, or you do not have permission",
            "repository not found",
            "conq: ",
            "not found: did you run git update-server-info",
            "Not a branch: ",
            "HTTP Error 404",
            "You may not have access to this repository",
            "The repository could not be found",
            "repository 'https",
            "don't have permission to view it",
            "Path not found",
            "E170000: URL",
            "Unable to find repository",
        ],
        weight: MODULE,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tERROR: Repository not found.\n\tfatal: Could not read from remote repository.",
        seen: "GitHub over ssh",
        ..VCS
    },
    Rule {
        id: "git-http-not-found",
        suspects: &[RepoNotFound, HttpStatus],
        needle: "The requested URL returned error: 404",
        also: &[
            "not valid: is this a git repository?",
            "not valid: could not determine hash algorithm",
            "The requested URL returned error: 410",
        ],
        sample: "fatal: unable to access 'https://git.corp.example/x/': The requested URL returned error: 404\npackage git.corp.example/x: exit status 128",
        seen: "git 2.20, dumb HTTP",
        ..VCS
    },
    Rule {
        id: "git-duplicate-header",
        suspects: &[GitConfigBroken, HttpsCredentialsRejected, HttpStatus],
        needle: "Duplicate header: \"Authorization\"",
        weight: DECISIVE,
        sample: "go: github.com/acme/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tremote: Duplicate header: \"Authorization\"\n\tfatal: unable to access 'https://github.com/acme/x/': The requested URL returned error: 400",
        seen: "actions/checkout 6 beside an insteadOf with a token",
        ..VCS
    },
    Rule {
        id: "ssh-config-owner",
        suspects: &[PermissionDenied, SshKeyRejected],
        needle: "Bad owner or permissions on",
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tBad owner or permissions on /root/.ssh/config\n\tfatal: Could not read from remote repository.",
        seen: "OpenSSH 8 in a container with a mounted home",
        ..VCS
    },
    Rule {
        id: "git-could-not-read-remote",
        suspects: &[SshKeyRejected, RepoNotFound],
        needle: "Could not read from remote repository",
        weight: WEAK,
        sample: "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: Could not read from remote repository.",
        seen: "git 2.47; ssh's own words are missing",
        role: Role::VcsSsh,
        ..VCS
    },
    Rule {
        id: "git-exit-128-bare",
        suspects: &[HttpsNoCredentials, RepoNotFound, SshKeyRejected],
        needle: "exit status 128",
        pull: r"\bgit (?:ls-remote|fetch|clone|-c protocol).*(?: in \S.*|: )exit status 128",
        weight: GUESS,
        sample: "go: github.com/acme/x@v0.1.1: invalid version: git ls-remote -q origin in /home/runner/go/pkg/mod/cache/vcs/141a: exit status 128:",
        seen: "logs that lost git's own lines",
        ..VCS
    },
];
