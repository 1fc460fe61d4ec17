//! A way to a server that can be closed: what is sent meanwhile waits in it, as on a line that hangs.
//!
//! What always holds: bytes arrive in order and none is lost until [`Relay::cut`]; while it is closed not one passes, in
//! either way, which [`Relay::passed`] shows.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
    passed: AtomicU64,
    ends: Mutex<Vec<TcpStream>>,
}

/// The relay; connections that are open stay open when it is dropped.
pub(crate) struct Relay {
    gate: Arc<Gate>,
    port: u16,
}

impl Relay {
    /// A way to an address, `host:port`.
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Arc::new(Gate::default());
        let (shared, server) = (Arc::clone(&gate), server.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(upstream) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&client, &upstream), (&upstream, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    shared.ends.lock().unwrap().push(from.try_clone().unwrap());
                    let gate = Arc::clone(&shared);
                    std::thread::spawn(move || gate.forward(from, to));
                }
            }
        });
        Self { gate, port }
    }

    /// Its own address, `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Nothing passes from now on.
    pub(crate) fn close(&self) {
        *self.gate.closed.lock().unwrap() = true;
    }

    /// Everything passes again, what waited first.
    pub(crate) fn open(&self) {
        *self.gate.closed.lock().unwrap() = false;
        self.gate.changed.notify_all();
    }

    /// Ends every connection there is; what waited is lost.
    pub(crate) fn cut(&self) {
        for end in self.gate.ends.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Bytes that passed so far.
    pub(crate) fn passed(&self) -> u64 {
        self.gate.passed.load(Ordering::SeqCst)
    }
}

impl Gate {
    fn forward(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n) = from.read(&mut buffer) {
            if n == 0 {
                break;
            }
            let closed = self.closed.lock().unwrap();
            // The lock is held while the bytes go, so that none passes after `close` has returned.
            let closed = self.changed.wait_while(closed, |closed| *closed).unwrap();
            self.passed.fetch_add(n as u64, Ordering::SeqCst);
            let sent = to.write_all(&buffer[..n]);
            drop(closed);
            if sent.is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
