//! The ways of signing in, in the official order, and which of them a profile's values allow.

use super::attribute::Values;
use super::error::ProfileError;
use super::host::{AzureCloud, Cloud};
use crate::remote::secret::Secret;

/// A way of signing in that is spoken here, by its official name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthKind {
    /// A personal access token.
    Pat,
    /// A service principal of Databricks.
    OauthM2m,
    /// A service principal of Azure Entra ID.
    AzureClientSecret,
    /// Whoever is signed in with `az login`.
    AzureCli,
    /// Whoever is signed in with `databricks auth login`.
    DatabricksCli,
    /// Nobody, for servers that ask nothing; only where `auth_type = none` says so.
    None,
}

impl AuthKind {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 6] =
        [Self::Pat, Self::OauthM2m, Self::AzureClientSecret, Self::AzureCli, Self::DatabricksCli, Self::None];

    /// The value of `auth_type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pat => "pat",
            Self::OauthM2m => "oauth-m2m",
            Self::AzureClientSecret => "azure-client-secret",
            Self::AzureCli => "azure-cli",
            Self::DatabricksCli => "databricks-cli",
            Self::None => "none",
        }
    }

    /// The way with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// The attributes it cannot do without, besides `host`.
    #[must_use]
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Pat => &["token"],
            Self::OauthM2m => &["client_id", "client_secret"],
            Self::AzureClientSecret => &["azure_client_id", "azure_client_secret"],
            Self::AzureCli | Self::DatabricksCli | Self::None => &[],
        }
    }
}

/// Official ways that are not spoken here, and the attribute that leads to each where there is one.
pub const UNSUPPORTED: [(&str, Option<&str>); 14] = [
    ("basic", Some("password")),
    ("metadata-service", Some("metadata_service_url")),
    ("env-oidc", Some("oidc_token_env")),
    ("file-oidc", Some("oidc_token_filepath")),
    ("github-oidc", None),
    ("azure-msi", Some("azure_use_msi")),
    ("github-oidc-azure", None),
    ("azure-devops-oidc", None),
    ("external-browser", None),
    ("runtime", None),
    ("runtime-oauth", None),
    ("google-credentials", Some("google_credentials")),
    ("google-id", Some("google_service_account")),
    ("model-serving", None),
];

/// What is needed to ask for a token, or the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Sent as it is.
    Pat(Secret),
    /// Client credentials at the workspace's own token endpoint.
    OauthM2m {
        /// The application.
        client_id: String,
        /// Its password.
        client_secret: Secret,
    },
    /// Client credentials at Azure's.
    AzureClientSecret {
        /// The directory; where it is not set, the workspace's `/aad/auth` names it.
        tenant: Option<String>,
        /// The application.
        client_id: String,
        /// Its password.
        client_secret: Secret,
        /// Which servers to ask.
        azure: AzureCloud,
    },
    /// `az account get-access-token`.
    AzureCli {
        /// The directory, where it is set.
        tenant: Option<String>,
        /// Which servers to ask.
        azure: AzureCloud,
    },
    /// `databricks auth token`.
    DatabricksCli {
        /// The program, where `databricks_cli_path` names it; else the one in `PATH`.
        program: Option<String>,
    },
    /// No header.
    None,
}

impl Credentials {
    /// Which way it is.
    #[must_use]
    pub fn kind(&self) -> AuthKind {
        match self {
            Self::Pat(_) => AuthKind::Pat,
            Self::OauthM2m { .. } => AuthKind::OauthM2m,
            Self::AzureClientSecret { .. } => AuthKind::AzureClientSecret,
            Self::AzureCli { .. } => AuthKind::AzureCli,
            Self::DatabricksCli { .. } => AuthKind::DatabricksCli,
            Self::None => AuthKind::None,
        }
    }
}

/// The programs that sign in for us; whether somebody is signed in there is not known before they are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// `az` is in `PATH`.
    pub az: bool,
    /// `databricks` is in `PATH` or where `databricks_cli_path` says, and is not the old one in Python.
    pub databricks: bool,
}

/// What decides besides the values.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The cloud, as far as it is known.
    pub cloud: Option<Cloud>,
    /// Which Azure cloud.
    pub azure: AzureCloud,
    /// What is installed.
    pub programs: Programs,
}

