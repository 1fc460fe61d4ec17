//! How far people agree: the answers that were given without a sight of each other, read page by page.
//!
//! What always holds: only independent answers are compared. These are the answer a picture had when it was first drawn for
//! a second pass, and what each person answered in their own pass; an answer that somebody gave over another one, with that
//! one on the screen, is none of them. Memory is a page of pairs and what a person looks at, however many pairs there are.

use super::report::TaskProgress;
use super::{OpsError, Watch};
use crate::domain::agreement::{Agreement, Contingency, Kappa, Study};
use crate::domain::class::LabelSet;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::Answer;
use crate::store::records::{AnswerKey, SecondAnswer};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// From this overlap on a box is a hit, unless the person says otherwise.
pub const HIT: f64 = 0.5;
/// Pairs of answers fetched at a time.
const PAGE: usize = 2_000;

/// What first and second answers say of each other, without the pairs themselves.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// How often which answers met.
    met: Contingency<AnswerKey>,
    /// The newest that differ, by when the second was given.
    newest: BTreeMap<(Timestamp, SampleId, String), SecondAnswer>,
    /// At most so many of them are kept.
    most: usize,
    /// Pairs that differ in all.
    pub differing: u64,
}

impl Pairs {
    /// Nothing yet; of the pairs that differ, the newest `most` are kept.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { met: Contingency::default(), newest: BTreeMap::new(), most, differing: 0 }
    }

    /// Takes one pair.
    pub fn add(&mut self, pair: SecondAnswer, labels: &LabelSet) {
        let compared = pair.compared(labels);
        let differs = compared.0 != compared.1;
        self.met.add(compared);
        if differs {
            self.differing += 1;
            self.newest.insert((pair.at, pair.sample, pair.second_by.clone()), pair);
            while self.newest.len() > self.most {
                self.newest.pop_first();
            }
        }
    }

    /// Cohen's kappa of all pairs; nothing before the first.
    #[must_use]
    pub fn kappa(&self) -> Option<Kappa> {
        Some(self.met.kappa()).filter(|kappa| kappa.n > 0)
    }

    /// The pairs that differ, newest first, as many as are kept.
    pub fn differ(&self) -> impl Iterator<Item = &SecondAnswer> {
        self.newest.values().rev()
    }
}

/// All pairs of first and second answers of a project, of which the newest `most` that differ are kept. Memory does not
/// follow the number of pairs.
///
/// # Errors
/// The store's own.
pub fn pairs(store: &mut dyn Store, project: ProjectId, most: usize) -> Result<Pairs, StoreError> {
    let labels = store.project(project)?.labels;
    let mut pairs = Pairs::new(most);
    let mut last: Option<(SampleId, String)> = None;
    loop {
        let after = last.as_ref().map(|(sample, author)| (*sample, author.as_str()));
        let page = store.second_answers_after(project, after, PAGE)?;
        let end = page.len() < PAGE;
        last = page.last().map(|p| (p.sample, p.second_by.clone())).or(last);
        page.into_iter().for_each(|pair| pairs.add(pair, &labels));
        if end {
            return Ok(pairs);
        }
    }
}

/// The measures of a project, gathered by a study that says which classes and what overlap count.
///
/// # Errors
/// When the store cannot be read, or the work is told to stop.
pub fn study(
    store: &mut dyn Store,
    project: ProjectId,
    mut study: Study,
    watch: &mut Watch<'_>,
) -> Result<Agreement, OpsError> {
    let mut progress = TaskProgress { step: "comparing answers".into(), unit: "answers".into(), ..Default::default() };
    // The pairs of one picture may stand on two pages: those of the last one wait for the next page.
    let mut open: Vec<SecondAnswer> = Vec::new();
    let mut last = None;
    loop {
        watch.check()?;
        let after = last.as_ref().map(|(sample, author): &(_, String)| (*sample, author.as_str()));
        let page = store.second_answers_after(project, after, PAGE)?;
        progress.done += page.len() as u64;
        watch.tell(&progress);
        let end = page.len() < PAGE;
        last = page.last().map(|p| (p.sample, p.second_by.clone())).or(last);
        for pair in page {
            if open.first().is_some_and(|o| o.sample != pair.sample) {
                study.add(&answers(&open));
                open.clear();
            }
            open.push(pair);
        }
        if end {
            study.add(&answers(&open));
            return Ok(study.report());
        }
    }
}

