//! The connection: made when it is needed, made again when it is lost, and stopped while it reads.

use super::address::Address;
use super::errors::{from_postgres, is_cancelled};
use super::tls;
use crate::remote::net::Net;
use crate::remote::password::{Fixed, PasswordSource};
use crate::remote::secret::Secret;
use crate::store::error::StoreError;
use crate::store::{Interrupt, Result};
use futures::FutureExt as _;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much longer than the server we wait for a statement that the server stops by itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request to stop that has met nothing for so long meets nothing any more.
const LATE: Duration = Duration::from_secs(10);

/// Called with each notification that arrives on a connection.
pub(super) type OnNotice = Box<dyn Fn(Notification) + Send>;

/// Everything a connection is made from.
#[derive(Clone)]
pub(super) struct Maker {
    pub(super) net: Net,
    pub(super) address: Arc<Address>,
    password: Arc<dyn PasswordSource>,
    tls: MakeRustlsConnect,
}

impl Maker {
    /// Prepares connections to an address; `password` is asked for each, the location's own is used without one.
    pub(super) fn new(net: Net, address: Address, password: Option<Arc<dyn PasswordSource>>) -> Result<Self> {
        crate::remote::tls::install();
        let own = address.password.clone().unwrap_or_else(|| Secret::new(""));
        let password = password.unwrap_or_else(|| Arc::new(Fixed(own)));
        let tls = tls::connector(&address)?;
        Ok(Self { net, address: Arc::new(address), password, tls })
    }

    /// Makes a connection. A refused password is asked for once more: it may have expired just now.
    pub(super) async fn connect(&self, on_notice: Option<OnNotice>) -> Result<Client> {
        let password = self.password(None).await?;
        let (client, mut connection) = match self.attempt(&password).await {
            Err(StoreError::Denied { .. }) => self.attempt(&self.password(Some(&password)).await?).await?,
            other => other?,
        };
        let place = self.address.place().to_owned();
        tokio::spawn(async move {
            while let Some(message) = futures::future::poll_fn(|cx| connection.poll_message(cx)).await {
                match (message, &on_notice) {
                    (Ok(AsyncMessage::Notification(n)), Some(tell)) => tell(n),
                    (Err(error), _) => {
                        tracing::debug!(place, %error, "connection lost");
                        return;
                    }
                    _ => {}
                }
            }
        });
        Ok(client)
    }

    async fn password(&self, refused: Option<&Secret>) -> Result<Secret> {
        let denied = |why: String| StoreError::Denied { place: self.address.place().to_owned(), why };
        self.password.password(refused).await.map_err(denied)
    }

    async fn attempt(&self, password: &Secret) -> Result<(Client, Connection)> {
        let place = self.address.place();
        let mut config: Config = self.address.config.clone();
        if !password.is_empty() {
            config.password(password.expose());
        }
        let limit = config.get_connect_timeout().copied().unwrap_or(PATIENCE).saturating_mul(2);
        match tokio::time::timeout(limit, config.connect(self.tls.clone())).await {
            Ok(connected) => connected.map_err(|e| from_postgres(&e, place)),
            Err(_) => Err(StoreError::Offline { place: place.to_owned(), why: "no answer in time".to_owned() }),
        }
    }
}

type Connection = tokio_postgres::Connection<
    tokio_postgres::Socket,
    <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream,
>;

/// One connection of one store.
pub(super) struct Link {
    pub(super) maker: Maker,
    client: Option<Arc<Client>>,
    /// Counts the requests to stop.
    stop: watch::Sender<u64>,
    /// When a request to stop was sent on this connection whose read came to its end all the same: the server may still
    /// be about to stop whatever runs by then.
    astray: Cell<Option<Instant>>,
}

impl Link {
    /// A link that connects when it is first used.
    pub(super) fn new(maker: Maker) -> Self {
        Self { maker, client: None, stop: watch::Sender::new(0), astray: Cell::new(None) }
    }

    /// Stops the read that runs.
    pub(super) fn interrupt(&self) -> Interrupt {
        let stop = self.stop.clone();
        Arc::new(move || stop.send_modify(|n| *n += 1))
    }

    /// Whether a connection stands, as far as is known.
    pub(super) fn is_up(&self) -> bool {
        self.client.as_ref().is_some_and(|c| !c.is_closed())
    }

    /// Forgets the connection.
    pub(super) fn hang_up(&mut self) {
        self.client = None;
    }

    /// The connection; made if there is none.
    pub(super) fn line(&mut self, stoppable: bool) -> Result<Line<'_>> {
        if !self.is_up() {
            let maker = &self.maker;
            let client = maker.net.wait(maker.connect(None))?;
            self.client = Some(Arc::new(client));
            self.astray.set(None);
        }
        let stop = stoppable.then(|| {
            let mut stop = self.stop.subscribe();
            stop.borrow_and_update();
            stop
        });
        let place = self.maker.address.place();
        let gone = || StoreError::Offline { place: place.to_owned(), why: "no connection".to_owned() };
        let client = self.client.as_ref().ok_or_else(gone)?;
        Ok(Line { maker: &self.maker, client, stop, begun: RefCell::new(None), astray: &self.astray })
    }
}

