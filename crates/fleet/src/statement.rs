//! What Dockerfiles, files of CI systems, shell scripts and the like set, line by line.
//!
//! In: a file's text and its [`Syntax`]. Out: each place where one of the names that matter gets a
//! value, with what a replacement would have to touch; and URLs that hold a login. No document is
//! parsed as a whole: what a template, an anchor or an include would do is not followed, and no
//! bomb goes off. A value that a variable fills in is told as it is written.

use gomend_core::mask;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `Dockerfile`, `Containerfile`.
    Dockerfile,
    /// GitHub Actions, GitLab CI, Azure Pipelines, Buildkite, compose.
    Yaml,
    /// `Jenkinsfile`.
    Groovy,
    /// sh, bash, zsh, fish.
    Shell,
    /// `Makefile`.
    Make,
    /// `.env`, `.envrc`.
    Dotenv,
    /// git's configuration.
    Git,
}

/// The longest line that is read, bytes.
const LONGEST: usize = 64 << 10;

impl Syntax {
    /// By the path from the repository's root.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_yaml = matches!(extension, "yml" | "yaml");
        let below = |root: &str| {
            folder == root
                || folder
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let docker = ["Dockerfile", "Containerfile"];
        if docker
            .iter()
            .any(|head| name == *head || name.starts_with(&format!("{head}.")))
            || matches!(extension, "Dockerfile" | "dockerfile")
        {
            return Some(Self::Dockerfile);
        }
        if name.starts_with("Jenkinsfile") || extension == "jenkinsfile" {
            return Some(Self::Groovy);
        }
        if is_yaml
            && ([
                ".github",
                ".gitlab",
                ".buildkite",
                ".azure-pipelines",
                ".circleci",
                ".ci",
            ]
            .into_iter()
            .any(below)
                || [
                    ".gitlab-ci",
                    "azure-pipelines",
                    "docker-compose",
                    "compose",
                    "buildkite",
                ]
                .iter()
                .any(|head| name.starts_with(head))
                || name.ends_with(".gitlab-ci.yml"))
        {
            return Some(Self::Yaml);
        }
        match (name, extension) {
            (_, "sh" | "bash" | "zsh" | "fish") => Some(Self::Shell),
            ("Makefile" | "GNUmakefile" | "makefile", _) | (_, "mk") => Some(Self::Make),
            (".env" | ".envrc", _) => Some(Self::Dotenv),
            (".gitconfig" | ".gitmodules", _) => Some(Self::Git),
            _ => None,
        }
    }

    fn comment(self, line: &str) -> bool {
        match self {
            Self::Groovy => {
                line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
            }
            Self::Git => line.starts_with(['#', ';']),
            _ => line.starts_with('#'),
        }
    }
}

/// One place where a name gets a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `GOPROXY`, `http.sslVerify`, `go get -insecure`.
    pub name: String,
    /// As it is written, without quotes.
    pub value: String,
    /// From 1.
    pub line: usize,
    /// Where the name begins, from 1, in bytes.
    pub column: usize,
    /// Where the value stands in its line, bytes.
    pub span: (usize, usize),
    /// The line holds nothing else, and the file would still be whole without it.
    pub spare: bool,
}

impl Statement {
    /// Whether something fills the value in that is not known here.
    #[must_use]
    pub fn is_filled_in(&self) -> bool {
        self.value.contains('$') || self.value.contains("{{") || self.value.contains("%(")
    }
}

/// A URL with a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// The host.
    pub host: String,
    /// A variable fills it in.
    pub filled_in: bool,
}

/// git's way to check no certificate.
pub const SSL_VERIFY: &str = "http.sslVerify";
/// The flag that Go 1.17 took away.
pub(crate) const GET_INSECURE: &str = "go get -insecure";

