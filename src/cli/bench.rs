//! `lakelens bench`: measures how soon pictures are seen over a slow link.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::{Table, bytes, grouped};
use super::stores;
use crate::config::environment;
use crate::config::paths::expand;
use crate::domain::natural::natural_key;
use crate::domain::picture_name::is_picture_name;
use crate::domain::text::{encode_os, printable};
use crate::ops::report::TaskProgress;
use crate::runtime::bench::{self, BenchError, Graphics, LinkReport, LinkRequest, Percentiles, Place, Sizes, Watch};
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Measure how soon pictures are seen over a slow link
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens bench link --mbit 10 --rtt 40
  lakelens bench link --mbit 10 --rtt 40 --every 150 --protocol sixel --json")]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Link(LinkArgs),
}

/// This program behind a slow link, in front of a terminal that knows what is seen
///
/// Starts this program in a terminal of its own, as if over SSH, presses keys by the clock, and measures from each key
/// until its picture is seen. Nothing of yours is read or changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens bench link --mbit 10 --rtt 40
  lakelens bench link --mbit 10 --rtt 40 --every 150 --count 100
  lakelens bench link --mbit 2 --rtt 80 --images ~/photos --protocol iterm
  lakelens bench link --mbit 10 --rtt 40 --tmux --json | jq .visible_ms")]
pub(crate) struct LinkArgs {
    /// Rate of the link in Mbit/s, each way
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    mbit: f64,
    /// Round trip of the link in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 40.0)]
    rtt: f64,
    /// Milliseconds between two keys
    #[arg(long, value_name = "MS", default_value_t = 1000.0)]
    every: f64,
    /// How many keys
    #[arg(long, value_name = "N", default_value_t = 40)]
    count: usize,
    /// Folder with the pictures; without it, photos of 12 megapixels are made
    #[arg(long, value_name = "DIR")]
    images: Option<OsString>,
    /// How the terminal shows pictures
    #[arg(long, value_name = "KIND", value_enum, default_value = "kitty")]
    protocol: Protocol,
    /// Inside tmux
    #[arg(long)]
    tmux: bool,
    /// The screen on which keys are pressed
    #[arg(long, value_name = "NAME", value_enum, default_value = "lake")]
    screen: Screen,
    /// As on the terminal's own machine, without SSH
    #[arg(long)]
    local: bool,
    /// Press the first key only when the pictures ahead have been sent too
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    /// The Kitty protocol, as kitty speaks it
    Kitty,
    /// iTerm2's inline images
    Iterm,
    /// Sixel, as xterm speaks it
    Sixel,
    /// No pictures: block characters
    Blocks,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Screen {
    /// The folder browser
    Lake,
    /// Labelling
    Label,
    /// Thumbnails: a key asks for a page of pictures
    Gallery,
    /// Reviewing
    Review,
}

pub(super) fn run(args: &BenchArgs, context: &mut Context) -> Result<(), AppError> {
    let BenchCommand::Link(args) = &args.command;
    let request = request(args, context)?;
    let cancel = context.cancel();
    let line = Mutex::new(context.progress());
    let progress = |step: &str, done: usize, total: usize| {
        let total = (total > 0).then_some(total as u64);
        let unit = String::new();
        let shown = TaskProgress { step: step.to_owned(), done: done as u64, total, unit, bytes: 0 };
        if let Ok(mut line) = line.lock() {
            line.update(&shown);
        }
    };
    let watch = Watch { progress: &progress, cancelled: &|| cancel.is_cancelled() };
    let measured = bench::link(&request, &watch).map_err(|error| explained(error, context));
    drop(line);
    let report = measured?;
    if args.json.json { context.out.json(&report) } else { text(&report, context) }
}

fn request(args: &LinkArgs, context: &Context) -> Result<LinkRequest, AppError> {
    let range = |name: &str, value: f64, low: f64, high: f64| {
        let fits = (low..=high).contains(&value);
        fits.then_some(value).ok_or_else(|| AppError::usage(format!("--{name} must be between {low} and {high}")))
    };
    let millis = |value: f64| Duration::from_secs_f64(value / 1000.0);
    let environment = &context.environment;
    let program =
        environment::program().map_err(|e| AppError::failed("this program's own file cannot be found").because(e))?;
    let images = match &args.images {
        Some(folder) => pictures(&expand(&stores::path_text(folder), environment))?,
        None => Vec::new(),
    };
    Ok(LinkRequest {
        program,
        scratch: PathBuf::from(environment.get("TMPDIR").unwrap_or("/tmp")),
        path: environment.get("PATH").unwrap_or("/usr/bin:/bin").into(),
        rate: range("mbit", args.mbit, 0.05, 10_000.0)? * 1e6,
        rtt: millis(range("rtt", args.rtt, 0.0, 10_000.0)?),
        every: millis(range("every", args.every, 1.0, 60_000.0)?),
        count: range("count", args.count as f64, 1.0, 10_000.0)? as usize,
        images,
        graphics: match args.protocol {
            Protocol::Kitty => Graphics::Kitty,
            Protocol::Iterm => Graphics::Iterm,
            Protocol::Sixel => Graphics::Sixel,
            Protocol::Blocks => Graphics::Blocks,
        },
        tmux: args.tmux,
        screen: match args.screen {
            Screen::Lake => Place::Lake,
            Screen::Label => Place::Label,
            Screen::Gallery => Place::Gallery,
            Screen::Review => Place::Review,
        },
        local: args.local,
        ready: args.ready,
    })
}

/// The pictures of a folder, in the order in which the screen shows them.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, AppError> {
    let shown = printable(&encode_os(folder.as_os_str())).into_owned();
    let cannot = |e: std::io::Error| AppError::failed(format!("the folder {shown} cannot be read")).because(e);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_file() && is_picture_name(&encode_os(path.as_os_str())) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(
            AppError::usage(format!("there are no pictures in {shown}")).hint("choose another folder with --images")
        );
    }
    files.sort_by_key(|path| natural_key(&encode_os(path.as_os_str())));
    Ok(files)
}

