//! The verdict: every fault of the laboratory is told apart by cause, reason,
//! host and matrix, from inside the machine on which it happened.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a broken test should stop and say so"
)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gomend::cause::{Cause, Layer};
use gomend::doctor;
use gomend::evidence::Evidence;
use gomend::lab::places::{PUBLIC_RESOLVERS, RESOLVER, RESOLVER_2};
use gomend::lab::{Event, FAULTS, Fault, Scene, Toolchain};
use gomend::probe::{self, Context, Options, Subject};
use gomend::rules;
use gomend::settings::{Env, forges};
use gomend::tool::Cancel;
use gomend::verdict::{self, Verdict};

/// The file with go's words, for [`inside_a_scene`].
const TEXT: &str = "GOMEND_TEST_TEXT";

/// The doctor's targets, for [`doctor_inside_a_scene`].
pub(crate) const TARGETS: &str = "GOMEND_TEST_TARGETS";

/// What [`inside_a_scene`] found, in one line.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Found {
    cause: String,
    reason: Option<String>,
    host: Option<String>,
    matrix: [String; 3],
    elapsed_ms: u64,
    confidence: String,
    pub(crate) observations: serde_json::Value,
}

impl Found {
    fn of(verdict: &Verdict, elapsed: Duration, observations: &[probe::Observation]) -> Self {
        let matrix = verdict.matrix.map(|stage| stage.status().id().to_owned());
        Self {
            cause: verdict.cause.id().to_owned(),
            reason: verdict.reason.map(|reason| reason.id().to_owned()),
            host: verdict.target.host.clone(),
            matrix: [matrix.dns, matrix.certificate, matrix.policy],
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap(),
            confidence: serde_json::to_value(verdict.confidence)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
            observations: serde_json::to_value(observations).unwrap(),
        }
    }
}

fn diagnose(evidence: &Evidence) -> (Verdict, Vec<probe::Observation>, Duration) {
    let started = Instant::now();
    let observations = match Subject::from_evidence(evidence) {
        Some(subject) => {
            let env = Env::from_process();
            let go = which::which("go").ok();
            let dir = std::env::current_dir().unwrap();
            let cx = Context::new(
                subject,
                env,
                &dir,
                go.as_deref(),
                Options::default(),
                Cancel::default(),
            );
            probe::run(&Arc::new(cx), &mut |_| {})
        }
        None => Vec::new(),
    };
    let verdict = verdict::decide(evidence, &observations);
    (verdict, observations, started.elapsed())
}

/// The doctor's report, from inside a scene.
#[test]
#[ignore = "runs inside a scene, started by the tests of the doctor"]
fn doctor_inside_a_scene() {
    let request = doctor::Request {
        targets: std::env::var(TARGETS)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        env: Env::from_process(),
        dir: std::env::current_dir().unwrap(),
        go: which::which("go").ok(),
        options: Options::default(),
        cancel: Cancel::default(),
    };
    let health = doctor::examine(&request, &mut |_, _| {});
    println!("\nFOUND {}", serde_json::to_string(&health).unwrap());
}

#[test]
#[ignore = "runs inside a scene, started by the tests below"]
fn inside_a_scene() {
    let text = std::fs::read(std::env::var_os(TEXT).expect("started by another test")).unwrap();
    let evidence = rules::scan(&text, &rules::Context::default());
    let (verdict, observations, elapsed) = diagnose(&evidence);
    let found = Found::of(&verdict, elapsed, &observations);
    println!("\nFOUND {}", serde_json::to_string(&found).unwrap());
}

/// The toolchain of this version: `$GOMEND_TOOLCHAINS/<version>/go/bin/go`.
pub(crate) fn toolchain(version: &str) -> Toolchain {
    let folder = std::env::var_os("GOMEND_TOOLCHAINS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
        PathBuf::from,
    );
    let go = folder.join(version).join("go/bin/go");
    Toolchain::of(&go).unwrap_or_else(|error| {
        panic!("set GOMEND_TOOLCHAINS to the folder that has Go {version}: {error}")
    })
}

