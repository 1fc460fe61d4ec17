//! From answers and hints to capabilities, with a sentence for each decision.

use super::Answers;
use super::cell::Sources;
use crate::domain::text::printable;
use crate::term::caps::{BlockKind, Caps, Depth, Protocol};
use crate::term::surroundings::{Surroundings, Wish};
use crate::term::tmux::Passthrough;

/// Terminals that draw 24-bit colours whatever `COLORTERM` says, which SSH does not carry over.
const TRUE_COLOUR: [&str; 12] = [
    "kitty", "WezTerm", "foot", "ghostty", "Konsole", "iTerm2", "VTE", "mintty", "contour", "XTerm", "xterm.js", "Rio",
];
/// Terminals that take iTerm2 inline images and do better with them than with what else they offer.
const INLINE_IMAGES: [&str; 4] = ["iTerm2", "WezTerm", "mintty", "iTerm.app"];
/// Terminals that draw sextants themselves, so that the font does not matter.
const SEXTANTS: [&str; 6] = ["VTE", "foot", "WezTerm", "kitty", "ghostty", "Konsole"];

pub(super) fn judge(around: &Surroundings, answers: &Answers) -> Caps {
    let mut findings = Vec::new();
    let in_tmux = around.tmux.is_some();
    let name = answers.name.clone().unwrap_or_default();
    let outer = if in_tmux { answers.outer_name.clone().unwrap_or_default() } else { name.clone() };
    findings.push(match (&answers.name, answers.attributes.is_some()) {
        (Some(name), _) => format!("terminal: {}", printable(name)),
        (None, true) => "terminal: does not give its name".to_owned(),
        (None, false) => format!("terminal: did not answer; TERM is `{}`", printable(&around.term)),
    });
    if in_tmux && !outer.is_empty() {
        findings.push(format!("outside of tmux: {}", printable(&outer)));
    }
    if let Some(Passthrough::Off(why)) = &around.tmux {
        findings.push(why.clone());
    }
    let unicode = around.utf8 && !around.ascii;
    findings.push(match (around.utf8, around.ascii) {
        (_, true) => "characters: ASCII, as asked for".to_owned(),
        (true, false) => "characters: Unicode, by the locale".to_owned(),
        (false, false) => "characters: ASCII, the locale is not UTF-8 (set LANG to a UTF-8 locale)".to_owned(),
    });
    let depth = depth(around, &outer, in_tmux, &mut findings);
    let protocol = protocol(around, answers, &outer, (unicode, depth), &mut findings);
    let ladder = ladder(protocol, answers, &outer, unicode, depth);
    let (cell, how) = cell(around, answers);
    findings.push(how);
    findings.push(match answers.keyboard {
        true => "keyboard: Kitty protocol, Escape and held keys are told apart".to_owned(),
        false => "keyboard: classic; Escape alone is known after a short wait".to_owned(),
    });
    let light = answers.background.map(super::is_light).or(around.light);
    findings.push(match light {
        Some(true) => "background: light".to_owned(),
        Some(false) => "background: dark".to_owned(),
        None => "background: unknown".to_owned(),
    });
    Caps {
        depth,
        protocol,
        cell,
        tmux: in_tmux,
        ssh: around.ssh,
        unicode,
        light,
        background: answers.background.map(|(r, g, b)| [r, g, b].map(|v| v.to_be_bytes()[0])),
        keyboard: answers.keyboard,
        frees: kitty_version(&outer).is_none_or(|version| version >= (0, 41)),
        ladder,
        name,
        findings,
    }
}

/// The size of a cell, and a sentence about it.
pub(super) fn cell(around: &Surroundings, answers: &Answers) -> ((u16, u16), String) {
    // Inside tmux the answer speaks of the whole window outside, not of this pane.
    let area = answers.area.filter(|_| around.tmux.is_none());
    super::cell::judge(Sources { window: around.size, area, cell: answers.cell })
}

fn brand(name: &str, list: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    list.iter().any(|b| lower.starts_with(&b.to_ascii_lowercase()))
}

fn depth(around: &Surroundings, name: &str, in_tmux: bool, findings: &mut Vec<String>) -> Depth {
    let (depth, why) = around.depth();
    // tmux maps 24-bit colours down unless it was told of them, and says so with COLORTERM.
    if depth >= Depth::Ansi16 && depth < Depth::True && !in_tmux && brand(name, &TRUE_COLOUR) {
        findings.push(format!("24-bit colours: {} has them", printable(name)));
        return Depth::True;
    }
    findings.push(why);
    depth
}

