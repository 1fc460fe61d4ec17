//! One picture or one annotation of a COCO file. Every field is read whatever it holds, so that a message can say what is
//! wrong with it.

use super::super::json::Scalar;
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::mask as runs;
use crate::formats::dataset::{Item, Mark, Place, Standing, Unit};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// An element of `images`.
#[derive(Debug, serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Picture {
    id: Scalar,
    width: Scalar,
    height: Scalar,
    file_name: Scalar,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Picture {
    /// LVIS names a picture by its address only: the folder in it tells whose picture it is.
    fn addressed(&self) -> Option<String> {
        let address = self.others.get("coco_url")?.as_str()?;
        let mut parts = address.rsplitn(3, '/');
        let (name, folder) = (parts.next()?, parts.next()?);
        (!name.is_empty()).then(|| format!("{folder}/{name}"))
    }

    /// The id and the item, or why not and what is known of its name.
    pub(super) fn item(self, place: Place) -> Result<(String, Item), (String, Option<String>)> {
        let name = match &self.file_name {
            Scalar::Text(name) if !name.trim().is_empty() => name.clone(),
            Scalar::Null => match self.addressed() {
                Some(name) => name,
                None => return Err(("file_name is missing, not a text".to_owned(), None)),
            },
            other => return Err((format!("file_name is {other}, not a text"), None)),
        };
        let wrong = |reason: String| (reason, Some(name.clone()));
        let id = self.id.id().ok_or_else(|| wrong(format!("id is {}, not an id", self.id)))?;
        let width = self.width.side().map_err(|w| wrong(format!("width is {w}")))?;
        let height = self.height.side().map_err(|w| wrong(format!("height is {w}")))?;
        let extra: BTreeMap<String, Value> = self.others.into_iter().filter(|(_, v)| is_said(v)).collect();
        let item = Item {
            name: name.clone(),
            width,
            height,
            stored_frame: false,
            split: None,
            standing: Standing::Judged,
            marks: Vec::new(),
            extra,
            place,
        };
        Ok((id, item))
    }
}

/// Whether a value says anything.
fn is_said(value: &Value) -> bool {
    !(value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty))
}

/// Numbers of a list, or what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    Good(Vec<f64>),
    Bad(String),
}

/// What stands in `segmentation`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Outline {
    #[default]
    None,
    /// Parts with the corners one after the other.
    Parts(Vec<Vec<f64>>),
    Mask {
        size: Vec<f64>,
        counts: Counts,
    },
    Bad(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Counts {
    Text(String),
    List(Vec<f64>),
}

/// An element of `annotations` or of a list of results.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) image_id: Scalar,
    category_id: Scalar,
    bbox: Option<Numbers>,
    relative: Option<Numbers>,
    outline: Outline,
    score: Scalar,
    pub(super) segments: Vec<Value>,
    /// It is an annotation of a picture's segments, of which there may be none.
    pub(super) panoptic: bool,
    others: BTreeMap<String, Value>,
}

impl Element {
    /// The text of an annotation that is nothing but a caption.
    pub(super) fn caption(&self) -> Option<&str> {
        let shape = self.bbox.is_some() || self.relative.is_some() || self.outline != Outline::None;
        self.others.get("caption").and_then(Value::as_str).filter(|_| !shape)
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        self.others.get("file_name").and_then(Value::as_str)
    }

    /// The mark; its class is the id of its category.
    pub(super) fn mark(mut self, place: Place) -> Result<Mark, String> {
        let class = self.category_id.id().ok_or_else(|| format!("category_id is {}, not an id", self.category_id))?;
        let score = match &self.score {
            Scalar::Null => None,
            other => Some(other.number().map_err(|w| format!("score is {w}"))?),
        };
        if score.is_some_and(|s| !(0.0..=1.0).contains(&s)) {
            return Err(format!("score is {}, not between 0 and 1", self.score));
        }
        let (shape, unit) = self.shape()?;
        if let Some(Value::Object(inner)) = self.others.remove("attributes") {
            self.others.extend(inner);
        }
        // That it is no crowd goes without saying.
        let idle = |key: &str, value: &Value| key == "area" || (key == "iscrowd" && *value != 1 && *value != true);
        self.others.retain(|key, value| is_said(value) && !idle(key, value));
        Ok(Mark { class, shape, unit, score, author: None, at: None, attributes: self.others, place })
    }

