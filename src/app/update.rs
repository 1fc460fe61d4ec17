//! `update`: one event in, a new state and effects out. Routing only; what happens is decided by the screens.

use super::effect::Effect;
use super::event::{At, Event, Pointer, Reply, Wrote};
use super::messages::Level;
use super::registry;
use super::screens::{self, Screen, label, navigation, review, second_pass, viewing};
use super::slots::{Slot, Tag};
use super::state::State;
use super::tasks::{TaskId, TaskNews, TaskState};
use super::{overlays, preview_report, team, writes};
use crate::domain::ids::{ClassId, ProjectId};
use crate::domain::key::{Key, KeyPress};
use crate::keymap::Lookup;

/// Takes an event.
pub fn update(state: &mut State, event: Event, at: At) -> Vec<Effect> {
    (state.clock, state.now) = (at.clock.max(state.clock), at.now);
    state.dirty = true;
    state.messages.listen_to(matches!(event, Event::Key { .. } | Event::Pointer(..)));
    let mut effects = take(state, event);
    viewing::follow(state);
    label::boxes::follow(state);
    effects.extend(team::follow(state));
    effects
}

fn take(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key { press, repeat } => key(state, press, repeat),
        Event::Paste(text) if screens::sql::typing::paste(state, &text) => Vec::new(),
        Event::Paste(text) => overlays::paste(state, &text),
        Event::Pointer(what, at) => pointer(state, what, at),
        Event::Resized(columns, rows) => {
            let same = state.size == (columns, rows);
            state.size = (columns, rows);
            if same { Vec::new() } else { screens::resized(state) }
        }
        Event::Caps(caps) => {
            state.caps = caps;
            screens::resized(state)
        }
        Event::Reply(tag, reply) => answer(state, tag, reply),
        Event::Wrote(wrote) => written(state, wrote),
        Event::Picture(picture, known) => {
            state.pictures.set(picture, known);
            Vec::new()
        }
        Event::Preview(report) => preview_report::reported(state, report),
        Event::Link(news) => preview_report::link(state, news),
        Event::Task(id, news) => task(state, id, news),
        Event::Listed(project, list) => screens::versions::actions::ready(state, project, list),
        Event::Restored(project, any) => screens::versions::restored(state, project, any),
        Event::Exchanged(id, what) => screens::wizard::exchanged(state, id, what),
        Event::ProjectReady(id) => project_ready(state, id),
        Event::Scanned { project, name, here, bytes } if state.settings.measure.wants(here, bytes) => {
            screens::projects::measure(state, project, &name)
        }
        Event::Scanned { .. } => Vec::new(),
        Event::ReadOnly(why) => {
            state.read_only = true;
            state.say(Level::Warning, format!("read-only: {why}"));
            Vec::new()
        }
        Event::Notice(text) => {
            state.say(Level::Warning, text);
            Vec::new()
        }
        Event::Elsewhere(id, edits) => writes::elsewhere(state, id, &edits),
        Event::Outbox(outbox) => {
            let reason = outbox.waiting.clone().filter(|_| state.save.outbox.waiting.is_none());
            let sent = outbox.unsent == 0 && state.save.outbox.unsent > 0;
            state.save.outbox = outbox;
            if let Some(reason) = reason {
                let text = format!("edits are kept on this machine and sent later: {reason}");
                state.say(Level::Warning, text);
            }
            if sent { writes::ask_counts(state) } else { Vec::new() }
        }
        Event::Team(news) => team::news(state, news),
        Event::Tick => tick(state),
    }
}

/// The one place where stale answers are dropped.
fn answer(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    if !state.slots.is_current(tag) {
        return Vec::new();
    }
    if !matches!(tag.slot, Slot::Column(_)) {
        state.slots.answered(tag);
    }
    screens::reply(state, tag, reply)
}

/// The same key again within this many milliseconds is a held key, not a second decision; terminals repeat every 25 to
/// 40 ms, people do not.
const HELD_MS: u64 = 60;

