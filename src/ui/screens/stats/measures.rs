//! How far people agree, as one table: all, each two people, each class, each value with its interval where there is room.

use super::agreement::nothing;
use crate::app::screens::stats::{MEASURES_AROUND, MeasureRow, StatsState};
use crate::app::state::State;
use crate::domain::agreement::gold::{GoldReport, Share};
use crate::domain::agreement::{Agreement, Figure, Measure, digits};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut, number};
use crate::ui::chrome::{Frame, header};
use crate::ui::screens::lake::wrapped;
use ratatui::layout::Rect;

/// One column of numbers.
#[derive(Clone, Copy)]
enum Column {
    Pictures,
    Agree,
    Kappa,
    Alpha,
    Boxes,
    Overlap,
    F1,
    /// The interval of the column before.
    Ends(fn(&Measure) -> Figure),
}

/// Columns of a number with the space before it.
const NUMBER: u16 = 8;
/// Columns of an interval.
const ENDS: u16 = 16;
/// A name has at least so many columns.
const NAME: u16 = 16;
/// And at most so many: farther off, a number is hard to follow back to its name.
const LONGEST: u16 = 34;

/// Draws the view.
pub(super) fn render(state: &State, stats: &StatsState, project: &str, canvas: &mut Canvas, frame: &Frame) {
    let study = stats.agreement.as_ref().and_then(|a| a.study.as_ref());
    let rows = stats.measure_rows();
    let right = study.filter(|s| s.all.labels.pictures > 0).map(|s| {
        let (pictures, answers) = (number(s.all.labels.pictures), number(s.all.labels.answers));
        if frame.header.width < 70 {
            format!("{pictures} pictures")
        } else {
            format!("{pictures} pictures, {answers} answers")
        }
    });
    header(canvas, frame.header, project, "how far people agree", &right.unwrap_or_default());
    let at = frame.body;
    let Some(study) = study.filter(|_| !rows.is_empty()) else {
        if stats.agreement.is_some() {
            return nothing(state, canvas, at);
        }
        wrapped(canvas, at, &printable(stats.problem.as_deref().unwrap_or("comparing")), Role::Muted);
        return;
    };
    let columns = columns(at.width, study.all.boxes.is_some());
    let used: u16 = columns.iter().map(|c| width_of(*c)).sum();
    let name = at.width.saturating_sub(used).min(LONGEST);
    if study.all.labels.pictures > 0 {
        heads(&columns, study, name, canvas, Rect { height: 1, ..at });
    }
    let gold = stats.agreement.as_ref().map(|a| &a.gold);
    let height = usize::from(at.height).saturating_sub(MEASURES_AROUND);
    let top = stats.measures_top.min(rows.len().saturating_sub(height));
    let mut y = at.y + 1;
    for row in rows.iter().skip(top).take(height) {
        let line = Rect { y, height: 1, ..at };
        match gold.and_then(|gold| gold_line(*row, gold)) {
            Some((text, share)) => draw_gold(&text, share, name, canvas, line),
            None => draw(*row, study, &columns, name, canvas, line),
        }
        y += 1;
    }
    let told = "right: of the gold pictures a person was asked; by class, of what is trusted to be there.";
    let words = meaning(study, &columns);
    let below = Rect { y: y + 1, height: (at.bottom()).saturating_sub(y + 1), width: at.width.min(100), ..at };
    let gold = gold.filter(|g| g.all.of > 0).map(|_| told);
    let words = Some(words.as_str()).filter(|_| study.all.labels.pictures > 0);
    let words: Vec<&str> = gold.into_iter().chain(words).collect();
    wrapped(canvas, below, &words.join(" "), Role::Muted);
}

