//! XML in another encoding than UTF-8, as its first line or its first bytes say.
//!
//! What always holds: bytes that the encoding does not have are an error, never another letter.

use crate::domain::text::printable;
use crate::formats::dataset::ReadError;
use crate::formats::read::{broken, io_error};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Cursor, Read};
use std::sync::Arc;

/// Why a text cannot be taken that is declared as UTF-8, or as nothing.
pub(super) const NOT_UTF_8: &str = "its text is not UTF-8, and its first line does not say what else it is (encoding=\"…\"); save it as UTF-8 and try again";
/// So much of a file may stand before the end of its declaration.
const HEAD: u64 = 512;
/// Bytes that are decoded at once.
const STEP: usize = 64 << 10;

/// The same text in UTF-8.
///
/// # Errors
/// When the file cannot be read, or says an encoding that is not known.
pub(super) fn as_utf8(mut input: Box<dyn Read + Send>, file: &Arc<str>) -> Result<Box<dyn Read + Send>, ReadError> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).map_err(|e| io_error(file, e))?;
    let encoding = of(&head).map_err(|name| {
        let name = printable(&name).into_owned();
        broken(
            file,
            format!(
                "its first line says that its text is `{name}`, which is not known; save it as UTF-8 and try again"
            ),
        )
    })?;
    let whole = Box::new(Cursor::new(head).chain(input));
    Ok(match encoding {
        Some(encoding) => Box::new(Recoded::new(whole, encoding)),
        None => whole,
    })
}

/// The encoding that is no UTF-8; or the name of one that is not known.
pub(in crate::formats::read) fn of(head: &[u8]) -> Result<Option<&'static Encoding>, String> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(Some(encoding).filter(|found| *found != UTF_8));
    }
    let Some(name) = declared(head) else { return Ok(None) };
    let encoding = Encoding::for_label(name).ok_or_else(|| String::from_utf8_lossy(name).into_owned())?;
    // A declaration that can be read byte by byte is no UTF-16, whatever it says: .NET writes such files.
    Ok(Some(encoding).filter(|found| ![UTF_8, UTF_16LE, UTF_16BE].contains(found)))
}

/// What the declaration says: `<?xml version="1.0" encoding="…"?>`.
fn declared(head: &[u8]) -> Option<&[u8]> {
    let head = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let inner = head.get(..head.windows(2).position(|pair| pair == b"?>")?)?;
    let key = b"encoding";
    let after = inner.get(inner.windows(key.len()).position(|part| part == key)? + key.len()..)?;
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    rest.get(..rest.iter().position(|byte| byte == quote)?)
}

/// Gives in UTF-8 what it reads in another encoding.
struct Recoded {
    input: Box<dyn Read + Send>,
    decoder: Decoder,
    /// Bytes that are still to be decoded, from here on.
    raw: Vec<u8>,
    at: usize,
    /// Letters that are still to be given.
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl Recoded {
    fn new(input: Box<dyn Read + Send>, encoding: &'static Encoding) -> Self {
        let (decoder, ready) = (encoding.new_decoder(), Cursor::new(Vec::new()));
        Self { input, decoder, raw: Vec::new(), at: 0, ready, ended: false }
    }

    /// Decodes the next piece.
    fn refill(&mut self) -> io::Result<()> {
        if self.at == self.raw.len() {
            self.raw.clear();
            self.at = 0;
            self.input.by_ref().take(STEP as u64).read_to_end(&mut self.raw)?;
        }
        let last = self.raw.is_empty();
        let mut out = vec![0; STEP * 3];
        let rest = self.raw.get(self.at..).unwrap_or_default();
        let (result, read, written, wrong) = self.decoder.decode_to_utf8(rest, &mut out, last);
        if wrong {
            let name = self.decoder.encoding().name();
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has bytes that are no {name}")));
        }
        self.at += read;
        self.ended = last && result == CoderResult::InputEmpty;
        out.truncate(written);
        self.ready = Cursor::new(out);
        Ok(())
    }
}

impl Read for Recoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(buffer)?;
            if n > 0 || self.ended || buffer.is_empty() {
                return Ok(n);
            }
            self.refill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> Result<String, String> {
        let file = Arc::from("f.xml");
        let mut text = String::new();
        let mut input = as_utf8(Box::new(Cursor::new(bytes.to_vec())), &file).map_err(|e| e.to_string())?;
        input.read_to_string(&mut text).map_err(|e| e.to_string()).map(|_| text)
    }

    fn said(encoding: &str, letters: &[u8]) -> Vec<u8> {
        [format!("<?xml version='1.0' encoding = \"{encoding}\"?><a>").as_bytes(), letters, b"</a>"].concat()
    }

    #[test]
    fn what_the_first_line_says_counts() {
        for (encoding, letters, text) in [
            ("ISO-8859-1", &b"\xe9"[..], "é"),
            ("windows-1252", b"\x80", "€"),
            ("GBK", b"\xc3\xa8", "猫"),
            ("Shift_JIS", b"\x94\x4c", "猫"),
            ("utf-8", "猫".as_bytes(), "猫"),
            ("utf-16", "猫".as_bytes(), "猫"),
        ] {
            assert!(text_of(&said(encoding, letters)).unwrap().contains(&format!("<a>{text}</a>")), "{encoding}");
        }
        assert!(text_of(&said("klingon", b"")).unwrap_err().contains("`klingon`, which is not known"));
        assert!(text_of(&said("Shift_JIS", b"\xff\xff")).unwrap_err().contains("bytes that are no Shift_JIS"));
        let long = "é".repeat(STEP).into_bytes();
        assert_eq!(text_of(&long).unwrap().len(), 2 * STEP);
        let latin = text_of(&said("latin1", &vec![0xe9; STEP + 7])).unwrap();
        assert_eq!(latin.chars().filter(|c| *c == 'é').count(), STEP + 7);
    }

    #[test]
    fn the_first_bytes_tell_utf_16() {
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let bytes = [b"\xff\xfe".to_vec(), wide("<?xml version='1.0' encoding='UTF-16'?><a>é</a>")].concat();
        assert!(text_of(&bytes).unwrap().ends_with("<a>é</a>"));
        assert!(text_of(&bytes[..bytes.len() - 1]).is_err(), "half a letter");
    }
}
