//! Every exit code that is ours. A supervised go's own code is passed on unchanged.

/// Done, or nothing is wrong.
pub const OK: i32 = 0;
/// A problem was found.
pub const PROBLEM: i32 = 1;
/// The command line can't be understood.
pub const USAGE: i32 = 2;
/// A fix failed and was rolled back.
pub const ROLLED_BACK: i32 = 3;
/// No verdict: no known cause, none of our business, or not everything could be looked at.
pub const UNDECIDED: i32 = 4;
/// The real go may not be executed (as shells say of such a command).
pub const FORBIDDEN: i32 = 126;
/// There is no real go to start (as shells say of a missing command).
pub const NO_GO: i32 = 127;
/// Ended by Ctrl-C (128 + SIGINT, as shells report it).
pub const INTERRUPTED: i32 = 130;
