//! Where the Table screen stands: which tab, what is known of the table, and the cursors.

use super::rows::Loaded;
use crate::app::picture::PictureRef;
use crate::app::slots::Slot;
use crate::domain::commit::Commit;
use crate::domain::lake_path::LakePath;
use crate::lake::table_info::TableInfo;
use std::sync::Arc;

/// Nothing is said of waiting before so many milliseconds.
pub const QUIET_MS: u64 = 300;

/// What is shown of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Its columns.
    #[default]
    Schema,
    /// Its first rows.
    Rows,
    /// Whose it is, where it lies, its properties.
    Details,
    /// Its versions.
    History,
}

impl Tab {
    /// All tabs, in their order on the screen.
    pub const ALL: [Self; 4] = [Self::Schema, Self::Rows, Self::Details, Self::History];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Rows => "rows",
            Self::Details => "details",
            Self::History => "history",
        }
    }

    /// The tab so many steps further, around the end.
    #[must_use]
    pub fn turned(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

/// Why something cannot be shown. All texts are safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What is the matter, in a few words.
    pub title: String,
    /// What happened, where and why.
    pub text: String,
    /// What can be done, each a line of its own.
    pub remedies: Vec<String>,
}

impl Trouble {
    /// Trouble of which there is no more to say.
    #[must_use]
    pub fn new(title: &str, text: impl Into<String>) -> Self {
        Self { title: title.to_owned(), text: text.into(), remedies: Vec::new() }
    }
}

/// Something that is asked for.
#[derive(Clone, Debug, Default)]
pub enum Load<T> {
    /// Not yet asked for.
    #[default]
    Idle,
    /// Asked for at this time of the program's clock.
    Waiting(u64),
    /// Here.
    Ready(T),
    /// It cannot be had.
    Failed(Trouble),
}

impl<T> Load<T> {
    /// Whether it is to be asked for; notes that it is.
    pub(super) fn wants(&mut self, clock: u64) -> bool {
        let idle = matches!(self, Self::Idle);
        if idle {
            *self = Self::Waiting(clock);
        }
        idle
    }

    /// Stops waiting. Whether it was waited for.
    pub(super) fn give_up(&mut self) -> bool {
        let waiting = matches!(self, Self::Waiting(_));
        if waiting {
            *self = Self::Idle;
        }
        waiting
    }

    /// What is here.
    #[must_use]
    pub fn ready(&self) -> Option<&T> {
        if let Self::Ready(found) = self { Some(found) } else { None }
    }

    fn since(&self) -> Option<u64> {
        if let Self::Waiting(since) = self { Some(*since) } else { None }
    }
}

/// The state of the Table screen.
#[derive(Clone, Debug)]
pub struct TableState {
    /// Which table.
    pub path: LakePath,
    /// What is shown of it.
    pub tab: Tab,
    /// What the catalog says of it.
    pub facts: Load<TableInfo>,
    /// Its first rows.
    pub rows: Load<Arc<Loaded>>,
    /// Its versions, newest first.
    pub history: Load<Vec<Commit>>,
    /// The version whose rows are shown; without it those of now.
    pub version: Option<i64>,
    /// The rows under the cursors of the tabs, in their order.
    pub cursors: [usize; 4],
    /// The column under the cursor of the rows.
    pub column: usize,
    /// The first column of the rows on the screen.
    pub left: usize,
    /// What the rows have to hold somewhere.
    pub filter: String,
    /// The rows that hold it, by their number.
    pub matching: Vec<usize>,
    /// Which of the columns with pictures is shown, by its number among them.
    pub picture: usize,
    /// The column that the cursor goes to when the rows are here.
    pub wanted: Option<String>,
    /// The last move went up: pictures before the cursor are prepared first.
    pub upwards: bool,
    /// How often it was read again: pictures are too.
    pub epoch: u32,
}

impl TableState {
    /// A table of which nothing is known yet.
    #[must_use]
    pub fn new(path: LakePath) -> Self {
        Self {
            path,
            tab: Tab::default(),
            facts: Load::Idle,
            rows: Load::Idle,
            history: Load::Idle,
            version: None,
            cursors: [0; 4],
            column: 0,
            left: 0,
            filter: String::new(),
            matching: Vec::new(),
            picture: 0,
            wanted: None,
            upwards: false,
            epoch: 0,
        }
    }

