//! Which HTTP proxy is in between, why, and does it let us through?
//!
//! Per stack, since Go and libcurl read other variables in another order.
//! Where a proxy is chosen, the direct way is tried beside it. Not handled:
//! proxy auto-configuration files, NTLM and Kerberos.

use serde::{Deserialize, Serialize};

use super::{Status, tcp};

/// What the proxy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connect {
    /// The tunnel stands (or, for a plain `http` target, the proxy accepts connections).
    Opened,
    /// The proxy answered the CONNECT with an error status.
    Status(u16),
    /// The proxy's name cannot be resolved.
    NoSuchName,
    /// No connection to the proxy.
    Failed(tcp::Outcome),
    /// What answers at the proxy's address speaks no HTTP.
    NotHttp,
    /// The proxy accepts the connection and never answers.
    Silence,
    /// A `https` scheme, and the proxy speaks no TLS.
    NotTls,
    /// The setting cannot be read as a proxy URL.
    Malformed,
    /// No proxy is chosen, or it was not tried.
    #[default]
    NotTried,
}

/// The choice of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The proxy, without credentials; `None`: direct.
    pub proxy: Option<String>,
    /// The variable or configuration key that decided, either way.
    pub decided_by: Option<String>,
    /// The setting carries a user name.
    pub has_user: bool,
    /// What the proxy did.
    pub connect: Connect,
    /// The scheme that `Proxy-Authenticate` names, after a 407.
    pub asks_for: Option<String>,
    /// How the direct way went, where a proxy is chosen.
    pub direct: tcp::Outcome,
}

impl Choice {
    /// Pass if direct or let through.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.connect {
            Connect::Opened => Status::Pass,
            Connect::NotTried if self.proxy.is_none() => Status::Pass,
            Connect::NotTried => Status::Skip,
            _ => Status::Fail,
        }
    }
}
