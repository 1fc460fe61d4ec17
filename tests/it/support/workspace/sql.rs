//! Statements over HTTP: the envelope is ours, the SQL is run by a real engine behind a trait.

use super::reply::{ok, refuse};
use super::{Shared, World};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// A statement as it was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct SqlRequest {
    /// The text.
    pub(crate) statement: String,
    /// The warehouse.
    pub(crate) warehouse_id: String,
    /// The catalog for names without one.
    pub(crate) catalog: Option<String>,
    /// The schema for names without one.
    pub(crate) schema: Option<String>,
    /// The values of `:name`.
    pub(crate) parameters: Vec<SqlParameter>,
    /// The most rows.
    pub(crate) row_limit: Option<usize>,
}

/// The value of a `:name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlParameter {
    /// The name.
    pub(crate) name: String,
    /// The value as text; nothing for NULL.
    pub(crate) value: Option<String>,
    /// The SQL type; `STRING` where none was given.
    pub(crate) type_name: String,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlColumn {
    /// The name.
    pub(crate) name: String,
    /// The type as `type_text`, such as `BIGINT` or `ARRAY<STRING>`.
    pub(crate) type_text: String,
}

/// A result: every cell is text, whatever its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SqlTable {
    /// The columns.
    pub(crate) columns: Vec<SqlColumn>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlFailure {
    /// The code, such as `BAD_REQUEST`.
    pub(crate) code: String,
    /// The message of the engine, such as `[TABLE_OR_VIEW_NOT_FOUND] …`.
    pub(crate) message: String,
    /// The SQL state.
    pub(crate) sql_state: Option<String>,
}

/// A real engine.
pub(crate) trait SqlBackend: Send + Sync {
    /// Runs a statement to its end, on a thread that may block.
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure>;
}

/// A statement that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Nothing while it runs.
    outcome: Option<Result<SqlTable, SqlFailure>>,
    /// How often it is still asked about before that is told.
    polls: usize,
    /// It was cancelled.
    cancelled: bool,
    /// Results are behind links.
    links: bool,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/2.0/sql/statements", post(execute))
        .route("/api/2.0/sql/statements/{id}", get(state))
        .route("/api/2.0/sql/statements/{id}/cancel", post(cancel))
        .route("/api/2.0/sql/statements/{id}/result/chunks/{n}", get(chunk))
        .route("/link/{id}/{n}", get(link))
}

async fn execute(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let parameter = |p: &Value| SqlParameter {
        name: p["name"].as_str().unwrap_or_default().to_owned(),
        value: p["value"].as_str().map(str::to_owned),
        type_name: p["type"].as_str().unwrap_or("STRING").to_owned(),
    };
    let request = SqlRequest {
        statement: text("statement").unwrap_or_default(),
        warehouse_id: text("warehouse_id").unwrap_or_default(),
        catalog: text("catalog"),
        schema: text("schema"),
        parameters: body["parameters"].as_array().map(|all| all.iter().map(parameter).collect()).unwrap_or_default(),
        row_limit: body["row_limit"].as_u64().and_then(|n| n.try_into().ok()),
    };
    let links = text("disposition").as_deref() == Some("EXTERNAL_LINKS");
    if let Some(refusal) = refusal(&shared.world(), &request, &body, links) {
        return refusal;
    }
    let (id, backend) = {
        let mut world = shared.world();
        world
            .warehouses
            .iter_mut()
            .filter(|w| w.id == request.warehouse_id)
            .for_each(|w| w.state = "RUNNING".to_owned());
        let id = format!("01ef-{:04}", world.number());
        let polls = world.sql_polls;
        let new = Statement { outcome: None, polls, cancelled: false, links };
        world.statements.insert(id.clone(), new);
        (id, world.sql.clone())
    };
    let missing = || SqlFailure {
        code: "BAD_REQUEST".into(),
        message: "no engine is behind this warehouse".into(),
        sql_state: None,
    };
    let (shared2, id2) = (shared.clone(), id.clone());
    let work = tokio::task::spawn_blocking(move || {
        let outcome = backend.ok_or_else(missing).and_then(|engine| engine.execute(&request));
        let outcome = outcome.map(|mut table| {
            table.rows.truncate(request.row_limit.unwrap_or(usize::MAX));
            table
        });
        if let Some(statement) = shared2.world().statements.get_mut(&id2) {
            statement.outcome = Some(outcome);
        }
    });
    let wait = text("wait_timeout").unwrap_or_else(|| "10s".to_owned());
    let seconds: u64 = wait.trim_end_matches('s').parse().unwrap_or(10);
    if seconds > 0 {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(seconds), work).await;
    }
    envelope(&mut shared.world(), &shared.host, &id)
}

fn refusal(world: &World, request: &SqlRequest, body: &Value, links: bool) -> Option<Response> {
    let invalid = |message: &str| Some(refuse(400, "INVALID_PARAMETER_VALUE", message));
    if !world.warehouses.iter().any(|w| w.id == request.warehouse_id) {
        let message = format!("warehouse {} does not exist", request.warehouse_id);
        return Some(refuse(404, "RESOURCE_DOES_NOT_EXIST", message));
    }
    if request.statement.trim().is_empty() {
        return invalid("statement is empty");
    }
    let seconds: Option<u64> = body["wait_timeout"].as_str().and_then(|w| w.strip_suffix('s')?.parse().ok());
    if !matches!(seconds, Some(0 | 5..=50)) && !body["wait_timeout"].is_null() {
        return invalid("wait_timeout must be 0s or between 5s and 50s");
    }
    if !links && body["format"].as_str().is_some_and(|f| f != "JSON_ARRAY") {
        return invalid("INLINE disposition supports JSON_ARRAY only");
    }
    None
}

