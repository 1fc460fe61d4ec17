//! `lakelens auth`: how lakelens would sign in to a workspace.

mod status;

use super::context::Context;
use super::error::{AppError, Kind};
use crate::config::workspaces::{self, Found};
use crate::remote::ini::LARGEST;
use crate::remote::profile::auth::Programs;
use crate::remote::profile::error::ProfileError;
use crate::remote::profile::{Inputs, ProfileFile};
use clap::{Args, Subcommand};

/// Show which connection would be used, and why
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens auth status\n  lakelens auth status dev --json")]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Debug, Subcommand)]
enum AuthCommand {
    Status(status::StatusArgs),
}

pub(super) fn run(args: &AuthArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        AuthCommand::Status(args) => status::run(args, context),
    }
}

/// What decides about a connection, read once.
struct Source {
    file: ProfileFile,
    mode: Option<u32>,
    programs: Programs,
}

impl Source {
    fn read(context: &Context) -> Self {
        let Found { path, bytes, mode } = workspaces::read(&context.environment, LARGEST as u64);
        let (az, databricks) = workspaces::programs(&context.environment);
        Self { file: ProfileFile::read(&path, bytes), mode, programs: Programs { az, databricks } }
    }

    fn inputs<'a>(&'a self, profile: Option<(&'a str, &'a str)>, context: &'a Context) -> Inputs<'a> {
        let variables = &context.environment.variables;
        Inputs { profile, arguments: &[], variables, file: &self.file, programs: self.programs }
    }
}

/// The error at the edge: no credentials is about signing in, everything else about the configuration.
fn app_error(error: &ProfileError) -> AppError {
    let kind = if error.is_about_credentials() { Kind::Auth } else { Kind::Config };
    AppError { hints: error.remedies(), ..AppError::new(kind, error.to_string()) }
}
