//! What touches many samples at once besides scans: predictions, the choice of a second pass, new versions.

use super::desk::lock;
use super::tx::{Param, Statement, Tx};
use crate::domain::annotation::Prediction;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::project::Project;
use crate::domain::sample::Status;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::base::to_json;
use crate::store::native::codes;
use crate::store::native::measures::FindingRow;
use crate::store::native::tally::Deltas;
use crate::store::records::{NewVersion, SamplePredictions};
use std::collections::HashMap;

/// Samples read at once while a second pass is chosen.
const BLOCK: usize = 2_000;

/// A sample that predictions are put on: what it said before, and all its predictions then.
struct Predicted {
    status: Status,
    class: Option<i64>,
    /// It has annotations, confirmed or not.
    annotated: bool,
    /// A model told several classes of it.
    doubted: bool,
    all: Vec<Prediction>,
}

/// Writes what was found out about measured samples, all in one statement.
pub(super) fn findings(tx: &Tx<'_>, rows: &[FindingRow]) {
    let Some(columns) = rows.first().map(|row| row.len()).filter(|n| *n > 0) else { return };
    let column = |n: usize| Param::ints_or(rows.iter().map(|row| row.get(n).copied().flatten()).collect());
    tx.later(Statement::new(
        "UPDATE measure m SET near = n.near, near_n = n.near_n, exact = n.exact, exact_n = n.exact_n, place = n.place,
           blurry = n.blurry, dark = n.dark, bright = n.bright, odd = n.odd, broken = n.broken
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           AS n(sample, near, near_n, exact, exact_n, place, blurry, dark, bright, odd, broken)
         WHERE m.sample = n.sample",
        (0..columns).map(column).collect(),
    ));
}

