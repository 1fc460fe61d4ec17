//! Signing in: one token for all requests of a workspace, fetched once for all who wait, renewed before it ends.
//!
//! Source of the order and the times: `credentials_provider.py` and `oauth.py` of the Python SDK. What always holds: the
//! end of a token is counted from when it came, on a clock that nobody sets; a token that was refused is fetched again
//! once, however many requests it was refused to; nothing of a token is logged.

mod oauth;
mod program;

use super::error::{Kind, RemoteError};
use super::http::wire::Wire;
use super::profile::Connection;
use super::profile::auth::{AuthKind, Credentials};
use super::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A token is renewed at the latest this long before it ends.
const RENEW_BEFORE: Duration = Duration::from_secs(20 * 60);
/// A token is not used in the last moments of its life: the request takes time as well.
const TOO_LATE: Duration = Duration::from_secs(15);
/// No token is believed to live longer, whatever its server says.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// After a renewal in the background failed, the next one is tried after this.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// What a request is signed with.
pub(super) struct Signed {
    generation: usize,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) bearer: Option<Secret>,
}

/// What a way of signing in gave.
struct Obtained {
    /// Nothing where nobody signs in.
    bearer: Option<Secret>,
    /// Headers besides the token.
    more: Vec<(HeaderName, Secret)>,
    /// How long it is valid from now on; nothing if that is not known.
    life: Option<Duration>,
}

/// Why a way of signing in gave nothing.
struct Failed {
    error: RemoteError,
    /// Nobody is signed in there, so that the next way may be tried.
    nobody: bool,
}

impl From<RemoteError> for Failed {
    fn from(error: RemoteError) -> Self {
        Self { error, nobody: false }
    }
}

struct Held {
    signed: Arc<Signed>,
    /// From then on a new one is fetched while this one is still used.
    stale: Option<Instant>,
    /// From then on it is not used.
    over: Option<Instant>,
}

/// The token of one workspace.
pub(super) struct Tokens {
    connection: Connection,
    place: String,
    wire: Wire,
    held: Mutex<Option<Held>>,
    /// Whoever holds it fetches; the others wait for it.
    turn: tokio::sync::Mutex<()>,
    /// The way that worked last.
    way: AtomicUsize,
    generation: AtomicUsize,
}

impl Tokens {
    pub(super) fn new(connection: &Connection, place: &str, wire: Wire) -> Self {
        let (connection, place) = (connection.clone(), place.to_owned());
        let (held, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { connection, place, wire, held, turn, way: AtomicUsize::new(0), generation: AtomicUsize::new(0) }
    }

    /// What to sign a request with now.
    ///
    /// # Errors
    /// When no way of signing in works.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<Signed>, RemoteError> {
        if let Some((signed, stale)) = self.look() {
            if stale {
                self.renew_in_background();
            }
            return Ok(signed);
        }
        let _turn = self.turn.lock().await;
        match self.look() {
            Some((signed, _)) => Ok(signed),
            None => self.fetch().await,
        }
    }

    /// The way that worked last.
    pub(super) fn way(&self) -> Option<AuthKind> {
        self.connection.ways.get(self.way.load(Ordering::Relaxed)).map(Credentials::kind)
    }

    /// A server refused this token: it is not used again. Answers whether another one can be had.
    pub(super) fn refused(&self, signed: &Signed) -> bool {
        if matches!(self.way(), Some(AuthKind::Pat | AuthKind::None) | None) {
            return false;
        }
        let mut held = self.lock();
        if held.as_ref().is_some_and(|h| h.signed.generation == signed.generation) {
            *held = None;
        }
        true
    }

    /// A text without any secret that was used to sign in.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut out = text.to_owned();
        let mut hide = |secret: &Secret| {
            if secret.characters() >= 4 {
                out = out.replace(secret.expose(), "***");
            }
        };
        if let Some(bearer) = self.lock().as_ref().and_then(|h| h.signed.bearer.clone()) {
            hide(&bearer);
        }
        self.connection.values.iter().filter(|v| v.attribute.secret).for_each(|v| hide(&v.value));
        for way in &self.connection.ways {
            match way {
                Credentials::Pat(secret)
                | Credentials::OauthM2m { client_secret: secret, .. }
                | Credentials::AzureClientSecret { client_secret: secret, .. } => hide(secret),
                Credentials::AzureCli { .. } | Credentials::DatabricksCli { .. } | Credentials::None => {}
            }
        }
        out
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token that can be used, and whether it is time for a new one.
    fn look(&self) -> Option<(Arc<Signed>, bool)> {
        let held = self.lock();
        let held = held.as_ref()?;
        let now = Instant::now();
        let past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        (!past(held.over)).then(|| (held.signed.clone(), past(held.stale)))
    }

