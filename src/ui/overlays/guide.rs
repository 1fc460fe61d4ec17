//! The guideline, above its screen: headings, lists, quotes and code as they are meant, a page at a time.

use crate::app::overlays::guide::{Guide, example, height, rows, width};
use crate::app::picture::{Marks, PictureState};
use crate::app::state::State;
use crate::domain::markdown::{Face, Kind, Line};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::Canvas;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// With so many columns on either side the screen below is seen beside the panel.
const BESIDE: u16 = 24;
/// Where the first of its pictures stands among the places of pictures; see `ui::screens::label`.
const PLACES: u32 = 1 << 10;

/// Draws the panel.
pub(super) fn render(state: &State, canvas: &mut Canvas, area: Rect, guide: &Guide) {
    let inside = u16::try_from(width(state)).unwrap_or(area.width);
    let rows = guide.blocks.as_ref().map(|blocks| rows(state, blocks));
    let count = rows.as_ref().map_or(1, Vec::len);
    let seen = height(state).min(count.max(3));
    let h = u16::try_from(seen).unwrap_or(area.height).saturating_add(4).min(area.height);
    let w = (inside + 4).min(area.width);
    let at = Rect::new(area.x + (area.width - w) / 2, area.y + (area.height - h) / 3, w, h);
    // What little would be left of the screen beside it reads as if it belonged to it.
    let beside = at.x >= BESIDE;
    let cover = if beside { at } else { Rect { x: area.x, width: area.width, ..at } };
    canvas.cover(cover, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 2, width: at.width.saturating_sub(4), height: 1, ..at };
    let top = guide.top.min(count.saturating_sub(seen));
    let right = if count > seen { format!("lines {} to {} of {count}", top + 1, top + seen) } else { String::new() };
    let used = canvas.right(inner, &right, canvas.style(Role::Muted));
    let name = state.project.as_ref().map(|p| printable(&p.project.name).into_owned()).unwrap_or_default();
    let (title, muted) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    let room = Rect { width: inner.width.saturating_sub(used + 2), ..inner };
    canvas.pieces(room, &[("guideline", title), ("  ", muted), (&name, muted)]);
    let body = Rect { y: at.y + 2, ..inner };
    match &rows {
        None => _ = canvas.text(body, "reading", muted),
        Some(rows) => {
            for (i, line) in (0..).zip(rows.iter().skip(top).take(seen)) {
                draw(canvas, Rect { y: body.y + i, ..body }, line);
            }
            let shown: Vec<&Line> = rows.iter().skip(top).take(seen).collect();
            examples(state, canvas, &shown, body);
        }
    }
    let key = canvas.style(Role::Key);
    let mut pieces = vec![("Esc", key), (" back", muted)];
    if count > seen {
        pieces.splice(0..0, [("Space", key), (" on   ", muted), ("j k", key), (" by line   ", muted)]);
    }
    canvas.pieces(Rect { y: at.bottom() - 1, ..inner }, &pieces);
}

/// The pictures among the lines that are seen, each in the rows of it that are. The picture of the screen below waits
/// meanwhile: a terminal cannot show one above another.
fn examples(state: &State, canvas: &mut Canvas, lines: &[&Line], at: Rect) {
    let mut first = true;
    let mut from = 0;
    while let Some(line) = lines.get(from) {
        let Kind::Picture(row) = line.kind else {
            from += 1;
            continue;
        };
        let goes_on = |(i, l): &(usize, &&Line)| l.kind == Kind::Picture(row + i);
        let height = lines.iter().skip(from).enumerate().take_while(goes_on).count();
        let address = line.spans.first().map(|(_, a)| a.as_str()).unwrap_or_default();
        let row = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let place =
            Rect { y: at.y + row(from), height: row(height), x: at.x + 2, width: at.width.saturating_sub(2).min(36) };
        if let Some(picture) = example(state, address) {
            if let Some(PictureState::Failed { .. }) = state.pictures.get(&picture) {
                let text = format!("cannot be shown: {}", printable(address));
                canvas.text(
                    Rect { height: 1, width: at.width.saturating_sub(2), ..place },
                    &text,
                    canvas.style(Role::Warning),
                );
            } else {
                if std::mem::take(&mut first) {
                    canvas.blank_names();
                    canvas.drawn.pictures.clear();
                    canvas.drawn.ahead.clear();
                    canvas.drawn.covers.clear();
                    canvas.drawn.names.clear();
                }
                canvas.thumbnail(PLACES + u32::try_from(from).unwrap_or(0), picture, place, Marks::default());
            }
        }
        from += height.max(1);
    }
}

fn draw(canvas: &mut Canvas, at: Rect, line: &Line) {
    let base = match line.kind {
        Kind::Heading(1) => canvas.style(Role::Title).add_modifier(Modifier::UNDERLINED),
        Kind::Heading(_) => canvas.style(Role::Title),
        Kind::Text | Kind::Code => canvas.style(Role::Popup),
        Kind::Picture(_) => return,
        Kind::Quote => canvas.style(Role::Muted),
        Kind::Rule => {
            let across = canvas.glyph(Glyph::LineAcross).repeat(usize::from(at.width));
            canvas.text(at, &across, canvas.style(Role::Muted));
            return;
        }
    };
    let face = |face: Face, canvas: &Canvas| -> Style {
        match face {
            Face::Plain => base,
            Face::Emphasis => base.add_modifier(Modifier::ITALIC),
            Face::Strong => base.add_modifier(Modifier::BOLD),
            Face::Code => canvas.style(Role::Key),
        }
    };
    let styles: Vec<Style> = line.spans.iter().map(|(f, _)| face(*f, canvas)).collect();
    let mut pieces = vec![(line.lead.as_str(), base)];
    pieces.extend(line.spans.iter().zip(styles).map(|((_, text), style)| (text.as_str(), style)));
    canvas.pieces(at, &pieces);
}
