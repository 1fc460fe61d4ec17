//! The log of a Delta table: which versions there are, what each commit says of itself, and where the log is damaged.
//!
//! What always holds: a file is read only up to [`LARGEST`] bytes; a line that cannot be read is an error with its number
//! only where the table cannot be read without it, and else leaves the commit without what it would have told.

use super::error::{DeltaError, words};
use super::files::Entry;
use super::{DeltaTable, Result};
use crate::domain::commit::Commit;
use crate::domain::text::printable;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tokio_util::sync::CancellationToken;

/// Bytes of a commit that are read for what it says of itself, and to find what is wrong.
const LARGEST: u64 = 64 << 20;
/// Commits that are searched for damage.
const SEARCHED: usize = 200;

/// The commits and checkpoints of a table.
pub(super) struct Log {
    commits: BTreeMap<i64, Entry>,
    checkpoints: Vec<i64>,
}

impl Log {
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        let (mut commits, mut checkpoints) = (BTreeMap::new(), Vec::new());
        for entry in entries {
            let Some((number, rest)) = entry.name.split_once('.') else { continue };
            let Some(version) = number.parse().ok().filter(|v| *v >= 0 && number.len() == 20) else { continue };
            if rest == "json" {
                commits.insert(version, entry);
            } else if rest.starts_with("checkpoint.") {
                checkpoints.push(version);
            }
        }
        Self { commits, checkpoints }
    }

    /// The versions that can be read: the first and the last. Nothing where there is none.
    pub(super) fn versions(&self) -> Option<(i64, i64)> {
        let (oldest, newest) = (*self.commits.keys().next()?, *self.commits.keys().next_back()?);
        let anchor = self.checkpoints.iter().copied().filter(|c| *c + 1 >= oldest).min();
        let first = if oldest == 0 { 0 } else { anchor.unwrap_or(oldest) };
        Some((first, newest.max(self.checkpoints.iter().copied().max().unwrap_or(0))))
    }
}

/// What a commit says of itself.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CommitInfo {
    timestamp: Option<Value>,
    in_commit_timestamp: Option<Value>,
    operation: Option<String>,
    user_name: Option<String>,
    user_id: Option<String>,
    user_metadata: Option<String>,
    operation_metrics: Option<HashMap<String, Value>>,
}

impl CommitInfo {
    fn commit(self, version: i64, entry: &Entry) -> Commit {
        let written = i64::try_from(
            entry.modified.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis(),
        );
        let ms = self.in_commit_timestamp.as_ref().or(self.timestamp.as_ref()).and_then(number);
        let at = ms.or(written.ok()).and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let safe = |text: Option<String>| text.map(|t| printable(&t).into_owned());
        let (added, removed) = self.rows();
        Commit {
            version,
            at: at.map(|at| at.to_string()),
            operation: safe(self.operation),
            user: safe(self.user_name.or(self.user_id)),
            message: safe(self.user_metadata),
            added,
            removed,
        }
    }

    /// Rows put in and taken out. A changed row is both.
    fn rows(&self) -> (Option<u64>, Option<u64>) {
        let Some(metrics) = &self.operation_metrics else { return (None, None) };
        let get = |name: &str| metrics.get(name).and_then(number).and_then(|n| u64::try_from(n).ok());
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
        };
        match self.operation.as_deref() {
            Some("MERGE") => {
                let updated = get("numTargetRowsUpdated");
                (sum(get("numTargetRowsInserted"), updated), sum(get("numTargetRowsDeleted"), updated))
            }
            Some("UPDATE") => (get("numUpdatedRows"), get("numUpdatedRows")),
            Some("DELETE") => (get("numDeletedRows").map(|_| 0), get("numDeletedRows")),
            Some("OPTIMIZE" | "VACUUM START" | "VACUUM END") => (None, None),
            _ => (get("numOutputRows").or(get("num_added_rows")), get("numDeletedRows")),
        }
    }
}

