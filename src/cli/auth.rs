//! `lakelens auth`: how lakelens would sign in to a workspace.

mod status;

use super::context::Context;
use super::error::{AppError, Kind};
use crate::remote::profile::error::ProfileError;
use clap::{Args, Subcommand};

/// Show which connection would be used, and why
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakelens auth status\n  lakelens auth status dev --json\n  lakelens auth status --check"
)]
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

/// The error at the edge: no credentials is about signing in, everything else about the configuration.
fn app_error(error: &ProfileError) -> AppError {
    let kind = if error.is_about_credentials() { Kind::Auth } else { Kind::Config };
    AppError { hints: error.remedies(), ..AppError::new(kind, error.to_string()) }
}
