//! What waits to be written, and what comes next.

use super::link::Pacing;
use super::pace::{Due, Mark, News, Pace};
use super::{Upload, Written};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Between two lines in the log.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// One frame that waits.
#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    mark: Option<Mark>,
}

/// One upload that waits or is under way.
#[derive(Debug)]
struct Progress {
    upload: Upload,
    /// Chunks that were taken for writing.
    taken: usize,
}

impl Progress {
    fn left(&self) -> usize {
        self.upload.chunks.iter().skip(self.taken).map(Vec::len).sum()
    }

    /// Bytes of the next piece that is written at once.
    fn next_len(&self) -> usize {
        self.upload.chunks.get(self.taken).map_or(0, Vec::len)
    }

    fn begun(&self) -> bool {
        self.taken > 0
    }
}

/// What a job is, once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Frame,
    /// A piece of an upload, and the tag of the upload that it completes.
    Piece(Option<u64>),
    /// A question, or the end of an upload that was dropped.
    Own,
}

/// Bytes to be written at once.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

/// What the thread does next.
#[derive(Debug)]
pub(super) enum Step {
    Write(Job),
    Report(Vec<Written>),
    /// Nothing, until something changes or until then.
    Wait(Option<Instant>),
    Stop,
}

/// Everything that waits, and the state of the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    uploads: VecDeque<Progress>,
    /// The ends of uploads that were dropped after their first chunk.
    aborts: VecDeque<Vec<u8>>,
    news: Vec<Written>,
    pub(super) pace: Pace,
    /// A frame is being written now.
    writing_frame: bool,
    /// Anything is being written now.
    writing: bool,
    paused: bool,
    pub(super) stopped: bool,
    failed: bool,
    logged: Option<Instant>,
}

impl Queue {
    pub(super) fn push_frame(&mut self, bytes: Vec<u8>, mark: Option<Mark>) {
        self.frames.push_back(Frame { bytes, mark });
    }

    pub(super) fn push_upload(&mut self, upload: Upload) {
        self.uploads.push_back(Progress { upload, taken: 0 });
    }

    pub(super) fn no_frames(&self) -> bool {
        self.frames.is_empty() && !self.writing_frame
    }

    /// Nothing waits and nothing is being written.
    pub(super) fn settled(&self, uploads_too: bool) -> bool {
        let no_uploads = !uploads_too || self.uploads.is_empty();
        self.frames.is_empty() && self.aborts.is_empty() && no_uploads && !self.writing
    }

    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    pub(super) fn backlog(&self) -> usize {
        self.uploads.iter().map(Progress::left).sum()
    }

    /// Keeps the uploads with these tags, in this order; the one that is under way goes on first. Returns the tags of
    /// the others.
    pub(super) fn keep(&mut self, tags: &[u64]) -> Vec<u64> {
        let mut dropped = Vec::new();
        let mut kept = Vec::new();
        for progress in std::mem::take(&mut self.uploads) {
            match tags.iter().position(|t| *t == progress.upload.tag) {
                Some(place) => kept.push((!progress.begun(), place, progress)),
                None => {
                    dropped.push(progress.upload.tag);
                    self.give_up(progress);
                }
            }
        }
        kept.sort_by_key(|(waiting, place, _)| (*waiting, *place));
        self.uploads = kept.into_iter().map(|(_, _, progress)| progress).collect();
        dropped
    }

    fn give_up(&mut self, progress: Progress) {
        if progress.begun() && !progress.upload.abort.is_empty() {
            self.aborts.push_back(progress.upload.abort);
        }
    }

    pub(super) fn drop_uploads(&mut self) {
        for progress in std::mem::take(&mut self.uploads) {
            self.give_up(progress);
        }
    }

    /// Holds: what is asked now is answered to somebody else.
    pub(super) fn hold(&mut self, now: Instant) {
        self.paused = true;
        self.frames.clear();
        self.aborts.clear();
        self.pace.cut(now);
    }

    pub(super) fn go_on(&mut self) {
        self.paused = false;
    }

    pub(super) fn set_pacing(&mut self, pacing: Pacing, now: Instant) {
        let news = self.pace.set_pacing(pacing, now);
        self.tell(news);
    }

    /// The terminal has answered a question.
    pub(super) fn acknowledged(&mut self, now: Instant) {
        let news = self.pace.acknowledged(now);
        self.tell(news);
    }

