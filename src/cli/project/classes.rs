//! `lakelens project classes`: the label set. Every change is one edit, so `undo` takes it back.

use crate::cli::context::Context;
use crate::cli::diagnosis::reserved_keys;
use crate::cli::error::{AppError, Kind};
use crate::cli::grammar::JsonOrLines;
use crate::cli::output::{Table, grouped};
use crate::cli::stores;
use crate::domain::class::{LEADER, LabelClass, LabelSet};
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::ClassId;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::ops::report::class_counts;
use crate::store::Store;
use clap::{Args, Subcommand};
use jiff::Timestamp;

/// List and change the classes of a project
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens project classes list flowers
  lakelens project classes add flowers daisy tulips
  lakelens project classes merge flowers rose roses
  lakelens project classes hotkey flowers roses r")]
pub(super) struct ClassesArgs {
    #[command(subcommand)]
    command: ClassesCommand,
}

/// The project, and how the result is printed.
#[derive(Debug, Args)]
struct Target {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    #[command(flatten)]
    json: JsonOrLines,
}

#[derive(Debug, Subcommand)]
enum ClassesCommand {
    /// The classes in order, with their keys and counts
    #[command(after_help = "Examples:\n  lakelens project classes list flowers --json")]
    List(Target),
    /// Add classes at the end
    #[command(after_help = "Examples:\n  lakelens project classes add flowers daisy 'pink tulips'")]
    Add {
        #[command(flatten)]
        target: Target,
        /// The new classes
        #[arg(value_name = "CLASS", required = true)]
        names: Vec<String>,
    },
    /// Give a class another name; its annotations keep it
    #[command(after_help = "Examples:\n  lakelens project classes rename flowers rose roses")]
    Rename {
        #[command(flatten)]
        target: Target,
        /// The class
        #[arg(value_name = "CLASS")]
        class: String,
        /// Its new name
        #[arg(value_name = "NEW")]
        new: String,
    },
    /// Make a class count as another one
    #[command(after_help = "Examples:\n  lakelens project classes merge flowers rose roses")]
    Merge {
        #[command(flatten)]
        target: Target,
        /// The class that goes away
        #[arg(value_name = "CLASS")]
        class: String,
        /// The class it becomes
        #[arg(value_name = "INTO")]
        into: String,
    },
    /// Put classes into this order; those that are not named follow as they are
    #[command(after_help = "Examples:\n  lakelens project classes reorder flowers tulips roses daisy")]
    Reorder {
        #[command(flatten)]
        target: Target,
        /// The classes that come first
        #[arg(value_name = "CLASS", required = true)]
        names: Vec<String>,
    },
    /// Offer a class no longer; its annotations keep it
    #[command(after_help = "Examples:\n  lakelens project classes retire flowers weeds")]
    Retire {
        #[command(flatten)]
        target: Target,
        /// The class
        #[arg(value_name = "CLASS")]
        class: String,
    },
    /// Set the key that assigns a class
    #[command(after_help = "\
Examples:
  lakelens project classes hotkey flowers roses r
  lakelens project classes hotkey flowers tulips ';t'
  lakelens project classes hotkey flowers weeds none")]
    Hotkey {
        #[command(flatten)]
        target: Target,
        /// The class
        #[arg(value_name = "CLASS")]
        class: String,
        /// One character, `;` and a character, or `none`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Set the colour of a class: a number of the theme's ramp
    #[command(after_help = "Examples:\n  lakelens project classes colour flowers roses 3")]
    Colour {
        #[command(flatten)]
        target: Target,
        /// The class
        #[arg(value_name = "CLASS")]
        class: String,
        /// 0 is the first colour of the ramp
        #[arg(value_name = "NUMBER")]
        colour: u16,
    },
}

pub(super) fn run(args: &ClassesArgs, context: &mut Context) -> Result<(), AppError> {
    use ClassesCommand as C;
    match &args.command {
        C::List(target) => {
            let mut store = stores::open(context)?;
            let project = stores::project(store.as_mut(), &target.project)?;
            tell(store.as_mut(), &project, target.json, context)
        }
        C::Add { target, names } => change(target, context, |set| names.iter().try_for_each(|n| add(set, n))),
        C::Rename { target, class, new } => change(target, context, |set| rename(set, class, new)),
        C::Merge { target, class, into } => change(target, context, |set| merge(set, class, into)),
        C::Reorder { target, names } => change(target, context, |set| reorder(set, names)),
        C::Retire { target, class } => change(target, context, |set| {
            named(set, class)?.retired = true;
            Ok(())
        }),
        C::Hotkey { target, class, key } => {
            let reserved = reserved_keys(context);
            if reserved.contains(key) {
                let message = format!("the key `{}` means something else on the Label screen", printable(key));
                return Err(AppError::usage(message).hint("`lakelens config edit` can free it under [keys]"));
            }
            change(target, context, |set| hotkey(set, class, key))
        }
        C::Colour { target, class, colour } => change(target, context, |set| {
            named(set, class)?.colour = *colour;
            Ok(())
        }),
    }
}

/// Changes the label set in one edit.
fn change(
    target: &Target,
    context: &mut Context,
    what: impl FnOnce(&mut LabelSet) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &target.project)?;
    let mut after = project.labels.clone();
    what(&mut after)?;
    let known = project.labels.problems(&[]);
    if let Some(problem) = after.problems(&[]).into_iter().find(|p| !known.contains(p)) {
        return Err(AppError::usage(problem));
    }
    if after != project.labels {
        let change = Change::Classes { before: project.labels.clone(), after };
        let edit = Edit::by_person(project.id, change, &context.loaded.user, Timestamp::now());
        match store.commit(&[edit])?.into_iter().next() {
            Some(Outcome::Conflict { .. }) => {
                let message = "the classes were changed by somebody else in the meantime; nothing was overwritten";
                return Err(AppError::new(Kind::Conflict, message).hint("run the command again"));
            }
            Some(Outcome::Refused { reason }) => return Err(AppError::usage(reason)),
            _ => {}
        }
    }
    let changed = store.project(project.id)?;
    tell(store.as_mut(), &changed, target.json, context)
}

