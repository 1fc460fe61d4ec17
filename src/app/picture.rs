//! Which pictures a screen wants, and what is known of them. Plain data between the screens and the presenter.

use crate::domain::lake_path::LakePath;
use crate::media::info::ImageInfo;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The first character of a stamp that tells contents apart within one run of the program only.
pub const SESSION: char = '#';

/// One picture file: where it is, and what tells its present content from an older one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PictureRef {
    /// Where.
    pub path: Arc<LakePath>,
    /// Modification time, ETag or whatever changes with the content; may be empty.
    pub etag: Arc<str>,
}

/// The part of the picture that is wanted, normalised `0..1` in the displayed frame, scaled by 2^16 so that it can be
/// compared and hashed exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

impl Window {
    /// One, in the units of a window.
    pub const ONE: u32 = 1 << 16;
    /// The whole picture.
    pub const ALL: Self = Self { x: 0, y: 0, w: Self::ONE, h: Self::ONE };
}

/// Which colours of a picture are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// All of them.
    #[default]
    All,
    /// Red alone, as grey.
    Red,
    /// Green alone, as grey.
    Green,
    /// Blue alone, as grey.
    Blue,
}

/// How the colours of a picture are shown. The default shows them as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Look {
    /// Steps of brightness, -10 to 10.
    pub brightness: i8,
    /// Steps of contrast, -10 to 10.
    pub contrast: i8,
    /// Which channel.
    pub channel: Channel,
}

/// How the line of a mark is drawn: classes differ by it as well as by colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stroke {
    /// Unbroken.
    #[default]
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// A box drawn over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// Where, in the displayed frame of the whole picture.
    pub at: Window,
    /// Its colour, sRGB.
    pub rgb: [u8; 3],
    /// Its line.
    pub stroke: Stroke,
}

/// The form of a shape that is no box, in the displayed frame of the whole picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Closed lines through these corners, in the units of a [`Window`].
    Loops(Arc<[Vec<(u32, u32)>]>),
    /// The ones of a bitmap: column-major run lengths that start with zeros.
    Mask {
        /// Height and width.
        size: [u32; 2],
        /// Alternating lengths of zeros and ones.
        counts: Arc<[u32]>,
    },
}

/// The outline of a polygon or a mask over a picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Figure {
    /// Its form.
    pub form: Form,
    /// Its colour, sRGB.
    pub rgb: [u8; 3],
    /// Its line.
    pub stroke: Stroke,
}

/// All that is drawn over a picture. It is a part of the key of every prepared picture, so it is cheap to copy, to compare
/// and to hash however much it is.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    boxes: Arc<[Mark]>,
    figures: Arc<[Figure]>,
    /// Of the content; 0 for nothing.
    digest: u64,
}

impl Marks {
    /// Boxes, those below others first, and other shapes.
    #[must_use]
    pub fn new(boxes: Vec<Mark>, figures: Vec<Figure>) -> Self {
        if boxes.is_empty() && figures.is_empty() {
            return Self::default();
        }
        let mut hasher = DefaultHasher::new();
        (&boxes, &figures).hash(&mut hasher);
        Self { boxes: boxes.into(), figures: figures.into(), digest: hasher.finish() }
    }

    /// The boxes.
    #[must_use]
    pub fn boxes(&self) -> &[Mark] {
        &self.boxes
    }

    /// The other shapes.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.boxes.len() + self.figures.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PartialEq for Marks {
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.boxes, &other.boxes) && Arc::ptr_eq(&self.figures, &other.figures);
        self.digest == other.digest && (same || self.boxes == other.boxes && self.figures == other.figures)
    }
}

impl Eq for Marks {}

impl Hash for Marks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

/// Where a picture stands on the screen, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRect {
    /// Column of the left edge.
    pub x: u16,
    /// Row of the top edge.
    pub y: u16,
    /// Columns.
    pub w: u16,
    /// Rows.
    pub h: u16,
}

/// A picture that a frame shows. The presenter fits it into the cells, keeping its aspect, centred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureArea {
    /// Which place on the screen this is: the same place keeps its old picture until the new one is ready to replace it
    /// in one step, so that no frame between the two is blank.
    pub place: u32,
    /// Which picture.
    pub picture: PictureRef,
    /// Which part of it.
    pub window: Window,
    /// In which colours.
    pub look: Look,
    /// What is drawn into it.
    pub marks: Marks,
    /// The box that is being edited: it alone changes from frame to frame, so it is never drawn into the picture.
    pub live: Option<Mark>,
    /// Where.
    pub cells: CellRect,
    /// The person asked for every pixel now; else the exact level comes when nothing happens for a moment.
    pub exact: bool,
    /// A thumbnail of many: never worth the exact level, decoded after large pictures.
    pub thumbnail: bool,
}

impl PictureArea {
    /// The whole picture as it is, without marks.
    #[must_use]
    pub fn plain(place: u32, picture: PictureRef, cells: CellRect, thumbnail: bool) -> Self {
        let (look, marks) = (Look::default(), Marks::default());
        Self { place, picture, window: Window::ALL, look, marks, live: None, cells, exact: false, thumbnail }
    }
}

/// What the presenter knows of a picture that is wanted or was shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PictureState {
    /// Asked for, nothing on the screen yet.
    #[default]
    Waiting,
    /// On the screen.
    Shown {
        /// Every pixel is what the reference resize gives; `false` while a coarser level stands in.
        exact: bool,
        /// The facts.
        info: Arc<ImageInfo>,
    },
    /// Cannot be shown. The reason is a sentence for people; a placeholder with it stands on the screen.
    Failed {
        /// Why, and what to do.
        reason: Arc<str>,
        /// What is known nevertheless.
        info: Option<Arc<ImageInfo>>,
    },
}

impl PictureState {
    /// Whether it is on the screen, and its file is not whole.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Shown { info, .. } if info.damaged.is_some())
    }
}
