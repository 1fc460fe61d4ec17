//! The environment of the process, read once at the start and handed on as data, so that tests can make one up.

use crate::domain::text::encode_os;
use etcetera::BaseStrategy;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The folders that hold every program's files of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bases {
    /// `XDG_CONFIG_HOME`.
    pub config: PathBuf,
    /// `XDG_DATA_HOME`.
    pub data: PathBuf,
    /// `XDG_STATE_HOME`.
    pub state: PathBuf,
    /// `XDG_CACHE_HOME`.
    pub cache: PathBuf,
}

/// Variables, the working directory and the XDG places. Printing it shows the names of the variables only: some of their
/// values are tokens.
#[derive(Clone, Default)]
pub struct Environment {
    /// Variables by name, values in the form of [`encode_os`].
    pub variables: BTreeMap<String, String>,
    /// The working directory, absolute; `/` if it is gone.
    pub directory: PathBuf,
    /// The XDG places; `None` where there is no home folder.
    pub bases: Option<Bases>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.variables.keys().collect();
        let mut shown = f.debug_struct("Environment");
        shown.field("variables", &names).field("directory", &self.directory).field("bases", &self.bases).finish()
    }
}

/// The file of the running program.
///
/// # Errors
/// As the system says, such as when the file is gone.
pub fn program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().map(|(name, value)| (encode_os(&name), encode_os(&value))).collect();
        let bases = etcetera::choose_base_strategy().ok().map(|s| Bases {
            config: s.config_dir(),
            data: s.data_dir(),
            state: s.state_dir().unwrap_or_else(|| s.data_dir()),
            cache: s.cache_dir(),
        });
        Self { variables, directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")), bases }
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// The name of the account: what edits carry when no other name is set.
    #[must_use]
    pub fn account(&self) -> String {
        let named = self.get("USER").or_else(|| self.get("LOGNAME")).map(str::to_owned);
        named.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()))
    }

    /// The editor to open files with, split into program and arguments.
    #[must_use]
    pub fn editor(&self) -> Vec<String> {
        let command = self.get("VISUAL").or_else(|| self.get("EDITOR")).unwrap_or("vi");
        command.split_whitespace().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_no_value_of_a_variable() {
        let variables = [("DATABRICKS_TOKEN".to_owned(), "dapi5ecret".to_owned())].into();
        let shown = format!("{:?}", Environment { variables, ..Environment::default() });
        assert!(shown.contains("DATABRICKS_TOKEN") && !shown.contains("dapi5ecret"), "{shown}");
    }
}
