//! One statement on its way: sent, attached to again when the stream ends or breaks, released at its end.
//!
//! Source: `ExecutePlanResponseReattachableIterator` of Apache Spark 4.

use super::failure::{self, Meaning};
use super::protocol::execute_plan_response::ResponseType;
use super::protocol::{
    ExecutePlanRequest, ExecutePlanResponse, Plan, ReattachExecuteRequest, ReattachOptions, ReleaseExecuteRequest,
    execute_plan_request, interrupt_request, release_execute_request,
};
use super::session::Shared;
use crate::remote::sql::SqlError;
use crate::remote::tls;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Status, Streaming};

/// Tries in a row without any answer before it is given up; with the pauses below about half a minute.
const TRIES: u32 = 12;
/// Tries while there was no connection at all.
const FIRST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Answers after which the server is told that it need not keep them.
const RELEASE_EVERY: u32 = 16;

/// A statement that runs.
pub(super) struct Execution {
    shared: Arc<Shared>,
    request: ExecutePlanRequest,
    operation: String,
    stream: Option<Streaming<ExecutePlanResponse>>,
    /// The last answer that was received.
    last: Option<String>,
    /// The statement may have reached the server.
    sent: bool,
    /// How often it was sent or attached to; what the first of them refuses was not taken.
    opened: u32,
    complete: bool,
    failed: bool,
    /// It was attached to again after some of its answers had come.
    resumed: bool,
    tries: u32,
    answers: u32,
}

impl Execution {
    /// Prepares a plan to be executed; nothing is sent yet.
    pub(super) fn new(shared: Arc<Shared>, plan: Plan) -> Self {
        let operation = uuid::Uuid::now_v7().to_string();
        let reattach = execute_plan_request::RequestOption {
            request_option: Some(execute_plan_request::request_option::RequestOption::ReattachOptions(
                ReattachOptions { reattachable: true },
            )),
        };
        let identity = shared.identity();
        let request = ExecutePlanRequest {
            session_id: identity.session,
            client_observed_server_side_session_id: identity.server_side,
            user_context: Some(shared.user()),
            operation_id: Some(operation.clone()),
            plan: Some(plan),
            client_type: Some(shared.agent.clone()),
            request_options: vec![reattach],
            tags: Vec::new(),
        };
        Self {
            shared,
            request,
            operation,
            stream: None,
            last: None,
            sent: false,
            opened: 0,
            complete: false,
            failed: false,
            resumed: false,
            tries: 0,
            answers: 0,
        }
    }

    /// Whether the answers come from more than one stream.
    pub(super) fn resumed(&self) -> bool {
        self.resumed
    }

    /// The next answer; `None` when the result is complete.
    pub(super) async fn next(&mut self) -> Result<Option<ResponseType>, SqlError> {
        while !self.complete {
            let answer = match self.stream.as_mut() {
                Some(stream) => stream.message().await,
                None => match self.open().await {
                    Ok(stream) => {
                        self.sent = true;
                        self.stream = Some(stream);
                        continue;
                    }
                    Err(status) => Err(status),
                },
            };
            match answer {
                Ok(Some(answer)) => {
                    if let Some(kind) = self.take(answer) {
                        return Ok(Some(kind));
                    }
                }
                // The end of a stream is not the end of the result.
                Ok(None) => {
                    self.stream = None;
                    self.pause("the server ended the stream without an answer", self.tries > 1).await?;
                }
                Err(status) => self.recover(status).await?,
            }
        }
        Ok(None)
    }

    /// Stops the statement on the server.
    pub(super) async fn interrupt(&self) {
        let kind = interrupt_request::InterruptType::OperationId;
        let what = interrupt_request::Interrupt::OperationId(self.operation.clone());
        self.shared.interrupt(kind, what, &self.request.session_id).await;
    }

    fn take(&mut self, answer: ExecutePlanResponse) -> Option<ResponseType> {
        self.tries = 0;
        self.answers += 1;
        self.shared.observed(&answer.session_id, &answer.server_side_session_id);
        if !answer.response_id.is_empty() {
            self.last = Some(answer.response_id);
        }
        if matches!(answer.response_type, Some(ResponseType::ResultComplete(_))) {
            self.complete = true;
            self.release(release_execute_request::Release::ReleaseAll(release_execute_request::ReleaseAll {}));
            return None;
        }
        if let (true, Some(last)) = (self.answers.is_multiple_of(RELEASE_EVERY), &self.last) {
            let until = release_execute_request::ReleaseUntil { response_id: last.clone() };
            self.release(release_execute_request::Release::ReleaseUntil(until));
        }
        answer.response_type
    }

