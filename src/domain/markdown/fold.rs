//! Breaking a document into lines of a width.

use super::{Block, Face, Spans};
use crate::domain::text::printable;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A heading of this level.
    Heading(u8),
    /// A paragraph or an item.
    Text,
    /// A quotation.
    Quote,
    /// Code.
    Code,
    /// A line across.
    Rule,
    /// A row of a picture, from 0; the text is where it is. There are [`PICTURE`] of them below what it shows.
    Picture(usize),
}

/// Rows of a picture.
pub const PICTURE: usize = 8;

/// A line to be drawn, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it belongs to.
    pub kind: Kind,
    /// What stands before the text: indentation, the mark of an item.
    pub lead: String,
    /// The text.
    pub spans: Spans,
}

/// The lines of a document in a window so many columns wide.
#[must_use]
pub fn lines(blocks: &[Block], width: usize) -> Vec<Line> {
    let mut out = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        match block {
            Block::Blank => out.push(Line { kind: Kind::Text, lead: String::new(), spans: Vec::new() }),
            Block::Rule => out.push(Line { kind: Kind::Rule, lead: String::new(), spans: Vec::new() }),
            Block::Heading(level, spans) => {
                // A heading stands apart from what is before it.
                if i > 0 && !matches!(blocks.get(i - 1), Some(Block::Blank)) {
                    out.push(Line { kind: Kind::Text, lead: String::new(), spans: Vec::new() });
                }
                put(&mut out, Kind::Heading(*level), ("", ""), spans, width);
            }
            Block::Paragraph(spans) => put(&mut out, Kind::Text, ("", ""), spans, width),
            Block::Quote(spans) => put(&mut out, Kind::Quote, ("  ", "  "), spans, width),
            Block::Item(depth, mark, spans) => {
                let lead = format!("{}{mark} ", "  ".repeat(*depth));
                let next = " ".repeat(lead.width());
                put(&mut out, Kind::Text, (&lead, &next), spans, width);
            }
            Block::Picture(text, address) => {
                let said = format!("{text} ({address})");
                put(&mut out, Kind::Text, ("", ""), &vec![(Face::Emphasis, said.trim().to_owned())], width);
                out.extend((0..PICTURE).map(|row| Line {
                    kind: Kind::Picture(row),
                    lead: String::new(),
                    spans: vec![(Face::Plain, address.clone())],
                }));
            }
            Block::Code(text) => {
                // Tabs have no width of their own.
                let text = printable(&text.replace('\t', "    ")).into_owned();
                out.push(Line { kind: Kind::Code, lead: "  ".to_owned(), spans: vec![(Face::Code, text)] });
            }
        }
    }
    out
}

/// The words of a text; a word may have several faces.
fn words(spans: &Spans) -> Vec<Spans> {
    let mut words: Vec<Spans> = vec![Vec::new()];
    for (face, text) in spans {
        for (i, piece) in printable(text).split(' ').enumerate() {
            if i > 0 {
                words.push(Vec::new());
            }
            if let Some(word) = words.last_mut().filter(|_| !piece.is_empty()) {
                word.push((*face, piece.to_owned()));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Breaks text at spaces, and words that are longer than a line anywhere.
fn put(out: &mut Vec<Line>, kind: Kind, (first, next): (&str, &str), spans: &Spans, width: usize) {
    let mut line = Line { kind, lead: first.to_owned(), spans: Vec::new() };
    let fresh = || Line { kind, lead: next.to_owned(), spans: Vec::new() };
    let room = width.saturating_sub(next.width()).max(4);
    let mut used = 0;
    let mut before = Face::Plain;
    for word in words(spans) {
        let long: usize = word.iter().map(|(_, text)| text.width()).sum();
        if used > 0 && used + 1 + long > room {
            out.push(std::mem::replace(&mut line, fresh()));
            used = 0;
        } else if used > 0 {
            // The space between two words of one face belongs to it.
            let face = word.first().map(|(face, _)| *face).filter(|face| *face == before).unwrap_or_default();
            add(&mut line, face, " ");
            used += 1;
        }
        for (face, text) in &word {
            for cluster in text.graphemes(true) {
                if used + cluster.width() > room {
                    out.push(std::mem::replace(&mut line, fresh()));
                    used = 0;
                }
                add(&mut line, *face, cluster);
                used += cluster.width();
            }
            before = *face;
        }
    }
    out.push(line);
}

fn add(line: &mut Line, face: Face, text: &str) {
    match line.spans.last_mut() {
        Some((last, so_far)) if *last == face => so_far.push_str(text),
        _ => line.spans.push((face, text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::markdown::parse;
    use proptest::prelude::*;

    fn shown(text: &str, width: usize) -> Vec<String> {
        let text_of = |l: &Line| l.spans.iter().map(|(_, t)| t.as_str()).collect::<String>();
        lines(&parse(text), width).iter().map(|l| format!("{}{}", l.lead, text_of(l))).collect()
    }

    #[test]
    fn text_is_broken_at_spaces_and_items_hang() {
        assert_eq!(shown("a *rose* has thorns", 10), ["a rose has", "thorns"]);
        assert_eq!(shown("- one two three", 9), ["- one two", "  three"]);
        assert_eq!(shown("text\n# Title\nmore", 20), ["text", "", "Title", "more"]);
        assert_eq!(shown("evil\u{1b}[2Jtext", 40), ["evil\\x1b[2Jtext"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_window(text in "[a-z*_ `\\-\n日é]{0,120}", width in 12..60_usize) {
            for line in lines(&parse(&text), width) {
                let long: usize = line.spans.iter().map(|(_, t)| t.width()).sum();
                // Code is not broken: it is cut where it is drawn.
                prop_assert!(matches!(line.kind, Kind::Code | Kind::Picture(_)) || line.lead.width() + long <= width.max(20), "{line:?}");
            }
        }
    }
}
