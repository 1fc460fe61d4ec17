//! The side column of the Label screen: classes with keys and counts, what the model says, what was decided before.

use crate::app::screens::label::LabelState;
use crate::app::screens::label::actions::decisions;
use crate::app::state::{OpenProject, State};
use crate::domain::class::LabelClass;
use crate::domain::ids::ClassId;
use crate::domain::likeness::Likeness;
use crate::domain::sample::{Note, Status};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, number, width};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The classes the sample has now: the ones just toggled, or its answer; of boxes the class of the one that keys are about.
fn given(state: &State, open: &OpenProject, label: &LabelState) -> Vec<ClassId> {
    if let Some(class) = super::boxes::class_of_keys(state) {
        return vec![open.project.labels.resolve(class)];
    }
    let answer = || label.sample().map(|s| s.answer.classes(&open.project.labels)).unwrap_or_default();
    label.draft.clone().unwrap_or_else(answer)
}

/// Draws the column.
pub(super) fn column(state: &State, open: &OpenProject, label: &LabelState, canvas: &mut Canvas, at: Rect) {
    let classes: Vec<&LabelClass> = open.project.labels.live().collect();
    let tape = decisions(state);
    let tape_rows = u16::try_from(tape.len()).unwrap_or(0).min(at.height / 3);
    let blind = state.second_pass().is_some();
    let said = label.sample().filter(|_| !blind).map_or(0, |s| remarks(&s.notes, canvas).len());
    let said = u16::try_from(said).unwrap_or(0).min(at.height / 4);
    let attributes = u16::try_from(super::boxes::attributes(state, canvas, at.width).len()).unwrap_or(0);
    let room = at.height.saturating_sub(tape_rows + said + attributes + 5);
    let shown = usize::from(room).min(classes.len());
    let mut y = at.y;
    let line = |y: u16| Rect { y, height: 1, ..at };
    let chosen = given(state, open, label);
    let top = window_of(&classes, &chosen, shown);
    for class in classes.iter().skip(top).take(shown) {
        class_row((open, label), &chosen, class, blind, canvas, line(y));
        y += 1;
    }
    if classes.is_empty() {
        canvas.text(
            line(y),
            &state.with_keys("no classes yet; [classes.edit] edits the set"),
            canvas.style(Role::Muted),
        );
        y += 1;
    } else if shown < classes.len() {
        let text = format!("{} more; [label.find-class] finds one", classes.len() - shown);
        canvas.text(line(y), &state.with_keys(&text), canvas.style(Role::Muted));
        y += 1;
    }
    y += 1;
    y += answer_rows((state, open), label, blind, canvas, Rect { y, height: at.bottom().saturating_sub(y), ..at });
    let tape_at = Rect { y: y + 1, height: at.bottom().saturating_sub(y + 1), ..at };
    draw_tape(&tape, canvas, tape_at);
}

/// The first class shown, so that a given class stays in sight.
pub(in crate::ui::screens) fn window_of(classes: &[&LabelClass], given: &[ClassId], shown: usize) -> usize {
    let at = classes.iter().position(|c| given.contains(&c.id)).unwrap_or(0);
    at.saturating_sub(shown / 2).min(classes.len().saturating_sub(shown))
}

/// One class. A blind second pass shows no counts: they would tell what the first answers were.
fn class_row(
    (open, label): (&OpenProject, &LabelState),
    given: &[ClassId],
    class: &LabelClass,
    blind: bool,
    canvas: &mut Canvas,
    line: Rect,
) {
    let chosen = given.contains(&class.id);
    let (colour, shape) = canvas.palette.class(usize::from(class.colour));
    let shape = shape.to_owned();
    let labels = &open.project.labels;
    let count = label.of_class(&open.counts, labels, class.id);
    let key = if class.hotkey.is_empty() { " ".to_owned() } else { class.hotkey.clone() };
    canvas.text(Rect { width: 3.min(line.width), ..line }, &key, canvas.style(Role::Key));
    if chosen {
        let bar = canvas.glyph(Glyph::Given);
        canvas.text(Rect { x: line.x + 2, width: 1, ..line }, &bar, canvas.style(Role::Selected));
    }
    canvas.text(Rect { x: line.x + 3, width: 2, ..line }, &shape, colour);
    let count_text = number(count);
    let wide = line.width >= 30;
    let tail = if wide { 14 } else { width(&count_text) + 1 };
    let name_style: Style = canvas.style(if chosen { Role::Selected } else { Role::Text });
    let room = Rect { x: line.x + 5, width: line.width.saturating_sub(5 + tail), ..line };
    canvas.text(room, &printable(&class.name), name_style);
    if blind {
        return;
    }
    if line.width >= 20 {
        canvas.right(line, &count_text, canvas.style(Role::Muted));
    }
    if wide {
        let most = labels.live().map(|c| label.of_class(&open.counts, labels, c.id)).max().unwrap_or(0);
        let share = if most == 0 { 0.0 } else { count as f64 / most as f64 };
        let bar = Rect { x: line.right() - 14, width: 14u16.saturating_sub(width(&count_text) + 2).min(7), ..line };
        canvas.bar(bar, share, colour);
    }
}

