//! Other programs that show pictures in a terminal, over the same link: each shows a picture and ends.
//!
//! They keep nothing between two pictures, so a person waits for the whole of each: from the start of the program to the
//! last byte. Nothing is installed; what is missing is named.

use super::pty::{Launch, Window, found_in};
use super::scratch::Scratch;
use super::session::Session;
use super::shape::Link;
use super::timeline::{Percentiles, rank};
use super::{BUFFER, BenchError, CELL, Graphics, LinkRequest, Watch, surroundings};
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest that one picture may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program, the arguments before the picture, and the terminal it is given.
const PEERS: [(&str, &[&str], Graphics); 4] = [
    ("chafa", &["-f", "kitty", "-s", "80x40", "--animate", "off"], Graphics::Kitty),
    ("chafa", &["-f", "sixels", "-s", "80x40", "--animate", "off"], Graphics::Sixel),
    ("timg", &["-g80x40", "-pk"], Graphics::Kitty),
    ("viu", &["-w", "80"], Graphics::Kitty),
];

/// What a program took for a picture.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// From its start to its last byte, in milliseconds.
    pub ms: Percentiles,
    /// Bytes of half of the pictures, at most.
    pub bytes: u64,
}

/// A program and what it took; nothing where it is not installed, or failed on every picture.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The program with its arguments.
    pub name: String,
    /// It is installed.
    pub installed: bool,
    /// What it took.
    pub taken: Option<Taken>,
}

/// Runs every peer that is installed on every picture of the request, over its link.
///
/// # Errors
/// [`BenchError`] when there is no pseudo-terminal or relay, or it was cancelled.
pub fn measure(request: &LinkRequest, watch: &Watch<'_>) -> Result<Vec<Peer>, BenchError> {
    let scratch = Scratch::new(&request.scratch)?;
    let mut out = Vec::new();
    for (program, args, graphics) in PEERS {
        let name = format!("{program} {}", args.join(" "));
        let Some(path) = found_in(program, &request.path) else {
            out.push(Peer { name, installed: false, taken: None });
            continue;
        };
        let (mut times, mut sizes) = (Vec::new(), Vec::new());
        for (number, image) in request.images.iter().enumerate() {
            (watch.progress)(program, number + 1, request.images.len());
            let variables = surroundings::variables(&LinkRequest { graphics, ..request.clone() }, &scratch)?;
            let mut launch =
                Launch { program: path.clone(), args: Vec::new(), variables, folder: scratch.folder("home")? };
            launch.args.extend(args.iter().map(Into::into));
            launch.args.push(absolute(image).into_os_string());
            if let Some((time, bytes)) = one(&launch, request, graphics, watch)? {
                times.push(time);
                sizes.push(bytes);
            }
        }
        sizes.sort_unstable();
        let ms = Percentiles::of(times);
        let taken = ms.zip(rank(&sizes, 0.5)).map(|(ms, bytes)| Taken { ms, bytes: *bytes });
        out.push(Peer { name, installed: true, taken });
    }
    Ok(out)
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// One picture: the time to its last byte, and the bytes. Nothing when it took too long or wrote no picture.
fn one(
    launch: &Launch,
    request: &LinkRequest,
    graphics: Graphics,
    watch: &Watch<'_>,
) -> Result<Option<(Duration, u64)>, BenchError> {
    let window = Window { columns: 80, rows: 41, cell: CELL };
    let link = Link { rate: request.rate, delay: request.rtt / 2, buffer: BUFFER };
    let started = Instant::now();
    let mut session = Session::start(launch, window, link, (graphics, false), None)?;
    let mut seen = false;
    loop {
        match session.next(started + PATIENCE, watch.cancelled) {
            Ok(Some(sighted)) => seen |= !sighted.scene.layers.is_empty(),
            Ok(None) => return Ok(None),
            Err(BenchError::Ended) => break,
            Err(error) => return Err(error),
        }
    }
    let time = session.last_byte().saturating_duration_since(started);
    Ok(seen.then(|| (time, session.bytes())))
}
