//! The same thing said of a picture by several files.
//!
//! Why: the folder of COCO's annotations has the people of a picture in `instances` and again, with their key points, in
//! `person_keypoints`; a folder of datumaro has every box in `instances` and in `stuff`. What always holds: what one file
//! says twice stays twice; of what several say, the attributes of all are kept.

use crate::formats::dataset::{Item, Mark};
use std::collections::HashMap;

/// What is on a picture, with what several files say of it said once; nothing where one file speaks alone. Each item is of
/// another file.
pub(super) fn once(items: &[Item]) -> Option<Vec<Mark>> {
    if items.len() < 2 {
        return None;
    }
    let mut out: Vec<Mark> = Vec::new();
    // What was said, and where the first, the second and so on of it stand.
    let mut known: HashMap<String, Vec<usize>> = HashMap::new();
    for item in items {
        let mut met: HashMap<String, usize> = HashMap::new();
        for mark in &item.marks {
            let what = format!("{}\0{:?}\0{:?}\0{:?}", mark.class.to_lowercase(), mark.shape, mark.score, mark.author);
            let n = met.entry(what.clone()).or_default();
            let said = known.entry(what).or_default();
            // The second of two in this file is the second of two in the others.
            match said.get(*n).and_then(|at| out.get_mut(*at)) {
                Some(there) => {
                    for (key, value) in &mark.attributes {
                        there.attributes.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
                None => {
                    said.push(out.len());
                    out.push(mark.clone());
                }
            }
            *n += 1;
        }
    }
    Some(out)
}
