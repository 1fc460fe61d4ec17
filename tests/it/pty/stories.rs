//! The second and the third story, with the built program and real servers: a team's lakehouse, and a table relabelled.

use super::labelling::{make_project, there};
use crate::remote::warehouse::Through;
use crate::store::fixture::{Kind, Schema};
use crate::store::server::{Raw, needed};
use crate::store::webapp::{LATE, web_saves};
use crate::support::pictures;
use crate::support::pty::{Home, Session, eventually};
use crate::support::relay::Relay;
use crate::support::spark::{address, connect, rows, run};
use crate::support::workspace::{FakeWorkspace, TOKEN, Warehouse};
use lakelens::domain::annotation::Annotation;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::sample::{Answer, Status};
use lakelens::remote::net::Net;
use lakelens::remote::sql::{Engine, Statement};
use lakelens::store::Store;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A workspace with six pictures in a volume, and a home whose profile `prod` leads there.
fn lakehouse() -> (FakeWorkspace, Home) {
    let (fake, home) = (FakeWorkspace::start(), Home::new());
    pictures::write(&home.path("volume"), "flower", 6);
    fake.world().volume("main.vision.images", &home.path("volume"));
    let profile = format!("[prod]\nhost = {}\ntoken = {TOKEN}\n", fake.host());
    std::fs::write(home.path(".databrickscfg"), profile).unwrap();
    (fake, home)
}

/// The server's `host:port`.
fn server() -> String {
    needed().rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_volume_of_a_workspace_is_labelled_in_a_shared_database_over_a_line_that_breaks() {
    let ((_fake, home), kind) = (lakehouse(), Schema::on(needed()));
    let relay = Relay::to(&server());
    let store = kind.location().replace(&server(), &relay.address());
    // From the profile by way of the catalog to the pictures of the volume.
    let mut session = home.terminal().kitty().run(&["--profile", "prod", "--store", &store, "lake:/"]);
    session.wait_for("main").keys("j <enter>").wait_for("vision").keys("<enter>");
    session.wait_for("images").keys("<enter>").wait_for("1 / 6");
    session.wait_pictures("a picture of the volume", |seen| seen.iter().any(|p| p.pixels.is_some()));
    make_project(&mut session, "blossom", "daisy, roses, tulips");
    there(&mut session, "flower_01.png", "0 / 6");
    // A key that comes before the picture has been on this screen changes nothing, and is pressed again.
    eventually("the first label to be taken", || {
        let waiting = session.text().contains("0 / 6");
        if waiting {
            session.keys("1");
        }
        let until = Instant::now() + Duration::from_secs(2);
        while session.text().contains("0 / 6") && Instant::now() < until {
            std::thread::yield_now();
        }
        !session.text().contains("0 / 6")
    });
    there(&mut session, "flower_02.png", "1 / 6").wait_for("saved");
    // Somebody else answers the last one in the same project, and the screen counts it.
    somebody_labels(kind.connect().as_mut(), "flower_06.png");
    there(&mut session, "flower_02.png", "2 / 6");
    // The line goes away in the middle of labelling, and comes back.
    relay.close();
    relay.cut();
    session.keys("2");
    there(&mut session, "flower_03.png", "3 / 6").keys("1");
    there(&mut session, "flower_04.png", "4 / 6").wait_for("unsent");
    relay.open();
    there(&mut session, "flower_04.png", "4 / 6").wait_for("saved").keys("3");
    there(&mut session, "flower_05.png", "5 / 6").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let mut store = kind.connect();
    let project = store.project_by_name("blossom").unwrap().unwrap();
    assert_eq!(project.source, "/Volumes/main/vision/images");
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), 5);
    let history = store.history(project.id, None, None, 100).unwrap();
    let answers = history.iter().filter(|h| h.edit.change.sample().is_some()).count();
    assert_eq!(answers, 5, "applied twice or lost");
    kind.verify();
}

