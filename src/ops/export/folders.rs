//! A folder for each class, with the pictures in it, an index and a manifest.

use super::super::{OpsError, Watch};
use super::manifest::NAME as MANIFEST;
use super::outputs::{Folder, SUMS};
use super::pictures::{Placed, place};
use super::publish;
use super::scratch::Scratch;
use super::split::{NO_PART, Plan};
use super::{Images, Run};
use crate::domain::sample::Answer;
use crate::formats::csv::CsvOut;
use crate::formats::folders::Names;
use crate::lake::Lake;
use crate::lake::far::Place;
use crate::ops::report::ExportReport;
use crate::ops::scan::source_place;
use serde::Serialize;
use std::fs;

/// The index of an exported folder.
const INDEX: &str = "index.csv";

#[derive(Default, Serialize)]
struct IndexRow {
    /// Inside the exported folder; empty where the picture is not there.
    file: String,
    label: String,
    /// Relative to the project's source.
    path: String,
}

pub(super) fn write(run: &mut Run<'_>, lake: &Lake, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
    let labels = run.project.labels.clone();
    let (source, _) = source_place(lake, &run.project.source)?;
    let plan = run.plan(watch, &|answer: &Answer| !answer.classes(&labels).is_empty())?;
    publish::folder(run, watch, |run, scratch, out, watch| fill(run, scratch, out, &source, plan.as_ref(), watch))
}

fn fill(
    run: &mut Run<'_>,
    scratch: &Scratch,
    out: &mut Folder,
    source: &Place,
    plan: Option<&Plan>,
    watch: &mut Watch<'_>,
) -> Result<(), OpsError> {
    let (labels, images) = (&run.project.labels, run.wanted.images);
    let guard = run.wanted.options.guard_formulas;
    let index = out.begin(INDEX).map_err(|e| scratch.failed(&e))?;
    let mut index = CsvOut::new(index);
    let mut names = Names::default();
    names.reserve(&[INDEX, MANIFEST, SUMS]);
    run.each(watch, &mut |tally, sample, answer| {
        tally.lose_shapes(answer);
        let classes = answer.classes(labels);
        let Some(first) = classes.first() else {
            let what = match answer.annotations.is_empty() && answer.status == crate::domain::sample::Status::Labeled {
                true => "verified empty pictures are left out",
                false => "pictures without a class are left out",
            };
            tally.lost.lose(what, 1);
            return Ok(());
        };
        tally.lost.lose("further classes of a picture are left out", classes.len() as u64 - 1);
        let label = labels.name(*first);
        let part = match plan.map(|p| p.part(sample)) {
            None => String::new(),
            Some(Some(part)) => format!("{part}/"),
            Some(None) => {
                tally.lost.lose(NO_PART, 1);
                return Ok(());
            }
        };
        let folder = format!("{part}{}", names.folder(&label));
        fs::create_dir_all(scratch.path().join(&folder)).map_err(|e| scratch.failed(&e))?;
        let mut row = IndexRow { file: String::new(), label, path: sample.path.clone() };
        if images != Images::None {
            let file = format!("{folder}/{}", names.file(&folder, &sample.path));
            match place(source, sample, out, &file, images) {
                Ok(()) => row.file = file,
                Err(Placed::Unreadable) => tally.lost.lose("pictures cannot be read and are only in the index", 1),
                Err(Placed::Failed(error)) => return Err(scratch.failed(&error)),
            }
        }
        tally.count(answer, 1);
        if guard {
            for cell in [&mut row.file, &mut row.label, &mut row.path] {
                tally.guard(cell);
            }
        }
        index.write(&row).map_err(|e| scratch.failed(&e))
    })?;
    if run.tally.images == 0 {
        index.header_of(&IndexRow::default()).map_err(|e| scratch.failed(&e))?;
    }
    index.finish().map(drop).map_err(|e| scratch.failed(&e))
}
