//! The queue and its pace on a simulated link, in simulated time.

use super::link::Pacing;
use super::pace::Mark;
use super::queue::{Job, Kind, Queue, Step};
use super::{Upload, Written};
use crate::term::{seq, tmux};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A chunk of 4 KB with what stands around its data.
const CHUNK: usize = 4140;

/// A link without bounds on its buffer, as SSH or tmux make it, and a terminal that answers at its end.
struct Scene {
    queue: Queue,
    start: Instant,
    now: Instant,
    /// Bytes a second.
    rate: f64,
    round_trip: Duration,
    /// Answers are handed on up to so much later.
    jitter: Duration,
    /// The link has carried everything then.
    busy: Instant,
    answers: VecDeque<Instant>,
    /// No answer comes before then.
    stalled: Option<Instant>,
    /// Answers that get lost.
    losing: usize,
    reports: Vec<(Duration, Written)>,
    /// When, and bytes that wait in the link.
    queued: Vec<(Duration, f64)>,
    written: u64,
    tag: u64,
    uploaded: u64,
    random: u64,
}

impl Scene {
    fn new(pacing: Pacing, mbit: f64, round_trip_ms: u64) -> Self {
        let start = Instant::now();
        let mut queue = Queue::default();
        queue.set_pacing(pacing, start);
        Self {
            queue,
            start,
            now: start,
            rate: mbit * 125_000.0,
            round_trip: Duration::from_millis(round_trip_ms),
            jitter: Duration::ZERO,
            busy: start,
            answers: VecDeque::new(),
            stalled: None,
            losing: 0,
            reports: Vec::new(),
            queued: Vec::new(),
            written: 0,
            tag: 0,
            uploaded: 0,
            random: 1,
        }
    }

    fn time(&self) -> Duration {
        self.now - self.start
    }

    fn upload(&mut self, chunks: usize) {
        self.tag += 1;
        let chunks = vec![vec![b'#'; CHUNK]; chunks];
        self.queue.push_upload(Upload { tag: self.tag, chunks, ..Upload::default() });
    }

    fn frame(&mut self, bytes: usize, mark: u64) {
        self.queue.push_frame(vec![b'.'; bytes], Some(Mark { mark, handed: self.now }));
    }

    fn waiting(&self) -> f64 {
        self.busy.saturating_duration_since(self.now).as_secs_f64() * self.rate
    }

    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as f64 / f64::from(1_u32 << 31)
    }

    fn carry(&mut self, job: &Job) {
        if job.kind != Kind::Frame {
            // What a key's frame would find ahead of it.
            self.queued.push((self.time(), self.waiting()));
        }
        if let Kind::Piece(Some(tag)) = job.kind {
            self.uploaded = tag;
            self.reports.push((self.time(), Written::Upload(tag)));
        }
        self.written += job.bytes.len() as u64;
        self.busy = self.busy.max(self.now) + Duration::from_secs_f64(job.bytes.len() as f64 / self.rate);
        let wrapped = tmux::wrap(seq::ASK_STATUS);
        if !job.bytes.ends_with(seq::ASK_STATUS) && !job.bytes.ends_with(&wrapped) {
            return;
        }
        if self.losing > 0 {
            self.losing -= 1;
            return;
        }
        let late = self.jitter.mul_f64(self.chance());
        let answered = (self.busy + self.round_trip + late).max(self.stalled.unwrap_or(self.start));
        // Answers keep their order.
        let answered = self.answers.back().map_or(answered, |last| answered.max(*last));
        self.answers.push_back(answered);
    }

    /// Runs for so long. Uploads never end while `endless`.
    fn run(&mut self, time: Duration, endless: bool) {
        let end = self.now + time;
        loop {
            while endless && self.tag < self.uploaded + 3 {
                self.upload(30);
            }
            let until = match self.queue.next(self.now) {
                Step::Write(job) => {
                    self.carry(&job);
                    self.queue.wrote(true);
                    continue;
                }
                Step::Report(news) => {
                    let time = self.time();
                    self.reports.extend(news.into_iter().map(|n| (time, n)));
                    continue;
                }
                Step::Stop => return,
                Step::Wait(until) => until,
            };
            let next = [until, self.answers.front().copied(), Some(end)].into_iter().flatten().min();
            self.now = next.unwrap_or(end).max(self.now);
            if self.now >= end {
                self.now = end;
                return;
            }
            while self.answers.front().is_some_and(|at| *at <= self.now) {
                self.answers.pop_front();
                self.queue.acknowledged(self.now);
            }
        }
    }

    /// Runs with endless uploads; the part of the link that was used, and the middle, the nearly highest and the
    /// highest of what a frame would have found in its way.
    fn measure(&mut self, time: Duration) -> (f64, f64, f64, f64) {
        let (from, before) = (self.time(), self.written as f64 - self.waiting());
        self.run(time, true);
        let carried = self.written as f64 - self.waiting() - before;
        let mut found: Vec<f64> = self.queued.iter().filter(|(at, _)| *at >= from).map(|(_, bytes)| *bytes).collect();
        found.sort_by(f64::total_cmp);
        let part = |p: f64| found.get((found.len() as f64 * p) as usize).copied().unwrap_or(0.0) / 1024.0;
        (carried / (self.rate * time.as_secs_f64()), part(0.5), part(0.99), part(0.999_99))
    }

    fn silences(&self) -> Vec<bool> {
        self.reports.iter().filter_map(|(_, w)| if let Written::Silent(on) = w { Some(*on) } else { None }).collect()
    }

    fn seen(&self) -> Vec<(u64, Duration)> {
        let seen = |w: &Written| if let Written::Seen { mark, after } = w { Some((*mark, *after)) } else { None };
        self.reports.iter().filter_map(|(_, w)| seen(w)).collect()
    }
}

