//! How a queue is read: an order as stretches, a filter as index ranges, and which index is cheapest.
//!
//! An order is a list of stretches one after the other (class by class; from the shuffle's start to its end and round;
//! scored, then unscored). In a stretch, samples are sorted by one column that is unique within the project. A filter's
//! alternatives become several ranges of one index, each sorted by that column, which are merged: so a page touches
//! about as many index entries as it has samples, at any size and any place. Which index is used follows from the
//! stored counts. In SQLite it is forced with `INDEXED BY`, so that it does not depend on statistics somebody has to
//! gather; PostgreSQL has no such word and gathers statistics by itself.

use super::codes;
use super::range::{Range, like};
use super::tally::Stored;
use super::value::Value;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ClassId, ProjectId};
use crate::domain::queue::{Filter, Order, ReviewState};

/// Whose SQL is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// The column a stretch is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Column {
    Path,
    Shuffle,
    Changed,
    Rank,
}

impl Column {
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Path => "sort_key",
            Self::Shuffle => "shuffle",
            Self::Changed => "changed",
            Self::Rank => "rank",
        }
    }
}

/// A part of an order.
#[derive(Clone, Debug)]
pub(in crate::store) struct Stretch {
    /// What cursors call it.
    pub(in crate::store) id: i64,
    pub(in crate::store) column: Column,
    pub(in crate::store) descending: bool,
    /// Only keys from here on.
    low: Option<i64>,
    /// Only keys below.
    high: Option<i64>,
    /// Only samples that stand under one of these classes (`Some(None)`: under none).
    class: Option<Option<Vec<i64>>>,
}

impl Stretch {
    /// How many samples lie in it at most, from the stored counts.
    pub(in crate::store) fn samples(&self, stored: &Stored) -> u64 {
        match &self.class {
            Some(Some(ids)) => ids.iter().map(|c| stored.get("class", c)).sum(),
            _ => u64::MAX,
        }
    }
}

/// Cursors of samples without class, in class order.
pub(in crate::store) const NO_CLASS: i64 = -1;

/// The stretches of an order, in order.
pub(in crate::store) fn stretches(order: Order, labels: &LabelSet) -> Vec<Stretch> {
    let whole = |column, descending| Stretch { id: 0, column, descending, low: None, high: None, class: None };
    let from = |id, start, s: Stretch| Stretch { id, low: Some(start), ..s };
    let below = |id, end, s: Stretch| Stretch { id, high: Some(end), ..s };
    match order {
        Order::Path => vec![whole(Column::Path, false)],
        Order::Newest => vec![whole(Column::Changed, true)],
        Order::Random { seed } => {
            let start = codes::shuffle(i64::from(seed));
            vec![from(0, start, whole(Column::Shuffle, false)), below(1, start, whole(Column::Shuffle, false))]
        }
        Order::ScoreDown => vec![from(0, 0, whole(Column::Rank, true)), below(1, 0, whole(Column::Rank, true))],
        Order::ScoreUp => vec![from(0, 0, whole(Column::Rank, false)), below(1, 0, whole(Column::Rank, true))],
        Order::Class => {
            let ends = labels.classes.iter().filter(|c| c.merged_into.is_none());
            let group = |id: ClassId| Stretch {
                id: id.0,
                class: Some(Some(members(labels, id))),
                ..whole(Column::Path, false)
            };
            let none = Stretch { id: NO_CLASS, class: Some(None), ..whole(Column::Path, false) };
            ends.map(|c| group(c.id)).chain([none]).collect()
        }
    }
}

/// All classes that count as this one today.
fn members(labels: &LabelSet, id: ClassId) -> Vec<i64> {
    labels.classes.iter().map(|c| c.id).filter(|c| labels.resolve(*c) == id).map(|c| c.0).collect()
}

/// A condition on samples that an index can serve: alternatives that exclude each other, except for classes.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Status(Vec<i64>),
    Review(Vec<i64>),
    By(Vec<String>),
    Class(Vec<i64>),
    Predicted(Vec<i64>),
    Is(&'static str, bool),
    /// Has an open comment, or has none. It is not counted, and sorted by nothing: comments are few.
    Noted(bool),
    /// Stands on one of these lists, their names in lower case. Not counted, and sorted by nothing.
    Listed(Vec<String>),
    /// Stands under these classes, or none, with one of these statuses: only in class order.
    Under(Option<Vec<i64>>, Vec<i64>),
    /// Carries one of the first and stands under one of the second.
    Both(Vec<i64>, Vec<i64>),
}