/// Runs the fault, then the diagnosis on the same machine; what the probes did that they must not.
fn found(fault: &Fault, toolchain: &Toolchain) -> Result<(Found, String), String> {
    let say = |error: gomend::lab::Error| error.to_string();
    let scene = fault.scene(toolchain).map_err(say)?;
    let outcome = scene.run(fault.command).map_err(say)?;
    scene.journal().clear(); // from here on, it is we who ask
    let found = look(&scene, outcome.text().as_bytes())?;
    Ok((found, trespasses(fault, &scene)))
}

/// Diagnoses this text inside the scene.
pub(crate) fn look(scene: &Scene, text: &[u8]) -> Result<Found, String> {
    scene
        .world
        .write("tmp/text", text, false)
        .map_err(|error| error.to_string())?;
    let line = inside(
        scene,
        "verdict::inside_a_scene",
        TEXT,
        scene.world.inside("tmp/text").as_os_str(),
    )?;
    Ok(serde_json::from_str(&line).unwrap())
}

/// Runs one of the ignored tests above inside the scene: the line that it found.
pub(crate) fn inside(
    scene: &Scene,
    test: &str,
    name: &str,
    value: &OsStr,
) -> Result<String, String> {
    let say = |error: gomend::lab::Error| error.to_string();
    let exe = std::env::current_exe().unwrap();
    let argv = [
        exe.to_str().unwrap(),
        "--ignored",
        "--exact",
        test,
        "--nocapture",
    ];
    let mut command = scene.command(&argv).map_err(say)?;
    command.env(name, value);
    let printed = scene.finish(command).map_err(say)?.text();
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("FOUND "))
        .map(str::to_owned);
    line.ok_or_else(|| format!("the diagnosis broke: {printed}"))
}

/// Hosts that a fault's evidence or settings name besides its own.
const NAMED: &[&str] = &[
    "proxy.golang.org",
    "sum.golang.org",
    "ssh.github.com",
    "proxy.corp.example",
    "proxy.corp.exmaple",
];

/// What no probe may do: tell a private name to the public, send again what was refused, ask for hosts that nobody named.
fn trespasses(fault: &Fault, scene: &Scene) -> String {
    let mut text = String::new();
    let journal = scene.journal();
    for resolver in PUBLIC_RESOLVERS {
        for name in journal.asked(resolver.into()) {
            if !forges::is_well_known(&name) {
                write!(text, "\n   {resolver} was asked for {name}").unwrap();
            }
        }
    }
    let own = [
        fault.host,
        fault.module.and_then(|module| module.split('/').next()),
    ];
    for resolver in [RESOLVER, RESOLVER_2] {
        for name in journal.asked(resolver.into()) {
            if !NAMED.contains(&name.as_str()) && !own.contains(&Some(name.as_str())) {
                write!(text, "\n   {name} was looked up, which nobody named").unwrap();
            }
        }
    }
    for event in journal.events() {
        if let Event::Http { host, path, .. } = event
            && ["proxy.golang.org", "sum.golang.org"].contains(&host.as_str())
            && path.contains("corp.example")
        {
            write!(text, "\n   {host} was told of {path}").unwrap();
        }
    }
    if fault.cause == Cause::HttpsCredentialsRejected && !journal.credentials().is_empty() {
        write!(text, "\n   refused credentials were sent again").unwrap();
    }
    text
}

/// What differs from the table.
fn differences(fault: &Fault, found: &Found) -> String {
    let mut text = String::new();
    let matrix = [
        fault.matrix.dns,
        fault.matrix.certificate,
        fault.matrix.policy,
    ]
    .map(|cell| cell.id().to_owned());
    let mut compare = |what: &str, ours: &str, due: &str| {
        if ours != due {
            write!(text, "\n   {what}: {ours}, due {due}").unwrap();
        }
    };
    compare("cause", &found.cause, fault.cause.id());
    compare(
        "reason",
        found.reason.as_deref().unwrap_or("-"),
        fault.reason.id(),
    );
    // what a local failure was about to talk to may be named or not
    if fault.host.is_some() || fault.cause.layer() != Layer::Local {
        compare(
            "host",
            found.host.as_deref().unwrap_or("-"),
            fault.host.unwrap_or("-"),
        );
    }
    compare("matrix", &found.matrix.join(" "), &matrix.join(" "));
    text
}

