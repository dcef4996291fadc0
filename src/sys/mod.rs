//! Everything unsafe: system calls that std lacks.

pub mod namespace;
