//! What is remembered between sessions: recent places with where the cursor stood, bookmarks, the last session.
//!
//! It is a convenience: a file that cannot be read counts as empty, and nothing that matters is kept here.

use super::private_file;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// A file larger than this is not ours.
const LARGEST_FILE: u64 = 4 << 20;
/// Recent places that are kept.
const MOST_RECENT: usize = 100;

/// Something that can be opened again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A place in the lake, in canonical form.
    Path(String),
    /// A project of a store.
    Project {
        /// The store, as in the setting; empty for the default.
        store: String,
        /// The project's name.
        name: String,
    },
}

/// A place and how it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Which.
    pub place: Place,
    /// The name under the cursor, or the path of the sample.
    #[serde(default)]
    pub cursor: String,
    /// The filter, in its text form.
    #[serde(default)]
    pub filter: String,
    /// The order, by its name.
    #[serde(default)]
    pub order: String,
    /// The screen that was open, by its name.
    #[serde(default)]
    pub screen: String,
    /// When it was left.
    pub at: Timestamp,
}

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Places, last one first, each once. The first one is the last session.
    pub recents: Vec<Recent>,
    /// Places by the letter they were marked with.
    pub bookmarks: BTreeMap<char, String>,
}

impl Remembered {
    /// Reads the file; what cannot be read counts as empty.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        let text = private_file::read_text(file, LARGEST_FILE).ok().flatten();
        text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default()
    }

    /// Reads the file, changes what it holds, and replaces it, so that what another process wrote meanwhile is kept.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn change(file: &Path, change: impl FnOnce(&mut Self)) -> io::Result<Self> {
        let mut remembered = Self::read(file);
        change(&mut remembered);
        private_file::replace(file, &serde_json::to_vec_pretty(&remembered)?)?;
        Ok(remembered)
    }

    /// Puts a place first.
    pub fn remember(&mut self, recent: Recent) {
        self.recents.retain(|r| r.place != recent.place);
        self.recents.insert(0, recent);
        self.recents.truncate(MOST_RECENT);
    }

    /// How a place was left, if it is remembered.
    #[must_use]
    pub fn find(&self, place: &Place) -> Option<&Recent> {
        self.recents.iter().find(|r| r.place == *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(path: &str) -> Recent {
        let empty = String::new();
        let (filter, order, screen) = (empty.clone(), empty.clone(), empty);
        Recent {
            place: Place::Path(path.to_owned()),
            cursor: "x.jpg".to_owned(),
            filter,
            order,
            screen,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn places_come_back_and_a_broken_file_counts_as_empty() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state/places.json");
        for path in ["/a", "/b", "/a"] {
            Remembered::change(&file, |r| r.remember(recent(path))).unwrap();
        }
        let read = Remembered::read(&file);
        assert_eq!(read.recents, [recent("/a"), recent("/b")]);
        assert_eq!(read.find(&Place::Path("/b".to_owned())), Some(&recent("/b")));
        std::fs::write(&file, "{ not json").unwrap();
        assert_eq!(Remembered::read(&file), Remembered::default());
    }
}
