//! Breadth: a user breaks the settings of go, git or ssh in one of the ways that users do, the very
//! command fails, `gomend fix --last --yes` mends it, the same command succeeds in a new shell, and
//! `gomend undo` restores every byte. Each way is a line of shell, run before the command.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gomend::lab::places::{GIT_CORP, GITHUB};
use gomend::lab::serve::git::Access;
use gomend::lab::serve::ssh::{self, Keys};
use gomend::lab::town::{self, LIB, WIDGET};
use gomend::lab::{Scene, Toolchain};

use crate::fix::Desk;
use crate::support::{LATEST, goroot};

/// What the user's module needs, while all is well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// The company's module, from its git server.
    Lib,
    /// The same, and the server wants the login `dev`, `correct-horse`.
    Login,
    /// A public module, from the module proxy.
    Widget,
    /// The public module's repository, over ssh.
    Ssh,
    /// A public module, with a complete go.sum.
    Summed,
    /// Nothing.
    Alone,
}

use Base::{Alone, Lib, Login, Ssh, Summed, Widget};

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Mended by this fix.
    By(&'static str),
    /// Nothing is changed unasked; this is offered.
    Offers(&'static str),
    /// Not looked at yet.
    Open,
}

use Ends::Open;

/// A way to break it: its name, what for, how, the command, how it ends.
type Row = (&'static str, Base, &'static str, &'static [&'static str], Ends);

const DOWNLOAD: &[&str] = &["go", "mod", "download"];
const BUILD: &[&str] = &["go", "build", "./..."];

