//! A host's part in a fetch, as lists and the doctor call it.

use crate::lang::tr;

/// The words for the id of a part; the id itself where nobody knows it.
pub(crate) fn role(id: &str) -> String {
    match id {
        "goproxy" => tr!("role" => "module proxy"),
        "sumdb" => tr!("role" => "checksum database"),
        "vcs-https" => tr!("role" => "git over https"),
        "vcs-ssh" => tr!("role" => "git over ssh"),
        "vcs-git" => tr!("role" => "git protocol"),
        "import-meta" => tr!("role" => "import path page"),
        "toolchain" => tr!("role" => "toolchain"),
        "http-proxy" => tr!("role" => "HTTP proxy"),
        "host" => tr!("role" => "host"),
        "redirect" => tr!("role" => "sent on to"),
        other => other.to_owned(),
    }
}
