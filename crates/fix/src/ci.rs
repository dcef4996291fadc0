//! Snippets for CI systems and container images: text to paste, nothing that gomend writes.

use super::{Line, Proposal, Situation, place, shell};
use crate::lang::msg;
use crate::verdict::Verdict;
use gomend_core::place::{Ci, System};

/// For the build stage of an image.
const ALPINE: &str = "RUN apk add --no-cache git openssh-client-default ca-certificates";
const DEBIAN: &str = "RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client ca-certificates";

fn in_ci(s: &Situation) -> bool {
    s.ci.is_some() || s.container
}

fn host(verdict: &Verdict) -> Option<&str> {
    let host = verdict.target.host.as_deref()?;
    // goes into snippets that shells and YAML read
    shell::is_plain(host, ".-:").then_some(host)
}

/// An image that has the program.
pub(super) fn image(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    in_ci(s).then(|| {
        Proposal::advice(
            "image-git",
            msg!("Put git and ssh into the image"),
            msg!("Slim images leave them out. In a Dockerfile this stands in the build stage, before the first go command."),
        )
        .snippet(match s.place.system.as_ref().map(|known| known.is) {
            Some(System::Alpine) => ALPINE.to_owned(),
            Some(System::Debian) => DEBIAN.to_owned(),
            _ => format!("{ALPINE}   # Alpine\n{DEBIAN}   # Debian"),
        }.as_str())
    })
}

/// Where a container's resolver is set.
pub(super) fn dns(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.container.then(|| {
        Proposal::for_job(
            "docker-dns",
            msg!("Give the container a resolver that it can reach"),
            msg!("A resolver of the host's own (127.0.0.53) or of a VPN cannot be reached from the container. RESOLVER is one that the \
             container's network can reach; a public one does not know your internal names."),
        )
        .command("docker run --dns RESOLVER ...")
        .command(Line::note(msg!("for every container: /etc/docker/daemon.json: {setting}, then restart docker", setting = "{\"dns\": [\"RESOLVER\"]}")))
    })
}

/// A CA in the build stage.
pub(super) fn docker_ca(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let image = s.container || !s.saved || s.ci != Some(Ci::Gitlab);
    (in_ci(s) && image && verdict.target.host.is_some()).then(|| {
        Proposal::for_job(
            "docker-ca",
            msg!("Give the build stage your CA, before it downloads"),
            msg!("The download happens in the build stage: a CA in the final image comes too late."),
        )
        .snippet("COPY CA.crt /usr/local/share/ca-certificates/\nRUN update-ca-certificates\nRUN go mod download")
    })
}

/// Credentials in CI, short-lived where the system has them.
pub(super) fn credentials(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if super::reader::is_ssh_answer(s) {
        return None;
    }
    let host = host(verdict)?;
    let proposal = Proposal::for_job(
        "ci-credentials",
        msg!("Log in from the CI job"),
        msg!(
            "The job gets a short-lived, read-only token and writes it to netrc, where git and Go read it. It stands in no command line \
         and no image layer."
        ),
    );
    match s.ci {
        Some(Ci::Github) => Some(proposal.snippet(&format!(
            "- uses: actions/create-github-app-token@v2\n  id: app\n  with:\n    app-id: ${{{{ vars.APP_ID }}}}\n    private-key: ${{{{ secrets.APP_KEY }}}}\n    owner: ${{{{ github.repository_owner }}}}\n- run: (umask 077; printf 'machine %s login %s password %s\\n' {host} x-access-token \"$TOKEN\" >> ~/.netrc)\n  env:\n    TOKEN: ${{{{ steps.app.outputs.token }}}}"
        ))),
        Some(Ci::Gitlab) => Some(proposal.snippet(
            "before_script:\n  - (umask 077; printf 'machine %s login %s password %s\\n' \"$CI_SERVER_HOST\" gitlab-ci-token \"$CI_JOB_TOKEN\" >> ~/.netrc)\n# and in the other project: Settings, CI/CD, Job token permissions: allow this project",
        )),
        Some(_) => Some(proposal.snippet(&format!(
            "(umask 077; printf 'machine {host} login %s password %s\\n' \"$GIT_USER\" \"$GIT_TOKEN\" >> ~/.netrc)"
        ))),
        None => None,
    }
}

