//! The part of Markdown that guidelines are written in, as lines to be wrapped and drawn: headings, paragraphs, lists,
//! quotes, code, rules, emphasis, links.
//!
//! What always holds: any text at all is read, what is not understood stands there as it was written; nothing in the
//! result is safe to draw before it was made printable; a line that ends a paragraph is a block of its own.

mod fold;

pub use fold::{Kind, Line, PICTURE, lines};

/// How a piece of text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// As the rest.
    #[default]
    Plain,
    /// Emphasised.
    Emphasis,
    /// Strongly emphasised.
    Strong,
    /// Code, a key, a name.
    Code,
}

/// Pieces of text in a row.
pub type Spans = Vec<(Face, String)>;

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading; 1 is the most important, 6 the least.
    Heading(u8, Spans),
    /// A paragraph.
    Paragraph(Spans),
    /// An item of a list: how deep, its mark (`-` or `3.`), its text.
    Item(usize, String, Spans),
    /// A line of a quotation.
    Quote(Spans),
    /// A line of code, as it is.
    Code(String),
    /// A picture on a line of its own: what it shows, and where it is.
    Picture(String, String),
    /// A line across.
    Rule,
    /// A free line.
    Blank,
}

/// Lists are not deeper than this.
const DEEPEST: usize = 6;

/// Reads a document.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for line in text.trim_start_matches('\u{feff}').lines() {
        reader.line(line);
    }
    reader.end();
    let last = reader.blocks.iter().rposition(|b| *b != Block::Blank).map_or(0, |at| at + 1);
    reader.blocks.truncate(last);
    reader.blocks
}

/// What is being gathered from line to line.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// The paragraph or item that goes on with the next line: nothing, or how deep and with which mark an item stands.
    open: Option<(Option<(usize, String)>, String)>,
    /// The fence that ends the code.
    fence: Option<&'static str>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        let fence = ["```", "~~~"].into_iter().find(|f| trimmed.starts_with(f));
        if let Some(open) = self.fence {
            if fence == Some(open) && trimmed.trim_matches(['`', '~']).is_empty() {
                self.fence = None;
            } else {
                self.blocks.push(Block::Code(line.to_owned()));
            }
            return;
        }
        if let Some(fence) = fence {
            self.end();
            self.fence = Some(fence);
            return;
        }
        if trimmed.is_empty() {
            self.end();
            if !matches!(self.blocks.last(), None | Some(Block::Blank)) {
                self.blocks.push(Block::Blank);
            }
            return;
        }
        if let Some(block) = single(trimmed) {
            self.end();
            self.blocks.push(block);
        } else if let Some((depth, mark, rest)) = item(line) {
            self.end();
            self.open = Some((Some((depth, mark)), rest.to_owned()));
        } else if let Some((_, text)) = &mut self.open {
            // A line goes on where the one before ended.
            text.push(' ');
            text.push_str(trimmed);
        } else {
            self.open = Some((None, trimmed.to_owned()));
        }
    }

    /// Ends the paragraph or item that is open.
    fn end(&mut self) {
        match self.open.take() {
            Some((Some((depth, mark)), text)) => self.blocks.push(Block::Item(depth, mark, spans(&text))),
            Some((None, text)) => self.blocks.push(Block::Paragraph(spans(&text))),
            None => {}
        }
    }
}

/// A block that is one line: a heading, a rule, a quotation.
fn single(line: &str) -> Option<Block> {
    let level = line.chars().take_while(|c| *c == '#').count();
    if let (1..=6, Some(rest)) = (level, line.get(level..))
        && (rest.is_empty() || rest.starts_with(' '))
    {
        return Some(Block::Heading(u8::try_from(level).unwrap_or(6), spans(rest.trim().trim_end_matches('#').trim())));
    }
    let bare: Vec<char> = line.chars().filter(|c| *c != ' ').collect();
    if bare.len() >= 3 && ['-', '*', '_'].iter().any(|mark| bare.iter().all(|c| c == mark)) {
        return Some(Block::Rule);
    }
    if let Some((text, address)) = alone(line) {
        return Some(Block::Picture(text.to_owned(), address.to_owned()));
    }
    line.strip_prefix('>').map(|rest| Block::Quote(spans(rest.trim())))
}

/// A picture and nothing else.
fn alone(line: &str) -> Option<(&str, &str)> {
    let (text, rest) = line.strip_prefix("![")?.split_once("](")?;
    let address = rest.strip_suffix(')').filter(|a| !a.is_empty() && !a.contains([')', '(']))?;
    (!text.contains(['[', ']'])).then_some((text, address))
}

/// An item of a list: its depth, its mark, its text.
fn item(line: &str) -> Option<(usize, String, &str)> {
    let indent: usize = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
    let text = line.trim_start();
    let depth = (indent / 2).min(DEEPEST);
    if let Some(rest) = ["- ", "* ", "+ "].iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some((depth, "-".to_owned(), rest.trim()));
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = text.get(digits..).filter(|_| (1..=9).contains(&digits))?;
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    Some((depth, format!("{}.", text.get(..digits)?), rest.trim()))
}

