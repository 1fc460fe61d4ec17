//! Working with others: queues by claims, pictures that somebody else holds, who is here.

use super::harness::{Harness, project, sample};
use lakelens::app::effect::{Effect, Query, Write};
use lakelens::app::event::{Event, Reply};
use lakelens::app::screens::Screen;
use lakelens::app::screens::label::walk;
use lakelens::app::slots::Slot;
use lakelens::app::team::{AHEAD, Here, NEAR, TeamNews, TeamOrder};
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::domain::project::Counts;

const PROJECT: ProjectId = ProjectId(1);

fn orders(h: &Harness) -> Vec<TeamOrder> {
    h.effects.iter().filter_map(|e| if let Effect::Team(order) = e { Some(order.clone()) } else { None }).collect()
}

/// A claim was asked for: so many come, with these numbers.
fn hand_out(h: &mut Harness, numbers: std::ops::Range<usize>) {
    let claim = orders(h).into_iter().rev().find_map(|o| match o {
        TeamOrder::Claim { tag, limit, .. } => Some((tag, limit)),
        _ => None,
    });
    let (tag, limit) = claim.expect("nothing was claimed");
    assert!(numbers.len() <= limit);
    let samples: Vec<_> = numbers.map(sample).collect();
    h.effects.clear();
    h.event(Event::Reply(tag, Reply::Page { end: samples.is_empty(), samples }));
    h.show_all();
}

/// A machine at a shared store, walking its queue of open pictures by claims.
fn shared() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 40);
    h.event(Event::Team(TeamNews::Able { claims: true, presence: true, objects: true }));
    h.effects.clear();
    let effects = walk::resume(&mut h.state, None);
    h.effects.extend(effects);
    hand_out(&mut h, 9..9 + AHEAD);
    h
}

fn here(h: &mut Harness, names: &[(&str, u64)], held: &[(i64, &str)]) {
    let here = names.iter().map(|(n, count)| Here { name: (*n).to_owned(), samples: Some(*count) }).collect();
    let held = held.iter().map(|(id, by)| (SampleId(*id), (*by).to_owned())).collect();
    h.event(Event::Team(TeamNews::Here { project: PROJECT, here, held }));
}

fn shown(h: &Harness) -> i64 {
    h.state.label().unwrap().sample().unwrap().id.0
}

#[test]
fn a_queue_of_open_pictures_is_walked_by_claims_and_topped_up_before_it_is_empty() {
    let mut h = shared();
    assert_eq!(shown(&h), 9);
    assert!(matches!(orders(&h).last(), Some(TeamOrder::At { sample: Some(SampleId(9)), .. })));
    h.effects.clear();
    let answers = |count: usize| ["1"].repeat(count).join(" ");
    h.keys(&answers(AHEAD - NEAR - 1));
    assert!(!orders(&h).iter().any(|o| matches!(o, TeamOrder::Claim { .. })), "taken too early");
    h.keys("1");
    let claims: Vec<_> = orders(&h).into_iter().filter(|o| matches!(o, TeamOrder::Claim { .. })).collect();
    assert_eq!(claims.len(), 1, "asked once, and never waited for");
    h.keys("1 1");
    let last = 9 + AHEAD - 1;
    assert_eq!(shown(&h), (last - NEAR + 3) as i64);
    hand_out(&mut h, 100..105);
    h.keys(&answers(NEAR - 2));
    assert_eq!(shown(&h), 100);
    // Leaving, however, gives everything back.
    h.effects.clear();
    h.keys("q");
    assert_eq!(orders(&h), [TeamOrder::Leave]);
}

/// Every picture that was handed out is answered, and the store has not said what comes next.
fn out_of_breath() -> Harness {
    let mut h = shared();
    h.effects.clear();
    h.keys(&["1"].repeat(AHEAD).join(" "));
    h
}

#[test]
fn a_key_for_a_picture_that_has_not_come_changes_nothing() {
    let mut h = out_of_breath();
    assert_eq!(h.writes().len(), AHEAD);
    assert!(h.state.label().unwrap().sample().is_none(), "the one before could be taken for the next");
    let screen = h.screen(100, 24);
    assert!(screen.contains("The next pictures are on their way. `h` goes back."), "{screen}");
    for key in ["2", "s", "x", "f", "<enter>", "<space>"] {
        h.keys(key);
        assert_eq!(h.writes().len(), AHEAD, "{key} was taken for the one before");
    }
    h.keys("2");
    assert!(h.screen(100, 24).contains("the next picture has not come yet; nothing was changed"));
    hand_out(&mut h, 100..110);
    assert_eq!(shown(&h), 100, "it goes on by itself");
    h.keys("2");
    assert_eq!((h.writes().len(), shown(&h)), (1, 101));
}

