//! Queues read over a network: all ranges of several stretches in one statement.

use super::tx::{Param, Statement, Tx, numbered};
use crate::domain::class::LabelSet;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::Sample;
use crate::store::Result;
use crate::store::native::codes;
use crate::store::native::page::{Keys, Look, Place};
use crate::store::native::plan::{Column, Dialect, Sql};
use crate::store::native::tally::Stored;
use crate::store::native::value::{Row, Value};
use crate::store::records::Key;

/// Stretches read in one statement.
const AT_ONCE: usize = 32;

impl Look for Tx<'_> {
    fn place(&self) -> &str {
        self.name()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn known(&self, project: ProjectId) -> Result<(LabelSet, Stored)> {
        let values = [Value::Integer(project.0)];
        let statements = [crate::store::native::classes::LABELS, crate::store::native::tally::TALLIES]
            .map(|sql| Statement::common(sql, &values));
        let mut answers = self.ask(&statements)?.into_iter();
        let classes = answers.next().unwrap_or_default();
        let classes = classes.iter().map(crate::store::native::classes::class_row).collect::<Result<_>>()?;
        let tallies = answers.next().unwrap_or_default();
        let stored = Stored::of_rows(&tallies)?;
        Ok((LabelSet { classes }, stored))
    }

    fn keys(&self, groups: Vec<Vec<Sql>>) -> Result<Vec<Keys>> {
        let mut found: Vec<Keys> = groups.iter().map(|_| Keys::new()).collect();
        let selects = groups.iter().enumerate().flat_map(|(i, group)| group.iter().map(move |sql| (i, sql)));
        // Stretches of one order may be sorted by different types: numbers stand in one column, paths in another.
        let text = |i, sql: &str| {
            let by_path = sql.split_once(',').is_some_and(|(key, _)| key.ends_with(Column::Path.name()));
            let key = if by_path { "NULL::bigint, u.key" } else { "u.key, NULL::bytea" };
            format!("SELECT {i}::bigint, {key}, u.id FROM ({sql}) u(key, id)")
        };
        let Some(statement) = united(selects, text) else { return Ok(found) };
        for row in self.ask_one(statement)? {
            let group = usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX);
            if let Some(keys) = found.get_mut(group) {
                keys.push((key(&row)?, row.get(3)?));
            }
        }
        Ok(found)
    }

    fn counts(&self, ranges: Vec<Sql>) -> Result<Vec<u64>> {
        let mut counts = vec![0; ranges.len()];
        let count = |i, sql: &str| format!("SELECT {i}::bigint, count(*){sql}");
        let Some(statement) = united(ranges.iter().enumerate(), count) else { return Ok(counts) };
        for row in self.ask_one(statement)? {
            let i = usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX);
            if let Some(n) = counts.get_mut(i) {
                *n = codes::unsigned(row.get(1)?);
            }
        }
        Ok(counts)
    }

    fn samples(&self, ids: &[i64]) -> Result<Vec<Sample>> {
        Tx::samples(self, ids)
    }

    fn standing(&self, id: SampleId) -> Result<Option<Place>> {
        let sql = "SELECT project, sort_key, shuffle, changed, rank, class, predicted FROM sample WHERE id = ?";
        self.base().row(sql, [id.0], |r| {
            Ok(Place {
                project: ProjectId(r.get(0)?),
                path: r.get(1)?,
                shuffle: r.get(2)?,
                changed: r.get(3)?,
                rank: r.get(4)?,
                class: r.get(5)?,
                predicted: r.get(6)?,
            })
        })
    }
}

fn key(row: &Row) -> Result<Key> {
    match row.0.get(2) {
        Some(Value::Blob(bytes)) => Ok(Key::Bytes(bytes.clone())),
        _ => Ok(Key::Number(row.get(1)?)),
    }
}

/// Many statements as one, each with its number in the first column.
fn united<'a>(
    parts: impl Iterator<Item = (usize, &'a Sql)>,
    text: impl Fn(usize, &str) -> String,
) -> Option<Statement> {
    let (mut texts, mut params) = (Vec::new(), Vec::new());
    for (i, sql) in parts {
        texts.push(format!("({})", text(i, &numbered(&sql.text, params.len()))));
        params.extend(sql.values.iter().map(Param::from));
    }
    (!texts.is_empty()).then(|| Statement::new(texts.join(" UNION ALL "), params))
}
