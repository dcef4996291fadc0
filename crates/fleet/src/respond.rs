//! What is done about an alert: Alertmanager's webhook in, a playbook of the configuration out.
//!
//! In: bytes of anybody who can reach the receiver. Out: alerts with the playbook that their name and labels
//! choose, or a [`Refusal`]. What a playbook does stands in the configuration alone: nothing of an alert becomes a
//! host, a path or a setting. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The largest notification, bytes.
pub const LARGEST: usize = 256 << 10;
/// Alerts in one notification.
const MOST_ALERTS: usize = 64;
/// Seconds in which so many playbooks may run, as the configuration says.
const HOUR: i64 = 3600;

/// `[respond]` of the system's or the user's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Respond {
    /// The file with the token that a sender must know.
    pub token_file: Option<PathBuf>,
    /// Playbooks that may run within an hour.
    #[serde(default = "Respond::default_per_hour")]
    pub per_hour: u16,
    /// What is done, the first that matches.
    pub playbook: Vec<Playbook>,
}

impl Respond {
    const fn default_per_hour() -> u16 {
        6
    }

    /// The playbook for an alert.
    #[must_use]
    pub fn playbook_of(&self, alert: &Alert) -> Option<&Playbook> {
        let name = alert.name();
        self.playbook.iter().find(|playbook| {
            let label = |(key, value): (&String, &String)| alert.labels.get(key) == Some(value);
            Some(playbook.alert.as_str()) == name && playbook.labels.iter().all(label)
        })
    }
}

/// What is done about alerts of one name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Playbook {
    /// `alertname`.
    pub alert: String,
    /// Labels that must have these values.
    pub labels: BTreeMap<String, String>,
    /// What is done.
    pub act: Act,
}

/// What a playbook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Looks at these hosts, modules or URLs, and keeps what was seen.
    Doctor(Vec<String>),
    /// Compares these module proxies, and sets GOPROXY to the best; taken back when the alert is over.
    Switch(Proxies),
    /// Lets these module proxies fetch these modules.
    Warm(Proxies),
    /// Keeps the last diagnosis as a ticket.
    Report,
}

impl Act {
    /// As the configuration calls it.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Doctor(_) => "doctor",
            Self::Switch(_) => "switch",
            Self::Warm(_) => "warm",
            Self::Report => "report",
        }
    }
}

/// Module proxies, and modules that they must have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxies {
    /// URLs without a login.
    pub proxies: Vec<String>,
    /// `path@version`; they are compared by the first.
    pub modules: Vec<String>,
}

/// A playbook as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    alert: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    doctor: Option<Vec<String>>,
    switch: Option<Proxies>,
    warm: Option<Proxies>,
    report: Option<bool>,
}

impl TryFrom<Written> for Playbook {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let acts = [
            written.doctor.map(Act::Doctor),
            written.switch.map(Act::Switch),
            written.warm.map(Act::Warm),
            written.report.filter(|&wanted| wanted).map(|_| Act::Report),
        ];
        let mut acts = acts.into_iter().flatten();
        let (Some(act), None) = (acts.next(), acts.next()) else {
            return Err("a playbook has one of `doctor`, `switch`, `warm` and `report`".to_owned());
        };
        match &act {
            Act::Doctor(targets) if targets.is_empty() => {
                return Err("`doctor` names nothing".to_owned());
            }
            Act::Switch(named) | Act::Warm(named) => named.check()?,
            Act::Doctor(_) | Act::Report => {}
        }
        Ok(Self {
            alert: written.alert,
            labels: written.labels,
            act,
        })
    }
}

impl Proxies {
    fn check(&self) -> Result<(), String> {
        let is_proxy = |url: &str| {
            let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
            let odd =
                |sign: char| sign.is_whitespace() || sign.is_control() || "@,|\"'\\".contains(sign);
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(odd))
        };
        if let Some(bad) = self.proxies.iter().find(|url| !is_proxy(url)) {
            return Err(format!(
                "`{bad}` is no URL of a module proxy, or has a login"
            ));
        }
        let is_module = |name: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/+!".contains(&byte);
            name.split_once('@').is_some_and(|(path, version)| {
                let good = |part: &str| {
                    !part.is_empty() && !part.starts_with('-') && part.bytes().all(plain)
                };
                good(path) && good(version) && !name.contains("..")
            })
        };
        if let Some(bad) = self.modules.iter().find(|name| !is_module(name)) {
            return Err(format!("`{bad}` is no `path@version`"));
        }
        if self.proxies.is_empty() || self.modules.is_empty() {
            return Err("`proxies` and `modules` must name at least one".to_owned());
        }
        Ok(())
    }
}

