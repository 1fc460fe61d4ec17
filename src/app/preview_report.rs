//! How the pictures are doing, in numbers: what the panel `:preview` shows to people who wonder why a picture is late.
//!
//! Plain data that the runtime fills and the screen draws. What is not known (yet) is `None` and is not drawn; nothing
//! here is ever guessed. The panel lies beside the picture and takes no keys, so that the numbers can be watched while
//! moving on.

use super::effect::Effect;
use super::messages::Level;
use super::state::State;
use std::time::Duration;

/// How close to its own pixels a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Closeness {
    /// First paint: a quarter of the resolution.
    First,
    /// Full resolution in few colours, or with loss.
    Good,
    /// Every pixel.
    Exact,
}

/// The line to the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkReport {
    /// From a question to the terminal's answer.
    pub round_trip: Option<Duration>,
    /// Bytes a second that arrive.
    pub bandwidth: Option<u64>,
    /// Bytes that may be on their way without being acknowledged.
    pub credit: u64,
    /// Bytes on their way.
    pub unacknowledged: u64,
    /// Bytes that wait for credit in this program.
    pub waiting: u64,
}

/// The times of one picture, each by itself and not since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Reading the file.
    pub open: Option<Duration>,
    /// From bytes to pixels at the size that is shown.
    pub decode: Option<Duration>,
    /// From pixels to what the terminal is sent.
    pub encode: Option<Duration>,
    /// From the first byte written to the last.
    pub sent: Option<Duration>,
    /// From the last byte written to the terminal's word that it has them.
    pub seen: Option<Duration>,
}

/// The last picture that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureReport {
    /// File name, from outside.
    pub name: String,
    /// At which level.
    pub closeness: Closeness,
    /// Bytes on the line, with everything around them.
    pub bytes: u64,
    /// Where the time went.
    pub stages: Stages,
}

/// From a key to its picture on the screen, for the last keys that changed the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysReport {
    /// So many keys.
    pub count: u32,
    /// Half of them were faster.
    pub p50: Duration,
    /// Nine of ten were faster.
    pub p90: Duration,
}

/// One cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheReport {
    /// Pictures in it.
    pub pictures: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Bytes it may hold.
    pub quota: u64,
}

/// Everything the panel shows besides what the state knows of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewReport {
    /// How close the picture under the eye is.
    pub closeness: Option<Closeness>,
    /// The line; nothing on a terminal where it is not measured.
    pub link: Option<LinkReport>,
    /// The last picture that was sent.
    pub last: Option<PictureReport>,
    /// Bytes of a picture at the exact level: the mean of the last ones, or an estimate from the encoder.
    pub exact_bytes: Option<u64>,
    /// Keys and their pictures.
    pub keys: Option<KeysReport>,
    /// Decoded and encoded pictures in memory.
    pub memory: Option<CacheReport>,
    /// Encoded thumbnails on disk.
    pub disk: Option<CacheReport>,
    /// Pictures that the terminal holds for us.
    pub terminal: Option<CacheReport>,
    /// Pictures being decoded now.
    pub decoding: u32,
    /// Pictures that wait for a decoder.
    pub queued: u32,
}

/// News about the line to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkNews {
    /// It does not acknowledge any more.
    Silent,
    /// It acknowledges again.
    Answers,
    /// Pictures are shown in a simpler way from now on: which way and why, in a few words, such as `half blocks, because
    /// the terminal forgets pictures`.
    Lowered(String),
}

/// The panel, and what is known of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The panel is on the screen.
    pub open: bool,
    /// The last report.
    pub report: Option<Box<PreviewReport>>,
    /// The terminal does not acknowledge.
    pub silent: bool,
    /// How pictures are shown since they are shown in a simpler way, and why.
    pub lowered: Option<String>,
}

impl State {
    /// Whether reports are wanted: the panel is on the screen. The runtime sends [`super::event::Event::Preview`] while
    /// this holds, not more often than numbers can be read.
    #[must_use]
    pub fn wants_preview_report(&self) -> bool {
        self.preview.open
    }
}

/// A report has come.
pub fn reported(state: &mut State, report: Box<PreviewReport>) -> Vec<Effect> {
    if state.preview.open {
        state.preview.report = Some(report);
    }
    Vec::new()
}

/// The line has changed: said once, and in the status line until it changes back.
pub fn link(state: &mut State, news: LinkNews) -> Vec<Effect> {
    match news {
        LinkNews::Silent if !state.preview.silent => {
            state.preview.silent = true;
            let text = "the terminal does not answer; pictures may come late, keys and labels work as before";
            state.say(Level::Warning, text);
        }
        LinkNews::Answers if state.preview.silent => {
            state.preview.silent = false;
            state.say(Level::Info, "the terminal answers again");
        }
        LinkNews::Lowered(how) if state.preview.lowered.as_ref() != Some(&how) => {
            let text = format!("from now on pictures are shown as {}", crate::domain::text::printable(&how));
            state.preview.lowered = Some(how);
            state.say(Level::Warning, text);
        }
        LinkNews::Silent | LinkNews::Answers | LinkNews::Lowered(_) => {}
    }
    Vec::new()
}
