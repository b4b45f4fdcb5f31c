//! CORS rules of the toolkit, for definitions without their own.

use crate::migrate::settings_file::SettingsFile;
use crate::project::CorsSettings;

/// The rules, where they are switched on; the defaults are those of micro-gw. What cannot stand in a header is left out.
pub(super) fn rules(file: &SettingsFile) -> Option<CorsSettings> {
    const HEADERS: [&str; 4] = [
        "authorization",
        "Access-Control-Allow-Origin",
        "Content-Type",
        "SOAPAction",
    ];
    const METHODS: [&str; 6] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
    let key = |name: &str| format!("corsConfiguration.{name}");
    if file.flag(&key("corsConfigurationEnabled")) != Some(true) {
        return None;
    }
    let texts = |name: &str, default: &[&str]| -> Vec<String> {
        let texts: Vec<String> = match (file.texts(&key(name)), file.text(&key(name))) {
            (Some(texts), _) => texts.to_vec(),
            (None, Some(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            (None, None) => default.iter().map(|&text| text.to_owned()).collect(),
        };
        texts
            .into_iter()
            .filter(|text| CorsSettings::is_header_text(text))
            .collect()
    };
    Some(CorsSettings {
        allow_origins: texts("accessControlAllowOrigins", &["*"]),
        allow_methods: texts("accessControlAllowMethods", &METHODS),
        allow_headers: texts("accessControlAllowHeaders", &HEADERS),
        expose_headers: texts("accessControlExposeHeaders", &[]),
        allow_credentials: file.flag(&key("accessControlAllowCredentials")).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_when_they_are_switched_on() {
        let of = |text: &str| rules(&SettingsFile::parse("toolkit-config.toml", text.into()).unwrap());
        for text in ["", "[corsConfiguration]\ncorsConfigurationEnabled = false\n"] {
            assert_eq!(of(text), None);
        }
        let found = of(
            "[corsConfiguration]\ncorsConfigurationEnabled = true\naccessControlAllowOrigins = [\"https://a\", \"a b\"]\naccessControlAllowMethods = \"GET, PUT\"\n",
        )
        .unwrap();
        assert_eq!(found.allow_origins, ["https://a"]);
        assert_eq!(found.allow_methods, ["GET", "PUT"]);
        assert_eq!((found.allow_headers.len(), found.allow_credentials), (4, false));
    }
}
