//! Counts that follow an edit at once, until the store's own counts come.

use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Status};
use std::collections::BTreeSet;

/// Moves a sample from the counts of one answer to those of another.
pub fn recount(counts: &mut Counts, before: &Answer, after: &Answer) {
    shift(counts, before, false);
    shift(counts, after, true);
}

fn shift(counts: &mut Counts, answer: &Answer, add: bool) {
    let step = |n: &mut u64| *n = if add { *n + 1 } else { n.saturating_sub(1) };
    step(counts.status.entry(answer.status).or_default());
    let given = answer.annotations.iter().filter(|_| !answer.is_draft());
    let classes: BTreeSet<_> = given.map(|a| a.class).collect();
    for class in classes {
        step(counts.class.entry(class).or_default());
    }
    if answer.status == Status::Labeled && answer.annotations.is_empty() {
        step(&mut counts.empty);
    }
}
