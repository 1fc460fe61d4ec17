//! Questions of the SQL screen: which engines there are, what ran on them before, and statements.
//!
//! Why a thread for each question: an engine may need minutes. What always holds: a slot has at most one question at work;
//! a newer one or a cancel ends it at the server too; nothing is connected and nothing started before it is asked for; an
//! engine once opened is kept, because a session takes long to begin.

mod history;
mod offers;

use super::compute::{self, Standing};
use super::connections::Shared;
use super::engines::{EngineError, EngineName, HOW_TO_SAY, Machine, Opened};
use super::message::Sender;
use crate::app::effect::{NewQueue, Query};
use crate::app::event::{Event, Reply};
use crate::app::screens::sql::{News, Problem};
use crate::app::screens::table::rows::Loaded;
use crate::app::slots::{Slot, Tag};
use crate::domain::sql_text::place_in;
use crate::domain::text::printable;
use crate::ops::row_pictures::picture_columns;
use crate::ops::{OpsError, Watch};
use crate::remote::sql::sheet;
use crate::remote::sql::{Engine, SqlError, Statement};
use history::History;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Rows that are shown.
const SHOWN: usize = 1_000;
/// Rows that become a queue at most.
const QUEUED: usize = 1_000_000;
/// A path and a class for each row.
type Rows = Vec<(Option<String>, Option<String>)>;

/// Answers the questions of the SQL screen. Cheap to clone.
#[derive(Clone)]
pub struct Sql(Arc<Work>);

struct Work {
    connections: Shared,
    /// The store of the settings, which may be an engine.
    store: String,
    history: History,
    /// The engines by the names that the screen has for them: an address loses its token there.
    known: Mutex<HashMap<String, EngineName>>,
    opened: Mutex<HashMap<String, Opened>>,
    running: Mutex<HashMap<Slot, CancellationToken>>,
    sender: Sender,
}

