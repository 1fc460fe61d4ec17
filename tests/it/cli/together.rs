//! Working together on the command line: double labelling and agreement.

use super::story::flowers;
use super::{Home, has_keys};
use serde_json::json;

fn drawn() -> Home {
    let home = flowers();
    home.ok(&["project", "create", "flowers", "--from", "photos", "--recursive", "--class-from", "folder"]);
    home
}

#[test]
fn a_share_is_drawn_for_others_and_told() {
    let home = drawn();
    let started = home.json(&["double", "start", "flowers", "--share", "50", "--for", "bob,cleo", "--json"]);
    has_keys(&started, &["project", "people"]);
    assert_eq!(started["people"][0], json!({ "user": "bob", "chosen": 3, "answered": 0 }));
    assert_eq!(started["people"][1]["chosen"], json!(3));
    let told = home.ok(&["double", "status", "flowers", "--for", "bob"]);
    assert!(told.contains("WHO") && told.contains("bob") && !told.contains("cleo"), "{told}");
    assert_eq!(home.run(&["double", "start", "flowers", "--share", "0"]).code, 2);
    let none = home.run(&["agreement", "flowers"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""), "{none:?}");
    assert!(none.err.contains("lakelens double start flowers"), "{none:?}");
    let document = home.json(&["agreement", "flowers", "--json"]);
    has_keys(&document, &["project", "people", "iou", "all", "pairs", "classes"]);
    assert_eq!(document["all"]["pictures"], json!(0));
    let wrong = home.run(&["agreement", "flowers", "--class", "rose"]);
    assert!(wrong.code != 0 && wrong.err.contains("did you mean `roses`?"), "{wrong:?}");
    assert_eq!(home.run(&["agreement", "flowers", "--iou", "2"]).code, 2);
}

#[test]
fn a_guideline_is_set_shown_and_removed() {
    let home = drawn();
    let none = home.run(&["project", "guideline", "flowers"]);
    assert!(none.code == 0 && none.out.is_empty() && none.err.contains("FILE.md"), "{none:?}");
    home.write("guide.md", "# Roses\nwith *thorns*\n");
    assert!(home.ok(&["project", "guideline", "flowers", "guide.md"]).contains("2 lines"));
    assert_eq!(home.ok(&["project", "guideline", "flowers"]), "# Roses\nwith *thorns*\n");
    let told = home.json(&["project", "guideline", "flowers", "--json"]);
    assert_eq!(told["guideline"], json!("# Roses\nwith *thorns*\n"));
    let fed = home.feed(&["project", "guideline", "flowers", "-"], "evil \u{1b}[2J text");
    assert_eq!(fed.code, 0, "{fed:?}");
    assert_eq!(home.ok(&["project", "guideline", "flowers"]), "evil \\x1b[2J text\n");
    for (file, content, why) in [("empty.md", " \n", "is empty"), ("long.md", &"x".repeat(300_000), "longer than")] {
        home.write(file, content);
        let wrong = home.run(&["project", "guideline", "flowers", file]);
        assert!(wrong.code == 7 && wrong.err.contains(why), "{wrong:?}");
    }
    std::fs::write(home.path("bytes.md"), b"ab\xff").unwrap();
    assert!(home.run(&["project", "guideline", "flowers", "bytes.md"]).err.contains("byte 2 is none"));
    assert!(home.ok(&["project", "guideline", "flowers", "--remove"]).contains("no guideline any more"));
}
