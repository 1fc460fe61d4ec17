//! Which keys run which actions. Bindings are data: a bundled preset, changed by the user's `[keys.SCOPE]` tables.
//!
//! What always holds: a key either runs something or starts a longer sequence in a scope, never both; there is no
//! timeout, a started sequence waits for its next key or `Esc`; what is wrong in the user's tables is listed all at once
//! and left out, so that there always is a usable key map.

mod read;
mod tree;

use crate::domain::key::{Key, KeyPress};
use crate::domain::problem::Problem;
use std::collections::BTreeMap;
use tree::Node;

/// The scopes that can be bound. `global` holds everywhere; those after `tasks` lie over a screen.
pub const SCOPES: [&str; 25] = [
    "global",
    "home",
    "lake",
    "table",
    "sql",
    "projects",
    "classes",
    "label",
    "boxes",
    "gallery",
    "sweep",
    "objects",
    "review",
    "stats",
    "live",
    "tasks",
    "conflicts",
    "differences",
    "versions",
    "wizard",
    "zoom",
    "input",
    "list",
    "help",
    "confirm",
];
/// The names of the presets, the default first.
pub const PRESETS: [&str; 2] = ["vim", "arrows"];

/// One action with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The action's id, such as `label.hotkey`.
    pub action: String,
    /// What was written after it.
    pub args: Vec<String>,
}

/// What the keys pressed so far mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Run these, in order.
    Run(Vec<Call>),
    /// Wait: these keys may follow, each with the action it runs, or `…` where a further key is needed.
    Prefix(Vec<(KeyPress, String)>),
    /// They mean nothing here.
    None,
}

/// All bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    scopes: BTreeMap<String, Node>,
}

impl Keymap {
    /// Loads a preset (an unknown name gives the first, with a problem) and puts the user's tables on it: scope, to key
    /// sequence, to action. `known` says whether there is an action of this id. Bindings of a preset to actions that are
    /// not known are left out; in the user's tables each is a problem.
    ///
    /// The places of the problems are names of keys in the config file; [`locate`] turns them into lines and columns.
    #[must_use]
    pub fn load(preset: &str, overrides: &toml::Table, known: &dyn Fn(&str) -> bool) -> (Self, Vec<Problem>) {
        let mut map = Self::default();
        let mut problems = Vec::new();
        for text in Self::preset_texts(preset) {
            match text.parse::<toml::Table>() {
                Ok(table) => problems.extend(read::apply(&mut map, &table, known, true)),
                Err(error) => problems.push(Problem {
                    place: format!("key map `{preset}`"),
                    message: error.message().to_owned(),
                    hint: "this is a bug in lakelens".to_owned(),
                }),
            }
        }
        if !PRESETS.contains(&preset) {
            let near = crate::domain::suggest::nearest(preset, PRESETS);
            problems.push(Problem {
                place: "keymap".to_owned(),
                message: format!("there is no key map `{}`", crate::domain::text::printable(preset)),
                hint: near
                    .map_or_else(|| format!("there are {}", PRESETS.join(", ")), |n| format!("did you mean `{n}`?")),
            });
        }
        problems.extend(read::apply(&mut map, overrides, known, false));
        (map, problems)
    }

    fn preset_texts(preset: &str) -> Vec<&'static str> {
        let mut texts = vec![include_str!("keymap/default.toml")];
        if preset == "arrows" {
            texts.push(include_str!("keymap/arrows.toml"));
        }
        texts
    }

    /// What `pending` means in these scopes, the innermost first. An inner scope hides what outer ones say of the same
    /// keys; where several scopes continue a started sequence, their continuations are offered together.
    #[must_use]
    pub fn lookup(&self, scopes: &[&str], pending: &[KeyPress]) -> Lookup {
        let mut next: BTreeMap<KeyPress, Vec<&Node>> = BTreeMap::new();
        for (node, used) in scopes.iter().filter_map(|s| self.scopes.get(*s)?.find(pending)) {
            match node {
                // The first of these keys already means something here, so outer scopes never see the sequence.
                Node::Leaf(_) if used < pending.len() => break,
                Node::Leaf(calls) if next.is_empty() => {
                    return if calls.is_empty() { Lookup::None } else { Lookup::Run(calls.clone()) };
                }
                Node::Leaf(_) => break,
                Node::Branch(keys) => keys.iter().for_each(|(key, node)| next.entry(*key).or_default().push(node)),
            }
        }
        let offered: Vec<_> = next.into_iter().filter_map(|(key, nodes)| Some((key, offer(&nodes)?))).collect();
        if offered.is_empty() { Lookup::None } else { Lookup::Prefix(offered) }
    }

    /// The sequences that run `action` in these scopes (innermost first) as people read them, the shortest first.
    /// `action` may carry arguments: `label.hotkey 3`.
    #[must_use]
    pub fn keys_for(&self, scopes: &[&str], action: &str) -> Vec<String> {
        let mut words = action.split_whitespace();
        let (id, args): (&str, Vec<&str>) = (words.next().unwrap_or_default(), words.collect());
        let mut found: Vec<Vec<KeyPress>> = Vec::new();
        for root in scopes.iter().filter_map(|s| self.scopes.get(*s)) {
            root.each(&mut Vec::new(), &mut |keys, calls| {
                let [call] = calls else { return };
                let wanted = call.action == id && (args.is_empty() || call.args == args);
                // The look-up is the costly part, and hints ask for many actions in every frame.
                if wanted
                    && !found.iter().any(|f| f == keys)
                    && self.lookup(scopes, keys) == Lookup::Run(calls.to_vec())
                {
                    found.push(keys.to_vec());
                }
            });
        }
        found.sort_by_key(|keys| (keys.len(), keys.iter().map(|k| show(k).chars().count()).sum::<usize>()));
        found.iter().map(|keys| show_all(keys)).collect()
    }

    /// Every binding that holds in these scopes, the innermost first; what an inner scope hides is left out.
    #[must_use]
    pub fn bindings(&self, scopes: &[&str]) -> Vec<(Vec<KeyPress>, Vec<Call>)> {
        let mut out: Vec<(Vec<KeyPress>, Vec<Call>)> = Vec::new();
        for scope in scopes {
            let Some(root) = self.scopes.get(*scope) else { continue };
            root.each(&mut Vec::new(), &mut |keys, calls| {
                if !calls.is_empty() && self.lookup(scopes, keys) == Lookup::Run(calls.to_vec()) {
                    let known = out.iter().any(|(other, _)| other == keys);
                    if !known {
                        out.push((keys.to_vec(), calls.to_vec()));
                    }
                }
            });
        }
        out
    }

    /// The ids of all actions that some key runs, sorted, each once.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let mut ids = std::collections::BTreeSet::new();
        let mut stack: Vec<&Node> = self.scopes.values().collect();
        while let Some(node) = stack.pop() {
            match node {
                Node::Leaf(calls) => ids.extend(calls.iter().map(|c| c.action.as_str())),
                Node::Branch(next) => stack.extend(next.values()),
            }
        }
        ids.into_iter()
    }

    /// The keys, in notation (`j`, `<space>`), that mean something in these scopes alone or as the start of a sequence.
    /// A label set must not use them as hotkeys.
    #[must_use]
    pub fn taken(&self, scopes: &[&str]) -> Vec<String> {
        match self.lookup(scopes, &[]) {
            Lookup::Prefix(keys) => keys.iter().map(|(key, _)| key.to_string()).collect(),
            _ => Vec::new(),
        }
    }
}

