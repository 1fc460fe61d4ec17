//! Colours and marks. Screens ask a [`Palette`] for the style of a [`Role`], never for a colour.
//!
//! What always holds: a theme that cannot be read never stops the program (the default stands in, with the problems
//! listed); meaning is never carried by colour alone, so what must be told apart differs by modifier or mark as well;
//! a terminal is sent only the colours it has.

pub mod colour;
pub mod glyph;
pub mod palette;
mod read;
pub mod role;

use crate::domain::problem::Problem;
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use colour::Colour;
pub use glyph::Glyph;
pub use palette::Palette;
use ratatui::style::Modifier;
use read::Raw;
pub use role::Role;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The bundled themes, the default first.
const BUNDLED: [(&str, &str); 6] = [
    ("terminal", include_str!("../themes/terminal.toml")),
    ("dark", include_str!("../themes/dark.toml")),
    ("light", include_str!("../themes/light.toml")),
    ("contrast", include_str!("../themes/contrast.toml")),
    ("mono", include_str!("../themes/mono.toml")),
    ("colorblind", include_str!("../themes/colorblind.toml")),
];
/// The theme that stands in where another cannot be read, and from which every theme inherits at last.
pub const DEFAULT: &str = "terminal";
/// A theme file larger than this is not read.
const LARGEST_FILE: u64 = 1 << 16;
/// A chain of `inherits` longer than this is cut.
const LONGEST_CHAIN: usize = 8;

/// For which backgrounds a theme is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// It follows the terminal.
    #[default]
    Any,
    /// It brings or expects a dark background.
    Dark,
    /// It brings or expects a light background.
    Light,
}

/// A colour, and another one for light backgrounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shade {
    pub(crate) usual: Colour,
    pub(crate) on_light: Option<Colour>,
}

impl Shade {
    pub(crate) fn on(self, light: bool) -> Colour {
        self.on_light.filter(|_| light).unwrap_or(self.usual)
    }
}

/// How a role looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) fg: Option<Shade>,
    pub(crate) bg: Option<Shade>,
    pub(crate) modifiers: Modifier,
    /// The modifiers on a terminal without colours.
    pub(crate) without_colour: Modifier,
}

/// A theme, complete: every role has a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// For which backgrounds it is made.
    pub variant: Variant,
    pub(crate) looks: BTreeMap<Role, Look>,
    pub(crate) ramp: Vec<Shade>,
    pub(crate) shapes: Vec<String>,
    pub(crate) ascii_shapes: Vec<String>,
}

impl Default for Theme {
    fn default() -> Self {
        Self::load(DEFAULT, None).0
    }
}

impl Theme {
    /// The bundled themes' names, the default first.
    pub fn bundled() -> impl Iterator<Item = &'static str> {
        BUNDLED.into_iter().map(|(name, _)| name)
    }

    /// The names that can be loaded: the files of the user's folder, then the bundled ones that no file hides.
    #[must_use]
    pub fn names(user_dir: Option<&Path>) -> Vec<String> {
        let entries = user_dir.and_then(|d| std::fs::read_dir(d).ok()).into_iter().flatten().flatten();
        let paths = entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml"));
        let mut names: Vec<String> = paths.filter_map(|p| p.file_stem()?.to_str().map(str::to_owned)).collect();
        names.sort();
        let hidden: Vec<String> = names.clone();
        names.extend(Self::bundled().map(str::to_owned).filter(|n| !hidden.contains(n)));
        names
    }

    /// Loads a theme by the name of a file in `user_dir` or of a bundled theme, or by a path (`/` or `.toml` in it).
    ///
    /// What is wrong in a file is listed and left out; a file that cannot be read at all gives the default theme.
    #[must_use]
    pub fn load(name_or_path: &str, user_dir: Option<&Path>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut chain: Vec<Raw> = Vec::new();
        let mut next = Some((name_or_path.to_owned(), String::new()));
        let mut seen: Vec<String> = Vec::new();
        while let Some((wanted, place)) = next.take() {
            let Some((file, text)) = find(&wanted, user_dir, &seen, &place, &mut problems) else { break };
            seen.push(file.clone());
            let (raw, found) = Raw::read(&file, &text);
            problems.extend(found);
            next = raw.inherits.clone();
            chain.push(raw);
            if chain.len() == LONGEST_CHAIN && next.take().is_some() {
                let message = format!("themes inherit from each other more than {LONGEST_CHAIN} deep");
                problems.push(Problem { place: file, message, hint: "the rest of the chain is left out".to_owned() });
            }
        }
        if !seen.iter().any(|s| s == DEFAULT) {
            chain.push(Raw::read(DEFAULT, BUNDLED[0].1).0);
        }
        chain.reverse();
        (read::assemble(&chain, &mut problems), problems)
    }
}

/// Name and text of a theme. A theme already in the chain is passed over, so that the user's `dark` can build on ours.
fn find(
    wanted: &str,
    user_dir: Option<&Path>,
    seen: &[String],
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<(String, String)> {
    let is_path = wanted.contains('/') || wanted.ends_with(".toml");
    let file = if is_path {
        Some(PathBuf::from(wanted))
    } else {
        user_dir.map(|d| d.join(format!("{wanted}.toml"))).filter(|p| p.is_file())
    };
    if let Some(path) = file.filter(|p| !seen.contains(&p.display().to_string())) {
        let name = path.display().to_string();
        match read_bounded(&path) {
            Ok(text) => return Some((name, text)),
            Err(why) => {
                let message = format!("the theme cannot be read: {why}");
                let hint = format!("`{DEFAULT}` is used");
                problems.push(Problem { place: printable(&name).into_owned(), message, hint });
                return None;
            }
        }
    }
    let bundled = BUNDLED.iter().find(|(name, _)| *name == wanted && !seen.iter().any(|s| s == name));
    if let Some((name, text)) = bundled {
        return Some(((*name).to_owned(), (*text).to_owned()));
    }
    let known = Theme::names(user_dir);
    let (message, hint) = if is_path || known.iter().any(|k| k == wanted) {
        (format!("`{}` inherits from itself", printable(wanted)), format!("inherit from `{DEFAULT}`"))
    } else {
        let hint = nearest(wanted, known.iter().map(String::as_str))
            .map_or_else(|| format!("there are {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
        (format!("there is no theme `{}`", printable(wanted)), hint)
    };
    let place = if place.is_empty() { "theme".to_owned() } else { place.to_owned() };
    problems.push(Problem { place, message, hint });
    None
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {LARGEST_FILE} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}
