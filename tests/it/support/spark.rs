//! Spark Connect servers for tests, as `tests/servers/` starts them, and a relay that cuts connections.

use lakelens::remote::net::Net;
use lakelens::remote::spark::{Address, Spark};
use lakelens::remote::sql::{Engine, Statement, texts};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The address in a variable that a script of `tests/servers/` prints; says so when it is not set.
pub(crate) fn address(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok().filter(|v| !v.is_empty());
    if found.is_none() {
        println!("skipped: {variable} is not set; tests/run starts the server");
    }
    found
}

/// A session with the server of an address.
pub(crate) fn connect(net: &Net, address: &str) -> Spark {
    lakelens::remote::tls::install();
    Spark::new(net, &Address::parse(address).unwrap(), None).unwrap()
}

/// All rows of a query, as texts.
pub(crate) fn rows(engine: &dyn Engine, statement: &Statement) -> Vec<Vec<Option<String>>> {
    let batches =
        engine.all(statement, &CancellationToken::new()).unwrap_or_else(|e| panic!("{}: {e}", statement.text));
    let mut out = Vec::new();
    for batch in batches {
        let columns: Vec<_> = (0..batch.num_columns()).map(|i| texts(&batch, i, "test").unwrap()).collect();
        out.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c[row].clone()).collect()));
    }
    out
}

/// Runs a statement for what it changes.
pub(crate) fn run(engine: &dyn Engine, sql: &str) {
    engine.change(&Statement::new(sql), &CancellationToken::new()).unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// A relay in front of a server that can cut every connection at any moment.
pub(crate) struct Relay {
    /// Where it listens.
    pub(crate) port: u16,
    cut: AtomicU64,
    changed: tokio::sync::watch::Sender<u64>,
}

impl Relay {
    /// Starts a relay to a port of this machine.
    pub(crate) fn start(net: &Net, to: u16) -> Self {
        let listener = net.wait(async { TcpListener::bind("127.0.0.1:0").await.unwrap() });
        let port = listener.local_addr().unwrap().port();
        let (changed, watch) = tokio::sync::watch::channel(0);
        let cut = AtomicU64::new(0);
        net.spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let mut watch = watch.clone();
                watch.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    tokio::select! {
                        () = pump(from, server) => {}
                        _ = watch.changed() => {}
                    }
                });
            }
        });
        Self { port, cut, changed }
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        let n = self.cut.fetch_add(1, Ordering::Relaxed) + 1;
        let _ = self.changed.send(n);
    }
}

async fn pump(mut a: TcpStream, mut b: TcpStream) {
    let (mut from, mut to) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    loop {
        tokio::select! {
            n = a.read(&mut from) => match n {
                Ok(n) if n > 0 && b.write_all(&from[..n]).await.is_ok() => {}
                _ => return,
            },
            n = b.read(&mut to) => match n {
                Ok(n) if n > 0 && a.write_all(&to[..n]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}

/// The port of an address.
pub(crate) fn port(address: &str) -> u16 {
    Address::parse(address).unwrap().port
}
