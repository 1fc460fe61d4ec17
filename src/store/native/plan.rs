//! How a queue is read: an order as stretches, a filter as index ranges, and which index is cheapest.
//!
//! An order is a list of stretches one after the other (class by class; from the shuffle's start to its end and round;
//! scored, then unscored). In a stretch, samples are sorted by one column that is unique within the project. A filter's
//! alternatives become several ranges of one index, each sorted by that column, which are merged: so a page touches
//! about as many index entries as it has samples, at any size and any place. Which index is used follows from the
//! stored counts. In SQLite it is forced with `INDEXED BY`, so that it does not depend on statistics somebody has to
//! gather; PostgreSQL has no such word and gathers statistics by itself.

use super::codes;
use super::part::{Fact, Part};
use super::range::{At, Range, like};
use super::stretch::members;
use super::tally::Stored;
use super::value::Value;
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::domain::queue::{Duplicate, Filter, ReviewState};
use crate::domain::sample::Status;

pub(in crate::store) use super::part::Sql;
pub(in crate::store) use super::stretch::{Column, Stretch};

/// Whose SQL is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
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
        parts.extend(filter.disagree.map(|is| Part::Disagrees(is, merged(labels))));
        if filter.disagree == Some(true) && filter.status.is_empty() {
            // It follows, and has an index.
            parts.push(Part::Status(vec![codes::status_code(Status::Labeled)]));
        }
        if !filter.attr.is_empty() {
            parts.push(Part::Attribute(distinct(filter.attr.iter().cloned())));
        }
        if !filter.list.is_empty() {
            parts.push(Part::Listed(distinct(filter.list.iter().map(|n| n.trim().to_lowercase()))));
        }
        // What looks alike includes what is the same.
        let near = filter.dup.contains(&Duplicate::Near);
        parts.extend(
            (!filter.dup.is_empty()).then_some(Part::Measured(if near { Fact::NEAR } else { Fact::EXACT }, true)),
        );
        if !filter.group.is_empty() {
            parts.push(Part::Group(distinct(filter.group.iter().copied())));
        }
        parts.extend(filter.faults.iter().map(|(fault, is)| Part::Measured(Fact::of_fault(*fault), *is)));
        let nothing = parts.iter().any(|p| matches!(p, Part::Class(ids) | Part::Predicted(ids) if ids.is_empty()));
        Self { parts, text: filter.text.clone(), nothing }
    }

    /// How many samples match, where the stored counts tell.
    pub(in crate::store) fn stored_count(&self, stored: &Stored) -> Option<u64> {
        match (self.parts.as_slice(), self.text.is_empty()) {
            _ if self.nothing => Some(0),
            ([], true) => Some(stored.samples()),
            ([Part::Class(ids)], true) if ids.len() > 1 => None,
            ([Part::Noted(_) | Part::Listed(_) | Part::Group(_) | Part::Attribute(_) | Part::Disagrees(..)], true) => {
                None
            }
            ([part], true) => Some(part.count(stored)),
            _ => None,
        }
    }

    /// The conditions in a stretch. In class order, status and class are joined with the stretch's own class, because
    /// one index has them together. What carries no class stands under none.
    fn parts_in(&self, stretch: &Stretch) -> Vec<Part> {
        let mut parts = self.parts.clone();
        parts.extend(Fact::of_column(stretch.column).map(|fact| Part::Measured(fact, true)));
        parts.extend(stretch.lacks.and_then(Fact::of_column).map(|fact| Part::Measured(fact, false)));
        parts.extend(stretch.predicted.clone().map(|ids| ids.map_or(Part::Unpredicted, Part::Predicted)));
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
        let overlap = |p: &Part| match p {
            Part::Class(ids) | Part::Both(ids, _) => ids.len() > 1,
            Part::Listed(names) => names.len() > 1,
            _ => false,
        };
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

/// The classes that count as one with others, group by group.
fn merged(labels: &LabelSet) -> Vec<Vec<i64>> {
    let ends = labels.classes.iter().filter(|c| c.merged_into.is_none());
    ends.map(|c| members(labels, c.id)).filter(|group| group.len() > 1).collect()
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
        let at = At { project, column: self.stretch.column, dialect };
        let mut ranges: Vec<Range> = match &self.driver {
            None => vec![Range::on_sample("sample_path", &at)],
            Some((Part::Class(ids), index)) => ids.iter().map(|id| Range::on_class(index, *id, &at)).collect(),
            Some((Part::Both(ids, under), index)) => {
                let pairs = ids.iter().flat_map(|id| under.iter().map(move |under| (id, under)));
                let range = |(id, under): (&i64, &i64)| {
                    let mut range = Range::on_class(index, *id, &at);
                    range.sql.value(" AND c.under = ?", Value::Integer(*under));
                    range
                };
                pairs.map(range).collect()
            }
            Some((Part::Noted(_), _)) => vec![Range::on_comments(&at)],
            Some((Part::Listed(names), index)) => names.iter().map(|n| Range::on_list(index, n, &at)).collect(),
            Some((part, index)) => {
                let begin = |index: &str, at: &At| match part.table() {
                    Some(table) => Range::on_measures(table, index, at),
                    None => Range::on_sample(index, at),
                };
                part.alternatives()
                    .into_iter()
                    .map(|condition| {
                        let mut range = begin(index, &at);
                        range.sql.push(&condition.text);
                        range.sql.values.extend(condition.values);
                        range
                    })
                    .collect()
            }
        };
        for range in &mut ranges {
            self.narrow(range, dialect);
        }
        ranges
    }

    fn narrow(&self, range: &mut Range, dialect: Dialect) {
        for part in &self.rest {
            part.condition(dialect, &mut range.sql);
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
