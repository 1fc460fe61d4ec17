//! `lakelens info`: what is known of a picture file.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::{bytes, grouped};
use crate::domain::text::{encode_os, printable};
use crate::media::{DecodeRequest, FileSource, ImageInfo, Limits, MediaError, decode};
use clap::Args;
use serde_json::json;
use std::ffi::OsString;

/// A picture is decoded to about this size when only its damage is of interest.
const SMALL: u32 = 256;

/// Say what is known of a picture file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens info photo.jpg
  lakelens info photo.jpg --json | jq '{width, height, orientation}'")]
pub(crate) struct InfoArgs {
    /// The picture
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &InfoArgs, context: &mut Context) -> Result<(), AppError> {
    let path = context.lake_path(&args.file)?;
    let uri = path.to_string();
    let file = context.lake().local_path(&path)?;
    let source = FileSource::open(&file).map_err(|e| unreadable(&uri, e))?;
    // The pixels are decoded as well, because only they tell whether the file is damaged.
    let cancel = context.cancel();
    let request = DecodeRequest::fit(SMALL, SMALL);
    let name = encode_os(file.file_name().unwrap_or_default());
    let picture = decode(&source, &name, &request, &Limits::default(), &|| cancel.is_cancelled());
    let picture = match picture {
        Err(MediaError::Cancelled) => return Err(context.interrupted()),
        other => other.map_err(|e| unreadable(&uri, e))?,
    };
    if args.json.json {
        return context.out.json(&info_json(&uri, &picture.info));
    }
    text(&uri, &picture.info, context)
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