impl Part {
    /// How many samples it takes, from the stored counts.
    fn count(&self, stored: &Stored) -> u64 {
        let all = stored.samples();
        match self {
            Self::Status(codes) => codes.iter().map(|c| stored.get("status", codes::status_from(*c).name())).sum(),
            Self::Review(codes) => codes.iter().map(|c| stored.get("review", c)).sum(),
            Self::By(names) => names.iter().map(|n| stored.get("by", n)).sum(),
            Self::Class(ids) | Self::Under(Some(ids), _) => {
                ids.iter().map(|c| stored.get("class", c)).sum::<u64>().min(all)
            }
            Self::Predicted(ids) => ids.iter().map(|c| stored.get("predicted", c)).sum(),
            Self::Is(name, true) => stored.get("is", name),
            Self::Noted(true) | Self::Listed(_) => all / 1000 + 1,
            Self::Noted(false) => all,
            Self::Is(name, false) => all - stored.get("is", name).min(all),
            Self::Both(ids, under) => {
                let carry = |ids: &Vec<i64>| ids.iter().map(|c| stored.get("class", c)).sum::<u64>();
                carry(ids).min(carry(under))
            }
            Self::Under(None, _) => all - stored.get("status", "labeled").min(all) + stored.get("is", "empty"),
        }
    }

    /// The index that finds exactly these samples, and whether it is sorted by the column.
    fn index(&self, column: Column) -> Option<(&'static str, bool)> {
        Some(match (self, column) {
            (Self::Status(_), Column::Path) => ("sample_status_path", true),
            (Self::Status(_), Column::Shuffle) => ("sample_status_shuffle", true),
            (Self::Status(_), Column::Changed) => ("sample_status_changed", true),
            (Self::Status(_), Column::Rank) => ("sample_status_rank", true),
            (Self::Review(_), Column::Changed) => ("sample_review_changed", true),
            (Self::Review(_), column) => ("sample_review_path", column == Column::Path),
            (Self::By(_), column) => ("sample_author_changed", column == Column::Changed),
            (Self::Class(_), Column::Changed) => ("sample_class_changed", true),
            (Self::Class(_), column) => ("", column == Column::Path),
            (Self::Predicted(_), column) => ("sample_predicted_rank", column == Column::Rank),
            (Self::Is("flagged", true), column) => ("sample_flagged", column == Column::Path),
            (Self::Is("unsure", true), column) => ("sample_unsure", column == Column::Path),
            (Self::Is("empty", true), column) => ("sample_empty", column == Column::Path),
            (Self::Noted(true) | Self::Listed(_), _) => ("", false),
            (Self::Is(..) | Self::Noted(false), _) => return None,
            (Self::Under(..), column) => ("sample_class_path", column == Column::Path),
            (Self::Both(..), column) => ("sample_class_under", column == Column::Path),
        })
    }

    /// The condition on a row of `sample s`.
    fn condition(&self, sql: &mut Sql) {
        match self {
            Self::Status(codes) => sql.any("s.status", codes.iter().map(|c| Value::Integer(*c))),
            Self::Review(codes) => sql.any("s.review", codes.iter().map(|c| Value::Integer(*c))),
            Self::By(names) => sql.any("s.author", names.iter().map(|n| Value::Text(n.clone()))),
            Self::Predicted(ids) => sql.any("s.predicted", ids.iter().map(|c| Value::Integer(*c))),
            Self::Is(name, is) => sql.push(&format!(" AND s.{name} = {}", i64::from(*is))),
            Self::Noted(is) => {
                let not = if *is { "" } else { "NOT " };
                sql.push(&format!(
                    " AND {not}EXISTS(SELECT 1 FROM comment n WHERE n.sample = s.id AND n.resolved = 0)"
                ));
            }
            Self::Listed(names) => {
                sql.push(" AND EXISTS(SELECT 1 FROM listed t WHERE t.sample = s.id AND t.project = s.project");
                sql.any("t.folded", names.iter().map(|n| Value::Text(n.clone())));
                sql.push(")");
            }
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
                Self::Class(ids.clone()).condition(sql);
                sql.any("s.class", under.iter().map(|c| Value::Integer(*c)));
            }
        }
    }
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

/// A filter with its names looked up.
#[derive(Debug)]
pub(in crate::store) struct Parts {
    parts: Vec<Part>,
    /// Path must contain each.
    text: Vec<String>,
    /// A name that no class has: nothing can match.
    pub(in crate::store) nothing: bool,
}