/// Whether a key is held down: the terminal says so, or, where it cannot say, the key came again faster than a person
/// presses.
fn is_held(state: &mut State, press: KeyPress, repeat: bool) -> bool {
    let clock = state.clock;
    let last = state.last_key.replace((press, clock));
    repeat || !state.caps.keyboard && last.is_some_and(|(key, at)| key == press && clock.saturating_sub(at) < HELD_MS)
}

/// Where nothing is drawn by the mouse, its wheel is an arrow key, and clicks are the terminal's own.
fn pointer(state: &mut State, what: Pointer, at: (f64, f64)) -> Vec<Effect> {
    if label::boxes::takes_classes(state) && state.overlays.is_empty() {
        return label::boxes::mouse::pointer(state, what, at);
    }
    match what {
        Pointer::WheelUp => key(state, KeyPress::plain(Key::Up), false),
        Pointer::WheelDown => key(state, KeyPress::plain(Key::Down), false),
        Pointer::Press | Pointer::Drag | Pointer::Release => Vec::new(),
    }
}

fn key(state: &mut State, press: KeyPress, repeat: bool) -> Vec<Effect> {
    let held = is_held(state, press, repeat);
    state.messages.acknowledge();
    // A warning such as "which class?" goes with the key that does something; one that is refused says so in its place.
    let asking = state.messages.asking();
    let (effects, taken) = pressed(state, press, held);
    state.messages.answered(asking.filter(|_| taken));
    effects
}

/// Gives a key to whom it concerns. Returns whether it meant something there, besides what came of it.
fn pressed(state: &mut State, press: KeyPress, held: bool) -> (Vec<Effect>, bool) {
    if !state.overlays.is_empty() {
        return (overlays::key(state, press, held), true);
    }
    if let Some(effects) = screens::sql::typing::key(state, press) {
        return (effects, true);
    }
    if state.pending.is_empty()
        && let Some(effects) = label::boxes::drawing::typed(state, press, held)
    {
        return (effects, true);
    }
    if press == KeyPress::plain(Key::Esc) && !state.pending.is_empty() {
        state.pending.clear();
        return (Vec::new(), false);
    }
    state.pending.push(press);
    if let Some(effects) = class_key(state, held) {
        let taken = state.pending.is_empty() && !held;
        return (effects, taken);
    }
    bound(state, held)
}

/// What the key map says of the keys pressed so far.
fn bound(state: &mut State, held: bool) -> (Vec<Effect>, bool) {
    let scopes = state.scopes();
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    match state.keymap.lookup(&names, &state.pending) {
        Lookup::Run(calls) => {
            state.pending.clear();
            let refused =
                |name: &str| held && registry::find(name, &scopes).is_some_and(|s| s.changes_data && !s.repeats);
            let (mut effects, mut taken) = (Vec::new(), false);
            for call in calls {
                // A held key repeats moves and small steps, never decisions.
                if !refused(&call.action) {
                    effects.extend(registry::run(state, &call.action, &call.args));
                    taken = true;
                }
            }
            (effects, taken)
        }
        Lookup::Prefix(_) => (Vec::new(), false),
        Lookup::None => {
            state.pending.clear();
            (Vec::new(), false)
        }
    }
}

/// Hotkeys of classes and letters of thumbnails, which come before the key map; on the Review screen, where `a` accepts, after
/// it. `None`: the key is neither.
fn class_key(state: &mut State, held: bool) -> Option<Vec<Effect>> {
    let typed: String = state.pending.iter().map(ToString::to_string).collect();
    let act: fn(&mut State, ClassId) -> Vec<Effect> = match state.screen() {
        Some(Screen::Label(_) | Screen::SecondPass(_)) if label::boxes::takes_classes(state) => {
            label::boxes::drawing::class_key
        }
        Some(Screen::Label(_) | Screen::SecondPass(_)) => label::answer::class_key,
        Some(Screen::Review(_)) if review::is_free(state) => review::verdict::class_key,
        Some(Screen::Gallery(_)) => screens::gallery::bulk::class_key,
        Some(Screen::Sweep(_)) if typed.starts_with(char::is_alphabetic) => {
            // A held key must not mark and unmark in turns.
            return if held { Some(Vec::new()) } else { screens::sweep::actions::letter(state, &typed) };
        }
        Some(Screen::Sweep(_)) => screens::sweep::actions::give,
        Some(Screen::Objects(_)) if typed.starts_with(char::is_alphabetic) => {
            return if held { Some(Vec::new()) } else { screens::objects::actions::letter(state, &typed) };
        }
        Some(Screen::Objects(_)) => screens::objects::actions::give,
        _ => return None,
    };
    let labels = state.labels();
    if let Some(class) = labels.live().find(|c| c.hotkey == typed).map(|c| c.id) {
        state.pending.clear();
        return Some(if held { Vec::new() } else { act(state, class) });
    }
    labels.live().any(|c| c.hotkey.starts_with(&typed)).then(Vec::new)
}

