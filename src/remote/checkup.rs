//! A connection looked at step by step, so that what does not work can be told from what does.
//!
//! What always holds: a step is taken only when those before it worked; nothing is changed or started; no step shows a
//! secret.

use super::compute::Machines;
use super::error::{Kind, RemoteError};
use super::http::Workspace;
use jiff::Timestamp;
use reqwest::header::{DATE, SERVER};
use serde::Deserialize;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

/// A clock that differs by more than this makes tokens and certificates fail.
const CLOCK: u64 = 60;
/// How often the way to the server is timed.
const ROUNDS: usize = 5;
/// Addresses that are tried, of those a name has.
const MOST_ADDRESSES: usize = 4;

/// One step: its name, and what was found or went wrong. Text of servers in it is harmless, and not longer than a line.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// What was found.
    pub result: Result<String, RemoteError>,
}

/// Takes the steps until one fails.
pub async fn steps(workspace: &Workspace) -> Vec<Step> {
    let mut look = Look { workspace, steps: Vec::new(), addresses: Vec::new(), databricks: true };
    // Where it ends early, the last step says why.
    let _ended = look.all().await;
    look.steps
}

struct Look<'a> {
    workspace: &'a Workspace,
    steps: Vec<Step>,
    addresses: Vec<SocketAddr>,
    /// The server knows users and clusters, as an open catalog does not.
    databricks: bool,
}

#[derive(Deserialize)]
struct Metastore {
    #[serde(default)]
    cloud: Option<String>,
    #[serde(default)]
    region: Option<String>,
}

