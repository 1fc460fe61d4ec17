//! Taking an import back where it was made: only it, only once, and it is said what stays.

use super::{end, imported, importing, ordered};
use crate::app::harness::Harness;
use lakelens::app::effect::Write;
use lakelens::app::event::{Event, Wrote};
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::ids::{EditId, ProjectId, Rev, SampleId};
use lakelens::domain::project::Counts;
use lakelens::domain::sample::{Answer, Status};
use lakelens::ops::report::ImportReport;
use lakelens::ops::report::exchange::Imported;

const PROJECT: ProjectId = ProjectId(1);

/// The wizard after an import that told this.
fn after(told: Imported) -> Harness {
    let mut h = importing();
    h.keys("s");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(true, 1197));
    h.keys("s");
    let (id, _) = ordered(&h);
    end(&mut h, id, told);
    h.effects.clear();
    h
}

fn large(h: &mut Harness) {
    h.event(Event::Wrote(Wrote::Large { project: PROJECT, redo: false, pictures: 1197 }));
    h.read();
}

/// What the store says of an import that was taken back.
fn undone(project: ProjectId) -> Wrote {
    let answer = Change::Answer {
        sample: SampleId(7),
        base: Rev(1),
        before: Answer { status: Status::Labeled, ..Answer::default() },
        after: Answer::default(),
    };
    let edit = |change| Edit {
        origin: Origin::Undo(EditId::fresh()),
        message: "import /data/labels.csv".to_owned(),
        ..Edit::by_person(project, change, "ann", jiff::Timestamp::UNIX_EPOCH)
    };
    let classes = Change::Classes { before: LabelSet::default(), after: LabelSet::default() };
    let edits = [answer, classes].map(|change| (edit(change), Outcome::Saved { rev: Rev(2) }));
    let counts = Some(Counts { empty: 4711, ..Counts::default() });
    Wrote::Undone { redo: false, edits: edits.into(), samples: Vec::new(), counts }
}

#[test]
fn an_import_into_a_project_that_is_not_open_is_taken_back_after_its_question() {
    let mut h = after(imported(false, 1197));
    h.state.project = None;
    h.keys("u");
    assert_eq!(h.writes(), [Write::Undo(PROJECT)]);
    large(&mut h);
    assert!(h.screen(100, 30).contains("Take back a change of 1197 pictures?"), "{}", h.screen(100, 30));
    // Who says no can ask again.
    h.keys("n u");
    assert_eq!(h.writes(), [Write::Undo(PROJECT), Write::Undo(PROJECT)]);
    large(&mut h);
    h.effects.clear();
    h.keys("y u");
    assert_eq!(h.writes(), [Write::Confirmed { project: PROJECT, redo: false }]);
    h.event(Event::Wrote(undone(PROJECT)));
    let screen = h.screen(100, 30);
    assert!(screen.contains("taken back") && screen.contains("as before"), "{screen}");
    assert!(screen.contains("besides answers stays"), "{screen}");
    h.effects.clear();
    h.keys("u");
    assert!(h.writes().is_empty(), "the next step back is another one");
}

#[test]
fn a_large_step_of_a_project_that_nobody_looks_at_is_not_taken_and_said() {
    let mut h = Harness::labelling(&["daisy"], 3);
    h.event(Event::Wrote(Wrote::Large { project: ProjectId(9), redo: false, pictures: 50 }));
    assert!(h.state.overlays.is_empty());
    assert!(h.screen(100, 30).contains("not done: a change of 50 pictures"), "{}", h.screen(100, 30));
}

#[test]
fn a_step_of_another_project_changes_nothing_of_the_open_one() {
    let mut h = Harness::labelling(&["daisy", "rose"], 3);
    let before = h.state.project.clone().unwrap();
    h.event(Event::Wrote(undone(ProjectId(2))));
    let now = h.state.project.clone().unwrap();
    assert_eq!((now.project.labels, now.counts), (before.project.labels, before.counts));
}

#[test]
fn guesses_and_remarks_are_no_step_that_could_be_taken_back() {
    let report = ImportReport { read: 9, matched: 9, annotations: 20, guesses: 20, ..ImportReport::default() };
    let mut h = after(Imported { report, format: "coco", ..Imported::default() });
    assert!(h.screen(100, 30).contains("undo has nothing to take back"), "{}", h.screen(100, 30));
    h.keys("u");
    assert!(h.writes().is_empty(), "it would take back what was done before the import");
}

#[test]
fn what_stays_is_said_before() {
    let told = imported(false, 1197);
    let report = ImportReport { guesses: 3, comments: 2, skeletons: 1, ..told.report.clone() };
    let mut h = after(Imported { report, ..told });
    let screen = h.screen(120, 30);
    assert!(screen.contains("`u` takes the answers back; guesses, remarks and names of key points stay"), "{screen}");
}

#[test]
fn an_import_of_pictures_that_the_project_does_not_have_says_that() {
    let report = ImportReport { read: 9, skipped: 9, ..ImportReport::default() };
    let mut h = after(Imported { report, format: "coco", ..Imported::default() });
    assert!(h.screen(100, 30).contains("the project has none of these pictures"), "{}", h.screen(100, 30));
}