    /// `catalog.schema.table`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.path {
            LakePath::Table(c, s, t) => format!("{c}.{s}.{t}"),
            other => other.to_string(),
        }
    }

    /// The cursor of the tab that is shown.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursors[self.tab as usize]
    }

    /// Lines of the tab that is shown.
    #[must_use]
    pub fn lines(&self) -> usize {
        match self.tab {
            Tab::Schema => self.facts.ready().map_or(0, |t| t.columns.len()),
            Tab::Rows => self.matching.len(),
            Tab::Details => self.facts.ready().map_or(0, |t| t.facts().len() + t.properties.len()),
            Tab::History => self.history.ready().map_or(0, Vec::len),
        }
    }

    /// The number of the row under the cursor, among all that were loaded.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        self.matching.get(self.cursors[Tab::Rows as usize]).copied()
    }

    /// The column whose pictures are shown.
    #[must_use]
    pub fn picture_column(&self) -> Option<usize> {
        self.rows.ready()?.pictures.get(self.picture).copied()
    }

    /// The picture of the row under the cursor, if that row has one.
    #[must_use]
    pub fn current_picture(&self) -> Option<PictureRef> {
        self.picture_at(self.cursors[Tab::Rows as usize])
    }

    /// The picture at a position among the rows that are shown.
    fn picture_at(&self, position: usize) -> Option<PictureRef> {
        if self.tab != Tab::Rows {
            return None;
        }
        let row = *self.matching.get(position)?;
        self.rows.ready()?.picture(&self.path, row, self.picture_column()?, self.epoch)
    }

    /// The pictures that will probably be wanted next, nearest first, mostly in the direction of the last move.
    #[must_use]
    pub fn ahead(&self, count: usize) -> Vec<PictureRef> {
        let at = i64::try_from(self.cursors[Tab::Rows as usize]).unwrap_or(0);
        let way = if self.upwards { -1 } else { 1 };
        let steps = (1..=i64::try_from(count).unwrap_or(8)).map(|i| i * way).chain((1..=3).map(|i| -i * way));
        steps.filter_map(|step| usize::try_from(at + step).ok()).filter_map(|p| self.picture_at(p)).collect()
    }

    /// Since when the tab that is shown waits for its answer.
    #[must_use]
    pub fn waiting_since(&self) -> Option<u64> {
        match self.tab {
            Tab::Schema | Tab::Details => self.facts.since(),
            Tab::Rows => self.rows.since(),
            Tab::History => self.history.since(),
        }
    }

    /// Why the tab that is shown cannot be shown.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        match (self.tab, &self.facts, &self.rows, &self.history) {
            (Tab::Schema | Tab::Details, Load::Failed(trouble), ..)
            | (Tab::Rows, _, Load::Failed(trouble), _)
            | (Tab::History, .., Load::Failed(trouble)) => Some(trouble),
            _ => None,
        }
    }

    /// Takes rows that were read; the cursors stay where they are, as far as there are rows.
    pub(super) fn take_rows(&mut self, rows: Arc<Loaded>) {
        if let Some(column) = self.wanted.take().and_then(|name| rows.sheet.column(&name)) {
            self.column = column;
        }
        self.column = self.column.min(rows.sheet.columns.len().saturating_sub(1));
        self.picture = self.picture.min(rows.pictures.len().saturating_sub(1));
        self.rows = Load::Ready(rows);
        self.narrow();
    }

    /// Keeps the rows that hold what the filter says; the cursor stays on its row if that is one of them.
    pub(super) fn narrow(&mut self) {
        let before = self.row();
        self.matching = self.rows.ready().map(|rows| rows.matching(&self.filter)).unwrap_or_default();
        let cursor = &mut self.cursors[Tab::Rows as usize];
        let kept = before.and_then(|row| self.matching.iter().position(|m| *m == row));
        *cursor = kept.unwrap_or(0).min(self.matching.len().saturating_sub(1));
    }

    pub(super) fn failed(&mut self, slot: Slot, trouble: Trouble) {
        match slot {
            Slot::TableFacts => self.facts = Load::Failed(trouble),
            Slot::TableRows => self.rows = Load::Failed(trouble),
            Slot::TableHistory => self.history = Load::Failed(trouble),
            _ => {}
        }
    }
}
