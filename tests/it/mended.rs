//! Breadth: a user breaks the settings of go, git or ssh in one of the ways that users do, the very
//! command fails, `gomend fix --last --yes` mends it, the same command succeeds in a new shell, and
//! `gomend undo` restores every byte. Each way is a line of shell, run before the command.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gomend::lab::Scene;
use gomend::lab::places::GIT_CORP;
use gomend::lab::serve::git::Access;
use gomend::lab::serve::ssh::Keys;
use gomend::lab::town::{self, LIB, WIDGET};

use crate::fix::{Desk, agree, keep_built};
use crate::support::LATEST;
use crate::support::scene::{Ending, Furnish, healthy};

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
    /// The company's module, and its repository is gone.
    Gone,
    /// As [`Ssh`], and the forge shows another key than the one that is known.
    Changed,
    /// Nothing.
    Alone,
}

use Base::{Alone, Changed, Gone, Lib, Login, Ssh, Summed, Widget};

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Mended unasked.
    Mended,
    /// Nothing is changed unasked; this is offered, and not called proven.
    Offers(&'static str),
}

use Ends::{Mended, Offers};

/// A way to break it: its name, what for, how, the command, how it ends.
type Row = (
    &'static str,
    Base,
    &'static str,
    &'static [&'static str],
    Ends,
);

const DOWNLOAD: &[&str] = &["go", "mod", "download"];
const BUILD: &[&str] = &["go", "build", "./..."];

/// A row is a test.
macro_rules! ways {
    ($($name:ident: $base:ident, $script:literal, $command:expr, $ends:expr;)*) => {
        const ROWS: &[Row] = &[$((stringify!($name), $base, $script, $command, $ends)),*];

        mod what_users_break_is_mended {
            $(#[test]
            fn $name() {
                super::mends(super::row(stringify!($name)));
            })*
        }
    };
}

