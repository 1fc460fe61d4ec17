//! Rows of a Delta table, file by file: with deletion vectors, column mapping and partition values as they belong.
//!
//! What always holds: of a file at most one batch of rows is given at a time; a file that lies outside the table's own
//! bucket is refused, because the credentials of one bucket are not those of another.

use super::error::{DeltaError, of_file, words};
use super::{DeltaTable, Engine, Result, token};
use crate::domain::commit::Commit;
use crate::domain::sheet::{Column, Sheet};
use crate::domain::version::At;
use crate::lake::rows::{Most, RowsError, TableRows, weight};
use crate::remote::sql::sheet;
use arrow_array::RecordBatch;
use arrow_schema::Schema as ArrowSchema;
use delta_kernel::engine::arrow_conversion::TryIntoArrow;
use delta_kernel::engine::arrow_data::EngineDataArrowExt;
use delta_kernel::scan::Scan;
use delta_kernel::scan::state::{ScanFile, transform_to_logical};
use delta_kernel::schema::{DataType, PrimitiveType, Schema, SchemaRef};
use delta_kernel::{Engine as _, FileMeta, KernelError, SnapshotRef};
use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;
use tokio_util::sync::CancellationToken;

/// Rows of one batch.
const BATCH: usize = 1000;
/// Rows of one batch where a column holds bytes, which may be whole pictures.
const PICTURES: usize = 8;
/// Deleted rows of one file that are held in memory, as numbers of eight bytes.
const MOST_DELETED: u64 = 1 << 25;

/// Names and types of columns.
pub(super) fn columns(schema: &Schema) -> Vec<Column> {
    arrow(schema).map(|schema| sheet::empty(&schema).columns).unwrap_or_default()
}

fn arrow(schema: &Schema) -> std::result::Result<ArrowSchema, String> {
    let made: std::result::Result<ArrowSchema, _> = schema.try_into_arrow();
    made.map_err(|e| e.to_string())
}

fn has_bytes(schema: &Schema) -> bool {
    schema.fields().any(|f| !matches!(&f.data_type, DataType::Primitive(p) if *p != PrimitiveType::Binary))
}

impl DeltaTable {
    /// The first rows at a state, in the order in which the files stand in the log; no more than asked for.
    ///
    /// # Errors
    /// As [`Self::version`], and [`DeltaError::Unreadable`] with the file.
    pub fn first_rows(&self, at: &At, most: Most, stop: &CancellationToken) -> Result<Sheet> {
        let version = self.version(at, stop)?;
        let log = self.engine(BATCH)?;
        let snapshot = self.snapshot(&log, version, stop)?;
        let schema = snapshot.schema();
        let engine = self.engine(if has_bytes(&schema) { PICTURES } else { most.rows.clamp(1, BATCH) })?;
        let mut out = Sheet { columns: columns(&schema), ..Sheet::default() };
        let scan = self.scan(&snapshot, None, stop)?;
        let mut bytes = 0;
        self.each_file(&log, &scan, version, stop, |file| {
            self.read_file(&engine, &scan, file, stop, |batch| {
                let (before, full) = (out.rows.len(), bytes >= most.bytes);
                let limit = if full { before } else { most.rows };
                sheet::append(&mut out, &batch, limit, &self.place)
                    .map_err(|e| self.unreadable(&file.path, &e.to_string()))?;
                bytes += out.rows[before..].iter().flatten().map(weight).sum::<usize>();
                Ok(!out.more)
            })
        })?;
        Ok(out)
    }