/// A fault is a test, on three versions of go side by side.
macro_rules! faults {
    ($($name:ident)*) => {
        mod every_fault_is_told_apart {
            $(#[test]
            fn $name() {
                super::is_told_apart(&stringify!($name).replace('_', "-"));
            })*
        }

        #[test]
        fn every_fault_has_a_test() {
            let tests = [$(stringify!($name)),*].map(|name| name.replace('_', "-"));
            let known: Vec<&str> = FAULTS.iter().map(|fault| fault.id).collect();
            let lacking: Vec<_> = known.iter().filter(|id| !tests.iter().any(|test| test == *id)).collect();
            assert!(lacking.is_empty(), "{lacking:?}");
        }
    };
}

faults! {
    https_no_credentials https_credentials_for_go_only https_credentials_for_git_only https_credentials_refused
    https_forbidden https_repo_not_found ssh_key_refused ssh_no_key ssh_key_open ssh_host_key_unknown
    ssh_host_key_changed ssh_repo_not_found ssh_port_blocked ssh_refused dns_typo dns_no_address dns_split
    dns_filtered dns_hidden dns_forged dns_forged_page dns_hosts_file dns_hosts_families dns_nsswitch https_proxy_407 dns_servfail dns_refused dns_servfail_ssh
    dns_silent dns_slow dns_resolver_down dns_resolver_unreachable dubious_ownership vcs_stamping cache_corrupt_git
    cache_corrupt_zip git_config_broken git_rewrite_broken git_rewrite_path git_lock_left disk_full
    permission_denied gomodcache_unwritable no_home unknown_revision vanity_404 vanity_sign_in module_path_mismatch
    package_missing ambiguous_import checksum_mismatch retag retag_at_proxy go_sum_differs cache_differs
    missing_go_sum invalid_version vcs_disallowed insecure_protocol ping_refused toolchain_unavailable
    toolchain_version toolchain_language toolchain_not_at_proxy toolchain_sumdb_off toolchain_not_in_sumdb
    go_too_old tcp_unanswered tcp_unanswered_git tcp_refused tcp_refused_git tcp_unreachable tcp_host_down tcp_ipv6
    tcp_reset tcp_closed sni_filter proxy_required proxy_git_only proxy_no_proxy_dialect proxy_407 proxy_407_git
    proxy_403 socks5_refuses proxy_down git_proxy_down proxy_typo proxy_scheme private_via_proxy
    private_via_proxy_410 private_via_sumdb sumdb_down goproxy_401 netrc_with_port goproxy_403 goproxy_curation
    goproxy_403_silent goproxy_403_country egress_403 fresh_tag fresh_tag_sumdb goproxy_502 goproxy_transient
    goproxy_html goproxy_bad_json goproxy_off goproxy_invalid goproxy_typo git_proxy_included git_rewrite_host
    ssh_hostname goproxy_near_name gotmpdir_missing go111module_off go_sum_conflict vendor_stale tls_inspection
    tls_inspection_go tls_inspection_git tls_no_bundle tls_private_ca tls_self_signed tls_no_intermediate
    tls_expired tls_not_yet_valid tls_clock tls_wrong_name tls_common_name captive_portal tls_plain_http tls_cut
    tls_cut_git tls_reset tls_stalled tls_ml_kem tls_ml_dsa tls_old tls_alert git_missing hg_missing ssh_missing
    git_cut zip_cut flaky_proxy http2_reset http2_goaway http2_stalled git_429 goproxy_429 git_503 vanity_500
}

fn is_told_apart(id: &str) {
    let fault = Fault::of(id).unwrap();
    if let Some(missing) = fault.missing() {
        println!("cannot be shown here: {missing}");
        return;
    }
    let shown = ["1.27.3", "1.24.11", "1.21.13"].map(|version| (version, toolchain(version)));
    let shown = shown
        .iter()
        .filter(|(_, toolchain)| fault.shows_with(toolchain));
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = shown
            .map(|(version, toolchain)| scope.spawn(move || (version, found(fault, toolchain))))
            .collect();
        let results = runs.into_iter().map(|run| run.join().unwrap());
        results
            .filter_map(|(version, result)| {
                let difference = match result {
                    Ok((found, trespasses)) => {
                        println!("{version}: {} ms {}", found.elapsed_ms, found.confidence);
                        differences(fault, &found) + &trespasses
                    }
                    Err(error) => error,
                };
                (!difference.is_empty()).then(|| format!("go {version}: {difference}"))
            })
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
