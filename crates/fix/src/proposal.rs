//! A proposal: what would be done about a verdict, why, with which risk, and what somebody has to agree to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::Spot;
use crate::lang::{Lang, Text};
use crate::{Change, Consent, Consequence, Line};

/// How much can go wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Narrow and undone in one step.
    Low,
    /// Changes how more than this module is fetched.
    Medium,
    /// Whom or what this machine trusts changes, or data may be lost.
    High,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Files of this user.
    User,
    /// Files of the project that go ran in.
    Project,
    /// This machine, for all users.
    System,
    /// Nothing that gomend can write: a server, another person, a CI system.
    Manual,
}

/// What a proposal needs before it can be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// A password or token, asked for without echo.
    Secret,
    /// The person compares a fingerprint with one from another source.
    Fingerprint,
    /// Another user's rights.
    Root,
    /// The person agrees to trust somebody else (a mirror, a project's wish).
    Consent,
}

/// How a proposal changes the way that the failing step goes: trials depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Not at all, or by settings that are looked at themselves.
    #[default]
    Same,
    /// Another module proxy is asked.
    Mirror,
    /// Another protocol than the one that refused a login: that login isn't sent.
    OtherProtocol,
    /// To the address that go itself has for the module, which git rewrote.
    OwnAddress,
}

/// Which proposals one belongs with, as far as something hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Nothing does.
    #[default]
    Other,
    /// Text for a CI job or an image: what is set on a person's machine doesn't reach those.
    Job,
    /// An entry of git's settings, taken out alone.
    GitSetting,
    /// A line of ssh's configuration, taken out alone.
    SshSetting,
}

/// Stands between the ids of two proposals that are tried as one.
pub(crate) const JOINT: &str = "-and-";

/// A file that a proposal changes, as a unified diff without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The file, `~` for the home directory.
    pub file: String,
    /// Removed and added lines with their `-`, `+` and context.
    pub diff: String,
}

/// One thing that can be done. An entry of the report's `fixes`.
//
// Planned and stored, its texts are in no language; as it is given away they are words
// (`Proposal::worded`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Proposal")]
pub struct Proposal<T = Text, L = Line> {
    /// Stable, kebab-case; unique within a report.
    pub id: String,
    /// What is done, in one line.
    pub title: T,
    /// Why it helps, in one or two sentences.
    pub why: T,
    /// `true`: the failing step succeeded with exactly this change. `false`: it was tried and
    /// still failed. `null`: not tried, or [`further`](Self::further).
    pub verified: Option<bool>,
    /// It was tried, what failed before passes with it, and the step fails at something behind that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub further: bool,
    /// How it was tried, or why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<T>,
    /// What trying it would do beyond the failed run: it is tried after a person has agreed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Consent>,
    /// How much can go wrong.
    pub risk: Risk,
    /// What is changed.
    pub scope: Scope,
    /// Command lines that do the same by hand, quoted for a POSIX shell. A line that starts
    /// with `#` explains.
    pub commands: Vec<L>,
    /// The files that are changed.
    pub edits: Vec<Edit>,
    /// What it needs first.
    pub needs: Vec<Need>,
    /// What it gives up of names, verification and policy, computed from the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gives_up: Vec<Consequence>,
    /// What gomend writes when it is applied; empty: text only.
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// Go's settings as they are afterwards, by whatever change or person; `None`: unset.
    #[serde(skip)]
    pub settings: Vec<(String, Option<String>)>,
    /// How it changes the way of the failing step.
    #[serde(skip)]
    pub way: Way,
    /// Which proposals it belongs with.
    #[serde(skip)]
    pub family: Family,
    /// Two proposals in one.
    #[serde(skip)]
    pub joint: bool,
    /// `--yes` agrees to all that trying it [asks](Self::asks).
    #[serde(skip)]
    pub by_yes: bool,
}

