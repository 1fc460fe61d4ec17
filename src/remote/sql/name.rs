//! Names in SQL: the one place where text from a person becomes part of a statement.
//!
//! What always holds: a quoted name is read by the engine as exactly that name, whatever characters it has.

use std::fmt;

/// A name between backticks, with those inside doubled, as Spark and Databricks SQL read it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The name of a table in its parts: `catalog.schema.table`, fewer, or ``delta.`/path` ``.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName {
    parts: Vec<String>,
}

impl TableName {
    /// A name from its parts.
    ///
    /// # Errors
    /// When there are none or more than three, or one is empty.
    pub fn new(parts: Vec<String>) -> Result<Self, String> {
        let shown = parts.join(".");
        let wrong =
            |why: &str| Err(format!("`{shown}` is not the name of a table ({why}); write catalog.schema.table"));
        match parts.len() {
            0 => wrong("it is empty"),
            1..=3 if parts.iter().all(|p| !p.trim().is_empty()) => Ok(Self { parts }),
            1..=3 => wrong("a part of it is empty"),
            _ => wrong("it has more than three parts; put backticks round a part with a dot"),
        }
    }

    /// Reads a name as people write it; a part with a dot stands between backticks, which are doubled inside.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let (part, after) = match rest.strip_prefix('`') {
                Some(inside) => quoted_part(inside).ok_or_else(|| {
                    format!("`{text}` is not the name of a table: a backtick is not closed; close it")
                })?,
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    let (part, after) = rest.split_at(end);
                    (part.trim().to_owned(), after)
                }
            };
            parts.push(part);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.trim().is_empty() => break,
                None => return Err(format!("`{text}` is not the name of a table: text follows a closed backtick")),
            }
        }
        Self::new(parts)
    }

    /// The parts, from the catalog on.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The last part.
    #[must_use]
    pub fn last(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The name as people write it, with backticks only where they are needed.
    #[must_use]
    pub fn plain(&self) -> String {
        let simple = |p: &str| p.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let parts = self.parts.iter().map(|p| if simple(p) { p.clone() } else { quoted(p) });
        parts.collect::<Vec<_>>().join(".")
    }
}

/// A part up to its closing backtick, and what follows.
fn quoted_part(inside: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = inside;
    loop {
        let (before, after) = rest.split_once('`')?;
        part.push_str(before);
        match after.strip_prefix('`') {
            Some(more) => {
                part.push('`');
                rest = more;
            }
            None => return Some((part, after)),
        }
    }
}

impl fmt::Display for TableName {
    /// As it stands in a statement.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(|p| quoted(p)).collect();
        f.write_str(&parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_as_people_write_them() {
        let parts = |text: &str| TableName::parse(text).map(|t| t.parts().to_vec());
        assert_eq!(parts("main.default.t").unwrap(), ["main", "default", "t"]);
        assert_eq!(parts("delta.`/a/b.c`").unwrap(), ["delta", "/a/b.c"]);
        assert_eq!(parts("`a``b`.t").unwrap(), ["a`b", "t"]);
        for wrong in ["", ".", "a..b", "a.b.c.d", "`a", "`a`b", "a.", "``"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
        assert_eq!(TableName::parse("delta.`/a`").unwrap().to_string(), "`delta`.`/a`");
        assert_eq!(TableName::parse("delta.`/a`").unwrap().plain(), "delta.`/a`");
    }

    proptest! {
        #[test]
        fn a_quoted_name_is_one_name_and_the_same(parts in proptest::collection::vec("\\PC{1,12}", 1..=3)) {
            prop_assume!(parts.iter().all(|p| !p.trim().is_empty()));
            let name = TableName::new(parts.clone()).unwrap();
            let (read, plain) = (TableName::parse(&name.to_string()).unwrap(), TableName::parse(&name.plain()).unwrap());
            prop_assert_eq!(read.parts(), parts.as_slice());
            prop_assert_eq!(plain.parts(), parts.as_slice());
        }

        #[test]
        fn nothing_gets_out_of_the_quotes(name in "\\PC{0,20}") {
            let text = quoted(&name);
            let inside = text.strip_prefix('`').and_then(|t| t.strip_suffix('`')).unwrap();
            // Every backtick inside has its double, so that none closes the name.
            prop_assert!(!inside.replace("``", "").contains('`'));
        }
    }
}
