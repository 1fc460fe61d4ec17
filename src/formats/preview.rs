//! The head of a file as people can read it: a table, text, or a hex dump.
//!
//! What always holds: the work and the result are bounded whatever the bytes are; every string has passed
//! [`crate::domain::text::printable`] and can be drawn as it is.

mod decode;
mod hex;
mod json;
mod table;

pub use hex::HexRow;

use crate::domain::text::printable;

/// Bytes of the head that are worth reading: a screenful of anything, and one small request.
pub const HEAD_BYTES: usize = 256 << 10;
/// Lines of text, rows of a table.
const ROWS: usize = 1000;
/// Columns of a table.
const COLUMNS: usize = 256;
/// Characters of a line or a cell.
const CHARS: usize = 2000;

/// What text is, for colouring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Anything.
    Plain,
    /// Markdown.
    Markdown,
    /// JSON, broken into lines where the file has it on one.
    Json,
}

/// The head of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// No bytes.
    Empty,
    /// Lines.
    Text {
        /// What they are.
        kind: TextKind,
        /// Without line ends; tabs are expanded.
        lines: Vec<String>,
        /// There is more in the file.
        truncated: bool,
    },
    /// CSV, TSV or lines of JSON objects.
    Table {
        /// Names.
        columns: Vec<String>,
        /// Cells; each row has as many as there are columns.
        rows: Vec<Vec<String>>,
        /// There is more in the file.
        truncated: bool,
    },
    /// Bytes that are no text.
    Binary {
        /// What they are, where their start tells it; else empty.
        what: &'static str,
        /// Sixteen bytes each.
        rows: Vec<HexRow>,
        /// There is more in the file.
        truncated: bool,
    },
}

