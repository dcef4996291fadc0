//! What a platform team needs, as far as it needs nothing of gomend's own.
//!
//! ```text
//! policy (TOML) + documents + this machine > statements > findings > text of a CI system
//! counters > OpenMetrics
//! what happened > OTLP
//! an alert > a playbook
//! ```
//!
//! No I/O and no sentences: findings are ids and parameters, and whoever shows them words them.

pub mod drill;
pub mod finding;
pub mod format;
pub mod judge;
pub mod metrics;
pub mod policy;
pub mod respond;
pub mod settings;
pub mod statement;
pub mod telemetry;
