//! Security schemes below a key that nobody reads.

use super::components::SECTIONS;
use super::dialect::Dialect;
use super::keys::known_at_the_top;
use crate::diagnostics::nearest;
use crate::yaml::{Member, Node};

/// What is meant as the security schemes of a definition and does not stand where they are looked for: the key that is to blame, and
/// the schemes. Nothing is lost where there are others in the right place, or none here.
pub(crate) fn lost_schemes(document: &Node, dialect: Dialect) -> Option<(&Member, &Node)> {
    let top = document.as_object()?;
    let near = |key: &str, known: &[&str], meant: &str| {
        !known.contains(&key) && nearest(key, known.iter().copied()) == Some(meant)
    };
    let known = known_at_the_top(dialect);
    let at_the_top = |meant: &str| {
        let found = top
            .iter()
            .find(|(key, _)| near(key, &known, meant))
            .map(|(_, member)| member);
        found.filter(|_| document.get(meant).is_none())
    };
    let (blamed, schemes) = match dialect {
        Dialect::Swagger20 => at_the_top("securityDefinitions").map(|member| (member, &member.node))?,
        Dialect::OpenApi30 | Dialect::OpenApi31 => {
            let components = document.get("components");
            let right = components.and_then(|components| components.get("securitySchemes"));
            if right.is_some() {
                return None;
            }
            let beside = components.and_then(Node::as_object).into_iter().flatten();
            let of_components = beside
                .filter(|(key, _)| near(key, &SECTIONS, "securitySchemes"))
                .map(|(_, member)| (member, &member.node));
            let of_top = at_the_top("components")
                .and_then(|member| Some((member, member.node.get("securitySchemes")?)))
                .into_iter();
            let of_others = top
                .get("securitySchemes")
                .map(|member| (member, &member.node))
                .into_iter();
            of_components.chain(of_top).chain(of_others).next()?
        }
    };
    let is_there = schemes.as_object().is_some_and(|schemes| !schemes.is_empty());
    is_there.then_some((blamed, schemes))
}
