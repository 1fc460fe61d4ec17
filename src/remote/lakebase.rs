//! Lakebase: PostgreSQL of the workspace, whose passwords are minted and end within the hour.
//!
//! Source: `database` and `postgres` of the Python SDK. What always holds: a password is looked at only when somebody
//! signs in, so every new connection asks here, and those that are open stay; what is handed out has at least a quarter
//! of its life before it; how long it lives is counted with the clock of the server, not with ours.

use super::error::{Kind, RemoteError};
use super::http::Workspace;
use super::password::PasswordSource;
use super::secret::Secret;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::DATE;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

/// The port of PostgreSQL, which is always this one.
pub const PORT: u16 = 5432;
/// The database that is there from the start.
pub const DATABASE: &str = "databricks_postgres";

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A provisioned instance, by its name.
    Instance(String),
    /// An endpoint of a project: `projects/P/branches/B/endpoints/E`.
    Endpoint(String),
}

impl Target {
    /// Reads either form: an endpoint has `/` in it.
    #[must_use]
    pub fn read(name: &str) -> Self {
        let name = name.trim_matches('/').to_owned();
        if name.contains('/') { Self::Endpoint(name) } else { Self::Instance(name) }
    }

    fn describe(&self) -> String {
        match self {
            Self::Instance(name) => format!("the Lakebase instance `{name}`"),
            Self::Endpoint(name) => format!("the Lakebase endpoint `{name}`"),
        }
    }
}

/// Where to connect, apart from the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host for reading and writing.
    pub host: String,
    /// The host of the pool of connections, where there is one.
    pub pooled_host: Option<String>,
    /// What the server says of its state, such as `AVAILABLE`; text from outside.
    pub state: String,
    /// The user: an e-mail address, or the id of a service principal.
    pub user: String,
}

/// One database and its password. Cheap to clone; clones share the password.
#[derive(Clone)]
pub struct Lakebase(Arc<Inner>);

struct Inner {
    workspace: Workspace,
    target: Target,
    user: OnceCell<String>,
    minted: Mutex<Option<Minted>>,
}

struct Minted {
    password: Secret,
    until: Instant,
}

#[derive(Deserialize)]
struct Credential {
    #[serde(default)]
    token: String,
    #[serde(default, alias = "expire_time")]
    expiration_time: Option<String>,
}

#[derive(Deserialize)]
struct InstanceAnswer {
    #[serde(default)]
    read_write_dns: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

#[derive(Deserialize)]
struct EndpointAnswer {
    #[serde(default)]
    status: EndpointStatus,
}

#[derive(Deserialize, Default)]
struct EndpointStatus {
    #[serde(default)]
    hosts: Hosts,
    #[serde(default)]
    current_state: Option<String>,
}

#[derive(Deserialize, Default)]
struct Hosts {
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    read_write_pooled_host: Option<String>,
}

impl Lakebase {
    /// A database of a workspace.
    #[must_use]
    pub fn new(workspace: Workspace, target: Target) -> Self {
        Self(Arc::new(Inner { workspace, target, user: OnceCell::new(), minted: Mutex::default() }))
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        self.0.target.describe()
    }

    /// Where to connect and as whom.
    ///
    /// # Errors
    /// When there is no such database, or nobody can sign in.
    pub async fn address(&self) -> Result<Address, RemoteError> {
        let (host, pooled_host, state) = match &self.0.target {
            Target::Instance(name) => {
                let request = self.0.workspace.get("/api/2.0/database/instances").part(name).about(self.describe());
                let found: InstanceAnswer = request.json().await?;
                (found.read_write_dns, None, found.state)
            }
            Target::Endpoint(name) => {
                let request = self.0.workspace.get("/api/2.0/postgres/").at(name).about(self.describe());
                let EndpointStatus { hosts, current_state } = request.json::<EndpointAnswer>().await?.status;
                (hosts.host, hosts.read_write_pooled_host, current_state)
            }
        };
        let state = state.unwrap_or_default();
        let Some(host) = host.filter(|h| !h.is_empty()) else {
            let why = if state.is_empty() {
                "it has no address".to_owned()
            } else {
                format!("it is {state} and has no address")
            };
            return Err(RemoteError::new(Kind::Unavailable, self.describe(), self.0.workspace.place(), why));
        };
        Ok(Address { host, pooled_host, state, user: self.user().await? })
    }

    /// Whoever signs in: the name of the user in the database.
    ///
    /// # Errors
    /// When nobody can sign in.
    pub async fn user(&self) -> Result<String, RemoteError> {
        let ask = || async { Ok(self.0.workspace.me().await?.user_name) };
        self.0.user.get_or_try_init(ask).await.cloned()
    }

    /// A password that is valid now, for one new connection. Minted for the first who asks and after three quarters of
    /// its life; those who ask at the same time wait for the same one.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn password(&self) -> Result<Secret, RemoteError> {
        let mut minted = self.0.minted.lock().await;
        if let Some(held) = minted.as_ref().filter(|m| m.until > Instant::now()) {
            return Ok(held.password.clone());
        }
        let fresh = self.mint().await?;
        let password = fresh.password.clone();
        *minted = Some(fresh);
        Ok(password)
    }

    /// Forgets a password that the database did not take, unless a newer one is held already: however many connections
    /// it was refused to, one is minted in its place.
    pub async fn refused(&self, password: &Secret) {
        self.0.minted.lock().await.take_if(|held| held.password == *password);
    }

    async fn mint(&self) -> Result<Minted, RemoteError> {
        let (path, body) = match &self.0.target {
            Target::Instance(name) => {
                let id = uuid::Uuid::now_v7().to_string();
                ("/api/2.0/database/credentials", json!({ "instance_names": [name], "request_id": id }))
            }
            Target::Endpoint(name) => ("/api/2.0/postgres/credentials", json!({ "endpoint": name })),
        };
        let what = format!("a password for {}", self.describe());
        // Another password does no harm: the first one stays valid.
        let request = self.0.workspace.post(path).body_json(&body).repeatable().about(&what);
        let asked = Instant::now();
        let answer = request.send().await?;
        let now = answer.header(DATE).and_then(|d| jiff::fmt::rfc2822::parse(d).ok()).map(|at| at.timestamp());
        let credential: Credential = answer.json().await?;
        if credential.token.is_empty() {
            let why = "the answer has no password";
            return Err(RemoteError::new(Kind::Protocol, what, self.0.workspace.place(), why));
        }
        let until = credential.expiration_time.and_then(|t| t.parse::<Timestamp>().ok());
        let life = until.map(|until| until.duration_since(now.unwrap_or_else(Timestamp::now)));
        let life = life.map_or(Duration::ZERO, |life| Duration::try_from(life).unwrap_or_default());
        Ok(Minted { password: Secret::new(credential.token), until: asked + life.mul_f64(0.75) })
    }
}

impl PasswordSource for Lakebase {
    fn password<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        Box::pin(async move {
            if let Some(refused) = refused {
                self.refused(refused).await;
            }
            Self::password(self).await.map_err(|error| error.to_string())
        })
    }
}

impl std::fmt::Debug for Lakebase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lakebase").field(&self.0.target).finish()
    }
}