/// The pieces of a text: emphasis, code, links as `text (address)`, pictures as their description.
#[must_use]
pub fn spans(text: &str) -> Spans {
    let mut out: Spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let found = piece(rest, before);
        let (taken, made): (usize, Option<(Face, String)>) = match found {
            Some((taken, face, text)) => (taken, Some((face, text))),
            None if c == '\\' && rest.chars().nth(1).is_some_and(|c| c.is_ascii_punctuation()) => {
                plain.extend(rest.chars().nth(1));
                (2, None)
            }
            None => {
                plain.push(c);
                (c.len_utf8(), None)
            }
        };
        if let Some(made) = made {
            if !plain.is_empty() {
                out.push((Face::Plain, std::mem::take(&mut plain)));
            }
            out.push(made);
        }
        before = rest.get(..taken).and_then(|t| t.chars().last()).unwrap_or(' ');
        rest = rest.get(taken..).unwrap_or_default();
    }
    if !plain.is_empty() {
        out.push((Face::Plain, plain));
    }
    out
}

/// What begins here, if anything does: bytes taken, how it is set, its text.
fn piece(rest: &str, before: char) -> Option<(usize, Face, String)> {
    if rest.starts_with('`') {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let (mark, inner) = rest.split_at(ticks);
        let end = inner.find(mark)?;
        return Some((2 * ticks + end, Face::Code, inner.get(..end)?.trim().to_owned()));
    }
    for (mark, face) in [("**", Face::Strong), ("__", Face::Strong), ("*", Face::Emphasis), ("_", Face::Emphasis)] {
        // `snake_case` is no emphasis.
        if mark.starts_with('_') && before.is_alphanumeric() {
            continue;
        }
        if let Some(inner) = rest.strip_prefix(mark)
            && let Some(end) = inner.find(mark).filter(|end| *end > 0)
            && inner.chars().next().is_some_and(|c| !c.is_whitespace() && !mark.contains(c))
        {
            return Some((2 * mark.len() + end, face, inner.get(..end)?.to_owned()));
        }
    }
    let picture = rest.starts_with("![");
    let link = rest.strip_prefix("![").or_else(|| rest.strip_prefix('['))?;
    let close = link.find("](")?;
    let end = link.get(close..)?.find(')')? + close;
    let (text, address) = (link.get(..close)?, link.get(close + 2..end)?);
    let taken = if picture { 2 } else { 1 } + end + 1;
    Some(match picture {
        true => (taken, Face::Emphasis, format!("picture: {text} ({address})")),
        false if text == address || address.is_empty() => (taken, Face::Plain, text.to_owned()),
        false => (taken, Face::Plain, format!("{text} ({address})")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> Spans {
        vec![(Face::Plain, text.to_owned())]
    }

    #[test]
    fn a_guideline_is_read() {
        let text = "# Roses\nA rose has\nthorns.\n\n- one\n  - two\n 3) three\n> so\n```\nlet x = *1*;\n```\n---\n\n\n";
        let wanted = [
            Block::Heading(1, plain("Roses")),
            Block::Paragraph(plain("A rose has thorns.")),
            Block::Blank,
            Block::Item(0, "-".to_owned(), plain("one")),
            Block::Item(1, "-".to_owned(), plain("two")),
            Block::Item(0, "3.".to_owned(), plain("three")),
            Block::Quote(plain("so")),
            Block::Code("let x = *1*;".to_owned()),
            Block::Rule,
        ];
        assert_eq!(parse(text), wanted);
    }

    #[test]
    fn a_picture_on_a_line_of_its_own_is_a_block() {
        let text = "so:\n![a bud](roses/1.jpg)\nbut ![this](b.jpg) is text\n\n![no]() ![two](a)(b)";
        let blocks = parse(text);
        assert_eq!(blocks[1], Block::Picture("a bud".to_owned(), "roses/1.jpg".to_owned()));
        assert_eq!(blocks.iter().filter(|b| matches!(b, Block::Picture(..))).count(), 1, "{blocks:?}");
    }

    #[test]
    fn emphasis_code_and_links() {
        let told = |text: &str| spans(text).into_iter().map(|(f, t)| format!("{f:?}:{t}")).collect::<Vec<_>>();
        assert_eq!(told("a **b** _c_ `d*`"), ["Plain:a ", "Strong:b", "Plain: ", "Emphasis:c", "Plain: ", "Code:d*"]);
        assert_eq!(told("see [the page](http://x/y)"), ["Plain:see ", "Plain:the page (http://x/y)"]);
        assert_eq!(told("![a bud](bud.jpg)"), ["Emphasis:picture: a bud (bud.jpg)"]);
        assert_eq!(
            told("snake_case_name 2*3*4 is \\*not\\*"),
            ["Plain:snake_case_name 2", "Emphasis:3", "Plain:4 is *not*"]
        );
        assert_eq!(told("open ** and ` and [x"), ["Plain:open ** and ` and [x"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_breaks(text in "[a-z*_`\\[\\]()#>!é\\- \n1.\\\\]{0,80}") {
            let blocks = parse(&text);
            let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
            let of = |spans: &Spans| spans.iter().map(|(_, t)| letters(t)).sum::<usize>();
            let kept: usize = blocks.iter().map(|b| match b {
                Block::Heading(_, s) | Block::Paragraph(s) | Block::Item(_, _, s) | Block::Quote(s) => of(s),
                Block::Code(t) => letters(t),
                Block::Picture(text, address) => letters(text) + letters(address),
                Block::Rule | Block::Blank => 0,
            }).sum();
            // Links of the same text and address, and the words after a fence, are said once or not at all.
            prop_assert!(kept <= letters(&text) + 7 * text.matches("![").count());
        }
    }
}
