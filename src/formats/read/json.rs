//! JSON files of any size, one element at a time.
//!
//! Why not one parser over the whole file: an annotation file is one value, and a parser that is wrong about one number in
//! it has nothing to go on with. Here only the outer shape is followed (strings and brackets); each element is then parsed
//! by itself, so that a bad one costs nothing but itself, and memory is that of the largest element.
//!
//! What always holds: a byte-order mark is no error; `NaN` and `Infinity`, which Python writes, become texts that a message
//! can name; an element is never longer than [`LONGEST`], and is not made into more values than memory has room for.

mod find;
mod inside;
mod outer;
mod room;
mod scalar;
mod slim;

pub use find::plain_text;
pub use outer::Outer;
pub use scalar::{Scalar, field, number, others, text};
pub use slim::without;

use crate::formats::dataset::{Place, ReadError, Spot};
use find::line_ends;
use inside::Inside;
use serde::de::Deserialize;
use serde_json::Value;
use std::io::Read;
use std::sync::Arc;

/// The longest element that is read.
pub const LONGEST: usize = 16 << 20;
/// Bytes that are read at once at first, because a folder may hold very many small files, and at most.
const FIRST: usize = 16 << 10;
const STEP: usize = 256 << 10;

/// A piece of a JSON file.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The key in the outer object; empty for elements of an outer list.
    pub list: &'a str,
    /// The key of the element where it stands in an object.
    pub key: &'a str,
    /// Its number in its list, from 1; 0 for a value that is no list.
    pub n: u64,
    /// The element's text.
    pub bytes: &'a [u8],
}

impl Piece<'_> {
    /// The element as a value; the inner error is why it is none.
    pub fn value(&self) -> Result<Value, String> {
        parse(self.bytes)
    }
}

/// Parses an element; `NaN` and its like become texts.
///
/// # Errors
/// What is wrong with it, as half a sentence.
pub fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    room::check(bytes)?;
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(_) if std::str::from_utf8(bytes).is_err() => Err("it is not UTF-8 text; save the file as UTF-8".to_owned()),
        Err(first) => {
            let tidy = tidied(bytes);
            let error = match tidy.as_ref().map(|t| serde_json::from_slice(t)) {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => error,
                None => first,
            };
            Err(if error.is_data() { error.to_string() } else { format!("it is no JSON: {error}") })
        }
    }
}

/// The text with `NaN`, `Infinity` and `-Infinity` in quotes; nothing if there are none.
fn tidied(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let (mut at, mut quoted, mut found) = (0, false, false);
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let word =
            [&b"NaN"[..], b"-Infinity", b"Infinity", b"-NaN"].into_iter().find(|w| !quoted && rest.starts_with(w));
        match (word, byte) {
            (Some(word), _) => {
                out.push(b'"');
                out.extend_from_slice(word);
                out.push(b'"');
                at += word.len();
                found = true;
                continue;
            }
            (None, b'\\') if quoted => {
                out.push(*byte);
                at += 1;
                out.extend(bytes.get(at));
            }
            (None, _) => {
                quoted ^= *byte == b'"';
                out.push(*byte);
            }
        }
        at += 1;
    }
    found.then_some(out)
}