    fn renew_in_background(self: &Arc<Self>) {
        if let Some(held) = self.lock().as_mut() {
            // Nobody else begins meanwhile; what comes in the end sets its own time.
            held.stale = Some(Instant::now() + AFTER_FAILURE);
        }
        let this = self.clone();
        tokio::spawn(async move {
            let _turn = this.turn.lock().await;
            if let Err(error) = this.fetch().await {
                tracing::warn!(%error, "the token could not be renewed ahead of time");
            }
        });
    }

    /// Fetches a token and keeps it. Only for whoever has the turn.
    async fn fetch(&self) -> Result<Arc<Signed>, RemoteError> {
        let first = self.way.load(Ordering::Relaxed);
        let mut nobody: Vec<RemoteError> = Vec::new();
        for (index, way) in self.connection.ways.iter().enumerate().skip(first) {
            match self.obtain(way).await {
                Ok(obtained) => {
                    self.way.store(index, Ordering::Relaxed);
                    return self.keep(obtained);
                }
                Err(failed) if failed.nobody => nobody.push(failed.error),
                Err(failed) => return Err(failed.error),
            }
        }
        Err(self.nowhere(nobody))
    }

    async fn obtain(&self, way: &Credentials) -> Result<Obtained, Failed> {
        tracing::debug!(place = self.place, way = way.kind().name(), "signing in");
        match way {
            Credentials::Pat(token) => Ok(Obtained { bearer: Some(token.clone()), more: Vec::new(), life: None }),
            Credentials::None => Ok(Obtained { bearer: None, more: Vec::new(), life: None }),
            Credentials::OauthM2m { client_id, client_secret } => self.machine(client_id, client_secret).await,
            Credentials::AzureClientSecret { tenant, client_id, client_secret, azure } => {
                self.azure_principal(tenant.as_deref(), client_id, client_secret, *azure).await
            }
            Credentials::AzureCli { tenant, azure } => self.azure_command(tenant.as_deref(), *azure).await,
            Credentials::DatabricksCli { program } => self.databricks_command(program.as_deref()).await,
        }
    }

    fn keep(&self, obtained: Obtained) -> Result<Arc<Signed>, RemoteError> {
        let Obtained { bearer, more, life } = obtained;
        let authorization = bearer.as_ref().map(|b| (AUTHORIZATION, Secret::new(format!("Bearer {}", b.expose()))));
        let mut headers = Vec::new();
        for (name, secret) in authorization.into_iter().chain(more) {
            let Ok(mut value) = HeaderValue::from_str(secret.expose().trim_end()) else {
                let why = "the token holds characters that no token has, such as a line break";
                return Err(RemoteError::new(Kind::SignIn, "the token", &self.place, why)
                    .with_remedy("copy the token again, without anything around it"));
            };
            value.set_sensitive(true);
            headers.push((name, value));
        }
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let signed = Arc::new(Signed { generation, headers, bearer });
        let (now, life) = (Instant::now(), life.map(|life| life.min(LONGEST)));
        let stale = life.map(|life| now + life.saturating_sub(RENEW_BEFORE.min(life / 2)));
        // A life that is nearly over is most likely a wrong clock: the token is used for a moment, and then fetched again.
        let over = life.map(|life| now + life.saturating_sub(TOO_LATE.min(life / 4)).max(Duration::from_secs(1)));
        *self.lock() = Some(Held { signed: signed.clone(), stale, over });
        Ok(signed)
    }

    /// Nobody is signed in anywhere.
    fn nowhere(&self, mut nobody: Vec<RemoteError>) -> RemoteError {
        let Some(last) = nobody.pop() else {
            return RemoteError::new(Kind::SignIn, "signing in", &self.place, "no way of signing in is left");
        };
        if nobody.is_empty() {
            return last;
        }
        nobody.push(last);
        let join = |text: fn(&RemoteError) -> &str| nobody.iter().map(text).collect::<Vec<_>>().join("; or ");
        RemoteError::new(Kind::SignIn, "signing in", &self.place, join(RemoteError::why))
            .with_remedy(join(RemoteError::remedy))
    }
}