/// The ways of signing in that the values allow, in the order in which they are to be tried; never empty. A later one is
/// tried only when a program that signs in says that nobody is signed in there.
///
/// # Errors
/// When two families are configured, when the forced way lacks something, when the official tools would use a way that
/// is not spoken here, and when nothing is configured.
pub fn choose(values: &Values, around: Surroundings) -> Result<Vec<Credentials>, ProfileError> {
    let families = values.families();
    let forced = values.get("auth_type");
    if let (None, [_, _, ..]) = (forced, families.as_slice()) {
        let found = families.iter().map(|(f, v)| (f.name(), v.attribute.name, v.origin.clone())).collect();
        return Err(ProfileError::TwoFamilies(found));
    }
    if let Some(forced) = forced {
        let name = forced.value.expose().trim();
        let Some(kind) = AuthKind::from_name(name) else {
            let official = UNSUPPORTED.iter().any(|(n, _)| *n == name);
            return Err(ProfileError::AuthType {
                name: name.to_owned(),
                official,
                origin: Some(forced.origin.clone()),
            });
        };
        let missing: Vec<&'static str> = kind.needs().iter().copied().filter(|n| values.get(n).is_none()).collect();
        if !missing.is_empty() {
            return Err(ProfileError::Missing { kind: kind.name(), missing, origin: forced.origin.clone() });
        }
        return Ok(vec![credentials(kind, values, around)]);
    }
    unsupported(values)?;
    let mut ways = AuthKind::ALL.into_iter().filter(|k| possible(*k, values, around));
    // With a secret of its own a way is final; the programs are tried one after the other.
    let first = ways.next().ok_or_else(|| nothing(values, around))?;
    let rest = ways.filter(|_| first.needs().is_empty());
    Ok([first].into_iter().chain(rest).map(|kind| credentials(kind, values, around)).collect())
}

/// The official tools would use a way that is not spoken here.
fn unsupported(values: &Values) -> Result<(), ProfileError> {
    let leads = |name: &str| if name == "azure_use_msi" { values.switch(name) } else { values.get(name).is_some() };
    match UNSUPPORTED.iter().find(|(_, attribute)| attribute.is_some_and(leads)) {
        None => Ok(()),
        Some((name, attribute)) => {
            let origin = attribute.and_then(|a| values.get(a)).map(|v| v.origin.clone());
            Err(ProfileError::AuthType { name: (*name).to_owned(), official: true, origin })
        }
    }
}

fn possible(kind: AuthKind, values: &Values, around: Surroundings) -> bool {
    let azure = around.cloud == Some(Cloud::Azure);
    match kind {
        AuthKind::Pat | AuthKind::OauthM2m | AuthKind::AzureClientSecret => {
            kind.needs().iter().all(|n| values.get(n).is_some())
        }
        AuthKind::AzureCli => azure && around.programs.az,
        AuthKind::DatabricksCli => around.programs.databricks || values.get("databricks_cli_path").is_some(),
        AuthKind::None => false,
    }
}

/// Why nothing can be chosen: what half of a way is there, and which programs would do.
fn nothing(values: &Values, around: Surroundings) -> ProfileError {
    let half = AuthKind::ALL.into_iter().find_map(|kind| {
        let (set, missing): (Vec<&'static str>, Vec<_>) = kind.needs().iter().partition(|n| values.get(n).is_some());
        (!set.is_empty()).then(|| (kind.name(), missing))
    });
    ProfileError::NoCredentials { half, azure: around.cloud == Some(Cloud::Azure) }
}

fn credentials(kind: AuthKind, values: &Values, around: Surroundings) -> Credentials {
    let text = |name: &str| values.text(name).map(str::to_owned);
    let secret = |name: &str| values.get(name).map(|v| v.value.clone()).unwrap_or_default();
    let tenant = text("azure_tenant_id");
    match kind {
        AuthKind::Pat => Credentials::Pat(secret("token")),
        AuthKind::OauthM2m => Credentials::OauthM2m {
            client_id: text("client_id").unwrap_or_default(),
            client_secret: secret("client_secret"),
        },
        AuthKind::AzureClientSecret => Credentials::AzureClientSecret {
            tenant,
            client_id: text("azure_client_id").unwrap_or_default(),
            client_secret: secret("azure_client_secret"),
            azure: around.azure,
        },
        AuthKind::AzureCli => Credentials::AzureCli { tenant, azure: around.azure },
        AuthKind::DatabricksCli => Credentials::DatabricksCli { program: text("databricks_cli_path") },
        AuthKind::None => Credentials::None,
    }
}
