//! Clusters and warehouses: lists, states, and starting, which takes as many questions as the test wants.

use super::Shared;
use super::reply::{Query, ok, page, refuse};
use axum::extract::{Path, Query as Parameters, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Its id.
    pub(crate) id: String,
    /// Its name, which need not be its own alone.
    pub(crate) name: String,
    /// Its state, such as `TERMINATED`.
    pub(crate) state: String,
    /// What is said of the state.
    pub(crate) message: String,
    /// How often it is still asked about before it runs, once it was started; `None`: it never does.
    pub(crate) polls: Option<usize>,
}

/// A warehouse.
#[derive(Clone, Debug)]
pub(crate) struct Warehouse {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its state, such as `STOPPED`.
    pub(crate) state: String,
    /// As for clusters.
    pub(crate) polls: Option<usize>,
}

impl Cluster {
    /// A cluster in this state that runs soon after it was started.
    pub(crate) fn new(id: &str, name: &str, state: &str) -> Self {
        let (id, name, state) = (id.to_owned(), name.to_owned(), state.to_owned());
        Self { id, name, state, message: String::new(), polls: Some(2) }
    }

    fn json(&self) -> Value {
        json!({ "cluster_id": self.id, "cluster_name": self.name, "state": self.state, "state_message": self.message,
                "spark_version": "16.4.x-scala2.12", "cluster_source": "UI", "data_security_mode": "USER_ISOLATION",
                "start_time": 1_700_000_000_000_i64 })
    }
}

impl Warehouse {
    /// A warehouse in this state that runs soon after it was started.
    pub(crate) fn new(id: &str, name: &str, state: &str) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), state: state.to_owned(), polls: Some(2) }
    }

    fn json(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "state": self.state, "cluster_size": "2X-Small",
                "warehouse_type": "PRO", "enable_serverless_compute": true, "auto_stop_mins": 10,
                "odbc_params": { "hostname": "fake", "path": format!("/sql/1.0/warehouses/{}", self.id), "port": 443 } })
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/2.1/clusters/list", get(clusters))
        .route("/api/2.1/clusters/get", get(cluster))
        .route("/api/2.1/clusters/start", post(start_cluster))
        .route("/api/2.0/sql/warehouses", get(warehouses))
        .route("/api/2.0/sql/warehouses/{id}", get(warehouse))
        .route("/api/2.0/sql/warehouses/{id}/start", post(start_warehouse))
}

async fn clusters(State(shared): State<Arc<Shared>>, Parameters(query): Parameters<Query>) -> Response {
    let world = shared.world();
    let rows: Vec<Value> = world.clusters.iter().map(Cluster::json).collect();
    page(&world, "clusters", &rows, &query, "page_size")
}

fn no_cluster(id: &str) -> Response {
    refuse(400, "INVALID_PARAMETER_VALUE", format!("Cluster {id} does not exist"))
}

async fn cluster(State(shared): State<Arc<Shared>>, Parameters(query): Parameters<Query>) -> Response {
    let mut world = shared.world();
    let id = query.get("cluster_id").cloned().unwrap_or_default();
    let Some(found) = world.clusters.iter_mut().find(|c| c.id == id) else { return no_cluster(&id) };
    let row = found.json();
    advance(&mut found.state, &mut found.polls, "PENDING");
    ok(&world, row)
}

/// Every question brings a starting machine nearer.
fn advance(state: &mut String, polls: &mut Option<usize>, starting: &str) {
    if state == starting {
        match polls {
            Some(0) => *state = "RUNNING".to_owned(),
            Some(left) => *left -= 1,
            None => {}
        }
    }
}

async fn start_cluster(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let mut world = shared.world();
    let id = body["cluster_id"].as_str().unwrap_or_default().to_owned();
    let Some(found) = world.clusters.iter_mut().find(|c| c.id == id) else { return no_cluster(&id) };
    if found.state != "TERMINATED" {
        let message = format!("Cluster {id} is in unexpected state {}.", found.state);
        return refuse(400, "INVALID_STATE", message);
    }
    found.state = "PENDING".to_owned();
    ok(&world, json!({}))
}

async fn warehouses(State(shared): State<Arc<Shared>>, Parameters(query): Parameters<Query>) -> Response {
    let world = shared.world();
    let rows: Vec<Value> = world.warehouses.iter().map(Warehouse::json).collect();
    page(&world, "warehouses", &rows, &query, "page_size")
}

fn no_warehouse(id: &str) -> Response {
    refuse(404, "RESOURCE_DOES_NOT_EXIST", format!("SQL warehouse {id} does not exist."))
}

async fn warehouse(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let mut world = shared.world();
    let Some(found) = world.warehouses.iter_mut().find(|w| w.id == id) else { return no_warehouse(&id) };
    let row = found.json();
    advance(&mut found.state, &mut found.polls, "STARTING");
    ok(&world, row)
}

async fn start_warehouse(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let mut world = shared.world();
    let Some(found) = world.warehouses.iter_mut().find(|w| w.id == id) else { return no_warehouse(&id) };
    if found.state != "RUNNING" {
        found.state = "STARTING".to_owned();
    }
    ok(&world, json!({}))
}
