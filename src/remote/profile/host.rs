//! The address of a workspace as people write it, made the same for everybody, and the cloud it stands in.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use thiserror::Error;

/// The address of a server: `https://name` or `https://name:port`, without path; `http://` only on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(String);

/// Why a text is no host. A text that may hold a secret is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// There is nothing between scheme and path.
    #[error("`{0}` names no server")]
    NoName(String),
    /// A scheme that is not spoken.
    #[error("`{0}://` is not spoken here")]
    Scheme(String),
    /// Unencrypted, and not this machine.
    #[error("`{0}` is not encrypted: everybody on the way could read the token; http:// is only for this machine")]
    Unencrypted(String),
    /// `user:password@`.
    #[error("it holds a user name or password before an `@` (not shown)")]
    Login,
    /// A character or port that no address has.
    #[error("`{0}` is not the address of a server")]
    Malformed(String),
    /// It looks like what belongs into `token`.
    #[error("it looks like a token (not shown)")]
    Token,
}

impl HostError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Login => {
                "write only the address, such as https://adb-1234567890.7.azuredatabricks.net, and use `token`"
            }
            Self::Unencrypted(_) => "write https://; for a server on another machine without TLS, use an SSH tunnel",
            Self::Token => "write the address of the workspace as `host` and the token as `token`",
            _ => "write the address as the browser shows it, such as https://dbc-a1b2345c-d6e7.cloud.databricks.com",
        }
    }
}

impl Host {
    /// Reads an address: adds `https://`, drops path, query, a trailing slash and port 443, as the SDKs do.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(HostError::Login);
        }
        if authority.starts_with("dapi") && !authority.contains('.') {
            return Err(HostError::Token);
        }
        if authority.is_empty() {
            return Err(HostError::NoName(text.to_owned()));
        }
        if scheme != "https" && scheme != "http" {
            return Err(HostError::Scheme(scheme));
        }
        let malformed = || HostError::Malformed(authority.to_owned());
        let (name, port) = name_and_port(authority).ok_or_else(malformed)?;
        let name = name.to_ascii_lowercase();
        if scheme == "http" && !is_loopback(&name) {
            return Err(HostError::Unencrypted(format!("http://{authority}")));
        }
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = port.filter(|p| *p != usual).map(|p| format!(":{p}")).unwrap_or_default();
        Ok(Self(format!("{scheme}://{name}{port}")))
    }

    /// The address, with its scheme.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name alone: no scheme, no port.
    #[must_use]
    pub fn name(&self) -> &str {
        let authority = self.0.split_once("://").map_or(self.0.as_str(), |(_, a)| a);
        name_and_port(authority).map_or(authority, |(name, _)| name)
    }

    /// The port, which is the usual one of the scheme where none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        let (scheme, authority) = self.0.split_once("://").unwrap_or(("https", self.0.as_str()));
        let usual = if scheme == "http" { 80 } else { 443 };
        name_and_port(authority).and_then(|(_, port)| port).unwrap_or(usual)
    }

    /// The zone of Databricks it stands in; none for other servers.
    #[must_use]
    pub fn zone(&self) -> Option<Zone> {
        ZONES.iter().find(|(suffix, _)| self.name().ends_with(suffix)).map(|(_, zone)| *zone)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits `name:port`; an IPv6 address stands in brackets, which stay.
fn name_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = authority.rfind(']').map_or(0, |i| i + 1);
    let (name, port) = match authority.get(end..)?.rfind(':') {
        None => (authority, None),
        Some(colon) => (authority.get(..end + colon)?, authority.get(end + colon + 1..)),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok().filter(|p| *p > 0)?),
        Some(_) => return None,
    };
    let bracketed = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let fine = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(name),
    };
    fine.then_some((name, port))
}

fn is_name(name: &str) -> bool {
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    name.len() <= 253 && name.split('.').all(label)
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// Who runs the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon.
    Aws,
    /// Microsoft.
    Azure,
    /// Google.
    Gcp,
}

impl Cloud {
    /// The name in text and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }

    /// The cloud with this name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Aws, Self::Azure, Self::Gcp].into_iter().find(|c| c.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// One of the separate Azure clouds, each with its own servers to sign in at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AzureCloud {
    /// The usual one.
    #[default]
    Public,
    /// Of the government of the United States.
    UsGovernment,
    /// In China.
    China,
}

impl AzureCloud {
    /// Reads `azure_environment`: `PUBLIC`, `USGOVERNMENT`, `CHINA`, also as `AzurePublicCloud` and the like.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_uppercase();
        let name = name.strip_prefix("AZURE").unwrap_or(&name);
        match name.strip_suffix("CLOUD").unwrap_or(name) {
            "" | "PUBLIC" => Some(Self::Public),
            "USGOVERNMENT" => Some(Self::UsGovernment),
            "CHINA" => Some(Self::China),
            _ => None,
        }
    }

    /// Where a service principal signs in; the tenant follows.
    #[must_use]
    pub fn login(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com/",
            Self::UsGovernment => "https://login.microsoftonline.us/",
            Self::China => "https://login.chinacloudapi.cn/",
        }
    }

    /// The resource whose token goes into `X-Databricks-Azure-SP-Management-Token`.
    #[must_use]
    pub fn management(self) -> &'static str {
        match self {
            Self::Public => "https://management.core.windows.net/",
            Self::UsGovernment => "https://management.core.usgovcloudapi.net/",
            Self::China => "https://management.core.chinacloudapi.cn/",
        }
    }
}

/// What the end of a host name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// The cloud.
    pub cloud: Cloud,
    /// Which Azure cloud; the usual one elsewhere.
    pub azure: AzureCloud,
}

const fn zone(cloud: Cloud, azure: AzureCloud) -> Zone {
    Zone { cloud, azure }
}

/// The zones of the SDKs (`environments.py`); development and staging zones end like the others.
const ZONES: [(&str, Zone); 7] = [
    (".cloud.databricks.com", zone(Cloud::Aws, AzureCloud::Public)),
    (".cloud.databricks.us", zone(Cloud::Aws, AzureCloud::Public)),
    (".azuredatabricks.net", zone(Cloud::Azure, AzureCloud::Public)),
    (".databricks.azure.us", zone(Cloud::Azure, AzureCloud::UsGovernment)),
    (".databricks.azure.cn", zone(Cloud::Azure, AzureCloud::China)),
    (".gcp.databricks.com", zone(Cloud::Gcp, AzureCloud::Public)),
    (".dev.databricks.com", zone(Cloud::Aws, AzureCloud::Public)),
];