fn written(state: &mut State, wrote: Wrote) -> Vec<Effect> {
    writes::written(state, wrote)
}

fn task(state: &mut State, id: TaskId, news: TaskNews) -> Vec<Effect> {
    let Some(task) = state.tasks.news(id, news, state.clock) else { return Vec::new() };
    let (title, outcome) = (task.title.clone(), task.state.clone());
    let stays = if task.whole { "nothing of it stays" } else { "what was done so far stays" };
    match outcome.clone() {
        TaskState::Running => return Vec::new(),
        TaskState::Done(text) => state.say(Level::Info, format!("{title}: {text}")),
        TaskState::Cancelled => state.say(Level::Info, format!("{title}: cancelled; {stays}")),
        TaskState::Failed(text) => state.say(Level::Error, format!("{title}: {text}")),
    }
    screens::wizard::ended(state, id, &outcome);
    match state.screens.last() {
        Some(Screen::Projects(_) | Screen::Home(_) | Screen::Stats(_)) => screens::shown(state),
        Some(Screen::SecondPass(_)) => second_pass::drawn(state, id, &outcome),
        _ => Vec::new(),
    }
}

/// A new project is shown where nothing is being decided; elsewhere a key meant for one picture would meet another.
fn project_ready(state: &mut State, id: ProjectId) -> Vec<Effect> {
    let browsing = match state.screen() {
        Some(Screen::Home(_) | Screen::Lake(_) | Screen::Projects(_) | Screen::Tasks(_)) => true,
        Some(Screen::Sql) => !screens::sql::typing::is_typing(state),
        _ => false,
    };
    if browsing && state.overlays.is_empty() {
        return label::walk::begin(state, id);
    }
    state.say(Level::Info, "the new project is ready; [go.projects] lists it");
    Vec::new()
}

fn tick(state: &mut State) -> Vec<Effect> {
    let clock = state.clock;
    state.messages.expire(clock);
    if let Some(label) = state.label_mut()
        && label.flash.as_ref().is_some_and(|f| clock >= f.until)
    {
        label.flash = None;
    }
    screens::projects::present::tick(state)
}

/// When the next [`Event::Tick`] is due, on the program's clock; nothing when nothing on the screen will pass.
#[must_use]
pub fn next_tick(state: &State) -> Option<u64> {
    let flash = state.label().and_then(|l| l.flash.as_ref()).map(|f| f.until);
    let spinner = state.tasks.running().next().map(|_| state.clock + 200);
    let table = screens::table::next_tick(state);
    let statement = screens::sql::next_tick(state);
    let present = screens::projects::present::due(state);
    let (compared, question) = (screens::versions::next_tick(state), overlays::next_tick(state));
    [state.messages.expires_at(), flash, spinner, table, statement, present, compared, question]
        .into_iter()
        .flatten()
        .min()
}

/// What a screen asks for at the start of the program.
pub fn start(state: &mut State) -> Vec<Effect> {
    match state.screens.last() {
        Some(Screen::Lake(lake)) => {
            let (path, wanted) = (lake.here.path.clone(), lake.here.wanted.clone());
            state.places.visit(&path.to_string());
            screens::lake::state::open(state, path, wanted)
        }
        _ => screens::shown(state),
    }
}

/// The program is asked to end from outside (SIGTERM, SIGHUP, the terminal is gone).
pub fn terminate(state: &mut State) -> Vec<Effect> {
    navigation::quit(state)
}
