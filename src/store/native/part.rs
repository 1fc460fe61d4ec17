//! One condition of a filter: which samples it takes, how many those are, and which index finds them.

use super::codes;
use super::plan::Dialect;
use super::stretch::Column;
use super::tally::Stored;
use super::value::Value;
use crate::domain::queue::attr::{NO, Wanted};

/// What a model has told several classes of.
const DOUBTED: &str = "doubted";

/// A fact that stands with the measures, or with the doubts of models, and has an index of its own, sorted by one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    /// What the stored counts call it.
    pub(super) name: &'static str,
    /// What must hold of the row of measures, after its name.
    pub(super) condition: &'static str,
    pub(super) index: &'static str,
    by: Column,
    /// The table that has it.
    table: &'static str,
}

impl Fact {
    const fn new(name: &'static str, condition: &'static str, index: &'static str, by: Column) -> Self {
        Self { name, condition, index, by, table: "measure" }
    }

    /// Looks like another picture.
    pub(super) const NEAR: Self = Self::new("near", "near IS NOT NULL", "measure_near", Column::Path);
    /// Has the content of another picture.
    pub(super) const EXACT: Self = Self::new("exact", "exact IS NOT NULL", "measure_exact", Column::Path);

    /// A fault, by the name that filters give it.
    pub(super) fn of_fault(fault: crate::domain::quality::Fault) -> Self {
        use crate::domain::quality::Fault;
        match fault {
            Fault::Blurry => Self::new("blurry", "blurry = 1", "measure_blurry", Column::Path),
            Fault::Dark => Self::new("dark", "dark = 1", "measure_dark", Column::Path),
            Fault::Bright => Self::new("bright", "bright = 1", "measure_bright", Column::Path),
            Fault::Odd => Self::new("odd", "odd = 1", "measure_odd", Column::Path),
            Fault::Damaged => Self::new("damaged", "broken = 1", "measure_broken", Column::Path),
        }
    }

    /// Has a value in a column; nothing of columns that every sample has one in.
    pub(super) fn of_column(column: Column) -> Option<Self> {
        Some(match column {
            Column::Blur => Self::new("measured", "blur IS NOT NULL", "measure_blur", column),
            Column::Light => Self::new("measured", "light IS NOT NULL", "measure_light", column),
            Column::Place => Self::new("near", "place IS NOT NULL", "measure_place", column),
            Column::Margin => {
                Self { table: "doubt", ..Self::new(DOUBTED, "margin IS NOT NULL", "doubt_margin", column) }
            }
            Column::Entropy => {
                Self { table: "doubt", ..Self::new(DOUBTED, "entropy IS NOT NULL", "doubt_entropy", column) }
            }
            Column::Path | Column::Shuffle | Column::Changed | Column::Rank => return None,
        })
    }

    /// How many samples have it.
    fn count(&self, stored: &Stored) -> u64 {
        if self.name == DOUBTED { Self::doubted(stored) } else { stored.get("quality", self.name) }
    }

    /// How many samples a model has told several classes of.
    pub(super) fn doubted(stored: &Stored) -> u64 {
        stored.get("is", DOUBTED)
    }
}

/// A condition on samples that an index can serve: alternatives that exclude each other, except for classes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Status(Vec<i64>),
    Review(Vec<i64>),
    By(Vec<String>),
    Class(Vec<i64>),
    Predicted(Vec<i64>),
    /// No model has said anything of it.
    Unpredicted,
    Is(&'static str, bool),
    /// Has an open comment, or has none. It is not counted, and sorted by nothing: comments are few.
    Noted(bool),
    /// Stands on one of these lists, their names in lower case. Not counted; a sample may stand on several.
    Listed(Vec<String>),
    /// Its measures say so, or do not, or it has none.
    Measured(Fact, bool),
    /// Lies in one of these groups of pictures that look alike. Not counted: groups are small.
    Group(Vec<i64>),
    /// An annotation that somebody has confirmed has one of these attributes. Not counted, and no index has them: samples are
    /// looked at one after the other, as for a part of a path.
    Attribute(Vec<Wanted>),
    /// Labeled, and the class of its best prediction is not among those given; or not so. The groups of classes that count
    /// as one are told. Not counted: labeled samples are looked at one after the other.
    Disagrees(bool, Vec<Vec<i64>>),
    /// Stands under these classes, or none, with one of these statuses: only in class order.
    Under(Option<Vec<i64>>, Vec<i64>),
    /// Carries one of the first and stands under one of the second.
    Both(Vec<i64>, Vec<i64>),
}

