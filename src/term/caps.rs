//! What the terminal can do, as found by the probe or set by the user.

/// How many colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// No colour (`NO_COLOR`, `TERM=dumb`): bold, reverse, underline only.
    Mono,
    /// The 16 named colours.
    #[default]
    Ansi16,
    /// The 256-colour palette.
    Ansi256,
    /// 24 bit.
    True,
}

/// What half, quadrant, sextant or octant characters the font can be trusted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// Upper half block: 1x2 pixels a cell.
    #[default]
    Half,
    /// Quadrants: 2x2.
    Quadrant,
    /// Sextants: 2x3.
    Sextant,
    /// Octants: 2x4.
    Octant,
}

impl BlockKind {
    /// Dots across and down a cell.
    #[must_use]
    pub fn dots(self) -> (u32, u32) {
        match self {
            Self::Half => (1, 2),
            Self::Quadrant => (2, 2),
            Self::Sextant => (2, 3),
            Self::Octant => (2, 4),
        }
    }
}

/// How pictures reach the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Kitty graphics, placed directly at the cursor.
    Kitty {
        /// The terminal can read POSIX shared memory of this machine.
        shared_memory: bool,
    },
    /// Kitty graphics through Unicode placeholders (tmux, or asked for).
    KittyPlaceholders,
    /// Kitty graphics inside tmux, placed in relation to one Unicode placeholder: a picture costs a few bytes there too.
    KittyAnchored,
    /// iTerm2 inline images.
    Iterm,
    /// Sixel.
    Sixel,
    /// Block characters in the colours of [`Caps::depth`].
    Blocks(BlockKind),
    /// A brightness ramp of ASCII characters.
    #[default]
    Ascii,
    /// No pictures.
    None,
}

impl Protocol {
    /// Whether the terminal keeps pictures and shows them by their id.
    #[must_use]
    pub fn keeps(self) -> bool {
        matches!(self, Self::Kitty { .. } | Self::KittyPlaceholders | Self::KittyAnchored)
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kitty { shared_memory: true } => "Kitty graphics, through shared memory",
            Self::Kitty { shared_memory: false } => "Kitty graphics",
            Self::KittyPlaceholders => "Kitty graphics with placeholders",
            Self::KittyAnchored => "Kitty graphics beside a placeholder",
            Self::Iterm => "iTerm2 inline images",
            Self::Sixel => "sixel",
            Self::Blocks(BlockKind::Half) => "half blocks",
            Self::Blocks(BlockKind::Quadrant) => "quadrant blocks",
            Self::Blocks(BlockKind::Sextant) => "sextant blocks",
            Self::Blocks(BlockKind::Octant) => "octant blocks",
            Self::Ascii => "ASCII characters",
            Self::None => "no pictures",
        }
    }
}

/// Everything the layers above need to know about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Colours.
    pub depth: Depth,
    /// Pictures.
    pub protocol: Protocol,
    /// Width and height of a cell in pixels; an estimate of 10 x 20 where the terminal does not say.
    pub cell: (u16, u16),
    /// Inside tmux: graphics are wrapped in its passthrough.
    pub tmux: bool,
    /// Reached over SSH.
    pub ssh: bool,
    /// The locale is UTF-8, and `--ascii` was not given.
    pub unicode: bool,
    /// The background is light, where the terminal said.
    pub light: Option<bool>,
    /// The background's red, green and blue, where they are known: what a picture that does not fill its cells is
    /// surrounded with.
    pub background: Option<[u8; 3]>,
    /// The terminal speaks the Kitty keyboard protocol, so Escape and repeats are told apart.
    pub keyboard: bool,
    /// Name and version, as the terminal gives them.
    pub name: String,
    /// Freeing one picture leaves the others alone (Kitty graphics). kitty 0.26 frees every picture that is not on the
    /// screen, so there old pictures are left to its own quota.
    pub frees: bool,
    /// What to draw pictures with when the first protocol turns out not to work, the best first.
    pub ladder: Vec<Protocol>,
    /// How each of these was found, for `lakelens doctor`.
    pub findings: Vec<String>,
}

impl Caps {
    /// Whether the terminal reports the mouse in pixels when it is asked to (mode 1016). It cannot be asked whether it
    /// does, so those are named that do: xterm since 359, kitty, foot, WezTerm, Ghostty, Contour. tmux does not pass it on.
    #[must_use]
    pub fn mouse_in_pixels(&self) -> bool {
        let name = self.name.to_lowercase();
        let xterm = || name.strip_prefix("xterm(").and_then(|v| v.trim_end_matches(')').parse::<u32>().ok());
        let known = ["kitty", "foot", "wezterm", "ghostty", "contour"].iter().any(|n| name.starts_with(n));
        !self.tmux && self.cell.0 > 0 && self.cell.1 > 0 && (known || xterm().is_some_and(|version| version >= 359))
    }
}

/// xterm's own 16 colours, red, green, blue. The user's may differ, so they serve only to find a neighbour.
pub const XTERM_16: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];
