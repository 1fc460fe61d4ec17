//! Sending: the pace, the token, what is repeated and after how long, and what is said when it did not work.
//!
//! Source of the rules: `databricks/sdk/_base_client.py` and `retries.py`. What always holds: nothing that the server may
//! have done is sent twice unless the request says that this does no harm; a body that is gone is never sent again.

use super::answer::Answer;
use super::broken::{self, Broken};
use super::refusal::Refusal;
use super::request::{Load, Request, Target};
use super::wire::{Limits, pause_of};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::token::Signed;
use bytes::Bytes;
use reqwest::Method;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};

/// A body of this many bytes may take a second longer.
const SLOWEST_UPLOAD: u64 = 64 << 10;
/// A body of unknown length may take this long.
const LONGEST_UPLOAD: Duration = Duration::from_secs(3600);
/// More of an answer that refuses is not read.
const LARGEST_REFUSAL: usize = 256 << 10;
/// How often something is tried that broke without the server having asked for patience.
const TRIES: u32 = 4;

/// What went wrong with one try.
enum Trouble {
    Refused { refusal: Refusal, pause: Option<Duration> },
    Broken(Broken),
}

impl Trouble {
    /// The server asks for patience, which is another thing than that something broke.
    fn is_throttle(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if is_throttle(refusal))
    }
}

