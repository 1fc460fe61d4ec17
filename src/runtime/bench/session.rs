//! A program behind the relay, in front of the scripted terminal, and somebody who looks at it and presses keys.

use super::pty::{Launch, Program, Window};
use super::relay::{Relay, write_all};
use super::shape::Link;
use super::sight::{Look, Sight};
use super::terminal::{Payload, Scene, Terminal, Trouble};
use super::{BenchError, Graphics};
use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How often a wait looks whether it was cancelled.
const GLANCE: Duration = Duration::from_millis(50);

/// What was seen.
#[derive(Debug)]
pub(super) struct Sighted {
    pub(super) scene: Scene,
    pub(super) look: Look,
}

/// What the terminal's thread tells the others while it runs.
#[derive(Debug)]
struct Shared {
    began: Instant,
    /// Microseconds after `began` at which the last byte came.
    heard: AtomicU64,
    bytes: AtomicU64,
    /// Scenes handed to whoever looks.
    scenes: AtomicU64,
    keyboard: AtomicBool,
}

/// A running program with its terminal.
pub(super) struct Session {
    shared: Arc<Shared>,
    line: Arc<Mutex<TcpStream>>,
    seen: Receiver<Sighted>,
    /// Scenes that came back.
    looked: u64,
    ear: Option<JoinHandle<Terminal>>,
    eye: Option<JoinHandle<Option<Sight>>>,
    releases: Vec<(Instant, Vec<u8>)>,
    // Dropped in this order: the program is killed before the relay is taken away.
    _program: Program,
    _relay: Relay,
}

/// What is left when a session is over.
pub(super) struct Ended {
    pub(super) sight: Option<Sight>,
    pub(super) received: Vec<Arc<Payload>>,
    pub(super) trouble: Trouble,
}

impl Session {
    /// Starts the program. Without a `sight` only bytes are counted.
    pub(super) fn start(
        launch: &Launch,
        window: Window,
        link: Link,
        terminal: (Graphics, bool),
        sight: Option<Sight>,
    ) -> Result<Self, BenchError> {
        let program = Program::start(launch, window)?;
        let (relay, near) = Relay::start(&program.master, link)?;
        let shared = Arc::new(Shared {
            began: Instant::now(),
            heard: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            scenes: AtomicU64::new(0),
            keyboard: AtomicBool::new(false),
        });
        let copy = near.try_clone().map_err(BenchError::Relay)?;
        let line = Arc::new(Mutex::new(near));
        let (scenes, to_eye) = channel();
        let (sighted, seen) = channel();
        let terminal = Terminal::new(terminal.0, terminal.1, window);
        let (of_ear, writes) = (Arc::clone(&shared), Arc::clone(&line));
        let ear = Builder::new()
            .name("bench-terminal".to_owned())
            .spawn(move || listen(copy, terminal, &writes, &of_ear, &scenes))
            .map_err(BenchError::Relay)?;
        let eye = Builder::new()
            .name("bench-eye".to_owned())
            .spawn(move || watch(&to_eye, &sighted, sight))
            .map_err(BenchError::Relay)?;
        let (ear, eye) = (Some(ear), Some(eye));
        Ok(Self { shared, line, seen, looked: 0, ear, eye, releases: Vec::new(), _program: program, _relay: relay })
    }

    /// Presses a key and says when; with the Kitty keyboard protocol its release follows after `held`.
    pub(super) fn press(&mut self, key: char, held: Duration) -> Result<Instant, BenchError> {
        let code = u32::from(key);
        let bytes = match (self.shared.keyboard.load(Ordering::Relaxed), key) {
            (true, '\r') => {
                self.releases.push((Instant::now() + held, b"\x1b[13;1:3u".to_vec()));
                b"\x1b[13u".to_vec()
            }
            (true, _) => {
                self.releases.push((Instant::now() + held, format!("\x1b[{code};1:3u").into_bytes()));
                format!("\x1b[{code};1;{code}u").into_bytes()
            }
            (false, _) => key.to_string().into_bytes(),
        };
        let at = Instant::now();
        self.send(&bytes)?;
        Ok(at)
    }

