//! The formats that settings are written in: each is read here, once, with who says it.
//!
//! Comes in: text, an [`Env`], what `git config` prints. Goes out: values with their origin. Nothing in this
//! crate touches the network, and nothing changes a file (`gomend-fix` does).
//!
//! | file | format | read as |
//! |---|---|---|
//! | [`goenv`] | Go's env files, `GOROOT`, `VERSION` | cmd/go reads them: the layer that decides a value |
//! | [`goproxy`] | GOPROXY, GOSUMDB | cmd/go reads them: who is asked, in which order |
//! | [`gofile`] | go.mod, go.work, go.sum, escaped module paths | the Go modules reference has it |
//! | [`gitconfig`] | git's configuration | git itself reads it: sections, includes, `includeIf` |
//! | [`leads`] | git's, ssh's and go's settings | whether they lead from what was fetched to a host |
//! | [`netrc`] | netrc | Go does, and libcurl does: they differ |
//! | [`proxies`] | `HTTPS_PROXY`, `NO_PROXY`, `http.proxy` | Go does, and libcurl does: they differ |
//! | [`pattern`] | GOPRIVATE and its kin | `module.MatchPrefixPatterns` does |
//! | [`url`] | URLs and scp forms | logs, settings and git write them, broken ones too |
//! | [`version`] | versions of Go and git | as far as one is older than another |
//! | [`forges`] | well-known hosts | one table, in `gomend-core` |
//!
//! [`lint`] says which settings don't do what they look like: as ids with parameters.

pub mod gitconfig;
pub mod goenv;
pub mod gofile;
pub mod goproxy;
pub mod leads;
pub mod lint;
pub mod netrc;
pub mod pattern;
pub mod proxies;
pub mod url;
pub mod version;

pub use gomend_core::forges;
pub use gomend_system::Env;

use gomend_core::mask;
use gomend_system::{file, tool};
