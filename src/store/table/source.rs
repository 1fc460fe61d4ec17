//! The table that is labelled, and the statements that read and change it.
//!
//! What always holds: names become part of a statement only quoted, values only as attached rows; a change compares with
//! the value that the person saw, in the same statement. The filter is SQL by its nature: it is the person's own, and
//! stands in parentheses in reading statements only.

use crate::remote::sql::{Attached, Engine, SqlError, Statement, TableName, quoted};
use crate::store::{Result, StoreError};
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Which table, and what its columns mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSource {
    /// The table as people write it, such as `main.default.images`.
    pub table: String,
    /// The column that tells rows apart, together with the path.
    pub id: String,
    /// The column with the class.
    pub class: String,
    /// The column with the path of the picture.
    pub path: String,
    /// Which rows; empty for all. A condition in SQL.
    #[serde(default)]
    pub filter: String,
}

/// The SQL types of the columns, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types {
    pub(super) id: &'static str,
    pub(super) class: &'static str,
}

/// A row as it is sent: texts, which the statement casts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) id: String,
    /// The path as the table has it.
    pub(super) raw: String,
    pub(super) expected: Option<String>,
    pub(super) target: Option<String>,
}

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// The path of its picture, as the table has it.
    pub raw: String,
    /// Its class.
    pub class: Option<String>,
}

impl TableSource {
    /// The name of the table.
    ///
    /// # Errors
    /// When it is none.
    pub fn name(&self) -> Result<TableName> {
        TableName::parse(&self.table).map_err(StoreError::invalid)
    }

    /// What distinguishes this table from others, for the name of a file.
    #[must_use]
    pub fn fingerprint(&self, place: &str) -> String {
        // FNV-1a: stable across versions of the program and of Rust, which the hashes of the library are not.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for part in [place, &self.table, &self.id, &self.class, &self.path, &self.filter] {
            for byte in part.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let fine = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
        let name: String = self.table.chars().map(fine).rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
        format!("{name}-{hash:016x}")
    }

    pub(super) fn columns(&self, of: &str) -> String {
        let cast = |column: &str| format!("CAST({of}{} AS STRING)", quoted(column));
        format!("{} AS id, {} AS path, {} AS class", cast(&self.id), cast(&self.path), cast(&self.class))
    }

    /// The columns without rows, for their types.
    pub(super) fn probe(&self) -> Result<Statement> {
        let list = [&self.id, &self.path, &self.class].map(|c| quoted(c)).join(", ");
        Ok(Statement::new(format!("SELECT {list} FROM {} LIMIT 0", self.name()?)))
    }

    /// All rows, at a version where one is given.
    pub(super) fn read(&self, version: Option<i64>) -> Result<Statement> {
        let at = version.map_or_else(String::new, |v| format!(" VERSION AS OF {v}"));
        let (columns, name, condition) = (self.columns(""), self.name()?, self.condition());
        Ok(Statement::new(format!("SELECT {columns} FROM {name}{at}{condition}")))
    }

    /// The filter; on a line of its own, so that a comment in it swallows nothing.
    pub(super) fn condition(&self) -> String {
        if self.filter.trim().is_empty() { String::new() } else { format!(" WHERE ({}\n)", self.filter) }
    }

    /// The rows of these ids and paths, as they are now.
    pub(super) fn read_some(
        &self,
        engine: &dyn Engine,
        types: Types,
        batch: &[Change],
        name: &str,
    ) -> Result<Statement> {
        let rows = attached(batch, name);
        let text = format!(
            "SELECT {} FROM {} AS t JOIN {} AS s ON {}",
            self.columns("t."),
            self.name()?,
            engine.source(&rows),
            self.matches(types),
        );
        Ok(Statement::new(text).attach(rows))
    }

    /// Changes the class of rows whose class is still the expected one.
    pub(super) fn merge(&self, engine: &dyn Engine, types: Types, batch: &[Change], name: &str) -> Result<Statement> {
        let rows = attached(batch, name);
        let (class, kind) = (quoted(&self.class), types.class);
        let text = format!(
            "MERGE INTO {} AS t USING {} AS s ON {} AND t.{class} <=> CAST(s.`before` AS {kind}) \
             WHEN MATCHED THEN UPDATE SET {class} = CAST(s.`after` AS {kind})",
            self.name()?,
            engine.source(&rows),
            self.matches(types),
        );
        Ok(Statement::new(text).attach(rows))
    }

    fn matches(&self, types: Types) -> String {
        let (id, path) = (quoted(&self.id), quoted(&self.path));
        format!("t.{id} = CAST(s.`id` AS {}) AND t.{path} = s.`path`", types.id)
    }