/// Every place where one of `names` gets a value.
#[must_use]
pub fn statements(syntax: Syntax, text: &str, names: &[&str]) -> Vec<Statement> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut listed: Option<&str> = None; // `- name: GOPROXY`, whose value is on the next line
    let mut instruction = ""; // of a Dockerfile, over its continuation lines
    let mut continued = false;
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if line.len() > LONGEST || bare.is_empty() || syntax.comment(bare) {
            continue;
        }
        if syntax == Syntax::Dockerfile && !continued {
            instruction = bare.split_whitespace().next().unwrap_or_default();
        }
        continued = bare.ends_with('\\');
        let of = Line {
            syntax,
            text: line,
            end: comment_start(syntax, line),
            stores: ["ENV", "ARG"]
                .iter()
                .any(|word| instruction.eq_ignore_ascii_case(word)),
        };
        if let Some(name) = listed.take()
            && let Some(value) = of.listed_value()
        {
            found.push(of.statement(at, name, of.text.len() - of.text.trim_start().len(), value));
        }
        listed = of.listed_name(names);
        if listed.is_some() {
            continue;
        }
        for name in names {
            for (start, value) in of.values(name) {
                let mut statement = of.statement(at, name, start, value);
                statement.spare = of.is_alone(start, value.1) && is_spare(syntax, &lines, at);
                found.push(statement);
            }
        }
        if let Some((start, value)) = of.ssl_verify() {
            let mut statement = of.statement(at, SSL_VERIFY, start, value);
            statement.spare = of.is_alone(start, value.1) && is_spare(syntax, &lines, at);
            found.push(statement);
        }
        if let Some(start) = of.get_insecure() {
            let value = (start, start + "-insecure".len());
            found.push(of.statement(at, GET_INSECURE, start, value));
        }
    }
    found
}

/// Every URL with a login.
#[must_use]
pub fn logins(syntax: Syntax, text: &str) -> Vec<Login> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.len() > LONGEST || syntax.comment(line.trim()) {
            continue;
        }
        for (start, login) in in_line(line) {
            found.push(Login {
                line: at + 1,
                column: start + 1,
                ..login
            });
        }
    }
    found
}

/// The logins in one line; line and column are the caller's.
fn in_line(line: &str) -> Vec<(usize, Login)> {
    let mut found = Vec::new();
    for scheme in ["https://", "http://"] {
        for (start, _) in line.match_indices(scheme) {
            let rest = &line[start + scheme.len()..];
            // `${{ secrets.X }}` holds blanks
            let (mut end, mut depth) = (0, 0_usize);
            for (at, letter) in rest.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    '/' | '"' | '\'' | '`' | '?' | '#' if depth == 0 => break,
                    letter if depth == 0 && letter.is_whitespace() => break,
                    _ => {}
                }
                end = at + letter.len_utf8();
            }
            let Some((user, host)) = rest[..end].rsplit_once('@') else {
                continue;
            };
            if user.is_empty() || user.starts_with('<') || user.contains("***") {
                continue;
            }
            let filled_in = user.contains(['$', '{', '%']);
            let (_, password) = user.split_once(':').unwrap_or((user, ""));
            let placeholder = password.starts_with('<');
            let is_login = filled_in
                || !password.is_empty()
                || mask::secrets(user) != user
                || user.len() >= 20; // a token in the place of a name
            if is_login && !placeholder {
                found.push((
                    start,
                    Login {
                        line: 0,
                        column: 0,
                        host: host.to_owned(),
                        filled_in,
                    },
                ));
            }
        }
    }
    found
}

/// One line, and how it is read.
struct Line<'a> {
    syntax: Syntax,
    text: &'a str,
    /// Where a comment begins.
    end: usize,
    /// A Dockerfile's ENV or ARG.
    stores: bool,
}

/// From, until; bytes of the line.
type Span = (usize, usize);

