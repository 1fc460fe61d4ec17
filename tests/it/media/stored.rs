//! Real files: what the reference decoder shows, we show, in the right size and the right way up.

use super::{data, decode_bytes, decode_file, pixel};
use lakelens::media::{DecodeRequest, FileSource, Limits, inspect, thumbnail};
use std::fs;

const ALL: u32 = u32::MAX;

/// Files that the reference does not decode, and that we do.
const BETTER: [&str; 0] = [];

#[test]
fn everything_the_reference_decodes_is_decoded_in_its_size() {
    let Some(data) = data() else { return };
    let table = fs::read_to_string(data.join("odd/outcomes_image-0.25.10.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut better = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, _, w, h, _, _, outcome, message] = fields[..] else { panic!("not a row: {line}") };
        let file = data.join(path);
        let facts = inspect(&FileSource::open(&file).unwrap(), path, &Limits::default());
        match decode_file(&file, &DecodeRequest::fit(200, 200)) {
            Ok(picture) => {
                let info = &picture.info;
                if outcome == "ok" && (info.width.to_string(), info.height.to_string()) != (w.to_owned(), h.to_owned())
                {
                    wrong.push(format!("{path}: {} x {} instead of {w} x {h}", info.width, info.height));
                }
                if facts.as_ref().map(|f| (f.width, f.height, f.frames)).ok()
                    != Some((info.width, info.height, info.frames))
                {
                    wrong.push(format!("{path}: inspect says {facts:?}"));
                }
                if picture.rgb.len() != (picture.width * picture.height * 3) as usize
                    || picture.width.max(picture.height) > 200
                {
                    wrong.push(format!("{path}: a picture of {} x {}", picture.width, picture.height));
                }
                if outcome != "ok" {
                    better.push(format!("{path}: {message} -> {:?}", info.damaged));
                }
            }
            Err(error) if outcome == "ok" => wrong.push(format!("{path}: {error}")),
            Err(error) => eprintln!("{path}: {error} [{message}]"),
        }
    }
    eprintln!("better:\n{}", better.join("\n"));
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
    for path in BETTER {
        assert!(better.iter().any(|line| line.starts_with(path)), "{path} no longer decodes");
    }
}
