//! Attributes of the selected shape: the flags that formats know first, in an order that stays, then all others by name.
//!
//! What always holds: each change is one edit of the answer; what is not understood can be looked at and deleted, and stays
//! as it is otherwise.

use super::changing;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::attributes::Panel;
use crate::app::screens::label::answer;
use crate::app::state::State;
use crate::domain::annotation::Annotation;
use crate::domain::attribute::{self, FLAGS, VERIFIED, is_yes};
use serde_json::Value;

/// Attributes that somebody gives one shape, at most.
const MOST: usize = 100;
/// Attributes that are listed at most, whatever an import has brought.
const LISTED: usize = 1_000;

/// One attribute: its stored name, and its value where it has one.
pub type Row<'a> = (&'a str, Option<&'a Value>);

/// The attributes that can be changed here: all of a shape, and the flags that formats know.
#[must_use]
pub fn rows(shape: &Annotation) -> Vec<Row<'_>> {
    let flags = FLAGS.iter().map(|(name, _)| (*name, shape.attributes.get(*name)));
    let others = shape.attributes.iter().filter(|(name, _)| FLAGS.iter().all(|(flag, _)| flag != name));
    flags.chain(others.map(|(name, value)| (name.as_str(), Some(value)))).take(LISTED).collect()
}

/// What a shape has, for reading: the flags that are set, then names and values. Not escaped.
pub fn said(shape: &Annotation) -> impl Iterator<Item = (&str, Option<String>)> {
    let flag = |name: &str, value: Option<&Value>| attribute::is_flag(name, value);
    let (flags, others): (Vec<_>, Vec<_>) = rows(shape).into_iter().partition(|(name, value)| flag(name, *value));
    let set = flags.into_iter().filter(|(_, value)| value.is_some_and(is_yes));
    let set = set.map(|(name, _)| (attribute::title(name), None));
    let text = |(name, value): Row<'_>| value.map(|value| attribute::text(name, value));
    set.chain(others.into_iter().map(move |row| (attribute::title(row.0), text(row))))
}

/// Gives the selected shape an attribute, or takes it away.
///
/// # Errors
/// Why nothing can be changed now.
pub fn set(state: &mut State, name: &str, value: Option<Value>) -> Result<Vec<Effect>, String> {
    if state.read_only {
        return Err("read-only: attributes cannot be changed; :app.toggle-read-only lifts it".to_owned());
    }
    answer::can_answer(state)?;
    let Some(shape) = state.selected_shape() else { return Err("the box is gone".to_owned()) };
    if shape.attributes.get(name) == value.as_ref() {
        return Ok(Vec::new());
    }
    if name.eq_ignore_ascii_case(VERIFIED) {
        return Err("this name is taken; choose another".to_owned());
    }
    if value.is_some() && shape.attributes.len() >= MOST && !shape.attributes.contains_key(name) {
        return Err(format!("it has {MOST} attributes, which is the most"));
    }
    let (id, author, at) = (shape.id, state.user.clone(), state.now);
    Ok(changing::change(state, "attribute", |annotations| {
        let Some(one) = annotations.iter_mut().find(|a| a.id == id) else { return };
        match value {
            Some(value) => one.attributes.insert(name.to_owned(), value),
            None => one.attributes.remove(name),
        };
        (one.author, one.at, one.verified) = (author, at, None);
    }))
}

/// Sets a flag of the selected shape, or takes it back.
///
/// # Errors
/// Why nothing can be changed now.
pub fn toggle(state: &mut State, name: &str) -> Result<Vec<Effect>, String> {
    let now = state.selected_shape().and_then(|shape| shape.attributes.get(name));
    let then = attribute::toggled(name, now);
    set(state, name, then)
}

/// The same by a key of its own, which says what has become of it.
pub(super) fn flag(state: &mut State, args: &[String]) -> Vec<Effect> {
    let Some(name) = args.first().map(|name| attribute::stored_name(name).to_owned()) else {
        state.say(Level::Info, "say which: `boxes.flag occluded`, on a key of the key map");
        return Vec::new();
    };
    let now = state.selected_shape().and_then(|shape| shape.attributes.get(&name));
    if now.is_some_and(|value| !attribute::is_flag(&name, Some(value))) {
        state.say(
            Level::Info,
            format!("{} is no yes or no here; [boxes.attributes] changes it", attribute::title(&name)),
        );
        return Vec::new();
    }
    match toggle(state, &name) {
        Ok(effects) => {
            let is = state.selected_shape().and_then(|shape| shape.attributes.get(&name)).is_some_and(is_yes);
            let text = format!("{}{}", if is { "" } else { "not " }, attribute::title(&name));
            answer::flash_text(state, &text);
            effects
        }
        Err(why) => {
            state.say(Level::Info, why);
            Vec::new()
        }
    }
}

/// Opens the editor.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    if let Some(shape) = state.selected_shape().map(|a| a.id) {
        state.open(Overlay::Attributes(Panel::on(shape)));
    }
    Vec::new()
}
