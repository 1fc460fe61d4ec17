//! The client of a workspace against our own workspace: requests, pace, repetition, pages, and what bad answers get.

use crate::support::workspace::{FakeWorkspace, Fault, TOKEN};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use lakelens::remote::error::{Kind, RemoteError};
use lakelens::remote::http::Workspace;
use lakelens::remote::http::wire::{Limits, Tools, Wire};
use lakelens::remote::net::Net;
use lakelens::remote::profile::auth::Credentials;
use lakelens::remote::profile::host::Host;
use lakelens::remote::secret::Secret;
use lakelens::remote::tls;
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// Patience for tests: a step of the real times is a moment.
pub(super) fn quick() -> Limits {
    let ms = Duration::from_millis;
    Limits {
        step: ms(2),
        jitter: Duration::ZERO,
        idle: ms(300),
        answer: ms(2000),
        budget: ms(3000),
        ..Limits::default()
    }
}

pub(crate) fn wire() -> Wire {
    tls::install();
    Wire::with(&Net::default(), quick(), Tools::default()).unwrap()
}

fn client(fake: &FakeWorkspace) -> Workspace {
    Workspace::with(fake.with_token(), wire())
}

fn asked(fake: &FakeWorkspace, path: &str) -> usize {
    fake.world().asked(path)
}

const LIST: &str = "/api/2.1/unity-catalog/catalogs";

