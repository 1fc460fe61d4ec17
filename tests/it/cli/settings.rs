//! Settings as the program shows and checks them.

use super::Home;
use std::os::unix::fs::PermissionsExt;

#[test]
fn show_tells_each_value_and_its_origin() {
    let home = Home::new();
    home.write(".config/lakelens/config.toml", "mouse = true\n[cache]\ndisk_mb = 5\n");
    let shown = home.json(&["config", "show", "--json", "--graphics", "sixel"]);
    let row = |key: &str| {
        let rows = shown["settings"].as_array().unwrap();
        let row = rows.iter().find(|r| r["key"] == key).unwrap_or_else(|| panic!("no {key}"));
        (row["value"].to_string(), row["origin"].as_str().unwrap().to_owned())
    };
    assert_eq!(row("graphics"), ("\"sixel\"".to_owned(), "--graphics".to_owned()));
    assert_eq!(row("user"), ("\"ann\"".to_owned(), "LAKELENS_USER".to_owned()));
    assert_eq!(row("require_visible"), ("true".to_owned(), "default".to_owned()));
    assert!(row("mouse").1.ends_with("config.toml:1"));
    assert!(row("cache.disk_mb").1.ends_with("config.toml:3"));
    assert!(home.ok(&["config", "show"]).contains("auto_advance"));
}

#[test]
fn a_broken_file_is_named_with_its_place_and_stops_nothing() {
    let home = Home::new();
    home.write(".config/lakelens/config.toml", "mouse = maybe\n");
    let ran = home.run(&["config", "check"]);
    assert_eq!(ran.code, 3);
    let shown = ran.out.replace(home.dir.path().to_str().unwrap(), "~");
    insta::assert_snapshot!(shown, @r"
    error: ~/.config/lakelens/config.toml:1:9: string values must be quoted, expected literal string
      | mouse = maybe
      |         ^
    hint: the whole file is ignored until it is mended: `lakelens config edit`
    ");
    let ran = home.run(&["completions", "bash"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("config.toml:1:9"), "{}", ran.err);
    let ran = home.run(&["config", "check", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((report["ok"].as_bool(), report["problems"][0]["level"].as_str()), (Some(false), Some("error")));
}

#[test]
fn unknown_keys_warn_with_a_suggestion() {
    let home = Home::new();
    home.write(".config/lakelens/config.toml", "auto_advnce = true\n");
    let ran = home.run(&["config", "check"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("did you mean `auto_advance`?"), "{}", ran.out);
}

#[test]
fn themes_and_keys_are_checked_as_well() {
    let home = Home::new();
    home.write(".config/lakelens/config.toml", "theme = \"drak\"\n[keys.label]\nX = \"no-such-action\"\n");
    let ran = home.run(&["config", "check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("did you mean `dark`?"), "{}", ran.out);
    assert!(ran.out.contains("config.toml:3:1"), "{}", ran.out);
}

#[test]
fn nothing_is_made_before_it_is_needed_and_then_it_is_private() {
    let home = Home::new();
    home.ok(&["config", "show"]);
    home.ok(&["doctor"]);
    assert!(!home.path("data").exists() && !home.path(".config").exists());
    home.ok(&["--log", "debug", "config", "path"]);
    let mode = |p: &str| std::fs::metadata(home.path(p)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data/state"), mode("data/state/lakelens.log")), (0o700, 0o600));
}

#[test]
fn edit_opens_a_file_that_lists_every_setting() {
    let home = Home::new();
    let mut command = home.command(&["config", "edit"]);
    let ran = super::ran(command.env("EDITOR", "grep -q require_visible").output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.run(&["config", "check"]).code, 0);
    let ran = super::ran(home.command(&["config", "edit"]).env("EDITOR", "no-such-editor").output().unwrap());
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("VISUAL or EDITOR"), "{}", ran.err);
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let home = Home::new();
    let checks = home.json(&["doctor", "--json"]);
    let checks = checks["checks"].as_array().unwrap();
    assert!(checks.len() > 4);
    for check in checks {
        assert_eq!(super::keys(check), ["detail", "name", "ok", "remedy"]);
        assert_eq!(check["ok"], true, "{check}");
    }
    let file = home.write("file", "");
    let ran = super::ran(home.command(&["doctor"]).env("LAKELENS_DATA_DIR", file.join("data")).output().unwrap());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("FAIL") && ran.out.contains("--data-dir"), "{}", ran.out);
}
