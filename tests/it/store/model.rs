//! Random edits, undo and redo by two people against a plain model in memory: answers, revisions, verdicts, label set,
//! counts and the answers of every earlier moment must all be the same.

use super::fixture::{Kind, Schema, SqliteFile, at, batch, boxed, project_of};
use super::server::needed;
use lakelens::domain::annotation::Annotation;
use lakelens::domain::class::{LabelClass, LabelSet};
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ClassId, EventId, ProjectId, Rev, SampleId};
use lakelens::domain::review::{Review, Verdict};
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;
use lakelens::store::records::UndoReport;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SAMPLES: usize = 5;
const PEOPLE: [&str; 2] = ["ann", "bob"];

#[derive(Clone, Debug)]
struct Pick {
    sample: usize,
    status: usize,
    /// How many of the annotations that stand are kept.
    keep: usize,
    classes: Vec<i64>,
    boxes: bool,
    flagged: bool,
    unsure: bool,
    /// Based on a revision that is not the present one.
    stale: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Edit(usize, Vec<Pick>),
    Undo(usize),
    Redo(usize),
    Verdict {
        who: usize,
        sample: usize,
        verdict: usize,
    },
    Rename {
        who: usize,
        class: usize,
    },
    Retire {
        who: usize,
        class: usize,
    },
    AddClass {
        who: usize,
    },
    /// An edit that was taken long ago is sent again.
    Repeat(usize),
    Reopen,
}

fn pick() -> impl Strategy<Value = Pick> {
    let classes = prop::collection::vec(1i64..=3, 0..3);
    let bools = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.1));
    (0..SAMPLES, 0..5usize, 0..3usize, classes, bools).prop_map(|(sample, status, keep, classes, bools)| {
        let (boxes, flagged, unsure, stale) = bools;
        Pick { sample, status, keep, classes, boxes, flagged, unsure, stale }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        8 => (who.clone(), prop::collection::vec(pick(), 1..2)).prop_map(|(w, p)| Step::Edit(w, p)),
        3 => (who.clone(), prop::collection::vec(pick(), 2..5)).prop_map(|(w, p)| Step::Edit(w, p)),
        7 => who.clone().prop_map(Step::Undo),
        5 => who.clone().prop_map(Step::Redo),
        3 => (who.clone(), 0..SAMPLES, 0..3usize)
            .prop_map(|(who, sample, verdict)| Step::Verdict { who, sample, verdict }),
        2 => (who.clone(), 0..3usize).prop_map(|(who, class)| Step::Rename { who, class }),
        1 => (who.clone(), 0..3usize).prop_map(|(who, class)| Step::Retire { who, class }),
        1 => who.prop_map(|who| Step::AddClass { who }),
        1 => any::<usize>().prop_map(Step::Repeat),
        1 => Just(Step::Reopen),
    ]
}

/// What one edit did, so that the model can take it back.
#[derive(Clone, Debug)]
enum Action {
    /// `id` names what stands after it, `previous` what stood.
    Answer {
        sample: usize,
        id: usize,
        previous: usize,
        before: Answer,
        after: Answer,
    },
    Verdict {
        sample: usize,
        reviewer: String,
        before: Option<Review>,
        after: Option<Review>,
    },
    Class {
        before: Option<LabelClass>,
        after: Option<LabelClass>,
    },
}

#[derive(Clone, Debug)]
struct Done {
    /// Edits made together have the same number.
    group: usize,
    action: Action,
}

#[derive(Clone, Default)]
struct World {
    answers: Vec<Answer>,
    revs: Vec<i64>,
    states: Vec<usize>,
    reviews: Vec<BTreeMap<String, Review>>,
    labels: BTreeMap<ClassId, LabelClass>,
    undo: [Vec<Done>; 2],
    redo: [Vec<Done>; 2],
    events: usize,
    counter: usize,
}

impl World {
    fn next(&mut self) -> usize {
        self.counter += 1;
        self.counter
    }

    fn carries(&self, class: ClassId) -> bool {
        self.answers.iter().flat_map(|a| &a.annotations).any(|a| a.class == class)
    }

