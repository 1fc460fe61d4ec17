//! SQL warehouses through the SQL Statement Execution API 2.0, as an [`Engine`].
//!
//! Source: the API's documentation, and `databricks.sdk.service.sql` of the official Python SDK. What always holds: a
//! failed statement is an answer with HTTP 200; a result is asked for inline first, and as links to Arrow streams only
//! where it is too large for that, because a statement that changes data must not run twice; links are used without our
//! token, and asked for again when they have expired; a statement that was given up is cancelled.

mod reply;

use self::reply::{Chunk, Reply, State};
use super::error::{Kind, RemoteError};
use super::http::Workspace;
use super::secret::Secret;
use super::sql::{Attached, Dialect, Engine, Result, Rows, Source, SqlError, Statement, Value, quoted};
use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use reqwest::Method;
use serde_json::json;
use std::collections::VecDeque;
use std::io::Cursor;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const STATEMENTS: &str = "/api/2.0/sql/statements";
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// One part of a result at most; the server makes parts of at most 20 MiB or so.
const LARGEST_CHUNK: usize = 512 << 20;
/// How often an expired link is asked for again.
const LINKS: u32 = 3;

/// A SQL warehouse of a workspace.
pub struct Warehouse {
    workspace: Workspace,
    id: String,
    place: String,
}

impl Warehouse {
    /// The warehouse with this id.
    #[must_use]
    pub fn new(workspace: &Workspace, id: &str) -> Self {
        let place = format!("warehouse {} of {}", crate::domain::text::printable(id), workspace.place());
        Self { workspace: workspace.clone(), id: id.to_owned(), place }
    }

    fn body(&self, statement: &Statement, large: bool) -> serde_json::Value {
        let mut parameters: Vec<serde_json::Value> =
            statement.parameters.iter().map(|(name, value)| parameter(name, value)).collect();
        if let Some(rows) = &statement.attached {
            parameters.push(json!({ "name": rows.name, "value": attached(rows), "type": "STRING" }));
        }
        // The message has no place in the history of the table here; it is found in the query history of the workspace.
        let text = match &statement.message {
            Some(message) => format!("{}\n/* {} */", statement.text, comment(message)),
            None => statement.text.clone(),
        };
        let (disposition, format) = if large { ("EXTERNAL_LINKS", "ARROW_STREAM") } else { ("INLINE", "JSON_ARRAY") };
        json!({
            "statement": text, "warehouse_id": self.id, "parameters": parameters, "wait_timeout": "10s",
            "on_wait_timeout": "CONTINUE", "disposition": disposition, "format": format,
        })
    }

    async fn start(&self, statement: &Statement, large: bool, stop: &CancellationToken) -> Result<Reply> {
        // Sent once: nobody knows whether a statement whose answer got lost has run.
        let request = self.workspace.post(STATEMENTS).body_json(&self.body(statement, large)).not_repeatable();
        let request = request.about(format!("a statement on warehouse {}", self.id));
        let sent = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SqlError::Cancelled),
            sent = request.json::<Reply>() => sent,
        };
        let mut reply = sent.map_err(|e| self.failed(&e, true))?;
        let mut pause = FIRST_PAUSE;
        while reply.status.state.is_running() {
            tracing::debug!(place = %self.place, state = ?reply.status.state, "waiting for the warehouse");
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.cancel(&reply.statement_id).await;
                    return Err(SqlError::Cancelled);
                }
                () = tokio::time::sleep(pause) => {}
            }
            pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
            let request = self.workspace.get(STATEMENTS).part(&reply.statement_id);
            reply = request.json().await.map_err(|e| self.failed(&e, true))?;
        }
        Ok(reply)
    }

    async fn cancel(&self, id: &str) {
        let request = self.workspace.post(STATEMENTS).part(id).at("/cancel");
        if let Err(error) = request.done().await {
            tracing::debug!(%error, "a statement could not be cancelled");
        }
    }

    /// The rows of a statement that has ended, or why there are none.
    fn ended(&self, reply: &Reply) -> Result<()> {
        match reply.status.state {
            State::Succeeded => Ok(()),
            State::Canceled => Err(SqlError::Cancelled),
            State::Closed => Err(SqlError::Garbled {
                place: self.place.clone(),
                why: "the result was closed before it was read".to_owned(),
            }),
            _ => {
                let (message, state) = reply.failure();
                Err(SqlError::refused(&self.place, &class_of(&message), &state, &message))
            }
        }
    }

    fn failed(&self, error: &RemoteError, sent: bool) -> SqlError {
        let (place, why) = (self.place.clone(), error.to_string());
        match error.kind() {
            Kind::SignIn | Kind::Permission => SqlError::Auth { place, why },
            Kind::Dns | Kind::Connect | Kind::Tls | Kind::Throttled | Kind::Unavailable => {
                SqlError::unreachable(&place, &why)
            }
            Kind::Protocol => SqlError::Garbled { place, why },
            Kind::Cancelled => SqlError::Cancelled,
            kind if kind.passes() && sent => SqlError::Unknown { place, why },
            kind if kind.passes() => SqlError::unreachable(&place, &why),
            _ => SqlError::refused(&self.place, error.code().unwrap_or_default(), "", &why),
        }
    }
}

