//! Choosing the queue of the Label screen, the Review screen or the gallery: ready-made ones, saved ones, a typed filter, an order.

use super::{Screen, gallery, label};
use crate::app::effect::{Effect, Write};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::state::State;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;

/// Ready-made filters with their names.
const READY: [(&str, &str); 13] = [
    ("unlabeled", "status:unlabeled"),
    ("all", ""),
    ("flagged", "flag"),
    ("unsure", "unsure"),
    ("skipped", "status:skipped"),
    ("rejected in review", "review:rejected"),
    ("verified empty", "empty"),
    ("with a comment", "comment"),
    ("labelled otherwise than predicted", "disagree"),
    ("duplicates", "dup:near"),
    ("blurred", "blurry"),
    ("dark", "dark"),
    ("damaged", "damaged"),
];

/// The queue of a screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Which samples, in which order.
    pub queue: Queue,
    /// The name it was saved under.
    pub name: Option<String>,
    /// All queues saved by name.
    pub saved: Vec<(String, Queue)>,
}

/// The queue of the screen that is shown, if it has one.
#[must_use]
pub fn chosen(state: &State) -> Option<Chosen> {
    match state.screen()? {
        Screen::Gallery(g) => Some(g.chosen.clone()),
        Screen::SecondPass(_) => None,
        other => {
            other.walk().map(|l| Chosen { queue: l.queue.clone(), name: l.queue_name.clone(), saved: l.saved.clone() })
        }
    }
}

/// Gives the screen that is shown another queue.
fn set(state: &mut State, queue: Queue, name: Option<String>) -> Vec<Effect> {
    match state.screen() {
        Some(Screen::Label(_) | Screen::Review(_)) => label::walk::set_queue(state, queue, name, None),
        Some(Screen::Gallery(_)) => gallery::pages::set_queue(state, queue, name, None),
        _ => Vec::new(),
    }
}

/// Gives the screen that is shown another filter, in the same order.
pub fn set_filter(state: &mut State, filter: Filter) -> Vec<Effect> {
    let order = chosen(state).map(|c| c.queue.order).unwrap_or_default();
    set(state, Queue { filter, order }, None)
}

/// Lists everything that can be walked through.
pub fn choose(state: &mut State) -> Vec<Effect> {
    let Some(now) = chosen(state) else { return Vec::new() };
    let mut items: Vec<Item> = READY
        .iter()
        .map(|(name, filter)| Item {
            label: (*name).to_owned(),
            detail: (*filter).to_owned(),
            value: format!("filter {filter}"),
            key: String::new(),
        })
        .collect();
    for (name, queue) in &now.saved {
        let detail = format!("{}, by {}", printable(&queue.filter.to_string()), queue.order.name());
        items.push(Item {
            label: printable(name).into_owned(),
            detail,
            value: format!("saved {name}"),
            key: "saved".to_owned(),
        });
    }
    for class in state.labels().live() {
        let filter = Filter { class: vec![class.name.clone()], ..Filter::default() };
        let name = printable(&class.name).into_owned();
        items.push(Item {
            label: name,
            detail: "class".to_owned(),
            value: format!("filter {filter}"),
            key: String::new(),
        });
    }
    items.extend(orders());
    items.push(Item { label: "pictures of a list…".to_owned(), value: "list".to_owned(), ..Item::default() });
    items.push(Item { label: "type a filter…".to_owned(), value: "type".to_owned(), ..Item::default() });
    items.push(Item { label: "save this queue as…".to_owned(), value: "save".to_owned(), ..Item::default() });
    state.open(Overlay::Picker(Picker::new("queue", items, take)));
    Vec::new()
}

fn orders() -> Vec<Item> {
    let item = |o: &str| Item { label: format!("order: {o}"), value: format!("order {o}"), ..Item::default() };
    Order::NAMES.into_iter().map(item).collect()
}

/// Lists the orders alone.
pub fn choose_order(state: &mut State) -> Vec<Effect> {
    state.open(Overlay::Picker(Picker::new("order", orders(), take)));
    Vec::new()
}

/// Takes what was chosen: `filter …`, `saved …`, `order …`, `type`, `save`.
pub fn take(state: &mut State, value: &str) -> Vec<Effect> {
    let (what, rest) = value.split_once(' ').unwrap_or((value, ""));
    let Some(now) = chosen(state) else { return Vec::new() };
    match what {
        "filter" => match Filter::parse(rest) {
            Ok(filter) => set_filter(state, filter),
            Err(problem) => {
                state.say(Level::Error, problem);
                Vec::new()
            }
        },
        "saved" => {
            let found = now.saved.into_iter().find(|(name, _)| name == rest);
            found.map(|(name, queue)| set(state, queue, Some(name))).unwrap_or_default()
        }
        "order" => {
            let seed = u32::try_from(state.random() & 0xffff_ffff).unwrap_or(0);
            let order = match Order::from_name(rest) {
                Some(Order::Random { .. }) => Order::Random { seed },
                other => other.unwrap_or_default(),
            };
            set(state, Queue { filter: now.queue.filter, order }, None)
        }
        "type" => type_filter(state),
        "list" => super::lists::show(state),
        "differences" => super::adjudicate::open(state),
        _ => save(state),
    }
}

/// Asks for a filter in its text form.
pub fn type_filter(state: &mut State) -> Vec<Effect> {
    let mut text = chosen(state).map(|c| c.queue.filter.to_string()).unwrap_or_default();
    if !text.is_empty() {
        // What is typed is one more condition.
        text.push(' ');
    }
    let prompt = Prompt::new("filter", &text, |state, text| Ok(set_filter(state, Filter::parse(text)?)));
    state.open(Overlay::Prompt(prompt.hint("status:unlabeled class:roses by:ann review:rejected flag -unsure sky")));
    Vec::new()
}

fn save(state: &mut State) -> Vec<Effect> {
    let text = chosen(state).and_then(|c| c.name).unwrap_or_default();
    let prompt = Prompt::new("save this queue as", &text, |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("give it a name".to_owned());
        }
        let Some(project) = state.project.as_ref().map(|p| p.project.id) else {
            return Err("no project is open".to_owned());
        };
        let Some(queue) = chosen(state).map(|c| c.queue) else { return Ok(Vec::new()) };
        let top = state.screens.len().saturating_sub(1);
        for (i, screen) in state.screens.iter_mut().enumerate() {
            let (saved, shown) = match screen {
                Screen::Gallery(g) => (&mut g.chosen.saved, &mut g.chosen.name),
                other => match other.walk_mut() {
                    Some(l) => (&mut l.saved, &mut l.queue_name),
                    None => continue,
                },
            };
            saved.retain(|(n, _)| *n != name);
            saved.push((name.clone(), queue.clone()));
            if i == top {
                *shown = Some(name.clone());
            }
        }
        Ok(vec![Effect::Write(Write::SaveQueue { project, name, queue: Some(queue) })])
    });
    state.open(Overlay::Prompt(prompt));
    Vec::new()
}
