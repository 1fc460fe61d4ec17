//! The configuration file format of the Databricks tools, as their two official readers take it: Python's `configparser`
//! (Python SDK) and Go's `ini.v1` (Go SDK, `databricks` command, Terraform).
//!
//! The two disagree in corners. The rule here: what one of them takes is taken, with a [`Remark`] where the other refuses
//! the file or reads another value; what neither takes is an [`IniError`], and so is what is no text, larger than
//! [`LARGEST`], or a heading without its `]`, which one of them lets pass. What always holds: no input panics; every
//! value is kept as a [`Secret`], because the reader cannot know which are; no remark and no error shows a line of the
//! file, because a line may be a token that was pasted without its name. `tests/it/remote/official.rs` compares with both.

use super::secret::Secret;
use std::collections::HashMap;
use thiserror::Error;

/// A larger file is no configuration file; it is refused before it is looked at.
pub const LARGEST: usize = 1 << 20;
/// More remarks than this are not kept.
const MOST_REMARKS: usize = 50;
/// The section whose keys need no heading in Go's reader, and that is never inherited by others.
pub const DEFAULT: &str = "DEFAULT";

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IniError {
    /// Its size in bytes.
    #[error("it has {0} bytes, and a configuration file has at most {LARGEST}")]
    TooLarge(u64),
    /// The line with the first byte that is not UTF-8.
    #[error("line {0} is not UTF-8")]
    NotUtf8(usize),
    /// The line, and how many characters it has.
    #[error(
        "line {line} is neither a [section], nor `key = value`, nor a comment ({characters} characters, not shown)"
    )]
    NeitherKeyNorSection {
        /// From 1.
        line: usize,
        /// Of the line, without the spaces around it.
        characters: usize,
    },
    /// The line with a heading that is not closed.
    #[error("line {0} starts a [section] and has no `]`")]
    OpenSection(usize),
    /// The line with a heading that names nothing.
    #[error("line {0} is a [section] without a name")]
    UnnamedSection(usize),
    /// The line that has a value and no key.
    #[error("line {0} has no key before the `=`")]
    UnnamedKey(usize),
}

impl IniError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "name the right file with DATABRICKS_CONFIG_FILE",
            Self::NotUtf8(_) => "save the file as UTF-8",
            Self::NeitherKeyNorSection { .. } => {
                "write `key = value`, such as `token = ...`; or put a `#` before the line"
            }
            Self::OpenSection(_) => "close it: `[name]`",
            Self::UnnamedSection(_) => "write a name between the brackets, such as `[DEFAULT]`",
            Self::UnnamedKey(_) => "write `key = value`, such as `host = https://...`",
        }
    }
}

/// A line that the official tools do not all read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1.
    pub line: usize,
    /// The section it stands in.
    pub section: String,
    /// What is odd about it, what is done, and what other tools do.
    pub message: String,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In lower case, as the Python SDK does.
    pub key: String,
    /// Without the spaces around it.
    pub value: Secret,
    /// The line of the key, from 1.
    pub line: usize,
}

/// A section with its keys, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Between the brackets, as it stands there.
    pub name: String,
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

impl Section {
    /// The entry with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }
}

/// A file that was read: sections in the order of the file, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// The sections.
    pub sections: Vec<Section>,
    /// What the official tools do not all read alike.
    pub remarks: Vec<Remark>,
    /// Where each section stands: a file may have very many.
    index: HashMap<String, usize>,
}

impl Ini {
    /// Reads a file.
    ///
    /// # Errors
    /// For what neither official reader takes; see [`IniError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IniError> {
        if bytes.len() > LARGEST {
            return Err(IniError::TooLarge(bytes.len() as u64));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            IniError::NotUtf8(before.iter().filter(|b| **b == b'\n').count() + 1)
        })?;
        let mut reader = Reader::default();
        for (index, line) in text.split('\n').enumerate() {
            reader.line(index + 1, line.strip_suffix('\r').unwrap_or(line))?;
        }
        Ok(reader.ini)
    }

    /// The section with this name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.index.get(name).and_then(|i| self.sections.get(*i))
    }
}