ways! {
    // git's settings
    git_proxy_dead: Lib, "git config --global http.proxy http://10.20.0.99:3128", DOWNLOAD, Mended;
    git_proxy_loopback: Lib, "git config --global http.proxy http://127.0.0.1:7890", DOWNLOAD, Mended;
    git_proxy_unknown: Lib, "git config --global http.proxy http://proxy.corp.exmaple:3128", DOWNLOAD, Mended;
    git_proxy_invalid: Lib, "git config --global http.proxy htp://proxy.corp.example:3128", DOWNLOAD, Mended;
    git_proxy_socks: Lib, "git config --global http.proxy socks5h://127.0.0.1:1080", DOWNLOAD, Mended;
    git_proxy_url: Lib, "git config --global http.https://git.corp.example.proxy http://127.0.0.1:7890", DOWNLOAD, Mended;
    git_proxy_xdg: Lib, "mkdir -p ~/.config/git; printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.config/git/config", DOWNLOAD, Mended;
    git_proxy_included: Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.gitwork; git config --global include.path ~/.gitwork", DOWNLOAD, Mended;
    git_proxy_includeif: Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >~/.gitwork; git config --global includeIf.gitdir:~/.path ~/.gitwork", DOWNLOAD, Mended;
    git_proxy_system: Lib, "printf '[http]\\n\\tproxy = http://127.0.0.1:7890\\n' >/etc/gitconfig; echo 'export GIT_CONFIG_SYSTEM=/etc/gitconfig' >~/.profile; @NOSYSTEM@", DOWNLOAD, Mended;
    git_proxy_environment: Lib, "printf 'export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.proxy GIT_CONFIG_VALUE_0=http://127.0.0.1:7890\\n' >~/.profile", DOWNLOAD, Mended;
    git_proxy_parameters: Lib, "printf \"export GIT_CONFIG_PARAMETERS=\\\"'http.proxy'='http://127.0.0.1:7890'\\\"\\n\" >~/.profile", DOWNLOAD, Mended;
    git_cainfo_missing: Lib, "git config --global http.sslCAInfo /etc/ssl/corp.pem", DOWNLOAD, Mended;
    git_cainfo_url: Lib, "git config --global http.https://git.corp.example/.sslCAInfo /etc/ssl/corp.pem", DOWNLOAD, Mended;
    git_capath_missing: Lib, "git config --global http.sslCAInfo ''; git config --global http.sslCAPath /nowhere/certs", DOWNLOAD, Mended;
    git_backend: Lib, "git config --global http.sslBackend schannel", DOWNLOAD, Mended;
    git_client_cert: Lib, "git config --global http.sslCert ~/client.pem", DOWNLOAD, Mended;
    git_resolve: Lib, "git config --global http.curloptResolve git.corp.example:443:10.20.0.99", DOWNLOAD, Mended;
    git_rewrite_host: Lib, "git config --global url.https://git.crop.example/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_gone: Lib, "git config --global url.https://git.corp.example/mirror/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_http: Lib, "git config --global url.http://git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_port: Lib, "git config --global url.https://git.corp.example:8443/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_scp: Lib, "git config --global url.ssh://git@git.corp.example:team/.insteadOf https://git.corp.example/team/", DOWNLOAD, Mended;
    git_rewrite_ssh: Lib, "git config --global url.git@git.corp.example:.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_protocol: Lib, "git config --global url.corp://git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    git_rewrite_included: Lib, "printf '[url \"corp://git.corp.example/\"]\\n\\tinsteadOf = https://git.corp.example/\\n' >~/.gitwork; git config --global include.path .gitwork", DOWNLOAD, Mended;
    git_allow_none: Lib, "git config --global protocol.allow never", DOWNLOAD, Mended;
    git_allow_https: Lib, "git config --global protocol.https.allow never", DOWNLOAD, Mended;
    git_allow_environment: Lib, "echo 'export GIT_ALLOW_PROTOCOL=ssh' >~/.profile", DOWNLOAD, Mended;
    git_line: Lib, "printf '[user]\\n\\t= nobody\\n' >>~/.gitconfig", DOWNLOAD, Mended;
    git_line_conflict: Lib, "printf '<<<<<<< HEAD\\n' >>~/.gitconfig", DOWNLOAD, Mended;
    git_line_xdg: Lib, "mkdir -p ~/.config/git; printf '[user\\n' >~/.config/git/config", DOWNLOAD, Mended;
    git_line_included: Lib, "printf '[user]\\n\\tname = \"x\\n' >~/.gitwork; git config --global include.path ~/.gitwork", DOWNLOAD, Mended;
    git_line_includeif: Lib, "printf '[user\\n' >~/.gitwork; git config --global includeIf.gitdir:~/.path ~/.gitwork", DOWNLOAD, Mended;
    git_value: Lib, "git config --global http.postBuffer lots", DOWNLOAD, Mended;
    git_value_core: Lib, "git config --global core.compression most", DOWNLOAD, Mended;
    git_exec_path: Lib, "echo 'export GIT_EXEC_PATH=/nowhere/git-core' >~/.profile", DOWNLOAD, Mended;
    git_cainfo_environment: Lib, "echo 'export GIT_SSL_CAINFO=/etc/ssl/corp.pem' >~/.profile", DOWNLOAD, Mended;
    git_dir: Lib, "echo 'export GIT_DIR=/nowhere/.git' >~/.profile", DOWNLOAD, Mended;
    // git over ssh
    ssh_command: Ssh, "git config --global core.sshCommand /opt/corp/ssh", DOWNLOAD, Mended;
    ssh_command_variable: Ssh, "echo 'export GIT_SSH_COMMAND=/opt/corp/ssh' >~/.profile", DOWNLOAD, Mended;
    ssh_variable: Ssh, "echo 'export GIT_SSH=/opt/corp/ssh' >~/.profile", DOWNLOAD, Mended;
    ssh_identities_only: Ssh, "printf 'Host github.com\\n  IdentityFile ~/.ssh/gone\\n  IdentitiesOnly yes\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_key_elsewhere: Ssh, "mv ~/.ssh/id_ed25519 ~/.ssh/work", DOWNLOAD, Mended;
    ssh_proxy_command: Ssh, "printf 'Host *\\n  ProxyCommand nc -x 127.0.0.1:1080 %%h %%p\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_proxy_jump: Ssh, "printf 'Host github.com\\n  ProxyJump bastion.corp.example\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_hostname: Ssh, "printf 'Host github.com\\n  HostName github.corp.example\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_port: Ssh, "printf 'Host github.com\\n  Port 2222\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_user: Ssh, "git config --global --unset-all url.ssh://git@github.com/.insteadOf; git config --global url.ssh://nobody@github.com/.insteadOf https://github.com/", DOWNLOAD, Mended;
    ssh_config_line: Ssh, "printf 'Host github.com\\n  IdentitiesOnly maybe\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_config_option: Ssh, "printf 'Host github.com\\n  UseKeychain yes\\n' >~/.ssh/config", DOWNLOAD, Mended;
    ssh_config_open: Ssh, "chmod 666 ~/.ssh/config", DOWNLOAD, Mended;
    ssh_known_hosts_file: Ssh, "printf 'Host *\\n  UserKnownHostsFile ~/.ssh/gone\\n' >~/.ssh/config", DOWNLOAD, Mended;
    // logins
    login_other_user: Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global url.https://bob@git.corp.example/.insteadOf https://git.corp.example/", DOWNLOAD, Mended;
    login_username: Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global credential.username bob", DOWNLOAD, Offers("stored-login");
    login_no_helper: Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; chmod 600 ~/.git-credentials", DOWNLOAD, Offers("stored-login");
    login_helper_missing: Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper stroe", DOWNLOAD, Offers("stored-login");
    login_helper_reset: Login, "printf 'https://dev:correct-horse@git.corp.example\\n' >~/.git-credentials; git config --global credential.helper store; git config --global credential.https://git.corp.example.helper ''", DOWNLOAD, Offers("stored-login");
    login_netrc_port: Login, "printf 'machine git.corp.example:443 login dev password correct-horse\\n' >~/.netrc; chmod 600 ~/.netrc", DOWNLOAD, Offers("stored-login");
    login_netrc_name: Login, "printf 'machine git.corp.example login dev password correct-horse\\n' >~/_netrc; chmod 600 ~/_netrc", DOWNLOAD, Offers("stored-login");
    // go's settings
    goproxy_directt: Widget, "go env -w GOPROXY=https://proxy.golang.org,direct; sed -i 's/,direct/,directt/' ~/.config/go/env", DOWNLOAD, Mended;
    goproxy_slash: Widget, "echo GOPROXY=https//proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_ftp: Widget, "echo GOPROXY=ftp://proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_empty_list: Widget, "echo GOPROXY=, >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_word: Widget, "echo GOPROXY=goproxy >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_semicolon: Widget, "echo 'GOPROXY=https://proxy.golang.org;direct' >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_quotes: Widget, "echo 'GOPROXY=\"https://proxy.golang.org,direct\"' >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_spaces: Widget, "echo 'GOPROXY=https://proxy.golang.org direct' >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_beside_another: Widget, "echo 'export GOPROXY=https://prxoy.golang.org GONOSUMDB=corp.example # ours' >~/.profile", DOWNLOAD, Mended;
    modules_off_in_a_block: Widget, "printf 'if true; then\\n  export GO111MODULE=off\\nfi\\n' >~/.profile", DOWNLOAD, Mended;
    goproxy_direct_slash: Widget, "echo 'GOPROXY=https://proxy.golang.org/direct' >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_shell: Widget, "echo 'export GOPROXY=https://proxy.golang.org,directt' >~/.profile", DOWNLOAD, Mended;
    goproxy_unknown: Widget, "echo GOPROXY=https://prxoy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_http: Widget, "echo GOPROXY=http://proxy.golang.org,direct >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_dead: Summed, "echo GOPROXY=http://127.0.0.1:3000 >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_dead_direct: Summed, "echo GOPROXY=http://127.0.0.1:3000,direct >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_file_missing: Summed, "echo GOPROXY=file:///nowhere/mirror >>~/.config/go/env", DOWNLOAD, Mended;
    goproxy_off: Widget, "go env -w GOPROXY=off", DOWNLOAD, Offers("goproxy-default");
    goproxy_line: Widget, "echo GOPROXY=https://proxy.golang.org,direct >>~/.config/go/env", &["env", "GOPROXY=https://prxoy.golang.org", "go", "mod", "download"], Offers("check-name");
    gosumdb_name: Widget, "echo 'export GOSUMDB=sum.golang.rog' >~/.profile", DOWNLOAD, Mended;
    gosumdb_url: Widget, "echo 'export GOSUMDB=https://sum.golang.org' >~/.profile", DOWNLOAD, Mended;
    goflags_word: Widget, "echo 'export GOFLAGS=mod=mod' >~/.profile", DOWNLOAD, Mended;
    goflags_mod: Summed, "echo 'export GOFLAGS=-mod=vendr' >~/.profile", BUILD, Mended;
    goflags_vendor: Summed, "echo 'export GOFLAGS=-mod=vendor' >~/.profile", BUILD, Mended;
    goflags_vendor_goenv: Summed, "echo 'GOFLAGS=-mod=vendor' >>~/.config/go/env", BUILD, Mended;
    gotoolchain_name: Widget, "echo 'export GOTOOLCHAIN=1.27' >~/.profile", DOWNLOAD, Mended;
    gotoolchain_gone: Widget, "echo 'GOTOOLCHAIN=go1.99.9' >>~/.config/go/env", DOWNLOAD, Mended;
    go111module_off: Widget, "echo 'GO111MODULE=off' >>~/.config/go/env", DOWNLOAD, Mended;
    go111module_word: Widget, "echo 'export GO111MODULE=yes' >~/.profile", DOWNLOAD, Mended;
    govcs_malformed: Lib, "echo 'GOVCS=git.corp.example' >>~/.config/go/env", DOWNLOAD, Mended;
    govcs_off: Lib, "echo 'GOVCS=*:off' >>~/.config/go/env", DOWNLOAD, Offers("govcs");
    goroot_gone: Widget, "echo 'export GOROOT=/usr/lib/go-1.9' >~/.profile", DOWNLOAD, Mended;
    gowork_missing: Widget, "echo 'export GOWORK=/nowhere/go.work' >~/.profile", DOWNLOAD, Mended;
    https_proxy_dead: Widget, "echo 'export HTTPS_PROXY=http://127.0.0.1:7890' >~/.profile", DOWNLOAD, Mended;
    https_proxy_malformed: Widget, "echo 'export HTTPS_PROXY=http://127.0.0.1:port' >~/.profile", DOWNLOAD, Mended;
    https_proxy_unknown: Widget, "echo 'export HTTPS_PROXY=http://proxy.corp.exmaple:3128' >~/.profile", DOWNLOAD, Mended;
    ssl_cert_missing: Widget, "echo 'export SSL_CERT_FILE=/etc/ssl/corp.pem SSL_CERT_DIR=/nowhere' >~/.profile", DOWNLOAD, Mended;
    ssl_cert_empty: Widget, ": >~/corp.pem; echo 'export SSL_CERT_FILE=~/corp.pem' >~/.profile; echo 'export SSL_CERT_DIR=/nowhere' >>~/.profile", DOWNLOAD, Mended;
    // places
    gopath_relative: Widget, "echo GOPATH=go >>~/.config/go/env", DOWNLOAD, Mended;
    gopath_tilde: Widget, "echo 'export GOPATH=\"~/go\"' >~/.profile", DOWNLOAD, Mended;
    gomodcache_relative: Widget, "echo GOMODCACHE=mod >>~/.config/go/env", DOWNLOAD, Mended;
    gomodcache_file: Widget, ": >~/mod; echo GOMODCACHE=$HOME/mod >>~/.config/go/env", DOWNLOAD, Mended;
    gomodcache_below_file: Widget, ": >~/mod; echo GOMODCACHE=$HOME/mod/cache >>~/.config/go/env", DOWNLOAD, Mended;
    gomodcache_modes: Widget, "mkdir -p ~/go/pkg/mod; chmod 555 ~/go/pkg/mod", DOWNLOAD, Mended;
    gomodcache_cache_modes: Widget, "mkdir -p ~/go/pkg/mod/cache/download/github.com; chmod 555 ~/go/pkg/mod/cache/download/github.com", DOWNLOAD, Mended;
    gomodcache_full: Widget, "@SMALL go/pkg/mod@", DOWNLOAD, Mended;
    gomodcache_full_goenv: Widget, "@SMALL full@; echo GOMODCACHE=$HOME/full/mod >>~/.config/go/env", DOWNLOAD, Mended;
    gocache_full: Summed, "@SMALL build@; echo GOCACHE=$HOME/build/cache >>~/.config/go/env", BUILD, Mended;
    gopath_modes: Widget, "mkdir -p ~/go; chmod 555 ~/go", DOWNLOAD, Offers("write-bit");
    gopath_below_modes: Widget, "mkdir -p ~/locked; chmod 555 ~/locked; echo GOPATH=$HOME/locked/go >>~/.config/go/env", DOWNLOAD, Mended;
    gocache_below_modes: Summed, "mkdir -p ~/locked; chmod 555 ~/locked; echo GOCACHE=$HOME/locked/build >>~/.config/go/env", BUILD, Mended;
    gocache_relative: Summed, "echo GOCACHE=build >>~/.config/go/env", BUILD, Mended;
    gocache_file: Summed, ": >~/build; echo GOCACHE=$HOME/build >>~/.config/go/env", BUILD, Mended;
    gocache_modes: Summed, "mkdir -p ~/.cache/go-build; chmod 555 ~/.cache/go-build", BUILD, Mended;
    gocache_off: Summed, "echo GOCACHE=off >>~/.config/go/env", BUILD, Mended;
    gotmpdir_missing: Summed, "echo GOTMPDIR=/nowhere/tmp >>~/.config/go/env", BUILD, Mended;
    gotmpdir_file: Summed, ": >~/tmp; echo \"export GOTMPDIR=$HOME/tmp\" >~/.profile", BUILD, Mended;
    tmpdir_missing: Summed, "echo 'export TMPDIR=/nowhere/tmp' >~/.profile", BUILD, Mended;
    // the project
    vendor_stale: Summed, "go mod vendor; printf '\\nrequire example.com/gone v1.0.0\\nreplace example.com/gone => ./gone\\n' >>go.mod; mkdir gone; printf 'module example.com/gone\\n' >gone/go.mod; FORGET", BUILD, Offers("mod-vendor");
    vendor_line: Summed, "go mod vendor; sed -i 's/v1.0.0/v0.9.0/' vendor/modules.txt; FORGET", BUILD, Mended;
    work_not_used: Summed, "mkdir -p ../other; printf 'module example.com/other\\n\\ngo 1.21\\n' >../other/go.mod; printf 'go 1.21\\n\\nuse ./other\\n' >../go.work", BUILD, Mended;
    work_go_version: Summed, "sed -i 's/^go 1.21/go 1.24/' go.mod; printf 'go 1.21\\n\\nuse .\\n' >go.work", BUILD, Mended;
    sum_missing: Widget, "", BUILD, Mended;
    sum_malformed: Summed, "echo '<<<<<<< HEAD' >>go.sum", BUILD, Mended;
    mod_untidy: Summed, "sed -i '/require/d' go.mod", BUILD, Offers("mod-tidy");
    // the module cache
    cache_clone_objects: Lib, "go mod download; rm -rf ~/go/pkg/mod/cache/vcs/*/objects/*; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example ~/go/pkg/mod/cache/lock", DOWNLOAD, Mended;
    cache_clone_head: Lib, "go mod download; rm -rf ~/go/pkg/mod/cache/vcs/*/HEAD; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example", DOWNLOAD, Mended;
    cache_clone_extension: Lib, "go mod download; git config -f ~/go/pkg/mod/cache/vcs/*/config core.repositoryformatversion 1; git config -f ~/go/pkg/mod/cache/vcs/*/config extensions.foo true; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example", DOWNLOAD, Mended;
    cache_clone_origin: Lib, "go mod download; git config -f ~/go/pkg/mod/cache/vcs/*/config remote.origin.url https://git.corp.example/team/gone; chmod -R u+w ~/go; rm -rf ~/go/pkg/mod/cache/download/git.corp.example ~/go/pkg/mod/git.corp.example ~/go/pkg/mod/cache/vcs/*/objects/*/* ~/go/pkg/mod/cache/vcs/*/refs/tags/* ~/go/pkg/mod/cache/vcs/*/packed-refs ~/go/pkg/mod/cache/vcs/*/shallow", DOWNLOAD, Mended;
    cache_ziphash: Widget, "go mod download; chmod -R u+w ~/go; echo h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.ziphash; rm -rf ~/go/pkg/mod/github.com", DOWNLOAD, Mended;
    cache_zip_empty: Widget, "go mod download; chmod -R u+w ~/go; : >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.zip; rm -rf ~/go/pkg/mod/github.com ~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.ziphash", DOWNLOAD, Mended;
    cache_mod: Widget, "go mod download; chmod -R u+w ~/go; echo modul >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.mod; rm -f go.sum", DOWNLOAD, Mended;
    cache_mod_sum: Summed, "go mod download; chmod -R u+w ~/go; echo modul >~/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.mod", BUILD, Mended;
    cache_unpacked: Summed, "go mod download; chmod -R u+w ~/go; rm -f ~/go/pkg/mod/github.com/acme/widget@v1.0.0/widget.go", BUILD, Offers("mod-tidy");
    // a second fault behind the first, or a change that is no cure: not proven, and nothing is written
    git_proxy_and_gone: Gone, "git config --global http.proxy http://127.0.0.1:7890", DOWNLOAD, Offers("proxy-unset");
    git_cainfo_and_gone: Gone, "git config --global http.sslCAInfo /etc/ssl/corp.pem", DOWNLOAD, Offers("git-setting");
    git_rewrite_and_gone: Gone, "git config --global url.https://git.crop.example/.insteadOf https://git.corp.example/", DOWNLOAD, Offers("git-rewrite");
    git_allow_and_gone: Gone, "git config --global protocol.https.allow never", DOWNLOAD, Offers("git-protocol");
    goproxy_and_gone: Widget, "echo GOPROXY=https://proxy.golang.org,directt >>~/.config/go/env; sed -i 's/v1.0.0/v1.0.9/' go.mod", DOWNLOAD, Offers("repair-setting");
    goproxy_private: Lib, "sed -i /GOPRIVATE/d ~/.config/go/env; echo GOPROXY=goproxy >>~/.config/go/env", DOWNLOAD, Offers("reset-setting");
    https_proxy_company: Widget, "echo 'export HTTPS_PROXY=http://10.20.0.99:3128' >~/.profile", DOWNLOAD, Offers("proxy-unset");
    ssh_hostname_and_changed: Changed, "printf 'Host github.com\\n  HostName github.corp.example\\n' >~/.ssh/config", DOWNLOAD, Offers("ssh-setting");
    goflags_and_lacking: Widget, "echo 'export GOFLAGS=-mod=vendr' >~/.profile; sed -i 's/v1.0.0/v1.0.9/' go.mod", BUILD, Offers("reset-setting");
    vendor_and_sums: Summed, "go mod vendor; sed -i 's/v1.0.0/v0.9.0/' vendor/modules.txt; sed -i 's/h1:..../h1:AAAA/' go.sum; FORGET", BUILD, Offers("mod-vendor");
    git_line_and_gone: Gone, "printf '[user]\\n\\t= nobody\\n' >>~/.gitconfig", DOWNLOAD, Offers("git-config-line");
    git_variable_and_gone: Gone, "echo 'export GIT_SSL_CAINFO=/etc/ssl/corp.pem' >~/.profile", DOWNLOAD, Offers("ca-path");
    gopath_and_lacking: Widget, "echo GOPATH=go >>~/.config/go/env; sed -i 's/v1.0.0/v1.0.9/' go.mod", DOWNLOAD, Offers("default-place");
    gomodcache_and_lacking: Widget, "mkdir -p ~/go/pkg/mod; chmod 555 ~/go/pkg/mod; sed -i 's/v1.0.0/v1.0.9/' go.mod", DOWNLOAD, Offers("other-cache");
    proxy_value_and_lacking: Widget, "echo 'export HTTPS_PROXY=http://127.0.0.1:port' >~/.profile; sed -i 's/v1.0.0/v1.0.9/' go.mod", DOWNLOAD, Offers("proxy-unset");
    ssh_identity_and_changed: Changed, "printf 'Host github.com\\n  IdentityFile ~/.ssh/gone\\n  IdentitiesOnly yes\\n' >~/.ssh/config", DOWNLOAD, Offers("host-key-intercepted");
    sum_malformed_and_wrong: Summed, "echo '<<<<<<< HEAD' >>go.sum; sed -i 's/h1:..../h1:AAAA/' go.sum", BUILD, Offers("go-sum-lines");
    repo_extension: Alone, "git init -q; git config core.repositoryformatversion 1; git config extensions.foo true", BUILD, Mended;
}