    fn shape(&mut self) -> Result<(Shape, Unit), String> {
        match std::mem::take(&mut self.outline) {
            Outline::Bad(reason) => return Err(reason),
            // `[[]]` beside a box is how some say that there is no polygon.
            Outline::Parts(parts)
                if !parts.is_empty() && (self.bbox.is_none() || parts.iter().any(|part| !part.is_empty())) =>
            {
                return Ok((polygon(parts)?, Unit::Pixel));
            }
            Outline::Mask { size, counts } => return Ok((mask(&size, counts)?, Unit::Pixel)),
            Outline::None | Outline::Parts(_) => {}
        }
        let numbers = |given: Numbers, key: &str| match given {
            Numbers::Good(v) => <[f64; 4]>::try_from(v).map_err(|v| format!("{key} has {} numbers, not 4", v.len())),
            Numbers::Bad(reason) => Err(format!("{key} must be [x,y,w,h] of numbers; {reason}")),
        };
        let boxed = |[x, y, w, h]: [f64; 4]| Shape::Box(BoxN { x, y, w, h });
        match (self.bbox.take(), self.relative.take()) {
            (Some(bbox), _) => match numbers(bbox, "bbox")? {
                // datumaro's way to write a class of the whole picture.
                [0.0, 0.0, 0.0, 0.0] => Ok((Shape::Class, Unit::Pixel)),
                given => Ok((boxed(given), Unit::Pixel)),
            },
            (None, Some(relative)) => Ok((boxed(numbers(relative, "bbox_normalized")?), Unit::Part)),
            (None, None) => Ok((Shape::Class, Unit::Pixel)),
        }
    }
}

fn polygon(parts: Vec<Vec<f64>>) -> Result<Shape, String> {
    let mut out = Vec::with_capacity(parts.len());
    for (i, part) in parts.into_iter().enumerate() {
        if part.len() < 6 || part.len() % 2 == 1 {
            let n = part.len();
            return Err(format!("part {} of the polygon has {n} numbers; 3 corners or more have two each", i + 1));
        }
        out.push(
            part.chunks_exact(2).filter_map(|p| <[f64; 2]>::try_from(p).ok()).map(|[x, y]| Point { x, y }).collect(),
        );
    }
    Ok(Shape::Polygon { parts: out })
}

/// Run lengths without the `b'…'` that Python puts around bytes where somebody made a text of them. They hold no quotes.
fn bare(counts: &str) -> Cow<'_, str> {
    let inner = |quote: char| counts.strip_prefix('b')?.strip_prefix(quote)?.strip_suffix(quote);
    match inner('\'').or_else(|| inner('"')) {
        Some(text) => Cow::Owned(text.replace("\\\\", "\\")),
        None => Cow::Borrowed(counts),
    }
}

fn mask(size: &[f64], counts: Counts) -> Result<Shape, String> {
    let whole = |n: f64| (n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&n)).then_some(n as u32);
    let sides: Vec<u32> = size.iter().filter_map(|n| whole(*n)).collect();
    let Ok([height, width]) = <[u32; 2]>::try_from(sides) else {
        return Err("the size of the run lengths is not [height, width]".to_owned());
    };
    let counts = match counts {
        Counts::Text(text) => runs::from_text(&bare(&text))?,
        Counts::List(list) => {
            let all: Option<Vec<u32>> = list.into_iter().map(whole).collect();
            all.ok_or("counts hold a number that is no run length")?
        }
    };
    let sum: u64 = counts.iter().map(|c| u64::from(*c)).sum();
    let pixels = u64::from(height) * u64::from(width);
    if sum != pixels {
        return Err(format!("the run lengths are {sum} pixels together, but {width} x {height} are {pixels}"));
    }
    Ok(Shape::Mask { size: [height, width], counts })
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Numbers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Numbers, A::Error> {
                let (mut out, mut wrong) = (Vec::new(), None);
                while let Some(scalar) = seq.next_element::<Scalar>()? {
                    match scalar.number() {
                        Ok(n) => out.push(n),
                        Err(what) => {
                            wrong.get_or_insert(format!("one is {what}"));
                        }
                    }
                }
                Ok(wrong.map_or(Numbers::Good(out), Numbers::Bad))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Numbers, A::Error> {
                let mut by_key: BTreeMap<String, Scalar> = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    by_key.insert(key, value);
                }
                let number = |key: &str| by_key.get(key).cloned().unwrap_or_default().number();
                let all: Result<Vec<f64>, String> = ["x", "y", "w", "h"].map(number).into_iter().collect();
                Ok(all.map_or_else(|what| Numbers::Bad(format!("one is {what}")), Numbers::Good))
            }
            fn visit_str<E>(self, text: &str) -> Result<Numbers, E> {
                Ok(Numbers::Bad(format!("it is {}", Scalar::Text(text.to_owned()))))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Numbers, E> {
                Ok(Numbers::Bad(format!("it is {n}")))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Numbers, E> {
                Ok(Numbers::Bad(format!("it is {n}")))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Numbers, E> {
                Ok(Numbers::Bad(format!("it is {n}")))
            }
            fn visit_bool<E>(self, b: bool) -> Result<Numbers, E> {
                Ok(Numbers::Bad(format!("it is {b}")))
            }
        }
        deserializer.deserialize_any(List)
    }
}

