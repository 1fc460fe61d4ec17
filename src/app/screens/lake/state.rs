//! Where the Lake screen stands: the path, its columns, what is selected, and what is known of the entry under the cursor.

use crate::app::effect::{Effect, Query};
use crate::app::picture::{PictureRef, SESSION};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::lake::listing::{Arrange, EntryKind, Listing, Row};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One column: a listing and a cursor in it.
#[derive(Clone, Debug)]
pub struct Column {
    /// What is listed.
    pub path: LakePath,
    /// Its rows so far.
    pub listing: Listing,
    /// The row under the cursor.
    pub cursor: usize,
    /// The name the cursor goes to as soon as it is listed.
    pub wanted: Option<String>,
}

impl Column {
    fn new(path: LakePath, wanted: Option<String>) -> Self {
        Self { path, listing: Listing::default(), cursor: 0, wanted }
    }

    /// The row under the cursor.
    #[must_use]
    pub fn row(&self) -> Option<Row<'_>> {
        self.listing.row(self.cursor)
    }

    /// The name under the cursor.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.row().map(|row| row.name)
    }

    /// Takes a newer snapshot; the cursor stays on its entry, or on the first row while nobody has moved it.
    fn take(&mut self, listing: Listing) {
        let keep = self.wanted.clone().or_else(|| (self.cursor > 0).then(|| self.name().map(str::to_owned)).flatten());
        self.listing = listing;
        let found = keep.and_then(|name| self.listing.position_of(&name));
        if let Some(at) = found {
            self.cursor = at;
            self.wanted = None;
        }
        self.cursor = self.cursor.min(self.listing.len().saturating_sub(1));
    }
}

/// Size and time of a file, asked for when the cursor rests on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Bytes.
    pub size: u64,
    /// Last change.
    pub modified: Option<Timestamp>,
}

/// What the head of a file that is no picture looks like, or what is known of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPreview {
    /// Lines of text, already safe to show; whether there is more.
    Lines(Vec<String>, bool),
    /// A title and lines that are folded where they are too long, already safe to show.
    Facts(Vec<String>),
    /// A table: column names, rows; whether there is more.
    Table(Vec<String>, Vec<Vec<String>>, bool),
    /// It cannot be read; a sentence.
    Failed(String),
}

/// The state of the Lake screen.
#[derive(Clone, Debug)]
pub struct LakeState {
    /// The column with the cursor.
    pub here: Column,
    /// Its parents, nearest first; at most two are kept.
    pub above: Vec<Column>,
    /// The folder under the cursor.
    pub below: Option<Column>,
    /// How the columns are arranged.
    pub arrange: Arrange,
    /// Selected paths.
    pub selected: BTreeSet<LakePath>,
    /// Facts about the file under the cursor.
    pub facts: Option<Facts>,
    /// The text preview of the file under the cursor.
    pub text: Option<TextPreview>,
    /// Where the cursor stood in folders visited before.
    pub remembered: BTreeMap<LakePath, String>,
    /// Raised by a reload: pictures are read again.
    pub epoch: u32,
    /// The last move went up: pictures before the cursor are prepared first.
    pub upwards: bool,
}

impl LakeState {
    /// A screen on a folder, with the cursor on `wanted` where given. Nothing is listed yet: see [`open`].
    #[must_use]
    pub fn new(path: LakePath, wanted: Option<String>, hidden: bool) -> Self {
        let arrange = Arrange { hidden, ..Arrange::default() };
        Self {
            here: Column::new(path, wanted),
            above: Vec::new(),
            below: None,
            arrange,
            selected: BTreeSet::new(),
            facts: None,
            text: None,
            remembered: BTreeMap::new(),
            epoch: 0,
            upwards: false,
        }
    }

    /// The path under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<LakePath> {
        let row = self.here.row()?;
        Some(below(&self.here.path, row))
    }

    /// The picture at a row of the column with the cursor, if that row is one.
    #[must_use]
    pub fn picture_at(&self, position: usize) -> Option<PictureRef> {
        let row = self.here.listing.row(position)?;
        if row.kind != EntryKind::File || !crate::domain::picture_name::is_picture_name(row.name) {
            return None;
        }
        // Sizes and times of local folders arrive after their names: a stamp made of them would show the picture twice.
        // A reload makes it new. Servers tell them with the names, and what was fetched is known again by them.
        let told = if self.here.path.as_local().is_some() { None } else { row.stamp() };
        let etag = match told {
            Some(stamp) => stamp,
            None if self.epoch == 0 => String::new(),
            None => format!("{SESSION}{}", self.epoch),
        };
        Some(PictureRef { path: Arc::new(self.here.path.child(row.name)), etag: etag.into() })
    }

    /// The pictures that will probably be wanted next, nearest first, mostly in the direction of the last move.
    #[must_use]
    pub fn ahead(&self, count: usize) -> Vec<PictureRef> {
        let at = i64::try_from(self.here.cursor).unwrap_or(0);
        let way = if self.upwards { -1 } else { 1 };
        let steps = (1..=i64::try_from(count).unwrap_or(8)).map(|i| i * way).chain((1..=3).map(|i| -i * way));
        steps.filter_map(|step| usize::try_from(at + step).ok()).filter_map(|p| self.picture_at(p)).collect()
    }
}

