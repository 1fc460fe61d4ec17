//! The rest of a sequence that comes after it was given up.
//!
//! Why: a slow link can stall in the middle of an answer for longer than anybody should wait for a key. Its bytes come in
//! order, so the rest is the first that arrives then, and all of it at once. Read as keys it would label pictures.
//!
//! What always holds: only the first bytes after the silence are looked at; they are taken for the rest only if with
//! them the sequence becomes something that is no key, or if they are more than a person types at once.

use super::{Parser, State};
use crate::term::input::{InputEvent, Reply};

/// More bytes at once than keys make, where the end of a string or a paste is still to come.
const BURST: usize = 64;
/// The parameters of an answer whose meaning is not known are at least so long.
const SHORTEST: usize = 2;

/// A sequence that was given up: what the parser was in the middle of.
#[derive(Debug)]
pub(super) struct Cut {
    state: State,
    buffer: Vec<u8>,
    inner: Vec<u8>,
    nested: bool,
}

impl Cut {
    /// What is lost if `parser` gives up now; nothing where the rest could only be keys.
    pub(super) fn of(parser: &mut Parser) -> Option<Self> {
        let state = parser.state;
        if !matches!(
            state,
            State::Escape
                | State::Csi
                | State::CsiIgnore
                | State::Text(_)
                | State::TextEscape(_)
                | State::TextCsi(_)
                | State::Paste
        ) {
            return None;
        }
        let nested = parser.nested;
        // What came of a paste is told when it is given up.
        let buffer = if state == State::Paste { Vec::new() } else { parser.buffer.clone() };
        Some(Self { state, buffer, inner: parser.inner.clone(), nested })
    }

    pub(super) fn held(&self) -> usize {
        self.buffer.capacity() + self.inner.capacity()
    }

    /// Whether a long burst can be the middle of it.
    fn is_long(&self) -> bool {
        matches!(
            self.state,
            State::CsiIgnore | State::Text(_) | State::TextEscape(_) | State::TextCsi(_) | State::Paste
        )
    }
}

impl Parser {
    /// Takes the rest of the sequence that was given up, if `bytes` begin with it; says how many bytes that are.
    pub(super) fn rest(&mut self, bytes: &[u8], out: &mut Vec<InputEvent>) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        let Some(cut) = self.cut.take() else { return 0 };
        let (long, before) = (cut.is_long(), cut.buffer.len());
        let Cut { state, buffer, inner, nested } = cut;
        let mut past = Self { state, buffer, inner, nested, ..Self::default() };
        let mut found = Vec::new();
        for (index, &byte) in bytes.iter().enumerate() {
            past.step(byte, &mut found);
            match found.as_slice() {
                [] if past.state == State::Ground => return 0,
                [] => {}
                [InputEvent::Key { .. }, ..] => return 0,
                // Alt and a bracket, and then a letter.
                [InputEvent::Reply(Reply::Other)] if before + index < SHORTEST => return 0,
                _ => {
                    out.append(&mut found);
                    return index + 1;
                }
            }
        }
        if !long || bytes.len() < BURST {
            return 0;
        }
        *self = past;
        bytes.len()
    }
}
