//! The side column of the Review screen: the answer, who gave it, what the model says, verdicts, earlier answers, classes.

use crate::app::event::HistoryLine;
use crate::app::screens::review::verdict::verdicts;
use crate::app::screens::review::{ReviewState, key_of};
use crate::app::state::{OpenProject, State};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Origin};
use crate::domain::ids::ClassId;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Sample, Status};
use crate::domain::text::printable;
use crate::domain::trace;
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, width};
use crate::ui::screens::label::side::{remarks, said, window_of};
use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Lines of the column, written from the top until it is full.
struct Column<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    at: Rect,
    y: u16,
}

impl Column<'_, '_> {
    fn pieces(&mut self, pieces: &[(&str, Style)]) {
        if self.y < self.at.height {
            self.canvas.pieces(Rect { y: self.at.y + self.y, height: 1, ..self.at }, pieces);
        }
        self.y += 1;
    }

    fn text(&mut self, text: &str, role: Role) {
        let style = self.canvas.style(role);
        self.pieces(&[(text, style)]);
    }

    /// A free line, and a title in it if the rest needs one.
    fn section(&mut self, title: &str) {
        self.y += 1;
        self.text(title, Role::Muted);
    }
}

/// Draws the column.
pub(super) fn column(state: &State, open: &OpenProject, review: &ReviewState, canvas: &mut Canvas, at: Rect) {
    let Some(sample) = review.label.sample() else { return };
    let labels = &open.project.labels;
    let mut column = Column { canvas, at, y: 0 };
    answer(state, labels, review, sample, &mut column);
    model(labels, sample, &mut column);
    let rows = remarks(&sample.notes, column.canvas);
    column.y += u16::from(!rows.is_empty());
    rows.iter().for_each(|(text, role)| column.text(text, *role));
    if !sample.reviews.is_empty() {
        column.section("verdicts");
        let mut reviews: Vec<&Review> = sample.reviews.iter().collect();
        reviews.sort_by_key(|r| std::cmp::Reverse(r.at));
        reviews.into_iter().for_each(|r| verdict(state.now, r, sample, &mut column));
    }
    changes(state.now, labels, &review.history, &mut column);
    classes(state, labels, review, sample, &mut column);
}

fn answer(state: &State, labels: &LabelSet, review: &ReviewState, sample: &Sample, column: &mut Column) {
    if let Some(flash) = &review.label.flash {
        let text = format!("{} {}", column.canvas.glyph(Glyph::Saved), printable(&flash.text));
        column.text(&text, Role::Flash);
    } else {
        column.y += 1;
    }
    let (mark, style) = class_mark(labels, &sample.answer, column.canvas);
    let title = column.canvas.style(Role::Title);
    let words = printable(&sample.answer.summary(labels)).into_owned();
    column.pieces(&[(&mark, style), (" ", title), (&words, title)]);
    if let Some(giver) = giver(sample, &review.history) {
        let who = printable(&giver.who);
        let (by, when) = (format!("  {} {who}", giver.word()), ago(state.now, giver.at));
        let both = format!("{by}, {when}");
        if width(&both) <= column.at.width {
            column.text(&both, Role::Muted);
        } else {
            [by, format!("  {when}")].iter().for_each(|line| column.text(line, Role::Muted));
        }
        if giver.is(&state.user) {
            column.text("  your own answer", Role::Muted);
        }
    }
    if sample.answer.flagged || sample.answer.unsure {
        let marks = [(sample.answer.flagged, Glyph::Flag, "flagged"), (sample.answer.unsure, Glyph::Unsure, "unsure")];
        let words: Vec<String> =
            marks.iter().filter(|m| m.0).map(|(_, g, word)| format!("{} {word}", column.canvas.glyph(*g))).collect();
        column.text(&words.join("   "), Role::Warning);
    }
}

/// Colour and shape of the answer's class; the mark of its status where it has none.
fn class_mark(labels: &LabelSet, answer: &Answer, canvas: &Canvas) -> (String, Style) {
    match answer.classes(labels).first().and_then(|c| labels.get(*c)) {
        Some(class) => {
            let (style, shape) = canvas.palette.class(usize::from(class.colour));
            (shape.to_owned(), style)
        }
        None if answer.status == Status::Skipped => (canvas.glyph(Glyph::Skipped), canvas.style(Role::Muted)),
        None => (canvas.glyph(Glyph::Unlabeled), canvas.style(Role::Muted)),
    }
}

