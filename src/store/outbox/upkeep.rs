//! How much of what was sent stays in the journal.
//!
//! Why any: it is what a person can take back. What always holds: what waits, or waits for a person, is never removed.

use rusqlite::{Connection, params};

/// The last so many edits that were sent are kept,
const KEPT: i64 = 5_000;
/// and fewer where all of the journal takes more bytes than this: edits of crowded pictures are large.
pub(super) const BYTES: i64 = 256 << 20;
/// But never fewer than these.
const LEAST: i64 = 64;

/// Removes what was sent long ago.
pub(super) fn trim(db: &Connection, bytes: i64) -> rusqlite::Result<()> {
    let old = "DELETE FROM entry WHERE state IN (1, 4) AND seq <= (SELECT max(seq) FROM entry) - ?1";
    db.prepare_cached(old)?.execute([KEPT])?;
    let number = |sql: &str| db.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
    if pages * number("PRAGMA page_size")? <= bytes {
        return Ok(());
    }
    let sent = number("SELECT count(*) FROM entry WHERE state IN (1, 4)")?;
    db.execute(
        "DELETE FROM entry WHERE state IN (1, 4) AND seq <=
         (SELECT seq FROM entry WHERE state IN (1, 4) ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
        params![(sent / 2).max(LEAST)],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::journal::{Journal, SCHEMA};
    use super::*;

    /// A journal of edits that take a page and more each: the first were sent, the last wait.
    fn journal(sent: i64, waiting: i64) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        for n in 0..sent + waiting {
            let values = params![n.to_le_bytes(), i64::from(n < sent), "x".repeat(5_000)];
            let sql = "INSERT INTO entry(edit, project, author, state, body) VALUES(?, 1, 'ann', ?, ?)";
            db.execute(sql, values).unwrap();
        }
        db
    }

    fn left(db: &Connection) -> (i64, i64, i64) {
        let sql = "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 0), max(seq) FROM entry";
        db.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap()
    }

    #[test]
    fn what_was_sent_goes_by_number_and_by_size_and_what_waits_stays() {
        let db = journal(300, 10);
        trim(&db, BYTES).unwrap();
        assert_eq!(left(&db), (300, 10, 310), "small enough");
        trim(&db, 1 << 20).unwrap();
        assert_eq!(left(&db), (150, 10, 310), "the newer half");
        for _ in 0..5 {
            trim(&db, 1000).unwrap();
        }
        assert_eq!(left(&db), (LEAST, 10, 310));
        let many = journal(KEPT + 7, 0);
        trim(&many, i64::MAX).unwrap();
        assert_eq!(left(&many).0, KEPT);
    }

    #[test]
    fn a_journal_of_the_version_before_is_taken_over_and_a_newer_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        drop(Journal::open(&path).unwrap());
        let raw = Connection::open(&path).unwrap();
        let version = |db: &Connection| db.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0)).unwrap();
        let known = version(&raw);
        raw.pragma_update(None, "user_version", known - 1).unwrap();
        drop(Journal::open(&path).unwrap());
        assert_eq!(version(&raw), known);
        raw.pragma_update(None, "user_version", known + 1).unwrap();
        assert!(Journal::open(&path).is_err());
    }
}
