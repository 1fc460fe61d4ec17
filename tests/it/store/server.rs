//! A schema of its own on the PostgreSQL server that `tests/servers/postgres` starts.

use super::fixture::{Kind, verify_counts};
use lakelens::remote::net::Net;
use lakelens::store::records::Mode;
use lakelens::store::{Store, open};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Names the server.
pub(crate) const SERVER: &str = "LAKELENS_TEST_POSTGRES";

/// The server's address, where there is one.
pub(crate) fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|s| !s.is_empty())
}

/// The server's address in a test that cannot do without.
pub(crate) fn needed() -> String {
    server().unwrap_or_else(|| panic!("{SERVER} names no server; tests/servers/postgres start DIR prints it"))
}

/// A plain connection, as another program has.
pub(crate) struct Raw {
    net: Net,
    client: Client,
}

impl Raw {
    pub(crate) fn connect(address: &str) -> Self {
        let net = Net::default();
        let client = net.wait(async {
            let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        Self { net, client }
    }

    /// Runs statements; the rows of all of them, as texts.
    pub(crate) fn run(&self, sql: &str) -> Vec<String> {
        let messages = self.net.wait(self.client.simple_query(sql)).unwrap_or_else(|e| panic!("{e:?}: {sql}"));
        let cells = |r: &tokio_postgres::SimpleQueryRow| {
            (0..r.len()).map(|i| r.get(i).unwrap_or("NULL").to_owned()).collect::<Vec<_>>().join(" ")
        };
        let row = |m: &SimpleQueryMessage| if let SimpleQueryMessage::Row(r) = m { Some(cells(r)) } else { None };
        messages.iter().filter_map(row).collect()
    }
}

impl Raw {
    /// Why statements that must fail failed.
    pub(crate) fn refused(&self, sql: &str) -> String {
        let error = self.net.wait(self.client.simple_query(sql)).expect_err(sql);
        error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
    }
}

/// A schema that is dropped in the end.
pub(crate) struct Schema {
    pub(crate) server: String,
    pub(crate) name: String,
    pub(crate) net: Net,
}

impl Schema {
    /// A new one, where there is a server.
    pub(crate) fn at_hand() -> Option<Self> {
        server().map(Self::on)
    }

    pub(crate) fn on(server: String) -> Self {
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        Self { server, name, net: Net::default() }
    }

    pub(crate) fn location(&self) -> String {
        format!("{}?schema={}&sslmode=disable", self.server, self.name)
    }

    /// A plain connection that sees the schema.
    pub(crate) fn raw(&self) -> Raw {
        let raw = Raw::connect(&self.server);
        raw.run(&format!("SET search_path TO {}", self.name));
        raw
    }
}

impl Kind for Schema {
    fn connect(&self) -> Box<dyn Store> {
        open(&self.location(), Mode::Create, &self.net).unwrap()
    }

    fn verify(&self) {
        let raw = self.raw();
        verify_counts(&|sql| raw.run(sql));
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            Raw::connect(&self.server)
                .run(&format!("SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        }
    }
}
