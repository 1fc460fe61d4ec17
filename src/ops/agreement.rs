//! How far people agree: the answers that were given without a sight of each other, read page by page.
//!
//! What always holds: only independent answers are compared. These are the answer a picture had when it was first drawn for
//! a second pass, and what each person answered in their own pass; an answer that somebody gave over another one, with that
//! one on the screen, is none of them.

use super::report::TaskProgress;
use super::{OpsError, Watch};
use crate::domain::agreement::{Agreement, Study};
use crate::domain::ids::ProjectId;
use crate::domain::sample::Answer;
use crate::store::Store;
use crate::store::records::SecondAnswer;

/// From this overlap on a box is a hit, unless the person says otherwise.
pub const HIT: f64 = 0.5;
/// Pairs of answers fetched at a time.
const PAGE: usize = 2_000;

/// The measures of a project, gathered by a study that says which classes and what overlap count.
///
/// # Errors
/// When the store cannot be read, or the work is told to stop.
pub fn study(
    store: &mut dyn Store,
    project: ProjectId,
    mut study: Study,
    watch: &mut Watch<'_>,
) -> Result<Agreement, OpsError> {
    let mut progress = TaskProgress { step: "comparing answers".into(), unit: "answers".into(), ..Default::default() };
    // The pairs of one picture may stand on two pages: those of the last one wait for the next page.
    let mut open: Vec<SecondAnswer> = Vec::new();
    let mut last = None;
    loop {
        watch.check()?;
        let after = last.as_ref().map(|(sample, author): &(_, String)| (*sample, author.as_str()));
        let page = store.second_answers_after(project, after, PAGE)?;
        progress.done += page.len() as u64;
        watch.tell(&progress);
        let end = page.len() < PAGE;
        last = page.last().map(|p| (p.sample, p.second_by.clone())).or(last);
        for pair in page {
            if open.first().is_some_and(|o| o.sample != pair.sample) {
                study.add(&answers(&open));
                open.clear();
            }
            open.push(pair);
        }
        if end {
            study.add(&answers(&open));
            return Ok(study.report());
        }
    }
}

/// Who gave which independent answer to one picture.
fn answers(pairs: &[SecondAnswer]) -> Vec<(String, &Answer)> {
    let Some(first) = pairs.iter().min_by_key(|p| p.at) else { return Vec::new() };
    let by = if first.first_by.is_empty() { "(imported)" } else { first.first_by.as_str() };
    let name = |who: &str| if who == by { format!("{who} (again)") } else { who.to_owned() };
    let second = pairs.iter().map(|p| (name(&p.second_by), &p.second));
    std::iter::once((by.to_owned(), &first.first)).chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::SampleId;
    use jiff::Timestamp;

    #[test]
    fn a_picture_has_one_first_answer_and_one_of_each_pass() {
        let pair = |first_by: &str, second_by: &str, at: i64| SecondAnswer {
            sample: SampleId(1),
            path: String::new(),
            first: Answer::default(),
            first_by: first_by.to_owned(),
            second: Answer::default(),
            second_by: second_by.to_owned(),
            at: Timestamp::from_second(at).unwrap(),
        };
        let names = |pairs: &[SecondAnswer]| answers(pairs).into_iter().map(|a| a.0).collect::<Vec<_>>();
        assert_eq!(names(&[pair("ann", "ann", 2), pair("ann", "bob", 1)]), ["ann", "ann (again)", "bob"]);
        // What cleo made of it afterwards was made with a sight of the others'.
        assert_eq!(names(&[pair("ann", "bob", 1), pair("cleo", "dan", 2)]), ["ann", "bob", "dan"]);
        assert_eq!(names(&[pair("", "bob", 1)]), ["(imported)", "bob"]);
        assert!(names(&[]).is_empty());
    }
}