/// The fixes that a row offers and does not call proven.
pub(crate) fn offered() -> impl Iterator<Item = &'static str> {
    ROWS.iter().filter_map(|row| match row.4 {
        Offers(id) => Some(id),
        Mended => None,
    })
}

fn scene(base: Base) -> Scene {
    let mut scene = healthy(LATEST);
    if base == Login {
        let access = Access::Only("dev", "correct-horse");
        scene.host(GIT_CORP).site = town::forge(&scene, GIT_CORP, access);
    }
    if base == Gone {
        let access = Access::Status(404, "Not Found\n");
        scene.host(GIT_CORP).site = town::forge(&scene, GIT_CORP, access);
    }
    match base {
        Lib | Login | Gone => {
            scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
            scene.app(&[&LIB]).unwrap();
        }
        Widget | Summed => scene.app(&[&WIDGET]).unwrap(),
        Alone => scene.app(&[]).unwrap(),
        Ssh | Changed => {
            let known = match base {
                Ssh => "sshd/host",
                _ => "sshd/former",
            };
            town::ssh_forge(&scene, Keys::Accepted, Some(known)).unwrap();
            town::repositories(&scene.world).unwrap();
            scene
                .git_config("[url \"ssh://git@github.com/\"]\n\tinsteadOf = https://github.com/\n")
                .unwrap();
            scene.go_env("GOPRIVATE", "github.com/acme").unwrap();
            scene.app(&[&WIDGET]).unwrap();
        }
    }
    if base == Summed {
        scene.put("home/app/go.sum", WIDGET.go_sum());
    }
    scene
}

