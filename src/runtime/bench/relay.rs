//! The shaped relay: a program's pseudo-terminal on one end, a loopback connection to the terminal on the other.
//!
//! The shaping happens on the program's side, as with SSH: what the program writes ahead of the link waits in a buffer
//! of known size, and only what has arrived is written to the connection, which therefore never holds anything back.

use super::BenchError;
use super::shape::{Link, Pipe};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// A carrier looks so often whether it shall end.
const GLANCE: Duration = Duration::from_millis(100);

/// The two carriers. They end when it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    stop: Arc<AtomicBool>,
    far: TcpStream,
    carriers: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Carries between `program` and the connection that is given back, with the same link in both directions.
    pub(super) fn start(program: &OwnedFd, link: Link) -> Result<(Self, TcpStream), BenchError> {
        let (near, far) = connection().map_err(BenchError::Relay)?;
        let stop = Arc::new(AtomicBool::new(false));
        let copy = || program.try_clone();
        let socket = || far.try_clone().map(OwnedFd::from);
        let mut carriers = Vec::new();
        let mut carry_on = |name: &str, source: OwnedFd, sink: OwnedFd, closes: Option<TcpStream>| {
            let stop = Arc::clone(&stop);
            let work = move || {
                let ended = carry(&source, &sink, link, &stop);
                tracing::debug!(?ended, "a direction of the relay ended");
                if let Some(connection) = closes {
                    // The terminal learns that nothing more comes.
                    let _ = connection.shutdown(Shutdown::Write);
                }
            };
            carriers.push(Builder::new().name(name.to_owned()).spawn(work)?);
            Ok(())
        };
        let both = || -> std::io::Result<()> {
            carry_on("link-down", copy()?, socket()?, Some(far.try_clone()?))?;
            carry_on("link-up", socket()?, copy()?, None)
        };
        let mut both = both;
        both().map_err(BenchError::Relay)?;
        Ok((Self { stop, far, carriers }, near))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Ends reads that wait; the other end may be gone already.
        let _ = self.far.shutdown(Shutdown::Both);
        for carrier in self.carriers.drain(..) {
            let _ = carrier.join();
        }
    }
}

/// Two ends of a TCP connection on this machine.
fn connection() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}

/// Carries from `source` to `sink` until the source ends or `stop` is set.
fn carry(source: &OwnedFd, sink: &OwnedFd, link: Link, stop: &AtomicBool) -> Result<(), Errno> {
    let started = Instant::now();
    let mut pipe = Pipe::new(link);
    let mut buffer = vec![0; 64 * 1024];
    let mut open = true;
    while !stop.load(Ordering::Relaxed) && (open || !pipe.is_empty()) {
        let now = started.elapsed();
        while let Some(bytes) = pipe.arrived(now) {
            write_all(sink, &bytes)?;
        }
        let until = [pipe.next_arrival(), pipe.next_room(now)].into_iter().flatten().min();
        let wait = until.map_or(GLANCE, |at| at.saturating_sub(started.elapsed()).min(GLANCE));
        let room = pipe.room(now).min(buffer.len());
        if !open || room == 0 {
            pause(wait)?;
        } else if readable(source, wait)? {
            match rustix::io::read(source, buffer.get_mut(..room).unwrap_or_default()) {
                // A pseudo-terminal whose program has ended says EIO.
                Ok(0) | Err(Errno::IO) => open = false,
                Ok(count) => pipe.push(started.elapsed(), buffer.get(..count).unwrap_or_default()),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn readable(source: &OwnedFd, wait: Duration) -> Result<bool, Errno> {
    let mut fds = [PollFd::new(source, PollFlags::IN)];
    wait_for(&mut fds, wait)
}

fn pause(wait: Duration) -> Result<(), Errno> {
    wait_for(&mut [], wait).map(|_| ())
}

/// Waits at most so long; says whether a descriptor is ready.
pub(super) fn wait_for(fds: &mut [PollFd<'_>], wait: Duration) -> Result<bool, Errno> {
    let timeout = Timespec::try_from(wait).map_err(|_| Errno::INVAL)?;
    match poll(fds, Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn write_all(sink: impl AsFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(&sink, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn both_directions_carry_everything_in_order_and_end_with_the_program() {
        // A connection stands for the pseudo-terminal.
        let (mut program, master) = connection().unwrap();
        let link = Link { rate: 1e9, delay: Duration::from_millis(1), buffer: 4096 };
        let (relay, mut terminal) = Relay::start(&master.into(), link).unwrap();
        let sent: Vec<u8> = (0..50_000_u32).map(|i| (i % 251) as u8).collect();
        let mut got = vec![0; sent.len()];
        std::thread::scope(|scope| {
            scope.spawn(|| program.write_all(&sent).unwrap());
            terminal.read_exact(&mut got).unwrap();
        });
        assert!(got == sent, "the bytes were changed");
        terminal.write_all(b"key").unwrap();
        let mut key = [0; 3];
        program.read_exact(&mut key).unwrap();
        assert_eq!(&key, b"key");
        program.shutdown(Shutdown::Both).unwrap();
        assert_eq!(terminal.read(&mut [0; 8]).unwrap(), 0, "the terminal learns of the end");
        drop(relay);
    }
}
