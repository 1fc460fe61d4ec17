//! Themes: readable, never by colour alone, and never the end of the program.

use lakelens::term::caps::{Caps, Depth};
use lakelens::theme::colour::{Rgb, contrast, indexed_rgb};
use lakelens::theme::glyph::{BAR, BAR_ASCII, SPARK, SPARK_ASCII, SPINNER, SPINNER_ASCII};
use lakelens::theme::{Glyph, Palette, Role, Theme};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};
use std::fs;
use unicode_width::UnicodeWidthStr;

/// Roles that stand beside each other and mean different things.
const TOLD_APART: [&[Role]; 9] = [
    &[Role::Text, Role::Cursor, Role::Selected, Role::Marked, Role::Match, Role::Flash],
    &[Role::Text, Role::Danger, Role::Warning, Role::Success, Role::Info],
    &[Role::Hint, Role::Key, Role::Badge],
    &[Role::Text, Role::Title, Role::Muted],
    &[Role::Text, Role::Disabled, Role::Cursor],
    &[Role::Input, Role::Placeholder, Role::Popup, Role::PopupTitle],
    &[Role::Bar, Role::BarEmpty],
    &[Role::Text, Role::Predicted],
    &[Role::Text, Role::Added, Role::Removed],
];
/// Roles that are only lines and fillings, so that the contrast of text is not asked of them.
const NO_TEXT: [Role; 4] = [Role::PopupBorder, Role::BarEmpty, Role::Axis, Role::Chart];

fn load(text: &str) -> (Theme, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.toml"), text).unwrap();
    let (theme, problems) = Theme::load("mine", Some(dir.path()));
    let prefix = format!("{}/", dir.path().display());
    (theme, problems.iter().map(|p| p.to_string().replace(&prefix, "")).collect())
}

fn rgb(color: Color) -> Rgb {
    match color {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(n) => indexed_rgb(n),
        other => panic!("{other:?} has no exact colour"),
    }
}

/// Foreground and background as they are seen, on the screen's own background where the role brings none.
fn seen(palette: &Palette, style: Style) -> (Rgb, Rgb) {
    let text = palette.ground();
    let (fg, bg) = (style.fg.or(text.fg).unwrap(), style.bg.or(text.bg).unwrap());
    let (fg, bg) = (rgb(fg), rgb(bg));
    if style.add_modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
}

#[test]
fn bundled_themes_load_without_a_word_and_are_complete() {
    assert_eq!(Theme::bundled().collect::<Vec<_>>(), ["terminal", "dark", "light", "contrast", "mono", "colorblind"]);
    for name in Theme::bundled() {
        let (theme, problems) = Theme::load(name, None);
        assert_eq!(problems, [], "{name}");
        assert_eq!(theme.name, name);
        let terminal = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/terminal.toml");
        let base: toml::Table = fs::read_to_string(terminal).unwrap().parse().unwrap();
        for role in Role::ALL {
            assert!(base["roles"].get(role.name()).is_some(), "terminal.toml says nothing of `{}`", role.name());
        }
    }
}

#[test]
fn text_reads_on_its_background() {
    for (name, least) in [("dark", 4.5), ("light", 4.5), ("contrast", 7.0), ("colorblind", 4.5)] {
        let theme = Theme::load(name, None).0;
        for depth in [Depth::True, Depth::Ansi256] {
            let palette = theme.resolve(depth, false);
            let roles =
                Role::ALL.into_iter().filter(|r| !NO_TEXT.contains(r)).map(|r| (r.name().to_owned(), palette.style(r)));
            let classes = (0..9).map(|i| (format!("class {i}"), palette.class(i).0));
            for (what, style) in roles.chain(classes) {
                let (fg, bg) = seen(&palette, style);
                let found = contrast(fg, bg);
                assert!(found >= least, "{name} at {depth:?}: {what} {fg:?} on {bg:?} has {found:.2}, needs {least}");
            }
        }
        let palette = theme.resolve(Depth::True, false);
        for role in [Role::Muted, Role::Key, Role::Danger] {
            let inside = palette.style(Role::Popup).patch(palette.style(role));
            let (fg, bg) = seen(&palette, inside);
            assert!(contrast(fg, bg) >= 4.5, "{name}: {} in a popup has {:.2}", role.name(), contrast(fg, bg));
        }
    }
}

#[test]
fn sixteen_colours_never_put_a_colour_on_itself() {
    for name in Theme::bundled() {
        let palette = Theme::load(name, None).0.resolve(Depth::Ansi16, false);
        let text = palette.ground();
        let classes = (0..16).map(|i| palette.class(i).0);
        for style in Role::ALL.into_iter().map(|r| palette.style(r)).chain(classes) {
            let (fg, bg) = (style.fg.or(text.fg), style.bg.or(text.bg));
            let default = |c: Option<Color>| c == Some(Color::Reset) || c.is_none();
            assert!(fg != bg || default(fg), "{name}: {style:?}");
        }
    }
}

