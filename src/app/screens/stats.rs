//! The Stats screen: how far, how fast, how sure, who; and where first and second answers differ.
//!
//! What always holds: nothing is polled; what is shown is asked for when the screen comes up, after an edit, and when a
//! task has ended.

use super::Screen;
use super::label::walk;
use super::moves::Move;
use super::navigation::{go, in_project};
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::sample::Status;
use crate::ops::report::StatsReport;
use crate::ops::report::review::{AgreementReport, Disagreement, ReviewReport};

/// What the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The four questions and the classes.
    #[default]
    Overview,
    /// First and second answers: how well they agree, and where they do not.
    Agreement,
    /// How far each two people agree, and in each class.
    Measures,
}

impl View {
    const ALL: [Self; 3] = [Self::Overview, Self::Agreement, Self::Measures];

    /// The view after this one, or before it.
    fn turned(self, back: bool) -> Self {
        let at = Self::ALL.iter().position(|v| *v == self).unwrap_or(0);
        let by = if back { Self::ALL.len() - 1 } else { 1 };
        Self::ALL.get((at + by) % Self::ALL.len()).copied().unwrap_or_default()
    }
}

/// One line of the measures of agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureRow {
    /// A free line.
    Blank,
    /// What the lines below are about.
    Title(&'static str),
    /// All answers.
    All,
    /// The n-th two people.
    Pair(usize),
    /// The n-th class.
    Class(usize),
    /// What the lines about gold pictures below mean.
    GoldHead,
    /// All answers to gold pictures.
    GoldAll,
    /// The n-th person who was asked.
    GoldPerson(usize),
    /// The n-th trusted class.
    GoldClass(usize),
}

/// The state of the Stats screen.
#[derive(Clone, Debug, Default)]
pub struct StatsState {
    /// What is shown.
    pub view: View,
    /// Progress, speed, people; nothing before the first answer.
    pub report: Option<StatsReport>,
    /// How far the review is.
    pub review: Option<ReviewReport>,
    /// Agreement.
    pub agreement: Option<AgreementReport>,
    /// The first row shown of the overview.
    pub top: usize,
    /// The row under the cursor in the list of disagreements.
    pub cursor: usize,
    /// The first row shown of the measures.
    pub measures_top: usize,
    /// Why nothing can be shown.
    pub problem: Option<String>,
}

/// One line of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A free line.
    Blank,
    /// A question, as the title of what answers it.
    Title(&'static str),
    /// All samples as one bar, by status.
    Progress,
    /// The count of the n-th status.
    Status(usize),
    /// What is left, and how long it will take.
    Left,
    /// Samples per hour.
    Rate,
    /// Answers of the last hours.
    Spark,
    /// The hours under them.
    Hours,
    /// Kappa with its interval.
    Kappa,
    /// Observed agreement.
    Observed,
    /// Verdicts.
    Verdicts,
    /// Flagged, unsure, empty.
    Marks,
    /// What the columns of the table of people mean.
    PeopleHead,
    /// The n-th person.
    Person(usize),
    /// The n-th class.
    Class(usize),
    /// There is nothing to list: what to press.
    Nothing(&'static str),
}

/// From so many columns on, the classes stand beside the questions instead of below them.
pub const WIDE: u16 = 100;
/// Lines of the measures that stay where they are.
pub const MEASURES_AROUND: usize = 4;
/// Lines of the window that are not the overview's.
const AROUND: u16 = 4;

impl StatsState {
    /// The lines of the overview: the questions, and the classes.
    #[must_use]
    pub fn rows(&self) -> (Vec<Row>, Vec<Row>) {
        let Some(report) = &self.report else { return Default::default() };
        let mut rows = vec![Row::Title("how far")];
        if report.samples > 0 {
            rows.push(Row::Progress);
            rows.extend((0..Status::ALL.len()).map(Row::Status));
        }
        rows.extend([Row::Left, Row::Blank, Row::Title("how fast"), Row::Rate]);
        if report.activity.iter().any(|h| h.answers > 0) {
            rows.extend([Row::Spark, Row::Hours]);
        }
        rows.extend([Row::Blank, Row::Title("how sure"), Row::Kappa]);
        if report.kappa.is_some_and(|k| k.n > 0) {
            rows.push(Row::Observed);
        }
        if self.review.is_some() {
            rows.push(Row::Verdicts);
        }
        rows.extend([Row::Marks, Row::Blank, Row::Title("who")]);
        match report.people.len() {
            0 => rows.push(Row::Nothing("nobody has answered yet")),
            n => rows.extend([Row::PeopleHead].into_iter().chain((0..n).map(Row::Person))),
        }
        let mut classes = vec![Row::Title("classes")];
        match report.classes.len() {
            0 => classes.push(Row::Nothing("no classes yet; [classes.edit] edits the set")),
            n => classes.extend((0..n).map(Row::Class)),
        }
        (rows, classes)
    }

    /// The lines of the measures; none before the first picture with two answers, or the first answer to a gold one.
    #[must_use]
    pub fn measure_rows(&self) -> Vec<MeasureRow> {
        let mut rows = self.study_rows();
        let gold = self.agreement.as_ref().map(|a| &a.gold).filter(|g| g.all.of > 0);
        let Some(gold) = gold else { return rows };
        if !rows.is_empty() {
            rows.push(MeasureRow::Blank);
        }
        rows.push(MeasureRow::GoldHead);
        if gold.people.len() > 1 {
            rows.push(MeasureRow::GoldAll);
        }
        rows.extend((0..gold.people.len()).map(MeasureRow::GoldPerson));
        rows.extend((0..gold.classes.len()).map(MeasureRow::GoldClass));
        rows
    }

    fn study_rows(&self) -> Vec<MeasureRow> {
        let study = self.agreement.as_ref().and_then(|a| a.study.as_ref()).filter(|s| s.all.labels.pictures > 0);
        let Some(study) = study else { return Vec::new() };
        let mut rows = vec![MeasureRow::All];
        if study.pairs.len() > 1 {
            rows.extend([MeasureRow::Blank, MeasureRow::Title("each two people")]);
            rows.extend((0..study.pairs.len()).map(MeasureRow::Pair));
        }
        if !study.classes.is_empty() {
            rows.extend([MeasureRow::Blank, MeasureRow::Title("each class")]);
            rows.extend((0..study.classes.len()).map(MeasureRow::Class));
        }
        rows
    }

    /// The columns of the overview in a window so wide: the classes beside the questions, or all in one.
    #[must_use]
    pub fn columns(&self, width: u16) -> Vec<Vec<Row>> {
        let (questions, classes) = self.rows();
        if width >= WIDE {
            return vec![questions, classes];
        }
        vec![questions.into_iter().chain([Row::Blank]).chain(classes).collect()]
    }
}

const STATS: &[Scope] = &[Scope::Stats];

/// The actions of the Stats screen.
pub const SPECS: &[Spec] = &[
    spec(
        "stats.next-view",
        "other view",
        "Statistics, where first and second answers differ, or how far people agree and are right",
        1,
        |s, _| turn(s, false),
    ),
    spec("stats.previous-view", "other view", "The view before", 0, |s, _| turn(s, true)),
    Spec {
        enabled: on_pair,
        ..spec("stats.open", "open", "Open the picture with two answers on the Label screen", 2, |s, _| open_pair(s))
    },
];

/// The action that goes to the screen.
pub const GO: &[Spec] = &[Spec {
    scopes: &[Scope::Global],
    ..spec("go.stats", "stats", "Go to how far, how fast, how sure, who", 0, |s, _| open(s, View::Overview))
}];

const fn spec(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: STATS, changes_data: false, repeats: false, hint, enabled: in_project, run }
}