/// Where the reading stands.
#[derive(Default)]
struct Reader {
    ini: Ini,
    /// Index of the section that takes keys.
    current: Option<usize>,
    /// Index of the entry that an indented line may continue, and the columns it is indented by.
    last: Option<(usize, usize)>,
    /// The entries by section and key.
    keys: HashMap<(usize, String), usize>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), IniError> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(());
        }
        if let Some(rest) = text.strip_prefix('[') {
            return self.heading(number, rest);
        }
        if line.contains(|c: char| c.is_control() && c != '\t') {
            self.remark(number, "holds a control character; the Python SDK may end the line or the value there");
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let deeper = self.last.filter(|(_, column)| indent > *column);
        match (text.split_once(['=', ':']), deeper) {
            (Some((key, value)), None) => self.pair(number, key.trim_end(), value.trim_start(), indent),
            (Some((key, value)), Some(_)) if is_key(key.trim_end()) => {
                self.remark(number, "is indented: read as a key; the Python SDK adds it to the value above");
                self.pair(number, key.trim_end(), value.trim_start(), indent)
            }
            (_, Some((entry, _))) => {
                self.remark(
                    number,
                    "continues the value above; the Go SDK and the `databricks` command refuse the file",
                );
                self.extend(entry, text);
                Ok(())
            }
            (None, None) => Err(IniError::NeitherKeyNorSection { line: number, characters: text.chars().count() }),
        }
    }

    /// A heading; both readers take everything up to the last bracket of the line.
    fn heading(&mut self, number: usize, rest: &str) -> Result<(), IniError> {
        let (name, _) = rest.rsplit_once(']').ok_or(IniError::OpenSection(number))?;
        if name.is_empty() {
            return Err(IniError::UnnamedSection(number));
        }
        self.last = None;
        self.current = self.ini.index.get(name).copied();
        if self.current.is_none() {
            self.open(name);
        } else if name != DEFAULT {
            self.remark(number, "is the same [section] again: its keys are added; the Python SDK refuses the file");
        }
        Ok(())
    }

    fn open(&mut self, name: &str) {
        self.current = Some(self.ini.sections.len());
        self.ini.index.insert(name.to_owned(), self.ini.sections.len());
        self.ini.sections.push(Section { name: name.to_owned(), entries: Vec::new() });
    }

    fn pair(&mut self, number: usize, key: &str, value: &str, indent: usize) -> Result<(), IniError> {
        if key.is_empty() {
            return Err(IniError::UnnamedKey(number));
        }
        if self.current.is_none() {
            self.open(DEFAULT);
            self.remark(
                number,
                "stands before the first [section]: read as [DEFAULT]; the Python SDK refuses the file",
            );
        }
        let lower = key.to_lowercase();
        if lower != key {
            self.remark(number, "has a key in capitals; the Go SDK and the `databricks` command ignore it");
        }
        if key == "-" || key.starts_with(['"', '`']) {
            self.remark(number, "has an odd key; the Go SDK and the `databricks` command give it another name");
        }
        let value = self.value(number, value);
        let entry = Entry { key: lower, value: Secret::new(value), line: number };
        let Some(current) = self.current else { return Ok(()) };
        let Some(section) = self.ini.sections.get_mut(current) else { return Ok(()) };
        let at = *self.keys.entry((current, entry.key.clone())).or_insert(section.entries.len());
        self.last = Some((at, indent));
        let Some(before) = section.entries.get_mut(at) else {
            section.entries.push(entry);
            return Ok(());
        };
        let before = std::mem::replace(before, entry).line;
        self.remark(number, &format!("sets the key of line {before} again and wins; the Python SDK refuses the file"));
        Ok(())
    }

    /// The value, without quotes around it, which no host and no token has.
    fn value<'a>(&mut self, number: usize, value: &'a str) -> &'a str {
        let inside = |q: char| value.strip_prefix(q)?.strip_suffix(q).filter(|inner| !inner.contains(q));
        if let Some(inner) = ['"', '\'', '`'].into_iter().find_map(inside) {
            self.remark(number, "has a value in quotes: they are dropped; the Python SDK keeps them");
            return inner;
        }
        let go = "the Go SDK and the `databricks` command";
        if value.contains(['#', ';']) {
            let message = format!("has a `#` or `;` after the `=`, which is part of the value; {go} stop there");
            self.remark(number, &message);
        } else if value.ends_with('\\') {
            self.remark(number, &format!("ends in a backslash, which is part of the value; {go} add the next line"));
        } else if value.starts_with('`') || value.starts_with("\"\"\"") {
            self.remark(
                number,
                &format!("starts with a quote, which is part of the value; {go} read on to the next one"),
            );
        }
        value
    }

    fn extend(&mut self, entry: usize, text: &str) {
        let section = self.current.and_then(|i| self.ini.sections.get_mut(i));
        if let Some(entry) = section.and_then(|s| s.entries.get_mut(entry)) {
            entry.value.add_line(text);
        }
    }

    fn remark(&mut self, line: usize, message: &str) {
        if self.ini.remarks.len() < MOST_REMARKS {
            let section = self.current.and_then(|i| self.ini.sections.get(i)).map(|s| s.name.clone());
            self.ini.remarks.push(Remark { line, section: section.unwrap_or_default(), message: message.to_owned() });
        }
    }
}

/// Whether this can be the name of an attribute, rather than a part of a long value.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}
