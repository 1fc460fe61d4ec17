//! Answering many samples with one key: one batch, one undo.

use super::pages;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::screens::{answering, seen};
use crate::app::state::State;
use crate::domain::annotation::Shape;
use crate::domain::edit::Change;
use crate::domain::ids::ClassId;
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;

/// More samples than this are asked about first.
pub const ASK_ABOVE: usize = 20;

/// What is done with several samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// Give them a class.
    Class(ClassId),
    /// Put them aside.
    Skip,
    /// Say that nothing of the label set is in them.
    Empty,
    /// Remove their answers.
    Clear,
    /// Mark them for another look, or remove the marks if all have one.
    Flag,
    /// Mark their answers as unsure, or as sure if all are unsure.
    Unsure,
}

impl Bulk {
    /// The form that a question carries.
    fn code(self) -> String {
        match self {
            Self::Class(id) => format!("class {id}"),
            Self::Skip => "skip".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Clear => "clear".to_owned(),
            Self::Flag => "flag".to_owned(),
            Self::Unsure => "unsure".to_owned(),
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "skip" => Self::Skip,
            "empty" => Self::Empty,
            "clear" => Self::Clear,
            "flag" => Self::Flag,
            "unsure" => Self::Unsure,
            other => Self::Class(ClassId(other.strip_prefix("class ")?.parse().ok()?)),
        })
    }

    /// Keeps the selection for what comes next.
    fn is_mark(self) -> bool {
        matches!(self, Self::Flag | Self::Unsure)
    }
}

/// Whether something can be answered now.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_answer(state: &State) -> Result<(), String> {
    let Some(gallery) = state.gallery() else { return Err("the gallery is not open".to_owned()) };
    if !gallery.selected.is_empty() {
        return Ok(());
    }
    let Some(sample) = gallery.sample() else { return Err("there is no picture to answer".to_owned()) };
    if seen::may_answer(state, sample) {
        return Ok(());
    }
    Err("this thumbnail is not on the screen yet; nothing was changed".to_owned())
}

/// The same, for whole-picture classes.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_label(state: &State) -> Result<(), String> {
    match state.project.as_ref().map(|p| p.project.task) {
        Some(Task::Detection | Task::Segmentation) => {
            Err("this project asks for boxes; [gallery.open] opens a picture on the Label screen".to_owned())
        }
        _ => can_answer(state),
    }
}

