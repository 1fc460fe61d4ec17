//! Drawing: the state as cells, and where pictures go. Reads the state, changes nothing, knows no terminal.
//!
//! What always holds: a frame is a function of the state and the palette; a picture never lies under a pop-up; every
//! text from outside passes through `printable`; every list says its position and count; nothing is told by colour alone.

pub mod age;
pub mod canvas;
pub mod chrome;
pub mod marks;
pub mod names;
pub mod overlays;
pub mod preview_panel;
pub mod screens;
pub mod viewing;

use crate::app::picture::{CellRect, PictureArea};
use crate::app::state::State;
use crate::theme::{Palette, Role};
use canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What a frame wants besides its cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Pictures on the frame.
    pub pictures: Vec<PictureArea>,
    /// Pictures that will probably be wanted next, nearest first, in the cells they will get.
    pub ahead: Vec<PictureArea>,
    /// Where pop-ups stand: pictures are cut out there.
    pub covers: Vec<CellRect>,
    /// Which of those are names on a picture: what is drawn above the picture may cross them.
    pub names: Vec<CellRect>,
    /// Where the text cursor stands.
    pub cursor: Option<(u16, u16)>,
}

/// The smallest window in which a screen is drawn.
pub const SMALLEST: (u16, u16) = (40, 12);

/// Draws a frame.
pub fn render(state: &State, palette: &Palette, buffer: &mut Buffer) -> Drawn {
    let area = buffer.area;
    buffer.reset();
    buffer.set_style(area, palette.ground());
    let mut canvas = Canvas::new(buffer, palette);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(&mut canvas, area);
        return canvas.drawn;
    }
    screens::render(state, &mut canvas, area);
    overlays::render(state, &mut canvas, area);
    canvas.drawn
}

fn too_small(canvas: &mut Canvas, area: Rect) {
    let text = format!("lakelens needs {}x{}; this window is {}x{}", SMALLEST.0, SMALLEST.1, area.width, area.height);
    let style = canvas.style(Role::Text);
    let mut words = text.split(' ').peekable();
    for y in 0..area.height {
        let mut line = String::new();
        while let Some(word) = words.peek() {
            if !line.is_empty() && line.len() + word.len() + 1 > usize::from(area.width) {
                break;
            }
            line = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            words.next();
        }
        canvas.text(Rect::new(area.x, area.y + y, area.width, 1), &line, style);
    }
}
