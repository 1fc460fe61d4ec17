//! A bucket of our own on loopback, over a folder: pages, ranges, files that are made or replaced as a whole, and keys that
//! are taken until they end.
//!
//! Why besides a real server like S3: what is lent by a catalog ends when a test says so.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as File, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What the handlers share.
struct Shared {
    folder: PathBuf,
    keys: Mutex<BTreeSet<String>>,
    /// So many of the requests that change something are told that the server is too busy.
    busy: AtomicU32,
}

/// The bucket `lake`; it ends when this is dropped.
pub(crate) struct FakeBucket {
    shared: Arc<Shared>,
    address: String,
    runtime: Option<Runtime>,
}

impl FakeBucket {
    /// Serves the files of a folder to whoever signs with one of these keys.
    pub(crate) fn start(folder: &File, keys: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { folder: folder.to_owned(), keys: Mutex::default(), busy: AtomicU32::new(0) });
        let routes = Router::new().route("/lake", get(list).post(remove)).route("/lake/", get(list));
        let routes = routes.route("/lake/{*key}", get(read).put(write));
        let routes = routes.layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let bucket = Self { shared, address, runtime: Some(runtime) };
        bucket.take(keys);
        bucket
    }

    /// Its address, as `AWS_ENDPOINT_URL` wants it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// From now on only these keys are taken.
    pub(crate) fn take(&self, keys: &[&str]) {
        *self.shared.keys.lock().unwrap() = keys.iter().map(|key| (*key).to_owned()).collect();
    }
}

impl FakeBucket {
    /// The next so many requests that change something are told that the server is too busy.
    pub(crate) fn be_busy(&self, times: u32) {
        self.shared.busy.store(times, Ordering::Relaxed);
    }

    /// How many of them are still to come.
    pub(crate) fn is_busy(&self) -> u32 {
        self.shared.busy.load(Ordering::Relaxed)
    }
}

/// That the server is too busy, as often as it is to say so.
fn busy(shared: &Shared) -> Option<Response> {
    let fewer = |times: u32| times.checked_sub(1);
    shared.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).ok()?;
    let body = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
    Some((StatusCode::INTERNAL_SERVER_ERROR, body).into_response())
}

impl Drop for FakeBucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why a request is not answered.
fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let signed = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let key = signed.split_once("Credential=").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    if shared.keys.lock().unwrap().contains(key) {
        return None;
    }
    let body = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
    Some((StatusCode::BAD_REQUEST, body).into_response())
}

/// Keys below a folder and their sizes.
fn keys(root: &File, folder: &File, out: &mut BTreeMap<String, u64>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            keys(root, &entry, out);
        } else {
            let key = entry.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            out.insert(key, entry.metadata().unwrap().len());
        }
    }
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = refusal(&shared, &headers) {
        return refused;
    }
    let prefix = query.get("prefix").map_or("", String::as_str);
    let (mut all, mut files, mut folders) = (BTreeMap::new(), String::new(), BTreeSet::new());
    keys(&shared.folder, &shared.folder, &mut all);
    for (key, size) in all {
        let Some(rest) = key.strip_prefix(prefix) else { continue };
        match rest.split_once('/').filter(|_| query.contains_key("delimiter")) {
            Some((folder, _)) => drop(folders.insert(format!("{prefix}{folder}/"))),
            None => files.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"1\"</ETag><Size>\
                 {size}</Size></Contents>"
            )),
        }
    }
    let folders: String =
        folders.iter().map(|f| format!("<CommonPrefixes><Prefix>{f}</Prefix></CommonPrefixes>")).collect();
    let head = "<?xml version=\"1.0\"?><ListBucketResult><Name>lake</Name><IsTruncated>false</IsTruncated>";
    format!("{head}{files}{folders}</ListBucketResult>").into_response()
}

async fn read(State(shared): State<Arc<Shared>>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refused) = refusal(&shared, &headers) {
        return refused;
    }
    let Ok(bytes) = std::fs::read(shared.folder.join(&key)) else {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
    };
    let told =
        [(header::LAST_MODIFIED, "Fri, 02 Jan 2026 03:04:05 GMT".to_owned()), (header::ETAG, "\"1\"".to_owned())];
    let wanted = headers.get(header::RANGE).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("bytes="));
    let Some((from, to)) = wanted.and_then(|v| v.split_once('-')) else { return (told, bytes).into_response() };
    let (from, to) = (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap().min(bytes.len() - 1));
    let range = format!("bytes {from}-{to}/{}", bytes.len());
    (StatusCode::PARTIAL_CONTENT, told, [(header::CONTENT_RANGE, range)], bytes[from..=to].to_vec()).into_response()
}

async fn write(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refused) = refusal(&shared, &headers) {
        return refused;
    }
    let depends = headers.contains_key(header::IF_NONE_MATCH);
    if let Some(busy) = (!depends).then(|| busy(&shared)).flatten() {
        return busy;
    }
    let file = shared.folder.join(&key);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|v| v == "*") && file.exists() {
        return (StatusCode::PRECONDITION_FAILED, "<Error><Code>PreconditionFailed</Code></Error>").into_response();
    }
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, body).unwrap();
    ([(header::ETAG, "\"1\"")], "").into_response()
}

/// Removes several at once, which is how a client removes one.
async fn remove(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    if let Some(refused) = refusal(&shared, &headers) {
        return refused;
    }
    if let Some(busy) = busy(&shared) {
        return busy;
    }
    let keys = body.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap());
    // That there is none is no error there either.
    keys.clone().for_each(|key| drop(std::fs::remove_file(shared.folder.join(key))));
    let removed: String = keys.map(|key| format!("<Deleted><Key>{key}</Key></Deleted>")).collect();
    format!("<?xml version=\"1.0\"?><DeleteResult>{removed}</DeleteResult>").into_response()
}
