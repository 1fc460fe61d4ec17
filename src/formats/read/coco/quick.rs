//! Pictures and annotations in the form that nearly all have, read byte by byte without making values of them.
//!
//! Why: a large file is half a million times the same few keys with whole ids and plain decimals, and general JSON costs
//! several times what these do. What always holds: whatever is read here is read exactly as [`super::element`] reads it;
//! everything else - other keys, escapes, exponents, outlines, anything that is wrong - is left to that.

use crate::domain::geometry::BoxN;
use crate::formats::read::json;

/// More digits than this may not be exact in a float.
const DIGITS: usize = 15;
/// Powers of ten.
const TENS_WHOLE: [u64; DIGITS + 1] = {
    let (mut out, mut i) = ([1; DIGITS + 1], 1);
    while i <= DIGITS {
        out[i] = out[i - 1] * 10;
        i += 1;
    }
    out
};
/// Powers of ten that are exact in a float; a number of at most [`DIGITS`] digits over one of them is rounded once.
const TENS: [f64; DIGITS + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A picture of which only this is said.
#[derive(Debug, PartialEq)]
pub(super) struct Picture<'a> {
    pub(super) id: i64,
    pub(super) name: &'a str,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A box of which only this is said.
#[derive(Debug, PartialEq)]
pub(super) struct Boxed {
    pub(super) image: i64,
    pub(super) class: i64,
    /// In pixels.
    pub(super) place: BoxN,
    /// Between 0 and 1.
    pub(super) score: Option<f64>,
}

/// Reads a picture; nothing where it must be read in full.
pub(super) fn picture(bytes: &[u8]) -> Option<Picture<'_>> {
    let (mut id, mut name, mut width, mut height) = (None, None, None, None);
    Text(bytes).fields(|key, text| {
        match key {
            b"id" => id = Some(text.whole()?),
            b"file_name" => name = Some(std::str::from_utf8(text.quoted()?).ok()?),
            b"width" => width = Some(u32::try_from(text.whole()?).ok()?),
            b"height" => height = Some(u32::try_from(text.whole()?).ok()?),
            _ => return None,
        }
        Some(())
    })?;
    let name = name.filter(|name| !name.trim().is_empty())?;
    Some(Picture { id: id?, name, width: width.filter(|w| *w > 0)?, height: height.filter(|h| *h > 0)? })
}

/// Reads an annotation; nothing where it must be read in full.
pub(super) fn boxed(bytes: &[u8]) -> Option<Boxed> {
    let (mut image, mut class, mut place, mut score) = (None, None, None, None);
    Text(bytes).fields(|key, text| {
        match key {
            b"image_id" => image = Some(text.whole()?),
            b"category_id" => class = Some(text.whole()?),
            b"bbox" => place = Some(text.four()?),
            b"score" => score = Some(text.decimal()?),
            b"id" | b"area" => text.decimal().map(drop)?,
            b"iscrowd" if text.whole()? == 0 => {}
            b"segmentation" => {
                text.sign(b'[')?;
                text.sign(b']')?;
            }
            _ => return None,
        }
        Some(())
    })?;
    // Four zeros are a class of the whole picture.
    let [x, y, w, h] = place.filter(|place| *place != [0.0; 4])?;
    let score = match score {
        Some(score) if !(0.0..=1.0).contains(&score) => return None,
        score => score,
    };
    Some(Boxed { image: image?, class: class?, place: BoxN { x, y, w, h }, score })
}

