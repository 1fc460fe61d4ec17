//! The command line: grammar, one file per subcommand, text for people and JSON for programs, the error report.
//!
//! What always holds: results go to stdout, everything else to stderr; in a pipe there is no colour and no progress bar;
//! a reader that goes away (`| head`) is not an error.

pub mod error;
