//! Addresses as people write them.

use lakelens::remote::profile::host::{AzureCloud, Cloud, Host, HostError};
use proptest::prelude::*;

#[test]
fn one_spelling_for_all() {
    for (written, read) in [
        ("x", "https://x"),
        ("https://x/", "https://x"),
        (" https://ADB-1.2.azuredatabricks.net/?o=12#job/3 ", "https://adb-1.2.azuredatabricks.net"),
        ("dbc-1.cloud.databricks.com/browse/a", "https://dbc-1.cloud.databricks.com"),
        ("https://x:443/", "https://x"),
        ("HTTPS://x:8443", "https://x:8443"),
        ("localhost:8080", "https://localhost:8080"),
        ("http://localhost:8080/api/2.1", "http://localhost:8080"),
        ("http://127.1.2.3:80", "http://127.1.2.3"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ] {
        assert_eq!(Host::parse(written).map(|h| h.to_string()), Ok(read.to_owned()), "{written}");
    }
}

#[test]
fn unencrypted_hosts_are_on_this_machine() {
    for written in
        ["http://example.com", "http://localhost.example.com", "http://10.0.0.1", "http://[2001:db8::1]:80/x"]
    {
        let error = Host::parse(written).unwrap_err();
        assert!(matches!(error, HostError::Unencrypted(_)), "{written}: {error}");
        assert!(error.to_string().contains("could read the token") && error.remedy().contains("SSH tunnel"), "{error}");
    }
}

#[test]
fn what_is_no_address_is_refused_and_secrets_in_it_are_not_shown() {
    let failed = |text: &str| Host::parse(text).unwrap_err();
    assert_eq!(failed(""), HostError::NoName(String::new()));
    assert_eq!(failed("https:///x"), HostError::NoName("https:///x".to_owned()));
    assert_eq!(failed("ftp://x"), HostError::Scheme("ftp".to_owned()));
    for text in ["https://ann:s3cret@x", "ann:s3cret@x"] {
        assert_eq!(failed(text), HostError::Login);
        assert!(!failed(text).to_string().contains("s3cret"));
    }
    assert_eq!(failed("dapi0123456789abcdef"), HostError::Token);
    for text in ["a b", "x:99999", "x:0", "x:1:2", "a..b", "[::1", "[zz]", "\"https", "x\u{1b}[2J", "ü.com", "x:+1"] {
        assert!(matches!(failed(text), HostError::Malformed(_)), "{text}: {:?}", failed(text));
    }
}

#[test]
fn the_cloud_is_the_end_of_the_name() {
    let zone = |host: &str| Host::parse(host).unwrap().zone().map(|z| (z.cloud, z.azure));
    let public = |cloud| Some((cloud, AzureCloud::Public));
    assert_eq!(zone("dbc-1.cloud.databricks.com"), public(Cloud::Aws));
    assert_eq!(zone("dbc-1.cloud.databricks.us"), public(Cloud::Aws));
    assert_eq!(zone("adb-1.2.azuredatabricks.net:8443"), public(Cloud::Azure));
    assert_eq!(zone("x.databricks.azure.us"), Some((Cloud::Azure, AzureCloud::UsGovernment)));
    assert_eq!(zone("x.databricks.azure.cn"), Some((Cloud::Azure, AzureCloud::China)));
    assert_eq!(zone("1.2.gcp.databricks.com"), public(Cloud::Gcp));
    for other in ["localhost", "cloud.databricks.com", "azuredatabricks.net.example.com", "xazuredatabricks.net"] {
        assert_eq!(zone(other), None, "{other}");
    }
    assert_eq!(AzureCloud::from_name("AzureUSGovernmentCloud"), Some(AzureCloud::UsGovernment));
    assert_eq!((AzureCloud::from_name("china"), AzureCloud::from_name("mars")), (Some(AzureCloud::China), None));
}

proptest! {
    #[test]
    fn no_text_panics_and_an_address_stays_as_it_is(text in any::<String>(), name in "[a-zA-Z0-9]{1,8}(\\.[a-z]{1,5}){0,3}(:[1-9][0-9]{0,3})?(/[a-z?#@:]{0,9})?") {
        if let Ok(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(host.as_str()), Ok(host.clone()));
        }
        let host = Host::parse(&name);
        if !name.starts_with("dapi") {
            let host = host.unwrap();
            prop_assert_eq!(Host::parse(host.as_str()), Ok(host.clone()));
            prop_assert!(host.as_str().starts_with("https://") && !host.name().contains(['/', ':', '@']));
        }
    }
}
