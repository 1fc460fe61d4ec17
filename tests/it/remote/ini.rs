//! The configuration file: what both official readers take, what only one takes, what none does, and laws.

use lakelens::remote::ini::{Ini, IniError, LARGEST};
use proptest::prelude::*;

fn read(text: &str) -> Ini {
    Ini::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn value(ini: &Ini, section: &str, key: &str) -> Option<String> {
    ini.section(section)?.get(key).map(|e| e.value.expose().to_owned())
}

#[test]
fn sections_keys_comments_spaces_and_signs_in_values() {
    let ini = read(
        "# first\n; second\n[DEFAULT]\nhost = https://a?x=1&y=%41\n\n[ dev ] trailing\n  token=ab==\nhost : b\n[empty]\n[x]y]\nk =\n",
    );
    assert_eq!(ini.remarks, []);
    assert_eq!(value(&ini, "DEFAULT", "host").as_deref(), Some("https://a?x=1&y=%41"));
    assert_eq!(value(&ini, " dev ", "token").as_deref(), Some("ab=="));
    assert_eq!(value(&ini, " dev ", "host").as_deref(), Some("b"));
    assert_eq!(value(&ini, "x]y", "k").as_deref(), Some(""));
    let names: Vec<&str> = ini.sections.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["DEFAULT", " dev ", "empty", "x]y"]);
    assert_eq!(ini.section(" dev ").unwrap().get("token").unwrap().line, 7);
}

#[test]
fn default_is_not_inherited() {
    let ini = read("[DEFAULT]\ntoken = x\n[dev]\nhost = h\n");
    assert_eq!(value(&ini, "dev", "token"), None);
}

#[test]
fn marks_and_line_ends_of_windows_change_nothing() {
    let text = "[a]\nhost = x\n\n# c\n[b]\ntoken = y\n";
    let plain = read(text);
    assert_eq!(read(&format!("\u{feff}{text}")), plain);
    assert_eq!(read(&text.replace('\n', "\r\n")), plain);
    assert_eq!(read(text.trim_end()), plain);
}

/// Where the official readers differ: the value that is taken, and a word of the remark.
#[test]
fn what_only_one_official_reader_takes_is_taken_with_a_remark() {
    for (text, expected, word) in [
        ("[a]\nk = 1\n[b]\n[a]\nk = 2\n", "2", "again"),
        ("[a]\nk = 1\nk = 2\n", "2", "line 2 again"),
        ("[a]\nk = \"https://x\"\n", "https://x", "quotes"),
        ("[a]\nk = x # y\n", "x # y", "part of the value"),
        ("[a]\nk = x;y\n", "x;y", "part of the value"),
        ("[a]\nk = x\\\n", "x\\", "backslash"),
        ("[a]\nK = x\n", "x", "capitals"),
        ("[a]\nk = x\n  more\n", "x\nmore", "continues"),
        ("[a]\nj = x\n  k = y\n", "y", "indented"),
    ] {
        let ini = read(text);
        assert_eq!(value(&ini, "a", "k").as_deref(), Some(expected), "{text}");
        assert!(ini.remarks.iter().any(|r| r.message.contains(word)), "{text}: {:?}", ini.remarks);
    }
    let ini = read("host = x\n");
    assert_eq!(value(&ini, "DEFAULT", "host").as_deref(), Some("x"));
    assert!(ini.remarks[0].message.contains("before the first [section]"));
    assert_eq!(read("[DEFAULT]\na = 1\n[DEFAULT]\nb = 2\n").remarks, []);
}

#[test]
fn what_neither_takes_is_an_error_with_its_line_and_a_remedy() {
    let token = "dapi0123456789abcdef0123456789abcdef";
    for (text, expected) in [
        (format!("[a]\n{token}\n"), IniError::NeitherKeyNorSection { line: 2, characters: 36 }),
        (format!("{token}\n"), IniError::NeitherKeyNorSection { line: 1, characters: 36 }),
        (format!("[a]\n\n[{token}\n"), IniError::OpenSection(3)),
        ("[]\n".to_owned(), IniError::UnnamedSection(1)),
        ("[a]\r\n= x\r\n".to_owned(), IniError::UnnamedKey(2)),
    ] {
        let error = Ini::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().contains("dapi") && !error.remedy().is_empty(), "{error}");
        assert!(error.to_string().contains("line"), "{error}");
    }
    assert_eq!(Ini::parse(b"[a]\nhost = x\ntoken = \xff\n"), Err(IniError::NotUtf8(3)));
    let large = vec![b'#'; LARGEST + 1];
    assert_eq!(Ini::parse(&large), Err(IniError::TooLarge(large.len() as u64)));
    assert_eq!(Ini::parse(&large[..LARGEST]), Ok(Ini::default()));
}

