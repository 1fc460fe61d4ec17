//! A table of a workspace on the screen: its tabs, its rows, and the pictures in them.

use super::pictures::wait_for_picture;
use crate::lake::delta::write::Written;
use crate::support::lakehouse::{Rows, Through, WAREHOUSE, furnish, png};
use crate::support::pictures;
use crate::support::pty::{Home, Session};
use crate::support::spark::{address, connect, run};
use crate::support::workspace::{FakeWorkspace, TOKEN};
use lakelens::remote::net::Net;
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

fn open(home: &Home, fake: &FakeWorkspace, warehouse: &str) -> Session {
    let launch = home.terminal().kitty().size(120, 30).env("DATABRICKS_HOST", fake.host());
    let launch = launch.env("DATABRICKS_TOKEN", TOKEN).env("DATABRICKS_WAREHOUSE_ID", warehouse);
    let mut session = launch.run(&["lake:/main/vision"]);
    session.wait_for("labels").keys("j").wait_for("columns (5)").keys("<enter>");
    session.wait_for("[schema]").wait_for("where the camera has put it");
    session
}

#[test]
fn rows_of_a_table_are_walked_with_their_pictures_beside_them() {
    let home = Home::new();
    let folder = home.path("images");
    pictures::write(&folder, "flower", 9);
    let fake = furnish(&folder, Arc::new(Rows(1200)));
    let mut session = open(&home, &fake, WAREHOUSE);
    session.keys("<tab>").wait_for("first 1,000 rows").wait_for("1 / 1,000");
    // Paths of files in a volume first: they are called so.
    wait_for_picture(&mut session, 1);
    session.keys("j j").wait_for("3 / 1,000");
    wait_for_picture(&mut session, 3);
    // The other column holds the bytes themselves.
    session.keys("c").wait_for("pictures of thumb");
    wait_for_picture(&mut session, 102);
    session.keys("j").wait_for("4 / 1,000");
    wait_for_picture(&mut session, 103);
    session.keys("j").wait_for("thumb, row 5").wait_for("cannot be shown");
    session.keys("j").wait_for("no picture in this row");
    session.keys("j <enter>").wait("a large picture", |s| !s.contains("flower_07"));
    wait_for_picture(&mut session, 106);
    session.keys("<esc>").wait_for("flower_07");
    session.keys("v").wait_for("the second shift");
    session.keys("d").wait_for("s3://lake/main/vision/labels");
    session.keys("q").wait_for("columns (5)");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(fake.world().statements.len(), 2, "one for the rows, one for the history");
}

