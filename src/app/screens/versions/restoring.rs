//! Taking chosen parts of a snapshot back.
//!
//! What always holds: only what was counted is taken back, and only after a question that names the count; whatever was
//! changed after the count stays.

use super::{Compared, Comparison, Restored, VersionsState, actions};
use crate::app::effect::{Effect, Job, VersionRef};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::state::State;
use crate::domain::difference::Kind;
use crate::domain::text::{grouped, printable};
use crate::ops::report::versions::Differences;

/// The snapshot under the cursor was compared with the present state, and something differs.
pub(super) fn restorable(state: &State) -> Result<(), String> {
    actions::settled(state)?;
    let found = state.versions().and_then(VersionsState::compared_here);
    match found {
        Some(Comparison { to: VersionRef::Now, result: Compared::Done(found), .. }) if found.all() > 0 => Ok(()),
        Some(Comparison { to: VersionRef::Now, result: Compared::Done(_), .. }) => Err("nothing differs".to_owned()),
        Some(Comparison { result: Compared::Running(_), .. }) => Err("the two are still being compared".to_owned()),
        Some(Comparison { result: Compared::Failed(_), .. }) => {
            Err("the two could not be compared; [versions.open] tries again".to_owned())
        }
        Some(_) => Err("two snapshots are compared: unmark one ([versions.mark]) to go back to the other".to_owned()),
        None => Err("compare a snapshot with the present state first: [versions.open]".to_owned()),
    }
}

/// The snapshot that was compared with the present state, and what differs.
fn compared(state: &State) -> Option<(&VersionRef, &Differences)> {
    match state.versions()?.compared.as_ref()? {
        Comparison { from, to: VersionRef::Now, result: Compared::Done(found), .. } => Some((from, found)),
        _ => None,
    }
}

fn pictures(n: u64) -> String {
    if n == 1 { "1 picture".to_owned() } else { format!("{} pictures", grouped(n)) }
}

/// Lists the ways in which pictures differ, to choose what comes back.
pub(super) fn choose_parts(state: &mut State) -> Vec<Effect> {
    let Some((from, found)) = compared(state) else { return Vec::new() };
    let item = |label: &str, detail: &str, n: u64, value: &str| Item {
        label: label.to_owned(),
        detail: format!("{}   {detail}", pictures(n)),
        value: value.to_owned(),
        key: String::new(),
    };
    let mut items = vec![item("everything", "as it was, in every way", found.all(), "")];
    let kinds = found.kinds();
    // Of one way alone there is no choice.
    items.extend(
        kinds.iter().filter(|_| kinds.len() > 1).map(|(kind, n)| item(part(*kind), comes_back(*kind), *n, kind.name())),
    );
    let title = format!("take back to {}", printable(from.name()));
    state.open(Overlay::Picker(Picker::new(&title, items, ask_restore)));
    Vec::new()
}

/// What differs, in the words of a list.
#[must_use]
pub fn part(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "answered since",
        Kind::Removed => "answer gone",
        Kind::Class => "another class",
        Kind::Boxes => "other boxes",
        Kind::Skipped => "skipped or back",
        Kind::Marks => "other marks",
    }
}

fn comes_back(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "they are unanswered again",
        Kind::Removed => "they have their answer again",
        Kind::Class => "they have their class again; boxes stay as they are",
        Kind::Boxes => "they have their boxes again; classes stay as they are",
        Kind::Skipped => "they are skipped, or not, as they were",
        Kind::Marks => "they are flagged or unsure as they were",
    }
}

/// Asks with the count before anything is taken back. What is passed on names the state, so that it can be no other.
fn ask_restore(state: &mut State, value: &str) -> Vec<Effect> {
    let Some((from, found)) = compared(state) else {
        state.say(Level::Info, "the two are being compared again; nothing was taken back");
        return Vec::new();
    };
    let kinds: Vec<Kind> = Kind::from_name(value).into_iter().collect();
    let what = kinds.first().map_or_else(String::new, |kind| format!(" ({})", part(*kind)));
    let question = format!("Take {} back to {}{what}?", pictures(found.in_any(&kinds)), printable(from.name()));
    let value = format!("{value} {}", from.name());
    let detail = state.with_keys(&detail(found, &kinds));
    state.open(Overlay::Confirm(Confirm::new(question, detail, value, restore)));
    Vec::new()
}

/// What is lost, and how it comes back.
fn detail(found: &Differences, kinds: &[Kind]) -> String {
    let answered = found.in_any(&[Kind::Added]);
    let lost = kinds.is_empty() || kinds.contains(&Kind::Added);
    match answered {
        n if n > 0 && lost => {
            format!(
                "What was answered since goes, on {}. [edit.undo] takes it all back, also after a restart.",
                pictures(n)
            )
        }
        _ => "[edit.undo] takes it back, also after a restart. What somebody changes meanwhile stays as it is."
            .to_owned(),
    }
}

fn restore(state: &mut State, value: &str) -> Vec<Effect> {
    let (kind, name) = value.split_once(' ').unwrap_or_default();
    let kinds: Vec<Kind> = Kind::from_name(kind).into_iter().collect();
    let asked = compared(state).filter(|(to, _)| to.name() == name).map(|(to, found)| (to.clone(), found.until));
    let (Some(project), Some((to, seen))) = (actions::project(state), asked) else {
        state.say(Level::Info, "other states are compared now; nothing was taken back");
        return Vec::new();
    };
    if let Some(here) = state.versions_mut() {
        here.restored = Restored::Running;
    }
    let task = state.tasks.start(format!("restore {}", printable(to.name())), state.clock);
    vec![Effect::Start(task, Job::Restore { project, to, seen, kinds })]
}
