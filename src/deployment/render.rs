//! Fills templates in.

/// Something that cannot be written: a mistake of ours.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template.
    #[error("the template of {file} cannot be filled in")]
    Template {
        /// What it is of.
        file: &'static str,
        /// Cause.
        #[source]
        source: tera::Error,
    },
    /// An object.
    #[error("an object of Kubernetes cannot be written")]
    Yaml(#[from] crate::yaml::WriteError),
}

/// Fills a template in.
pub(super) fn render(file: &'static str, template: &str, context: &tera::Context) -> Result<String, RenderError> {
    tera::Tera::one_off(template, context, false).map_err(|source| RenderError::Template { file, source })
}
