//! A session on a Spark Connect server, as an [`Engine`].

use super::address::Address;
use super::batches::{self, Decoder};
use super::execution::Execution;
use super::failure;
use super::plans;
use super::protocol::execute_plan_response::ResponseType;
use super::protocol::spark_connect_service_client::SparkConnectServiceClient;
use super::protocol::{
    ConfigRequest, FetchErrorDetailsRequest, InterruptRequest, KeyValue, Plan, ReleaseSessionRequest, UserContext,
    config_request, interrupt_request, relation,
};
use crate::remote::net::Net;
use crate::remote::secret::Secret;
use crate::remote::sql::{Attached, Dialect, Engine, Result, Rows, Source, SqlError, Statement, quoted};
use arrow_array::RecordBatch;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

/// Gives the token for the next request; asked for every request, so that it can be renewed.
pub type TokenSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = std::result::Result<Secret, String>> + Send>> + Send + Sync>;

/// The largest message that is taken.
const LARGEST_MESSAGE: usize = 128 << 20;
/// How much the server may send ahead of us.
const WINDOW: u32 = 8 << 20;
const CONNECT: Duration = Duration::from_secs(10);
/// Between two signs of life on a connection.
const ALIVE: Duration = Duration::from_secs(30);
/// The time a small question may take.
const SMALL: Duration = Duration::from_secs(30);
/// Our own class for a statement that was not taken because its session is over.
pub(super) const SESSION_OVER: &str = "LAKELENS_SESSION_OVER";
/// Where Delta takes the message of a commit from.
const COMMIT_MESSAGE: &str = "spark.databricks.delta.commitInfo.userMetadata";

/// Whom the server knows.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) session: String,
    /// The server's own name of the session: another one means that it has forgotten ours.
    pub(super) server_side: Option<String>,
}

/// What all statements of a session share.
pub(super) struct Shared {
    pub(super) net: Net,
    pub(super) place: String,
    pub(super) agent: String,
    channel: Channel,
    headers: Vec<(AsciiMetadataKey, AsciiMetadataValue)>,
    token: Option<TokenSource>,
    user: String,
    identity: Mutex<Identity>,
    /// The address says that the connection is secure.
    secure: bool,
    /// The server has answered something.
    heard: AtomicBool,
    /// The message that commits carry now.
    message: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn client(&self) -> SparkConnectServiceClient<Channel> {
        SparkConnectServiceClient::new(self.channel.clone())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    }

    pub(super) fn user(&self) -> UserContext {
        UserContext { user_id: self.user.clone(), user_name: self.user.clone(), extensions: Vec::new() }
    }

