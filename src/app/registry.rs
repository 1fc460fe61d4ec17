//! The registry of actions: one row each, and everything that is said about an action comes from its row.
//!
//! From the rows come the hint bar, which-key, `?`, the `:` palette, the reason shown when an action is not possible,
//! the key tables of the README and the man page. Read-only mode is one check of [`Spec::changes_data`], in [`run`].

use super::effect::Effect;
use super::messages::Level;
use super::screens;
use super::state::State;

/// Where an action applies and its keys are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere outside text fields.
    Global,
    /// The Home screen.
    Home,
    /// The Lake screen.
    Lake,
    /// A table of a catalog.
    Table,
    /// Statements and their rows.
    Sql,
    /// The list of projects.
    Projects,
    /// The label-set editor.
    Classes,
    /// The Label screen.
    Label,
    /// Boxes and other shapes on the picture of the Label screen or of a second pass, over its keys.
    Boxes,
    /// The blind second pass: the keys of the Label screen, as far as they tell nothing.
    SecondPass,
    /// The gallery.
    Gallery,
    /// The sweep of the gallery.
    Sweep,
    /// The object grid.
    Objects,
    /// The Review screen.
    Review,
    /// The statistics.
    Stats,
    /// The task list.
    Tasks,
    /// The edits on which the person has to decide.
    Conflicts,
    /// Pictures with two answers that differ.
    Adjudicate,
    /// Snapshots, and what differs between them.
    Versions,
    /// Imports and exports.
    Wizard,
    /// A part of a picture, on whatever screen shows it.
    Zoom,
}

impl Scope {
    /// The name of the scope in key maps.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Home => "home",
            Self::Lake => "lake",
            Self::Table => "table",
            Self::Sql => "sql",
            Self::Projects => "projects",
            Self::Classes => "classes",
            Self::Label | Self::SecondPass => "label",
            Self::Boxes => "boxes",
            Self::Gallery => "gallery",
            Self::Sweep => "sweep",
            Self::Objects => "objects",
            Self::Review => "review",
            Self::Stats => "stats",
            Self::Tasks => "tasks",
            Self::Conflicts => "conflicts",
            Self::Adjudicate => "differences",
            Self::Versions => "versions",
            Self::Wizard => "wizard",
            Self::Zoom => "zoom",
        }
    }
}

/// All scopes.
pub const SCOPES: [Scope; 20] = [
    Scope::Home,
    Scope::Lake,
    Scope::Table,
    Scope::Sql,
    Scope::Projects,
    Scope::Classes,
    Scope::Label,
    Scope::Boxes,
    Scope::Gallery,
    Scope::Sweep,
    Scope::Objects,
    Scope::Review,
    Scope::Stats,
    Scope::Tasks,
    Scope::Conflicts,
    Scope::Adjudicate,
    Scope::Versions,
    Scope::Wizard,
    Scope::Zoom,
    Scope::Global,
];

/// One action.
pub struct Spec {
    /// Its id in key maps: `label.skip`.
    pub name: &'static str,
    /// One or two words for the hint bar.
    pub title: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Where it applies.
    pub scopes: &'static [Scope],
    /// Whether it changes labels, projects or files; refused in read-only mode.
    pub changes_data: bool,
    /// Whether a held key does it again and again, although it changes data: small steps that add up.
    pub repeats: bool,
    /// Rank in the hint bar, 1 first; 0 is not shown there.
    pub hint: u8,
    /// Whether it is possible now, and if not, why.
    pub enabled: fn(&State) -> Result<(), String>,
    /// Does it.
    pub run: fn(&mut State, &[String]) -> Vec<Effect>,
}

impl Spec {
    /// An action that changes nothing, possible when `enabled` says so.
    pub const fn looks(
        scopes: &'static [Scope],
        name: &'static str,
        title: &'static str,
        help: &'static str,
        hint: u8,
        enabled: fn(&State) -> Result<(), String>,
        run: fn(&mut State, &[String]) -> Vec<Effect>,
    ) -> Self {
        Self { name, title, help, scopes, changes_data: false, repeats: false, hint, enabled, run }
    }

    /// An action that changes nothing and is always possible.
    pub const fn moves(
        scopes: &'static [Scope],
        name: &'static str,
        title: &'static str,
        help: &'static str,
        hint: u8,
        run: fn(&mut State, &[String]) -> Vec<Effect>,
    ) -> Self {
        Self::looks(scopes, name, title, help, hint, always, run)
    }

    /// An action that changes labels, projects or files, possible when `enabled` says so.
    pub const fn edits(
        scopes: &'static [Scope],
        name: &'static str,
        title: &'static str,
        help: &'static str,
        hint: u8,
        enabled: fn(&State) -> Result<(), String>,
        run: fn(&mut State, &[String]) -> Vec<Effect>,
    ) -> Self {
        Self { changes_data: true, ..Self::looks(scopes, name, title, help, hint, enabled, run) }
    }
}

/// Always possible.
///
/// # Errors
/// Never.
pub fn always(_: &State) -> Result<(), String> {
    Ok(())
}

/// All actions, in the order in which help lists them.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    screens::SPECS.iter().flat_map(|specs| specs.iter())
}

/// The action with this id that applies in one of `scopes`, the most particular scope first.
#[must_use]
pub fn find(name: &str, scopes: &[Scope]) -> Option<&'static Spec> {
    scopes.iter().find_map(|scope| all().find(|spec| spec.name == name && spec.scopes.contains(scope)))
}

/// Whether any action has this id: for checking key maps.
#[must_use]
pub fn is_known(name: &str) -> bool {
    all().any(|spec| spec.name == name)
}

/// Runs an action by its id, or says why not.
pub fn run(state: &mut State, name: &str, args: &[String]) -> Vec<Effect> {
    let Some(spec) = find(name, &state.scopes()) else {
        let text = format!("`{name}` does nothing on this screen");
        state.say(Level::Info, text);
        return Vec::new();
    };
    if spec.changes_data && state.read_only {
        let text = format!("read-only: `{}` is not possible; :app.toggle-read-only lifts it", spec.title);
        state.say(Level::Warning, text);
        return Vec::new();
    }
    if let Err(why) = screens::label::boxes::unfinished::allows(state, name) {
        state.say(Level::Warning, why);
        return Vec::new();
    }
    if let Err(why) = (spec.enabled)(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    (spec.run)(state, args)
}
