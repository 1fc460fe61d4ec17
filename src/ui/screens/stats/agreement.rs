//! How well first and second answers agree, in words, and the list of those that differ.

use crate::app::screens::stats::StatsState;
use crate::app::state::State;
use crate::domain::agreement::Kappa;
use crate::domain::project::Task;
use crate::domain::text::printable;
use crate::ops::report::review::{AgreementReport, Disagreement};
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, cut, cut_path, number, width as text_width};
use crate::ui::screens::lake::wrapped;
use ratatui::layout::Rect;

/// Draws the view.
pub(super) fn render(state: &State, stats: &StatsState, canvas: &mut Canvas, at: Rect) {
    let Some(report) = &stats.agreement else {
        let text = stats.problem.as_deref().unwrap_or("comparing");
        wrapped(canvas, at, &printable(text), Role::Muted);
        return;
    };
    let Some(kappa) = report.kappa.filter(|k| k.n > 0) else {
        return nothing(state, canvas, at);
    };
    let text = Rect { width: at.width.min(76), ..at };
    if at.width < 60 {
        let list = Rect { y: at.y + 3, height: at.height.saturating_sub(3), ..at };
        short(&kappa, agrees(state), canvas, text);
        let boxes =
            boxes_words(report).map_or(0, |words| wrapped(canvas, Rect { y: at.y + 2, ..text }, &words, Role::Text));
        differing(
            state,
            stats,
            report,
            canvas,
            Rect { y: list.y + boxes, height: list.height.saturating_sub(boxes), ..list },
        );
        return;
    }
    let mut used = wrapped(canvas, text, &state.with_keys(&agree_words(&kappa, agrees(state))), Role::Text);
    let below = |used: u16| Rect { y: at.y + used, height: at.height.saturating_sub(used), ..text };
    used += wrapped(canvas, below(used), &kappa_words(&kappa), Role::Text);
    if let Some(words) = boxes_words(report) {
        used += wrapped(canvas, below(used), &words, Role::Text);
    }
    if at.height >= 14 {
        used += wrapped(canvas, below(used), "1 is perfect agreement, 0 what chance alone would give.", Role::Muted);
    }
    let list = Rect { y: at.y + used + 1, height: at.height.saturating_sub(used + 1), ..at };
    differing(state, stats, report, canvas, list);
}

/// What to do while there is nothing to compare.
pub(super) fn nothing(state: &State, canvas: &mut Canvas, at: Rect) {
    let text = "No picture has been answered twice yet. [review.second-pass] draws some of the labelled pictures at random, to be \
                answered again without a sight of the first answer; then this says how far both agree.";
    wrapped(canvas, Rect { width: at.width.min(76), ..at }, &state.with_keys(text), Role::Text);
}

/// The same in two short lines, for narrow windows.
fn short(k: &Kappa, verb: Verb, canvas: &mut Canvas, at: Rect) {
    let agree = (k.observed * k.n as f64).round() as u64;
    let style = canvas.style(Role::Text);
    let text = format!("{} of {} {}, {:.0} %", number(agree), number(k.n), verb.of(agree), k.observed * 100.0);
    canvas.text(at, &text, style);
    let kappa = match (k.kappa, k.interval) {
        (Some(kappa), Some((low, high))) => format!("kappa {kappa:.2}, 95 % {low:.2} to {high:.2}"),
        (Some(kappa), None) => format!("kappa {kappa:.2}, of one pair"),
        (None, _) => "kappa is not defined".to_owned(),
    };
    canvas.text(Rect { y: at.y + 1, height: at.height.saturating_sub(1), ..at }, &kappa, style);
}

/// What two answers do that count as the same here. Where shapes are asked for, only classes are compared on this view.
#[derive(Clone, Copy)]
enum Verb {
    Agree,
    NameTheSame,
}

impl Verb {
    fn of(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Agree, 1) => "agrees",
            (Self::Agree, _) => "agree",
            (Self::NameTheSame, 1) => "names the same classes",
            (Self::NameTheSame, _) => "name the same classes",
        }
    }
}

fn agrees(state: &State) -> Verb {
    let task = state.project.as_ref().map(|open| open.project.task);
    if matches!(task, Some(Task::Detection | Task::Segmentation)) { Verb::NameTheSame } else { Verb::Agree }
}

