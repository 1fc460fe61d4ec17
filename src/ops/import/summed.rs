//! Reading a file from front to back while what is read is summed up.
//!
//! Why a thread: summing up takes about a tenth of the time of an import, and whoever parses the bytes is the one that
//! everything else waits for. What always holds: the sum is that of the bytes that were given out, however far ahead the
//! thread was; small files, of which a folder may hold a hundred thousand, start no thread.

use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Bytes that are read before a thread is worth its while.
const SMALL: usize = 1 << 20;
/// Bytes of a block, of which so many wait at most.
const BLOCK: usize = 256 << 10;
const WAITING: usize = 2;

/// Adds what was read to a sum when it is let go.
pub(super) struct Summed {
    from: Source,
    /// Bytes of the file after which a thread reads on.
    left: usize,
    sum: Arc<Mutex<[u8; 32]>>,
}

enum Source {
    Here { input: Box<dyn Read + Send>, digest: Sha256 },
    Ahead(Ahead),
}

impl Summed {
    /// Reads `input`; `ahead` allows a thread for it, which nobody waits for: only for files of this machine.
    pub(super) fn new(input: Box<dyn Read + Send>, name: &str, ahead: bool, sum: &Arc<Mutex<[u8; 32]>>) -> Self {
        let ahead = ahead && thread::available_parallelism().is_ok_and(|n| n > NonZero::<usize>::MIN);
        let digest = Sha256::new_with_prefix(name.as_bytes());
        let left = if ahead { SMALL } else { usize::MAX };
        Self { from: Source::Here { input, digest }, left, sum: Arc::clone(sum) }
    }
}

impl Read for Summed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (input, digest) = match &mut self.from {
            Source::Here { input, digest } => (input, digest),
            Source::Ahead(ahead) => return ahead.read(buffer),
        };
        if self.left == 0 {
            let input = std::mem::replace(input, Box::new(io::empty()));
            let mut ahead = Ahead::new(input, digest.clone())?;
            let n = ahead.read(buffer);
            self.from = Source::Ahead(ahead);
            return n;
        }
        let n = input.read(buffer)?;
        digest.update(buffer.get(..n).unwrap_or_default());
        self.left = self.left.saturating_sub(n);
        Ok(n)
    }
}

impl Drop for Summed {
    fn drop(&mut self) {
        let digest = match &mut self.from {
            Source::Here { digest, .. } => std::mem::take(digest),
            Source::Ahead(ahead) => ahead.digest(),
        };
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        for (all, one) in sum.iter_mut().zip(digest.finalize()) {
            *all = all.wrapping_add(one);
        }
    }
}

/// Some bytes of the file; none at its end.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    /// The sum of all that came before.
    before: Sha256,
}

/// A file that a thread reads ahead. The thread ends when the file does, or nobody waits for it any more.
struct Ahead {
    blocks: Receiver<io::Result<Block>>,
    /// Blocks to be filled again.
    used: Sender<Vec<u8>>,
    block: Block,
    /// Bytes of the block that have been given out.
    at: usize,
    ended: bool,
}

impl Ahead {
    fn new(input: Box<dyn Read + Send>, digest: Sha256) -> io::Result<Self> {
        let ((give, blocks), (used, empty)) = (sync_channel(WAITING), channel());
        let before = digest.clone();
        thread::Builder::new().name("read ahead".to_owned()).spawn(move || read_on(input, digest, &give, &empty))?;
        Ok(Self { blocks, used, block: Block { bytes: Vec::new(), before }, at: 0, ended: false })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.bytes.len() && !self.ended {
            let next = self.blocks.recv().map_err(|_| io::Error::other("the thread that reads it ended"))??;
            let old = std::mem::replace(&mut self.block, next);
            // Nobody wants it where the file has ended.
            let _ = self.used.send(old.bytes);
            self.at = 0;
            self.ended = self.block.bytes.is_empty();
        }
        let mut rest = self.block.bytes.get(self.at..).unwrap_or_default();
        let n = rest.read(buffer)?;
        self.at += n;
        Ok(n)
    }

    /// Of what has been given out.
    fn digest(&mut self) -> Sha256 {
        let mut digest = std::mem::take(&mut self.block.before);
        digest.update(self.block.bytes.get(..self.at).unwrap_or_default());
        digest
    }
}

fn read_on(
    mut input: Box<dyn Read + Send>,
    mut digest: Sha256,
    give: &SyncSender<io::Result<Block>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut bytes = empty.try_recv().unwrap_or_default();
        bytes.clear();
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut bytes);
        let (failed, ended) = (read.is_err(), bytes.is_empty());
        let before = digest.clone();
        digest.update(&bytes);
        // What came before an error is given first, as without a thread.
        let gone = (!failed || !ended) && give.send(Ok(Block { bytes, before })).is_err();
        if let Err(error) = read {
            // Nobody is there to be told.
            let _ = give.send(Err(error));
        }
        if gone || failed || ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives at most so many bytes at a time, and an error at the end if it should.
    struct Drip {
        bytes: io::Cursor<Vec<u8>>,
        step: usize,
        fails: bool,
    }

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.step);
            match self.bytes.read(&mut buffer[..most])? {
                0 if self.fails => Err(io::Error::other("gone")),
                n => Ok(n),
            }
        }
    }

    fn some(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8 ^ (i >> 9) as u8).collect()
    }

    /// What is read in steps until `most` bytes have come, whether it failed, and the sum.
    fn read(length: usize, fails: bool, step: usize, most: usize, ahead: bool) -> (Vec<u8>, bool, [u8; 32]) {
        let sum = Arc::default();
        let input = Box::new(Drip { bytes: io::Cursor::new(some(length)), step: 70_001, fails });
        let mut summed = Summed::new(input, "a.json", false, &sum);
        summed.left = if ahead { SMALL } else { usize::MAX };
        let (mut out, mut failed) = (Vec::new(), false);
        while out.len() < most {
            let mut buffer = vec![0; step.min(most - out.len())];
            match summed.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => out.extend_from_slice(&buffer[..n]),
                Err(_) => {
                    failed = true;
                    break;
                }
            }
        }
        drop(summed);
        let sum = *sum.lock().unwrap();
        (out, failed, sum)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_thread_changes_nothing(
            length in prop_oneof![0..2 * SMALL, SMALL - 2..SMALL + 2, Just(SMALL + BLOCK), Just(SMALL + 3 * BLOCK)],
            fails in any::<bool>(),
            step in prop_oneof![Just(BLOCK), Just(300_000), 1000_usize..9000],
            part in 0.0..2.0_f64,
        ) {
            let most = (length as f64 * part) as usize;
            let (bytes, failed, sum) = read(length, fails, step, most, true);
            let (plain, plainly_failed, wanted) = read(length, fails, step, most, false);
            prop_assert_eq!(&bytes[..], &some(length)[..most.min(length)]);
            prop_assert_eq!((bytes == plain, failed, sum), (true, plainly_failed, wanted));
        }
    }

    #[test]
    fn the_sum_is_that_of_name_and_bytes() {
        let mut digest = Sha256::new();
        digest.update("a.json");
        digest.update(some(5));
        assert_eq!(read(5, false, 2, 5, true).2, <[u8; 32]>::from(digest.finalize()));
    }
}
