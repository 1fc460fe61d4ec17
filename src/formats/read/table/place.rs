//! A box in one cell of a table: `[x, y, w, h]` as COCO has it, or an object that names its numbers.

use crate::domain::geometry::BoxN;
use crate::domain::text::printable;
use serde_json::{Map, Value};

/// What such a column is called. Lists of many boxes under these names are told to be none.
pub(super) const NAMES: [&str; 5] = ["bbox", "bounding_box", "box", "boxes", "bboxes"];
/// The names of the numbers, and whether the last two are a size.
const KEYS: [([&str; 4], bool); 4] = [
    (["xmin", "ymin", "xmax", "ymax"], false),
    (["x_min", "y_min", "x_max", "y_max"], false),
    (["x", "y", "w", "h"], true),
    (["x", "y", "width", "height"], true),
];

/// The box that a cell holds.
///
/// # Errors
/// What stands there instead.
pub(super) fn of_cell(cell: &str) -> Result<BoxN, String> {
    let wrong = || {
        let start: String = cell.chars().take(60).collect();
        format!("`{}` is no box: that is [x, y, w, h], or an object of xmin, ymin, xmax, ymax", printable(&start))
    };
    let text = cell.trim();
    // As Python shows a tuple.
    let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).map_or(text.to_owned(), |t| format!("[{t}]"));
    match serde_json::from_str(&text) {
        Ok(Value::Array(list)) => {
            let numbers: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
            let [x, y, w, h] = numbers.and_then(|n| <[f64; 4]>::try_from(n).ok()).ok_or_else(wrong)?;
            Ok(BoxN { x, y, w, h })
        }
        Ok(Value::Object(fields)) => of_fields(&fields).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn of_fields(fields: &Map<String, Value>) -> Option<BoxN> {
    KEYS.into_iter().find_map(|(keys, sized)| {
        let numbers: Option<Vec<f64>> = keys.iter().map(|key| fields.get(*key)?.as_f64()).collect();
        let [x, y, a, b] = <[f64; 4]>::try_from(numbers?).ok()?;
        Some(if sized { BoxN { x, y, w: a, h: b } } else { BoxN { x, y, w: a - x, h: b - y } })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_cells() {
        let wanted = BoxN { x: 1.0, y: 2.5, w: 3.0, h: 4.0 };
        for cell in [
            "[1, 2.5, 3, 4]",
            " (1, 2.5, 3.0, 4)",
            r#"{"xmin":1,"ymin":2.5,"xmax":4,"ymax":6.5}"#,
            r#"{"x":1,"y":2.5,"width":3,"height":4,"more":"x"}"#,
        ] {
            assert_eq!(of_cell(cell), Ok(wanted), "{cell}");
        }
        for cell in ["", "1 2 3 4", "[1,2,3]", "[[1,2,3,4]]", "[1,2,3,true]", "{\"x\":1}", "[1,2,3,4"] {
            assert!(of_cell(cell).unwrap_err().contains("is no box"), "{cell}");
        }
    }
}
