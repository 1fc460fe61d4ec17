//! What can be done on the Review screen.

use super::verdict::{accept, can_judge, fix, fix_class, reject};
use super::{open, queues};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec};
use crate::app::screens::label::answer::can_label;
use crate::app::screens::label::{actions as label_actions, walk};
use crate::app::screens::navigation::in_project;
use crate::app::screens::{answering, second_pass};
use crate::app::state::State;
use crate::domain::ids::ClassId;

const REVIEW: &[Scope] = &[Scope::Review];

/// The actions of the Review screen.
pub const SPECS: &[Spec] = &[
    Spec::edits(REVIEW, "review.accept", "accept", "The answer is right; go on", 1, can_judge, |s, _| accept(s)),
    Spec::edits(
        REVIEW,
        "review.reject",
        "reject",
        "The answer is wrong and goes back; asks why",
        2,
        can_judge,
        |s, _| ask_why(s),
    ),
    Spec::edits(
        REVIEW,
        "review.fix",
        "fix",
        "Give the right class and accept that; one undo takes both back",
        3,
        can_label,
        right,
    ),
    Spec::edits(
        REVIEW,
        "review.find-class",
        "find a class",
        "Choose the right class by typing, and accept it",
        4,
        can_label,
        |s, _| right(s, &[]),
    ),
    Spec::moves(REVIEW, "review.next", "next", "The next picture of the queue", 5, |s, _| walk::go_by(s, 1)),
    Spec::moves(REVIEW, "review.previous", "previous", "The picture before", 6, |s, _| walk::go_by(s, -1)),
    Spec::moves(
        REVIEW,
        "review.queue",
        "queue",
        "Choose what to review: waiting, stale, rejected, a person, a class",
        7,
        |s, _| queues::choose(s),
    ),
    Spec::moves(
        REVIEW,
        "review.label",
        "label",
        "Open this picture alone on the Label screen; an answer leads back",
        8,
        |s, _| to_label(s),
    ),
    Spec {
        scopes: &[Scope::Review, Scope::Stats, Scope::Label],
        ..Spec::edits(
            REVIEW,
            "review.second-pass",
            "second pass",
            "Answer some pictures again without seeing the first answer, to measure how sure the answers are",
            0,
            in_project,
            |s, _| second_pass::ask(s),
        )
    },
];

/// The action that goes to the screen.
pub const GO: &[Spec] = &[Spec {
    name: "go.review",
    title: "review",
    help: "Go to the Review screen of the open project",
    scopes: &[Scope::Global],
    changes_data: false,
    repeats: false,
    hint: 0,
    enabled: in_project,
    run: |s, _| open(s),
}];

/// Asks for the reason of a rejection: a ready-made one, or what is typed.
fn ask_why(state: &mut State) -> Vec<Effect> {
    let reasons = &state.settings.reject_reasons;
    let items = reasons.iter().map(|r| Item { label: r.clone(), value: r.clone(), ..Item::default() }).collect();
    let mut picker = Picker::new("reject because", items, reject);
    picker.free_text = true;
    "Enter takes what you typed".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    Vec::new()
}

/// `review.fix 3` gives the class with that key, `review.fix` alone asks which.
fn right(state: &mut State, args: &[String]) -> Vec<Effect> {
    let Some(key) = args.first() else {
        let picker = label_actions::class_picker(state, "the right class", |state, value| {
            let Ok(id) = value.parse() else { return Vec::new() };
            fix_class(state, ClassId(id))
        });
        state.open(Overlay::Picker(picker));
        return Vec::new();
    };
    let class = state.labels().live().find(|c| c.hotkey == *key).map(|c| c.id);
    match class {
        Some(class) => fix_class(state, class),
        None if key == "0" => nothing_here(state),
        None => {
            let count = state.labels().live().count();
            let text =
                format!("no class has the key {key}; there are {count} classes, [review.find-class] finds one by name");
            state.say(Level::Info, text);
            Vec::new()
        }
    }
}

/// Says that nothing is here, and accepts that; asks first where boxes would go with it.
fn nothing_here(state: &mut State) -> Vec<Effect> {
    let Some(before) = state.label().and_then(|l| l.sample()).map(|s| s.answer.clone()) else { return Vec::new() };
    let after = answering::emptied(&before);
    let shapes = match answering::lost_shapes(&before, &after) {
        0 => return fix(state, after),
        1 => "its box".to_owned(),
        n => format!("its {n} boxes"),
    };
    let confirm = Confirm {
        question: format!("Say that nothing is here and erase {shapes}?"),
        detail: state.with_keys("[edit.undo] brings all of it back."),
        value: String::new(),
        late: None,
        yes: |state, _| {
            let before = state.label().and_then(|l| l.sample()).map(|s| s.answer.clone());
            before.map(|before| fix(state, answering::emptied(&before))).unwrap_or_default()
        },
    };
    state.open(Overlay::Confirm(confirm));
    Vec::new()
}

fn to_label(state: &mut State) -> Vec<Effect> {
    match state.label().and_then(|l| l.sample()).map(|s| s.id) {
        Some(sample) => walk::open_alone(state, sample),
        None => Vec::new(),
    }
}
