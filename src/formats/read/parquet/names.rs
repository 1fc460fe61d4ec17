//! The names of classes that columns give by their numbers, as Hugging Face's `datasets` tells them beside the columns.
//!
//! What always holds: a number gets a name of its own column, never one of another column's.

use super::super::lines::OBJECT_CLASSES;
use arrow_schema::Schema;
use serde_json::Value;

/// Columns whose numbers are classes: those of whole pictures, and those of objects.
pub(super) struct Names(Vec<(Vec<String>, Vec<String>)>);

/// So deep do columns lie in each other.
const DEEP: usize = 8;

impl Names {
    /// What a file says of its columns.
    pub(super) fn of(schema: &Schema) -> Self {
        let told = schema.metadata().get("huggingface").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut found = Vec::new();
        if let Some(features) = told.as_ref().and_then(|told| told.get("info")?.get("features")) {
            collect(features, &mut Vec::new(), &mut found);
        }
        // Other columns of numbers with names (the weather, the camera) are no classes.
        found.retain(|(path, _)| match path.as_slice() {
            [column] => ["label", "labels"].contains(&column.as_str()),
            [objects, column] => objects == "objects" && OBJECT_CLASSES.contains(&column.as_str()),
            _ => false,
        });
        Self(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All names, in the order of the columns.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|(_, names)| names)
    }

    /// The value of a column with names for its numbers. A number without a name stays, and so it is told.
    pub(super) fn named(&self, column: &str, mut value: Value) -> Value {
        for (path, names) in self.0.iter().filter(|(path, _)| path.first().is_some_and(|first| first == column)) {
            name(&mut value, path.get(1), names);
        }
        value
    }
}

/// Finds the features that are numbers of classes, with the path to them; lists are no step of it.
fn collect(feature: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Vec<String>)>) {
    let Some(fields) = feature.as_object() else {
        return feature.as_array().into_iter().flatten().for_each(|f| collect(f, path, found));
    };
    if fields.get("_type").is_some_and(|t| t == "ClassLabel") {
        let names = fields.get("names").and_then(Value::as_array).into_iter().flatten();
        found.push((path.clone(), names.map(|n| n.as_str().unwrap_or_default().to_owned()).collect()));
        return;
    }
    let is_list = fields.get("_type").is_some_and(|t| ["Sequence", "List", "LargeList"].iter().any(|list| t == list));
    for (key, inner) in fields {
        let step = !(is_list && key == "feature");
        if path.len() > DEEP {
            return;
        }
        path.extend(step.then(|| key.clone()));
        collect(inner, path, found);
        if step {
            path.pop();
        }
    }
}

/// Puts names for numbers: of a value, of each of a list, of a field of an object.
fn name(value: &mut Value, field: Option<&String>, names: &[String]) {
    match (value, field) {
        (Value::Array(list), _) => list.iter_mut().for_each(|one| name(one, field, names)),
        (Value::Object(fields), Some(key)) => {
            if let Some(inner) = fields.get_mut(key) {
                name(inner, None, names);
            }
        }
        (value, None) => {
            let own = value.as_u64().and_then(|n| names.get(usize::try_from(n).ok()?)).filter(|name| !name.is_empty());
            if let Some(own) = own {
                *value = Value::String(own.clone());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::HashMap;

    fn of(features: Value) -> Names {
        let told = json!({"info": {"features": features}}).to_string();
        Names::of(&Schema::empty().with_metadata(HashMap::from([("huggingface".to_owned(), told)])))
    }

    #[test]
    fn a_number_gets_a_name_of_its_own_column() {
        let label = |names: &[&str]| json!({"names": names, "_type": "ClassLabel"});
        let (whole, objects) = (label(&["day", "night"]), label(&["cat", "dog"]));
        for objects in [
            json!({"category": objects, "bbox": {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "List"}}),
            json!([{"category": objects}]),
            json!({"feature": {"category": objects}, "_type": "Sequence"}),
            json!({"category": {"feature": objects, "_type": "List"}}),
        ] {
            let names = of(json!({"label": whole, "objects": objects, "camera": label(&["left", "right"])}));
            assert_eq!(names.all().collect::<Vec<_>>(), ["day", "night", "cat", "dog"], "{objects}");
            assert_eq!(names.named("label", json!(1)), json!("night"));
            assert_eq!(names.named("camera", json!(1)), json!(1), "no class");
            assert_eq!(names.named("objects", json!({"category": [1, 0, 7]})), json!({"category": ["dog", "cat", 7]}));
            assert_eq!(
                names.named("objects", json!([{"category": 1, "id": 1}])),
                json!([{"category": "dog", "id": 1}])
            );
        }
        assert!(of(json!({"weather": whole})).is_empty() && of(json!("no")).is_empty());
    }
}
