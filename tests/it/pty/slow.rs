//! A store that hangs: every key is answered on the screen while not one byte passes to the server or back.

use super::labelling::{make_project, there};
use crate::cli::lakebase::{admin, shop, store};
use crate::store::fixture::{Kind, Schema};
use crate::store::server::{Raw, needed};
use crate::support::pictures;
use crate::support::pty::{Home, Session};
use crate::support::relay::Relay;
use crate::support::workspace::TOKEN;
use lakelens::domain::sample::Status;
use std::path::PathBuf;
use std::time::Duration;

/// The server's `host:port`.
fn address() -> String {
    needed().rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}

/// A folder of pictures, and a store of PostgreSQL behind a line that a test closes and cuts.
struct Behind {
    home: Home,
    folder: PathBuf,
    kind: Schema,
    relay: Relay,
    store: String,
}

impl Behind {
    fn with(pictures: u8) -> Self {
        let (home, kind) = (Home::new(), Schema::on(needed()));
        let folder = home.path("flowers");
        pictures::write(&folder, "flower", pictures);
        let relay = Relay::to(&address());
        let store = kind.location().replace(&address(), &relay.address());
        Self { home, folder, kind, relay, store }
    }

    fn run(&self) -> Session {
        self.home.terminal().kitty().run(&["--store", &self.store, self.folder.to_str().unwrap()])
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn keys_are_answered_while_the_store_hangs_and_what_was_said_arrives() {
    let behind = Behind::with(6);
    let (kind, relay, mut session) = (&behind.kind, &behind.relay, behind.run());
    session.wait_for("1 / 6");
    make_project(&mut session, "blossom", "daisy, roses, tulips");
    there(&mut session, "flower_01.png", "0 / 6").keys("1");
    there(&mut session, "flower_02.png", "1 / 6").wait_for("saved");
    relay.close();
    let before = relay.passed();
    // Answers, going back and forth, and taking back: each is seen although nothing passes.
    session.keys("2");
    there(&mut session, "flower_03.png", "2 / 6").keys("1");
    there(&mut session, "flower_04.png", "3 / 6").keys("u");
    there(&mut session, "flower_03.png", "2 / 6").keys("3");
    there(&mut session, "flower_04.png", "3 / 6").keys("2");
    // Five: what was taken back is one as well.
    there(&mut session, "flower_05.png", "4 / 6").wait_for("5 unsent");
    assert_eq!(relay.passed(), before, "something passed: the test shows nothing");
    // The line breaks while it hangs: what waited in it is lost, and is sent again.
    relay.cut();
    relay.open();
    there(&mut session, "flower_05.png", "4 / 6").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let mut store = kind.connect();
    let project = store.project_by_name("blossom").unwrap().unwrap();
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), 4);
    let labels = [("flower_01", "daisy"), ("flower_02", "roses"), ("flower_03", "tulips"), ("flower_04", "roses")];
    for (name, class) in labels {
        let sample = store.sample_by_path(project.id, &format!("{name}.png")).unwrap().unwrap();
        let told: Vec<_> =
            sample.answer.annotations.iter().map(|a| project.labels.get(a.class).unwrap().name.as_str()).collect();
        assert_eq!(told, [class], "{name}");
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_line_that_breaks_while_the_first_picture_comes_leaves_nothing_but_a_passing_word() {
    let behind = Behind::with(4);
    let (kind, relay, mut session) = (&behind.kind, &behind.relay, behind.run());
    session.wait_for("1 / 4");
    make_project(&mut session, "blossom", "daisy, roses");
    // Further pictures are being taken, the first ones measured, and others asked for: all of it is on the line.
    there(&mut session, "flower_01.png", "0 / 4");
    relay.close();
    session.keys("1");
    there(&mut session, "flower_02.png", "1 / 4").keys("2");
    there(&mut session, "flower_03.png", "2 / 4");
    relay.cut();
    relay.open();
    // Nothing was pressed: what is said of it passes by itself, and no picture is missing.
    there(&mut session, "flower_03.png", "2 / 4").wait_for("saved").keys("1");
    there(&mut session, "flower_04.png", "3 / 4").wait_for("saved").keys("2");
    session.wait_for("4 / 4").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let mut store = kind.connect();
    let project = store.project_by_name("blossom").unwrap().unwrap();
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), 4);
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_hanging_store_is_left_without_loss() {
    let behind = Behind::with(4);
    let (kind, relay, mut session) = (&behind.kind, &behind.relay, behind.run());
    session.wait_for("1 / 4");
    make_project(&mut session, "blossom", "daisy, roses");
    there(&mut session, "flower_01.png", "0 / 4");
    relay.close();
    session.keys("1");
    there(&mut session, "flower_02.png", "1 / 4").keys("2");
    there(&mut session, "flower_03.png", "2 / 4").signal(termlens::Signal::Kill).ended();
    // The edits were durable before they were shown: the next run sends them.
    relay.cut();
    relay.open();
    let mut session = behind.home.terminal().kitty().run(&["--store", &behind.store]);
    session.wait_for("blossom").keys("<enter>");
    there(&mut session, "flower_03.png", "2 / 4").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let mut store = kind.connect();
    let project = store.project_by_name("blossom").unwrap().unwrap();
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), 2);
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn what_waits_for_a_workspace_that_is_away_is_told_at_the_start_and_sent_when_it_is_back() {
    let (location, home) = (needed(), Home::new());
    let schema = format!("l_{}", uuid::Uuid::now_v7().simple());
    let fake = shop(&location, Duration::from_secs(600));
    let relay = Relay::to(&address());
    fake.world().instances[0].host = relay.address();
    let profile = |host: &str| {
        let text = format!("[dev]\nhost = {host}\ntoken = {TOKEN}\n");
        std::fs::write(home.path(".databrickscfg"), text).unwrap();
    };
    profile(fake.host());
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 4);
    let store = store(&location, &schema);
    let mut session = home.terminal().kitty().run(&["--store", &store, folder.to_str().unwrap()]);
    session.wait_for("1 / 4");
    make_project(&mut session, "blossom", "daisy, roses");
    there(&mut session, "flower_01.png", "0 / 4").keys("1");
    there(&mut session, "flower_02.png", "1 / 4").wait_for("saved");
    relay.close();
    session.keys("2");
    there(&mut session, "flower_03.png", "2 / 4").wait_for("1 unsent").signal(termlens::Signal::Kill).ended();
    relay.cut();
    relay.open();
    // Nobody listens there: who the database is cannot even be asked.
    profile("http://127.0.0.1:1");
    let mut session = home.terminal().kitty().run(&["--store", &store]);
    session.wait_for("1 unsent").signal(termlens::Signal::Kill).ended();
    profile(fake.host());
    let mut session = home.terminal().kitty().run(&["--store", &store]);
    session.wait_for("blossom").keys("<enter>");
    there(&mut session, "flower_03.png", "2 / 4").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let kept = Raw::connect(&location).run(&format!("SELECT count(DISTINCT edit) FROM {schema}.event WHERE kind = 0"));
    assert_eq!(kept, ["2"]);
    admin(&location, &format!("DROP SCHEMA {schema} CASCADE")).unwrap();
}
