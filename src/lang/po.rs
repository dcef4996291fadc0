//! A catalogue of translations, in gettext's PO format (GNU gettext manual, "The Format of PO
//! Files").
//!
//! In: the text of a PO file, as our own test writes it. Out: a translator. Comments, flags and
//! the header are passed over; obsolete entries (`#~`) are comments here. Of plurals the first
//! form is taken, for languages that have one only.

use std::borrow::Cow;
use std::collections::HashMap;

/// Texts by their keys.
pub(super) struct Catalogue {
    /// The English text, behind its context and U+0004 if it has one, as MO files spell it.
    texts: HashMap<Cow<'static, str>, Cow<'static, str>>,
}

impl Catalogue {
    /// Reads a PO file. What has no translation is left out.
    pub(super) fn read(po: &'static str) -> Self {
        let mut texts = HashMap::new();
        let mut entry = Entry::default();
        for line in po.lines() {
            let Some(quote) = line.find('"').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let (keyword, quoted) = (line[..quote].trim_end(), line[quote..].trim());
            let value = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .unwrap_or_default();
            if matches!(keyword, "msgctxt" | "msgid") && entry.has_text {
                entry.file_in(&mut texts);
            }
            entry.take(keyword, unescaped(value));
        }
        entry.file_in(&mut texts);
        Self { texts }
    }

    fn text(&self, key: &str, context: Option<&str>) -> Option<&str> {
        let text = match context {
            Some(context) => self.texts.get(with_context(context, key).as_str()),
            None => self.texts.get(key),
        };
        text.map(AsRef::as_ref)
    }
}

impl tr::Translator for Catalogue {
    fn translate<'a>(&'a self, text: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        self.text(text, context).unwrap_or(text).into()
    }

    fn ntranslate<'a>(
        &'a self,
        n: u64,
        singular: &'a str,
        plural: &'a str,
        context: Option<&'a str>,
    ) -> Cow<'a, str> {
        let english = if n == 1 { singular } else { plural };
        self.text(singular, context).unwrap_or(english).into()
    }
}

fn with_context(context: &str, key: &str) -> String {
    format!("{context}\u{4}{key}")
}

/// An entry while it is read.
#[derive(Default)]
struct Entry {
    context: Option<Cow<'static, str>>,
    key: Cow<'static, str>,
    text: Cow<'static, str>,
    has_text: bool,
    /// What a line without a keyword goes on with.
    part: Part,
}

#[derive(Default, Clone, Copy)]
enum Part {
    Context,
    Key,
    Text,
    /// A plural, which no key is made of, or a form of it that is never taken.
    #[default]
    Other,
}

impl Entry {
    fn take(&mut self, keyword: &str, value: Cow<'static, str>) {
        self.part = match keyword {
            "" => self.part,
            "msgctxt" => Part::Context,
            "msgid" => Part::Key,
            "msgstr" | "msgstr[0]" => Part::Text,
            _ => Part::Other,
        };
        let place = match self.part {
            Part::Context => self.context.get_or_insert_default(),
            Part::Key => &mut self.key,
            Part::Text => {
                self.has_text = true;
                &mut self.text
            }
            Part::Other => return,
        };
        if place.is_empty() {
            *place = value;
        } else {
            place.to_mut().push_str(&value);
        }
    }

    /// Puts a finished entry away; the next one begins.
    fn file_in(&mut self, texts: &mut HashMap<Cow<'static, str>, Cow<'static, str>>) {
        let done = std::mem::take(self);
        if done.key.is_empty() || done.text.is_empty() {
            return; // the header, or not translated yet
        }
        let key = match done.context {
            Some(context) => with_context(&context, &done.key).into(),
            None => done.key,
        };
        texts.insert(key, done.text);
    }
}

/// A value without its escapes, those of C.
fn unescaped(value: &'static str) -> Cow<'static, str> {
    if !value.contains('\\') {
        return value.into();
    }
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            _ => text.push(letter),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use tr::Translator as _;

    use super::*;

    #[test]
    fn every_form_of_entry_is_read() {
        let catalogue = Catalogue::read(
            r#"# A comment with "quotes".
msgid ""
msgstr ""
"Language: zh_CN\n"

#: src/a.rs
msgid "a \"b\"\n"
msgstr "甲 \"乙\"\n"

msgctxt "verb"
msgid "open"
msgstr "打开"

msgid "open"
msgstr "开着"

msgid "one file"
msgid_plural "{n} files"
msgstr[0] "{n} 个文件"

msgid ""
"long "
"text"
msgstr ""
"长"
"文"

msgid "nobody's"
msgstr ""

#~ msgid "gone"
#~ msgstr "没了"
"#,
        );
        assert_eq!(catalogue.translate("a \"b\"\n", None), "甲 \"乙\"\n");
        assert_eq!(catalogue.translate("open", Some("verb")), "打开");
        assert_eq!(catalogue.translate("open", None), "开着");
        assert_eq!(catalogue.translate("long text", None), "长文");
        for n in [0, 1, 2] {
            let files = catalogue.ntranslate(n, "one file", "{n} files", None);
            assert_eq!(files, "{n} 个文件");
        }
        for missing in ["", "nobody's", "gone", "never heard of"] {
            assert_eq!(catalogue.translate(missing, None), missing);
        }
        assert_eq!(catalogue.ntranslate(2, "x", "{n} xs", None), "{n} xs");
        assert_eq!(catalogue.texts.len(), 5);
    }

    #[test]
    fn anything_may_stand_in_a_file() {
        for po in [
            "",
            "\"",
            "msgid",
            "msgid \"",
            "msgstr \"x",
            "\"\\\"",
            "msgid \"a\"\nmsgstr \"\\",
        ] {
            Catalogue::read(po);
        }
    }
}
