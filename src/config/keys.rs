//! The names of the settings: one row each, with its help, how it is read and how it is shown. The config file, the
//! variables, the flags, `config show` and the file that `config edit` starts from all come from this table.

use super::settings::{Graphics, LogLevel, Measuring, Preset, Settings, ThemeChoice};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What kind of value a setting takes; decides how a variable or flag, which is only text, is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A whole number, `0..`.
    Count,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    List,
    /// A table; only in the config file.
    Table,
    /// A theme name, or `{ light = NAME, dark = NAME }`.
    Theme,
}

/// One setting.
pub struct Key {
    /// Its dotted name in the config file.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// One line of help.
    pub help: &'static str,
    read: fn(&mut Settings, &Value) -> Result<(), String>,
    show: fn(&Settings) -> Value,
}

impl Key {
    /// The variable that sets it; `None` for tables.
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        (self.kind != Kind::Table).then(|| format!("LAKELENS_{}", self.name.replace('.', "_").to_uppercase()))
    }

    /// Takes a value from a file.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn set(&self, settings: &mut Settings, value: &Value) -> Result<(), String> {
        if let (Kind::Choice(names), Some(text)) = (self.kind, value.as_str())
            && !names.contains(&text)
        {
            let near = crate::domain::suggest::nearest(text, names.iter().copied());
            let hint = near.map_or_else(|| format!("use {}", names.join(", ")), |n| format!("did you mean `{n}`?"));
            return Err(format!("`{}` is not a value of `{}`; {hint}", shown(text), self.name));
        }
        (self.read)(settings, value).map_err(|wants| format!("`{}` takes {wants}, not {}", self.name, described(value)))
    }

    /// Takes a value from a variable or a flag.
    ///
    /// # Errors
    /// As [`Key::set`].
    pub fn set_text(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        let value = match self.kind {
            Kind::Switch => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Value::Boolean(true),
                "0" | "false" | "no" | "off" => Value::Boolean(false),
                _ => Value::String(text.to_owned()),
            },
            Kind::Count => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer),
            Kind::List => {
                let items = text.split(',').map(str::trim).filter(|i| !i.is_empty());
                Value::Array(items.map(|i| Value::String(i.to_owned())).collect())
            }
            Kind::Text | Kind::Choice(_) | Kind::Table | Kind::Theme => Value::String(text.to_owned()),
        };
        self.set(settings, &value)
    }

    /// The present value.
    #[must_use]
    pub fn get(&self, settings: &Settings) -> Value {
        (self.show)(settings)
    }
}

fn shown(text: &str) -> String {
    crate::domain::text::printable(text).into_owned()
}