impl Part {
    /// How many samples it takes, from the stored counts.
    pub(super) fn count(&self, stored: &Stored) -> u64 {
        let all = stored.samples();
        match self {
            Self::Status(codes) => codes.iter().map(|c| stored.get("status", codes::status_from(*c).name())).sum(),
            Self::Review(codes) => codes.iter().map(|c| stored.get("review", c)).sum(),
            Self::By(names) => names.iter().map(|n| stored.get("by", n)).sum(),
            Self::Class(ids) | Self::Under(Some(ids), _) => {
                ids.iter().map(|c| stored.get("class", c)).sum::<u64>().min(all)
            }
            Self::Predicted(ids) => ids.iter().map(|c| stored.get("predicted", c)).sum(),
            Self::Unpredicted => all - stored.of("predicted").map(|(_, n)| n).sum::<u64>().min(all),
            Self::Is(name, true) => stored.get("is", name),
            Self::Noted(true) | Self::Listed(_) | Self::Group(_) => all / 1000 + 1,
            Self::Noted(false) => all,
            Self::Attribute(..) | Self::Disagrees(true, _) => all / 10 + 1,
            Self::Disagrees(false, _) => all,
            Self::Is(name, false) => all - stored.get("is", name).min(all),
            Self::Measured(fact, true) => fact.count(stored),
            Self::Measured(fact, false) => all - fact.count(stored).min(all),
            Self::Both(ids, under) => {
                let carry = |ids: &Vec<i64>| ids.iter().map(|c| stored.get("class", c)).sum::<u64>();
                carry(ids).min(carry(under))
            }
            Self::Under(None, _) => all - stored.get("status", "labeled").min(all) + stored.get("is", "empty"),
        }
    }

    /// The index that finds exactly these samples, and whether it is sorted by the column.
    pub(super) fn index(&self, column: Column) -> Option<(&'static str, bool)> {
        Some(match (self, column) {
            (Self::Status(_), Column::Shuffle) => ("sample_status_shuffle", true),
            (Self::Status(_), Column::Changed) => ("sample_status_changed", true),
            (Self::Status(_), Column::Rank) => ("sample_status_rank", true),
            (Self::Status(_), column) => ("sample_status_path", column == Column::Path),
            (Self::Review(_), Column::Changed) => ("sample_review_changed", true),
            (Self::Review(_), column) => ("sample_review_path", column == Column::Path),
            (Self::By(_), column) => ("sample_author_changed", column == Column::Changed),
            (Self::Class(_), Column::Changed) => ("sample_class_changed", true),
            (Self::Class(_), column) => ("", column == Column::Path),
            (Self::Predicted(_), column) => ("sample_predicted_rank", column == Column::Rank),
            (Self::Is("flagged", true), column) => ("sample_flagged", column == Column::Path),
            (Self::Is("unsure", true), column) => ("sample_unsure", column == Column::Path),
            (Self::Is("empty", true), column) => ("sample_empty", column == Column::Path),
            (Self::Noted(true), _) => ("", false),
            (Self::Listed(_), column) => ("listed_path", column == Column::Path),
            // Rows of one table beside the samples have no keys of another one.
            (Self::Measured(..) | Self::Group(_), column)
                if column.table().is_some_and(|t| self.table() != Some(t)) =>
            {
                return None;
            }
            (Self::Measured(fact, true), column) => (fact.index, column == fact.by),
            (Self::Group(_), column) => ("measure_group", column == Column::Path),
            (Self::Is(..) | Self::Noted(false) | Self::Measured(_, false) | Self::Unpredicted, _) => return None,
            (Self::Attribute(..) | Self::Disagrees(..), _) => return None,
            (Self::Under(..), column) => ("sample_class_path", column == Column::Path),
            (Self::Both(..), column) => ("sample_class_under", column == Column::Path),
        })
    }

