//! Certificates, with real ones: a company's own authority, one that nobody knows, ended, not begun, another name.

use super::Home;
use crate::support::spark::address;
use crate::support::workspace::{FakeWorkspace, TOKEN};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// An authority, and three certificates of it for `localhost`: `good.pem`, `ended.pem`, `early.pem`.
const CERTIFICATES: &str = r#"
set -e
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE \
    -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
echo subjectAltName=DNS:localhost >server.ext
: >index.txt
printf '%s\n' '[ca]' 'default_ca=x' '[x]' 'database=index.txt' 'new_certs_dir=.' 'certificate=ca.pem' 'private_key=ca.key' \
    'default_md=sha256' 'policy=p' 'rand_serial=yes' 'unique_subject=no' '[p]' 'commonName=supplied' >ca.conf
sign() { openssl ca -batch -notext -config ca.conf -in server.csr -extfile server.ext -out $1.pem -startdate $2 -enddate $3; }
sign good 20200101000000Z 20990101000000Z
sign ended 20200101000000Z 20210101000000Z
sign early 20900101000000Z 20990101000000Z
"#;

/// TLS before the workspace, until it is dropped.
struct Secure {
    child: Child,
    port: u16,
}

impl Secure {
    /// Before the server whose address ends in its port; `h2` where that is gRPC.
    fn start(folder: &Path, certificate: &str, address: &str, speaks: &[&str]) -> Self {
        let port = address.rsplit(':').next().unwrap();
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", include_str!("tls.py"), certificate, "server.key", port]).args(speaks).current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A folder with the certificates.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

#[test]
#[ignore = "needs openssl, python3 and Sail; tests/run installs and starts them"]
fn spark_connect_is_spoken_over_tls_and_a_certificate_that_is_none_is_told() {
    let Some(server) = address("LAKELENS_SAIL") else { return };
    let folder = certificates();
    let authority = folder.path().join("ca.pem");
    let [good, ended] = ["good.pem", "ended.pem"].map(|one| Secure::start(folder.path(), one, &server, &["h2"]));
    let plain = server.rsplit(':').next().unwrap().parse().unwrap();
    for (port, name, known, says) in [
        (good.port, "localhost", true, ""),
        (good.port, "localhost", false, "authority that this computer does not know); add the certificate authority"),
        (good.port, "127.0.0.1", true, "for another name); check the host"),
        (ended.port, "localhost", true, "has expired); check the clock"),
        (plain, "127.0.0.1", true, "does not speak TLS at this port); check the port"),
    ] {
        let home = Home::new();
        let store = format!("sc://{name}:{port}/;use_ssl=true");
        let mut command = home.command(&["sql", "SELECT 20 + 1 AS n", "--store", &store]);
        if known {
            command.env("SSL_CERT_FILE", &authority);
        }
        let ran = super::ran(command.output().unwrap());
        match says {
            "" => assert_eq!((ran.out.as_str(), ran.code), ("n\n21\n", 0), "{ran:?}"),
            says => assert!(ran.code == 5 && ran.err.contains(says), "{store}: {ran:?}"),
        }
    }
}

#[test]
#[ignore = "needs openssl and python3; tests/run installs them"]
fn certificates_are_checked_with_those_of_the_system() {
    let folder = certificates();
    let fake = FakeWorkspace::start();
    let authority = folder.path().join("ca.pem");
    for (certificate, name, known, says) in [
        ("good.pem", "localhost", true, ""),
        ("good.pem", "localhost", false, "authority that this computer does not know"),
        ("good.pem", "127.0.0.1", true, "for another name"),
        ("ended.pem", "localhost", true, "has expired"),
        ("early.pem", "localhost", true, "is not valid yet"),
    ] {
        let secure = Secure::start(folder.path(), certificate, fake.host(), &[]);
        let home = Home::new();
        let host = format!("https://{name}:{}", secure.port);
        home.write(".databrickscfg", &format!("[dev]\nhost = {host}\ntoken = {TOKEN}\n"));
        let mut command = home.command(&["doctor", "dev", "--json"]);
        if known {
            command.env("SSL_CERT_FILE", &authority);
        }
        let ran = super::ran(command.output().unwrap());
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let last = document["checks"].as_array().unwrap().last().unwrap().clone();
        if says.is_empty() {
            assert_eq!(ran.code, 0, "{ran:?}");
            continue;
        }
        assert_eq!((&last["name"], ran.code), (&Value::from("tls"), 1), "{certificate} {name}: {ran:?}");
        assert!(last["detail"].as_str().unwrap().contains(says), "{certificate} {name}: {last}");
        let clock = says.contains("expired") || says.contains("yet");
        assert_eq!(last["remedy"].as_str().unwrap().contains("clock"), clock, "{last}");
    }
}