fn somebody_labels(store: &mut dyn Store, path: &str) {
    let project = store.project_by_name("blossom").unwrap().unwrap();
    let sample = store.sample_by_path(project.id, path).unwrap().unwrap();
    let at = jiff::Timestamp::now();
    let annotations = vec![Annotation::label(project.labels.find("roses").unwrap().id, "eve", at)];
    let after = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after };
    let outcome = store.commit(&[Edit::by_person(project.id, change, "eve", at)]).unwrap();
    assert!(matches!(outcome[..], [Outcome::Saved { .. }]), "{outcome:?}");
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn the_web_app_works_on_its_database_while_we_label_in_it() {
    let ((_fake, home), kind) = (lakehouse(), Schema::on(needed()));
    Raw::connect(&kind.server).run(&format!("CREATE SCHEMA {}", kind.name));
    let web = kind.raw();
    web.run(LATE);
    web.run(
        "UPDATE labeling_projects SET source_volume = '/Volumes/main/vision/images', task_type = 'classification';
         UPDATE project_samples SET filepath = '/Volumes/main/vision/images/flower_0' || id || '.png',
           filename = 'flower_0' || id || '.png'",
    );
    let relay = Relay::to(&server());
    let store = kind.location().replace(&server(), &relay.address());
    let mut session = home.terminal().kitty().run(&["--profile", "prod", "--store", &store]);
    session.wait_for("Cars").keys("<enter>");
    there(&mut session, "flower_01.png", "0 / 6").keys("1");
    there(&mut session, "flower_02.png", "1 / 6").wait_for("saved");
    // Somebody in the browser answers the last one, and the one that is on our screen; then the line breaks.
    web_saves(&web, 6, "dog");
    web_saves(&web, 2, "dog");
    relay.close();
    relay.cut();
    session.keys("1");
    there(&mut session, "flower_03.png", "2 / 6").keys("2");
    there(&mut session, "flower_04.png", "3 / 6").wait_for("unsent");
    relay.open();
    // What they said of ours stands, and ours waits to be decided: nobody is overwritten.
    session.wait_for("conflict").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let told = "SELECT sample_id, label, created_by FROM annotations ORDER BY sample_id";
    assert_eq!(web.run(told), ["1 cat tester", "2 dog eve@x", "3 dog tester", "6 dog eve@x"]);
    assert_eq!(web.run("SELECT count(*) FROM project_samples WHERE status = 'labeled'"), ["4"]);
}

/// A Delta table of six pictures, the first three of a wrong class.
fn table(engine: &dyn Engine, folder: &str, home: &Home) -> String {
    let pictures = pictures::write(&home.path("volume"), "flower", 6);
    let id = uuid::Uuid::now_v7().simple();
    let row = |(i, path): (usize, &std::path::PathBuf)| {
        let class = if i % 2 == 0 { "rose" } else { "tulip" };
        format!("('id{i}', '{class}', '{}')", path.display())
    };
    let values: Vec<String> = pictures.iter().enumerate().map(row).collect();
    let path = format!("{folder}/story_{id}");
    let columns = "image_id STRING, class STRING, origin STRING";
    run(engine, &format!("CREATE TABLE story_{id} ({columns}) USING DELTA LOCATION '{path}'"));
    run(engine, &format!("INSERT INTO story_{id} VALUES {}", values.join(", ")));
    format!("delta.`{path}`")
}

/// Reads the table first: an engine that was just started needs longer for it than a wait for a screen lasts.
fn mirrored(home: &Home, args: &[&str]) {
    let (code, out, err) = home.command(&[args, &["--no-open"]].concat());
    assert_eq!(code, 0, "{out}{err}");
}

