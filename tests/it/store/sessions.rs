//! Whole sessions at one store: the state machine with its keys, the runtime's desk, a journal each, one PostgreSQL.

use super::fixture::{Kind, Schema, all, project_of};
use super::server::needed;
use crate::app::harness::Harness;
use lakelens::app::effect::Effect;
use lakelens::app::screens::Screen;
use lakelens::app::screens::home::HomeState;
use lakelens::app::screens::label::walk;
use lakelens::config::environment::Environment;
use lakelens::config::load::load;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::Status;
use lakelens::remote::net::Net;
use lakelens::runtime::connections::Shared;
use lakelens::runtime::message::{Message, Sender};
use lakelens::runtime::services::StorePlace;
use lakelens::runtime::store_desk::StoreDesk;
use lakelens::term::caps::Protocol;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

/// Pictures in the queue; the bar of the project is 10,000.
fn pictures() -> usize {
    std::env::var("LAKELENS_TEST_SESSION_PICTURES").ok().and_then(|n| n.parse().ok()).unwrap_or(800)
}

/// A person who labels until the queue has nothing more for them. Returns how many pictures they answered.
fn session(location: &str, name: &str, project: ProjectId) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap().to_owned();
    let variables = [("LAKELENS_DATA_DIR", at.as_str()), ("LAKELENS_STORE", location), ("LAKELENS_USER", name)];
    let environment = Environment {
        variables: variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        directory: folder.path().to_owned(),
        bases: None,
    };
    let loaded = load(&[], None, &environment).unwrap();
    let place = StorePlace::of(&loaded, &environment, &Shared::new(&loaded, &environment, Net::default()));
    let (queue, mut messages) = unbounded_channel();
    let desk = StoreDesk::start(place.clone(), name.to_owned(), Sender(queue));
    let mut h = Harness::new(Screen::Home(HomeState::default()));
    h.state.user = name.to_owned();
    h.state.caps.protocol = Protocol::None;
    let first = walk::begin(&mut h.state, project);
    h.effects.extend(first);
    let mut answered = 0;
    loop {
        run(&desk, &mut h);
        let Some(label) = h.state.label() else { panic!("the screen was left") };
        assert_eq!(label.problem, None);
        let open = label.sample().is_some_and(|s| s.answer.status == Status::Unlabeled);
        if open {
            h.keys("1");
            answered += 1;
            continue;
        }
        if label.loaded && label.at_end && h.state.save.unsent == 0 {
            break;
        }
        match messages.blocking_recv() {
            Some(Message::Event(event)) => h.event(event),
            other => panic!("{other:?}"),
        }
    }
    h.keys("q");
    run(&desk, &mut h);
    desk.finish();
    while !matches!(messages.blocking_recv(), Some(Message::Settled) | None) {}
    // What was not sent before the program ended is sent at the next start.
    let left = place.open().unwrap().send(Duration::from_secs(60)).unwrap();
    assert_eq!((left.unsent, left.conflicts), (0, 0), "{left:?}");
    assert_eq!(h.state.save.conflicts, 0);
    answered
}

fn run(desk: &StoreDesk, h: &mut Harness) {
    for effect in std::mem::take(&mut h.effects) {
        match effect {
            Effect::Ask(tag, query) => desk.ask(tag, query),
            Effect::Write(write) => desk.write(write),
            Effect::Team(order) => desk.team(order),
            _ => {}
        }
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn eight_sessions_label_one_queue_and_nobody_meets_anybody() {
    let samples = pictures();
    let kind = Schema::on(needed());
    let (project, _) = project_of(kind.connect().as_mut(), "p", samples);
    let location = kind.location();
    let done: Vec<usize> = std::thread::scope(|scope| {
        let work = |n: usize| {
            let location = &location;
            scope.spawn(move || session(location, &format!("person{n}"), project.id))
        };
        (0..8).map(work).collect::<Vec<_>>().into_iter().map(|t| t.join().unwrap()).collect()
    });
    println!("answered by person: {done:?}");
    assert_eq!(done.iter().sum::<usize>(), samples, "answered twice or never");
    assert!(done.iter().filter(|n| **n > 0).count() > 1, "one person did it all");
    let mut store = kind.connect();
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), samples as u64);
    let all = all(store.as_mut(), project.id, "", Order::Path);
    assert!(all.iter().all(|s| s.rev.0 == 1), "a picture was answered twice");
    let mut by: BTreeMap<String, usize> = BTreeMap::new();
    for sample in &all {
        *by.entry(sample.answer.annotations[0].author.clone()).or_default() += 1;
    }
    let mut counted: Vec<usize> = by.into_values().collect();
    let mut told: Vec<usize> = done.into_iter().filter(|n| *n > 0).collect();
    counted.sort_unstable();
    told.sort_unstable();
    assert_eq!(counted, told, "an answer is somebody else's");
    assert_eq!(store.holds(project.id).unwrap(), [], "a picture is still held");
    kind.verify();
}
