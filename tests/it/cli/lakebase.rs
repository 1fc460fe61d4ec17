//! A store on Lakebase: our workspace mints passwords that a real PostgreSQL really lets end.

use super::Home;
use crate::support::workspace::{FakeWorkspace, Instance, TOKEN, USER};
use lakelens::remote::net::Net;
use std::sync::Arc;
use std::time::Duration;

const SERVER: &str = "LAKELENS_TEST_POSTGRES";

/// Runs statements as the administrator.
fn admin(location: &str, sql: &str) -> Result<(), String> {
    let net = Net::default();
    net.wait(async {
        let connected = tokio_postgres::connect(location, tokio_postgres::NoTls).await;
        let (client, connection) = connected.map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        client.batch_execute(sql).await.map_err(|e| e.to_string())
    })
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
    let make = format!(
        "DO $$ BEGIN CREATE ROLE \"{USER}\" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO \"{USER}\"', current_database()); END $$"
    );
    admin(&location, &make).unwrap();
    let fake = FakeWorkspace::start();
    let place = location.rsplit_once('@').unwrap().1.split_once('/').unwrap();
    let (host, database) = (place.0.to_owned(), place.1.split('?').next().unwrap());
    {
        let mut world = fake.world();
        let (state, life) = ("AVAILABLE".to_owned(), Duration::from_secs(60));
        world.instances = vec![Instance { name: "shop".to_owned(), host, state, life }];
        let location = location.clone();
        world.password_hook = Some(Arc::new(move |user, password, life| {
            let seconds = life.as_secs();
            let set = format!(
                "DO $$ BEGIN EXECUTE format('ALTER ROLE \"{user}\" PASSWORD %L VALID UNTIL %L', '{password}',
                clock_timestamp() + interval '{seconds} seconds'); END $$"
            );
            // The workspace answers on a thread of a runtime, and this waits.
            let location = location.clone();
            std::thread::spawn(move || admin(&location, &set)).join().unwrap()
        }));
    }
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {}\ntoken = {TOKEN}\n", fake.host()));
    home.picture("photos/a.png");
    let store = format!("lakebase://shop?profile=dev&database={database}&schema={schema}&sslmode=require");
    home.ok(&["--store", &store, "project", "create", "birds", "--from", "photos", "--classes", "owl,crow"]);
    home.ok(&["--store", &store, "label", "birds", "a.png", "owl"]);
    let status = home.ok(&["--store", &store, "status", "birds", "--json"]);
    assert!(status.contains("\"labeled\": 1"), "{status}");
    let missing = home.run(&["--store", &store.replace("shop", "shup"), "status", "birds"]);
    assert!(missing.code != 0 && missing.err.contains("the Lakebase instance `shup` does not exist"), "{missing:?}");
    assert!(fake.world().asked("/api/2.0/database/credentials") >= 3);
    admin(&location, &clean).unwrap();
}
