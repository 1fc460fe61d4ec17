//! What goes wrong in real workspaces, on demand; and a record of what was asked.

use super::{Seen, Shared};
use axum::body::{Body, BodyDataStream, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A refusal with this status, `Retry-After` and body.
    Status(u16, Option<&'static str>, &'static str),
    /// A web page instead of an answer, with this status.
    Page(u16),
    /// A redirect to this address.
    Redirect(String),
    /// A success with this body.
    Body(&'static str),
    /// The answer that it would be, with another time of the server.
    Clock(&'static str),
    /// The token is said to have ended.
    Expired,
    /// The body ends after so many bytes, although more were promised.
    Cut(usize),
    /// The body comes byte by byte, with this time between.
    Slow(Duration),
    /// No answer at all.
    Hang,
    /// The body stops after so many bytes, and the connection stays.
    Stall(usize),
    /// So many bytes of what is sent are taken, and the connection is closed.
    CutUpload(usize),
    /// So many bytes of what is sent are taken, and no more, and the connection stays.
    StallUpload(usize),
    /// It is done, and the connection is closed before it is answered.
    Lost,
}

/// A fault that waits for its requests.
pub(super) struct Armed {
    begin: String,
    times: usize,
    fault: Fault,
}

impl Armed {
    pub(super) fn new(begin: &str, times: usize, fault: Fault) -> Self {
        Self { begin: begin.to_owned(), times, fault }
    }
}

/// Writes down what is asked and lets it go wrong where a fault waits for it.
pub(super) async fn apply(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let fault = note(&shared, &request);
    let _counted = Counted::new(shared);
    let page =
        "<!DOCTYPE html><html><head><title>Sign in</title></head><body><pre>Error: nobody is home</pre></body></html>";
    match fault {
        None => next.run(request).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Status(status, after, body)) => {
            let mut answer = (StatusCode::from_u16(status).unwrap(), body).into_response();
            if let Some(after) = after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(after));
            }
            answer
        }
        Some(Fault::Page(status)) => {
            (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
        Some(Fault::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Fault::Body(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Some(Fault::Clock(time)) => {
            let mut answer = next.run(request).await;
            answer.headers_mut().insert(header::DATE, HeaderValue::from_static(time));
            answer
        }
        Some(Fault::Expired) => super::reply::refuse(401, "UNAUTHENTICATED", "ExpiredJwt: access token expired"),
        Some(Fault::CutUpload(after)) => {
            drop(take(request, after).await);
            hang_up()
        }
        Some(Fault::StallUpload(after)) => {
            let _rest = take(request, after).await;
            std::future::pending().await
        }
        Some(Fault::Lost) => {
            drop(next.run(request).await);
            hang_up()
        }
        Some(Fault::Cut(after)) => body(next.run(request).await, after, Ending::Cut).await,
        Some(Fault::Stall(after)) => body(next.run(request).await, after, Ending::Stall).await,
        Some(Fault::Slow(pause)) => body(next.run(request).await, 0, Ending::Drip(pause)).await,
    }
}

/// Takes so many bytes of what is sent, or all; what is left of it.
async fn take(request: Request, most: usize) -> BodyDataStream {
    let (mut body, mut count) = (request.into_body().into_data_stream(), 0);
    while count < most {
        match body.next().await {
            Some(Ok(piece)) => count += piece.len(),
            _ => break,
        }
    }
    body
}

/// Ends the task of this connection, and so the connection; nothing is printed.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("hung up on purpose"))
}

fn note(shared: &Shared, request: &Request) -> Option<Fault> {
    let (method, uri) = (request.method().to_string(), request.uri());
    let named = format!("{method} {}", uri.path());
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let headers = request.headers().iter().map(|(n, v)| (n.to_string(), text(v))).collect();
    let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    let mut world = shared.world();
    world.seen.push(Seen { method, path, query, headers });
    let armed = world.faults.iter_mut().find(|a| a.times > 0 && named.starts_with(&a.begin))?;
    armed.times -= 1;
    Some(armed.fault.clone())
}

/// Counts how many are under way.
struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: Arc<Shared>) -> Self {
        let mut world = shared.world();
        world.in_flight += 1;
        world.peak = world.peak.max(world.in_flight);
        drop(world);
        Self(shared)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.world().in_flight -= 1;
    }
}

enum Ending {
    Cut,
    Stall,
    Drip(Duration),
}

/// The same answer with a body that does not come as it should.
async fn body(answer: Response, after: usize, ending: Ending) -> Response {
    let (mut parts, body) = answer.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let step = match ending {
        Ending::Drip(_) => 1,
        _ => after.max(1),
    };
    let pieces = stream::unfold((whole, 0, ending), move |(whole, at, ending)| async move {
        let piece = |whole: &Bytes, end: usize| Ok(whole.slice(at..end));
        match &ending {
            Ending::Drip(pause) => {
                tokio::time::sleep(*pause).await;
                (at < whole.len()).then(|| (piece(&whole, at + 1), (whole.clone(), at + 1, ending)))
            }
            _ if at == 0 => {
                let end = step.min(whole.len());
                Some((piece(&whole, end), (whole, end, ending)))
            }
            Ending::Cut => {
                // What was sent is on its way before the connection goes, as it is with real networks.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(std::io::Error::other("cut on purpose")), (whole, at, ending)))
            }
            Ending::Stall => std::future::pending().await,
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
