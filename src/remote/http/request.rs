//! A request to a workspace, put together piece by piece; nothing is sent before one of its last methods is called.

use super::Workspace;
use super::answer::{Answer, LARGEST_JSON};
use super::pages::{self, Page};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::secret::Secret;
use bytes::Bytes;
use futures::{Stream, TryStream, TryStreamExt};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RANGE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{Display, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where a request goes.
pub(super) enum Target {
    /// A path of the workspace, percent-encoded; signed.
    Api(String),
    /// A link that carries its own permission: never signed, never shown.
    Link(Secret),
}

/// What is sent along.
pub(super) enum Load {
    Nothing,
    /// Can be sent again.
    Bytes(Bytes),
    /// Can be sent once; taken out when it was.
    Once(Option<reqwest::Body>),
    /// Can be sent again, because it can be opened anew.
    Again(Again),
}

/// A body that is opened for each try.
pub(super) struct Again {
    pub(super) open: Box<dyn Fn() -> reqwest::Body + Send + Sync>,
    /// Bytes that were taken of it so far, in all tries.
    pub(super) taken: Arc<AtomicU64>,
}

/// A request.
#[must_use = "nothing is sent before `send`, `json`, `bytes` or `done`"]
pub struct Request {
    pub(super) workspace: Workspace,
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) load: Load,
    pub(super) what: Option<String>,
    pub(super) repeatable: bool,
    pub(super) patience: Option<Duration>,
    problem: Option<String>,
}

impl Request {
    pub(super) fn new(workspace: Workspace, method: Method, target: Target) -> Self {
        let repeatable = method != Method::POST && method != Method::PATCH;
        let (headers, load) = (HeaderMap::new(), Load::Nothing);
        let query = String::new();
        Self { workspace, method, target, query, headers, load, what: None, repeatable, patience: None, problem: None }
    }

    /// Adds a path to the path: `/` stays, everything else that is not plain is percent-encoded, byte by byte.
    pub fn at(mut self, path: &str) -> Self {
        if path.split('/').any(|part| part == "." || part == "..") {
            self.problem = Some("a path of a workspace cannot hold the parts `.` and `..`".to_owned());
        }
        if let Target::Api(all) = &mut self.target {
            for (index, part) in path.split('/').enumerate() {
                if index > 0 {
                    all.push('/');
                }
                encode(part, all);
            }
        }
        self
    }

    /// Adds `/` and one name to the path; a `/` in it is percent-encoded as well.
    pub fn part(mut self, name: &str) -> Self {
        if matches!(name, "" | "." | "..") {
            self.problem = Some(format!("`{name}` is no name"));
        }
        if let Target::Api(all) = &mut self.target {
            all.push('/');
            encode(name, all);
        }
        self
    }

