//! Where the guideline of a project is kept: with the project, in its store, so that everybody reads the same.

/// The setting that holds it, as Markdown.
pub const SETTING: &str = "guideline";
/// Bytes of a guideline at most: it is read whole, by people.
pub const LONGEST: usize = 256_000;
