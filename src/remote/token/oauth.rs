//! Tokens for service principals: of Databricks by its own endpoint, of Azure by Microsoft's.

use super::{Failed, Obtained, Tokens};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::http::wire::Small;
use crate::remote::lenient::opt_int64;
use crate::remote::profile::host::{AzureCloud, Host};
use crate::remote::secret::Secret;
use reqwest::header::{HeaderName, LOCATION};
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use std::time::Duration;

/// The application id of Databricks in every Azure directory.
pub(super) const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
/// What a token lives if its server does not say.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    access_token: String,
    #[serde(default, deserialize_with = "opt_int64")]
    expires_in: Option<i64>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    oidc_endpoint: Option<String>,
    #[serde(default)]
    account_id: Option<String>,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    #[serde(default)]
    token_endpoint: Option<String>,
}

impl Tokens {
    /// Client credentials at the endpoint that the workspace names.
    pub(super) async fn machine(&self, id: &str, secret: &Secret) -> Result<Obtained, Failed> {
        let endpoint = self.token_endpoint().await?;
        let scopes = self.connection.values.text("scopes").unwrap_or("all-apis");
        let scope = scopes.split([',', ' ']).filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ");
        let form = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
        let request = self.wire.client.post(endpoint).basic_auth(id, Some(secret.expose())).form(&form);
        let (bearer, life) = self.ask(request, &format!("the service principal {id}"), &self.place, id).await?;
        Ok(Obtained { bearer: Some(bearer), more: Vec::new(), life: Some(life) })
    }

    /// Where tokens are given: the workspace says so in one of two documents, or it is the usual place.
    async fn token_endpoint(&self) -> Result<Url, RemoteError> {
        let host = self.connection.host.as_str();
        let usual = format!("{host}/oidc/v1/token");
        let found = match self.connection.values.text("discovery_url") {
            Some(url) => self.document::<Endpoints>(url).await?.unwrap_or_default().token_endpoint,
            None => {
                let about = self.document::<Metadata>(&format!("{host}/.well-known/databricks-config")).await?;
                let Metadata { oidc_endpoint, account_id } = about.unwrap_or_default();
                let configured = self.connection.values.text("account_id").map(str::to_owned);
                let account = account_id.or(configured).unwrap_or_default();
                let oidc =
                    oidc_endpoint.map_or_else(|| format!("{host}/oidc"), |e| e.replace("{account_id}", &account));
                let url = format!("{}/.well-known/oauth-authorization-server", oidc.trim_end_matches('/'));
                self.document::<Endpoints>(&url).await?.unwrap_or_default().token_endpoint
            }
        };
        let text = found.unwrap_or(usual);
        let parsed = Url::parse(&text).ok().filter(|_| Host::parse(&text).is_ok());
        parsed.ok_or_else(|| {
            let why = "it names an address for tokens that is not https, where no secret is sent to";
            RemoteError::new(Kind::Protocol, "the address for tokens", &self.place, why)
        })
    }

    /// A public document; nothing if there is none that can be read.
    async fn document<T: for<'a> Deserialize<'a>>(&self, url: &str) -> Result<Option<T>, RemoteError> {
        if Host::parse(url).is_err() {
            return Ok(None);
        }
        let small = self.wire.small(self.wire.client.get(url), "its document about signing in", &self.place).await?;
        Ok(small.ok().then(|| serde_json::from_slice(&small.body).ok()).flatten())
    }

    /// Client credentials at Azure.
    pub(super) async fn azure_principal(
        &self,
        tenant: Option<&str>,
        id: &str,
        secret: &Secret,
        azure: AzureCloud,
    ) -> Result<Obtained, Failed> {
        let tenant = match tenant {
            Some(tenant) => tenant.to_owned(),
            None => self.tenant().await?,
        };
        let (bearer, life) = self.azure_token(&tenant, id, secret, azure, DATABRICKS).await?;
        let mut more = Vec::new();
        if let Some(resource) = self.connection.values.text("azure_workspace_resource_id") {
            let (management, _) = self.azure_token(&tenant, id, secret, azure, azure.management()).await?;
            more = azure_headers(resource, management);
        }
        Ok(Obtained { bearer: Some(bearer), more, life: Some(life) })
    }

