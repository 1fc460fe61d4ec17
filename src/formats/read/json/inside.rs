//! Where a value of a JSON file ends.

use super::find;

/// Where in a value a scan is.
#[derive(Clone, Copy, Default)]
pub(super) struct Inside {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Inside {
    /// Goes on in these bytes; how many of them belong to the value, if it ends among them.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            // Most bytes mean nothing, and are passed in loops that do nothing else.
            at += match (self.quoted, self.depth) {
                _ if self.escaped => Some(0),
                (true, _) => find::text_end(rest),
                (false, 0) => {
                    rest.iter().position(|b| find::is_bracket(*b) || matches!(b, b',' | b' ' | b'\t' | b'\r' | b'\n'))
                }
                (false, _) => find::bracket(rest),
            }?;
            match *bytes.get(at)? {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' if self.quoted && self.depth == 0 => return Some(at + 1),
                b'"' => self.quoted = !self.quoted,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' if self.depth == 1 => return Some(at + 1),
                b']' | b'}' if self.depth > 1 => self.depth -= 1,
                _ => return Some(at),
            }
            at += 1;
        }
    }
}
