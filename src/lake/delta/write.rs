//! Rows into a Delta table, without any engine: a file is put beside the others, and one commit makes it part of the table.
//!
//! What always holds: readers see all rows of a file or none; nothing is replaced that was not asked to be, and what is
//! replaced stays in the table's history; of two that write at once one comes after the other; a file that did not become
//! part of the table is removed where that is certain. A table that wants more of its writers than this is refused.

use super::error::{DeltaError, told, words};
use super::put::is_part;
use super::{DeltaTable, Engine, LOG_BATCH, Result};
use crate::domain::text::printable;
use crate::domain::version::At;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::{ArrayRef, RecordBatch, StringArray, StructArray};
use delta_kernel::committer::FileSystemCommitter;
use delta_kernel::engine::arrow_conversion::TryIntoKernel;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::schema::{DataType, SchemaRef, StructField, StructType};
use delta_kernel::transaction::create_table::create_table;
use delta_kernel::transaction::{
    CommitResult, Transaction, TransactionBuilder, TransactionType, UpdateTableOperation, WriteState,
};
use delta_kernel::{FileMeta, KernelError, SnapshotRef};
use delta_kernel_default_engine::build_add_file_metadata;
use delta_kernel_default_engine::parquet::DataFileMetadata;
use delta_kernel_default_engine::stats::FileStatsAccumulator;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How often a commit is tried when others were faster.
const TRIES: u32 = 8;
/// Digits of the checksum that stand in the name of a file.
const DIGITS: usize = 16;
/// How the names of files end.
const END: &str = ".snappy.parquet";
/// Who writes, as the history of a table says it.
const WRITER: &str = concat!("lakelens/", env!("CARGO_PKG_VERSION"));

/// What becomes of rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// There must be no table yet, or one that holds just this already.
    Create,
    /// They stay; the new ones are added, in a version of their own.
    Append,
    /// They are replaced in one version; the versions before keep them.
    Replace,
}

/// Rows to be put into a table.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    /// A Parquet file of this machine; its columns are those of a table that is made.
    pub file: &'a Path,
    /// Its checksum, in hexadecimal.
    pub sha256: &'a str,
    /// What becomes of rows that are there.
    pub mode: Mode,
    /// Under which name the table remembers what was written last: the same for the same source of rows.
    pub source: &'a str,
    /// What the history of the table says of it.
    pub parameters: Vec<(String, String)>,
    /// The same in a sentence.
    pub message: String,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// They are in the table since this version.
    Written(i64),
    /// They were in it before, as of this version; nothing was changed.
    Already(i64),
}

/// What is known of a file before it is part of a table.
struct Data {
    schema: SchemaRef,
    rows: u64,
    bytes: u64,
}

impl DeltaTable {
    /// Puts rows into the table, which is made if it is not there.
    ///
    /// # Errors
    /// [`DeltaError::Exists`] where a table is in the way, [`DeltaError::NotWritable`] with the reason and the remedy, and
    /// those of the place.
    pub fn put(&self, rows: &Rows<'_>, stop: &CancellationToken) -> Result<Put> {
        self.try_put(rows, stop).map_err(|e| self.of_writing(e))
    }

    fn try_put(&self, rows: &Rows<'_>, stop: &CancellationToken) -> Result<Put> {
        if !self.files.can_write() {
            let why = "in a volume and in DBFS nothing decides between two commits at once; give a folder of this machine or a bucket \
                       (s3://, abfss://, gs://), or export Parquet and load it through an engine";
            return Err(self.not_writable(why));
        }
        let data = self.data(rows)?;
        let engine = self.engine(LOG_BATCH)?;
        if let Some(snapshot) = self.newest(&engine, stop)? {
            if let Some(done) = self.decide(&engine, &snapshot, rows, &data, stop)? {
                return Ok(done);
            }
        } else if self.holds_others(stop)? {
            let why = "the folder holds other files and no Delta table; name a new or an empty folder";
            return Err(self.not_writable(why));
        }
        let sum = rows.sha256.get(..DIGITS).unwrap_or(rows.sha256);
        let name = format!("rows-{sum}-{}{END}", uuid::Uuid::now_v7().simple());
        let put = self
            .wait(stop, self.files.upload(&self.inside(&name), rows.file))
            .and_then(|()| self.commit(&engine, rows, &data, &name, stop));
        if !matches!(put, Ok(Put::Written(_))) {
            self.tidy(&engine, &name);
        }
        put
    }