const ROWS: &[Row] = &[
    // git's settings
    ("git-proxy-dead", Lib, "git config --global http.proxy http://10.20.0.99:3128", DOWNLOAD, Open),
    ("git-proxy-loopback", Lib, "git config --global http.proxy http://127.0.0.1:7890", DOWNLOAD, Open),
    ("git-proxy-unknown", Lib, "git config --global http.proxy http://proxy.corp.exmaple:3128", DOWNLOAD, Open),
    ("git-proxy-invalid", Lib, "git config --global http.proxy htp://proxy.corp.example:3128", DOWNLOAD, Open),
    ("git-proxy-socks", Lib, "git config --global http.proxy socks5h://127.0.0.1:1080", DOWNLOAD, Open),
    ("git-proxy-url", Lib, "git config --global http.https://git.corp.example.proxy http://127.0.0.1:7890", DOWNLOAD, Open),
    ("git-proxy-xdg", Lib, "mkdir -p ~/.config/git; printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.config/git/config", DOWNLOAD, Open),
    ("git-proxy-included", Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.gitwork; git config --global include.path ~/.gitwork", DOWNLOAD, Open),
    ("git-proxy-includeif", Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.gitwork; git config --global includeIf.gitdir:~/.path ~/.gitwork", DOWNLOAD, Open),
    ("git-proxy-system", Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >/etc/gitconfig; echo 'export GIT_CONFIG_SYSTEM=/etc/gitconfig' >~/.profile; @NOSYSTEM@", DOWNLOAD, Open),
    ("git-proxy-environment", Lib, "printf 'export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.proxy GIT_CONFIG_VALUE_0=http://127.0.0.1:7890\\n' >~/.profile", DOWNLOAD, Open),
    ("git-proxy-parameters", Lib, "printf \"export GIT_CONFIG_PARAMETERS=\\\"'http.proxy'='http://127.0.0.1:7890'\\\"\\n\" >~/.profile", DOWNLOAD, Open),
    ("git-cainfo-missing", Lib, "git config --global http.sslCAInfo /etc/ssl/corp.pem", DOWNLOAD, Open),
    ("git-cainfo-url", Lib, "git config --global http.https://git.corp.example/.sslCAInfo /etc/ssl/corp.pem", DOWNLOAD, Open),
    ("git-cainfo-empty", Lib, ": >~/corp.pem; git config --global http.sslCAInfo ~/corp.pem", DOWNLOAD, Open),
    ("git-capath-missing", Lib, "git config --global http.sslCAInfo ''; git config --global http.sslCAPath /nowhere/certs", DOWNLOAD, Open),
    ("git-backend", Lib, "git config --global http.sslBackend schannel", DOWNLOAD, Open),
    ("git-client-cert", Lib, "git config --global http.sslCert ~/client.pem", DOWNLOAD, Open),
    ("git-resolve", Lib, "git config --global http.curloptResolve git.corp.example:443:10.20.0.99", DOWNLOAD, Open),
    ("git-rewrite-host", Lib, "git config --global url.https://git.crop.example/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-gone", Lib, "git config --global url.https://git.corp.example/mirror/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-http", Lib, "git config --global url.http://git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-port", Lib, "git config --global url.https://git.corp.example:8443/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-scp", Lib, "git config --global url.ssh://git@git.corp.example:team/.insteadOf https://git.corp.example/team/", DOWNLOAD, Open),
    ("git-rewrite-ssh", Lib, "git config --global url.git@git.corp.example:.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-protocol", Lib, "git config --global url.corp://git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("git-rewrite-included", Lib, "printf '[url \"corp://git.corp.example/\"]\\n\\tinsteadOf = https://git.corp.example/\\n' >~/.gitwork; git config --global include.path .gitwork", DOWNLOAD, Open),
    ("git-allow-none", Lib, "git config --global protocol.allow never", DOWNLOAD, Open),
    ("git-allow-https", Lib, "git config --global protocol.https.allow never", DOWNLOAD, Open),
    ("git-allow-environment", Lib, "echo 'export GIT_ALLOW_PROTOCOL=ssh' >~/.profile", DOWNLOAD, Open),
    ("git-line", Lib, "printf '[user]\\n\\t= nobody\\n' >>~/.gitconfig", DOWNLOAD, Open),
    ("git-line-conflict", Lib, "printf '<<<<<<< HEAD\\n' >>~/.gitconfig", DOWNLOAD, Open),
    ("git-line-xdg", Lib, "mkdir -p ~/.config/git; printf '[user\\n' >~/.config/git/config", DOWNLOAD, Open),
    ("git-line-included", Lib, "printf '[user]\\n\\tname = \"x\\n' >~/.gitwork; git config --global include.path ~/.gitwork", DOWNLOAD, Open),
    ("git-line-includeif", Lib, "printf '[user\\n' >~/.gitwork; git config --global includeIf.gitdir:~/.path ~/.gitwork", DOWNLOAD, Open),
    ("git-value", Lib, "git config --global http.postBuffer lots", DOWNLOAD, Open),
    ("git-value-core", Lib, "git config --global core.compression most", DOWNLOAD, Open),
    ("git-repo-version", Lib, "git config --global core.repositoryformatversion 9", DOWNLOAD, Open),
    ("git-exec-path", Lib, "echo 'export GIT_EXEC_PATH=/nowhere/git-core' >~/.profile", DOWNLOAD, Open),
    ("git-cainfo-environment", Lib, "echo 'export GIT_SSL_CAINFO=/etc/ssl/corp.pem' >~/.profile", DOWNLOAD, Open),
    ("git-dir", Lib, "echo 'export GIT_DIR=/nowhere/.git' >~/.profile", DOWNLOAD, Open),
    ("git-header", Lib, "git config --global http.extraHeader 'Authorization: Basic eDp5'", DOWNLOAD, Open),
    ("git-global-missing", Lib, "echo 'export GIT_CONFIG_GLOBAL=/nowhere/gitconfig' >~/.profile; git config --global x.y z", DOWNLOAD, Open),
    // git over ssh
    ("ssh-command", Ssh, "git config --global core.sshCommand /opt/corp/ssh", DOWNLOAD, Open),
    ("ssh-command-variable", Ssh, "echo 'export GIT_SSH_COMMAND=/opt/corp/ssh' >~/.profile", DOWNLOAD, Open),
    ("ssh-variable", Ssh, "echo 'export GIT_SSH=/opt/corp/ssh' >~/.profile", DOWNLOAD, Open),
    ("ssh-command-key", Ssh, "git config --global core.sshCommand 'ssh -i ~/.ssh/gone -o IdentitiesOnly=yes'", DOWNLOAD, Open),
    ("ssh-identities-only", Ssh, "printf 'Host github.com\\n  IdentityFile ~/.ssh/gone\\n  IdentitiesOnly yes\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-key-elsewhere", Ssh, "mv ~/.ssh/id_ed25519 ~/.ssh/work", DOWNLOAD, Open),
    ("ssh-proxy-command", Ssh, "printf 'Host *\\n  ProxyCommand nc -x 127.0.0.1:1080 %%h %%p\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-proxy-jump", Ssh, "printf 'Host github.com\\n  ProxyJump bastion.corp.example\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-hostname", Ssh, "printf 'Host github.com\\n  HostName github.corp.example\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-port", Ssh, "printf 'Host github.com\\n  Port 2222\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-user", Ssh, "git config --global --unset-all url.ssh://git@github.com/.insteadOf; git config --global url.ssh://nobody@github.com/.insteadOf https://github.com/", DOWNLOAD, Open),
    ("ssh-config-line", Ssh, "printf 'Host github.com\\n  IdentitiesOnly maybe\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-config-option", Ssh, "printf 'Host github.com\\n  UseKeychain yes\\n' >~/.ssh/config", DOWNLOAD, Open),
    ("ssh-config-open", Ssh, "chmod 666 ~/.ssh/config", DOWNLOAD, Open),
    ("ssh-known-hosts-file", Ssh, "printf 'Host *\\n  UserKnownHostsFile ~/.ssh/gone\\n' >~/.ssh/config", DOWNLOAD, Open),
    // logins
    ("login-other-user", Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global url.https://bob@git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Open),
    ("login-username", Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global credential.username bob", DOWNLOAD, Open),
    ("login-no-helper", Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; chmod 600 ~/.git-credentials", DOWNLOAD, Open),
    ("login-helper-missing", Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper stroe", DOWNLOAD, Open),
    ("login-helper-reset", Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global credential.https://git.corp.example.helper ''", DOWNLOAD, Open),
    ("login-netrc-port", Login, "printf 'machine git.corp.example:443 login dev password correct-horse\\n' >~/.netrc; chmod 600 ~/.netrc", DOWNLOAD, Open),
    ("login-netrc-name", Login, "printf 'machine git.corp.example login dev password correct-horse\\n' >~/_netrc; chmod 600 ~/_netrc", DOWNLOAD, Open),
    // go's settings
    ("goproxy-directt", Widget, "go env -w GOPROXY=https://proxy.golang.org,direct; sed -i 's/,direct/,directt/' ~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-no-scheme", Widget, "echo GOPROXY=proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-slash", Widget, "echo GOPROXY=https//proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-ftp", Widget, "echo GOPROXY=ftp://proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-empty-list", Widget, "echo GOPROXY=, >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-word", Widget, "echo GOPROXY=goproxy >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-semicolon", Widget, "echo 'GOPROXY=https://proxy.golang.org;direct' >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-quotes", Widget, "echo 'GOPROXY=\"https://proxy.golang.org,direct\"' >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-spaces", Widget, "echo 'GOPROXY=https://proxy.golang.org direct' >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-direct-slash", Widget, "echo 'GOPROXY=https://proxy.golang.org/direct' >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-shell", Widget, "echo 'export GOPROXY=https://proxy.golang.org,directt' >~/.profile", DOWNLOAD, Open),
    ("goproxy-unknown", Widget, "echo GOPROXY=https://prxoy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-http", Widget, "echo GOPROXY=http://proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-dead", Summed, "echo GOPROXY=http://127.0.0.1:3000 >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-dead-direct", Summed, "echo GOPROXY=http://127.0.0.1:3000,direct >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-file-missing", Summed, "echo GOPROXY=file:///nowhere/mirror >>~/.config/go/env", DOWNLOAD, Open),
    ("goproxy-off", Widget, "go env -w GOPROXY=off", DOWNLOAD, Open),
    ("goproxy-line", Widget, "echo GOPROXY=https://proxy.golang.org,direct >>~/.config/go/env", &["env", "GOPROXY=https://prxoy.golang.org", "go", "mod", "download"], Open),
    ("gosumdb-name", Widget, "echo 'export GOSUMDB=sum.golang.rog' >~/.profile", DOWNLOAD, Open),
    ("gosumdb-url", Widget, "echo 'export GOSUMDB=https://sum.golang.org' >~/.profile", DOWNLOAD, Open),
    ("goflags-word", Widget, "echo 'export GOFLAGS=mod=mod' >~/.profile", DOWNLOAD, Open),
    ("goflags-unknown", Widget, "echo 'export GOFLAGS=-insecure' >~/.profile", DOWNLOAD, Open),
    ("goflags-mod", Summed, "echo 'export GOFLAGS=-mod=vendr' >~/.profile", BUILD, Open),
    ("goflags-vendor", Summed, "echo 'export GOFLAGS=-mod=vendor' >~/.profile", BUILD, Open),
    ("goflags-vendor-goenv", Summed, "echo 'GOFLAGS=-mod=vendor' >>~/.config/go/env", BUILD, Open),
    ("goflags-modfile", Summed, "echo 'export GOFLAGS=-modfile=gone.mod' >~/.profile", BUILD, Open),
    ("gotoolchain-name", Widget, "echo 'export GOTOOLCHAIN=1.27' >~/.profile", DOWNLOAD, Open),
    ("gotoolchain-gone", Widget, "echo 'GOTOOLCHAIN=go1.99.9' >>~/.config/go/env", DOWNLOAD, Open),
    ("go111module-off", Widget, "echo 'GO111MODULE=off' >>~/.config/go/env", DOWNLOAD, Open),
    ("go111module-word", Widget, "echo 'export GO111MODULE=yes' >~/.profile", DOWNLOAD, Open),
    ("govcs-malformed", Lib, "echo 'GOVCS=git.corp.example' >>~/.config/go/env", DOWNLOAD, Open),
    ("govcs-off", Lib, "echo 'GOVCS=*:off' >>~/.config/go/env", DOWNLOAD, Open),
    ("goauth-word", Lib, "echo 'GOAUTH=netrcc' >>~/.config/go/env", DOWNLOAD, Open),
    ("goauth-missing", Lib, "echo 'GOAUTH=/opt/corp/goauth' >>~/.config/go/env", DOWNLOAD, Open),
    ("goroot-gone", Widget, "echo 'export GOROOT=/usr/lib/go-1.9' >~/.profile", DOWNLOAD, Open),
    ("gowork-missing", Widget, "echo 'export GOWORK=/nowhere/go.work' >~/.profile", DOWNLOAD, Open),
    ("https-proxy-dead", Widget, "echo 'export HTTPS_PROXY=http://127.0.0.1:7890' >~/.profile", DOWNLOAD, Open),
    ("https-proxy-malformed", Widget, "echo 'export HTTPS_PROXY=http://127.0.0.1:port' >~/.profile", DOWNLOAD, Open),
    ("https-proxy-unknown", Widget, "echo 'export HTTPS_PROXY=http://proxy.corp.exmaple:3128' >~/.profile", DOWNLOAD, Open),
    ("ssl-cert-missing", Widget, "echo 'export SSL_CERT_FILE=/etc/ssl/corp.pem SSL_CERT_DIR=/nowhere' >~/.profile", DOWNLOAD, Open),
    ("ssl-cert-empty", Widget, ": >~/corp.pem; echo 'export SSL_CERT_FILE=~/corp.pem' >~/.profile; echo 'export SSL_CERT_DIR=/nowhere' >>~/.profile", DOWNLOAD, Open),
    // places
    ("gopath-relative", Widget, "echo GOPATH=go >>~/.config/go/env", DOWNLOAD, Open),
    ("gopath-tilde", Widget, "echo 'export GOPATH=\"~/go\"' >~/.profile", DOWNLOAD, Open),
    ("gomodcache-relative", Widget, "echo GOMODCACHE=mod >>~/.config/go/env", DOWNLOAD, Open),
    ("gomodcache-file", Widget, ": >~/mod; echo GOMODCACHE=$HOME/mod >>~/.config/go/env", DOWNLOAD, Open),
    ("gomodcache-below-file", Widget, ": >~/mod; echo GOMODCACHE=$HOME/mod/cache >>~/.config/go/env", DOWNLOAD, Open),
    ("gomodcache-modes", Widget, "mkdir -p ~/go/pkg/mod; chmod 555 ~/go/pkg/mod", DOWNLOAD, Open),
    ("gomodcache-cache-modes", Widget, "mkdir -p ~/go/pkg/mod/cache/download/github.com; chmod 555 ~/go/pkg/mod/cache/download/github.com", DOWNLOAD, Open),
    ("gocache-relative", Summed, "echo GOCACHE=build >>~/.config/go/env", BUILD, Open),
    ("gocache-file", Summed, ": >~/build; echo GOCACHE=$HOME/build >>~/.config/go/env", BUILD, Open),
    ("gocache-modes", Summed, "mkdir -p ~/.cache/go-build; chmod 555 ~/.cache/go-build", BUILD, Open),
    ("gocache-off", Summed, "echo GOCACHE=off >>~/.config/go/env", BUILD, Open),
    ("gotmpdir-missing", Summed, "echo GOTMPDIR=/nowhere/tmp >>~/.config/go/env", BUILD, Open),
    ("gotmpdir-file", Summed, ": >~/tmp; echo \"export GOTMPDIR=$HOME/tmp\" >~/.profile", BUILD, Open),
    ("tmpdir-missing", Summed, "echo 'export TMPDIR=/nowhere/tmp' >~/.profile", BUILD, Open),
    // the project
    ("vendor-stale", Summed, "go mod vendor; printf '\\nrequire example.com/gone v1.0.0\\nreplace example.com/gone => ./gone\\n' >>go.mod; mkdir gone; printf 'module example.com/gone\\n' >gone/go.mod; FORGET", BUILD, Open),
    ("vendor-line", Summed, "go mod vendor; sed -i 's/v1.0.0/v0.9.0/' vendor/modules.txt; FORGET", BUILD, Open),
    ("work-missing-dir", Summed, "printf 'go 1.21\\n\\nuse (\\n\\t.\\n\\t./gone\\n)\\n' >go.work", BUILD, Open),
    ("work-not-used", Summed, "mkdir -p ../other; printf 'module example.com/other\\n\\ngo 1.21\\n' >../other/go.mod; printf 'go 1.21\\n\\nuse ./other\\n' >../go.work", BUILD, Open),
    ("work-go-version", Summed, "sed -i 's/^go 1.21/go 1.24/' go.mod; printf 'go 1.21\\n\\nuse .\\n' >go.work", BUILD, Open),
    ("sum-missing", Widget, "", BUILD, Open),
    ("sum-malformed", Summed, "echo '<<<<<<< HEAD' >>go.sum", BUILD, Open),
    ("mod-untidy", Summed, "sed -i '/require/d' go.mod", BUILD, Open),
    // the module cache
    ("cache-clone-objects", Lib, "go mod download; rm -rf ~/go/pkg/mod/cache/vcs/*/objects/*; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example ~/go/pkg/mod/cache/lock", DOWNLOAD, Open),
    ("cache-clone-head", Lib, "go mod download; rm -rf ~/go/pkg/mod/cache/vcs/*/HEAD; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example", DOWNLOAD, Open),
    ("cache-clone-extension", Lib, "go mod download; git config -f ~/go/pkg/mod/cache/vcs/*/config core.repositoryformatversion 1; git config -f ~/go/pkg/mod/cache/vcs/*/config extensions.foo true; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example", DOWNLOAD, Open),
    ("cache-clone-origin", Lib, "go mod download; git config -f ~/go/pkg/mod/cache/vcs/*/config remote.origin.url https://git.corp.example/team/gone; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example ~/go/pkg/mod/cache/vcs/*/objects/*/* ~/go/pkg/mod/cache/vcs/*/refs/tags/* ~/go/pkg/mod/cache/vcs/*/packed-refs ~/go/pkg/mod/cache/vcs/*/shallow", DOWNLOAD, Open),
    ("cache-shallow-lock", Lib, "go mod download; : >$(echo ~/go/pkg/mod/cache/vcs/*/HEAD | sed 's/HEAD/shallow.lock/'); chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example ~/go/pkg/mod/cache/vcs/*/objects/*/* ~/go/pkg/mod/cache/vcs/*/refs/tags/* ~/go/pkg/mod/cache/vcs/*/packed-refs ~/go/pkg/mod/cache/vcs/*/shallow", DOWNLOAD, Open),
    ("cache-ziphash", Widget, "go mod download; chmod -R u+w ~/go; echo h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.ziphash; rm -rf ~/go/pkg/mod/github.com", DOWNLOAD, Open),
    ("cache-zip-empty", Widget, "go mod download; chmod -R u+w ~/go; : >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.zip; rm -rf ~/go/pkg/mod/github.com ~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.ziphash", DOWNLOAD, Open),
    ("cache-info", Widget, "go mod download; chmod -R u+w ~/go; : >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.info", DOWNLOAD, Open),
    ("cache-mod", Widget, "go mod download; chmod -R u+w ~/go; echo modul >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.mod; rm -f go.sum", DOWNLOAD, Open),
    ("cache-mod-sum", Summed, "go mod download; chmod -R u+w ~/go; echo modul >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.mod", BUILD, Open),
    ("cache-sumdb", Widget, "go mod download; chmod -R u+w ~/go; for f in $(find ~/go/pkg/sumdb -name latest); do echo garbage >$f; done; rm -rf go.sum ~/go/pkg/mod", DOWNLOAD, Open),
    ("cache-lock-modes", Widget, "mkdir -p ~/go/pkg/mod/cache; : >~/go/pkg/mod/cache/lock; chmod 444 ~/go/pkg/mod/cache/lock", DOWNLOAD, Open),
    ("cache-unpacked", Summed, "go mod download; chmod -R u+w ~/go; rm -f ~/go/pkg/mod/github.com/acme/widget@v1.0.0/widget.go", BUILD, Open),
    ("cache-download-file", Widget, "mkdir -p ~/go/pkg/mod/cache; : >~/go/pkg/mod/cache/download", DOWNLOAD, Open),
    ("repo-extension", Alone, "git init -q; git config core.repositoryformatversion 1; git config extensions.foo true", BUILD, Open),
];

fn scene(base: Base) -> Scene {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let mut scene = Scene::new(&toolchain).unwrap();
    if base == Login {
        let access = Access::Only("dev", "correct-horse");
        scene.host(GIT_CORP).site = town::forge(&scene, GIT_CORP, access);
    }
    match base {
        Lib | Login => {
            scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
            scene.app(&[&LIB]).unwrap();
        }
        Widget | Summed => scene.app(&[&WIDGET]).unwrap(),
        Alone => scene.app(&[]).unwrap(),
        Ssh => {
            ssh::keys(&scene.world).unwrap();
            let key = ssh::public(&scene.world, "sshd/host").unwrap();
            let line = format!("github.com {key}\n");
            scene.world.write("home/.ssh/known_hosts", line, true).unwrap();
            ssh::server(&scene.world, scene.net(), (GITHUB.address, 22).into(), Keys::Accepted)
                .unwrap();
            town::repositories(&scene.world).unwrap();
            scene
                .git_config("[url \"ssh://git@github.com/\"]\n\tinsteadOf = https://github.com/\n")
                .unwrap();
            scene.go_env("GOPRIVATE", "github.com/acme").unwrap();
            scene.app(&[&WIDGET]).unwrap();
        }
    }
    if base == Summed {
        scene.world.write("home/app/go.sum", WIDGET.go_sum(), false).unwrap();
    }
    scene
}

const FORGET: &str = "chmod -R u+w ~/go ~/.cache; rm -rf ~/go ~/.cache";

/// The desk with the scene broken.
fn broken(row: &Row) -> Desk {
    let (_, base, script, command, _) = *row;
    let mut scene = scene(base);
    if script.contains("@NOSYSTEM@") {
        scene.environment.remove(std::ffi::OsStr::new("GIT_CONFIG_NOSYSTEM"));
    }
    if std::env::var_os("GOMEND_UNSEEN").is_some() {
        scene.env("GOMEND_UNSEEN", "1");
    }
    let mut desk = Desk::at(scene, command);
    if std::env::var_os("GOMEND_UNSEEN").is_some() {
        desk.scene.environment.remove(std::ffi::OsStr::new("GOMEND_REPORT"));
    }
    let script = script.replace("FORGET", FORGET).replace("@NOSYSTEM@", ":");
    let script = format!("PATH=$PATH:/usr/bin:/bin GOMEND=off; export PATH GOMEND; {script}");
    let outcome = desk.scene.run(&["sh", "-c", &script]).unwrap();
    assert!(!outcome.timed_out, "{}", outcome.text());
    desk
}

/// What came of one row: how it ended, seconds of the fix, what was said.
fn play(row: &Row) -> (String, Duration, String) {
    let desk = broken(row);
    let failed = desk.go();
    if failed.status.success() {
        return ("does not fail".into(), Duration::ZERO, failed.text());
    }
    let before = desk.picture();
    let report = desk.report();
    let started = Instant::now();
    let fixed = desk.gomend(&["fix", "--last", "--yes"]);
    let took = started.elapsed();
    let mut said = format!(
        "{}--- {} {} {}\n{}",
        failed.text(),
        report["cause"],
        report["reason"],
        report["target"],
        fixed.text()
    );
    if !fixed.status.success() {
        return ("not mended".into(), took, said);
    }
    let history = desk.gomend(&["history"]).text();
    let again = desk.go();
    let _ = write!(said, "--- again\n{}--- history\n{history}", again.text());
    if !again.status.success() {
        return ("STILL FAILS".into(), took, said);
    }
    let undone = desk.gomend(&["undo"]);
    let after = desk.picture();
    let differs: Vec<_> = before
        .iter()
        .filter(|(path, was)| after.get(*path) != Some(was))
        .map(|(path, _)| path.clone())
        .collect();
    if !undone.status.success() || !differs.is_empty() {
        let _ = write!(said, "--- undo\n{}{differs:?}", undone.text());
        return ("UNDO DIFFERS".into(), took, said);
    }
    ("mended".into(), took, said)
}

#[test]
fn what_users_break_is_mended() {
    const WORKERS: usize = 3;
    let named = std::env::var("GOMEND_ROWS").unwrap_or_default();
    let wanted = |row: &&Row| named.is_empty() || named.split(',').any(|name| row.0.starts_with(name));
    let queue = Mutex::new(ROWS.iter().filter(wanted).collect::<VecDeque<_>>());
    let table = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(row) = { queue.lock().unwrap().pop_front() } {
                    let (how, took, said) = play(row);
                    table.lock().unwrap().push((row.0, how, took, said));
                }
            });
        }
    });
    let table = table.into_inner().unwrap();
    for (name, how, _, said) in &table {
        if how != "mended" || !named.is_empty() {
            println!("=================== {name}: {how}\n{said}");
        }
    }
    for (name, how, took, _) in &table {
        println!("TABLE {name:28} {how:14} {:.1}", took.as_secs_f64());
    }
}
