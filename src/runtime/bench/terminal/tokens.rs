//! Cuts what a program writes into text, controls and sequences, however the bytes were split on their way.

/// The longest sequence that is kept; more of it is read and thrown away, as terminals do.
const LONGEST: usize = 64 << 20;

/// One thing a program says to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of text.
    Text(String),
    /// A control character.
    Control(u8),
    /// `ESC` and what follows it up to the final byte.
    Escape(Vec<u8>),
    /// A control sequence: what stands between `CSI` and the final byte, and that byte.
    Csi(String, u8),
    /// The body of an operating system command.
    Osc(Vec<u8>),
    /// The body of a device control string.
    Dcs(Vec<u8>),
    /// The body of an application program command.
    Apc(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    Csi,
    /// A string that the byte of its introducer names.
    String(u8),
    /// An Escape inside such a string.
    StringEscape(u8),
}

/// The tokenizer. [`Self::next`] takes from what [`Self::push`] was given.
#[derive(Debug)]
pub(super) struct Tokens {
    state: State,
    input: Vec<u8>,
    at: usize,
    body: Vec<u8>,
    /// Bytes that the token in the making has taken so far.
    length: usize,
}

impl Tokens {
    pub(super) fn new() -> Self {
        Self { state: State::Ground, input: Vec::new(), at: 0, body: Vec::new(), length: 0 }
    }

    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.input.drain(..self.at);
        self.at = 0;
        self.input.extend_from_slice(bytes);
    }

    /// The next whole token and the bytes it took.
    pub(super) fn next(&mut self) -> Option<(Token, usize)> {
        loop {
            let rest = self.input.get(self.at..).filter(|r| !r.is_empty())?;
            let (taken, token) = match self.state {
                State::Ground => ground(rest, &mut self.state)?,
                State::Escape => escape(rest, &mut self.state, &mut self.body),
                State::Csi => csi(rest, &mut self.state, &mut self.body),
                State::String(kind) => string(rest, kind, &mut self.state, &mut self.body),
                State::StringEscape(kind) => string_escape(rest, kind, &mut self.state, &mut self.body),
            };
            self.at += taken;
            self.length += taken;
            if let Some(token) = token {
                return Some((token, std::mem::take(&mut self.length)));
            }
        }
    }
}

type Step = (usize, Option<Token>);

/// Nothing when the rest is the beginning of a character.
fn ground(rest: &[u8], state: &mut State) -> Option<Step> {
    let first = *rest.first()?;
    if first == 0x1b {
        *state = State::Escape;
        return Some((1, None));
    }
    if first < 0x20 || first == 0x7f {
        return Some((1, Some(Token::Control(first))));
    }
    let end = rest.iter().position(|b| *b < 0x20 || *b == 0x7f).unwrap_or(rest.len());
    let run = rest.get(..end)?;
    let chunk = run.utf8_chunks().next()?;
    if !chunk.valid().is_empty() {
        return Some((chunk.valid().len(), Some(Token::Text(chunk.valid().to_owned()))));
    }
    // A character may go on in the next bytes; what cannot become one is shown as the sign for it.
    let unfinished = end == rest.len() && chunk.invalid().len() == run.len() && run.len() < 4;
    if unfinished {
        return None;
    }
    Some((chunk.invalid().len().max(1), Some(Token::Text('\u{fffd}'.to_string()))))
}

fn escape(rest: &[u8], state: &mut State, body: &mut Vec<u8>) -> Step {
    let byte = rest.first().copied().unwrap_or(0);
    body.clear();
    *state = match byte {
        b'[' => State::Csi,
        b']' | b'P' | b'_' | b'^' | b'X' => State::String(byte),
        // An intermediate byte: character sets and the like.
        b' '..=b'/' => return intermediate(rest, state),
        0x1b => State::Escape,
        _ => State::Ground,
    };
    let whole = *state == State::Ground;
    (1, whole.then(|| Token::Escape(vec![byte])))
}

/// `ESC ( B`: two bytes, taken together when both are there.
fn intermediate(rest: &[u8], state: &mut State) -> Step {
    match rest.get(..2) {
        Some(both) => {
            *state = State::Ground;
            (2, Some(Token::Escape(both.to_vec())))
        }
        // The final byte alone then comes as text; such sequences are never split in practice.
        None => {
            *state = State::Ground;
            (1, Some(Token::Escape(rest.to_vec())))
        }
    }
}

