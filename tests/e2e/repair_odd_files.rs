//! `mgw check --fix` on files that are written in uncommon ways. Whatever they are, a dry run prints what is done then, and
//! the second time there is nothing left to do.

use crate::support::{Place, limited};
use std::fmt::Write as _;
use std::process::Command;

const DEFINITION: &str = "shop/api_definitions/api.yaml";

fn place(file: &str, text: &str) -> Place {
    let place = Place::new();
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    if !file.contains("api_definitions/") {
        place.write(DEFINITION, MENDED);
    }
    place.write(file, text);
    place
}

/// What a file becomes; what has to hold for every repair is looked at besides.
#[track_caller]
fn repaired(file: &str, text: &str, code: i32) -> String {
    let (fixed, patched) = (place(file, text), place(file, text));
    let words = ["check", "shop", "--fix", "--dry-run", "--output", "json"];
    let dry = patched.mgw(&words).json();
    assert_eq!(patched.read(file), text, "a dry run writes");
    let done = fixed.mgw(&["check", "shop", "--fix"]).exits(code);
    let after = fixed.read(file);
    // Behind a misspelt key there may be a secret.
    if dry["fix"]["not_shown"] == serde_json::json!([]) && after != text {
        patched.write("fix.patch", dry["fix"]["patch"].as_str().expect("a text"));
        let mut apply = Command::new("git");
        apply.args(["apply", "--whitespace=nowarn", "fix.patch"]);
        let applied = apply
            .current_dir(patched.path())
            .output()
            .expect("the program is there");
        assert!(applied.status.success(), "{applied:?}\n{}", patched.read("fix.patch"));
        assert_eq!(patched.read(file), after, "{}", done.stderr);
    } else if file == DEFINITION {
        assert_eq!(after, text, "it is not shown: {dry:#}");
    }
    let again = fixed.mgw(&["check", "shop", "--fix"]).exits(code);
    assert_eq!(fixed.read(file), after, "{}", again.stderr);
    assert!(!again.stderr.contains("Repaired shop"), "{}", again.stderr);
    after
}

const TEXT: &str = "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-base-path: /shop\n\
    x-wso2-production-endpoint: {url: 'https://b.example'} # two of one line\n\
    paths:\n  items:\n    get: {responses: {'200': {description: \"é 😀\"}}}\n  other:\n    gett: {responses: {'200': {description: ok}}}\n";