const FORGET: &str = "chmod -R u+w ~/go ~/.cache; rm -rf ~/go ~/.cache";

/// The desk with the scene broken.
fn broken(row: &Row) -> Desk {
    let (_, base, script, command, _) = *row;
    let mut scene = scene(base);
    if script.contains("@NOSYSTEM@") {
        scene.environment.remove(OsStr::new("GIT_CONFIG_NOSYSTEM"));
    }
    let mut script = script.replace("FORGET", FORGET).replace("@NOSYSTEM@", ":");
    if let Some((_, rest)) = script.split_once("@SMALL ") {
        let folder = rest.split('@').next().unwrap().to_owned();
        let disk = format!("home/{folder}");
        scene.world.small_disk(&disk).unwrap();
        script = script.replace(&format!("@SMALL {folder}@"), ":");
    }
    let desk = Desk::at(scene, command);
    let script = format!("PATH=$PATH:/usr/bin:/bin GOMEND=off; export PATH GOMEND; {script}");
    let outcome = desk.scene.run(&["sh", "-c", &script]).unwrap();
    assert!(!outcome.timed_out, "{}", outcome.text());
    if command == BUILD {
        keep_built(&desk.scene);
    }
    desk
}

/// What came of one row: how it ended, seconds of the fix, what was said.
fn play(row: &Row) -> (&'static str, Duration, String) {
    let desk = broken(row);
    let failed = desk.go();
    if failed.status.success() {
        return ("does not fail", Duration::ZERO, failed.text());
    }
    let untouched = desk.picture();
    let report = desk.report();
    let started = Instant::now();
    let outcome = desk.gomend(&["fix", "--last", "--yes"]);
    let took = started.elapsed();
    let mut said = format!(
        "{}--- headline {}\n--- {} {} {}\n{}",
        failed.text(),
        report["summary"],
        report["cause"],
        report["reason"],
        report["target"],
        outcome.text()
    );
    if let Offers(id) = row.4 {
        let tried = desk.gomend(&["fix", "--last", "--json", "--quiet"]).json();
        let mut tried = tried.as_array().into_iter().flatten();
        let offered = tried.any(|fix| fix["id"] == id && fix["verified"] != true);
        let kept = !outcome.status.success() && desk.picture() == untouched;
        let how = if offered && kept {
            "offered"
        } else {
            "not offered"
        };
        return (how, took, said);
    }
    if !outcome.status.success() {
        return ("not mended", took, said);
    }
    let fixed = desk.picture();
    let again = desk.go();
    let _ = write!(said, "--- again\n{}", again.text());
    if !again.status.success() {
        return ("still fails", took, said);
    }
    let ran = desk.picture();
    let undone = desk.gomend(&["undo"]);
    let after = desk.picture();
    // what git and go write by themselves is not gomend's to take back
    let differs: Vec<_> = untouched
        .iter()
        .filter(|(path, was)| after.get(*path) != Some(was) && fixed.get(*path) == ran.get(*path))
        .map(|(path, _)| path.clone())
        .collect();
    if !undone.status.success() || !differs.is_empty() {
        let _ = write!(said, "--- undo\n{}{differs:?}", undone.text());
        return ("undo differs", took, said);
    }
    ("mended", took, said)
}