/// The connection while something is done on it.
pub(super) struct Line<'a> {
    pub(super) maker: &'a Maker,
    pub(super) client: &'a Arc<Client>,
    stop: Option<watch::Receiver<u64>>,
    /// What became of the beginning of the transaction; not looked at yet.
    begun: RefCell<Option<Begun>>,
    astray: &'a Cell<Option<Instant>>,
}

/// The answer to the beginning of a transaction.
type Begun = Pin<Box<dyn Future<Output = std::result::Result<(), tokio_postgres::Error>>>>;

impl Line<'_> {
    /// The store, for messages.
    pub(super) fn place(&self) -> &str {
        self.maker.address.place()
    }

    /// Sends a text without waiting for what comes back: what follows on the line waits for it anyway, and fails if it
    /// failed.
    pub(super) fn send(&self, sql: &str) {
        let _inside = self.maker.net.wait(async { self.client.batch_execute(sql).now_or_never() });
    }

    /// Begins a transaction. It is not waited for: what follows goes out right behind, and fails with it if it failed.
    ///
    /// Where a late request to stop may meet the beginning, what follows a write would be done without a transaction,
    /// each statement for itself: there it is waited for.
    ///
    /// # Errors
    /// Only where it was waited for.
    pub(super) fn begin(&self, sql: String, write: bool) -> Result<()> {
        let client = Arc::clone(self.client);
        let mut begun: Begun = Box::pin(async move { client.batch_execute(&sql).await });
        if write && self.astray.get().is_some_and(|at| at.elapsed() < LATE) {
            return self.wait(begun);
        }
        // The first poll is what sends it.
        let ready = self.maker.net.wait(async { (&mut begun).now_or_never() });
        let begun = match ready {
            Some(done) => Box::pin(std::future::ready(done)),
            None => begun,
        };
        self.begun.replace(Some(begun));
        Ok(())
    }

    /// Waits for an answer on the calling thread: not longer than the statement may take, and not when it is stopped.
    pub(super) fn wait<T>(
        &self,
        answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let begun = self.begun.take();
        self.maker.net.wait(async {
            let mut answer = std::pin::pin!(async {
                // Answers come in the order of the questions; the first poll of this one is what asks.
                let (done, begun) = futures::join!(answer, async {
                    match begun {
                        Some(begun) => begun.await,
                        None => Ok(()),
                    }
                });
                begun.and(done)
            });
            let limit = self.maker.address.limit.saturating_add(PATIENCE);
            tokio::select! {
                done = &mut answer => self.checked(done),
                () = self.stopped() => {
                    let token = self.client.cancel_token();
                    let _ = tokio::time::timeout(PATIENCE, token.cancel_query(self.maker.tls.clone())).await;
                    // The line is free again only when the server has answered.
                    let answer = tokio::time::timeout(PATIENCE, answer).await;
                    let met = matches!(answer, Ok(Err(error)) if is_cancelled(&error));
                    self.astray.set((!met).then(Instant::now));
                    Err(StoreError::Interrupted)
                }
                () = tokio::time::sleep(limit) => {
                    let why = format!("no answer for {} seconds", limit.as_secs());
                    Err(StoreError::Offline { place: self.place().to_owned(), why })
                }
            }
        })
    }

    fn checked<T>(&self, done: std::result::Result<T, tokio_postgres::Error>) -> Result<T> {
        done.map_err(|error| {
            let stopped = self.stop.as_ref().is_some_and(|s| s.has_changed().unwrap_or(false));
            // What begins a transaction may be what was stopped, and nobody waits for its answer: the rest is refused.
            let refused = error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION);
            let asked = || error.as_db_error().is_some_and(|e| e.message().contains("user request"));
            match is_cancelled(&error) {
                cancelled if stopped && (cancelled || refused) => StoreError::Interrupted,
                // A request to stop the read before this one came late and met it: it is done again on another line.
                cancelled if refused || (cancelled && asked()) => {
                    StoreError::Offline { place: self.place().to_owned(), why: "stopped by mistake".to_owned() }
                }
                _ => from_postgres(&error, self.place()),
            }
        })
    }

    async fn stopped(&self) {
        match &self.stop {
            Some(stop) => {
                let _ = stop.clone().changed().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Fails when the read was stopped between two statements.
    pub(super) fn go_on(&self) -> Result<()> {
        match &self.stop {
            Some(stop) if stop.has_changed().unwrap_or(false) => Err(StoreError::Interrupted),
            _ => Ok(()),
        }
    }
}
