//! A transaction on a connection: statements with typed values, several of them in one round trip.

use super::link::Line;
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::base::Base;
use crate::store::native::measures::FindingRow;
use crate::store::native::value::{Row, Value};
use futures::future::join_all;
use std::cell::RefCell;
use std::fmt::Write as _;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

/// A value with its type. Types are always said, so that nothing has to be prepared and kept on the server: behind a
/// pooler the next statement may run on another server process.
pub(super) struct Param {
    value: Box<dyn ToSql + Sync + Send>,
    kind: Type,
}

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident: $type:ty => $kind:ident;)*) => {
        impl Param {
            $($(#[$doc])*
            pub(super) fn $name(value: $type) -> Self {
                Self { value: Box::new(value), kind: Type::$kind }
            })*
        }
    };
}

params! {
    /// A whole number.
    int: i64 => INT8;
    /// A text.
    text: String => TEXT;
    /// Whole numbers.
    ints: Vec<i64> => INT8_ARRAY;
    /// Whole numbers, some missing.
    ints_or: Vec<Option<i64>> => INT8_ARRAY;
    /// Numbers.
    reals: Vec<f64> => FLOAT8_ARRAY;
    /// Texts.
    texts: Vec<String> => TEXT_ARRAY;
    /// Texts, some missing.
    texts_or: Vec<Option<String>> => TEXT_ARRAY;
    /// Bytes.
    blobs: Vec<Vec<u8>> => BYTEA_ARRAY;
    /// Ids.
    uuids: Vec<uuid::Uuid> => UUID_ARRAY;
    /// Ids, some missing.
    uuids_or: Vec<Option<uuid::Uuid>> => UUID_ARRAY;
}

impl From<&Value> for Param {
    fn from(value: &Value) -> Self {
        match value {
            // A type that the server finds out by itself.
            Value::Null => Self { value: Box::new(None::<String>), kind: Type::UNKNOWN },
            Value::Integer(n) => Self::int(*n),
            Value::Real(x) => Self { value: Box::new(*x), kind: Type::FLOAT8 },
            Value::Text(text) => Self::text(text.clone()),
            Value::Blob(bytes) => Self { value: Box::new(bytes.clone()), kind: Type::BYTEA },
            Value::Uuid(id) => Self { value: Box::new(*id), kind: Type::UUID },
        }
    }
}

/// A statement with its values.
pub(super) struct Statement {
    sql: String,
    params: Vec<Param>,
}

impl Statement {
    /// A statement whose values are called `$1`, `$2`...
    pub(super) fn new(sql: impl Into<String>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params }
    }

    /// A statement in the common form; see [`Base`].
    pub(super) fn common(sql: &str, values: &[Value]) -> Self {
        Self { sql: numbered(sql, 0), params: values.iter().map(Param::from).collect() }
    }

    fn typed(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.params.iter().map(|p| (&*p.value as &(dyn ToSql + Sync), p.kind.clone())).collect()
    }
}

/// Numbers the marks of the common form (`?` the next, `?3` the third) as PostgreSQL does, counting from `before`.
pub(super) fn numbered(sql: &str, before: usize) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut last = before;
    let mut rest = sql;
    while let Some((head, tail)) = rest.split_once('?') {
        out.push_str(head);
        let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = tail.split_at(digits);
        let number = number.parse().map_or(last + 1, |n: usize| before + n);
        last = last.max(number);
        let _ = write!(out, "${number}");
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A transaction that has begun.
pub(super) struct Tx<'a> {
    line: Line<'a>,
    /// What is written at the end, together with the commit.
    later: RefCell<Vec<Statement>>,
}

