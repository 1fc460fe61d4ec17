//! Reads binding tables, and puts the user's on top of a preset.

use super::tree::Node;
use super::{Call, Keymap, SCOPES};
use crate::domain::key::KeyPress;
use crate::domain::problem::Problem;
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use toml::{Table, Value};

/// Longer sequences are not taken.
const LONGEST_SEQUENCE: usize = 6;
/// More actions on one key are not taken.
const MOST_CALLS: usize = 16;
/// What stands for "no action".
const UNBOUND: &str = "none";

/// Parses a sequence such as `g h` or `<C-w> <left>`.
pub(super) fn parse_keys(text: &str) -> Result<Vec<KeyPress>, String> {
    let keys = text.split_whitespace().map(KeyPress::parse).collect::<Result<Vec<_>, _>>()?;
    match keys.len() {
        0 => Err("a key is missing; the space bar is written <space>".to_owned()),
        1..=LONGEST_SEQUENCE => Ok(keys),
        n => Err(format!("{n} keys in a row are too many; at most {LONGEST_SEQUENCE}")),
    }
}

/// One layer of bindings being put on a map.
struct Layer<'a> {
    known: &'a dyn Fn(&str) -> bool,
    /// Ids for "did you mean".
    names: Vec<String>,
    /// Actions that are not known are passed over in silence: a preset may be ahead of the program that embeds it.
    lenient: bool,
    problems: Vec<Problem>,
}

/// Puts `table` (scope to key to action) on `map`. Returns what is wrong in it.
pub(super) fn apply(map: &mut Keymap, table: &Table, known: &dyn Fn(&str) -> bool, lenient: bool) -> Vec<Problem> {
    let names = map.actions().map(str::to_owned).collect();
    let mut layer = Layer { known, names, lenient, problems: Vec::new() };
    for (scope, bindings) in table {
        layer.scope(map, scope, bindings);
    }
    layer.problems
}

impl Layer<'_> {
    fn report(&mut self, place: String, message: String, hint: String) {
        self.problems.push(Problem { place, message, hint });
    }

    fn scope(&mut self, map: &mut Keymap, scope: &str, bindings: &Value) {
        if !SCOPES.contains(&scope) {
            let hint = nearest(scope, SCOPES)
                .map_or_else(|| format!("there are {}", SCOPES.join(", ")), |n| format!("did you mean `{n}`?"));
            return self.report(place(scope, None), format!("there is no scope `{}`", printable(scope)), hint);
        }
        let Some(bindings) = bindings.as_table() else {
            let hint = format!("write [keys.{scope}] and under it \"g h\" = \"go.home\"");
            return self.report(place(scope, None), format!("`{scope}` is not a table"), hint);
        };
        let mut parsed = Vec::new();
        for (written, value) in bindings {
            if let Some((keys, calls)) = self.binding(scope, written, value) {
                parsed.push((written, keys, calls));
            }
        }
        // What is unbound makes room for what is bound, whatever their order in the file.
        parsed.sort_by_key(|(_, _, calls)| !calls.is_empty());
        let root = map.scopes.entry(scope.to_owned()).or_default();
        for (written, keys, calls) in parsed {
            self.put(root, scope, written, &keys, calls);
        }
    }

    fn put(&mut self, root: &mut Node, scope: &str, written: &str, keys: &[KeyPress], calls: Vec<Call>) {
        if calls.is_empty() {
            return root.unbind(keys);
        }
        if let Err(other) = root.bind(keys, calls) {
            let other = show_notation(&other.0);
            let keys = show_notation(keys);
            let message = format!("`{keys}` cannot be bound together with `{other}`: one is the start of the other");
            self.report(place(scope, Some(written)), message, format!("unbind it with \"{other}\" = \"{UNBOUND}\""));
        }
    }

    fn binding(&mut self, scope: &str, written: &str, value: &Value) -> Option<(Vec<KeyPress>, Vec<Call>)> {
        let at = place(scope, Some(written));
        let keys = match parse_keys(written) {
            Ok(keys) => keys,
            Err(why) => {
                self.report(at, printable(&why).into_owned(), String::new());
                return None;
            }
        };
        let texts: Option<Vec<&str>> = match value {
            Value::String(text) => Some(vec![text]),
            Value::Array(list) if !list.is_empty() && list.len() <= MOST_CALLS => {
                list.iter().map(Value::as_str).collect()
            }
            _ => None,
        };
        let Some(texts) = texts else {
            let hint = format!("such as \"go.home\", [\"select\", \"cursor.down\"], or \"{UNBOUND}\"");
            self.report(at, "an action, or a list of actions, is expected here".to_owned(), hint);
            return None;
        };
        if texts == [UNBOUND] {
            return Some((keys, Vec::new()));
        }
        let calls: Vec<Call> = texts.into_iter().filter_map(|text| self.call(&at, text)).collect();
        (!calls.is_empty()).then_some((keys, calls))
    }

    fn call(&mut self, at: &str, text: &str) -> Option<Call> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let action = words.next().unwrap_or_default();
        if !action.is_empty() && (self.known)(&action) {
            return Some(Call { action, args: words.collect() });
        }
        if !self.lenient {
            let names = self.names.iter().map(String::as_str);
            let hint = nearest(&action, names).map_or_else(
                || "`:` in the program and `lakelens man` list the actions".to_owned(),
                |n| format!("did you mean `{n}`?"),
            );
            self.report(at.to_owned(), format!("there is no action `{}`", printable(&action)), hint);
        }
        None
    }
}

fn show_notation(keys: &[KeyPress]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// What [`super::locate`] looks for: the dotted name of a binding, as it stands in the config file.
pub(super) fn place(scope: &str, keys: Option<&str>) -> String {
    let scope = printable(scope);
    keys.map_or_else(|| format!("keys.{scope}"), |k| format!("keys.{scope}.\"{}\"", printable(k)))
}
