//! The catalogue of translations against the sources: nothing missing, nothing stale, nothing
//! that names what the English text doesn't. `GOMEND_BLESS=1` writes the catalogue anew: what is
//! missing gets an empty translation, what is stale goes, the order is that of the sources.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use gomend::cause::Cause;
use gomend::supervise::handover::MALFORMED;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

const CATALOGUE: &str = "po/zh_CN.po";

/// A text that the sources hand over to be translated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Text {
    context: Option<String>,
    singular: String,
    plural: Option<String>,
}

/// Where a text stands, and what it may name.
struct Use {
    file: String,
    text: Text,
    /// `None`: filled in elsewhere.
    names: Option<BTreeSet<String>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text of the sources, in their order, the first use of each.
fn texts() -> Vec<Use> {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    for folder in ["src", "crates/core/src", "crates/rules/src"] {
        rust_files(&root().join(folder), &mut files);
    }
    files.sort();
    let mut uses = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let stream = TokenStream::from_str(&source).unwrap_or_else(|error| {
            panic!("{}: {error}", file.display());
        });
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        collect(stream, &name, &mut uses);
        uses.extend(tables(&name).into_iter().map(|text| Use {
            file: name.clone(),
            text,
            names: None,
        }));
    }
    uses
}

/// Texts that no macro marks, because the table they stand in is a macro's own.
fn tables(file: &str) -> Vec<Text> {
    let texts = match file {
        "crates/core/src/cause.rs" => Cause::ALL.iter().map(|cause| cause.title()).collect(),
        "crates/shim/src/supervise/handover.rs" => vec![MALFORMED.to_owned()],
        "src/cli.rs" => gomend::help_texts(),
        _ => Vec::new(),
    };
    texts.iter().map(|text| plain(text)).collect()
}

fn plain(text: &str) -> Text {
    Text {
        context: None,
        singular: text.to_owned(),
        plural: None,
    }
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Finds `tr!(...)`, `msg!(...)`, `text!(...)` and the tables of `texts!`, also within other macros.
fn collect(stream: TokenStream, file: &str, into: &mut Vec<Use>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        collect(group.stream(), file, into);
        let name = match tokens[..at] {
            [.., TokenTree::Ident(ref name), TokenTree::Punct(ref bang)]
                if bang.as_char() == '!' =>
            {
                name.to_string()
            }
            _ => continue,
        };
        if name == "texts" {
            let texts = group
                .stream()
                .into_iter()
                .filter_map(|token| literal(&token));
            into.extend(texts.map(|text| Use {
                file: file.to_owned(),
                text: plain(&text),
                names: None,
            }));
        }
        if ["tr", "msg", "text"].contains(&name.as_str()) {
            into.extend(
                call(group.stream(), name != "text").map(|(text, names)| Use {
                    file: file.to_owned(),
                    text,
                    names,
                }),
            );
        }
    }
}

/// One call: `[context =>] "singular" [| "plural" % count] [, name = value]*`.
fn call(stream: TokenStream, is_filled: bool) -> Option<(Text, Option<BTreeSet<String>>)> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut arguments =
        tokens.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
    let head = arguments.next()?;
    let mut literals = head.iter().filter_map(literal);
    let punct = |sign: char| {
        head.iter()
            .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign))
    };
    let context = if punct('>') {
        Some(literals.next()?)
    } else {
        None
    };
    let singular = literals.next()?; // none: a text of a table, marked there
    let plural = if punct('|') {
        Some(literals.next()?)
    } else {
        None
    };
    let mut names: BTreeSet<String> = arguments
        .filter_map(|argument| match argument {
            [TokenTree::Ident(name)] => Some(name.to_string()),
            [TokenTree::Ident(name), TokenTree::Punct(is), ..] if is.as_char() == '=' => {
                Some(name.to_string())
            }
            _ => None,
        })
        .collect();
    if plural.is_some() {
        names.insert("n".to_owned());
    }
    let text = Text {
        context,
        singular,
        plural,
    };
    Some((text, is_filled.then_some(names)))
}

fn literal(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => syn::parse_str::<syn::LitStr>(&literal.to_string())
            .ok()
            .map(|text| text.value()),
        // macro_rules may wrap a literal in an invisible group
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next().as_ref().and_then(literal)
        }
        _ => None,
    }
}

/// The `{names}` in a text.
fn placeholders(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            break;
        };
        if name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            names.insert(name.to_owned());
        }
        rest = after;
    }
    names
}

