//! The root stores: what Go reads, what git reads, what the system has, what
//! Mozilla ships; and whether one of them vouches for a chain.
//!
//! Go: `crypto/x509/root_unix.go` and `root_linux.go`: `SSL_CERT_FILE` replaces
//! the list of bundle files, `SSL_CERT_DIR` the directories, both are read. git:
//! `GIT_SSL_CAINFO` and `GIT_SSL_CAPATH`, `http.sslCAInfo` and `http.sslCAPath`,
//! else libcurl's built-in paths, which are the system's. On macOS
//! the platform's store stands for all three.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use super::context::side;
use super::tls::Trust;
use super::{Stack, certificate};
use crate::settings::Env;
use crate::settings::gitconfig::GitConfig;

/// Where Linux distributions keep a bundle; Go stops at the first that is there.
const FILES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Directories with one certificate a file; Go reads them all.
const DIRECTORIES: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// Certificates that a program would trust.
#[derive(Debug, Clone)]
pub(super) struct Store {
    anchors: Arc<RootCertStore>,
    certificates: Arc<Vec<CertificateDer<'static>>>,
}

impl Store {
    fn of(mut certificates: Vec<CertificateDer<'static>>) -> Self {
        certificates.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        certificates.dedup();
        let mut anchors = RootCertStore::empty();
        anchors.add_parsable_certificates(certificates.iter().cloned());
        Self {
            anchors: Arc::new(anchors),
            certificates: Arc::new(certificates),
        }
    }

    fn mozilla() -> Self {
        let anchors = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self {
            anchors: Arc::new(anchors),
            certificates: Arc::default(),
        }
    }

    /// A root with this subject (DER of the name's content).
    fn has_subject(&self, subject: &[u8]) -> bool {
        self.anchors
            .roots
            .iter()
            .any(|anchor| anchor.subject.as_ref() == subject)
    }

    /// Whether it vouches for the chain at a time when all of the chain is valid.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>], when: UnixTime) -> Trust {
        let Some((leaf, rest)) = chain.split_first() else {
            return Trust::NotJudged;
        };
        if self.anchors.is_empty() {
            return Trust::NoRoots;
        }
        // Go and OpenSSL accept a leaf that is itself in the store; webpki does not.
        if self
            .certificates
            .iter()
            .any(|certificate| certificate == leaf)
        {
            return Trust::Trusted;
        }
        let Ok(parsed) = ParsedCertificate::try_from(leaf) else {
            return Trust::NotJudged;
        };
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        match verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.anchors,
            rest,
            when,
            algorithms.all,
        ) {
            Ok(()) => Trust::Trusted,
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            )) => Trust::Unknown,
            // a self-signed leaf that calls itself a CA never leads to a root that isn't itself
            Err(_) if rest.is_empty() && !self.vouches_for_issuer(leaf) => Trust::Unknown,
            Err(_) => Trust::NotJudged, // what our library refuses is no proof that go or git would
        }
    }

    /// Whether a root may have issued it: one with the issuer's name; where that is the subject's own, one with
    /// its key too (`CN=localhost` is the name of many).
    fn vouches_for_issuer(&self, leaf: &CertificateDer<'_>) -> bool {
        let own_key = certificate::own_key(leaf);
        certificate::issuer_name(leaf).is_some_and(|issuer| {
            self.anchors.roots.iter().any(|root| {
                root.subject.as_ref() == issuer
                    && own_key
                        .as_deref()
                        .is_none_or(|key| root.subject_public_key_info.as_ref() == key)
            })
        })
    }
}

/// Why a certificate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is another host's.
    OtherName,
    /// No root of the store issued it.
    UnknownIssuer,
    /// No chain, or one that cannot be used.
    Invalid,
}

/// What one program accepts of a server: its name, dates, and a way to a root that is itself in force.
#[derive(Debug, Clone)]
pub struct Verifier(Store);

impl Verifier {
    /// With the roots that Go trusts in this environment.
    #[must_use]
    pub fn go(env: &Env) -> Self {
        Self::of(&go(env, &system()), now())
    }

    /// Go and OpenSSL look at a root's dates too; webpki does not.
    fn of(store: &Store, now: i64) -> Self {
        let in_force = store.certificates.iter().filter(|root| {
            certificate::dates(root).is_some_and(|(begin, end)| (begin..=end).contains(&now))
        });
        Self(Store::of(in_force.cloned().collect()))
    }

