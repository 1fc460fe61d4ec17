//! The blind second pass: some labelled pictures are answered again without a sight of the first answer.
//!
//! What always holds: nothing of the first answer is on the screen (no answer, verdict, guess, count, tape or folder
//! name); a second answer never touches the sample's own answer; undo goes back to the last picture, whose second answer
//! a new key replaces, and takes back one change of the boxes where boxes are drawn, see [`steps`].

pub mod steps;

use super::Screen;
use super::label::answer::asks_for_shapes;
use super::label::boxes::BoxMode;
use super::label::{LabelState, walk};
use super::stats;
use crate::app::effect::{Effect, Job, Query, Write};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::app::tasks::{TaskId, TaskState};
use crate::domain::annotation::Shape;
use crate::domain::sample::{Answer, Sample, Status};
use crate::domain::text::printable;
use crate::ops::report::review::PassReport;
use std::collections::VecDeque;
use steps::Steps;

/// How many in a hundred are drawn, unless the person says otherwise.
const PERCENT: &str = "10";
/// What is chosen before it begins.
const TITLE: &str = "second pass";
/// To draw new pictures, whatever was begun.
const NEW: &str = "new";

/// The state of the second pass.
#[derive(Clone, Debug, Default)]
pub struct SecondPassState {
    /// The walk, as on the Label screen.
    pub label: LabelState,
    /// How far the pass is, by the store's count.
    pub progress: PassReport,
    /// What was answered in earlier passes, and is none of this one.
    pub before: u64,
    /// Answers on their way to the store, the oldest first: how many more pictures are answered by each, which is less than
    /// one where an answer replaces another or is taken back.
    pub unsent: VecDeque<i64>,
    /// The samples have just been drawn: none of them is answered yet.
    pub fresh: bool,
    /// The task that draws the samples, while it runs.
    pub drawing: Option<TaskId>,
    /// The last answer is all there is to say of its picture: boxes are when the person says so, other answers at once.
    closed: bool,
    /// Changes that can be taken back and made again.
    steps: Steps,
}

/// Asks whether to go on with the pass that was begun, or for the size of a new one. The store says first whether one was:
/// what is on the screen may be old, and to draw a new one drops what was begun.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let mut picker = Picker::new(
        TITLE,
        Vec::new(),
        |state, value| {
            if value == NEW { ask_percent(state) } else { begin(state, None) }
        },
    );
    "reading whether one was begun".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    vec![Effect::Ask(state.slots.ask(Slot::Pass), Query::SecondPass { project, limit: 1 })]
}

/// The store has said how far the person's pass is, for [`ask`]. Something stays open whatever it said: who types a number
/// by now must not type on the screen below.
pub fn begun(state: &mut State, reply: Reply) -> Vec<Effect> {
    let asked = |overlay: &&mut Overlay| matches!(overlay, Overlay::Picker(picker) if picker.title == TITLE);
    let Some(overlay) = state.overlays.iter_mut().find(asked) else { return Vec::new() };
    let Overlay::Picker(picker) = overlay else { return Vec::new() };
    match reply {
        Reply::SecondPass { progress, .. } if progress.left() > 0 => picker.fill(choices(progress)),
        Reply::SecondPass { .. } => {
            let typed = picker.input.value().trim().to_owned();
            *overlay = percent(if typed.is_empty() { PERCENT } else { &typed });
        }
        Reply::Failed(why) => picker.empty = why,
        _ => {}
    }
    Vec::new()
}

fn choices(pass: PassReport) -> Vec<Item> {
    let row = |label: &str, detail: String, value: &str| Item {
        label: label.to_owned(),
        detail,
        value: value.to_owned(),
        key: String::new(),
    };
    vec![
        row("go on", format!("{} of {} answered", pass.answered, pass.chosen), "go on"),
        row("draw new pictures", "what was not answered is dropped".to_owned(), NEW),
    ]
}

fn ask_percent(state: &mut State) -> Vec<Effect> {
    state.open(percent(PERCENT));
    Vec::new()
}

/// Asks how many in a hundred are to be drawn.
fn percent(proposed: &str) -> Overlay {
    let prompt = Prompt::new("percent of the labelled pictures to answer again", proposed, |state, text| {
        let typed = text.trim().trim_end_matches('%').trim();
        let percent: u8 = typed.parse().map_err(|_| "type a whole number from 1 to 100".to_owned())?;
        if !(1..=100).contains(&percent) {
            return Err("type a whole number from 1 to 100".to_owned());
        }
        Ok(draw(state, percent))
    });
    Overlay::Prompt(prompt.hint("drawn at random; the first answers stay hidden and stay as they are"))
}

fn draw(state: &mut State, percent: u8) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let seed = state.random();
    let task = state.tasks.start("second pass", state.clock);
    let mut effects = begin(state, Some(task));
    effects.push(Effect::Start(task, Job::SecondPass { project, percent, seed }));
    effects
}

/// Shows the screen. While the samples are being drawn nothing is asked for.
fn begin(state: &mut State, drawing: Option<TaskId>) -> Vec<Effect> {
    state.screens.retain(|s| !matches!(s, Screen::SecondPass(_)));
    let boxes = asks_for_shapes(state).then(BoxMode::default);
    let auto_advance = state.settings.auto_advance;
    let label = LabelState { auto_advance, at_start: true, boxes, ..LabelState::default() };
    let effects = super::navigation::go(state, Screen::SecondPass(Box::default()));
    if let Some(pass) = state.second_pass_mut() {
        *pass = SecondPassState { label, drawing, ..SecondPassState::default() };
    }
    if drawing.is_some() { effects } else { effects.into_iter().chain(ask_page(state)).collect() }
}

