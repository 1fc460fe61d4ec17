//! What the AWS tools share: keys, region and address of a profile in `~/.aws/credentials` and `~/.aws/config`.
//!
//! Why: whoever uses the `aws` command has set these up and expects every tool to find them. Source: the AWS SDKs and
//! Tools Reference Guide ("Shared config and credentials files") and botocore (`configloader.py`, `credentials.py`). What
//! always holds: the answer depends on the arguments of [`resolve`] alone; the id and the secret come from one file; a
//! profile that signs in by itself (single sign-on, a role, a program) is never passed over for other credentials, it is
//! an error that says what to do; no message holds a value of the files but names.

use super::connect::Wrong;
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use crate::remote::ini::{Ini, Section};
use crate::remote::secret::Secret;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The profile that is used when none is named.
const DEFAULT: &str = "default";
/// What names a profile; `AWS_PROFILE` first, as most SDKs have it.
const NAMED_BY: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
/// Keys of profiles that get their credentials from somewhere else, and what that is.
const SIGN_INS: [(&str, &str); 4] = [
    ("sso_session", "signs in with single sign-on"),
    ("sso_start_url", "signs in with single sign-on"),
    ("login_session", "signs in with `aws login`"),
    ("credential_process", "gets its keys from a program"),
];

/// A file as it was found.
#[derive(Clone)]
pub struct AwsFile {
    /// Its path, as it is shown.
    pub path: String,
    /// What it holds, nothing if there is no such file, or the reason of the system.
    pub bytes: Result<Option<Vec<u8>>, String>,
}

/// Both files. They cannot be printed: they hold keys.
#[derive(Clone)]
pub struct AwsFiles {
    /// `~/.aws/credentials`, or what `AWS_SHARED_CREDENTIALS_FILE` names.
    pub credentials: AwsFile,
    /// `~/.aws/config`, or what `AWS_CONFIG_FILE` names.
    pub config: AwsFile,
}

/// Reads both files; asked for each bucket that is opened, so that keys that were renewed are found.
pub type ReadAwsFiles = Arc<dyn Fn() -> AwsFiles + Send + Sync>;

/// Keys of a profile.
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) token: Option<Secret>,
    /// The profile and the file, in words.
    pub(super) from: String,
}

/// What the files say of the profile that is used.
pub(super) struct Shared {
    /// Its keys; nothing where it has none, which is no error unless it was named.
    pub(super) keys: Result<Option<Keys>, Wrong>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { keys: Ok(None), region: None, endpoint: None }
    }
}

/// The sections of a profile, the credentials file first, each with the path of its file.
type Parts<'a> = Vec<(&'a str, &'a Section)>;

/// What the files say of the profile that the variables name.
pub(super) fn resolve(files: &AwsFiles, variables: &BTreeMap<String, String>) -> Shared {
    let set = |name: &str| variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let named = NAMED_BY.into_iter().find_map(|by| Some((by, set(by)?)));
    let name = named.map_or(DEFAULT, |(_, name)| name);
    let read = (parsed(&files.credentials, "AWS_SHARED_CREDENTIALS_FILE"), parsed(&files.config, "AWS_CONFIG_FILE"));
    let (credentials, config) = match read {
        (Ok(credentials), Ok(config)) => (credentials, config),
        (Err(wrong), _) | (_, Err(wrong)) => return Shared { keys: Err(wrong), ..Shared::default() },
    };
    let mut parts = Parts::new();
    parts.extend(
        credentials.sections.iter().find(|s| s.name.trim() == name).map(|s| (files.credentials.path.as_str(), s)),
    );
    // Of `[default]` and `[profile default]` the second wins.
    let own = config.sections.iter().filter(|s| profile_of(&s.name) == Some(name));
    parts.extend(own.max_by_key(|s| s.name != DEFAULT).map(|s| (files.config.path.as_str(), s)));
    let keys = match (parts.is_empty(), named) {
        (true, Some((by, _))) => Err(unknown(name, by, files, (&credentials, &config))),
        _ => keys_of(name, &parts),
    };
    let told = |key: &str| parts.iter().find_map(|(_, section)| value(section, key));
    let ignored = set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").or(told("ignore_configured_endpoint_urls"));
    let endpoint = || {
        let services = told("services").map(|name| format!("services {name}"));
        let services = services.and_then(|wanted| config.sections.iter().find(|s| s.name.trim() == wanted));
        services.and_then(|section| value(section, "s3.endpoint_url")).or_else(|| told("endpoint_url"))
    };
    let endpoint = if ignored.is_some_and(|v| v.eq_ignore_ascii_case("true")) { None } else { endpoint() };
    Shared { keys, region: told("region").map(str::to_owned), endpoint: endpoint.map(str::to_owned) }
}

