//! What an answer that is no success says: every shape in which Databricks, its proxies and open catalogs refuse.
//!
//! Source: `databricks/sdk/errors/` of the Python SDK. What always holds: any bytes are read without failing, and the
//! code of the server decides before the HTTP status does.

use crate::remote::error::Kind;
use serde_json::Value;

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Its own code, such as `RESOURCE_DOES_NOT_EXIST`.
    pub code: Option<String>,
    /// Its message, or what stands in for one.
    pub message: String,
    /// The finer reason in `details`, such as `FILES_API_DIRECTORY_IS_NOT_EMPTY`.
    pub reason: Option<String>,
}

/// Texts of failures that go away, whatever the status.
const PASSING: [&str; 5] = [
    "Unknown worker environment",
    "ClusterNotReadyException",
    "RPC token bucket limit has been exceeded",
    "Please try again later or try a faster operation.",
    "Unexpected error",
];

impl Refusal {
    /// Reads an answer. `phrase` is the usual text for the status.
    #[must_use]
    pub fn read(status: u16, phrase: &str, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let found = json(text).or_else(|| html(text)).or_else(|| coded(text)).unwrap_or_default();
        let Found { code, message, reason } = found;
        let message = [message, text.to_owned(), phrase.to_owned()].into_iter().find(|m| !m.is_empty());
        Self { status, code, message: message.unwrap_or_else(|| format!("HTTP {status}")), reason }
    }