    fn send(&self, bytes: &[u8]) -> Result<(), BenchError> {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        write_all(&*line, bytes).map_err(|e| BenchError::Relay(e.into()))
    }

    /// The next thing seen, at latest at `until`; nothing when nothing was.
    pub(super) fn next(&mut self, until: Instant, cancelled: &dyn Fn() -> bool) -> Result<Option<Sighted>, BenchError> {
        loop {
            if cancelled() {
                return Err(BenchError::Cancelled);
            }
            let now = Instant::now();
            let due = self.releases.iter().filter(|(at, _)| *at <= now).map(|(_, b)| b.clone()).collect::<Vec<_>>();
            self.releases.retain(|(at, _)| *at > now);
            for bytes in due {
                self.send(&bytes)?;
            }
            let release = self.releases.iter().map(|(at, _)| *at).min();
            let wake = release.into_iter().chain([until, now + GLANCE]).min().unwrap_or(until);
            match self.seen.recv_timeout(wake.saturating_duration_since(now)) {
                Ok(sighted) => {
                    self.looked += 1;
                    return Ok(Some(sighted));
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= until => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(BenchError::Ended),
            }
        }
    }

    /// For how long nothing has come from the program; zero while something that came was not looked at yet.
    pub(super) fn quiet_for(&self) -> Duration {
        if self.looked < self.shared.scenes.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        self.last_byte().elapsed()
    }

    /// When the last byte came.
    pub(super) fn last_byte(&self) -> Instant {
        self.shared.began + Duration::from_micros(self.shared.heard.load(Ordering::Relaxed))
    }

    /// Bytes that have come from the program.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Ends it.
    pub(super) fn end(mut self) -> Ended {
        let (terminal, sight) = self.close();
        let received = terminal.as_ref().map(|t| t.received().to_vec()).unwrap_or_default();
        Ended { sight, received, trouble: terminal.map(|t| t.trouble()).unwrap_or_default() }
    }

    fn close(&mut self) -> (Option<Terminal>, Option<Sight>) {
        // The threads end with the connection.
        let _ = self.line.lock().unwrap_or_else(PoisonError::into_inner).shutdown(Shutdown::Both);
        let terminal = self.ear.take().and_then(|ear| ear.join().ok());
        let sight = self.eye.take().and_then(|eye| eye.join().ok()).flatten();
        (terminal, sight)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.close());
    }
}

/// Reads what comes, answers at once, and hands on what is to be looked at.
fn listen(
    mut stream: TcpStream,
    mut terminal: Terminal,
    line: &Mutex<TcpStream>,
    shared: &Shared,
    scenes: &Sender<Scene>,
) -> Terminal {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = stream.read(&mut buffer) {
        let at = Instant::now();
        if count == 0 {
            break;
        }
        let micros = u64::try_from(at.duration_since(shared.began).as_micros()).unwrap_or(u64::MAX);
        shared.heard.store(micros, Ordering::Relaxed);
        shared.bytes.fetch_add(count as u64, Ordering::Relaxed);
        terminal.feed(buffer.get(..count).unwrap_or_default(), at);
        let answers = terminal.take_answers();
        if !answers.is_empty() {
            let line = line.lock().unwrap_or_else(PoisonError::into_inner);
            if write_all(&*line, &answers).is_err() {
                break;
            }
        }
        shared.keyboard.store(terminal.keyboard_protocol(), Ordering::Relaxed);
        for scene in terminal.take_scenes() {
            shared.scenes.fetch_add(1, Ordering::Relaxed);
            // Nobody may look any more.
            let _ = scenes.send(scene);
        }
    }
    terminal
}

/// Looks at scenes, with the patience of a thread that must not disturb the program that is measured.
fn watch(scenes: &Receiver<Scene>, seen: &Sender<Sighted>, mut sight: Option<Sight>) -> Option<Sight> {
    // Where it cannot be made nicer, it looks all the same.
    let _ = rustix::process::nice(10);
    while let Ok(scene) = scenes.recv() {
        let look = sight.as_mut().map(|s| s.look(&scene)).unwrap_or_default();
        if seen.send(Sighted { scene, look }).is_err() {
            break;
        }
    }
    sight
}