/// The path of a row; in a schema, tables and volumes stand side by side.
fn below(path: &LakePath, row: Row<'_>) -> LakePath {
    match (path, row.kind) {
        (LakePath::Schema(c, s), EntryKind::Table) => LakePath::Table(c.clone(), s.clone(), row.name.to_owned()),
        _ => path.child(row.name),
    }
}

/// Opens a place: shows what is known at once and asks for the rest.
pub fn open(state: &mut State, path: LakePath, wanted: Option<String>) -> Vec<Effect> {
    let Some(lake) = state.lake_mut() else { return Vec::new() };
    if let Some(name) = lake.here.name() {
        lake.remembered.insert(lake.here.path.clone(), name.to_owned());
    }
    let wanted = wanted.or_else(|| lake.remembered.get(&path).cloned());
    lake.arrange.filter.clear();
    let known = lake.below.take().filter(|c| c.path == path && c.listing.total() > 0);
    lake.here = match known {
        Some(column) => Column { wanted, ..column },
        None => Column::new(path.clone(), wanted),
    };
    let mut name = path.name().to_owned();
    let mut at = path.parent();
    lake.above.clear();
    for _ in 0..2 {
        let Some(parent) = at else { break };
        at = parent.parent();
        let next = parent.name().to_owned();
        lake.above.push(Column::new(parent, Some(name)));
        name = next;
    }
    let mut effects = list_all(state);
    effects.extend(cursor_moved(state));
    effects
}

/// Asks for every column again, keeping what is shown until the answers come.
pub fn list_all(state: &mut State) -> Vec<Effect> {
    let Some(lake) = state.lake() else { return Vec::new() };
    let arrange = lake.arrange.clone();
    let plain = Arrange { filter: String::new(), ..arrange.clone() };
    let mut wanted = vec![(0, lake.here.path.clone(), arrange)];
    let above = lake.above.iter().enumerate();
    wanted.extend(above.map(|(i, c)| (u8::try_from(i + 1).unwrap_or(2), c.path.clone(), plain.clone())));
    wanted
        .into_iter()
        .map(|(n, path, arrange)| Effect::Ask(state.slots.ask(Slot::Column(n)), Query::List { path, arrange }))
        .collect()
}

/// What hangs on the entry under the cursor is dropped and asked for again.
pub fn cursor_moved(state: &mut State) -> Vec<Effect> {
    let arrange = state.lake().map(|l| Arrange { filter: String::new(), ..l.arrange.clone() }).unwrap_or_default();
    let Some(lake) = state.lake_mut() else { return Vec::new() };
    (lake.facts, lake.text) = (None, None);
    let current = lake.current();
    if lake.below.as_ref().map(|c| &c.path) != current.as_ref() {
        lake.below = None;
    }
    let row = lake.here.row().map(|r| (r.kind, r.name.to_owned()));
    // A server has told already; asking again would be a request for each move.
    let known = lake.here.row().filter(|_| lake.here.path.as_local().is_none());
    let known = known.and_then(|r| r.size.map(|size| Facts { size, modified: r.modified }));
    let (Some(path), Some((kind, name))) = (current, row) else {
        state.slots.drop_answers(Slot::Column(3));
        return vec![Effect::Forget(Slot::Column(3)), Effect::Forget(Slot::TextPreview)];
    };
    if kind != EntryKind::File && kind != EntryKind::Table {
        if lake.below.is_none() {
            lake.below = Some(Column::new(path.clone(), lake.remembered.get(&path).cloned()));
        }
        let tag = state.slots.ask(Slot::Column(3));
        return vec![Effect::Forget(Slot::TextPreview), Effect::Ask(tag, Query::List { path, arrange })];
    }
    state.slots.drop_answers(Slot::Column(3));
    let mut effects = vec![Effect::Forget(Slot::Column(3))];
    // A table has no size, and its time is in the listing.
    if known.is_some() || kind == EntryKind::Table {
        state.slots.drop_answers(Slot::FileFacts);
        if let Some(lake) = state.lake_mut() {
            lake.facts = known;
        }
    } else {
        effects.push(Effect::Ask(state.slots.ask(Slot::FileFacts), Query::Facts(path.clone())));
    }
    if crate::domain::picture_name::is_picture_name(&name) {
        effects.push(Effect::Forget(Slot::TextPreview));
    } else {
        effects.push(Effect::Ask(state.slots.ask(Slot::TextPreview), Query::Preview(path)));
    }
    effects
}

/// A newer snapshot of a column has come.
pub fn listed(state: &mut State, tag: Tag, listing: Listing) -> Vec<Effect> {
    let Some(lake) = state.lake_mut() else { return Vec::new() };
    let Slot::Column(n) = tag.slot else { return Vec::new() };
    let before = lake.current();
    let column = match n {
        0 => Some(&mut lake.here),
        3 => lake.below.as_mut(),
        above => lake.above.get_mut(usize::from(above) - 1),
    };
    if let Some(column) = column {
        column.take(listing);
    }
    if n == 0 && state.lake().and_then(LakeState::current) != before { cursor_moved(state) } else { Vec::new() }
}
