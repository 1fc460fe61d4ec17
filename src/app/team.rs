//! Working with others at one store: who is here, and which pictures are handed out to whom.
//!
//! What always holds: nothing here ever waits; the store's word comes as news. A queue of open pictures is walked by
//! claims where the store hands samples out, so that nobody gets anybody else's; a picture that somebody else holds can be
//! looked at, and is answered only after the person has said so. Where the store cannot do it, all of this is off.

use super::effect::Effect;
use super::messages::Level;
use super::screens::Screen;
use super::screens::label::{LabelState, walk};
use super::slots::Tag;
use super::state::State;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::domain::sample::{Sample, Status};
use std::collections::HashMap;

/// Pictures that are held ahead of the person.
pub const AHEAD: usize = 24;
/// With fewer ahead, more are taken: enough for a key every tenth of a second while a store far away is asked.
pub const NEAR: usize = 12;

/// What is to be told or asked of the others' side; carried out in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum TeamOrder {
    /// Take the next pictures of a queue; the answer is a page with this tag. What was held of another queue is given back.
    Claim {
        /// Of the answer.
        tag: Tag,
        /// The project.
        project: ProjectId,
        /// Which pictures.
        queue: Box<Queue>,
        /// At most this many.
        limit: usize,
    },
    /// The person works on this project, and looks at this picture.
    At {
        /// The project.
        project: ProjectId,
        /// The picture.
        sample: Option<SampleId>,
    },
    /// The person works on no project any more: everything held is given back.
    Leave,
}

/// Somebody else who works on the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// Who.
    pub name: String,
    /// Pictures whose present answer is theirs, where the store tells.
    pub samples: Option<u64>,
}

/// What the store says by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum TeamNews {
    /// It is open: whether it hands samples out, whether it says who is there, and whether it keeps verdicts on objects.
    Able {
        /// See [`crate::store::records::Capabilities::claims`].
        claims: bool,
        /// See [`crate::store::records::Capabilities::presence`].
        presence: bool,
        /// See [`crate::store::records::Capabilities::objects`].
        objects: bool,
    },
    /// Who works on the project besides this person, and which pictures they hold.
    Here {
        /// The project.
        project: ProjectId,
        /// Who, by name.
        here: Vec<Here>,
        /// Pictures, and who holds them.
        held: Vec<(SampleId, String)>,
    },
    /// Pictures that were held too long, and may be somebody else's now; answered ones among them.
    Lost(ProjectId, Vec<SampleId>),
}

/// What is known of the others.
#[derive(Clone, Debug, Default)]
pub struct Team {
    claims: bool,
    presence: bool,
    /// Verdicts on single objects are forgotten when the program ends.
    forgets: bool,
    /// Who else works on the open project.
    pub here: Vec<Here>,
    held: HashMap<SampleId, String>,
    /// The picture that the person answers although somebody else holds it.
    insisted: Option<SampleId>,
    /// What was said last of where the person is.
    told: Option<(ProjectId, Option<SampleId>)>,
}

impl Team {
    /// Whether the store says who is there.
    #[must_use]
    pub fn says_who(&self) -> bool {
        self.presence
    }

    /// Whether the store keeps verdicts on single objects; nothing is said against it before it is open.
    #[must_use]
    pub fn keeps_objects(&self) -> bool {
        !self.forgets
    }

    /// Who holds a picture, if somebody else does.
    #[must_use]
    pub fn holder(&self, sample: SampleId) -> Option<&str> {
        self.held.get(&sample).map(String::as_str)
    }
}

fn open(status: Status) -> bool {
    matches!(status, Status::Unlabeled | Status::PreLabeled)
}

/// Whether a queue is walked by claims: the store hands samples out, and the queue is of pictures to be answered.
#[must_use]
pub fn by_claims(state: &State, queue: &Queue) -> bool {
    let status = &queue.filter.status;
    let label = matches!(state.screens.last(), Some(Screen::Label(label)) if !label.unclaimed);
    state.team.claims && label && !state.read_only && !status.is_empty() && status.iter().all(|s| open(*s))
}

/// Whether the store says who holds what.
#[must_use]
pub fn is_on(state: &State) -> bool {
    state.team.claims && matches!(state.screens.last(), Some(Screen::Label(_)))
}

/// Whether the walk on the screen is one by claims.
#[must_use]
pub fn walks(state: &State) -> bool {
    state.label().is_some_and(|l| by_claims(state, &l.queue))
}

/// Whether a picture is somebody else's to answer.
fn is_theirs(state: &State, sample: &Sample) -> bool {
    open(sample.answer.status) && state.team.holder(sample.id).is_some()
}

/// Who holds the picture on the screen, if it is somebody else and the person has not said to answer it anyway.
#[must_use]
pub fn in_the_way(state: &State) -> Option<&str> {
    let Some(Screen::Label(label)) = state.screens.last() else { return None };
    let sample = label.sample().filter(|s| is_theirs(state, s) && state.team.insisted != Some(s.id))?;
    state.team.holder(sample.id)
}

