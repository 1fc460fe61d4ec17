//! Where files are kept: the XDG places, or all below one folder with `--data-dir`. Nothing is made here; whoever writes
//! a file makes its folder with [`super::private_file`].

use super::environment::Environment;
use crate::domain::text::decode_os;
use std::path::{Path, PathBuf};

/// The name of our folder in each XDG place.
const NAME: &str = "lakelens";

/// The places of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The config file; it need not exist.
    pub config_file: PathBuf,
    /// The local store.
    pub data: PathBuf,
    /// Log, crash files, recent places.
    pub state: PathBuf,
    /// Thumbnails; may be deleted at any time.
    pub cache: PathBuf,
}

impl Paths {
    /// Finds the places. With `data_dir`, data lies in it, state and cache in its sub-folders, so that one folder holds
    /// everything that is written. `config` is the config file where the user names one.
    ///
    /// # Errors
    /// When there is no home folder and nothing was given instead.
    pub fn resolve(data_dir: &str, config: Option<&str>, environment: &Environment) -> Result<Self, String> {
        let homeless = || "there is no home folder: set HOME, or give --data-dir and --config".to_owned();
        let config_file = match (config, &environment.bases) {
            (Some(path), _) => expand(path, environment),
            (None, Some(bases)) => bases.config.join(NAME).join("config.toml"),
            (None, None) if !data_dir.is_empty() => expand(data_dir, environment).join("config.toml"),
            (None, None) => return Err(homeless()),
        };
        if !data_dir.is_empty() {
            let data = expand(data_dir, environment);
            return Ok(Self { config_file, state: data.join("state"), cache: data.join("cache"), data });
        }
        let bases = environment.bases.as_ref().ok_or_else(homeless)?;
        Ok(Self {
            config_file,
            data: bases.data.join(NAME),
            state: bases.state.join(NAME),
            cache: bases.cache.join(NAME),
        })
    }

    /// The database that is used when no store is named.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("lakelens.db")
    }

    /// The folder of the mirrors of tables, and of what was found out about the engines they are reached through.
    #[must_use]
    pub fn tables(&self) -> PathBuf {
        self.data.join("tables")
    }

    /// The folder where edits for servers are kept until they are sent.
    #[must_use]
    pub fn journals(&self) -> PathBuf {
        self.data.join("journals")
    }

    /// Where work puts what does not fit into memory.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.cache.join("scratch")
    }

    /// Where rows go that imports could not take.
    #[must_use]
    pub fn rejects(&self) -> PathBuf {
        self.state.join("rejects")
    }

    /// Where is noted what exports have begun behind servers.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.state.join("exports")
    }

    /// Where statements of SQL that ran are kept.
    #[must_use]
    pub fn sql_history(&self) -> PathBuf {
        self.data.join("sql-history.json")
    }

    /// Where the log goes when it is on.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.state.join("lakelens.log")
    }

    /// Where recent places, bookmarks and the last session are kept.
    #[must_use]
    pub fn places_file(&self) -> PathBuf {
        self.state.join("places.json")
    }

    /// The user's own themes.
    #[must_use]
    pub fn themes(&self) -> PathBuf {
        self.config_file.parent().unwrap_or_else(|| Path::new("/")).join("themes")
    }

    /// The folder with the thumbnails.
    #[must_use]
    pub fn thumbnails(&self) -> PathBuf {
        self.cache.join("thumbnails")
    }

    /// The folder with files of servers.
    #[must_use]
    pub fn fetched(&self) -> PathBuf {
        self.cache.join("fetched")
    }
}

/// A path as the user wrote it: `~/` is the home folder, a relative one starts at the working directory.
#[must_use]
pub fn expand(path: &str, environment: &Environment) -> PathBuf {
    let home = environment.get("HOME").map(decode_os);
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(decode_os(rest)),
        _ => environment.directory.join(decode_os(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::Bases;
    use super::*;

    fn environment() -> Environment {
        let at = |p: &str| PathBuf::from(format!("/home/me/{p}"));
        let bases = Bases { config: at(".config"), data: at(".d"), state: at(".s"), cache: at(".c") };
        let variables = [("HOME".to_owned(), "/home/me".to_owned())].into();
        Environment { variables, directory: PathBuf::from("/home/ann"), bases: Some(bases) }
    }

    #[test]
    fn places_follow_xdg_or_the_one_folder() {
        let xdg = Paths::resolve("", None, &environment()).unwrap();
        assert_eq!(xdg.database(), Path::new("/home/me/.d/lakelens/lakelens.db"));
        assert_eq!(xdg.config_file, Path::new("/home/me/.config/lakelens/config.toml"));
        let one = Paths::resolve("~/all", Some("mine.toml"), &environment()).unwrap();
        assert_eq!(one.log_file(), Path::new("/home/me/all/state/lakelens.log"));
        assert_eq!(one.config_file, Path::new("/home/ann/mine.toml"));
        let homeless = Environment { bases: None, ..environment() };
        assert!(Paths::resolve("", None, &homeless).is_err());
        assert!(Paths::resolve("/x", None, &homeless).is_ok());
    }
}
