//! What colours and marks are *for*. Screens name a role, never a colour.

/// A purpose that text or a mark on the screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text; its background is the background of the whole screen.
    Text,
    /// Less important text: paths beside a name, units, the past.
    Muted,
    /// The one accent.
    Accent,
    /// The name of what the screen shows; column and section titles.
    Title,
    /// The header line.
    Header,
    /// The status at the right of the hint line.
    Status,
    /// What a key does, in the hint line and in help.
    Hint,
    /// A key cap in hints, help and class lists.
    Key,
    /// The line or thumbnail under the cursor of the focused list.
    Cursor,
    /// The line that was chosen in a list that has no focus (the parent columns of the lake).
    Selected,
    /// Items taken into a selection with Space.
    Marked,
    /// The characters that a filter matched.
    Match,
    /// Text being typed.
    Input,
    /// What an empty input or an empty list says.
    Placeholder,
    /// Something that cannot be done now.
    Disabled,
    /// Body of a popup.
    Popup,
    /// Title of a popup.
    PopupTitle,
    /// The line around a popup, where one is drawn.
    PopupBorder,
    /// What went wrong or destroys something.
    Danger,
    /// What needs attention.
    Warning,
    /// What went well.
    Success,
    /// What is good to know.
    Info,
    /// The filled part of a bar.
    Bar,
    /// The empty part of a bar.
    BarEmpty,
    /// Lines and sparklines of charts.
    Chart,
    /// Axes and grid of charts.
    Axis,
    /// A short word set apart: `read-only`, `2nd pass`, a profile's name.
    Badge,
    /// What has just changed, for a moment: the class that was given.
    Flash,
    /// A class or value that a model proposes.
    Predicted,
    /// The part of a text that was added, in a comparison.
    Added,
    /// The part of a text that was removed, in a comparison.
    Removed,
}

impl Role {
    /// All roles, in the order of their declaration.
    pub const ALL: [Self; 31] = [
        Self::Text,
        Self::Muted,
        Self::Accent,
        Self::Title,
        Self::Header,
        Self::Status,
        Self::Hint,
        Self::Key,
        Self::Cursor,
        Self::Selected,
        Self::Marked,
        Self::Match,
        Self::Input,
        Self::Placeholder,
        Self::Disabled,
        Self::Popup,
        Self::PopupTitle,
        Self::PopupBorder,
        Self::Danger,
        Self::Warning,
        Self::Success,
        Self::Info,
        Self::Bar,
        Self::BarEmpty,
        Self::Chart,
        Self::Axis,
        Self::Badge,
        Self::Flash,
        Self::Predicted,
        Self::Added,
        Self::Removed,
    ];

    /// The name in theme files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Accent => "accent",
            Self::Title => "title",
            Self::Header => "header",
            Self::Status => "status",
            Self::Hint => "hint",
            Self::Key => "key",
            Self::Cursor => "cursor",
            Self::Selected => "selected",
            Self::Marked => "marked",
            Self::Match => "match",
            Self::Input => "input",
            Self::Placeholder => "placeholder",
            Self::Disabled => "disabled",
            Self::Popup => "popup",
            Self::PopupTitle => "popup-title",
            Self::PopupBorder => "popup-border",
            Self::Danger => "danger",
            Self::Warning => "warning",
            Self::Success => "success",
            Self::Info => "info",
            Self::Bar => "bar",
            Self::BarEmpty => "bar-empty",
            Self::Chart => "chart",
            Self::Axis => "axis",
            Self::Badge => "badge",
            Self::Flash => "flash",
            Self::Predicted => "predicted",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// The mark that always goes with the role, because colour alone says nothing to some people and some terminals.
    #[must_use]
    pub const fn glyph(self) -> Option<super::glyph::Glyph> {
        use super::glyph::Glyph;
        match self {
            Self::Marked => Some(Glyph::Marked),
            Self::Selected => Some(Glyph::Cursor),
            Self::Danger => Some(Glyph::Danger),
            Self::Warning => Some(Glyph::Warning),
            Self::Success => Some(Glyph::Success),
            Self::Info => Some(Glyph::Info),
            Self::Predicted => Some(Glyph::Predicted),
            Self::Bar => Some(Glyph::BarFull),
            Self::BarEmpty => Some(Glyph::BarEmpty),
            Self::Added => Some(Glyph::Added),
            Self::Removed => Some(Glyph::Removed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_order_is_the_declaration() {
        for (i, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, i);
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
    }
}