fn keys_of(name: &str, parts: &Parts<'_>) -> Result<Option<Keys>, Wrong> {
    let has = |key: &str| parts.iter().any(|(_, section)| value(section, key).is_some());
    if has("role_arn") {
        return Err(elsewhere(name, "role_arn", "takes on a role"));
    }
    for (path, section) in parts {
        let (id, secret) = (value(section, "aws_access_key_id"), value(section, "aws_secret_access_key"));
        let missing = match (id, secret) {
            (Some(id), Some(secret)) => {
                let token = value(section, "aws_session_token").or(value(section, "aws_security_token"));
                return Ok(Some(Keys {
                    id: id.to_owned(),
                    secret: Secret::new(secret),
                    token: token.map(Secret::new),
                    from: format!("the profile `{}` in {}", printable(name), printable(path)),
                }));
            }
            (None, None) => continue,
            (Some(_), None) => "aws_secret_access_key",
            (None, Some(_)) => "aws_access_key_id",
        };
        let why = format!("the profile `{name}` in {path} has no {missing}");
        return Err((why, "add it, or write both anew with `aws configure`".to_owned()));
    }
    match SIGN_INS.into_iter().find(|(key, _)| has(key)) {
        Some((key, does)) => Err(elsewhere(name, key, does)),
        None => Ok(None),
    }
}

/// A profile whose credentials only AWS's own tools get.
fn elsewhere(name: &str, key: &str, does: &str) -> Wrong {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.@".contains(c));
    let quoted: Cow<'_, str> = if plain { name.into() } else { format!("'{}'", name.replace('\'', r"'\''")).into() };
    let why = format!("the AWS profile `{name}` {does} ({key}), which lakelens does not do itself");
    let sign_in =
        if key.starts_with("sso") { format!("`aws sso login --profile {quoted}`, then ") } else { String::new() };
    let remedy = format!(
        "run {sign_in}`eval \"$(aws configure export-credentials --profile {quoted} --format env)\"`, and start lakelens \
         from that shell"
    );
    (why, remedy)
}

fn unknown(name: &str, by: &str, files: &AwsFiles, (credentials, config): (&Ini, &Ini)) -> Wrong {
    let first = credentials.sections.iter().map(|s| s.name.trim());
    let all: Vec<&str> = first.chain(config.sections.iter().filter_map(|s| profile_of(&s.name))).collect();
    let why = format!(
        "there is no AWS profile `{name}`, which {by} names, in {} or {}",
        files.credentials.path, files.config.path
    );
    let remedy = match nearest(name, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => format!("make it with `aws configure --profile NAME`, or unset {by}"),
        None => "`aws configure list-profiles` shows those there are".to_owned(),
    };
    (why, remedy)
}

