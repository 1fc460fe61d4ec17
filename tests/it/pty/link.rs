//! The measuring tool measures the real program, and its report has the keys that scripts rely on.

use crate::support::pictures;
use crate::support::pty::Home;
use serde_json::Value;

fn measure(home: &Home, args: &[&str]) -> Value {
    let folder = home.path("set");
    if !folder.exists() {
        pictures::write(&folder, "flower", 6);
    }
    let folder = folder.display().to_string();
    let fixed = ["bench", "link", "--mbit", "100", "--rtt", "4", "--json", "--images", &folder];
    let (code, out, err) = home.command(&[&fixed, args].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn assert_percentiles(times: &Value) {
    let [p50, p90, p99, max] = ["p50", "p90", "p99", "max"].map(|k| times[k].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= max, "{times}");
}

#[test]
fn every_key_of_a_slow_walk_is_seen_and_nothing_wrong_ever() {
    let home = Home::new();
    let report = measure(&home, &["--count", "5", "--every", "100", "--ready"]);
    assert_eq!((&report["protocol"], &report["keys"]), (&"kitty".into(), &5.into()), "{report}");
    assert_percentiles(&report["visible_ms"]);
    assert!(report["visible_ms"]["p50"].as_f64() >= report["rtt_ms"].as_f64(), "faster than the link: {report}");
    for wrong in ["stale", "blank", "unknown", "unseen"] {
        assert_eq!(report[wrong], 0, "{wrong}: {report}");
    }
    assert_eq!(report["last_reached"], "exact", "{report}");
    assert!(report["key_bytes"]["p50"].as_u64() <= report["frame_bytes"]["p50"].as_u64(), "{report}");
    assert!(report["image_bytes"]["full"].as_u64() > Some(1000), "{report}");
    assert!(report["stages_ms"]["good"]["decode"].is_number(), "{}", report["stages_ms"]);
    assert!(!home.path("data").exists(), "the person's own data was touched");
}

#[test]
fn labelling_inside_tmux_is_measured_on_a_project_of_its_own() {
    let home = Home::new();
    let report = measure(&home, &["--count", "2", "--every", "500", "--ready", "--screen", "label", "--tmux"]);
    assert_eq!((&report["screen"], &report["tmux"], &report["keys"]), (&"label".into(), &true.into(), &2.into()));
    assert_eq!(report["cells"], serde_json::json!([80, 30]), "the box is 80 x 40 cells: {report}");
    for wrong in ["stale", "unknown", "unseen"] {
        assert_eq!(report[wrong], 0, "{wrong}: {report}");
    }
    assert_eq!((&report["trouble"]["unwrapped"], &report["trouble"]["dropped"]), (&0.into(), &0.into()), "{report}");
    assert!(!home.path("data").exists(), "the person's own data was touched");
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_reason() {
    let home = Home::new();
    std::fs::create_dir(home.path("few")).unwrap();
    for (args, reason) in [
        (["--images", "few", "--count", "2"], "no pictures"),
        (["--images", "none", "--count", "2"], "cannot be read"),
        (["--rtt", "99999", "--count", "2"], "--rtt"),
        (["--screen", "gallery", "--protocol", "blocks"], "gallery"),
    ] {
        let (code, _, err) = home.command(&[&["bench", "link"], &args[..]].concat());
        assert!(code != 0 && err.contains(reason) && err.starts_with("error: "), "{args:?}: {code} {err}");
    }
}
