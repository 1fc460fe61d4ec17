//! Tokens of people: the programs in which they signed in are asked for one.
//!
//! What always holds: no secret is on a command line; a program that does not end is stopped; of its output only the
//! token is used, and of its errors only a line is shown.

use super::oauth::{DATABRICKS, azure_headers};
use super::{Failed, Obtained, Tokens};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::profile::host::AzureCloud;
use crate::remote::secret::Secret;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

#[derive(Deserialize)]
struct DatabricksToken {
    access_token: String,
    #[serde(default)]
    expiry: Option<String>,
}

#[derive(Deserialize)]
struct AzureToken {
    #[serde(rename = "accessToken")]
    access_token: String,
    /// Seconds since 1970, of newer versions.
    #[serde(default)]
    expires_on: Option<Value>,
    /// A local time without a zone.
    #[serde(default, rename = "expiresOn")]
    expires_local: Option<String>,
}

impl Tokens {
    /// `databricks auth token`.
    pub(super) async fn databricks_command(&self, program: Option<&str>) -> Result<Obtained, Failed> {
        let named = program.map(PathBuf::from).or_else(|| self.wire.tools.databricks.clone());
        let path = named.unwrap_or_else(|| PathBuf::from("databricks"));
        let profile = self.connection.profile.as_deref();
        let target = match profile {
            Some(name) => ["--profile", name],
            None => ["--host", self.connection.host.as_str()],
        };
        let arguments = ["auth", "token"].into_iter().chain(target);
        let login = match profile {
            Some(name) => format!("run `databricks auth login --profile {name}`"),
            None => format!("run `databricks auth login --host {}`", self.connection.host),
        };
        let output = self.run("databricks", &path, arguments, &login).await?;
        let token: DatabricksToken = self.read("databricks", &output.stdout)?;
        let expiry = token.expiry.as_deref().and_then(|e| e.parse::<Timestamp>().ok());
        Ok(Obtained { bearer: Some(Secret::new(token.access_token)), more: Vec::new(), life: expiry.map(life_until) })
    }

    /// `az account get-access-token`.
    pub(super) async fn azure_command(&self, tenant: Option<&str>, azure: AzureCloud) -> Result<Obtained, Failed> {
        let (bearer, life) = self.azure_command_token(tenant, DATABRICKS).await?;
        let mut more = Vec::new();
        if let Some(resource) = self.connection.values.text("azure_workspace_resource_id") {
            let (management, _) = self.azure_command_token(tenant, azure.management()).await?;
            more = azure_headers(resource, management);
        }
        Ok(Obtained { bearer: Some(bearer), more, life })
    }

    async fn azure_command_token(
        &self,
        tenant: Option<&str>,
        resource: &str,
    ) -> Result<(Secret, Option<Duration>), Failed> {
        let path = self.wire.tools.az.clone().unwrap_or_else(|| PathBuf::from("az"));
        let fixed = ["account", "get-access-token", "--resource", resource, "--output", "json"];
        let tenant: Vec<&str> = tenant.map(|t| vec!["--tenant", t]).unwrap_or_default();
        let output = self.run("az", &path, fixed.into_iter().chain(tenant), "run `az login`").await?;
        let token: AzureToken = self.read("az", &output.stdout)?;
        let seconds = token.expires_on.as_ref().and_then(|v| v.as_i64().or_else(|| v.as_str()?.parse().ok()));
        let until = seconds.and_then(|s| Timestamp::from_second(s).ok());
        let until = until.or_else(|| local_time(token.expires_local.as_deref()?));
        Ok((Secret::new(token.access_token), until.map(life_until)))
    }

    /// Runs a program to its end. That it is missing, or that it refuses, means that nobody is signed in there.
    async fn run(
        &self,
        name: &str,
        path: &Path,
        arguments: impl Iterator<Item = &str>,
        login: &str,
    ) -> Result<Output, Failed> {
        let nobody = |why: String, remedy: String| Failed {
            error: RemoteError::new(Kind::SignIn, format!("the program `{name}`"), &self.place, why)
                .with_remedy(remedy),
            nobody: true,
        };
        let mut command = Command::new(path);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let limit = self.wire.limits.program;
        match tokio::time::timeout(limit, command.output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(output),
            Ok(Ok(output)) => {
                let why = format!("`{name}` gives no token: {}", complaint(&output.stderr, output.status.code()));
                Err(nobody(self.redact(&why), login.to_owned()))
            }
            Ok(Err(error)) => {
                let why = format!("the program `{name}` cannot be run: {error}");
                Err(nobody(why, format!("install it and {login}, or choose another auth_type")))
            }
            Err(_) => {
                let why = format!("`{name}` gave no token within {} s and was stopped", limit.as_secs());
                let error = RemoteError::new(Kind::SignIn, format!("the program `{name}`"), &self.place, why);
                Err(error.with_remedy(format!("{login}, and try it by hand")).into())
            }
        }
    }

    fn read<T: for<'a> Deserialize<'a>>(&self, name: &str, output: &[u8]) -> Result<T, Failed> {
        serde_json::from_slice(output).map_err(|_| {
            // Not a word of the output: it may be the token in another form.
            let why = format!("`{name}` printed something else than a token in JSON");
            let error = RemoteError::new(Kind::SignIn, format!("the program `{name}`"), &self.place, why);
            error.with_remedy(format!("update the program `{name}`")).into()
        })
    }
}

/// What a program complains of: its last line, without `Error:`.
fn complaint(stderr: &[u8], code: Option<i32>) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    let said = lines().find(|l| l.to_ascii_lowercase().starts_with("error")).or_else(|| lines().next_back());
    match said {
        Some(line) => line.trim_start_matches("Error:").trim_start_matches("ERROR:").trim().to_owned(),
        None => code.map_or_else(|| "it was killed".to_owned(), |code| format!("it ended with code {code}")),
    }
}

/// How long until then; both times are of this computer's clock.
fn life_until(until: Timestamp) -> Duration {
    let left = until.duration_since(Timestamp::now());
    Duration::try_from(left).unwrap_or_default()
}

fn local_time(text: &str) -> Option<Timestamp> {
    let at: jiff::civil::DateTime = text.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_one_line() {
        let said = b"WARNING: x\nERROR: Please run 'az login' to setup account.\n\n";
        assert_eq!(complaint(said, Some(1)), "Please run 'az login' to setup account.");
        assert_eq!(complaint(b"one\ntwo\n", None), "two");
        assert_eq!(complaint(b"", Some(3)), "it ended with code 3");
    }

    #[test]
    fn both_times_of_az_are_read() {
        assert!(local_time("2026-11-21 22:00:00.000000").is_some());
        assert_eq!(life_until(Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}
