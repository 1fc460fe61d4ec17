//! CVAT XML 1.1, for images and for videos: boxes, polygons, masks, tags; other shapes are said to be left out.

use super::round::{ellipse, turned_box};
use super::xml::{self, Node, number, side};
use super::{Reading, document_label, documents, item, mark, split_of};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use crate::formats::read::sorter::{Key, Sorter};
use serde_json::Value;
use std::sync::Arc;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is no CVAT XML or is broken.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &documents(files, &["xml"])? {
        let mut reader =
            Document { file: document_label(files, &path), path: &path, files, with, n: 0, size: None, tracks: None };
        xml::each(
            super::open(files, &path)?,
            &reader.file.clone(),
            &["meta", "image", "track", "annotation"],
            &mut |node| reader.node(&node, take),
        )?;
        reader.frames(take)?;
    }
    Ok(())
}

struct Document<'a> {
    file: Arc<str>,
    path: &'a str,
    files: &'a dyn Files,
    with: &'a Reading<'a>,
    n: u64,
    /// Of a video.
    size: Option<(u32, u32)>,
    /// What tracks say, by frame.
    tracks: Option<Sorter>,
}

impl Document<'_> {
    fn node(&mut self, node: &Node, take: &mut Take<'_>) -> Result<(), ReadError> {
        match node.name.as_str() {
            "meta" => self.meta(node, take),
            "image" => self.image(node, take),
            "track" => self.track(node, take),
            _ => Err(super::broken(&self.file, "it is Pascal VOC, not CVAT; use --format voc")),
        }
    }

    fn meta(&mut self, node: &Node, take: &mut Take<'_>) -> Result<(), ReadError> {
        let inner = ["task", "project", "job"].into_iter().find_map(|key| node.child(key)).unwrap_or(node);
        if let Some(size) = inner.child("original_size") {
            self.size = side(size.text_of("width")).zip(side(size.text_of("height")));
        }
        let labels = inner.child("labels").into_iter().flat_map(|l| l.all("label"));
        let names =
            labels.filter_map(|l| l.text_of("name")).map(|n| ClassInfo { name: n.to_owned(), ..ClassInfo::default() });
        take(Found::Classes(names.collect()))
    }

    fn image(&mut self, node: &Node, take: &mut Take<'_>) -> Result<(), ReadError> {
        self.n += 1;
        let place = Place { file: Arc::clone(&self.file), at: Spot::Element("images", self.n) };
        let Some(name) = node.attribute("name").filter(|n| !n.is_empty()) else {
            let reason = "the image has no name".to_owned();
            return take(Found::Bad(Bad { place, reason, name: None, whole: true, row: None }));
        };
        let mut out: Item = item(&self.named(name, node.attribute("subset")), &place);
        out.width = side(node.attribute("width"));
        out.height = side(node.attribute("height"));
        out.split =
            node.attribute("subset").map(str::to_lowercase).filter(|s| s != "default").or_else(|| split_of(self.path));
        for child in &node.children {
            match shape(child, &place, out.width.zip(out.height)) {
                Ok(Some((shape, unit_place))) => out.marks.push(self.mark(child, None, shape, &unit_place)),
                Ok(None) => {}
                Err(reason) => {
                    let name = Some(out.name.clone());
                    take(Found::Bad(Bad { place: place.clone(), reason, name, whole: false, row: None }))?;
                }
            }
        }
        take(Found::Item(Box::new(out)))
    }

    /// Below what was opened where the picture lies there.
    fn named(&self, name: &str, subset: Option<&str>) -> String {
        if self.files.is_file() || name.contains("..") || name.starts_with('/') {
            return name.to_owned();
        }
        let folder = self.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let subset = subset.map(|s| format!("{folder}images/{s}/{name}"));
        let places = [subset, Some(format!("{folder}images/{name}")), Some(format!("{folder}{name}"))];
        places.into_iter().flatten().find(|p| self.files.exists(p)).unwrap_or_else(|| name.to_owned())
    }

    fn mark(&self, node: &Node, label: Option<&str>, shape: Shape, place: &Place) -> Mark {
        let label = label.or_else(|| node.attribute("label")).unwrap_or_default();
        let mut out = mark(label, shape, Unit::Pixel, place);
        for attribute in node.all("attribute") {
            if let Some(key) = attribute.attribute("name") {
                out.attributes.insert(key.to_owned(), attribute.text.clone().into());
            }
        }
        if node.attribute("occluded") == Some("1") {
            out.attributes.insert("occluded".to_owned(), Value::Bool(true));
        }
        for key in ["rotation", "z_order", "group_id"] {
            let text = node.attribute(key).unwrap_or_default();
            // Numbers of groups and layers are whole, and others take nothing else.
            let whole = text.parse::<i64>().ok().map(Value::from);
            let value = whole.or_else(|| text.parse::<f64>().ok().map(Value::from));
            if let Some(value) = value.filter(|v| v.as_f64() != Some(0.0)) {
                out.attributes.insert(key.to_owned(), value);
            }
        }
        if node.attribute("source").is_some_and(|s| s != "manual") {
            out.attributes.insert("source".to_owned(), node.attribute("source").unwrap_or_default().into());
        }
        out
    }

    /// Shapes of a track go to their frames.
    fn track(&mut self, node: &Node, take: &mut Take<'_>) -> Result<(), ReadError> {
        self.n += 1;
        let place = Place { file: Arc::clone(&self.file), at: Spot::Element("records", self.n) };
        for child in node.children.iter().filter(|c| c.attribute("outside") != Some("1")) {
            let made = shape(child, &place, self.size).and_then(|shape| {
                let frame = child.attribute("frame").and_then(|f| f.parse::<u32>().ok());
                Ok(shape.zip(Some(frame.ok_or("the shape has no frame")?)))
            });
            match made {
                Ok(Some(((shape, place), frame))) => {
                    let mut mark = self.mark(child, node.attribute("label"), shape, &place);
                    if let Some(id) = node.attribute("id") {
                        mark.attributes.insert("track".to_owned(), id.into());
                    }
                    let mut pack = super::codec::Pack::default();
                    pack.mark(&mark);
                    let sorter = self.tracks.get_or_insert_with(|| Sorter::new(self.with.scratch));
                    sorter.push(Key::from(frame), &pack.bytes).map_err(|e| super::io_error("the scratch file", e))?;
                }
                Ok(None) => {}
                Err(reason) => {
                    take(Found::Bad(Bad { place: place.clone(), reason, name: None, whole: false, row: None }))?
                }
            }
        }
        Ok(())
    }

    /// Gives the frames of a video, called as CVAT calls them when it exports them.
    fn frames(&mut self, take: &mut Take<'_>) -> Result<(), ReadError> {
        let Some(sorter) = self.tracks.take() else { return Ok(()) };
        let scratch = |e| super::io_error("the scratch file", e);
        let mut sorted = sorter.finish().map_err(scratch)?;
        let mut at: Option<(Key, Item)> = None;
        while let Some((frame, record)) = sorted.next_record().map_err(scratch)? {
            let mark = super::codec::Unpack::new(record, &self.file).mark().map_err(scratch)?;
            if let Some((key, item)) = at.take_if(|(key, _)| *key != frame) {
                let _ = key;
                take(Found::Item(Box::new(item)))?;
            }
            let (_, item) = at.get_or_insert_with(|| {
                let mut new = item(&format!("frame_{frame:06}"), &mark.place);
                new.width = self.size.map(|(w, _)| w);
                new.height = self.size.map(|(_, h)| h);
                (frame, new)
            });
            item.standing = Standing::Judged;
            item.marks.push(mark);
            if item.marks.len() > super::MARKS {
                return Err(super::too_many(&self.file, &item.name));
            }
        }
        at.map_or(Ok(()), |(_, item)| take(Found::Item(Box::new(item))))
    }
}

