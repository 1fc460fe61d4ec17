//! Statements that ran before, kept between sessions: by engine, private, bounded, and never one that may hold a secret.

use crate::config::private_file;
use crate::domain::sql_text::may_hold_secret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Statements of an engine at most.
const KEPT: usize = 200;
/// Bytes of a statement that is kept at most.
const LONGEST: usize = 16 * 1024;
/// Bytes of the file at most.
const FILE: u64 = 4 << 20;

/// By engine, the oldest first.
type Statements = BTreeMap<String, Vec<String>>;

/// The history; without a file it is forgotten at the end.
pub(super) struct History {
    file: Option<PathBuf>,
    /// What is known where there is no file, or it cannot be used.
    here: Mutex<Statements>,
}

impl History {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, here: Mutex::default() }
    }

    /// What ran on an engine.
    pub(super) fn of(&self, engine: &str) -> Vec<String> {
        let read = self.read();
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = read.get(engine).cloned().unwrap_or_default();
        let own = here.get(engine).into_iter().flatten();
        own.for_each(|text| add(&mut all, text));
        all
    }

    fn read(&self) -> Statements {
        let Some(file) = &self.file else { return Statements::new() };
        match private_file::read_text(file, FILE) {
            Ok(Some(text)) => serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "the history of statements cannot be read");
                Statements::new()
            }),
            Ok(None) => Statements::new(),
            Err(error) => {
                tracing::warn!(%error, "the history of statements cannot be read");
                Statements::new()
            }
        }
    }

    /// Keeps a statement. What cannot be written is kept for this session.
    pub(super) fn keep(&self, engine: &str, text: &str) {
        if may_hold_secret(text) || text.len() > LONGEST {
            return;
        }
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        add(here.entry(engine.to_owned()).or_default(), text);
        let Some(file) = &self.file else { return };
        // Read again: another window may have written meanwhile.
        let mut all = self.read();
        add(all.entry(engine.to_owned()).or_default(), text);
        let written = serde_json::to_vec(&all).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|bytes| private_file::replace(file, &bytes)) {
            tracing::warn!(%error, "a statement was not kept");
        }
    }
}

/// Adds a statement as the newest, once.
fn add(list: &mut Vec<String>, text: &str) {
    list.retain(|known| known != text);
    list.push(text.to_owned());
    let over = list.len().saturating_sub(KEPT);
    list.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn statements_are_kept_by_engine_without_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data/sql-history.json");
        let history = History::new(Some(file.clone()));
        for text in ["SELECT 1", "SELECT 2", "CREATE CONNECTION c OPTIONS (password 'x')", "SELECT 1"] {
            history.keep("a", text);
        }
        history.keep("b", "SHOW TABLES");
        let again = History::new(Some(file.clone()));
        assert_eq!(
            (again.of("a"), again.of("b")),
            (vec!["SELECT 2".into(), "SELECT 1".into()], vec!["SHOW TABLES".into()])
        );
        assert!(!std::fs::read_to_string(&file).unwrap().contains("password"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        (0..300).for_each(|n| again.keep("a", &format!("SELECT {n}")));
        assert_eq!((again.of("a").len(), again.of("a").last().unwrap().as_str()), (200, "SELECT 299"));
        // A damaged file is no reason not to work.
        std::fs::write(&file, "{").unwrap();
        assert_eq!(again.of("a").len(), 200);
        let without = History::new(None);
        without.keep("a", "SELECT 1");
        assert_eq!(without.of("a"), ["SELECT 1"]);
    }
}
