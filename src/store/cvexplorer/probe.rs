//! Which of CV Explorer's columns a database has: it grew over the years, and any of the later ones may be missing.

use crate::store::Result;
use crate::store::native::base::Base;
use crate::store::native::plan::Dialect;
use std::collections::BTreeSet;

/// The tables without which it is not CV Explorer's.
const TABLES: [&str; 3] = ["labeling_projects", "project_samples", "annotations"];

/// What is there.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) dialect: Dialect,
    columns: BTreeSet<(String, String)>,
}

impl Shape {
    /// Looks at the database; `None` where it is not CV Explorer's.
    pub(super) fn probe(db: &dyn Base, dialect: Dialect) -> Result<Option<Self>> {
        let sql = match dialect {
            Dialect::Postgres => {
                "SELECT table_name::text, column_name::text FROM information_schema.columns
                 WHERE table_schema = current_schema()"
            }
            Dialect::Sqlite => {
                "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                                WHERE t.type = 'table'"
            }
        };
        let columns: BTreeSet<(String, String)> =
            db.rows(sql, (), |r| Ok((r.get(0)?, r.get(1)?)))?.into_iter().collect();
        let shape = Self { dialect, columns };
        Ok(TABLES.iter().all(|table| shape.has(table, "id")).then_some(shape))
    }

    /// Whether a table has a column.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.columns.contains(&(table.to_owned(), column.to_owned()))
    }

    /// A column where it exists, else what stands for it.
    pub(super) fn or<'a>(&self, table: &str, column: &'a str, otherwise: &'a str) -> &'a str {
        if self.has(table, column) { column } else { otherwise }
    }

    /// Condition that an annotation `a` is no draft.
    pub(super) fn accepted(&self) -> &'static str {
        if self.has("annotations", "is_draft") { "NOT a.is_draft" } else { "1 = 1" }
    }

    /// Microseconds since 1970 of a time column.
    pub(super) fn micros(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("CAST(extract(epoch FROM {column}) * 1000000 AS BIGINT)"),
            // UTC without a zone, to the microsecond.
            Dialect::Sqlite => format!(
                "CAST(strftime('%s', {column}) AS INTEGER) * 1000000 + CAST(substr(substr({column}, 21) || '000000', 1, 6)
                 AS INTEGER)"
            ),
        }
    }

    /// A time column's value from a mark for microseconds since 1970.
    pub(super) fn time(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "to_timestamp(CAST(? AS DOUBLE PRECISION) / 1000000)",
            Dialect::Sqlite => "strftime('%Y-%m-%d %H:%M:%f000', ? / 1000000.0, 'unixepoch')",
        }
    }

    /// Now, by the server's clock, or so many minutes before.
    pub(super) fn now(&self, minutes: u32) -> String {
        match self.dialect {
            Dialect::Postgres => format!("(now() - interval '{minutes} minutes')"),
            Dialect::Sqlite => format!("strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{minutes} minutes')"),
        }
    }

    /// A JSON column's value from a mark for its text.
    pub(super) fn json(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "CAST(? AS JSON)",
            Dialect::Sqlite => "?",
        }
    }

    /// What locks the rows a query finds; in a file the whole of it is locked already.
    pub(super) fn lock(&self, skip: bool) -> &'static str {
        match (self.dialect, skip) {
            (Dialect::Postgres, false) => " FOR UPDATE OF s",
            (Dialect::Postgres, true) => " FOR UPDATE OF s SKIP LOCKED",
            (Dialect::Sqlite, _) => "",
        }
    }
}