/// Whose the present answer is.
struct Giver {
    who: String,
    at: Timestamp,
    /// It came with an import or a scan, which this person made: it is nobody's own work, and judged like a stranger's.
    imported: bool,
}

impl Giver {
    fn word(&self) -> &'static str {
        if self.imported { "imported by" } else { "by" }
    }

    /// Whether it is this person's own work.
    fn is(&self, user: &str) -> bool {
        !self.imported && self.who == user
    }
}

/// Who gave the present answer, and when: its newest annotation, or the last change where it has none.
fn giver(sample: &Sample, history: &[HistoryLine]) -> Option<Giver> {
    let imported = |line: &&HistoryLine| line.edit.origin == Origin::Import;
    let Some(newest) = sample.answer.annotations.iter().max_by_key(|a| a.at) else {
        let last = history.iter().find(|l| matches!(l.edit.change, Change::Answer { .. }) && !l.undone)?;
        return Some(Giver { who: last.edit.author.clone(), at: last.edit.at, imported: imported(&last) });
    };
    // The annotation as it stands, not what a person made of it since.
    let brought = |line: &HistoryLine| match &line.edit.change {
        Change::Answer { after, .. } => after.annotations.contains(newest),
        _ => false,
    };
    let imported = history.iter().filter(imported).any(brought);
    Some(Giver { who: newest.author.clone(), at: newest.at, imported })
}

fn model(labels: &LabelSet, sample: &Sample, column: &mut Column) {
    let Some(best) = sample.predictions.first() else { return };
    column.y += 1;
    let class = labels.resolve(best.class);
    let name = printable(&labels.name(class)).into_owned();
    let (mark, style) = (column.canvas.glyph(Glyph::Predicted), column.canvas.style(Role::Predicted));
    let (text, muted) = (column.canvas.style(Role::Text), column.canvas.style(Role::Muted));
    let score = format!("  {:.2}", best.score);
    column.pieces(&[(&mark, style), (" ", text), (&name, text), (&score, muted)]);
    if sample.answer.classes(labels).contains(&class) {
        column.text("  the model agrees", Role::Muted);
    } else {
        column.text("  the model differs", Role::Warning);
    }
}

fn verdict(now: Timestamp, review: &Review, sample: &Sample, column: &mut Column) {
    let stale = review.is_stale(sample.rev);
    let (glyph, role) = match review.verdict {
        Verdict::Accepted => (Glyph::Accepted, Role::Success),
        Verdict::Rejected => (Glyph::Rejected, Role::Danger),
    };
    let role = if stale { Role::Muted } else { role };
    let (mark, style, muted) =
        (column.canvas.glyph(glyph), column.canvas.style(role), column.canvas.style(Role::Muted));
    let by = format!(" by {}", printable(&review.reviewer));
    column.pieces(&[(&mark, style), (" ", style), (review.verdict.name(), style), (&by, muted)]);
    if let Some(why) = &review.comment {
        column.text(&format!("  {}", printable(why)), if stale { Role::Muted } else { Role::Text });
    }
    let when = ago(now, review.at);
    match stale {
        false => column.text(&format!("  {when}"), Role::Muted),
        true if column.at.width >= 30 => column.text(&format!("  {when}, edited since"), Role::Muted),
        true => {
            column.text(&format!("  {when}"), Role::Muted);
            column.text("  edited since", Role::Muted);
        }
    }
}

/// What became of earlier answers: `class roses → tulips`, and by whom.
fn changes(now: Timestamp, labels: &LabelSet, history: &[HistoryLine], column: &mut Column) {
    let arrow = column.canvas.glyph(Glyph::Arrow);
    let answered = |a: &Answer| matches!(a.status, Status::Labeled | Status::Skipped);
    let mut first = true;
    for line in history.iter().filter(|l| !l.undone) {
        let Change::Answer { before, after, .. } = &line.edit.change else { continue };
        if !answered(before) {
            continue;
        }
        if std::mem::take(&mut first) {
            column.section("before");
        }
        change_words(labels, before, after, &arrow).iter().for_each(|words| column.text(words, Role::Text));
        column.text(&format!("  by {}, {}", printable(&line.edit.author), ago(now, line.edit.at)), Role::Muted);
    }
}

