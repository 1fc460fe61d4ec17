//! What the terminal says of itself, and what tmux says in its place.

use super::super::Graphics;
use super::super::pty::Window;

/// Which terminal it plays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brand {
    pub(super) graphics: Graphics,
    pub(super) tmux: bool,
    pub(super) window: Window,
}

impl Brand {
    /// The answer to a control sequence. `outer`: the terminal itself is asked, not tmux.
    pub(super) fn answer(&self, parameters: &str, last: u8, outer: bool) -> Option<String> {
        let Window { columns, rows, cell } = self.window;
        let (width, height) = (u32::from(columns) * u32::from(cell.0), u32::from(rows) * u32::from(cell.1));
        match (parameters, last) {
            (">0" | ">", b'q') => Some(format!("\x1bP>|{}\x1b\\", self.name(outer))),
            ("" | "0", b'c') => Some(self.attributes(outer).to_owned()),
            (">" | ">0", b'c') => Some("\x1b[>1;4001;0c".to_owned()),
            ("5", b'n') => Some("\x1b[0n".to_owned()),
            ("14", b't') if outer => Some(format!("\x1b[4;{height};{width}t")),
            ("16", b't') if outer => Some(format!("\x1b[6;{};{}t", cell.1, cell.0)),
            ("18", b't') => Some(format!("\x1b[8;{rows};{columns}t")),
            _ => None,
        }
    }

    fn name(&self, outer: bool) -> &'static str {
        match self.graphics {
            _ if !outer => "tmux 3.5a",
            Graphics::Kitty => "kitty(0.41.1)",
            Graphics::Iterm => "iTerm2 3.5.10",
            Graphics::Sixel | Graphics::Blocks => "XTerm(390)",
        }
    }

    fn attributes(&self, outer: bool) -> &'static str {
        match self.graphics {
            _ if !outer => "\x1b[?1;2c",
            Graphics::Kitty => "\x1b[?62;c",
            Graphics::Iterm | Graphics::Sixel => "\x1b[?62;4;22c",
            Graphics::Blocks => "\x1b[?62;22c",
        }
    }
}