    pub(super) fn identity(&self) -> Identity {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request with its headers.
    pub(super) async fn request<T>(&self, message: T) -> std::result::Result<Request<T>, Status> {
        let mut request = Request::new(message);
        for (name, value) in &self.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        if let Some(source) = &self.token {
            let token = source().await.map_err(Status::unauthenticated)?;
            request.metadata_mut().insert("authorization", bearer(&token).map_err(Status::unauthenticated)?);
        }
        Ok(request)
    }

    /// Whether the server may want TLS: it has never answered over a plain connection.
    pub(super) fn wants_tls(&self) -> bool {
        !self.secure && !self.heard.load(Ordering::Relaxed)
    }

    /// Remembers the server's name of the session.
    pub(super) fn observed(&self, session: &str, server_side: &str) {
        self.heard.store(true, Ordering::Relaxed);
        let mut identity = self.lock();
        if identity.session == session && identity.server_side.is_none() && !server_side.is_empty() {
            identity.server_side = Some(server_side.to_owned());
        }
    }

    /// Begins another session after `session` has ended.
    pub(super) fn renew(&self, session: &str) {
        let mut identity = self.lock();
        if identity.session == session {
            *identity = Identity { session: uuid::Uuid::new_v4().to_string(), server_side: None };
            *self.message.lock().unwrap_or_else(PoisonError::into_inner) = None;
            tracing::info!(place = %self.place, "the session is over; another one begins");
        }
    }

    pub(super) fn unauthenticated(&self, status: &Status) -> SqlError {
        SqlError::Auth { place: self.place.clone(), why: failure::why(status) }
    }

    /// The full text of a refusal.
    pub(super) async fn refusal(&self, status: &Status) -> SqlError {
        let details = failure::details(status);
        let full = match &details.id {
            Some(id) => self.full_text(id).await,
            None => None,
        };
        let message = full.as_deref().unwrap_or(status.message());
        let class = if details.class.is_empty() { failure::class_in(message) } else { details.class };
        SqlError::refused(&self.place, &class, &details.state, message)
    }

    async fn full_text(&self, id: &str) -> Option<String> {
        let identity = self.identity();
        let request = FetchErrorDetailsRequest {
            session_id: identity.session,
            client_observed_server_side_session_id: None,
            user_context: Some(self.user()),
            error_id: id.to_owned(),
            client_type: Some(self.agent.clone()),
        };
        let request = self.request(request).await.ok()?;
        let mut client = self.client();
        let answer = tokio::time::timeout(SMALL, client.fetch_error_details(request)).await.ok()?.ok()?.into_inner();
        let root = usize::try_from(answer.root_error_idx.unwrap_or(0)).ok()?;
        answer.errors.get(root).map(|e| e.message.clone()).filter(|m| !m.is_empty())
    }

    pub(super) async fn interrupt(
        &self,
        kind: interrupt_request::InterruptType,
        what: interrupt_request::Interrupt,
        session: &str,
    ) {
        let request = InterruptRequest {
            session_id: session.to_owned(),
            client_observed_server_side_session_id: None,
            user_context: Some(self.user()),
            client_type: Some(self.agent.clone()),
            interrupt_type: kind.into(),
            interrupt: Some(what),
        };
        if let Ok(request) = self.request(request).await {
            let _ = tokio::time::timeout(SMALL, self.client().interrupt(request)).await;
        }
    }

    /// Sets the message that the following commits of this session carry. A server that does not know the setting has
    /// no place for messages.
    async fn set_message(&self, message: &str) {
        if self.message.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(message) {
            return;
        }
        let identity = self.identity();
        let pair = KeyValue { key: COMMIT_MESSAGE.to_owned(), value: Some(message.to_owned()) };
        let set = config_request::Set { pairs: vec![pair], silent: Some(true) };
        let request = ConfigRequest {
            session_id: identity.session.clone(),
            client_observed_server_side_session_id: identity.server_side,
            user_context: Some(self.user()),
            operation: Some(config_request::Operation { op_type: Some(config_request::operation::OpType::Set(set)) }),
            client_type: Some(self.agent.clone()),
        };
        let Ok(request) = self.request(request).await else { return };
        match tokio::time::timeout(SMALL, self.client().config(request)).await {
            Ok(Ok(_)) => *self.message.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.to_owned()),
            Ok(Err(status)) if failure::meaning(&status) == failure::Meaning::SessionOver => {
                self.renew(&identity.session);
            }
            Ok(Err(status)) => tracing::debug!(place = %self.place, %status, "no message for the commit"),
            Err(_) => tracing::debug!(place = %self.place, "no message for the commit: no answer"),
        }
    }
}

