//! CVAT for images 1.1: one XML file with everything.
//!
//! CVAT refuses a file without `<meta><task><labels>`, and the number of pictures stands before them, so pictures wait in
//! a file aside.

use super::geometry::Frame;
use super::reduce::is_set;
use super::split::part;
use super::text::xml;
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Aside, Item, Mark, Outputs};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

/// Writes CVAT's XML.
pub(super) struct Cvat {
    about: Arc<About>,
    aside: Option<BufWriter<Box<dyn Aside>>>,
    images: u64,
    /// The attributes that marks of a class have, which CVAT wants to be declared.
    declared: BTreeMap<String, BTreeSet<String>>,
}

impl Cvat {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, aside: None, images: 0, declared: BTreeMap::new() }
    }

    fn head(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n  <meta>\n    <task>\n\
             \x20     <id>1</id>\n      <name>{}</name>\n      <size>{}</size>\n      <mode>annotation</mode>\n\
             \x20     <overlap>0</overlap>\n      <bugtracker></bugtracker>\n      <flipped>False</flipped>\n",
            xml(&self.about.project),
            self.images
        );
        if !self.about.splits.is_empty() {
            let _ = writeln!(text, "      <subset>default</subset>");
        }
        text.push_str("      <labels>\n");
        for name in self.about.classes.names() {
            let _ = writeln!(text, "        <label>\n          <name>{}</name>\n          <attributes>", xml(name));
            for attribute in self.declared.get(name).into_iter().flatten() {
                let _ = writeln!(
                    text,
                    "            <attribute>\n              <name>{}</name>\n              <mutable>False</mutable>\n\
                     \x20             <input_type>text</input_type>\n              <default_value></default_value>\n\
                     \x20             <values></values>\n            </attribute>",
                    xml(attribute)
                );
            }
            text.push_str("          </attributes>\n        </label>\n");
        }
        text.push_str("      </labels>\n    </task>\n  </meta>\n");
        text
    }
}

/// Attributes that stand in the element itself.
const OWN: [&str; 3] = ["occluded", "z_order", "group_id"];

/// The attributes of a mark that stand below its element, as texts.
fn others(mark: &Mark) -> impl Iterator<Item = (&str, String)> {
    mark.attributes.iter().filter(|(name, _)| !OWN.contains(&name.as_str())).map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.as_str(), text)
    })
}

/// Ends an element, with the attributes of the mark below it.
fn end(name: &str, mark: &Mark, text: &mut String) {
    for (i, (key, value)) in others(mark).enumerate() {
        let first = if i == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{first}      <attribute name=\"{}\">{}</attribute>", xml(key), xml(&value));
    }
    let indent = if others(mark).next().is_some() { "    " } else { "" };
    let _ = writeln!(text, "{indent}</{name}>");
}

/// As CVAT: two decimals, and more only where there are more.
fn number(value: f64) -> String {
    let mut text = format!("{value:.6}");
    let dot = text.find('.').unwrap_or(text.len());
    while text.ends_with('0') && text.len() > dot + 3 {
        text.pop();
    }
    text
}

fn element(frame: &Frame, mark: &Mark, text: &mut String) {
    let label = xml(&mark.class);
    let rest = || {
        let order = mark.attributes.get("z_order").and_then(Value::as_f64).unwrap_or(0.0);
        let group = mark.attributes.get("group_id").and_then(Value::as_f64).filter(|id| *id > 0.0);
        let group = group.map(|id| format!(" group_id=\"{id}\"")).unwrap_or_default();
        format!("occluded=\"{}\" source=\"manual\" z_order=\"{order}\"{group}", u8::from(is_set(mark, "occluded")))
    };
    match &mark.shape {
        Shape::Class => {
            let _ = write!(text, "    <tag label=\"{label}\" source=\"manual\">");
            end("tag", mark, text);
        }
        Shape::Box(_) => {
            let [x, y, w, h] = frame.pixels(mark).unwrap_or_default();
            let [left, top, right, bottom] = [x, y, x + w, y + h].map(number);
            let _ = write!(
                text,
                "    <box label=\"{label}\" {} xtl=\"{left}\" ytl=\"{top}\" xbr=\"{right}\" ybr=\"{bottom}\">",
                rest()
            );
            end("box", mark, text);
        }
        Shape::Polygon { .. } => {
            for part in frame.corners(mark) {
                let points: Vec<String> = part.iter().map(|[x, y]| format!("{},{}", number(*x), number(*y))).collect();
                let _ = write!(text, "    <polygon label=\"{label}\" {} points=\"{}\">", rest(), points.join(";"));
                end("polygon", mark, text);
            }
        }
        Shape::Mask { size, counts } => {
            let Some(window) = mask::bounds(*size, counts) else { return };
            let [left, top, width, height] = window;
            let runs: Vec<String> = runs(&mask::window(*size, counts, window)).iter().map(u32::to_string).collect();
            let _ = write!(
                text,
                "    <mask label=\"{label}\" {} rle=\"{}\" left=\"{left}\" top=\"{top}\" width=\"{width}\" \
                 height=\"{height}\">",
                rest(),
                runs.join(", ")
            );
            end("mask", mark, text);
        }
    }
}

/// Lengths of alternating runs, beginning with unset pixels.
fn runs(bits: &[bool]) -> Vec<u32> {
    let (mut out, mut set, mut run) = (Vec::new(), false, 0);
    for bit in bits {
        if *bit != set {
            out.push(run);
            (set, run) = (*bit, 0);
        }
        run += 1;
    }
    out.push(run);
    out
}

impl Writer for Cvat {
    fn says(&self) -> Says {
        let attributes = Attributes::All;
        Says { class: true, classes: true, polygons: true, masks: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let mut text = format!("  <image id=\"{}\" name=\"{}\"", self.images, xml(&item.name));
        if !part(item).is_empty() {
            let _ = write!(text, " subset=\"{}\"", xml(part(item)));
        }
        let (width, height) = (item.width.unwrap_or(0), item.height.unwrap_or(0));
        let _ = writeln!(text, " width=\"{width}\" height=\"{height}\">");
        for mark in &item.marks {
            element(&frame, mark, &mut text);
            for (name, _) in others(mark) {
                let known = self.declared.entry(mark.class.clone()).or_default();
                if !known.contains(name) {
                    known.insert(name.to_owned());
                }
            }
        }
        text.push_str("  </image>\n");
        self.images += 1;
        if self.aside.is_none() {
            self.aside = Some(BufWriter::new(out.aside()?));
        }
        self.aside.as_mut().map_or(Ok(()), |aside| aside.write_all(text.as_bytes()))
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let mut file = BufWriter::new(out.create("annotations.xml")?);
        file.write_all(self.head().as_bytes())?;
        if let Some(mut aside) = self.aside.take() {
            aside.seek(SeekFrom::Start(0))?;
            io::copy(&mut aside.into_inner().map_err(io::IntoInnerError::into_error)?, &mut file)?;
        }
        file.write_all(b"</annotations>\n")?;
        file.flush()
    }
}
