//! The guard, the reader and the writer on a real pseudo-terminal or pipe.

use lakelens::domain::key::KeyPress;
use lakelens::term::input::{InputEvent, reader};
use lakelens::term::output::{Output, Upload, Written};
use rustix::pipe::pipe;
use std::sync::mpsc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

#[test]
fn the_reader_sends_keys_rests_while_paused_and_says_when_the_terminal_is_gone() {
    let (read, write) = pipe().unwrap();
    let (send, events) = mpsc::channel();
    let input = reader::spawn(read.try_clone().unwrap(), false, move |e| send.send(e).is_ok()).unwrap();
    rustix::io::write(&write, b"j").unwrap();
    assert_eq!(events.recv_timeout(LONG).unwrap(), InputEvent::key(KeyPress::char('j')));
    input.pause();
    rustix::io::write(&write, b"for the editor").unwrap();
    let mut taken = [0; 64];
    assert_eq!(rustix::io::read(&read, &mut taken).unwrap(), 14);
    input.resume();
    rustix::io::write(&write, b"k").unwrap();
    assert_eq!(events.recv_timeout(LONG).unwrap(), InputEvent::key(KeyPress::char('k')));
    rustix::io::write(&write, b"\x1b").unwrap();
    assert!(matches!(events.recv_timeout(LONG).unwrap(), InputEvent::Key { .. }));
    drop(write);
    assert_eq!(events.recv_timeout(LONG).unwrap(), InputEvent::Closed);
}

#[test]
fn frames_go_before_waiting_uploads_and_nothing_is_torn() {
    let (read, write) = pipe().unwrap();
    let (send, written) = mpsc::channel();
    let output = Output::spawn(write, move |w| send.send(w).unwrap_or_default()).unwrap();
    // Larger than the pipe, so that the writer is stuck in it while the rest is queued.
    let big = vec![b'#'; 200_000];
    output.frame(big.clone());
    output.upload(Upload { tag: 7, chunks: vec![b"(one)".to_vec(), b"(two)".to_vec()], ..Upload::default() });
    output.frame(b"<frame>".to_vec());
    assert!(!output.is_idle());
    let mut all = Vec::new();
    let wanted = big.len() + "<frame>(one)(two)".len();
    while all.len() < wanted {
        let mut bytes = [0; 4096];
        let count = rustix::io::read(&read, &mut bytes).unwrap();
        all.extend_from_slice(&bytes[..count]);
    }
    assert_eq!(&all[big.len()..], b"<frame>(one)(two)");
    let reports: Vec<Written> = (0..3).map(|_| written.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(reports, [Written::Frame, Written::Frame, Written::Upload(7)]);
    assert!(output.flush(LONG) && output.is_idle());
    assert!(output.stop(LONG));
}

#[test]
fn a_terminal_that_does_not_read_cannot_hold_up_the_end() {
    let (_read, write) = pipe().unwrap();
    let output = Output::spawn(write, |_| {}).unwrap();
    output.frame(vec![b'#'; 1 << 20]);
    assert!(!output.stop(Duration::from_millis(30)));
}
