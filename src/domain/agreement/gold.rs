//! Gold pictures: when one is mixed into a person's queue, and how often people are right on them.
//!
//! Why here: how right people are is worked out from pairs of answers, as agreement is, with one side trusted. What always
//! holds: of every so many pictures exactly one is gold, at a place that a seed says, so that nobody can count to it; an
//! answer is right where it differs from what is trusted in nothing that [`differ`] looks at.

use super::adjudication::differ;
use super::matching::matched;
use crate::domain::annotation::Shape;
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::ClassId;
use crate::domain::random::Random;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Sample, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One picture of so many is gold, unless the owner says otherwise.
pub const EVERY: u32 = 20;
/// So many are kept ready for a person.
pub const READY: usize = 64;
/// From this overlap on a box is found.
const FOUND: f64 = 0.5;
/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Says after which pictures of a walk a gold one follows.
#[derive(Clone, Debug)]
pub struct Mix {
    every: u32,
    /// Pictures of this block that have passed.
    passed: u32,
    /// After so many of them the gold one comes.
    place: u32,
    random: Random,
}

impl Mix {
    /// One of every `every` pictures (at least 2) is gold.
    #[must_use]
    pub fn new(every: u32, seed: u64) -> Self {
        let mut mix = Self { every: every.max(2), passed: 0, place: 0, random: Random::new(seed) };
        mix.begin();
        mix
    }

    fn begin(&mut self) {
        let ordinary = self.every - 1;
        let place = 1 + self.random.below(usize::try_from(ordinary).unwrap_or(usize::MAX));
        (self.passed, self.place) = (0, u32::try_from(place).unwrap_or(ordinary));
    }

    /// An ordinary picture has passed: whether a gold one follows it.
    pub fn due(&mut self) -> bool {
        self.passed += 1;
        let due = self.passed == self.place;
        if self.passed + 1 >= self.every {
            self.begin();
        }
        due
    }
}

/// What may be mixed into a person's queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ready {
    /// One picture of so many is gold; 0: none is.
    pub every: u32,
    /// The places of this walk.
    pub seed: u64,
    /// Gold pictures that the person has not answered, without the answer, in the order in which they are asked.
    pub samples: Vec<Sample>,
}

/// Why a sample cannot be gold.
#[must_use]
pub fn obstacle(sample: &Sample) -> Option<&'static str> {
    match sample.answer.status {
        Status::Unlabeled => return Some("nobody has answered it"),
        Status::PreLabeled => return Some("it has only a guess or a draft"),
        Status::Labeled | Status::Skipped => {}
    }
    let rejected = |r: &Review| !r.is_stale(sample.rev) && r.verdict == Verdict::Rejected;
    sample.reviews.iter().any(rejected).then_some("its answer was rejected")
}

/// How many of so many were right, with the 95 % interval of E. B. Wilson (1927), "Probable inference, the law of
/// succession, and statistical inference", which holds for few pictures and for shares near 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Right.
    pub right: u64,
    /// Asked.
    pub of: u64,
    /// The share that is right; nothing where nothing was asked.
    pub value: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Share {
    /// The share of `right` in `of`.
    #[must_use]
    pub fn new(right: u64, of: u64) -> Self {
        if of == 0 {
            return Self::default();
        }
        let (k, n) = (right as f64, of as f64);
        let middle = (k + Z * Z / 2.0) / (n + Z * Z);
        let half = Z / (n + Z * Z) * (k * (n - k) / n + Z * Z / 4.0).sqrt();
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        Self { right, of, value: Some(k / n), low: Some(low), high: Some(high) }
    }
}

/// How right the answers of one class are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassShare {
    /// The trusted class; `(empty)` and `(skipped)` where the trusted answer is that.
    pub class: String,
    /// Of pictures with that class, or of boxes where it has boxes.
    #[serde(flatten)]
    pub share: Share,
}

/// How right one person is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonShare {
    /// Who.
    pub name: String,
    /// Of the gold pictures they were asked.
    #[serde(flatten)]
    pub share: Share,
    /// By trusted class, in the order of their names.
    pub classes: Vec<ClassShare>,
}

/// How right everybody is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoldReport {
    /// Gold pictures.
    pub marked: u64,
    /// Of all answers.
    pub all: Share,
    /// Each person, by name.
    pub people: Vec<PersonShare>,
    /// By trusted class, over all people.
    pub classes: Vec<ClassShare>,
}

/// Gathers answers for a [`GoldReport`].
#[derive(Debug)]
pub struct Checks<'a> {
    labels: &'a LabelSet,
    all: Tally,
    people: BTreeMap<String, Tally>,
}

/// Right and asked, of pictures and by class.
#[derive(Debug, Default)]
struct Tally {
    pictures: (u64, u64),
    classes: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    fn add(&mut self, right: bool, classes: &[(String, u64, u64)]) {
        self.pictures.0 += u64::from(right);
        self.pictures.1 += 1;
        for (class, found, of) in classes {
            let known = self.classes.entry(class.clone()).or_default();
            (known.0, known.1) = (known.0 + found, known.1 + of);
        }
    }

    fn report(self) -> (Share, Vec<ClassShare>) {
        let class = |(class, (right, of)): (String, (u64, u64))| ClassShare { class, share: Share::new(right, of) };
        (Share::new(self.pictures.0, self.pictures.1), self.classes.into_iter().map(class).collect())
    }
}