impl Line<'_> {
    fn statement(&self, at: usize, name: &str, start: usize, span: Span) -> Statement {
        Statement {
            name: name.to_owned(),
            value: self.text[span.0..span.1].to_owned(),
            line: at + 1,
            column: start + 1,
            span,
            spare: false,
        }
    }

    /// The name in `- name: GOPROXY`.
    fn listed_name<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let bare = self.text[..self.end]
            .trim()
            .trim_start_matches("- ")
            .trim_start();
        let value = bare.strip_prefix("name:")?.trim().trim_matches(['"', '\'']);
        let found = names.iter().find(|name| **name == value);
        found.copied().filter(|_| self.syntax == Syntax::Yaml)
    }

    /// The value in `value: X`.
    fn listed_value(&self) -> Option<Span> {
        let at = self.text.find("value:")?;
        let is_key = self.text[..at].trim().is_empty();
        is_key.then(|| self.value(at + "value:".len(), Ends::Line))?
    }

    /// Where a name is given values: where it begins, and the value.
    fn values(&self, name: &str) -> Vec<(usize, Span)> {
        let text = &self.text[..self.end];
        let mut found = Vec::new();
        for (start, _) in text.match_indices(name) {
            let before = text[..start].chars().next_back();
            let word = |letter: char| letter.is_alphanumeric() || "_$-.{".contains(letter);
            // `-eGOPROXY=x` is not met in the wild, `$GOPROXY` often
            if before.is_some_and(word) {
                continue;
            }
            let after = start + name.len();
            let quoted = before.filter(|letter| "\"'".contains(*letter));
            if let Some((from, until)) = self.assigned(start, after, quoted) {
                // `sh 'GOSUMDB=off go build'`: only flags have blanks between them
                let blank = text[from..until]
                    .find(' ')
                    .filter(|_| quoted.is_some() && name != "GOFLAGS");
                found.push((start, (from, blank.map_or(until, |blank| from + blank))));
            }
        }
        found
    }

    fn assigned(&self, start: usize, after: usize, quoted: Option<char>) -> Option<Span> {
        let text = &self.text[..self.end];
        let rest = &text[after..];
        let opens = |rest: &str, sign: &str| {
            rest.strip_prefix(sign)
                .is_some_and(|rest| !rest.starts_with(['=', '~']))
        };
        // ["GOPROXY=x"], 'GOPROXY=x'
        if let Some(quote) = quoted
            && opens(rest, "=")
        {
            let from = after + 1;
            let until = text[from..].find(quote)? + from;
            return Some((from, until));
        }
        // "GOPROXY": x
        let key = quoted.and_then(|quote| rest.strip_prefix(quote));
        let after = after + usize::from(key.is_some());
        let rest = key.unwrap_or(rest);
        let loose = rest.trim_start();
        let skipped = after + rest.len() - loose.len();
        let yaml_key = || rest.starts_with(": ") || rest == ":" || rest.starts_with(":\t");
        let flows = text[..start].contains('{') && !text[..start].contains("${");
        if self.syntax == Syntax::Yaml && yaml_key() {
            return self.value(after + 1, if flows { Ends::Flow } else { Ends::Line });
        }
        if opens(rest, "=") {
            let ends = match self.syntax {
                Syntax::Dockerfile if self.stores => Ends::Blank,
                Syntax::Make if text.starts_with('\t') => Ends::Word, // a recipe
                Syntax::Dotenv | Syntax::Make => Ends::Line,
                _ => Ends::Word,
            };
            return self.value(after + 1, ends);
        }
        let signs: &[&str] = match self.syntax {
            Syntax::Make => &[":=", "::=", "?=", "+=", "="],
            Syntax::Groovy => &["=", ":"],
            Syntax::Git => &["="],
            _ => &[],
        };
        if let Some(sign) = signs.iter().find(|sign| opens(loose, sign)) {
            let ends = match self.syntax {
                Syntax::Groovy => Ends::Flow,
                _ => Ends::Line,
            };
            return self.value(skipped + sign.len(), ends);
        }
        let before = text[..start].trim();
        if self.stores && before.eq_ignore_ascii_case("ENV") && rest.starts_with([' ', '\t']) {
            return self.value(after, Ends::Line);
        }
        if before.starts_with("set -") && !before.contains(';') && rest.starts_with(' ') {
            return self.value(after, Ends::Word); // fish
        }
        // ##vso[task.setvariable variable=GOPROXY]value
        if before.ends_with("variable=") {
            let from = after + rest.find(']')? + 1;
            return self.value(from, Ends::Line);
        }
        None
    }

    /// The value that begins here, after blanks; quotes are left out.
    fn value(&self, from: usize, ends: Ends) -> Option<Span> {
        let text = self.text.get(from..self.end)?;
        let bare = text.trim_start();
        let from = from + text.len() - bare.len();
        if bare.len() < text.len() && matches!(ends, Ends::Word) && self.syntax == Syntax::Shell {
            // `GOPROXY= go build`: set to nothing
            if !self.text[..from].trim_start().starts_with("set -") {
                return None;
            }
        }
        for quote in ["\\\"", "\"", "'"] {
            if let Some(inner) = bare.strip_prefix(quote) {
                let until = inner.find(quote)?;
                return Some((from + quote.len(), from + quote.len() + until));
            }
        }
        let until = match ends {
            Ends::Line => bare.trim_end().len(),
            Ends::Blank => bare.find([' ', '\t']).unwrap_or(bare.len()),
            Ends::Flow => bare.find([' ', '\t', ',', '}', ']']).unwrap_or(bare.len()),
            Ends::Word => {
                let end = |letter: char| letter.is_whitespace() || ";&|)<>`\"'".contains(letter);
                bare.find(end).unwrap_or(bare.len())
            }
        };
        (until > 0).then_some((from, from + until))
    }

    /// `http.sslVerify false` in any of git's spellings.
    fn ssl_verify(&self) -> Option<(usize, Span)> {
        let lower = self.text[..self.end].to_ascii_lowercase();
        let at = lower.find("sslverify")?;
        if self.syntax != Syntax::Git && !lower[..at].contains("http.") {
            return None;
        }
        let after = at + "sslverify".len();
        let rest = lower[after..].trim_start_matches(['"', '\'']);
        let value = rest.trim_start_matches([' ', '\t', '=', '"', '\'']);
        let from = lower.len() - value.len();
        let word = value
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(value.len());
        let off = ["false", "no", "off", "0"].contains(&&value[..word]);
        let start = self.text[..at]
            .rfind(|letter: char| letter.is_whitespace() || "\"'".contains(letter))
            .map_or(0, |at| at + 1);
        off.then_some((start, (from, from + word)))
    }

    fn get_insecure(&self) -> Option<usize> {
        let text = &self.text[..self.end];
        let get = text.find("go get ")?;
        let at = get + text[get..].find(" -insecure")? + 1;
        let rest = &text[at + "-insecure".len()..];
        (rest.is_empty() || rest.starts_with(' ')).then_some(at)
    }

    /// Whether the line is this statement alone.
    fn is_alone(&self, start: usize, until: usize) -> bool {
        const HEADS: &[&str] = &[
            "",
            "export",
            "ENV",
            "ARG",
            "go env -w",
            "RUN go env -w",
            "- go env -w",
            "declare -x",
            "set -gx",
            "set -x",
            "git config --global",
            "git config --system",
            "git config",
            "RUN git config --global",
            "RUN git config --system",
            "- git config --global",
            "- export",
        ];
        let head = self.text[..start]
            .trim()
            .trim_end_matches(['"', '\''])
            .trim_end();
        let tail = self.text[until..self.end]
            .trim_start_matches(['"', '\''])
            .trim();
        tail.is_empty() && HEADS.contains(&head)
    }
}

