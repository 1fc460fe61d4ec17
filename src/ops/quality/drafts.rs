//! Label once: what was answered of one picture becomes a draft on those that look like it.

use super::super::report::TaskProgress;
use super::super::{OpsError, Watch};
use crate::domain::difference;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::BatchId;
use crate::domain::project::Project;
use crate::domain::queue::{Duplicate, Filter, Order, Queue};
use crate::domain::sample::{Sample, Status};
use crate::store::Store;
use crate::store::records::{Direction, From};
use jiff::Timestamp;
use serde::Serialize;

/// Samples of one page, and about how many edits of one commit.
const PAGE: usize = 1_000;

/// What became of the groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Drafted {
    /// Pictures that have a draft now.
    pub drafts: u64,
    /// Groups they lie in.
    pub groups: u64,
    /// Groups whose answered pictures say different things: they get none.
    pub disagreeing: u64,
    /// Pictures that somebody else changed at that moment; they stay as they are.
    pub conflicts: u64,
}

/// Gives the pictures of each group that nobody has answered the answer of those that somebody has, as drafts.
///
/// # Errors
/// The store's own, or that it was cancelled; what was committed before stays and is undone as one batch.
pub fn propagate(
    store: &mut dyn Store,
    project: &Project,
    (author, at): (&str, Timestamp),
    watch: &mut Watch<'_>,
) -> Result<Drafted, OpsError> {
    let mut told = TaskProgress { step: "giving drafts".into(), unit: "pictures".into(), ..Default::default() };
    let (mut report, batch) = (Drafted::default(), BatchId::fresh());
    let mut edits: Vec<Edit> = Vec::new();
    let mut take = |store: &mut dyn Store, group: &[Sample], last: bool| -> Result<(), OpsError> {
        let drafts = drafts_of(group, project, author, at, &mut report);
        report.groups += u64::from(!drafts.is_empty());
        let message = "from a duplicate".to_owned();
        edits.extend(drafts.into_iter().map(|e| Edit { batch: Some(batch), message: message.clone(), ..e }));
        if edits.len() < PAGE && !last {
            return Ok(());
        }
        for outcome in store.commit(&std::mem::take(&mut edits))? {
            match outcome {
                Outcome::Saved { .. } | Outcome::Queued => report.drafts += 1,
                _ => report.conflicts += 1,
            }
        }
        Ok(())
    };
    let queue = Queue { filter: Filter { dup: vec![Duplicate::Near], ..Filter::default() }, order: Order::Group };
    let (mut from, mut group): (From, Vec<Sample>) = (From::Edge, Vec::new());
    loop {
        watch.check()?;
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { break };
        from = From::After(last.cursor.clone());
        told.done += page.len() as u64;
        for queued in page {
            let other = |s: &Sample| s.likeness.map(|l| l.group) != queued.sample.likeness.map(|l| l.group);
            if group.last().is_some_and(other) {
                take(store, &std::mem::take(&mut group), false)?;
            }
            group.push(queued.sample);
        }
        watch.tell(&told);
    }
    take(store, &group, true)?;
    Ok(report)
}

/// The edits that give drafts to a group.
fn drafts_of(group: &[Sample], project: &Project, author: &str, at: Timestamp, report: &mut Drafted) -> Vec<Edit> {
    let labels = &project.labels;
    let mut answered = group.iter().filter(|s| s.answer.status == Status::Labeled);
    let Some(first) = answered.next() else { return Vec::new() };
    if answered.any(|other| difference::disagree(&first.answer, &other.answer, labels)) {
        report.disagreeing += 1;
        return Vec::new();
    }
    let edit = |sample: &Sample| {
        let after = difference::drafted(&sample.answer, &first.answer, labels, author, at)?;
        let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer.clone(), after };
        Some(Edit::by_person(project.id, change, author, at))
    };
    group.iter().filter_map(edit).collect()
}
