//! A list to choose from by typing: the palette, help, bookmarks, themes, classes, reasons.

use super::Overlay;
use super::prompt::request;
use crate::app::effect::Effect;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};
use crate::domain::text::printable;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

/// One thing that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What it is called; matched against what is typed. Already safe to show.
    pub label: String,
    /// More about it, shown after it. Already safe to show.
    pub detail: String,
    /// The key that does the same, or another short word, shown before it.
    pub key: String,
    /// What choosing passes on.
    pub value: String,
}

/// A list, what was typed, and what choosing does.
#[derive(Clone, Debug)]
pub struct Picker {
    /// What is chosen here.
    pub title: String,
    /// Everything that can be chosen.
    pub items: Vec<Item>,
    /// What was typed.
    pub input: Input,
    /// Positions in `items` that match, best first.
    pub shown: Vec<usize>,
    /// Position in `shown`.
    pub cursor: usize,
    /// What is said when nothing can be chosen.
    pub empty: String,
    /// Takes what was typed when nothing matches, such as a new reason.
    pub free_text: bool,
    /// Chosen by name: only names are compared, as they are written, and a name that nothing has is offered as a new one. So
    /// what is typed never means a thing that merely sounds like it.
    pub by_name: bool,
    /// The new name that is offered, after everything in `items`.
    pub offer: Option<Item>,
    /// What choosing does.
    pub choose: fn(&mut State, &str) -> Vec<Effect>,
}

impl Picker {
    /// A list with everything shown.
    #[must_use]
    pub fn new(title: &str, items: Vec<Item>, choose: fn(&mut State, &str) -> Vec<Effect>) -> Self {
        let shown = (0..items.len()).collect();
        let (title, input, empty) = (title.to_owned(), Input::default(), "nothing here".to_owned());
        Self { title, items, input, shown, cursor: 0, empty, free_text: false, by_name: false, offer: None, choose }
    }

    /// The item under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Item> {
        self.shown.get(self.cursor).and_then(|i| self.item(*i))
    }

    /// The thing that an entry of `shown` means.
    #[must_use]
    pub fn item(&self, i: usize) -> Option<&Item> {
        self.items.get(i).or(self.offer.as_ref())
    }

    /// The same list with other things to choose from, narrowed by what was typed.
    pub fn fill(&mut self, items: Vec<Item>) {
        self.items = items;
        self.narrow();
    }

    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
        self.narrow();
    }

    /// Recomputes which items match: words in any order, best match first, ties in the given order.
    fn narrow(&mut self) {
        self.cursor = 0;
        let typed = self.input.value();
        let pattern = if self.by_name {
            Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring)
        } else {
            Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart)
        };
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (i, item) in self.items.iter().enumerate() {
            let text =
                if self.by_name { item.label.clone() } else { format!("{} {} {}", item.label, item.key, item.detail) };
            if let Some(score) = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher) {
                scored.push((score, i));
            }
        }
        scored.sort_by_key(|(score, i)| (std::cmp::Reverse(*score), *i));
        self.shown = scored.into_iter().map(|(_, i)| i).collect();
        if self.by_name {
            self.offer_name();
        }
    }

    /// The very name that was typed comes first; where nothing has it, it is offered last.
    fn offer_name(&mut self) {
        let name = self.input.value().trim().to_owned();
        let typed = printable(&name).to_lowercase();
        let same = |i: &usize| self.items.get(*i).is_some_and(|item| item.label.to_lowercase() == typed);
        self.offer = None;
        match self.shown.iter().position(same) {
            Some(at) => self.shown[..=at].rotate_right(1),
            None if self.free_text && !name.is_empty() => {
                let label = printable(&name).into_owned();
                self.offer = Some(Item { label, key: "new".to_owned(), value: name, ..Item::default() });
                self.shown.push(self.items.len());
            }
            None => {}
        }
    }
}

pub(super) fn key(state: &mut State, mut picker: Picker, press: KeyPress) -> Vec<Effect> {
    let last = picker.shown.len().saturating_sub(1);
    match (press.key, press.ctrl) {
        (Key::Enter, _) => {
            if let Some(item) = picker.current() {
                return (picker.choose)(state, &item.value);
            }
            if picker.free_text && !picker.input.value().trim().is_empty() {
                return (picker.choose)(state, picker.input.value().trim());
            }
        }
        (Key::Down | Key::Tab, _) | (Key::Char('n'), true) => picker.cursor = (picker.cursor + 1).min(last),
        (Key::Up | Key::BackTab, _) | (Key::Char('p'), true) => picker.cursor = picker.cursor.saturating_sub(1),
        (Key::PageDown, _) | (Key::Char('d'), true) => picker.cursor = (picker.cursor + 10).min(last),
        (Key::PageUp, _) => picker.cursor = picker.cursor.saturating_sub(10),
        _ => {
            if let Some(request) = request(press) {
                picker.input.handle(request);
                picker.narrow();
            }
        }
    }
    state.overlays.push(Overlay::Picker(picker));
    Vec::new()
}
