//! `LabelMe`: a JSON file beside each picture.
//!
//! `imageHeight` and `imageWidth` are those of the picture as EXIF says it is displayed: labelme 6 refuses others.

use super::geometry::Frame;
use super::split::{below, part};
use super::text::{base, stem};
use super::{Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Outputs};
use serde_json::{Map, Value, json};
use std::io;

/// Writes `LabelMe`.
pub(super) struct LabelMe;

fn shape(kind: &str, mark: &Mark, points: &Value, group: Option<usize>) -> Map<String, Value> {
    let text = |name: &str| mark.attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Flags are attributes that are true or false; labelme takes no other values.
    let flags = mark.attributes.iter().filter(|(_, value)| value.is_boolean());
    let flags: Map<String, Value> = flags.map(|(name, value)| (name.clone(), value.clone())).collect();
    let own = mark.attributes.get("group_id").filter(|g| g.is_u64()).cloned();
    let mut made = Map::new();
    for (name, value) in [
        ("label", Value::from(mark.class.as_str())),
        ("points", points.clone()),
        ("group_id", own.unwrap_or_else(|| group.map_or(Value::Null, Value::from))),
        ("description", text("description").into()),
        ("shape_type", kind.into()),
        ("flags", flags.into()),
        ("mask", Value::Null),
    ] {
        made.insert(name.to_owned(), value);
    }
    made
}

/// The pixels of a mask inside its box as a PNG of one byte a pixel.
fn png_of(bits: &[bool], width: u32, height: u32) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = bits.iter().map(|set| if *set { 255 } else { 0 }).collect();
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&pixels).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(base64_simd::STANDARD.encode_to_string(&bytes))
}

fn shapes(frame: &Frame, mark: &Mark, number: usize) -> io::Result<Vec<Value>> {
    Ok(match &mark.shape {
        Shape::Class => Vec::new(),
        Shape::Box(_) => {
            let [x, y, w, h] = frame.pixels(mark).unwrap_or_default();
            let (right, bottom) = (super::geometry::round6(x + w), super::geometry::round6(y + h));
            vec![shape("rectangle", mark, &json!([[x, y], [right, bottom]]), None).into()]
        }
        Shape::Polygon { parts } => {
            // Parts of one thing are shapes of one group.
            let group = (parts.len() > 1).then_some(number);
            frame.corners(mark).iter().map(|part| shape("polygon", mark, &json!(part), group).into()).collect()
        }
        Shape::Mask { size, counts } => {
            let Some([x, y, w, h]) = mask::bounds(*size, counts) else { return Ok(Vec::new()) };
            // The corners are those of the first and the last pixel.
            let points = json!([[f64::from(x), f64::from(y)], [f64::from(x + w - 1), f64::from(y + h - 1)]]);
            let mut made = shape("mask", mark, &points, None);
            made.insert("mask".to_owned(), png_of(&mask::window(*size, counts, [x, y, w, h]), w, h)?.into());
            vec![made.into()]
        }
    })
}

impl Writer for LabelMe {
    fn says(&self) -> Says {
        let attributes = Attributes::NamedOrFlags(&["group_id", "description"]);
        let marks = Says { polygons: true, parts: true, masks: true, ..Says::BOXES };
        Says { class: true, classes: true, by_stem: true, attributes, ..marks }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let whole = item.marks.iter().filter(|m| m.shape == Shape::Class);
        let flags: Map<String, Value> = whole.map(|m| (m.class.clone(), true.into())).collect();
        let mut all = Vec::new();
        for (number, mark) in item.marks.iter().enumerate() {
            all.extend(shapes(&frame, mark, number + 1)?);
        }
        let made = json!({
            "version": "5.5.0",
            "flags": flags,
            "shapes": all,
            "imagePath": base(&item.name),
            "imageData": null,
            "imageHeight": item.height.unwrap_or(0),
            "imageWidth": item.width.unwrap_or(0),
        });
        // Written at once: a serializer writes every bracket by itself, and each would be a call of the system.
        let mut text = serde_json::to_vec_pretty(&made)?;
        text.push(b'\n');
        let mut file = out.create(&below("", part(item), &format!("{}.json", stem(&item.name))))?;
        file.write_all(&text)?;
        file.flush()
    }

    fn finish(&mut self, _: &mut dyn Outputs) -> io::Result<()> {
        Ok(())
    }
}
