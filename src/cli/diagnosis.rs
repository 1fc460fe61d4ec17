//! What in the configuration does not work beyond its grammar: themes and keys are checked by the layers that know them.

use super::context::Context;
use crate::config::load::Problem;
use crate::config::private_file;
use crate::config::settings::ThemeChoice;
use crate::domain::problem::Problem as Found;
use crate::keymap::{self, Keymap};
use crate::theme::Theme;

/// A config file larger than this is not read.
const LARGEST_FILE: u64 = 1 << 20;

/// Everything that is wrong with the configuration: settings, themes, keys.
pub(crate) fn problems(context: &Context) -> Vec<Problem> {
    let mut all = context.loaded.problems.clone();
    let mut found = themes(context);
    found.extend(keys(context));
    for problem in found {
        let hint = Some(problem.hint).filter(|h| !h.is_empty());
        let (place, message) = (problem.place, problem.message);
        all.push(Problem { warning: false, place, message, hint, excerpt: None });
    }
    all
}

fn themes(context: &Context) -> Vec<Found> {
    let folder = context.loaded.paths.themes();
    let names = match &context.loaded.settings.theme {
        ThemeChoice::Named(name) => vec![name.as_str()],
        ThemeChoice::ByBackground { light, dark } => vec![light.as_str(), dark.as_str()],
    };
    names.into_iter().flat_map(|name| Theme::load(name, Some(&folder)).1).collect()
}

fn keys(context: &Context) -> Vec<Found> {
    let settings = &context.loaded.settings;
    let (_, mut found) = Keymap::load(settings.keymap.name(), &settings.keys, &crate::app::registry::is_known);
    let file = &context.loaded.paths.config_file;
    if let Ok(Some(text)) = private_file::read_text(file, LARGEST_FILE) {
        keymap::locate(&mut found, &file.display().to_string(), &text);
    }
    found
}

/// The keys that mean something else on the Label screen and so cannot be hotkeys of classes.
pub(crate) fn reserved_keys(context: &Context) -> Vec<String> {
    let settings = &context.loaded.settings;
    let (map, _) = Keymap::load(settings.keymap.name(), &settings.keys, &crate::app::registry::is_known);
    let mut taken = map.taken(&["label", "global"]);
    taken.retain(|key| {
        let mut chars = key.chars();
        matches!((chars.next(), chars.next()), (Some(c), None) if !c.is_ascii_digit())
    });
    taken
}
