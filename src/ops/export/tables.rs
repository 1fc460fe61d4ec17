//! CSV and JSON lines: one file, and a manifest beside it.

use super::super::{OpsError, Watch};
use super::manifest::{BESIDE, Checksums};
use super::outputs::sum_of;
use super::scratch::{Scratch, may_replace_file};
use super::{Format, Run, Tally};
use crate::domain::annotation::Annotation;
use crate::domain::class::LabelSet;
use crate::domain::sample::{Answer, Sample, Status};
use crate::formats::csv::{CsvOut, LabelRow, join_labels};
use crate::formats::jsonl::{Record, write_line};
use crate::ops::report::ExportReport;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

pub(super) fn write(run: &mut Run<'_>, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
    if run.wanted.split.is_some() {
        let format = run.wanted.format.name();
        return Err(OpsError::Invalid(format!("{format} has no place for parts; csv-boxes and most formats have one")));
    }
    let beside = beside(run)?;
    let scratch = Scratch::beside(&run.wanted.dest);
    let out = scratch.create()?;
    let out = match run.wanted.format {
        Format::Jsonl => write_jsonl(run, &scratch, out, watch)?,
        _ => write_csv(run, &scratch, out, watch)?,
    };
    scratch.seal(out)?;
    let sum = sum_of(scratch.path()).map_err(|e| scratch.failed(&e))?;
    publish(run, scratch, sum, &beside, watch)
}

/// The manifest's place beside a file.
pub(super) fn beside(run: &Run<'_>) -> Result<PathBuf, OpsError> {
    let mut beside = run.wanted.dest.clone().into_os_string();
    beside.push(BESIDE);
    let beside = PathBuf::from(beside);
    for path in [&run.wanted.dest, &beside] {
        may_replace_file(path, run.wanted.overwrite)?;
    }
    Ok(beside)
}

/// Gives a written file its name, and puts its manifest beside it, which tells its checksum and length.
pub(super) fn publish(
    run: &Run<'_>,
    scratch: Scratch,
    sum: (String, u64),
    beside: &std::path::Path,
    watch: &Watch<'_>,
) -> Result<ExportReport, OpsError> {
    let manifest = Scratch::beside(beside);
    manifest.write_all(&run.manifest(Checksums::file(&run.wanted.dest, sum)).bytes(beside)?)?;
    watch.check()?;
    scratch.publish(run.wanted.overwrite)?;
    manifest.publish(run.wanted.overwrite)?;
    Ok(run.report(beside))
}

fn write_csv(
    run: &mut Run<'_>,
    scratch: &Scratch,
    out: BufWriter<File>,
    watch: &mut Watch<'_>,
) -> Result<BufWriter<File>, OpsError> {
    let mut out = CsvOut::new(out);
    let labels = &run.project.labels;
    let guard = run.wanted.options.guard_formulas;
    run.each(watch, &mut |tally, sample, answer| {
        let mut row = label_row(tally, sample, answer, labels);
        if guard {
            for cell in [&mut row.path, &mut row.label, &mut row.author, &mut row.skip_reason] {
                tally.guard(cell);
            }
        }
        out.write(&row).map_err(|e| scratch.failed(&e))
    })?;
    if run.tally.images == 0 {
        out.header_of(&LabelRow::default()).map_err(|e| scratch.failed(&e))?;
    }
    out.finish().map_err(|e| scratch.failed(&e))
}

fn write_jsonl(
    run: &mut Run<'_>,
    scratch: &Scratch,
    mut out: BufWriter<File>,
    watch: &mut Watch<'_>,
) -> Result<BufWriter<File>, OpsError> {
    let labels = &run.project.labels;
    run.each(watch, &mut |tally, sample, answer| {
        tally.count(answer, answer.annotations.len());
        write_line(&mut out, &Record::new(sample, answer, labels)).map_err(|e| scratch.failed(&e))
    })?;
    Ok(out)
}

/// A sample as a row, and what the row cannot say.
pub(super) fn label_row(tally: &mut Tally, sample: &Sample, answer: &Answer, labels: &LabelSet) -> LabelRow {
    let classes = answer.classes(labels);
    tally.count(answer, classes.len());
    tally.lose_shapes(answer);
    tally.lost.lose("predictions are not written", sample.predictions.len() as u64);
    tally.lost.lose("verdicts are not written", sample.reviews.len() as u64);
    let last: Option<&Annotation> = answer.annotations.iter().max_by_key(|a| a.at);
    let answered = answer.status == Status::Labeled;
    let names: Vec<String> = classes.into_iter().map(|c| labels.name(c)).collect();
    LabelRow {
        path: sample.path.clone(),
        label: join_labels(&names),
        status: answer.status.name().to_owned(),
        author: last.filter(|_| answered).map(|a| a.author.clone()).unwrap_or_default(),
        at: last.filter(|_| answered).map(|a| a.at.to_string()).unwrap_or_default(),
        flagged: answer.flagged,
        unsure: answer.unsure,
        skip_reason: answer.skip_reason.clone().unwrap_or_default(),
    }
}