/// Where a value without quotes ends.
#[derive(Clone, Copy)]
enum Ends {
    /// At the line's end.
    Line,
    /// At a blank.
    Blank,
    /// Where a shell's word ends.
    Word,
    /// Where an item of YAML's or Groovy's lists ends.
    Flow,
}

/// Where a comment begins that follows something: ` #` outside of quotes.
pub(crate) fn comment_start(syntax: Syntax, line: &str) -> usize {
    if matches!(syntax, Syntax::Groovy | Syntax::Dockerfile) {
        return line.len(); // a Dockerfile has none there
    }
    let (mut quote, mut before) = (None, ' ');
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() => return at,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    line.len()
}

/// Whether what stands around a line is whole without it: a neighbour of the same depth, which
/// neither opens nor continues anything.
fn is_spare(syntax: Syntax, lines: &[&str], at: usize) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let said = |line: &&&str| !line.trim().is_empty() && !syntax.comment(line.trim());
    let previous = lines[..at].iter().rev().find(said);
    let next = lines[at + 1..].iter().find(said);
    let opens = |line: &str| {
        let bare = line.trim_end();
        let last = bare.split_whitespace().next_back().unwrap_or_default();
        bare.ends_with(['\\', '{', '(', '|', '&', ':', '>', '[', ','])
            || matches!(last, "then" | "do" | "else")
    };
    let mine = depth(lines[at]);
    let top = mine == 0 && previous.is_none_or(|line| !opens(line));
    let beside = |line: &&str| depth(line) == mine;
    let closes = next.is_some_and(|line| {
        matches!(
            line.split_whitespace().next(),
            Some("fi" | "done" | "}" | "esac" | "else" | ";;")
        )
    });
    let only_item = previous.is_some_and(|line| opens(line)) && !next.is_some_and(beside);
    let continues = |line: &str| line.trim_end().ends_with('\\');
    let is_part = continues(lines[at]) || previous.is_some_and(|line| continues(line));
    let is_all = only_item || (closes && previous.is_some_and(|line| opens(line)));
    let is_beside = top || previous.is_some_and(beside) || next.is_some_and(beside);
    is_beside && !is_part && !is_all
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["GOPROXY", "GOINSECURE", "GOFLAGS", "GOPRIVATE", "GOSUMDB"];

    fn told(syntax: Syntax, text: &str) -> Vec<String> {
        statements(syntax, text, NAMES)
            .iter()
            .map(|one| {
                let spare = if one.spare { " spare" } else { "" };
                format!("{}:{}={}{spare}", one.line, one.name, one.value)
            })
            .collect()
    }

    #[test]
    fn shells() {
        let text = "#!/bin/sh\n# export GOPROXY=no\nexport GOPROXY=https://a.example,direct # why\nGOINSECURE=* go build\n\
                    go env -w GOPRIVATE=\"*.corp.example\"\nif [ \"$GOPROXY\" = off ]; then\n  export GOINSECURE=x\nfi\n\
                    echo $GOPROXY ${GOPROXY} \"${GOPROXY:-x}\" MYGOPROXY=1\nset -gx GOSUMDB off\nGOPROXY= go version\ntest $X == GOPROXY==y\n";
        assert_eq!(
            told(Syntax::Shell, text),
            [
                "3:GOPROXY=https://a.example,direct spare",
                "4:GOINSECURE=*",
                "5:GOPRIVATE=*.corp.example spare",
                "7:GOINSECURE=x",
                "10:GOSUMDB=off spare",
            ]
        );
    }

    #[test]
    fn dockerfiles() {
        let text = "FROM golang:1.24\nENV GOPROXY=https://a.example|direct GOSUMDB=off\nENV GOINSECURE *.corp.example\n\
                    ENV A=b \\\n    GOPRIVATE=corp.example\nRUN GOFLAGS=-insecure go build && git -c http.sslVerify=false clone x\n\
                    ARG GOPROXY\nARG GOPROXY=\"direct\"\nRUN go env -w GOPROXY=off\n";
        assert_eq!(
            told(Syntax::Dockerfile, text),
            [
                "2:GOPROXY=https://a.example|direct",
                "2:GOSUMDB=off",
                "3:GOINSECURE=*.corp.example spare",
                "5:GOPRIVATE=corp.example",
                "6:GOFLAGS=-insecure",
                "6:http.sslVerify=false",
                "8:GOPROXY=direct spare",
                "9:GOPROXY=off spare",
            ]
        );
    }

    #[test]
    fn yaml_of_five_systems() {
        let text = "env:\n  GOPROXY: https://a.example,direct\n  GOINSECURE: \"*.corp.example\"\nvariables:\n- name: GOSUMDB\n  value: off\n\
                    jobs:\n  x:\n    env: { GOPRIVATE: corp.example, B: c }\n    steps:\n    - run: |\n        export GOFLAGS=-insecure\n\
                    - run: GOPROXY=direct go test ./...\n- script: echo \"##vso[task.setvariable variable=GOPROXY]off\"\n\
                    environment:\n  - GOPROXY=https://b.example\n  - \"GOINSECURE=*\"\n";
        assert_eq!(
            told(Syntax::Yaml, text),
            [
                "2:GOPROXY=https://a.example,direct spare",
                "3:GOINSECURE=*.corp.example spare",
                "6:GOSUMDB=off",
                "9:GOPRIVATE=corp.example",
                "12:GOFLAGS=-insecure",
                "13:GOPROXY=direct",
                "14:GOPROXY=off\"",
                "16:GOPROXY=https://b.example",
                "17:GOINSECURE=*",
            ]
        );
    }

    #[test]
    fn jenkins_make_and_git() {
        let groovy = "pipeline {\n  environment {\n    GOPROXY = 'https://a.example'\n    // GOSUMDB = 'off'\n  }\n  withEnv(['GOINSECURE=*', \"GOFLAGS=-insecure\"]) { sh 'GOSUMDB=off go build' }\n";
        assert_eq!(
            told(Syntax::Groovy, groovy),
            [
                "3:GOPROXY=https://a.example",
                "6:GOINSECURE=*",
                "6:GOFLAGS=-insecure",
                "6:GOSUMDB=off"
            ]
        );
        assert_eq!(
            told(
                Syntax::Make,
                "export GOPROXY := direct # x\nGOSUMDB ?= off\nbuild:\n\tGOINSECURE=* go build\n"
            ),
            [
                "1:GOPROXY=direct spare",
                "2:GOSUMDB=off spare",
                "4:GOINSECURE=*"
            ]
        );
        assert_eq!(
            told(Syntax::Git, "[http]\n\tsslVerify = false\n\tproxy = x\n"),
            ["2:http.sslVerify=false spare"]
        );
        assert_eq!(
            told(
                Syntax::Shell,
                "git config --global http.https://x.example/.sslVerify false\nx\n"
            ),
            ["1:http.sslVerify=false spare"]
        );
        assert!(
            told(
                Syntax::Shell,
                "git config --unset http.sslVerify\ngit config http.sslVerify true\n"
            )
            .is_empty()
        );
        assert_eq!(
            told(Syntax::Shell, "go get -insecure x.example/y\n"),
            ["1:go get -insecure=-insecure"]
        );
    }

    #[test]
    fn urls_with_logins() {
        let text = "git clone https://ci:hunter2hunter2@git.example/x\ngit clone https://git.example/x@v1\n\
                    - run: git clone https://x-access-token:${{ secrets.TOKEN }}@github.com/a/b\ngit clone https://${T}@github.com/a\n\
                    # https://a:b@c.example\nhttps://user:<token>@x.example https://me@x.example ssh://git@x.example/y\n";
        let found: Vec<_> = logins(Syntax::Shell, text)
            .into_iter()
            .map(|one| (one.line, one.host, one.filled_in))
            .collect();
        assert_eq!(
            found,
            [
                (1, "git.example".to_owned(), false),
                (3, "github.com".to_owned(), true),
                (4, "github.com".to_owned(), true)
            ]
        );
    }

    #[test]
    fn any_bytes_in_any_syntax() {
        let odd = "GOPROXY=\nGOPROXY: \nGOPROXY='\nGOPROXY\u{fe0f}=\"ü\n- name: GOPROXY\nhttps://\u{1f600}@\nsslVerify\nvariable=GOPROXY\n\u{130}sslVerify=0\n";
        for syntax in [
            Syntax::Dockerfile,
            Syntax::Yaml,
            Syntax::Groovy,
            Syntax::Shell,
            Syntax::Make,
            Syntax::Dotenv,
            Syntax::Git,
        ] {
            let _ = (statements(syntax, odd, NAMES), logins(syntax, odd));
        }
    }
}
