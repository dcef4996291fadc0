//! Whose trouble it is, as dashboards of failures sort it.

use crate::cause::{Cause, Layer};
use crate::verdict::Reason;

/// `code`, `platform`, `service` or `machine`; `None`: nothing failed that is known.
pub(super) fn of(cause: Cause, reason: Option<Reason>) -> Option<&'static str> {
    match reason {
        Some(reason) if reason.is_refusal() => return Some("platform"),
        Some(reason) if reason.is_outage() => return Some("service"),
        Some(
            Reason::Expired
            | Reason::NotYetValid
            | Reason::WrongName
            | Reason::LegacyName
            | Reason::MissingIntermediate
            | Reason::FreshTag
            | Reason::NotAModuleProxy
            | Reason::MalformedAnswer,
        ) => return Some("service"),
        Some(
            Reason::WrongClock | Reason::NoCaBundle | Reason::MalformedSetting | Reason::ModulesOff,
        ) => {
            return Some("machine");
        }
        _ => {}
    }
    Some(match cause.layer() {
        Layer::Tool | Layer::Local | Layer::Auth | Layer::Routing => "machine",
        Layer::Dns | Layer::Network | Layer::Tls => "platform",
        Layer::Transfer => "service",
        Layer::Module => "code",
        Layer::None => return None,
    })
}