impl Engine for Warehouse {
    fn place(&self) -> &str {
        &self.place
    }

    fn dialect(&self) -> Dialect {
        Dialect { parameters_in_changes: true, messages: false }
    }

    fn source(&self, rows: &Attached) -> String {
        let fields: Vec<String> = rows.columns.iter().map(|c| format!("{}: STRING", quoted(c))).collect();
        // The type is made of names in backticks; a quote in one would end the text.
        let fields = fields.join(", ").replace('\\', "\\\\").replace('\'', "\\'");
        format!("(SELECT e.* FROM (SELECT explode(from_json(:{}, 'array<struct<{fields}>>')) AS e))", rows.name)
    }

    fn run(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows> {
        let mut reply = self.workspace.wait(self.start(statement, false, stop))?;
        if reply.is_too_large() && statement.attached.is_none() && statement.message.is_none() {
            // Only a query gives so many rows, and a query may run twice.
            reply = self.workspace.wait(self.start(statement, true, stop))?;
        }
        self.ended(&reply)?;
        if reply.has_bytes_in_structs() && statement.attached.is_none() && statement.message.is_none() {
            // Only a query has such columns. Where Arrow cannot be had, the text is better than nothing.
            match self.workspace.wait(self.start(statement, true, stop)) {
                Ok(typed) if self.ended(&typed).is_ok() => reply = typed,
                Err(SqlError::Cancelled) => return Err(SqlError::Cancelled),
                _ => tracing::info!(place = %self.place, "structs with bytes are shown as text"),
            }
        }
        let pending = Pending {
            workspace: self.workspace.clone(),
            place: self.place.clone(),
            statement: reply.statement_id.clone(),
            columns: reply.columns(),
            total: reply.chunks(),
            next: 0,
            first: reply.result,
            ready: VecDeque::new(),
            stop: stop.clone(),
        };
        Rows::open(Box::new(pending))
    }
}

/// A result whose chunks are fetched one after the other.
struct Pending {
    workspace: Workspace,
    place: String,
    statement: String,
    columns: Vec<reply::Column>,
    total: u64,
    next: u64,
    first: Option<Chunk>,
    ready: VecDeque<RecordBatch>,
    stop: CancellationToken,
}

impl Pending {
    async fn chunk(&mut self) -> Result<Chunk> {
        if let Some(first) = self.first.take().filter(|_| self.next == 0) {
            return Ok(first);
        }
        self.ask_again().await
    }

    async fn ask_again(&self) -> Result<Chunk> {
        let request = self.workspace.get(STATEMENTS).part(&self.statement).at("/result/chunks");
        request.part(&self.next.to_string()).json().await.map_err(|e| self.broken(&e))
    }

    fn broken(&self, error: &RemoteError) -> SqlError {
        SqlError::Garbled { place: self.place.clone(), why: format!("a part of the result is missing: {error}") }
    }