/// Who gave which independent answer to one picture.
fn answers(pairs: &[SecondAnswer]) -> Vec<(String, &Answer)> {
    let Some(first) = pairs.iter().min_by_key(|p| p.at) else { return Vec::new() };
    let by = first.first_name();
    let name = |who: &str| if who == by { format!("{who} (again)") } else { who.to_owned() };
    let second = pairs.iter().map(|p| (name(&p.second_by), &p.second));
    std::iter::once((by.to_owned(), &first.first)).chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::annotation::Annotation;
    use crate::domain::ids::ClassId;
    use crate::domain::sample::Status;

    #[test]
    fn of_many_pairs_few_are_kept() {
        let labels = LabelSet::from_names(&["roses", "tulips"], 1);
        let time = |n: i64| Timestamp::from_second(n).unwrap();
        let answer = |class: i64| {
            let annotations = vec![Annotation::label(ClassId(class), "ann", time(0))];
            Answer { status: Status::Labeled, annotations, ..Answer::default() }
        };
        let mut pairs = Pairs::new(10);
        assert_eq!(pairs.kappa(), None);
        // By sample, as a store gives them; every fourth pair differs, and the newest do not come last.
        for n in 0..20_000_i64 {
            let at = time((n * 7919) % 20_000);
            let (first, second) = (answer(1 + n % 2), answer(1 + (n % 2 + i64::from(n % 4 == 0)) % 2));
            let (first_by, second_by) = ("ann".to_owned(), "bob".to_owned());
            let path = format!("{n}.jpg");
            pairs.add(SecondAnswer { sample: SampleId(n), path, first, first_by, second, second_by, at }, &labels);
            assert!(pairs.newest.len() <= 10 && pairs.met.cells() <= 4, "what is kept does not grow");
        }
        assert_eq!(pairs.differing, 5_000);
        let kappa = pairs.kappa().unwrap();
        assert!(kappa.n == 20_000 && (kappa.observed - 0.75).abs() < 1e-9, "{kappa:?}");
        let times: Vec<i64> = pairs.differ().map(|p| p.at.as_second()).collect();
        assert!(times.len() == 10 && times.is_sorted_by(|a, b| a > b), "newest first: {times:?}");
        let newest = (0..20_000).filter(|n| n % 4 == 0).map(|n: i64| (n * 7919) % 20_000).max();
        assert_eq!(times.first().copied(), newest);
    }

    #[test]
    fn a_picture_has_one_first_answer_and_one_of_each_pass() {
        let pair = |first_by: &str, second_by: &str, at: i64| SecondAnswer {
            sample: SampleId(1),
            path: String::new(),
            first: Answer::default(),
            first_by: first_by.to_owned(),
            second: Answer::default(),
            second_by: second_by.to_owned(),
            at: Timestamp::from_second(at).unwrap(),
        };
        let names = |pairs: &[SecondAnswer]| answers(pairs).into_iter().map(|a| a.0).collect::<Vec<_>>();
        assert_eq!(names(&[pair("ann", "ann", 2), pair("ann", "bob", 1)]), ["ann", "ann (again)", "bob"]);
        // What cleo made of it afterwards was made with a sight of the others'.
        assert_eq!(names(&[pair("ann", "bob", 1), pair("cleo", "dan", 2)]), ["ann", "bob", "dan"]);
        assert_eq!(names(&[pair("", "bob", 1)]), ["(imported)", "bob"]);
        assert!(names(&[]).is_empty());
    }
}
