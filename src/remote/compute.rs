//! Clusters and warehouses: found by name or id, started on request, waited for.
//!
//! What always holds: a name that means several machines is an error that lists them; nothing is started by looking;
//! waiting ends when it is cancelled, and what was started then goes on starting.

mod waiting;

pub use waiting::Progress;

use super::error::{Kind, RemoteError};
use super::http::Workspace;
use super::http::request::Request;
use super::lenient::{Known, Name};
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

/// More machines than this are not listed in a message.
const MOST_LISTED: usize = 20;

/// What runs SQL or Spark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machines {
    /// Clusters of Spark.
    Clusters,
    /// Warehouses of SQL.
    Warehouses,
}

/// What a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be used, also while it changes its size.
    Running,
    /// It will run.
    Starting,
    /// It will be stopped.
    Stopping,
    /// It can be started.
    Stopped,
    /// It failed.
    Failed,
    /// It is removed.
    Gone,
}

impl Name for State {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RUNNING" | "RESIZING" => Self::Running,
            "PENDING" | "RESTARTING" | "STARTING" => Self::Starting,
            "TERMINATING" | "STOPPING" => Self::Stopping,
            "TERMINATED" | "STOPPED" => Self::Stopped,
            "ERROR" => Self::Failed,
            "DELETED" | "DELETING" => Self::Gone,
            _ => return None,
        })
    }
}

impl State {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Gone => "removed",
        }
    }
}

/// A cluster or warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Machine {
    /// Its id.
    #[serde(alias = "cluster_id", default)]
    pub id: String,
    /// Its name; text from outside, and not its alone.
    #[serde(alias = "cluster_name", default)]
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub state: Known<State>,
    /// What the workspace says about that; text from outside.
    #[serde(default)]
    pub state_message: String,
    /// The version of Spark, of clusters.
    #[serde(default)]
    pub spark_version: Option<String>,
}

impl Machine {
    /// What it does, in a word; text from outside where the word is not known here.
    #[must_use]
    pub fn doing(&self) -> &str {
        match &self.state {
            Known::Is(state) => state.word(),
            Known::Other(text) => text,
        }
    }
}

impl Machines {
    /// One of them, in words.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Clusters => "cluster",
            Self::Warehouses => "warehouse",
        }
    }

    fn thing(self, name: &str) -> String {
        format!("the {} `{}`", self.noun(), printable(name))
    }

    /// All that the user may see. Clusters that jobs make for themselves are left out.
    ///
    /// # Errors
    /// When the workspace does not give them.
    pub async fn list(self, workspace: &Workspace) -> Result<Vec<Machine>, RemoteError> {
        let (request, key) = match self {
            Self::Clusters => {
                let request = workspace.get("/api/2.1/clusters/list").query("page_size", 100);
                let request =
                    request.query("filter_by.cluster_sources", "UI").query("filter_by.cluster_sources", "API");
                (request, "clusters")
            }
            Self::Warehouses => (workspace.get("/api/2.0/sql/warehouses").query("page_size", 100), "warehouses"),
        };
        let pages = request.about(format!("the {}s", self.noun())).pages::<Machine>(key);
        let pages: Vec<_> = pages.map(|page| page.map(|p| p.items)).try_collect().await?;
        Ok(pages.into_iter().flatten().collect())
    }

    /// The one with this id.
    ///
    /// # Errors
    /// When there is none, or the workspace does not answer.
    pub async fn get(self, workspace: &Workspace, id: &str) -> Result<Machine, RemoteError> {
        let request = match self {
            Self::Clusters => workspace.get("/api/2.1/clusters/get").query("cluster_id", id),
            Self::Warehouses => workspace.get("/api/2.0/sql/warehouses").part(id),
        };
        request.about(self.thing(id)).json().await
    }

    /// The one with this id, or else the only one with this name.
    ///
    /// # Errors
    /// When there is none, then the message says which there are; when there are several, then which.
    pub async fn find(self, workspace: &Workspace, name: &str) -> Result<Machine, RemoteError> {
        if self.is_id(name) {
            match self.get(workspace, name).await {
                Err(error) if error.kind() == Kind::NotFound => {}
                found => return found,
            }
        }
        let all = self.list(workspace).await?;
        let mut same: Vec<&Machine> = all.iter().filter(|m| m.name == name || m.id == name).collect();
        match (same.pop(), same.is_empty()) {
            (Some(only), true) => Ok(only.clone()),
            (Some(last), false) => {
                same.push(last);
                Err(self.several(workspace, name, &same))
            }
            (None, _) => Err(self.none(workspace, name, &all)),
        }
    }

    /// Whether a text looks like an id: a name may as well, so that is only where to look first.
    #[must_use]
    pub fn is_id(self, text: &str) -> bool {
        let hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = |part: Option<&str>| part.is_some_and(|p| p.len() >= 4 && p.bytes().all(|b| b.is_ascii_digit()));
        let mut parts = text.split('-');
        match self {
            Self::Warehouses => hex,
            Self::Clusters => digits(parts.next()) && digits(parts.next()) && parts.next().is_some(),
        }
    }

    fn several(self, workspace: &Workspace, name: &str, same: &[&Machine]) -> RemoteError {
        let shown = same.iter().take(MOST_LISTED).map(|m| format!("{} ({})", m.id, m.doing()));
        let why = format!("{} {}s have this name: {}", same.len(), self.noun(), shown.collect::<Vec<_>>().join(", "));
        RemoteError::new(Kind::Ambiguous, self.thing(name), workspace.place(), why)
            .with_remedy(format!("name the {} by its id", self.noun()))
    }

    fn none(self, workspace: &Workspace, name: &str, all: &[Machine]) -> RemoteError {
        let names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
        let shown = names.iter().take(MOST_LISTED).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let why = match names.len() {
            0 => format!("you may see no {}", self.noun()),
            n if n > MOST_LISTED => format!("there are {shown} and {} more", n - MOST_LISTED),
            _ => format!("there are {shown}"),
        };
        let remedy = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => {
                format!("make a {} in the workspace, or ask for the right to use one", self.noun())
            }
            None => "name one of them, or an id".to_owned(),
        };
        RemoteError::new(Kind::NotFound, self.thing(name), workspace.place(), why).with_remedy(remedy)
    }

    fn start_request(self, workspace: &Workspace, id: &str) -> Request {
        // Starting what starts already is refused or does nothing: it may be sent twice.
        let request = match self {
            Self::Clusters => {
                workspace.post("/api/2.1/clusters/start").body_json(&serde_json::json!({ "cluster_id": id }))
            }
            Self::Warehouses => {
                let request = workspace.post("/api/2.0/sql/warehouses").part(id).at("/start");
                request.body_json(&serde_json::json!({}))
            }
        };
        request.repeatable()
    }
}
