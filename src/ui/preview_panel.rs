//! The panel `:preview`: why pictures take as long as they do. It lies beside the picture and takes no keys.
//!
//! What is not known has no row. Where the window is too low, the rows that explain least are left out.

use super::canvas::{Canvas, bytes, width};
use super::chrome;
use super::screens::lake::wrapped;
use crate::app::preview_report::{CacheReport, Closeness, LinkReport, PictureReport, PreviewReport};
use crate::app::state::State;
use crate::domain::text::printable;
use crate::term::caps::{Caps, Protocol};
use crate::theme::Role;
use ratatui::layout::Rect;
use std::time::Duration;

/// Columns of the panel: as wide as the side column in wide windows, so that it covers no picture there.
const WIDTH: u16 = 36;
/// Columns of the panel in narrow windows.
const WIDTH_NARROW: u16 = 44;
/// Columns of the names.
const NAMES: u16 = 13;
/// Columns of the numbers.
const NUMBERS: u16 = 6;
/// Waiting longer than this for something is worth a word.
const LONG: Duration = Duration::from_millis(100);

/// A row: a name, and a number with its unit or a text. Rows of high rank are left out first.
struct Row {
    rank: u8,
    name: String,
    number: String,
    text: String,
    role: Role,
}

impl Row {
    fn text(rank: u8, name: &str, text: impl Into<String>) -> Self {
        let (name, text) = (name.to_owned(), text.into());
        Self { rank, name, number: String::new(), text, role: Role::Popup }
    }

    /// `value` begins with a number and a space.
    fn number(rank: u8, name: &str, value: &str) -> Self {
        let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
        Self { number: number.to_owned(), ..Self::text(rank, name, unit) }
    }

    fn gap(rank: u8) -> Self {
        Self::text(rank, "", "")
    }
}

/// Draws the panel, if it is open.
pub fn render(state: &State, canvas: &mut Canvas, area: Rect) {
    if !state.preview.open {
        return;
    }
    let body = chrome::frame(area).body;
    let w = if area.width >= 100 { WIDTH } else { WIDTH_NARROW.min(area.width) };
    let hint = state.with_keys(&hint(state));
    let inner_width = w.saturating_sub(2);
    let hint_rows = lines(&hint, inner_width);
    let mut rows = wrapped_rows(rows(state), inner_width.saturating_sub(NAMES));
    let room = usize::from(body.height.saturating_sub(hint_rows + 2));
    while rows.len() > room {
        let Some(worst) = (0..rows.len()).rev().max_by_key(|i| rows[*i].rank) else { break };
        rows.remove(worst);
    }
    let h = u16::try_from(rows.len()).unwrap_or(0) + hint_rows + 2;
    let at = Rect { x: area.right().saturating_sub(w), y: body.y, width: w, height: h };
    canvas.cover(at, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 1, width: inner_width, height: 1, ..at };
    canvas.text(inner, "preview", canvas.style(Role::PopupTitle));
    canvas.right(inner, &state.with_keys("[app.back] closes"), canvas.style(Role::Muted));
    for (y, row) in (1..).zip(&rows) {
        draw(canvas, Rect { y: inner.y + y, ..inner }, row);
    }
    let foot = Rect { y: at.bottom() - hint_rows, height: hint_rows, ..inner };
    wrapped(canvas, foot, &hint, Role::Accent);
}

fn draw(canvas: &mut Canvas, line: Rect, row: &Row) {
    canvas.text(Rect { width: NAMES, ..line }, &row.name, canvas.style(Role::Muted));
    let rest = Rect { x: line.x + NAMES, width: line.width.saturating_sub(NAMES), ..line };
    let style = canvas.style(row.role);
    if row.number.is_empty() {
        canvas.text(rest, &row.text, style);
        return;
    }
    canvas.right(Rect { width: NUMBERS.min(rest.width), ..rest }, &row.number, style);
    let after = NUMBERS + 1;
    let rest = Rect { x: rest.x + after, width: rest.width.saturating_sub(after), ..rest };
    // What comes after a comma is said where there is room.
    let short = row.text.split(", ").next().filter(|_| width(&row.text) > rest.width);
    canvas.text(rest, short.unwrap_or(&row.text), style);
}

