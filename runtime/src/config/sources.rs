//! Merging file, environment and `--set` arguments into one [`Settings`].

use super::catalogue::{Key, Kind, all};
use super::key_names::{elsewhere, is_section, misspelt, nearest, parts, passes_through};
use super::settings::Settings;
use super::value::{Value, from_text, from_toml};
use super::{ConfigError, ConfigWarning, EndpointOverrides, ErrorKind, Origin, Places, WarningKind};
use secrecy::ExposeSecret;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest configuration file, in bytes.
const MAX_FILE: usize = 1 << 20;

/// Where a configuration comes from. Later sources win: file, environment, sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// Path (for messages) and text of `micro-gw.conf`.
    pub file: Option<(&'a str, &'a str)>,
    /// Environment variables; names that are no setting are ignored.
    pub environment: &'a [(String, String)],
    /// `--set` arguments as dotted key and value.
    pub sets: &'a [(String, String)],
}

/// What merging found.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) settings: Settings,
    pub(super) overrides: EndpointOverrides,
    pub(super) places: Places,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<ConfigWarning>,
}

pub(super) fn merge(sources: Sources<'_>) -> Merged {
    let mut merged = Merged::default();
    if let Some((path, text)) = sources.file {
        merged.read_file(path, text);
    }
    for (name, value) in sources.environment {
        merged.read_variable(name, value);
    }
    for (key, value) in sources.sets {
        merged.read_set(key, value);
    }
    merged
}

struct File<'a> {
    path: Arc<str>,
    text: &'a str,
    /// Where it is no TOML: what was made of such a place is not what was meant.
    broken: Vec<Range<usize>>,
}

impl File<'_> {
    fn at(&self, bytes: Range<usize>) -> Origin {
        Origin::in_file(&self.path, self.text, bytes)
    }

    fn is_broken(&self, bytes: &Range<usize>) -> bool {
        let touches = |place: &Range<usize>| place.start <= bytes.end && bytes.start <= place.end;
        self.broken.iter().any(touches)
    }
}

impl Merged {
    fn error(&mut self, origin: Origin, reason: impl Into<String>, remedy: impl Into<String>) {
        self.errors.push(ConfigError {
            kind: ErrorKind::Value,
            origin,
            reason: reason.into(),
            remedy: remedy.into(),
            correction: None,
        });
    }

    fn read_file(&mut self, path: &str, text: &str) {
        let file = File {
            path: path.into(),
            text,
            broken: Vec::new(),
        };
        if text.len() > MAX_FILE {
            self.error(
                file.at(0..0),
                "the file is larger than 1 MiB",
                "Check that it is the right file: settings are much smaller.",
            );
            return;
        }
        let (table, problems) = DeTable::parse_recoverable(text);
        let broken = problems.iter().filter_map(toml::de::Error::span).collect();
        let file = File { broken, ..file };
        for problem in problems {
            self.errors.push(ConfigError {
                kind: ErrorKind::Syntax,
                origin: file.at(problem.span().unwrap_or(0..0)),
                reason: problem.message().trim().replace('\n', ", "),
                remedy: String::new(),
                correction: None,
            });
        }
        let keys: Vec<&'static Key> = all().collect();
        let mut settings = std::mem::take(&mut self.settings);
        self.read_table(&file, table.get_ref(), "", &keys, &mut settings, true);
        self.settings = settings;
        // Tables are sorted by key; people read from top to bottom.
        self.errors.sort_by_key(|error| error.origin.position());
        self.warnings.sort_by_key(|warning| warning.origin.position());
    }