#[test]
fn who_waits_for_the_next_picture_can_go_back_and_is_told_the_end() {
    let last = (9 + AHEAD - 1) as i64;
    let mut h = out_of_breath();
    h.keys("h");
    assert_eq!(shown(&h), last);
    hand_out(&mut h, 100..103);
    assert_eq!(shown(&h), last, "going back stays");

    let mut h = out_of_breath();
    hand_out(&mut h, 0..0);
    assert_eq!(shown(&h), last);
    assert!(h.screen(120, 24).contains("the last picture of the queue"));

    let mut h = out_of_breath();
    let tag =
        orders(&h).into_iter().rev().find_map(|o| if let TeamOrder::Claim { tag, .. } = o { Some(tag) } else { None });
    h.event(Event::Reply(tag.unwrap(), Reply::Failed("the store is far away".to_owned())));
    let screen = h.screen(120, 24);
    assert!(screen.contains("the store is far away. `l` asks again, `h` goes back."), "{screen}");
    h.effects.clear();
    h.keys("l");
    assert!(orders(&h).iter().any(|o| matches!(o, TeamOrder::Claim { .. })), "asked again");
    hand_out(&mut h, 100..103);
    assert_eq!(shown(&h), 100);
}

#[test]
fn what_somebody_else_holds_is_passed_over_and_answered_only_deliberately() {
    let mut h = shared();
    here(&mut h, &[("bob", 3204)], &[(10, "bob"), (11, "bob")]);
    assert!(h.screen(100, 24).contains("bob is here: 3,204"));
    h.keys("1");
    assert_eq!(shown(&h), 12, "an answer goes on to the next free one");
    h.keys("p p");
    assert_eq!(shown(&h), 10, "it can be looked at");
    assert!(h.screen(100, 24).contains("held by bob"));
    h.effects.clear();
    h.keys("2");
    assert!(h.writes().is_empty());
    assert!(h.screen(100, 24).contains("bob holds this picture; `!` answers it anyway"));
    h.keys("N");
    assert_eq!(shown(&h), 12, "the next open one is nobody else's");
    h.keys("p p ! 2");
    assert!(matches!(h.writes().as_slice(), [Write::Edits(edits)] if edits.len() == 1));
    // Having insisted once says nothing about the next one.
    h.effects.clear();
    h.keys("p 2");
    assert_eq!(shown(&h), 11);
    assert!(h.writes().is_empty());
}

#[test]
fn holds_that_were_lost_leave_the_walk_quietly() {
    let mut h = shared();
    h.keys("1 1");
    assert_eq!(shown(&h), 11);
    let lost = (9..15).map(SampleId).collect();
    h.event(Event::Team(TeamNews::Lost(PROJECT, lost)));
    // The answered ones and the one on the screen stay.
    let walk: Vec<i64> = h.state.label().unwrap().walk.iter().take(4).map(|s| s.id.0).collect();
    assert_eq!(walk, [9, 10, 11, 15]);
    assert!(h.screen(100, 24).contains("3 pictures were held for too long"));
}

#[test]
fn where_others_hold_all_that_is_left_it_is_said_who_and_a_key_shows_it() {
    let mut h = Harness::labelling(&["daisy", "roses"], 40);
    h.event(Event::Team(TeamNews::Able { claims: true, presence: true, objects: true }));
    h.effects.clear();
    let effects = walk::resume(&mut h.state, None);
    h.effects.extend(effects);
    hand_out(&mut h, 0..0);
    assert!(h.screen(100, 24).contains("Nothing in this queue"), "nobody is known to hold anything");
    here(&mut h, &[("ann", 1), ("bob", 2)], &[(10, "bob"), (11, "bob"), (12, "ann")]);
    let screen = h.screen(100, 24);
    assert!(screen.contains("The 3 pictures that are left are held by ann and bob. `!`"), "{screen}");
    assert!(screen.contains("shows what they hold"), "{screen}");
    // One of them gives something back: it is asked for at once.
    h.effects.clear();
    here(&mut h, &[("ann", 1), ("bob", 2)], &[(10, "bob"), (12, "ann")]);
    assert!(matches!(orders(&h).as_slice(), [TeamOrder::Claim { .. }]), "{:?}", h.effects);
    hand_out(&mut h, 0..0);
    h.effects.clear();
    h.keys("!");
    assert!(matches!(h.effects.as_slice(), [Effect::Ask(_, Query::Page { beyond: None, .. }), ..]), "{:?}", h.effects);
    h.reply(Slot::WalkForward, Reply::Page { samples: vec![sample(10), sample(12)], end: true });
    h.show_all();
    assert!(h.screen(100, 24).contains("held by bob"));
    h.effects.clear();
    h.keys("1");
    assert!(h.writes().is_empty(), "seen, but not answered without a second word");
    h.keys("! 1");
    assert_eq!(h.writes().len(), 1);
}