/// Follows the outer shape of a file. Elements of the outer list, or of the lists in the outer object, are given one by
/// one; of the objects in the outer object only those named in `open`; all other values as a whole.
///
/// # Errors
/// When the outer shape is broken, an element is too long, the bytes end too early, or `take` says so.
pub fn each(
    input: Box<dyn Read + Send>,
    file: &Arc<str>,
    open: &[&str],
    take: &mut dyn FnMut(Piece<'_>) -> Result<(), ReadError>,
) -> Result<Outer, ReadError> {
    let mut scan = Scan::new(input, file);
    scan.begin()?;
    let outer = match scan.token()? {
        Some(b'[') => Outer::list(scan.list("", take)?),
        Some(b'{') => scan.object(open, take)?,
        Some(_) => return Err(scan.broken("it is no JSON: a list or an object should stand here")),
        None => return Err(scan.broken("it is empty")),
    };
    match scan.token()? {
        None => Ok(outer),
        Some(_) => Err(scan.broken("there is more after the end; is this a file of JSON lines?")),
    }
}

struct Scan {
    input: Box<dyn Read + Send>,
    file: Arc<str>,
    /// Room for bytes; it is never made smaller, because clearing it each time costs as much as reading.
    room: Vec<u8>,
    /// How many bytes stand in it.
    filled: usize,
    /// How many are read next.
    step: usize,
    at: usize,
    ended: bool,
    /// Line ends before the buffer.
    lines: u64,
}

impl Scan {
    fn new(input: Box<dyn Read + Send>, file: &Arc<str>) -> Self {
        Self { input, file: Arc::clone(file), room: Vec::new(), filled: 0, step: FIRST, at: 0, ended: false, lines: 0 }
    }

    /// Passes a byte-order mark.
    fn begin(&mut self) -> Result<(), ReadError> {
        if self.starts_with(b"\xef\xbb\xbf")? {
            self.at += 3;
        } else if self.starts_with(b"\xff\xfe")? || self.starts_with(b"\xfe\xff")? {
            return Err(self.broken("it is in UTF-16; save it as UTF-8 and try again"));
        }
        Ok(())
    }

    /// What has been read and not been let go.
    fn buffer(&self) -> &[u8] {
        self.room.get(..self.filled).unwrap_or_default()
    }

    fn broken(&self, reason: impl Into<String>) -> ReadError {
        let seen = self.buffer().get(..self.at).unwrap_or(self.buffer());
        let line = self.lines + 1 + line_ends(seen);
        let place = Place { file: Arc::clone(&self.file), at: Spot::Line(line) };
        ReadError::Broken { place, reason: reason.into() }
    }

    fn cut(&self) -> ReadError {
        self.broken("the file ends in the middle; it was cut off, so nothing of it is taken")
    }

    /// Reads on; what stands before `keep` is let go, and `keep` becomes 0.
    fn more(&mut self, keep: usize) -> Result<bool, ReadError> {
        self.lines += line_ends(self.buffer().get(..keep).unwrap_or_default());
        self.room.copy_within(keep..self.filled, 0);
        self.at -= keep;
        self.filled -= keep;
        let old = self.filled;
        let end = old + self.step.max(old);
        self.step = (2 * self.step).min(STEP);
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        while self.filled < end && !self.ended {
            match self.input.read(self.room.get_mut(self.filled..end).unwrap_or_default()) {
                Ok(0) => self.ended = true,
                Ok(n) => self.filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let file = crate::domain::text::printable(&self.file).into_owned();
                    return Err(ReadError::Io { file, source });
                }
            }
        }
        Ok(self.filled > old)
    }

    fn starts_with(&mut self, head: &[u8]) -> Result<bool, ReadError> {
        while self.filled < head.len() && !self.ended {
            self.more(0)?;
        }
        Ok(self.buffer().starts_with(head))
    }

    /// The next byte that is no white space, without taking it.
    fn token(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            match self.buffer().get(self.at).copied() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(byte) => return Ok(Some(byte)),
                None if !self.more(self.at)? => return Ok(None),
                None => {}
            }
        }
    }

    /// The number of elements.
    fn list(&mut self, name: &str, take: &mut dyn FnMut(Piece<'_>) -> Result<(), ReadError>) -> Result<u64, ReadError> {
        self.at += 1;
        let mut n = 0;
        if self.token()? == Some(b']') {
            self.at += 1;
            return Ok(n);
        }
        loop {
            n += 1;
            let (start, end) = self.value()?;
            take(Piece { list: name, key: "", n, bytes: self.buffer().get(start..end).unwrap_or_default() })?;
            if self.comma(b']')? {
                return Ok(n);
            }
        }
    }

    fn object(
        &mut self,
        open: &[&str],
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), ReadError>,
    ) -> Result<Outer, ReadError> {
        self.at += 1;
        let mut outer = Outer::default();
        if self.token()? == Some(b'}') {
            self.at += 1;
            return Ok(outer);
        }
        loop {
            let key = self.key()?;
            let next = self.token()?;
            outer.note(&key, matches!(next, Some(b'[' | b'{')));
            match next {
                Some(b'[') => _ = self.list(&key, take)?,
                Some(b'{') if open.contains(&key.as_str()) => self.members(&key, take)?,
                _ => {
                    let (start, end) = self.value()?;
                    let bytes = self.buffer().get(start..end).unwrap_or_default();
                    take(Piece { list: "", key: &key, n: 0, bytes })?;
                }
            }
            if self.comma(b'}')? {
                return Ok(outer);
            }
        }
    }

    fn members(
        &mut self,
        name: &str,
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.at += 1;
        let mut n = 0;
        if self.token()? == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            n += 1;
            let key = self.key()?;
            let (start, end) = self.value()?;
            let bytes = self.buffer().get(start..end).unwrap_or_default();
            take(Piece { list: name, key: &key, n, bytes })?;
            if self.comma(b'}')? {
                return Ok(());
            }
        }
    }

    fn key(&mut self) -> Result<String, ReadError> {
        if self.token()? != Some(b'"') {
            return Err(if self.token()?.is_none() {
                self.cut()
            } else {
                self.broken("a key in quotes should stand here")
            });
        }
        let (start, end) = self.value()?;
        let text = serde_json::from_slice(self.buffer().get(start..end).unwrap_or_default());
        let text: String = text.map_err(|e| self.broken(format!("a key cannot be read: {e}")))?;
        match self.token()? {
            Some(b':') => self.at += 1,
            None => return Err(self.cut()),
            Some(_) => return Err(self.broken("a colon should follow the key")),
        }
        self.token()?;
        Ok(text)
    }

    /// Takes a comma, or the end of the container, which gives `true`.
    fn comma(&mut self, end: u8) -> Result<bool, ReadError> {
        match self.token()? {
            Some(b',') => {
                self.at += 1;
                // A comma before the end is what hand-made files have.
                if self.token()? == Some(end) {
                    self.at += 1;
                    return Ok(true);
                }
                Ok(false)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Err(self.broken("a comma or the end of the list should stand here")),
            None => Err(self.cut()),
        }
    }

    /// Passes a value and gives its place in the buffer.
    fn value(&mut self) -> Result<(usize, usize), ReadError> {
        if self.token()?.is_none() {
            return Err(self.cut());
        }
        let (mut start, mut inside) = (self.at, Inside::default());
        loop {
            let rest = self.buffer().get(self.at..).unwrap_or_default();
            if let Some(end) = inside.pass(rest) {
                self.at += end;
                return if self.at == start {
                    Err(self.broken("a value is missing here"))
                } else {
                    Ok((start, self.at))
                };
            }
            self.at = self.filled;
            if self.at - start > LONGEST {
                return Err(self.broken(format!("an element is longer than {} MiB", LONGEST >> 20)));
            }
            if !self.more(start)? {
                return Err(self.cut());
            }
            start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives few bytes at a time, so that every place of the file is once at the end of the buffer.
    struct Drip(Vec<u8>, usize, usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let left = &self.0[self.1..];
            let n = left.len().min(buffer.len()).min(self.2);
            buffer[..n].copy_from_slice(&left[..n]);
            self.1 += n;
            Ok(n)
        }
    }

    fn pieces(text: &[u8], open: &[&str], drip: usize) -> Result<Vec<(String, String, u64, String)>, String> {
        let mut out = Vec::new();
        let input = Box::new(Drip(text.to_vec(), 0, drip));
        let done = each(input, &Arc::from("f.json"), open, &mut |p| {
            let text = String::from_utf8_lossy(p.bytes).into_owned();
            out.push((p.list.to_owned(), p.key.to_owned(), p.n, text));
            Ok(())
        });
        done.map(|_| out).map_err(|e| e.to_string())
    }

    #[test]
    fn lists_are_opened_and_the_rest_is_given_whole() {
        let text =
            b"\xef\xbb\xbf {\"a\" : [1, {\"x\":\"]}\\\"\"} ,[ ] ],\"b\":{\"c\":[1]},\"o\":{\"k\":2},\"n\":null}\n";
        let found = pieces(text, &["o"], 1).unwrap();
        let short: Vec<_> = found.iter().map(|(l, k, n, t)| format!("{l}.{k}.{n}={t}")).collect();
        assert_eq!(
            short,
            ["a..1=1", "a..2={\"x\":\"]}\\\"\"}", "a..3=[ ]", ".b.0={\"c\":[1]}", "o.k.1=2", ".n.0=null"]
        );
    }

    #[test]
    fn what_is_broken_names_its_line() {
        let told = |text: &[u8]| pieces(text, &[], 3).unwrap_err();
        assert!(told(b"{\"a\":[1,\n2").contains("line 2: the file ends in the middle"), "{}", told(b"{\"a\":[1,\n2"));
        assert!(told(b"").contains("empty"));
        assert!(told(b"\"x\"").contains("a list or an object"));
        assert!(told(b"{}\n{}").contains("JSON lines"));
        assert!(told(b"\xff\xfe{\0").contains("UTF-16"));
    }

    #[test]
    fn words_of_python_become_texts() {
        let value: Value = parse(b"{\"a\":[NaN,-Infinity,1],\"b\":\"NaN \\\" Infinity\"}").unwrap();
        assert_eq!(value, serde_json::json!({ "a": ["NaN", "-Infinity", 1], "b": "NaN \" Infinity" }));
        assert!(parse::<Value>(b"{\"a\":nope}").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_pieces_or_an_error(text in prop::collection::vec(any::<u8>(), 0..200), drip in 1_usize..9) {
            let _ = pieces(&text, &["o"], drip);
        }

        #[test]
        fn json_like_bytes_too(text in "[\\[\\]{},:\"a0 \\\\\n]{0,60}", drip in 1_usize..9) {
            let _ = pieces(text.as_bytes(), &["a"], drip);
        }

        #[test]
        fn the_size_of_the_reads_does_not_matter(drip in 1_usize..40) {
            let text = br#"[{"a":"x\\\"]"},{"b":[{"c":"\\"}]},3,"s",null]"#;
            prop_assert_eq!(pieces(text, &[], drip).unwrap(), pieces(text, &[], 1000).unwrap());
        }
    }
}
