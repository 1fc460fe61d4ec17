//! The SQL screen: a statement, the engine that runs it, and the rows that came.
//!
//! What always holds: the statement and the rows stay when the screen is left, and while one runs everything else can be
//! used; nothing that changes data runs without a question, and nothing at all of it in read-only mode; nothing that costs
//! money is started without the person's word.

pub mod actions;
pub mod editor;
pub mod moving;
pub mod queue;
pub mod typing;

pub use actions::{GO, SPECS};

use self::editor::Editor;
use super::Screen;
use super::table::rows::Loaded;
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::confirm::Confirm;
use crate::app::slots::Slot;
use crate::app::state::State;
use std::sync::Arc;

/// After so many milliseconds the time is counted.
pub const COUNTED_MS: u64 = 2_000;

/// An engine that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its name, which holds no secret: `databricks://prod/small`.
    pub name: String,
    /// What it is, and what it does now where that is known. Safe to show.
    pub detail: String,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// Into the statement.
    #[default]
    Statement,
    /// To the rows.
    Rows,
}

/// How the last statement is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// None ran yet, or it was cancelled.
    #[default]
    Idle,
    /// It runs.
    Running {
        /// Since when, on the program's clock.
        since: u64,
        /// What it waits for, safe to show.
        note: Option<String>,
    },
    /// It ended, after so many milliseconds.
    Done(u64),
    /// It failed.
    Failed(Problem),
}

/// Why a statement gave no rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The class that the engine gives the error, such as `TABLE_OR_VIEW_NOT_FOUND`; may be empty. Safe to show.
    pub class: String,
    /// What happened, where, and what to do. Safe to show.
    pub text: String,
    /// Line and column in the statement, counted from 1, where the engine says them.
    pub at: Option<(usize, usize)>,
}

/// What the runtime tells.
#[derive(Clone, Debug)]
pub enum News {
    /// The engines that there are.
    Engines {
        /// All of them, as far as is known.
        offers: Vec<Offer>,
        /// The one to use where none was chosen.
        chosen: Option<String>,
        /// Why some may be missing, safe to show.
        problem: Option<String>,
        /// Workspaces are still being asked.
        more: bool,
    },
    /// Statements that ran on an engine before, the oldest first.
    History(Vec<String>),
    /// What is waited for, safe to show.
    Progress(String),
    /// The engine is stopped, and starting it costs money: a sentence, safe to show.
    MustStart(String),
    /// The rows.
    Rows(Arc<Loaded>),
    /// It failed.
    Failed(Problem),
}

/// The state of the SQL screen.
#[derive(Clone, Debug, Default)]
pub struct SqlState {
    /// The engines that can be chosen.
    pub offers: Vec<Offer>,
    /// Workspaces are being asked for more of them.
    pub looking: bool,
    /// Why some are missing.
    pub missing: Option<String>,
    /// The engine that runs statements.
    pub engine: Option<String>,
    /// The statement.
    pub editor: Editor,
    /// Where keys go.
    pub focus: Focus,
    /// What ran before on this engine, the oldest first.
    pub history: Vec<String>,
    /// Which of them is shown, and what was typed before it.
    pub walking: Option<(usize, String)>,
    /// How the last statement is doing.
    pub run: Run,
    /// The statement that ran last, and on which engine.
    pub ran: (String, String),
    /// Its rows.
    pub rows: Option<Arc<Loaded>>,
    /// The row under the cursor.
    pub row: usize,
    /// The column under the cursor.
    pub column: usize,
    /// The first column on the screen.
    pub left: usize,
    /// The queue that is being made, while its questions are asked.
    pub draft: Option<queue::Draft>,
}

impl SqlState {
    /// Since when a statement runs, if one does.
    #[must_use]
    pub fn running_since(&self) -> Option<u64> {
        match &self.run {
            Run::Running { since, .. } => Some(*since),
            _ => None,
        }
    }
}

/// Asks for what the screen shows.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![Effect::Ask(state.slots.ask(Slot::SqlEngines), Query::SqlEngines(None))];
    state.sql.looking = true;
    effects.extend(ask_history(state));
    effects
}

fn ask_history(state: &mut State) -> Option<Effect> {
    let engine = state.sql.engine.clone()?;
    Some(Effect::Ask(state.slots.ask(Slot::SqlHistory), Query::SqlHistory(engine)))
}