#[test]
fn nothing_is_said_by_colour_alone() {
    for name in Theme::bundled() {
        for ascii in [false, true] {
            let palette = Theme::load(name, None).0.resolve(Depth::Mono, ascii);
            for group in TOLD_APART {
                let looks: Vec<_> = group.iter().map(|r| (palette.style(*r).add_modifier, palette.mark(*r))).collect();
                for (i, look) in looks.iter().enumerate() {
                    assert!(
                        !looks[..i].contains(look),
                        "{name}, ascii {ascii}: {:?} looks like another of {group:?}",
                        group[i]
                    );
                }
            }
            let coloured = |s: Style| s.fg.is_some() || s.bg.is_some();
            assert!(!Role::ALL.into_iter().any(|r| coloured(palette.style(r))), "{name} has colours in mono");
            assert!(!coloured(palette.class(0).0), "{name} has class colours in mono");
        }
    }
}

#[test]
fn the_default_and_mono_use_only_what_the_user_chose() {
    for name in ["terminal", "mono"] {
        let palette = Theme::load(name, None).0.resolve(Depth::True, false);
        let styles = Role::ALL.into_iter().map(|r| palette.style(r)).chain((0..20).map(|i| palette.class(i).0));
        for colour in styles.flat_map(|s| [s.fg, s.bg]).flatten() {
            assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{name}: {colour:?}");
            assert!(name != "mono" || colour == Color::Reset, "mono: {colour:?}");
        }
    }
}

#[test]
fn the_cursor_is_one_even_bar_and_text_keeps_the_background_it_is_on() {
    for name in Theme::bundled() {
        let palette = Theme::load(name, None).0.resolve(Depth::True, false);
        let on_key = palette.style(Role::Key).patch(palette.style(Role::Cursor));
        let on_muted = palette.style(Role::Muted).patch(palette.style(Role::Cursor));
        assert_eq!((on_key.fg, on_key.bg), (on_muted.fg, on_muted.bg), "{name}");
        assert!(!on_muted.add_modifier.contains(Modifier::DIM), "{name}");
        assert_eq!(palette.style(Role::Text).bg, None, "{name}");
    }
}

#[test]
fn the_default_follows_the_background() {
    let theme = Theme::default();
    let on = |light| theme.resolve_for(&Caps { depth: Depth::Ansi16, light, unicode: true, ..Caps::default() });
    assert_eq!(on(Some(true)).style(Role::Accent).fg, Some(Color::Blue));
    assert_eq!(on(Some(false)).style(Role::Accent).fg, Some(Color::Cyan));
    assert_eq!(on(None), on(Some(false)));
}

#[test]
fn every_mark_is_one_column_and_ascii_is_ascii() {
    let theme = Theme::default();
    let (unicode, ascii) = (theme.resolve(Depth::True, false), theme.resolve(Depth::True, true));
    for glyph in [Glyph::Saved, Glyph::Flag, Glyph::Ellipsis, Glyph::Volume, Glyph::Given, Glyph::Times] {
        assert_eq!((unicode.glyph(glyph).width(), ascii.glyph(glyph).width()), (1, 1), "{glyph:?}");
        assert!(ascii.glyph(glyph).is_ascii());
    }
    for steps in [&BAR[..], &BAR_ASCII, &SPARK, &SPARK_ASCII, &SPINNER, &SPINNER_ASCII] {
        assert!(steps.iter().all(|s| s.width() == 1), "{steps:?}");
    }
    for steps in [&BAR_ASCII[..], &SPARK_ASCII, &SPINNER_ASCII] {
        assert!(steps.iter().all(|s| s.is_ascii()), "{steps:?}");
    }
}

