//! The HTTP of cloud stores: one client, patience with servers that ask for it, errors kept whole.
//!
//! Why our own service below `object_store`: it tries again on its own terms but ignores `Retry-After`, does not know of
//! other requests that were told to slow down, and turns what a server says into a text that only people can read.
//! What always holds: only what does the same when it is done twice is asked again; the wait is bounded; an answer that is
//! no success becomes a [`Fault`] with the server's own code.

use super::odd;
use super::trouble::Fault;
use futures::StreamExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A question is asked so often at most.
const TRIES: u32 = 6;
/// Never waited longer for one question, all tries together.
const BUDGET: Duration = Duration::from_secs(60);
/// The first wait where the server names none; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// A `Retry-After` beyond this is answered with an error that says so.
const LONGEST: Duration = Duration::from_secs(30);
/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes a second below which sending a piece of a file counts as broken.
const SLOWEST_UPLOAD: u64 = 64 << 10;
/// A request with so many bytes is a piece of a file.
const LARGE: usize = 64 << 10;
/// Bytes of an error page that are read.
const ERROR_BYTES: usize = 16 << 10;
/// Where machines in a cloud find their own credentials; on others nobody answers there.
const METADATA: [&str; 4] = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "metadata.google.internal"];
/// How long such a service is waited for.
const METADATA_PATIENCE: Duration = Duration::from_secs(2);

/// Makes clients that share one pool of connections and one pause.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    client: reqwest::Client,
    /// For requests that carry pieces of files: an answer comes only when the last byte has arrived.
    sender: reqwest::Client,
    pause: Arc<Mutex<Option<Instant>>>,
}

impl Connector {
    /// A client of its own.
    ///
    /// # Errors
    /// The system gives no certificates or no resolver; a sentence.
    pub(super) fn new() -> Result<Self, String> {
        let client = |patience: Duration| {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("lakelens/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(patience);
            builder.build().map_err(|e| e.to_string())
        };
        let longest = PATIENCE + Duration::from_secs(super::write::PIECE / SLOWEST_UPLOAD);
        Ok(Self { client: client(PATIENCE)?, sender: client(longest)?, pause: Arc::default() })
    }

    /// Waits as long as a server has asked any of the requests to wait.
    async fn wait_for_turn(&self) {
        loop {
            let until = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => return,
            }
        }
    }

    fn slow_down(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some(pause.map_or(until, |before| before.max(until)));
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if METADATA.contains(&host.as_str()) {
            let answer = tokio::time::timeout(METADATA_PATIENCE, HttpService::call(&self.client, request)).await;
            return match answer {
                Ok(Ok(answer)) if answer.status().is_success() => Ok(answer),
                _ => Err(failed(Fault::NoMetadata)),
            };
        }
        let lists = request.uri().query().is_some_and(odd::is_listing);
        let again = is_repeatable(&request);
        let client = if request.body().content_length() > LARGE { &self.sender } else { &self.client };
        let begun = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            self.wait_for_turn().await;
            let fault = match HttpService::call(client, request.clone()).await {
                Ok(answer) if answer.status().is_success() && lists => return listing(answer).await,
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => fault_in(answer).await,
                Err(error) => Fault::Unreachable { host: host.clone(), why: innermost(&error), kind: error.kind() },
            };
            let wait = fault.wait(tries, FIRST_WAIT);
            // Where a server is too busy, nothing was done.
            let unheard = fault.concerns_all() && request.method().as_str() == "POST";
            let patient = (again || unheard) && tries < TRIES && begun.elapsed() < BUDGET;
            match wait.filter(|wait| patient && *wait <= LONGEST) {
                Some(wait) if fault.concerns_all() => self.slow_down(wait),
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failed(fault)),
            }
        }
    }
}

/// Whether a request does the same when it is heeded twice: one that puts or removes, unless it depends on what is there.
fn is_repeatable(request: &HttpRequest) -> bool {
    let depends = ["if-match", "if-none-match", "if-unmodified-since", "x-goog-if-generation-match"];
    let plain = || !depends.iter().any(|name| request.headers().contains_key(*name));
    match request.method().as_str() {
        "GET" | "HEAD" => true,
        "PUT" | "DELETE" => plain(),
        // S3 removes several objects at once in this way.
        "POST" => request.uri().query() == Some("delete"),
        _ => false,
    }
}

/// An error that `object_store` passes on as it is.
fn failed(fault: Fault) -> HttpError {
    HttpError::new(HttpErrorKind::Decode, fault)
}

/// What is at the bottom of an error: the texts above it only repeat the request.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(deeper) = at.source() {
        at = deeper;
    }
    at.to_string()
}

/// A page of a listing without keys that would cost the others.
async fn listing(answer: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (parts, body) = answer.into_parts();
    let bytes = body.bytes().await?;
    let mended = match std::str::from_utf8(&bytes).map(odd::mended) {
        Ok(Cow::Owned(text)) => Some(text),
        _ => None,
    };
    let body = mended.map_or_else(|| bytes.into(), HttpResponseBody::from);
    Ok(HttpResponse::from_parts(parts, body))
}

async fn fault_in(answer: HttpResponse) -> Fault {
    let (parts, body) = answer.into_parts();
    let mut text = Vec::new();
    let mut body = body.bytes_stream();
    while let Some(Ok(part)) = body.next().await {
        text.extend_from_slice(&part);
        if text.len() >= ERROR_BYTES {
            text.truncate(ERROR_BYTES);
            break;
        }
    }
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Fault::answered(parts.status.as_u16(), &header, &String::from_utf8_lossy(&text))
}

impl HttpService for Connector {
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.send(request))
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}
