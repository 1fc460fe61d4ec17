//! Lines of input that could not be taken: written to a file of their own, with the reason, so that they can be mended
//! and given again.

use crate::cli::error::{AppError, Kind};
use crate::config::private_file;
use crate::domain::text::printable;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file of rejected lines; made with the first of them.
pub(crate) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    count: u64,
    first: Option<String>,
}

impl Rejects {
    /// Rejects go to this file.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, count: 0, first: None }
    }

    /// How many lines were rejected.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Notes a line: its number from 1, why, and what it was.
    pub(crate) fn push(&mut self, line: u64, reason: &str, input: &[u8]) -> Result<(), AppError> {
        self.count += 1;
        self.first.get_or_insert_with(|| format!("line {line}: {reason}"));
        let input = String::from_utf8_lossy(input);
        let record = serde_json::json!({ "line": line, "reason": reason, "input": input.trim_end() });
        self.write(&record.to_string()).map_err(|e| self.cannot(e))
    }

    fn write(&mut self, record: &str) -> io::Result<()> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
                private_file::create_folder(folder)?;
            }
            let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
            self.file = Some(BufWriter::new(open));
        }
        self.file.as_mut().map_or(Ok(()), |f| writeln!(f, "{record}"))
    }

    fn cannot(&self, error: io::Error) -> AppError {
        AppError::failed(format!("the rejects file {} cannot be written", self.shown())).because(error)
    }

    fn shown(&self) -> String {
        printable(&self.path.display().to_string()).into_owned()
    }

    /// The error that names the file, if anything was rejected.
    pub(crate) fn finish(mut self, taken: u64) -> Result<(), AppError> {
        let Some(first) = self.first.take() else { return Ok(()) };
        if let Some(Err(error)) = self.file.as_mut().map(Write::flush) {
            return Err(self.cannot(error));
        }
        let lines = if self.count == 1 { "line was" } else { "lines were" };
        let message = format!("{} {lines} rejected, {taken} taken; {first}", self.count);
        Err(AppError::new(Kind::Data, message)
            .hint(format!("the rejected lines and the reasons are in {}", self.shown())))
    }
}
