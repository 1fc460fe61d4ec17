//! The engine that runs SQL: how people name one, and the way from the name to the engine.
//!
//! What always holds: choosing and parsing ask no server; opening asks one only to find a machine by its name, and starts
//! nothing; an engine is shown without its secrets.

use super::connections::Shared;
use super::machine_ids::moved;
use crate::domain::text::printable;
use crate::remote::compute::Machines;
use crate::remote::error::RemoteError;
use crate::remote::http::Workspace;
use crate::remote::spark::{Address, Spark, TokenSource};
use crate::remote::sql::{Engine, SqlError};
use crate::remote::warehouse::Warehouse;
use std::fmt;
use std::sync::Arc;

/// What the name of a machine of a workspace begins with.
const SCHEME: &str = "databricks://";

/// An engine, as the settings, flags and profiles name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineName {
    /// A Spark Connect server.
    Spark(Box<Address>),
    /// A machine of a workspace.
    Machine {
        /// The profile of the workspace; without it, the one that is used when none is asked for.
        profile: Option<String>,
        /// A SQL warehouse, or a cluster through Spark Connect.
        of: Machines,
        /// Its id, or its name.
        name: String,
    },
}

/// What was said about the engine besides the store: by flags, or by the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The profile of the workspace.
    pub profile: Option<String>,
    /// A SQL warehouse, by id or name.
    pub warehouse: Option<String>,
    /// A cluster, by id or name.
    pub cluster: Option<String>,
}

/// Why there is no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Nothing names one.
    #[error("it is not said which engine runs the SQL")]
    NotSaid,
    /// What names it makes no sense: what, and what to write.
    #[error("{0}; {1}")]
    Name(String, String),
    /// The profile cannot be used, or the machine is not there.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Its client cannot be made.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

/// What to write where nothing names an engine.
pub const HOW_TO_SAY: &str = "give --store sc://HOST:PORT, or --warehouse or --cluster with an id or a name, or put \
     `warehouse_id` or `cluster_id` into the profile";

/// A machine that runs an engine: what is looked at, and started, where it does not run.
#[derive(Clone)]
pub struct Machine {
    /// Its workspace.
    pub workspace: Workspace,
    /// What it is.
    pub of: Machines,
    /// Its id.
    pub id: String,
}

/// An engine that can be asked. Cheap to clone.
#[derive(Clone)]
pub struct Opened {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// What it runs on; nothing for servers that are simply there.
    pub machine: Option<Machine>,
    /// What a person should know before using it: that its name meant another machine before.
    pub notice: Option<String>,
}

impl EngineName {
    /// Reads `sc://HOST:PORT/;…`, `databricks://PROFILE/WAREHOUSE`, `databricks://PROFILE/warehouses/NAME` or
    /// `databricks://PROFILE/clusters/NAME`. Nothing where the text is of another kind, such as the path of a database.
    ///
    /// # Errors
    /// When it is of such a kind and names nothing.
    pub fn parse(text: &str) -> Result<Option<Self>, EngineError> {
        if text.starts_with("sc://") {
            let address = Address::parse(text).map_err(SqlError::Address)?;
            return Ok(Some(Self::Spark(Box::new(address))));
        }
        let Some(rest) = text.strip_prefix(SCHEME) else { return Ok(None) };
        let (profile, name) = rest.split_once('/').unwrap_or((rest, ""));
        let (of, name) = match name.split_once('/') {
            Some(("clusters", name)) => (Machines::Clusters, name),
            Some(("warehouses", name)) => (Machines::Warehouses, name),
            _ => (Machines::Warehouses, name),
        };
        if profile.is_empty() || name.is_empty() {
            return Err(EngineError::Name(
                format!("`{}` names no SQL warehouse and no cluster", printable(text)),
                "write databricks://PROFILE/WAREHOUSE or databricks://PROFILE/clusters/CLUSTER, with an id or a name"
                    .to_owned(),
            ));
        }
        Ok(Some(Self::Machine { profile: Some(profile.to_owned()), of, name: name.to_owned() }))
    }

