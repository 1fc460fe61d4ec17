//! The `lakelens` program: parses the command line, runs it, maps errors to exit codes.

fn main() {}
