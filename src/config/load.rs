//! Puts the settings together: flag, variable, config file, default, and remembers where each came from.
//!
//! What always holds: loading gives usable settings whatever the config file or the variables hold. What could not be
//! read is in [`Loaded::problems`], with its place, and the default stands in for that one setting.

use super::environment::Environment;
use super::keys::{self, KEYS, Key};
use super::paths::Paths;
use super::private_file;
use super::settings::Settings;
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::Value;
use toml::de::{DeTable, DeValue};

/// A config file larger than this is not read.
const LARGEST_FILE: u64 = 1 << 20;
/// More problems than this in one file are not listed.
const MOST_PROBLEMS: usize = 20;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The config file: its path and the line.
    File(String, usize),
    /// This variable.
    Variable(String),
    /// This flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(file, line) => write!(f, "{}:{line}", printable(file)),
            Self::Variable(name) => write!(f, "{name}"),
            Self::Flag(name) => write!(f, "{name}"),
        }
    }
}

/// Something in a config file or variable that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// It has no effect but may be meant for another version; otherwise it is an error.
    pub warning: bool,
    /// Where: `FILE:LINE:COLUMN`, or the name of a variable.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The line of the file, and the column (characters, from 1) it concerns.
    pub excerpt: Option<(String, usize)>,
}

/// The settings, and how they came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings that hold.
    pub settings: Settings,
    /// What in the config file and the variables could not be read.
    pub problems: Vec<Problem>,
    /// Where files are kept.
    pub paths: Paths,
    /// Who the user is: the setting, or the name of the account.
    pub user: String,
    origins: BTreeMap<&'static str, Origin>,
}

impl Loaded {
    /// Where a setting came from.
    #[must_use]
    pub fn origin(&self, key: &Key) -> Origin {
        self.origins.get(key.name).cloned().unwrap_or(Origin::Default)
    }
}

/// A flag that sets a setting: the setting's name, the flag as the user types it, and its value.
#[derive(Clone, Debug)]
pub struct FlagValue {
    /// Name of the setting.
    pub key: &'static str,
    /// The flag.
    pub flag: &'static str,
    /// Its value.
    pub value: String,
}

/// Loads the settings. `config` is the file named by `--config`.
///
/// # Errors
/// A sentence, for a flag whose value does not fit, and when there is no place to keep files.
pub fn load(flags: &[FlagValue], config: Option<&str>, environment: &Environment) -> Result<Loaded, String> {
    let mut settings = Settings::default();
    let (mut origins, mut problems) = (BTreeMap::new(), Vec::new());
    let config = config.or_else(|| environment.get("LAKELENS_CONFIG"));
    // Where the file lies does not depend on the data folder, unless there is no home.
    let given = flags.iter().find(|f| f.key == "data_dir").map(|f| f.value.as_str());
    let given = given.or_else(|| environment.get("LAKELENS_DATA_DIR")).unwrap_or_default();
    let file = Paths::resolve(given, config, environment)?.config_file;
    let name = file.display().to_string();
    match private_file::read_text(&file, LARGEST_FILE) {
        Ok(Some(text)) => File { name: &name, text: &text }.apply(&mut settings, &mut origins, &mut problems),
        Ok(None) if config.is_none() => {}
        Ok(None) => problems.push(unreadable(&name, "there is no such file")),
        Err(error) => problems.push(unreadable(&name, &error.to_string())),
    }
    apply_variables(environment, &mut settings, &mut origins, &mut problems);
    for flag in flags {
        let key = keys::find(flag.key).ok_or_else(|| format!("`{}` is no setting", flag.key))?;
        key.set_text(&mut settings, &flag.value).map_err(|message| format!("{}: {message}", flag.flag))?;
        origins.insert(key.name, Origin::Flag(flag.flag.to_owned()));
    }
    let paths = Paths::resolve(&settings.data_dir, config, environment)?;
    let user = if settings.user.is_empty() { environment.account() } else { settings.user.clone() };
    Ok(Loaded { settings, problems, paths, user, origins })
}

fn unreadable(name: &str, why: &str) -> Problem {
    Problem {
        warning: false,
        place: printable(name).into_owned(),
        message: format!("the config file cannot be read: {why}"),
        hint: Some("defaults are used; `lakelens config edit` makes a new one".to_owned()),
        excerpt: None,
    }
}

fn apply_variables(
    environment: &Environment,
    settings: &mut Settings,
    origins: &mut BTreeMap<&'static str, Origin>,
    problems: &mut Vec<Problem>,
) {
    if environment.get("NO_COLOR").is_some() {
        settings.no_color = true;
        origins.insert("no_color", Origin::Variable("NO_COLOR".to_owned()));
    }
    for key in KEYS {
        let Some(variable) = key.variable() else { continue };
        let Some(text) = environment.get(&variable) else { continue };
        match key.set_text(settings, text) {
            Ok(()) => {
                origins.insert(key.name, Origin::Variable(variable));
            }
            Err(message) => {
                let hint = Some("the variable is ignored".to_owned());
                problems.push(Problem { warning: false, place: variable, message, hint, excerpt: None });
            }
        }
    }
}

/// Sets one key to the value found at a place of the file; gives the problem with it, if there is one.
type Take<'a> = dyn FnMut(&'static Key, &Value, Range<usize>) -> Option<Problem> + 'a;