#[test]
fn remarks_have_an_end() {
    let ini = read(&format!("[a]\n{}", "k = 1\n".repeat(10_000)));
    assert!(ini.remarks.len() <= 50, "{}", ini.remarks.len());
}

/// Each of these would take minutes if the reader looked through all lines before, for every line.
#[test]
fn files_of_the_largest_size_are_read() {
    let fill = |head: &str, line: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for i in 0.. {
            let next = line(i);
            if text.len() + next.len() > LARGEST {
                return text;
            }
            text.push_str(&next);
        }
        text
    };
    let sections = read(&fill("", &|i| format!("[{i:x}]\na=\n")));
    assert!(sections.sections.len() > 90_000 && sections.section("ff").is_some(), "{}", sections.sections.len());
    let keys = read(&fill("[a]\n", &|i| format!("k{i:x}=\n")));
    assert!(keys.sections[0].entries.len() > 100_000, "{}", keys.sections[0].entries.len());
    let value = read(&fill("[a]\nk = x\n", &|_| " y\n".to_owned()));
    assert!(value.section("a").unwrap().get("k").unwrap().value.characters() > LARGEST / 2);
}

type Sections = Vec<(String, Vec<(String, String)>)>;

/// Sections with unlike names and keys, values that every reader takes as they stand.
fn sections() -> impl Strategy<Value = Sections> {
    let value = "[!$-,./0-9<=>?@A-Z^_a-z{|}~:%äö日]([ !$-,./0-9<=>?@A-Z^_a-z{|}~:%äö日]{0,20}[!$-&(-,./0-9<=>?@A-Z^_a-z{|}~%ö日])?";
    let keys = proptest::collection::btree_map("[a-z_]{1,12}", value, 0..5);
    let all = proptest::collection::btree_map("[a-zA-Z0-9 ._-]{1,10}", keys, 0..5);
    all.prop_map(|all| all.into_iter().map(|(name, keys)| (name, keys.into_iter().collect())).collect())
}

fn write(sections: &Sections, separator: &str, end: &str) -> String {
    let mut out = String::new();
    for (name, keys) in sections {
        out.push_str(&format!("[{name}]{end}"));
        for (key, value) in keys {
            out.push_str(&format!("{key}{separator}{value}{end}# comment{end}{end}"));
        }
    }
    out
}

proptest! {
    #[test]
    fn no_bytes_panic_and_lines_are_those_of_the_file(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes)?;
    }

    #[test]
    fn no_text_of_the_right_characters_panics(text in "[\\[\\]=:#;\"' \\t\\r\\n\\\\a-cK\u{feff}ü]{0,80}") {
        check(text.as_bytes())?;
    }

    #[test]
    fn what_was_written_is_read(
        sections in sections(),
        separator in proptest::sample::select(vec!["=", " = ", ": ", "\t=\t"]),
        end in proptest::sample::select(vec!["\n", "\r\n"]),
    ) {
        let ini = Ini::parse(write(&sections, separator, end).as_bytes()).unwrap();
        let entries = |s: &lakelens::remote::ini::Section| {
            s.entries.iter().map(|e| (e.key.clone(), e.value.expose().to_owned())).collect()
        };
        let read: Sections = ini.sections.iter().map(|s| (s.name.clone(), entries(s))).collect();
        prop_assert_eq!(read, sections);
    }
}

/// Whatever comes in: sections and keys are unlike, and every line number is one of the file.
fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines = bytes.iter().filter(|b| **b == b'\n').count() + 1;
    let Ok(ini) = Ini::parse(bytes) else { return Ok(()) };
    for (i, section) in ini.sections.iter().enumerate() {
        prop_assert!(!ini.sections[..i].iter().any(|s| s.name == section.name));
        for (j, entry) in section.entries.iter().enumerate() {
            prop_assert!(!section.entries[..j].iter().any(|e| e.key == entry.key));
            prop_assert!((1..=lines).contains(&entry.line) && !entry.key.is_empty());
        }
    }
    prop_assert!(ini.remarks.iter().all(|r| (1..=lines).contains(&r.line)));
    Ok(())
}
