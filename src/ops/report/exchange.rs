//! What imports and exports tell a person, before and after. Texts are safe to show unless it says otherwise.

use super::ImportReport;
use std::path::PathBuf;

/// Everything that is told of an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The counters.
    pub report: ImportReport,
    /// The format that was read.
    pub format: &'static str,
    /// Things to know.
    pub notes: Vec<String>,
    /// Why nothing was imported, with what would help.
    pub stopped: Option<String>,
    /// Pictures that somebody changed while this ran; they stay as they are.
    pub conflicts: u64,
    /// Classes that the project did not have, as the file writes them.
    pub new_classes: Vec<String>,
    /// The first rejected rows: place and reason.
    pub rejected: Vec<String>,
    /// The file of rejected rows, if there are any.
    pub rejects: Option<PathBuf>,
}

impl Imported {
    /// Whether the project stays, or stayed, as it was.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        let ImportReport { annotations, created, answered, replaced, comments, listed, .. } = &self.report;
        annotations + created + answered + replaced + comments + listed == 0
    }

    /// Whether the project has none of the pictures of the file.
    #[must_use]
    pub fn knows_none(&self) -> bool {
        self.report.read > 0 && self.report.matched + self.report.created == 0
    }

    /// Whether answers or classes of the project are others than before: what an undo takes back.
    #[must_use]
    pub fn changes_answers(&self) -> bool {
        self.report.answered > 0 || !self.new_classes.is_empty()
    }

    /// What an undo leaves, because it is no answer; in words.
    #[must_use]
    pub fn stays(&self) -> Vec<&'static str> {
        let ImportReport { guesses, created, comments, listed, skeletons, .. } = &self.report;
        let parts = [
            (*guesses, "guesses"),
            (*comments, "remarks"),
            (*listed, "lists of parts"),
            (*created, "new pictures"),
            (*skeletons, "names of key points"),
        ];
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(_, what)| what).collect()
    }
}

/// What becomes of a picture of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// The project has it.
    #[default]
    Found,
    /// It becomes a sample.
    Made,
    /// It is left out.
    LeftOut,
    /// It cannot be taken.
    Wrong,
}

/// The first pictures of a file as the real reader reads them, and what would become of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportPreview {
    /// The format that is read.
    pub format: &'static str,
    /// It was recognised by its content.
    pub recognised: bool,
    /// Pictures and wrong rows, in the order of the file.
    pub rows: Vec<PreviewRow>,
    /// There are more.
    pub more: bool,
    /// Classes that the file declares or the first pictures have, in the order of the file.
    pub classes: Vec<PreviewClass>,
    /// Things to know.
    pub notes: Vec<String>,
    /// Why reading ended early: the file is broken there.
    pub broken: Option<String>,
}

/// A picture of a file, or a row that is wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreviewRow {
    /// Where it stands: `labels.csv, row 3`.
    pub place: String,
    /// The picture as the file names it.
    pub picture: String,
    /// What is on it, in words.
    pub says: String,
    /// What becomes of it.
    pub fate: Fate,
    /// What is wrong with it, each with its place.
    pub faults: Vec<String>,
}

/// A class of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewClass {
    /// Its name in the file, as it stands there.
    pub name: String,
    /// How often it is on the first pictures.
    pub seen: u64,
    /// What it is in the project.
    pub means: ClassMeans,
}

/// What a class of a file is in a project. Names as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassMeans {
    /// This class.
    Known(String),
    /// A class that is added.
    New(String),
    /// A class that is added only if a picture has it that is not left out; none of the first ones does.
    LeftOut,
    /// Nothing; says why.
    Refused(String),
}

impl Default for ClassMeans {
    fn default() -> Self {
        Self::New(String::new())
    }
}