/// What is left of an element.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Gives each key of an object, with what follows it, to `take`, which passes the value.
    fn fields(mut self, mut take: impl FnMut(&[u8], &mut Self) -> Option<()>) -> Option<()> {
        self.sign(b'{')?;
        loop {
            let key = self.quoted()?;
            self.sign(b':')?;
            take(key, &mut self)?;
            match self.next()? {
                b',' => {}
                b'}' => return self.0.is_empty().then_some(()),
                _ => return None,
            }
        }
    }

    fn blank(&mut self) {
        while let Some((b' ' | b'\t' | b'\r' | b'\n', rest)) = self.0.split_first() {
            self.0 = rest;
        }
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        self.blank();
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn sign(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    /// A text without escapes, and without what must be escaped.
    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.sign(b'"')?;
        let end = json::plain_text(self.0)?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        self.sign(b'"').map(|()| text)
    }

    /// Passes this byte if it comes next.
    fn passes(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        self.0 = self.0.get(usize::from(found)..).unwrap_or_default();
        found
    }

    /// The digits that come next, at least one: the number that they make, if they are not more than [`DIGITS`], and how
    /// many they are.
    fn digits(&mut self) -> Option<(u64, usize)> {
        let (value, count) = few_digits(self.0).unwrap_or_else(|| digits(self.0));
        self.0 = self.0.get(count..).filter(|_| count > 0)?;
        Some((value, count))
    }

    /// The digits before a point: no zero stands before others.
    fn leading(&mut self) -> Option<(u64, usize)> {
        let zero = self.0.first() == Some(&b'0');
        self.digits().filter(|(_, count)| *count == 1 || !zero)
    }

    /// A whole number from 0, and nothing else.
    fn whole(&mut self) -> Option<i64> {
        self.blank();
        let (value, _) = self.leading().filter(|(_, count)| *count <= DIGITS)?;
        let ends = !matches!(self.0.first(), Some(b'.' | b'e' | b'E'));
        ends.then(|| i64::try_from(value).ok()).flatten()
    }

    /// A finite number without an exponent.
    fn decimal(&mut self) -> Option<f64> {
        self.blank();
        let all = self.0;
        let negative = self.passes(b'-');
        let (before, places) = self.leading()?;
        let (after, decimals) = if self.passes(b'.') { self.digits()? } else { (0, 0) };
        if matches!(self.0.first(), Some(b'e' | b'E')) {
            return None;
        }
        if places + decimals > DIGITS {
            let text = std::str::from_utf8(all.get(..all.len() - self.0.len())?).ok()?;
            return text.parse().ok().filter(|value: &f64| value.is_finite());
        }
        let value = (before * TENS_WHOLE.get(decimals)? + after) as f64 / TENS.get(decimals)?;
        Some(if negative { -value } else { value })
    }

    fn four(&mut self) -> Option<[f64; 4]> {
        self.sign(b'[')?;
        let mut out = [0.0; 4];
        for (i, value) in out.iter_mut().enumerate() {
            if i > 0 {
                self.sign(b',')?;
            }
            *value = self.decimal()?;
        }
        self.sign(b']')?;
        Some(out)
    }
}

