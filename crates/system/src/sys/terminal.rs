//! The settings of the terminal on standard input, changed while somebody is asked, and put back
//! whatever ends the question.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// What is to be put back.
static FORMER: Mutex<Option<Termios>> = Mutex::new(None);

/// Puts the settings back as it is dropped. There is one at a time.
#[derive(Debug)]
pub struct Kept(());

impl Kept {
    /// Notes the settings as they are, and makes them what `change` says.
    pub fn changed(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let former = tcgetattr(io::stdin())?;
        let mut now = former.clone();
        change(&mut now);
        *FORMER.lock().unwrap_or_else(PoisonError::into_inner) = Some(former);
        let kept = Self(());
        tcsetattr(io::stdin(), OptionalActions::Now, &now)?;
        Ok(kept)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        put_back();
    }
}

/// Puts back what was changed, if anything was: for whoever ends this process from another thread.
pub fn put_back() {
    let former = FORMER.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(former) = former {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &former); // a terminal that is gone needs nothing
    }
}
