//! Lakebase: instances of both control planes, and passwords that end.

use super::Shared;
use super::identity::User;
use super::reply::{Query, ok, page, refuse};
use axum::extract::{Path, Query as Parameters, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Sets the password of a user of a real server, for so long.
pub(crate) type PasswordHook = Arc<dyn Fn(&str, &str, Duration) -> Result<(), String> + Send + Sync>;

/// A database.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The name of a provisioned instance, or `projects/p/branches/b/endpoints/e`.
    pub(crate) name: String,
    /// Its address.
    pub(crate) host: String,
    /// Its state, such as `AVAILABLE`.
    pub(crate) state: String,
    /// How long a password lives.
    pub(crate) life: Duration,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/2.0/database/instances", get(instances))
        .route("/api/2.0/database/instances/{name}", get(instance))
        .route("/api/2.0/database/credentials", post(provisioned))
        .route("/api/2.0/postgres/credentials", post(autoscaling))
        .route("/api/2.0/postgres/projects", get(projects))
        .route("/api/2.0/postgres/projects/{p}/branches", get(branches))
        .route("/api/2.0/postgres/projects/{p}/branches/{b}/endpoints", get(endpoints))
        .route("/api/2.0/postgres/projects/{p}/branches/{b}/endpoints/{e}", get(endpoint))
}

impl Instance {
    fn instance(&self) -> Value {
        json!({ "name": self.name, "read_write_dns": self.host, "read_only_dns": format!("ro.{}", self.host),
                "state": self.state, "pg_version": "PG_VERSION_16", "capacity": "CU_1", "uid": "u-1" })
    }

    fn endpoint(&self) -> Value {
        let hosts = json!({ "host": self.host, "read_write_pooled_host": format!("pool.{}", self.host) });
        json!({ "name": self.name, "uid": "u-2",
                "status": { "hosts": hosts, "current_state": self.state, "endpoint_type": "ENDPOINT_TYPE_READ_WRITE" } })
    }
}

async fn instances(State(shared): State<Arc<Shared>>, Parameters(query): Parameters<Query>) -> Response {
    let world = shared.world();
    let rows: Vec<Value> = world.instances.iter().filter(|i| !i.name.contains('/')).map(Instance::instance).collect();
    page(&world, "database_instances", &rows, &query, "page_size")
}

async fn instance(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let world = shared.world();
    match world.instances.iter().find(|i| i.name == name) {
        Some(found) => ok(&world, found.instance()),
        None => refuse(404, "NOT_FOUND", format!("Database instance '{name}' is not found.")),
    }
}

/// The distinct beginnings of names, `parts` long.
fn beginnings(shared: &Shared, begin: &str, parts: usize) -> Vec<Value> {
    let world = shared.world();
    let mut names: Vec<String> = world
        .instances
        .iter()
        .filter(|i| i.name.starts_with(begin))
        .map(|i| i.name.split('/').take(parts).collect::<Vec<_>>().join("/"))
        .collect();
    names.dedup();
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

async fn projects(State(shared): State<Arc<Shared>>, Parameters(query): Parameters<Query>) -> Response {
    let rows = beginnings(&shared, "projects/", 2);
    page(&shared.world(), "projects", &rows, &query, "page_size")
}

async fn branches(
    State(shared): State<Arc<Shared>>,
    Path(p): Path<String>,
    Parameters(query): Parameters<Query>,
) -> Response {
    let rows = beginnings(&shared, &format!("projects/{p}/"), 4);
    page(&shared.world(), "branches", &rows, &query, "page_size")
}

async fn endpoints(
    State(shared): State<Arc<Shared>>,
    Path((p, b)): Path<(String, String)>,
    Parameters(query): Parameters<Query>,
) -> Response {
    let begin = format!("projects/{p}/branches/{b}/");
    let world = shared.world();
    let found = world.instances.iter().filter(|i| i.name.starts_with(&begin));
    let rows: Vec<Value> = found.map(Instance::endpoint).collect();
    page(&world, "endpoints", &rows, &query, "page_size")
}

async fn endpoint(State(shared): State<Arc<Shared>>, Path((p, b, e)): Path<(String, String, String)>) -> Response {
    let name = format!("projects/{p}/branches/{b}/endpoints/{e}");
    let world = shared.world();
    match world.instances.iter().find(|i| i.name == name) {
        Some(found) => ok(&world, found.endpoint()),
        None => refuse(404, "NOT_FOUND", format!("Endpoint '{name}' is not found.")),
    }
}

async fn provisioned(State(shared): State<Arc<Shared>>, user: Extension<User>, Json(body): Json<Value>) -> Response {
    if body["request_id"].as_str().is_none_or(str::is_empty) {
        return refuse(400, "INVALID_PARAMETER_VALUE", "request_id is required");
    }
    let name = body["instance_names"][0].as_str().unwrap_or_default();
    give(&shared, &user.0.0, name, None, "expiration_time")
}

async fn autoscaling(State(shared): State<Arc<Shared>>, user: Extension<User>, Json(body): Json<Value>) -> Response {
    let ttl = body["ttl"].as_str().and_then(|t| t.strip_suffix('s')?.parse().ok()).map(Duration::from_secs);
    give(&shared, &user.0.0, body["endpoint"].as_str().unwrap_or_default(), ttl, "expire_time")
}

fn give(shared: &Shared, user: &str, name: &str, ttl: Option<Duration>, field: &str) -> Response {
    let mut world = shared.world();
    let Some(life) = world.instances.iter().find(|i| i.name == name).map(|i| ttl.unwrap_or(i.life).min(i.life)) else {
        return refuse(404, "NOT_FOUND", format!("Database instance '{name}' is not found."));
    };
    let token = format!("eyJ-password-5ecret-{}", world.number());
    let hook = world.password_hook.clone();
    drop(world);
    if let Some(Err(why)) = hook.map(|set| set(user, &token, life)) {
        return refuse(500, "INTERNAL_ERROR", why);
    }
    let until = Timestamp::now() + SignedDuration::try_from(life).unwrap();
    ok(&shared.world(), json!({ "token": token, field: until.to_string() }))
}
