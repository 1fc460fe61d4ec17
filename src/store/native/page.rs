//! Pages, ranks and jumps in a queue, by key.

use super::codes;
use super::plan::{Column, Dialect, Parts, Plan, Sql, Stretch};
use super::range::Range;
use super::stretch::{class_stretch, renamed, stretches};
use super::tally::Stored;
use super::value::Value;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::Sample;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Cursor, Direction, From, Key, Queued};

/// Keys and ids of samples, in order.
pub(in crate::store) type Keys = Vec<(Key, i64)>;

/// What reading queues needs of a database.
pub(in crate::store) trait Look {
    /// The store, for messages.
    fn place(&self) -> &str;
    /// Whose SQL it understands.
    fn dialect(&self) -> Dialect;
    /// How many stretches are read at once: one where a statement costs nothing, more over a network.
    fn at_once(&self) -> usize;
    /// The label set and the counts of a project.
    fn known(&self, project: ProjectId) -> Result<(LabelSet, Stored)>;
    /// What each group of statements finds: keys and ids.
    fn keys(&self, groups: Vec<Vec<Sql>>) -> Result<Vec<Keys>>;
    /// How many rows each statement counts.
    fn counts(&self, ranges: Vec<Sql>) -> Result<Vec<u64>>;
    /// The samples with these ids, in this order; those that are gone are left out.
    fn samples(&self, ids: &[i64]) -> Result<Vec<Sample>>;
    /// Where a sample stands: its project, path key, shuffle, change and rank, the class it stands under, and the one that
    /// is predicted.
    fn standing(&self, id: SampleId) -> Result<Option<Place>>;
}

/// See [`Look::standing`].
pub(in crate::store) struct Place {
    pub(in crate::store) project: ProjectId,
    pub(in crate::store) path: Vec<u8>,
    pub(in crate::store) shuffle: i64,
    pub(in crate::store) changed: i64,
    pub(in crate::store) rank: i64,
    pub(in crate::store) class: Option<i64>,
    pub(in crate::store) predicted: Option<i64>,
}

/// A queue with everything looked up that reading it needs.
pub(in crate::store) struct Walk {
    project: ProjectId,
    pub(in crate::store) parts: Parts,
    pub(in crate::store) stored: Stored,
    pub(in crate::store) stretches: Vec<Stretch>,
}

/// Where a range starts or ends.
#[derive(Clone, Copy)]
pub(in crate::store) struct Bound<'a> {
    pub(in crate::store) key: &'a Key,
    pub(in crate::store) inclusive: bool,
}

