//! A secret shows nothing of itself, wherever it lies.

use lakelens::remote::ini::Ini;
use lakelens::remote::profile::auth::Credentials;
use lakelens::remote::secret::Secret;

#[test]
fn nothing_but_expose_gives_it_away() {
    let secret = Secret::new("dapi-öffnen");
    assert_eq!(
        (format!("{secret}"), format!("{secret:?}"), format!("{secret:#?}")),
        ("***".into(), "***".into(), "***".into())
    );
    assert_eq!((secret.expose(), secret.characters(), secret.is_empty()), ("dapi-öffnen", 11, false));
    assert!(!format!("{:?}", Credentials::Pat(secret)).contains("dapi"));
}

#[test]
fn a_file_that_was_read_hides_all_its_values() {
    let ini = Ini::parse(b"[a]\ntoken = dapi123\nhost = https://x\n").unwrap();
    let shown = format!("{ini:?}");
    assert!(shown.contains("token") && !shown.contains("dapi123") && !shown.contains("https"), "{shown}");
}
