//! `lakelens import`: annotation files of other programs into a project.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::stores;
use crate::config::paths::expand;
use crate::domain::text::printable;
use crate::formats::read::Format;
use crate::ops::Watch;
use crate::ops::import::{Import, Imported, import};
use crate::ops::options::import::{
    AS, AT, CLAMP, CLASS_MAP, CLASSES, COLUMNS, FORMAT, ImportOptions, MATCH, MODEL, ON_BAD_ROW, ON_EXISTING,
    ON_MISSING, VOC_ORIGIN,
};
use crate::ops::report::ImportReport;
use clap::Args;
use clap::builder::PossibleValuesParser;
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
otherwise. `lakelens undo PROJECT` takes the answers of a whole import back; predictions, which
are no answers, are replaced by the next import of the same model, and captions stay as remarks.
The parts of a data set (train, val, test) are kept as lists of these names, which `list:train`
finds, `export --split as-imported` deals by, and `lakelens list drop` throws away; an undo leaves
them. A picture that is on the list of a part stays there.")]
pub(crate) struct ImportArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The file or folder, on any path that `lakelens ls` knows
    #[arg(value_name = "FILE|DIR")]
    from: OsString,
    #[arg(long = FORMAT.flag, value_name = "FORMAT", help = FORMAT.help)]
    format: Option<String>,
    #[arg(long = AT.flag, value_name = "VERSION|TIME", help = AT.help)]
    at: Option<String>,
    #[arg(long = MATCH.flag, value_name = "HOW", help = MATCH.help, default_value = MATCH.default(),
          value_parser = PossibleValuesParser::new(MATCH.names()))]
    matching: String,
    #[arg(long = ON_MISSING.flag, value_name = "WHAT", help = ON_MISSING.help, default_value = ON_MISSING.default(),
          value_parser = PossibleValuesParser::new(ON_MISSING.names()))]
    on_missing: String,
    #[arg(long = ON_EXISTING.flag, value_name = "WHAT", help = ON_EXISTING.help, default_value = ON_EXISTING.default(),
          value_parser = PossibleValuesParser::new(ON_EXISTING.names()))]
    on_existing: String,
    #[arg(long = ON_BAD_ROW.flag, value_name = "WHAT", help = ON_BAD_ROW.help, default_value = ON_BAD_ROW.default(),
          value_parser = PossibleValuesParser::new(ON_BAD_ROW.names()))]
    on_bad_row: String,
    #[arg(long = CLAMP.flag, help = CLAMP.help)]
    clamp: bool,
    #[arg(long = VOC_ORIGIN.flag, value_name = "ORIGIN", help = VOC_ORIGIN.help, default_value = VOC_ORIGIN.default(),
          value_parser = PossibleValuesParser::new(VOC_ORIGIN.names()))]
    voc_origin: String,
    #[arg(long = AS.flag, value_name = "WHAT", help = AS.help, value_parser = PossibleValuesParser::new(AS.names()))]
    become_what: Option<String>,
    #[arg(long = CLASSES.flag, value_name = "WHAT", help = CLASSES.help, default_value = CLASSES.default(),
          value_parser = PossibleValuesParser::new(CLASSES.names()))]
    classes: String,
    #[arg(long = CLASS_MAP.flag, value_name = "FILE=PROJECT,...", help = CLASS_MAP.help)]
    class_map: Vec<String>,
    #[arg(long = COLUMNS.flag, value_name = "KEY=NAME,...", help = COLUMNS.help)]
    columns: Vec<String>,
    #[arg(long = MODEL.flag, value_name = "NAME", help = MODEL.help)]
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
        let mut how = ImportOptions {
            format: self.format.as_ref().map(named).transpose()?,
            reference: self.reference.as_ref().map(|path| context.lake_path(path)).transpose()?,
            ..ImportOptions::default()
        };
        for (choice, chosen) in [
            (&MATCH, self.matching.as_str()),
            (&ON_MISSING, &self.on_missing),
            (&ON_EXISTING, &self.on_existing),
            (&ON_BAD_ROW, &self.on_bad_row),
            (&CLAMP, if self.clamp { "on" } else { "off" }),
            (&VOC_ORIGIN, &self.voc_origin),
            (&AS, self.become_what.as_deref().unwrap_or_default()),
            (&CLASSES, &self.classes),
        ] {
            (choice.set)(&mut how, chosen);
        }
        let model = self.model.as_deref().unwrap_or_default();
        let (class_map, columns) = (self.class_map.join(","), self.columns.join(","));
        let at = self.at.as_deref().unwrap_or_default();
        for (field, typed) in [(&CLASS_MAP, class_map.as_str()), (&COLUMNS, &columns), (&MODEL, model), (&AT, at)] {
            (field.set)(&mut how, typed).map_err(AppError::usage)?;
        }
        let paths = &context.loaded.paths;
        let (scratch, rejects) = (paths.scratch(), paths.rejects());
        let mut wanted =
            Import::new(context.lake_path(&self.from)?, how, context.loaded.user.clone(), scratch, &rejects);
        if let Some(path) = &self.rejects {
            wanted.rejects = expand(&stores::path_text(path), &context.environment);
        }
        wanted.dry_run = self.dry_run;
        Ok(wanted)
    }
}

fn list(context: &mut Context) -> Result<(), AppError> {
    for format in Format::ALL {
        context.out.line(&format!("{:12} {}", format.name(), format.about()))?;
    }
    Ok(())
}

/// What not every import brings.
fn further(report: &ImportReport) -> Vec<String> {
    let would = if report.dry_run { "would be " } else { "" };
    let mut lines = Vec::new();
    if report.guesses > 0 {
        let guesses = grouped(report.guesses);
        lines.push(format!("{guesses} of them guesses of a model; `lakelens undo` leaves them, the next import of the model replaces them"));
    }
    if report.comments > 0 {
        lines.push(format!("{} remarks {would}added; `lakelens undo` leaves them", grouped(report.comments)));
    }
    if !report.parts.is_empty() {
        let parts: Vec<_> = report.parts.iter().map(|(p, n)| format!("{} {}", grouped(*n), printable(p))).collect();
        let fresh = grouped(report.listed);
        lines.push(format!("parts: {}; {fresh} pictures {would}put on the lists of their parts", parts.join(", ")));
    }
    lines
}

/// So many new classes are named.
const NAMED: usize = 12;

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
            "{}  {} pictures read, {} matched, {would}{} created; {} {would}answered, {} annotations {would}added, {} pictures {would}replaced, {} left as they are, {} rows rejected",
            done.format,
            grouped(report.read),
            grouped(report.matched),
            grouped(report.created),
            grouped(report.answered),
            grouped(report.annotations),
            grouped(report.replaced),
            grouped(report.skipped),
            grouped(report.rejected)
        ))?;
        for told in further(report) {
            context.out.line(&told)?;
        }
        if !done.new_classes.is_empty() {
            let names: Vec<_> = done.new_classes.iter().take(NAMED).map(|name| printable(name)).collect();
            let more = done.new_classes.len() - names.len();
            let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
            context.out.line(&format!("classes {would}added: {}{more}", names.join(", ")))?;
        }
        let nothing = if done.new_classes.is_empty() { "nothing changes" } else { "nothing else changes" };
        if done.changes_nothing() && done.knows_none() {
            context.out.line(&format!("{nothing}: the project has none of these pictures"))?;
        } else if done.changes_nothing() && report.skipped > 0 {
            context.out.line(&format!("{nothing}: everything is there already, or has an answer (--on-existing)"))?;
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
