//! Duplicates and lists on the command line.

use super::{Home, has_keys};
use serde_json::json;
use std::fs;

/// Six pictures that are unlike each other, and copies of two.
fn twins() -> Home {
    let home = Home::new();
    for (n, name) in ["roses/1", "roses/2", "roses/10", "tulips/1", "tulips/2", "tulips/3"].into_iter().enumerate() {
        let file = home.path(&format!("photos/{name}.png"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let n = n as u32 + 1;
        let grey = |x: u32, y: u32| 40 + ((x / 8 + 9 * (y / 8)) * n * 37 + n * n * 11 * (y / 8)) % 170;
        image::RgbImage::from_fn(72, 64, |x, y| image::Rgb([grey(x, y) as u8; 3])).save(file).unwrap();
    }
    for (from, to) in [("roses/2.png", "roses/copy.png"), ("tulips/3.png", "tulips/other.png")] {
        fs::copy(home.path("photos").join(from), home.path("photos").join(to)).unwrap();
    }
    home.ok(&["project", "create", "flowers", "--from", "photos", "--recursive", "--classes", "roses,tulips"]);
    home
}

#[test]
fn duplicates_are_counted_listed_and_given_drafts() {
    let home = twins();
    home.ok(&["label", "flowers", "roses/2.png", "roses"]);
    let found = home.json(&["dedupe", "flowers", "--distance", "0", "--list", "twins", "--propagate", "--json"]);
    has_keys(
        &found,
        &[
            "project",
            "distance",
            "pictures",
            "measured",
            "known",
            "unreached",
            "exact",
            "near",
            "faults",
            "list",
            "propagated",
        ],
    );
    assert_eq!((&found["pictures"], &found["measured"]), (&json!(8), &json!(8)), "{found}");
    assert_eq!(found["exact"], json!({ "groups": 2, "pictures": 4 }));
    assert_eq!(found["propagated"]["drafts"], json!(1), "{found}");
    assert_eq!(found["faults"]["damaged"], json!(0));
    let exact = home.lines(&["queue", "samples", "flowers", "--filter", "dup:exact", "--order", "group", "--json"]);
    assert_eq!(exact.len(), 4);
    let lists = home.json(&["list", "ls", "flowers", "--json"]);
    assert_eq!((&lists[0]["name"], &lists[0]["samples"]), (&json!("twins"), &found["near"]["pictures"]));
    let shown = home.lines(&["list", "show", "flowers", "Twins", "--json"]);
    let copy = shown.iter().find(|s| s["path"] == json!("roses/copy.png")).unwrap();
    assert_eq!(copy["answer"], json!("draft: roses"));
    let status = home.json(&["status", "flowers", "--json"]);
    assert_eq!((&status["status"]["labeled"], &status["status"]["pre_labeled"]), (&json!(1), &json!(1)), "{status}");
    home.ok(&["undo", "flowers"]);
    let shown = home.ok(&["list", "show", "flowers", "twins"]);
    assert!(!shown.contains("draft"), "{shown}");
    assert!(home.ok(&["list", "drop", "flowers", "twins"]).contains("stay as they are"));
    assert_ne!(home.run(&["list", "show", "flowers", "twins"]).code, 0);
}

#[test]
fn people_are_told_what_was_found() {
    let home = twins();
    let text = home.ok(&["dedupe", "flowers"]);
    assert!(text.contains("dup:exact  4 pictures in 2 groups") && text.contains("damaged    0"), "{text}");
    assert!(home.ok(&["dedupe", "flowers"]).contains("measured   0"));
    let wrong = home.run(&["dedupe", "flowers", "--distance", "65"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    let none = home.run(&["list", "ls", "flowers"]);
    assert!(none.code == 0 && none.err.contains("no list yet"), "{none:?}");
}

#[test]
fn a_scan_measures_what_it_finds_where_it_is_told_to() {
    let home = twins();
    let copy = |from: &str, to: &str| fs::copy(home.path("photos").join(from), home.path("photos").join(to)).unwrap();
    copy("tulips/1.png", "tulips/third.png");
    let found = home.json(&["project", "rescan", "flowers", "--measure", "--json"]);
    assert_eq!((&found["added"], &found["quality"]["measured"]), (&json!(1), &json!(9)), "{found}");
    assert_eq!(found["quality"]["exact"], json!({ "groups": 3, "pictures": 6 }));
    let args = ["project", "create", "again", "--from", "photos", "--recursive", "--measure"];
    let text = home.ok(&args);
    assert!(text.contains("9 added") && text.contains("dup:exact  6 pictures in 3 groups"), "{text}");
    let queue = ["queue", "samples", "again", "--filter", "dup:exact", "--json"];
    assert_eq!(home.lines(&queue).len(), 6);
    let both = home.run(&["project", "rescan", "flowers", "--measure", "--dry-run"]);
    assert!(both.code == 2 && both.err.contains("--dry-run"), "{both:?}");
}
