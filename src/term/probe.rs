//! Asks the terminal what it can do: one write, the device attributes last, because every terminal answers those.
//!
//! A state machine fed by the one input reader, so that there is no separate phase in which keys could be lost or
//! answers taken for keys: the loop writes [`Probe::start`], draws its first frame with [`Probe::guess`], and hands
//! every [`Reply`] to [`Probe::on_reply`]. Inside tmux a second round is wrapped, its terminator too, because tmux
//! answers plain questions itself and at once.
//!
//! An answer that comes after [`Probe::on_deadline`], or after the device attributes that should be the last, is still
//! taken: what it changes is told with another [`Step::Done`], a bounded number of times. So a slow link costs pictures
//! only for as long as it is slow.

mod cell;
mod judge;

use super::caps::Caps;
use super::guard::WindowSize;
use super::input::Reply;
use super::output::Pacing;
use super::surroundings::Surroundings;
use super::tmux::{self, Passthrough};
use std::time::Duration;

/// The id of the question for pictures sent directly.
const DIRECT: u32 = 31;
/// The id of the question for pictures in shared memory.
const SHARED: u32 = 32;

/// A terminal that goes on answering differently is not followed for ever.
const CORRECTIONS: u8 = 8;

/// What the loop has to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on waiting.
    Wait,
    /// Write these bytes and go on waiting; the deadline starts anew.
    Ask(Vec<u8>),
    /// The terminal is known, or better known than the last time.
    Done(Box<Caps>),
}

/// What the terminal has said so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// XTVERSION of the terminal we speak to (tmux when inside it).
    name: Option<String>,
    /// XTVERSION of the terminal outside of tmux.
    outer_name: Option<String>,
    attributes: Option<Vec<u16>>,
    outer_attributes: Option<Vec<u16>>,
    direct: bool,
    shared: bool,
    /// A cell in pixels: width, height.
    cell: Option<(u16, u16)>,
    /// The text area in pixels: width, height.
    area: Option<(u16, u16)>,
    /// The background's red, green, blue.
    background: Option<(u16, u16, u16)>,
    keyboard: bool,
}

/// The probe.
#[derive(Debug)]
pub struct Probe {
    surroundings: Surroundings,
    answers: Answers,
    /// Name of the shared memory object the terminal was asked to read.
    shared_name: Option<String>,
    outer_round: bool,
    /// What was told last.
    told: Option<Box<Caps>>,
    /// The answer that was asked for last has come, so that everything after it is told at once.
    complete: bool,
    /// How often more may be told.
    corrections: u8,
}

