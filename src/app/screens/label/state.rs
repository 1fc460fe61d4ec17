//! Where the Label screen stands: the queue, the walk through it, what was decided last.

use super::boxes::BoxMode;
use super::gold::Mixed;
use crate::app::event::HistoryLine;
use crate::app::picture::PictureRef;
use crate::app::screens::Screen;
use crate::app::state::State;
use crate::domain::ids::{ClassId, SampleId};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::Queue;
use crate::domain::sample::Sample;
use std::collections::VecDeque;
use std::sync::Arc;

/// What was just decided, shown for a moment beside the next picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// `roses`, `skipped`, `undone`.
    pub text: String,
    /// The class, for its colour.
    pub class: Option<ClassId>,
    /// When it passes, on the program's clock.
    pub until: u64,
}

/// How long a flash stays, in milliseconds.
pub const FLASH_MS: u64 = 900;

/// The state of the Label screen.
#[derive(Clone, Debug, Default)]
pub struct LabelState {
    /// Which samples, in which order.
    pub queue: Queue,
    /// The name it was saved under.
    pub queue_name: Option<String>,
    /// Samples of the walk so far, in order, also those that have left the queue since.
    pub walk: VecDeque<Sample>,
    /// The sample on the screen.
    pub at: usize,
    /// Nothing lies before the walk.
    pub at_start: bool,
    /// Nothing lies after the walk.
    pub at_end: bool,
    /// The first samples have come.
    pub loaded: bool,
    /// Rank of the sample on the screen in the queue, from 1.
    pub rank: Option<u64>,
    /// Length of the queue when the rank was asked for.
    pub total: Option<u64>,
    /// The last decisions, newest first.
    pub tape: Vec<HistoryLine>,
    /// Go on to the next sample after an answer.
    pub auto_advance: bool,
    /// What was just decided.
    pub flash: Option<Flash>,
    /// Classes toggled on a multi-label sample, not yet confirmed.
    pub draft: Option<Vec<ClassId>>,
    /// Queues saved by name.
    pub saved: Vec<(String, Queue)>,
    /// Why nothing can be shown.
    pub problem: Option<String>,
    /// Going back: pictures before the cursor are prepared first.
    pub backwards: bool,
    /// Boxes and other shapes are worked on: what of them.
    pub boxes: Option<BoxMode>,
    /// Pictures that others hold are walked through as well, because the person has said so.
    pub unclaimed: bool,
    /// The person wants the sample after the last one of the walk, which has not come yet: until then none is on the screen,
    /// so that a key meant for it cannot change the one before.
    pub waiting_next: bool,
    /// The sample whose duplicates are asked for, to give them its answer as drafts.
    pub giving: Option<Giving>,
    /// Gold pictures in the walk.
    pub gold: Mixed,
    /// One picture was opened from another screen, to which an answer leads back: no other is walked to.
    pub alone: Option<Alone>,
}

/// The answer that is given to the duplicates of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Giving {
    /// Whose answer it is.
    pub of: SampleId,
    /// The person has said so, however many there are.
    pub sure: bool,
}

/// A picture that was opened alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone {
    /// Its answer was changed here.
    pub answered: bool,
}

impl LabelState {
    /// The sample on the screen.
    #[must_use]
    pub fn sample(&self) -> Option<&Sample> {
        self.walk.get(self.at).filter(|_| !self.waiting_next)
    }

    /// The sample on the screen.
    pub fn sample_mut(&mut self) -> Option<&mut Sample> {
        self.walk.get_mut(self.at).filter(|_| !self.waiting_next)
    }

    /// The samples whose pictures will probably be wanted next, nearest first.
    #[must_use]
    pub fn ahead(&self, count: usize) -> Vec<&Sample> {
        let forward = (1..=count).map(|i| self.at.checked_add(i));
        let back = (1..=3).map(|i| self.at.checked_sub(i));
        let order: Vec<Option<usize>> = if self.backwards {
            (1..=count).map(|i| self.at.checked_sub(i)).chain((1..=3).map(|i| self.at.checked_add(i))).collect()
        } else {
            forward.chain(back).collect()
        };
        order.into_iter().flatten().filter_map(|i| self.walk.get(i)).collect()
    }
}

/// The picture of a sample.
#[must_use]
pub fn picture(project: &Project, sample: &Sample) -> PictureRef {
    let source = LakePath::parse(&project.source, "/").unwrap_or(LakePath::Root);
    // A project of the whole lake, as of a table with pictures in several volumes, has whole paths.
    let path = if source == LakePath::Root {
        LakePath::parse(&sample.path, "/").unwrap_or(source)
    } else {
        source.child(&sample.path)
    };
    PictureRef { path: Arc::new(path), etag: sample.etag.as_str().into() }
}

impl Screen {
    /// The walk of a screen that shows one picture after the other.
    #[must_use]
    pub fn walk(&self) -> Option<&LabelState> {
        match self {
            Self::Label(label) => Some(label),
            Self::Review(review) => Some(&review.label),
            Self::SecondPass(pass) => Some(&pass.label),
            _ => None,
        }
    }

    /// The walk of a screen on which boxes are drawn and changed: the Label screen, and the blind second pass.
    #[must_use]
    pub fn of_boxes(&self) -> Option<&LabelState> {
        match self {
            Self::Label(_) | Self::SecondPass(_) => self.walk(),
            _ => None,
        }
    }

    /// The walk of a screen that shows one picture after the other, to be changed.
    pub fn walk_mut(&mut self) -> Option<&mut LabelState> {
        match self {
            Self::Label(label) => Some(label),
            Self::Review(review) => Some(&mut review.label),
            Self::SecondPass(pass) => Some(&mut pass.label),
            _ => None,
        }
    }
}

impl State {
    /// The walk of the Label screen if that is shown, or that of the Review screen or the second pass, which walk the
    /// same way.
    #[must_use]
    pub fn label(&self) -> Option<&LabelState> {
        self.screens.last().and_then(Screen::walk)
    }

    /// The same, to be changed.
    pub fn label_mut(&mut self) -> Option<&mut LabelState> {
        self.screens.last_mut().and_then(Screen::walk_mut)
    }
}