#[test]
fn what_others_write_into_a_table_comes_to_the_screen() {
    let home = Home::new();
    let folder = home.path("images");
    let mut table = Written::new(&folder);
    let a = table.file("a.parquet", &[("1", "roses"), ("2", "roses")]);
    table.begin(&[]);
    table.commit("WRITE", "ann", "", &[a.add()]);
    let b = table.file("b.parquet", &[("1", "roses"), ("2", "tulips")]);
    table.commit("UPDATE", "bob", "", &[a.remove(), b.add()]);
    let place = folder.display().to_string();
    let columns = ["--id", "id", "--class", "class", "--path", "path", "--since", "0"];
    let mut session = home.terminal().size(120, 30).run(&[&["table", place.as_str()][..], &columns].concat());
    session.wait_for("2.jpg").wait_for("roses → tulips").wait_for("version 1 by bob").wait_for("1 / 1");
    let c = table.file("c.parquet", &[("1", "tulips"), ("2", "tulips"), ("3", "roses")]);
    table.commit("MERGE", "cleo", "", &[b.remove(), c.add()]);
    session.wait_for("the table: 1 label changed, 1 new with a class");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn without_an_engine_it_is_said_what_to_set_and_a_slow_one_can_be_left() {
    let home = Home::new();
    let fake = furnish(&home.path("images"), Arc::new(Rows(3)));
    // No Delta table: its files cannot be read without an engine either.
    if let Some(table) = fake.world().securables.get_mut("tables").and_then(|all| all.get_mut("main.vision.labels")) {
        table["data_source_format"] = serde_json::json!("PARQUET");
    }
    let mut session = open(&home, &fake, "");
    session.keys("r").wait_for("no engine reads it").wait_for("DATABRICKS_WAREHOUSE_ID");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    fake.world().sql_polls = 1_000_000;
    let mut session = open(&home, &fake, WAREHOUSE);
    session.keys("r").wait_for("leaves and cancels it").keys("q").wait_for("columns (5)");
    // Leaving the screen cancels the statement at the server.
    crate::support::pty::eventually("the statement is cancelled", || {
        fake.world().seen.iter().any(|s| s.path.ends_with("/cancel"))
    });
    fake.world().forbidden.push("main.vision.labels".to_owned());
    session.keys("<enter>").wait_for("no permission");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}

/// A table with six pictures on a real engine, and the workspace before it.
fn on_sail(folder: &Path) -> Option<FakeWorkspace> {
    let (server, tables) = (address("LAKELENS_SAIL")?, address("LAKELENS_SAIL_TABLES")?);
    let net = Net::default();
    let engine = connect(&net, &server);
    let path = format!("{tables}/{}", uuid::Uuid::now_v7().simple());
    run(
        &engine,
        &format!(
            "CREATE TABLE t (id BIGINT, path STRING, class STRING, score DOUBLE, thumb BINARY) USING DELTA LOCATION '{path}'"
        ),
    );
    let mut values = String::new();
    for i in 0..6_u8 {
        let hex = png(100 + i).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02X}").unwrap();
            hex
        });
        let comma = if i > 0 { ", " } else { "" };
        let class = ["'daisy'", "NULL", "'NULL'"][usize::from(i % 3)];
        write!(values, "{comma}({i}, '/Volumes/main/vision/images/flower_{:02}.png', {class}, 0.5, X'{hex}')", i + 1)
            .unwrap();
    }
    run(&engine, &format!("INSERT INTO t VALUES {values}"));
    Some(furnish(folder, Arc::new(Through { engine, table: format!("delta.`{path}`") })))
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn rows_that_a_real_engine_reads_are_shown_with_their_pictures() {
    let home = Home::new();
    let folder = home.path("images");
    pictures::write(&folder, "flower", 6);
    let Some(fake) = on_sail(&folder) else { return };
    let mut session = open(&home, &fake, WAREHOUSE);
    session.keys("r").wait_for("6 rows").wait_for("1 / 6");
    session.keys("G").wait_for("6 / 6");
    wait_for_picture(&mut session, 6);
    session.keys("c").wait_for("pictures of thumb");
    wait_for_picture(&mut session, 105);
    // Sail keeps no history that it tells of; that is said, and the rows stay.
    session.keys("v").wait("an answer about the history", |s| s.contains("no history") || s.contains("version"));
    session.keys("r").wait_for("6 / 6").keys("Q");
    assert_eq!(session.exit_code(), 0);
}

/// For looking at it by hand: prints the variables to set, and ends with its input.
#[test]
#[ignore = "serves a workspace until its input ends; set LAKELENS_SERVE_WORKSPACE to a folder of pictures flower_01.png, …"]
fn serve_a_table() {
    let Some(folder) = std::env::var_os("LAKELENS_SERVE_WORKSPACE") else {
        println!("skipped: LAKELENS_SERVE_WORKSPACE is not set; it is for use by hand");
        return;
    };
    let fake = furnish(Path::new(&folder), Arc::new(Rows(1200)));
    println!("DATABRICKS_HOST={}\nDATABRICKS_TOKEN={TOKEN}\nDATABRICKS_WAREHOUSE_ID={WAREHOUSE}", fake.host());
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
}
