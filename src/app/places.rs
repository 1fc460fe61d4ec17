//! Places that are remembered between sessions, as the screens use them.

/// Recents and bookmarks in canonical form, and the project that was open last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Places visited, last first, each once.
    pub recents: Vec<String>,
    /// Bookmarks, in the order they were made.
    pub bookmarks: Vec<String>,
    /// The project that was open last.
    pub last_project: Option<i64>,
}

/// How many recent places are kept.
const RECENT: usize = 50;

impl Places {
    /// Puts a place first.
    pub fn visit(&mut self, place: &str) {
        self.recents.retain(|p| p != place);
        self.recents.insert(0, place.to_owned());
        self.recents.truncate(RECENT);
    }

    /// Makes a bookmark, or removes it. Returns whether there is one now.
    pub fn toggle_bookmark(&mut self, place: &str) -> bool {
        let had = self.bookmarks.iter().any(|p| p == place);
        self.bookmarks.retain(|p| p != place);
        if !had {
            self.bookmarks.push(place.to_owned());
        }
        !had
    }
}
