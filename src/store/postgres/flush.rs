//! Writing what edits changed: a statement for each table, whatever the number of edits.

use super::desk::{EventRow, Held, Memory};
use super::tx::{Param, Statement, Tx};
use crate::domain::annotation::Annotation;
use crate::domain::class::{ClassIndex, LabelSet};
use crate::domain::ids::{AnnotationId, ProjectId};
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::native::base::to_json;
use crate::store::native::codes;
use crate::store::native::tally::Deltas;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Keeps all that changed for the end of the transaction.
pub(super) fn flush(tx: &Tx<'_>, memory: Memory) -> Result<()> {
    let touched: Vec<&Held> = memory.samples.values().flatten().filter(|h| h.touched).collect();
    let answered: Vec<&Held> = touched.iter().copied().filter(|h| h.answered).collect();
    events(tx, &memory.events);
    annotations(tx, &answered)?;
    classes_of(tx, &answered);
    samples(tx, &touched);
    reviews(tx, &touched);
    lists(tx, &memory);
    let mut all = BTreeMap::new();
    for (project, kind, key, n) in memory.deltas.into_iter().flat_map(Deltas::changes) {
        *all.entry((project, kind, key)).or_insert(0) += n;
    }
    tallies(tx, all);
    for project in memory.events.iter().map(|e| e.project).collect::<BTreeSet<_>>() {
        let last = memory.events.iter().filter(|e| e.project == project).map(|e| e.id).max().unwrap_or_default();
        notify(tx, project, last);
    }
    Ok(())
}

/// Tells everybody who listens that a project has a new event; see [`super::feed`].
pub(super) fn notify(tx: &Tx<'_>, project: i64, event: i64) {
    let params = vec![Param::text(format!("{project}:{event}"))];
    tx.later(Statement::new("SELECT pg_notify('lakelens_' || current_schema(), $1)", params));
}

/// Writes the difference of two label sets.
pub(super) fn labels(tx: &Tx<'_>, project: ProjectId, before: &LabelSet, after: &LabelSet) {
    let index = ClassIndex::of(after);
    let gone: Vec<i64> = before.classes.iter().filter(|c| !index.has(c.id)).map(|c| c.id.0).collect();
    if !gone.is_empty() {
        let sql = "DELETE FROM label_class WHERE project = $1 AND id = ANY($2)";
        tx.later(Statement::new(sql, vec![Param::int(project.0), Param::ints(gone)]));
    }
    let differs = |(place, class): &(usize, &_)| before.classes.get(*place) != Some(*class);
    let new: Vec<_> = after.classes.iter().enumerate().filter(differs).collect();
    if new.is_empty() {
        return;
    }
    let ints = |value: &dyn Fn(&crate::domain::class::LabelClass) -> i64| new.iter().map(|(_, c)| value(c)).collect();
    let params = vec![
        Param::int(project.0),
        Param::ints(ints(&|c| c.id.0)),
        Param::ints(new.iter().map(|(place, _)| codes::limit(*place)).collect()),
        Param::texts(new.iter().map(|(_, c)| c.name.clone()).collect()),
        Param::texts(new.iter().map(|(_, c)| c.hotkey.clone()).collect()),
        Param::ints(ints(&|c| c.colour.into())),
        Param::ints_or(new.iter().map(|(_, c)| c.parent.map(|p| p.0)).collect()),
        Param::ints_or(new.iter().map(|(_, c)| c.merged_into.map(|m| m.0)).collect()),
        Param::ints(ints(&|c| c.retired.into())),
    ];
    tx.later(Statement::new(
        "INSERT INTO label_class(project, id, place, name, hotkey, colour, parent, merged_into, retired)
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT(project, id) DO UPDATE SET place = excluded.place, name = excluded.name,
           hotkey = excluded.hotkey, colour = excluded.colour, parent = excluded.parent,
           merged_into = excluded.merged_into, retired = excluded.retired",
        params,
    ));
}

