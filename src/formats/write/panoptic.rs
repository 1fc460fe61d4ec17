//! COCO panoptic: a PNG for each picture in which every pixel has the number of its segment, and what the segments are.
//!
//! A pixel belongs to one segment: of two marks that overlap the later one has it, and what is then left of the earlier is
//! what is written of it; a mark of which nothing is left is told as lost.

use super::coco::{Open, categories};
use super::geometry::Frame;
use super::reduce::is_set;
use super::split::{Parts, below, part};
use super::text::stem;
use super::{About, Attributes, Entry, Losses, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Outputs};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// The largest picture whose pixels are held, as many as our own reader takes.
const PIXELS: u64 = 64 << 20;

/// Writes COCO panoptic.
pub(super) struct Panoptic {
    about: Arc<About>,
    open: Parts<Open>,
    lost: Losses,
}

impl Panoptic {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default(), lost: Losses::default() }
    }

    /// The path of the JSON file without its ending, which is that of the folder of its PNGs.
    fn base(part: &str) -> String {
        if part.is_empty() { "panoptic".to_owned() } else { format!("annotations/panoptic_{part}") }
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let path = format!("{}.json", Self::base(part));
        Open::begin(about, &path, &categories(about, &json!({"isthing": 1})), out)
    }
}

/// The numbers of the segments, row by row; 0 is nothing.
struct Canvas {
    width: usize,
    height: usize,
    numbers: Vec<u16>,
}

impl Canvas {
    fn run(&mut self, y: usize, from: usize, to: usize, number: u16) {
        let start = y * self.width;
        let row = self.numbers.get_mut(start + from.min(self.width)..start + to.min(self.width));
        row.into_iter().flatten().for_each(|pixel| *pixel = number);
    }

    /// The pixels whose middle lies inside a part of a polygon; where its lines cross, every other piece is inside.
    fn part(&mut self, corners: &[[f64; 2]], number: u16) {
        let ys = || corners.iter().map(|c| c[1]);
        let (top, bottom) = (ys().fold(f64::INFINITY, f64::min), ys().fold(f64::NEG_INFINITY, f64::max));
        let row = |y: f64| y.clamp(0.0, self.height as f64) as usize;
        let (mut crossings, width) = (Vec::new(), self.width as f64);
        for y in row(top.floor())..row(bottom.ceil()) {
            let middle = y as f64 + 0.5;
            crossings.clear();
            let ends = corners.iter().cycle().skip(1);
            for ([x0, y0], [x1, y1]) in corners.iter().zip(ends) {
                if (*y0 <= middle) != (*y1 <= middle) {
                    crossings.push(x0 + (middle - y0) / (y1 - y0) * (x1 - x0));
                }
            }
            crossings.sort_by(f64::total_cmp);
            let column = |x: f64| (x - 0.5).ceil().clamp(0.0, width) as usize;
            for [from, to] in crossings.chunks_exact(2).filter_map(|pair| <[f64; 2]>::try_from(pair).ok()) {
                self.run(y, column(from), column(to), number);
            }
        }
    }

    fn mask(&mut self, counts: &[u32], number: u16) {
        for (from, to) in mask::ones(counts) {
            for pixel in from as usize..to as usize {
                let (x, y) = (pixel / self.height, pixel % self.height);
                if let Some(slot) = self.numbers.get_mut(y * self.width + x) {
                    *slot = number;
                }
            }
        }
    }

    /// Of each segment its pixels, and the box around them: left, top, right, bottom.
    fn measure(&self, segments: usize) -> Vec<(u64, [usize; 4])> {
        let mut out = vec![(0, [usize::MAX, usize::MAX, 0, 0]); segments + 1];
        for (y, row) in self.numbers.chunks_exact(self.width.max(1)).enumerate() {
            for (x, number) in row.iter().enumerate().filter(|(_, number)| **number > 0) {
                if let Some((area, [left, top, right, bottom])) = out.get_mut(usize::from(*number)) {
                    *area += 1;
                    (*left, *top) = ((*left).min(x), (*top).min(y));
                    (*right, *bottom) = ((*right).max(x + 1), (*bottom).max(y + 1));
                }
            }
        }
        out
    }