fn on_pair(state: &State) -> Result<(), String> {
    pair(state).map(|_| ()).ok_or_else(|| "there is nothing to open here".to_owned())
}

fn pair(state: &State) -> Option<&Disagreement> {
    let stats = state.stats().filter(|s| s.view == View::Agreement)?;
    stats.agreement.as_ref()?.differ.get(stats.cursor)
}

fn open_pair(state: &mut State) -> Vec<Effect> {
    let sample = pair(state).map(|p| p.sample);
    sample.map(|id| walk::open_alone(state, id)).unwrap_or_default()
}

/// Shows the screen with one of its views.
pub fn open(state: &mut State, view: View) -> Vec<Effect> {
    let effects = go(state, Screen::Stats(Box::default()));
    if let Some(stats) = state.stats_mut() {
        stats.view = view;
    }
    effects
}

fn turn(state: &mut State, back: bool) -> Vec<Effect> {
    if let Some(stats) = state.stats_mut() {
        stats.view = stats.view.turned(back);
    }
    Vec::new()
}

/// Asks for what the screen shows.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let asks = [
        (Slot::Stats, Query::Stats(project)),
        (Slot::Review, Query::Review(project)),
        (Slot::Agreement, Query::Agreement(project)),
    ];
    asks.map(|(slot, query)| Effect::Ask(state.slots.ask(slot), query)).into()
}

/// Moves through the rows: of the overview what is shown, of the list the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let (width, height) = state.size;
    let page = usize::from(height.saturating_sub(AROUND));
    let Some(stats) = state.stats_mut() else { return Vec::new() };
    match stats.view {
        View::Overview => {
            let longest = stats.columns(width).iter().map(Vec::len).max().unwrap_or(0);
            stats.top = way.apply(stats.top, longest.saturating_sub(page) + 1, page);
        }
        View::Agreement => {
            let len = stats.agreement.as_ref().map_or(0, |a| a.differ.len());
            stats.cursor = way.apply(stats.cursor, len, page);
        }
        View::Measures => {
            // The lines that stay: what the columns mean, and what the words mean.
            let (len, page) = (stats.measure_rows().len(), page.saturating_sub(MEASURES_AROUND));
            stats.measures_top = way.apply(stats.measures_top, len.saturating_sub(page) + 1, page);
        }
    }
    Vec::new()
}

/// Takes an answer.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let Some(stats) = state.stats_mut() else { return Vec::new() };
    match reply {
        Reply::Stats(report) => (stats.report, stats.problem) = (Some(*report), None),
        Reply::Review(report) => stats.review = Some(*report),
        Reply::Agreement(report) => {
            stats.cursor = stats.cursor.min(report.differ.len().saturating_sub(1));
            stats.agreement = Some(*report);
        }
        Reply::Failed(text) => {
            stats.problem = Some(text.clone());
            state.say(Level::Error, text);
        }
        _ => {}
    }
    Vec::new()
}

impl State {
    /// The Stats screen, if it is shown.
    #[must_use]
    pub fn stats(&self) -> Option<&StatsState> {
        match self.screens.last() {
            Some(Screen::Stats(stats)) => Some(stats),
            _ => None,
        }
    }

    /// The Stats screen, if it is shown.
    pub fn stats_mut(&mut self) -> Option<&mut StatsState> {
        match self.screens.last_mut() {
            Some(Screen::Stats(stats)) => Some(stats),
            _ => None,
        }
    }
}
