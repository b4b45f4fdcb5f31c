//! The few colours in use. Everything reads the same without them.

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// When standard error is a terminal and `NO_COLOR` is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    on: bool,
}

impl Style {
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn is_on(self) -> bool {
        self.on
    }

    pub(super) fn verb(self, text: &str) -> String {
        self.paint(text, |s| s.green().bold())
    }

    pub(super) fn warning(self, text: &str) -> String {
        self.paint(text, |s| s.yellow().bold())
    }

    pub(super) fn error(self, text: &str) -> String {
        self.paint(text, |s| s.red().bold())
    }

    pub(super) fn hint(self, text: &str) -> String {
        self.paint(text, |s| s.cyan())
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(text, |s| s.dim())
    }

    fn paint(self, text: &str, style: impl Fn(console::Style) -> console::Style) -> String {
        if self.on {
            style(console::Style::new().force_styling(true))
                .apply_to(text)
                .to_string()
        } else {
            text.to_owned()
        }
    }
}
