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
    assert!(report["stages_ms"].is_object());
    assert!(!home.path("data").exists(), "the person's own data was touched");
}
