//! What imports and exports can be told, described once for the command line and for the screens.
//!
//! Why: a flag and a line of a wizard must mean the same, default to the same and be explained in the same words. What
//! always holds: everything here is plain data without files, stores or screens; the first value of a choice is what is
//! taken where nothing is said.

pub mod export;
pub mod import;

/// One value of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name in flags.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
}

/// Something that is chosen among a few values.
pub struct Choice<O: 'static> {
    /// The flag without its dashes.
    pub flag: &'static str,
    /// What it is called on a screen.
    pub title: &'static str,
    /// One line about it, for `--help`.
    pub help: &'static str,
    /// The formats for which it means anything; empty: all.
    pub only: &'static [&'static str],
    /// All values, the default first.
    pub values: fn() -> Vec<Value>,
    /// The name of the value that is chosen.
    pub get: fn(&O) -> &'static str,
    /// Chooses a value by its name; a name that there is not changes nothing.
    pub set: fn(&mut O, &str),
}

impl<O> Choice<O> {
    /// The names of all values, the default first.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        (self.values)().iter().map(|v| v.name).collect()
    }

    /// The name of the default.
    #[must_use]
    pub fn default(&self) -> &'static str {
        (self.values)().first().map_or("", |v| v.name)
    }

    /// What the chosen value does.
    #[must_use]
    pub fn about(&self, options: &O) -> &'static str {
        let chosen = (self.get)(options);
        (self.values)().iter().find(|v| v.name == chosen).map_or("", |v| v.about)
    }

    /// Chooses the value so many places further, or before, round the end.
    pub fn step(&self, options: &mut O, forward: bool) {
        let (names, chosen) = (self.names(), (self.get)(options));
        let at = names.iter().position(|n| *n == chosen).unwrap_or(0);
        let to = if forward { at + 1 } else { at + names.len().saturating_sub(1) };
        if let Some(name) = names.get(to % names.len().max(1)) {
            (self.set)(options, name);
        }
    }
}

/// Something that is typed.
pub struct Field<O: 'static> {
    /// The flag without its dashes.
    pub flag: &'static str,
    /// What it is called on a screen.
    pub title: &'static str,
    /// One line about it, for `--help`.
    pub help: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// What it means to write nothing; empty where something must be.
    pub empty: &'static str,
    /// The formats for which it means anything; empty: all.
    pub only: &'static [&'static str],
    /// As it would be typed.
    pub get: fn(&O) -> String,
    /// Takes what was typed, or says what is wrong with it.
    pub set: fn(&mut O, &str) -> Result<(), String>,
}

impl<O> Field<O> {
    /// How it is written, and what it means to write nothing.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.empty {
            "" => self.form.to_owned(),
            empty => format!("such as {}; empty: {empty}", self.form),
        }
    }

    /// What stands where nothing was written: what that means first, so that an example is not taken for a value.
    #[must_use]
    pub fn unwritten(&self) -> String {
        match self.empty {
            "" => self.form.to_owned(),
            empty => format!("{empty}   such as {}", self.form),
        }
    }
}

/// Whether something that means anything for `only` these formats means anything for this one.
#[must_use]
pub fn applies(only: &[&str], format: &str) -> bool {
    only.is_empty() || only.contains(&format)
}

/// Values of a type with their names and what they do.
type Table<T, const N: usize> = [(T, &'static str, &'static str); N];

fn values<T, const N: usize>(table: &Table<T, N>) -> Vec<Value> {
    table.iter().map(|(_, name, about)| Value { name, about }).collect()
}

fn name_of<T: PartialEq, const N: usize>(table: &Table<T, N>, value: &T) -> &'static str {
    table.iter().find(|(v, ..)| v == value).map_or("", |(_, name, _)| name)
}

fn choose<T: Copy, const N: usize>(table: &Table<T, N>, into: &mut T, name: &str) {
    if let Some((value, ..)) = table.iter().find(|(_, n, _)| *n == name) {
        *into = *value;
    }
}

/// `KEY=NAME,…` as pairs; what is no pair comes back as the error.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts
        .map(|part| match part.split_once('=').map(|(key, name)| (key.trim(), name.trim())) {
            Some((key, name)) if !key.is_empty() && !name.is_empty() => Ok((key.to_owned(), name.to_owned())),
            _ => Err(part.to_owned()),
        })
        .collect()
}
