//! What a connection needs, put together as the official SDKs do: explicit arguments, then variables, then the profile.
//!
//! Source: `databricks/sdk/config.py` and `credentials_provider.py` of the Python SDK, `config/` of the Go SDK. What
//! always holds: the answer depends on the arguments of [`resolve`] alone; whatever is wrong, what was found is told as
//! well ([`Resolved`]), each value with the place it came from; an empty value counts as not set.

pub mod attribute;
pub mod auth;
pub mod error;
pub mod host;

use super::ini::{DEFAULT, Ini, Section};
use super::secret::Secret;
use crate::domain::suggest::nearest;
use attribute::{ATTRIBUTES, Origin, PASSED_OVER, Value, Values};
use auth::{Credentials, Programs, Surroundings};
use error::ProfileError;
use host::{AzureCloud, Cloud, Host};
use std::collections::BTreeMap;

/// The section that holds settings of the `databricks` command instead of a profile.
const SETTINGS: &str = "__settings__";
/// More warnings than this say nothing more.
const MOST_WARNINGS: usize = 50;

/// A value that the user gave for this run.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name of the attribute.
    pub name: String,
    /// The value.
    pub value: Secret,
    /// What the user wrote it with.
    pub from: String,
}

/// The configuration file, as far as there is one.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// Its path, as it is shown.
    pub path: String,
    /// What it holds; nothing if there is no such file.
    pub content: Result<Option<Ini>, ProfileError>,
}

impl ProfileFile {
    /// Reads the bytes of a file; the error of `bytes` is the reason of the system.
    #[must_use]
    pub fn read(path: &str, bytes: Result<Option<Vec<u8>>, String>) -> Self {
        let file = path.to_owned();
        let content = match bytes {
            Err(why) => Err(ProfileError::Unreadable { file, why }),
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => Ini::parse(&bytes).map(Some).map_err(|why| ProfileError::Damaged { file, why }),
        };
        Self { path: path.to_owned(), content }
    }

    /// The names of the profiles, in the order of the file.
    #[must_use]
    pub fn profiles(&self) -> Vec<&str> {
        let Ok(Some(ini)) = &self.content else { return Vec::new() };
        let real = |s: &&Section| s.name != SETTINGS && !(s.name == DEFAULT && s.entries.is_empty());
        ini.sections.iter().filter(real).map(|s| s.name.as_str()).collect()
    }
}

/// Everything that decides. It cannot be printed: variables hold tokens.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The profile that was asked for in our own ways, and with what.
    pub profile: Option<(&'a str, &'a str)>,
    /// Values that were given for this run.
    pub arguments: &'a [Argument],
    /// The variables of the process.
    pub variables: &'a BTreeMap<String, String>,
    /// The configuration file.
    pub file: &'a ProfileFile,
    /// What is installed.
    pub programs: Programs,
}

/// The profile that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// Why this one.
    pub why: String,
}

/// Something that works and is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The profile, if one is used.
    pub profile: Option<Chosen>,
    /// Why the file was not used, where it was not.
    pub file_unused: Option<String>,
    /// The values, each with the place it came from.
    pub values: Values,
    /// The server.
    pub host: Option<Host>,
    /// The cloud, where it is known.
    pub cloud: Option<Cloud>,
    /// What works and is probably not meant.
    pub warnings: Vec<Warning>,
    /// How to sign in, in the order in which it is tried; never empty.
    pub ways: Result<Vec<Credentials>, ProfileError>,
}

/// All that a client needs.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The name of the profile, where one is used.
    pub profile: Option<String>,
    /// The server.
    pub host: Host,
    /// The cloud, where it is known.
    pub cloud: Option<Cloud>,
    /// How to sign in, in the order in which it is tried; never empty.
    pub ways: Vec<Credentials>,
    /// The other values: clusters, warehouses, identifiers.
    pub values: Values,
}

impl Resolved {
    /// The connection.
    ///
    /// # Errors
    /// Why there is none.
    pub fn connection(self) -> Result<Connection, ProfileError> {
        let ways = self.ways?;
        let host = self.host.ok_or(ProfileError::NoHost { resource: false })?;
        let profile = self.profile.map(|p| p.name);
        Ok(Connection { profile, host, cloud: self.cloud, ways, values: self.values })
    }
}

/// Puts a profile together.
#[must_use]
pub fn resolve(inputs: &Inputs) -> Resolved {
    let mut work = Work { inputs, values: Values::default(), warnings: Vec::new(), profile: None, file_unused: None };
    work.arguments();
    work.variables();
    let found = work.file().and_then(|()| work.sign_in());
    let (host, cloud, ways) = match found {
        Ok((host, cloud, ways)) => (host, cloud, ways),
        Err(error) => (None, None, Err(error)),
    };
    let Work { values, warnings, profile, file_unused, .. } = work;
    Resolved { profile, file_unused, values, host, cloud, warnings, ways }
}

