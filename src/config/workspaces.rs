//! Where the official tools of Databricks and AWS keep their profiles, and which programs are installed: read here, so
//! that the rules in `remote::profile` and `lake::object` stay pure.

use super::environment::Environment;
use super::paths::expand;
use super::private_file;
use crate::domain::text::{decode_os, encode_os};
use rustix::fs::{Access, access};
use std::path::PathBuf;

/// The Databricks command in Go is larger than this; the old one in Python, which cannot give tokens, is a small script.
const SMALLEST_COMMAND: u64 = 1 << 20;

/// The configuration file as it was found.
#[derive(Clone)]
pub struct Found {
    /// Its path, in the form of [`encode_os`].
    pub path: String,
    /// What it holds, nothing if there is no such file, or the reason of the system.
    pub bytes: Result<Option<Vec<u8>>, String>,
    /// Its permission bits.
    pub mode: Option<u32>,
}

/// Reads the file that `DATABRICKS_CONFIG_FILE` names, or `~/.databrickscfg`; at most `limit` bytes.
#[must_use]
pub fn read(environment: &Environment, limit: u64) -> Found {
    file(environment, "DATABRICKS_CONFIG_FILE", "~/.databrickscfg", limit)
}

/// Reads the files that `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` name, or `~/.aws/credentials` and
/// `~/.aws/config`; at most `limit` bytes of each.
#[must_use]
pub fn read_aws(environment: &Environment, limit: u64) -> [Found; 2] {
    let credentials = file(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", limit);
    [credentials, file(environment, "AWS_CONFIG_FILE", "~/.aws/config", limit)]
}

/// The file that a variable names, or the usual one.
fn file(environment: &Environment, variable: &str, usual: &str, limit: u64) -> Found {
    let name = environment.get(variable).unwrap_or(usual);
    if name.starts_with("~/") && environment.get("HOME").is_none() {
        return Found { path: name.to_owned(), bytes: Ok(None), mode: None };
    }
    let path = expand(name, environment);
    let read = private_file::read_bytes(&path, limit);
    let mode = read.as_ref().ok().and_then(|r| r.as_ref().map(|(_, mode)| *mode));
    let bytes = read.map(|found| found.map(|(bytes, _)| bytes)).map_err(|e| e.to_string());
    Found { path: encode_os(path.as_os_str()), bytes, mode }
}

/// Whether `az` is in `PATH`, and whether `databricks` is there or where `DATABRICKS_CLI_PATH` says.
#[must_use]
pub fn programs(environment: &Environment) -> (bool, bool) {
    let databricks = environment.get("DATABRICKS_CLI_PATH").unwrap_or("databricks");
    let large = |p: PathBuf| p.metadata().is_ok_and(|m| m.len() >= SMALLEST_COMMAND);
    (find("az", environment).is_some(), find(databricks, environment).is_some_and(large))
}

/// The program with this name: a path as it is, a bare name in `PATH`.
#[must_use]
pub fn find(name: &str, environment: &Environment) -> Option<PathBuf> {
    let runs = |p: &PathBuf| p.is_file() && access(p, Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return Some(expand(name, environment)).filter(runs);
    }
    let path = decode_os(environment.get("PATH")?);
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(decode_os(name)))
        .find(runs)
}
