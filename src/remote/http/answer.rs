//! The answer of a server: its head at once, its body as it comes.

use super::broken;
use super::refusal::is_html;
use crate::remote::error::{Kind, RemoteError};
use bytes::Bytes;
use futures::Stream;
use futures::stream::try_unfold;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// The largest JSON answer that is read: what SQL may return inline is 25 MiB.
pub(super) const LARGEST_JSON: usize = 64 << 20;

/// An answer that is a success. While it is kept, it takes one of the few places for requests.
pub struct Answer {
    pub(super) response: reqwest::Response,
    pub(super) place: Option<OwnedSemaphorePermit>,
    pub(super) idle: Duration,
    pub(super) read: u64,
    /// The body is missing although a length is given, as in the answer to `HEAD`.
    pub(super) head: bool,
    pub(super) subject: String,
    pub(super) server: String,
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header that is text.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// How many bytes the body has, as the server says; the same for `HEAD`.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH)?.parse().ok()
    }

    /// The part that is sent and the length of the whole: for an answer with status 206 only.
    #[must_use]
    pub fn range(&self) -> Option<(u64, u64, Option<u64>)> {
        let (range, whole) = self.header(CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?, whole.parse().ok()))
    }

    /// When it was changed, as the server says.
    #[must_use]
    pub fn modified(&self) -> Option<jiff::Timestamp> {
        let text = self.header(LAST_MODIFIED)?;
        jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
    }

    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// When the connection breaks, or nothing comes for a minute.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RemoteError> {
        let piece = match timeout(self.idle, self.response.chunk()).await {
            Err(_) => {
                let why = format!("nothing came for {} s, after {} bytes", self.idle.as_secs(), self.read);
                return Err(RemoteError::new(Kind::Timeout, &self.subject, &self.server, why));
            }
            Ok(Err(error)) => return Err(broken::while_reading(&error, &self.subject, &self.server, self.read)),
            Ok(Ok(piece)) => piece,
        };
        self.read += piece.as_ref().map_or(0, |p| p.len() as u64);
        Ok(piece)
    }

    /// The body, piece by piece.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, RemoteError>> + Send {
        try_unfold(self, |mut answer| async move { Ok(answer.chunk().await?.map(|piece| (piece, answer))) })
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Answer::chunk`], and when it is larger than `most` bytes.
    pub async fn bytes(mut self, most: usize) -> Result<Bytes, RemoteError> {
        self.whole(most).await
    }

    /// The body as JSON; an empty one counts as `{}`.
    ///
    /// # Errors
    /// As [`Answer::chunk`], and when it is something else.
    pub async fn json<T: DeserializeOwned>(mut self) -> Result<T, RemoteError> {
        let bytes = self.whole(LARGEST_JSON).await?;
        self.read_json(&bytes)
    }

    pub(super) async fn whole(&mut self, most: usize) -> Result<Bytes, RemoteError> {
        let too_large = |answer: &Self| {
            let why = format!("more than {most} bytes came, and no more are read");
            RemoteError::new(Kind::TooLarge, &answer.subject, &answer.server, why)
        };
        if self.length().is_some_and(|n| n > most as u64) && !self.head {
            return Err(too_large(self));
        }
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let mut all = Vec::from(first);
        while let Some(piece) = self.chunk().await? {
            if all.len() + piece.len() > most {
                return Err(too_large(self));
            }
            all.extend_from_slice(&piece);
        }
        if all.len() > most { Err(too_large(self)) } else { Ok(all.into()) }
    }

    pub(super) fn read_json<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, RemoteError> {
        self.refuse_page(bytes)?;
        let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            let why = format!("it is not the JSON that was expected: {}", without_values(&error.to_string()));
            RemoteError::new(Kind::Protocol, &self.subject, &self.server, why)
        })
    }

    /// A page to sign in is a success for HTTP, and none for us.
    pub(super) fn refuse_page(&self, bytes: &[u8]) -> Result<(), RemoteError> {
        let login = self.response.url().path().ends_with("/login.html");
        let start = bytes.get(..bytes.len().min(200)).unwrap_or_default();
        let html = self.header(CONTENT_TYPE).is_some_and(|t| t.starts_with("text/html"));
        if !login && !html && !is_html(&String::from_utf8_lossy(start)) {
            return Ok(());
        }
        let error = |why| RemoteError::new(Kind::Protocol, &self.subject, &self.server, why);
        if self.response.url().query().is_some_and(|q| q.contains("private-link")) {
            let remedy = "connect from the network of the private link, or through its VPN";
            return Err(error("the workspace is reached over a private link only").with_remedy(remedy));
        }
        Err(error("it sent a web page, such as one to sign in at, instead of JSON"))
    }
}

/// The message of the JSON reader without the texts it quotes: the answer may hold a password.
pub(super) fn without_values(message: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("string \"") {
        out.push_str(before);
        out.push_str("string");
        // The end of the quoted text is not certain, as it may hold anything: what follows is what is expected.
        rest = after.rfind("\", expected").and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_json_show_no_values() {
        let error = serde_json::from_str::<u32>(r#""dapi5ecret\", expected""#).unwrap_err().to_string();
        assert_eq!(without_values(&error), "invalid type: string, expected u32 at line 1 column 24");
        assert_eq!(without_values("missing field `x`"), "missing field `x`");
    }
}
