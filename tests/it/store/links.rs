//! The way to a PostgreSQL server: TLS, passwords that are wrong or expire, connections that break, a server that
//! restarts. What was acknowledged is there once, whatever happens.

use super::fixture::{Kind, Schema, at, edit, labeled, project_of};
use super::server::{Raw, needed};
use futures::future::BoxFuture;
use lakelens::domain::edit::{Edit, Outcome};
use lakelens::domain::ids::{EditId, ProjectId, SampleId};
use lakelens::remote::net::Net;
use lakelens::remote::password::PasswordSource;
use lakelens::remote::secret::Secret;
use lakelens::store::postgres::health;
use lakelens::store::records::Mode;
use lakelens::store::{Store, StoreError, open, open_with};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The folder with the certificates that the server's script made.
fn certificates() -> String {
    std::env::var("LAKELENS_TEST_POSTGRES_TLS").expect("printed by tests/servers/postgres")
}

/// The server under another host name, with options.
fn at_host(host: &str, options: &str) -> String {
    format!("{}?{options}", needed().replace("127.0.0.1", host))
}

fn failure(location: &str) -> StoreError {
    open(location, Mode::Read, &Net::default()).err().unwrap()
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn certificates_are_checked_as_much_as_the_mode_says() {
    let (tls, net) = (certificates(), Net::default());
    let (ca, other) = (format!("sslrootcert={tls}/ca.pem"), format!("sslrootcert={tls}/other.pem"));
    let spoken = |location: &str| health(location, None, &net).map(|h| h.tls);
    let good = [
        at_host("localhost", &format!("sslmode=verify-full&{ca}")),
        at_host("127.0.0.1", &format!("sslmode=verify-full&{ca}")),
        // Signed by the right authority, made out for another address.
        at_host("127.0.0.2", &format!("sslmode=verify-ca&{ca}")),
        at_host("127.0.0.2", &format!("sslmode=require&{ca}")),
        // The server's own certificate, as people do who have no authority.
        at_host("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={tls}/server.pem")),
        at_host("127.0.0.1", "sslmode=require"),
        at_host("127.0.0.1", "sslmode=prefer"),
        needed(),
    ];
    for location in good {
        let version = spoken(&location).unwrap_or_else(|e| panic!("{e}"));
        assert!(version.is_some_and(|v| v.starts_with("TLSv1.")), "no TLS");
    }
    assert_eq!(spoken(&at_host("127.0.0.1", "sslmode=disable")).unwrap(), None);
    let bad = [
        at_host("127.0.0.2", &format!("sslmode=verify-full&{ca}")),
        at_host("localhost", &format!("sslmode=verify-full&{other}")),
        at_host("localhost", &format!("sslmode=verify-ca&{other}")),
        at_host("localhost", &format!("sslmode=require&{other}")),
        at_host("localhost", "sslmode=verify-full"),
    ];
    for location in bad {
        let error = spoken(&location).unwrap_err();
        assert!(matches!(error, StoreError::Offline { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    let missing = failure(&at_host("localhost", "sslmode=verify-ca&sslrootcert=/nowhere.pem"));
    assert!(matches!(missing, StoreError::Invalid { .. }) && missing.to_string().contains("/nowhere.pem"), "{missing}");
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn who_is_not_let_in_is_told_why_without_the_password() {
    let server = needed();
    let (before, after) = server.split_once('@').unwrap();
    let wrong = format!("{}:s3cret-wrong@{after}", before.rsplit_once(':').unwrap().0);
    let error = failure(&wrong);
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert!(error.retry_after().is_some(), "edits would be thrown away");
    let nobody = failure(&server.replace("app:", "nobody:"));
    assert!(matches!(nobody, StoreError::Denied { .. }), "{nobody:?}");
    let database = failure(&server.replace("/postgres", "/nosuch"));
    assert!(matches!(database, StoreError::NotFound { .. }), "{database:?}");
    let closed = failure(&format!("postgres://app:s3cret-wrong@127.0.0.1:{}/postgres", free_port()));
    assert!(matches!(closed, StoreError::Offline { .. }), "{closed:?}");
    let secret = before.rsplit_once(':').unwrap().1;
    for error in [error, nobody, database, closed] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cret") && !text.contains(secret), "{text}");
    }
    let store = Schema::on(server.clone()).connect();
    assert!(!store.place().contains(secret) && store.place().starts_with("postgres://app@"), "{}", store.place());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_newer_schema_and_other_peoples_tables_are_refused() {
    let kind = Schema::on(needed());
    drop(kind.connect());
    kind.raw().run("INSERT INTO lakelens_schema(version) VALUES(99)");
    for mode in [Mode::Create, Mode::Write, Mode::Read] {
        let error = open(&kind.location(), mode, &kind.net).err().unwrap();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    }
    let theirs = Schema::on(needed());
    theirs.raw().run(&format!("CREATE SCHEMA {0}; CREATE TABLE {0}.project(x int)", theirs.name));
    let error = open(&theirs.location(), Mode::Create, &theirs.net).err().unwrap();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    let missing = Schema::on(needed());
    let error = open(&missing.location(), Mode::Write, &missing.net).err().unwrap();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
}

/// Tries an edit until it is taken, as the writer does.
fn send(store: &mut dyn Store, edit: &Edit, trouble: &AtomicUsize) -> Outcome {
    loop {
        match store.commit(std::slice::from_ref(edit)) {
            Ok(mut outcomes) => return outcomes.remove(0),
            Err(error) => {
                assert!(error.retry_after().is_some(), "given up: {error}");
                trouble.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Reads until it works.
fn patiently<T>(mut read: impl FnMut() -> Result<T, StoreError>) -> T {
    loop {
        match read() {
            Ok(value) => return value,
            Err(error) => assert!(error.retry_after().is_some(), "given up: {error}"),
        }
    }
}

/// Every acknowledged edit is in the history once, and nothing else is.
fn all_there(kind: &Schema, project: ProjectId, sent: &[EditId]) {
    let history = kind.connect().history(project, None, None, 100_000).unwrap();
    let found: Vec<EditId> = history.iter().rev().map(|h| h.edit.id).collect();
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "an edit is there twice");
    assert_eq!(found, sent, "what was acknowledged is not what is there");
    kind.verify();
}

/// A token that really expires: a role's password with an end, renewed as Lakebase does.
struct Token {
    admin: Mutex<Raw>,
    role: String,
    held: Mutex<Secret>,
    minted: AtomicUsize,
}

impl Token {
    fn mint(&self) -> Secret {
        let n = self.minted.fetch_add(1, Ordering::Relaxed);
        let token = format!("token-{n}-{}", uuid::Uuid::now_v7());
        let sql = format!("ALTER ROLE {} PASSWORD '{token}' VALID UNTIL 'infinity'", self.role);
        self.admin.lock().unwrap().run(&sql);
        Secret::new(token)
    }

    /// Lets the life of the present token be over: the server takes it no longer.
    fn expire(&self) {
        let sql = format!("ALTER ROLE {} VALID UNTIL '2020-01-01'", self.role);
        self.admin.lock().unwrap().run(&sql);
    }
}

impl PasswordSource for Token {
    fn password<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        if refused.is_some() {
            // The mint has a connection of its own, and this thread waits for another already.
            let minted = std::thread::scope(|s| s.spawn(|| self.mint()).join().unwrap());
            *self.held.lock().unwrap() = minted;
        }
        let held = self.held.lock().unwrap().clone();
        Box::pin(std::future::ready(Ok(held)))
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_token_that_expires_while_people_label_is_renewed() {
    let kind = Schema::on(needed());
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 40);
    let (admin, role) = (Raw::connect(&needed()), format!("r_{}", uuid::Uuid::now_v7().simple()));
    admin.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {0} TO {role};
        GRANT ALL ON ALL TABLES IN SCHEMA {0} TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA {0} TO {role}",
        kind.name
    ));
    let (held, minted) = (Mutex::new(Secret::new("nothing yet")), AtomicUsize::new(0));
    let token = Arc::new(Token { admin: Mutex::new(admin), role: role.clone(), held, minted });
    let (_, host) = needed().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let location = format!("postgres://{role}@{host}?schema={}&sslmode=require", kind.name);
    let source: Arc<dyn PasswordSource> = Arc::clone(&token) as _;
    let mut store = open_with(&location, Mode::Create, &Net::default(), Some(source)).unwrap();
    let (trouble, mut sent) = (AtomicUsize::new(0), Vec::new());
    for (i, id) in ids.iter().enumerate() {
        let edit = patiently(|| {
            store.sample(*id)?;
            Ok(edit(store.as_mut(), *id, labeled(&[1], "ann", at(i as i64)), "ann", i as i64))
        });
        if i % 10 == 5 {
            // An open session outlives its token; a new one needs a new token.
            token.expire();
        }
        if i % 10 == 7 {
            let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'");
            token.admin.lock().unwrap().run(&sql);
        }
        assert!(matches!(send(store.as_mut(), &edit, &trouble), Outcome::Saved { .. }));
        sent.push(edit.id);
    }
    assert!(token.minted.load(Ordering::Relaxed) >= 4, "{:?}", token.minted);
    drop(store);
    all_there(&kind, project.id, &sent);
    token.admin.lock().unwrap().run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn the_server_may_restart_in_the_middle() {
    let control = std::env::var("LAKELENS_TEST_POSTGRES_CONTROL").expect("printed by tests/servers/postgres");
    let words: Vec<&str> = control.split_whitespace().collect();
    let kind = Schema::on(needed());
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 30);
    let (mut store, trouble, mut sent) = (kind.connect(), AtomicUsize::new(0), Vec::new());
    for (i, id) in ids.iter().enumerate() {
        if i == 10 || i == 20 {
            let mode = if i == 10 { "fast" } else { "immediate" };
            let restart = std::process::Command::new(words[0])
                .args(&words[1..])
                .args(["-m", mode, "restart"])
                .current_dir("/")
                .output();
            assert!(restart.as_ref().is_ok_and(|o| o.status.success()), "{restart:?}");
        }
        let after = labeled(&[1], "ann", at(i as i64));
        let now = patiently(|| store.sample(*id));
        let change = lakelens::domain::edit::Change::Answer { sample: *id, base: now.rev, before: now.answer, after };
        let edit = Edit::by_person(project.id, change, "ann", at(i as i64));
        assert!(matches!(send(store.as_mut(), &edit, &trouble), Outcome::Saved { .. }));
        sent.push(edit.id);
    }
    all_there(&kind, project.id, &sent);
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn what_the_server_stops_at_any_moment_is_done_again_as_a_whole() {
    let kind = Schema::on(needed());
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 30);
    let location = format!("{}&application_name={}", kind.location(), kind.name);
    let mut store = open(&location, Mode::Create, &Net::default()).unwrap();
    let (trouble, mut sent) = (AtomicUsize::new(0), Vec::new());
    let (go, told) = std::sync::mpsc::channel::<()>();
    let stopped = std::thread::scope(|scope| {
        // Nobody knows what runs when the request arrives: a beginning, a statement, a commit, or nothing.
        let late = scope.spawn(|| {
            let raw = Raw::connect(&needed());
            let all = format!(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = '{}' AND state <> 'idle'",
                kind.name
            );
            told.into_iter().map(|()| raw.run(&all).len()).sum::<usize>()
        });
        for round in 0..600 {
            go.send(()).unwrap();
            let (id, when) = (ids[round % ids.len()], at(round as i64));
            let now = patiently(|| store.sample(id));
            let after = labeled(&[1 + round as i64 % 2], "ann", when);
            let change =
                lakelens::domain::edit::Change::Answer { sample: id, base: now.rev, before: now.answer, after };
            let edit = Edit::by_person(project.id, change, "ann", when);
            assert!(matches!(send(store.as_mut(), &edit, &trouble), Outcome::Saved { .. }), "round {round}");
            sent.push(edit.id);
        }
        drop(go);
        late.join().unwrap()
    });
    println!("{stopped} statements stopped, {} tried again by the caller", trouble.load(Ordering::Relaxed));
    assert!(stopped > 20, "only {stopped} of 600 requests met anything");
    drop(store);
    all_there(&kind, project.id, &sent);
}

/// Forwards connections to the server and cuts each after a random number of bytes, as long as it is armed.
struct Proxy {
    port: u16,
    armed: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let seed = Arc::new(AtomicU64::new(0x9e37_79b9_7f4a_7c15));
        let (arm, count) = (Arc::clone(&armed), Arc::clone(&cuts));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(upstream) = TcpStream::connect(&server) else { continue };
                // Both ways together may carry so many bytes; signing in alone takes about a thousand.
                let left = Arc::new(AtomicU64::new(1500 + next(&seed) % 24_000));
                let once = Arc::new(AtomicBool::new(false));
                for (from, to) in [(&client, &upstream), (&upstream, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (left, once, arm, count) = (left.clone(), once.clone(), arm.clone(), count.clone());
                    std::thread::spawn(move || forward(from, to, &left, &arm, &once, &count));
                }
            }
        });
        Self { port, armed, cuts }
    }
}

/// Xorshift (Marsaglia 2003).
fn next(seed: &AtomicU64) -> u64 {
    let step = |mut x: u64| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^ (x << 17)
    };
    step(seed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |x| Some(step(x))).unwrap())
}

fn forward(
    mut from: TcpStream,
    mut to: TcpStream,
    left: &AtomicU64,
    armed: &AtomicBool,
    once: &AtomicBool,
    cuts: &AtomicUsize,
) {
    let mut buffer = [0; 512];
    while let Ok(n) = from.read(&mut buffer) {
        if n == 0 {
            break;
        }
        let allowed = left.load(Ordering::Relaxed).min(n as u64);
        if armed.load(Ordering::Relaxed) {
            left.fetch_sub(allowed, Ordering::Relaxed);
        }
        let cut = armed.load(Ordering::Relaxed) && allowed < n as u64;
        // Part of a message may still arrive.
        let part = if cut { allowed as usize } else { n };
        if to.write_all(&buffer[..part]).is_err() {
            break;
        }
        if cut {
            if !once.swap(true, Ordering::Relaxed) {
                cuts.fetch_add(1, Ordering::Relaxed);
            }
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn connections_cut_two_hundred_times_lose_nothing_and_do_nothing_twice() {
    const CUTS: usize = 200;
    let kind = Schema::on(needed());
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 50);
    let (_, server) = needed().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let address = server.split('/').next().unwrap().to_owned();
    let proxy = Proxy::to(address.clone());
    let through = kind.location().replace(&address, &format!("127.0.0.1:{}", proxy.port));
    let mut store = open(&through, Mode::Write, &Net::default()).unwrap();
    proxy.armed.store(true, Ordering::Relaxed);
    let (trouble, mut sent, mut undone) = (AtomicUsize::new(0), Vec::new(), 0);
    for n in 0i64.. {
        if proxy.cuts.load(Ordering::Relaxed) >= CUTS {
            break;
        }
        let sample: SampleId = ids[n as usize % ids.len()];
        let now = patiently(|| store.sample(sample));
        let after = labeled(&[1 + n % 3], "ann", at(n));
        let change = lakelens::domain::edit::Change::Answer { sample, base: now.rev, before: now.answer, after };
        let edit = Edit::by_person(project.id, change, "ann", at(n));
        let outcome = send(store.as_mut(), &edit, &trouble);
        assert!(matches!(outcome, Outcome::Saved { .. }), "{outcome:?}");
        sent.push(edit.id);
        if n % 7 == 3 {
            let report = patiently(|| store.undo(project.id, "ann", at(1_000_000 + n)));
            assert_eq!((report.applied.len(), report.refused.len()), (1, 0), "undone twice or not at all");
            sent.push(report.applied[0].edit.id);
            undone += 1;
        }
    }
    proxy.armed.store(false, Ordering::Relaxed);
    println!("{} edits, {undone} undone, {CUTS} cuts, {} failures seen", sent.len(), trouble.load(Ordering::Relaxed));
    all_there(&kind, project.id, &sent);
}
