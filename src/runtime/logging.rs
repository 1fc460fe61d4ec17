//! The log file: off unless asked for, in the state folder, never on the terminal.
//!
//! What is logged are our own words, numbers and names passed through `printable`. Tokens and passwords live in types
//! that print as `***`, so they cannot reach it.

use crate::config::private_file;
use crate::config::settings::LogLevel;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;
use tracing::level_filters::LevelFilter;

/// A log file larger than this is put aside as `.old` when the program starts.
const LARGEST_FILE: u64 = 8 << 20;

/// Starts the log, if it is on. May be called once in a process; later calls change nothing.
///
/// # Errors
/// When the file cannot be made.
pub fn start(level: LogLevel, file: &Path) -> io::Result<()> {
    let filter = match level {
        LogLevel::Off => return Ok(()),
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    if let Some(folder) = file.parent() {
        private_file::create_folder(folder)?;
    }
    if std::fs::metadata(file).is_ok_and(|m| m.len() > LARGEST_FILE) {
        std::fs::rename(file, file.with_extension("log.old"))?;
    }
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(file)?;
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(filter)
        .with_ansi(false)
        .with_target(true)
        .with_writer(Mutex::new(opened))
        .finish();
    // An error only says that a log is running already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}
