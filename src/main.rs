//! The `lakelens` program: parses the command line, runs it, maps errors to exit codes.

use lakelens::config::environment::Environment;
use std::process::ExitCode;

fn main() -> ExitCode {
    lakelens::remote::tls::install();
    lakelens::cli::run(std::env::args_os(), Environment::of_process())
}
