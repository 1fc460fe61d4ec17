//! The lines of the overview. Every line of the questions has a name, a number that ends in the same column, and words.

use crate::app::screens::stats::{Row, StatsState};
use crate::app::state::{OpenProject, State};
use crate::domain::class::LabelClass;
use crate::domain::sample::Status;
use crate::domain::text::printable;
use crate::ops::report::{HourCount, PersonReport, StatsReport};
use crate::theme::{Glyph, Role};
use crate::ui::age::{ago, span};
use crate::ui::canvas::{Canvas, number, width};
use ratatui::layout::Rect;

/// Statuses in the order of the bar, with the marks that fill it.
const STATUSES: [(Status, &str, Glyph, Role); 4] = [
    (Status::Labeled, "labeled", Glyph::BarFull, Role::Bar),
    (Status::Skipped, "skipped", Glyph::Skipped, Role::Muted),
    (Status::PreLabeled, "pre-labeled", Glyph::Predicted, Role::Predicted),
    (Status::Unlabeled, "unlabeled", Glyph::BarEmpty, Role::BarEmpty),
];
/// Columns of a name; numbers end [`NUMBER`] columns later.
const NAME: u16 = 14;
/// Columns of a number.
const NUMBER: u16 = 9;

/// Samples that nobody has answered.
pub(super) fn left(report: &StatsReport) -> u64 {
    [Status::Unlabeled, Status::PreLabeled].iter().map(|s| of(report, *s)).sum()
}

fn of(report: &StatsReport, status: Status) -> u64 {
    report.status.get(&status).copied().unwrap_or(0)
}

/// Draws one line.
pub(super) fn draw(state: &State, open: &OpenProject, stats: &StatsState, row: Row, canvas: &mut Canvas, at: Rect) {
    let Some(report) = &stats.report else { return };
    match row {
        Row::Blank => {}
        Row::Title(text) => {
            canvas.text(at, text, canvas.style(Role::Title));
            if text == "classes" && report.classes.len() > 1 {
                canvas.right(at, "samples", canvas.style(Role::Muted));
            }
        }
        Row::Nothing(text) => {
            canvas.text(at, &state.with_keys(text), canvas.style(Role::Placeholder));
        }
        Row::Progress => progress(report, canvas, at),
        Row::Status(i) => status(report, i, canvas, at),
        Row::Left => remaining(report, canvas, at),
        Row::Rate => rate(report, canvas, at),
        Row::Spark => spark(&report.activity, canvas, at),
        Row::Hours => hours(&report.activity, canvas, at),
        Row::Kappa => kappa(state, report, canvas, at),
        Row::Observed => observed(report, canvas, at),
        Row::Verdicts => verdicts(stats, canvas, at),
        Row::Marks => marks(report, stats, canvas, at),
        Row::PeopleHead => people_head(report, canvas, at),
        Row::Person(i) => {
            if let Some(person) = report.people.get(i) {
                draw_person(state, report, person, canvas, at);
            }
        }
        Row::Class(i) => {
            if let Some(class) = open.project.labels.live().nth(i) {
                draw_class(report, i, class, canvas, at);
            }
        }
    }
}

/// Name, number, words: the number ends in the same column on every line.
fn fact(canvas: &mut Canvas, at: Rect, name: &str, value: &str, words: &str) {
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    canvas.text(Rect { width: NAME.min(at.width), ..at }, name, muted);
    let cell = Rect { x: at.x + NAME, width: NUMBER.min(at.width.saturating_sub(NAME)), ..at };
    canvas.right(cell, value, text);
    let used = NAME + NUMBER + 3;
    let room = at.width.saturating_sub(used);
    canvas.text(Rect { x: at.x + used, width: room, ..at }, fitting(words, room), muted);
}

/// As many of the parts between commas as fit, the first one at least.
fn fitting(words: &str, room: u16) -> &str {
    let ends = words.match_indices(", ").map(|(i, _)| i).chain([words.len()]);
    let parts: Vec<&str> = ends.filter_map(|end| words.get(..end)).collect();
    parts.iter().rev().find(|p| width(p) <= room).or(parts.first()).copied().unwrap_or_default()
}

