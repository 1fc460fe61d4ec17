//! Hearing of changes by others: notifications where they arrive, else by asking now and then.
//!
//! Why both: behind a pooler a connection may listen without ever hearing anything. So a first notification of our own
//! is waited for, and what decides in the end is always the last event in the table.

use super::PostgresStore;
use super::link::Maker;
use crate::domain::ids::{EventId, ProjectId};
use crate::store::Result;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::Client;

/// How often the table is asked where notifications do not arrive.
const OFTEN: Duration = Duration::from_secs(2);
/// How often it is asked where they do, in case one is lost.
const SELDOM: Duration = Duration::from_secs(30);
/// How long our own first notification may take.
const TRIAL: Duration = Duration::from_secs(3);

/// A connection that listens.
pub(super) struct Ear {
    client: Client,
    heard: UnboundedReceiver<String>,
    /// Notifications arrive.
    works: bool,
}

impl Ear {
    fn open(maker: &Maker) -> Result<Self> {
        let (sender, mut heard) = unbounded_channel();
        let schema = &maker.address.schema;
        maker.net.wait(async {
            let tell = move |notice: tokio_postgres::Notification| drop(sender.send(notice.payload().to_owned()));
            let client = maker.connect(Some(Box::new(tell))).await?;
            let mine = format!("trial:{}", uuid::Uuid::now_v7());
            let sent = format!("LISTEN \"lakelens_{schema}\"; NOTIFY \"lakelens_{schema}\", '{mine}'");
            let place = maker.address.place();
            client.batch_execute(&sent).await.map_err(|e| super::errors::from_postgres(&e, place))?;
            let arrives = async { while heard.recv().await.is_some_and(|text| text != mine) {} };
            let works = tokio::time::timeout(TRIAL, arrives).await.is_ok();
            tracing::debug!(place, works, "listening for changes");
            Ok(Self { client, heard, works })
        })
    }

    /// Waits for a word about a project.
    async fn hear(&mut self, project: ProjectId, time: Duration) {
        let about = format!("{project}:");
        let word = async {
            while let Some(text) = self.heard.recv().await {
                if text.starts_with(&about) {
                    return;
                }
            }
            // The connection is gone; the table is asked instead.
            std::future::pending().await
        };
        let _ = tokio::time::timeout(time, word).await;
    }
}

impl PostgresStore {
    /// Waits until a project has an event after `event`, at most for `time`.
    pub(super) fn listen(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        let end = Instant::now() + time;
        if self.ear.as_ref().is_none_or(|ear| ear.client.is_closed()) {
            // Listening begins before the first look, so that nothing falls between.
            self.ear = Ear::open(&self.link.maker).ok();
        }
        loop {
            let sql = "SELECT max(id) FROM event WHERE project = ?";
            let last = self.read(|db| db.base().row(sql, [project.0], |r| r.get::<Option<i64>>(0)))?.flatten();
            let later = last.map(EventId).filter(|last| Some(*last) > event);
            let left = end.saturating_duration_since(Instant::now());
            if later.is_some() || left.is_zero() {
                return Ok(later);
            }
            let net = self.link.maker.net.clone();
            match &mut self.ear {
                Some(ear) => {
                    let pause = if ear.works && !ear.client.is_closed() { SELDOM } else { OFTEN };
                    net.wait(ear.hear(project, pause.min(left)));
                }
                None => net.wait(tokio::time::sleep(OFTEN.min(left))),
            }
        }
    }
}
