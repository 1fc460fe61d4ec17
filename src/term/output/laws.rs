//! What holds whatever happens: any order of frames, uploads, answers, losses and time.

use super::link::Pacing;
use super::pace::Mark;
use super::queue::{Kind, Queue, Step};
use super::{Upload, Written};
use crate::term::{seq, tmux};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
enum Op {
    Frame(usize, bool),
    Upload(usize, usize),
    /// Keeps the uploads whose tag has this remainder.
    Keep(u64),
    /// The terminal answers so many questions, oldest first.
    Answer(usize),
    /// The oldest answer is lost.
    Lose,
    /// An answer to nothing.
    Unasked,
    Typed,
    Pass(u64),
}

fn op(faults: bool) -> impl Strategy<Value = Op> {
    let faulty = if faults { 1 } else { 0 };
    prop_oneof![
        3 => (1_usize..20_000, any::<bool>()).prop_map(|(n, watched)| Op::Frame(n, watched)),
        4 => (1_usize..40, 1_usize..6000).prop_map(|(n, len)| Op::Upload(n, len)),
        1 => (0_u64..3).prop_map(Op::Keep),
        8 => (1_usize..12).prop_map(Op::Answer),
        faulty => Just(Op::Lose),
        faulty => Just(Op::Unasked),
        1 => Just(Op::Typed),
        6 => (1_u64..if faults { 3000 } else { 60 }).prop_map(Op::Pass),
    ]
}

struct Asked {
    asked: Instant,
    /// Bytes up to and with the question.
    end: u64,
}

struct Model {
    queue: Queue,
    pacing: Pacing,
    now: Instant,
    /// Those that were not answered yet.
    questions: VecDeque<Asked>,
    sent: u64,
    answered: u64,
    tag: u64,
    handed: Vec<u64>,
    done: Vec<u64>,
    dropped: Vec<u64>,
    frames: usize,
    frames_written: usize,
    marks: Vec<u64>,
    seen: Vec<u64>,
}

impl Model {
    fn new(pacing: Pacing) -> Self {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.set_pacing(pacing, now);
        Self {
            queue,
            pacing,
            now,
            questions: VecDeque::new(),
            sent: 0,
            answered: 0,
            tag: 0,
            handed: Vec::new(),
            done: Vec::new(),
            dropped: Vec::new(),
            frames: 0,
            frames_written: 0,
            marks: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn take(&mut self, op: &Op) {
        match op {
            Op::Frame(len, watched) => {
                self.frames += 1;
                let mark = self.frames as u64;
                let handed = self.now;
                self.marks.extend(watched.then_some(mark));
                self.queue.push_frame(vec![b'.'; *len], watched.then_some(Mark { mark, handed }));
            }
            Op::Upload(count, len) => {
                self.tag += 1;
                self.handed.push(self.tag);
                let chunks = vec![vec![b'#'; *len]; *count];
                self.queue.push_upload(Upload { tag: self.tag, chunks, abort: b"!".to_vec() });
            }
            Op::Keep(rest) => {
                let kept: Vec<u64> = (1..=self.tag).rev().filter(|t| t % 3 == *rest).collect();
                let dropped = self.queue.keep(&kept);
                assert!(dropped.iter().all(|t| !kept.contains(t)));
                self.dropped.extend(dropped);
            }
            Op::Answer(count) => {
                for _ in 0..*count {
                    if let Some(question) = self.questions.pop_front() {
                        self.answered = question.end;
                        self.queue.acknowledged(self.now);
                    }
                }
            }
            Op::Lose => drop(self.questions.pop_front()),
            Op::Unasked => self.queue.acknowledged(self.now),
            Op::Typed => self.queue.pace.typed(self.now),
            Op::Pass(ms) => self.now += Duration::from_millis(*ms),
        }
    }

    /// Nothing stays unanswered for so long that it is written off.
    fn answer_old(&mut self) {
        while self.questions.front().is_some_and(|q| q.asked + Duration::from_millis(900) <= self.now) {
            self.take(&Op::Answer(1));
        }
    }

    /// Lets the writer do all it does now; when it wants to be woken.
    fn pump(&mut self) -> Option<Instant> {
        loop {
            let job = match self.queue.next(self.now) {
                Step::Write(job) => job,
                Step::Report(news) => {
                    for news in news {
                        if let Written::Seen { mark, .. } = news {
                            self.seen.push(mark);
                        }
                    }
                    continue;
                }
                Step::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "a wake-up that would spin");
                    return until;
                }
                Step::Stop => return None,
            };
            self.queue.wrote(true);
            let before = self.sent;
            self.sent += job.bytes.len() as u64;
            if job.bytes.ends_with(seq::ASK_STATUS) || job.bytes.ends_with(&tmux::wrap(seq::ASK_STATUS)) {
                self.questions.push_back(Asked { asked: self.now, end: self.sent });
            }
            let link = self.queue.pace.link(0);
            assert_eq!(link.sent, self.sent);
            assert!(link.in_flight as u64 <= self.sent);
            match job.kind {
                Kind::Frame => self.frames_written += 1,
                Kind::Piece(done) => {
                    assert_eq!(self.frames_written, self.frames, "an upload went before a frame");
                    self.done.extend(done);
                    if self.pacing == Pacing::Direct && !link.silent {
                        let piece = (self.sent - before) as usize;
                        let most = link.credit.max(2048 + piece);
                        assert!(link.in_flight <= most, "{link:?} after a piece of {piece}");
                    }
                }
                Kind::Own => {}
            }
        }
    }