/// All samples as one bar; every part has its own mark, so that it reads without colours.
fn progress(report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let mut reached = 0;
    let mut before = 0;
    for (status, _, glyph, role) in STATUSES {
        reached += of(report, status);
        let to = (reached * u64::from(at.width) + report.samples / 2).checked_div(report.samples).unwrap_or(0);
        let to = u16::try_from(to).unwrap_or(at.width).min(at.width);
        let (mark, style) = (canvas.glyph(glyph), canvas.style(role));
        let part = Rect { x: at.x + before, width: to.saturating_sub(before), ..at };
        canvas.text(part, &mark.repeat(usize::from(part.width)), style);
        before = to.max(before);
    }
}

fn status(report: &StatsReport, i: usize, canvas: &mut Canvas, at: Rect) {
    let Some((status, name, glyph, role)) = STATUSES.get(i).copied() else { return };
    let count = of(report, status);
    let percent = (count * 100).checked_div(report.samples).unwrap_or(0);
    let unit = if i == 0 { " %" } else { "" };
    let (mark, style) = (canvas.glyph(glyph), canvas.style(role));
    fact(canvas, at, &format!("  {name}"), &number(count), &format!("{percent:>3}{unit}"));
    canvas.text(Rect { width: 1, ..at }, &mark, style);
}

fn remaining(report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let left = left(report);
    let words = match (left, report.eta_seconds) {
        (0, _) if report.samples == 0 => "no pictures in this project yet".to_owned(),
        (0, _) => "every picture has an answer".to_owned(),
        (_, Some(seconds)) => format!("{} of work", span(seconds)),
        (_, None) => "two answers tell how long that takes".to_owned(),
    };
    fact(canvas, at, "  left", &number(left), &words);
}

/// Samples per hour of work of all people: their samples over their hours, pauses left out.
fn rate(report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let known = report.people.iter().filter_map(|p| p.per_hour.filter(|r| *r > 0.0).map(|r| (p.samples as f64, r)));
    let (samples, hours) = known.fold((0.0, 0.0), |(s, h), (n, r)| (s + n, h + n / r));
    let value = if hours > 0.0 { number((samples / hours).round() as u64) } else { "-".to_owned() };
    fact(canvas, at, "per hour", &value, "samples in an hour, without pauses");
}

/// Where the sparkline stands, the hours that fit into it, the newest last, and the words after it.
fn spark_parts(activity: &[HourCount], at: Rect) -> (Rect, &[HourCount], String) {
    // In wide windows it begins under the numbers, so that names keep their column.
    let used = if at.width >= 50 { NAME } else { 0 };
    let place = Rect { x: at.x + used, width: at.width - used, ..at };
    let most = activity.iter().map(|h| h.answers).max().unwrap_or(0);
    let words = format!("   most {} in an hour", number(most));
    let fits = usize::from(place.width.saturating_sub(width(&words)));
    let shown = activity.get(activity.len().saturating_sub(fits)..).unwrap_or_default();
    (place, shown, words)
}

fn spark(activity: &[HourCount], canvas: &mut Canvas, at: Rect) {
    let (place, shown, words) = spark_parts(activity, at);
    let most = activity.iter().map(|h| h.answers).max().unwrap_or(0).max(1);
    let eighths = |h: &HourCount| usize::try_from((h.answers * 8).div_ceil(most)).unwrap_or(8);
    let cells: String = shown.iter().map(|h| canvas.palette.spark(eighths(h))).collect();
    if place.x > at.x {
        canvas.text(at, "by hour", canvas.style(Role::Muted));
    }
    let (chart, muted) = (canvas.style(Role::Chart), canvas.style(Role::Muted));
    canvas.pieces(place, &[(&cells, chart), (&words, muted)]);
}

fn hours(activity: &[HourCount], canvas: &mut Canvas, at: Rect) {
    let (place, shown, _) = spark_parts(activity, at);
    let line = Rect { width: u16::try_from(shown.len()).unwrap_or(place.width), ..place };
    let used = canvas.text(line, &format!("{} h ago", shown.len()), canvas.style(Role::Axis));
    if used + 4 <= line.width {
        canvas.right(line, "now", canvas.style(Role::Axis));
    }
}

fn kappa(state: &State, report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let none = state.with_keys("[review.second-pass] draws pictures to answer twice");
    let (value, words) = match report.kappa.filter(|k| k.n > 0) {
        None => ("-".to_owned(), none),
        Some(k) => match (k.kappa, k.interval) {
            (Some(kappa), Some((low, high))) => {
                (format!("{kappa:.2}"), format!("{low:.2} to {high:.2}, with 95 % confidence"))
            }
            (Some(kappa), None) => (format!("{kappa:.2}"), "of one pair, which tells little".to_owned()),
            (None, _) => ("-".to_owned(), "not defined: every answer is the same".to_owned()),
        },
    };
    fact(canvas, at, "kappa", &value, &words);
}

