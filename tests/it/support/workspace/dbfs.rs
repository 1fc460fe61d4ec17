//! DBFS over a real folder: a file is written block by block through a handle, and is seen while that is done.
//!
//! Source: the reference of the DBFS API 2.0 and `databricks/sdk/mixins/files.py` of the Python SDK.
#![allow(clippy::result_large_err, reason = "an answer is what both ways end in")]

use super::reply::{Query, forbidden, ok, refuse};
use super::{Shared, World};
use axum::extract::{Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64_simd::STANDARD;
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Bytes of a block, or of an answer, at most.
const MOST: usize = 1 << 20;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let at = |what: &str| format!("/api/2.0/dbfs/{what}");
    Router::new()
        .route(&at("get-status"), get(status))
        .route(&at("list"), get(list))
        .route(&at("read"), get(read))
        .route(&at("create"), post(create))
        .route(&at("add-block"), post(add_block))
        .route(&at("close"), post(close))
        .route(&at("mkdirs"), post(mkdirs))
        .route(&at("move"), post(rename))
        .route(&at("delete"), post(delete))
}

type At = State<Arc<Shared>>;
type Answer = Result<Response, Response>;

fn missing(path: &str) -> Response {
    refuse(404, "RESOURCE_DOES_NOT_EXIST", format!("No file or directory exists on path {path}."))
}

fn taken(path: &str) -> Response {
    refuse(400, "RESOURCE_ALREADY_EXISTS", format!("A file or directory already exists at the input path {path}."))
}

/// The file behind a path.
fn locate(world: &World, path: &str) -> Result<PathBuf, Response> {
    let closed = || refuse(403, "PERMISSION_DENIED", "Public DBFS root is disabled. Access is denied on path.");
    let mut file = world.dbfs.clone().ok_or_else(closed)?;
    let Some(inside) = path.strip_prefix('/') else {
        return Err(refuse(400, "INVALID_PARAMETER_VALUE", "Path must be absolute."));
    };
    if world.forbidden.contains(&format!("dbfs:{path}")) {
        return Err(forbidden(&format!("dbfs:{path}")));
    }
    for part in inside.split('/').filter(|part| !part.is_empty()) {
        if matches!(part, "." | "..") {
            return Err(refuse(400, "INVALID_PARAMETER_VALUE", "Path cannot contain `..`."));
        }
        file.push(part);
    }
    Ok(file)
}

fn told(error: &std::io::Error, path: &str) -> Response {
    match error.kind() {
        ErrorKind::NotFound => missing(path),
        ErrorKind::AlreadyExists => taken(path),
        _ => refuse(400, "IO_ERROR", error.to_string()),
    }
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_default()
}

fn done() -> Answer {
    Ok(Json(json!({})).into_response())
}

fn row(path: &str, file: &std::path::Path) -> Result<Value, Response> {
    let meta = fs::metadata(file).map_err(|e| told(&e, path))?;
    let time = meta.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let size = if meta.is_dir() { 0 } else { meta.len() };
    Ok(json!({ "path": path, "is_dir": meta.is_dir(), "file_size": size, "modification_time": time as u64 }))
}

async fn status(State(shared): At, Parameters(query): Parameters<Query>) -> Answer {
    let (world, path) = (shared.world(), query.get("path").cloned().unwrap_or_default());
    Ok(ok(&world, row(&path, &locate(&world, &path)?)?))
}

async fn list(State(shared): At, Parameters(query): Parameters<Query>) -> Answer {
    let (world, path) = (shared.world(), query.get("path").cloned().unwrap_or_default());
    let entries = fs::read_dir(locate(&world, &path)?).map_err(|e| told(&e, &path))?;
    let rows = entries.map(Result::unwrap).map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        row(&format!("{}/{name}", path.trim_end_matches('/')), &entry.path())
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(ok(&world, json!({ "files": rows })))
}

async fn read(State(shared): At, Parameters(query): Parameters<Query>) -> Answer {
    let (world, path) = (shared.world(), query.get("path").cloned().unwrap_or_default());
    let number = |key: &str| query.get(key).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    if number("length") > MOST as u64 {
        return Err(refuse(400, "MAX_READ_SIZE_EXCEEDED", "The length is more than 1 MB."));
    }
    let mut file = File::open(locate(&world, &path)?).map_err(|e| told(&e, &path))?;
    file.seek(SeekFrom::Start(number("offset"))).unwrap();
    let mut bytes = Vec::new();
    file.take(number("length")).read_to_end(&mut bytes).unwrap();
    Ok(ok(&world, json!({ "bytes_read": bytes.len(), "data": STANDARD.encode_to_string(bytes) })))
}

async fn create(State(shared): At, Json(body): Json<Value>) -> Answer {
    let (mut world, path) = (shared.world(), text(&body, "path"));
    let file = locate(&world, path)?;
    let overwrite = body["overwrite"].as_bool().unwrap_or(false);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!overwrite);
    options.open(&file).map_err(|e| told(&e, path))?;
    let handle = world.number();
    world.dbfs_open.insert(handle, file);
    Ok(ok(&world, json!({ "handle": handle })))
}

async fn add_block(State(shared): At, Json(body): Json<Value>) -> Answer {
    let world = shared.world();
    let file = open_file(&world, &body)?;
    let bytes = STANDARD.decode_to_vec(text(&body, "data")).unwrap();
    if bytes.len() > MOST {
        return Err(refuse(400, "MAX_BLOCK_SIZE_EXCEEDED", "The block is more than 1 MB."));
    }
    OpenOptions::new().append(true).open(file).unwrap().write_all(&bytes).unwrap();
    done()
}

/// The handle, as a number or as text.
fn handle(body: &Value) -> Option<u64> {
    body["handle"].as_u64().or_else(|| body["handle"].as_str()?.parse().ok())
}

fn open_file(world: &World, body: &Value) -> Result<PathBuf, Response> {
    let unknown = || refuse(404, "RESOURCE_DOES_NOT_EXIST", format!("No stream exists for {}.", body["handle"]));
    handle(body).and_then(|handle| world.dbfs_open.get(&handle)).cloned().ok_or_else(unknown)
}

async fn close(State(shared): At, Json(body): Json<Value>) -> Answer {
    let mut world = shared.world();
    open_file(&world, &body)?;
    world.dbfs_open.retain(|open, _| Some(*open) != handle(&body));
    done()
}

async fn mkdirs(State(shared): At, Json(body): Json<Value>) -> Answer {
    let (world, path) = (shared.world(), text(&body, "path"));
    fs::create_dir_all(locate(&world, path)?).map_err(|e| told(&e, path))?;
    done()
}

async fn rename(State(shared): At, Json(body): Json<Value>) -> Answer {
    let (world, from, to) = (shared.world(), text(&body, "source_path"), text(&body, "destination_path"));
    let (source, target) = (locate(&world, from)?, locate(&world, to)?);
    if target.exists() {
        return Err(taken(to));
    }
    fs::rename(source, target).map_err(|e| told(&e, from))?;
    done()
}

async fn delete(State(shared): At, Json(body): Json<Value>) -> Answer {
    let (world, path) = (shared.world(), text(&body, "path"));
    let file = locate(&world, path)?;
    let removed = match (file.is_dir(), body["recursive"].as_bool().unwrap_or(false)) {
        (true, true) => fs::remove_dir_all(file),
        (true, false) => fs::remove_dir(file),
        (false, _) => fs::remove_file(file),
    };
    removed.map_err(|e| told(&e, path))?;
    done()
}