impl Proposal {
    /// A proposal for this user's own files, of low risk, that has not been tried.
    #[must_use]
    pub fn new(id: &str, title: impl Into<Text>, why: impl Into<Text>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.into(),
            why: why.into(),
            verified: None,
            further: false,
            tried: None,
            asks: Vec::new(),
            risk: Risk::Low,
            scope: Scope::User,
            commands: Vec::new(),
            edits: Vec::new(),
            needs: Vec::new(),
            gives_up: Vec::new(),
            changes: Vec::new(),
            settings: Vec::new(),
            way: Way::Same,
            family: Family::Other,
            joint: false,
            by_yes: false,
        }
    }

    /// Advice: nothing that gomend could write.
    #[must_use]
    pub fn advice(id: &str, title: impl Into<Text>, why: impl Into<Text>) -> Self {
        Self::new(id, title, why).scope(Scope::Manual)
    }

    /// Text for whoever describes a CI job or an image.
    #[must_use]
    pub(crate) fn for_job(id: &str, title: impl Into<Text>, why: impl Into<Text>) -> Self {
        Self::advice(id, title, why).family(Family::Job)
    }

    /// As one of this family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Whether an id is this proposal's, or one that it becomes together with another.
    #[must_use]
    pub fn leads_to(&self, id: &str) -> bool {
        id.strip_prefix(&*self.id)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(JOINT))
    }

    /// With this risk.
    #[must_use]
    pub fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }

    /// With this scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// With one more command line.
    #[must_use]
    pub fn command(mut self, line: impl Into<Line>) -> Self {
        self.commands.push(line.into());
        self
    }

    /// With these command lines, one per line of `text`.
    #[must_use]
    pub fn snippet(mut self, text: &str) -> Self {
        self.commands.extend(text.lines().map(Line::from));
        self
    }

    /// With something that it needs first.
    #[must_use]
    pub fn need(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// With another way for the failing step.
    #[must_use]
    pub fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// With a setting of Go's that holds afterwards; `None`: unset.
    #[must_use]
    pub fn setting(mut self, key: &str, value: Option<&str>) -> Self {
        self.settings
            .push((key.to_owned(), value.map(str::to_owned)));
        self
    }

    /// With a change that gomend can write.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// With a line edited, also where it was already.
    pub(crate) fn line(mut self, spot: Spot, edit: impl Fn(&str) -> String) -> Self {
        let mut changes = self.changes.iter_mut();
        let edited = changes.find_map(|change| match change {
            Change::Line {
                file,
                number,
                new: Some(new),
                ..
            } if *file == spot.file && *number == spot.number => Some(new),
            _ => None,
        });
        if let Some(new) = edited {
            *new = edit(new);
            return self;
        }
        let new = edit(&spot.line);
        self.change(spot.becomes(Some(new)))
    }

    /// The same in words, without what is written when it is applied.
    #[must_use]
    pub fn worded(&self, lang: Lang) -> Proposal<String, String> {
        Proposal {
            id: self.id.clone(),
            title: self.title.render(lang),
            why: self.why.render(lang),
            verified: self.verified,
            further: self.further,
            tried: self.tried.as_ref().map(|tried| tried.render(lang)),
            asks: self.asks.clone(),
            risk: self.risk,
            scope: self.scope,
            commands: self.commands.iter().map(|line| line.render(lang)).collect(),
            edits: self.edits.clone(),
            needs: self.needs.clone(),
            gives_up: self.gives_up.clone(),
            changes: Vec::new(),
            settings: Vec::new(),
            way: self.way,
            family: self.family,
            joint: self.joint,
            by_yes: false,
        }
    }

    /// Whether verification, a policy or a private name is given up.
    #[must_use]
    pub(crate) fn weakens(&self) -> bool {
        self.gives_up.iter().any(Consequence::weakens)
    }

    /// Whether one of its changes is such a one.
    pub(crate) fn makes(&self, is: impl FnMut(&Change) -> bool) -> bool {
        self.changes.iter().any(is)
    }

    /// Whether gomend can carry it out.
    #[must_use]
    pub fn applies(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether it may be tried with nobody there to agree.
    #[must_use]
    pub fn may_be_tried(&self) -> bool {
        self.applies() && self.asks.is_empty()
    }

    /// Whether it may be applied with nobody there to agree: proven, reversible, neither
    /// secrets nor trust are touched, and nothing is weakened.
    #[must_use]
    pub fn unattended(&self) -> bool {
        self.verified == Some(true)
            && (self.may_be_tried() || self.by_yes)
            && self.needs.is_empty()
            && self.risk != Risk::High
            && !self.weakens()
    }
}
