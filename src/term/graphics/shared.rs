//! POSIX shared memory, the cheapest way to hand a picture to a terminal on the same machine.
//!
//! Written with `write`, never mapped, so that no unsafe code is needed. The terminal removes the object after reading
//! it; whoever made one that may not have been read removes it with [`remove`].

use rustix::shm;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many names are tried before giving up.
const TRIES: u32 = 16;

/// Makes an object that holds `bytes` and gives its name, such as `/lakelens-4711-1`.
///
/// # Errors
/// What the system says.
pub fn create(bytes: &[u8]) -> io::Result<String> {
    create_numbered(bytes, &AtomicU32::new(0))
}

/// The same, with a counter that keeps the names of one program apart without trying.
///
/// # Errors
/// What the system says.
pub fn create_numbered(bytes: &[u8], counter: &AtomicU32) -> io::Result<String> {
    let process = rustix::process::getpid().as_raw_nonzero();
    for _ in 0..TRIES {
        let name = format!("/lakelens-{process}-{}", counter.fetch_add(1, Ordering::Relaxed));
        let flags = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
        let descriptor = match shm::open(&name, flags, shm::Mode::RUSR | shm::Mode::WUSR) {
            Ok(descriptor) => descriptor,
            Err(rustix::io::Errno::EXIST) => continue,
            Err(error) => return Err(error.into()),
        };
        let written = write_all(&std::fs::File::from(descriptor), bytes);
        if written.is_err() {
            remove(&name);
        }
        return written.map(|()| name);
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no free name for a shared memory object"))
}

fn write_all(mut file: &std::fs::File, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    file.write_all(bytes)
}

/// Removes an object; one that is gone already is fine.
pub fn remove(name: &str) {
    shm::unlink(name).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_can_be_read_by_its_name_until_it_is_removed() {
        let name = create(b"pixels").unwrap();
        let file = std::fs::File::from(shm::open(&name, shm::OFlags::RDONLY, shm::Mode::empty()).unwrap());
        assert_eq!(std::io::read_to_string(file).unwrap(), "pixels");
        remove(&name);
        assert!(shm::open(&name, shm::OFlags::RDONLY, shm::Mode::empty()).is_err());
        remove(&name);
    }
}
