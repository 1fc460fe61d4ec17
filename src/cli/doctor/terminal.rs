//! What the terminal can do, asked of the terminal itself.

use super::Check;
use crate::cli::context::Context;
use crate::cli::terminal;
use crate::term::caps::{Caps, Depth, Protocol};

/// The checks of the terminal. Where there is none, that is said: pictures then depend on where the screen is opened.
pub(super) fn checks(context: &Context, checks: &mut Vec<Check>) {
    if !terminal::is_there() {
        checks.push(Check::ok(
            "terminal",
            "stdin or stdout is no terminal, so it was not asked; run it in the terminal you use",
        ));
        return;
    }
    match terminal::probe(context) {
        Ok(caps) => describe(&caps, checks),
        Err(error) => {
            checks.push(Check::bad("terminal", error.to_string(), "open a new terminal window and try again"))
        }
    }
}

fn describe(caps: &Caps, checks: &mut Vec<Check>) {
    let name = if caps.name.is_empty() { "it does not say its name" } else { &caps.name };
    let mut places = Vec::new();
    if caps.tmux {
        places.push("in tmux");
    }
    if caps.ssh {
        places.push("over SSH");
    }
    let place = if places.is_empty() { String::new() } else { format!(", {}", places.join(", ")) };
    checks.push(Check::ok("terminal", format!("{name}{place}, cell {} x {} pixels", caps.cell.0, caps.cell.1)));
    checks.push(Check::ok("pictures", protocol(caps.protocol)));
    let colours = match caps.depth {
        Depth::Mono => "none",
        Depth::Ansi16 => "16",
        Depth::Ansi256 => "256",
        Depth::True => "24 bit",
    };
    let background = match caps.light {
        Some(true) => "light background",
        Some(false) => "dark background",
        None => "background not known",
    };
    checks.push(Check::ok("colours", format!("{colours}, {background}")));
    let text = "set a UTF-8 locale, such as LANG=C.UTF-8, for names and lines beyond ASCII";
    checks.push(match caps.unicode {
        true => Check::ok("text", "UTF-8"),
        false => Check { remedy: Some(text.to_owned()), ..Check::ok("text", "ASCII only") },
    });
    for finding in &caps.findings {
        checks.push(Check::ok("found", finding.clone()));
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ascii => "ASCII characters; a terminal with Kitty, iTerm2 or sixel graphics shows real pictures",
        other => other.name(),
    }
}
