//! Where results go: text with aligned columns for people, JSON for programs, a progress line on stderr.

use super::error::AppError;
pub(crate) use crate::domain::text::grouped;
use crate::domain::text::printable;
use crate::ops::report::TaskProgress;
use serde::Serialize;
use std::io::{BufWriter, Stdout, Write};
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthStr;

/// The progress line is redrawn at most this often.
const REDRAW: Duration = Duration::from_millis(100);

/// Standard output, buffered; every write may find that the reader went away.
pub(crate) struct Out {
    writer: BufWriter<Stdout>,
}

impl Out {
    /// The standard output of the process.
    pub(crate) fn stdout() -> Self {
        Self { writer: BufWriter::new(std::io::stdout()) }
    }

    /// A line of text that is already harmless.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), AppError> {
        Ok(writeln!(self.writer, "{text}")?)
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        Ok(self.writer.write_all(bytes)?)
    }

    /// One JSON document, indented for people who look at it.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), AppError> {
        serde_json::to_writer_pretty(&mut self.writer, value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.writer)?)
    }

    /// One JSON object on a line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), AppError> {
        serde_json::to_writer(&mut self.writer, value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.writer)?)
    }

    /// A table.
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), AppError> {
        Ok(self.writer.write_all(table.render().as_bytes())?)
    }

    /// Hands everything on to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), AppError> {
        Ok(self.writer.flush()?)
    }
}

/// Rows with aligned columns. Cells are made harmless when they are added.
#[derive(Debug, Default)]
pub(crate) struct Table {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads; a head that starts with `>` aligns its column to the right.
    pub(crate) fn new(heads: &[&str]) -> Self {
        let mut table = Self { right: heads.iter().map(|h| h.starts_with('>')).collect(), rows: Vec::new() };
        table.row(heads.iter().map(|h| h.trim_start_matches('>')));
        table
    }

    /// Adds a row.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|c| printable(c.as_ref()).into_owned()).collect());
    }

    fn render(&self) -> String {
        let column = |i: usize| self.rows.iter().filter_map(|r| r.get(i)).map(|c| c.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.right.len()).map(column).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (i, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths.get(i).copied().unwrap_or(0).saturating_sub(cell.width()));
                let right = self.right.get(i).copied().unwrap_or(false);
                let (before, after) = if right { (pad.as_str(), "") } else { ("", pad.as_str()) };
                line.push_str(&format!("{}{before}{cell}{after}", if i > 0 { "  " } else { "" }));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Bytes as people read them.
pub(crate) fn bytes(n: u64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB", "PB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 100.0 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// A progress line on stderr that is overwritten in place; silent where stderr is no terminal.
pub(crate) struct Progress {
    visible: bool,
    started: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    pub(super) fn new(visible: bool) -> Self {
        Self { visible, started: Instant::now(), drawn: None }
    }

    /// Shows how far the work is, unless the last line is still fresh.
    pub(crate) fn update(&mut self, progress: &TaskProgress) {
        if !self.visible || self.drawn.is_some_and(|at| at.elapsed() < REDRAW) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = progress_line(progress, self.started.elapsed());
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        let _ = std::io::stderr().flush();
    }
}

impl Drop for Progress {
    /// The line is not part of the result: it goes away.
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn progress_line(progress: &TaskProgress, elapsed: Duration) -> String {
    let mut line = format!("{}  {}", printable(&progress.step), grouped(progress.done));
    if let Some(total) = progress.total {
        line.push_str(&format!(" / {}", grouped(total)));
    }
    line.push_str(&format!(" {}", progress.unit));
    if let Some(share) = progress.share() {
        line.push_str(&format!("  {:.0} %", share * 100.0));
    }
    let seconds = elapsed.as_secs_f64();
    if seconds >= 1.0 {
        line.push_str(&format!("  {:.0}/s", progress.done as f64 / seconds));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_wide_and_hostile_text() {
        let mut table = Table::new(&["NAME", ">SIZE"]);
        table.row(["日本.jpg", "7"]);
        table.row(["a\u{1b}[2J", "1,000"]);
        assert_eq!(table.render(), "NAME       SIZE\n日本.jpg      7\na\\x1b[2J  1,000\n");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!((grouped(0), grouped(1234567)), ("0".to_owned(), "1,234,567".to_owned()));
        assert_eq!(
            (bytes(999), bytes(22_400), bytes(412_000_000_000)),
            ("999 B".into(), "22.4 KB".into(), "412 GB".into())
        );
        let p = TaskProgress { step: "reading".into(), done: 50, total: Some(200), unit: "files".into(), bytes: 0 };
        assert_eq!(progress_line(&p, Duration::from_secs(5)), "reading  50 / 200 files  25 %  10/s");
    }
}
