//! Why a profile gives no connection, in the words of the official tools where they have any, and what to do.

use super::attribute::Origin;
use super::auth::AuthKind;
use super::host::HostError;
use crate::remote::ini::IniError;
use thiserror::Error;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// The system does not give the file; the reason.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// Its path.
        file: String,
        /// As the system says.
        why: String,
    },
    /// The file is no configuration file.
    #[error("{file} cannot be read: {why}")]
    Damaged {
        /// Its path.
        file: String,
        /// Where and what.
        why: IniError,
    },
    /// The name of the section for settings.
    #[error("__settings__ is a reserved section name and cannot be used as a profile")]
    Reserved,
    /// No such section, or an empty one.
    #[error("{file} has no {profile} profile configured")]
    NoProfile {
        /// The path of the file.
        file: String,
        /// The name that was asked for.
        profile: String,
        /// Where the name came from.
        from: String,
        /// The profiles there are.
        known: Vec<String>,
    },
    /// The host is not usable.
    #[error("the host from {origin} is not usable: {why}")]
    Host {
        /// Where it came from.
        origin: Origin,
        /// Why.
        why: HostError,
    },
    /// Credentials without a server to show them to.
    #[error("cannot configure default credentials: no host is set")]
    NoHost {
        /// Whether an Azure resource is named instead, which the official tools look up.
        resource: bool,
    },
    /// Families, and for each an attribute and where it came from.
    #[error("more than one authorization method configured: {}", names(.0))]
    TwoFamilies(Vec<(&'static str, &'static str, Origin)>),
    /// A way that is not spoken here, or that does not exist.
    #[error("{}", auth_type(.name, *.official))]
    AuthType {
        /// Its name.
        name: String,
        /// Whether the official tools know it.
        official: bool,
        /// What leads to it.
        origin: Option<Origin>,
    },
    /// `auth_type` asks for a way that lacks something.
    #[error("auth_type is `{kind}`, and {} not set", both(.missing))]
    Missing {
        /// The way.
        kind: &'static str,
        /// The attributes that are not set.
        missing: Vec<&'static str>,
        /// Where `auth_type` came from.
        origin: Origin,
    },
    /// Nothing to sign in with.
    #[error("cannot configure default credentials: {}", lacking(.half.as_ref()))]
    NoCredentials {
        /// A way of which only a part is there, and what is missing.
        half: Option<(&'static str, Vec<&'static str>)>,
        /// Whether `az` would do.
        azure: bool,
    },
}

fn names(families: &[(&'static str, &'static str, Origin)]) -> String {
    families.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(" and ")
}

fn auth_type(name: &str, official: bool) -> String {
    let why = if official { "not supported by lakelens" } else { "unknown" };
    format!("the authorization method `{name}` is {why}")
}

fn both(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(" and "))
}

fn lacking(half: Option<&(&'static str, Vec<&'static str>)>) -> String {
    match half {
        Some((kind, missing)) => format!("{} not set, which `{kind}` needs", both(missing)),
        None => "nothing to sign in with is set".to_owned(),
    }
}

impl ProfileError {
    /// Whether the files and variables are fine and only nothing to sign in with was found.
    #[must_use]
    pub fn is_about_credentials(&self) -> bool {
        matches!(self, Self::NoCredentials { .. } | Self::NoHost { .. })
    }

    /// What to do, one sentence each. They may hold text from outside.
    #[must_use]
    pub fn remedies(&self) -> Vec<String> {
        match self {
            Self::Unreadable { .. } => vec!["check the file, or name another with DATABRICKS_CONFIG_FILE".to_owned()],
            Self::Damaged { why, .. } => vec![why.remedy().to_owned()],
            Self::Reserved => vec!["name a profile; `lakelens auth status` lists them".to_owned()],
            Self::NoProfile { profile, from, known, .. } => unknown_profile(profile, from, known),
            Self::Host { why, .. } => vec![why.remedy().to_owned()],
            Self::NoHost { resource: true } => {
                vec!["set `host` as well: lakelens does not look up azure_workspace_resource_id".to_owned()]
            }
            Self::NoHost { resource: false } => {
                vec![
                    "set DATABRICKS_HOST, or write a profile with `host = https://...` into ~/.databrickscfg"
                        .to_owned(),
                ]
            }
            Self::TwoFamilies(found) => {
                let place = |(family, name, origin): &(&str, &str, Origin)| format!("{family}: {name} from {origin}");
                let mut out: Vec<String> = found.iter().map(place).collect();
                out.push("remove one of them, or say which to use with auth_type (DATABRICKS_AUTH_TYPE)".to_owned());
                out
            }
            Self::AuthType { name, official, origin } => other_ways(name, *official, origin.as_ref()),
            Self::Missing { missing, origin, .. } => {
                vec![format!("set {}, or change auth_type, which is from {origin}", missing.join(" and "))]
            }
            Self::NoCredentials { half, azure } => credentials_wanted(half.as_ref(), *azure),
        }
    }
}

fn unknown_profile(profile: &str, from: &str, known: &[String]) -> Vec<String> {
    let near = crate::domain::suggest::nearest(profile, known.iter().map(String::as_str));
    let hint = match near {
        Some(name) if name != profile => format!("did you mean `{name}`?"),
        _ if known.iter().any(|k| k == profile) => "the section has no keys: give it a `host`".to_owned(),
        _ if known.is_empty() => "the file has no profiles".to_owned(),
        _ => format!("it has {}", known.iter().take(20).cloned().collect::<Vec<_>>().join(", ")),
    };
    vec![hint, format!("the name is from {from}")]
}

fn other_ways(name: &str, official: bool, origin: Option<&Origin>) -> Vec<String> {
    let ways: Vec<&str> = AuthKind::ALL.into_iter().map(AuthKind::name).collect();
    let mut out = Vec::new();
    match crate::domain::suggest::nearest(name, ways.iter().copied()) {
        Some(near) if !official => out.push(format!("did you mean `{near}`?")),
        _ => out.push(format!("lakelens can use {}", ways.join(", "))),
    }
    if matches!(name, "external-browser" | "basic") {
        out.push("run `databricks auth login` once, and set auth_type to `databricks-cli`".to_owned());
    }
    if let Some(origin) = origin {
        out.push(format!("it follows from {origin}"));
    }
    out
}

fn credentials_wanted(half: Option<&(&'static str, Vec<&'static str>)>, azure: bool) -> Vec<String> {
    if let Some((_, missing)) = half {
        return vec![format!("set {} in the same place as the others", missing.join(" and "))];
    }
    let mut out = vec![
        "with a personal access token: set DATABRICKS_TOKEN, or write `token = ...` into the profile".to_owned(),
        "with your own account: install the `databricks` command and run `databricks auth login`".to_owned(),
    ];
    if azure {
        out.push("or install the `az` command and run `az login`".to_owned());
    }
    out.push("for a server that asks nobody to sign in: `auth_type = none`".to_owned());
    out
}
