//! Requests to end (Ctrl-C, Ctrl-\, SIGTERM, SIGHUP), and who sees to them.

use std::sync::atomic::{AtomicBool, Ordering};

use gomend_shim::sys;

/// Whoever works looks at it, and comes to an end.
static NOTED: AtomicBool = AtomicBool::new(false);

/// From now on a request to end only makes [`sys::interrupted`] true.
pub fn note_interrupts() {
    NOTED.store(true, Ordering::Relaxed);
    sys::catch_interrupts();
}

/// Nobody looks at [`sys::interrupted`] any more.
pub fn note_interrupts_no_longer() {
    NOTED.store(false, Ordering::Relaxed);
}

/// Whether somebody looks at [`sys::interrupted`].
#[must_use]
pub fn interrupts_are_noted() -> bool {
    NOTED.load(Ordering::Relaxed)
}
