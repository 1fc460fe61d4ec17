//! Answers that say: nothing is here, put aside, not answered. Each takes the place of everything that was said before.
//!
//! What always holds: where boxes or outlines that people made would go with it, it asks first, so that one slip of a
//! finger erases nobody's work. A skipped picture keeps no boxes: counts, filters, the object grid and exports take every
//! shape of an answer for one that stands.

use super::answer;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::screens::answering;
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::sample::Answer;

/// What is said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Erasing {
    /// The picture is put aside, with or without a reason.
    Skip(Option<String>),
    /// Nothing of the label set is here.
    Empty,
    /// Nobody has answered.
    Clear,
}

impl Erasing {
    fn after(&self, before: &Answer) -> Answer {
        match self {
            Self::Skip(reason) => answering::skipped(before, reason.clone()),
            Self::Empty => answering::emptied(before),
            Self::Clear => answering::cleared(before),
        }
    }

    fn question(&self, shapes: &str) -> String {
        match self {
            Self::Skip(_) => format!("Skip this picture and erase {shapes}?"),
            Self::Empty => format!("Say that nothing is here and erase {shapes}?"),
            Self::Clear => format!("Remove the answer and erase {shapes}?"),
        }
    }

    /// The form that a question carries.
    fn code(&self) -> String {
        match self {
            Self::Skip(Some(reason)) => format!("skip {reason}"),
            Self::Skip(None) => "skip".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Clear => "clear".to_owned(),
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        match code.split_once(' ') {
            Some(("skip", reason)) => Some(Self::Skip(Some(reason.to_owned()))),
            Some(_) => None,
            None => match code {
                "skip" => Some(Self::Skip(None)),
                "empty" => Some(Self::Empty),
                "clear" => Some(Self::Clear),
                _ => None,
            },
        }
    }
}

/// Says it of the picture on the screen; asks first where shapes of people would go with it.
pub(super) fn run(state: &mut State, what: &Erasing) -> Vec<Effect> {
    let Some(sample) = state.label().and_then(|l| l.sample()) else { return Vec::new() };
    let lost = answering::lost_shapes(&sample.answer, &what.after(&sample.answer));
    let id = sample.id;
    if lost == 0 {
        return apply(state, what);
    }
    let shapes = if lost == 1 { "its box".to_owned() } else { format!("its {lost} boxes") };
    let confirm = Confirm {
        question: what.question(&shapes),
        detail: state.with_keys("[edit.undo] brings all of it back."),
        value: format!("{id} {}", what.code()),
        late: None,
        yes: confirmed,
    };
    state.open(Overlay::Confirm(confirm));
    Vec::new()
}

fn confirmed(state: &mut State, value: &str) -> Vec<Effect> {
    let asked = value.split_once(' ').and_then(|(id, code)| Some((id.parse().ok()?, Erasing::from_code(code)?)));
    let Some((id, what)) = asked else { return Vec::new() };
    if state.label().and_then(|l| l.sample()).is_none_or(|s| s.id != SampleId(id)) {
        state.say(Level::Info, "another picture is on the screen now; nothing was changed");
        return Vec::new();
    }
    apply(state, &what)
}

fn apply(state: &mut State, what: &Erasing) -> Vec<Effect> {
    if *what == Erasing::Clear
        && let Some(label) = state.label_mut()
    {
        label.draft = None;
    }
    let Some(before) = state.label().and_then(|l| l.sample()).map(|s| s.answer.clone()) else { return Vec::new() };
    let after = what.after(&before);
    if *what == Erasing::Clear {
        return answer::edit(state, after, "");
    }
    answer::flash(state, &after);
    let mut effects = answer::edit(state, after, "");
    effects.extend(answer::advance(state));
    effects
}
