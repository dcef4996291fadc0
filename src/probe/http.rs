//! What answers behind the connection?
//!
//! One anonymous GET of the very URL that failed. Any status proves the
//! stages before it; `Date` gives the server's clock; HTML where a protocol is
//! due gives a portal away. Never sends a credential, never follows a redirect.

use serde::{Deserialize, Serialize};

use super::Status;

/// An HTTP response, or how waiting for it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// What was asked, without credentials.
    pub url: String,
    /// Status code; `None`: no HTTP came back.
    pub code: Option<u16>,
    /// `Content-Type`, without parameters.
    pub content_type: Option<String>,
    /// HTML where a protocol is due.
    pub html: bool,
    /// Host of a redirect's `Location`.
    pub redirects_to: Option<String>,
    /// Scheme of `WWW-Authenticate`.
    pub asks_for: Option<String>,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
    /// The connection was untrusted, so only `/` was asked for.
    pub root_only: bool,
    /// What broke the exchange, in one line.
    pub broke: Option<String>,
}

impl Reply {
    /// Pass below 400 unless it is HTML in place of a protocol; skip if nothing came; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.code {
            None if self.broke.is_some() => Status::Fail,
            None => Status::Skip,
            Some(code) if code < 400 && !self.html => Status::Pass,
            Some(_) => Status::Fail,
        }
    }
}

/// This machine's clock against the `Date` of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// Whose `Date` it is.
    pub against: String,
    /// This machine's clock minus the server's, seconds (positive: ours is ahead).
    pub skew_s: Option<i64>,
}

/// Beyond five minutes certificates start to fail and so do signed requests (playbook row 17).
pub const SKEW_BOUND_S: i64 = 300;

impl Clock {
    /// Fail beyond [`SKEW_BOUND_S`].
    #[must_use]
    pub fn status(&self) -> Status {
        match self.skew_s {
            None => Status::Skip,
            Some(skew) if skew.abs() <= SKEW_BOUND_S => Status::Pass,
            Some(_) => Status::Fail,
        }
    }
}
