//! Queues over CV Explorer's tables, by key as everywhere; its label filter works here.
//!
//! Its indexes know only projects and statuses, so orders other than the rows' own read the whole project once a page.

use super::probe::Shape;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::Status;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::base::Base;
use crate::store::native::codes;
use crate::store::native::plan::Dialect;
use crate::store::native::value::Value;
use crate::store::records::{Cursor, Direction, From, Key};

/// `WHERE …` with its values.
pub(super) struct Condition {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Condition {
    fn any<'a>(&mut self, what: &str, values: impl Iterator<Item = &'a str>) {
        let before = self.values.len();
        self.values.extend(values.map(Value::from));
        let marks = vec!["?"; self.values.len() - before].join(", ");
        self.text += &what.replace("{}", &marks);
    }
}

impl Shape {
    /// The key of an order, ascending: unique, because it ends in the id.
    pub(super) fn key(&self, order: Order) -> Result<String> {
        // In CV Explorer's order of rows, which is that of paths for what was scanned at once.
        let id = "CAST(s.id AS BIGINT)";
        let score = |sign: &str| {
            let known = self.has("project_samples", "prediction_confidence");
            let score = "CAST(coalesce(s.prediction_confidence, -1) * 1000000 AS BIGINT)";
            let unsupported = || StoreError::invalid("this database keeps no scores; choose another order");
            known.then(|| format!("((({sign}{score}) * 2147483648) + {id})")).ok_or_else(unsupported)
        };
        Ok(match order {
            Order::Path => id.to_owned(),
            Order::Newest => format!("(-{id})"),
            Order::Random { seed } => {
                let seed = seed & 0x7fff_ffff;
                format!("(((({id} * 1103515245 + {seed}) & 2147483647) * 2147483648) + {id})")
            }
            Order::ScoreUp => score("")?,
            Order::ScoreDown => score("-")?,
            Order::Class => {
                return Err(StoreError::invalid("a CV Explorer database has no order by class; choose another order"));
            }
            Order::Margin | Order::Entropy => {
                let text = "a CV Explorer database keeps one score a picture; `uncertain` is its order by doubt";
                return Err(StoreError::invalid(text));
            }
            Order::Blur | Order::Brightness | Order::Group => {
                let text = "a CV Explorer database keeps nothing that is measured of pictures; choose another order";
                return Err(StoreError::invalid(text));
            }
        })
    }

    /// What a filter takes.
    pub(super) fn condition(&self, project: ProjectId, filter: &Filter) -> Result<Condition> {
        if !filter.attr.is_empty() {
            let text = "a CV Explorer database keeps no attributes of boxes; leave `attr:` out of the filter";
            return Err(StoreError::invalid(text));
        }
        if filter.disagree.is_some() {
            let text =
                "a CV Explorer database forgets what a model said once a picture is answered; leave `disagree` out";
            return Err(StoreError::invalid(text));
        }
        let mut out = Condition { text: " WHERE s.project_id = ?".to_owned(), values: vec![project.0.into()] };
        let accepted = self.accepted();
        if !filter.status.is_empty() {
            out.any(" AND s.status IN ({})", filter.status.iter().map(|s| s.name()));
        }
        let carries = |column: &str, draft: &str| {
            format!(
                " AND EXISTS(SELECT 1 FROM annotations a WHERE a.sample_id = s.id AND {draft} AND {column} IN ({{}}))"
            )
        };
        let lower: Vec<String> = filter.class.iter().map(|c| c.to_lowercase()).collect();
        if !lower.is_empty() {
            out.any(&carries("lower(a.label)", accepted), lower.iter().map(String::as_str));
        }
        let lower: Vec<String> = filter.predicted.iter().map(|c| c.to_lowercase()).collect();
        if !lower.is_empty() {
            let draft = if self.has("annotations", "is_draft") { "a.is_draft" } else { "1 = 0" };
            out.any(&carries("lower(a.label)", draft), lower.iter().map(String::as_str));
        }
        if !filter.by.is_empty() {
            out.any(&carries("a.created_by", accepted), filter.by.iter().map(String::as_str));
        }
        if let Some(empty) = filter.empty {
            let any = format!("EXISTS(SELECT 1 FROM annotations a WHERE a.sample_id = s.id AND {accepted})");
            let is = if empty { "" } else { "NOT " };
            out.text += &format!(" AND {is}(s.status = 'labeled' AND NOT {any})");
        }
        // Nothing is ever reviewed, flagged, marked, remarked on or measured here.
        let marks = [filter.flag, filter.unsure, filter.comment];
        let measured = !filter.dup.is_empty() || !filter.group.is_empty() || filter.faults.values().any(|is| *is);
        if !filter.review.is_empty() || marks.contains(&Some(true)) || measured {
            out.text += " AND 1 = 0";
        }
        for needle in &filter.text {
            let find = if self.dialect == Dialect::Postgres { "strpos" } else { "instr" };
            out.text += &format!(" AND {find}(lower(s.filepath), ?) > 0");
            out.values.push(Value::Text(needle.to_lowercase()));
        }
        Ok(out)
    }