fn tell(store: &mut dyn Store, project: &Project, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let counts = store.counts(project.id)?;
    let rows = class_counts(project, &counts);
    if json.jsonl {
        return rows.iter().try_for_each(|r| context.out.json_line(r));
    }
    if json.json {
        return context.out.json(&rows);
    }
    let mut table = Table::new(&["CLASS", "KEY", ">SAMPLES"]);
    for row in &rows {
        table.row([&row.name, &row.key, &grouped(row.count)]);
    }
    context.out.table(&table)
}

/// The live class with this name, to be changed.
fn named<'a>(set: &'a mut LabelSet, name: &str) -> Result<&'a mut LabelClass, AppError> {
    let id = stores::class(set, name)?.id;
    let found = set.classes.iter_mut().find(|c| c.id == id);
    found.ok_or_else(|| AppError::new(Kind::Bug, format!("class {id} is not in its set")))
}

fn add(set: &mut LabelSet, name: &str) -> Result<(), AppError> {
    let name = name.trim();
    let lower = name.to_lowercase();
    // A class that was retired comes back with its annotations, rather than a second one of that name.
    if let Some(old) = set.classes.iter_mut().find(|c| c.retired && c.name.to_lowercase() == lower) {
        old.retired = false;
        return Ok(());
    }
    let next = set.classes.iter().map(|c| c.id.0).max().unwrap_or(0) + 1;
    let colour = u16::try_from(set.classes.len()).unwrap_or(u16::MAX);
    let hotkey = set.free_hotkey();
    let (id, name) = (ClassId(next), name.to_owned());
    set.classes.push(LabelClass { id, name, hotkey, colour, parent: None, merged_into: None, retired: false });
    Ok(())
}

fn rename(set: &mut LabelSet, class: &str, new: &str) -> Result<(), AppError> {
    let id = stores::class(set, class)?.id;
    if set.find(new).is_some_and(|c| c.id != id) {
        return Err(AppError::usage(format!("there is a class `{}` already", printable(new)))
            .hint("`lakelens project classes merge` makes the two one"));
    }
    named(set, class)?.name = new.trim().to_owned();
    Ok(())
}

fn merge(set: &mut LabelSet, class: &str, into: &str) -> Result<(), AppError> {
    let into = stores::class(set, into)?.id;
    let class = named(set, class)?;
    if class.id == into {
        return Err(AppError::usage("a class cannot be merged into itself"));
    }
    class.merged_into = Some(into);
    Ok(())
}

fn reorder(set: &mut LabelSet, names: &[String]) -> Result<(), AppError> {
    let mut first = Vec::new();
    for name in names {
        let id = stores::class(set, name)?.id;
        if first.contains(&id) {
            return Err(AppError::usage(format!("`{}` is named twice", printable(name))));
        }
        first.push(id);
    }
    let place = |c: &LabelClass| first.iter().position(|id| *id == c.id).unwrap_or(usize::MAX);
    set.classes.sort_by_key(place);
    Ok(())
}

fn hotkey(set: &mut LabelSet, class: &str, key: &str) -> Result<(), AppError> {
    let wanted = if key == "none" { "" } else { key };
    let mut chars = wanted.chars();
    let fine = match (chars.next(), chars.next(), chars.next()) {
        (None, ..) => true,
        (Some(c), None, _) => c != LEADER && !c.is_whitespace() && !c.is_control(),
        (Some(LEADER), Some(c), None) => !c.is_whitespace() && !c.is_control(),
        _ => false,
    };
    if !fine {
        return Err(AppError::usage(format!("`{}` is no key for a class", printable(key)))
            .hint("use one character, `;` and a character, or `none`"));
    }
    wanted.clone_into(&mut named(set, class)?.hotkey);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_sets_change_as_asked() {
        let mut set = LabelSet::from_names(&["rose", "roses", "tulip"], 1);
        merge(&mut set, "rose", "roses").unwrap();
        reorder(&mut set, &["tulip".to_owned()]).unwrap();
        assert_eq!(set.live().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["tulip", "roses"]);
        rename(&mut set, "tulip", "tulips").unwrap();
        assert!(rename(&mut set, "tulips", "Roses").is_err());
        add(&mut set, "daisy").unwrap();
        assert_eq!(set.find("daisy").unwrap().id, ClassId(4));
        named(&mut set, "daisy").unwrap().retired = true;
        add(&mut set, "Daisy").unwrap();
        assert_eq!(set.find("daisy").unwrap().id, ClassId(4));
        hotkey(&mut set, "daisy", ";d").unwrap();
        assert_eq!(set.find("daisy").unwrap().hotkey, ";d");
        assert!(hotkey(&mut set, "daisy", "ab").is_err());
        assert!(merge(&mut set, "roses", "roses").is_err());
    }
}
