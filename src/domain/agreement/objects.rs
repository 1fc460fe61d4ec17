//! In which objects two answers to one picture differ: which stand alone, which have another class, which lie elsewhere.
//!
//! What always holds: every box and outline of both is told once; what decides whether two are the same is what decides
//! whether the answers differ at all ([`super::adjudication::differ`]); neither side counts as the truth.

use super::adjudication::SAME;
use super::matching::pairs;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::sample::Answer;
use crate::domain::text::printable;
use std::collections::HashSet;

/// So many different things are named of one kind.
const NAMED: usize = 20;

/// An object on which two answers differ: that of the one, that of the other, or both where it is the same thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// What the one has.
    pub a: Option<Annotation>,
    /// What the other has.
    pub b: Option<Annotation>,
    /// How far their boxes overlap (intersection over union); 0 where one stands alone.
    pub iou: f64,
}

/// The objects of two answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// Those that both have, with the same class, by their ids in either answer.
    pub same: HashSet<AnnotationId>,
    /// How many those are.
    pub count: usize,
    /// The mean overlap of those of them that are boxes; nothing where there are none.
    pub iou: Option<f64>,
    /// The others: other classes first, then what lies elsewhere, then what stands alone in the one, and in the other.
    pub apart: Vec<Apart>,
}

/// Compares the boxes and outlines of two answers.
#[must_use]
pub fn objects(a: &Answer, b: &Answer, labels: &LabelSet) -> Objects {
    let of = |answer: &Answer| -> Vec<Annotation> {
        answer.annotations.iter().filter(|a| a.shape != Shape::Class).cloned().collect()
    };
    let (mut left, mut right) = (of(a), of(b));
    let class = |a: &Annotation| labels.resolve(a.class);
    let mut same = equal(&mut left, &mut right, class);
    same.extend(each_class(&mut left, &mut right, class, SAME));
    let mut apart = matched(&mut left, &mut right, SAME);
    apart.extend(each_class(&mut left, &mut right, class, f64::MIN_POSITIVE));
    apart.extend(left.into_iter().map(|a| Apart { a: Some(a), b: None, iou: 0.0 }));
    apart.extend(right.into_iter().map(|b| Apart { a: None, b: Some(b), iou: 0.0 }));
    let is_box = |a: &&Apart| a.a.as_ref().is_some_and(|a| matches!(a.shape, Shape::Box(_)));
    let ious: Vec<f64> = same.iter().filter(is_box).map(|s| s.iou).collect();
    Objects {
        count: same.len(),
        iou: (!ious.is_empty()).then(|| ious.iter().sum::<f64>() / ious.len() as f64),
        same: same.iter().flat_map(|s| [&s.a, &s.b]).flatten().map(|a| a.id).collect(),
        apart,
    }
}

/// Takes out of both the outlines that are the same to the last digit.
fn equal(a: &mut Vec<Annotation>, b: &mut Vec<Annotation>, class: impl Fn(&Annotation) -> ClassId) -> Vec<Apart> {
    let mut out = Vec::new();
    a.retain(|one| {
        let same = |two: &Annotation| two.shape == one.shape && class(two) == class(one);
        let outline = !matches!(one.shape, Shape::Box(_));
        let Some(at) = b.iter().position(same).filter(|_| outline) else { return true };
        out.push(Apart { a: Some(one.clone()), b: Some(b.remove(at)), iou: 1.0 });
        false
    });
    out
}

/// Takes out of both the boxes of one class that are matched, class by class.
fn each_class(
    a: &mut Vec<Annotation>,
    b: &mut Vec<Annotation>,
    class: impl Fn(&Annotation) -> ClassId,
    least: f64,
) -> Vec<Apart> {
    let mut seen = HashSet::new();
    let classes: Vec<ClassId> = a.iter().map(&class).filter(|id| seen.insert(*id)).collect();
    let mut out = Vec::new();
    for id in classes {
        let part = |all: &mut Vec<Annotation>| -> (Vec<Annotation>, Vec<Annotation>) {
            std::mem::take(all).into_iter().partition(|one| class(one) == id)
        };
        let ((mut own, mut others), (mut own_b, mut others_b)) = (part(a), part(b));
        out.extend(matched(&mut own, &mut own_b, least));
        others.append(&mut own);
        others_b.append(&mut own_b);
        (*a, *b) = (others, others_b);
    }
    out
}