impl Parts {
    /// Looks up the names of a filter.
    pub(in crate::store) fn of(filter: &Filter, labels: &LabelSet) -> Self {
        let mut parts = Vec::new();
        let named = |names: &[String]| -> Vec<i64> {
            let mut ids: Vec<i64> = Vec::new();
            for name in names {
                let wanted = name.to_lowercase();
                let found = labels.find(name).into_iter();
                let found = found.chain(labels.classes.iter().filter(|c| c.name.to_lowercase() == wanted)).next();
                ids.extend(found.into_iter().flat_map(|c| members(labels, labels.resolve(c.id))));
            }
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        if !filter.status.is_empty() {
            parts.push(Part::Status(distinct(filter.status.iter().map(|s| codes::status_code(*s)))));
        }
        if !filter.review.is_empty() {
            parts.push(Part::Review(distinct(filter.review.iter().flat_map(|r| review_codes(*r)).copied())));
        }
        if !filter.by.is_empty() {
            parts.push(Part::By(distinct(filter.by.iter().cloned())));
        }
        if !filter.class.is_empty() {
            parts.push(Part::Class(named(&filter.class)));
        }
        if !filter.predicted.is_empty() {
            parts.push(Part::Predicted(named(&filter.predicted)));
        }
        for (name, is) in [("flagged", filter.flag), ("unsure", filter.unsure), ("empty", filter.empty)] {
            parts.extend(is.map(|is| Part::Is(name, is)));
        }
        parts.extend(filter.comment.map(Part::Noted));
        if !filter.list.is_empty() {
            parts.push(Part::Listed(distinct(filter.list.iter().map(|n| n.trim().to_lowercase()))));
        }
        let nothing = parts.iter().any(|p| matches!(p, Part::Class(ids) | Part::Predicted(ids) if ids.is_empty()));
        Self { parts, text: filter.text.clone(), nothing }
    }

    /// How many samples match, where the stored counts tell.
    pub(in crate::store) fn stored_count(&self, stored: &Stored) -> Option<u64> {
        match (self.parts.as_slice(), self.text.is_empty()) {
            _ if self.nothing => Some(0),
            ([], true) => Some(stored.samples()),
            ([Part::Class(ids)], true) if ids.len() > 1 => None,
            ([Part::Noted(_) | Part::Listed(_)], true) => None,
            ([part], true) => Some(part.count(stored)),
            _ => None,
        }
    }

    /// The conditions in a stretch. In class order, status and class are joined with the stretch's own class, because
    /// one index has them together. What carries no class stands under none.
    fn parts_in(&self, stretch: &Stretch) -> Vec<Part> {
        let mut parts = self.parts.clone();
        let Some(under) = stretch.class.clone() else { return parts };
        if let Some(i) = parts.iter().position(|p| matches!(p, Part::Class(_)))
            && let Part::Class(ids) = parts.remove(i)
        {
            parts.push(Part::Both(ids, under.unwrap_or_default()));
            return parts;
        }
        let mut statuses = vec![0, 1, 2, 3];
        if let Some(i) = parts.iter().position(|p| matches!(p, Part::Status(_)))
            && let Part::Status(codes) = parts.remove(i)
        {
            statuses = codes;
        }
        parts.push(Part::Under(under, statuses));
        parts
    }

    /// The cheapest way to read `limit` samples of a stretch in order. `disjoint`: no sample may come up twice.
    pub(in crate::store) fn plan(&self, stretch: &Stretch, stored: &Stored, limit: u64, disjoint: bool) -> Plan {
        let all = stored.samples().max(1);
        let parts = self.parts_in(stretch);
        let share = |part: &Part| part.count(stored) as f64 / all as f64;
        let matching =
            parts.iter().map(share).product::<f64>() * 0.1f64.powi(i32::try_from(self.text.len()).unwrap_or(9));
        let matching = (matching * all as f64).max(1.0);
        // Walking a sorted index stops when the page is full; an index in another order is read whole and sorted.
        let cost = |count: u64, sorted: bool| match sorted {
            true => (limit as f64 * count as f64 / matching).min(count as f64),
            false => count as f64 * 2.0,
        };
        let walk = Part::Status(vec![0, 1, 2, 3]);
        let overlap = |p: &Part| matches!(p, Part::Class(ids) | Part::Both(ids, _) if ids.len() > 1);
        let usable = |p: &&Part| !(disjoint && overlap(p));
        let candidates = parts.iter().filter(usable).filter_map(|part| {
            let (index, sorted) = part.index(stretch.column)?;
            Some((cost(part.count(stored), sorted), part.clone(), index))
        });
        let all_by_status = walk.index(stretch.column).map(|(index, sorted)| (cost(all, sorted), walk.clone(), index));
        let best = candidates.chain(all_by_status).min_by(|a, b| a.0.total_cmp(&b.0));
        let (part, index) = best.map_or((walk, "sample_status_path"), |(_, part, index)| (part, index));
        let plain = parts.is_empty() && stretch.column == Column::Path;
        let rest = parts.iter().filter(|p| **p != part).cloned().collect();
        Plan {
            driver: if plain { None } else { Some((part, index)) },
            rest,
            text: self.text.clone(),
            stretch: stretch.clone(),
        }
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The stored codes that a review state of a filter takes; see `review` in the schema.
fn review_codes(state: ReviewState) -> &'static [i64] {
    match state {
        ReviewState::Waiting => &[1, 4],
        ReviewState::Accepted => &[2],
        ReviewState::Rejected => &[3],
        ReviewState::Stale => &[4, 5],
    }
}

/// How one stretch is read.
#[derive(Debug)]
pub(in crate::store) struct Plan {
    /// `None`: all samples by path.
    driver: Option<(Part, &'static str)>,
    rest: Vec<Part>,
    text: Vec<String>,
    pub(in crate::store) stretch: Stretch,
}

impl Plan {
    /// The `FROM` and `WHERE` of every range: each sorted by the key when its index is, together all samples of the
    /// stretch that the filter takes.
    pub(in crate::store) fn ranges(&self, project: ProjectId, dialect: Dialect) -> Vec<Range> {
        let mut ranges: Vec<Range> = match &self.driver {
            None => vec![Range::on_sample("sample_path", project, dialect)],
            Some((Part::Class(ids), index)) => {
                ids.iter().map(|id| Range::on_class(index, project, *id, self.stretch.column, dialect)).collect()
            }
            Some((Part::Both(ids, under), index)) => {
                let pairs = ids.iter().flat_map(|id| under.iter().map(move |under| (id, under)));
                let range = |(id, under): (&i64, &i64)| {
                    let mut range = Range::on_class(index, project, *id, self.stretch.column, dialect);
                    range.sql.value(" AND c.under = ?", Value::Integer(*under));
                    range
                };
                pairs.map(range).collect()
            }
            Some((Part::Noted(_), _)) => vec![Range::on_comments(project, dialect)],
            Some((Part::Listed(names), _)) => vec![Range::on_lists(project, names, dialect)],
            Some((part, index)) => alternatives(part)
                .into_iter()
                .map(|condition| {
                    let mut range = Range::on_sample(index, project, dialect);
                    range.sql.push(&condition.text);
                    range.sql.values.extend(condition.values);
                    range
                })
                .collect(),
        };
        for range in &mut ranges {
            self.narrow(range, dialect);
        }
        ranges
    }

    fn narrow(&self, range: &mut Range, dialect: Dialect) {
        for part in &self.rest {
            part.condition(&mut range.sql);
        }
        for needle in &self.text {
            match (dialect, needle.is_ascii()) {
                (Dialect::Sqlite, true) => {
                    range.sql.value(" AND s.path LIKE ? ESCAPE '\\'", Value::Text(like(needle)));
                }
                (Dialect::Sqlite, false) => {
                    range.sql.value(" AND contains_folded(s.path, ?)", Value::Text(needle.to_lowercase()));
                }
                (Dialect::Postgres, true) => {
                    range.sql.value(" AND s.path ILIKE ? ESCAPE '\\'", Value::Text(like(needle)));
                }
                (Dialect::Postgres, false) => {
                    range.sql.value(" AND strpos(lower(s.path), ?) > 0", Value::Text(needle.to_lowercase()));
                }
            }
        }
        range.low = self.stretch.low;
        range.high = self.stretch.high;
    }
}

/// One condition for each range of an index: equality on all its columns before the key.
fn alternatives(part: &Part) -> Vec<Sql> {
    let one = |text: &str, value: Value| Sql { text: text.to_owned(), values: vec![value] };
    let integer = |text: &str, codes: &[i64]| codes.iter().map(|c| one(text, Value::Integer(*c))).collect();
    match part {
        Part::Status(codes) => integer(" AND s.status = ?", codes),
        // The literal tells SQLite that the partial index serves.
        Part::Review(codes) => integer(" AND s.review > 0 AND s.review = ?", codes),
        Part::Predicted(ids) => integer(" AND s.predicted = ?", ids),
        Part::By(names) => names.iter().map(|n| one(" AND s.author = ?", Value::Text(n.clone()))).collect(),
        Part::Is(name, is) => vec![Sql { text: format!(" AND s.{name} = {}", i64::from(*is)), values: Vec::new() }],
        Part::Under(classes, statuses) => {
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
        Part::Class(_) | Part::Both(..) | Part::Noted(_) | Part::Listed(_) => Vec::new(),
    }
}
