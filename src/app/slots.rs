//! Slots: places on the screen where only the newest answer matters.
//!
//! Asking again for a slot raises its generation. The runtime cancels what ran for the older one, and a reply that
//! carries an older generation is dropped.

use std::collections::HashMap;

/// A place where only the newest answer matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// A column of the Lake screen: 0 is the one with the cursor, 1 and 2 its parents, 3 the folder under the cursor.
    Column(u8),
    /// The text preview of the file under the cursor.
    TextPreview,
    /// What the catalog says of the table on the screen.
    TableFacts,
    /// Its first rows.
    TableRows,
    /// Its versions.
    TableHistory,
    /// The profiles, for the Home screen.
    Profiles,
    /// The profiles, to choose one.
    ProfilePicker,
    /// The engines that run SQL.
    SqlEngines,
    /// What ran on the engine before.
    SqlHistory,
    /// The statement that runs.
    SqlRun,
    /// Size and times of the file under the cursor.
    FileFacts,
    /// Completions of what is being typed.
    Completion,
    /// The list of projects.
    Projects,
    /// Who else works on which project.
    Present,
    /// The project that is open: its record and counts.
    Project,
    /// Counts after an edit.
    Counts,
    /// Samples after the last one of the walk.
    WalkForward,
    /// Samples before the first one of the walk.
    WalkBack,
    /// A jump: by number, at random, to the next unlabelled.
    Jump,
    /// The rank of the sample under the cursor.
    Position,
    /// The last decisions.
    Tape,
    /// Samples after the last one of the gallery.
    Gallery,
    /// Samples before the first one of the gallery.
    GalleryBack,
    /// A sample elsewhere in the gallery's queue.
    GalleryJump,
    /// The rank of the sample under the gallery's cursor.
    GalleryPosition,
    /// The saved queues, for the gallery.
    GalleryQueues,
    /// Samples of the sweep.
    Sweep,
    /// How many samples a sweep has before it.
    SweepTotal,
    /// Samples of the object grid.
    Objects,
    /// How many pictures the object grid is about.
    ObjectsTotal,
    /// How far the review is.
    Review,
    /// How well first and second answers agree.
    Agreement,
    /// The statistics.
    Stats,
    /// The saved queues.
    Queues,
    /// The history of a sample or project.
    History,
    /// Where the person left a project.
    Session,
    /// The entries of the Home screen.
    Home,
    /// The edits on which the person has to decide.
    Conflicts,
    /// Pictures with two answers that differ.
    Disputes,
    /// The edges near a box.
    Snap,
    /// How far the person's second pass is, before one begins.
    Pass,
    /// The guideline of the project.
    Guideline,
    /// What happened to a picture.
    Trace,
    /// The comments on a picture.
    Comments,
    /// The lists of the project.
    Lists,
    /// The pictures that look like one.
    Alike,
    /// The gold pictures that are mixed into the walk.
    Gold,
    /// The projects, for the wizards of import and export.
    WizardProjects,
    /// The first pictures of a file.
    ImportPreview,
    /// The snapshots of the project.
    Versions,
    /// What differs between two of its states.
    Comparison,
    /// Samples on the screens that a task has changed.
    Renewed,
}

/// A slot and the generation of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Where the answer goes.
    pub slot: Slot,
    /// Which question it answers.
    pub generation: u64,
}

/// The newest generation of every slot.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    newest: HashMap<Slot, u64>,
    waiting: HashMap<Slot, u64>,
}

impl Slots {
    /// Raises the generation of a slot for a new question.
    pub fn ask(&mut self, slot: Slot) -> Tag {
        let generation = self.newest.entry(slot).or_default();
        *generation += 1;
        self.waiting.insert(slot, *generation);
        Tag { slot, generation: *generation }
    }

    /// Makes every answer still on its way to a slot stale.
    pub fn drop_answers(&mut self, slot: Slot) {
        *self.newest.entry(slot).or_default() += 1;
        self.waiting.remove(&slot);
    }

    /// Whether an answer is the newest of its slot.
    #[must_use]
    pub fn is_current(&self, tag: Tag) -> bool {
        self.newest.get(&tag.slot) == Some(&tag.generation)
    }

    /// Notes that the (last) answer for a tag has come.
    pub fn answered(&mut self, tag: Tag) {
        if self.waiting.get(&tag.slot) == Some(&tag.generation) {
            self.waiting.remove(&tag.slot);
        }
    }

    /// Whether a slot still waits for its answer.
    #[must_use]
    pub fn is_waiting(&self, slot: Slot) -> bool {
        self.waiting.contains_key(&slot)
    }
}