    /// The table beside the samples that has an index for it.
    pub(super) fn table(&self) -> Option<&'static str> {
        match self {
            Self::Measured(fact, _) => Some(fact.table),
            Self::Group(_) => Some("measure"),
            _ => None,
        }
    }

    /// The condition on a row of `sample s`.
    pub(super) fn condition(&self, dialect: Dialect, sql: &mut Sql) {
        match self {
            Self::Status(codes) => sql.any("s.status", codes.iter().map(|c| Value::Integer(*c))),
            Self::Review(codes) => sql.any("s.review", codes.iter().map(|c| Value::Integer(*c))),
            Self::By(names) => sql.any("s.author", names.iter().map(|n| Value::Text(n.clone()))),
            Self::Predicted(ids) => sql.any("s.predicted", ids.iter().map(|c| Value::Integer(*c))),
            Self::Unpredicted => sql.push(" AND s.predicted IS NULL"),
            Self::Is(name, is) => sql.push(&format!(" AND s.{name} = {}", i64::from(*is))),
            Self::Noted(is) => {
                let not = if *is { "" } else { "NOT " };
                sql.push(&format!(
                    " AND {not}EXISTS(SELECT 1 FROM comment n WHERE n.sample = s.id AND n.resolved = 0)"
                ));
            }
            Self::Measured(fact, is) => {
                let (not, Fact { table, condition, .. }) = (if *is { "" } else { "NOT " }, fact);
                sql.push(&format!(" AND {not}EXISTS(SELECT 1 FROM {table} q WHERE q.sample = s.id AND q.{condition})"));
            }
            Self::Group(ids) => {
                sql.push(" AND EXISTS(SELECT 1 FROM measure q WHERE q.sample = s.id");
                sql.any("q.near", ids.iter().map(|c| Value::Integer(*c)));
                sql.push(")");
            }
            Self::Listed(names) => {
                sql.push(" AND EXISTS(SELECT 1 FROM listed t WHERE t.sample = s.id AND t.project = s.project");
                sql.any("t.folded", names.iter().map(|n| Value::Text(n.clone())));
                sql.push(")");
            }
            Self::Disagrees(is, groups) => {
                let same = groups.iter().map(|ids| {
                    let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    format!(" OR (x.class IN ({ids}) AND s.predicted IN ({ids}))")
                });
                sql.push(&format!(
                    " AND {}(s.status = 2 AND s.predicted IS NOT NULL AND NOT EXISTS(SELECT 1 FROM sample_class x
                       WHERE x.project = s.project AND x.sort_key = s.sort_key AND (x.class = s.predicted{})))",
                    if *is { "" } else { "NOT " },
                    same.collect::<String>()
                ));
            }
            Self::Attribute(wanted) => attribute(dialect, wanted, sql),
            Self::Class(ids) => {
                sql.push(
                    " AND EXISTS(SELECT 1 FROM sample_class x WHERE x.project = s.project AND x.sort_key = s.sort_key",
                );
                sql.any("x.class", ids.iter().map(|c| Value::Integer(*c)));
                sql.push(")");
            }
            Self::Under(classes, statuses) => {
                match classes {
                    Some(ids) => sql.any("s.class", ids.iter().map(|c| Value::Integer(*c))),
                    None => sql.push(" AND s.class IS NULL"),
                }
                sql.any("s.status", statuses.iter().map(|c| Value::Integer(*c)));
            }
            Self::Both(ids, under) => {
                Self::Class(ids.clone()).condition(dialect, sql);
                sql.any("s.class", under.iter().map(|c| Value::Integer(*c)));
            }
        }
    }

    /// One condition for each range of an index: equality on all its columns before the key.
    pub(super) fn alternatives(&self) -> Vec<Sql> {
        let one = |text: &str, value: Value| Sql { text: text.to_owned(), values: vec![value] };
        let integer = |text: &str, codes: &[i64]| codes.iter().map(|c| one(text, Value::Integer(*c))).collect();
        match self {
            Self::Status(codes) => integer(" AND s.status = ?", codes),
            // The literal tells SQLite that the partial index serves.
            Self::Review(codes) => integer(" AND s.review > 0 AND s.review = ?", codes),
            Self::Predicted(ids) => integer(" AND s.predicted = ?", ids),
            Self::Group(ids) => integer(" AND m.near = ?", ids),
            Self::Measured(fact, _) => {
                vec![Sql { text: format!(" AND m.{}", fact.condition), values: Vec::new() }]
            }
            Self::By(names) => names.iter().map(|n| one(" AND s.author = ?", Value::Text(n.clone()))).collect(),
            Self::Is(name, is) => vec![Sql { text: format!(" AND s.{name} = {}", i64::from(*is)), values: Vec::new() }],
            Self::Under(classes, statuses) => {
                let mut out = Vec::new();
                for status in statuses {
                    let end = format!(" AND s.status = {status}");
                    match classes {
                        Some(ids) => {
                            out.extend(ids.iter().map(|c| one(&format!(" AND s.class = ?{end}"), Value::Integer(*c))))
                        }
                        None => out.push(Sql { text: format!(" AND s.class IS NULL{end}"), values: Vec::new() }),
                    }
                }
                out
            }
            Self::Class(_) | Self::Both(..) | Self::Noted(_) | Self::Listed(_) => Vec::new(),
            Self::Unpredicted | Self::Attribute(..) | Self::Disagrees(..) => Vec::new(),
        }
    }
}

