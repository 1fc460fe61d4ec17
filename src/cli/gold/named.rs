//! The pictures that a file names, one a line.
//!
//! What always holds: either every name means exactly one picture, or nothing is done and every name that does not is told
//! with its line; memory is bounded by how many names are taken at once.

use crate::cli::context::Context;
use crate::cli::error::{AppError, Kind};
use crate::cli::output::grouped;
use crate::cli::stores;
use crate::config::paths::expand;
use crate::domain::ids::SampleId;
use crate::domain::project::Project;
use crate::domain::text::{encode_os, printable};
use crate::formats::csv::{CsvError, CsvRows, unguarded};
use crate::ops::Watch;
use crate::ops::import::{Matching, Meant, meant};
use crate::store::Store;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;

/// So many names are taken at once; what is trusted is written as a whole, and held until then.
const MOST: usize = 20_000;
/// A longer line is no path.
const LONGEST: u64 = 64 << 10;
/// Names that are wrong are told up to so many.
const FEW: usize = 10;

/// A name and the line it stands in, counted from 1.
type Name = (u64, String);

/// The pictures that a file names, each once, in the order of the file; with the place of each for messages.
pub(super) fn pictures(
    store: &mut dyn Store,
    project: &Project,
    from: &OsString,
    matching: Matching,
    context: &mut Context,
) -> Result<Vec<(SampleId, String)>, AppError> {
    let file = if from == "-" { "stdin".to_owned() } else { printable(&stores::path_text(from)).into_owned() };
    let names = read(from, &file, context)?;
    let texts: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    let cancel = context.cancel();
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let found = meant(store, project, (matching, ""), &texts, &mut watch);
    drop(progress);
    let (mut out, mut wrong, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for ((line, name), found) in names.iter().zip(found?) {
        let name = printable(name);
        match found {
            Meant::One(id) if seen.insert(id) => out.push((id, format!("{file}:{line}"))),
            Meant::One(_) => {}
            Meant::None => wrong.push(format!("{file}:{line}: the project has no picture `{name}`")),
            Meant::Several(n) => wrong.push(format!("{file}:{line}: `{name}` may be {n} pictures")),
        }
    }
    match wrong.is_empty() {
        true => Ok(out),
        false => Err(refused(&wrong, matching)),
    }
}

fn refused(wrong: &[String], matching: Matching) -> AppError {
    let mut text = wrong.iter().take(FEW).map(String::as_str).collect::<Vec<_>>().join("\n");
    if wrong.len() > FEW {
        text += &format!("\nand {} more", grouped((wrong.len() - FEW) as u64));
    }
    let error = AppError::new(Kind::Data, format!("{text}\nnothing was changed"));
    match matching {
        Matching::Path => error.hint("--match name or --match suffix finds pictures by less than their whole path"),
        _ => error,
    }
}

/// The names of a file, at least one.
fn read(from: &OsString, file: &str, context: &Context) -> Result<Vec<Name>, AppError> {
    let cannot = |e: std::io::Error| AppError::failed(format!("{file} cannot be read")).because(e);
    let path = expand(&stores::path_text(from), &context.environment);
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let names = match from == "-" {
        true => lines(BufReader::new(std::io::stdin()), file)?,
        false => {
            let opened = std::fs::File::open(&path).map_err(cannot)?;
            if opened.metadata().map_err(cannot)?.is_dir() {
                return Err(AppError::failed(format!("{file} is a folder; a file with a path in each line is wanted")));
            }
            match ending.as_str() {
                "csv" | "tsv" => cells(opened, file)?,
                _ => lines(BufReader::new(opened), file)?,
            }
        }
    };
    match names.is_empty() {
        true => Err(AppError::new(Kind::Data, format!("{file} names no picture"))),
        false => Ok(names),
    }
}

/// One name a line; empty lines are none.
fn lines(mut input: impl BufRead, file: &str) -> Result<Vec<Name>, AppError> {
    let (mut out, mut line, mut number) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let read = read.map_err(|e| AppError::failed(format!("{file} cannot be read")).because(e))?;
        if read == 0 {
            return Ok(out);
        }
        number += 1;
        if read as u64 == LONGEST && !line.ends_with(b"\n") {
            return Err(AppError::new(Kind::Data, format!("{file}:{number}: the line is too long for a path")));
        }
        if number == 1 && (line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff")) {
            return Err(AppError::new(Kind::Data, format!("{file} is in UTF-16; save it as UTF-8 and try again")));
        }
        let mut bytes = line.trim_ascii();
        if number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        keep(&mut out, number, encode_os(OsStr::from_bytes(bytes)), file)?;
    }
}

/// The first cell of each row below the header, if there is one.
fn cells(input: impl Read + 'static, file: &str) -> Result<Vec<Name>, AppError> {
    let broken = |e: CsvError| AppError::new(Kind::Data, format!("{file}: {e}"));
    let mut rows = match CsvRows::of_any_size(input) {
        Err(CsvError::Empty) => return Ok(Vec::new()),
        rows => rows.map_err(broken)?,
    };
    let (mut out, mut cells) = (Vec::new(), Vec::new());
    while let Some(number) = rows.next_row(&mut cells).map_err(broken)? {
        let first = cells.first().map(|cell| unguarded(cell).trim().to_owned()).unwrap_or_default();
        keep(&mut out, number, first, file)?;
    }
    Ok(out)
}

fn keep(out: &mut Vec<Name>, line: u64, name: String, file: &str) -> Result<(), AppError> {
    if name.is_empty() {
        return Ok(());
    }
    if out.len() == MOST {
        let most = grouped(MOST as u64);
        return Err(AppError::new(Kind::Data, format!("{file}:{line}: more than {most} names"))
            .hint("give several files, or say which pictures with --filter or --from-list"));
    }
    out.push((line, name));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: Result<Vec<Name>, AppError>) -> Vec<String> {
        match names {
            Ok(names) => names.into_iter().map(|(line, name)| format!("{line} {name}")).collect(),
            Err(error) => vec![error.message],
        }
    }

    #[test]
    fn lines_are_names() {
        let read = |bytes: &[u8]| texts(lines(bytes, "f"));
        assert_eq!(
            read(b"\xef\xbb\xbfa/1.jpg\r\n\r\n  b c.jpg \n\xff.jpg"),
            ["1 a/1.jpg", "3 b c.jpg", "4 \u{fffd}.jpg"].map(|t| {
                // Bytes that are no text keep the form in which stores have them.
                t.replace('\u{fffd}', encode_os(OsStr::from_bytes(b"\xff")).as_str())
            })
        );
        assert!(read(b"\xff\xfea\0")[0].contains("UTF-16"));
        assert!(read(&vec![b'x'; 1 << 20])[0].contains("f:1: the line is too long"));
        let many = "a.jpg\n".repeat(MOST + 1);
        assert_eq!(read(many.as_bytes()), ["f:20001: more than 20,000 names"]);
        assert_eq!(read(b" \n"), Vec::<String>::new());
    }

    #[test]
    fn the_first_column_of_a_table_is_the_name() {
        let read = |text: &'static str| texts(cells(text.as_bytes(), "f"));
        assert_eq!(read("path,class\r\n\"a,1.jpg\",rose\r\n'=b.jpg,x\r\n"), ["2 a,1.jpg", "3 =b.jpg"]);
        assert_eq!(read("a/1.jpg;rose\nb/2.jpg;tulip\n"), ["1 a/1.jpg", "2 b/2.jpg"]);
        assert_eq!(read(""), Vec::<String>::new());
    }
}
