//! What a terminal keeps of the Kitty graphics protocol: pictures by id, and where they stand.

use super::Payload;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Where a placement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// At a cell.
    Cell(u16, u16),
    /// So many cells right of and below another placement (image, number).
    Beside { image: u32, number: u32, right: i32, below: i32 },
    /// Wherever placeholder characters name it.
    Placeholders,
}

/// A picture on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) anchor: Anchor,
    /// Columns and rows; 0 is as many as the pixels take.
    pub(crate) size: (u16, u16),
    /// The part in pixels: x, y, width, height; 0 is all.
    pub(crate) part: [u32; 4],
    pub(crate) z: i32,
}

#[derive(Debug, Default)]
struct Loading {
    id: u32,
    /// Shown as soon as it is complete.
    place: Option<HashMap<u8, String>>,
    format: u32,
    size: (u32, u32),
    packed: bool,
    data: Vec<u8>,
    sent: usize,
}

/// What a command was, for counting bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// Data of a picture.
    Transmit,
    /// The last data of a picture that is shown with them.
    Show,
    /// A placement, a delete.
    Change,
    /// A question.
    Ask,
}

/// The store.
#[derive(Debug, Default)]
pub(super) struct Kitty {
    pub(super) images: BTreeMap<u32, Arc<Payload>>,
    pub(super) placed: BTreeMap<(u32, u32), Placement>,
    /// Transmissions that something cut before their end.
    pub(super) aborted: usize,
    /// Commands for pictures that are not there.
    pub(super) missing: usize,
    /// Transmissions that were closed before they were whole, and their bytes.
    pub(super) abandoned: (usize, usize),
    loading: Option<Loading>,
    /// The last command completed a picture that is shown with its data.
    shows: bool,
    /// Every picture that was ever complete.
    pub(super) complete: Vec<Arc<Payload>>,
}

impl Kitty {
    /// Takes a command: the body after `G`. `length` is what it took on the line; `cursor` where it stands. Says what it
    /// was, and the answer to give.
    pub(super) fn command(&mut self, body: &[u8], length: usize, cursor: (u16, u16)) -> (Did, Option<String>) {
        let split = body.iter().position(|b| *b == b';');
        let (head, data) = match split {
            Some(at) => (body.get(..at).unwrap_or_default(), body.get(at + 1..).unwrap_or_default()),
            None => (body, &[][..]),
        };
        let keys = keys(head);
        let quiet = number(&keys, b'q');
        let (did, result) = match keys.get(&b'a').map_or("", String::as_str) {
            "q" => (Did::Ask, query(&keys)),
            "p" => (Did::Change, self.place(&keys, cursor)),
            "d" => (Did::Change, self.delete(&keys)),
            "" if self.loading.is_some() => (Did::Transmit, self.more(&keys, data, length, cursor)),
            "t" | "T" | "" => (Did::Transmit, self.transmit(keys.clone(), data, length, cursor)),
            _ => (Did::Change, Ok(false)),
        };
        let did = if std::mem::take(&mut self.shows) { Did::Show } else { did };
        let id = number(&keys, b'i');
        let answer = match result {
            // What has no name gets no answer.
            _ if id == 0 => None,
            Ok(true) if quiet == 0 => Some(format!("\x1b_Gi={id};OK\x1b\\")),
            Err(why) if quiet < 2 => Some(format!("\x1b_Gi={id};{why}\x1b\\")),
            _ => None,
        };
        (did, answer)
    }

