//! What the import wizard shows, line by line.

use super::asking::project_title;
use super::import::{Back, ImportState, Look, Row, Tab};
use super::{Line, Page, Said, Tone, line_of, line_of_field, right};
use crate::app::state::State;
use crate::domain::text::{encode_os, grouped, printable};
use crate::ops::options::import::{BY_CONTENT, on_screen};
use crate::ops::report::exchange::{ClassMeans, Fate, ImportPreview, Imported, PreviewClass, PreviewRow};

pub(super) fn page(state: &State, wizard: &ImportState) -> Page {
    let (said, empty) = match wizard.tab {
        Tab::Preview => preview(wizard),
        Tab::Classes => classes(wizard),
        Tab::Result => result(state, wizard),
    };
    let lines: Vec<Line> = wizard.rows().into_iter().map(|row| line(wizard, row)).collect();
    Page {
        title: wizard.into.as_ref().map(project_title).unwrap_or_default(),
        subtitle: "import labels".to_owned(),
        right: right(state, wizard.run, wizard.told.as_ref().map(|t| t.report.dry_run)),
        cursor: wizard.cursor.min((lines.len() + said.len()).saturating_sub(1)),
        lines,
        tabs: tabs(wizard),
        tab: Tab::ALL.iter().position(|(tab, _)| *tab == wizard.tab).unwrap_or(0),
        said,
        empty,
    }
}

/// `preview  classes 5, 2 new  result`.
fn tabs(wizard: &ImportState) -> Vec<String> {
    let Look::Shown(preview) = &wizard.look else {
        return Tab::ALL.map(|(_, name)| name.to_owned()).to_vec();
    };
    let wrong = preview.rows.iter().filter(|r| !r.faults.is_empty()).count();
    let fresh = preview.classes.iter().filter(|c| matches!(c.means, ClassMeans::New(_))).count();
    let refused = preview.classes.iter().filter(|c| matches!(c.means, ClassMeans::Refused(_))).count();
    let more = |n: usize, what: &str| if n > 0 { format!(", {n} {what}") } else { String::new() };
    vec![
        format!("preview {}{}{}", preview.rows.len(), if preview.more { "+" } else { "" }, more(wrong, "wrong")),
        format!("classes {}{}{}", preview.classes.len(), more(fresh, "new"), more(refused, "unknown")),
        "result".to_owned(),
    ]
}

fn line(wizard: &ImportState, row: Row) -> Line {
    let path = |title: &str, value: Option<String>, missing: &str| Line {
        title: title.to_owned(),
        about: if value.is_some() { String::new() } else { missing.to_owned() },
        missing: value.is_none(),
        value: value.unwrap_or_default(),
        path: true,
    };
    match row {
        Row::Into => Line { path: false, ..path("into", wizard.into.as_ref().map(project_title), "choose a project") },
        Row::From => {
            let shown = wizard.from.as_ref().map(|from| printable(&from.to_string()).into_owned());
            path("file", shown, "choose a file or folder")
        }
        Row::Reference => {
            let shown = wizard.how.reference.as_ref().map(|from| printable(&from.to_string()).into_owned());
            Line { missing: false, ..path("reference", shown, "the COCO file that a list of results belongs to") }
        }
        Row::Choice(choice) => {
            let line = line_of(choice, &wizard.how);
            match &wizard.look {
                Look::Shown(preview) if line.value == BY_CONTENT && choice.flag == "format" => {
                    Line { value: preview.format.to_owned(), about: "recognised by its content".to_owned(), ..line }
                }
                _ => line,
            }
        }
        Row::Field(field) => line_of_field(field, &wizard.how),
    }
}

type Told = (Vec<Said>, (String, Tone));

fn nothing(text: &str, tone: Tone) -> Told {
    (Vec::new(), (text.to_owned(), tone))
}

