//! CSV with one row a box: `filename,label,x,y,w,h,width,height,split`, in pixels.
//!
//! A class of a whole picture has a label and no numbers, a picture with nothing on it has neither.

use super::geometry::Frame;
use super::split::part;
use super::{About, Entry, Losses, Picture, Says, Writer};
use crate::formats::csv::guarded;
use crate::formats::dataset::{Item, Outputs};
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

const HEADER: [&str; 9] = ["filename", "label", "x", "y", "w", "h", "width", "height", "split"];

/// Writes rows of boxes.
pub(super) struct CsvBoxes {
    about: Arc<About>,
    file: Option<csv::Writer<Box<dyn Write + Send>>>,
    lost: Losses,
}

impl CsvBoxes {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, file: None, lost: Losses::default() }
    }

    fn open(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        if self.file.is_none() {
            let file = out.create("annotations.csv")?;
            let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
            file.write_record(HEADER)?;
            self.file = Some(file);
        }
        Ok(())
    }

    fn cell<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        let cell = if self.about.options.guard_formulas { guarded(text) } else { Cow::Borrowed(text) };
        self.lost.lose(crate::formats::csv::GUARDED, u64::from(matches!(cell, Cow::Owned(_))));
        cell
    }
}

impl Writer for CsvBoxes {
    fn says(&self) -> Says {
        Says { class: true, classes: true, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        self.open(out)?;
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let name = self.cell(&item.name);
        let size = [item.width, item.height].map(|v| v.map_or_else(String::new, |v| v.to_string()));
        let mut rows = Vec::new();
        for mark in &item.marks {
            let numbers = match frame.pixels(mark) {
                Some(b) => b.map(|v| v.to_string()),
                None => Default::default(),
            };
            rows.push((self.cell(&mark.class), numbers));
        }
        if rows.is_empty() {
            rows.push((Cow::Borrowed(""), Default::default()));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        for (label, numbers) in &rows {
            let front = [name.as_ref(), label.as_ref()];
            let all = front.into_iter().chain(numbers.iter().chain(&size).map(String::as_str)).chain([part(item)]);
            file.write_record(all)?;
        }
        Ok(())
    }

    fn losses(&self) -> Losses {
        self.lost.clone()
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open(out)?;
        self.file.take().map_or(Ok(()), |mut file| file.flush())
    }
}