    /// The PNG: a number is `R + 256 G`.
    fn write(&self, out: Box<dyn Write + Send>) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let whole = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut out, whole(self.width), whole(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        let mut pixels = writer.stream_writer()?;
        let mut bytes = Vec::with_capacity(self.width * 3);
        for row in self.numbers.chunks_exact(self.width.max(1)) {
            bytes.clear();
            bytes.extend(row.iter().flat_map(|number| [*number as u8, (*number >> 8) as u8, 0]));
            pixels.write_all(&bytes)?;
        }
        pixels.finish()?;
        writer.finish()?;
        out.flush()
    }
}

/// Paints the marks one over the other; those that have no place on the picture are left out.
fn painted(item: &Item, lost: &mut Losses) -> Canvas {
    let (width, height) = (item.width.unwrap_or(0) as usize, item.height.unwrap_or(0) as usize);
    let mut canvas = Canvas { width, height, numbers: vec![0; width * height] };
    let frame = Frame::of(item);
    for (mark, number) in item.marks.iter().zip(1_u16..) {
        match &mark.shape {
            Shape::Mask { size, counts } if size.map(|side| side as usize) == [height, width] => {
                canvas.mask(counts, number);
            }
            Shape::Mask { .. } => lost.lose("masks of another size than their picture are not written", 1),
            _ => frame.corners(mark).iter().for_each(|part| canvas.part(part, number)),
        }
    }
    canvas
}

fn segment(mark: &Mark, number: usize, category: usize, (area, around): (u64, [usize; 4])) -> Value {
    let [left, top, right, bottom] = around;
    json!({
        "id": number, "category_id": category, "area": area, "iscrowd": u8::from(is_set(mark, "iscrowd")),
        "bbox": [left, top, right - left, bottom - top],
    })
}

impl Writer for Panoptic {
    fn says(&self) -> Says {
        let attributes = Attributes::Named(&["iscrowd"]);
        Says { boxes: false, polygons: true, parts: true, masks: true, by_stem: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("images", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, about) = (entry.item, &self.about);
        let pixels = u64::from(item.width.unwrap_or(0)) * u64::from(item.height.unwrap_or(0));
        if pixels > PIXELS || item.marks.len() >= usize::from(u16::MAX) {
            self.lost.lose("pictures are left out, because they have too many pixels or segments", 1);
            return Ok(());
        }
        let open = self.open.of(part(item), || Self::begin(about, part(item), out))?;
        open.image(entry.id, item)?;
        let canvas = painted(item, &mut self.lost);
        let mut segments = Vec::with_capacity(item.marks.len());
        let measured = canvas.measure(item.marks.len());
        for ((mark, number), measured) in item.marks.iter().zip(1..).zip(measured.into_iter().skip(1)) {
            match measured.0 {
                0 => self.lost.lose("segments without a pixel of their own are not written", 1),
                _ => segments.push(segment(mark, number, about.classes.number_of(&mark.class), measured)),
            }
        }
        let name = format!("{}.png", stem(&item.name));
        canvas.write(out.create(&format!("{}/{name}", Self::base(part(item))))?)?;
        open.annotation(|_| json!({"image_id": entry.id, "file_name": name, "segments_info": segments}))
    }

    fn losses(&self) -> Losses {
        self.lost.clone()
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        self.open.all(about, |part| Self::begin(about, part, out))?;
        self.open.drain().try_for_each(|(_, open)| open.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_whose_middle_is_inside_are_painted_and_the_later_wins() {
        let mut canvas = Canvas { width: 4, height: 3, numbers: vec![0; 12] };
        canvas.part(&[[0.5, 0.0], [4.0, 0.0], [4.0, 3.0], [0.5, 3.0]], 1);
        // Column by column: the second pixel of the first column, and all of the second.
        canvas.mask(&[1, 1, 1, 3, 6], 2);
        assert_eq!(canvas.numbers, [1, 2, 1, 1, 2, 2, 1, 1, 1, 2, 1, 1]);
        assert_eq!(canvas.measure(2)[1..], [(8, [0, 0, 4, 3]), (4, [0, 0, 2, 3])]);
    }
}