fn catalogue() -> rspolib::POFile {
    let text = fs::read_to_string(root().join(CATALOGUE)).unwrap();
    rspolib::pofile(text.as_str()).unwrap()
}

fn translations() -> HashMap<Text, Vec<String>> {
    let entries = catalogue().entries.into_iter();
    entries
        .filter(|entry| !entry.obsolete)
        .map(|entry| {
            let text = Text {
                context: entry.msgctxt,
                singular: entry.msgid,
                plural: entry.msgid_plural,
            };
            let forms = if text.plural.is_some() {
                entry.msgstr_plural
            } else {
                entry.msgstr.into_iter().collect()
            };
            (text, forms)
        })
        .collect()
}

/// Writes the catalogue anew.
fn bless(uses: &[Use], known: &HashMap<Text, Vec<String>>) {
    let old = fs::read_to_string(root().join(CATALOGUE)).unwrap();
    let mut out = old.split("\n\n").next().unwrap().trim_end().to_owned() + "\n";
    let mut seen = BTreeSet::new();
    for Use { file, text, .. } in uses {
        if !seen.insert(text) {
            continue;
        }
        let forms = known.get(text).cloned().unwrap_or_default();
        let first = forms.first().map_or("", String::as_str);
        let _ = write!(out, "\n#: {file}\n");
        if let Some(context) = &text.context {
            let _ = writeln!(out, "msgctxt {}", quoted(context));
        }
        let _ = writeln!(out, "msgid {}", quoted(&text.singular));
        if let Some(plural) = &text.plural {
            let _ = writeln!(
                out,
                "msgid_plural {}\nmsgstr[0] {}",
                quoted(plural),
                quoted(first)
            );
        } else {
            let _ = writeln!(out, "msgstr {}", quoted(first));
        }
    }
    fs::write(root().join(CATALOGUE), out).unwrap();
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\t', "\\t");
    format!("\"{escaped}\"")
}

/// What is found out and planned holds ids, parameters and messages without words; sentences are made
/// where something is shown.
#[test]
fn words_live_at_the_edge() {
    /// An error's `Display`, which is asked for where it is shown.
    const SHOWN: &str = "f.write_str(&self.text().words())";
    let wordless = [
        "crates/core/src",
        "crates/rules/src",
        "crates/system/src",
        "crates/formats/src",
        "crates/probe/src",
        "crates/verdict/src",
        "crates/fix/src",
        "crates/lab/src",
    ];
    let mut files = Vec::new();
    for folder in wordless {
        rust_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 80, "{}", files.len());
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let product = source.split("#[cfg(test)]").next().unwrap();
        let words = product.lines().find(|line| {
            line.replace("include_str!(", "").contains("tr!(")
                || line.contains(".words()") && !line.contains(SHOWN)
                || line.contains("Lang::spoken")
        });
        assert_eq!(words, None, "{}", file.display());
    }
}

#[test]
fn every_text_has_its_translation_and_none_is_stale() {
    let uses = texts();
    if std::env::var_os("GOMEND_BLESS").is_some() {
        bless(&uses, &translations());
    }
    let known = translations();
    assert!(!known.is_empty(), "the catalogue can be read");
    let wanted: BTreeSet<&Text> = uses.iter().map(|each| &each.text).collect();
    let missing: Vec<&&Text> = wanted
        .iter()
        .filter(|text| {
            known
                .get(text)
                .is_none_or(|forms| forms.iter().all(String::is_empty))
        })
        .collect();
    let stale: Vec<&Text> = known.keys().filter(|text| !wanted.contains(text)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "{} missing: {missing:#?}\n{} stale: {stale:#?}\nrun this test with GOMEND_BLESS=1 and fill in {CATALOGUE}",
        missing.len(),
        stale.len()
    );
}

#[test]
fn a_text_names_only_what_it_is_given() {
    for Use { file, text, names } in texts() {
        let Some(names) = names else { continue };
        for form in std::iter::once(&text.singular).chain(&text.plural) {
            let used = placeholders(form);
            assert!(
                used.is_subset(&names) || names.is_empty(),
                "{file}: {form:?} is given {names:?}"
            );
            assert!(
                !used.is_empty() || names.is_empty() || text.plural.is_some(),
                "{file}: {form:?} uses none of {names:?}"
            );
        }
    }
}