    /// Whether it is expected to go away by itself.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        PASSING.iter().any(|text| self.message.contains(text))
    }

    /// Whether the same request, once it is made with a fresh token, may be accepted.
    #[must_use]
    pub fn is_about_the_token(&self) -> bool {
        let message = self.message.as_str();
        self.status == 401
            || (self.status == 403 && message.starts_with("Invalid access token"))
            || (self.status == 400 && message == "Invalid Token")
    }

    /// What kind of failure it is; `path` is that of the request.
    #[must_use]
    pub fn kind(&self, path: &str) -> Kind {
        if self.is_about_the_token() {
            return Kind::SignIn;
        }
        if self.status == 403 && self.message.contains("Unauthorized access to Org") {
            return Kind::SignIn;
        }
        let missing = self.status == 400 && self.message.contains("does not exist");
        if missing && (path.contains("/clusters/") || path.contains("/jobs/")) {
            return Kind::NotFound;
        }
        self.code.as_deref().and_then(by_code).unwrap_or_else(|| by_status(self.status))
    }

    /// The message, with the code where it adds something.
    #[must_use]
    pub fn text(&self) -> String {
        let code = self.code.as_deref().filter(|c| c.parse::<u16>().is_err() && !self.message.starts_with(c));
        match code {
            Some(code) => format!("{code}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

fn by_code(code: &str) -> Option<Kind> {
    Some(match code {
        "UNAUTHENTICATED" | "invalid_client" | "unauthorized_client" | "invalid_grant" => Kind::SignIn,
        "PERMISSION_DENIED" => Kind::Permission,
        "ABORTED" | "RESOURCE_CONFLICT" => Kind::Conflict,
        "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" => Kind::Throttled,
        "TEMPORARILY_UNAVAILABLE" => Kind::Unavailable,
        "DEADLINE_EXCEEDED" => Kind::Timeout,
        "INTERNAL_ERROR" | "DATA_LOSS" => Kind::Server,
        "BAD_REQUEST" | "INVALID_PARAMETER_VALUE" | "MALFORMED_REQUEST" | "invalidSyntax" => Kind::Invalid,
        "MAX_BLOCK_SIZE_EXCEEDED" | "MAX_READ_SIZE_EXCEEDED" => Kind::TooLarge,
        _ if code.ends_with("ALREADY_EXISTS") => Kind::Exists,
        _ if code.ends_with("DOES_NOT_EXIST") || code.ends_with("NOT_FOUND") => Kind::NotFound,
        _ => return None,
    })
}

fn by_status(status: u16) -> Kind {
    match status {
        401 => Kind::SignIn,
        403 => Kind::Permission,
        404 | 410 => Kind::NotFound,
        408 | 504 => Kind::Timeout,
        409 | 412 => Kind::Conflict,
        413 => Kind::TooLarge,
        429 => Kind::Throttled,
        502 | 503 => Kind::Unavailable,
        500.. => Kind::Server,
        300..=399 => Kind::Protocol,
        _ => Kind::Invalid,
    }
}

#[derive(Default)]
struct Found {
    code: Option<String>,
    message: String,
    reason: Option<String>,
}

/// The JSON shapes: today's, that of API 1.2, that of SCIM, that of OAuth.
fn json(text: &str) -> Option<Found> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    let get = |names: &[&str]| {
        let plain = |v: &Value| match v {
            Value::String(text) => Some(text.clone()).filter(|t| !t.is_empty()),
            Value::Number(n) => Some(n.to_string()),
            _ => None,
        };
        names.iter().find_map(|name| object.get(*name).and_then(plain))
    };
    let described = get(&["message", "error_description", "detail", "error_message"]);
    let short = get(&["error"]);
    let code = get(&["error_code", "errorCode", "scimType"]);
    // `error` is the message in API 1.2, and the code where a description stands beside it.
    let code = code.or_else(|| described.as_ref().and(short.clone()));
    let details = object.get("details").and_then(Value::as_array);
    let reason = details.and_then(|all| all.iter().find_map(|d| d.get("reason")?.as_str().map(str::to_owned)));
    let message = described.or(short).unwrap_or_default();
    let said = code.is_some() || !message.is_empty();
    said.then_some(Found { code, message, reason })
}

/// A page: what stands in `<pre>`, else its title.
fn html(text: &str) -> Option<Found> {
    if !is_html(text) {
        return None;
    }
    let inside = |tag: &str| {
        let lower = text.to_ascii_lowercase();
        let start = lower.find(&format!("<{tag}"))?;
        let start = start + lower.get(start..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find(&format!("</{tag}"))?;
        Some(plain(text.get(start..end)?)).filter(|t| !t.is_empty())
    };
    let message = inside("pre").or_else(|| inside("title")).unwrap_or_else(|| plain(text));
    let message = message.strip_prefix("Error:").map_or(message.clone(), |m| m.trim().to_owned());
    Some(Found { code: None, message: format!("{message} (a web page, not an answer of the API)"), reason: None })
}

/// Whether this is a web page.
#[must_use]
pub fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

/// The text of a piece of a page: no tags, single spaces.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                out.push(' ');
            }
            _ if !tag => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `CODE: message`.
fn coded(text: &str) -> Option<Found> {
    let (code, message) = text.split_once(": ")?;
    let fits = code.len() >= 3 && code.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    fits.then(|| Found { code: Some(code.to_owned()), message: message.trim().to_owned(), reason: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_shape_is_read() {
        let cases: [(u16, &str, Option<&str>, &str, Kind); 16] = [
            (
                404,
                r#"{"error_code":"CATALOG_DOES_NOT_EXIST","message":"Catalog 'x'"}"#,
                Some("CATALOG_DOES_NOT_EXIST"),
                "Catalog 'x'",
                Kind::NotFound,
            ),
            (
                404,
                r#"{"errorCode":"RESOURCE_NOT_FOUND","message":"gone","stack_trace":null}"#,
                Some("RESOURCE_NOT_FOUND"),
                "gone",
                Kind::NotFound,
            ),
            (
                403,
                r#"{"error_code":"403","message":"Invalid access token."}"#,
                Some("403"),
                "Invalid access token.",
                Kind::SignIn,
            ),
            (
                403,
                r#"{"error_code":"PERMISSION_DENIED","message":"no"}"#,
                Some("PERMISSION_DENIED"),
                "no",
                Kind::Permission,
            ),
            (400, r#"{"error":"cluster is old"}"#, None, "cluster is old", Kind::Invalid),
            (
                401,
                r#"{"error":"invalid_client","error_description":"unknown"}"#,
                Some("invalid_client"),
                "unknown",
                Kind::SignIn,
            ),
            (
                409,
                r#"{"detail":"taken","status":"409","scimType":"uniqueness"}"#,
                Some("uniqueness"),
                "taken",
                Kind::Conflict,
            ),
            (
                409,
                r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"m"}"#,
                Some("RESOURCE_ALREADY_EXISTS"),
                "m",
                Kind::Exists,
            ),
            (
                400,
                "MALFORMED_REQUEST: vpc_endpoints is wrong",
                Some("MALFORMED_REQUEST"),
                "vpc_endpoints is wrong",
                Kind::Invalid,
            ),
            (
                500,
                "<html><head><title>Oops</title></head><body><pre>Error:\n <b>it</b> broke</pre></body></html>",
                None,
                "it broke (a web page, not an answer of the API)",
                Kind::Server,
            ),
            (
                502,
                "<!DOCTYPE html><title>502 Bad\nGateway</title>",
                None,
                "502 Bad Gateway (a web page, not an answer of the API)",
                Kind::Unavailable,
            ),
            (503, "", None, "phrase", Kind::Unavailable),
            (429, "{}", None, "{}", Kind::Throttled),
            (418, "\u{fffd}?", None, "\u{fffd}?", Kind::Invalid),
            (504, "upstream", None, "upstream", Kind::Timeout),
            (
                500,
                r#"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}"#,
                Some("TEMPORARILY_UNAVAILABLE"),
                "later",
                Kind::Unavailable,
            ),
        ];
        for (status, body, code, message, kind) in cases {
            let read = Refusal::read(status, "phrase", body.as_bytes());
            assert_eq!((read.code.as_deref(), read.message.as_str()), (code, message), "{body}");
            assert_eq!(read.kind("/api/2.0/x"), kind, "{body}");
        }
    }

    #[test]
    fn details_and_clusters_are_understood() {
        let body = r#"{"error_code":"BAD_REQUEST","message":"m","details":[{"@type":"a"},{"reason":"FILES_API_DIRECTORY_IS_NOT_EMPTY"}]}"#;
        assert_eq!(Refusal::read(400, "", body.as_bytes()).reason.as_deref(), Some("FILES_API_DIRECTORY_IS_NOT_EMPTY"));
        let body = br#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Cluster x does not exist"}"#;
        let read = Refusal::read(400, "", body);
        assert_eq!(read.kind("/api/2.1/clusters/get"), Kind::NotFound);
        assert_eq!(read.kind("/api/2.0/sql/warehouses"), Kind::Invalid);
        assert_eq!(read.text(), "INVALID_PARAMETER_VALUE: Cluster x does not exist");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(status in 100u16..600, body: Vec<u8>) {
            let read = Refusal::read(status, "", &body);
            prop_assert!(!read.message.is_empty());
            let _ = (read.kind("/"), read.text(), read.is_passing());
        }

        #[test]
        fn any_page_is_read(text in "<html>[<>/a-c pretil]{0,60}") {
            prop_assert!(Refusal::read(500, "", text.as_bytes()).message.ends_with("of the API)"));
        }
    }
}