    /// Gives all rows of a state in batches, without columns that are bytes, until `take` wants no more. Before the first
    /// row comes a batch without rows, so that the columns are known of an empty table too.
    ///
    /// # Errors
    /// As [`Self::first_rows`].
    pub fn batches(&self, at: &At, stop: &CancellationToken, take: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        let version = self.version(at, stop)?;
        let log = self.engine(BATCH)?;
        let snapshot = self.snapshot(&log, version, stop)?;
        let all = snapshot.schema();
        let texts = all.fields().filter(|f| f.data_type != DataType::BINARY).map(|f| f.name().clone());
        let texts: Vec<String> = texts.collect();
        let schema = all.project(&texts).map_err(|e| self.unreadable("the schema", &e.to_string()))?;
        let columns = arrow(&schema).map_err(|e| self.unreadable("the schema", &e))?;
        if !take(RecordBatch::new_empty(Arc::new(columns))) {
            return Ok(());
        }
        let engine = self.engine(if has_bytes(&schema) { PICTURES } else { BATCH })?;
        let scan = self.scan(&snapshot, Some(schema), stop)?;
        self.each_file(&log, &scan, version, stop, |file| {
            self.read_file(&engine, &scan, file, stop, |batch| Ok(take(batch)))
        })
    }

    /// A scan of these columns.
    pub(super) fn scan(
        &self,
        snapshot: &SnapshotRef,
        schema: Option<SchemaRef>,
        stop: &CancellationToken,
    ) -> Result<Scan> {
        let version = i64::try_from(snapshot.version()).ok();
        self.guarded(version, stop, || {
            let builder = snapshot.clone().scan_builder().with_schema_opt(schema);
            let built = builder.with_cancellation_token(token(stop)).build();
            built.map_err(|e| self.failure(&e, version, stop))
        })
    }

    /// Calls `each` with the files of a scan, as the log gives them, until it says that it has enough.
    pub(super) fn each_file(
        &self,
        engine: &Engine,
        scan: &Scan,
        version: i64,
        stop: &CancellationToken,
        mut each: impl FnMut(&ScanFile) -> Result<bool>,
    ) -> Result<()> {
        self.guarded(Some(version), stop, || {
            let failed = |e: &KernelError| self.failure(e, Some(version), stop);
            for batch in scan.scan_metadata(engine).map_err(|e| failed(&e))? {
                let batch = batch.map_err(|e| failed(&e))?;
                let mut found =
                    batch.visit_scan_files(Vec::new(), |all, file| all.push(file)).map_err(|e| failed(&e))?;
                for file in found.drain(..) {
                    if stop.is_cancelled() {
                        return Err(DeltaError::Cancelled { place: self.place.clone() });
                    }
                    if !each(&file)? {
                        return Ok(());
                    }
                }
            }
            Ok(())
        })
    }

    /// All files of a version.
    pub(super) fn scan_files(
        &self,
        engine: &Engine,
        snapshot: &SnapshotRef,
        schema: Option<SchemaRef>,
        stop: &CancellationToken,
    ) -> Result<Vec<ScanFile>> {
        let scan = self.scan(snapshot, schema, stop)?;
        let (mut out, version) = (Vec::new(), i64::try_from(snapshot.version()).unwrap_or(0));
        self.each_file(engine, &scan, version, stop, |file| {
            out.push(file.clone());
            Ok(true)
        })?;
        Ok(out)
    }