/// An element of `segmentation`: a part, or a number of a part that was not put into a list of its own.
enum Part {
    List(Numbers),
    Number(Scalar),
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Part;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers or a number")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Part, A::Error> {
                Numbers::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(Part::List)
            }
            fn visit_f64<E>(self, n: f64) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Float(n)))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Int(n)))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Float(n as f64)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Text(text.to_owned())))
            }
            fn visit_bool<E>(self, b: bool) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Bool(b)))
            }
            fn visit_unit<E>(self) -> Result<Part, E> {
                Ok(Part::Number(Scalar::Null))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Part::Number(Scalar::Nested("an object")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Outline;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("polygons or run lengths")
            }
            fn visit_unit<E>(self) -> Result<Outline, E> {
                Ok(Outline::None)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Outline, A::Error> {
                let (mut parts, mut flat, mut wrong) = (Vec::new(), Vec::new(), None);
                while let Some(part) = seq.next_element::<Part>()? {
                    let told = match part {
                        Part::List(Numbers::Good(numbers)) => {
                            parts.push(numbers);
                            continue;
                        }
                        Part::List(Numbers::Bad(reason)) => reason,
                        Part::Number(scalar) => match scalar.number() {
                            Ok(n) => {
                                flat.push(n);
                                continue;
                            }
                            Err(what) => format!("one is {what}"),
                        },
                    };
                    wrong.get_or_insert(format!("segmentation must be lists of numbers; {told}"));
                }
                if !flat.is_empty() {
                    parts.push(flat);
                }
                Ok(wrong.map_or(Outline::Parts(parts), Outline::Bad))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
                let (mut size, mut counts) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "size" => size = Some(map.next_value::<Numbers>()?),
                        "counts" => counts = Some(map.next_value::<CountsValue>()?.0),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(match (size, counts) {
                    (Some(Numbers::Good(size)), Some(Some(counts))) => Outline::Mask { size, counts },
                    _ => Outline::Bad("segmentation is an object without size and counts".to_owned()),
                })
            }
            fn visit_str<E>(self, text: &str) -> Result<Outline, E> {
                Ok(Outline::Bad(format!("segmentation is {}", Scalar::Text(text.to_owned()))))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Outline, E> {
                Ok(Outline::Bad(format!("segmentation is {n}")))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Outline, E> {
                Ok(Outline::Bad(format!("segmentation is {n}")))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Outline, E> {
                Ok(Outline::Bad(format!("segmentation is {n}")))
            }
            fn visit_bool<E>(self, b: bool) -> Result<Outline, E> {
                Ok(Outline::Bad(format!("segmentation is {b}")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// `counts` in either form; nothing if it is neither.
struct CountsValue(Option<Counts>);

impl<'de> Deserialize<'de> for CountsValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            List(Vec<f64>),
            Other(IgnoredAny),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Text(text) => Some(Counts::Text(text)),
            Form::List(list) => Some(Counts::List(list)),
            Form::Other(_) => None,
        }))
    }
}

/// A key of an annotation; only those are copied that have no place of their own.
enum Key {
    Image,
    Category,
    Box,
    Relative,
    Outline,
    Score,
    Crowd,
    Segments,
    /// Its value says nothing that is kept.
    Passed,
    Other(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "image_id" => Key::Image,
                    "category_id" => Key::Category,
                    "bbox" => Key::Box,
                    "bbox_normalized" => Key::Relative,
                    "segmentation" => Key::Outline,
                    "score" => Key::Score,
                    "iscrowd" => Key::Crowd,
                    "segments_info" => Key::Segments,
                    "id" | "area" => Key::Passed,
                    other => Key::Other(other.to_owned()),
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Element;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
                let mut out = Element::default();
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        Key::Image => out.image_id = map.next_value()?,
                        Key::Category => out.category_id = map.next_value()?,
                        Key::Box => out.bbox = map.next_value()?,
                        Key::Relative => out.relative = map.next_value()?,
                        Key::Outline => out.outline = map.next_value()?,
                        Key::Score => out.score = map.next_value()?,
                        Key::Passed => drop(map.next_value::<IgnoredAny>()?),
                        Key::Crowd => {
                            let value: Value = map.next_value()?;
                            if value == 1 || value == true {
                                out.others.insert("iscrowd".to_owned(), value);
                            }
                        }
                        Key::Segments => match map.next_value::<Value>()? {
                            Value::Array(list) => (out.segments, out.panoptic) = (list, true),
                            other => drop(out.others.insert("segments_info".to_owned(), other)),
                        },
                        Key::Other(key) => drop(out.others.insert(key, map.next_value()?)),
                    }
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