    /// Makes an action happen, or un-happen; `false` if it may not.
    fn turn(&mut self, action: &Action, back: bool) -> bool {
        match action.clone() {
            Action::Answer { sample, id, previous, before, after } => {
                let (from, to, answer) = if back { (id, previous, before) } else { (previous, id, after) };
                let known = answer.annotations.iter().all(|a| self.labels.contains_key(&a.class));
                if self.states[sample] != from || !known {
                    return false;
                }
                self.states[sample] = to;
                self.revs[sample] += 1;
                self.answers[sample] = answer;
            }
            Action::Verdict { sample, reviewer, before, after } => {
                let (from, to) = if back { (after, before) } else { (before, after) };
                if self.reviews[sample].get(&reviewer) != from.as_ref() {
                    return false;
                }
                match to {
                    Some(review) => self.reviews[sample].insert(reviewer, review),
                    None => self.reviews[sample].remove(&reviewer),
                };
            }
            Action::Class { before, after } => {
                let (from, to) = if back { (after, before) } else { (before, after) };
                let Some(id) = from.as_ref().or(to.as_ref()).map(|c| c.id) else { return false };
                if self.labels.get(&id) != from.as_ref() || (to.is_none() && self.carries(id)) {
                    return false;
                }
                match to {
                    Some(class) => self.labels.insert(id, class),
                    None => self.labels.remove(&id),
                };
            }
        }
        self.events += 1;
        true
    }

    fn made(&mut self, who: usize, group: usize, action: Action) {
        self.redo[who].clear();
        self.undo[who].push(Done { group, action });
    }

    /// Undo or redo of one step: how many edits were applied and refused.
    fn step_back(&mut self, who: usize, back: bool) -> (usize, usize) {
        let list = if back { &mut self.undo[who] } else { &mut self.redo[who] };
        let Some(group) = list.last().map(|d| d.group) else { return (0, 0) };
        let (taken, rest): (Vec<Done>, Vec<Done>) = list.drain(..).partition(|d| d.group == group);
        *list = rest;
        let (mut applied, mut refused) = (0, 0);
        for done in taken.into_iter().rev() {
            if self.turn(&done.action, back) {
                applied += 1;
                if back { &mut self.redo[who] } else { &mut self.undo[who] }.push(done);
            } else {
                refused += 1;
            }
        }
        (applied, refused)
    }
}

/// The real store beside the model.
struct Pair {
    kind: Box<dyn Kind>,
    store: Box<dyn Store>,
    project: ProjectId,
    ids: Vec<SampleId>,
    world: World,
    sent: Vec<Edit>,
    /// Answers after each step, with the event they stood at.
    moments: Vec<(Option<EventId>, Vec<Answer>)>,
    clock: i64,
}

impl Pair {
    fn new(kind: Box<dyn Kind>) -> Self {
        let mut store = kind.connect();
        let (project, ids) = project_of(store.as_mut(), "model", SAMPLES);
        let world = World {
            answers: vec![Answer::default(); SAMPLES],
            revs: vec![0; SAMPLES],
            states: vec![0; SAMPLES],
            reviews: vec![BTreeMap::new(); SAMPLES],
            labels: project.labels.classes.iter().map(|c| (c.id, c.clone())).collect(),
            ..World::default()
        };
        Self { kind, store, project: project.id, ids, world, sent: Vec::new(), moments: Vec::new(), clock: 0 }
    }

    fn answer(&self, pick: &Pick, now: &Answer, who: &str) -> Answer {
        let status =
            [Status::Labeled, Status::Labeled, Status::Skipped, Status::Unlabeled, Status::Labeled][pick.status];
        let mut annotations: Vec<Annotation> = now.annotations.iter().take(pick.keep).cloned().collect();
        for class in &pick.classes {
            let mut new = boxed(*class, *class as f64 / 7.0, who);
            if !pick.boxes {
                new = Annotation::label(ClassId(*class), who, at(self.clock));
            }
            annotations.push(new);
        }
        let skip_reason = (status == Status::Skipped).then(|| format!("reason {}", pick.keep));
        Answer { status, skip_reason, flagged: pick.flagged, unsure: pick.unsure, annotations }
    }