impl Look<'_> {
    /// Nothing when a step failed.
    async fn all(&mut self) -> Option<()> {
        let dns = self.dns().await;
        self.step("dns", dns)?;
        let tcp = self.tcp().await;
        self.step("tcp", tcp)?;
        let tls = self.tls().await;
        let (secure, clock) = match tls {
            Ok((secure, clock)) => (Ok(secure), Some(clock)),
            Err(error) => (Err(error), None),
        };
        self.step("tls", secure)?;
        self.step("clock", clock?)?;
        let user = self.sign_in().await;
        self.step("sign in", user)?;
        let permission = self.permission().await;
        self.step("permission", permission)?;
        let latency = self.latency().await;
        self.step("latency", latency)?;
        let server = self.server().await;
        self.step("server", server)?;
        for (name, attribute, machines) in
            [("cluster", "cluster_id", Machines::Clusters), ("warehouse", "warehouse_id", Machines::Warehouses)]
        {
            if let Some(id) = self.workspace.connection().values.text(attribute) {
                let found = machines.get(self.workspace, id).await;
                self.step(name, found.map(|m| format!("`{}` is {}", m.name, m.doing())))?;
            }
        }
        Some(())
    }

    fn step(&mut self, name: &'static str, result: Result<String, RemoteError>) -> Option<()> {
        let went_on = result.is_ok().then_some(());
        self.steps.push(Step { name, result });
        went_on
    }

    fn error(&self, kind: Kind, why: &str) -> RemoteError {
        RemoteError::new(kind, "the connection", self.workspace.place(), why)
    }

    async fn dns(&mut self) -> Result<String, RemoteError> {
        let host = self.workspace.host();
        let name = host.name().trim_matches(['[', ']']);
        let limit = self.workspace.wire().limits.connect;
        let found = timeout(limit, lookup_host((name, host.port()))).await;
        let found = found.map_err(|_| self.error(Kind::Dns, "the name service does not answer"))?;
        self.addresses = found.map_err(|error| self.error(Kind::Dns, &error.to_string()))?.collect();
        match self.addresses.as_slice() {
            [] => Err(self.error(Kind::Dns, "the name has no address")),
            [only] => Ok(format!("{name} is {}", only.ip())),
            [first, rest @ ..] => Ok(format!("{name} is {} and {} more", first.ip(), rest.len())),
        }
    }

    async fn tcp(&self) -> Result<String, RemoteError> {
        let limit = self.workspace.wire().limits.connect;
        let mut why = String::new();
        for address in self.addresses.iter().take(MOST_ADDRESSES) {
            let began = Instant::now();
            match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(_)) => return Ok(format!("{address} answers after {}", time(began.elapsed()))),
                Ok(Err(error)) => why = format!("{address}: {error}"),
                Err(_) => why = format!("{address}: no connection within {} s", limit.as_secs()),
            }
        }
        Err(self.error(Kind::Connect, &why))
    }

    /// Whether the connection is secure, and how far the clocks are apart: any answer will do.
    async fn tls(&self) -> Result<(String, Result<String, RemoteError>), RemoteError> {
        let (wire, host) = (self.workspace.wire(), self.workspace.host());
        let request = wire.client.get(format!("{host}/.well-known/databricks-config"));
        let answer = wire.small(request, "the first question", self.workspace.place()).await?;
        let header = |name| answer.headers.get(name).and_then(|v| v.to_str().ok());
        let server = header(SERVER).map(|s| format!(", by {s}")).unwrap_or_default();
        let secure = match host.as_str().starts_with("https://") {
            true => format!("its certificate is accepted{server}"),
            false => format!("not used: the server is on this computer{server}"),
        };
        let theirs = header(DATE).and_then(|d| jiff::fmt::rfc2822::parse(d).ok()).map(|at| at.timestamp());
        Ok((secure, self.clock(theirs)))
    }

    fn clock(&self, theirs: Option<Timestamp>) -> Result<String, RemoteError> {
        let Some(theirs) = theirs else { return Ok("the server does not tell its time".to_owned()) };
        let apart = Timestamp::now().as_second().abs_diff(theirs.as_second());
        if apart <= CLOCK {
            return Ok(format!("{apart} s apart from the server's"));
        }
        let why = format!("the clock of this computer is {apart} s apart from the server's");
        Err(self
            .error(Kind::Local, &why)
            .about("the clock")
            .with_remedy("set the clock, or let the system keep it (NTP)"))
    }

    /// That there is a token says nothing yet: the server is asked whose it is.
    async fn sign_in(&mut self) -> Result<String, RemoteError> {
        let has = self.workspace.bearer().await?.is_some();
        let way = self.workspace.way().map_or("none", |way| way.name());
        match self.workspace.me().await {
            Ok(person) if !person.user_name.is_empty() => Ok(format!("{way}, as {}", person.user_name)),
            Ok(_) => Ok(format!("{way}; the server does not say as whom")),
            // An open catalog knows no users, or not in this way.
            Err(error) if error.kind() == Kind::NotFound => {
                self.databricks = false;
                let sent = if has { "a token is sent" } else { "nobody signs in" };
                Ok(format!("{way}: {sent}; the server knows no users, as open catalogs do not"))
            }
            Err(error) => Err(error),
        }
    }

    async fn permission(&self) -> Result<String, RemoteError> {
        let request = self.workspace.get("/api/2.1/unity-catalog/catalogs").query("max_results", 0);
        let page: Value = request.about("the list of catalogs").json().await?;
        let count = page["catalogs"].as_array().map_or(0, Vec::len);
        let more = if page["next_page_token"].is_string() { " and more" } else { "" };
        Ok(format!("{count} catalogs{more} can be seen"))
    }

    /// The middle of a few questions, on a connection that stands.
    async fn latency(&self) -> Result<String, RemoteError> {
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            if self.databricks {
                self.workspace.ask_who().done().await?;
            } else {
                self.permission().await?;
            }
            times.push(began.elapsed());
        }
        times.sort_unstable();
        let middle = times.get(ROUNDS / 2).copied().unwrap_or_default();
        Ok(format!("{} for a small question", time(middle)))
    }

    async fn server(&self) -> Result<String, RemoteError> {
        let request = self.workspace.get("/api/2.1/unity-catalog/metastore_summary").about("the metastore");
        match request.json::<Metastore>().await {
            Ok(Metastore { cloud: Some(cloud), region }) => {
                Ok(format!("{cloud} {}", region.unwrap_or_default()).trim_end().to_owned())
            }
            Ok(_) => Ok("a catalog of its own".to_owned()),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Permission) => {
                Ok(format!("no metastore is told of: {}", error.why()))
            }
            Err(error) => Err(error),
        }
    }
}

fn time(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
