//! The guideline of the project, above any screen: what to label, and how.
//!
//! What always holds: opening it waits for nothing and changes nothing; closing it leaves the screen as it was.

use super::Overlay;
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::picture::{PictureRef, PictureState};
use crate::app::registry::{Scope, Spec};
use crate::app::screens::navigation::in_project;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};
use crate::domain::lake_path::LakePath;
use crate::domain::markdown::{Block, Kind, Line, lines, parse};
use crate::domain::text::printable;
use crate::term::caps::Protocol;
use std::sync::Arc;

/// The panel.
#[derive(Clone, Debug, Default)]
pub struct Guide {
    /// What is written; nothing before it has come.
    pub blocks: Option<Vec<Block>>,
    /// The first line shown.
    pub top: usize,
}

/// The action that opens the panel.
pub const SPECS: &[Spec] = &[Spec::looks(
    &[Scope::Global],
    "project.guideline",
    "guideline",
    "What to label and how, as the project's guideline says",
    0,
    in_project,
    |s, _| open(s),
)];

fn open(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    state.open(Overlay::Guide(Guide::default()));
    vec![Effect::Ask(state.slots.ask(Slot::Guideline), Query::Guideline(project))]
}

/// The text has come, or there is none.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let at = state.overlays.iter().position(|o| matches!(o, Overlay::Guide(_)));
    let Some(at) = at else { return Vec::new() };
    match reply {
        Reply::Guideline(Some(text)) => {
            if let Some(Overlay::Guide(guide)) = state.overlays.get_mut(at) {
                guide.blocks = Some(parse(&text));
            }
        }
        Reply::Guideline(None) => {
            state.overlays.remove(at);
            let name = state.project.as_ref().map(|p| printable(&p.project.name).into_owned()).unwrap_or_default();
            let text = format!("no guideline yet; `lakelens project guideline {name} FILE.md` sets one");
            state.say(Level::Info, text);
        }
        Reply::Failed(why) => {
            state.overlays.remove(at);
            state.say(Level::Error, why);
        }
        _ => {}
    }
    Vec::new()
}

pub(super) fn key(state: &mut State, mut guide: Guide, press: KeyPress) -> Vec<Effect> {
    let page = usize::from(state.size.1.saturating_sub(8)).max(1);
    match (press.key, press.ctrl) {
        (Key::Char('q') | Key::Enter, _) => return Vec::new(),
        (Key::Down | Key::Char('j'), _) => guide.top += 1,
        (Key::Up | Key::Char('k'), _) => guide.top = guide.top.saturating_sub(1),
        (Key::PageDown | Key::Char(' ' | 'd'), _) => guide.top += page,
        (Key::PageUp | Key::Char('u'), _) => guide.top = guide.top.saturating_sub(page),
        (Key::Home | Key::Char('g'), _) => guide.top = 0,
        (Key::End | Key::Char('G'), _) => guide.top = usize::MAX / 2,
        _ => {}
    }
    // Not past the end: the lines are as many as a window this wide makes of them.
    let lines = guide.blocks.as_ref().map_or(0, |blocks| rows(state, blocks).len());
    guide.top = guide.top.min(lines.saturating_sub(height(state)));
    state.overlays.push(Overlay::Guide(guide));
    Vec::new()
}

/// The lines of the text in this window: with rows for its pictures where the terminal shows any.
#[must_use]
pub fn rows(state: &State, blocks: &[Block]) -> Vec<Line> {
    let mut rows = lines(blocks, width(state));
    let none = state.caps.protocol == Protocol::None;
    let example = |line: &Line| example(state, line.spans.first().map(|(_, address)| address.as_str())?);
    rows.retain(|line| match line.kind {
        // Of one that cannot be shown, a line says so.
        Kind::Picture(row) => example(line).is_some_and(|picture| {
            let failed = matches!(state.pictures.get(&picture), Some(PictureState::Failed { .. }));
            !none && (row == 0 || !failed)
        }),
        _ => true,
    });
    rows
}

/// The picture that a guideline names: a place of the lake, or a path relative to the project's source.
#[must_use]
pub fn example(state: &State, address: &str) -> Option<PictureRef> {
    let source = &state.project.as_ref()?.project.source;
    let path = LakePath::parse(address, source).ok()?;
    Some(PictureRef { path: Arc::new(path), etag: "".into() })
}

/// Columns of a line of the panel.
#[must_use]
pub fn width(state: &State) -> usize {
    usize::from(state.size.0.saturating_sub(8).min(84))
}

/// Lines of the text that are seen at once.
#[must_use]
pub fn height(state: &State) -> usize {
    usize::from(state.size.1.saturating_sub(6)).max(1)
}
