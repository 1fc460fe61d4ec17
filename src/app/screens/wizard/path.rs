//! Paths that are typed, with completion.

use crate::app::effect::{Effect, Query};
use crate::app::overlays::Overlay;
use crate::app::overlays::prompt::Prompt;
use crate::app::slots::Slot;
use crate::app::state::State;
use tui_input::Input;

/// Asks for a path.
pub(super) fn ask(
    state: &mut State,
    title: &str,
    text: &str,
    hint: &str,
    submit: fn(&mut State, &str) -> Result<Vec<Effect>, String>,
) -> Vec<Effect> {
    let prompt = Prompt::new(title, text, submit).hint(hint).on_change(changed);
    state.open(Overlay::Prompt(prompt));
    changed(state, text)
}

/// What stands before a path that begins anew goes, where everybody sees it, and the rest is completed.
fn changed(state: &mut State, text: &str) -> Vec<Effect> {
    let meant = anew(text);
    if let Some(Overlay::Prompt(prompt)) = state.overlays.last_mut().filter(|_| meant != text) {
        prompt.input = Input::new(meant.to_owned());
    }
    let tag = state.slots.ask(Slot::Completion);
    vec![Effect::Ask(tag, Query::Complete { text: meant.to_owned(), base: state.base() })]
}

/// The path that begins last in a text: whoever types or pastes `/tmp/a.csv`, `~/a.csv` or `s3://b/a.csv` behind a folder
/// that stands there already means that, and not a folder inside of it.
fn anew(text: &str) -> &str {
    let from = match text.find("://") {
        Some(scheme) => text.get(..scheme).and_then(|before| before.rfind('/')).map(|slash| slash + 1),
        None => {
            let alone = |at: &usize| text.get(at + 2..).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let home = text.rfind("/~").filter(alone);
            text.rfind("//").max(home).map(|at| at + 1)
        }
    };
    from.and_then(|from| text.get(from..)).unwrap_or(text)
}

/// A path with a slash at its end.
pub(super) fn folder(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

#[cfg(test)]
mod tests {
    use super::anew;

    #[test]
    fn a_path_that_begins_anew_is_meant() {
        for (text, meant) in [
            ("/data/cards/", "/data/cards/"),
            ("/data/cards//", "/"),
            ("/data/cards//tmp/a.csv", "/tmp/a.csv"),
            ("/data/cards/~", "~"),
            ("/data/cards/~/a.csv", "~/a.csv"),
            ("/data/cards/~old", "/data/cards/~old"),
            ("/data/cards/s3://lab/a//b.csv", "s3://lab/a//b.csv"),
            ("s3://lab/a//b.csv", "s3://lab/a//b.csv"),
            ("", ""),
        ] {
            assert_eq!(anew(text), meant, "{text}");
        }
    }
}