    /// Whether something lies in the folder that no writer of ours left there when it was killed before its first commit.
    fn holds_others(&self, stop: &CancellationToken) -> Result<bool> {
        Ok(self.wait(stop, self.files.holds_others(&self.folder, |name| is_left(name) || name == "_delta_log"))?
            || self.wait(stop, self.files.holds_others(&self.inside("_delta_log"), is_part))?)
    }

    /// Commits until nobody was faster.
    fn commit(
        &self,
        engine: &Engine,
        rows: &Rows<'_>,
        data: &Data,
        name: &str,
        stop: &CancellationToken,
    ) -> Result<Put> {
        for _ in 0..TRIES {
            if stop.is_cancelled() {
                return Err(DeltaError::Cancelled { place: self.place.clone() });
            }
            let snapshot = self.newest(engine, stop)?;
            if let Some(snapshot) = &snapshot
                && let Some(done) = self.decide(engine, snapshot, rows, data, stop)?
            {
                return Ok(done);
            }
            let tried = self.guarded(None, stop, || match &snapshot {
                Some(snapshot) => self.update(engine, snapshot, rows, data, name),
                None => self.create(engine, rows, data, name),
            })?;
            if let Some(version) = tried {
                return Ok(Put::Written(version));
            }
        }
        Err(self.not_writable("others write into it all the time; try again later"))
    }