fn bearer(token: &Secret) -> std::result::Result<AsciiMetadataValue, String> {
    let text = format!("Bearer {}", token.expose());
    let mut value = AsciiMetadataValue::try_from(text)
        .map_err(|_| "the token holds characters that no header can hold; copy it again".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// A session on a Spark Connect server.
pub struct Spark {
    shared: Arc<Shared>,
    /// Statements with a message for the commit run one after the other, because the message is the session's.
    commits: Mutex<()>,
}

impl Spark {
    /// Prepares a session; the connection is made with the first statement. `token` takes the place of the address's.
    ///
    /// # Errors
    /// [`SqlError::Address`] when the address cannot be used.
    pub fn new(net: &Net, address: &Address, token: Option<TokenSource>) -> Result<Self> {
        let place = address.to_string();
        let wrong = |why: String| SqlError::Address(format!("{place} cannot be used: {why}"));
        let mut headers = Vec::new();
        for (name, value) in &address.headers {
            let key = AsciiMetadataKey::from_bytes(name.as_bytes()).map_err(|e| wrong(e.to_string()))?;
            let mut value = AsciiMetadataValue::try_from(value.expose()).map_err(|e| wrong(e.to_string()))?;
            value.set_sensitive(true);
            headers.push((key, value));
        }
        if let (Some(fixed), None) = (&address.token, &token) {
            headers.push((AsciiMetadataKey::from_static("authorization"), bearer(fixed).map_err(wrong)?));
        }
        let agent = agent(address.agent.as_deref());
        let endpoint = endpoint(address, &agent).map_err(|e| wrong(failure_of(&e)))?;
        // A connection is served by the threads on which it was made.
        let channel = net.wait(async { endpoint.connect_lazy() });
        let session = address.session.unwrap_or_else(uuid::Uuid::new_v4).to_string();
        let user = address.user.clone().unwrap_or_else(|| "lakelens".to_owned());
        let identity = Mutex::new(Identity { session, server_side: None });
        let net = net.clone();
        let shared = Shared {
            net,
            place,
            agent,
            channel,
            headers,
            token,
            user,
            identity,
            secure: address.tls,
            heard: AtomicBool::new(false),
            message: Mutex::new(None),
        };
        Ok(Self { shared: Arc::new(shared), commits: Mutex::new(()) })
    }

    /// The number of the session, which serverless compute of Databricks wants as a header.
    #[must_use]
    pub fn session(&self) -> String {
        self.shared.identity().session
    }

    fn start(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows> {
        if let Some(rows) = &statement.attached {
            let plan = plans::view(rows).map_err(|e| SqlError::Garbled {
                place: self.shared.place.clone(),
                why: format!("rows to send: {e}"),
            })?;
            let mut running = Running::new(&self.shared, plan, stop);
            while running.next_batch()?.is_some() {}
        }
        if let Some(message) = &statement.message {
            self.shared.net.wait(self.shared.set_message(message));
        }
        Rows::open(Box::new(Running::new(&self.shared, plans::statement(statement), stop)))
    }
}

impl Engine for Spark {
    fn place(&self) -> &str {
        &self.shared.place
    }

    fn dialect(&self) -> Dialect {
        // Apache Spark takes parameters in changes, Sail does not, and both look alike from here.
        Dialect { parameters_in_changes: false, messages: true }
    }

    fn source(&self, rows: &Attached) -> String {
        quoted(&rows.name)
    }

    fn run(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows> {
        let _one = statement.message.as_ref().map(|_| self.commits.lock().unwrap_or_else(PoisonError::into_inner));
        match self.start(statement, stop) {
            // The statement was not taken: a new session has begun, with no views in it.
            Err(SqlError::Refused { class, .. }) if class == SESSION_OVER => self.start(statement, stop),
            other => other,
        }
    }
}

impl Spark {
    /// Ends the session on the server, and waits until the server has said so. Another handle that goes on with the same
    /// session gets a new one with its next statement.
    pub fn end(&self) {
        self.shared.net.wait(release(Arc::clone(&self.shared)));
    }
}

impl Drop for Spark {
    /// Frees what the server keeps for the session, if it hears it.
    fn drop(&mut self) {
        let _ = self.shared.net.spawn(release(Arc::clone(&self.shared)));
    }
}

/// Frees what the server keeps for the session.
async fn release(shared: Arc<Shared>) {
    let request = ReleaseSessionRequest {
        session_id: shared.identity().session,
        user_context: Some(shared.user()),
        client_type: Some(shared.agent.clone()),
        allow_reconnect: false,
    };
    if let Ok(request) = shared.request(request).await {
        let _ = tokio::time::timeout(SMALL, shared.client().release_session(request)).await;
    }
}

/// The batches of a statement that runs; a query goes on as a second execution that reads its relation.
struct Running {
    shared: Arc<Shared>,
    execution: Execution,
    decoder: Decoder,
    ready: VecDeque<RecordBatch>,
    stop: CancellationToken,
}

impl Running {
    fn new(shared: &Arc<Shared>, plan: Plan, stop: &CancellationToken) -> Self {
        Self {
            shared: Arc::clone(shared),
            execution: Execution::new(Arc::clone(shared), plan),
            decoder: Decoder::default(),
            ready: VecDeque::new(),
            stop: stop.clone(),
        }
    }

    async fn answer(&mut self) -> Result<Option<ResponseType>> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {
                self.execution.interrupt().await;
                Err(SqlError::Cancelled)
            }
            answer = self.execution.next() => answer,
        }
    }

    async fn more(&mut self) -> Result<Option<RecordBatch>> {
        let mut relation = None;
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            match self.answer().await? {
                Some(ResponseType::ArrowBatch(batch)) => {
                    let resumed = self.execution.resumed();
                    self.ready.extend(self.decoder.take(&batch, &self.shared.place, resumed)?);
                }
                Some(ResponseType::SqlCommandResult(result)) => relation = result.relation,
                Some(_) => {}
                None => match relation.take() {
                    None => return Ok(None),
                    Some(found) => match found.rel_type {
                        // The rows that a change reports came with the answer.
                        Some(relation::RelType::LocalRelation(local)) => {
                            let data = local.data.unwrap_or_default();
                            if !data.is_empty() {
                                let read = batches::decode(&data);
                                self.ready.extend(read.map_err(|e| SqlError::Garbled {
                                    place: self.shared.place.clone(),
                                    why: e.to_string(),
                                })?);
                            }
                        }
                        _ => self.execution = Execution::new(Arc::clone(&self.shared), plans::root(found)),
                    },
                },
            }
        }
    }
}

impl Source for Running {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let net = self.shared.net.clone();
        net.wait(self.more())
    }
}

fn endpoint(address: &Address, agent: &str) -> std::result::Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(address.uri())?
        .user_agent(agent)?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(ALIVE)
        .keep_alive_while_idle(false)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if address.tls { endpoint.tls_config(ClientTlsConfig::new().with_native_roots()) } else { Ok(endpoint) }
}

fn failure_of(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// `lakelens/0.1.0 spark/4.2.0 os/linux`, with what the address puts before it.
fn agent(before: Option<&str>) -> String {
    let own = format!(
        "lakelens/{} spark/4.2.0 os/{}",
        env!("CARGO_PKG_VERSION"),
        if cfg!(target_os = "macos") { "macos" } else { "linux" }
    );
    before.map_or_else(|| own.clone(), |b| format!("{b} {own}"))
}
