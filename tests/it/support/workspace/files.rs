//! The Files API over real folders.

use super::reply::{Query, forbidden, page, refuse, refuse_because};
use super::{Shared, World};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// More entries than this never come in one page.
const LARGEST_PAGE: usize = 1000;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let files = get(download).head(download).put(upload).delete(remove);
    let directories = get(list).head(is_directory).put(make).delete(remove_directory);
    Router::new().route("/api/2.0/fs/files/{*path}", files).route("/api/2.0/fs/directories/{*path}", directories)
}

type At = State<Arc<Shared>>;

/// The file behind `Volumes/c/s/v/…`, or the answer that there is none.
#[allow(clippy::result_large_err, reason = "an answer is what both ways end in")]
fn locate(world: &World, path: &str) -> Result<PathBuf, Response> {
    let path = path.trim_end_matches('/');
    let missing = || refuse(404, "NOT_FOUND", format!("The path /{path} does not exist."));
    let mut parts = path.split('/');
    let ("Volumes", Some(c), Some(s), Some(v)) =
        (parts.next().unwrap_or_default(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refuse(400, "BAD_REQUEST", "Invalid path: unsupported first path component"));
    };
    let name = format!("{c}.{s}.{v}");
    let Some(folder) = world.folders.get(&name) else {
        return Err(refuse(404, "NOT_FOUND", format!("Volume '{name}' does not exist.")));
    };
    if world.forbidden.contains(&name) || world.forbidden.contains(&format!("/{path}")) {
        return Err(forbidden(&format!("Volume '{name}'")));
    }
    let mut file = folder.clone();
    for part in parts {
        if matches!(part, "" | "." | "..") {
            return Err(missing());
        }
        file.push(part);
    }
    Ok(file)
}

fn of_system(error: &std::io::Error, path: &str) -> Response {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            refuse(404, "NOT_FOUND", format!("The path /{path} does not exist."))
        }
        _ => refuse(500, "INTERNAL_ERROR", error.to_string()),
    }
}

fn millis(meta: &fs::Metadata) -> i64 {
    let since = meta.modified().ok().and_then(|m| m.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap()
}

fn http_time(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

async fn download(State(shared): At, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let file = match locate(&shared.world(), &path) {
        Ok(file) => file,
        Err(answer) => return answer,
    };
    let (meta, bytes) = match fs::metadata(&file).and_then(|m| Ok((m, fs::read(&file)?))) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            return refuse(404, "NOT_FOUND", format!("The path /{path} is no file."));
        }
        Err(error) => return of_system(&error, &path),
    };
    let modified = Timestamp::from_second(millis(&meta).div_euclid(1000)).unwrap();
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let since = text(header::IF_UNMODIFIED_SINCE).and_then(|t| jiff::fmt::rfc2822::parse(t).ok());
    if since.is_some_and(|s| s.timestamp() < modified) {
        return refuse(412, "PRECONDITION_FAILED", "The file was changed.");
    }
    let all = Bytes::from(bytes);
    let length = all.len();
    let common = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::LAST_MODIFIED, http_time(modified)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    match text(header::RANGE).map(|r| range(r, length)) {
        None => (common, Body::from(all)).into_response(),
        Some(None) => {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, whole, "").into_response()
        }
        Some(Some((start, end))) => {
            let part = [(header::CONTENT_RANGE, format!("bytes {start}-{}/{length}", end - 1))];
            (StatusCode::PARTIAL_CONTENT, common, part, Body::from(all.slice(start..end))).into_response()
        }
    }
}

/// `bytes=a-b`, `bytes=a-`, `bytes=-n`.
fn range(text: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.parse::<usize>().ok(), last.parse::<usize>().ok()) {
        (Some(a), Some(b)) => (a, b.saturating_add(1).min(length)),
        (Some(a), None) => (a, length),
        (None, Some(n)) => (length.saturating_sub(n), length),
        (None, None) => return None,
    };
    (start < end).then_some((start, end))
}

