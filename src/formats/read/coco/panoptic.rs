//! Panoptic COCO: the segments of a picture, and their pixels in a PNG beside the JSON file.
//!
//! A pixel's colour is a number, `R + 256 G + 65536 B`; 0 is nothing. Where the PNG cannot be found, because a single file
//! was opened, the segments are boxes.

use super::super::json::{field, others};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::formats::dataset::{Files, Mark, Place, Unit};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;

/// The largest picture that is decoded, in pixels.
const PIXELS: u64 = 64 << 20;
/// The largest file that is read.
const BYTES: u64 = 64 << 20;

/// Height, width, and the run lengths of each number.
pub(super) struct Masks {
    size: [u32; 2],
    counts: HashMap<u32, Vec<u32>>,
}

/// The masks in the PNG of an annotation; nothing if there is none.
pub(super) fn masks(files: &dyn Files, json: &str, name: &str) -> Option<Result<Masks, String>> {
    if files.is_file() {
        return None;
    }
    let (folder, file) = json.rsplit_once('/').unwrap_or(("", json));
    let stem = file.strip_suffix(".json").unwrap_or(file);
    let inside = [format!("{folder}/{stem}/{name}"), format!("{folder}/{name}")];
    let path = inside.iter().map(|p| p.trim_start_matches('/')).find(|p| files.exists(p))?;
    Some(
        files.open(path).map_err(|e| e.to_string()).and_then(|input| decode(input).map_err(|e| format!("{name}: {e}"))),
    )
}

fn decode(input: Box<dyn Read + Send>) -> Result<Masks, String> {
    let mut bytes = Vec::new();
    input.take(BYTES).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(format!("{width} x {height} pixels are too many"));
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("its size is not known")?];
    let frame = reader.next_frame(&mut pixels).map_err(|e| e.to_string())?;
    let channels = frame.color_type.samples();
    let at = |x: u32, y: u32| {
        let start = y as usize * frame.line_size + x as usize * channels;
        let sample = |i: usize| pixels.get(start + i).copied().map_or(0, u32::from);
        if channels >= 3 { sample(0) | sample(1) << 8 | sample(2) << 16 } else { sample(0) }
    };
    let mut counts: HashMap<u32, (Vec<u32>, u64)> = HashMap::new();
    let mut run = (at(0, 0), 0_u64, 0_u64);
    let mut position = 0_u64;
    let mut close = |(number, start, length): (u32, u64, u64)| {
        let (out, end) = counts.entry(number).or_default();
        out.push(u32::try_from(start - *end).unwrap_or(u32::MAX));
        out.push(u32::try_from(length).unwrap_or(u32::MAX));
        *end = start + length;
    };
    for x in 0..width {
        for y in 0..height {
            let number = at(x, y);
            if number != run.0 {
                close(run);
                run = (number, position, 0);
            }
            run.2 += 1;
            position += 1;
        }
    }
    close(run);
    let finish = |(number, (mut list, end)): (u32, (Vec<u32>, u64))| {
        if end < position {
            list.push(u32::try_from(position - end).unwrap_or(u32::MAX));
        }
        (number, list)
    };
    Ok(Masks { size: [height, width], counts: counts.into_iter().map(finish).collect() })
}

/// The mark of a segment; its class is the id of its category.
pub(super) fn mark(segment: &Value, masks: Option<&Masks>, place: &Place) -> Result<Mark, String> {
    let fields = segment.as_object().ok_or("an element of segments_info is no object")?;
    let category = field(fields, "category_id");
    let class = category.id().ok_or_else(|| format!("category_id of a segment is {category}, not an id"))?;
    let id = field(fields, "id");
    let number = id.number().map_err(|w| format!("id of a segment is {w}"))?;
    let shape = match masks {
        Some(masks) => {
            let counts = masks.counts.get(&(number as u32)).filter(|_| number > 0.0 && number.fract() == 0.0);
            let counts = counts.ok_or_else(|| format!("the segment {id} has no pixels in the PNG"))?;
            Shape::Mask { size: masks.size, counts: counts.clone() }
        }
        None => {
            let list =
                fields.get("bbox").and_then(Value::as_array).ok_or("a segment has no bbox, and there is no PNG")?;
            let numbers: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
            let [x, y, w, h] = <[f64; 4]>::try_from(numbers).map_err(|_| "bbox of a segment is not 4 numbers")?;
            Shape::Box(BoxN { x, y, w, h })
        }
    };
    let mut attributes = others(fields, &["category_id", "bbox", "area", "id", "iscrowd"]);
    if fields.get("iscrowd").is_some_and(|v| *v == 1) {
        attributes.insert("iscrowd".to_owned(), 1.into());
    }
    let place = place.clone();
    Ok(Mark { class, shape, unit: Unit::Pixel, score: None, author: None, at: None, attributes, place })
}
