//! A JSON object without the values of one key, which may be of any length: the picture in a LabelMe file.

use super::{Inside, LONGEST, Scan};
use crate::formats::dataset::ReadError;
use std::io::Read;
use std::sync::Arc;

/// The bytes of an object with `null` for each value of `key` at its top level.
///
/// # Errors
/// When it is no object, ends too early, cannot be read, or is longer than [`LONGEST`] without them.
pub fn without(input: Box<dyn Read + Send>, file: &Arc<str>, key: &str) -> Result<Vec<u8>, ReadError> {
    let mut scan = Scan::new(input, file);
    scan.begin()?;
    match scan.token()? {
        Some(b'{') => scan.at += 1,
        Some(_) => return Err(scan.broken("it is no JSON: an object should stand here")),
        None => return Err(scan.broken("it is empty")),
    }
    let mut out = b"{".to_vec();
    let mut ended = scan.token()? == Some(b'}');
    while !ended {
        let found = scan.key()?;
        let quoted = serde_json::to_string(&found).map_err(|e| scan.broken(e.to_string()))?;
        out.extend_from_slice(quoted.as_bytes());
        out.push(b':');
        if found == key {
            scan.skip()?;
            out.extend_from_slice(b"null");
        } else {
            let (start, end) = scan.value()?;
            out.extend_from_slice(scan.buffer().get(start..end).unwrap_or_default());
        }
        if out.len() > LONGEST {
            return Err(scan.broken(format!("without `{key}` it is longer than {} MiB", LONGEST >> 20)));
        }
        ended = scan.comma(b'}')?;
        out.extend_from_slice(if ended { b"}" } else { b"," });
    }
    if out == b"{" {
        out.push(b'}');
    }
    Ok(out)
}

impl Scan {
    /// Passes a value without keeping it.
    fn skip(&mut self) -> Result<(), ReadError> {
        let mut inside = Inside::default();
        loop {
            let rest = self.buffer().get(self.at..).unwrap_or_default();
            if let Some(end) = inside.pass(rest) {
                self.at += end;
                return Ok(());
            }
            self.at = self.buffer().len();
            if !self.more(self.at)? {
                return Err(self.cut());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slim(text: &str) -> Result<String, String> {
        let done = without(Box::new(std::io::Cursor::new(text.to_owned())), &Arc::from("f.json"), "big");
        done.map(|bytes| String::from_utf8(bytes).unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn one_value_is_passed_over_whatever_its_length() {
        let long = "x\\\"".repeat(6 << 20);
        let text = format!("\u{feff} {{\"a\": [1, 2] , \"big\" :\"{long}\",\"c\":{{\"big\":3}}}}");
        assert_eq!(slim(&text).unwrap(), "{\"a\":[1, 2],\"big\":null,\"c\":{\"big\":3}}");
        assert_eq!(slim("{}").unwrap(), "{}");
        assert!(slim(&format!("{{\"big\":\"{long}")).unwrap_err().contains("ends in the middle"));
        assert!(slim(&format!("{{\"a\":\"{long}\"}}")).unwrap_err().contains("longer than 16 MiB"));
        assert!(slim("[1]").unwrap_err().contains("an object should stand here"));
    }
}