#[test]
fn at_the_end_of_the_queue_it_is_said_who_holds_the_rest() {
    let mut h = Harness::labelling(&["daisy", "roses"], 40);
    h.event(Event::Team(TeamNews::Able { claims: true, presence: true, objects: true }));
    h.effects.clear();
    let effects = walk::resume(&mut h.state, None);
    h.effects.extend(effects);
    hand_out(&mut h, 9..10);
    // More was asked for at once, and there is none.
    hand_out(&mut h, 0..0);
    here(&mut h, &[("bob", 2)], &[(20, "bob"), (21, "bob")]);
    h.keys("n");
    assert!(h.screen(100, 24).contains("the other 2 are held by bob"), "{}", h.screen(100, 24));
}

#[test]
fn the_list_of_projects_says_who_works_where() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.event(Event::Resized(100, 24));
    h.keys("g p");
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let all = vec![(project(&["daisy"]), Counts::default())];
    let here = [(PROJECT, names(&["bob", "carl", "dora"]))].into();
    h.reply(Slot::Projects, Reply::Projects { all, here });
    assert!(h.screen(100, 24).contains("bob, carl +1 are here"), "{}", h.screen(100, 24));
}

#[test]
fn several_people_are_told_in_few_words() {
    let mut h = shared();
    here(&mut h, &[("bob", 1), ("carl", 2)], &[]);
    assert!(h.screen(100, 24).contains("bob, carl are here"));
    here(&mut h, &[("bob", 1), ("carl", 2), ("dora", 3), ("eve", 4)], &[]);
    assert!(h.screen(100, 24).contains("bob, carl +2 are here"));
    // Where nobody has answered anything yet, nothing is counted.
    here(&mut h, &[("bob", 0)], &[]);
    let text = h.screen(100, 24);
    assert!(text.contains("bob is here") && !text.contains("here: 0"), "{text}");
    here(&mut h, &[], &[]);
    assert!(!h.screen(100, 24).contains("here"));
}

#[test]
fn a_store_that_hands_nothing_out_is_asked_nothing() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("1 n p N q");
    assert_eq!(orders(&h), []);
}

#[test]
fn the_list_of_projects_hears_who_comes_and_goes() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    let all = vec![(project(&["daisy"]), Counts::default())];
    let effects = lakelens::app::update::start(&mut h.state);
    h.effects.extend(effects);
    h.reply(Slot::Projects, Reply::Projects { all, here: Default::default() });
    let asked = |h: &Harness| h.asked().iter().filter(|q| **q == Query::Present).count();
    let until_asked = |h: &mut Harness, ticks: usize| {
        let before = asked(h);
        (0..ticks).any(|_| {
            h.event(Event::Tick);
            asked(h) > before
        })
    };
    assert!(!until_asked(&mut h, 300), "a store that does not tell is not asked");
    h.event(Event::Team(TeamNews::Able { claims: true, presence: true, objects: true }));
    assert!(lakelens::app::update::next_tick(&h.state).is_some());
    assert!(until_asked(&mut h, 300));
    h.reply(Slot::Present, Reply::Present([(PROJECT, vec!["bob".to_owned()])].into()));
    assert!(h.screen(100, 24).contains("bob is here"));
    assert!(!until_asked(&mut h, 50) && until_asked(&mut h, 100), "again, and not at once");
    assert!(!until_asked(&mut h, 300), "one question at a time");
    // A failure says nothing and forgets nothing.
    h.reply(Slot::Present, Reply::Failed("the server does not answer".to_owned()));
    let screen = h.screen(100, 24);
    assert!(screen.contains("bob is here") && !screen.contains("does not answer"), "{screen}");
    assert!(until_asked(&mut h, 150));
    h.reply(Slot::Present, Reply::Present(Default::default()));
    assert!(!h.screen(100, 24).contains("is here"));
    // Nobody looks any more: a database may sleep. A key, and it is asked again.
    while until_asked(&mut h, 150) {
        h.reply(Slot::Present, Reply::Present(Default::default()));
    }
    h.keys("j");
    assert!(until_asked(&mut h, 1));
    h.reply(Slot::Present, Reply::Present(Default::default()));
    h.state.screens.push(Screen::Home(Default::default()));
    assert!(!until_asked(&mut h, 150), "elsewhere nobody asks");
}
