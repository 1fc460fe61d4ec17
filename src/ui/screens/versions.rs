//! The Versions screen: the present state and the snapshots above, what differs between the marked ones below.

use super::lake::wrapped;
use crate::app::effect::VersionRef;
use crate::app::screens::versions::restoring::part;
use crate::app::screens::versions::{Compared, Comparison, SHOWN_MS, STOPPABLE_MS, VersionsState};
use crate::app::state::State;
use crate::domain::difference::Kind;
use crate::domain::sample::Status;
use crate::domain::text::printable;
use crate::ops::report::versions::{Differences, ObjectSums};
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, number, width};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// From this width on the pairs of answers stand beside the kinds, else below them.
const BESIDE: u16 = 76;
/// From this width on a row says who.
const PEOPLE: u16 = 64;
/// From this width on a row says when; below it the line at the bottom does, of the row under the cursor.
const TIMES: u16 = 52;

/// Draws the screen.
pub fn render(state: &State, versions: &VersionsState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let title = state.project.as_ref().map_or(String::new(), |p| chrome::project_title(&p.project));
    let count = match versions.snapshots.as_ref().filter(|_| versions.problem.is_none()).map(Vec::len) {
        None | Some(0) => String::new(),
        Some(1) => "1 snapshot".to_owned(),
        Some(n) => format!("{} snapshots", number(n as u64)),
    };
    chrome::header(canvas, frame.header, &title, "versions", &count);
    match (&versions.problem, &versions.snapshots) {
        (Some(why), _) => {
            wrapped(canvas, frame.body, why, Role::Warning);
        }
        (None, None) => {
            wrapped(canvas, frame.body, "loading", Role::Muted);
        }
        (None, Some(_)) => body(state, versions, canvas, frame.body),
    }
    status(versions, canvas, frame.status);
    chrome::hints(state, canvas, frame.hints);
}

fn body(state: &State, versions: &VersionsState, canvas: &mut Canvas, at: Rect) {
    let rows = versions.rows();
    let most = if versions.compared.is_some() { (at.height / 2).max(2) } else { at.height };
    let height = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX).min(most);
    list(state, versions, &rows, canvas, Rect { height, ..at });
    let below = Rect { y: at.y + height + 1, height: at.height.saturating_sub(height + 1), ..at };
    match &versions.compared {
        Some(compared) => comparison(state, compared, canvas, below),
        None => {
            let text = match rows.len() {
                0 | 1 => {
                    "No snapshot yet: [versions.take] gives the present state a name, so that what comes later can be \
                     compared with it and taken back."
                }
                _ => "[versions.open] says what differs from the present state; [versions.mark] marks two to compare.",
            };
            wrapped(canvas, below, &state.with_keys(text), Role::Muted);
        }
    }
}

/// The columns of a row: mark, name, when, who, how many.
struct Columns {
    name: Rect,
    when: Rect,
    who: Rect,
    count: Rect,
}

fn columns(line: Rect) -> Columns {
    let count = if line.width >= TIMES { 19 } else { 15.min(line.width / 2) };
    let when = if line.width >= TIMES { 16 } else { 0 };
    let who = if line.width >= PEOPLE { 14 } else { 0 };
    let gap = |of: u16| if of > 0 { of + 2 } else { 0 };
    let name = line.width.saturating_sub(2 + gap(count) + gap(when) + gap(who));
    let at = |x: u16, width: u16| Rect { x: line.x + x, width: width.min(line.width.saturating_sub(x)), ..line };
    Columns {
        name: at(2, name),
        when: at(name + 4, when),
        who: at(name + 4 + gap(when), who),
        count: at(line.width.saturating_sub(count), count),
    }
}

