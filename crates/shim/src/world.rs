//! What a process is given: arguments and environment, as raw bytes, in order.
//!
//! One value, made by `main` and passed in, so that nothing below reads global
//! state and a test can make a world of its own.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// Arguments and environment of this process.
#[derive(Clone)]
pub struct World {
    /// `argv`, including `argv[0]`.
    pub args: Vec<&'static CStr>,
    /// `NAME=value` entries, as the kernel passed them: duplicates and odd entries included.
    pub env: Vec<&'static CStr>,
}

impl World {
    /// The value of an environment variable; the first entry wins, as in libc.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&'static OsStr> {
        let value = self
            .env
            .iter()
            .find_map(|entry| value_of(entry, name.as_bytes()))?;
        Some(OsStr::from_bytes(value))
    }

    /// As [`World::var`], but an empty value counts as none.
    #[must_use]
    pub fn set_var(&self, name: &str) -> Option<&'static OsStr> {
        self.var(name).filter(|value| !value.is_empty())
    }

    /// Whether the locale's characters are UTF-8 (locale(7): `LC_ALL`, `LC_CTYPE`, `LANG`).
    #[must_use]
    pub fn locale_is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| self.set_var(name));
        locale.is_some_and(|locale| {
            let name = locale.to_string_lossy().to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        })
    }

    /// Whether to speak Simplified Chinese: `GOMEND_LANG`, else the locale (locale(7): `LC_ALL`,
    /// `LC_MESSAGES`, `LANG`). A Chinese locale in another encoding than UTF-8 gets English, which
    /// every terminal shows.
    #[must_use]
    pub fn speaks_chinese(&self) -> bool {
        let asked = self.set_var("GOMEND_LANG").and_then(is_chinese);
        asked.unwrap_or_else(|| {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| self.set_var(name));
            locale.and_then(is_chinese) == Some(true) && self.locale_is_utf8()
        })
    }

    /// The environment with `NAME` set to the value in `entry` (`NAME=value`), in its old place or at the end.
    #[must_use]
    pub fn env_with(&self, entries: &[&'static CStr]) -> Vec<&'static CStr> {
        let mut env = self.env.clone();
        for &entry in entries {
            let name = name_of(entry);
            match env.iter_mut().find(|old| value_of(old, name).is_some()) {
                Some(old) => *old = entry,
                None => env.push(entry),
            }
        }
        env
    }
}

/// A C string that lives as long as the process; `bytes` end at their first NUL.
#[must_use]
pub fn leak(bytes: &[u8]) -> &'static CStr {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    let owned = CString::new(&bytes[..end]).unwrap_or_default();
    Box::leak(owned.into_boxed_c_str())
}

/// Whether a name like `zh`, `zh_CN.UTF-8`, `zh-Hans` or `en` means Simplified Chinese; `None`:
/// a language that gomend doesn't speak.
fn is_chinese(name: &OsStr) -> Option<bool> {
    let name = name.to_str()?.to_ascii_lowercase().replace('-', "_");
    let tag = name.split(['.', '@']).next().unwrap_or_default();
    match tag {
        "zh" | "zh_cn" | "zh_sg" | "zh_my" => Some(true),
        "en" | "c" | "posix" => Some(false),
        _ if tag.starts_with("zh_hans") => Some(true),
        _ if tag.starts_with("en_") => Some(false),
        _ => None,
    }
}

fn value_of(entry: &'static CStr, name: &[u8]) -> Option<&'static [u8]> {
    entry.to_bytes().strip_prefix(name)?.strip_prefix(b"=")
}

fn name_of(entry: &'static CStr) -> &'static [u8] {
    let bytes = entry.to_bytes();
    &bytes[..bytes
        .iter()
        .position(|&byte| byte == b'=')
        .unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_names() {
        let named = |name: &str| is_chinese(OsStr::new(name));
        for name in ["zh", "zh_CN.UTF-8", "zh-CN", "zh_Hans_CN", "ZH_SG@pinyin"] {
            assert_eq!(named(name), Some(true), "{name}");
        }
        for name in ["en", "en_GB.UTF-8", "C", "C.UTF-8", "POSIX"] {
            assert_eq!(named(name), Some(false), "{name}");
        }
        for name in ["zh_TW.UTF-8", "zh-Hant", "de_DE.UTF-8", ""] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn the_more_particular_variable_decides() {
        let speaks = |env: &[&'static CStr]| {
            let (args, env) = (Vec::new(), env.to_vec());
            World { args, env }.speaks_chinese()
        };
        assert!(speaks(&[c"LANG=zh_CN.UTF-8"]));
        assert!(speaks(&[c"LC_ALL=", c"LANG=zh_CN.utf8"]));
        assert!(speaks(&[c"LANG=en_US.UTF-8", c"LC_MESSAGES=zh_CN.UTF-8"]));
        assert!(speaks(&[c"LC_ALL=C", c"GOMEND_LANG=zh"]));
        assert!(!speaks(&[c"LC_ALL=C.UTF-8", c"LANG=zh_CN.UTF-8"]));
        assert!(!speaks(&[c"LC_ALL=zh_CN.UTF-8", c"GOMEND_LANG=en"]));
        assert!(!speaks(&[c"LC_ALL=zh_CN.GBK"]));
        assert!(!speaks(&[]));
    }
}
