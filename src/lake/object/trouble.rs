//! What a cloud store answered instead of what was asked for, and how it is told.
//!
//! What always holds: a message names the bucket or key, the server's own code, and what to do; it never holds a header,
//! a query or a key of an account.

use crate::lake::remote::{RemoteError, Trouble};
use object_store::client::{HttpError, HttpErrorKind};
use std::time::Duration;

/// An answer that was no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The server answered.
    #[error("HTTP {status} {code}")]
    Answered {
        /// HTTP status.
        status: u16,
        /// The server's own code, such as `NoSuchBucket`; empty if it gave none.
        code: String,
        /// Its sentence.
        message: String,
        /// The region in which the bucket lies, where the server says so.
        region: Option<String>,
        /// How long it asks to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// Nothing was answered.
    #[error("{host}: {why}")]
    Unreachable {
        /// The name that was asked.
        host: String,
        /// What the system says.
        why: String,
        /// In which part it failed.
        kind: HttpErrorKind,
    },
    /// This machine has no credentials of its own.
    #[error("this machine gives no credentials")]
    NoMetadata,
}

impl Fault {
    /// From status, headers and body.
    pub(super) fn answered(status: u16, header: &dyn Fn(&str) -> Option<String>, body: &str) -> Self {
        let code = header("x-ms-error-code").or_else(|| inside(body, "Code")).unwrap_or_default();
        let message = inside(body, "Message").unwrap_or_default();
        let region = header("x-amz-bucket-region").or_else(|| inside(body, "Region"));
        let retry_after = header("retry-after").and_then(|text| text.trim().parse().ok());
        Self::Answered { status, code, message: first_line(&message), region, retry_after }
    }

    /// How long to wait before asking again; nothing if that is of no use.
    pub(super) fn wait(&self, tries: u32, first: Duration) -> Option<Duration> {
        let growing = first.saturating_mul(1 << tries.saturating_sub(1).min(6));
        match self {
            Self::Answered { status: 408 | 429 | 500 | 502 | 503 | 504, retry_after, .. } => {
                Some(retry_after.map_or(growing, Duration::from_secs))
            }
            // A name that does not resolve and a port that is closed stay so.
            Self::Unreachable { kind: HttpErrorKind::Connect, .. } => (tries < 2).then_some(first),
            Self::Unreachable { .. } => (tries < 4).then_some(growing),
            _ => None,
        }
    }

    /// Whether the server wants less of everybody.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(self, Self::Answered { status: 429 | 503, .. })
    }

    /// Whether other keys could help, of which there may be newer ones. A question without a body is answered without a
    /// code.
    pub(super) fn keys_have_ended(&self) -> bool {
        let Self::Answered { status, code, .. } = self else { return false };
        matches!(code.as_str(), "ExpiredToken" | "ExpiredTokenException" | "InvalidAccessKeyId")
            || (*status == 400 && code.is_empty())
    }

    /// The region to ask instead.
    pub(super) fn elsewhere(&self) -> Option<String> {
        match self {
            Self::Answered { status: 301 | 307 | 400, region, .. } => region.clone().filter(|r| is_region(r)),
            _ => None,
        }
    }
}