async fn state(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    envelope(&mut shared.world(), &shared.host, &id)
}

fn gone(id: &str) -> Response {
    refuse(404, "NOT_FOUND", format!("The statement {id} was not found."))
}

/// What is said of a statement now. A failed one is a success of HTTP.
fn envelope(world: &mut World, host: &str, id: &str) -> Response {
    let size = world.sql_chunk.max(1);
    let Some(statement) = world.statements.get_mut(id) else { return gone(id) };
    let mut body = json!({ "statement_id": id });
    if statement.cancelled {
        body["status"] = json!({ "state": "CANCELED" });
        return ok(world, body);
    }
    if statement.outcome.is_none() || statement.polls > 0 {
        let state = if statement.polls > 1 { "PENDING" } else { "RUNNING" };
        statement.polls = statement.polls.saturating_sub(1);
        body["status"] = json!({ "state": state });
        return ok(world, body);
    }
    match statement.outcome.as_ref() {
        Some(Err(failure)) => {
            let error = json!({ "error_code": failure.code, "message": failure.message });
            body["status"] = json!({ "state": "FAILED", "error": error, "sql_state": failure.sql_state });
        }
        Some(Ok(table)) => {
            body["status"] = json!({ "state": "SUCCEEDED" });
            body["manifest"] = manifest(table, size);
            body["result"] = result(table, statement.links, host, id, 0, size);
        }
        None => {}
    }
    ok(world, body)
}

fn manifest(table: &SqlTable, size: usize) -> Value {
    let column = |(position, c): (usize, &SqlColumn)| {
        let name = c.type_text.split(['(', '<']).next().unwrap_or_default();
        json!({ "name": c.name, "type_text": c.type_text, "type_name": name, "position": position })
    };
    let columns: Vec<Value> = table.columns.iter().enumerate().map(column).collect();
    let chunks: Vec<Value> = (0..table.rows.len().div_ceil(size))
        .map(
            |n| json!({ "chunk_index": n, "row_offset": n * size, "row_count": size.min(table.rows.len() - n * size) }),
        )
        .collect();
    json!({ "format": "JSON_ARRAY", "schema": { "column_count": columns.len(), "columns": columns },
            "total_chunk_count": chunks.len(), "total_row_count": table.rows.len(), "truncated": false, "chunks": chunks })
}

fn result(table: &SqlTable, links: bool, host: &str, id: &str, n: usize, size: usize) -> Value {
    let rows: Vec<_> = table.rows.iter().skip(n * size).take(size).collect();
    if rows.is_empty() {
        return json!({});
    }
    let mut out = json!({ "chunk_index": n, "row_offset": n * size, "row_count": rows.len() });
    if (n + 1) * size < table.rows.len() {
        out["next_chunk_index"] = json!(n + 1);
        out["next_chunk_internal_link"] = json!(format!("/api/2.0/sql/statements/{id}/result/chunks/{}", n + 1));
    }
    if links {
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(15);
        let mut entry = out;
        entry["external_link"] = json!(format!("{host}/link/{id}/{n}?sig=link-5ecret"));
        entry["expiration"] = json!(until.to_string());
        return json!({ "external_links": [entry] });
    }
    out["data_array"] = json!(rows);
    out
}

/// The rows of a chunk, whose statement is done.
fn with_table(
    shared: &Shared,
    id: &str,
    n: usize,
    make: impl Fn(&World, &Statement, &SqlTable) -> Response,
) -> Response {
    let world = shared.world();
    let Some(statement) = world.statements.get(id) else { return gone(id) };
    match statement.outcome.as_ref() {
        Some(Ok(table)) if n * world.sql_chunk < table.rows.len().max(1) => make(&world, statement, table),
        _ => refuse(400, "INVALID_PARAMETER_VALUE", format!("there is no chunk {n}")),
    }
}

async fn chunk(State(shared): State<Arc<Shared>>, Path((id, n)): Path<(String, usize)>) -> Response {
    with_table(&shared, &id, n, |world, statement, table| {
        ok(world, result(table, statement.links, &shared.host, &id, n, world.sql_chunk))
    })
}

/// A link carries its own permission: a token of ours on it is an error, as it is in the clouds.
async fn link(
    State(shared): State<Arc<Shared>>,
    Path((id, n)): Path<(String, usize)>,
    request: axum::extract::Request,
) -> Response {
    if request.headers().contains_key("authorization") || request.uri().query() != Some("sig=link-5ecret") {
        return refuse(400, "InvalidArgument", "Only one auth mechanism allowed");
    }
    if let Some(arrow) = shared.world().sql_arrow.clone() {
        return arrow.into_response();
    }
    with_table(&shared, &id, n, |world, _, table| {
        let rows: Vec<_> = table.rows.iter().skip(n * world.sql_chunk).take(world.sql_chunk).collect();
        ok(world, json!(rows))
    })
}

async fn cancel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let mut world = shared.world();
    let Some(statement) = world.statements.get_mut(&id) else { return gone(&id) };
    statement.cancelled = statement.outcome.is_none() || statement.polls > 0;
    ok(&world, json!({}))
}