#[test]
fn a_translation_names_what_the_text_names() {
    for (text, forms) in translations() {
        let named: BTreeSet<String> = std::iter::once(&text.singular)
            .chain(&text.plural)
            .flat_map(|form| placeholders(form))
            .collect();
        for form in forms.iter().filter(|form| !form.is_empty()) {
            let found = placeholders(form);
            assert!(found.is_subset(&named), "{form:?} names more than {text:?}");
            let lost: Vec<_> = named
                .difference(&found)
                .filter(|name| *name != "n")
                .collect();
            assert!(lost.is_empty(), "{form:?} lost {lost:?} of {text:?}");
        }
    }
}

/// What a line says is read where lines are read: nobody else looks into it, and nobody decides by the
/// letters of an id.
#[test]
fn lines_and_ids_are_not_taken_apart_elsewhere() {
    const FORBIDDEN: &[&str] = &[
        ".line.contains(",
        ".text.contains(",
        ".line.split_once(",
        ".line.starts_with(",
        ".named().contains(",
        ".named().split_once(",
        ".answer.contains(",
        "said.contains(",
        "id.contains(",
        "id.starts_with(",
        "id.ends_with(",
        "id.split",
    ];
    /// With the reason.
    const OTHERS: &[&str] = &[
        "crates/rules/", // where lines are read
        "src/state.rs",  // ids of remembered runs, which a person shortens
        "crates/shim/",  // no crate to ask
    ];
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("crates"), &mut files);
    for file in files {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        if OTHERS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let product = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        let found = product.lines().find(|line| {
            let code = line.split("//").next().unwrap_or_default();
            FORBIDDEN.iter().any(|words| {
                // not the end of another name: `said.split` takes no id apart
                let is_whole = |at: usize| {
                    words.starts_with('.') || !code[..at].ends_with(char::is_alphanumeric)
                };
                code.match_indices(words).any(|(at, _)| is_whole(at))
            })
        });
        assert_eq!(found, None, "{name}");
    }
}

/// A plan is a function of verdict and situation: it asks neither the file system nor a program, and what it asks of
/// the disk goes by the situation's, which a test can make up.
#[test]
fn plans_are_pure() {
    const FORBIDDEN: &[&str] = &[
        "fs::",
        "file::text",
        "file::read",
        "file::tail",
        "tool::",
        "Command",
        "which::",
        "rustix::",
        "metadata()",
        "canonicalize()",
        ".exists()",
        ".is_file()",
        ".is_dir()",
        "read_dir",
        "read_link",
        "env::var",
        "Instant::now",
        "SystemTime::now",
        "Disk::real",
        "GoEnv::read",
        "GoFile::above",
        "gitconfig::list",
        "GitConfig::",
        "gofile::workspace",
        "netrc::look",
        "stated_version",
    ];
    /// What else the crate does, with the reason.
    const OTHERS: &[&str] = &[
        "attempt.rs",   // runs a check
        "bench.rs",     // what a trial runs in
        "checked.rs",   // applies
        "disk.rs",      // looks
        "error.rs",     // says what of the above failed
        "journal.rs",   // applies and undoes
        "lib.rs",       // calls them in their order
        "modules.rs",   // has go work something out
        "situation.rs", // is read, once
        "step.rs",      // prepares what is written
        "verify.rs",    // tries
    ];
    let mut files = Vec::new();
    rust_files(&root().join("crates/fix/src"), &mut files);
    let mut plans = 0;
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        if OTHERS.contains(&name) {
            continue;
        }
        plans += 1;
        let source = fs::read_to_string(&file).unwrap();
        let product = source.split("#[cfg(test)]").next().unwrap();
        let impure = product.lines().find(|line| {
            let code = line.split("//").next().unwrap_or_default();
            FORBIDDEN.iter().any(|word| code.contains(word))
        });
        assert_eq!(impure, None, "{name}");
    }
    assert!(plans > 25, "{plans}");
}

/// A format has one reader: what only its reader asks for stands in no other file.
#[test]
fn each_format_is_read_in_one_place() {
    const READERS: &[(&str, &[&str])] = &[
        (
            ".join(\"VERSION\")",
            &["crates/formats/src/goenv.rs", "crates/lab/", "crates/shim/"],
        ),
        ("push('!')", &["crates/formats/src/gofile.rs"]),
        ("\"use\", \"(\"", &[]),
        ("strip_prefix(\"require", &[]),
        (
            "\"sslCAInfo\")",
            &["crates/fix/src/git.rs", "crates/fix/src/trust.rs"],
        ),
    ];
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("crates"), &mut files);
    for file in files {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let source = fs::read_to_string(&file).unwrap();
        let product = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (words, readers) in READERS {
            let its = readers.iter().any(|reader| name.starts_with(reader));
            assert!(its || !product.contains(words), "{name}: {words}");
        }
    }
}
