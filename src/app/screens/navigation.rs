//! What works on every screen: going to a screen, going back, help, the palette, messages, quitting.

use super::home::HomeState;
use super::lake::LakeState;
use super::moves::Move;
use super::projects::ProjectsState;
use super::task_list::TaskListState;
use super::{Screen, close_project, gallery, label, lake, objects, shown, step, sweep, table, versions};
use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{self, Scope, Spec, always};
use crate::app::slots::Slot;
use crate::app::state::{OpenProject, State};
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Counts, Project};

const GLOBAL: &[Scope] = &[Scope::Global];

/// Actions that work everywhere.
pub const SPECS: &[Spec] = &[
    global("app.help", "help", "Every key of this screen; type to find one, Enter does it", 99, |s, _| help(s)),
    global("app.palette", "palette", "Every action; type to find one, Enter does it", 0, |s, _| palette(s)),
    global("app.back", "back", "One level back; never loses work", 0, |s, _| back(s)),
    global("app.close", "close", "Close the screen; the last one leaves the program", 0, |s, _| close(s)),
    global("app.quit", "quit", "Leave the program after everything is saved", 0, |s, _| ask_quit(s)),
    global("app.suspend", "suspend", "Give the terminal back to the shell; `fg` comes back", 0, |_, _| {
        vec![Effect::Suspend]
    }),
    global("app.redraw", "redraw", "Draw the whole screen again", 0, |_, _| vec![Effect::Redraw]),
    global("open", "open", "Open what is under the cursor", 0, |s, _| open(s)),
    global("app.messages", "messages", "Everything the program said", 0, |s, _| messages(s)),
    global("preview.panel", "preview", "Show or hide why pictures take as long as they do", 0, |s, _| preview(s)),
    global("app.theme", "theme", "Choose the colours", 0, theme),
    global("app.toggle-read-only", "read-only", "Forbid or allow changes", 0, |s, _| read_only(s)),
    cursor(Move::ALL[0], |s, _| step(s, Move::Up)),
    cursor(Move::ALL[1], |s, _| step(s, Move::Down)),
    cursor(Move::ALL[2], |s, _| step(s, Move::Left)),
    cursor(Move::ALL[3], |s, _| step(s, Move::Right)),
    cursor(Move::ALL[4], |s, _| step(s, Move::Top)),
    cursor(Move::ALL[5], |s, _| step(s, Move::Bottom)),
    cursor(Move::ALL[6], |s, _| step(s, Move::PageUp)),
    cursor(Move::ALL[7], |s, _| step(s, Move::PageDown)),
    cursor(Move::ALL[8], |s, _| step(s, Move::HalfUp)),
    cursor(Move::ALL[9], |s, _| step(s, Move::HalfDown)),
];

/// Actions that go to a screen.
pub const GO_SPECS: &[Spec] = &[
    global("go.home", "home", "Go to the Home screen", 0, |s, _| go(s, Screen::Home(HomeState::default()))),
    global("go.lake", "folders", "Go to catalogs, folders and pictures", 0, |s, _| go_lake(s)),
    global("go.projects", "projects", "Go to the list of projects", 0, |s, _| {
        go(s, Screen::Projects(ProjectsState::default()))
    }),
    Spec {
        enabled: in_project,
        ..global("go.label", "label", "Go to the Label screen of the open project", 0, |s, _| go_label(s))
    },
    Spec {
        enabled: in_project,
        ..global("go.gallery", "gallery", "Go to the thumbnails of the open project", 0, |s, _| gallery::pages::open(s))
    },
    global("go.tasks", "tasks", "Go to the task list", 0, |s, _| go(s, Screen::Tasks(TaskListState::default()))),
];

const fn global(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: GLOBAL, changes_data: false, repeats: false, hint, enabled: always, run }
}

const fn cursor(
    (_, name, help): (Move, &'static str, &'static str),
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    global(name, "move", help, 0, run)
}

