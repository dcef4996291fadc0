//! The newcomer's walk: failures made by hand, in a new login shell after `gomend install`. What is said must
//! be of use as it stands; what must not be said was said once.

use crate::states::User;

/// What is done, what must be said, and what must not.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        "GOFLAGS=-nosuch go mod download",
        &[
            "GOFLAGS is malformed",
            "GOFLAGS=-nosuch, set in the environment",
            "unset GOFLAGS",
        ],
        &[],
    ),
    (
        "GOPATH=rel go mod download",
        &[
            "gomend: GOPATH is set to what go cannot use",
            "unset GOPATH",
        ],
        &["GOCACHE, GOTMPDIR"],
    ),
    (
        // git's proxy doesn't run either: nothing to recommend
        "git config --global http.proxy http://127.0.0.1:9; GOPROXY=http://127.0.0.1:1 go mod download",
        &[
            "127.0.0.1 refuses the connection: nothing listens on port 1\n",
            "unset GOPROXY",
        ],
        &["Use the HTTP proxy"],
    ),
    (
        // localhost belongs into the hosts file
        "git config --global url.git@localhost:.insteadOf https://localhost/; GOPROXY=direct GOPRIVATE='*' go mod download localhost/lib.git@v1.0.0",
        &["git"],
        &["/etc/hosts"],
    ),
    (
        "unshare -Urn go mod download git.corp.example/team/lib@v1.2.3",
        &[
            "git.corp.example/team/lib looks private",
            "proxy.golang.org would be told of it",
        ],
        &["GOPRIVATE"],
    ),
    (
        // whoever set it may take it back, for a public module too
        "go env -w GOPROXY=off 2>/dev/null; unset GOPROXY; go mod download golang.org/x/text@v0.3.0",
        &[
            "GOPROXY=off, set with `go env -w`",
            "Let go ask module proxies again",
            "go env -u GOPROXY",
        ],
        &[],
    ),
    (
        "echo 'export GOPROXY=off' >>~/.profile; export GOPROXY=off; go mod download golang.org/x/text@v0.3.0",
        &["Let go ask module proxies again", "~/.profile"],
        &[],
    ),
    (
        "mkdir ~/served ~/new; cd ~/new; go mod init example.com/new; export GOPROXY=file://$HOME/served; go get example.com/nowhere@v1.0.0",
        &["gomend: the module proxy does not have example.com/nowhere in this version\n"],
        &[],
    ),
    (
        "printf 'module example.com/app\\n\\ngo 1.99\\n' >go.mod; mkdir ~/served; GOPROXY=file://$HOME/served GOTOOLCHAIN=auto go build",
        &["Go 1.99.0 is asked for, and no toolchain of that version is offered"],
        &[],
    ),
    (
        // what the environment sets wins over `go env -u`
        "GOSUMDB=off gomend doctor",
        &[
            "GOSUMDB=off, set in the environment",
            "instead: unset GOSUMDB",
        ],
        &["go env -u GOSUMDB"],
    ),
    (
        // a module proxy of this machine needs no way out of it
        "unshare -Urn sh -c 'ip link set lo up; GOPROXY=http://localhost:1 gomend compare example.com/lib@v1.0.0'",
        &["connection refused"],
        &["no route to anybody"],
    ),
    (
        // who is asked for comparison alone is nobody's trouble
        "echo 127.0.0.1 github.com >~/hosts; unshare -Urnm sh -c 'mount --bind ~/hosts /etc/hosts; gomend probe dns github.com'",
        &["the hosts file", "for comparison"],
        &["dns fails: no route"],
    ),
    (
        "unshare -Urn go mod download github.com/pkg/errors@v0.9.1",
        &["github.com/pkg/errors@v0.9.1"],
        &["looks private"],
    ),
];

#[test]
fn what_is_said_is_of_use() {
    let mut wrong = Vec::new();
    for (line, words, never) in CASES {
        let user = User::new(true);
        let ended = user.shell(&format!(
            "export GOPROXY=https://proxy.golang.org CI=true; {line} 2>&1; true"
        ));
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let missing = words.iter().filter(|word| !said.contains(**word));
        let missing: Vec<_> = missing
            .chain(never.iter().filter(|word| said.contains(**word)))
            .collect();
        if !missing.is_empty() {
            wrong.push(format!("{line}: {missing:?}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
