//! What a gRPC status of a Spark Connect server means.
//!
//! Source: `GrpcRetryPolicy` and `SparkConnectGrpcException` of Apache Spark 4. Errors of SQL come as `INTERNAL` with
//! the class, the SQLSTATE and a number for the full text in `grpc-status-details-bin`.

use prost::Message;
use std::collections::HashMap;
use std::error::Error;
use tonic::{Code, Status};

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

/// What to do about a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The connection could not be made: nothing was sent.
    NoConnection,
    /// The connection broke: attach again.
    Broken,
    /// The server has never seen this statement, or has forgotten it.
    UnknownOperation,
    /// The server gave the statement up because nobody asked for its answers: what it did so far stands.
    Abandoned,
    /// The session is over: another one is needed. The statement was not taken.
    SessionOver,
    /// The token is not accepted.
    Unauthenticated,
    /// The statement was stopped.
    Cancelled,
    /// The server does not know this kind of request.
    Unimplemented,
    /// The answer is no.
    Refused,
}

/// What the details of a status say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// The class of the error.
    pub(super) class: String,
    /// The SQLSTATE.
    pub(super) state: String,
    /// The number under which the server keeps the full text.
    pub(super) id: Option<String>,
}

/// Reads the details of a status; empty where there are none.
pub(super) fn details(status: &Status) -> Details {
    let Ok(rpc) = RpcStatus::decode(status.details()) else { return Details::default() };
    let info = rpc.details.iter().find(|any| any.type_url.ends_with("google.rpc.ErrorInfo"));
    let Some(info) = info.and_then(|any| ErrorInfo::decode(any.value.as_slice()).ok()) else {
        return Details::default();
    };
    let get = |key: &str| info.metadata.get(key).cloned();
    Details {
        class: get("errorClass").unwrap_or_else(|| class_in(status.message())),
        state: get("sqlState").unwrap_or_default(),
        id: get("errorId"),
    }
}

/// The class that a message begins with: `[CLASS.SUB] …`.
pub(super) fn class_in(message: &str) -> String {
    let inside = message.trim_start().strip_prefix('[').and_then(|m| m.split_once(']')).map(|(class, _)| class);
    let fine = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    inside.filter(|c| c.chars().all(fine)).unwrap_or_default().to_owned()
}

/// What a status means.
pub(super) fn meaning(status: &Status) -> Meaning {
    let message = status.message();
    if message.contains("INVALID_HANDLE.OPERATION_NOT_FOUND") {
        return Meaning::UnknownOperation;
    }
    if message.contains("INVALID_HANDLE.OPERATION_ABANDONED") {
        return Meaning::Abandoned;
    }
    if message.contains("INVALID_HANDLE.SESSION_") {
        return Meaning::SessionOver;
    }
    if message.contains("INVALID_CURSOR.DISCONNECTED") {
        return Meaning::Broken;
    }
    if message.contains("OPERATION_CANCELED") || message.contains("OPERATION_CANCELLED") {
        return Meaning::Cancelled;
    }
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied if status.details().is_empty() => Meaning::Unauthenticated,
        Code::Unimplemented => Meaning::Unimplemented,
        Code::Unavailable if never_connected(status) => Meaning::NoConnection,
        Code::Unavailable | Code::DeadlineExceeded => Meaning::Broken,
        // What our own side of the connection reports has a cause; what a server reports has none.
        Code::Unknown | Code::Internal | Code::Cancelled | Code::DataLoss if status.source().is_some() => {
            Meaning::Broken
        }
        Code::Internal | Code::Unknown if status.details().is_empty() && message.contains("h2 protocol error") => {
            Meaning::Broken
        }
        _ => Meaning::Refused,
    }
}

/// Whether the connection itself failed, so that the request was never sent.
fn never_connected(status: &Status) -> bool {
    let mut at: Option<&(dyn Error + 'static)> = status.source();
    while let Some(error) = at {
        let refused = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| matches!(e.kind(), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound));
        let text = error.to_string();
        if refused
            || error.is::<tonic::ConnectError>()
            || text.contains("dns error")
            || text.contains("tcp connect error")
        {
            return true;
        }
        at = error.source();
    }
    false
}

/// The innermost reason of a broken connection.
pub(super) fn why(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut at: Option<&(dyn Error + 'static)> = status.source();
    while let Some(error) = at {
        text = error.to_string();
        at = error.source();
    }
    crate::remote::sql::error::shown(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_details(class: &str, message: &str) -> Status {
        let metadata = [("errorClass", class), ("sqlState", "42P01"), ("errorId", "e-1")];
        let metadata = metadata.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect();
        let info = ErrorInfo { reason: "r".into(), domain: "org.apache.spark".into(), metadata };
        let any = prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(),
            value: info.encode_to_vec(),
        };
        let rpc = RpcStatus { code: 13, message: message.into(), details: vec![any] };
        Status::with_details(Code::Internal, message, rpc.encode_to_vec().into())
    }

    #[test]
    fn details_are_read() {
        let status = with_details("TABLE_OR_VIEW_NOT_FOUND", "[TABLE_OR_VIEW_NOT_FOUND] no");
        let expected =
            Details { class: "TABLE_OR_VIEW_NOT_FOUND".into(), state: "42P01".into(), id: Some("e-1".into()) };
        assert_eq!(details(&status), expected);
        assert_eq!(meaning(&status), Meaning::Refused);
        assert_eq!(details(&Status::internal("x")), Details::default());
        assert_eq!(class_in("[PARSE_SYNTAX_ERROR] near"), "PARSE_SYNTAX_ERROR");
        assert_eq!(class_in("[not a class] near"), "");
    }

    #[test]
    fn handles_tell_what_to_do() {
        let cases = [
            ("[INVALID_HANDLE.OPERATION_NOT_FOUND] x", Meaning::UnknownOperation),
            ("[INVALID_HANDLE.OPERATION_ABANDONED] x", Meaning::Abandoned),
            ("[INVALID_HANDLE.SESSION_NOT_FOUND] x", Meaning::SessionOver),
            ("[INVALID_HANDLE.SESSION_CHANGED] x", Meaning::SessionOver),
            ("[INVALID_CURSOR.DISCONNECTED] x", Meaning::Broken),
            ("[OPERATION_CANCELED] x", Meaning::Cancelled),
            ("[INVALID_CURSOR.POSITION_NOT_FOUND] x", Meaning::Refused),
        ];
        for (message, expected) in cases {
            assert_eq!(meaning(&with_details("X", message)), expected, "{message}");
        }
        assert_eq!(meaning(&Status::unauthenticated("no token")), Meaning::Unauthenticated);
        assert_eq!(meaning(&Status::unavailable("going away")), Meaning::Broken);
        assert_eq!(meaning(&Status::invalid_argument("bad")), Meaning::Refused);
    }
}