/// What the columns mean; only of those that are there.
fn meaning(study: &Agreement, columns: &[Column]) -> String {
    let mut words =
        "1 is perfect agreement, 0 what chance alone would give. kappa is Cohen's of two people and Fleiss' \
                     of more, alpha Krippendorff's."
            .to_owned();
    if study.all.boxes.is_some() {
        words += &format!(
            " overlap is the mean of boxes that both drew, F1 the share of all boxes that overlap by {:.2} or more.",
            study.threshold
        );
    }
    if columns.iter().any(|c| matches!(c, Column::Ends(_))) {
        words += " The ranges hold with 95 % confidence.";
    }
    words
}

fn width_of(column: Column) -> u16 {
    match column {
        Column::Ends(_) => ENDS,
        Column::Pictures => NUMBER + 2,
        _ => NUMBER,
    }
}

/// The columns that fit, the more telling ones first.
fn columns(width: u16, boxes: bool) -> Vec<Column> {
    let kappa_ends = Column::Ends(kappa);
    let alpha_ends = Column::Ends(|m| m.labels.alpha);
    let f1_ends = Column::Ends(|m| m.boxes.as_ref().map(|b| b.f1).unwrap_or_default());
    // By how much each is wanted, with its place in the row.
    let mut wanted = vec![(3, Column::Alpha), (0, Column::Pictures), (1, Column::Agree)];
    if boxes {
        wanted.extend([(7, Column::F1), (6, Column::Overlap), (8, f1_ends)]);
    }
    wanted.extend([(4, alpha_ends), (2, Column::Kappa)]);
    if boxes {
        wanted.push((5, Column::Boxes));
    }
    // The interval of kappa tells the same as that of alpha, but for the widest windows.
    wanted.push((2, kappa_ends));
    let mut left = width.saturating_sub(NAME);
    let mut taken: Vec<(usize, u8, Column)> = Vec::new();
    for (i, (place, column)) in wanted.into_iter().enumerate() {
        let needed = width_of(column);
        if needed > left {
            break;
        }
        left -= needed;
        taken.push((place, u8::try_from(i).unwrap_or(u8::MAX), column));
    }
    taken.sort_by_key(|(place, i, _)| (*place, *i));
    taken.into_iter().map(|(.., column)| column).collect()
}

fn kappa(measure: &Measure) -> Figure {
    let labels = &measure.labels;
    if labels.cohen.value.is_some() { labels.cohen } else { labels.fleiss }
}

fn heads(columns: &[Column], study: &Agreement, name: u16, canvas: &mut Canvas, at: Rect) {
    let muted = canvas.style(Role::Muted);
    let f1 = format!("F1 {:.2}", study.threshold);
    let mut x = at.x + name;
    for column in columns {
        let cell = Rect { x, width: width_of(*column), ..at };
        let text = match column {
            Column::Pictures => "pictures",
            Column::Agree => "agree",
            Column::Kappa => "kappa",
            Column::Alpha => "alpha",
            Column::Boxes => "boxes",
            Column::Overlap => "overlap",
            Column::F1 => f1.as_str(),
            Column::Ends(_) => "95 %",
        };
        match column {
            Column::Ends(_) => canvas.text(Rect { x: x + 2, width: ENDS - 2, ..cell }, text, muted),
            _ => canvas.right(cell, text, muted),
        };
        x += width_of(*column);
    }
}

fn draw(row: MeasureRow, study: &Agreement, columns: &[Column], name: u16, canvas: &mut Canvas, at: Rect) {
    let (text, measure) = match row {
        MeasureRow::Blank => return,
        MeasureRow::Title(title) => {
            canvas.text(at, title, canvas.style(Role::Title));
            return;
        }
        MeasureRow::All if study.people.len() == 2 => (study.people.join(" and "), &study.all),
        MeasureRow::All => (format!("all {} people", study.people.len()), &study.all),
        MeasureRow::Pair(i) => match study.pairs.get(i) {
            Some(pair) => (format!("{} and {}", pair.a, pair.b), &pair.measure),
            None => return,
        },
        MeasureRow::Class(i) => match study.classes.get(i) {
            Some(class) => (class.class.clone(), &class.measure),
            None => return,
        },
        MeasureRow::GoldHead | MeasureRow::GoldAll | MeasureRow::GoldPerson(_) | MeasureRow::GoldClass(_) => return,
    };
    let shown = cut(&printable(&text), name.saturating_sub(1), &canvas.glyph(Glyph::Ellipsis));
    canvas.text(Rect { width: name, ..at }, &shown, canvas.style(Role::Text));
    let mut x = at.x + name;
    for column in columns {
        let width = width_of(*column);
        cell(*column, measure, canvas, Rect { x, width, ..at });
        x += width;
    }
}