    /// Keys and ids of a page.
    pub(super) fn page(
        &self,
        db: &dyn Base,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(i64, i64)>> {
        let key = self.key(queue.order)?;
        let mut sql = self.condition(project, &queue.filter)?;
        let back = direction == Direction::Back;
        let bound = match from {
            From::Edge => None,
            From::After(cursor) => Some((cursor, if back { "<" } else { ">" })),
            From::At(cursor) => Some((cursor, if back { "<=" } else { ">=" })),
        };
        if let Some((cursor, than)) = bound {
            sql.text += &format!(" AND {key} {than} ?");
            sql.values.push(number(cursor)?.into());
        }
        sql.values.push(codes::limit(limit).into());
        let order = if back { "DESC" } else { "ASC" };
        let text = format!("SELECT {key}, s.id FROM project_samples s{} ORDER BY {key} {order} LIMIT ?", sql.text);
        db.rows(&text, sql.values, |r| Ok((r.get(0)?, r.get(1)?)))
    }

    pub(super) fn cursor(&self, db: &dyn Base, order: Order, sample: SampleId) -> Result<Cursor> {
        let sql = format!("SELECT {} FROM project_samples s WHERE s.id = ?", self.key(order)?);
        let key: Option<i64> = db.row(&sql, [sample.0], |r| r.get(0))?;
        let key = key.ok_or_else(|| StoreError::not_found(format!("sample number {sample}"), db.place()))?;
        Ok(Cursor { stretch: 0, key: Key::Number(key) })
    }

    pub(super) fn position(&self, db: &dyn Base, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        let mut sql = self.condition(project, &queue.filter)?;
        sql.text += &format!(" AND {} < ?", self.key(queue.order)?);
        sql.values.push(number(cursor)?.into());
        self.counted(db, sql)
    }

    pub(super) fn nth(&self, db: &dyn Base, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        let (key, mut sql) = (self.key(queue.order)?, self.condition(project, &queue.filter)?);
        sql.values.push(codes::signed(n).into());
        let text = format!("SELECT {key} FROM project_samples s{} ORDER BY {key} LIMIT 1 OFFSET ?", sql.text);
        let key: Option<i64> = db.row(&text, sql.values, |r| r.get(0))?;
        Ok(key.map(|key| Cursor { stretch: 0, key: Key::Number(key) }))
    }

    /// How many samples a condition takes.
    pub(super) fn counted(&self, db: &dyn Base, sql: Condition) -> Result<u64> {
        let n = db.row(&format!("SELECT count(*) FROM project_samples s{}", sql.text), sql.values, |r| r.get(0))?;
        Ok(codes::unsigned(n.unwrap_or(0)))
    }

    /// Takes the next samples that nobody holds, by CV Explorer's convention: a name and a time, good for five minutes.
    pub(super) fn claim(
        &self,
        db: &dyn Base,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(i64, i64)>> {
        let found = self.open(db, project, queue, limit, self.lock(true))?;
        if found.is_empty() && limit > 0 && !self.open(db, project, queue, 1, "")?.is_empty() {
            // Somebody is writing all there are: they are not at their end for that.
            return Err(StoreError::Busy { place: db.place().to_owned() });
        }
        for ids in found.chunks(400) {
            let marks = vec!["?"; ids.len()].join(", ");
            let set =
                format!("UPDATE project_samples SET locked_by = ?, locked_at = {} WHERE id IN ({marks})", self.now(0));
            let values = std::iter::once(Value::from(owner)).chain(ids.iter().map(|(_, id)| Value::from(id)));
            db.defer(&set, &values.collect::<Vec<_>>())?;
        }
        Ok(found)
    }

    /// The next samples of a queue that nobody holds; `lock` says which lock is taken on them.
    fn open(
        &self,
        db: &dyn Base,
        project: ProjectId,
        queue: &Queue,
        limit: usize,
        lock: &str,
    ) -> Result<Vec<(i64, i64)>> {
        let (key, mut sql) = (self.key(queue.order)?, self.condition(project, &queue.filter)?);
        sql.values.push(codes::limit(limit).into());
        let text = format!(
            "SELECT {key}, s.id FROM project_samples s{} AND (s.locked_by IS NULL OR s.locked_at IS NULL
             OR s.locked_at < {}) ORDER BY {key} LIMIT ?{lock}",
            sql.text,
            self.now(super::HOLD_MINUTES),
        );
        db.rows(&text, sql.values, |r| Ok((r.get(0)?, r.get(1)?)))
    }

    /// Samples by status.
    pub(super) fn statuses(&self, db: &dyn Base, project: ProjectId) -> Result<Vec<(Status, u64)>> {
        let sql = "SELECT status, count(*) FROM project_samples WHERE project_id = ? GROUP BY status";
        let row = |r: &crate::store::native::value::Row| {
            let status = Status::from_name(&r.get::<String>(0)?).unwrap_or_default();
            Ok((status, codes::unsigned(r.get(1)?)))
        };
        db.rows(sql, [project.0], row)
    }
}

fn number(cursor: &Cursor) -> Result<i64> {
    match cursor.key {
        Key::Number(n) => Ok(n),
        Key::Bytes(_) => Err(StoreError::invalid("this place belongs to another store; begin at the queue's start")),
    }
}