impl dyn Look + '_ {
    pub(in crate::store) fn walk(&self, project: ProjectId, queue: &Queue) -> Result<(Walk, LabelSet)> {
        let (labels, stored) = self.known(project)?;
        let parts = Parts::of(&queue.filter, &labels);
        let stretches = stretches(queue.order, &labels);
        Ok((Walk { project, parts, stored, stretches }, labels))
    }

    pub(in crate::store) fn page(
        &self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        let (mut walk, labels) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(Vec::new());
        }
        let (cursor, inclusive) = match from {
            From::Edge => (None, false),
            From::After(cursor) => (Some(cursor), false),
            From::At(cursor) => (Some(cursor), true),
        };
        let mut start = cursor.map(|c| place_of(&walk.stretches, c, &labels));
        if direction == Direction::Back {
            walk.stretches.reverse();
            start = start.map(|i| walk.stretches.len() - 1 - i);
        }
        let mut found: Vec<(i64, Key, i64)> = Vec::new();
        let first = start.unwrap_or(0);
        let mut rest = walk.stretches.iter().enumerate().skip(first).filter(|(i, s)| {
            // A class that nobody carries has nothing to read; most of very many classes are such.
            Some(*i) == start || s.samples(&walk.stored) > 0
        });
        while found.len() < limit {
            let some: Vec<(usize, &Stretch)> = rest.by_ref().take(self.at_once()).collect();
            if some.is_empty() {
                break;
            }
            let left = limit - found.len();
            let group = |(i, stretch): &(usize, &Stretch)| {
                let bound = cursor.filter(|_| Some(*i) == start).map(|c| Bound { key: &c.key, inclusive });
                let descending = stretch.descending != (direction == Direction::Back);
                let plan = walk.parts.plan(stretch, &walk.stored, left as u64, false);
                self.selects(&plan, walk.project, bound, descending, left)
            };
            let keys = self.keys(some.iter().map(group).collect())?;
            for ((_, stretch), rows) in some.iter().zip(keys) {
                let descending = stretch.descending != (direction == Direction::Back);
                let rows = merged(rows, descending, left);
                found.extend(rows.into_iter().map(|(key, id)| (stretch.id, key, id)));
            }
        }
        found.truncate(limit);
        let ids: Vec<i64> = found.iter().map(|(_, _, id)| *id).collect();
        let mut samples = self.samples(&ids)?.into_iter().peekable();
        let queued = |(stretch, key, id)| {
            let sample = samples.next_if(|s| s.id == SampleId(id))?;
            Some(Queued { cursor: Cursor { stretch, key }, sample })
        };
        Ok(found.into_iter().filter_map(queued).collect())
    }

    /// The statements for the first keys and ids of all ranges of a plan.
    fn selects(
        &self,
        plan: &Plan,
        project: ProjectId,
        bound: Option<Bound<'_>>,
        descending: bool,
        limit: usize,
    ) -> Vec<Sql> {
        let column = plan.stretch.column;
        let ranges = plan.ranges(project, self.dialect());
        ranges.iter().map(|range| select(range, column, bound, descending, limit, 0)).collect()
    }

    /// How many rows all ranges together hold.
    fn count_all(&self, ranges: Vec<Sql>) -> Result<u64> {
        Ok(self.counts(ranges)?.iter().sum())
    }

    /// The keys that one group of statements finds.
    fn keys_of(&self, selects: Vec<Sql>) -> Result<Keys> {
        Ok(self.keys(vec![selects])?.pop().unwrap_or_default())
    }

    pub(in crate::store) fn cursor(&self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        let missing = || StoreError::not_found(format!("sample number {sample}"), self.place());
        let Place { project, path, shuffle, changed, rank, class, predicted } =
            self.standing(sample)?.ok_or_else(missing)?;
        Ok(match queue.order {
            Order::Path => Cursor { stretch: 0, key: Key::Bytes(path) },
            Order::Newest => Cursor { stretch: 0, key: Key::Number(changed) },
            Order::Random { seed } => {
                let stretch = i64::from(shuffle < codes::shuffle(i64::from(seed)));
                Cursor { stretch, key: Key::Number(shuffle) }
            }
            Order::ScoreDown | Order::ScoreUp => Cursor { stretch: i64::from(rank < 0), key: Key::Number(rank) },
            Order::Class => {
                let (labels, _) = self.known(project)?;
                let by_rank = class.is_none() && predicted.is_some();
                let key = if by_rank { Key::Number(rank) } else { Key::Bytes(path) };
                Cursor { stretch: class_stretch(&labels, class, predicted), key }
            }
            Order::Margin => self.doubt_cursor(Column::Margin, sample, rank)?,
            Order::Entropy => self.doubt_cursor(Column::Entropy, sample, rank)?,
            Order::Blur => self.measured_cursor(Column::Blur, sample, path)?,
            Order::Brightness => self.measured_cursor(Column::Light, sample, path)?,
            Order::Group => self.measured_cursor(Column::Place, sample, path)?,
        })
    }

    /// The place of a sample in an order by what was measured: by its path where it has no such value.
    fn measured_cursor(&self, column: Column, sample: SampleId, path: Vec<u8>) -> Result<Cursor> {
        let measured = self.key_beside(column, sample)?.map(|key| Cursor { stretch: 0, key });
        Ok(measured.unwrap_or(Cursor { stretch: 1, key: Key::Bytes(path) }))
    }

    /// The place of a sample in an order by doubt: by its rank where a model told one score, or none has guessed.
    fn doubt_cursor(&self, column: Column, sample: SampleId, rank: i64) -> Result<Cursor> {
        let doubt = self.key_beside(column, sample)?.map(|key| Cursor { stretch: 0, key });
        Ok(doubt.unwrap_or(Cursor { stretch: if rank < 0 { 2 } else { 1 }, key: Key::Number(rank) }))
    }

    /// The key of a sample that stands in a table beside the samples.
    fn key_beside(&self, column: Column, sample: SampleId) -> Result<Option<Key>> {
        let (name, table) = (column.name(), column.table().unwrap_or("measure"));
        let text = format!("SELECT m.{name}, m.sample FROM {table} m WHERE m.{name} IS NOT NULL AND m.sample = ?");
        let found = self.keys_of(vec![Sql { text, values: vec![Value::Integer(sample.0)] }])?.pop();
        Ok(found.map(|(key, _)| key))
    }

    pub(in crate::store) fn position(&self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        let (walk, labels) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(0);
        }
        let last = place_of(&walk.stretches, cursor, &labels);
        let mut counts = Vec::new();
        for (i, stretch) in walk.stretches.iter().enumerate().take(last + 1) {
            for range in walk.parts.plan(stretch, &walk.stored, u64::MAX, true).ranges(project, self.dialect()) {
                let than = if stretch.descending { ">" } else { "<" };
                let own = (i == last).then(|| (than, key_value(&cursor.key)));
                counts.push(range.bounded(stretch.column, own));
            }
        }
        self.count_all(counts)
    }

    /// How many samples a filter takes.
    pub(in crate::store) fn count(&self, project: ProjectId, filter: &Filter) -> Result<u64> {
        let (labels, stored) = self.known(project)?;
        let parts = Parts::of(filter, &labels);
        if let Some(n) = parts.stored_count(&stored) {
            return Ok(n);
        }
        let mut counts = Vec::new();
        for stretch in stretches(Order::Path, &labels) {
            let ranges = parts.plan(&stretch, &stored, u64::MAX, true).ranges(project, self.dialect());
            counts.extend(ranges.iter().map(|range| range.bounded(stretch.column, None)));
        }
        self.count_all(counts)
    }

    pub(in crate::store) fn nth(&self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        let (walk, _) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(None);
        }
        let mut left = n;
        for stretches in walk.stretches.chunks(self.at_once()) {
            let plan = |stretch| walk.parts.plan(stretch, &walk.stored, n.saturating_add(1), true);
            let plans: Vec<(Plan, Vec<Range>)> = stretches
                .iter()
                .map(plan)
                .map(|plan| {
                    let ranges = plan.ranges(project, self.dialect());
                    (plan, ranges)
                })
                .collect();
            // The only stretch need not be counted: what is behind its end is found out by going there.
            let mut counts = Vec::new().into_iter();
            if walk.stretches.len() > 1 {
                let all = plans.iter().flat_map(|(p, ranges)| ranges.iter().map(|r| r.bounded(p.stretch.column, None)));
                counts = self.counts(all.collect())?.into_iter();
            }
            for (plan, ranges) in &plans {
                if walk.stretches.len() > 1 {
                    let count = counts.by_ref().take(ranges.len()).sum::<u64>();
                    if left >= count {
                        left -= count;
                        continue;
                    }
                }
                let key = self.nth_in(plan, ranges, project, left)?;
                return Ok(key.map(|(key, _)| Cursor { stretch: plan.stretch.id, key }));
            }
        }
        Ok(None)
    }

    fn nth_in(&self, plan: &Plan, ranges: &[Range], project: ProjectId, n: u64) -> Result<Option<(Key, i64)>> {
        let stretch = &plan.stretch;
        match ranges {
            [range] => Ok(self.keys_of(vec![select(range, stretch.column, None, stretch.descending, 1, n)])?.pop()),
            _ => self.nth_merged(plan, project, n),
        }
    }

    /// The `n`-th sample of several ranges: walks them together, a block at a time.
    fn nth_merged(&self, plan: &Plan, project: ProjectId, n: u64) -> Result<Option<(Key, i64)>> {
        const BLOCK: u64 = 16_384;
        let (mut left, mut last): (u64, Option<Key>) = (n, None);
        loop {
            let bound = last.as_ref().map(|key| Bound { key, inclusive: false });
            let size = usize::try_from(left.saturating_add(1).min(BLOCK)).unwrap_or(1);
            let descending = plan.stretch.descending;
            let rows = self.keys_of(self.selects(plan, project, bound, descending, size))?;
            let mut rows = merged(rows, descending, size);
            if rows.len() as u64 > left {
                return Ok(rows.into_iter().nth(usize::try_from(left).unwrap_or(usize::MAX)));
            }
            if rows.len() < size {
                return Ok(None);
            }
            left -= rows.len() as u64;
            last = rows.pop().map(|(key, _)| key);
        }
    }
}