    /// Nothing is answered any more: all the same everything is written, in so many wake-ups.
    fn finish(&mut self) {
        let mut wakes = 0;
        while let Some(until) = self.pump() {
            self.now = until;
            wakes += 1;
            assert!(wakes < 100_000, "{:?}", self.queue.pace.link(self.queue.backlog()));
        }
        assert_eq!(self.queue.backlog(), 0);
        let mut all: Vec<u64> = self.done.iter().chain(&self.dropped).copied().collect();
        all.sort_unstable();
        assert_eq!(all, self.handed, "each upload is either reported or dropped, once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_stalls_and_credit_holds(ops in prop::collection::vec(op(true), 1..80), tmux in any::<bool>()) {
        let mut model = Model::new(if tmux { Pacing::Tmux } else { Pacing::Direct });
        for op in &ops {
            model.take(op);
            model.pump();
        }
        model.finish();
    }

    #[test]
    fn without_faults_every_byte_in_flight_is_known(ops in prop::collection::vec(op(false), 1..80)) {
        let mut model = Model::new(Pacing::Direct);
        for op in &ops {
            model.take(op);
            model.answer_old();
            model.pump();
            let link = model.queue.pace.link(0);
            prop_assert_eq!(link.in_flight as u64, model.sent - model.answered);
        }
        while !model.questions.is_empty() {
            model.take(&Op::Answer(1));
            model.pump();
        }
        prop_assert_eq!(&model.seen, &model.marks, "each watched frame is seen once, in order");
    }

    #[test]
    fn late_answers_give_no_credit_for_newer_bytes(stall in 1_u64..20_000, chunks in 1_usize..60, more in 1_usize..60) {
        let mut model = Model::new(Pacing::Direct);
        model.take(&Op::Frame(100, true));
        model.pump();
        model.take(&Op::Pass(40));
        model.take(&Op::Answer(1));
        model.take(&Op::Upload(chunks, 4000));
        model.pump();
        let end = model.now + Duration::from_millis(stall);
        while let Some(until) = model.pump().filter(|until| *until < end) {
            model.now = until;
        }
        model.now = end;
        model.take(&Op::Upload(more, 4000));
        model.pump();
        // Everything is answered late, and in order.
        while !model.questions.is_empty() {
            let known = model.queue.pace.delivered();
            model.take(&Op::Answer(1));
            let now_known = model.queue.pace.delivered();
            prop_assert!(now_known == known || now_known == model.answered, "{} {} {}", known, now_known, model.answered);
            model.pump();
        }
    }
}

#[test]
fn what_is_overdue_once_the_one_before_is_written_off_goes_with_it() {
    let mut model = Model::new(Pacing::Direct);
    for op in [
        Op::Frame(10, true),
        Op::Frame(200_000, true),
        Op::Pass(40),
        Op::Answer(1),
        Op::Pass(3000),
        Op::Frame(10, true),
    ] {
        model.take(&op);
        model.pump();
    }
    // Behind so large a frame the patience is several seconds; without it, one.
    model.finish();
}

#[test]
fn what_is_half_sent_is_closed_before_a_frame_with_a_picture_of_its_own() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let written = |queue: &mut Queue| {
        let Step::Write(job) = queue.next(now) else { panic!("nothing is written") };
        queue.wrote(true);
        String::from_utf8_lossy(&job.bytes).into_owned()
    };
    let upload = |tag: u64| Upload {
        tag,
        chunks: vec![format!("({tag}.0)").into_bytes(), format!("({tag}.1)").into_bytes()],
        abort: format!("<abort {tag}>").into_bytes(),
    };
    let frame = "\x1b_Ga=t,f=100,i=7,m=0;AAAA\x1b\\";
    queue.push_upload(upload(1));
    queue.push_upload(upload(2));
    assert_eq!(written(&mut queue), "(1.0)");
    assert_eq!(queue.keep(&[2]), [1]);
    queue.push_frame(frame.as_bytes().to_vec(), None);
    assert_eq!(written(&mut queue), format!("<abort 1>{frame}"), "of one that was dropped");
    assert_eq!(written(&mut queue), "(2.0)");
    queue.push_frame(b"\x1b_Ga=p,i=7\x1b\\".to_vec(), None);
    assert_eq!(written(&mut queue), "\x1b_Ga=p,i=7\x1b\\");
    queue.push_frame(frame.as_bytes().to_vec(), None);
    assert_eq!(written(&mut queue), format!("<abort 2>{frame}"), "of one that goes on");
    assert_eq!([written(&mut queue), written(&mut queue)], ["(2.0)", "(2.1)"]);
    assert!(matches!(queue.next(now), Step::Wait(None)), "each is ended once");
}