    /// Looks at the table: whether it is there, has the columns, and which types they have.
    ///
    /// # Errors
    /// The engine's own, and what is wrong with a column.
    pub(super) fn types(&self, engine: &dyn Engine, stop: &CancellationToken) -> Result<Types> {
        let rows = engine.run(&self.probe()?, stop).map_err(|error| match error {
            SqlError::Refused { ref message, .. } if error.is_missing_table() => StoreError::invalid(format!(
                "there is no table {} at {} ({message}); check its name, and its catalog and schema",
                self.table,
                engine.place()
            )),
            other => other.into(),
        })?;
        let schema = rows.schema().ok_or_else(|| {
            let place = engine.place().to_owned();
            StoreError::from(SqlError::Garbled { place, why: "a query gave no columns".to_owned() })
        })?;
        let kind = |i: usize, what: &str, column: &str, text: bool| {
            let found = schema.fields().get(i).map(|f| f.data_type().clone());
            let sql = found.as_ref().and_then(sql_type).filter(|t| !text || *t == "STRING");
            sql.ok_or_else(|| {
                let found = found.map_or_else(|| "nothing".to_owned(), |t| t.to_string());
                let wanted = if text { "STRING" } else { "STRING or a whole number" };
                StoreError::invalid(format!(
                    "column `{column}` of {} holds {found}, and the {what} has to be {wanted}; name another with --{what}",
                    self.table
                ))
            })
        };
        let (id, class) = (kind(0, "id", &self.id, false)?, kind(2, "class", &self.class, false)?);
        kind(1, "path", &self.path, true)?;
        Ok(Types { id, class })
    }
}

fn sql_type(kind: &DataType) -> Option<&'static str> {
    Some(match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "STRING",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        _ => return None,
    })
}

fn attached(batch: &[Change], name: &str) -> Attached {
    let row = |c: &Change| vec![Some(c.id.clone()), Some(c.raw.clone()), c.expected.clone(), c.target.clone()];
    Attached {
        name: name.to_owned(),
        columns: ["id", "path", "before", "after"].map(str::to_owned).to_vec(),
        rows: batch.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::sql::{Dialect, Rows};

    struct Names;

    impl Engine for Names {
        fn place(&self) -> &str {
            "here"
        }
        fn dialect(&self) -> Dialect {
            Dialect { parameters_in_changes: true, messages: true }
        }
        fn source(&self, rows: &Attached) -> String {
            quoted(&rows.name)
        }
        fn run(&self, _: &Statement, _: &CancellationToken) -> crate::remote::sql::Result<Rows> {
            Err(SqlError::Cancelled)
        }
    }

    fn source() -> TableSource {
        TableSource {
            table: "main.d.t".into(),
            id: "image id".into(),
            class: "cl`ass".into(),
            path: "origin".into(),
            filter: String::new(),
        }
    }

    #[test]
    fn statements_hold_names_in_quotes_and_no_values() {
        let types = Types { id: "BIGINT", class: "STRING" };
        let evil = "'; DROP TABLE x; --".to_owned();
        let change =
            Change { id: evil.clone(), raw: evil.clone(), expected: Some(evil.clone()), target: Some(evil.clone()) };
        let merge = source().merge(&Names, types, std::slice::from_ref(&change), "rows").unwrap();
        assert_eq!(
            merge.text,
            "MERGE INTO `main`.`d`.`t` AS t USING `rows` AS s ON t.`image id` = CAST(s.`id` AS BIGINT) AND \
             t.`origin` = s.`path` AND t.`cl``ass` <=> CAST(s.`before` AS STRING) WHEN MATCHED THEN UPDATE SET \
             `cl``ass` = CAST(s.`after` AS STRING)"
        );
        assert_eq!(merge.attached.unwrap().rows, [vec![Some(evil.clone()); 4]]);
        let read = source().read_some(&Names, types, &[change], "rows").unwrap();
        assert!(!read.text.contains("DROP"), "{}", read.text);
    }

    #[test]
    fn reading_takes_a_version_and_a_filter() {
        let mut source = source();
        assert!(source.read(Some(3)).unwrap().text.ends_with("FROM `main`.`d`.`t` VERSION AS OF 3"));
        source.filter = "class = 'x' -- mine".into();
        // A comment in the filter must not swallow what follows it.
        assert!(source.read(None).unwrap().text.ends_with("WHERE (class = 'x' -- mine\n)"));
        source.table = "a..b".into();
        assert!(source.read(None).is_err());
    }

    #[test]
    fn tables_have_files_of_their_own() {
        let mut other = source();
        other.filter = "x".into();
        assert_ne!(source().fingerprint("sc://a"), other.fingerprint("sc://a"));
        assert_ne!(source().fingerprint("sc://a"), source().fingerprint("sc://b"));
        assert!(source().fingerprint("sc://a").starts_with("main.d.t-"));
    }
}