    async fn azure_token(
        &self,
        tenant: &str,
        id: &str,
        secret: &Secret,
        azure: AzureCloud,
        resource: &str,
    ) -> Result<(Secret, Duration), RemoteError> {
        let login = self.wire.azure_login.as_deref().unwrap_or(azure.login());
        let server = Url::parse(login).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        let mut url = Url::parse(login)
            .map_err(|_| RemoteError::new(Kind::Invalid, "the address of Azure", &self.place, "it is no address"))?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend([tenant, "oauth2", "token"]);
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret.expose()),
            ("resource", resource),
        ];
        let subject = format!("the service principal {id} of the directory {tenant}");
        let server = format!("{server}, for {}", self.place);
        self.ask(self.wire.client.post(url).form(&form), &subject, &server, id).await
    }

    /// The directory, which the workspace names by sending browsers to sign in there.
    async fn tenant(&self) -> Result<String, RemoteError> {
        let url = format!("{}/aad/auth", self.connection.host);
        let small = self.wire.small(self.wire.client.get(url), "the directory it belongs to", &self.place).await?;
        let location = small.headers.get(LOCATION).and_then(|l| Url::parse(l.to_str().ok()?).ok());
        let tenant = location.as_ref().and_then(|l| l.path_segments()?.next().map(str::to_owned));
        tenant.filter(|t| !t.is_empty()).ok_or_else(|| {
            let why = "the workspace does not say which Azure directory it belongs to";
            RemoteError::new(Kind::SignIn, "the directory", &self.place, why)
                .with_remedy("set azure_tenant_id (ARM_TENANT_ID)")
        })
    }

    async fn ask(
        &self,
        request: RequestBuilder,
        subject: &str,
        server: &str,
        id: &str,
    ) -> Result<(Secret, Duration), RemoteError> {
        let small = self.wire.small(request, subject, server).await?;
        if !small.ok() {
            return Err(self.refusal(&small, subject, server, id));
        }
        let answer: Option<TokenAnswer> = serde_json::from_slice(&small.body).ok();
        let Some(answer) = answer.filter(|a| !a.access_token.is_empty()) else {
            return Err(RemoteError::new(
                Kind::Protocol,
                subject,
                server,
                "the answer to the question for a token has none",
            ));
        };
        let seconds = answer.expires_in.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
        Ok((Secret::new(answer.access_token), seconds.map_or(USUAL_LIFE, Duration::from_secs)))
    }

    fn refusal(&self, small: &Small, subject: &str, server: &str, id: &str) -> RemoteError {
        let refusal = small.refusal();
        let kind = match refusal.kind("/oidc") {
            Kind::Invalid | Kind::SignIn | Kind::Permission | Kind::NotFound => Kind::SignIn,
            other => other,
        };
        let why = format!("{subject} was refused: {}", self.redact(&refusal.text()));
        let error = RemoteError::new(kind, subject, server, why).with_answer(refusal.code.as_deref(), refusal.status);
        if kind == Kind::SignIn {
            return error.with_remedy(format!(
                "check the id {id} and its secret, which may have expired, and that it is a member of the workspace"
            ));
        }
        error
    }
}

/// What Azure workspaces want of somebody who is not a member yet.
pub(super) fn azure_headers(resource: &str, management: Secret) -> Vec<(HeaderName, Secret)> {
    vec![
        (HeaderName::from_static("x-databricks-azure-sp-management-token"), management),
        (HeaderName::from_static("x-databricks-azure-workspace-resource-id"), Secret::new(resource)),
    ]
}
