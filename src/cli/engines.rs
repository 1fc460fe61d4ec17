//! The engine that runs SQL, as the command line names it.

use super::context::Context;
use super::error::{AppError, Kind};
use crate::domain::text::printable;
use crate::remote::error::RemoteError;
use crate::remote::http::Workspace;
use crate::remote::net::Net;
use crate::remote::spark::{Address, Spark, TokenSource};
use crate::remote::sql::{Engine, SqlError};
use crate::remote::warehouse::Warehouse;
use crate::runtime::connections::connections;
use clap::Args;
use std::sync::Arc;

/// Which engine.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EngineArgs {
    /// SQL warehouse of the profile, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) warehouse: Option<String>,
    /// Cluster of the profile, by its id, through Spark Connect
    #[arg(long, value_name = "ID", conflicts_with = "warehouse")]
    pub(crate) cluster: Option<String>,
}

impl From<SqlError> for AppError {
    fn from(error: SqlError) -> Self {
        let kind = match &error {
            SqlError::Address(_) => Kind::Config,
            SqlError::Auth { .. } => Kind::Auth,
            SqlError::Unreachable { .. } | SqlError::Unknown { .. } | SqlError::Garbled { .. } => Kind::Network,
            SqlError::Cancelled => Kind::Interrupted,
            SqlError::Refused { .. } if error.is_concurrent() => Kind::Conflict,
            SqlError::Refused { .. } => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

/// The engine that `--store`, or the profile with `--warehouse` or `--cluster`, names.
pub(crate) fn engine(args: &EngineArgs, context: &Context, net: &Net) -> Result<Arc<dyn Engine>, AppError> {
    let store = context.loaded.settings.store.as_str();
    if store.starts_with("sc://") {
        let address = Address::parse(store).map_err(|why| AppError::new(Kind::Config, why))?;
        return Ok(Arc::new(Spark::new(net, &address, None)?));
    }
    if let Some(rest) = store.strip_prefix("databricks://") {
        let (profile, warehouse) = rest.split_once('/').unwrap_or((rest, ""));
        if profile.is_empty() || warehouse.is_empty() {
            return Err(AppError::new(Kind::Config, format!("`{}` names no SQL warehouse", printable(store)))
                .hint("write databricks://PROFILE/WAREHOUSE, with the id of the warehouse"));
        }
        return Ok(Arc::new(Warehouse::new(&workspace(Some(profile), context, net)?, warehouse)));
    }
    of_profile(args, context, net)
}

fn workspace(profile: Option<&str>, context: &Context, net: &Net) -> Result<Workspace, AppError> {
    connections(&context.loaded, &context.environment, net.clone()).workspace(profile).map_err(remote)
}

fn of_profile(args: &EngineArgs, context: &Context, net: &Net) -> Result<Arc<dyn Engine>, AppError> {
    let workspace = workspace(None, context, net)?;
    let known = |key: &str| workspace.connection().values.text(key).map(str::to_owned);
    // What is given comes before what the profile has, and a warehouse before a cluster, because it starts by itself.
    let warehouse = args.warehouse.clone().or_else(|| known("warehouse_id").filter(|_| args.cluster.is_none()));
    match (warehouse, args.cluster.clone().or_else(|| known("cluster_id"))) {
        (Some(warehouse), _) => Ok(Arc::new(Warehouse::new(&workspace, &warehouse))),
        (None, Some(cluster)) => over_cluster(&workspace, &cluster, net),
        (None, None) => Err(AppError::usage("it is not said which engine runs the SQL").hint(
            "give --store sc://HOST:PORT, or --warehouse ID or --cluster ID of the profile, or put `warehouse_id` or \
             `cluster_id` into the profile",
        )),
    }
}

fn over_cluster(workspace: &Workspace, cluster: &str, net: &Net) -> Result<Arc<dyn Engine>, AppError> {
    let host = workspace.host().to_string();
    let bare = host.split_once("://").map_or(host.as_str(), |(_, rest)| rest).trim_end_matches('/');
    let (name, port) = bare.split_once(':').unwrap_or((bare, "443"));
    let tls = if host.starts_with("http://") { "false" } else { "true" };
    let text = format!("sc://{name}:{port}/;use_ssl={tls};x-databricks-cluster-id={cluster}");
    let address = Address::parse(&text).map_err(|why| AppError::new(Kind::Config, why))?;
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
    Ok(Arc::new(Spark::new(net, &address, Some(token))?))
}

fn remote(error: RemoteError) -> AppError {
    let kind = if error.kind().is_network() { Kind::Network } else { Kind::Failed };
    AppError::new(kind, error.to_string())
}