/// What stands in the place of the first pictures while there are none.
fn unseen(wizard: &ImportState) -> Result<&ImportPreview, Told> {
    match &wizard.look {
        Look::None if wizard.into.is_none() => Err(nothing("Choose the project that gets the labels.", Tone::Quiet)),
        Look::None => Err(nothing("Choose the file or folder that holds the labels.", Tone::Quiet)),
        Look::Reading => Err(nothing("reading", Tone::Quiet)),
        Look::Failed(why) => Err(nothing(why, Tone::Bad)),
        Look::Shown(preview) => Ok(preview),
    }
}

fn preview(wizard: &ImportState) -> Told {
    let preview = match unseen(wizard) {
        Ok(preview) => preview,
        Err(told) => return told,
    };
    let mut said: Vec<Said> = Vec::new();
    if let Some(broken) = &preview.broken {
        let text = format!("{broken}; nothing can be imported from here on");
        said.push(Said { detail: text.clone(), ..Said::new("broken", text).tone(Tone::Bad) });
    }
    said.extend(preview.rows.iter().map(row));
    said.extend(preview.notes.iter().map(|note| noted("note", note)));
    (said, ("no pictures in it".to_owned(), Tone::Warning))
}

fn noted(left: &str, text: &str) -> Said {
    let text = on_screen(text);
    Said { detail: text.clone(), ..Said::new(left, text).tone(Tone::Quiet) }
}

fn row(row: &PreviewRow) -> Said {
    let left = if row.picture.is_empty() { row.place.clone() } else { row.picture.clone() };
    let fault = row.faults.first().map(String::as_str).unwrap_or_default();
    // The place is the row's own, and the name stands beside it.
    let bare = fault.strip_prefix(&row.place).unwrap_or(fault);
    let bare = bare.strip_prefix(&format!(" (`{}`)", row.picture)).unwrap_or(bare).trim_start_matches([':', ' ']);
    let (right, tone) = match (row.fate, row.faults.is_empty()) {
        (Fate::Wrong, false) => (bare.to_owned(), Tone::Bad),
        (_, false) => (format!("{bare}; {}", row.says), Tone::Warning),
        (Fate::Wrong, true) => (row.says.clone(), Tone::Bad),
        (Fate::LeftOut, true) => (format!("left out: {}", row.says), Tone::Quiet),
        (Fate::Made, true) => (format!("new picture: {}", row.says), Tone::Good),
        (Fate::Found, true) => (row.says.clone(), Tone::Plain),
    };
    let mut detail = vec![format!("{}: {}", row.place, row.says)];
    if !row.faults.is_empty() {
        detail = row.faults.clone();
    }
    Said { left, right: on_screen(&right), tone, detail: on_screen(&detail.join("; ")), ..Said::default() }
}

fn classes(wizard: &ImportState) -> Told {
    let preview = match unseen(wizard) {
        Ok(preview) => preview,
        Err(told) => return told,
    };
    (preview.classes.iter().map(class).collect(), ("no class in the first pictures".to_owned(), Tone::Quiet))
}

fn class(class: &PreviewClass) -> Said {
    let name = printable(&class.name);
    let left = if class.seen > 0 { format!("{name}  x {}", class.seen) } else { name.clone().into_owned() };
    let (right, tone) = match &class.means {
        ClassMeans::Known(own) if *own == class.name => ("is in the project".to_owned(), Tone::Plain),
        ClassMeans::Known(own) => (format!("is `{}` in the project", printable(own)), Tone::Plain),
        ClassMeans::New(own) if *own == class.name => ("new: it is added to the project".to_owned(), Tone::Good),
        ClassMeans::New(own) => (format!("new: it is added as `{}`", printable(own)), Tone::Good),
        ClassMeans::LeftOut => ("added only if a picture that is not left out has it".to_owned(), Tone::Warning),
        ClassMeans::Refused(why) => (format!("unknown: {}", printable(why)), Tone::Bad),
    };
    Said { left, right, tone, ..Said::default() }
}

