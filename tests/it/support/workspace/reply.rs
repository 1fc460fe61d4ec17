//! Answers in the shape of the real ones.

use super::World;
use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Fields that the real servers define as 64-bit numbers.
const WIDE: [&str; 8] = [
    "created_at",
    "updated_at",
    "file_size",
    "last_modified",
    "modification_time",
    "handle",
    "row_count",
    "total_row_count",
];

/// The parameters of a query.
pub(super) type Query = BTreeMap<String, String>;

/// A JSON answer.
pub(super) fn ok(world: &World, mut value: Value) -> Response {
    if world.integers_as_text {
        as_text(&mut value);
    }
    Json(value).into_response()
}

fn as_text(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(as_text),
        Value::Object(fields) => {
            for (name, value) in fields {
                if value.is_number() && WIDE.contains(&name.as_str()) {
                    *value = Value::String(value.to_string());
                }
                as_text(value);
            }
        }
        _ => {}
    }
}

/// A refusal with its code and message.
pub(super) fn refuse(status: u16, code: &str, message: impl AsRef<str>) -> Response {
    refuse_because(status, code, message, None)
}

/// A refusal with a finer reason.
pub(super) fn refuse_because(status: u16, code: &str, message: impl AsRef<str>, reason: Option<&str>) -> Response {
    let info = |reason: &str| {
        json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
                "domain": "filesystem.databricks.com", "metadata": {} })
    };
    let details: Vec<Value> = reason.map(info).into_iter().collect();
    let body = json!({ "error_code": code, "message": message.as_ref(), "details": details });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// What the user may not do.
pub(super) fn forbidden(what: &str) -> Response {
    refuse(403, "PERMISSION_DENIED", format!("User does not have USE or READ on {what}"))
}

/// Anything that is not here.
pub(super) async fn no_such_endpoint(uri: Uri) -> Response {
    refuse(404, "ENDPOINT_NOT_FOUND", format!("No API found for '{}'", uri.path()))
}

/// One page of a list: `{key: [...], "next_page_token": "…"}`. Tokens are opaque; a wrong one is refused.
pub(super) fn page(world: &World, key: &str, items: &[Value], query: &Query, size_name: &str) -> Response {
    let asked = query.get(size_name).and_then(|n| n.parse::<usize>().ok()).filter(|n| *n > 0);
    let size = asked.unwrap_or(world.page_size).min(world.page_size).max(1);
    let start = match query.get("page_token").filter(|t| !t.is_empty()) {
        None if world.empty_pages => return ok(world, json!({ key: [], "next_page_token": "page+/=0" })),
        None => 0,
        Some(token) => match token.strip_prefix("page+/=").and_then(|n| n.parse::<usize>().ok()) {
            Some(start) => start,
            None => return refuse(400, "INVALID_PARAMETER_VALUE", "The page token is not valid"),
        },
    };
    let part = items.iter().skip(start).take(size).cloned().collect::<Vec<_>>();
    let next = start + part.len();
    // The real one leaves empty lists and tokens out.
    let mut body = json!({});
    if !part.is_empty() {
        body[key] = Value::Array(part);
    }
    if next < items.len() {
        body["next_page_token"] = json!(format!("page+/={next}"));
    }
    ok(world, body)
}
