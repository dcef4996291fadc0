//! The newcomer's walk: failures made by hand, in a new login shell after `gomend install`. What is said must
//! be of use as it stands; what must not be said was said once.

use crate::states::User;

rows! {
    /// What is done, what must be said, and what must not.
    what_is_said_is_of_use = is_of_use;
    goflags_with_an_unknown_flag: "GOFLAGS=-nosuch go mod download",
        &["GOFLAGS is malformed", "GOFLAGS=-nosuch, set in the environment", "unset GOFLAGS"], &[];
    a_relative_gopath: "GOPATH=rel go mod download",
        &["gomend: GOPATH is set to what go cannot use", "unset GOPATH"], &["GOCACHE, GOTMPDIR"];
    // git's proxy doesn't run either: nothing to recommend
    proxies_that_do_not_run: "git config --global http.proxy http://127.0.0.1:9; GOPROXY=http://127.0.0.1:1 go mod download",
        &["127.0.0.1 refuses the connection: nothing listens on port 1\n", "unset GOPROXY"], &["Use the HTTP proxy"];
    // localhost belongs into the hosts file
    localhost_over_ssh: "git config --global url.git@localhost:.insteadOf https://localhost/; GOPROXY=direct GOPRIVATE='*' go mod download localhost/lib.git@v1.0.0",
        &["git"], &["/etc/hosts"];
    a_private_module_without_a_network: "unshare -Urn go mod download git.corp.example/team/lib@v1.2.3",
        &["git.corp.example/team/lib looks private", "proxy.golang.org would be told of it"], &["GOPRIVATE"];
    // whoever set it may take it back, for a public module too
    goproxy_off_by_go_env: "go env -w GOPROXY=off 2>/dev/null; unset GOPROXY; go mod download golang.org/x/text@v0.3.0",
        &["GOPROXY=off, set with `go env -w`", "Let go ask module proxies again", "go env -u GOPROXY"], &[];
    goproxy_off_by_profile: "echo 'export GOPROXY=off' >>~/.profile; export GOPROXY=off; go mod download golang.org/x/text@v0.3.0",
        &["Let go ask module proxies again", "~/.profile"], &[];
    a_proxy_folder_without_the_module: "mkdir ~/served ~/new; cd ~/new; go mod init example.com/new; export GOPROXY=file://$HOME/served; go get example.com/nowhere@v1.0.0",
        &["gomend: the module proxy does not have example.com/nowhere in this version\n"], &[];
    a_go_that_nobody_offers: "printf 'module example.com/app\\n\\ngo 1.99\\n' >go.mod; mkdir ~/served; GOPROXY=file://$HOME/served GOTOOLCHAIN=auto go build",
        &["Go 1.99.0 is asked for, and no toolchain of that version is offered"], &[];
    // what the environment sets wins over `go env -u`
    gosumdb_off: "GOSUMDB=off gomend doctor",
        &["GOSUMDB=off, set in the environment", "instead: unset GOSUMDB"], &["go env -u GOSUMDB"];
    // a module proxy of this machine needs no way out of it
    a_proxy_of_this_machine: "unshare -Urn sh -c 'ip link set lo up; GOPROXY=http://localhost:1 gomend compare example.com/lib@v1.0.0'",
        &["connection refused"], &["no route to anybody"];
    // who is asked for comparison alone is nobody's trouble
    a_line_in_etc_hosts: "echo 127.0.0.1 github.com >~/hosts; unshare -Urnm sh -c 'mount --bind ~/hosts /etc/hosts; gomend probe dns github.com'",
        &["the hosts file", "for comparison"], &["dns fails: no route"];
    a_public_module_without_a_network: "unshare -Urn go mod download github.com/pkg/errors@v0.9.1",
        &["github.com/pkg/errors@v0.9.1"], &["looks private"];
}

fn is_of_use(line: &str, words: &[&str], never: &[&str]) {
    let user = User::new(true);
    let line = format!("export GOPROXY=https://proxy.golang.org CI=true; {line} 2>&1; true");
    let said = user.shell(&line).said();
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    for word in never {
        assert!(!said.contains(word), "{word}: {said}");
    }
}
