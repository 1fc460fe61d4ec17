//! `lakelens info`: what is known of a picture file, or of a table.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::{bytes, grouped};
use super::table::direct::{about_json, about_lines};
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::lake::delta::{DeltaError, DeltaTable};
use crate::lake::listing::{EntryKind, stamp};
use crate::lake::remote::Stop;
use crate::media::{ByteSource, DecodeRequest, ImageInfo, Limits, MediaError, decode};
use crate::ops::reading;
use clap::Args;
use serde_json::json;
use std::ffi::OsString;

/// A picture is decoded to about this size when only its damage is of interest.
const SMALL: u32 = 256;

/// Say what is known of a picture file, of a Delta table, or of a table of a catalog
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens info photo.jpg
  lakelens info s3://bucket/photo.jpg
  lakelens info s3://bucket/tables/images
  lakelens info lake:/main/default/images --profile dev
  lakelens info photo.jpg --json | jq '{width, height, orientation}'")]
pub(crate) struct InfoArgs {
    /// The picture, the folder of a Delta table, or lake:/CATALOG/SCHEMA/TABLE
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &InfoArgs, context: &mut Context) -> Result<(), AppError> {
    let path = context.lake_path(&args.file)?;
    if matches!(path, LakePath::Table(..)) {
        return table(&path, args, context);
    }
    if let Some(found) = delta(&path, args, context) {
        return found;
    }
    let uri = path.to_string();
    // The pixels are decoded as well, because only they tell whether the file is damaged.
    let (cancel, stop) = (context.cancel(), context.stop());
    let source = open(&path, &stop, context)?;
    let request = DecodeRequest::fit(SMALL, SMALL);
    let picture = decode(source.as_ref(), path.name(), &request, &Limits::default(), &|| cancel.is_cancelled());
    let picture = match picture {
        Err(MediaError::Cancelled) => return Err(context.interrupted()),
        other => other.map_err(|e| unreadable(&uri, e))?,
    };
    if args.json.json {
        return context.out.json(&info_json(&uri, &picture.info));
    }
    text(&uri, &picture.info, context)
}

/// What is known of a Delta table, where the path is a folder with a log. A folder without one is no picture either, which
/// is said where pictures are read.
fn delta(path: &LakePath, args: &InfoArgs, context: &mut Context) -> Option<Result<(), AppError>> {
    let (lake, stop) = (context.lake(), context.stop());
    let folder = lake.stat_while(path, &stop).ok().filter(|stat| stat.kind == EntryKind::Folder);
    folder?;
    let (net, cancel) = (context.connections.net().clone(), context.cancel());
    let about = DeltaTable::open(&lake, path, &net, &cancel).and_then(|table| table.about(&At::Now, &cancel));
    match about {
        Err(DeltaError::NotDelta { .. }) => None,
        Err(error) => Some(Err(error.into())),
        Ok(about) if args.json.json => {
            let mut json = about_json(&about);
            json["uri"] = json!(path.to_string());
            Some(context.out.json(&json))
        }
        Ok(about) => Some(about_lines(&about).iter().try_for_each(|line| context.out.line(line))),
    }
}

fn table(path: &LakePath, args: &InfoArgs, context: &mut Context) -> Result<(), AppError> {
    let info = context.lake().table(path, &context.stop())?;
    if args.json.json {
        let mut json = json!(info);
        json["uri"] = json!(path.to_string());
        json["partition_columns"] = json!(info.partition_columns());
        return context.out.json(&json);
    }
    info.lines().iter().try_for_each(|line| context.out.line(line))
}

/// Opens a picture, wherever it lies. That it cannot be reached is told as the server's failure, not as the picture's.
pub(super) fn open(path: &LakePath, stop: &Stop, context: &Context) -> Result<Box<dyn ByteSource>, AppError> {
    let lake = context.lake();
    if path.as_local().is_none() {
        let stat = lake.stat_while(path, stop)?;
        let stamp = stamp(stat.size, stat.modified).unwrap_or_default();
        return reading::open(&lake, path, &stamp, stop).map_err(|e| unreadable(&path.to_string(), e));
    }
    reading::open(&lake, path, "", stop).map_err(|e| unreadable(&path.to_string(), e))
}

fn unreadable(uri: &str, error: MediaError) -> AppError {
    let kind = match error {
        MediaError::Open { .. } | MediaError::NotAFile { .. } | MediaError::Read(_) => Kind::Failed,
        _ => Kind::Data,
    };
    AppError::new(kind, format!("`{}` cannot be read as a picture", printable(uri))).because(error)
}

fn info_json(uri: &str, info: &ImageInfo) -> serde_json::Value {
    json!({
        "uri": uri, "format": info.format, "width": info.width, "height": info.height,
        "orientation": info.orientation, "bytes": info.bytes, "frames": info.frames, "damaged": info.damaged,
        "exif": info.exif, "colour": info.colour,
    })
}

fn text(uri: &str, info: &ImageInfo, context: &mut Context) -> Result<(), AppError> {
    let out = &mut context.out;
    out.line(&printable(uri))?;
    let frames = if info.frames > 1 { format!(", {} frames", grouped(u64::from(info.frames))) } else { String::new() };
    let turned = if info.orientation > 1 { format!(", orientation {}", info.orientation) } else { String::new() };
    out.line(&format!(
        "{}  {} x {}  {}  {}{frames}{turned}",
        info.format,
        info.width,
        info.height,
        printable(&info.colour),
        bytes(info.bytes)
    ))?;
    if let Some(why) = &info.damaged {
        out.line(&format!("damaged: {}", printable(why)))?;
    }
    let width = info.exif.keys().map(|k| printable(k).chars().count()).max().unwrap_or(0);
    for (name, value) in &info.exif {
        out.line(&format!("  {:<width$}  {}", printable(name), printable(value)))?;
    }
    Ok(())
}