/// Adds to counts.
pub(super) fn tallies(tx: &Tx<'_>, changes: BTreeMap<(i64, &'static str, String), i64>) {
    let changes: Vec<_> = changes.into_iter().filter(|(_, n)| *n != 0).collect();
    if changes.is_empty() {
        return;
    }
    let params = vec![
        Param::ints(changes.iter().map(|((project, _, _), _)| *project).collect()),
        Param::texts(changes.iter().map(|((_, kind, _), _)| (*kind).to_owned()).collect()),
        Param::texts(changes.iter().map(|((_, _, key), _)| key.clone()).collect()),
        Param::ints(changes.iter().map(|(_, n)| *n).collect()),
    ];
    tx.later(Statement::new(
        "INSERT INTO tally(project, kind, key, n) SELECT * FROM unnest($1, $2, $3, $4)
         ON CONFLICT(project, kind, key) DO UPDATE SET n = tally.n + excluded.n",
        params,
    ));
}

/// Adds to counts as they were gathered.
pub(super) fn deltas(tx: &Tx<'_>, deltas: Deltas) {
    tallies(tx, deltas.changes().map(|(project, kind, key, n)| ((project, kind, key), n)).collect());
}

/// Appends events.
pub(super) fn events(tx: &Tx<'_>, rows: &[EventRow]) {
    if rows.is_empty() {
        return;
    }
    let params = vec![
        Param::ints(rows.iter().map(|e| e.id).collect()),
        Param::uuids(rows.iter().map(|e| e.edit).collect()),
        Param::ints(rows.iter().map(|e| e.project).collect()),
        Param::ints_or(rows.iter().map(|e| e.sample).collect()),
        Param::ints(rows.iter().map(|e| e.kind).collect()),
        Param::ints(rows.iter().map(|e| e.origin).collect()),
        Param::uuids_or(rows.iter().map(|e| e.of).collect()),
        Param::uuids_or(rows.iter().map(|e| e.batch).collect()),
        Param::texts(rows.iter().map(|e| e.author.clone()).collect()),
        Param::ints(rows.iter().map(|e| e.at).collect()),
        Param::texts(rows.iter().map(|e| e.message.clone()).collect()),
        Param::ints(rows.iter().map(|e| e.rev).collect()),
        Param::ints_or(rows.iter().map(|e| e.previous).collect()),
        Param::texts(rows.iter().map(|e| e.change.clone()).collect()),
    ];
    tx.later(Statement::new(
        "INSERT INTO event(id, edit, project, sample, kind, origin, of, batch, author, at, message, rev, previous, change)
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params,
    ));
}

/// Deletes, inserts and updates only what differs, so that untouched annotations keep their rows as they are.
fn annotations(tx: &Tx<'_>, held: &[&Held]) -> Result<()> {
    let mut gone: Vec<(i64, Uuid)> = Vec::new();
    let mut new: Vec<(i64, usize, &Annotation)> = Vec::new();
    for sample in held {
        let id = sample.was.head.id.0;
        let (before, after) = (&sample.was.head.answer.annotations, &sample.now.head.answer.annotations);
        let stay: BTreeSet<AnnotationId> = after.iter().map(|a| a.id).collect();
        gone.extend(before.iter().filter(|a| !stay.contains(&a.id)).map(|a| (id, a.id.0)));
        let differs = |(place, a): &(usize, &Annotation)| before.get(*place) != Some(*a);
        new.extend(after.iter().enumerate().filter(differs).map(|(place, a)| (id, place, a)));
    }
    if !gone.is_empty() {
        let (samples, ids) = gone.into_iter().unzip();
        let sql =
            "DELETE FROM annotation a USING unnest($1, $2) AS g(sample, id) WHERE a.sample = g.sample AND a.id = g.id";
        tx.later(Statement::new(sql, vec![Param::ints(samples), Param::uuids(ids)]));
    }
    insert_annotations(tx, &new)
}