/// The condition that a sample has an annotation with one of these attributes, which are stored as JSON.
fn attribute(dialect: Dialect, wanted: &[Wanted], sql: &mut Sql) {
    let (entries, name, text) = match dialect {
        Dialect::Sqlite => (
            "json_each(a.attributes) j",
            "folded(j.key)",
            "CASE j.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE folded(CAST(j.value AS TEXT)) END",
        ),
        // PostgreSQL has no text with a zero character, and fails where one is named.
        Dialect::Postgres => {
            ("json_each_text(replace(a.attributes, '\\u0000', '\\ufffd')::json) j", "lower(j.key)", "lower(j.value)")
        }
    };
    // A draft says nothing yet.
    sql.push(&format!(
        " AND s.status <> 1 AND EXISTS(SELECT 1 FROM annotation a, {entries} WHERE a.sample = s.id
           AND a.attributes IS NOT NULL AND j.value IS NOT NULL AND (1 = 0"
    ));
    for one in wanted {
        sql.value(&format!(" OR ({name} = ?"), Value::Text(one.name.clone()));
        match one.value {
            Some(_) => sql.any(text, one.values().into_iter().map(Value::Text)),
            None => sql.push(&format!(" AND {text} NOT IN ('{}')", NO.join("', '"))),
        }
        sql.push(")");
    }
    sql.push("))");
}

/// A statement being written, with its values.
#[derive(Clone, Default, Debug)]
pub(in crate::store) struct Sql {
    pub(in crate::store) text: String,
    pub(in crate::store) values: Vec<Value>,
}

impl Sql {
    pub(in crate::store) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(in crate::store) fn value(&mut self, text: &str, value: Value) {
        self.push(text);
        self.values.push(value);
    }

    fn any(&mut self, column: &str, values: impl Iterator<Item = Value>) {
        let before = self.values.len();
        self.values.extend(values);
        let marks = vec!["?"; self.values.len() - before].join(", ");
        if marks.is_empty() {
            return self.push(" AND 1 = 0");
        }
        self.push(&format!(" AND {column} IN ({marks})"));
    }
}
