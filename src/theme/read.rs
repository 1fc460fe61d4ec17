//! Reads theme files. Everything that is wrong in a file is found in one pass, each with its place, and left out.

use super::colour::{self, ANSI_NAMES, Basic, Colour, Rgb};
use super::{Look, Role, Shade, Theme, Variant};
use crate::domain::problem::Problem;
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use ratatui::style::Modifier;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More problems than this in one file are not listed.
const MOST_PROBLEMS: usize = 20;
/// More classes, colours or shapes than this are not taken.
const MOST_ENTRIES: usize = 256;
const SECTIONS: [&str; 6] = ["name", "variant", "inherits", "palette", "roles", "classes"];
const MODIFIERS: [(&str, Modifier); 7] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
    ("strike", Modifier::CROSSED_OUT),
    ("normal", Modifier::empty()),
];

/// A colour as written: itself, or the name of a palette entry, with the problem to report if there is no such entry.
#[derive(Clone, Debug)]
pub(super) enum Paint {
    Shade(Shade),
    Named(String, Box<Problem>),
}

#[derive(Clone, Debug, Default)]
struct RawLook {
    fg: Option<Paint>,
    bg: Option<Paint>,
    modifiers: Option<Modifier>,
}

/// One theme file as written, before it is put on what it inherits from.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    name: String,
    variant: Option<Variant>,
    /// The theme it builds on, and where that is said.
    pub(super) inherits: Option<(String, String)>,
    palette: BTreeMap<String, Shade>,
    roles: BTreeMap<Role, RawLook>,
    ramp: Vec<Paint>,
    shapes: Vec<String>,
    ascii_shapes: Vec<String>,
}

type Value<'i> = Spanned<DeValue<'i>>;

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Raw {
    /// Reads a file; `file` is its name for messages.
    pub(super) fn read(file: &str, text: &str) -> (Self, Vec<Problem>) {
        let mut reader = Reader { file, text, problems: Vec::new() };
        let stem =
            std::path::Path::new(file).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        let mut raw = Self { name: stem, ..Self::default() };
        match DeTable::parse(text) {
            Ok(table) => reader.sections(table.get_ref(), &mut raw),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let message = printable(error.message()).into_owned();
                reader.report(&span, message, "the default theme is used");
            }
        }
        (raw, reader.problems)
    }
}