/// Uses another engine.
pub fn use_engine(state: &mut State, name: &str) -> Vec<Effect> {
    if state.sql.engine.as_deref() != Some(name) {
        state.sql.engine = Some(name.to_owned());
        (state.sql.history, state.sql.walking) = (Vec::new(), None);
    }
    ask_history(state).into_iter().collect()
}

/// Has a statement run; `start`: the person said that what is stopped may be started.
pub fn execute(state: &mut State, text: &str, start: bool) -> Vec<Effect> {
    let Some(engine) = state.sql.engine.clone() else { return actions::choose_engine(state) };
    let tag = state.slots.ask(Slot::SqlRun);
    let sql = &mut state.sql;
    sql.run = Run::Running { since: state.clock, note: None };
    sql.ran = (text.to_owned(), engine.clone());
    sql.walking = None;
    vec![Effect::Ask(tag, Query::SqlRun { engine, text: text.to_owned(), start })]
}

/// Stops what runs.
pub fn cancel(state: &mut State) -> Vec<Effect> {
    if state.sql.running_since().is_none() {
        return Vec::new();
    }
    state.slots.drop_answers(Slot::SqlRun);
    state.sql.run = Run::Idle;
    let text = if crate::domain::sql_text::only_reads(&state.sql.ran.0) {
        "cancelled"
    } else {
        "cancelled; whether it took effect before that is not known: look before you repeat it"
    };
    state.say(Level::Info, text);
    vec![Effect::Forget(Slot::SqlRun)]
}

/// Takes an answer.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let news = match reply {
        Reply::Sql(news) => *news,
        Reply::Failed(text) => News::Failed(Problem { text, ..Problem::default() }),
        _ => return Vec::new(),
    };
    let clock = state.clock;
    match news {
        News::Engines { offers, chosen, problem, more } => {
            (state.sql.offers, state.sql.missing, state.sql.looking) = (offers, problem, more);
            let picked = state.sql.engine.is_none().then_some(chosen).flatten();
            if let Some(name) = picked {
                return use_engine(state, &name);
            }
        }
        News::History(history) => (state.sql.history, state.sql.walking) = (history, None),
        News::Progress(text) => {
            if let Run::Running { note, .. } = &mut state.sql.run {
                *note = Some(text);
            }
        }
        News::MustStart(question) => must_start(state, question),
        News::Rows(rows) => take_rows(state, rows, clock),
        News::Failed(problem) => {
            // The cursor goes where the engine says, as long as that is the statement that it speaks of.
            if let Some((line, column)) = problem.at
                && state.sql.editor.text().starts_with(&state.sql.ran.0)
            {
                state.sql.editor.go_to(line - 1, column - 1);
            }
            (state.sql.run, state.sql.rows, state.sql.focus) = (Run::Failed(problem), None, Focus::Statement);
            return ask_history(state).into_iter().collect();
        }
    }
    Vec::new()
}

fn take_rows(state: &mut State, rows: Arc<Loaded>, clock: u64) {
    let sql = &mut state.sql;
    let since = sql.running_since().unwrap_or(clock);
    sql.run = Run::Done(clock.saturating_sub(since));
    (sql.row, sql.column, sql.left) = (0, 0, 0);
    if !rows.sheet.rows.is_empty() {
        sql.focus = Focus::Rows;
    }
    sql.rows = Some(rows);
    let text = sql.ran.0.clone();
    if !crate::domain::sql_text::may_hold_secret(&text) {
        sql.history.retain(|known| *known != text);
        sql.history.push(text);
    } else {
        state.say(Level::Info, "not kept in the history: the statement may hold a secret");
    }
}

/// Asks before something is started. Who works on another screen by then is only told: no key of theirs is the answer.
fn must_start(state: &mut State, question: String) {
    state.sql.run = Run::Idle;
    if !matches!(state.screen(), Some(Screen::Sql)) {
        state.say(Level::Warning, format!("the statement was not run: {question}"));
        return;
    }
    let detail = "It costs money while it runs. The statement runs as soon as it is up; everything else can be used \
                  until then.";
    state.ask_late(Confirm::new(question, detail, "", |state, _| {
        let text = state.sql.ran.0.clone();
        execute(state, &text, true)
    }));
}

/// When something on the screen changes by itself: the time that a statement takes.
#[must_use]
pub fn next_tick(state: &State) -> Option<u64> {
    let since = state.sql.running_since().filter(|_| matches!(state.screen(), Some(Screen::Sql)))?;
    let waited = state.clock.saturating_sub(since);
    Some(if waited < COUNTED_MS { since + COUNTED_MS } else { since + (waited / 1000 + 1) * 1000 })
}