/// The first keys and ids of several ranges together, each sample once.
fn merged(mut rows: Keys, descending: bool, limit: usize) -> Keys {
    rows.sort_unstable_by(|a, b| if descending { b.cmp(a) } else { a.cmp(b) });
    rows.dedup();
    rows.truncate(limit);
    rows
}

/// The stretch a cursor lies in. A class that is gone counts as the one it became, else as none.
fn place_of(stretches: &[Stretch], cursor: &Cursor, labels: &LabelSet) -> usize {
    let find = |id: i64| stretches.iter().position(|s| s.id == id);
    let resolved = || find(renamed(labels, cursor.stretch));
    find(cursor.stretch).or_else(resolved).unwrap_or(stretches.len().saturating_sub(1))
}

fn key_value(key: &Key) -> Value {
    match key {
        Key::Number(n) => Value::Integer(*n),
        Key::Bytes(bytes) => Value::Blob(bytes.clone()),
    }
}

/// The statement for the keys and ids of a range, from a bound on, in one direction.
pub(in crate::store) fn select(
    range: &Range,
    column: Column,
    bound: Option<Bound<'_>>,
    descending: bool,
    limit: usize,
    offset: u64,
) -> Sql {
    let key = range.key(column);
    let own = bound.map(|Bound { key, inclusive }| {
        let than = match (descending, inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        (than, key_value(key))
    });
    let mut sql = range.bounded(column, own);
    sql.text.insert_str(0, &format!("SELECT {key}, s.id"));
    let order = if descending { "DESC" } else { "ASC" };
    sql.value(&format!(" ORDER BY {key} {order} LIMIT ?"), Value::Integer(codes::limit(limit)));
    if offset > 0 {
        sql.value(" OFFSET ?", Value::Integer(codes::signed(offset)));
    }
    sql
}