/// The answer in few words, then what became of its boxes and outlines, then marks; a line each.
fn change_words(labels: &LabelSet, before: &Answer, after: &Answer, arrow: &str) -> Vec<String> {
    let (old, new) = (before.summary(labels), after.summary(labels));
    let classes = !before.classes(labels).is_empty() && !after.classes(labels).is_empty();
    let words = (old != new).then(|| format!("{}{old} → {new}", if classes { "class " } else { "" }));
    let mut lines: Vec<String> = words.into_iter().chain(trace::shapes(before, after, labels)).collect();
    lines.extend(trace::marks(before, after).map(str::to_owned));
    if lines.is_empty() {
        lines.push("answered the same again".to_owned());
    }
    lines.iter().map(|line| printable(line).replace('→', arrow)).collect()
}

/// The classes with the keys that give them here, as many as there is room for.
fn classes(state: &State, labels: &LabelSet, review: &ReviewState, sample: &Sample, column: &mut Column) {
    let live: Vec<_> = labels.live().collect();
    let room = usize::from(column.at.height.saturating_sub(column.y + 2));
    if room == 0 || live.is_empty() {
        return;
    }
    column.section("fix");
    let given: Vec<ClassId> = review.label.draft.clone().unwrap_or_else(|| sample.answer.classes(labels));
    let shown = if live.len() > room { room.saturating_sub(1) } else { live.len() };
    let top = window_of(&live, &given, shown);
    for class in live.iter().skip(top).take(shown) {
        let on = given.contains(&class.id);
        let (style, shape) = column.canvas.palette.class(usize::from(class.colour));
        let mark = shape.to_owned();
        let key = format!("{:<2}", key_of(state, class).unwrap_or_default());
        let bar = if on { column.canvas.glyph(Glyph::Given) } else { " ".to_owned() };
        let name = printable(&class.name).into_owned();
        let text = column.canvas.style(if on { Role::Selected } else { Role::Text });
        let key_style = column.canvas.style(Role::Key);
        column.pieces(&[(&key, key_style), (&bar, text), (&mark, style), (" ", text), (&name, text)]);
    }
    if shown < live.len() {
        let text = format!("{} more; [review.find-class] finds one", live.len() - shown);
        column.text(&state.with_keys(&text), Role::Muted);
    }
    if review.label.draft.is_some() {
        column.text("toggled; Enter gives them and accepts", Role::Warning);
    }
}

/// The column as one line, for narrow windows: the answer, by whom, and what speaks against it.
pub(super) fn line(state: &State, open: &OpenProject, review: &ReviewState, canvas: &mut Canvas, at: Rect) {
    let Some(sample) = review.label.sample() else { return };
    let labels = &open.project.labels;
    let (mark, style) = class_mark(labels, &sample.answer, canvas);
    let (title, muted, warn) = (canvas.style(Role::Title), canvas.style(Role::Muted), canvas.style(Role::Warning));
    let words = printable(&sample.answer.summary(labels)).into_owned();
    let by = giver(sample, &review.history).map(|giver| match giver.is(&state.user) {
        true => "  your own".to_owned(),
        false => format!("  {} {}, {}", giver.word(), printable(&giver.who), ago(state.now, giver.at)),
    });
    let best = sample.predictions.first().map(|p| labels.resolve(p.class));
    let against = best.filter(|c| !sample.answer.classes(labels).contains(c));
    let against = against.map(|c| format!("{} {}", canvas.glyph(Glyph::Predicted), printable(&labels.name(c))));
    let against = said(&sample.notes, canvas).or(against);
    let verdict = match (&against, verdicts(sample)) {
        (Some(text), _) => text.clone(),
        (None, Some(verdicts)) => verdicts.name().to_owned(),
        (None, None) => String::new(),
    };
    let used = canvas.right(at, &verdict, if against.is_some() { warn } else { muted });
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    canvas.pieces(room, &[(&mark, style), (" ", title), (&words, title), (&by.unwrap_or_default(), muted)]);
}
