//! Names that attack the terminal, files that are no pictures, stores that cannot be used.

use super::Home;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

#[test]
fn hostile_names_are_printed_escaped() {
    let home = Home::new();
    let names: [&[u8]; 3] = [b"a\x1b[2Jb.png", "r\u{202e}gnp.png".as_bytes(), b"\xff\xfe.png"];
    for name in names {
        super::picture(&home.path("odd").join(OsStr::from_bytes(name)));
    }
    home.ok(&["project", "create", "odd\u{1b}[31m", "--from", "odd", "--classes", "c\u{7}"]);
    let runs: [&[&str]; 6] = [
        &["ls", "odd"],
        &["ls", "odd", "--long"],
        &["project", "list"],
        &["project", "show", "odd\u{1b}[31m"],
        &["queue", "samples", "odd\u{1b}[31m"],
        &["status"],
    ];
    for args in runs {
        let out = home.ok(args);
        assert!(!out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{args:?}: {out:?}");
    }
    assert!(home.ok(&["ls", "odd"]).contains("\\xff\\xfe.png"));
    let ran = home.run(&["project", "show", "\u{1b}]0;x\u{7}"]);
    assert!(ran.code == 1 && !ran.err.contains('\u{1b}'), "{ran:?}");
    // In JSON every name comes back as it is, and can be given again.
    let rows = home.lines(&["queue", "samples", "odd\u{1b}[31m", "--json"]);
    assert_eq!(rows.len(), 3);
    let input: Vec<String> =
        rows.iter().map(|r| serde_json::json!({"path": r["path"], "empty": true}).to_string()).collect();
    let ran = home.feed(&["label", "odd\u{1b}[31m", "--from", "-"], &input.join("\n"));
    assert_eq!((ran.code, ran.out.as_str()), (0, "3 saved, 0 conflicts, 0 rejected\n"), "{ran:?}");
}

#[test]
fn ls_gives_the_promised_keys_and_ends_quietly_with_its_reader() {
    let home = Home::new();
    for i in 0..300 {
        home.write(&format!("many/{i}.txt"), "x");
    }
    home.write("many/sub/inner.txt", "y");
    let rows = home.lines(&["ls", "many", "--json"]);
    assert_eq!(rows.len(), 301);
    assert_eq!(super::keys(&rows[0]), ["kind", "modified", "name", "size", "uri"]);
    assert_eq!((rows[0]["kind"].as_str(), rows[1]["size"].as_i64()), (Some("folder"), Some(1)));
    assert!(home.ok(&["ls", "many", "--recursive"]).contains("sub/inner.txt"));
    let ran = home.run(&["ls", "nowhere"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let line = format!("{} ls many | head -n 1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_lakelens"));
    let mut bash = std::process::Command::new("bash");
    let ran = super::ran(bash.args(["-c", &line]).current_dir(home.dir.path()).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str(), ran.out.as_str()), (0, "", "sub/\n"));
}

#[test]
fn info_tells_pictures_from_other_files() {
    let home = Home::new();
    home.picture("a.png");
    let info = home.json(&["info", "a.png", "--json"]);
    let promised = ["uri", "format", "width", "height", "orientation", "bytes", "frames", "damaged", "exif"];
    super::has_keys(&info, &promised);
    assert_eq!(
        (info["format"].as_str(), info["width"].as_i64(), info["height"].as_i64()),
        (Some("png"), Some(16), Some(12))
    );
    home.write("b.png", "hello");
    assert_eq!(home.run(&["info", "b.png"]).code, 7);
    assert_eq!(home.run(&["info", "c.png"]).code, 1);
    let ran = home.run(&["show", "a.png"]);
    assert!(ran.code == 2 && ran.err.contains("terminal"), "{ran:?}");
}

#[test]
fn stores_that_cannot_be_used_say_why() {
    let home = Home::new();
    home.picture("p/1.png");
    home.ok(&["project", "create", "p", "--from", "p", "--classes", "a"]);
    let refused = home.run(&["--read-only", "label", "p", "1.png", "a"]);
    assert!(refused.code == 1 && refused.err.contains("read-only"), "{refused:?}");
    assert_eq!(home.json(&["--read-only", "status", "p", "--json"])["samples"], 1);

    let text = home.write("text.db", "this is no database, it is only text, and longer than a header");
    let ran = home.run(&["--store", &format!("sqlite:{}", text.display()), "project", "list"]);
    assert!(ran.code == 3 && ran.err.contains("not a lakelens store"), "{ran:?}");
    let ran = home.run(&["--store", "mysql://host/db", "project", "list"]);
    assert!(ran.code == 3 && ran.err.contains("sqlite:PATH"), "{ran:?}");

    let database = home.path("data/lakelens.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 9999).unwrap();
    drop(connection);
    for args in [&["project", "list"][..], &["label", "p", "1.png", "a"]] {
        let ran = home.run(args);
        assert!(ran.code == 1 && ran.err.contains("newer lakelens"), "{ran:?}");
    }
    let ran = home.run(&["doctor"]);
    assert!(ran.code == 1 && ran.out.contains("newer lakelens"), "{ran:?}");
}

#[test]
fn a_database_without_write_permission_can_be_read() {
    let home = Home::new();
    home.picture("p/1.png");
    home.ok(&["project", "create", "p", "--from", "p", "--classes", "a"]);
    let database = home.path("data/lakelens.db");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.path("data")), 0o700);
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o400)).unwrap();
    // The super-user may write all the same; then there is nothing to see.
    if std::fs::OpenOptions::new().append(true).open(&database).is_ok() {
        println!("skipped: this user may write read-only files");
        return;
    }
    assert_eq!(home.json(&["status", "p", "--json"])["samples"], 1);
    let ran = home.run(&["label", "p", "1.png", "a"]);
    assert!(ran.code == 1 && ran.err.contains("cannot be written"), "{ran:?}");
}