    fn transmit(
        &mut self,
        keys: HashMap<u8, String>,
        data: &[u8],
        length: usize,
        cursor: (u16, u16),
    ) -> Result<bool, &'static str> {
        self.aborted += usize::from(self.loading.take().is_some());
        if !matches!(keys.get(&b't').map_or("d", String::as_str), "d") {
            return Err("EBADF:this terminal is on another machine");
        }
        self.loading = Some(Loading {
            id: number(&keys, b'i'),
            format: keys.get(&b'f').and_then(|f| f.parse().ok()).unwrap_or(32),
            size: (number(&keys, b's'), number(&keys, b'v')),
            packed: keys.contains_key(&b'o'),
            place: (keys.get(&b'a').map(String::as_str) == Some("T")).then(|| keys.clone()),
            data: Vec::new(),
            sent: 0,
        });
        self.more(&keys, data, length, cursor)
    }

    fn more(
        &mut self,
        keys: &HashMap<u8, String>,
        data: &[u8],
        length: usize,
        cursor: (u16, u16),
    ) -> Result<bool, &'static str> {
        let Some(loading) = &mut self.loading else { return Ok(false) };
        loading.data.extend_from_slice(data);
        loading.sent += length;
        if number(keys, b'm') == 1 {
            return Ok(false);
        }
        let Some(done) = self.loading.take() else { return Ok(false) };
        if !whole(&done) {
            self.abandoned = (self.abandoned.0 + 1, self.abandoned.1 + done.sent);
            return Err("EINVAL:the data is not whole");
        }
        let number = self.complete.len() as u64;
        let payload = Payload::kitty(number, done.data, done.format, done.size, done.packed, done.sent);
        let payload = Arc::new(payload);
        self.complete.push(Arc::clone(&payload));
        // What was shown of an older picture of this id goes with it.
        self.placed.retain(|(image, _), _| *image != done.id);
        self.images.insert(done.id, payload);
        match done.place {
            Some(keys) => {
                self.shows = true;
                self.place(&keys, cursor)
            }
            None => Ok(true),
        }
    }

    fn place(&mut self, keys: &HashMap<u8, String>, cursor: (u16, u16)) -> Result<bool, &'static str> {
        let image = number(keys, b'i');
        if !self.images.contains_key(&image) {
            self.missing += 1;
            return Err("ENOENT:there is no such image");
        }
        let signed = |key: u8| keys.get(&key).and_then(|v| v.parse::<i32>().ok()).unwrap_or(0);
        let small = |key: u8| u16::try_from(number(keys, key)).unwrap_or(u16::MAX);
        let anchor = if number(keys, b'U') == 1 {
            Anchor::Placeholders
        } else if keys.contains_key(&b'P') {
            let (parent, number) = (number(keys, b'P'), number(keys, b'Q'));
            Anchor::Beside { image: parent, number, right: signed(b'H'), below: signed(b'V') }
        } else {
            Anchor::Cell(cursor.0, cursor.1)
        };
        let placement = Placement {
            anchor,
            size: (small(b'c'), small(b'r')),
            part: [b'x', b'y', b'w', b'h'].map(|k| number(keys, k)),
            z: signed(b'z'),
        };
        self.placed.insert((image, number(keys, b'p')), placement);
        Ok(true)
    }

    fn delete(&mut self, keys: &HashMap<u8, String>) -> Result<bool, &'static str> {
        self.aborted += usize::from(self.loading.take().is_some());
        let (what, image, placement) =
            (keys.get(&b'd').map_or("a", String::as_str), number(keys, b'i'), number(keys, b'p'));
        let named = |id: u32| match what {
            "i" | "I" => id == image,
            "r" | "R" => (number(keys, b'x')..=number(keys, b'y')).contains(&id),
            _ => true,
        };
        if !matches!(what, "i" | "I" | "r" | "R" | "a" | "A") {
            return Ok(false);
        }
        self.placed.retain(|(id, p), _| !named(*id) || (placement != 0 && *p != placement));
        if what.chars().all(char::is_uppercase) {
            let shown: Vec<u32> = self.placed.keys().map(|(id, _)| *id).collect();
            self.images.retain(|id, _| !named(*id) || shown.contains(id));
        }
        Ok(false)
    }

    /// Everything is gone, as after `CSI 2 J`.
    pub(super) fn wipe(&mut self) {
        self.aborted += usize::from(self.loading.take().is_some());
        self.images.clear();
        self.placed.clear();
    }
}

/// Whether nothing is missing at the end: a PNG ends with an empty `IEND`, raw pixels have a length.
fn whole(loading: &Loading) -> bool {
    const END: &[u8] = b"IEND\xaeB\x60\x82";
    let data = &loading.data;
    if loading.packed || loading.format != 100 {
        let pixels = loading.size.0 as usize * loading.size.1 as usize;
        return loading.packed || data.len() / 4 * 3 >= pixels * loading.format as usize / 8;
    }
    let tail = data.len().saturating_sub(16) / 4 * 4;
    let end = base64_simd::forgiving_decode_to_vec(data.get(tail..).unwrap_or_default());
    end.is_ok_and(|end| end.ends_with(END))
}

fn keys(head: &[u8]) -> HashMap<u8, String> {
    let pairs = head.split(|b| *b == b',').filter_map(|pair| match pair {
        [key, b'=', value @ ..] => Some((*key, String::from_utf8_lossy(value).into_owned())),
        _ => None,
    });
    pairs.collect()
}

fn number(keys: &HashMap<u8, String>, key: u8) -> u32 {
    keys.get(&key).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// Pictures through the connection are taken; shared memory and files are on another machine.
fn query(keys: &HashMap<u8, String>) -> Result<bool, &'static str> {
    match keys.get(&b't').map_or("d", String::as_str) {
        "d" => Ok(true),
        _ => Err("EBADF:this terminal is on another machine"),
    }
}
