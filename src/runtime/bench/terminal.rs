//! The scripted terminal: reads what a program writes, answers what a real terminal answers, and knows after every
//! frame what a person would see.
//!
//! It is cheap on purpose: nothing is decoded here, so that answers are never late. What a frame shows is handed on as a
//! [`Scene`], and looked at by [`super::sight`] elsewhere.

mod answers;
mod grid;
mod inline;
mod kitty;
mod scene;
mod tokens;

pub(super) use grid::{Cell, Ink};
pub use scene::Trouble;
pub(super) use scene::{Encoding, FrameBytes, Layer, Payload, Scene, Size, bounds};

use super::Graphics;
use super::pty::Window;
use crate::app::picture::CellRect;
use crate::term::graphics::placeholder::PLACEHOLDER;
use answers::Brand;
use grid::Grid;
use kitty::{Anchor, Did, Kitty, Placement};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokens::{Token, Tokens};

/// tmux drops wrapped sequences that are longer.
const MAX_WRAPPED: usize = 1 << 20;

/// The terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    brand: Brand,
    tokens: Tokens,
    grid: Grid,
    kitty: Kitty,
    drawings: BTreeMap<u32, inline::Drawing>,
    multipart: Option<inline::Multipart>,
    next_drawing: u32,
    answers: Vec<u8>,
    scenes: Vec<Scene>,
    frame: FrameBytes,
    /// Bytes of cursor moves that may belong to the graphics command after them.
    moves: usize,
    after_graphics: bool,
    synchronized: bool,
    changed: bool,
    keyboard: Vec<u32>,
    trouble: Trouble,
}

/// What a token was, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Move,
    Restore,
    Graphics,
    Sent,
    Other,
}

impl Terminal {
    pub(super) fn new(graphics: Graphics, tmux: bool, window: Window) -> Self {
        Self {
            brand: Brand { graphics, tmux, window },
            tokens: Tokens::new(),
            grid: Grid::new(window.columns, window.rows),
            kitty: Kitty::default(),
            drawings: BTreeMap::new(),
            multipart: None,
            next_drawing: 0,
            answers: Vec::new(),
            scenes: Vec::new(),
            frame: FrameBytes::default(),
            moves: 0,
            after_graphics: false,
            synchronized: false,
            changed: false,
            keyboard: Vec::new(),
            trouble: Trouble::default(),
        }
    }

    /// Takes bytes that arrived at `at`.
    pub(super) fn feed(&mut self, bytes: &[u8], at: Instant) {
        self.tokens.push(bytes);
        while let Some((token, length)) = self.tokens.next() {
            self.frame.all += length;
            let kind = self.token(token, length, !self.brand.tmux, at);
            self.count(kind, length);
        }
        if self.changed && !self.synchronized {
            self.end_frame(at);
        }
    }

    /// What has to go back to the program.
    pub(super) fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// Frames that ended since the last call.
    pub(super) fn take_scenes(&mut self) -> Vec<Scene> {
        std::mem::take(&mut self.scenes)
    }

    /// Keys have to be sent as the Kitty keyboard protocol says.
    pub(super) fn keyboard_protocol(&self) -> bool {
        self.keyboard.last().is_some_and(|flags| flags & 8 != 0)
    }

    /// What went wrong so far.
    pub(super) fn trouble(&self) -> Trouble {
        let Kitty { aborted, missing, abandoned: (abandoned, abandoned_bytes), .. } = self.kitty;
        Trouble { aborted, missing, abandoned, abandoned_bytes, ..self.trouble }
    }

    /// Pictures the terminal was sent as a whole since it began (Kitty).
    pub(super) fn received(&self) -> &[Arc<Payload>] {
        &self.kitty.complete
    }

    fn count(&mut self, kind: Kind, length: usize) {
        match kind {
            Kind::Move => self.moves += length,
            Kind::Restore if self.after_graphics => self.frame.graphics += length,
            Kind::Graphics => self.frame.graphics += length + std::mem::take(&mut self.moves),
            Kind::Sent => self.frame.sent += length + std::mem::take(&mut self.moves),
            Kind::Restore | Kind::Other => self.moves = 0,
        }
        self.after_graphics = kind == Kind::Graphics;
    }

    /// `outer`: the terminal itself reads this, not tmux.
    fn token(&mut self, token: Token, length: usize, outer: bool, at: Instant) -> Kind {
        match token {
            Token::Text(text) => {
                self.grid.text(&text);
                self.changed = true;
                if text.contains(PLACEHOLDER) { Kind::Graphics } else { Kind::Other }
            }
            Token::Control(byte) => {
                self.grid.control(byte);
                Kind::Move
            }
            Token::Escape(bytes) => match bytes.as_slice() {
                b"7" => {
                    self.grid.save();
                    Kind::Move
                }
                b"8" => {
                    self.grid.restore();
                    Kind::Restore
                }
                _ => Kind::Other,
            },
            Token::Csi(parameters, last) => self.csi(&parameters, last, outer, at),
            Token::Apc(body) => self.apc(&body, length, outer),
            Token::Osc(body) => self.osc(&body, length, outer),
            Token::Dcs(body) => self.dcs(&body, length, outer, at),
        }
    }

