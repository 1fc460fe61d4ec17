//! The engine that runs SQL, as the command line names it.

use super::context::Context;
use super::error::{AppError, Kind};
use crate::remote::error::RemoteError;
use crate::remote::http::Workspace;
use crate::remote::net::Net;
use crate::remote::spark::{Address, Spark, TokenSource};
use crate::remote::sql::{Engine, SqlError};
use crate::runtime::connections::connections;
use clap::Args;
use std::sync::Arc;

/// Which engine.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EngineArgs {
    /// Cluster of the profile, by its id, through Spark Connect
    #[arg(long, value_name = "ID")]
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
    of_profile(args, context, net)
}

fn of_profile(args: &EngineArgs, context: &Context, net: &Net) -> Result<Arc<dyn Engine>, AppError> {
    let workspace = connections(&context.loaded, &context.environment, net.clone()).workspace(None).map_err(remote)?;
    let cluster = args.cluster.clone().or_else(|| workspace.connection().values.text("cluster_id").map(str::to_owned));
    match cluster {
        Some(cluster) => over_cluster(&workspace, &cluster, net),
        None => Err(AppError::usage("it is not said which engine runs the SQL")
            .hint("give --store sc://HOST:PORT, or --cluster ID of the profile, or put `cluster_id` into the profile")),
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