/// Takes out of both the boxes that are matched and overlap by `least` or more.
fn matched(a: &mut Vec<Annotation>, b: &mut Vec<Annotation>, least: f64) -> Vec<Apart> {
    let boxes = |all: &[Annotation]| -> (Vec<usize>, Vec<BoxN>) {
        let of = |(i, a): (usize, &Annotation)| if let Shape::Box(at) = a.shape { Some((i, at)) } else { None };
        all.iter().enumerate().filter_map(of).unzip()
    };
    let ((at_a, in_a), (at_b, in_b)) = (boxes(a), boxes(b));
    let found = pairs(&in_a, &in_b).into_iter().filter(|(.., iou)| *iou >= least);
    let mut found: Vec<(usize, usize, f64)> = found.map(|(i, j, iou)| (at_a[i], at_b[j], iou)).collect();
    found.sort_by_key(|(i, ..)| *i);
    let out = found.iter().map(|(i, j, iou)| Apart { a: Some(a[*i].clone()), b: Some(b[*j].clone()), iou: *iou });
    let out = out.collect();
    let keep = |all: &mut Vec<Annotation>, gone: HashSet<usize>| {
        let mut at = 0;
        all.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
    };
    keep(a, found.iter().map(|(i, ..)| *i).collect());
    keep(b, found.iter().map(|(_, j, _)| *j).collect());
    out
}

