//! `lakelens export`: the labels of a project as files for other programs.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::queue::parse_filter;
use super::stores;
use crate::config::paths::expand;
use crate::domain::text::printable;
use crate::ops::export::{Export, Format, Images, export};
use crate::ops::{OpsError, Watch};
use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use std::ffi::OsString;

impl From<OpsError> for AppError {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Store(error) => error.into(),
            OpsError::Lake(error) => error.into(),
            OpsError::Cancelled => Self::new(Kind::Interrupted, "stopped").hint("what was saved before stays saved"),
            OpsError::Csv { .. } => Self::new(Kind::Data, error.to_string()),
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
  lakelens export flowers before.csv --as-of 2026-01-31T12:00:00Z --json")]
pub(crate) struct ExportArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The file to write, or the folder for the format `folders`
    #[arg(value_name = "DEST")]
    dest: OsString,
    /// csv, jsonl or folders; without it, by the ending of DEST
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    format: Option<String>,
    /// Only these pictures, such as 'status:labeled class:roses'
    #[arg(long, value_name = "FILTER", default_value = "", allow_hyphen_values = true)]
    filter: String,
    /// What becomes of the picture files
    #[arg(long, value_name = "WHAT", default_value = "none",
          value_parser = PossibleValuesParser::new([Images::Copy, Images::Reference, Images::None].map(Images::name)))]
    images: String,
    /// The labels as they were at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Replace what is there
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
            AppError::usage("the name of the file does not say which format it is to have")
                .hint("give --format csv, jsonl or folders")
        })
    }
}

pub(super) fn run(args: &ExportArgs, context: &mut Context) -> Result<(), AppError> {
    let wanted = Export {
        dest: expand(&stores::path_text(&args.dest), &context.environment),
        format: args.format()?,
        filter: parse_filter(&args.filter)?,
        images: Images::from_name(&args.images).unwrap_or_default(),
        as_of: args.as_of,
        overwrite: args.force,
        at: Timestamp::now(),
    };
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let (cancel, lake) = (context.cancel(), context.lake());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let done = export(store.as_mut(), &lake, &project, &wanted, &mut watch);
    drop(progress);
    let report = done.map_err(|error| match error {
        OpsError::Exists(_) => AppError::from(error).hint("--force replaces it"),
        other => other.into(),
    })?;
    if args.json.json {
        return context.out.json(&report);
    }
    let (images, annotations) = (grouped(report.images), grouped(report.annotations));
    context.out.line(&format!("{images} pictures, {annotations} annotations in {}", printable(&report.dest)))?;
    for loss in &report.loss {
        context.out.line(&format!("lost: {}: {}", grouped(loss.count), printable(&loss.what)))?;
    }
    context.out.line(&format!("manifest: {}", printable(&report.manifest)))
}
