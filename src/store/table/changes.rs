//! What changed between two states of a table, in words, as remarks on the pictures of the mirror: so that a queue of
//! them is a filter like any other, and every screen that shows a picture can say what changed.
//!
//! What always holds: the remarks are by [`AUTHOR`], and of one comparison only: the next one takes their place. Who
//! changed a row is said only where the versions between were compared one by one; else the stretch of versions is.

use super::reading::TableReader;
use super::refresh::relative;
use super::source::TableSource;
use super::{AUTHOR, TableStore, project_of};
use crate::domain::commit::Commit;
use crate::domain::ids::SampleId;
use crate::domain::lake_path::LakePath;
use crate::domain::version::{At, Difference, What};
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use tokio_util::sync::CancellationToken;

/// Versions that are compared one by one at most; of more, only the ends are.
const STEPS: usize = 24;
/// Commits of the history that are looked at.
const COMMITS: u32 = 1000;
/// What an engine's clock may be off, as its zone is not told.
const ZONES: jiff::SignedDuration = jiff::SignedDuration::from_hours(26);
/// Commits that change no row.
const UPKEEP: [&str; 8] = [
    "OPTIMIZE",
    "VACUUM START",
    "VACUUM END",
    "SET TBLPROPERTIES",
    "UNSET TBLPROPERTIES",
    "CHANGE COLUMN",
    "ADD COLUMNS",
    "ADD CONSTRAINT",
];

/// What a comparison found, and what of it can be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reviewed {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Rows with another class.
    pub changed: u64,
    /// New rows.
    pub added: u64,
    /// Rows that are gone.
    pub removed: u64,
    /// Pictures that carry a remark now: the queue.
    pub pictures: u64,
    /// Changed and added rows that have no picture in the table any more.
    pub gone: u64,
}

/// A row, by id and path.
type Row<'a> = (&'a str, &'a str);

/// The commits that lie between two states, oldest first; `None` where that is not known or they are too many.
fn steps(
    reader: &dyn TableReader,
    source: &TableSource,
    (from, to): (&At, &At),
    stop: &CancellationToken,
) -> Result<Option<Vec<Commit>>> {
    let Some(last) = reader.version(source, to, stop)? else { return Ok(None) };
    let first = reader.version(source, from, stop)?;
    let commits = reader.commits(source, COMMITS, stop)?;
    let is_whole = commits.len() < COMMITS as usize;
    let reaches_back = is_whole || commits.last().zip(first).is_some_and(|(c, first)| c.version <= first + 1);
    let after = |c: &Commit| match first {
        Some(first) => c.version > first,
        None => !is_before(c, from),
    };
    let upkeep = |c: &Commit| c.operation.as_deref().is_some_and(|o| UPKEEP.contains(&o));
    let mut between: Vec<Commit> =
        commits.into_iter().filter(|c| c.version <= last && after(c) && !upkeep(c)).collect();
    between.reverse();
    Ok(Some(between).filter(|b| !b.is_empty() && b.len() <= STEPS && reaches_back))
}

/// Whether a commit lies before a time for certain, whatever the zone in which its own is written.
fn is_before(commit: &Commit, at: &At) -> bool {
    let utc = |t: DateTime| t.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp());
    let read = |text: &str| {
        let date = || text.parse::<jiff::civil::Date>().ok().and_then(|d| utc(d.at(0, 0, 0, 0)));
        text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc)).or_else(date)
    };
    let At::Time(time) = at else { return false };
    match (commit.at.as_deref().and_then(read), read(time)) {
        (Some(made), Some(time)) => made.checked_add(ZONES).is_ok_and(|latest| latest < time),
        _ => false,
    }
}

/// The commit that changed each row last.
fn makers<'a>(
    reader: &dyn TableReader,
    source: &TableSource,
    found: &'a [Difference],
    steps: &'a [Commit],
    stop: &CancellationToken,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<HashMap<Row<'a>, &'a Commit>> {
    let mut out: HashMap<Row<'a>, &'a Commit> = HashMap::new();
    if let [only] = steps {
        out.extend(found.iter().map(|d| ((d.id.as_str(), d.path.as_str()), only)));
        return Ok(out);
    }
    let wanted: HashMap<(String, String), Row<'a>> =
        found.iter().map(|d| ((d.id.clone(), d.path.clone()), (d.id.as_str(), d.path.as_str()))).collect();
    for (done, commit) in steps.iter().enumerate() {
        progress(done, steps.len());
        if commit.version == 0 {
            continue;
        }
        let (before, after) = (At::Version(commit.version - 1), At::Version(commit.version));
        for step in reader.diff(source, &before, &after, stop)? {
            if let Some(row) = wanted.get(&(step.id, step.path)) {
                out.insert(*row, commit);
            }
        }
    }
    Ok(out)
}

/// What happened to a row: `roses -> tulips` or `added`.
fn what(row: &Difference) -> String {
    let class = |class: &Option<String>| match class.as_deref().map(str::trim) {
        None | Some("") => "none".to_owned(),
        Some(class) => class.to_owned(),
    };
    match row.what {
        What::Changed => format!("{} -> {}", class(&row.before), class(&row.after)),
        What::Added => "added".to_owned(),
        What::Removed => "removed".to_owned(),
    }
}