/// A config file that was read.
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn apply(
        &self,
        settings: &mut Settings,
        origins: &mut BTreeMap<&'static str, Origin>,
        problems: &mut Vec<Problem>,
    ) {
        let (spans, errors) = DeTable::parse_recoverable(self.text);
        for error in errors.iter().take(MOST_PROBLEMS) {
            let hint = "the whole file is ignored until it is mended: `lakelens config edit`".to_owned();
            problems.push(self.problem(error.span(), error.message().to_owned(), Some(hint)));
        }
        if !errors.is_empty() {
            return;
        }
        let Ok(values) = self.text.parse::<toml::Table>() else { return };
        self.table("", spans.get_ref(), &values, &mut |key, value, span| match key.set(settings, value) {
            Ok(()) => {
                origins.insert(key.name, Origin::File(self.name.to_owned(), self.position(span.start).0));
                None
            }
            Err(message) => Some(self.problem(Some(span), message, Some("the default is used".to_owned()))),
        })
        .into_iter()
        .take(MOST_PROBLEMS)
        .for_each(|p| problems.push(p));
    }

    /// Walks a table; `take` sets one key and gives the problem with it. The spans and the values are the same table.
    fn table(&self, prefix: &str, spans: &DeTable<'_>, values: &toml::Table, take: &mut Take<'_>) -> Vec<Problem> {
        let mut found = Vec::new();
        // In the order of the file, which is the order in which people read the messages.
        let mut rows: Vec<_> = spans.iter().collect();
        rows.sort_by_key(|row| row.0.span().start);
        for (name, span) in rows {
            let Some(value) = values.get(name.get_ref().as_ref()) else { continue };
            let dotted = format!("{prefix}{}", name.get_ref());
            let inside = format!("{dotted}.");
            match (keys::find(&dotted), span.get_ref(), value) {
                (Some(key), ..) => found.extend(take(key, value, span.span())),
                (None, DeValue::Table(deeper), Value::Table(table))
                    if KEYS.iter().any(|k| k.name.starts_with(&inside)) =>
                {
                    found.extend(self.table(&inside, deeper, table, take));
                }
                _ => found.push(self.unknown(&dotted, name.span())),
            }
        }
        found
    }

    fn unknown(&self, name: &str, span: Range<usize>) -> Problem {
        let hint = nearest(name, KEYS.iter().map(|k| k.name)).map_or_else(
            || "it is ignored; `lakelens config show` lists all settings".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        let message = format!("there is no setting `{}`", printable(name));
        Problem { warning: true, ..self.problem(Some(span), message, Some(hint)) }
    }

    fn problem(&self, span: Option<Range<usize>>, message: String, hint: Option<String>) -> Problem {
        let start = span.map_or(0, |s| s.start);
        let (line, column) = self.position(start);
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        let shown: String = printable(text).chars().take(200).collect();
        Problem {
            warning: false,
            place: format!("{}:{line}:{column}", printable(self.name)),
            message,
            hint,
            excerpt: Some((shown, column)),
        }
    }

    /// Line and column, both from 1, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn loaded(file: &str, variables: &[(&str, &str)], flags: &[FlagValue]) -> Loaded {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, file).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let environment = Environment { variables, directory: PathBuf::from("/"), bases: None };
        let data = FlagValue { key: "data_dir", flag: "--data-dir", value: "/nowhere".to_owned() };
        let flags: Vec<FlagValue> = flags.iter().cloned().chain([data]).collect();
        load(&flags, path.to_str(), &environment).unwrap()
    }

    #[test]
    fn the_order_is_flag_variable_file_default() {
        let file = "mouse = true\nprefetch = 3\nuser = \"file\"\n[cache]\nmemory_mb = 10\n";
        let flag = FlagValue { key: "user", flag: "--user", value: "flag".to_owned() };
        let l = loaded(file, &[("LAKELENS_USER", "variable"), ("LAKELENS_PREFETCH", "4")], &[flag]);
        assert_eq!(l.problems, []);
        assert_eq!((l.user.as_str(), l.settings.prefetch, l.settings.mouse), ("flag", 4, true));
        let origin = |name| l.origin(keys::find(name).unwrap()).to_string();
        assert_eq!(origin("user"), "--user");
        assert_eq!(origin("prefetch"), "LAKELENS_PREFETCH");
        assert!(origin("cache.memory_mb").ends_with("config.toml:5"));
        assert_eq!(origin("hidden"), "default");
    }

    #[test]
    fn one_wrong_setting_leaves_the_others() {
        let l = loaded("mouse = 1\nhiden = true\n[cache]\nmemory_mb = 7\ndisk_md = 3\n", &[("LAKELENS_LOG", "x")], &[]);
        assert_eq!(l.settings.cache_memory_mb, 7);
        assert!(!l.settings.mouse);
        let seen: Vec<_> = l.problems.iter().map(|p| (p.warning, p.message.as_str(), p.hint.as_deref())).collect();
        assert_eq!(seen[0], (false, "`mouse` takes `true` or `false`, not the number 1", Some("the default is used")));
        assert_eq!(seen[1], (true, "there is no setting `hiden`", Some("did you mean `hidden`?")));
        assert_eq!(seen[2].2, Some("did you mean `cache.disk_mb`?"));
        assert!(l.problems[1].place.ends_with("config.toml:2:1"), "{}", l.problems[1].place);
        assert!(!seen[3].0);
    }

    #[test]
    fn a_broken_file_gives_defaults_and_the_place() {
        let l = loaded("mouse = true\nuser = \"né\" x\n", &[], &[]);
        assert_eq!(l.settings, Settings { data_dir: "/nowhere".to_owned(), ..Settings::default() });
        let problem = &l.problems[0];
        assert!(problem.place.ends_with("config.toml:2:13"), "{problem:?}");
        assert_eq!(problem.excerpt.as_ref().unwrap().0, "user = \"né\" x");
    }
}
