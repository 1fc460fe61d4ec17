//! What key points of a class are called and how they are joined, as COCO's categories say it.
//!
//! Why here and not in the label set: nothing on the screens needs it, it is only kept so that a file that came in goes out
//! again. It lies in a setting of the project, by class id, so that renaming a class keeps it and a new version of the
//! project has it too. What always holds: it is text from outside, bounded by [`is_sound`], and shown to nobody.

use super::OpsError;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ClassId, ProjectId};
use crate::store::{Store, StoreError};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The setting that holds it: a JSON object of classes by id.
pub const SETTING: &str = "class:keypoints";
/// The fields of a category that are kept.
pub const FIELDS: [&str; 2] = ["keypoints", "skeleton"];
/// The most key points of a class, and the most joints.
const MOST: usize = 1_000;

/// What is kept of a class, by the names of [`FIELDS`].
pub type Skeleton = BTreeMap<String, Value>;

/// Whether a field of a category is what COCO means by it: names of key points, or pairs of their numbers from 1.
#[must_use]
pub fn is_sound(field: &str, value: &Value) -> bool {
    let Some(list) = value.as_array().filter(|list| (1..=MOST).contains(&list.len())) else { return false };
    let pair = |joint: &Value| joint.as_array().is_some_and(|ends| ends.len() == 2 && ends.iter().all(Value::is_u64));
    match field {
        "keypoints" => list.iter().all(|name| name.as_str().is_some_and(|name| name.len() <= 256)),
        "skeleton" => list.iter().all(pair),
        _ => false,
    }
}

/// All that a project keeps; what cannot be read counts as nothing.
///
/// # Errors
/// The store's own.
pub fn of(store: &mut dyn Store, project: ProjectId) -> Result<BTreeMap<ClassId, Skeleton>, StoreError> {
    let text = store.setting(project, SETTING)?.unwrap_or_default();
    let all: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let one = |(id, value): (String, Value)| {
        let Value::Object(fields) = value else { return None };
        let fields = fields.into_iter().filter(|(field, value)| is_sound(field, value)).collect();
        Some((ClassId(id.parse().ok()?), fields))
    };
    Ok(all.into_iter().filter_map(one).collect())
}

/// Keeps what a file says of classes, by their names; a class that it says nothing of stays as it is. Nothing is written
/// where nothing changes.
///
/// # Errors
/// The store's own.
pub fn keep(
    store: &mut dyn Store,
    project: ProjectId,
    labels: &LabelSet,
    said: &BTreeMap<String, Skeleton>,
) -> Result<(), OpsError> {
    let mut all = of(store, project)?;
    let before = all.clone();
    let classes = if said.is_empty() { HashMap::new() } else { labels.by_name() };
    for (name, skeleton) in said {
        if let Some(class) = classes.get(&name.to_lowercase()) {
            all.insert(*class, skeleton.clone());
        }
    }
    if all == before {
        return Ok(());
    }
    let all: BTreeMap<String, Skeleton> = all.into_iter().map(|(id, skeleton)| (id.0.to_string(), skeleton)).collect();
    let text = serde_json::to_string(&all).map_err(|e| OpsError::Invalid(e.to_string()))?;
    Ok(store.set_setting(project, SETTING, Some(&text))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_coco_means_is_kept() {
        assert!(is_sound("keypoints", &json!(["nose", "left_eye"])) && is_sound("skeleton", &json!([[1, 2]])));
        for (field, value) in [
            ("keypoints", json!([])),
            ("keypoints", json!(["nose", 7])),
            ("keypoints", json!("nose")),
            ("keypoints", json!(["x".repeat(300)])),
            ("skeleton", json!([[1, 2, 3]])),
            ("skeleton", json!([[1, "2"]])),
            ("skeleton", json!([[-1, 2]])),
            ("skeleton", Value::from(vec![json!([1, 2]); MOST + 1])),
            ("colour", json!(["red"])),
        ] {
            assert!(!is_sound(field, &value), "{field} {value}");
        }
    }
}