impl Objects {
    /// All of it in one line, what differs first: `ten / king   apart: nine 0.31   only A: ace   the same: 3, overlap 0.87`,
    /// with the names of the two sides. Empty where neither has objects.
    #[must_use]
    pub fn words(&self, (a, b): (&str, &str), labels: &LabelSet) -> String {
        let name = |one: &Annotation| printable(&labels.name(labels.resolve(one.class))).into_owned();
        let (mut classes, mut places, mut only_a, mut only_b) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for one in &self.apart {
            match (&one.a, &one.b) {
                (Some(x), Some(y)) if labels.resolve(x.class) == labels.resolve(y.class) => {
                    places.push(format!("{} {:.2}", name(x), one.iou));
                }
                (Some(x), Some(y)) => classes.push(format!("{} / {}", name(x), name(y))),
                (Some(x), None) => only_a.push(name(x)),
                (None, Some(y)) => only_b.push(name(y)),
                (None, None) => {}
            }
        }
        let said = |head: String, all: Vec<String>| (!all.is_empty()).then(|| format!("{head}: {}", counted(all)));
        let overlap = self.iou.map(|iou| format!(", overlap {iou:.2}")).unwrap_or_default();
        let parts = [
            said("class".to_owned(), classes),
            said("elsewhere".to_owned(), places),
            said(format!("only {a}"), only_a),
            said(format!("only {b}"), only_b),
            (self.count > 0).then(|| format!("the same: {}{overlap}", self.count)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("   ")
    }
}

impl Apart {
    /// What the two say of this object: `A says ten, B says king, overlap 0.92`, `only B has it: ace`.
    #[must_use]
    pub fn words(&self, (a, b): (&str, &str), labels: &LabelSet) -> String {
        let name = |one: &Annotation| printable(&labels.name(labels.resolve(one.class))).into_owned();
        match (&self.a, &self.b) {
            (Some(x), Some(y)) if labels.resolve(x.class) == labels.resolve(y.class) => {
                format!("{} lies elsewhere, overlap {:.2}", name(x), self.iou)
            }
            (Some(x), Some(y)) => format!("{a} says {}, {b} says {}, overlap {:.2}", name(x), name(y), self.iou),
            (Some(x), None) => format!("only {a} has it: {}", name(x)),
            (None, Some(y)) => format!("only {b} has it: {}", name(y)),
            (None, None) => String::new(),
        }
    }
}

/// `jack, nine x2`: what is said several times, once; of very many different ones only how many more there are.
fn counted(all: Vec<String>) -> String {
    let (mut counts, mut more): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
    for text in all {
        let full = counts.len() == NAMED;
        match counts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None if full => more += 1,
            None => counts.push((text, 1)),
        }
    }
    let words = counts.into_iter().map(|(text, n)| if n == 1 { text } else { format!("{text} x{n}") });
    let rest = (more > 0).then(|| format!("{more} more"));
    words.chain(rest).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::adjudication::differ;
    use super::*;
    use crate::domain::sample::Status;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn drawn(boxes: &[(i64, f64)]) -> Answer {
        let one = |(class, x): &(i64, f64)| Annotation {
            shape: Shape::Box(BoxN { x: *x, y: 0.0, w: 0.2, h: 0.5 }),
            ..Annotation::label(ClassId(*class), "x", Timestamp::UNIX_EPOCH)
        };
        Answer { status: Status::Labeled, annotations: boxes.iter().map(one).collect(), ..Answer::default() }
    }

    fn labels() -> LabelSet {
        LabelSet::from_names(&["ten", "king", "ace"], 1)
    }

    #[test]
    fn each_way_of_differing_is_told() {
        let a = drawn(&[(1, 0.0), (2, 0.3), (1, 0.5), (3, 0.75)]);
        let b = drawn(&[(1, 0.02), (3, 0.31), (1, 0.65), (2, 0.9), (2, 0.9)]);
        let found = objects(&a, &b, &labels());
        assert_eq!((found.count, found.same.len(), found.apart.len()), (1, 2, 5));
        assert_eq!(
            found.words(("A", "B"), &labels()),
            "class: king / ace   elsewhere: ten 0.14   only A: ace   only B: king x2   the same: 1, overlap 0.82"
        );
        let told: Vec<String> = found.apart.iter().map(|one| one.words(("A", "B"), &labels())).collect();
        assert_eq!(told[0], "A says king, B says ace, overlap 0.90");
        assert_eq!(told[1..4], ["ten lies elsewhere, overlap 0.14", "only A has it: ace", "only B has it: king"]);
    }

    #[test]
    fn outlines_are_the_same_when_they_are_equal() {
        let outline = |x: f64| {
            let mut answer = drawn(&[(1, 0.0)]);
            let corner = |x, y| crate::domain::geometry::Point { x, y };
            answer.annotations[0].shape =
                Shape::Polygon { parts: vec![vec![corner(x, 0.1), corner(0.5, 0.9), corner(0.9, 0.1)]] };
            answer
        };
        let found = objects(&outline(0.1), &outline(0.1), &labels());
        assert_eq!((found.count, found.iou, found.apart.len()), (1, None, 0));
        assert_eq!(
            objects(&outline(0.1), &outline(0.2), &labels()).words(("A", "B"), &labels()),
            "only A: ten   only B: ten"
        );
        assert_eq!(objects(&drawn(&[]), &drawn(&[]), &labels()).words(("A", "B"), &labels()), "");
    }

    proptest! {
        #[test]
        fn every_object_is_told_once_and_nothing_is_apart_where_nothing_differs(
            a in proptest::collection::vec((1..4_i64, 0.0..0.8_f64), 0..6),
            b in proptest::collection::vec((1..4_i64, 0.0..0.8_f64), 0..6),
        ) {
            let (a, b) = (drawn(&a), drawn(&b));
            let found = objects(&a, &b, &labels());
            let apart = |of: fn(&Apart) -> &Option<Annotation>| found.apart.iter().filter(|one| of(one).is_some()).count();
            prop_assert_eq!(found.count + apart(|one| &one.a), a.annotations.len());
            prop_assert_eq!(found.count + apart(|one| &one.b), b.annotations.len());
            prop_assert_eq!(found.apart.is_empty(), !differ(&a, &b, &labels()));
        }
    }
}
