//! `lakelens import`: annotation files of other programs into a project.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::stores;
use crate::config::paths::expand;
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::formats::read::{Format, VocOrigin};
use crate::ops::Watch;
use crate::ops::import::{Become, Import, Imported, Matching, NewClasses, OnBadRow, OnExisting, OnMissing, import};
use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// Take annotation files of other programs into a project
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens import cells annotations.json --format coco --dry-run
  lakelens import cells annotations.json --match name --on-bad-row keep
  lakelens import cards ./labels --on-existing merge --json
  lakelens import cells results.json --reference instances.json
  lakelens import cells s3://lab/labels/cells --format delta --at 7
  lakelens import cells x --format list

Nothing is written when anything is wrong, unless --on-missing and --on-bad-row say
otherwise. `lakelens undo PROJECT` takes a whole import back; predictions, which are no
answers, are replaced by the next import of the same model.")]
pub(crate) struct ImportArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The file or folder, on any path that `lakelens ls` knows
    #[arg(value_name = "FILE|DIR")]
    from: OsString,
    /// What it is; without it, by its content. `list` lists all formats
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// delta: the state to read, a version or a time; without it, the table as it is now
    #[arg(long, value_name = "VERSION|TIME")]
    at: Option<String>,
    /// How names in the file are matched with pictures
    #[arg(long = "match", value_name = "HOW", default_value = "path",
          value_parser = PossibleValuesParser::new(Matching::ALL.map(Matching::name)))]
    matching: String,
    /// Pictures that the project does not have
    #[arg(long, value_name = "WHAT", default_value = "error", value_parser = ["error", "skip", "create"])]
    on_missing: String,
    /// Pictures that have an answer already
    #[arg(long, value_name = "WHAT", default_value = "skip", value_parser = ["skip", "replace", "append", "merge"])]
    on_existing: String,
    /// Rows that are wrong: fail stops, keep leaves out the row, drop leaves out its picture
    #[arg(long, value_name = "WHAT", default_value = "fail", value_parser = ["fail", "keep", "drop"])]
    on_bad_row: String,
    /// Cut off boxes and polygons at the edge of the picture
    #[arg(long)]
    clamp: bool,
    /// The first pixel of Pascal VOC boxes
    #[arg(long, value_name = "ORIGIN", default_value = "auto", value_parser = ["auto", "0", "1"])]
    voc_origin: String,
    /// What it becomes; without it, what has a score becomes predictions
    #[arg(long = "as", value_name = "WHAT", value_parser = ["annotations", "predictions"])]
    become_what: Option<String>,
    /// Classes that the project does not have
    #[arg(long, value_name = "WHAT", default_value = "add", value_parser = ["add", "error"])]
    classes: String,
    /// Columns of a table: path=FILE,class=LABEL,x=XMIN,...
    #[arg(long, value_name = "KEY=NAME,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// The model that predictions are of; without it, what the file says or its name
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The COCO file that a list of results belongs to
    #[arg(long, value_name = "FILE")]
    reference: Option<OsString>,
    /// Where rejected rows go; without it, a file in the state folder
    #[arg(long, value_name = "FILE")]
    rejects: Option<OsString>,
    /// Count only; the counters are those of the real run
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &ImportArgs, context: &mut Context) -> Result<(), AppError> {
    if args.format.as_deref() == Some("list") {
        return list(context);
    }
    let wanted = args.wanted(context)?;
    let mut store = match args.dry_run {
        true => stores::open(context)?,
        false => stores::open_to_change(context)?,
    };
    let project = stores::project(store.as_mut(), &args.project)?;
    let (cancel, lake, stop) = (context.cancel(), context.lake(), context.stop());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let done = import(store.as_mut(), &lake, &project, &wanted, &stop, &mut watch);
    drop(progress);
    tell(&done?, args, context)
}