impl Request {
    /// Sends it until it worked or cannot be sent again. With `whole`, the body is read as well, at most so many bytes.
    pub(super) async fn run(&mut self, whole: Option<usize>) -> Result<(Answer, Bytes), RemoteError> {
        if let Some(problem) = self.problem() {
            return Err(problem);
        }
        let (started, mut tries, mut broke, mut signed_again) = (Instant::now(), 0, 0, false);
        loop {
            tries += 1;
            let place = self.workspace.pace().enter(self.limits().jitter).await;
            let signed = match self.target {
                Target::Api(_) => Some(self.workspace.tokens().current().await?),
                Target::Link(_) => None,
            };
            let trouble = match self.once(signed.as_deref(), place, whole).await {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            let again = self.sign_again(&trouble, signed.as_ref());
            if again && !signed_again {
                signed_again = true;
                continue;
            }
            broke += u32::from(!trouble.is_throttle());
            let wait = self.wait(&trouble, tries, broke).filter(|wait| self.affords(started.elapsed(), *wait, tries));
            let Some(wait) = wait else { return Err(self.error(trouble, tries, started.elapsed())) };
            tracing::debug!(subject = self.subject(), tries, wait = wait.as_millis(), "sent again");
            match trouble {
                Trouble::Refused { refusal, .. } if is_throttle(&refusal) => self.workspace.pace().slow_down(wait),
                _ => sleep(wait).await,
            }
        }
    }

    fn limits(&self) -> &Limits {
        &self.workspace.wire().limits
    }

    /// Whether so long a wait is still within the budget. What is sent piece by piece may take longer than that for one
    /// try, so for it only the waits count.
    fn affords(&self, elapsed: Duration, wait: Duration, tries: u32) -> bool {
        let budget = self.limits().budget;
        let long = matches!(self.load, Load::Again(_)) && tries < TRIES;
        elapsed.saturating_add(wait) <= budget || (long && wait <= budget)
    }

    /// Whether the body is there to be sent again.
    fn rewinds(&self) -> bool {
        !matches!(self.load, Load::Once(_))
    }

    /// The token was refused, and another one can be had.
    fn sign_again(&self, trouble: &Trouble, signed: Option<&Arc<Signed>>) -> bool {
        let Trouble::Refused { refusal, .. } = trouble else { return false };
        let Some(signed) = signed else { return false };
        refusal.is_about_the_token() && self.workspace.tokens().refused(signed) && self.rewinds()
    }

    async fn once(
        &mut self,
        signed: Option<&Signed>,
        place: Option<OwnedSemaphorePermit>,
        whole: Option<usize>,
    ) -> Result<(Answer, Bytes), Trouble> {
        let (subject, server) = (self.subject(), self.workspace.place().to_owned());
        let (request, patience) = self.build(signed);
        let at = Instant::now();
        let taken = match &self.load {
            Load::Again(again) => Some(Arc::clone(&again.taken)),
            _ => None,
        };
        let response = match answered(request.send(), patience, taken).await {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(Trouble::Broken(broken::before_answer(&error, &subject, &server))),
            None => {
                let why = format!("no answer within {} s", patience.as_secs());
                let error = RemoteError::new(Kind::Timeout, &subject, &server, why);
                return Err(Trouble::Broken(Broken { error, sent: true, passes: true }));
            }
        };
        let status = response.status();
        tracing::debug!(subject, status = status.as_u16(), ms = at.elapsed().as_millis(), "answered");
        let (idle, head) = (self.limits().idle, self.method == Method::HEAD);
        let mut answer = Answer { response, place, idle, read: 0, head, subject, server };
        if !status.is_success() {
            return Err(refused(answer).await);
        }
        let Some(most) = whole else { return Ok((answer, Bytes::new())) };
        match answer.whole(most).await {
            Ok(bytes) => {
                answer.place = None;
                Ok((answer, bytes))
            }
            Err(error) => {
                let passes = error.kind().passes();
                Err(Trouble::Broken(Broken { error, sent: true, passes }))
            }
        }
    }

    /// The request of the HTTP library, and how long to wait for its answer to begin.
    fn build(&mut self, signed: Option<&Signed>) -> (reqwest::RequestBuilder, Duration) {
        let wire = self.workspace.wire();
        let url = match &self.target {
            Target::Api(path) => format!("{}{path}{}", self.workspace.host(), self.query),
            Target::Link(link) => link.expose().to_owned(),
        };
        let mut request = wire.client.request(self.method.clone(), url).headers(self.headers.clone());
        if let (Target::Api(_), Some(id)) = (&self.target, self.workspace.workspace_id()) {
            request = request.header("X-Databricks-Workspace-Id", id.clone());
        }
        for (name, value) in signed.map(|s| s.headers.as_slice()).unwrap_or_default() {
            request = request.header(name.clone(), value.clone());
        }
        let mut patience = self.patience.unwrap_or(wire.limits.answer);
        match &mut self.load {
            Load::Nothing => {}
            Load::Bytes(bytes) => {
                patience += Duration::from_secs(bytes.len() as u64 / SLOWEST_UPLOAD);
                request = request.body(bytes.clone());
            }
            Load::Once(body) => {
                patience = patience.max(LONGEST_UPLOAD);
                request = request.body(body.take().unwrap_or_default());
            }
            Load::Again(again) => {
                // What the system has taken of it may be on its way for a while yet.
                patience *= 2;
                request = request.body((again.open)());
            }
        }
        (request, patience)
    }

    /// How long to wait before the next try, after so many of which so many broke; nothing if there is none.
    fn wait(&self, trouble: &Trouble, tries: u32, broke: u32) -> Option<Duration> {
        if !self.rewinds() {
            return None;
        }
        let limits = self.limits();
        match trouble {
            Trouble::Refused { refusal, pause } if is_throttle(refusal) => {
                Some(pause.unwrap_or(limits.step * tries.min(10)))
            }
            Trouble::Refused { refusal, .. } => {
                let passes = matches!(refusal.status, 408 | 502 | 504) || refusal.is_passing();
                (self.repeatable && passes && broke < TRIES).then(|| limits.step * broke)
            }
            Trouble::Broken(broken) => {
                let harmless = !broken.sent || self.repeatable;
                (harmless && broken.passes && broke < TRIES).then(|| limits.step * broke / 2)
            }
        }
    }

    fn error(&self, trouble: Trouble, tries: u32, time: Duration) -> RemoteError {
        match trouble {
            Trouble::Broken(broken) => broken.error,
            Trouble::Refused { refusal, pause } => {
                let path = match &self.target {
                    Target::Api(path) => path.as_str(),
                    Target::Link(_) => "",
                };
                let kind = refusal.kind(path);
                let mut why = self.workspace.redact(&refusal.text());
                if tries > 1 && is_throttle(&refusal) {
                    why.push_str(&format!(" (so {tries} times in {} s)", time.as_secs()));
                }
                if let Some(pause) = pause.filter(|_| is_throttle(&refusal)) {
                    why.push_str(&format!("; it asks to wait {} s", pause.as_secs()));
                }
                let error = RemoteError::new(kind, self.subject(), self.workspace.place(), why);
                let code = refusal.reason.as_deref().or(refusal.code.as_deref());
                let error = error.with_answer(code, refusal.status);
                match self.workspace.remedy(kind, &refusal) {
                    Some(remedy) if matches!(self.target, Target::Api(_)) => error.with_remedy(remedy),
                    _ => error,
                }
            }
        }
    }
}

/// Waits for the beginning of an answer, and longer as long as more of the body is taken; nothing if it does not come.
async fn answered<T>(answer: impl Future<Output = T>, patience: Duration, taken: Option<Arc<AtomicU64>>) -> Option<T> {
    let mut answer = pin!(answer);
    let mut before = 0;
    loop {
        if let Ok(came) = timeout(patience, &mut answer).await {
            return Some(came);
        }
        let now = taken.as_ref().map_or(0, |taken| taken.load(Ordering::Relaxed));
        if now == before {
            return None;
        }
        before = now;
    }
}

/// The server wants fewer requests, or cannot now: whoever asks next would hear the same.
fn is_throttle(refusal: &Refusal) -> bool {
    matches!(refusal.status, 429 | 503)
}

async fn refused(mut answer: Answer) -> Trouble {
    let status = answer.response.status();
    let pause = pause_of(answer.headers());
    let location = answer.header(reqwest::header::LOCATION).and_then(|l| reqwest::Url::parse(l).ok());
    let phrase = match location.as_ref().and_then(|l| l.host_str()) {
        Some(host) if status.is_redirection() => format!("it sends on to {host}"),
        _ => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    // What cannot be read any more is not missed: the status says enough.
    let body = answer.whole(LARGEST_REFUSAL).await.unwrap_or_default();
    let body: &[u8] = if status.is_redirection() { b"" } else { &body };
    Trouble::Refused { refusal: Refusal::read(status.as_u16(), &phrase, body), pause }
}