/// A task has ended: perhaps the one that draws the samples.
pub fn drawn(state: &mut State, id: TaskId, how: &TaskState) -> Vec<Effect> {
    let Some(pass) = state.second_pass_mut().filter(|p| p.drawing == Some(id)) else { return Vec::new() };
    (pass.drawing, pass.fresh) = (None, true);
    if let TaskState::Failed(text) = how {
        pass.label.problem = Some(text.clone());
        return Vec::new();
    }
    ask_page(state)
}

/// Asks for samples that are still to be answered.
pub fn ask_page(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let tag = state.slots.ask(Slot::WalkForward);
    vec![Effect::Ask(tag, Query::SecondPass { project, limit: walk::PAGE })]
}

/// Samples have come. Whatever they say of a first answer is removed, should the store have left it in.
pub fn page(state: &mut State, tag: Tag, samples: Vec<Sample>, progress: PassReport) -> Vec<Effect> {
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    if std::mem::take(&mut pass.fresh) {
        pass.before = progress.answered;
    }
    pass.progress = progress;
    let end = samples.len() < walk::PAGE;
    let blind = |s: Sample| Sample {
        answer: Answer::default(),
        predictions: Vec::new(),
        reviews: Vec::new(),
        notes: Vec::new(),
        likeness: None,
        ..s
    };
    let effects = walk::page(state, tag, samples.into_iter().map(blind).collect(), end);
    let over = state.second_pass().is_some_and(|p| p.label.walk.is_empty() && p.progress.chosen > 0);
    if over { finish(state) } else { effects }
}

/// Sends the answer to the sample on the screen; the sample's own answer stays.
pub fn record(state: &mut State, after: Answer) -> Vec<Effect> {
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    let Some(sample) = pass.label.sample() else { return Vec::new() };
    if sample.answer != after {
        pass.steps.made(sample.id, sample.answer.clone());
    }
    pass.closed = !after.annotations.iter().any(|a| a.shape != Shape::Class);
    put(state, after)
}

/// Shows an answer of the sample on the screen as the person's second one, and sends it to the store.
fn put(state: &mut State, after: Answer) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    let Some(sample) = pass.label.sample_mut() else { return Vec::new() };
    let is_one = |answer: &Answer| i64::from(answer.status != Status::Unlabeled);
    let more = is_one(&after) - is_one(&sample.answer);
    sample.answer = after.clone();
    let id = sample.id;
    pass.unsent.push_back(more);
    state.save.unsent += 1;
    vec![Effect::Write(Write::SecondAnswer { project, sample: id, answer: after })]
}

/// The boxes of the picture on the screen stand, as far as this person is concerned.
pub fn close(state: &mut State) {
    if let Some(pass) = state.second_pass_mut() {
        pass.closed = true;
    }
}

/// A second answer is stored, or cannot be. After the last one the result is shown.
pub fn stored(state: &mut State, stored: Result<PassReport, String>) -> Vec<Effect> {
    state.save.unsent = state.save.unsent.saturating_sub(1);
    if let Err(why) = &stored {
        state.say(Level::Error, format!("the second answer was not written: {}", printable(why)));
    }
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    pass.unsent.pop_front();
    let Ok(progress) = stored else { return Vec::new() };
    pass.progress = progress;
    let last = pass.label.at + 1 >= pass.label.walk.len();
    let over = progress.left() == 0 && pass.unsent.is_empty() && pass.closed && last;
    if over { finish(state) } else { Vec::new() }
}

/// The pass is over: how well the answers agree takes the place of the screen.
fn finish(state: &mut State) -> Vec<Effect> {
    state.screens.retain(|s| !matches!(s, Screen::SecondPass(_)));
    state.say(Level::Info, "the second pass is done; this is how well the answers agree");
    stats::open(state, stats::View::Agreement)
}

/// Undo of a whole answer: back to the picture before, whose second answer the next key replaces.
fn back(state: &mut State) -> Vec<Effect> {
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    if pass.label.at == 0 {
        state.say(Level::Info, "nothing to take back");
        return Vec::new();
    }
    state.say(Level::Info, "the next answer replaces the one you gave this picture");
    walk::go_by(state, -1)
}

impl SecondPassState {
    /// Samples answered in this pass, those on their way included, and samples in it.
    #[must_use]
    pub fn done(&self) -> (u64, u64) {
        let of = self.progress.chosen.saturating_sub(self.before);
        (self.answered().saturating_sub(self.before).min(of), of)
    }

    /// Samples answered in all passes of the person, those on their way included.
    fn answered(&self) -> u64 {
        self.progress.answered.saturating_add_signed(self.unsent.iter().sum())
    }

    /// Samples that are still to be answered.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.progress.chosen.saturating_sub(self.answered())
    }
}

impl State {
    /// The second pass, if it is shown.
    #[must_use]
    pub fn second_pass(&self) -> Option<&SecondPassState> {
        match self.screens.last() {
            Some(Screen::SecondPass(pass)) => Some(pass),
            _ => None,
        }
    }

    /// The second pass, if it is shown.
    pub fn second_pass_mut(&mut self) -> Option<&mut SecondPassState> {
        match self.screens.last_mut() {
            Some(Screen::SecondPass(pass)) => Some(pass),
            _ => None,
        }
    }
}