    /// Adds a query parameter. Lists repeat their name; fields of objects are written `outer.inner`.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        encode(name, &mut self.query);
        self.query.push('=');
        encode(&value.to_string(), &mut self.query);
        self
    }

    /// Adds a query parameter where there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Asks for these bytes only; an open end is `u64::MAX`. The server may ignore it: see [`Answer::range`].
    pub fn range(self, bytes: Range<u64>) -> Self {
        let text = match bytes.end {
            u64::MAX => format!("bytes={}-", bytes.start),
            end => format!("bytes={}-{}", bytes.start, end.saturating_sub(1)),
        };
        self.header(RANGE, &text)
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => self.problem = Some(format!("the header {name} cannot carry this text")),
        }
        self
    }

    /// Sends this as JSON.
    pub fn body_json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.load = Load::Bytes(bytes.into()),
            Err(error) => self.problem = Some(format!("it cannot be written as JSON: {error}")),
        }
        self.header(CONTENT_TYPE, "application/json")
    }

    /// Sends these bytes.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.load = Load::Bytes(bytes.into());
        self.header(CONTENT_TYPE, "application/octet-stream")
    }

    /// Sends what a stream gives; because it cannot be read twice, such a request is never repeated.
    pub fn body_stream<S>(mut self, stream: S, length: Option<u64>) -> Self
    where
        S: TryStream + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        self.load = Load::Once(Some(reqwest::Body::wrap_stream(stream)));
        if let Some(length) = length {
            self = self.header(CONTENT_LENGTH, &length.to_string());
        }
        self.header(CONTENT_TYPE, "application/octet-stream")
    }

    /// Sends `length` bytes of a stream that is opened anew for each try, so that such a request can be repeated without
    /// holding the whole of it. It may take as long as it goes on.
    pub fn body_again<S>(mut self, length: u64, open: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    {
        let taken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&taken);
        let open = Box::new(move || {
            let count = Arc::clone(&count);
            let counted = open().inspect_ok(move |piece| {
                count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            });
            reqwest::Body::wrap_stream(counted)
        });
        self.load = Load::Again(Again { open, taken });
        self.header(CONTENT_LENGTH, &length.to_string()).header(CONTENT_TYPE, "application/octet-stream")
    }

    /// Names the thing for messages, such as "the volume `a.b.c`"; without it, method and path stand for it.
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.what = Some(what.into());
        self
    }

    /// Says that sending it twice does no harm, so that it may be repeated although it is a `POST`.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Says that sending it twice does harm, such as a `PUT` that must not find what itself has written.
    pub fn not_repeatable(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Waits this long for the beginning of the answer instead of the usual minute.
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = Some(time);
        self
    }

    /// What it is about, in words.
    pub(super) fn subject(&self) -> String {
        match (&self.what, &self.target) {
            (Some(what), _) => what.clone(),
            (None, Target::Api(path)) => format!("{} {path}", self.method),
            (None, Target::Link(_)) => "a link to data".to_owned(),
        }
    }

    /// What makes it impossible to send.
    pub(super) fn problem(&self) -> Option<RemoteError> {
        let why = self.problem.as_deref()?;
        Some(RemoteError::new(Kind::Invalid, self.subject(), self.workspace.place(), why))
    }

    /// Sends it and gives the answer as soon as it begins.
    ///
    /// # Errors
    /// When the server refuses, after what may be repeated was repeated.
    pub async fn send(mut self) -> Result<Answer, RemoteError> {
        self.run(None).await.map(|(answer, _)| answer)
    }

    /// Sends it and reads the answer, of at most `most` bytes; a broken connection is repeated as a whole.
    ///
    /// # Errors
    /// As [`Request::send`], and when the answer is larger.
    pub async fn bytes(mut self, most: usize) -> Result<Bytes, RemoteError> {
        self.run(Some(most)).await.map(|(_, bytes)| bytes)
    }

    /// Sends it and reads a JSON answer; an empty one counts as `{}`.
    ///
    /// # Errors
    /// As [`Request::send`], and when the answer is something else.
    pub async fn json<T: DeserializeOwned>(mut self) -> Result<T, RemoteError> {
        self = self.header(ACCEPT, "application/json");
        let (answer, bytes) = self.run(Some(LARGEST_JSON)).await?;
        answer.read_json(&bytes)
    }

    /// Sends it; of the answer only that it is none of refusal matters.
    ///
    /// # Errors
    /// As [`Request::send`].
    pub async fn done(mut self) -> Result<(), RemoteError> {
        let (answer, bytes) = self.run(Some(LARGEST_JSON)).await?;
        answer.refuse_page(&bytes)
    }

    /// Sends it page after page: a list under `key`, and `next_page_token`.
    pub fn pages<T: DeserializeOwned + Send + 'static>(
        self,
        key: &'static str,
    ) -> impl Stream<Item = Result<Page<T>, RemoteError>> + Send {
        pages::pages(self, key)
    }

    /// As [`Request::pages`] for lists of the catalog: the server chooses the size of a page, because the form without
    /// pages is being withdrawn.
    pub fn catalog_pages<T: DeserializeOwned + Send + 'static>(
        self,
        key: &'static str,
    ) -> impl Stream<Item = Result<Page<T>, RemoteError>> + Send {
        pages::pages(self.query("max_results", 0), key)
    }

    /// The same request for another page. Only requests whose body can be sent again have pages.
    pub(super) fn page(&self, token: Option<&str>) -> Self {
        let load = match &self.load {
            Load::Bytes(bytes) => Load::Bytes(bytes.clone()),
            Load::Nothing | Load::Once(_) | Load::Again(_) => Load::Nothing,
        };
        let target = match &self.target {
            Target::Api(path) => Target::Api(path.clone()),
            Target::Link(link) => Target::Link(link.clone()),
        };
        let copy = Self {
            workspace: self.workspace.clone(),
            method: self.method.clone(),
            target,
            query: self.query.clone(),
            headers: self.headers.clone(),
            load,
            what: self.what.clone(),
            repeatable: self.repeatable,
            patience: self.patience,
            problem: self.problem.clone(),
        };
        copy.query_opt("page_token", token)
    }
}

/// Percent-encodes every byte that is not unreserved (RFC 3986).
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        encode(text, &mut out);
        out
    }

    proptest! {
        #[test]
        fn encoding_loses_nothing(text: String) {
            let shown = encoded(&text);
            prop_assert!(shown.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let mut bytes = Vec::new();
            let mut rest = shown.as_str();
            while let Some(first) = rest.bytes().next() {
                let (byte, length) = match first {
                    b'%' => (u8::from_str_radix(&rest[1..3], 16).unwrap(), 3),
                    plain => (plain, 1),
                };
                bytes.push(byte);
                rest = &rest[length..];
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }
}