/// The number that the digits at the beginning make, and how many they are. What more than [`DIGITS`] make is no number.
fn digits(bytes: &[u8]) -> (u64, usize) {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit());
    digits.fold((0, 0), |(sum, count), digit| (sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')), count + 1))
}

/// The same of at most seven digits with another sign behind them, in a few steps however many they are: most numbers are
/// of that kind, and a loop over their digits is one that no processor can foresee.
fn few_digits(bytes: &[u8]) -> Option<(u64, usize)> {
    let low = u64::from_le_bytes(*bytes.first_chunk()?) ^ 0x3030_3030_3030_3030;
    // The uppermost bit of each byte that is above 9.
    let other = (((low & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | low) & 0x8080_8080_8080_8080;
    let count = other.trailing_zeros() / 8;
    if count == 0 || other == 0 {
        return (count == 0).then_some((0, 0));
    }
    // The first digit counts most and stands lowest: after zeros that fill it up, pairs are added, and pairs of them.
    let pairs = low << (64 - 8 * count);
    let pairs = (pairs.wrapping_mul(10).wrapping_add(pairs >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let all = (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff;
    Some((all, count as usize))
}

#[cfg(test)]
mod tests {
    use super::super::element;
    use super::*;
    use crate::domain::annotation::Shape;
    use crate::formats::dataset::{Item, Mark, Place, Spot, Unit};
    use crate::formats::read::{item, mark};
    use proptest::prelude::*;

    const KEYS: [&str; 14] = [
        "id",
        "image_id",
        "category_id",
        "bbox",
        "area",
        "iscrowd",
        "segmentation",
        "score",
        "file_name",
        "width",
        "height",
        "license",
        "b\\u0062ox",
        "",
    ];
    const VALUES: [&str; 32] = [
        "0",
        "1",
        "7",
        "-0",
        "-1",
        "1.5",
        "0.1",
        "639.99",
        "01",
        "1.",
        ".5",
        "-.5",
        "- 5",
        "1e3",
        "1E-2",
        "1e999",
        "123456789012345678",
        "0.12345678901234567",
        "702.1057499999998",
        "null",
        "true",
        "NaN",
        "\"5\"",
        "\"a.jpg\"",
        "\"a\\n\"",
        "\"\u{e9}\"",
        "[1,2,3,4]",
        "[ 0.5 , -1.25,3 ,4]",
        "[0,0,0,0]",
        "[1,2,3]",
        "[]",
        "{}",
    ];

    fn place() -> Place {
        Place { file: "f".into(), at: Spot::Whole }
    }

    fn as_mark(found: &Boxed) -> Mark {
        let mark = mark(&found.class.to_string(), Shape::Box(found.place), Unit::Pixel, &place());
        Mark { score: found.score, ..mark }
    }

    fn as_item(found: &Picture<'_>) -> Item {
        Item { width: Some(found.width), height: Some(found.height), ..item(found.name, &place()) }
    }

    proptest! {
        #[test]
        fn what_is_read_quickly_is_read_alike_in_full(
            fields in prop::collection::vec((0..KEYS.len(), 0..VALUES.len(), "[ \n]{0,1}"), 0..6),
            plain in any::<bool>(),
            cut in any::<bool>(),
        ) {
            let mut fields: Vec<String> =
                fields.into_iter().map(|(key, value, blank)| format!("{blank}\"{}\"{blank}:{blank}{}", KEYS[key], VALUES[value])).collect();
            if plain {
                // Without these hardly anything is whole.
                fields.insert(0, "\"image_id\": 3,\"category_id\":4, \"bbox\": [1.25, 2,3.5,-0.125]".to_owned());
                fields.insert(0, "\"id\":5".to_owned());
            }
            let mut text = format!("{{{}}}", fields.join(","));
            if cut {
                text.pop();
            }
            if let Some(found) = boxed(text.as_bytes()) {
                let full: element::Element = json::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(full.image_id.id(), Some(found.image.to_string()));
                prop_assert_eq!(full.mark(place()), Ok(as_mark(&found)), "{}", text);
            }
            if let Some(found) = picture(text.as_bytes()) {
                let full: element::Picture = json::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(full.item(place()), Ok((found.id.to_string(), as_item(&found))), "{}", text);
            }
        }

        #[test]
        fn numbers_are_exact(n in any::<u64>(), decimals in 0_usize..18, sign in "-?") {
            let digits = format!("{n:0>width$}", width = decimals + 1);
            let (before, after) = digits.split_at(digits.len() - decimals);
            let text = format!("{sign}{before}{}{after}", if decimals > 0 { "." } else { "" });
            let wanted: f64 = text.parse().unwrap();
            prop_assert_eq!(Text(text.as_bytes()).decimal().map(f64::to_bits), Some(wanted.to_bits()), "{}", text);
        }
    }

    #[test]
    fn the_usual_form_is_read_quickly() {
        let text = br#"{"id": 1, "image_id": 3, "category_id": 4, "bbox": [1.5, 2, 3, 4.25], "area": 12.5, "iscrowd": 0, "segmentation": []}"#;
        let place = BoxN { x: 1.5, y: 2.0, w: 3.0, h: 4.25 };
        assert_eq!(boxed(text), Some(Boxed { image: 3, class: 4, place, score: None }));
        let text = r#"{"id":1,"file_name":"ä.jpg","width":640,"height":480}"#;
        assert_eq!(picture(text.as_bytes()), Some(Picture { id: 1, name: "ä.jpg", width: 640, height: 480 }));
        for other in [
            r#"{"image_id":3,"category_id":4,"bbox":[1,2,3,4],"iscrowd":1}"#,
            r#"{"image_id":3,"category_id":4,"bbox":[1,2,3,4],"segmentation":[[1,1,2,2,3,1]]}"#,
            r#"{"image_id":3,"category_id":4,"bbox":[1,2,3,4],"occluded":true}"#,
            r#"{"image_id":3,"category_id":4,"bbox":[1,2,3,4],"score":1.5}"#,
            r#"{"image_id":3.0,"category_id":4,"bbox":[1,2,3,4]}"#,
        ] {
            assert_eq!(boxed(other.as_bytes()), None, "{other}");
        }
    }
}