/// The profile that would be used when none is asked for: of the variable, the settings of the file, or `DEFAULT`.
#[must_use]
pub fn default_profile(variables: &BTreeMap<String, String>, file: &ProfileFile) -> Option<Chosen> {
    let chosen = |name: &str, why: String| Some(Chosen { name: name.to_owned(), why });
    if let Some(name) = variables.get("DATABRICKS_CONFIG_PROFILE").filter(|n| !n.is_empty()) {
        return chosen(name, "the variable DATABRICKS_CONFIG_PROFILE".to_owned());
    }
    let Ok(Some(ini)) = &file.content else { return None };
    let setting = ini.section(SETTINGS).and_then(|s| s.get("default_profile"));
    if let Some(entry) = setting.filter(|e| !e.value.is_empty()) {
        let why = format!("default_profile in {} [{SETTINGS}], line {}", file.path, entry.line);
        return chosen(entry.value.expose(), why);
    }
    let default = ini.section(DEFAULT).filter(|s| !s.entries.is_empty());
    default.and_then(|_| chosen(DEFAULT, format!("no other is named, and {} has [DEFAULT]", file.path)))
}

type SignIn = (Option<Host>, Option<Cloud>, Result<Vec<Credentials>, ProfileError>);

struct Work<'a> {
    inputs: &'a Inputs<'a>,
    values: Values,
    warnings: Vec<Warning>,
    profile: Option<Chosen>,
    file_unused: Option<String>,
}