fn observed(report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let Some(k) = report.kappa else { return };
    let agree = (k.observed * k.n as f64).round() as u64;
    fact(canvas, at, "agree", &number(agree), &format!("of {} answered twice", number(k.n)));
}

fn verdicts(stats: &StatsState, canvas: &mut Canvas, at: Rect) {
    let Some(r) = &stats.review else { return };
    let words = format!("{} rejected, {} waiting, {} stale", number(r.rejected), number(r.waiting), number(r.stale));
    fact(canvas, at, "accepted", &number(r.accepted), &words);
}

fn marks(report: &StatsReport, stats: &StatsState, canvas: &mut Canvas, at: Rect) {
    let (flagged, unsure) = stats.review.as_ref().map_or((0, 0), |r| (r.flagged, r.unsure));
    let words = format!("{} flagged, {} verified empty", number(flagged), number(report.empty));
    fact(canvas, at, "unsure", &number(unsure), &words);
}

/// Columns of the table of people: where samples, per hour and last end or begin.
fn person_columns(report: &StatsReport, at: Rect) -> (u16, u16, u16) {
    // The words of the last column take up to 14.
    let longest = report.people.iter().map(|p| width(&printable(&p.user)) + 1).max().unwrap_or(0);
    let name = if at.width >= 50 { longest.clamp(NAME, at.width - 2 * NUMBER - 18) } else { NAME };
    (name, name + NUMBER, name + 2 * NUMBER + 1)
}

fn people_head(report: &StatsReport, canvas: &mut Canvas, at: Rect) {
    let (name, samples, rate) = person_columns(report, at);
    let muted = canvas.style(Role::Muted);
    canvas.right(Rect { x: at.x + name, width: samples - name, ..at }, "samples", muted);
    canvas.right(Rect { x: at.x + samples, width: rate - samples, ..at }, "per hour", muted);
    canvas.text(Rect { x: at.x + rate + 3, width: at.width.saturating_sub(rate + 3), ..at }, "last answer", muted);
}

fn draw_person(state: &State, report: &StatsReport, person: &PersonReport, canvas: &mut Canvas, at: Rect) {
    let (name, samples, rate) = person_columns(report, at);
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    canvas.text(Rect { width: name, ..at }, &printable(&person.user), text);
    canvas.right(Rect { x: at.x + name, width: samples - name, ..at }, &number(person.samples), text);
    let per_hour = person.per_hour.map_or_else(|| "-".to_owned(), |r| number(r.round() as u64));
    canvas.right(Rect { x: at.x + samples, width: rate - samples, ..at }, &per_hour, text);
    let last = person.last.map(|at| ago(state.now, at)).unwrap_or_default();
    canvas.text(Rect { x: at.x + rate + 3, width: at.width.saturating_sub(rate + 3), ..at }, &last, muted);
}

/// Key, mark, name, bar, count: the bar takes what is left.
fn draw_class(report: &StatsReport, i: usize, class: &LabelClass, canvas: &mut Canvas, at: Rect) {
    let count = report.classes.get(i).map_or(0, |c| c.count);
    let most = report.classes.iter().map(|c| c.count).max().unwrap_or(0);
    let longest = report.classes.iter().map(|c| width(&printable(&c.name))).max().unwrap_or(0);
    let name_width = longest.min(at.width / 3).max(8);
    let (colour, shape) = canvas.palette.class(usize::from(class.colour));
    let shape = shape.to_owned();
    canvas.text(Rect { width: 1.min(at.width), ..at }, &shape, colour);
    let name = Rect { x: at.x + 2, width: name_width, ..at };
    canvas.text(name, &printable(&class.name), canvas.style(Role::Text));
    let used = width(&number(most)).max(7);
    canvas.right(at, &number(count), canvas.style(Role::Text));
    let from = 2 + name_width + 2;
    let bar = Rect { x: at.x + from, width: at.width.saturating_sub(from + used + 2), ..at };
    let share = if most == 0 { 0.0 } else { count as f64 / most as f64 };
    canvas.bar(bar, share, colour);
}