    /// Accepts the chain for this name at `now` (seconds since 1970), or says why not.
    pub fn check(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: i64,
    ) -> Result<(), Refusal> {
        let leaf = chain.first().ok_or(Refusal::Invalid)?;
        let (begin, end) = certificate::dates(leaf).ok_or(Refusal::Invalid)?;
        if now > end {
            return Err(Refusal::Expired);
        }
        if now < begin {
            return Err(Refusal::NotYetValid);
        }
        match self.0.judge(chain, unix(now)) {
            Trust::Trusted => {}
            Trust::Unknown | Trust::NoRoots => return Err(Refusal::UnknownIssuer),
            Trust::NotJudged => return Err(Refusal::Invalid),
        }
        match name_matches(leaf, name) {
            Some(true) => Ok(()),
            Some(false) => Err(Refusal::OtherName),
            None => Err(Refusal::Invalid),
        }
    }
}

/// This machine's clock, seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// All stores that a chain is judged against.
#[derive(Debug, Clone)]
pub(super) struct Stores {
    pub(super) go: Store,
    pub(super) git: Store,
    pub(super) system: Store,
    pub(super) mozilla: Store,
    /// Go's verifier, then git's.
    verifiers: [Verifier; 2],
}

impl Stores {
    /// Reads what the programs would read. Without git's configuration nobody knows what git accepts.
    pub(super) fn read(env: &Env, config: Option<&GitConfig>) -> Self {
        let (system, now) = (system(), now());
        let go = go(env, &system);
        let git = config.map(|config| git(env, config, &system));
        let nothing = Store::of(Vec::new());
        Self {
            verifiers: [&go, git.as_ref().unwrap_or(&nothing)]
                .map(|store| Verifier::of(store, now)),
            git: git.unwrap_or_else(|| Store::of(system.clone())),
            go,
            mozilla: Store::mozilla(),
            system: Store::of(system),
        }
    }

    /// What this stack accepts.
    pub(super) fn verifier(&self, stack: Stack) -> &Verifier {
        &self.verifiers[side(stack)]
    }

    /// Some store has a root that issued this.
    pub(super) fn know_issuer(&self, issuer: &[u8]) -> bool {
        [&self.go, &self.git, &self.system, &self.mozilla]
            .iter()
            .any(|store| store.has_subject(issuer))
    }

    /// Some root belongs to the organisation that this name names: its issuing CA is then likely to hang below it.
    pub(super) fn know_organisation(&self, issuer: &[u8]) -> bool {
        let Some(organisation) = certificate::organisation(issuer) else {
            return false;
        };
        [&self.go, &self.git, &self.mozilla].iter().any(|store| {
            store.anchors.roots.iter().any(|anchor| {
                certificate::organisation(anchor.subject.as_ref()).as_ref() == Some(&organisation)
            })
        })
    }
}

/// Name check of a leaf, apart from everything else.
pub(super) fn name_matches(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Option<bool> {
    let parsed = ParsedCertificate::try_from(leaf).ok()?;
    Some(verify_server_name(&parsed, name).is_ok())
}

/// Seconds since 1970 as rustls takes them.
pub(super) fn unix(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn system() -> Vec<CertificateDer<'static>> {
    if cfg!(target_os = "macos") {
        return rustls_native_certs::load_native_certs().certs;
    }
    let mut all = first_file(FILES.iter().map(Path::new));
    all.extend(
        DIRECTORIES
            .iter()
            .flat_map(|directory| every_file(Path::new(directory))),
    );
    all
}

fn go(env: &Env, system: &[CertificateDer<'static>]) -> Store {
    let (file, directories) = (env.var("SSL_CERT_FILE"), env.var("SSL_CERT_DIR"));
    if (file.is_none() && directories.is_none()) || cfg!(target_os = "macos") {
        return Store::of(system.to_vec());
    }
    let mut all = match file {
        Some(file) => from_file(Path::new(file)),
        None => first_file(FILES.iter().map(Path::new)),
    };
    let directories: Vec<PathBuf> = match directories {
        Some(list) => list.split(':').map(PathBuf::from).collect(),
        None => DIRECTORIES.iter().map(PathBuf::from).collect(),
    };
    all.extend(
        directories
            .iter()
            .flat_map(|directory| every_file(directory)),
    );
    Store::of(all)
}

fn git(env: &Env, config: &GitConfig, system: &[CertificateDer<'static>]) -> Store {
    let file = env
        .var("GIT_SSL_CAINFO")
        .or_else(|| config.http("sslcainfo"));
    let directory = env
        .var("GIT_SSL_CAPATH")
        .or_else(|| config.http("sslcapath"));
    let home = |path: &str| match path.strip_prefix("~/") {
        Some(rest) => env
            .var("HOME")
            .map_or_else(|| PathBuf::from(path), |home| Path::new(home).join(rest)),
        None => PathBuf::from(path),
    };
    match (file, directory) {
        (None, None) => Store::of(system.to_vec()),
        (file, directory) => {
            let mut all = file.map(|file| from_file(&home(file))).unwrap_or_default();
            // a bundle of one's own replaces libcurl's, and leaves its directory, which is read beside it
            let directory = directory.map_or_else(|| PathBuf::from(DIRECTORIES[0]), home);
            all.extend(every_file(&directory));
            Store::of(all)
        }
    }
}

fn first_file<'a>(files: impl Iterator<Item = &'a Path>) -> Vec<CertificateDer<'static>> {
    files
        .into_iter()
        .find(|file| file.is_file())
        .map(from_file)
        .unwrap_or_default()
}

fn every_file(directory: &Path) -> Vec<CertificateDer<'static>> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    // a bundle in the directory is read like any other file
    entries.flat_map(|entry| from_file(&entry.path())).collect()
}

