//! The one HTTP client of a workspace: requests, their pace, their repetition, their errors.
//!
//! Why: every part that talks to Databricks or to an open Unity Catalog needs the same rules about tokens, limits and
//! failures, and they hold only if the whole program shares one client for each workspace. What always holds: at most six
//! requests of a workspace are under way, whoever asks; a pause the server wants is kept by all; dropping a request
//! stops it; no token is in an error, a log, or an address.

pub mod answer;
mod broken;
mod pace;
pub mod pages;
pub mod refusal;
pub mod request;
mod send;
pub mod wire;

use super::error::{Kind, RemoteError};
use super::net::Net;
use super::profile::Connection;
use super::profile::attribute::Values;
use super::profile::auth::{AuthKind, Credentials};
use super::profile::host::Host;
use super::secret::Secret;
use super::token::Tokens;
use pace::Pace;
use refusal::Refusal;
use request::{Request, Target};
use reqwest::Method;
use reqwest::header::HeaderValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;

/// A client of one workspace. Clones share its connections, its pace and its token.
#[derive(Clone)]
pub struct Workspace(Arc<Inner>);

struct Inner {
    wire: Wire,
    connection: Connection,
    place: String,
    workspace_id: Option<HeaderValue>,
    tokens: Arc<Tokens>,
    pace: Pace,
}

impl Workspace {
    /// A client for a connection, with the usual patience.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(connection: Connection, net: &Net) -> Result<Self, RemoteError> {
        Ok(Self::with(connection, Wire::new(net)?))
    }

    /// A client for a connection.
    #[must_use]
    pub fn with(connection: Connection, wire: Wire) -> Self {
        let place = match &connection.profile {
            Some(name) => format!("{name} ({})", connection.host),
            None => connection.host.to_string(),
        };
        let workspace_id = connection.values.text("workspace_id").and_then(|id| HeaderValue::from_str(id).ok());
        let tokens = Arc::new(Tokens::new(&connection, &place, wire.clone()));
        let pace = Pace::new(wire.limits.in_flight);
        Self(Arc::new(Inner { wire, connection, place, workspace_id, tokens, pace }))
    }

    /// A client for a server that asks nobody to sign in, such as an open-source Unity Catalog.
    #[must_use]
    pub fn open(host: Host, wire: Wire) -> Self {
        let ways = vec![Credentials::None];
        Self::with(Connection { profile: None, host, cloud: None, ways, values: Values::default() }, wire)
    }

    /// Asks for something at this path, which must be written as it goes over the wire; names are added with
    /// [`Request::at`] and [`Request::part`].
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// Asks for the headers only.
    pub fn head(&self, path: &str) -> Request {
        self.request(Method::HEAD, path)
    }

    /// Sends something that may not be done twice.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// Writes something as a whole.
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// Changes a part of something.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// Removes something. When an answer is lost and the request repeated, the second one may find nothing.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Asks for the data behind a link that carries its own permission (results of SQL, files in the cloud): it gets no
    /// token of ours and is never shown.
    pub fn link(&self, method: Method, url: &Secret) -> Request {
        Request::new(self.clone(), method, Target::Link(url.clone()))
    }

    fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self.clone(), method, Target::Api(path.to_owned()))
    }

    /// Runs a request on the pool of threads and waits for it; not for threads of the pool, and not for the loop.
    pub fn wait<F: Future>(&self, request: F) -> F::Output {
        self.0.wire.net.wait(request)
    }

    /// The server.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.connection.host
    }

    /// The profile and the server, as messages name them.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// What the client was made from.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// What it shares with other clients.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.0.wire
    }

    /// How long the workspace wants no requests; nothing if it does not mind.
    #[must_use]
    pub fn resting(&self) -> Option<Duration> {
        self.0.pace.resting()
    }

    /// The token for other protocols to the same workspace, such as Spark Connect; nothing where nobody signs in. It may
    /// end soon: ask again for every connection.
    ///
    /// # Errors
    /// When nobody can sign in.
    pub async fn bearer(&self) -> Result<Option<Secret>, RemoteError> {
        Ok(self.tokens().current().await?.bearer.clone())
    }

    /// The way of signing in that worked last; before any did, the first one that would be tried.
    #[must_use]
    pub fn way(&self) -> Option<AuthKind> {
        self.tokens().way()
    }

    pub(super) fn tokens(&self) -> &Arc<Tokens> {
        &self.0.tokens
    }

    fn pace(&self) -> &Pace {
        &self.0.pace
    }

    fn workspace_id(&self) -> Option<&HeaderValue> {
        self.0.workspace_id.as_ref()
    }

    /// The text of a server without the secrets that it was sent.
    fn redact(&self, text: &str) -> String {
        self.tokens().redact(text)
    }

    /// What to do, where the way of signing in or the message tells more than the kind.
    fn remedy(&self, kind: Kind, refusal: &Refusal) -> Option<String> {
        let message = refusal.message.as_str();
        if message.contains("Unauthorized access to Org") {
            return Some("the token is of another workspace: check that host and token belong together".to_owned());
        }
        if message.contains("IP ACL") || message.contains("Source IP address") {
            return Some("connect from a network that the workspace allows, such as the VPN".to_owned());
        }
        match kind {
            Kind::SignIn => Some(self.sign_in_remedy()),
            Kind::NotFound if refusal.code.as_deref() == Some("ENDPOINT_NOT_FOUND") => {
                Some("this server has no such function; check that it is a workspace".to_owned())
            }
            _ => None,
        }
    }

    fn sign_in_remedy(&self) -> String {
        let profile = self.connection().profile.as_deref();
        let place = profile.map_or_else(|| "the variables".to_owned(), |name| format!("the profile `{name}`"));
        match self.way() {
            Some(AuthKind::Pat) => format!(
                "the token may be wrong, expired or revoked: make a new one in the settings of the workspace and put it into {place}"
            ),
            Some(AuthKind::OauthM2m | AuthKind::AzureClientSecret) => {
                format!(
                    "check that the service principal of {place} is a member of this workspace and its secret is valid"
                )
            }
            Some(AuthKind::AzureCli) => "run `az login`, and check that this account is in the workspace".to_owned(),
            Some(AuthKind::DatabricksCli) => match profile {
                Some(name) => format!("run `databricks auth login --profile {name}`"),
                None => format!("run `databricks auth login --host {}`", self.host()),
            },
            Some(AuthKind::None) | None => {
                format!("the server wants a token: give one in {place}, and no `auth_type = none`")
            }
        }
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Workspace").field(&self.0.place).finish()
    }
}
