//! Cells that hold a list of texts as programs print one: `['red dog', "bird's"]` of Python (pandas writes a column of lists
//! so), `['cat' 'dog']` of numpy, `["cat"]` of JSON.
//!
//! What always holds: a cell is a list only if all of it is; anything else is one text, whatever brackets are in it.

/// The texts of a list; nothing where the cell is none.
pub(super) fn texts(cell: &str) -> Option<Vec<String>> {
    let inner = cell.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (mut out, mut rest) = (Vec::new(), inner.trim());
    while !rest.is_empty() {
        let (text, after) = quoted(rest)?;
        out.push(text);
        let next = after.trim_start();
        rest = match next.strip_prefix(',') {
            // Python itself puts a comma after the last one only in tuples; people do in lists.
            Some(more) => more.trim_start(),
            None if next.is_empty() || next.len() < after.len() => next,
            None => return None,
        };
    }
    Some(out)
}

/// The text in quotes that begins here, and what follows it.
fn quoted(from: &str) -> Option<(String, &str)> {
    let mark = from.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (mut out, mut rest) = (String::new(), from[1..].chars());
    loop {
        match rest.next()? {
            c if c == mark => return Some((out, rest.as_str())),
            '\\' => out.push(escaped(&mut rest)?),
            c => out.push(c),
        }
    }
}

/// The character that an escape of Python or JSON stands for, without the two halves in which JSON writes rare ones.
fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match rest.next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        c if matches!(c, '\\' | '\'' | '"' | '/') => return Some(c),
        _ => return None,
    };
    let hex = rest.as_str().get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let found = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    *rest = rest.as_str()[digits..].chars();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_are_told_from_texts() {
        let list = |cell: &str| texts(cell).map(|found| found.join("|"));
        for (cell, wanted) in [
            ("['cat', 'red dog']", "cat|red dog"),
            ("[ \"bird's\" ,'a\\'b\\\\', ]", "bird's|a'b\\"),
            ("['cat' 'dog'\n 'cow']", "cat|dog|cow"),
            ("[\"caf\\u00e9\", '\\xe9\\U0001f41f', 'é, [x]']", "café|é🐟|é, [x]"),
            ("[]", ""),
            ("[ ]", ""),
        ] {
            assert_eq!(list(cell).as_deref(), Some(wanted), "{cell}");
        }
        for cell in [
            "cat",
            "[cat]",
            "['cat'",
            "['cat]",
            "['a''b']",
            "[1]",
            "['a' b]",
            "[,]",
            "['\\q']",
            "['\\ud83d']",
            "x['a']",
            "",
        ] {
            assert_eq!(list(cell), None, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(names in prop::collection::vec("[a-z'\"\\\\,\\[\\] é🐟]{0,6}", 0..5), gap in "[ \n]{1,2}", comma in any::<bool>()) {
            let shown: Vec<String> = names.iter().map(|n| format!("'{}'", n.replace('\\', "\\\\").replace('\'', "\\'"))).collect();
            let cell = format!("[{}]", shown.join(&if comma { ",".to_owned() } else { gap }));
            prop_assert_eq!(texts(&cell), Some(names));
        }

        #[test]
        fn anything_is_a_list_or_none(cell in "\\[['\"a\\\\ux0, \\]é]{0,12}\\]?") {
            let _ = texts(&cell);
        }
    }
}
