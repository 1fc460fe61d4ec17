//! How values of the domain are written into columns, and read back.

use crate::domain::annotation::{Annotation, Prediction, Shape, Verified};
use crate::domain::attribute::VERIFIED;
use crate::domain::doubt::Doubt;
use crate::domain::edit::Change;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::{ClassId, Rev};
use crate::domain::random;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Status};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Free attributes of an annotation.
type Attributes = BTreeMap<String, serde_json::Value>;

/// The column value of a status.
pub(in crate::store) fn status_code(status: Status) -> i64 {
    match status {
        Status::Unlabeled => 0,
        Status::PreLabeled => 1,
        Status::Labeled => 2,
        Status::Skipped => 3,
    }
}

/// The status of a column value; unknown values read as unlabeled.
pub(in crate::store) fn status_from(code: i64) -> Status {
    Status::ALL.into_iter().find(|s| status_code(*s) == code).unwrap_or_default()
}

/// The status of a sample that has predictions or has lost them, with or without annotations: what was given as a draft
/// stays one.
pub(in crate::store) fn predicted_status(before: Status, predictions: bool, annotations: bool) -> Status {
    match before {
        Status::Unlabeled | Status::PreLabeled if predictions => Status::PreLabeled,
        Status::PreLabeled if !annotations => Status::Unlabeled,
        other => other,
    }
}

/// Asks whose answer each of some samples has: the id, and a name, empty where the answer came with an import or a scan,
/// which is nobody's own work.
pub(in crate::store) fn giver(which: &str) -> String {
    format!(
        "SELECT id, CASE WHEN (SELECT e.origin FROM event e WHERE e.id = sample.state) = 3 THEN ''
           ELSE coalesce(author, '') END FROM sample WHERE {which}"
    )
}

/// The column value of what an event changes.
pub(in crate::store) fn change_code(change: &Change) -> i64 {
    match change {
        Change::Answer { .. } => 0,
        Change::Verdict { .. } => 1,
        Change::Classes { .. } => 2,
        Change::Check { .. } => 3,
    }
}

