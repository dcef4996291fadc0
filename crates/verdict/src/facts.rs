//! The observations, by what they are about.

use crate::Basis;
use crate::evidence::{Finding, Role, Target};
use crate::probe::{
    Id, Observation, Seen, Stack, dns, git, goenv, http, local, netrc, proxy, ssh, sums, tcp, tls,
};

/// What was seen, and of what.
pub(super) struct Facts<'a> {
    pub(super) finding: &'a Finding,
    /// The counterpart: as the text names it, after `insteadOf`.
    pub(super) target: Target,
    pub(super) all: &'a [Observation],
    /// The stack that failed; where the text does not say, Go's unless only git's fails.
    pub(super) stack: Stack,
}

macro_rules! of_stack {
    ($($name:ident, $type:ty;)+) => {
        $(pub(super) fn $name(&self, stack: Stack) -> Option<&'a $type> {
            let mut own = self.all.iter().filter(|one| one.stack == stack);
            own.find_map(|one| one.seen.$name())
        })+
    };
}

impl<'a> Facts<'a> {
    of_stack! {
        dns, dns::Lookup;
        tcp, tcp::Reach;
        tls, tls::Handshake;
        http, http::Reply;
        proxy, proxy::Choice;
        git, git::Remote;
        ssh, ssh::Session;
        goenv, goenv::Settings;
        netrc, netrc::Entries;
        clock, http::Clock;
        local, local::Places;
        control, tcp::Control;
        sums, sums::Sums;
    }

    /// The other stack.
    pub(super) fn other(&self) -> Stack {
        if self.stack == Stack::Git {
            Stack::Go
        } else {
            Stack::Git
        }
    }

    /// The host that go or git wanted to reach, empty if unknown: the target's, unless that is the HTTP proxy.
    pub(super) fn host(&self) -> &str {
        if self.finding.target.role != Role::HttpProxy {
            return self.target.host.as_deref().unwrap_or_default();
        }
        let observed = self
            .all
            .iter()
            .find(|observation| observation.id() == Id::Proxy);
        observed
            .and_then(|observation| observation.target.rsplit_once(':'))
            .map_or("", |(host, _)| host)
    }

    /// The same, if it is known.
    pub(super) fn wanted(&self) -> Option<String> {
        Some(self.host().to_owned()).filter(|host| !host.is_empty())
    }

    /// The stack that failed goes through an HTTP proxy.
    pub(super) fn is_proxied(&self) -> bool {
        self.proxy(self.stack)
            .is_some_and(|choice| choice.proxy.is_some())
    }

    /// What a verdict on these probes rests on.
    pub(super) fn basis(&self, ids: &[(Id, Stack)]) -> Vec<Basis> {
        let seen = |&(id, stack): &(Id, Stack)| {
            let found = self.all.iter().find(|observation| {
                observation.id() == id
                    && observation.stack == stack
                    && !matches!(observation.seen, Seen::Nothing(..))
            });
            found.map(Basis::seen)
        };
        ids.iter().filter_map(seen).collect()
    }
}