/// What stands for this sample: its answer, marks, the model's guess. Returns the rows used.
fn answer_rows(
    (state, open): (&State, &OpenProject),
    label: &LabelState,
    blind: bool,
    canvas: &mut Canvas,
    at: Rect,
) -> u16 {
    let Some(sample) = label.sample() else { return 0 };
    let labels = &open.project.labels;
    let mut rows: Vec<(String, Role)> = Vec::new();
    if let Some(flash) = &label.flash {
        rows.push((format!("{} {}", canvas.glyph(Glyph::Saved), printable(&flash.text)), Role::Success));
    }
    let answer = &sample.answer;
    let text = printable(&answer.summary(labels)).into_owned();
    let role = if answer.status == Status::Unlabeled { Role::Muted } else { Role::Text };
    let draft = label.draft.as_ref().map(|_| ("toggled; Enter confirms".to_owned(), Role::Warning));
    // In a blind second pass only one's own second answer can stand here, and nothing before it is given.
    let name = if blind { "again" } else { "now" };
    let now = (!blind || answer.status != Status::Unlabeled).then(|| (format!("{name:<10}{text}"), role));
    rows.extend(draft.or(now));
    rows.extend(super::boxes::rows(state, open));
    rows.extend(super::boxes::attributes(state, canvas, at.width).into_iter().map(|text| (text, Role::Text)));
    if answer.flagged || answer.unsure {
        let marks = [(answer.flagged, Glyph::Flag, "flagged"), (answer.unsure, Glyph::Unsure, "unsure")];
        let marks = marks.iter().filter(|m| m.0).map(|(_, g, word)| format!("{} {word}", canvas.glyph(*g)));
        rows.push((marks.collect::<Vec<_>>().join("   "), Role::Warning));
    }
    if let Some(best) = sample.predictions.first() {
        let name = labels.name(best.class);
        rows.push((format!("model     {}  {:.2}", printable(&name), best.score), Role::Accent));
    }
    if let Some(like) = sample.likeness {
        rows.push((alike(state, like, at.width), Role::Muted));
    }
    if let Some(review) = sample.reviews.last() {
        let stale = if review.is_stale(sample.rev) { ", edited since" } else { "" };
        let why = review.comment.as_deref().map(|c| format!(": {}", printable(c))).unwrap_or_default();
        rows.push((format!("review    {}{stale}{why}", review.verdict.name()), Role::Muted));
    }
    // What others changed says what a blind pass must not know.
    if !blind {
        rows.extend(remarks(&sample.notes, canvas));
    }
    for (i, (text, role)) in (0..at.height).zip(&rows) {
        canvas.text(Rect { y: at.y + i, height: 1, ..at }, text, canvas.style(*role));
    }
    u16::try_from(rows.len()).unwrap_or(at.height).min(at.height)
}

/// How many pictures look like it, and the key that shows them.
fn alike(state: &State, like: Likeness, room: u16) -> String {
    let others = like.near.saturating_sub(1);
    let same = if like.exact > 1 && like.exact == like.near { "copy" } else { "duplicate" };
    let text = format!("{same} of {others} other{}", if others == 1 { "" } else { "s" });
    if room < 30 { text } else { state.with_keys(&format!("{text}   [label.alike]")) }
}

