//! What is made of a picture for one place on one terminal, and how. Runs on the decode threads.

use crate::app::picture::{Look, Marks, PictureArea, PictureRef, Window};
use crate::domain::geometry::BoxN;
use crate::media::{DecodeRequest, ImageInfo, MediaError, Picture};
use crate::term::caps::{BlockKind, Caps, Depth, Protocol};
use crate::term::graphics::{Fit, GraphicsError, Level, Pixels, ascii, blocks, fit, iterm, kitty, png, sixel};
use std::sync::Arc;

/// The most pixels along a side that are asked for, whatever a terminal says of its cells.
const MAX_SIDE: u32 = 8192;
/// Pixels along a side of what crops are cut out of: half of a photo's, which JPEG gives cheaply.
const SHARED: u32 = 2_000;

/// What of the terminal decides how a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// How pictures reach the screen.
    pub protocol: Protocol,
    /// Colours of block characters.
    pub depth: Depth,
    /// Pixels of a cell, width and height.
    pub cell: (u16, u16),
    /// Inside tmux.
    pub tmux: bool,
    /// The background is light.
    pub light: bool,
    /// What sixel pictures fill the rest of their cells with, so that these need not be blanked before.
    pub ground: Option<[u8; 3]>,
}

impl Recipe {
    /// The recipe for a terminal.
    #[must_use]
    pub fn new(caps: &Caps) -> Self {
        Self {
            protocol: caps.protocol,
            depth: caps.depth,
            cell: (caps.cell.0.max(1), caps.cell.1.max(1)),
            tmux: caps.tmux,
            light: caps.light == Some(true),
            ground: caps.background.filter(|_| caps.protocol == Protocol::Sixel),
        }
    }
}

/// One picture for one size of place: the key of everything that is prepared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Which picture.
    pub picture: PictureRef,
    /// Which part of it.
    pub window: Window,
    /// In which colours.
    pub look: Look,
    /// What is drawn into it.
    pub marks: Marks,
    /// It is cut out of the whole picture, which others are cut out of as well and which is decoded once for all of them.
    pub cut: bool,
    /// Columns and rows it may take.
    pub cells: (u16, u16),
    /// For which terminal.
    pub recipe: Recipe,
    /// How close to the pixels of the file.
    pub level: Level,
}

impl Wanted {
    /// What an area wants at a level.
    #[must_use]
    pub fn new(area: &PictureArea, recipe: Recipe, level: Level) -> Self {
        Self {
            picture: area.picture.clone(),
            window: area.window,
            look: area.look,
            marks: area.marks.clone(),
            cut: area.thumbnail && area.window != Window::ALL,
            cells: (area.cells.w, area.cells.h),
            recipe,
            level,
        }
    }

    /// The same at another level.
    #[must_use]
    pub fn at(&self, level: Level) -> Self {
        Self { level, ..self.clone() }
    }

    /// The size in pixels it may take.
    #[must_use]
    pub fn pixels(&self) -> (u32, u32) {
        let side = |cells: u16, cell: u16| (u32::from(cells.max(1)) * u32::from(cell)).min(MAX_SIDE);
        (side(self.cells.0, self.recipe.cell.0), side(self.cells.1, self.recipe.cell.1))
    }

    /// The wanted part, normalised.
    #[must_use]
    pub fn part(&self) -> BoxN {
        let part = |v: u32| f64::from(v) / f64::from(Window::ONE);
        let Window { x, y, w, h } = self.window;
        BoxN { x: part(x), y: part(y), w: part(w), h: part(h) }
    }

    /// What has to be decoded: which part of the picture, in how many pixels. What is cut out of one picture needs the same.
    #[must_use]
    pub fn decoded(&self) -> (Window, (u32, u32)) {
        if self.cut { (Window::ALL, (SHARED, SHARED)) } else { (self.window, self.pixels()) }
    }

    /// What the decoder has to do.
    #[must_use]
    pub fn request(&self) -> DecodeRequest {
        if self.cut {
            return DecodeRequest::fit(SHARED, SHARED);
        }
        let (max_width, max_height) = self.pixels();
        let window = self.part();
        DecodeRequest { max_width, max_height, window, enlarge: true, coarse: self.level == Level::First }
    }
}

/// A picture ready for the terminal.
#[derive(Debug)]
pub struct Prepared {
    /// The facts of the file.
    pub info: Arc<ImageInfo>,
    /// The cells it takes.
    pub fit: Fit,
    /// Pixels across and down of what is transmitted, padding included: fewer than on the screen at first paint.
    pub canvas: (u32, u32),
    /// The pixels on the screen are those of the decoded picture, without loss.
    pub exact: bool,
    /// What is sent or drawn.
    pub form: Form,
}

