//! The shim's own words, in English and in Simplified Chinese.
//!
//! The shim has no crate, and so no catalogue as gomend has (`po/`): a table with all that it
//! ever says. It is only looked at when something is said; other programs' words (the system's
//! errors) stay as they are. Only the environment chooses: the shim reads no configuration file.

#![expect(
    clippy::doc_markdown,
    reason = "a line's documentation is the line itself"
)]

use crate::world::World;

/// One line, in both languages; each `{}` is filled in.
pub struct Words {
    english: &'static str,
    chinese: &'static str,
}

macro_rules! words {
    ($($name:ident: $english:literal, $chinese:literal;)+) => {
        $(#[doc = $english] pub const $name: Words = Words { english: $english, chinese: $chinese };)+

        #[cfg(test)]
        const ALL: &[Words] = &[$($name,)+];
    };
}

words! {
    PROGRAM_NOT_STARTED: "the program of `go run` can't be started: {}",
        "无法启动 `go run` 的程序：{}";
    CIRCLES: "PATH leads in circles: shims start each other and no real go was found (set GOMEND_GO to the go that you want)",
        "PATH 陷入循环：各个垫片互相启动，找不到真正的 go（请用 GOMEND_GO 指定要用的 go）";
    NOT_EXECUTED: "{} can't be executed: {}",
        "无法执行 {}：{}";
    BROKE_OFF: "the diagnosis broke off; go's own result above stands",
        "诊断中途中断；上面 go 自己的结果仍然有效";
    NAMED_BROKEN: "GOMEND_GO names {}, which can't be run: {}",
        "GOMEND_GO 指定的 {} 无法运行：{}";
    NAMED_LEADS_BACK: "GOMEND_GO names {}, which leads back to gomend; name a real go",
        "GOMEND_GO 指定的 {} 又指回 gomend；请指定真正的 go";
    PATH_EMPTY: "no go found: PATH is empty (install Go, or set GOMEND_GO)",
        "找不到 go：PATH 为空（请安装 Go，或设置 GOMEND_GO）";
    NOT_ON_PATH: "no go found besides gomend's own; looked in {} (install Go, or set GOMEND_GO)",
        "除了 gomend 自己的之外找不到 go；已查找 {}（请安装 Go，或设置 GOMEND_GO）";
    ONLY_LOOPS: "every go on PATH leads back to gomend; looked in {} (install Go, or set GOMEND_GO)",
        "PATH 中的每个 go 都指回 gomend；已查找 {}（请安装 Go，或设置 GOMEND_GO）";
}

impl Words {
    /// The line in the user's language, with the values put in.
    #[must_use]
    pub fn told(&self, world: &World, values: &[&[u8]]) -> Vec<u8> {
        let text = if world.speaks_chinese() {
            self.chinese
        } else {
            self.english
        };
        let mut line = Vec::new();
        let mut values = values.iter();
        for (at, part) in text.split("{}").enumerate() {
            if at > 0 {
                line.extend(values.next().copied().unwrap_or_default());
            }
            line.extend(part.as_bytes());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_filled_in_alike() {
        for Words { english, chinese } in ALL {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(chinese), "{english}");
            assert_eq!(
                english.matches('`').count(),
                chinese.matches('`').count(),
                "{english}"
            );
            assert!(!chinese.is_ascii(), "{english}");
        }
    }

    #[test]
    fn the_locale_chooses() {
        let told = |locale| {
            let world = World {
                args: Vec::new(),
                env: vec![locale],
            };
            let line = NOT_EXECUTED.told(&world, &[b"/a/go", b"why"]);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(told(c"LC_ALL=C.UTF-8"), "/a/go can't be executed: why");
        assert_eq!(told(c"LC_ALL=zh_CN.UTF-8"), "无法执行 /a/go：why");
    }
}
