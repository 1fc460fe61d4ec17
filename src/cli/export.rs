//! `lakelens export`: the labels of a project as files for other programs.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::queue::parse_filter;
use super::stores;
use crate::config::paths::expand;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::ops::export::{Export, Format, Images, Options, Split, What, export};
use crate::ops::{OpsError, Watch};
use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use std::ffi::OsString;
use std::path::PathBuf;

impl From<OpsError> for AppError {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Store(error) => error.into(),
            OpsError::Lake(error) => error.into(),
            OpsError::Cancelled => Self::new(Kind::Interrupted, "stopped").hint("what was saved before stays saved"),
            OpsError::Csv { .. } | OpsError::Data(_) => Self::new(Kind::Data, error.to_string()),
            OpsError::Invalid(message) => Self::usage(message),
            other => Self::failed(other.to_string()),
        }
    }
}

/// Write the labels of a project into a file or folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens export flowers labels.csv --format csv
  lakelens export flowers labels.jsonl --filter 'status:labeled review:accepted'
  lakelens export flowers sorted --format folders --images copy
  lakelens export cards cards.json --format coco
  lakelens export cards yolo --format yolo --images copy --split stratified --seed 7
  lakelens export cards guesses.json --format coco --what predictions
  lakelens export cards s3://lab/labels/cards --format delta --append
  lakelens export flowers before.csv --as-of 2026-01-31T12:00:00Z --json")]
pub(crate) struct ExportArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The file or folder to write; formats of one file take either
    #[arg(value_name = "DEST")]
    dest: OsString,
    /// The format; without it, csv or jsonl by the ending of DEST
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    format: Option<String>,
    /// Only these pictures, such as 'status:labeled class:roses'
    #[arg(long, value_name = "FILTER", default_value = "", allow_hyphen_values = true)]
    filter: String,
    /// What becomes of the picture files: copied, linked, or only named
    #[arg(long, value_name = "WHAT", default_value = "none",
          value_parser = PossibleValuesParser::new([Images::Copy, Images::Reference, Images::None].map(Images::name)))]
    images: String,
    /// What people have said, or what models have guessed (coco)
    #[arg(long, value_name = "WHAT", default_value = "answers",
          value_parser = PossibleValuesParser::new(["answers", "predictions"]))]
    what: String,
    /// Split into parts: random, stratified, group:folder, group:top or group:before:CHAR
    #[arg(long, value_name = "HOW")]
    split: Option<String>,
    /// The parts and their shares
    #[arg(long, value_name = "PARTS", default_value = "train=0.8,val=0.1,test=0.1", requires = "split")]
    parts: String,
    /// Another number splits otherwise; the same one always alike
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "split")]
    seed: u64,
    /// The labels as they were at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// voc: count pixels from 0, or from 1 as the devkit does
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    voc_origin: u8,
    /// CSV: cells that a spreadsheet would run get a quote in front, or are kept as they are
    #[arg(long, value_name = "WHAT", default_value = "guard", value_parser = PossibleValuesParser::new(["guard", "keep"]))]
    formulas: String,
    /// tfrecord: compress the files
    #[arg(long)]
    gzip: bool,
    /// tfrecord: deal the pictures of a part out to so many files
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    shards: u32,
    /// delta: the rows of the table stay, these are added in a new version
    #[arg(long, conflicts_with = "force")]
    append: bool,
    /// Replace what is there; of a Delta table the rows, which its older versions keep
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    json: Json,
}

impl ExportArgs {
    fn format(&self) -> Result<Format, AppError> {
        let by_ending = || {
            let text = stores::path_text(&self.dest).to_lowercase();
            let endings = [(".csv", Format::Csv), (".jsonl", Format::Jsonl), (".ndjson", Format::Jsonl)];
            endings.into_iter().find(|(ending, _)| text.ends_with(ending)).map(|(_, format)| format)
        };
        let named = self.format.as_deref().and_then(Format::from_name);
        named.or_else(by_ending).ok_or_else(|| {
            let all = Format::ALL.map(Format::name).join(", ");
            AppError::usage("the name of the file does not say which format it is to have")
                .hint(format!("give --format with one of {all}"))
        })
    }

    /// The place on this machine, and the one that is not: only Delta tables are written anywhere else, whose rows wait
    /// on this machine until they are whole.
    fn dest(&self, format: Format, context: &Context) -> Result<(PathBuf, Option<LakePath>), AppError> {
        let text = stores::path_text(&self.dest);
        match LakePath::parse(&text, "/") {
            Ok(path) if path.as_local().is_none() && format == Format::Delta => {
                let waiting = context.loaded.paths.cache.join("scratch").join("delta");
                Ok((waiting, Some(context.lake_path(&self.dest)?)))
            }
            Ok(path) if path.as_local().is_none() => Err(AppError::usage(format!(
                "`{}` is not on this machine, and exports are only written to this machine",
                printable(&text)
            ))
            .hint(
                "write into a local folder and copy it there with the tool of that place; --format delta writes a table \
                 into a bucket",
            )),
            _ => Ok((expand(&text, &context.environment), None)),
        }
    }

    fn wanted(&self, context: &mut Context) -> Result<Export, AppError> {
        let stop = context.cancel();
        let format = self.format()?;
        let (dest, far) = self.dest(format, context)?;
        let split = match &self.split {
            Some(by) => Some(Split::parse(by, self.seed, &self.parts).map_err(AppError::usage)?),
            None => None,
        };
        Ok(Export {
            filter: parse_filter(&self.filter)?,
            images: Images::from_name(&self.images).unwrap_or_default(),
            as_of: self.as_of,
            overwrite: self.force,
            what: if self.what == "predictions" { What::Predictions } else { What::Answers },
            split,
            options: Options {
                voc_origin: self.voc_origin,
                guard_formulas: self.formulas == "guard",
                gzip: self.gzip,
                shards: self.shards,
            },
            far,
            append: self.append,
            stop,
            ..Export::new(dest, format)
        })
    }
}

pub(super) fn run(args: &ExportArgs, context: &mut Context) -> Result<(), AppError> {
    let wanted = args.wanted(context)?;
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let (cancel, lake) = (context.cancel(), context.lake());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let done = export(store.as_mut(), &lake, &project, &wanted, &mut watch);
    drop(progress);
    let report = done.map_err(|error| match error {
        OpsError::Exists(_) if wanted.format == Format::Delta => AppError::from(error).hint(
            "--append adds these rows in a new version, --force replaces the rows in one; the versions before keep them",
        ),
        OpsError::Exists(_) => AppError::from(error).hint("--force replaces it"),
        other => other.into(),
    })?;
    if args.json.json {
        return context.out.json(&report);
    }
    if report.unchanged {
        let place = printable(&report.dest);
        let version = report.version.unwrap_or_default();
        return context.out.line(&format!("nothing changes: these rows are in {place} already, version {version}"));
    }
    let (images, annotations) = (grouped(report.images), grouped(report.annotations));
    context.out.line(&format!("{images} pictures, {annotations} annotations in {}", printable(&report.dest)))?;
    for loss in &report.loss {
        context.out.line(&format!("lost: {}: {}", grouped(loss.count), printable(&loss.what)))?;
    }
    context.out.line(&format!("manifest: {}", printable(&report.manifest)))
}