/// A secret for one step of an image build.
pub(super) fn docker_netrc(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = host(verdict)?;
    (s.container || !s.saved && in_ci(s)).then(|| {
        Proposal::for_job(
            "docker-netrc",
            msg!("Pass the login to docker build as a secret"),
            msg!("BuildKit mounts it for one step and leaves it in no layer; ARG and ENV would. (for {host})", host),
        )
        .snippet(
            "# syntax=docker/dockerfile:1\nRUN --mount=type=secret,id=netrc,target=/root/.netrc,mode=0600 go mod download\n# docker build --secret id=netrc,src=$HOME/.netrc .",
        )
    })
}

/// The login of a module proxy, in an image build.
pub(super) fn netrc_of_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let wants_login = verdict.reason == Some(crate::verdict::Reason::ProxyLogin);
    wants_login.then(|| image_netrc(verdict, s)).flatten()
}

/// The login of an image build, whose log it is.
pub(super) fn image_netrc(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (s.saved && s.container)
        .then(|| docker_netrc(verdict, s))
        .flatten()
}

/// An agent for one step of an image build or job.
pub(super) fn ssh(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    in_ci(s).then(|| {
        Proposal::for_job(
            "ci-ssh",
            msg!("Pass the ssh agent into the build"),
            msg!("The key stays outside of the image; a deploy key with read access is enough."),
        )
        .snippet("RUN --mount=type=ssh go mod download\n# docker build --ssh default .")
    })
}

/// Pinned keys in an image.
pub(super) fn known_hosts(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = host(verdict)?;
    let keys = crate::settings::forges::by_key(host)?.lines(host);
    in_ci(s).then(|| {
        let mut proposal = Proposal::for_job(
            "ci-known-hosts",
            msg!("Pin the published host keys in the image"),
            msg!("Copy these lines; what ssh-keyscan answers at build time may come from anybody."),
        )
        .command("mkdir -p -m 700 ~/.ssh");
        for line in keys.lines() {
            proposal = proposal.command(format!("echo '{line}' >> ~/.ssh/known_hosts"));
        }
        proposal
    })
}

/// GOPRIVATE for everybody who builds.
pub(super) fn goprivate(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    super::goenv::private(verdict, s)?; // only what is shown to be private
    let prefix = place::prefix(&verdict.target)?;
    let proposal = Proposal::for_job(
        "ci-goprivate",
        msg!("Set GOPRIVATE where the job or the image is described"),
        msg!("What `go env -w` writes inside a job is gone with it."),
    );
    match s.ci {
        Some(Ci::Github) => Some(proposal.snippet(&format!("env:\n  GOPRIVATE: {prefix}"))),
        Some(Ci::Gitlab) => Some(proposal.snippet(&format!("variables:\n  GOPRIVATE: {prefix}"))),
        Some(_) => Some(proposal.command(format!("export GOPRIVATE={prefix}"))),
        None if s.container => Some(proposal.command(format!("ENV GOPRIVATE={prefix}"))),
        None => None,
    }
}

/// The exact directory, in the image.
pub(super) fn safe_directory(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let directory = super::git::refused_directory(s)?;
    in_ci(s).then(|| {
        Proposal::for_job(
            "ci-ownership",
            msg!("Build as the owner of the checkout"),
            msg!("A checkout that the host's user owns is foreign to root in the container. The same user, or this one directory as an \
             exception, is enough."),
        )
        .command("docker run --user \"$(id -u):$(id -g)\" ...")
        .command(format!("git config --system --add safe.directory {}", super::quote(&directory.to_string_lossy())))
    })
}
