//! What the program tells the person: toasts that pass, and the list of everything that was said.

use std::collections::VecDeque;

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something was done.
    Info,
    /// Something is not as expected; nothing is lost.
    Warning,
    /// Something failed. Stays in the status line until a key is pressed.
    Error,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How serious.
    pub level: Level,
    /// A sentence, already safe to show.
    pub text: String,
    /// Milliseconds of the program's clock when it was said.
    pub at: u64,
    /// A key has led to it: it asks for something, or says why something was not done.
    pub keyed: bool,
}

/// How long a toast stays, in milliseconds.
pub const TOAST_MS: u64 = 4_000;
/// How many messages are kept.
const KEPT: usize = 500;

/// All messages, and the one that is shown now.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    log: VecDeque<Message>,
    shown: Option<Message>,
    /// How many there were.
    said: u64,
    /// What is said now is said because of a key.
    keyed: bool,
}

impl Messages {
    /// Says something.
    pub fn say(&mut self, level: Level, text: impl Into<String>, at: u64) {
        let message = Message { level, text: text.into(), at, keyed: self.keyed };
        self.said += 1;
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(message.clone());
        self.shown = Some(message);
    }

    /// The message to show now.
    #[must_use]
    pub fn shown(&self) -> Option<&Message> {
        self.shown.as_ref()
    }

    /// All messages, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.log.iter()
    }

    /// Drops the shown message when its time is over. Returns whether anything changed.
    pub fn expire(&mut self, now: u64) -> bool {
        let over = self.expires_at().is_some_and(|at| now >= at);
        if over {
            self.shown = None;
        }
        over
    }

    /// When the shown message passes; errors stay until a key.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.shown.as_ref().filter(|m| m.level != Level::Error).map(|m| m.at + TOAST_MS)
    }

    /// From now on things are said because of a key, or because of something else.
    pub fn listen_to(&mut self, key: bool) {
        self.keyed = key;
    }

    /// The number of the warning that is shown because of a key, if one is: what it asks for may be done next.
    #[must_use]
    pub fn asking(&self) -> Option<u64> {
        self.shown.as_ref().filter(|m| m.keyed && m.level == Level::Warning).map(|_| self.said)
    }

    /// Something was done after the message of this number had been shown: it asks for nothing any more. What was said
    /// since stays.
    pub fn answered(&mut self, number: Option<u64>) {
        if number.is_some() && number == self.asking() {
            self.shown = None;
        }
    }

    /// A key was pressed: an error has been seen.
    pub fn acknowledge(&mut self) {
        if self.shown.as_ref().is_some_and(|m| m.level == Level::Error) {
            self.shown = None;
        }
    }
}
