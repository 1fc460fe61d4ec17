//! The engine that runs SQL, as the command line names it.

use super::context::Context;
use super::error::{AppError, Kind};
use crate::remote::sql::{Engine, SqlError};
use crate::runtime::compute::{self, Standing};
use crate::runtime::engines::{EngineError, EngineName, HOW_TO_SAY, Opened, Wanted};
use clap::Args;
use std::io::{IsTerminal, Write};
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
    /// Start the cluster where it is stopped, which costs money while it runs
    #[arg(long)]
    pub(crate) start: bool,
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

/// The engine that the flags, `--store` or the profile name, running.
pub(crate) fn engine(args: &EngineArgs, context: &Context) -> Result<Arc<dyn Engine>, AppError> {
    let opened = open(args, context)?;
    awake(args, &opened, context)?;
    Ok(opened.engine)
}

/// The same, whether it runs or not: for work that does not need it.
pub(crate) fn asleep(args: &EngineArgs, context: &Context) -> Result<Arc<dyn Engine>, AppError> {
    Ok(open(args, context)?.engine)
}

fn open(args: &EngineArgs, context: &Context) -> Result<Opened, AppError> {
    let wanted = Wanted { profile: None, warehouse: args.warehouse.clone(), cluster: args.cluster.clone() };
    let name = EngineName::choose(&context.loaded.settings.store, &wanted, &context.connections)?;
    let opened = name.open(&context.connections)?;
    opened.notice.iter().for_each(|text| context.note(text));
    Ok(opened)
}

/// Sees to it that what the engine runs on runs: a warehouse is started by any statement, a cluster only by `--start`.
/// How it goes is told on stderr; Ctrl-C stops waiting.
fn awake(args: &EngineArgs, opened: &Opened, context: &Context) -> Result<(), AppError> {
    let Some(machine) = &opened.machine else { return Ok(()) };
    match compute::standing(machine)? {
        Standing::Runs => return Ok(()),
        Standing::Stopped(what) if !args.start => {
            return Err(AppError::failed(what).hint("--start starts it; it costs money while it runs"));
        }
        Standing::StartsByItself | Standing::Stopped(_) => {}
    }
    let stop = context.interrupts.as_ref().map(|i| i.token()).unwrap_or_default();
    let (terminal, mut last) = (std::io::stderr().is_terminal(), String::new());
    let told = compute::start(machine, &stop, |line| {
        // The time stands in brackets: elsewhere than on a terminal only what changes besides it is worth a line.
        let what = line.split(" (").next().unwrap_or_default().to_owned();
        if terminal {
            let _ = write!(std::io::stderr(), "\r{line:<78}");
        } else if what != last {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        last = what;
    });
    if terminal && !last.is_empty() {
        context.note("");
    }
    Ok(told?)
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
