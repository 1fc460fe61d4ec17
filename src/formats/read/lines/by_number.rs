//! Lines whose classes may be numbers: CV Explorer's `hf_jsonl`, and Hugging Face's `imagefolder` with its objects.

use super::{Marks, list};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::formats::dataset::{Mark, Standing, Unit};
use crate::formats::read::json::{Scalar, field};
use serde_json::{Map, Value};

/// A line of `hf_jsonl`: the class by its number, or by its name. One whose lists are `null` says nothing of its picture.
pub(super) fn by_number(
    fields: &Map<String, Value>,
    names: &[String],
    marks: &mut Marks<'_>,
) -> Result<Standing, String> {
    let (labels, objects) = (fields.get("labels"), fields.get("objects"));
    if objects.is_none() {
        bare_boxes(fields)?;
    }
    if labels.is_some() || objects.is_some() {
        for label in list(fields, "labels")? {
            let made = class(&Scalar::from(label), names).map(|name| marks.mark(&name, Shape::Class));
            marks.add(made);
        }
        objects_of(objects, names, marks)?;
        let said = [labels, objects].into_iter().flatten().any(|list| !list.is_null());
        return Ok(if said { Standing::Judged } else { Standing::Listed });
    }
    let label = field(fields, "label");
    let several = fields.get("label").and_then(Value::as_array).map(|list| list.iter().map(Scalar::from).collect());
    for label in several.unwrap_or_else(|| vec![label]) {
        let class = class(&label, names)?;
        let mark = marks.mark(&class, Shape::Class);
        marks.out.push(mark);
    }
    Ok(Standing::Judged)
}

/// Boxes that stand where nobody says what their numbers are.
fn bare_boxes(fields: &Map<String, Value>) -> Result<(), String> {
    let full = |key: &&str| match fields.get(*key) {
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(_) | Value::Number(_)) => true,
        _ => false,
    };
    match ["boxes", "bboxes", "bbox", "xmin", "x_min"].into_iter().find(full) {
        Some(key) => Err(format!(
            "`{key}` is not read here; put the boxes of a picture into objects, as {{\"bbox\": [[x, y, w, h]], \
             \"categories\": […]}}, or write a table with a row for each box as CSV or Parquet"
        )),
        None => Ok(()),
    }
}

/// The class of a label: its name, or its number in `classes.json`.
fn class(label: &Scalar, names: &[String]) -> Result<String, String> {
    match label {
        Scalar::Text(name) => Ok(name.clone()),
        Scalar::Null => Err("it has no label".to_owned()),
        other => {
            let id = other.id().and_then(|id| id.parse::<usize>().ok());
            let id = id.ok_or_else(|| format!("label is {other}, not the number of a class"))?;
            names.get(id).cloned().ok_or_else(|| match names.len() {
                0 => format!(
                    "label {id} has no name: the file has none; put a classes.json beside it, {{\"names\": [\"…\", …]}} in the \
                     order of the numbers, and open the folder"
                ),
                n => format!("label {id} has no name; there are {n}"),
            })
        }
    }
}

/// What the classes of objects are called.
pub(in crate::formats::read) const OBJECT_CLASSES: [&str; 10] = [
    "categories",
    "category",
    "label",
    "labels",
    "category_id",
    "class",
    "classes",
    "class_id",
    "class_label",
    "class_labels",
];

/// Objects as Hugging Face's `imagefolder` has them: `bbox` in pixels (`x, y, w, h`) and as many `categories`; or one JSON
/// object each.
fn objects_of(objects: Option<&Value>, names: &[String], marks: &mut Marks<'_>) -> Result<(), String> {
    let Some(objects) = objects.filter(|o| !o.is_null()) else { return Ok(()) };
    let pairs: Vec<(&Value, &Value)> = match objects {
        Value::Object(fields) => {
            let key = OBJECT_CLASSES.into_iter().find(|key| fields.contains_key(*key)).unwrap_or("category");
            let (places, classes) = (list(fields, "bbox")?, list(fields, key)?);
            if places.len() != classes.len() {
                return Err(format!("objects has {} bbox, but {} {key}", places.len(), classes.len()));
            }
            places.iter().zip(classes).collect()
        }
        Value::Array(each) => each.iter().map(one_object).collect::<Result<_, _>>()?,
        _ => return Err("objects must be a JSON object of lists, or a list of JSON objects".to_owned()),
    };
    for (place, label) in pairs {
        let numbers: Option<Vec<f64>> = place.as_array().and_then(|p| p.iter().map(Value::as_f64).collect());
        let shape = match numbers.as_deref() {
            Some(&[x, y, w, h]) => Ok(Shape::Box(BoxN { x, y, w, h })),
            _ => Err("bbox must be [x,y,w,h] of numbers".to_owned()),
        };
        let made = shape.and_then(|shape| {
            Ok(Mark { unit: Unit::Pixel, ..marks.mark(&class(&Scalar::from(label), names)?, shape) })
        });
        marks.add(made);
    }
    Ok(())
}

/// Place and class of an object that stands by itself.
fn one_object(object: &Value) -> Result<(&Value, &Value), String> {
    let place = object.get("bbox").ok_or("an object has no bbox")?;
    let label = OBJECT_CLASSES.into_iter().find_map(|key| object.get(key));
    Ok((place, label.ok_or("an object has no category")?))
}