/// Remarks on the sample, such as what changed in its table: who says it, and what; an arrow stands between two classes.
pub(in crate::ui::screens) fn remarks(notes: &[Note], canvas: &Canvas) -> Vec<(String, Role)> {
    let arrow = canvas.glyph(Glyph::Arrow);
    let mut rows = Vec::new();
    for note in notes {
        rows.push((printable(&note.author).into_owned(), Role::Muted));
        let mut role = Role::Warning;
        for line in note.text.lines() {
            let text = printable(line).replace(" -> ", &format!(" {arrow} "));
            rows.push((format!("  {text}"), role));
            role = Role::Muted;
        }
    }
    rows
}

fn draw_tape(
    tape: &[(crate::domain::ids::EditId, crate::domain::ids::SampleId, String, String)],
    canvas: &mut Canvas,
    at: Rect,
) {
    if tape.is_empty() || at.height < 2 {
        return;
    }
    canvas.text(Rect { height: 1, ..at }, "before", canvas.style(Role::Muted));
    let wide = at.width >= 30;
    for (i, (_, _, what, path)) in (1..at.height).zip(tape) {
        let line = Rect { y: at.y + i, height: 1, ..at };
        let first = if wide { 12 } else { line.width };
        canvas.text(Rect { width: first.saturating_sub(1), ..line }, what, canvas.style(Role::Text));
        if wide {
            let rest = Rect { x: line.x + first, width: line.width - first, ..line };
            let name = path.rsplit('/').next().unwrap_or(path);
            canvas.text(rest, name, canvas.style(Role::Muted));
        }
    }
}

/// What the first remark on a sample says, without who says it.
pub(in crate::ui::screens) fn said(notes: &[Note], canvas: &Canvas) -> Option<String> {
    let line = printable(notes.first()?.text.lines().next()?).into_owned();
    Some(line.replace(" -> ", &format!(" {} ", canvas.glyph(Glyph::Arrow))))
}

/// The side column as one line, for narrow windows: what is selected, then keys and names.
pub(super) fn line(state: &State, open: &OpenProject, label: &LabelState, canvas: &mut Canvas, at: Rect) {
    let chosen = given(state, open, label);
    let mut x = 0;
    if let Some(text) = super::boxes::in_line(state) {
        x += canvas.text(at, &text, canvas.style(Role::Accent)) + 2;
    }
    let rest = |x: u16| Rect { x: at.x + x.min(at.width), width: at.width.saturating_sub(x), ..at };
    if let Some(text) = super::boxes::attributes_in_line(state, canvas, rest(x).width / 2) {
        x += canvas.text(rest(x), &text, canvas.style(Role::Accent)) + 2;
    }
    if let Some(text) = label.sample().and_then(|s| said(&s.notes, canvas)) {
        x += canvas.text(rest(x), &text, canvas.style(Role::Warning)) + 2;
    }
    classes_in_line(open, &chosen, canvas, rest(x));
}

/// Keys and names of as many classes as there is room for; a given class is among them.
fn classes_in_line(open: &OpenProject, chosen: &[ClassId], canvas: &mut Canvas, at: Rect) {
    let classes: Vec<&LabelClass> = open.project.labels.live().collect();
    let needed = |class: &LabelClass| width(&class.hotkey) + width(&printable(&class.name)) + 3;
    let given = classes.iter().position(|class| chosen.contains(&class.id)).unwrap_or(0);
    let before = classes.iter().take(given + 1).fold(0_u16, |sum, class| sum.saturating_add(needed(class) + 2));
    let first = if before > at.width.saturating_add(2) { given } else { 0 };
    let mut x = 0;
    for class in classes.iter().skip(first) {
        if x + needed(class) > at.width {
            break;
        }
        let on = chosen.contains(&class.id);
        let style = canvas.style(if on { Role::Selected } else { Role::Text });
        let mark = if on { canvas.glyph(Glyph::Selected) } else { String::new() };
        let rest = Rect { x: at.x + x, width: at.width - x, ..at };
        let (key, name) = (canvas.style(Role::Key), printable(&class.name).into_owned());
        x += canvas.pieces(rest, &[(&class.hotkey, key), (" ", style), (&mark, style), (&name, style)]) + 2;
    }
}