/// The shape of an element; nothing for elements that are none.
fn shape(node: &Node, place: &Place, size: Option<(u32, u32)>) -> Result<Option<(Shape, Place)>, String> {
    let value = |key: &str| number(node.attribute(key), key);
    let shape = match node.name.as_str() {
        "box" => {
            if node.attribute("rotation").and_then(|r| r.parse::<f64>().ok()).is_some_and(|r| r != 0.0) {
                turned(node)?
            } else {
                let (x0, y0, x1, y1) = (value("xtl")?, value("ytl")?, value("xbr")?, value("ybr")?);
                Shape::Box(BoxN { x: x0, y: y0, w: x1 - x0, h: y1 - y0 })
            }
        }
        "polygon" => Shape::Polygon { parts: vec![points(node.attribute("points").unwrap_or_default())?] },
        "mask" => mask(node, size)?,
        "tag" => Shape::Class,
        "ellipse" => {
            let turn = node.attribute("rotation").map_or(Ok(0.0), |r| number(Some(r), "rotation"))?;
            let middle = Point { x: value("cx")?, y: value("cy")? };
            ellipse(middle, (value("rx")?, value("ry")?), turn.to_radians())
        }
        "points" | "polyline" | "cuboid" | "skeleton" => {
            return Err(super::no_area(&node.name));
        }
        _ => return Ok(None),
    };
    Ok(Some((shape, place.clone())))
}