impl Reader<'_> {
    fn report(&mut self, span: &Range<usize>, message: String, hint: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::at(self.file, self.text, span, message, hint.into()));
        }
    }

    fn unknown<'n>(&mut self, span: &Range<usize>, what: &str, name: &str, known: impl Iterator<Item = &'n str>) {
        let known: Vec<&str> = known.collect();
        let hint = nearest(name, known.iter().copied())
            .map_or_else(|| format!("there are {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
        self.report(span, format!("`{}` is no {what}", printable(name)), hint);
    }

    fn expected(&mut self, value: &Value<'_>, what: &str, example: &str) {
        let message = format!("{what} is expected here, not {}", value.get_ref().type_str());
        self.report(&value.span(), message, format!("such as {example}"));
    }

    fn table<'v, 'i>(&mut self, value: &'v Value<'i>, example: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected(value, "a table", example);
        }
        table
    }

    fn sections(&mut self, table: &DeTable<'_>, raw: &mut Raw) {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => raw.name = self.word(value).unwrap_or_default(),
                "variant" => raw.variant = self.variant(value),
                "inherits" => {
                    let place = Problem::at(self.file, self.text, &value.span(), String::new(), String::new()).place;
                    raw.inherits = self.word(value).map(|name| (name, place));
                }
                "palette" => self.palette(value, raw),
                "roles" => self.roles(value, raw),
                "classes" => self.classes(value, raw),
                other => self.unknown(&key.span(), "section of a theme", other, SECTIONS.into_iter()),
            }
        }
    }

    fn word(&mut self, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.expected(value, "a text", "\"dark\"");
        }
        text
    }

    fn variant(&mut self, value: &Value<'_>) -> Option<Variant> {
        match self.word(value)?.as_str() {
            "any" => Some(Variant::Any),
            "dark" => Some(Variant::Dark),
            "light" => Some(Variant::Light),
            other => {
                self.unknown(&value.span(), "variant", other, ["any", "dark", "light"].into_iter());
                None
            }
        }
    }

    fn palette(&mut self, value: &Value<'_>, raw: &mut Raw) {
        let Some(table) = self.table(value, "accent = \"#56b4e9\"") else { return };
        for (key, value) in table.iter().take(MOST_ENTRIES) {
            let name = key.get_ref();
            if colour::ansi_number(name).is_some() || matches!(name.as_ref(), "default" | "normal") {
                let message = format!("`{}` already is the name of a colour", printable(name));
                self.report(&key.span(), message, "give the palette entry another name");
            } else if let Some(Paint::Shade(shade)) = self.paint(value, false) {
                raw.palette.insert(name.to_string(), shade);
            }
        }
    }

    fn roles(&mut self, value: &Value<'_>, raw: &mut Raw) {
        let Some(table) = self.table(value, "text = \"default\"") else { return };
        for (key, value) in table {
            match Role::from_name(key.get_ref()) {
                Some(role) => {
                    if let Some(look) = self.look(value) {
                        raw.roles.insert(role, look);
                    }
                }
                None => self.unknown(&key.span(), "role", key.get_ref(), Role::ALL.into_iter().map(Role::name)),
            }
        }
    }

    fn look(&mut self, value: &Value<'_>) -> Option<RawLook> {
        if !value.get_ref().is_table() {
            return self.paint(value, true).map(|fg| RawLook { fg: Some(fg), ..RawLook::default() });
        }
        let table = self.table(value, "")?;
        let mut look = RawLook::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "fg" => look.fg = self.paint(value, true),
                "bg" => look.bg = self.paint(value, true),
                "mod" => look.modifiers = Some(self.modifiers(value)),
                other => self.unknown(&key.span(), "part of a style", other, ["fg", "bg", "mod"].into_iter()),
            }
        }
        Some(look)
    }

    fn modifiers(&mut self, value: &Value<'_>) -> Modifier {
        let Some(list) = value.get_ref().as_array() else {
            self.expected(value, "a list", "[\"bold\"]");
            return Modifier::empty();
        };
        let mut all = Modifier::empty();
        for item in list.iter().take(MOST_ENTRIES) {
            let Some(word) = self.word(item) else { continue };
            match MODIFIERS.iter().find(|(name, _)| *name == word) {
                Some((_, modifier)) => all |= *modifier,
                None => self.unknown(&item.span(), "modifier", &word, MODIFIERS.iter().map(|(n, _)| *n)),
            }
        }
        all
    }

    fn classes(&mut self, value: &Value<'_>, raw: &mut Raw) {
        let Some(table) = self.table(value, "ramp = [\"cyan\", \"yellow\"]") else { return };
        for (key, value) in table {
            let Some(list) = value.get_ref().as_array() else {
                self.expected(value, "a list", "[\"cyan\", \"yellow\"]");
                continue;
            };
            let items = list.iter().take(MOST_ENTRIES);
            match key.get_ref().as_ref() {
                "ramp" => raw.ramp = items.filter_map(|v| self.paint(v, true)).collect(),
                "shapes" => raw.shapes = items.filter_map(|v| self.shape(v, false)).collect(),
                "ascii" => raw.ascii_shapes = items.filter_map(|v| self.shape(v, true)).collect(),
                other => self.unknown(&key.span(), "part of `classes`", other, ["ramp", "shapes", "ascii"].into_iter()),
            }
        }
    }

    fn shape(&mut self, value: &Value<'_>, ascii: bool) -> Option<String> {
        let text = self.word(value)?;
        let drawable = matches!(printable(&text), std::borrow::Cow::Borrowed(_));
        if unicode_width::UnicodeWidthStr::width(text.as_str()) != 1 || !drawable || (ascii && !text.is_ascii()) {
            let message = format!("`{}` is not a shape", printable(&text));
            let hint = if ascii { "use one ASCII character" } else { "use one character that is one column wide" };
            self.report(&value.span(), message, hint);
            return None;
        }
        Some(text)
    }

    /// A colour: a name, `#rrggbb`, a number of the 256, a palette entry (if `named`), or a table of those.
    fn paint(&mut self, value: &Value<'_>, named: bool) -> Option<Paint> {
        if let Some(table) = value.get_ref().as_table() {
            return self.shade(table, value).map(Paint::Shade);
        }
        if let Some(number) = value.get_ref().as_integer() {
            let index = u8::from_str_radix(number.as_str(), number.radix()).ok();
            if index.is_none() {
                self.report(&value.span(), "a colour number is 0 to 255".to_owned(), "such as 208");
            }
            return index.map(|n| Paint::Shade(Shade { usual: Colour::Indexed(n), on_light: None }));
        }
        let Some(text) = value.get_ref().as_str() else {
            self.expected(value, "a colour", "\"cyan\", \"#56b4e9\", 208");
            return None;
        };
        if let Some(usual) = plain_colour(text) {
            return Some(Paint::Shade(Shade { usual, on_light: None }));
        }
        let hint = "use a name such as \"bright-blue\", \"#rrggbb\", a number of the 256, or a palette entry";
        let near = nearest(text, ANSI_NAMES);
        let hint = near.map_or_else(|| hint.to_owned(), |n| format!("did you mean `{n}`?"));
        let message = format!("`{}` is no colour", printable(text));
        if named && !text.starts_with('#') {
            let problem = Problem::at(self.file, self.text, &value.span(), message, hint);
            return Some(Paint::Named(text.to_owned(), Box::new(problem)));
        }
        self.report(&value.span(), message, hint);
        None
    }

    fn shade(&mut self, table: &DeTable<'_>, whole: &Value<'_>) -> Option<Shade> {
        let (mut rgb, mut basic, mut on_light) = (None, None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "rgb" => rgb = self.rgb(value),
                "ansi" => basic = self.basic(value),
                "on-light" => {
                    on_light = match self.paint(value, false) {
                        Some(Paint::Shade(shade)) => Some(shade.usual),
                        _ => None,
                    }
                }
                other => self.unknown(&key.span(), "part of a colour", other, ["rgb", "ansi", "on-light"].into_iter()),
            }
        }
        let usual = match (rgb, basic) {
            (Some(rgb), basic) => Colour::Exact(rgb, basic),
            (None, Some(Basic::Ansi(n))) => Colour::Ansi(n),
            (None, Some(Basic::Default)) => Colour::Default,
            (None, None) => {
                self.report(&whole.span(), "this colour says neither rgb nor ansi".to_owned(), "add ansi = \"cyan\"");
                return None;
            }
        };
        Some(Shade { usual, on_light })
    }

    fn rgb(&mut self, value: &Value<'_>) -> Option<Rgb> {
        let text = self.word(value)?;
        let rgb = colour::parse_hex(&text);
        if rgb.is_none() {
            self.report(&value.span(), format!("`{}` is not #rrggbb", printable(&text)), "such as \"#56b4e9\"");
        }
        rgb
    }

    fn basic(&mut self, value: &Value<'_>) -> Option<Basic> {
        let text = self.word(value)?;
        if text == "default" {
            return Some(Basic::Default);
        }
        let number = colour::ansi_number(&text).map(Basic::Ansi);
        if number.is_none() {
            let known = ANSI_NAMES.into_iter().chain(["default"]);
            self.unknown(&value.span(), "name of the 16 colours", &text, known);
        }
        number
    }
}