/// Nanoseconds since 1970; times outside 1677-2262 are cut to that range.
pub(in crate::store) fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// The time of a column value.
pub(in crate::store) fn time(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A UUID of a column value.
pub(in crate::store) fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

/// An unsigned number for a column; what does not fit (beyond 8 EiB) is cut.
pub(in crate::store) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An unsigned number of a column.
pub(in crate::store) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A limit for a query.
pub(in crate::store) fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The geometry column of a shape: JSON; nothing for the whole picture.
pub(in crate::store) fn geometry(shape: &Shape) -> Option<String> {
    let value = match shape {
        Shape::Class => return None,
        Shape::Box(b) => serde_json::json!([b.x, b.y, b.w, b.h]),
        Shape::Polygon { parts } => {
            parts.iter().map(|part| part.iter().map(|p| serde_json::json!([p.x, p.y])).collect::<Vec<_>>()).collect()
        }
        Shape::Mask { size, counts } => serde_json::json!({ "size": size, "counts": counts }),
    };
    Some(value.to_string())
}

/// A list of four numbers. Nearly everything that is read is of this form, and reading it as any JSON costs twice as much.
fn four(text: &str) -> Option<[f64; 4]> {
    let mut out = [0.0; 4];
    let mut texts = text.strip_prefix('[')?.strip_suffix(']')?.split(',');
    for number in &mut out {
        *number = texts.next()?.trim_ascii().parse().ok().filter(|n: &f64| n.is_finite())?;
    }
    texts.next().is_none().then_some(out)
}

/// The shape of its two columns; `None` if they make no sense.
pub(in crate::store) fn shape(kind: &str, geometry: Option<&str>) -> Option<Shape> {
    #[derive(serde::Deserialize)]
    struct Mask {
        size: [u32; 2],
        counts: Vec<u32>,
    }
    Some(match (kind, geometry) {
        ("class", None) => Shape::Class,
        ("box", Some(text)) => {
            let [x, y, w, h] = four(text).or_else(|| serde_json::from_str(text).ok())?;
            Shape::Box(BoxN { x, y, w, h })
        }
        ("polygon", Some(text)) => {
            let parts: Vec<Vec<[f64; 2]>> = serde_json::from_str(text).ok()?;
            let corners = |part: Vec<[f64; 2]>| part.into_iter().map(|[x, y]| Point { x, y }).collect();
            Shape::Polygon { parts: parts.into_iter().map(corners).collect() }
        }
        ("mask", Some(text)) => {
            let Mask { size, counts } = serde_json::from_str(text).ok()?;
            Shape::Mask { size, counts }
        }
        _ => return None,
    })
}

/// The attributes column of an annotation, its verdict among them, so that it needs no column of its own; nothing where there
/// is none of either.
pub(in crate::store) fn attributes(of: &Annotation) -> Option<Cow<'_, Attributes>> {
    if of.verified.is_none() && !of.attributes.contains_key(VERIFIED) {
        return (!of.attributes.is_empty()).then_some(Cow::Borrowed(&of.attributes));
    }
    let mut kept = of.attributes.clone();
    kept.remove(VERIFIED);
    kept.extend(of.verified.as_ref().and_then(|v| Some((VERIFIED.to_owned(), serde_json::to_value(v).ok()?))));
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

/// The attributes and the verdict of an attributes column.
pub(in crate::store) fn attributes_from(mut kept: Attributes) -> (Attributes, Option<Verified>) {
    let verified = kept.remove(VERIFIED).and_then(|value| serde_json::from_value(value).ok());
    (kept, verified)
}

/// Whether every number of the shape can be stored.
pub(in crate::store) fn is_finite(shape: &Shape) -> bool {
    match shape {
        Shape::Class | Shape::Mask { .. } => true,
        Shape::Box(b) => [b.x, b.y, b.w, b.h].iter().all(|v| v.is_finite()),
        Shape::Polygon { parts } => parts.iter().flatten().all(|p| p.x.is_finite() && p.y.is_finite()),
    }
}

/// What makes an answer impossible to store.
pub(in crate::store) fn fault(answer: &Answer, known: impl Fn(ClassId) -> bool) -> Option<String> {
    let mut ids = BTreeSet::new();
    for annotation in &answer.annotations {
        if !ids.insert(annotation.id) {
            return Some("two annotations have the same id; give each its own".to_owned());
        }
        if !is_finite(&annotation.shape) {
            return Some("a coordinate is not a finite number; draw the shape again".to_owned());
        }
    }
    let missing = answer.annotations.iter().map(|a| a.class).find(|class| !known(*class));
    missing.map(|class| format!("the label set has no class number {class}; read the project again"))
}

/// The fixed shuffle: a bijection of 64-bit numbers, so that no two samples share a key.
pub(in crate::store) fn shuffle(id: i64) -> i64 {
    random::first(id.cast_unsigned()).cast_signed()
}

const ID_BITS: u32 = 40;

/// The rank of a sample by its best score: 22 bits of the score, then the id, so that it is unique.
pub(in crate::store) fn rank(score: Option<f64>, id: i64) -> i64 {
    let Some(score) = score else { return -id };
    let steps = (score.clamp(0.0, 1.0) * f64::from((1u32 << 22) - 1)).round() as i64;
    (steps << ID_BITS) | (id & ((1 << ID_BITS) - 1))
}

/// The columns of a sample's row of `doubt`: margin and entropy, as unique as ranks; nothing where no model has told
/// several classes.
pub(in crate::store) fn doubt(predictions: &[Prediction], id: i64) -> Option<(i64, i64)> {
    let doubt = Doubt::of(predictions)?;
    Some((rank(Some(doubt.margin), id), rank(Some(doubt.entropy), id)))
}

/// The `review` column: what the verdicts say about an answer at revision `now`.
///
/// Any rejection of the present revision counts as rejected, so that one reviewer cannot hide another's objection.
pub(in crate::store) fn review_code(answered: bool, now: Rev, reviews: &[Review]) -> i64 {
    let mut present = reviews.iter().filter(|r| !r.is_stale(now)).peekable();
    match (present.peek().is_some(), reviews.is_empty(), answered) {
        (true, _, _) => 2 + i64::from(present.any(|r| r.verdict == Verdict::Rejected)),
        (false, false, true) => 4,
        (false, false, false) => 5,
        (false, true, answered) => i64::from(answered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_sort_by_score_and_never_collide() {
        assert!(rank(Some(0.9), 1) > rank(Some(0.8), 1_000_000));
        assert!(rank(Some(0.0), 1) > rank(None, 1));
        assert_ne!(rank(Some(1.0), 1), rank(Some(1.0), 2));
        assert!(rank(Some(f64::NAN), 7) >= 0);
    }

    #[test]
    fn a_verdict_lies_beside_the_attributes_and_cannot_be_brought_in_as_one() {
        let at = Timestamp::from_nanosecond(1_790_000_000_123_456_789).unwrap();
        let verified = Some(Verified { by: "ann".to_owned(), at });
        let plain = Annotation::label(ClassId(1), "bob", at);
        let own: Attributes = [("occluded".to_owned(), serde_json::json!(true))].into();
        for (attributes, verified) in
            [(own.clone(), verified.clone()), (own.clone(), None), (Attributes::new(), verified)]
        {
            let one = Annotation { attributes, verified, ..plain.clone() };
            let kept = super::attributes(&one).unwrap().into_owned();
            assert_eq!(attributes_from(kept), (one.attributes, one.verified));
        }
        assert_eq!(super::attributes(&plain), None);
        let forged: Attributes = [(VERIFIED.to_owned(), serde_json::json!({ "by": "eve", "at": at }))].into();
        assert_eq!(super::attributes(&Annotation { attributes: forged, ..plain }), None);
    }

    #[test]
    fn shapes_survive_their_columns() {
        let shapes = [
            Shape::Class,
            Shape::Box(BoxN { x: 0.1 + 0.2, y: 1e-17, w: 1.0 / 3.0, h: 0.7 }),
            Shape::Polygon {
                parts: vec![
                    vec![Point { x: 0.1, y: 0.2 }, Point { x: 0.3, y: 0.9 }, Point { x: 0.0, y: 1.0 }],
                    vec![Point { x: 0.5, y: 0.2 }, Point { x: 0.6, y: 0.9 }, Point { x: 0.7, y: 0.1 }],
                ],
            },
            Shape::Mask { size: [2, 3], counts: vec![1, 2, 3] },
        ];
        for s in shapes {
            assert_eq!(shape(s.kind(), geometry(&s).as_deref()), Some(s));
        }
        for odd in
            ["[1,2]", "[1,2,3,4,5]", "[1,2,3,inf]", "[1,2,3,NaN]", "[1,2,3,\"4\"]", "[1,2,3,4", "[1,2,,4]", "1,2,3,4"]
        {
            assert_eq!(shape("box", Some(odd)), None, "{odd}");
        }
        let written = shape("box", Some("[ 1e-3, -2.5 ,3,\n4]"));
        assert_eq!(written, Some(Shape::Box(BoxN { x: 0.001, y: -2.5, w: 3.0, h: 4.0 })));
    }
}