/// A number, which some writers write as a text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// What a line of a commit may be, as far as reading a table needs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Line {
    add: Option<Add>,
    remove: Option<Remove>,
    meta_data: Option<MetaData>,
    protocol: Option<Protocol>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Add {
    path: String,
    partition_values: HashMap<String, Option<String>>,
    size: i64,
    modification_time: i64,
    data_change: bool,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Remove {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct MetaData {
    id: String,
    schema_string: String,
    partition_columns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Protocol {
    min_reader_version: i32,
    min_writer_version: i32,
    reader_features: Option<Vec<String>>,
}

impl DeltaTable {
    /// What the log holds.
    ///
    /// # Errors
    /// [`DeltaError::NotDelta`] when there is no commit, and those of the place.
    pub(super) fn log(&self, stop: &CancellationToken) -> Result<Log> {
        let folder = self.inside("_delta_log");
        let entries = self.wait(stop, self.files.folder(&folder))?;
        let log = Log::of(entries);
        match log.versions() {
            Some(_) => Ok(log),
            None => Err(DeltaError::NotDelta { place: self.place.clone() }),
        }
    }

    /// The commits of the table, newest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the place. What a commit does not tell, or tells in a form that is not understood, is left out.
    pub fn commits(&self, limit: usize, stop: &CancellationToken) -> Result<Vec<Commit>> {
        let log = self.log(stop)?;
        let mut out = Vec::new();
        for (version, entry) in log.commits.iter().rev().take(limit) {
            let text = self.commit_text(entry, stop)?;
            out.push(info(&text).unwrap_or_default().commit(*version, entry));
        }
        Ok(out)
    }

    fn commit_text(&self, entry: &Entry, stop: &CancellationToken) -> Result<String> {
        let path = self.inside(&format!("_delta_log/{}", entry.name));
        let bytes = self.wait(stop, self.files.read(&path, 0..entry.size.min(LARGEST)))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Finds the line that the reader stumbled over, in the commits up to a version.
    pub(super) fn damage(&self, why: &str, version: Option<i64>, stop: &CancellationToken) -> DeltaError {
        let unknown = || DeltaError::Damaged { place: self.place.clone(), file: None, line: None, why: words(why) };
        let Ok(log) = self.log(stop) else { return unknown() };
        let after = log.checkpoints.iter().copied().filter(|c| version.is_none_or(|v| *c <= v)).max();
        let wanted = log.commits.iter().rev().filter(|(v, _)| version.is_none_or(|wanted| **v <= wanted));
        for (_, entry) in wanted.take_while(|(v, _)| after.is_none_or(|after| **v > after)).take(SEARCHED) {
            let Ok(text) = self.commit_text(entry, stop) else { continue };
            if let Some((line, why)) = bad_line(&text) {
                let (place, file) = (self.place.clone(), Some(format!("_delta_log/{}", entry.name)));
                return DeltaError::Damaged { place, file, line: Some(line), why };
            }
        }
        unknown()
    }
}

fn info(text: &str) -> Option<CommitInfo> {
    let line = text.lines().find(|line| line.trim_start().starts_with("{\"commitInfo\""))?;
    let mut value: Value = serde_json::from_str(line).ok()?;
    serde_json::from_value(value.get_mut("commitInfo")?.take()).ok()
}

/// The first line that is no action, from 1, and what is wrong with it.
fn bad_line(text: &str) -> Option<(usize, String)> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let wrong = |line: &str| match serde_json::from_str::<Line>(line) {
        Err(error) => Some(words(&error.to_string())),
        Ok(Line { meta_data: Some(meta), .. }) => match serde_json::from_str::<Value>(&meta.schema_string) {
            Err(error) => Some(format!("the schema of the table: {}", words(&error.to_string()))),
            Ok(_) => None,
        },
        Ok(_) => None,
    };
    let mut found = lines.filter_map(|(i, line)| Some((i + 1, wrong(line)?)));
    found.next().or_else(|| text.trim().is_empty().then(|| (1, "the commit is empty".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), size: 1, modified: std::time::SystemTime::UNIX_EPOCH }
    }

    #[test]
    fn versions_begin_where_a_table_can_be_rebuilt() {
        let log = |names: &[&str]| Log::of(names.iter().map(|n| entry(n)).collect()).versions();
        assert_eq!(log(&["00000000000000000000.json", "00000000000000000001.json", "_last_checkpoint"]), Some((0, 1)));
        let cleaned = ["00000000000000000010.checkpoint.parquet", "00000000000000000010.json"];
        assert_eq!(log(&[cleaned[0], cleaned[1], "00000000000000000011.json"]), Some((10, 11)));
        assert_eq!(log(&["00000000000000000000.crc", "x.json", ".json"]), None);
    }

    #[test]
    fn commits_say_what_they_did_and_numbers_may_be_texts() {
        let text = r#"{"commitInfo":{"timestamp":"0","operation":"MERGE","userName":"ann","userMetadata":"why\u001b","operationMetrics":{"numTargetRowsUpdated":"2","numTargetRowsInserted":1}}}"#;
        let commit = info(text).unwrap().commit(4, &entry("x"));
        assert_eq!((commit.version, commit.at.as_deref()), (4, Some("1970-01-01T00:00:00Z")));
        assert_eq!((commit.added, commit.removed, commit.user.as_deref()), (Some(3), Some(2), Some("ann")));
        assert!(!commit.message.unwrap().contains('\u{1b}'));
        assert!(info("{\"add\":{}}").is_none());
    }

    #[test]
    fn the_damaged_line_is_named() {
        assert_eq!(bad_line("{}\n{\"add\":7}\n").unwrap().0, 2);
        assert_eq!(bad_line("{}\n{\"add\":{\"path\":").unwrap().0, 2);
        assert_eq!(bad_line("").unwrap().0, 1);
        assert_eq!(bad_line("{\"txn\":{}}\n"), None);
    }
}
