//! Findings in words.

use gomend_fleet::finding::{Finding, Rule, Severity};
use gomend_fleet::policy::Problem;

use crate::lang::tr;

/// What a rule wants, in one line.
pub(crate) fn about(rule: Rule) -> String {
    match rule {
        Rule::ProxyEntry => tr!("GOPROXY has only entries that are allowed"),
        Rule::ProxyFirst => tr!("GOPROXY begins with the entry that is wanted"),
        Rule::ProxyLast => tr!("GOPROXY ends in the fallback that is wanted"),
        Rule::ProxyValue => tr!("GOPROXY is the list that is wanted"),
        Rule::Sumdb => tr!("GOSUMDB is a checksum database that is allowed"),
        Rule::Private => tr!("GOPRIVATE covers the private modules of go.mod"),
        Rule::Forbidden => tr!("no setting is made that the policy forbids"),
        Rule::Token => tr!("no URL holds a login"),
        Rule::TokenReference => tr!("no URL gets its login from a variable"),
        Rule::ReplaceLocal => tr!("no `replace` names a folder that others don't have"),
        Rule::GoMinimum => tr!("Go is as new as wanted"),
        Rule::GitMinimum => tr!("git is as new as wanted"),
        Rule::Toolchain => tr!("go.mod has the toolchain line that is wanted"),
        Rule::GoSum => tr!("go.sum has the lines of every module"),
        Rule::Host => tr!("modules and proxies come from hosts that are allowed"),
        Rule::Unread => tr!("every file that says something can be read"),
        Rule::WaiverExpired => tr!("no exception has outlived its last day"),
    }
}

/// What was found, in one sentence.
pub(crate) fn message(finding: &Finding) -> String {
    let of = |name: &str| finding.param(name).to_owned();
    match finding.rule {
        Rule::ProxyEntry => tr!(
            "GOPROXY has the entry `{value}`, which isn't allowed.",
            value = of("value")
        ),
        Rule::ProxyFirst => tr!(
            "GOPROXY is `{value}` and doesn't begin with `{wanted}`.",
            value = of("value"),
            wanted = of("wanted")
        ),
        Rule::ProxyLast => tr!(
            "GOPROXY is `{value}` and doesn't end in `{wanted}`.",
            value = of("value"),
            wanted = of("wanted")
        ),
        Rule::ProxyValue => tr!(
            "GOPROXY is `{value}`, and `{wanted}` is wanted.",
            value = of("value"),
            wanted = of("wanted")
        ),
        Rule::Sumdb => tr!(
            "GOSUMDB is `{value}`, and one of `{wanted}` is wanted.",
            value = of("value"),
            wanted = of("wanted")
        ),
        Rule::Private => tr!(
            "{module} is private, and GOPRIVATE is `{value}`: it doesn't cover it.",
            module = of("module"),
            value = of("value")
        ),
        Rule::Forbidden => tr!("`{setting}` is forbidden.", setting = of("setting")),
        Rule::Token => tr!("A URL of {host} holds a login.", host = of("host")),
        Rule::TokenReference => tr!(
            "A URL of {host} gets its login from a variable: it ends in logs and in git's configuration.",
            host = of("host")
        ),
        Rule::ReplaceLocal => tr!(
            "{module} is replaced by the folder `{folder}`.",
            module = of("module"),
            folder = of("folder")
        ),
        Rule::GoMinimum => tr!(
            "Go {version} is older than {wanted}.",
            version = of("version"),
            wanted = of("wanted")
        ),
        Rule::GitMinimum => tr!(
            "git {version} is older than {wanted}.",
            version = of("version"),
            wanted = of("wanted")
        ),
        Rule::Toolchain if of("found").is_empty() => tr!("go.mod has no toolchain line."),
        Rule::Toolchain => tr!(
            "The toolchain is `{found}`, and `{wanted}` is wanted.",
            found = of("found"),
            wanted = of("wanted")
        ),
        Rule::GoSum => tr!("go.sum lacks a line of {module}.", module = of("module")),
        Rule::Host => tr!(
            "{host} isn't an allowed host; {by} names it.",
            host = of("host"),
            by = of("by")
        ),
        Rule::Unread => tr!("This file was not read: {why}.", why = of("why")),
        Rule::WaiverExpired => tr!(
            "The exception from `{rule}` ended on {until}.",
            rule = of("rule"),
            until = of("until")
        ),
    }
}

/// What to do.
pub(crate) fn help(finding: &Finding) -> String {
    let of = |name: &str| finding.param(name).to_owned();
    match finding.rule {
        Rule::ProxyEntry | Rule::ProxyFirst | Rule::ProxyLast | Rule::ProxyValue | Rule::Sumdb => {
            tr!("Set it to what the policy names.")
        }
        Rule::Private => {
            tr!("Add its host or path to GOPRIVATE, so that no public proxy hears of it.")
        }
        Rule::Forbidden => tr!("Take it out; `gomend doctor` names the safe equivalent."),
        Rule::Token => tr!("Revoke it, and let a credential helper or netrc hold its successor."),
        Rule::TokenReference => tr!("Let a credential helper or netrc hold the login."),
        Rule::ReplaceLocal => tr!("Publish the module, or use a go.work that isn't committed."),
        Rule::GoMinimum => tr!("Raise it to {wanted} or newer.", wanted = of("wanted")),
        Rule::GitMinimum => tr!("Install git {wanted} or newer.", wanted = of("wanted")),
        Rule::Toolchain if of("wanted") == "any" => tr!("Write it with `go get toolchain@latest`."),
        Rule::Toolchain => tr!(
            "Write it with `go get toolchain@{wanted}`.",
            wanted = of("wanted")
        ),
        Rule::GoSum => tr!("Write it with `go mod tidy`, and commit go.sum."),
        Rule::Host => tr!("Use a host that the policy allows, or have it added there."),
        Rule::Unread => {
            tr!("Make it a regular file of a common size, or exclude it in the policy.")
        }
        Rule::WaiverExpired => tr!("Mend what it covered, or give it a new last day."),
    }
}

/// A severity.
pub(crate) fn severity(severity: Severity) -> String {
    match severity {
        Severity::Error => tr!("error"),
        Severity::Warning => tr!("warning"),
        Severity::Note => tr!("a finding's severity" => "note"),
    }
}

/// What is wrong with a policy.
pub(crate) fn wrong(wrong: &Problem) -> String {
    match wrong {
        Problem::Toml(said) => tr!("no policy: {said}", said),
        Problem::Form(found) => tr!("`version` is {found}, and this gomend knows 1", found),
        Problem::NoVersion(found) => tr!("`{found}` is no version", found),
        Problem::NoDay(found) => tr!("`{found}` is no day: YYYY-MM-DD", found),
    }
}
