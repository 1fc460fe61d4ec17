//! What the answer of one picture becomes.

use super::{Identity, Import, OnExisting};
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::Point;
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::sample::{Answer, Sample, Status};
use crate::formats::dataset::{Item, Mark, Standing};
use serde_json::Value;
use std::collections::HashMap;

/// Corners that lie nearer to each other than this, in parts of the picture, are in one place.
const NEAR: f64 = 1e-6;
/// Boxes of one class that overlap so far are the same box.
const SAME: f64 = 0.999;

/// What is to be done with a picture.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// It stays as it is.
    Stay,
    /// It gets this answer.
    Answer {
        after: Box<Answer>,
        /// Annotations that were not there.
        added: u64,
        /// There was another answer.
        replaced: bool,
    },
}

/// Makes annotations of marks. Ids come from the content of the import, so that the same mark has the same id again.
pub(super) fn annotations(
    marks: &[&Mark],
    sample: &str,
    classes: &HashMap<String, ClassId>,
    wanted: &Import,
    identity: &Identity,
) -> Vec<Annotation> {
    let mut out: Vec<Annotation> = Vec::with_capacity(marks.len());
    for (i, mark) in marks.iter().enumerate() {
        let Some(class) = classes.get(&mark.class.to_lowercase()).copied() else { continue };
        // A class of the whole picture that is said twice is said once.
        if matches!(mark.shape, Shape::Class) && out.iter().any(|a| a.class == class && a.shape == Shape::Class) {
            continue;
        }
        let number = (i as u64).to_le_bytes();
        out.push(Annotation {
            id: AnnotationId(identity.id("annotation", &[sample.as_bytes(), &number])),
            class,
            shape: mark.shape.clone(),
            attributes: mark.attributes.clone(),
            author: mark.author.clone().unwrap_or_else(|| wanted.author.clone()),
            at: mark.at.unwrap_or(wanted.at),
            verified: None,
        });
    }
    out
}

/// How far a picture is by all entries about it. Nothing if there are only guesses of models: they say nothing of what people
/// have answered, unless the file does so beside them. Where marks of people are taken `as_guesses` it is no answer either.
pub(super) fn standing(items: &[Item], only_guesses: bool, as_guesses: bool) -> Option<Standing> {
    let is = |standing| items.iter().any(|i| i.standing == standing);
    let told = !(only_guesses && as_guesses);
    match only_guesses {
        _ if told && is(Standing::Skipped) => Some(Standing::Skipped),
        _ if told && is(Standing::Answered) => Some(Standing::Answered),
        true => None,
        false if is(Standing::Judged) => Some(Standing::Judged),
        false => Some(Standing::Listed),
    }
}

/// Decides what becomes of a picture. `items` are all entries about it, and this far they are.
pub(super) fn plan(
    sample: &Sample,
    items: &[Item],
    standing: Option<Standing>,
    new: Vec<Annotation>,
    how: OnExisting,
    labels: &LabelSet,
) -> Plan {
    let old = &sample.answer;
    let answered = matches!(old.status, Status::Labeled | Status::Skipped) || !old.annotations.is_empty();
    let judged = matches!(standing, Some(Standing::Judged | Standing::Answered)) || !new.is_empty();
    let after = if standing == Some(Standing::Skipped) && new.is_empty() {
        let skip_reason = said(items, "reason").and_then(Value::as_str).map(str::to_owned);
        Answer { status: Status::Skipped, skip_reason, ..marked(items) }
    } else if judged {
        Answer { status: Status::Labeled, annotations: new, ..marked(items) }
    } else if answered && how == OnExisting::Replace && standing.is_some() {
        let status = if sample.predictions.is_empty() { Status::Unlabeled } else { Status::PreLabeled };
        Answer { status, ..marked(items) }
    } else {
        let marks = marked(items);
        if answered || (old.flagged || !marks.flagged) && (old.unsure || !marks.unsure) {
            return Plan::Stay;
        }
        Answer { flagged: old.flagged || marks.flagged, unsure: old.unsure || marks.unsure, ..old.clone() }
    };
    if !answered {
        let added = after.annotations.len() as u64;
        return Plan::Answer { after: Box::new(after), added, replaced: false };
    }
    match how {
        OnExisting::Skip => Plan::Stay,
        OnExisting::Replace if same_answer(old, &after, labels) => Plan::Stay,
        OnExisting::Replace => {
            let added = after.annotations.len() as u64;
            Plan::Answer { after: Box::new(after), added, replaced: true }
        }
        OnExisting::Append | OnExisting::Merge => {
            let mut whole = old.clone();
            // What this very import brought before is there, even if somebody has moved it since.
            let came = old.annotations.iter().any(|o| after.annotations.iter().any(|n| n.id == o.id));
            let fresh: Vec<Annotation> = after
                .annotations
                .into_iter()
                .filter(|_| !came || how == OnExisting::Merge)
                .filter(|n| {
                    how == OnExisting::Append || old.annotations.iter().all(|o| o.id != n.id && !same(o, n, labels))
                })
                .collect();
            if fresh.is_empty() {
                return Plan::Stay;
            }
            let added = fresh.len() as u64;
            whole.annotations.extend(fresh);
            whole.status = Status::Labeled;
            whole.skip_reason = None;
            Plan::Answer { after: Box::new(whole), added, replaced: false }
        }
    }
}

fn said<'a>(items: &'a [Item], key: &str) -> Option<&'a Value> {
    items.iter().find_map(|i| i.extra.get(key))
}

fn marked(items: &[Item]) -> Answer {
    let set = |key: &str| said(items, key) == Some(&Value::Bool(true));
    Answer { flagged: set("flagged"), unsure: set("unsure"), ..Answer::default() }
}

fn same_answer(old: &Answer, new: &Answer, labels: &LabelSet) -> bool {
    let heads = |a: &Answer| (a.status, a.skip_reason.clone(), a.flagged, a.unsure, a.annotations.len());
    let pairs = || old.annotations.iter().zip(&new.annotations);
    heads(old) == heads(new)
        && pairs().all(|(o, n)| {
            labels.resolve(o.class) == labels.resolve(n.class)
                && near(&o.shape, &n.shape)
                && o.attributes == n.attributes
        })
}

/// Whether two shapes differ by no more than what a format rounds, so that our own export taken back is no change.
fn near(a: &Shape, b: &Shape) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() < NEAR;
    match (a, b) {
        (Shape::Box(a), Shape::Box(b)) => close(a.x, b.x) && close(a.y, b.y) && close(a.w, b.w) && close(a.h, b.h),
        (Shape::Polygon { parts: a }, Shape::Polygon { parts: b }) => {
            let lengths = |parts: &[Vec<Point>]| parts.iter().map(Vec::len).collect::<Vec<_>>();
            let pairs = a.iter().flatten().zip(b.iter().flatten());
            lengths(a) == lengths(b) && pairs.into_iter().all(|(a, b)| close(a.x, b.x) && close(a.y, b.y))
        }
        (a, b) => a == b,
    }
}

/// Whether two annotations say the same.
fn same(a: &Annotation, b: &Annotation, labels: &LabelSet) -> bool {
    if labels.resolve(a.class) != labels.resolve(b.class) {
        return false;
    }
    match (&a.shape, &b.shape) {
        (Shape::Box(one), Shape::Box(other)) => one == other || one.iou(*other) > SAME,
        (one, other) => one == other,
    }
}