impl Probe {
    /// A probe that has asked nothing yet.
    #[must_use]
    pub fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            answers: Answers::default(),
            shared_name: None,
            outer_round: false,
            told: None,
            complete: false,
            corrections: CORRECTIONS,
        }
    }

    /// What the environment alone suggests; good enough for the first frame, which shows no pictures yet.
    #[must_use]
    pub fn guess(surroundings: &Surroundings) -> Caps {
        judge::judge(surroundings, &Answers::default())
    }

    /// How long to wait for the answers before [`Self::on_deadline`].
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(if self.surroundings.ssh { 4 } else { 1 })
    }

    /// How the writer may find out what the link carries.
    #[must_use]
    pub fn pacing(&self) -> Pacing {
        match self.surroundings.tmux {
            _ if !self.surroundings.may_ask() => Pacing::Off,
            None => Pacing::Direct,
            Some(Passthrough::On) => Pacing::Tmux,
            Some(Passthrough::Off(_)) => Pacing::Off,
        }
    }

    /// The questions. Empty when the terminal must not be asked; then [`Self::on_deadline`] is due at once.
    #[must_use]
    pub fn start(&mut self) -> Vec<u8> {
        if !self.surroundings.may_ask() {
            return Vec::new();
        }
        if !self.surroundings.ssh && self.surroundings.tmux.is_none() && !self.surroundings.multiplexed() {
            self.shared_name = super::graphics::shared::create(&[0; 3]).ok();
        }
        let mut out = questions();
        // tmux and screen take an APC that is meant for the terminal outside as the title of the pane.
        if self.surroundings.tmux.is_none() && !self.surroundings.multiplexed() {
            out.push(ask_direct());
            out.extend(self.shared_name.as_deref().map(ask_shared));
        }
        out.push(b"\x1b[c".to_vec());
        out.concat()
    }

    /// Whether `CSI 0 n` would be an answer to the probe, and not to a question of somebody else.
    #[must_use]
    pub fn takes_status(&self) -> bool {
        self.outer_round && self.told.is_none()
    }

    /// Takes an answer.
    pub fn on_reply(&mut self, reply: &Reply) -> Step {
        match reply {
            // Later, a picture of ours may have the same id and be refused.
            Reply::Graphics { id: DIRECT, message, .. } => {
                self.answers.direct = message == "OK" || (self.complete && self.answers.direct);
            }
            Reply::Graphics { id: SHARED, message, .. } => self.answers.shared = message == "OK",
            Reply::Version(name) if self.outer_round => self.answers.outer_name = Some(name.clone()),
            Reply::Version(name) => self.answers.name = Some(name.clone()),
            Reply::Window { kind: 4, height, width } => self.answers.area = Some((*width, *height)),
            Reply::Window { kind: 6, height, width } => self.answers.cell = Some((*width, *height)),
            Reply::Colour { slot: 11, rgb } => self.answers.background = Some(*rgb),
            Reply::Keyboard(_) => self.answers.keyboard = true,
            Reply::Attributes(list) if self.outer_round => {
                self.answers.outer_attributes = Some(list.clone());
                // Of a late second round this is the end: a status may be an answer to somebody else.
                self.complete |= self.told.is_some();
            }
            Reply::Attributes(list) => {
                let first = self.answers.attributes.replace(list.clone()).is_none();
                return if first { self.next_round() } else { Step::Wait };
            }
            // Only the second round asks for it, last.
            Reply::Status if self.takes_status() => return self.finish(),
            _ => return Step::Wait,
        }
        if self.complete { self.tell() } else { Step::Wait }
    }

    /// Nothing more came in time: what is known by now.
    pub fn on_deadline(&mut self) -> Caps {
        self.forget_shared();
        let caps = judge::judge(&self.surroundings, &self.answers);
        self.told = Some(Box::new(caps.clone()));
        caps
    }

    /// The window has another size now: gives the size of a cell, and what to ask the terminal anew (may be empty).
    pub fn resized(&mut self, size: WindowSize) -> ((u16, u16), Vec<u8>) {
        self.surroundings.size = Some(size);
        self.corrections = CORRECTIONS;
        let answers = self.answers.area.is_some() || self.answers.cell.is_some();
        // It was the area of another window.
        self.answers.area = None;
        let (cell, _) = judge::cell(&self.surroundings, &self.answers);
        if let Some(told) = &mut self.told {
            told.cell = cell;
        }
        (cell, if answers { self.ask_sizes() } else { Vec::new() })
    }

    fn ask_sizes(&self) -> Vec<u8> {
        let wrapped = |question: &[u8]| if self.outer_round { tmux::wrap(question) } else { question.to_vec() };
        [ASK_AREA, ASK_CELL].into_iter().flat_map(wrapped).collect()
    }

    fn next_round(&mut self) -> Step {
        let named = self.answers.name.as_ref().is_some_and(|n| n.starts_with("tmux"));
        if named && self.surroundings.tmux.is_none() {
            // tmux on the near side of an SSH connection: its options cannot be asked for from here.
            self.surroundings.tmux = Some(Passthrough::On);
        }
        if self.surroundings.tmux != Some(Passthrough::On) {
            return self.finish();
        }
        self.outer_round = true;
        let mut asked = questions();
        asked.extend([ask_direct(), b"\x1b[c".to_vec()]);
        if self.told.is_none() {
            asked.push(b"\x1b[5n".to_vec());
        }
        Step::Ask(asked.iter().flat_map(|q| tmux::wrap(q)).collect())
    }

    fn finish(&mut self) -> Step {
        self.complete = true;
        self.forget_shared();
        self.tell()
    }

    /// Tells what is known, if it is not what was told.
    fn tell(&mut self) -> Step {
        let caps = Box::new(judge::judge(&self.surroundings, &self.answers));
        match &self.told {
            Some(told) if same(told, &caps) || self.corrections == 0 => return Step::Wait,
            Some(_) => self.corrections -= 1,
            None => {}
        }
        self.told = Some(caps.clone());
        Step::Done(caps)
    }

    fn forget_shared(&mut self) {
        if let Some(name) = self.shared_name.take() {
            // The terminal has removed it if it could read it.
            super::graphics::shared::remove(&name);
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.forget_shared();
    }
}

/// Whether two findings lead to the same screen, however they were found.
fn same(told: &Caps, caps: &Caps) -> bool {
    *told == Caps { findings: told.findings.clone(), ..caps.clone() }
}

const ASK_AREA: &[u8] = b"\x1b[14t";
const ASK_CELL: &[u8] = b"\x1b[16t";

/// XTVERSION, text area and cell in pixels, background, keyboard flags.
fn questions() -> Vec<Vec<u8>> {
    [&b"\x1b[>0q"[..], ASK_AREA, ASK_CELL, b"\x1b]11;?\x1b\\", b"\x1b[?u"].map(<[u8]>::to_vec).to_vec()
}

fn ask_direct() -> Vec<u8> {
    format!("\x1b_Gi={DIRECT},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\").into_bytes()
}

fn ask_shared(name: &str) -> Vec<u8> {
    let name = base64_simd::STANDARD.encode_to_string(name.as_bytes());
    format!("\x1b_Gi={SHARED},s=1,v=1,a=q,t=s,f=24,S=3;{name}\x1b\\").into_bytes()
}

/// Rec. 709 luma of the background above one half.
fn is_light((r, g, b): (u16, u16, u16)) -> bool {
    let luma = 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
    luma > f32::from(u16::MAX) / 2.0
}
