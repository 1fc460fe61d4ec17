//! The engine that runs SQL, as the command line names it.

use super::context::Context;
use super::error::{AppError, Kind};
use crate::remote::sql::{Engine, SqlError};
use crate::runtime::engines::{EngineError, EngineName, HOW_TO_SAY, Wanted};
use clap::Args;
use std::sync::Arc;

/// Which engine.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EngineArgs {
    /// SQL warehouse of the profile, by its id or its name
    #[arg(long, value_name = "WAREHOUSE")]
    pub(crate) warehouse: Option<String>,
    /// Cluster of the profile, by its id or its name, through Spark Connect
    #[arg(long, value_name = "CLUSTER", conflicts_with = "warehouse")]
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

impl From<EngineError> for AppError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotSaid => Self::usage(error.to_string()).hint(HOW_TO_SAY),
            EngineError::Name(what, remedy) => Self::new(Kind::Config, what).hint(remedy),
            EngineError::Remote(error) => error.into(),
            EngineError::Sql(error) => error.into(),
        }
    }
}

/// The engine that the flags, `--store` or the profile name.
pub(crate) fn engine(args: &EngineArgs, context: &Context) -> Result<Arc<dyn Engine>, AppError> {
    let wanted = Wanted { profile: None, warehouse: args.warehouse.clone(), cluster: args.cluster.clone() };
    let name = EngineName::choose(&context.loaded.settings.store, &wanted, &context.connections)?;
    Ok(name.open(&context.connections)?.engine)
}

/// Whether an engine is named: by `--store`, by `--warehouse` or `--cluster`, or, where `profile` says so, by what the
/// profile has. What names one wrongly does as well, so that it is told when the engine is opened.
pub(crate) fn is_named(args: &EngineArgs, context: &Context, profile: bool) -> bool {
    let store = context.loaded.settings.store.as_str();
    if args.warehouse.is_some() || args.cluster.is_some() || !matches!(EngineName::parse(store), Ok(None)) {
        return true;
    }
    let chosen = || EngineName::choose(store, &Wanted::default(), &context.connections);
    profile && !matches!(chosen(), Err(EngineError::NotSaid))
}