/// What a picture has become.
#[derive(Debug)]
pub enum Form {
    /// Data for the Kitty protocol, with or without placeholders.
    Kitty(kitty::Payload),
    /// Data that the terminal holds by now; nothing is kept of it here.
    Held,
    /// A file for iTerm2.
    Iterm(iterm::File),
    /// A sixel sequence.
    Sixel(sixel::Sixel),
    /// Characters.
    Cells(blocks::CellGrid),
}

impl Prepared {
    /// The same without its data: the terminal has it.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self { info: Arc::clone(&self.info), form: Form::Held, ..*self }
    }

    /// About how many bytes go to the terminal.
    #[must_use]
    pub fn wire(&self) -> usize {
        match &self.form {
            // Base64, and the head of each chunk.
            Form::Kitty(kitty::Payload::Png(data)) => data.len() * 4 / 3 + data.len() / 200 + 64,
            Form::Kitty(kitty::Payload::Raw { .. }) => 128,
            Form::Held => 0,
            Form::Iterm(file) => file.bytes() * 4 / 3 + file.files.len() * 128,
            Form::Sixel(sixel) => sixel.strips.iter().map(|s| s.len() + 16).sum(),
            Form::Cells(grid) => grid.cells.len() * 12,
        }
    }

    /// Whether it is made of characters.
    #[must_use]
    pub fn is_cells(&self) -> bool {
        matches!(self.form, Form::Cells(_))
    }

    /// Bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let form = match &self.form {
            Form::Kitty(payload) => payload.bytes(),
            Form::Held => 0,
            Form::Iterm(file) => file.bytes(),
            Form::Sixel(sixel) => sixel.strips.iter().map(Vec::len).sum(),
            Form::Cells(grid) => grid.cells.len() * size_of::<blocks::PictureCell>(),
        };
        form + size_of::<Self>()
    }
}

/// Why a picture cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A sentence for people.
    pub reason: Arc<str>,
    /// What is known nevertheless.
    pub info: Option<Arc<ImageInfo>>,
}

impl From<&MediaError> for Failure {
    fn from(error: &MediaError) -> Self {
        Self { reason: error.to_string().into(), info: None }
    }
}

impl From<GraphicsError> for Failure {
    fn from(error: GraphicsError) -> Self {
        Self { reason: error.to_string().into(), info: None }
    }
}

/// Dots across and down, where a picture is made of characters.
fn dots(protocol: Protocol, level: Level, fit: &Fit) -> Option<(u32, u32)> {
    let (across, down) = match protocol {
        Protocol::Blocks(kind) => kind.dots(),
        Protocol::Sixel if level == Level::First => BlockKind::Half.dots(),
        Protocol::Ascii | Protocol::None => (1, 1),
        _ => return None,
    };
    Some((u32::from(fit.columns) * across, u32::from(fit.rows) * down))
}

/// Encodes a decoded picture for its place.
///
/// # Errors
/// An encoder refused it.
pub fn prepare(picture: &Picture, wanted: &Wanted) -> Result<Prepared, Failure> {
    let recipe = wanted.recipe;
    let fit = fit(wanted.cells, recipe.cell, picture.full);
    let level = wanted.level;
    let shown = super::look::shown(picture, wanted, dots(recipe.protocol, level, &fit));
    let pixels = Pixels::new(&shown.rgb, shown.size.0, shown.size.1)?;
    let (form, exact) = match recipe.protocol {
        Protocol::Kitty { shared_memory: true } => (Form::Kitty(kitty::raw_payload(pixels, &fit)), true),
        Protocol::Kitty { .. } | Protocol::KittyPlaceholders | Protocol::KittyAnchored => {
            let (payload, exact) = kitty::png_payload(pixels, &fit, level)?;
            (Form::Kitty(payload), exact)
        }
        Protocol::Iterm => {
            let file = iterm::encode(pixels, &fit, level, recipe.cell.1)?;
            let exact = file.exact;
            (Form::Iterm(file), exact)
        }
        // A sixel picture cannot be both coarse and small; characters can.
        Protocol::Sixel if level == Level::First => {
            (Form::Cells(blocks::encode(pixels, &fit, BlockKind::Half, recipe.depth, level)), false)
        }
        Protocol::Sixel => {
            let sixel = sixel::encode(pixels, &fit, level, (recipe.cell.1, recipe.ground));
            let exact = sixel.exact;
            (Form::Sixel(sixel), exact)
        }
        Protocol::Blocks(kind) => (Form::Cells(blocks::encode(pixels, &fit, kind, recipe.depth, level)), false),
        Protocol::Ascii | Protocol::None => {
            (Form::Cells(ascii::encode(pixels, &fit, recipe.depth, recipe.light)), false)
        }
    };
    // A coarse picture has not every pixel, however it is sent.
    let exact = exact && !picture.stands_in();
    let canvas = match &form {
        Form::Kitty(kitty::Payload::Png(data)) => png::size(data).unwrap_or(fit.canvas),
        _ => fit.canvas,
    };
    Ok(Prepared { info: Arc::clone(&picture.info), fit, canvas, exact, form })
}