impl Sql {
    /// Through these connections; statements are kept in `file`, unless nothing is to be written.
    #[must_use]
    pub fn new(connections: Shared, store: String, file: Option<PathBuf>, sender: Sender) -> Self {
        let (history, known) = (History::new(file), Mutex::default());
        let (opened, running) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Work { connections, store, history, known, opened, running, sender }))
    }

    /// Takes a question, if it is one of the SQL screen.
    pub fn ask(&self, tag: Tag, query: Query) -> Option<(Tag, Query)> {
        if !matches!(query, Query::Profiles | Query::SqlEngines(_) | Query::SqlHistory(_) | Query::SqlRun { .. }) {
            return Some((tag, query));
        }
        let stop = CancellationToken::new();
        if let Some(before) = lock(&self.0.running).insert(tag.slot, stop.clone()) {
            before.cancel();
        }
        let work = Arc::clone(&self.0);
        let run = move || work.answer(tag, query, &stop);
        if let Err(error) = std::thread::Builder::new().name("sql".to_owned()).spawn(run) {
            let text = format!("no thread for it: {error}; close something and try again");
            self.0.sender.event(Event::Reply(tag, Reply::Failed(text)));
        }
        None
    }

    /// Stops what runs for a slot.
    pub fn forget(&self, slot: Slot) {
        if let Some(stop) = lock(&self.0.running).remove(&slot) {
            stop.cancel();
        }
    }

    /// Stops everything.
    pub fn finish(&self) {
        lock(&self.0.running).drain().for_each(|(_, stop)| stop.cancel());
    }

    /// The rows of a queue: those that are there, or all that its statement gives.
    ///
    /// # Errors
    /// Those of the engine, as a sentence; when there are too many.
    pub fn rows_of(&self, new: &mut NewQueue, watch: &mut Watch<'_>) -> Result<Rows, OpsError> {
        match new.rows.take() {
            Some(rows) => Ok(rows),
            None => self.0.all_rows(new, watch).map_err(|p| OpsError::Invalid(p.text)),
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    fn answer(&self, tag: Tag, query: Query, stop: &CancellationToken) {
        let tell = |news: News| {
            if !stop.is_cancelled() {
                self.sender.event(Event::Reply(tag, Reply::Sql(Box::new(news))));
            }
        };
        match query {
            Query::Profiles => self.sender.event(Event::Reply(tag, Reply::Profiles(offers::profiles(self)))),
            Query::SqlEngines(typed) => offers::tell(self, typed.as_deref(), &tell),
            Query::SqlHistory(engine) => tell(News::History(self.history.of(&engine))),
            Query::SqlRun { engine, text, start } => {
                self.history.keep(&engine, &text);
                match self.run(&engine, &text, start, tag.generation, stop, &tell) {
                    Ok(news) => tell(news),
                    Err(problem) => tell(News::Failed(problem)),
                }
            }
            _ => {}
        }
    }

    fn run(
        &self,
        name: &str,
        text: &str,
        start: bool,
        load: u64,
        stop: &CancellationToken,
        tell: &dyn Fn(News),
    ) -> Result<News, Problem> {
        let opened = self.open(name)?;
        if let Some(machine) = &opened.machine {
            match compute::standing(machine).map_err(|e| of_remote(&e))? {
                Standing::Runs => {}
                Standing::Stopped(what) if !start => return Ok(News::MustStart(format!("{what}. Start it?"))),
                Standing::StartsByItself | Standing::Stopped(_) => start_machine(machine, stop, tell)?,
            }
        }
        let engine = opened.engine.as_ref();
        let mut rows = engine.run(&Statement::new(text), stop).map_err(|e| of_sql(&e))?;
        let sheet = sheet::read(&mut rows, SHOWN, engine.place()).map_err(|e| of_sql(&e))?;
        // What is left of the rows is not wanted.
        drop(rows);
        let pictures = picture_columns(&sheet);
        let place = printable(engine.place()).into_owned();
        Ok(News::Rows(Arc::new(Loaded::new(Arc::new(sheet), load, place, pictures))))
    }

    /// The engine of a name that the screen has, or that somebody typed.
    fn open(&self, name: &str) -> Result<Opened, Problem> {
        if let Some(opened) = lock(&self.opened).get(name) {
            return Ok(opened.clone());
        }
        let known = lock(&self.known).get(name).cloned();
        let engine = match known {
            Some(engine) => engine,
            None => {
                EngineName::parse(name).map_err(|e| of_engine(&e))?.ok_or_else(|| of_engine(&EngineError::NotSaid))?
            }
        };
        let opened = engine.open(&self.connections).map_err(|e| of_engine(&e))?;
        lock(&self.opened).insert(name.to_owned(), opened.clone());
        Ok(opened)
    }

    fn all_rows(&self, new: &NewQueue, watch: &mut Watch<'_>) -> Result<Rows, Problem> {
        let opened = self.open(&new.engine)?;
        let engine: &dyn Engine = opened.engine.as_ref();
        let stop = CancellationToken::new();
        let mut rows = engine.run(&Statement::new(&new.statement), &stop).map_err(|e| of_sql(&e))?;
        let mut out = Rows::new();
        let mut told = crate::ops::report::TaskProgress::default();
        while let Some(batch) = rows.next_batch().map_err(|e| of_sql(&e))? {
            if (watch.cancelled)() {
                stop.cancel();
                return Err(Problem { text: "it was cancelled; nothing was made".to_owned(), ..Problem::default() });
            }
            let texts = |column| crate::remote::sql::texts(&batch, column, engine.place()).map_err(|e| of_sql(&e));
            let paths = texts(new.path)?;
            let classes = match new.class {
                Some(column) => texts(column)?,
                None => vec![None; paths.len()],
            };
            out.extend(paths.into_iter().zip(classes));
            told.done = out.len() as u64;
            (watch.progress)(&told);
            if out.len() > QUEUED {
                let text = "the statement gives more than 1,000,000 rows; add a WHERE or a LIMIT".to_owned();
                return Err(Problem { text, ..Problem::default() });
            }
        }
        Ok(out)
    }
}

fn start_machine(machine: &Machine, stop: &CancellationToken, tell: &dyn Fn(News)) -> Result<(), Problem> {
    // What hears of the progress may be another thread; the screen is told from this one.
    let (say, heard) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let started = scope.spawn(move || compute::start(machine, stop, |line| drop(say.send(line))));
        heard.iter().for_each(|line| tell(News::Progress(line)));
        started.join().unwrap_or(Ok(())).map_err(|e| of_remote(&e))
    })
}

fn of_engine(error: &EngineError) -> Problem {
    match error {
        EngineError::NotSaid => Problem { text: format!("{error}; {HOW_TO_SAY}"), ..Problem::default() },
        EngineError::Remote(error) => of_remote(error),
        EngineError::Sql(error) => of_sql(error),
        EngineError::Name(..) => Problem { text: error.to_string(), ..Problem::default() },
    }
}

fn of_remote(error: &crate::remote::error::RemoteError) -> Problem {
    let text = format!("{}: {}; {}", error.headline(), error.why(), error.remedy());
    Problem { text: printable(&text).into_owned(), ..Problem::default() }
}

fn of_sql(error: &SqlError) -> Problem {
    let text = printable(&error.to_string()).into_owned();
    match error {
        SqlError::Refused { class, state, message, .. } => {
            let class = [class.as_str(), state.as_str()].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>();
            Problem { class: class.join("   "), at: place_in(message), text }
        }
        _ => Problem { text, ..Problem::default() },
    }
}