const MENDED: &str = "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
    x-wso2-production-endpoints: {urls: ['https://b.example']} # two of one line\n\
    paths:\n  /items:\n    get: {responses: {'200': {description: \"é 😀\"}}}\n  /other:\n    get: {responses: {'200': {description: ok}}}\n";

#[test]
fn marks_and_line_ends_stay() {
    let forms: [fn(&str) -> String; 5] = [
        str::to_owned,
        |text| text.replace('\n', "\r\n"),
        |text| format!("\u{feff}{text}"),
        |text| format!("\u{feff}{}", text.replace('\n', "\r\n").trim_end()),
        |text| text.trim_end().to_owned(),
    ];
    for form in forms {
        assert_eq!(repaired(DEFINITION, &form(TEXT), 0), form(MENDED));
    }
}

#[test]
fn what_the_first_and_the_last_line_lack_is_put_there() {
    // Nothing ends the last line, and the key before it has to move.
    let file = "shop/mgw.toml";
    for end in ["\n", "\r\n"] {
        let text = ["name = \"shop\"", "labels = \"dev\""].join(end);
        let expected = ["format = 1", "name = \"shop\"", "", "[pull]", "labels = [\"dev\"]", ""].join(end);
        assert_eq!(repaired(file, &text, 0), expected, "{end:?}");
        let marked = format!("\u{feff}{text}");
        assert_eq!(repaired(file, &marked, 0), format!("\u{feff}{expected}"), "{end:?}");
    }
}

#[test]
fn json_on_one_line_stays_on_one_line() {
    let json = |base: &str, path: &str, end: &str| {
        format!(
            "{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"é\",\"version\":\"1.0.0\"}},\"{base}\":\"/shop\",\
             \"x-wso2-production-endpoints\":{{\"urls\":[\"https://b.example\"]}},\
             \"paths\":{{\"{path}\":{{\"get\":{{\"responses\":{{\"200\":{{\"description\":\"ok\"}}}}}}}}}}{end}}}"
        )
    };
    let file = "shop/api_definitions/api.json";
    let text = json("x-wso2-base-path", "items", ",");
    assert_eq!(repaired(file, &text, 0), json("x-wso2-basePath", "/items", ""));
}

#[test]
fn anchors_and_merged_keys_are_told_once_and_put_right_once() {
    let text = |key: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: &ends\n  {key}: [https://b.example]\n\
             x-wso2-sandbox-endpoints: *ends\n\
             paths:\n  /items:\n    get: &get {{responses: {{'200': {{description: ok}}}}}}\n    put: *get\n"
        )
    };
    assert_eq!(repaired(DEFINITION, &text("url"), 0), text("urls"));
}

#[test]
fn copies_and_tabs_go_with_what_is_below() {
    let text = TEXT.replace("paths:\n", "x-wso2-base-path: /shop\npaths:\n");
    assert_eq!(repaired(DEFINITION, &text, 0), MENDED);
    let text = TEXT.replace("    get: ", "\t\tget: ").replace("  items", "\titems");
    let text = text.replace("  other", "\tother").replace("    gett: ", "\t\tgett: ");
    assert_eq!(repaired(DEFINITION, &text, 0), MENDED);
}

#[test]
fn hundreds_of_corrections_are_made_at_once() {
    const MANY: usize = 300;
    let text = |is_right: bool| {
        let (base, slash) = if is_right { ("basePath", "/") } else { ("base-path", "") };
        let mut text = format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-{base}: /shop\n\
             x-wso2-production-endpoints: {{urls: [https://b.example]}}\npaths:\n"
        );
        for number in 0..MANY {
            // Twice one that is taken already, which nobody can put right.
            let slash = if number % 150 == 7 { "" } else { slash };
            let _ = writeln!(
                text,
                "  {slash}p{number}:\n    get: {{responses: {{'200': {{description: ok}}}}}}"
            );
            if number % 150 == 7 {
                let _ = writeln!(
                    text,
                    "  /p{number}:\n    post: {{responses: {{'200': {{description: ok}}}}}}"
                );
            }
        }
        text
    };
    assert_eq!(repaired(DEFINITION, &text(false), 3), text(true));
}

#[test]
fn more_files_than_a_process_may_have_open_are_replaced() {
    const MANY: usize = 150;
    let place = Place::new();
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    let definition = |number: usize, base: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: Shop{number}, version: 1.0.0}}\nx-wso2-{base}: /shop{number}\n\
             x-wso2-production-endpoints: {{urls: [https://b.example]}}\n\
             paths: {{/items: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
        )
    };
    let name = |number: usize| format!("shop/api_definitions/{number}.yaml");
    for number in 0..MANY {
        place.write(&name(number), &definition(number, "base-path"));
    }
    let mut bounded = limited(&place.command(&["check", "shop", "--fix", "-q"]), "ulimit -n 64");
    let output = bounded.output().expect("there is a shell");
    assert!(output.status.success(), "{output:?}");
    for number in 0..MANY {
        assert_eq!(place.read(&name(number)), definition(number, "basePath"));
    }
}

#[test]
fn suppressions_have_corrections() {
    let file = "shop/mgw.toml";
    let settings = |text: &str| format!("format = 1\nname = \"shop\"\n\n{text}");
    let text = settings(
        "[[audit.supress]]\nrule = \"backend-in-the-claer\"\nreson = \"it is inside\" # no letter\nuntil = '31.12.2099'\n\n\
         [[audit.supress]]\nrule = \"any-origin\"\nreason = \"meant\"\nuntil = \"2099/3/1\"\noperations = \"GET /items\"\n",
    );
    let mended = settings(
        "[[audit.suppress]]\nrule = \"backend-in-the-clear\"\nreason = \"it is inside\" # no letter\nuntil = '2099-12-31'\n\n\
         [[audit.suppress]]\nrule = \"any-origin\"\nreason = \"meant\"\nuntil = \"2099-03-01\"\noperation = \"GET /items\"\n",
    );
    assert_eq!(repaired(file, &text, 0), mended);
    let table = |brackets: [&str; 2]| {
        let [open, close] = brackets;
        settings(&format!(
            "{open}audit.suppress{close} # one\nrule = \"any-origin\"\nreason = \"meant\"\nuntil = \"2099-03-01\"\n"
        ))
    };
    assert_eq!(repaired(file, &table(["[", "]"]), 0), table(["[[", "]]"]));
    // A day of two, a rule of many.
    let doubtful = settings("[[audit.suppress]]\nrule = \"origin\"\nreason = \"meant\"\nuntil = \"03/04/2099\"\n");
    assert_eq!(repaired(file, &doubtful, 3), doubtful);
}

/// A definition with references to files, of which most lead nowhere.
fn referring(folder: &str, order: &str, item: &str) -> String {
    let schema = |reference: String| {
        format!("{{description: ok, content: {{application/json: {{schema: {{$ref: '{reference}'}}}}}}}}")
    };
    format!(
        "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {{urls: [https://b.example]}}\n\
         paths:\n  /items:\n    get:\n      responses:\n        '200': {}\n        '201': {}\n        '202': {}\n        '203': {}\n",
        schema(format!("{folder}/{order}#/Order")),
        schema(format!("./{folder}/{item}")),
        schema(format!("{folder}/{order}#/Line")),
        schema("schemas/item.yaml".to_owned()),
    )
}

#[test]
fn references_to_a_file_with_nearly_that_name_are_put_right() {
    let laid_out = |text: &str| {
        let place = place(DEFINITION, text);
        let folder = "shop/api_definitions/schemas";
        place.write(
            &format!("{folder}/order.yaml"),
            "Order: {type: object}\nLine: {type: object}\n",
        );
        place.write(&format!("{folder}/item.yaml"), "type: object\n");
        place
    };
    let place = laid_out(&referring("shemas", "ordr.yaml", "item.yml"));
    let document = place.mgw(&["check", "shop", "--output", "json"]).json();
    let findings = document["diagnostics"].as_array().expect("a list");
    let order = findings
        .iter()
        .find(|finding| finding["message"].to_string().contains("ordr"));
    let order = order.unwrap_or_else(|| panic!("{document:#}"));
    assert_eq!(order["remedy"], "Did you mean `schemas/order.yaml`?");
    let edits = order["correction"]["edits"].as_array().expect("a list");
    assert_eq!(
        (&order["correction"]["certain"], edits.len()),
        (&true.into(), 2),
        "{order:#}"
    );
    place.mgw(&["check", "shop", "--fix"]).exits(0);
    assert_eq!(place.read(DEFINITION), referring("schemas", "order.yaml", "item.yaml"));
    // Two that are as near.
    let text = referring("../parts", "order.yaml", "et.yaml").replace("schemas/item.yaml", "schemas/order.yaml#/Line");
    let place = laid_out(&text);
    place.write("shop/parts/order.yaml", "Order: {type: object}\nLine: {type: object}\n");
    for name in ["pet", "bet"] {
        place.write(&format!("shop/parts/{name}.yaml"), "type: object\n");
    }
    place.mgw(&["check", "shop", "--fix"]).says("Did you mean `");
    assert_eq!(place.read(DEFINITION), text);
}
