//! Marks of one column, each with an ASCII stand-in for terminals and fonts that have no more.

/// A mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyph {
    /// Everything is stored.
    Saved,
    /// Edits wait to be sent.
    Unsent,
    /// The store cannot be reached.
    Offline,
    /// Two people changed the same thing.
    Conflict,
    /// Somebody flagged the sample.
    Flag,
    /// The person was not sure.
    Unsure,
    /// The sample was skipped.
    Skipped,
    /// The sample has a label.
    Labeled,
    /// The sample has none yet.
    Unlabeled,
    /// A model proposed it.
    Predicted,
    /// A review accepted it.
    Accepted,
    /// A review rejected it.
    Rejected,
    /// There is a comment.
    Comment,
    /// There are near duplicates.
    Duplicate,
    /// Chosen, one of many.
    Selected,
    /// Taken into a selection.
    Marked,
    /// The line that is meant, where reverse video is not used.
    Cursor,
    /// The class that was given.
    Given,
    /// Error.
    Danger,
    /// Warning.
    Warning,
    /// Success.
    Success,
    /// Information.
    Info,
    /// Folder.
    Folder,
    /// Any file.
    File,
    /// Image file.
    Image,
    /// Table.
    Table,
    /// Volume.
    Volume,
    /// Catalog.
    Catalog,
    /// Schema.
    Schema,
    /// Project.
    Project,
    /// Bookmark.
    Bookmark,
    /// Text was cut.
    Ellipsis,
    /// Between two facts on one line.
    Separator,
    /// From, to.
    Arrow,
    /// Grows; sorted upwards.
    Up,
    /// Falls; sorted downwards.
    Down,
    /// There is more to the left.
    Left,
    /// There is more to the right.
    Right,
    /// An open branch.
    Open,
    /// A closed branch.
    Closed,
    /// Horizontal line.
    LineAcross,
    /// Vertical line.
    LineDown,
    /// A full cell of a bar.
    BarFull,
    /// An empty cell of a bar.
    BarEmpty,
    /// The thumb of a scroll bar.
    Thumb,
    /// The track of a scroll bar.
    Track,
    /// Runs.
    Running,
    /// Waits for its turn.
    Waiting,
    /// Was cancelled.
    Cancelled,
    /// Added in a comparison.
    Added,
    /// Removed in a comparison.
    Removed,
    /// "By", between two numbers.
    Times,
    /// A place for text that hides what is typed.
    Hidden,
    /// A switch that is on.
    On,
    /// A switch that is off.
    Off,
}

impl Glyph {
    /// The Unicode and the ASCII form; both are one column wide.
    #[must_use]
    pub const fn forms(self) -> (&'static str, &'static str) {
        match self {
            Self::Saved | Self::Success | Self::Accepted => ("✓", "+"),
            Self::Unsent => ("↑", "^"),
            Self::Offline => ("◌", "~"),
            Self::Conflict => ("≠", "!"),
            Self::Flag => ("⚑", "F"),
            Self::Unsure => ("?", "?"),
            Self::Skipped | Self::Cancelled => ("–", "-"),
            Self::Labeled => ("●", "@"),
            Self::Unlabeled | Self::Waiting => ("○", "o"),
            Self::Predicted => ("◇", "*"),
            Self::Rejected | Self::Danger => ("✗", "x"),
            Self::Comment => ("¶", "\""),
            Self::Duplicate => ("≈", "="),
            Self::Selected => ("●", "*"),
            Self::Marked => ("▪", "*"),
            Self::Cursor => ("›", ">"),
            Self::Given => ("▍", "<"),
            Self::Warning => ("!", "!"),
            Self::Info => ("·", ":"),
            Self::Folder => ("▸", "/"),
            Self::File => ("·", "."),
            Self::Image => ("▫", "%"),
            Self::Table => ("▦", "#"),
            Self::Volume => ("◫", "="),
            Self::Catalog => ("◆", "C"),
            Self::Schema => ("◇", "S"),
            Self::Project => ("■", "P"),
            Self::Bookmark => ("★", "*"),
            Self::Ellipsis => ("…", "~"),
            Self::Separator => ("·", "|"),
            Self::Arrow => ("→", ">"),
            Self::Up => ("↑", "^"),
            Self::Down => ("↓", "v"),
            Self::Left => ("‹", "<"),
            Self::Right => ("›", ">"),
            Self::Open => ("▾", "-"),
            Self::Closed => ("▸", "+"),
            Self::LineAcross => ("─", "-"),
            Self::LineDown | Self::Track => ("│", "|"),
            Self::BarFull => ("█", "#"),
            Self::BarEmpty => ("░", "."),
            Self::Thumb => ("┃", "#"),
            Self::Running => ("▶", ">"),
            Self::Added => ("+", "+"),
            Self::Removed => ("−", "-"),
            Self::Times => ("×", "x"),
            Self::Hidden => ("•", "*"),
            Self::On => ("◉", "x"),
            Self::Off => ("○", "."),
        }
    }
}

/// Parts of a cell filled from the left, in eighths: 0 to 8.
pub const BAR: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// The same in ASCII.
pub const BAR_ASCII: [&str; 9] = [".", ".", ".", "-", "-", "-", "=", "=", "#"];
/// Heights of a sparkline, in eighths: 0 to 8.
pub const SPARK: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same in ASCII.
pub const SPARK_ASCII: [&str; 9] = [" ", "_", ".", ",", "-", "~", "=", "*", "#"];
/// The steps of a spinner.
pub const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠹"];
/// The same in ASCII.
pub const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];
