//! Certificates and handshakes.

use once_cell::sync::OnceCell;

use super::{BASE, CERTIFICATE, NEEDS, direct, private, public, shaken};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::places::{GIT_CORP, GITHUB, PROXY_GOLANG, RESOLVER, SINKHOLE, sinkhole};
use crate::probe::Status;
use crate::serve::dns::{Answer, Zone};
use crate::serve::http::{Reply, Service, Site, site};
use crate::serve::modproxy::portal;
use crate::serve::tls::{Authority, Certificate, Handshake};
use crate::town::{LIB, WIDGET};
use crate::verdict::{Matrix, Reason};
use crate::{Fault, Needs, Result, Scene};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "tls-inspection",
        means: text!("an inspecting firewall signs every certificate; nobody here trusts its CA"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::InspectionCa,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| {
            inspect(scene)?;
            public(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-inspection-go",
        means: text!("git was told to trust the inspecting firewall's CA, go was not"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::InspectionCaGo,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| {
            inspect(scene)?;
            let bundle = bundle(scene)?;
            scene.git_config(&format!("[http]\n\tsslCAInfo = {bundle}\n"))?;
            public(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-inspection-git",
        means: text!("go trusts the inspecting firewall's CA by SSL_CERT_FILE, git does not"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::InspectionCaGit,
        host: Some(GITHUB.name),
        role: Role::VcsHttps,
        prints: &[
            "unable to access 'https://github.com/acme/widget/'",
            "certificate",
        ],
        setup: |scene| {
            inspect(scene)?;
            let bundle = bundle(scene)?;
            scene.env("SSL_CERT_FILE", bundle);
            direct(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-no-bundle",
        means: text!("the machine has no CA certificates at all (a slim container)"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::NoCaBundle,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| {
            scene.trust("")?;
            public(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-private-ca",
        means: text!("the company's git server has a certificate of the company's own CA"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::PrivateCa,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| corp(scene, Certificate::Of(company()?)),
        ..CORP
    },
    Fault {
        id: "tls-self-signed",
        means: text!("the git server's certificate is signed by itself"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::SelfSigned,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| corp(scene, Certificate::SelfSigned),
        ..CORP
    },
    Fault {
        id: "tls-no-intermediate",
        means: text!("the git server doesn't send its intermediate certificate"),
        cause: Cause::TlsUnknownAuthority,
        reason: Reason::MissingIntermediate,
        prints: &["x509: certificate signed by unknown authority"],
        setup: |scene| corp(scene, Certificate::NoIntermediate),
        ..CORP
    },
    Fault {
        id: "tls-expired",
        means: text!("the git server's certificate has expired"),
        cause: Cause::TlsExpired,
        reason: Reason::Expired,
        prints: &[
            "x509: certificate has expired or is not yet valid: current time ",
            " is after ",
        ],
        setup: |scene| corp(scene, Certificate::Expired),
        ..CORP
    },
    Fault {
        id: "tls-not-yet-valid",
        means: text!("the git server's certificate is not valid yet"),
        cause: Cause::TlsNotYetValid,
        reason: Reason::NotYetValid,
        prints: &[
            "x509: certificate has expired or is not yet valid: current time ",
            " is before ",
        ],
        setup: |scene| corp(scene, Certificate::NotYetValid),
        ..CORP
    },
    Fault {
        id: "tls-clock",
        means: text!("this machine's clock is three days slow: no certificate is valid yet"),
        cause: Cause::TlsNotYetValid,
        reason: Reason::WrongClock,
        prints: &[
            "x509: certificate has expired or is not yet valid: current time ",
            " is before ",
        ],
        setup: |scene| {
            // A clock cannot be set in a namespace, so all others' clocks are fast.
            for (_, host) in scene.hosts.values_mut() {
                host.certificate = Certificate::NotYetValid;
                host.site = fast_clock(host.site.clone());
            }
            plain(
                scene,
                PROXY_GOLANG.address,
                fast_clock(site(|_| Reply::text(404, ""))),
            )?;
            public(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-wrong-name",
        means: text!("the git server's certificate is for another name"),
        cause: Cause::TlsNameMismatch,
        reason: Reason::WrongName,
        prints: &["x509: certificate is valid for www.corp.example, not git.corp.example"],
        setup: |scene| corp(scene, Certificate::For("www.corp.example")),
        ..CORP
    },
    Fault {
        id: "tls-common-name",
        means: text!("the git server's certificate has its name in the Common Name only"),
        cause: Cause::TlsNameMismatch,
        reason: Reason::LegacyName,
        prints: &["x509: certificate relies on legacy Common Name field, use SANs instead"],
        setup: |scene| corp(scene, Certificate::CommonNameOnly),
        ..CORP
    },
    Fault {
        id: "captive-portal",
        means: text!("a hotel's network answers every name with its sign-in page"),
        cause: Cause::TlsNameMismatch,
        reason: Reason::CaptivePortal,
        matrix: Matrix::new(Status::Pass, Status::Skip, Status::Fail),
        prints: &["x509: certificate is valid for portal.hotel.example, not proxy.golang.org"],
        setup: |scene| {
            let answer = Answer::Addresses(vec![SINKHOLE.into()]);
            scene.zones = scene
                .zones
                .keys()
                .map(|at| (*at, Zone::always(answer.clone())))
                .collect();
            scene
                .zones
                .entry(RESOLVER.into())
                .or_insert(Zone::always(answer));
            scene.serve(sinkhole("portal.hotel.example"), site(|_| portal()));
            let sign_in = "https://portal.hotel.example/sign-in";
            plain(
                scene,
                SINKHOLE,
                site(|_| Reply::html(302, "").with("location", sign_in)),
            )?;
            public(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-plain-http",
        means: text!("the git server speaks plain HTTP on port 443"),
        cause: Cause::TlsNotTls,
        reason: Reason::PlainHttp,
        prints: &["http: server gave HTTP response to HTTPS client"],
        setup: |scene| shake(scene, Handshake::Plain),
        ..CORP
    },
    Fault {
        id: "tls-cut",
        means: text!("the connection is closed during the handshake"),
        cause: Cause::TlsInterrupted,
        reason: Reason::HandshakeCut,
        prints: &["git.corp.example/team/lib?go-get=1\": EOF"],
        setup: |scene| shake(scene, Handshake::Cut),
        ..CORP
    },
    Fault {
        id: "tls-cut-git",
        means: text!("the connection is closed during git's handshake"),
        cause: Cause::TlsInterrupted,
        reason: Reason::HandshakeCut,
        host: Some(GITHUB.name),
        role: Role::VcsHttps,
        prints: &["unable to access 'https://github.com/acme/widget/'"],
        setup: |scene| {
            scene.host(GITHUB).handshake = Handshake::Cut;
            direct(scene)
        },
        ..TLS
    },
    Fault {
        id: "tls-reset",
        means: text!("the connection is reset during the handshake"),
        cause: Cause::TlsInterrupted,
        reason: Reason::HandshakeCut,
        prints: &["read: connection reset by peer"],
        setup: |scene| shake(scene, Handshake::Reset),
        ..CORP
    },
    Fault {
        id: "tls-stalled",
        means: text!("nothing follows the first message of the handshake"),
        cause: Cause::TlsInterrupted,
        reason: Reason::HandshakeStalled,
        prints: &["net/http: TLS handshake timeout"],
        setup: |scene| shaken(scene, Handshake::Stalled),
        ..TLS
    },
    Fault {
        id: "tls-ml-kem",
        means: text!("a middlebox resets handshakes that offer an ML-KEM key share"),
        cause: Cause::TlsInterrupted,
        reason: Reason::MlkemCut,
        needs: Needs { go: 24, ..NEEDS },
        prints: &["read: connection reset by peer"],
        setup: |scene| shaken(scene, Handshake::IntolerantOfMlKem),
        ..TLS
    },
    Fault {
        id: "tls-ml-dsa",
        means: text!("a middlebox resets handshakes that offer ML-DSA signatures, as Go 1.27 does"),
        cause: Cause::TlsInterrupted,
        reason: Reason::MldsaCut,
        needs: Needs { go: 27, ..NEEDS },
        prints: &["read: connection reset by peer"],
        setup: |scene| shaken(scene, Handshake::IntolerantOfMlDsa),
        ..TLS
    },
    Fault {
        id: "tls-old",
        means: text!("the git server knows nothing newer than TLS 1.0"),
        cause: Cause::TlsHandshake,
        reason: Reason::ProtocolTooOld,
        prints: &["tls: server selected unsupported protocol version 301"],
        setup: |scene| shake(scene, Handshake::Old),
        ..CORP
    },
    Fault {
        id: "tls-alert",
        means: text!("the git server finds no cipher in common"),
        cause: Cause::TlsHandshake,
        reason: Reason::NoCommonCipher,
        prints: &["remote error: tls: handshake failure"],
        setup: |scene| shake(scene, Handshake::Alert),
        ..CORP
    },
];

/// The module proxy, for a public module.
const TLS: Fault = Fault {
    host: Some(PROXY_GOLANG.name),
    role: Role::Goproxy,
    module: Some(WIDGET.path),
    matrix: CERTIFICATE,
    ..BASE
};

/// The company's git server, for a private one.
const CORP: Fault = Fault {
    host: Some(GIT_CORP.name),
    role: Role::ImportMeta,
    module: Some(LIB.path),
    ..TLS
};

/// The firewall's authority.
fn inspection() -> Result<&'static Authority> {
    static INSPECTION: OnceCell<Authority> = OnceCell::new();
    INSPECTION.get_or_try_init(|| Authority::new("Corp Inspection"))
}

/// The company's authority.
fn company() -> Result<&'static Authority> {
    static COMPANY: OnceCell<Authority> = OnceCell::new();
    COMPANY.get_or_try_init(|| Authority::new("Corp Internal"))
}

/// Every host shows a certificate of the inspecting firewall.
fn inspect(scene: &mut Scene) -> Result<()> {
    let authority = inspection()?;
    for (_, host) in scene.hosts.values_mut() {
        host.certificate = Certificate::Of(authority);
    }
    Ok(())
}

/// A bundle with the firewall's root; its path inside.
fn bundle(scene: &Scene) -> Result<String> {
    scene
        .world
        .write("home/corp-ca.pem", inspection()?.root_pem())?;
    Ok(scene.world.inside("home/corp-ca.pem").display().to_string())
}

fn corp(scene: &mut Scene, certificate: Certificate<'static>) -> Result<()> {
    scene.host(GIT_CORP).certificate = certificate;
    private(scene)
}

fn shake(scene: &mut Scene, handshake: Handshake) -> Result<()> {
    scene.host(GIT_CORP).handshake = handshake;
    private(scene)
}

/// A site on port 80.
pub(super) fn plain(scene: &Scene, address: std::net::Ipv4Addr, answer: Site) -> Result<()> {
    let service = Service {
        server: (address, 80).into(),
        site: answer,
        journal: scene.journal().clone(),
    };
    let listener = scene.world.listen(service.server, 64)?;
    scene
        .net()
        .accept(listener, move |stream, _| service.clone().serve(stream))?;
    Ok(())
}

/// The same site, its `Date` three days ahead (RFC 9110 section 5.6.7).
fn fast_clock(inner: Site) -> Site {
    use time::format_description::well_known::Rfc2822;
    site(move |request| {
        let ahead = time::OffsetDateTime::now_utc() + time::Duration::days(3);
        let date = ahead
            .format(&Rfc2822)
            .unwrap_or_default()
            .replace("+0000", "GMT");
        inner(request).with("date", &date)
    })
}