/// What the failed run had set counts, from whatever shell it is mended, and no secret of it is kept.
#[test]
fn another_shell_tries_with_what_the_run_had() {
    let secret = "HTTPS_PROXY=http://dev:hunter2@127.0.0.1:1";
    let vars = ["env", "GOPROXY=https://prxoy.golang.org", secret];
    let desk = Desk::at(scene(Widget), &[&vars, DOWNLOAD].concat());
    desk.go().failed();
    let said = desk.gomend(&["fix", "--last", "--dry-run"]).text();
    let told =
        "tried with GOPROXY=https://prxoy.golang.org, as in the failed run; here it is not set";
    assert!(said.contains(told), "{said}");
    let lost = "nothing is tried unasked: the failed run had HTTPS_PROXY=http://";
    assert!(said.contains(lost), "{said}");
    let tried = scene(Widget);
    tried.go_env("GOPROXY", "https://prxoy.golang.org").unwrap();
    let secret = "ALL_PROXY=http://dev:hunter2@127.0.0.1:1";
    let desk = Desk::at(tried, &["env", secret, "go", "mod", "download"]);
    desk.go().failed();
    let before = desk.picture();
    let said = desk.gomend(&["fix", "--last", "--yes"]).text();
    assert!(
        said.contains("a secret in ALL_PROXY, which is not kept"),
        "{said}"
    );
    assert_eq!(desk.picture(), before, "{said}");
    let kept = desk.scene.world.outside("home/.local/state/gomend/reports");
    let kept: Vec<String> = std::fs::read_dir(kept)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!kept.is_empty());
    for text in kept.iter().chain([&said]) {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// A fix of one variable leaves the others of its line alone.
#[test]
fn what_else_a_line_sets_stays() {
    let desk = broken(row("goproxy_beside_another"));
    desk.go().failed();
    desk.gomend(&["fix", "--last", "--yes"]).succeeded();
    let profile = desk.scene.world.outside("home/.profile");
    let profile = std::fs::read_to_string(profile).unwrap();
    assert_eq!(
        profile,
        "export GOPROXY=https://proxy.golang.org GONOSUMDB=corp.example # ours\n"
    );
}

/// Of several proven fixes one is taken unasked, and it is said which and why; where a host key has
/// changed, none that goes another way.
#[test]
fn what_is_taken_of_several_is_said() {
    let desk = broken(row("git_rewrite_ssh"));
    desk.go().failed();
    let said = desk.gomend(&["fix", "--last", "--yes"]).text();
    let told = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("several fixes are proven; taken: Take the rewrite out")
            && told.contains("because it"),
        "{said}"
    );
    let desk = broken(row("ssh_identity_and_changed"));
    desk.go().failed();
    let said = desk.gomend(&["fix", "--last", "--yes"]);
    assert!(
        !said.status.success() && said.text().contains("may be applied unasked"),
        "{}",
        said.text()
    );
}

