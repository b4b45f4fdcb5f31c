//! Short definitions that would become large configurations.

use super::*;

/// A definition with so many operations.
fn with_operations(count: usize, rest: &str) -> String {
    let paths: String = (0..count)
        .map(|number| format!("  /p{number}: {{get: {{}}}}\n"))
        .collect();
    format!("paths:\n{paths}{rest}")
}

#[test]
fn schemes_and_scopes_are_bounded_as_they_are_written_down_for_each_operation() {
    let names = |count: usize| -> String { (0..count).map(|number| format!("- {{k{number}: []}}\n")).collect() };
    let schemes = |count: usize| -> String {
        let schemes =
            (0..count).map(|number| format!("    k{number}: {{type: apiKey, in: header, name: X{number}}}\n"));
        format!("components:\n  securitySchemes:\n{}", schemes.collect::<String>())
    };
    let all = with_operations(2, &format!("{}security:\n{}", schemes(64), names(64)));
    assert_eq!(api(&all).resources[1].security.alternatives.len(), 64);

    let (_, problems) = api_with_problems(&with_operations(2, &format!("{}security:\n{}", schemes(65), names(65))));
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:10:5: error: 65 security schemes are defined; the most is 64 [Remove those that no caller uses, or divide the API into several.]
    api_definitions/a.yaml:76:3: error: `security` names 65 schemes; the most is 64 [Name the schemes alone that callers use.]
    ");

    // Fewer of them, each long.
    let scope = "s".repeat(1 << 20);
    let security = format!(
        "components: {{securitySchemes: {{oauth: {{type: oauth2, flows: {{}}}}}}}}\nsecurity: [{{oauth: ['{scope}']}}]\n"
    );
    assert_eq!(api(&with_operations(2, &security)).resources[1].scopes.names.len(), 1);
    let (_, problems) = api_with_problems(&with_operations(65, &security));
    insta::assert_snapshot!(problems, @"api_definitions/a.yaml:72:11: error: the security schemes and scopes of all operations of Shop:1.0.0 take more than 64 MB, being written down for each of them [Name fewer schemes and scopes in `security`, or divide the API into several.]");
}
