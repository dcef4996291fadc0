//! The end of a diagnosis, whatever hangs: go's exit status waits for it.
//!
//! In: how long each stretch may take, and last words. Out: nothing, or the last words and the end
//! of this process. A person who reads or chooses is not hurried: the alarm is off then.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{exit, sys};

/// What saying the last words may take: they too may hang.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Ends this process unless it is put off or switched off in time. Switched off as it is dropped.
#[derive(Debug)]
pub(crate) struct Alarm(Arc<State>);

type State = (Mutex<Option<Instant>>, Condvar);

impl Alarm {
    /// Switched off; `last_words` are said once, if it ever goes off.
    pub(crate) fn new(last_words: impl FnOnce() + Send + 'static) -> Self {
        let state = Arc::<State>::default();
        let ours = Arc::clone(&state);
        std::thread::spawn(move || watch(&ours, last_words));
        Self(state)
    }

    /// From now on this much time is left.
    pub(crate) fn set(&self, within: Duration) {
        self.put(Some(Instant::now() + within));
    }

    /// There is time.
    pub(crate) fn off(&self) {
        self.put(None);
    }

    fn put(&self, until: Option<Instant>) {
        let (state, changed) = &*self.0;
        *state.lock().unwrap_or_else(PoisonError::into_inner) = until;
        changed.notify_all();
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.off();
    }
}

fn watch((state, changed): &State, last_words: impl FnOnce() + Send + 'static) {
    let mut until = state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        until = match left {
            Some(Duration::ZERO) => break,
            Some(left) => {
                let woken = changed.wait_timeout(until, left);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
            None => changed.wait(until).unwrap_or_else(PoisonError::into_inner),
        };
    }
    let (said, saying) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        last_words();
        let _ = said.send(());
    });
    let _ = saying.recv_timeout(LAST_WORDS);
    sys::exit_now(exit::OK)
}