/// A box that is turned about its middle, in degrees.
fn turned(node: &Node) -> Result<Shape, String> {
    let value = |key: &str| number(node.attribute(key), key);
    let (x0, y0, x1, y1) = (value("xtl")?, value("ytl")?, value("xbr")?, value("ybr")?);
    let middle = Point { x: f64::midpoint(x0, x1), y: f64::midpoint(y0, y1) };
    Ok(turned_box(middle, (x1 - x0, y1 - y0), value("rotation")?.to_radians()))
}

fn points(text: &str) -> Result<Vec<Point>, String> {
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',').ok_or_else(|| format!("the point `{pair}` has no comma"))?;
        Ok(Point { x: number(Some(x), "x")?, y: number(Some(y), "y")? })
    };
    text.split(';').filter(|p| !p.trim().is_empty()).map(point).collect()
}

/// A mask in its window, row by row, as run lengths of the whole picture, column by column.
fn mask(node: &Node, size: Option<(u32, u32)>) -> Result<Shape, String> {
    /// More pixels than this are not unpacked.
    const PIXELS: u64 = 64 << 20;
    let whole = |key: &str| {
        let n = number(node.attribute(key), key)?;
        if n.fract() == 0.0 && (0.0..=1e9).contains(&n) {
            Ok(n as u32)
        } else {
            Err(format!("{key} is {n}, not a number of pixels"))
        }
    };
    let (left, top, w, h) = (whole("left")?, whole("top")?, whole("width")?, whole("height")?);
    let (width, height) = size.ok_or("a mask needs the size of its image, which is not said")?;
    let fits = u64::from(left) + u64::from(w) <= u64::from(width) && u64::from(top) + u64::from(h) <= u64::from(height);
    if !fits || u64::from(width) * u64::from(height) > PIXELS {
        return Err(format!(
            "the window of the mask, {w}x{h} at {left}, {top}, does not lie in the image {width}x{height}"
        ));
    }
    let area = w as usize * h as usize;
    let mut window = Vec::with_capacity(area);
    let mut on = false;
    for run in node.attribute("rle").unwrap_or_default().split(',') {
        let run: usize =
            run.trim().parse().map_err(|_| format!("rle holds `{}`, which is no run length", run.trim()))?;
        if run > area - window.len() {
            return Err(format!("the run lengths of the mask are more than its {area} pixels"));
        }
        window.extend(std::iter::repeat_n(on, run));
        on = !on;
    }
    // CVAT leaves out zeros at the end.
    window.resize(area, false);
    let at = super::bitmap::Window { left, top, width: w, height: h };
    super::bitmap::placed(&at, &window, (width, height))
}