    /// The engine that is meant: what flags name, or else the store, or else the profile. A warehouse of the profile
    /// comes before its cluster, because it starts by itself.
    ///
    /// # Errors
    /// When nothing names one, or the profile that should cannot be used.
    pub fn choose(store: &str, wanted: &Wanted, connections: &Shared) -> Result<Self, EngineError> {
        let machine = |of, name: &str| Self::Machine { profile: wanted.profile.clone(), of, name: name.to_owned() };
        if let Some(name) = &wanted.warehouse {
            return Ok(machine(Machines::Warehouses, name));
        }
        if let Some(name) = &wanted.cluster {
            return Ok(machine(Machines::Clusters, name));
        }
        if wanted.profile.is_none()
            && let Some(named) = Self::parse(store)?
        {
            return Ok(named);
        }
        if wanted.profile.is_none() && !connections.get().source().has_default() {
            return Err(EngineError::NotSaid);
        }
        let workspace = connections.get().workspace(wanted.profile.as_deref())?;
        let values = &workspace.connection().values;
        match (values.text("warehouse_id"), values.text("cluster_id")) {
            (Some(warehouse), _) => Ok(machine(Machines::Warehouses, warehouse)),
            (None, Some(cluster)) => Ok(machine(Machines::Clusters, cluster)),
            (None, None) => Err(EngineError::NotSaid),
        }
    }

    /// Makes the client. Asks the workspace where a machine has to be found by its name, and waits for that; where it
    /// cannot be reached, its last answer holds.
    ///
    /// # Errors
    /// When the profile cannot be used, no machine or several have the name (the error says which there are), or the
    /// address cannot be used.
    pub fn open(&self, connections: &Shared) -> Result<Opened, EngineError> {
        let (profile, of, name) = match self {
            Self::Spark(address) => {
                let engine = Spark::new(connections.net(), address, None)?;
                return Ok(Opened { engine: Arc::new(engine), machine: None, notice: None });
            }
            Self::Machine { profile, of, name } => (profile, of, name),
        };
        let workspace = connections.get().workspace(profile.as_deref())?;
        let meant = connections.machines().find(&workspace, *of, name)?;
        let notice = moved(profile.as_deref(), *of, name, &meant);
        let id = meant.id;
        let engine: Arc<dyn Engine> = match of {
            Machines::Warehouses => Arc::new(Warehouse::new(&workspace, &id)),
            Machines::Clusters => Arc::new(over_cluster(&workspace, &id, connections)?),
        };
        Ok(Opened { engine, machine: Some(Machine { workspace, of: *of, id }), notice })
    }
}

/// The name that can be read again, without secrets: a Spark Connect server loses its token.
impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spark(address) => address.fmt(f),
            Self::Machine { profile, of, name } => {
                let profile = profile.as_deref().map_or_else(String::new, |p| printable(p).into_owned());
                let folder = if *of == Machines::Clusters { "clusters/" } else { "" };
                write!(f, "{SCHEME}{profile}/{folder}{}", printable(name))
            }
        }
    }
}

fn over_cluster(workspace: &Workspace, cluster: &str, connections: &Shared) -> Result<Spark, EngineError> {
    let host = workspace.host().to_string();
    let bare = host.split_once("://").map_or(host.as_str(), |(_, rest)| rest).trim_end_matches('/');
    let (name, port) = bare.split_once(':').unwrap_or((bare, "443"));
    let tls = if host.starts_with("http://") { "false" } else { "true" };
    let text = format!("sc://{name}:{port}/;use_ssl={tls};x-databricks-cluster-id={cluster}");
    let address = Address::parse(&text).map_err(SqlError::Address)?;
    let workspace = workspace.clone();
    let token: TokenSource = Arc::new(move || {
        let workspace = workspace.clone();
        Box::pin(async move {
            match workspace.bearer().await {
                Ok(Some(token)) => Ok(token),
                Ok(None) => Err("the profile has no token".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
    });
    Ok(Spark::new(connections.net(), &address, Some(token))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_engines_are_read_and_written() {
        let read = |text: &str| EngineName::parse(text).unwrap();
        for text in ["databricks://dev/1a2b", "databricks://dev/clusters/my cluster", "sc://spark:15002"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        assert_eq!(read("databricks://dev/warehouses/Big one").unwrap().to_string(), "databricks://dev/Big one");
        assert!(!read("sc://h:1/;token=s3cret").unwrap().to_string().contains("s3cret"));
        assert_eq!(read("/data/labels.db"), None);
        assert_eq!(read("postgres://h/d"), None);
        for wrong in ["databricks://", "databricks://dev", "databricks:///x", "databricks://dev/clusters/"] {
            let error = EngineName::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("databricks://PROFILE/WAREHOUSE"), "{error}");
        }
    }
}
