//! Long work that goes on beside the screens: scans, exports.

/// Identifies a task of this run of the program.
pub type TaskId = u64;

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Working.
    Running,
    /// Ended well; says what came of it.
    Done(String),
    /// Ended early because the person asked for it.
    Cancelled,
    /// Ended with a failure.
    Failed(String),
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it does: `scan flowers`.
    pub title: String,
    /// Items done so far.
    pub done: u64,
    /// Items in all, once known.
    pub total: Option<u64>,
    /// When it started, in milliseconds of the program's clock.
    pub started: u64,
    /// When it ended.
    pub ended: Option<u64>,
    /// How it stands.
    pub state: TaskState,
    /// Leaving the program asks about it first, and then waits until it has tidied up.
    pub asks: bool,
    /// What it said on its way, newest last; bounded.
    pub notes: Vec<String>,
    /// Its result comes in one step at the end, or never: nothing of it stays when it is cancelled.
    pub whole: bool,
}

/// What a running task reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskNews {
    /// How far it is.
    Progress {
        /// Items done.
        done: u64,
        /// Items in all, once known.
        total: Option<u64>,
    },
    /// Something worth keeping, such as a file that was left out.
    Note(String),
    /// It has ended.
    Ended(TaskState),
}

/// All tasks of this run, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    list: Vec<Task>,
    next: TaskId,
}

/// How many notes of a task are kept.
const NOTES: usize = 200;

impl Tasks {
    /// Enters a new running task.
    pub fn start(&mut self, title: impl Into<String>, now: u64) -> TaskId {
        self.next += 1;
        let id = self.next;
        let (title, state, notes) = (title.into(), TaskState::Running, Vec::new());
        let (asks, whole) = (false, false);
        self.list.push(Task { id, title, done: 0, total: None, started: now, ended: None, state, asks, notes, whole });
        id
    }

    /// Leaving the program asks about this task from now on.
    pub fn ask_about(&mut self, id: TaskId) {
        if let Some(task) = self.list.iter_mut().find(|task| task.id == id) {
            task.asks = true;
        }
    }

    /// The same for a task of which nothing stays when it is cancelled.
    pub fn start_whole(&mut self, title: impl Into<String>, now: u64) -> TaskId {
        let id = self.start(title, now);
        if let Some(task) = self.list.last_mut() {
            task.whole = true;
        }
        id
    }

    /// Takes a report into the list. Returns the task if it is known.
    pub fn news(&mut self, id: TaskId, news: TaskNews, now: u64) -> Option<&Task> {
        let task = self.list.iter_mut().find(|t| t.id == id)?;
        match news {
            TaskNews::Progress { done, total } => (task.done, task.total) = (done, total),
            TaskNews::Note(text) if task.notes.len() < NOTES => task.notes.push(text),
            TaskNews::Note(_) => {}
            TaskNews::Ended(state) => (task.state, task.ended) = (state, Some(now)),
        }
        Some(task)
    }

    /// All tasks, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Task] {
        &self.list
    }

    /// Tasks that still run and are asked about before they are ended.
    pub fn asking(&self) -> impl Iterator<Item = &Task> {
        self.running().filter(|task| task.asks)
    }

    /// Tasks that still run.
    pub fn running(&self) -> impl Iterator<Item = &Task> {
        self.list.iter().filter(|t| t.state == TaskState::Running)
    }
}