impl Work<'_> {
    fn arguments(&mut self) {
        for argument in self.inputs.arguments {
            let Some(attribute) = attribute::find(&argument.name) else { continue };
            let origin = Origin::Argument(argument.from.clone());
            self.values.add(Value { attribute, value: argument.value.clone(), origin });
        }
    }

    fn variables(&mut self) {
        for attribute in ATTRIBUTES {
            let found = attribute
                .variables
                .iter()
                .find_map(|name| self.inputs.variables.get(*name).filter(|v| !v.is_empty()).map(|v| (*name, v)));
            if let Some((name, text)) = found {
                let origin = Origin::Variable(name);
                self.values.add(Value { attribute, value: Secret::new(text.trim()), origin });
            }
        }
    }

    /// The file is read when a profile is named, or when neither a host nor anything to sign in with is set.
    fn file(&mut self) -> Result<(), ProfileError> {
        let asked = self.inputs.profile.filter(|(name, _)| !name.is_empty());
        let asked = asked.map(|(name, from)| Chosen { name: name.to_owned(), why: from.to_owned() });
        let variable = self.inputs.variables.get("DATABRICKS_CONFIG_PROFILE").is_some_and(|n| !n.is_empty());
        if asked.is_none() && !variable {
            let enough = self.values.iter().find(|v| v.attribute.name == "host" || v.attribute.family.is_some());
            if let Some(value) = enough {
                let message = format!("not used, because {} is set by {}", value.attribute.name, value.origin);
                self.file_unused = Some(message);
                return Ok(());
            }
        }
        let file = self.inputs.file;
        let content = file.content.as_ref().map_err(Clone::clone)?;
        let chosen = asked.or_else(|| default_profile(self.inputs.variables, file));
        let Some(ini) = content else {
            self.file_unused = Some("does not exist".to_owned());
            if let Some(chosen) = chosen {
                let message = format!("the profile `{}` is not used: {} does not exist", chosen.name, file.path);
                self.warn(message, format!("make the file, or do not name a profile (it is from {})", chosen.why));
            }
            return Ok(());
        };
        let Some(chosen) = chosen else {
            self.file_unused = Some("no profile is named, and it has no [DEFAULT]".to_owned());
            return Ok(());
        };
        if chosen.name == SETTINGS {
            return Err(ProfileError::Reserved);
        }
        let Some(section) = ini.section(&chosen.name).filter(|s| !s.entries.is_empty()) else {
            let known = file.profiles().into_iter().map(str::to_owned).collect();
            let (profile, from) = (chosen.name, chosen.why);
            return Err(ProfileError::NoProfile { file: file.path.clone(), profile, from, known });
        };
        self.profile = Some(chosen);
        self.section(section);
        for remark in ini.remarks.iter().filter(|r| r.section == section.name) {
            let message = format!("{}, line {}, {}", file.path, remark.line, remark.message);
            self.warn(message, "write it so that every tool reads the same".to_owned());
        }
        Ok(())
    }

    fn section(&mut self, section: &Section) {
        let path = &self.inputs.file.path;
        for entry in &section.entries {
            let origin = Origin::File { file: path.clone(), section: section.name.clone(), line: entry.line };
            let Some(attribute) = attribute::find(&entry.key) else {
                self.unknown(&entry.key, &origin);
                continue;
            };
            let value = Value { attribute, value: entry.value.clone(), origin: origin.clone() };
            let Some(winner) = self.values.add(value) else { continue };
            if winner.value != entry.value {
                let from = winner.origin.clone();
                let message = format!("{} from {from} wins over the one in {origin}", entry.key);
                self.warn(message, format!("take it away from {from} to use the profile as it stands in the file"));
            }
        }
    }

    /// A key that means nothing. It may be a pasted token that ends in `=`: only words are shown.
    fn unknown(&mut self, key: &str, origin: &Origin) {
        if PASSED_OVER.contains(&key) || self.warnings.len() >= MOST_WARNINGS {
            return;
        }
        if key == "skip_verify" {
            let message = format!("skip_verify in {origin} is ignored: certificates are always checked");
            return self.warn(message, "add the certificate authority of the server to the system's".to_owned());
        }
        let word = key.len() <= 48 && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-' | ' '));
        let shown =
            if word { format!("the key `{key}`") } else { format!("a key of {} characters", key.chars().count()) };
        let near = nearest(key, ATTRIBUTES.iter().map(|a| a.name)).filter(|_| word);
        let remedy =
            near.map_or_else(|| "remove it, or check its spelling".to_owned(), |n| format!("did you mean `{n}`?"));
        self.warn(format!("{shown} in {origin} is ignored: there is no such attribute"), remedy);
    }

    fn warn(&mut self, message: String, remedy: String) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(Warning { message, remedy });
        }
    }

    /// The server, its cloud, and how to sign in there.
    fn sign_in(&mut self) -> Result<SignIn, ProfileError> {
        let host = match self.values.get("host") {
            None => None,
            Some(value) => {
                let refused = |why| ProfileError::Host { origin: value.origin.clone(), why };
                Some(Host::parse(value.value.expose()).map_err(refused)?)
            }
        };
        let (cloud, azure) = self.cloud(host.as_ref());
        let around = Surroundings { cloud, azure, programs: self.inputs.programs };
        let mut ways = auth::choose(&self.values, around);
        let host_first = matches!(ways, Ok(_) | Err(ProfileError::NoCredentials { .. }));
        if host.is_none() && host_first {
            let resource = self.values.get("azure_workspace_resource_id").is_some();
            ways = Err(ProfileError::NoHost { resource });
        }
        if let Ok(ways) = &ways {
            self.mixed();
            self.absent(ways);
        }
        Ok((host, cloud, ways))
    }

    /// The cloud is what `cloud` says, else what the name of the host ends in.
    fn cloud(&self, host: Option<&Host>) -> (Option<Cloud>, AzureCloud) {
        let zone = host.and_then(Host::zone);
        let named = self.values.text("azure_environment").and_then(AzureCloud::from_name);
        let azure = zone.filter(|z| z.cloud == Cloud::Azure).map(|z| z.azure).or(named).unwrap_or_default();
        if self.values.get("azure_workspace_resource_id").is_some() {
            return (Some(Cloud::Azure), azure);
        }
        (self.values.text("cloud").and_then(Cloud::from_name).or(zone.map(|z| z.cloud)), azure)
    }

    /// The program that is to sign in is not there.
    fn absent(&mut self, ways: &[Credentials]) {
        let Programs { az, databricks } = self.inputs.programs;
        let (program, login) = match ways.first() {
            Some(Credentials::AzureCli { .. }) if !az => ("az", "az login"),
            Some(Credentials::DatabricksCli { program: None }) if !databricks => {
                ("databricks", "databricks auth login")
            }
            _ => return,
        };
        self.warn(
            format!("the program `{program}` that is to sign in is not in PATH"),
            format!("install it and run `{login}`, or choose another auth_type"),
        );
    }

    /// A secret of one place is shown to a server of another: mostly a forgotten variable.
    fn mixed(&mut self) {
        let Some(host) = self.values.get("host") else { return };
        let in_file = |v: &Value| matches!(v.origin, Origin::File { .. });
        let used = |v: &&Value| v.attribute.secret && v.attribute.family.is_some() && in_file(v) != in_file(host);
        let Some(value) = self.values.iter().find(used) else { return };
        let message =
            format!("{} from {} is sent to the host from {}", value.attribute.name, value.origin, host.origin);
        self.warn(message, "check that they belong together".to_owned());
    }
}