    /// Edits made by one key, each of another sample or of the same one after the other.
    fn edit(&mut self, who: usize, picks: &[Pick]) {
        let (name, group) = (PEOPLE[who], self.world.next());
        let mut edits = Vec::new();
        let mut expected = Vec::new();
        for pick in picks {
            let s = pick.sample;
            let before = self.world.answers[s].clone();
            let after = self.answer(pick, &before, name);
            let stale = i64::from(pick.stale);
            let change = Change::Answer {
                sample: self.ids[s],
                base: Rev(self.world.revs[s] + stale),
                before: before.clone(),
                after: after.clone(),
            };
            edits.push(Edit::by_person(self.project, change, name, at(self.clock)));
            let known = after.annotations.iter().all(|a| self.world.labels.contains_key(&a.class));
            if pick.stale {
                expected.push(Outcome::Conflict { rev: Rev(self.world.revs[s]), theirs: before });
            } else if known {
                let id = self.world.next();
                let action = Action::Answer { sample: s, id, previous: self.world.states[s], before, after };
                assert!(self.world.turn(&action, false));
                self.world.made(who, group, action);
                expected.push(Outcome::Saved { rev: Rev(self.world.revs[s]) });
            }
        }
        let edits = if edits.len() > 1 { batch(edits) } else { edits };
        assert_eq!(self.store.commit(&edits).unwrap(), expected);
        let saved = edits.into_iter().zip(&expected).filter(|(_, o)| matches!(o, Outcome::Saved { .. }));
        self.sent.extend(saved.map(|(e, _)| e));
    }

    fn send(&mut self, who: usize, change: Change) {
        let edit = Edit::by_person(self.project, change, PEOPLE[who], at(self.clock));
        let outcomes = self.store.commit(std::slice::from_ref(&edit)).unwrap();
        assert!(matches!(outcomes[..], [Outcome::Saved { .. }]), "{outcomes:?}");
        self.sent.push(edit);
    }

    fn class(&mut self, who: usize, before: Option<LabelClass>, after: Option<LabelClass>) {
        let labels = self.store.project(self.project).unwrap().labels;
        let mut changed = labels.clone();
        changed.classes.retain(|c| Some(c.id) != before.as_ref().map(|b| b.id));
        changed.classes.extend(after.clone());
        changed.classes.sort_by_key(|c| c.id);
        let mut sorted = labels;
        sorted.classes.sort_by_key(|c| c.id);
        let group = self.world.next();
        let action = Action::Class { before, after };
        assert!(self.world.turn(&action, false));
        self.world.made(who, group, action);
        self.send(who, Change::Classes { before: sorted, after: changed });
    }

    fn go(&mut self, step: &Step) {
        self.clock += 1;
        match step {
            Step::Edit(who, picks) => self.edit(*who, picks),
            Step::Undo(who) => {
                let report = self.store.undo(self.project, PEOPLE[*who], at(self.clock)).unwrap();
                let expected = self.world.step_back(*who, true);
                self.check_report(&report, expected);
            }
            Step::Redo(who) => {
                let report = self.store.redo(self.project, PEOPLE[*who], at(self.clock)).unwrap();
                let expected = self.world.step_back(*who, false);
                self.check_report(&report, expected);
            }
            Step::Verdict { who, sample, verdict } => self.verdict(*who, *sample, *verdict),
            Step::Rename { who, class } => {
                let old = self.world.labels[&ClassId(*class as i64 + 1)].clone();
                let new = LabelClass { name: format!("name {}", self.clock), ..old.clone() };
                self.class(*who, Some(old), Some(new));
            }
            Step::Retire { who, class } => {
                let old = self.world.labels[&ClassId(*class as i64 + 1)].clone();
                let new = LabelClass { retired: !old.retired, ..old.clone() };
                self.class(*who, Some(old), Some(new));
            }
            Step::AddClass { who } => {
                let id = 10 + self.clock;
                let mut new = LabelSet::from_names(&[format!("added {id}")], id).classes.remove(0);
                new.hotkey.clear();
                self.class(*who, None, Some(new));
            }
            Step::Repeat(n) => {
                if let Some(edit) = (!self.sent.is_empty()).then(|| self.sent[n % self.sent.len()].clone()) {
                    let outcomes = self.store.commit(&[edit]).unwrap();
                    assert!(matches!(outcomes[..], [Outcome::Saved { .. }]), "{outcomes:?}");
                }
            }
            Step::Reopen => self.store = self.kind.connect(),
        }
    }

