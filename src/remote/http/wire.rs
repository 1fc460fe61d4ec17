//! What all clients share: the connections of the HTTP library, the pool of threads, how patient we are.

use super::broken;
use super::refusal::Refusal;
use crate::remote::error::{Kind, RemoteError};
use crate::remote::net::Net;
use bytes::Bytes;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The name under which servers see us.
pub const USER_AGENT: &str = concat!("lakelens/", env!("CARGO_PKG_VERSION"));
/// Tokens and what describes them are small.
const LARGEST_SMALL: usize = 1 << 20;
/// How often a question for a token is repeated.
const TRIES: u32 = 3;

/// How patient we are.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the beginning of an answer.
    pub answer: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
    /// For all tries of one request together, apart from waiting for a place.
    pub budget: Duration,
    /// The unit of the time between two tries.
    pub step: Duration,
    /// Up to this long, at random, on top of a pause that the server asked for.
    pub jitter: Duration,
    /// For a program that signs in.
    pub program: Duration,
    /// Requests at once, for each workspace.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            answer: seconds(60),
            idle: seconds(60),
            budget: seconds(300),
            step: seconds(1),
            jitter: seconds(1),
            program: seconds(30),
            in_flight: 6,
        }
    }
}

/// The programs that sign in, where they were found.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// `az`.
    pub az: Option<PathBuf>,
    /// `databricks`.
    pub databricks: Option<PathBuf>,
}

/// What all clients share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wire {
    pub(in crate::remote) net: Net,
    pub(in crate::remote) client: reqwest::Client,
    pub(in crate::remote) limits: Limits,
    pub(in crate::remote) tools: Tools,
    pub(in crate::remote) azure_login: Option<String>,
}

impl Wire {
    /// Connections with the usual patience. Certificates are checked with those of the system.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(net: &Net) -> Result<Self, RemoteError> {
        Self::with(net, Limits::default(), Tools::default())
    }

    /// Connections with another patience, and the programs that sign in.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn with(net: &Net, limits: Limits, tools: Tools) -> Result<Self, RemoteError> {
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(limits.connect)
            .pool_idle_timeout(Duration::from_secs(55))
            .tcp_keepalive(Duration::from_secs(30))
            .referer(false)
            .no_proxy()
            .redirect(Policy::custom(|attempt| if stays(&attempt) { attempt.follow() } else { attempt.stop() }));
        let client = builder.build().map_err(|error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            RemoteError::new(Kind::Tls, "the HTTP client", "this computer", why)
                .with_remedy("install the system's certificate authorities (Debian: ca-certificates)")
        })?;
        Ok(Self { net: net.clone(), client, limits, tools, azure_login: None })
    }

    /// Signs service principals of Azure in at this address instead of Microsoft's; the tenant follows it.
    #[must_use]
    pub fn azure_login(mut self, address: impl Into<String>) -> Self {
        self.azure_login = Some(address.into());
        self
    }

    /// The threads on which requests run.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Asks something small that does no harm twice and needs no signature of ours, such as a token.
    ///
    /// # Errors
    /// When nothing is answered; an answer that refuses is none.
    pub(in crate::remote) async fn small(
        &self,
        request: reqwest::RequestBuilder,
        subject: &str,
        server: &str,
    ) -> Result<Small, RemoteError> {
        let unclonable = || RemoteError::new(Kind::Invalid, subject, server, "it cannot be sent");
        let mut tries = 0;
        loop {
            tries += 1;
            let once = request.try_clone().ok_or_else(unclonable)?;
            match self.small_once(once, subject, server).await {
                Ok(small) if matches!(small.status, 429 | 503) && tries < TRIES => {
                    sleep(small.pause.unwrap_or(self.limits.step * tries).min(self.limits.answer)).await;
                }
                Err((_, true)) if tries < TRIES => sleep(self.limits.step * tries / 2).await,
                Ok(small) => return Ok(small),
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Besides the error: whether it is worth trying again.
    async fn small_once(
        &self,
        request: reqwest::RequestBuilder,
        subject: &str,
        server: &str,
    ) -> Result<Small, (RemoteError, bool)> {
        let exchange = async {
            let response = request.send().await.map_err(|error| {
                let broken = broken::before_answer(&error, subject, server);
                (broken.error, broken.passes)
            })?;
            let (status, headers) = (response.status(), response.headers().clone());
            let cut = |error: reqwest::Error| (broken::while_reading(&error, subject, server, 0), true);
            if response.content_length().is_some_and(|n| n > LARGEST_SMALL as u64) {
                return Err((RemoteError::new(Kind::TooLarge, subject, server, "the answer is no token"), false));
            }
            let body = response.bytes().await.map_err(cut)?;
            let pause = pause_of(&headers);
            Ok(Small { status: status.as_u16(), phrase: status.canonical_reason(), headers, body, pause })
        };
        timeout(self.limits.answer, exchange).await.unwrap_or_else(|_| {
            let why = format!("no answer within {} s", self.limits.answer.as_secs());
            Err((RemoteError::new(Kind::Timeout, subject, server, why), true))
        })
    }
}

/// A small answer, whatever its status.
pub(in crate::remote) struct Small {
    pub(in crate::remote) status: u16,
    phrase: Option<&'static str>,
    pub(in crate::remote) headers: HeaderMap,
    pub(in crate::remote) body: Bytes,
    pause: Option<Duration>,
}

impl Small {
    /// Whether it is a success.
    pub(in crate::remote) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What it says if it is none.
    pub(in crate::remote) fn refusal(&self) -> Refusal {
        Refusal::read(self.status, self.phrase.unwrap_or_default(), &self.body)
    }
}

/// Redirects are followed only within one server: a token must not leave it.
fn stays(attempt: &Attempt<'_>) -> bool {
    let same = attempt.previous().last().is_some_and(|before| before.origin() == attempt.url().origin());
    same && attempt.previous().len() <= 5
}

/// How long a server asks to wait: seconds, or a time, which is compared with the server's own clock.
pub(super) fn pause_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp());
    let now = headers.get(DATE).and_then(|d| time(d.to_str().ok()?)).unwrap_or_else(jiff::Timestamp::now);
    let seconds = time(text)?.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_read_in_both_forms_whatever_our_clock_says() {
        let headers = |pairs: &[(reqwest::header::HeaderName, &'static str)]| {
            pairs.iter().map(|(n, v)| (n.clone(), reqwest::header::HeaderValue::from_static(v))).collect::<HeaderMap>()
        };
        assert_eq!(pause_of(&headers(&[(RETRY_AFTER, " 7 ")])), Some(Duration::from_secs(7)));
        let date = [(DATE, "Wed, 21 Oct 2015 07:28:00 GMT"), (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT")];
        assert_eq!(pause_of(&headers(&date)), Some(Duration::from_secs(30)));
        assert_eq!(pause_of(&headers(&[(RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT")])), Some(Duration::ZERO));
        assert_eq!((pause_of(&headers(&[(RETRY_AFTER, "soon")])), pause_of(&headers(&[]))), (None, None));
    }
}
