//! One range of an index: the `FROM` and `WHERE` that read it in the order of a stretch's key.

use super::plan::{Column, Dialect, Sql};
use super::value::Value;
use crate::domain::ids::ProjectId;

/// Where and how a range is read.
pub(super) struct At {
    pub(super) project: ProjectId,
    /// What it is sorted by.
    pub(super) column: Column,
    pub(super) dialect: Dialect,
}

impl At {
    /// The measures of `sample s`, or the doubts of models, where the key stands with them. In SQLite the word CROSS keeps the order of tables.
    fn measures(&self) -> String {
        let join = |table| format!(" {}JOIN {table} m ON m.sample = s.id", self.cross());
        self.column.table().map(join).unwrap_or_default()
    }

    fn cross(&self) -> &'static str {
        if self.dialect == Dialect::Sqlite { "CROSS " } else { "" }
    }

    /// The table whose key is read where rows are found by samples.
    fn key_table(&self) -> &'static str {
        if self.column.table().is_some() { "m" } else { "s" }
    }

    /// The word that makes SQLite use an index.
    fn indexed_by(&self, index: &str) -> String {
        match self.dialect {
            Dialect::Sqlite if !index.is_empty() => format!(" INDEXED BY {index}"),
            _ => String::new(),
        }
    }

    /// In SQLite these words leave only the id to look samples up by.
    fn by_id(&self) -> &'static str {
        if self.dialect == Dialect::Sqlite { " NOT INDEXED" } else { "" }
    }
}

/// `FROM … WHERE …` of one range.
#[derive(Clone, Debug)]
pub(in crate::store) struct Range {
    pub(super) sql: Sql,
    /// The table that holds the key: `s`, `c`, `m` or `t`.
    table: &'static str,
    /// Only keys from here on.
    pub(super) low: Option<i64>,
    /// Only keys below.
    pub(super) high: Option<i64>,
}

impl Range {
    fn new(text: String, values: Vec<Value>, table: &'static str) -> Self {
        Self { sql: Sql { text, values }, table, low: None, high: None }
    }

    pub(super) fn on_sample(index: &str, at: &At) -> Self {
        let text = format!(" FROM sample s{}{} WHERE s.project = ?", at.indexed_by(index), at.measures());
        Self::new(text, vec![Value::Integer(at.project.0)], at.key_table())
    }

    /// Over an index of the measures or doubts; the sample is looked up for the other conditions.
    pub(super) fn on_measures(table: &str, index: &str, at: &At) -> Self {
        let (by, cross) = (at.indexed_by(index), at.cross());
        let text = format!(" FROM {table} m{by} {cross}JOIN sample s ON s.id = m.sample WHERE m.project = ?");
        let table = if at.column == Column::Path { "m" } else { at.key_table() };
        Self::new(text, vec![Value::Integer(at.project.0)], table)
    }

    /// Over the samples with an open comment, which are few: looked up one by one, and sorted afterwards.
    pub(super) fn on_comments(at: &At) -> Self {
        let text = format!(
            " FROM sample s{}{} WHERE s.project = ? AND s.id IN (SELECT n.sample FROM comment n WHERE n.resolved = 0)",
            at.by_id(),
            at.measures()
        );
        Self::new(text, vec![Value::Integer(at.project.0)], at.key_table())
    }

    /// Over a list, by path; the sample is looked up for the other keys and conditions.
    pub(super) fn on_list(index: &str, name: &str, at: &At) -> Self {
        let (by, cross, measures) = (at.indexed_by(index), at.cross(), at.measures());
        let text = format!(
            " FROM listed t{by} {cross}JOIN sample s ON s.id = t.sample{measures} WHERE t.project = ? AND t.folded = ?"
        );
        let values = vec![Value::Integer(at.project.0), Value::Text(name.to_owned())];
        Self::new(text, values, if at.column == Column::Path { "t" } else { at.key_table() })
    }

    /// Over the class list, by path or by change; the sample is looked up for its key and the other conditions.
    pub(super) fn on_class(index: &str, class: i64, at: &At) -> Self {
        let (by, cross, measures) = (at.indexed_by(index), at.cross(), at.measures());
        let text = format!(
            " FROM sample_class c{by} {cross}JOIN sample s ON s.id = c.sample{measures} WHERE c.project = ? AND c.class = ?"
        );
        let values = vec![Value::Integer(at.project.0), Value::Integer(class)];
        let table = if matches!(at.column, Column::Path | Column::Changed) { "c" } else { at.key_table() };
        Self::new(text, values, table)
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