fn list(state: &State, versions: &VersionsState, rows: &[VersionRef], canvas: &mut Canvas, at: Rect) {
    let muted = canvas.style(Role::Muted);
    let head = columns(Rect { height: 1, ..at });
    canvas.text(head.name, "state", muted);
    canvas.text(head.when, "when", muted);
    canvas.text(head.who, "who", muted);
    canvas.right(head.count, "labeled / all", muted);
    let height = usize::from(at.height.saturating_sub(1));
    let top = versions.cursor.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (i, row) in rows.iter().enumerate().skip(top).take(height) {
        let line = Rect { y: at.y + 1 + u16::try_from(i - top).unwrap_or(0), height: 1, ..at };
        draw_row(state, versions, (i, row), canvas, line);
        if i == versions.cursor {
            canvas
                .paint(Rect { x: line.x.saturating_sub(1), width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
    }
}

fn draw_row(state: &State, versions: &VersionsState, (i, row): (usize, &VersionRef), canvas: &mut Canvas, line: Rect) {
    let at = columns(line);
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    if versions.marked.contains(row) {
        let mark = canvas.glyph(Glyph::Marked);
        canvas.text(Rect { width: 1, ..line }, &mark, canvas.style(Role::Accent));
    }
    let snapshot = i.checked_sub(1).and_then(|i| versions.snapshots.as_ref()?.get(i));
    let (labeled, samples) = match (snapshot, &state.project) {
        (Some(s), _) => (s.labeled, s.samples),
        (None, Some(open)) => (open.counts.of(Status::Labeled), open.counts.samples()),
        (None, None) => (0, 0),
    };
    canvas.text(at.name, &printable(row.name()), if snapshot.is_some() { text } else { canvas.style(Role::Accent) });
    canvas.right(at.count, &format!("{} / {}", number(labeled), number(samples)), text);
    if let Some(s) = snapshot {
        canvas.text(at.when, &ago(state.now, s.at), muted);
        canvas.text(at.who, &printable(&s.author), muted);
    }
}

/// `before-cleanup → now   214 pictures differ`, the kinds with their counts, the answers that most often became others.
fn comparison(state: &State, compared: &Comparison, canvas: &mut Canvas, at: Rect) {
    if at.height == 0 {
        return;
    }
    let (title, plain, muted) = (canvas.style(Role::Title), canvas.style(Role::Text), canvas.style(Role::Muted));
    let arrow = canvas.glyph(Glyph::Arrow);
    let names = format!("{} {arrow} {}", printable(compared.from.name()), printable(compared.to.name()));
    let waited = state.clock.saturating_sub(compared.since);
    let told = match &compared.result {
        Compared::Running(_) if waited < SHOWN_MS => String::new(),
        Compared::Running(0) => "comparing".to_owned(),
        Compared::Running(done) => format!("comparing, {} edited pictures so far", number(*done)),
        Compared::Failed(_) => "could not be compared".to_owned(),
        Compared::Done(found) => match found.all() {
            0 => "nothing differs".to_owned(),
            1 => "1 picture differs".to_owned(),
            n => format!("{} pictures differ", number(n)),
        },
    };
    let line = Rect { height: 1, ..at };
    let room = Rect { width: line.width.saturating_sub(width(&told) + 3), ..line };
    let used = canvas.text(room, &names, title);
    canvas.text(Rect { x: line.x + used + 3, width: line.width.saturating_sub(used + 3), ..line }, &told, plain);
    let below = Rect { y: at.y + 1, height: at.height - 1, ..at };
    match &compared.result {
        Compared::Done(found) => difference(found, canvas, below),
        Compared::Failed(why) => {
            wrapped(canvas, below, why, Role::Danger);
        }
        Compared::Running(_) if waited >= STOPPABLE_MS => {
            canvas.text(Rect { height: 1, ..below }, &state.with_keys("[app.back] stops it"), muted);
        }
        Compared::Running(_) => {}
    }
}

fn difference(found: &Differences, canvas: &mut Canvas, at: Rect) {
    let kinds = found.kinds();
    let flips = found.flips();
    let beside = at.width >= BESIDE && !flips.is_empty();
    let left = if beside { Rect { width: at.width / 2 - 1, ..at } } else { at };
    let mut y = at.y;
    for (kind, n) in &kinds {
        if y >= at.bottom() {
            return;
        }
        let detail = if *kind == Kind::Boxes { objects(found.objects) } else { String::new() };
        y += counted(canvas, Rect { y, height: at.bottom() - y, ..left }, *n, part(*kind), &detail);
    }
    let right = if beside { Rect { x: at.x + at.width / 2 + 1, width: at.width - at.width / 2 - 1, ..at } } else { at };
    let mut y = if beside { at.y } else { y + 1 };
    let arrow = canvas.glyph(Glyph::Arrow);
    for (was, is, n) in flips {
        if y >= at.bottom() {
            return;
        }
        let text = format!("{} {arrow} {}", printable(was), printable(is));
        y += counted(canvas, Rect { y, height: 1, ..right }, n, &text, "");
    }
}

/// A line `     214   another class`, with more about it on the next one. Returns the lines used.
fn counted(canvas: &mut Canvas, at: Rect, n: u64, what: &str, detail: &str) -> u16 {
    let line = Rect { height: 1, ..at };
    canvas.right(Rect { width: 9.min(line.width), ..line }, &number(n), canvas.style(Role::Accent));
    let rest = Rect { x: line.x + 11, width: line.width.saturating_sub(11), ..line };
    canvas.text(rest, what, canvas.style(Role::Text));
    if detail.is_empty() || at.height < 2 {
        return 1;
    }
    canvas.text(Rect { y: rest.y + 1, ..rest }, detail, canvas.style(Role::Muted));
    2
}

/// `12 new, 4 gone, 60 moved`.
fn objects(sums: ObjectSums) -> String {
    let parts = [(sums.added, "new"), (sums.removed, "gone"), (sums.relabelled, "relabelled"), (sums.moved, "moved")];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", number(*n)));
    parts.collect::<Vec<_>>().join(", ")
}

/// When exactly, by whom and why, of the snapshot under the cursor.
fn status(versions: &VersionsState, canvas: &mut Canvas, at: Rect) {
    let Some(snapshot) = versions.snapshot() else { return };
    let when = format!("{} by {}", snapshot.at.strftime("%Y-%m-%d %H:%M:%SZ"), printable(&snapshot.author));
    let used = canvas.right(at, &when, canvas.style(Role::Muted));
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    canvas.text(room, &printable(&snapshot.message), canvas.style(Role::Text));
}