fn explained(error: BenchError, context: &Context) -> AppError {
    match error {
        BenchError::Cancelled => context.interrupted(),
        BenchError::Few(_) => AppError::usage(error.to_string()).hint("choose another folder with --images"),
        BenchError::Blocks => AppError::usage(error.to_string()),
        BenchError::Picture { .. } => AppError::new(Kind::Data, error.to_string()),
        _ => AppError::failed(error.to_string()),
    }
}

/// The report in plain words.
fn text(report: &LinkReport, context: &mut Context) -> Result<(), AppError> {
    let ms = |value: f64| format!("{value:.1}");
    let times = |found: Option<Percentiles>| match found {
        Some(p) => [ms(p.p50), ms(p.p90), ms(p.p99), ms(p.max)],
        None => ["-", "-", "-", "-"].map(str::to_owned),
    };
    let mut table = Table::new(&["milliseconds", ">half within", ">90 %", ">99 %", ">all within"]);
    for (name, found) in [("key to picture seen", report.visible_ms), ("key to full resolution", report.full_ms)] {
        table.row(std::iter::once(name.to_owned()).chain(times(found)));
    }
    let tmux = if report.tmux { ", in tmux" } else { "" };
    let protocol = format!("{:?}", report.protocol).to_lowercase();
    context.out.line(&format!(
        "{} keys, one every {} ms, over {} Mbit/s with a round trip of {} ms; {protocol}{tmux}\n",
        report.keys, report.every_ms, report.mbit, report.rtt_ms
    ))?;
    context.out.table(&table)?;
    context.out.line("")?;
    let mut table = Table::new(&["bytes", ">half within", ">all within"]);
    let size = |name: &str, found: Option<Sizes>, table: &mut Table| {
        let number = |n: Option<usize>| n.map_or_else(|| "-".to_owned(), |n| grouped(n as u64));
        table.row([name.to_owned(), number(found.map(|f| f.p50)), number(found.map(|f| f.max))]);
    };
    size("to show a key's picture", report.key_bytes, &mut table);
    size("of the whole frame", report.frame_bytes, &mut table);
    context.out.table(&table)?;
    context.out.line("")?;
    for line in facts(report) {
        context.out.line(&line)?;
    }
    Ok(())
}

fn facts(report: &LinkReport) -> Vec<String> {
    let image = &report.image_bytes;
    let size = |n: Option<usize>| n.map_or_else(|| "-".to_owned(), |n| bytes(n as u64));
    let mut out = vec![
        format!("first picture seen after  {:.0} ms", report.start_ms.unwrap_or(0.0)),
        format!(
            "a picture takes           {} first, {} to full, {} exact",
            size(image.first),
            size(image.full),
            size(image.exact)
        ),
        format!("the last picture became   {}", report.last_reached.unwrap_or("never seen")),
        format!(
            "wrong pictures            {} stale, {} blank ({:.0} ms), {} unknown",
            report.stale, report.blank, report.blank_ms, report.unknown
        ),
        format!("keys never answered       {}, overtaken by a later one {}", report.unseen, report.overtaken),
    ];
    for (level, stages) in &report.stages_ms {
        let stages: Vec<String> = stages.iter().map(|(name, value)| format!("{name} {value:.1}")).collect();
        out.push(format!("stages, {level:<17} {}", stages.join("  ")));
    }
    if report.alike > 0 {
        out.push(format!("note: {} pairs of pictures look alike and cannot be told apart", report.alike));
    }
    out
}
