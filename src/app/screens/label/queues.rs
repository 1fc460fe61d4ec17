//! Choosing the queue: ready-made ones, saved ones, a typed filter, an order.

use super::walk;
use crate::app::effect::{Effect, Write};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::state::State;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;

/// Ready-made filters with their names.
const READY: [(&str, &str); 7] = [
    ("unlabeled", "status:unlabeled"),
    ("all", ""),
    ("flagged", "flag"),
    ("unsure", "unsure"),
    ("skipped", "status:skipped"),
    ("rejected in review", "review:rejected"),
    ("verified empty", "empty"),
];
const ORDERS: [&str; 6] = ["path", "random", "newest", "class", "score", "uncertain"];

/// Lists everything that can be walked through.
pub fn choose(state: &mut State) -> Vec<Effect> {
    let Some(label) = state.label() else { return Vec::new() };
    let mut items: Vec<Item> = READY
        .iter()
        .map(|(name, filter)| Item {
            label: (*name).to_owned(),
            detail: (*filter).to_owned(),
            value: format!("filter {filter}"),
            key: String::new(),
        })
        .collect();
    for (name, queue) in &label.saved {
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
    items.extend(ORDERS.map(|o| Item { label: format!("order: {o}"), value: format!("order {o}"), ..Item::default() }));
    items.push(Item { label: "type a filter…".to_owned(), value: "type".to_owned(), ..Item::default() });
    items.push(Item { label: "save this queue as…".to_owned(), value: "save".to_owned(), ..Item::default() });
    state.open(Overlay::Picker(Picker::new("queue", items, chosen)));
    Vec::new()
}

/// Takes what was chosen: `filter …`, `saved …`, `order …`, `type`, `save`.
pub fn chosen(state: &mut State, value: &str) -> Vec<Effect> {
    let (what, rest) = value.split_once(' ').unwrap_or((value, ""));
    let Some(label) = state.label() else { return Vec::new() };
    let order = label.queue.order;
    match what {
        "filter" => match Filter::parse(rest) {
            Ok(filter) => walk::set_queue(state, Queue { filter, order }, None, None),
            Err(problem) => {
                state.say(Level::Error, problem);
                Vec::new()
            }
        },
        "saved" => {
            let found = label.saved.iter().find(|(name, _)| name == rest).cloned();
            found.map(|(name, queue)| walk::set_queue(state, queue, Some(name), None)).unwrap_or_default()
        }
        "order" => {
            let seed = u32::try_from(state.random() & 0xffff_ffff).unwrap_or(0);
            let order = match Order::from_name(rest) {
                Some(Order::Random { .. }) => Order::Random { seed },
                other => other.unwrap_or_default(),
            };
            let filter = state.label().map(|l| l.queue.filter.clone()).unwrap_or_default();
            walk::set_queue(state, Queue { filter, order }, None, None)
        }
        "type" => type_filter(state),
        _ => save(state),
    }
}

/// Asks for a filter in its text form.
pub fn type_filter(state: &mut State) -> Vec<Effect> {
    let text = state.label().map(|l| l.queue.filter.to_string()).unwrap_or_default();
    let prompt = Prompt::new("filter", &text, |state, text| {
        let filter = Filter::parse(text)?;
        let order = state.label().map(|l| l.queue.order).unwrap_or_default();
        Ok(walk::set_queue(state, Queue { filter, order }, None, None))
    });
    state.open(Overlay::Prompt(prompt.hint("status:unlabeled class:roses by:ann review:rejected flag -unsure sky")));
    Vec::new()
}

fn save(state: &mut State) -> Vec<Effect> {
    let text = state.label().and_then(|l| l.queue_name.clone()).unwrap_or_default();
    let prompt = Prompt::new("save this queue as", &text, |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("give it a name".to_owned());
        }
        let Some(project) = state.project.as_ref().map(|p| p.project.id) else {
            return Err("no project is open".to_owned());
        };
        let Some(label) = state.label_mut() else { return Ok(Vec::new()) };
        label.queue_name = Some(name.clone());
        label.saved.retain(|(n, _)| *n != name);
        label.saved.push((name.clone(), label.queue.clone()));
        let queue = Some(label.queue.clone());
        Ok(vec![Effect::Write(Write::SaveQueue { project, name, queue })])
    });
    state.open(Overlay::Prompt(prompt));
    Vec::new()
}