    fn csi(&mut self, parameters: &str, last: u8, outer: bool, at: Instant) -> Kind {
        match (parameters, last) {
            (_, b'm') if !parameters.starts_with(['>', '?']) => {
                self.grid.style(parameters);
                return Kind::Move;
            }
            ("?2026", b'h') => self.begin_frame(),
            ("?2026", b'l') => self.end_frame(at),
            ("2" | "3", b'J') if outer => self.kitty.wipe(),
            _ => {}
        }
        if last == b'J' || last == b'K' || last == b'X' {
            self.changed = true;
        }
        if self.brand.graphics == Graphics::Kitty && last == b'u' {
            self.keyboard_mode(parameters);
        }
        if let Some(answer) = self.brand.answer(parameters, last, outer) {
            self.answers.extend_from_slice(answer.as_bytes());
        }
        if self.grid.csi(parameters, last) { Kind::Move } else { Kind::Other }
    }

    fn keyboard_mode(&mut self, parameters: &str) {
        if let Some(flags) = parameters.strip_prefix('>') {
            self.keyboard.push(flags.parse().unwrap_or(0));
        } else if parameters.starts_with('<') {
            self.keyboard.pop();
        } else if parameters == "?" {
            let flags = self.keyboard.last().copied().unwrap_or(0);
            self.answers.extend_from_slice(format!("\x1b[?{flags}u").as_bytes());
        }
    }

    fn apc(&mut self, body: &[u8], length: usize, outer: bool) -> Kind {
        let Some(command) = body.strip_prefix(b"G") else { return Kind::Other };
        if !outer {
            self.trouble.unwrapped += 1;
            return Kind::Other;
        }
        if self.brand.graphics != Graphics::Kitty {
            return Kind::Other;
        }
        let (did, answer) = self.kitty.command(command, length, self.grid.cursor);
        self.answers.extend_from_slice(answer.unwrap_or_default().as_bytes());
        match did {
            Did::Transmit => Kind::Sent,
            Did::Show => {
                self.changed = true;
                Kind::Sent
            }
            Did::Change => {
                self.changed = true;
                Kind::Graphics
            }
            Did::Ask => Kind::Other,
        }
    }

