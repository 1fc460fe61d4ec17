//! Passwords of Lakebase: minted when needed, kept for most of their life, of both control planes.

use super::http::wire;
use crate::support::workspace::{FakeWorkspace, Fault, Instance, USER};
use lakelens::remote::error::Kind;
use lakelens::remote::http::Workspace;
use lakelens::remote::lakebase::{Lakebase, Target};
use lakelens::remote::password::PasswordSource;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ENDPOINT: &str = "projects/p/branches/main/endpoints/primary";

type Passwords = Arc<Mutex<Vec<(String, String)>>>;

fn fake(life: u64) -> (FakeWorkspace, Workspace, Passwords) {
    let fake = FakeWorkspace::start();
    let set = Passwords::default();
    let hook = set.clone();
    {
        let mut world = fake.world();
        let instance = |name: &str| Instance {
            name: name.to_owned(),
            host: "db.example.com".to_owned(),
            state: "AVAILABLE".to_owned(),
            life: Duration::from_secs(life),
        };
        world.instances = vec![instance("shop"), instance(ENDPOINT)];
        world.password_hook = Some(Arc::new(move |user, password, _| {
            hook.lock().unwrap().push((user.to_owned(), password.to_owned()));
            Ok(())
        }));
    }
    let workspace = Workspace::with(fake.with_token(), wire());
    (fake, workspace, set)
}

#[test]
fn a_password_is_minted_once_and_kept_for_most_of_its_life() {
    for name in ["shop", ENDPOINT] {
        let (_fake, workspace, set) = fake(3600);
        let database = Lakebase::new(workspace.clone(), Target::read(name));
        let address = workspace.wait(database.address()).unwrap();
        assert_eq!(
            (address.host.as_str(), address.user.as_str(), address.state.as_str()),
            ("db.example.com", USER, "AVAILABLE")
        );
        assert_eq!(address.pooled_host.is_some(), name == ENDPOINT);
        let many = workspace.wait(futures::future::join_all((0..8).map(|_| database.password())));
        let first = many[0].clone().unwrap();
        assert!(many.iter().all(|p| p.as_ref().unwrap() == &first));
        assert_eq!(*set.lock().unwrap(), [(USER.to_owned(), first.expose().to_owned())]);
        // One that the database did not take is not given again.
        let source: &dyn PasswordSource = &database;
        assert_eq!(workspace.wait(source.password(None)).unwrap(), first);
        let second = workspace.wait(source.password(Some(&first))).unwrap();
        assert_ne!(second, first);
        // Another connection learns late that the first one is of no use: it gets the second, and none is minted.
        assert_eq!(workspace.wait(source.password(Some(&first))).unwrap(), second);
        assert_eq!(set.lock().unwrap().len(), 2);
        assert!(!format!("{database:?}").contains("5ecret"));
    }
}

#[test]
fn a_password_that_ends_is_minted_again() {
    let (_fake, workspace, set) = fake(2);
    let database = Lakebase::new(workspace.clone(), Target::read("shop"));
    let first = workspace.wait(database.password()).unwrap();
    while workspace.wait(database.password()).unwrap() == first {}
    assert!(set.lock().unwrap().len() >= 2);
}

#[test]
fn what_is_wrong_is_told() {
    let (fake, workspace, _) = fake(60);
    let missing = Lakebase::new(workspace.clone(), Target::read("shup"));
    for error in [workspace.wait(missing.address()).unwrap_err(), workspace.wait(missing.password()).unwrap_err()] {
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().contains("the Lakebase instance `shup`"), "{error}");
    }
    fake.fault("POST /api/2.0/database", 1, Fault::Body(r#"{"expiration_time":"soon"}"#));
    let database = Lakebase::new(workspace.clone(), Target::read("shop"));
    assert_eq!(workspace.wait(database.password()).unwrap_err().kind(), Kind::Protocol);
}
