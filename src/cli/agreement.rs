//! `lakelens agreement`: how far people agree who answered the same pictures without seeing each other's answers.

use super::context::Context;
use super::error::AppError;
use super::grammar::Json;
use super::output::{Table, grouped};
use super::stores;
use crate::domain::agreement::{Agreement, Figure, Measure, Study, digits};
use crate::domain::text::printable;
use crate::ops::agreement::{HIT, study};
use crate::ops::{OpsError, Watch};
use crate::store::StoreError;
use clap::{Args, ValueEnum};
use serde_json::json;

/// Say how far people agree: kappas, alpha, overlap of boxes, with 95 % intervals
#[derive(Debug, Args)]
#[command(after_help = "\
Compared are answers given without a sight of each other: the first answer of a picture,
and what each person answered in a second pass (`lakelens double`, or B on the screen).

Examples:
  lakelens agreement flowers
  lakelens agreement flowers --by pair
  lakelens agreement cards --by class --iou 0.75
  lakelens agreement flowers --class roses,tulips --json")]
pub(crate) struct AgreementArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Only these classes, as if there were no others
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',')]
    class: Vec<String>,
    /// Only the table of each two people, or of each class
    #[arg(long, value_name = "WHAT", value_enum)]
    by: Option<By>,
    /// From this overlap on a box is a hit (0 to 1)
    #[arg(long, value_name = "IOU", default_value_t = HIT, value_parser = share)]
    iou: f64,
    #[command(flatten)]
    json: Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Each two people
    Pair,
    /// Each class
    Class,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| "give a number from 0 to 1".to_owned())
}

pub(super) fn run(args: &AgreementArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    if !store.capabilities().review {
        let (what, place) =
            ("keep second answers, so there is nothing to compare".to_owned(), store.place().to_owned());
        return Err(StoreError::Unsupported { what, place }.into());
    }
    let mut gathered = Study::new(&project.labels, args.iou);
    if !args.class.is_empty() {
        let ids: Result<Vec<_>, AppError> =
            args.class.iter().map(|name| stores::class(&project.labels, name.trim()).map(|c| c.id)).collect();
        gathered = gathered.only(&ids?);
    }
    let cancel = context.cancel();
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let found = study(store.as_mut(), project.id, gathered, &mut watch);
    drop(progress);
    let found = match found {
        Err(OpsError::Cancelled) => return Err(context.interrupted()),
        other => other?,
    };
    if args.json.json {
        return context.out.json(&document(&project.name, &found, args.by));
    }
    if found.all.labels.pictures == 0 {
        context.note(&format!(
            "no picture has two answers yet: `lakelens double start {} --share 10` draws some to be answered again",
            printable(&project.name)
        ));
        return Ok(());
    }
    if args.by.is_none() {
        overall(&project.name, &found, context)?;
    }
    if args.by != Some(By::Class) && (args.by.is_some() || found.pairs.len() > 1) {
        let rows = found.pairs.iter().map(|p| (format!("{} and {}", p.a, p.b), &p.measure));
        table("PEOPLE", rows.collect(), args.by.is_none(), context)?;
    }
    if args.by != Some(By::Pair) && !found.classes.is_empty() {
        let rows = found.classes.iter().map(|c| (c.class.clone(), &c.measure));
        table("CLASS", rows.collect(), args.by.is_none(), context)?;
    }
    Ok(())
}

fn document(project: &str, found: &Agreement, by: Option<By>) -> serde_json::Value {
    let mut out = json!({
        "project": project, "people": found.people, "iou": found.threshold, "all": found.all,
        "pairs": found.pairs, "classes": found.classes,
    });
    if let (Some(by), Some(map)) = (by, out.as_object_mut()) {
        map.remove(if by == By::Pair { "classes" } else { "pairs" });
    }
    out
}

fn overall(project: &str, found: &Agreement, context: &mut Context) -> Result<(), AppError> {
    let labels = &found.all.labels;
    let out = &mut context.out;
    out.line(&format!(
        "{}  {} pictures, {} answers by {}",
        printable(project),
        grouped(labels.pictures),
        grouped(labels.answers),
        people(&found.people)
    ))?;
    let mut table = Table::new(&["", ">VALUE", "95 %"]);
    let mut rows = vec![("share that agrees", labels.raw)];
    if labels.cohen.value.is_some() {
        rows.push(("Cohen's kappa", labels.cohen));
    }
    rows.extend([("Fleiss' kappa", labels.fleiss), ("Krippendorff's alpha", labels.alpha)]);
    let hits = format!("F1 of boxes at {:.2}", found.threshold);
    if let Some(boxes) = &found.all.boxes {
        rows.extend([("mean overlap of boxes", boxes.iou), (hits.as_str(), boxes.f1)]);
    }
    for (name, figure) in rows {
        table.row([name.to_owned(), value(&figure), ends(&figure)]);
    }
    out.table(&table)?;
    if let Some(boxes) = found.all.boxes.as_ref().filter(|b| b.empty > 0) {
        let (empty, all) = (grouped(boxes.empty), grouped(boxes.compared));
        out.line(&format!("in {empty} of {all} comparisons neither saw a box"))?;
    }
    Ok(())
}

/// At most five names.
fn people(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(5).map(|n| printable(n).into_owned()).collect();
    let more = names.len().saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

fn table(head: &str, rows: Vec<(String, &Measure)>, apart: bool, context: &mut Context) -> Result<(), AppError> {
    let boxes = rows.iter().any(|(_, m)| m.boxes.is_some());
    let mut heads = vec![head, ">PICTURES", ">AGREE", ">KAPPA", "95 %", ">ALPHA", "95 %"];
    if boxes {
        heads.extend([">BOXES", ">OVERLAP", ">F1", "95 %"]);
    }
    let mut table = Table::new(&heads);
    for (name, measure) in rows {
        let labels = &measure.labels;
        let kappa = if labels.cohen.value.is_some() { &labels.cohen } else { &labels.fleiss };
        let mut cells = vec![name, grouped(labels.pictures), value(&labels.raw)];
        cells.extend([value(kappa), ends(kappa), value(&labels.alpha), ends(&labels.alpha)]);
        if let Some(found) = &measure.boxes {
            cells.extend([grouped(found.boxes), value(&found.iou), value(&found.f1), ends(&found.f1)]);
        }
        table.row(cells);
    }
    if apart {
        context.out.line("")?;
    }
    context.out.table(&table)
}

fn value(figure: &Figure) -> String {
    figure.value.map_or_else(|| "-".to_owned(), |v| digits(v, 3))
}

fn ends(figure: &Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{} to {}", digits(low, 3), digits(high, 3)),
        _ => String::new(),
    }
}