fn parsed(file: &AwsFile, variable: &str) -> Result<Ini, Wrong> {
    let wrong = |why: String| {
        (format!("{} cannot be read: {why}", file.path), format!("correct it, or name another file with {variable}"))
    };
    match &file.bytes {
        Err(why) => Err(wrong(why.clone())),
        Ok(None) => Ok(Ini::default()),
        // What is no text is told by the reader, with the line.
        Ok(Some(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Ini::parse(flat(text).as_bytes()),
            Err(_) => Ini::parse(bytes),
        }
        .map_err(|error| wrong(error.to_string())),
    }
}

/// The same lines without nesting: what stands indented below a key without a value becomes `key.sub = value`, which
/// the reader would take for keys of the profile. Other indented lines go on with a value that nothing here uses.
fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut above: Option<(usize, &str, bool)> = None;
    for line in text.lines() {
        let bare = line.trim();
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        match above {
            _ if bare.is_empty() || bare.starts_with(['#', ';']) => {}
            Some((column, key, nests)) if indent > column => {
                if nests && bare.contains('=') {
                    out.extend([key, ".", bare]);
                }
            }
            _ => {
                let pair = bare.split_once(['=', ':']).filter(|_| !bare.starts_with('['));
                above = pair.map(|(key, value)| (indent, key.trim_end(), value.trim().is_empty()));
                out.push_str(bare);
            }
        }
        out.push('\n');
    }
    out
}

/// The profile of a heading of the config file: `[default]` or `[profile NAME]`, the name in quotes or not.
fn profile_of(heading: &str) -> Option<&str> {
    let heading = heading.trim();
    if heading == DEFAULT {
        return Some(heading);
    }
    let name = heading.strip_prefix("profile")?.strip_prefix([' ', '\t'])?.trim();
    let inside = |quote| name.strip_prefix(quote)?.strip_suffix(quote);
    Some(inside('"').or_else(|| inside('\'')).unwrap_or(name))
}

