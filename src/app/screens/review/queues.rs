//! Choosing what to review: by state of the verdicts, by person, by class.

use crate::app::effect::Effect;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::screens::queues::take;
use crate::app::state::State;
use crate::domain::queue::{Filter, ReviewState as Verdicts};
use crate::domain::text::printable;

/// Lists everything that can be reviewed.
pub fn choose(state: &mut State) -> Vec<Effect> {
    let Some(review) = state.review() else { return Vec::new() };
    let report = review.report.clone().unwrap_or_default();
    let ready = [
        (Verdicts::Waiting, "waiting for a verdict", report.waiting),
        (Verdicts::Stale, "edited since the verdict", report.stale),
        (Verdicts::Rejected, "rejected", report.rejected),
        (Verdicts::Accepted, "accepted", report.accepted),
    ];
    let row = |label: String, detail: String, filter: &Filter| Item {
        label,
        detail,
        value: format!("filter {filter}"),
        key: String::new(),
    };
    let mut items: Vec<Item> = ready
        .into_iter()
        .map(|(verdicts, label, count)| {
            let filter = Filter { review: vec![verdicts], ..Filter::default() };
            row(label.to_owned(), count.to_string(), &filter)
        })
        .collect();
    items.push(Item {
        label: "answered twice and differently".to_owned(),
        detail: "both answers side by side".to_owned(),
        value: "differences".to_owned(),
        key: String::new(),
    });
    let waiting = vec![Verdicts::Waiting];
    for person in &report.people {
        let filter = Filter { review: waiting.clone(), by: vec![person.clone()], ..Filter::default() };
        items.push(row(format!("by {}", printable(person)), "to review, by person".to_owned(), &filter));
    }
    for class in state.labels().live() {
        let filter = Filter { review: waiting.clone(), class: vec![class.name.clone()], ..Filter::default() };
        items.push(row(printable(&class.name).into_owned(), "to review, by class".to_owned(), &filter));
    }
    let orders = ["path", "random", "newest", "class", "uncertain"];
    items.extend(orders.map(|o| Item { label: format!("order: {o}"), value: format!("order {o}"), ..Item::default() }));
    items.push(Item { label: "type a filter…".to_owned(), value: "type".to_owned(), ..Item::default() });
    state.open(Overlay::Picker(Picker::new("review", items, take)));
    Vec::new()
}
