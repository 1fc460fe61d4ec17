//! A store on Lakebase: our workspace mints passwords that a real PostgreSQL really lets end.

use super::Home;
use crate::support::workspace::{FakeWorkspace, Instance, TOKEN, USER};
use lakelens::remote::net::Net;
use std::sync::Arc;
use std::time::Duration;

const SERVER: &str = "LAKELENS_TEST_POSTGRES";

/// Runs statements as the administrator.
pub(crate) fn admin(location: &str, sql: &str) -> Result<(), String> {
    let net = Net::default();
    net.wait(async {
        let connected = tokio_postgres::connect(location, tokio_postgres::NoTls).await;
        let (client, connection) = connected.map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        client.batch_execute(sql).await.map_err(|e| e.to_string())
    })
}

/// A workspace with the instance `shop`, which is that server: each password it mints lets its user in for so long.
pub(crate) fn shop(location: &str, life: Duration) -> FakeWorkspace {
    let make = format!(
        "DO $$ BEGIN CREATE ROLE \"{USER}\" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO \"{USER}\"', current_database()); END $$"
    );
    admin(location, &make).unwrap();
    let fake = FakeWorkspace::start();
    let host = location.rsplit_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    let mut world = fake.world();
    world.instances = vec![Instance { name: "shop".to_owned(), host, state: "AVAILABLE".to_owned(), life }];
    let location = location.to_owned();
    world.password_hook = Some(Arc::new(move |user, password, life| {
        let seconds = life.as_secs_f64();
        let set = format!(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE \"{user}\" PASSWORD %L VALID UNTIL %L', '{password}',
            clock_timestamp() + interval '{seconds} seconds'); END $$"
        );
        // The workspace answers on a thread of a runtime, and this waits.
        let location = location.clone();
        std::thread::spawn(move || admin(&location, &set)).join().unwrap()
    }));
    drop(world);
    fake
}

/// The store of a schema on it, for the profile `dev`.
pub(crate) fn store(location: &str, schema: &str) -> String {
    let database = location.rsplit_once('@').unwrap().1.split_once('/').unwrap().1.split('?').next().unwrap();
    format!("lakebase://shop?profile=dev&database={database}&schema={schema}&sslmode=require")
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn labels_are_kept_on_lakebase_with_minted_passwords() {
    let Ok(location) = std::env::var(SERVER) else {
        println!("skipped: {SERVER} is not set, so no store on Lakebase is opened");
        return;
    };
    let schema = format!("l_{}", uuid::Uuid::now_v7().simple());
    let clean = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
    let fake = shop(&location, Duration::from_secs(60));
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {}\ntoken = {TOKEN}\n", fake.host()));
    home.picture("photos/a.png");
    let store = store(&location, &schema);
    home.ok(&["--store", &store, "project", "create", "birds", "--from", "photos", "--classes", "owl,crow"]);
    home.ok(&["--store", &store, "label", "birds", "a.png", "owl"]);
    let status = home.ok(&["--store", &store, "status", "birds", "--json"]);
    assert!(status.contains("\"labeled\": 1"), "{status}");
    // What the person named stands everywhere, and not the address that was found out for it.
    let checks = home.run(&["--store", &store, "doctor"]);
    let named = format!("lakebase://shop/{}", store.split("database=").nth(1).unwrap().split('&').next().unwrap());
    assert!(checks.out.contains(&format!("{named}, profile dev, schema {schema}")), "{checks:?}");
    let refused = home.run(&["--store", &store, "--read-only", "label", "birds", "a.png", "crow"]);
    let unknown = home.run(&["--store", &store, "status", "none"]);
    for ran in [&checks, &refused, &unknown] {
        assert!(!ran.out.contains("postgres://") && !ran.err.contains("postgres://"), "{ran:?}");
    }
    let missing = home.run(&["--store", &store.replace("shop", "shup"), "status", "birds"]);
    assert!(missing.code != 0 && missing.err.contains("the Lakebase instance `shup` does not exist"), "{missing:?}");
    assert!(fake.world().asked("/api/2.0/database/credentials") >= 3);
    admin(&location, &clean).unwrap();
}
