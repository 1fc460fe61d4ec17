//! A Delta table: its rows are written as Parquet beside it and become part of it in one commit, in whose history the
//! manifest stands.
//!
//! What always holds: the commit is the export: before it the table is as it was, and after it it holds all rows. The
//! same export again changes nothing, unless it is to be appended.

use super::super::{OpsError, Watch, shown};
use super::dataset;
use super::manifest::Checksums;
use super::outputs::{Folder, sum_of};
use super::scratch::Scratch;
use super::{Images, Run, What};
use crate::domain::lake_path::LakePath;
use crate::domain::text::{encode_os, printable};
use crate::formats::write::Kind;
use crate::lake::Lake;
use crate::lake::delta::{DeltaError, DeltaTable, Mode, Put, Rows};
use crate::ops::report::ExportReport;
use std::fs;
use std::path::PathBuf;

pub(super) fn write(run: &mut Run<'_>, lake: &Lake, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
    let wanted = run.wanted;
    if wanted.images != Images::None {
        return Err(OpsError::Invalid(
            "a Delta table has no place for pictures; use --images none, or --format hf-parquet to have them inside"
                .into(),
        ));
    }
    if wanted.what == What::Predictions {
        return Err(OpsError::Invalid(
            "delta has no place for predictions; --format coco writes a results file of them".into(),
        ));
    }
    if wanted.append && wanted.overwrite {
        return Err(OpsError::Invalid("rows are appended or replaced, not both; leave out --append or --force".into()));
    }
    let table = open(run, lake)?;
    let aside = Scratch::beside(&wanted.dest);
    if let Some(folder) = aside.path().parent() {
        fs::create_dir_all(folder).map_err(|e| aside.failed(&e))?;
    }
    fs::create_dir(aside.path()).map_err(|e| aside.failed(&e))?;
    let file = rows(run, lake, &aside, watch)?;
    let (sha256, bytes) = sum_of(&file).map_err(|e| aside.failed(&e))?;
    let sums = Checksums::file(&file, (sha256.clone(), bytes));
    let manifest = String::from_utf8_lossy(&run.manifest(sums).bytes(&wanted.dest)?).into_owned();
    watch.check()?;
    let put = table.put(
        &Rows {
            file: &file,
            sha256: &sha256,
            mode: mode(run),
            source: &format!("lakelens:{}", run.project.name),
            parameters: vec![
                ("project".to_owned(), run.project.name.clone()),
                ("sha256".to_owned(), sha256.clone()),
                ("manifest".to_owned(), manifest),
            ],
            message: format!("lakelens export of {}: {} pictures", run.project.name, run.tally.images),
        },
        &wanted.stop,
    );
    let put = put.map_err(told)?;
    Ok(report(run, &table, put))
}

/// The table that is written into.
fn open(run: &Run<'_>, lake: &Lake) -> Result<DeltaTable, OpsError> {
    let path = match &run.wanted.far {
        Some(path @ LakePath::Table(..)) => {
            return Err(OpsError::Invalid(format!(
                "`{}` is a table of a catalog, which is written through an engine; give the folder of a table of your \
                 own, or export Parquet and load it with `lakelens sql`",
                printable(&path.to_string())
            )));
        }
        Some(path) => path.clone(),
        None => {
            let place =
                std::path::absolute(&run.wanted.dest).map_err(|e| OpsError::file("write", &run.wanted.dest, &e))?;
            if place.is_file() {
                return Err(OpsError::Invalid(format!(
                    "`{}` is a file, and a Delta table is a folder; name a folder",
                    shown(&place)
                )));
            }
            LakePath::Local(encode_os(place.as_os_str()))
        }
    };
    DeltaTable::reached(lake, &path, &run.wanted.stop).map_err(told)
}

fn mode(run: &Run<'_>) -> Mode {
    match (run.wanted.append, run.wanted.overwrite) {
        (true, _) => Mode::Append,
        (false, true) => Mode::Replace,
        (false, false) => Mode::Create,
    }
}

/// The rows in a file of the folder aside.
fn rows(run: &mut Run<'_>, lake: &Lake, aside: &Scratch, watch: &mut Watch<'_>) -> Result<PathBuf, OpsError> {
    let mut out = Folder::new(aside.path()).map_err(|e| aside.failed(&e))?;
    dataset::fill(run, lake, Kind::Parquet, aside, &mut out, watch)?;
    let file = out.first().map_or_else(|| aside.path().to_owned(), |first| aside.path().join(first));
    out.finish().map_err(|e| aside.failed(&e))?;
    Ok(file)
}

/// What the table says, as an export says it.
fn told(error: DeltaError) -> OpsError {
    match error {
        DeltaError::Cancelled { .. } => OpsError::Cancelled,
        DeltaError::Lake(error) => OpsError::Lake(error),
        DeltaError::Exists { place } => OpsError::Exists(place),
        DeltaError::NotWritable { place, why } => OpsError::File { doing: "write", path: place, why },
        other => OpsError::Data(other.to_string()),
    }
}

fn report(run: &Run<'_>, table: &DeltaTable, put: Put) -> ExportReport {
    let (Put::Written(version) | Put::Already(version)) = put;
    ExportReport {
        dest: table.place().to_owned(),
        manifest: format!("the history of {}, version {version}", table.place()),
        version: Some(version),
        unchanged: matches!(put, Put::Already(_)),
        ..run.report(&run.wanted.dest)
    }
}