/// Which version did it, and who: `version 5 by ann, 2026-11-03`.
fn who(commit: &Commit) -> String {
    let by = labellers(commit).or(commit.user.as_deref()).map(|by| format!(" by {by}")).unwrap_or_default();
    let day = commit.at.as_deref().and_then(|at| at.get(..10)).map(|day| format!(", {day}")).unwrap_or_default();
    format!("version {}{by}{day}", commit.version)
}

/// The people whose labels a batch of ours brought: the engine knows only who runs it.
fn labellers(commit: &Commit) -> Option<&str> {
    let message = commit.message.as_deref().filter(|m| m.starts_with("lakelens batch "))?;
    message.rsplit_once(" labels by ").map(|(_, people)| people)
}

/// The states between which the change lies, where nothing more is known.
fn stretch(from: &At, to: &At) -> String {
    match (from, to) {
        (At::Time(time), At::Now) => format!("since {time}"),
        (At::Version(version), At::Now) => format!("since version {version}"),
        (from, to) => format!("between {from} and {to}"),
    }
}

impl TableStore {
    /// Compares two states of the table, and puts what changed as remarks on the pictures of the mirror, in the place of
    /// those of the comparison before: a queue of them is the filter `comment`. The mirror has to be up to date.
    /// `progress` hears how many versions were compared, and of how many.
    ///
    /// # Errors
    /// Those of what reads the table, also for a version that is not there; the mirror's.
    pub fn review(
        &mut self,
        from: &At,
        to: &At,
        stop: &CancellationToken,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Reviewed> {
        let Some(project) = project_of(&mut self.inner)? else {
            return Err(StoreError::invalid(format!("{} was not read yet", self.place)));
        };
        let reader = self.reader.clone();
        let found = reader.diff(&self.source, from, to, stop)?;
        let steps = match found.is_empty() {
            true => None,
            false => steps(reader.as_ref(), &self.source, (from, to), stop)?,
        };
        let makers = match &steps {
            Some(steps) => makers(reader.as_ref(), &self.source, &found, steps, stop, progress)?,
            None => HashMap::new(),
        };
        let count = |what| found.iter().filter(|d| d.what == what).count() as u64;
        let mut report = Reviewed {
            from: from.to_string(),
            to: to.to_string(),
            changed: count(What::Changed),
            added: count(What::Added),
            removed: count(What::Removed),
            ..Reviewed::default()
        };
        let mut notes: BTreeMap<SampleId, String> = BTreeMap::new();
        for row in found.iter().filter(|d| d.what != What::Removed) {
            let place = LakePath::parse_whole(&row.path).map(|p| relative(&project.source, &p.to_string()));
            let sample = match place {
                Some(path) => self.inner.sample_by_path(project.id, &path)?.filter(|s| !s.missing),
                None => None,
            };
            let Some(sample) = sample else {
                report.gone += 1;
                continue;
            };
            let by = makers.get(&(row.id.as_str(), row.path.as_str())).map_or_else(|| stretch(from, to), |c| who(c));
            let note = notes.entry(sample.id).or_default();
            let gap = if note.is_empty() { "" } else { "\n" };
            note.push_str(&format!("{gap}{}\n{by}", what(row)));
        }
        report.pictures = notes.len() as u64;
        let notes: Vec<(SampleId, String)> = notes.into_iter().collect();
        self.inner.replace_comments(project.id, AUTHOR, &notes, Timestamp::now())?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: What, before: Option<&str>, after: Option<&str>) -> Difference {
        let [before, after] = [before, after].map(|c| c.map(str::to_owned));
        Difference { what: kind, id: "1".into(), path: "/p/1.jpg".into(), before, after }
    }

    fn commit(version: i64, user: Option<&str>, message: Option<&str>, at: Option<&str>) -> Commit {
        let [user, message, at] = [user, message, at].map(|t| t.map(str::to_owned));
        Commit { version, user, message, at, ..Commit::default() }
    }

    #[test]
    fn what_changed_is_said_in_words() {
        assert_eq!(what(&row(What::Changed, Some("roses"), Some("tulips"))), "roses -> tulips");
        assert_eq!(what(&row(What::Changed, Some(" "), Some("tulips"))), "none -> tulips");
        assert_eq!(what(&row(What::Added, None, Some("tulips"))), "added");
        assert_eq!(who(&commit(5, Some("bob"), None, Some("2026-11-03T00:00:00Z"))), "version 5 by bob, 2026-11-03");
        let ours = "lakelens batch 0192: 10 labels by ann, cleo";
        assert_eq!(who(&commit(6, Some("spark"), Some(ours), None)), "version 6 by ann, cleo");
        assert_eq!(who(&commit(7, None, Some("corrected"), Some("?"))), "version 7");
        assert_eq!(stretch(&At::Version(3), &At::Now), "since version 3");
        assert_eq!(stretch(&At::Version(3), &At::Version(9)), "between 3 and 9");
        assert_eq!(stretch(&At::Time("2026-11-01".into()), &At::Now), "since 2026-11-01");
    }

    #[test]
    fn a_commit_is_left_out_only_where_it_is_before_in_every_zone() {
        let at = At::Time("2026-11-10".into());
        assert!(is_before(&commit(1, None, None, Some("2026-11-07 10:00:00.123")), &at));
        assert!(!is_before(&commit(1, None, None, Some("2026-11-09 10:00:00.123")), &at));
        assert!(!is_before(&commit(1, None, None, Some("2026-11-12T00:00:00Z")), &at));
        assert!(!is_before(&commit(1, None, None, None), &at));
    }
}
