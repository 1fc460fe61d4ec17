//! Every setting, with its default. Plain data: reading it from flags, variables and files is [`super::load`]'s work.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An enum whose values people write by name in files, variables and flags.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// All values, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Their names.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name in files, variables and flags.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == name)
            }
        }
    };
}

choice!(/// How pictures reach the screen, as the user wants it.
Graphics {
    /// What the probe of the terminal finds.
    #[default]
    Auto = "auto",
    /// Kitty graphics protocol.
    Kitty = "kitty",
    /// iTerm2 inline images.
    Iterm = "iterm",
    /// Sixel.
    Sixel = "sixel",
    /// Block characters.
    Blocks = "blocks",
    /// ASCII characters.
    Ascii = "ascii",
    /// No pictures.
    None = "none",
});

choice!(/// How much goes to the log file.
LogLevel {
    /// Nothing; no file is made.
    #[default]
    Off = "off",
    /// What failed.
    Error = "error",
    /// And what looks wrong.
    Warn = "warn",
    /// And what was done.
    Info = "info",
    /// And how.
    Debug = "debug",
    /// Everything.
    Trace = "trace",
});

choice!(/// The key map to start from.
Preset {
    /// `h j k l` move.
    #[default]
    Vim = "vim",
    /// Arrows move; `h j k l` are free for classes.
    Arrows = "arrows",
});

choice!(/// Whether pictures are measured when a scan on the screens has found new ones.
Measuring {
    /// Those of folders on this machine, as long as reading them is no matter of hours.
    #[default]
    Auto = "auto",
    /// All, wherever they are.
    Always = "always",
    /// None.
    Never = "never",
});

impl Measuring {
    /// Bytes of pictures that are read without being asked for, at most: some minutes.
    const MOST: u64 = 4 << 30;

    /// Whether so many bytes of pictures are to be measured; `here`: they lie on this machine.
    #[must_use]
    pub fn wants(self, here: bool, bytes: u64) -> bool {
        match self {
            Self::Auto => here && bytes <= Self::MOST,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Which theme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ThemeChoice {
    /// A bundled theme, or a file in the `themes` folder beside the config file.
    Named(String),
    /// One for each kind of background, chosen by what the terminal says its background is.
    ByBackground {
        /// On a light background.
        light: String,
        /// On a dark one, and where the terminal does not say.
        dark: String,
    },
}

impl Default for ThemeChoice {
    fn default() -> Self {
        Self::Named("terminal".to_owned())
    }
}

impl ThemeChoice {
    /// The name of the theme for a background that is light, dark, or unknown.
    #[must_use]
    pub fn name(&self, light: Option<bool>) -> &str {
        match self {
            Self::Named(name) => name,
            Self::ByBackground { light: name, .. } if light == Some(true) => name,
            Self::ByBackground { dark: name, .. } => name,
        }
    }
}

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Named connection to start with; empty: none.
    pub profile: String,
    /// Where projects and labels live, such as `sqlite:PATH`; empty: a database in the data folder.
    pub store: String,
    /// Folder for data, state and cache; empty: the XDG places.
    pub data_dir: String,
    /// Refuse everything that changes data.
    pub read_only: bool,
    /// How pictures are shown.
    pub graphics: Graphics,
    /// How much goes to the log file in the state folder.
    pub log: LogLevel,
    /// No colours.
    pub no_color: bool,
    /// Only ASCII characters for lines and marks.
    pub ascii: bool,
    /// Name that edits carry; empty: the name of the account.
    pub user: String,
    /// Theme.
    pub theme: ThemeChoice,
    /// Key map to start from.
    pub keymap: Preset,
    /// Changes to the key map, as written: the key-map layer reads and checks them.
    pub keys: toml::Table,
    /// After a label, go on to the next sample.
    pub auto_advance: bool,
    /// Ignore label keys until the picture under the cursor is on the screen.
    pub require_visible: bool,
    /// Look at the same part, as closely, when the picture changes.
    pub keep_zoom: bool,
    /// Take mouse events; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// Show files and folders whose name starts with a dot.
    pub hidden: bool,
    /// Find duplicates and faults when a scan has found new pictures.
    pub measure: Measuring,
    /// Folders shown as volumes of the catalog `local`: name to folder.
    pub lake_local: BTreeMap<String, String>,
    /// The address of a server that speaks like S3; empty: Amazon's, or what `AWS_ENDPOINT_URL` says.
    pub lake_s3_endpoint: String,
    /// The region of S3 buckets; empty: what `AWS_REGION` says.
    pub lake_s3_region: String,
    /// Allow `http` to S3 servers that are not on this machine.
    pub lake_s3_allow_http: bool,
    /// Sign no requests to S3.
    pub lake_s3_anonymous: bool,
    /// The address of an Azure blob service; empty: that of the account in the path.
    pub lake_azure_endpoint: String,
    /// Sign no requests to Azure.
    pub lake_azure_anonymous: bool,
    /// Sign no requests to Google Cloud Storage.
    pub lake_gs_anonymous: bool,
    /// Memory for decoded and encoded pictures, in MiB.
    pub cache_memory_mb: u64,
    /// Disk for encoded thumbnails, in MiB, and as much again for pictures of servers; 0 keeps none.
    pub cache_disk_mb: u64,
    /// Pictures prepared ahead of the cursor.
    pub prefetch: u64,
    /// Reasons offered when a sample is skipped.
    pub skip_reasons: Vec<String>,
    /// Reasons offered when a review rejects.
    pub reject_reasons: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect();
        Self {
            profile: String::new(),
            store: String::new(),
            data_dir: String::new(),
            read_only: false,
            graphics: Graphics::default(),
            log: LogLevel::default(),
            no_color: false,
            ascii: false,
            user: String::new(),
            theme: ThemeChoice::default(),
            keymap: Preset::default(),
            keys: toml::Table::new(),
            auto_advance: true,
            require_visible: true,
            keep_zoom: false,
            mouse: false,
            hidden: false,
            measure: Measuring::default(),
            lake_local: BTreeMap::new(),
            lake_s3_endpoint: String::new(),
            lake_s3_region: String::new(),
            lake_s3_allow_http: false,
            lake_s3_anonymous: false,
            lake_azure_endpoint: String::new(),
            lake_azure_anonymous: false,
            lake_gs_anonymous: false,
            cache_memory_mb: 256,
            cache_disk_mb: 1024,
            prefetch: 8,
            skip_reasons: list(&["blurred", "too dark", "not relevant", "duplicate", "unclear"]),
            reject_reasons: list(&["wrong class", "box too loose", "box missing", "box wrong", "should be skipped"]),
        }
    }
}
