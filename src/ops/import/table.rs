//! A Delta table as a file of rows: its state is written into a nameless Parquet file, which the reader of Parquet takes.
//!
//! Why not file by file: deleted rows, partitions and renamed columns are known to the table only. What always holds: in
//! memory is one batch of rows; pictures that stand in the rows are not copied.

use super::super::OpsError;
use super::files::LakeFiles;
use crate::domain::lake_path::LakePath;
use crate::domain::version::At;
use crate::formats::read::sorter::nameless;
use crate::lake::Lake;
use crate::lake::delta::{DeltaError, DeltaTable, Until};
use crate::lake::remote::Stop;
use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use std::fs::File;
use std::io::Seek;
use std::path::Path;

/// The rows of a state of a table.
pub(super) fn rows(lake: &Lake, path: &LakePath, at: &At, scratch: &Path, stop: &Stop) -> Result<LakeFiles, OpsError> {
    let until = Until::new(lake, stop);
    let table = DeltaTable::reached(lake, path, until.token()).map_err(told)?;
    let failed = |e: &dyn std::fmt::Display| OpsError::file("write", scratch, &std::io::Error::other(e.to_string()));
    std::fs::create_dir_all(scratch).map_err(|e| OpsError::file("create", scratch, &e))?;
    let mut file = nameless(scratch).map_err(|e| OpsError::file("create", scratch, &e))?;
    let mut out: Option<ArrowWriter<File>> = None;
    let mut wrong = Ok(());
    let to = file.try_clone().map_err(|e| failed(&e))?;
    let mut to = Some(to);
    let read = table.batches(at, until.token(), &mut |batch| {
        wrong = write(&mut out, &mut to, &batch);
        wrong.is_ok()
    });
    wrong.map_err(|e| failed(&e))?;
    read.map_err(told)?;
    if let Some(out) = out {
        out.close().map_err(|e| failed(&e))?;
    }
    file.rewind().map_err(|e| failed(&e))?;
    Ok(LakeFiles::of_rows(table.place(), file, stop))
}

/// Writes a batch; the first one says which columns there are.
fn write(out: &mut Option<ArrowWriter<File>>, to: &mut Option<File>, batch: &RecordBatch) -> Result<(), ParquetError> {
    if let Some(file) = to.take() {
        *out = Some(ArrowWriter::try_new(file, batch.schema(), None)?);
    }
    out.as_mut().map_or(Ok(()), |out| out.write(batch))
}

fn told(error: DeltaError) -> OpsError {
    match error {
        DeltaError::Cancelled { .. } => OpsError::Cancelled,
        DeltaError::Lake(error) => OpsError::Lake(error),
        DeltaError::NoVersion { .. } => OpsError::Invalid(error.to_string()),
        other => OpsError::Data(other.to_string()),
    }
}