impl<'a> Checks<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(labels: &'a LabelSet) -> Self {
        Self { labels, all: Tally::default(), people: BTreeMap::new() }
    }

    /// Adds what a person answered where `truth` is trusted.
    pub fn add(&mut self, by: &str, truth: &Answer, answer: &Answer) {
        let right = !differ(truth, answer, self.labels);
        let classes = by_class(truth, answer, right, self.labels);
        self.all.add(right, &classes);
        self.people.entry(by.to_owned()).or_default().add(right, &classes);
    }

    /// What was gathered; `marked` is how many gold pictures there are.
    #[must_use]
    pub fn report(self, marked: u64) -> GoldReport {
        let (all, classes) = self.all.report();
        let person = |(name, tally): (String, Tally)| {
            let (share, classes) = tally.report();
            PersonShare { name, share, classes }
        };
        GoldReport { marked, all, people: self.people.into_iter().map(person).collect(), classes }
    }
}

/// Of each trusted class: how much of it was found, and how much there is.
fn by_class(truth: &Answer, answer: &Answer, right: bool, labels: &LabelSet) -> Vec<(String, u64, u64)> {
    let alone = |name: &str| vec![(name.to_owned(), u64::from(right), 1)];
    if truth.status == Status::Skipped {
        return alone("(skipped)");
    }
    if truth.annotations.is_empty() {
        return alone("(empty)");
    }
    let given = if answer.status == Status::Labeled { kinds(answer, labels) } else { BTreeMap::new() };
    let one = |(key, (shapes, boxes)): ((ClassId, &'static str), (u64, Vec<BoxN>))| {
        let none = (0, Vec::new());
        let (others, other_boxes) = given.get(&key).unwrap_or(&none);
        let found = if key.1 == "box" {
            matched(&boxes, other_boxes).iter().filter(|iou| **iou >= FOUND).count() as u64
        } else {
            shapes.min(*others)
        };
        (labels.name(key.0), found, shapes)
    };
    kinds(truth, labels).into_iter().map(one).collect()
}

/// The annotations by class and kind: how many, and the boxes among them.
fn kinds(answer: &Answer, labels: &LabelSet) -> BTreeMap<(ClassId, &'static str), (u64, Vec<BoxN>)> {
    let mut out: BTreeMap<_, (u64, Vec<BoxN>)> = BTreeMap::new();
    for annotation in &answer.annotations {
        let known = out.entry((labels.resolve(annotation.class), annotation.shape.kind())).or_default();
        known.0 += 1;
        if let Shape::Box(at) = annotation.shape {
            known.1.push(at);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::annotation::Annotation;
    use jiff::Timestamp;

    fn answer(shapes: &[(i64, Shape)]) -> Answer {
        let one = |(class, shape): &(i64, Shape)| Annotation {
            shape: shape.clone(),
            ..Annotation::label(ClassId(*class), "x", Timestamp::UNIX_EPOCH)
        };
        Answer { status: Status::Labeled, annotations: shapes.iter().map(one).collect(), ..Answer::default() }
    }

    fn at(x: f64) -> Shape {
        Shape::Box(BoxN { x, y: 0.0, w: 0.2, h: 0.5 })
    }

    #[test]
    fn one_of_every_twenty_is_gold_at_places_that_nobody_can_count_to() {
        let places = |seed| {
            let mut mix = Mix::new(20, seed);
            (0..1_900).filter(|_| mix.due()).collect::<Vec<u32>>()
        };
        let found = places(7);
        assert_eq!(found.len(), 100);
        assert_eq!(found, places(7), "the same seed gives the same");
        assert_ne!(found, places(8));
        assert!(found.iter().enumerate().all(|(i, at)| (i * 19..i * 19 + 19).contains(&(*at as usize))));
        let mut all = Mix::new(0, 1);
        assert!((0..5).all(|_| all.due()), "more than every second would not be one among others");
    }

    #[test]
    fn the_interval_is_wilsons() {
        // R. G. Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I.
        for (right, of, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)] {
            let share = Share::new(right, of);
            assert!((share.low.unwrap() - low).abs() < 5e-5 && (share.high.unwrap() - high).abs() < 5e-5, "{share:?}");
        }
        assert_eq!(Share::new(0, 0), Share::default());
        assert_eq!(Share::new(9, 9).high, Some(1.0));
    }

    #[test]
    fn people_and_classes_are_counted_apart() {
        let labels = LabelSet::from_names(&["daisy", "roses"], 1);
        let mut checks = Checks::new(&labels);
        let (daisy, roses) = (answer(&[(1, Shape::Class)]), answer(&[(2, Shape::Class)]));
        checks.add("ann", &daisy, &daisy);
        checks.add("ann", &roses, &daisy);
        checks.add("bob", &Answer { annotations: Vec::new(), ..daisy.clone() }, &Answer::default());
        // Of three boxes of two classes one is missed and one lies elsewhere.
        checks.add(
            "bob",
            &answer(&[(1, at(0.0)), (1, at(0.5)), (2, at(0.7))]),
            &answer(&[(1, at(0.01)), (2, at(0.2))]),
        );
        let report = checks.report(9);
        let told = |classes: &[ClassShare]| {
            classes.iter().map(|c| format!("{} {}/{}", c.class, c.share.right, c.share.of)).collect::<Vec<_>>()
        };
        assert_eq!((report.marked, report.all.right, report.all.of), (9, 1, 4));
        assert_eq!(told(&report.classes), ["(empty) 0/1", "daisy 2/3", "roses 0/2"]);
        assert_eq!(report.people.len(), 2);
        assert_eq!(told(&report.people[0].classes), ["daisy 1/1", "roses 0/1"]);
        assert_eq!((report.people[1].share.right, report.people[1].share.of), (0, 2));
    }
}