/// Whether an alert goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does.
    Firing,
    /// It is over.
    Resolved,
}

/// One alert of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Alert {
    /// Whether it goes on.
    pub status: Status,
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// Alertmanager's hash of the labels.
    pub fingerprint: String,
}

impl Alert {
    /// `alertname`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.labels.get("alertname").map(String::as_str)
    }
}

/// Why nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is larger than [`LARGEST`].
    TooLarge,
    /// It is not what Alertmanager sends.
    NotANotification,
    /// It has more alerts than anybody would answer.
    TooMany,
    /// A fingerprint is none.
    Fingerprint,
}

/// Alertmanager's notification (version 4).
///
/// # Errors
/// Why it is refused as a whole.
pub fn alerts(bytes: &[u8]) -> Result<Vec<Alert>, Refusal> {
    #[derive(Deserialize)]
    struct Notification {
        version: String,
        alerts: Vec<Alert>,
    }
    if bytes.len() > LARGEST {
        return Err(Refusal::TooLarge);
    }
    let read: Notification =
        serde_json::from_slice(bytes).map_err(|_| Refusal::NotANotification)?;
    if read.version != "4" {
        return Err(Refusal::NotANotification);
    }
    if read.alerts.len() > MOST_ALERTS {
        return Err(Refusal::TooMany);
    }
    let is_hash = |text: &str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if read.alerts.iter().all(|alert| is_hash(&alert.fingerprint)) {
        Ok(read.alerts)
    } else {
        Err(Refusal::Fingerprint)
    }
}

/// How many playbooks ran within the last hour, and what was answered and is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Open {
    /// When each ran, Unix time.
    ran: VecDeque<i64>,
    /// Alerts that were answered, by fingerprint: the journal's entry, where one was made.
    answered: BTreeMap<String, Option<String>>,
}

impl Open {
    /// Whether one more may run now; if so it is counted.
    pub fn may_run(&mut self, per_hour: u16, now: i64) -> bool {
        self.ran.retain(|then| (0..HOUR).contains(&(now - then)));
        let may = self.ran.len() < usize::from(per_hour);
        if may {
            self.ran.push_back(now);
        }
        may
    }

    /// Whether this alert was answered already.
    #[must_use]
    pub fn is_answered(&self, alert: &Alert) -> bool {
        self.answered.contains_key(&alert.fingerprint)
    }

    /// It is answered now; the oldest by name is forgotten where there are too many.
    pub fn answer(&mut self, alert: &Alert, entry: Option<String>) {
        self.answered.insert(alert.fingerprint.clone(), entry);
        while self.answered.len() > MOST_ALERTS {
            // one without a change to take back, if there is one
            let idle = self.answered.iter().find(|(_, entry)| entry.is_none());
            let Some(key) = idle
                .or(self.answered.iter().next())
                .map(|(key, _)| key.clone())
            else {
                return;
            };
            self.answered.remove(&key);
        }
    }

    /// The journal's entry to take back, now that it is over. `None`: it was never answered.
    #[must_use]
    pub fn entry(&self, alert: &Alert) -> Option<Option<String>> {
        self.answered.get(&alert.fingerprint).cloned()
    }