    /// The newest state; nothing where there is no table.
    fn newest(&self, engine: &Engine, stop: &CancellationToken) -> Result<Option<SnapshotRef>> {
        match self.version(&At::Now, stop) {
            Ok(version) => self.snapshot(engine, version, stop).map(Some),
            Err(DeltaError::NotDelta { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing is to be done; an error where nothing may be.
    fn decide(
        &self,
        engine: &Engine,
        snapshot: &SnapshotRef,
        rows: &Rows<'_>,
        data: &Data,
        stop: &CancellationToken,
    ) -> Result<Option<Put>> {
        if rows.mode != Mode::Append {
            let log = self.engine(LOG_BATCH)?;
            let last = self.guarded(None, stop, || {
                snapshot.get_app_id_version(rows.source, engine).map_err(|e| self.refused(&e))
            })?;
            let files = self.scan_files(&log, snapshot, None, stop)?;
            let sum = rows.sha256.get(..DIGITS).unwrap_or(rows.sha256);
            let whole = |dv: &delta_kernel::scan::state::DvInfo| matches!(dv.cardinality(), Ok(None));
            let ours = files.iter().filter(|f| f.path.contains(sum) && whole(&f.dv_info)).count();
            let there = ours > 0 && (rows.mode == Mode::Create || files.len() == 1);
            if there && last == Some(mark(rows.sha256)) {
                return Ok(Some(Put::Already(i64::try_from(snapshot.version()).unwrap_or(i64::MAX))));
            }
        }
        if rows.mode == Mode::Create {
            return Err(DeltaError::Exists { place: self.place.clone() });
        }
        self.fits(snapshot, &data.schema).map(|()| None)
    }

    fn create(&self, engine: &Engine, rows: &Rows<'_>, data: &Data, name: &str) -> Result<Option<i64>> {
        let failed = |e: &KernelError| self.refused(e);
        let builder = create_table(&self.root, data.schema.clone(), WRITER, true);
        let builder = self.described(builder, rows, data, "Create")?;
        let mut transaction = match builder.build(engine, Box::new(FileSystemCommitter::new())) {
            Err(KernelError::TableAlreadyExistsAtPath(_)) => return Ok(None),
            built => built.map_err(|e| failed(&e))?,
        };
        let state = transaction.write_state().map_err(|e| failed(&e))?;
        self.add(&mut transaction, &state, rows, data, name)?;
        self.ended(transaction.commit(engine))
    }

    fn update(
        &self,
        engine: &Engine,
        snapshot: &SnapshotRef,
        rows: &Rows<'_>,
        data: &Data,
        name: &str,
    ) -> Result<Option<i64>> {
        let failed = |e: &KernelError| self.refused(e);
        let builder = snapshot.clone().update_table(UpdateTableOperation::Write, WRITER, true);
        let replaces = rows.mode == Mode::Replace;
        let builder = if replaces { builder } else { builder.with_blind_append() };
        let builder = self.described(builder, rows, data, if replaces { "Overwrite" } else { "Append" })?;
        let built = builder.build(engine, Box::new(FileSystemCommitter::new()));
        let mut transaction = built.map_err(|e| failed(&e))?;
        if replaces {
            let scan = snapshot.clone().scan_builder().build().map_err(|e| failed(&e))?;
            for files in scan.scan_metadata(engine).map_err(|e| failed(&e))? {
                transaction.remove_files(files.map_err(|e| failed(&e))?.scan_files);
            }
        }
        let state = transaction.write_state().map_err(|e| failed(&e))?;
        self.add(&mut transaction, &state, rows, data, name)?;
        self.ended(transaction.commit(engine))
    }

    /// What the history is to say.
    fn described<T: TransactionType>(
        &self,
        builder: TransactionBuilder<T>,
        rows: &Rows<'_>,
        data: &Data,
        mode: &str,
    ) -> Result<TransactionBuilder<T>> {
        let parameters = rows.parameters.iter().map(|(k, v)| (k.clone(), Some(v.clone())));
        let parameters = parameters.chain([("mode".to_owned(), Some(mode.to_owned()))]);
        let metrics = [("numFiles", 1), ("numOutputRows", data.rows), ("numOutputBytes", data.bytes)];
        let metrics = metrics.map(|(name, n)| (name, Some(n.to_string())));
        let message: ArrayRef = Arc::new(StringArray::from(vec![rows.message.clone()]));
        let wrong = |e: &dyn std::fmt::Display| self.not_writable(&words(&e.to_string()));
        let message = RecordBatch::try_from_iter([("userMetadata", message)]).map_err(|e| wrong(&e))?;
        let kind = StructType::try_new([StructField::nullable("userMetadata", DataType::STRING)]);
        let kind = kind.map_err(|e| wrong(&e))?;
        Ok(builder
            .with_transaction_id(rows.source, mark(rows.sha256))
            .with_operation_parameters(parameters)
            .with_operation_metrics(metrics)
            .with_commit_info(Box::new(ArrowEngineData::new(message)), Arc::new(kind)))
    }

    /// Adds a file to a transaction.
    fn add<S>(
        &self,
        transaction: &mut Transaction<S>,
        state: &Arc<WriteState>,
        rows: &Rows<'_>,
        data: &Data,
        name: &str,
    ) -> Result<()> {
        let failed = |e: &KernelError| self.refused(e);
        let context = state.write_context_builder().build().map_err(|e| failed(&e))?;
        let statistics = self.statistics(rows, state, context.physical_data_schema())?;
        let location = context.table_root_dir().join(name);
        let location = location.map_err(|e| self.not_writable(&words(&e.to_string())))?;
        let now = jiff::Timestamp::now().as_millisecond();
        let meta = FileMeta { location, last_modified: now, size: data.bytes };
        let added = build_add_file_metadata(DataFileMetadata::new(meta, statistics), &context);
        transaction.add_files(added.map_err(|e| failed(&e))?);
        Ok(())
    }

    /// Numbers of rows and empty cells, least and greatest values, by which readers leave files out.
    fn statistics(&self, rows: &Rows<'_>, state: &WriteState, schema: &StructType) -> Result<StructArray> {
        let wrong = |e: &dyn std::fmt::Display| self.not_writable(&words(&e.to_string()));
        let mut sum = FileStatsAccumulator::new(state.stats_columns(), schema);
        let file = File::open(rows.file).map_err(|e| wrong(&e))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build()).map_err(|e| wrong(&e))?;
        let mut empty = Some(RecordBatch::new_empty(arrow_array::RecordBatchReader::schema(&reader)));
        for batch in reader {
            sum.merge(&batch.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
            empty = None;
        }
        if let Some(batch) = empty {
            sum.merge(&batch).map_err(|e| wrong(&e))?;
        }
        sum.finish().map_err(|e| wrong(&e))?.ok_or_else(|| self.not_writable("the file of the rows tells nothing"))
    }

    /// What a commit came to; nothing where somebody else was faster.
    fn ended<S>(&self, done: delta_kernel::KernelResult<CommitResult<S>>) -> Result<Option<i64>> {
        match done.map_err(|e| self.refused(&e))? {
            CommitResult::Committed(done) => Ok(Some(i64::try_from(done.commit_version()).unwrap_or(i64::MAX))),
            CommitResult::Conflicted(_) => Ok(None),
            CommitResult::Retryable(failed) => Err(self.refused(&failed.error)),
        }
    }

    /// Columns and size of a file of rows.
    fn data(&self, rows: &Rows<'_>) -> Result<Data> {
        let wrong = |e: &dyn std::fmt::Display| self.not_writable(&words(&e.to_string()));
        let file = File::open(rows.file).map_err(|e| wrong(&e))?;
        let bytes = file.metadata().map_err(|e| wrong(&e))?.len();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| wrong(&e))?;
        // What else stands beside the columns is for other readers of the file.
        let fields = arrow_schema::Schema::new(builder.schema().fields().clone());
        let schema: StructType = (&fields).try_into_kernel().map_err(|e| wrong(&e))?;
        let rows = builder.metadata().file_metadata().num_rows();
        Ok(Data { schema: Arc::new(schema), rows: u64::try_from(rows).unwrap_or(0), bytes })
    }

    /// Whether a table takes rows with these columns.
    fn fits(&self, snapshot: &SnapshotRef, ours: &StructType) -> Result<()> {
        let refuse = |why: String| {
            let remedy = "export into a new folder, or export Parquet and load it through an engine";
            Err(self.not_writable(&format!("{why}; {remedy}")))
        };
        let metadata = snapshot.table_configuration().metadata();
        if !metadata.partition_columns().is_empty() {
            return refuse("its rows are divided into partitions".to_owned());
        }
        if metadata.configuration().get("delta.columnMapping.mode").is_some_and(|mode| mode != "none") {
            return refuse("its columns have other names in its files".to_owned());
        }
        let table = snapshot.schema();
        for field in ours.fields() {
            let name = printable(field.name()).into_owned();
            match table.field(field.name()) {
                None => return refuse(format!("it has no column `{name}`")),
                Some(column) if column.data_type != field.data_type => {
                    let (is, wanted) = (column.data_type.to_string(), field.data_type.to_string());
                    return refuse(format!("its column `{name}` is of type {is}, not {wanted}"));
                }
                Some(column) if field.nullable && !column.nullable => {
                    return refuse(format!("its column `{name}` must not be empty, and may be in the rows"));
                }
                Some(_) => {}
            }
        }
        match table.fields().find(|f| !f.nullable && ours.field(f.name()).is_none()) {
            Some(field) => {
                let name = printable(field.name()).into_owned();
                refuse(format!("its column `{name}` must not be empty, and the rows do not have it"))
            }
            None => Ok(()),
        }
    }

    /// Removes a file that did not become part of the table. Where that is not certain, it stays: a commit whose answer
    /// was lost may have named it, and a vacuum finds it otherwise.
    fn tidy(&self, engine: &Engine, name: &str) {
        let stop = CancellationToken::new();
        let live = match self.newest(engine, &stop) {
            Ok(None) => Ok(false),
            Ok(Some(snapshot)) => self
                .engine(LOG_BATCH)
                .and_then(|log| self.scan_files(&log, &snapshot, None, &stop))
                .map(|files| files.iter().any(|f| f.path == name)),
            Err(error) => Err(error),
        };
        if matches!(live, Ok(false))
            && let Err(error) = self.wait(&stop, self.files.remove(&self.inside(name)))
        {
            tracing::warn!(%error, name, "a file that is no part of the table could not be removed");
        }
    }

    fn not_writable(&self, why: &str) -> DeltaError {
        DeltaError::NotWritable { place: self.place.clone(), why: why.to_owned() }
    }

    /// What the writer says, as a failure of writing.
    fn refused(&self, error: &KernelError) -> DeltaError {
        told(&self.place, error).unwrap_or_else(|| self.not_writable(&words(&error.to_string())))
    }

    /// The same failure, in the words of writing.
    fn of_writing(&self, error: DeltaError) -> DeltaError {
        match error {
            DeltaError::Unsupported { what, .. } => {
                self.not_writable(&format!("{what}; export into a new folder, or load Parquet through an engine"))
            }
            DeltaError::Unreadable { file, why, .. } => self.not_writable(&format!("{file}: {why}")),
            other => other,
        }
    }
}

/// A number that stands for a checksum.
fn mark(sha256: &str) -> i64 {
    let bits = sha256.get(..DIGITS).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    i64::try_from(bits.unwrap_or_default() >> 1).unwrap_or_default()
}

/// Whether a file has the name of rows that [`DeltaTable::put`] uploads, or is becoming one.
fn is_left(name: &str) -> bool {
    let hex = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    let rows = name.strip_prefix("rows-").and_then(|name| name.strip_suffix(END)).and_then(|name| name.split_once('-'));
    rows.is_some_and(|(sum, run)| hex(sum, DIGITS) && hex(run, 32)) || (is_part(name) && name.starts_with(".rows-"))
}