/// A region becomes part of a host name: nothing but a name of one is taken from a server.
fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 32
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The text of the first element of this name; enough for the small error documents of these servers.
fn inside(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once("</")?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Azure goes on with request ids and times.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// The fault at the bottom of an error.
pub(super) fn fault_of(error: &object_store::Error) -> Option<Fault> {
    causes(error).find_map(|cause| cause.downcast_ref::<Fault>().cloned())
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The error as a person reads it. `signed` says with what requests were signed.
pub(super) fn explain(
    error: &object_store::Error,
    fault: Option<&Fault>,
    doing: &'static str,
    place: &str,
    signed: &str,
) -> RemoteError {
    let told = |trouble, why: &str, remedy: &str| RemoteError::new(trouble, doing, place, why, remedy);
    match fault {
        Some(Fault::NoMetadata) => {
            told(Trouble::NoCredentials, "there is nothing to sign in with", &no_credentials(place))
        }
        Some(Fault::Unreachable { host, why, .. }) => {
            let remedy = "check the network, the endpoint in the settings, and proxies, and try again";
            told(Trouble::Unreachable, &format!("{host} cannot be reached ({why})"), remedy)
        }
        Some(Fault::Answered { status, code, message, .. }) => {
            let (trouble, why, remedy) = answered(*status, code, signed);
            let said = [code.as_str(), message.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
            let said = if said.is_empty() { format!("HTTP {status}") } else { said.join(": ") };
            told(trouble, &format!("{why} ({said})"), &remedy)
        }
        None => without_fault(error, &told),
    }
}

fn without_fault(error: &object_store::Error, told: &dyn Fn(Trouble, &str, &str) -> RemoteError) -> RemoteError {
    if let Some(broken) = causes(error).find_map(|cause| cause.downcast_ref::<HttpError>()) {
        let why = format!("the answer broke off ({broken})");
        return told(Trouble::Cut, &why, "try again");
    }
    match error {
        object_store::Error::InvalidPath { .. } => told(
            Trouble::Other,
            "a key in it has an empty part, `.` or `..` between two slashes, which cannot be told from a folder here",
            "rename the object, or list a folder below it",
        ),
        other => {
            // The texts above the last one repeat the request with its address.
            let why = causes(other).last().map(ToString::to_string).unwrap_or_default();
            let remedy = "check that the endpoint in the settings is one of this kind of store";
            told(Trouble::Other, &format!("the answer is not understood ({})", first_line(&why)), remedy)
        }
    }
}

/// What a status and a code mean: the kind, a sentence, what to do.
fn answered(status: u16, code: &str, signed: &str) -> (Trouble, &'static str, String) {
    let own = |text: &str| text.to_owned();
    match (status, code) {
        (_, "NoSuchBucket" | "ContainerNotFound") => (
            Trouble::NotFound,
            "there is no such bucket or container",
            own("check its name, and the account or endpoint"),
        ),
        (404, _) => (Trouble::NotFound, "it is not there", own("check the spelling, or reload the folder above")),
        (412, _) => (Trouble::Changed, "it was changed while it was read", own("reload to read it anew")),
        (_, "RequestTimeTooSkewed") => {
            (Trouble::Denied, "the clock of this machine is wrong", own("set the time and try again"))
        }
        (_, "ExpiredToken" | "ExpiredTokenException") => {
            (Trouble::Denied, "the session has expired", own("sign in again, then reload"))
        }
        (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AuthenticationFailed" | "InvalidAuthenticationInfo")
        | (401, _) => {
            (Trouble::Denied, "the server does not accept the credentials", format!("they are {signed}; check them"))
        }
        (403, _) => (
            Trouble::Denied,
            "permission denied",
            format!("requests were signed with {signed}; ask the owner for the right to list and read"),
        ),
        (301 | 307, _) => (
            Trouble::Settings,
            "it lies in another region or at another address",
            own("set lake.s3.region, or lake.s3.endpoint"),
        ),
        (429 | 503, _) => (Trouble::Busy, "the server is too busy", own("wait a moment and reload")),
        (500.., _) => (Trouble::Other, "the server failed", own("try again later")),
        _ => (Trouble::Other, "the server refused the request", own("check the path and the endpoint in the settings")),
    }
}

fn no_credentials(place: &str) -> String {
    let (set, open) = match place.split_once(':').map(|(scheme, _)| scheme) {
        Some("gs") => {
            ("GOOGLE_APPLICATION_CREDENTIALS (or `gcloud auth application-default login`)", "lake.gs.anonymous")
        }
        Some("abfss" | "wasbs") => (
            "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_CLIENT_ID and its kin",
            "lake.azure.anonymous",
        ),
        _ => (
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws/credentials (`aws \
             configure` makes one)",
            "lake.s3.anonymous",
        ),
    };
    format!("set {set}, or `{open} = true` for one that is open to everybody")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Fault::answered(status, &header, body)
    }

    #[test]
    fn a_server_is_given_the_time_it_asks_for() {
        let first = Duration::from_millis(300);
        assert_eq!(fault(503, &[("retry-after", "7")], "").wait(1, first), Some(Duration::from_secs(7)));
        assert_eq!(fault(429, &[], "").wait(3, first), Some(Duration::from_millis(1200)));
        assert_eq!(fault(403, &[("retry-after", "7")], "").wait(1, first), None);
        assert!(fault(503, &[], "").concerns_all() && !fault(500, &[], "").concerns_all());
    }

    #[test]
    fn a_region_is_taken_only_from_what_looks_like_one() {
        let moved = |region| fault(301, &[("x-amz-bucket-region", region)], "").elsewhere();
        assert_eq!(moved("eu-west-1").as_deref(), Some("eu-west-1"));
        assert_eq!(moved("evil.example/x"), None);
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>";
        assert_eq!(fault(400, &[], body).elsewhere().as_deref(), Some("us-west-2"));
        assert_eq!(fault(403, &[], body).elsewhere(), None);
    }

    #[test]
    fn every_failure_says_what_to_do() {
        let error = object_store::Error::Generic { store: "S3", source: "x".into() };
        let told = |fault: &Fault| explain(&error, Some(fault), "list", "s3://b/x", "the key AKIA…");
        let body = "<Error><Code>AccessDenied</Code><Message>No\nRequestId:1</Message></Error>";
        let denied = told(&fault(403, &[], body));
        assert_eq!(denied.trouble, Trouble::Denied);
        assert_eq!(
            denied.to_string(),
            "cannot list `s3://b/x`: permission denied (AccessDenied: No); requests were signed with the key AKIA…; ask \
             the owner for the right to list and read"
        );
        let missing = told(&fault(404, &[], "<Code>NoSuchBucket</Code>"));
        assert!(missing.trouble == Trouble::NotFound && missing.to_string().contains("no such bucket"), "{missing}");
        let nobody = told(&Fault::NoMetadata);
        assert!(
            nobody.trouble == Trouble::NoCredentials && nobody.to_string().contains("AWS_ACCESS_KEY_ID"),
            "{nobody}"
        );
        let html = told(&fault(502, &[], "<html><body>Bad gateway</body></html>"));
        assert!(html.to_string().contains("HTTP 502"), "{html}");
    }
}