impl<'a> Tx<'a> {
    /// Begins one. As a rule nothing is waited for: the first statement goes out right behind.
    ///
    /// # Errors
    /// As [`Line::begin`].
    pub(super) fn begin(line: Line<'a>, read_only: bool) -> Result<Self> {
        let kind = if read_only { "ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "" };
        let address = &line.maker.address;
        let sql = format!(
            "BEGIN {kind}; SET LOCAL search_path TO \"{}\"; SET LOCAL statement_timeout TO {}",
            address.schema,
            address.limit.as_millis()
        );
        line.begin(sql, !read_only)?;
        Ok(Self { line, later: RefCell::default() })
    }

    /// Ends it: what was kept for later and the commit in one round trip, or nothing of it at all.
    ///
    /// # Errors
    /// With `true` when it is not known whether the commit was done: the connection was lost after it was sent.
    pub(super) fn end(self) -> std::result::Result<(), (StoreError, bool)> {
        self.all(&[], Some("COMMIT")).map(drop).map_err(|e| {
            let lost = matches!(e, StoreError::Offline { .. });
            (e, lost)
        })
    }

    /// Ends a read, or gives up a write, without waiting.
    pub(super) fn leave(self) {
        self.line.send("ROLLBACK");
    }

    /// Keeps a statement for the end.
    pub(super) fn later(&self, statement: Statement) {
        self.later.borrow_mut().push(statement);
    }

    /// Runs what was kept for later and then these statements, in order, in one round trip; all rows of each. `end`: a
    /// last text without values.
    fn all(&self, statements: &[Statement], end: Option<&str>) -> Result<Vec<Vec<tokio_postgres::Row>>> {
        self.line.go_on()?;
        let client = self.line.client;
        let later = self.later.take();
        let statements: Vec<&Statement> = later.iter().chain(statements).collect();
        // `join_all` polls up to 30 in the order in which they stand, and a first poll is what sends: so the server sees
        // them in this order.
        let mut results = Vec::with_capacity(statements.len());
        let chunks: Vec<&[&Statement]> = statements.chunks(24).collect();
        for (i, chunk) in chunks.iter().enumerate() {
            let last = end.filter(|_| i + 1 == chunks.len());
            results.extend(self.line.wait(async {
                let rows = join_all(chunk.iter().map(|s| run(client, s)));
                let end = async {
                    match last {
                        Some(text) => client.batch_execute(text).await,
                        None => Ok(()),
                    }
                };
                let (rows, ended) = futures::future::join(rows, end).await;
                let rows: std::result::Result<Vec<_>, _> = rows.into_iter().collect();
                let rows = rows?;
                ended.map(|()| rows)
            })?);
        }
        if let (Some(text), true) = (end, chunks.is_empty()) {
            self.line.wait(client.batch_execute(text))?;
        }
        Ok(results.split_off(later.len().min(results.len())))
    }

    /// Runs statements in order in one round trip; all rows of each.
    pub(super) fn ask(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        let results = self.all(statements, None)?;
        results.iter().map(|rows| rows.iter().map(|r| row(r, self.line.place())).collect()).collect()
    }

    /// All rows of one statement.
    pub(super) fn ask_one(&self, statement: Statement) -> Result<Vec<Row>> {
        Ok(self.ask(&[statement])?.pop().unwrap_or_default())
    }

    /// The store, for messages.
    pub(super) fn name(&self) -> &str {
        self.line.place()
    }

    /// Single statements that a file understands too.
    pub(super) fn base(&self) -> &dyn Base {
        self
    }

    /// Queues, as a file reads them too.
    pub(super) fn look(&self) -> &dyn crate::store::native::page::Look {
        self
    }
}

impl Base for Tx<'_> {
    fn place(&self) -> &str {
        self.line.place()
    }

    fn change(&self, sql: &str, values: &[Value]) -> Result<u64> {
        // What was kept for later comes first.
        self.all(&[], None)?;
        let statement = Statement::common(sql, values);
        self.line.wait(self.line.client.execute_typed(&statement.sql, &statement.typed()))
    }

    fn defer(&self, sql: &str, values: &[Value]) -> Result<()> {
        self.later(Statement::common(sql, values));
        Ok(())
    }

    fn fetch(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.ask_one(Statement::common(sql, values))
    }

    fn write_findings(&self, rows: &[FindingRow]) -> Result<()> {
        super::bulk::findings(self, rows);
        Ok(())
    }

    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()> {
        super::flush::labels(self, project, before, after);
        Ok(())
    }
}

/// Sends a statement when first polled, and waits for its rows.
async fn run(
    client: &Client,
    statement: &Statement,
) -> std::result::Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    client.query_typed(&statement.sql, &statement.typed()).await
}

/// A row without its driver.
fn row(row: &tokio_postgres::Row, place: &str) -> Result<Row> {
    let columns = row.columns().iter().enumerate();
    let value = |(i, column): (usize, &tokio_postgres::Column)| {
        let read = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(i).map(|v| v.map(Value::Integer)),
            Type::INT4 => row.try_get::<_, Option<i32>>(i).map(|v| v.map(|n| Value::Integer(n.into()))),
            Type::INT2 => row.try_get::<_, Option<i16>>(i).map(|v| v.map(|n| Value::Integer(n.into()))),
            Type::BOOL => row.try_get::<_, Option<bool>>(i).map(|v| v.map(|b| Value::Integer(b.into()))),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(i).map(|v| v.map(Value::Real)),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(i).map(|v| v.map(Value::Blob)),
            Type::UUID => row.try_get::<_, Option<uuid::Uuid>>(i).map(|v| v.map(Value::Uuid)),
            // What a lock or a notification returns.
            Type::VOID => Ok(None),
            _ => row.try_get::<_, Option<String>>(i).map(|v| v.map(Value::Text)),
        };
        read.map(|v| v.unwrap_or(Value::Null)).map_err(|e| StoreError::Corrupt {
            place: place.to_owned(),
            why: format!("column `{}` cannot be read: {e}", column.name()),
        })
    };
    columns.map(value).collect::<Result<Vec<Value>>>().map(Row)
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn marks_are_numbered_as_sqlite_numbers_them() {
        assert_eq!(numbered("a = ? AND b = ?1 AND c = ? LIMIT ?", 0), "a = $1 AND b = $1 AND c = $2 LIMIT $3");
        assert_eq!(numbered("?2, ?, ?1", 0), "$2, $3, $1");
        assert_eq!(numbered("x = ? AND y = ?1", 4), "x = $5 AND y = $5");
        assert_eq!(numbered("nothing", 0), "nothing");
    }
}
