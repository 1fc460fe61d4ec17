//! Giving a verdict: accept, reject, or fix and accept in one batch.

use crate::app::effect::{Effect, Write};
use crate::app::messages::Level;
use crate::app::screens::answering;
use crate::app::screens::counting::recount;
use crate::app::screens::label::answer::{advance, can_answer, can_label, flash_text, has_come, toggle, with_classes};
use crate::app::state::State;
use crate::domain::edit::{Change, Edit};
use crate::domain::ids::{BatchId, ClassId, Rev};
use crate::domain::project::Task;
use crate::domain::queue::ReviewState as Verdicts;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Sample, Status};

/// What the verdicts say about a sample; nothing while nobody has answered it.
#[must_use]
pub fn verdicts(sample: &Sample) -> Option<Verdicts> {
    if !matches!(sample.answer.status, Status::Labeled | Status::Skipped) {
        return None;
    }
    let mut present = sample.reviews.iter().filter(|r| !r.is_stale(sample.rev)).peekable();
    Some(match (present.peek().is_some(), sample.reviews.is_empty()) {
        (true, _) if present.any(|r| r.verdict == Verdict::Rejected) => Verdicts::Rejected,
        (true, _) => Verdicts::Accepted,
        (false, false) => Verdicts::Stale,
        (false, true) => Verdicts::Waiting,
    })
}

/// Whether a verdict can be given on the sample on the screen.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_judge(state: &State) -> Result<(), String> {
    let Some(sample) = state.label().and_then(|l| l.sample()) else {
        has_come(state)?;
        return Err("no picture is waiting here; [review.queue] chooses other pictures to review".to_owned());
    };
    if verdicts(sample).is_none() {
        return Err("nobody has answered this picture, so there is nothing to judge; a class key answers it".to_owned());
    }
    can_answer(state)
}

/// The answer stands. Classes toggled before are a fix.
pub fn accept(state: &mut State) -> Vec<Effect> {
    let toggled = state.label().and_then(|l| l.draft.clone());
    match toggled.and_then(|classes| with_classes(state, &classes)) {
        Some(after) => fix(state, after),
        None => judge_and_go(state, Verdict::Accepted, None),
    }
}