/// Writes annotations: the sample, the place in its answer, and the annotation.
pub(super) fn insert_annotations(tx: &Tx<'_>, new: &[(i64, usize, &Annotation)]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let attributes = |a: &Annotation| codes::attributes(a).map(|kept| to_json(&kept)).transpose();
    let params = vec![
        Param::ints(new.iter().map(|(sample, _, _)| *sample).collect()),
        Param::uuids(new.iter().map(|(_, _, a)| a.id.0).collect()),
        Param::ints(new.iter().map(|(_, place, _)| codes::limit(*place)).collect()),
        Param::ints(new.iter().map(|(_, _, a)| a.class.0).collect()),
        Param::texts(new.iter().map(|(_, _, a)| a.shape.kind().to_owned()).collect()),
        Param::texts_or(new.iter().map(|(_, _, a)| codes::geometry(&a.shape)).collect()),
        Param::texts_or(new.iter().map(|(_, _, a)| attributes(a)).collect::<Result<_>>()?),
        Param::texts(new.iter().map(|(_, _, a)| a.author.clone()).collect()),
        Param::ints(new.iter().map(|(_, _, a)| codes::nanos(a.at)).collect()),
    ];
    tx.later(Statement::new(
        "INSERT INTO annotation(sample, id, place, class, kind, geometry, attributes, author, at)
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT(sample, id) DO UPDATE SET place = excluded.place, class = excluded.class, kind = excluded.kind,
           geometry = excluded.geometry, attributes = excluded.attributes, author = excluded.author, at = excluded.at",
        params,
    ));
    Ok(())
}

/// The classes by which a sample is found; a draft has none.
fn class_list(answer: &Answer) -> BTreeSet<i64> {
    answer.annotations.iter().filter(|_| !answer.is_draft()).map(|a| a.class.0).collect()
}

fn classes_of(tx: &Tx<'_>, held: &[&Held]) {
    let mut gone: Vec<(i64, i64, Vec<u8>)> = Vec::new();
    let mut rows: Vec<(i64, &Held)> = Vec::new();
    for sample in held {
        let now = class_list(&sample.now.head.answer);
        let head = &sample.was.head;
        let left = class_list(&head.answer).into_iter().filter(|c| !now.contains(c));
        gone.extend(left.map(|class| (head.project.0, class, head.sort_key.clone())));
        rows.extend(now.into_iter().map(|class| (class, *sample)));
    }
    if !gone.is_empty() {
        let params = vec![
            Param::ints(gone.iter().map(|g| g.0).collect()),
            Param::ints(gone.iter().map(|g| g.1).collect()),
            Param::blobs(gone.into_iter().map(|g| g.2).collect()),
        ];
        tx.later(Statement::new(
            "DELETE FROM sample_class c USING unnest($1, $2, $3) AS g(project, class, sort_key)
             WHERE c.project = g.project AND c.class = g.class AND c.sort_key = g.sort_key",
            params,
        ));
    }
    if !rows.is_empty() {
        let params = vec![
            Param::ints(rows.iter().map(|(_, h)| h.now.head.project.0).collect()),
            Param::ints(rows.iter().map(|(class, _)| *class).collect()),
            Param::blobs(rows.iter().map(|(_, h)| h.now.head.sort_key.clone()).collect()),
            Param::ints(rows.iter().map(|(_, h)| h.now.head.id.0).collect()),
            Param::ints(rows.iter().map(|(_, h)| h.now.changed).collect()),
            Param::ints_or(rows.iter().map(|(_, h)| h.now.class).collect()),
        ];
        tx.later(Statement::new(
            "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
             ON CONFLICT(project, class, sort_key) DO UPDATE SET changed = excluded.changed, under = excluded.under",
            params,
        ));
    }
}