    /// Reads the entries of a table whose dotted names start with `prefix`.
    fn read_table(
        &mut self,
        file: &File<'_>,
        table: &DeTable<'_>,
        prefix: &str,
        keys: &[&'static Key],
        settings: &mut Settings,
        root: bool,
    ) {
        for (name, value) in table {
            let origin = file.at(name.span());
            let path = format!("{prefix}{}", name.get_ref());
            if let Some(key) = keys.iter().find(|key| key.is_named(&path)) {
                self.read_value(file, key, value, origin, settings);
            } else if let Some(inner) = value.get_ref().as_table()
                && (is_section(keys, &path) || root && passes_through(&format!("{path}.x.level")))
            {
                self.read_table(file, inner, &format!("{path}."), keys, settings, root);
            } else if root && passes_through(&path) {
                self.warn_inert(&path, origin);
            } else if root && prefix.is_empty() && EndpointOverrides::is_name(&path) {
                match value.get_ref().as_str() {
                    Some(text) => self.set_override(&path, text, origin),
                    None => self.error(origin, format!("`{path}` is not a string"), "Put the value in quotes."),
                }
            } else if is_section(keys, &path) {
                let remedy = format!("Write `[{path}]` and its keys below.");
                self.error(origin, format!("`{path}` is a table"), remedy);
            } else {
                self.unknown(&path, origin, keys);
            }
        }
    }

    fn read_value(
        &mut self,
        file: &File<'_>,
        key: &'static Key,
        value: &Spanned<DeValue<'_>>,
        origin: Origin,
        settings: &mut Settings,
    ) {
        match (key.kind, value.get_ref()) {
            (Kind::Tables(keys), DeValue::Table(table)) => {
                let element = self.read_element(file, table, keys, origin, true);
                settings.tables.entry(key.name).or_default().push(element);
            }
            (Kind::Tables(keys), DeValue::Array(array)) => {
                for item in array.iter() {
                    let origin = file.at(item.span());
                    match item.get_ref().as_table() {
                        Some(table) => {
                            let element = self.read_element(file, table, keys, origin, false);
                            settings.tables.entry(key.name).or_default().push(element);
                        }
                        None => self.error(
                            origin,
                            format!("an element of `{}` is not a table", key.name),
                            format!("Write `[[{}]]` and its keys below.", key.name),
                        ),
                    }
                }
            }
            (Kind::Named(keys), DeValue::Table(table)) => {
                for (name, inner) in table {
                    let origin = file.at(name.span());
                    match inner.get_ref().as_table() {
                        Some(table) => {
                            let element = self.read_element(file, table, keys, origin, false);
                            let named = settings.named.entry(key.name).or_default();
                            named.insert(name.get_ref().to_string(), element);
                        }
                        None => {
                            let reason = format!("`{}.{}` is not a table", key.name, name.get_ref());
                            self.error(origin, reason, format!("Write [{}.{}].", key.name, name.get_ref()));
                        }
                    }
                }
            }
            (Kind::Tables(_) | Kind::Named(_), _) if file.is_broken(&value.span()) => {}
            (_, plain) if plain.as_table().is_none() && plain.as_array().is_none() && file.is_broken(&value.span()) => {
            }
            (kind, plain) => match from_toml(&kind, plain) {
                Ok(value) => self.store(key, value, origin, settings),
                Err(reason) => {
                    let origin = file.at(value.span());
                    let (remedy, correction) =
                        unquoted(&kind, plain).unwrap_or_else(|| (rewrite(key, &kind, plain), None));
                    self.errors.push(ConfigError {
                        kind: ErrorKind::Value,
                        origin,
                        reason: format!("`{}`: {reason}", key.name),
                        remedy,
                        correction,
                    });
                }
            },
        }
    }

    fn read_element(
        &mut self,
        file: &File<'_>,
        table: &DeTable<'_>,
        keys: &'static [Key],
        origin: Origin,
        single: bool,
    ) -> Settings {
        let mut element = Settings {
            origin: Some(origin),
            single,
            ..Settings::default()
        };
        let keys: Vec<&'static Key> = keys.iter().collect();
        self.read_table(file, table, "", &keys, &mut element, false);
        element
    }

    fn store(&mut self, key: &'static Key, value: Value, origin: Origin, settings: &mut Settings) {
        if !key.effective {
            self.warn_inert(key.name, origin.clone());
        }
        if is_reference(&value) {
            self.warnings.push(ConfigWarning {
                kind: WarningKind::Doubtful,
                origin: origin.clone(),
                reason: format!(
                    "`{}` begins with `$env{{`, which is taken as it stands: nothing is put in its place here. Leave the key out, and set \
                     the environment variable of its name, with `_` for `.`",
                    key.name
                ),
                remedy: None,
            });
        }
        let value = beside(key.kind, value, &origin);
        match &value {
            Value::Text(text) => self.places.record(text, &origin),
            Value::List(items) => items.iter().for_each(|item| self.places.record(item, &origin)),
            Value::Bool(_) | Value::Integer(_) | Value::Float | Value::Secret(_) => {}
        }
        self.places.record_key(key.name, &origin);
        settings.values.insert(key.name, (value, origin));
    }

    fn warn_inert(&mut self, name: &str, origin: Origin) {
        self.warnings.push(ConfigWarning {
            kind: WarningKind::NoEffect,
            origin,
            reason: format!("`{name}` is known from micro-gw but has no effect in this gateway"),
            remedy: None,
        });
    }

    fn unknown(&mut self, path: &str, origin: Origin, keys: &[&'static Key]) {
        let (prefix, part) = path.rsplit_once('.').unwrap_or(("", path));
        let known = parts(keys, prefix);
        let nearby = nearest(part, known.iter().copied()).map(|near| match prefix {
            "" => near.to_owned(),
            _ => format!("{prefix}.{near}"),
        });
        // A table that is not there may be a misspelt one; a key of a plain word is in some table or other.
        let table = elsewhere(part, keys)
            .filter(|table| !known.is_empty() || nearest(prefix, std::iter::once(*table)).is_some());
        let remedy = match (nearby, table) {
            (Some(name), _) => format!("Did you mean `{name}`?"),
            (None, Some(table)) => format!("It belongs under `[{table}]`."),
            (None, None) => "Remove it, or see the configuration reference for the known keys.".to_owned(),
        };
        self.errors.push(ConfigError {
            kind: ErrorKind::UnknownKey {
                part: part.to_owned(),
                known,
            },
            origin,
            reason: format!("unknown key `{path}`"),
            remedy,
            correction: None,
        });
    }

    fn read_variable(&mut self, name: &str, value: &str) {
        for key in all() {
            for spelling in key.names() {
                if spelling.replace('.', "_") == name {
                    self.assign(key, value, Origin::Environment(name.to_owned()));
                    return;
                }
            }
            let rest = || name.strip_prefix(&key.name.replace('.', "_"))?.strip_prefix('_');
            match key.kind {
                Kind::Tables(keys) => {
                    let inner = rest().and_then(|rest| keys.iter().find(|key| key.name.replace('.', "_") == rest));
                    if let Some(inner) = inner {
                        self.assign_single(key, inner, value, Origin::Environment(name.to_owned()));
                        return;
                    }
                }
                Kind::Named(keys) => {
                    let found = rest().and_then(|rest| {
                        let (element, field) = rest.rsplit_once('_')?;
                        Some((element, keys.iter().find(|key| key.name == field)?))
                    });
                    if let Some((element, inner)) = found {
                        self.assign_named(key, element, inner, value, Origin::Environment(name.to_owned()));
                        return;
                    }
                }
                _ => {}
            }
        }
        if EndpointOverrides::is_name(name) {
            self.set_override(name, value, Origin::Environment(name.to_owned()));
        } else if let Some(known) = misspelt(name) {
            // It may be meant for somebody else, so it is no error.
            self.warnings.push(ConfigWarning {
                kind: WarningKind::Doubtful,
                origin: Origin::Environment(name.to_owned()),
                reason: match known {
                    Some(near) => format!("no setting has this name, so that it sets nothing; did you mean `{near}`?"),
                    None => "no setting has this name, so that it sets nothing".to_owned(),
                },
                remedy: None,
            });
        }
    }

    /// Sets an override. A backend's URL with credentials is refused where an endpoint takes it, which is known later.
    fn set_override(&mut self, name: &str, value: &str, origin: Origin) {
        self.places.record_key(name, &origin);
        if EndpointOverrides::is_url_with_user(name, value) {
            self.warnings.push(ConfigWarning {
                kind: WarningKind::Doubtful,
                origin,
                reason: format!("`{name}` holds a user name or password, and no backend is called by such a URL"),
                remedy: Some("Leave them out: they go into the settings of the endpoint that end in `_basic_username` and `_basic_password`."),
            });
        }
        self.overrides.set(name, value);
    }

    fn read_set(&mut self, name: &str, value: &str) {
        let origin = Origin::Set(name.to_owned());
        for key in all() {
            if key.is_named(name) {
                self.assign(key, value, origin);
                return;
            }
            let rest = || name.strip_prefix(key.name)?.strip_prefix('.');
            match key.kind {
                Kind::Tables(keys) => {
                    if let Some(inner) = rest().and_then(|rest| keys.iter().find(|key| key.is_named(rest))) {
                        self.assign_single(key, inner, value, origin);
                        return;
                    }
                }
                Kind::Named(keys) => {
                    let found = rest().and_then(|rest| {
                        let (element, field) = rest.rsplit_once('.')?;
                        Some((element, keys.iter().find(|key| key.is_named(field))?))
                    });
                    if let Some((element, inner)) = found {
                        self.assign_named(key, element, inner, value, origin);
                        return;
                    }
                }
                _ => {}
            }
        }
        if passes_through(name) {
            self.warn_inert(name, origin);
        } else if EndpointOverrides::is_name(name) {
            self.set_override(name, value, origin);
        } else {
            let keys: Vec<&'static Key> = all().collect();
            self.unknown(name, origin, &keys);
        }
    }

    fn assign(&mut self, key: &'static Key, text: &str, origin: Origin) {
        let mut settings = std::mem::take(&mut self.settings);
        self.assign_in(key, text, origin, &mut settings);
        self.settings = settings;
    }

    fn assign_in(&mut self, key: &'static Key, text: &str, origin: Origin, settings: &mut Settings) {
        match from_text(&key.kind, text) {
            Ok(value) => self.store(key, value, origin, settings),
            Err(reason) => {
                let remedy = match &origin {
                    Origin::Environment(name) => format!("Give {name} such a value, or unset it."),
                    _ => format!("Write `--set {}=` and such a value.", key.name),
                };
                self.error(origin, format!("`{}`: {reason}", key.name), remedy);
            }
        }
    }

    /// Sets one key of a table list that is written as a single table, or not written at all.
    fn assign_single(&mut self, list: &'static Key, key: &'static Key, text: &str, origin: Origin) {
        let mut settings = std::mem::take(&mut self.settings);
        let elements = settings.tables.entry(list.name).or_default();
        if elements.is_empty() {
            elements.push(Settings {
                origin: Some(origin.clone()),
                single: true,
                ..Settings::default()
            });
        }
        match elements.as_mut_slice() {
            [element] if element.single => self.assign_in(key, text, origin, element),
            _ => {
                let reason = format!("`{}` is an array of tables in the file", list.name);
                let remedy = format!("Change it in the file, or write a single [{}] there.", list.name);
                self.error(origin, reason, remedy);
            }
        }
        self.settings = settings;
    }

    fn assign_named(&mut self, list: &'static Key, name: &str, key: &'static Key, text: &str, origin: Origin) {
        let mut settings = std::mem::take(&mut self.settings);
        let element = settings
            .named
            .entry(list.name)
            .or_default()
            .entry(name.to_owned())
            .or_default();
        element.origin.get_or_insert_with(|| origin.clone());
        self.assign_in(key, text, origin, element);
        self.settings = settings;
    }
}

/// Whether a value is written as the toolkit's own files refer to the environment.
fn is_reference(value: &Value) -> bool {
    let text = match value {
        Value::Text(text) => text.as_str(),
        Value::Secret(secret) => secret.expose_secret(),
        _ => "",
    };
    text.starts_with("$env{")
}

/// Completes the relative names of files that a file gives: they are beside it, wherever the program was started.
fn beside(kind: Kind, value: Value, origin: &Origin) -> Value {
    let Origin::File { path, .. } = origin else {
        return value;
    };
    let Some(folder) = Path::new(&**path).parent() else {
        return value;
    };
    // Empty stands for "not set", and `${…}` for a folder of micro-gw's own.
    let complete = |name: String| match name.as_str() {
        "" => name,
        placeholder if placeholder.starts_with("${") => name,
        relative => folder.join(relative).to_string_lossy().into_owned(),
    };
    match (kind, value) {
        (Kind::File, Value::Text(name)) => Value::Text(complete(name)),
        (Kind::Files, Value::List(names)) => Value::List(names.into_iter().map(complete).collect()),
        (_, value) => value,
    }
}

/// What to do about a value of the wrong kind.
fn rewrite(key: &Key, kind: &Kind, value: &DeValue<'_>) -> String {
    match kind {
        Kind::Bool => "Write `true` or `false`.".to_owned(),
        Kind::Integer { .. } | Kind::Float => {
            let number = match value.as_integer() {
                Some(_) => "Write a number within these bounds",
                None => "Write a number, without quotes or a unit",
            };
            match key.default {
                Some(default) => format!("{number}; by default it is {default}."),
                None => format!("{number}."),
            }
        }
        Kind::Text | Kind::File | Kind::Secret => "Put it in quotes.".to_owned(),
        Kind::OneOf(choices) => format!("Write one of {}, in quotes.", choices.join(", ")),
        Kind::List | Kind::Files => "Write a list as [\"a\", \"b\"].".to_owned(),
        Kind::Tables(_) => format!("Write `[[{}]]` and its keys below.", key.name),
        Kind::Named(_) => format!("Write `[{}.NAME]` for each, and its keys below.", key.name),
    }
}

/// What to do about a value in quotes that is right without them, and that value.
fn unquoted(kind: &Kind, value: &DeValue<'_>) -> Option<(String, Option<String>)> {
    let text = value.as_str()?;
    let is_plain = text.parse::<i64>().is_ok() || text == "true" || text == "false";
    let is_right = matches!(kind, Kind::Bool | Kind::Integer { .. }) && from_text(kind, text).is_ok();
    // `007` is no number in TOML, and `+1` need not be one.
    let is_certain = is_right && (text == "0" || !text.starts_with(['0', '+']) && !text.starts_with("-0"));
    is_plain.then(|| {
        (
            "Write it without quotes.".to_owned(),
            is_certain.then(|| text.to_owned()),
        )
    })
}
