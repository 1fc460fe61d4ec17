//! `lakelens show`: pictures printed into the terminal, one shot, through `viuer`.
//!
//! The pixels come from our own decoder, with its limits; `viuer` only brings them to the terminal.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::terminal;
use crate::domain::text::{encode_os, printable};
use crate::media::{DecodeRequest, Limits, MediaError, Picture, decode};
use crate::term::caps::Protocol;
use clap::Args;
use serde_json::json;
use std::ffi::{OsStr, OsString};

/// Pixels for a cell, for terminals that do not say how large theirs are; twice the usual size, so that it stays sharp.
const CELL: (u32, u32) = (20, 40);

/// Print pictures into the terminal
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens show photo.jpg
  lakelens show *.jpg --size 40x20
  lakelens show s3://bucket/photo.jpg
  lakelens show photo.jpg --graphics blocks")]
pub(crate) struct ShowArgs {
    /// The pictures
    #[arg(value_name = "FILE", required = true)]
    files: Vec<OsString>,
    /// At most so many columns and rows
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u16, u16)>,
    #[command(flatten)]
    json: Json,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text.split_once(['x', 'X']);
    let parsed = parts.and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    parsed
        .filter(|(w, h): &(u16, u16)| *w > 0 && *h > 0)
        .ok_or_else(|| "give columns and rows, such as 40x20".to_owned())
}

pub(super) fn run(args: &ShowArgs, context: &mut Context) -> Result<(), AppError> {
    if !args.json.json && !terminal::is_there() {
        return Err(AppError::usage("pictures can be shown only in a terminal, and stdin or stdout is none")
            .hint("`lakelens info FILE` prints the facts"));
    }
    // `viuer` waits for ever for a terminal that does not answer, so the terminal is asked with a time limit before.
    let protocol = if args.json.json { Protocol::None } else { terminal::probe(context)?.protocol };
    let mut shown = Vec::new();
    let mut failed = Vec::new();
    for file in &args.files {
        match show(file, args, protocol, context) {
            Ok(document) => shown.push(document),
            Err(error) if error.kind == Kind::Interrupted => return Err(error),
            Err(error) => {
                context.note(error.report().trim_end());
                failed.push(encode_os(file));
            }
        }
    }
    if args.json.json {
        context.out.json(&json!({ "shown": shown, "failed": failed }))?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(AppError::new(Kind::Data, format!("{} of {} pictures cannot be shown", failed.len(), args.files.len())))
}

fn show(
    file: &OsStr,
    args: &ShowArgs,
    protocol: Protocol,
    context: &mut Context,
) -> Result<serde_json::Value, AppError> {
    let path = context.lake_path(file)?;
    let uri = path.to_string();
    let cannot = |e: MediaError| AppError::new(Kind::Data, format!("`{}` cannot be shown", printable(&uri))).because(e);
    let stop = context.stop();
    let source = super::info::open(&path, &stop, context)?;
    let (columns, rows) = cells(args.size);
    let request = DecodeRequest::fit(u32::from(columns) * CELL.0, u32::from(rows) * CELL.1);
    let cancel = context.cancel();
    let picture = match decode(source.as_ref(), path.name(), &request, &Limits::default(), &|| cancel.is_cancelled()) {
        Err(MediaError::Cancelled) => return Err(context.interrupted()),
        other => other.map_err(cannot)?,
    };
    let info = &picture.info;
    let document = json!({ "uri": uri, "width": info.width, "height": info.height, "damaged": info.damaged });
    if !args.json.json {
        context.out.line(&printable(&uri))?;
        context.out.flush()?;
        print(picture, columns, rows, protocol)?;
    }
    Ok(document)
}

/// The columns and rows a picture may take: as asked, at most the terminal's, with a line left for the prompt.
fn cells(asked: Option<(u16, u16)>) -> (u16, u16) {
    let window = crate::term::guard::window_size(rustix::stdio::stdout());
    let (columns, rows) = window.map_or((80, 24), |w| (w.columns, w.rows.saturating_sub(2).max(1)));
    asked.map_or((columns, rows), |(w, h)| (w.min(columns), h))
}

#[cfg(feature = "show")]
fn print(picture: Picture, columns: u16, rows: u16, protocol: Protocol) -> Result<(), AppError> {
    if protocol == Protocol::None {
        return Ok(());
    }
    // `viuer` stretches to the size it is given; a cell is about twice as high as wide.
    let (width, height) = fitted(picture.width, picture.height, columns, rows);
    let (w, h, rgb) = (picture.width, picture.height, picture.rgb);
    let buffer = image::RgbImage::from_raw(w, h, rgb).ok_or_else(|| AppError::new(Kind::Bug, "pixels are missing"))?;
    let config = viuer::Config {
        width: Some(u32::from(width)),
        height: Some(u32::from(height)),
        absolute_offset: false,
        use_kitty: matches!(protocol, Protocol::Kitty { .. }),
        use_iterm: protocol == Protocol::Iterm,
        ..viuer::Config::default()
    };
    viuer::print(&image::DynamicImage::ImageRgb8(buffer), &config)
        .map(|_| ())
        .map_err(|e| AppError::failed("the terminal did not take the picture").because(e))
}

#[cfg(not(feature = "show"))]
fn print(_: Picture, _: u16, _: u16, _: Protocol) -> Result<(), AppError> {
    Err(AppError::failed("this build cannot show pictures outside the screen").hint("open it: `lakelens FILE`"))
}

/// The largest size in cells of the picture's shape within the columns and rows, never larger than the picture.
#[cfg(feature = "show")]
fn fitted(width: u32, height: u32, columns: u16, rows: u16) -> (u16, u16) {
    let (w, h) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let (cell_w, cell_h) = (f64::from(CELL.0) / 2.0, f64::from(CELL.1) / 2.0);
    let scale = (f64::from(columns) * cell_w / w).min(f64::from(rows) * cell_h / h).min(1.0);
    let cells = |pixels: f64, cell: f64| (pixels * scale / cell).round().clamp(1.0, f64::from(u16::MAX)) as u16;
    (cells(w, cell_w), cells(h, cell_h))
}

#[cfg(all(test, feature = "show"))]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_shape() {
        assert_eq!(fitted(4000, 3000, 80, 24), (64, 24));
        assert_eq!(fitted(100, 40, 80, 24), (10, 2));
        assert_eq!(fitted(1, 100_000, 80, 24), (1, 24));
        assert_eq!(size("40x20"), Ok((40, 20)));
        assert!(size("40").is_err() && size("0x1").is_err());
    }
}