/// Lines that a text takes when it is broken at spaces.
fn lines(text: &str, columns: u16) -> u16 {
    let mut used = 0;
    let mut lines = 1;
    for word in text.split(' ') {
        let needed = width(word);
        if used > 0 && used + 1 + needed > columns {
            (used, lines) = (0, lines + 1);
        }
        used += needed + u16::from(used > 0);
    }
    lines
}

/// Breaks texts that are wider than their column over several rows.
fn wrapped_rows(rows: Vec<Row>, columns: u16) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        if !row.number.is_empty() || width(&row.text) <= columns {
            out.push(row);
            continue;
        }
        let mut line = Row { text: String::new(), ..row };
        for word in row.text.split(' ') {
            if !line.text.is_empty() && width(&line.text) + 1 + width(word) > columns {
                let next = Row { role: line.role, ..Row::text(line.rank, "", "") };
                out.push(std::mem::replace(&mut line, next));
            }
            if !line.text.is_empty() {
                line.text.push(' ');
            }
            line.text.push_str(word);
        }
        out.push(line);
    }
    out
}

fn rows(state: &State) -> Vec<Row> {
    let none = PreviewReport::default();
    let report = state.preview.report.as_deref().unwrap_or(&none);
    let mut rows = vec![Row::gap(9), Row::text(1, "pictures", protocol(&state.caps))];
    rows.extend(why(&state.caps).map(|why| Row::text(4, "because", why)));
    if let Some(how) = &state.preview.lowered {
        rows.push(Row { role: Role::Warning, ..Row::text(1, "now as", printable(how)) });
    }
    let (w, h) = state.caps.cell;
    rows.push(Row::text(8, "cell", format!("{w} x {h} pixels")));
    rows.extend(report.closeness.map(|c| Row::text(3, "shown", closeness(c))));
    let link = report.link.as_ref().map(link).unwrap_or_default();
    if !link.is_empty() || state.preview.silent {
        rows.push(Row::gap(9));
    }
    rows.extend(link);
    if state.preview.silent {
        rows.push(Row { role: Role::Warning, ..Row::text(1, "terminal", "does not answer") });
    }
    rows.extend(report.last.as_ref().map(last).unwrap_or_default());
    if let Some(keys) = report.keys {
        rows.push(Row::gap(9));
        rows.push(Row::number(2, "key to seen", &format!("{} half of {}", time(keys.p50), keys.count)));
        rows.push(Row::number(5, "", &format!("{} nine of ten", time(keys.p90))));
    }
    rows.extend(caches(report));
    rows
}

fn link(link: &LinkReport) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(link.round_trip.map(|t| Row::number(2, "round trip", &time(t))));
    rows.extend(link.bandwidth.map(|b| Row::number(2, "bandwidth", &format!("{}/s", bytes(b)))));
    let way = format!("{} of {}", bytes(link.unacknowledged), bytes(link.credit));
    rows.push(Row::number(5, "on the way", &way));
    rows.push(Row::number(6, "waiting", &bytes(link.waiting)));
    rows
}

fn last(last: &PictureReport) -> Vec<Row> {
    let at = match last.closeness {
        Closeness::First => "first paint",
        Closeness::Good => "good",
        Closeness::Exact => "exact",
    };
    let mut rows = vec![
        Row::gap(9),
        Row::number(3, "last picture", &format!("{} {at}", bytes(last.bytes))),
        Row::text(8, "", printable(&last.name)),
    ];
    let s = last.stages;
    let stages = [("open", s.open), ("decode", s.decode), ("encode", s.encode), ("sent", s.sent), ("seen", s.seen)];
    // Where there is little room, these two explain most.
    let rank = |name: &str| if matches!(name, "decode" | "sent") { 6 } else { 7 };
    rows.extend(
        stages.iter().filter_map(|(name, t)| Some(Row::number(rank(name), &format!("  {name}"), &time((*t)?)))),
    );
    rows
}

fn caches(report: &PreviewReport) -> Vec<Row> {
    let row = |rank: u8, name: &str, cache: Option<CacheReport>| {
        let cache = cache?;
        let text = format!("{} of {}, {} pictures", bytes(cache.bytes), bytes(cache.quota), cache.pictures);
        Some(Row::number(rank, name, &text))
    };
    let kinds = [(7, "memory", report.memory), (8, "disk", report.disk), (6, "in terminal", report.terminal)];
    let mut rows: Vec<Row> = kinds.iter().filter_map(|(rank, name, cache)| row(*rank, name, *cache)).collect();
    if report.decoding + report.queued > 0 {
        rows.push(Row::number(6, "decoding", &format!("{} and {} wait", report.decoding, report.queued)));
    }
    if !rows.is_empty() {
        rows.insert(0, Row::gap(9));
    }
    rows
}

