//! What can be told of a statement of SQL without an engine: whether it only reads, whether it is one, whether it may be
//! kept in a history, and where in it an engine says that something is wrong.
//!
//! What always holds: in doubt a statement changes data and holds a secret.

/// Words that begin a statement which only reads.
const READS: [&str; 7] = ["SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES", "TABLE"];
/// Words that make what stands after `WITH` a change.
const CHANGES: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "REPLACE"];
/// Words beside which a literal may be a secret.
const SECRETS: [&str; 9] =
    ["password", "passwd", "secret", "token", "credential", "access_key", "accesskey", "apikey", "api_key"];
/// What secrets begin with, or hold.
const SHAPES: [&str; 7] = ["dapi", "eyJ", "AKIA", "ASIA", "-----BEGIN", "sig=", "AccountKey="];

/// A part of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A word, in upper case.
    Word(String),
    /// A text in quotes, without them.
    Literal(&'a str),
    /// Any other character.
    Mark(char),
}

/// The parts of a statement, without comments; a name in backticks is a mark.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if matches!(c, '\'' | '"' | '`') {
            let end = closing(rest, c);
            out.push(if c == '`' { Piece::Mark('`') } else { Piece::Literal(rest[1..end].trim_end_matches(c)) });
            end
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push(Piece::Word(rest[..end].to_uppercase()));
            end
        } else {
            if !c.is_whitespace() {
                out.push(Piece::Mark(c));
            }
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// The byte behind the quote that ends a text which begins with one; a backslash takes the meaning of what follows it.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The statement without the semicolons and blanks behind it; those before it stay, so that places in it do too.
///
/// # Errors
/// A sentence where there is none, or more than one.
pub fn single(text: &str) -> Result<&str, String> {
    let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let parts = pieces(text);
    if parts.is_empty() {
        return Err("there is no statement yet: type one".to_owned());
    }
    if parts.contains(&Piece::Mark(';')) {
        return Err("this is more than one statement: run them one after the other".to_owned());
    }
    Ok(text)
}

/// Whether a statement only reads: `SELECT`, `SHOW`, `DESCRIBE`, `EXPLAIN`, `VALUES`, `TABLE`, or `WITH` before a `SELECT`.
#[must_use]
pub fn only_reads(text: &str) -> bool {
    let parts = pieces(text);
    let mut words = parts.iter().filter(|p| **p != Piece::Mark('('));
    let Some(Piece::Word(first)) = words.next() else { return false };
    if READS.contains(&first.as_str()) {
        return true;
    }
    let changes = |p: &Piece<'_>| matches!(p, Piece::Word(word) if CHANGES.contains(&word.as_str()));
    let selects = |p: &Piece<'_>| *p == Piece::Word("SELECT".to_owned());
    first == "WITH" && parts.iter().any(selects) && !parts.iter().any(changes)
}

/// Whether a statement may hold a secret, so that it is not to be kept: a literal in a statement that speaks of secrets,
/// or one that looks like a secret itself.
#[must_use]
pub fn may_hold_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    let speaks = SECRETS.iter().any(|word| lower.contains(word));
    let literals =
        pieces(text).into_iter().filter_map(|p| if let Piece::Literal(text) = p { Some(text) } else { None });
    // Comments count as well: they are kept with the statement.
    let shaped = SHAPES.iter().any(|shape| text.contains(shape));
    shaped || (speaks && literals.into_iter().next().is_some())
}

/// The line and the column, counted from 1, at which an engine's message says that something is wrong: Spark writes
/// `(line 2, pos 7)` and counts the position from 0.
#[must_use]
pub fn place_in(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("line ")?;
    let (line, rest) = rest.split_once(',')?;
    let rest = rest.trim_start().strip_prefix("pos ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let (line, column): (usize, usize) = (line.trim().parse().ok()?, digits.parse().ok()?);
    (line > 0).then_some((line, column + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_told_from_changing() {
        for reads in [
            "select 1",
            "-- DELETE\n SELECT 'drop table x; delete'",
            "/* update */ show tables",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "(SELECT 1) UNION (SELECT 2)",
            "describe history t",
            "EXPLAIN DELETE FROM t",
            "VALUES (1)",
        ] {
            assert!(only_reads(reads), "{reads}");
        }
        for changes in [
            "",
            "DELETE FROM t",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            "with a as (select 1) delete from t",
            "FROM a INSERT INTO t SELECT *",
            "/* select */ drop table t",
            "SET x = 1",
            "CALL f()",
            "'SELECT'",
        ] {
            assert!(!only_reads(changes), "{changes}");
        }
    }

    #[test]
    fn one_statement_is_taken() {
        assert_eq!(single("\n SELECT ';' ; ;\n"), Ok("\n SELECT ';'"));
        assert!(single("  -- nothing\n").unwrap_err().contains("no statement"));
        assert!(single("SELECT 1; DROP TABLE t").unwrap_err().contains("more than one"));
        assert_eq!(single("SELECT 'a\\'; b' -- ;"), Ok("SELECT 'a\\'; b' --"));
    }

    #[test]
    fn what_may_be_a_secret_is_seen() {
        for held in [
            "CREATE CONNECTION c OPTIONS (password 'x')",
            "SELECT * FROM t WHERE token = \"abc\"",
            "SELECT 'dapi0123456789abcdef'",
            "SELECT 1 -- eyJhbGciOi",
        ] {
            assert!(may_hold_secret(held), "{held}");
        }
        for free in ["SELECT token FROM t", "SELECT 'rose'", "SELECT class, count(*) FROM t GROUP BY class"] {
            assert!(!may_hold_secret(free), "{free}");
        }
    }

    #[test]
    fn places_are_found_in_messages() {
        assert_eq!(place_in("Syntax error at or near 'x'. SQLSTATE: 42601 (line 2, pos 7)"), Some((2, 8)));
        assert_eq!(place_in("a new line is missing"), None);
        assert_eq!(place_in("(line 0, pos 1)"), None);
    }
}
