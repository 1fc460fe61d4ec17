//! Passwords that end while somebody labels: the person does not notice.

use super::labelling::{at, make_project};
use crate::cli::lakebase::{admin, shop, store};
use crate::store::server::{Raw, needed};
use crate::support::pictures;
use crate::support::pty::{Home, Session};
use crate::support::workspace::{TOKEN, USER};
use std::time::{Duration, Instant};

/// A number of seconds from a variable.
fn seconds(variable: &str, usual: u64) -> Duration {
    Duration::from_secs(std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual))
}

/// Every connection the person's program has is ended as soon as the password it signed in with is of no use any more, so
/// that the next edit must sign in anew. Open sessions alone would outlive their passwords.
fn hang_up_when_ended(admin: &Raw, life: Duration) -> bool {
    // One moment for both questions: what becomes old between them would be waited for and never ended.
    let now = admin.run("SELECT clock_timestamp()").remove(0);
    let old = format!("backend_start < timestamptz '{now}' - interval '{} seconds'", life.as_secs());
    let connections = format!("FROM pg_stat_activity WHERE usename = '{USER}' AND {old}");
    let ended = admin.run(&format!("SELECT pg_terminate_backend(pid) {connections}")).len();
    let began = Instant::now();
    while admin.run(&format!("SELECT count(*) {connections}")) != ["0"] {
        assert!(began.elapsed() < Duration::from_secs(60), "connections that do not end");
    }
    ended > 0
}

/// Labels the first picture again and again, with another class each time; gives the number of edits.
fn label(session: &mut Session, admin: &Raw, (life, until): (Duration, Instant), ended: &mut usize) -> usize {
    let (mut edits, mut last) = (0, Instant::now());
    while Instant::now() < until || *ended < 3 {
        session.keys(if edits % 2 == 0 { "1" } else { "2" });
        at(session, "flower_02.png", "1 / 3").wait("nothing of it", |screen| {
            let trouble = ["offline", "not saved", "conflict", "password", "denied", "sign in", "expired"];
            let found: Vec<_> = trouble.into_iter().filter(|word| screen.contains(word)).collect();
            assert!(found.is_empty(), "the person sees {found:?}\n{}", screen.text());
            screen.contains("saved")
        });
        edits += 1;
        if last.elapsed() > Duration::from_millis(200) && hang_up_when_ended(admin, life) {
            (*ended, last) = (*ended + 1, Instant::now());
        }
        session.keys("h");
        at(session, "flower_01.png", "1 / 3");
    }
    edits
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn passwords_that_end_are_not_noticed_by_who_labels() {
    let life = seconds("LAKELENS_TEST_PASSWORD_SECONDS", 2);
    let duration = seconds("LAKELENS_TEST_LABEL_SECONDS", 6);
    let (location, home) = (needed(), Home::new());
    let schema = format!("l_{}", uuid::Uuid::now_v7().simple());
    let fake = shop(&location, life);
    let profile = format!("[dev]\nhost = {}\ntoken = {TOKEN}\n", fake.host());
    std::fs::write(home.path(".databrickscfg"), profile).unwrap();
    pictures::write(&home.path("flowers"), "flower", 3);
    let store = store(&location, &schema);
    let mut session = home.terminal().kitty().run(&["--store", &store, home.path("flowers").to_str().unwrap()]);
    session.wait_for("1 / 3");
    make_project(&mut session, "blossom", "daisy, roses");
    at(&mut session, "flower_01.png", "0 / 3");
    let (begun, mut ended, raw) = (Instant::now(), 0, Raw::connect(&location));
    let edits = label(&mut session, &raw, (life, begun + duration), &mut ended);
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    let (minted, passed) = (fake.world().asked("/api/2.0/database/credentials"), begun.elapsed());
    println!("{edits} edits in {passed:?}, connections ended {ended} times, {minted} passwords");
    let lives = passed.as_secs() / life.as_secs();
    assert!(minted as u64 >= lives, "{minted} passwords, where {lives} have ended one after the other");
    let kept = raw.run(&format!("SELECT count(*), count(DISTINCT edit) FROM {schema}.event WHERE kind = 0"));
    assert_eq!(kept, [format!("{edits} {edits}")], "lost, or applied twice");
    admin(&location, &format!("DROP SCHEMA {schema} CASCADE")).unwrap();
}