/// What the key of these nodes offers, the innermost scope's first. A sequence that an inner scope only takes away leaves
/// room for what outer scopes continue; a single key of an inner scope ends the question.
fn offer(nodes: &[&Node]) -> Option<String> {
    match nodes.first() {
        Some(leaf @ Node::Leaf(_)) => described(leaf),
        _ => nodes.iter().take_while(|node| matches!(node, Node::Branch(_))).find_map(|node| described(node)),
    }
}

/// What a place runs, `…` where a further key is needed, `None` where it is unbound.
fn described(node: &Node) -> Option<String> {
    match node {
        Node::Leaf(calls) => {
            let text =
                |c: &Call| std::iter::once(&c.action).chain(&c.args).map(String::as_str).collect::<Vec<_>>().join(" ");
            (!calls.is_empty()).then(|| calls.iter().map(text).collect::<Vec<_>>().join(", "))
        }
        Node::Branch(next) => next.values().any(|n| described(n).is_some()).then(|| "…".to_owned()),
    }
}

/// The printable keys that the default key map takes in a scope, together with those that hold everywhere, in notation;
/// the digits that assign labels are not among them. A label set must not use them as hotkeys.
#[must_use]
pub fn default_letters_taken(scope: &str) -> Vec<String> {
    let map = Keymap::load(PRESETS[0], &toml::Table::new(), &|_| true).0;
    let mut taken = map.taken(&[scope, "global"]);
    taken.retain(|key| {
        let mut chars = key.chars();
        matches!((chars.next(), chars.next()), (Some(c), None) if !c.is_ascii_digit())
    });
    taken
}

/// Turns the places of problems that [`Keymap::load`] found into lines and columns of the config file they stand in.
pub fn locate(problems: &mut [Problem], file: &str, text: &str) {
    let Ok(table) = toml::de::DeTable::parse(text) else { return };
    let Some((_, keys)) = table.get_ref().iter().find(|(k, _)| k.get_ref() == "keys") else { return };
    let Some(scopes) = keys.get_ref().as_table() else { return };
    let mut spans = BTreeMap::new();
    for (scope, bindings) in scopes {
        spans.insert(read::place(scope.get_ref(), None), scope.span());
        for (key, _) in bindings.get_ref().as_table().into_iter().flatten() {
            spans.insert(read::place(scope.get_ref(), Some(key.get_ref())), key.span());
        }
    }
    for problem in problems {
        if let Some(span) = spans.get(&problem.place) {
            let Problem { message, hint, .. } = problem.clone();
            *problem = Problem::at(file, text, span, message, hint);
        }
    }
}

/// A key as people read it: `Space`, `Ctrl-r`, `Alt-x`, `Left`, `j`, `G`.
#[must_use]
pub fn show(press: &KeyPress) -> String {
    let body = match press.key {
        Key::Char(' ') => "Space".to_owned(),
        Key::Char(c) => c.to_string(),
        Key::BackTab => "Shift-Tab".to_owned(),
        Key::Delete => "Del".to_owned(),
        Key::Insert => "Ins".to_owned(),
        Key::PageUp => "PgUp".to_owned(),
        Key::PageDown => "PgDn".to_owned(),
        Key::F(n) => format!("F{n}"),
        other => format!("{other:?}"),
    };
    let modifiers = [(press.ctrl, "Ctrl-"), (press.alt, "Alt-"), (press.shift, "Shift-")];
    let held: String = modifiers.iter().filter(|(held, _)| *held).map(|(_, text)| *text).collect();
    held + &body
}

/// A sequence as people read it: `g h`.
#[must_use]
pub fn show_all(keys: &[KeyPress]) -> String {
    keys.iter().map(show).collect::<Vec<_>>().join(" ")
}