rows! {
    a_stored_login_is_used_after_a_yes = uses_the_login;
    without_a_helper: "login_no_helper";
    by_user_name: "login_username";
    in_netrc_with_a_port: "login_netrc_port";
}

/// A login that git didn't find is tried after a yes, without being shown, and the command succeeds.
fn uses_the_login(name: &str) {
    let desk = broken(row(name));
    desk.go().failed();
    let (_, said) = agree(&desk, "stored-login");
    assert!(!said.contains("correct-horse"), "{said}");
    desk.go().succeeded();
}

fn row(name: &str) -> &'static Row {
    ROWS.iter().find(|row| row.0 == name).unwrap()
}

#[expect(
    clippy::print_stdout,
    reason = "what a user reads first, to be read as a list"
)]
fn mends(row: &Row) {
    let (how, took, said) = play(row);
    let read = |lead: &str| said.lines().find_map(|line| line.strip_prefix(lead));
    println!(
        "{:28} {how:12} {:.1} s | {} | {}",
        row.0,
        took.as_secs_f64(),
        read("--- headline ").unwrap_or("-"),
        read("gomend: done: ").unwrap_or("-")
    );
    let wanted = match row.4 {
        Mended => "mended",
        Offers(_) => "offered",
    };
    assert_eq!(how, wanted, "{said}");
}
