//! Imports and exports that the wizards order, and looks at the first pictures of a file.

use super::Work;
use crate::app::effect::{ExportOrder, ImportOrder};
use crate::app::event::{Event, Exchanged, Reply};
use crate::app::slots::Tag;
use crate::app::tasks::{TaskId, TaskNews};
use crate::domain::text::{encode_os, grouped, printable};
use crate::lake::remote::Stop;
use crate::ops::import::{self, Import, Imported};
use crate::ops::options::import::on_screen;
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch, export};
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Losses that are named in the task's notes.
const NOTED: usize = 50;

impl Work {
    fn import_of(&self, order: ImportOrder) -> Import {
        let ImportOrder { from, how, dry_run, .. } = order;
        let new = Import::new(from, how, self.user.clone(), self.scratch.clone(), &self.rejects);
        Import { dry_run, ..new }
    }

    /// Imports, or counts what that would do.
    pub(super) fn import(
        &self,
        id: TaskId,
        order: ImportOrder,
        store: &mut dyn Store,
        stop: &Arc<AtomicBool>,
        watch: &mut Watch<'_>,
    ) -> Result<String, OpsError> {
        let project = store.project(order.project)?;
        let wanted = self.import_of(order);
        let done = import::import(store, &self.lake, &project, &wanted, &Stop::flag(Arc::clone(stop)), watch)?;
        for note in done.notes.iter().chain(&done.rejected).take(NOTED) {
            self.tell(id, TaskNews::Note(on_screen(note)));
        }
        if let Some(file) = &done.rejects {
            let text = format!("wrong rows and the reasons are in {}", printable(&encode_os(file.as_os_str())));
            self.tell(id, TaskNews::Note(text));
        }
        let text = told(&done);
        let stopped = done.stopped.clone().filter(|_| !wanted.dry_run);
        self.sender.event(Event::Exchanged(id, Exchanged::Imported(Box::new(done))));
        match stopped {
            Some(why) => Err(OpsError::Data(on_screen(&format!("nothing was imported: {why}")))),
            None => Ok(text),
        }
    }

    /// Exports, or counts what would be written and what would be lost.
    pub(super) fn export(
        &self,
        id: TaskId,
        mut order: ExportOrder,
        store: &mut dyn Store,
        watch: &mut Watch<'_>,
    ) -> Result<String, OpsError> {
        let project = store.project(order.project)?;
        if order.wanted.far.is_some() {
            // Where files wait that go elsewhere.
            order.wanted.dest = self.scratch.join("export");
            order.wanted.begun = self.exports.clone();
        }
        let report = match order.dry_run {
            true => export::count(store, &self.lake, &project, &order.wanted, &self.scratch, watch)?,
            false => export::export(store, &self.lake, &project, &order.wanted, watch)?,
        };
        for loss in report.loss.iter().take(NOTED) {
            self.tell(id, TaskNews::Note(format!("lost: {}: {}", grouped(loss.count), printable(&loss.what))));
        }
        let text = written(&report, order.dry_run);
        self.sender.event(Event::Exchanged(id, Exchanged::Exported(report)));
        Ok(text)
    }

    /// Reads the first pictures of a file.
    pub(super) fn look(&self, tag: Tag, order: ImportOrder, stop: &Arc<AtomicBool>) {
        let found = self.preview(order, stop);
        let reply = match found {
            Err(_) if stop.load(Ordering::Relaxed) => return,
            Ok(preview) => Reply::ImportPreview(Arc::new(preview)),
            Err(error) => Reply::Failed(error.to_string()),
        };
        self.sender.event(Event::Reply(tag, reply));
    }

    fn preview(
        &self,
        order: ImportOrder,
        stop: &Arc<AtomicBool>,
    ) -> Result<crate::ops::report::exchange::ImportPreview, OpsError> {
        let mut store = self.store.open()?;
        let project = store.project(order.project)?;
        let wanted = self.import_of(order);
        let cancelled = || stop.load(Ordering::Relaxed);
        let mut watch = Watch { progress: &mut |_| {}, cancelled: &cancelled };
        import::preview(store.as_mut(), &self.lake, &project, &wanted, &Stop::flag(Arc::clone(stop)), &mut watch)
    }
}

/// What an import did, in one line: nothing that is zero.
fn told(done: &Imported) -> String {
    let report = &done.report;
    if let (Some(why), true) = (&done.stopped, report.dry_run) {
        return format!("it would stop: {}", on_screen(why));
    }
    let would = if report.dry_run { "would be " } else { "" };
    let counts = [
        (report.answered, "pictures", "answered"),
        (report.annotations, "labels", "added"),
        (report.created, "pictures", "made"),
        (report.replaced, "answers", "replaced"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, what, done)| format!("{} {what} {would}{done}", grouped(*n)))
        .collect();
    if parts.is_empty() {
        parts.push(if report.dry_run { "nothing would change" } else { "nothing changed" }.to_owned());
    }
    if report.rejected > 0 {
        parts.push(format!("{} wrong rows", grouped(report.rejected)));
    }
    if done.conflicts > 0 {
        parts.push(format!("{} pictures changed meanwhile by others; import again for them", grouped(done.conflicts)));
    }
    parts.join(", ")
}

fn written(report: &ExportReport, dry: bool) -> String {
    let what = format!("{} pictures, {} labels", grouped(report.images), grouped(report.annotations));
    let lost = if report.loss.is_empty() { "nothing lost" } else { "some is lost" };
    if dry { format!("{what}, {lost}") } else { format!("{what} in {}", printable(&report.dest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_stop_is_told_in_the_words_of_the_screen() {
        let stopped = Some("3 pictures are not in the project; --on-missing skip leaves them out".to_owned());
        let mut done = Imported { stopped, ..Imported::default() };
        done.report.dry_run = true;
        let text = told(&done);
        assert_eq!(text, "it would stop: 3 pictures are not in the project; `unknown pictures: skip` leaves them out");
    }
}
