//! `reset -c FILE`: blanks what identifies somebody, and leaves every other byte as it is.

use crate::micro_gw_file::SettingsFile;
use crate::yaml::SyntaxError;

/// What micro-gw blanked, and the password that it encrypted beside them.
const KEYS: [&str; 4] = ["username", "clientId", "clientSecret", "trustStorePassword"];

/// Returns the text with the identifying values blanked, and the names of those that were set.
///
/// # Errors
///
/// When the text is no TOML.
pub(crate) fn reset(name: &str, bytes: Vec<u8>) -> Result<(String, Vec<&'static str>), SyntaxError> {
    const MARK: &str = "\u{feff}";
    let has_mark = bytes.starts_with(MARK.as_bytes());
    let file = SettingsFile::parse(name, bytes)?;
    let token = file.section("token");
    let mut blanked: Vec<_> = KEYS.into_iter().filter(|key| token.is_set(key)).collect();
    // From the end on, so that the places before stay right.
    blanked.sort_by_key(|key| std::cmp::Reverse(token.span(key).start));
    let mut text = file.source.text().to_owned();
    for key in &blanked {
        let span = token.span(key);
        text.replace_range(span.start as usize..span.end as usize, "\"\"");
    }
    if has_mark && !text.starts_with(MARK) {
        text.insert_str(0, MARK);
    }
    blanked.reverse();
    Ok((text, blanked))
}
