//! A workspace of our own on loopback: what cannot be had elsewhere, with the faults that real ones have.
//!
//! Why: the Files API, statements over HTTP, compute, sign-in and Lakebase credentials exist only at Databricks. What
//! always holds: the official Python SDK accepts it as a workspace (`remote::official_workspace`); files are real files
//! and SQL is run by whatever [`SqlBackend`] is plugged in; state is kept in [`World`], which tests change at will.
#![allow(dead_code, unused_imports, reason = "it is a whole workspace; not every part of it has a test that turns it")]

mod catalog;
mod compute;
mod dbfs;
mod faults;
mod files;
mod identity;
mod lakebase;
mod reply;
mod sql;

pub(crate) use compute::{Cluster, Warehouse};
pub(crate) use faults::Fault;
pub(crate) use identity::{TENANT, Token};
pub(crate) use lakebase::{Instance, PasswordHook};
pub(crate) use sql::{SqlBackend, SqlColumn, SqlFailure, SqlParameter, SqlRequest, SqlTable};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use lakelens::remote::profile::Connection;
use lakelens::remote::profile::attribute::Values;
use lakelens::remote::profile::auth::Credentials;
use lakelens::remote::profile::host::Host;
use lakelens::remote::secret::Secret;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The personal access token that is valid from the start.
pub(crate) const TOKEN: &str = "dapi-5ecret-of-the-fake";
/// The service principal that is there from the start, and its secret.
pub(crate) const PRINCIPAL: (&str, &str) = ("11111111-2222-3333-4444-555555555555", "m2m-5ecret");
/// The user behind [`TOKEN`].
pub(crate) const USER: &str = "ada@example.com";

/// Everything there is in the workspace.
pub(crate) struct World {
    /// Tokens that are accepted.
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Service principals: id and secret.
    pub(crate) principals: BTreeMap<String, String>,
    /// How long new tokens live.
    pub(crate) token_life: Duration,
    /// What new tokens say of their life, where that is not the truth.
    pub(crate) token_life_said: Option<u64>,
    /// How many tokens were given.
    pub(crate) tokens_given: usize,
    /// Whether nobody needs to sign in.
    pub(crate) open: bool,
    /// Securables by kind (`catalogs`, `schemas`, `tables`, `volumes`, `models`) and full name.
    pub(crate) securables: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// The folder behind each volume, by full name.
    pub(crate) folders: BTreeMap<String, PathBuf>,
    /// Told how many bytes of a file have come, while it comes.
    pub(crate) upload_hook: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    /// The folder behind DBFS; without one it is closed.
    pub(crate) dbfs: Option<PathBuf>,
    /// Files of DBFS that are being written, by handle.
    dbfs_open: BTreeMap<u64, PathBuf>,
    /// Full names, Files API paths and `dbfs:/…` paths that the user may not use.
    pub(crate) forbidden: Vec<String>,
    /// Clusters.
    pub(crate) clusters: Vec<Cluster>,
    /// Warehouses.
    pub(crate) warehouses: Vec<Warehouse>,
    /// Lakebase instances, provisioned ones and endpoints.
    pub(crate) instances: Vec<Instance>,
    /// Sets the password of a real server.
    pub(crate) password_hook: Option<PasswordHook>,
    /// Runs SQL.
    pub(crate) sql: Option<Arc<dyn SqlBackend>>,
    /// Statements so far.
    pub(crate) statements: BTreeMap<String, sql::Statement>,
    /// How often a statement is asked about before it is done.
    pub(crate) sql_polls: usize,
    /// What links give as Arrow, whatever the rows are; without it they give JSON.
    pub(crate) sql_arrow: Option<Vec<u8>>,
    /// Rows in a chunk of a result.
    pub(crate) sql_chunk: usize,
    /// Entries in a page of a list.
    pub(crate) page_size: usize,
    /// Every list begins with an empty page that has a token.
    pub(crate) empty_pages: bool,
    /// 64-bit numbers are sent as text.
    pub(crate) integers_as_text: bool,
    /// Faults that wait for their requests.
    faults: Vec<faults::Armed>,
    /// What was asked so far.
    pub(crate) seen: Vec<Seen>,
    /// The most requests at once.
    pub(crate) peak: usize,
    in_flight: usize,
    /// Numbers for new things.
    counter: u64,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The method.
    pub(crate) method: String,
    /// The path as it was sent, percent-encoded.
    pub(crate) path: String,
    /// The query as it was sent.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: BTreeMap<String, String>,
}

impl World {
    fn new() -> Self {
        let forever = Token { user: USER.to_owned(), until: None };
        Self {
            tokens: [(TOKEN.to_owned(), forever)].into(),
            principals: [(PRINCIPAL.0.to_owned(), PRINCIPAL.1.to_owned())].into(),
            token_life: Duration::from_secs(3600),
            token_life_said: None,
            tokens_given: 0,
            open: false,
            securables: BTreeMap::new(),
            folders: BTreeMap::new(),
            upload_hook: None,
            dbfs: None,
            dbfs_open: BTreeMap::new(),
            forbidden: Vec::new(),
            clusters: Vec::new(),
            warehouses: Vec::new(),
            instances: Vec::new(),
            password_hook: None,
            sql: None,
            statements: BTreeMap::new(),
            sql_polls: 0,
            sql_arrow: None,
            sql_chunk: 1000,
            page_size: 100,
            empty_pages: false,
            integers_as_text: false,
            faults: Vec::new(),
            seen: Vec::new(),
            peak: 0,
            in_flight: 0,
            counter: 0,
        }
    }

    /// A new id that is different from all others.
    pub(crate) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// How many requests went to paths that begin so.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.seen.iter().filter(|s| s.path.starts_with(path)).count()
    }
}

/// What the handlers share.
pub(crate) struct Shared {
    world: Mutex<World>,
    host: String,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The workspace; it ends when this is dropped.
pub(crate) struct FakeWorkspace {
    shared: Arc<Shared>,
    // Dropping a runtime stops what runs in it.
    runtime: Option<Runtime>,
}

impl FakeWorkspace {
    /// Starts an empty one on a free port of loopback.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { world: Mutex::new(World::new()), host });
        let app = router(shared.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { shared, runtime: Some(runtime) }
    }

    /// Its address.
    pub(crate) fn host(&self) -> &str {
        &self.shared.host
    }

    /// Everything in it.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The next `times` requests whose method and path begin so (`GET /api/2.0/fs`) get this fault.
    pub(crate) fn fault(&self, begin: &str, times: usize, fault: Fault) {
        self.world().faults.push(faults::Armed::new(begin, times, fault));
    }

    /// From now on everything is answered as it should be.
    pub(crate) fn forget_faults(&self) {
        self.world().faults.clear();
    }

    /// A connection to it with these ways of signing in.
    pub(crate) fn connection(&self, ways: Vec<Credentials>) -> Connection {
        let host = Host::parse(self.host()).unwrap();
        Connection { profile: Some("fake".to_owned()), host, cloud: None, ways, values: Values::default() }
    }

    /// A connection with the token that is valid.
    pub(crate) fn with_token(&self) -> Connection {
        self.connection(vec![Credentials::Pat(Secret::new(TOKEN))])
    }
}

impl Drop for FakeWorkspace {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(identity::routes())
        .merge(catalog::routes())
        .merge(files::routes())
        .merge(dbfs::routes())
        .merge(compute::routes())
        .merge(lakebase::routes())
        .merge(sql::routes())
        .fallback(reply::no_such_endpoint)
        .layer(from_fn_with_state(shared.clone(), identity::check))
        .layer(from_fn_with_state(shared.clone(), faults::apply))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}