    fn osc(&mut self, body: &[u8], length: usize, outer: bool) -> Kind {
        if body == b"11;?" {
            self.answers.extend_from_slice(b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\");
        }
        let Some(command) = body.strip_prefix(b"1337;") else { return Kind::Other };
        if !outer {
            self.trouble.unwrapped += 1;
            return Kind::Other;
        }
        if self.brand.graphics != Graphics::Iterm {
            return Kind::Other;
        }
        if let Some(file) = inline::iterm(&mut self.multipart, command, length) {
            self.draw(file);
        }
        Kind::Graphics
    }

    fn dcs(&mut self, body: &[u8], length: usize, outer: bool, at: Instant) -> Kind {
        if let Some(wrapped) = body.strip_prefix(b"tmux;").filter(|_| self.brand.tmux && !outer) {
            if body.len() > MAX_WRAPPED {
                self.trouble.dropped += 1;
                return Kind::Other;
            }
            return self.unwrapped(wrapped, length, at);
        }
        let Some(found) = inline::sixel(body, length) else { return Kind::Other };
        if !outer {
            self.trouble.unwrapped += 1;
            return Kind::Other;
        }
        if self.brand.graphics != Graphics::Sixel {
            return Kind::Other;
        }
        self.draw(found);
        Kind::Graphics
    }

    /// What tmux hands on to the terminal.
    fn unwrapped(&mut self, wrapped: &[u8], length: usize, at: Instant) -> Kind {
        let mut inner = Vec::with_capacity(wrapped.len());
        let mut escaped = false;
        for byte in wrapped {
            escaped = *byte == 0x1b && !escaped;
            if !escaped {
                inner.push(*byte);
            }
        }
        let mut tokens = Tokens::new();
        tokens.push(&inner);
        let mut kind = Kind::Other;
        while let Some((token, _)) = tokens.next() {
            let this = self.token(token, length, true, at);
            // The wrap counts as what is most in it.
            kind = match (kind, this) {
                (Kind::Graphics, _) | (_, Kind::Graphics) => Kind::Graphics,
                (Kind::Sent, _) | (_, Kind::Sent) => Kind::Sent,
                _ => this,
            };
        }
        kind
    }

    fn draw(&mut self, drawing: inline::Drawing) {
        let cell = self.brand.window.cell;
        let (columns, rows) = drawing.cells(cell, (self.grid.columns, self.grid.rows));
        self.next_drawing += 1;
        self.grid.draw(self.next_drawing, columns, rows);
        let drawing = inline::Drawing { payload: drawing.payload.numbered(self.next_drawing), ..drawing };
        self.drawings.insert(self.next_drawing, drawing);
        self.changed = true;
    }

    fn begin_frame(&mut self) {
        self.synchronized = true;
        self.frame = FrameBytes { all: b"\x1b[?2026h".len(), ..FrameBytes::default() };
        self.moves = 0;
    }

    fn end_frame(&mut self, at: Instant) {
        self.synchronized = false;
        self.changed = false;
        let layers = self.layers();
        let cells = Arc::new(self.grid.cells.clone());
        let bytes = std::mem::take(&mut self.frame);
        self.scenes.push(Scene { at, bytes, columns: self.grid.columns, cells, layers });
    }

    /// Every picture that can be seen, the lowest first.
    fn layers(&mut self) -> Vec<Layer> {
        let mut layers = self.drawn_layers();
        let placed = self.kitty.placed.iter();
        layers.extend(placed.filter_map(|((image, number), p)| self.layer(*image, *number, p)));
        layers.sort_by_key(|l| l.z);
        layers
    }

    fn layer(&self, image: u32, number: u32, placement: &Placement) -> Option<Layer> {
        let payload = Arc::clone(self.kitty.images.get(&image)?);
        let (column, row, clip) = match placement.anchor {
            Anchor::Placeholders => {
                let seen = self.placeholders(image)?;
                (i32::from(seen.x), i32::from(seen.y), Some(seen))
            }
            _ => {
                let (column, row) = self.position(image, number, 0)?;
                (column, row, None)
            }
        };
        let (columns, rows) = placement.size;
        let size = match placement.anchor {
            Anchor::Placeholders => Size::Fit(columns.max(1), rows.max(1)),
            _ if columns > 0 && rows > 0 => Size::Stretch(columns, rows),
            _ => Size::Own,
        };
        Some(Layer { payload, at: (column, row), size, part: placement.part, clip, z: placement.z })
    }

    /// Where a placement stands; those beside others follow at most eight of them.
    fn position(&self, image: u32, number: u32, depth: u8) -> Option<(i32, i32)> {
        let any = || self.kitty.placed.range((image, 0)..=(image, u32::MAX)).next().map(|(_, p)| p);
        let placement = self.kitty.placed.get(&(image, number)).or_else(any)?;
        match placement.anchor {
            Anchor::Cell(column, row) => Some((i32::from(column), i32::from(row))),
            Anchor::Placeholders => self.placeholders(image).map(|r| (i32::from(r.x), i32::from(r.y))),
            Anchor::Beside { .. } if depth == 8 => None,
            Anchor::Beside { image, number, right, below } => {
                let (column, row) = self.position(image, number, depth + 1)?;
                Some((column + right, row + below))
            }
        }
    }

    /// The cells that name a picture by placeholder characters.
    fn placeholders(&self, image: u32) -> Option<CellRect> {
        let names = |cell: &Cell| {
            let id = match cell.foreground {
                Ink::Rgb([r, g, b]) => u32::from_be_bytes([0, r, g, b]),
                Ink::Palette(id) => u32::from(id),
                Ink::Plain => 0,
            };
            cell.symbol == PLACEHOLDER && id == image
        };
        bounds(&self.grid.cells, self.grid.columns, names)
    }

    /// Pictures drawn into cells; those of which nothing is left are forgotten.
    fn drawn_layers(&mut self) -> Vec<Layer> {
        let (cells, columns) = (&self.grid.cells, self.grid.columns);
        let mut out = Vec::new();
        self.drawings.retain(|number, drawing| {
            let of = |cell: &Cell| cell.drawn.is_some_and(|d| d.drawing == *number);
            let Some(clip) = bounds(cells, columns, of) else { return false };
            let first = cells.iter().position(of).and_then(|at| Some((at, cells.get(at)?.drawn?)));
            if let Some((at, drawn)) = first {
                let (x, y) = (at % usize::from(columns.max(1)), at / usize::from(columns.max(1)));
                let corner = |place: usize, part: u16| i32::try_from(place).unwrap_or(0) - i32::from(part);
                let at = (corner(x, drawn.column), corner(y, drawn.row));
                let (payload, size) = (Arc::clone(&drawing.payload), drawing.size);
                out.push(Layer { payload, at, size, part: [0; 4], clip: Some(clip), z: 0 });
            }
            true
        });
        out
    }
}