/// Who holds pictures that are to be answered, and how many, where nothing of the queue on the screen is left for this
/// person: `(40, "ann and bob")`.
#[must_use]
pub fn all_held(state: &State) -> Option<(u64, String)> {
    let label = state.label().filter(|l| l.loaded && l.at_end && walks(state) && l.at + 1 >= l.walk.len())?;
    let own = |id: &SampleId| label.walk.iter().any(|s| s.id == *id && !open(s.answer.status));
    let held: Vec<&String> = state.team.held.iter().filter(|(id, _)| !own(id)).map(|(_, by)| by).collect();
    let mut names: Vec<&str> = held.iter().map(|by| by.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let who = match names.as_slice() {
        [] => return None,
        [one] => (*one).to_owned(),
        [a, b] => format!("{a} and {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    };
    Some((held.len() as u64, who))
}

/// Whether nothing is shown only because others hold it.
#[must_use]
pub fn nothing_but_held(state: &State) -> bool {
    state.label().is_some_and(|l| l.walk.is_empty()) && all_held(state).is_some()
}

/// The person answers the picture on the screen although somebody else holds it.
pub fn insist(state: &mut State) -> Vec<Effect> {
    state.team.insisted = state.label().and_then(LabelState::sample).map(|s| s.id);
    state.say(Level::Info, "the next key answers it; if they answer first, yours becomes a conflict");
    Vec::new()
}

/// How many steps to the next picture that nobody else holds.
#[must_use]
pub fn step(state: &State) -> i64 {
    let Some(label) = state.label().filter(|_| matches!(state.screens.last(), Some(Screen::Label(_)))) else {
        return 1;
    };
    let theirs = label.walk.iter().skip(label.at + 1).take_while(|s| is_theirs(state, s)).count();
    // At the end of what is known the walk asks for more.
    let last = label.walk.len().saturating_sub(label.at + 1).max(1);
    i64::try_from((theirs + 1).min(last)).unwrap_or(1)
}

/// The place in the walk of the next open picture that nobody else holds.
#[must_use]
pub fn next_open(state: &State) -> Option<usize> {
    let label = state.label()?;
    let free = |(_, s): &(usize, &Sample)| open(s.answer.status) && !is_theirs(state, s);
    label.walk.iter().enumerate().skip(label.at + 1).find(free).map(|(at, _)| at)
}

/// Pictures were handed out to this person: what was known of who held them is over.
pub fn taken(state: &mut State, samples: &[Sample]) {
    for sample in samples {
        state.team.held.remove(&sample.id);
    }
}

/// Takes news of the others.
pub fn news(state: &mut State, news: TeamNews) -> Vec<Effect> {
    match news {
        TeamNews::Able { claims, presence, objects } => {
            (state.team.claims, state.team.presence, state.team.forgets) = (claims, presence, !objects);
        }
        TeamNews::Here { project, here, held } if is_open(state, project) => {
            let before = all_held(state).map(|(n, _)| n);
            (state.team.here, state.team.held) = (here, held.into_iter().collect());
            let now = all_held(state).map_or(0, |(n, _)| n);
            if before.is_some_and(|before| now < before) {
                // Something was given back, or answered: the queue may have something for this person again.
                return walk::reopen_end(state, true);
            }
        }
        TeamNews::Lost(project, samples) if is_open(state, project) => lost(state, &samples),
        TeamNews::Here { .. } | TeamNews::Lost(..) => {}
    }
    Vec::new()
}

fn is_open(state: &State, project: ProjectId) -> bool {
    state.project.as_ref().is_some_and(|open| open.project.id == project)
}

/// Held pictures ahead of the person that were lost to time leave the walk; it takes others when it runs short.
fn lost(state: &mut State, samples: &[SampleId]) {
    let Some(label) = state.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Label(label) if label.alone.is_none() => Some(label),
        _ => None,
    }) else {
        return;
    };
    let (before, at) = (label.walk.len(), label.at);
    let mut place = 0;
    label.walk.retain(|sample| {
        let ahead = place > at;
        place += 1;
        !(ahead && open(sample.answer.status) && samples.contains(&sample.id))
    });
    let gone = before - label.walk.len();
    if gone > 0 {
        label.at_end = false;
        state.say(Level::Info, format!("{gone} pictures were held for too long without a key, and are given back"));
    }
}

/// Says where the person is, when that has changed: one place for coming, going on, leaving and quitting.
pub fn follow(state: &mut State) -> Vec<Effect> {
    if !state.team.claims && !state.team.presence {
        return Vec::new();
    }
    let now = at(state);
    if now == state.team.told {
        return Vec::new();
    }
    state.team.told = now;
    if now.is_none_or(|(_, sample)| sample != state.team.insisted) {
        state.team.insisted = None;
    }
    vec![Effect::Team(match now {
        Some((project, sample)) => TeamOrder::At { project, sample },
        None => {
            (state.team.here, state.team.held) = (Vec::new(), HashMap::new());
            TeamOrder::Leave
        }
    })]
}

/// Where the person is: a project is worked on for as long as its Label screen is open, shown or not.
fn at(state: &State) -> Option<(ProjectId, Option<SampleId>)> {
    if state.leaving {
        return None;
    }
    let project = state.project.as_ref()?.project.id;
    let mut labels = state.screens.iter().rev();
    let label = labels.find_map(|s| if let Screen::Label(label) = s { Some(label) } else { None })?;
    Some((project, label.sample().map(|s| s.id)))
}
