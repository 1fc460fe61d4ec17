//! Where a sweep stands: its class, the page, the exceptions.

use super::hints;
use crate::app::screens::stretch::Stretch;
use crate::app::state::State;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ClassId, SampleId};
use crate::domain::queue::{Filter, Order, Queue, ReviewState};
use crate::domain::sample::{Sample, Status};
use std::collections::BTreeMap;

/// What accepting means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A model guessed the class of unanswered pictures: accepting makes its guess the label.
    #[default]
    Predicted,
    /// Pictures have the class already, by an import or a person: accepting is a reviewer's verdict.
    Present,
    /// Unanswered pictures: accepting gives them the class.
    Given,
}

impl Mode {
    /// The word in headers and pickers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Predicted => "predicted",
            Self::Present => "labeled so, not reviewed",
            Self::Given => "given to unlabeled",
        }
    }
}

/// What was decided about an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exception {
    /// It gets a flag and no answer.
    #[default]
    Flag,
    /// It gets another class.
    Class(ClassId),
}

/// The state of a sweep.
#[derive(Clone, Debug)]
pub struct SweepState {
    /// What accepting means.
    pub mode: Mode,
    /// The class.
    pub class: ClassId,
    /// What the gallery showed: other words of its filter hold here as well.
    pub base: Queue,
    /// The samples that are loaded.
    pub stretch: Stretch,
    /// The samples on the screen, in order.
    pub page: Vec<SampleId>,
    /// The exceptions among them.
    pub marks: BTreeMap<SampleId, Exception>,
    /// When the page came, on the program's clock.
    pub since: u64,
    /// Samples of the class that are left, as far as known.
    pub left: Option<u64>,
    /// Size of the thumbnails.
    pub zoom: usize,
}

impl SweepState {
    /// A sweep at its start.
    #[must_use]
    pub fn new(mode: Mode, class: ClassId, base: Queue, zoom: usize) -> Self {
        Self {
            mode,
            class,
            base,
            stretch: Stretch::default(),
            page: Vec::new(),
            marks: BTreeMap::new(),
            since: 0,
            left: None,
            zoom,
        }
    }

    /// Which samples are swept, in which order.
    #[must_use]
    pub fn queue(&self, labels: &LabelSet) -> Queue {
        let name = labels.name(self.class);
        let open = vec![Status::Unlabeled, Status::PreLabeled];
        let rest = Filter { flag: Some(false), unsure: None, empty: None, by: Vec::new(), ..self.base.filter.clone() };
        let (status, class, predicted, review) = match self.mode {
            Mode::Predicted => (open, Vec::new(), vec![name], Vec::new()),
            Mode::Present => (vec![Status::Labeled], vec![name], Vec::new(), vec![ReviewState::Waiting]),
            Mode::Given => (open, Vec::new(), Vec::new(), Vec::new()),
        };
        let order = match (self.mode, self.base.order) {
            (Mode::Predicted, _) => Order::ScoreDown,
            (_, Order::Newest) => Order::Path,
            (_, order) => order,
        };
        Queue { filter: Filter { status, class, predicted, review, ..rest }, order }
    }

    /// Whether a sample still waits for a decision of this sweep.
    #[must_use]
    pub fn is_open(&self, sample: &Sample, labels: &LabelSet) -> bool {
        let unanswered = matches!(sample.answer.status, Status::Unlabeled | Status::PreLabeled);
        !sample.answer.flagged
            && match self.mode {
                Mode::Predicted | Mode::Given => unanswered,
                Mode::Present => sample.answer.classes(labels).contains(&self.class) && !sample.is_accepted(),
            }
    }

    /// The samples of the page that still wait for a decision, with their hints, in the order of the page; `None` stands
    /// for one that somebody has decided since the page came.
    #[must_use]
    pub fn cells(&self, state: &State) -> Vec<(Option<&Sample>, String)> {
        let hints = hints::hints(&hints::letters(state), self.page.len());
        self.page.iter().map(|id| self.stretch.sample(*id)).zip(hints).collect()
    }
}
