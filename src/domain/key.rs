//! A key press as the program sees it, whatever the terminal sent for it.
//!
//! It lives in the domain because three layers that may not know each other speak of keys: the terminal decodes them,
//! the key map binds them, the label set offers them as hotkeys.

use std::fmt;

/// The key itself, without modifiers. A shifted letter is its upper-case character, never `Shift` plus the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab, which terminals send as a key of its own.
    BackTab,
    /// Backspace.
    Backspace,
    /// Forward delete.
    Delete,
    /// Insert.
    Insert,
    /// Left arrow.
    Left,
    /// Right arrow.
    Right,
    /// Up arrow.
    Up,
    /// Down arrow.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Function key 1-24.
    F(u8),
}

/// A key with its modifiers. `repeat` is true only where the terminal says so (Kitty keyboard protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    /// Which key.
    pub key: Key,
    /// Control was held.
    pub ctrl: bool,
    /// Alt (Meta) was held.
    pub alt: bool,
    /// Shift was held with a key that has no shifted character of its own (arrows, Tab, Enter).
    pub shift: bool,
}

impl KeyPress {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false, alt: false, shift: false }
    }

    /// A printable character without modifiers.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// The same key with Control.
    #[must_use]
    pub const fn with_ctrl(mut self) -> Self {
        self.ctrl = true;
        self
    }

    /// Parses one key in the notation of the key map: `j`, `G`, `<space>`, `<C-r>`, `<A-x>`, `<S-left>`, `<f5>`, `<lt>`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).filter(|t| !t.is_empty());
        let Some(mut rest) = inner else {
            let mut chars = text.chars();
            return match (chars.next(), chars.next()) {
                (Some(c), None) if !c.is_control() && c != ' ' => Ok(Self::char(c)),
                _ => Err(format!("`{text}` is not one key; write a character or a name such as <space>, <C-r>, <f5>")),
            };
        };
        let mut press = Self::char(' ');
        while rest.len() > 2 && rest.as_bytes().get(1) == Some(&b'-') {
            match rest.as_bytes().first() {
                Some(b'C' | b'c') => press.ctrl = true,
                Some(b'A' | b'a' | b'M' | b'm') => press.alt = true,
                Some(b'S' | b's') => press.shift = true,
                _ => return Err(format!("`{text}` has an unknown modifier; use C- (control), A- (alt) or S- (shift)")),
            }
            rest = rest.get(2..).unwrap_or_default();
        }
        press.key = named(rest)
            .ok_or_else(|| format!("`{text}` names no key; try <space>, <enter>, <esc>, <tab>, <left>, <f1>"))?;
        Ok(press.normalised())
    }

    /// Folds the spellings of one key into one value (`<S-a>` is `A`, `<S-tab>` is back-tab), so that lookups agree.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        if let Key::Char(c) = self.key {
            if self.ctrl {
                self.key = Key::Char(c.to_ascii_lowercase());
            } else if self.shift {
                self.key = Key::Char(c.to_uppercase().next().unwrap_or(c));
            }
            self.shift = false;
        }
        if self.key == Key::Tab && self.shift {
            self.key = Key::BackTab;
        }
        if self.key == Key::BackTab {
            self.shift = false;
        }
        self
    }
}

const NAMES: [(&str, Key); 18] = [
    ("space", Key::Char(' ')),
    ("lt", Key::Char('<')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backtab", Key::BackTab),
    ("backspace", Key::Backspace),
    ("del", Key::Delete),
    ("ins", Key::Insert),
    ("left", Key::Left),
    ("right", Key::Right),
    ("up", Key::Up),
    ("down", Key::Down),
    ("home", Key::Home),
    ("end", Key::End),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
    ("gt", Key::Char('>')),
];

fn named(name: &str) -> Option<Key> {
    let lower = name.to_ascii_lowercase();
    if let Some(&(_, key)) = NAMES.iter().find(|(n, _)| *n == lower) {
        return Some(key);
    }
    if let Some(n) = lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=24).contains(n)) {
        return Some(Key::F(n));
    }
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() => Some(Key::Char(c)),
        _ => None,
    }
}

impl fmt::Display for KeyPress {
    /// Writes the notation that [`KeyPress::parse`] reads back to the same key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, k)| *k == self.key).map(|(n, _)| (*n).to_owned());
        let body = match (name, self.key) {
            (Some(name), _) => name,
            (None, Key::F(n)) => format!("f{n}"),
            (None, Key::Char(c)) if !self.ctrl && !self.alt => return write!(f, "{c}"),
            (None, Key::Char(c)) => c.to_string(),
            (None, other) => format!("{other:?}").to_lowercase(),
        };
        let modifiers = [(self.ctrl, "C-"), (self.alt, "A-"), (self.shift, "S-")];
        write!(f, "<")?;
        for (_, text) in modifiers.iter().filter(|(held, _)| *held) {
            write!(f, "{text}")?;
        }
        write!(f, "{body}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_modifiers() {
        assert_eq!(KeyPress::parse("j"), Ok(KeyPress::char('j')));
        assert_eq!(KeyPress::parse("<C-r>"), Ok(KeyPress::char('r').with_ctrl()));
        assert_eq!(KeyPress::parse("<S-tab>"), Ok(KeyPress::plain(Key::BackTab)));
        assert!(KeyPress::parse("<X-a>").is_err());
        assert!(KeyPress::parse("ab").is_err());
    }
}