    /// The bytes behind a link; an expired one is asked for again.
    async fn linked(&self, mut chunk: Chunk) -> Result<Vec<RecordBatch>> {
        for attempt in 1.. {
            let Some(link) = chunk.external_links.first() else { break };
            let request = self.workspace.link(Method::GET, &Secret::new(link.external_link.clone()));
            match request.about("a part of a result").bytes(LARGEST_CHUNK).await {
                Ok(bytes) if bytes.first() == Some(&b'[') => return self.decode_json(&bytes),
                Ok(bytes) => return self.decode(&bytes),
                Err(error) if attempt >= LINKS => return Err(self.broken(&error)),
                Err(error) => {
                    tracing::debug!(kind = error.kind().name(), "a link did not work; another is asked for");
                    chunk = self.ask_again().await?;
                }
            }
        }
        Err(SqlError::Garbled { place: self.place.clone(), why: "a part of the result has no link".to_owned() })
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        let read = || StreamReader::try_new(Cursor::new(bytes), None)?.collect::<std::result::Result<Vec<_>, _>>();
        read().map_err(|e| SqlError::Garbled { place: self.place.clone(), why: e.to_string() })
    }

    /// Rows as JSON, which some servers give whatever was asked for.
    fn decode_json(&self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        let rows = serde_json::from_slice(bytes).map_err(|e| e.to_string());
        let batch = rows.and_then(|rows| reply::batch(&self.columns, rows));
        let batch = batch.map_err(|why| SqlError::Garbled { place: self.place.clone(), why })?;
        Ok(batch.into_iter().collect())
    }

    async fn more(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if self.next >= self.total.max(1) {
                return Ok(None);
            }
            let stop = self.stop.clone();
            let chunk = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(SqlError::Cancelled),
                chunk = self.chunk() => chunk?,
            };
            if chunk.external_links.is_empty() {
                let batch = reply::batch(&self.columns, chunk.data_array.unwrap_or_default());
                let batch = batch.map_err(|why| SqlError::Garbled { place: self.place.clone(), why })?;
                self.ready.extend(batch);
            } else {
                self.ready.extend(self.linked(chunk).await?);
            }
            self.next += 1;
        }
    }
}

impl Source for Pending {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let workspace = self.workspace.clone();
        workspace.wait(self.more())
    }
}

fn parameter(name: &str, value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!({ "name": name, "value": null, "type": "STRING" }),
        Value::Bool(b) => json!({ "name": name, "value": b.to_string(), "type": "BOOLEAN" }),
        Value::Int(n) => json!({ "name": name, "value": n.to_string(), "type": "BIGINT" }),
        Value::Float(x) => json!({ "name": name, "value": x.to_string(), "type": "DOUBLE" }),
        Value::Text(text) => json!({ "name": name, "value": text, "type": "STRING" }),
    }
}

/// Rows as one JSON text, which the statement takes apart again.
fn attached(rows: &Attached) -> String {
    let object = |row: &Vec<Option<String>>| {
        let pairs = rows.columns.iter().zip(row).map(|(c, v)| (c.clone(), json!(v)));
        serde_json::Value::Object(pairs.collect())
    };
    serde_json::Value::Array(rows.rows.iter().map(object).collect()).to_string()
}

/// A text that cannot end the comment that it stands in, nor name a parameter.
fn comment(text: &str) -> String {
    let fine = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | ',' | '.' | '@' | '_');
    text.chars().filter(fine).collect()
}

/// The class that a message begins with: `[CLASS.SUB] …`.
fn class_of(message: &str) -> String {
    let inside = message.trim_start().strip_prefix('[').and_then(|m| m.split_once(']')).map(|(class, _)| class);
    inside.filter(|c| c.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '.')).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_travel_beside_the_statement() {
        let evil = "'*/; DROP TABLE t --";
        assert_eq!(parameter("a", &Value::Text(evil.into()))["value"], evil);
        assert_eq!(parameter("a", &Value::Int(-1)), json!({ "name": "a", "value": "-1", "type": "BIGINT" }));
        assert!(parameter("a", &Value::Null)["value"].is_null());
        assert!(!comment(evil).contains('*') && !comment(":a").contains(':'));
        let row = vec![Some(evil.to_owned()), None];
        let rows = Attached { name: "r".into(), columns: vec!["a".into(), "b".into()], rows: vec![row] };
        let read: serde_json::Value = serde_json::from_str(&attached(&rows)).unwrap();
        assert_eq!(read, json!([{ "a": evil, "b": null }]));
        assert_eq!(class_of("[DELTA_CONCURRENT_APPEND.X] y"), "DELTA_CONCURRENT_APPEND.X");
    }
}
