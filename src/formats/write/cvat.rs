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
use std::fmt::Write as _;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

/// Writes CVAT's XML.
pub(super) struct Cvat {
    about: Arc<About>,
    aside: Option<BufWriter<Box<dyn Aside>>>,
    images: u64,
}

impl Cvat {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, aside: None, images: 0 }
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
            let _ = writeln!(
                text,
                "        <label>\n          <name>{}</name>\n          <attributes>\n          </attributes>\n        </label>",
                xml(name)
            );
        }
        text.push_str("      </labels>\n    </task>\n  </meta>\n");
        text
    }
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
        let order = mark.attributes.get("z_order").and_then(Value::as_i64).unwrap_or(0);
        format!("occluded=\"{}\" source=\"manual\" z_order=\"{order}\"", u8::from(is_set(mark, "occluded")))
    };
    match &mark.shape {
        Shape::Class => {
            let _ = writeln!(text, "    <tag label=\"{label}\" source=\"manual\"></tag>");
        }
        Shape::Box(_) => {
            let [x, y, w, h] = frame.pixels(mark).unwrap_or_default();
            let [left, top, right, bottom] = [x, y, x + w, y + h].map(number);
            let _ = writeln!(
                text,
                "    <box label=\"{label}\" {} xtl=\"{left}\" ytl=\"{top}\" xbr=\"{right}\" ybr=\"{bottom}\"></box>",
                rest()
            );
        }
        Shape::Polygon { .. } => {
            for part in frame.corners(mark) {
                let points: Vec<String> = part.iter().map(|[x, y]| format!("{},{}", number(*x), number(*y))).collect();
                let _ = writeln!(
                    text,
                    "    <polygon label=\"{label}\" {} points=\"{}\"></polygon>",
                    rest(),
                    points.join(";")
                );
            }
        }
        Shape::Mask { size, counts } => {
            let Some(window) = mask::bounds(*size, counts) else { return };
            let [left, top, width, height] = window;
            let runs: Vec<String> = runs(&mask::window(*size, counts, window)).iter().map(u32::to_string).collect();
            let _ = writeln!(
                text,
                "    <mask label=\"{label}\" {} rle=\"{}\" left=\"{left}\" top=\"{top}\" width=\"{width}\" \
                 height=\"{height}\"></mask>",
                rest(),
                runs.join(", ")
            );
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
        let attributes = Attributes::Named(&["occluded", "z_order"]);
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