#[test]
fn requests_say_who_asks_and_paths_are_encoded() {
    let fake = FakeWorkspace::start();
    let folder = tempfile::tempdir().unwrap();
    let name = "ü b#?%2f+&.jpg";
    fs::write(folder.path().join(name), "0123456789").unwrap();
    fake.world().volume("main.a.v", folder.path());
    let mut connection = fake.with_token();
    let id = lakelens::remote::profile::attribute::find("workspace_id").unwrap();
    let origin = lakelens::remote::profile::attribute::Origin::Variable("DATABRICKS_WORKSPACE_ID");
    let value = lakelens::remote::profile::attribute::Value { attribute: id, value: Secret::new("77"), origin };
    connection.values.add(value);
    let workspace = Workspace::with(connection, wire());
    let get = || workspace.get("/api/2.0/fs/files").at(&format!("/Volumes/main/a/v/{name}"));
    let bytes = workspace.wait(get().query("x", "a b&c").range(2..5).bytes(100)).unwrap();
    assert_eq!(bytes, Bytes::from("234"));
    let answer = workspace.wait(get().range(8..u64::MAX).send()).unwrap();
    assert_eq!((answer.status(), answer.range(), answer.length()), (206, Some((8, 10, Some(10))), Some(2)));
    assert!(answer.modified().is_some());
    let pieces: Vec<Bytes> = workspace.wait(answer.stream().try_collect()).unwrap();
    assert_eq!(pieces.concat(), b"89");
    let head = workspace.wait(workspace.head("/api/2.0/fs/files").at(&format!("/Volumes/main/a/v/{name}")).send());
    assert_eq!(head.unwrap().length(), Some(10));
    let seen = fake.world().seen[0].clone();
    assert_eq!(seen.path, "/api/2.0/fs/files/Volumes/main/a/v/%C3%BC%20b%23%3F%252f%2B%26.jpg");
    assert_eq!(seen.query, "x=a%20b%26c");
    assert_eq!(seen.headers["user-agent"], concat!("lakelens/", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.headers["x-databricks-workspace-id"], "77");
    assert_eq!(seen.headers["authorization"], format!("Bearer {TOKEN}"));
}

#[test]
fn bodies_go_in_whole_and_as_a_stream() {
    let fake = FakeWorkspace::start();
    let folder = tempfile::tempdir().unwrap();
    fake.world().volume("main.a.v", folder.path());
    let workspace = client(&fake);
    let put = |name: &str| workspace.put("/api/2.0/fs/files").at(&format!("/Volumes/main/a/v/{name}"));
    fake.fault("PUT /api/2.0/fs/files", 1, Fault::Status(503, None, ""));
    workspace.wait(put("one").query("overwrite", true).body("abc").done()).unwrap();
    assert_eq!(fs::read(folder.path().join("one")).unwrap(), b"abc");
    let taken = workspace.wait(put("one").query("overwrite", false).body("xyz").done()).unwrap_err();
    assert_eq!((taken.kind(), taken.code()), (Kind::Exists, Some("FILES_API_FILE_EXISTS")));
    let stream = || futures::stream::iter([Ok::<_, std::io::Error>("de"), Ok("f")]);
    workspace.wait(put("two").body_stream(stream(), Some(3)).done()).unwrap();
    assert_eq!(fs::read(folder.path().join("two")).unwrap(), b"def");
    // What cannot be read again is not sent again.
    fake.fault("PUT /api/2.0/fs/files", 1, Fault::Status(503, Some("0"), ""));
    let before = asked(&fake, "/api/2.0/fs/files");
    let error = workspace.wait(put("three").body_stream(stream(), None).done()).unwrap_err();
    assert_eq!((error.kind(), asked(&fake, "/api/2.0/fs/files")), (Kind::Unavailable, before + 1));
}

#[test]
fn what_passes_is_repeated_and_what_may_have_been_done_is_not() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    let get = || workspace.wait(workspace.get(LIST).json::<Value>());
    for fault in [
        Fault::Status(429, Some("0"), "{}"),
        Fault::Status(429, None, r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow"}"#),
        Fault::Status(503, None, ""),
        Fault::Page(502),
        Fault::Status(504, None, "gateway"),
        Fault::Status(500, None, r#"{"message":"Please try again later or try a faster operation."}"#),
        Fault::Cut(1),
        Fault::Stall(1),
    ] {
        fake.world().securable("catalogs", "main", json!({}));
        let before = asked(&fake, LIST);
        fake.fault("GET /", 2, fault.clone());
        assert!(get().unwrap()["catalogs"].is_array(), "{fault:?}");
        assert_eq!(asked(&fake, LIST), before + 3, "{fault:?}");
    }
    fake.fault("GET /", 1, Fault::Status(500, None, ""));
    assert_eq!(get().unwrap_err().kind(), Kind::Server);
    const SQL: &str = "/api/2.0/sql/statements";
    for (fault, tries) in [
        (Fault::Status(429, Some("0"), ""), 2),
        (Fault::Status(503, None, ""), 2),
        (Fault::Status(500, None, "Unexpected error"), 1),
        (Fault::Page(502), 1),
        (Fault::Status(504, None, ""), 1),
        (Fault::Cut(1), 1),
    ] {
        let before = asked(&fake, SQL);
        fake.fault("POST /", 1, fault.clone());
        let post = workspace.post(SQL).body_json(&json!({ "statement": "SELECT 1", "warehouse_id": "none" }));
        assert!(workspace.wait(post.json::<Value>()).is_err());
        assert_eq!(asked(&fake, SQL), before + tries, "{fault:?}");
    }
}

#[test]
fn at_most_six_at_once_and_all_rest_together() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    let many = || futures::future::join_all((0..40).map(|_| workspace.clone().get(LIST).json::<Value>()));
    assert!(workspace.wait(many()).iter().all(Result::is_ok));
    let peak = fake.world().peak;
    assert!((1..=6).contains(&peak), "{peak}");
    // One is told to wait a second: nobody asks meanwhile.
    fake.fault("GET /", 1, Fault::Status(429, Some("1"), ""));
    let before = asked(&fake, LIST);
    let mut first = Box::pin(workspace.get(LIST).json::<Value>());
    workspace.wait(async {
        let told = async {
            while workspace.resting().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { _ = &mut first => panic!("it did not wait"), () = told => {} }
        let mut others = Box::pin(many());
        assert!(futures::poll!(&mut others).is_pending());
        assert_eq!(asked(&fake, LIST), before + 1);
        assert!(first.await.is_ok() && others.await.iter().all(Result::is_ok));
    });
}

#[test]
fn a_pause_longer_than_our_patience_is_told_at_once() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    fake.fault(
        "GET /",
        1,
        Fault::Status(429, Some("3600"), r#"{"error_code":"RESOURCE_EXHAUSTED","message":"enough"}"#),
    );
    let error = workspace.wait(workspace.get(LIST).json::<Value>()).unwrap_err();
    assert_eq!(error.kind(), Kind::Throttled);
    assert!(error.to_string().contains("it asks to wait 3600 s"), "{error}");
}

#[test]
fn pages_are_followed_through_empty_ones() {
    let fake = FakeWorkspace::start();
    {
        let mut world = fake.world();
        (world.page_size, world.empty_pages, world.integers_as_text) = (3, true, true);
        (0..8).for_each(|n| world.securable("catalogs", &format!("c{n}"), json!({})));
    }
    let workspace = client(&fake);
    let pages = workspace.get(LIST).query("include_browse", true).catalog_pages::<Value>("catalogs");
    let pages: Vec<_> = workspace.wait(pages.map(Result::unwrap).collect());
    assert_eq!(pages.iter().map(|p| p.items.len()).collect::<Vec<_>>(), [3, 3, 2]);
    assert_eq!(pages.iter().map(|p| p.next.is_some()).collect::<Vec<_>>(), [true, true, false]);
    assert!(pages[0].items[0]["created_at"].is_string());
    assert!(fake.world().seen.iter().all(|s| s.query.starts_with("include_browse=true&max_results=0")));
    // From the middle.
    let rest = workspace.get(LIST).query_opt("page_token", pages[0].next.as_deref()).catalog_pages::<Value>("catalogs");
    assert_eq!(workspace.wait(rest.count()), 2);
    fake.fault("GET /", 9, Fault::Body(r#"{"next_page_token":"again"}"#));
    let mut endless = Box::pin(workspace.get(LIST).catalog_pages::<Value>("catalogs"));
    assert_eq!(workspace.wait(endless.next()).unwrap().unwrap_err().kind(), Kind::Protocol);
}

#[test]
fn links_get_no_token_and_are_never_shown() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    let link = Secret::new(format!("{}/link/x/0?sig=link-5ecret", fake.host()));
    let error = workspace.wait(workspace.link(Method::GET, &link).bytes(100)).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(!fake.world().seen[0].headers.contains_key("authorization"));
    let nowhere = Secret::new("http://127.0.0.1:1/x?sig=link-5ecret");
    let gone = workspace.wait(workspace.link(Method::GET, &nowhere).bytes(100)).unwrap_err();
    for text in [format!("{error} {error:?}"), format!("{gone} {gone:?}")] {
        assert!(!text.contains("5ecret"), "{text}");
    }
}

#[test]
fn a_dropped_request_gives_its_place_back() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    fake.fault("GET /", 6, Fault::Hang);
    workspace.wait(async {
        let mut hanging: Vec<_> = (0..6).map(|_| Box::pin(workspace.get(LIST).json::<Value>())).collect();
        while fake.world().seen.len() < 6 {
            for request in &mut hanging {
                assert!(futures::poll!(request).is_pending());
            }
            tokio::task::yield_now().await;
        }
        drop(hanging);
        workspace.get(LIST).json::<Value>().await.unwrap();
    });
}

/// A way to go wrong, the kind it gets, and what the message must hold.
struct Bad {
    name: &'static str,
    fault: Option<Fault>,
    ways: Vec<Credentials>,
    host: Option<&'static str>,
    kind: Kind,
    says: &'static [&'static str],
}

fn bad(name: &'static str, fault: Fault, kind: Kind, says: &'static [&'static str]) -> Bad {
    Bad { name, fault: Some(fault), ways: vec![Credentials::Pat(Secret::new(TOKEN))], host: None, kind, says }
}

fn cases() -> Vec<Bad> {
    let pat = |token: &str| vec![Credentials::Pat(Secret::new(token))];
    let wrong = |name, ways, says| Bad { name, fault: None, ways, host: None, kind: Kind::SignIn, says };
    let host = |name, host, kind, says| Bad { name, fault: None, ways: pat(TOKEN), host: Some(host), kind, says };
    let status = |status, body| Fault::Status(status, Some("0"), body);
    vec![
        wrong(
            "wrong token",
            pat("dapi-wr0ng-5ecret"),
            &["fake (http://127.0.0.1:", "Invalid access token", "make a new one", "profile `fake`"],
        ),
        wrong("token with a line break", pat("dapi\n5ecret"), &["line break", "copy the token again"]),
        wrong("no token", vec![Credentials::None], &["Credential was not sent", "auth_type = none"]),
        bad("expired token", Fault::Expired, Kind::SignIn, &["access token expired", "make a new one"]),
        bad(
            "no permission",
            status(403, r#"{"error_code":"PERMISSION_DENIED","message":"User lacks USE CATALOG"}"#),
            Kind::Permission,
            &["the catalogs", "USE CATALOG", "ask its owner"],
        ),
        bad(
            "blocked address",
            status(
                403,
                r#"{"error_code":"PERMISSION_DENIED","message":"Source IP address: 1.2.3.4 is blocked by Databricks IP ACL"}"#,
            ),
            Kind::Permission,
            &["VPN"],
        ),
        bad(
            "another workspace",
            status(403, r#"{"error_code":"PERMISSION_DENIED","message":"Unauthorized access to Org: 7"}"#),
            Kind::SignIn,
            &["another workspace"],
        ),
        bad(
            "vanished",
            status(404, r#"{"error_code":"CATALOG_DOES_NOT_EXIST","message":"Catalog 'x' does not exist."}"#),
            Kind::NotFound,
            &["the catalogs does not exist at fake", "check the name"],
        ),
        bad(
            "429 for ever",
            Fault::Status(429, Some("0"), "Too many"),
            Kind::Throttled,
            &["Too many", "times in", "wait a minute"],
        ),
        bad(
            "503 for ever",
            Fault::Status(503, Some("0"), ""),
            Kind::Unavailable,
            &["Service Unavailable", "try again in a minute"],
        ),
        bad("a page instead of JSON", Fault::Page(200), Kind::Protocol, &["web page", "https://NAME"]),
        bad("a page with a status", Fault::Page(500), Kind::Server, &["nobody is home (a web page"]),
        bad(
            "a private link",
            Fault::Redirect("/login.html?error=private-link-validation-error:1".to_owned()),
            Kind::Protocol,
            &["private link", "VPN"],
        ),
        bad(
            "a redirect elsewhere",
            Fault::Redirect("https://elsewhere.example.com/x?token=5ecret".to_owned()),
            Kind::Protocol,
            &["sends on to elsewhere.example.com"],
        ),
        bad("no JSON", Fault::Body("nonsense"), Kind::Protocol, &["not the JSON", "line 1"]),
        bad(
            "other JSON",
            Fault::Body(r#"{"catalogs":"dapi-5ecret-in-the-answer"}"#),
            Kind::Protocol,
            &["`catalogs`", "expected a sequence"],
        ),
        bad("a cut body", Fault::Cut(3), Kind::Cut, &["broke (the catalogs)", "try again"]),
        bad("a stalled body", Fault::Stall(3), Kind::Timeout, &["nothing came for", "after 3 bytes"]),
        bad("no answer", Fault::Hang, Kind::Timeout, &["no answer within", "check the network"]),
        bad(
            "an echo of the token",
            Fault::Status(400, None, r#"{"error_code":"BAD_REQUEST","message":"what is dapi-5ecret-of-the-fake?"}"#),
            Kind::Invalid,
            &["what is ***?"],
        ),
        bad("escape sequences", Fault::Status(400, None, "\u{1b}[31mred"), Kind::Invalid, &["\\x1b[31mred"]),
        host(
            "nobody there",
            "http://127.0.0.1:1",
            Kind::Connect,
            &["http://127.0.0.1:1", "connection refused", "firewall"],
        ),
        host(
            "unknown name",
            "https://no-such-name.invalid",
            Kind::Dns,
            &["no-such-name.invalid", "check the spelling"],
        ),
    ]
}

#[test]
fn every_bad_answer_gets_a_message_with_thing_cause_and_remedy_and_no_secret() {
    for case in cases() {
        let fake = FakeWorkspace::start();
        fake.world().securable("catalogs", "main", json!({}));
        if let Some(fault) = case.fault {
            fake.fault("GET /api", usize::MAX, fault);
        }
        let mut connection = fake.connection(case.ways);
        if let Some(host) = case.host {
            connection.host = Host::parse(host).unwrap();
        }
        let workspace = Workspace::with(connection, wire());
        let mut pages = Box::pin(workspace.get(LIST).about("the catalogs").catalog_pages::<Value>("catalogs"));
        let error: RemoteError = workspace.wait(pages.next()).unwrap().unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), case.kind, "{}: {text}", case.name);
        for part in case.says {
            assert!(text.contains(part), "{}: `{part}` is not in: {text}", case.name);
        }
        let all = format!("{text} {error:?} {workspace:?} {:?}", workspace.connection());
        assert!(!all.contains("5ecret") && !all.contains('\u{1b}'), "{}: {all}", case.name);
        assert!(!error.remedy().is_empty() && !error.why().is_empty(), "{}", case.name);
    }
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let fake = FakeWorkspace::start();
    let host = Host::parse(&fake.host().replace("http://", "https://")).unwrap();
    let workspace = Workspace::open(host, wire());
    let error = workspace.wait(workspace.get(LIST).json::<Value>()).unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[test]
fn open_servers_are_asked_without_a_token() {
    let fake = FakeWorkspace::start();
    fake.world().open = true;
    let workspace = Workspace::open(Host::parse(fake.host()).unwrap(), wire());
    workspace.wait(workspace.get(LIST).json::<Value>()).unwrap();
    assert!(!fake.world().seen[0].headers.contains_key("authorization"));
    assert_eq!(workspace.wait(workspace.bearer()).unwrap(), None);
}

#[test]
fn paths_that_would_leave_their_place_are_refused_here() {
    let fake = FakeWorkspace::start();
    let workspace = client(&fake);
    for request in [workspace.get("/api/2.0/fs/files").at("/Volumes/a/../b"), workspace.get(LIST).part("..")] {
        assert_eq!(workspace.wait(request.done()).unwrap_err().kind(), Kind::Invalid);
    }
    assert!(fake.world().seen.is_empty());
}
