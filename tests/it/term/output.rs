//! The writer on a socket whose other end reads, waits and answers as the test says.

use lakelens::term::input::{InputEvent, Reply, reader};
use lakelens::term::output::{Link, Output, Pacing, Upload, Written};
use lakelens::term::seq::ASK_STATUS;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);
const CHUNK: usize = 4000;

/// The other end, and what it has read.
struct Terminal {
    output: Output,
    written: Receiver<Written>,
    stream: UnixStream,
    all: Vec<u8>,
    /// Bytes up to each question.
    questions: Vec<usize>,
    answered: usize,
    most_credit: usize,
}

impl Terminal {
    fn new(pacing: Pacing) -> Self {
        let (stream, end) = UnixStream::pair().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let (send, written) = channel();
        let output = Output::spawn(end.into(), move |w| send.send(w).unwrap_or_default()).unwrap();
        output.set_pacing(pacing);
        Self { output, written, stream, all: Vec::new(), questions: Vec::new(), answered: 0, most_credit: 0 }
    }

    /// Reads until this holds.
    fn read_until(&mut self, holds: impl Fn(&Self, &Link) -> bool) {
        let end = Instant::now() + LONG;
        loop {
            let mut bytes = [0; 8192];
            match self.stream.read(&mut bytes) {
                Ok(count) => self.all.extend_from_slice(&bytes[..count]),
                Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
            }
            self.find_questions();
            let link = self.output.link();
            self.most_credit = self.most_credit.max(link.credit);
            if holds(self, &link) {
                return;
            }
            assert!(Instant::now() < end, "{link:?}, {} bytes read", self.all.len());
        }
    }

    fn find_questions(&mut self) {
        let from = self.questions.last().copied().unwrap_or(0);
        let found = self.all.get(from..).unwrap().windows(ASK_STATUS.len()).enumerate();
        let ends = found.filter(|(_, w)| *w == ASK_STATUS).map(|(at, _)| from + at + ASK_STATUS.len());
        let ends: Vec<usize> = ends.collect();
        self.questions.extend(ends);
    }

    /// Reads until the writer waits for an answer, or has nothing more to write.
    fn read_what_comes(&mut self) {
        self.read_until(|t, link| {
            let full = link.in_flight + CHUNK + ASK_STATUS.len() > link.credit;
            link.sent == t.all.len() as u64 && (full || link.backlog == 0)
        });
    }

    fn unacknowledged(&self) -> usize {
        self.all.len() - self.answered.checked_sub(1).map_or(0, |last| self.questions[last])
    }

    fn answer(&mut self) {
        if self.answered < self.questions.len() {
            self.answered += 1;
            self.output.acknowledged();
        }
    }

    /// Answers until everything is written.
    fn finish(&mut self) {
        while self.output.link().backlog > 0 {
            self.read_what_comes();
            self.answer();
        }
        self.read_what_comes();
    }

    /// What was written besides questions.
    fn text(&self) -> String {
        String::from_utf8(self.all.clone()).unwrap().replace(std::str::from_utf8(ASK_STATUS).unwrap(), "")
    }

    fn place(&self, text: &str) -> usize {
        let all = self.text();
        assert_eq!(all.matches(text).count(), 1, "{text}");
        all.find(text).unwrap()
    }
}

fn upload(tag: u64, chunks: usize) -> Upload {
    let chunk = |i: usize| format!("{:#<CHUNK$}", format!("({tag}.{i})")).into_bytes();
    Upload { tag, chunks: (0..chunks).map(chunk).collect(), abort: format!("<abort {tag}>").into_bytes() }
}