    fn tell(&mut self, news: News) {
        let seen = news.seen.map(|(mark, after)| Written::Seen { mark, after });
        self.news.extend(seen.into_iter().chain(news.silent.map(Written::Silent)));
    }

    /// The job that was taken is written, or could not be.
    pub(super) fn wrote(&mut self, ok: bool) {
        self.writing = false;
        self.writing_frame = false;
        self.failed |= !ok;
    }

    pub(super) fn next(&mut self, now: Instant) -> Step {
        if self.stopped {
            return Step::Stop;
        }
        let news = self.pace.look(now);
        self.tell(news);
        if !self.news.is_empty() {
            return Step::Report(std::mem::take(&mut self.news));
        }
        if self.paused {
            return Step::Wait(None);
        }
        match self.job(now) {
            Ok(job) => {
                self.writing = true;
                self.writing_frame = job.kind == Kind::Frame;
                Step::Write(job)
            }
            Err(until) => {
                let look = self.pace.deadline(!self.uploads.is_empty());
                Step::Wait([until, look].into_iter().flatten().min())
            }
        }
    }

    fn job(&mut self, now: Instant) -> Result<Job, Option<Instant>> {
        if let Some(frame) = self.frames.pop_front() {
            return Ok(self.frame_job(frame, now));
        }
        if let Some(bytes) = self.aborts.pop_front() {
            let mut bytes = bytes;
            self.pace.wrote_frame(&mut bytes, None, !self.uploads.is_empty(), now);
            return Ok(Job { bytes, kind: Kind::Own });
        }
        let due = match self.uploads.front() {
            Some(next) => self.pace.due(next.next_len(), now),
            None => Due::Later(None),
        };
        match due {
            Due::Now => Ok(self.piece(now)),
            Due::Later(until) => match self.pace.bare_question(!self.uploads.is_empty(), now) {
                Some(bytes) => Ok(Job { bytes, kind: Kind::Own }),
                None => Err(until),
            },
        }
    }

    fn frame_job(&mut self, frame: Frame, now: Instant) -> Job {
        let Frame { bytes, mark } = frame;
        let mut bytes = if interrupts(&bytes) { [self.close(), bytes].concat() } else { bytes };
        self.pace.wrote_frame(&mut bytes, mark, !self.uploads.is_empty(), now);
        Job { bytes, kind: Kind::Frame }
    }

    /// The bytes that end whatever is half sent; the upload that is under way starts again.
    fn close(&mut self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.aborts.drain(..).flatten().collect();
        if let Some(begun) = self.uploads.front_mut().filter(|u| u.begun()) {
            begun.taken = 0;
            bytes.extend_from_slice(&begun.upload.abort);
        }
        bytes
    }

    /// The next piece of the first upload: a chunk.
    fn piece(&mut self, now: Instant) -> Job {
        let Some(front) = self.uploads.front_mut() else { return Job { bytes: Vec::new(), kind: Kind::Own } };
        let mut bytes = front.upload.chunks.get(front.taken).cloned().unwrap_or_default();
        front.taken += 1;
        let mut completes = None;
        if front.taken >= front.upload.chunks.len() {
            completes = Some(front.upload.tag);
            self.uploads.pop_front();
        }
        let following = self.uploads.front().map(Progress::next_len);
        self.pace.wrote_piece(&mut bytes, following, now);
        self.log(now);
        Job { bytes, kind: Kind::Piece(completes) }
    }

    /// One line a second at most, while there are uploads.
    fn log(&mut self, now: Instant) {
        if self.logged.is_some_and(|at| now < at + LOG_EVERY) {
            return;
        }
        self.logged = Some(now);
        let link = self.pace.link(self.backlog());
        tracing::debug!(
            round_trip = ?link.round_trip,
            bandwidth = link.bandwidth,
            credit = link.credit,
            in_flight = link.in_flight,
            backlog = link.backlog,
            silent = link.silent,
            "uploading"
        );
    }
}

/// Whether a frame holds a Kitty command that must not come in the middle of an upload: a delete, at which some terminals
/// drop what is half sent and others do not, or the data of another picture, which both pictures would get.
fn interrupts(frame: &[u8]) -> bool {
    frame.windows(6).any(|w| w == b"\x1b_Ga=d" || w == b"\x1b_Ga=t")
}