fn samples(tx: &Tx<'_>, held: &[&Held]) {
    if held.is_empty() {
        return;
    }
    let ints = |value: &dyn Fn(&Held) -> i64| Param::ints(held.iter().map(|h| value(h)).collect());
    let ints_or = |value: &dyn Fn(&Held) -> Option<i64>| Param::ints_or(held.iter().map(|h| value(h)).collect());
    let answer = |h: &Held| h.now.head.answer.clone();
    let empty = |a: &Answer| a.status == Status::Labeled && a.annotations.is_empty();
    let params = vec![
        ints(&|h| h.now.head.id.0),
        ints(&|h| codes::status_code(h.now.head.answer.status)),
        Param::texts_or(held.iter().map(|h| answer(h).skip_reason).collect()),
        ints(&|h| h.now.head.answer.flagged.into()),
        ints(&|h| h.now.head.answer.unsure.into()),
        ints(&|h| empty(&h.now.head.answer).into()),
        ints(&|h| h.now.head.rev.0),
        ints_or(&|h| h.now.head.state),
        ints(&|h| h.now.changed),
        Param::texts_or(held.iter().map(|h| h.now.head.author.clone()).collect()),
        ints_or(&|h| h.now.class),
        ints(&|h| h.now.head.review),
    ];
    tx.later(Statement::new(
        "UPDATE sample s SET status = n.status, skip_reason = n.skip_reason, flagged = n.flagged, unsure = n.unsure,
           empty = n.empty, rev = n.rev, state = n.state, changed = n.changed, author = n.author, class = n.class,
           review = n.review, claim_owner = NULL, claim_until = NULL
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           AS n(id, status, skip_reason, flagged, unsure, empty, rev, state, changed, author, class, review)
         WHERE s.id = n.id",
        params,
    ));
}

fn reviews(tx: &Tx<'_>, held: &[&Held]) {
    let changed: Vec<&&Held> = held.iter().filter(|h| h.was.reviews != h.now.reviews).collect();
    if changed.is_empty() {
        return;
    }
    let samples: Vec<i64> = changed.iter().map(|h| h.was.head.id.0).collect();
    tx.later(Statement::new("DELETE FROM review WHERE sample = ANY($1)", vec![Param::ints(samples)]));
    let rows: Vec<_> = changed.iter().flat_map(|h| h.now.reviews.iter().map(move |r| (h.was.head.id.0, r))).collect();
    let params = vec![
        Param::ints(rows.iter().map(|(sample, _)| *sample).collect()),
        Param::texts(rows.iter().map(|(_, r)| r.reviewer.clone()).collect()),
        Param::ints(rows.iter().map(|(_, r)| r.rev.0).collect()),
        Param::texts(rows.iter().map(|(_, r)| r.verdict.name().to_owned()).collect()),
        Param::texts_or(rows.iter().map(|(_, r)| r.comment.clone()).collect()),
        Param::ints(rows.iter().map(|(_, r)| codes::nanos(r.at)).collect()),
    ];
    tx.later(Statement::new(
        "INSERT INTO review(sample, reviewer, rev, verdict, comment, at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)",
        params,
    ));
}

/// What each person can undo and redo.
fn lists(tx: &Tx<'_>, memory: &Memory) {
    for (project, author) in &memory.cleared {
        let sql = "DELETE FROM undo WHERE project = $1 AND author = $2 AND undone = 1";
        tx.later(Statement::new(sql, vec![Param::int(*project), Param::text(author.clone())]));
    }
    let rows = |stays: bool| {
        let some = memory.undo.iter().filter(move |(_, (was, now))| if stays { *now } else { *was && !*now });
        let keys: Vec<_> = some.map(|(key, _)| key).collect();
        let params = vec![
            Param::ints(keys.iter().map(|k| k.0).collect()),
            Param::texts(keys.iter().map(|k| k.1.clone()).collect()),
            Param::ints(keys.iter().map(|k| k.2.into()).collect()),
            Param::ints(keys.iter().map(|k| k.3).collect()),
        ];
        (!keys.is_empty()).then_some(params)
    };
    if let Some(params) = rows(false) {
        tx.later(Statement::new(
            "DELETE FROM undo u USING unnest($1, $2, $3, $4) AS g(project, author, undone, event)
             WHERE u.project = g.project AND u.author = g.author AND u.undone = g.undone AND u.event = g.event",
            params,
        ));
    }
    if let Some(params) = rows(true) {
        tx.later(Statement::new(
            "INSERT INTO undo(project, author, undone, event) SELECT * FROM unnest($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            params,
        ));
    }
}
