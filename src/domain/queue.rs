//! Queues: which samples a person walks through, and in what order.
//!
//! A queue is a [`Filter`] plus an [`Order`]. The filter has a small text form (`status:unlabeled class:roses -flag sky`)
//! that people type after `/`, that `--filter` takes, and that saved queues keep; printing a filter and parsing it again
//! gives the same filter.

mod answers;
pub mod attr;

use super::quality::Fault;
use super::sample::Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The state of the reviews of a sample, as a filter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewState {
    /// Answered, and no verdict on its present revision.
    Waiting,
    /// Accepted at its present revision.
    Accepted,
    /// Rejected at its present revision.
    Rejected,
    /// Has a verdict, but was edited after it.
    Stale,
}

impl ReviewState {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Waiting, "waiting"),
        (Self::Accepted, "accepted"),
        (Self::Rejected, "rejected"),
        (Self::Stale, "stale"),
    ];

    /// The word after `review:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, n)| n)
    }
}

/// What kind of duplicates a filter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicate {
    /// Pictures that look alike; those of the same content are among them.
    Near,
    /// Files of the same content.
    Exact,
}

impl Duplicate {
    /// The word after `dup:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Exact => "exact",
        }
    }
}

/// Which samples. Every field narrows; the default takes all. Lists are alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Any of these statuses; empty takes all.
    pub status: Vec<Status>,
    /// Any of these class names (compared without case, merges resolved); empty takes all.
    pub class: Vec<String>,
    /// The best prediction is any of these class names.
    pub predicted: Vec<String>,
    /// Answered by any of these people.
    pub by: Vec<String>,
    /// Review state.
    pub review: Vec<ReviewState>,
    /// Flagged, or not.
    pub flag: Option<bool>,
    /// Marked unsure, or not.
    pub unsure: Option<bool>,
    /// Labeled without annotations, or not.
    pub empty: Option<bool>,
    /// With a comment that nobody has dealt with yet, or without.
    pub comment: Option<bool>,
    /// Labeled otherwise than the best prediction says: its class is not among those given. Or everything else.
    pub disagree: Option<bool>,
    /// On any of these lists, compared without case; empty takes all.
    pub list: Vec<String>,
    /// With duplicates of any of these kinds; empty takes all.
    pub dup: Vec<Duplicate>,
    /// In any of these groups of pictures that look alike, see [`super::likeness::Likeness::group`]; empty takes all.
    pub group: Vec<i64>,
    /// With each of these faults, or without it.
    pub faults: BTreeMap<Fault, bool>,
    /// With an annotation that has any of these attributes; empty takes all.
    pub attr: Vec<attr::Wanted>,
    /// The path contains each of these (without case).
    pub text: Vec<String>,
}

/// In what order. Each has a key that ends in the sample's id, so pages are fetched by key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "lowercase")]
pub enum Order {
    /// Natural order of the path.
    #[default]
    Path,
    /// A fixed shuffle, started at a place given by the seed.
    Random {
        /// Different seeds start people at different places.
        seed: u32,
    },
    /// Last changed first.
    Newest,
    /// One class at a time: what people gave it, by path, then what only a model says is of it, best first.
    Class,
    /// Best prediction first.
    ScoreDown,
    /// Least certain prediction first.
    ScoreUp,
    /// Where the best class is least ahead of the second first, see [`super::doubt::Doubt`].
    Margin,
    /// Where the scores of the classes are most alike first.
    Entropy,
    /// Most blurred first.
    Blur,
    /// Darkest first.
    Brightness,
    /// Pictures that look alike beside each other: the largest group first, what stands alone last.
    Group,
}

impl Order {
    /// All names, as [`Order::from_name`] reads them.
    pub const NAMES: [&'static str; 11] =
        ["path", "random", "newest", "class", "score", "uncertain", "margin", "entropy", "group", "blur", "brightness"];

    /// The name in flags, JSON and on screens; the seed is not part of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Random { .. } => "random",
            Self::Newest => "newest",
            Self::Class => "class",
            Self::ScoreDown => "score",
            Self::ScoreUp => "uncertain",
            Self::Margin => "margin",
            Self::Entropy => "entropy",
            Self::Blur => "blur",
            Self::Brightness => "brightness",
            Self::Group => "group",
        }
    }

    /// The order with this [`Order::name`]; `random` may carry a seed: `random:7`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "path" => Self::Path,
            "newest" => Self::Newest,
            "class" => Self::Class,
            "score" => Self::ScoreDown,
            "uncertain" => Self::ScoreUp,
            "margin" => Self::Margin,
            "entropy" => Self::Entropy,
            "blur" => Self::Blur,
            "brightness" => Self::Brightness,
            "group" => Self::Group,
            "random" => Self::Random { seed: 0 },
            other => Self::Random { seed: other.strip_prefix("random:")?.parse().ok()? },
        })
    }
}

