//! Changes of pictures with very many shapes, stored as what differs from an earlier event.
//!
//! Why: an event holds everything that stood and stands. Of two thousand boxes that is a megabyte, and a person who moves
//! one of them moves it many times. What always holds: an event with all of it (its ground) is written first, and again
//! when what differs from it has grown; what differs names one ground, which is an event like any other and never changes,
//! so that a change is read with one more row, whoever wrote what in between. Pictures with few shapes, and everything
//! that older versions wrote, are stored as they always were.

use super::base::{Base, to_json};
use crate::domain::annotation::Annotation;
use crate::domain::edit::{Change, Edit};
use crate::domain::ids::{AnnotationId, EditId, Rev, SampleId};
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::error::StoreError;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Changes with fewer shapes, before and after together, are stored whole.
pub(in crate::store) const SHAPES: usize = 128;
/// What differs is stored as long as it is this many times smaller than its ground: with each shape that is changed for the
/// first time it grows, and at about this size the sum over all of them is least.
const SMALLER: usize = 32;
/// Grounds of so many pictures are known by heart, at most so large.
const KNOWN: usize = 4;
const LARGEST: usize = 16 << 20;
/// How a change begins that is stored as what differs.
const BEGINS: &str = "{\"change\":\"answer_part\"";

/// A change as what differs from the answer after another event.
#[derive(Serialize, Deserialize)]
#[serde(tag = "change", rename = "answer_part")]
struct Part {
    sample: SampleId,
    base: Rev,
    /// The edit of that event.
    ground: EditId,
    before: Side,
    after: Side,
}

/// An answer, and its annotations piece by piece.
#[derive(Serialize, Deserialize)]
struct Side {
    /// All but the annotations.
    answer: Answer,
    pieces: Vec<Piece>,
}

/// A piece of a list of annotations, told from another list, its ground.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::store) enum Piece {
    /// So many annotations of the ground, from this one on.
    Same(usize, usize),
    New(Box<Annotation>),
}

/// The annotations after an event that was stored whole.
#[derive(Clone)]
struct Ground {
    sample: SampleId,
    edit: EditId,
    annotations: Vec<Annotation>,
    /// Of the whole event.
    bytes: usize,
}

/// Grounds that outlive the transaction that makes them.
#[derive(Clone, Default)]
pub(in crate::store) struct SharedGrounds(Arc<Mutex<Grounds>>);

impl SharedGrounds {
    pub(in crate::store) fn lock(&self) -> MutexGuard<'_, Grounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The grounds of the pictures that were changed last.
#[derive(Default)]
pub(in crate::store) struct Grounds {
    /// Of events that are committed, the newest last.
    known: VecDeque<Ground>,
    /// Of events of the transaction that runs.
    fresh: VecDeque<Ground>,
}

impl Grounds {
    /// The transaction was committed.
    pub(in crate::store) fn keep(&mut self) {
        for ground in std::mem::take(&mut self.fresh) {
            self.known.retain(|known| known.sample != ground.sample);
            self.known.push_back(ground);
        }
        while self.known.len() > KNOWN {
            self.known.pop_front();
        }
    }

    /// The transaction was not committed, or nobody knows.
    pub(in crate::store) fn forget(&mut self) {
        self.fresh.clear();
    }