fn described(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{}`", shown(text)),
        Value::Integer(n) => format!("the number {n}"),
        Value::Float(n) => format!("the number {n}"),
        Value::Boolean(b) => format!("`{b}`"),
        Value::Datetime(_) => "a date".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "a text in quotes".to_owned())
}

fn switch(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "`true` or `false`".to_owned())
}

fn count(value: &Value) -> Result<u64, String> {
    value.as_integer().and_then(|n| u64::try_from(n).ok()).ok_or_else(|| "a whole number from 0 up".to_owned())
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    let wants = || "a list of texts".to_owned();
    value.as_array().ok_or_else(wants)?.iter().map(|v| text(v).map_err(|_| wants())).collect()
}

fn table(value: &Value) -> Result<Table, String> {
    value.as_table().cloned().ok_or_else(|| "a table".to_owned())
}

fn folders(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let wants = || "a table of names and folders".to_owned();
    table(value).map_err(|_| wants())?.iter().map(|(k, v)| Ok((k.clone(), text(v).map_err(|_| wants())?))).collect()
}

fn theme(value: &Value) -> Result<ThemeChoice, String> {
    let wants = || "a theme name, or { light = NAME, dark = NAME }".to_owned();
    if let Some(name) = value.as_str() {
        return Ok(ThemeChoice::Named(name.to_owned()));
    }
    let table = table(value).map_err(|_| wants())?;
    let side = |name: &str| table.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(wants);
    if table.len() != 2 {
        return Err(wants());
    }
    Ok(ThemeChoice::ByBackground { light: side("light")?, dark: side("dark")? })
}

fn show_theme(choice: &ThemeChoice) -> Value {
    match choice {
        ThemeChoice::Named(name) => Value::String(name.clone()),
        ThemeChoice::ByBackground { light, dark } => {
            let pairs = [("light", light), ("dark", dark)];
            Value::Table(pairs.into_iter().map(|(k, v)| (k.to_owned(), Value::String(v.clone()))).collect())
        }
    }
}

fn show_count(n: u64) -> Value {
    Value::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn show_list(items: &[String]) -> Value {
    Value::Array(items.iter().map(|i| Value::String(i.clone())).collect())
}

/// A row for a field: its name, kind, help, the function that reads a value, and the one that shows it.
macro_rules! key {
    ($name:literal, $field:ident, $kind:expr, $read:expr, $show:expr, $help:literal) => {
        Key {
            name: $name,
            kind: $kind,
            help: $help,
            read: |settings, value| {
                settings.$field = $read(value)?;
                Ok(())
            },
            show: |settings| $show(&settings.$field),
        }
    };
    (text $name:literal, $field:ident, $help:literal) => {
        key!($name, $field, Kind::Text, text, |v: &String| Value::String(v.clone()), $help)
    };
    (switch $name:literal, $field:ident, $help:literal) => {
        key!($name, $field, Kind::Switch, switch, |v: &bool| Value::Boolean(*v), $help)
    };
    (count $name:literal, $field:ident, $help:literal) => {
        key!($name, $field, Kind::Count, count, |v: &u64| show_count(*v), $help)
    };
    (list $name:literal, $field:ident, $help:literal) => {
        key!($name, $field, Kind::List, list, |v: &Vec<String>| show_list(v), $help)
    };
    (choice $type:ident $name:literal, $field:ident, $help:literal) => {
        key!(
            $name,
            $field,
            Kind::Choice($type::NAMES),
            |v: &Value| v.as_str().and_then($type::from_name).ok_or_else(|| $type::NAMES.join(", ")),
            |v: &$type| Value::String(v.name().to_owned()),
            $help
        )
    };
}

/// All settings, in the order in which `config show` lists them.
pub const KEYS: &[Key] = &[
    key!(text "profile", profile, "named connection to start with; empty for none"),
    key!(text "store", store, "where labels live: sqlite:PATH or postgres://…; empty for the database in the data folder"),
    key!(text "data_dir", data_dir, "folder for data, state and cache; empty for the XDG places"),
    key!(switch "read_only", read_only, "refuse everything that changes data"),
    key!(choice Graphics "graphics", graphics, "how pictures are shown"),
    key!(choice LogLevel "log", log, "how much goes to the log file in the state folder"),
    key!(switch "no_color", no_color, "no colours (NO_COLOR does the same)"),
    key!(switch "ascii", ascii, "only ASCII characters for lines and marks"),
    key!(text "user", user, "name that edits carry; empty for the name of the account"),
    key!("theme", theme, Kind::Theme, theme, show_theme, "theme, or { light = NAME, dark = NAME }"),
    key!(choice Preset "keymap", keymap, "key map to start from"),
    key!(switch "auto_advance", auto_advance, "go on to the next sample after a label"),
    key!(switch "require_visible", require_visible, "ignore label keys until the picture is on the screen"),
    key!(switch "keep_zoom", keep_zoom, "stay zoomed in when the picture changes"),
    key!(switch "mouse", mouse, "take mouse events"),
    key!(switch "hidden", hidden, "show names that start with a dot"),
    key!(choice Measuring "measure", measure, "find duplicates and faults after a scan on the screens; auto: up to 4 GiB on this machine"),
    key!(count "prefetch", prefetch, "pictures prepared ahead of the cursor"),
    key!(list "skip_reasons", skip_reasons, "reasons offered when a sample is skipped"),
    key!(list "reject_reasons", reject_reasons, "reasons offered when a review rejects"),
    key!(count "cache.memory_mb", cache_memory_mb, "memory for pictures, in MiB"),
    key!(count "cache.disk_mb", cache_disk_mb, "disk for thumbnails, in MiB, and as much again for pictures of servers; 0 keeps none"),
    key!(
        "lake.local",
        lake_local,
        Kind::Table,
        folders,
        |v: &BTreeMap<String, String>| Value::Table(
            v.iter().map(|(k, f)| (k.clone(), Value::String(f.clone()))).collect()
        ),
        "folders shown as volumes of the catalog `local`: NAME = FOLDER"
    ),
    key!(text "lake.s3.endpoint", lake_s3_endpoint, "address of a server like S3; empty for AWS_ENDPOINT_URL or Amazon's"),
    key!(text "lake.s3.region", lake_s3_region, "region of S3 buckets; empty for AWS_REGION, or what the bucket says"),
    key!(switch "lake.s3.allow_http", lake_s3_allow_http, "allow http to S3 servers that are not on this machine"),
    key!(switch "lake.s3.anonymous", lake_s3_anonymous, "sign no requests to S3: only open buckets can be read"),
    key!(text "lake.azure.endpoint", lake_azure_endpoint, "address of an Azure blob service; empty for the account's own"),
    key!(switch "lake.azure.anonymous", lake_azure_anonymous, "sign no requests to Azure"),
    key!(switch "lake.gs.anonymous", lake_gs_anonymous, "sign no requests to Google Cloud Storage"),
    key!("keys", keys, Kind::Table, table, |v: &Table| Value::Table(v.clone()), "changes to the key map"),
];

/// The setting with this dotted name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_what_it_shows() {
        let defaults = Settings::default();
        for key in KEYS {
            let mut settings = Settings::default();
            key.set(&mut settings, &key.get(&defaults)).unwrap();
            assert_eq!(settings, defaults, "{}", key.name);
            assert!(!key.help.is_empty());
        }
    }

    #[test]
    fn values_that_do_not_fit_say_what_fits() {
        let mut settings = Settings::default();
        let mut fails = |name: &str, text: &str| find(name).unwrap().set_text(&mut settings, text).unwrap_err();
        assert_eq!(fails("graphics", "kity"), "`kity` is not a value of `graphics`; did you mean `kitty`?");
        assert_eq!(fails("mouse", "maybe"), "`mouse` takes `true` or `false`, not the text `maybe`");
        assert_eq!(fails("prefetch", "-1"), "`prefetch` takes a whole number from 0 up, not the number -1");
        assert!(find("mouse").unwrap().set_text(&mut settings, "on").is_ok());
        assert!(settings.mouse);
    }
}
