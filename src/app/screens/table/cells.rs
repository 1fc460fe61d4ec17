//! What a cell looks like on one line: nothing, an empty text and the word for nothing are told apart, and text from the
//! table does no harm.

use crate::domain::sheet::Cell;
use crate::domain::text::printable;

/// Characters of a text that are looked at for one line of a screen.
const SHOWN: usize = 400;
/// What stands for nothing. A text that reads so is shown in quotes.
pub const NOTHING: &str = "(null)";

/// How a value is to be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As it is.
    Plain,
    /// It stands for something that cannot be written: nothing, or bytes.
    Aside,
}

/// A cell on one line, not longer than a screen is wide.
#[must_use]
pub fn shown(cell: &Cell) -> (String, Look) {
    match cell {
        Cell::Null => (NOTHING.to_owned(), Look::Aside),
        Cell::Bytes(bytes) => (size(bytes.len()), Look::Aside),
        Cell::Text(text) => {
            let head: &str = text.char_indices().nth(SHOWN).map_or(text, |(end, _)| &text[..end]);
            let safe = printable(head);
            let odd = text == NOTHING || text.is_empty() || text.starts_with(' ') || text.ends_with(' ');
            (if odd { format!("\"{safe}\"") } else { safe.into_owned() }, Look::Plain)
        }
    }
}

/// A size for people, by powers of 1000, as on the other screens.
fn size(bytes: usize) -> String {
    let n = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..9_950 => format!("{:.1} KB", n / 1e3),
        9_950..1_000_000 => format!("{:.0} KB", n / 1e3),
        1_000_000..9_950_000 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.0} MB", n / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_from_what_looks_like_it() {
        let text = |text: &str| shown(&Cell::Text(text.to_owned()));
        assert_eq!(shown(&Cell::Null), ("(null)".to_owned(), Look::Aside));
        assert_eq!(text("(null)"), ("\"(null)\"".to_owned(), Look::Plain));
        assert_eq!(text("NULL").0, "NULL");
        assert_eq!((text("").0.as_str(), text(" a").0.as_str()), ("\"\"", "\" a\""));
        assert_eq!(text("a\u{1b}[2J\nb").0, "a\\x1b[2J\\nb");
        assert_eq!(text(&"x".repeat(100_000)).0.len(), 400);
        assert_eq!(shown(&Cell::Bytes(vec![0; 22_100].into())).0, "22 KB");
    }
}
