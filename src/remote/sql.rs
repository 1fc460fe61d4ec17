//! One face for every engine that takes SQL: Spark Connect servers and SQL warehouses.
//!
//! Why: a table must look the same to the rest of the program, whoever computes. What always holds: values never become
//! part of a statement, they travel as parameters or as attached rows; names become part of one only through
//! [`name::quoted`]; results are pulled batch by batch, so that memory stays bounded whatever their size.
//!
//! Calls block: they are for threads of their own, never for the screen's.

pub mod error;
pub mod history;
pub mod name;
pub mod sheet;

pub use error::SqlError;
pub use name::{TableName, quoted};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use tokio_util::sync::CancellationToken;

/// What engine calls return.
pub type Result<T> = std::result::Result<T, SqlError>;

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
}

/// Rows that travel with a statement, all columns texts; [`Engine::source`] is how the statement names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name: lower-case letters, digits and `_` only. A view of the session on Spark: use one name a thread.
    pub name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, as many values each as there are columns.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A statement and everything that belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// The SQL, with `:name` for each parameter.
    pub text: String,
    /// The parameters. Not every engine takes them in statements that change data: attach rows there.
    pub parameters: Vec<(String, Value)>,
    /// Rows to read from.
    pub attached: Option<Attached>,
    /// A message for the history of the table that it changes, where the engine has a place for it.
    pub message: Option<String>,
}

impl Statement {
    /// A statement without parameters.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.push((name.to_owned(), value));
        self
    }

    /// Attaches rows.
    #[must_use]
    pub fn attach(mut self, rows: Attached) -> Self {
        self.attached = Some(rows);
        self
    }

    /// Gives the message for the history.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }
}

/// What differs between engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Parameters are known to work in statements that change data.
    pub parameters_in_changes: bool,
    /// The message of a statement gets into the history of the table.
    pub messages: bool,
}

/// An engine that takes SQL.
pub trait Engine: Send + Sync {
    /// Where it is, for messages; safe to show.
    fn place(&self) -> &str;

    /// What it can do.
    fn dialect(&self) -> Dialect;

    /// What stands in a statement after `FROM` or `USING` for attached rows.
    fn source(&self, rows: &Attached) -> String;

    /// Runs a statement; returns once it was taken. What it changes is changed when all rows were read.
    ///
    /// # Errors
    /// [`SqlError::Refused`] means that nothing was changed; [`SqlError::Unknown`] that it cannot be known.
    fn run(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows>;

    /// Runs a statement to its end and forgets its rows: engines count changed rows differently, and some wrongly, so
    /// that a change is verified by reading it.
    ///
    /// # Errors
    /// As [`Engine::run`].
    fn change(&self, statement: &Statement, stop: &CancellationToken) -> Result<()> {
        let mut rows = self.run(statement, stop)?;
        while rows.next_batch()?.is_some() {}
        Ok(())
    }

    /// All rows of a small result.
    ///
    /// # Errors
    /// As [`Engine::run`].
    fn all(&self, statement: &Statement, stop: &CancellationToken) -> Result<Vec<RecordBatch>> {
        let mut rows = self.run(statement, stop)?;
        let mut out = Vec::new();
        while let Some(batch) = rows.next_batch()? {
            out.push(batch);
        }
        Ok(out)
    }
}

/// Where the batches of a result come from.
pub trait Source: Send {
    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// As [`Engine::run`].
    fn next_batch(&mut self) -> Result<Option<RecordBatch>>;
}

/// A result, read batch by batch. Dropping it early cancels what is left.
pub struct Rows {
    source: Box<dyn Source>,
    schema: Option<SchemaRef>,
    first: Option<RecordBatch>,
}

impl Rows {
    /// A result from its source; waits for the first batch, which has the columns.
    ///
    /// # Errors
    /// Those of the source.
    pub fn open(mut source: Box<dyn Source>) -> Result<Self> {
        let first = source.next_batch()?;
        Ok(Self { schema: first.as_ref().map(RecordBatch::schema), first, source })
    }

    /// The columns; `None` when the statement gives no rows at all, not even none.
    #[must_use]
    pub fn schema(&self) -> Option<SchemaRef> {
        self.schema.clone()
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// Those of the source.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        match self.first.take() {
            Some(batch) => Ok(Some(batch)),
            None => self.source.next_batch(),
        }
    }
}

/// The values of a column as texts, the way SQL would cast them.
///
/// # Errors
/// [`SqlError::Garbled`] when the column cannot be shown as text, or is not there.
pub fn texts(batch: &RecordBatch, column: usize, place: &str) -> Result<Vec<Option<String>>> {
    use arrow_array::{Array, StringArray};
    let garbled = |why: String| SqlError::Garbled { place: place.to_owned(), why };
    let values = batch.columns().get(column).ok_or_else(|| garbled(format!("there is no column {}", column + 1)))?;
    let cast = arrow_cast::cast(values, &arrow_schema::DataType::Utf8).map_err(|e| garbled(e.to_string()))?;
    let cast = cast.as_any().downcast_ref::<StringArray>().ok_or_else(|| garbled("not a column of text".to_owned()))?;
    Ok(cast.iter().map(|v| v.map(str::to_owned)).collect())
}
