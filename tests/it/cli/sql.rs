//! `lakelens sql` against our own workspace: which engine is meant, and what is said where it is none.

use super::Home;
use crate::support::workspace::{
    Cluster, FakeWorkspace, Fault, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, TOKEN, Warehouse,
};
use std::sync::Arc;

/// Answers every statement with the name of its warehouse.
struct WhoAmI;

impl SqlBackend for WhoAmI {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        let columns = vec![SqlColumn { name: "warehouse".into(), type_text: "STRING".into() }];
        Ok(SqlTable { columns, rows: vec![vec![Some(request.warehouse_id.clone())]] })
    }
}

fn workspace(more: &str) -> (FakeWorkspace, Home) {
    let fake = FakeWorkspace::start();
    {
        let mut world = fake.world();
        world.clusters = vec![
            Cluster::new("0202-123456-abcdefgh", "twin", "TERMINATED"),
            Cluster::new("0303-123456-abcdefgh", "twin", "RUNNING"),
        ];
        world.warehouses = vec![
            Warehouse::new("0123456789abcdef", "small", "RUNNING"),
            Warehouse::new("fedcba9876543210", "Big one", "RUNNING"),
        ];
        world.sql = Some(Arc::new(WhoAmI));
    }
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {}\ntoken = {TOKEN}\n{more}\n", fake.host()));
    (fake, home)
}

#[test]
fn the_engine_is_found_by_what_people_call_it() {
    let (fake, home) = workspace("warehouse_id = small");
    let big = ["sql", "SELECT 1", "--profile", "dev", "--jsonl", "--warehouse"];
    for (args, id) in [
        (&big[..5], "0123456789abcdef"),
        (&[&big[..], &["Big one"]].concat(), "fedcba9876543210"),
        (&[&big[..], &["fedcba9876543210"]].concat(), "fedcba9876543210"),
        (&["sql", "SELECT 1", "--jsonl", "--store", "databricks://dev/Big one"], "fedcba9876543210"),
    ] {
        assert_eq!(home.ok(args), format!("{{\"warehouse\":\"{id}\"}}\n"), "{args:?}");
    }
    // What looks like an id is not looked for, only looked at.
    fake.world().seen.clear();
    home.ok(&[&big[..], &["fedcba9876543210"]].concat());
    let lists = fake.world().seen.iter().filter(|s| s.path == "/api/2.0/sql/warehouses").count();
    assert_eq!(lists, 0);
}

#[test]
fn a_name_that_means_none_or_several_says_which_there_are() {
    let (_fake, home) = workspace("");
    for (args, code, says) in [
        (&["--warehouse", "smal"][..], 1, &["the warehouse `smal`", "`small`, `Big one`", "did you mean `small`?"][..]),
        (&["--cluster", "twin"], 3, &["0202-123456-abcdefgh (stopped), 0303-123456-abcdefgh (running)", "by its id"]),
        (&["--cluster", "other"], 1, &["the cluster `other`", "`twin`"]),
        (&["--store", "databricks://dev"], 3, &["names no SQL warehouse and no cluster", "databricks://PROFILE/"]),
        (&["--store", "databricks://prod/small"], 3, &["prod"]),
        (&[], 2, &["it is not said which engine", "--warehouse"]),
    ] {
        let ran = home.run(&[&["sql", "SELECT 1", "--profile", "dev"], args].concat());
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        says.iter().for_each(|part| assert!(ran.err.contains(part), "{part}: {}", ran.err));
        assert!(!ran.err.contains(TOKEN), "{}", ran.err);
    }
}

#[test]
fn what_is_stopped_is_started_with_progress_and_a_cluster_only_on_request() {
    let (fake, home) = workspace("");
    fake.world().warehouses[0].state = "STOPPED".to_owned();
    fake.world().warehouses[0].polls = Some(0);
    fake.world().clusters[0].name = "etl".to_owned();
    let ran = home.run(&["sql", "SELECT 1", "--profile", "dev", "--jsonl", "--warehouse", "small"]);
    assert!(ran.code == 0 && ran.err.contains("the warehouse `small` is starting"), "{ran:?}");
    let etl = ["sql", "SELECT 1", "--profile", "dev", "--cluster", "etl"];
    let ran = home.run(&etl);
    assert!(
        ran.code == 1 && ran.err.contains("the cluster `etl` is stopped") && ran.err.contains("--start"),
        "{ran:?}"
    );
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 0);
    // One that cannot start says why.
    fake.fault("POST /api/2.1/clusters/start", usize::MAX, Fault::Status(403, None, "PERMISSION_DENIED: no"));
    let ran = home.run(&[&etl[..], &["--start"]].concat());
    assert!(ran.code == 4 && ran.err.contains("the cluster `etl`"), "{ran:?}");
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 1);
}

#[test]
fn tables_of_a_warehouse_named_by_its_name_are_opened_offline_and_another_meaning_is_told() {
    let (fake, home) = workspace("");
    let list = ["project", "list", "--store", "databricks://dev/Big one"];
    let run = |home: &Home| home.run(&list);
    let fresh = Home::new();
    fresh.write(".databrickscfg", &std::fs::read_to_string(home.path(".databrickscfg")).unwrap());
    let first = run(&home);
    assert!(first.code == 0 && !first.err.contains("now means"), "{first:?}");
    fake.world().warehouses[1].id = "aaaabbbbccccdddd".to_owned();
    // As long as it may matter.
    for _ in 0..2 {
        let moved = run(&home);
        assert!(
            moved.code == 0 && moved.err.contains("`Big one` now means the warehouse aaaabbbbccccdddd"),
            "{moved:?}"
        );
        assert!(moved.err.contains("--store databricks://dev/fedcba9876543210"), "{moved:?}");
    }
    // A name that is gone is believed to be gone.
    let name = std::mem::replace(&mut fake.world().warehouses[1].name, "renamed".to_owned());
    let gone = run(&home);
    assert!(gone.code != 0 && gone.err.contains("the warehouse `Big one`"), "{gone:?}");
    fake.world().warehouses[1].name = name;
    drop(fake);
    let offline = run(&home);
    assert!(offline.code == 0 && offline.err.contains("aaaabbbbccccdddd"), "{offline:?}");
    let never = run(&fresh);
    assert!(never.code == 5 && never.err.contains("cannot be reached"), "{never:?}");
}