    /// Sends the statement, or attaches to it again.
    async fn open(&mut self) -> Result<Streaming<ExecutePlanResponse>, Status> {
        let mut client = self.shared.client();
        self.opened += 1;
        if !self.sent {
            let request = self.shared.request(self.request.clone()).await?;
            return Ok(client.execute_plan(request).await?.into_inner());
        }
        let request = ReattachExecuteRequest {
            session_id: self.request.session_id.clone(),
            client_observed_server_side_session_id: self.request.client_observed_server_side_session_id.clone(),
            user_context: self.request.user_context.clone(),
            operation_id: self.operation.clone(),
            client_type: self.request.client_type.clone(),
            last_response_id: self.last.clone(),
        };
        self.resumed |= self.last.is_some();
        tracing::debug!(operation = %self.operation, answers = self.answers, "attaching again");
        Ok(client.reattach_execute(self.shared.request(request).await?).await?.into_inner())
    }

    async fn recover(&mut self, status: Status) -> Result<(), SqlError> {
        self.stream = None;
        match failure::meaning(&status) {
            Meaning::NoConnection => self.not_connected(&status).await,
            Meaning::Broken => {
                self.sent = true;
                self.pause(&failure::why(&status), true).await
            }
            // The server has never seen it: it is safe to send it once more.
            Meaning::UnknownOperation if self.last.is_none() && self.sent => {
                self.sent = false;
                self.pause("the server lost the statement", true).await
            }
            Meaning::UnknownOperation | Meaning::Abandoned => {
                Err(self.unknown("the server has forgotten the statement"))
            }
            Meaning::SessionOver if self.opened > 1 || self.last.is_some() => {
                self.shared.renew(&self.request.session_id);
                Err(self.unknown("the server has ended the session"))
            }
            Meaning::SessionOver => {
                // Whoever asked starts again in a new session, with the views it needs.
                self.shared.renew(&self.request.session_id);
                self.failed = true;
                Err(SqlError::refused(&self.shared.place, super::session::SESSION_OVER, "", status.message()))
            }
            Meaning::Unauthenticated => {
                self.failed = true;
                Err(self.shared.unauthenticated(&status))
            }
            Meaning::Cancelled => {
                self.failed = true;
                Err(SqlError::Cancelled)
            }
            Meaning::Unimplemented | Meaning::Refused => {
                self.failed = true;
                Err(self.shared.refusal(&status).await)
            }
        }
    }

    async fn not_connected(&mut self, status: &Status) -> Result<(), SqlError> {
        if self.sent {
            return self.pause(&failure::why(status), true).await;
        }
        // What is wrong with a certificate does not pass by itself.
        if let Some((why, remedy)) = tls::failure(status) {
            self.failed = true;
            return Err(SqlError::Unreachable { place: self.shared.place.clone(), why, remedy });
        }
        if self.tries + 1 >= FIRST_TRIES {
            self.failed = true;
            return Err(SqlError::unreachable(&self.shared.place, &failure::why(status)));
        }
        self.pause(&failure::why(status), true).await
    }

    fn unknown(&mut self, why: &str) -> SqlError {
        self.failed = true;
        SqlError::Unknown { place: self.shared.place.clone(), why: why.to_owned() }
    }

    /// Waits before the next try, longer each time, at most [`TRIES`] times without an answer.
    async fn pause(&mut self, why: &str, wait: bool) -> Result<(), SqlError> {
        self.tries += 1;
        if self.tries >= TRIES {
            return Err(match self.shared.wants_tls() {
                true => self.unknown(&format!("{why}; a server that speaks TLS needs `use_ssl=true` in its address")),
                false => self.unknown(why),
            });
        }
        if wait {
            let pause = FIRST_PAUSE.saturating_mul(1 << self.tries.min(10)).min(LONGEST_PAUSE);
            tracing::debug!(operation = %self.operation, why, ?pause, "trying again");
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Tells the server what it need not keep; nothing depends on whether it hears it.
    fn release(&self, what: release_execute_request::Release) {
        let request = ReleaseExecuteRequest {
            session_id: self.request.session_id.clone(),
            client_observed_server_side_session_id: None,
            user_context: self.request.user_context.clone(),
            operation_id: self.operation.clone(),
            client_type: self.request.client_type.clone(),
            release: Some(what),
        };
        let shared = Arc::clone(&self.shared);
        let _ = self.shared.net.spawn(async move {
            if let Ok(request) = shared.request(request).await {
                let _ = shared.client().release_execute(request).await;
            }
        });
    }
}

impl Drop for Execution {
    /// What nobody waits for any more is stopped.
    fn drop(&mut self) {
        if self.sent && !self.complete && !self.failed {
            let (shared, operation) = (Arc::clone(&self.shared), self.operation.clone());
            let session = self.request.session_id.clone();
            let _ = self.shared.net.spawn(async move {
                let what = interrupt_request::Interrupt::OperationId(operation);
                shared.interrupt(interrupt_request::InterruptType::OperationId, what, &session).await;
            });
            self.release(release_execute_request::Release::ReleaseAll(release_execute_request::ReleaseAll {}));
        }
    }
}