    /// Calls `each` with the rows of a file until it says that it has enough; whether it wants more files.
    pub(super) fn read_file(
        &self,
        engine: &Engine,
        scan: &Scan,
        file: &ScanFile,
        stop: &CancellationToken,
        mut each: impl FnMut(RecordBatch) -> Result<bool>,
    ) -> Result<bool> {
        let failed = |e: &KernelError| of_file(&self.place, &file.path, e);
        let root = scan.table_root();
        let location = root.join(&file.path).map_err(|e| self.unreadable(&file.path, &e.to_string()))?;
        if (location.scheme(), location.authority()) != (root.scheme(), root.authority()) {
            return Err(DeltaError::Unsupported {
                place: self.place.clone(),
                what: format!("its file {} lies outside the table", words(location.as_str())),
            });
        }
        let mut deleted = self.deleted(engine, scan, file)?;
        let size = u64::try_from(file.size).map_err(|e| self.unreadable(&file.path, &e.to_string()))?;
        let meta = FileMeta { location, last_modified: file.modification_time, size };
        let physical = scan.physical_schema();
        let batches = engine.parquet_handler().read_parquet_files_with_cancellation(
            &[meta],
            physical.clone(),
            None,
            Some(token(stop)),
        );
        for batch in batches.map_err(|e| failed(&e))? {
            let batch = batch.map_err(|e| failed(&e))?;
            let logical = transform_to_logical(engine, batch, physical, scan.logical_schema(), file.transform.clone());
            let logical = logical.map_err(|e| failed(&e))?;
            let logical = match deleted.as_mut().map(|deleted| deleted.mask(logical.len())) {
                Some(mask) => logical.apply_selection_vector(mask).map_err(|e| failed(&e))?,
                None => logical,
            };
            if !each(logical.try_into_record_batch().map_err(|e| failed(&e))?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rows of a file that are deleted, as its deletion vector lists them; nothing where it has none.
    ///
    /// Never as a mask of the whole file: a damaged vector names a row so far away that no memory would do for it.
    fn deleted(&self, engine: &Engine, scan: &Scan, file: &ScanFile) -> Result<Option<Deleted>> {
        let failed = |e: &KernelError| of_file(&self.place, &file.path, e);
        let Some(count) = file.dv_info.cardinality().map_err(|e| failed(&e))? else { return Ok(None) };
        let wrong = |why: &str| self.unreadable(&file.path, &format!("its deletion vector {why}"));
        if count > MOST_DELETED {
            return Err(wrong(&format!("deletes {count} rows, and more than {MOST_DELETED} are not read")));
        }
        let rows = file.dv_info.get_row_indexes(engine, scan.table_root()).map_err(|e| failed(&e))?.unwrap_or_default();
        if rows.len() as u64 != count {
            return Err(wrong(&format!("names {} rows, and the log says {count}", rows.len())));
        }
        Ok(Some(Deleted { rows: rows.into_iter().peekable(), at: 0 }))
    }

    pub(super) fn unreadable(&self, file: &str, why: &str) -> DeltaError {
        DeltaError::Unreadable {
            place: self.place.clone(),
            file: words(file),
            why: words(why),
            remedy: "restore the file, or choose a version that does not have it",
        }
    }
}

impl TableRows for DeltaTable {
    fn place(&self) -> String {
        format!("the files of {}", self.place)
    }

    fn rows(
        &self,
        most: Most,
        version: Option<i64>,
        stop: &CancellationToken,
    ) -> std::result::Result<Sheet, RowsError> {
        let at = version.map_or(At::Now, At::Version);
        self.first_rows(&at, most, stop).map_err(|e| RowsError::Files(e.to_string()))
    }

    fn history(&self, limit: u32, stop: &CancellationToken) -> std::result::Result<Vec<Commit>, RowsError> {
        self.commits(limit as usize, stop).map_err(|e| RowsError::Files(e.to_string()))
    }
}

/// The deleted rows of a file, in ascending order, and the row that comes next.
struct Deleted {
    rows: Peekable<IntoIter<u64>>,
    at: u64,
}

impl Deleted {
    /// Which of the next rows are there.
    fn mask(&mut self, rows: usize) -> Vec<bool> {
        let mut mask = vec![true; rows];
        let end = self.at.saturating_add(rows as u64);
        while let Some(row) = self.rows.next_if(|row| *row < end) {
            let place = row.checked_sub(self.at).and_then(|place| usize::try_from(place).ok());
            if let Some(there) = place.and_then(|place| mask.get_mut(place)) {
                *there = false;
            }
        }
        self.at = end;
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_rows_are_left_out_batch_by_batch() {
        let mut deleted = Deleted { rows: vec![0, 3, 4, u64::MAX].into_iter().peekable(), at: 0 };
        assert_eq!(deleted.mask(2), [false, true]);
        assert_eq!(deleted.mask(3), [true, false, false]);
        assert_eq!(deleted.mask(1), [true]);
    }
}