/// Whether a project is open.
///
/// # Errors
/// A sentence that says how to open one.
pub fn in_project(state: &State) -> Result<(), String> {
    state.project.as_ref().map(|_| ()).ok_or_else(|| "no project is open; [go.projects] lists them".to_owned())
}

/// Shows a screen above the others; a screen of the same kind is brought back instead of opened twice.
pub fn go(state: &mut State, screen: Screen) -> Vec<Effect> {
    let mut effects: Vec<Effect> = leaving(state);
    label::walk::end_alone(state);
    let kind = std::mem::discriminant(&screen);
    state.large_picture = false;
    match state.screens.iter().position(|s| std::mem::discriminant(s) == kind) {
        Some(at) => {
            let screen = state.screens.remove(at);
            state.screens.push(screen);
        }
        None => state.screens.push(screen),
    }
    effects.extend(shown(state));
    effects
}

/// Shows a screen above the others, also where there is one of its kind below.
pub fn over(state: &mut State, screen: Screen) -> Vec<Effect> {
    let effects = leaving(state);
    state.large_picture = false;
    state.screens.push(screen);
    effects
}

/// What must be written before a screen is left.
fn leaving(state: &mut State) -> Vec<Effect> {
    let mut effects = label::answer::commit_draft(state);
    effects.extend(label::walk::remember(state));
    label::walk::forget(state);
    effects.extend(table::leave(state));
    effects
}

/// Makes a project the open one, where another or none is.
pub fn close_other(state: &mut State, project: Project, counts: Counts) {
    if state.project.as_ref().is_none_or(|open| open.project.id != project.id) {
        close_project(state);
        state.project = Some(OpenProject { project, counts });
    }
}

fn go_lake(state: &mut State) -> Vec<Effect> {
    let source = state.project.as_ref().map(|p| p.project.source.clone()).unwrap_or_else(|| state.base());
    let known = state.screens.iter().any(|s| matches!(s, Screen::Lake(_)));
    let path = LakePath::parse(&source, "/").unwrap_or(LakePath::Root);
    if known { go(state, Screen::Lake(Box::new(LakeState::new(path, None, false)))) } else { state.show_lake(path) }
}

fn go_label(state: &mut State) -> Vec<Effect> {
    let mut effects = leaving(state);
    label::walk::end_alone(state);
    if state.screens.iter().any(|s| matches!(s, Screen::Label(_))) {
        effects.extend(go(state, Screen::Label(Box::default())));
        return effects;
    }
    let id = state.project.as_ref().map(|p| p.project.id);
    effects.extend(id.map(|id| label::walk::begin(state, id)).unwrap_or_default());
    effects
}

impl State {
    /// Shows the Lake screen on a place.
    pub fn show_lake(&mut self, path: LakePath) -> Vec<Effect> {
        let hidden = self.settings.hidden;
        let mut effects = go(self, Screen::Lake(Box::new(LakeState::new(path.clone(), None, hidden))));
        self.places.visit(&path.to_string());
        effects.extend(lake::state::open(self, path, None));
        effects.push(Effect::SavePlaces);
        effects
    }
}

fn back(state: &mut State) -> Vec<Effect> {
    if std::mem::take(&mut state.preview.open) {
        return Vec::new();
    }
    if state.zoomed().is_some() {
        state.viewing.zoom = None;
        return Vec::new();
    }
    if std::mem::take(&mut state.large_picture) {
        return Vec::new();
    }
    if let Some(label) = state.label_mut()
        && label.draft.take().is_some()
    {
        state.say(Level::Info, "took back the toggled classes");
        return Vec::new();
    }
    if state.lake().is_some_and(|l| !l.arrange.filter.is_empty()) {
        return lake::actions::clear_filter(state);
    }
    if let Some(effects) = table::actions::back(state).or_else(|| versions::back(state)) {
        return effects;
    }
    let in_gallery = matches!(state.screen(), Some(Screen::Gallery(_)));
    let cleared = (in_gallery && gallery::select::clear(state))
        || sweep::actions::clear_marks(state)
        || objects::actions::clear_marks(state);
    if cleared {
        return Vec::new();
    }
    if state.screens.len() > 1 {
        return close(state);
    }
    // Where boxes are worked on, one letter does not leave.
    let text = if state.boxes().is_some() { "[app.quit] leaves the program" } else { "[app.close] leaves the program" };
    state.say(Level::Info, text);
    Vec::new()
}

