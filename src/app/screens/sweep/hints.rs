//! The letters under the thumbnails of a sweep.

use crate::app::registry::Scope;
use crate::app::screens::Screen;
use crate::app::state::State;
use crate::domain::key::KeyPress;

/// Letters in the order in which fingers reach them: home row, the row above, the row below. `g`, `q` and `u` stay
/// commands (go to a screen, close, undo).
const LETTERS: &str = "asdfjklhweriotpyxcvmbnz";

/// So many hints that none is the start of another, the shortest first: one letter each as far as they go, then two.
#[must_use]
pub fn hints(letters: &[char], count: usize) -> Vec<String> {
    let n = letters.len();
    if n == 0 {
        return Vec::new();
    }
    // With `first` letters kept as starts of two-letter hints there are n - first + first * n hints.
    let first = (0..=n).find(|p| n - p + p * n >= count).unwrap_or(n);
    let (single, starts) = letters.split_at(n - first);
    let pairs = starts.iter().flat_map(|a| letters.iter().map(move |b| format!("{a}{b}")));
    single.iter().map(char::to_string).chain(pairs).take(count).collect()
}

/// The letters that no key map binds in a sweep.
#[must_use]
pub fn letters(state: &State) -> Vec<char> {
    letters_in(state, "sweep")
}

/// The letters that no key map binds in a scope.
#[must_use]
pub fn letters_in(state: &State, scope: &str) -> Vec<char> {
    let taken = state.keymap.taken(&[scope]);
    LETTERS.chars().filter(|c| !taken.contains(&KeyPress::char(*c).to_string())).collect()
}

/// The letters that mark thumbnails on the screen that is shown, whatever else they do elsewhere.
#[must_use]
pub fn taken(state: &State) -> Vec<char> {
    match state.screen() {
        Some(Screen::Sweep(_)) => letters(state),
        Some(Screen::Objects(_)) => letters_in(state, Scope::Objects.name()),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hint_is_the_start_of_another() {
        let letters: Vec<char> = LETTERS.chars().collect();
        for count in [1, 22, 23, 24, 40, 100, 400] {
            let all = hints(&letters, count);
            assert_eq!(all.len(), count);
            for (i, a) in all.iter().enumerate() {
                assert!(all.iter().enumerate().all(|(j, b)| i == j || !b.starts_with(a.as_str())), "{count} {a}");
            }
        }
        assert_eq!(hints(&letters, 9), ["a", "s", "d", "f", "j", "k", "l", "h", "w"]);
        assert_eq!(hints(&letters, 24)[21..], ["n", "za", "zs"]);
        assert!(hints(&[], 3).is_empty());
    }
}
