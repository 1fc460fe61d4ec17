//! How far, how fast, how sure, who: one report from what the store keeps.
//!
//! What always holds: the cost does not grow with the number of samples, only with people and with the answers of the
//! days that are looked at.

use super::OpsError;
use super::report::{HourCount, PersonReport, StatsReport, class_counts, every_status};
use crate::domain::project::Project;
use crate::domain::sample::Status;
use crate::domain::stats::{Speed, speed};
use crate::store::Store;
use crate::store::records::{Activity, Person};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Hours of activity that are shown.
const HOURS: i64 = 48;
/// Speed is taken from the answers of this many hours before a person's last one.
const SPEED_HOURS: i64 = 24 * 7;
/// Whoever answered within this many hours before the last answer of all counts as at work.
const AT_WORK_HOURS: i64 = 12;
/// People whose speed is worked out; the others are only counted.
const PEOPLE: usize = 50;

/// The report of a project at the time `now`.
///
/// # Errors
/// When the store cannot be read.
pub fn stats(store: &mut dyn Store, project: &Project, now: Timestamp) -> Result<StatsReport, OpsError> {
    let outbox = store.outbox()?;
    let counts = store.counts(project.id)?;
    let everybody = store.people(project.id)?;
    let mut people = Vec::with_capacity(everybody.len());
    let latest = everybody.iter().filter_map(|p| p.last).max();
    let mut rate = 0.0;
    for (i, person) in everybody.iter().enumerate() {
        let speed = if i < PEOPLE { speed_of(store, project, person)? } else { Speed::default() };
        if at_work(person, latest) {
            rate += speed.per_hour().unwrap_or(0.0);
        }
        people.push(person_report(person, speed));
    }
    let left = counts.of(Status::Unlabeled) + counts.of(Status::PreLabeled);
    let since = hour_of(now) - SignedDuration::from_hours(HOURS - 1);
    let activity = store.activity(project.id, since)?;
    let kappa = super::agreement::pairs(store, project.id, 0).ok().and_then(|pairs| pairs.kappa());
    Ok(StatsReport {
        project: project.name.clone(),
        version: project.version,
        samples: counts.samples(),
        status: every_status(&counts),
        empty: counts.empty,
        classes: class_counts(project, &counts),
        people,
        activity: hours(&activity, since, now),
        eta_seconds: (rate > 0.0).then(|| left as f64 * 3600.0 / rate),
        kappa,
        unsent: outbox.unsent,
        conflicts: outbox.conflicts,
    })
}

fn before(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN)
}

fn speed_of(store: &mut dyn Store, project: &Project, person: &Person) -> Result<Speed, OpsError> {
    let Some(last) = person.last else { return Ok(Speed::default()) };
    Ok(speed(&store.answer_times(project.id, &person.name, before(last, SPEED_HOURS))?))
}

fn at_work(person: &Person, latest: Option<Timestamp>) -> bool {
    latest.zip(person.last).is_some_and(|(latest, last)| last >= before(latest, AT_WORK_HOURS))
}

fn person_report(person: &Person, speed: Speed) -> PersonReport {
    let median = (speed.samples > 1).then_some(speed.median_seconds);
    let (user, samples) = (person.name.clone(), person.samples);
    PersonReport { user, samples, per_hour: speed.per_hour(), median_seconds: median, last: person.last }
}

/// The start of the hour, UTC.
fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(3600) * 3600).unwrap_or(at)
}

/// Every hour from `since` to `now`, also those in which nobody answered.
fn hours(activity: &[Activity], since: Timestamp, now: Timestamp) -> Vec<HourCount> {
    let mut answers: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for row in activity {
        *answers.entry(hour_of(row.hour)).or_default() += row.samples;
    }
    let next = |hour: &Timestamp| hour.checked_add(SignedDuration::from_hours(1)).ok();
    let all = std::iter::successors(Some(since), next).take_while(|hour| *hour <= now);
    all.map(|hour| HourCount { hour, answers: answers.get(&hour).copied().unwrap_or(0) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_without_answers_are_there() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let row = |hour: &str, samples| Activity { hour: at(hour), name: "ann".to_owned(), samples };
        let rows = [row("2026-01-01T10:00:00Z", 3), row("2026-01-01T10:00:00Z", 4), row("2026-01-01T12:00:00Z", 1)];
        let found = hours(&rows, at("2026-01-01T09:00:00Z"), at("2026-01-01T12:30:00Z"));
        assert_eq!(found.iter().map(|h| h.answers).collect::<Vec<_>>(), [0, 7, 0, 1]);
    }

    #[test]
    fn whoever_stopped_long_ago_is_not_at_work() {
        let person = |last: &str| Person { name: String::new(), samples: 1, last: last.parse().ok() };
        let latest = "2026-01-02T00:00:00Z".parse().ok();
        assert!(at_work(&person("2026-01-01T23:00:00Z"), latest));
        assert!(!at_work(&person("2026-01-01T01:00:00Z"), latest));
    }
}
