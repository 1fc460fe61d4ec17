//! Orders as stretches: parts that stand one after the other, each sorted by one column.

use super::codes;
use super::part::Fact;
use super::tally::Stored;
use crate::domain::class::{ClassIndex, LabelSet};
use crate::domain::ids::ClassId;
use crate::domain::queue::Order;
use std::collections::HashMap;

/// The column a stretch is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Column {
    Path,
    Shuffle,
    Changed,
    Rank,
    /// Sharpness; this and the following stand with the measures.
    Blur,
    /// Brightness.
    Light,
    /// The place among pictures that look alike.
    Place,
    /// How far the best class is ahead of the second; this and the next stand with the doubts of models.
    Margin,
    /// How alike the scores of classes are.
    Entropy,
}

impl Column {
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Path => "sort_key",
            Self::Shuffle => "shuffle",
            Self::Changed => "changed",
            Self::Rank => "rank",
            Self::Blur => "blur",
            Self::Light => "light",
            Self::Place => "place",
            Self::Margin => "margin",
            Self::Entropy => "entropy",
        }
    }

    /// The table beside the samples that it stands in, where not every sample has a row.
    pub(super) fn table(self) -> Option<&'static str> {
        match self {
            Self::Blur | Self::Light | Self::Place => Some("measure"),
            Self::Margin | Self::Entropy => Some("doubt"),
            Self::Path | Self::Shuffle | Self::Changed | Self::Rank => None,
        }
    }
}

/// A part of an order.
#[derive(Clone, Debug)]
pub(in crate::store) struct Stretch {
    /// What cursors call it.
    pub(in crate::store) id: i64,
    pub(in crate::store) column: Column,
    pub(in crate::store) descending: bool,
    /// Only keys from here on.
    pub(super) low: Option<i64>,
    /// Only keys below.
    pub(super) high: Option<i64>,
    /// Only samples that stand under one of these classes (`Some(None)`: under none).
    pub(super) class: Option<Option<Vec<i64>>>,
    /// Only samples whose best prediction is one of these classes (`Some(None)`: that have none).
    pub(super) predicted: Option<Option<Vec<i64>>>,
    /// Only samples without a value in this column.
    pub(super) lacks: Option<Column>,
}

impl Stretch {
    fn whole(column: Column, descending: bool) -> Self {
        Self { id: 0, column, descending, low: None, high: None, class: None, predicted: None, lacks: None }
    }

    /// How many samples lie in it at most, from the stored counts.
    pub(in crate::store) fn samples(&self, stored: &Stored) -> u64 {
        let doubt = |column: Column| column.table() == Some("doubt");
        match (&self.class, &self.predicted) {
            _ if doubt(self.column) => Fact::doubted(stored),
            _ if self.lacks.is_some_and(doubt) => {
                stored.of("predicted").map(|(_, n)| n).sum::<u64>().saturating_sub(Fact::doubted(stored))
            }
            (_, Some(Some(ids))) => ids.iter().map(|c| stored.get("predicted", c)).sum(),
            (Some(Some(ids)), _) => ids.iter().map(|c| stored.get("class", c)).sum(),
            _ => u64::MAX,
        }
    }
}

/// Cursors of samples without class, in class order.
pub(super) const NO_CLASS: i64 = -1;
/// Cursors of samples that only a model gave a class, in class order: this and the class.
const PREDICTED: i64 = 1 << 40;

/// The stretches of an order, in order.
pub(super) fn stretches(order: Order, labels: &LabelSet) -> Vec<Stretch> {
    let from = |id, start, s: Stretch| Stretch { id, low: Some(start), ..s };
    let below = |id, end, s: Stretch| Stretch { id, high: Some(end), ..s };
    let whole = Stretch::whole;
    let measured = |column| {
        let rest = Stretch { id: 1, lacks: Some(column), ..whole(Column::Path, false) };
        vec![whole(column, false), rest]
    };
    // Of what has one score only, the least certain come first, as in the order by it.
    let doubted = |column, descending| {
        let single = Stretch { lacks: Some(column), ..from(1, 0, whole(Column::Rank, false)) };
        vec![whole(column, descending), single, below(2, 0, whole(Column::Rank, true))]
    };
    match order {
        Order::Path => vec![whole(Column::Path, false)],
        Order::Newest => vec![whole(Column::Changed, true)],
        Order::Random { seed } => {
            let start = codes::shuffle(i64::from(seed));
            vec![from(0, start, whole(Column::Shuffle, false)), below(1, start, whole(Column::Shuffle, false))]
        }
        Order::ScoreDown => vec![from(0, 0, whole(Column::Rank, true)), below(1, 0, whole(Column::Rank, true))],
        Order::ScoreUp => vec![from(0, 0, whole(Column::Rank, false)), below(1, 0, whole(Column::Rank, true))],
        Order::Margin => doubted(Column::Margin, false),
        Order::Entropy => doubted(Column::Entropy, true),
        Order::Blur => measured(Column::Blur),
        Order::Brightness => measured(Column::Light),
        Order::Group => measured(Column::Place),
        Order::Class => by_class(labels),
    }
}

/// For each class what people gave it, by path, and what only a model did, best first; then the rest.
fn by_class(labels: &LabelSet) -> Vec<Stretch> {
    let ends = labels.classes.iter().filter(|c| c.merged_into.is_none());
    let index = ClassIndex::of(labels);
    let mut members: HashMap<ClassId, Vec<i64>> = HashMap::new();
    for class in &labels.classes {
        members.entry(index.resolve(class.id)).or_default().push(class.id.0);
    }
    let pair = |id: ClassId| {
        let ids = members.get(&id).cloned().unwrap_or_default();
        let given = Stretch { id: id.0, class: Some(Some(ids.clone())), ..Stretch::whole(Column::Path, false) };
        let predicted = Some(Some(ids));
        let guessed =
            Stretch { id: PREDICTED + id.0, class: Some(None), predicted, ..Stretch::whole(Column::Rank, true) };
        [given, guessed]
    };
    let rest =
        Stretch { id: NO_CLASS, class: Some(None), predicted: Some(None), ..Stretch::whole(Column::Path, false) };
    ends.flat_map(|c| pair(c.id)).chain([rest]).collect()
}

/// The stretch of class order in which a sample lies that stands under a class, or was given one by a model, or neither.
pub(super) fn class_stretch(labels: &LabelSet, class: Option<i64>, predicted: Option<i64>) -> i64 {
    let guessed = || predicted.map_or(NO_CLASS, |c| PREDICTED + labels.resolve(ClassId(c)).0);
    class.map_or_else(guessed, |c| labels.resolve(ClassId(c)).0)
}

/// What a stretch of class order is called today: a class may have become another.
pub(super) fn renamed(labels: &LabelSet, id: i64) -> i64 {
    let base = if id >= PREDICTED { PREDICTED } else { 0 };
    base + labels.resolve(ClassId(id - base)).0
}

/// All classes that count as this one today.
pub(super) fn members(labels: &LabelSet, id: ClassId) -> Vec<i64> {
    let index = ClassIndex::of(labels);
    labels.classes.iter().map(|c| c.id).filter(|c| index.resolve(*c) == id).map(|c| c.0).collect()
}