/// Shows the head of a file: its first bytes (what is beyond [`HEAD_BYTES`] is not looked at), its name, and its length.
#[must_use]
pub fn preview(head: &[u8], name: &str, len: u64) -> Preview {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let truncated = len > head.len() as u64;
    if head.is_empty() {
        return Preview::Empty;
    }
    let Some(text) = decode::text(head, truncated) else { return hex::preview(head, truncated) };
    let extension = name.rsplit('/').next().and_then(|n| n.rsplit_once('.')).map(|(_, e)| e.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    if matches!(extension, "md" | "markdown") {
        return lines(&text, TextKind::Markdown, truncated);
    }
    if let Some(table) = json::lines_table(&text, extension, truncated) {
        return table;
    }
    if let Some(pretty) = json::pretty(&text, extension, truncated) {
        return lines(&pretty, TextKind::Json, truncated);
    }
    table::preview(&text, extension, truncated).unwrap_or_else(|| lines(&text, TextKind::Plain, truncated))
}

fn lines(text: &str, kind: TextKind, truncated: bool) -> Preview {
    let mut rest = text.lines();
    let lines = rest.by_ref().take(ROWS).map(shown).collect();
    Preview::Text { kind, lines, truncated: truncated || rest.next().is_some() }
}

/// One line or cell, bounded, expanded and safe to draw.
fn shown(text: &str) -> String {
    let cut = text.char_indices().nth(CHARS);
    let kept = cut.map_or(text, |(end, _)| &text[..end]).trim_end_matches('\r').replace('\t', "    ");
    let mut out = printable(&kept).into_owned();
    if cut.is_some() {
        out.push('…');
    }
    out
}

/// A table whose rows all have as many cells as there are columns.
fn table(columns: Vec<String>, mut rows: Vec<Vec<String>>, truncated: bool) -> Preview {
    rows.iter_mut().for_each(|row| row.resize(columns.len(), String::new()));
    Preview::Table { columns, rows, truncated }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str) -> Preview {
        preview(text.as_bytes(), name, text.len() as u64)
    }

    fn cells(preview: &Preview) -> String {
        match preview {
            Preview::Table { columns, rows, .. } => {
                let join = |row: &Vec<String>| row.join("|");
                std::iter::once(columns).chain(rows).map(join).collect::<Vec<_>>().join("/")
            }
            other => panic!("not a table: {other:?}"),
        }
    }

    fn text_of(preview: &Preview) -> (TextKind, String) {
        match preview {
            Preview::Text { kind, lines, .. } => (*kind, lines.join("/")),
            other => panic!("not text: {other:?}"),
        }
    }

    #[test]
    fn tables_are_found_by_content_whatever_separates_their_cells() {
        assert_eq!(cells(&of("a,b\n1,\"x, y\"\n2,z\n", "t.csv")), "a|b/1|x, y/2|z");
        assert_eq!(cells(&of("a;b\n1,5;2,5\n", "t.csv")), "a|b/1,5|2,5");
        assert_eq!(cells(&of("a\tb\tc\r\n1\t2\t3\r\n4\t5\r\n", "t.txt")), "a|b|c/1|2|3/4|5|");
        assert_eq!(cells(&of("one\nrose\n", "t.csv")), "one/rose");
        assert_eq!(text_of(&of("Dear Sir,\nI write, as you know,\nof it.", "letter.txt")).0, TextKind::Plain);
    }

    #[test]
    fn lines_of_json_become_a_table_of_all_their_keys() {
        let text = "{\"id\": 1, \"tags\": [\"a\"]}\n{\"id\": 2, \"name\": \"x\\ny\"}\n";
        assert_eq!(cells(&of(text, "t.jsonl")), "id|tags|name/1|[\"a\"]|/2||x\\ny");
        assert_eq!(cells(&of(text, "rows")), "id|tags|name/1|[\"a\"]|/2||x\\ny");
    }

    #[test]
    fn json_on_one_line_is_broken_into_lines_in_its_own_order() {
        let long = format!("{{\"z\":[],\"a\":[1,{{\"k\":\"{},\\\"\"}}],\"e\":{{}}}}", "x".repeat(300));
        let (kind, text) = text_of(&of(&long, "a"));
        assert_eq!(kind, TextKind::Json);
        let wanted = format!(
            "{{/  \"z\": [],/  \"a\": [/    1,/    {{/      \"k\": \"{},\\\"\"/    }}/  ],/  \"e\": {{}}/}}",
            "x".repeat(300)
        );
        assert_eq!(text, wanted);
        let cut = preview(long.as_bytes(), "a.json", 1 << 20);
        assert!(matches!(cut, Preview::Text { kind: TextKind::Json, truncated: true, .. }), "{cut:?}");
        assert_eq!(text_of(&of("{\n \"a\": [1, 2]\n}\n", "a.json")), (TextKind::Json, "{/ \"a\": [1, 2]/}".to_owned()));
    }

    #[test]
    fn text_of_every_encoding_is_read_and_made_harmless() {
        assert_eq!(text_of(&of("\u{feff}naïve\n\u{1b}[31m\u{202e}\tx\n", "a")).1, "naïve/\\x1b[31m\\u{202e}    x");
        let wide = |bytes: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
            let mark = mark.then_some(0xFEFF);
            mark.into_iter().chain("Grüße aus der Zeile\n".encode_utf16()).flat_map(bytes).collect()
        };
        for bytes in [wide(u16::to_le_bytes, true), wide(u16::to_be_bytes, true), wide(u16::to_le_bytes, false)] {
            let found = preview(&bytes, "a.txt", bytes.len() as u64);
            assert_eq!(text_of(&found).1, "Grüße aus der Zeile");
        }
        // A character that the end of the head cuts is not an error, a stray byte of another encoding is one sign.
        assert_eq!(text_of(&preview("aé".as_bytes().split_last().unwrap().1, "a", 900)).1, "a");
        assert_eq!(
            text_of(&preview(b"caf\xe9 au lait, s'il vous plait", "a", 28)).1,
            "caf\u{fffd} au lait, s'il vous plait"
        );
    }

    #[test]
    fn bytes_are_dumped() {
        let bytes: Vec<u8> = (0..=255).collect();
        let Preview::Binary { rows, truncated, .. } = preview(&bytes, "a.txt", 256) else { panic!("not binary") };
        assert_eq!((rows.len(), truncated), (16, false));
        assert_eq!(rows[4].to_string(), "00000040  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO");
        assert!(matches!(preview(b"PAR1\0\0\0\x15\x04", "a", 9), Preview::Binary { what: "Parquet", .. }));
        assert_eq!(preview(b"", "a", 0), Preview::Empty);
    }

    #[test]
    fn everything_is_bounded() {
        let Preview::Text { lines, truncated, .. } = of(&"x\n".repeat(5000), "a") else { panic!("not text") };
        assert_eq!((lines.len(), truncated), (ROWS, true));
        let wide = format!("{}\n{}\n", "a,".repeat(9000), "b,".repeat(9000));
        let Preview::Table { columns, rows, truncated } = of(&wide, "a.csv") else { panic!("not a table") };
        assert_eq!((columns.len(), rows[0].len(), truncated), (COLUMNS, COLUMNS, true));
        assert_eq!(text_of(&of(&"y".repeat(9000), "a")).1.chars().count(), CHARS + 1);
        assert_eq!(text_of(&of(&"[".repeat(100_000), "a.json")).0, TextKind::Json);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600), extension in 0..6_usize) {
            let name = ["a.csv", "a.json", "a.jsonl", "a.tsv", "a.md", "a"][extension];
            let _ = preview(&bytes, name, bytes.len() as u64 + u64::from(bytes.first() == Some(&0)));
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\":,;|\t\r\n\\\\a1é\u{feff}]{0,200}", extension in 0..6_usize) {
            let _ = of(&text, ["a.csv", "a.json", "a.jsonl", "a.tsv", "a.md", "a"][extension]);
        }
    }
}