/// Closes the screen; the last one leaves the program.
pub fn close(state: &mut State) -> Vec<Effect> {
    if state.screens.len() == 1 {
        return ask_quit(state);
    }
    let mut effects = leaving(state);
    state.large_picture = false;
    match label::walk::goes_on(state) {
        Ok(()) => drop(state.screens.pop()),
        Err(_) => label::walk::end_alone(state),
    }
    effects.extend(shown(state));
    effects
}

/// Leaves the program; what would be lost is asked about first: comments that were typed and are not in the store, and
/// imports and exports that are under way.
fn ask_quit(state: &mut State) -> Vec<Effect> {
    let sending = state.overlays.iter().any(|o| matches!(o, Overlay::Comments(panel) if panel.sending));
    if state.unsaid.is_empty() || sending {
        return ask_about_tasks(state);
    }
    let count = state.unsaid.len();
    let what = if count == 1 { "A comment was typed".to_owned() } else { format!("{count} comments were typed") };
    state.open(Overlay::Confirm(Confirm {
        question: format!("{what} and not sent. Leave without?"),
        detail: state.with_keys("[comments.open] on the picture shows what was typed, and Enter sends it."),
        value: String::new(),
        late: None,
        yes: |state, _| ask_about_tasks(state),
    }));
    Vec::new()
}

fn ask_about_tasks(state: &mut State) -> Vec<Effect> {
    let running: Vec<&str> = state.tasks.asking().map(|task| task.title.as_str()).collect();
    let question = match running.as_slice() {
        [] => return quit(state),
        [one] => format!("`{one}` is under way. Stop it and leave?"),
        more => format!("{} imports and exports are under way. Stop them and leave?", more.len()),
    };
    let detail =
        "An export takes back what it has written, or says what is left; an import goes on where it was when it \
                  is started again."
            .to_owned();
    state.open(Overlay::Confirm(Confirm::new(question, detail, "", |state, _| quit(state))));
    Vec::new()
}

/// Leaves the program. Edits that are on their way are written first; the runtime waits for them.
pub fn quit(state: &mut State) -> Vec<Effect> {
    let mut effects = leaving(state);
    effects.extend([Effect::SavePlaces, Effect::Quit]);
    state.leaving = true;
    effects
}

fn items(state: &State, scopes: &[Scope], everything: bool) -> Vec<Item> {
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    let fits = |spec: &&Spec| spec.scopes.iter().any(|s| scopes.contains(s));
    let marks = sweep::hints::taken(state);
    let item = |spec: &'static Spec| {
        let mut keys = state.keymap.keys_for(&names, spec.name);
        // What marks a thumbnail here does nothing else.
        keys.retain(|key| !marks.iter().any(|mark| key.starts_with(*mark)));
        let why = (spec.enabled)(state).err();
        Item {
            label: spec.title.to_owned(),
            detail: why.map_or_else(|| state.with_keys(spec.help), |why| state.with_keys(&format!("not now: {why}"))),
            key: keys.join("  "),
            value: spec.name.to_owned(),
        }
    };
    let mut specs: Vec<&'static Spec> = registry::all().filter(fits).collect();
    // The keys of what the person is at stand before those of the screen around it.
    specs.sort_by_key(|spec| scopes.iter().position(|scope| spec.scopes.contains(scope)));
    let mut items: Vec<Item> = specs.into_iter().map(item).collect();
    if !everything {
        items.retain(|i| !i.key.is_empty());
    }
    items
}