/// A filter and an order: what a person walks through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Queue {
    /// Which samples.
    pub filter: Filter,
    /// In what order.
    #[serde(flatten)]
    pub order: Order,
}

impl Filter {
    /// Only samples with this status.
    #[must_use]
    pub fn status(status: Status) -> Self {
        Self { status: vec![status], ..Self::default() }
    }

    /// Reads the text form. Words are joined by "and"; a value may list alternatives: `class:roses,"pink tulips"`.
    ///
    /// # Errors
    /// A sentence naming the word that is not understood and the ones that are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for word in words(text)? {
            filter.take(&word)?;
        }
        Ok(filter)
    }

    fn take(&mut self, word: &Word) -> Result<(), String> {
        let Some(name) = &word.name else {
            return self.take_plain(word);
        };
        match name.as_str() {
            "status" => {
                for value in &word.values {
                    self.status.push(Status::from_name(&value.replace('-', "_")).ok_or_else(|| {
                        format!("`{value}` is no status; use unlabeled, pre_labeled, labeled or skipped")
                    })?);
                }
            }
            "class" => self.class.extend(word.values.iter().cloned()),
            "predicted" => self.predicted.extend(word.values.iter().cloned()),
            "by" => self.by.extend(word.values.iter().cloned()),
            "attr" => {
                for value in &word.values {
                    self.attr.push(attr::Wanted::parse(value)?);
                }
            }
            "list" => self.list.extend(word.values.iter().cloned()),
            "path" | "text" => self.text.extend(word.values.iter().cloned()),
            // Other programs' words for the mark `comment`.
            "has" if word.values == ["comment"] => self.comment = Some(true),
            "comment" if word.values == ["open"] => self.comment = Some(true),
            "comment" => return Err("only `comment:open` is known; it is the same as `comment`".to_owned()),
            "has" => return Err("only `has:comment` is known; it is the same as `comment`".to_owned()),
            "review" => {
                for value in &word.values {
                    let found = ReviewState::ALL.iter().find(|(_, n)| n == value);
                    let (state, _) = found.ok_or_else(|| {
                        format!("`{value}` is no review state; use waiting, accepted, rejected or stale")
                    })?;
                    self.review.push(*state);
                }
            }
            "dup" => {
                for value in &word.values {
                    let found = [Duplicate::Near, Duplicate::Exact].into_iter().find(|d| d.name() == value);
                    self.dup
                        .push(found.ok_or_else(|| format!("`{value}` is no kind of duplicate; use near or exact"))?);
                }
            }
            "group" => {
                for value in &word.values {
                    let number = value.parse().map_err(|_| format!("`{value}` is no number of a group"))?;
                    self.group.push(number);
                }
            }
            other => {
                return Err(format!(
                    "`{other}:` is not known; use status: class: predicted: by: list: attr: review: dup: group: path:, or \
                     flag, unsure, empty, comment, disagree, blurry, dark, bright, odd, damaged"
                ));
            }
        }
        Ok(())
    }

    fn take_plain(&mut self, word: &Word) -> Result<(), String> {
        let value = word.values.first().map(String::as_str).unwrap_or_default();
        let (name, wanted) = match value.strip_prefix('-') {
            Some(rest) if !word.quoted => (rest, false),
            _ => (value, true),
        };
        let slot = match name {
            _ if word.quoted => None,
            "flag" | "flagged" => Some(&mut self.flag),
            "unsure" => Some(&mut self.unsure),
            "empty" => Some(&mut self.empty),
            "comment" => Some(&mut self.comment),
            "disagree" => Some(&mut self.disagree),
            _ => None,
        };
        let fault = Fault::from_name(name).filter(|_| !word.quoted);
        match (slot, fault) {
            (Some(slot), _) => *slot = Some(wanted),
            (None, Some(fault)) => {
                self.faults.insert(fault, wanted);
            }
            (None, None) if wanted => self.text.push(value.to_owned()),
            (None, None) => {
                return Err(format!(
                    "`{value}` cannot be negated; only marks such as -flag, -unsure, -empty, -comment, -disagree and -blurry can"
                ));
            }
        }
        Ok(())
    }

    /// Whether the filter takes every sample.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

struct Word {
    name: Option<String>,
    values: Vec<String>,
    quoted: bool,
}

/// Splits at spaces outside quotes, then each word into an optional `name:` and comma-separated values.
fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        let mut word = Word { name: None, values: vec![String::new()], quoted: false };
        let mut in_quotes = false;
        while let Some(&c) = chars.peek() {
            if c.is_whitespace() && !in_quotes {
                break;
            }
            chars.next();
            let last = word.values.last_mut();
            match (c, last) {
                ('"', _) => {
                    in_quotes = !in_quotes;
                    word.quoted = true;
                }
                ('\\', Some(last)) if in_quotes => last.extend(chars.next()),
                (':', Some(last)) if !in_quotes && !word.quoted && word.name.is_none() && is_name(last) => {
                    word.name = Some(std::mem::take(last));
                }
                (',', _) if !in_quotes && word.name.is_some() => word.values.push(String::new()),
                (c, Some(last)) => last.push(c),
                (_, None) => {}
            }
        }
        if in_quotes {
            return Err("a quote is not closed".to_owned());
        }
        if word.name.is_some() {
            word.values.retain(|v| !v.is_empty());
        }
        out.push(word);
    }
    Ok(out)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase())
}