    fn verdict(&mut self, who: usize, sample: usize, verdict: usize) {
        let reviewer = PEOPLE[who].to_owned();
        let before = self.world.reviews[sample].get(&reviewer).cloned();
        let rev = Rev(self.world.revs[sample]);
        let kind = [Verdict::Accepted, Verdict::Rejected][verdict.min(1)];
        let new = Review { rev, verdict: kind, comment: None, reviewer: reviewer.clone(), at: at(self.clock) };
        let after = (verdict < 2).then_some(new);
        if before.is_none() && after.is_none() {
            return;
        }
        let group = self.world.next();
        let action = Action::Verdict { sample, reviewer, before: before.clone(), after: after.clone() };
        assert!(self.world.turn(&action, false));
        self.world.made(who, group, action);
        self.send(who, Change::Verdict { sample: self.ids[sample], base: rev, before, after });
    }

    fn check_report(&self, report: &UndoReport, expected: (usize, usize)) {
        assert_eq!((report.applied.len(), report.refused.len()), expected, "{report:?}");
        // The last applied edit of each sample tells what stands now, so that a screen can follow.
        for (i, id) in self.ids.iter().enumerate() {
            let last = report.applied.iter().rev().find(|a| a.edit.change.sample() == Some(*id));
            if let Some(Change::Answer { after, .. }) = last.map(|a| &a.edit.change) {
                assert_eq!(after, &self.world.answers[i]);
            }
        }
    }

    /// Everything equals the model.
    fn compare(&mut self) {
        let world = &self.world;
        for (i, id) in self.ids.iter().enumerate() {
            let sample = self.store.sample(*id).unwrap();
            assert_eq!(sample.answer, world.answers[i], "answer of sample {i}");
            assert_eq!(sample.rev, Rev(world.revs[i]), "revision of sample {i}");
            let reviews: BTreeMap<String, Review> =
                sample.reviews.into_iter().map(|r| (r.reviewer.clone(), r)).collect();
            assert_eq!(reviews, world.reviews[i], "verdicts on sample {i}");
        }
        let labels = self.store.project(self.project).unwrap().labels;
        let labels: BTreeMap<ClassId, LabelClass> = labels.classes.into_iter().map(|c| (c.id, c)).collect();
        assert_eq!(labels, world.labels);
        let tallies = self.store.tallies(self.project).unwrap();
        let number = |wanted: &dyn Fn(&Answer) -> bool| world.answers.iter().filter(|a| wanted(a)).count() as u64;
        for status in Status::ALL {
            assert_eq!(tallies.counts.of(status), number(&|a| a.status == status), "{status:?}");
        }
        for class in world.labels.keys() {
            let carried = number(&|a| a.annotations.iter().any(|x| x.class == *class));
            assert_eq!(tallies.counts.class.get(class).copied().unwrap_or(0), carried, "class {class}");
        }
        assert_eq!(tallies.counts.empty, number(&|a| a.status == Status::Labeled && a.annotations.is_empty()));
        assert_eq!((tallies.flagged, tallies.unsure), (number(&|a| a.flagged), number(&|a| a.unsure)));
        let history = self.store.history(self.project, None, None, 10_000).unwrap();
        assert_eq!(history.len(), world.events);
        self.moments.push((history.first().map(|h| h.event), world.answers.clone()));
    }

    /// Every earlier moment can still be read.
    fn look_back(&mut self) {
        for (event, answers) in &self.moments {
            for (id, answer) in self.ids.iter().zip(answers) {
                assert_eq!(&self.store.answer_as_of(*id, *event).unwrap(), answer);
            }
        }
        self.kind.verify();
    }
}

fn play(kind: Box<dyn Kind>, steps: &[Step]) {
    let mut pair = Pair::new(kind);
    for step in steps {
        pair.go(step);
        pair.compare();
    }
    pair.look_back();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(steps in prop::collection::vec(step(), 1..50)) {
        play(Box::new(SqliteFile::new()), &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "needs PostgreSQL; tests/run starts it"]
    fn postgresql_does_what_the_model_does(steps in prop::collection::vec(step(), 1..50)) {
        play(Box::new(Schema::on(needed())), &steps);
    }
}
