//! The loop: one queue of messages in, one frame out, nothing that waits in between.
//!
//! What always holds: everything that is ready is taken before a frame is drawn; a frame is drawn only when something
//! changed, at most one every 16 ms (33 ms over SSH), and only when the one before has left; with nothing to do the loop
//! sleeps without a timer.

use super::crash::Trail;
use super::message::{Message, Signal};
use super::screen::Screen;
use super::services::Services;
use crate::app::effect::Effect;
use crate::app::event::{At, Event};
use crate::app::preview_report::LinkNews;
use crate::app::state::State;
use crate::app::update;
use crate::term::input::{InputEvent, Reply};
use crate::term::output::Written;
use jiff::Timestamp;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

/// How long the program waits for the store when it is left; what is not written by then is said.
const PATIENCE: Duration = Duration::from_secs(20);
/// The panel of figures is brought up to date this often while it is open.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// A turn that takes longer may cost a frame on a screen of 60 Hz.
const LONG_TURN: Duration = Duration::from_millis(16);
/// Messages taken before a frame gets its turn.
const BATCH: usize = 256;

/// Everything the loop owns.
pub struct EventLoop {
    /// The state machine.
    pub state: State,
    /// What is on the terminal.
    pub screen: Screen,
    /// Store, files, tasks.
    pub services: Services,
    /// The last actions, for a crash file.
    pub trail: Trail,
    /// What the program's clock counts from.
    pub started: Instant,
    /// The probe gives up then.
    pub probe_until: Option<Instant>,
    /// When the panel of figures was last told anything.
    pub reported: Instant,
}

/// How long the loop took from a message to the end of its frame, while it could not hear anything else.
#[derive(Debug, Default)]
struct Turns {
    count: u64,
    long: u64,
    longest: Duration,
}

impl Turns {
    fn took(&mut self, turn: Duration) {
        self.count += 1;
        self.longest = self.longest.max(turn);
        if turn > LONG_TURN {
            self.long += 1;
            tracing::debug!(target: "loop", "turn ms={:.1}", turn.as_secs_f64() * 1e3);
        }
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        let longest = self.longest.as_secs_f64() * 1e3;
        tracing::debug!(target: "loop", "turns count={} long={} longest_ms={longest:.1}", self.count, self.long);
    }
}

/// Why the loop goes on or ends.
enum Flow {
    Go,
    Leave,
}

impl EventLoop {
    fn at(&self) -> At {
        let clock = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        At { clock, now: Timestamp::now() }
    }

    /// Runs until the person leaves, the terminal goes away, or the process is asked to end.
    pub async fn run(&mut self, messages: &mut UnboundedReceiver<Message>, first: Vec<Effect>) {
        self.effects(first);
        self.screen.draw(&self.state);
        let mut turns = Turns::default();
        loop {
            let Some(message) = self.wait(messages).await else { return };
            let begun = Instant::now();
            let mut flow = self.take(message);
            for _ in 1..BATCH {
                if matches!(flow, Flow::Leave) {
                    break;
                }
                let Ok(message) = messages.try_recv() else { break };
                flow = self.take(message);
            }
            if matches!(flow, Flow::Leave) {
                break;
            }
            self.frame();
            turns.took(begun.elapsed());
        }
        drop(turns);
        self.leave(messages).await;
    }

    /// The next message; a tick when something on the screen is over, or the probe.
    async fn wait(&mut self, messages: &mut UnboundedReceiver<Message>) -> Option<Message> {
        let tick = update::next_tick(&self.state).map(|at| self.started + Duration::from_millis(at));
        let frame = self.screen.next_frame(self.state.dirty);
        let report = self.state.wants_preview_report().then(|| self.reported + REPORT_EVERY);
        let deadline = [tick, frame, self.probe_until, report].into_iter().flatten().min();
        let Some(deadline) = deadline else { return messages.recv().await };
        tokio::select! {
            biased;
            message = messages.recv() => message,
            () = tokio::time::sleep_until(deadline.into()) => Some(Message::Event(Event::Tick)),
        }
    }

    fn take(&mut self, message: Message) -> Flow {
        match message {
            Message::Input(input) => return self.input(input),
            Message::Event(event) => return self.event(event),
            Message::Written(Written::Failed) => return self.end(),
            Message::Written(Written::Silent(silent)) => {
                return self.event(Event::Link(if silent { LinkNews::Silent } else { LinkNews::Answers }));
            }
            Message::Written(written) => self.state.dirty |= self.screen.written(written),
            Message::Decoded(decoded) => {
                if self.screen.decoded(decoded) {
                    self.state.dirty = true;
                }
            }
            Message::Signal(Signal::Terminate) => return self.end(),
            Message::Signal(Signal::Resize) => {
                if let Some((columns, rows)) = self.screen.resized() {
                    return self.event(Event::Resized(columns, rows));
                }
            }
            Message::Signal(Signal::Continue) => {
                self.screen.continued();
                self.state.dirty = true;
            }
            Message::Settled => {}
        }
        Flow::Go
    }