/// The answer goes back, with the reason.
pub fn reject(state: &mut State, reason: &str) -> Vec<Effect> {
    if let Err(why) = can_judge(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    judge_and_go(state, Verdict::Rejected, Some(reason.to_owned()))
}

fn judge_and_go(state: &mut State, verdict: Verdict, comment: Option<String>) -> Vec<Effect> {
    let mut effects = judge(state, verdict, comment);
    effects.extend(advance(state));
    effects
}

fn judge(state: &mut State, verdict: Verdict, comment: Option<String>) -> Vec<Effect> {
    if let Some(label) = state.label_mut() {
        label.draft = None;
    }
    let now = state.now;
    let Some(sample) = state.label().and_then(|l| l.sample()) else { return Vec::new() };
    let before = own(sample, &state.user).cloned();
    let same = |r: &Review| r.rev == sample.rev && r.verdict == verdict && r.comment == comment;
    if before.as_ref().is_some_and(same) {
        flash_text(state, &format!("already {}", verdict.name()));
        return Vec::new();
    }
    let after = Review { rev: sample.rev, verdict, comment, reviewer: state.user.clone(), at: now };
    let change = Change::Verdict { sample: sample.id, base: sample.rev, before, after: Some(after.clone()) };
    let Some(edit) = edit(state, change) else { return Vec::new() };
    put(state, after);
    flash_text(state, verdict.name());
    send(state, vec![edit])
}

/// A class key was pressed: the answer should be this class. The present class again accepts it.
pub fn class_key(state: &mut State, class: ClassId) -> Vec<Effect> {
    if state.read_only {
        state.say(Level::Warning, "read-only: verdicts and labels cannot be changed");
        return Vec::new();
    }
    fix_class(state, class)
}

/// Gives the sample another class and accepts it; where a picture may have several classes, toggles one.
pub fn fix_class(state: &mut State, class: ClassId) -> Vec<Effect> {
    if let Err(why) = can_label(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    if state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel) {
        return toggle(state, class);
    }
    with_classes(state, &[class]).map(|after| fix(state, after)).unwrap_or_default()
}

/// Changes the answer, accepts the change, and goes on.
pub fn fix(state: &mut State, after: Answer) -> Vec<Effect> {
    let mut effects = fix_here(state, after);
    effects.extend(advance(state));
    effects
}

/// Changes the answer and accepts the change: two edits in one batch, one undo.
pub fn fix_here(state: &mut State, after: Answer) -> Vec<Effect> {
    if let Some(label) = state.label_mut() {
        label.draft = None;
    }
    let (user, now, labels) = (state.user.clone(), state.now, state.labels());
    let Some(sample) = state.label().and_then(|l| l.sample()).cloned() else { return Vec::new() };
    if sample.answer == after {
        return judge(state, Verdict::Accepted, None);
    }
    let rev = Rev(sample.rev.0 + 1);
    let review = Review { rev, verdict: Verdict::Accepted, comment: None, reviewer: user.clone(), at: now };
    let answer =
        Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer.clone(), after: after.clone() };
    let before = own(&sample, &user).cloned();
    let verdict = Change::Verdict { sample: sample.id, base: rev, before, after: Some(review.clone()) };
    let Some(mut edits) = [answer, verdict].map(|c| edit(state, c)).into_iter().collect::<Option<Vec<Edit>>>() else {
        return Vec::new();
    };
    let batch = Some(BatchId::fresh());
    edits.iter_mut().for_each(|e| e.batch = batch);
    if let Some(open) = &mut state.project {
        recount(&mut open.counts, &sample.answer, &after);
    }
    flash_text(state, &format!("{}, accepted", after.summary(&labels)));
    let old = verdicts(&sample);
    if let Some(shown) = state.label_mut().and_then(|l| l.sample_mut()) {
        (shown.answer, shown.rev) = (after, rev);
        replace(shown, review);
    }
    moved(state, old, Some(Verdicts::Accepted));
    send(state, edits)
}

fn own<'a>(sample: &'a Sample, user: &str) -> Option<&'a Review> {
    sample.reviews.iter().find(|r| r.reviewer == user)
}

fn edit(state: &State, change: Change) -> Option<Edit> {
    let project = state.project.as_ref()?.project.id;
    Some(Edit { message: "review".to_owned(), ..Edit::by_person(project, change, &state.user, state.now) })
}

fn send(state: &mut State, edits: Vec<Edit>) -> Vec<Effect> {
    answering::show_everywhere(state, &edits);
    state.save.unsent += edits.len();
    vec![Effect::Write(Write::Edits(edits))]
}

/// Shows a verdict at once, before it is stored.
fn put(state: &mut State, review: Review) {
    let Some(sample) = state.label_mut().and_then(|l| l.sample_mut()) else { return };
    let old = verdicts(sample);
    replace(sample, review);
    let new = verdicts(sample);
    moved(state, old, new);
}

fn replace(sample: &mut Sample, review: Review) {
    sample.reviews.retain(|r| r.reviewer != review.reviewer);
    sample.reviews.push(review);
}

/// A sample goes from one state of review to another in the counts on the screen.
fn moved(state: &mut State, from: Option<Verdicts>, to: Option<Verdicts>) {
    let Some(report) = state.review_mut().and_then(|r| r.report.as_mut()) else { return };
    for (state, add) in [(from, false), (to, true)] {
        let step = |n: &mut u64| *n = if add { *n + 1 } else { n.saturating_sub(1) };
        match state {
            None => {}
            Some(Verdicts::Waiting) => step(&mut report.waiting),
            Some(Verdicts::Accepted) => step(&mut report.accepted),
            Some(Verdicts::Rejected) => step(&mut report.rejected),
            // What was edited since its verdict waits for another one.
            Some(Verdicts::Stale) => {
                step(&mut report.waiting);
                step(&mut report.stale);
            }
        }
    }
}