/// Takes a file piece by piece; it is there when all of it has come.
async fn upload(
    State(shared): At,
    Path(path): Path<String>,
    Parameters(query): Parameters<Query>,
    body: Body,
) -> Response {
    let (file, hook) = {
        let world = shared.world();
        match locate(&world, &path) {
            Ok(file) => (file, world.upload_hook.clone()),
            Err(answer) => return answer,
        }
    };
    let taken = || {
        let message = format!("The file /{path} exists.");
        refuse_because(409, "ALREADY_EXISTS", message, Some("FILES_API_FILE_EXISTS"))
    };
    let overwrite = query.get("overwrite").is_some_and(|o| o == "true");
    if file.is_dir() || (file.exists() && !overwrite) {
        return taken();
    }
    let Some(folder) = file.parent().filter(|folder| folder.is_dir()) else {
        return refuse(404, "NOT_FOUND", format!("The parent directory of /{path} does not exist."));
    };
    let mut whole = tempfile::NamedTempFile::new_in(folder.parent().unwrap_or(folder)).unwrap();
    let (mut body, mut count) = (body.into_data_stream(), 0);
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else { return refuse(400, "BAD_REQUEST", "The body ended early.") };
        whole.write_all(&piece).unwrap();
        count += piece.len() as u64;
        if let Some(hook) = &hook {
            hook(count);
        }
    }
    match overwrite {
        true => drop(whole.persist(&file).unwrap()),
        false if whole.persist_noclobber(&file).is_err() => return taken(),
        false => {}
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn remove(State(shared): At, Path(path): Path<String>) -> Response {
    match locate(&shared.world(), &path).map(fs::remove_file) {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => of_system(&error, &path),
        Err(answer) => answer,
    }
}

async fn list(State(shared): At, Path(path): Path<String>, Parameters(mut query): Parameters<Query>) -> Response {
    let mut world = shared.world();
    let read = match locate(&world, &path) {
        Ok(folder) => fs::read_dir(folder),
        Err(answer) => return answer,
    };
    let entries = match read {
        Ok(entries) => entries.map(Result::unwrap),
        Err(error) => return of_system(&error, &path),
    };
    let mut rows: Vec<_> = entries
        .map(|entry| {
            let (meta, name) = (entry.metadata().unwrap(), entry.file_name().to_string_lossy().into_owned());
            let full = format!("/{}/{name}", path.trim_end_matches('/'));
            let mut row =
                json!({ "path": full, "name": name, "is_directory": meta.is_dir(), "last_modified": millis(&meta) });
            if !meta.is_dir() {
                row["file_size"] = json!(meta.len());
            }
            row
        })
        .collect();
    rows.sort_by_key(|row| row["name"].to_string());
    // The page of this list is larger than the others, and asking for more does not give more.
    let asked = query.get("page_size").and_then(|n| n.parse().ok()).filter(|n| *n > 0).unwrap_or(LARGEST_PAGE);
    query.insert("page_size".to_owned(), asked.min(LARGEST_PAGE).to_string());
    let usual = std::mem::replace(&mut world.page_size, LARGEST_PAGE);
    let answer = page(&world, "contents", &rows, &query, "page_size");
    world.page_size = usual;
    answer
}

async fn is_directory(State(shared): At, Path(path): Path<String>) -> Response {
    match locate(&shared.world(), &path) {
        Ok(folder) if folder.is_dir() => StatusCode::OK.into_response(),
        Ok(_) => refuse(404, "NOT_FOUND", "no such directory"),
        Err(answer) => answer,
    }
}

async fn make(State(shared): At, Path(path): Path<String>) -> Response {
    match locate(&shared.world(), &path).map(fs::create_dir_all) {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            refuse(409, "ALREADY_EXISTS", format!("A file lies on the way to /{path}."))
        }
        Ok(Err(error)) => of_system(&error, &path),
        Err(answer) => answer,
    }
}

async fn remove_directory(State(shared): At, Path(path): Path<String>) -> Response {
    match locate(&shared.world(), &path).map(fs::remove_dir) {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            let reason = Some("FILES_API_DIRECTORY_IS_NOT_EMPTY");
            refuse_because(400, "BAD_REQUEST", format!("The directory /{path} is not empty."), reason)
        }
        Ok(Err(error)) => of_system(&error, &path),
        Err(answer) => answer,
    }
}
