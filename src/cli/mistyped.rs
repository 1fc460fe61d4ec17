//! Which command a word that is none may stand for.

use super::error::AppError;
use crate::domain::suggest::nearest;
use crate::domain::text::{encode_os, printable};
use std::ffi::OsString;
use std::path::Path;

/// Where all commands are found.
const ALL: &str = "`lakelens --help` lists the subcommands";

/// The commands that a word may be meant for, such as `project rescan` for `scan`: the nearest of the first words, else
/// every command whose last word is the nearest.
pub(super) fn meant(word: &str) -> Vec<String> {
    let grammar = super::command();
    if let Some(name) = nearest(word, grammar.get_subcommands().map(clap::Command::get_name)) {
        return vec![name.to_owned()];
    }
    let inner = || {
        grammar.get_subcommands().flat_map(|outer| outer.get_subcommands().map(|c| (outer.get_name(), c.get_name())))
    };
    let Some(last) = nearest(word, inner().map(|(_, name)| name)) else { return Vec::new() };
    inner().filter(|(_, name)| *name == last).map(|(outer, name)| format!("{outer} {name}")).collect()
}

/// A question for the person that names these commands.
pub(super) fn question(commands: &[String]) -> Option<String> {
    let named: Vec<String> = commands.iter().map(|name| format!("`lakelens {name}`")).collect();
    (!named.is_empty()).then(|| format!("did you mean the subcommand {}?", named.join(" or ")))
}

/// The error for a first word that is neither a command nor a place and is followed by more; the parser would complain
/// about what follows. `None` where the word is one of them.
pub(super) fn first_word(args: &[OsString]) -> Option<AppError> {
    let (word, more) = (args.get(1)?, args.get(2)?);
    let shown = encode_os(word);
    let known = super::command().get_subcommands().any(|c| *c.get_name() == *shown);
    if known || shown.starts_with('-') || shown.contains(['/', ':']) || Path::new(word).exists() {
        return None;
    }
    let error = AppError::usage(format!(
        "there is no subcommand `{}`, and only a subcommand takes more, such as `{}`",
        printable(&shown),
        printable(&encode_os(more))
    ));
    Some(match question(&meant(&shown)) {
        Some(question) => error.hint(question),
        None => error.hint(ALL),
    })
}

/// The error for a place to open that is not there.
pub(super) fn place(word: &str) -> AppError {
    let error = AppError::usage(format!("there is no file or folder `{}`", printable(word)));
    match question(&meant(word)) {
        Some(question) => error.hint(question),
        None => error.hint(format!("give a folder, a picture or a URI; {ALL}")),
    }
}
