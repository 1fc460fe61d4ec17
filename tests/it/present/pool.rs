//! The decode pool on real files in memory.

use super::rig::{area, caps};
use lakelens::app::picture::CellRect;
use lakelens::media::{ByteSource, Limits, MediaError, MemorySource};
use lakelens::runtime::pool::{Caches, DecodePool, Decoded, Opener};
use lakelens::runtime::present::recipe::{Form, Recipe, Wanted, prepare};
use lakelens::term::caps::Protocol;
use lakelens::term::graphics::Level;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

fn wanted(number: usize) -> Wanted {
    let recipe = Recipe::new(&caps(Protocol::Kitty { shared_memory: false }, false));
    let cells = CellRect { x: 0, y: 0, w: 10, h: 5 };
    Wanted::new(&area(number, cells), recipe, Level::Exact)
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([9, 8, 7])).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

fn pool(opener: Opener) -> (DecodePool, mpsc::Receiver<Decoded>) {
    let (send, results) = mpsc::channel();
    let caches = Caches { memory: 64 << 20, disk: None };
    let send = move |d| send.send(d).unwrap_or_default();
    let pool = DecodePool::spawn(1, caches, Limits::default(), opener, send).unwrap();
    (pool, results)
}

#[test]
fn thumbnails_of_large_files_are_kept_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let noise = image::RgbImage::from_fn(400, 400, |x, y| {
        image::Rgb([(x * 31 + y * 17) as u8, (x * y) as u8, ((x * 7) ^ (y * 13)) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
    let bytes = bytes.into_inner();
    let shown = |opens: Vec<u8>| {
        let (send, results) = mpsc::channel();
        let disk = lakelens::media::cache::DiskCache::new(folder.path(), 64 << 20);
        let caches = Caches { memory: 64 << 20, disk: Some(disk) };
        let opener: Opener =
            Arc::new(move |_, _| Ok(Box::new(MemorySource::new(opens.clone())) as Box<dyn ByteSource>));
        let send = move |d: Decoded| send.send(d).unwrap_or_default();
        let pool = DecodePool::spawn(1, caches, Limits::default(), opener, send).unwrap();
        let mut wanted = wanted(7);
        wanted.picture.etag = "size-and-time".into();
        pool.want(vec![wanted]);
        results.recv_timeout(std::time::Duration::from_secs(20)).unwrap().result.is_ok()
    };
    assert!(shown(bytes.clone()));
    let kept = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(kept, 1);
    // The same file again, but unreadable by now (same length): the thumbnail is read from the disk.
    assert!(shown(vec![0; bytes.len()]));
}

#[test]
fn a_coarse_picture_is_never_taken_for_the_whole_one() {
    let noise = image::RgbImage::from_fn(1200, 900, |x, y| image::Rgb([(x * 3) as u8, (x * y) as u8, (y ^ x) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    let alone = |level: Level| {
        let wanted = Wanted { level, cells: (60, 30), ..wanted(1) };
        let source = MemorySource::new(bytes.clone());
        let picture =
            lakelens::media::decode(&source, "1.jpg", &wanted.request(), &Limits::default(), &|| false).unwrap();
        (picture.stands_in(), prepare(&picture, &wanted).unwrap(), wanted)
    };
    let ((coarse, _, first), (whole, expected, exact)) = (alone(Level::First), alone(Level::Exact));
    assert!(coarse && !whole);
    let all = bytes.clone();
    let (pool, results) =
        pool(Arc::new(move |_, _| Ok(Box::new(MemorySource::new(all.clone())) as Box<dyn ByteSource>)));
    for (wanted, is_exact) in [(first, false), (exact, true)] {
        pool.want(vec![wanted]);
        let decoded = results.recv_timeout(LONG).unwrap();
        pool.acknowledge(&decoded.wanted);
        let prepared = decoded.result.unwrap();
        let (Form::Kitty(sent), Form::Kitty(reference)) = (&prepared.form, &expected.form) else { panic!("not Kitty") };
        assert_eq!(sent == reference, is_exact);
    }
}

#[test]
fn one_bad_file_costs_a_reason_and_not_a_thread() {
    let opener: Opener = Arc::new(|picture, _| match picture.path.name() {
        "0.png" => panic!("an opener that fails"),
        "1.png" => Ok(Box::new(MemorySource::new(b"not a picture".to_vec())) as Box<dyn ByteSource>),
        _ => Ok(Box::new(MemorySource::new(png()))),
    });
    let (pool, results) = pool(opener);
    pool.want(vec![wanted(0), wanted(1), wanted(2)]);
    let all: Vec<Decoded> = (0..3).map(|_| results.recv_timeout(LONG).unwrap()).collect();
    let numbers: Vec<&str> = all.iter().map(|d| d.wanted.picture.path.name()).collect();
    assert_eq!(numbers, ["0.png", "1.png", "2.png"], "in the order they were wanted");
    assert!(all[0].result.is_err());
    assert!(all[1].result.as_ref().is_err_and(|f| f.reason.contains("not a picture")));
    assert_eq!(all[2].result.as_ref().unwrap().info.width, 8);
}

#[test]
fn the_newest_wish_wins_and_nothing_is_made_twice() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let opened = Arc::new(AtomicUsize::new(0));
    let (of_opener, counter) = (Arc::clone(&gate), Arc::clone(&opened));
    let (begun, first) = mpsc::channel();
    let opener: Opener = Arc::new(move |_, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        begun.send(()).unwrap_or_default();
        let mut open = of_opener.0.lock().unwrap();
        while !*open {
            open = of_opener.1.wait(open).unwrap();
        }
        Ok::<_, MediaError>(Box::new(MemorySource::new(png())) as Box<dyn ByteSource>)
    });
    let (pool, results) = pool(opener);
    pool.want(vec![wanted(1)]);
    first.recv_timeout(LONG).unwrap();
    // The first is being opened; a held key asks for a hundred others, one after the other.
    for number in 2..100 {
        pool.want(vec![wanted(number)]);
    }
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    let result = results.recv_timeout(LONG).unwrap();
    assert_eq!(result.wanted, wanted(99));
    pool.want(vec![wanted(99), wanted(5)]);
    assert_eq!(results.recv_timeout(LONG).unwrap().wanted, wanted(5), "99 was sent already");
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

#[test]
fn a_picture_wanted_at_several_levels_is_decoded_once() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&opened);
    let gate = Arc::new((Mutex::new(0), Condvar::new()));
    let of_opener = Arc::clone(&gate);
    let opener: Opener = Arc::new(move |picture, _| {
        counter.fetch_add(usize::from(picture.path.name() == "1.png"), Ordering::SeqCst);
        // The first picture takes as long as two others, which the other thread takes up meanwhile.
        let (lock, changed) = (&of_opener.0, &of_opener.1);
        let mut others = lock.lock().unwrap();
        if picture.path.name() != "1.png" {
            *others += 1;
            changed.notify_all();
        }
        while *others < 2 {
            others = changed.wait(others).unwrap();
        }
        Ok::<_, MediaError>(Box::new(MemorySource::new(png())) as Box<dyn ByteSource>)
    });
    let (send, results) = mpsc::channel();
    let send = move |d| send.send(d).unwrap_or_default();
    let caches = Caches { memory: 64 << 20, disk: None };
    let pool = DecodePool::spawn(3, caches, Limits::default(), opener, send).unwrap();
    let at = |number, level| Wanted { level, ..wanted(number) };
    pool.want(vec![at(1, Level::Exact), at(1, Level::Good), at(2, Level::Exact), at(3, Level::Exact)]);
    let mut levels: Vec<(String, Level)> = (0..4)
        .map(|_| results.recv_timeout(LONG).unwrap().wanted)
        .map(|w| (w.picture.path.name().to_owned(), w.level))
        .collect();
    levels.sort();
    let wanted = [("1.png", Level::Good), ("1.png", Level::Exact), ("2.png", Level::Exact), ("3.png", Level::Exact)];
    assert_eq!(levels, wanted.map(|(name, level)| (name.to_owned(), level)));
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn decoding_gives_way_to_the_loop() {
    let (tell, niceness) = mpsc::channel();
    let opener: Opener = Arc::new(move |_, _| {
        tell.send(rustix::process::getpriority_process(None).unwrap()).unwrap_or_default();
        Ok::<_, MediaError>(Box::new(MemorySource::new(png())) as Box<dyn ByteSource>)
    });
    let (pool, _results) = pool(opener);
    pool.want(vec![wanted(1)]);
    let before = rustix::process::getpriority_process(None).unwrap();
    assert_eq!(niceness.recv_timeout(LONG).unwrap(), before.max(5), "of the thread, and of that alone");
}

#[test]
fn a_cache_on_disk_that_is_too_large_is_trimmed_after_the_first_picture() {
    let folder = tempfile::tempdir().unwrap();
    let old = |number: usize| folder.path().join(format!("{number:032x}.thumb"));
    for number in 0..9 {
        std::fs::write(old(number), vec![0; 100_000]).unwrap();
    }
    let disk = lakelens::media::cache::DiskCache::new(folder.path(), 250_000);
    let opener: Opener = Arc::new(|_, _| Ok(Box::new(MemorySource::new(png())) as Box<dyn ByteSource>));
    let (send, results) = mpsc::channel();
    let send = move |d: Decoded| send.send(d).unwrap_or_default();
    let caches = Caches { memory: 64 << 20, disk: Some(disk.clone()) };
    let pool = DecodePool::spawn(1, caches, Limits::default(), opener, send).unwrap();
    pool.want(vec![wanted(1)]);
    results.recv_timeout(LONG).unwrap();
    let until = std::time::Instant::now() + LONG;
    while disk.stats().unwrap().bytes > 250_000 {
        assert!(std::time::Instant::now() < until, "{:?}", disk.stats());
        std::thread::yield_now();
    }
    assert_eq!(disk.stats().unwrap().entries, 2);
}
