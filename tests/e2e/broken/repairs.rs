//! What holds for `--fix`, whatever the input is.

use super::promises;
use super::stage::{Case, Ran};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a command has told of a correction.
pub fn are_known(ran: &Ran) -> bool {
    findings(&parsed(ran)).any(|finding| finding["correction"].is_object())
}

/// Returns what is wrong with what a check offers to people (`told`) and to programs (`before`): `--fix` makes those
/// corrections of what is found, and no others.
pub fn as_offered(case: &Case, told: &Ran, before: &Ran, fixed: &Ran) -> Vec<String> {
    let (before, fixed) = (parsed(before), parsed(fixed));
    let is_certain = |finding: &&Value| finding["correction"]["certain"] == true;
    let offered = counted(findings(&before).filter(is_certain));
    let found = counted(findings(&before));
    // What a repair has brought to light could not be offered.
    let mut made = counted(of_fixes(&fixed, "applied").iter());
    made.retain(|key, count| {
        *count = found.get(key).copied().unwrap_or(0).min(*count);
        *count > 0
    });
    let offers = told.outcome.stderr.lines().filter_map(|line| {
        let (number, _) = line.split_once("hint: ")?.1.split_once(" of them can be repaired")?;
        number.parse::<usize>().ok()
    });
    let mut problems = Vec::new();
    let count: usize = offers.sum();
    if offered != made || count != made.values().sum::<usize>() {
        problems.push(format!(
            "{}: {count} are offered, {offered:?}; repaired is {made:?}:\n{fixed:#}",
            case.name
        ));
    }
    if findings(&fixed).any(|finding| is_certain(&finding)) {
        problems.push(format!("{}: what is left is called certain:\n{fixed:#}", case.name));
    }
    problems
}

/// Returns what is wrong with a repair: `before` it, the repair itself, and the same command once more.
pub fn kept(case: &Case, before: &Ran, fixed: &Ran, again: &Ran) -> Vec<String> {
    let mut problems = promises::of_output(case, fixed);
    problems.extend(promises::of_output(case, again));
    let (before, fixed_document, again_document) = (parsed(before), parsed(fixed), parsed(again));
    let mut broken = |what: String| {
        problems.push(format!(
            "{}: {what}:\n{}{}",
            case.name, fixed.outcome.stdout, fixed.outcome.stderr
        ));
    };
    let applied = of_fixes(&fixed_document, "applied");
    if !of_fixes(&again_document, "applied").is_empty() {
        broken(format!("more is repaired the second time: {again_document:#}"));
    }
    let (was, is) = (counted(findings(&before)), counted(findings(&fixed_document)));
    for (key, gone) in counted(applied.iter()) {
        let (was, is) = (was.get(&key).copied().unwrap_or(0), is.get(&key).copied().unwrap_or(0));
        // What a repair has brought to light is repaired as well; of syntax one mistake is told at a time.
        let hidden = usize::from(key[0] == "syntax");
        if is + gone > was.max(gone + hidden) {
            broken(format!("{key:?} is still there"));
        }
    }
    // A file that could not be read hides what is wrong with it, and so does a part of one; that of a workspace hides projects.
    let hides = |applied: &Value| applied["code"] == "syntax" || applied["code"] == "dialect";
    let has_found_projects = before["members"].is_null() && !fixed_document["members"].is_null();
    if has_found_projects || applied.iter().any(hides) {
        return problems;
    }
    let is_behind = |finding: &Value| {
        applied
            .iter()
            .any(|applied| applied["file"] == finding["file"] && applied["line"].as_u64() <= finding["line"].as_u64())
    };
    let errors = |document: &Value, counts: &dyn Fn(&Value) -> bool| {
        counted(findings(document).filter(|finding| finding["severity"] == "error" && counts(finding)))
    };
    let was = errors(&before, &|_| true);
    for (key, count) in errors(&fixed_document, &|finding| !is_behind(finding)) {
        if count > was.get(&key).copied().unwrap_or(0) {
            broken(format!("{key:?} is new"));
        }
    }
    problems
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.outcome.stdout).unwrap_or_default()
}

/// What was found; where projects of a workspace cannot be found, it stands with the error.
fn findings(document: &Value) -> impl Iterator<Item = &Value> {
    let of_error = document["error"]["details"].as_array().into_iter().flatten();
    documents(document)
        .flat_map(|document| document["diagnostics"].as_array().into_iter().flatten())
        .chain(of_error)
}

/// What was done, or was not.
fn of_fixes(document: &Value, which: &str) -> Vec<Value> {
    let lists = documents(document).filter_map(|document| document["fix"][which].as_array());
    lists.flatten().cloned().collect()
}

/// A document, and those of the projects of a workspace in it.
fn documents(document: &Value) -> impl Iterator<Item = &Value> {
    let members = document["members"].as_array().into_iter().flatten();
    std::iter::once(document).chain(members.map(|member| &member["result"]))
}

/// How often there is each finding, wherever in its file.
fn counted<'a>(findings: impl Iterator<Item = &'a Value>) -> BTreeMap<[String; 3], usize> {
    let mut counted = BTreeMap::new();
    for finding in findings {
        let key = ["code", "file", "message"].map(|name| finding[name].as_str().unwrap_or_default().to_owned());
        *counted.entry(key).or_default() += 1;
    }
    counted
}
