//! What the environment hints about the terminal. Only hints: variables survive `ssh`, `tmux` and `sudo` when the
//! terminal they speak of does not.

use super::caps::Depth;
use super::guard::WindowSize;
use super::tmux::{self, Passthrough};

/// How the user wants pictures to reach the screen; the names are those of `--graphics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// What the probe finds.
    #[default]
    Auto,
    /// Kitty graphics.
    Kitty,
    /// iTerm2 inline images.
    Iterm,
    /// Sixel.
    Sixel,
    /// Block characters.
    Blocks,
    /// ASCII characters.
    Ascii,
    /// No pictures.
    None,
}

impl Wish {
    /// The wish with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "kitty" => Self::Kitty,
            "iterm" => Self::Iterm,
            "sixel" => Self::Sixel,
            "blocks" => Self::Blocks,
            "ascii" => Self::Ascii,
            "none" => Self::None,
            _ => return None,
        })
    }
}

/// Everything the first guess and the probe start from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `--graphics`.
    pub wish: Wish,
    /// `--ascii`: no characters beyond ASCII.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty, or `--no-color`.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM_PROGRAM`, or `LC_TERMINAL`, which survives SSH.
    pub program: String,
    /// The locale says UTF-8.
    pub utf8: bool,
    /// Reached over SSH.
    pub ssh: bool,
    /// Inside tmux, with what it lets through.
    pub tmux: Option<Passthrough>,
    /// `COLORFGBG` names a light background.
    pub light: Option<bool>,
    /// The size of the window.
    pub size: Option<WindowSize>,
}

impl Surroundings {
    /// Reads the environment of this process, and asks tmux for its options when inside it.
    #[must_use]
    pub fn from_process(size: Option<WindowSize>) -> Self {
        Self { size, ..Self::from_lookup(|name| std::env::var(name).ok()) }.with_tmux()
    }

    /// The same from any source of variables; the size and tmux's options are left out.
    #[must_use]
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|v| !v.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get).unwrap_or_default().to_ascii_lowercase();
        Self {
            no_color: get("NO_COLOR").is_some(),
            term: get("TERM").unwrap_or_default(),
            colorterm: get("COLORTERM").unwrap_or_default(),
            program: get("LC_TERMINAL").or_else(|| get("TERM_PROGRAM")).unwrap_or_default(),
            utf8: locale.contains("utf-8") || locale.contains("utf8"),
            ssh: ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].into_iter().any(|n| get(n).is_some()),
            tmux: get("TMUX").map(|_| Passthrough::On),
            light: get("COLORFGBG").and_then(|v| light_background(&v)),
            ..Self::default()
        }
    }

    fn with_tmux(mut self) -> Self {
        self.tmux = self.tmux.map(|_| tmux::passthrough());
        self
    }

    /// Colours by the environment alone, and how that was found.
    pub(super) fn depth(&self) -> (Depth, String) {
        let colorterm = self.colorterm.to_ascii_lowercase();
        if self.no_color {
            return (Depth::Mono, "no colours: NO_COLOR or --no-color".to_owned());
        }
        if self.term.is_empty() || self.term == "dumb" {
            return (Depth::Mono, format!("no colours: TERM is `{}`", self.term));
        }
        if colorterm.contains("truecolor") || colorterm.contains("24bit") || self.term.contains("direct") {
            return (Depth::True, format!("24-bit colours: COLORTERM is `{}`, TERM is `{}`", colorterm, self.term));
        }
        if self.term.contains("256color") || self.term.contains("kitty") {
            return (Depth::Ansi256, format!("256 colours: TERM is `{}`", self.term));
        }
        (Depth::Ansi16, format!("16 colours: TERM is `{}`", self.term))
    }

    /// `TERM` is that of tmux or screen, perhaps on the near side of an SSH connection.
    pub(super) fn multiplexed(&self) -> bool {
        self.term.starts_with("tmux") || self.term.starts_with("screen")
    }

    /// A terminal that prints what it does not understand gets no questions.
    pub(super) fn may_ask(&self) -> bool {
        !matches!(self.term.as_str(), "" | "dumb" | "linux" | "vt100" | "vt220" | "emacs")
    }
}

/// The last field of `COLORFGBG` is the palette index of the background.
fn light_background(value: &str) -> Option<bool> {
    let index: u8 = value.rsplit(';').next()?.parse().ok()?;
    Some(index == 7 || (9..=15).contains(&index))
}