fn result(state: &State, wizard: &ImportState) -> Told {
    if let Some(run) = wizard.run {
        let what = if run.dry { "counting; nothing is written" } else { "importing; it goes on when you leave" };
        return nothing(&state.with_keys(&format!("{what}. [wizard.cancel] stops it.")), Tone::Quiet);
    }
    match (&wizard.told, &wizard.problem) {
        (Some(told), _) => (counters(state, told, wizard.back), (String::new(), Tone::Quiet)),
        (None, Some(why)) => nothing(&printable(why), Tone::Bad),
        (None, None) => {
            let text = "[wizard.count] counts what would happen; [wizard.go] starts.";
            nothing(&state.with_keys(text), Tone::Quiet)
        }
    }
}

fn counters(state: &State, told: &Imported, back: Back) -> Vec<Said> {
    let report = &told.report;
    let (mut said, dry) = (vec![verdict(state, told, back)], report.dry_run);
    let counter = |what: &str, n: u64| Said::new(what, format!("{:>11}", grouped(n)));
    said.push(counter(if dry { "answers to be made" } else { "answers made" }, report.answered));
    said.push(counter(if dry { "labels to be added" } else { "labels added" }, report.annotations));
    said.push(counter(if dry { "answers to be replaced" } else { "answers replaced" }, report.replaced));
    said.push(counter(if dry { "pictures to be made" } else { "pictures made" }, report.created));
    said.push(counter("pictures in the file", report.read));
    said.push(counter("found in the project", report.matched));
    said.push(counter("left as they are", report.skipped));
    if report.comments > 0 {
        said.push(counter(if dry { "remarks to be added" } else { "remarks added" }, report.comments));
    }
    for (part, n) in &report.parts {
        let name = format!("in the part {}", printable(part));
        said.push(counter(&name, *n));
    }
    if report.unreadable > 0 {
        said.push(counter("cannot be opened", report.unreadable).tone(Tone::Warning));
    }
    let wrong = counter("wrong rows", report.rejected);
    said.push(if report.rejected > 0 { wrong.tone(Tone::Warning) } else { wrong });
    if told.conflicts > 0 {
        said.push(counter("changed meanwhile by others", told.conflicts).tone(Tone::Warning));
    }
    if !told.new_classes.is_empty() {
        let names: Vec<_> = told.new_classes.iter().map(|n| printable(n).into_owned()).collect();
        said.push(Said { detail: names.join(", "), ..Said::new("new classes", names.join(", ")).tone(Tone::Good) });
    }
    said.extend(told.notes.iter().map(|note| noted("note", note)));
    if let Some(file) = &told.rejects {
        said.push(noted("all wrong rows are in", &printable(&encode_os(file.as_os_str()))));
    }
    said.extend(told.rejected.iter().map(|bad| Said { tone: Tone::Bad, ..noted("wrong", bad) }));
    said
}

/// The one sentence that matters.
fn verdict(state: &State, told: &Imported, back: Back) -> Said {
    let dry = told.report.dry_run;
    let (left, right, tone) = match (&told.stopped, told.changes_nothing()) {
        (Some(why), _) => ("stops", on_screen(why), Tone::Bad),
        (None, true) => (
            "nothing",
            format!(
                "{} {}",
                if dry { "would change:" } else { "changed:" },
                if told.knows_none() {
                    "the project has none of these pictures"
                } else {
                    "it is there already, or answered"
                }
            ),
            Tone::Warning,
        ),
        (None, false) if dry => ("possible", state.with_keys("nothing is written yet; [wizard.go] starts"), Tone::Good),
        (None, false) if back == Back::Done => ("taken back", format!("as before{}", stays(told)), Tone::Good),
        (None, false) if told.changes_answers() => {
            let text = format!("[wizard.undo] takes the answers back{}", stays(told));
            ("done", state.with_keys(&text), Tone::Good)
        }
        (None, false) => ("done", "no answer was changed, so undo has nothing to take back".to_owned(), Tone::Good),
    };
    Said { whole: true, ..Said::new(left, right).tone(tone) }
}

/// `; remarks and lists of parts stay`: what an undo leaves.
fn stays(told: &Imported) -> String {
    match told.stays().as_slice() {
        [] => String::new(),
        [one] => format!("; {one} stay"),
        [first @ .., last] => format!("; {} and {last} stay", first.join(", ")),
    }
}