fn from_file(path: &Path) -> Vec<CertificateDer<'static>> {
    let bytes = crate::file::read(path, crate::file::Kind::Certificates);
    let bytes = bytes.unwrap_or_default(); // Go and curl too go on without
    CertificateDer::pem_slice_iter(&bytes)
        .filter_map(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate for `h.example`, with these dates, signed by this root or by itself.
    fn signed(
        begin: i32,
        end: i32,
        by: Option<&rcgen::Issuer<'_, rcgen::KeyPair>>,
    ) -> (
        CertificateDer<'static>,
        rcgen::CertificateParams,
        rcgen::KeyPair,
    ) {
        let mut params = rcgen::CertificateParams::new(vec!["h.example".into()]).unwrap();
        params.not_before = rcgen::date_time_ymd(begin, 1, 1);
        params.not_after = rcgen::date_time_ymd(end, 1, 1);
        if by.is_none() {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = match by {
            Some(issuer) => params.signed_by(&key, issuer),
            None => params.self_signed(&key),
        };
        (certificate.unwrap().der().clone(), params, key)
    }

    #[test]
    fn a_verifier_looks_at_everything() {
        let now = 1_800_000_000; // 2027-01-15
        let (root, params, key) = signed(2020, 2040, None);
        let issuer = rcgen::Issuer::new(params, key);
        let (old_root, params, key) = signed(2010, 2020, None);
        let old_issuer = rcgen::Issuer::new(params, key);
        let verifier = Verifier::of(&Store::of(vec![root, old_root]), now);
        let check = |begin, end, by, name: &'static str| {
            let (leaf, ..) = signed(begin, end, Some(by));
            verifier.check(&[leaf], &name.try_into().unwrap(), now)
        };
        assert_eq!(check(2026, 2028, &issuer, "h.example"), Ok(()));
        assert_eq!(
            check(2026, 2028, &issuer, "x.example"),
            Err(Refusal::OtherName)
        );
        assert_eq!(
            check(2025, 2026, &issuer, "h.example"),
            Err(Refusal::Expired)
        );
        assert_eq!(
            check(2028, 2029, &issuer, "h.example"),
            Err(Refusal::NotYetValid)
        );
        assert_eq!(
            check(2026, 2028, &old_issuer, "h.example"),
            Err(Refusal::UnknownIssuer),
            "its root has expired"
        );
        let name: ServerName<'_> = "h.example".try_into().unwrap();
        assert_eq!(verifier.check(&[], &name, now), Err(Refusal::Invalid));
        let (own, ..) = signed(2025, 2026, None);
        let kept = Verifier(Store::of(vec![own.clone()]));
        assert_eq!(
            kept.check(&[own], &name, now),
            Err(Refusal::Expired),
            "in the store, and still expired"
        );
    }

    #[test]
    fn an_empty_store_is_not_an_unknown_issuer() {
        let key = rcgen::generate_simple_self_signed(vec!["h.example".into()]).unwrap();
        let leaf = key.cert.der().clone();
        assert_eq!(
            Store::of(Vec::new()).judge(std::slice::from_ref(&leaf), unix(1_800_000_000)),
            Trust::NoRoots
        );
        assert_eq!(
            Store::mozilla().judge(std::slice::from_ref(&leaf), unix(1_800_000_000)),
            Trust::Unknown
        );
        let own = Store::of(vec![leaf.clone()]);
        assert_eq!(
            own.judge(std::slice::from_ref(&leaf), unix(1_800_000_000)),
            Trust::Trusted
        );
        assert_eq!(
            name_matches(&leaf, &"h.example".try_into().unwrap()),
            Some(true)
        );
        assert_eq!(
            name_matches(&leaf, &"x.example".try_into().unwrap()),
            Some(false)
        );
    }
}
