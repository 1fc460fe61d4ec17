//! The surface screens draw on: text cut to fit, right-aligned numbers, bars, and the list of pictures.

use super::Drawn;
pub use crate::domain::text::grouped as number;

use crate::app::picture::{CellRect, Marks, PictureArea, PictureRef};
use crate::theme::{Glyph, Palette, Role};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A buffer of cells, a palette, and what the frame wants besides cells.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// Colours and glyphs.
    pub palette: &'a Palette,
    /// Pictures, prefetch, cursor.
    pub drawn: Drawn,
}

/// Columns a text takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// A size in bytes for people: `22 KB`, `3.1 MB` (powers of 1000).
#[must_use]
pub fn bytes(n: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("KB", 1e3)];
    let n = n as f64;
    match units.iter().find(|(_, size)| n >= *size) {
        Some((unit, size)) if n / size < 9.95 => format!("{:.1} {unit}", n / size),
        Some((unit, size)) => format!("{:.0} {unit}", n / size),
        None => format!("{n} B"),
    }
}

/// Cuts a text to so many columns, with an ellipsis at the end when something is left out.
#[must_use]
pub fn cut(text: &str, columns: u16, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let w = width(cluster);
        if used + w > room {
            break;
        }
        out.push_str(cluster);
        used += w;
    }
    if columns >= width(ellipsis) { out + ellipsis } else { out }
}

/// Cuts a text in its middle, so that both its ends stay readable.
#[must_use]
pub fn cut_middle(text: &str, columns: u16, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let head = cut(text, room.div_ceil(2), "");
    let (mut tail, mut used) = (text.len(), 0);
    for (at, cluster) in text.grapheme_indices(true).rev() {
        used += width(cluster);
        if used > room / 2 {
            break;
        }
        tail = at;
    }
    format!("{head}{ellipsis}{}", &text[tail..])
}

/// Cuts a path in its middle, so that the file name stays readable.
#[must_use]
pub fn cut_path(text: &str, columns: u16, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    let lead = columns.saturating_sub(width(name) + 1 + width(ellipsis));
    if name.len() == text.len() || lead == 0 {
        return cut(name, columns, ellipsis);
    }
    let head: String = cut(text, lead, "");
    format!("{head}{ellipsis}/{name}")
}

impl<'a> Canvas<'a> {
    /// A canvas without pictures.
    pub fn new(buffer: &'a mut Buffer, palette: &'a Palette) -> Self {
        Self { buffer, palette, drawn: Drawn::default() }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.palette.style(role)
    }

    /// The glyph for something, in Unicode or ASCII.
    #[must_use]
    pub fn glyph(&self, glyph: Glyph) -> String {
        self.palette.glyph(glyph).to_owned()
    }

    /// Writes one line into a rectangle's first row, cut to its width. Returns the columns used.
    pub fn text(&mut self, at: Rect, text: &str, style: Style) -> u16 {
        if at.width == 0 || at.height == 0 || at.y >= self.buffer.area.bottom() {
            return 0;
        }
        let shown = cut(text, at.width, self.palette.glyph(Glyph::Ellipsis));
        let (end, _) = self.buffer.set_stringn(at.x, at.y, &shown, usize::from(at.width), style);
        end.saturating_sub(at.x)
    }

    /// Writes one line at the right edge of a rectangle's first row. Returns the columns used.
    pub fn right(&mut self, at: Rect, text: &str, style: Style) -> u16 {
        let w = width(text).min(at.width);
        self.text(Rect { x: at.x + at.width - w, width: w, ..at }, text, style)
    }

    /// Writes pieces of different style after each other. Returns the columns used.
    pub fn pieces(&mut self, at: Rect, pieces: &[(&str, Style)]) -> u16 {
        let mut used = 0;
        for (text, style) in pieces {
            let rest = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
            used += self.text(rest, text, *style);
        }
        used
    }

    /// Gives a rectangle a style, keeping its text.
    pub fn paint(&mut self, at: Rect, style: Style) {
        self.buffer.set_style(at.intersection(self.buffer.area), style);
    }

    /// A thin horizontal bar with a resolution of half a cell; `share` is `0..=1`. Anything above zero is seen.
    pub fn bar(&mut self, at: Rect, share: f64, style: Style) {
        let halves = (share.clamp(0.0, 1.0) * f64::from(at.width) * 2.0).round() as u16;
        let halves = if share > 0.0 { halves.max(1) } else { 0 };
        let (full, half) = if self.palette.is_ascii() { ("=", "-") } else { ("━", "╸") };
        let mut text = full.repeat(usize::from(halves / 2));
        if !halves.is_multiple_of(2) {
            text.push_str(half);
        }
        self.text(at, &text, style);
    }

    /// Puts a thumbnail into a rectangle, with shapes on it.
    pub fn thumbnail(&mut self, place: u32, picture: PictureRef, at: Rect, marks: Marks) {
        if at.width > 0 && at.height > 0 {
            let cells = CellRect { x: at.x, y: at.y, w: at.width, h: at.height };
            self.drawn.pictures.push(PictureArea { marks, ..PictureArea::plain(place, picture, cells, true) });
        }
    }

    /// Writes a name over a picture.
    pub fn name(&mut self, at: Rect, text: &str, style: Style) {
        self.cover(at, style);
        self.text(at, text, style);
        self.drawn.names.push(CellRect { x: at.x, y: at.y, w: at.width, h: at.height });
    }

    /// Takes the names off again that stand beside the last pop-up: their picture is not shown any more.
    pub fn blank_names(&mut self) {
        let pop_up = self.drawn.covers.last().copied();
        let ground = self.palette.ground();
        let inside =
            |x: u16, y: u16| pop_up.is_some_and(|p| (p.x..p.x + p.w).contains(&x) && (p.y..p.y + p.h).contains(&y));
        for name in std::mem::take(&mut self.drawn.names) {
            for (x, y) in (name.x..name.x + name.w).map(|x| (x, name.y)).filter(|(x, y)| !inside(*x, *y)) {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(ground);
                }
            }
        }
    }

    /// Clears a rectangle for a pop-up; pictures are cut out there.
    pub fn cover(&mut self, at: Rect, style: Style) {
        let at = self.clear(at, style);
        self.drawn.covers.push(CellRect { x: at.x, y: at.y, w: at.width, h: at.height });
    }

    /// Takes away what was drawn in a rectangle, letters and looks. Returns what of it is on the screen.
    pub fn clear(&mut self, at: Rect, style: Style) -> Rect {
        let at = at.intersection(self.buffer.area);
        for y in at.top()..at.bottom() {
            for x in at.left()..at.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_for_people() {
        assert_eq!(number(1_204_567), "1,204,567");
        assert_eq!(bytes(22_100), "22 KB");
        assert_eq!(bytes(3_120_000), "3.1 MB");
        assert_eq!(cut("日本語のファイル", 7, "…"), "日本語…");
        assert_eq!(cut_middle("postgres://ann@db.example.com:5432/labels", 16, "…"), "postgres…/labels");
        assert_eq!(cut_middle("日本語のファイル", 8, "…"), "日本…ル");
        assert_eq!(cut_path("a/very/long/folder/name.jpg", 16, "…"), "a/very…/name.jpg");
    }
}