#[test]
fn what_is_wrong_is_listed_with_its_place_and_the_rest_holds() {
    let (theme, problems) = load(
        "variant = \"drak\"\n[palette]\nsea = \"#12345\"\nred = \"#ff0000\"\n[roles]\nacent = \"cyan\"\ntitle = { fg = \"bleu\", mod = [\"bald\"] }\n\
         danger = \"#ff0000\"\nkey = \"see\"\n[classes]\nshapes = [\"日\", \"\\u001b\", \"●\"]\nramp = [300]\n[colours]\n",
    );
    let expected = [
        "mine.toml:1:11: `drak` is no variant; did you mean `dark`?",
        "mine.toml:3:7: `#12345` is no colour; use a name such as \"bright-blue\", \"#rrggbb\", a number of the 256, or a palette entry",
        "mine.toml:4:1: `red` already is the name of a colour; give the palette entry another name",
        "mine.toml:6:1: `acent` is no role; did you mean `accent`?",
        "mine.toml:7:16: `bleu` is no colour; did you mean `blue`?",
        "mine.toml:7:31: `bald` is no modifier; did you mean `bold`?",
        "mine.toml:9:7: `see` is no colour; use a name such as \"bright-blue\", \"#rrggbb\", a number of the 256, or a palette entry",
        "mine.toml:11:11: `日` is not a shape; use one character that is one column wide",
        "mine.toml:11:16: `\\x1b` is not a shape; use one character that is one column wide",
        "mine.toml:12:9: a colour number is 0 to 255; such as 208",
    ];
    for wanted in expected {
        assert!(problems.iter().any(|p| p == wanted), "{wanted}\nis not in\n{}", problems.join("\n"));
    }
    let section = problems.iter().any(|p| p.starts_with("mine.toml:13:2: `colours` is no section of a theme"));
    assert!(section, "{problems:#?}");
    assert_eq!(problems.len(), expected.len() + 1, "{problems:#?}");
    let palette = theme.resolve(Depth::True, false);
    assert_eq!(palette.style(Role::Danger).fg, Some(Color::Rgb(255, 0, 0)));
    assert_eq!(palette.class(5).1, "●");
}

#[test]
fn a_file_that_is_no_toml_gives_the_default_and_says_where() {
    let (theme, problems) = load("name = \"mine\"\n[roles\n");
    assert!(problems[0].starts_with("mine.toml:2:7: "), "{problems:?}");
    assert_eq!(theme.resolve(Depth::True, false), Theme::default().resolve(Depth::True, false));
}

#[test]
fn names_that_are_not_there_are_answered_with_a_guess() {
    let (theme, problems) = Theme::load("dakr", None);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), "theme: there is no theme `dakr`; did you mean `dark`?");
    assert_eq!(theme, Theme::default());
    let (theme, problems) = Theme::load("/nowhere/at/all.toml", None);
    assert!(problems[0].to_string().starts_with("/nowhere/at/all.toml: the theme cannot be read"), "{problems:?}");
    assert_eq!(theme, Theme::default());
}

#[test]
fn themes_build_on_each_other_by_name_even_on_their_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dark.toml"), "inherits = \"dark\"\n[palette]\naccent = \"#ffffff\"\n").unwrap();
    fs::write(dir.path().join("a.toml"), "inherits = \"b\"\n").unwrap();
    fs::write(dir.path().join("b.toml"), "inherits = \"a\"\n").unwrap();
    let (theme, problems) = Theme::load("dark", Some(dir.path()));
    assert_eq!(problems, []);
    let palette = theme.resolve(Depth::True, false);
    assert_eq!(palette.style(Role::Key).fg, Some(Color::Rgb(255, 255, 255)), "the new accent reaches inherited roles");
    assert_eq!(
        palette.style(Role::Text).bg,
        Theme::load("dark", None).0.resolve(Depth::True, false).style(Role::Text).bg
    );
    let (_, problems) = Theme::load("a", Some(dir.path()));
    assert!(problems.iter().any(|p| p.message == "`a` inherits from itself"), "{problems:?}");
    assert_eq!(Theme::names(Some(dir.path()))[..4], ["a", "b", "dark", "terminal"]);
}

#[test]
fn a_huge_or_strange_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("huge.toml"), "# x\n".repeat(20_000)).unwrap();
    fs::write(dir.path().join("bytes.toml"), b"name = \"\xff\"").unwrap();
    for (name, why) in [("huge", "larger than"), ("bytes", "not UTF-8")] {
        let (theme, problems) = Theme::load(name, Some(dir.path()));
        assert!(problems[0].message.contains(why), "{problems:?}");
        assert_eq!(theme, Theme::default());
    }
}

proptest! {
    #[test]
    fn no_text_is_the_end_of_the_program(text in "\\PC{0,200}", lines in proptest::collection::vec(
        ("(name|inherits|variant|\\[roles\\]|\\[palette\\]|\\[classes\\]|text|cursor|ramp|shapes|ansi|rgb|x)",
         "( = |=|\\.)?", "(\"[a-z#0-9-]{0,8}\"|\\{ *(fg|rgb|mod|ansi) *= *[\"\\[a-z#0-9\\]]{0,9} *\\}|[0-9x-]{1,5}|\\[[\"a-z, ]{0,9}\\]|)"), 0..12)) {
        let written: String = lines.into_iter().map(|(a, b, c)| format!("{a}{b}{c}\n")).collect();
        for source in [text, written] {
            let (theme, problems) = load(&source);
            prop_assert!(problems.len() <= 64);
            let palette = theme.resolve(Depth::True, false);
            for i in [0, 7, usize::MAX] {
                prop_assert_eq!(palette.class(i).1.width(), 1);
            }
        }
    }
}