/// What a line about gold pictures says: a name and a share; of the line that names the columns, no share.
fn gold_line(row: MeasureRow, gold: &GoldReport) -> Option<(String, Option<Share>)> {
    Some(match row {
        MeasureRow::GoldHead => ("gold pictures".to_owned(), None),
        MeasureRow::GoldAll => (format!("all {} people", gold.people.len()), Some(gold.all)),
        MeasureRow::GoldPerson(i) => gold.people.get(i).map(|p| (p.name.clone(), Some(p.share)))?,
        MeasureRow::GoldClass(i) => gold.classes.get(i).map(|c| (format!("  {}", c.class), Some(c.share)))?,
        _ => return None,
    })
}

fn draw_gold(text: &str, share: Option<Share>, name: u16, canvas: &mut Canvas, at: Rect) {
    let (muted, plain) = (canvas.style(Role::Muted), canvas.style(Role::Text));
    let shown = cut(&printable(text), name.saturating_sub(1), &canvas.glyph(Glyph::Ellipsis));
    let title = canvas.style(Role::Title);
    canvas.text(Rect { width: name, ..at }, &shown, if share.is_some() { plain } else { title });
    let (asked, right) = (width_of(Column::Pictures), width_of(Column::Agree));
    let cell = |x: u16, width: u16| Rect { x: at.x + name + x, width, ..at };
    let ends =
        Rect { width: at.width.saturating_sub(name + asked + right + 2).min(ENDS - 2), ..cell(asked + right + 2, 0) };
    let Some(share) = share else {
        canvas.right(cell(0, asked), "asked", muted);
        canvas.right(cell(asked, right), "right", muted);
        if ends.width >= 4 {
            canvas.text(ends, "95 %", muted);
        }
        return;
    };
    canvas.right(cell(0, asked), &number(share.of), plain);
    canvas.right(cell(asked, right), &share.value.map(|v| digits(v, 2)).unwrap_or_default(), plain);
    if let (Some(low), Some(high), true) = (share.low, share.high, ends.width >= ENDS - 4) {
        canvas.text(ends, &format!("{low:.2} to {high:.2}"), muted);
    }
}

fn cell(column: Column, measure: &Measure, canvas: &mut Canvas, at: Rect) {
    let (labels, boxes) = (&measure.labels, measure.boxes.as_ref());
    let shown = |figure: Figure| figure.value.map_or_else(|| "-".to_owned(), |v| digits(v, 2));
    let of_boxes =
        |get: fn(&crate::domain::agreement::boxes::Boxes) -> Figure| boxes.map(get).map(shown).unwrap_or_default();
    let text = match column {
        Column::Pictures => number(labels.pictures),
        Column::Agree => shown(labels.raw),
        Column::Kappa => shown(kappa(measure)),
        Column::Alpha => shown(labels.alpha),
        Column::Boxes => boxes.map(|b| number(b.boxes)).unwrap_or_default(),
        Column::Overlap => of_boxes(|b| b.iou),
        Column::F1 => of_boxes(|b| b.f1),
        Column::Ends(get) => {
            let figure = get(measure);
            if let (Some(low), Some(high)) = (figure.low, figure.high) {
                let text = format!("{} to {}", digits(low, 2), digits(high, 2));
                canvas.text(
                    Rect { x: at.x + 2, width: at.width.saturating_sub(2), ..at },
                    &text,
                    canvas.style(Role::Muted),
                );
            }
            return;
        }
    };
    canvas.right(at, &text, canvas.style(Role::Text));
}
