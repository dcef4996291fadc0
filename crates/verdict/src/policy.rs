//! Who says no: what an error status means, with the words that came with it.
//!
//! A 403 is four things: the module is blocked, the address or country is refused, a gatekeeper on
//! the way lets nobody through, or the server is in trouble for a moment. The words are those that
//! the products send; what none of them knows stays a bare refusal.

use super::Reason;

/// What a refusal is about, and the product that decides, if it names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// [`Reason::ProxyPolicy`], [`Reason::AddressRefused`], [`Reason::Gatekeeper`] or
    /// [`Reason::ServerTrouble`].
    pub reason: Reason,
    /// A product's name.
    pub by: Option<&'static str>,
}

/// Words in an answer, lower case; the first that is found counts.
const WORDS: &[(&str, Reason, Option<&str>)] = &[
    // products that judge modules
    (
        "packages curation",
        Reason::ProxyPolicy,
        Some("JFrog Curation"),
    ),
    (
        "jfrog curation",
        Reason::ProxyPolicy,
        Some("JFrog Curation"),
    ),
    ("xray", Reason::ProxyPolicy, Some("JFrog Xray")),
    (
        "repository firewall",
        Reason::ProxyPolicy,
        Some("Sonatype Repository Firewall"),
    ),
    (
        "nexus firewall",
        Reason::ProxyPolicy,
        Some("Sonatype Repository Firewall"),
    ),
    ("sonatype", Reason::ProxyPolicy, Some("Sonatype")),
    ("socket.dev", Reason::ProxyPolicy, Some("Socket")),
    ("socket firewall", Reason::ProxyPolicy, Some("Socket")),
    ("socket security", Reason::ProxyPolicy, Some("Socket")),
    ("cloudsmith", Reason::ProxyPolicy, Some("Cloudsmith")),
    // products between here and there
    ("zscaler", Reason::Gatekeeper, Some("Zscaler")),
    ("netskope", Reason::Gatekeeper, Some("Netskope")),
    ("fortigate", Reason::Gatekeeper, Some("FortiGate")),
    ("fortiguard", Reason::Gatekeeper, Some("FortiGuard")),
    ("cisco umbrella", Reason::Gatekeeper, Some("Cisco Umbrella")),
    (
        "cloudflare gateway",
        Reason::Gatekeeper,
        Some("Cloudflare Gateway"),
    ),
    ("err_access_denied", Reason::Gatekeeper, Some("Squid")),
    ("(squid", Reason::Gatekeeper, Some("Squid")),
    ("palo alto", Reason::Gatekeeper, Some("Palo Alto Networks")),
    ("egress", Reason::Gatekeeper, None),
    ("allowlist", Reason::Gatekeeper, None),
    ("allow-list", Reason::Gatekeeper, None),
    ("allow list", Reason::Gatekeeper, None),
    ("whitelist", Reason::Gatekeeper, None),
    ("host_not_allowed", Reason::Gatekeeper, None),
    ("host not allowed", Reason::Gatekeeper, None),
    ("not in the list of allowed", Reason::Gatekeeper, None),
    ("sandbox", Reason::Gatekeeper, None),
    ("network policy", Reason::Gatekeeper, None),
    // where the request comes from
    ("your country", Reason::AddressRefused, None),
    ("your region", Reason::AddressRefused, None),
    ("your location", Reason::AddressRefused, None),
    ("your ip", Reason::AddressRefused, None),
    ("ip address", Reason::AddressRefused, None),
    ("export control", Reason::AddressRefused, None),
    ("sanction", Reason::AddressRefused, None),
    // a moment's trouble
    ("temporarily", Reason::ServerTrouble, None),
    ("try again", Reason::ServerTrouble, None),
    ("overload", Reason::ServerTrouble, None),
    // the module, whoever judges it
    ("quarantin", Reason::ProxyPolicy, None),
    ("policy", Reason::ProxyPolicy, None),
    ("policies", Reason::ProxyPolicy, None),
    ("blocked", Reason::ProxyPolicy, None),
    ("not approved", Reason::ProxyPolicy, None),
    ("malware", Reason::ProxyPolicy, None),
    ("malicious", Reason::ProxyPolicy, None),
    ("vulnerab", Reason::ProxyPolicy, None),
];

/// What a refusal's words tell; `None`: they name nothing that is known.
#[must_use]
pub fn read(words: &str) -> Option<Refusal> {
    let words = words.to_ascii_lowercase();
    WORDS
        .iter()
        .find(|(needle, ..)| words.contains(needle))
        .map(|&(_, reason, by)| Refusal { reason, by })
}

/// What an error status means, with the words that came with it.
pub(super) fn reason(status: u16, words: Option<&str>) -> Option<Reason> {
    Some(match status {
        401 => Reason::ProxyLogin,
        403 | 451 => words
            .and_then(read)
            .map_or(Reason::Forbidden, |refusal| refusal.reason),
        429 => Reason::Limited,
        500..=599 => Reason::ServerTrouble,
        _ => return None,
    })
}

/// What git or a forge says to somebody without a login, of a repository that is hidden or not there.
const HIDDEN: &[&str] = &[
    "could not read Username",
    "could not read Password",
    "terminal prompts disabled",
    "Authentication failed",
    "Repository not found",
    "Permission denied (publickey",
];

/// Whether a server's words say that the repository is not there for everybody.
#[must_use]
pub fn is_hidden(words: &str) -> bool {
    HIDDEN.iter().any(|said| words.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_of_four() {
        let table = [
            (
                "Package github.com/google/uuid:v1.6.0 download was blocked by JFrog Packages Curation service due to the following policies violated {Immature package}",
                Reason::ProxyPolicy,
                Some("JFrog Curation"),
            ),
            ("quarantined by policy", Reason::ProxyPolicy, None),
            (
                "Access to this host is blocked by Zscaler",
                Reason::Gatekeeper,
                Some("Zscaler"),
            ),
            (
                "Host not in allowlist: proxy.golang.org",
                Reason::Gatekeeper,
                None,
            ),
            (
                "This service is not available in your country",
                Reason::AddressRefused,
                None,
            ),
            (
                "temporarily unavailable, try again later",
                Reason::ServerTrouble,
                None,
            ),
        ];
        for (words, expected, by) in table {
            assert_eq!(
                read(words),
                Some(Refusal {
                    reason: expected,
                    by
                }),
                "{words}"
            );
            assert_eq!(reason(403, Some(words)), Some(expected));
        }
        assert_eq!(read("403"), None);
        assert_eq!(reason(403, None), Some(Reason::Forbidden));
    }
}