/// A value without the comment behind it; an empty one counts as not set.
fn value<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    let text = section.get(key)?.value.expose();
    let end = [" #", " ;", "\t#", "\t;"].into_iter().filter_map(|mark| text.find(mark)).min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s3cret/+=a\n\n\
        [work]\naws_access_key_id=AKIAWORK\naws_secret_access_key=w0rk\naws_session_token=t0ken\n[half]\n\
        aws_access_key_id = AKIAHALF\n";
    const CONFIG: &str = "# shared\n[default]\nregion = eu-west-1   # Ireland\n\
        [profile work]\nregion = us-west-2\nservices = mine\nendpoint_url = https://all.example\n\
        s3 =\n    max_concurrent_requests = 20\n    region = nowhere\n\
        [services mine]\ndynamodb =\n  endpoint_url = https://tables.example\ns3 =\n  endpoint_url = https://s3.example\n\
        [profile \"in config\"]\naws_access_key_id = AKIACONFIG\naws_secret_access_key = c0nfig\n\
        [sso-session corp]\nsso_region = eu-west-1\n[profile single]\nsso_session = corp\nsso_account_id = 1\n\
        [profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = work\n\
        [profile prog]\ncredential_process = /bin/secret-giver --key k3y\n[profile bare]\nregion = x\n";

    fn files(credentials: Option<&str>, config: Option<&str>) -> AwsFiles {
        let file = |path: &str, text: Option<&str>| AwsFile {
            path: path.to_owned(),
            bytes: Ok(text.map(|text| text.as_bytes().to_vec())),
        };
        AwsFiles { credentials: file("~/.aws/credentials", credentials), config: file("~/.aws/config", config) }
    }

    fn of(variables: &[(&str, &str)]) -> Shared {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        resolve(&files(Some(CREDENTIALS), Some(CONFIG)), &variables)
    }

    fn keys(shared: Shared) -> (String, String, Option<String>) {
        let keys = shared.keys.unwrap_or_else(|(why, _)| panic!("{why}")).unwrap();
        (keys.id, keys.secret.expose().to_owned(), keys.token.map(|t| t.expose().to_owned()))
    }

    #[test]
    fn the_named_profile_gives_its_keys_and_its_region() {
        let default = of(&[]);
        assert_eq!((default.region.as_deref(), default.endpoint.as_deref()), (Some("eu-west-1"), None));
        assert_eq!(keys(default), ("AKIADEFAULT".to_owned(), "s3cret/+=a".to_owned(), None));
        for by in NAMED_BY {
            let work = of(&[(by, "work")]);
            assert_eq!(work.region.as_deref(), Some("us-west-2"));
            assert_eq!(work.endpoint.as_deref(), Some("https://s3.example"));
            assert_eq!(keys(work), ("AKIAWORK".to_owned(), "w0rk".to_owned(), Some("t0ken".to_owned())));
        }
        assert_eq!(keys(of(&[("AWS_PROFILE", ""), ("AWS_DEFAULT_PROFILE", "in config")])).0, "AKIACONFIG");
        assert_eq!(keys(of(&[("AWS_PROFILE", "work"), ("AWS_DEFAULT_PROFILE", "default")])).0, "AKIAWORK");
        let ignored = of(&[("AWS_PROFILE", "work"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")]);
        assert_eq!(ignored.endpoint, None);
    }

    #[test]
    fn a_profile_that_signs_in_elsewhere_says_what_to_do_and_shows_no_value() {
        for (name, key) in [("single", "sso_session"), ("role", "role_arn"), ("prog", "credential_process")] {
            let Err((why, remedy)) = of(&[("AWS_PROFILE", name)]).keys else { panic!("{name}") };
            assert!(why.contains(key) && why.contains(name), "{why}");
            assert!(remedy.contains(&format!("export-credentials --profile {name} --format env")), "{remedy}");
            assert_eq!(remedy.contains("aws sso login"), name == "single", "{remedy}");
            assert!(!format!("{why}{remedy}").contains("k3y"));
        }
        assert!(elsewhere("my 'own'", "role_arn", "x").1.contains(r"--profile 'my '\''own'\''' "));
    }

    #[test]
    fn what_is_missing_or_damaged_is_told() {
        let wrong = |shared: Shared| match shared.keys {
            Err((why, remedy)) => format!("{why}; {remedy}"),
            Ok(_) => panic!("no error"),
        };
        assert!(wrong(of(&[("AWS_PROFILE", "half")])).contains("no aws_secret_access_key"));
        let unknown = wrong(of(&[("AWS_PROFILE", "wrok")]));
        assert!(unknown.contains("`wrok`, which AWS_PROFILE names") && unknown.contains("`work`"), "{unknown}");
        assert!(matches!(of(&[("AWS_PROFILE", "bare")]).keys, Ok(None)));
        let none = BTreeMap::new();
        assert!(matches!(resolve(&files(None, None), &none).keys, Ok(None)));
        let pasted = wrong(resolve(&files(Some("[default]\nAKIAPASTED\n"), None), &none));
        assert!(pasted.contains("line 2") && pasted.contains("AWS_SHARED_CREDENTIALS_FILE"), "{pasted}");
        assert!(!pasted.contains("AKIAPASTED"), "{pasted}");
        let mut unread = files(Some(CREDENTIALS), None);
        unread.config.bytes = Err("Permission denied".to_owned());
        let unread = wrong(resolve(&unread, &none));
        assert!(unread.contains("~/.aws/config cannot be read: Permission denied"), "{unread}");
        unread_text();
    }

    fn unread_text() {
        let mut files = files(None, None);
        files.credentials.bytes = Ok(Some(b"[default]\nregion = \xff\n".to_vec()));
        assert!(resolve(&files, &BTreeMap::new()).keys.is_err_and(|(why, _)| why.contains("line 2")));
    }

    #[test]
    fn nested_keys_are_no_keys_of_the_profile() {
        let text = "[a]\ns3 =\n  region = x\n\n# c\nkey = v\n  more\n  [\nlast = 1\n";
        assert_eq!(flat(text), "[a]\ns3 =\ns3.region = x\n\n\nkey = v\n\n\nlast = 1\n");
        // Some people indent all keys of a section.
        assert_eq!(flat("[a]\n  one = 1\n  two = 2\n"), "[a]\none = 1\ntwo = 2\n");
    }
}