    fn input(&mut self, input: InputEvent) -> Flow {
        match input {
            InputEvent::Key { press, repeat } => {
                self.screen.typed();
                self.event(Event::Key { press, repeat })
            }
            InputEvent::Paste(text) => self.event(Event::Paste(text)),
            InputEvent::Reply(reply) => self.reply(&reply),
            InputEvent::Mouse(mouse) => match super::mouse::pointer(&mouse) {
                Some(what) => {
                    let at = super::mouse::place(&mouse, self.screen.mouse_pixels());
                    self.event(Event::Pointer(what, at))
                }
                None => Flow::Go,
            },
            InputEvent::Focus(_) => Flow::Go,
            InputEvent::Closed => self.end(),
        }
    }

    fn reply(&mut self, reply: &Reply) -> Flow {
        if let Some(caps) = self.screen.terminal_said(reply) {
            self.probe_until = None;
            return self.capable(caps);
        }
        let Reply::Graphics { id, message, .. } = reply else { return Flow::Go };
        let (redraw, lowered) = self.screen.picture_answer(*id, message);
        self.state.dirty |= redraw;
        let Some(caps) = lowered else { return Flow::Go };
        let how = format!("{}, because the terminal refuses pictures: {message}", caps.protocol.name());
        self.capable(caps);
        self.event(Event::Link(LinkNews::Lowered(how)))
    }

    fn capable(&mut self, caps: crate::term::caps::Caps) -> Flow {
        self.trail.set_terminal(&caps.name);
        self.screen.set_caps(&caps, &self.state.theme);
        self.event(Event::Caps(caps))
    }

    fn event(&mut self, event: Event) -> Flow {
        let tick = matches!(event, Event::Tick);
        if tick && self.probe_until.is_some_and(|until| Instant::now() >= until) {
            self.probe_until = None;
            let caps = self.screen.probe_is_over();
            return self.capable(caps);
        }
        self.update(event)
    }

    fn update(&mut self, event: Event) -> Flow {
        let at = self.at();
        let effects = update::update(&mut self.state, event, at);
        self.effects(effects)
    }

    /// The program is asked to end from outside.
    fn end(&mut self) -> Flow {
        let effects = update::terminate(&mut self.state);
        self.effects(effects)
    }

    fn effects(&mut self, effects: Vec<Effect>) -> Flow {
        let mut flow = Flow::Go;
        for effect in effects {
            match effect {
                Effect::Quit => flow = Flow::Leave,
                Effect::Suspend => {
                    if let Err(error) = self.screen.suspend() {
                        tracing::error!(%error, "could not suspend");
                    }
                    self.state.dirty = true;
                }
                Effect::Redraw => {
                    self.screen.repaint_all();
                    self.state.dirty = true;
                }
                Effect::Copy(text) => {
                    if !self.screen.copy(&text) {
                        let text = "too long for the terminal's clipboard; nothing was copied";
                        self.state.say(crate::app::messages::Level::Warning, text);
                    }
                }
                Effect::Theme(name) => {
                    for problem in self.screen.set_theme(&name) {
                        self.state.say(crate::app::messages::Level::Warning, problem);
                    }
                }
                Effect::SavePlaces => self.services.save_places(&self.state.places),
                other => self.services.run(other),
            }
        }
        flow
    }

    /// Draws a frame if one is due, and tells the state what became of pictures.
    fn frame(&mut self) {
        if self.state.wants_preview_report() && self.reported.elapsed() >= REPORT_EVERY {
            self.reported = Instant::now();
            let report = Box::new(self.screen.report());
            self.update(Event::Preview(report));
        }
        if (self.state.dirty || self.screen.is_due()) && self.screen.may_draw() {
            self.state.dirty = false;
            self.screen.draw(&self.state);
            for (picture, known) in self.screen.picture_news() {
                self.update(Event::Picture(picture, known));
            }
        }
    }

    /// Waits for the store, so that nothing that was shown is lost, and for exports, which take back what they have begun;
    /// then gives the terminal back.
    async fn leave(&mut self, messages: &mut UnboundedReceiver<Message>) {
        self.services.finish();
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut settled = false;
        while !settled || self.state.tasks.asking().next().is_some() {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(until) => break,
                message = messages.recv() => match message {
                    None => break,
                    Some(Message::Settled) => settled = true,
                    Some(Message::Event(event @ (Event::Wrote(_) | Event::Outbox(_) | Event::Task(..)))) => {
                        // The program is leaving: what an answer would ask for is of no use any more.
                        let at = self.at();
                        drop(update::update(&mut self.state, event, at));
                    }
                    Some(_) => {}
                },
            }
        }
        self.screen.close();
    }
}
