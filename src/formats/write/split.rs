//! What is open for each part of a data set.

use super::About;
use crate::formats::dataset::{Item, Outputs};
use std::io::{self, BufWriter, Write};

/// Something for each part; one thing where the data set is not split.
#[derive(Debug)]
pub(super) struct Parts<T>(Vec<(String, T)>);

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Parts<T> {
    /// What belongs to a part; made by `make` the first time.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn of<E>(&mut self, part: &str, make: impl FnOnce() -> Result<T, E>) -> Result<&mut T, E> {
        let at = match self.0.iter().position(|(name, _)| name == part) {
            Some(at) => at,
            None => {
                self.0.push((part.to_owned(), make()?));
                self.0.len() - 1
            }
        };
        // The index has just been found.
        #[allow(clippy::indexing_slicing)]
        Ok(&mut self.0[at].1)
    }

    /// Has every part of the data set, those without an item as well.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn all(&mut self, about: &About, mut make: impl FnMut(&str) -> io::Result<T>) -> io::Result<()> {
        parts(about).iter().try_for_each(|part| self.of(part, || make(part)).map(drop))
    }

    /// Has at least one part: the first of the data set where none has an item.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn any(&mut self, about: &About, mut make: impl FnMut(&str) -> io::Result<T>) -> io::Result<()> {
        let first = parts(about).into_iter().next().filter(|_| self.0.is_empty());
        first.map_or(Ok(()), |part| self.of(&part, || make(&part)).map(drop))
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = (String, T)> + '_ {
        self.0.drain(..)
    }
}

/// A JSON file that is one list of entries, each on a line of its own.
pub(super) struct List {
    file: BufWriter<Box<dyn Write + Send>>,
    /// What stands after the last entry.
    tail: &'static str,
    empty: bool,
}

impl List {
    /// Begins the file with what stands before the first entry.
    pub(super) fn begin(out: &mut dyn Outputs, path: &str, head: &str, tail: &'static str) -> io::Result<Self> {
        let mut file = BufWriter::new(out.create(path)?);
        file.write_all(head.as_bytes())?;
        Ok(Self { file, tail, empty: true })
    }

    /// Where the next entry is written to.
    pub(super) fn entry(&mut self) -> io::Result<&mut impl Write> {
        self.file.write_all(if std::mem::take(&mut self.empty) { b"\n".as_slice() } else { b",\n" })?;
        Ok(&mut self.file)
    }

    /// Ends the file.
    pub(super) fn end(mut self) -> io::Result<()> {
        writeln!(self.file, "\n{}", self.tail)?;
        self.file.flush()
    }
}

impl Parts<List> {
    /// Ends the files of all parts.
    pub(super) fn end(&mut self, about: &About, begin: impl FnMut(&str) -> io::Result<List>) -> io::Result<()> {
        self.all(about, begin)?;
        self.drain().try_for_each(|(_, list)| list.end())
    }
}

/// The part an item belongs to; empty where the data set is not split.
pub(super) fn part(item: &Item) -> &str {
    item.split.as_deref().unwrap_or_default()
}

/// All parts of the data set; one without a name where it is not split.
fn parts(about: &About) -> Vec<String> {
    if about.splits.is_empty() { vec![String::new()] } else { about.splits.clone() }
}

/// `images/train/a.jpg`, or `images/a.jpg` without a part.
pub(super) fn below(folder: &str, part: &str, name: &str) -> String {
    [folder, part, name].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/")
}