fn plain_colour(text: &str) -> Option<Colour> {
    if text == "default" {
        return Some(Colour::Default);
    }
    colour::ansi_number(text).map(Colour::Ansi).or_else(|| colour::parse_hex(text).map(|rgb| Colour::Exact(rgb, None)))
}

/// Puts files on each other, the one inherited from first.
pub(super) fn assemble(chain: &[Raw], problems: &mut Vec<Problem>) -> Theme {
    let mut palette = BTreeMap::new();
    let mut theme = Theme {
        name: String::new(),
        variant: Variant::Any,
        looks: BTreeMap::new(),
        ramp: Vec::new(),
        shapes: Vec::new(),
        ascii_shapes: Vec::new(),
    };
    for raw in chain {
        palette.extend(raw.palette.iter().map(|(k, v)| (k.as_str(), *v)));
    }
    for raw in chain {
        let mut shade = |paint: &Paint| match paint {
            Paint::Shade(shade) => Some(*shade),
            Paint::Named(name, problem) => palette.get(name.as_str()).copied().or_else(|| {
                problems.push((**problem).clone());
                None
            }),
        };
        theme.name.clone_from(&raw.name);
        theme.variant = raw.variant.unwrap_or(theme.variant);
        for (role, look) in &raw.roles {
            let (fg, bg) = (look.fg.as_ref().and_then(&mut shade), look.bg.as_ref().and_then(&mut shade));
            // Where a file only gives a colour, what it inherits still tells the role apart without colours.
            let inherited = theme.looks.get(role).map_or(Modifier::empty(), |l| l.without_colour);
            let without_colour = look.modifiers.unwrap_or(inherited);
            let modifiers = look.modifiers.unwrap_or_default();
            theme.looks.insert(*role, Look { fg, bg, modifiers, without_colour });
        }
        let ramp: Vec<Shade> = raw.ramp.iter().filter_map(&mut shade).collect();
        if !ramp.is_empty() {
            theme.ramp = ramp;
        }
        if !raw.shapes.is_empty() {
            theme.shapes.clone_from(&raw.shapes);
        }
        if !raw.ascii_shapes.is_empty() {
            theme.ascii_shapes.clone_from(&raw.ascii_shapes);
        }
    }
    theme
}
