//! `lakelens status`: how far a project is, how fast it goes, and who works on it.

use super::context::Context;
use super::error::AppError;
use super::grammar::JsonOrLines;
use super::output::{Table, grouped};
use super::stores;
use crate::domain::text::printable;
use crate::ops::report::StatsReport;
use crate::ops::stats::stats;
use crate::store::records::Shelf;
use clap::Args;
use jiff::Timestamp;

/// Show counts, people, speed and unsent edits
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens status                      every project
  lakelens status flowers
  lakelens status flowers --json | jq .status")]
pub(crate) struct StatusArgs {
    /// Only this project
    #[arg(value_name = "PROJECT")]
    project: Option<String>,
    #[command(flatten)]
    json: JsonOrLines,
}

pub(super) fn run(args: &StatusArgs, context: &mut Context) -> Result<(), AppError> {
    let now = Timestamp::now();
    let Some(name) = &args.project else { return all(args.json, now, context) };
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), name)?;
    let report = stats(store.as_mut(), &project, now)?;
    if args.json.jsonl {
        return context.out.json_line(&report);
    }
    if args.json.json {
        return context.out.json(&report);
    }
    text(&report, context)
}

fn all(json: JsonOrLines, now: Timestamp, context: &mut Context) -> Result<(), AppError> {
    let mut reports = Vec::new();
    if let Some(mut store) = stores::open_to_read(context)? {
        for project in store.projects(Shelf::Live)? {
            reports.push(stats(store.as_mut(), &project, now)?);
        }
    }
    if json.jsonl {
        return reports.iter().try_for_each(|r| context.out.json_line(r));
    }
    if json.json {
        return context.out.json(&reports);
    }
    if reports.is_empty() {
        context.note(stores::first_project(context));
        return Ok(());
    }
    let mut table = Table::new(&["PROJECT", ">SAMPLES", ">DONE", ">", "PEOPLE"]);
    for report in &reports {
        let done = (report.share_done() * report.samples as f64).round() as u64;
        let people: Vec<&str> = report.people.iter().take(5).map(|p| p.user.as_str()).collect();
        let share = format!("{:.0} %", report.share_done() * 100.0);
        table.row([&report.project, &grouped(report.samples), &grouped(done), &share, &people.join(", ")]);
    }
    context.out.table(&table)
}

fn text(report: &StatsReport, context: &mut Context) -> Result<(), AppError> {
    let out = &mut context.out;
    let share = report.share_done() * 100.0;
    let name = printable(&report.project).into_owned();
    out.line(&format!("{name}  version {}  {} samples, {share:.0} % done", report.version, grouped(report.samples)))?;
    for (status, count) in &report.status {
        out.line(&format!("  {:<12} {:>10}", status.name(), grouped(*count)))?;
    }
    if report.empty > 0 {
        out.line(&format!("  {:<12} {:>10}", "empty", grouped(report.empty)))?;
    }
    if let Some(seconds) = report.eta_seconds {
        out.line(&format!("  {:<12} {:>10}", "time left", duration(seconds)))?;
    }
    if report.unsent + report.conflicts > 0 {
        out.line(&format!("  {} unsent, {} conflicts", grouped(report.unsent), grouped(report.conflicts)))?;
    }
    if !report.classes.is_empty() {
        let mut table = Table::new(&["CLASS", "KEY", ">SAMPLES"]);
        for class in &report.classes {
            table.row([&class.name, &class.key, &grouped(class.count)]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    if !report.people.is_empty() {
        let mut table = Table::new(&["WHO", ">SAMPLES", ">PER HOUR", "LAST"]);
        for person in &report.people {
            let rate = person.per_hour.map(|r| grouped(r.round() as u64)).unwrap_or_default();
            let last = person.last.map(|t| t.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default();
            table.row([&person.user, &grouped(person.samples), &rate, &last]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    Ok(())
}

/// A time as people say it.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
