//! What is open for each part of a data set.

use super::About;
use crate::formats::dataset::Item;

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

    pub(super) fn drain(&mut self) -> impl Iterator<Item = (String, T)> + '_ {
        self.0.drain(..)
    }
}

/// The part an item belongs to; empty where the data set is not split.
pub(super) fn part(item: &Item) -> &str {
    item.split.as_deref().unwrap_or_default()
}

/// All parts of the data set; one without a name where it is not split.
pub(super) fn parts(about: &About) -> Vec<String> {
    if about.splits.is_empty() { vec![String::new()] } else { about.splits.clone() }
}

/// `images/train/a.jpg`, or `images/a.jpg` without a part.
pub(super) fn below(folder: &str, part: &str, name: &str) -> String {
    [folder, part, name].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/")
}