fn csi(rest: &[u8], state: &mut State, body: &mut Vec<u8>) -> Step {
    let Some(end) = rest.iter().position(|b| !(0x20..0x40).contains(b)) else {
        body.extend_from_slice(rest);
        return (rest.len(), None);
    };
    body.extend_from_slice(rest.get(..end).unwrap_or_default());
    let last = rest.get(end).copied().unwrap_or(0);
    *state = if last == 0x1b { State::Escape } else { State::Ground };
    let whole = (0x40..0x7f).contains(&last);
    let parameters = String::from_utf8_lossy(&std::mem::take(body)).into_owned();
    (end + 1, whole.then_some(Token::Csi(parameters, last)))
}

fn string(rest: &[u8], kind: u8, state: &mut State, body: &mut Vec<u8>) -> Step {
    let end = rest.iter().position(|b| *b == 0x1b || (*b == 7 && kind == b']'));
    let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    if body.len() < LONGEST {
        body.extend_from_slice(part);
    }
    match end {
        None => (rest.len(), None),
        Some(end) if rest.get(end) == Some(&7) => {
            *state = State::Ground;
            (end + 1, finished(kind, body))
        }
        Some(end) => {
            *state = State::StringEscape(kind);
            (end + 1, None)
        }
    }
}

fn string_escape(rest: &[u8], kind: u8, state: &mut State, body: &mut Vec<u8>) -> Step {
    let byte = rest.first().copied().unwrap_or(0);
    if byte == b'\\' {
        *state = State::Ground;
        return (1, finished(kind, body));
    }
    // Inside what is wrapped for tmux every Escape is doubled.
    body.extend_from_slice(&[0x1b, byte]);
    *state = State::String(kind);
    (1, None)
}

fn finished(kind: u8, body: &mut Vec<u8>) -> Option<Token> {
    let body = std::mem::take(body);
    match kind {
        b']' => Some(Token::Osc(body)),
        b'P' => Some(Token::Dcs(body)),
        b'_' => Some(Token::Apc(body)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(pieces: &[&[u8]]) -> (Vec<Token>, usize) {
        let (mut tokens, mut out, mut taken) = (Tokens::new(), Vec::new(), 0);
        for piece in pieces {
            tokens.push(piece);
            while let Some((token, length)) = tokens.next() {
                taken += length;
                match (&token, out.last_mut()) {
                    (Token::Text(new), Some(Token::Text(old))) => old.push_str(new),
                    _ => out.push(token),
                }
            }
        }
        (out, taken)
    }

    const MIXED: &[u8] = b"ab\xe2\x96\x80\x1b[1;38:2m\r\x1b7\x1b]2;t\x07\x1b]2;t\x1b\\\x1bP1q#\x1b\\\
        \x1b_Ga=p\x1b\\\x1bPtmux;\x1b\x1b_G\x1b\x1b\\\x1b\\z";

    #[test]
    fn everything_is_told_apart() {
        let text = |t: &str| Token::Text(t.to_owned());
        let expected = vec![
            text("ab▀"),
            Token::Csi("1;38:2".to_owned(), b'm'),
            Token::Control(b'\r'),
            Token::Escape(b"7".to_vec()),
            Token::Osc(b"2;t".to_vec()),
            Token::Osc(b"2;t".to_vec()),
            Token::Dcs(b"1q#".to_vec()),
            Token::Apc(b"Ga=p".to_vec()),
            Token::Dcs(b"tmux;\x1b\x1b_G\x1b\x1b\\".to_vec()),
            text("z"),
        ];
        assert_eq!(all(&[MIXED]), (expected, MIXED.len()));
    }

    proptest! {
        #[test]
        fn where_bytes_are_split_changes_nothing(cuts in proptest::collection::vec(0..MIXED.len(), 0..6)) {
            let mut cuts = cuts;
            cuts.extend([0, MIXED.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &MIXED[w[0]..w[1]]).collect();
            prop_assert_eq!(all(&pieces), all(&[MIXED]));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (_, taken) = all(&[&bytes]);
            prop_assert!(taken <= bytes.len());
        }
    }
}