    /// It is over, and nothing is left to take back.
    pub fn resolve(&mut self, alert: &Alert) {
        self.answered.remove(&alert.fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Respond, toml::de::Error> {
        toml::from_str(text)
    }

    fn notification(alerts: &str) -> String {
        format!("{{\"version\":\"4\",\"status\":\"firing\",\"extra\":1,\"alerts\":[{alerts}]}}")
    }

    fn alert(name: &str, role: &str) -> Alert {
        let labels = format!("{{\"alertname\":\"{name}\",\"role\":\"{role}\"}}");
        let one = format!(
            "{{\"status\":\"firing\",\"labels\":{labels},\"fingerprint\":\"ab12\",\"startsAt\":\"x\"}}"
        );
        alerts(notification(&one).as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn the_first_playbook_whose_labels_fit() {
        let respond = settings(
            "[[playbook]]\nalert = \"A\"\nlabels = { role = \"goproxy\" }\nreport = true\n\
             [[playbook]]\nalert = \"A\"\ndoctor = [\"x.example\"]\n\
             [[playbook]]\nalert = \"B\"\n[playbook.switch]\nproxies = [\"https://a.example\"]\nmodules = [\"m.example/x@v1.0.0\"]\n",
        )
        .unwrap();
        let act = |name, role| {
            respond
                .playbook_of(&alert(name, role))
                .map(|one| one.act.id())
        };
        assert_eq!(act("A", "goproxy"), Some("report"));
        assert_eq!(act("A", "sumdb"), Some("doctor"));
        assert_eq!(act("B", ""), Some("switch"));
        assert_eq!(act("../../etc/passwd", ""), None);
        assert_eq!(act("a", "goproxy"), None);
        assert_eq!(respond.per_hour, 6);
    }

    #[test]
    fn a_playbook_does_one_thing_and_names_no_login() {
        for bad in [
            "",
            "report = true\ndoctor = [\"x\"]",
            "doctor = []",
            "report = false",
            "run = \"rm -rf /\"",
            "switch = { proxies = [\"https://u:p@a.example\"], modules = [\"m.example/x@v1.0.0\"] }",
            "switch = { proxies = [\"direct\"], modules = [\"m.example/x@v1.0.0\"] }",
            "switch = { proxies = [\"https://a.example,off\"], modules = [\"m.example/x@v1.0.0\"] }",
            "switch = { proxies = [], modules = [\"m.example/x@v1.0.0\"] }",
            "warm = { proxies = [\"https://a.example\"], modules = [\"m.example/x\"] }",
            "warm = { proxies = [\"https://a.example\"], modules = [\"../x@v1\"] }",
            "warm = { proxies = [\"https://a.example\"], modules = [\"-x@v1\"] }",
        ] {
            assert!(
                settings(&format!("[[playbook]]\nalert = \"A\"\n{bad}\n")).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn hostile_notifications() {
        let one = |fingerprint: &str| {
            format!("{{\"status\":\"firing\",\"labels\":{{}},\"fingerprint\":\"{fingerprint}\"}}")
        };
        assert!(alerts(notification(&one("0f")).as_bytes()).is_ok());
        let many = vec![one("0f"); 65].join(",");
        for (bytes, why) in [
            (notification(&one("../../x")), Refusal::Fingerprint),
            (notification(&one("")), Refusal::Fingerprint),
            (notification(&many), Refusal::TooMany),
            ("[".repeat(100_000), Refusal::NotANotification),
            (" ".repeat(LARGEST + 1), Refusal::TooLarge),
            (
                "{\"version\":\"3\",\"alerts\":[]}".to_owned(),
                Refusal::NotANotification,
            ),
            (String::new(), Refusal::NotANotification),
        ] {
            assert_eq!(alerts(bytes.as_bytes()), Err(why));
        }
    }

    #[test]
    fn so_many_an_hour() {
        let mut open = Open::default();
        assert!(open.may_run(2, 0) && open.may_run(2, 10) && !open.may_run(2, 20));
        assert!(open.may_run(2, HOUR));
        assert!(!Open::default().may_run(0, 0));
    }

    #[test]
    fn an_alert_is_answered_once_and_over_once() {
        let (mut open, alert) = (Open::default(), alert("A", ""));
        assert!(!open.is_answered(&alert));
        open.answer(&alert, Some("0007".to_owned()));
        assert!(open.is_answered(&alert));
        assert_eq!(open.entry(&alert), Some(Some("0007".to_owned())));
        open.resolve(&alert);
        assert_eq!(open.entry(&alert), None);
    }
}
