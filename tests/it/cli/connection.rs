//! `doctor PROFILE` and `auth status --check` against our own workspace: which step fails, why, and what to do.

use super::Home;
use crate::support::workspace::{FakeWorkspace, Fault, TOKEN, Warehouse};
use serde_json::{Value, json};

fn home(host: &str, token: &str, more: &str) -> Home {
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {host}\ntoken = {token}\n{more}\n"));
    home
}

/// The checks, and that no secret is in any output.
fn doctor(home: &Home) -> Vec<Value> {
    let ran = home.run(&["doctor", "dev", "--json"]);
    assert!(!format!("{}{}", ran.out, ran.err).contains("5ecret"), "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let checks = document["checks"].as_array().unwrap().clone();
    assert_eq!(ran.code == 0, checks.iter().all(|c| c["ok"] == true), "{ran:?}");
    checks
}

#[test]
fn every_step_that_works_is_told() {
    let fake = FakeWorkspace::start();
    fake.world().securable("catalogs", "main", json!({}));
    fake.world().warehouses.push(Warehouse::new("w1", "small", "STOPPED"));
    let checks = doctor(&home(fake.host(), TOKEN, "warehouse_id = w1"));
    let names: Vec<_> = checks.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["profile", "dns", "tcp", "tls", "clock", "sign in", "permission", "latency", "server", "warehouse"]
    );
    let detail = |name: &str| checks.iter().find(|c| c["name"] == name).unwrap()["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail("sign in"), "pat, as ada@example.com");
    assert_eq!(detail("permission"), "1 catalogs can be seen");
    assert_eq!(detail("server"), "aws eu-central-1");
    assert_eq!(detail("warehouse"), "`small` is stopped");
}

#[test]
fn the_step_that_fails_is_the_last_one_and_has_a_remedy() {
    let fake = FakeWorkspace::start();
    let host = fake.host().to_owned();
    let secure = host.replace("http://", "https://");
    let forbidden =
        || fake.fault("GET /api/2.1/unity-catalog/catalogs", 1, Fault::Status(403, None, "PERMISSION_DENIED: no"));
    let cases: [(&str, &str, &str, &str); 7] = [
        ("https://no-such-name.invalid", TOKEN, "dns", "check the spelling"),
        ("http://127.0.0.1:1", TOKEN, "tcp", "firewall"),
        (&secure, TOKEN, "tls", "speaks TLS"),
        (&host, "dapi-wr0ng-5ecret", "sign in", "make a new one"),
        (&host, TOKEN, "permission", "ask its owner"),
        ("ftp://x", TOKEN, "profile", "https"),
        (&host, "", "profile", "DATABRICKS_TOKEN"),
    ];
    for (host, token, step, remedy) in cases {
        if step == "permission" {
            forbidden();
        }
        let checks = doctor(&home(host, token, ""));
        let last = checks.last().unwrap();
        assert_eq!((last["name"].as_str(), last["ok"].as_bool()), (Some(step), Some(false)), "{checks:?}");
        assert!(last["remedy"].as_str().unwrap().contains(remedy), "{last}");
        assert!(checks[..checks.len() - 1].iter().all(|c| c["ok"] == true), "{checks:?}");
    }
}

#[test]
fn an_open_catalog_is_no_workspace_and_fine() {
    let fake = FakeWorkspace::start();
    fake.world().open = true;
    fake.fault("GET /api/2.0/preview/scim", usize::MAX, Fault::Status(404, None, ""));
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {}\nauth_type = none\n", fake.host()));
    let checks = doctor(&home);
    assert!(checks.iter().all(|c| c["ok"] == true), "{checks:?}");
}

#[test]
fn status_signs_in_when_asked_to() {
    let fake = FakeWorkspace::start();
    let good = home(fake.host(), TOKEN, "");
    let ran = good.run(&["auth", "status", "dev"]);
    assert!(ran.out.contains("No server was asked") && fake.world().seen.is_empty(), "{ran:?}");
    let ran = good.run(&["auth", "status", "dev", "--check"]);
    assert!(ran.code == 0 && ran.out.contains("The server accepts this: you are ada@example.com."), "{ran:?}");
    let document = good.json(&["auth", "status", "dev", "--check", "--json"]);
    assert_eq!((&document["server_asked"], &document["user"]), (&json!(true), &json!("ada@example.com")));
    let bad = home(fake.host(), "dapi-wr0ng-5ecret", "");
    let ran = bad.run(&["auth", "status", "dev", "--check"]);
    assert!(ran.code == 4 && ran.err.contains("hint: the token may be wrong"), "{ran:?}");
    assert!(!format!("{}{}", ran.out, ran.err).contains("5ecret"), "{ran:?}");
    let gone = home("http://127.0.0.1:1", TOKEN, "").run(&["auth", "status", "dev", "--check"]);
    assert!(gone.code == 5 && gone.err.contains("cannot be reached"), "{gone:?}");
}
