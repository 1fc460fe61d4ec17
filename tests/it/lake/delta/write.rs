//! Writes small Delta tables: the log as JSON, the rows as Parquet, as the protocol says.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use delta_kernel::parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Milliseconds of 2026-11-01T00:00:00Z.
const FIRST_DAY: i64 = 1_793_491_200_000;
const DAY: i64 = 86_400_000;

/// A table that is being written.
pub(crate) struct Written {
    folder: PathBuf,
    version: i64,
    /// Columns stand in the files under other names.
    pub(crate) mapped: bool,
}

/// A file of rows.
pub(crate) struct Rows {
    path: String,
    size: u64,
    rows: usize,
}

impl Rows {
    pub(crate) fn add(&self) -> Value {
        json!({ "add": {
            "path": self.path, "partitionValues": {}, "size": self.size, "modificationTime": FIRST_DAY,
            "dataChange": true, "stats": format!("{{\"numRecords\":{}}}", self.rows),
        }})
    }

    pub(crate) fn add_in(&self, day: &str) -> Value {
        let mut action = self.add();
        action["add"]["partitionValues"] = json!({ "phys-day": day });
        action
    }

    pub(crate) fn add_with(&self, deletions: &Value) -> Value {
        let mut action = self.add();
        action["add"]["deletionVector"] = deletions.clone();
        action
    }

    pub(crate) fn remove(&self) -> Value {
        json!({ "remove": { "path": self.path, "deletionTimestamp": FIRST_DAY, "dataChange": true } })
    }
}

impl Written {
    pub(crate) fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("_delta_log")).unwrap();
        Self { folder: folder.to_owned(), version: -1, mapped: false }
    }

    fn physical(&self, name: &str) -> String {
        if self.mapped { format!("phys-{name}") } else { name.to_owned() }
    }

    /// Writes rows of id and class; an empty class is none. The path in the log is the encoded one.
    pub(crate) fn file(&self, path: &str, rows: &[(&str, &str)]) -> Rows {
        let place = self.folder.join(path.replace("%20", " "));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let ids = StringArray::from_iter_values(rows.iter().map(|r| r.0));
        let classes: StringArray = rows.iter().map(|r| Some(r.1).filter(|c| !c.is_empty())).collect();
        let paths = StringArray::from_iter_values(rows.iter().map(|r| format!("/photos/{}.jpg", r.0)));
        let columns: Vec<(String, ArrayRef, bool)> = vec![
            (self.physical("id"), Arc::new(ids), true),
            (self.physical("class"), Arc::new(classes), true),
            (self.physical("path"), Arc::new(paths), true),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&place).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        Rows { path: path.to_owned(), size: fs::metadata(&place).unwrap().len(), rows: rows.len() }
    }

    /// The protocol and the schema go into the next commit.
    pub(crate) fn begin(&mut self, partitions: &[&str]) {
        let names = ["id", "class", "path"].into_iter().chain(partitions.iter().copied());
        let field = |(i, name): (usize, &str)| {
            let mapping =
                json!({ "delta.columnMapping.id": i + 1, "delta.columnMapping.physicalName": self.physical(name) });
            let metadata = if self.mapped { mapping } else { json!({}) };
            json!({ "name": name, "type": "string", "nullable": true, "metadata": metadata })
        };
        let fields: Vec<Value> = names.enumerate().map(field).collect();
        let mut configuration = json!({ "owner": "the lab", "delta.enableDeletionVectors": "true" });
        let mut features = vec!["deletionVectors"];
        if self.mapped {
            configuration["delta.columnMapping.mode"] = json!("name");
            configuration["delta.columnMapping.maxColumnId"] = json!(fields.len().to_string());
            features.push("columnMapping");
        }
        let schema = json!({ "type": "struct", "fields": fields }).to_string();
        self.version += 1;
        let lines = [
            json!({ "protocol": { "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features } }),
            json!({ "metaData": {
                "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", "format": { "provider": "parquet", "options": {} },
                "schemaString": schema, "partitionColumns": partitions, "configuration": configuration,
                "createdTime": FIRST_DAY,
            }}),
        ];
        self.append(&lines);
        self.version -= 1;
    }

    /// A commit a day.
    pub(crate) fn commit(&mut self, operation: &str, user: &str, message: &str, actions: &[Value]) {
        self.version += 1;
        let at = FIRST_DAY + DAY * self.version;
        let mut info = json!({ "timestamp": at, "operation": operation, "userName": user, "operationMetrics": {} });
        if !message.is_empty() {
            info["userMetadata"] = json!(message);
        }
        self.append(&[json!({ "commitInfo": info })]);
        self.append(actions);
        // Versions are found by time through the time of their files.
        let written = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(at).unwrap());
        File::options().append(true).open(self.log()).unwrap().set_modified(written).unwrap();
    }

    /// A commit that is this line and nothing else.
    pub(crate) fn line(&mut self, line: &str) {
        self.version += 1;
        fs::write(self.log(), format!("{line}\n")).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("_delta_log/{:020}.json", self.version))
    }

    fn append(&self, lines: &[Value]) {
        let mut file = File::options().create(true).append(true).open(self.log()).unwrap();
        lines.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    }
}

/// A deletion vector that stands in the log itself, of at most 65,536 rows.
pub(crate) fn inline_deletions(rows: &[u16]) -> Value {
    far_deletions(0, rows)
}

/// The same, of rows that come after so many times 2^32 others.
pub(crate) fn far_deletions(high: u32, rows: &[u16]) -> Value {
    let mut bytes = Vec::new();
    bytes.extend(1_681_511_377_u32.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(high.to_le_bytes());
    // One bitmap without runs, with one container of sorted numbers.
    bytes.extend(12_346_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend(u16::try_from(rows.len() - 1).unwrap().to_le_bytes());
    bytes.extend(16_u32.to_le_bytes());
    rows.iter().for_each(|row| bytes.extend(row.to_le_bytes()));
    let size = bytes.len();
    json!({
        "storageType": "i", "pathOrInlineDv": z85(&bytes), "sizeInBytes": size, "cardinality": rows.len(),
    })
}

/// Five characters for four bytes, padded with zeros.
fn z85(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut out = String::new();
    for four in bytes.chunks(4) {
        let mut word = [0; 4];
        word[..four.len()].copy_from_slice(four);
        let number = u32::from_be_bytes(word);
        let digit = |power: u32| char::from(DIGITS[(number / 85_u32.pow(power) % 85) as usize]);
        out.extend((0..5).rev().map(digit));
    }
    out
}