/// Corrects three classes with a key each, and leaves.
fn corrected(session: &mut Session) {
    there(session, "flower_01.png", "6 / 6").keys("2");
    there(session, "flower_02.png", "6 / 6").keys("1");
    there(session, "flower_03.png", "6 / 6").keys("2");
    there(session, "flower_04.png", "6 / 6").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

fn classes(engine: &dyn Engine, table: &str) -> Vec<String> {
    let all = rows(engine, &Statement::new(format!("SELECT class FROM {table} ORDER BY image_id")));
    all.into_iter().map(|mut r| r[0].take().unwrap_or_default()).collect()
}

/// What the commits of labels say of themselves, newest first, as the program tells the history.
fn messages(home: &Home, server: &str, table: &str) -> Vec<String> {
    let (code, out, err) = home.command(&["table", "history", table, "--store", server, "--json"]);
    assert_eq!(code, 0, "{err}");
    out.split('"').filter(|text| text.starts_with("lakelens batch")).map(str::to_owned).collect()
}

const AFTER: [&str; 6] = ["tulip", "rose", "tulip", "tulip", "rose", "tulip"];

fn relabelled(server: &str, folder: &str, told: bool) {
    let (home, net) = (Home::new(), Net::default());
    let engine = connect(&net, server);
    let table = table(&engine, folder, &home);
    let columns = ["--id", "image_id", "--class", "class", "--path", "origin"];
    let args = [&["table", table.as_str()][..], &columns, &["--store", server]].concat();
    mirrored(&home, &args);
    corrected(&mut home.terminal().kitty().run(&args));
    // A slow engine had not taken the batch when the program was left: it is kept, and sent now.
    let status = [&["table", "status", table.as_str()][..], &columns, &["--store", server, "--send"]].concat();
    let (code, out, err) = home.command(&status);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(classes(&engine, &table), AFTER);
    if told {
        told_once(&messages(&home, server, &table));
    }
}

/// Three labels, however many batches a slow machine made of them.
fn told_once(messages: &[String]) {
    let labels = |m: &String| -> usize {
        let (_, said) = m.rsplit_once(": ").unwrap();
        assert!(said.ends_with("by tester"), "{m}");
        said.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert_eq!(messages.iter().map(labels).sum::<usize>(), 3, "{messages:?}");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn a_table_is_relabelled_over_spark_connect() {
    let (Some(server), Some(folder)) = (address("LAKELENS_SAIL"), address("LAKELENS_SAIL_TABLES")) else { return };
    // Its history keeps no messages.
    relabelled(&server, &folder, false);
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_table_is_relabelled_on_spark_with_a_message_in_its_history() {
    let (Some(server), Some(folder)) = (address("LAKELENS_SPARK"), address("LAKELENS_SPARK_DELTA")) else { return };
    relabelled(&server, &folder, true);
}

/// The third story through a warehouse, which gives a commit no message: its statements know no session to set it in.
fn through_a_warehouse(server: &str, folder: &str) {
    let ((fake, home), net) = (lakehouse(), Net::default());
    let engine = connect(&net, server);
    let table = table(&engine, folder, &home);
    fake.world().warehouses.push(Warehouse::new("w1", "small", "RUNNING"));
    fake.world().sql = Some(Arc::new(Through(connect(&net, server))));
    let columns = ["--id", "image_id", "--class", "class", "--path", "origin"];
    let way = ["--store", "databricks://prod/small"];
    let args = [&["table", table.as_str()][..], &columns, &way].concat();
    mirrored(&home, &args);
    corrected(&mut home.terminal().kitty().run(&args));
    let (code, out, err) =
        home.command(&[&["table", "status", table.as_str()][..], &columns, &way, &["--send"]].concat());
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(classes(&engine, &table), AFTER);
    // From now on it is a project of that connection: found on the Home screen, and labelled there.
    let mut session = home.terminal().kitty().run(&way);
    session.wait_for("6 / 6").keys("g p");
    // The hint of what can be done with a project comes with the project.
    session.wait("the project in the list", |s| s.contains("C clone") && s.contains("6 / 6")).keys("<enter>");
    there(&mut session, "flower_04.png", "6 / 6").keys("1");
    there(&mut session, "flower_05.png", "6 / 6");
    eventually("the label to be in the table", || classes(&engine, &table)[3] == "rose");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    // Whether the table has it may not have been read back before the end; that is what the next one does.
    let (code, out, err) =
        home.command(&[&["table", "status", table.as_str()][..], &columns, &way, &["--send"]].concat());
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = home.command(&["status", "--store", "databricks://prod/small", "--json"]);
    assert!(code == 0 && out.contains("\"unsent\": 0"), "{out}{err}");
    assert_eq!(classes(&engine, &table)[3], "rose");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn a_table_is_relabelled_through_a_warehouse_on_sail() {
    let (Some(server), Some(folder)) = (address("LAKELENS_SAIL"), address("LAKELENS_SAIL_TABLES")) else { return };
    through_a_warehouse(&server, &folder);
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_table_is_relabelled_through_a_warehouse_on_spark() {
    let (Some(server), Some(folder)) = (address("LAKELENS_SPARK"), address("LAKELENS_SPARK_DELTA")) else { return };
    through_a_warehouse(&server, &folder);
}
