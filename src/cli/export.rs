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
use crate::ops::export::{count, export};
use crate::ops::options::Choice;
use crate::ops::options::export::{
    APPEND, AS_OF, Export, FILTER, FORCE, FORMAT, FORMULAS, Format, GZIP, IMAGES, PARTS, SEED, SHARDS, SHARES, SPLIT,
    VOC_ORIGIN, WHAT, split_by,
};
use crate::ops::{OpsError, Watch};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
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
            // What it is decides how the program ends; that something was saved before is said with it.
            OpsError::Begun { saved, error } => {
                let saved = grouped(saved);
                Self::from(*error)
                    .hint(format!("{saved} pictures were done before that; the same command does the rest"))
            }
            other => Self::failed(other.to_string()),
        }
    }
}

/// Write the labels of a project into a file or folder
///
/// A YOLO export has classes.txt beside data.yaml. labelImg looks for it beside the label files: copy it there before you
/// open the folder with labelImg (cp DEST/classes.txt DEST/labels/train/), and take it away before you train, because some
/// programs take every text file in labels/ for labels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens export flowers labels.csv --format csv
  lakelens export flowers labels.jsonl --filter 'status:labeled review:accepted'
  lakelens export flowers sorted --format folders --images copy
  lakelens export cards cards.json --format coco
  lakelens export cards cards.json --format createml --dry-run
  lakelens export cards yolo --format yolo --images copy --split stratified --seed 7
  lakelens export cards guesses.json --format coco --what predictions
  lakelens export cards s3://lab/sets/cards --format yolo --images copy
  lakelens export cards /Volumes/main/vision/labels/cards.json --format coco
  lakelens export cards s3://lab/labels/cards --format delta --append
  lakelens export flowers delivered.csv --as-of delivered --filter status:labeled
  lakelens export flowers before.csv --as-of 2026-01-31T12:00:00Z --json")]
pub(crate) struct ExportArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The file or folder to write, in any place of the lake; formats of one file take either
    #[arg(value_name = "DEST")]
    dest: OsString,
    #[arg(long = FORMAT.flag, value_name = "FORMAT", help = FORMAT.help,
          value_parser = formats())]
    format: Option<String>,
    #[arg(long = FILTER.flag, value_name = "FILTER", help = FILTER.help, default_value = "", allow_hyphen_values = true)]
    filter: String,
    #[arg(long = IMAGES.flag, value_name = "WHAT", help = IMAGES.help, default_value = IMAGES.default(),
          value_parser = PossibleValuesParser::new(IMAGES.names()))]
    images: String,
    #[arg(long = WHAT.flag, value_name = "WHAT", help = WHAT.help, default_value = WHAT.default(),
          value_parser = PossibleValuesParser::new(WHAT.names()))]
    what: String,
    #[arg(long = SPLIT.flag, value_name = "HOW", help = SPLIT.help, value_parser = |how: &str| split_by(how).map(str::to_owned))]
    split: Option<String>,
    #[arg(long = PARTS.flag, value_name = "PARTS", help = PARTS.help, default_value = SHARES, requires = "split")]
    parts: String,
    #[arg(long = SEED.flag, value_name = "NUMBER", help = SEED.help, default_value = "0", requires = "split")]
    seed: String,
    #[arg(long = AS_OF.flag, value_name = "SNAPSHOT|TIME", help = AS_OF.help)]
    as_of: Option<String>,
    #[arg(long = VOC_ORIGIN.flag, value_name = "0|1", help = VOC_ORIGIN.help, default_value = VOC_ORIGIN.default(),
          value_parser = PossibleValuesParser::new(VOC_ORIGIN.names()))]
    voc_origin: String,
    #[arg(long = FORMULAS.flag, value_name = "WHAT", help = FORMULAS.help, default_value = FORMULAS.default(),
          value_parser = PossibleValuesParser::new(FORMULAS.names()))]
    formulas: String,
    #[arg(long = GZIP.flag, help = GZIP.help)]
    gzip: bool,
    #[arg(long = SHARDS.flag, value_name = "NUMBER", help = SHARDS.help, default_value = "1")]
    shards: String,
    #[arg(long = APPEND.flag, help = APPEND.help, conflicts_with = "force")]
    append: bool,
    #[arg(long = FORCE.flag, help = FORCE.help)]
    force: bool,
    /// Only say how much would be written, and what the format cannot say
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

/// The formats, each also by its other names, which no list shows.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMAT.names().into_iter().map(|name| {
        let others = Format::ALIASES.into_iter().filter(|(_, own)| *own == name).map(|(alias, _)| alias);
        PossibleValue::new(name).aliases(others.collect::<Vec<_>>())
    }))
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

    /// The place on this machine, and the one that is not, for which files wait on this machine.
    fn dest(&self, context: &Context) -> Result<(PathBuf, Option<LakePath>), AppError> {
        let text = stores::path_text(&self.dest);
        match LakePath::parse(&text, "/") {
            Ok(path) if path.as_local().is_none() => {
                let waiting = context.loaded.paths.scratch().join("export");
                Ok((waiting, Some(context.lake_path(&self.dest)?)))
            }
            _ => Ok((expand(&text, &context.environment), None)),
        }
    }

    fn wanted(&self, context: &mut Context) -> Result<Export, AppError> {
        let stop = context.cancel();
        let format = self.format()?;
        let (dest, far) = self.dest(context)?;
        let begun = context.loaded.paths.exports();
        let mut wanted = Export { far, begun, stop, ..Export::new(dest, format) };
        wanted.filter = parse_filter(&self.filter)?;
        let on = |given: bool, choice: &Choice<Export>| {
            let mut names = choice.names().into_iter();
            if given { names.next_back() } else { names.next() }.unwrap_or_default()
        };
        for (choice, chosen) in [
            (&IMAGES, self.images.as_str()),
            (&WHAT, &self.what),
            (&SPLIT, self.split.as_deref().unwrap_or_default()),
            (&VOC_ORIGIN, &self.voc_origin),
            (&FORMULAS, &self.formulas),
            (&GZIP, on(self.gzip, &GZIP)),
            (&APPEND, on(self.append, &APPEND)),
            (&FORCE, on(self.force, &FORCE)),
        ] {
            (choice.set)(&mut wanted, chosen);
        }
        let as_of = self.as_of.as_deref().unwrap_or_default();
        for (field, typed) in
            [(&PARTS, self.parts.as_str()), (&SEED, &self.seed), (&AS_OF, as_of), (&SHARDS, &self.shards)]
        {
            (field.set)(&mut wanted, typed).map_err(|why| AppError::usage(format!("--{}: {why}", field.flag)))?;
        }
        Ok(wanted)
    }
}

pub(super) fn run(args: &ExportArgs, context: &mut Context) -> Result<(), AppError> {
    let wanted = args.wanted(context)?;
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let (cancel, lake) = (context.cancel(), context.lake());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let done = match args.dry_run {
        true => count(store.as_mut(), &lake, &project, &wanted, &context.loaded.paths.scratch(), &mut watch),
        false => export(store.as_mut(), &lake, &project, &wanted, &mut watch),
    };
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
    let would = if report.dry_run { " would be" } else { "" };
    let dest = printable(&report.dest);
    context.out.line(&format!("{images} pictures, {annotations} annotations{would} in {dest}"))?;
    for loss in &report.loss {
        context.out.line(&format!("lost: {}: {}", grouped(loss.count), printable(&loss.what)))?;
    }
    if report.dry_run {
        return Ok(());
    }
    context.out.line(&format!("manifest: {}", printable(&report.manifest)))
}
