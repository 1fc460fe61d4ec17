//! Edits as the journal keeps them: as JSON; with very many shapes packed.
//!
//! Why: an edit holds all shapes of its picture twice, before and after, and one of two thousand is what was pushed. What
//! always holds: each is read without any other, because others come and go; what was kept unpacked, as older versions
//! keep all, is read as well.

use crate::domain::edit::{Change, Edit};
use crate::store::native::ground::{Piece, SHAPES, joined, pieces};
use base64_simd::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Error;
use std::io::{self, Read, Write};

/// What a packed edit begins with.
const BEGINS: &str = "{\"packed\":";
/// More than this no packed edit comes to.
const MOST: u64 = 1 << 30;

/// A packed edit: Base64 of a deflated [`Content`].
#[derive(Serialize, Deserialize)]
struct Packed {
    packed: String,
}

/// An edit without the shapes that stood before, and these as what differs from those after.
#[derive(Serialize, Deserialize)]
struct Content {
    edit: Edit,
    before: Vec<Piece>,
}

/// The text that an edit is kept as.
pub(super) fn text(edit: &Edit) -> Result<String, Error> {
    match &edit.change {
        Change::Answer { before, after, .. } if before.annotations.len() + after.annotations.len() >= SHAPES => {
            let before = pieces(&before.annotations, &after.annotations);
            let mut edit = edit.clone();
            if let Change::Answer { before, .. } = &mut edit.change {
                before.annotations = Vec::new();
            }
            let packed = deflated(&serde_json::to_vec(&Content { edit, before })?).map_err(Error::custom)?;
            serde_json::to_string(&Packed { packed: STANDARD.encode_to_string(&packed) })
        }
        _ => serde_json::to_string(edit),
    }
}

/// The edit that was kept.
pub(super) fn read(text: &str) -> Result<Edit, Error> {
    if !text.starts_with(BEGINS) {
        return serde_json::from_str(text);
    }
    let broken = || Error::custom("a packed edit is damaged");
    let Packed { packed } = serde_json::from_str(text)?;
    let bytes = STANDARD.decode_to_vec(&packed).map_err(|_| broken())?;
    let mut unpacked = Vec::new();
    DeflateDecoder::new(bytes.as_slice()).take(MOST).read_to_end(&mut unpacked).map_err(|_| broken())?;
    let Content { mut edit, before: pieces } = serde_json::from_slice(&unpacked)?;
    let Change::Answer { before, after, .. } = &mut edit.change else { return Err(broken()) };
    before.annotations = joined(pieces, &after.annotations).ok_or_else(broken)?;
    Ok(edit)
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = DeflateEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes)?;
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::annotation::{Annotation, Shape};
    use crate::domain::geometry::BoxN;
    use crate::domain::ids::{ClassId, ProjectId, Rev, SampleId};
    use crate::domain::sample::{Answer, Status};
    use jiff::Timestamp;

    fn pushed(count: usize) -> Edit {
        let boxed = |i: usize| Annotation {
            shape: Shape::Box(BoxN { x: i as f64 / 3.0e4, y: (i as f64).sin().abs(), w: 0.1 + 0.2, h: 1.0 / 7.0 }),
            ..Annotation::label(ClassId(1), "ann", Timestamp::UNIX_EPOCH)
        };
        let before =
            Answer { status: Status::Labeled, annotations: (0..count).map(boxed).collect(), ..Answer::default() };
        let mut after = before.clone();
        after.annotations[count / 2].shape = Shape::Box(BoxN { x: 0.5, y: 0.5, w: 0.25, h: 0.25 });
        let change = Change::Answer { sample: SampleId(7), base: Rev(3), before, after };
        Edit { message: "push".to_owned(), ..Edit::by_person(ProjectId(1), change, "ann", Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        for count in [1, 63, 64, 500] {
            let edit = pushed(count);
            let kept = text(&edit).unwrap();
            assert_eq!(kept.starts_with(BEGINS), 2 * count >= SHAPES, "{count}");
            assert_eq!(read(&kept).unwrap(), edit);
            // As older versions keep it.
            assert_eq!(read(&serde_json::to_string(&edit).unwrap()).unwrap(), edit);
        }
        let mut gone = pushed(200);
        if let Change::Answer { after, .. } = &mut gone.change {
            *after = Answer::default();
        }
        assert_eq!(read(&text(&gone).unwrap()).unwrap(), gone);
    }

    #[test]
    fn a_push_among_two_thousand_boxes_is_kept_in_a_quarter_of_its_length() {
        let edit = pushed(2000);
        let (kept, whole) = (text(&edit).unwrap().len(), serde_json::to_string(&edit).unwrap().len());
        assert!(4 * kept < whole, "{kept} of {whole} bytes");
    }

    #[test]
    fn a_damaged_edit_is_an_error() {
        let kept = text(&pushed(200)).unwrap();
        for bad in ["{\"packed\":\"\"}", "{\"packed\":\"AAAA\"}", "{\"packed\":\"?\"}", &kept[..kept.len() / 2], "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