/// Whether a word means a mark and not a text.
fn is_mark(word: &str) -> bool {
    matches!(word, "flag" | "flagged" | "unsure" | "empty" | "comment" | "disagree") || Fault::from_name(word).is_some()
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@');
    if !value.is_empty() && value.chars().all(plain) && !is_mark(value) {
        return value.to_owned();
    }
    let escaped: String =
        value.chars().flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect();
    format!("\"{escaped}\"")
}

/// `color=red` needs no quotes where its parts need none.
fn quoted_attribute(wanted: &attr::Wanted) -> String {
    let text = wanted.to_string();
    if text.split('=').all(|part| quoted(part) == part) { text } else { quoted(&text) }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: Vec<String>| values.join(",");
        let mut parts = Vec::new();
        if !self.status.is_empty() {
            parts.push(format!("status:{}", list(self.status.iter().map(|s| s.name().to_owned()).collect())));
        }
        for (name, values) in
            [("class", &self.class), ("predicted", &self.predicted), ("by", &self.by), ("list", &self.list)]
        {
            if !values.is_empty() {
                parts.push(format!("{name}:{}", list(values.iter().map(|v| quoted(v)).collect())));
            }
        }
        if !self.attr.is_empty() {
            parts.push(format!("attr:{}", list(self.attr.iter().map(quoted_attribute).collect())));
        }
        if !self.review.is_empty() {
            parts.push(format!("review:{}", list(self.review.iter().map(|r| r.name().to_owned()).collect())));
        }
        if !self.dup.is_empty() {
            parts.push(format!("dup:{}", list(self.dup.iter().map(|d| d.name().to_owned()).collect())));
        }
        if !self.group.is_empty() {
            parts.push(format!("group:{}", list(self.group.iter().map(ToString::to_string).collect())));
        }
        let answered = [("flag", self.flag), ("unsure", self.unsure), ("empty", self.empty)];
        let marks = answered.into_iter().chain([("comment", self.comment), ("disagree", self.disagree)]);
        let marks = marks.filter_map(|(name, value)| Some((name, value?)));
        let faults = self.faults.iter().map(|(fault, value)| (fault.name(), *value));
        parts.extend(marks.chain(faults).map(|(name, value)| format!("{}{name}", if value { "" } else { "-" })));
        parts.extend(self.text.iter().map(|t| quoted(t)));
        f.write_str(&parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        let f = Filter::parse(r#"status:unlabeled,skipped class:"pink tulips",roses -flag IMG_ by:ann"#).unwrap();
        assert_eq!(f.status, [Status::Unlabeled, Status::Skipped]);
        assert_eq!(f.class, ["pink tulips", "roses"]);
        assert_eq!(f.flag, Some(false));
        assert_eq!(f.text, ["IMG_"]);
        assert_eq!(Filter::parse(&f.to_string()).unwrap(), f);
        let noted = Filter::parse("-comment").unwrap();
        assert_eq!((noted.comment, noted.to_string().as_str()), (Some(false), "-comment"));
        assert_eq!(Filter::parse("-disagree").unwrap().to_string(), "-disagree");
        assert_eq!(Filter::parse("disagree").unwrap().disagree, Some(true));
        for same in ["comment:open", "has:comment"] {
            assert_eq!(Filter::parse(same).unwrap().to_string(), "comment");
        }
        assert!(Filter::parse("comment:closed").unwrap_err().contains("comment:open"));
        let word = Filter { text: vec!["comment".to_owned()], ..Filter::default() };
        assert_eq!(Filter::parse(&word.to_string()).unwrap(), word);
        let likeness = Filter::parse("dup:near,exact group:7 blurry -dark").unwrap();
        assert_eq!((likeness.dup.len(), likeness.group.as_slice()), (2, [7_i64].as_slice()));
        assert_eq!(likeness.faults.into_iter().collect::<Vec<_>>(), [(Fault::Blurry, true), (Fault::Dark, false)]);
        let text = "dup:near,exact group:7 blurry -dark";
        assert_eq!(Filter::parse(text).unwrap().to_string(), text);
        assert_eq!(Filter::parse("\"dark\"").unwrap().to_string(), "\"dark\"", "quoted, it is a part of a name");
        assert!(Filter::parse("dup:some").is_err() && Filter::parse("group:x").is_err());
        assert!(Filter::parse("color:red").unwrap_err().contains("color"));
        assert!(Filter::parse("\"open").is_err());
    }
}