fn protocol(
    around: &Surroundings,
    answers: &Answers,
    outer: &str,
    (unicode, depth): (bool, Depth),
    findings: &mut Vec<String>,
) -> Protocol {
    let (protocol, why) = match around.wish {
        Wish::Auto => found(around, answers, outer, unicode, depth),
        Wish::Kitty if around.tmux.is_some() => (in_cells(outer), "asked for, inside tmux".to_owned()),
        Wish::Kitty => (Protocol::Kitty { shared_memory: answers.shared }, "asked for".to_owned()),
        Wish::Iterm => (Protocol::Iterm, "asked for".to_owned()),
        Wish::Sixel => (Protocol::Sixel, "asked for".to_owned()),
        Wish::Blocks => (Protocol::Blocks(blocks(outer)), "asked for".to_owned()),
        Wish::Ascii => (Protocol::Ascii, "asked for".to_owned()),
        Wish::None => (Protocol::None, "asked for".to_owned()),
    };
    let name = match protocol {
        Protocol::Kitty { shared_memory: true } => "Kitty graphics, by shared memory",
        Protocol::Kitty { shared_memory: false } => "Kitty graphics",
        Protocol::KittyPlaceholders => "Kitty graphics with Unicode placeholders",
        Protocol::KittyAnchored => "Kitty graphics beside one Unicode placeholder",
        Protocol::Iterm => "iTerm2 inline images",
        Protocol::Sixel => "sixel",
        Protocol::Blocks(_) => "block characters",
        Protocol::Ascii => "ASCII characters",
        Protocol::None => "none",
    };
    findings.push(format!("pictures: {name} ({why})"));
    protocol
}

fn found(around: &Surroundings, answers: &Answers, outer: &str, unicode: bool, depth: Depth) -> (Protocol, String) {
    let in_tmux = around.tmux.is_some();
    let program = if in_tmux { "" } else { around.program.as_str() };
    if brand(outer, &INLINE_IMAGES) || (outer.is_empty() && brand(program, &INLINE_IMAGES)) {
        return (Protocol::Iterm, "by its name".to_owned());
    }
    if answers.direct && !in_tmux {
        return (Protocol::Kitty { shared_memory: answers.shared }, "it answered the question".to_owned());
    }
    if answers.direct && placeholders(outer) {
        return (in_cells(outer), "the terminal outside of tmux answered the question".to_owned());
    }
    if has_sixel(&answers.attributes) || (in_tmux && has_sixel(&answers.outer_attributes)) {
        return (Protocol::Sixel, "in its device attributes".to_owned());
    }
    let why = match answers.direct {
        true => "the terminal outside of tmux has no Unicode placeholders; kitty has them from 0.28 on",
        false => "no graphics protocol was found",
    };
    match unicode && depth > Depth::Mono {
        true => (Protocol::Blocks(blocks(outer)), why.to_owned()),
        false => (Protocol::Ascii, why.to_owned()),
    }
}

/// Whether a terminal shows Unicode placeholders: kitty from 0.28 on, and ghostty.
fn placeholders(name: &str) -> bool {
    brand(name, &["ghostty"]) || kitty_version(name) >= Some((0, 28))
}

/// How pictures follow the cells of tmux: kitty places them in relation to a placeholder from 0.31 on.
fn in_cells(name: &str) -> Protocol {
    if kitty_version(name) >= Some((0, 31)) { Protocol::KittyAnchored } else { Protocol::KittyPlaceholders }
}

fn kitty_version(name: &str) -> Option<(u32, u32)> {
    let version = name.strip_prefix("kitty(")?.strip_suffix(')')?;
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    Some((parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
}

/// What is left when the first protocol fails: sixel where it is offered, then characters.
fn ladder(protocol: Protocol, answers: &Answers, outer: &str, unicode: bool, depth: Depth) -> Vec<Protocol> {
    let sixel = has_sixel(&answers.attributes) || has_sixel(&answers.outer_attributes);
    let characters = if unicode && depth > Depth::Mono { Protocol::Blocks(blocks(outer)) } else { Protocol::Ascii };
    let rest = [sixel.then_some(Protocol::Sixel), Some(characters)];
    let graphics = !matches!(protocol, Protocol::Blocks(_) | Protocol::Ascii | Protocol::None);
    rest.into_iter().flatten().filter(|p| graphics && *p != protocol).collect()
}

fn has_sixel(attributes: &Option<Vec<u16>>) -> bool {
    attributes.as_ref().is_some_and(|list| list.contains(&4))
}

fn blocks(name: &str) -> BlockKind {
    if brand(name, &SEXTANTS) { BlockKind::Sextant } else { BlockKind::Half }
}