fn secs(s: f64) -> Duration {
    Duration::from_secs_f64(s)
}

/// The part of the link that is used, and what a frame finds in its way, in KB, after `warm` seconds.
fn settled(mbit: f64, round_trip: u64, jitter: u64, (warm, time): (f64, f64)) -> (f64, f64, f64, f64) {
    let mut scene = Scene::new(Pacing::Direct, mbit, round_trip);
    scene.jitter = Duration::from_millis(jitter);
    scene.measure(secs(warm));
    scene.measure(secs(time))
}

#[test]
fn the_link_is_used_and_hardly_a_queue_stands_in_the_way_of_a_frame() {
    // Long enough for the times in which the queue is let run empty.
    for (mbit, round_trip, times) in [(10.0, 40, (2.0, 12.0)), (1.0, 200, (6.0, 20.0)), (100.0, 20, (1.0, 2.0))] {
        let (used, middle, nearly, most) = settled(mbit, round_trip, 0, times);
        let found = format!("{mbit} Mbit/s, {round_trip} ms: {used:.2} used, {middle:.1} {nearly:.1} {most:.1} KB");
        assert!(used >= 0.9 && middle <= 4.6 && nearly <= 8.0, "{found}");
    }
}

#[test]
fn uneven_answers_cost_little() {
    for (mbit, round_trip, jitter, times) in [(10.0, 40, 3, (2.0, 12.0)), (1.0, 200, 20, (6.0, 20.0))] {
        let (used, middle, nearly, most) = settled(mbit, round_trip, jitter, times);
        let found = format!("{mbit} Mbit/s, {round_trip} ms: {used:.2} used, {middle:.1} {nearly:.1} {most:.1} KB");
        assert!(used >= 0.9 && nearly <= 10.0, "{found}");
    }
    let (used, _, nearly, _) = settled(100.0, 20, 1, (1.0, 2.0));
    assert!(used >= 0.9 && nearly / 12_207.0 <= 0.003, "{used} used, {nearly:.1} KB are more than 3 ms");
}

#[test]
fn the_first_uploads_find_the_rate_without_flooding_the_link() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    let (used, _, _, most) = scene.measure(secs(1.0));
    assert!(used > 0.85 && most < 64.0, "{used} used, {most} KB");
    let link = scene.queue.pace.link(0);
    assert!(link.bandwidth.is_some_and(|b| (1_180_000..1_320_000).contains(&b)), "{link:?}");
    assert!(link.round_trip.is_some_and(|t| t < Duration::from_millis(46)), "{link:?}");
}

#[test]
fn a_link_that_gets_five_times_slower_is_empty_again_soon() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    scene.measure(secs(3.0));
    scene.rate /= 5.0;
    scene.measure(secs(0.5));
    let (used, middle, nearly, most) = scene.measure(secs(4.0));
    assert!(used >= 0.85 && most <= 8.0, "{used} used, {middle} {nearly} {most} KB");
}

#[test]
fn a_faster_link_and_a_longer_way_are_found() {
    let mut scene = Scene::new(Pacing::Direct, 2.0, 40);
    scene.measure(secs(3.0));
    scene.rate *= 5.0;
    scene.measure(secs(1.5));
    let (used, _, nearly, _) = scene.measure(secs(2.0));
    assert!(used >= 0.9 && nearly <= 16.0, "faster: {used} used, {nearly} KB");
    scene.round_trip *= 3;
    scene.measure(secs(3.0));
    let (used, _, nearly, _) = scene.measure(secs(3.0));
    assert!(used >= 0.9 && nearly <= 8.0, "longer: {used} used, {nearly} KB");
}

