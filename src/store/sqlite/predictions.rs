//! Predictions: stored apart from answers; the best one decides the sample's rank.

use super::Db;
use crate::domain::annotation::Prediction;
use crate::domain::ids::ProjectId;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::codes;
use crate::store::native::tally::Deltas;
use crate::store::records::SamplePredictions;

impl Db<'_> {
    pub(super) fn put_predictions(&self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        let mut deltas = Deltas::default();
        for one in batch {
            let sql = "SELECT status, predicted, EXISTS(SELECT 1 FROM annotation WHERE sample = ?1) FROM sample
                       WHERE id = ?1 AND project = ?2";
            let found = self.row(sql, (one.sample.0, project.0), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            let what = || StoreError::not_found(format!("sample number {} in this project", one.sample), self.place);
            let (status, old, annotated): (i64, Option<i64>, bool) = found.ok_or_else(what)?;
            if one.predictions.iter().any(|p| !p.score.is_finite() || !codes::is_finite(&p.shape)) {
                return Err(StoreError::invalid("a prediction has a score or coordinate that is not a finite number"));
            }
            let mut all = self.predictions(one.sample)?;
            let doubted = codes::doubt(&all, one.sample.0).is_some();
            all.retain(|p| one.predictions.iter().all(|n| n.model != p.model));
            all.extend(one.predictions.iter().cloned());
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
            self.write_predictions(one.sample.0, &all)?;
            let best = all.first();
            let before = codes::status_from(status);
            let status = codes::predicted_status(before, best.is_some(), annotated);
            deltas.status(project, before, status);
            for (class, n) in [(old, -1), (best.map(|b| b.class.0), 1)] {
                if let Some(class) = class {
                    deltas.add(project, "predicted", class, n);
                }
            }
            self.execute(
                "UPDATE sample SET predicted = ?2, rank = ?3, status = ?4 WHERE id = ?1",
                (
                    one.sample.0,
                    best.map(|b| b.class.0),
                    codes::rank(best.map(|b| b.score), one.sample.0),
                    codes::status_code(status),
                ),
            )?;
            let doubt = codes::doubt(&all, one.sample.0);
            deltas.add(project, "is", "doubted", i64::from(doubt.is_some()) - i64::from(doubted));
            self.write_doubt(project, one.sample.0, doubted, doubt)?;
        }
        self.write_tallies(deltas)
    }

    /// How unsure the best model is, for orders by doubt; `before`: that was told of it already. Where one score is all that
    /// was told, which is what detectors do, nothing is written.
    fn write_doubt(&self, project: ProjectId, sample: i64, before: bool, now: Option<(i64, i64)>) -> Result<()> {
        match now {
            Some((margin, entropy)) => self.execute(
                "INSERT OR REPLACE INTO doubt(sample, project, margin, entropy) VALUES(?, ?, ?, ?)",
                (sample, project.0, margin, entropy),
            ),
            None if before => self.execute("DELETE FROM doubt WHERE sample = ?", [sample]),
            None => Ok(0),
        }
        .map(drop)
    }

    fn write_predictions(&self, sample: i64, all: &[Prediction]) -> Result<()> {
        self.execute("DELETE FROM prediction WHERE sample = ?", [sample])?;
        for (place, p) in all.iter().enumerate() {
            self.execute(
                "INSERT INTO prediction(sample, place, class, kind, geometry, score, model) VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    sample,
                    codes::limit(place),
                    p.class.0,
                    p.shape.kind(),
                    codes::geometry(&p.shape),
                    p.score,
                    &p.model,
                ),
            )?;
        }
        Ok(())
    }
}
