//! Pascal VOC: an XML file for each picture, lists of pictures, and a label map for CVAT and datumaro.
//!
//! Pixels are counted from 0 and the right and lower edges are the ones after the last pixel, as most programs write and
//! read it; with [`super::Options::voc_origin`] 1 they are counted from 1 and the edges are inside, as in the devkit.

use super::geometry::{Frame, round6};
use super::reduce::is_set;
use super::split::{Parts, part};
use super::text::{stem, xml};
use super::{About, Attributes, Entry, Losses, Picture, Says, Writer};
use crate::formats::dataset::{Item, Mark, Outputs};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

type List = BufWriter<Box<dyn Write + Send>>;

/// Writes Pascal VOC.
pub(super) struct Voc {
    about: Arc<About>,
    lists: Parts<List>,
}

impl Voc {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, lists: Parts::default() }
    }

    fn list(part: &str, out: &mut dyn Outputs) -> io::Result<List> {
        let name = if part.is_empty() { "default" } else { part };
        Ok(BufWriter::new(out.create(&format!("ImageSets/Main/{name}.txt"))?))
    }

    fn object(&self, frame: &Frame, mark: &Mark, text: &mut String) {
        let Some([x, y, w, h]) = frame.pixels(mark) else { return };
        let one = f64::from(self.about.options.voc_origin);
        let (left, top) = (round6(x + one), round6(y + one));
        // From 1, the last pixel has the number that the edge after it has from 0.
        let (right, bottom) = (round6(x + w), round6(y + h));
        let pose = mark.attributes.get("pose").and_then(Value::as_str).unwrap_or("Unspecified");
        let flag = |name: &str| u8::from(is_set(mark, name));
        let _ = write!(
            text,
            "\t<object>\n\t\t<name>{}</name>\n\t\t<pose>{}</pose>\n\t\t<truncated>{}</truncated>\n\
             \t\t<difficult>{}</difficult>\n",
            xml(&mark.class),
            xml(pose),
            flag("truncated"),
            flag("difficult")
        );
        if mark.attributes.contains_key("occluded") {
            let _ = writeln!(text, "\t\t<occluded>{}</occluded>", flag("occluded"));
        }
        let _ = write!(
            text,
            "\t\t<bndbox>\n\t\t\t<xmin>{left}</xmin>\n\t\t\t<ymin>{top}</ymin>\n\t\t\t<xmax>{right}</xmax>\n\
             \t\t\t<ymax>{bottom}</ymax>\n\t\t</bndbox>\n\t</object>\n"
        );
    }
}

impl Writer for Voc {
    fn says(&self) -> Says {
        let attributes = Attributes::Named(&["pose", "truncated", "difficult", "occluded"]);
        Says { by_stem: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("JPEGImages/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let item = entry.item;
        let database = if self.about.options.voc_origin == 1 { "The VOC2007 Database" } else { "Unknown" };
        let mut text = format!(
            "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>{}</filename>\n\
             \t<source>\n\t\t<database>{database}</database>\n\t</source>\n\
             \t<size>\n\t\t<width>{}</width>\n\t\t<height>{}</height>\n\t\t<depth>3</depth>\n\t</size>\n\
             \t<segmented>0</segmented>\n",
            xml(&item.name),
            item.width.unwrap_or(0),
            item.height.unwrap_or(0)
        );
        let frame = Frame::of(item);
        for mark in &item.marks {
            self.object(&frame, mark, &mut text);
        }
        text.push_str("</annotation>\n");
        let name = stem(&item.name);
        let mut file = out.create(&format!("Annotations/{name}.xml"))?;
        file.write_all(text.as_bytes())?;
        file.flush()?;
        let part = part(item);
        writeln!(self.lists.of(part, || Self::list(part, out))?, "{name}")
    }

    fn losses(&self) -> Losses {
        let mut lost = Losses::default();
        let odd = self.about.classes.names().filter(|n| n.contains([':', '\n', '#'])).count();
        lost.lose("class names with a colon, a hash or a line break stand in no labelmap.txt", odd as u64);
        lost
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.lists.all(&self.about, |part| Self::list(part, out))?;
        self.lists.drain().try_for_each(|(_, mut list)| list.flush())?;
        let mut text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\n".to_owned();
        for (i, name) in self.about.classes.names().enumerate() {
            if !name.contains([':', '\n', '#']) && name != "background" {
                let [r, g, b] = colour(i + 1);
                let _ = writeln!(text, "{name}:{r},{g},{b}::");
            }
        }
        let mut file = out.create("labelmap.txt")?;
        file.write_all(text.as_bytes())?;
        file.flush()
    }
}

/// The colour of the devkit's map: the bits of the number, dealt out to red, green and blue from the highest bit down.
fn colour(number: usize) -> [u8; 3] {
    let (mut colour, mut left) = ([0_u8; 3], number);
    for bit in (0..8).rev() {
        for (channel, value) in colour.iter_mut().enumerate() {
            *value |= ((left >> channel & 1) as u8) << bit;
        }
        left >>= 3;
    }
    colour
}