#[test]
fn unacknowledged_bytes_never_exceed_the_credit() {
    let mut terminal = Terminal::new(Pacing::Direct);
    terminal.output.upload(upload(1, 80));
    terminal.read_what_comes();
    assert!((8 << 10..=16 << 10).contains(&terminal.all.len()), "{} bytes unasked", terminal.all.len());
    while terminal.output.link().backlog > 0 {
        terminal.answer();
        terminal.read_what_comes();
        assert!(terminal.unacknowledged() <= terminal.most_credit, "{:?}", terminal.output.link());
    }
    assert!(terminal.most_credit < 320_000, "the answers came at once, but it was never needed");
    assert!(terminal.text().as_bytes() == upload(1, 80).chunks.concat(), "nothing is missing or torn");
    assert_eq!(terminal.written.recv_timeout(LONG).unwrap(), Written::Upload(1));
}

#[test]
fn a_frame_overtakes_an_upload_and_is_seen_when_its_answer_comes() {
    let mut terminal = Terminal::new(Pacing::Direct);
    terminal.output.upload(upload(1, 80));
    terminal.read_what_comes();
    terminal.output.frame_watched(b"<frame>".to_vec(), 7);
    assert_eq!(terminal.written.recv_timeout(LONG).unwrap(), Written::Frame);
    terminal.read_until(|t, _| t.text().contains("<frame>"));
    assert!(terminal.place("<frame>") <= 16 << 10, "behind what was written before, and before all that waits");
    let behind = terminal.questions.len();
    assert!(terminal.all.ends_with(ASK_STATUS));
    (0..behind - 1).for_each(|_| terminal.answer());
    assert_eq!(terminal.output.link().seen, None);
    terminal.answer();
    assert!(terminal.output.link().seen.is_some());
    let report = terminal.written.recv_timeout(LONG).unwrap();
    assert!(matches!(report, Written::Seen { mark: 7, .. }), "{report:?}");
    terminal.finish();
    assert_eq!(terminal.text().len(), 80 * CHUNK + "<frame>".len());
}

#[test]
fn what_no_longer_matters_is_dropped_and_ended() {
    let mut terminal = Terminal::new(Pacing::Direct);
    (1..=3).for_each(|tag| terminal.output.upload(upload(tag, 30)));
    terminal.read_what_comes();
    assert_eq!(terminal.output.keep(&[3]), [1, 2]);
    terminal.finish();
    assert!(terminal.place("(1.1)") < terminal.place("<abort 1>"));
    assert!(terminal.place("<abort 1>") < terminal.place("(3.0)"));
    assert!(!terminal.text().contains("(1.20)") && !terminal.text().contains("(2.0)"));
    assert!(!terminal.text().contains("<abort 2>"), "it had not begun");
    assert_eq!(terminal.written.recv_timeout(LONG).unwrap(), Written::Upload(3));
}

#[test]
fn an_upload_is_closed_before_a_frame_that_would_break_it_and_starts_again() {
    for command in ["\x1b_Ga=d,d=i,i=7,q=2\x1b\\", "\x1b_Ga=t,f=100,i=7,q=2,m=0;AAAA\x1b\\"] {
        let mut terminal = Terminal::new(Pacing::Direct);
        terminal.output.upload(upload(1, 20));
        terminal.read_what_comes();
        terminal.output.frame(format!("<frame>{command}").into_bytes());
        terminal.finish();
        let (closed, frame) = (terminal.place("<abort 1>"), terminal.place("<frame>"));
        let (before, after) = (terminal.text()[..closed].to_owned(), terminal.text()[frame..].to_owned());
        assert!(before.starts_with("(1.0)") && !before.contains("(1.19)") && closed < frame);
        assert!(after.as_bytes().ends_with(&upload(1, 20).chunks.concat()), "not all of it comes after the frame");
        // One that waits has nothing to close, and any other frame changes nothing.
        terminal.output.frame(command.as_bytes().to_vec());
        terminal.output.upload(upload(2, 3));
        terminal.output.frame(b"\x1b_Ga=p,i=7,p=1\x1b\\".to_vec());
        terminal.finish();
        assert!(!terminal.text().contains("<abort 2>"));
    }
}