fn help(state: &mut State) -> Vec<Effect> {
    let items = items(state, &state.scopes(), false);
    state.open(Overlay::Picker(Picker::new("keys", items, |s, name| registry::run(s, name, &[]))));
    Vec::new()
}

fn palette(state: &mut State) -> Vec<Effect> {
    let items = items(state, &state.scopes(), true);
    state.open(Overlay::Picker(Picker::new("do", items, |s, name| registry::run(s, name, &[]))));
    Vec::new()
}

fn messages(state: &mut State) -> Vec<Effect> {
    let item = |m: &crate::app::messages::Message| Item {
        label: m.text.clone(),
        key: match m.level {
            Level::Info => "info".to_owned(),
            Level::Warning => "warning".to_owned(),
            Level::Error => "error".to_owned(),
        },
        ..Item::default()
    };
    let items = state.messages.all().rev().map(item).collect();
    state.open(Overlay::Picker(Picker::new("messages", items, |_, _| Vec::new())));
    Vec::new()
}

fn preview(state: &mut State) -> Vec<Effect> {
    state.preview.open = !state.preview.open;
    state.preview.report = None;
    Vec::new()
}

fn theme(state: &mut State, args: &[String]) -> Vec<Effect> {
    if let Some(name) = args.first() {
        name.clone_into(&mut state.theme);
        return vec![Effect::Theme(name.clone())];
    }
    let item = |name: &str| Item { label: name.to_owned(), value: name.to_owned(), ..Item::default() };
    let items = crate::theme::Theme::bundled().map(item).collect();
    state.open(Overlay::Picker(Picker::new("theme", items, |state, name| theme(state, &[name.to_owned()]))));
    Vec::new()
}

/// `Enter` on a list: opens the row.
fn open(state: &mut State) -> Vec<Effect> {
    let name = match state.screen() {
        Some(Screen::Home(_)) => "home.open",
        Some(Screen::Lake(_)) => "lake.enter",
        Some(Screen::Table(_)) => "table.open",
        Some(Screen::Projects(_)) => "projects.open",
        Some(Screen::Tasks(_)) => "tasks.open",
        Some(Screen::Stats(_)) => "stats.open",
        Some(Screen::Versions(_)) => "versions.open",
        Some(Screen::Import(_) | Screen::Export(_)) => "wizard.change",
        _ => return Vec::new(),
    };
    registry::run(state, name, &[])
}

fn read_only(state: &mut State) -> Vec<Effect> {
    if state.settings.read_only {
        state.say(
            Level::Warning,
            "the program was started read-only; start it again without --read-only to change labels",
        );
        return Vec::new();
    }
    state.read_only = !state.read_only;
    let text = if state.read_only { "read-only: nothing can be changed" } else { "changes are possible again" };
    state.say(Level::Info, text);
    Vec::new()
}

/// Completions have come for the field that is open.
pub fn completions(state: &mut State, reply: Reply) -> Vec<Effect> {
    if let (Reply::Completions(found), Some(Overlay::Prompt(prompt))) = (reply, state.overlays.last_mut()) {
        prompt.completions = found;
        prompt.chosen = 0;
    }
    Vec::new()
}

/// A project or its counts have come.
pub fn project_reply(state: &mut State, slot: Slot, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Project(project, counts) => {
            state.places.last_project = Some(project.id.0);
            state.project = Some(OpenProject { project: *project, counts });
        }
        Reply::Counts(counts) => {
            if let Some(open) = state.project.as_mut().filter(|_| state.save.settled()) {
                open.counts = counts;
            }
        }
        // Counts come by themselves, and again.
        Reply::Failed(text) => state.say(if slot == Slot::Counts { Level::Warning } else { Level::Error }, text),
        _ => {}
    }
    Vec::new()
}