fn agree_words(k: &Kappa, verb: Verb) -> String {
    let agree = (k.observed * k.n as f64).round() as u64;
    let (of, share) = (number(k.n), k.observed * 100.0);
    let words = format!("Of {of} pictures answered twice, {} {} ({share:.0} %).", number(agree), verb.of(agree));
    match verb {
        Verb::Agree => words,
        Verb::NameTheSame => format!("{words} Where boxes differ: [go.differences]."),
    }
}

fn kappa_words(k: &Kappa) -> String {
    match (k.kappa, k.interval) {
        (Some(kappa), Some((low, high))) => {
            format!("Cohen's kappa is {kappa:.2}; with 95 % confidence it lies between {low:.2} and {high:.2}.")
        }
        (Some(kappa), None) => format!("Cohen's kappa is {kappa:.2}; one pair tells little."),
        (None, _) => "Cohen's kappa is not defined: every answer is the same.".to_owned(),
    }
}

/// How well the boxes of both lie on each other, in a line; nothing where there are none.
fn boxes_words(report: &AgreementReport) -> Option<String> {
    let study = report.study.as_ref()?;
    let boxes = study.all.boxes.as_ref()?;
    let overlap = boxes.iou.value.map(|iou| format!("overlap {iou:.2}, "));
    Some(format!("Boxes: {}F1 {:.2} at {:.2}.", overlap.unwrap_or_default(), boxes.f1.value?, study.threshold))
}

/// Columns of the list: the picture, the first answer, the second answer, and when.
fn columns(width: u16, path: u16) -> [u16; 4] {
    match width {
        0..60 => [width - 2 * (width / 3), width / 3, width / 3, 0],
        _ => {
            // What a short path leaves is for the answers, which end with who gave them.
            let left = (width - 14).saturating_sub(path.saturating_add(2)) / 2;
            let answer = ((width - 14) / 4).max(left).min(24);
            [(width - 14 - 2 * answer).min(60), answer, answer, 14]
        }
    }
}

fn differing(state: &State, stats: &StatsState, report: &AgreementReport, canvas: &mut Canvas, at: Rect) {
    if at.height < 2 {
        return;
    }
    if report.differ.is_empty() {
        wrapped(canvas, at, "No two answers differ.", Role::Muted);
        return;
    }
    let path = report.differ.iter().map(|pair| text_width(&printable(&pair.path))).max().unwrap_or(0);
    let widths = columns(at.width.saturating_sub(1), path);
    let muted = canvas.style(Role::Muted);
    let head = ["differ", "first", "second", "when"].map(str::to_owned);
    cells(canvas, Rect { x: at.x + 1, height: 1, ..at }, &widths, &head, [muted; 4]);
    let rows = usize::from(at.height - 1);
    let top = stats.cursor.saturating_sub(rows / 2).min(report.differ.len().saturating_sub(rows));
    for (i, pair) in report.differ.iter().enumerate().skip(top).take(rows) {
        let y = at.y + 1 + u16::try_from(i - top).unwrap_or(0);
        let line = Rect { x: at.x + 1, y, width: at.width.saturating_sub(1), height: 1 };
        draw_pair(state, pair, &widths, canvas, line);
        if i == stats.cursor {
            canvas.paint(Rect { x: at.x, width: at.width, ..line }, canvas.style(Role::Cursor));
        }
    }
}

fn draw_pair(state: &State, pair: &Disagreement, widths: &[u16; 4], canvas: &mut Canvas, line: Rect) {
    let ellipsis = canvas.glyph(Glyph::Ellipsis);
    let path = cut_path(&printable(&pair.path), widths[0].saturating_sub(2), &ellipsis);
    let same = pair.first_by == pair.second_by;
    let with = |answer: &str, by: &str, columns: u16| {
        let text = if same { answer.to_owned() } else { format!("{answer}, {by}") };
        cut(&printable(&text), columns.saturating_sub(2), &ellipsis)
    };
    let first = with(&pair.first, &pair.first_by, widths[1]);
    let second = with(&pair.second, &pair.second_by, widths[2]);
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    cells(canvas, line, widths, &[path, first, second, ago(state.now, pair.at)], [text, text, text, muted]);
}

fn cells(canvas: &mut Canvas, line: Rect, widths: &[u16; 4], texts: &[String; 4], styles: [ratatui::style::Style; 4]) {
    let mut x = line.x;
    for ((width, text), style) in widths.iter().zip(texts).zip(styles) {
        canvas.text(Rect { x, width: *width, ..line }, text, style);
        x += width;
    }
}