#[test]
fn uploads_now_and_then_find_an_empty_link_and_leave_it_so() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    scene.measure(secs(1.0));
    scene.run(secs(1.0), false);
    for _ in 0..20 {
        let from = scene.queued.len();
        scene.upload(20);
        scene.run(secs(0.5), false);
        assert_eq!(scene.queue.backlog(), 0);
        let most = scene.queued.iter().skip(from).map(|(_, bytes)| *bytes).fold(0.0, f64::max);
        assert!(most < 12.0 * 1024.0, "{most}");
    }
}

#[test]
fn a_local_terminal_is_kept_busy() {
    let mut scene = Scene::new(Pacing::Direct, 1600.0, 0);
    // The loop does something else for two milliseconds at a time.
    scene.jitter = Duration::from_millis(2);
    let (used, ..) = scene.measure(secs(0.25));
    assert!(used > 0.9, "{used}");
}

#[test]
fn a_watched_frame_is_seen_a_round_trip_later_whatever_waits() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    scene.measure(secs(3.0));
    for mark in 0..20 {
        scene.frame(100, mark);
        scene.run(secs(0.31), true);
    }
    let seen = scene.seen();
    assert_eq!(seen.iter().map(|(mark, _)| *mark).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    let longest = seen.iter().map(|(_, after)| *after).max().unwrap_or_default();
    assert!(longest < Duration::from_millis(50), "{longest:?}");
}

#[test]
fn behind_tmux_a_few_answers_tell_the_rate() {
    for mbit in [1.0, 10.0, 100.0] {
        let mut scene = Scene::new(Pacing::Tmux, mbit, 40);
        for _ in 0..4 {
            scene.queue.pace.typed(scene.now);
            scene.measure(secs(0.4));
        }
        scene.queue.pace.typed(scene.now);
        let (used, middle, nearly, most) = scene.measure(secs(0.4));
        assert!((0.75..0.95).contains(&used), "{mbit} Mbit/s: {used}");
        assert!(middle < 1.0 && most / scene.rate * 1024.0 < 0.15, "{mbit} Mbit/s: {middle} {nearly} {most} KB");
        // Nobody types: nothing is asked, and what is known is used with more and more care.
        scene.run(secs(2.0), true);
        scene.answers.clear();
        let (used, .., most) = scene.measure(secs(5.0));
        assert!(scene.answers.is_empty() && (0.5..0.8).contains(&used) && most < 8.5, "{mbit}: {used}, {most} KB");
    }
}

#[test]
fn behind_tmux_no_more_than_two_questions_are_under_way() {
    let mut scene = Scene::new(Pacing::Tmux, 10.0, 40);
    for i in 0..200 {
        scene.queue.pace.typed(scene.now);
        scene.frame(100, i);
        scene.run(secs(0.01), true);
        assert!(scene.answers.len() <= 2);
    }
}

#[test]
fn a_silence_is_said_once_and_uploads_go_on_by_the_clock() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    scene.measure(secs(3.0));
    let before = scene.written;
    scene.stalled = Some(scene.now + secs(10.0));
    scene.run(secs(9.0), true);
    assert_eq!(scene.silences(), [true]);
    let rate = (scene.written - before) as f64 / 8.0;
    assert!((400_000.0..800_000.0).contains(&rate), "half of what was known: {rate}");
    scene.run(secs(3.0), true);
    assert_eq!(scene.silences(), [true, false]);
    let (used, _, nearly, _) = scene.measure(secs(3.0));
    assert!(used > 0.85 && nearly < 12.0, "{used} {nearly}");
}

#[test]
fn lost_answers_hold_nothing_up() {
    for losing in [1, 2, 5, 20] {
        let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
        scene.measure(secs(1.0));
        scene.losing = losing;
        scene.upload(100);
        scene.run(secs(15.0), false);
        assert_eq!(scene.queue.backlog(), 0, "{losing} lost");
        scene.measure(secs(6.0));
        assert!(!scene.queue.pace.link(0).silent, "{losing} lost: {:?}", scene.silences());
        let (used, _, nearly, _) = scene.measure(secs(2.0));
        assert!(used > 0.85 && nearly < 12.0, "{losing} lost: {used} {nearly}");
    }
}

#[test]
fn with_nothing_to_do_nothing_is_waited_for() {
    let mut scene = Scene::new(Pacing::Direct, 10.0, 40);
    scene.upload(30);
    scene.run(secs(5.0), false);
    assert!(matches!(scene.queue.next(scene.now), Step::Wait(None)));
    scene.losing = usize::MAX;
    scene.frame(100, 1);
    scene.run(secs(60.0), false);
    assert_eq!(scene.silences(), [true]);
    assert!(matches!(scene.queue.next(scene.now), Step::Wait(None)), "not even in a silence");
}