/// A class key was pressed.
pub fn class_key(state: &mut State, class: ClassId) -> Vec<Effect> {
    if state.read_only {
        state.say(Level::Warning, "read-only: labels cannot be changed");
        return Vec::new();
    }
    if let Err(why) = can_label(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    run(state, Bulk::Class(class))
}

/// Does it to the selection, or to the sample under the cursor; asks first where it is much, was never seen, or would take
/// boxes away.
pub fn run(state: &mut State, bulk: Bulk) -> Vec<Effect> {
    let changes = changes(state, bulk);
    if changes.is_empty() {
        state.say(Level::Info, "they have this answer already; nothing was changed");
        return Vec::new();
    }
    let selection: Vec<Sample> = state.gallery().map(|g| g.selection().cloned().collect()).unwrap_or_default();
    let unseen = selection.iter().filter(|s| !seen::may_answer(state, s)).count();
    if changes.len() <= ASK_ABOVE && unseen == 0 && lost(&changes).0 == 0 {
        return apply(state, bulk, changes);
    }
    let question = question(state, bulk, changes.len());
    let detail = state.with_keys(&detail(&changes, unseen));
    state.open(Overlay::Confirm(Confirm {
        question,
        detail,
        value: bulk.code(),
        late: None,
        yes: |state, code| {
            let Some(bulk) = Bulk::from_code(code) else { return Vec::new() };
            let changes = self::changes(state, bulk);
            apply(state, bulk, changes)
        },
    }));
    Vec::new()
}

fn question(state: &State, bulk: Bulk, count: usize) -> String {
    let pictures = if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") };
    match bulk {
        Bulk::Class(class) => format!("Label {pictures} as {}?", printable(&state.labels().name(class))),
        Bulk::Skip => format!("Skip {pictures}?"),
        Bulk::Empty => format!("Say that {pictures} show nothing of the label set?"),
        Bulk::Clear => format!("Remove the answers of {pictures}?"),
        Bulk::Flag => format!("Change the flag of {pictures}?"),
        Bulk::Unsure => format!("Change the unsure mark of {pictures}?"),
    }
}

fn detail(changes: &[Change], unseen: usize) -> String {
    let answered = |c: &&Change| matches!(c, Change::Answer { before, .. } if !before.annotations.is_empty());
    let mut parts = vec!["[edit.undo] takes all of it back at once.".to_owned()];
    match changes.iter().filter(answered).count() {
        0 => {}
        1 => parts.push("1 has a label already.".to_owned()),
        n => parts.push(format!("{n} have labels already.")),
    }
    match lost(changes) {
        (0, _) => {}
        (1, _) => parts.push("1 box would be erased.".to_owned()),
        (n, 1) => parts.push(format!("{n} boxes would be erased.")),
        (n, of) => parts.push(format!("{n} boxes on {of} pictures would be erased.")),
    }
    match unseen {
        0 => {}
        1 => parts.push("1 was never on the screen.".to_owned()),
        n => parts.push(format!("{n} were never on the screen.")),
    }
    parts.join(" ")
}

/// How many shapes of people would go, and on how many pictures.
fn lost(changes: &[Change]) -> (usize, usize) {
    let shapes = |c: &Change| match c {
        Change::Answer { before, after, .. } => answering::lost_shapes(before, after),
        _ => 0,
    };
    let each: Vec<usize> = changes.iter().map(shapes).filter(|n| *n > 0).collect();
    (each.iter().sum(), each.len())
}

/// What would change.
fn changes(state: &State, bulk: Bulk) -> Vec<Change> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let targets: Vec<&Sample> = if gallery.selected.is_empty() {
        gallery.sample().into_iter().collect()
    } else {
        gallery.selection().collect()
    };
    let after = |answer: &Answer| -> Answer {
        match bulk {
            Bulk::Class(class) => classified(state, &targets, answer, class),
            Bulk::Skip => answering::skipped(answer, None),
            Bulk::Empty => answering::emptied(answer),
            Bulk::Clear => answering::cleared(answer),
            Bulk::Flag => Answer { flagged: !targets.iter().all(|s| s.answer.flagged), ..answer.clone() },
            Bulk::Unsure => Answer { unsure: !targets.iter().all(|s| s.answer.unsure), ..answer.clone() },
        }
    };
    targets.iter().filter_map(|s| answering::answer_change(s, after(&s.answer))).collect()
}

/// One class: the only one, or where pictures may have several, one more; one less if all of the targets have it.
fn classified(state: &State, targets: &[&Sample], answer: &Answer, class: ClassId) -> Answer {
    let labels = state.labels();
    let mut classes = vec![class];
    if state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel) {
        let all_have = targets.iter().all(|s| s.answer.classes(&labels).contains(&class));
        classes = answer.classes(&labels);
        classes.retain(|c| *c != class);
        if !all_have {
            classes.push(class);
        } else if classes.is_empty() && answer.annotations.iter().all(|a| a.shape == Shape::Class) {
            return answering::cleared(answer);
        }
    }
    answering::with_classes(answer, &labels, &classes, &state.user, state.now)
}

fn apply(state: &mut State, bulk: Bulk, changes: Vec<Change>) -> Vec<Effect> {
    let count = changes.len();
    let Some((single, at)) = state.gallery().map(|g| (g.selected.is_empty(), g.at)) else { return Vec::new() };
    let mut effects = answering::send(state, changes, "");
    if single {
        if !bulk.is_mark() && bulk != Bulk::Clear && state.settings.auto_advance {
            effects.extend(pages::go(state, at + 1));
        }
        return effects;
    }
    if !bulk.is_mark() {
        super::select::clear(state);
    }
    let what = match bulk {
        Bulk::Class(class) => printable(&state.labels().name(class)).into_owned(),
        Bulk::Skip => "skipped".to_owned(),
        Bulk::Empty => "empty".to_owned(),
        Bulk::Clear => "answer removed".to_owned(),
        Bulk::Flag => "flag changed".to_owned(),
        Bulk::Unsure => "unsure mark changed".to_owned(),
    };
    let pictures = if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") };
    state.say(Level::Info, format!("{pictures}: {what}; [edit.undo] takes it back"));
    effects
}