    /// The text that an event is stored as.
    pub(in crate::store) fn text(&mut self, edit: &Edit, change: &Change) -> Result<String> {
        let Change::Answer { sample, base, before, after } = change else { return to_json(change) };
        if before.annotations.len() + after.annotations.len() < SHAPES {
            return to_json(change);
        }
        if let Some(ground) = self.fresh.iter().chain(&self.known).find(|ground| ground.sample == *sample) {
            let (before, after) = (ground.side(before), ground.side(after));
            let text = to_json(&Part { sample: *sample, base: *base, ground: ground.edit, before, after })?;
            if text.len() < ground.bytes / SMALLER {
                return Ok(text);
            }
        }
        let text = to_json(change)?;
        self.fresh.retain(|fresh| fresh.sample != *sample);
        if text.len() <= LARGEST {
            let (annotations, bytes) = (after.annotations.clone(), text.len());
            self.fresh.push_back(Ground { sample: *sample, edit: edit.id, annotations, bytes });
        }
        if self.fresh.len() > KNOWN {
            self.fresh.pop_front();
        }
        Ok(text)
    }
}

impl Ground {
    fn side(&self, answer: &Answer) -> Side {
        Side { answer: bare(answer), pieces: pieces(&answer.annotations, &self.annotations) }
    }
}

/// A list of annotations as what differs from another.
pub(in crate::store) fn pieces(annotations: &[Annotation], ground: &[Annotation]) -> Vec<Piece> {
    let places: HashMap<AnnotationId, usize> = ground.iter().enumerate().map(|(place, a)| (a.id, place)).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    for annotation in annotations {
        let place = places.get(&annotation.id).copied();
        match place.filter(|place| ground.get(*place) == Some(annotation)) {
            None => pieces.push(Piece::New(Box::new(annotation.clone()))),
            Some(place) => match pieces.last_mut() {
                Some(Piece::Same(from, count)) if *from + *count == place => *count += 1,
                _ => pieces.push(Piece::Same(place, 1)),
            },
        }
    }
    pieces
}

/// The list that [`pieces`] were made of; nothing if the ground is another.
pub(in crate::store) fn joined(pieces: Vec<Piece>, ground: &[Annotation]) -> Option<Vec<Annotation>> {
    let mut annotations = Vec::new();
    for piece in pieces {
        match piece {
            Piece::New(annotation) => annotations.push(*annotation),
            Piece::Same(from, count) => annotations.extend_from_slice(ground.get(from..from.checked_add(count)?)?),
        }
    }
    Some(annotations)
}

/// An answer without its annotations.
fn bare(answer: &Answer) -> Answer {
    let Answer { status, skip_reason, flagged, unsure, annotations: _ } = answer;
    Answer {
        status: *status,
        skip_reason: skip_reason.clone(),
        flagged: *flagged,
        unsure: *unsure,
        annotations: Vec::new(),
    }
}

impl Side {
    /// The answer; nothing if the ground is not what it was written on.
    fn on(self, ground: &[Annotation]) -> Option<Answer> {
        Some(Answer { annotations: joined(self.pieces, ground)?, ..self.answer })
    }
}

/// Reads changes as they are stored; the ground of the last one is kept for the next.
pub(in crate::store) struct Changes<'a> {
    db: &'a dyn Base,
    ground: RefCell<Option<(EditId, Vec<Annotation>)>>,
}

impl<'a> Changes<'a> {
    pub(in crate::store) fn of(db: &'a dyn Base) -> Self {
        Self { db, ground: RefCell::default() }
    }

    /// The change of an event, from its text.
    pub(in crate::store) fn read(&self, text: &str) -> Result<Change> {
        if !text.starts_with(BEGINS) {
            return self.db.json(text, "an event");
        }
        let Part { sample, base, ground, before, after } = self.db.json(text, "an event")?;
        let mut known = self.ground.borrow_mut();
        let annotations = match known.take().filter(|(edit, _)| *edit == ground) {
            Some((_, annotations)) => annotations,
            None => self.after(ground)?,
        };
        let whole = before.on(&annotations).zip(after.on(&annotations));
        *known = Some((ground, annotations));
        match whole {
            Some((before, after)) => Ok(Change::Answer { sample, base, before, after }),
            None => Err(self.broken(ground)),
        }
    }

    /// The annotations after an event that is stored whole.
    fn after(&self, edit: EditId) -> Result<Vec<Annotation>> {
        let text = self.db.row("SELECT change FROM event WHERE edit = ?", [edit.0], |r| r.get::<String>(0))?;
        match text.map(|text| self.db.json(&text, "an event")).transpose()? {
            Some(Change::Answer { after, .. }) => Ok(after.annotations),
            _ => Err(self.broken(edit)),
        }
    }

    fn broken(&self, ground: EditId) -> StoreError {
        let why = format!("an event says what differs from the edit {ground}, which is not there or another");
        StoreError::Corrupt { place: self.db.place().to_owned(), why }
    }
}

