//! JSON whose strings have all been through the mask: for whatever gomend prints or stores that
//! holds text from outside.

use std::cell::Cell;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::{defused, shown};

/// One object on one line.
pub fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(written(value, CompactFormatter)?.0)
}

/// One object, indented.
pub fn to_string_pretty(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(written(value, PrettyFormatter::new())?.0)
}

/// One object on one line, if the mask changes anything in it.
pub fn changed(value: &impl Serialize) -> serde_json::Result<Option<String>> {
    let (json, changed) = written(value, CompactFormatter)?;
    Ok(changed.then_some(json))
}

/// The JSON, and whether the mask has changed anything in it.
fn written(value: &impl Serialize, inner: impl Formatter) -> serde_json::Result<(String, bool)> {
    let mut json = Vec::new();
    let changed = Cell::new(false);
    let masked = Masked {
        inner,
        text: String::new(),
        changed: &changed,
    };
    value.serialize(&mut Serializer::with_formatter(&mut json, masked))?;
    let json = String::from_utf8(json).expect("JSON is UTF-8");
    Ok((json, changed.get()))
}

/// Holds a string back until it is whole.
struct Masked<'a, F> {
    inner: F,
    text: String,
    changed: &'a Cell<bool>,
}

/// Hands a method of [`Formatter`] on to the inner one.
macro_rules! handed_on {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W, $($argument: $type),*) -> io::Result<()> {
            self.inner.$name(writer, $($argument),*)
        })*
    };
}

impl<F: Formatter> Formatter for Masked<'_, F> {
    handed_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn begin_string<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.text.clear();
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.text.push_str(fragment);
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        _: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.text.push(match escape {
            CharEscape::Quote => '"',
            CharEscape::ReverseSolidus => '\\',
            CharEscape::Solidus => '/',
            CharEscape::Backspace => '\u{8}',
            CharEscape::FormFeed => '\u{c}',
            CharEscape::LineFeed => '\n',
            CharEscape::CarriageReturn => '\r',
            CharEscape::Tab => '\t',
            CharEscape::AsciiControl(byte) => char::from(byte),
        });
        Ok(())
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let shown = shown(&self.text, |end| end);
        let shown = defused(&shown);
        if *shown != self.text {
            self.changed.set(true);
        }
        Ok(serde_json::to_writer(writer, &*shown)?)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_masked_and_the_rest_is_json() {
        let value =
            serde_json::json!({"a": ["token=x\u{200b}y \"q\"\n\u{1b}[1m", 1, null], "b": {}});
        assert_eq!(
            super::to_string(&value).unwrap(),
            r#"{"a":["token=*** \"q\"\n",1,null],"b":{}}"#
        );
        let same = serde_json::json!({"a": ["x", {"b": "\\ \t"}], "c": []});
        assert_eq!(
            super::to_string_pretty(&same).unwrap(),
            serde_json::to_string_pretty(&same).unwrap()
        );
    }
}