fn closeness(closeness: Closeness) -> &'static str {
    match closeness {
        Closeness::First => "first paint",
        Closeness::Good => "good, with some loss",
        Closeness::Exact => "exact",
    }
}

/// A time to two figures or so: `2.1 ms`, `41 ms`, `1.2 s`.
fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        ..9.95 => format!("{ms:.1} ms"),
        ..999.5 => format!("{ms:.0} ms"),
        ..9_950.0 => format!("{:.1} s", ms / 1000.0),
        _ => format!("{:.0} s", ms / 1000.0),
    }
}

fn protocol(caps: &Caps) -> String {
    let place = [(caps.tmux, ", in tmux"), (caps.ssh, ", over SSH")];
    caps.protocol.name().to_owned() + &place.iter().filter(|p| p.0).map(|p| p.1).collect::<String>()
}

/// Why pictures are shown that way, as the probe says it: `pictures: NAME (WHY)`.
fn why(caps: &Caps) -> Option<String> {
    let found = caps.findings.iter().find_map(|f| f.strip_prefix("pictures: "))?;
    let (_, why) = found.split_once(" (")?;
    Some(why.trim_end_matches(')').to_owned())
}

/// What can be done, in one sentence, for the worst that is found.
fn hint(state: &State) -> String {
    if state.preview.silent {
        return "The terminal has stopped answering; pictures come again when it does. Nothing is lost.".to_owned();
    }
    match state.caps.protocol {
        Protocol::None => return "Pictures are switched off; `--graphics auto` shows them.".to_owned(),
        Protocol::Ascii | Protocol::Blocks(_) => {
            return "A terminal with Kitty, iTerm2 or sixel graphics shows real pictures; `lakelens doctor` says more."
                .to_owned();
        }
        _ => {}
    }
    let Some(report) = &state.preview.report else { return "Move to another picture to measure.".to_owned() };
    let bandwidth = report.link.as_ref().and_then(|l| l.bandwidth).filter(|b| *b > 0);
    if let Some((bandwidth, exact)) = bandwidth.zip(report.exact_bytes) {
        let takes = Duration::from_secs_f64(exact as f64 / bandwidth as f64);
        if takes > LONG {
            let (rate, takes) = (bytes(bandwidth), time(takes));
            return format!(
                "The link carries {rate}/s: exact pictures take {takes}, they come when nothing happens, or with [view.exact]."
            );
        }
    }
    let stages = report.last.as_ref().map(|l| l.stages).unwrap_or_default();
    let slow = |stage: Option<Duration>| stage.filter(|t| *t > LONG).map(time);
    if let Some(takes) = slow(stages.open) {
        return format!("Reading the file took {takes}: the disk or the network behind it is slow.");
    }
    if let Some(takes) = slow(stages.decode) {
        return format!(
            "Decoding took {takes}; pictures ahead are decoded before you come to them, `prefetch` says how many."
        );
    }
    "Nothing waits: pictures come as fast as the terminal takes them.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lines() {
        let ms = |n: f64| time(Duration::from_secs_f64(n / 1000.0));
        assert_eq!((ms(0.04).as_str(), ms(2.14).as_str(), ms(41.2).as_str()), ("0.0 ms", "2.1 ms", "41 ms"));
        assert_eq!((ms(1_240.0).as_str(), ms(12_300.0).as_str()), ("1.2 s", "12 s"));
        assert_eq!((lines("", 10), lines("one two three", 7), lines("abcdefghijkl", 5)), (1, 2, 1));
    }

    #[test]
    fn the_reason_is_what_the_probe_said() {
        let finding = "pictures: sixel (in its device attributes)".to_owned();
        let caps = Caps { findings: vec!["cell: 1 x 2".to_owned(), finding], ..Caps::default() };
        assert_eq!(why(&caps).as_deref(), Some("in its device attributes"));
        assert_eq!(why(&Caps::default()), None);
    }
}
