//! What was measured of pictures, which of them look alike, and what is wrong with them.
//!
//! Why a table of its own: measures come long after the scan and change with the file only, and none of their indexes
//! may cost a label anything. What always holds: a row says of which content (etag) it is, so that a changed file is
//! measured again; `near`, `exact`, `place` and the faults of a project are replaced all at once, with their counts.

use super::base::Base;
use super::codes;
use super::value::{Row, Value};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::likeness::Likeness;
use crate::domain::natural::natural_key;
use crate::domain::quality::{Digest, Fault, Measures, Pixels};
use crate::store::Result;
use crate::store::records::{Finding, Measured, SampleMeasures, Unmeasured};

/// The most that is asked about in one statement.
const CHUNK: usize = 400;
/// Findings that are written in one statement where the database takes arrays.
const AT_ONCE: usize = 10_000;
/// The columns of [`measures_row`], of `measure m`.
const MEASURES: &str = "m.digest, m.damaged, m.width, m.height, m.dhash, m.brightness, m.contrast, m.sharpness";
/// Quarters: the keys of sharpness have 22 bits, and the variance of a Laplacian of bytes is below 1,040,400.
const SHARP_STEPS: f64 = 4.0;
/// 22 bits for 0 to 255.
const LIGHT_STEPS: f64 = 16_384.0;

/// A key that is unique within the project and sorted by a number: 22 bits of it, then 40 of the id.
fn key(value: f64, id: SampleId) -> i64 {
    let steps = value.round().clamp(0.0, f64::from((1_u32 << 22) - 1)) as i64;
    (steps << 40) | (id.0 & ((1 << 40) - 1))
}

impl dyn Base + '_ {
    /// Samples whose present content was not measured, by path.
    pub(in crate::store) fn unmeasured(
        &self,
        project: ProjectId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Unmeasured>> {
        let sql = "SELECT s.id, s.path, s.etag, s.size FROM sample s LEFT JOIN measure m ON m.sample = s.id
                   WHERE s.project = ?1 AND s.sort_key > ?2 AND s.missing = 0
                     AND (m.sample IS NULL OR m.etag <> s.etag)
                   ORDER BY s.sort_key LIMIT ?3";
        let begin = after.map_or_else(Vec::new, natural_key);
        self.rows(sql, (project.0, begin, codes::limit(limit)), |r| {
            let size = codes::unsigned(r.get(3)?);
            Ok(Unmeasured { sample: SampleId(r.get(0)?), path: r.get(1)?, etag: r.get(2)?, size })
        })
    }

    /// What is known of these contents, in whatever project; each once.
    pub(in crate::store) fn known_measures(&self, contents: &[Digest]) -> Result<Vec<Measures>> {
        let mut out = Vec::new();
        for chunk in contents.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(", ");
            let sql = format!(
                "SELECT {MEASURES} FROM measure m
                 WHERE m.sample IN (SELECT max(sample) FROM measure WHERE digest IN ({marks}) GROUP BY digest)"
            );
            let values: Vec<Value> = chunk.iter().map(|d| Value::Blob(d.0.to_vec())).collect();
            out.extend(self.rows(&sql, values, |r| measures_row(r, 0))?);
        }
        Ok(out)
    }

    /// Keeps what was measured.
    pub(in crate::store) fn put_measures(&self, project: ProjectId, batch: &[Measured]) -> Result<()> {
        let before = self.with_pixels(batch)?;
        let sql = "INSERT INTO measure(sample, project, sort_key, etag, digest, damaged, width, height, dhash, brightness,
                     contrast, sharpness, blur, light)
                   VALUES(?1, ?2, (SELECT sort_key FROM sample WHERE id = ?1 AND project = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                     ?10, ?11, ?12, ?13)
                   ON CONFLICT(sample) DO UPDATE SET etag = excluded.etag, digest = excluded.digest,
                     damaged = excluded.damaged, width = excluded.width, height = excluded.height, dhash = excluded.dhash,
                     brightness = excluded.brightness, contrast = excluded.contrast, sharpness = excluded.sharpness,
                     blur = excluded.blur, light = excluded.light";
        for one in batch {
            self.defer(sql, &row_of(project, one))?;
        }
        self.add_quality(project, "measured", self.with_pixels(batch)? - before)
    }

    /// How many of these samples have measured pixels.
    fn with_pixels(&self, batch: &[Measured]) -> Result<i64> {
        let mut sum = 0;
        for chunk in batch.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(", ");
            let sql = format!("SELECT count(*) FROM measure WHERE blur IS NOT NULL AND sample IN ({marks})");
            sum += self.number(&sql, chunk.iter().map(|m| Value::Integer(m.sample.0)).collect::<Vec<_>>())?;
        }
        Ok(sum)
    }

    fn add_quality(&self, project: ProjectId, name: &str, n: i64) -> Result<()> {
        let sql = "INSERT INTO tally(project, kind, key, n) VALUES(?, 'quality', ?, ?)
                   ON CONFLICT(project, kind, key) DO UPDATE SET n = tally.n + excluded.n";
        self.execute(sql, (project.0, name, n)).map(drop)
    }

    /// What was measured of a project, by path.
    pub(in crate::store) fn measures(
        &self,
        project: ProjectId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<SampleMeasures>> {
        let sql = format!(
            "SELECT s.id, s.path, {MEASURES} FROM sample s JOIN measure m ON m.sample = s.id
             WHERE s.project = ?1 AND s.sort_key > ?2 AND s.missing = 0 ORDER BY s.sort_key LIMIT ?3"
        );
        let begin = after.map_or_else(Vec::new, natural_key);
        self.rows(&sql, (project.0, begin, codes::limit(limit)), |r| {
            Ok(SampleMeasures { sample: SampleId(r.get(0)?), path: r.get(1)?, measures: measures_row(r, 2)? })
        })
    }

    /// Puts what was found in the place of what was found before.
    pub(in crate::store) fn put_findings(&self, project: ProjectId, found: &[Finding]) -> Result<()> {
        let clear =
            "UPDATE measure SET near = NULL, near_n = NULL, exact = NULL, exact_n = NULL, place = NULL, blurry = 0,
                       dark = 0, bright = 0, odd = 0, broken = 0
                     WHERE project = ? AND (near IS NOT NULL OR blurry + dark + bright + odd + broken > 0)";
        self.execute(clear, [project.0])?;
        for some in found.chunks(AT_ONCE) {
            self.write_findings(&some.iter().map(finding_row).collect::<Vec<_>>())?;
        }
        self.execute("DELETE FROM tally WHERE project = ? AND kind = 'quality'", [project.0])?;
        self.execute(&count_quality(), [project.0]).map(drop)
    }

    /// The pictures like a sample.
    pub(in crate::store) fn likeness(&self, sample: SampleId) -> Result<Option<Likeness>> {
        let sql = "SELECT near, near_n, exact_n FROM measure WHERE sample = ? AND near IS NOT NULL";
        self.row(sql, [sample.0], |r| {
            Ok(Likeness { group: r.get(0)?, near: r.get(1)?, exact: r.get::<Option<u32>>(2)?.unwrap_or(1) })
        })
    }
}

