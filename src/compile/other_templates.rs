//! Path templates as other frameworks write them, which the gateway reads otherwise.

/// Patterns and types that take slashes.
const SEVERAL_PARTS: [&str; 3] = [".*", ".+", "path"];

/// What the gateway makes of a template that is written for another framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherTemplate {
    /// What it does: a lowercase fragment.
    pub(super) message: String,
    /// What to write: a sentence.
    pub(super) remedy: String,
}

/// Looks through the parts of a template.
pub(super) fn find(template: &str) -> impl Iterator<Item = OtherTemplate> {
    template
        .split('/')
        .flat_map(|part| colon(part).into_iter().chain(variables(part)))
}

/// Express and others begin a variable with a colon. One further in is no slip: `/orders/{id}:cancel`.
fn colon(part: &str) -> Option<OtherTemplate> {
    let name = part.strip_prefix(':')?;
    let letters = name.trim_start_matches(|c: char| c.is_alphanumeric() || "_-".contains(c));
    (!name.is_empty() && letters.is_empty()).then(|| OtherTemplate {
        message: format!("`{part}` is no variable: only requests with the text `{part}` are taken"),
        remedy: format!("Write `{{{name}}}`."),
    })
}

/// JAX-RS, Spring and others let a pattern or type follow the name; RFC 6570 begins one that takes slashes with `+`.
fn variables(part: &str) -> impl Iterator<Item = OtherTemplate> {
    let names = part.split('{').skip(1).filter_map(|after| after.split_once('}'));
    names.filter_map(|(written, _)| {
        let takes = format!("`{{{written}}}` takes any text between two `/`");
        if let Some((name, pattern)) = written.split_once(':') {
            let name = Some(name.trim()).filter(|name| !name.is_empty()).unwrap_or("name");
            return Some(OtherTemplate {
                message: format!("{takes}: `{pattern}` is not looked at"),
                remedy: match SEVERAL_PARTS.contains(&pattern.trim()) {
                    true => all_that_follows(name),
                    false => format!("Write `{{{name}}}`, and have the backend check the value."),
                },
            });
        }
        let name = written.strip_prefix('+')?;
        Some(OtherTemplate {
            message: format!("{takes}, and no more"),
            remedy: all_that_follows(name),
        })
    })
}

fn all_that_follows(name: &str) -> String {
    format!("Write `{{{name}}}`, or `/*` at the end of the path for all that follows.")
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn what_other_frameworks_mean_otherwise_is_told() {
        for (template, expected) in [
            (
                "/x/{id:[0-9]+}",
                &["`{id:[0-9]+}` takes any text between two `/`: `[0-9]+` is not looked at"][..],
            ),
            (
                "/x/{id:int}.json",
                &["`{id:int}` takes any text between two `/`: `int` is not looked at"],
            ),
            (
                "/x/{path:.*}",
                &["`{path:.*}` takes any text between two `/`: `.*` is not looked at"],
            ),
            ("/x/{+path}", &["`{+path}` takes any text between two `/`, and no more"]),
            (
                "/:id/y",
                &["`:id` is no variable: only requests with the text `:id` are taken"],
            ),
            (
                "/:a/{+b}",
                &[
                    "`:a` is no variable: only requests with the text `:a` are taken",
                    "`{+b}` takes any text between two `/`, and no more",
                ],
            ),
            ("/v1/orders:batchGet", &[]),
            ("/v1/{name}:cancel", &[]),
            ("/v1/:", &[]),
            ("/v1/::", &[]),
            ("/v1/:a.b", &[]),
            ("/x/{id}/{a}-{b}/files*", &[]),
        ] {
            let told: Vec<String> = find(template).map(|found| found.message).collect();
            assert_eq!(told, expected, "{template}");
        }
        let remedies = |template: &str| find(template).map(|found| found.remedy).collect::<Vec<_>>();
        assert_eq!(remedies("/:order-id"), ["Write `{order-id}`."]);
        let follows = "Write `{p}`, or `/*` at the end of the path for all that follows.";
        assert_eq!(remedies("/{+p}/{p:.*}"), [follows; 2]);
        assert_eq!(
            remedies("/{id : int}"),
            ["Write `{id}`, and have the backend check the value."]
        );
    }
}
