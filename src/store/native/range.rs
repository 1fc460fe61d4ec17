//! One range of an index: the `FROM` and `WHERE` that read it in the order of a stretch's key.

use super::plan::{Column, Dialect, Sql};
use super::value::Value;
use crate::domain::ids::ProjectId;

/// `FROM … WHERE …` of one range.
#[derive(Clone, Debug)]
pub(in crate::store) struct Range {
    pub(super) sql: Sql,
    /// The table that holds the key: `s` or `c`.
    table: &'static str,
    /// Only keys from here on.
    pub(super) low: Option<i64>,
    /// Only keys below.
    pub(super) high: Option<i64>,
}

impl Range {
    pub(super) fn on_sample(index: &str, project: ProjectId, dialect: Dialect) -> Self {
        let by = indexed_by(index, dialect);
        let text = format!(" FROM sample s{by} WHERE s.project = ?");
        Self { sql: Sql { text, values: vec![Value::Integer(project.0)] }, table: "s", low: None, high: None }
    }

    /// Over the samples with an open comment, which are few: looked up one by one, and sorted afterwards.
    pub(super) fn on_comments(project: ProjectId, dialect: Dialect) -> Self {
        // In SQLite these words leave only the id to look samples up by.
        let by = if dialect == Dialect::Sqlite { " NOT INDEXED" } else { "" };
        let text = format!(
            " FROM sample s{by} WHERE s.project = ? AND s.id IN (SELECT n.sample FROM comment n WHERE n.resolved = 0)"
        );
        Self { sql: Sql { text, values: vec![Value::Integer(project.0)] }, table: "s", low: None, high: None }
    }

    /// Over the samples on any of these lists: looked up one by one, and sorted afterwards.
    pub(super) fn on_lists(project: ProjectId, names: &[String], dialect: Dialect) -> Self {
        let by = if dialect == Dialect::Sqlite { " NOT INDEXED" } else { "" };
        let marks = vec!["?"; names.len()].join(", ");
        let text = format!(
            " FROM sample s{by} WHERE s.project = ? AND s.id IN (SELECT t.sample FROM listed t WHERE t.project = ?
             AND t.folded IN ({marks}))"
        );
        let mut values = vec![Value::Integer(project.0), Value::Integer(project.0)];
        values.extend(names.iter().map(|n| Value::Text(n.clone())));
        Self { sql: Sql { text, values }, table: "s", low: None, high: None }
    }

    /// Over the class list, by path or by change; the sample is looked up for its key and the other conditions.
    pub(super) fn on_class(index: &str, project: ProjectId, class: i64, column: Column, dialect: Dialect) -> Self {
        let by = indexed_by(index, dialect);
        // In SQLite the word CROSS keeps the order of the two tables.
        let cross = if dialect == Dialect::Sqlite { "CROSS " } else { "" };
        let text = format!(
            " FROM sample_class c{by} {cross}JOIN sample s ON s.id = c.sample WHERE c.project = ? AND c.class = ?"
        );
        let values = vec![Value::Integer(project.0), Value::Integer(class)];
        let table = if matches!(column, Column::Path | Column::Changed) { "c" } else { "s" };
        Self { sql: Sql { text, values }, table, low: None, high: None }
    }

    /// The statement with the stretch's bounds on the key. A bound of its own (`>`, `>=`, `<`, `<=` and a key inside the
    /// stretch) takes the place of the stretch's on that side: of two bounds SQLite searches by the first and only
    /// then looks at the other, row by row.
    pub(in crate::store) fn bounded(&self, column: Column, own: Option<(&str, Value)>) -> Sql {
        let (mut sql, key) = (self.sql.clone(), self.key(column));
        let side = own.as_ref().and_then(|(than, _)| than.chars().next());
        for (than, bound) in [(">=", self.low), ("<", self.high)] {
            if let Some(bound) = bound.filter(|_| side != than.chars().next()) {
                sql.value(&format!(" AND {key} {than} ?"), Value::Integer(bound));
            }
        }
        if let Some((than, value)) = own {
            sql.value(&format!(" AND {key} {than} ?"), value);
        }
        sql
    }

    /// The key's column.
    pub(in crate::store) fn key(&self, column: Column) -> String {
        format!("{}.{}", self.table, column.name())
    }
}

/// A `LIKE` pattern for "contains", its wildcards escaped.
pub(super) fn like(needle: &str) -> String {
    let mut out = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out + "%"
}

/// The word that makes SQLite use an index.
fn indexed_by(index: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite if !index.is_empty() => format!(" INDEXED BY {index}"),
        _ => String::new(),
    }
}