impl Tx<'_> {
    pub(super) fn put_predictions(&self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        let fault = |p: &Prediction| !p.score.is_finite() || !codes::is_finite(&p.shape);
        if batch.iter().flat_map(|b| &b.predictions).any(fault) {
            return Err(StoreError::invalid("a prediction has a score or coordinate that is not a finite number"));
        }
        let mut samples = self.predicted(project, batch)?;
        let mut deltas = Deltas::default();
        for one in batch {
            let what = || StoreError::not_found(format!("sample number {} in this project", one.sample), self.name());
            let sample = samples.get_mut(&one.sample).ok_or_else(what)?;
            sample.all.retain(|p| one.predictions.iter().all(|n| n.model != p.model));
            sample.all.extend(one.predictions.iter().cloned());
            sample.all.sort_by(|a, b| b.score.total_cmp(&a.score));
            let best = sample.all.first().map(|b| b.class.0);
            let doubted = i64::from(codes::doubt(&sample.all, one.sample.0).is_some());
            deltas.add(project, "is", "doubted", doubted - i64::from(sample.doubted));
            let status = codes::predicted_status(sample.status, best.is_some(), sample.annotated);
            deltas.status(project, sample.status, status);
            for (class, n) in [(sample.class, -1), (best, 1)] {
                if let Some(class) = class {
                    deltas.add(project, "predicted", class, n);
                }
            }
            (sample.status, sample.class) = (status, best);
        }
        self.write_predictions(&samples);
        self.write_doubts(project, &samples);
        super::flush::deltas(self, deltas);
        Ok(())
    }

    fn predicted(&self, project: ProjectId, batch: &[SamplePredictions]) -> Result<HashMap<SampleId, Predicted>> {
        let sql = "SELECT s.id, s.status, s.predicted, (SELECT json_agg(json_build_array(p.class, p.kind, p.geometry,
                     p.score, p.model) ORDER BY p.place)::text FROM prediction p WHERE p.sample = s.id),
                     (SELECT count(*) FROM annotation a WHERE a.sample = s.id)
                   FROM sample s WHERE s.project = $1 AND s.id = ANY($2) ORDER BY s.id FOR UPDATE OF s";
        let params = vec![Param::int(project.0), Param::ints(batch.iter().map(|b| b.sample.0).collect())];
        let answers = self.ask(&[lock(vec![project.0]), Statement::new(sql, params)])?;
        let mut samples = HashMap::new();
        for row in answers.last().into_iter().flatten() {
            let id = SampleId(row.get(0)?);
            let all = self.predictions(row.get(3)?, id)?;
            let status = codes::status_from(row.get(1)?);
            let doubted = codes::doubt(&all, id.0).is_some();
            samples.insert(id, Predicted { status, class: row.get(2)?, annotated: row.get(4)?, doubted, all });
        }
        Ok(samples)
    }

    fn write_predictions(&self, samples: &HashMap<SampleId, Predicted>) {
        let ids: Vec<i64> = samples.keys().map(|id| id.0).collect();
        self.later(Statement::new("DELETE FROM prediction WHERE sample = ANY($1)", vec![Param::ints(ids)]));
        let all = |(id, s): (&SampleId, &'_ Predicted)| -> Vec<(i64, i64, Prediction)> {
            s.all.iter().enumerate().map(|(place, p)| (id.0, codes::limit(place), p.clone())).collect()
        };
        let rows: Vec<(i64, i64, Prediction)> = samples.iter().flat_map(all).collect();
        let params = vec![
            Param::ints(rows.iter().map(|r| r.0).collect()),
            Param::ints(rows.iter().map(|r| r.1).collect()),
            Param::ints(rows.iter().map(|r| r.2.class.0).collect()),
            Param::texts(rows.iter().map(|r| r.2.shape.kind().to_owned()).collect()),
            Param::texts_or(rows.iter().map(|r| codes::geometry(&r.2.shape)).collect()),
            Param::reals(rows.iter().map(|r| r.2.score).collect()),
            Param::texts(rows.iter().map(|r| r.2.model.clone()).collect()),
        ];
        self.later(Statement::new(
            "INSERT INTO prediction(sample, place, class, kind, geometry, score, model)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)",
            params,
        ));
        let rank = |(id, s): (&SampleId, &Predicted)| codes::rank(s.all.first().map(|b| b.score), id.0);
        let params = vec![
            Param::ints(samples.keys().map(|id| id.0).collect()),
            Param::ints_or(samples.values().map(|s| s.class).collect()),
            Param::ints(samples.iter().map(rank).collect()),
            Param::ints(samples.values().map(|s| codes::status_code(s.status)).collect()),
        ];
        self.later(Statement::new(
            "UPDATE sample s SET predicted = n.class, rank = n.rank, status = n.status
             FROM unnest($1, $2, $3, $4) AS n(id, class, rank, status) WHERE s.id = n.id",
            params,
        ));
    }

    /// How unsure the best models are, for orders by doubt.
    fn write_doubts(&self, project: ProjectId, samples: &HashMap<SampleId, Predicted>) {
        let before: Vec<i64> = samples.iter().filter(|(_, s)| s.doubted).map(|(id, _)| id.0).collect();
        if !before.is_empty() {
            self.later(Statement::new("DELETE FROM doubt WHERE sample = ANY($1)", vec![Param::ints(before)]));
        }
        let row = |(id, s): (&SampleId, &Predicted)| codes::doubt(&s.all, id.0).map(|(m, e)| (id.0, m, e));
        let rows: Vec<(i64, i64, i64)> = samples.iter().filter_map(row).collect();
        if rows.is_empty() {
            return;
        }
        let params = vec![
            Param::int(project.0),
            Param::ints(rows.iter().map(|r| r.0).collect()),
            Param::ints(rows.iter().map(|r| r.1).collect()),
            Param::ints(rows.iter().map(|r| r.2).collect()),
        ];
        self.later(Statement::new(
            "INSERT INTO doubt(project, sample, margin, entropy) SELECT $1, * FROM unnest($2, $3, $4)",
            params,
        ));
    }

    pub(super) fn start_second_pass(&self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        self.ask_one(lock(vec![project.0]))?;
        let wanted = self.base().clear_second_pass(project, share, author)?;
        // The fixed shuffle from a place given by the seed, round to where it began: random, and the same again.
        let start = codes::shuffle(i64::from(seed));
        let mut chosen: Vec<i64> = Vec::new();
        for range in ["shuffle >= ?2", "shuffle < ?2"] {
            let sql = format!(
                "SELECT id FROM sample WHERE project = ?1 AND status = 2 AND {range} ORDER BY shuffle LIMIT ?3"
            );
            let left = wanted - codes::limit(chosen.len());
            chosen.extend(self.base().rows(&sql, (project.0, start, left), |r| r.get::<i64>(0))?);
        }
        for (block, ids) in chosen.chunks(BLOCK).enumerate() {
            let by = codes::giver("id = ANY($1)");
            let by = self.ask_one(Statement::new(by, vec![Param::ints(ids.to_vec())]))?;
            let by: HashMap<i64, String> =
                by.iter().map(|r| Ok((r.get(0)?, r.get::<String>(1)?))).collect::<Result<_>>()?;
            let samples = self.samples(ids)?;
            let first = samples.iter().map(|s| to_json(&s.answer)).collect::<Result<_>>()?;
            let place = |i: usize| codes::limit(block * BLOCK + i);
            let params = vec![
                Param::int(project.0),
                Param::text(author.to_owned()),
                Param::ints(samples.iter().map(|s| s.id.0).collect()),
                Param::ints((0..samples.len()).map(place).collect()),
                Param::texts(first),
                Param::texts(samples.iter().map(|s| by.get(&s.id.0).cloned().unwrap_or_default()).collect()),
            ];
            self.later(Statement::new(
                "INSERT INTO second_pass(project, author, sample, place, first, first_by)
                 SELECT $1, $2, * FROM unnest($3, $4, $5, $6)
                 ON CONFLICT(project, author, sample) DO UPDATE SET place = excluded.place, first = excluded.first,
                   first_by = excluded.first_by, second = NULL",
                params,
            ));
        }
        Ok(chosen.len() as u64)
    }

    /// Makes a new version. Everything stays on the server: samples get new numbers in their order, and what hangs on
    /// them follows by their path.
    pub(super) fn clone_project(&self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.ask_one(lock(vec![id.0]))?;
        let copy = self.base().clone_head(id, new)?;
        let predictions = "CASE WHEN rank < 0 THEN -n ELSE (rank >> 40 << 40) | n END, predicted";
        let answer = if new.annotations {
            "CASE WHEN changed < 0 THEN -n ELSE changed END, status, skip_reason, flagged, unsure, empty,
             author, class, CASE WHEN status > 1 THEN 1 ELSE 0 END"
        } else {
            "-n, CASE WHEN predicted IS NULL THEN 0 ELSE 1 END, NULL, 0, 0, 0, NULL, NULL, 0"
        };
        let both = || vec![Param::int(id.0), Param::int(copy.0)];
        self.later(Statement::new(
            format!(
                "INSERT INTO sample(id, project, path, sort_key, shuffle, size, etag, width, height, orientation,
                   missing, rank, predicted, changed, status, skip_reason, flagged, unsure, empty, author, class, review)
                 SELECT n, $2, path, sort_key, shuffle, size, etag, width, height, orientation, missing,
                   {predictions}, {answer}
                 FROM (SELECT nextval('sample_ids') AS n, o.* FROM (SELECT * FROM sample WHERE project = $1 ORDER BY id) o) s"
            ),
            both(),
        ));
        let pairs = "JOIN sample o ON o.project = $1 AND o.id = x.sample
                     JOIN sample c ON c.project = $2 AND c.sort_key = o.sort_key";
        self.later(Statement::new(
            format!(
                "INSERT INTO prediction SELECT c.id, x.place, x.class, x.kind, x.geometry, x.score, x.model
                 FROM prediction x {pairs}"
            ),
            both(),
        ));
        self.later(Statement::new(
            format!(
                "INSERT INTO doubt(sample, project, margin, entropy)
                 SELECT c.id, $2, (x.margin >> 40 << 40) | c.id, (x.entropy >> 40 << 40) | c.id FROM doubt x {pairs}"
            ),
            both(),
        ));
        // What was measured follows from the files, which are the same.
        let measured = "etag, digest, damaged, width, height, dhash, brightness, contrast, sharpness";
        let found = "near_n, exact_n, place, blurry, dark, bright, odd, broken";
        let of = |columns: &str| columns.split(", ").map(|c| format!("x.{c}")).collect::<Vec<_>>().join(", ");
        let twin = |column: &str| {
            format!(
                "(SELECT b.id FROM sample a JOIN sample b ON b.project = $2 AND b.sort_key = a.sort_key
                  WHERE a.id = x.{column})"
            )
        };
        self.later(Statement::new(
            format!(
                "INSERT INTO measure(sample, project, sort_key, {measured}, {found}, blur, light, near, exact)
                 SELECT c.id, $2, x.sort_key, {}, {}, (x.blur >> 40 << 40) | c.id, (x.light >> 40 << 40) | c.id, {}, {}
                 FROM measure x {pairs}",
                of(measured),
                of(found),
                twin("near"),
                twin("exact")
            ),
            both(),
        ));
        if new.annotations {
            self.later(Statement::new(
                format!(
                    "INSERT INTO annotation
                     SELECT c.id, x.id, x.place, x.class, x.kind, x.geometry, x.attributes, x.author, x.at
                     FROM annotation x {pairs}"
                ),
                both(),
            ));
            self.later(Statement::new(
                format!(
                    "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
                     SELECT $2, x.class, x.sort_key, c.id, CASE WHEN x.changed < 0 THEN -c.id ELSE x.changed END, x.under
                     FROM sample_class x {pairs}"
                ),
                both(),
            ));
            // Trusted answers come with the answers they were taken from; what people answered to them stays behind with
            // the history it belongs to.
            self.later(Statement::new(
                format!(
                    "INSERT INTO gold(project, sample, answer, author, at)
                     SELECT $2, c.id, x.answer, x.author, x.at FROM gold x {pairs}"
                ),
                both(),
            ));
        }
        self.base().recount(copy)?;
        self.base().project(copy)
    }
}
