//! New versions of a project: its samples copied.

use super::Db;
use crate::domain::ids::ProjectId;
use crate::domain::project::Project;
use crate::store::Result;
use crate::store::records::NewVersion;

impl Db<'_> {
    pub(super) fn clone_project(&self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        let copy = self.base().clone_head(id, new)?;
        self.clone_samples(id, copy, new.annotations)?;
        self.base().project(copy)
    }

    /// Copies samples with ids shifted by one number, so that everything that hangs on them is copied by arithmetic.
    fn clone_samples(&self, id: ProjectId, copy: ProjectId, answers: bool) -> Result<()> {
        let shift = "SELECT (SELECT coalesce(max(id), 0) FROM sample) + 1 - coalesce(min(id), 1)
                     FROM sample WHERE project = ?";
        let shift: i64 = self.row(shift, [id.0], |r| r.get(0))?.unwrap_or(0);
        let predictions = "CASE WHEN rank < 0 THEN -(id + ?3) ELSE (rank >> 40 << 40) | (id + ?3) END, predicted";
        let answer = if answers {
            "CASE WHEN changed < 0 THEN -(id + ?3) ELSE changed END, status, skip_reason, flagged, unsure, empty,
             author, class, CASE WHEN status > 1 THEN 1 ELSE 0 END"
        } else {
            "-(id + ?3), CASE WHEN predicted IS NULL THEN 0 ELSE 1 END, NULL, 0, 0, 0, NULL, NULL, 0"
        };
        self.execute(
            &format!(
                "INSERT INTO sample(id, project, path, sort_key, shuffle, size, etag, width, height, orientation,
                   missing, rank, predicted, changed, status, skip_reason, flagged, unsure, empty, author, class, review)
                 SELECT id + ?3, ?2, path, sort_key, shuffle, size, etag, width, height, orientation, missing,
                   {predictions}, {answer}
                 FROM sample WHERE project = ?1 ORDER BY id"
            ),
            (id.0, copy.0, shift),
        )?;
        let of_project = "(SELECT id FROM sample WHERE project = ?1)";
        self.execute(
            &format!(
                "INSERT INTO prediction SELECT sample + ?2, place, class, kind, geometry, score, model
                 FROM prediction WHERE sample IN {of_project}"
            ),
            (id.0, shift),
        )?;
        self.execute(
            "INSERT INTO doubt(sample, project, margin, entropy)
             SELECT sample + ?3, ?2, (margin >> 40 << 40) | (sample + ?3), (entropy >> 40 << 40) | (sample + ?3)
             FROM doubt WHERE project = ?1",
            (id.0, copy.0, shift),
        )?;
        // What was measured follows from the files, which are the same.
        let measured = "etag, digest, damaged, width, height, dhash, brightness, contrast, sharpness";
        let found = "near_n, exact_n, place, blurry, dark, bright, odd, broken";
        self.execute(
            &format!(
                "INSERT INTO measure(sample, project, sort_key, {measured}, {found}, blur, light, near, exact)
                 SELECT sample + ?3, ?2, sort_key, {measured}, {found}, (blur >> 40 << 40) | (sample + ?3),
                   (light >> 40 << 40) | (sample + ?3), near + ?3, exact + ?3
                 FROM measure WHERE project = ?1"
            ),
            (id.0, copy.0, shift),
        )?;
        if answers {
            self.execute(
                &format!(
                    "INSERT INTO annotation SELECT sample + ?2, id, place, class, kind, geometry, attributes, author, at
                     FROM annotation WHERE sample IN {of_project}"
                ),
                (id.0, shift),
            )?;
            self.execute(
                "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
                 SELECT ?2, c.class, c.sort_key, c.sample + ?3,
                   CASE WHEN c.changed < 0 THEN -(c.sample + ?3) ELSE c.changed END, c.under
                 FROM sample_class c WHERE c.project = ?1",
                (id.0, copy.0, shift),
            )?;
            // Trusted answers come with the answers they were taken from. What people answered to them stays behind with
            // the history it belongs to: in the new version everybody is asked anew.
            self.execute(
                "INSERT INTO gold(project, sample, answer, author, at)
                 SELECT ?2, sample + ?3, answer, author, at FROM gold WHERE project = ?1",
                (id.0, copy.0, shift),
            )?;
        }
        self.base().recount(copy)
    }
}