impl dyn Base + '_ {
    /// The change of one event, from its text.
    pub(in crate::store) fn change_of(&self, text: &str) -> Result<Change> {
        Changes::of(self).read(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::annotation::Shape;
    use crate::domain::geometry::BoxN;
    use crate::domain::ids::{ClassId, ProjectId};
    use crate::domain::sample::Status;
    use jiff::Timestamp;

    fn boxes(count: usize) -> Answer {
        let boxed = |i: usize| Annotation {
            shape: Shape::Box(BoxN { x: i as f64 / 3000.0, y: 0.1 + 0.2, w: 0.01, h: 0.02 }),
            ..Annotation::label(ClassId(1), "ann", Timestamp::UNIX_EPOCH)
        };
        Answer { status: Status::Labeled, annotations: (0..count).map(boxed).collect(), ..Answer::default() }
    }

    fn moved(answer: &Answer, which: usize, step: usize) -> Answer {
        let mut answer = answer.clone();
        answer.annotations[which].shape = Shape::Box(BoxN { x: step as f64 / 4096.0, y: 0.5, w: 0.01, h: 0.02 });
        answer
    }

    fn edit(before: &Answer, after: &Answer, rev: usize) -> Edit {
        let (before, after, base) = (before.clone(), after.clone(), Rev(rev as i64));
        let change = Change::Answer { sample: SampleId(7), base, before, after };
        Edit::by_person(ProjectId(1), change, "ann", Timestamp::UNIX_EPOCH)
    }

    /// Bytes of the events of many steps, each committed, where `which` says the box that a step moves.
    fn stored(steps: usize, which: impl Fn(usize) -> usize) -> (usize, usize) {
        let (mut grounds, mut stands) = (Grounds::default(), boxes(2000));
        let (mut bytes, mut whole) = (0, 0);
        for step in 0..steps {
            let next = moved(&stands, which(step), step);
            let edit = edit(&stands, &next, step);
            let text = grounds.text(&edit, &edit.change).unwrap();
            grounds.keep();
            bytes += text.len();
            whole += usize::from(!text.starts_with(BEGINS));
            stands = next;
        }
        (bytes, whole)
    }

    #[test]
    fn pushing_one_box_of_two_thousand_costs_little() {
        let (bytes, whole) = stored(200, |_| 1000);
        assert_eq!(whole, 1);
        assert!(bytes < 1_500_000, "{bytes}");
        let (one, _) = stored(1, |_| 0);
        assert!((bytes - one) / 199 < 1500, "{} bytes a push", (bytes - one) / 199);
    }

    #[test]
    fn pushing_every_box_costs_a_small_part_of_all_of_them() {
        let (bytes, whole) = stored(150, |step| step * 13 % 2000);
        let (one, _) = stored(1, |_| 0);
        assert!((2..20).contains(&whole), "{whole}");
        assert!(bytes < 150 * one / 12, "{bytes} of {}", 150 * one);
    }

    #[test]
    fn few_boxes_and_other_changes_are_stored_as_they_were() {
        let (before, mut grounds) = (boxes(50), Grounds::default());
        for step in 0..3 {
            let edit = edit(&before, &moved(&before, 3, step), step);
            assert_eq!(grounds.text(&edit, &edit.change).unwrap(), to_json(&edit.change).unwrap());
            grounds.keep();
        }
    }

    #[test]
    fn what_was_not_committed_is_no_ground() {
        let (stands, mut grounds) = (boxes(300), Grounds::default());
        let first = edit(&stands, &moved(&stands, 0, 1), 0);
        assert!(!grounds.text(&first, &first.change).unwrap().starts_with(BEGINS));
        grounds.forget();
        let again = edit(&stands, &moved(&stands, 0, 2), 0);
        assert!(!grounds.text(&again, &again.change).unwrap().starts_with(BEGINS));
        grounds.keep();
        let next = edit(&stands, &moved(&stands, 0, 3), 0);
        assert!(grounds.text(&next, &next.change).unwrap().starts_with(BEGINS));
    }

    #[test]
    fn pieces_make_the_answer_again() {
        let stands = boxes(200);
        let ground =
            Ground { sample: SampleId(1), edit: EditId::fresh(), annotations: stands.annotations.clone(), bytes: 1 };
        let mut other = moved(&stands, 20, 9);
        other.annotations.remove(100);
        other.annotations.swap(3, 150);
        other.annotations.extend(boxes(2).annotations);
        (other.flagged, other.skip_reason) = (true, Some("dark".to_owned()));
        for answer in [stands, other, Answer::default()] {
            let text = to_json(&ground.side(&answer)).unwrap();
            let side: Side = serde_json::from_str(&text).unwrap();
            assert_eq!(side.on(&ground.annotations), Some(answer));
        }
        let beyond = Side { answer: Answer::default(), pieces: vec![Piece::Same(199, 2)] };
        assert_eq!(beyond.on(&ground.annotations), None);
        let far = Side { answer: Answer::default(), pieces: vec![Piece::Same(usize::MAX, 2)] };
        assert_eq!(far.on(&ground.annotations), None);
    }
}