impl ImportArgs {
    fn wanted(&self, context: &Context) -> Result<Import, AppError> {
        let named = |name: &String| {
            Format::from_name(name).ok_or_else(|| {
                AppError::usage(format!("there is no format `{}` to import", printable(name)))
                    .hint("`--format list` lists those there are; without --format the content decides")
            })
        };
        let matching = Matching::ALL.into_iter().find(|m| m.name() == self.matching).unwrap_or_default();
        let now = Timestamp::now();
        let rejects = match &self.rejects {
            Some(path) => expand(&stores::path_text(path), &context.environment),
            None => {
                let process = rustix::process::getpid().as_raw_nonzero();
                let name = format!("import-{}-{process}.jsonl", now.strftime("%Y%m%dT%H%M%SZ"));
                context.loaded.paths.state.join("rejects").join(name)
            }
        };
        Ok(Import {
            from: context.lake_path(&self.from)?,
            format: self.format.as_ref().map(named).transpose()?,
            reference: self.reference.as_ref().map(|path| context.lake_path(path)).transpose()?,
            state: self.at.as_deref().map_or(Ok(At::Now), At::parse).map_err(AppError::usage)?,
            matching,
            on_missing: match self.on_missing.as_str() {
                "skip" => OnMissing::Skip,
                "create" => OnMissing::Create,
                _ => OnMissing::Error,
            },
            on_existing: match self.on_existing.as_str() {
                "replace" => OnExisting::Replace,
                "append" => OnExisting::Append,
                "merge" => OnExisting::Merge,
                _ => OnExisting::Skip,
            },
            on_bad_row: match self.on_bad_row.as_str() {
                "keep" => OnBadRow::Keep,
                "drop" => OnBadRow::Drop,
                _ => OnBadRow::Fail,
            },
            clamp: self.clamp,
            voc_origin: match self.voc_origin.as_str() {
                "0" => VocOrigin::Zero,
                "1" => VocOrigin::One,
                _ => VocOrigin::Auto,
            },
            become_what: match self.become_what.as_deref() {
                Some("annotations") => Become::Annotations,
                Some(_) => Become::Predictions,
                None => Become::Auto,
            },
            classes: if self.classes == "error" { NewClasses::Error } else { NewClasses::Add },
            columns: columns(&self.columns)?,
            model: self.model.clone(),
            dry_run: self.dry_run,
            author: context.loaded.user.clone(),
            at: now,
            scratch: context.loaded.paths.cache.join("scratch"),
            rejects,
        })
    }
}

/// What a column of a table can be.
const COLUMNS: [&str; 12] = ["path", "class", "x", "y", "w", "h", "xmin", "ymin", "xmax", "ymax", "width", "height"];

fn columns(given: &[String]) -> Result<BTreeMap<String, String>, AppError> {
    let mut out = BTreeMap::new();
    for one in given {
        let wrong = || {
            AppError::usage(format!("`{}` does not say what a column is", printable(one)))
                .hint(format!("write KEY=NAME with one of {}, score or model", COLUMNS.join(", ")))
        };
        let (key, name) = one.split_once('=').ok_or_else(wrong)?;
        let key = key.trim().to_lowercase();
        if !COLUMNS.contains(&key.as_str()) && key != "score" && key != "model" && key != "split" {
            return Err(wrong());
        }
        out.insert(key, name.trim().to_owned());
    }
    Ok(out)
}

fn list(context: &mut Context) -> Result<(), AppError> {
    for format in Format::ALL {
        context.out.line(&format!("{:12} {}", format.name(), format.about()))?;
    }
    Ok(())
}

/// Says what an import did, and ends with an error where nothing was imported or something was in the way.
fn tell(done: &Imported, args: &ImportArgs, context: &mut Context) -> Result<(), AppError> {
    for note in &done.notes {
        context.note(&format!("note: {note}"));
    }
    let report = &done.report;
    if args.json.json {
        context.out.json(report)?;
    } else if done.stopped.is_none() {
        let would = if report.dry_run { "would be " } else { "" };
        context.out.line(&format!(
            "{}  {} pictures read, {} matched, {would}{} created; {} annotations {would}added, {} pictures {would}replaced, {} left as they are, {} rows rejected",
            done.format,
            grouped(report.read),
            grouped(report.matched),
            grouped(report.created),
            grouped(report.annotations),
            grouped(report.replaced),
            grouped(report.skipped),
            grouped(report.rejected)
        ))?;
        if report.annotations + report.created + report.replaced == 0 && report.skipped > 0 {
            context.out.line("nothing changes: everything is there already, or has an answer (--on-existing)")?;
        }
    }
    context.out.flush()?;
    let shown = |path: &std::path::PathBuf| printable(&path.display().to_string()).into_owned();
    let file = done.rejects.as_ref().map(shown);
    if let Some(why) = &done.stopped {
        let error = AppError::new(Kind::Data, format!("nothing was imported: {why}"));
        let error = match file {
            Some(file) => error.hint(format!("all rejected rows and the reasons are in {file}")),
            None => error,
        };
        return Err(error.hint("--on-bad-row keep imports the rest; --dry-run counts without writing"));
    }
    if let Some(file) = &file {
        context.note(&format!("rejected rows and the reasons are in {file}"));
    }
    if done.conflicts > 0 {
        let message =
            format!("{} pictures were changed by somebody else meanwhile; nothing was overwritten", done.conflicts);
        return Err(AppError::new(Kind::Conflict, message).hint("import again to take them as they are now"));
    }
    Ok(())
}
