//! Label maps: text of protocol buffers, `item { id: 1 name: 'x' }` for each class, in any order and layout.

use std::collections::BTreeMap;

/// The names of classes by their numbers; a `display_name` counts before a `name`. What cannot be understood is passed over.
pub(super) fn names(text: &str) -> BTreeMap<i64, String> {
    let (mut out, mut item, mut depth) = (BTreeMap::new(), Item::default(), 0_u32);
    let mut words = Words(text);
    while let Some(word) = words.next() {
        match word {
            Word::Mark('{') => {
                depth += 1;
                item = if depth == 1 { Item::default() } else { item };
            }
            Word::Mark('}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    out.extend(std::mem::take(&mut item).named());
                }
            }
            // Key points of a class have names and numbers of their own.
            Word::Bare(key) if depth == 1 && words.takes(':') => item.take(key, words.next()),
            _ => {}
        }
    }
    out
}

#[derive(Default)]
struct Item {
    id: Option<i64>,
    name: Option<String>,
    shown: Option<String>,
}

impl Item {
    fn take(&mut self, key: &str, value: Option<Word<'_>>) {
        match (key, value) {
            ("id", Some(Word::Bare(number))) => self.id = number.parse().ok(),
            ("name", Some(Word::Text(text))) => self.name = Some(text),
            ("display_name", Some(Word::Text(text))) => self.shown = Some(text),
            _ => {}
        }
    }

    fn named(self) -> Option<(i64, String)> {
        self.id.zip(self.shown.or(self.name))
    }
}

enum Word<'a> {
    /// A key or a number.
    Bare(&'a str),
    /// What stands in quotes.
    Text(String),
    Mark(char),
}

/// What is left of a text.
struct Words<'a>(&'a str);

impl Words<'_> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        while let Some(comment) = self.0.strip_prefix('#') {
            self.0 = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
    }

    /// Whether this sign comes next, which is then taken.
    fn takes(&mut self, sign: char) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<Word<'a>> {
        self.skip();
        let first = self.0.chars().next()?;
        let (inner, rest) = self.0.split_at(first.len_utf8());
        if matches!(first, '"' | '\'') {
            self.0 = rest;
            return Some(Word::Text(self.quoted(first)));
        }
        if !is_bare(first) {
            self.0 = rest;
            return Some(Word::Mark(inner.chars().next()?));
        }
        let (word, rest) = self.0.split_at(self.0.find(|c| !is_bare(c)).unwrap_or(self.0.len()));
        self.0 = rest;
        Some(Word::Bare(word))
    }

    /// The text up to the quote that ends it.
    fn quoted(&mut self, quote: char) -> String {
        let mut out = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => out.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
                c if c == quote => {
                    self.0 = self.0.get(at + c.len_utf8()..).unwrap_or_default();
                    return out;
                }
                c => out.push(c),
            }
        }
        self.0 = "";
        out
    }
}

fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn label_maps_are_read_in_any_layout() {
        let map = names(
            "# classes\nitem {\n  id: 1\n  name: 'a b'\n}\nitem { name: \"c\", id: 2 }\nitem {\n name:\"\\\"q\\\"\"\n id:3\n}\n\
             item{id:4 name:'it\\'s, {x}' display_name:\"d\"} item { id: 5 name: \"e\" keypoints { id: 9 label: \"nose\" } }\n\
             item { name: \"none\" } item { id: six name: \"six\" }",
        );
        let wanted = [(1, "a b"), (2, "c"), (3, "\"q\""), (4, "d"), (5, "e")];
        assert_eq!(map, wanted.map(|(id, name)| (id, name.to_owned())).into());
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "(item|\\{|\\}|id|name|:|'|\"|\\\\|1|#|\n| |é){0,40}") {
            let _ = names(&text);
        }
    }
}
