//! Making a project from a folder: a few questions with good answers already filled in.

use crate::app::effect::{Effect, Job, NewProject};
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{ClassFrom, ScanSettings, Task};
use crate::domain::text::printable;

/// Starts the questions for a folder: name, what is asked, where classes come from, class names.
pub fn begin(state: &mut State, source: LakePath) -> Vec<Effect> {
    let name: String = source.name().chars().filter(|c| !c.is_control()).collect();
    state.draft = Some(NewProject {
        name: name.clone(),
        task: Task::Classification,
        source,
        scan: ScanSettings { recursive: true, ..ScanSettings::default() },
        classes: Vec::new(),
    });
    let prompt = Prompt::new("name of the new project", &name, named);
    state.open(Overlay::Prompt(prompt.hint("Enter goes on, Esc makes nothing")));
    Vec::new()
}

fn named(state: &mut State, text: &str) -> Result<Vec<Effect>, String> {
    let name = text.trim().to_owned();
    if name.is_empty() {
        return Err("a project needs a name".to_owned());
    }
    if let Some(draft) = &mut state.draft {
        draft.name = name;
    }
    let item = |task: Task, label: &str, detail: &str| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        value: task.name().to_owned(),
        key: String::new(),
    };
    let items = vec![
        item(Task::Classification, "one class a picture", "one key labels and goes on"),
        item(Task::Multilabel, "several classes a picture", "keys toggle, Enter confirms"),
        item(Task::Detection, "boxes", "five keys a box, two letters a corner"),
    ];
    state.open(Overlay::Picker(Picker::new("what is asked?", items, |state, value| {
        if let (Some(draft), Some(task)) = (&mut state.draft, Task::from_name(value)) {
            draft.task = task;
        }
        ask_classes_from(state)
    })));
    Ok(Vec::new())
}

fn ask_classes_from(state: &mut State) -> Vec<Effect> {
    let item = |label: &str, detail: &str, value: &str| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        value: value.to_owned(),
        key: String::new(),
    };
    let items = vec![
        item("I type them", "all pictures start unlabeled", "none"),
        item("from the folder names", "each picture gets the name of its folder", "folder"),
        item("from a CSV file", "a column names the picture, another its class", "csv"),
    ];
    state.open(Overlay::Picker(Picker::new("where do the classes come from?", items, |state, value| match value {
        "folder" => {
            set_class_from(state, ClassFrom::Folder);
            start(state)
        }
        "csv" => ask_csv(state),
        _ => ask_names(state),
    })));
    Vec::new()
}

fn set_class_from(state: &mut State, from: ClassFrom) {
    if let Some(draft) = &mut state.draft {
        draft.scan.class_from = from;
    }
}

fn ask_csv(state: &mut State) -> Vec<Effect> {
    let source = state.draft.as_ref().map(|d| d.source.to_string()).unwrap_or_default();
    let prompt = Prompt::new(
        "CSV file, its column with the path, its column with the class",
        &format!("{source}/labels.csv:path:class"),
        |state, text| {
            let mut parts = text.trim().rsplitn(3, ':');
            let (class, id, file) = (parts.next(), parts.next(), parts.next());
            let (Some(file), Some(id), Some(class)) = (file, id, class) else {
                return Err("write FILE:COLUMN:COLUMN, such as labels.csv:Filename:Species".to_owned());
            };
            let file = if file.starts_with('/') { file.to_owned() } else { format!("{}/{file}", state.base()) };
            set_class_from(state, ClassFrom::Csv { file, id: id.to_owned(), class: class.to_owned() });
            Ok(start(state))
        },
    );
    state.open(Overlay::Prompt(prompt.hint("FILE:COLUMN:COLUMN")));
    Vec::new()
}

fn ask_names(state: &mut State) -> Vec<Effect> {
    let prompt = Prompt::new("classes, separated by commas", "", |state, text| {
        let names: Vec<String> = text.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        for (i, name) in names.iter().enumerate() {
            let earlier = names.get(..i).unwrap_or_default();
            if earlier.iter().any(|n| n.to_lowercase() == name.to_lowercase()) {
                return Err(format!("`{}` is there twice", printable(name)));
            }
        }
        if let Some(draft) = &mut state.draft {
            draft.classes = names;
        }
        Ok(start(state))
    });
    state.open(Overlay::Prompt(
        prompt.hint("cat, dog, neither    keys 1 2 3 … come by themselves; more can be added later"),
    ));
    Vec::new()
}

fn start(state: &mut State) -> Vec<Effect> {
    let Some(draft) = state.draft.take() else { return Vec::new() };
    let task = state.tasks.start(format!("scan {}", printable(&draft.name)), state.clock);
    vec![Effect::Start(task, Job::Create(draft))]
}