#[test]
fn what_waits_takes_the_order_in_which_it_matters() {
    let mut terminal = Terminal::new(Pacing::Direct);
    (1..=3).for_each(|tag| terminal.output.upload(upload(tag, 10)));
    terminal.read_what_comes();
    assert_eq!(terminal.output.keep(&[3, 2, 1, 9]), [0_u64; 0]);
    terminal.finish();
    let order: Vec<Written> = (0..3).map(|_| terminal.written.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(order, [Written::Upload(1), Written::Upload(3), Written::Upload(2)], "what is under way goes on");
}

#[test]
fn a_silence_is_survived_and_said() {
    let mut terminal = Terminal::new(Pacing::Direct);
    terminal.output.hint_round_trip(Duration::from_millis(1));
    terminal.output.upload(upload(1, 12));
    assert_eq!(terminal.written.recv_timeout(LONG).unwrap(), Written::Silent(true));
    assert!(terminal.output.link().silent);
    assert_eq!(terminal.written.recv_timeout(LONG).unwrap(), Written::Upload(1), "it goes on by the clock");
    // Everything is answered late, and then what is asked anew.
    let mut report = None;
    let end = Instant::now() + LONG;
    while report.is_none() {
        terminal.read_until(|_, _| true);
        terminal.answer();
        report = terminal.written.try_recv().ok();
        assert!(Instant::now() < end, "{:?}", terminal.output.link());
    }
    assert_eq!(report, Some(Written::Silent(false)));
    assert!(!terminal.output.link().silent);
    terminal.read_what_comes();
    assert!(terminal.text().as_bytes() == upload(1, 12).chunks.concat(), "nothing is missing or torn");
}

#[test]
fn the_terminal_is_not_given_away_while_answers_are_under_way() {
    let mut terminal = Terminal::new(Pacing::Direct);
    terminal.output.frame_watched(b"<frame>".to_vec(), 1);
    terminal.read_until(|t, _| t.questions.len() == 1);
    assert!(!terminal.output.settle(Duration::from_millis(20)));
    terminal.answer();
    assert!(terminal.output.settle(LONG));
}

#[test]
fn answers_find_their_way_through_the_reader_between_keys() {
    let (mut stream, end) = UnixStream::pair().unwrap();
    let (send, written) = channel();
    let output = Output::spawn(end.try_clone().unwrap().into(), move |w| send.send(w).unwrap_or_default()).unwrap();
    output.set_pacing(Pacing::Direct);
    let answered = output.clone();
    let (keys, pressed) = channel();
    let _input = reader::spawn(end.into(), false, move |event| match event {
        InputEvent::Reply(Reply::Status) => {
            answered.acknowledged();
            true
        }
        event => keys.send(event).is_ok(),
    })
    .unwrap();
    // Ends with the test, when the stream does.
    std::thread::spawn(move || {
        let mut last = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            last.extend_from_slice(&bytes[..count]);
            while let Some(at) = last.windows(ASK_STATUS.len()).position(|w| w == ASK_STATUS) {
                last.drain(..at + ASK_STATUS.len());
                stream.write_all(b"\x1b[0nj").unwrap_or_default();
            }
        }
    });
    output.upload(upload(1, 200));
    output.frame_watched(b"<frame>".to_vec(), 9);
    let mut reports = Vec::new();
    while !reports.contains(&Written::Upload(1)) || !reports.iter().any(|r| matches!(r, Written::Seen { mark: 9, .. }))
    {
        reports.push(written.recv_timeout(LONG).unwrap());
    }
    assert!(!reports.contains(&Written::Silent(true)));
    assert!(matches!(pressed.recv_timeout(LONG).unwrap(), InputEvent::Key { .. }));
    assert!(output.link().round_trip.is_some() && output.link().bandwidth.is_some());
    assert!(output.settle(LONG), "every question is answered");
    assert_eq!(output.link().in_flight, 0);
}
