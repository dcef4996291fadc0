//! What a platform team uses: policy, metrics, replacements.

mod check;
mod drill;
mod events;
mod metrics;
mod rescue;
mod respond;

use crate::support::home::Home;

/// A user with a repository that breaks every rule of a policy once.
pub(super) fn sinner() -> Home {
    let home = Home::new();
    let files = [
        (".git/HEAD", "ref: refs/heads/main\n"),
        (
            "go.mod",
            "module example.com/app\n\ngo 1.21\n\nrequire (\n\tgit.corp.example/a v1.0.0\n\tgithub.com/b/c v1.0.0\n)\n\nreplace github.com/x/y => ../y\n",
        ),
        (
            "go.sum",
            "github.com/b/c v1.0.0 h1:x\ngithub.com/b/c v1.0.0/go.mod h1:y\n",
        ),
        (
            "Dockerfile",
            "FROM golang:1.21-alpine\nENV GOPROXY=direct\nENV GOPRIVATE=other.example\nRUN go env -w GOSUMDB=off\nRUN go build ./...\n",
        ),
        (
            ".github/workflows/ci.yml",
            "env:\n  GOINSECURE: \"*.corp.example\"\n  OTHER: x\njobs: {}\n",
        ),
        (
            ".gitlab-ci.yml",
            "variables:\n  GOPROXY: https://evil.example,off\n  OTHER: x\n",
        ),
        (
            "azure-pipelines.yml",
            "variables:\n- name: GOSUMDB\n  value: off\n",
        ),
        (
            "Jenkinsfile",
            "pipeline {\n  environment {\n    GOPROXY = 'off'\n    OTHER = 'x'\n  }\n}\n",
        ),
        (
            ".buildkite/pipeline.yml",
            "env:\n  GOFLAGS: \"-insecure\"\n  OTHER: x\n",
        ),
        (
            "build.sh",
            "#!/bin/sh\nset -e\ngit config --global http.sslVerify false\ngit clone https://ci:hunter2canary@git.corp.example/a\nexport GONOSUMCHECK=1\ngo build ./...\n",
        ),
    ];
    for (path, text) in files {
        home.write(&format!("repo/{path}"), text);
    }
    home.write("repo/.gomend-policy.toml", POLICY);
    home
}

pub(super) const POLICY: &str = r#"version = 1

[goproxy]
value = "https://goproxy.corp.example,direct"

[gosumdb]
allowed = ["sum.golang.org"]

[private]
modules = ["git.corp.example"]

[forbid]
settings = ["GOINSECURE", "GONOSUMCHECK", "GONOSUMDB=*", "GOFLAGS=-insecure", "http.sslVerify=false"]
tokens-in-urls = true
replace-local = "outside"

[require]
go = "1.24"
toolchain = "go1.27.3"
go-sum = true

[hosts]
allowed = ["github.com", "*.corp.example"]
"#;