/// What a count of measures is called, and of which rows.
const COUNTED: [(&str, &str); 8] = [
    ("measured", "blur IS NOT NULL"),
    ("near", "near IS NOT NULL"),
    ("exact", "exact IS NOT NULL"),
    ("blurry", "blurry = 1"),
    ("dark", "dark = 1"),
    ("bright", "bright = 1"),
    ("odd", "odd = 1"),
    ("damaged", "broken = 1"),
];

/// The statement that counts the measures of a project (value 1) anew.
pub(in crate::store) fn count_quality() -> String {
    let one = |(name, condition): (&str, &str)| {
        format!("SELECT ?1, 'quality', '{name}', count(*) FROM measure WHERE project = ?1 AND {condition}")
    };
    format!("INSERT INTO tally(project, kind, key, n) {}", COUNTED.map(one).join(" UNION ALL "))
}

/// The columns of a finding, the sample first: `near`, `near_n`, `exact`, `exact_n`, `place`, then one for each fault.
pub(in crate::store) type FindingRow = [Option<i64>; 11];

/// Sets the columns of a [`FindingRow`], one row a statement.
pub(in crate::store) const SET_FINDING: &str =
    "UPDATE measure SET near = ?2, near_n = ?3, exact = ?4, exact_n = ?5, place = ?6, blurry = ?7, dark = ?8,
       bright = ?9, odd = ?10, broken = ?11 WHERE sample = ?1";

fn finding_row(one: &Finding) -> FindingRow {
    let has = |fault| Some(i64::from(one.faults.contains(&fault)));
    let near = one.likeness;
    let exact = near.filter(|l| l.exact > 1);
    [
        Some(one.sample.0),
        near.map(|l| l.group),
        near.map(|l| i64::from(l.near)),
        exact.and(one.content),
        exact.map(|l| i64::from(l.exact)),
        near.map(|_| one.place),
        has(Fault::Blurry),
        has(Fault::Dark),
        has(Fault::Bright),
        has(Fault::Odd),
        has(Fault::Damaged),
    ]
}

fn row_of(project: ProjectId, one: &Measured) -> Vec<Value> {
    let measures = &one.measures;
    let pixels = measures.pixels.as_ref();
    let real = |of: fn(&Pixels) -> f64| pixels.map_or(Value::Null, |p| Value::Real(of(p)));
    let whole = |of: fn(&Pixels) -> u32| Value::from(pixels.map(|p| i64::from(of(p))));
    let sharp = pixels.map(|p| key(p.sharpness * SHARP_STEPS, one.sample));
    let light = pixels.map(|p| key(p.brightness * LIGHT_STEPS, one.sample));
    vec![
        one.sample.0.into(),
        project.0.into(),
        (&one.etag).into(),
        measures.digest.map_or(Value::Null, |d| Value::Blob(d.0.to_vec())),
        (&measures.damaged).into(),
        whole(|p| p.width),
        whole(|p| p.height),
        pixels.and_then(|p| p.hash).map(u64::cast_signed).into(),
        real(|p| p.brightness),
        real(|p| p.contrast),
        real(|p| p.sharpness),
        sharp.into(),
        light.into(),
    ]
}

/// The columns of [`MEASURES`], from the given one on.
fn measures_row(r: &Row, first: usize) -> Result<Measures> {
    let digest: Option<Vec<u8>> = r.get(first)?;
    let brightness: Option<f64> = r.get(first + 5)?;
    let pixels = match brightness {
        None => None,
        Some(brightness) => Some(Pixels {
            width: r.get(first + 2)?,
            height: r.get(first + 3)?,
            hash: r.get::<Option<i64>>(first + 4)?.map(i64::cast_unsigned),
            brightness,
            contrast: r.get(first + 6)?,
            sharpness: r.get(first + 7)?,
        }),
    };
    let digest = digest.and_then(|bytes| bytes.try_into().ok()).map(Digest);
    Ok(Measures { digest, pixels, damaged: r.get(first + 1)? })
}
